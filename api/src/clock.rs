//! What time it is. Time comes in through [`Clock`], so that a test can stand on the eve of Tết.
//!
//! Nothing here decides an order between writes: that is the work of the sync clocks, never of a time of day.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, SubsecRound, Utc};

/// Vietnam's time, +07:00 the year round. The legal day begins at its midnight.
pub const VIETNAM: FixedOffset = FixedOffset::east_opt(7 * 3600).expect("checked when compiling");

/// The source of the present moment.
pub trait Clock: Send + Sync {
    /// Now, cut to microseconds: PostgreSQL keeps no more, so that what was written equals what is read.
    fn now(&self) -> DateTime<Utc>;

    /// Today's date in Vietnam.
    fn today(&self) -> NaiveDate {
        local_date(self.now())
    }
}

/// The date in Vietnam at this moment.
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&VIETNAM).date_naive()
}

/// A day as people write it: `02/03/2026`.
pub fn written(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// A moment as clients get it: RFC 3339 at +07:00 with microseconds.
pub fn wire(at: DateTime<Utc>) -> String {
    at.with_timezone(&VIETNAM)
        .format("%Y-%m-%dT%H:%M:%S%.6f%:z")
        .to_string()
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until it is moved; for tests and simulations.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// Stands at this moment.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(now.trunc_subsecs(6)))
    }

    /// Jumps to this moment, backwards too.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now.trunc_subsecs(6);
    }

    /// Moves on by this much and says what time it is then.
    pub fn advance(&self, by: Duration) -> DateTime<Utc> {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = (*now + by).trunc_subsecs(6);
        *now
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_begins_at_vietnams_midnight() {
        for (moment, day) in [
            ("2026-02-16T16:59:59.999999Z", "2026-02-16"),
            ("2026-02-16T17:00:00Z", "2026-02-17"),
            ("2025-12-31T17:00:00Z", "2026-01-01"),
        ] {
            assert_eq!(
                ManualClock::at(at(moment)).today(),
                day.parse::<NaiveDate>().unwrap(),
                "{moment}"
            );
        }
    }

    #[test]
    fn nothing_finer_than_a_microsecond_is_told() {
        let clock = ManualClock::at(at("2026-03-01T00:00:00.123456789Z"));
        assert_eq!(clock.now(), at("2026-03-01T00:00:00.123456Z"));
        assert_eq!(
            clock.advance(Duration::nanoseconds(1_500)),
            at("2026-03-01T00:00:00.123457Z")
        );
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
