//! The mutations of the chain, from grouping to reopening.
//!
//! Petitions of a council whose term has ended are tended by the office of the council in office that alone follows
//! it: that of the same unit, or of the unit into which it went as a whole. Where a unit was divided, every successor
//! reads them and none may act, until the office of one takes them over.

use std::{borrow::Cow, collections::BTreeSet};

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::id::{FeedbackId, InformingId, PetitionId, UrgingId};
use serde_json::Value;
use uuid::Uuid;

use super::{
    allocating::Allocate,
    answering::{Answer, Assess},
    closing::{Close, Reopen},
    forwarding::{Classify, Extend, Forward, Return},
    graphql::Petition,
    grouping::{Group, Merge, Split, Wording},
    informing::InformingCollection,
    inputs::{
        AllocatePetitionsInput, AnswerPetitionsInput, AssessAnswerInput, ClassifyPetitionInput,
        ClosePetitionInput, ExtendDueInput, ForwardPetitionsInput, GroupFeedbackInput, InformVotersInput,
        LinkRepeatInput, MergePetitionsInput, PetitionPart, PublishPetitionInput, ReopenPetitionInput,
        ReturnPetitionsInput, SplitPetitionInput, UnlinkRepeatInput, UrgeInput,
    },
    publishing::Publish,
    records::{Informing, Urging},
    repeating::{LinkRepeat, UnlinkRepeat},
    telling::{Append, Repeatable},
    urging::UrgingCollection,
};
use crate::{
    error::{Code, Refused, Result},
    files::attachments,
    graphql::{
        MOST_ENTRIES, UserError,
        command::{answer, run_input},
        input_id, input_ids,
        loader::{Noun, several},
        scalar::Time,
        state,
    },
    store::{collection::Document, door::Command, writing::Write},
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
    /// The first of `urgings`.
    urging: Option<Urging>,
    /// What was recorded, one for each petition.
    urgings: Vec<Urging>,
    /// The first of `petitions`.
    petition: Option<Petition>,
    /// As they are now.
    petitions: Vec<Petition>,
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
    let (petitions, user_errors) = answer::<PetitionId, C>(ctx, command).await?;
    Ok(Some(PetitionPayload {
        petition: petitions.first().cloned(),
        petitions,
        user_errors,
    }))
}

/// What was recorded of petitions, they themselves as they are now, and why nothing was.
type Recorded<I> = (Vec<<I as Noun>::Object>, Vec<Petition>, Vec<UserError>);

/// Records urgings or informings, one for each petition, as if they had been pushed.
async fn recorded<I: Noun, W: Repeatable>(
    ctx: &Context<'_>,
    writable: &'static W,
    (parent, named): (&'static str, fn(usize) -> Cow<'static, str>),
    petitions: Vec<ID>,
    given: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Result<Recorded<I>> {
    let state = state(ctx)?;
    let given = fields(given);
    let writes: Vec<Write> = petitions
        .iter()
        .map(|petition| {
            let mut fields = given.clone();
            fields.insert(parent.to_owned(), Value::String(petition.to_string()));
            Write {
                id: state.entropy.id(state.clock.now()),
                fields,
                delete: false,
                recorded_at: None,
            }
        })
        .collect();
    let command = || {
        // Only of a list there can be too many.
        if petitions.len() > MOST_ENTRIES {
            return Err(Refused::field(Code::LimitTooLarge, "targetIds"));
        }
        let mut seen = BTreeSet::new();
        for (at, petition) in petitions.iter().enumerate() {
            let id = crate::graphql::id::<Uuid>(petition);
            let id = id.ok_or_else(|| Refused::field(Code::InvalidId, named(at)))?;
            if !seen.insert(id) {
                return Err(Refused::field(Code::InvalidValue, named(at)));
            }
        }
        Ok(Append {
            writable,
            writes,
            parent,
            named,
            petitions: petitions.iter().filter_map(crate::graphql::id::<Uuid>).collect(),
        })
    };
    Ok(match run_input(ctx, command).await? {
        Ok(done) => {
            let about: Vec<PetitionId> = done
                .ids
                .iter()
                .take(petitions.len())
                .copied()
                .map(PetitionId::from)
                .collect();
            let made: Vec<I> = done
                .ids
                .iter()
                .skip(petitions.len())
                .copied()
                .map(I::from)
                .collect();
            (
                several(ctx, &made).await?,
                several(ctx, &about).await?,
                Vec::new(),
            )
        }
        Err(user_errors) => (Vec::new(), Vec::new(), user_errors),
    })
}

/// Builds a sync row's fields from an input: what is absent stays absent.
fn fields(given: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Document {
    given
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
        .collect()
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
    /// Refusals: `NOT_FOUND`, `INVALID_STATE`, `REQUIRED` (neither body nor council), `INVALID_VALUE` (both),
    /// `OUT_OF_RANGE` (also of an answer due more than two years after the document), `BEFORE_COUNCIL`.
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
                file: attachments::read_paper(input.file_sha256.as_deref())?,
            })
        })
        .await
    }

    /// Says that petitions are of another's authority (trả lại kiến nghị không thuộc thẩm quyền). A body, or the
    /// council above, has them only until it returns them: `petitions` is empty for whoever no longer sees them. What a
    /// body returned to the council above, that council may return to the owner in its turn, with a reason of its own:
    /// the same words again change nothing. Refusals: `INVALID_STATE`, `FORBIDDEN`.
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

    /// Answers petitions by one document (trả lời kiến nghị). The lead's answer is the answer; the reply of a
    /// coordinating body helps the lead, and the petition is owed as before. The document that is its body's newest
    /// answer already, sent again just so, changes nothing, whatever the office found of it since. Refusals:
    /// `INVALID_STATE`, `FORBIDDEN`, `UNKNOWN_CODE`, `REQUIRED`, `INVALID_VALUE`, `OUT_OF_RANGE`, `BEFORE_COUNCIL`,
    /// `RETURN_INSTEAD` (of another's authority: `returnPetitions`).
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
                cost: input.cost_millions,
                reason: input.unresolved_reason,
                on_behalf: input.on_behalf.unwrap_or(false),
                file: attachments::read_paper(input.file_sha256.as_deref())?,
            })
        })
        .await
    }

    /// Says whether an answer answers (đánh giá văn bản trả lời), until the petition is closed. `unclear` and
    /// `off_point` take its outcome away and leave the body owing another; `ok` after them takes that back, and what the
    /// voters were told of it counts again, unless the body was asked anew meanwhile. What was said already, sent again just
    /// so, changes nothing. Refusals: `UNKNOWN_CODE`, `INVALID_STATE`, `TOO_LONG`, `INVALID_TEXT`.
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

    /// Urges a body on (đôn đốc), which reads it; the same as pushing an `urging`. A document that the same person recorded
    /// for the same petition on the same day, sent again just so, is answered with what is recorded. Refusals: `NOT_FOUND`,
    /// `UNKNOWN_CODE`, `FORBIDDEN`, `LIMIT_TOO_LARGE`; `INVALID_VALUE` (a petition named twice; a body that neither leads nor
    /// coordinates); `INVALID_STATE` (nobody has the petition, or its answer was found `ok` and promises nothing more). The
    /// field names the petition: `targetId`, `targetIds.0`. What a phone pushes is judged by its own time: what was so then is
    /// taken, though the petition was answered or given back since.
    async fn urge(&self, ctx: &Context<'_>, input: UrgeInput) -> Result<Option<UrgePayload>> {
        let given = [
            ("targetKind", Some(input.target_kind)),
            ("toAgencyId", input.to_agency_id.map(|id| id.0)),
            ("how", Some(input.how)),
            ("text", input.text),
            ("documentNumber", input.document_number),
        ];
        let more = input.target_ids.unwrap_or_default();
        let targets = std::iter::once(input.target_id).chain(more).collect();
        let target: fn(usize) -> Cow<'static, str> = |at| match at.checked_sub(1) {
            None => Cow::Borrowed("targetId"),
            Some(at) => Cow::Owned(format!("targetIds.{at}")),
        };
        let (urgings, petitions, user_errors) =
            recorded::<UrgingId, _>(ctx, &UrgingCollection, ("targetId", target), targets, given).await?;
        Ok(Some(UrgePayload {
            urging: urgings.first().cloned(),
            urgings,
            petition: petitions.first().cloned(),
            petitions,
            user_errors,
        }))
    }

    /// Records that the voters were told (thông tin lại cho cử tri); the same as pushing an `informing`. What the same
    /// person recorded already, sent again just so, is answered with what is recorded; where `at` is absent, on the same
    /// day. Refusals: `NOT_FOUND`, `UNKNOWN_CODE`, `FORBIDDEN`, `BEFORE_COUNCIL`.
    async fn inform_voters(
        &self,
        ctx: &Context<'_>,
        input: InformVotersInput,
    ) -> Result<Option<InformVotersPayload>> {
        let given = [
            ("at", input.at.map(|Time(at)| crate::clock::wire(at))),
            ("channel", Some(input.channel)),
            ("meetingId", input.meeting_id.map(|id| id.0)),
            ("note", input.note),
            ("satisfaction", input.satisfaction),
        ];
        let petition = vec![input.petition_id];
        let of: fn(usize) -> Cow<'static, str> = |_| Cow::Borrowed("petitionId");
        let (informings, petitions, user_errors) =
            recorded::<InformingId, _>(ctx, &InformingCollection, ("petitionId", of), petition, given)
                .await?;
        Ok(Some(InformVotersPayload {
            informing: informings.into_iter().next(),
            petition: petitions.into_iter().next(),
            user_errors,
        }))
    }

    /// Ends the following of a petition (kết thúc theo dõi), once its voters were told the newest answer and the office
    /// found that to the point. Refusals: `VOTERS_NOT_INFORMED`, `INVALID_STATE` (that answer is not assessed yet).
    async fn close_petition(
        &self,
        ctx: &Context<'_>,
        input: ClosePetitionInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || Ok(Close(input_id(&input.petition_id, "petitionId")?))).await
    }

    /// Takes a closed petition up again (mở lại kiến nghị): it has no outcome until it is answered anew. Refusals:
    /// `INVALID_STATE`, `REQUIRED`.
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

    /// Takes over petitions that a council left open whose unit was divided (giao nghĩa vụ còn dở dang sau sáp nhập), for
    /// one of the councils in office that follow it, which goes on with them as with its own; by the office of that
    /// council. They get numbers of that council, and history keeps the former ones. What was taken over by mistake the
    /// same office hands on to another of these councils; `petitions` is then empty for whoever no longer sees them. What
    /// is that council's already stays as it is. Refusals: `NOT_FOUND`, `FORBIDDEN` (also of what one council alone
    /// carries on), `INVALID_STATE` (it went on as others), `TOO_LONG`, `INVALID_TEXT`.
    async fn allocate_petitions(
        &self,
        ctx: &Context<'_>,
        input: AllocatePetitionsInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Allocate {
                petitions: input_ids(&input.petition_ids, "petitionIds")?,
                council: input_id(&input.council_id, "councilId")?,
                basis: input.basis,
            })
        })
        .await
    }

    /// Releases the redacted title, text and answer to the public (công khai nội dung đã biên tập), or takes them
    /// back. What is released of an answer belongs to that answer: a newer one shows no text until its own is
    /// released. What `redactionSuggestions` finds in these texts stays by the word of whoever publishes them: its kind has
    /// to be named in `acknowledged`, else `NOT_REDACTED` names the text. History keeps who did it and how many of each
    /// kind stayed and went, not the words. Refusals: `NOT_FOUND`, `FORBIDDEN`, `REQUIRED`,
    /// `INVALID_STATE`, `INVALID_TEXT`, `TOO_LONG`, `NOT_REDACTED`.
    async fn publish_petition(
        &self,
        ctx: &Context<'_>,
        input: PublishPetitionInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(Publish {
                petition: input_id(&input.petition_id, "petitionId")?,
                title: input.public_title,
                content: input.public_content,
                answer: input.public_answer,
                acknowledged: input.acknowledged.unwrap_or_default(),
                of: input.answer_id.map(|id| input_id(&id, "answerId")).transpose()?,
            })
        })
        .await
    }

    /// Says that a petition asks again for what an earlier one asked (đã đề nghị nhiều lần), of whatever unit and year,
    /// and counts it. Neither becomes part of the other. Refusals: `NOT_FOUND`, `FORBIDDEN`, `OUT_OF_RANGE` for what is
    /// not earlier, `INVALID_VALUE` for one of which it came by a split or a merger, `INVALID_STATE` where it went on as
    /// others itself.
    async fn link_repeat(
        &self,
        ctx: &Context<'_>,
        input: LinkRepeatInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(LinkRepeat {
                petition: input_id(&input.petition_id, "petitionId")?,
                earlier: input_id(&input.earlier_id, "earlierId")?,
            })
        })
        .await
    }

    /// Takes such a link back (gỡ liên kết), with the reason; history keeps both. Refusals: `NOT_FOUND`, `FORBIDDEN`,
    /// `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`.
    async fn unlink_repeat(
        &self,
        ctx: &Context<'_>,
        input: UnlinkRepeatInput,
    ) -> Result<Option<PetitionPayload>> {
        payload(ctx, || {
            Ok(UnlinkRepeat {
                petition: input_id(&input.petition_id, "petitionId")?,
                earlier: input_id(&input.earlier_id, "earlierId")?,
                reason: input.reason,
            })
        })
        .await
    }
}
