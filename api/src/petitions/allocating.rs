//! What a council left open whose unit was divided (giao nghĩa vụ còn dở dang sau sáp nhập): the office of one of the
//! councils that follow it takes petitions over, and goes on with them as with its own. Until then all of these councils
//! read them and none may act.

use entity::{
    council,
    id::{CouncilId, PetitionId},
    petition::{Model, Process},
};

use super::{among, distinct, grouping::counter, known, record, rules};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        reference::existed,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// What history tells of a petition that was taken over.
const ALLOCATED: &str = "allocated";

/// Takes petitions over for a council, or hands on what was taken over by mistake. Done twice it changes nothing.
pub struct Allocate {
    pub petitions: Vec<PetitionId>,
    /// The council that goes on with them.
    pub council: CouncilId,
    /// The document or agreement that it rests on.
    pub basis: Option<String>,
}

impl Command for Allocate {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.extend(self.petitions.iter().map(|id| id.0));
        needs.counter.insert(counter(facts, self.council));
        let asked = self.petitions.iter().map(|id| (id.0, ALLOCATED));
        needs.happened_to.extend(asked);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        distinct(&self.petitions, "petitionIds")?;
        let to = facts
            .reference
            .council(self.council)
            .filter(|to| existed(Some(to.valid_from), to.valid_to, facts.today))
            .ok_or(Refused::field(Code::NotFound, "councilId"))?;
        let rows = self
            .petitions
            .iter()
            .map(|id| {
                may_have(working, facts, *id, to).map_err(|refused| among(&self.petitions, *id, refused))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let basis = rules::optional(self.basis.as_deref(), "basis", 1_000)?;
        let mut running = working.next_number(&counter(facts, to.id));
        let mut changes = Changes::default();
        let mut is_changed = false;
        for row in rows.into_iter().filter(|row| row.council_id != to.id) {
            let from = facts.reference.council(row.council_id);
            let from = from.map_or("", |from| from.name.as_str());
            let mut told = format!("{from}, {} → {}", row.number, to.name);
            if let Some(basis) = &basis {
                told = format!("{told}; {basis}");
            }
            // Numbers are each council's own: the former one may be taken there.
            let taken = Model {
                council_id: to.id,
                number: rules::number(running.value, facts.today),
                ..row.clone()
            };
            record(&mut changes, facts, taken, ALLOCATED, Some(told));
            running.value += 1;
            is_changed = true;
        }
        if is_changed {
            running.value -= 1;
            changes.put(running);
        }
        Ok(Verdict::about(changes, self.petitions.iter().map(|id| id.0)))
    }
}

/// The petition, if the viewer may say that a council goes on with it.
fn may_have<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    id: PetitionId,
    to: &council::Model,
) -> Result<&'a Model, Refused> {
    let refused = |code| Refused::field(code, "petitionIds");
    let row = known(working, facts, id).ok_or(refused(Code::NotFound))?;
    let reference = facts.reference;
    let may = |at| {
        facts
            .viewer
            .may(Capability::AllocateObligations, Place::Council(at))
    };
    // What one council alone carries on needs nobody to name it, and is nobody else's.
    let is_left_to_all = |of: &council::Model| {
        of.valid_to.is_some_and(|end| end <= facts.today)
            && reference.heir(of.id, facts.today).is_none()
            && reference.follows(to.id, of.id)
    };
    let is_its_own = row.council_id == to.id && may(to.id);
    let from = reference.council(row.council_id).filter(|from| from.id != to.id);
    let is_taken = from.is_some_and(|from| may(to.id) && is_left_to_all(from));
    // A mistake is put right by whoever has it now: nobody else sees it any more.
    let is_handed_on = from.is_some_and(|from| {
        may(from.id)
            && working.happened.contains(&(id.0, ALLOCATED.to_owned()))
            && reference
                .with_predecessors(from.id)
                .into_iter()
                .filter_map(|of| reference.council(of))
                .any(is_left_to_all)
    });
    if !is_its_own && !is_taken && !is_handed_on {
        return Err(refused(Code::Forbidden));
    }
    if from.is_some() && matches!(row.process, Process::Split | Process::Merged) {
        return Err(refused(Code::InvalidState));
    }
    Ok(row)
}
