//! Documents, written once at the write door.

use sea_orm::entity::prelude::*;

/// The wire document of a row for one audience.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_doc")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub collection: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_id: Uuid,
    /// Rank of the audience.
    #[sea_orm(primary_key, auto_increment = false)]
    pub audience: i32,
    pub rev: i64,
    /// JSON.
    pub doc: String,
}

plain!();
