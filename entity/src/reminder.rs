//! Reminders that the server makes by itself.

use sea_orm::entity::prelude::*;

use crate::id::{AgencyId, PetitionId};

codes! {
    /// Of what a body is reminded.
    Kind {
        /// The answer is due soon.
        DueSoon = "due_soon",
        /// The answer is late.
        Overdue = "overdue",
    }
}

/// A reminder (nhắc hạn tự động): no urging, because nobody urged. Its id is made of what it is about, so that it is
/// made once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reminder")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub petition_id: PetitionId,
    /// The body that was reminded.
    pub agency_id: AgencyId,
    pub kind: Kind,
    /// Which reminder of the petition it is, counted from 1.
    pub ordinal: i32,
    /// The day on which the answer was due when it was made.
    pub due_on: Date,
    pub at: DateTimeUtc,
}

plain!();
