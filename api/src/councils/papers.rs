//! Papers of a council for its delegates: its guide to voter contact, its reports on the economy and security. They are
//! documents of the council itself and stand in the briefs of its contacts as long as they hold.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject, dataloader::Loader};
use chrono::NaiveDate;
use entity::{
    document::{self, Column, Entity},
    id::{CouncilId, DocumentId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::graphql::Council;
use crate::{
    capability::Capability,
    error::{Code, Error, Refused, Result},
    graphql::{
        UserError,
        code::{CodeEntry, entry_of},
        command::{outcome, run_input},
        input_id,
        list::without,
        loader::{Rows, Texts, rows, text},
        newest::newest_of_each,
        scalar::Day,
        viewer, wire_id,
    },
    store::{
        door::{Command, Facts, Verdict},
        partition::Partition,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// Papers that one answer shows.
const MOST: u64 = 100;

/// A document of a council's own.
#[derive(Clone)]
pub struct CouncilDocument(document::Model);

/// A document (văn bản) of a council's own for its delegates.
#[Object]
impl CouncilDocument {
    /// The bare lower-case UUID.
    async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// What it is for: code of the list `document_purpose`.
    async fn purpose(&self) -> Option<&str> {
        self.0.purpose.as_deref()
    }

    /// What the purpose is called; list `document_purpose`.
    async fn purpose_entry(&self) -> Option<CodeEntry> {
        entry_of("document_purpose", self.0.purpose.as_deref())
    }

    /// Its type as printed (loại văn bản): `HD`, `BC`, ...
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Its number as printed (số, ký hiệu).
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// Its date.
    async fn date(&self) -> Day {
        Day(self.0.date)
    }

    /// Who signed it (người ký).
    async fn signer(&self) -> Option<&str> {
        self.0.signer.as_deref()
    }

    /// What it is about (trích yếu).
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What it says in short (tóm tắt).
    async fn summary(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.0.id, Column::Summary).await
    }

    /// First day on which it holds; null means since ever.
    async fn valid_from(&self) -> Option<Day> {
        self.0.valid_from.map(Day)
    }

    /// First day on which it holds no longer.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }
}

impl Texts for DocumentId {
    type Table = Entity;
    const KEY: Column = Column::Id;
    const TEXTS: &'static [Column] = &[Column::Summary];
}

/// The papers of a council for one purpose, or for any, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct PapersOf(CouncilId, Option<&'static str>);

impl Loader<PapersOf> for Rows {
    type Value = Vec<CouncilDocument>;
    type Error = Error;

    /// A statement for each purpose that the query names, however many councils there are.
    async fn load(&self, keys: &[PapersOf]) -> Result<HashMap<PapersOf, Vec<CouncilDocument>>> {
        let mut asked: BTreeMap<Option<&'static str>, Vec<CouncilId>> = BTreeMap::new();
        for PapersOf(council, purpose) in keys {
            asked.entry(*purpose).or_default().push(*council);
        }
        let mut found: HashMap<PapersOf, Vec<CouncilDocument>> = HashMap::new();
        for (purpose, councils) in asked {
            let all = Entity::find()
                .filter(Column::CouncilId.is_in(councils))
                .filter(match purpose {
                    Some(purpose) => Column::Purpose.eq(purpose),
                    None => Column::Purpose.is_not_null(),
                });
            let by = [Column::Date, Column::Id];
            let newest = newest_of_each(all, Column::Id, Column::CouncilId, &by, MOST);
            let papers = Entity::find()
                .filter(Column::Id.in_subquery(newest))
                .order_by_desc(Column::Date)
                .order_by_desc(Column::Id);
            let conn = self.state.store.read();
            for paper in without(papers, DocumentId::TEXTS).all(conn).await? {
                let key = PapersOf(paper.council_id, purpose);
                found.entry(key).or_default().push(CouncilDocument(paper));
            }
        }
        Ok(found)
    }
}

/// The papers of a council that the viewer belongs to, newest first; none for everybody else.
pub(super) async fn papers(
    ctx: &Context<'_>,
    council: CouncilId,
    purpose: Option<&str>,
) -> Result<Vec<CouncilDocument>> {
    let known = |code| {
        let entry = crate::codes::find("document_purpose", code);
        entry.ok_or(Refused::field(Code::UnknownCode, "purpose"))
    };
    let purpose = purpose.map(known).transpose()?;
    if !viewer(ctx)?.reads(Partition::Council(council)) {
        return Ok(Vec::new());
    }
    let key = PapersOf(council, purpose.map(|entry| entry.code.as_str()));
    Ok(rows(ctx)?.load_one(key).await?.unwrap_or_default())
}

/// A document of a council's own.
#[derive(Clone, Debug, InputObject)]
pub struct AddCouncilDocumentInput {
    /// One's own council.
    council_id: ID,
    /// What it is for: code of the list `document_purpose`.
    purpose: String,
    /// Its type as printed (`HD`, `BC`, ...), at most 20 characters.
    kind: String,
    /// Its number as printed, at most 100 characters.
    number: String,
    /// Its date, not in the future.
    date: Day,
    /// Who signed it, at most 200 characters.
    signer: Option<String>,
    /// What it is about, at most 500 characters.
    title: String,
    /// What it says in short, at most 5,000 characters; a brief shows the first 600.
    summary: Option<String>,
    /// First day on which it holds.
    valid_from: Option<Day>,
    /// First day on which it holds no longer, after the first.
    valid_to: Option<Day>,
}

/// The council with its documents, or why nothing was added.
#[derive(SimpleObject)]
pub struct AddCouncilDocumentPayload {
    /// As it is now.
    council: Option<Council>,
    /// Empty when it was added.
    user_errors: Vec<UserError>,
}

/// What is to change of a document of a council's own; what is absent stays, null clears.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateCouncilDocumentInput {
    /// One of one's own council.
    document_id: ID,
    /// What it is for: code of the list `document_purpose`.
    purpose: Option<String>,
    /// Its type as printed (`HD`, `BC`, ...), at most 20 characters.
    kind: Option<String>,
    /// Its number as printed, at most 100 characters.
    number: Option<String>,
    /// Its date, not in the future.
    date: Option<Day>,
    /// Who signed it, at most 200 characters.
    signer: MaybeUndefined<String>,
    /// What it is about, at most 500 characters.
    title: Option<String>,
    /// What it says in short, at most 5,000 characters; a brief shows the first 600.
    summary: MaybeUndefined<String>,
    /// First day on which it holds.
    valid_from: MaybeUndefined<Day>,
    /// First day on which it holds no longer, after the first.
    valid_to: MaybeUndefined<Day>,
}

/// The council with its documents, or why the document stays as it was.
#[derive(SimpleObject)]
pub struct UpdateCouncilDocumentPayload {
    /// As it is now.
    council: Option<Council>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// Mutations of the papers of councils.
#[derive(Default)]
pub struct PaperMutation;

#[Object]
impl PaperMutation {
    /// Adds a document of the council's own (tài liệu của Hội đồng): its guide to voter contact, a report on the economy
    /// and security. The newest that holds stands in the briefs of its coming contacts. The same paper sent again is no
    /// second one. Refusals: `NOT_FOUND`, `FORBIDDEN`, `REQUIRED`, `UNKNOWN_CODE`, `OUT_OF_RANGE`, `TOO_LONG`, `TAKEN`.
    async fn add_council_document(
        &self,
        ctx: &Context<'_>,
        input: AddCouncilDocumentInput,
    ) -> Result<Option<AddCouncilDocumentPayload>> {
        let add = || {
            Ok(Add {
                council: input_id(&input.council_id, "councilId")?,
                input,
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, add).await?);
        Ok(Some(AddCouncilDocumentPayload {
            council: Council::of(ctx, id.map(CouncilId))?,
            user_errors,
        }))
    }

    /// Corrects a document of the council's own or ends it with `validTo` (sửa, thôi dùng tài liệu của Hội đồng); the old
    /// words stay in the council's history, and its briefs follow. Refusals: those of `addCouncilDocument`.
    async fn update_council_document(
        &self,
        ctx: &Context<'_>,
        input: UpdateCouncilDocumentInput,
    ) -> Result<Option<UpdateCouncilDocumentPayload>> {
        let update = || {
            Ok(Update {
                document: input_id(&input.document_id, "documentId")?,
                input,
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, update).await?);
        Ok(Some(UpdateCouncilDocumentPayload {
            council: Council::of(ctx, id.map(CouncilId))?,
            user_errors,
        }))
    }
}

/// Adds a document of the council's own.
struct Add {
    council: CouncilId,
    input: AddCouncilDocumentInput,
}

fn required(text: &str, field: &'static str, most: usize) -> Result<String, Refused> {
    crate::text::required(text, most).map_err(|code| Refused::field(code, field))
}

fn optional(text: Option<&str>, field: &'static str, most: usize) -> Result<Option<String>, Refused> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => required(text, field, most).map(Some),
    }
}

/// The code of a purpose.
fn purpose(code: &str) -> Result<String, Refused> {
    let purpose = crate::codes::find("document_purpose", code);
    let purpose = purpose.ok_or(Refused::field(Code::UnknownCode, "purpose"))?;
    Ok(purpose.code.clone())
}

/// Whether the days of a document can be so.
fn check(row: &document::Model, today: NaiveDate) -> Result<(), Refused> {
    if row.date > today {
        return Err(Refused::field(Code::OutOfRange, "date"));
    }
    if row
        .valid_from
        .zip(row.valid_to)
        .is_some_and(|(from, to)| to <= from)
    {
        return Err(Refused::field(Code::OutOfRange, "validTo"));
    }
    Ok(())
}

/// Whether two documents are the same paper.
fn is_same(one: &document::Model, other: &document::Model) -> bool {
    let key = |row: &document::Model| (row.council_id, row.purpose.clone(), row.kind.clone(), row.date);
    one.number == other.number && key(one) == key(other)
}

impl Command for Add {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.papers_of.insert(self.council.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        facts
            .viewer
            .must(Capability::ManageMeetings, Place::Council(self.council))
            .map_err(|refused| Refused::field(refused.code, "councilId"))?;
        let input = &self.input;
        let purpose = purpose(&input.purpose)?;
        let row = document::Model {
            id: facts.id(),
            council_id: self.council,
            meeting_id: None,
            kind: required(&input.kind, "kind", 20)?,
            number: required(&input.number, "number", 100)?,
            date: input.date.0,
            signer: optional(input.signer.as_deref(), "signer", 200)?,
            title: required(&input.title, "title", 500)?,
            purpose: Some(purpose),
            summary: optional(input.summary.as_deref(), "summary", 5_000)?,
            valid_from: input.valid_from.map(|Day(day)| day),
            valid_to: input.valid_to.map(|Day(day)| day),
            created_at: facts.now,
        };
        check(&row, facts.today)?;
        let mut changes = Changes::default();
        if let Some(known) = working.document.iter().find(|other| is_same(other, &row)) {
            let again = document::Model {
                id: known.id,
                created_at: known.created_at,
                ..row
            };
            return if *known == again {
                Ok(Verdict::about(changes, [self.council.0]))
            } else {
                Err(Refused::field(Code::Taken, "number"))
            };
        }
        let mut event = facts.event("council", self.council, "document_added", Some(self.council));
        event.basis = Some(row.number.clone());
        changes.put(row);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.council.0]))
    }
}

/// Corrects or ends a document of the council's own.
struct Update {
    document: DocumentId,
    input: UpdateCouncilDocumentInput,
}

impl Update {
    /// The document as it shall be.
    fn amended(&self, before: &document::Model) -> Result<document::Model, Refused> {
        let mut row = before.clone();
        let input = &self.input;
        if let Some(code) = &input.purpose {
            row.purpose = Some(purpose(code)?);
        }
        if let Some(kind) = &input.kind {
            row.kind = required(kind, "kind", 20)?;
        }
        if let Some(number) = &input.number {
            row.number = required(number, "number", 100)?;
        }
        if let Some(Day(date)) = input.date {
            row.date = date;
        }
        if let Some(title) = &input.title {
            row.title = required(title, "title", 500)?;
        }
        for (told, kept, field, most) in [
            (&input.signer, &mut row.signer, "signer", 200),
            (&input.summary, &mut row.summary, "summary", 5_000),
        ] {
            match told {
                MaybeUndefined::Undefined => {}
                MaybeUndefined::Null => *kept = None,
                MaybeUndefined::Value(text) => *kept = optional(Some(text), field, most)?,
            }
        }
        for (told, kept) in [
            (&input.valid_from, &mut row.valid_from),
            (&input.valid_to, &mut row.valid_to),
        ] {
            match told {
                MaybeUndefined::Undefined => {}
                MaybeUndefined::Null => *kept = None,
                MaybeUndefined::Value(Day(day)) => *kept = Some(*day),
            }
        }
        Ok(row)
    }
}

impl Command for Update {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.document.insert(self.document.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let known = working.document.get(self.document);
        needs.papers_of.extend(known.map(|row| row.council_id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        // A paper of a meeting is another thing.
        let known = working.document.get(self.document);
        let before = known
            .filter(|row| row.purpose.is_some())
            .ok_or(Refused::field(Code::NotFound, "documentId"))?;
        let council = before.council_id;
        facts
            .viewer
            .must(Capability::ManageMeetings, Place::Council(council))
            .map_err(|refused| Refused::field(refused.code, "documentId"))?;
        let row = self.amended(before)?;
        check(&row, facts.today)?;
        let is_twin = |other: &document::Model| other.id != row.id && is_same(other, &row);
        if working.document.iter().any(is_twin) {
            return Err(Refused::field(Code::Taken, "number"));
        }
        let mut changes = Changes::default();
        if row != *before {
            let mut event = facts.event("council", council, "document_corrected", Some(council));
            event.basis = Some(row.number.clone());
            let old = json!({"purpose": before.purpose, "kind": before.kind, "number": before.number, "date": before.date,
                "signer": before.signer, "title": before.title, "summary": before.summary,
                "validFrom": before.valid_from, "validTo": before.valid_to});
            event.detail = Some(json!({ "before": old }).to_string());
            changes.put(row);
            changes.happened(event);
        }
        Ok(Verdict::about(changes, [council.0]))
    }
}
