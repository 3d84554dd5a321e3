//! Procedures in GraphQL: the queries, and how many steps were done in time.

use std::collections::HashMap;

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
    dataloader::Loader,
};
use entity::{
    id::{CouncilId, MeetingId, ProcedureId, RoundId},
    procedure::{Column, Entity, Model, Status},
    procedure_step,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, IntoSimpleExpr, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::Expr,
};

use crate::{
    councils::graphql::Council,
    error::{Code, Error, Refused, Result},
    graphql::{
        code::{CodeEntry, entry},
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id,
        list::{self, PageArgs, Total},
        loader::{Noun, Rows, one, rows},
        scalar::{Day, Time},
        short, state, viewer, wire_id,
    },
    meetings::graphql::Meeting,
    rounds::graphql::{Round, councils_of},
    store::{partition::Audience, visibility::visible},
};

/// A procedure of a council.
#[derive(Clone)]
pub struct Procedure(Model);

impl Noun for ProcedureId {
    type Object = Procedure;
    type Entity = Entity;
    const COLLECTION: &'static str = "procedure";
    const ID: Column = Column::Id;

    fn object(row: Model, _audience: Audience) -> Procedure {
        Procedure(row)
    }
}

/// The steps of a procedure, for the loader.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct StepsOf(ProcedureId);

impl Loader<StepsOf> for Rows {
    type Value = Vec<ProcedureStep>;
    type Error = Error;

    async fn load(&self, procedures: &[StepsOf]) -> Result<HashMap<StepsOf, Self::Value>> {
        let conn = self.state.store.read();
        let steps = procedure_step::Entity::find()
            .filter(procedure_step::Column::ProcedureId.is_in(procedures.iter().map(|of| of.0)))
            .order_by_asc(procedure_step::Column::Position)
            .all(conn)
            .await?;
        let names = self
            .names(steps.iter().filter_map(|step| step.actor_id).collect())
            .await?;
        let mut of: HashMap<StepsOf, Self::Value> = HashMap::new();
        for step in steps {
            let actor = step.actor_id.and_then(|actor| names.get(&actor).cloned());
            let key = StepsOf(step.procedure_id);
            of.entry(key).or_default().push(ProcedureStep::of(step, actor));
        }
        Ok(of)
    }
}

/// A step of a procedure (bước của quy trình).
#[derive(Clone, Debug, SimpleObject)]
pub struct ProcedureStep {
    /// The bare lower-case UUID.
    id: ID,
    /// Its place, counted from 1.
    position: i32,
    /// What is to be done.
    title: String,
    /// Who does it (cơ quan, người thực hiện).
    responsible: Option<String>,
    /// Type of the document by which it is done (loại văn bản): `KH`, `GM`, `TB`, `BC`, ...
    document_kind: Option<String>,
    /// Length of its period, in days of `unit`.
    days: i32,
    /// `working` (ngày làm việc) or `calendar`.
    unit: String,
    /// Whether the period ends so many days `before` or `after` the procedure's day.
    side: String,
    /// The rule or custom that sets the period (căn cứ).
    basis: Option<String>,
    /// Until when (thời hạn), computed with free and swapped days.
    due_on: Day,
    /// When it was done; null while it is open.
    done_on: Option<Day>,
    /// Whether it was done by its day; null while it is open.
    on_time: Option<bool>,
    /// The document by which it was done.
    document_number: Option<String>,
    /// What was said to it.
    note: Option<String>,
    /// Why it is not needed (lý do bỏ qua).
    waived: Option<String>,
    /// Who said that it is done or not needed: the shown name of the account.
    actor: Option<String>,
}

impl ProcedureStep {
    fn of(row: procedure_step::Model, actor: Option<String>) -> Self {
        Self {
            id: wire_id(row.id),
            position: row.position,
            title: row.title,
            responsible: row.responsible,
            document_kind: row.document_kind,
            days: row.days,
            unit: row.unit,
            side: row.side,
            basis: row.basis,
            due_on: Day(row.due_on),
            on_time: row.done_on.map(|done| done <= row.due_on),
            done_on: row.done_on.map(Day),
            document_number: row.document_number,
            note: row.note,
            waived: row.waived,
            actor,
        }
    }
}

/// A procedure (quy trình): work as dated steps. Only for the council.
#[Object]
impl Procedure {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The council whose work it is.
    async fn council_id(&self) -> ID {
        wire_id(self.0.council_id)
    }

    /// The council itself.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.0.council_id)
    }

    /// Code of the list `procedure_kind`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// What the kind is called; list `procedure_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        entry("procedure_kind", &self.0.kind)
    }

    /// What it is called.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The round that it is for.
    async fn round_id(&self) -> Option<ID> {
        self.round_of().map(wire_id)
    }

    /// The round itself.
    async fn round(&self, ctx: &Context<'_>) -> Result<Option<Round>> {
        one(ctx, self.round_of()).await
    }

    /// The meeting that it is for.
    async fn meeting_id(&self) -> Option<ID> {
        self.meeting_of().map(wire_id)
    }

    /// The meeting itself.
    async fn meeting(&self, ctx: &Context<'_>) -> Result<Option<Meeting>> {
        one(ctx, self.meeting_of()).await
    }

    /// The day from which its periods are counted (mốc tính thời hạn).
    async fn anchor_on(&self) -> Day {
        Day(self.0.anchor_on)
    }

    /// `open`, `done` (every step was done or is not needed) or `cancelled`.
    async fn status(&self) -> &str {
        self.0.status.code()
    }

    /// Its steps in order.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<ProcedureStep>> {
        Ok(rows(ctx)?.load_one(StepsOf(self.0.id)).await?.unwrap_or_default())
    }

    /// When it last changed.
    async fn updated_at(&self) -> Time {
        Time(self.0.updated_at)
    }

    /// The row's version.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }

    /// What happened to it, oldest first; `first` from 1 to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        history(ctx, "procedure", self.0.id.0, first).await
    }
}

impl Procedure {
    fn subject<T: From<uuid::Uuid>>(&self, kind: &str) -> Option<T> {
        let is_kind = self.0.subject_kind.as_deref() == Some(kind);
        self.0.subject_id.filter(|_| is_kind).map(T::from)
    }

    fn round_of(&self) -> Option<RoundId> {
        self.subject("round")
    }

    fn meeting_of(&self) -> Option<MeetingId> {
        self.subject("meeting")
    }
}

/// Which procedures.
#[derive(Clone, Debug, Default, InputObject)]
struct ProcedureFilter {
    /// Of councils of these units.
    within_unit: Option<WithinUnit>,
    /// Of this council.
    council_id: Option<ID>,
    /// For this round.
    round_id: Option<ID>,
    /// Of one of these kinds: codes of the list `procedure_kind`.
    kind: Option<Vec<String>>,
    /// In one of these states.
    status: Option<Vec<String>>,
    /// Counted from this day or later.
    from: Option<Day>,
    /// Counted from a day before this.
    to: Option<Day>,
}

impl ProcedureFilter {
    fn condition(&self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            all = all.add(Column::CouncilId.in_subquery(councils_of(within, ctx)?));
        }
        if let Some(council) = &self.council_id {
            all = all.add(Column::CouncilId.eq(input_id::<CouncilId>(council, "councilId")?));
        }
        if let Some(round) = &self.round_id {
            all = all.add(Column::SubjectId.eq(input_id::<RoundId>(round, "roundId")?));
        }
        if let Some(kinds) = &self.kind {
            short(kinds, "kind")?;
            if !kinds
                .iter()
                .all(|kind| crate::codes::find("procedure_kind", kind).is_some())
            {
                return Err(Refused::field(Code::UnknownCode, "kind").into());
            }
            all = all.add(Column::Kind.is_in(kinds));
        }
        if let Some(codes) = &self.status {
            short(codes, "status")?;
            let states: Option<Vec<Status>> = codes.iter().map(|code| Status::from_code(code)).collect();
            all = all.add(Column::Status.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(Day(from)) = self.from {
            all = all.add(Column::AnchorOn.gte(from));
        }
        if let Some(Day(to)) = self.to {
            all = all.add(Column::AnchorOn.lt(to));
        }
        Ok(all)
    }
}

/// How many steps of procedures were done in time. Procedures that were called off and steps that are not needed do
/// not count.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProcedureCounts {
    /// Procedures.
    procedures: i64,
    /// Their steps: = onTime + late + overdue + coming.
    steps: i64,
    /// Done by their day (đúng hạn).
    on_time: i64,
    /// Done after their day (trễ hạn).
    late: i64,
    /// Open, and their day has passed (quá hạn).
    overdue: i64,
    /// Open, and their day has not passed.
    coming: i64,
    /// Steps that are not needed.
    waived: i64,
    /// The share done in time of those that were due or done: onTime of (onTime + late + overdue), in per cent with one
    /// decimal; null where there are none.
    on_time_share: Option<f64>,
}

/// Queries of procedures.
#[derive(Default)]
pub struct ProcedureQuery;

#[Object]
impl ProcedureQuery {
    /// One procedure; null if there is none or it is not the viewer's to see.
    async fn procedure(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Procedure>> {
        one(ctx, crate::graphql::id::<ProcedureId>(&id)).await
    }

    /// Procedures (quy trình) that the viewer may see, newest entries first. Exactly one of `first` and `last`, 1 to
    /// 100.
    async fn procedures(
        &self,
        ctx: &Context<'_>,
        filter: Option<ProcedureFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Procedure, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list::seen::<ProcedureId>(ctx, filter.unwrap_or_default().condition(ctx)?, page).await
    }

    /// How many steps of the procedures that the viewer may see were done in time (tỷ lệ đúng hạn), counted now.
    async fn procedure_counts(
        &self,
        ctx: &Context<'_>,
        filter: Option<ProcedureFilter>,
    ) -> Result<Option<ProcedureCounts>> {
        use procedure_step::{Column as Step, Entity as Steps};
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let conn = state.store.read();
        let today = state.clock.today();
        let procedures = Entity::find()
            .filter(Column::Status.ne(Status::Cancelled))
            .filter(visible(viewer, "procedure", (Entity, Column::Id)))
            .filter(filter.unwrap_or_default().condition(ctx)?);
        let ids = procedures.clone().select_only().column(Column::Id).into_query();
        let count = async |is: Condition| -> Result<i64> {
            let steps = Steps::find()
                .filter(Step::ProcedureId.in_subquery(ids.clone()))
                .filter(is);
            Ok(i64::try_from(steps.count(conn).await?).unwrap_or(i64::MAX))
        };
        let due = || Expr::expr(Step::DueOn.into_simple_expr());
        let done = || Condition::all().add(Step::DoneOn.is_not_null());
        let open = || {
            Condition::all()
                .add(Step::DoneOn.is_null())
                .add(Step::Waived.is_null())
        };
        let on_time = count(done().add(Step::DoneOn.into_simple_expr().lte(due()))).await?;
        let late = count(done().add(Step::DoneOn.into_simple_expr().gt(due()))).await?;
        let overdue = count(open().add(Step::DueOn.lt(today))).await?;
        let coming = count(open().add(Step::DueOn.gte(today))).await?;
        let waived = count(Condition::all().add(Step::Waived.is_not_null())).await?;
        let decided = on_time + late + overdue;
        Ok(Some(ProcedureCounts {
            procedures: i64::try_from(procedures.count(conn).await?).unwrap_or(i64::MAX),
            steps: decided + coming,
            on_time,
            late,
            overdue,
            coming,
            waived,
            on_time_share: (decided > 0).then(|| (on_time as f64 * 1_000.0 / decided as f64).round() / 10.0),
        }))
    }
}
