//! Agencies in GraphQL, answered from memory.

use async_graphql::{
    Context, ID, InputObject, MaybeUndefined, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use entity::{
    agency::Model,
    id::{AgencyId, UnitId},
};

use super::{Amendment, Create, Draft, Update, may_manage};
use crate::{
    error::Result,
    graphql::{
        UserError,
        code::{CodeEntry, entry},
        command::{outcome, run_input},
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id,
        list::{self, PageArgs, Total, asks_for_total},
        scalar::Day,
        state, viewer, wire_id,
    },
    store::reference::{Reference, existed},
    text,
    units::graphql::Unit,
};

/// A body that answers petitions.
#[derive(Clone)]
pub struct Agency(pub Model);

impl Agency {
    /// The agency with this id.
    pub(crate) fn of(ctx: &Context<'_>, id: impl Into<Option<AgencyId>>) -> Result<Option<Self>> {
        let reference = state(ctx)?.reference();
        Ok(id.into().and_then(|id| reference.agency(id)).cloned().map(Self))
    }

    /// The agencies with these ids, in this order.
    pub(crate) fn all(ctx: &Context<'_>, ids: impl IntoIterator<Item = AgencyId>) -> Result<Vec<Self>> {
        let reference = state(ctx)?.reference();
        Ok(ids
            .into_iter()
            .filter_map(|id| reference.agency(id).cloned().map(Self))
            .collect())
    }
}

/// A body that answers petitions (cơ quan, tổ chức có thẩm quyền giải quyết): a People's Committee, a department, a
/// company, the National Assembly delegation, or another one.
#[Object]
impl Agency {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// Its name in this version.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// `committee` (Ủy ban nhân dân), `department`, `company`, `assembly_delegation` (Đoàn đại biểu Quốc hội) or
    /// `other`; list `agency_kind`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// What the kind is called; list `agency_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        entry("agency_kind", &self.0.kind)
    }

    /// The unit for which it is competent.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        Unit::of(ctx, self.0.unit_id)
    }

    /// Its code in the state's list of bodies (mã định danh), where known.
    async fn official_code(&self) -> Option<&str> {
        self.0.official_code.as_deref()
    }

    /// The telephone number that it publishes (đường dây nóng).
    async fn hotline(&self) -> Option<&str> {
        self.0.hotline.as_deref()
    }

    /// The e-mail address that it publishes (hộp thư công vụ).
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Whether somebody answers for it here (follows from the roles given at it); else the office records its answers.
    async fn has_account(&self) -> bool {
        self.0.has_account
    }

    /// Who owes its open answers after it was abolished.
    async fn successor(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.0.successor_id)
    }

    /// First day of this version, where known.
    async fn valid_from(&self) -> Option<Day> {
        self.0.valid_from.map(Day)
    }

    /// First day on which it is no more; null while it exists.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }

    /// Who changed it and when, oldest first, for those who keep it; `first` from 1 to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        if !may_manage(viewer(ctx)?, &state(ctx)?.reference(), self.0.unit_id) {
            return Ok(Vec::new());
        }
        history(ctx, "agency", self.0.id.0, first).await
    }
}

/// Where an agency stands in lists: by unit code, then by name.
pub(crate) fn place<'a>(reference: &'a Reference, agency: &'a Model) -> (&'a str, &'a str, AgencyId) {
    let code = reference.units.get(agency.unit_id).map_or("", |unit| &unit.code);
    (code, &agency.name, agency.id)
}

/// Which agencies to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AgencyFilter {
    /// Of these units.
    within_unit: Option<WithinUnit>,
    /// Of these kinds; list `agency_kind`.
    kind: Option<Vec<String>>,
    /// Whose name contains this; case, tones and marks do not matter.
    name: Option<String>,
    /// That existed on this day. Today when absent.
    on: Option<Day>,
    /// All versions, whenever they existed; `on` is then ignored.
    all_versions: Option<bool>,
}

/// Queries of agencies.
#[derive(Default)]
pub struct AgencyQuery;

#[Object]
impl AgencyQuery {
    /// One agency (cơ quan, tổ chức có thẩm quyền giải quyết); null if there is none.
    async fn agency(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Agency>> {
        Agency::of(ctx, crate::graphql::id(&id))
    }

    /// Agencies by unit code and name, those of today unless the filter says otherwise. Exactly one of `first` and
    /// `last`, 1 to 100.
    async fn agencies(
        &self,
        ctx: &Context<'_>,
        filter: Option<AgencyFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Agency, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let state = state(ctx)?;
        let reference = state.reference();
        let filter = filter.unwrap_or_default();
        let within = filter
            .within_unit
            .as_ref()
            .map(|within| within.units(ctx))
            .transpose()?;
        let on = filter.on.map_or_else(|| state.clock.today(), |Day(day)| day);
        let any_time = filter.all_versions == Some(true);
        let name = filter.name.as_deref().map(text::fold);
        let meant = |agency: &&Model| {
            (any_time || existed(agency.valid_from, agency.valid_to, on))
                && filter
                    .kind
                    .as_ref()
                    .is_none_or(|kinds| kinds.contains(&agency.kind))
                && within
                    .as_ref()
                    .is_none_or(|within| within.contains(&agency.unit_id))
                && name
                    .as_ref()
                    .is_none_or(|name| text::fold(&agency.name).contains(name))
        };
        let rows: Vec<&Model> = reference.bodies.agencies.values().filter(meant).collect();
        let total = asks_for_total(ctx).then_some(rows.len() as i64);
        let at = |id| reference.agency(AgencyId(id)).map(|row| place(&reference, row));
        let slice = list::held(rows, |row| place(&reference, row), at, window)?;
        let object = |row: &Model| Agency(row.clone());
        Ok(list::connection(slice, total, |row| row.id.0, object))
    }
}

/// An agency to enter.
#[derive(Clone, Debug, InputObject)]
pub struct CreateAgencyInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// At most 300 characters; unique in its unit at any time.
    name: String,
    /// Code of the list `agency_kind`.
    kind: String,
    /// The unit for which it is competent.
    unit_id: ID,
    /// Its code in the state's list of bodies; at most 50 characters.
    official_code: Option<String>,
    /// The telephone number that it publishes; at most 200 characters.
    hotline: Option<String>,
    /// The e-mail address that it publishes; at most 200 characters.
    email: Option<String>,
    /// First day; its unit must exist then.
    valid_from: Option<Day>,
    /// First day on which it is no more.
    valid_to: Option<Day>,
}

/// The agency, or why it was not entered.
#[derive(SimpleObject)]
pub struct CreateAgencyPayload {
    /// As it is now.
    agency: Option<Agency>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// What is to change of an agency; what is absent stays, null clears.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateAgencyInput {
    /// Which agency.
    agency_id: ID,
    /// At most 300 characters. A body under another name after a merger is another agency with this one's end.
    name: Option<String>,
    /// Its code in the state's list of bodies; at most 50 characters.
    official_code: MaybeUndefined<String>,
    /// The telephone number that it publishes; at most 200 characters.
    hotline: MaybeUndefined<String>,
    /// The e-mail address that it publishes; at most 200 characters.
    email: MaybeUndefined<String>,
    /// Who owes its open answers; only when it ends.
    successor_id: MaybeUndefined<ID>,
    /// First day on which it is no more.
    valid_to: MaybeUndefined<Day>,
}

/// The agency, or why it stays as it was.
#[derive(SimpleObject)]
pub struct UpdateAgencyPayload {
    /// As it is now.
    agency: Option<Agency>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// Mutations of agencies.
#[derive(Default)]
pub struct AgencyMutation;

#[Object]
impl AgencyMutation {
    /// Enters an agency; for those who keep agencies in its unit. Refusals: `FORBIDDEN`, `NOT_FOUND`, `REQUIRED`,
    /// `TOO_LONG`, `UNKNOWN_CODE`, `UNIT_NOT_IN_FORCE`, `OUT_OF_RANGE`, `TAKEN`.
    async fn create_agency(
        &self,
        ctx: &Context<'_>,
        input: CreateAgencyInput,
    ) -> Result<Option<CreateAgencyPayload>> {
        let command = || {
            Ok(Create(Draft {
                id: input.id.map(|id| input_id(&id, "id")).transpose()?,
                name: input.name,
                kind: input.kind,
                unit: input_id::<UnitId>(&input.unit_id, "unitId")?,
                official_code: input.official_code,
                hotline: input.hotline,
                email: input.email,
                valid_from: input.valid_from.map(|Day(day)| day),
                valid_to: input.valid_to.map(|Day(day)| day),
            }))
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        Ok(Some(CreateAgencyPayload {
            agency: Agency::of(ctx, id.map(AgencyId))?,
            user_errors,
        }))
    }

    /// Changes an agency, ends it, names its successor; for those who keep agencies in its unit. Refusals:
    /// `FORBIDDEN`, `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `INVALID_VALUE`, `OUT_OF_RANGE`, `TAKEN`.
    async fn update_agency(
        &self,
        ctx: &Context<'_>,
        input: UpdateAgencyInput,
    ) -> Result<Option<UpdateAgencyPayload>> {
        let command = || {
            let successor: Option<Option<ID>> = input.successor_id.into();
            let valid_to: Option<Option<Day>> = input.valid_to.into();
            Ok(Update {
                agency: input_id(&input.agency_id, "agencyId")?,
                amendment: Amendment {
                    name: input.name,
                    official_code: input.official_code.into(),
                    hotline: input.hotline.into(),
                    email: input.email.into(),
                    successor: successor
                        .map(|id| id.map(|id| input_id(&id, "successorId")).transpose())
                        .transpose()?,
                    valid_to: valid_to.map(|day| day.map(|Day(day)| day)),
                },
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        Ok(Some(UpdateAgencyPayload {
            agency: Agency::of(ctx, id.map(AgencyId))?,
            user_errors,
        }))
    }
}
