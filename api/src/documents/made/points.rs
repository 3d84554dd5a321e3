//! Where points are held and who of the delegates is there, by name.

use std::collections::HashMap;

use entity::{
    delegate,
    id::{DelegateId, MeetingId},
    meeting_delegate, meeting_unit,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Making;
use crate::error::Result;

/// Names of what belongs to meetings.
pub(super) struct Points {
    units: HashMap<MeetingId, Vec<String>>,
    delegates: HashMap<MeetingId, Vec<(String, meeting_delegate::Model)>>,
}

impl Points {
    pub(super) async fn read(making: &Making<'_>, meetings: &[MeetingId]) -> Result<Self> {
        let conn = making.state.store.read();
        let reference = making.state.reference();
        let of = || meetings.iter().copied();
        let mut units: HashMap<MeetingId, Vec<String>> = HashMap::new();
        let links = meeting_unit::Entity::find().filter(meeting_unit::Column::MeetingId.is_in(of()));
        for link in links.all(conn).await? {
            let name = reference.units.get(link.unit_id).map(|unit| unit.name.clone());
            units.entry(link.meeting_id).or_default().extend(name);
        }
        let links = meeting_delegate::Entity::find()
            .filter(meeting_delegate::Column::MeetingId.is_in(of()))
            .all(conn)
            .await?;
        let named = delegate::Entity::find()
            .filter(delegate::Column::Id.is_in(links.iter().map(|link| link.delegate_id)))
            .all(conn)
            .await?;
        let named: HashMap<DelegateId, String> = named.into_iter().map(|row| (row.id, row.name)).collect();
        let mut delegates: HashMap<MeetingId, Vec<_>> = HashMap::new();
        for link in links {
            if let Some(name) = named.get(&link.delegate_id) {
                let of = delegates.entry(link.meeting_id).or_default();
                of.push((name.clone(), link));
            }
        }
        Ok(Self { units, delegates })
    }

    /// The units for which a point is held.
    pub(super) fn units(&self, meeting: MeetingId) -> String {
        let mut names = self.units.get(&meeting).cloned().unwrap_or_default();
        names.sort();
        names.join(", ")
    }

    /// Those delegates of a point of whom this holds.
    pub(super) fn delegates(
        &self,
        meeting: MeetingId,
        holds: impl Fn(&meeting_delegate::Model) -> bool,
    ) -> String {
        let of = self.delegates.get(&meeting).into_iter().flatten();
        let mut names: Vec<&str> = of
            .filter(|(_, link)| holds(link))
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        names.join("; ")
    }
}
