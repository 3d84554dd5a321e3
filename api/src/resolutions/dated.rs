//! What a day brings about by itself: resolutions come into force, and their effect ends, on the dates that were
//! entered. Nobody asks for it, so that history names nobody.

use chrono::NaiveDate;
use entity::{
    id::ResolutionId,
    resolution::{Column, Effect, Entity, Event},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use super::{office::act_on_others, rules};
use crate::{
    error::{Refused, Result},
    state::State,
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// Moves a resolution's effect by what its dates say. Done twice it changes nothing.
pub struct FollowDates(pub ResolutionId);

impl Command for FollowDates {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.resolution.insert(self.0.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let others = working.resolution_edge.of(self.0);
        needs.resolution.extend(others.map(|edge| edge.to_id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let Some(before) = working.resolution.get(self.0) else {
            return Ok(Verdict::about(changes, []));
        };
        let mut row = before.clone();
        for (event, on) in rules::dated(before, facts.today) {
            row = rules::step(&row, event, on)?;
            if event == Event::ComeIntoForce {
                act_on_others(working, facts, &mut changes, &row, on);
            }
            let mut told = facts.event("resolution", row.id, event.code(), Some(row.council_id));
            told.basis = Some(on.to_string());
            changes.happened(told);
        }
        if row != *before {
            changes.put(row);
        }
        Ok(Verdict::about(changes, [self.0.0]))
    }
}

/// The resolutions whose dates say something else than their effect.
pub async fn due(state: &State, today: NaiveDate, most: u64) -> Result<Vec<ResolutionId>> {
    let begins = Condition::all()
        .add(Column::Effect.eq(Effect::NotYet))
        .add(Column::InForceFrom.lte(today));
    let ends = Condition::all()
        .add(Column::Effect.is_in([Effect::InForce, Effect::Partly, Effect::Suspended]))
        .add(Column::InForceTo.lte(today));
    Ok(Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Condition::any().add(begins).add(ends))
        .limit(most)
        .into_tuple()
        .all(state.store.read())
        .await?)
}
