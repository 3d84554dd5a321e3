//! Voter contacts: how many points, voters, speakers and opinions, and what became of the opinions.
//!
//! Figures are counts and never names. What is counted from feedback is told to those who count for a council or a
//! province; who merely sees that a meeting took place gets empty cells, never a zero.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{
    feedback, forwarding, forwarding_petition,
    id::{ForwardingId, MeetingId, PetitionId, UnitId},
    meeting::{self, Family, Status},
    meeting_record, meeting_unit, petition, petition_lineage,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Query,
};
use uuid::Uuid;

use super::{After, Column, Export, Page, Scope, column, csv::Cell, label, unit_cells, unit_now};
use crate::{
    clock::local_date,
    error::Result,
    graphql::list::without,
    store::{
        partition::Audience,
        visibility::{audiences, visible},
    },
};

/// Contacts in one page.
const PAGE: usize = 200;

const UNIT_CODE: Column = column(
    "unit_code",
    "Mã đơn vị",
    "Official code of the council's unit, as of today",
);
const UNIT_NAME: Column = column(
    "unit_name",
    "Đơn vị",
    "Its name; unallocated where the former unit became several",
);
const ROUND: Column = column(
    "round_id",
    "Đợt",
    "Id of the round; empty for a contact outside of rounds",
);
const KIND: Column = column("kind", "Mã loại", "Code of the list `contact_kind`");
const KIND_LABEL: Column = column("kind_label", "Loại", "Its label");
const VOTERS: Column = column(
    "voters",
    "Số cử tri dự",
    "Voters who attended: the office's figure, else the one on which the delegates' records agree",
);
const SPEAKERS: Column = column("speakers", "Lượt phát biểu", "Voters who spoke, taken likewise");
const OPINIONS: Column = column(
    "opinions",
    "Số ý kiến, kiến nghị",
    "Opinions and petitions as stated, taken likewise; where nobody stated it, as recorded",
);
const RECORDED: Column = column(
    "opinions_recorded",
    "Số ý kiến đã ghi phiếu",
    "Feedbacks recorded at the contact, without those withdrawn and without denunciations; \
     = answered_on_spot + forwarded + not_forwarded",
);
const ON_SPOT: Column = column(
    "answered_on_spot",
    "Trả lời tại chỗ",
    "Of these, answered on the spot and not forwarded",
);
const FORWARDED: Column = column(
    "forwarded",
    "Chuyển cơ quan giải quyết",
    "Of these, part of a petition that was forwarded by a document of the cut-off date or before, also after a split \
     or a merger; = central + province + commune + other",
);
const CENTRAL: Column = column(
    "forwarded_central",
    "Chuyển cấp trung ương",
    "Of these, of the tier `central`",
);
const PROVINCE: Column = column(
    "forwarded_province",
    "Chuyển cấp tỉnh",
    "Of these, of the tier `province`",
);
const COMMUNE: Column = column(
    "forwarded_commune",
    "Chuyển cấp xã",
    "Of these, of the tier `commune`",
);
const OTHER: Column = column(
    "forwarded_other",
    "Chuyển nơi khác",
    "Of these, of another tier or not yet classified",
);
const WAITING: Column = column("not_forwarded", "Chưa chuyển", "The rest of those recorded");

/// Table 4.
pub(super) const COLUMNS: &[Column] = &[
    UNIT_CODE,
    UNIT_NAME,
    ROUND,
    KIND,
    KIND_LABEL,
    column(
        "points",
        "Số cuộc (điểm)",
        "Contacts that took place in the period",
    ),
    column(
        "points_without_figures",
        "Số cuộc chưa đủ số liệu",
        "Of these, contacts of which voters, speakers or opinions are not known; the sums leave them out",
    ),
    VOTERS,
    SPEAKERS,
    OPINIONS,
    RECORDED,
    ON_SPOT,
    FORWARDED,
    CENTRAL,
    PROVINCE,
    COMMUNE,
    OTHER,
    WAITING,
];

/// Each contact.
pub(super) const POINT_COLUMNS: &[Column] = &[
    column("id", "Mã cuộc", "Id of the contact, as in the API"),
    column("date", "Ngày", "The day on which it began, in Vietnam"),
    column("title", "Nội dung", "Its title"),
    column("place", "Địa điểm", "Where it took place"),
    column(
        "held_for_codes",
        "Mã đơn vị tổ chức",
        "Codes of the units that it was held for, as they were then, separated by spaces",
    ),
    UNIT_CODE,
    UNIT_NAME,
    ROUND,
    KIND,
    KIND_LABEL,
    column("status", "Trạng thái", "Where its minutes and reports stand now"),
    VOTERS,
    SPEAKERS,
    OPINIONS,
    RECORDED,
    ON_SPOT,
    FORWARDED,
    CENTRAL,
    PROVINCE,
    COMMUNE,
    OTHER,
    WAITING,
];

/// What became of the opinions recorded at a contact; each is in exactly one of these.
#[derive(Clone, Copy, Default)]
struct Opinions {
    on_spot: i64,
    /// By tier: central, province, commune, other.
    forwarded: [i64; 4],
    waiting: i64,
}

impl Opinions {
    fn sent(&self) -> i64 {
        self.forwarded.iter().sum()
    }

    fn all(&self) -> i64 {
        self.on_spot + self.sent() + self.waiting
    }

    fn add(&mut self, other: &Self) {
        self.on_spot += other.on_spot;
        self.waiting += other.waiting;
        for (sum, part) in self.forwarded.iter_mut().zip(other.forwarded) {
            *sum += part;
        }
    }

    fn cells(this: Option<&Self>) -> Vec<Cell> {
        let Some(this) = this else {
            return (0..8).map(|_| Cell::Empty).collect();
        };
        let mut cells = vec![this.all().into(), this.on_spot.into(), this.sent().into()];
        cells.extend(this.forwarded.map(Cell::from));
        cells.push(this.waiting.into());
        cells
    }
}

/// A contact with its figures.
struct Point {
    row: meeting::Model,
    held_for: Vec<UnitId>,
    voters: Option<i64>,
    speakers: Option<i64>,
    opinions: Option<i64>,
    became: Option<Opinions>,
}

/// Each contact, a page of them.
pub(super) async fn points(export: &Export, after: Option<After>) -> Result<Page> {
    let (points, next) = read(export, after).await?;
    let reference = export.state.reference();
    let lang = export.viewer.lang;
    let rows = points.into_iter().map(|point| {
        let codes: Vec<&str> = point
            .held_for
            .iter()
            .filter_map(|unit| Some(reference.units.get(*unit)?.code.as_str()))
            .collect();
        let now = reference
            .council(point.row.council_id)
            .and_then(|council| unit_now(&reference.units, council.unit_id, export.scope.today));
        let mut row = vec![
            point.row.id.0.into(),
            point.row.starts_at.map(local_date).into(),
            Cell::text(&point.row.title),
            point.row.place.clone().into(),
            Cell::Plain(codes.join(" ")),
        ];
        row.extend(unit_cells(now, lang));
        row.push(point.row.round_id.into());
        row.push(Cell::Plain(point.row.kind.clone()));
        row.push(label("contact_kind", &point.row.kind, lang));
        row.push(Cell::Plain(point.row.status.code().to_owned()));
        row.extend([point.voters, point.speakers, point.opinions].map(Cell::from));
        row.extend(Opinions::cells(point.became.as_ref()));
        row.extend(export.scope.closing());
        row
    });
    Ok(Page {
        rows: rows.collect(),
        next,
    })
}

/// Sums of known figures; nothing as long as none was known.
#[derive(Default)]
struct Sums {
    points: i64,
    without_figures: i64,
    voters: Option<i64>,
    speakers: Option<i64>,
    opinions: Option<i64>,
    became: Option<Opinions>,
}

impl Sums {
    fn add(&mut self, point: &Point) {
        let figures = [point.voters, point.speakers, point.opinions];
        self.points += 1;
        self.without_figures += i64::from(figures.iter().any(Option::is_none));
        let sums = [&mut self.voters, &mut self.speakers, &mut self.opinions];
        for (sum, figure) in sums.into_iter().zip(figures) {
            if let Some(figure) = figure {
                *sum.get_or_insert(0) += figure;
            }
        }
        if let Some(became) = &point.became {
            self.became.get_or_insert_default().add(became);
        }
    }
}

/// Table 4: unit x round x kind.
pub(super) async fn table(export: &Export) -> Result<Page> {
    let reference = export.state.reference();
    let mut groups: BTreeMap<(Option<UnitId>, Option<Uuid>, String), Sums> = BTreeMap::new();
    let mut after = None;
    loop {
        let (points, next) = read(export, after).await?;
        for point in points {
            let now = reference
                .council(point.row.council_id)
                .and_then(|council| unit_now(&reference.units, council.unit_id, export.scope.today))
                .map(|unit| unit.id);
            let key = (now, point.row.round_id, point.row.kind.clone());
            groups.entry(key).or_default().add(&point);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    let lang = export.viewer.lang;
    let rows = groups.into_iter().map(|((unit, round, kind), sums)| {
        let mut row: Vec<Cell> = unit_cells(unit.and_then(|unit| reference.units.get(unit)), lang).into();
        row.push(round.into());
        row.push(Cell::Plain(kind.clone()));
        row.push(label("contact_kind", &kind, lang));
        row.push(sums.points.into());
        row.push(sums.without_figures.into());
        row.extend([sums.voters, sums.speakers, sums.opinions].map(Cell::from));
        row.extend(Opinions::cells(sums.became.as_ref()));
        row.extend(export.scope.closing());
        row
    });
    Ok(Page {
        rows: rows.collect(),
        next: None,
    })
}

/// The contacts that took place in the period, as far as the viewer may see them, oldest first.
async fn read(export: &Export, after: Option<After>) -> Result<(Vec<Point>, Option<After>)> {
    use meeting::{Column, Entity};
    let conn = export.state.store.read();
    let scope = &export.scope;
    let over = Status::ALL.iter().copied().filter(|status| status.is_over());
    let query = Entity::find()
        .filter(Column::Family.eq(Family::Contact))
        .filter(Column::Status.is_in(over))
        .filter(Column::StartsAt.gte(scope.start))
        .filter(Column::StartsAt.lt(scope.end))
        .filter(within(scope))
        .filter(visible(&export.viewer, "meeting", (Entity, Column::Id)))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .limit(PAGE as u64);
    let query = match after {
        None => query,
        Some(after) => query.filter(
            Condition::any().add(Column::StartsAt.gt(after.at)).add(
                Condition::all()
                    .add(Column::StartsAt.eq(after.at))
                    .add(Column::Id.gt(after.id)),
            ),
        ),
    };
    let rows = without(query, &[Column::Agenda, Column::Brief]).all(conn).await?;
    let next = rows.last().filter(|_| rows.len() == PAGE).and_then(|row| {
        Some(After {
            at: row.starts_at?,
            id: row.id.0,
        })
    });

    let ids: Vec<MeetingId> = rows.iter().map(|row| row.id).collect();
    let mut held_for: HashMap<MeetingId, Vec<UnitId>> = HashMap::new();
    let links = meeting_unit::Entity::find()
        .filter(meeting_unit::Column::MeetingId.is_in(ids.iter().copied()))
        .all(conn)
        .await?;
    for link in links {
        held_for.entry(link.meeting_id).or_default().push(link.unit_id);
    }
    let bare: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let counting: BTreeSet<MeetingId> = audiences(conn, &export.viewer, "meeting", &bare)
        .await?
        .into_iter()
        .filter(|(_, audience)| matches!(audience, Audience::Region | Audience::Internal | Audience::Own))
        .map(|(id, _)| MeetingId(id))
        .collect();
    let mut stated = recorded_figures(conn, &counting).await?;
    let mut became = opinions(conn, &counting, scope).await?;
    let points = rows
        .into_iter()
        .map(|row| {
            let stated = stated.remove(&row.id).unwrap_or_default();
            let became = counting
                .contains(&row.id)
                .then(|| became.remove(&row.id).unwrap_or_default());
            let figure = |office: Option<i32>, agreed: Agreed| office.map(i64::from).or(agreed.figure());
            Point {
                held_for: held_for.remove(&row.id).unwrap_or_default(),
                voters: figure(row.attended, stated.voters),
                speakers: figure(row.speakers, stated.speakers),
                opinions: figure(row.opinions, stated.opinions).or_else(|| {
                    became
                        .as_ref()
                        .map(Opinions::all)
                        .filter(|recorded| *recorded > 0)
                }),
                became,
                row,
            }
        })
        .collect();
    Ok((points, next))
}

/// Held for one of the units, or by one of their councils.
fn within(scope: &Scope) -> Condition {
    let held_for = Query::select()
        .column(meeting_unit::Column::MeetingId)
        .from(meeting_unit::Entity)
        .and_where(meeting_unit::Column::UnitId.is_in(scope.units.iter().copied()))
        .to_owned();
    Condition::any()
        .add(meeting::Column::Id.in_subquery(held_for))
        .add(meeting::Column::CouncilId.is_in(scope.councils.iter().copied()))
}

/// A figure on which several records agree, or do not.
#[derive(Clone, Copy, Default)]
enum Agreed {
    #[default]
    Unknown,
    All(i32),
    Disputed,
}

impl Agreed {
    fn heard(&mut self, figure: Option<i32>) {
        *self = match (*self, figure) {
            (same, None) => same,
            (Self::Unknown, Some(figure)) => Self::All(figure),
            (Self::All(known), Some(figure)) if known == figure => Self::All(known),
            _ => Self::Disputed,
        };
    }

    fn figure(self) -> Option<i64> {
        match self {
            Self::All(figure) => Some(figure.into()),
            Self::Unknown | Self::Disputed => None,
        }
    }
}

/// What the delegates' own records of a contact say.
#[derive(Clone, Copy, Default)]
struct Stated {
    voters: Agreed,
    speakers: Agreed,
    opinions: Agreed,
}

async fn recorded_figures<C: ConnectionTrait>(
    conn: &C,
    meetings: &BTreeSet<MeetingId>,
) -> Result<HashMap<MeetingId, Stated>> {
    use meeting_record::{Column, Entity};
    type Record = (MeetingId, Option<i32>, Option<i32>, Option<i32>);
    let records: Vec<Record> = Entity::find()
        .select_only()
        .columns([
            Column::MeetingId,
            Column::Attended,
            Column::Speakers,
            Column::OpinionCount,
        ])
        .filter(Column::MeetingId.is_in(meetings.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    let mut stated: HashMap<MeetingId, Stated> = HashMap::new();
    for (meeting, attended, speakers, opinions) in records {
        let stated = stated.entry(meeting).or_default();
        stated.voters.heard(attended);
        stated.speakers.heard(speakers);
        stated.opinions.heard(opinions);
    }
    Ok(stated)
}

async fn opinions<C: ConnectionTrait>(
    conn: &C,
    meetings: &BTreeSet<MeetingId>,
    scope: &Scope,
) -> Result<HashMap<MeetingId, Opinions>> {
    use feedback::{Column, Entity};
    let said: Vec<(Option<MeetingId>, Option<bool>, Option<PetitionId>)> = Entity::find()
        .select_only()
        .columns([Column::MeetingId, Column::AnsweredOnSpot, Column::PetitionId])
        .filter(Column::MeetingId.is_in(meetings.iter().copied()))
        .filter(Column::Status.ne(feedback::Status::Withdrawn))
        .filter(Column::Kind.ne("denunciation"))
        .into_tuple()
        .all(conn)
        .await?;
    let petitions = said.iter().filter_map(|(.., petition)| *petition).collect();
    let sent = Sent::read(conn, petitions, scope).await?;
    let mut became: HashMap<MeetingId, Opinions> = HashMap::new();
    for (meeting, on_spot, petition) in said {
        let Some(meeting) = meeting else { continue };
        let became = became.entry(meeting).or_default();
        match petition.and_then(|petition| sent.tier(petition)) {
            Some(tier) => became.forwarded[tier] += 1,
            None if on_spot == Some(true) => became.on_spot += 1,
            None => became.waiting += 1,
        }
    }
    Ok(became)
}

/// Which petitions, or those that came of them by splits and mergers, were forwarded.
struct Sent {
    became: HashMap<PetitionId, Vec<PetitionId>>,
    tiers: HashMap<PetitionId, usize>,
}

impl Sent {
    async fn read<C: ConnectionTrait>(
        conn: &C,
        petitions: BTreeSet<PetitionId>,
        scope: &Scope,
    ) -> Result<Self> {
        let mut became: HashMap<PetitionId, Vec<PetitionId>> = HashMap::new();
        let mut all = petitions.clone();
        let mut open = petitions;
        while !open.is_empty() {
            let edges = petition_lineage::Entity::find()
                .filter(petition_lineage::Column::FromId.is_in(open.iter().copied()))
                .filter(petition_lineage::Column::At.lt(scope.end))
                .all(conn)
                .await?;
            open.clear();
            for edge in edges {
                became.entry(edge.from_id).or_default().push(edge.to_id);
                if all.insert(edge.to_id) {
                    open.insert(edge.to_id);
                }
            }
        }
        let links = forwarding_petition::Entity::find()
            .filter(forwarding_petition::Column::PetitionId.is_in(all))
            .all(conn)
            .await?;
        let documents: BTreeSet<ForwardingId> = links.iter().map(|link| link.forwarding_id).collect();
        let in_time: Vec<ForwardingId> = forwarding::Entity::find()
            .select_only()
            .column(forwarding::Column::Id)
            .filter(forwarding::Column::Id.is_in(documents))
            .filter(forwarding::Column::DocumentDate.lte(scope.cut_off))
            .into_tuple()
            .all(conn)
            .await?;
        let in_time: BTreeSet<ForwardingId> = in_time.into_iter().collect();
        let sent: BTreeSet<PetitionId> = links
            .into_iter()
            .filter(|link| in_time.contains(&link.forwarding_id))
            .map(|link| link.petition_id)
            .collect();
        let tiers: Vec<(PetitionId, Option<String>)> = petition::Entity::find()
            .select_only()
            .columns([petition::Column::Id, petition::Column::Tier])
            .filter(petition::Column::Id.is_in(sent))
            .into_tuple()
            .all(conn)
            .await?;
        let tiers = tiers.into_iter().map(|(id, tier)| {
            let place = match tier.as_deref() {
                Some("central") => 0,
                Some("province") => 1,
                Some("commune") => 2,
                _ => 3,
            };
            (id, place)
        });
        Ok(Self {
            became,
            tiers: tiers.collect(),
        })
    }

    /// The highest tier to which it went, if it went anywhere.
    fn tier(&self, petition: PetitionId) -> Option<usize> {
        let mut seen = BTreeSet::from([petition]);
        let mut open = vec![petition];
        let mut highest = None;
        while let Some(next) = open.pop() {
            if let Some(tier) = self.tiers.get(&next) {
                highest = Some(highest.map_or(*tier, |known: usize| known.min(*tier)));
            }
            let heirs = self.became.get(&next).into_iter().flatten();
            open.extend(heirs.copied().filter(|heir| seen.insert(*heir)));
        }
        highest
    }
}
