//! The history of a row: who did what, when, and on what basis.

use std::collections::HashMap;

use async_graphql::SimpleObject;
use entity::{account, event, id::AccountId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{list::MOST, scalar::Time};
use crate::{
    error::{Code, Error, Refused, Result},
    state::State,
};

/// One step in the life of a row (lịch sử xử lý).
#[derive(Clone, Debug, SimpleObject)]
pub struct HistoryEvent {
    /// What happened, e.g. `recorded`, `grouped`, `forwarded`, `answered`, `informed`, `closed`.
    pub event: String,
    /// When the server took it.
    pub at: Time,
    /// Who did it: the shown name of the account; null for the system itself.
    pub actor: Option<String>,
    /// The document or reason on which it rests.
    pub basis: Option<String>,
}

/// The newest `first` steps of a row, oldest first.
pub async fn history(state: &State, kind: &'static str, row: Uuid, first: i32) -> Result<Vec<HistoryEvent>> {
    let first = u64::try_from(first)
        .ok()
        .filter(|first| *first > 0)
        .ok_or(Refused::field(Code::OutOfRange, "first"))?;
    if first > MOST {
        return Err(Error::limit(Code::LimitTooLarge, MOST));
    }
    let mut events = event::Entity::find()
        .filter(event::Column::RowId.eq(row))
        .filter(event::Column::Kind.eq(kind))
        .order_by_desc(event::Column::Id)
        .limit(first)
        .all(state.store.read())
        .await?;
    events.reverse();
    let actors: Vec<AccountId> = events.iter().filter_map(|event| event.actor_id).collect();
    let names: HashMap<AccountId, String> = account::Entity::find()
        .filter(account::Column::Id.is_in(actors))
        .all(state.store.read())
        .await?
        .into_iter()
        .map(|account| (account.id, account.name))
        .collect();
    Ok(events
        .into_iter()
        .map(|event| HistoryEvent {
            event: event.event,
            at: Time(event.at),
            actor: event.actor_id.and_then(|actor| names.get(&actor).cloned()),
            basis: event.basis,
        })
        .collect())
}
