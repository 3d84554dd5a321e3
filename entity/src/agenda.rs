//! What waits for somebody.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, AgencyId, AgendaId, CouncilId};

codes! {
    /// As whom somebody has to act.
    Scope {
        /// For a council.
        Council = "council",
        /// For a body that answers.
        Agency = "agency",
        /// For the voters whom he met.
        Voters = "voters",
    }
}

codes! {
    /// What is to be done, in the order of the chain.
    Kind {
        ToClarify = "to_clarify",
        ToGroup = "to_group",
        ToClassify = "to_classify",
        ToCosign = "to_cosign",
        /// A synthesis that was due and not sent.
        SynthesisOverdue = "synthesis_overdue",
        ToForward = "to_forward",
        ToAnswer = "to_answer",
        Overdue = "overdue",
        ToAssess = "to_assess",
        ToInform = "to_inform",
        ToClose = "to_close",
        /// The day by which something was promised is over, and nobody has said what came of it.
        PromiseDue = "promise_due",
    }
}

/// What of one kind waits for somebody at one place (việc cần làm), as the server last counted it. The id is made of
/// account, scope, place and kind. Where nothing waits any more the count is 0.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agenda")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgendaId,
    pub account_id: AccountId,
    pub scope: Scope,
    pub kind: Kind,
    pub council_id: Option<CouncilId>,
    pub agency_id: Option<AgencyId>,
    /// How many petitions wait; or feedback, or syntheses, where the kind is about these.
    pub count: i32,
    /// How many of them are late.
    pub overdue: i32,
    /// The earliest day by which one of them is due.
    pub due_at: Option<Date>,
    /// The most urgent of the petitions, separated by spaces.
    #[sea_orm(column_type = "Text")]
    pub petition_ids: String,
    /// The oldest of the feedback, where that is what waits.
    #[sea_orm(column_type = "Text", nullable)]
    pub feedback_ids: Option<String>,
    /// The syntheses, where these wait.
    #[sea_orm(column_type = "Text", nullable)]
    pub synthesis_ids: Option<String>,
    /// The moment of which these figures are.
    pub as_of: DateTimeUtc,
    pub rev: i64,
}

plain!();
