//! Clocks of the change log.

use sea_orm::entity::prelude::*;

/// A clock: one row per province version, one shared. Its row lock orders all writers of its partitions.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_clock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The last tick.
    pub seq: i64,
}

plain!();
