//! Where petitions came from that were taken over from an office's spreadsheet.

use sea_orm::entity::prelude::*;

use crate::id::PetitionId;

/// The row of the file that a petition was taken from. Who did it and when stands in its history.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "petition_import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub petition_id: PetitionId,
    /// Of all that the row said, in hexadecimal: the same row again changes nothing, another one is no second copy.
    pub digest: String,
    /// SHA-256 of the file, in hexadecimal; of a row that was refused and corrected the file that it was refused in.
    pub file: String,
    /// Line or row of that file, counted from 1.
    pub line: i32,
    /// The number that the office gave it in its own list.
    pub own_number: Option<String>,
}

plain!();
