//! Petitions that ask again for what was asked before.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, PetitionId};

/// `petition_id` asks again for what `earlier_id` asked (đã đề nghị nhiều lần). Never removed: a mistaken link is
/// undone with its reason. Neither petition becomes part of the other.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "petition_repeat")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub petition_id: PetitionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub earlier_id: PetitionId,
    pub actor_id: AccountId,
    pub at: DateTimeUtc,
    pub unlinked_at: Option<DateTimeUtc>,
    pub unlinked_by: Option<AccountId>,
    pub unlink_reason: Option<String>,
}

plain!();
