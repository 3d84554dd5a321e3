//! Delegate groups.

use sea_orm::entity::prelude::*;

use crate::id::{CouncilId, GroupId};

/// A delegate group (Tổ đại biểu).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delegate_group")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GroupId,
    pub council_id: CouncilId,
    pub name: String,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
}

plain!();
