//! Devices.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, DeviceId};

/// A phone or browser that signed in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeviceId,
    pub account_id: AccountId,
    pub name: String,
    pub created_at: DateTimeUtc,
    pub seen_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    /// Reported stolen: not even its unsent rows are taken.
    pub stolen: bool,
}

plain!();
