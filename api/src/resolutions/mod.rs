//! Resolutions (nghị quyết) of councils and their standing committees.
//!
//! The office enters them; phones only read them. A number is kept as it was printed beside what was read of it,
//! votes are totals and never names, and an effect moves by steps that each leave an event.

pub mod dated;
pub mod graphql;
pub mod mutations;
pub mod number;
pub mod office;
mod rules;

use chrono::{DateTime, Utc};
use entity::resolution::Model;
use uuid::Uuid;

pub use rules::Relation;

use crate::store::{
    collection::{Collection, Document, DocumentWriter, Member, text},
    partition::{Audience, Partition},
    reference::Reference,
    working::{Needs, Working},
};

/// The collection `resolution`.
pub struct ResolutionCollection;

impl Collection for ResolutionCollection {
    fn name(&self) -> &'static str {
        "resolution"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.resolution.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.resolution.rev(id)
    }

    fn partitions(&self, working: &Working, reference: &Reference, id: Uuid) -> Vec<Partition> {
        working
            .resolution
            .get(id)
            .map(|row| partitions(row, reference))
            .unwrap_or_default()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let mut document = DocumentWriter::new(id);
        let Some(row) = working.resolution.get(id) else {
            return document.done();
        };
        document = document
            .set("unitId", row.unit_id)
            .set("councilId", row.council_id)
            .set("sessionId", row.session_id)
            .set("number", &row.number)
            .set("rawNumber", &row.raw_number)
            .set("kind", &row.kind)
            .set("title", &row.title)
            .set("text", &row.text)
            .set("effect", row.effect)
            .set("issuedOn", row.issued_on)
            .set("inForceFrom", row.in_force_from)
            .set("inForceTo", row.in_force_to);
        for relation in Relation::ALL {
            let others = working
                .resolution_edge
                .of(id)
                .filter(|edge| edge.kind == relation.code())
                .map(|edge| edge.to_id.0);
            document = document.ids(relation.code(), others);
        }
        document.done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("unitId", "The place that it concerns."),
                text("councilId", "The council."),
                text("sessionId", "The session at which it was passed (kỳ họp)."),
                text("number", "Its number (số, ký hiệu), in its usual spelling."),
                text("rawNumber", "The number as it was written."),
                text("kind", "Normative or not, a code."),
                text("title", "Its title (trích yếu)."),
                text("text", "Its text."),
                text("effect", "Its legal effect (hiệu lực), a code."),
                text("issuedOn", "Day of issue, `YYYY-MM-DD`."),
                text("inForceFrom", "First day in force."),
                text("inForceTo", "First day on which it is not in force."),
                text(
                    "amends",
                    "The resolutions that it amends: ids separated by spaces.",
                ),
                text(
                    "replaces",
                    "The resolutions that it replaces: ids separated by spaces.",
                ),
                text(
                    "annuls",
                    "The resolutions that it annuls: ids separated by spaces.",
                ),
                text(
                    "suspends",
                    "The resolutions that it suspends: ids separated by spaces.",
                ),
                text(
                    "implements",
                    "The resolutions that it implements: ids separated by spaces.",
                ),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.resolution.insert(id);
    }
}

/// A resolution lies with its council, with the delegates of its place, with those who aggregate, and once it is public
/// with everybody.
fn partitions(row: &Model, reference: &Reference) -> Vec<Partition> {
    let mut partitions = vec![Partition::Council(row.council_id), Partition::Place(row.unit_id)];
    partitions.extend(reference.regions(row.council_id, [row.unit_id]));
    if row.is_public {
        partitions.push(Partition::Public(row.unit_id));
    }
    partitions
}
