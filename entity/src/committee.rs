//! Committees (Ban); their names are data.

use sea_orm::entity::prelude::*;

use crate::id::{CommitteeId, CouncilId};

/// A committee (Ban) of a council.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "committee")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommitteeId,
    pub council_id: CouncilId,
    pub name: String,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
}

plain!();
