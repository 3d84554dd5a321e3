//! Attachments: which row names which file.

use sea_orm::entity::prelude::*;

use crate::id::AccountId;

/// A row names a file (tệp đính kèm). Whoever sees the row may read the file once it has arrived.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: String,
    /// What kind of row: a collection, or `document`, `round`, `forwarding`, `answer`.
    pub collection: String,
    /// Who named it. It arrives when this account has sent it: knowing a hash proves nothing.
    pub account_id: AccountId,
    /// Its place in the row's list, from 0.
    pub position: i32,
    /// Whether its bytes are here.
    pub arrived: bool,
}

plain!();
