//! What the office does with resolutions: enter and correct them, follow their effect, and relate them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use entity::{
    id::{CouncilId, ResolutionId, UnitId},
    resolution::{Effect, Event, Model},
    resolution_edge,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    partitions,
    rules::{self, Relation},
};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    meetings::office::basis,
    recorded::council_covers,
    store::{
        collection::Document,
        door::{Command, Facts, Verdict},
        partition::Audience,
        working::{Changes, Needs, Working},
        writing::parse_id,
    },
    viewer::Place,
};

/// The resolution, if the viewer may do this with it. Foreign and absent look the same.
fn managed<'a>(working: &'a Working, facts: &Facts<'_>, id: ResolutionId) -> Result<&'a Model, Refused> {
    let row = working
        .resolution
        .get(id)
        .ok_or(Refused::field(Code::NotFound, "resolutionId"))?;
    must(
        facts,
        Capability::ManageResolutions,
        row.council_id,
        "resolutionId",
    )?;
    Ok(row)
}

fn must(
    facts: &Facts<'_>,
    capability: Capability,
    council: CouncilId,
    field: &'static str,
) -> Result<(), Refused> {
    facts
        .viewer
        .must(capability, Place::Council(council))
        .map_err(|refused| Refused::field(refused.code, field))
}

fn session(fields: &Document) -> Option<Uuid> {
    fields.get("sessionId")?.as_str().and_then(parse_id)
}

/// Reads what was entered, and checks it against council, session and the other numbers of the year.
fn entered(
    working: &Working,
    facts: &Facts<'_>,
    before: &Model,
    fields: &Document,
) -> Result<Model, Refused> {
    let mut row = before.clone();
    rules::read_fields(&mut row, fields).map_err(|stop| stop.into_refused("sessionId"))?;
    if row.is_public != before.is_public {
        must(facts, Capability::Publish, row.council_id, "isPublic")?;
    }
    let council = facts
        .reference
        .council(row.council_id)
        .ok_or(Refused::field(Code::NotFound, "councilId"))?;
    let session = row.session_id.and_then(|id| working.meeting.get(id));
    let takes_part = session.is_some_and(|session| {
        session.council_id == row.council_id
            || working
                .meeting_council
                .of(session.id)
                .any(|link| link.council_id == row.council_id)
    });
    // What is stored with these days is not judged anew: it was taken when less was asked of them.
    let told = |row: &Model| {
        let days = (row.issued_on, row.in_force_from, row.in_force_to);
        (row.council_id, row.session_id, row.year, days)
    };
    let stored = working.resolution.get(row.id);
    if stored.is_none_or(|stored| told(stored) != told(&row)) {
        rules::check_issuer(&row, council, session, takes_part, facts.today)?;
    }
    let taken = row.number_key.is_some()
        && working.resolution.iter().any(|other| {
            other.id != row.id
                && other.unit_id == row.unit_id
                && other.by_standing_committee == row.by_standing_committee
                && other.year == row.year
                && other.number_key == row.number_key
        });
    if taken {
        return Err(Refused::field(Code::Taken, "rawNumber"));
    }
    Ok(row)
}

/// Enters a resolution.
pub struct Create {
    /// Made by the client; sent again with the same content it changes nothing.
    pub id: ResolutionId,
    pub council: CouncilId,
    /// In the spelling of the wire.
    pub fields: Document,
}

impl Create {
    fn blank(&self, unit: UnitId, facts: &Facts<'_>) -> Model {
        Model {
            id: self.id,
            council_id: self.council,
            unit_id: unit,
            session_id: None,
            by_standing_committee: false,
            number: None,
            number_key: None,
            year: 0,
            raw_number: String::new(),
            kind: String::new(),
            title: String::new(),
            text: None,
            effect: Effect::NotYet,
            issued_on: None,
            in_force_from: None,
            in_force_to: None,
            votes_for: None,
            votes_against: None,
            votes_abstained: None,
            delegates_present: None,
            delegates_total: None,
            is_public: false,
            created_at: facts.now,
            rev: 0,
            updated_at: facts.now,
        }
    }
}

impl Command for Create {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.resolution.insert(self.id.0);
        needs.meeting.extend(session(&self.fields));
        if let Some(council) = facts.reference.council(self.council)
            && let Some((year, key)) = rules::number_of(&self.fields, None)
        {
            needs.resolution_number.insert((council.unit_id.0, year, key));
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        must(facts, Capability::ManageResolutions, self.council, "councilId")?;
        let council = facts
            .reference
            .council(self.council)
            .ok_or(Refused::field(Code::NotFound, "councilId"))?;
        let blank = self.blank(council.unit_id, facts);
        let mut row = entered(working, facts, &blank, &self.fields)?;
        if let Some(before) = working.resolution.get(self.id) {
            let same = before.council_id == self.council && rules::entered(before) == rules::entered(&row);
            return if same {
                Ok(Verdict::about(Changes::default(), [self.id.0]))
            } else {
                Err(Refused::field(Code::Taken, "id"))
            };
        }
        row.effect = rules::first_effect(&row, facts.today);
        let mut event = facts.event("resolution", self.id, "created", Some(self.council));
        event.basis = Some(row.raw_number.clone());
        let mut changes = Changes::default();
        changes.put(row);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.id.0]))
    }
}

/// Corrects what was entered.
pub struct Update {
    pub resolution: ResolutionId,
    /// The fields to set, in the spelling of the wire; what is not mentioned stays.
    pub fields: Document,
}

impl Command for Update {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.resolution.insert(self.resolution.0);
        needs.meeting.extend(session(&self.fields));
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let Some(row) = working.resolution.get(self.resolution) else {
            return;
        };
        needs.meeting.extend(row.session_id.map(|id| id.0));
        if let Some((year, key)) = rules::number_of(&self.fields, Some(row)) {
            needs.resolution_number.insert((row.unit_id.0, year, key));
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.resolution)?;
        let mut row = entered(working, facts, before, &self.fields)?;
        let (was, is) = (rules::entered(before), rules::entered(&row));
        let mut changes = Changes::default();
        if was == is {
            return Ok(Verdict::about(changes, [self.resolution.0]));
        }
        let begins = row.in_force_from.is_some_and(|from| from <= facts.today);
        if row.effect == Effect::NotYet && begins && row.in_force_from != before.in_force_from {
            row.effect = Effect::InForce;
        }
        let lost: Document = was
            .into_iter()
            .filter(|(name, value)| is.get(name) != Some(value))
            .collect();
        let mut event = facts.event("resolution", self.resolution, "updated", Some(row.council_id));
        event.detail = Some(json!({"before": lost}).to_string());
        changes.put(row);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.resolution.0]))
    }
}

/// Moves a resolution's effect by one step.
pub struct SetEffect {
    pub resolution: ResolutionId,
    pub event: Event,
    /// The day on which it happened; today if not told.
    pub on: Option<NaiveDate>,
    /// The document or reason that it rests on.
    pub basis: Option<String>,
}

impl Command for SetEffect {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.resolution.insert(self.resolution.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        if self.event == Event::ComeIntoForce {
            let others = working.resolution_edge.of(self.resolution);
            needs.resolution.extend(others.map(|edge| edge.to_id.0));
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.resolution)?;
        let on = self.on.unwrap_or(facts.today);
        if on > facts.today {
            return Err(Refused::field(Code::OutOfRange, "on"));
        }
        let council = facts.reference.council(before.council_id);
        if council.is_some_and(|council| on < council.valid_from) {
            return Err(Refused::field(Code::BeforeCouncil, "on"));
        }
        let row = rules::step(before, self.event, on)?;
        let mut changes = Changes::default();
        if self.event == Event::ComeIntoForce {
            act_on_others(working, facts, &mut changes, before, on);
        }
        let council = Some(row.council_id);
        let mut event = facts.event("resolution", self.resolution, self.event.code(), council);
        event.basis = basis(self.basis.as_deref())?;
        changes.put(row);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.resolution.0]))
    }
}

/// What a resolution said about others counts from the day on which it comes into force; one that has ended
/// meanwhile stays as it is.
pub(super) fn act_on_others(
    working: &Working,
    facts: &Facts<'_>,
    changes: &mut Changes,
    row: &Model,
    on: NaiveDate,
) {
    for edge in working.resolution_edge.of(row.id) {
        if let Some(other) = working.resolution.get(edge.to_id)
            && let Some(relation) = Relation::from_code(&edge.kind)
            && let Ok(Some(moved)) = rules::moved(other, relation, on)
        {
            put_moved(facts, changes, row, moved);
        }
    }
}

/// The other resolution's new effect, with the one that caused it.
fn put_moved(facts: &Facts<'_>, changes: &mut Changes, by: &Model, (event, row): (Event, Model)) {
    let mut event = facts.event("resolution", row.id, event.code(), Some(row.council_id));
    event.basis = Some(by.number.clone().unwrap_or_else(|| by.raw_number.clone()));
    changes.put(row);
    changes.happened(event);
}

/// States what a resolution does to others. Replacing, annulling and suspending moves the other's effect: at once,
/// or when the resolution itself comes into force.
pub struct Relate {
    pub resolution: ResolutionId,
    pub edges: Vec<(ResolutionId, Relation)>,
}

/// Relations of one command.
const MOST_EDGES: usize = 200;

impl Command for Relate {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.resolution.insert(self.resolution.0);
        needs.resolution.extend(self.edges.iter().map(|(to, _)| to.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = managed(working, facts, self.resolution)?;
        if self.edges.len() > MOST_EDGES {
            return Err(Refused::field(Code::LimitTooLarge, "edges"));
        }
        let mut changes = Changes::default();
        // As the edges before left them: one command may not move one resolution twice.
        let mut others: BTreeMap<ResolutionId, Model> = BTreeMap::new();
        let mut known: BTreeSet<(ResolutionId, String)> = working
            .resolution_edge
            .of(self.resolution)
            .map(|edge| (edge.to_id, edge.kind.clone()))
            .collect();
        for (to, relation) in &self.edges {
            if !known.insert((*to, relation.code().to_owned())) {
                continue;
            }
            let other = match others.get(to) {
                Some(other) => other,
                None => related(working, facts, *to)?,
            };
            if let Some(moved) = relate(&mut changes, facts, row, other, *relation)? {
                others.insert(*to, moved);
            }
        }
        Ok(Verdict::about(changes, [self.resolution.0]))
    }
}

/// The other resolution, if the viewer may know of it.
fn related<'a>(working: &'a Working, facts: &Facts<'_>, id: ResolutionId) -> Result<&'a Model, Refused> {
    working
        .resolution
        .get(id)
        .filter(|other| {
            partitions(other, facts.reference)
                .into_iter()
                .any(|partition| facts.viewer.reads(partition) || partition.audience() == Audience::Public)
        })
        .ok_or(Refused::field(Code::NotFound, "edges"))
}

/// One edge; returns the other resolution if it was moved.
fn relate(
    changes: &mut Changes,
    facts: &Facts<'_>,
    row: &Model,
    other: &Model,
    relation: Relation,
) -> Result<Option<Model>, Refused> {
    if other.id == row.id {
        return Err(Refused::field(Code::InvalidValue, "edges"));
    }
    // A council touches its own resolutions, those of the units that it was made of, and those of units below it.
    if relation.touches() && !council_covers(facts.reference, row.council_id, other.unit_id) {
        return Err(Refused::field(Code::Forbidden, "edges"));
    }
    let moved = if rules::acts(row, facts.today) {
        rules::moved(other, relation, row.in_force_from.unwrap_or(facts.today))?
    } else {
        None
    };
    if let Some(moved) = moved.clone() {
        put_moved(facts, changes, row, moved);
    }
    changes.put(resolution_edge::Model {
        from_id: row.id,
        to_id: other.id,
        kind: relation.code().to_owned(),
    });
    let id = row.id;
    changes.and(move |working| working.resolution.touch(id));
    let mut event = facts.event("resolution", row.id, relation.code(), Some(row.council_id));
    event.basis = Some(other.number.clone().unwrap_or_else(|| other.raw_number.clone()));
    changes.happened(event);
    Ok(moved.map(|(_, other)| other))
}
