//! Feedback in GraphQL: the object and the queries.

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use entity::{
    feedback::{Column, Entity, Model, Status},
    id::{FeedbackId, MeetingId},
};
use sea_orm::{ColumnTrait, Condition};

use super::additions::{Addition, AdditionsOf};
use crate::{
    agencies::graphql::Agency,
    councils::graphql::Council,
    error::{Code, Refused, Result},
    files::{self, graphql::File},
    graphql::{
        code::{CodeEntry, entry, entry_of},
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id,
        list::{self, PageArgs, Total},
        loader::{Noun, one, rows, text},
        scalar::{Day, Time},
        short, wire_id,
    },
    meetings::graphql::Meeting,
    petitions::graphql::Petition,
    store::partition::Audience,
    units::graphql::Unit,
};

/// What one voter said, as it was written down on the spot.
#[derive(Clone)]
pub struct Feedback {
    row: Model,
    audience: Audience,
}

impl Noun for FeedbackId {
    type Object = Feedback;
    type Entity = Entity;
    const COLLECTION: &'static str = "feedback";
    const ID: Column = Column::Id;
    const LONG: &'static [Column] = &[
        Column::Content,
        Column::Wanted,
        Column::Affected,
        Column::Question,
        Column::OnSpotAnswer,
    ];

    fn object(row: Model, audience: Audience) -> Feedback {
        Feedback { row, audience }
    }
}

/// Whether it is clear work: what is asked, where, who is affected, since when, what shows it (kiến nghị gì, ở đâu, ai bị
/// ảnh hưởng, từ bao giờ, căn cứ).
#[derive(SimpleObject)]
pub struct Completeness {
    /// Whether nothing is missing.
    is_complete: bool,
    /// What is missing; codes of the list `completeness`.
    missing: Vec<String>,
    /// What these are called; list `completeness`.
    missing_entries: Vec<CodeEntry>,
}

impl Completeness {
    /// Of the parts that are missing, if that is known.
    pub(crate) fn of(missing: Option<&str>) -> Option<Self> {
        let missing: Vec<String> = missing?.split_whitespace().map(str::to_owned).collect();
        Some(Self {
            is_complete: missing.is_empty(),
            missing_entries: missing
                .iter()
                .filter_map(|part| entry("completeness", part))
                .collect(),
            missing,
        })
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

    /// The meeting itself; null if the viewer may not see it.
    async fn meeting(&self, ctx: &Context<'_>) -> Result<Option<Meeting>> {
        one(ctx, self.row.meeting_id).await
    }

    /// The unit that it is about (đơn vị hành chính), as it was then.
    async fn unit_id(&self) -> Option<ID> {
        self.row.unit_id.map(wire_id)
    }

    /// The unit itself, as it was then.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        Unit::of(ctx, self.row.unit_id)
    }

    /// Village, hamlet or residential group (thôn, ấp, bản, tổ dân phố), free text.
    async fn sub_unit(&self) -> Option<&str> {
        self.row.sub_unit.as_deref()
    }

    /// How it reached the council (hình thức tiếp nhận): code of the list `channel`.
    async fn channel(&self) -> Option<&str> {
        self.row.channel.as_deref()
    }

    /// The code's name; list `channel`.
    async fn channel_entry(&self) -> Option<CodeEntry> {
        entry_of("channel", self.row.channel.as_deref())
    }

    /// Whose words they are: `voter` (cử tri) or `delegate` (đại biểu); list `origin`.
    async fn origin(&self) -> Option<&str> {
        self.row.origin.as_deref()
    }

    /// The code's name; list `origin`.
    async fn origin_entry(&self) -> Option<CodeEntry> {
        entry_of("origin", self.row.origin.as_deref())
    }

    /// Opinion, petition, reflection, complaint or denunciation (ý kiến, kiến nghị, phản ánh, khiếu nại, tố cáo);
    /// list `submission_kind`. Of a denunciation only the receipt is kept.
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// What the kind is called; list `submission_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        entry("submission_kind", &self.row.kind)
    }

    /// What it is about, in a few words.
    async fn subject(&self) -> Option<&str> {
        self.row.subject.as_deref()
    }

    /// What the voter said; up to 20,000 characters.
    async fn content(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.row.id, Column::Content).await
    }

    /// What the voter asks for (nội dung đề nghị).
    async fn wanted(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.row.id, Column::Wanted).await
    }

    /// Who is affected, in general terms.
    async fn affected(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.row.id, Column::Affected).await
    }

    /// Since when, as told.
    async fn since(&self) -> Option<&str> {
        self.row.since.as_deref()
    }

    /// What shows it (photos, papers), or that there is nothing.
    async fn evidence(&self) -> Option<&str> {
        self.row.evidence.as_deref()
    }

    /// What it lacks to be clear work (độ đầy đủ); null where that is not known.
    async fn completeness(&self) -> Option<Completeness> {
        Completeness::of(self.row.missing.as_deref())
    }

    /// What the office asks, while it is sent back for clarity (trả lại để làm rõ).
    async fn question(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.row.id, Column::Question).await
    }

    /// How often it was sent back for clarity.
    async fn returns(&self) -> i32 {
        self.row.returns
    }

    /// Whether it was answered on the spot (trả lời ngay tại cuộc tiếp xúc).
    async fn answered_on_spot(&self) -> Option<bool> {
        self.row.answered_on_spot
    }

    /// What was answered on the spot.
    async fn on_spot_answer(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.row.id, Column::OnSpotAnswer).await
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

    /// Of a denunciation: the body that has it (cơ quan tiếp nhận).
    async fn receiving_agency_id(&self) -> Option<ID> {
        self.row.receiving_agency_id.map(wire_id)
    }

    /// The body itself.
    async fn receiving_agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.row.receiving_agency_id)
    }

    /// What its author added after it was grouped (bổ sung), oldest first.
    async fn additions(&self, ctx: &Context<'_>) -> Result<Vec<Addition>> {
        Ok(rows(ctx)?
            .load_one(AdditionsOf(self.row.id))
            .await?
            .unwrap_or_default())
    }

    /// The files that belong to it (tệp đính kèm), at most 10.
    async fn attachments(&self, ctx: &Context<'_>) -> Result<Vec<File>> {
        files::graphql::of(ctx, self.row.id).await
    }

    /// Who wrote it down.
    async fn author_id(&self) -> ID {
        wire_id(self.row.author_id)
    }

    /// The council under whose mandate it was recorded.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// The council itself.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.row.council_id)
    }

    /// The petition that it became part of, if it was grouped.
    async fn petition_id(&self) -> Option<ID> {
        self.row.petition_id.map(wire_id)
    }

    /// The petition itself; null if the viewer may not see it.
    async fn petition(&self, ctx: &Context<'_>) -> Result<Option<Petition>> {
        one(ctx, self.row.petition_id).await
    }

    /// `accepted`, `answered_on_spot`, `returned`, `grouped` or `withdrawn`.
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

    /// When it last changed.
    async fn updated_at(&self) -> Time {
        Time(self.row.updated_at)
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
        history(ctx, "feedback", self.row.id.0, first).await
    }
}

/// Which feedback to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct FeedbackFilter {
    /// Of these units.
    within_unit: Option<WithinUnit>,
    /// In one of these states: `accepted`, `answered_on_spot`, `returned`, `grouped`, `withdrawn`.
    status: Option<Vec<String>>,
    /// Said at this meeting.
    meeting_id: Option<ID>,
    /// Clear work, or something is missing; what is not known is neither.
    is_complete: Option<bool>,
    /// Changed after this moment.
    updated_after: Option<Time>,
}

impl FeedbackFilter {
    /// What the rows have to be; everybody who sees feedback at all reads all of this.
    fn condition(&self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            all = all.add(Column::UnitId.is_in(within.units(ctx)?));
        }
        if let Some(codes) = &self.status {
            short(codes, "status")?;
            let states: Option<Vec<Status>> = codes.iter().map(|code| Status::from_code(code)).collect();
            all = all.add(Column::Status.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(meeting) = &self.meeting_id {
            all = all.add(Column::MeetingId.eq(input_id::<MeetingId>(meeting, "meetingId")?));
        }
        if let Some(is_complete) = self.is_complete {
            all = all.add(if is_complete {
                Column::Missing.eq("")
            } else {
                Column::Missing.ne("")
            });
        }
        if let Some(Time(after)) = self.updated_after {
            all = all.add(Column::UpdatedAt.gt(after));
        }
        Ok(all)
    }
}

/// Queries of feedback.
#[derive(Default)]
pub struct FeedbackQuery;

#[Object]
impl FeedbackQuery {
    /// One feedback (phiếu ghi ý kiến); null if there is none or it is not the viewer's to see.
    async fn feedback(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Feedback>> {
        one(ctx, crate::graphql::id::<FeedbackId>(&id)).await
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
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list::seen::<FeedbackId>(ctx, filter.unwrap_or_default().condition(ctx)?, page).await
    }
}
