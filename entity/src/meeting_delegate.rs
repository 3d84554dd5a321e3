//! Delegates at a meeting.

use sea_orm::entity::prelude::*;

use crate::id::{DelegateId, MeetingId};

/// A delegate who was invited to a meeting, or came.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_delegate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub delegate_id: DelegateId,
    pub invited: bool,
    pub attended: bool,
    /// Whether he will come, as he answered the invitation.
    pub attending: Option<bool>,
    /// Why he will not come.
    pub absence_reason: Option<String>,
    /// When the server was told.
    pub answered_at: Option<DateTimeUtc>,
}

plain!();
