//! Partitions of the change log.

use sea_orm::entity::prelude::*;

/// A partition; tied for ever to one clock.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_partition")]
pub struct Model {
    /// First 63 bits of the SHA-256 of its name: the same everywhere, short in log and cursor.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub name: String,
    pub clock: String,
}

plain!();
