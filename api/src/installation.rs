//! Facts about this installation that are kept in its database: the epoch, the fingerprints of its keys, whether
//! it is a demo.

use entity::installation;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use uuid::Uuid;

use crate::{
    entropy::{self, Entropy},
    error::{Error, Result},
    keys::Keys,
    store::Store,
};

const EPOCH: &str = "epoch";
const DEMO: &str = "demo";
const FINGERPRINT: &str = "key:";

/// A fact, if it was ever noted.
pub async fn fact(store: &Store, name: &str) -> Result<Option<String>> {
    Ok(installation::Entity::find_by_id(name)
        .one(store.read())
        .await?
        .map(|row| row.value))
}

/// Notes a fact, unless it was noted before; returns what holds.
pub async fn note(store: &Store, name: &str, value: &str) -> Result<String> {
    installation::Entity::insert(installation::ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.to_owned()),
    })
    .on_conflict(
        OnConflict::column(installation::Column::Name)
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(store.migrating())
    .await?;
    fact(store, name)
        .await?
        .ok_or_else(|| Error::internal("a noted fact is gone"))
}

/// The epoch: made with the database.
pub async fn epoch(store: &Store, entropy: &dyn Entropy) -> Result<Uuid> {
    if let Some(epoch) = fact(store, EPOCH).await? {
        return Uuid::try_parse(&epoch).map_err(|_| Error::internal("the epoch is not a UUID"));
    }
    let fresh = uuid::Builder::from_random_bytes(entropy::bytes(entropy)).into_uuid();
    let epoch = note(store, EPOCH, &fresh.to_string()).await?;
    Uuid::try_parse(&epoch).map_err(|_| Error::internal("the epoch is not a UUID"))
}

/// Whether this database was made as a demo.
pub async fn is_demo(store: &Store) -> Result<bool> {
    Ok(fact(store, DEMO).await?.is_some())
}

/// Marks a fresh database as a demo, with the day on which it was made.
pub async fn mark_demo(store: &Store, on: chrono::NaiveDate) -> Result<()> {
    note(store, DEMO, &on.to_string()).await.map(drop)
}

/// The fingerprints of the keys with which this database was used.
pub async fn fingerprints(store: &Store) -> Result<Vec<(String, String)>> {
    let noted = installation::Entity::find()
        .filter(installation::Column::Name.starts_with(FINGERPRINT))
        .all(store.read())
        .await?;
    Ok(noted
        .into_iter()
        .filter_map(|row| Some((row.name.strip_prefix(FINGERPRINT)?.to_owned(), row.value)))
        .collect())
}

/// Refuses keys that are not those which this database was written with; notes them the first time.
pub async fn check_keys(store: &Store, keys: &Keys) -> Result<()> {
    let mut stored = Vec::new();
    for (name, value) in keys.fingerprints() {
        let noted = note(store, &format!("{FINGERPRINT}{name}"), &value).await?;
        stored.push((name, noted));
    }
    keys.verify_fingerprints(&stored)
        .map_err(|mismatch| Error::internal(mismatch.to_string()))
}
