//! Feedback: what one voter said, as it was written down on the spot.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, DelegateId, FeedbackId, MeetingId, PetitionId, UnitId};

/// A feedback (phiếu ghi ý kiến, kiến nghị cử tri).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback")]
pub struct Model {
    /// Made on the phone.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FeedbackId,
    /// The council under whose mandate it was recorded.
    pub council_id: CouncilId,
    pub author_id: AccountId,
    pub delegate_id: Option<DelegateId>,
    pub meeting_id: Option<MeetingId>,
    pub unit_id: Option<UnitId>,
    /// Village or residential group, free text.
    pub sub_unit: Option<String>,
    pub channel: Option<String>,
    /// `voter` or `delegate`.
    pub origin: Option<String>,
    pub kind: String,
    pub subject: Option<String>,
    pub content: Option<String>,
    pub wanted: Option<String>,
    pub affected: Option<String>,
    pub since: Option<String>,
    /// What shows it, or that there is nothing to show.
    pub evidence: Option<String>,
    pub answered_on_spot: Option<bool>,
    pub on_spot_answer: Option<String>,
    pub tracking_code: Option<String>,
    /// Of a denunciation: the number of the paper receipt. A denunciation has this, a date and a body, nothing else.
    pub receipt_number: Option<String>,
    pub received_on: Option<Date>,
    pub receiving_agency_id: Option<crate::id::AgencyId>,
    /// Device time; never used for order.
    pub recorded_at: Option<DateTimeUtc>,
    pub received_at: DateTimeUtc,
    pub accepted_at: Option<DateTimeUtc>,
    pub seen_at: Option<DateTimeUtc>,
    /// What the office asked when it sent it back for clarity; none once the author has answered or taken it back, or the
    /// office went on without an answer.
    pub question: Option<String>,
    /// How often it was sent back.
    pub returns: i32,
    /// What it lacks to be clear work, parts separated by spaces; none where that is not known.
    pub missing: Option<String>,
    pub status: Status,
    /// Came after the mandate, the meeting or the unit had ended; judged by the date it happened.
    pub late: bool,
    pub petition_id: Option<PetitionId>,
    /// Who last wrote each field; see the merge of the sync engine.
    #[sea_orm(column_type = "Text")]
    pub stamps: String,
    pub rev: i64,
    pub updated_at: DateTimeUtc,
}

plain!();

codes! {
    /// Where a feedback is.
    Status {
        /// In the council's partition, waiting for the office.
        Accepted = "accepted",
        /// Answered on the spot; nothing more to do.
        AnsweredOnSpot = "answered_on_spot",
        /// Sent back to its author, who is asked to make it clear.
        Returned = "returned",
        /// Part of a petition.
        Grouped = "grouped",
        /// Taken back by its author before it was grouped.
        Withdrawn = "withdrawn",
    }
}

/// What can happen to a feedback.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The author corrects his words.
    Correct,
    /// The author adds to them (the only way once grouped).
    Add,
    /// The author takes it back.
    Withdraw,
    /// The office makes it part of a petition.
    Group,
    /// The office asks its author to make it clear.
    Return,
}

impl Event {
    /// All of them, for the tables of the tests.
    pub const ALL: &'static [Self] = &[
        Self::Correct,
        Self::Add,
        Self::Withdraw,
        Self::Group,
        Self::Return,
    ];
}

impl Status {
    /// The state after `event`, or nothing if the step is not allowed.
    pub fn next(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::Accepted | Self::AnsweredOnSpot, Event::Correct | Event::Add) => Some(self),
            // The author's correction is his answer: it is handed in again.
            (Self::Returned, Event::Correct) => Some(Self::Accepted),
            (Self::Returned, Event::Add) => Some(Self::Returned),
            (Self::Accepted | Self::AnsweredOnSpot | Self::Returned, Event::Withdraw) => {
                Some(Self::Withdrawn)
            }
            // An office may go on without an answer.
            (Self::Accepted | Self::AnsweredOnSpot | Self::Returned, Event::Group) => Some(Self::Grouped),
            (Self::Accepted | Self::AnsweredOnSpot, Event::Return) => Some(Self::Returned),
            (Self::Grouped, Event::Add) => Some(Self::Grouped),
            (Self::Grouped, Event::Correct | Event::Withdraw | Event::Group | Event::Return) => None,
            (Self::Returned, Event::Return) => None,
            (Self::Withdrawn, _) => None,
        }
    }
}
