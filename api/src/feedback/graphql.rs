//! Feedback in GraphQL.

use std::collections::HashMap;

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
    dataloader::Loader,
};
use entity::{
    feedback::{Column, Entity, Model, Status},
    id::FeedbackId,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;

use super::{MarkSeen, Submit, Withdraw, rules};
use crate::{
    error::{Code, Error, Refused, Result},
    graphql::{
        UserError,
        command::run_input,
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id, input_ids,
        list::{self, PageArgs, Total, asks_for_total},
        loader::{Rows, rows},
        scalar::{Day, Time},
        short, state, viewer, wire_id,
    },
    store::{collection::Document, partition::Audience, visibility::visible, writing::Write},
};

/// What one voter said, as it was written down on the spot.
#[derive(Clone)]
pub struct Feedback {
    row: Model,
    audience: Audience,
}

impl Loader<FeedbackId> for Rows {
    type Value = Feedback;
    type Error = Error;

    async fn load(&self, ids: &[FeedbackId]) -> Result<HashMap<FeedbackId, Feedback>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = self.visible::<Entity>("feedback", Column::Id, &ids).await?;
        Ok(rows
            .into_iter()
            .map(|(row, audience)| (row.id, Feedback { row, audience }))
            .collect())
    }
}

/// Feedback (phiếu ghi ý kiến, kiến nghị cử tri): what one voter said, as it was written down on the spot. Seen by
/// its author and by the council under whose mandate it was recorded, by nobody else.
#[Object]
impl Feedback {
    /// The bare lower-case UUID, made on the phone.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// The meeting at which it was said, if it was at one.
    async fn meeting_id(&self) -> Option<ID> {
        self.row.meeting_id.map(wire_id)
    }

    /// The unit that it is about (đơn vị hành chính), as it was then.
    async fn unit_id(&self) -> Option<ID> {
        self.row.unit_id.map(wire_id)
    }

    /// Village, hamlet or residential group (thôn, ấp, bản, tổ dân phố), free text.
    async fn sub_unit(&self) -> Option<&str> {
        self.row.sub_unit.as_deref()
    }

    /// How it reached the council (hình thức tiếp nhận): code of the list `channel`.
    async fn channel(&self) -> Option<&str> {
        self.row.channel.as_deref()
    }

    /// Whose words they are: `voter` (cử tri) or `delegate` (đại biểu).
    async fn origin(&self) -> Option<&str> {
        self.row.origin.as_deref()
    }

    /// Opinion, petition, reflection, complaint or denunciation (ý kiến, kiến nghị, phản ánh, khiếu nại, tố cáo);
    /// of a denunciation only the receipt is kept.
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// What it is about, in a few words.
    async fn subject(&self) -> Option<&str> {
        self.row.subject.as_deref()
    }

    /// What the voter said; up to 20,000 characters.
    async fn content(&self) -> Option<&str> {
        self.row.content.as_deref()
    }

    /// What the voter asks for (nội dung đề nghị).
    async fn wanted(&self) -> Option<&str> {
        self.row.wanted.as_deref()
    }

    /// Who is affected, in general terms.
    async fn affected(&self) -> Option<&str> {
        self.row.affected.as_deref()
    }

    /// Since when, as told.
    async fn since(&self) -> Option<&str> {
        self.row.since.as_deref()
    }

    /// Whether it was answered on the spot (trả lời ngay tại cuộc tiếp xúc).
    async fn answered_on_spot(&self) -> Option<bool> {
        self.row.answered_on_spot
    }

    /// What was answered on the spot.
    async fn on_spot_answer(&self) -> Option<&str> {
        self.row.on_spot_answer.as_deref()
    }

    /// The short code that the voter got, with a check digit: `XXXX-XXXX-C`.
    async fn tracking_code(&self) -> Option<&str> {
        self.row.tracking_code.as_deref()
    }

    /// Of a denunciation (tố cáo): the number of the paper receipt.
    async fn receipt_number(&self) -> Option<&str> {
        self.row.receipt_number.as_deref()
    }

    /// Of a denunciation: the day on which it was handed over.
    async fn received_on(&self) -> Option<Day> {
        self.row.received_on.map(Day)
    }

    /// Who wrote it down.
    async fn author_id(&self) -> ID {
        wire_id(self.row.author_id)
    }

    /// The council under whose mandate it was recorded.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// The petition that it became part of, if it was grouped.
    async fn petition_id(&self) -> Option<ID> {
        self.row.petition_id.map(wire_id)
    }

    /// `accepted`, `answered_on_spot`, `grouped` or `withdrawn`.
    async fn status(&self) -> &str {
        self.row.status.code()
    }

    /// Whether it came after the mandate, the meeting or the unit had ended; it counts by the day it happened.
    async fn late(&self) -> bool {
        self.row.late
    }

    /// When it was written down, by the phone's clock; never used for order.
    async fn recorded_at(&self) -> Option<Time> {
        self.row.recorded_at.map(Time)
    }

    /// When the server received it.
    async fn received_at(&self) -> Time {
        Time(self.row.received_at)
    }

    /// When it was accepted into the council's work.
    async fn accepted_at(&self) -> Option<Time> {
        self.row.accepted_at.map(Time)
    }

    /// When the office first read it.
    async fn seen_at(&self) -> Option<Time> {
        self.row.seen_at.map(Time)
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.row.rev.to_string()
    }

    /// What happened to it, oldest first; `first` from 1 to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        // Whoever sees it less than as its own people sees no names of them.
        if self.audience < Audience::Internal {
            return Ok(Vec::new());
        }
        history(state(ctx)?, "feedback", self.row.id.0, first).await
    }
}

/// Which feedback to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct FeedbackFilter {
    /// Of these units.
    within_unit: Option<WithinUnit>,
    /// In one of these states: `accepted`, `answered_on_spot`, `grouped`, `withdrawn`.
    status: Option<Vec<String>>,
    /// Said at this meeting.
    meeting_id: Option<ID>,
    /// Changed after this moment.
    updated_after: Option<Time>,
}

/// Queries of feedback.
#[derive(Default)]
pub struct FeedbackQuery;

#[Object]
impl FeedbackQuery {
    /// One feedback (phiếu ghi ý kiến); null if there is none or it is not the viewer's to see.
    async fn feedback(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Feedback>> {
        match crate::graphql::id::<FeedbackId>(&id) {
            Some(id) => rows(ctx)?.load_one(id).await,
            None => Ok(None),
        }
    }

    /// Feedback that the viewer may see, newest first. Exactly one of `first` and `last`, 1 to 100.
    async fn feedbacks(
        &self,
        ctx: &Context<'_>,
        filter: Option<FeedbackFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Feedback, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let filter = filter.unwrap_or_default();
        let mut query = Entity::find().filter(visible(viewer, "feedback", (Entity, Column::Id)));
        if let Some(within) = &filter.within_unit {
            query = query.filter(Column::UnitId.is_in(within.units(ctx)?));
        }
        if let Some(codes) = &filter.status {
            short(codes, "status")?;
            let states: Option<Vec<Status>> = codes.iter().map(|code| Status::from_code(code)).collect();
            query = query
                .filter(Column::Status.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(meeting) = &filter.meeting_id {
            query =
                query.filter(Column::MeetingId.eq(input_id::<entity::id::MeetingId>(meeting, "meetingId")?));
        }
        if let Some(Time(after)) = filter.updated_after {
            query = query.filter(Column::UpdatedAt.gt(after));
        }
        let total = match asks_for_total(ctx) {
            true => Some(list::total(state.store.read(), &query, Column::Id).await?),
            false => None,
        };
        let slice = list::read(state.store.read(), query, Column::Id, |row| row.id.0, window).await?;
        let ids: Vec<_> = slice.rows.iter().map(|row| row.id.0).collect();
        let audiences =
            crate::store::visibility::audiences(state.store.read(), viewer, "feedback", &ids).await?;
        Ok(list::connection(
            slice,
            total,
            |row| row.id.0,
            |row| {
                let audience = audiences.get(&row.id.0).copied().unwrap_or(Audience::Public);
                Feedback { row, audience }
            },
        ))
    }
}

/// A feedback to record; every field as in the sync document `feedback`.
#[derive(Clone, Debug, InputObject)]
pub struct SubmitFeedbackInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// The meeting at which it was said.
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
    /// Whether it was answered on the spot.
    answered_on_spot: Option<bool>,
    /// At most 5,000 characters.
    on_spot_answer: Option<String>,
    /// The code that the voter got.
    tracking_code: Option<String>,
    /// When it was written down, by the device's clock.
    recorded_at: Option<String>,
    /// Of a denunciation: number of the paper receipt.
    receipt_number: Option<String>,
    /// Of a denunciation: the day it was handed over.
    received_on: Option<String>,
    /// Of a denunciation: the body that received it.
    receiving_agency_id: Option<ID>,
    /// The voter's name, only with consent; kept sealed, never given back.
    contact_name: Option<String>,
    /// The voter's phone number, only with consent; kept sealed, never given back.
    contact_phone: Option<String>,
    /// What the voter agreed to, word for word.
    consent_text: Option<String>,
    /// When the voter agreed.
    consent_at: Option<String>,
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
            (
                "answeredOnSpot",
                self.answered_on_spot.map_or(Value::Null, Value::Bool),
            ),
            ("onSpotAnswer", text(self.on_spot_answer)),
            ("trackingCode", text(self.tracking_code)),
            ("recordedAt", text(self.recorded_at)),
            ("receiptNumber", text(self.receipt_number)),
            ("receivedOn", text(self.received_on)),
            ("receivingAgencyId", id(self.receiving_agency_id)),
            ("contactName", text(self.contact_name)),
            ("contactPhone", text(self.contact_phone)),
            ("consentText", text(self.consent_text)),
            ("consentAt", text(self.consent_at)),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.is_null());
        given.map(|(name, value)| (name.to_owned(), value)).collect()
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
        let command = || {
            let id = match input.id.take() {
                Some(id) => input_id(&id, "id")?,
                None => state.entropy.id(state.clock.now()),
            };
            let recorded_at = input
                .recorded_at
                .as_deref()
                .and_then(crate::store::writing::parse_time);
            Ok(Submit(Write {
                id,
                fields: input.into_fields(),
                delete: false,
                recorded_at,
            }))
        };
        Ok(Some(match run_input(ctx, command).await? {
            Ok(done) => SubmitFeedbackPayload {
                feedback: one(ctx, &done.ids).await?,
                user_errors: Vec::new(),
            },
            Err(user_errors) => SubmitFeedbackPayload {
                feedback: None,
                user_errors,
            },
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
        Ok(Some(match run_input(ctx, command).await? {
            Ok(done) => WithdrawFeedbackPayload {
                feedback: one(ctx, &done.ids).await?,
                user_errors: Vec::new(),
            },
            Err(user_errors) => WithdrawFeedbackPayload {
                feedback: None,
                user_errors,
            },
        }))
    }

    /// Notes that the office has read feedback (Văn phòng đã xem). Refusals: `NOT_FOUND`.
    async fn mark_feedback_seen(
        &self,
        ctx: &Context<'_>,
        input: MarkFeedbackSeenInput,
    ) -> Result<Option<MarkFeedbackSeenPayload>> {
        let command = || Ok(MarkSeen(input_ids(&input.feedback_ids, "feedbackIds")?));
        Ok(Some(match run_input(ctx, command).await? {
            Ok(done) => {
                let mut found = rows(ctx)?
                    .load_many(done.ids.iter().copied().map(FeedbackId))
                    .await?;
                let feedbacks = done
                    .ids
                    .iter()
                    .filter_map(|id| found.remove(&FeedbackId(*id)))
                    .collect();
                MarkFeedbackSeenPayload {
                    feedbacks,
                    user_errors: Vec::new(),
                }
            }
            Err(user_errors) => MarkFeedbackSeenPayload {
                feedbacks: Vec::new(),
                user_errors,
            },
        }))
    }
}

async fn one(ctx: &Context<'_>, ids: &[uuid::Uuid]) -> Result<Option<Feedback>> {
    match ids.first() {
        Some(id) => rows(ctx)?.load_one(FeedbackId(*id)).await,
        None => Ok(None),
    }
}
