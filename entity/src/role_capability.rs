//! Roles are data: which capabilities a role holds.

use sea_orm::entity::prelude::*;

/// One capability of one role.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_capability")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub capability: String,
}

plain!();
