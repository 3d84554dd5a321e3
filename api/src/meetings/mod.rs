//! Meetings: voter contacts (cuộc tiếp xúc cử tri) and sessions (kỳ họp), and what authors recorded of them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{
    collection::{Collection, Document, DocumentWriter},
    partition::{Audience, Partition},
    reference::Reference,
    table::Root,
    working::{Needs, Working},
};

/// The collection `meeting`.
pub struct MeetingCollection;

impl Collection for MeetingCollection {
    fn name(&self) -> &'static str {
        "meeting"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.meeting.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.meeting.get(id).map_or(0, Root::rev)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let Some(row) = working.meeting.get(id) else {
            return Vec::new();
        };
        let mut partitions = vec![Partition::Council(row.council_id)];
        partitions.extend(
            working
                .meeting_council
                .of(id)
                .map(|link| Partition::Council(link.council_id)),
        );
        partitions.extend(row.author_id.map(Partition::Account));
        // Delegates and the public learn of a meeting once it is approved, not while it is only proposed.
        if row.status != entity::meeting::Status::Proposed && row.author_id.is_none() {
            for link in working.meeting_unit.of(id) {
                partitions.push(Partition::Place(link.unit_id));
                if row.is_public {
                    partitions.push(Partition::Public(link.unit_id));
                }
            }
        }
        partitions
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.meeting.get(id) else {
            return document.done();
        };
        let councils = working.meeting_council.of(id).map(|link| link.council_id.0);
        let brief = (audience > Audience::Region)
            .then_some(row.brief.as_ref())
            .flatten();
        document
            .set("kind", &row.kind)
            .ids("unitIds", working.meeting_unit.of(id).map(|link| link.unit_id.0))
            .set("place", &row.place)
            .time("startsAt", row.starts_at)
            .set("title", &row.title)
            .set("roundId", row.round_id)
            .ids(
                "councilIds",
                std::iter::once(row.council_id.0)
                    .chain(councils.filter(|council| *council != row.council_id.0)),
            )
            .set("mode", &row.mode)
            .time("endsAt", row.ends_at)
            .set("status", row.status)
            .set("agenda", &row.agenda)
            .set("brief", brief)
            .done()
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.meeting.insert(id);
    }
}
