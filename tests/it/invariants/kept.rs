//! Where the words that a delegate wrote can be found, sealed or not.

use cutri::{seal, state::State, sync::push::issue_field};
use sea_orm::EntityTrait;

/// All that the server keeps of what people wrote, by the place where it stands.
pub(crate) async fn everything(state: &State) -> Vec<(&'static str, String)> {
    let conn = state.store.read();
    let mut all = Vec::new();
    for row in entity::sync_doc::Entity::find().all(conn).await.unwrap() {
        if !["unit", "agency", "council"].contains(&row.collection.as_str()) {
            all.push(("row", row.doc));
        }
    }
    for row in entity::event::Entity::find().all(conn).await.unwrap() {
        all.extend(row.detail.map(|detail| ("history", detail)));
    }
    let open = |field, payload: &[u8]| {
        let plain = seal::open_quarantined(&state.keys, field, payload).unwrap();
        String::from_utf8_lossy(&plain).into_owned()
    };
    for row in entity::sync_issue::Entity::find().all(conn).await.unwrap() {
        if let Some(payload) = &row.payload {
            all.push(("quarantine", open(issue_field(row.id), payload)));
        }
    }
    for row in entity::sync_deferred::Entity::find().all(conn).await.unwrap() {
        let field = seal::Field {
            table: "sync_deferred",
            column: "payload",
            row_id: row.waits_for,
        };
        all.push(("waiting", open(field, &row.payload)));
    }
    for row in entity::feedback_contact::Entity::find().all(conn).await.unwrap() {
        let sealed = [
            ("name", &row.name),
            ("phone", &row.phone),
            ("consent", &row.consent),
        ];
        for (column, sealed) in sealed {
            let field = seal::Field {
                table: "feedback_contact",
                column,
                row_id: row.feedback_id.0,
            };
            if let Some(sealed) = sealed {
                let plain = seal::open(&state.keys, field, sealed).unwrap();
                all.push(("contact", String::from_utf8_lossy(&plain).into_owned()));
            }
        }
    }
    all
}

/// The places where these words stand.
pub(crate) fn places(all: &[(&'static str, String)], words: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = all
        .iter()
        .filter(|(_, text)| text.contains(words))
        .map(|(place, _)| *place)
        .collect();
    found.dedup();
    found
}
