//! Uploads: what an account sends, or has sent, of a file.

use sea_orm::entity::prelude::*;

use crate::id::AccountId;

/// One account's upload of one file. Complete, it is the proof that the account had the bytes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    /// SHA-256 of all bytes, as announced.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: String,
    /// Names what belongs to it in the store; another attempt has another.
    pub object: Uuid,
    /// How many bytes there are, as announced.
    pub size: i64,
    /// How many of them are here to stay.
    pub received: i64,
    /// The parts in which they lie in the store, in order: `length:id` separated by spaces.
    #[sea_orm(column_type = "Text")]
    pub parts: String,
    pub created_at: DateTimeUtc,
    /// When it is given up, if it has not become complete by then.
    pub expires_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
}

plain!();
