//! Units with which nobody had a contact in the period (đơn vị chưa được tiếp xúc cử tri), and when the last one was.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use entity::{
    id::{MeetingId, UnitId},
    meeting::Column as Contact,
    meeting_unit,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{
    super::{
        Export,
        cells::unit_cells,
        columns::{Column, column},
        csv::Cell,
        paging::{After, Page, paged},
    },
    read::took_place,
};
use crate::{clock::local_date, error::Result};

/// Contacts in one page: no more than their day is read.
const PAGE: usize = 1_000;

/// Units without a contact.
pub(in super::super) const COLUMNS: &[Column] = &[
    column(
        "unit_code",
        "Mã đơn vị",
        "Official code of a unit of the lowest level (commune), as of today, for which no contact took place in the period, \
         as far as the reader may see contacts",
    ),
    column("unit_name", "Đơn vị", "Its name"),
    column(
        "last_contact",
        "Ngày tiếp xúc gần nhất",
        "Day of the last contact before the period that was held for it, or for a former unit that it became as a whole; \
         empty if none is known",
    ),
    column(
        "months_since",
        "Số tháng kể từ đó",
        "Whole months from that day to the cut-off date",
    ),
];

/// Units without a contact: those for which none is known first, then those that wait the longest.
pub(in super::super) async fn table(export: &Export) -> Result<Page> {
    let reference = export.state.reference();
    let units = export.scope.lowest(&reference.units);
    let mut last: HashMap<UnitId, NaiveDate> = HashMap::new();
    let mut after = None;
    loop {
        let (contacts, next) = contacts(export, after).await?;
        let links = meeting_unit::Entity::find()
            .filter(meeting_unit::Column::MeetingId.is_in(contacts.keys().copied()))
            .all(export.state.store.read())
            .await?;
        for link in links {
            let unit = reference.units.heir(link.unit_id);
            if let Some(day) = contacts.get(&link.meeting_id).filter(|_| units.contains(&unit)) {
                let known = last.entry(unit).or_insert(*day);
                *known = (*known).max(*day);
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    let first = local_date(export.scope.start);
    let found = units.iter().filter_map(|unit| reference.units.get(*unit));
    let mut unmet: Vec<_> = found
        .map(|unit| (last.get(&unit.id).copied(), unit))
        .filter(|(day, _)| day.is_none_or(|day| day < first))
        .collect();
    unmet.sort_by(|(one, unit), (other, next)| (one, &unit.code).cmp(&(other, &next.code)));
    let rows = unmet.into_iter().map(|(day, unit)| {
        let mut row: Vec<Cell> = unit_cells(Some(unit), export.viewer.lang).into();
        row.push(day.into());
        row.push(day.map(|day| months(day, export.scope.cut_off)).into());
        row.extend(export.scope.closing());
        row
    });
    Ok(Page::whole(rows))
}

/// The days of the next contacts that took place by the cut-off date, since ever.
async fn contacts(
    export: &Export,
    after: Option<After>,
) -> Result<(HashMap<MeetingId, NaiveDate>, Option<After>)> {
    let query = took_place(export)
        .select_only()
        .columns([Contact::Id, Contact::StartsAt]);
    let rows: Vec<(MeetingId, DateTime<Utc>)> = paged(query, Contact::StartsAt, Contact::Id, after, PAGE)
        .into_tuple()
        .all(export.state.store.read())
        .await?;
    let next = rows.last().filter(|_| rows.len() == PAGE);
    let next = next.map(|(id, at)| After { at: *at, id: id.0 });
    let days = rows.into_iter().map(|(id, at)| (id, local_date(at)));
    Ok((days.collect(), next))
}

/// Whole months between two days.
fn months(from: NaiveDate, to: NaiveDate) -> i64 {
    let begun = 12 * i64::from(to.year() - from.year()) + i64::from(to.month()) - i64::from(from.month());
    begun - i64::from(to.day() < from.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_over_on_its_day() {
        for (from, to, whole) in [
            ("2026-01-15", "2026-01-15", 0),
            ("2026-01-15", "2026-02-14", 0),
            ("2026-01-15", "2026-02-15", 1),
            ("2025-11-30", "2026-02-28", 2),
            ("2024-12-31", "2026-12-31", 24),
        ] {
            let day = |text: &str| text.parse::<NaiveDate>().unwrap();
            assert_eq!(months(day(from), day(to)), whole, "{from} {to}");
        }
    }
}
