//! Administration of councils in GraphQL.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::id::{CommitteeId, GroupId};

use super::{
    Create, CreateCommittee, CreateGroup, Draft, Part, Update,
    graphql::{Committee, Council, DelegateGroup},
};
use crate::{
    error::{Refused, Result},
    graphql::{
        UserError,
        command::{outcome, run_input},
        input_id,
        scalar::Day,
        state,
    },
};

/// A council to enter.
#[derive(Clone, Debug, InputObject)]
pub struct CreateCouncilInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// Its unit, which must exist on its first day.
    unit_id: ID,
    /// At most 200 characters; made from the unit's name when absent.
    name: Option<String>,
    /// The term (nhiệm kỳ): two years, e.g. `2026-2031`.
    term: String,
    /// The council's own count of its terms (khóa), 1 to 100.
    ordinal: i32,
    /// First day; a unit has one council at a time.
    valid_from: Day,
    /// First day on which it is no more; at the latest the unit's.
    valid_to: Option<Day>,
}

/// The council, or why it was not entered.
#[derive(SimpleObject)]
pub struct CreateCouncilPayload {
    /// As it is now.
    council: Option<Council>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// What is to change of a council; what is absent stays.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateCouncilInput {
    /// Which council.
    council_id: ID,
    /// At most 200 characters.
    name: Option<String>,
    /// First day on which it is no more; null takes the end back.
    valid_to: MaybeUndefined<Day>,
}

/// The council, or why it stays as it was.
#[derive(SimpleObject)]
pub struct UpdateCouncilPayload {
    /// As it is now.
    council: Option<Council>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// A committee to enter.
#[derive(Clone, Debug, InputObject)]
pub struct CreateCommitteeInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// Its council.
    council_id: ID,
    /// At most 200 characters; once in a council.
    name: String,
    /// First day; the council's when absent.
    valid_from: Option<Day>,
    /// First day on which it is no more.
    valid_to: Option<Day>,
}

/// The committee, or why it was not entered.
#[derive(SimpleObject)]
pub struct CreateCommitteePayload {
    /// As it is now.
    committee: Option<Committee>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// A delegate group to enter.
#[derive(Clone, Debug, InputObject)]
pub struct CreateGroupInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// Its council.
    council_id: ID,
    /// At most 200 characters; once in a council.
    name: String,
    /// First day; the council's when absent.
    valid_from: Option<Day>,
    /// First day on which it is no more.
    valid_to: Option<Day>,
}

/// The delegate group, or why it was not entered.
#[derive(SimpleObject)]
pub struct CreateGroupPayload {
    /// As it is now.
    group: Option<DelegateGroup>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

fn part(council: &ID, name: String, from: Option<Day>, to: Option<Day>) -> Result<Part, Refused> {
    Ok(Part {
        council: input_id(council, "councilId")?,
        name,
        valid_from: from.map(|Day(day)| day),
        valid_to: to.map(|Day(day)| day),
    })
}

/// Mutations of councils.
#[derive(Default)]
pub struct CouncilMutation;

#[Object]
impl CouncilMutation {
    /// Enters a People's Council; for those who keep councils in its unit. Refusals: `FORBIDDEN`, `NOT_FOUND`,
    /// `UNIT_NOT_IN_FORCE`, `INVALID_VALUE` (term), `OUT_OF_RANGE`, `TAKEN`.
    async fn create_council(
        &self,
        ctx: &Context<'_>,
        input: CreateCouncilInput,
    ) -> Result<Option<CreateCouncilPayload>> {
        let command = || {
            Ok(Create(Draft {
                id: input.id.map(|id| input_id(&id, "id")).transpose()?,
                unit: input_id(&input.unit_id, "unitId")?,
                name: input.name,
                term: input.term,
                ordinal: input.ordinal,
                valid_from: input.valid_from.0,
                valid_to: input.valid_to.map(|Day(day)| day),
            }))
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        let reference = state(ctx)?.reference();
        Ok(Some(CreateCouncilPayload {
            council: id
                .and_then(|id| reference.council(id.into()))
                .cloned()
                .map(Council),
            user_errors,
        }))
    }

    /// Ends a People's Council or corrects its name; for those who keep it. Refusals: `FORBIDDEN`, `NOT_FOUND`,
    /// `REQUIRED`, `TOO_LONG`, `OUT_OF_RANGE`, `TAKEN`.
    async fn update_council(
        &self,
        ctx: &Context<'_>,
        input: UpdateCouncilInput,
    ) -> Result<Option<UpdateCouncilPayload>> {
        let command = || {
            let valid_to: Option<Option<Day>> = input.valid_to.into();
            Ok(Update {
                council: input_id(&input.council_id, "councilId")?,
                name: input.name,
                valid_to: valid_to.map(|day| day.map(|Day(day)| day)),
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        let reference = state(ctx)?.reference();
        Ok(Some(UpdateCouncilPayload {
            council: id
                .and_then(|id| reference.council(id.into()))
                .cloned()
                .map(Council),
            user_errors,
        }))
    }

    /// Enters a committee (Ban); for those who keep the council. Refusals: `FORBIDDEN`, `NOT_FOUND`, `REQUIRED`,
    /// `TOO_LONG`, `BEFORE_COUNCIL`, `OUT_OF_RANGE`, `TAKEN`.
    async fn create_committee(
        &self,
        ctx: &Context<'_>,
        input: CreateCommitteeInput,
    ) -> Result<Option<CreateCommitteePayload>> {
        let command = || {
            Ok(CreateCommittee {
                id: input.id.map(|id| input_id(&id, "id")).transpose()?,
                part: part(&input.council_id, input.name, input.valid_from, input.valid_to)?,
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        let bodies = state(ctx)?.reference().bodies;
        Ok(Some(CreateCommitteePayload {
            committee: id
                .and_then(|id| bodies.committees.get(&CommitteeId(id)))
                .cloned()
                .map(Committee),
            user_errors,
        }))
    }

    /// Enters a delegate group (Tổ đại biểu); for those who keep the council. Refusals: `FORBIDDEN`, `NOT_FOUND`,
    /// `REQUIRED`, `TOO_LONG`, `BEFORE_COUNCIL`, `OUT_OF_RANGE`, `TAKEN`.
    async fn create_group(
        &self,
        ctx: &Context<'_>,
        input: CreateGroupInput,
    ) -> Result<Option<CreateGroupPayload>> {
        let command = || {
            Ok(CreateGroup {
                id: input.id.map(|id| input_id(&id, "id")).transpose()?,
                part: part(&input.council_id, input.name, input.valid_from, input.valid_to)?,
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        let bodies = state(ctx)?.reference().bodies;
        Ok(Some(CreateGroupPayload {
            group: id
                .and_then(|id| bodies.groups.get(&GroupId(id)))
                .cloned()
                .map(DelegateGroup),
            user_errors,
        }))
    }
}
