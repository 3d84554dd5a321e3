//! Takes a bundle in.

use entity::id::{AccountId, DeviceId};

use super::format::{Header, open};
use crate::{
    accounts::authentication,
    error::{Code, Error, Lang, Result},
    state::State,
    store::writing::Status,
    sync::push,
};

/// What became of a bundle: as much as whoever carries it may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub header: Header,
    /// Taken in now, or kept until what they refer to comes.
    pub received: usize,
    /// Here already.
    pub known: usize,
    /// Refused; kept for their author, who is told.
    pub refused: usize,
}

/// Applies a bundle, as the device that made it. However often it comes, each row is applied once.
pub async fn apply(state: &State, file: &[u8]) -> Result<Applied> {
    let (header, rows) = open(&state.keys, file)?;
    let (account, device) = (AccountId(header.account), DeviceId(header.device));
    let viewer = match authentication::of_device(state, account, device, Lang::Vi).await {
        Ok(viewer) => viewer,
        // Sealed with our key, and unknown: the database is older than the device.
        Err(error) if error.code() == Code::Unauthenticated => return Err(Code::InvalidBundle.into()),
        Err(error) => return Err(error),
    };
    let mut applied = Applied {
        header,
        received: 0,
        known: 0,
        refused: 0,
    };
    if rows.len() > push::MOST_ROWS {
        return Err(Error::limit(Code::TooManyRows, push::MOST_ROWS as u64));
    }
    if rows.is_empty() {
        return Ok(applied);
    }
    for outcome in push::push(state, &viewer, rows).await? {
        *match outcome.status {
            Status::Applied | Status::Merged | Status::Conflict | Status::Deferred => &mut applied.received,
            Status::Duplicate => &mut applied.known,
            Status::Rejected => &mut applied.refused,
        } += 1;
    }
    Ok(applied)
}
