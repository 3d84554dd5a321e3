//! Guessing passwords is slowed: ten failures within a quarter of an hour, per user name and per address.
//!
//! A stranger must not be able to lock an owner out: who names a device that has signed in to this account before
//! (`deviceId`) is never held up here. Memory only and of bounded size; a restart forgives. Names and
//! addresses are kept as digests.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// Failures that are allowed within [`WINDOW`].
pub const FAILURES: usize = 10;
/// How long a failure counts.
pub const WINDOW: Duration = Duration::minutes(15);
/// Most names and addresses remembered together; the longest untouched are forgotten first.
pub const CAPACITY: usize = 100_000;

/// Counts failed logins, unless it is off.
pub struct Throttle(Option<Mutex<Memory>>);

/// The login must wait this long (`Retry-After`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held(pub Duration);

impl Default for Throttle {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Throttle {
    fn with_capacity(capacity: usize) -> Self {
        Self(Some(Mutex::new(Memory {
            half: (capacity / 2).max(1),
            ..Memory::default()
        })))
    }

    /// One that holds up nobody: for load tests only.
    pub fn off() -> Self {
        Self(None)
    }

    /// To be called before the password is looked at. The try counts as a failure until
    /// [`Throttle::succeeded`] takes it back, so that many at once gain nothing. `known`: this device
    /// has signed in to this very account before.
    pub fn attempt(&self, name: &str, address: IpAddr, known: bool, now: DateTime<Utc>) -> Result<(), Held> {
        let Some(memory) = &self.0 else { return Ok(()) };
        let (name, address) = (digest_name(name), digest_address(address));
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        let held = memory.held(name, now).max(memory.held(address, now));
        match held {
            Some(wait) if !known => return Err(Held(wait)),
            _ => {}
        }
        memory.failed(name, address, now);
        memory.failed(address, name, now);
        Ok(())
    }

    /// The password was right. The failures of this address no longer count against the name; those of other
    /// addresses do. Against the address only this try is taken back: an own account is no way to guess on.
    pub fn succeeded(&self, name: &str, address: IpAddr) {
        let Some(memory) = &self.0 else { return };
        let (name, address) = (digest_name(name), digest_address(address));
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failures) = memory.touch(name) {
            failures.retain(|failure| failure.counterpart != address);
        }
        if let Some(failures) = memory.touch(address)
            && let Some(at) = failures.iter().rposition(|failure| failure.counterpart == name)
        {
            failures.remove(at);
        }
    }
}

type Key = [u8; 16];

struct Failure {
    at: DateTime<Utc>,
    /// The address for a name, the name for an address.
    counterpart: Key,
}

/// Two generations: when the young one is full, it becomes the old one and what the old one held is forgotten.
#[derive(Default)]
struct Memory {
    half: usize,
    young: HashMap<Key, Vec<Failure>>,
    old: HashMap<Key, Vec<Failure>>,
}

impl Memory {
    fn touch(&mut self, key: Key) -> Option<&mut Vec<Failure>> {
        if let Some(failures) = self.old.remove(&key) {
            self.insert(key, failures);
        }
        self.young.get_mut(&key)
    }

    fn insert(&mut self, key: Key, failures: Vec<Failure>) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, failures);
    }

    fn held(&mut self, key: Key, now: DateTime<Utc>) -> Option<Duration> {
        let failures = self.touch(key)?;
        failures.retain(|failure| now < failure.at + WINDOW);
        // The one that must lapse before there are fewer than FAILURES again.
        let first = failures.first().filter(|_| failures.len() >= FAILURES)?;
        // A clock that was set back must not hold anybody for longer than the window.
        Some((first.at + WINDOW - now).min(WINDOW))
    }

    fn failed(&mut self, key: Key, counterpart: Key, now: DateTime<Utc>) {
        let failure = Failure { at: now, counterpart };
        match self.touch(key) {
            // Only a known device comes here when the measure is full. Its tries must not push out those of the
            // guesser, whom the owner's next success would then forgive.
            Some(failures) if failures.len() >= FAILURES => {}
            Some(failures) => failures.push(failure),
            None => self.insert(key, vec![failure]),
        }
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

/// An IPv6 customer has a whole /64 to choose from, so that counts as one address.
fn digest_address(address: IpAddr) -> Key {
    match address.to_canonical() {
        IpAddr::V4(v4) => digest(b'4', &v4.octets()),
        IpAddr::V6(v6) => digest(b'6', &v6.octets()[..8]),
    }
}

fn digest(kind: u8, bytes: &[u8]) -> Key {
    let digest = Sha256::new().chain_update([kind]).chain_update(bytes).finalize();
    let mut key = Key::default();
    key.copy_from_slice(&digest[..16]);
    key
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
        throttle.attempt(name, ip(from), known, at(second))?;
        throttle.succeeded(name, ip(from));
        Ok(())
    }

    #[test]
    fn ten_are_looked_at_and_the_eleventh_waits() {
        let throttle = Throttle::default();
        assert_eq!(guess(&throttle, "lan", THIEF, 30, 0), FAILURES);
        for (second, expected) in [
            (0, Err(Held(Duration::seconds(900)))),
            (1, Err(Held(Duration::seconds(899)))),
            (899, Err(Held(Duration::seconds(1)))),
            (900, Ok(())),
        ] {
            assert_eq!(
                throttle.attempt("lan", ip(THIEF), false, at(second)),
                expected,
                "{second}"
            );
        }
    }

    #[test]
    fn the_window_slides() {
        let throttle = Throttle::default();
        for second in 0..10 {
            assert_eq!(guess(&throttle, "lan", THIEF, 1, second * 60), 1);
        }
        assert_eq!(
            throttle.attempt("lan", ip(CAFE), false, at(599)),
            Err(Held(Duration::seconds(301)))
        );
        assert_eq!(guess(&throttle, "lan", THIEF, 5, 900), 1);
        assert_eq!(guess(&throttle, "lan", THIEF, 5, 960), 1);
        let looked_at: usize = (0..86_400)
            .step_by(10)
            .map(|second| guess(&throttle, "minh", THIEF, 1, second))
            .sum();
        assert!(looked_at <= 97 * FAILURES, "{looked_at} a day");
    }

    #[test]
    fn many_addresses_for_one_name_and_many_names_from_one_address() {
        let throttle = Throttle::default();
        let spread = (0..50).map(|n| guess(&throttle, "lan", &format!("198.51.100.{n}"), 1, 0));
        assert_eq!(spread.sum::<usize>(), FAILURES);
        let sprayed = (0..50).map(|n| guess(&throttle, &format!("user{n}"), THIEF, 1, 0));
        assert_eq!(sprayed.sum::<usize>(), FAILURES);
        assert_eq!(
            sign_in(&throttle, "minh", HOME, false, 0),
            Ok(()),
            "others are not touched"
        );
    }

    #[test]
    fn the_owner_is_never_locked_out_where_he_is_known() {
        let throttle = Throttle::default();
        for second in 0..100 {
            guess(&throttle, "lan", THIEF, 20, second);
            guess(&throttle, "other", HOME, 20, second);
            assert_eq!(sign_in(&throttle, "lan", HOME, true, second), Ok(()));
        }
        assert!(sign_in(&throttle, "lan", CAFE, false, 100).is_err());
    }

    #[test]
    fn a_success_forgives_the_name_for_that_address_only() {
        let throttle = Throttle::default();
        guess(&throttle, "lan", HOME, 5, 0);
        guess(&throttle, "lan", THIEF, 4, 0);
        assert_eq!(sign_in(&throttle, "lan", HOME, false, 1), Ok(()));
        // Four of the thief still count: six more, from wherever.
        assert_eq!(guess(&throttle, "lan", CAFE, 20, 2), 6);

        let throttle = Throttle::default();
        guess(&throttle, "lan", THIEF, 9, 0);
        assert_eq!(sign_in(&throttle, "thiefs.own", THIEF, false, 1), Ok(()));
        assert_eq!(
            guess(&throttle, "lan", THIEF, 20, 2),
            1,
            "an own account is no way to guess on"
        );
    }

    #[test]
    fn successes_cost_nothing() {
        let throttle = Throttle::default();
        for n in 0..100 {
            assert_eq!(sign_in(&throttle, &format!("user{n}"), HOME, false, 0), Ok(()));
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
        assert_eq!(looked_at, FAILURES);
    }

    #[test]
    fn spellings_of_one_name_and_one_address_count_together() {
        let throttle = Throttle::default();
        let names = ["lan", "LAN", " lan ", "ｌａｎ", "Lan"];
        let looked_at = (0..50).map(|n| guess(&throttle, names[n % 5], &format!("198.51.100.{n}"), 1, 0));
        assert_eq!(looked_at.sum::<usize>(), FAILURES);
        let looked_at =
            (0..50).map(|n| guess(&throttle, &format!("u{n}"), &format!("2001:db8:1:2::{n:x}"), 1, 0));
        assert_eq!(looked_at.sum::<usize>(), FAILURES);
        assert_eq!(guess(&throttle, "u", "2001:db8:1:3::1", 1, 0), 1);
        assert_eq!(
            guess(&throttle, "w", THIEF, 6, 0) + guess(&throttle, "v", &format!("::ffff:{THIEF}"), 6, 0),
            10
        );
    }

    #[test]
    fn a_clock_set_back_holds_nobody_for_long() {
        let throttle = Throttle::default();
        guess(&throttle, "lan", THIEF, 10, 86_400);
        assert_eq!(throttle.attempt("lan", ip(CAFE), false, at(0)), Err(Held(WINDOW)));
    }

    #[test]
    fn memory_is_bounded_and_the_freshest_stays() {
        let throttle = Throttle::with_capacity(100);
        guess(&throttle, "lan", THIEF, 10, 0);
        for n in 0..5_000_u32 {
            let address = IpAddr::from((n + 0x0a00_0000).to_be_bytes());
            let _ = throttle.attempt(&format!("user{n}"), address, false, at(1));
            if n % 10 == 0 {
                assert!(throttle.attempt("lan", ip(CAFE), false, at(1)).is_err(), "{n}");
            }
            let memory = throttle.0.as_ref().unwrap().lock().unwrap();
            assert!(memory.young.len() + memory.old.len() <= 100);
        }
    }
}
