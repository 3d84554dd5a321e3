//! Guessing codes is slowed, per address and in all. A guess is a well-formed code that nobody's words bear and that this
//! address did not ask for before.
//!
//! Who types the code on his slip is not kept from it: a right code costs nothing, and a code that was asked for once may
//! be asked for again as often as one likes from the same address, also one that has not been uploaded yet. An address
//! that has not guessed is never held up by what others do; behind one address a hall may ask for many codes before
//! their upload. Of 2^40 codes a server with a million slips has one in a million: a day of guessing from one address
//! finds none. Memory only, of bounded size; addresses and codes are kept as digests.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};

pub use crate::accounts::throttle::Held;
use crate::{
    accounts::failures::{CAPACITY, Key, Measure, Memory, digest, digest_address},
    feedback::tracking::TrackingCode,
};

/// For one address.
pub const ADDRESS: Measure = Measure {
    free: 60,
    longest: Duration::seconds(60),
    fades: Duration::seconds(20),
};

/// For all addresses that have guessed, together.
pub const ALL: Measure = Measure {
    free: 1_000,
    longest: Duration::seconds(5),
    fades: Duration::milliseconds(100),
};

/// Counts guesses, unless it is off.
pub struct Guesses(Option<Mutex<Memory>>);

/// A look-up that was let through. It counts as a guess until [`Guesses::was_right`] takes it back.
#[must_use]
pub struct Asked(Option<Counted>);

struct Counted {
    address: Key,
    /// Until when address and all were held before it.
    before: [Option<DateTime<Utc>>; 2],
    at: DateTime<Utc>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self(Some(Mutex::new(Memory::with_capacity(CAPACITY))))
    }
}

impl Guesses {
    /// One that holds up nobody: for load tests only.
    pub fn off() -> Self {
        Self(None)
    }

    /// To be called before the database is asked.
    pub fn ask(&self, code: TrackingCode, address: IpAddr, now: DateTime<Utc>) -> Result<Asked, Held> {
        let Some(memory) = &self.0 else {
            return Ok(Asked(None));
        };
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, all) = (digest_address(address), all());
        let pair = digest(b'c', &[address.as_slice(), code.to_string().as_bytes()].concat());
        if memory.knows(pair) {
            return Ok(Asked(None));
        }
        if memory.has_failed(address, &ADDRESS, now) {
            let wait = memory
                .wait(address, &ADDRESS, now)
                .max(memory.wait(all, &ALL, now));
            if let Some(wait) = wait {
                return Err(Held(wait));
            }
        }
        memory.remember(pair, now);
        let before = [
            memory.failed(address, &ADDRESS, now),
            memory.failed(all, &ALL, now),
        ];
        Ok(Asked(Some(Counted {
            address,
            before,
            at: now,
        })))
    }

    /// Somebody's words bear the code: it was no guess.
    pub fn was_right(&self, asked: Asked) {
        let (Some(memory), Asked(Some(counted))) = (&self.0, asked) else {
            return;
        };
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, before) in [(counted.address, counted.before[0]), (all(), counted.before[1])] {
            memory.forgive(key, 1.0, before, counted.at);
        }
    }
}

fn all() -> Key {
    digest(b'*', b"codes")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALL: &str = "113.160.0.1";
    const THIEF: &str = "203.0.113.7";

    fn at(seconds: i64) -> DateTime<Utc> {
        "2026-03-01T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::seconds(seconds)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn code(number: u32) -> TrackingCode {
        let [a, b, c, d] = number.to_be_bytes();
        TrackingCode::from_bytes([7, a, b, c, d])
    }

    /// How many of these codes are looked at.
    fn guess(guesses: &Guesses, from: &str, codes: std::ops::Range<u32>, second: i64) -> usize {
        codes
            .filter(|number| guesses.ask(code(*number), ip(from), at(second)).is_ok())
            .count()
    }

    #[test]
    fn a_day_of_guessing_from_one_address_comes_to_little() {
        let guesses = Guesses::default();
        assert_eq!(guess(&guesses, THIEF, 0..1_000, 0), 60);
        let looked_at: usize = (1..86_400_u32)
            .map(|second| {
                guess(
                    &guesses,
                    THIEF,
                    second * 1_000..second * 1_000 + 3,
                    i64::from(second),
                )
            })
            .sum();
        assert!(looked_at <= 4_400, "{looked_at}");
    }

    #[test]
    fn who_asks_again_and_who_is_right_is_never_held() {
        let guesses = Guesses::default();
        for number in 0..500 {
            let asked = guesses
                .ask(code(number), ip(HALL), at(0))
                .unwrap_or_else(|_| panic!("{number}"));
            guesses.was_right(asked);
        }
        assert_eq!(guess(&guesses, HALL, 1_000..1_050, 0), 50, "not uploaded yet");
        for _ in 0..500 {
            assert_eq!(guess(&guesses, HALL, 1_000..1_050, 1), 50, "asked again");
        }
        guess(&guesses, HALL, 2_000..3_000, 1);
        assert_eq!(
            guess(&guesses, HALL, 1_000..1_050, 1),
            50,
            "though somebody there guesses"
        );
    }

    #[test]
    fn many_guessers_slow_each_other_and_nobody_else() {
        let guesses = Guesses::default();
        let mut looked_at = 0;
        for second in 0..60_u32 {
            for thief in 0..250 {
                let from = format!("198.51.100.{thief}");
                let first = second * 1_000 + thief * 4;
                looked_at += guess(&guesses, &from, first..first + 4, i64::from(second));
            }
            assert_eq!(
                guess(
                    &guesses,
                    &format!("113.160.1.{second}"),
                    900_000..900_001,
                    i64::from(second)
                ),
                1
            );
        }
        // The free ones, one for each address, what fades in a minute, and the clean addresses.
        assert!(looked_at <= 1_000 + 250 + 600 + 60, "{looked_at}");
    }

    #[test]
    fn guesses_fade() {
        let guesses = Guesses::default();
        assert_eq!(guess(&guesses, THIEF, 0..100, 0), 60);
        assert_eq!(guess(&guesses, THIEF, 1_000..1_100, 3_600), 60);
        assert!(Guesses::off().ask(code(1), ip(THIEF), at(0)).is_ok());
    }
}
