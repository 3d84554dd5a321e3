//! What makes a row comes before what changes it, wherever the two stand in a push.

use std::collections::{BTreeSet, HashMap};

use entity::sync_log;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::Pushed;
use crate::{error::Result, state::State};

/// Those of the rows in this order that make what others before them only change. Of a row that is or was anywhere already,
/// be it where its sender does not see it, nothing is put in another order.
pub(super) async fn before_their_changes(
    state: &State,
    pushed: &[Pushed],
    order: &[usize],
) -> Result<BTreeSet<usize>> {
    // For each row what stands first of all that may make it; none as long as there are but changes.
    let mut first: HashMap<(&str, Uuid), Option<usize>> = HashMap::new();
    let mut makers: Vec<(Uuid, usize)> = Vec::new();
    for index in order {
        let one = &pushed[*index];
        let Some((writable, write)) = one
            .target()
            .filter(|(_, write)| one.row.mistakes.is_empty() && !write.delete)
        else {
            continue;
        };
        let about = (writable.name(), write.id);
        if one.is_part(writable) {
            first.entry(about).or_default();
            continue;
        }
        match first.insert(about, Some(*index)) {
            Some(None) => makers.push((write.id, *index)),
            Some(known) => {
                first.insert(about, known);
            }
            None => {}
        }
    }
    if makers.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known: Vec<Uuid> = sync_log::Entity::find()
        .select_only()
        .column(sync_log::Column::RowId)
        .distinct()
        .filter(sync_log::Column::RowId.is_in(makers.iter().map(|(id, _)| *id)))
        .into_tuple()
        .all(state.store.read())
        .await?;
    Ok(makers
        .into_iter()
        .filter(|(id, _)| !known.contains(id))
        .map(|(_, index)| index)
        .collect())
}
