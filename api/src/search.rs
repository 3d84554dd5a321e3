//! Search over petitions, meetings and resolutions.

use sea_orm::ConnectionTrait;

use crate::{error::Result, store::working::Working};

/// Keeps the index in step with what a transaction writes.
pub(crate) async fn index<C: ConnectionTrait>(_tx: &C, _working: &Working) -> Result<()> {
    Ok(())
}
