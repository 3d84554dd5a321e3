//! Whose rights changed, told to whoever is connected, so that nobody else has to be looked up again.
//!
//! Whose they were is a hint that saves work. Where it is not known, the change may be anybody's, and everybody is looked
//! up. What was not asked about yet is kept for whoever is slow; if he is too slow for that, it may have been his.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use tokio::sync::watch::{self, error::RecvError};
use uuid::Uuid;

/// How many changes a listener may fall behind before any of them may be his.
const KEPT: usize = 64;

/// The accounts whose rights changed; none if that is not known.
pub type Whose = Option<Arc<BTreeSet<Uuid>>>;

/// What is told.
#[derive(Debug, Default)]
struct Changes {
    /// How often somebody's rights changed.
    count: u64,
    /// The last of these changes, the newest last.
    last: VecDeque<Whose>,
}

/// Where changes are told.
#[derive(Debug)]
pub struct Bell(watch::Sender<Changes>);

impl Default for Bell {
    fn default() -> Self {
        Self(watch::Sender::new(Changes::default()))
    }
}

impl Bell {
    /// Rights changed.
    pub fn ring(&self, whose: Whose) {
        self.0.send_modify(|changes| {
            changes.count += 1;
            changes.last.push_back(whose);
            if changes.last.len() > KEPT {
                changes.last.pop_front();
            }
        });
    }

    /// Hears every change that is told from now on: listen first, then look the caller up.
    pub fn listen(&self) -> Rights {
        let changes = self.0.subscribe();
        let seen = changes.borrow().count;
        Rights { changes, seen }
    }
}

/// Hears when rights change.
#[derive(Clone, Debug)]
pub struct Rights {
    changes: watch::Receiver<Changes>,
    /// How many changes were asked about.
    seen: u64,
}

impl Rights {
    /// Waits until rights change, whosever they are; fails once nobody tells any more.
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        self.changes.changed().await
    }

    /// Whether rights that changed since this was last asked may be those of this account, or of somebody without one.
    pub fn concern(&mut self, account: Option<Uuid>) -> bool {
        let changes = self.changes.borrow_and_update();
        let unseen = changes.count - self.seen;
        self.seen = changes.count;
        let may_be_his = |whose: &Whose| {
            whose
                .as_ref()
                .is_none_or(|whose| account.is_some_and(|account| whose.contains(&account)))
        };
        unseen > changes.last.len() as u64
            || changes
                .last
                .iter()
                .rev()
                .zip(0..unseen)
                .any(|(whose, _)| may_be_his(whose))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn of(accounts: &[Uuid]) -> Whose {
        Some(Arc::new(accounts.iter().copied().collect()))
    }

    #[test]
    fn a_change_concerns_whose_rights_changed_once() {
        let bell = Bell::default();
        bell.ring(None);
        let mut rights = bell.listen();
        assert!(!rights.concern(Some(ONE)), "that was before");
        bell.ring(of(&[OTHER]));
        assert!(!rights.clone().concern(Some(ONE)) && !rights.clone().concern(None));
        assert!(rights.clone().concern(Some(OTHER)));
        bell.ring(of(&[ONE, OTHER]));
        bell.ring(of(&[OTHER]));
        bell.ring(of(&[]));
        assert!(rights.concern(Some(ONE)), "behind others");
        assert!(!rights.concern(Some(ONE)), "and once");
    }

    #[test]
    fn a_change_of_nobody_knows_whom_concerns_everybody() {
        let bell = Bell::default();
        for account in [None, Some(ONE)] {
            let mut rights = bell.listen();
            bell.ring(None);
            bell.ring(of(&[OTHER]));
            assert!(rights.concern(account), "{account:?}");
        }
    }

    #[test]
    fn whoever_is_too_slow_takes_it_for_his() {
        let bell = Bell::default();
        let mut rights = bell.listen();
        for _ in 0..KEPT {
            bell.ring(of(&[OTHER]));
        }
        assert!(!rights.clone().concern(Some(ONE)));
        bell.ring(of(&[OTHER]));
        assert!(rights.concern(Some(ONE)));
    }
}
