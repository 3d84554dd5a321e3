//! Answer documents.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, AgencyId, AnswerId, CouncilId};

/// A document that answers petitions (văn bản trả lời).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AnswerId,
    pub agency_id: AgencyId,
    /// The council that recorded or received it.
    pub council_id: CouncilId,
    pub document_number: String,
    pub document_date: Date,
    pub text: String,
    /// Outcome class, of the list `outcome`.
    pub outcome: String,
    /// Until when, for what is deferred or in progress.
    pub roadmap_at: Option<Date>,
    /// What it costs, in millions of đồng.
    pub cost_millions: Option<i32>,
    /// Why it is not resolved, of the list `unresolved_reason`.
    pub unresolved_reason: Option<String>,
    /// Recorded by the office for a body without an account.
    pub on_behalf: bool,
    pub actor_id: AccountId,
    pub at: DateTimeUtc,
}

plain!();
