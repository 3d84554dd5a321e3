//! The proof that a device is whole.

use std::collections::BTreeMap;

use async_graphql::{Context, Object, SimpleObject};
use uuid::Uuid;

use super::{
    super::digest::{self, Head, Held, Line, MOST_HELD},
    SyncChange, changes,
};
use crate::{
    error::{Code, Error, Refused, Result},
    graphql::{state, viewer},
    store::{digest::Sum, writing::parse_id},
};

/// A sum as it travels: `count:sum`.
pub(super) fn told(sum: Sum) -> String {
    format!("{}:{}", sum.count, sum.hex())
}

/// How a device stands, in few bytes.
#[derive(Clone, Debug, SimpleObject)]
pub struct SyncHead {
    /// The positions of the clocks that order the changes of the viewer's partitions, as `clock:position`. They say
    /// whether anything happened since another answer, nothing more.
    clocks: Vec<String>,
    /// How many rows there are and the sum of their fingerprints, as `count:sum`; see `SyncPage.digest`.
    digest: String,
    /// Whether there is something after `cursor` to be pulled.
    more: bool,
}

/// The sums of what lies in the viewer's partitions.
#[derive(Clone, Debug, SimpleObject)]
pub struct SyncDigest {
    /// Whether there is something after `cursor` to be pulled first: only then do the sums compare.
    more: bool,
    /// Sums by partition and collection, or by the parts of one; those of nothing are left out.
    sums: Vec<SyncSum>,
}

/// The sum of some rows.
#[derive(Clone, Debug, SimpleObject)]
pub struct SyncSum {
    /// The partition.
    partition: String,
    /// The collection.
    collection: String,
    /// The last two digits of the ids, where the parts of one collection in one partition were asked for.
    bucket: Option<String>,
    /// How many rows.
    count: i32,
    /// The sum of their fingerprints: 16 hexadecimal digits.
    sum: String,
}

impl From<Line> for SyncSum {
    fn from(line: Line) -> Self {
        Self {
            partition: line.partition,
            collection: line.collection,
            bucket: line.bucket.map(|part| format!("{part:02x}")),
            count: i32::try_from(line.sum.count).unwrap_or(i32::MAX),
            sum: line.sum.hex(),
        }
    }
}

/// Rows in which a device differs, as they are.
#[derive(Clone, Debug, SimpleObject)]
pub struct SyncRepair {
    /// The partitions to which `p` refers.
    partitions: Vec<String>,
    /// What the device has to put or to remove.
    changes: Vec<SyncChange>,
    /// Whether there is more than fits in one answer: repair what came and ask again.
    more: bool,
}

/// The proof that a device is whole.
#[derive(Default)]
pub struct DigestQuery;

#[Object]
impl DigestQuery {
    /// Whether anything is new, and whether the device is whole, in less than 300 bytes (kiểm tra đồng bộ).
    ///
    /// Errors: `UNAUTHENTICATED`, `INVALID_CURSOR`.
    async fn sync_head(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where the last page ended.")] cursor: Option<String>,
    ) -> Result<SyncHead> {
        let Head { clocks, digest, more } =
            digest::head(state(ctx)?, viewer(ctx)?, cursor.as_deref()).await?;
        Ok(SyncHead {
            clocks: clocks
                .into_iter()
                .map(|(clock, position)| format!("{:08x}:{position}", (clock as u64) >> 32))
                .collect(),
            digest: told(digest),
            more,
        })
    }

    /// The sums of what lies in the viewer's partitions (bảng đối chiếu), to find out where a device differs: first of
    /// all of them, then of the 256 parts of one collection in one partition.
    ///
    /// Errors: `UNAUTHENTICATED`, `INVALID_CURSOR`, `REQUIRED` (a partition without a collection, or the other way),
    /// `UNKNOWN_CODE`.
    async fn sync_digest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where the last page ended.")] cursor: Option<String>,
        #[graphql(desc = "The parts of this partition, with `collection`.")] partition: Option<String>,
        #[graphql(desc = "The parts of this collection, with `partition`.")] collection: Option<String>,
    ) -> Result<SyncDigest> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let (lines, more) = match (&partition, &collection) {
            (Some(partition), Some(collection)) => {
                digest::buckets(state, viewer, cursor.as_deref(), partition, collection).await?
            }
            (None, None) => digest::table(state, viewer, cursor.as_deref()).await?,
            (Some(_), None) => return Err(Refused::field(Code::Required, "collection").into()),
            (None, Some(_)) => return Err(Refused::field(Code::Required, "partition").into()),
        };
        Ok(SyncDigest {
            more,
            sums: lines.into_iter().map(SyncSum::from).collect(),
        })
    }

    /// The rows in which a device differs from what lies in a partition, and nothing else (sửa sai lệch).
    ///
    /// `held`: what the device holds there, as `id:rev`, at most 5,000; `bucket` restricts it to ids that end with these
    /// two digits. Errors: `UNAUTHENTICATED`, `UNKNOWN_CODE`, `TOO_MANY_ROWS`, `INVALID_VALUE`.
    async fn sync_repair(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partition, as in `partitions` of a page.")] partition: String,
        #[graphql(desc = "The collection.")] collection: String,
        #[graphql(desc = "Two hexadecimal digits.")] bucket: Option<String>,
        #[graphql(desc = "What the device holds: `id:rev`.")] held: Vec<String>,
    ) -> Result<SyncRepair> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        if held.len() > MOST_HELD {
            return Err(Error::limit(Code::TooManyRows, MOST_HELD as u64));
        }
        let invalid = |field: &'static str| Error::from(Refused::field(Code::InvalidValue, field));
        let bucket = bucket
            .map(|part| u8::from_str_radix(&part, 16).ok().filter(|_| part.len() == 2))
            .map(|part| part.ok_or_else(|| invalid("bucket")))
            .transpose()?;
        let rows: Option<BTreeMap<Uuid, i64>> = held
            .iter()
            .map(|row| {
                let (id, rev) = row.split_once(':')?;
                Some((parse_id(id)?, rev.parse().ok()?))
            })
            .collect();
        let held = Held {
            partition: &partition,
            collection: &collection,
            bucket,
            rows: rows.ok_or_else(|| invalid("held"))?,
        };
        let (rows, more) = digest::repair(state, viewer, held).await?;
        let (partitions, changes) = changes(viewer, rows);
        Ok(SyncRepair {
            partitions,
            changes,
            more,
        })
    }
}
