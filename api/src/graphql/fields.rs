//! From the members of an input to the fields of a write: what an input does not mention stays, null empties.

use async_graphql::{ID, MaybeUndefined};
use serde_json::Value;

use crate::store::collection::Document;

/// Collects the members that an input mentions, in the spelling of the wire.
#[derive(Default)]
pub struct Fields(Document);

impl Fields {
    /// Takes a member.
    pub fn set<T: Into<Value>>(mut self, name: &str, value: MaybeUndefined<T>) -> Self {
        match value {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => {
                self.0.insert(name.to_owned(), Value::Null);
            }
            MaybeUndefined::Value(value) => {
                self.0.insert(name.to_owned(), value.into());
            }
        }
        self
    }

    /// Takes an id.
    pub fn id(self, name: &str, id: MaybeUndefined<ID>) -> Self {
        self.set(name, id.map_value(|id| id.0))
    }

    /// Takes a list of ids, which travels as one text.
    pub fn ids(self, name: &str, ids: MaybeUndefined<Vec<ID>>) -> Self {
        self.set(
            name,
            ids.map_value(|ids| ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")),
        )
    }

    /// The fields.
    pub fn done(self) -> Document {
        self.0
    }
}
