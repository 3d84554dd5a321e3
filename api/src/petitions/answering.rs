//! Answers: documents for many petitions, with versions; and what the office thinks of them.

use chrono::NaiveDate;
use entity::{
    answer, answer_petition,
    event::JOINED,
    id::{AgencyId, AnswerId, CouncilId, PetitionId},
    informing,
    petition::{Assessment, Event, Model, Process},
    petition_agency,
};

use super::{among, distinct, for_office, known, record, rules, step, unanswered};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    files::{FileHash, attachments},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// Longest text of an answer.
pub(super) const TEXT: usize = 50_000;

/// Answers petitions by one document (trả lời kiến nghị).
pub struct Answer {
    pub petitions: Vec<PetitionId>,
    pub agency: AgencyId,
    pub document_number: String,
    pub document_date: NaiveDate,
    pub text: String,
    pub outcome: String,
    pub roadmap: Option<NaiveDate>,
    /// In millions of đồng.
    pub cost: Option<i32>,
    /// Why it is not resolved, of the list `unresolved_reason`.
    pub reason: Option<String>,
    /// Entered by the office for a body without an account.
    pub on_behalf: bool,
    /// The paper itself.
    pub file: Option<FileHash>,
}

impl Command for Answer {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.extend(self.petitions.iter().map(|id| id.0));
        attachments::need_paper(self.file.as_ref(), facts, needs);
        let file = self.file.iter().map(|file| file.as_str().to_owned());
        needs.named_files.extend(file);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        for row in self.petitions.iter().filter_map(|id| working.petition.get(*id)) {
            needs.answer.extend(row.answer_id.map(|id| id.0));
            needs.forwarding.extend(row.forwarding_id.map(|id| id.0));
            let replies = working.petition_agency.of(row.id);
            needs
                .answer
                .extend(replies.filter_map(|link| link.answer_id).map(|id| id.0));
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        distinct(&self.petitions, "petitionIds")?;
        let agency = facts
            .reference
            .agency(self.agency)
            .ok_or(Refused::field(Code::NotFound, "agencyId"))?;
        if self.on_behalf && agency.has_account {
            // Its own people answer; a second hand would make two answers of one.
            return Err(Refused::field(Code::InvalidState, "onBehalf"));
        }
        let mut rows: Vec<(&Model, Part)> = self
            .petitions
            .iter()
            .map(|id| {
                self.petition(working, facts, *id)
                    .map_err(|refused| among(&self.petitions, *id, refused))
            })
            .collect::<Result<_, _>>()?;
        let number = rules::required(&self.document_number, "documentNumber", 100)?;
        let text = rules::required(&self.text, "text", TEXT)?;
        // No body answered a council before there was one: the youngest of those that asked says since when.
        let since = rows
            .iter()
            .filter_map(|(row, _)| facts.reference.first_day(row.council_id))
            .max();
        let date = rules::document_date(self.document_date, since, facts.today, "documentDate")?;
        // Nor does a letter answer one that was written after it.
        let asked = rows.iter().filter_map(|(row, _)| row.forwarded_at).max();
        if asked.is_some_and(|asked| date < asked) {
            return Err(Refused::field(Code::OutOfRange, "documentDate"));
        }
        // Nor is a better answer older than the one of this body that was wanting.
        let before = rows
            .iter()
            .filter_map(|(row, part)| self.last(working, row, *part))
            .map(|known| known.document_date);
        if before.max().is_some_and(|before| date < before) {
            return Err(Refused::field(Code::OutOfRange, "documentDate"));
        }
        let outcome = rules::outcome(&self.outcome, self.roadmap, date)?;
        let cost = rules::cost(self.cost)?;
        let reason = rules::unresolved(self.reason.as_deref(), &outcome)?;
        let has_paper = |id: AnswerId| {
            let mut named = working.attachment.of(id);
            self.file
                .as_ref()
                .is_none_or(|file| named.any(|link| link.sha256 == file.as_str()))
        };
        let is_this = |known: &answer::Model| {
            (&known.document_number, known.document_date) == (&number, date)
                && (&known.text, &known.outcome) == (&text, &outcome)
                && (known.roadmap_at, known.cost_millions) == (self.roadmap, cost)
                && known.unresolved_reason == reason
                && has_paper(known.id)
        };
        // Whoever lost the reply sends the same document again: it was answered by it, and what the office and the
        // voters said to it stays.
        rows.retain(|(row, part)| !self.newest(working, row, *part).is_some_and(is_this));
        if rows.is_empty() {
            let same = self.petitions.iter().map(|id| id.0);
            return Ok(Verdict::about(Changes::default(), same));
        }
        // Asked only of what is new: an answer that was taken when less was asked of it is sent again as it was.
        let is_lead = rows.iter().any(|(_, part)| *part == Part::Lead);
        rules::complete(&outcome, self.roadmap, reason.as_deref(), is_lead)?;
        let council: CouncilId = rows
            .first()
            .map(|(row, _)| row.upper_council_id.unwrap_or(row.council_id))
            .ok_or(Refused::field(Code::Required, "petitionIds"))?;

        let id: AnswerId = facts.id();
        let mut changes = Changes::default();
        let file = self.file.as_ref();
        attachments::paper(&mut changes, working, facts, "answer", id, file)?;
        changes.put(answer::Model {
            id,
            agency_id: self.agency,
            council_id: council,
            document_number: number.clone(),
            document_date: date,
            text: text.clone(),
            outcome: outcome.clone(),
            roadmap_at: self.roadmap,
            cost_millions: cost,
            unresolved_reason: reason.clone(),
            on_behalf: self.on_behalf,
            actor_id: facts
                .viewer
                .account_id()
                .ok_or(Refused::new(Code::Unauthenticated))?,
            at: facts.now,
        });
        for (row, part) in rows {
            let event = match part {
                Part::Lead => Event::Answer,
                Part::Coordinating => Event::Reply,
            };
            let process = step(row, event).map_err(|refused| among(&self.petitions, row.id, refused))?;
            let earlier = working
                .answer_petition
                .iter()
                .filter(|link| link.petition_id == row.id)
                .count();
            changes.put(answer_petition::Model {
                answer_id: id,
                petition_id: row.id,
                version: i32::try_from(earlier).unwrap_or(i32::MAX - 1) + 1,
                assessment: None,
                assessment_note: None,
                public_text: None,
                coordinating: part == Part::Coordinating,
            });
            if part == Part::Coordinating {
                // It helps the lead to answer: the petition is owed as before, and its documents say who has replied.
                let petition = row.id;
                changes.put(petition_agency::Model {
                    petition_id: petition,
                    agency_id: self.agency,
                    answer_id: Some(id),
                });
                changes.and(move |working| working.petition.touch(petition));
                record(&mut changes, facts, row.clone(), "replied", Some(number.clone()));
                continue;
            }
            let answered = Model {
                process,
                outcome: Some(outcome.clone()),
                answer_id: Some(id),
                answer_text: Some(text.clone()),
                answer_number: Some(number.clone()),
                // What was released of an earlier answer stays with that one.
                public_answer: None,
                answered_at: Some(date),
                roadmap_at: self.roadmap,
                cost_millions: cost,
                unresolved_reason: reason.clone(),
                assessment: None,
                satisfaction: None,
                // Voters who were told an earlier answer have to be told this one too.
                informed_at: None,
                ..row.clone()
            };
            let event = if self.on_behalf {
                "answered_on_behalf"
            } else {
                "answered"
            };
            record(&mut changes, facts, answered, event, Some(number.clone()));
        }
        Ok(Verdict::about(changes, self.petitions.iter().map(|id| id.0)))
    }
}

/// As what a body answers a petition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Its answer is the answer (chủ trì).
    Lead,
    /// Its reply helps the lead (phối hợp).
    Coordinating,
}

impl Answer {
    /// What this body answered last.
    fn last<'a>(&self, working: &'a Working, row: &Model, part: Part) -> Option<&'a answer::Model> {
        let id = match part {
            Part::Lead => row.answer_id,
            Part::Coordinating => {
                let mut replies = working.petition_agency.of(row.id);
                replies.find(|link| link.agency_id == self.agency)?.answer_id
            }
        };
        let known = working.answer.get(id?)?;
        (known.agency_id == self.agency).then_some(known)
    }

    /// What this body answered last to the letter by which the petition is owed.
    fn newest<'a>(&self, working: &'a Working, row: &Model, part: Part) -> Option<&'a answer::Model> {
        let known = self.last(working, row, part)?;
        // Asked anew after it was taken up again, the body owes an answer, be it the same.
        answers_the_letter(working, row, known).then_some(known)
    }

    /// The petition, for the body that answers or the office that enters its letter.
    fn petition<'a>(
        &self,
        working: &'a Working,
        facts: &Facts<'_>,
        id: PetitionId,
    ) -> Result<(&'a Model, Part), Refused> {
        let missing = Refused::field(Code::NotFound, "petitionIds");
        let row = known(working, facts, id).ok_or(missing)?;
        let may = if self.on_behalf {
            let may = |council| {
                facts
                    .viewer
                    .may(Capability::AnswerOnBehalf, Place::Council(council))
            };
            may(row.council_id) || row.upper_council_id.is_some_and(may)
        } else {
            facts
                .viewer
                .may(Capability::AnswerPetitions, Place::Agency(self.agency))
        };
        if !may {
            return Err(Refused::field(Code::Forbidden, "petitionIds"));
        }
        if row.agency_id == Some(self.agency) {
            return Ok((row, Part::Lead));
        }
        let mut coordinating = working.petition_agency.of(row.id);
        if coordinating.any(|link| link.agency_id == self.agency) {
            Ok((row, Part::Coordinating))
        } else {
            Err(Refused::field(Code::InvalidState, "agencyId"))
        }
    }
}

/// Whether an answer was given to the letter by which the petition is owed, and not before it was asked anew.
fn answers_the_letter(working: &Working, row: &Model, known: &answer::Model) -> bool {
    let asked = row.forwarding_id.and_then(|id| working.forwarding.get(id));
    asked.is_none_or(|letter| letter.at <= known.at)
}

/// Says whether an answer answers (đánh giá văn bản trả lời).
pub struct Assess {
    pub petition: PetitionId,
    pub assessment: String,
    pub note: Option<String>,
}

impl Command for Assess {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
        needs.informings_of.insert(self.petition.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let row = working.petition.get(self.petition);
        needs
            .answer
            .extend(row.and_then(|row| row.answer_id).map(|id| id.0));
        needs
            .forwarding
            .extend(row.and_then(|row| row.forwarding_id).map(|id| id.0));
        if row.is_some_and(|row| row.process == Process::Forwarded) {
            // When others joined stands in its history.
            needs.letters_of.insert(self.petition.0);
            needs.joined_of.insert(self.petition.0);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(
            working,
            facts,
            self.petition,
            Capability::AssessAnswer,
            "petitionId",
        )?;
        let assessment =
            Assessment::from_code(&self.assessment).ok_or(Refused::field(Code::UnknownCode, "assessment"))?;
        let note = rules::optional(self.note.as_deref(), "note", 2_000)?;
        let is_ok = assessment == Assessment::Ok;
        let judged = row.answer_id.and_then(|answer| {
            let mut links = working.answer_petition.of(answer);
            links.find(|link| link.petition_id == row.id)
        });
        // Whoever lost the reply sends it again: it was judged so. What was to the point and is asked anew no longer is.
        let is_said = judged.is_some_and(|link| {
            link.assessment.as_deref() == Some(assessment.code()) && link.assessment_note == note
        });
        if is_said && row.assessment.as_deref() == Some(assessment.code()) && is_ok == row.answer_counts() {
            return Ok(Verdict::about(Changes::default(), [self.petition.0]));
        }
        let refused = Refused::field(Code::InvalidState, "petitionId");
        // An answer that was wrongly found wanting is the answer again, unless the body was asked anew meanwhile.
        let again = (is_ok && row.process == Process::Forwarded)
            .then(|| wanting(working, row).ok_or(refused))
            .transpose()?;
        let event = if is_ok {
            Event::AssessOk
        } else {
            Event::AssessNotOk
        };
        let process = match &again {
            // Its voters were told it already.
            Some(row) if row.informed_at.is_some() => Process::Informed,
            _ => step(row, event).map_err(|refused| refused.or_field("petitionId"))?,
        };
        let mut changes = Changes::default();
        if let Some(link) = judged {
            changes.put(answer_petition::Model {
                assessment: Some(self.assessment.clone()),
                assessment_note: note.clone(),
                ..link.clone()
            });
        }
        // What the body claimed counts for nothing while it owes a better answer.
        let row = match again {
            Some(answered) => answered,
            None if is_ok => row.clone(),
            None => unanswered(row),
        };
        let assessed = Model {
            process,
            assessment: Some(self.assessment.clone()),
            ..row
        };
        let event = format!("assessed_{}", assessment.code());
        // Which document was judged, and what was said of it.
        let judged = assessed.answer_id.and_then(|id| working.answer.get(id));
        let judged = judged.map(|answer| answer.document_number.clone());
        let basis: Vec<String> = judged.into_iter().chain(note).collect();
        let basis = (!basis.is_empty()).then(|| basis.join("; "));
        record(&mut changes, facts, assessed, &event, basis);
        Ok(Verdict::about(changes, [self.petition.0]))
    }
}

/// The petition with its newest answer as it was before that was found wanting; nothing if it was not, or if the body
/// was asked anew since. What voters were told of it, and said to it, counts again; who joined after that has been told
/// nothing.
fn wanting(working: &Working, row: &Model) -> Option<Model> {
    let was_wanting = row
        .assessment
        .as_deref()
        .is_some_and(|known| known != Assessment::Ok.code());
    let known = working.answer.get(row.answer_id?)?;
    if !was_wanting || !answers_the_letter(working, row, known) {
        return None;
    }
    let told: Vec<&informing::Model> = working
        .informing
        .iter()
        .filter(|told| told.petition_id == row.id && told.answer_id == Some(known.id))
        .collect();
    // By when they joined, and not by their feedback, which changes later too: somebody takes his consent back.
    let history = working.past.iter().chain(&working.events);
    let joined = history.filter(|step| step.row_id == row.id.0 && step.event == JOINED);
    let newest = joined.map(|step| step.at).max();
    let are_all_told = told.iter().map(|told| told.received_at).max() >= newest;
    let said = told.iter().filter(|told| told.satisfaction.is_some());
    let last = said.max_by_key(|told| (told.at, told.id));
    Some(Model {
        outcome: Some(known.outcome.clone()),
        roadmap_at: known.roadmap_at,
        cost_millions: known.cost_millions,
        unresolved_reason: known.unresolved_reason.clone(),
        informed_at: told.iter().map(|told| told.at).min().filter(|_| are_all_told),
        satisfaction: last.and_then(|told| told.satisfaction.clone()),
        ..row.clone()
    })
}
