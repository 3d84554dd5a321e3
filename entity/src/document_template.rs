//! Templates of documents that councils keep for themselves.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, DocumentTemplateId};

/// A council's own template (mẫu văn bản) of a kind of document. Another one takes its place; none is ever deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_template")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentTemplateId,
    pub council_id: CouncilId,
    /// `contact-plan`, `contact-minutes`, `synthesis`, `forwarding`, `urging` or `petition-results`.
    pub kind: String,
    /// Its number among the council's own of this kind, from 1.
    pub version: i64,
    pub sha256: String,
    /// The .docx as it was sent.
    pub file: Vec<u8>,
    pub at: DateTimeUtc,
    pub actor_id: Option<AccountId>,
    /// When another one, or the one that comes with the program, took its place.
    pub ended_at: Option<DateTimeUtc>,
    pub ended_by: Option<AccountId>,
}

plain!();
