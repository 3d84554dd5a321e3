//! Table 4: contacts by unit, round and kind.

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{CouncilId, DelegateId, UnitId};
use uuid::Uuid;

use super::{
    super::{
        Export,
        cells::{label, unit_cells},
        columns::{Column, UNIT_CODE, UNIT_NAME, column},
        csv::Cell,
        paging::Page,
    },
    columns::{
        CENTRAL, COMMUNE, DELEGATES, DISTRICT, FORWARDED, KIND, KIND_LABEL, ON_SPOT, OPINIONS, OTHER,
        PROVINCE, RECORDED, ROUND, SPEAKERS, VOTERS, WAITING,
    },
    delegates::{delegates_cell, in_all},
    opinions::Opinions,
    read::{Point, read},
};
use crate::{clock::local_date, error::Result};

/// Table 4.
pub(in super::super) const COLUMNS: &[Column] = &[
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
    DELEGATES,
    column(
        "delegates_total",
        "Tổng số đại biểu",
        "All who had a mandate in that council on a day of the period",
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
    DISTRICT,
    WAITING,
    column(
        "days_to_forward",
        "Số ngày từ khi nghe đến khi chuyển (trung vị)",
        "Median of the days from the contact to the date of the first document that forwarded an opinion recorded there, over \
         those that were forwarded; 0 for what had been forwarded before; empty where none was",
    ),
];

/// Sums of known figures; nothing as long as none was known.
#[derive(Default)]
struct Sums {
    points: i64,
    without_figures: i64,
    councils: BTreeSet<CouncilId>,
    delegates: BTreeSet<DelegateId>,
    voters: Option<i64>,
    speakers: Option<i64>,
    opinions: Option<i64>,
    became: Option<Opinions>,
    /// How many opinions were forwarded after so many days.
    days: BTreeMap<i64, i64>,
}

impl Sums {
    fn add(&mut self, point: &Point) {
        let figures = [point.voters, point.speakers, point.opinions];
        self.points += 1;
        self.councils.insert(point.row.council_id);
        self.delegates.extend(&point.delegates);
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
        if let Some(heard) = point.row.starts_at.map(local_date) {
            for sent in &point.sent_on {
                let days = (*sent - heard).num_days().max(0);
                *self.days.entry(days).or_default() += 1;
            }
        }
    }
}

/// The one in the middle, or half-way between the two there.
fn median(counts: &BTreeMap<i64, i64>) -> Option<String> {
    let all: i64 = counts.values().sum();
    let at = |place: i64| {
        let mut passed = 0;
        let found = counts.iter().find(|(_, count)| {
            passed += **count;
            passed > place
        });
        found.map(|(value, _)| *value)
    };
    let twice = at((all - 1) / 2)? + at(all / 2)?;
    let half = if twice % 2 == 0 { "" } else { ".5" };
    Some(format!("{}{half}", twice / 2))
}

/// Table 4: unit x round x kind.
pub(in super::super) async fn table(export: &Export) -> Result<Page> {
    let reference = export.state.reference();
    let mut groups: BTreeMap<(Option<UnitId>, Option<Uuid>, String), Sums> = BTreeMap::new();
    let mut after = None;
    loop {
        let (points, next) = read(export, after).await?;
        for point in points {
            let now = export.scope.unit_of(&reference, point.row.council_id);
            let key = (
                now.map(|unit| unit.id),
                point.row.round_id.map(Uuid::from),
                point.row.kind.clone(),
            );
            groups.entry(key).or_default().add(&point);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    let councils = groups.values().flat_map(|sums| &sums.councils).copied().collect();
    let in_all = in_all(export.state.store.read(), councils, &export.scope).await?;
    let lang = export.viewer.lang;
    let rows = groups.into_iter().map(|((unit, round, kind), sums)| {
        let mut row: Vec<Cell> = unit_cells(unit.and_then(|unit| reference.units.get(unit)), lang).into();
        row.push(round.into());
        row.push(Cell::Plain(kind.clone()));
        row.push(label("contact_kind", &kind, lang));
        row.push(sums.points.into());
        row.push(sums.without_figures.into());
        row.push(delegates_cell(&sums.delegates));
        row.push(
            sums.councils
                .iter()
                .filter_map(|council| in_all.get(council))
                .sum::<i64>()
                .into(),
        );
        row.extend([sums.voters, sums.speakers, sums.opinions].map(Cell::from));
        row.extend(Opinions::cells(sums.became.as_ref()));
        row.push(median(&sums.days).map_or(Cell::Empty, Cell::Plain));
        row.extend(export.scope.closing());
        row
    });
    Ok(Page::whole(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        for (days, expected) in [
            (vec![], None),
            (vec![4], Some("4")),
            (vec![2, 11], Some("6.5")),
            (vec![2, 4], Some("3")),
            (vec![0, 0, 30], Some("0")),
            (vec![11, 2, 11, 40], Some("11")),
        ] {
            let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
            for day in &days {
                *counts.entry(*day).or_default() += 1;
            }
            assert_eq!(median(&counts).as_deref(), expected, "{days:?}");
        }
    }
}
