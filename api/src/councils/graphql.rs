//! Councils in GraphQL, answered from memory.

use async_graphql::{
    Context, ID, InputObject, MaybeUndefined, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use chrono::NaiveDate;
use entity::{
    committee,
    council::Model,
    delegate_group,
    id::{CommitteeId, CouncilId, GroupId},
};

use super::{Create, CreateCommittee, CreateGroup, Draft, Part, Update};
use crate::{
    capability::Capability,
    delegates::graphql::{Delegate, DelegatesOf},
    error::{Refused, Result},
    graphql::{
        UserError,
        command::{outcome, run_input},
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id,
        list::{self, PageArgs, Total, asks_for_total},
        loader::rows,
        scalar::Day,
        state, viewer, wire_id,
    },
    store::reference::{Reference, existed},
    units::graphql::Unit,
};

/// A People's Council of one unit and one term.
#[derive(Clone)]
pub struct Council(pub Model);

/// A People's Council (Hội đồng nhân dân) of one unit version and one term (nhiệm kỳ). After a merger the new unit
/// has another council, also within one term.
#[Object]
impl Council {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The unit (đơn vị hành chính) whose council it is, as it was then.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        let reference = state(ctx)?.reference();
        Ok(reference.units.get(self.0.unit_id).cloned().map(Unit))
    }

    /// `province`, `district` (until 30 June 2025) or `commune`; list `unit_level`.
    async fn level(&self) -> &str {
        &self.0.level
    }

    /// Its name, e.g. "Hội đồng nhân dân xã Tân Hưng".
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The term (nhiệm kỳ), e.g. `2026-2031`.
    async fn term(&self) -> &str {
        &self.0.term
    }

    /// The council's own count of its terms (khóa); it differs from unit to unit.
    async fn ordinal(&self) -> i32 {
        self.0.ordinal
    }

    /// First day.
    async fn valid_from(&self) -> Day {
        Day(self.0.valid_from)
    }

    /// First day on which it is no more; null while its end is not known.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }

    /// Its committees (Ban), by name.
    async fn committees(&self, ctx: &Context<'_>) -> Result<Vec<Committee>> {
        let bodies = state(ctx)?.reference().bodies;
        let own = bodies
            .committees
            .values()
            .filter(|row| row.council_id == self.0.id);
        let mut committees: Vec<_> = own.cloned().map(Committee).collect();
        committees.sort_by(|one, two| (&one.0.name, one.0.id).cmp(&(&two.0.name, two.0.id)));
        Ok(committees)
    }

    /// Its delegate groups (Tổ đại biểu), by name.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Vec<DelegateGroup>> {
        let bodies = state(ctx)?.reference().bodies;
        let own = bodies.groups.values().filter(|row| row.council_id == self.0.id);
        let mut groups: Vec<_> = own.cloned().map(DelegateGroup).collect();
        groups.sort_by(|one, two| (&one.0.name, one.0.id).cmp(&(&two.0.name, two.0.id)));
        Ok(groups)
    }

    /// Its delegates (đại biểu) by name, those whose mandate ended too. Exactly one of `first` and `last`, 1 to 100.
    async fn delegates(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Delegate, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let found = rows(ctx)?.load_one(DelegatesOf(self.0.id)).await?;
        let all: Vec<Delegate> = found.unwrap_or_default();
        let total = asks_for_total(ctx).then_some(all.len() as i64);
        let place = |delegate: &Delegate| (delegate.0.name.clone(), delegate.0.id);
        let at = |id| all.iter().find(|delegate| delegate.0.id.0 == id).map(place);
        let slice = list::held(all.clone(), place, at, window)?;
        Ok(list::connection(
            slice,
            total,
            |delegate| delegate.0.id.0,
            |delegate| delegate,
        ))
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }

    /// Who changed it and when, oldest first, for those who keep it; `first` from 1 to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        let state = state(ctx)?;
        let (viewer, reference) = (viewer(ctx)?, state.reference());
        if !viewer.may_at_council(Capability::ManageCouncil, self.0.id, &reference) {
            return Ok(Vec::new());
        }
        history(state, "council", self.0.id.0, first).await
    }
}

/// A committee of a council.
#[derive(Clone)]
pub struct Committee(pub committee::Model);

/// A committee (Ban) of a council; its name is data, because names differ and change.
#[Object]
impl Committee {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// Its council.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        let reference = state(ctx)?.reference();
        Ok(reference.council(self.0.council_id).cloned().map(Council))
    }

    /// Its name, e.g. "Ban Kinh tế - Ngân sách".
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// First day.
    async fn valid_from(&self) -> Day {
        Day(self.0.valid_from)
    }

    /// First day on which it is no more.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }
}

/// A delegate group of a council.
#[derive(Clone)]
pub struct DelegateGroup(pub delegate_group::Model);

/// A delegate group (Tổ đại biểu) of a council.
#[Object]
impl DelegateGroup {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// Its council.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        let reference = state(ctx)?.reference();
        Ok(reference.council(self.0.council_id).cloned().map(Council))
    }

    /// Its name, e.g. "Tổ đại biểu số 3".
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// First day.
    async fn valid_from(&self) -> Day {
        Day(self.0.valid_from)
    }

    /// First day on which it is no more.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }
}

/// Where a council stands in lists: by unit code, older ones first.
fn place<'a>(reference: &'a Reference, council: &Model) -> (&'a str, NaiveDate, CouncilId) {
    let code = reference.units.get(council.unit_id).map_or("", |unit| &unit.code);
    (code, council.valid_from, council.id)
}

/// Which councils to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CouncilFilter {
    /// Of these units.
    within_unit: Option<WithinUnit>,
    /// On these levels: `province`, `district`, `commune`.
    level: Option<Vec<String>>,
    /// Of this term, e.g. `2026-2031`.
    term: Option<String>,
    /// In office on this day; of any time when absent.
    on: Option<Day>,
}

/// Queries of councils.
#[derive(Default)]
pub struct CouncilQuery;

#[Object]
impl CouncilQuery {
    /// One People's Council (Hội đồng nhân dân); null if there is none.
    async fn council(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Council>> {
        let reference = state(ctx)?.reference();
        let council = crate::graphql::id(&id).and_then(|id| reference.council(id));
        Ok(council.cloned().map(Council))
    }

    /// People's Councils of all terms, by unit code. Exactly one of `first` and `last`, 1 to 100.
    async fn councils(
        &self,
        ctx: &Context<'_>,
        filter: Option<CouncilFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Council, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let reference = state(ctx)?.reference();
        let filter = filter.unwrap_or_default();
        let within = filter
            .within_unit
            .as_ref()
            .map(|within| within.units(ctx))
            .transpose()?;
        let meant = |council: &&Model| {
            filter
                .on
                .is_none_or(|Day(on)| existed(Some(council.valid_from), council.valid_to, on))
                && filter
                    .level
                    .as_ref()
                    .is_none_or(|levels| levels.contains(&council.level))
                && filter.term.as_ref().is_none_or(|term| *term == council.term)
                && within
                    .as_ref()
                    .is_none_or(|within| within.contains(&council.unit_id))
        };
        let rows: Vec<&Model> = reference.bodies.councils.values().filter(meant).collect();
        let total = asks_for_total(ctx).then_some(rows.len() as i64);
        let at = |id| reference.council(CouncilId(id)).map(|row| place(&reference, row));
        let slice = list::held(rows, |row| place(&reference, row), at, window)?;
        let object = |row: &Model| Council(row.clone());
        Ok(list::connection(slice, total, |row| row.id.0, object))
    }
}

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
