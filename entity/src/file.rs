//! Files that have arrived.

use sea_orm::entity::prelude::*;

/// A file (tệp) that is complete: what was sent, by its hash, and what is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "file")]
pub struct Model {
    /// SHA-256 of the bytes that were sent, 64 lower-case hexadecimal digits: the file's name everywhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: String,
    /// The upload whose object in the store holds it.
    pub object: Uuid,
    /// SHA-256 of the bytes that are kept: of a picture those without place and device.
    pub stored_sha256: String,
    /// How many bytes are kept.
    pub size: i64,
    /// By its content, never by what the sender called it.
    pub media_type: String,
    pub at: DateTimeUtc,
}

plain!();
