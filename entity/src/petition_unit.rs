//! Units of a petition.

use sea_orm::entity::prelude::*;

use crate::id::{PetitionId, UnitId};

/// A unit whose voters asked.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "petition_unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub petition_id: PetitionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
}

plain!();
