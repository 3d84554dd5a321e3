//! What the mutations of the chain take. The names are fixed; fields are only ever added.

use async_graphql::{ID, InputObject};

use crate::{
    graphql::scalar::{Day, Time},
    redaction::Kind,
};

/// What to group.
#[derive(Clone, Debug, InputObject)]
pub(super) struct GroupFeedbackInput {
    /// Feedback of one council.
    pub(super) feedback_ids: Vec<ID>,
    /// At most 500 characters; required unless `petitionId` is given.
    pub(super) title: Option<String>,
    /// At most 20,000 characters; required unless `petitionId` is given.
    pub(super) content: Option<String>,
    /// A petition that the feedback joins; its wording stays.
    pub(super) petition_id: Option<ID>,
}

/// One part of a split petition.
#[derive(Clone, Debug, InputObject)]
pub(super) struct PetitionPart {
    /// At most 500 characters.
    pub(super) title: String,
    /// At most 20,000 characters.
    pub(super) content: String,
}

/// What to split.
#[derive(Clone, Debug, InputObject)]
pub(super) struct SplitPetitionInput {
    /// The petition.
    pub(super) petition_id: ID,
    /// Two to twenty parts.
    pub(super) parts: Vec<PetitionPart>,
}

/// What to merge.
#[derive(Clone, Debug, InputObject)]
pub(super) struct MergePetitionsInput {
    /// Two or more petitions of one council.
    pub(super) petition_ids: Vec<ID>,
    /// At most 500 characters.
    pub(super) title: String,
    /// At most 20,000 characters.
    pub(super) content: String,
}

/// How to classify.
#[derive(Clone, Debug, InputObject)]
pub(super) struct ClassifyPetitionInput {
    /// The petition.
    pub(super) petition_id: ID,
    /// Code of the list `field`.
    pub(super) field: String,
    /// Code of the list `tier`.
    pub(super) tier: String,
}

/// What to forward to whom, by which document.
#[derive(Clone, Debug, InputObject)]
pub(super) struct ForwardPetitionsInput {
    /// One or more petitions.
    pub(super) petition_ids: Vec<ID>,
    /// The lead body; or `upperCouncilId`.
    pub(super) lead_id: Option<ID>,
    /// Coordinating bodies.
    pub(super) coordinating_ids: Option<Vec<ID>>,
    /// The council above (vượt thẩm quyền); or `leadId`.
    pub(super) upper_council_id: Option<ID>,
    /// Number of the document, as written.
    pub(super) document_number: String,
    /// Date of the document: not before the first of what it forwards was said, at its meeting or as it was written down.
    pub(super) document_date: Day,
    /// When the answer is due; if absent by the dated rule for the tier of each petition, so that one letter may name
    /// several days.
    pub(super) due_at: Option<Day>,
    /// The paper itself: the SHA-256 of a file that one has sent to `/files`.
    pub(super) file_sha256: Option<String>,
}

/// What to return and why.
#[derive(Clone, Debug, InputObject)]
pub(super) struct ReturnPetitionsInput {
    /// One or more petitions.
    pub(super) petition_ids: Vec<ID>,
    /// Why, at most 2,000 characters.
    pub(super) reason: String,
}

/// Until when, and why.
#[derive(Clone, Debug, InputObject)]
pub(super) struct ExtendDueInput {
    /// One or more petitions.
    pub(super) petition_ids: Option<Vec<ID>>,
    /// A single petition, instead of the list.
    pub(super) petition_id: Option<ID>,
    /// The new date, later than the old one, at most two years from today.
    pub(super) due_at: Day,
    /// Why, at most 2,000 characters.
    pub(super) reason: String,
    /// What will be done until then.
    pub(super) roadmap: Option<String>,
}

/// An answer to one or more petitions.
#[derive(Clone, Debug, InputObject)]
pub(super) struct AnswerPetitionsInput {
    /// One or more petitions.
    pub(super) petition_ids: Vec<ID>,
    /// The body that answers.
    pub(super) agency_id: ID,
    /// Number of the document, as written.
    pub(super) document_number: String,
    /// Date of the document: not before that of the letter which it answers, nor before this body's earlier answer.
    pub(super) document_date: Day,
    /// At most 50,000 characters.
    pub(super) text: String,
    /// Code of the list `outcome`; not `not_answered`. A lead that is not competent does not answer `out_of_competence`: it
    /// gives the petition back by `returnPetitions`, and the office sends it to whoever is.
    pub(super) outcome: String,
    /// Until when (lộ trình), not before `documentDate`; required for `deferred` and `in_progress`, and only with them.
    pub(super) roadmap_at: Option<Day>,
    /// What it costs (kinh phí), in millions of đồng (triệu đồng), 0 to 1,000,000,000.
    pub(super) cost_millions: Option<i32>,
    /// Why it is not resolved: code of the list `unresolved_reason`; required for `not_resolved`, and only with it and
    /// `deferred`.
    pub(super) unresolved_reason: Option<String>,
    /// Entered by the office for a body without an account.
    pub(super) on_behalf: Option<bool>,
    /// The paper itself: the SHA-256 of a file that one has sent to `/files`.
    pub(super) file_sha256: Option<String>,
}

/// What the office thinks of the newest answer.
#[derive(Clone, Debug, InputObject)]
pub(super) struct AssessAnswerInput {
    /// The petition.
    pub(super) petition_id: ID,
    /// `ok`, `unclear` or `off_point`.
    pub(super) assessment: String,
    /// Why.
    pub(super) note: Option<String>,
}

/// Whom to urge, how.
#[derive(Clone, Debug, InputObject)]
pub(super) struct UrgeInput {
    /// `petition`.
    pub(super) target_kind: String,
    /// The petition.
    pub(super) target_id: ID,
    /// Further petitions for which the same letter urges, with `targetId` at most 500; all are recorded or none.
    pub(super) target_ids: Option<Vec<ID>>,
    /// The body, one that leads or coordinates; the one that leads if absent, or the council above where that has it.
    pub(super) to_agency_id: Option<ID>,
    /// Code of the list `urging_how`.
    pub(super) how: String,
    /// At most 5,000 characters.
    pub(super) text: Option<String>,
    /// The urging document.
    pub(super) document_number: Option<String>,
}

/// How the voters were told.
#[derive(Clone, Debug, InputObject)]
pub(super) struct InformVotersInput {
    /// The petition.
    pub(super) petition_id: ID,
    /// When; now if absent.
    pub(super) at: Option<Time>,
    /// Code of the list `informing_channel`.
    pub(super) channel: String,
    /// The meeting at which they were told.
    pub(super) meeting_id: Option<ID>,
    /// At most 5,000 characters.
    pub(super) note: Option<String>,
    /// What the voters said to the answer, as told (mức độ hài lòng): code of the list `satisfaction`; absent where
    /// nobody asked them.
    pub(super) satisfaction: Option<String>,
}

/// What to close.
#[derive(Clone, Debug, InputObject)]
pub(super) struct ClosePetitionInput {
    /// The petition.
    pub(super) petition_id: ID,
}

/// What to take up again.
#[derive(Clone, Debug, InputObject)]
pub(super) struct ReopenPetitionInput {
    /// The petition.
    pub(super) petition_id: ID,
    /// Why, at most 2,000 characters.
    pub(super) reason: String,
}

/// Which petitions of a council that was divided go on with which of those that follow it.
#[derive(Clone, Debug, InputObject)]
pub(super) struct AllocatePetitionsInput {
    /// The petitions, at most 500.
    pub(super) petition_ids: Vec<ID>,
    /// The council in office that goes on with them.
    pub(super) council_id: ID,
    /// The document or agreement that it rests on (căn cứ), at most 1,000 characters.
    pub(super) basis: Option<String>,
}

/// Which petition asks again for which.
#[derive(Clone, Debug, InputObject)]
pub(super) struct LinkRepeatInput {
    /// The petition that asks again; of one's own council.
    pub(super) petition_id: ID,
    /// The earlier one, of whatever council, that the viewer may read, be it as it is published.
    pub(super) earlier_id: ID,
}

/// Which of these links was a mistake.
#[derive(Clone, Debug, InputObject)]
pub(super) struct UnlinkRepeatInput {
    /// The petition that was said to ask again.
    pub(super) petition_id: ID,
    /// The earlier one.
    pub(super) earlier_id: ID,
    /// Why, at most 2,000 characters.
    pub(super) reason: String,
}

/// What the public may read of a petition from now on, all of it: what is absent is not public.
#[derive(Clone, Debug, InputObject)]
pub(super) struct PublishPetitionInput {
    /// The petition.
    pub(super) petition_id: ID,
    /// The redacted title, at most 500 characters.
    pub(super) public_title: Option<String>,
    /// The redacted text, at most 20,000 characters; absent takes the petition back from the public.
    pub(super) public_content: Option<String>,
    /// The redacted text of the newest answer, at most 50,000 characters.
    pub(super) public_answer: Option<String>,
    /// The answer that `publicAnswer` was made of. When a newer one has come meanwhile, nothing is released:
    /// `INVALID_STATE`.
    pub(super) answer_id: Option<ID>,
    /// Kinds that may stay in these texts although they look like personal details: a telephone number of the office
    /// itself, the name of whoever it thanks. Needed for every kind that is found.
    pub(super) acknowledged: Option<Vec<Kind>>,
}
