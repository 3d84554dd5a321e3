//! Working days of Vietnam's public offices: Saturdays and Sundays, the public holidays of the Labour Code, and
//! the days that the Government swaps to make a bridge.
//!
//! All of it is dated data (`reference/holidays.csv`, and what an operator lays over it, [`Calendar::and`]); nothing
//! here knows what Tết is. Rows whose basis says "dự kiến" were computed from the law before the official notice.
//! Outside the years of the table ([`Calendar::covers`]) only weekends are known. The Day of Culture (24 November) is
//! to become a holiday by an amendment of the Labour Code; it is entered when the amendment is in force.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::Deserialize;

/// What a listed date is, against the rule of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// Nobody works, whatever the weekday: a holiday, its compensation or a swapped day.
    Holiday,
    /// A Saturday or Sunday that is worked to make up for a swapped day.
    Working,
}

/// A date that differs from the rule of the week.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Day {
    /// The date.
    pub date: NaiveDate,
    /// Free or worked.
    pub kind: DayKind,
    /// What it is, in Vietnamese.
    pub name: String,
    /// The rule or notice; says when a row is only expected.
    pub basis: String,
}

/// The dated table of special days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    days: BTreeMap<NaiveDate, Day>,
}

impl Calendar {
    /// The table that is delivered with the program.
    pub fn delivered() -> &'static Calendar {
        static DELIVERED: LazyLock<Calendar> =
            LazyLock::new(|| Calendar::read(include_str!("../reference/holidays.csv")).unwrap_or_default());
        &DELIVERED
    }

    /// Reads a table with the columns date, kind, name, basis. A later row of the same date wins.
    pub fn read(table: &str) -> Result<Self, csv::Error> {
        Self::default().and(table)
    }

    /// This table with another one laid over it, in the same columns: where both list a date, the other one holds.
    pub fn and(&self, table: &str) -> Result<Self, csv::Error> {
        let mut days = self.days.clone();
        // What spreadsheet programs put before the first letter is no part of a column's name.
        let table = table.trim_start_matches('\u{feff}');
        for row in csv::Reader::from_reader(table.as_bytes()).into_deserialize() {
            let day: Day = row?;
            days.insert(day.date, day);
        }
        Ok(Self { days })
    }

    /// The special day on this date, if it is one.
    pub fn day(&self, date: NaiveDate) -> Option<&Day> {
        self.days.get(&date)
    }

    /// Whether the table holds the holidays of this date's year.
    pub fn covers(&self, date: NaiveDate) -> bool {
        self.days.keys().any(|listed| listed.year() == date.year())
    }

    /// Whether offices work on this date.
    pub fn is_working(&self, date: NaiveDate) -> bool {
        match self.days.get(&date) {
            Some(day) => day.kind == DayKind::Working,
            None => is_weekday(date),
        }
    }

    /// This date if it is a working day, else the next one.
    pub fn on_or_after(&self, date: NaiveDate) -> NaiveDate {
        if self.is_working(date) {
            date
        } else {
            self.add_working_days(date, 1)
        }
    }

    /// The nth working day after `date`, which itself does not count (Civil Code 2015 art. 147). Zero gives
    /// `date`. At the end of the calendar the last date that can be written.
    pub fn add_working_days(&self, date: NaiveDate, n: u16) -> NaiveDate {
        self.step(date, n, |date| date.checked_add_days(Days::new(1)))
    }

    /// The nth working day before `date`: the last day for what must be done so many working days ahead.
    pub fn subtract_working_days(&self, date: NaiveDate, n: u16) -> NaiveDate {
        self.step(date, n, |date| date.checked_sub_days(Days::new(1)))
    }

    fn step(&self, date: NaiveDate, n: u16, next: impl Fn(NaiveDate) -> Option<NaiveDate>) -> NaiveDate {
        let mut left = n;
        let mut date = date;
        while left > 0 {
            match next(date) {
                Some(other) => date = other,
                None => break,
            }
            left -= u16::from(self.is_working(date));
        }
        date
    }

    /// How many working days lie after `from`, up to and including `to`; negative when `to` is earlier. The
    /// cost does not depend on the distance.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        if to < from {
            return -self.working_days_between(to, from);
        }
        let span = (to - from).num_days();
        let rest = (0..span % 7)
            .filter(|&i| days_before(to, i).is_some_and(is_weekday))
            .count();
        let listed = self.days.range(from..=to).filter(|&(&date, _)| date > from);
        let corrections: i64 = listed
            .map(|(&date, day)| i64::from(day.kind == DayKind::Working) - i64::from(is_weekday(date)))
            .sum();
        span / 7 * 5 + rest as i64 + corrections
    }
}

fn days_before(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    date.checked_sub_days(Days::new(days.unsigned_abs()))
}

fn is_weekday(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn calendar() -> &'static Calendar {
        Calendar::delivered()
    }

    #[test]
    fn the_delivered_table_is_read_whole() {
        let table = include_str!("../reference/holidays.csv");
        assert_eq!(
            Calendar::read(table).unwrap().days.len(),
            table.lines().count() - 1
        );
        for day in calendar().days.values() {
            assert!(!day.name.is_empty() && !day.basis.is_empty());
            assert!(day.kind == DayKind::Holiday || !is_weekday(day.date), "{day:?}");
        }
        assert!(calendar().covers(d("2018-01-01")) && calendar().covers(d("2027-12-31")));
        assert!(!calendar().covers(d("2017-12-31")) && !calendar().covers(d("2028-01-01")));
    }

    #[test]
    fn a_table_laid_over_another_holds() {
        let both = calendar()
            .and("\u{feff}date,kind,name,basis\n2027-09-03,working,Ngày làm việc,x\n2029-01-01,holiday,Tết Dương lịch,x\n")
            .unwrap();
        assert!(!calendar().is_working(d("2027-09-03")) && both.is_working(d("2027-09-03")));
        assert!(!both.is_working(d("2027-09-02")) && !both.is_working(d("2029-01-01")));
        // Of the year between nobody said anything.
        assert!(both.covers(d("2029-06-01")) && !both.covers(d("2028-06-01")));
        let broken = calendar().and("date,kind,name,basis\n2028-01-03,holiday,x,x\n2028-13-01,holiday,x,x\n");
        assert_eq!(broken.unwrap_err().position().map(csv::Position::line), Some(3));
    }

    #[test]
    fn each_year_gives_exactly_the_free_days_of_the_law() {
        // With compensation every holiday costs one weekday: 10 days, 11 since the code of 2019 added one.
        for year in 2018..=2027 {
            let free = calendar().days.values().filter(|day| {
                let swapped = day.name.contains("hoán đổi");
                day.date.year() == year && day.kind == DayKind::Holiday && is_weekday(day.date) && !swapped
            });
            assert_eq!(free.count(), if year < 2021 { 10 } else { 11 }, "{year}");
        }
        let swapped = calendar()
            .days
            .values()
            .filter(|day| day.name.contains("hoán đổi"))
            .count();
        assert_eq!(
            swapped,
            calendar()
                .days
                .values()
                .filter(|day| day.kind == DayKind::Working)
                .count()
        );
    }

    #[test]
    fn known_days() {
        for (date, working) in [
            ("2025-01-24", true),
            ("2025-01-27", false),
            ("2025-01-31", false),
            ("2025-02-03", true),
            ("2025-04-26", true),
            ("2025-05-02", false),
            ("2026-02-13", true),
            ("2026-02-16", false),
            ("2026-02-20", false),
            ("2026-02-23", true),
            ("2024-05-04", true),
            ("2019-01-05", true),
            ("2018-12-31", false),
            ("2023-05-03", false),
            ("2026-04-27", false),
            ("2026-11-22", false),
            ("2026-11-23", true),
        ] {
            assert_eq!(calendar().is_working(d(date)), working, "{date}");
        }
    }

    #[test]
    fn a_period_over_tet_leaves_tet_out() {
        assert_eq!(calendar().add_working_days(d("2026-02-13"), 1), d("2026-02-23"));
        assert_eq!(calendar().add_working_days(d("2026-02-02"), 20), d("2026-03-09"));
        assert_eq!(calendar().add_working_days(d("2025-01-20"), 5), d("2025-02-03"));
        assert_eq!(
            calendar().subtract_working_days(d("2026-02-23"), 1),
            d("2026-02-13")
        );
        assert_eq!(
            calendar().working_days_between(d("2026-02-13"), d("2026-02-23")),
            1
        );
        assert_eq!(calendar().on_or_after(d("2026-02-14")), d("2026-02-23"));
        assert_eq!(calendar().add_working_days(d("2026-02-14"), 0), d("2026-02-14"));
        assert_eq!(calendar().add_working_days(NaiveDate::MAX, 9), NaiveDate::MAX);
        assert_eq!(
            calendar().subtract_working_days(NaiveDate::MIN, 9),
            NaiveDate::MIN
        );
    }

    /// Hồ Ngọc Đức's method: new moons and the sun's longitude at UTC+7, enough for 1900 to 2100.
    mod lunar {
        use std::f64::consts::PI;

        fn new_moon_day(k: i64) -> i64 {
            let k = k as f64;
            let t = k / 1236.85;
            let (t2, t3, dr) = (t * t, t * t * t, PI / 180.0);
            let mean = 2415020.75933 + 29.53058868 * k + 0.0001178 * t2 - 0.000000155 * t3
                + 0.00033 * ((166.56 + 132.87 * t - 0.009173 * t2) * dr).sin();
            let m = (359.2242 + 29.10535608 * k - 0.0000333 * t2 - 0.00000347 * t3) * dr;
            let mpr = (306.0253 + 385.81691806 * k + 0.0107306 * t2 + 0.00001236 * t3) * dr;
            let f = (21.2964 + 390.67050646 * k - 0.0016528 * t2 - 0.00000239 * t3) * dr;
            let c = (0.1734 - 0.000393 * t) * m.sin() + 0.0021 * (2.0 * m).sin() - 0.4068 * mpr.sin()
                + 0.0161 * (2.0 * mpr).sin()
                - 0.0004 * (3.0 * mpr).sin()
                + 0.0104 * (2.0 * f).sin()
                - 0.0051 * (m + mpr).sin()
                - 0.0074 * (m - mpr).sin()
                + 0.0004 * (2.0 * f + m).sin()
                - 0.0004 * (2.0 * f - m).sin()
                - 0.0006 * (2.0 * f + mpr).sin()
                + 0.0010 * (2.0 * f - mpr).sin()
                + 0.0005 * (2.0 * mpr + m).sin();
            let delta = -0.000278 + 0.000265 * t + 0.000262 * t2;
            (mean + c - delta + 0.5 + 7.0 / 24.0).floor() as i64
        }

        /// Which twelfth of its way the sun is in at midnight of the day.
        fn sun_sector(day: i64) -> i64 {
            let t = (day as f64 - 2_451_545.5 - 7.0 / 24.0) / 36525.0;
            let dr = PI / 180.0;
            let m = (357.52910 + 35999.05030 * t - 0.0001559 * t * t) * dr;
            let l = (280.46645
                + 36000.76983 * t
                + 0.0003032 * t * t
                + (1.914600 - 0.004817 * t) * m.sin()
                + (0.019993 - 0.000101 * t) * (2.0 * m).sin()
                + 0.000290 * (3.0 * m).sin())
                * dr;
            ((l - 2.0 * PI * (l / (2.0 * PI)).floor()) / PI * 6.0) as i64
        }

        /// Julian days on which the 1st and the 3rd lunar month of a year begin. No year of the table has a
        /// leap 11th or 12th month before them.
        pub(super) fn months(year: i32) -> (i64, i64) {
            // The 11th month begins with the last new moon before the winter solstice, in the ninth sector.
            let mut k = ((julian(year - 1, 12, 31) - 2_415_021) as f64 / 29.530588853) as i64;
            if sun_sector(new_moon_day(k)) >= 9 {
                k -= 1;
            }
            // A leap month, such as the one after the 2nd of 2023, sees the sun stay in its sector.
            let is_leap = |k| sun_sector(new_moon_day(k)) == sun_sector(new_moon_day(k + 1));
            let third = (k + 3..).filter(|&k| !is_leap(k)).nth(1).unwrap();
            (new_moon_day(k + 2), new_moon_day(third))
        }

        pub(super) fn julian(year: i32, month: u32, day: u32) -> i64 {
            use chrono::Datelike;
            i64::from(
                chrono::NaiveDate::from_ymd_opt(year, month, day)
                    .unwrap()
                    .num_days_from_ce(),
            ) + 1_721_425
        }
    }

    #[test]
    fn lunar_holidays_agree_with_the_sky() {
        let days = |year, what: &str| -> BTreeSet<i64> {
            let named = calendar()
                .days
                .values()
                .filter(|day| day.date.year() == year && day.name == what);
            named
                .map(|day| lunar::julian(year, day.date.month(), day.date.day()))
                .collect()
        };
        let tet_dates = [
            "2018-02-16",
            "2019-02-05",
            "2020-01-25",
            "2021-02-12",
            "2022-02-01",
            "2023-01-22",
            "2024-02-10",
            "2025-01-29",
            "2026-02-17",
            "2027-02-06",
        ];
        for (year, tet) in (2018..).zip(tet_dates.map(d)) {
            let (first_month, third_month) = lunar::months(year);
            assert_eq!(
                first_month,
                lunar::julian(year, tet.month(), tet.day()),
                "Tết {year}"
            );
            assert_eq!(
                days(year, "Giỗ Tổ Hùng Vương"),
                BTreeSet::from([third_month + 9]),
                "Giỗ Tổ {year}"
            );
            let tet = days(year, "Tết Nguyên đán");
            assert!(
                tet.len() == 5 && (first_month - 1..first_month + 3).all(|day| tet.contains(&day)),
                "{year}"
            );
        }
    }

    fn dates() -> impl Strategy<Value = NaiveDate> {
        (0_u64..4000).prop_map(|n| d("2017-10-01") + Days::new(n))
    }

    proptest! {
        #[test]
        fn counting_undoes_adding(from in dates(), n in 0_u16..400) {
            let to = calendar().add_working_days(from, n);
            prop_assert_eq!(calendar().working_days_between(from, to), i64::from(n));
            prop_assert!(n == 0 || calendar().is_working(to));
            prop_assert!(calendar().add_working_days(from, n + 1) > to);
        }

        #[test]
        fn adding_is_monotone(one in dates(), other in dates(), n in 0_u16..200) {
            let (early, late) = (one.min(other), one.max(other));
            prop_assert!(calendar().add_working_days(early, n) <= calendar().add_working_days(late, n));
            prop_assert!(calendar().subtract_working_days(early, n) <= calendar().subtract_working_days(late, n));
        }

        #[test]
        fn counting_agrees_with_looking_at_each_day(one in dates(), other in dates()) {
            let (early, late) = (one.min(other), one.max(other));
            let looked = early.iter_days().skip(1).take_while(|&date| date <= late).filter(|&date| calendar().is_working(date));
            let counted = calendar().working_days_between(early, late);
            prop_assert_eq!(looked.count() as i64, counted);
            prop_assert_eq!(calendar().working_days_between(late, early), -counted);
        }
    }
}
