//! What waits for the viewer, in GraphQL.

use std::collections::BTreeSet;

use async_graphql::{Context, ID, Object};
use entity::{
    agenda::{Column, Entity, Kind, Model, Scope},
    id::{FeedbackId, PetitionId, RoundId, SynthesisId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::read::{acting, may};
use crate::{
    agencies::graphql::Agency,
    capability::Capability,
    councils::graphql::Council,
    error::{Code, Refused, Result},
    feedback::graphql::Feedback,
    graphql::{
        code::{CodeEntry, entry},
        loader::several,
        scalar::{Day, Time},
        short, state, viewer, wire_id,
    },
    petitions::graphql::Petition,
    rounds::graphql::Round,
    syntheses::{graphql::Synthesis, owing},
    viewer::{Place, Viewer},
};

/// What of one kind waits for the viewer at one place.
#[derive(Clone)]
pub struct AgendaLine(Model);

/// What of one kind waits for the viewer at one place (việc cần làm), as the server counted it: within a minute after
/// something happened, and on every new day.
#[Object]
impl AgendaLine {
    /// The bare lower-case UUID, the same as in the collection `agenda` of phones.
    async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// As whom one has to act: `council`, `agency`, or `voters` for the voters whom one met as a delegate; list
    /// `agenda_scope`.
    async fn scope(&self) -> &str {
        self.0.scope.code()
    }

    /// What the scope is called; list `agenda_scope`.
    async fn scope_entry(&self) -> Option<CodeEntry> {
        entry("agenda_scope", self.0.scope.code())
    }

    /// What is to be done: with feedback `to_clarify` or `to_group`, with syntheses `to_cosign` or `synthesis_overdue` (due
    /// and never sent), with petitions `to_classify`, `to_forward`, `to_answer`, `overdue`, `to_assess`, `to_inform`,
    /// `to_close` or `promise_due` (the day by which the answer promised something is over); list `agenda_kind`.
    async fn kind(&self) -> &str {
        self.0.kind.code()
    }

    /// What the kind is called; list `agenda_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        entry("agenda_kind", self.0.kind.code())
    }

    /// The council for which, or, in the scope `voters`, that owns the petitions.
    async fn council_id(&self) -> Option<ID> {
        self.0.council_id.map(wire_id)
    }

    /// The council itself.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.0.council_id)
    }

    /// The body for which.
    async fn agency_id(&self) -> Option<ID> {
        self.0.agency_id.map(wire_id)
    }

    /// The body itself.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.0.agency_id)
    }

    /// How many petitions wait; or feedback, or syntheses, as the kind says.
    async fn count(&self) -> i32 {
        self.0.count
    }

    /// How many of them are late (quá hạn): their day is before today.
    async fn overdue(&self) -> i32 {
        self.0.overdue
    }

    /// The earliest day by which one of them is due; null where no rule sets one.
    async fn due_at(&self) -> Option<Day> {
        self.0.due_at.map(Day)
    }

    /// The moment of which these figures are.
    async fn as_of(&self) -> Time {
        Time(self.0.as_of)
    }

    /// The most urgent of the petitions, at most 50, as they are now; all of them by the filters of `petitions`.
    async fn petitions(&self, ctx: &Context<'_>) -> Result<Vec<Petition>> {
        several(ctx, &ids::<PetitionId>(&self.0.petition_ids)).await
    }

    /// The oldest of the feedback, at most 50, as it is now; empty where petitions or syntheses wait.
    async fn feedback(&self, ctx: &Context<'_>) -> Result<Vec<Feedback>> {
        let list = self.0.feedback_ids.as_deref().unwrap_or_default();
        several(ctx, &ids::<FeedbackId>(list)).await
    }

    /// The syntheses, at most 50, as they are now; empty where other things wait. One that nobody has begun is counted, and
    /// told by its round alone.
    async fn syntheses(&self, ctx: &Context<'_>) -> Result<Vec<Synthesis>> {
        let list = self.0.synthesis_ids.as_deref().unwrap_or_default();
        several(ctx, &ids::<SynthesisId>(list)).await
    }

    /// Of `synthesis_overdue` the rounds (đợt tiếp xúc cử tri) whose synthesis is late now, of a group or of the council,
    /// begun or not; empty where other things wait.
    async fn rounds(&self, ctx: &Context<'_>) -> Result<Vec<Round>> {
        if self.0.kind != Kind::SynthesisOverdue {
            return Ok(Vec::new());
        }
        let state = state(ctx)?;
        let (reference, today) = (state.reference(), state.clock.today());
        let late = owing::late(state, viewer(ctx)?, today).await?;
        let here = late
            .iter()
            .filter(|owed| Some(acting(&reference, owed.council, today)) == self.0.council_id);
        let rounds: BTreeSet<RoundId> = here.map(|owed| owed.round).collect();
        several(ctx, &rounds.into_iter().collect::<Vec<_>>()).await
    }
}

fn ids<Id: From<Uuid>>(list: &str) -> Vec<Id> {
    let ids = list.split_whitespace().filter_map(|id| Uuid::try_parse(id).ok());
    ids.map(Id::from).collect()
}

/// Queries of what waits.
#[derive(Default)]
pub struct AgendaQuery;

#[Object]
impl AgendaQuery {
    /// What waits for the viewer today (việc cần làm hôm nay), by place and in the order of the chain; nothing waits
    /// where nothing is listed, and a right that ended counts at once. Empty without an account. Errors: `UNKNOWN_CODE`.
    async fn agenda(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these kinds: codes of the list `agenda_kind`.")] kinds: Option<Vec<String>>,
    ) -> Result<Vec<AgendaLine>> {
        let viewer = viewer(ctx)?;
        let kinds = match kinds {
            None => Kind::ALL.to_vec(),
            Some(codes) => {
                short(&codes, "kinds")?;
                let known: Option<Vec<Kind>> = codes.iter().map(|code| Kind::from_code(code)).collect();
                known.ok_or(Refused::field(Code::UnknownCode, "kinds"))?
            }
        };
        let Some(account) = viewer.account_id().filter(|_| !viewer.is_wiping()) else {
            return Ok(Vec::new());
        };
        let mut rows = Entity::find()
            .filter(Column::AccountId.eq(account))
            .filter(Column::Count.gt(0))
            .filter(Column::Kind.is_in(kinds))
            .all(state(ctx)?.store.read())
            .await?;
        rows.retain(|row| is_still_his(viewer, row));
        rows.sort_by_key(|row| (row.scope, row.council_id, row.agency_id, row.kind));
        Ok(rows.into_iter().map(AgendaLine).collect())
    }
}

/// Whether it is the viewer's work today, whenever it was counted.
fn is_still_his(viewer: &Viewer, row: &Model) -> bool {
    match (row.scope, row.council_id, row.agency_id) {
        (Scope::Council, Some(council), _) if row.kind == Kind::SynthesisOverdue => {
            owing::may_keep(viewer, council)
        }
        (Scope::Council, Some(council), _) => may(viewer, row.kind, council),
        (Scope::Agency, _, Some(agency)) => viewer.may(Capability::AnswerPetitions, Place::Agency(agency)),
        (Scope::Voters, ..) if row.kind == Kind::ToClarify => {
            viewer.may_somewhere(Capability::RecordFeedback)
        }
        (Scope::Voters, ..) => viewer.may_somewhere(Capability::ReadPlace),
        _ => false,
    }
}
