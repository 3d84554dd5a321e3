//! Rows by id, many at once: one loader per request, because what was loaded must not outlive the viewer's rights.
//!
//! Each noun says of its ids which rows they name ([`Noun`]). A row that the viewer may not see is not loaded:
//! foreign and absent look the same.

use std::{
    collections::HashMap, future::poll_fn, hash::Hash, pin::pin, sync::Arc, task::Poll, time::Duration,
};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use entity::{account, id::AccountId};
use futures_util::stream::{FuturesUnordered, StreamExt};
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::list::without;
use crate::{
    error::{Error, Result},
    state::State,
    store::{partition::Audience, table::Row, visibility},
    viewer::Viewer,
};

/// What the loaders of one request share.
pub struct Rows {
    pub state: Arc<State>,
    pub viewer: Viewer,
}

impl Rows {
    /// The shown names of these accounts, for a loader of records that their reader may see ([`NameOf`] for a single one).
    pub(crate) async fn names(&self, accounts: Vec<AccountId>) -> Result<HashMap<AccountId, String>> {
        let names: Vec<(AccountId, String)> = account::Entity::find()
            .select_only()
            .columns([account::Column::Id, account::Column::Name])
            .filter(account::Column::Id.is_in(accounts))
            .into_tuple()
            .all(self.state.store.read())
            .await?;
        Ok(names.into_iter().collect())
    }
}

/// The loader of a request.
pub type RowLoader = DataLoader<Rows>;

/// Runs a request with a loader of its own, which loads only when the request can get no further without it.
///
/// The request and its batches share one task. With batches on tasks of their own another thread may begin one
/// while the resolvers are still naming their rows, and the number of statements would be a matter of luck.
/// Without delay: at a delay of 1 ms each level of a query costs that much.
pub async fn with_loader<F: Future>(
    state: Arc<State>,
    viewer: Viewer,
    run: impl FnOnce(RowLoader) -> F,
) -> F::Output {
    let (wanted, mut batches) = tokio::sync::mpsc::unbounded_channel();
    let loader = DataLoader::new(Rows { state, viewer }, move |batch| {
        // Nobody listens only when the request is over, and then nobody waits for its rows.
        let _ = wanted.send(batch);
    })
    .delay(Duration::ZERO);
    let mut running = FuturesUnordered::new();
    let mut request = pin!(run(loader));
    poll_fn(|context| {
        loop {
            if let Poll::Ready(answer) = request.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            while let Ok(batch) = batches.try_recv() {
                running.push(batch);
            }
            let mut loaded = false;
            while let Poll::Ready(Some(())) = running.poll_next_unpin(context) {
                loaded = true;
            }
            if !loaded {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// The request's loader.
pub fn rows<'a>(ctx: &Context<'a>) -> Result<&'a RowLoader> {
    ctx.data::<RowLoader>()
        .map_err(|_| Error::internal("a request without loader"))
}

/// A noun whose rows lie in the change log, by the type of its ids: how its rows are loaded, once for all nouns.
pub trait Noun: Copy + Eq + Hash + From<Uuid> + Into<Uuid> + Send + Sync + 'static {
    /// What GraphQL shows.
    type Object: Clone + Send + Sync + 'static;
    /// Where its rows are kept.
    type Entity: EntityTrait<Model: Row>;
    /// Its name in the change log.
    const COLLECTION: &'static str;
    /// The column of its id.
    const ID: ColumnOf<Self>;
    /// Long texts; they are not loaded with the row but by [`text`], when somebody asks for them.
    const LONG: &'static [ColumnOf<Self>] = &[];

    /// The row as this audience sees it.
    fn object(row: ModelOf<Self>, audience: Audience) -> Self::Object;
}

/// A column of a noun's table.
pub type ColumnOf<I> = <<I as Noun>::Entity as EntityTrait>::Column;
/// A row of a noun's table.
pub type ModelOf<I> = <<I as Noun>::Entity as EntityTrait>::Model;

impl<I: Noun> Loader<I> for Rows {
    type Value = I::Object;
    type Error = Error;

    async fn load(&self, ids: &[I]) -> Result<HashMap<I, I::Object>> {
        let bare: Vec<Uuid> = ids.iter().map(|id| (*id).into()).collect();
        let conn = self.state.store.read();
        let audiences = visibility::audiences(conn, &self.viewer, I::COLLECTION, &bare).await?;
        if audiences.is_empty() {
            return Ok(HashMap::new());
        }
        let query = I::Entity::find().filter(I::ID.is_in(audiences.keys().copied()));
        let rows = without(query, I::LONG).all(conn).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let id = row.key().0;
                Some((I::from(id), I::object(row, *audiences.get(&id)?)))
            })
            .collect())
    }
}

/// Rows with long texts, by the type of their ids: all nouns, and what hangs on them. The texts are not loaded with the
/// row but by [`text`].
pub trait Texts: Copy + Eq + Hash + From<Uuid> + Into<Uuid> + Send + Sync + 'static {
    /// Where the rows are kept.
    type Table: EntityTrait;
    /// The column of the id.
    const KEY: <Self::Table as EntityTrait>::Column;
    /// The texts.
    const TEXTS: &'static [<Self::Table as EntityTrait>::Column];
}

impl<I: Noun> Texts for I {
    type Table = I::Entity;
    const KEY: ColumnOf<I> = I::ID;
    const TEXTS: &'static [ColumnOf<I>] = I::LONG;
}

/// A long text of a row that was loaded without it: the row, and the place of the text among those of its kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct TextOf<I>(I, usize);

impl<I: Texts> Loader<TextOf<I>> for Rows {
    type Value = Option<String>;
    type Error = Error;

    async fn load(&self, keys: &[TextOf<I>]) -> Result<HashMap<TextOf<I>, Option<String>>> {
        let mut found = HashMap::new();
        for (place, column) in I::TEXTS.iter().enumerate() {
            let asked = keys.iter().filter(|key| key.1 == place);
            let ids: Vec<Uuid> = asked.map(|key| key.0.into()).collect();
            if ids.is_empty() {
                continue;
            }
            let texts: Vec<(Uuid, Option<String>)> = I::Table::find()
                .select_only()
                .columns([I::KEY, *column])
                .filter(I::KEY.is_in(ids))
                .into_tuple()
                .all(self.state.store.read())
                .await?;
            found.extend(
                texts
                    .into_iter()
                    .map(|(id, text)| (TextOf(id.into(), place), text)),
            );
        }
        Ok(found)
    }
}

/// A long text of a row that the viewer sees; whether he may read this text is for the caller to say.
pub async fn text<I: Texts>(
    ctx: &Context<'_>,
    id: I,
    column: <I::Table as EntityTrait>::Column,
) -> Result<Option<String>> {
    let place = I::TEXTS.iter().position(|long| long.as_str() == column.as_str());
    let place = place.ok_or(Error::internal("a text that is loaded with its row"))?;
    Ok(rows(ctx)?.load_one(TextOf(id, place)).await?.flatten())
}

/// The shown name of an account, beside a record that its reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameOf(pub AccountId);

impl Loader<NameOf> for Rows {
    type Value = String;
    type Error = Error;

    async fn load(&self, keys: &[NameOf]) -> Result<HashMap<NameOf, String>> {
        let names = self.names(keys.iter().map(|key| key.0).collect()).await?;
        Ok(names.into_iter().map(|(id, name)| (NameOf(id), name)).collect())
    }
}

/// The object with this id, if there is one and the viewer may see it.
pub async fn one<I: Noun>(ctx: &Context<'_>, id: Option<I>) -> Result<Option<I::Object>> {
    match id {
        Some(id) => rows(ctx)?.load_one(id).await,
        None => Ok(None),
    }
}

/// Those of the objects with these ids that the viewer may see, in this order.
pub async fn several<I: Noun>(ctx: &Context<'_>, ids: &[I]) -> Result<Vec<I::Object>> {
    let mut found = rows(ctx)?.load_many(ids.iter().copied()).await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}
