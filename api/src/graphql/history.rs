//! The history of a row: who did what, when, and on what basis.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{ComplexObject, Context, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use entity::{
    event::{Column, Entity},
    id::{AccountId, EventId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use super::{
    list::MOST,
    loader::{NameOf, Rows, Texts, rows, text},
    newest::newest_of_each,
    scalar::{Json, Time},
    viewer,
};
use crate::error::{Code, Error, Refused, Result};

/// One step in the life of a row (lịch sử xử lý).
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct HistoryEvent {
    #[graphql(skip)]
    id: EventId,
    #[graphql(skip)]
    by: Option<AccountId>,
    /// What happened, e.g. `recorded`, `grouped`, `forwarded`, `answered`, `informed`, `closed`.
    pub event: String,
    /// When the server took it.
    pub at: Time,
    /// The document or reason on which it rests.
    pub basis: Option<String>,
}

/// What a step changed may be the whole former text of a resolution: it is read for whoever asks what he lost, and for
/// nobody else.
impl Texts for EventId {
    type Table = Entity;
    const KEY: Column = Column::Id;
    const TEXTS: &'static [Column] = &[Column::Detail];
}

#[ComplexObject]
impl HistoryEvent {
    /// Who did it: the shown name of the account; null for the system itself.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match self.by {
            Some(account) => rows(ctx)?.load_one(NameOf(account)).await,
            None => Ok(None),
        }
    }

    /// What the viewer himself wrote and something newer had overtaken (`conflict`): its fields as they were sent, for
    /// nobody but him; null for every other step.
    async fn lost(&self, ctx: &Context<'_>) -> Result<Option<Json>> {
        if self.event != "conflict" || self.by != viewer(ctx)?.account_id() {
            return Ok(None);
        }
        let detail = text(ctx, self.id, Column::Detail).await?;
        Ok(detail.as_deref().and_then(lost))
    }
}

/// The words that were not taken.
fn lost(detail: &str) -> Option<Json> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    Some(Json::raw(detail.get("lost")?.to_string()))
}

/// The newest so many steps of a row of a kind, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct HistoryOf {
    kind: &'static str,
    row: Uuid,
    first: u64,
}

/// A step as it is read.
type Step = (
    EventId,
    Uuid,
    String,
    DateTime<Utc>,
    Option<AccountId>,
    Option<String>,
);

impl Loader<HistoryOf> for Rows {
    type Value = Vec<HistoryEvent>;
    type Error = Error;

    /// A statement for each kind and length that the query names, however many rows there are.
    async fn load(&self, keys: &[HistoryOf]) -> Result<HashMap<HistoryOf, Vec<HistoryEvent>>> {
        let mut asked: BTreeMap<(&'static str, u64), Vec<Uuid>> = BTreeMap::new();
        for key in keys {
            asked.entry((key.kind, key.first)).or_default().push(key.row);
        }
        let mut found: HashMap<HistoryOf, Vec<HistoryEvent>> = HashMap::new();
        for ((kind, first), rows) in asked {
            let all = Entity::find()
                .filter(Column::RowId.is_in(rows))
                .filter(Column::Kind.eq(kind));
            let newest = newest_of_each(all, Column::Id, Column::RowId, &[Column::Id], first);
            let steps: Vec<Step> = Entity::find()
                .select_only()
                .columns([
                    Column::Id,
                    Column::RowId,
                    Column::Event,
                    Column::At,
                    Column::ActorId,
                    Column::Basis,
                ])
                .filter(Column::Id.in_subquery(newest))
                .order_by_asc(Column::Id)
                .into_tuple()
                .all(self.state.store.read())
                .await?;
            for (id, row, event, at, by, basis) in steps {
                let key = HistoryOf { kind, row, first };
                found.entry(key).or_default().push(HistoryEvent {
                    id,
                    by,
                    event,
                    at: Time(at),
                    basis,
                });
            }
        }
        Ok(found)
    }
}

/// The newest `first` steps of a row, oldest first.
pub async fn history(
    ctx: &Context<'_>,
    kind: &'static str,
    row: Uuid,
    first: i32,
) -> Result<Vec<HistoryEvent>> {
    let first = u64::try_from(first)
        .ok()
        .filter(|first| *first > 0)
        .ok_or(Refused::field(Code::OutOfRange, "first"))?;
    if first > MOST {
        return Err(Error::limit(Code::LimitTooLarge, MOST));
    }
    let steps = rows(ctx)?.load_one(HistoryOf { kind, row, first }).await?;
    Ok(steps.unwrap_or_default())
}
