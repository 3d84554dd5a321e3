//! Refused rows, for their author.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, DeviceId, SyncIssueId};

/// `status` of what still waits for its author.
pub const OPEN: &str = "open";
/// `status` of what was corrected, came after all, or was put aside by its author.
pub const RESOLVED: &str = "resolved";

/// A pushed row that was not taken, refused or in conflict; its bytes are kept sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_issue")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SyncIssueId,
    pub account_id: AccountId,
    pub device_id: DeviceId,
    pub collection: Option<String>,
    pub row_id: Option<Uuid>,
    pub mutation_id: String,
    pub code: String,
    pub field: Option<String>,
    /// `open` or `resolved`.
    pub status: String,
    /// Sealed; absent for denunciations.
    pub payload: Option<Vec<u8>>,
    pub at: DateTimeUtc,
    pub rev: i64,
}

plain!();
