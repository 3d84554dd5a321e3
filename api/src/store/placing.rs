//! Where changed rows lie: their entries in the change log, their documents, and whom these no longer reach.
//!
//! Worked out and written inside the door's transaction, by clocks that it ticked before.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::{sync_doc, sync_log, sync_partition};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    collection::Collection,
    digest::{self, Sum},
    partition::{Audience, Partition},
    reference::Reference,
    working::Working,
};
use crate::{
    error::{Error, Result},
    state::State,
};

/// How far a clock moves in one transaction; a transaction writes at most this many log entries per clock.
pub(crate) const TICK: i64 = 65_536;

/// Where the changed rows lie now and lay before, and their documents.
pub(crate) struct Placed {
    pub(crate) entries: Vec<Entry>,
    pub(crate) documents: Vec<sync_doc::Model>,
    /// Documents of audiences that see the row no more.
    stale: Vec<(&'static str, Uuid, i32)>,
    pub(crate) partitions: BTreeMap<i64, sync_partition::Model>,
    /// Those of them that were never written.
    fresh: BTreeSet<i64>,
    digests: digest::Differences,
}

/// A line of the change log to be.
pub(crate) struct Entry {
    pub(crate) partition: i64,
    pub(crate) collection: &'static str,
    pub(crate) row_id: Uuid,
    pub(crate) put: bool,
    rev: i64,
}

/// Stamps what changed, and works out log entries and documents.
pub(super) async fn place<C: ConnectionTrait>(
    state: &State,
    conn: &C,
    working: &mut Working,
    reference: &Reference,
    now: DateTime<Utc>,
) -> Result<Placed> {
    let mut changed: Vec<(&'static dyn Collection, Vec<Uuid>)> = Vec::new();
    for collection in state.collections {
        let ids = collection.stamp(working, now);
        if !ids.is_empty() {
            changed.push((*collection, ids));
        }
    }

    let mut before: BTreeMap<(String, Uuid), BTreeMap<i64, i64>> = BTreeMap::new();
    let all: Vec<Uuid> = changed.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    for ids in all.chunks(10_000) {
        let rows: Vec<(i64, String, Uuid, i64)> = sync_log::Entity::find()
            .select_only()
            .columns([
                sync_log::Column::Partition,
                sync_log::Column::Collection,
                sync_log::Column::RowId,
                sync_log::Column::Rev,
            ])
            .filter(sync_log::Column::RowId.is_in(ids.iter().copied()))
            .filter(sync_log::Column::Op.eq("put"))
            .into_tuple()
            .all(conn)
            .await?;
        for (partition, collection, row, rev) in rows {
            before
                .entry((collection, row))
                .or_default()
                .insert(partition, rev);
        }
    }

    let mut placed = Placed {
        entries: Vec::new(),
        documents: Vec::new(),
        stale: Vec::new(),
        partitions: BTreeMap::new(),
        fresh: BTreeSet::new(),
        digests: BTreeMap::new(),
    };
    for (collection, ids) in changed {
        let name = collection.name();
        for id in ids {
            let rev = collection.rev(working, id);
            let mut audiences = BTreeSet::new();
            let mut here = BTreeSet::new();
            for partition in collection.partitions(working, reference, id) {
                audiences.insert(partition.audience());
                if here.insert(partition.id()) {
                    let sum = placed.digests.entry((partition.id(), name)).or_default();
                    sum.add(Sum::of(id, rev));
                    placed.entries.push(Entry {
                        partition: partition.id(),
                        collection: name,
                        row_id: id,
                        put: true,
                        rev,
                    });
                    placed
                        .partitions
                        .entry(partition.id())
                        .or_insert_with(|| sync_partition::Model {
                            id: partition.id(),
                            name: partition.name(),
                            clock: reference.clock_of(partition),
                        });
                }
            }
            let was = before.remove(&(name.to_owned(), id)).unwrap_or_default();
            let was_there = !was.is_empty();
            for (partition, rev) in &was {
                let sum = placed.digests.entry((*partition, name)).or_default();
                sum.take(Sum::of(id, *rev));
            }
            for partition in was.keys().filter(|partition| !here.contains(partition)) {
                placed.entries.push(Entry {
                    partition: *partition,
                    collection: name,
                    row_id: id,
                    put: false,
                    rev,
                });
            }
            for audience in Audience::ALL {
                if audiences.contains(&audience) {
                    let mut document = collection.document(working, reference, id, audience);
                    document.insert("rev".to_owned(), rev.to_string().into());
                    placed.documents.push(sync_doc::Model {
                        collection: name.to_owned(),
                        row_id: id,
                        audience: audience.rank(),
                        rev,
                        doc: serde_json::Value::Object(document).to_string(),
                    });
                } else if was_there {
                    placed.stale.push((name, id, audience.rank()));
                }
            }
        }
    }

    // A partition's clock is fixed for ever when it is first written; an account's own is named by the account.
    for account in working.account.iter() {
        let own = Partition::Account(account.id);
        placed.partitions.insert(
            own.id(),
            sync_partition::Model {
                id: own.id(),
                name: own.name(),
                clock: account.clock.clone(),
            },
        );
    }
    let mut ids: BTreeSet<i64> = placed.partitions.keys().copied().collect();
    ids.extend(placed.entries.iter().map(|entry| entry.partition));
    for known in sync_partition::Entity::find()
        .filter(sync_partition::Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await?
    {
        ids.remove(&known.id);
        placed.partitions.insert(known.id, known);
    }
    placed.fresh = ids;
    Ok(placed)
}

impl Placed {
    /// The clocks that number its entries.
    pub(super) fn clocks(&self) -> impl Iterator<Item = String> {
        self.partitions.values().map(|partition| partition.clock.clone())
    }

    /// Whether a partition that is new to us was tied to another clock by somebody else since it was looked at. Two processes
    /// may write a partition for the first time at the same moment, and one of them may not have read yet to which province
    /// a new unit or body belongs. Entries numbered by the wrong clock would lie below what devices have read, and be
    /// missed for ever.
    async fn is_tied_elsewhere<C: ConnectionTrait>(&self, tx: &C) -> Result<bool> {
        if self.fresh.is_empty() {
            return Ok(false);
        }
        // After the insert, which waited for whoever else inserted them.
        let tied = sync_partition::Entity::find()
            .filter(sync_partition::Column::Id.is_in(self.fresh.iter().copied()))
            .all(tx)
            .await?;
        let ours = |row: &sync_partition::Model| {
            let known = self.partitions.get(&row.id);
            known.is_none_or(|known| known.clock == row.clock)
        };
        Ok(!tied.iter().all(ours))
    }

    /// Whether it could be written; if not, a clock is needed that was not ticked.
    pub(super) async fn write<C: ConnectionTrait>(
        self,
        tx: &C,
        ticks: BTreeMap<String, i64>,
    ) -> Result<bool> {
        if self.partitions.is_empty() {
            return Ok(true);
        }
        let partitions: Vec<_> = self
            .partitions
            .values()
            .map(|row| sync_partition::ActiveModel {
                id: Set(row.id),
                name: Set(row.name.clone()),
                clock: Set(row.clock.clone()),
            })
            .collect();
        sync_partition::Entity::insert_many(partitions)
            .on_conflict(
                OnConflict::column(sync_partition::Column::Id)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
        if self.is_tied_elsewhere(tx).await? {
            return Ok(false);
        }

        let mut next = ticks.clone();
        let mut log = Vec::with_capacity(self.entries.len());
        for entry in self.entries {
            let clock = self
                .partitions
                .get(&entry.partition)
                .map(|row| row.clock.as_str())
                .unwrap_or_default();
            let seq = next
                .get_mut(clock)
                .ok_or_else(|| Error::internal("an entry without a ticked clock"))?;
            log.push(sync_log::ActiveModel {
                partition: Set(entry.partition),
                collection: Set(entry.collection.to_owned()),
                row_id: Set(entry.row_id),
                seq: Set(*seq),
                op: Set(if entry.put { "put" } else { "gone" }.to_owned()),
                rev: Set(entry.rev),
            });
            *seq += 1;
        }
        if next
            .iter()
            .any(|(clock, seq)| seq - ticks.get(clock).copied().unwrap_or(0) > TICK)
        {
            return Err(Error::internal("more log entries than a tick holds"));
        }
        for rows in log.chunks(4_000).filter(|rows| !rows.is_empty()) {
            sync_log::Entity::insert_many(rows.to_vec())
                .on_conflict(
                    OnConflict::columns([
                        sync_log::Column::Partition,
                        sync_log::Column::Collection,
                        sync_log::Column::RowId,
                    ])
                    .update_columns([sync_log::Column::Seq, sync_log::Column::Op, sync_log::Column::Rev])
                    .to_owned(),
                )
                .exec_without_returning(tx)
                .await?;
        }

        digest::write(tx, &self.digests).await?;

        let documents: Vec<_> = self
            .documents
            .into_iter()
            .map(|row| sync_doc::ActiveModel {
                collection: Set(row.collection),
                row_id: Set(row.row_id),
                audience: Set(row.audience),
                rev: Set(row.rev),
                doc: Set(row.doc),
            })
            .collect();
        for rows in documents.chunks(5_000) {
            sync_doc::Entity::insert_many(rows.to_vec())
                .on_conflict(
                    OnConflict::columns([
                        sync_doc::Column::Collection,
                        sync_doc::Column::RowId,
                        sync_doc::Column::Audience,
                    ])
                    .update_columns([sync_doc::Column::Rev, sync_doc::Column::Doc])
                    .to_owned(),
                )
                .exec_without_returning(tx)
                .await?;
        }
        for rows in self.stale.chunks(500) {
            let any = rows
                .iter()
                .fold(Condition::any(), |any, (collection, row, audience)| {
                    any.add(
                        Condition::all()
                            .add(sync_doc::Column::Collection.eq(*collection))
                            .add(sync_doc::Column::RowId.eq(*row))
                            .add(sync_doc::Column::Audience.eq(*audience)),
                    )
                });
            sync_doc::Entity::delete_many().filter(any).exec(tx).await?;
        }
        Ok(true)
    }
}
