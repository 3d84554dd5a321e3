//! A list as it would be frozen now: for the preview, and for the paper that is signed before its number is known.

use chrono::NaiveDate;
use entity::synthesis::Model;

use super::{
    list::{List, list},
    office::{due, need_delegates, need_list, whose},
};
use crate::{
    deadlines::Periods,
    error::Result,
    state::State,
    store::working::{Needs, Working},
};

/// What would be frozen now.
pub(crate) struct Preview {
    pub(crate) list: List,
    /// Last day of the round's contacts, from which the period is counted.
    pub(crate) round_ended_on: Option<NaiveDate>,
    /// Until when it is due, by the rule of that day.
    pub(crate) due_on: Option<NaiveDate>,
}

/// Counts a synthesis now, by the same rule as freezing does.
pub(crate) async fn now(state: &State, row: &Model) -> Result<Preview> {
    let conn = state.store.read();
    let mut needs = Needs::default();
    need_list(row.round_id, &mut needs);
    let mut working = Working::load(conn, &needs).await?;
    let mut more = Needs::default();
    need_delegates(&working, &mut more);
    working.absorb(Working::load(conn, &more).await?);
    let reference = state.reference();
    let list = list(&working, &reference, whose(row));
    let round = working.round.get(row.round_id);
    let periods = Periods::of(&reference, row.council_id, state.calendar);
    let (round_ended_on, due_on) = due(row.group_id.is_some(), list.ended_on, round, &periods);
    Ok(Preview {
        list,
        round_ended_on,
        due_on,
    })
}
