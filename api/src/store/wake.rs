//! Wakes whoever waits for a change: long polls and streams.
//!
//! A call is a hint and carries no data; the log is the truth. Whoever is woken reads the log, and whoever was too
//! slow to hear every call reads it as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{
    Notify,
    broadcast::{self, error::RecvError},
};
use uuid::Uuid;

use super::placing::TICK;

/// Calls that a listener may fall behind; beyond it he only knows that something happened.
const BEHIND: usize = 256;

/// Ticks of the clock of rights of which it is remembered whose they changed.
const TICKS: usize = 256;

/// The accounts whose rights changed with a tick of their clock, by where it stood then.
type Ticks = BTreeMap<i64, Arc<BTreeSet<Uuid>>>;

#[derive(Clone)]
enum Call {
    /// These partitions changed.
    Partitions(Arc<BTreeSet<i64>>),
    /// Something changed: another process wrote.
    Something,
}

/// Where changes are called out.
#[derive(Clone)]
pub struct Wake {
    calls: broadcast::Sender<Call>,
    untold: Arc<Untold>,
    rights: Arc<Mutex<Ticks>>,
}

/// What other processes of this database have not been told yet.
#[derive(Default)]
struct Untold {
    /// Whether anybody tells them.
    told: AtomicBool,
    partitions: Mutex<BTreeSet<i64>>,
    rights: Mutex<Ticks>,
    rung: Notify,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            calls: broadcast::Sender::new(BEHIND),
            untold: Arc::default(),
            rights: Arc::default(),
        }
    }
}

impl Wake {
    /// A transaction that wrote to these partitions is committed.
    pub(super) fn changed(&self, partitions: BTreeSet<i64>) {
        if self.untold.told.load(Ordering::Relaxed) && !partitions.is_empty() {
            let mut untold = self
                .untold
                .partitions
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            untold.extend(&partitions);
            self.untold.rung.notify_one();
        }
        self.heard_of(partitions);
    }

    /// Another process wrote to these partitions.
    pub(super) fn heard_of(&self, partitions: BTreeSet<i64>) {
        if self.calls.receiver_count() > 0 && !partitions.is_empty() {
            // Fails only when the last listener has just left.
            let _ = self.calls.send(Call::Partitions(Arc::new(partitions)));
        }
    }

    /// A transaction that moved the clock of rights to here is committed; it changed those of these accounts and of nobody
    /// else. To be said before the call of the same transaction.
    pub(super) fn rights_changed(&self, at: i64, accounts: BTreeSet<Uuid>) {
        let accounts = Arc::new(accounts);
        if self.untold.told.load(Ordering::Relaxed) {
            note(&self.untold.rights, at, &accounts);
            self.untold.rung.notify_one();
        }
        note(&self.rights, at, &accounts);
    }

    /// The same of another process.
    pub(super) fn heard_of_rights(&self, at: i64, accounts: BTreeSet<Uuid>) {
        note(&self.rights, at, &Arc::new(accounts));
    }

    /// Whose rights changed while their clock moved from here to there; nothing if that is not known of each of its ticks.
    pub fn whose(&self, from: i64, to: i64) -> Option<BTreeSet<Uuid>> {
        let mut known = self.rights.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|at, _| *at > from);
        let mut accounts = BTreeSet::new();
        let mut at = from;
        while at < to {
            at += TICK;
            accounts.extend(known.get(&at)?.iter().copied());
        }
        (at == to).then_some(accounts)
    }

    /// From now on what changes is kept until somebody tells the other processes.
    pub(super) fn tell_neighbours(&self) {
        self.untold.told.store(true, Ordering::Relaxed);
    }

    /// Waits until there is something to tell them.
    pub(super) async fn to_tell(&self) {
        self.untold.rung.notified().await;
    }

    /// What there is to tell them, once.
    pub(super) fn untold(&self) -> BTreeSet<i64> {
        let mut untold = self
            .untold
            .partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *untold)
    }

    /// Whose rights changed, for them, once.
    pub(super) fn untold_rights(&self) -> BTreeMap<i64, Arc<BTreeSet<Uuid>>> {
        let mut untold = self.untold.rights.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *untold)
    }

    /// Another process wrote something.
    pub fn something(&self) {
        let _ = self.calls.send(Call::Something);
    }

    /// Hears every change that is committed from now on: listen first, then read, then wait.
    pub fn listen(&self) -> Listener {
        Listener(self.calls.subscribe())
    }
}

/// Remembers a tick; of too many the oldest are forgotten.
fn note(ticks: &Mutex<Ticks>, at: i64, accounts: &Arc<BTreeSet<Uuid>>) {
    let mut ticks = ticks.lock().unwrap_or_else(PoisonError::into_inner);
    ticks.insert(at, Arc::clone(accounts));
    while ticks.len() > TICKS {
        ticks.pop_first();
    }
}

/// Hears what changes.
pub struct Listener(broadcast::Receiver<Call>);

impl Listener {
    /// Waits until something may have changed anywhere.
    pub async fn heard_anything(&mut self) {
        // A listener that lags has something to read, and one that is closed has nothing to wait for.
        let _ = self.0.recv().await;
    }

    /// Waits until something may have changed in one of these partitions.
    pub async fn heard(&mut self, partitions: &[i64]) {
        loop {
            match self.0.recv().await {
                Ok(Call::Partitions(changed)) if !partitions.iter().any(|one| changed.contains(one)) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                // The server ends; whoever waits is answered with what he has.
                Err(RecvError::Closed) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u128) -> BTreeSet<Uuid> {
        BTreeSet::from([Uuid::from_u128(number)])
    }

    #[test]
    fn whose_rights_changed_is_known_only_if_it_is_of_every_tick() {
        let wake = Wake::default();
        wake.rights_changed(TICK, of(1));
        wake.rights_changed(2 * TICK, BTreeSet::new());
        wake.heard_of_rights(4 * TICK, of(4));
        assert_eq!(wake.whose(0, 2 * TICK), Some(of(1)));
        assert_eq!(wake.whose(0, 2 * TICK), Some(of(1)), "asked again after a fault");
        assert_eq!(wake.whose(TICK, 2 * TICK), Some(BTreeSet::new()));
        assert_eq!(wake.whose(2 * TICK, 4 * TICK), None, "of the third nobody told");
        assert_eq!(wake.whose(3 * TICK, 4 * TICK), Some(of(4)));
        assert_eq!(
            wake.whose(3 * TICK + 1, 4 * TICK),
            None,
            "a clock that somebody set"
        );
        assert_eq!(wake.whose(3 * TICK, 4 * TICK + 1), None);
        assert!(wake.untold_rights().is_empty(), "there are no neighbours");
    }

    #[test]
    fn of_too_many_ticks_the_oldest_are_forgotten() {
        let wake = Wake::default();
        wake.tell_neighbours();
        let most = i64::try_from(TICKS).unwrap();
        for tick in 1..=most + 1 {
            wake.rights_changed(tick * TICK, of(7));
        }
        assert_eq!(wake.untold_rights().len(), TICKS);
        assert_eq!(wake.whose(0, (most + 1) * TICK), None);
        assert_eq!(wake.whose(TICK, (most + 1) * TICK), Some(of(7)));
    }
}
