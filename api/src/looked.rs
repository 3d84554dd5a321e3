//! How far a process has looked for what changed, for jobs that make something again when its sources change.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

/// What was written so long before the last look is looked at again: a transaction tells when it began, not when others
/// could see it, and clocks of several servers differ.
const OVERLAP: i64 = 120;

/// How far this process has looked.
#[derive(Debug, Default)]
pub struct Looked(Mutex<Option<DateTime<Utc>>>);

impl Looked {
    /// Since when changes have to be looked for; nothing where everything has to be made again.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        let looked = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.map(|at| at - Duration::seconds(OVERLAP))
    }

    /// Everything up to this moment was made.
    pub fn until(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}
