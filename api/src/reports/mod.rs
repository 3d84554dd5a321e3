//! Standard tables as files, for a unit with everything below it and a period: what voter contacts came to, and
//! what became of petitions.
//!
//! Counted plainly, from the rows themselves, at the moment of asking. What somebody may not see is not counted for
//! him either: every row is asked of [`crate::store::visibility`]. Nothing here may write, and nothing may hold
//! more than a page of rows at a time.

mod contacts;
mod csv;
pub mod http;
mod results;

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use entity::{
    id::{CouncilId, UnitId},
    unit,
};
use uuid::Uuid;

use self::csv::Cell;
use crate::{
    clock::{VIETNAM, local_date},
    error::{Code, Error, Lang, Refused, Result},
    state::State,
    store::{
        reference::{Reference, Units, existed},
        writing::{parse_date, parse_id},
    },
    viewer::Viewer,
};

/// The longest period, in years.
const MOST_YEARS: u32 = 10;

/// A column of a table. The Vietnamese name heads it, unless English is asked for: then the stable name does.
pub struct Column {
    /// The stable name: ASCII, never changed.
    pub name: &'static str,
    /// The Vietnamese name.
    pub vi: &'static str,
    /// What is counted or told, for docs/exports.md.
    pub means: &'static str,
}

const fn column(name: &'static str, vi: &'static str, means: &'static str) -> Column {
    Column { name, vi, means }
}

/// The day whose end decides what had happened; every table has it.
const CUT_OFF: Column = column(
    "cut_off_date",
    "Ngày chốt số liệu",
    "What had happened by the end of this day counts: the last day of the period, or today if that is earlier",
);

/// By which map units are named; every table has it.
const UNIT_VIEW: Column = column(
    "unit_view",
    "Cách tính đơn vị",
    "`now`: units as they are today; a record of a former unit counts for the one unit that it became",
);

/// A table that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Table 4: voter contacts by unit, round and kind.
    Contacts,
    /// The contacts that table 4 counts, one by one.
    ContactPoints,
    /// Table 5: petitions, one by one.
    PetitionResults,
    /// Summary of table 5: who answers x outcome.
    PetitionsByAgency,
    /// Summary of table 5: field x outcome.
    PetitionsByField,
    /// Summary of table 5: carried over, new, done, left.
    PetitionBalance,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 6] = [
        Self::Contacts,
        Self::ContactPoints,
        Self::PetitionResults,
        Self::PetitionsByAgency,
        Self::PetitionsByField,
        Self::PetitionBalance,
    ];

    /// The name in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::ContactPoints => "contact-points",
            Self::PetitionResults => "petition-results",
            Self::PetitionsByAgency => "petitions-by-agency",
            Self::PetitionsByField => "petitions-by-field",
            Self::PetitionBalance => "petition-balance",
        }
    }

    /// The table with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The title for people, in Vietnamese and English.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Contacts => (
                "Tiếp xúc cử tri theo đơn vị, đợt và loại",
                "Voter contacts by unit, round and kind",
            ),
            Self::ContactPoints => ("Từng cuộc tiếp xúc cử tri", "Each voter contact"),
            Self::PetitionResults => (
                "Kết quả giải quyết từng kiến nghị của cử tri",
                "Each petition and what became of it",
            ),
            Self::PetitionsByAgency => (
                "Kiến nghị theo cơ quan trả lời và kết quả",
                "Petitions by the body that answers and outcome",
            ),
            Self::PetitionsByField => (
                "Kiến nghị theo lĩnh vực và kết quả",
                "Petitions by field and outcome",
            ),
            Self::PetitionBalance => (
                "Kiến nghị kỳ trước chuyển sang, mới, đã xong, còn lại",
                "Petitions carried over, new, done and left",
            ),
        }
    }

    /// Its columns, in order.
    pub fn columns(self) -> Vec<&'static Column> {
        let own = match self {
            Self::Contacts => contacts::COLUMNS,
            Self::ContactPoints => contacts::POINT_COLUMNS,
            Self::PetitionResults => results::COLUMNS,
            Self::PetitionsByAgency => results::AGENCY_COLUMNS,
            Self::PetitionsByField => results::FIELD_COLUMNS,
            Self::PetitionBalance => results::BALANCE_COLUMNS,
        };
        own.iter().chain([&CUT_OFF, &UNIT_VIEW]).collect()
    }
}

/// Which part of the country and which time a table is about.
pub struct Scope {
    /// The unit, what is below it, and all that these were made of.
    units: BTreeSet<UnitId>,
    /// The councils of those units.
    councils: Vec<CouncilId>,
    /// The first moment of the period.
    start: DateTime<Utc>,
    /// The first moment after the cut-off.
    end: DateTime<Utc>,
    cut_off: NaiveDate,
    today: NaiveDate,
}

/// A question as it comes: texts of an address.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    unit: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl Scope {
    /// Reads a question. A unit is an id, or the code of a unit that exists today or existed at the period's end.
    pub fn read(question: &Question, reference: &Reference, today: NaiveDate) -> Result<Self> {
        let wanted = |text: &Option<String>, field: &'static str| {
            text.clone()
                .filter(|text| !text.is_empty())
                .ok_or(Refused::field(Code::Required, field))
        };
        let date = |text: &Option<String>, field: &'static str| {
            parse_date(&wanted(text, field)?).ok_or(Refused::field(Code::InvalidDate, field))
        };
        let unit = wanted(&question.unit, "unit")?;
        let from = date(&question.from, "from")?;
        let to = date(&question.to, "to")?;
        if to < from
            || from
                .checked_add_months(Months::new(12 * MOST_YEARS))
                .is_none_or(|end| to >= end)
        {
            return Err(Refused::field(Code::OutOfRange, "to").into());
        }
        let units = &reference.units;
        let unit = match parse_id(&unit) {
            Some(id) => units.get(UnitId(id)),
            None => units
                .by_code(&unit, None, today)
                .or_else(|| units.by_code(&unit, None, to)),
        }
        .ok_or(Refused::field(Code::NotFound, "unit"))?
        .id;

        let cut_off = to.min(today);
        let units = territory(units, unit);
        let councils = reference.bodies.councils.values();
        Ok(Self {
            councils: councils
                .filter(|council| units.contains(&council.unit_id))
                .map(|council| council.id)
                .collect(),
            units,
            start: midnight(from)?,
            end: midnight(cut_off.checked_add_days(Days::new(1)).unwrap_or(cut_off))?,
            cut_off,
            today,
        })
    }

    /// Whether a moment lies before the period.
    fn is_before(&self, at: DateTime<Utc>) -> bool {
        at < self.start
    }

    /// The cells that every row ends with.
    fn closing(&self) -> [Cell; 2] {
        [Cell::from(self.cut_off), Cell::Plain("now".to_owned())]
    }
}

fn midnight(day: NaiveDate) -> Result<DateTime<Utc>> {
    day.and_time(NaiveTime::MIN)
        .and_local_timezone(VIETNAM)
        .single()
        .map(|at| at.with_timezone(&Utc))
        .ok_or_else(|| Error::internal("a day without a midnight"))
}

/// A unit, what lies below it, and all that these were made of. Of what went over as a whole, also everything that
/// lay below it: a commune that ended without a successor still was a part of its province.
fn territory(units: &Units, unit: UnitId) -> BTreeSet<UnitId> {
    let mut all: BTreeSet<UnitId> = units
        .subtree(unit)
        .into_iter()
        .flat_map(|unit| units.with_predecessors(unit))
        .collect();
    let mut open = vec![unit];
    while let Some(next) = open.pop() {
        for edge in units.predecessors(next) {
            if !edge.partly && !edge.derived {
                open.push(edge.from_id);
                all.extend(units.subtree(edge.from_id));
            }
        }
    }
    all
}

/// The unit that a record counts for today: its own if that still exists, or the only one that it became.
/// None where a split leaves it open.
fn unit_now(units: &Units, unit: UnitId, today: NaiveDate) -> Option<&unit::Model> {
    let exists = |id: UnitId| {
        units
            .get(id)
            .filter(|unit| existed(unit.valid_from, unit.valid_to, today))
    };
    if let Some(same) = exists(unit) {
        return Some(same);
    }
    let mut heirs = units.with_successors(unit).into_iter().filter_map(exists);
    heirs.next().filter(|_| heirs.next().is_none())
}

/// Code and name of a unit, or that it is not known which.
fn unit_cells(unit: Option<&unit::Model>, lang: Lang) -> [Cell; 2] {
    let unallocated = match lang {
        Lang::Vi => "Chưa phân bổ",
        Lang::En => "Unallocated",
    };
    [
        unit.map(|unit| unit.code.clone()).into(),
        Cell::text(unit.map_or(unallocated, |unit| &unit.name)),
    ]
}

/// The label of a code in a list; the code itself where the list does not know it.
fn label(list: &str, code: &str, lang: Lang) -> Cell {
    Cell::text(crate::codes::find(list, code).map_or(code, |entry| entry.label(lang)))
}

/// Where a page of rows ended.
#[derive(Clone, Copy, Debug)]
pub struct After {
    at: DateTime<Utc>,
    id: Uuid,
}

/// Some rows of a table, and where to go on if there are more.
pub struct Page {
    rows: Vec<Vec<Cell>>,
    next: Option<After>,
}

/// A table for somebody.
pub struct Export {
    pub state: Arc<State>,
    pub viewer: Viewer,
    pub table: Table,
    pub scope: Scope,
}

impl Export {
    /// The heads of the columns.
    fn header(&self) -> Vec<Cell> {
        let columns = self.table.columns();
        let names = columns.iter().map(|column| match self.viewer.lang {
            Lang::Vi => column.vi,
            Lang::En => column.name,
        });
        names.map(Cell::text).collect()
    }

    /// The next rows. Summaries are one page, whatever they were counted from.
    async fn page(&self, after: Option<After>) -> Result<Page> {
        match self.table {
            Table::Contacts => contacts::table(self).await,
            Table::ContactPoints => contacts::points(self, after).await,
            Table::PetitionResults => results::table(self, after).await,
            Table::PetitionsByAgency => results::by_agency(self).await,
            Table::PetitionsByField => results::by_field(self).await,
            Table::PetitionBalance => results::balance(self).await,
        }
    }

    /// The name under which a browser saves it.
    fn file_name(&self) -> String {
        format!(
            "{}_{}_{}.csv",
            self.table.name(),
            local_date(self.scope.start),
            self.scope.cut_off
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_ascii_and_unique_within_a_table() {
        for table in Table::ALL {
            assert_eq!(Table::from_name(table.name()), Some(table));
            let mut seen = BTreeSet::new();
            let mut seen_vi = BTreeSet::new();
            for column in table.columns() {
                assert!(seen.insert(column.name), "{} twice", column.name);
                assert!(seen_vi.insert(column.vi), "{} twice", column.vi);
                assert!(
                    column
                        .name
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                );
            }
        }
        assert_eq!(Table::from_name("petition"), None);
    }

    #[test]
    fn periods_are_bounded() {
        let reference = Reference::default();
        let read = |from: &str, to: &str| {
            let question = Question {
                unit: Some("80".to_owned()),
                from: Some(from.to_owned()),
                to: Some(to.to_owned()),
            };
            let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
            Scope::read(&question, &reference, today)
                .err()
                .map(|error| error.code())
        };
        assert_eq!(read("2026-01-01", "2025-12-31"), Some(Code::OutOfRange));
        assert_eq!(read("2016-01-01", "2026-01-01"), Some(Code::OutOfRange));
        assert_eq!(read("2016-01-01", "2025-12-31"), Some(Code::NotFound));
        assert_eq!(read("2026-02-30", "2026-03-01"), Some(Code::InvalidDate));
        assert_eq!(read("", "2026-03-01"), Some(Code::Required));
    }
}
