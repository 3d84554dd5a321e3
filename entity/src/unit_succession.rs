//! Which unit became which.

use sea_orm::entity::prelude::*;

use crate::id::UnitId;

/// One edge of the succession of units; many to many.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_succession")]
pub struct Model {
    /// The unit that ended.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_id: UnitId,
    /// The unit that took it over, wholly or partly.
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_id: UnitId,
    /// Whether only a part of the former unit went there.
    pub partly: bool,
    /// Worked out from the units below (districts have no rows of their own in the lists).
    pub derived: bool,
    /// First day of the successor.
    pub date: Date,
}

plain!();
