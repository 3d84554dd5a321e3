//! What the office does with rounds, in GraphQL. Expected refusals are `userErrors`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::{id::RoundId, round::Event};

use super::{
    graphql::Round,
    office::{Advance, Plan, Publish, Update},
};
use crate::{
    error::{Code, Refused, Result},
    files::{FileHash, attachments},
    graphql::{UserError, command::answer, fields::Fields, input_id, state},
    store::{collection::Document, door::Command},
};

/// What the office says of a round. What is not mentioned stays; null empties.
#[derive(Clone, Debug, InputObject)]
pub struct RoundFields {
    /// Code of the list `contact_kind`: before or after a session, thematic, ...; required of a new round.
    kind: MaybeUndefined<String>,
    /// At most 500 characters; required of a new round.
    title: MaybeUndefined<String>,
    /// The session (kỳ họp) that it precedes or follows; one of this council (`NOT_FOUND`).
    session_id: MaybeUndefined<ID>,
    /// The plan's number as printed (số kế hoạch), at most 100 characters.
    plan_number: MaybeUndefined<String>,
    /// The plan's date.
    plan_date: MaybeUndefined<String>,
    /// The plan itself (tệp kế hoạch): the SHA-256 of a file that one has sent to `/files`.
    file_sha256: MaybeUndefined<String>,
    /// How many points (điểm tiếp xúc) the plan names, from 0 to a million.
    points_planned: MaybeUndefined<i32>,
    /// First day, within the council's time (`BEFORE_COUNCIL`).
    starts_on: MaybeUndefined<String>,
    /// Last day, not before the first.
    ends_on: MaybeUndefined<String>,
    /// What it is about, at most 20,000 characters.
    content: MaybeUndefined<String>,
}

impl RoundFields {
    /// What is said of the paper: nothing, that there is none, or which it is.
    fn paper(&self) -> Result<Option<Option<FileHash>>, Refused> {
        Ok(match &self.file_sha256 {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(hash) => Some(attachments::read_paper(Some(hash.as_str()))?),
        })
    }

    fn into_fields(self) -> Document {
        Fields::default()
            .set("kind", self.kind)
            .set("title", self.title)
            .id("sessionId", self.session_id)
            .set("planNumber", self.plan_number)
            .set("planDate", self.plan_date)
            .set("pointsPlanned", self.points_planned)
            .set("startsOn", self.starts_on)
            .set("endsOn", self.ends_on)
            .set("content", self.content)
            .done()
    }
}

/// A round to plan.
#[derive(Clone, Debug, InputObject)]
pub struct PlanRoundInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// The council whose round it is.
    council_id: ID,
    #[graphql(flatten)]
    fields: RoundFields,
}

/// What to change of a round.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateRoundInput {
    /// A round of one's own council.
    round_id: ID,
    #[graphql(flatten)]
    fields: RoundFields,
}

/// Which step a round takes.
#[derive(Clone, Debug, InputObject)]
pub struct AdvanceRoundInput {
    /// A round of one's own council.
    round_id: ID,
    /// `approve` (its plan was signed: approves the points that were proposed), `close` (no point is still to come),
    /// `reopen`, `cancel` (none was held; calls off those still to come).
    event: String,
    /// The document or reason on which it rests, at most 1,000 characters; the plan's number if not told.
    basis: Option<String>,
}

/// Whether everybody may read of a round.
#[derive(Clone, Debug, InputObject)]
pub struct PublishRoundInput {
    /// A round of one's own council.
    round_id: ID,
    /// True to publish (default), false to take it back.
    is_public: Option<bool>,
}

/// The round as it is now, or why nothing was done.
#[derive(SimpleObject)]
pub struct RoundPayload {
    /// As it is now.
    round: Option<Round>,
    /// Empty when it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of rounds.
#[derive(Default)]
pub struct RoundMutation;

#[Object]
impl RoundMutation {
    /// Plans a round of voter contacts (lập kế hoạch đợt tiếp xúc cử tri); its points are planned with `planMeeting`.
    /// Refusals: `NOT_FOUND`, `FORBIDDEN`, `REQUIRED`, `UNKNOWN_CODE`, `BEFORE_COUNCIL`, `OUT_OF_RANGE`, `TAKEN`, ...
    async fn plan_round(&self, ctx: &Context<'_>, input: PlanRoundInput) -> Result<Option<RoundPayload>> {
        let state = state(ctx)?;
        let plan = || {
            Ok(Plan {
                id: match &input.id {
                    Some(id) => input_id(id, "id")?,
                    None => RoundId(state.entropy.id(state.clock.now())),
                },
                council: input_id(&input.council_id, "councilId")?,
                file: input.fields.paper()?.flatten(),
                fields: input.fields.into_fields(),
            })
        };
        payload(ctx, plan).await
    }

    /// Changes what was planned, until the round is closed (điều chỉnh kế hoạch); the old words stay in history.
    /// Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`, and those of `planRound`.
    async fn update_round(&self, ctx: &Context<'_>, input: UpdateRoundInput) -> Result<Option<RoundPayload>> {
        let update = || {
            Ok(Update {
                round: input_id(&input.round_id, "roundId")?,
                file: input.fields.paper()?,
                fields: input.fields.into_fields(),
            })
        };
        payload(ctx, update).await
    }

    /// Leads a round to its next state, and its points with it (phê duyệt, kết thúc, hủy đợt). Refusals: `NOT_FOUND`,
    /// `FORBIDDEN`, `UNKNOWN_CODE`, `INVALID_STATE`, `REQUIRED`, `TOO_LONG`.
    async fn advance_round(
        &self,
        ctx: &Context<'_>,
        input: AdvanceRoundInput,
    ) -> Result<Option<RoundPayload>> {
        let advance = || {
            Ok(Advance {
                round: input_id(&input.round_id, "roundId")?,
                event: Event::from_code(&input.event).ok_or(Refused::field(Code::UnknownCode, "event"))?,
                basis: input.basis,
            })
        };
        payload(ctx, advance).await
    }

    /// Publishes a round with all its points that are more than a proposal (công khai lịch tiếp xúc cử tri), or takes
    /// them back. A point that was put off or called off before it was ever approved stays inside. Refusals:
    /// `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`.
    async fn publish_round(
        &self,
        ctx: &Context<'_>,
        input: PublishRoundInput,
    ) -> Result<Option<RoundPayload>> {
        let publish = || {
            Ok(Publish {
                round: input_id(&input.round_id, "roundId")?,
                public: input.is_public.unwrap_or(true),
            })
        };
        payload(ctx, publish).await
    }
}

async fn payload<C: Command>(
    ctx: &Context<'_>,
    command: impl FnOnce() -> Result<C, Refused>,
) -> Result<Option<RoundPayload>> {
    let (rounds, user_errors) = answer::<RoundId, C>(ctx, command).await?;
    Ok(Some(RoundPayload {
        round: rounds.into_iter().next(),
        user_errors,
    }))
}
