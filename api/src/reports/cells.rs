//! Cells that several tables have: units, labels of codes, what every row ends with.

use entity::{
    id::{CouncilId, UnitId},
    unit,
};

use super::{csv::Cell, scope::Scope};
use crate::{
    error::Lang,
    store::reference::{Reference, Units, existed},
};

impl Scope {
    /// The cells that every row ends with.
    pub(super) fn closing(&self) -> [Cell; 2] {
        [Cell::from(self.cut_off), Cell::Plain("now".to_owned())]
    }

    /// The unit of today for which a council counts. None where a split leaves it open.
    pub(super) fn unit_of<'a>(
        &self,
        reference: &'a Reference,
        council: CouncilId,
    ) -> Option<&'a unit::Model> {
        let units: &'a Units = &reference.units;
        let unit = reference.council(council)?.unit_id;
        let exists = |id: UnitId| {
            units
                .get(id)
                .filter(|unit| existed(unit.valid_from, unit.valid_to, self.today))
        };
        if let Some(same) = exists(unit) {
            return Some(same);
        }
        let mut heirs = units.with_successors(unit).into_iter().filter_map(exists);
        heirs.next().filter(|_| heirs.next().is_none())
    }
}

/// Code and name of a unit, or that it is not known which.
pub(super) fn unit_cells(unit: Option<&unit::Model>, lang: Lang) -> [Cell; 2] {
    let unallocated = match lang {
        Lang::Vi => "Chưa phân bổ",
        Lang::En => "Unallocated",
    };
    [
        unit.map(|unit| unit.code.clone()).into(),
        Cell::text(unit.map_or(unallocated, |unit| &unit.name)),
    ]
}

/// The codes of these units, separated by spaces.
pub(super) fn codes_cell(reference: &Reference, units: &[UnitId]) -> Cell {
    let codes: Vec<&str> = units
        .iter()
        .filter_map(|unit| Some(reference.units.get(*unit)?.code.as_str()))
        .collect();
    Cell::Plain(codes.join(" "))
}

/// The label of a code in a list; the code itself where the list does not know it.
pub(super) fn label(list: &str, code: &str, lang: Lang) -> Cell {
    Cell::text(crate::codes::find(list, code).map_or(code, |entry| entry.label(lang)))
}
