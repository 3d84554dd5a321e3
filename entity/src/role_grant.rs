//! Roles given to accounts.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, AgencyId, CouncilId, GrantId, UnitId};

/// A role at a council, an agency or a unit; valid by date.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GrantId,
    pub account_id: AccountId,
    pub role: String,
    pub council_id: Option<CouncilId>,
    pub agency_id: Option<AgencyId>,
    pub unit_id: Option<UnitId>,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
}

plain!();
