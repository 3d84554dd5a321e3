//! Syntheses of voters' opinions and petitions (báo cáo tổng hợp ý kiến, kiến nghị cử tri): of each delegate group for
//! the council, of the council with MTTQ for those who have to act.
//!
//! A synthesis of a round is a series of editions. An edition is a frozen list, numbered by tier and field, with counts
//! before and after splits and mergers; it says what its petitions said then and never changes. What becomes of
//! petitions later shows in the next edition only. How a list comes of what was said is pure (`list`).

pub mod cosigning;
pub mod freezing;
pub mod graphql;
pub(crate) mod list;
pub mod mutations;
pub mod office;
pub(crate) mod owing;
pub(crate) mod parts;
pub(crate) mod preview;

use chrono::{DateTime, Utc};
use entity::synthesis::Status;
use uuid::Uuid;

use crate::store::{
    collection::{Collection, Document, DocumentWriter, Member, text, whole},
    partition::{Audience, Partition},
    reference::Reference,
    working::{Needs, Working},
};

/// Whether an edition was sent to a council of his: then he reads it, and no other that was not.
pub(crate) fn was_sent_to(
    edition: &entity::synthesis_edition::Model,
    viewer: &crate::viewer::Viewer,
) -> bool {
    let to = edition.to_council_id;
    to.is_some_and(|council| viewer.reads(Partition::Council(council)))
}

/// The collection `synthesis`, for desks.
pub struct SynthesisCollection;

impl Collection for SynthesisCollection {
    fn name(&self) -> &'static str {
        "synthesis"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.synthesis.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.synthesis.rev(id)
    }

    fn partitions(&self, working: &Working, reference: &Reference, id: Uuid) -> Vec<Partition> {
        let Some(row) = working.synthesis.get(id) else {
            return Vec::new();
        };
        let mut partitions = vec![Partition::Council(row.council_id)];
        if row.status != Status::Draft {
            partitions.extend(reference.regions(row.council_id, []));
        }
        let editions = working.synthesis_edition.iter();
        let sent = editions
            .filter(|edition| edition.synthesis_id == row.id)
            .filter_map(|edition| edition.to_council_id);
        partitions.extend(sent.map(Partition::Council));
        partitions
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.synthesis.get(id) else {
            return document.done();
        };
        let newest = office::newest(working, row);
        document
            .set("councilId", row.council_id)
            .set("roundId", row.round_id)
            .set("groupId", row.group_id)
            .set("title", &row.title)
            .set("status", row.status)
            .set("edition", row.edition)
            .set("documentNumber", newest.map(|edition| &edition.document_number))
            .set("before", newest.map(|edition| edition.before))
            .set("after", newest.map(|edition| edition.after))
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("councilId", "The council."),
                text("roundId", "The round."),
                text("groupId", "The delegate group, if it is a group's."),
                text("title", "What it is called."),
                text("status", "Where its newest edition stands, a code."),
                whole("edition", "The number of the newest edition."),
                text("documentNumber", "Number of the newest edition's document."),
                whole(
                    "before",
                    "What was said and not just answered on the spot, before splits and mergers.",
                ),
                whole("after", "Petitions on the list."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.synthesis.insert(id);
    }
}
