//! Failures that are remembered for a while, each under a key, and how long the next try of a key has to wait for them.
//! Bounded, in memory, and without the names and addresses themselves.

use std::{collections::HashMap, net::IpAddr};

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

/// How failures are weighed.
pub struct Measure {
    /// So many cost nothing.
    pub free: u32,
    /// The longest wait since the last failure.
    pub longest: Duration,
    /// One failure is forgiven in this time.
    pub fades: Duration,
}

/// Most names, addresses and pairs of them remembered together; the longest untouched are forgotten first.
pub(crate) const CAPACITY: usize = 100_000;

/// The try must wait this long (`Retry-After`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held(pub Duration);

/// What failures are remembered under.
pub(crate) type Key = [u8; 16];

pub(super) struct Failures {
    /// How many count; they fade.
    pub(super) level: f64,
    pub(super) last: DateTime<Utc>,
    /// No try before this.
    pub(super) until: DateTime<Utc>,
    /// A pair that has signed in.
    pub(super) is_home: bool,
}

impl Failures {
    pub(super) fn none(now: DateTime<Utc>) -> Self {
        Self {
            level: 0.0,
            last: now,
            until: now,
            is_home: false,
        }
    }

    /// How many have faded since the last one.
    fn faded(&self, measure: &Measure, now: DateTime<Utc>) -> f64 {
        let passed = (now - self.last).max(Duration::zero());
        passed.as_seconds_f64() / measure.fades.as_seconds_f64()
    }
}

/// Two generations: when the young one is full, it becomes the old one and what the old one held is forgotten.
#[derive(Default)]
pub(crate) struct Memory {
    pub(super) half: usize,
    pub(super) young: HashMap<Key, Failures>,
    pub(super) old: HashMap<Key, Failures>,
}

impl Memory {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            half: (capacity / 2).max(1),
            ..Self::default()
        }
    }

    /// Whether the key is remembered.
    pub(crate) fn knows(&mut self, key: Key) -> bool {
        self.touch(key).is_some()
    }

    /// Remembers a key without a failure.
    pub(crate) fn remember(&mut self, key: Key, now: DateTime<Utc>) {
        self.insert(key, Failures::none(now));
    }

    /// Whether failures of the key still count.
    pub(crate) fn has_failed(&mut self, key: Key, measure: &Measure, now: DateTime<Utc>) -> bool {
        self.touch(key)
            .is_some_and(|failures| failures.level - failures.faded(measure, now) > 0.0)
    }

    /// Takes so many failures of a try back.
    pub(crate) fn forgive(&mut self, key: Key, taken: f64, before: Option<DateTime<Utc>>, at: DateTime<Utc>) {
        if let Some(failures) = self.touch(key) {
            failures.level = (failures.level - taken).max(0.0);
            // Unless another try failed meanwhile.
            if let Some(before) = before.filter(|_| failures.last == at) {
                failures.until = before;
            }
        }
    }

    pub(super) fn touch(&mut self, key: Key) -> Option<&mut Failures> {
        if let Some(failures) = self.old.remove(&key) {
            self.insert(key, failures);
        }
        self.young.get_mut(&key)
    }

    pub(super) fn insert(&mut self, key: Key, failures: Failures) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, failures);
    }

    pub(crate) fn wait(&mut self, key: Key, measure: &Measure, now: DateTime<Utc>) -> Option<Duration> {
        let wait = self.touch(key)?.until - now;
        // A clock that was set back must not hold anybody for longer.
        (wait > Duration::zero()).then(|| wait.min(measure.longest))
    }

    /// Counts a failure; until when the key was held before it.
    pub(crate) fn failed(
        &mut self,
        key: Key,
        measure: &Measure,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if self.touch(key).is_none() {
            self.insert(key, Failures::none(now));
        }
        let failures = self.touch(key)?;
        let before = failures.until;
        let faded = failures.faded(measure, now);
        let free = f64::from(measure.free);
        // Six doublings of a second are beyond the longest wait; more would only be remembered for longer.
        failures.level = ((failures.level - faded).max(0.0) + 1.0).min(free + 6.0);
        failures.last = now;
        // Rounded: what faded within the wait itself must not halve the next one.
        let over = (failures.level - free).round();
        failures.until = if over < 0.0 {
            now
        } else {
            now + Duration::seconds(1_i64 << (over as u32).min(6)).min(measure.longest)
        };
        Some(before)
    }
}

/// An IPv6 customer has a whole /64 to choose from, so that counts as one address.
pub(crate) fn digest_address(address: IpAddr) -> Key {
    match address.to_canonical() {
        IpAddr::V4(v4) => digest(b'4', &v4.octets()),
        IpAddr::V6(v6) => digest(b'6', &v6.octets()[..8]),
    }
}

pub(crate) fn digest(kind: u8, bytes: &[u8]) -> Key {
    let digest = Sha256::new().chain_update([kind]).chain_update(bytes).finalize();
    let mut key = Key::default();
    key.copy_from_slice(&digest[..16]);
    key
}
