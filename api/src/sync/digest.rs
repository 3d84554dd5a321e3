//! The proof that a device is whole: sums over what lies in a viewer's partitions, and the repair of what differs.
//!
//! What a row adds to a sum is told in `store::digest`. Sums are compared at one moment: whoever has not read everything
//! is told so, and reads first.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{
    cursor::{Cursor, Reading, clock_key},
    documents::{Change, Sight},
    registry,
};
use crate::{
    error::{Code, Error, Result},
    starts,
    state::State,
    store::{digest::Sum, door, partition::Partition, sql::Sql},
    viewer::Viewer,
};

/// Rows that one call repairs, and rows that a client may name in it.
pub const MOST_REPAIRED: usize = 1_000;
/// Rows that a client may say it holds.
pub const MOST_HELD: usize = 5_000;

/// The sum of rows of one collection in one partition.
#[derive(Clone, Debug)]
pub struct Line {
    pub partition: String,
    pub collection: String,
    /// The last byte of the ids, where a part was asked for.
    pub bucket: Option<u8>,
    pub sum: Sum,
}

/// How a device stands to the server, in few bytes.
#[derive(Clone, Debug)]
pub struct Head {
    /// Positions of the clocks of the viewer's partitions, by the clocks' numbers.
    pub clocks: BTreeMap<i64, i64>,
    pub digest: Sum,
    pub more: bool,
}

/// The sum of everything in the viewer's partitions, each row once for each partition in which it lies.
pub(super) async fn total<C: ConnectionTrait>(conn: &C, viewer: &Viewer, collections: u64) -> Result<Sum> {
    let mut total = Sum::default();
    for line in lines(conn, viewer, collections).await? {
        total.add(line.sum);
    }
    Ok(total)
}

/// The sums by partition and collection; those that are empty are left out.
async fn lines<C: ConnectionTrait>(conn: &C, viewer: &Viewer, collections: u64) -> Result<Vec<Line>> {
    let names: BTreeMap<i64, String> = viewer
        .partitions()
        .iter()
        .map(|partition| (partition.id(), partition.name()))
        .collect();
    let mut sql = Sql::new(
        conn.get_database_backend(),
        "SELECT partition, collection, count, high, low FROM sync_digest WHERE count <> 0 AND partition IN ",
    );
    sql.bind_all(names.keys().copied());
    let mut lines = Vec::new();
    for row in sql.all(conn).await? {
        let row = entity::sync_digest::Model {
            partition: row.try_get("", "partition")?,
            collection: row.try_get("", "collection")?,
            count: row.try_get("", "count")?,
            high: row.try_get("", "high")?,
            low: row.try_get("", "low")?,
        };
        if registry::bit(&row.collection).is_some_and(|bit| collections & bit != 0) {
            lines.push(Line {
                partition: names.get(&row.partition).cloned().unwrap_or_default(),
                sum: Sum::stored(&row),
                collection: row.collection,
                bucket: None,
            });
        }
    }
    lines.sort_by(|one, other| (&one.partition, &one.collection).cmp(&(&other.partition, &other.collection)));
    Ok(lines)
}

/// The sums by partition and collection, and whether the device has something to read first.
pub async fn table(state: &State, viewer: &Viewer, cursor: Option<&str>) -> Result<(Vec<Line>, bool)> {
    let snapshot = state.store.snapshot().await?;
    let (cursor, more) = standing(state, viewer, cursor, &snapshot).await?;
    let lines = lines(&snapshot, viewer, cursor.served()).await?;
    snapshot.commit().await?;
    Ok((lines, more))
}

/// How a device stands, without a row.
pub async fn head(state: &State, viewer: &Viewer, cursor: Option<&str>) -> Result<Head> {
    let snapshot = state.store.snapshot().await?;
    let (cursor, more) = standing(state, viewer, cursor, &snapshot).await?;
    let digest = total(&snapshot, viewer, cursor.served()).await?;
    let clocks = clocks(viewer, &snapshot).await?;
    let tops = door::clocks(&snapshot, &clocks.values().cloned().collect()).await?;
    snapshot.commit().await?;
    Ok(Head {
        clocks: tops
            .into_iter()
            .map(|(name, top)| (clock_key(&name), top))
            .collect(),
        digest,
        more,
    })
}

/// The clocks of the viewer's partitions, those that were ever written.
async fn clocks<C: ConnectionTrait>(viewer: &Viewer, conn: &C) -> Result<BTreeMap<i64, String>> {
    let mut sql = Sql::new(
        conn.get_database_backend(),
        "SELECT id, clock FROM sync_partition WHERE id IN ",
    );
    sql.bind_all(viewer.partition_ids());
    sql.all(conn)
        .await?
        .iter()
        .map(|row| Ok((row.try_get("", "id")?, row.try_get("", "clock")?)))
        .collect()
}

/// The device's cursor, and whether there is something that it has not read.
async fn standing<C: ConnectionTrait>(
    state: &State,
    viewer: &Viewer,
    cursor: Option<&str>,
    conn: &C,
) -> Result<(Cursor, bool)> {
    let signed_in = viewer.signed_in()?;
    let (account, device) = (signed_in.account.id, signed_in.device.id);
    let Some(text) = cursor else {
        let start = Cursor::start(account, device, state.epoch.id(), registry::all_bits());
        return Ok((start, true));
    };
    let cursor = Cursor::decode(text, &state.keys, account, device)?;
    let mine: BTreeSet<i64> = viewer.partition_ids().into_iter().collect();
    let settled = cursor.epoch == state.epoch.id()
        && !cursor.beside.iter().any(|part| part.wanted)
        && cursor
            .partitions
            .iter()
            .all(|(partition, reading)| *reading == Reading::Level && mine.contains(partition));
    if !settled {
        return Ok((cursor, true));
    }
    let names = registry::names(cursor.served());
    let written = clocks(viewer, conn).await?;
    let clocks = written
        .values()
        .cloned()
        .chain([starts::CLOCK.to_owned()])
        .collect();
    let tops = door::clocks(conn, &clocks).await?;
    let newest = tops.get(starts::CLOCK).copied().unwrap_or(0);
    let positions = (cursor.seen, &cursor.clocks);
    if state.starts.is_foreign(conn, positions, newest).await? {
        return Ok((cursor, true));
    }
    let mut unread = Sql::new(conn.get_database_backend(), "SELECT 1 AS unread WHERE ");
    for (index, (partition, clock)) in written.iter().enumerate() {
        let position = cursor.clocks.get(&clock_key(clock)).copied();
        let is_new = !cursor.partitions.contains_key(partition);
        // A checkpoint from the future: the database was restored, and the next page starts again.
        if position > tops.get(clock).copied() {
            return Ok((cursor, true));
        }
        if index > 0 {
            unread.push(" OR ");
        }
        unread
            .push("EXISTS (SELECT 1 FROM sync_log WHERE partition = ")
            .bind(*partition)
            .push(" AND seq > ")
            .bind(if is_new { 0 } else { position.unwrap_or(0) })
            .push(" AND collection IN ")
            .bind_all(names.iter().copied())
            .push(")");
    }
    let more = !written.is_empty() && unread.one(conn).await?.is_some();
    Ok((cursor, more))
}

/// The rows of a collection in one of the viewer's partitions, by id with their versions; nothing for one that is
/// not his.
async fn rows<C: ConnectionTrait>(
    conn: &C,
    viewer: &Viewer,
    partition: &str,
    collection: &str,
) -> Result<BTreeMap<Uuid, i64>> {
    if registry::collection(collection).is_none() {
        return Err(Error::Code(Code::UnknownCode, None));
    }
    let Some(partition) = Partition::parse(partition).filter(|partition| viewer.reads(*partition)) else {
        return Ok(BTreeMap::new());
    };
    let mut sql = Sql::new(
        conn.get_database_backend(),
        "SELECT row_id, rev FROM sync_log WHERE op = 'put' AND partition = ",
    );
    sql.bind(partition.id())
        .push(" AND collection = ")
        .bind(collection.to_owned());
    sql.all(conn)
        .await?
        .iter()
        .map(|row| Ok((row.try_get("", "row_id")?, row.try_get("", "rev")?)))
        .collect()
}

fn bucket(id: Uuid) -> u8 {
    id.as_bytes()[15]
}

/// The sums of the parts of one collection in one partition, by the last byte of the ids: where a device differs, it
/// finds out with a few kilobytes in which 256th.
pub async fn buckets(
    state: &State,
    viewer: &Viewer,
    cursor: Option<&str>,
    partition: &str,
    collection: &str,
) -> Result<(Vec<Line>, bool)> {
    let snapshot = state.store.snapshot().await?;
    let (_, more) = standing(state, viewer, cursor, &snapshot).await?;
    let mut sums: BTreeMap<u8, Sum> = BTreeMap::new();
    for (id, rev) in rows(&snapshot, viewer, partition, collection).await? {
        sums.entry(bucket(id)).or_default().add(Sum::of(id, rev));
    }
    snapshot.commit().await?;
    let lines = sums
        .into_iter()
        .map(|(bucket, sum)| Line {
            partition: partition.to_owned(),
            collection: collection.to_owned(),
            bucket: Some(bucket),
            sum,
        })
        .collect();
    Ok((lines, more))
}

/// What a device holds of one collection in one partition, or of a part of it.
pub struct Held<'a> {
    pub partition: &'a str,
    pub collection: &'a str,
    /// Only ids that end with this byte.
    pub bucket: Option<u8>,
    pub rows: BTreeMap<Uuid, i64>,
}

/// The rows in which a device differs, as they are; and whether there are more than fit.
pub async fn repair(state: &State, viewer: &Viewer, held: Held<'_>) -> Result<(Vec<Change>, bool)> {
    viewer.signed_in()?;
    let snapshot = state.store.snapshot().await?;
    let mut there = rows(&snapshot, viewer, held.partition, held.collection).await?;
    there.retain(|id, _| held.bucket.is_none_or(|part| bucket(*id) == part));
    let mut differ: BTreeSet<Uuid> = there
        .iter()
        .filter(|(id, rev)| held.rows.get(id) != Some(rev))
        .map(|(id, _)| *id)
        .collect();
    differ.extend(held.rows.keys().filter(|id| !there.contains_key(id)));
    let more = differ.len() > MOST_REPAIRED;
    let wanted: Vec<(String, Uuid)> = differ
        .into_iter()
        .take(MOST_REPAIRED)
        .map(|id| (held.collection.to_owned(), id))
        .collect();
    let sight = Sight {
        backend: state.store.backend(),
        viewer,
        conn: &snapshot,
    };
    let live = sight.live(wanted.iter().map(|(_, id)| *id).collect()).await?;
    let changes = sight.changes(wanted, &live).await?;
    snapshot.commit().await?;
    Ok((changes, more))
}
