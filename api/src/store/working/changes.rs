//! What rules want done to a working set, kept until the whole command has passed.

use super::Working;

/// One thing that a rule wants done to the working set.
pub struct Change(pub(super) Box<dyn FnOnce(&mut Working) + Send>);

/// What a rule decided: rows to put, links to take away, history. Applied only when the whole command passed, so
/// that a refused command leaves no trace.
#[derive(Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// Puts a row, new or changed.
    pub fn put(&mut self, row: impl Into<Change>) {
        self.0.push(row.into());
    }

    /// Does something else to the working set: takes links away, touches a root.
    pub fn and(&mut self, change: impl FnOnce(&mut Working) + Send + 'static) {
        self.0.push(Change(Box::new(change)));
    }

    /// Adds a step to the history.
    pub fn happened(&mut self, event: entity::event::Model) {
        self.and(move |working| working.events.push(event));
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what another rule decided.
    pub fn append(&mut self, mut other: Changes) {
        self.0.append(&mut other.0);
    }

    /// Does it.
    pub(crate) fn apply(self, working: &mut Working) {
        for Change(change) in self.0 {
            change(working);
        }
    }
}
