//! Bodies by their names, among those that a council has to do with. Pure.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{
    agency,
    id::{AgencyId, UnitId},
};

use crate::{
    store::reference::{Reference, existed},
    text::mark_fold,
};

/// The bodies around a council, by folded name.
pub(super) struct Bodies<'a> {
    reference: &'a Reference,
    council: UnitId,
    by_name: HashMap<String, Vec<AgencyId>>,
}

/// Why a name is no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unclear {
    Unknown,
    Several(Vec<AgencyId>),
}

impl<'a> Bodies<'a> {
    pub(super) fn of(reference: &'a Reference, council: UnitId) -> Self {
        let units = &reference.units;
        // Those of the province as it is and of those that it was made of; and whoever belongs to none.
        let province = units
            .province(council)
            .map(|unit| units.with_predecessors(unit.id));
        let near = |unit: UnitId| match (&province, units.province(unit)) {
            (Some(known), Some(province)) => known.contains(&province.id),
            _ => true,
        };
        let mut by_name: HashMap<String, Vec<AgencyId>> = HashMap::new();
        for agency in reference
            .bodies
            .agencies
            .values()
            .filter(|agency| near(agency.unit_id))
        {
            let unit = units.get(agency.unit_id).map(|unit| unit.name.as_str());
            let own = name(&agency.name);
            let with_unit = name(&format!("{} {}", agency.name, unit.unwrap_or_default()));
            if with_unit != own {
                by_name.entry(with_unit).or_default().push(agency.id);
            }
            by_name.entry(own).or_default().push(agency.id);
        }
        Self {
            reference,
            council,
            by_name,
        }
    }

    /// The body of this name that existed on a day: of the petition's own places before the council's before others.
    pub(super) fn resolve(&self, words: &str, units: &[UnitId], day: NaiveDate) -> Result<AgencyId, Unclear> {
        let bare = words.split('(').next().unwrap_or_default();
        let ids = self.by_name.get(&name(bare)).map_or(&[][..], Vec::as_slice);
        let there = |agency: &&agency::Model| existed(agency.valid_from, agency.valid_to, day);
        let known: Vec<&agency::Model> = ids.iter().filter_map(|id| self.reference.agency(*id)).collect();
        let mut found: Vec<&agency::Model> = known.iter().copied().filter(there).collect();
        if found.is_empty() {
            found = known;
        }
        let rank = |agency: &agency::Model| {
            let unit = agency.unit_id;
            match () {
                () if units.contains(&unit) => 0,
                () if unit == self.council => 1,
                () => 2,
            }
        };
        let best = found.iter().map(|agency| rank(agency)).min();
        found.retain(|agency| Some(rank(agency)) == best);
        match found.as_slice() {
            [] => Err(Unclear::Unknown),
            [agency] => Ok(agency.id),
            several => {
                let mut ids: Vec<AgencyId> = several.iter().map(|agency| agency.id).collect();
                ids.sort_unstable();
                Err(Unclear::Several(ids))
            }
        }
    }

    /// The level that a body stands for, where the file does not tell the competent level.
    pub(super) fn tier(&self, body: AgencyId) -> Option<&'static str> {
        let agency = self.reference.agency(body)?;
        match agency.kind.as_str() {
            "company" => return Some("non_state"),
            "assembly_delegation" => return Some("central"),
            _ => {}
        }
        match self.reference.units.get(agency.unit_id)?.level.as_str() {
            "province" => Some("province"),
            "district" => Some("district_historical"),
            "commune" => Some("commune"),
            _ => None,
        }
    }

    /// A body with the unit that it belongs to, to tell it from others of its name.
    pub(super) fn shown(&self, body: AgencyId) -> String {
        let agency = self.reference.agency(body);
        let unit = agency.and_then(|agency| self.reference.units.get(agency.unit_id));
        let agency = agency.map(|agency| agency.name.as_str()).unwrap_or_default();
        format!(
            "{agency} ({})",
            unit.map(|unit| unit.name.as_str()).unwrap_or_default()
        )
    }
}

/// A body's folded name, with the usual abbreviations.
fn name(raw: &str) -> String {
    let folded = mark_fold(raw);
    folded
        .replace("ủy ban nhân dân", "ubnd")
        .replace("hội đồng nhân dân", "hđnd")
        .replace("mặt trận tổ quốc", "mttq")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_are_the_same_name() {
        assert_eq!(name("Uỷ ban nhân dân xã Tân Hưng"), name("UBND xã Tân Hưng"));
        assert_ne!(name("UBND xã Tân Hưng"), name("UBND phường Tân Hưng"));
    }
}
