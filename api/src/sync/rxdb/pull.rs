//! Pages of exactly as many documents as were asked for: RxDB takes a shorter one for the last.

use crate::{
    error::{Code, Error, Result},
    state::State,
    store::collection::Collection,
    sync::{
        cursor::Cursor,
        documents::Change,
        pull::{self, PageSize, Wanted},
        registry,
    },
    viewer::Viewer,
};

/// Documents in a page, at the most. More is an error, never a shorter page.
pub const MOST_DOCUMENTS: i32 = 1_000;
/// Log entries looked at in one step: those that bring this viewer nothing must not cost a step each.
const MOST_ENTRIES: usize = 8_000;

/// A page, and the checkpoint after it.
pub struct Page {
    pub changes: Vec<Change>,
    pub cursor: String,
}

/// How many documents a client asks for.
pub fn limit(asked: i32) -> Result<usize> {
    if asked > MOST_DOCUMENTS {
        return Err(Error::limit(
            Code::LimitTooLarge,
            MOST_DOCUMENTS.unsigned_abs().into(),
        ));
    }
    usize::try_from(asked)
        .ok()
        .filter(|limit| *limit > 0)
        .ok_or(Error::limit(Code::OutOfRange, 1))
}

/// The next `limit` documents of a collection after a checkpoint; fewer only if there are no more.
pub async fn page(
    state: &State,
    viewer: &Viewer,
    collection: &dyn Collection,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page> {
    let signed_in = viewer.signed_in()?;
    let (account, device) = (signed_in.account.id, signed_in.device.id);
    // RxDB cannot drop a checkpoint, and whoever signs in again may do so as another device: what that person has
    // read stays read. Rights are looked up anyway.
    let mut cursor = match cursor {
        None => None,
        Some(text) => {
            let mut read = Cursor::decode_of_account(text, &state.keys, account)?;
            read.device = device;
            Some(read.encode(&state.keys))
        }
    };
    let bits = registry::bit(collection.name()).unwrap_or_default();
    let mut changes: Vec<Change> = Vec::new();
    let mut rows = limit;
    loop {
        let wanted = Wanted {
            collections: bits,
            size: PageSize {
                rows,
                bytes: usize::MAX,
            },
            digest: false,
        };
        let read = pull::pull(state, viewer, cursor.as_deref(), wanted).await?;
        let room = limit - changes.len();
        if read.changes.len() > room {
            // It looked further than there was room for: read less, so that the checkpoint stands where the page ends.
            rows = room;
            continue;
        }
        // A row that changed between two steps counts as it is now.
        changes.retain(|known| !read.changes.iter().any(|newer| newer.id == known.id));
        let was_thin = read.changes.len() * 2 < rows;
        changes.extend(read.changes);
        let next = read.cursor.encode(&state.keys);
        if !read.more || changes.len() == limit {
            return Ok(Page {
                changes,
                cursor: next,
            });
        }
        cursor = Some(next);
        rows = if was_thin {
            (rows * 2).min(MOST_ENTRIES)
        } else {
            limit - changes.len()
        };
    }
}
