//! The newest rows of many at once: what hangs on each row of a list, cut to so many for each, by one statement.

use sea_orm::{
    EntityTrait, QuerySelect, QueryTrait, Select,
    sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement, WindowStatement},
};

/// Of what a query finds the ids of the first `most` rows of each group, by these columns, each descending: a condition
/// for the statement that reads them. Only ids and the columns of the order go through the sorting, never texts.
pub(crate) fn newest_of_each<E: EntityTrait>(
    query: Select<E>,
    id: E::Column,
    group: E::Column,
    by: &[E::Column],
    most: u64,
) -> SelectStatement {
    let mut window = WindowStatement::partition_by((E::default(), group));
    for column in by {
        window.order_by((E::default(), *column), Order::Desc);
    }
    let place = || Alias::new("place");
    let mut placed = query.select_only().column(id).into_query();
    placed.expr_window_as(Expr::cust("ROW_NUMBER()"), window, place());
    Query::select()
        .column(id)
        .from_subquery(placed, Alias::new("placed"))
        .and_where(Expr::col(place()).lte(i64::try_from(most).unwrap_or(i64::MAX)))
        .to_owned()
}
