//! What people do with feedback, in GraphQL. Expected refusals are `userErrors`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::id::FeedbackId;
use serde_json::Value;

use super::{
    author::{Submit, Withdraw},
    graphql::Feedback,
    office::{MarkSeen, ReturnForClarity},
    rules,
};
use crate::{
    error::{Code, Result},
    files::{attachments, commands::Disown},
    graphql::{
        UserError,
        command::{answer, run},
        input_id, input_ids, state,
    },
    store::{collection::Document, writing::Write},
};

/// A feedback to record; every field as in the sync document `feedback`.
#[derive(Clone, Debug, InputObject)]
pub struct SubmitFeedbackInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// The meeting at which it was said: any of which one may know (else `NOT_FOUND`). In the figures of the meeting it
    /// counts if the council for which it is recorded takes part there.
    meeting_id: Option<ID>,
    /// The unit that it is about.
    unit_id: Option<ID>,
    /// Village or residential group, at most 200 characters.
    sub_unit: Option<String>,
    /// Code of the list `channel`.
    channel: Option<String>,
    /// `voter` or `delegate`.
    origin: Option<String>,
    /// `opinion`, `petition`, `reflection`, `complaint`, or `denunciation` (with the receipt fields only).
    kind: String,
    /// At most 500 characters.
    subject: Option<String>,
    /// At most 20,000 characters; required unless it is a denunciation.
    content: Option<String>,
    /// At most 5,000 characters.
    wanted: Option<String>,
    /// At most 2,000 characters.
    affected: Option<String>,
    /// At most 200 characters.
    since: Option<String>,
    /// What shows it, or that there is nothing; at most 500 characters.
    evidence: Option<String>,
    /// Whether it was answered on the spot.
    answered_on_spot: Option<bool>,
    /// At most 5,000 characters.
    on_spot_answer: Option<String>,
    /// The code that the voter got; without one the server makes one, to be read back as `trackingCode`.
    tracking_code: Option<String>,
    /// When it was written down, by the device's clock.
    recorded_at: Option<String>,
    /// Files that belong to it (tệp đính kèm): SHA-256 as 64 hexadecimal digits, at most 10; their bytes come by tus
    /// at `/files`, before or after. None of a denunciation.
    attachments: Option<Vec<String>>,
    /// Of a denunciation: number of the paper receipt.
    receipt_number: Option<String>,
    /// Of a denunciation: the day it was handed over.
    received_on: Option<String>,
    /// Of a denunciation: the body that received it.
    receiving_agency_id: Option<ID>,
    /// The voter's name, only with consent; kept sealed, never given back. Null erases what was kept.
    contact_name: MaybeUndefined<String>,
    /// The voter's phone number, only with consent; kept sealed, never given back. Null erases what was kept.
    contact_phone: MaybeUndefined<String>,
    /// What the voter agreed to, word for word. Null takes the consent back, and erases name and number.
    consent_text: MaybeUndefined<String>,
    /// When the voter agreed. Null takes the consent back, unless another comes with it.
    consent_at: MaybeUndefined<String>,
}

impl SubmitFeedbackInput {
    fn into_fields(self) -> Document {
        let text = |text: Option<String>| text.map_or(Value::Null, Value::String);
        let id = |id: Option<ID>| id.map_or(Value::Null, |id| Value::String(id.0));
        let fields = [
            ("meetingId", id(self.meeting_id)),
            ("unitId", id(self.unit_id)),
            ("subUnit", text(self.sub_unit)),
            ("channel", text(self.channel)),
            ("origin", text(self.origin)),
            ("kind", Value::String(self.kind)),
            ("subject", text(self.subject)),
            ("content", text(self.content)),
            ("wanted", text(self.wanted)),
            ("affected", text(self.affected)),
            ("since", text(self.since)),
            ("evidence", text(self.evidence)),
            (
                "answeredOnSpot",
                self.answered_on_spot.map_or(Value::Null, Value::Bool),
            ),
            ("onSpotAnswer", text(self.on_spot_answer)),
            ("trackingCode", text(self.tracking_code)),
            ("recordedAt", text(self.recorded_at)),
            ("attachments", text(self.attachments.map(|list| list.join(" ")))),
            ("receiptNumber", text(self.receipt_number)),
            ("receivedOn", text(self.received_on)),
            ("receivingAgencyId", id(self.receiving_agency_id)),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.is_null());
        // Here a null says something else than nothing.
        let contact = [
            ("contactName", self.contact_name),
            ("contactPhone", self.contact_phone),
            ("consentText", self.consent_text),
            ("consentAt", self.consent_at),
        ];
        let contact = contact.into_iter().filter_map(|(name, value)| match value {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some((name, Value::Null)),
            MaybeUndefined::Value(value) => Some((name, Value::String(value))),
        });
        given
            .chain(contact)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// The recorded feedback, or why it was not recorded.
#[derive(SimpleObject)]
pub struct SubmitFeedbackPayload {
    /// As it is now.
    feedback: Option<Feedback>,
    /// Empty when it is stored.
    user_errors: Vec<UserError>,
}

/// Which feedback to take back.
#[derive(Clone, Debug, InputObject)]
pub struct WithdrawFeedbackInput {
    /// One's own feedback.
    feedback_id: ID,
    /// Why, in the author's words; at most 500 characters.
    reason: Option<String>,
}

/// The withdrawn feedback, or why it stays.
#[derive(SimpleObject)]
pub struct WithdrawFeedbackPayload {
    /// As it is now.
    feedback: Option<Feedback>,
    /// Empty when it was withdrawn.
    user_errors: Vec<UserError>,
}

/// What is not clear.
#[derive(Clone, Debug, InputObject)]
pub struct ReturnForClarityInput {
    /// Feedback of one's own council that is not grouped yet.
    feedback_id: ID,
    /// What the author is asked, at most 1,000 characters.
    question: String,
}

/// The feedback that was sent back, or why it stays.
#[derive(SimpleObject)]
pub struct ReturnForClarityPayload {
    /// As it is now.
    feedback: Option<Feedback>,
    /// Empty when it was sent back.
    user_errors: Vec<UserError>,
}

/// Which feedback the office has read.
#[derive(Clone, Debug, InputObject)]
pub struct MarkFeedbackSeenInput {
    /// Feedback of one's own council.
    feedback_ids: Vec<ID>,
}

/// The feedback as it is now.
#[derive(SimpleObject)]
pub struct MarkFeedbackSeenPayload {
    /// As they are now, in the order of the input.
    feedbacks: Vec<Feedback>,
    /// Empty when it was noted.
    user_errors: Vec<UserError>,
}

/// Mutations of feedback.
#[derive(Default)]
pub struct FeedbackMutation;

#[Object]
impl FeedbackMutation {
    /// Records what a voter said (ghi ý kiến, kiến nghị cử tri); the same as pushing it. Refusals:
    /// `DENUNCIATION_BY_HAND`, `CONSENT_REQUIRED`, `REQUIRED`, `UNKNOWN_CODE`, `NOT_FOUND`, `TOO_LONG`, ...
    async fn submit_feedback(
        &self,
        ctx: &Context<'_>,
        mut input: SubmitFeedbackInput,
    ) -> Result<Option<SubmitFeedbackPayload>> {
        let state = state(ctx)?;
        let mut named = Document::new();
        let command = || {
            let id = match input.id.take() {
                Some(id) => input_id(&id, "id")?,
                None => state.entropy.id(state.clock.now()),
            };
            let recorded_at = input
                .recorded_at
                .as_deref()
                .and_then(crate::store::writing::parse_time);
            let fields = input.into_fields();
            let files = fields.iter().filter(|(name, _)| *name == attachments::FIELD);
            named.extend(files.map(|(name, value)| (name.clone(), value.clone())));
            Ok(Submit(Write {
                id,
                fields,
                delete: false,
                recorded_at,
            }))
        };
        let (feedback, user_errors) = answer::<FeedbackId, _>(ctx, command).await?;
        let by_hand = |error: &UserError| error.code == Code::DenunciationByHand.name();
        if !named.is_empty() && user_errors.iter().any(by_hand) {
            let _done = run(ctx, &Disown(named)).await?;
        }
        Ok(Some(SubmitFeedbackPayload {
            feedback: feedback.into_iter().next(),
            user_errors,
        }))
    }

    /// Takes one's own feedback back (rút phiếu), until the office has grouped it. Refusals: `NOT_FOUND`,
    /// `ALREADY_GROUPED`, `INVALID_STATE`, `INVALID_TEXT`, `TOO_LONG`.
    async fn withdraw_feedback(
        &self,
        ctx: &Context<'_>,
        input: WithdrawFeedbackInput,
    ) -> Result<Option<WithdrawFeedbackPayload>> {
        let command = || {
            Ok(Withdraw {
                feedback: input_id(&input.feedback_id, "feedbackId")?,
                reason: rules::reason(input.reason.as_deref())?,
            })
        };
        let (feedback, user_errors) = answer::<FeedbackId, _>(ctx, command).await?;
        Ok(Some(WithdrawFeedbackPayload {
            feedback: feedback.into_iter().next(),
            user_errors,
        }))
    }

    /// Sends a feedback back to its author with a question (trả lại để làm rõ); it reaches his phone with the
    /// feedback, and his correction hands it in again. Refusals: `NOT_FOUND`, `REQUIRED`, `TOO_LONG`,
    /// `INVALID_TEXT`, `INVALID_STATE`, `ALREADY_GROUPED`.
    async fn return_for_clarity(
        &self,
        ctx: &Context<'_>,
        input: ReturnForClarityInput,
    ) -> Result<Option<ReturnForClarityPayload>> {
        let command = || {
            Ok(ReturnForClarity {
                feedback: input_id(&input.feedback_id, "feedbackId")?,
                question: input.question,
            })
        };
        let (feedback, user_errors) = answer::<FeedbackId, _>(ctx, command).await?;
        Ok(Some(ReturnForClarityPayload {
            feedback: feedback.into_iter().next(),
            user_errors,
        }))
    }

    /// Notes that the office has read feedback (Văn phòng đã xem). Refusals: `NOT_FOUND`.
    async fn mark_feedback_seen(
        &self,
        ctx: &Context<'_>,
        input: MarkFeedbackSeenInput,
    ) -> Result<Option<MarkFeedbackSeenPayload>> {
        let command = || Ok(MarkSeen(input_ids(&input.feedback_ids, "feedbackIds")?));
        let (feedbacks, user_errors) = answer::<FeedbackId, _>(ctx, command).await?;
        Ok(Some(MarkFeedbackSeenPayload {
            feedbacks,
            user_errors,
        }))
    }
}
