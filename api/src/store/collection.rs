//! What the write door and the sync engine know of a kind of row: its name, where it lies, and its document.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    partition::{Audience, Partition},
    reference::Reference,
    working::{Needs, Working},
};

/// The members of a wire document; `rev` is added by the door.
pub type Document = Map<String, Value>;

/// One member of a wire document beside `id` and `rev`; every one of them may be absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// What its value is when it has one.
    pub shape: Shape,
    /// What it is, for the published schema.
    pub about: &'static str,
}

/// What a member's value is. Documents are flat, so that there is nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Words, a code, an id, a date or a moment.
    Text,
    /// A number without a fraction.
    Whole,
    /// True or false.
    Flag,
}

/// A member that is a text.
pub const fn text(name: &'static str, about: &'static str) -> Member {
    let shape = Shape::Text;
    Member { name, shape, about }
}

/// A member that is a number.
pub const fn whole(name: &'static str, about: &'static str) -> Member {
    let shape = Shape::Whole;
    Member { name, shape, about }
}

/// A member that is true or false.
pub const fn flag(name: &'static str, about: &'static str) -> Member {
    let shape = Shape::Flag;
    Member { name, shape, about }
}

/// A kind of row that travels to phones.
pub trait Collection: Send + Sync {
    /// The name on the wire.
    fn name(&self) -> &'static str;

    /// Stamps the roots that changed in this batch with their next version; returns their ids.
    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid>;

    /// The version of a row.
    fn rev(&self, working: &Working, id: Uuid) -> i64;

    /// Where a row lies now; nowhere means that it is gone.
    fn partitions(&self, working: &Working, reference: &Reference, id: Uuid) -> Vec<Partition>;

    /// What an audience may see of a row: flat, ids instead of nested objects, nothing that changes without a
    /// write (no labels, no ages, no "is overdue").
    fn document(&self, working: &Working, reference: &Reference, id: Uuid, audience: Audience) -> Document;

    /// All members that a document can have, for whomever it is.
    fn members(&self) -> &'static [Member];

    /// Which rows a document is made of, so that it can be made again.
    fn needs(&self, id: Uuid, needs: &mut Needs);
}

/// Builds a document member by member; what is absent is left out.
#[derive(Default)]
pub struct DocumentWriter(Document);

impl DocumentWriter {
    /// Starts with the only member that is always there.
    pub fn new(id: impl Into<Uuid>) -> Self {
        let mut document = Document::new();
        document.insert("id".to_owned(), Value::String(id.into().to_string()));
        Self(document)
    }

    /// Adds a member, unless it is absent.
    pub fn set(mut self, name: &str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(Value::Null) | Err(_) => {}
            Ok(value) => {
                self.0.insert(name.to_owned(), value);
            }
        }
        self
    }

    /// Adds a moment, RFC 3339 at +07:00 with microseconds.
    pub fn time(self, name: &str, at: Option<DateTime<Utc>>) -> Self {
        self.set(name, at.map(crate::clock::wire))
    }

    /// Adds a list of ids as one string, separated by spaces; an empty list is absent.
    pub fn ids(self, name: &str, ids: impl Iterator<Item = Uuid>) -> Self {
        let list = ids.map(|id| id.to_string()).collect::<Vec<_>>().join(" ");
        self.set(name, (!list.is_empty()).then_some(list))
    }

    /// The document.
    pub fn done(self) -> Document {
        self.0
    }
}
