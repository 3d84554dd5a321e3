//! A list as it would be frozen now: for the preview, and for the paper that is signed before its number is known.

use std::collections::{BTreeSet, HashMap};

use async_graphql::dataloader::Loader;
use chrono::NaiveDate;
use entity::{id::RoundId, synthesis::Model};

use super::{
    list::{Line, List, Whose, list},
    office::{due, need_delegates, need_list, whose},
    parts::{SynthesisPreview, counted},
};
use crate::{
    deadlines::Periods,
    error::{Error, Result},
    graphql::{loader::Rows, scalar::Day},
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

impl From<Preview> for SynthesisPreview {
    fn from(now: Preview) -> Self {
        let made = now.list;
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            points: whole(made.points),
            opinions: whole(made.opinions),
            on_spot: whole(made.on_spot),
            before: whole(made.before),
            after: whole(made.lines.len()),
            ungrouped: whole(made.ungrouped()),
            unclassified: whole(made.unclassified()),
            by_tier_and_field: counted(made.lines.iter().map(Line::class)),
            round_ended_on: now.round_ended_on.map(Day),
            due_on: now.due_on.map(Day),
        }
    }
}

/// Counts a synthesis now, by the same rule as freezing does.
pub(crate) async fn now(state: &State, row: &Model) -> Result<Preview> {
    let said = said_in(state, &[row.round_id]).await?;
    Ok(of(state, &said, whose(row)))
}

/// Everything of which the lists of some rounds are made.
async fn said_in(state: &State, rounds: &[RoundId]) -> Result<Working> {
    let conn = state.store.read();
    let mut needs = Needs::default();
    for round in rounds {
        need_list(*round, &mut needs);
    }
    let mut working = Working::load(conn, &needs).await?;
    let mut more = Needs::default();
    need_delegates(&working, &mut more);
    working.absorb(Working::load(conn, &more).await?);
    Ok(working)
}

fn of(state: &State, said: &Working, whose: Whose) -> Preview {
    let reference = state.reference();
    let list = list(said, &reference, whose);
    let round = said.round.get(whose.round);
    let periods = Periods::of(&reference, whose.council, state.calendar);
    let (round_ended_on, due_on) = due(whose.group.is_some(), list.ended_on, round, &periods);
    Preview {
        list,
        round_ended_on,
        due_on,
    }
}

/// What would be frozen now of a synthesis, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PreviewOf(pub(super) Whose);

/// Rounds whose words are in memory at once. All syntheses of a round, its groups' and its council's, are made of the
/// same words, so that a list of them costs as much as one.
const ROUNDS_AT_ONCE: usize = 4;

impl Loader<PreviewOf> for Rows {
    type Value = SynthesisPreview;
    type Error = Error;

    async fn load(&self, keys: &[PreviewOf]) -> Result<HashMap<PreviewOf, SynthesisPreview>> {
        let rounds: BTreeSet<RoundId> = keys.iter().map(|key| key.0.round).collect();
        let rounds: Vec<RoundId> = rounds.into_iter().collect();
        let mut found = HashMap::new();
        for rounds in rounds.chunks(ROUNDS_AT_ONCE) {
            let said = said_in(&self.state, rounds).await?;
            for key in keys.iter().filter(|key| rounds.contains(&key.0.round)) {
                found.insert(*key, of(&self.state, &said, key.0).into());
            }
        }
        Ok(found)
    }
}
