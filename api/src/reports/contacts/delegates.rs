//! Which delegates came to contacts, and how many there are: delegates are public, so everybody may count them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{
    delegate,
    id::{CouncilId, DelegateId, MeetingId},
    meeting, meeting_delegate,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::super::{csv::Cell, scope::Scope};
use crate::{clock::local_date, error::Result};

/// Who of the council that held it came to each contact.
pub(super) async fn attended<C: ConnectionTrait>(
    conn: &C,
    contacts: &[meeting::Model],
) -> Result<HashMap<MeetingId, BTreeSet<DelegateId>>> {
    use meeting_delegate::{Column, Entity};
    let links = Entity::find()
        .filter(Column::MeetingId.is_in(contacts.iter().map(|row| row.id)))
        .filter(Column::Attended.eq(true))
        .all(conn)
        .await?;
    let delegates: BTreeSet<DelegateId> = links.iter().map(|link| link.delegate_id).collect();
    let of: Vec<(DelegateId, CouncilId)> = delegate::Entity::find()
        .select_only()
        .columns([delegate::Column::Id, delegate::Column::CouncilId])
        .filter(delegate::Column::Id.is_in(delegates))
        .into_tuple()
        .all(conn)
        .await?;
    let of: HashMap<DelegateId, CouncilId> = of.into_iter().collect();
    let holders: HashMap<MeetingId, CouncilId> =
        contacts.iter().map(|row| (row.id, row.council_id)).collect();
    let mut came: HashMap<MeetingId, BTreeSet<DelegateId>> = HashMap::new();
    for link in links {
        if of.get(&link.delegate_id) == holders.get(&link.meeting_id) {
            came.entry(link.meeting_id).or_default().insert(link.delegate_id);
        }
    }
    Ok(came)
}

/// How many had a mandate in each of these councils on a day of the period.
pub(super) async fn in_all<C: ConnectionTrait>(
    conn: &C,
    councils: BTreeSet<CouncilId>,
    scope: &Scope,
) -> Result<BTreeMap<CouncilId, i64>> {
    use delegate::{Column, Entity};
    let first: NaiveDate = local_date(scope.start);
    let counts: Vec<(CouncilId, i64)> = Entity::find()
        .select_only()
        .column(Column::CouncilId)
        .column_as(Column::Id.count(), "delegates")
        .filter(Column::CouncilId.is_in(councils))
        .filter(Column::ValidFrom.lte(scope.cut_off))
        .filter(
            Condition::any()
                .add(Column::ValidTo.is_null())
                .add(Column::ValidTo.gt(first)),
        )
        .group_by(Column::CouncilId)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(counts.into_iter().collect())
}

/// How many came; empty where nobody recorded it.
pub(super) fn delegates_cell(delegates: &BTreeSet<DelegateId>) -> Cell {
    let count = i64::try_from(delegates.len()).ok();
    count.filter(|count| *count > 0).into()
}
