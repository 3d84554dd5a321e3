//! Guessing passwords is slowed, per user name and per address: after a few failures each further one makes the next
//! try wait a little longer, never more than [`Measure::longest`]. Nothing is ever locked.
//!
//! A stranger must not be able to keep an owner out. Who names a device that has signed in to this account before
//! (`deviceId`) is never held up here; who comes from an address that has signed in to it before waits only for
//! failures of that very address with that very name; and everybody else shares the name's wait, which is shorter
//! than the one of a guesser at one address, so that there is always a gap between two of his tries. A hall behind
//! one address may mistype far more often than one name may. Memory only and of bounded size; a restart forgives.
//! Names and addresses are kept as digests.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use unicode_normalization::UnicodeNormalization;

use super::failures::{CAPACITY, Failures, Key, Memory, digest, digest_address};
pub use super::failures::{Held, Measure};

/// For one name at one address.
pub const PAIR: Measure = Measure {
    free: 5,
    longest: Duration::seconds(60),
    fades: Duration::seconds(180),
};
/// For one name, from wherever.
pub const NAME: Measure = Measure {
    free: 10,
    longest: Duration::seconds(30),
    fades: Duration::seconds(90),
};
/// For one address, whatever the names.
pub const ADDRESS: Measure = Measure {
    free: 100,
    longest: Duration::seconds(60),
    fades: Duration::seconds(9),
};

/// Counts failed logins, unless it is off.
pub struct Throttle(Option<Mutex<Memory>>);

/// A try that was let through. It counts as a failure until [`Throttle::succeeded`] takes it back.
#[must_use]
pub struct Attempt {
    keys: Keys,
    /// Until when name and address were held before it.
    before: [Option<DateTime<Utc>>; 2],
    at: DateTime<Utc>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Throttle {
    fn with_capacity(capacity: usize) -> Self {
        Self(Some(Mutex::new(Memory::with_capacity(capacity))))
    }

    /// One that holds up nobody: for load tests only.
    pub fn off() -> Self {
        Self(None)
    }

    /// To be called before the password is looked at. The try counts as a failure at once, so that many at the same
    /// time gain nothing. `known`: this device has signed in to this very account before.
    pub fn attempt(
        &self,
        name: &str,
        address: IpAddr,
        known: bool,
        now: DateTime<Utc>,
    ) -> Result<Attempt, Held> {
        let keys = Keys::of(name, address);
        let mut attempt = Attempt {
            keys,
            before: [None; 2],
            at: now,
        };
        let Some(memory) = &self.0 else {
            return Ok(attempt);
        };
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = memory.wait(keys.pair, &PAIR, now);
        let others = memory
            .wait(keys.name, &NAME, now)
            .max(memory.wait(keys.address, &ADDRESS, now));
        let is_home = memory.touch(keys.pair).is_some_and(|failures| failures.is_home);
        let wait = if is_home { pair } else { pair.max(others) };
        match wait {
            Some(wait) if !known => return Err(Held(wait)),
            _ => {}
        }
        memory.failed(keys.pair, &PAIR, now);
        attempt.before = [
            memory.failed(keys.name, &NAME, now),
            memory.failed(keys.address, &ADDRESS, now),
        ];
        Ok(attempt)
    }

    /// The password was right. The failures of this address no longer count against the name; those of other
    /// addresses do. Against the address only this try is taken back: an own account is no way to guess on.
    pub fn succeeded(&self, attempt: Attempt) {
        let Some(memory) = &self.0 else { return };
        let Attempt { keys, before, at } = attempt;
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        let own = memory.touch(keys.pair).map_or(1.0, |pair| pair.level);
        for (key, taken, before) in [(keys.name, own, before[0]), (keys.address, 1.0, before[1])] {
            memory.forgive(key, taken, before, at);
        }
        let home = Failures {
            is_home: true,
            ..Failures::none(at)
        };
        memory.insert(keys.pair, home);
    }
}

#[derive(Clone, Copy)]
struct Keys {
    name: Key,
    address: Key,
    pair: Key,
}

impl Keys {
    fn of(name: &str, address: IpAddr) -> Self {
        let (name, address) = (digest_name(name), digest_address(address));
        let pair = digest(b'p', &[name, address].concat());
        Self { name, address, pair }
    }
}

fn digest_name(name: &str) -> Key {
    // Far beyond any user name; the rest of a megabyte is not worth folding.
    let folded: String = name
        .chars()
        .take(256)
        .nfkc()
        .flat_map(char::to_lowercase)
        .collect();
    digest(b'n', folded.trim().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "113.160.0.1";
    const CAFE: &str = "14.224.0.9";
    const THIEF: &str = "203.0.113.7";

    fn at(seconds: i64) -> DateTime<Utc> {
        "2026-03-01T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::seconds(seconds)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// A wrong password, `times` in a row; how many were looked at.
    fn guess(throttle: &Throttle, name: &str, from: &str, times: usize, second: i64) -> usize {
        (0..times)
            .filter(|_| throttle.attempt(name, ip(from), false, at(second)).is_ok())
            .count()
    }

    fn sign_in(throttle: &Throttle, name: &str, from: &str, known: bool, second: i64) -> Result<(), Held> {
        throttle.succeeded(throttle.attempt(name, ip(from), known, at(second))?);
        Ok(())
    }

    fn held(seconds: i64) -> Result<(), Held> {
        Err(Held(Duration::seconds(seconds)))
    }

    #[test]
    fn each_further_guess_waits_longer_and_never_long() {
        let throttle = Throttle::default();
        assert_eq!(guess(&throttle, "lan", THIEF, 30, 0), 5);
        let mut second = 0;
        for wait in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let refused = throttle.attempt("lan", ip(THIEF), false, at(second)).map(drop);
            assert_eq!(refused, held(wait), "{second}");
            second += wait;
            assert_eq!(guess(&throttle, "lan", THIEF, 5, second), 1);
        }
        assert_eq!(
            sign_in(&throttle, "lan", THIEF, false, second + 60),
            Ok(()),
            "nothing is locked"
        );
        assert_eq!(
            guess(&throttle, "lan", THIEF, 30, second + 61),
            5,
            "and all is forgiven"
        );
    }

    #[test]
    fn a_day_of_guessing_comes_to_little() {
        let throttle = Throttle::default();
        let looked_at: usize = (0..86_400)
            .map(|second| guess(&throttle, "minh", THIEF, 1, second))
            .sum();
        assert!(looked_at <= 1_460, "{looked_at} from one address");
        let looked_at: usize = (0..86_400)
            .map(|second| {
                let from = format!("198.51.{}.{}", second / 250 % 250, second % 250);
                guess(&throttle, "lan", &from, 1, second)
            })
            .sum();
        assert!(looked_at <= 2_900, "{looked_at} from everywhere");
    }

    #[test]
    fn failures_fade() {
        let throttle = Throttle::default();
        for times in 0..100 {
            assert_eq!(guess(&throttle, "lan", THIEF, 1, times * 180), 1);
        }
        assert_eq!(guess(&throttle, "lan", THIEF, 30, 100 * 180), 5);
    }

    #[test]
    fn many_addresses_for_one_name_and_many_names_from_one_address() {
        let throttle = Throttle::default();
        let spread = (0..50).map(|n| guess(&throttle, "lan", &format!("198.51.100.{n}"), 1, 0));
        assert_eq!(spread.sum::<usize>(), 10);
        let sprayed = (0..300).map(|n| guess(&throttle, &format!("user{n}"), THIEF, 1, 0));
        assert_eq!(sprayed.sum::<usize>(), 100);
        assert_eq!(
            sign_in(&throttle, "minh", HOME, false, 0),
            Ok(()),
            "others are not touched"
        );
    }

    #[test]
    fn guesses_at_one_name_hold_up_nobody_else_at_the_same_address() {
        let throttle = Throttle::default();
        guess(&throttle, "lan", HOME, 100, 0);
        for n in 0..50 {
            assert_eq!(sign_in(&throttle, &format!("user{n}"), HOME, false, 0), Ok(()));
        }
        assert_eq!(sign_in(&throttle, "lan", HOME, false, 0), held(1));
        assert_eq!(sign_in(&throttle, "lan", HOME, false, 1), Ok(()));
    }

    #[test]
    fn an_owner_is_not_held_up_where_he_is_known() {
        let throttle = Throttle::default();
        assert_eq!(sign_in(&throttle, "lan", HOME, false, 0), Ok(()));
        for second in 0..100 {
            guess(&throttle, "lan", THIEF, 20, second);
            for n in 0..5 {
                guess(&throttle, "lan", &format!("198.51.100.{n}"), 1, second);
                guess(&throttle, &format!("other{n}"), HOME, 20, second);
            }
            assert_eq!(
                sign_in(&throttle, "lan", HOME, false, second),
                Ok(()),
                "the address"
            );
            assert_eq!(
                sign_in(&throttle, "lan", CAFE, true, second),
                Ok(()),
                "the device"
            );
        }
    }

    #[test]
    fn between_two_tries_of_one_guesser_everybody_comes_in() {
        let throttle = Throttle::default();
        let mut came_in = 0;
        for second in 0..3_600 {
            guess(&throttle, "lan", THIEF, 1, second);
            if second % 61 == 45 {
                let from = format!("198.51.100.{}", second % 250);
                came_in += usize::from(sign_in(&throttle, "lan", &from, false, second).is_ok());
            }
        }
        assert!(came_in >= 20, "{came_in}");
    }

    #[test]
    fn a_success_forgives_the_name_for_that_address_only() {
        let throttle = Throttle::default();
        guess(&throttle, "lan", HOME, 4, 0);
        guess(&throttle, "lan", THIEF, 4, 0);
        assert_eq!(sign_in(&throttle, "lan", HOME, false, 0), Ok(()));
        // Four of the thief still count: six more, from wherever.
        let spread = (0..50).map(|n| guess(&throttle, "lan", &format!("198.51.100.{n}"), 1, 0));
        assert_eq!(spread.sum::<usize>(), 6);

        let throttle = Throttle::default();
        guess(&throttle, "lan", THIEF, 4, 0);
        assert_eq!(sign_in(&throttle, "thiefs.own", THIEF, false, 0), Ok(()));
        assert_eq!(
            guess(&throttle, "lan", THIEF, 20, 0),
            1,
            "an own account is no way to guess on"
        );
    }

    #[test]
    fn successes_cost_nothing() {
        let throttle = Throttle::default();
        for n in 0..500 {
            assert_eq!(
                sign_in(&throttle, &format!("user{}", n % 200), HOME, false, 0),
                Ok(())
            );
        }
    }

    #[test]
    fn many_at_once_gain_nothing() {
        let throttle = Throttle::default();
        let looked_at: usize = std::thread::scope(|scope| {
            let guesses: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| guess(&throttle, "lan", THIEF, 50, 0)))
                .collect();
            guesses.into_iter().map(|guess| guess.join().unwrap()).sum()
        });
        assert_eq!(looked_at, 5);
    }

    #[test]
    fn spellings_of_one_name_and_one_address_count_together() {
        let throttle = Throttle::default();
        let names = ["lan", "LAN", " lan ", "ｌａｎ", "Lan"];
        let looked_at = (0..50).map(|n| guess(&throttle, names[n % 5], &format!("198.51.100.{n}"), 1, 0));
        assert_eq!(looked_at.sum::<usize>(), 10);
        let looked_at = (0..50).map(|n| guess(&throttle, "u", &format!("2001:db8:1:2::{n:x}"), 1, 0));
        assert_eq!(looked_at.sum::<usize>(), 5);
        assert_eq!(guess(&throttle, "u", "2001:db8:1:3::1", 1, 0), 1);
        assert_eq!(
            guess(&throttle, "w", THIEF, 3, 0) + guess(&throttle, "w", &format!("::ffff:{THIEF}"), 3, 0),
            5
        );
    }

    #[test]
    fn a_clock_set_back_holds_nobody_for_long() {
        let throttle = Throttle::default();
        guess(&throttle, "lan", THIEF, 10, 86_400);
        let refused = throttle.attempt("lan", ip(THIEF), false, at(0)).map(drop);
        assert_eq!(refused, held(60));
    }

    #[test]
    fn memory_is_bounded_and_the_freshest_stays() {
        let throttle = Throttle::with_capacity(100);
        guess(&throttle, "lan", THIEF, 10, 0);
        for n in 0..5_000_u32 {
            let address = IpAddr::from((n + 0x0a00_0000).to_be_bytes());
            let _ = throttle.attempt(&format!("user{n}"), address, false, at(0));
            if n % 10 == 0 {
                assert!(throttle.attempt("lan", ip(THIEF), false, at(0)).is_err(), "{n}");
            }
            let memory = throttle.0.as_ref().unwrap().lock().unwrap();
            assert!(memory.young.len() + memory.old.len() <= 100);
        }
    }
}
