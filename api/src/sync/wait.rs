//! The long poll: a page as soon as there is one, for networks that block sockets.

use std::{borrow::Cow, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::pull::{Page, Wanted, pull};
use crate::{accounts::authentication, error::Result, state::State, viewer::Viewer};

/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(60);

/// Changes within this time are sent together: a push of many rows, and those of many phones after one meeting, wake
/// a waiting device once.
const TOGETHER: Duration = Duration::from_millis(20);

/// Reads a page; if there is nothing, waits until there is something or the time is over. Returns whom the page is
/// for as well: his rights are looked at again after every wait.
pub async fn pull_or_wait<'a>(
    state: &State,
    viewer: &'a Viewer,
    cursor: Option<&str>,
    wanted: Wanted,
    longest: Duration,
) -> Result<(Cow<'a, Viewer>, Page)> {
    let until = Instant::now() + longest.min(LONGEST);
    // Listening begins before the reading, so that nothing falls between them.
    let mut listener = state.store.wake.listen();
    let mut viewer = Cow::Borrowed(viewer);
    let mut page = pull(state, &viewer, cursor, wanted).await?;
    while page.changes.is_empty() && !page.more && !viewer.is_wiping() && Instant::now() < until {
        let partitions = viewer.partition_ids();
        if timeout_at(until, listener.heard(&partitions)).await.is_err() {
            break;
        }
        tokio::time::sleep(TOGETHER).await;
        viewer = Cow::Owned(authentication::again(state, &viewer).await?);
        let cursor = page.cursor.encode(&state.keys);
        page = pull(state, &viewer, Some(&cursor), wanted).await?;
    }
    Ok((viewer, page))
}
