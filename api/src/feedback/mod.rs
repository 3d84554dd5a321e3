//! Feedback (phiếu ghi ý kiến, kiến nghị cử tri): what one voter said, as it was written down on the spot.
//!
//! Made on phones without signal, so that what arrives here may be the only copy in the world. It lies in the
//! partitions of its author and of the council under whose mandate it was recorded, nowhere else. The author
//! corrects or withdraws it until the office has grouped it; afterwards a correction is an addition.

mod additions;
pub mod completeness;
pub mod consents;
pub mod graphql;
pub mod mutations;
mod rules;
pub mod tracking;

use chrono::{DateTime, Utc};
use entity::{
    feedback::Model,
    id::{AccountId, CouncilId, FeedbackId},
};
use serde_json::{Value, json};
use uuid::Uuid;

use self::tracking::TrackingCode;
use crate::{
    capability::Capability,
    clock::local_date,
    entropy,
    error::{Code, Refused},
    files::{
        FileHash,
        attachments::{self, arrived},
        commands::disown,
    },
    meetings::known_meeting,
    recorded::{council_covers, has_ended, recorded_under},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, flag, text, whole},
        door::{Command, Facts, Verdict},
        merge::{stamped, stamps, with_filled},
        partition::{Audience, Partition},
        reference::Reference,
        table::Root,
        working::{Changes, Needs, Working},
        writing::{Current, Stop, Writable, Write, Written, parse_id},
    },
    viewer::Place,
};

/// The collection `feedback`.
pub struct FeedbackCollection;

impl Collection for FeedbackCollection {
    fn name(&self) -> &'static str {
        "feedback"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.feedback.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.feedback.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        working
            .feedback
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
        let Some(row) = working.feedback.get(id) else {
            return document.done();
        };
        let mut additions: Vec<_> = working
            .feedback_addition
            .iter()
            .filter(|addition| addition.feedback_id == row.id)
            .collect();
        additions.sort_by_key(|addition| (addition.at, addition.id));
        let additions = additions
            .iter()
            .map(|addition| addition.text.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        arrived(written(document, working, row), working, row.id)
            .set("authorId", row.author_id)
            .set("councilId", row.council_id)
            .set("petitionId", row.petition_id)
            .set("status", row.status)
            .set("late", row.late)
            .set("additions", (!additions.is_empty()).then_some(additions))
            .time("receivedAt", Some(row.received_at))
            .time("acceptedAt", row.accepted_at)
            .time("seenAt", row.seen_at)
            .set("question", &row.question)
            .set("returns", Some(row.returns).filter(|returns| *returns > 0))
            .set("missing", &row.missing)
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("meetingId", "The meeting at which it was said."),
                text("unitId", "The place that it is about."),
                text("subUnit", "Hamlet or street group below that (ấp, khu phố)."),
                text("channel", "The way it came, a code."),
                text("origin", "Who said it, a code."),
                text("kind", "Petition, reflection, complaint and so on, a code."),
                text("subject", "What it is about, in a few words."),
                text("content", "What the voter said."),
                text("wanted", "What the voter wants."),
                text("affected", "Who is affected."),
                text("since", "Since when, in the voter's words."),
                text("evidence", "What shows it, or that there is nothing to show."),
                flag(
                    "answeredOnSpot",
                    "Whether it was answered at once (trả lời tại chỗ).",
                ),
                text("onSpotAnswer", "That answer."),
                text(
                    "trackingCode",
                    "The code by which the voter can look it up (mã tra cứu).",
                ),
                text(
                    "receiptNumber",
                    "Denunciation (tố cáo): number of the paper receipt.",
                ),
                text("receivedOn", "Denunciation (tố cáo): its date, `YYYY-MM-DD`."),
                text(
                    "receivingAgencyId",
                    "Denunciation (tố cáo): the body that received it.",
                ),
                text("recordedAt", "When it was written down, by the phone's clock."),
                text(
                    "attachments",
                    "Files that belong to it (tệp đính kèm): SHA-256, at most 10.",
                ),
                text("arrived", "Those of them whose bytes are here."),
                text("authorId", "The account that recorded it."),
                text("councilId", "The council under whose mandate it was recorded."),
                text("petitionId", "The petition that it became part of."),
                text("status", "Where it stands, a code."),
                flag(
                    "late",
                    "Whether it came after the minutes were signed or the mandate ended.",
                ),
                text("additions", "What was added after it was grouped, line by line."),
                text("receivedAt", "When the server received it."),
                text("acceptedAt", "When it was accepted."),
                text("seenAt", "When the office had seen it."),
                text(
                    "question",
                    "What the office asks, while it is sent back for clarity (trả lại để làm rõ).",
                ),
                whole("returns", "How often it was sent back for clarity."),
                text(
                    "missing",
                    "What it lacks to be clear work, separated by spaces: `wanted`, `place`, `affected`, `since`, `evidence`.",
                ),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.feedback.insert(id);
    }
}

/// The viewer's own feedback with this id.
fn own<'a>(working: &'a Working, facts: &Facts<'_>, id: Uuid) -> Option<&'a Model> {
    let row = working.feedback.get(id);
    row.filter(|row| Some(row.author_id) == facts.viewer.account_id())
}

/// The fields that a phone writes, as they are.
fn written(document: DocumentWriter, working: &Working, row: &Model) -> DocumentWriter {
    attachments::written(document, working, row.id)
        .set("meetingId", row.meeting_id)
        .set("unitId", row.unit_id)
        .set("subUnit", &row.sub_unit)
        .set("channel", &row.channel)
        .set("origin", &row.origin)
        .set("kind", &row.kind)
        .set("subject", &row.subject)
        .set("content", &row.content)
        .set("wanted", &row.wanted)
        .set("affected", &row.affected)
        .set("since", &row.since)
        .set("evidence", &row.evidence)
        .set("answeredOnSpot", row.answered_on_spot)
        .set("onSpotAnswer", &row.on_spot_answer)
        .set("trackingCode", &row.tracking_code)
        .set("receiptNumber", &row.receipt_number)
        .set("receivedOn", row.received_on)
        .set("receivingAgencyId", row.receiving_agency_id)
        .time("recordedAt", row.recorded_at)
}

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
        Some(entity::feedback::Status::Withdrawn.code())
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
        // A voter may take a consent back at any time, also of what was grouped; it changes nothing else.
        let is_contact = |name: &String| rules::CONTACT.contains(&name.as_str());
        if let Some(row) = before
            && write.fields.keys().all(is_contact)
        {
            let known = working.feedback_contact.get(row.id);
            let Some(contact) = rules::contact(facts, row.id, known, &write.fields)? else {
                return Ok(Written::default());
            };
            if contact.takes_back {
                let mut changes = Changes::default();
                changes.put(contact.row);
                changes.happened(facts.event("feedback", row.id, CONTACT_ERASED, Some(row.council_id)));
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
            status: entity::feedback::Status::Accepted,
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

/// The files that a write names, beside those that the row named before.
struct Files {
    before: Vec<FileHash>,
    named: Option<Vec<FileHash>>,
}

impl Files {
    fn of(working: &Working, id: Uuid, named: Option<Vec<FileHash>>) -> Self {
        let before = attachments::of(working, id);
        let before = before.iter().filter_map(|link| FileHash::parse(&link.sha256));
        Self {
            before: before.collect(),
            named,
        }
    }

    /// All of both; they may be more than a row can name.
    fn together(&self) -> Vec<FileHash> {
        let mut all = self.before.clone();
        let named = self.named.iter().flatten();
        all.extend(named.filter(|hash| !self.before.contains(hash)).cloned());
        all
    }

    /// Whether the row names any.
    fn are_there(&self) -> bool {
        !self.named.as_ref().unwrap_or(&self.before).is_empty()
    }

    /// Whether it goes on naming the same ones in the same order.
    fn are_same(&self) -> bool {
        self.named.as_ref().is_none_or(|named| *named == self.before)
    }

    /// Whether files are added.
    fn are_more(&self) -> bool {
        self.together().len() > self.before.len()
    }

    fn put(&self, changes: &mut Changes, working: &Working, id: Uuid, author: AccountId) {
        if let Some(named) = &self.named {
            attachments::set(changes, working, "feedback", id, author, named);
        }
    }

    /// Once grouped, files are only added.
    fn add(&self, changes: &mut Changes, working: &Working, id: Uuid, author: AccountId) {
        attachments::set(changes, working, "feedback", id, author, &self.together());
    }
}

/// In the history: a voter's contact details, or some of them, were taken back.
const CONTACT_ERASED: &str = "contact_erased";

/// The author takes his feedback back; there is nothing left for which the voter could be called.
fn withdraw(
    working: &Working,
    facts: &Facts<'_>,
    row: &Model,
    reason: Option<String>,
) -> Result<Changes, Refused> {
    let row = rules::withdraw(row)?;
    let mut changes = Changes::default();
    let contact = working.feedback_contact.get(row.id);
    if let Some(contact) = contact.filter(|contact| contact.erased_at.is_none()) {
        changes.put(rules::erased(contact, facts.now));
        changes.happened(facts.event("feedback", row.id, CONTACT_ERASED, Some(row.council_id)));
    }
    let mut event = facts.event("feedback", row.id, "withdrawn", Some(row.council_id));
    event.basis = reason;
    changes.put(row);
    changes.happened(event);
    Ok(changes)
}

/// Records a feedback online: the same write as an offline row, without a receipt.
pub struct Submit(pub Write);

impl Command for Submit {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        Writable::needs(&FeedbackCollection, &self.0, facts, needs);
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        Writable::needs_more(&FeedbackCollection, &self.0, working, facts, needs);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let known = own(working, facts, self.0.id);
        rules::denunciation_gate(known, &self.0.fields)?;
        let mut write = self.0.clone();
        // What comes in at a desk, by letter or telephone, has a code to take home as well; a phone makes its own.
        let is_receipt = write
            .fields
            .get("kind")
            .is_some_and(|kind| kind == "denunciation");
        if known.is_none() && !is_receipt && !write.fields.contains_key("trackingCode") {
            let code = TrackingCode::from_bytes(entropy::bytes(facts.entropy));
            write
                .fields
                .insert("trackingCode".to_owned(), code.to_string().into());
        }
        let written = FeedbackCollection
            .write(working, facts, &write)
            .map_err(|stop| match stop {
                Stop::Refused(mistakes) => mistakes
                    .into_iter()
                    .next()
                    .unwrap_or(Refused::new(Code::InvalidValue)),
                Stop::Deferred(_) => Refused::field(Code::NotFound, "meetingId"),
            })?;
        Ok(Verdict::about(written.changes, [self.0.id]))
    }
}

/// Takes a feedback back online.
pub struct Withdraw {
    pub feedback: FeedbackId,
    pub reason: Option<String>,
}

impl Command for Withdraw {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.feedback.insert(self.feedback.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = working
            .feedback
            .get(self.feedback)
            .filter(|row| Some(row.author_id) == facts.viewer.account_id())
            .ok_or(Refused::field(Code::NotFound, "feedbackId"))?;
        let withdrawn = withdraw(working, facts, row, self.reason.clone());
        let withdrawn = withdrawn.map_err(|refused| refused.or_field("feedbackId"))?;
        Ok(Verdict::about(withdrawn, [row.id.0]))
    }
}

/// Sends a feedback back to its author with a question (trả lại để làm rõ); his correction hands it in again.
pub struct ReturnForClarity {
    pub feedback: FeedbackId,
    pub question: String,
}

impl Command for ReturnForClarity {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.feedback.insert(self.feedback.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = working.feedback.get(self.feedback).filter(|row| {
            let council = Place::Council(row.council_id);
            facts.viewer.may(Capability::GroupFeedback, council)
        });
        let row = row.ok_or(Refused::field(Code::NotFound, "feedbackId"))?;
        let returned = rules::return_for_clarity(row, &self.question, facts.now)
            .map_err(|refused| refused.or_field("feedbackId"))?;
        let mut changes = Changes::default();
        let mut event = facts.event("feedback", row.id, "returned_for_clarity", Some(row.council_id));
        event.basis = returned.question.clone();
        changes.happened(event);
        changes.put(returned);
        Ok(Verdict::about(changes, [self.feedback.0]))
    }
}

/// Notes that the office has read feedback: the fourth receipt that its author sees.
pub struct MarkSeen(pub Vec<FeedbackId>);

impl Command for MarkSeen {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.feedback.extend(self.0.iter().map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        for (place, id) in self.0.iter().enumerate() {
            let row = working
                .feedback
                .get(*id)
                .filter(|row| {
                    facts
                        .viewer
                        .may(Capability::GroupFeedback, Place::Council(row.council_id))
                })
                .ok_or_else(|| Refused::entry(Code::NotFound, "feedbackIds", place, self.0.len()))?;
            if row.seen_at.is_none() {
                changes.happened(facts.event("feedback", row.id, "seen", Some(row.council_id)));
                changes.put(Model {
                    seen_at: Some(facts.now),
                    ..row.clone()
                });
            }
        }
        Ok(Verdict::about(changes, self.0.iter().map(|id| id.0)))
    }
}
