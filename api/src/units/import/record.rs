//! The list of unit versions: `code,name,level,kind,parent_code,valid_from,valid_to`.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use uuid::{Uuid, uuid};

use super::lines::{self, LineProblem, Problem};
use crate::text;

/// The namespace of reference ids. It must never change: ids are the same in every installation because of it.
pub const NAMESPACE: Uuid = uuid!("e00fa21c-d791-4f5f-a004-e7f5822e2516");

const COLUMNS: [&str; 7] = [
    "code",
    "name",
    "level",
    "kind",
    "parent_code",
    "valid_from",
    "valid_to",
];
const LONGEST_NAME: usize = 200;
const LONGEST_CODE: usize = 20;

/// First day and first day after; none is open.
type Span = (Option<NaiveDate>, Option<NaiveDate>);

/// Level of a unit (cấp hành chính), from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Cấp tỉnh.
    Province,
    /// Cấp huyện, until 30 June 2025.
    District,
    /// Cấp xã.
    Commune,
}

impl Level {
    /// The code of the list `unit_level`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::District => "district",
            Self::Commune => "commune",
        }
    }

    /// The level with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Province, Self::District, Self::Commune]
            .into_iter()
            .find(|level| level.code() == code)
    }
}

/// Kind of a unit (loại đơn vị hành chính).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Tỉnh.
    Province,
    /// Thành phố trực thuộc trung ương.
    City,
    /// Huyện.
    RuralDistrict,
    /// Quận.
    UrbanDistrict,
    /// Thị xã.
    Town,
    /// Thành phố thuộc tỉnh hoặc thuộc thành phố trực thuộc trung ương.
    ProvincialCity,
    /// Xã.
    Commune,
    /// Phường.
    Ward,
    /// Thị trấn.
    Township,
    /// Đặc khu.
    SpecialZone,
}

impl Kind {
    const ALL: [(Self, Level, &'static str, &'static str); 10] = [
        (Self::Province, Level::Province, "province", "tỉnh"),
        (Self::City, Level::Province, "city", "thành phố"),
        (Self::RuralDistrict, Level::District, "rural_district", "huyện"),
        (Self::UrbanDistrict, Level::District, "urban_district", "quận"),
        (Self::Town, Level::District, "town", "thị xã"),
        (
            Self::ProvincialCity,
            Level::District,
            "provincial_city",
            "thành phố",
        ),
        (Self::Commune, Level::Commune, "commune", "xã"),
        (Self::Ward, Level::Commune, "ward", "phường"),
        (Self::Township, Level::Commune, "township", "thị trấn"),
        (Self::SpecialZone, Level::Commune, "special_zone", "đặc khu"),
    ];

    fn row(self) -> (Self, Level, &'static str, &'static str) {
        Self::ALL[self as usize]
    }

    /// The code of the list `unit_kind`.
    pub fn code(self) -> &'static str {
        self.row().2
    }

    /// The Vietnamese word that begins the names of such units, in lower case.
    pub fn word(self) -> &'static str {
        self.row().3
    }

    /// The kind with this code or Vietnamese name on this level ("thành phố" is one kind on each of two).
    pub fn parse(level: Level, raw: &str) -> Option<Self> {
        let word = text::mark_fold(raw);
        let mut kinds = Self::ALL.into_iter();
        kinds
            .find(|(_, of, code, name)| *of == level && (*code == raw || *name == word))
            .map(|(kind, ..)| kind)
    }
}

/// One version of a unit, as the list states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRecord {
    /// See [`unit_id`].
    pub id: Uuid,
    /// The official code, text with leading zeros; **reused** by other territories over time.
    pub code: String,
    /// The full name with the word of its kind, NFC.
    pub name: String,
    /// The level.
    pub level: Level,
    /// The kind.
    pub kind: Kind,
    /// Code of the unit above; none for provinces.
    pub parent_code: Option<String>,
    /// The version of the unit above that was valid when this version began.
    pub parent_id: Option<Uuid>,
    /// First day of this version; none means before the lists begin.
    pub valid_from: Option<NaiveDate>,
    /// First day on which it is no longer valid; none means it is current.
    pub valid_to: Option<NaiveDate>,
    /// Line of the file, counted from 1 with the header.
    pub line: u64,
}

impl UnitRecord {
    /// The name without the word of its kind: "Tân Hưng" of "Xã Tân Hưng".
    pub fn proper_name(&self) -> &str {
        let words = self.kind.word().split(' ').count();
        self.name.splitn(words + 1, ' ').nth(words).unwrap_or(&self.name)
    }
}

/// What a list of units holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitsRead {
    /// The usable versions, from the top level down, in the order of the file within a level.
    pub records: Vec<UnitRecord>,
    /// The lines that were left out, in the order of the file.
    pub problems: Vec<LineProblem>,
}

/// The id of a unit version: UUIDv5 of [`NAMESPACE`] and `level/code/valid_from`, with nothing after the last
/// slash when the version began before the lists do. The same in every installation.
pub fn unit_id(level: Level, code: &str, valid_from: Option<NaiveDate>) -> Uuid {
    let from = valid_from.map(|date| date.to_string()).unwrap_or_default();
    Uuid::new_v5(&NAMESPACE, format!("{}/{code}/{from}", level.code()).as_bytes())
}

/// Reads a list of unit versions. `known` are the versions that are already there: a newer list may name them
/// as parents without repeating them, and may repeat them to end them. The list's own rows go first; a row that
/// is valid at the same time as a known version which the list does not repeat is left out.
pub fn read_units(bytes: &[u8], known: &[UnitRecord]) -> UnitsRead {
    let (rows, mut problems) = lines::rows(bytes, COLUMNS, 0);
    let mut levels: [Vec<UnitRecord>; 3] = Default::default();
    for row in rows {
        let [code, ..] = &row.fields;
        match read_row(row.line, &row.fields) {
            Ok(record) => levels[record.level as usize].push(record),
            Err(problem) => problems.push(LineProblem {
                line: row.line,
                code: code.clone(),
                problem,
            }),
        }
    }
    let repeated: HashSet<Uuid> = levels.iter().flatten().map(|record| record.id).collect();
    let mut standing: HashMap<(Level, &str), Vec<Span>> = HashMap::new();
    for unit in known.iter().filter(|unit| !repeated.contains(&unit.id)) {
        let spans = standing.entry((unit.level, &unit.code)).or_default();
        spans.push((unit.valid_from, unit.valid_to));
    }
    let mut records: Vec<UnitRecord> = Vec::new();
    for level in levels {
        // Parents stand on the levels above, whatever the order of the file.
        let parents = Versions::of(records.iter().chain(known));
        let mut seen: HashMap<String, Vec<Span>> = HashMap::new();
        let mut accepted = Vec::with_capacity(level.len());
        for mut record in level {
            let spans = seen.entry(record.code.clone()).or_insert_with(|| {
                let standing = standing.get(&(record.level, record.code.as_str()));
                standing.cloned().unwrap_or_default()
            });
            match check(&mut record, spans, &parents) {
                Ok(()) => {
                    spans.push((record.valid_from, record.valid_to));
                    accepted.push(record);
                }
                Err(problem) => problems.push(LineProblem {
                    line: record.line,
                    code: record.code,
                    problem,
                }),
            }
        }
        records.append(&mut accepted);
    }
    problems.sort_by_key(|problem| problem.line);
    UnitsRead { records, problems }
}

fn read_row(line: u64, fields: &[String; 7]) -> Result<UnitRecord, Problem> {
    let [code, name, level, kind, parent, from, to] = fields;
    if !is_code(code) {
        return Err(Problem::BadCode);
    }
    let name = text::clean(name).map_err(|_| Problem::BadName)?;
    match name.chars().count() {
        0 => return Err(Problem::MissingName),
        1..=LONGEST_NAME => {}
        _ => return Err(Problem::BadName),
    }
    let level = Level::from_code(level).ok_or(Problem::UnknownLevel)?;
    let kind = Kind::parse(level, kind).ok_or(Problem::UnknownKind)?;
    let (valid_from, valid_to) = (optional_date(from)?, optional_date(to)?);
    if valid_from.zip(valid_to).is_some_and(|(from, to)| to <= from) {
        return Err(Problem::EmptyPeriod);
    }
    let parent_code = (!parent.is_empty()).then(|| parent.clone());
    let id = unit_id(level, code, valid_from);
    Ok(UnitRecord {
        id,
        code: code.clone(),
        name,
        level,
        kind,
        parent_code,
        parent_id: None,
        valid_from,
        valid_to,
        line,
    })
}

fn check(record: &mut UnitRecord, earlier: &[Span], parents: &Versions<'_>) -> Result<(), Problem> {
    if earlier.iter().any(|&(from, _)| from == record.valid_from) {
        return Err(Problem::Duplicate);
    }
    if earlier
        .iter()
        .any(|&(from, to)| starts_before(record.valid_from, to) && starts_before(from, record.valid_to))
    {
        return Err(Problem::Overlap);
    }
    record.parent_id = match (record.level, &record.parent_code) {
        (Level::Province, None) => None,
        (Level::Province, Some(_)) | (_, None) => return Err(Problem::UnknownParent),
        (level, Some(code)) => {
            let above = if level == Level::Commune {
                &[Level::District, Level::Province][..]
            } else {
                &[Level::Province]
            };
            let mut found = above
                .iter()
                .filter_map(|&level| parents.at(level, code, record.valid_from));
            Some(found.next().ok_or(Problem::UnknownParent)?.id)
        }
    };
    Ok(())
}

/// Whether a version that begins at `from` (none: ever) begins before `to` (none: never) ends another.
fn starts_before(from: Option<NaiveDate>, to: Option<NaiveDate>) -> bool {
    from.zip(to).is_none_or(|(from, to)| from < to)
}

pub(super) fn is_code(code: &str) -> bool {
    (1..=LONGEST_CODE).contains(&code.len()) && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

pub(super) fn date(text: &str) -> Result<NaiveDate, Problem> {
    // Ids are made of the text, so that only one spelling of a date may exist.
    let date: NaiveDate = text.parse().map_err(|_| Problem::BadDate)?;
    if date.to_string() == text {
        Ok(date)
    } else {
        Err(Problem::BadDate)
    }
}

fn optional_date(text: &str) -> Result<Option<NaiveDate>, Problem> {
    if text.is_empty() {
        Ok(None)
    } else {
        date(text).map(Some)
    }
}

/// Unit versions by level and code.
pub(super) struct Versions<'a>(HashMap<(Level, &'a str), Vec<&'a UnitRecord>>);

impl<'a> Versions<'a> {
    pub(super) fn of(records: impl IntoIterator<Item = &'a UnitRecord>) -> Self {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for record in records {
            index
                .entry((record.level, record.code.as_str()))
                .or_default()
                .push(record);
        }
        Self(index)
    }

    fn find(
        &self,
        level: Level,
        code: &str,
        is_meant: impl Fn(&UnitRecord) -> bool,
    ) -> Option<&'a UnitRecord> {
        self.0
            .get(&(level, code))?
            .iter()
            .copied()
            .find(|unit| is_meant(unit))
    }

    /// The version that was valid on this day; none means before the lists begin.
    pub(super) fn at(&self, level: Level, code: &str, date: Option<NaiveDate>) -> Option<&'a UnitRecord> {
        self.find(level, code, |unit| match date {
            None => unit.valid_from.is_none(),
            Some(day) => {
                unit.valid_from.is_none_or(|from| from <= day) && unit.valid_to.is_none_or(|to| day < to)
            }
        })
    }

    /// The version that ended on this day.
    pub(super) fn ending(&self, level: Level, code: &str, date: NaiveDate) -> Option<&'a UnitRecord> {
        self.find(level, code, |unit| unit.valid_to == Some(date))
    }

    /// The version that began on this day.
    pub(super) fn beginning(&self, level: Level, code: &str, date: NaiveDate) -> Option<&'a UnitRecord> {
        self.find(level, code, |unit| unit.valid_from == Some(date))
    }
}
