//! Rows that wait for what they refer to.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, DeviceId, SyncIssueId};

/// A pushed row whose parent has not arrived.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_deferred")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub mutation_id: String,
    pub waits_for: Uuid,
    pub device_id: DeviceId,
    /// Sealed.
    pub payload: Vec<u8>,
    pub at: DateTimeUtc,
    /// Where its author was told that it still waits.
    pub issue_id: Option<SyncIssueId>,
}

plain!();
