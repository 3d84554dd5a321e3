//! The native sync surface: `syncPush` and `syncPull`.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::{id::SyncIssueId, sync_issue};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    pull::{self, DEFAULT_BYTES, MOST_BYTES, Page, PageSize},
    push,
    row::PushRow,
};
use crate::{
    error::{Code, Error, Lang, Result},
    graphql::{
        UserError,
        scalar::{Json, Time},
        state, viewer, wire_id,
    },
    seal,
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
    /// Whether more is pending. If not, the page ends at one moment for all collections.
    more: bool,
    /// Reserved for the proof that the client is whole; null until asked for by `syncDigest`.
    digest: Option<Json>,
    /// Whether the device has to erase what it holds; null means no.
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

fn page(state: &State, viewer: &Viewer, page: Page) -> SyncPage {
    let mut partitions: Vec<i64> = Vec::new();
    let changes = page
        .changes
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
    SyncPage {
        partitions: partitions
            .iter()
            .map(|id| names.get(id).cloned().unwrap_or_default())
            .collect(),
        changes,
        cursor: page.cursor.encode(&state.keys),
        more: page.more,
        digest: None,
        wipe: None,
    }
}

/// Queries of the sync surface.
#[derive(Default)]
pub struct SyncQuery;

#[Object]
impl SyncQuery {
    /// A pushed row of one's own that was refused, with what was written; null if there is none or it is another's.
    async fn sync_issue(&self, ctx: &Context<'_>, id: ID) -> Result<Option<SyncIssue>> {
        let (Some(id), Some(account)) = (crate::graphql::id::<SyncIssueId>(&id), viewer(ctx)?.account_id())
        else {
            return Ok(None);
        };
        let issue = sync_issue::Entity::find_by_id(id)
            .filter(sync_issue::Column::AccountId.eq(account))
            .one(state(ctx)?.store.read())
            .await?;
        Ok(issue.map(SyncIssue))
    }

    /// What changed since a checkpoint (đồng bộ xuống), for all collections in one request.
    ///
    /// Without `cursor` from the start, newest first. `maxBytes` (1,024 to 4,194,304; default 65,536) cuts the
    /// page; `collections` restricts it. Errors: `UNAUTHENTICATED`, `INVALID_CURSOR`, `OUT_OF_RANGE`,
    /// `UNKNOWN_CODE`.
    async fn sync_pull(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where the last page ended; none for the start.")] cursor: Option<String>,
        #[graphql(desc = "Bytes of documents in the page, 1,024 to 4,194,304; 65,536 unless said.")]
        max_bytes: Option<i32>,
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
        let bits = pull::bits(collections.as_deref())?;
        let read = pull::pull(state, viewer, cursor.as_deref(), bits, PageSize::of_bytes(bytes)).await?;
        Ok(page(state, viewer, read))
    }
}

/// A pushed row that was refused (phiếu bị từ chối), for its author alone.
pub struct SyncIssue(sync_issue::Model);

/// A pushed row that was refused (dòng dữ liệu bị từ chối), explained to its author and to nobody else.
#[Object]
impl SyncIssue {
    /// The bare lower-case UUID.
    async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The collection that the row named, if there is one of that name.
    async fn collection(&self) -> Option<&str> {
        self.0.collection.as_deref()
    }

    /// The id that the row named.
    async fn row_id(&self) -> Option<ID> {
        self.0.row_id.map(wire_id)
    }

    /// The row's own `mutationId`.
    async fn mutation_id(&self) -> &str {
        &self.0.mutation_id
    }

    /// Why it was refused: a code of the closed table (docs/errors.md).
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// One sentence for people, in the viewer's language.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<&'static str>> {
        Ok(Code::from_name(&self.0.code)
            .map(|code| code.message(viewer(ctx).map(|viewer| viewer.lang).unwrap_or_default())))
    }

    /// The field that it is about, if it is about one.
    async fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// `open` or `resolved`.
    async fn status(&self) -> &str {
        &self.0.status
    }

    /// When it was refused.
    async fn at(&self) -> Time {
        Time(self.0.at)
    }

    /// The row as it was pushed, text as it came; null for a denunciation, of which nothing is kept.
    async fn original(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(sealed) = &self.0.payload else {
            return Ok(None);
        };
        let raw = seal::open_quarantined(&state(ctx)?.keys, push::issue_field(self.0.id), sealed)?;
        Ok(Some(String::from_utf8_lossy(&raw).into_owned()))
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
    /// page after it. Errors: `UNAUTHENTICATED`, `TOO_MANY_ROWS`, `INVALID_CURSOR`.
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
                let size = PageSize::of_bytes(DEFAULT_BYTES);
                let all = super::registry::all_bits();
                match pull::pull(state, viewer, Some(&cursor), all, size).await {
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
