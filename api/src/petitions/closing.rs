//! Closing a petition, and reopening it.

use entity::{
    id::PetitionId,
    petition::{Assessment, Event, Model, Process},
};

use super::{for_office, record, rules, step, unanswered};
use crate::{
    capability::Capability,
    clock::{local_date, written},
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// Ends the following of a petition (kết thúc theo dõi), once its voters were told an answer that answers.
pub struct Close(pub PetitionId);

impl Command for Close {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.0.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(working, facts, self.0, Capability::ClosePetition, "petitionId")?;
        let process = row.process.next(Event::Close).ok_or(match row.process {
            Process::Closed | Process::Split | Process::Merged => {
                Refused::field(Code::InvalidState, "petitionId")
            }
            _ => Refused::field(Code::VotersNotInformed, "petitionId"),
        })?;
        // Voters may hear of an answer before the office has judged it; the following does not end before that.
        if row.assessment.as_deref() != Some(Assessment::Ok.code()) {
            return Err(Refused::field(Code::InvalidState, "petitionId"));
        }
        let mut changes = Changes::default();
        let closed = Model {
            process,
            closed_at: Some(facts.now),
            ..row.clone()
        };
        record(&mut changes, facts, closed, "closed", basis(row));
        Ok(Verdict::about(changes, [self.0.0]))
    }
}

/// On what it is closed: the answer, and the day on which the voters were told it.
pub(crate) fn basis(row: &Model) -> Option<String> {
    let told = row.informed_at.map(|at| {
        let day = written(local_date(at));
        format!("đã thông tin lại cho cử tri ngày {day}")
    });
    let known: Vec<String> = row.answer_number.iter().cloned().chain(told).collect();
    (!known.is_empty()).then(|| known.join("; "))
}

/// Takes a closed petition up again (mở lại): voters had to ask once more.
pub struct Reopen {
    pub petition: PetitionId,
    pub reason: String,
}

impl Command for Reopen {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(
            working,
            facts,
            self.petition,
            Capability::ReopenPetition,
            "petitionId",
        )?;
        let reason = rules::required(&self.reason, "reason", 2_000)?;
        let process = step(row, Event::Reopen).map_err(|refused| refused.or_field("petitionId"))?;
        let mut changes = Changes::default();
        let open = Model {
            process,
            closed_at: None,
            repeats: row.repeats + 1,
            ..unanswered(row)
        };
        record(&mut changes, facts, open, "reopened", Some(reason));
        Ok(Verdict::about(changes, [self.petition.0]))
    }
}
