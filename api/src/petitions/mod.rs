//! Petitions (kiến nghị của cử tri): from the grouping of feedback to the closing, after the voters were told.
//!
//! Process and outcome are two axes. A forwarding and an answer are documents, each for many petitions. What a
//! petition says to whom is decided here, once, for lists, search and sync alike.

pub mod allocating;
pub mod answering;
pub mod closing;
pub mod forwarding;
pub mod graphql;
pub mod grouping;
pub mod importing;
pub mod informing;
mod inputs;
pub(crate) mod lineage;
pub mod mutations;
pub mod passing;
pub mod promises;
pub mod publishing;
pub mod records;
pub mod reminding;
pub mod repeating;
pub(crate) mod rules;
mod taken_over;
pub mod telling;
pub mod urging;

use chrono::{DateTime, Utc};
use entity::{
    id::PetitionId,
    petition::{Event, Model},
};
use uuid::Uuid;

use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text, whole},
        door::Facts,
        partition::{Audience, Partition},
        reference::Reference,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// The collection `petition`: read only for phones.
pub struct PetitionCollection;

impl Collection for PetitionCollection {
    fn name(&self) -> &'static str {
        "petition"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.petition.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.petition.rev(id)
    }

    fn partitions(&self, working: &Working, reference: &Reference, id: Uuid) -> Vec<Partition> {
        let Some(row) = working.petition.get(id) else {
            return Vec::new();
        };
        let mut partitions = vec![Partition::Council(row.council_id)];
        partitions.extend(row.upper_council_id.map(Partition::Council));
        let units = working.petition_unit.of(id).map(|link| link.unit_id);
        partitions.extend(reference.regions(row.council_id, units));
        partitions.extend(row.agency_id.map(Partition::Agency));
        partitions.extend(
            working
                .petition_agency
                .of(id)
                .map(|link| Partition::Agency(link.agency_id)),
        );
        for link in working.petition_unit.of(id) {
            partitions.push(Partition::Place(link.unit_id));
            if row.public_content.is_some() {
                partitions.push(Partition::Public(link.unit_id));
            }
        }
        partitions
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.petition.get(id) else {
            return document.done();
        };
        // Free text can name people: outside of the councils and the bodies that answer only the redacted one.
        let inside = audience >= Audience::Delegate;
        let internal = audience >= Audience::Internal;
        let (title, content, answer) = if inside {
            (Some(&row.title), Some(&row.content), row.answer_text.as_ref())
        } else {
            (
                row.public_title.as_ref(),
                row.public_content.as_ref(),
                row.public_answer.as_ref(),
            )
        };
        let is_told = inside || row.answer_counts();
        let feedback = working
            .petition_feedback
            .of(id)
            .map(|link| link.feedback_id.0)
            .filter(|_| internal);
        let repeated = working
            .petition_repeat
            .of(id)
            .filter(|link| inside && link.unlinked_at.is_none())
            .map(|link| link.earlier_id.0);
        let successors = working.petition_lineage.of(id).map(|edge| edge.to_id.0);
        let predecessors = working
            .petition_lineage
            .iter()
            .filter(|edge| edge.to_id == row.id)
            .map(|edge| edge.from_id.0);
        document
            .set("number", &row.number)
            .set("title", title)
            .set("content", content)
            .ids("unitIds", working.petition_unit.of(id).map(|link| link.unit_id.0))
            .ids("feedbackIds", feedback)
            .set("origin", &row.origin)
            .set("field", &row.field)
            .set("tier", &row.tier)
            .set("process", row.process)
            .set("outcome", &row.outcome)
            .set("agencyId", row.agency_id)
            .ids(
                "coordinatingIds",
                working.petition_agency.of(id).map(|link| link.agency_id.0),
            )
            .set("forwardedNumber", &row.forwarded_number)
            .set("forwardedAt", row.forwarded_at)
            .set("dueAt", row.due_at)
            .set("extendedTo", row.extended_to)
            .set("urgings", row.urgings)
            .set("reminders", row.reminders)
            .set("answerText", answer.filter(|_| is_told))
            .set("answerNumber", row.answer_number.as_ref().filter(|_| is_told))
            .set("answeredAt", row.answered_at.filter(|_| is_told))
            .set("roadmapAt", row.roadmap_at)
            .set("costMillions", row.cost_millions)
            .set("unresolvedReason", &row.unresolved_reason)
            .time("informedAt", row.informed_at)
            .time("closedAt", row.closed_at)
            .set("repeats", row.repeats)
            .set("missing", &row.missing)
            .ids("repeatOfIds", repeated)
            .set("councilId", row.council_id)
            .set("upperCouncilId", row.upper_council_id)
            .set("assessment", row.assessment.as_ref().filter(|_| inside))
            .set("satisfaction", row.satisfaction.as_ref().filter(|_| inside))
            .ids("predecessorIds", predecessors)
            .ids("successorIds", successors)
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("number", "Its number at the council."),
                text(
                    "title",
                    "Its title; outside of councils and bodies only the redacted one.",
                ),
                text(
                    "content",
                    "Its text; outside of councils and bodies only the redacted one.",
                ),
                text("unitIds", "The places that it is about: ids separated by spaces."),
                text(
                    "feedbackIds",
                    "The feedback that it was made of: ids separated by spaces.",
                ),
                text("origin", "Who raised it, a code."),
                text("field", "Field of state administration (lĩnh vực), a code."),
                text("tier", "Which level is competent (thẩm quyền), a code."),
                text("process", "Where it stands, a code."),
                text("outcome", "What came of it, a code."),
                text("agencyId", "The body that leads (chủ trì)."),
                text(
                    "coordinatingIds",
                    "The bodies that coordinate (phối hợp): ids separated by spaces.",
                ),
                text("forwardedNumber", "Number of the document that forwarded it."),
                text("forwardedAt", "Day on which it was forwarded, `YYYY-MM-DD`."),
                text("dueAt", "Day on which the answer is due."),
                text("extendedTo", "Day to which that was extended (gia hạn)."),
                whole("urgings", "How often people urged it (đôn đốc)."),
                whole(
                    "reminders",
                    "How often the server reminded the body by itself (nhắc hạn tự động); never among the urgings.",
                ),
                text(
                    "answerText",
                    "The answer (trả lời); outside of councils and bodies what was released of it, while it counts.",
                ),
                text(
                    "answerNumber",
                    "Number of the answering document; outside of councils and bodies absent while `outcome` is.",
                ),
                text(
                    "answeredAt",
                    "Day of the answer; outside of councils and bodies absent while `outcome` is.",
                ),
                text("roadmapAt", "Day by which it was promised (lộ trình)."),
                whole("costMillions", "What that costs (kinh phí), in millions of đồng."),
                text("unresolvedReason", "Why it is not resolved, a code."),
                text("informedAt", "When the voters were told (thông tin lại)."),
                text("closedAt", "When it was closed."),
                whole("repeats", "How often it had been raised before."),
                text(
                    "missing",
                    "What its feedback lacks to be clear work, separated by spaces; absent where that is not known.",
                ),
                text(
                    "repeatOfIds",
                    "Earlier petitions for which it asks again: ids separated by spaces.",
                ),
                text("councilId", "The council that owns it."),
                text("upperCouncilId", "The council above that it was sent to."),
                text("assessment", "How the answer was judged, a code."),
                text("satisfaction", "What the voters said last to the answer, a code."),
                text(
                    "predecessorIds",
                    "What it was split or merged from: ids separated by spaces.",
                ),
                text(
                    "successorIds",
                    "What it was split or merged into: ids separated by spaces.",
                ),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.petition.insert(id);
    }
}

/// The petition, if the viewer may know of it; whatever he may not see does not exist for him.
fn known<'a>(working: &'a Working, facts: &Facts<'_>, id: PetitionId) -> Option<&'a Model> {
    let row = working.petition.get(id)?;
    let partitions = PetitionCollection.partitions(working, facts.reference, id.0);
    partitions
        .into_iter()
        .any(|partition| facts.viewer.reads(partition))
        .then_some(row)
}

/// The petition, if the viewer may read it: as one of those whom it concerns, or, since it is published, as everybody.
fn readable<'a>(working: &'a Working, facts: &Facts<'_>, id: PetitionId) -> Option<&'a Model> {
    let published = || {
        let row = working.petition.get(id)?;
        let mut partitions = PetitionCollection
            .partitions(working, facts.reference, id.0)
            .into_iter();
        partitions
            .any(|partition| matches!(partition, Partition::Public(_)))
            .then_some(row)
    };
    known(working, facts, id).or_else(published)
}

/// The petition, for somebody who may do this as one of the councils that have it.
fn for_office<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    id: PetitionId,
    capability: Capability,
    field: &'static str,
) -> Result<&'a Model, Refused> {
    let row = known(working, facts, id).ok_or(Refused::field(Code::NotFound, field))?;
    let may = |council| facts.viewer.may(capability, Place::Council(council));
    if may(row.council_id) || row.upper_council_id.is_some_and(may) {
        Ok(row)
    } else {
        Err(Refused::field(Code::Forbidden, field))
    }
}

/// The petition once its last answer no longer counts: it has no outcome, and the voters were told nothing that
/// holds. The answer itself stays the newest until another comes; answers and history keep what was.
fn unanswered(row: &Model) -> Model {
    Model {
        outcome: None,
        roadmap_at: None,
        cost_millions: None,
        unresolved_reason: None,
        informed_at: None,
        satisfaction: None,
        ..row.clone()
    }
}

/// The state after a step, or the refusal.
fn step(row: &Model, event: Event) -> Result<entity::petition::Process, Refused> {
    row.process.next(event).ok_or(Refused::new(Code::InvalidState))
}

/// Puts a petition into its new state, with the step in its history.
fn record(changes: &mut Changes, facts: &Facts<'_>, row: Model, event: &str, basis: Option<String>) {
    let mut step = facts.event("petition", row.id, event, Some(row.council_id));
    step.basis = basis;
    changes.happened(step);
    changes.put(row);
}

/// Of several petitions the one that a refusal is about: `petitionIds.3`, counted from 0, so that a letter with forty need
/// not be tried one by one.
fn among(petitions: &[PetitionId], id: PetitionId, refused: Refused) -> Refused {
    let is_of_it = refused
        .field
        .as_deref()
        .is_none_or(|field| field == "petitionIds");
    let place = petitions.iter().position(|other| *other == id);
    match place {
        Some(place) if is_of_it && petitions.len() > 1 => {
            Refused::entry(refused.code, "petitionIds", place, petitions.len())
        }
        _ => refused.or_field("petitionIds"),
    }
}

/// Refuses a list of ids that is empty, too long, or names one twice.
fn distinct(ids: &[PetitionId], field: &'static str) -> Result<(), Refused> {
    const MOST: usize = 500;
    if ids.is_empty() {
        return Err(Refused::field(Code::Required, field));
    }
    if ids.len() > MOST {
        return Err(Refused::field(Code::LimitTooLarge, field));
    }
    let mut seen = std::collections::BTreeSet::new();
    if ids.iter().all(|id| seen.insert(*id)) {
        Ok(())
    } else {
        Err(Refused::field(Code::InvalidValue, field))
    }
}
