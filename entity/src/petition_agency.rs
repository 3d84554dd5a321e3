//! Coordinating bodies of a petition as forwarded now.

use sea_orm::entity::prelude::*;

use crate::id::{AgencyId, AnswerId, PetitionId};

/// A body that coordinates (phối hợp) with the lead.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "petition_agency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub petition_id: PetitionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Its newest reply since the petition was forwarded to it.
    pub answer_id: Option<AnswerId>,
}

plain!();
