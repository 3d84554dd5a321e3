//! Periods set by law or by a council (thời hạn), and the due dates that follow from them.
//!
//! Periods are dated data (`reference/periods.csv`), never constants: the basis says where each comes from and
//! whether it is only a default that every council sets anew. What a council set for itself from a day on goes before
//! that ([`Periods`]). What is due is computed here, on the server; a phone shows the result with the time at which it
//! was computed.

use std::{borrow::Cow, sync::LazyLock};

use chrono::{Days, NaiveDate};
use entity::{council_period, id::CouncilId};
use serde::Deserialize;

use crate::{calendar::Calendar, store::reference::Reference};

/// What a period counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayUnit {
    /// Working days (ngày làm việc).
    Working,
    /// Every day (ngày).
    Calendar,
}

impl DayUnit {
    /// Its code, as in tables and on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Calendar => "calendar",
        }
    }
}

/// On which side of the event the due date lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// So many days after it, such as an answer after the receipt.
    After,
    /// At least so many days before it, such as documents before a session.
    Before,
}

impl Side {
    /// Its code, as in tables and on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::After => "after",
            Self::Before => "before",
        }
    }
}

/// One period in one span of validity.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Period {
    /// What it is for; several spans may share a code.
    pub code: String,
    /// Length in days of `unit`.
    pub days: u16,
    /// Working or calendar days.
    pub unit: DayUnit,
    /// After or before the event.
    pub side: Side,
    /// First day on which it holds; none means since ever.
    pub valid_from: Option<NaiveDate>,
    /// First day on which it holds no longer; none means still.
    pub valid_to: Option<NaiveDate>,
    /// Whether every council sets it anew (từng HĐND đặt lại); what a law sets, no council does.
    #[serde(default)]
    pub by_council: bool,
    /// Vietnamese label.
    pub label_vi: String,
    /// The rule it comes from, or that it is a default.
    pub basis: String,
}

impl Period {
    /// Whether it holds on a day.
    pub fn holds_on(&self, date: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= date) && self.valid_to.is_none_or(|to| date < to)
    }
}

/// The delivered periods, in the order of the table.
pub fn periods() -> &'static [Period] {
    static DELIVERED: LazyLock<Vec<Period>> =
        LazyLock::new(|| read(include_str!("../reference/periods.csv")).unwrap_or_default());
    &DELIVERED
}

/// Reads a table with the columns of [`Period`].
pub fn read(table: &str) -> Result<Vec<Period>, csv::Error> {
    csv::Reader::from_reader(table.as_bytes())
        .into_deserialize()
        .collect()
}

/// The period of this code that held on the day of the event.
pub fn find(code: &str, on: NaiveDate) -> Option<&'static Period> {
    periods()
        .iter()
        .find(|period| period.code == code && period.holds_on(on))
}

/// The last day for what this period governs, counted from an event on `from`, which itself does not count.
///
/// A period in calendar days that would end on a free day ends on the next working day (Civil Code 2015 art.
/// 148); one that runs backwards is not shortened and simply ends where it ends.
pub fn due(period: &Period, from: NaiveDate, calendar: &Calendar) -> NaiveDate {
    let days = Days::new(u64::from(period.days));
    match (period.side, period.unit) {
        (Side::After, DayUnit::Working) => calendar.add_working_days(from, period.days),
        (Side::After, DayUnit::Calendar) => {
            calendar.on_or_after(from.checked_add_days(days).unwrap_or(NaiveDate::MAX))
        }
        (Side::Before, DayUnit::Working) => calendar.subtract_working_days(from, period.days),
        (Side::Before, DayUnit::Calendar) => from.checked_sub_days(days).unwrap_or(NaiveDate::MIN),
    }
}

/// What of a council's own rows holds for an event on a day: the one with the latest first day, and of several with the
/// same the one that was entered last.
pub fn own_on<'a>(
    own: impl IntoIterator<Item = &'a council_period::Model>,
    code: &str,
    on: NaiveDate,
) -> Option<&'a council_period::Model> {
    own.into_iter()
        .filter(|row| row.code == code && row.valid_from <= on)
        .max_by_key(|row| (row.valid_from, row.ordinal))
}

/// The periods of one council: what it set for itself, else what is delivered.
#[derive(Clone, Copy)]
pub struct Periods<'a> {
    reference: &'a Reference,
    council: CouncilId,
    calendar: &'a Calendar,
}

impl<'a> Periods<'a> {
    /// Those of a council, counted by this calendar.
    pub fn of(reference: &'a Reference, council: CouncilId, calendar: &'a Calendar) -> Self {
        Self {
            reference,
            council,
            calendar,
        }
    }

    /// What the council itself had set for an event on a day.
    fn own(&self, code: &str, event: NaiveDate) -> Option<Period> {
        let row = own_on(self.reference.own_periods(self.council, event), code, event)?;
        Some(Period {
            days: u16::try_from(row.days?).ok()?,
            valid_from: Some(row.valid_from),
            valid_to: None,
            basis: row.basis.clone(),
            ..find(code, event)?.clone()
        })
    }

    /// The period of this code that holds for an event on a day; borrowed where it is the delivered one.
    pub fn find(&self, code: &str, event: NaiveDate) -> Option<Cow<'static, Period>> {
        self.find_since(code, event, event)
    }

    /// The same for what goes on after its event: what the council had set then, else what is delivered today.
    pub fn find_since(&self, code: &str, event: NaiveDate, today: NaiveDate) -> Option<Cow<'static, Period>> {
        let own = self.own(code, event).map(Cow::Owned);
        own.or_else(|| find(code, today).map(Cow::Borrowed))
    }

    /// The last day for what the period of this code governs, counted from an event.
    pub fn due(&self, code: &str, event: NaiveDate) -> Option<NaiveDate> {
        let period = self.find(code, event)?;
        Some(self.counted(&period, event))
    }

    /// The last day of a period that is counted from a day.
    pub fn counted(&self, period: &Period, from: NaiveDate) -> NaiveDate {
        due(period, from, self.calendar)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use uuid::Uuid;

    use super::*;
    use crate::store::reference::Bodies;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_delivered_table_is_read_whole_and_unambiguous() {
        let table = include_str!("../reference/periods.csv");
        let read = read(table).unwrap();
        assert_eq!(read.len(), table.lines().count() - 1);
        assert_eq!(read, periods());
        let starts: HashSet<_> = read.iter().map(|p| (&p.code, p.valid_from)).collect();
        assert_eq!(starts.len(), read.len());
        for period in &read {
            assert!(period.days > 0 && !period.label_vi.is_empty() && !period.basis.is_empty());
            let is_told = period.basis.contains("từng HĐND đặt lại");
            assert_eq!(period.by_council, is_told, "{}", period.code);
            let at_once = read
                .iter()
                .filter(|p| p.code == period.code && p.holds_on(d("2026-11-22")))
                .count();
            assert!(at_once <= 1, "{}", period.code);
        }
    }

    #[test]
    fn due_dates() {
        for (code, from, expected) in [
            // 20 working days over Tết 2026.
            ("answer_commune", "2026-02-02", "2026-03-09"),
            ("answer_province", "2025-07-01", "2025-07-29"),
            // 40 days end on Saturday, so on Monday.
            ("answer_central", "2025-09-01", "2025-10-13"),
            // 50 days end on Sunday 26 April 2026, the day of the ancestors, made up on Monday.
            ("answer_central_joint", "2026-03-07", "2026-04-28"),
            ("reminder_before", "2026-02-24", "2026-02-12"),
            ("session_documents", "2026-07-08", "2026-07-03"),
        ] {
            let from = d(from);
            let period = find(code, from).unwrap();
            assert_eq!(due(period, from, Calendar::delivered()), d(expected), "{code}");
        }
    }

    #[test]
    fn a_period_holds_only_in_its_time() {
        assert!(find("answer_central", d("2017-09-14")).is_none());
        assert!(find("answer_central", d("2017-09-15")).is_some());
        assert!(find("nothing", d("2026-01-01")).is_none());
        let table = "code,days,unit,side,valid_from,valid_to,label_vi,basis\n\
                     a,5,working,after,,2026-01-01,A,x\na,7,calendar,before,2026-01-01,,A,y\n";
        let read = read(table).unwrap();
        assert!(read[0].holds_on(d("2025-12-31")) && !read[0].holds_on(d("2026-01-01")));
        assert!(!read[1].holds_on(d("2025-12-31")) && read[1].holds_on(d("2026-01-01")));
        assert!(super::read("code,days\na,x\n").is_err());
    }

    #[test]
    fn what_a_council_set_holds_from_its_day_until_the_next() {
        let council = CouncilId(Uuid::from_u128(7));
        let row = |ordinal, days, from: &str| council_period::Model {
            id: Uuid::from_u128(100).into(),
            council_id: council,
            code: "inform_voters".into(),
            ordinal,
            days,
            valid_from: d(from),
            basis: format!("{ordinal}/QĐ-TTHĐND"),
            at: chrono::DateTime::UNIX_EPOCH,
            actor_id: None,
        };
        let own = vec![
            row(1, Some(9), "2026-06-01"),
            // Corrected before it held, and taken back from a day on.
            row(2, Some(5), "2026-06-01"),
            row(3, None, "2026-09-01"),
        ];
        let bodies = Bodies {
            periods: [(council, own)].into(),
            ..Bodies::default()
        };
        let reference = Reference {
            bodies: Arc::new(bodies),
            ..Reference::default()
        };
        let periods = Periods::of(&reference, council, Calendar::delivered());
        for (day, days, basis) in [
            ("2026-05-31", 20, None),
            ("2026-06-01", 5, Some("2/QĐ-TTHĐND")),
            ("2026-08-31", 5, Some("2/QĐ-TTHĐND")),
            ("2026-09-01", 20, None),
        ] {
            let found = periods.find("inform_voters", d(day)).unwrap();
            assert_eq!(found.days, days, "{day}");
            let own = matches!(found, Cow::Owned(_)).then(|| found.basis.clone());
            assert_eq!(own.as_deref(), basis, "{day}");
        }
        // Five working days after a Monday.
        assert_eq!(
            periods.due("inform_voters", d("2026-06-01")),
            Some(d("2026-06-08"))
        );
        // Another rule of its, and another council.
        assert_eq!(periods.find("reminder_before", d("2026-06-01")).unwrap().days, 3);
        let other = Periods::of(&reference, CouncilId(Uuid::from_u128(8)), Calendar::delivered());
        assert_eq!(other.find("inform_voters", d("2026-06-01")).unwrap().days, 20);
        // What goes on after its event goes by what held then.
        let since = |event| periods.find_since("inform_voters", d(event), d("2026-07-01"));
        assert_eq!(
            (
                since("2026-05-29").unwrap().days,
                since("2026-06-02").unwrap().days
            ),
            (20, 5)
        );
    }
}
