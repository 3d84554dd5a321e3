//! Acts of telling voters the result.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, AnswerId, CouncilId, InformingId, MeetingId, PetitionId};

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
    /// What the voters said to the answer, as told; of the list `satisfaction`.
    pub satisfaction: Option<String>,
    /// The answer that was told; none where there was none yet.
    pub answer_id: Option<AnswerId>,
    pub received_at: DateTimeUtc,
    pub rev: i64,
}

plain!();
