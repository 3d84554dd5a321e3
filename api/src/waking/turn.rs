//! One turn: note who has read, see who is behind, claim, send, note what became of it.
//!
//! Several processes do the same at once. A signal belongs to whoever moved `not_before` first; if he is killed before
//! it is noted as sent, it is due again when his claim ends.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time,
};

use chrono::{DateTime, Utc};
use entity::{id::DeviceId, waking};
use futures_util::StreamExt;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, sea_query::Expr};
use tokio::time::{MissedTickBehavior, interval};

use super::{
    due::{self, Reached, Reading},
    notes::{Heard, further},
    registration,
    rules::{AWAKE, GIVE_UP, LEASE, QUIET, SETTLE, next_attempt},
    send::{Outcome, Sender},
};
use crate::{error::Result, state::State, store::sql::Sql, sync::live};

/// How often it is looked.
const TURN: time::Duration = time::Duration::from_secs(5);
/// Signals that one claim covers, and that are under way at the same time.
const CLAIMED: usize = 256;
const AT_ONCE: usize = 64;
/// Devices in one statement.
const TOGETHER: usize = 5_000;

/// Wakes devices until it is dropped.
pub async fn run(state: Arc<State>) {
    let mut every = interval(TURN);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turns = Turns::default();
    loop {
        every.tick().await;
        if let Err(error) = turns.take(&state).await {
            tracing::debug!(code = error.code().name(), "nobody can be woken");
        }
    }
}

/// What a process remembers between its turns. Nothing is lost with it.
#[derive(Default)]
pub struct Turns {
    /// The clocks at the last turn.
    clocks: BTreeMap<String, i64>,
    reached: Reached,
    /// Since when a device has been seen behind its position: one that has moved, by reading or by a signal, begins
    /// anew, and a signal that is sent again does not wait once more.
    behind: HashMap<DeviceId, (DateTime<Utc>, String)>,
    /// When somebody who is behind may be woken, though nothing changes any more.
    look_at: Option<DateTime<Utc>>,
}

impl Turns {
    /// One turn; how many signals were sent.
    pub async fn take(&mut self, state: &State) -> Result<usize> {
        note(state).await?;
        let now = state.clock.now();
        let is_due = self.look_at.is_some_and(|at| at <= now);
        if !is_due && live::clocks(state).await? == self.clocks {
            return Ok(0);
        }
        let reading = due::read(state, &mut self.reached).await?;
        self.clocks.clone_from(&reading.clocks);
        if !reading.ended.is_empty() {
            waking::Entity::delete_many()
                .filter(waking::Column::DeviceId.is_in(reading.ended.iter().copied()))
                .exec(state.store.migrating())
                .await?;
        }
        let due = self.due(&reading, now);
        let mut sent = 0;
        for rows in due.chunks(CLAIMED) {
            sent += wake(state, rows, &reading).await?;
        }
        Ok(sent)
    }

    /// Who is to be woken now.
    fn due(&mut self, reading: &Reading, now: DateTime<Utc>) -> Vec<waking::Model> {
        let is_behind: HashSet<DeviceId> = reading
            .devices
            .iter()
            .filter(|(_, is_behind)| *is_behind)
            .map(|(row, _)| row.device_id)
            .collect();
        self.behind.retain(|device, _| is_behind.contains(device));
        self.look_at = None;
        let mut due = Vec::new();
        for (row, _) in reading.devices.iter().filter(|(_, is_behind)| *is_behind) {
            let seen = self.behind.entry(row.device_id);
            let (since, position) = seen.or_insert_with(|| (now, row.position.clone()));
            if *position != row.position {
                (*since, *position) = (now, row.position.clone());
            }
            let at = (*since + SETTLE).max(row.not_before);
            if at <= now {
                due.push(row.clone());
            }
            // Whoever is due is looked at again: nobody knows yet what becomes of it.
            let again = if at <= now { now } else { at };
            self.look_at = Some(self.look_at.map_or(again, |other| other.min(again)));
        }
        due
    }
}

/// Notes in the registrations what their devices did by themselves.
async fn note(state: &State) -> Result<()> {
    let heard = state.waking.notes.take();
    if heard.is_empty() {
        return Ok(());
    }
    let done = keep(state, &heard).await;
    if done.is_err() {
        state.waking.notes.put_back(heard);
    }
    done
}

async fn keep(state: &State, heard: &HashMap<DeviceId, Heard>) -> Result<()> {
    let devices: Vec<DeviceId> = heard.keys().copied().collect();
    for devices in devices.chunks(TOGETHER) {
        let rows = waking::Entity::find()
            .filter(waking::Column::DeviceId.is_in(devices.iter().copied()))
            .all(state.store.read())
            .await?;
        let mut changed = Vec::new();
        for row in rows {
            let Some(heard) = heard.get(&row.device_id) else {
                continue;
            };
            let mut position = due::position(&row);
            if let Some(read) = &heard.position {
                further(&mut position, read);
            }
            // It answers, so the pause after its last signal is over; one after a failure is the push service's.
            let not_before = match row.attempts {
                0 => heard.at + AWAKE,
                _ => row.not_before,
            };
            changed.push(Told {
                device: row.device_id,
                position: due::stored(&position),
                not_before,
                attempts: row.attempts,
                was: row.not_before,
            });
        }
        store(state, changed).await?;
    }
    Ok(())
}

/// What a registration becomes, if nobody has moved it since.
struct Told {
    device: DeviceId,
    position: String,
    not_before: DateTime<Utc>,
    attempts: i32,
    /// Its `not_before` when it was read or claimed.
    was: DateTime<Utc>,
}

/// Writes them in one statement.
async fn store(state: &State, rows: Vec<Told>) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new(
        state.store.backend(),
        "UPDATE waking SET position = told.column2, not_before = told.column3, attempts = told.column4 FROM (VALUES ",
    );
    for (index, told) in rows.into_iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" });
        sql.bind(told.device.0).push(", ");
        sql.bind(told.position).push(", ");
        sql.bind(told.not_before).push(", ");
        sql.bind(told.attempts).push(", ");
        sql.bind(told.was).push(")");
    }
    sql.push(") AS told WHERE waking.device_id = told.column1 AND waking.not_before = told.column5");
    sql.run(state.store.migrating()).await
}

/// Claims these registrations, and sends what no other process has claimed; how many signals that were.
async fn wake(state: &State, rows: &[waking::Model], reading: &Reading) -> Result<usize> {
    let now = state.clock.now();
    let claim = now + LEASE;
    let claimed = waking::Entity::update_many()
        .col_expr(waking::Column::NotBefore, Expr::value(claim))
        .filter(waking::Column::DeviceId.is_in(rows.iter().map(|row| row.device_id)))
        .filter(waking::Column::NotBefore.lte(now))
        .exec_with_returning(state.store.migrating())
        .await?;
    if claimed.is_empty() {
        return Ok(0);
    }
    let sender = Sender::new(&state.waking.settings, &state.keys)?;
    let signals = claimed.into_iter().map(|row| {
        let sender = &sender;
        async move {
            let outcome = match registration::address(&state.keys, &row) {
                Some(address) => sender.wake(row.device_id, row.road, &address, now).await,
                None => Outcome::Gone,
            };
            (row, outcome)
        }
    });
    let outcomes: Vec<(waking::Model, Outcome)> = futures_util::stream::iter(signals)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    let now = state.clock.now();
    let horizon = due::stored(&reading.horizon);
    let (mut told, mut gone, mut taken) = (Vec::new(), Vec::new(), 0);
    for (row, outcome) in outcomes {
        let (position, not_before, attempts) = match outcome {
            Outcome::Taken => {
                taken += 1;
                (horizon.clone(), now + QUIET, 0)
            }
            Outcome::Failed(wish) if row.attempts + 1 < GIVE_UP => {
                let attempts = row.attempts + 1;
                (row.position, next_attempt(now, attempts, wish), attempts)
            }
            Outcome::Failed(_) | Outcome::Gone => {
                gone.push(row.device_id);
                continue;
            }
        };
        told.push(Told {
            device: row.device_id,
            position,
            not_before,
            attempts,
            was: claim,
        });
    }
    tracing::info!(
        taken,
        failed = told.len() - taken,
        gone = gone.len(),
        "devices were woken"
    );
    store(state, told).await?;
    if !gone.is_empty() {
        let gone = Condition::all()
            .add(waking::Column::DeviceId.is_in(gone))
            .add(waking::Column::NotBefore.eq(claim));
        waking::Entity::delete_many()
            .filter(gone)
            .exec(state.store.migrating())
            .await?;
    }
    Ok(taken)
}
