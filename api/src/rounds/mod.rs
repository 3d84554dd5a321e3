//! Rounds of voter contacts (đợt tiếp xúc cử tri): one plan, its points, and what came of them.
//!
//! The points are meetings; what happens to all of them at once (approving, publishing, calling off) goes through the
//! round. Figures are counted from the points when somebody asks. A round lies in the change log for desks only: phones
//! learn of it by their meetings.

pub(crate) mod counts;
pub mod graphql;
pub mod mutations;
pub mod office;
mod rules;

use chrono::{DateTime, Utc};
use entity::{
    id::RoundId,
    round::{Model, Status},
};
use uuid::Uuid;

use crate::store::{
    collection::{Collection, Document, DocumentWriter, Member, flag, text, whole},
    door::Facts,
    partition::{Audience, Partition},
    reference::Reference,
    working::{Needs, Working},
};

/// The collection `round`, for desks.
pub struct RoundCollection;

impl Collection for RoundCollection {
    fn name(&self) -> &'static str {
        "round"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.round.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.round.rev(id)
    }

    fn partitions(&self, working: &Working, reference: &Reference, id: Uuid) -> Vec<Partition> {
        let Some(row) = working.round.get(id) else {
            return Vec::new();
        };
        let mut partitions = vec![Partition::Council(row.council_id)];
        if row.status == Status::Planned {
            return partitions;
        }
        partitions.extend(reference.regions(row.council_id, []));
        let own = reference.council(row.council_id).map(|council| council.unit_id);
        partitions.extend(own.filter(|_| row.is_public).map(Partition::Public));
        partitions
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.round.get(id) else {
            return document.done();
        };
        rules::plan(document, row)
            .set("councilId", row.council_id)
            .set("status", row.status)
            .set("isPublic", row.is_public)
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("kind", "Kind of contact, a code."),
                text("title", "What it is called."),
                text("sessionId", "The session that it precedes or follows."),
                text("planNumber", "Number of the plan (số kế hoạch)."),
                text("planDate", "Date of the plan."),
                whole("pointsPlanned", "Points that the plan names."),
                text("startsOn", "First day."),
                text("endsOn", "Last day."),
                text("content", "What it is about."),
                text("councilId", "The council."),
                text("status", "Where it stands, a code."),
                flag("isPublic", "Whether everybody may read of it."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.round.insert(id);
    }
}

/// The round, if the viewer may know of it: as one of its council, or, since it is published, as everybody.
pub(crate) fn known_round<'a>(working: &'a Working, facts: &Facts<'_>, id: RoundId) -> Option<&'a Model> {
    let row = working.round.get(id)?;
    RoundCollection
        .partitions(working, facts.reference, id.0)
        .into_iter()
        .any(|partition| facts.viewer.reads(partition) || partition.audience() == Audience::Public)
        .then_some(row)
}
