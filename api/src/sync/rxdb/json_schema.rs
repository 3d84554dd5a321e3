//! What an app with RxDB needs beside the address: a JSON schema for every collection, and the settings without
//! which its replication loses rows or stops for good.

use serde_json::{Map, Value, json};

use super::{is_written, members, write_only};
use crate::{
    store::collection::{Collection, Shape},
    sync::{push::MOST_ROWS, registry},
};

/// Names that RxDB keeps for itself: a schema with one of them is refused.
const RESERVED: &[&str] = &["collection"];
/// Characters of an id.
const ID: u8 = 36;

/// Everything as one JSON value.
pub fn published() -> Value {
    let collections: Map<String, Value> = registry::COLLECTIONS
        .iter()
        .map(|collection| (collection.name().to_owned(), of_collection(*collection)))
        .collect();
    json!({"collections": collections, "settings": settings()})
}

fn of_collection(collection: &dyn Collection) -> Value {
    let mut properties = Map::new();
    properties.insert("id".to_owned(), json!({"type": "string", "maxLength": ID}));
    for member in members(collection).filter(|member| !RESERVED.contains(&member.name)) {
        let kind = match member.shape {
            Shape::Text => "string",
            Shape::Whole => "integer",
            Shape::Flag => "boolean",
        };
        properties.insert(
            member.name.to_owned(),
            json!({"type": [kind, "null"], "description": member.about}),
        );
    }
    for hidden in write_only(collection) {
        properties.insert((*hidden).to_owned(), json!({"type": ["string", "null"]}));
    }
    let mut writable: Vec<&str> = collection
        .members()
        .iter()
        .map(|member| member.name)
        .filter(|name| is_written(collection, name))
        .collect();
    writable.extend(write_only(collection));
    // Without `required` beyond the id and with nullable types: a client that validates would refuse tombstones.
    json!({
        "schema": {
            "title": collection.name(),
            "version": 0,
            "primaryKey": "id",
            "type": "object",
            "properties": properties,
            "required": ["id"],
        },
        "writable": writable,
        "writeOnly": write_only(collection),
    })
}

/// RxDB's own defaults stop a pull after 20 rows and give up on a socket after some 40 seconds offline.
fn settings() -> Value {
    json!({
        "checkpointFields": ["cursor"],
        "deletedField": "_deleted",
        "pull": {"batchSize": 500, "includeWsHeaders": true, "wsOptions": {"retryAttempts": i32::MAX}},
        "push": {"batchSize": MOST_ROWS.min(100)},
        "retryTime": 5_000,
        "live": true,
        "headers": {"Authorization": "Bearer <accessToken>"},
        "about": {
            "pull.batchSize": "1 to 1000, and never left out: RxDB would ask for 20 and wait for 100.",
            "push.batchSize": format!("At most {MOST_ROWS}."),
            "pull.wsOptions.retryAttempts": "Infinity; RxDB's five attempts are over after some 40 seconds offline.",
            "pull.wsOptions.connectionParams":
                "async () => ({headers: {Authorization: 'Bearer ' + accessToken}}), with the token of that moment.",
            "setHeaders": "After every refresh: replication.setHeaders({Authorization: 'Bearer ' + accessToken}).",
            "readOnly": "Collections whose `writable` is empty need no push.",
        },
    })
}
