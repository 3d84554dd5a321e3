//! Rounds of voter contacts.

use sea_orm::entity::prelude::*;

use crate::id::{CouncilId, MeetingId, RoundId};

/// A round of voter contacts (đợt tiếp xúc cử tri): the contacts, or points, of one plan.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "round")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoundId,
    pub council_id: CouncilId,
    /// Code of the list `contact_kind`: before or after a session, thematic, ...
    pub kind: String,
    pub title: String,
    /// The session that it precedes or follows.
    pub session_id: Option<MeetingId>,
    pub plan_number: Option<String>,
    pub plan_date: Option<Date>,
    /// How many points the plan names, whether they are entered or not.
    pub points_planned: Option<i32>,
    pub starts_on: Option<Date>,
    pub ends_on: Option<Date>,
    /// What the round is about, for delegates and the public.
    #[sea_orm(column_type = "Text", nullable)]
    pub content: Option<String>,
    pub status: Status,
    pub is_public: bool,
    pub created_at: DateTimeUtc,
    pub rev: i64,
    pub updated_at: DateTimeUtc,
}

plain!();

codes! {
    /// Where a round is.
    Status {
        Planned = "planned",
        /// The plan (KH) was signed.
        Approved = "approved",
        /// Every point was held, postponed or called off.
        Closed = "closed",
        Cancelled = "cancelled",
    }
}

/// What can happen to a round.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Approve,
    Close,
    Cancel,
    /// A point is added after all, or a postponed one is held.
    Reopen,
}

impl Event {
    /// All of them, for the tables of the tests.
    pub const ALL: &'static [Self] = &[Self::Approve, Self::Close, Self::Cancel, Self::Reopen];

    /// The name on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Close => "close",
            Self::Cancel => "cancel",
            Self::Reopen => "reopen",
        }
    }

    /// The event with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.code() == code)
    }
}

impl Status {
    /// Whether points may still be added and changed.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Approved)
    }

    /// The state after `event`, or nothing if the step is not allowed.
    pub fn next(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::Planned, Event::Approve) | (Self::Closed, Event::Reopen) => Some(Self::Approved),
            (Self::Approved, Event::Close) => Some(Self::Closed),
            (Self::Planned | Self::Approved, Event::Cancel) => Some(Self::Cancelled),
            _ => None,
        }
    }
}
