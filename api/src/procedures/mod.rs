//! Procedures (quy trình): a piece of work as dated steps, each with who does it, by which document, within how many
//! days, and when it was done.
//!
//! What the steps of a kind usually are is dated data (`reference/procedures.csv`); a council may name its own. Days
//! are counted from one day, forwards or backwards; when that moves, what is not done yet moves with it. A procedure
//! belongs to a round, a meeting or nothing, and knows nothing of either.

pub mod graphql;
pub mod mutations;
pub mod office;
mod rules;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use rules::StepLine;

use crate::store::{
    collection::{Collection, Document, DocumentWriter, Member, text, whole},
    partition::{Audience, Partition},
    reference::Reference,
    working::{Needs, Working},
};

/// The collection `procedure`, for desks.
pub struct ProcedureCollection;

impl Collection for ProcedureCollection {
    fn name(&self) -> &'static str {
        "procedure"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.procedure.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.procedure.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let row = working.procedure.get(id);
        row.map(|row| Partition::Council(row.council_id))
            .into_iter()
            .collect()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.procedure.get(id) else {
            return document.done();
        };
        let steps = || rules::steps(working, row.id).into_iter();
        document
            .set("councilId", row.council_id)
            .set("kind", &row.kind)
            .set("title", &row.title)
            .set("subjectId", row.subject_id)
            .set("anchorOn", row.anchor_on)
            .set("status", row.status)
            .set("steps", steps().count())
            .set("stepsDone", steps().filter(|step| step.done_on.is_some()).count())
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("councilId", "The council."),
                text("kind", "Kind of procedure, a code."),
                text("title", "What it is called."),
                text("subjectId", "The round or meeting that it is for."),
                text("anchorOn", "The day from which its periods are counted."),
                text("status", "Where it stands, a code."),
                whole("steps", "Its steps."),
                whole("stepsDone", "Those that were done."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.procedure.insert(id);
    }
}
