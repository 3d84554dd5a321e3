//! Acts of urging.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, AgencyId, CouncilId, UrgingId};

/// An urging (đôn đốc): who urged whom, how, with which document. Append only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "urging")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UrgingId,
    /// `petition`.
    pub target_kind: String,
    pub target_id: Uuid,
    /// The body that was urged, which reads it; none where that was the council above.
    pub to_agency_id: Option<AgencyId>,
    pub council_id: CouncilId,
    pub author_id: AccountId,
    pub how: String,
    pub text: Option<String>,
    pub document_number: Option<String>,
    /// Which urging of this body for its target it is, counted from 1 in the order in which they arrived.
    pub ordinal: i32,
    /// As told by the author's device.
    pub at: DateTimeUtc,
    pub received_at: DateTimeUtc,
    pub rev: i64,
}

plain!();
