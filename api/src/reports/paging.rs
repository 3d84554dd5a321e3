//! Tables are read a page of rows at a time, in the order of time.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::csv::Cell;

/// Where a page of rows ended.
#[derive(Clone, Copy, Debug)]
pub struct After {
    pub(super) at: DateTime<Utc>,
    pub(super) id: Uuid,
}

/// Some rows of a table, and where to go on if there are more.
pub struct Page {
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) next: Option<After>,
}

impl Page {
    /// A table that is one page.
    pub(super) fn whole(rows: impl Iterator<Item = Vec<Cell>>) -> Self {
        Self {
            rows: rows.collect(),
            next: None,
        }
    }
}

/// The next so many rows of a query, oldest first.
pub(super) fn paged<E: EntityTrait>(
    query: Select<E>,
    at: E::Column,
    id: E::Column,
    after: Option<After>,
    most: usize,
) -> Select<E> {
    let query = query
        .order_by_asc(at)
        .order_by_asc(id)
        .limit(u64::try_from(most).ok());
    match after {
        None => query,
        Some(after) => query.filter(
            Condition::any()
                .add(at.gt(after.at))
                .add(Condition::all().add(at.eq(after.at)).add(id.gt(after.id))),
        ),
    }
}
