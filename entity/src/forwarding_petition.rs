//! Petitions of a forwarding.

use sea_orm::entity::prelude::*;

use crate::id::{ForwardingId, PetitionId};

/// A petition forwarded by a document, and how it came back if it did.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forwarding_petition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub forwarding_id: ForwardingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub petition_id: PetitionId,
    pub returned_at: Option<DateTimeUtc>,
    pub return_reason: Option<String>,
}

plain!();
