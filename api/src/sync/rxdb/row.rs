//! One row of an RxDB client's push, `{assumedMasterState newDocumentState}`, as the engine's [`PushRow`].
//!
//! RxDB sends whole documents and no name for a change. What the client changed is the difference between the two;
//! the name is made of the bytes, keyed, because whoever reads the database could try out all phone numbers
//! otherwise. Since the same two documents may come again and mean it (a word changed, changed back, changed
//! again), such a row is judged by what is there now and not by its receipt.

use async_graphql::Value as GraphqlValue;
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};

use crate::{
    error::{Code, Refused},
    keys::{Keys, Purpose},
    store::{collection::Document, writing::parse_id},
    sync::{
        registry,
        row::{Known, PushRow},
    },
};

/// The documents of a row.
const NEW: &str = "newDocumentState";
const ASSUMED: &str = "assumedMasterState";
/// Longer ids are not told back.
const LONGEST_ID: usize = 256;

/// A row, and the id by which its client will know the answer.
pub struct Sent {
    pub row: PushRow,
    /// As the client spells it; none if the row has no id.
    pub id: Option<String>,
    /// Nothing differs from what the client believes to be there: it only tells what it was told.
    pub is_echo: bool,
}

/// Reads a row of a collection.
pub fn read(value: GraphqlValue, collection: &str, keys: &Keys) -> Sent {
    match value {
        // What our own JSON reader could not decode comes as its bytes.
        GraphqlValue::Binary(bytes) => malformed(bytes.to_vec(), collection, keys),
        value => match value.into_json() {
            Ok(Value::Object(members)) => of_members(members, collection, keys),
            Ok(other) => malformed(other.to_string().into_bytes(), collection, keys),
            Err(_) => malformed(Vec::new(), collection, keys),
        },
    }
}

/// Reads a row that was kept; nothing if these are not the members of one.
pub fn kept(members: &Document, raw: &[u8]) -> Option<PushRow> {
    let (Some(Value::String(mutation_id)), Some(Value::String(collection))) =
        (members.get("mutationId"), members.get("collection"))
    else {
        return None;
    };
    let new = members.get(NEW)?.as_object()?.clone();
    let assumed = members.get(ASSUMED).and_then(Value::as_object).cloned();
    let mut row = PushRow::unreadable(raw.to_vec(), mutation_id.clone());
    row.collection = Some(collection.clone());
    fill(&mut row, new, assumed);
    Some(row)
}

fn name_of(row: &[u8], collection: &str, keys: &Keys) -> String {
    let digest = keys.mac(Purpose::Quarantine, &[b"rxdb", collection.as_bytes(), row]);
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("rxdb-{hex}")
}

fn of_members(mut members: Map<String, Value>, collection: &str, keys: &Keys) -> Sent {
    let whole = Value::Object(members.clone()).to_string().into_bytes();
    let (new, assumed) = (members.remove(NEW), members.remove(ASSUMED));
    let (Some(Value::Object(new)), None | Some(Value::Null | Value::Object(_))) = (new, &assumed) else {
        return malformed(whole, collection, keys);
    };
    if !members.is_empty() {
        return malformed(whole, collection, keys);
    }
    let assumed = assumed.and_then(|assumed| match assumed {
        Value::Object(assumed) => Some(assumed),
        _ => None,
    });
    let mutation_id = name_of(&whole, collection, keys);
    // Kept together with what the surface knew besides, so that a row that has to wait can be read again.
    // What may not be kept is not kept as somebody's belief either.
    let kept = assumed.as_ref().filter(|assumed| {
        registry::writable(collection).is_none_or(|writable| {
            let mut said = (*assumed).clone();
            said.retain(|name, _| !writable.read_only().contains(&name.as_str()));
            writable.gate(&said).is_ok()
        })
    });
    let raw = json!({"mutationId": mutation_id, "collection": collection, NEW: new, ASSUMED: kept});
    let mut row = PushRow::unreadable(raw.to_string().into_bytes(), mutation_id);
    row.collection = Some(collection.to_owned());
    let id = new.get("id").and_then(Value::as_str).map(str::to_owned);
    let is_echo = assumed.as_ref().is_some_and(|assumed| {
        is_deleted(assumed) == is_deleted(&new) && difference(assumed, &new).is_empty()
    });
    fill(&mut row, new, assumed);
    Sent {
        row,
        id: id.filter(|id| id.len() <= LONGEST_ID),
        is_echo,
    }
}

/// What cannot be decoded is kept as its bytes; its id is looked for, so that its client does not take it for stored.
fn malformed(raw: Vec<u8>, collection: &str, keys: &Keys) -> Sent {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow, rename = "newDocumentState")]
        new: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Inner {
        id: Box<RawValue>,
    }
    let id = serde_json::from_slice::<Outer<'_>>(&raw)
        .ok()
        .and_then(|outer| serde_json::from_str::<Inner>(outer.new.get()).ok())
        .and_then(|inner| serde_json::from_str::<String>(inner.id.get()).ok())
        .filter(|id| id.len() <= LONGEST_ID);
    let mutation_id = name_of(&raw, collection, keys);
    let mut row = PushRow::unreadable(raw, mutation_id);
    row.collection = Some(collection.to_owned());
    row.id = id.as_deref().and_then(parse_id);
    Sent {
        row,
        id,
        is_echo: false,
    }
}

fn fill(row: &mut PushRow, new: Document, assumed: Option<Document>) {
    row.mistakes.clear();
    match new.get("id") {
        Some(Value::String(id)) => match parse_id(id) {
            Some(id) => row.id = Some(id),
            None => row.mistakes.push(Refused::field(Code::InvalidId, "id")),
        },
        Some(Value::Null) | None => row.mistakes.push(Refused::field(Code::Required, "id")),
        Some(_) => row.mistakes.push(Refused::field(Code::InvalidId, "id")),
    }
    row.delete = is_deleted(&new);
    row.patch = difference(&assumed.clone().unwrap_or_default(), &new);
    // Looked at even where it did not change: another's queue is nobody's words.
    if let Some(author) = new.get("authorId") {
        row.patch.insert("authorId".to_owned(), author.clone());
    }
    row.known = Known::State {
        assumed,
        document: new,
    };
}

fn is_deleted(document: &Document) -> bool {
    document.get("_deleted") == Some(&Value::Bool(true))
}

/// The members that differ, as they are in `new`; null is absent.
fn difference(assumed: &Document, new: &Document) -> Document {
    let is_own = |name: &str| matches!(name, "id" | "rev" | "_deleted");
    let of = |document: &Document, name: &str| document.get(name).cloned().unwrap_or_default();
    let mut changed = Document::new();
    for name in new.keys().chain(assumed.keys()).filter(|name| !is_own(name)) {
        let value = of(new, name);
        if of(assumed, name) != value {
            changed.insert(name.clone(), value);
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(value: Value) -> Document {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn only_what_differs_was_changed_and_null_is_absent() {
        let assumed = document(json!({"id": "1", "rev": "1", "content": "a", "wanted": "x", "since": null}));
        let new =
            document(json!({"id": "1", "rev": "2", "content": "b", "affected": null, "_deleted": false}));
        assert_eq!(
            difference(&assumed, &new),
            document(json!({"content": "b", "wanted": null}))
        );
    }
}
