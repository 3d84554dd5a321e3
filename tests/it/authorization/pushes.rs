//! The surface of RxDB: a page of one's own of every collection, and a row of every collection pushed.

use cutri::{
    capability::Capability::*,
    store::collection::Collection,
    sync::{registry::COLLECTIONS, rxdb},
};
use serde_json::{Value, json};

use super::samples::{Sample, own};

/// All of them.
pub(super) fn pushes() -> Vec<Sample> {
    let both = COLLECTIONS.iter().flat_map(|collection| {
        let title = rxdb::title(*collection);
        let pull: &'static str = format!("pull{title}").leak();
        [own(pull, json!({"limit": 5})), push(*collection)]
    });
    both.collect()
}

/// A row that somebody may well push; of what no phone writes, one that is refused to everybody.
fn push(collection: &dyn Collection) -> Sample {
    let field: &'static str = format!("push{}", rxdb::title(collection)).leak();
    let (by, row) = match collection.name() {
        // With a mandate only, whatever else one is.
        "meeting" => (
            None,
            json!({"kind": "residence", "title": "Nơi cư trú", "unitIds": "<unit>", "startsAt": "<yesterday>"}),
        ),
        "meetingRecord" => (
            Some(RecordMeeting),
            json!({"meetingId": "<meeting>", "minutesDraft": "Họp lúc 8 giờ"}),
        ),
        "feedback" => (
            Some(RecordFeedback),
            json!({"kind": "petition", "channel": "contact_meeting", "origin": "voter", "unitId": "<unit>",
                "content": "Xin sửa cầu"}),
        ),
        "informing" => (
            Some(InformVoters),
            json!({"petitionId": "<answered>", "channel": "phone"}),
        ),
        "urging" => (
            Some(Urge),
            json!({"targetKind": "petition", "targetId": "<forwarded>", "how": "phone"}),
        ),
        "note" => (None, json!({"text": "Hỏi lại bà Tư"})),
        _ => (None, json!({})),
    };
    let sample = own(field, rows(collection, row));
    Sample {
        by,
        secret: sample.has_place(),
        ..sample
    }
}

/// The argument that pushes one new row.
fn rows(collection: &dyn Collection, mut row: Value) -> Value {
    row["id"] = json!("<new>");
    json!({format!("{}PushRow", collection.name()): [{"newDocumentState": row}]})
}
