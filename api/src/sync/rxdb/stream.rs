//! Live documents for RxDB clients: what the log says after the horizon that was taken when the socket began.
//!
//! An event never moves a checkpoint, so that a fault here costs time and never a row: only pulls do.

use std::{collections::BTreeMap, sync::Arc};

use entity::sync_partition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::selection::Answered;
use crate::{
    accounts::authentication,
    error::{Code, Error, Result},
    state::State,
    store::{collection::Collection, working::RIGHTS},
    sync::{
        cursor::{Cursor, Reading, clock_key},
        live::{self, Batch, Listener},
        pull::{self, PageSize, Wanted},
        registry,
    },
    viewer::Viewer,
};

/// The clocks by name, as they were when a socket began.
pub type Horizon = Arc<BTreeMap<String, i64>>;

/// Rows read in one step while a new listener catches up.
const STEP: usize = 500;

/// Somebody who follows one collection.
pub struct Follower {
    viewer: Viewer,
    collection: &'static dyn Collection,
    state: Arc<State>,
    listener: Listener,
    cursor: Cursor,
    horizon: Horizon,
    caught_up: bool,
}

impl Follower {
    /// Follows a collection from a horizon on.
    pub async fn begin(
        state: Arc<State>,
        viewer: Viewer,
        collection: &'static dyn Collection,
        horizon: &Horizon,
    ) -> Result<Self> {
        let signed_in = viewer.signed_in()?;
        let (account, device) = (signed_in.account.id, signed_in.device.id);
        let partitions = viewer.partition_ids();
        // First listen, then read what was before: in between nothing gets lost.
        let listener = live::listen(&state, partitions.clone()).await?;
        let bits = registry::bit(collection.name()).unwrap_or_default();
        let mut cursor = Cursor::start(account, device, state.epoch.id(), bits);
        cursor.partitions = partitions
            .iter()
            .map(|partition| (*partition, Reading::Level))
            .collect();
        let known = sync_partition::Entity::find()
            .filter(sync_partition::Column::Id.is_in(partitions))
            .all(state.store.read())
            .await?;
        for place in known {
            let position = horizon.get(&place.clock).copied().unwrap_or(0);
            cursor.clocks.insert(clock_key(&place.clock), position);
        }
        Ok(Self {
            viewer,
            collection,
            state,
            listener,
            cursor,
            horizon: Arc::clone(horizon),
            caught_up: false,
        })
    }

    /// The next documents that changed; waits for them.
    pub async fn next(&mut self) -> Result<Vec<Answered>> {
        while !self.caught_up {
            let _permit = self.state.live.catching_up.acquire().await;
            // Mostly nothing was committed since, and one small look says so.
            if live::clocks(&self.state).await? == *self.horizon {
                self.caught_up = true;
                break;
            }
            let wanted = Wanted {
                collections: self.cursor.collections,
                size: PageSize {
                    rows: STEP,
                    bytes: usize::MAX,
                },
                digest: false,
            };
            let token = self.cursor.encode(&self.state.keys);
            let page = pull::pull(&self.state, &self.viewer, Some(&token), wanted).await?;
            // After the reading: rights that are the same now were the same then.
            self.check_rights().await?;
            self.cursor = page.cursor;
            self.caught_up = !page.more;
            if !page.changes.is_empty() {
                return Ok(page
                    .changes
                    .into_iter()
                    .map(|change| Answered {
                        id: change.id.to_string(),
                        document: change.doc,
                    })
                    .collect());
            }
        }
        loop {
            // Whoever lags behind begins again, with a pull; nothing is skipped.
            let batch = self.listener.batches.recv().await;
            let batch = batch.map_err(|_| Error::from(Code::Unavailable))?;
            let documents = self.of(&batch);
            if !documents.is_empty() {
                return Ok(documents);
            }
        }
    }

    /// Ends the stream of somebody whose rights are no longer those with which his socket began: a subscription may come
    /// long after. (Later on the socket itself is told.)
    async fn check_rights(&self) -> Result<()> {
        let now = live::clocks(&self.state).await?;
        if now.get(RIGHTS) == self.horizon.get(RIGHTS) || self.viewer.is_wiping() {
            return Ok(());
        }
        let again = authentication::again(&self.state, &self.viewer).await?;
        if again.partition_ids() == self.viewer.partition_ids() {
            Ok(())
        } else {
            Err(Code::Unavailable.into())
        }
    }

    /// What of a batch is this viewer's, each row once and in his richest form.
    fn of(&self, batch: &Batch) -> Vec<Answered> {
        let mut documents: Vec<Answered> = Vec::new();
        for entry in &batch.entries {
            let row = &entry.row;
            let is_known = self
                .cursor
                .clocks
                .get(&entry.clock)
                .is_some_and(|position| entry.seq <= *position);
            if is_known
                || row.collection != self.collection.name()
                || self.viewer.audience_of(entry.partition).is_none()
            {
                continue;
            }
            let id = row.id.to_string();
            if documents.iter().any(|known| known.id == id) {
                continue;
            }
            let audiences = row
                .partitions
                .iter()
                .filter_map(|partition| self.viewer.audience_of(*partition));
            let document = audiences.max().and_then(|best| {
                let stored = row
                    .documents
                    .iter()
                    .find(|(audience, _)| *audience == best.rank());
                stored.map(|(_, document)| document.clone())
            });
            documents.push(Answered { id, document });
        }
        documents
    }
}
