//! The files of a feedback while it is written: those that it names from now on beside those that it named before.

use entity::id::AccountId;
use uuid::Uuid;

use crate::{
    files::{FileHash, attachments},
    store::working::{Changes, Working},
};

/// The files that a write names, beside those that the row named before.
pub(super) struct Files {
    before: Vec<FileHash>,
    named: Option<Vec<FileHash>>,
}

impl Files {
    pub(super) fn of(working: &Working, id: Uuid, named: Option<Vec<FileHash>>) -> Self {
        let before = attachments::of(working, id);
        let before = before.iter().filter_map(|link| FileHash::parse(&link.sha256));
        Self {
            before: before.collect(),
            named,
        }
    }

    /// All of both; they may be more than a row can name.
    pub(super) fn together(&self) -> Vec<FileHash> {
        let mut all = self.before.clone();
        let named = self.named.iter().flatten();
        all.extend(named.filter(|hash| !self.before.contains(hash)).cloned());
        all
    }

    /// Whether the row names any.
    pub(super) fn are_there(&self) -> bool {
        !self.named.as_ref().unwrap_or(&self.before).is_empty()
    }

    /// Whether it goes on naming the same ones in the same order.
    pub(super) fn are_same(&self) -> bool {
        self.named.as_ref().is_none_or(|named| *named == self.before)
    }

    /// Whether files are added.
    pub(super) fn are_more(&self) -> bool {
        self.together().len() > self.before.len()
    }

    pub(super) fn put(&self, changes: &mut Changes, working: &Working, id: Uuid, author: AccountId) {
        if let Some(named) = &self.named {
            attachments::set(changes, working, "feedback", id, author, named);
        }
    }

    /// Once grouped, files are only added.
    pub(super) fn add(&self, changes: &mut Changes, working: &Working, id: Uuid, author: AccountId) {
        attachments::set(changes, working, "feedback", id, author, &self.together());
    }
}
