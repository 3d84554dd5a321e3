//! Randomness that can be repeated: every random test draws from one seed, and a failure prints it.

use std::{env, ops::Range};

use rand::{SeedableRng, rngs::StdRng};

/// The seed of this run: `CUTRI_TEST_SEED`, else a new one. Printed to the test's output, which is shown when
/// the test fails.
pub fn seed() -> u64 {
    let seed = match env::var("CUTRI_TEST_SEED") {
        Ok(seed) => seed.parse().expect("CUTRI_TEST_SEED is a number"),
        Err(_) => rand::random(),
    };
    println!("repeat with CUTRI_TEST_SEED={seed}");
    seed
}

/// A generator that draws from [`seed`].
pub fn rng() -> StdRng {
    StdRng::seed_from_u64(seed())
}

/// Whether the long runs were asked for (`tests/run full`).
pub fn is_full() -> bool {
    env::var_os("CUTRI_TEST_FULL").is_some_and(|value| value == "1")
}

/// The seeds to try, one after the other: `usual` many, or `full` many when the long runs were asked for. A given
/// `CUTRI_TEST_SEED` is tried alone.
pub fn seeds(usual: u64, full: u64) -> Range<u64> {
    let first = seed();
    let count = match env::var_os("CUTRI_TEST_SEED") {
        Some(_) => 1,
        None if is_full() => full,
        None => usual,
    };
    let first = first.min(u64::MAX - count);
    first..first + count
}
