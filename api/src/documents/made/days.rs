//! Until when a letter asked for the answer to each petition that it forwarded: the days of one letter differ with the tier.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{event, forwarding, id::ForwardingId, petition};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::Making;
use crate::{clock::written, error::Result, petitions::forwarding::Sent};

/// The day that each letter named for each petition, as history keeps it.
pub(super) struct Days(HashMap<(Uuid, ForwardingId), Option<NaiveDate>>);

impl Days {
    /// Of all letters that ever forwarded these petitions.
    pub(super) async fn read(making: &Making<'_>, rows: &[petition::Model]) -> Result<Self> {
        use event::{Column, Entity};
        let steps: Vec<(Uuid, Option<String>)> = Entity::find()
            .select_only()
            .columns([Column::RowId, Column::Detail])
            .filter(Column::Kind.eq("petition"))
            .filter(Column::RowId.is_in(rows.iter().map(|row| row.id.0)))
            .filter(Column::Event.is_in(["forwarded", "forwarded_up"]))
            .into_tuple()
            .all(making.state.store.read())
            .await?;
        let told = steps.into_iter().filter_map(|(row, detail)| {
            let sent: Sent = serde_json::from_str(detail.as_deref()?).ok()?;
            Some(((row, sent.forwarding_id), sent.due_at))
        });
        Ok(Self(told.collect()))
    }

    /// Of one petition by one letter. Where history does not tell it, the petition does as long as this letter is its
    /// newest, and then the letter, with the one day that it has.
    pub(super) fn of(&self, row: &petition::Model, letter: &forwarding::Model) -> Option<NaiveDate> {
        match self.0.get(&(row.id.0, letter.id)) {
            Some(day) => *day,
            None if row.forwarding_id == Some(letter.id) => row.due_at,
            None => letter.due_on,
        }
    }
}

/// The day of a whole letter, as it stands after "chậm nhất ngày"; where its petitions have different ones, that each has
/// its own, from when to when.
pub(super) fn until(days: impl Iterator<Item = Option<NaiveDate>>) -> String {
    let days: BTreeSet<NaiveDate> = days.flatten().collect();
    match (days.first(), days.last()) {
        (Some(first), Some(last)) if first < last => {
            format!(
                "ghi ở từng kiến nghị (từ {} đến {})",
                written(*first),
                written(*last)
            )
        }
        (Some(day), _) => written(*day),
        (None, _) => "…………".to_owned(),
    }
}
