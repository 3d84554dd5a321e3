//! What an imported line means for the rows that are there. Pure.

use entity::{
    id::UnitId,
    unit::Model,
    unit_gap,
    unit_succession::{self},
};
use uuid::Uuid;

use super::import::{Edge, Gap, GapReason, Kind, Level, NAMESPACE, UnitRecord};
use crate::store::reference::Units;

/// The row that a line stands for; nothing if that row is there already.
pub(super) fn unit(before: Option<&Model>, record: &UnitRecord) -> Option<Model> {
    let row = Model {
        id: UnitId(record.id),
        code: record.code.clone(),
        name: record.name.clone(),
        level: record.level.code().to_owned(),
        kind: record.kind.code().to_owned(),
        parent_id: record.parent_id.map(UnitId),
        valid_from: record.valid_from,
        valid_to: record.valid_to,
        rev: before.map_or(0, |before| before.rev),
    };
    (before != Some(&row)).then_some(row)
}

/// A known row as a line of a list; nothing for a level or kind that no list knows.
pub(super) fn record(row: &Model, units: &Units) -> Option<UnitRecord> {
    let level = Level::from_code(&row.level)?;
    Some(UnitRecord {
        id: row.id.0,
        code: row.code.clone(),
        name: row.name.clone(),
        level,
        kind: Kind::parse(level, &row.kind)?,
        parent_code: row
            .parent_id
            .and_then(|parent| units.get(parent))
            .map(|parent| parent.code.clone()),
        parent_id: row.parent_id.map(|parent| parent.0),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        line: 0,
    })
}

/// The row of a succession.
pub(super) fn succession(edge: &Edge) -> unit_succession::Model {
    unit_succession::Model {
        from_id: UnitId(edge.from_id),
        to_id: UnitId(edge.to_id),
        partly: edge.partly,
        derived: edge.derived,
        date: edge.date,
    }
}

/// A known succession as the reader gives it.
pub(super) fn edge(row: &unit_succession::Model) -> Edge {
    Edge {
        from_id: row.from_id.0,
        to_id: row.to_id.0,
        partly: row.partly,
        date: row.date,
        derived: row.derived,
        line: None,
    }
}

/// The row of a gap, with the same id in every installation. What comes from what is known already has no line;
/// the line under which it was first noted stays.
pub(super) fn gap(before: Option<&unit_gap::Model>, gap: &Gap) -> unit_gap::Model {
    unit_gap::Model {
        id: gap_id(gap),
        level: gap.level.code().to_owned(),
        from_code: gap.from_code.clone(),
        to_code: gap.to_code.clone(),
        date: gap.date,
        line: match (gap.line, before) {
            (0, Some(before)) => before.line,
            (line, _) => i32::try_from(line).unwrap_or(i32::MAX),
        },
        reason: gap.reason.code().to_owned(),
    }
}

/// The id of a gap.
pub(super) fn gap_id(gap: &Gap) -> Uuid {
    let name = format!(
        "gap/{}/{}/{}/{}/{}",
        gap.level.code(),
        gap.from_code,
        gap.to_code,
        gap.date,
        gap.reason.code()
    );
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// Whether a gap that an earlier list left is still open. Units without a successor are worked out anew at every
/// import; a row that named an unknown unit stays until units of both codes changed on its day.
pub(super) fn is_still_open(gap: &unit_gap::Model, units: &[UnitRecord]) -> bool {
    let has = |code: &str, day: fn(&UnitRecord) -> Option<chrono::NaiveDate>| {
        units
            .iter()
            .any(|unit| unit.code == code && unit.level.code() == gap.level && day(unit) == Some(gap.date))
    };
    gap.reason != GapReason::NoSuccessor.code()
        && !(has(&gap.from_code, |unit| unit.valid_to) && has(&gap.to_code, |unit| unit.valid_from))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::units::import::{read_units, unit_id};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn records(lines: &str) -> Vec<UnitRecord> {
        let list = format!("code,name,level,kind,parent_code,valid_from,valid_to\n{lines}");
        let read = read_units(list.as_bytes(), &[]);
        assert_eq!(read.problems, []);
        read.records
    }

    #[test]
    fn only_what_differs_is_written() {
        let record = &records("01,Tỉnh A,province,province,,,\n")[0];
        let mut row = unit(None, record).unwrap();
        assert_eq!(row.id.0, unit_id(Level::Province, "01", None));
        row.rev = 3;
        assert_eq!(unit(Some(&row), record), None);
        let ended = &records("01,Tỉnh A,province,province,,,2027-01-01\n")[0];
        let changed = unit(Some(&row), ended).unwrap();
        assert_eq!((changed.valid_to, changed.rev), (Some(day("2027-01-01")), 3));
    }

    #[test]
    fn a_gap_closes_when_both_units_are_known() {
        let mut open = Gap {
            line: 7,
            level: Level::Province,
            from_code: "01".into(),
            to_code: "02".into(),
            date: day("2027-01-01"),
            reason: GapReason::UnknownPredecessor,
        };
        let row = gap(None, &open);
        assert_eq!((row.line, row.reason.as_str()), (7, "unknown_from"));
        open.line = 0;
        assert_eq!(gap(Some(&row), &open), row, "the line stays");
        let from = "01,Tỉnh A,province,province,,,2027-01-01\n";
        let to = "02,Tỉnh B,province,province,,2027-01-01,\n";
        for (lines, is_open) in [
            ("", true),
            (from, true),
            (to, true),
            (&format!("{from}{to}"), false),
        ] {
            assert_eq!(is_still_open(&row, &records(lines)), is_open, "{lines}");
        }
        let ended = gap(
            None,
            &Gap {
                reason: GapReason::NoSuccessor,
                ..open
            },
        );
        assert!(!is_still_open(&ended, &[]), "worked out anew");
    }
}
