//! The words of a pushed row are judged: what of them is taken, beside what stands there already.

use serde_json::Value;

use super::{
    Pushed, is_written,
    line::{self, MOST_IN_LINE},
};
use crate::{
    error::{Code, Refused},
    store::{
        collection::Document,
        door::{Done, Facts, Verdict},
        merge::{Base, Merge, merge},
        working::{Changes, Working},
        writing::{MOST_UNKNOWN, Outcome, Status, Stop, Writable, Write, Written, told_name},
    },
    sync::{registry, row::Known},
};

impl Pushed {
    /// Judges the words of a row, or its deletion.
    pub(super) fn judge_words(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        first: Option<Status>,
    ) -> Result<Verdict, Refused> {
        if let Some(refused) = &self.refuse {
            return self.refuse_words(working, facts, vec![refused.clone()]);
        }
        let name = self.row.collection.as_deref().unwrap_or_default();
        let ahead = self.ahead(working, facts);
        if let Err(by_hand) = self.gate(working, facts, &ahead) {
            return self.refuse_denunciation(working, facts, by_hand, &self.row.mistakes);
        }
        if !self.row.mistakes.is_empty() {
            return self.reject(facts, self.row.mistakes.clone());
        }
        if facts.viewer.is_wiping() {
            // Kept for its author, who finds it on his next device.
            let revoked = vec![Refused::new(Code::DeviceRevoked)];
            return match self.target() {
                Some((writable, _)) if self.check_fields(writable, facts).is_ok() => {
                    self.reject(facts, revoked)
                }
                _ => self.refuse_words(working, facts, revoked),
            };
        }
        let Some((writable, write)) = self.target() else {
            let refused = match registry::collection(name) {
                Some(_) => Refused::field(Code::ReadOnly, "collection"),
                None => Refused::field(Code::UnknownCode, "collection"),
            };
            return self.refuse_words(working, facts, vec![refused]);
        };

        // A row of somebody else's that is told back as it stands, by a client that does not know any more what it was told.
        if !self.again
            && matches!(self.row.known, Known::State { .. })
            && writable.current(working, facts, write.id).is_none()
            && let Some(Value::Object(master)) = self.master(working, facts)
            && self.row.stands_in(&master)
        {
            return Ok(self.nothing_to_do(facts));
        }
        if let Err(mistakes) = self.check_fields(writable, facts) {
            return self.refuse_words(working, facts, mistakes);
        }
        let mut write = write.clone();
        write.fields.retain(|name, _| is_written(writable, name));

        if write.delete
            && (matches!(first, Some(Status::Applied | Status::Merged))
                || self.is_taken_back(writable, working, facts))
        {
            return Ok(self.nothing_to_do(facts));
        }
        let mut merged = false;
        let mut superseded = Document::new();
        let current = writable.current(working, facts, write.id);
        if let Some(current) = &current
            && self.is_too_soon(working, writable, current)
        {
            return Ok(Verdict::default());
        }
        if let Some(current) = &current
            && !write.delete
        {
            // Fields that are never given back take no part in the comparison and pass through.
            let (hidden, shown): (Document, Document) = write
                .fields
                .into_iter()
                .partition(|(name, _)| writable.write_only().contains(&name.as_str()));
            let device = facts.viewer.device_id().map(|device| device.to_string());
            let device = device.filter(|_| first.is_none());
            let base = match &self.row.known {
                Known::Rev(rev) => Base::Rev(*rev),
                Known::State { assumed, .. } => Base::State(assumed.as_ref()),
            };
            let Merge {
                mut apply,
                conflicts,
                superseded: mut late,
                merged: others,
            } = merge(
                &current.values,
                &current.stamps,
                current.rev,
                &base,
                &shown,
                device.as_deref(),
                write.recorded_at,
            );
            if !conflicts.is_empty() {
                return self.conflict(working, facts, writable, &shown, conflicts);
            }
            late.extend(self.overtaken(working, current, &apply));
            apply.retain(|name, _| !late.contains(name));
            superseded.extend(shown.into_iter().filter(|(name, _)| late.contains(name)));
            merged = others || !superseded.is_empty();
            write.fields = apply;
            if !matches!(first, Some(Status::Applied | Status::Merged)) {
                write.fields.extend(hidden);
            }
            if write.fields.is_empty() {
                return self.leave(working, facts, writable, &superseded, false);
            }
        }
        // What changes a row that is nowhere yet comes after what makes it. A row that one sees and may not change is not
        // nowhere; one that he does not see is. Whoever names no version may make the row, and is told at once what it lacks.
        if current.is_none()
            && ahead.waits_for.is_none()
            && matches!(self.row.known, Known::Rev(Some(_)))
            && self.is_part(writable)
            && self.master(working, facts).is_none()
        {
            return self.defer(working, facts, write.id, &ahead);
        }
        if let Some(waits_for) = ahead.waits_for {
            // The row is not there because it waits: what is said of it now comes after what was said before.
            if !self.again && ahead.count >= MOST_IN_LINE {
                return self.reject(facts, vec![Refused::new(Code::LimitTooLarge)]);
            }
            let Some(together) = &ahead.together else {
                return self.defer(working, facts, waits_for, &ahead);
            };
            // A correction may name another parent, which is there: then nothing of it waits any longer.
            write.fields = together.clone();
            write.recorded_at = ahead.recorded_at;
        } else if let (None, Known::State { document, .. }) = (&current, &self.row.known) {
            if write.delete {
                // Gone here as well.
                return Ok(self.nothing_to_do(facts));
            }
            // A row that this server does not have (any more): all of it, not only what changed.
            write.fields = document.clone();
            write
                .fields
                .retain(|name, value| !value.is_null() && is_written(writable, name));
        }
        let rev = current.as_ref().map_or(0, |current| current.rev) + 1;
        match writable.write(working, facts, &write) {
            Ok(Written { changes, differs }) if current.is_some() && changes.is_empty() => {
                self.leave(working, facts, writable, &superseded, differs)
            }
            Ok(Written { mut changes, differs }) => {
                self.keep_lost(facts, writable, &superseded, &mut changes)?;
                if let Some(together) = &ahead.together {
                    let lost = line::lost(writable, &self.row, together);
                    self.keep_lost(facts, writable, &lost, &mut changes)?;
                    for earlier in &ahead.rows {
                        self.take_over(facts, writable, earlier, together, &mut changes)?;
                    }
                }
                self.resolve(working, facts, &superseded, &mut changes);
                self.let_follow(working, writable, (current.as_ref(), rev), &mut changes);
                let (status, master) = if merged || differs {
                    (
                        Status::Merged,
                        self.preview(writable, working, facts, &write, rev),
                    )
                } else {
                    (Status::Applied, None)
                };
                Ok(self.settle(
                    facts,
                    changes,
                    Outcome {
                        status,
                        rev: Some(rev),
                        master,
                        errors: Vec::new(),
                    },
                ))
            }
            Err(Stop::Refused(errors)) => self.refuse_words(working, facts, errors),
            Err(Stop::Deferred(waits_for)) => self.defer(working, facts, waits_for, &ahead),
        }
    }

    /// Leaves the row in its version, since it is that already. Words that came too late are kept; whoever believes the row
    /// to be other than it is, is shown it.
    fn leave(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        writable: &dyn Writable,
        superseded: &Document,
        differs: bool,
    ) -> Result<Verdict, Refused> {
        let is_shown = differs || !superseded.is_empty();
        let outcome = Outcome {
            status: if is_shown {
                Status::Merged
            } else {
                Status::Duplicate
            },
            rev: self.rev(working),
            master: is_shown.then(|| self.master(working, facts)).flatten(),
            errors: Vec::new(),
        };
        if self.again || !superseded.is_empty() {
            let mut changes = Changes::default();
            self.keep_lost(facts, writable, superseded, &mut changes)?;
            return Ok(self.settle(facts, changes, outcome));
        }
        Ok(Verdict {
            changes: Changes::default(),
            done: Done {
                ids: self.row.id.into_iter().collect(),
                push: Some(outcome),
            },
        })
    }

    /// What would change nothing leaves no trace; what waited for it waits no longer.
    fn nothing_to_do(&self, facts: &Facts<'_>) -> Verdict {
        let outcome = Outcome {
            status: Status::Duplicate,
            rev: None,
            master: None,
            errors: Vec::new(),
        };
        if self.again {
            return self.settle(facts, Changes::default(), outcome);
        }
        Verdict {
            changes: Changes::default(),
            done: Done {
                ids: self.row.id.into_iter().collect(),
                push: Some(outcome),
            },
        }
    }

    /// Refuses fields that do not exist, and rows in another's name: a queue that one person left on a shared
    /// phone is never uploaded as another's words.
    fn check_fields(&self, writable: &dyn Writable, facts: &Facts<'_>) -> Result<(), Vec<Refused>> {
        let me = facts.viewer.account_id().map(|account| account.to_string());
        let mut mistakes = Vec::new();
        for (name, value) in &self.row.patch {
            let known = is_written(writable, name)
                || writable.read_only().contains(&name.as_str())
                || matches!(name.as_str(), "id" | "rev" | "_deleted");
            if !known && mistakes.len() < MOST_UNKNOWN {
                mistakes.push(Refused::field(Code::UnknownField, told_name(name)));
            }
            if name == "authorId" && value.as_str().is_some() && value.as_str() != me.as_deref() {
                mistakes.push(Refused::field(Code::ForeignAuthor, "authorId"));
            }
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes)
        }
    }

    /// The row as it will be after this write.
    fn preview(
        &self,
        writable: &dyn Writable,
        working: &Working,
        facts: &Facts<'_>,
        write: &Write,
        rev: i64,
    ) -> Option<Value> {
        let mut after = working.clone();
        writable
            .write(working, facts, write)
            .ok()?
            .changes
            .apply(&mut after);
        let mut master = self.master(&after, facts)?;
        master["rev"] = rev.to_string().into();
        Some(master)
    }
}
