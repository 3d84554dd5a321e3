//! What somebody may see, asked of the change log: the API and sync can never differ.

use std::collections::HashMap;

use entity::{sync_doc, sync_log};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query, SimpleExpr},
};
use uuid::Uuid;

use super::partition::Audience;
use crate::{error::Result, viewer::Viewer};

/// The condition that a row of a collection lies in a partition of the viewer's, or is public.
///
/// A row that has a document for the public is public; so a list needs no list of all public partitions.
pub fn visible<I>(viewer: &Viewer, collection: &'static str, id: I) -> SimpleExpr
where
    I: sea_orm::IntoIdentity + sea_orm::sea_query::IntoColumnRef + Clone,
{
    let public = Query::select()
        .expr(Expr::val(1))
        .from(sync_doc::Entity)
        .and_where(Expr::col((sync_doc::Entity, sync_doc::Column::Collection)).eq(collection))
        .and_where(Expr::col((sync_doc::Entity, sync_doc::Column::RowId)).equals(id.clone()))
        .and_where(Expr::col((sync_doc::Entity, sync_doc::Column::Audience)).eq(Audience::Public.rank()))
        .to_owned();
    let partitions = viewer.partition_ids();
    if partitions.is_empty() {
        return Expr::exists(public);
    }
    let mine = Query::select()
        .expr(Expr::val(1))
        .from(sync_log::Entity)
        .and_where(Expr::col((sync_log::Entity, sync_log::Column::Collection)).eq(collection))
        .and_where(Expr::col((sync_log::Entity, sync_log::Column::RowId)).equals(id))
        .and_where(Expr::col((sync_log::Entity, sync_log::Column::Op)).eq("put"))
        .and_where(Expr::col((sync_log::Entity, sync_log::Column::Partition)).is_in(partitions))
        .to_owned();
    Expr::exists(mine).or(Expr::exists(public))
}

/// The richest audience in which the viewer sees each of these rows; rows that he may not see are absent.
pub async fn audiences<C: ConnectionTrait>(
    conn: &C,
    viewer: &Viewer,
    collection: &'static str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Audience>> {
    let mut seen = HashMap::new();
    if ids.is_empty() {
        return Ok(seen);
    }
    let public: Vec<Uuid> = sync_doc::Entity::find()
        .select_only()
        .column(sync_doc::Column::RowId)
        .filter(sync_doc::Column::Collection.eq(collection))
        .filter(sync_doc::Column::RowId.is_in(ids.iter().copied()))
        .filter(sync_doc::Column::Audience.eq(Audience::Public.rank()))
        .into_tuple()
        .all(conn)
        .await?;
    seen.extend(public.into_iter().map(|id| (id, Audience::Public)));
    let partitions = viewer.partition_ids();
    if !partitions.is_empty() {
        let mine: Vec<(Uuid, i64)> = sync_log::Entity::find()
            .select_only()
            .columns([sync_log::Column::RowId, sync_log::Column::Partition])
            .filter(sync_log::Column::Collection.eq(collection))
            .filter(sync_log::Column::RowId.is_in(ids.iter().copied()))
            .filter(sync_log::Column::Op.eq("put"))
            .filter(sync_log::Column::Partition.is_in(partitions))
            .into_tuple()
            .all(conn)
            .await?;
        for (id, partition) in mine {
            if let Some(audience) = viewer.audience_of(partition) {
                let best = seen.entry(id).or_insert(audience);
                *best = (*best).max(audience);
            }
        }
    }
    Ok(seen)
}
