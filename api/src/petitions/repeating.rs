//! Petitions that ask again: linked and counted (đã đề nghị nhiều lần), across units and years. Neither becomes part of
//! the other.

use entity::{id::PetitionId, petition::Model, petition_repeat};

use super::{for_office, known, record, rules};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// Says that a petition asks again for what an earlier one asked.
pub struct LinkRepeat {
    pub petition: PetitionId,
    pub earlier: PetitionId,
}

impl Command for LinkRepeat {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.extend([self.petition.0, self.earlier.0]);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(
            working,
            facts,
            self.petition,
            Capability::GroupFeedback,
            "petitionId",
        )?;
        let earlier =
            known(working, facts, self.earlier).ok_or(Refused::field(Code::NotFound, "earlierId"))?;
        // What came first is not a repeat of what came later; so no links can run in a circle.
        if (earlier.created_at, earlier.id) >= (row.created_at, row.id) {
            return Err(Refused::field(Code::OutOfRange, "earlierId"));
        }
        let link = working
            .petition_repeat
            .of(row.id)
            .find(|link| link.earlier_id == earlier.id);
        if link.is_some_and(|link| link.unlinked_at.is_none()) {
            return Ok(Verdict::about(Changes::default(), [row.id.0]));
        }
        let mut changes = Changes::default();
        changes.put(petition_repeat::Model {
            petition_id: row.id,
            earlier_id: earlier.id,
            actor_id: facts
                .viewer
                .account_id()
                .ok_or(Refused::new(Code::Unauthenticated))?,
            at: facts.now,
            unlinked_at: None,
            unlinked_by: None,
            unlink_reason: None,
        });
        let counted = Model {
            repeats: row.repeats + 1,
            ..row.clone()
        };
        record(
            &mut changes,
            facts,
            counted,
            "repeat_linked",
            Some(earlier.number.clone()),
        );
        Ok(Verdict::about(changes, [self.petition.0]))
    }
}

/// Takes such a link back, with the reason.
pub struct UnlinkRepeat {
    pub petition: PetitionId,
    pub earlier: PetitionId,
    pub reason: String,
}

impl Command for UnlinkRepeat {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(
            working,
            facts,
            self.petition,
            Capability::GroupFeedback,
            "petitionId",
        )?;
        let reason = rules::required(&self.reason, "reason", 2_000)?;
        let link = working
            .petition_repeat
            .of(row.id)
            .find(|link| link.earlier_id == self.earlier && link.unlinked_at.is_none())
            .ok_or(Refused::field(Code::NotFound, "earlierId"))?;
        let mut changes = Changes::default();
        changes.put(petition_repeat::Model {
            unlinked_at: Some(facts.now),
            unlinked_by: facts.viewer.account_id(),
            unlink_reason: Some(reason.clone()),
            ..link.clone()
        });
        let counted = Model {
            repeats: (row.repeats - 1).max(0),
            ..row.clone()
        };
        record(&mut changes, facts, counted, "repeat_unlinked", Some(reason));
        Ok(Verdict::about(changes, [self.petition.0]))
    }
}
