//! Edges between resolutions.

use sea_orm::entity::prelude::*;

use crate::id::ResolutionId;

/// `from_id` amends, replaces, annuls, suspends or implements `to_id`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resolution_edge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_id: ResolutionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_id: ResolutionId,
    /// `amends`, `replaces`, `annuls`, `suspends`, `implements`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
}

plain!();
