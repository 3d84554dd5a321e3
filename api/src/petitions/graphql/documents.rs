//! The documents of a petition: what forwarded, answered and extended it. Each kind is loaded for a whole list at once.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, SimpleObject, dataloader::Loader};
use entity::{
    answer, answer_petition, extension, forwarding, forwarding_agency, forwarding_petition,
    id::{AgencyId, AnswerId, CouncilId, ForwardingId, PetitionId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    agencies::graphql::Agency,
    councils::graphql::Council,
    deadlines::Periods,
    documents::{self, DocumentKind},
    error::{Error, Result},
    files::{self, graphql::File},
    graphql::{
        code::{CodeEntry, entry, entry_of},
        list::without,
        loader::{Rows, Texts, rows, text},
        scalar::{Day, Time},
        viewer, wire_id,
    },
    petitions::rules::returned_late,
    store::partition::Partition,
};

/// A document that forwarded petitions (văn bản chuyển kiến nghị).
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Forwarding {
    #[graphql(skip)]
    row: ForwardingId,
    #[graphql(skip)]
    of: Parties,
    /// The bare lower-case UUID.
    id: ID,
    /// The council that forwarded.
    council_id: ID,
    /// The lead body (cơ quan chủ trì).
    lead_id: Option<ID>,
    /// The coordinating bodies (cơ quan phối hợp).
    coordinating_ids: Vec<ID>,
    /// The council above.
    upper_council_id: Option<ID>,
    /// Number of the document.
    document_number: String,
    /// Date of the document.
    document_date: Day,
    /// Until when it asks for the answers: the last day, where its petitions have different ones (each has its `dueAt`).
    due_at: Option<Day>,
    /// When the body returned this petition.
    returned_at: Option<Time>,
    /// Why the body returned it.
    return_reason: Option<String>,
    /// Whether it came back later than the five working days after the date of the letter in which a body says that it is
    /// not competent (trả lại kiến nghị không thuộc thẩm quyền); null while it has not come back. What passed through other
    /// hands meanwhile, a successor's or those of the council above, is counted from that date too.
    returned_late: Option<bool>,
}

/// Between whom a forwarding went.
#[derive(Clone, Debug)]
struct Parties {
    council: CouncilId,
    lead: Option<AgencyId>,
    coordinating: Vec<AgencyId>,
    upper_council: Option<CouncilId>,
}

#[ComplexObject]
impl Forwarding {
    /// The paper itself, if it was attached.
    async fn file(&self, ctx: &Context<'_>) -> Result<Option<File>> {
        files::graphql::paper(ctx, self.row).await
    }

    /// The letter as a document to be printed and signed (công văn chuyển kiến nghị, .docx): a path on this server, read
    /// with the same token (docs/documents.md). Null outside the council that forwarded.
    async fn document_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let reads = viewer(ctx)?.reads(Partition::Council(self.of.council));
        Ok(reads.then(|| documents::url(DocumentKind::Forwarding, self.row)))
    }

    /// The council itself that forwarded.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.of.council)
    }

    /// The lead body itself.
    async fn lead(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.of.lead)
    }

    /// The coordinating bodies themselves.
    async fn coordinating(&self, ctx: &Context<'_>) -> Result<Vec<Agency>> {
        Agency::all(ctx, self.of.coordinating.iter().copied())
    }

    /// The council above itself.
    async fn upper_council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.of.upper_council)
    }
}

/// The forwardings of a petition, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ForwardingsOf(pub(super) PetitionId);

impl Loader<ForwardingsOf> for Rows {
    type Value = Vec<Forwarding>;
    type Error = Error;

    async fn load(&self, keys: &[ForwardingsOf]) -> Result<HashMap<ForwardingsOf, Vec<Forwarding>>> {
        let conn = self.state.store.read();
        let links = forwarding_petition::Entity::find()
            .filter(forwarding_petition::Column::PetitionId.is_in(keys.iter().map(|key| key.0)))
            .all(conn)
            .await?;
        let ids: Vec<_> = links.iter().map(|link| link.forwarding_id).collect();
        let documents: HashMap<_, _> = forwarding::Entity::find()
            .filter(forwarding::Column::Id.is_in(ids.iter().copied()))
            .all(conn)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut coordinating: HashMap<_, Vec<AgencyId>> = HashMap::new();
        for row in forwarding_agency::Entity::find()
            .filter(forwarding_agency::Column::ForwardingId.is_in(ids))
            .all(conn)
            .await?
        {
            coordinating
                .entry(row.forwarding_id)
                .or_default()
                .push(row.agency_id);
        }
        let reference = self.state.reference();
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for link in links {
            if let Some(row) = documents.get(&link.forwarding_id) {
                found
                    .entry(ForwardingsOf(link.petition_id))
                    .or_default()
                    .push((row.at, row.id, link));
            }
        }
        Ok(found
            .into_iter()
            .map(|(key, mut links)| {
                links.sort_by_key(|(at, id, _)| (*at, *id));
                let list = links.into_iter().filter_map(|(_, id, link)| {
                    let row = documents.get(&id)?;
                    let coordinating = coordinating.get(&id).cloned().unwrap_or_default();
                    let periods = Periods::of(&reference, row.council_id, self.state.calendar);
                    Some(Forwarding {
                        row: row.id,
                        id: wire_id(row.id),
                        council_id: wire_id(row.council_id),
                        lead_id: row.lead_agency_id.map(wire_id),
                        coordinating_ids: coordinating.iter().copied().map(wire_id).collect(),
                        upper_council_id: row.upper_council_id.map(wire_id),
                        document_number: row.document_number.clone(),
                        document_date: Day(row.document_date),
                        due_at: row.due_on.map(Day),
                        returned_at: link.returned_at.map(Time),
                        return_reason: link.return_reason,
                        returned_late: returned_late(row.document_date, link.returned_at, &periods),
                        of: Parties {
                            council: row.council_id,
                            lead: row.lead_agency_id,
                            coordinating,
                            upper_council: row.upper_council_id,
                        },
                    })
                });
                (key, list.collect())
            })
            .collect())
    }
}

/// A document that answered petitions (văn bản trả lời).
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Answer {
    #[graphql(skip)]
    row: AnswerId,
    #[graphql(skip)]
    petition: PetitionId,
    #[graphql(skip)]
    by: AgencyId,
    /// The bare lower-case UUID.
    id: ID,
    /// The body that answered.
    agency_id: ID,
    /// Number of the document.
    document_number: String,
    /// Date of the document.
    document_date: Day,
    /// What it amounts to: code of the list `outcome`.
    outcome: String,
    /// Until when, for what is deferred or in progress.
    roadmap_at: Option<Day>,
    /// What it costs (kinh phí), in millions of đồng (triệu đồng).
    cost_millions: Option<i32>,
    /// Why it is not resolved: code of the list `unresolved_reason`.
    unresolved_reason: Option<String>,
    /// Whether it is the reply of a coordinating body (phối hợp), which helps the lead and settles nothing.
    coordinating: bool,
    /// Whether the office entered it for a body without an account.
    on_behalf: bool,
    /// Which answer to this petition it is, counted from 1.
    version: i32,
    /// How the office finds it: `ok`, `unclear` or `off_point`; list `assessment`.
    assessment: Option<String>,
    /// Why.
    assessment_note: Option<String>,
}

impl Texts for AnswerId {
    type Table = answer::Entity;
    const KEY: answer::Column = answer::Column::Id;
    const TEXTS: &'static [answer::Column] = &[answer::Column::Text];
}

/// What was released of an answer to a petition, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ReleasedOf(AnswerId, PetitionId);

impl Loader<ReleasedOf> for Rows {
    type Value = Option<String>;
    type Error = Error;

    async fn load(&self, keys: &[ReleasedOf]) -> Result<HashMap<ReleasedOf, Option<String>>> {
        use answer_petition::{Column, Entity};
        let texts: Vec<(AnswerId, PetitionId, Option<String>)> = Entity::find()
            .select_only()
            .columns([Column::AnswerId, Column::PetitionId, Column::PublicText])
            .filter(Column::AnswerId.is_in(keys.iter().map(|key| key.0)))
            .filter(Column::PetitionId.is_in(keys.iter().map(|key| key.1)))
            .into_tuple()
            .all(self.state.store.read())
            .await?;
        let texts = texts.into_iter();
        Ok(texts
            .map(|(answer, petition, text)| (ReleasedOf(answer, petition), text))
            .collect())
    }
}

#[ComplexObject]
impl Answer {
    /// What it says.
    async fn text(&self, ctx: &Context<'_>) -> Result<String> {
        let said = text(ctx, self.row, answer::Column::Text).await?;
        Ok(said.unwrap_or_default())
    }

    /// What was released of it to the public, for this petition; null where nothing was.
    async fn public_text(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let released = rows(ctx)?.load_one(ReleasedOf(self.row, self.petition)).await?;
        Ok(released.flatten())
    }

    /// The paper itself, if it was attached.
    async fn file(&self, ctx: &Context<'_>) -> Result<Option<File>> {
        files::graphql::paper(ctx, self.row).await
    }

    /// The body itself that answered.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.by)
    }

    /// What the outcome is called; list `outcome`.
    async fn outcome_entry(&self) -> Option<CodeEntry> {
        entry("outcome", &self.outcome)
    }

    /// What the reason is called; list `unresolved_reason`.
    async fn unresolved_reason_entry(&self) -> Option<CodeEntry> {
        entry_of("unresolved_reason", self.unresolved_reason.as_deref())
    }

    /// What the assessment is called; list `assessment`.
    async fn assessment_entry(&self) -> Option<CodeEntry> {
        entry_of("assessment", self.assessment.as_deref())
    }
}

/// The answers to a petition, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct AnswersOf(pub(super) PetitionId);

impl Loader<AnswersOf> for Rows {
    type Value = Vec<Answer>;
    type Error = Error;

    async fn load(&self, keys: &[AnswersOf]) -> Result<HashMap<AnswersOf, Vec<Answer>>> {
        let conn = self.state.store.read();
        let links = answer_petition::Entity::find()
            .filter(answer_petition::Column::PetitionId.is_in(keys.iter().map(|key| key.0)));
        let links = without(links, &[answer_petition::Column::PublicText])
            .all(conn)
            .await?;
        let answers =
            answer::Entity::find().filter(answer::Column::Id.is_in(links.iter().map(|link| link.answer_id)));
        let documents: HashMap<_, _> = without(answers, AnswerId::TEXTS)
            .all(conn)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut found: HashMap<AnswersOf, Vec<Answer>> = HashMap::new();
        for link in links {
            let Some(row) = documents.get(&link.answer_id) else {
                continue;
            };
            found
                .entry(AnswersOf(link.petition_id))
                .or_default()
                .push(Answer {
                    row: row.id,
                    petition: link.petition_id,
                    by: row.agency_id,
                    id: wire_id(row.id),
                    agency_id: wire_id(row.agency_id),
                    document_number: row.document_number.clone(),
                    document_date: Day(row.document_date),
                    outcome: row.outcome.clone(),
                    roadmap_at: row.roadmap_at.map(Day),
                    cost_millions: row.cost_millions,
                    unresolved_reason: row.unresolved_reason.clone(),
                    coordinating: link.coordinating,
                    on_behalf: row.on_behalf,
                    version: link.version,
                    assessment: link.assessment,
                    assessment_note: link.assessment_note,
                });
        }
        for answers in found.values_mut() {
            answers.sort_by_key(|answer| answer.version);
        }
        Ok(found)
    }
}

/// An extension of a due date (gia hạn).
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Extension {
    #[graphql(skip)]
    body: Option<AgencyId>,
    /// The body that moved its own date (cơ quan tự gia hạn); null where an office did, and for what was recorded before
    /// this was kept.
    agency_id: Option<ID>,
    /// The date before.
    from_due: Option<Day>,
    /// The date after.
    to_due: Day,
    /// Why.
    reason: String,
    /// What will be done until then (lộ trình).
    roadmap: Option<String>,
    /// When it was recorded.
    at: Time,
}

#[ComplexObject]
impl Extension {
    /// That body itself.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.body)
    }
}

/// The extensions of a petition, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ExtensionsOf(pub(super) PetitionId);

impl Loader<ExtensionsOf> for Rows {
    type Value = Vec<Extension>;
    type Error = Error;

    async fn load(&self, keys: &[ExtensionsOf]) -> Result<HashMap<ExtensionsOf, Vec<Extension>>> {
        let mut found: HashMap<ExtensionsOf, Vec<Extension>> = HashMap::new();
        let mut list = extension::Entity::find()
            .filter(extension::Column::PetitionId.is_in(keys.iter().map(|key| key.0)))
            .all(self.state.store.read())
            .await?;
        list.sort_by_key(|row| (row.at, row.id));
        for row in list {
            found
                .entry(ExtensionsOf(row.petition_id))
                .or_default()
                .push(Extension {
                    body: row.agency_id,
                    agency_id: row.agency_id.map(wire_id),
                    from_due: row.from_due.map(Day),
                    to_due: Day(row.to_due),
                    reason: row.reason,
                    roadmap: row.roadmap,
                    at: Time(row.at),
                });
        }
        Ok(found)
    }
}
