//! What has just changed, told to whoever listens: one reading of the log for all listeners together.
//!
//! The log is the truth and the call of a commit only a hint: it is read once a second in any case, so that changes of
//! other processes arrive without anybody telling. Listeners get what changed from a bounded buffer; whoever lags
//! behind it is told so and has to begin again. Rights are no business of this module: a change comes with all
//! partitions in which the row lies, and its documents for all audiences. Only that somebody's rights changed is told (and
//! whose, where all who wrote them said so), and before any change that was committed after it, so that whoever looks then
//! passes on nothing too much.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use entity::{sync_clock, sync_doc, sync_log, sync_partition};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::{OnceCell, Semaphore, broadcast};
use uuid::Uuid;

use super::cursor::clock_key;
use crate::{
    error::Result,
    rights::{Bell, Rights},
    state::State,
    store::working::RIGHTS,
};

/// Commits within this time are read together.
const TOGETHER: Duration = Duration::from_millis(20);
/// Entries in one batch, and batches that a listener may lag behind.
const ENTRIES: u64 = 500;
const BATCHES: usize = 32;
/// Listeners that catch up at the same time.
const CATCHING_UP: usize = 2;

/// What changed, in order of sequence within each clock.
pub struct Batch {
    pub entries: Vec<Entry>,
}

/// An entry of the log.
pub struct Entry {
    pub partition: i64,
    /// The number of the partition's clock in a cursor.
    pub clock: i64,
    pub seq: i64,
    pub row: Arc<Row>,
}

/// A row that changed, as it is now.
pub struct Row {
    pub collection: String,
    pub id: Uuid,
    /// All partitions in which it lies.
    pub partitions: Vec<i64>,
    /// By rank of the audience.
    pub documents: Vec<(i32, String)>,
}

/// The listeners of a process.
pub struct Live {
    batches: broadcast::Sender<Arc<Batch>>,
    /// Rings when rights may have changed.
    rights: Bell,
    /// How many listen to which partition.
    watched: Mutex<HashMap<i64, usize>>,
    following: OnceCell<()>,
    /// New listeners that read at the same time: a thousand that come back at once must not take the database from
    /// everybody else.
    pub(super) catching_up: Semaphore,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            batches: broadcast::channel(BATCHES).0,
            rights: Bell::default(),
            watched: Mutex::default(),
            following: OnceCell::new(),
            catching_up: Semaphore::new(CATCHING_UP),
        }
    }
}

/// A listener; it listens until it is dropped.
pub struct Listener {
    live: Arc<Live>,
    partitions: Vec<i64>,
    pub batches: broadcast::Receiver<Arc<Batch>>,
}

impl Live {
    fn watched(&self) -> MutexGuard<'_, HashMap<i64, usize>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has everybody who is connected looked up again.
    pub fn rights_changed(&self) {
        self.rights.ring(None);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut watched = self.live.watched();
        for partition in &self.partitions {
            if let Some(count) = watched.get_mut(partition) {
                *count -= 1;
                if *count == 0 {
                    watched.remove(partition);
                }
            }
        }
    }
}

/// The clocks by name, as they are now.
pub async fn clocks(state: &State) -> Result<BTreeMap<String, i64>> {
    let rows = sync_clock::Entity::find().all(state.store.read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.seq)).collect())
}

/// Hears when rights may have changed, from now on. Look up whom they concern.
pub async fn rights(state: &Arc<State>) -> Result<Rights> {
    begin(state).await?;
    Ok(state.live.rights.listen())
}

/// From the first listener on the log is followed.
async fn begin(state: &Arc<State>) -> Result<()> {
    let live = &state.live;
    live.following
        .get_or_try_init(|| async {
            let positions = clocks(state).await?;
            tokio::spawn(follow(Arc::downgrade(state), Arc::clone(live), positions));
            Ok::<_, crate::error::Error>(())
        })
        .await?;
    Ok(())
}

/// Begins to listen. What is committed from now on is in its batches; what was before has to be read.
pub async fn listen(state: &Arc<State>, partitions: Vec<i64>) -> Result<Listener> {
    begin(state).await?;
    let live = &state.live;
    {
        let mut watched = live.watched();
        for partition in &partitions {
            *watched.entry(*partition).or_default() += 1;
        }
    }
    Ok(Listener {
        live: Arc::clone(live),
        partitions,
        batches: live.batches.subscribe(),
    })
}

async fn follow(state: Weak<State>, live: Arc<Live>, mut positions: BTreeMap<String, i64>) {
    let begun = state
        .upgrade()
        .map(|state| (state.store.wake.listen(), state.look));
    let Some((mut calls, look)) = begun else {
        return;
    };
    loop {
        if tokio::time::timeout(look, calls.heard_anything()).await.is_ok() {
            tokio::time::sleep(TOGETHER).await;
        }
        let Some(state) = state.upgrade() else { return };
        loop {
            match step(&state, &live, &mut positions).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::debug!(code = error.code().name(), "the log cannot be followed");
                    break;
                }
            }
        }
    }
}

/// Reads what was committed since `positions` and tells it; whether there is more.
async fn step(state: &State, live: &Live, positions: &mut BTreeMap<String, i64>) -> Result<bool> {
    let snapshot = state.store.snapshot().await?;
    let clocks = sync_clock::Entity::find().all(&snapshot).await?;
    let moved: Vec<sync_clock::Model> = clocks
        .into_iter()
        .filter(|clock| positions.get(&clock.id).copied().unwrap_or(0) < clock.seq)
        .collect();
    // Before what was written since is told.
    if let Some(rights) = moved.iter().find(|clock| clock.id == RIGHTS) {
        let from = positions.get(RIGHTS).copied().unwrap_or(0);
        live.rights
            .ring(state.store.wake.whose(from, rights.seq).map(Arc::new));
    }
    // After the clocks: who begins to listen from now on reads by himself what these clocks tell of.
    let watched: BTreeSet<i64> = live.watched().keys().copied().collect();
    if moved.is_empty() || watched.is_empty() {
        positions.extend(moved.into_iter().map(|clock| (clock.id, clock.seq)));
        snapshot.commit().await?;
        return Ok(false);
    }
    let places = sync_partition::Entity::find()
        .filter(sync_partition::Column::Id.is_in(watched))
        .all(&snapshot)
        .await?;

    let mut found: Vec<(i64, sync_log::Model)> = Vec::new();
    let mut next: Vec<(String, i64)> = Vec::new();
    let mut more = false;
    for clock in moved {
        let of_clock: Vec<i64> = places
            .iter()
            .filter(|place| place.clock == clock.id)
            .map(|place| place.id)
            .collect();
        if of_clock.is_empty() {
            next.push((clock.id, clock.seq));
            continue;
        }
        let from = positions.get(&clock.id).copied().unwrap_or(0);
        let entries = sync_log::Entity::find()
            .filter(sync_log::Column::Partition.is_in(of_clock))
            .filter(sync_log::Column::Seq.gt(from))
            .filter(sync_log::Column::Seq.lte(clock.seq))
            .order_by_asc(sync_log::Column::Seq)
            .limit(ENTRIES)
            .all(&snapshot)
            .await?;
        let is_full = entries.len() as u64 == ENTRIES;
        let reached = entries
            .last()
            .filter(|_| is_full)
            .map_or(clock.seq, |last| last.seq);
        more |= is_full;
        let key = clock_key(&clock.id);
        next.push((clock.id, reached));
        found.extend(entries.into_iter().map(|entry| (key, entry)));
    }
    if !found.is_empty() {
        let batch = told(&snapshot, found).await?;
        // Nobody listening is no fault.
        let _ = live.batches.send(Arc::new(batch));
    }
    snapshot.commit().await?;
    positions.extend(next);
    Ok(more)
}

/// Entries with their rows as they are now.
async fn told(snapshot: &sea_orm::DatabaseTransaction, found: Vec<(i64, sync_log::Model)>) -> Result<Batch> {
    type Key = (String, Uuid);
    let ids: BTreeSet<Uuid> = found.iter().map(|(_, entry)| entry.row_id).collect();
    let lying: Vec<(String, Uuid, i64)> = sync_log::Entity::find()
        .select_only()
        .columns([
            sync_log::Column::Collection,
            sync_log::Column::RowId,
            sync_log::Column::Partition,
        ])
        .filter(sync_log::Column::RowId.is_in(ids.iter().copied()))
        .filter(sync_log::Column::Op.eq("put"))
        .into_tuple()
        .all(snapshot)
        .await?;
    let mut partitions: HashMap<Key, Vec<i64>> = HashMap::new();
    for (collection, id, partition) in lying {
        partitions.entry((collection, id)).or_default().push(partition);
    }
    let mut documents: HashMap<Key, Vec<(i32, String)>> = HashMap::new();
    let stored = sync_doc::Entity::find()
        .filter(sync_doc::Column::RowId.is_in(ids))
        .all(snapshot)
        .await?;
    for row in stored {
        documents
            .entry((row.collection, row.row_id))
            .or_default()
            .push((row.audience, row.doc));
    }
    let mut rows: HashMap<Key, Arc<Row>> = HashMap::new();
    let entries = found
        .into_iter()
        .map(|(clock, entry)| {
            let key = (entry.collection, entry.row_id);
            let row = rows.entry(key).or_insert_with_key(|key| {
                Arc::new(Row {
                    collection: key.0.clone(),
                    id: key.1,
                    partitions: partitions.remove(key).unwrap_or_default(),
                    documents: documents.remove(key).unwrap_or_default(),
                })
            });
            Entry {
                partition: entry.partition,
                clock,
                seq: entry.seq,
                row: Arc::clone(row),
            }
        })
        .collect();
    Ok(Batch { entries })
}
