//! The history of a row: who did what, when, and on what basis.

use std::collections::HashMap;

use async_graphql::{Context, SimpleObject};
use entity::{account, event, id::AccountId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use super::{
    list::MOST,
    scalar::{Json, Time},
    state, viewer,
};
use crate::error::{Code, Error, Refused, Result};

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
    /// What the viewer himself wrote and something newer had overtaken (`conflict`): its fields as they were sent, for
    /// nobody but him; null for every other step.
    pub lost: Option<Json>,
}

/// The words that were not taken, for whoever wrote them.
fn lost(event: &event::Model, viewer: Option<AccountId>) -> Option<Json> {
    if event.event != "conflict" || event.actor_id != viewer {
        return None;
    }
    let detail: Value = serde_json::from_str(event.detail.as_deref()?).ok()?;
    Some(Json::raw(detail.get("lost")?.to_string()))
}

/// The newest `first` steps of a row, oldest first.
pub async fn history(
    ctx: &Context<'_>,
    kind: &'static str,
    row: Uuid,
    first: i32,
) -> Result<Vec<HistoryEvent>> {
    let (state, viewer) = (state(ctx)?, viewer(ctx)?.account_id());
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
            lost: lost(&event, viewer),
            event: event.event,
            at: Time(event.at),
            actor: event.actor_id.and_then(|actor| names.get(&actor).cloned()),
            basis: event.basis,
        })
        .collect())
}
