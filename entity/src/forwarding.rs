//! Forwarding documents.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, AgencyId, CouncilId, ForwardingId};

/// A document that forwards petitions (văn bản chuyển kiến nghị) to one lead body or to the upper council.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forwarding")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ForwardingId,
    /// Who forwards.
    pub council_id: CouncilId,
    pub lead_agency_id: Option<AgencyId>,
    pub upper_council_id: Option<CouncilId>,
    pub document_number: String,
    pub document_date: Date,
    /// As written in the document, or by rule.
    pub due_on: Option<Date>,
    pub actor_id: AccountId,
    pub at: DateTimeUtc,
}

plain!();
