//! Which part of the country and which time a table is about.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use entity::{
    id::{CouncilId, UnitId},
    unit,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, sea_query::Query};

use crate::{
    clock::VIETNAM,
    error::{Code, Error, Refused, Result},
    store::{
        reference::{Reference, Units, existed},
        writing::{parse_date, parse_id},
    },
};

/// The longest period, in years.
const MOST_YEARS: u32 = 10;

/// Which part of the country and which time a table is about.
pub struct Scope {
    /// The unit, what is below it, and all that these were made of.
    units: BTreeSet<UnitId>,
    /// The councils of those units.
    councils: Vec<CouncilId>,
    /// The first moment of the period.
    pub(super) start: DateTime<Utc>,
    /// The first moment after the cut-off.
    pub(super) end: DateTime<Utc>,
    pub(super) cut_off: NaiveDate,
    pub(super) today: NaiveDate,
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

        let units = territory(units, unit);
        let councils = reference.bodies.councils.values();
        let councils = councils.filter(|council| units.contains(&council.unit_id));
        let councils = councils.map(|council| council.id).collect();
        Self::over(units, councils, from, to, today)
    }

    /// What is of a council, and of those that it follows, in a period that ends today at the latest.
    pub(crate) fn of_council(
        council: CouncilId,
        from: NaiveDate,
        to: NaiveDate,
        reference: &Reference,
        today: NaiveDate,
    ) -> Result<Self> {
        if to < from {
            return Err(Refused::field(Code::OutOfRange, "to").into());
        }
        let councils = reference.with_predecessors(council).into_iter().collect();
        Self::over(BTreeSet::new(), councils, from, to, today)
    }

    fn over(
        units: BTreeSet<UnitId>,
        councils: Vec<CouncilId>,
        from: NaiveDate,
        to: NaiveDate,
        today: NaiveDate,
    ) -> Result<Self> {
        let cut_off = to.min(today);
        Ok(Self {
            units,
            councils,
            start: midnight(from)?,
            end: midnight(cut_off.checked_add_days(Days::new(1)).unwrap_or(cut_off))?,
            cut_off,
            today,
        })
    }

    /// The units of today on the lowest level, below which there is none: communes.
    pub(super) fn lowest(&self, units: &Units) -> BTreeSet<UnitId> {
        let is_there = |unit: &unit::Model| existed(unit.valid_from, unit.valid_to, self.today);
        let heirs: BTreeSet<UnitId> = self.units.iter().map(|unit| units.heir(*unit)).collect();
        heirs
            .into_iter()
            .filter(|id| units.get(*id).is_some_and(is_there) && !units.children(*id).any(is_there))
            .collect()
    }

    /// Whether a moment lies before the period.
    pub(super) fn is_before(&self, at: DateTime<Utc>) -> bool {
        at < self.start
    }

    /// The records with a unit in the scope, and those of its councils.
    pub(super) fn covers<E: EntityTrait>(
        &self,
        id: impl ColumnTrait,
        council: impl ColumnTrait,
        (links, owner, unit): (E, E::Column, E::Column),
    ) -> Condition {
        let linked = Query::select()
            .column(owner)
            .from(links)
            .and_where(unit.is_in(self.units.iter().copied()))
            .to_owned();
        Condition::any()
            .add(id.in_subquery(linked))
            .add(council.is_in(self.councils.iter().copied()))
    }
}

/// The first moment of a day.
pub(crate) fn midnight(day: NaiveDate) -> Result<DateTime<Utc>> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
