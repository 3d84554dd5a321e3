//! Petitions that passed from an abolished body to its successor.

use sea_orm::entity::prelude::*;

use crate::id::{AgencyId, PetitionId};

/// A petition passed on (chuyển cơ quan kế thừa). The document that forwarded it still names the body of then.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "petition_transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub petition_id: PetitionId,
    pub from_id: AgencyId,
    pub to_id: AgencyId,
    /// Whether it had to answer, or to coordinate.
    pub is_lead: bool,
    pub at: DateTimeUtc,
}

plain!();
