//! What its author took back stays taken back, also when it is offered anew to an older copy of the database.

use serde_json::Value;

use super::Pushed;
use crate::{
    error::Refused,
    store::{
        collection::Document,
        door::{Facts, Verdict},
        working::Working,
        writing::{Status, Stop, Writable, Write, Written},
    },
    sync::row::Known,
};

impl Pushed {
    /// Judges by what is there. `first` is what became of the very same row before, if it came before.
    pub(super) fn judge_new(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        first: Option<Status>,
    ) -> Result<Verdict, Refused> {
        let verdict = self.judge_words(working, facts, first)?;
        let outcome = verdict.done.push.as_ref().map(|outcome| outcome.status);
        let Some((writable, write)) = self.target().filter(|(writable, _)| {
            self.is_offered_as_taken_back(*writable)
                && outcome.is_some_and(|status| !matches!(status, Status::Rejected | Status::Deferred))
        }) else {
            return Ok(verdict);
        };
        // The row as these words leave it: judged twice, for changes are done once.
        let mut after = working.clone();
        verdict.changes.apply(&mut after);
        let mut verdict = self.judge_words(working, facts, first)?;
        if writable.current(&after, facts, write.id).is_none() || self.is_taken_back(writable, &after, facts)
        {
            return Ok(verdict);
        }
        let back = Write {
            id: write.id,
            fields: Document::new(),
            delete: true,
            recorded_at: write.recorded_at,
        };
        match writable.write(&after, facts, &back) {
            Ok(Written { changes, .. }) => {
                verdict.changes.append(changes);
                Ok(verdict)
            }
            // Somebody worked with it meanwhile: its words are not applied either, and its author is told.
            Err(Stop::Refused(errors)) => self.reject(facts, errors),
            Err(Stop::Deferred(waits_for)) => {
                self.defer(working, facts, waits_for, &self.ahead(working, facts))
            }
        }
    }

    /// Whether a client that sends whole documents (RxDB) offers this one anew, as its author had taken it back. That it
    /// was taken back it can only have from a server, whose version it has too: one that stood before an older copy was
    /// put back. Such a client cannot send the deletion once more; so the document says it.
    pub(super) fn is_offered_as_taken_back(&self, writable: &dyn Writable) -> bool {
        let Known::State {
            assumed: None,
            document,
        } = &self.row.known
        else {
            return false;
        };
        let told = |name: &str| document.get(name).and_then(Value::as_str);
        !self.row.delete
            && told("rev").is_some()
            && told("status").is_some_and(|status| Some(status) == writable.taken_back())
    }

    /// Whether the row stands there as taken back by its author, who sends this.
    pub(super) fn is_taken_back(
        &self,
        writable: &dyn Writable,
        working: &Working,
        facts: &Facts<'_>,
    ) -> bool {
        let (Some(status), Some(id)) = (writable.taken_back(), self.row.id) else {
            return false;
        };
        writable.current(working, facts, id).is_some()
            && self
                .master(working, facts)
                .is_some_and(|row| row["status"].as_str() == Some(status))
    }
}
