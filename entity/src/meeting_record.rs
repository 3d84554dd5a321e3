//! Meeting records: one per author and meeting, so that two phones never fight over one text.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, MeetingId, MeetingRecordId};

/// What one author recorded of one meeting (biên bản ghi tại chỗ).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_record")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeetingRecordId,
    pub meeting_id: MeetingId,
    pub council_id: CouncilId,
    pub author_id: AccountId,
    pub started_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub invited: Option<i32>,
    pub attended: Option<i32>,
    pub speakers: Option<i32>,
    pub opinion_count: Option<i32>,
    /// Counts by band, `band=count` separated by spaces; never names.
    pub attendance_bands: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub minutes_draft: Option<String>,
    /// Whether the author will come, as he answered the invitation.
    pub attending: Option<bool>,
    /// Why he will not come.
    pub absence_reason: Option<String>,
    pub status: Status,
    /// It came, or was changed, after the minutes were signed or the author's mandate had ended.
    pub late: bool,
    /// Who last wrote each field; see the merge of the sync engine.
    #[sea_orm(column_type = "Text")]
    pub stamps: String,
    pub rev: i64,
    pub updated_at: DateTimeUtc,
}

plain!();

codes! {
    /// Whether the author may still change his record.
    Status {
        Draft = "draft",
        /// The minutes were signed: what comes later is kept in history and marked late.
        Closed = "closed",
    }
}
