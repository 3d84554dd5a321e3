//! Classifying, forwarding, returning, extending: until a body has the petition and a date.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use entity::{
    extension, forwarding, forwarding_agency, forwarding_petition,
    id::{AgencyId, CouncilId, ForwardingId, PetitionId},
    petition::{Event, Model, Process},
    petition_agency,
};
use serde::{Deserialize, Serialize};

use super::{
    among, distinct, for_office, importing, known, record, repeating::ancestry, rules, step, unanswered,
};
use crate::{
    capability::Capability,
    deadlines::Periods,
    error::{Code, Refused},
    files::{FileHash, attachments},
    store::{
        door::{Command, Facts, Verdict},
        reference::existed,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// Sets field and tier (phân loại theo lĩnh vực và thẩm quyền).
pub struct Classify {
    pub petition: PetitionId,
    pub field: String,
    pub tier: String,
}

impl Command for Classify {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(
            working,
            facts,
            self.petition,
            Capability::ClassifyPetition,
            "petitionId",
        )?;
        let field = Some(rules::code(&self.field, "field", "field")?);
        let tier = Some(rules::code(&self.tier, "tier", "tier")?);
        let process = step(row, Event::Classify).map_err(|refused| refused.or_field("petitionId"))?;
        let mut changes = Changes::default();
        let basis = Some(format!("{}, {}", self.field, self.tier));
        record(
            &mut changes,
            facts,
            Model {
                field,
                tier,
                process,
                ..row.clone()
            },
            "classified",
            basis,
        );
        Ok(Verdict::about(changes, [self.petition.0]))
    }
}

/// What the history of a petition keeps of a letter beside its number: which one it was, and until when it asked for the
/// answer. The days of one letter differ with the tier, and the petition itself knows that of the newest letter only.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sent {
    pub(crate) forwarding_id: ForwardingId,
    pub(crate) due_at: Option<NaiveDate>,
}

impl Sent {
    /// As it stands in a step of history.
    pub(super) fn detail(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// Forwards petitions by a document to one lead body, or up to the council above (chuyển kiến nghị).
pub struct Forward {
    pub petitions: Vec<PetitionId>,
    pub lead: Option<AgencyId>,
    pub coordinating: Vec<AgencyId>,
    pub upper_council: Option<CouncilId>,
    pub document_number: String,
    pub document_date: NaiveDate,
    pub due: Option<NaiveDate>,
    /// The paper itself.
    pub file: Option<FileHash>,
}

impl Command for Forward {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.extend(self.petitions.iter().map(|id| id.0));
        needs.heard_of.extend(self.petitions.iter().map(|id| id.0));
        needs.ancestry_of.extend(self.petitions.iter().map(|id| id.0));
        attachments::need_paper(self.file.as_ref(), facts, needs);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        // What they came of: it may have been taken over without feedback.
        let older = working.petition_lineage.iter().map(|edge| edge.from_id);
        let older = older.filter(|id| !self.petitions.contains(id));
        needs.petition.extend(older.map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        distinct(&self.petitions, "petitionIds")?;
        let rows = self
            .petitions
            .iter()
            .map(|id| {
                for_office(working, facts, *id, Capability::ForwardPetitions, "petitionIds")
                    .map_err(|refused| among(&self.petitions, *id, refused))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let number = rules::required(&self.document_number, "documentNumber", 100)?;
        let may = |council| {
            facts
                .viewer
                .may(Capability::ForwardPetitions, Place::Council(council))
        };
        // Who forwards: the owning council, or the one above to which the petition went up; for one that has ended
        // the council that carries on its business.
        let is_above = |row: &Model| !may(row.council_id);
        let acting = |row: &Model| {
            let council = if is_above(row) {
                row.upper_council_id?
            } else {
                row.council_id
            };
            let heir = facts.reference.heir(council, facts.today).map(|heir| heir.id);
            heir.filter(|heir| may(*heir)).or(Some(council))
        };
        let Some(council) = rows.first().and_then(|row| acting(row)) else {
            return Err(Refused::field(Code::NotFound, "petitionIds"));
        };
        if rows.iter().any(|row| acting(row) != Some(council)) {
            return Err(Refused::field(Code::InvalidValue, "petitionIds"));
        }
        let date = rules::document_date(
            self.document_date,
            facts.reference.first_day(council),
            facts.today,
            "documentDate",
        )?;
        // Nor does a letter forward what nobody had said when it was written.
        let said = rows.iter().filter_map(|row| began(working, row)).max();
        if said.is_some_and(|said| date < said) {
            return Err(Refused::field(Code::OutOfRange, "documentDate"));
        }

        let mut coordinating = BTreeSet::new();
        match (self.lead, self.upper_council) {
            (Some(lead), None) => {
                self.agency(facts, lead, "leadId")?;
                for agency in &self.coordinating {
                    self.agency(facts, *agency, "coordinatingIds")?;
                    if *agency == lead || !coordinating.insert(*agency) {
                        return Err(Refused::field(Code::InvalidValue, "coordinatingIds"));
                    }
                }
            }
            (None, Some(upper)) => {
                let above = facts
                    .reference
                    .upper_council(council, facts.today)
                    .map(|council| council.id);
                if above != Some(upper) {
                    return Err(Refused::field(Code::NotFound, "upperCouncilId"));
                }
                if !self.coordinating.is_empty() {
                    return Err(Refused::field(Code::InvalidValue, "coordinatingIds"));
                }
            }
            (Some(_), Some(_)) => return Err(Refused::field(Code::InvalidValue, "upperCouncilId")),
            (None, None) => return Err(Refused::field(Code::Required, "leadId")),
        }

        let id: ForwardingId = facts.id();
        let lead = self.lead.and_then(|lead| facts.reference.agency(lead));
        let mut changes = Changes::default();
        let mut last_due = None;
        let periods = Periods::of(facts.reference, council, facts.calendar);
        for row in rows {
            let event = if is_above(row) {
                Event::ForwardOn
            } else {
                Event::Forward
            };
            let process = step(row, event).map_err(|refused| among(&self.petitions, row.id, refused))?;
            let due = rules::due(
                self.due,
                row.tier.as_deref(),
                lead,
                !coordinating.is_empty(),
                date,
                &periods,
            )?;
            last_due = last_due.max(due);
            changes.put(forwarding_petition::Model {
                forwarding_id: id,
                petition_id: row.id,
                returned_at: None,
                return_reason: None,
            });
            let petition = row.id;
            changes.and(move |working| working.petition_agency.clear(petition));
            for agency in &coordinating {
                changes.put(petition_agency::Model {
                    petition_id: petition,
                    agency_id: *agency,
                    answer_id: None,
                });
            }
            // What its owner sends is no longer with the council above, unless it goes there now.
            let above = row.upper_council_id.filter(|_| is_above(row));
            let forwarded = Model {
                process,
                agency_id: self.lead,
                upper_council_id: self.upper_council.or(above),
                forwarding_id: Some(id),
                forwarded_number: Some(number.clone()),
                forwarded_at: Some(date),
                due_at: due,
                extended_to: None,
                ..unanswered(row)
            };
            let event = if self.upper_council.is_some() {
                "forwarded_up"
            } else {
                "forwarded"
            };
            let mut told = facts.event("petition", row.id, event, Some(row.council_id));
            told.basis = Some(number.clone());
            told.detail = Sent {
                forwarding_id: id,
                due_at: due,
            }
            .detail();
            changes.happened(told);
            changes.put(forwarded);
        }
        let file = self.file.as_ref();
        attachments::paper(&mut changes, working, facts, "forwarding", id, file)?;
        changes.put(forwarding::Model {
            id,
            council_id: council,
            lead_agency_id: self.lead,
            upper_council_id: self.upper_council,
            document_number: number,
            document_date: date,
            due_on: self.due.or(last_due),
            actor_id: facts
                .viewer
                .account_id()
                .ok_or(Refused::new(Code::Unauthenticated))?,
            at: facts.now,
        });
        for agency in coordinating {
            changes.put(forwarding_agency::Model {
                forwarding_id: id,
                agency_id: agency,
            });
        }
        Ok(Verdict::about(changes, self.petitions.iter().map(|id| id.0)))
    }
}

impl Forward {
    fn agency(&self, facts: &Facts<'_>, id: AgencyId, field: &'static str) -> Result<(), Refused> {
        let agency = facts
            .reference
            .agency(id)
            .ok_or(Refused::field(Code::NotFound, field))?;
        // An abolished body gets no new petitions; its successor does.
        if existed(agency.valid_from, agency.valid_to, facts.today) {
            Ok(())
        } else {
            Err(Refused::field(Code::InvalidValue, field))
        }
    }
}

/// The day on which a petition began: when the first of what it was made of was said or came in; where it was taken over
/// from a list without feedback, when its office got it. Nothing where that is not known.
fn began(working: &Working, row: &Model) -> Option<NaiveDate> {
    let heard = |id: PetitionId| {
        let of = working.petition_feedback.of(id);
        of.filter_map(|link| working.heard.get(&link.feedback_id).copied())
            .min()
    };
    let is_first = |id: &PetitionId| !working.petition_lineage.iter().any(|edge| edge.to_id == *id);
    let mut first = heard(row.id);
    for id in ancestry(working, row.id).into_iter().filter(is_first) {
        let day = heard(id).or_else(|| importing::received(working.petition.get(id)?))?;
        first = Some(first.map_or(day, |known| known.min(day)));
    }
    first
}

/// The petition, for the body that has it, or for the office that has the body's letter in hand.
fn for_body<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    id: PetitionId,
    capability: Capability,
) -> Result<&'a Model, Refused> {
    let field = "petitionIds";
    let row = known(working, facts, id).ok_or(Refused::field(Code::NotFound, field))?;
    let may = |agency| facts.viewer.may(capability, Place::Agency(agency));
    if may_at_council(facts, row, capability) || row.agency_id.is_some_and(may) {
        Ok(row)
    } else {
        Err(Refused::field(Code::Forbidden, field))
    }
}

/// Whether the viewer may do it as the office of the council that owns the petition, or of the one above that has it.
fn may_at_council(facts: &Facts<'_>, row: &Model, capability: Capability) -> bool {
    let may = |council| facts.viewer.may(capability, Place::Council(council));
    may(row.council_id) || row.upper_council_id.is_some_and(may)
}

/// The letter by which the council above got a petition that it has, the newest.
fn sent_up(working: &Working, row: &Model) -> Option<ForwardingId> {
    let upper = row.upper_council_id?;
    let links = working
        .forwarding_petition
        .iter()
        .filter(|link| link.petition_id == row.id);
    links
        .filter_map(|link| working.forwarding.get(link.forwarding_id))
        .filter(|letter| letter.upper_council_id == Some(upper))
        .max_by_key(|letter| (letter.at, letter.id))
        .map(|letter| letter.id)
}

/// Says that petitions are of another's authority (trả lại kiến nghị không thuộc thẩm quyền).
pub struct Return {
    pub petitions: Vec<PetitionId>,
    pub reason: String,
}

impl Command for Return {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.extend(self.petitions.iter().map(|id| id.0));
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let letters = working.forwarding_petition.iter();
        needs.forwarding.extend(letters.map(|link| link.forwarding_id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        distinct(&self.petitions, "petitionIds")?;
        let reason = rules::required(&self.reason, "reason", 2_000)?;
        let mut changes = Changes::default();
        for id in &self.petitions {
            let about = |refused| among(&self.petitions, *id, refused);
            let row = for_body(working, facts, *id, Capability::ReturnPetitions).map_err(about)?;
            // A body gave it back to the council above, and that one, not its owner, has nobody else to send it to.
            let is_above = row.upper_council_id.is_some_and(|upper| {
                let place = Place::Council(upper);
                facts.viewer.may(Capability::ReturnPetitions, place)
            });
            let came_up = (row.process == Process::Returned && is_above)
                .then(|| sent_up(working, row))
                .flatten();
            // Whoever entered that and lost the reply sends it again, with the same words.
            let is_repeated = came_up.is_some()
                && working.forwarding_petition.iter().any(|link| {
                    link.petition_id == row.id
                        && Some(link.forwarding_id) == row.forwarding_id
                        && link.return_reason.as_ref() == Some(&reason)
                });
            if is_repeated {
                continue;
            }
            let (process, letter) = match came_up {
                Some(letter) => (row.process, Some(letter)),
                None => (step(row, Event::Return).map_err(about)?, row.forwarding_id),
            };
            if let Some(forwarding) = letter
                && let Some(link) = working
                    .forwarding_petition
                    .of(forwarding)
                    .find(|link| link.petition_id == row.id)
            {
                changes.put(forwarding_petition::Model {
                    returned_at: Some(facts.now),
                    return_reason: Some(reason.clone()),
                    ..link.clone()
                });
            }
            let petition = row.id;
            changes.and(move |working| working.petition_agency.clear(petition));
            // Returned by a body it goes back to who forwarded it; returned by the council above, to the owner.
            let upper_council_id = row.agency_id.and(row.upper_council_id);
            let returned = Model {
                process,
                agency_id: None,
                upper_council_id,
                ..row.clone()
            };
            record(&mut changes, facts, returned, "returned", Some(reason.clone()));
        }
        Ok(Verdict::about(changes, self.petitions.iter().map(|id| id.0)))
    }
}

/// Moves a due date, with reason and roadmap; the first date stays (gia hạn).
pub struct Extend {
    pub petitions: Vec<PetitionId>,
    pub due: NaiveDate,
    pub reason: String,
    pub roadmap: Option<String>,
}

impl Command for Extend {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.extend(self.petitions.iter().map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        distinct(&self.petitions, "petitionIds")?;
        let reason = rules::required(&self.reason, "reason", 2_000)?;
        let roadmap = rules::optional(self.roadmap.as_deref(), "roadmap", 5_000)?;
        let basis: Vec<&str> = std::iter::once(reason.as_str())
            .chain(roadmap.as_deref())
            .collect();
        let basis = basis.join("; ");
        let actor = facts
            .viewer
            .account_id()
            .ok_or(Refused::new(Code::Unauthenticated))?;
        let mut changes = Changes::default();
        for id in &self.petitions {
            let about = |refused| among(&self.petitions, *id, refused);
            let row = for_body(working, facts, *id, Capability::ExtendDue).map_err(about)?;
            let process = step(row, Event::Extend).map_err(about)?;
            let before = row.extended_to.or(row.due_at);
            if before.is_some_and(|before| self.due <= before)
                || self.due < facts.today
                || rules::is_too_far(self.due, facts.today)
            {
                return Err(Refused::field(Code::OutOfRange, "dueAt"));
            }
            // A body may give itself more time: that it was nobody else stays told.
            let is_office = may_at_council(facts, row, Capability::ExtendDue);
            changes.put(extension::Model {
                id: facts.id(),
                petition_id: row.id,
                from_due: before,
                to_due: self.due,
                reason: reason.clone(),
                roadmap: roadmap.clone(),
                actor_id: actor,
                agency_id: row.agency_id.filter(|_| !is_office),
                at: facts.now,
            });
            let extended = Model {
                process,
                extended_to: Some(self.due),
                ..row.clone()
            };
            record(&mut changes, facts, extended, "extended", Some(basis.clone()));
        }
        Ok(Verdict::about(changes, self.petitions.iter().map(|id| id.0)))
    }
}

/// Whether an answer is owed and late on a day.
pub fn is_overdue(row: &Model, today: NaiveDate) -> bool {
    row.process == Process::Forwarded && row.extended_to.or(row.due_at).is_some_and(|due| due < today)
}

/// Whether an answer is owed and the day on which it was first due is over, whatever that was moved to.
pub fn is_past_first_due(row: &Model, today: NaiveDate) -> bool {
    row.process == Process::Forwarded && row.due_at.or(row.extended_to).is_some_and(|due| due < today)
}
