//! Whether a checkpoint was made by this very database, or by one that has been replaced by an older copy since.
//!
//! A machine that is set back to a snapshot loses the mark beside its keys with everything else, and once others have
//! written as much as was lost, its clocks stand where devices expect them. So every start of a server leaves a number
//! in the database that nobody can guess, and how far the clocks stood then; a checkpoint carries the newest number
//! that its database knew. A number that is not known here, or a position beyond the one at which the next start found
//! the clocks, belongs to what was lost. A copy that is put under a running server is not told by this.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, Duration, Utc};
use entity::server_start;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder,
};

use crate::{
    entropy::{self, Entropy},
    error::{Error, Result},
    store::{Fault, Store, fault, sql::Sql},
    sync::cursor::clock_key,
};

/// The clock that starts move. No partition is tied to it.
pub const CLOCK: &str = "starts";
/// Whoever was away for longer is compared with the oldest start that is kept.
const KEPT: Duration = Duration::days(400);
/// How often a start is noted again that met others.
const ATTEMPTS: u32 = 12;

/// A start, with the positions of the clocks by their numbers in a checkpoint.
#[derive(Debug)]
struct Start {
    id: i64,
    clocks: BTreeMap<i64, i64>,
}

/// The starts that the database knows, as they were last read.
#[derive(Default)]
pub struct Starts(RwLock<Arc<Vec<Start>>>);

/// Notes that a server starts. The clocks cannot move meanwhile: whatever is committed afterwards is read together
/// with this start.
pub async fn note(store: &Store, entropy: &dyn Entropy, now: DateTime<Utc>) -> Result<()> {
    let mut attempt = 1;
    loop {
        match once(store, entropy, now).await {
            Err(Error::Database(cause)) if fault(&cause) == Fault::Met && attempt < ATTEMPTS => attempt += 1,
            done => return done,
        }
    }
}

async fn once(store: &Store, entropy: &dyn Entropy, now: DateTime<Utc>) -> Result<()> {
    let step = i64::from(u32::from_be_bytes(entropy::bytes(entropy)) >> 1) + 1;
    let tx = store.begin().await?;
    let mut tick = Sql::new(store.backend(), "INSERT INTO sync_clock (id, seq) VALUES (");
    tick.bind(CLOCK)
        .push(", ")
        .bind(step)
        .push(") ON CONFLICT (id) DO UPDATE SET seq = sync_clock.seq + ")
        .bind(step)
        .push(" RETURNING seq");
    let row = tick.one(&tx).await?;
    let row = row.ok_or_else(|| Error::internal("a clock that does not tick"))?;
    let id: i64 = row.try_get("", "seq")?;
    // In the order in which writers lock them. One that is made at this moment cannot be locked; its maker waits for the
    // first clock, or we for him (see `tick` in [`crate::store::door`]).
    let locked = match store.backend() {
        DatabaseBackend::Sqlite => "SELECT id, seq FROM sync_clock",
        _ => "SELECT id, seq FROM sync_clock ORDER BY id COLLATE \"C\" FOR UPDATE",
    };
    let mut clocks = BTreeMap::new();
    for row in Sql::new(store.backend(), locked).all(&tx).await? {
        clocks.insert(row.try_get::<String>("", "id")?, row.try_get::<i64>("", "seq")?);
    }
    clocks.remove(CLOCK);
    server_start::Entity::insert(server_start::ActiveModel {
        id: Set(id),
        at: Set(now),
        clocks: Set(serde_json::to_string(&clocks).map_err(|_| Error::internal("clocks that are no JSON"))?),
    })
    .exec_without_returning(&tx)
    .await?;
    server_start::Entity::delete_many()
        .filter(server_start::Column::At.lt(now - KEPT))
        .filter(server_start::Column::Id.lt(id))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

impl Starts {
    /// Whether a checkpoint with these positions, made when `seen` was the newest start, is of another database than
    /// this one, whose newest start is `newest`.
    pub async fn is_foreign<C: ConnectionTrait>(
        &self,
        conn: &C,
        (seen, positions): (i64, &BTreeMap<i64, i64>),
        newest: i64,
    ) -> Result<bool> {
        // Zero: by a release that did not note starts.
        if seen == newest || seen == 0 {
            return Ok(false);
        }
        if seen > newest {
            return Ok(true);
        }
        let mut known = self.known();
        if known.last().is_none_or(|last| last.id != newest) {
            known = Arc::new(read(conn).await?);
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&known);
        }
        Ok(judge(&known, seen, positions))
    }

    fn known(&self) -> Arc<Vec<Start>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn judge(known: &[Start], seen: i64, positions: &BTreeMap<i64, i64>) -> bool {
    let at = known.partition_point(|start| start.id <= seen);
    let is_known = at > 0 && known[at - 1].id == seen;
    // Older than all that are kept: only the position tells.
    if !is_known && at > 0 {
        return true;
    }
    known.get(at).is_some_and(|next| {
        positions
            .iter()
            .any(|(clock, position)| next.clocks.get(clock).copied().unwrap_or(0) < *position)
    })
}

async fn read<C: ConnectionTrait>(conn: &C) -> Result<Vec<Start>> {
    let rows = server_start::Entity::find()
        .order_by_asc(server_start::Column::Id)
        .all(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let clocks: BTreeMap<String, i64> = serde_json::from_str(&row.clocks)
                .map_err(|_| Error::internal("a start whose clocks are no JSON"))?;
            Ok(Start {
                id: row.id,
                clocks: clocks
                    .into_iter()
                    .map(|(name, seq)| (clock_key(&name), seq))
                    .collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_next_start_did_not_find_was_made_elsewhere() {
        let start = |id, seq| Start {
            id,
            clocks: BTreeMap::from([(7, seq)]),
        };
        let known = [start(10, 100), start(20, 200), start(30, 300)];
        let at = |seq| BTreeMap::from([(7, seq)]);
        for (seen, seq, is_foreign) in [
            (30, 1_000, false),
            (20, 300, false),
            (20, 301, true),
            (10, 200, false),
            (10, 201, true),
            (15, 1, true),
            (25, 250, true),
            (31, 300, true),
            (5, 100, false),
            (5, 101, true),
        ] {
            assert_eq!(judge(&known, seen, &at(seq)), is_foreign, "{seen} {seq}");
        }
        assert!(
            judge(&known, 20, &BTreeMap::from([(8, 1)])),
            "a clock that is not there"
        );
        assert!(!judge(&[], 20, &at(5)));
    }
}
