//! A meeting in GraphQL. Long texts, links and items come by loaders, so that a list costs a fixed number of statements
//! and reads no text that nobody asked for.

use async_graphql::{Context, ID, Object};
use entity::{
    id::{CouncilId, MeetingId, UnitId},
    meeting::{Column, Entity, Family, Model},
};

use super::{
    MeetingRecord,
    parts::{
        AgendaItem, BriefOf, CouncilsOf, DelegatesOf, DocumentsOf, ItemsOf, MeetingDocument, RecordIdsOf,
        UnitsOf,
    },
};
use crate::{
    codes,
    councils::graphql::Council,
    documents::{self, DocumentKind},
    error::Result,
    graphql::{
        code::{CodeEntry, entry, entry_of},
        history::{HistoryEvent, history},
        loader::{Noun, one, rows, several, text},
        scalar::{Day, Time},
        viewer, wire_id,
    },
    meetings::{attendance::large_bands, brief, is_told, present::MeetingDelegate},
    rounds::graphql::Round,
    store::partition::{Audience, Partition},
    units::graphql::Unit,
};

/// A voter contact or a session.
#[derive(Clone)]
pub struct Meeting {
    row: Model,
    audience: Audience,
}

impl Noun for MeetingId {
    type Object = Meeting;
    type Entity = Entity;
    const COLLECTION: &'static str = "meeting";
    const ID: Column = Column::Id;
    const LONG: &'static [Column] = &[Column::Agenda, Column::Brief];

    fn object(row: Model, audience: Audience) -> Meeting {
        Meeting { row, audience }
    }
}

impl Meeting {
    /// Whether the viewer reads its free words.
    fn is_told(&self) -> bool {
        is_told(&self.row, self.audience)
    }

    /// All councils whose delegates take part; the one that holds it first.
    async fn all_councils(&self, ctx: &Context<'_>) -> Result<Vec<CouncilId>> {
        let joint = rows(ctx)?.load_one(CouncilsOf(self.row.id)).await?;
        Ok(std::iter::once(self.row.council_id)
            .chain(joint.unwrap_or_default())
            .collect())
    }

    async fn all_units(&self, ctx: &Context<'_>) -> Result<Vec<UnitId>> {
        Ok(rows(ctx)?
            .load_one(UnitsOf(self.row.id))
            .await?
            .unwrap_or_default())
    }
}

/// A meeting (hoạt động): a voter contact (cuộc tiếp xúc cử tri) or a session (kỳ họp).
#[Object]
impl Meeting {
    /// The bare lower-case UUID.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// `contact` (tiếp xúc cử tri) or `session` (kỳ họp).
    async fn family(&self) -> &str {
        self.row.family.code()
    }

    /// Code of the list `contact_kind` or `session_kind`: before or after a session, thematic, regular, ...
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// What the kind is called; list `contact_kind` or `session_kind`.
    async fn kind_entry(&self) -> Option<CodeEntry> {
        let list = match self.row.family {
            Family::Contact => "contact_kind",
            Family::Session => "session_kind",
        };
        entry(list, &self.row.kind)
    }

    /// What it is called; for outsiders the name of its kind, until it is public.
    async fn title(&self, ctx: &Context<'_>) -> Result<String> {
        if self.is_told() {
            return Ok(self.row.title.clone());
        }
        let kind = match self.row.family {
            Family::Contact => "contact_kind",
            Family::Session => "session_kind",
        };
        let lang = viewer(ctx)?.lang;
        let entry = codes::find(kind, &self.row.kind);
        Ok(entry.map_or_else(String::new, |entry| entry.label(lang).to_owned()))
    }

    /// The council that holds it.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// The council itself that holds it.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        Council::of(ctx, self.row.council_id)
    }

    /// All councils whose delegates take part; the one that holds it first.
    async fn council_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        Ok(self.all_councils(ctx).await?.into_iter().map(wire_id).collect())
    }

    /// All councils themselves that take part; the one that holds it first.
    async fn councils(&self, ctx: &Context<'_>) -> Result<Vec<Council>> {
        Council::all(ctx, self.all_councils(ctx).await?)
    }

    /// The delegates who were invited or came (đại biểu được mời, tham dự); public facts.
    async fn delegates(&self, ctx: &Context<'_>) -> Result<Vec<MeetingDelegate>> {
        let delegates = rows(ctx)?.load_one(DelegatesOf(self.row.id)).await?;
        let delegates = delegates.unwrap_or_default().into_iter();
        Ok(delegates
            .map(|delegate| delegate.seen_by(self.audience))
            .collect())
    }

    /// The units that it is held for (đơn vị hành chính), as they were then.
    async fn unit_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        Ok(self.all_units(ctx).await?.into_iter().map(wire_id).collect())
    }

    /// The units themselves, as they were then.
    async fn units(&self, ctx: &Context<'_>) -> Result<Vec<Unit>> {
        Unit::all(ctx, self.all_units(ctx).await?)
    }

    /// Who recorded it, for a delegate's own unplanned contact; null outside the council.
    async fn author_id(&self) -> Option<ID> {
        self.row
            .author_id
            .filter(|_| self.audience >= Audience::Internal)
            .map(wire_id)
    }

    /// The round of contacts that it belongs to (đợt tiếp xúc cử tri).
    async fn round_id(&self) -> Option<ID> {
        self.row.round_id.map(wire_id)
    }

    /// The round itself; null if the viewer may not see it.
    async fn round(&self, ctx: &Context<'_>) -> Result<Option<Round>> {
        one(ctx, self.row.round_id).await
    }

    /// Why a voter contact belongs to no round; code of the list `outside_round`. Null for a contact of a round and
    /// for a session.
    async fn outside_round(&self) -> Option<&str> {
        self.row.outside_round.as_deref()
    }

    /// What that reason is called; list `outside_round`.
    async fn outside_round_entry(&self) -> Option<CodeEntry> {
        entry_of("outside_round", self.row.outside_round.as_deref())
    }

    /// Where it is held (địa điểm); null for outsiders until it is public.
    async fn place(&self) -> Option<&str> {
        self.row.place.as_deref().filter(|_| self.is_told())
    }

    /// When it begins.
    async fn starts_at(&self) -> Option<Time> {
        self.row.starts_at.map(Time)
    }

    /// When it ends.
    async fn ends_at(&self) -> Option<Time> {
        self.row.ends_at.map(Time)
    }

    /// `direct` (trực tiếp), `online` (trực tuyến) or `mixed`; list `contact_mode`.
    async fn mode(&self) -> Option<&str> {
        self.row.mode.as_deref()
    }

    /// What the mode is called; list `contact_mode`.
    async fn mode_entry(&self) -> Option<CodeEntry> {
        entry_of("contact_mode", self.row.mode.as_deref())
    }

    /// Where it is on its road: `proposed`, `approved`, `notified`, `documents_sent`, `open`, `suspended`, `held`,
    /// `postponed`, `cancelled`, `minutes_drafted`, `minutes_signed`, `synthesised`, `reported`,
    /// `results_informed`.
    async fn status(&self) -> &str {
        self.row.status.code()
    }

    /// The number of a session within the council's term (kỳ họp thứ mấy).
    async fn ordinal(&self) -> Option<i32> {
        self.row.ordinal
    }

    /// The number of the plan that approves it (số kế hoạch), as printed.
    async fn plan_number(&self) -> Option<&str> {
        self.row.plan_number.as_deref()
    }

    /// The date of that plan.
    async fn plan_date(&self) -> Option<Day> {
        self.row.plan_date.map(Day)
    }

    /// The agenda as text (chương trình); up to 20,000 characters. Null for outsiders until the meeting is public.
    async fn agenda(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if !self.is_told() {
            return Ok(None);
        }
        text(ctx, self.row.id, Column::Agenda).await
    }

    /// What its delegates should know beforehand (tài liệu tóm tắt cho đại biểu); null for everybody else. For a
    /// voter contact of the next 30 days it is JSON that the server makes of the records and keeps up to date, at
    /// most 8 KiB beside the office's own words (`note`): see docs/sync.md. Until it is made, the office's words.
    async fn brief(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if self.audience <= Audience::Region {
            return Ok(None);
        }
        let made = rows(ctx)?.load_one(BriefOf(self.row.id)).await?;
        let made = made.and_then(|made| made.into_iter().next());
        let note = text(ctx, self.row.id, Column::Brief).await?;
        Ok(brief::told(made.as_deref(), note.as_deref(), self.audience))
    }

    /// What the office itself wrote for the delegates, up to 100,000 characters; null for everybody else.
    async fn brief_note(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if self.audience <= Audience::Region {
            return Ok(None);
        }
        text(ctx, self.row.id, Column::Brief).await
    }

    /// The points of its agenda, in order (nội dung trình); empty for outsiders until the meeting is public.
    async fn agenda_items(&self, ctx: &Context<'_>) -> Result<Vec<AgendaItem>> {
        if !self.is_told() {
            return Ok(Vec::new());
        }
        Ok(rows(ctx)?
            .load_one(ItemsOf(self.row.id))
            .await?
            .unwrap_or_default())
    }

    /// Its official documents by date (văn bản); empty for those who are not delegates of its place or its council.
    async fn documents(&self, ctx: &Context<'_>) -> Result<Vec<MeetingDocument>> {
        if self.audience <= Audience::Region {
            return Ok(Vec::new());
        }
        let documents = rows(ctx)?.load_one(DocumentsOf(self.row.id)).await?;
        Ok(documents.unwrap_or_default())
    }

    /// A document to be printed and signed (.docx): of a voter contact its minutes (biên bản), of a session the results of
    /// petitions (kết quả giải quyết kiến nghị). A path on this server, read with the same token (docs/documents.md). Null
    /// outside the council that holds it; minutes are there for every council that takes part, each makes its own.
    async fn document_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let kind = match self.row.family {
            Family::Contact => DocumentKind::ContactMinutes,
            Family::Session => DocumentKind::PetitionResults,
        };
        let councils = match self.row.family {
            Family::Contact => self.all_councils(ctx).await?,
            Family::Session => vec![self.row.council_id],
        };
        let viewer = viewer(ctx)?;
        let reads = councils
            .into_iter()
            .any(|council| viewer.reads(Partition::Council(council)));
        Ok(reads.then(|| documents::url(kind, self.row.id)))
    }

    /// What was recorded on the spot, one record for each author; only those that the viewer may see.
    async fn records(&self, ctx: &Context<'_>) -> Result<Vec<MeetingRecord>> {
        let ids = rows(ctx)?.load_one(RecordIdsOf(self.row.id)).await?;
        several(ctx, &ids.unwrap_or_default()).await
    }

    /// How many were invited.
    async fn invited(&self) -> Option<i32> {
        self.row.invited
    }

    /// How many came (số cử tri tham dự).
    async fn attended(&self) -> Option<i32> {
        self.row.attended
    }

    /// How many spoke (số lượt phát biểu).
    async fn speakers(&self) -> Option<i32> {
        self.row.speakers
    }

    /// How many opinions were given (số ý kiến, kiến nghị).
    async fn opinions(&self) -> Option<i32> {
        self.row.opinions
    }

    /// Counts by band, `band=count` separated by spaces, codes of the list `attendance_band`; outside the council
    /// without counts below five, and without those from which, with the number of those who came, a smaller one follows.
    async fn attendance_bands(&self) -> Option<String> {
        let bands = self.row.attendance_bands.as_deref()?;
        if self.audience >= Audience::Internal {
            Some(bands.to_owned())
        } else {
            large_bands(bands, self.row.attended)
        }
    }

    /// Whether everybody may read of it (công khai).
    async fn is_public(&self) -> bool {
        self.row.is_public
    }

    /// When it last changed.
    async fn updated_at(&self) -> Time {
        Time(self.row.updated_at)
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.row.rev.to_string()
    }

    /// What happened to it, oldest first; `first` from 1 to 100. Empty outside the council.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        if self.audience < Audience::Internal {
            return Ok(Vec::new());
        }
        history(ctx, "meeting", self.row.id.0, first).await
    }
}
