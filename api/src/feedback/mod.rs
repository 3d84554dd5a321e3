//! Feedback (phiếu ghi ý kiến, kiến nghị cử tri): what one voter said, as it was written down on the spot.
//!
//! Made on phones without signal, so that what arrives here may be the only copy in the world. It lies in the
//! partitions of its author and of the council under whose mandate it was recorded, nowhere else. The author
//! corrects or withdraws it until the office has grouped it; afterwards a correction is an addition.

mod additions;
pub mod author;
pub mod completeness;
pub mod consents;
mod files;
pub mod graphql;
pub mod mutations;
pub mod office;
mod rules;
pub mod tracking;
mod writing;

use chrono::{DateTime, Utc};
use entity::feedback::Model;
use uuid::Uuid;

use crate::{
    files::attachments::{self, arrived},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, flag, text, whole},
        door::Facts,
        partition::{Audience, Partition},
        reference::Reference,
        working::{Needs, Working},
    },
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
