//! What bodies owe, and what of it is late: a line for each body, to be read further with `petitions`.

use std::collections::HashMap;

use async_graphql::{
    ComplexObject, Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use chrono::NaiveDate;
use entity::{
    id::{AgencyId, UnitId},
    petition::{Column, Entity, Process},
    petition_unit, reminder, urging,
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect,
    sea_query::{Expr, Func, Query as SeaQuery, SelectStatement},
};

use crate::{
    agencies::graphql::{Agency, place},
    error::Result,
    graphql::{
        filter::WithinUnit,
        input_id,
        list::{self, PageArgs, Total, asks_for_total},
        scalar::Day,
        state, viewer, wire_id,
    },
    store::visibility::visible,
};

/// What a body owes (kiến nghị chờ trả lời), counted from the petitions that the viewer may see.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(super) struct AgencyDebt {
    #[graphql(skip)]
    body: AgencyId,
    /// The body that has to answer (cơ quan chủ trì).
    agency_id: ID,
    /// Petitions that wait for its answer.
    owed: i32,
    /// Of these, late today (quá hạn).
    overdue: i32,
    /// Of these, late today by their first due dates, whatever they were extended to (quá hạn ban đầu): those of `overdue`,
    /// and those for which the body had, or gave itself, more time.
    past_first_due: i32,
    /// The earliest day on which one of them was or is due.
    oldest_due_at: Option<Day>,
    /// How often people urged it for these petitions (đôn đốc); not what was said to others that had them before it, or
    /// that coordinate.
    urgings: i32,
    /// How often the server reminded it of them (nhắc hạn tự động); not others.
    reminders: i32,
}

#[ComplexObject]
impl AgencyDebt {
    /// The body itself.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.body)
    }
}

/// Which bodies and petitions to count.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct AgencyDebtFilter {
    /// Petitions of voters of these units.
    within_unit: Option<WithinUnit>,
    /// What this body owes.
    agency_id: Option<ID>,
    /// Only bodies with something late.
    is_overdue: Option<bool>,
}

/// What the database counts for one body.
#[derive(FromQueryResult)]
struct Counted {
    agency_id: AgencyId,
    owed: i64,
    overdue: i64,
    past_first_due: i64,
    oldest: Option<NaiveDate>,
    urgings: i64,
    reminders: i64,
}

/// Queries of what is owed.
#[derive(Default)]
pub struct DebtQuery;

#[Object]
impl DebtQuery {
    /// What every body owes and what of it is late (danh sách quá hạn theo cơ quan), by the body's unit and name, from
    /// the petitions that the viewer may see. The petitions of a line: `petitions` with the filters `agencyId`,
    /// and `isOverdue` or `isPastFirstDue`. Exactly one of `first` and `last`, 1 to 100.
    async fn agency_debts(
        &self,
        ctx: &Context<'_>,
        filter: Option<AgencyDebtFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, AgencyDebt, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let filter = filter.unwrap_or_default();
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let mut query = Entity::find()
            .filter(Column::Process.eq(Process::Forwarded))
            .filter(Column::AgencyId.is_not_null())
            .filter(visible(viewer, "petition", (Entity, Column::Id)));
        if let Some(within) = &filter.within_unit {
            let units: Vec<UnitId> = within.units(ctx)?.into_iter().collect();
            let of_units = SeaQuery::select()
                .column(petition_unit::Column::PetitionId)
                .from(petition_unit::Entity)
                .and_where(petition_unit::Column::UnitId.is_in(units))
                .to_owned();
            query = query.filter(Column::Id.in_subquery(of_units));
        }
        if let Some(agency) = &filter.agency_id {
            query = query.filter(Column::AgencyId.eq(input_id::<AgencyId>(agency, "agencyId")?));
        }
        let today = state.clock.today();
        let due = |one: Column, other: Column| Func::coalesce([Expr::col(one), Expr::col(other)]);
        let late = |one: Column, other: Column| {
            let is_late = Expr::expr(due(one, other)).lt(today);
            Expr::expr(Expr::case(is_late, 1_i64).finally(0_i64))
                .sum()
                .cast_as("BIGINT")
        };
        // Of each petition only what was addressed to the body that has it now.
        let urgings = SeaQuery::select()
            .expr(Expr::col((urging::Entity, urging::Column::Id)).count())
            .from(urging::Entity)
            .and_where(Expr::col((urging::Entity, urging::Column::TargetId)).equals((Entity, Column::Id)))
            .and_where(
                Expr::col((urging::Entity, urging::Column::ToAgencyId)).equals((Entity, Column::AgencyId)),
            )
            .to_owned();
        let reminders = SeaQuery::select()
            .expr(Expr::col((reminder::Entity, reminder::Column::Id)).count())
            .from(reminder::Entity)
            .and_where(
                Expr::col((reminder::Entity, reminder::Column::PetitionId)).equals((Entity, Column::Id)),
            )
            .and_where(
                Expr::col((reminder::Entity, reminder::Column::AgencyId)).equals((Entity, Column::AgencyId)),
            )
            .to_owned();
        let whole = |of_each: SelectStatement| Expr::expr(of_each).sum().cast_as("BIGINT");
        let counted = query
            .select_only()
            .column(Column::AgencyId)
            .expr_as(Expr::col(Column::Id).count(), "owed")
            .expr_as(late(Column::ExtendedTo, Column::DueAt), "overdue")
            .expr_as(late(Column::DueAt, Column::ExtendedTo), "past_first_due")
            .expr_as(Expr::expr(due(Column::ExtendedTo, Column::DueAt)).min(), "oldest")
            .expr_as(whole(urgings), "urgings")
            .expr_as(whole(reminders), "reminders")
            .group_by(Column::AgencyId)
            .into_model::<Counted>()
            .all(state.store.read())
            .await?;
        let only_late = filter.is_overdue == Some(true);
        let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        let mut debts: HashMap<AgencyId, AgencyDebt> = counted
            .into_iter()
            .map(|line: Counted| AgencyDebt {
                body: line.agency_id,
                agency_id: wire_id(line.agency_id),
                owed: count(line.owed),
                overdue: count(line.overdue),
                past_first_due: count(line.past_first_due),
                oldest_due_at: line.oldest.map(Day),
                urgings: count(line.urgings),
                reminders: count(line.reminders),
            })
            .filter(|debt| !only_late || debt.overdue > 0)
            .map(|debt| (debt.body, debt))
            .collect();
        let reference = state.reference();
        let bodies: Vec<_> = debts.keys().filter_map(|body| reference.agency(*body)).collect();
        let total = asks_for_total(ctx).then_some(bodies.len() as i64);
        let at = |id| reference.agency(AgencyId(id)).map(|row| place(&reference, row));
        let slice = list::held(bodies, |row| place(&reference, row), at, window)?;
        let slice = slice.filter_map(|row| debts.remove(&row.id));
        Ok(list::connection(slice, total, |debt| debt.body.0, |debt| debt))
    }
}
