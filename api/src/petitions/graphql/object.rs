//! A petition in GraphQL, and what hangs on it.

use std::hash::Hash;

use async_graphql::{Context, ID, Object, dataloader::Loader};
use entity::{
    id::{AgencyId, FeedbackId, InformingId, PetitionId, UnitId, UrgingId},
    petition::{Column, Entity, Model},
};
use uuid::Uuid;

use super::{
    documents::{Answer, AnswersOf, Extension, ExtensionsOf, Forwarding, ForwardingsOf},
    followed::{OwnFeedbackOf, PetitionTransfer, Reminder, RemindersOf, TransfersOf},
    links::{Links, links},
};
use crate::{
    agencies::graphql::Agency,
    councils::graphql::Council,
    error::{Error, Result},
    feedback::graphql::{Completeness, Feedback},
    graphql::{
        code::{CodeEntry, entry_of},
        history::{HistoryEvent, history},
        loader::{Noun, Rows, rows, several, text},
        scalar::{Day, Time},
        state, wire_id,
    },
    petitions::{
        forwarding::{is_overdue, is_past_first_due},
        promises::is_promise_late,
        records::{Informing, Urging},
    },
    store::partition::Audience,
    units::graphql::Unit,
};

/// A petition of voters.
#[derive(Clone)]
pub struct Petition {
    row: Model,
    audience: Audience,
}

impl Noun for PetitionId {
    type Object = Petition;
    type Entity = Entity;
    const COLLECTION: &'static str = "petition";
    const ID: Column = Column::Id;
    const LONG: &'static [Column] = &[
        Column::Content,
        Column::PublicContent,
        Column::AnswerText,
        Column::PublicAnswer,
    ];

    fn object(row: Model, audience: Audience) -> Petition {
        Petition { row, audience }
    }
}

async fn wire_ids(ctx: &Context<'_>, key: Links) -> Result<Vec<ID>> {
    Ok(links::<Uuid>(ctx, key).await?.into_iter().map(wire_id).collect())
}

impl Petition {
    /// Whether the viewer is one of those for whom the internal text is.
    fn inside(&self) -> bool {
        self.audience >= Audience::Delegate
    }

    /// Whether the viewer is told of the newest answer: everybody while it counts, those inside also later.
    fn tells_answer(&self) -> bool {
        self.inside() || self.row.answer_counts()
    }

    /// What hangs on it and is for them alone.
    async fn hanging<K, T>(&self, ctx: &Context<'_>, key: K) -> Result<Vec<T>>
    where
        K: Copy + Eq + Hash + Send + Sync + 'static,
        T: Clone + Send + Sync + 'static,
        Rows: Loader<K, Value = Vec<T>, Error = Error>,
    {
        if !self.inside() {
            return Ok(Vec::new());
        }
        Ok(rows(ctx)?.load_one(key).await?.unwrap_or_default())
    }
}

/// A petition of voters (kiến nghị của cử tri), grouped by the office from what voters said.
#[Object]
impl Petition {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// The council's own running number within the year, e.g. `12/2026`.
    async fn number(&self) -> &str {
        &self.row.number
    }

    /// What it is about: the internal title for those who read the internal text, the redacted one for everybody
    /// else; null where there is none.
    async fn title(&self) -> Option<&str> {
        if self.inside() {
            Some(self.row.title.as_str())
        } else {
            self.row.public_title.as_deref()
        }
    }

    /// The text: the internal one for the council, the delegates of the place and the body that answers, the
    /// redacted one for everybody else.
    async fn content(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let column = if self.inside() {
            Column::Content
        } else {
            Column::PublicContent
        };
        text(ctx, self.row.id, column).await
    }

    /// The redacted title; null until one is released.
    async fn public_title(&self) -> Option<&str> {
        self.row.public_title.as_deref()
    }

    /// The redacted text; null until it is published.
    async fn public_content(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        text(ctx, self.row.id, Column::PublicContent).await
    }

    /// The council that owns it.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// The council itself that owns it.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.row.council_id)
    }

    /// The council above, once it went up (vượt thẩm quyền).
    async fn upper_council_id(&self) -> Option<ID> {
        self.row.upper_council_id.map(wire_id)
    }

    /// The council above itself.
    async fn upper_council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.row.upper_council_id)
    }

    /// The units whose voters asked, as they were then.
    async fn unit_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        wire_ids(ctx, Links::Units(self.row.id)).await
    }

    /// The units themselves, as they were then.
    async fn units(&self, ctx: &Context<'_>) -> Result<Vec<Unit>> {
        Unit::all(ctx, links::<UnitId>(ctx, Links::Units(self.row.id)).await?)
    }

    /// The feedback that it was grouped from; empty but for the council's own people.
    async fn feedback_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        if self.audience < Audience::Internal {
            return Ok(Vec::new());
        }
        wire_ids(ctx, Links::Feedback(self.row.id)).await
    }

    /// The feedback itself; empty but for the council's own people.
    async fn feedbacks(&self, ctx: &Context<'_>) -> Result<Vec<Feedback>> {
        if self.audience < Audience::Internal {
            return Ok(Vec::new());
        }
        several(
            ctx,
            &links::<FeedbackId>(ctx, Links::Feedback(self.row.id)).await?,
        )
        .await
    }

    /// Whose words: `voter` or `delegate`, list `origin`; null if both.
    async fn origin(&self) -> Option<&str> {
        self.row.origin.as_deref()
    }

    /// The code's name; list `origin`.
    async fn origin_entry(&self) -> Option<CodeEntry> {
        entry_of("origin", self.row.origin.as_deref())
    }

    /// Code of the list `field` (lĩnh vực).
    async fn field(&self) -> Option<&str> {
        self.row.field.as_deref()
    }

    /// The code's name; list `field`.
    async fn field_entry(&self) -> Option<CodeEntry> {
        entry_of("field", self.row.field.as_deref())
    }

    /// Code of the list `tier` (cấp có thẩm quyền).
    async fn tier(&self) -> Option<&str> {
        self.row.tier.as_deref()
    }

    /// The code's name; list `tier`.
    async fn tier_entry(&self) -> Option<CodeEntry> {
        entry_of("tier", self.row.tier.as_deref())
    }

    /// Where it is: `accepted`, `classified`, `forwarded`, `returned`, `answered`, `assessed`, `informed`, `closed`,
    /// `reopened`, `split` or `merged`.
    async fn process(&self) -> &str {
        self.row.process.code()
    }

    /// What the answer amounts to (kết quả giải quyết): code of the list `outcome`. "Answered" is not "resolved".
    async fn outcome(&self) -> Option<&str> {
        self.row.outcome.as_deref()
    }

    /// The code's name; list `outcome`.
    async fn outcome_entry(&self) -> Option<CodeEntry> {
        entry_of("outcome", self.row.outcome.as_deref())
    }

    /// The body that has it now (cơ quan chủ trì).
    async fn agency_id(&self) -> Option<ID> {
        self.row.agency_id.map(wire_id)
    }

    /// The body itself that has it now.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        Agency::of(ctx, self.row.agency_id)
    }

    /// The bodies that coordinate (cơ quan phối hợp).
    async fn coordinating_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        wire_ids(ctx, Links::Coordinating(self.row.id)).await
    }

    /// The coordinating bodies themselves.
    async fn coordinating(&self, ctx: &Context<'_>) -> Result<Vec<Agency>> {
        Agency::all(
            ctx,
            links::<AgencyId>(ctx, Links::Coordinating(self.row.id)).await?,
        )
    }

    /// Number of the forwarding document.
    async fn forwarded_number(&self) -> Option<&str> {
        self.row.forwarded_number.as_deref()
    }

    /// Date of the forwarding document.
    async fn forwarded_at(&self) -> Option<Day> {
        self.row.forwarded_at.map(Day)
    }

    /// When the answer was first due.
    async fn due_at(&self) -> Option<Day> {
        self.row.due_at.map(Day)
    }

    /// Until when it was extended (gia hạn).
    async fn extended_to(&self) -> Option<Day> {
        self.row.extended_to.map(Day)
    }

    /// Whether the answer is owed and late today.
    async fn is_overdue(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(is_overdue(&self.row, state(ctx)?.clock.today()))
    }

    /// Whether the answer is owed and `dueAt` is over, whatever it was extended to (quá hạn ban đầu).
    async fn is_past_first_due(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(is_past_first_due(&self.row, state(ctx)?.clock.today()))
    }

    /// Whether the newest answer promised something by a day, `roadmapAt`, that is over, and no later answer says what came
    /// of it (quá ngày hứa); also of what is closed.
    async fn is_promise_late(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(is_promise_late(&self.row, state(ctx)?.clock.today()))
    }

    /// How often people urged somebody for it (đôn đốc), whichever body that was; each body's own in `urgingRecords`.
    async fn urgings(&self) -> i32 {
        self.row.urgings
    }

    /// How often the server reminded bodies by itself (nhắc hạn tự động), the lead and those that coordinate; never counted
    /// among `urgings`.
    async fn reminders(&self) -> i32 {
        self.row.reminders
    }

    /// What people did to urge a body, as far as the viewer may see it: the council's own people all of it, a body what was
    /// addressed to it.
    async fn urging_records(&self, ctx: &Context<'_>) -> Result<Vec<Urging>> {
        several(ctx, &links::<UrgingId>(ctx, Links::Urgings(self.row.id)).await?).await
    }

    /// The reminders that the server made, the first first.
    async fn reminder_records(&self, ctx: &Context<'_>) -> Result<Vec<Reminder>> {
        self.hanging(ctx, RemindersOf(self.row.id)).await
    }

    /// The bodies from which it passed to their successors (cơ quan kế thừa), the first first.
    async fn transfers(&self, ctx: &Context<'_>) -> Result<Vec<PetitionTransfer>> {
        self.hanging(ctx, TransfersOf(self.row.id)).await
    }

    /// How, when and by whom voters were told, as far as the viewer may see it.
    async fn informings(&self, ctx: &Context<'_>) -> Result<Vec<Informing>> {
        several(
            ctx,
            &links::<InformingId>(ctx, Links::Informings(self.row.id)).await?,
        )
        .await
    }

    /// Of the feedback that it was made of, what the viewer wrote down himself or heard at meetings that he attended as
    /// a delegate: whom of his voters he has to tell.
    async fn own_feedbacks(&self, ctx: &Context<'_>) -> Result<Vec<Feedback>> {
        let own = rows(ctx)?.load_one(OwnFeedbackOf(self.row.id)).await?;
        several(ctx, &own.unwrap_or_default()).await
    }

    /// The text of the newest answer: the internal one for those who read the internal text, for everybody else what
    /// was released of it. A newer answer shows no text to the public until its own is released. While `outcome` is null it
    /// counts no more: it was found wanting, or the petition was taken up again. Then it is null but for those who read the
    /// internal text.
    async fn answer_text(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if !self.tells_answer() {
            return Ok(None);
        }
        let column = if self.inside() {
            Column::AnswerText
        } else {
            Column::PublicAnswer
        };
        text(ctx, self.row.id, column).await
    }

    /// The redacted text of the newest answer; null until it is released, and while `outcome` is null but for those who read
    /// the internal text.
    async fn public_answer(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if !self.tells_answer() {
            return Ok(None);
        }
        text(ctx, self.row.id, Column::PublicAnswer).await
    }

    /// Number of the newest answer's document; while `outcome` is null only for those who read the internal text.
    async fn answer_number(&self) -> Option<&str> {
        self.row.answer_number.as_deref().filter(|_| self.tells_answer())
    }

    /// Date of the newest answer's document; while `outcome` is null only for those who read the internal text.
    async fn answered_at(&self) -> Option<Day> {
        self.row.answered_at.filter(|_| self.tells_answer()).map(Day)
    }

    /// How the office finds the newest answer: `ok`, `unclear` or `off_point`; list `assessment`.
    async fn assessment(&self) -> Option<&str> {
        self.row.assessment.as_deref().filter(|_| self.inside())
    }

    /// The code's name; list `assessment`.
    async fn assessment_entry(&self) -> Option<CodeEntry> {
        entry_of(
            "assessment",
            self.row.assessment.as_deref().filter(|_| self.inside()),
        )
    }

    /// Until when, for what is deferred or in progress (lộ trình).
    async fn roadmap_at(&self) -> Option<Day> {
        self.row.roadmap_at.map(Day)
    }

    /// What that costs (kinh phí), in millions of đồng (triệu đồng).
    async fn cost_millions(&self) -> Option<i32> {
        self.row.cost_millions
    }

    /// Why it is not resolved: code of the list `unresolved_reason`.
    async fn unresolved_reason(&self) -> Option<&str> {
        self.row.unresolved_reason.as_deref()
    }

    /// What the reason is called; list `unresolved_reason`.
    async fn unresolved_reason_entry(&self) -> Option<CodeEntry> {
        entry_of("unresolved_reason", self.row.unresolved_reason.as_deref())
    }

    /// What voters said last to the newest answer, as told (mức độ hài lòng): code of the list `satisfaction`; last by
    /// when it was told, in whatever order it arrived.
    async fn satisfaction(&self) -> Option<&str> {
        self.row.satisfaction.as_deref().filter(|_| self.inside())
    }

    /// What that is called; list `satisfaction`.
    async fn satisfaction_entry(&self) -> Option<CodeEntry> {
        let said = self.row.satisfaction.as_deref().filter(|_| self.inside());
        entry_of("satisfaction", said)
    }

    /// When the voters were told the newest answer: the first telling, in whatever order they arrived.
    async fn informed_at(&self) -> Option<Time> {
        self.row.informed_at.map(Time)
    }

    /// When it was closed.
    async fn closed_at(&self) -> Option<Time> {
        self.row.closed_at.map(Time)
    }

    /// How often voters had to ask again (đã đề nghị nhiều lần): each earlier petition that is linked counts once, and
    /// each reopening. Goes on with a split or a merger.
    async fn repeats(&self) -> i32 {
        self.row.repeats
    }

    /// What its feedback lacks to be clear work (độ đầy đủ): what one of them tells is told. Null where that is not
    /// known.
    async fn completeness(&self) -> Option<Completeness> {
        Completeness::of(self.row.missing.as_deref())
    }

    /// The earlier petitions for which it asks again (đã đề nghị nhiều lần), as far as the viewer may see them.
    async fn repeat_of(&self, ctx: &Context<'_>) -> Result<Vec<Petition>> {
        if !self.inside() {
            return Ok(Vec::new());
        }
        several(
            ctx,
            &links::<PetitionId>(ctx, Links::RepeatOf(self.row.id)).await?,
        )
        .await
    }

    /// The later petitions that ask for it again, or for what it came of by a split or a merger; of all units, as far as
    /// the viewer may see them.
    async fn repeated_by(&self, ctx: &Context<'_>) -> Result<Vec<Petition>> {
        if !self.inside() {
            return Ok(Vec::new());
        }
        several(
            ctx,
            &links::<PetitionId>(ctx, Links::RepeatedBy(self.row.id)).await?,
        )
        .await
    }

    /// When it last changed.
    async fn updated_at(&self) -> Time {
        Time(self.row.updated_at)
    }

    /// The petitions that it went on as, after a split or a merge.
    async fn successor_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        wire_ids(ctx, Links::Successors(self.row.id)).await
    }

    /// Those of them that the viewer may see.
    async fn successors(&self, ctx: &Context<'_>) -> Result<Vec<Petition>> {
        several(
            ctx,
            &links::<PetitionId>(ctx, Links::Successors(self.row.id)).await?,
        )
        .await
    }

    /// The petitions that it came out of.
    async fn predecessor_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        wire_ids(ctx, Links::Predecessors(self.row.id)).await
    }

    /// Those of them that the viewer may see.
    async fn predecessors(&self, ctx: &Context<'_>) -> Result<Vec<Petition>> {
        several(
            ctx,
            &links::<PetitionId>(ctx, Links::Predecessors(self.row.id)).await?,
        )
        .await
    }

    /// The documents that forwarded it, oldest first.
    async fn forwardings(&self, ctx: &Context<'_>) -> Result<Vec<Forwarding>> {
        self.hanging(ctx, ForwardingsOf(self.row.id)).await
    }

    /// The documents that answered it, oldest first.
    async fn answers(&self, ctx: &Context<'_>) -> Result<Vec<Answer>> {
        self.hanging(ctx, AnswersOf(self.row.id)).await
    }

    /// How its due date moved; both dates stay.
    async fn extensions(&self, ctx: &Context<'_>) -> Result<Vec<Extension>> {
        self.hanging(ctx, ExtensionsOf(self.row.id)).await
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.row.rev.to_string()
    }

    /// What happened to it, oldest first; `first` from 1 to 100. For the council's own people, the delegates of the
    /// place and the body that answers.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        if !self.inside() {
            return Ok(Vec::new());
        }
        history(ctx, "petition", self.row.id.0, first).await
    }
}
