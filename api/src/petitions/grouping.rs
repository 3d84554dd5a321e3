//! From feedback to petitions: group, split, merge; lineage is kept both ways.

use std::collections::BTreeSet;

use entity::{
    event::JOINED,
    feedback,
    id::{CouncilId, FeedbackId, PetitionId, UnitId},
    petition::{Event, Model},
    petition_feedback, petition_lineage, petition_unit,
};
use uuid::Uuid;

use super::{among, distinct, for_office, record, repeating::AskedAgain, rules, step};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    feedback::completeness::missing_in_all,
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// Longest title and text of a petition.
pub(crate) const TITLE: usize = 500;
pub(crate) const CONTENT: usize = 20_000;

/// A title and a text.
#[derive(Clone, Debug)]
pub struct Wording {
    pub title: String,
    pub content: String,
}

impl Wording {
    pub(super) fn clean(&self) -> Result<Self, Refused> {
        Ok(Self {
            title: rules::required(&self.title, "title", TITLE)?,
            content: rules::required(&self.content, "content", CONTENT)?,
        })
    }
}

/// A new petition of a council, with the next number of the year.
pub(super) fn fresh(facts: &Facts<'_>, council: CouncilId, running: i64, wording: Wording) -> Model {
    Model {
        title: wording.title,
        content: wording.content,
        ..Model::accepted(
            facts.id(),
            council,
            rules::number(running, facts.today),
            facts.now,
        )
    }
}

/// The counter from which a petition of a council gets its number.
pub(super) fn counter(facts: &Facts<'_>, council: CouncilId) -> String {
    use chrono::Datelike;
    Needs::petition_counter(council, facts.today.year())
}

fn link(
    changes: &mut Changes,
    petition: PetitionId,
    units: &BTreeSet<UnitId>,
    feedback: &BTreeSet<FeedbackId>,
) {
    for unit in units {
        changes.put(petition_unit::Model {
            petition_id: petition,
            unit_id: *unit,
        });
    }
    for feedback in feedback {
        changes.put(petition_feedback::Model {
            petition_id: petition,
            feedback_id: *feedback,
        });
    }
}

/// Makes a petition of feedback, or adds feedback to one (tổng hợp ý kiến, kiến nghị).
pub struct Group {
    pub feedback: Vec<FeedbackId>,
    pub wording: Wording,
    /// An existing petition that the feedback joins; its wording stays.
    pub petition: Option<PetitionId>,
}

impl Command for Group {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.feedback.extend(self.feedback.iter().map(|id| id.0));
        needs.petition.extend(self.petition.map(|id| id.0));
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        needs
            .counter
            .extend(working.feedback.iter().map(|row| counter(facts, row.council_id)));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        // Of several the one that it is about: `feedbackIds.3`.
        let about = |code: Code, id: FeedbackId| match self.feedback.iter().position(|known| *known == id) {
            Some(place) => Refused::entry(code, "feedbackIds", place, self.feedback.len()),
            None => Refused::field(code, "feedbackIds"),
        };
        let missing = || Refused::field(Code::NotFound, "feedbackIds");
        let ids: BTreeSet<FeedbackId> = self.feedback.iter().copied().collect();
        if ids.is_empty() {
            return Err(Refused::field(Code::Required, "feedbackIds"));
        }
        let rows: Vec<&feedback::Model> = ids
            .iter()
            .map(|id| {
                let row = working.feedback.get(*id);
                row.ok_or_else(|| about(Code::NotFound, *id))
            })
            .collect::<Result<_, _>>()?;
        let council = rows.first().map(|row| row.council_id).ok_or_else(missing)?;
        for row in &rows {
            facts
                .viewer
                .must(Capability::GroupFeedback, Place::Council(row.council_id))
                .map_err(|refused| about(refused.code, row.id))?;
            if row.council_id != council || row.kind == "denunciation" {
                return Err(about(Code::InvalidValue, row.id));
            }
        }
        let own = facts.reference.council(council).ok_or_else(missing)?.unit_id;
        let units: BTreeSet<UnitId> = rows.iter().map(|row| row.unit_id.unwrap_or(own)).collect();

        let lacking = rows.iter().filter_map(|row| row.missing.as_deref());
        let origins: BTreeSet<&str> = rows.iter().filter_map(|row| row.origin.as_deref()).collect();
        let told = Some(format!("{} phiếu ghi ý kiến", rows.len()));
        let mut changes = Changes::default();
        let (petition, number) = match self.petition {
            Some(id) => {
                let row = for_office(working, facts, id, Capability::GroupFeedback, "petitionId")?;
                if row.council_id != council {
                    return Err(Refused::field(Code::InvalidValue, "petitionId"));
                }
                let id = row.id;
                changes.and(move |working| working.petition.touch(id));
                // What the new words tell is told.
                let lacking = row.missing.as_deref().into_iter().chain(lacking);
                // Of voters and of a delegate it is of neither alone.
                let is_of_all = |known: &String| origins.iter().all(|origin| origin == known);
                changes.put(Model {
                    missing: missing_in_all(lacking),
                    origin: row.origin.clone().filter(is_of_all),
                    ..joined(row)?
                });
                let mut event = facts.event("petition", id, JOINED, Some(council));
                event.basis = told;
                changes.happened(event);
                (id, row.number.clone())
            }
            None => {
                let running = working.next_number(&counter(facts, council));
                let mut row = fresh(facts, council, running.value, self.wording.clean()?);
                row.missing = missing_in_all(lacking);
                row.origin = (origins.len() == 1).then(|| origins.into_iter().collect());
                let (id, number) = (row.id, row.number.clone());
                changes.put(running);
                record(&mut changes, facts, row, "grouped", told);
                (id, number)
            }
        };
        link(&mut changes, petition, &units, &ids);
        for row in rows {
            let status = row.status.next(feedback::Event::Group).ok_or(match row.status {
                feedback::Status::Grouped => about(Code::AlreadyGrouped, row.id),
                _ => about(Code::InvalidState, row.id),
            })?;
            let mut event = facts.event("feedback", row.id, "grouped", Some(council));
            event.basis = Some(number.clone());
            changes.happened(event);
            changes.put(feedback::Model {
                status,
                petition_id: Some(petition),
                seen_at: row.seen_at.or(Some(facts.now)),
                // Nobody waits for an answer any more.
                question: None,
                ..row.clone()
            });
        }
        Ok(Verdict::about(changes, [petition.0]))
    }
}

/// The petition once more voters asked for the same. Where its answer had been told, it has to be told to them too; that
/// it was found to the point stays.
fn joined(row: &Model) -> Result<Model, Refused> {
    let refused = Refused::field(Code::InvalidState, "petitionId");
    let mut process = row.process.next(Event::Join).ok_or(refused)?;
    let is_moved = process != row.process;
    if is_moved && row.assessment.is_some() {
        process = process.next(Event::AssessOk).unwrap_or(process);
    }
    Ok(Model {
        process,
        informed_at: row.informed_at.filter(|_| !is_moved),
        ..row.clone()
    })
}

fn links_of(working: &Working, id: PetitionId) -> (BTreeSet<UnitId>, BTreeSet<FeedbackId>) {
    (
        working.petition_unit.of(id).map(|link| link.unit_id).collect(),
        working
            .petition_feedback
            .of(id)
            .map(|link| link.feedback_id)
            .collect(),
    )
}

/// Makes several petitions of one (tách kiến nghị).
pub struct Split {
    pub petition: PetitionId,
    pub parts: Vec<Wording>,
}

/// Into how many parts a petition may be split at once.
const PARTS: std::ops::RangeInclusive<usize> = 2..=20;

impl Command for Split {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        needs.counter.extend(
            working
                .petition
                .get(self.petition)
                .map(|row| counter(facts, row.council_id)),
        );
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(
            working,
            facts,
            self.petition,
            Capability::GroupFeedback,
            "petitionId",
        )?;
        if !PARTS.contains(&self.parts.len()) {
            return Err(Refused::field(Code::OutOfRange, "parts"));
        }
        let process = step(row, Event::Split).map_err(|refused| refused.or_field("petitionId"))?;
        let (units, feedback) = links_of(working, row.id);
        let asked = AskedAgain::of(working, &[row]);
        let mut changes = Changes::default();
        let mut running = working.next_number(&counter(facts, row.council_id));
        let mut made: Vec<Uuid> = Vec::new();
        let mut numbers: Vec<String> = Vec::new();
        for part in &self.parts {
            let part = Model {
                origin: row.origin.clone(),
                field: row.field.clone(),
                tier: row.tier.clone(),
                repeats: asked.count(),
                missing: row.missing.clone(),
                ..fresh(facts, row.council_id, running.value, part.clean()?)
            };
            link(&mut changes, part.id, &units, &feedback);
            asked.hand(&mut changes, part.id);
            changes.put(petition_lineage::Model {
                from_id: row.id,
                to_id: part.id,
                kind: "split".to_owned(),
                at: facts.now,
            });
            made.push(part.id.0);
            numbers.push(part.number.clone());
            record(&mut changes, facts, part, "split_from", Some(row.number.clone()));
            running.value += 1;
        }
        running.value -= 1;
        changes.put(running);
        record(
            &mut changes,
            facts,
            Model {
                process,
                ..row.clone()
            },
            "split",
            Some(numbers.join(", ")),
        );
        Ok(Verdict::about(changes, made))
    }
}

/// Makes one petition of several (nhập kiến nghị).
pub struct Merge {
    pub petitions: Vec<PetitionId>,
    pub wording: Wording,
}

impl Command for Merge {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.extend(self.petitions.iter().map(|id| id.0));
        needs.ancestry_of.extend(self.petitions.iter().map(|id| id.0));
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        needs
            .counter
            .extend(working.petition.iter().map(|row| counter(facts, row.council_id)));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        distinct(&self.petitions, "petitionIds")?;
        if self.petitions.len() < 2 {
            return Err(Refused::field(Code::OutOfRange, "petitionIds"));
        }
        let rows = self
            .petitions
            .iter()
            .map(|id| {
                for_office(working, facts, *id, Capability::GroupFeedback, "petitionIds")
                    .map_err(|refused| among(&self.petitions, *id, refused))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let Some(council) = rows.first().map(|row| row.council_id) else {
            return Err(Refused::field(Code::Required, "petitionIds"));
        };
        if let Some(foreign) = rows.iter().find(|row| row.council_id != council) {
            let refused = Refused::field(Code::InvalidValue, "petitionIds");
            return Err(among(&self.petitions, foreign.id, refused));
        }
        let same = |pick: fn(&Model) -> &Option<String>| {
            let values: BTreeSet<_> = rows.iter().map(|row| pick(row).clone()).collect();
            (values.len() == 1)
                .then(|| values.into_iter().next().flatten())
                .flatten()
        };
        let asked = AskedAgain::of(working, &rows);
        let running = working.next_number(&counter(facts, council));
        let merged = Model {
            origin: same(|row| &row.origin),
            field: same(|row| &row.field),
            tier: same(|row| &row.tier),
            repeats: asked.count(),
            missing: missing_in_all(rows.iter().filter_map(|row| row.missing.as_deref())),
            ..fresh(facts, council, running.value, self.wording.clean()?)
        };
        let mut changes = Changes::default();
        changes.put(running);
        let (mut units, mut feedback) = (BTreeSet::new(), BTreeSet::new());
        for row in &rows {
            let process =
                step(row, Event::Merge).map_err(|refused| among(&self.petitions, row.id, refused))?;
            let (of_units, of_feedback) = links_of(working, row.id);
            units.extend(of_units);
            feedback.extend(of_feedback);
            changes.put(petition_lineage::Model {
                from_id: row.id,
                to_id: merged.id,
                kind: "merge".to_owned(),
                at: facts.now,
            });
            record(
                &mut changes,
                facts,
                Model {
                    process,
                    ..(*row).clone()
                },
                "merged",
                Some(merged.number.clone()),
            );
        }
        let id = merged.id;
        link(&mut changes, id, &units, &feedback);
        asked.hand(&mut changes, id);
        let numbers: Vec<&str> = rows.iter().map(|row| row.number.as_str()).collect();
        let basis = Some(numbers.join(", "));
        record(&mut changes, facts, merged, "merged_from", basis);
        Ok(Verdict::about(changes, [id.0]))
    }
}
