//! Refresh tokens, by their hash only.

use sea_orm::entity::prelude::*;

use crate::id::DeviceId;

/// A refresh token; used once, except that the same successor is given for 60 s until that is used.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    /// SHA-256 of the token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub device_id: DeviceId,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// When a successor was first given for it.
    pub rotated_at: Option<DateTimeUtc>,
    /// Hash of the token it replaced.
    pub predecessor: Option<Vec<u8>>,
}

plain!();
