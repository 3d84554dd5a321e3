//! The native sync surface: `syncPush` and `syncPull`; beside them the proof that a device is whole, and what was
//! refused.

mod digest;
mod issue;

use std::time::Duration;

use async_graphql::{Context, Enum, Object, SimpleObject};
pub use digest::{DigestQuery, SyncDigest, SyncHead, SyncRepair, SyncSum};
pub use issue::{DismissSyncIssueInput, DismissSyncIssuePayload, IssueMutation, IssueQuery, SyncIssue};

use super::{
    documents::Change,
    pull::{self, DEFAULT_BYTES, MOST_BYTES, Page, PageSize, Wanted},
    push,
    row::PushRow,
    wait::{self, pull_or_wait},
};
use crate::{
    error::{Code, Error, Lang, Result},
    graphql::{UserError, scalar::Json, state, viewer},
    state::State,
    store::writing::{Outcome, Status},
    viewer::Viewer,
};

/// What became of a pushed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub enum SyncStatus {
    /// It is stored.
    Applied,
    /// It was stored before; nothing was done.
    Duplicate,
    /// It is stored, together with what somebody else changed in other fields; `master` is the whole row.
    Merged,
    /// Somebody else changed the same field; `master` is the whole row, what was pushed is kept in history.
    Conflict,
    /// It was refused; its bytes are kept, and its author finds a `syncIssue`.
    Rejected,
    /// It refers to a row that has not arrived; it is kept and applied when that comes.
    Deferred,
}

/// The outcome of one pushed row.
#[derive(Clone, Debug, SimpleObject)]
pub struct SyncResult {
    /// The place of the row in the request, counted from 0.
    index: i32,
    /// The row's own `mutationId`; for a row without one, a name made of its bytes.
    mutation_id: String,
    /// What became of it.
    status: SyncStatus,
    /// The row's version now.
    rev: Option<String>,
    /// The whole row, where the client's copy is not the newest.
    master: Option<Json>,
    /// Why it was not applied.
    errors: Vec<UserError>,
}

/// One change.
#[derive(Clone, Debug, SimpleObject)]
pub struct SyncChange {
    /// Where the row lies: places in the page's `partitions`.
    p: Vec<i32>,
    /// The collection.
    c: String,
    /// `put`, or `gone` when the row was deleted or left the scope.
    op: String,
    /// The row's id.
    id: String,
    /// The row's version; null when gone.
    rev: Option<String>,
    /// The document: flat, as described in docs/sync.md; null when gone.
    d: Option<Json>,
}

/// One page of changes.
#[derive(Clone, Debug, SimpleObject)]
pub struct SyncPage {
    /// The partitions to which `p` refers.
    partitions: Vec<String>,
    /// What changed, each row once, in the richest form that the viewer may see.
    changes: Vec<SyncChange>,
    /// Where the page ends: give it back to read on. Opaque, signed, for this account and device only.
    cursor: String,
    /// Under which the database is known until it is replaced by an older copy. Another than the one that the device
    /// knows: what it read may be lost here; it offers its own rows again, then reads from the start.
    epoch: String,
    /// Whether more is pending. If not, the page ends at one moment for all collections.
    more: bool,
    /// The proof that the client is whole (docs/sync.md): how many rows it holds after this page, each counted once
    /// for each partition in which it lies, and the sum of their fingerprints, as `count:sum`; null while more is
    /// pending.
    digest: Option<String>,
    /// Whether the device was given up: it hands in what it has not sent, then erases everything. Null means no.
    wipe: Option<bool>,
}

/// The answer of a push.
#[derive(Clone, Debug, SimpleObject)]
pub struct SyncPushPayload {
    /// `results[i]` answers `rows[i]`.
    results: Vec<SyncResult>,
    /// The page after `cursor`, if one was given: upload and download in one round trip.
    pull: Option<SyncPage>,
}

fn results(rows: Vec<(String, Outcome)>, lang: Lang) -> Vec<SyncResult> {
    rows.into_iter()
        .enumerate()
        .map(|(index, (mutation_id, outcome))| SyncResult {
            index: i32::try_from(index).unwrap_or(i32::MAX),
            mutation_id,
            status: outcome.status.into(),
            rev: outcome.rev.map(|rev| rev.to_string()),
            master: outcome.master.map(|master| Json::raw(master.to_string())),
            errors: UserError::all(&outcome.errors, lang),
        })
        .collect()
}

/// Changes as they travel, and the partitions to which they refer.
fn changes(viewer: &Viewer, changes: Vec<Change>) -> (Vec<String>, Vec<SyncChange>) {
    let mut partitions: Vec<i64> = Vec::new();
    let changes = changes
        .into_iter()
        .map(|change| {
            let p = change
                .partitions
                .iter()
                .map(|partition| {
                    let place = partitions
                        .iter()
                        .position(|known| known == partition)
                        .unwrap_or_else(|| {
                            partitions.push(*partition);
                            partitions.len() - 1
                        });
                    i32::try_from(place).unwrap_or(i32::MAX)
                })
                .collect();
            SyncChange {
                p,
                c: change.collection,
                op: if change.doc.is_some() { "put" } else { "gone" }.to_owned(),
                id: change.id.to_string(),
                rev: change.doc.as_ref().map(|_| change.rev.to_string()),
                d: change.doc.map(Json::raw),
            }
        })
        .collect();
    let names: std::collections::HashMap<i64, String> = viewer
        .partitions()
        .iter()
        .map(|partition| (partition.id(), partition.name()))
        .collect();
    let partitions = partitions
        .iter()
        .map(|id| names.get(id).cloned().unwrap_or_default())
        .collect();
    (partitions, changes)
}

/// The page after a cursor, of the collections that it serves.
async fn read_on(state: &State, viewer: &Viewer, cursor: &str, digest: bool) -> Result<Page> {
    let wanted = Wanted {
        collections: pull::served(state, viewer, cursor)?,
        size: PageSize::of_bytes(DEFAULT_BYTES),
        digest,
    };
    pull::pull(state, viewer, Some(cursor), wanted).await
}

fn page(state: &State, viewer: &Viewer, page: Page) -> SyncPage {
    // It has read all that it asks for, whatever its collections, and is not woken for that. An answer that is lost on
    // the way is asked for again by the device itself. (RxDB reads its collections one by one: there a last page tells
    // nothing of the others.)
    if let Some(device) = viewer.device_id().filter(|_| !page.more && !viewer.is_wiping()) {
        let now = state.clock.now();
        state.waking.notes.has_read(device, &page.cursor.clocks, now);
    }
    let (partitions, changes) = changes(viewer, page.changes);
    SyncPage {
        partitions,
        changes,
        cursor: page.cursor.encode(&state.keys),
        epoch: page.cursor.epoch.to_string(),
        more: page.more,
        digest: page.digest.map(digest::told),
        wipe: viewer.is_wiping().then_some(true),
    }
}

/// Queries of the sync surface.
#[derive(Default)]
pub struct SyncQuery;

#[Object]
impl SyncQuery {
    /// What changed since a checkpoint (đồng bộ xuống), for all collections in one request.
    ///
    /// Without `cursor` from the start, newest first. `maxBytes` (1,024 to 4,194,304; default 65,536) cuts the
    /// page; `collections` restricts it, and may change from page to page; with `waitMs` (up to 60,000) the answer waits for something new, where
    /// sockets are blocked. Errors: `UNAUTHENTICATED`, `INVALID_CURSOR`, `OUT_OF_RANGE`, `LIMIT_TOO_LARGE`,
    /// `UNKNOWN_CODE`.
    async fn sync_pull(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where the last page ended; none for the start.")] cursor: Option<String>,
        #[graphql(desc = "Bytes of documents in the page, 1,024 to 4,194,304; 65,536 unless said.")]
        max_bytes: Option<i32>,
        #[graphql(
            desc = "How long to wait if there is nothing, in milliseconds, 0 to 60,000; 0 unless said."
        )]
        wait_ms: Option<i32>,
        #[graphql(desc = "Only these collections; all unless said.")] collections: Option<Vec<String>>,
    ) -> Result<SyncPage> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let bytes = match max_bytes {
            None => DEFAULT_BYTES,
            Some(bytes) => usize::try_from(bytes)
                .ok()
                .filter(|bytes| *bytes >= 1_024)
                .ok_or(Error::Code(Code::OutOfRange, Some(1_024)))?,
        };
        if bytes > MOST_BYTES {
            return Err(Error::limit(Code::LimitTooLarge, MOST_BYTES as u64));
        }
        let longest =
            u64::try_from(wait_ms.unwrap_or(0)).map_err(|_| Error::Code(Code::OutOfRange, Some(0)))?;
        let longest = Duration::from_millis(longest);
        if longest > wait::LONGEST {
            return Err(Error::limit(
                Code::LimitTooLarge,
                wait::LONGEST.as_millis() as u64,
            ));
        }
        let asked = pull::bits(collections.as_deref())?;
        // A device that is to be emptied loses all that it was ever told, whatever it asks for.
        let collections = match cursor.as_deref().filter(|_| viewer.is_wiping()) {
            Some(cursor) => pull::served(state, viewer, cursor)?,
            None => asked,
        };
        let wanted = Wanted {
            collections,
            size: PageSize::of_bytes(bytes),
            digest: ctx.look_ahead().field("digest").exists(),
        };
        let (viewer, read) = pull_or_wait(state, viewer, cursor.as_deref(), wanted, longest).await?;
        Ok(page(state, &viewer, read))
    }
}

/// Mutations of the sync surface.
#[derive(Default)]
pub struct SyncMutation;

#[Object]
impl SyncMutation {
    /// Uploads rows that were recorded offline (đồng bộ lên).
    ///
    /// A row: `{mutationId collection id baseRev patch delete recordedAt schema}`. Each row has its own outcome,
    /// and a row sent again is applied once. At most 500 rows or 4 MiB. With `cursor` the answer also holds the
    /// page after it, of the collections that the cursor serves. Errors: `UNAUTHENTICATED`, `TOO_MANY_ROWS`,
    /// `INVALID_CURSOR`.
    async fn sync_push(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 500; each has its own outcome.")] rows: Vec<Json>,
        #[graphql(desc = "Where the last page ended, to read on in the same answer.")] cursor: Option<String>,
    ) -> Result<Option<SyncPushPayload>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let rows: Vec<PushRow> = rows.into_iter().map(|Json(value)| PushRow::read(value)).collect();
        let mutations: Vec<String> = rows.iter().map(|row| row.mutation_id.clone()).collect();
        let outcomes = push::push(state, viewer, rows).await?;
        let results = results(mutations.into_iter().zip(outcomes).collect(), viewer.lang);
        let pull = match cursor {
            None => None,
            Some(cursor) => {
                let digest = ctx.look_ahead().field("pull").field("digest").exists();
                match read_on(state, viewer, &cursor, digest).await {
                    Ok(read) => Some(page(state, viewer, read)),
                    // The rows are stored: what fails now must not take their results away.
                    Err(error) => {
                        ctx.add_error(async_graphql::Error::from(error).into_server_error(ctx.item.pos));
                        None
                    }
                }
            }
        };
        Ok(Some(SyncPushPayload { results, pull }))
    }
}
