//! Petitions: what was asked, who answered, with which outcome, and how many are left.
//!
//! Process and outcome are two axes: "done" is a petition that was closed after its voters were told, whatever the
//! answer amounted to; "resolved" is an outcome. Every summary adds up to the rows of the first table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    answer, answer_petition,
    id::{AgencyId, AnswerId, PetitionId, UnitId},
    petition::{self, Process},
    petition_lineage, petition_unit,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Query,
};
use uuid::Uuid;

use super::{After, Column, Export, Page, Scope, column, csv::Cell, label, unit_cells, unit_now};
use crate::{
    codes,
    error::{Lang, Result},
    graphql::list::without,
    store::{
        partition::Audience,
        reference::Reference,
        visibility::{audiences, visible},
    },
};

/// Petitions in one page.
const PAGE: usize = 500;

/// The outcome of what nobody has answered.
const NOT_ANSWERED: &str = "not_answered";

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
const AGENCY_ID: Column = column(
    "agency_id",
    "Mã cơ quan",
    "Id of the body that answered, else of the one that has it; empty where nobody has it yet",
);
const AGENCY: Column = column(
    "agency",
    "Cơ quan trả lời",
    "Its name; of the council above where the petition lies there and went no further",
);
const FIELD: Column = column(
    "field",
    "Mã lĩnh vực",
    "Code of the list `field`; empty until it is classified",
);
const FIELD_LABEL: Column = column("field_label", "Lĩnh vực", "Its label");
const TOTAL: Column = column(
    "total",
    "Tổng số",
    "All petitions of the period; = the sum of the outcomes",
);

macro_rules! by_outcome {
    ($($first:expr),+) => {
        &[
            $($first,)+
            TOTAL,
            column("resolved", "Đã giải quyết xong", "Outcome `resolved`"),
            column("in_progress", "Đang giải quyết", "Outcome `in_progress`"),
            column("explained", "Đã giải trình, cung cấp thông tin", "Outcome `explained`"),
            column("not_resolved", "Chưa giải quyết được", "Outcome `not_resolved`"),
            column("deferred", "Tạm gác lại, có lộ trình", "Outcome `deferred`"),
            column("out_of_competence", "Không thuộc thẩm quyền, đã chuyển", "Outcome `out_of_competence`"),
            column("not_answered", "Chưa trả lời", "Outcome `not_answered`, or no answer by the cut-off date"),
        ]
    };
}

/// The outcomes, in the order of the columns.
const OUTCOMES: [&str; 7] = [
    "resolved",
    "in_progress",
    "explained",
    "not_resolved",
    "deferred",
    "out_of_competence",
    NOT_ANSWERED,
];

/// Table 5.
pub(super) const COLUMNS: &[Column] = &[
    column("id", "Mã kiến nghị", "Id of the petition, as in the API"),
    column("number", "Số", "The council's own running number within the year"),
    column(
        "title",
        "Tiêu đề",
        "What it is about; empty for readers from outside until it is published",
    ),
    column(
        "content",
        "Nội dung kiến nghị",
        "What is asked; readers from outside get the redacted text, or nothing",
    ),
    UNIT_CODE,
    UNIT_NAME,
    column(
        "voters_unit_codes",
        "Mã đơn vị của cử tri",
        "Codes of the units whose voters asked, as they were then, separated by spaces",
    ),
    FIELD,
    FIELD_LABEL,
    column(
        "tier",
        "Thẩm quyền",
        "Code of the list `tier`; empty until it is classified",
    ),
    AGENCY_ID,
    AGENCY,
    column(
        "answer_number",
        "Số văn bản trả lời",
        "Number of the latest answer dated by the cut-off date",
    ),
    column("answer_date", "Ngày trả lời", "Date of that answer"),
    column(
        "outcome",
        "Mã kết quả",
        "What that answer amounts to: code of the list `outcome`",
    ),
    column("outcome_label", "Kết quả", "Its label"),
    column(
        "roadmap_date",
        "Lộ trình đến",
        "Until when, for what is in progress or put off",
    ),
    column("due_date", "Hạn trả lời", "The first due date"),
    column(
        "extended_to",
        "Gia hạn đến",
        "The due date after extensions; the first one stays",
    ),
    column(
        "urgings",
        "Số lần đôn đốc",
        "How often somebody urged the body, until now",
    ),
    column(
        "repeats",
        "Số lần kiến nghị lại",
        "How often voters had to ask again",
    ),
    column("process", "Bước hiện tại", "Where it is in its process now"),
    column(
        "arrival",
        "Kỳ trước hay mới",
        "`carried_over`: it, or what it was split or merged from, was there before the period; else `new`",
    ),
    column(
        "state",
        "Xong hay còn lại",
        "`done`: closed by the cut-off date, after the voters were told; else `left`",
    ),
];

/// Who answers x outcome.
pub(super) const AGENCY_COLUMNS: &[Column] = by_outcome!(AGENCY_ID, AGENCY);

/// Field x outcome.
pub(super) const FIELD_COLUMNS: &[Column] = by_outcome!(FIELD, FIELD_LABEL);

/// Carried over, new, done, left.
pub(super) const BALANCE_COLUMNS: &[Column] = &[
    UNIT_CODE,
    UNIT_NAME,
    column(
        "carried_over",
        "Kỳ trước chuyển sang",
        "There before the period and not closed before it",
    ),
    column("new", "Mới trong kỳ", "Came in the period"),
    column("total", "Tổng số", "= carried_over + new = done + left"),
    column(
        "done",
        "Đã xong",
        "Closed by the cut-off date, after the voters were told",
    ),
    column("left", "Còn lại", "Not closed by the cut-off date"),
];

/// A petition as it stood at the cut-off.
struct Entry {
    row: petition::Model,
    audience: Audience,
    units: Vec<UnitId>,
    answer: Option<Answer>,
    carried_over: bool,
    done: bool,
}

/// The latest answer by the cut-off.
#[derive(Clone)]
struct Answer {
    agency: AgencyId,
    number: String,
    date: NaiveDate,
    outcome: String,
    roadmap: Option<NaiveDate>,
}

impl Entry {
    fn outcome(&self) -> &str {
        self.answer
            .as_ref()
            .map_or(NOT_ANSWERED, |answer| answer.outcome.as_str())
    }

    /// The body that answered, else the one that has it.
    fn agency(&self) -> Option<AgencyId> {
        self.answer
            .as_ref()
            .map(|answer| answer.agency)
            .or(self.row.agency_id)
    }

    /// Id and name of whoever answers.
    fn responder(&self, reference: &Reference) -> (Option<Uuid>, Option<String>) {
        let agency = self.agency();
        let name = match agency {
            Some(agency) => reference.agency(agency).map(|agency| agency.name.clone()),
            None => self
                .row
                .upper_council_id
                .and_then(|council| reference.council(council))
                .map(|council| council.name.clone()),
        };
        (agency.map(Uuid::from), name)
    }

    /// Title and content, as far as the reader may know them.
    fn words(&self) -> (Option<String>, Option<String>) {
        let redacted = self.row.public_content.clone();
        if self.audience >= Audience::Delegate {
            (Some(self.row.title.clone()), Some(self.row.content.clone()))
        } else {
            (redacted.as_ref().map(|_| self.row.title.clone()), redacted)
        }
    }
}

fn field_cells(field: Option<&str>, lang: Lang) -> [Cell; 2] {
    match field {
        Some(field) => [Cell::Plain(field.to_owned()), label("field", field, lang)],
        None => [Cell::Empty, Cell::Empty],
    }
}

/// Table 5: each petition, a page of them.
pub(super) async fn table(export: &Export, after: Option<After>) -> Result<Page> {
    let (entries, next) = read(export, after, true).await?;
    let reference = export.state.reference();
    let lang = export.viewer.lang;
    let rows = entries.into_iter().map(|entry| {
        let row = &entry.row;
        let (title, content) = entry.words();
        let codes: Vec<&str> = entry
            .units
            .iter()
            .filter_map(|unit| Some(reference.units.get(*unit)?.code.as_str()))
            .collect();
        let now = reference
            .council(row.council_id)
            .and_then(|council| unit_now(&reference.units, council.unit_id, export.scope.today));
        let (agency, name) = entry.responder(&reference);
        let answer = entry.answer.as_ref();
        let mut cells = vec![
            row.id.0.into(),
            row.number.clone().into(),
            title.into(),
            content.into(),
        ];
        cells.extend(unit_cells(now, lang));
        cells.push(Cell::Plain(codes.join(" ")));
        cells.extend(field_cells(row.field.as_deref(), lang));
        cells.extend([
            row.tier.clone().into(),
            agency.into(),
            name.into(),
            answer.map(|answer| answer.number.clone()).into(),
            answer.map(|answer| answer.date).into(),
            Cell::Plain(entry.outcome().to_owned()),
            label("outcome", entry.outcome(), lang),
            answer.and_then(|answer| answer.roadmap).into(),
            row.due_at.into(),
            row.extended_to.into(),
            i64::from(row.urgings).into(),
            i64::from(row.repeats).into(),
            Cell::Plain(row.process.code().to_owned()),
            Cell::Plain(if entry.carried_over { "carried_over" } else { "new" }.to_owned()),
            Cell::Plain(if entry.done { "done" } else { "left" }.to_owned()),
        ]);
        cells.extend(export.scope.closing());
        cells
    });
    Ok(Page {
        rows: rows.collect(),
        next,
    })
}

/// Reads all petitions page by page and counts them.
async fn count(export: &Export, mut each: impl FnMut(&Entry)) -> Result<()> {
    let mut after = None;
    loop {
        let (entries, next) = read(export, after, false).await?;
        entries.iter().for_each(&mut each);
        match next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

type Outcomes = [i64; OUTCOMES.len()];

fn counted(outcomes: &mut Outcomes, entry: &Entry) {
    let place = OUTCOMES
        .iter()
        .position(|outcome| *outcome == entry.outcome())
        .unwrap_or(OUTCOMES.len() - 1);
    outcomes[place] += 1;
}

fn outcome_row(first: impl IntoIterator<Item = Cell>, outcomes: Outcomes, scope: &Scope) -> Vec<Cell> {
    first
        .into_iter()
        .chain([outcomes.iter().sum::<i64>().into()])
        .chain(outcomes.map(Cell::from))
        .chain(scope.closing())
        .collect()
}

/// Who answers x outcome.
pub(super) async fn by_agency(export: &Export) -> Result<Page> {
    let reference = export.state.reference();
    let mut groups: BTreeMap<(Option<String>, Option<Uuid>), Outcomes> = BTreeMap::new();
    count(export, |entry| {
        let (agency, name) = entry.responder(&reference);
        counted(groups.entry((name, agency)).or_default(), entry);
    })
    .await?;
    let rows = groups
        .into_iter()
        .map(|((name, agency), outcomes)| outcome_row([agency.into(), name.into()], outcomes, &export.scope));
    Ok(Page {
        rows: rows.collect(),
        next: None,
    })
}

/// Field x outcome, in the order of the list.
pub(super) async fn by_field(export: &Export) -> Result<Page> {
    let place = |field: &Option<String>| {
        field
            .as_ref()
            .and_then(|field| codes::list("field").iter().position(|entry| entry.code == *field))
            .unwrap_or(usize::MAX)
    };
    let mut groups: BTreeMap<(usize, Option<String>), Outcomes> = BTreeMap::new();
    count(export, |entry| {
        let field = entry.row.field.clone();
        counted(groups.entry((place(&field), field)).or_default(), entry);
    })
    .await?;
    let lang = export.viewer.lang;
    let rows = groups.into_iter().map(|((_, field), outcomes)| {
        outcome_row(field_cells(field.as_deref(), lang), outcomes, &export.scope)
    });
    Ok(Page {
        rows: rows.collect(),
        next: None,
    })
}

/// Carried over, new, done, left, by unit.
pub(super) async fn balance(export: &Export) -> Result<Page> {
    let reference = export.state.reference();
    let mut groups: BTreeMap<Option<UnitId>, [i64; 4]> = BTreeMap::new();
    count(export, |entry| {
        let now = reference
            .council(entry.row.council_id)
            .and_then(|council| unit_now(&reference.units, council.unit_id, export.scope.today))
            .map(|unit| unit.id);
        let counts = groups.entry(now).or_default();
        counts[usize::from(!entry.carried_over)] += 1;
        counts[2 + usize::from(!entry.done)] += 1;
    })
    .await?;
    let rows = groups.into_iter().map(|(unit, [carried_over, new, done, left])| {
        let unit = unit.and_then(|unit| reference.units.get(unit));
        unit_cells(unit, export.viewer.lang)
            .into_iter()
            .chain([carried_over, new, carried_over + new, done, left].map(Cell::from))
            .chain(export.scope.closing())
            .collect()
    });
    Ok(Page {
        rows: rows.collect(),
        next: None,
    })
}

/// The petitions that were open at some time of the period, as far as the viewer may see them, oldest first.
/// What had gone on as others by the cut-off is counted by those.
async fn read(
    export: &Export,
    after: Option<After>,
    with_texts: bool,
) -> Result<(Vec<Entry>, Option<After>)> {
    use petition::{Column, Entity};
    let conn = export.state.store.read();
    let scope = &export.scope;
    let went_on_later = Query::select()
        .column(petition_lineage::Column::FromId)
        .from(petition_lineage::Entity)
        .and_where(petition_lineage::Column::At.gte(scope.end))
        .to_owned();
    let query = Entity::find()
        .filter(Column::CreatedAt.lt(scope.end))
        .filter(
            Condition::any()
                .add(Column::Process.ne(Process::Closed))
                .add(Column::ClosedAt.gte(scope.start)),
        )
        .filter(
            Condition::any()
                .add(Column::Process.is_not_in([Process::Split, Process::Merged]))
                .add(Column::Id.in_subquery(went_on_later)),
        )
        .filter(within(scope))
        .filter(visible(&export.viewer, "petition", (Entity, Column::Id)))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .limit(PAGE as u64);
    let query = match after {
        None => query,
        Some(after) => query.filter(
            Condition::any().add(Column::CreatedAt.gt(after.at)).add(
                Condition::all()
                    .add(Column::CreatedAt.eq(after.at))
                    .add(Column::Id.gt(after.id)),
            ),
        ),
    };
    let query = if with_texts {
        without(query, &[Column::AnswerText])
    } else {
        without(
            query,
            &[Column::Content, Column::PublicContent, Column::AnswerText],
        )
    };
    let rows = query.all(conn).await?;
    let next = rows.last().filter(|_| rows.len() == PAGE).map(|row| After {
        at: row.created_at,
        id: row.id.0,
    });

    let ids: Vec<PetitionId> = rows.iter().map(|row| row.id).collect();
    let bare: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let seen = audiences(conn, &export.viewer, "petition", &bare).await?;
    let mut answers = latest_answers(conn, &ids, scope.cut_off).await?;
    let began = beginnings(conn, &ids).await?;
    let mut units: HashMap<PetitionId, Vec<UnitId>> = HashMap::new();
    if with_texts {
        let links = petition_unit::Entity::find()
            .filter(petition_unit::Column::PetitionId.is_in(ids))
            .all(conn)
            .await?;
        for link in links {
            units.entry(link.petition_id).or_default().push(link.unit_id);
        }
    }
    let entries = rows
        .into_iter()
        .filter_map(|row| {
            let began = began
                .get(&row.id)
                .map_or(row.created_at, |earlier| row.created_at.min(*earlier));
            Some(Entry {
                audience: *seen.get(&row.id.0)?,
                units: units.remove(&row.id).unwrap_or_default(),
                answer: answers.remove(&row.id),
                carried_over: scope.is_before(began),
                done: row.process == Process::Closed && row.closed_at.is_some_and(|at| at < scope.end),
                row,
            })
        })
        .collect();
    Ok((entries, next))
}

/// Asked by voters of one of the units, or owned by one of their councils.
fn within(scope: &Scope) -> Condition {
    let asked_in = Query::select()
        .column(petition_unit::Column::PetitionId)
        .from(petition_unit::Entity)
        .and_where(petition_unit::Column::UnitId.is_in(scope.units.iter().copied()))
        .to_owned();
    Condition::any()
        .add(petition::Column::Id.in_subquery(asked_in))
        .add(petition::Column::CouncilId.is_in(scope.councils.iter().copied()))
}

/// Of each petition, the latest answer dated by this day.
async fn latest_answers<C: ConnectionTrait>(
    conn: &C,
    petitions: &[PetitionId],
    by: NaiveDate,
) -> Result<HashMap<PetitionId, Answer>> {
    let mut links = answer_petition::Entity::find()
        .filter(answer_petition::Column::PetitionId.is_in(petitions.iter().copied()))
        .all(conn)
        .await?;
    links.sort_by_key(|link| link.version);
    let ids: BTreeSet<AnswerId> = links.iter().map(|link| link.answer_id).collect();
    type Read = (AnswerId, AgencyId, String, NaiveDate, String, Option<NaiveDate>);
    let read: Vec<Read> = answer::Entity::find()
        .select_only()
        .columns([
            answer::Column::Id,
            answer::Column::AgencyId,
            answer::Column::DocumentNumber,
            answer::Column::DocumentDate,
            answer::Column::Outcome,
            answer::Column::RoadmapAt,
        ])
        .filter(answer::Column::Id.is_in(ids))
        .filter(answer::Column::DocumentDate.lte(by))
        .into_tuple()
        .all(conn)
        .await?;
    let answers: HashMap<AnswerId, Answer> = read
        .into_iter()
        .map(|(id, agency, number, date, outcome, roadmap)| {
            (
                id,
                Answer {
                    agency,
                    number,
                    date,
                    outcome,
                    roadmap,
                },
            )
        })
        .collect();
    Ok(links
        .into_iter()
        .filter_map(|link| Some((link.petition_id, answers.get(&link.answer_id)?.clone())))
        .collect())
}

/// When the oldest of those began from which a petition came by splits and mergers.
async fn beginnings<C: ConnectionTrait>(
    conn: &C,
    petitions: &[PetitionId],
) -> Result<HashMap<PetitionId, DateTime<Utc>>> {
    let mut came_from: HashMap<PetitionId, BTreeSet<PetitionId>> = HashMap::new();
    let mut known: BTreeSet<PetitionId> = petitions.iter().copied().collect();
    let mut open = known.clone();
    while !open.is_empty() {
        let edges = petition_lineage::Entity::find()
            .filter(petition_lineage::Column::ToId.is_in(open.iter().copied()))
            .all(conn)
            .await?;
        open.clear();
        for edge in edges {
            came_from.entry(edge.to_id).or_default().insert(edge.from_id);
            if known.insert(edge.from_id) {
                open.insert(edge.from_id);
            }
        }
    }
    let earlier: BTreeSet<PetitionId> = came_from.values().flatten().copied().collect();
    let began: Vec<(PetitionId, DateTime<Utc>)> = petition::Entity::find()
        .select_only()
        .columns([petition::Column::Id, petition::Column::CreatedAt])
        .filter(petition::Column::Id.is_in(earlier))
        .into_tuple()
        .all(conn)
        .await?;
    let began: HashMap<PetitionId, DateTime<Utc>> = began.into_iter().collect();
    let first = |petition: PetitionId| {
        let mut seen = BTreeSet::from([petition]);
        let mut open = vec![petition];
        let mut first: Option<DateTime<Utc>> = None;
        while let Some(next) = open.pop() {
            for from in came_from.get(&next).into_iter().flatten() {
                if seen.insert(*from) {
                    open.push(*from);
                    let at = began.get(from).copied();
                    first = [first, at].into_iter().flatten().min();
                }
            }
        }
        first
    };
    Ok(petitions
        .iter()
        .filter_map(|petition| Some((*petition, first(*petition)?)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_column() {
        let codes: Vec<&str> = codes::list("outcome")
            .iter()
            .map(|entry| entry.code.as_str())
            .collect();
        assert_eq!(codes, OUTCOMES);
        let columns: Vec<&str> = AGENCY_COLUMNS.iter().skip(3).map(|column| column.name).collect();
        assert_eq!(columns, OUTCOMES);
        for (column, entry) in AGENCY_COLUMNS.iter().skip(3).zip(codes::list("outcome")) {
            assert_eq!(column.vi, entry.label_vi);
        }
    }
}
