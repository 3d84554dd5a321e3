//! Filters that several lists share.

use std::collections::BTreeSet;

use async_graphql::{Context, ID, InputObject};
use entity::id::UnitId;

use super::state;
use crate::error::{Code, Refused, Result};

/// A unit, by id or by code, and by default everything below it. Nothing lies in a unit that does not exist: the
/// list is empty.
#[derive(Clone, Debug, InputObject)]
pub struct WithinUnit {
    /// The unit's id.
    pub id: Option<ID>,
    /// The unit's official code today; ignored when `id` is given.
    pub code: Option<String>,
    /// Whether units below count too (default true).
    pub subtree: Option<bool>,
}

impl WithinUnit {
    /// The units meant: the unit, what is below it, and all that they were made of, because a record keeps the
    /// unit as it was.
    pub fn units(&self, ctx: &Context<'_>) -> Result<BTreeSet<UnitId>> {
        let state = state(ctx)?;
        let reference = state.reference();
        let today = state.clock.today();
        let unit = match (&self.id, &self.code) {
            (Some(id), _) => super::id::<UnitId>(id).filter(|id| reference.units.get(*id).is_some()),
            (None, Some(code)) => reference.units.by_code(code, None, today).map(|unit| unit.id),
            (None, None) => return Err(Refused::field(Code::Required, "withinUnit").into()),
        };
        // An unknown unit has nothing in it.
        let Some(unit) = unit else {
            return Ok(BTreeSet::new());
        };
        let below = if self.subtree == Some(false) {
            BTreeSet::from([unit])
        } else {
            reference.units.subtree(unit)
        };
        Ok(below
            .into_iter()
            .flat_map(|unit| reference.units.with_predecessors(unit))
            .collect())
    }
}
