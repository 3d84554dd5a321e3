//! Administrative units, versioned.

use sea_orm::entity::prelude::*;

use crate::id::UnitId;

/// A version of an administrative unit (đơn vị hành chính).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UnitId,
    /// Official code, text with leading zeros; reused by other territory, so never a key alone.
    pub code: String,
    /// Name with its kind, as in the official list.
    pub name: String,
    /// `province`, `district` (until 1 July 2025) or `commune`.
    pub level: String,
    /// Kind of unit: province, city, ward, special zone, ...
    pub kind: String,
    /// The unit above it, of the same time.
    pub parent_id: Option<UnitId>,
    /// First day; unknown for units older than the first list.
    pub valid_from: Option<Date>,
    /// First day on which it is no more.
    pub valid_to: Option<Date>,
    /// Version of the row, counted from 1.
    pub rev: i64,
}

plain!();
