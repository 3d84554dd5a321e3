//! Meeting records: what one author wrote down of one meeting. One for each author and meeting, so that two phones
//! never fight over one text. A record that comes after the minutes were signed is taken and marked late.

use chrono::{DateTime, Utc};
use entity::{
    id::{CouncilId, MeetingId, MeetingRecordId},
    meeting_record::{Model, Status},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{attendance, device, known_meeting, present, takes_part};
use crate::{
    capability::Capability,
    clock::local_date,
    error::{Code, Refused},
    files::attachments,
    recorded::{council_covers, recorded_under},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, flag, text, whole},
        door::Facts,
        merge::{stamped, stamps},
        partition::{Audience, Partition},
        reference::Reference,
        table::Root,
        working::{Changes, Needs, Working},
        writing::{Current, Reader, Stop, Writable, Write, Written, parse_id},
    },
    viewer::Place,
};

/// The collection `meetingRecord`.
pub struct MeetingRecordCollection;

impl Collection for MeetingRecordCollection {
    fn name(&self) -> &'static str {
        "meetingRecord"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.meeting_record.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.meeting_record.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        working
            .meeting_record
            .get(id)
            .map(|row| {
                vec![
                    Partition::Account(row.author_id),
                    Partition::Council(row.council_id),
                ]
            })
            .unwrap_or_default()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.meeting_record.get(id) else {
            return document.done();
        };
        attachments::arrived(written(document, working, row), working, row.id)
            .set("authorId", row.author_id)
            .set("status", row.status)
            .set("late", row.late)
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("meetingId", "The meeting."),
                text("startedAt", "When it really began."),
                text("endedAt", "When it really ended."),
                whole("invited", "People invited."),
                whole("attended", "People who came."),
                whole("speakers", "People who spoke."),
                whole("opinionCount", "Opinions counted in the hall."),
                text("attendanceBands", "Who came, by bands and without names."),
                text("minutesDraft", "Draft of the minutes (dự thảo biên bản)."),
                flag(
                    "attending",
                    "Whether its author will come, in answer to the invitation (giấy mời).",
                ),
                text("absenceReason", "Why he will not come (lý do vắng mặt)."),
                text(
                    "attachments",
                    "Files that belong to it (tệp đính kèm): SHA-256, at most 10.",
                ),
                text("arrived", "Those of them whose bytes are here."),
                text("authorId", "The account that recorded it."),
                text("status", "`draft`, or `closed` once the minutes are signed."),
                flag("late", "Whether it came after the minutes were signed."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.meeting_record.insert(id);
    }
}

/// The fields that a phone writes, as they are.
fn written(document: DocumentWriter, working: &Working, row: &Model) -> DocumentWriter {
    attachments::written(document, working, row.id)
        .set("meetingId", row.meeting_id)
        .time("startedAt", row.started_at)
        .time("endedAt", row.ended_at)
        .set("invited", row.invited)
        .set("attended", row.attended)
        .set("speakers", row.speakers)
        .set("opinionCount", row.opinion_count)
        .set("attendanceBands", &row.attendance_bands)
        .set("minutesDraft", &row.minutes_draft)
        .set("attending", row.attending)
        .set("absenceReason", &row.absence_reason)
}

/// The longest draft of minutes, in characters.
const LONGEST_MINUTES: usize = 100_000;

fn read_fields(row: &mut Model, fields: &Document) -> Result<(), Stop> {
    let mut reader = Reader::new(fields);
    let mut meeting = (!row.meeting_id.0.is_nil()).then_some(row.meeting_id);
    reader.id("meetingId", &mut meeting);
    reader.time("startedAt", &mut row.started_at);
    reader.time("endedAt", &mut row.ended_at);
    reader.count("invited", &mut row.invited);
    reader.count("attended", &mut row.attended);
    reader.count("speakers", &mut row.speakers);
    reader.count("opinionCount", &mut row.opinion_count);
    attendance::read_bands(
        &mut reader,
        &mut row.attendance_bands,
        attendance::without_headings,
    );
    reader.text("minutesDraft", &mut row.minutes_draft, LONGEST_MINUTES);
    reader.flag("attending", &mut row.attending);
    reader.text("absenceReason", &mut row.absence_reason, present::LONGEST_REASON);
    // Whoever comes has no reason not to come, whatever he said before.
    if row.attending != Some(false) {
        row.absence_reason = None;
    } else if row.absence_reason.is_none() && !reader.is_wrong("absenceReason") {
        reader.wrong(Code::Required, "absenceReason");
    }
    if meeting.is_none() && !reader.is_wrong("meetingId") {
        reader.wrong(Code::Required, "meetingId");
    }
    if let (Some(started), Some(ended)) = (row.started_at, row.ended_at)
        && ended < started
    {
        reader.wrong(Code::OutOfRange, "endedAt");
    }
    reader.finish()?;
    row.meeting_id = meeting.unwrap_or(row.meeting_id);
    Ok(())
}

impl Writable for MeetingRecordCollection {
    fn name(&self) -> &'static str {
        "meetingRecord"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "meetingId",
            "startedAt",
            "endedAt",
            "invited",
            "attended",
            "speakers",
            "opinionCount",
            "attendanceBands",
            "minutesDraft",
            "attending",
            "absenceReason",
            "attachments",
        ]
    }

    fn read_only(&self) -> &'static [&'static str] {
        &["authorId", "status", "late", "arrived"]
    }

    fn is_part(&self, fields: &Document, _is_change: bool) -> bool {
        !fields.contains_key("meetingId")
    }

    fn needs(&self, write: &Write, facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting_record.insert(write.id);
        attachments::needs(&write.fields, facts, needs);
        let meeting = write.fields.get("meetingId").and_then(Value::as_str);
        if let Some(meeting) = meeting.and_then(parse_id) {
            needs.meeting.insert(meeting);
            if let Some(author) = facts.viewer.account_id() {
                needs.record_of.insert((meeting, author.0));
            }
        }
    }

    fn needs_more(&self, write: &Write, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let record = working.meeting_record.get(write.id);
        needs.meeting.extend(record.map(|row| row.meeting_id.0));
    }

    fn current(&self, working: &Working, facts: &Facts<'_>, id: Uuid) -> Option<Current> {
        let row = working
            .meeting_record
            .get(id)
            .filter(|row| Some(row.author_id) == facts.viewer.account_id())?;
        Some(Current {
            values: written(DocumentWriter::default(), working, row).done(),
            stamps: stamps(&row.stamps),
            rev: working.meeting_record.was(id).map_or(0, Root::rev),
        })
    }

    fn write(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Result<Written, Stop> {
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let id = MeetingRecordId(write.id);
        let before = working.meeting_record.get(write.id);
        // A record may be emptied or moved to the right meeting; taken away it cannot be. Asked before whose it is: a
        // foreign one is to look like one that is not there.
        if write.delete {
            return Err(Code::ReadOnly.into());
        }
        if before.is_some_and(|row| row.author_id != author) {
            return Err(Refused::field(Code::NotFound, "id").into());
        }
        let mut row = before.cloned().unwrap_or_else(|| Model {
            id,
            meeting_id: MeetingId(Uuid::nil()),
            council_id: CouncilId(Uuid::nil()),
            author_id: author,
            started_at: None,
            ended_at: None,
            invited: None,
            attended: None,
            speakers: None,
            opinion_count: None,
            attendance_bands: None,
            minutes_draft: None,
            attending: None,
            absence_reason: None,
            status: Status::Draft,
            late: false,
            stamps: String::new(),
            rev: 0,
            updated_at: facts.now,
        });
        read_fields(&mut row, &write.fields)?;
        let named = attachments::read(&write.fields)?;

        let meeting =
            known_meeting(working, facts, row.meeting_id).ok_or(Stop::Deferred(row.meeting_id.0))?;
        let taken = working
            .meeting_record
            .iter()
            .any(|other| other.id != id && other.author_id == author && other.meeting_id == meeting.id);
        if taken {
            return Err(Refused::field(Code::Taken, "meetingId").into());
        }
        // One's council takes part, or the meeting is for a place that one represents.
        let fits = |council| {
            takes_part(working, meeting, council)
                || working
                    .meeting_unit
                    .of(meeting.id)
                    .any(|link| council_covers(facts.reference, council, link.unit_id))
        };
        let day = meeting.starts_at.or(row.started_at).map(local_date);
        let under = recorded_under(
            facts,
            day,
            Some(meeting.council_id),
            Some(Capability::RecordMeeting),
            fits,
        )
        .filter(|under| {
            // What an ended mandate allowed is judged by its day alone.
            (under.late && under.held_then)
                || facts
                    .viewer
                    .may(Capability::RecordMeeting, Place::Council(under.council))
        })
        .ok_or(Refused::field(Code::Forbidden, "meetingId"))?;
        // The minutes are made by the council that holds the meeting.
        row.council_id = meeting.council_id;
        let closed = meeting.status.is_closed();
        row.late = row.late || under.late || closed;
        row.status = if closed { Status::Closed } else { Status::Draft };
        let same_files = named.as_ref().is_none_or(|named| {
            let known = attachments::of(working, id);
            let known = known.iter().map(|link| link.sha256.as_str());
            named.iter().map(|hash| hash.as_str()).eq(known)
        });
        // A reason that came along with a coming is not kept, and its writer is shown the row.
        let dropped = write.fields.get("absenceReason").is_some_and(Value::is_string);
        let differs = dropped && row.absence_reason.is_none();
        if same_files && before == Some(&row) {
            return Ok(Written {
                changes: Changes::default(),
                differs,
            });
        }
        let revision = working.meeting_record.was(write.id).map_or(0, Root::rev) + 1;
        row.stamps = stamped(
            stamps(&row.stamps),
            &write.fields,
            revision,
            &device(facts),
            write.recorded_at,
        );

        let what = match (before, closed) {
            (None, _) => "recorded",
            (Some(_), false) => "corrected",
            (Some(_), true) => "corrected_late",
        };
        let mut event = facts.event("meetingRecord", id, what, Some(row.council_id));
        event.detail = before.map(|before| {
            let lost: Document = written(DocumentWriter::default(), working, before)
                .done()
                .into_iter()
                .filter(|(name, _)| write.fields.contains_key(name))
                .collect();
            json!({"before": lost}).to_string()
        });
        let mut changes = Changes::default();
        if write.fields.contains_key("attending") || write.fields.contains_key("absenceReason") {
            present::answered(working, facts, &mut changes, &row);
        }
        if let Some(named) = named {
            attachments::set(&mut changes, working, "meetingRecord", id, author, &named);
        }
        changes.put(row);
        changes.happened(event);
        Ok(Written { changes, differs })
    }
}
