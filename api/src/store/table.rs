//! Rows in memory: what was read, what it became, and the statements that make the database agree.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter, Value,
    sea_query::{OnConflict, SimpleExpr},
};
use uuid::Uuid;

use crate::error::Result;

/// A row's key: its id, or for links both ends.
pub type Key = (Uuid, Uuid);

/// A row that a working set can hold.
pub trait Row: Clone + PartialEq + Send + Sync {
    /// Where it stands.
    fn key(&self) -> Key;
}

/// A root row: it has a version and a time, both stamped by the write door.
pub trait Root: Row {
    /// The version.
    fn rev(&self) -> i64;
    /// Sets version and time.
    fn stamp(&mut self, rev: i64, now: chrono::DateTime<chrono::Utc>);
}

/// One table's part of a working set.
#[derive(Clone)]
pub struct Table<M> {
    was: BTreeMap<Key, M>,
    now: BTreeMap<Key, M>,
    touched: std::collections::BTreeSet<Uuid>,
}

impl<M> Default for Table<M> {
    fn default() -> Self {
        Self {
            was: BTreeMap::new(),
            now: BTreeMap::new(),
            touched: Default::default(),
        }
    }
}

impl<M: Row> Table<M> {
    /// Takes rows as they are in the database.
    pub fn loaded(&mut self, rows: impl IntoIterator<Item = M>) {
        for row in rows {
            self.now.insert(row.key(), row.clone());
            self.was.insert(row.key(), row);
        }
    }

    /// Takes over rows that were read later.
    pub(crate) fn absorb(&mut self, more: Self) {
        self.loaded(more.was.into_values());
    }

    /// The row with this id.
    pub fn get(&self, id: impl Into<Uuid>) -> Option<&M> {
        self.now.get(&(id.into(), Uuid::nil()))
    }

    /// The row with this id, as it was read.
    pub fn was(&self, id: impl Into<Uuid>) -> Option<&M> {
        self.was.get(&(id.into(), Uuid::nil()))
    }

    /// All rows as they are now.
    pub fn iter(&self) -> impl Iterator<Item = &M> {
        self.now.values()
    }

    /// The links of an owner, in order.
    pub fn of(&self, owner: impl Into<Uuid>) -> impl Iterator<Item = &M> {
        let owner = owner.into();
        self.now
            .range((owner, Uuid::nil())..=(owner, Uuid::max()))
            .map(|(_, row)| row)
    }

    /// Puts a row, new or changed.
    pub fn put(&mut self, row: M) {
        self.now.insert(row.key(), row);
    }

    /// Takes a row away.
    pub fn remove(&mut self, key: Key) {
        self.now.remove(&key);
    }

    /// Takes all links of an owner away.
    pub fn clear(&mut self, owner: impl Into<Uuid>) {
        let owner = owner.into();
        self.now.retain(|key, _| key.0 != owner);
    }

    /// Has a root written again because one of its children changed.
    pub fn touch(&mut self, id: impl Into<Uuid>) {
        self.touched.insert(id.into());
    }

    fn inserted(&self) -> impl Iterator<Item = &M> {
        self.now
            .iter()
            .filter(|(key, _)| !self.was.contains_key(key))
            .map(|(_, row)| row)
    }

    fn updated(&self) -> impl Iterator<Item = &M> {
        self.now
            .iter()
            .filter(|(key, row)| self.was.get(key).is_some_and(|was| was != *row))
            .map(|(_, row)| row)
    }

    /// The rows that are new or changed.
    pub(crate) fn written(&self) -> impl Iterator<Item = &M> {
        self.now
            .iter()
            .filter(|(key, row)| self.was.get(key).is_none_or(|was| was != *row))
            .map(|(_, row)| row)
    }

    /// The rows that were taken away.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &M> {
        self.was
            .iter()
            .filter(|(key, _)| !self.now.contains_key(key))
            .map(|(_, row)| row)
    }

    /// Whether the database has to be told anything.
    pub fn is_changed(&self) -> bool {
        !self.touched.is_empty() || self.was != self.now
    }
}

impl<M: Root> Table<M> {
    /// The roots that changed, or one of whose children did.
    pub fn changed_roots(&self) -> Vec<Uuid> {
        self.now
            .iter()
            .filter(|(key, row)| {
                self.touched.contains(&key.0) || self.was.get(key).is_none_or(|was| was != *row)
            })
            .map(|(key, _)| key.0)
            .collect()
    }

    /// The version of a root as it will be stored: what was changed already counts as its next one.
    pub fn rev(&self, id: impl Into<Uuid>) -> i64 {
        let key = (id.into(), Uuid::nil());
        let Some(row) = self.now.get(&key) else { return 0 };
        let was = self.was.get(&key);
        if self.touched.contains(&key.0) || was != Some(row) {
            was.map_or(0, Root::rev) + 1
        } else {
            row.rev()
        }
    }

    /// Stamps every changed root with its next version; returns their ids.
    pub fn stamp(&mut self, now: chrono::DateTime<chrono::Utc>) -> Vec<Uuid> {
        let changed = self.changed_roots();
        for id in &changed {
            let key = (*id, Uuid::nil());
            let rev = self.was.get(&key).map_or(0, Root::rev) + 1;
            if let Some(row) = self.now.get_mut(&key) {
                row.stamp(rev, now);
            }
        }
        changed
    }
}

/// Values that one statement may bind: PostgreSQL takes 65,535, SQLite 32,766.
const MOST_VALUES: usize = 30_000;

/// Writes what changed in one table: one statement for what is new, one for what changed, one for what went.
pub(crate) async fn save<E, C>(table: &Table<E::Model>, tx: &C) -> Result<()>
where
    E: EntityTrait,
    E::Model: Row + IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    C: ConnectionTrait,
{
    let at_once = MOST_VALUES / E::Column::iter().count();
    let full = |row: &E::Model| row.clone().into_active_model().reset_all();

    let inserted: Vec<_> = table.inserted().map(full).collect();
    for rows in inserted.chunks(at_once) {
        // A plain insert: an upsert would overwrite a row of that id that somebody made in the meantime.
        E::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
    }

    let updated: Vec<_> = table.updated().map(full).collect();
    for rows in updated.chunks(at_once) {
        let keys: Vec<E::Column> = E::PrimaryKey::iter()
            .map(PrimaryKeyToColumn::into_column)
            .collect();
        let named: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
        let others: Vec<E::Column> = E::Column::iter()
            .filter(|column| !named.contains(&format!("{column:?}")))
            .collect();
        E::insert_many(rows.to_vec())
            .on_conflict(OnConflict::columns(keys).update_columns(others).to_owned())
            .exec_without_returning(tx)
            .await?;
    }

    let removed: Vec<_> = table.removed().collect();
    for rows in removed.chunks(500) {
        let mut any = Condition::any();
        for row in rows {
            let mut all = Condition::all();
            for key in E::PrimaryKey::iter() {
                let column = key.into_column();
                let value: Value = row.get(column);
                all = all.add(SimpleExpr::from(column.eq(value)));
            }
            any = any.add(all);
        }
        E::delete_many().filter(any).exec(tx).await?;
    }
    Ok(())
}
