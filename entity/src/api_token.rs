//! Tokens of integrators.

use sea_orm::entity::prelude::*;

use crate::id::{ApiTokenId, UnitId};

/// A revocable read token for one unit's subtree.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiTokenId,
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    pub name: String,
    /// `read`.
    pub scope: String,
    pub unit_id: UnitId,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
}

plain!();
