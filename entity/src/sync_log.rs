//! The change log, always compact.

use sea_orm::entity::prelude::*;

/// The newest change of a row in a partition.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub partition: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub collection: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_id: Uuid,
    pub seq: i64,
    /// `put` or `gone`.
    pub op: String,
    pub rev: i64,
}

plain!();
