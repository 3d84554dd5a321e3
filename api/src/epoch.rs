//! Whether the database is the one that devices have read from.
//!
//! A database that is replaced by an older copy (a restored backup, a copied file, a machine set back to a snapshot) has
//! clocks that stand before what devices hold. Read on as if nothing had happened, and what is written at those
//! numbers from now on would be missed for ever, without a sign. So a new epoch begins: every checkpoint of another
//! epoch starts again, and devices are told to offer their own rows once more.
//!
//! It begins when a device shows a checkpoint that is ahead of its clock or was made by a database that has gone on
//! without this one (see [`crate::starts`]), and at the start of a server whose clocks are
//! behind the mark that is kept beside the keys, where a copied database does not reach it. Who puts the keys back as
//! well removes the mark: a database that is not new and has no mark is taken for an older copy.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock},
};

use entity::{installation, sync_clock};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    entropy::{self, Entropy},
    error::{Error, Result},
    installation::{EPOCH, fact, note},
    keys::Keys,
    store::Store,
};

/// The file beside the keys.
const MARK: &str = "high-water.json";

/// How far the clocks were seen to stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    epoch: Uuid,
    clocks: BTreeMap<String, i64>,
}

/// The epoch of a running server.
pub struct Epoch(RwLock<Uuid>);

impl Epoch {
    /// The epoch of this database; a new one if it was replaced by an older copy since a server last looked.
    pub async fn open(store: &Store, keys: &Keys, entropy: &dyn Entropy) -> Result<Self> {
        let known = read(store, entropy).await?;
        let epoch = Self(RwLock::new(known));
        let mark = keys
            .note(MARK)
            .and_then(|text| serde_json::from_str::<Mark>(&text).ok());
        let clocks = clocks(store).await?;
        let behind = |(name, seen): (&String, &i64)| clocks.get(name).copied().unwrap_or(0) < *seen;
        let is_older = match &mark {
            Some(mark) => mark.epoch != known || mark.clocks.iter().any(behind),
            None => !clocks.is_empty(),
        };
        if is_older {
            tracing::warn!("the database was replaced by an older copy; a new epoch begins");
            epoch.begin(store, entropy, known).await?;
        }
        epoch.keep_mark(store, keys, entropy).await?;
        Ok(epoch)
    }

    /// The epoch of now.
    pub fn id(&self) -> Uuid {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, id: Uuid) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = id;
    }

    /// Begins a new epoch in place of this one, unless somebody else already did; returns the one that holds.
    pub async fn begin(&self, store: &Store, entropy: &dyn Entropy, from: Uuid) -> Result<Uuid> {
        replace(store, entropy, from).await?;
        let now = read(store, entropy).await?;
        self.set(now);
        Ok(now)
    }

    /// Takes over an epoch that another process began.
    pub async fn follow(&self, store: &Store, entropy: &dyn Entropy) -> Result<()> {
        self.set(read(store, entropy).await?);
        Ok(())
    }

    /// Takes over an epoch that another process began, and notes how far the clocks stand. To be called often: what
    /// is committed after the last call is protected only by the devices that have read it.
    pub async fn keep_mark(&self, store: &Store, keys: &Keys, entropy: &dyn Entropy) -> Result<()> {
        self.set(keep_mark(store, keys, entropy).await?);
        Ok(())
    }
}

/// Notes beside the keys how far the clocks of this database stand; returns its epoch.
pub async fn keep_mark(store: &Store, keys: &Keys, entropy: &dyn Entropy) -> Result<Uuid> {
    let now = read(store, entropy).await?;
    let mark = Mark {
        epoch: now,
        clocks: clocks(store).await?,
    };
    let text = serde_json::to_string(&mark).map_err(|_| Error::internal("a mark that is no JSON"))?;
    if keys.note(MARK).as_deref() != Some(&text) {
        keys.set_note(MARK, &text, entropy)
            .map_err(|fault| Error::internal(fault.to_string()))?;
    }
    Ok(now)
}

/// Begins a new epoch in this database, unless its epoch is another than this one.
pub async fn replace(store: &Store, entropy: &dyn Entropy, from: Uuid) -> Result<()> {
    let fresh = fresh(entropy).to_string();
    installation::Entity::update_many()
        .col_expr(installation::Column::Value, Expr::value(fresh))
        .filter(installation::Column::Name.eq(EPOCH))
        .filter(installation::Column::Value.eq(from.to_string()))
        .exec(store.migrating())
        .await?;
    Ok(())
}

/// The epoch that stands in the database; the first reader makes it.
pub async fn read(store: &Store, entropy: &dyn Entropy) -> Result<Uuid> {
    let epoch = match fact(store, EPOCH).await? {
        Some(epoch) => epoch,
        None => note(store, EPOCH, &fresh(entropy).to_string()).await?,
    };
    Uuid::try_parse(&epoch).map_err(|_| Error::internal("the epoch is not a UUID"))
}

fn fresh(entropy: &dyn Entropy) -> Uuid {
    uuid::Builder::from_random_bytes(entropy::bytes(entropy)).into_uuid()
}

async fn clocks(store: &Store) -> Result<BTreeMap<String, i64>> {
    let rows = sync_clock::Entity::find().all(store.read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.seq)).collect())
}
