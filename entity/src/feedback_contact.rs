//! Contact details of a voter who agreed.

use sea_orm::entity::prelude::*;

use crate::id::FeedbackId;

/// Contact details, write-only and encrypted per field; the key is outside the database.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback_contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub feedback_id: FeedbackId,
    /// Sealed.
    pub name: Option<Vec<u8>>,
    /// Sealed.
    pub phone: Option<Vec<u8>>,
    /// What the voter agreed to, word for word: his own words may name him. Sealed.
    pub consent: Option<Vec<u8>>,
    pub consent_at: DateTimeUtc,
    pub erased_at: Option<DateTimeUtc>,
}

plain!();
