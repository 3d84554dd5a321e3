//! Rows by id, many at once: one loader per request, because what was loaded must not outlive the viewer's rights.
//!
//! Each noun says in its `graphql.rs` how its ids are loaded. A row that the viewer may not see is not loaded:
//! foreign and absent look the same.

use std::{collections::HashMap, future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use async_graphql::{Context, dataloader::DataLoader};
use futures_util::stream::{FuturesUnordered, StreamExt};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    state::State,
    store::{partition::Audience, visibility},
    viewer::Viewer,
};

/// What the loaders of one request share.
pub struct Rows {
    pub state: Arc<State>,
    pub viewer: Viewer,
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

impl Rows {
    /// The rows with these ids that the viewer may see, each with the audience in which he sees it.
    pub async fn visible<E>(
        &self,
        collection: &'static str,
        id: E::Column,
        ids: &[Uuid],
    ) -> Result<Vec<(E::Model, Audience)>>
    where
        E: EntityTrait,
        E::Model: crate::store::table::Row,
    {
        let audiences = self.audiences(collection, ids).await?;
        let rows = E::find()
            .filter(id.is_in(audiences.keys().copied()))
            .all(self.state.store.read())
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let audience = audiences.get(&crate::store::table::Row::key(&row).0)?;
                Some((row, *audience))
            })
            .collect())
    }

    /// The audiences in which the viewer sees rows of a collection.
    pub async fn audiences(&self, collection: &'static str, ids: &[Uuid]) -> Result<HashMap<Uuid, Audience>> {
        visibility::audiences(self.state.store.read(), &self.viewer, collection, ids).await
    }
}
