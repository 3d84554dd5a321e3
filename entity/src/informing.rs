//! Acts of telling voters the result.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, InformingId, MeetingId, PetitionId};

/// An informing (thông tin lại cho cử tri). Append only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "informing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InformingId,
    pub petition_id: PetitionId,
    pub council_id: CouncilId,
    pub author_id: AccountId,
    /// As told by the author's device.
    pub at: DateTimeUtc,
    pub channel: String,
    pub meeting_id: Option<MeetingId>,
    pub note: Option<String>,
    pub received_at: DateTimeUtc,
    pub rev: i64,
}

plain!();
