//! Petitions: process and outcome are two axes; "answered" is not "resolved".

use sea_orm::entity::prelude::*;

use crate::id::{AgencyId, AnswerId, CouncilId, ForwardingId, PetitionId};

/// A petition of voters (kiến nghị của cử tri).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "petition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PetitionId,
    /// The council that owns it.
    pub council_id: CouncilId,
    /// The council's own running number within the year, e.g. `12/2026`.
    pub number: String,
    pub title: String,
    /// The internal text.
    #[sea_orm(column_type = "Text")]
    pub content: String,
    /// The redacted title, content and answer; only these are ever public, and only where they are there. The petition
    /// is published exactly when it has a public content.
    #[sea_orm(column_type = "Text", nullable)]
    pub public_title: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub public_content: Option<String>,
    /// Of the newest answer, and of no earlier one: a newer answer is not public until its own text is released.
    #[sea_orm(column_type = "Text", nullable)]
    pub public_answer: Option<String>,
    pub origin: Option<String>,
    pub field: Option<String>,
    pub tier: Option<String>,
    pub process: Process,
    pub outcome: Option<String>,
    /// The body that has it now.
    pub agency_id: Option<AgencyId>,
    /// The council above, once the petition went up (vượt thẩm quyền) and until it came back to be sent by its owner: it
    /// then lies in both partitions.
    pub upper_council_id: Option<CouncilId>,
    pub forwarding_id: Option<ForwardingId>,
    pub forwarded_number: Option<String>,
    pub forwarded_at: Option<Date>,
    /// The first due date; an extension does not overwrite it.
    pub due_at: Option<Date>,
    pub extended_to: Option<Date>,
    /// How often people urged somebody for it, whichever body that was.
    pub urgings: i32,
    /// How often the server reminded the body by itself; never counted among the urgings.
    pub reminders: i32,
    pub answer_id: Option<AnswerId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub answer_text: Option<String>,
    pub answer_number: Option<String>,
    pub answered_at: Option<Date>,
    pub assessment: Option<String>,
    pub roadmap_at: Option<Date>,
    /// What the newest answer says that it costs, in millions of đồng.
    pub cost_millions: Option<i32>,
    pub unresolved_reason: Option<String>,
    /// What voters said last to the newest answer, as told.
    pub satisfaction: Option<String>,
    pub informed_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    /// How often voters had to ask again.
    pub repeats: i32,
    /// What all of its feedback lacks, parts separated by spaces; none where that is not known.
    pub missing: Option<String>,
    pub created_at: DateTimeUtc,
    pub rev: i64,
    pub updated_at: DateTimeUtc,
}

plain!();

impl Model {
    /// A petition as it begins: no words yet, accepted now, and nothing of what comes later.
    pub fn accepted(id: PetitionId, council: CouncilId, number: String, now: DateTimeUtc) -> Self {
        Self {
            id,
            council_id: council,
            number,
            title: String::new(),
            content: String::new(),
            public_title: None,
            public_content: None,
            public_answer: None,
            origin: None,
            field: None,
            tier: None,
            process: Process::Accepted,
            outcome: None,
            agency_id: None,
            upper_council_id: None,
            forwarding_id: None,
            forwarded_number: None,
            forwarded_at: None,
            due_at: None,
            extended_to: None,
            urgings: 0,
            reminders: 0,
            answer_id: None,
            answer_text: None,
            answer_number: None,
            answered_at: None,
            assessment: None,
            roadmap_at: None,
            cost_millions: None,
            unresolved_reason: None,
            satisfaction: None,
            informed_at: None,
            closed_at: None,
            repeats: 0,
            missing: None,
            created_at: now,
            rev: 0,
            updated_at: now,
        }
    }

    /// Whether its newest answer is one. Found wanting, or given before the petition was taken up again or sent elsewhere, it
    /// no longer is, least of all of the body that has the petition now: it is kept for those inside, and everybody else is
    /// told neither its text nor its number nor its day.
    pub fn answer_counts(&self) -> bool {
        self.outcome.is_some()
    }
}

codes! {
    /// Where a petition is in its process.
    Process {
        /// Grouped by the office, not yet classified.
        Accepted = "accepted",
        Classified = "classified",
        Forwarded = "forwarded",
        /// The body says that it is not competent.
        Returned = "returned",
        Answered = "answered",
        /// The office found the answer to the point.
        Assessed = "assessed",
        Informed = "informed",
        Closed = "closed",
        Reopened = "reopened",
        /// Went on as several petitions.
        Split = "split",
        /// Went on in another petition.
        Merged = "merged",
    }
}

codes! {
    /// How the office finds an answer.
    Assessment {
        Ok = "ok",
        Unclear = "unclear",
        OffPoint = "off_point",
    }
}

/// What can happen to a petition.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Feedback of more voters becomes part of it.
    Join,
    Classify,
    Forward,
    /// The upper council forwards on what was sent up to it.
    ForwardOn,
    Return,
    Extend,
    Answer,
    /// A coordinating body replies; the lead still has to answer.
    Reply,
    /// The server reminds the body.
    Remind,
    /// The body was abolished: its successor has it now.
    PassOn,
    /// The answer is to the point.
    AssessOk,
    /// The answer is unclear or off the point: the body owes another.
    AssessNotOk,
    Urge,
    Inform,
    Close,
    Reopen,
    Split,
    Merge,
}

impl Event {
    /// All of them, for the tables of the tests.
    pub const ALL: &'static [Self] = &[
        Self::Join,
        Self::Classify,
        Self::Forward,
        Self::ForwardOn,
        Self::Return,
        Self::Extend,
        Self::Answer,
        Self::Reply,
        Self::Remind,
        Self::PassOn,
        Self::AssessOk,
        Self::AssessNotOk,
        Self::Urge,
        Self::Inform,
        Self::Close,
        Self::Reopen,
        Self::Split,
        Self::Merge,
    ];
}

impl Process {
    /// Whether somebody still has to act on it.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Split | Self::Merged)
    }

    /// Whether a body owes an answer.
    pub fn awaits_answer(self) -> bool {
        matches!(self, Self::Forwarded)
    }

    /// The state after `event`, or nothing if the step is not allowed.
    ///
    /// Urging and informing are records of what people did and may arrive late, so that no state refuses them here (whom one
    /// may urge at all is another rule): they only move it where that is due. A petition is not closed before its voters are informed. Until it is closed an
    /// answer can be found wanting, also by the voters who were told it: the body then owes another.
    pub fn next(self, event: Event) -> Option<Self> {
        use Event as E;
        use Process as P;
        match (self, event) {
            (P::Split | P::Merged, E::Urge | E::Inform) => Some(self),
            (P::Split | P::Merged, _) => None,
            // Those who joined have been told nothing.
            (P::Informed, E::Join) => Some(P::Answered),
            (P::Accepted | P::Classified | P::Forwarded | P::Returned, E::Join)
            | (P::Answered | P::Assessed | P::Reopened, E::Join) => Some(self),
            (P::Accepted | P::Classified | P::Returned | P::Reopened, E::Classify) => Some(P::Classified),
            (P::Classified | P::Returned | P::Reopened, E::Forward) => Some(P::Forwarded),
            (P::Forwarded | P::Returned, E::ForwardOn) => Some(P::Forwarded),
            (P::Forwarded, E::Return) => Some(P::Returned),
            (P::Forwarded, E::Extend) => Some(P::Forwarded),
            (P::Forwarded | P::Answered | P::Assessed | P::Informed, E::Answer) => Some(P::Answered),
            (P::Forwarded, E::Remind) => Some(P::Forwarded),
            (P::Forwarded | P::Answered | P::Assessed | P::Informed, E::Reply | E::PassOn) => Some(self),
            // From `forwarded` it takes back that the newest answer was wanting.
            (P::Answered | P::Forwarded, E::AssessOk) => Some(P::Assessed),
            (P::Informed, E::AssessOk) => Some(P::Informed),
            (P::Answered | P::Assessed | P::Informed, E::AssessNotOk) => Some(P::Forwarded),
            (_, E::Urge) => Some(self),
            (P::Answered | P::Assessed | P::Informed, E::Inform) => Some(P::Informed),
            (_, E::Inform) => Some(self),
            (P::Informed, E::Close) => Some(P::Closed),
            (P::Closed, E::Reopen) => Some(P::Reopened),
            (P::Accepted | P::Classified | P::Returned | P::Reopened, E::Split) => Some(P::Split),
            (P::Accepted | P::Classified | P::Returned | P::Reopened, E::Merge) => Some(P::Merged),
            _ => None,
        }
    }
}
