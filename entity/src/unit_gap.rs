//! Rows of a succession list that name no known unit; nothing of a list is lost.

use sea_orm::entity::prelude::*;

/// A succession row that could not be resolved, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_gap")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub level: String,
    pub from_code: String,
    pub to_code: String,
    pub date: Date,
    /// Line of the imported file.
    pub line: i32,
    /// `unknown_from`, `unknown_to` or `no_successor`.
    pub reason: String,
}

plain!();
