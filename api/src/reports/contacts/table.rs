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
        CENTRAL, COMMUNE, DELEGATES, FORWARDED, KIND, KIND_LABEL, ON_SPOT, OPINIONS, OTHER, PROVINCE,
        RECORDED, ROUND, SPEAKERS, VOTERS, WAITING,
    },
    delegates::{delegates_cell, in_all},
    opinions::Opinions,
    read::{Point, read},
};
use crate::error::Result;

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
    WAITING,
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
    }
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
        row.extend(export.scope.closing());
        row
    });
    Ok(Page::whole(rows))
}
