//! Official documents.

use sea_orm::entity::prelude::*;

use crate::id::{CouncilId, DocumentId, MeetingId};

/// A document (văn bản) with its number, date and signer; the paper itself may be attached as a file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    pub council_id: CouncilId,
    pub meeting_id: Option<MeetingId>,
    /// Type code: KH, BC, TB, BB, GM, ...
    pub kind: String,
    /// As written.
    pub number: String,
    pub date: Date,
    pub signer: Option<String>,
    pub title: String,
    /// What a document of the council itself is for; code of the list `document_purpose`.
    pub purpose: Option<String>,
    /// What it says in short.
    #[sea_orm(column_type = "Text", nullable)]
    pub summary: Option<String>,
    /// First day on which it holds, and first on which it does not.
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    pub created_at: DateTimeUtc,
}

plain!();
