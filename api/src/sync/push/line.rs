//! The line of what waits: whatever is said of a row that waits comes behind it, and is judged together with it.

use chrono::{DateTime, Utc};
use entity::{sync_deferred, sync_receipt};
use uuid::Uuid;

use super::{Pushed, is_part, is_written, told};
use crate::{
    error::{Code, Refused},
    seal,
    store::{
        collection::Document,
        door::{Done, Facts, Verdict},
        merge::Stamp,
        table::Row,
        working::{Changes, Working},
        writing::{Current, Outcome, Status, Writable},
    },
    sync::{
        row::{Known, PushRow},
        waiting,
    },
};

/// How many changes of one row that is not there yet may wait. Each is judged together with those before it, so that the
/// work grows with the square.
pub(super) const MOST_IN_LINE: usize = 40;

/// It waits.
const DEFERRED: Outcome = Outcome {
    status: Status::Deferred,
    rev: None,
    master: None,
    errors: Vec::new(),
};

/// What waits already of a row that is pushed.
#[derive(Default)]
pub(super) struct Ahead {
    /// When the last of it came.
    pub(super) came: Option<DateTime<Utc>>,
    /// What the last of it waits for; none if the row is there, so that whatever comes now is judged by that.
    pub(super) waits_for: Option<Uuid>,
    /// How many they are.
    pub(super) count: usize,
    /// Those that can be read, oldest first.
    pub(super) rows: Vec<PushRow>,
    /// The fields of the row as it would be with all of these and the new one; none where one of them takes it back, or all
    /// of them only change it.
    pub(super) together: Option<Document>,
    /// When the first of them was recorded that tells it.
    pub(super) recorded_at: Option<DateTime<Utc>>,
}

/// What a row says that is not so in what was taken of it and others.
pub(super) fn lost(writable: &dyn Writable, row: &PushRow, taken: &Document) -> Document {
    let mut lost = told(row);
    lost.retain(|name, value| {
        !value.is_null() && writable.fields().contains(&name.as_str()) && taken.get(name) != Some(&*value)
    });
    lost
}

impl Pushed {
    /// What waits already of this row.
    pub(super) fn ahead(&self, working: &Working, facts: &Facts<'_>) -> Ahead {
        let Some((writable, write)) = self.target() else {
            return Ahead::default();
        };
        let about = (writable.name(), write.id);
        let line = waiting::line(working, self.account, about, &self.row.mutation_id);
        let Some(last) = line.last() else {
            return Ahead::default();
        };
        let mut ahead = Ahead {
            came: Some(last.at),
            count: line.len(),
            ..Ahead::default()
        };
        if writable.current(working, facts, write.id).is_some() {
            return ahead;
        }
        if line.iter().all(|waits| waits.waits_for == write.id) {
            // Changes of a row that was not there when they came: what makes it goes before them, whatever else behind.
            let is_behind = write.delete || self.is_part(writable);
            ahead.waits_for = is_behind.then_some(write.id);
            return ahead;
        }
        ahead.waits_for = Some(last.waits_for);
        ahead.rows = waiting::opened(facts, &line);
        let mut rows: Vec<&PushRow> = ahead.rows.iter().chain([&self.row]).collect();
        if let Some(maker) = rows.iter().position(|row| !row.delete && !is_part(writable, row)) {
            rows[..=maker].rotate_right(1);
        }
        let mut together = Document::new();
        for row in &rows {
            together.extend(told(row));
        }
        together.retain(|name, value| !value.is_null() && is_written(writable, name));
        let is_taken_back = rows.iter().any(|row| row.delete);
        let recorded_at = rows.iter().find_map(|row| row.recorded_at);
        ahead.together = (!is_taken_back).then_some(together);
        ahead.recorded_at = recorded_at;
        ahead
    }

    /// Ends the waiting of a row that was taken together with a later one; words of it that the later one wrote over are
    /// kept.
    pub(super) fn take_over(
        &self,
        facts: &Facts<'_>,
        writable: &dyn Writable,
        earlier: &PushRow,
        taken: &Document,
        changes: &mut Changes,
    ) -> Result<(), Refused> {
        let lost = lost(writable, earlier, taken);
        let (account, mutation) = (self.account, earlier.mutation_id.clone());
        Self::new(earlier.clone(), account, true).keep_lost(facts, writable, &lost, changes)?;
        waiting::end(account, &mutation, changes);
        changes.and(move |working| {
            let is_its = |receipt: &&sync_receipt::Model| {
                receipt.account_id == account && receipt.mutation_id == mutation
            };
            let receipt = working.sync_receipt.iter().find(is_its).cloned();
            if let Some(receipt) = receipt {
                working.sync_receipt.put(sync_receipt::Model {
                    status: Status::Applied.code().to_owned(),
                    rev: Some(1),
                    ..receipt
                });
            }
        });
        Ok(())
    }

    /// Lets it wait for that, behind what waits of the same row. Its receipt keeps in which version the row was when it
    /// came.
    pub(super) fn defer(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        waits_for: Uuid,
        ahead: &Ahead,
    ) -> Result<Verdict, Refused> {
        let outcome = DEFERRED;
        if self.again {
            return Ok(Verdict {
                changes: Changes::default(),
                done: Done {
                    ids: Vec::new(),
                    push: Some(outcome),
                },
            });
        }
        let sealed = seal::seal_quarantined(
            facts.keys,
            facts.entropy,
            waiting::field(waits_for),
            &self.row.raw,
        )
        .map_err(|_| Refused::new(Code::Unavailable))?;
        let mut changes = Changes::default();
        changes.put(sync_deferred::Model {
            account_id: self.account,
            mutation_id: self.row.mutation_id.clone(),
            waits_for,
            device_id: facts
                .viewer
                .device_id()
                .ok_or(Refused::new(Code::Unauthenticated))?,
            payload: sealed,
            at: waiting::next_moment(facts.now, ahead.came),
            issue_id: None,
        });
        let current = self
            .target()
            .and_then(|(writable, write)| writable.current(working, facts, write.id));
        let mut verdict = self.settle(facts, changes, outcome);
        let came = match (&current, &self.row.known) {
            // What was written before it in the same push counts as well; what comes after it is judged in another
            // transaction, and makes a later version ([`Self::is_too_soon`]).
            (Some(current), _) => {
                let written = current.stamps.values().map(|Stamp(rev, ..)| *rev);
                written.chain([current.rev]).max()
            }
            // It changes a row that is not here yet, but was where it was written.
            (None, Known::Rev(base)) if self.row.id == Some(waits_for) => base.or(Some(1)),
            _ => None,
        };
        if let (Some(came), Some(receipt)) = (came, self.receipt(facts, &DEFERRED)) {
            verdict.changes.put(sync_receipt::Model {
                rev: Some(came),
                ..receipt
            });
        }
        Ok(verdict)
    }

    /// Whether it has to be judged in another transaction, after this one: something of the row was written in this push, then
    /// something began to wait, and now this. All that one transaction writes of a row is one version; what waited could not
    /// tell words that were there when it came from words that came after it.
    pub(super) fn is_too_soon(&self, working: &Working, writable: &dyn Writable, current: &Current) -> bool {
        let Some(id) = self.row.id.filter(|_| !self.again && !self.insists) else {
            return false;
        };
        waiting::line(
            working,
            self.account,
            (writable.name(), id),
            &self.row.mutation_id,
        )
        .into_iter()
        .filter_map(|waits| working.sync_receipt.get(waits.key().0))
        .any(|receipt| receipt.rev.is_some_and(|came| came > current.rev))
    }

    /// What still waits behind this one was said after it: that these words stand there now, in the version `rev`, makes them
    /// no newer than those. Where the same device said something else in between, that is newer, and stays so.
    pub(super) fn let_follow(
        &self,
        working: &Working,
        writable: &dyn Writable,
        (current, rev): (Option<&Current>, i64),
        changes: &mut Changes,
    ) {
        let Some(id) = self.row.id.filter(|_| self.again) else {
            return;
        };
        let about = (writable.name(), id);
        for receipt in waiting::behind(working, self.account, about, &self.row.mutation_id) {
            let device = receipt.device_id.to_string();
            let is_between = |Stamp(version, by, _): &Stamp| {
                *by == device && *version < rev && receipt.rev.is_none_or(|came| *version > came)
            };
            if current.is_some_and(|current| current.stamps.values().any(is_between)) {
                continue;
            }
            changes.put(sync_receipt::Model {
                rev: Some(rev),
                ..receipt.clone()
            });
        }
    }

    /// What of this row came too late: while it waited, the same device said something newer of these fields, and not both
    /// have a time by which the device itself tells which is later. What was written in this very transaction is not newer: of
    /// what waits the older is judged before, and what is pushed after.
    pub(super) fn overtaken(&self, working: &Working, current: &Current, apply: &Document) -> Vec<String> {
        let receipt = working.sync_receipt.iter().find(|receipt| self.is_of(receipt));
        let came = receipt
            .filter(|_| self.again)
            .and_then(|receipt| Some((receipt.rev?, receipt.device_id)));
        let Some((came, device)) = came else {
            return Vec::new();
        };
        let device = device.to_string();
        let is_newer = |name: &&String| {
            current.stamps.get(*name).is_some_and(|Stamp(rev, by, at)| {
                let is_since = *rev > came && *rev <= current.rev;
                is_since && *by == device && (at.is_none() || self.row.recorded_at.is_none())
            })
        };
        apply.keys().filter(is_newer).cloned().collect()
    }
}
