//! What the office does with resolutions, in GraphQL. Expected refusals are `userErrors`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::{id::ResolutionId, resolution::Event};

use super::{
    Relation,
    graphql::Resolution,
    office::{Create, Relate, SetEffect, Update},
};
use crate::{
    error::{Code, Refused, Result},
    graphql::{UserError, command::answer, fields::Fields, input_id, state},
    store::{collection::Document, door::Command, writing::parse_date},
};

/// What the office enters of a resolution. What is not mentioned stays; null empties.
#[derive(Clone, Debug, InputObject)]
pub struct ResolutionFields {
    /// The number as printed, at most 200 characters; required of a new resolution, unique within issuer and year
    /// (`TAKEN`).
    raw_number: MaybeUndefined<String>,
    /// Code of the list `resolution_kind`; required of a new resolution.
    kind: MaybeUndefined<String>,
    /// At most 2,000 characters; required of a new resolution.
    title: MaybeUndefined<String>,
    /// At most 500,000 characters.
    text: MaybeUndefined<String>,
    /// The session that passed it; a session of this council (`NOT_FOUND`).
    session_id: MaybeUndefined<ID>,
    /// Whether the standing committee issued it.
    by_standing_committee: MaybeUndefined<bool>,
    /// Within the council's time (`BEFORE_COUNCIL`); required where the number prints no year.
    issued_on: MaybeUndefined<String>,
    /// Not before it was issued.
    in_force_from: MaybeUndefined<String>,
    /// Not before it came into force.
    in_force_to: MaybeUndefined<String>,
    /// A total. All votes together are no more than those present.
    votes_for: MaybeUndefined<i32>,
    /// A total.
    votes_against: MaybeUndefined<i32>,
    /// A total.
    votes_abstained: MaybeUndefined<i32>,
    /// No more than the whole council.
    delegates_present: MaybeUndefined<i32>,
    /// Delegates of the council at that time.
    delegates_total: MaybeUndefined<i32>,
    /// Whether everybody may read it; needs the right to publish.
    is_public: MaybeUndefined<bool>,
}

impl ResolutionFields {
    fn into_fields(self) -> Document {
        Fields::default()
            .set("rawNumber", self.raw_number)
            .set("kind", self.kind)
            .set("title", self.title)
            .set("text", self.text)
            .id("sessionId", self.session_id)
            .set("byStandingCommittee", self.by_standing_committee)
            .set("issuedOn", self.issued_on)
            .set("inForceFrom", self.in_force_from)
            .set("inForceTo", self.in_force_to)
            .set("votesFor", self.votes_for)
            .set("votesAgainst", self.votes_against)
            .set("votesAbstained", self.votes_abstained)
            .set("delegatesPresent", self.delegates_present)
            .set("delegatesTotal", self.delegates_total)
            .set("isPublic", self.is_public)
            .done()
    }
}

/// A resolution to enter.
#[derive(Clone, Debug, InputObject)]
pub struct CreateResolutionInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// The council that issued it.
    council_id: ID,
    #[graphql(flatten)]
    fields: ResolutionFields,
}

/// What to correct of a resolution.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateResolutionInput {
    /// A resolution of one's own council.
    resolution_id: ID,
    #[graphql(flatten)]
    fields: ResolutionFields,
}

/// What happened to a resolution's effect.
#[derive(Clone, Debug, InputObject)]
pub struct SetEffectInput {
    /// A resolution of one's own council.
    resolution_id: ID,
    /// `come_into_force`, `expire_partly`, `suspend`, `resume`, `replace`, `annul` or `expire`.
    event: String,
    /// The day on which it happened, not in the future; today if not told.
    on: Option<String>,
    /// The document or reason on which it rests, at most 1,000 characters.
    basis: Option<String>,
}

/// What a resolution does to another.
#[derive(Clone, Debug, InputObject)]
pub struct ResolutionEdgeInput {
    /// The other resolution.
    to_id: ID,
    /// `amends`, `replaces`, `annuls`, `suspends` or `implements`.
    kind: String,
}

/// What a resolution does to others.
#[derive(Clone, Debug, InputObject)]
pub struct RelateResolutionsInput {
    /// A resolution of one's own council.
    resolution_id: ID,
    /// At most 200; what was stated before stays.
    edges: Vec<ResolutionEdgeInput>,
}

/// The resolution as it is now, or why nothing was done.
#[derive(SimpleObject)]
pub struct ResolutionPayload {
    /// As it is now.
    resolution: Option<Resolution>,
    /// Empty when it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of resolutions.
#[derive(Default)]
pub struct ResolutionMutation;

#[Object]
impl ResolutionMutation {
    /// Enters a resolution (nghị quyết); its number is read in every spelling and kept as written. Refusals:
    /// `NOT_FOUND`, `FORBIDDEN`, `REQUIRED`, `UNKNOWN_CODE`, `TAKEN`, `BEFORE_COUNCIL`, `OUT_OF_RANGE`, ...
    async fn create_resolution(
        &self,
        ctx: &Context<'_>,
        input: CreateResolutionInput,
    ) -> Result<Option<ResolutionPayload>> {
        let state = state(ctx)?;
        let create = || {
            Ok(Create {
                id: match &input.id {
                    Some(id) => input_id(id, "id")?,
                    None => ResolutionId(state.entropy.id(state.clock.now())),
                },
                council: input_id(&input.council_id, "councilId")?,
                fields: input.fields.into_fields(),
            })
        };
        payload(ctx, create).await
    }

    /// Corrects what was entered; the old words stay in history. Refusals: those of `createResolution`.
    async fn update_resolution(
        &self,
        ctx: &Context<'_>,
        input: UpdateResolutionInput,
    ) -> Result<Option<ResolutionPayload>> {
        let update = || {
            Ok(Update {
                resolution: input_id(&input.resolution_id, "resolutionId")?,
                fields: input.fields.into_fields(),
            })
        };
        payload(ctx, update).await
    }

    /// Moves a resolution's effect (hiệu lực) by one step. Refusals: `NOT_FOUND`, `FORBIDDEN`, `UNKNOWN_CODE`,
    /// `INVALID_STATE`, `INVALID_DATE`, `OUT_OF_RANGE`, `BEFORE_COUNCIL`.
    async fn set_effect(
        &self,
        ctx: &Context<'_>,
        input: SetEffectInput,
    ) -> Result<Option<ResolutionPayload>> {
        let set = || {
            let on = input
                .on
                .as_deref()
                .map(|day| parse_date(day).ok_or(Refused::field(Code::InvalidDate, "on")));
            Ok(SetEffect {
                resolution: input_id(&input.resolution_id, "resolutionId")?,
                event: Event::from_code(&input.event).ok_or(Refused::field(Code::UnknownCode, "event"))?,
                on: on.transpose()?,
                basis: input.basis,
            })
        };
        payload(ctx, set).await
    }

    /// States what a resolution does to others. Replacing, annulling and suspending (thay thế, bãi bỏ, ngưng hiệu
    /// lực) moves the other's effect: at once, or when this one comes into force. Refusals: `NOT_FOUND`,
    /// `FORBIDDEN`, `UNKNOWN_CODE`, `INVALID_VALUE`, `INVALID_STATE`, `LIMIT_TOO_LARGE`.
    async fn relate_resolutions(
        &self,
        ctx: &Context<'_>,
        input: RelateResolutionsInput,
    ) -> Result<Option<ResolutionPayload>> {
        let relate = || {
            let edges = input.edges.iter().map(|edge| {
                let relation = Relation::from_code(&edge.kind);
                Ok((
                    input_id(&edge.to_id, "edges")?,
                    relation.ok_or(Refused::field(Code::UnknownCode, "edges"))?,
                ))
            });
            Ok(Relate {
                resolution: input_id(&input.resolution_id, "resolutionId")?,
                edges: edges.collect::<Result<_, Refused>>()?,
            })
        };
        payload(ctx, relate).await
    }
}

async fn payload<C: Command>(
    ctx: &Context<'_>,
    command: impl FnOnce() -> Result<C, Refused>,
) -> Result<Option<ResolutionPayload>> {
    let (resolutions, user_errors) = answer::<ResolutionId, C>(ctx, command).await?;
    Ok(Some(ResolutionPayload {
        resolution: resolutions.into_iter().next(),
        user_errors,
    }))
}
