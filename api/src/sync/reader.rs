//! How a page is read from the log: what was lost goes first, then what changed since, then what was there before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::sync_partition;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    cursor::{Cursor, Part, Reading, clock_key},
    documents::{Change, Sight},
    pull::{Page, PageSize},
    registry,
};
use crate::{
    error::{Error, Result},
    starts,
    state::State,
    store::{door, sql::Sql},
    viewer::Viewer,
};

/// A log entry as it was read.
struct Entry {
    partition: i64,
    seq: i64,
    collection: String,
    id: Uuid,
    put: bool,
    /// Found while a partition is read that was won later than others.
    gained: bool,
}

/// Reads on from each part of a checkpoint, all in one snapshot. Nothing where the checkpoint is of another course of the
/// database, which also a part that rests may tell.
pub(super) async fn read_parts<C: ConnectionTrait>(
    state: &State,
    viewer: &Viewer,
    conn: &C,
    size: PageSize,
    (parts, resting): (Vec<Cursor>, Vec<Part>),
) -> Result<Option<Page>> {
    let reader = |cursor: Cursor, rows: usize| Reader {
        state,
        viewer,
        conn,
        size: PageSize { rows, ..size },
        cursor,
        rows: Vec::new(),
        more: false,
    };
    if let Some(first) = parts.first() {
        for part in &resting {
            if reader(first.at(part), 0).standing().await?.is_none() {
                return Ok(None);
            }
        }
    }
    let mut changes: Vec<Change> = Vec::new();
    let (mut read, mut more) = (Vec::new(), false);
    for part in parts {
        let room = size.rows.saturating_sub(changes.len());
        if room == 0 {
            if reader(part.clone(), 0).standing().await?.is_none() {
                return Ok(None);
            }
            read.push(part);
            more = true;
            continue;
        }
        let Some(page) = reader(part, room).read().await? else {
            return Ok(None);
        };
        changes.extend(page.changes);
        read.push(page.cursor);
        more = more || page.more;
    }
    let cursor =
        Cursor::joined(read, resting, !more).ok_or_else(|| Error::internal("a checkpoint without a part"))?;
    Ok(Some(Page {
        changes,
        cursor,
        more,
        digest: None,
    }))
}

struct Reader<'a, C> {
    state: &'a State,
    viewer: &'a Viewer,
    conn: &'a C,
    size: PageSize,
    cursor: Cursor,
    rows: Vec<Entry>,
    more: bool,
}

/// Where the database stands for a device.
struct Standing {
    mine: BTreeSet<i64>,
    known: HashMap<i64, sync_partition::Model>,
    tops: BTreeMap<String, i64>,
    /// The newest start of a server.
    newest: i64,
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// How far the clocks of all that concerns the device stand; nothing where its checkpoint is of another course of the
    /// database.
    async fn standing(&self) -> Result<Option<Standing>> {
        let mine: BTreeSet<i64> = self.viewer.partition_ids().into_iter().collect();
        let known = self.partitions(&mine).await?;
        let clock_names: BTreeSet<String> = known.values().map(|row| row.clock.clone()).collect();
        let names = clock_names
            .into_iter()
            .chain([starts::CLOCK.to_owned()])
            .collect();
        let mut tops = door::clocks(self.conn, &names).await?;
        let newest = tops.remove(starts::CLOCK).unwrap_or(0);
        let ahead = |(name, top): (&String, &i64)| {
            self.cursor
                .clocks
                .get(&clock_key(name))
                .is_some_and(|position| position > top)
        };
        let positions = (self.cursor.seen, &self.cursor.clocks);
        if tops.iter().any(ahead) || self.state.starts.is_foreign(self.conn, positions, newest).await? {
            return Ok(None);
        }
        Ok(Some(Standing {
            mine,
            known,
            tops,
            newest,
        }))
    }

    /// Nothing where the checkpoint is of another course of the database.
    async fn read(mut self) -> Result<Option<Page>> {
        let Some(standing) = self.standing().await? else {
            return Ok(None);
        };
        let Standing {
            mine,
            known,
            tops,
            newest,
        } = standing;
        // Partitions that were never written have no clock yet and nothing in them.
        let clock_of = |partition: i64| known.get(&partition).map(|row| row.clock.as_str());

        self.cursor.seen = newest;
        for (name, top) in &tops {
            self.cursor.clocks.entry(clock_key(name)).or_insert(*top);
        }
        let is_new = self.cursor.partitions.is_empty();
        for partition in &mine {
            if let Some(clock) = clock_of(*partition) {
                let position = self.cursor.clocks.get(&clock_key(clock)).copied().unwrap_or(0);
                let reading = self.cursor.partitions.entry(*partition).or_insert(if is_new {
                    Reading::Backfill(position + 1)
                } else {
                    Reading::Gained(position + 1)
                });
                // Lost and won back before the purge ended: send everything again.
                if matches!(reading, Reading::Purge(_)) {
                    *reading = Reading::Gained(position + 1);
                }
            }
        }
        for (partition, reading) in &mut self.cursor.partitions {
            if !mine.contains(partition) && !matches!(reading, Reading::Purge(_)) {
                *reading = Reading::Purge(0);
            }
        }

        self.purge().await?;
        for (name, top) in &tops {
            self.delta(name, *top, &known).await?;
        }
        self.backfill().await?;
        self.finish(&tops).await.map(Some)
    }

    fn room(&self) -> usize {
        self.size.rows.saturating_sub(self.rows.len())
    }

    async fn partitions(&self, mine: &BTreeSet<i64>) -> Result<HashMap<i64, sync_partition::Model>> {
        let ids: BTreeSet<i64> = mine
            .iter()
            .chain(self.cursor.partitions.keys())
            .copied()
            .collect();
        let rows = sync_partition::Entity::find()
            .filter(sync_partition::Column::Id.is_in(ids))
            .all(self.conn)
            .await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }

    /// Ids of rows in partitions that were lost, upwards.
    async fn purge(&mut self) -> Result<()> {
        let lost: Vec<(i64, i64)> = self
            .cursor
            .partitions
            .iter()
            .filter_map(|(partition, reading)| match reading {
                Reading::Purge(from) => Some((*partition, *from)),
                _ => None,
            })
            .collect();
        for (partition, from) in lost {
            let room = self.room();
            if room == 0 {
                self.more = true;
                return Ok(());
            }
            let found = self
                .entries(&[(partition, from, i64::MAX)], room, false, false)
                .await?;
            let full = found.len() == room;
            let last = found.last().map(|entry| entry.seq);
            self.rows
                .extend(found.into_iter().map(|entry| Entry { put: false, ..entry }));
            match last {
                Some(last) if full => {
                    self.cursor.partitions.insert(partition, Reading::Purge(last));
                    self.more = true;
                }
                _ => {
                    self.cursor.partitions.remove(&partition);
                }
            }
        }
        Ok(())
    }

    /// What changed in one clock's partitions, upwards.
    async fn delta(
        &mut self,
        clock: &str,
        top: i64,
        known: &HashMap<i64, sync_partition::Model>,
    ) -> Result<()> {
        let key = clock_key(clock);
        let from = self.cursor.clocks.get(&key).copied().unwrap_or(0);
        if from == top {
            return Ok(());
        }
        let room = self.room();
        if room == 0 {
            self.more = true;
            return Ok(());
        }
        let ranges: Vec<(i64, i64, i64)> = self
            .cursor
            .partitions
            .iter()
            .filter(|(_, reading)| !matches!(reading, Reading::Purge(_)))
            .filter(|(partition, _)| known.get(partition).is_some_and(|row| row.clock == clock))
            .map(|(partition, _)| (*partition, from, top))
            .collect();
        let found = self.entries(&ranges, room, false, false).await?;
        if found.len() == room {
            let last = found.last().map_or(from, |entry| entry.seq);
            self.cursor.clocks.insert(key, last);
            self.more = true;
        } else {
            self.cursor.clocks.insert(key, top);
        }
        self.rows.extend(found);
        Ok(())
    }

    /// What was in new partitions when they were won, downwards: newest first.
    async fn backfill(&mut self) -> Result<()> {
        let mut open: Vec<(i64, i64, bool)> = self
            .cursor
            .partitions
            .iter()
            .filter_map(|(partition, reading)| match reading {
                Reading::Backfill(below) => Some((*partition, *below, false)),
                Reading::Gained(below) => Some((*partition, *below, true)),
                _ => None,
            })
            .collect();
        // The most personal first: one's own, the council's, the places', and only then what everybody has.
        open.sort_by_key(|(partition, ..)| std::cmp::Reverse(self.viewer.audience_of(*partition)));
        for (partition, below, gained) in open {
            let room = self.room();
            if room == 0 {
                self.more = true;
                return Ok(());
            }
            let found = self
                .entries(&[(partition, 0, below - 1)], room, true, true)
                .await?;
            let reading = match found.last() {
                Some(last) if found.len() == room => {
                    self.more = true;
                    if gained {
                        Reading::Gained(last.seq)
                    } else {
                        Reading::Backfill(last.seq)
                    }
                }
                _ => Reading::Level,
            };
            self.cursor.partitions.insert(partition, reading);
            self.rows
                .extend(found.into_iter().map(|entry| Entry { gained, ..entry }));
        }
        Ok(())
    }

    /// Log entries of partitions, each between two sequence numbers (above the first, up to the second), in order
    /// of sequence. One ranged read per partition, merged: the cost is that of the page, whatever is stored.
    async fn entries(
        &self,
        ranges: &[(i64, i64, i64)],
        most: usize,
        downwards: bool,
        only_put: bool,
    ) -> Result<Vec<Entry>> {
        let direction = if downwards { "DESC" } else { "ASC" };
        let names: Vec<&'static str> = registry::names(self.cursor.collections);
        let desk: Vec<&'static str> = registry::DESK.iter().map(|desk| desk.name()).collect();
        let takes_all = self.cursor.collections == registry::all_bits();
        let mut found = Vec::new();
        for ranges in ranges.chunks(100) {
            let mut sql = Sql::new(self.state.store.backend(), "");
            for (index, (partition, above, up_to)) in ranges.iter().enumerate() {
                sql.push(if index == 0 {
                    "SELECT * FROM ("
                } else {
                    " UNION ALL SELECT * FROM ("
                });
                sql.push("SELECT partition, seq, collection, row_id, op FROM sync_log WHERE partition = ")
                    .bind(*partition);
                sql.push(" AND seq > ")
                    .bind(*above)
                    .push(" AND seq <= ")
                    .bind(*up_to);
                if only_put {
                    sql.push(" AND op = 'put'");
                }
                if takes_all {
                    sql.push(" AND collection NOT IN ").bind_all(desk.iter().copied());
                } else {
                    sql.push(" AND collection IN ").bind_all(names.iter().copied());
                }
                sql.push(" ORDER BY seq ")
                    .push(direction)
                    .push(" LIMIT ")
                    .bind(most as i64)
                    .push(") AS part");
            }
            for row in sql.all(self.conn).await? {
                found.push(Entry {
                    partition: row.try_get("", "partition")?,
                    seq: row.try_get("", "seq")?,
                    collection: row.try_get("", "collection")?,
                    id: row.try_get("", "row_id")?,
                    put: row.try_get::<String>("", "op")? == "put",
                    gained: false,
                });
            }
        }
        if ranges.len() > 1 {
            found.sort_by_key(|entry| if downwards { -entry.seq } else { entry.seq });
            found.truncate(most);
        }
        Ok(found)
    }

    /// Turns entries into changes: each row once, in the richest form that the viewer may see.
    async fn finish(self, tops: &BTreeMap<String, i64>) -> Result<Page> {
        let sight = Sight {
            backend: self.state.store.backend(),
            viewer: self.viewer,
            conn: self.conn,
        };
        let live = sight
            .live(self.rows.iter().map(|entry| entry.id).collect())
            .await?;

        let mut wanted: Vec<(String, Uuid)> = Vec::new();
        let mut seen: BTreeSet<(String, Uuid)> = BTreeSet::new();
        for entry in &self.rows {
            let key = (entry.collection.clone(), entry.id);
            let best = live.get(&key).and_then(|here| sight.richest(here));
            let send = match best {
                None => true,
                // Put in a poorer partition than the richest: its own entry there brings it.
                Some(best) if entry.put => {
                    entry.gained || self.viewer.audience_of(entry.partition) == Some(best)
                }
                // It left a partition, or the partition was lost, and is seen elsewhere: send it again, in the form
                // that remains, and so that the device knows where it still lies.
                Some(_) => true,
            };
            if send && seen.insert(key.clone()) {
                wanted.push(key);
            }
        }
        let changes = sight.changes(wanted, &live).await?;

        let level = tops
            .iter()
            .all(|(name, top)| self.cursor.clocks.get(&clock_key(name)) == Some(top))
            && self
                .cursor
                .partitions
                .values()
                .all(|reading| *reading == Reading::Level);
        Ok(Page {
            changes,
            cursor: self.cursor,
            more: self.more || !level,
            digest: None,
        })
    }
}
