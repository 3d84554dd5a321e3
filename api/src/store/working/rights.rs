//! Whose rights change with a working set: who may read something else afterwards.

use std::collections::BTreeSet;

use entity::id::AccountId;

use super::Working;
use crate::store::table::{Row, Table};

/// Ticks with every change after which somebody may read something else than before. Since clocks and log are read in
/// one snapshot, whoever follows the log hears of a right that ended before he hears of what was written after it, in
/// every process.
pub const RIGHTS: &str = "rights";

impl Working {
    /// Whether somebody may read something else after these changes.
    pub(crate) fn changes_rights(&self) -> bool {
        self.changes_anybodys_rights() || !self.rights_of().is_empty()
    }

    /// The accounts that alone may read something else after these changes; nothing where it may be anybody.
    pub(crate) fn whose_rights(&self) -> Option<BTreeSet<AccountId>> {
        (!self.changes_anybodys_rights()).then(|| self.rights_of())
    }

    /// Whether anybody may read something else after these changes: whose rights they are does not follow from the rows.
    fn changes_anybodys_rights(&self) -> bool {
        fn is_written<M: Row>(table: &Table<M>) -> bool {
            table.written().next().is_some() || table.removed().next().is_some()
        }
        // What these decide for everybody who has a right there: what follows what, and what lies where.
        is_written(&self.council)
            || is_written(&self.unit)
            || is_written(&self.unit_succession)
            || is_written(&self.constituency)
    }

    /// The accounts whose own rights change: a device that is given up, a role, a mandate, a constituency. Not whoever
    /// signs in: that is no change for those who are there.
    pub(crate) fn rights_of(&self) -> BTreeSet<AccountId> {
        let mut accounts = BTreeSet::new();
        for account in self.account.written() {
            let was = self.account.was(account.id);
            if was.is_some_and(|was| was.disabled_at != account.disabled_at) {
                accounts.insert(account.id);
            }
        }
        for device in self.device.written() {
            let was = self.device.was(device.id);
            if was.is_some_and(|was| was.revoked_at != device.revoked_at) {
                accounts.insert(device.account_id);
            }
        }
        let grants = self.role_grant.written().chain(self.role_grant.removed());
        for grant in grants {
            let was = self.role_grant.was(grant.id).map(|was| was.account_id);
            accounts.extend(was.into_iter().chain([grant.account_id]));
        }
        let delegates = self.delegate.written().chain(self.delegate.removed());
        for delegate in delegates {
            let was = self.delegate.was(delegate.id).and_then(|was| was.account_id);
            accounts.extend(was.into_iter().chain(delegate.account_id));
        }
        let links = self.constituency.written().chain(self.constituency.removed());
        for link in links {
            accounts.extend(
                self.delegate
                    .get(link.delegate_id)
                    .and_then(|delegate| delegate.account_id),
            );
        }
        accounts
    }
}
