//! The write of a feedback, the same from a phone and online: which fields its author may write, and what comes of them.

use entity::{
    feedback::{Model, Status},
    id::{CouncilId, FeedbackId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    FeedbackCollection,
    author::withdraw,
    completeness,
    files::Files,
    own,
    rules::{self, CONTACT_ERASED, CONTACT_GIVEN},
    written,
};
use crate::{
    capability::Capability,
    clock::local_date,
    error::{Code, Refused},
    files::{attachments, commands::disown},
    meetings::known_meeting,
    recorded::{council_covers, has_ended, recorded_under},
    store::{
        collection::{Document, DocumentWriter},
        door::Facts,
        merge::{stamped, stamps, with_filled},
        table::Root,
        working::{Changes, Needs, Working},
        writing::{Current, Stop, Writable, Write, Written, parse_id},
    },
};

impl Writable for FeedbackCollection {
    fn name(&self) -> &'static str {
        "feedback"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "meetingId",
            "unitId",
            "subUnit",
            "channel",
            "origin",
            "kind",
            "subject",
            "content",
            "wanted",
            "affected",
            "since",
            "evidence",
            "answeredOnSpot",
            "onSpotAnswer",
            "trackingCode",
            "recordedAt",
            "attachments",
            "receiptNumber",
            "receivedOn",
            "receivingAgencyId",
        ]
    }

    fn write_only(&self) -> &'static [&'static str] {
        rules::CONTACT
    }

    fn read_only(&self) -> &'static [&'static str] {
        &[
            "authorId",
            "councilId",
            "petitionId",
            "status",
            "late",
            "additions",
            "receivedAt",
            "acceptedAt",
            "seenAt",
            "question",
            "returns",
            "missing",
            "arrived",
        ]
    }

    fn taken_back(&self) -> Option<&'static str> {
        Some(Status::Withdrawn.code())
    }

    fn gate(&self, fields: &Document) -> Result<(), Refused> {
        rules::denunciation_gate(None, fields)
    }

    fn gate_after(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        id: Option<Uuid>,
        fields: &Document,
    ) -> Result<(), Refused> {
        rules::denunciation_gate(id.and_then(|id| own(working, facts, id)), fields)
    }

    fn disown(&self, working: &Working, facts: &Facts<'_>, fields: &Document) -> Changes {
        disown(working, facts, fields)
    }

    fn is_part(&self, fields: &Document, is_change: bool) -> bool {
        let lacks = |name: &str| !fields.contains_key(name);
        lacks("kind") || (is_change && lacks("content") && lacks("receiptNumber"))
    }

    fn needs(&self, write: &Write, facts: &Facts<'_>, needs: &mut Needs) {
        needs.feedback.insert(write.id);
        attachments::needs(&write.fields, facts, needs);
        if let Some(meeting) = write
            .fields
            .get("meetingId")
            .and_then(Value::as_str)
            .and_then(parse_id)
        {
            needs.meeting.insert(meeting);
        }
    }

    fn needs_more(&self, write: &Write, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.extend(
            working
                .feedback
                .get(write.id)
                .and_then(|row| row.meeting_id)
                .map(|id| id.0),
        );
    }

    fn current(&self, working: &Working, facts: &Facts<'_>, id: Uuid) -> Option<Current> {
        let row = working
            .feedback
            .get(id)
            .filter(|row| Some(row.author_id) == facts.viewer.account_id())?;
        let mut values = written(DocumentWriter::default(), working, row).done();
        values.remove("id");
        Some(Current {
            values,
            stamps: stamps(&row.stamps),
            rev: working.feedback.was(id).map_or(0, Root::rev),
        })
    }

    fn write(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Result<Written, Stop> {
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let before = working.feedback.get(write.id);
        if before.is_some_and(|row| row.author_id != author) {
            return Err(Refused::field(Code::NotFound, "id").into());
        }
        if write.delete {
            // In the same words as a foreign row.
            let row = before.ok_or(Refused::field(Code::NotFound, "id"))?;
            return Ok(withdraw(working, facts, row, None)?.into());
        }
        // A voter may take a consent back at any time, also of what was grouped. There a number that comes later, or
        // instead of a wrong one, is added as well: it changes nothing else, and adds no words.
        let is_contact = |name: &String| rules::CONTACT.contains(&name.as_str());
        if let Some(row) = before
            && write.fields.keys().all(is_contact)
        {
            let known = working.feedback_contact.get(row.id);
            let Some(contact) = rules::contact(facts, row.id, known, &write.fields)? else {
                return Ok(Written::default());
            };
            if contact.takes_back || row.status == Status::Grouped {
                let what = if contact.takes_back {
                    CONTACT_ERASED
                } else {
                    CONTACT_GIVEN
                };
                let mut changes = Changes::default();
                changes.put(contact.row);
                changes.happened(facts.event("feedback", row.id, what, Some(row.council_id)));
                let id = write.id;
                changes.and(move |working| working.feedback.touch(id));
                return Ok(changes.into());
            }
        }
        // What a row was recorded under never changes with a later correction.
        let fallback = || Model {
            id: FeedbackId(write.id),
            council_id: CouncilId(Uuid::nil()),
            author_id: author,
            delegate_id: None,
            meeting_id: None,
            unit_id: None,
            sub_unit: None,
            channel: None,
            origin: None,
            kind: String::new(),
            subject: None,
            content: None,
            wanted: None,
            affected: None,
            since: None,
            evidence: None,
            answered_on_spot: None,
            on_spot_answer: None,
            tracking_code: None,
            receipt_number: None,
            received_on: None,
            receiving_agency_id: None,
            recorded_at: write.recorded_at,
            received_at: facts.now,
            accepted_at: Some(facts.now),
            seen_at: None,
            question: None,
            returns: 0,
            missing: None,
            status: Status::Accepted,
            late: false,
            petition_id: None,
            stamps: String::new(),
            rev: 0,
            updated_at: facts.now,
        };
        let mut row = before.cloned().unwrap_or_else(fallback);
        rules::read_fields(&mut row, &write.fields, facts.reference)?;
        let named = attachments::read(&write.fields)?;

        let meeting = match row.meeting_id {
            None => None,
            Some(id) => Some(known_meeting(working, facts, id).ok_or(Stop::Deferred(id.0))?),
        };
        // The meeting's day counts; the phone's clock only where there is no meeting.
        let day = meeting
            .and_then(|meeting| meeting.starts_at)
            .or(row.recorded_at)
            .map(local_date);
        let mandate = recorded_under(
            facts,
            day,
            meeting.map(|meeting| meeting.council_id),
            Some(Capability::RecordFeedback),
            |council| {
                row.unit_id
                    .is_none_or(|unit| council_covers(facts.reference, council, unit))
            },
        )
        .ok_or(Refused::field(Code::NotFound, "unitId"))?;
        // What an ended mandate allowed is judged by its day alone.
        if mandate.late && !mandate.held_then {
            return Err(Refused::field(Code::OutOfRange, "recordedAt").into());
        }
        if before.is_none() {
            row.council_id = mandate.council;
            row.delegate_id = mandate.delegate;
        }
        row.late = row.late || mandate.late || meeting.is_some_and(|meeting| meeting.status.is_closed());
        if let Some(unit) = row.unit_id {
            row.late = row.late || has_ended(facts, unit);
        }
        let device = facts
            .viewer
            .device_id()
            .map(|device| device.to_string())
            .unwrap_or_default();
        let revision = working.feedback.was(write.id).map_or(0, Root::rev) + 1;
        let shown: Document = write
            .fields
            .iter()
            .filter(|(name, _)| !rules::CONTACT.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let filled: &[&str] = if before.is_none() && row.recorded_at.is_some() {
            &["recordedAt"]
        } else {
            &[]
        };
        let set = with_filled(&shown, filled);
        let files = Files::of(working, write.id, named);
        row.missing = Some(completeness::missing(&row, files.are_there()));
        if before == Some(&row)
            && files.are_same()
            && rules::contact(facts, row.id, working.feedback_contact.get(row.id), &write.fields)?.is_none()
        {
            return Ok(Written::default());
        }
        row.stamps = stamped(stamps(&row.stamps), &set, revision, &device, write.recorded_at);
        let decided = rules::record(before, row, files.are_more())?;
        let mut changes = Changes::default();
        let contact = working.feedback_contact.get(write.id);
        let council = Some(decided.row.council_id);
        if let Some(contact) = rules::contact(facts, FeedbackId(write.id), contact, &write.fields)? {
            changes.put(contact.row);
            if contact.takes_back {
                changes.happened(facts.event("feedback", write.id, CONTACT_ERASED, council));
            }
            // No document has a contact, but the version that its writer is told of has to be one.
            let id = write.id;
            changes.and(move |working| working.feedback.touch(id));
        }
        let mut event = facts.event("feedback", write.id, decided.event, council);
        match decided.addition {
            Some(text) => {
                if files.together().len() > attachments::MOST {
                    return Err(Refused::field(Code::LimitTooLarge, "attachments").into());
                }
                // Only words and files are added; what else the correction said stands in the history.
                let is_added =
                    |name: &str| rules::ADDED.contains(&name) || (name == "attachments" && files.are_more());
                let lost: Document = shown.into_iter().filter(|(name, _)| !is_added(name)).collect();
                // What he added before is not added again.
                let is_new = !text.is_empty()
                    && !working
                        .feedback_addition
                        .iter()
                        .any(|known| known.feedback_id.0 == write.id && known.text == text);
                if !is_new && !files.are_more() && lost.is_empty() && changes.is_empty() {
                    return Ok(Written {
                        changes,
                        differs: decided.differs,
                    });
                }
                if !lost.is_empty() {
                    event.detail = Some(json!({"lost": lost}).to_string());
                }
                if is_new {
                    changes.put(entity::feedback_addition::Model {
                        id: facts.id(),
                        feedback_id: FeedbackId(write.id),
                        text,
                        at: facts.now,
                    });
                }
                files.add(&mut changes, working, write.id, author);
                let id = write.id;
                changes.and(move |working| working.feedback.touch(id));
            }
            None => {
                files.put(&mut changes, working, write.id, author);
                if let Some(before) = before {
                    let old = written(DocumentWriter::default(), working, before).done();
                    let lost: Document = old
                        .into_iter()
                        .filter(|(name, _)| shown.contains_key(name))
                        .collect();
                    event.detail = Some(json!({"before": lost}).to_string());
                }
                changes.put(decided.row);
            }
        }
        changes.happened(event);
        Ok(Written {
            changes,
            differs: decided.differs,
        })
    }
}
