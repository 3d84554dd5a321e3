//! People's Councils.

use sea_orm::entity::prelude::*;

use crate::id::{CouncilId, UnitId};

/// A People's Council (Hội đồng nhân dân) of one unit version and one term.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "council")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouncilId,
    pub unit_id: UnitId,
    /// `province`, `district` (historical) or `commune`.
    pub level: String,
    pub name: String,
    /// Term (nhiệm kỳ), e.g. `2026-2031`.
    pub term: String,
    /// The council's own count of terms (khóa); differs from unit to unit.
    pub ordinal: i32,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    pub rev: i64,
}

plain!();
