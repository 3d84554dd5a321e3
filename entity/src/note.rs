//! Private notes.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, MeetingId, NoteId, UnitId};

/// A delegate's private note.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NoteId,
    pub account_id: AccountId,
    pub unit_id: Option<UnitId>,
    pub meeting_id: Option<MeetingId>,
    pub text: String,
    /// As told by the author's device.
    pub updated_at: DateTimeUtc,
    pub deleted: bool,
    /// Who last wrote each field; see the merge of the sync engine.
    pub stamps: String,
    pub rev: i64,
}

plain!();
