//! Which devices spoke to this process, and how far they have read: whoever is awake needs no signal.
//!
//! In memory until the next turn, because a pull must not cost a write. What a killed process forgets costs a signal
//! too many and never one too few.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use entity::id::DeviceId;

/// What a device did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub at: DateTime<Utc>,
    /// Positions by clock, if it has read everything up to there.
    pub position: Option<BTreeMap<i64, i64>>,
}

/// What devices did since this was last looked at.
#[derive(Default)]
pub struct Notes(Mutex<HashMap<DeviceId, Heard>>);

impl Notes {
    /// A device sent or read something.
    pub fn spoke(&self, device: DeviceId, at: DateTime<Utc>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(device).or_default().at = at;
    }

    /// A device has read everything up to these positions.
    pub fn has_read(&self, device: DeviceId, clocks: &BTreeMap<i64, i64>, at: DateTime<Utc>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = all.entry(device).or_default();
        heard.at = at;
        further(heard.position.get_or_insert_default(), clocks);
    }

    /// Everything, and nothing is left.
    pub(super) fn take(&self) -> HashMap<DeviceId, Heard> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes again what could not be kept.
    pub(super) fn put_back(&self, heard: HashMap<DeviceId, Heard>) {
        for (device, heard) in heard {
            match &heard.position {
                Some(position) => self.has_read(device, position, heard.at),
                None => self.spoke(device, heard.at),
            }
        }
    }
}

/// Moves positions on, never back.
pub(super) fn further(position: &mut BTreeMap<i64, i64>, clocks: &BTreeMap<i64, i64>) {
    for (clock, seq) in clocks {
        let at = position.entry(*clock).or_insert(*seq);
        *at = (*at).max(*seq);
    }
}
