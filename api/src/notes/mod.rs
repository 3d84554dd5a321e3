//! Notes: a delegate's private words, in his own partition and nowhere else. No office, no report and no history
//! entry ever holds what a note says; a deleted note leaves its id and nothing more. Words that were refused, or that
//! others of the same author overtook, stay sealed for him like those of any row (`syncIssue`).

pub mod graphql;

use chrono::{DateTime, Utc};
use entity::{id::NoteId, note::Model};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{Code, Refused},
    meetings::known_meeting,
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text},
        door::Facts,
        merge::{stamped, stamps, with_filled},
        partition::{Audience, Partition},
        reference::Reference,
        table::Root,
        working::{Changes, Needs, Working},
        writing::{Current, Reader, Stop, Writable, Write, Written, parse_id},
    },
};

/// The longest note, in characters.
const LONGEST: usize = 20_000;

/// The collection `note`.
pub struct NoteCollection;

impl Collection for NoteCollection {
    fn name(&self) -> &'static str {
        "note"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.note.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.note.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        working
            .note
            .get(id)
            .filter(|row| !row.deleted)
            .map(|row| Partition::Account(row.account_id))
            .into_iter()
            .collect()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        match working.note.get(id) {
            Some(row) => written(document, row).done(),
            None => document.done(),
        }
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("unitId", "The place that it is about."),
                text("meetingId", "The meeting that it is about."),
                text("text", "The words; nobody else reads them."),
                text("updatedAt", "When they were written, by the phone's clock."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.note.insert(id);
    }
}

fn written(document: DocumentWriter, row: &Model) -> DocumentWriter {
    if row.deleted {
        return document;
    }
    document
        .set("unitId", row.unit_id)
        .set("meetingId", row.meeting_id)
        .set("text", &row.text)
        .time("updatedAt", Some(row.updated_at))
}

impl Writable for NoteCollection {
    fn name(&self) -> &'static str {
        "note"
    }

    fn fields(&self) -> &'static [&'static str] {
        &["unitId", "meetingId", "text", "updatedAt"]
    }

    fn is_private(&self) -> bool {
        true
    }

    fn read_only(&self) -> &'static [&'static str] {
        &[]
    }

    fn is_part(&self, fields: &Document, _is_change: bool) -> bool {
        !fields.contains_key("text")
    }

    fn needs(&self, write: &Write, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.note.insert(write.id);
        let meeting = write.fields.get("meetingId").and_then(Value::as_str);
        needs.meeting.extend(meeting.and_then(parse_id));
    }

    fn current(&self, working: &Working, facts: &Facts<'_>, id: Uuid) -> Option<Current> {
        let row = working
            .note
            .get(id)
            .filter(|row| Some(row.account_id) == facts.viewer.account_id())?;
        Some(Current {
            values: written(DocumentWriter::default(), row).done(),
            stamps: stamps(&row.stamps),
            rev: working.note.was(id).map_or(0, Root::rev),
        })
    }

    fn write(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Result<Written, Stop> {
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let before = working.note.get(write.id);
        if before.is_some_and(|row| row.account_id != author) {
            return Err(Refused::field(Code::NotFound, "id").into());
        }
        if write.delete {
            return delete(before);
        }
        let mut row = before.cloned().unwrap_or_else(|| Model {
            id: NoteId(write.id),
            account_id: author,
            unit_id: None,
            meeting_id: None,
            text: String::new(),
            updated_at: facts.now,
            deleted: false,
            stamps: String::new(),
            rev: 0,
        });
        // Words that arrive after the deletion were written by somebody who still wanted the note.
        row.deleted = false;

        let mut reader = Reader::new(&write.fields);
        let mut text = (!row.text.is_empty()).then(|| row.text.clone());
        reader.text("text", &mut text, LONGEST);
        reader.id("unitId", &mut row.unit_id);
        let mut meeting = None;
        reader.id("meetingId", &mut meeting);
        let mut updated_at = None;
        reader.time("updatedAt", &mut updated_at);
        if text.is_none() && !reader.is_wrong("text") {
            reader.wrong(Code::Required, "text");
        }
        if row
            .unit_id
            .is_some_and(|unit| facts.reference.units.get(unit).is_none())
        {
            reader.wrong(Code::NotFound, "unitId");
        }
        let names_meeting = reader.has("meetingId");
        reader.finish()?;
        if names_meeting {
            if let Some(id) = meeting
                && known_meeting(working, facts, id).is_none()
            {
                return Err(Stop::Deferred(id.0));
            }
            row.meeting_id = meeting;
        }
        row.text = text.unwrap_or_default();
        row.updated_at = updated_at.or(write.recorded_at).unwrap_or(facts.now);
        let device = facts.viewer.device_id().map(|id| id.to_string());
        let revision = working.note.was(write.id).map_or(0, Root::rev) + 1;
        row.stamps = stamped(
            stamps(&row.stamps),
            &with_filled(&write.fields, if before.is_none() { &["updatedAt"] } else { &[] }),
            revision,
            &device.unwrap_or_default(),
            write.recorded_at,
        );
        let mut changes = Changes::default();
        changes.put(row);
        Ok(changes.into())
    }
}

/// Takes the words away and keeps the id, so that every device hears of it.
fn delete(before: Option<&Model>) -> Result<Written, Stop> {
    let row = before.ok_or(Refused::field(Code::NotFound, "id"))?;
    if row.deleted {
        return Ok(Written::default());
    }
    let mut changes = Changes::default();
    changes.put(Model {
        unit_id: None,
        meeting_id: None,
        text: String::new(),
        deleted: true,
        ..row.clone()
    });
    Ok(changes.into())
}
