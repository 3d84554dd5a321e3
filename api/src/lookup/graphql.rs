//! The voter's view in GraphQL, and the slip for whoever wrote his words down.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{
    feedback::{Column, Entity},
    id::FeedbackId,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{Part, Seen, look_up, slip, words};
use crate::{
    accounts::graphql::address,
    error::Result,
    feedback::tracking::TrackingCode,
    graphql::{
        code::{CodeEntry, entry_of},
        id,
        scalar::Day,
        state, viewer,
    },
};

/// What became of what a voter said, as far as the holder of his code may know.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct TrackingStatus {
    /// Whether there is something to tell; null when the question has to wait.
    found: Option<bool>,
    /// The state in plain Vietnamese, for the voter himself; also where nothing was found.
    sentence: String,
    /// The day on which it reached the council.
    received_on: Option<Day>,
    /// Where his words are: `accepted` (đã tiếp nhận, waiting for the office), `answered_on_spot` (trả lời tại chỗ),
    /// `returned` (hỏi lại cho rõ: the office asked whoever wrote them down), `grouped` (đã tổng hợp, see `petitions`) or
    /// `withdrawn` (đã rút); null where nothing was found and while one has to wait.
    status: Option<&'static str>,
    /// The petitions that it is part of now; several after a split, at most 20.
    petitions: Vec<TrackedPetition>,
    /// After how many seconds to ask again, because too many unknown codes were asked for.
    retry_after: Option<i32>,
}

/// A petition as far as the holder of a code may know it: states, dates, the kind of body, and what was published.
#[derive(Clone, Debug)]
pub struct TrackedPetition(Part);

/// A petition as far as the holder of a code may know it: states, dates, the kind of body, and what was published.
#[Object]
impl TrackedPetition {
    /// Where it is, in plain Vietnamese.
    async fn sentence(&self) -> String {
        words::of_petition(&self.0)
    }

    /// Where it is, as `Petition.process`: `accepted` (chờ phân loại), `classified` (chờ chuyển), `forwarded` (đã chuyển),
    /// `returned` (nơi nhận trả lại), `answered` (đã trả lời), `assessed` (đã đánh giá), `informed` (đã thông tin lại),
    /// `closed` (kết thúc) or `reopened` (mở lại). What was split or merged is told as the petitions that it became.
    async fn process(&self) -> &str {
        self.0.process.code()
    }

    /// What the answer amounts to (kết quả giải quyết): code of the list `outcome`.
    async fn outcome(&self) -> Option<&str> {
        self.0.outcome.as_deref()
    }

    /// The code's name; list `outcome`.
    async fn outcome_entry(&self) -> Option<CodeEntry> {
        entry_of("outcome", self.0.outcome.as_deref())
    }

    /// The day of the document that forwarded it.
    async fn forwarded_on(&self) -> Option<Day> {
        self.0.forwarded_on.map(Day)
    }

    /// What kind of body has it: code of the list `agency_kind`.
    async fn body_kind(&self) -> Option<&str> {
        self.0.body_kind.as_deref()
    }

    /// The code's name; list `agency_kind`.
    async fn body_kind_entry(&self) -> Option<CodeEntry> {
        entry_of("agency_kind", self.0.body_kind.as_deref())
    }

    /// Whether it lies with the council above (vượt thẩm quyền).
    async fn with_upper_council(&self) -> bool {
        self.0.is_above
    }

    /// When the answer is due, or was, extensions included (hạn trả lời); null while nobody has to keep a day: it was sent
    /// back, or taken up again and not forwarded yet.
    async fn due_on(&self) -> Option<Day> {
        self.0.due_on.map(Day)
    }

    /// Whether the answer is owed and late today.
    async fn is_overdue(&self) -> bool {
        self.0.is_overdue
    }

    /// The day of the newest answer's document; null while no answer counts: it was found wanting, or the petition was taken
    /// up again.
    async fn answered_on(&self) -> Option<Day> {
        self.0.answered_on.map(Day)
    }

    /// Until when the newest answer promised it, for what is deferred or in progress (lộ trình); null where it named no day,
    /// and while no answer counts: it was found wanting, or the petition was taken up again.
    async fn roadmap_on(&self) -> Option<Day> {
        self.0.roadmap_on.map(Day)
    }

    /// The published title; null until one is published.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// The published text of the newest answer; null until it is published, and while no answer counts: it was found
    /// wanting, or the petition was taken up again.
    async fn answer(&self) -> Option<&str> {
        self.0.answer.as_deref()
    }

    /// The day on which the voters were told (thông tin lại cho cử tri).
    async fn informed_on(&self) -> Option<Day> {
        self.0.informed_on.map(Day)
    }

    /// The day on which it was closed.
    async fn closed_on(&self) -> Option<Day> {
        self.0.closed_on.map(Day)
    }
}

/// What a voter takes home.
#[derive(Clone, Debug, SimpleObject)]
pub struct TrackingSlip {
    /// The code: `XXXX-XXXX-C`.
    code: String,
    /// The page where it is looked up, without an account; null where the installation has no public address. A slip to
    /// print is at `/tra-cuu/{code}?in=1`.
    address: Option<String>,
    /// A message without marks, for any telephone: at most 160 characters.
    plain: String,
    /// Its length in the telephone alphabet (GSM 03.38).
    plain_length: i32,
    /// The same with marks: at most 70 characters.
    marked: String,
    /// Its length in UCS-2.
    marked_length: i32,
}

/// Queries of voters, and for them.
#[derive(Default)]
pub struct LookupQuery;

#[Object]
impl LookupQuery {
    /// What became of what a voter said (tra cứu), by the code on his slip; for everybody, without an account. Typed in
    /// any case, with spaces and dashes anywhere. A code that is mistyped, unknown or not yet uploaded is answered by the
    /// same `found: false`; many unknown codes make the next one wait (`retryAfter`).
    async fn tracking_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code on the slip.")] code: String,
    ) -> Result<TrackingStatus> {
        let seen = look_up(state(ctx)?, &code, address(ctx)?).await?;
        Ok(match seen {
            Seen::Nothing => TrackingStatus {
                found: Some(false),
                sentence: words::NOTHING.to_owned(),
                ..TrackingStatus::default()
            },
            Seen::Wait(wait) => {
                let seconds = seconds(wait);
                TrackingStatus {
                    sentence: words::wait(seconds),
                    retry_after: i32::try_from(seconds).ok(),
                    ..TrackingStatus::default()
                }
            }
            Seen::Status(status) => TrackingStatus {
                found: Some(true),
                sentence: words::sentence(&status),
                received_on: Some(Day(status.received_on)),
                status: Some(status.stage.code()),
                petitions: status.petitions.into_iter().map(TrackedPetition).collect(),
                retry_after: None,
            },
        })
    }

    /// The slip of one's own feedback, to be read out, sent or printed for the voter. Null for feedback of others, and
    /// for what has no code.
    async fn tracking_slip(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One's own feedback.")] feedback_id: ID,
    ) -> Result<Option<TrackingSlip>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let (Some(feedback), Some(author)) = (id::<FeedbackId>(&feedback_id), viewer.account_id()) else {
            return Ok(None);
        };
        let row = Entity::find()
            .filter(Column::Id.eq(feedback))
            .filter(Column::AuthorId.eq(author))
            .one(state.store.read())
            .await?;
        let code = row
            .and_then(|row| row.tracking_code)
            .and_then(|code| TrackingCode::parse(&code));
        Ok(code.map(|code| {
            let page = slip::page(state.public_url());
            let (plain, marked) = (
                slip::plain(code, page.as_deref()),
                slip::marked(code, page.as_deref()),
            );
            let length = |message: &slip::Message| i32::try_from(message.length).unwrap_or(i32::MAX);
            TrackingSlip {
                code: code.to_string(),
                plain_length: length(&plain),
                marked_length: length(&marked),
                plain: plain.text,
                marked: marked.text,
                address: page,
            }
        }))
    }
}

/// Whole seconds, rounded up: who comes back a moment too early would be held again.
pub(crate) fn seconds(wait: chrono::Duration) -> i64 {
    (wait.num_milliseconds().max(0) + 999) / 1_000
}
