//! What an abolished body had passes to its successor (chuyển cơ quan kế thừa), on the day on which it ends or when
//! somebody names the successor. The documents go on naming the body of then, and history tells of the change.

use chrono::NaiveDate;
use entity::{
    agency,
    id::{AgencyId, PetitionId},
    petition::{Column, Entity, Event, Model, Process},
    petition_agency, petition_transfer,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::Query as SeaQuery};

use super::record;
use crate::{
    error::{Refused, Result},
    state::State,
    store::{
        door::{Command, Facts, Verdict},
        reference::{Reference, existed},
        working::{Changes, Needs, Working},
    },
};

/// Passes a petition on. Done twice it changes nothing.
pub struct PassOn(pub PetitionId);

/// Who has taken over from a body that is no more; nothing for one that still is, or whose successor nobody named.
fn heir(reference: &Reference, body: AgencyId, today: NaiveDate) -> Option<&agency::Model> {
    let is_there = |body: &agency::Model| existed(body.valid_from, body.valid_to, today);
    let first = reference.agency(body).filter(|body| !is_there(body))?;
    // Rules keep the chain from running in a circle.
    let mut next = first.successor_id.and_then(|id| reference.agency(id))?;
    while !is_there(next) {
        next = next.successor_id.and_then(|id| reference.agency(id))?;
    }
    Some(next)
}

impl Command for PassOn {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.0.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let Some(row) = working.petition.get(self.0) else {
            return Ok(Verdict::default());
        };
        let Some(process) = row.process.next(Event::PassOn) else {
            return Ok(Verdict::default());
        };
        let heir = |body| heir(facts.reference, body, facts.today);
        let passed = |from: AgencyId, to: &agency::Model, is_lead| petition_transfer::Model {
            id: facts.id(),
            petition_id: row.id,
            from_id: from,
            to_id: to.id,
            is_lead,
            at: facts.now,
        };
        let mut told: Vec<String> = Vec::new();
        let mut tell = |from: AgencyId, to: &agency::Model| {
            let from = facts.reference.agency(from).map_or("", |body| body.name.as_str());
            told.push(format!("{from} → {}", to.name));
        };
        let lead_heir = row.agency_id.and_then(|body| Some((body, heir(body)?)));
        let lead = lead_heir.map(|(_, to)| to.id).or(row.agency_id);
        if let Some((from, to)) = lead_heir {
            changes.put(passed(from, to, true));
            tell(from, to);
        }
        let petition = row.id;
        for link in working.petition_agency.of(petition) {
            let from = link.agency_id;
            let to = heir(from);
            // Whoever leads now does not coordinate with himself.
            let now_leads = lead_heir.is_some() && lead == Some(from);
            if to.is_none() && !now_leads {
                continue;
            }
            changes.and(move |working| working.petition_agency.remove((petition.0, from.0)));
            let Some(to) = to else { continue };
            changes.put(passed(from, to, false));
            tell(from, to);
            let known = working.petition_agency.of(petition);
            let mut known = known.filter(|other| other.agency_id == to.id);
            if lead != Some(to.id) && known.next().is_none() {
                changes.put(petition_agency::Model {
                    agency_id: to.id,
                    ..link.clone()
                });
            }
        }
        if told.is_empty() {
            return Ok(Verdict::default());
        }
        changes.and(move |working| working.petition.touch(petition));
        let passed = Model {
            process,
            agency_id: lead,
            ..row.clone()
        };
        record(
            &mut changes,
            facts,
            passed,
            "passed_to_successor",
            Some(told.join("; ")),
        );
        Ok(Verdict::about(changes, [petition.0]))
    }
}

/// The petitions that an abolished body still has although somebody succeeds it.
pub async fn due(state: &State, today: NaiveDate, most: u64) -> Result<Vec<PetitionId>> {
    let reference = state.reference();
    let bodies = reference.bodies.agencies.keys().copied();
    let abolished: Vec<AgencyId> = bodies
        .filter(|body| heir(&reference, *body, today).is_some())
        .collect();
    if abolished.is_empty() {
        return Ok(Vec::new());
    }
    let coordinating = SeaQuery::select()
        .column(petition_agency::Column::PetitionId)
        .from(petition_agency::Entity)
        .and_where(petition_agency::Column::AgencyId.is_in(abolished.iter().copied()))
        .to_owned();
    let with_them = Condition::any()
        .add(Column::AgencyId.is_in(abolished))
        .add(Column::Id.in_subquery(coordinating));
    let open = [
        Process::Forwarded,
        Process::Answered,
        Process::Assessed,
        Process::Informed,
    ];
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(with_them)
        .filter(Column::Process.is_in(open))
        .limit(most)
        .into_tuple()
        .all(state.store.read())
        .await?)
}
