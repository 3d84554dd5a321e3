//! Randomness, and the ids that are made of it. It comes in through [`Entropy`], so that a seed repeats a
//! failure.
//!
//! No other file may reach for a generator of its own.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

/// A source of bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// A new id (UUID version 7): first the millisecond, then the part below it in 12 bits, then chance, so
    /// that rows made one after another lie beside each other in an index.
    fn id(&self, at: DateTime<Utc>) -> Uuid {
        let mut tail = [0; 10];
        self.fill(&mut tail);
        let below = at.timestamp_subsec_nanos() % 1_000_000;
        // 12 bits for a millionth of a second: the product stays under 2^32, the quotient under 4096.
        let fraction = (below / 1_000 * 4_096 / 1_000) as u16;
        tail[..2].copy_from_slice(&fraction.to_be_bytes());
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }
}

/// `N` random bytes.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// The generator of the process (ChaCha, seeded by the operating system), fit for keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// The same bytes for the same seed; for tests and simulations, never for a served installation.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// Starts the sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn a_seed_repeats_itself() {
        let at = "2026-03-01T00:00:00Z".parse().unwrap();
        let ids = |seed| {
            let entropy = SeededEntropy::new(seed);
            [entropy.id(at), entropy.id(at)]
        };
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
        assert_ne!(ids(7)[0], ids(7)[1]);
    }

    #[test]
    fn ids_are_version_7_and_follow_time_down_to_the_microsecond() {
        let start: DateTime<Utc> = "2026-03-01T00:00:00.999Z".parse().unwrap();
        let ids: Vec<_> = (0..2_000)
            .map(|n| SystemEntropy.id(start + Duration::microseconds(n)))
            .collect();
        assert!(ids.is_sorted());
        assert!(
            ids.iter()
                .all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122)
        );
        assert_eq!(ids[0].as_u128() >> 80, start.timestamp_millis() as u128);
    }

    #[test]
    fn before_1970_is_no_panic() {
        assert_eq!(
            SystemEntropy
                .id("1960-01-01T00:00:00Z".parse().unwrap())
                .get_version_num(),
            7
        );
    }
}
