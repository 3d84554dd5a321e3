//! Summaries of table 5. Each adds up to the rows of that table.

use std::collections::BTreeMap;

use entity::id::UnitId;
use uuid::Uuid;

use super::{
    super::{
        Export,
        cells::unit_cells,
        columns::{Column, UNIT_CODE, UNIT_NAME, column},
        csv::Cell,
        paging::Page,
        scope::Scope,
    },
    columns::{AGENCY, AGENCY_ID, FIELD, FIELD_LABEL, field_cells},
    read::{Entry, NOT_ANSWERED, read},
};
use crate::{codes, error::Result};

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
            column("out_of_competence", "Không thuộc thẩm quyền, đã chuyển", "Outcome `out_of_competence`, of lists that were taken over"),
            column("not_answered", "Chưa trả lời", "Outcome `not_answered`, or no answer that counts by the cut-off date"),
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

/// Who answers x outcome.
pub(in super::super) const AGENCY_COLUMNS: &[Column] = by_outcome!(AGENCY_ID, AGENCY);

/// Field x outcome.
pub(in super::super) const FIELD_COLUMNS: &[Column] = by_outcome!(FIELD, FIELD_LABEL);

/// Carried over, new, done, left.
pub(in super::super) const BALANCE_COLUMNS: &[Column] = &[
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
pub(in super::super) async fn by_agency(export: &Export) -> Result<Page> {
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
    Ok(Page::whole(rows))
}

/// Field x outcome, in the order of the list.
pub(in super::super) async fn by_field(export: &Export) -> Result<Page> {
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
    Ok(Page::whole(rows))
}

/// Carried over, new, done, left, by unit.
pub(in super::super) async fn balance(export: &Export) -> Result<Page> {
    let reference = export.state.reference();
    let mut groups: BTreeMap<Option<UnitId>, [i64; 4]> = BTreeMap::new();
    count(export, |entry| {
        let unit = export.scope.unit_of(&reference, entry.row.council_id);
        let counts = groups.entry(unit.map(|unit| unit.id)).or_default();
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
    Ok(Page::whole(rows))
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
