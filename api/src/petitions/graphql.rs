//! Petitions in GraphQL.

use std::collections::HashMap;

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
    dataloader::Loader,
};
use chrono::NaiveDate;
use entity::{
    answer, answer_petition, extension, forwarding, forwarding_agency, forwarding_petition,
    id::{AgencyId, PetitionId, UnitId},
    petition::{Column, Entity, Model, Process},
    petition_agency, petition_feedback, petition_lineage, petition_unit,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, Func, Query as SeaQuery},
};

use super::forwarding::is_overdue;
use crate::{
    error::{Code, Error, Refused, Result},
    graphql::{
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id,
        list::{self, PageArgs, Total, asks_for, asks_for_total},
        loader::{Rows, rows},
        scalar::{Day, Time},
        short, state, viewer, wire_id,
    },
    store::{
        partition::Audience,
        visibility::{audiences, visible},
    },
};

/// A petition of voters.
#[derive(Clone)]
pub struct Petition {
    pub(crate) row: Model,
    pub(crate) audience: Audience,
}

impl Loader<PetitionId> for Rows {
    type Value = Petition;
    type Error = Error;

    async fn load(&self, ids: &[PetitionId]) -> Result<HashMap<PetitionId, Petition>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = self.visible::<Entity>("petition", Column::Id, &ids).await?;
        Ok(rows
            .into_iter()
            .map(|(row, audience)| (row.id, Petition { row, audience }))
            .collect())
    }
}

/// Ids that hang on a petition, loaded for a whole list at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Links {
    Units(PetitionId),
    Feedback(PetitionId),
    Coordinating(PetitionId),
    Successors(PetitionId),
    Predecessors(PetitionId),
}

impl Loader<Links> for Rows {
    type Value = Vec<uuid::Uuid>;
    type Error = Error;

    async fn load(&self, keys: &[Links]) -> Result<HashMap<Links, Vec<uuid::Uuid>>> {
        let conn = self.state.store.read();
        let mut found: HashMap<Links, Vec<uuid::Uuid>> = HashMap::new();
        macro_rules! links {
            ($variant:ident: $table:ident . $owner:ident -> $target:ident, $owner_field:ident, $target_field:ident) => {{
                let owners: Vec<PetitionId> = keys
                    .iter()
                    .filter_map(|key| {
                        if let Links::$variant(id) = key {
                            Some(*id)
                        } else {
                            None
                        }
                    })
                    .collect();
                if !owners.is_empty() {
                    let rows = $table::Entity::find()
                        .filter($table::Column::$owner.is_in(owners))
                        .all(conn)
                        .await?;
                    for row in rows {
                        found
                            .entry(Links::$variant(row.$owner_field))
                            .or_default()
                            .push(row.$target_field.0);
                    }
                }
            }};
        }
        links!(Units: petition_unit.PetitionId -> UnitId, petition_id, unit_id);
        links!(Feedback: petition_feedback.PetitionId -> FeedbackId, petition_id, feedback_id);
        links!(Coordinating: petition_agency.PetitionId -> AgencyId, petition_id, agency_id);
        links!(Successors: petition_lineage.FromId -> ToId, from_id, to_id);
        links!(Predecessors: petition_lineage.ToId -> FromId, to_id, from_id);
        Ok(found)
    }
}

async fn links(ctx: &Context<'_>, key: Links) -> Result<Vec<ID>> {
    Ok(rows(ctx)?
        .load_one(key)
        .await?
        .unwrap_or_default()
        .into_iter()
        .map(wire_id)
        .collect())
}

impl Petition {
    /// Whether the viewer is one of those for whom the internal text is.
    fn inside(&self) -> bool {
        self.audience >= Audience::Delegate
    }

    fn published(&self) -> bool {
        self.inside() || self.row.public_content.is_some()
    }
}

/// A petition of voters (kiến nghị của cử tri), grouped by the office from what voters said.
#[Object]
impl Petition {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// The council's own running number within the year, e.g. `12/2026`.
    async fn number(&self) -> &str {
        &self.row.number
    }

    /// What it is about; null for the public until the petition is published.
    async fn title(&self) -> Option<&str> {
        self.published().then_some(self.row.title.as_str())
    }

    /// The text: the internal one for the council, the delegates of the place and the body that answers, the
    /// redacted one for everybody else.
    async fn content(&self) -> Option<&str> {
        if self.inside() {
            Some(&self.row.content)
        } else {
            self.row.public_content.as_deref()
        }
    }

    /// The redacted text; null until it is published.
    async fn public_content(&self) -> Option<&str> {
        self.row.public_content.as_deref()
    }

    /// The council that owns it.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// The council above, once it went up (vượt thẩm quyền).
    async fn upper_council_id(&self) -> Option<ID> {
        self.row.upper_council_id.map(wire_id)
    }

    /// The units whose voters asked, as they were then.
    async fn unit_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        links(ctx, Links::Units(self.row.id)).await
    }

    /// The feedback that it was grouped from; empty but for the council's own people.
    async fn feedback_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        if self.audience < Audience::Internal {
            return Ok(Vec::new());
        }
        links(ctx, Links::Feedback(self.row.id)).await
    }

    /// Whose words: `voter` or `delegate`; null if both.
    async fn origin(&self) -> Option<&str> {
        self.row.origin.as_deref()
    }

    /// Code of the list `field` (lĩnh vực).
    async fn field(&self) -> Option<&str> {
        self.row.field.as_deref()
    }

    /// Code of the list `tier` (cấp có thẩm quyền).
    async fn tier(&self) -> Option<&str> {
        self.row.tier.as_deref()
    }

    /// Where it is: `accepted`, `classified`, `forwarded`, `returned`, `answered`, `assessed`, `informed`, `closed`,
    /// `reopened`, `split` or `merged`.
    async fn process(&self) -> &str {
        self.row.process.code()
    }

    /// What the answer amounts to (kết quả giải quyết): code of the list `outcome`. "Answered" is not "resolved".
    async fn outcome(&self) -> Option<&str> {
        self.row.outcome.as_deref()
    }

    /// The body that has it now (cơ quan chủ trì).
    async fn agency_id(&self) -> Option<ID> {
        self.row.agency_id.map(wire_id)
    }

    /// The bodies that coordinate (cơ quan phối hợp).
    async fn coordinating_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        links(ctx, Links::Coordinating(self.row.id)).await
    }

    /// Number of the forwarding document.
    async fn forwarded_number(&self) -> Option<&str> {
        self.row.forwarded_number.as_deref()
    }

    /// Date of the forwarding document.
    async fn forwarded_at(&self) -> Option<Day> {
        self.row.forwarded_at.map(Day)
    }

    /// When the answer was first due.
    async fn due_at(&self) -> Option<Day> {
        self.row.due_at.map(Day)
    }

    /// Until when it was extended (gia hạn).
    async fn extended_to(&self) -> Option<Day> {
        self.row.extended_to.map(Day)
    }

    /// Whether the answer is owed and late today.
    async fn is_overdue(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(is_overdue(&self.row, state(ctx)?.clock.today()))
    }

    /// How often the body was urged (đôn đốc).
    async fn urgings(&self) -> i32 {
        self.row.urgings
    }

    /// The text of the newest answer.
    async fn answer_text(&self) -> Option<&str> {
        self.row.answer_text.as_deref().filter(|_| self.published())
    }

    /// Number of the newest answer's document.
    async fn answer_number(&self) -> Option<&str> {
        self.row.answer_number.as_deref()
    }

    /// Date of the newest answer's document.
    async fn answered_at(&self) -> Option<Day> {
        self.row.answered_at.map(Day)
    }

    /// How the office finds the newest answer: `ok`, `unclear` or `off_point`.
    async fn assessment(&self) -> Option<&str> {
        self.row.assessment.as_deref().filter(|_| self.inside())
    }

    /// Until when, for what is deferred or in progress (lộ trình).
    async fn roadmap_at(&self) -> Option<Day> {
        self.row.roadmap_at.map(Day)
    }

    /// When the voters were told the answer.
    async fn informed_at(&self) -> Option<Time> {
        self.row.informed_at.map(Time)
    }

    /// When it was closed.
    async fn closed_at(&self) -> Option<Time> {
        self.row.closed_at.map(Time)
    }

    /// How often voters had to ask again.
    async fn repeats(&self) -> i32 {
        self.row.repeats
    }

    /// The petitions that it went on as, after a split or a merge.
    async fn successor_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        links(ctx, Links::Successors(self.row.id)).await
    }

    /// The petitions that it came out of.
    async fn predecessor_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        links(ctx, Links::Predecessors(self.row.id)).await
    }

    /// The documents that forwarded it, oldest first.
    async fn forwardings(&self, ctx: &Context<'_>) -> Result<Vec<Forwarding>> {
        if !self.inside() {
            return Ok(Vec::new());
        }
        Ok(rows(ctx)?
            .load_one(ForwardingsOf(self.row.id))
            .await?
            .unwrap_or_default())
    }

    /// The documents that answered it, oldest first.
    async fn answers(&self, ctx: &Context<'_>) -> Result<Vec<Answer>> {
        if !self.inside() {
            return Ok(Vec::new());
        }
        Ok(rows(ctx)?
            .load_one(AnswersOf(self.row.id))
            .await?
            .unwrap_or_default())
    }

    /// How its due date moved; both dates stay.
    async fn extensions(&self, ctx: &Context<'_>) -> Result<Vec<Extension>> {
        if !self.inside() {
            return Ok(Vec::new());
        }
        Ok(rows(ctx)?
            .load_one(ExtensionsOf(self.row.id))
            .await?
            .unwrap_or_default())
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.row.rev.to_string()
    }

    /// What happened to it, oldest first; `first` from 1 to 100. For the council's own people, the delegates of the
    /// place and the body that answers.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        if !self.inside() {
            return Ok(Vec::new());
        }
        history(state(ctx)?, "petition", self.row.id.0, first).await
    }
}

/// A document that forwarded petitions (văn bản chuyển kiến nghị).
#[derive(Clone, Debug, SimpleObject)]
pub struct Forwarding {
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
    /// The due date of the document.
    due_at: Option<Day>,
    /// When the body returned this petition.
    returned_at: Option<Time>,
    /// Why the body returned it.
    return_reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ForwardingsOf(PetitionId);

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
                    Some(Forwarding {
                        id: wire_id(row.id),
                        council_id: wire_id(row.council_id),
                        lead_id: row.lead_agency_id.map(wire_id),
                        coordinating_ids: coordinating
                            .get(&id)
                            .into_iter()
                            .flatten()
                            .copied()
                            .map(wire_id)
                            .collect(),
                        upper_council_id: row.upper_council_id.map(wire_id),
                        document_number: row.document_number.clone(),
                        document_date: Day(row.document_date),
                        due_at: row.due_on.map(Day),
                        returned_at: link.returned_at.map(Time),
                        return_reason: link.return_reason,
                    })
                });
                (key, list.collect())
            })
            .collect())
    }
}

/// A document that answered petitions (văn bản trả lời).
#[derive(Clone, Debug, SimpleObject)]
pub struct Answer {
    /// The bare lower-case UUID.
    id: ID,
    /// The body that answered.
    agency_id: ID,
    /// Number of the document.
    document_number: String,
    /// Date of the document.
    document_date: Day,
    /// What it says.
    text: String,
    /// What it amounts to: code of the list `outcome`.
    outcome: String,
    /// Until when, for what is deferred or in progress.
    roadmap_at: Option<Day>,
    /// Whether the office entered it for a body without an account.
    on_behalf: bool,
    /// Which answer to this petition it is, counted from 1.
    version: i32,
    /// How the office finds it: `ok`, `unclear` or `off_point`.
    assessment: Option<String>,
    /// Why.
    assessment_note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct AnswersOf(PetitionId);

impl Loader<AnswersOf> for Rows {
    type Value = Vec<Answer>;
    type Error = Error;

    async fn load(&self, keys: &[AnswersOf]) -> Result<HashMap<AnswersOf, Vec<Answer>>> {
        let conn = self.state.store.read();
        let links = answer_petition::Entity::find()
            .filter(answer_petition::Column::PetitionId.is_in(keys.iter().map(|key| key.0)))
            .all(conn)
            .await?;
        let documents: HashMap<_, _> = answer::Entity::find()
            .filter(answer::Column::Id.is_in(links.iter().map(|link| link.answer_id)))
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
                    id: wire_id(row.id),
                    agency_id: wire_id(row.agency_id),
                    document_number: row.document_number.clone(),
                    document_date: Day(row.document_date),
                    text: row.text.clone(),
                    outcome: row.outcome.clone(),
                    roadmap_at: row.roadmap_at.map(Day),
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
pub struct Extension {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ExtensionsOf(PetitionId);

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

/// Which petitions to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct PetitionFilter {
    /// Of voters of these units.
    within_unit: Option<WithinUnit>,
    /// In one of these states of the process.
    status: Option<Vec<String>>,
    /// With one of these outcomes.
    outcome: Option<Vec<String>>,
    /// In this field, or one below it.
    field: Option<String>,
    /// With this body now.
    agency_id: Option<ID>,
    /// Owed and late today, or not.
    is_overdue: Option<bool>,
    /// Changed after this moment.
    updated_after: Option<Time>,
}

/// Texts that a list reads only when they are asked for: name of the column, names of the fields.
const LONG: &[(Column, &[&str])] = &[
    (Column::Content, &["content"]),
    (Column::AnswerText, &["answerText"]),
];

/// Queries of petitions.
#[derive(Default)]
pub struct PetitionQuery;

#[Object]
impl PetitionQuery {
    /// One petition (kiến nghị); null if there is none or it is not the viewer's to see.
    async fn petition(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Petition>> {
        match crate::graphql::id::<PetitionId>(&id) {
            Some(id) => rows(ctx)?.load_one(id).await,
            None => Ok(None),
        }
    }

    /// Petitions that the viewer may see, newest first. Exactly one of `first` and `last`, 1 to 100. Errors:
    /// `FIRST_OR_LAST_REQUIRED`, `LIMIT_TOO_LARGE`, `INVALID_CURSOR`, `UNKNOWN_CODE`.
    async fn petitions(
        &self,
        ctx: &Context<'_>,
        filter: Option<PetitionFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Petition, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let condition = filter.unwrap_or_default().condition(ctx)?;
        let query = Entity::find()
            .filter(visible(viewer, "petition", (Entity, Column::Id)))
            .filter(condition);
        let total = match asks_for_total(ctx) {
            true => Some(list::total(state.store.read(), &query, Column::Id).await?),
            false => None,
        };
        let read = list::without_long_texts(query, LONG, |field| asks_for(ctx, field));
        let slice = list::read(state.store.read(), read, Column::Id, |row| row.id.0, window).await?;
        let ids: Vec<_> = slice.rows.iter().map(|row| row.id.0).collect();
        let seen = audiences(state.store.read(), viewer, "petition", &ids).await?;
        Ok(list::connection(
            slice,
            total,
            |row| row.id.0,
            |row| {
                let audience = seen.get(&row.id.0).copied().unwrap_or(Audience::Public);
                Petition { row, audience }
            },
        ))
    }
}

impl PetitionFilter {
    fn condition(self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            let units: Vec<UnitId> = within.units(ctx)?.into_iter().collect();
            let of_units = SeaQuery::select()
                .column(petition_unit::Column::PetitionId)
                .from(petition_unit::Entity)
                .and_where(petition_unit::Column::UnitId.is_in(units))
                .to_owned();
            all = all.add(Column::Id.in_subquery(of_units));
        }
        if let Some(codes) = &self.status {
            short(codes, "status")?;
            let states: Option<Vec<Process>> = codes.iter().map(|code| Process::from_code(code)).collect();
            all = all.add(Column::Process.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(codes) = &self.outcome {
            short(codes, "outcome")?;
            let known = |code: &String| crate::codes::find("outcome", code).is_some();
            if !codes.iter().all(known) {
                return Err(Refused::field(Code::UnknownCode, "outcome").into());
            }
            all = all.add(Column::Outcome.is_in(codes.iter().cloned()));
        }
        if let Some(field) = &self.field {
            if crate::codes::find("field", field).is_none() {
                return Err(Refused::field(Code::UnknownCode, "field").into());
            }
            let below = crate::codes::list("field")
                .iter()
                .filter(|entry| entry.parent.as_deref() == Some(field));
            let codes = below.map(|entry| entry.code.to_owned()).chain([field.clone()]);
            all = all.add(Column::Field.is_in(codes));
        }
        if let Some(agency) = &self.agency_id {
            all = all.add(Column::AgencyId.eq(input_id::<AgencyId>(agency, "agencyId")?));
        }
        if let Some(overdue) = self.is_overdue {
            // Far in the future where no date was set, so that "not overdue" has no third case.
            let never = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX);
            let due = Func::coalesce([
                Expr::col((Entity, Column::ExtendedTo)),
                Expr::col((Entity, Column::DueAt)),
                Expr::val(never),
            ]);
            let late = Condition::all()
                .add(Column::Process.eq(Process::Forwarded))
                .add(Expr::expr(due).lt(state(ctx)?.clock.today()));
            all = all.add(if overdue { late } else { late.not() });
        }
        if let Some(Time(after)) = self.updated_after {
            all = all.add(Column::UpdatedAt.gt(after));
        }
        Ok(all)
    }
}
