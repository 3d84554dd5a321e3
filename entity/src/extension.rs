//! Extensions of due dates; both dates stay.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, AgencyId, PetitionId};

/// An extension (gia hạn).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "extension")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub petition_id: PetitionId,
    pub from_due: Option<Date>,
    pub to_due: Date,
    pub reason: String,
    pub roadmap: Option<String>,
    pub actor_id: AccountId,
    /// The body that moved its own date; none where an office did, and for what was recorded before this was kept.
    pub agency_id: Option<AgencyId>,
    pub at: DateTimeUtc,
}

plain!();
