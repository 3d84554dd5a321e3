//! The list of successions: `level,from_code,to_code,partly,date`, and what follows from it for the districts.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    lines::{self, LineProblem, Problem},
    record::{Level, UnitRecord, Versions, date, is_code},
};

const COLUMNS: [&str; 5] = ["level", "from_code", "to_code", "partly", "date"];

/// One version of a unit passed into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The version that ended on `date`.
    pub from_id: Uuid,
    /// The version that began on `date`.
    pub to_id: Uuid,
    /// Only a part of the predecessor went into this successor.
    pub partly: bool,
    /// The day of the change.
    pub date: NaiveDate,
    /// Follows from the successions of its communes; the list does not state it.
    pub derived: bool,
    /// Line of the list of successions; none when derived.
    pub line: Option<u64>,
}

/// What the lists leave open. Nothing is guessed in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Line, in the list of units for [`GapReason::NoSuccessor`], else in the list of successions.
    pub line: u64,
    /// Level of the units.
    pub level: Level,
    /// Code of the predecessor.
    pub from_code: String,
    /// Code of the successor; empty for [`GapReason::NoSuccessor`].
    pub to_code: String,
    /// The day of the change.
    pub date: NaiveDate,
    /// What is missing.
    pub reason: GapReason,
}

/// Why a succession is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GapReason {
    /// The row names a predecessor that no unit ending on that day had.
    UnknownPredecessor,
    /// The row names a successor that no unit beginning on that day had.
    UnknownSuccessor,
    /// The unit ended and nothing says what became of it.
    NoSuccessor,
}

impl GapReason {
    /// The code under which a gap is stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownPredecessor => "unknown_from",
            Self::UnknownSuccessor => "unknown_to",
            Self::NoSuccessor => "no_successor",
        }
    }
}

/// What a list of successions holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuccessionsRead {
    /// The stated successions in the order of the list, then the derived ones.
    pub edges: Vec<Edge>,
    /// What is open: rows first, then units without successor.
    pub gaps: Vec<Gap>,
    /// The lines that could not be read.
    pub problems: Vec<LineProblem>,
}

/// Reads a list of successions between these unit versions (the known and the newly read ones together), and
/// works out what follows from them and from the `known` successions. Without a list only the latter is done.
///
/// Districts have no rows of their own. A district passed into every unit that took one of its communes; it
/// passed **partly** unless all of its communes, including those without a stated successor, passed wholly
/// into that one unit. A district that had no communes (an island) passed into the new unit of the same name
/// in its province's successor that has no stated predecessor.
pub fn read_successions(bytes: Option<&[u8]>, units: &[UnitRecord], known: &[Edge]) -> SuccessionsRead {
    let (rows, problems) = bytes.map_or_else(Default::default, |bytes| lines::rows(bytes, COLUMNS, 1));
    let mut read = SuccessionsRead {
        problems,
        ..Default::default()
    };
    let versions = Versions::of(units);
    let mut seen = HashSet::new();
    for row in rows {
        let [_, code, ..] = &row.fields;
        match read_row(row.line, &row.fields, &versions) {
            Ok(Ok(edge)) if seen.insert((edge.from_id, edge.to_id)) => read.edges.push(edge),
            Ok(Ok(_)) => read.problems.push(LineProblem {
                line: row.line,
                code: code.clone(),
                problem: Problem::Duplicate,
            }),
            Ok(Err(gap)) => read.gaps.push(gap),
            Err(problem) => read.problems.push(LineProblem {
                line: row.line,
                code: code.clone(),
                problem,
            }),
        }
    }
    read.problems.sort_by_key(|problem| problem.line);
    let mut all = read.edges.clone();
    all.extend(
        known
            .iter()
            .filter(|edge| !edge.derived && !seen.contains(&(edge.from_id, edge.to_id)))
            .cloned(),
    );
    let stated: HashSet<(Uuid, Uuid)> = all.iter().map(|edge| (edge.from_id, edge.to_id)).collect();
    let mut derived = districts(units, &all);
    // What a list states is never overwritten by what was worked out.
    derived.retain(|edge| !stated.contains(&(edge.from_id, edge.to_id)));
    let succeeded: HashSet<Uuid> = all.iter().chain(&derived).map(|edge| edge.from_id).collect();
    read.edges.extend(derived);
    let ended = units.iter().filter_map(|unit| Some((unit, unit.valid_to?)));
    read.gaps.extend(
        ended
            .filter(|(unit, _)| !succeeded.contains(&unit.id))
            .map(|(unit, date)| Gap {
                line: unit.line,
                level: unit.level,
                from_code: unit.code.clone(),
                to_code: String::new(),
                date,
                reason: GapReason::NoSuccessor,
            }),
    );
    read
}

fn read_row(line: u64, fields: &[String; 5], versions: &Versions<'_>) -> Result<Result<Edge, Gap>, Problem> {
    let [level, from, to, partly, day] = fields;
    let level = Level::from_code(level).ok_or(Problem::UnknownLevel)?;
    if !is_code(from) || !is_code(to) {
        return Err(Problem::BadCode);
    }
    let partly = partly.parse().map_err(|_| Problem::BadFlag)?;
    let date = date(day)?;
    let gap = |reason| {
        Ok(Err(Gap {
            line,
            level,
            from_code: from.clone(),
            to_code: to.clone(),
            date,
            reason,
        }))
    };
    let Some(source) = versions.ending(level, from, date) else {
        return gap(GapReason::UnknownPredecessor);
    };
    let Some(target) = versions.beginning(level, to, date) else {
        return gap(GapReason::UnknownSuccessor);
    };
    Ok(Ok(Edge {
        from_id: source.id,
        to_id: target.id,
        partly,
        date,
        derived: false,
        line: Some(line),
    }))
}

/// The successions of the districts, from those of their communes.
fn districts(units: &[UnitRecord], stated: &[Edge]) -> Vec<Edge> {
    let mut communes: HashMap<Uuid, Vec<&UnitRecord>> = HashMap::new();
    for unit in units {
        if let Some(parent) = unit.parent_id {
            communes.entry(parent).or_default().push(unit);
        }
    }
    let mut successors: HashMap<Uuid, Vec<&Edge>> = HashMap::new();
    for edge in stated {
        successors.entry(edge.from_id).or_default().push(edge);
    }
    let targets: HashSet<Uuid> = stated.iter().map(|edge| edge.to_id).collect();
    let of = |id: &Uuid| successors.get(id).map_or(&[][..], Vec::as_slice);

    let mut derived = Vec::new();
    for district in units.iter().filter(|unit| unit.level == Level::District) {
        let Some(date) = district.valid_to else { continue };
        let own: Vec<_> = communes
            .get(&district.id)
            .into_iter()
            .flatten()
            .filter(|unit| unit.valid_to == Some(date))
            .collect();
        // Successor -> how many of the communes passed wholly into it. Ordered by the line that first names it.
        let mut wholly: BTreeMap<(Option<u64>, Uuid), usize> = BTreeMap::new();
        let mut first_line: HashMap<Uuid, Option<u64>> = HashMap::new();
        for commune in &own {
            let edges = of(&commune.id);
            for edge in edges {
                let line = *first_line.entry(edge.to_id).or_insert(edge.line);
                *wholly.entry((line, edge.to_id)).or_default() +=
                    usize::from(edges.len() == 1 && !edge.partly);
            }
        }
        let edge = |to_id, partly| Edge {
            from_id: district.id,
            to_id,
            partly,
            date,
            derived: true,
            line: None,
        };
        derived.extend(
            wholly
                .into_iter()
                .map(|((_, to_id), count)| edge(to_id, count < own.len())),
        );
        if own.is_empty() {
            let provinces: Vec<_> = district
                .parent_id
                .iter()
                .flat_map(of)
                .map(|edge| edge.to_id)
                .collect();
            let island = units.iter().find(|unit| {
                unit.valid_from == Some(date)
                    && unit.level == Level::Commune
                    && unit.parent_id.is_some_and(|parent| provinces.contains(&parent))
                    && !targets.contains(&unit.id)
                    && unit.proper_name() == district.proper_name()
            });
            derived.extend(island.map(|unit| edge(unit.id, false)));
        }
    }
    derived
}
