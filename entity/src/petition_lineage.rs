//! Lineage of petitions, both ways.

use sea_orm::entity::prelude::*;

use crate::id::PetitionId;

/// `to_id` came out of `from_id` by a split or a merge.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "petition_lineage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_id: PetitionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_id: PetitionId,
    /// `split` or `merge`.
    pub kind: String,
    pub at: DateTimeUtc,
}

plain!();
