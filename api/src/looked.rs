//! How far a process has looked for what changed, for jobs that make something again when its sources change.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use entity::{event, id::EventId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use uuid::Builder;

/// What was written so long before the last look is looked at again: a transaction tells when it began, not when others
/// could see it, and clocks of several servers differ.
const OVERLAP: i64 = 120;

/// How far this process has looked.
#[derive(Debug, Default)]
pub struct Looked(Mutex<Option<DateTime<Utc>>>);

impl Looked {
    /// Since when changes have to be looked for; nothing where everything has to be made again.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        let looked = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.map(|at| at - Duration::seconds(OVERLAP))
    }

    /// Everything up to this moment was made.
    pub fn until(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

/// The steps of history since a moment: their ids are made of time, so that only the end of it is read.
pub fn steps_since(since: DateTime<Utc>) -> Select<event::Entity> {
    let millis = u64::try_from(since.timestamp_millis()).unwrap_or(0);
    let first: EventId = Builder::from_unix_timestamp_millis(millis, &[0; 10])
        .into_uuid()
        .into();
    event::Entity::find().filter(event::Column::Id.gte(first))
}
