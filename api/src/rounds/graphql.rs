//! Rounds in GraphQL: the queries.

use std::collections::HashMap;

use async_graphql::{
    Context, ID, InputObject, Object,
    connection::{Connection, EmptyFields},
    dataloader::Loader,
};
use entity::{
    council,
    id::{CouncilId, ProcedureId, RoundId, SynthesisId},
    procedure,
    round::{Column, Entity, Model, Status},
    synthesis,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Query};
use uuid::Uuid;

use super::counts::{CountsOf, RoundCounts};
use crate::{
    councils::graphql::Council,
    documents::{self, DocumentKind},
    error::{Code, Error, Refused, Result},
    files::{self, graphql::File},
    graphql::{
        code::{CodeEntry, entry},
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id,
        list::{self, PageArgs, Total},
        loader::{Noun, Rows, one, rows, several, text},
        scalar::{Day, Time},
        short, wire_id,
    },
    meetings::graphql::Meeting,
    procedures::graphql::Procedure,
    store::partition::Audience,
    syntheses::graphql::Synthesis,
};

/// A round of voter contacts.
#[derive(Clone)]
pub struct Round {
    row: Model,
    audience: Audience,
}

impl Noun for RoundId {
    type Object = Round;
    type Entity = Entity;
    const COLLECTION: &'static str = "round";
    const ID: Column = Column::Id;
    const LONG: &'static [Column] = &[Column::Content];

    fn object(row: Model, audience: Audience) -> Round {
        Round { row, audience }
    }
}

/// The procedures of a round, and its syntheses, for the loader.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ProceduresOf(Uuid);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct SynthesesOf(RoundId);

impl Loader<ProceduresOf> for Rows {
    type Value = Vec<ProcedureId>;
    type Error = Error;

    async fn load(&self, rounds: &[ProceduresOf]) -> Result<HashMap<ProceduresOf, Self::Value>> {
        use procedure::{Column, Entity};
        let found: Vec<(Option<Uuid>, ProcedureId)> = Entity::find()
            .select_only()
            .columns([Column::SubjectId, Column::Id])
            .filter(Column::SubjectId.is_in(rounds.iter().map(|of| of.0)))
            .order_by_asc(Column::Id)
            .into_tuple()
            .all(self.state.store.read())
            .await?;
        let mut of: HashMap<ProceduresOf, Self::Value> = HashMap::new();
        for (subject, id) in found {
            if let Some(subject) = subject {
                of.entry(ProceduresOf(subject)).or_default().push(id);
            }
        }
        Ok(of)
    }
}

impl Loader<SynthesesOf> for Rows {
    type Value = Vec<SynthesisId>;
    type Error = Error;

    async fn load(&self, rounds: &[SynthesesOf]) -> Result<HashMap<SynthesesOf, Self::Value>> {
        use synthesis::{Column, Entity};
        let found: Vec<(RoundId, SynthesisId)> = Entity::find()
            .select_only()
            .columns([Column::RoundId, Column::Id])
            .filter(Column::RoundId.is_in(rounds.iter().map(|of| of.0)))
            .order_by_asc(Column::Id)
            .into_tuple()
            .all(self.state.store.read())
            .await?;
        let mut of: HashMap<SynthesesOf, Self::Value> = HashMap::new();
        for (round, id) in found {
            of.entry(SynthesesOf(round)).or_default().push(id);
        }
        Ok(of)
    }
}

/// A round of voter contacts (đợt tiếp xúc cử tri): one plan and its points. Internal until its plan is signed; public
/// when it is published.
#[Object]
impl Round {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// The council whose round it is.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// The council itself.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.row.council_id)
    }

    /// Code of the list `contact_kind`: before or after a session (trước, sau kỳ họp), thematic, ...
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// What the kind is called; list `contact_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        entry("contact_kind", &self.row.kind)
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// The session that it precedes or follows (kỳ họp), by its kind.
    async fn session_id(&self) -> Option<ID> {
        self.row.session_id.map(wire_id)
    }

    /// The session itself; null if the viewer may not see it.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Meeting>> {
        one(ctx, self.row.session_id).await
    }

    /// The plan's number as printed (số kế hoạch).
    async fn plan_number(&self) -> Option<&str> {
        self.row.plan_number.as_deref()
    }

    /// The plan's date.
    async fn plan_date(&self) -> Option<Day> {
        self.row.plan_date.map(Day)
    }

    /// The plan itself as it was signed (tệp kế hoạch), if it was attached. Null outside the council, also where the round
    /// is published.
    async fn file(&self, ctx: &Context<'_>) -> Result<Option<File>> {
        if self.audience < Audience::Delegate {
            return Ok(None);
        }
        files::graphql::paper(ctx, self.row.id).await
    }

    /// How many points the plan names (số điểm tiếp xúc theo kế hoạch), whether they are entered or not.
    async fn points_planned(&self) -> Option<i32> {
        self.row.points_planned
    }

    /// First day.
    async fn starts_on(&self) -> Option<Day> {
        self.row.starts_on.map(Day)
    }

    /// Last day.
    async fn ends_on(&self) -> Option<Day> {
        self.row.ends_on.map(Day)
    }

    /// What it is about (nội dung tiếp xúc); up to 20,000 characters.
    async fn content(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.row.id, Column::Content).await
    }

    /// `planned`, `approved`, `closed` or `cancelled`.
    async fn status(&self) -> &str {
        self.row.status.code()
    }

    /// Whether everybody may read of it (công khai).
    async fn is_public(&self) -> bool {
        self.row.is_public
    }

    /// Its figures, counted now from the points that the viewer may see; its points themselves are
    /// `meetings(filter: {roundId})`.
    async fn counts(&self, ctx: &Context<'_>) -> Result<RoundCounts> {
        let of = CountsOf::new(&self.row, self.audience);
        Ok(rows(ctx)?.load_one(of).await?.unwrap_or_default())
    }

    /// Its procedures (quy trình): lists of what is to be done, by whom and until when. Only for the council.
    async fn procedures(&self, ctx: &Context<'_>) -> Result<Vec<Procedure>> {
        let ids = rows(ctx)?.load_one(ProceduresOf(self.row.id.0)).await?;
        several(ctx, &ids.unwrap_or_default()).await
    }

    /// Its syntheses (báo cáo tổng hợp), of delegate groups and of the council, that the viewer may see.
    async fn syntheses(&self, ctx: &Context<'_>) -> Result<Vec<Synthesis>> {
        let ids = rows(ctx)?.load_one(SynthesesOf(self.row.id)).await?;
        several(ctx, &ids.unwrap_or_default()).await
    }

    /// Its plan as a document to be printed and signed (kế hoạch, .docx): a path on this server, read with the same token
    /// (docs/documents.md). Null outside the council.
    async fn document_url(&self) -> Option<String> {
        (self.audience >= Audience::Internal).then(|| documents::url(DocumentKind::ContactPlan, self.row.id))
    }

    /// When it last changed.
    async fn updated_at(&self) -> Time {
        Time(self.row.updated_at)
    }

    /// The row's version.
    async fn rev(&self) -> String {
        self.row.rev.to_string()
    }

    /// What happened to it, oldest first; `first` from 1 to 100. Empty outside the council.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        if self.audience < Audience::Internal {
            return Ok(Vec::new());
        }
        history(ctx, "round", self.row.id.0, first).await
    }
}

/// Which rounds to list.
#[derive(Clone, Debug, Default, InputObject)]
struct RoundFilter {
    /// Of councils of these units.
    within_unit: Option<WithinUnit>,
    /// Of this council.
    council_id: Option<ID>,
    /// In one of these states.
    status: Option<Vec<String>>,
    /// Of one of these kinds: codes of the list `contact_kind`.
    kind: Option<Vec<String>>,
    /// Changed after this moment.
    updated_after: Option<Time>,
}

impl RoundFilter {
    fn condition(&self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            all = all.add(Column::CouncilId.in_subquery(councils_of(within, ctx)?));
        }
        if let Some(council) = &self.council_id {
            all = all.add(Column::CouncilId.eq(input_id::<CouncilId>(council, "councilId")?));
        }
        if let Some(codes) = &self.status {
            short(codes, "status")?;
            let states: Option<Vec<Status>> = codes.iter().map(|code| Status::from_code(code)).collect();
            all = all.add(Column::Status.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(kinds) = &self.kind {
            short(kinds, "kind")?;
            if !kinds
                .iter()
                .all(|kind| crate::codes::find("contact_kind", kind).is_some())
            {
                return Err(Refused::field(Code::UnknownCode, "kind").into());
            }
            all = all.add(Column::Kind.is_in(kinds));
        }
        if let Some(Time(after)) = self.updated_after {
            all = all.add(Column::UpdatedAt.gt(after));
        }
        Ok(all)
    }
}

/// The councils of these units.
pub(crate) fn councils_of(
    within: &WithinUnit,
    ctx: &Context<'_>,
) -> Result<sea_orm::sea_query::SelectStatement> {
    Ok(Query::select()
        .column(council::Column::Id)
        .from(council::Entity)
        .and_where(council::Column::UnitId.is_in(within.units(ctx)?))
        .to_owned())
}

/// Queries of rounds.
#[derive(Default)]
pub struct RoundQuery;

#[Object]
impl RoundQuery {
    /// One round of voter contacts; null if there is none or it is not the viewer's to see.
    async fn round(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Round>> {
        one(ctx, crate::graphql::id::<RoundId>(&id)).await
    }

    /// Rounds of voter contacts (đợt tiếp xúc cử tri) that the viewer may see, newest entries first. Exactly one of
    /// `first` and `last`, 1 to 100.
    async fn rounds(
        &self,
        ctx: &Context<'_>,
        filter: Option<RoundFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Round, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list::seen::<RoundId>(ctx, filter.unwrap_or_default().condition(ctx)?, page).await
    }
}
