//! Facts about this installation that are kept in its database: the epoch, the fingerprints of its keys, whether
//! it is a demo; and the roles that every installation knows.

use std::collections::BTreeSet;

use entity::{installation, role_capability};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};

use crate::{
    accounts::roles::Roles,
    error::{Error, Result},
    keys::Keys,
    store::Store,
};

/// Under which the epoch is noted.
pub(crate) const EPOCH: &str = "epoch";
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

/// Notes a fact in place of what was noted before.
pub async fn renew(store: &Store, name: &str, value: &str) -> Result<()> {
    installation::Entity::insert(installation::ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.to_owned()),
    })
    .on_conflict(
        OnConflict::column(installation::Column::Name)
            .update_column(installation::Column::Value)
            .to_owned(),
    )
    .exec_without_returning(store.migrating())
    .await?;
    Ok(())
}

/// Takes a fact away; it may be gone already.
pub async fn forget(store: &Store, name: &str) -> Result<()> {
    installation::Entity::delete_by_id(name)
        .exec(store.migrating())
        .await?;
    Ok(())
}

/// Brings the delivered roles up to date; roles that the installation added stay as they are. Returns whether
/// anything changed. Must run before the state reads the rights of roles.
pub async fn seed_roles(store: &Store) -> Result<bool> {
    let delivered =
        Roles::delivered().map_err(|line| Error::internal(format!("the delivered roles: {line:?}")))?;
    let wanted: BTreeSet<(String, String)> = delivered
        .iter()
        .flat_map(|(role, held)| {
            held.capabilities
                .iter()
                .map(move |capability| (role.to_owned(), capability.code().to_owned()))
        })
        .collect();
    let known: BTreeSet<(String, String)> = role_capability::Entity::find()
        .filter(role_capability::Column::Role.is_in(delivered.iter().map(|(role, _)| role)))
        .all(store.read())
        .await?
        .into_iter()
        .map(|row| (row.role, row.capability))
        .collect();
    if known == wanted {
        return Ok(false);
    }
    let tx = store.begin().await?;
    for (role, capability) in known.difference(&wanted) {
        role_capability::Entity::delete_by_id((role.clone(), capability.clone()))
            .exec(&tx)
            .await?;
    }
    let missing: Vec<_> = wanted
        .difference(&known)
        .map(|(role, capability)| role_capability::ActiveModel {
            role: Set(role.clone()),
            capability: Set(capability.clone()),
        })
        .collect();
    if !missing.is_empty() {
        role_capability::Entity::insert_many(missing)
            .on_conflict(
                OnConflict::columns([role_capability::Column::Role, role_capability::Column::Capability])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(&tx)
            .await?;
    }
    tx.commit().await?;
    Ok(true)
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
    Ok(fingerprints_among(noted))
}

/// The fingerprints among noted facts.
pub(crate) fn fingerprints_among(facts: Vec<installation::Model>) -> Vec<(String, String)> {
    facts
        .into_iter()
        .filter_map(|row| Some((row.name.strip_prefix(FINGERPRINT)?.to_owned(), row.value)))
        .collect()
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
