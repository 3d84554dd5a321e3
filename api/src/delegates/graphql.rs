//! Delegates in GraphQL: public facts, and for those who keep the council also how a mandate ended.

use std::collections::HashMap;

use async_graphql::{
    Context, ID, InputObject, MaybeUndefined, Object, SimpleObject,
    connection::{Connection, EmptyFields},
    dataloader::Loader,
};
use entity::{
    constituency,
    delegate::{Column, Entity, Model},
    id::{AccountId, CouncilId, DelegateId, GroupId, UnitId},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{Amendment, Create, Draft, End, Update};
use crate::{
    capability::Capability,
    councils::graphql::{Council, DelegateGroup},
    error::{Error, Result},
    graphql::{
        UserError,
        command::{outcome, run_input},
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id, input_ids,
        list::{self, PageArgs, Total, asks_for_total},
        loader::{Rows, rows},
        scalar::Day,
        state, viewer, wire_id,
    },
    units::graphql::Unit,
};

/// A mandate in a council.
#[derive(Clone)]
pub struct Delegate(pub Model);

/// The delegates of a council, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DelegatesOf(pub CouncilId);

/// The constituency of a delegate, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ConstituencyOf(DelegateId);

impl Loader<DelegateId> for Rows {
    type Value = Delegate;
    type Error = Error;

    async fn load(&self, ids: &[DelegateId]) -> Result<HashMap<DelegateId, Delegate>> {
        let found = Entity::find()
            .filter(Column::Id.is_in(ids.iter().copied()))
            .all(self.state.store.read())
            .await?;
        Ok(found.into_iter().map(|row| (row.id, Delegate(row))).collect())
    }
}

impl Loader<DelegatesOf> for Rows {
    type Value = Vec<Delegate>;
    type Error = Error;

    async fn load(&self, councils: &[DelegatesOf]) -> Result<HashMap<DelegatesOf, Vec<Delegate>>> {
        let found = Entity::find()
            .filter(Column::CouncilId.is_in(councils.iter().map(|of| of.0)))
            .all(self.state.store.read())
            .await?;
        let mut delegates: HashMap<_, Vec<_>> = HashMap::new();
        for row in found {
            delegates
                .entry(DelegatesOf(row.council_id))
                .or_default()
                .push(Delegate(row));
        }
        Ok(delegates)
    }
}

impl Loader<ConstituencyOf> for Rows {
    type Value = Vec<UnitId>;
    type Error = Error;

    async fn load(&self, delegates: &[ConstituencyOf]) -> Result<HashMap<ConstituencyOf, Vec<UnitId>>> {
        let links = constituency::Entity::find()
            .filter(constituency::Column::DelegateId.is_in(delegates.iter().map(|of| of.0)))
            .all(self.state.store.read())
            .await?;
        let mut units: HashMap<_, Vec<_>> = HashMap::new();
        for link in links {
            units
                .entry(ConstituencyOf(link.delegate_id))
                .or_default()
                .push(link.unit_id);
        }
        Ok(units)
    }
}

/// A delegate of a council (đại biểu Hội đồng nhân dân): one mandate of one person.
#[Object]
impl Delegate {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The delegate's name, as published.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The council.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.0.council_id)
    }

    /// The delegate group (Tổ đại biểu).
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<DelegateGroup>> {
        let bodies = state(ctx)?.reference().bodies;
        let group = self.0.group_id.and_then(|id| bodies.groups.get(&id));
        Ok(group.cloned().map(DelegateGroup))
    }

    /// Full-time (đại biểu hoạt động chuyên trách).
    async fn full_time(&self) -> bool {
        self.0.full_time
    }

    /// The units of the constituency (đơn vị bầu cử) by code; empty means the council's whole unit.
    async fn constituency(&self, ctx: &Context<'_>) -> Result<Vec<Unit>> {
        let units = rows(ctx)?.load_one(ConstituencyOf(self.0.id)).await?;
        let reference = state(ctx)?.reference();
        let mut units: Vec<_> = units
            .unwrap_or_default()
            .into_iter()
            .filter_map(|id| reference.units.get(id).cloned())
            .collect();
        units.sort_by(|one, two| (&one.code, one.id).cmp(&(&two.code, two.id)));
        Ok(units.into_iter().map(Unit).collect())
    }

    /// First day of the mandate.
    async fn valid_from(&self) -> Day {
        Day(self.0.valid_from)
    }

    /// First day without the mandate; null while its end is not known.
    async fn valid_to(&self) -> Option<Day> {
        self.0.valid_to.map(Day)
    }

    /// Why the mandate ended; for those who keep the council or read its own papers, else null.
    async fn end_reason(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self
            .0
            .end_reason
            .as_deref()
            .filter(|_| self.is_own(ctx).unwrap_or(false)))
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }

    /// Who changed it and when, oldest first, for those who keep the council or read its own papers; `first` from 1
    /// to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        if !self.is_own(ctx)? {
            return Ok(Vec::new());
        }
        history(ctx, "delegate", self.0.id.0, first).await
    }
}

impl Delegate {
    /// Whether the viewer belongs to those who know more than the public.
    fn is_own(&self, ctx: &Context<'_>) -> Result<bool> {
        let (viewer, reference) = (viewer(ctx)?, state(ctx)?.reference());
        let of = |capability| viewer.may_at_council(capability, self.0.council_id, &reference);
        Ok(of(Capability::ManageCouncil) || of(Capability::ReadInternal))
    }
}

/// Which delegates to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct DelegateFilter {
    /// Of the councils of these units.
    within_unit: Option<WithinUnit>,
    /// Of this council.
    council_id: Option<ID>,
    /// Of this delegate group.
    group_id: Option<ID>,
    /// With a mandate on this day; of any time when absent.
    on: Option<Day>,
}

/// Queries of delegates.
#[derive(Default)]
pub struct DelegateQuery;

#[Object]
impl DelegateQuery {
    /// One delegate (đại biểu Hội đồng nhân dân); null if there is none.
    async fn delegate(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Delegate>> {
        one(ctx, crate::graphql::id(&id)).await
    }

    /// Delegates of all terms, those entered last first. Exactly one of `first` and `last`, 1 to 100.
    async fn delegates(
        &self,
        ctx: &Context<'_>,
        filter: Option<DelegateFilter>,
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
        let state = state(ctx)?;
        let filter = filter.unwrap_or_default();
        let mut query = Entity::find();
        if let Some(within) = &filter.within_unit {
            let units = within.units(ctx)?;
            let reference = state.reference();
            let councils = reference.bodies.councils.values();
            let councils: Vec<CouncilId> = councils
                .filter(|council| units.contains(&council.unit_id))
                .map(|council| council.id)
                .collect();
            query = query.filter(Column::CouncilId.is_in(councils));
        }
        if let Some(council) = &filter.council_id {
            query = query.filter(Column::CouncilId.eq(input_id::<CouncilId>(council, "councilId")?));
        }
        if let Some(group) = &filter.group_id {
            query = query.filter(Column::GroupId.eq(input_id::<GroupId>(group, "groupId")?));
        }
        if let Some(Day(on)) = filter.on {
            let not_ended = Condition::any()
                .add(Column::ValidTo.is_null())
                .add(Column::ValidTo.gt(on));
            query = query.filter(Column::ValidFrom.lte(on)).filter(not_ended);
        }
        let conn = state.store.read();
        let total = match asks_for_total(ctx) {
            true => Some(list::total(conn, &query, Column::Id).await?),
            false => None,
        };
        let slice = list::read(conn, query, Column::Id, |row| row.id.0, window).await?;
        Ok(list::connection(slice, total, |row| row.id.0, Delegate))
    }
}

/// A mandate to enter.
#[derive(Clone, Debug, InputObject)]
pub struct CreateDelegateInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// The council.
    council_id: ID,
    /// A delegate group of that council.
    group_id: Option<ID>,
    /// At most 100 characters; public.
    name: String,
    /// Full-time (chuyên trách); default false.
    full_time: Option<bool>,
    /// The account of the person, who by it may do what delegates of this council may. Never one's own; one that belongs
    /// or belonged to the council, to one that it follows or to one in its unit, or any for the installation's
    /// administrator. Any other is `NOT_FOUND`.
    account_id: Option<ID>,
    /// The constituency (đơn vị bầu cử): units that exist while the mandate lasts, in the council's unit. Empty means
    /// all of it.
    unit_ids: Option<Vec<ID>>,
    /// First day; the council's when absent.
    valid_from: Option<Day>,
    /// First day without the mandate, within the council's time.
    valid_to: Option<Day>,
}

/// The delegate, or why the mandate was not entered.
#[derive(SimpleObject)]
pub struct CreateDelegatePayload {
    /// As it is now.
    delegate: Option<Delegate>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// What is to change of a mandate; what is absent stays, null clears.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateDelegateInput {
    /// Which delegate.
    delegate_id: ID,
    /// At most 100 characters.
    name: Option<String>,
    /// A delegate group of the council.
    group_id: MaybeUndefined<ID>,
    /// Full-time (chuyên trách).
    full_time: Option<bool>,
    /// The account of the person, as in `createDelegate`.
    account_id: MaybeUndefined<ID>,
    /// The whole new constituency. Where communes were merged or divided since the mandate began, the new ones are
    /// named beside the old.
    unit_ids: Option<Vec<ID>>,
}

/// The delegate, or why the mandate stays as it was.
#[derive(SimpleObject)]
pub struct UpdateDelegatePayload {
    /// As it is now.
    delegate: Option<Delegate>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// Which mandate ends, and why.
#[derive(Clone, Debug, InputObject)]
pub struct EndMandateInput {
    /// Which delegate.
    delegate_id: ID,
    /// First day without the mandate, within the council's time.
    on: Day,
    /// Why, or the document on which it rests; at most 500 characters; not public.
    reason: String,
}

/// The delegate, or why the mandate goes on.
#[derive(SimpleObject)]
pub struct EndMandatePayload {
    /// As it is now.
    delegate: Option<Delegate>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// Mutations of delegates.
#[derive(Default)]
pub struct DelegateMutation;

#[Object]
impl DelegateMutation {
    /// Enters a mandate (tư cách đại biểu); for those who keep the council. Refusals: `FORBIDDEN` (also for oneself),
    /// `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `BEFORE_COUNCIL`, `OUT_OF_RANGE`, `UNIT_NOT_IN_FORCE`, `TAKEN`.
    async fn create_delegate(
        &self,
        ctx: &Context<'_>,
        input: CreateDelegateInput,
    ) -> Result<Option<CreateDelegatePayload>> {
        let command = || {
            Ok(Create(Draft {
                id: input.id.map(|id| input_id(&id, "id")).transpose()?,
                council: input_id(&input.council_id, "councilId")?,
                group: input.group_id.map(|id| input_id(&id, "groupId")).transpose()?,
                name: input.name,
                full_time: input.full_time.unwrap_or(false),
                account: input
                    .account_id
                    .map(|id| input_id(&id, "accountId"))
                    .transpose()?,
                units: input_ids(&input.unit_ids.unwrap_or_default(), "unitIds")?,
                valid_from: input.valid_from.map(|Day(day)| day),
                valid_to: input.valid_to.map(|Day(day)| day),
            }))
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        let delegate = one(ctx, id).await?;
        Ok(Some(CreateDelegatePayload {
            delegate,
            user_errors,
        }))
    }

    /// Changes group, account, constituency or name of a mandate; for those who keep the council. Refusals:
    /// `FORBIDDEN` (also for oneself), `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `OUT_OF_RANGE`, `UNIT_NOT_IN_FORCE`, `TAKEN`.
    async fn update_delegate(
        &self,
        ctx: &Context<'_>,
        input: UpdateDelegateInput,
    ) -> Result<Option<UpdateDelegatePayload>> {
        let command = || {
            let group: Option<Option<ID>> = input.group_id.into();
            let account: Option<Option<ID>> = input.account_id.into();
            Ok(Update {
                delegate: input_id(&input.delegate_id, "delegateId")?,
                amendment: Amendment {
                    name: input.name,
                    group: group
                        .map(|id| id.map(|id| input_id(&id, "groupId")).transpose())
                        .transpose()?,
                    account: account
                        .map(|id| id.map(|id| input_id::<AccountId>(&id, "accountId")).transpose())
                        .transpose()?,
                    full_time: input.full_time,
                },
                units: input.unit_ids.map(|ids| input_ids(&ids, "unitIds")).transpose()?,
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        let delegate = one(ctx, id).await?;
        Ok(Some(UpdateDelegatePayload {
            delegate,
            user_errors,
        }))
    }

    /// Ends a mandate (chấm dứt tư cách đại biểu, cho thôi làm nhiệm vụ đại biểu); for those who keep the council. What
    /// was recorded before that day may still be uploaded. Refusals: `FORBIDDEN` (also for oneself), `NOT_FOUND`,
    /// `REQUIRED`, `TOO_LONG`, `OUT_OF_RANGE`, `INVALID_STATE` (it ended already, otherwise).
    async fn end_mandate(
        &self,
        ctx: &Context<'_>,
        input: EndMandateInput,
    ) -> Result<Option<EndMandatePayload>> {
        let command = || {
            Ok(End {
                delegate: input_id(&input.delegate_id, "delegateId")?,
                on: input.on.0,
                reason: input.reason,
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        let delegate = one(ctx, id).await?;
        Ok(Some(EndMandatePayload {
            delegate,
            user_errors,
        }))
    }
}

async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Delegate>> {
    match id {
        Some(id) => rows(ctx)?.load_one(DelegateId(id)).await,
        None => Ok(None),
    }
}
