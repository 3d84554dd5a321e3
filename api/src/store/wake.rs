//! Wakes whoever waits for a change: long polls and streams.
//!
//! A call is a hint and carries no data; the log is the truth. Whoever is woken reads the log, and whoever was too
//! slow to hear every call reads it as well.

use std::{
    collections::BTreeSet,
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

/// Calls that a listener may fall behind; beyond it he only knows that something happened.
const BEHIND: usize = 256;

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
}

/// What other processes of this database have not been told yet.
#[derive(Default)]
struct Untold {
    /// Whether anybody tells them.
    told: AtomicBool,
    partitions: Mutex<BTreeSet<i64>>,
    rung: Notify,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            calls: broadcast::Sender::new(BEHIND),
            untold: Arc::default(),
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

    /// Another process wrote something.
    pub fn something(&self) {
        let _ = self.calls.send(Call::Something);
    }

    /// Hears every change that is committed from now on: listen first, then read, then wait.
    pub fn listen(&self) -> Listener {
        Listener(self.calls.subscribe())
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
