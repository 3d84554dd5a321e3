//! What the office does with meetings, in GraphQL. Expected refusals are `userErrors`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::{
    id::MeetingId,
    meeting::{Event, Family},
};

use super::{
    AgendaLine,
    graphql::Meeting,
    office::{AddDocument, Advance, Plan, Publish, RecordAttendance, SetAgenda, Update},
    present::AnswerInvitation,
};
use crate::{
    error::{Code, Refused, Result},
    files::attachments,
    graphql::{UserError, command::answer, fields::Fields, input_id, state},
    store::{collection::Document, door::Command},
};

/// What the office says of a meeting. What is not mentioned stays; null empties.
#[derive(Clone, Debug, InputObject)]
pub struct MeetingFields {
    /// Code of the list `contact_kind` or `session_kind`; required of a new meeting.
    kind: MaybeUndefined<String>,
    /// At most 500 characters; required of a new meeting.
    title: MaybeUndefined<String>,
    /// Where, at most 500 characters.
    place: MaybeUndefined<String>,
    /// When it begins (RFC 3339), within the council's time (`BEFORE_COUNCIL`).
    starts_at: MaybeUndefined<String>,
    /// When it ends, not before it begins.
    ends_at: MaybeUndefined<String>,
    /// `direct`, `online` or `mixed`.
    mode: MaybeUndefined<String>,
    /// The units that it is held for, at most 200; the council's own if none is named.
    unit_ids: MaybeUndefined<Vec<ID>>,
    /// The other councils that take part, at most 200.
    council_ids: MaybeUndefined<Vec<ID>>,
    /// The delegates who are invited, at most 200: mandates, on the meeting's day, in the councils that take part.
    invited_delegate_ids: MaybeUndefined<Vec<ID>>,
    /// The round of contacts that it is a point of: one of a council that takes part (`NOT_FOUND`), not closed yet
    /// (`INVALID_STATE`). A voter contact of a kind that says when it is held (before or after a session) has a round
    /// or `outsideRound` (`REQUIRED`).
    round_id: MaybeUndefined<ID>,
    /// Why a voter contact belongs to no round: code of the list `outside_round`. By itself for kinds that lie outside
    /// of rounds.
    outside_round: MaybeUndefined<String>,
    /// The number of a session within the council's term, from 1; its own (`TAKEN`).
    ordinal: MaybeUndefined<i32>,
    /// The plan's number as printed, at most 100 characters.
    plan_number: MaybeUndefined<String>,
    /// The plan's date, not in the future and not before the council or the first that it follows (`BEFORE_COUNCIL`).
    plan_date: MaybeUndefined<String>,
    /// At most 20,000 characters.
    agenda: MaybeUndefined<String>,
    /// For the delegates, at most 100,000 characters.
    brief: MaybeUndefined<String>,
}

impl MeetingFields {
    fn into_fields(self) -> Document {
        Fields::default()
            .set("kind", self.kind)
            .set("title", self.title)
            .set("place", self.place)
            .set("startsAt", self.starts_at)
            .set("endsAt", self.ends_at)
            .set("mode", self.mode)
            .ids("unitIds", self.unit_ids)
            .ids("councilIds", self.council_ids)
            .ids("invitedDelegateIds", self.invited_delegate_ids)
            .id("roundId", self.round_id)
            .set("outsideRound", self.outside_round)
            .set("ordinal", self.ordinal)
            .set("planNumber", self.plan_number)
            .set("planDate", self.plan_date)
            .set("agenda", self.agenda)
            .set("brief", self.brief)
            .done()
    }
}

/// A voter contact or a session to plan.
#[derive(Clone, Debug, InputObject)]
pub struct PlanMeetingInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing.
    id: Option<ID>,
    /// The council that holds it.
    council_id: ID,
    /// `contact` (default) or `session`.
    family: Option<String>,
    #[graphql(flatten)]
    fields: MeetingFields,
}

/// What to change of a meeting.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateMeetingInput {
    /// A meeting of one's own council.
    meeting_id: ID,
    #[graphql(flatten)]
    fields: MeetingFields,
}

/// Which step a meeting takes.
#[derive(Clone, Debug, InputObject)]
pub struct AdvanceMeetingInput {
    /// A meeting of one's own council.
    meeting_id: ID,
    /// `approve`, `notify`, `send_documents`, `begin`, `suspend`, `hold`, `postpone`, `cancel`, `draft_minutes`,
    /// `sign_minutes`, `synthesise`, `report` or `inform_results`.
    event: String,
    /// The document or reason on which it rests, at most 1,000 characters.
    basis: Option<String>,
}

/// A point of an agenda.
#[derive(Clone, Debug, InputObject)]
pub struct AgendaItemInput {
    /// At most 1,000 characters.
    title: String,
    /// The body that presents it, at most 200 characters.
    presenter: Option<String>,
}

/// The agenda of a meeting as it is to be.
#[derive(Clone, Debug, InputObject)]
pub struct SetAgendaInput {
    /// A meeting of one's own council.
    meeting_id: ID,
    /// All points in order, at most 200; what was there before goes.
    items: Vec<AgendaItemInput>,
}

/// A document of a meeting.
#[derive(Clone, Debug, InputObject)]
pub struct AddDocumentInput {
    /// A meeting of one's own council.
    meeting_id: ID,
    /// Its type as printed: `KH`, `BC`, `TB`, `BB`, `GM`, ...; letters, at most 20 characters.
    kind: String,
    /// Its number as printed, at most 100 characters.
    number: String,
    /// Its date, not in the future and not before the council or the first that it follows.
    date: String,
    /// Who signed it, at most 200 characters.
    signer: MaybeUndefined<String>,
    /// What it is about, at most 500 characters.
    title: String,
    /// The paper itself: the SHA-256 of a file that one has sent to `/files`.
    file_sha256: Option<String>,
}

/// How many voters came, in counts and never names; and which delegates.
#[derive(Clone, Debug, InputObject)]
pub struct RecordAttendanceInput {
    /// A meeting of one's own council that was held.
    meeting_id: ID,
    /// From 0 to a million.
    invited: MaybeUndefined<i32>,
    /// From 0 to a million.
    attended: MaybeUndefined<i32>,
    /// From 0 to a million.
    speakers: MaybeUndefined<i32>,
    /// From 0 to a million.
    opinions: MaybeUndefined<i32>,
    /// `band=count` separated by spaces, codes of the list `attendance_band` that stand below a heading (a heading is
    /// `INVALID_VALUE`); those below one heading count at most `attended` together (`OUT_OF_RANGE`).
    attendance_bands: MaybeUndefined<String>,
    /// The delegates who came (đại biểu tham dự), invited or not, at most 200: mandates, on the meeting's day, in the
    /// councils that take part.
    attended_delegate_ids: MaybeUndefined<Vec<ID>>,
}

/// How a delegate answered his invitation.
#[derive(Clone, Debug, InputObject)]
pub struct AnswerInvitationInput {
    /// A meeting that he was invited to.
    meeting_id: ID,
    /// The delegate: one's own mandate, or anybody's for those who keep the council's meetings.
    delegate_id: ID,
    /// Whether he will come.
    attending: bool,
    /// Why he will not come (lý do vắng mặt), at most 500 characters: required of whoever stays away, of nobody else.
    absence_reason: Option<String>,
}

/// Whether everybody may read of a meeting.
#[derive(Clone, Debug, InputObject)]
pub struct PublishMeetingInput {
    /// A meeting of one's own council.
    meeting_id: ID,
    /// True to publish (default), false to take it back.
    is_public: Option<bool>,
}

/// The meeting as it is now, or why nothing was done.
#[derive(SimpleObject)]
pub struct MeetingPayload {
    /// As it is now.
    meeting: Option<Meeting>,
    /// Empty when it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of meetings.
#[derive(Default)]
pub struct MeetingMutation;

#[Object]
impl MeetingMutation {
    /// Plans a voter contact or a session (lập kế hoạch). Refusals: `NOT_FOUND`, `FORBIDDEN`, `REQUIRED`,
    /// `UNKNOWN_CODE`, `BEFORE_COUNCIL`, `OUT_OF_RANGE`, `TAKEN`, ...
    async fn plan_meeting(
        &self,
        ctx: &Context<'_>,
        input: PlanMeetingInput,
    ) -> Result<Option<MeetingPayload>> {
        let state = state(ctx)?;
        let plan = || {
            let family = input
                .family
                .as_deref()
                .map_or(Some(Family::Contact), Family::from_code);
            Ok(Plan {
                id: match &input.id {
                    Some(id) => input_id(id, "id")?,
                    None => MeetingId(state.entropy.id(state.clock.now())),
                },
                council: input_id(&input.council_id, "councilId")?,
                family: family.ok_or(Refused::field(Code::UnknownCode, "family"))?,
                fields: input.fields.into_fields(),
            })
        };
        payload(ctx, plan).await
    }

    /// Changes what was planned, until the minutes are signed (điều chỉnh). Refusals: `NOT_FOUND`, `FORBIDDEN`,
    /// `INVALID_STATE`, and those of `planMeeting`.
    async fn update_meeting(
        &self,
        ctx: &Context<'_>,
        input: UpdateMeetingInput,
    ) -> Result<Option<MeetingPayload>> {
        let update = || {
            Ok(Update {
                meeting: input_id(&input.meeting_id, "meetingId")?,
                fields: input.fields.into_fields(),
            })
        };
        payload(ctx, update).await
    }

    /// Leads a meeting to its next state; signing the minutes (ký biên bản) closes its records. Refusals:
    /// `NOT_FOUND`, `FORBIDDEN`, `UNKNOWN_CODE`, `INVALID_STATE`, `REQUIRED`, `TOO_LONG`.
    async fn advance_meeting(
        &self,
        ctx: &Context<'_>,
        input: AdvanceMeetingInput,
    ) -> Result<Option<MeetingPayload>> {
        let advance = || {
            Ok(Advance {
                meeting: input_id(&input.meeting_id, "meetingId")?,
                event: Event::from_code(&input.event).ok_or(Refused::field(Code::UnknownCode, "event"))?,
                basis: input.basis,
            })
        };
        payload(ctx, advance).await
    }

    /// Sets the agenda (nội dung, chương trình) of a meeting. Refusals: `NOT_FOUND`, `FORBIDDEN`,
    /// `INVALID_STATE`, `REQUIRED`, `TOO_LONG`, `LIMIT_TOO_LARGE`.
    async fn set_agenda(&self, ctx: &Context<'_>, input: SetAgendaInput) -> Result<Option<MeetingPayload>> {
        let set = || {
            let items = input.items.into_iter().map(|item| AgendaLine {
                title: item.title,
                presenter: item.presenter,
            });
            Ok(SetAgenda {
                meeting: input_id(&input.meeting_id, "meetingId")?,
                items: items.collect(),
            })
        };
        payload(ctx, set).await
    }

    /// Adds an official document (văn bản) of a meeting. Refusals: `NOT_FOUND`, `FORBIDDEN`, `REQUIRED`,
    /// `INVALID_DATE`, `INVALID_VALUE`, `OUT_OF_RANGE`, `BEFORE_COUNCIL`, `TOO_LONG`, `TAKEN`.
    async fn add_document(
        &self,
        ctx: &Context<'_>,
        input: AddDocumentInput,
    ) -> Result<Option<MeetingPayload>> {
        let add = || {
            Ok(AddDocument {
                meeting: input_id(&input.meeting_id, "meetingId")?,
                fields: Fields::default()
                    .set("kind", MaybeUndefined::Value(input.kind))
                    .set("number", MaybeUndefined::Value(input.number))
                    .set("date", MaybeUndefined::Value(input.date))
                    .set("signer", input.signer)
                    .set("title", MaybeUndefined::Value(input.title))
                    .done(),
                file: attachments::read_paper(input.file_sha256.as_deref())?,
            })
        };
        payload(ctx, add).await
    }

    /// Records how many voters were invited, came, spoke and asked, by bands and never by name, and which delegates
    /// came. Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`, `OUT_OF_RANGE`, `UNKNOWN_CODE`, `INVALID_VALUE`,
    /// `LIMIT_TOO_LARGE`.
    async fn record_attendance(
        &self,
        ctx: &Context<'_>,
        input: RecordAttendanceInput,
    ) -> Result<Option<MeetingPayload>> {
        let record = || {
            Ok(RecordAttendance {
                meeting: input_id(&input.meeting_id, "meetingId")?,
                fields: Fields::default()
                    .set("invited", input.invited)
                    .set("attended", input.attended)
                    .set("speakers", input.speakers)
                    .set("opinions", input.opinions)
                    .set("attendanceBands", input.attendance_bands)
                    .ids("attendedDelegateIds", input.attended_delegate_ids)
                    .done(),
            })
        };
        payload(ctx, record).await
    }

    /// Enters how a delegate answered his invitation (trả lời giấy mời). A phone says it in `meetingRecord`, without
    /// signal too; the newest answer counts. Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`, `REQUIRED`,
    /// `INVALID_VALUE`, `TOO_LONG`.
    async fn answer_invitation(
        &self,
        ctx: &Context<'_>,
        input: AnswerInvitationInput,
    ) -> Result<Option<MeetingPayload>> {
        let answer = || {
            Ok(AnswerInvitation {
                meeting: input_id(&input.meeting_id, "meetingId")?,
                delegate: input_id(&input.delegate_id, "delegateId")?,
                attending: input.attending,
                reason: input.absence_reason,
            })
        };
        payload(ctx, answer).await
    }

    /// Publishes a meeting (công khai), or takes it back. Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE` (it is no
    /// more than a proposal, or was none when it was put off or called off).
    async fn publish_meeting(
        &self,
        ctx: &Context<'_>,
        input: PublishMeetingInput,
    ) -> Result<Option<MeetingPayload>> {
        let publish = || {
            Ok(Publish {
                meeting: input_id(&input.meeting_id, "meetingId")?,
                public: input.is_public.unwrap_or(true),
            })
        };
        payload(ctx, publish).await
    }
}

async fn payload<C: Command>(
    ctx: &Context<'_>,
    command: impl FnOnce() -> Result<C, Refused>,
) -> Result<Option<MeetingPayload>> {
    let (meetings, user_errors) = answer::<MeetingId, C>(ctx, command).await?;
    Ok(Some(MeetingPayload {
        meeting: meetings.into_iter().next(),
        user_errors,
    }))
}
