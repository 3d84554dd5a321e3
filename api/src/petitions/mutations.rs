//! The mutations of the chain, from grouping to reopening.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::id::{FeedbackId, InformingId, PetitionId, UrgingId};
use serde_json::Value;
use uuid::Uuid;

use super::{
    answering::{Answer, Assess},
    forwarding::{Classify, Extend, Forward, Return},
    graphql::Petition,
    grouping::{Group, Merge, Split, Wording},
    records::{Informing, Urging},
    telling::{Append, Close, InformingCollection, Publish, Reopen, UrgingCollection},
};
use crate::{
    error::{Refused, Result},
    graphql::{
        UserError,
        command::run_input,
        input_id, input_ids,
        loader::rows,
        scalar::{Day, Time},
        state,
    },
    store::{
        collection::Document,
        door::Command,
        writing::{Writable, Write},
    },
};

/// The petitions as they are now, or why nothing was done.
#[derive(SimpleObject)]
pub struct PetitionPayload {
    /// The first of `petitions`.
    petition: Option<Petition>,
    /// As they are now.
    petitions: Vec<Petition>,
    /// Empty when it was done.
    user_errors: Vec<UserError>,
}

/// The urging and its petition, or why it was not recorded.
#[derive(SimpleObject)]
pub struct UrgePayload {
    /// What was recorded.
    urging: Option<Urging>,
    /// The petition as it is now.
    petition: Option<Petition>,
    /// Empty when it was recorded.
    user_errors: Vec<UserError>,
}

/// The informing and its petition, or why it was not recorded.
#[derive(SimpleObject)]
pub struct InformVotersPayload {
    /// What was recorded.
    informing: Option<Informing>,
    /// The petition as it is now.
    petition: Option<Petition>,
    /// Empty when it was recorded.
    user_errors: Vec<UserError>,
}

async fn payload<C: Command>(
    ctx: &Context<'_>,
    command: impl FnOnce() -> Result<C, Refused>,
) -> Result<Option<PetitionPayload>> {
    Ok(Some(match run_input(ctx, command).await? {
        Ok(done) => {
            let ids: Vec<PetitionId> = done.ids.iter().copied().map(PetitionId).collect();
            let mut found = rows(ctx)?.load_many(ids.iter().copied()).await?;
            let petitions: Vec<Petition> = ids.iter().filter_map(|id| found.remove(id)).collect();
            PetitionPayload {
                petition: petitions.first().cloned(),
                petitions,
                user_errors: Vec::new(),
            }
        }
        Err(user_errors) => PetitionPayload {
            petition: None,
            petitions: Vec::new(),
            user_errors,
        },
    }))
}

/// What to group.
#[derive(Clone, Debug, InputObject)]
pub struct GroupFeedbackInput {
    /// Feedback of one council.
    feedback_ids: Vec<ID>,
    /// At most 500 characters; required unless `petitionId` is given.
    title: Option<String>,
    /// At most 20,000 characters; required unless `petitionId` is given.
    content: Option<String>,
    /// A petition that the feedback joins; its wording stays.
    petition_id: Option<ID>,
}

/// One part of a split petition.
#[derive(Clone, Debug, InputObject)]
pub struct PetitionPart {
    /// At most 500 characters.
    title: String,
    /// At most 20,000 characters.
    content: String,
}

/// What to split.
#[derive(Clone, Debug, InputObject)]
pub struct SplitPetitionInput {
    /// The petition.
    petition_id: ID,
    /// Two to twenty parts.
    parts: Vec<PetitionPart>,
}

/// What to merge.
#[derive(Clone, Debug, InputObject)]
pub struct MergePetitionsInput {
    /// Two or more petitions of one council.
    petition_ids: Vec<ID>,
    /// At most 500 characters.
    title: String,
    /// At most 20,000 characters.
    content: String,
}

/// How to classify.
#[derive(Clone, Debug, InputObject)]
pub struct ClassifyPetitionInput {
    /// The petition.
    petition_id: ID,
    /// Code of the list `field`.
    field: String,
    /// Code of the list `tier`.
    tier: String,
}

/// What to forward to whom, by which document.
#[derive(Clone, Debug, InputObject)]
pub struct ForwardPetitionsInput {
    /// One or more petitions.
    petition_ids: Vec<ID>,
    /// The lead body; or `upperCouncilId`.
    lead_id: Option<ID>,
    /// Coordinating bodies.
    coordinating_ids: Option<Vec<ID>>,
    /// The council above (vượt thẩm quyền); or `leadId`.
    upper_council_id: Option<ID>,
    /// Number of the document, as written.
    document_number: String,
    /// Date of the document.
    document_date: Day,
    /// When the answer is due; by the dated rule if absent.
    due_at: Option<Day>,
}

/// What to return and why.
#[derive(Clone, Debug, InputObject)]
pub struct ReturnPetitionsInput {
    /// One or more petitions.
    petition_ids: Vec<ID>,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// Until when, and why.
#[derive(Clone, Debug, InputObject)]
pub struct ExtendDueInput {
    /// One or more petitions.
    petition_ids: Option<Vec<ID>>,
    /// A single petition, instead of the list.
    petition_id: Option<ID>,
    /// The new date, later than the old one.
    due_at: Day,
    /// Why, at most 2,000 characters.
    reason: String,
    /// What will be done until then.
    roadmap: Option<String>,
}

/// An answer to one or more petitions.
#[derive(Clone, Debug, InputObject)]
pub struct AnswerPetitionsInput {
    /// One or more petitions.
    petition_ids: Vec<ID>,
    /// The body that answers.
    agency_id: ID,
    /// Number of the document, as written.
    document_number: String,
    /// Date of the document.
    document_date: Day,
    /// At most 50,000 characters.
    text: String,
    /// Code of the list `outcome`.
    outcome: String,
    /// Until when; required for `deferred`.
    roadmap_at: Option<Day>,
    /// Entered by the office for a body without an account.
    on_behalf: Option<bool>,
}

/// What the office thinks of the newest answer.
#[derive(Clone, Debug, InputObject)]
pub struct AssessAnswerInput {
    /// The petition.
    petition_id: ID,
    /// `ok`, `unclear` or `off_point`.
    assessment: String,
    /// Why.
    note: Option<String>,
}

/// Whom to urge, how.
#[derive(Clone, Debug, InputObject)]
pub struct UrgeInput {
    /// `petition`.
    target_kind: String,
    /// The petition.
    target_id: ID,
    /// The body; the one that has the petition if absent.
    to_agency_id: Option<ID>,
    /// Code of the list `urging_how`.
    how: String,
    /// At most 5,000 characters.
    text: Option<String>,
    /// The urging document.
    document_number: Option<String>,
}

/// How the voters were told.
#[derive(Clone, Debug, InputObject)]
pub struct InformVotersInput {
    /// The petition.
    petition_id: ID,
    /// When; now if absent.
    at: Option<Time>,
    /// Code of the list `informing_channel`.
    channel: String,
    /// The meeting at which they were told.
    meeting_id: Option<ID>,
    /// At most 5,000 characters.
    note: Option<String>,
}

/// What to close.
#[derive(Clone, Debug, InputObject)]
pub struct ClosePetitionInput {
    /// The petition.
    petition_id: ID,
}

/// What to take up again.
#[derive(Clone, Debug, InputObject)]
pub struct ReopenPetitionInput {
    /// The petition.
    petition_id: ID,
    /// Why, at most 2,000 characters.
    reason: String,
}

/// What the public may read.
#[derive(Clone, Debug, InputObject)]
pub struct PublishPetitionInput {
    /// The petition.
    petition_id: ID,
    /// The redacted text; absent takes the petition back from the public.
    public_content: Option<String>,
}

/// Builds a sync row's fields from an input: what is absent stays absent.
fn fields(given: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Document {
    given
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
        .collect()
}

fn append<W: Writable>(
    writable: &'static W,
    id: Uuid,
    fields: Document,
    parent: &'static str,
    petition: &ID,
) -> Append<W> {
    let petition = crate::graphql::id::<Uuid>(petition);
    Append {
        writable,
        write: Write {
            id,
            fields,
            delete: false,
            recorded_at: None,
        },
        parent,
        petition,
    }
}

/// Mutations of petitions.
#[derive(Default)]
pub struct PetitionMutation;

#[Object]
impl PetitionMutation {
    /// Makes a petition of feedback (tổng hợp ý kiến, kiến nghị), or adds feedback to one. Refusals: `NOT_FOUND`,
    /// `FORBIDDEN`, `ALREADY_GROUPED`, `REQUIRED`, `TOO_LONG`.
    async fn group_feedback(
        &self,
        ctx: &Context<'_>,
        input: GroupFeedbackInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Group {
                feedback: input_ids::<FeedbackId>(&input.feedback_ids, "feedbackIds")?,
                wording: Wording {
                    title: input.title.unwrap_or_default(),
                    content: input.content.unwrap_or_default(),
                },
                petition: input
                    .petition_id
                    .map(|id| input_id(&id, "petitionId"))
                    .transpose()?,
            })
        })
        .await
    }

    /// Makes several petitions of one (tách kiến nghị); lineage is kept both ways. Refusals: `INVALID_STATE`,
    /// `OUT_OF_RANGE`.
    async fn split_petition(
        &self,
        ctx: &Context<'_>,
        input: SplitPetitionInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            let wording = |part: PetitionPart| Wording {
                title: part.title,
                content: part.content,
            };
            Ok(Split {
                petition: input_id(&input.petition_id, "petitionId")?,
                parts: input.parts.into_iter().map(wording).collect(),
            })
        })
        .await
    }

    /// Makes one petition of several (nhập kiến nghị). Refusals: `INVALID_STATE`, `INVALID_VALUE`.
    async fn merge_petitions(
        &self,
        ctx: &Context<'_>,
        input: MergePetitionsInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Merge {
                petitions: input_ids(&input.petition_ids, "petitionIds")?,
                wording: Wording {
                    title: input.title,
                    content: input.content,
                },
            })
        })
        .await
    }

    /// Sets field and tier (phân loại theo lĩnh vực và thẩm quyền). Refusals: `UNKNOWN_CODE`, `INVALID_STATE`.
    async fn classify_petition(
        &self,
        ctx: &Context<'_>,
        input: ClassifyPetitionInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Classify {
                petition: input_id(&input.petition_id, "petitionId")?,
                field: input.field,
                tier: input.tier,
            })
        })
        .await
    }

    /// Forwards petitions by one document (chuyển kiến nghị đến cơ quan có thẩm quyền, hoặc lên HĐND cấp trên).
    /// Refusals: `NOT_FOUND`, `INVALID_STATE`, `REQUIRED`, `OUT_OF_RANGE`, `BEFORE_COUNCIL`.
    async fn forward_petitions(
        &self,
        ctx: &Context<'_>,
        input: ForwardPetitionsInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Forward {
                petitions: input_ids(&input.petition_ids, "petitionIds")?,
                lead: input.lead_id.map(|id| input_id(&id, "leadId")).transpose()?,
                coordinating: input_ids(&input.coordinating_ids.unwrap_or_default(), "coordinatingIds")?,
                upper_council: input
                    .upper_council_id
                    .map(|id| input_id(&id, "upperCouncilId"))
                    .transpose()?,
                document_number: input.document_number,
                document_date: input.document_date.0,
                due: input.due_at.map(|due| due.0),
            })
        })
        .await
    }

    /// Says that petitions are of another's authority (trả lại kiến nghị không thuộc thẩm quyền). Refusals:
    /// `INVALID_STATE`, `FORBIDDEN`.
    async fn return_petitions(
        &self,
        ctx: &Context<'_>,
        input: ReturnPetitionsInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Return {
                petitions: input_ids(&input.petition_ids, "petitionIds")?,
                reason: input.reason,
            })
        })
        .await
    }

    /// Moves a due date (gia hạn trả lời); the first date stays. Refusals: `INVALID_STATE`, `OUT_OF_RANGE`.
    async fn extend_due(&self, ctx: &Context<'_>, input: ExtendDueInput) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            let ids: Vec<ID> = input
                .petition_ids
                .unwrap_or_default()
                .into_iter()
                .chain(input.petition_id)
                .collect();
            Ok(Extend {
                petitions: input_ids(&ids, "petitionIds")?,
                due: input.due_at.0,
                reason: input.reason,
                roadmap: input.roadmap,
            })
        })
        .await
    }

    /// Answers petitions by one document (trả lời kiến nghị). Refusals: `INVALID_STATE`, `FORBIDDEN`,
    /// `UNKNOWN_CODE`, `REQUIRED`.
    async fn answer_petitions(
        &self,
        ctx: &Context<'_>,
        input: AnswerPetitionsInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Answer {
                petitions: input_ids(&input.petition_ids, "petitionIds")?,
                agency: input_id(&input.agency_id, "agencyId")?,
                document_number: input.document_number,
                document_date: input.document_date.0,
                text: input.text,
                outcome: input.outcome,
                roadmap: input.roadmap_at.map(|roadmap| roadmap.0),
                on_behalf: input.on_behalf.unwrap_or(false),
            })
        })
        .await
    }

    /// Says whether an answer answers (đánh giá văn bản trả lời). Refusals: `UNKNOWN_CODE`, `INVALID_STATE`.
    async fn assess_answer(
        &self,
        ctx: &Context<'_>,
        input: AssessAnswerInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Assess {
                petition: input_id(&input.petition_id, "petitionId")?,
                assessment: input.assessment,
                note: input.note,
            })
        })
        .await
    }

    /// Urges a body on (đôn đốc); the same as pushing an `urging`. Refusals: `NOT_FOUND`, `UNKNOWN_CODE`, `FORBIDDEN`.
    async fn urge(&self, ctx: &Context<'_>, input: UrgeInput) -> Result<Option<UrgePayload>> {
        let state = state(ctx)?;
        let id = UrgingId(state.entropy.id(state.clock.now()));
        let target = input.target_id.clone();
        let done = payload(ctx, || {
            let given = fields([
                ("targetKind", Some(input.target_kind)),
                ("targetId", Some(input.target_id.0)),
                ("toAgencyId", input.to_agency_id.map(|id| id.0)),
                ("how", Some(input.how)),
                ("text", input.text),
                ("documentNumber", input.document_number),
            ]);
            Ok(append(&UrgingCollection, id.0, given, "targetId", &target))
        })
        .await?;
        let Some(PetitionPayload {
            petition,
            user_errors,
            ..
        }) = done
        else {
            return Ok(None);
        };
        let urging = if user_errors.is_empty() {
            rows(ctx)?.load_one(id).await?
        } else {
            None
        };
        Ok(Some(UrgePayload {
            urging,
            petition,
            user_errors,
        }))
    }

    /// Records that the voters were told (thông tin lại cho cử tri); the same as pushing an `informing`. Refusals:
    /// `NOT_FOUND`, `UNKNOWN_CODE`, `FORBIDDEN`.
    async fn inform_voters(
        &self,
        ctx: &Context<'_>,
        input: InformVotersInput,
    ) -> Result<Option<InformVotersPayload>> {
        let state = state(ctx)?;
        let id = InformingId(state.entropy.id(state.clock.now()));
        let target = input.petition_id.clone();
        let done = payload(ctx, || {
            let given = fields([
                ("petitionId", Some(input.petition_id.0)),
                ("at", input.at.map(|Time(at)| crate::clock::wire(at))),
                ("channel", Some(input.channel)),
                ("meetingId", input.meeting_id.map(|id| id.0)),
                ("note", input.note),
            ]);
            Ok(append(&InformingCollection, id.0, given, "petitionId", &target))
        })
        .await?;
        let Some(PetitionPayload {
            petition,
            user_errors,
            ..
        }) = done
        else {
            return Ok(None);
        };
        let informing = if user_errors.is_empty() {
            rows(ctx)?.load_one(id).await?
        } else {
            None
        };
        Ok(Some(InformVotersPayload {
            informing,
            petition,
            user_errors,
        }))
    }

    /// Ends the following of a petition (kết thúc theo dõi). Refusals: `VOTERS_NOT_INFORMED`, `INVALID_STATE`.
    async fn close_petition(
        &self,
        ctx: &Context<'_>,
        input: ClosePetitionInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || Ok(Close(input_id(&input.petition_id, "petitionId")?))).await
    }

    /// Takes a closed petition up again (mở lại kiến nghị). Refusals: `INVALID_STATE`, `REQUIRED`.
    async fn reopen_petition(
        &self,
        ctx: &Context<'_>,
        input: ReopenPetitionInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Reopen {
                petition: input_id(&input.petition_id, "petitionId")?,
                reason: input.reason,
            })
        })
        .await
    }

    /// Releases the redacted text to the public (công khai nội dung đã biên tập), or takes it back. Refusals:
    /// `FORBIDDEN`, `TOO_LONG`.
    async fn publish_petition(
        &self,
        ctx: &Context<'_>,
        input: PublishPetitionInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Publish {
                petition: input_id(&input.petition_id, "petitionId")?,
                public_content: input.public_content,
            })
        })
        .await
    }
}
