//! The public schedule of voter contacts (lịch tiếp xúc cử tri): what is published, for everybody and by time. Both the
//! query and the calendar feed ask here.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::{
    id::{MeetingId, UnitId},
    meeting::{Column, Entity, Family, Model, Status},
    meeting_unit,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Query,
};

use crate::{error::Result, graphql::list::without};

/// The published contacts that begin in a span of time and are held for one of these units; all units if none is named.
fn published(from: DateTime<Utc>, to: DateTime<Utc>, units: Option<BTreeSet<UnitId>>) -> Select<Entity> {
    let published = Entity::find()
        .filter(Column::Family.eq(Family::Contact))
        .filter(Column::IsPublic.eq(true))
        .filter(Column::Status.ne(Status::Proposed))
        .filter(Column::StartsAt.gte(from))
        .filter(Column::StartsAt.lt(to));
    match units {
        None => published,
        Some(units) => {
            let there = Query::select()
                .column(meeting_unit::Column::MeetingId)
                .from(meeting_unit::Entity)
                .and_where(meeting_unit::Column::UnitId.is_in(units))
                .to_owned();
            published.filter(Column::Id.in_subquery(there))
        }
    }
}

/// When each of them begins.
pub(super) async fn places<C: ConnectionTrait>(
    conn: &C,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    units: Option<BTreeSet<UnitId>>,
) -> Result<Vec<(MeetingId, DateTime<Utc>)>> {
    let found: Vec<(MeetingId, Option<DateTime<Utc>>)> = published(from, to, units)
        .select_only()
        .columns([Column::Id, Column::StartsAt])
        .into_tuple()
        .all(conn)
        .await?;
    Ok(found.into_iter().filter_map(|(id, at)| Some((id, at?))).collect())
}

/// They themselves, by time; the first so many, or all.
pub async fn contacts<C: ConnectionTrait>(
    conn: &C,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    units: BTreeSet<UnitId>,
    most: Option<u64>,
) -> Result<Vec<Model>> {
    let found = published(from, to, Some(units))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .limit(most);
    Ok(without(found, &[Column::Agenda, Column::Brief]).all(conn).await?)
}
