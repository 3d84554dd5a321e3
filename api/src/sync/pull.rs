//! Download: what changed since a checkpoint, in the richest form that the viewer may see, each row once.
//!
//! All positions are read from one snapshot. Within a clock sequence order is commit order, so that nothing
//! committed can ever appear below a position that was handed out.

use super::{cursor::Cursor, documents::Change, reader::read_parts, registry};
use crate::{
    error::{Code, Error, Result},
    state::State,
    store::digest::Sum,
    viewer::Viewer,
};

/// Rows in one page, at the most.
const MOST_ROWS: usize = 1_000;
/// What a row of a page costs on average; decides how many are read for a page cut by bytes.
const TYPICAL_BYTES: usize = 400;
/// Bytes of documents in a page, by default and at the most.
pub const DEFAULT_BYTES: usize = 65_536;
/// The largest page that may be asked for.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// One bit for each collection.
    pub collections: u64,
    pub size: PageSize,
    /// Whether the last page is to carry the sum of all that the viewer holds then.
    pub digest: bool,
}

impl Wanted {
    /// Everything, in pages of this size.
    pub fn all(size: PageSize) -> Self {
        Self {
            collections: registry::all_bits(),
            size,
            digest: false,
        }
    }
}

/// Where a page ends.
#[derive(Clone, Copy, Debug)]
pub struct PageSize {
    /// Rows at the most.
    pub rows: usize,
    /// Bytes of documents at the most; at least one row is always sent.
    pub bytes: usize,
}

impl PageSize {
    /// A page cut by bytes.
    pub fn of_bytes(bytes: usize) -> Self {
        Self {
            rows: (bytes / TYPICAL_BYTES).clamp(16, MOST_ROWS),
            bytes,
        }
    }
}

/// One page.
#[derive(Debug)]
pub struct Page {
    pub changes: Vec<Change>,
    pub cursor: Cursor,
    /// Whether something is still pending; if not, the page ends at one moment for all collections.
    pub more: bool,
    /// The sum of all that the viewer holds after it, if that was asked for and nothing is pending.
    pub digest: Option<Sum>,
}

/// The collections that a checkpoint of this device serves: those that were asked for last; on a device that is to be
/// emptied all of which it ever told something.
pub fn served(state: &State, viewer: &Viewer, cursor: &str) -> Result<u64> {
    let signed_in = viewer.signed_in()?;
    let (account, device) = (signed_in.account.id, signed_in.device.id);
    let cursor = Cursor::decode(cursor, &state.keys, account, device)?;
    Ok(if viewer.is_wiping() {
        cursor.known()
    } else {
        cursor.served()
    })
}

/// Reads a page after a checkpoint (none: from the start).
pub async fn pull(state: &State, viewer: &Viewer, cursor: Option<&str>, wanted: Wanted) -> Result<Page> {
    let Wanted {
        collections,
        mut size,
        digest,
    } = wanted;
    let signed_in = viewer.signed_in()?;
    let (account, device) = (signed_in.account.id, signed_in.device.id);
    let fresh = || Cursor::start(account, device, state.epoch.id(), collections);
    let mut cursor = match cursor {
        None => fresh(),
        Some(text) => {
            let read = Cursor::decode(text, &state.keys, account, device)?;
            if read.epoch != state.epoch.id() {
                // Begun by another process a moment ago, perhaps: the device has heard of it already.
                state.epoch.follow(&state.store, state.entropy.as_ref()).await?;
            }
            if read.epoch != state.epoch.id() {
                fresh()
            } else {
                read
            }
        }
    };

    let mut snapshot = state.store.snapshot().await?;
    loop {
        let parts = cursor.divided(collections);
        let page = read_parts(state, viewer, &snapshot, size, parts).await?;
        let Some(mut page) = page else {
            // A checkpoint from a future that is lost: the database was replaced by an older copy. From the start, and not for
            // this device alone: others have read less, and would miss what is written at the same numbers again. The
            // snapshot is let go of first: after a restore all devices come at once, and if each held one connection while
            // it waits for another, none would get any.
            snapshot.commit().await?;
            let epoch = state
                .epoch
                .begin(&state.store, state.entropy.as_ref(), cursor.epoch);
            cursor = Cursor::start(account, device, epoch.await?, collections);
            snapshot = state.store.snapshot().await?;
            continue;
        };
        let bytes: usize = page
            .changes
            .iter()
            .map(|change| change.doc.as_ref().map_or(60, String::len))
            .sum();
        if bytes <= size.bytes || page.changes.len() <= 1 || size.rows == 1 {
            if digest && !page.more {
                page.digest = Some(super::digest::total(&snapshot, viewer, collections).await?);
            }
            snapshot.commit().await?;
            if let Some(device) = viewer.device_id().filter(|_| !viewer.is_wiping()) {
                state.waking.notes.spoke(device, state.clock.now());
            }
            return Ok(page);
        }
        // Rows were larger than usual: read fewer, so that the cursor stands where the page ends.
        size.rows = (page.changes.len() * size.bytes / bytes * 9 / 10).clamp(1, size.rows - 1);
    }
}

/// The bits of the collections of these names; an unknown name is an error.
pub fn bits(names: Option<&[String]>) -> Result<u64> {
    match names {
        None => Ok(registry::all_bits()),
        Some(names) => names.iter().try_fold(0, |bits, name| {
            registry::bit(name)
                .map(|bit| bits | bit)
                .ok_or(Error::Code(Code::UnknownCode, None))
        }),
    }
}
