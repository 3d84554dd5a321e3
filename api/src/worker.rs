//! What no request asks for: what a new day brings about, and what has waited long enough.
//!
//! Every job is commands through the write door, so that it is safe to run twice, in several processes at once, and
//! to be killed in between. A job that fails is tried again at the next turn and stops no other.

use std::{sync::Arc, time::Duration};

use chrono::NaiveDate;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    accounts::grants::{self, FollowGrants},
    agenda, briefs,
    error::Result,
    files,
    petitions::{
        passing::{self, PassOn},
        reminding,
    },
    resolutions::dated::{self, FollowDates},
    search::index,
    state::State,
    store::door::{self, Command},
    sync::{push, waiting},
    viewer::Viewer,
};

/// How often it is looked whether there is something to do.
const TURN: Duration = Duration::from_secs(60);
/// Rows of one batch.
const BATCH: u64 = 200;

/// Works until it is dropped.
pub async fn run(state: Arc<State>) {
    let mut every = interval(TURN);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_day = None;
    loop {
        every.tick().await;
        turn(&state, &mut last_day).await;
    }
}

/// One turn; `last_day` is the day of which everything is done.
pub async fn turn(state: &State, last_day: &mut Option<NaiveDate>) {
    let today = state.clock.today();
    let is_new_day = *last_day != Some(today);
    if *last_day != Some(today) {
        match day(state, today).await {
            Ok(()) => *last_day = Some(today),
            Err(error) => error.log(),
        }
    }
    for outcome in [
        waiting::retry(state).await,
        waiting::report(state).await,
        pass_on(state, today).await,
        briefs::make(state, is_new_day).await,
        agenda::job::count(state, is_new_day).await.map(drop),
        files::erasing::turn(state).await,
    ] {
        if let Err(error) = outcome {
            error.log();
        }
    }
}

/// What this day's date brings about.
async fn day(state: &State, today: NaiveDate) -> Result<()> {
    let mut before = Vec::new();
    loop {
        let due = dated::due(state, today, BATCH).await?;
        // What its rule refuses stays due; it must not keep the others of the day waiting for ever.
        if due.is_empty() || due == before {
            break;
        }
        let steps: Vec<FollowDates> = due.iter().copied().map(FollowDates).collect();
        follow(state, &steps).await?;
        before = due;
    }
    remind(state, today).await?;
    index::fill_pairs(state).await?;
    push::forget_receipts(state).await?;
    let agencies = grants::agencies_with_grants(state).await?;
    let steps: Vec<FollowGrants> = agencies.into_iter().map(FollowGrants).collect();
    for steps in steps.chunks(BATCH as usize) {
        follow(state, steps).await?;
    }
    Ok(())
}

/// Reminds bodies of what they owe.
async fn remind(state: &State, today: NaiveDate) -> Result<()> {
    let mut after = None;
    loop {
        let (due, next) = reminding::due(state, today, after, BATCH).await?;
        // A petition may wait for several bodies.
        for due in due.chunks(BATCH as usize) {
            follow(state, due).await?;
        }
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

/// Passes on what abolished bodies had.
async fn pass_on(state: &State, today: NaiveDate) -> Result<()> {
    let mut before = Vec::new();
    loop {
        let due = passing::due(state, today, BATCH).await?;
        if due.is_empty() || due == before {
            return Ok(());
        }
        let steps: Vec<PassOn> = due.iter().copied().map(PassOn).collect();
        follow(state, &steps).await?;
        before = due;
    }
}

async fn follow<C: Command>(state: &State, steps: &[C]) -> Result<()> {
    let commands: Vec<&dyn Command> = steps.iter().map(|step| step as &dyn Command).collect();
    for refused in door::execute(state, &Viewer::system(), &commands).await? {
        if let Err(refused) = refused {
            tracing::warn!(
                code = refused.code.name(),
                "a step that a date asks for was refused"
            );
        }
    }
    Ok(())
}
