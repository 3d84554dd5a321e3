//! Records of meetings in GraphQL.

use async_graphql::{Context, ID, Object};
use entity::{
    id::MeetingRecordId,
    meeting_record::{Column, Entity, Model},
};

use super::Meeting;
use crate::{
    error::Result,
    files::{self, graphql::File},
    graphql::{
        loader::{Noun, one, text},
        scalar::Time,
        wire_id,
    },
    store::partition::Audience,
};

/// What one author recorded of one meeting.
#[derive(Clone)]
pub struct MeetingRecord(Model);

impl Noun for MeetingRecordId {
    type Object = MeetingRecord;
    type Entity = Entity;
    const COLLECTION: &'static str = "meetingRecord";
    const ID: Column = Column::Id;
    const LONG: &'static [Column] = &[Column::MinutesDraft];

    fn object(row: Model, _audience: Audience) -> MeetingRecord {
        MeetingRecord(row)
    }
}

/// What one author wrote down of one meeting (biên bản ghi tại chỗ). Seen by its author and by the council that
/// holds the meeting.
#[Object]
impl MeetingRecord {
    /// The bare lower-case UUID, made on the phone.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The meeting that it is about.
    async fn meeting_id(&self) -> ID {
        wire_id(self.0.meeting_id)
    }

    /// The meeting itself; null if the viewer may not see it.
    async fn meeting(&self, ctx: &Context<'_>) -> Result<Option<Meeting>> {
        one(ctx, Some(self.0.meeting_id)).await
    }

    /// Who wrote it.
    async fn author_id(&self) -> ID {
        wire_id(self.0.author_id)
    }

    /// When the meeting really began.
    async fn started_at(&self) -> Option<Time> {
        self.0.started_at.map(Time)
    }

    /// When it really ended.
    async fn ended_at(&self) -> Option<Time> {
        self.0.ended_at.map(Time)
    }

    /// How many were invited.
    async fn invited(&self) -> Option<i32> {
        self.0.invited
    }

    /// How many came.
    async fn attended(&self) -> Option<i32> {
        self.0.attended
    }

    /// How many spoke.
    async fn speakers(&self) -> Option<i32> {
        self.0.speakers
    }

    /// How many opinions were given.
    async fn opinion_count(&self) -> Option<i32> {
        self.0.opinion_count
    }

    /// Counts by band, `band=count` separated by spaces, codes of the list `attendance_band`.
    async fn attendance_bands(&self) -> Option<&str> {
        self.0.attendance_bands.as_deref()
    }

    /// A draft of the minutes (dự thảo biên bản); up to 100,000 characters.
    async fn minutes_draft(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.0.id, Column::MinutesDraft).await
    }

    /// Whether its author said that he will come, in answer to the invitation (giấy mời).
    async fn attending(&self) -> Option<bool> {
        self.0.attending
    }

    /// Why he will not come (lý do vắng mặt).
    async fn absence_reason(&self) -> Option<&str> {
        self.0.absence_reason.as_deref()
    }

    /// The files that belong to it (tệp đính kèm), at most 10.
    async fn attachments(&self, ctx: &Context<'_>) -> Result<Vec<File>> {
        files::graphql::of(ctx, self.0.id).await
    }

    /// `draft`, or `closed` once the minutes are signed.
    async fn status(&self) -> &str {
        self.0.status.code()
    }

    /// Whether it came, or was changed, after the minutes were signed or the mandate had ended.
    async fn late(&self) -> bool {
        self.0.late
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }
}
