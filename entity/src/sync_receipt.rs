//! Receipts of pushed rows, kept 400 days.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, DeviceId};

/// What became of a pushed mutation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_receipt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub mutation_id: String,
    /// Keyed hash of the row's content.
    pub hash: Vec<u8>,
    pub collection: String,
    pub row_id: Option<Uuid>,
    pub status: String,
    pub rev: Option<i64>,
    /// JSON list of {code, field}.
    pub errors: String,
    pub device_id: DeviceId,
    pub at: DateTimeUtc,
}

plain!();
