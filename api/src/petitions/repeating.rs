//! Petitions that ask again: linked and counted (đã đề nghị nhiều lần), across units and years. Neither becomes part of
//! the other. What is split or merged hands its links on, and each earlier petition counts once.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    id::PetitionId,
    petition::{Model, Process},
    petition_repeat,
};

use super::{for_office, readable, record, rules};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// The links of a petition that hold.
fn links(working: &Working, id: PetitionId) -> impl Iterator<Item = &petition_repeat::Model> {
    let links = working.petition_repeat.of(id);
    links.filter(|link| link.unlinked_at.is_none())
}

/// The petition, and all of which it came by splits and mergers, as far as that was read (`Needs::ancestry_of`).
pub(super) fn ancestry(working: &Working, id: PetitionId) -> BTreeSet<PetitionId> {
    let mut seen = BTreeSet::from([id]);
    let mut open = vec![id];
    while let Some(next) = open.pop() {
        let edges = working.petition_lineage.iter();
        let older = edges.filter(|edge| edge.to_id == next).map(|edge| edge.from_id);
        open.extend(older.filter(|older| seen.insert(*older)));
    }
    seen
}

/// How often voters asked again, as petitions hand it on to what they are split or merged into.
///
/// Every part and the merged petition get all links that hold, so that the earlier petition is seen from what is worked
/// on; which of the parts a link belongs to only the office knows, and takes it back from the others. An earlier petition
/// counts once, through however many of the merged ones it is reached, and not at all where it is itself part of what is
/// merged. Of the reopenings the most that one of them had count: two parts of one petition have the same ones.
pub(super) struct AskedAgain<'a> {
    links: BTreeMap<PetitionId, &'a petition_repeat::Model>,
    reopened: i32,
}

impl<'a> AskedAgain<'a> {
    pub(super) fn of(working: &'a Working, rows: &[&Model]) -> Self {
        let own: BTreeSet<PetitionId> = rows.iter().flat_map(|row| ancestry(working, row.id)).collect();
        let mut asked = Self {
            links: BTreeMap::new(),
            reopened: 0,
        };
        for row in rows {
            let mut linked = 0;
            for link in links(working, row.id) {
                linked += 1;
                if !own.contains(&link.earlier_id) {
                    asked.links.entry(link.earlier_id).or_insert(link);
                }
            }
            asked.reopened = asked.reopened.max(row.repeats - linked);
        }
        asked
    }

    /// How often voters had to ask again, for the petition to which this is handed.
    pub(super) fn count(&self) -> i32 {
        let linked = i32::try_from(self.links.len()).unwrap_or(i32::MAX);
        linked.saturating_add(self.reopened)
    }

    /// Hands the links to a petition; who linked them, and when, stays.
    pub(super) fn hand(&self, changes: &mut Changes, to: PetitionId) {
        for link in self.links.values() {
            changes.put(petition_repeat::Model {
                petition_id: to,
                ..(*link).clone()
            });
        }
    }
}

/// Says that a petition asks again for what an earlier one asked.
pub struct LinkRepeat {
    pub petition: PetitionId,
    pub earlier: PetitionId,
}

impl Command for LinkRepeat {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.extend([self.petition.0, self.earlier.0]);
        needs.ancestry_of.insert(self.petition.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(
            working,
            facts,
            self.petition,
            Capability::GroupFeedback,
            "petitionId",
        )?;
        // Of whatever council, as it is suggested. Nothing is written to it: its council learns of the link where it may
        // read what asks again, and nowhere else.
        let earlier =
            readable(working, facts, self.earlier).ok_or(Refused::field(Code::NotFound, "earlierId"))?;
        // What came first is not a repeat of what came later; so no links can run in a circle.
        if (earlier.created_at, earlier.id) >= (row.created_at, row.id) {
            return Err(Refused::field(Code::OutOfRange, "earlierId"));
        }
        // What it came of is its own history.
        if ancestry(working, row.id).contains(&earlier.id) {
            return Err(Refused::field(Code::InvalidValue, "earlierId"));
        }
        // What it went on as would not get the link any more.
        if matches!(row.process, Process::Split | Process::Merged) {
            return Err(Refused::field(Code::InvalidState, "petitionId"));
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
