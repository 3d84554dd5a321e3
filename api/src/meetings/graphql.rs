//! Meetings in GraphQL: the objects and the queries. Long texts, links and items come by loaders, so that a list
//! costs a fixed number of statements and reads no text that nobody asked for.

use std::collections::HashMap;

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
    dataloader::Loader,
};
use entity::{
    agenda_item, document,
    id::{CouncilId, MeetingId, MeetingRecordId},
    meeting::{Column, Entity, Family, Model, Status},
    meeting_council, meeting_delegate, meeting_record, meeting_unit,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Query};

use super::{present::MeetingDelegate, rules::large_bands};
use crate::{
    error::{Code, Error, Refused, Result},
    graphql::{
        filter::WithinUnit,
        history::{HistoryEvent, history},
        input_id,
        list::{self, PageArgs, Total, asks_for_total, without},
        loader::{Rows, rows},
        scalar::{Day, Time},
        short, state, viewer, wire_id,
    },
    store::{
        partition::Audience,
        visibility::{audiences, visible},
    },
};

/// The texts that are read only when they are asked for.
const LONG: &[Column] = &[Column::Agenda, Column::Brief];

/// A voter contact or a session.
#[derive(Clone)]
pub struct Meeting {
    row: Model,
    audience: Audience,
}

impl Loader<MeetingId> for Rows {
    type Value = Meeting;
    type Error = Error;

    async fn load(&self, ids: &[MeetingId]) -> Result<HashMap<MeetingId, Meeting>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let audiences = self.audiences("meeting", &ids).await?;
        let query = Entity::find().filter(Column::Id.is_in(audiences.keys().copied()));
        let rows = without(query, LONG).all(self.state.store.read()).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let audience = *audiences.get(&row.id.0)?;
                Some((row.id, Meeting { row, audience }))
            })
            .collect())
    }
}

/// Agenda and brief of a meeting whose row was loaded.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct TextsOf(MeetingId);

impl Loader<TextsOf> for Rows {
    type Value = (Option<String>, Option<String>);
    type Error = Error;

    async fn load(&self, ids: &[TextsOf]) -> Result<HashMap<TextsOf, Self::Value>> {
        let texts: Vec<(MeetingId, Option<String>, Option<String>)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::Agenda, Column::Brief])
            .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
            .into_tuple()
            .all(self.state.store.read())
            .await?;
        Ok(texts
            .into_iter()
            .map(|(id, agenda, brief)| (TextsOf(id), (agenda, brief)))
            .collect())
    }
}

/// What belongs to a meeting whose row was loaded, by the meeting.
macro_rules! parts {
    ($($key:ident: $table:ident ordered by $($order:ident),+ => $value:ty, $part:expr;)*) => {$(
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        struct $key(MeetingId);

        impl Loader<$key> for Rows {
            type Value = Vec<$value>;
            type Error = Error;

            async fn load(&self, ids: &[$key]) -> Result<HashMap<$key, Self::Value>> {
                let parts = $table::Entity::find()
                    .filter($table::Column::MeetingId.is_in(ids.iter().map(|id| id.0)))
                    $(.order_by_asc($table::Column::$order))+
                    .all(self.state.store.read())
                    .await?;
                let mut found: HashMap<$key, Self::Value> = HashMap::new();
                for part in parts {
                    let (meeting, part): (Option<MeetingId>, $value) = $part(part);
                    if let Some(meeting) = meeting {
                        found.entry($key(meeting)).or_default().push(part);
                    }
                }
                Ok(found)
            }
        }
    )*};
}

parts! {
    UnitsOf: meeting_unit ordered by UnitId => ID,
        |link: meeting_unit::Model| (Some(link.meeting_id), wire_id(link.unit_id));
    CouncilsOf: meeting_council ordered by CouncilId => ID,
        |link: meeting_council::Model| (Some(link.meeting_id), wire_id(link.council_id));
    DelegatesOf: meeting_delegate ordered by DelegateId => MeetingDelegate,
        |link: meeting_delegate::Model| (Some(link.meeting_id), MeetingDelegate::from(link));
    ItemsOf: agenda_item ordered by Position => AgendaItem,
        |row: agenda_item::Model| (Some(row.meeting_id), AgendaItem::from(row));
    DocumentsOf: document ordered by Date, Id => MeetingDocument,
        |row: document::Model| (row.meeting_id, MeetingDocument::from(row));
    RecordIdsOf: meeting_record ordered by Id => MeetingRecordId,
        |row: meeting_record::Model| (Some(row.meeting_id), row.id);
}

/// A point of an agenda (nội dung trình).
#[derive(Clone, Debug, SimpleObject)]
pub struct AgendaItem {
    /// The bare lower-case UUID.
    pub id: ID,
    /// Its place on the agenda, counted from 1.
    pub position: i32,
    /// What it is about.
    pub title: String,
    /// The body that presents it (cơ quan trình).
    pub presenter: Option<String>,
}

impl From<agenda_item::Model> for AgendaItem {
    fn from(row: agenda_item::Model) -> Self {
        Self {
            id: wire_id(row.id),
            position: row.position,
            title: row.title,
            presenter: row.presenter,
        }
    }
}

/// An official document (văn bản) of a meeting: plan, notice, minutes, report.
#[derive(Clone, Debug, SimpleObject)]
pub struct MeetingDocument {
    /// The bare lower-case UUID.
    pub id: ID,
    /// Its type as printed (loại văn bản): `KH`, `BC`, `TB`, `BB`, `GM`, ...
    pub kind: String,
    /// Its number as printed (số, ký hiệu).
    pub number: String,
    /// Its date.
    pub date: Day,
    /// Who signed it (người ký).
    pub signer: Option<String>,
    /// What it is about (trích yếu).
    pub title: String,
}

impl From<document::Model> for MeetingDocument {
    fn from(row: document::Model) -> Self {
        Self {
            id: wire_id(row.id),
            kind: row.kind,
            number: row.number,
            date: Day(row.date),
            signer: row.signer,
            title: row.title,
        }
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

    /// What it is called.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// The council that holds it.
    async fn council_id(&self) -> ID {
        wire_id(self.row.council_id)
    }

    /// All councils whose delegates take part; the one that holds it first.
    async fn council_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        let joint = rows(ctx)?.load_one(CouncilsOf(self.row.id)).await?;
        Ok(std::iter::once(wire_id(self.row.council_id))
            .chain(joint.unwrap_or_default())
            .collect())
    }

    /// The units that it is held for (đơn vị hành chính), as they were then.
    async fn unit_ids(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        Ok(rows(ctx)?
            .load_one(UnitsOf(self.row.id))
            .await?
            .unwrap_or_default())
    }

    /// The delegates who were invited or came (đại biểu được mời, tham dự); public facts.
    async fn delegates(&self, ctx: &Context<'_>) -> Result<Vec<MeetingDelegate>> {
        let delegates = rows(ctx)?.load_one(DelegatesOf(self.row.id)).await?;
        Ok(delegates.unwrap_or_default())
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

    /// Where it is held (địa điểm).
    async fn place(&self) -> Option<&str> {
        self.row.place.as_deref()
    }

    /// When it begins.
    async fn starts_at(&self) -> Option<Time> {
        self.row.starts_at.map(Time)
    }

    /// When it ends.
    async fn ends_at(&self) -> Option<Time> {
        self.row.ends_at.map(Time)
    }

    /// `direct` (trực tiếp), `online` (trực tuyến) or `mixed`.
    async fn mode(&self) -> Option<&str> {
        self.row.mode.as_deref()
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

    /// The agenda as text (chương trình); up to 20,000 characters.
    async fn agenda(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let texts = rows(ctx)?.load_one(TextsOf(self.row.id)).await?;
        Ok(texts.and_then(|(agenda, _)| agenda))
    }

    /// What its delegates should know beforehand (tài liệu tóm tắt cho đại biểu), up to 100,000 characters; null
    /// for everybody else.
    async fn brief(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if self.audience <= Audience::Region {
            return Ok(None);
        }
        let texts = rows(ctx)?.load_one(TextsOf(self.row.id)).await?;
        Ok(texts.and_then(|(_, brief)| brief))
    }

    /// The points of its agenda, in order (nội dung trình).
    async fn agenda_items(&self, ctx: &Context<'_>) -> Result<Vec<AgendaItem>> {
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

    /// What was recorded on the spot, one record for each author; only those that the viewer may see.
    async fn records(&self, ctx: &Context<'_>) -> Result<Vec<MeetingRecord>> {
        let rows = rows(ctx)?;
        let ids = rows.load_one(RecordIdsOf(self.row.id)).await?.unwrap_or_default();
        let mut found = rows.load_many(ids.iter().copied()).await?;
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
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
    /// without counts below five.
    async fn attendance_bands(&self) -> Option<String> {
        let bands = self.row.attendance_bands.as_deref()?;
        if self.audience >= Audience::Internal {
            Some(bands.to_owned())
        } else {
            large_bands(bands)
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
        history(state(ctx)?, "meeting", self.row.id.0, first).await
    }
}

/// What one author recorded of one meeting.
#[derive(Clone)]
pub struct MeetingRecord(meeting_record::Model);

impl Loader<MeetingRecordId> for Rows {
    type Value = MeetingRecord;
    type Error = Error;

    async fn load(&self, ids: &[MeetingRecordId]) -> Result<HashMap<MeetingRecordId, MeetingRecord>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let rows = self
            .visible::<meeting_record::Entity>("meetingRecord", meeting_record::Column::Id, &ids)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(row, _)| (row.id, MeetingRecord(row)))
            .collect())
    }
}

/// What one author wrote down of one meeting (biên bản ghi tại chỗ). Seen by its author and by the council that
/// holds the meeting.
#[Object]
impl MeetingRecord {
    /// The bare lower-case UUID, made on the phone.
    pub(crate) async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The meeting that it is about.
    async fn meeting_id(&self) -> ID {
        wire_id(self.0.meeting_id)
    }

    /// Who wrote it.
    async fn author_id(&self) -> ID {
        wire_id(self.0.author_id)
    }

    /// When the meeting really began.
    async fn started_at(&self) -> Option<Time> {
        self.0.started_at.map(Time)
    }

    /// When it really ended.
    async fn ended_at(&self) -> Option<Time> {
        self.0.ended_at.map(Time)
    }

    /// How many were invited.
    async fn invited(&self) -> Option<i32> {
        self.0.invited
    }

    /// How many came.
    async fn attended(&self) -> Option<i32> {
        self.0.attended
    }

    /// How many spoke.
    async fn speakers(&self) -> Option<i32> {
        self.0.speakers
    }

    /// How many opinions were given.
    async fn opinion_count(&self) -> Option<i32> {
        self.0.opinion_count
    }

    /// Counts by band, `band=count` separated by spaces, codes of the list `attendance_band`.
    async fn attendance_bands(&self) -> Option<&str> {
        self.0.attendance_bands.as_deref()
    }

    /// A draft of the minutes (dự thảo biên bản); up to 100,000 characters.
    async fn minutes_draft(&self) -> Option<&str> {
        self.0.minutes_draft.as_deref()
    }

    /// `draft`, or `closed` once the minutes are signed.
    async fn status(&self) -> &str {
        self.0.status.code()
    }

    /// Whether it came, or was changed, after the minutes were signed or the mandate had ended.
    async fn late(&self) -> bool {
        self.0.late
    }

    /// The row's version, as in sync.
    async fn rev(&self) -> String {
        self.0.rev.to_string()
    }
}

/// Which meetings to list.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MeetingFilter {
    /// Held for these units.
    within_unit: Option<WithinUnit>,
    /// In one of these states.
    status: Option<Vec<String>>,
    /// Of one of these kinds: codes of the lists `contact_kind` and `session_kind`.
    kind: Option<Vec<String>>,
    /// `contact` or `session`.
    family: Option<String>,
    /// Beginning at this moment or later.
    from: Option<Time>,
    /// Beginning before this moment.
    to: Option<Time>,
    /// Changed after this moment.
    updated_after: Option<Time>,
    /// Held by this council, or with it.
    council_id: Option<ID>,
}

impl MeetingFilter {
    fn condition(&self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            let links = Query::select()
                .column(meeting_unit::Column::MeetingId)
                .from(meeting_unit::Entity)
                .and_where(meeting_unit::Column::UnitId.is_in(within.units(ctx)?))
                .to_owned();
            all = all.add(Column::Id.in_subquery(links));
        }
        if let Some(codes) = &self.status {
            short(codes, "status")?;
            let states: Option<Vec<Status>> = codes.iter().map(|code| Status::from_code(code)).collect();
            all = all.add(Column::Status.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(kinds) = &self.kind {
            short(kinds, "kind")?;
            let known = |kind: &String| {
                ["contact_kind", "session_kind"]
                    .iter()
                    .any(|list| crate::codes::find(list, kind).is_some())
            };
            if !kinds.iter().all(known) {
                return Err(Refused::field(Code::UnknownCode, "kind").into());
            }
            all = all.add(Column::Kind.is_in(kinds));
        }
        if let Some(family) = &self.family {
            let family = Family::from_code(family).ok_or(Refused::field(Code::UnknownCode, "family"))?;
            all = all.add(Column::Family.eq(family));
        }
        if let Some(Time(from)) = self.from {
            all = all.add(Column::StartsAt.gte(from));
        }
        if let Some(Time(to)) = self.to {
            all = all.add(Column::StartsAt.lt(to));
        }
        if let Some(Time(after)) = self.updated_after {
            all = all.add(Column::UpdatedAt.gt(after));
        }
        if let Some(council) = &self.council_id {
            let council: CouncilId = input_id(council, "councilId")?;
            let joint = Query::select()
                .column(meeting_council::Column::MeetingId)
                .from(meeting_council::Entity)
                .and_where(meeting_council::Column::CouncilId.eq(council))
                .to_owned();
            all = all.add(
                Condition::any()
                    .add(Column::CouncilId.eq(council))
                    .add(Column::Id.in_subquery(joint)),
            );
        }
        Ok(all)
    }
}

/// Queries of meetings.
#[derive(Default)]
pub struct MeetingQuery;

#[Object]
impl MeetingQuery {
    /// One voter contact or session; null if there is none or it is not the viewer's to see.
    async fn meeting(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Meeting>> {
        match crate::graphql::id::<MeetingId>(&id) {
            Some(id) => rows(ctx)?.load_one(id).await,
            None => Ok(None),
        }
    }

    /// Voter contacts and sessions (cuộc tiếp xúc cử tri, kỳ họp) that the viewer may see, newest entries first.
    /// Exactly one of `first` and `last`, 1 to 100.
    async fn meetings(
        &self,
        ctx: &Context<'_>,
        filter: Option<MeetingFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Meeting, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let query = Entity::find()
            .filter(visible(viewer, "meeting", (Entity, Column::Id)))
            .filter(filter.unwrap_or_default().condition(ctx)?);
        let total = match asks_for_total(ctx) {
            true => Some(list::total(state.store.read(), &query, Column::Id).await?),
            false => None,
        };
        let query = without(query, LONG);
        let slice = list::read(state.store.read(), query, Column::Id, |row| row.id.0, window).await?;
        let ids: Vec<_> = slice.rows.iter().map(|row| row.id.0).collect();
        let audiences = audiences(state.store.read(), viewer, "meeting", &ids).await?;
        Ok(list::connection(
            slice,
            total,
            |row| row.id.0,
            |row| {
                let audience = audiences.get(&row.id.0).copied().unwrap_or(Audience::Public);
                Meeting { row, audience }
            },
        ))
    }
}
