//! Accounts.

use sea_orm::entity::prelude::*;

use crate::id::AccountId;

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    /// Lower case, unique.
    pub username: String,
    /// Shown name.
    pub name: String,
    /// argon2id, PHC string.
    pub password_hash: String,
    /// The clock of the account's own partition, fixed when it was made.
    pub clock: String,
    pub disabled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub rev: i64,
}

plain!();
