//! Meetings: voter contacts and sessions.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, MeetingId, RoundId};

/// A voter contact (cuộc tiếp xúc cử tri) or a session (kỳ họp).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeetingId,
    pub family: Family,
    /// Code of the list `contact_kind` or `session_kind`.
    pub kind: String,
    /// The council that holds it; joint councils stand in `meeting_council`.
    pub council_id: CouncilId,
    /// Who recorded it, for a delegate's own unplanned contact.
    pub author_id: Option<AccountId>,
    /// The round that it is a point of.
    pub round_id: Option<RoundId>,
    /// Why a voter contact belongs to no round; code of the list `outside_round`.
    pub outside_round: Option<String>,
    pub title: String,
    pub place: Option<String>,
    pub starts_at: Option<DateTimeUtc>,
    pub ends_at: Option<DateTimeUtc>,
    /// `direct`, `online` or `mixed`.
    pub mode: Option<String>,
    pub status: Status,
    /// Number of a session within the council's term.
    pub ordinal: Option<i32>,
    pub plan_number: Option<String>,
    pub plan_date: Option<Date>,
    #[sea_orm(column_type = "Text", nullable)]
    pub agenda: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub brief: Option<String>,
    pub invited: Option<i32>,
    pub attended: Option<i32>,
    pub speakers: Option<i32>,
    pub opinions: Option<i32>,
    /// Counts by band, `band=count` separated by spaces; never names.
    pub attendance_bands: Option<String>,
    pub is_public: bool,
    /// Who last wrote each field; see the merge of the sync engine.
    #[sea_orm(column_type = "Text")]
    pub stamps: String,
    pub created_at: DateTimeUtc,
    pub rev: i64,
    pub updated_at: DateTimeUtc,
}

plain!();

codes! {
    /// Which of the two kinds of meeting.
    Family {
        /// Voter contact (tiếp xúc cử tri).
        Contact = "contact",
        /// Session (kỳ họp).
        Session = "session",
    }
}

codes! {
    /// Where a meeting is; voter contacts and sessions walk different roads.
    Status {
        Proposed = "proposed",
        /// A plan (KH) approves it.
        Approved = "approved",
        /// Place, MTTQ and press have been told; for a session: convened.
        Notified = "notified",
        /// The session's documents were sent to the delegates.
        DocumentsSent = "documents_sent",
        /// The session is sitting.
        Open = "open",
        Suspended = "suspended",
        Held = "held",
        Postponed = "postponed",
        Cancelled = "cancelled",
        MinutesDrafted = "minutes_drafted",
        MinutesSigned = "minutes_signed",
        Synthesised = "synthesised",
        Reported = "reported",
        ResultsInformed = "results_informed",
    }
}

/// What can happen to a meeting.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Approve,
    Notify,
    SendDocuments,
    Begin,
    Suspend,
    Hold,
    Postpone,
    Cancel,
    DraftMinutes,
    SignMinutes,
    Synthesise,
    Report,
    InformResults,
}

impl Event {
    /// All of them, for the tables of the tests.
    pub const ALL: &'static [Self] = &[
        Self::Approve,
        Self::Notify,
        Self::SendDocuments,
        Self::Begin,
        Self::Suspend,
        Self::Hold,
        Self::Postpone,
        Self::Cancel,
        Self::DraftMinutes,
        Self::SignMinutes,
        Self::Synthesise,
        Self::Report,
        Self::InformResults,
    ];

    /// The name on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Notify => "notify",
            Self::SendDocuments => "send_documents",
            Self::Begin => "begin",
            Self::Suspend => "suspend",
            Self::Hold => "hold",
            Self::Postpone => "postpone",
            Self::Cancel => "cancel",
            Self::DraftMinutes => "draft_minutes",
            Self::SignMinutes => "sign_minutes",
            Self::Synthesise => "synthesise",
            Self::Report => "report",
            Self::InformResults => "inform_results",
        }
    }

    /// The event with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.code() == code)
    }
}

impl Status {
    /// Whether the meeting has taken place.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Held
                | Self::MinutesDrafted
                | Self::MinutesSigned
                | Self::Synthesised
                | Self::Reported
                | Self::ResultsInformed
        )
    }

    /// Whether its record is closed: what still comes from a phone is taken and marked late.
    pub fn is_closed(self) -> bool {
        matches!(
            self,
            Self::MinutesSigned | Self::Synthesised | Self::Reported | Self::ResultsInformed
        )
    }

    /// The state after `event`, or nothing if the step is not allowed.
    pub fn next(self, family: Family, event: Event) -> Option<Self> {
        use Event as E;
        use Family::{Contact, Session};
        use Status as S;
        match (family, self, event) {
            (_, S::Proposed | S::Postponed, E::Approve) => Some(S::Approved),
            (_, S::Approved | S::Postponed, E::Notify) => Some(S::Notified),
            (Session, S::Notified, E::SendDocuments) => Some(S::DocumentsSent),
            (Session, S::Notified | S::DocumentsSent | S::Suspended, E::Begin) => Some(S::Open),
            (Session, S::Open, E::Suspend) => Some(S::Suspended),
            (Session, S::Open, E::Hold) => Some(S::Held),
            (Contact, S::Approved | S::Notified, E::Hold) => Some(S::Held),
            (_, S::Proposed | S::Approved | S::Notified | S::DocumentsSent, E::Postpone) => {
                Some(S::Postponed)
            }
            (_, S::Proposed | S::Approved | S::Notified | S::DocumentsSent | S::Postponed, E::Cancel) => {
                Some(S::Cancelled)
            }
            (_, S::Held, E::DraftMinutes) => Some(S::MinutesDrafted),
            (_, S::Held | S::MinutesDrafted, E::SignMinutes) => Some(S::MinutesSigned),
            (_, S::MinutesSigned, E::Synthesise) => Some(S::Synthesised),
            (_, S::MinutesSigned | S::Synthesised, E::Report) => Some(S::Reported),
            (_, S::Reported, E::InformResults) => Some(S::ResultsInformed),
            _ => None,
        }
    }
}
