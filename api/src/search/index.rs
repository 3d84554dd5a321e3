//! Keeps the index in step with the documents: in the transaction that writes them, or all over again.

use std::collections::{BTreeMap, BTreeSet};

use entity::{sync_doc, sync_log, sync_partition};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Kind, dialect,
    entry::{Entry, entries},
    pairs,
};
use crate::{
    error::{Error, Result},
    state::State,
    store::{
        partition::{Audience, Partition},
        placing::Placed,
        sql::Sql,
    },
};

/// Entries written by one statement.
const AT_ONCE: usize = 250;

/// Rows that a rebuild takes into one transaction.
const PAGE: u64 = 500;

/// What a transaction changes in the index.
pub(crate) struct Changed {
    rows: BTreeMap<Kind, BTreeSet<Uuid>>,
    entries: Vec<Entry>,
    /// The pairs of words of each petition, by what those who read most of it read.
    pairs: BTreeMap<Uuid, Vec<i64>>,
}

impl Changed {
    /// What the documents and partitions of changed rows ask for.
    pub(crate) fn of(placed: &Placed) -> Result<Self> {
        let mut rows = Rows::default();
        for entry in &placed.entries {
            let Some(kind) = Kind::of_collection(entry.collection) else {
                continue;
            };
            let row = rows.row(kind, entry.row_id);
            let partition = placed.partitions.get(&entry.partition);
            if entry.put
                && let Some(partition) = partition.and_then(|partition| Partition::parse(&partition.name))
            {
                row.partitions.push(partition);
            }
        }
        for document in &placed.documents {
            rows.document(document)?;
        }
        Ok(rows.changed())
    }

    /// Does it: for each kind one statement that takes away, and one that writes what differs.
    pub(crate) async fn write<C: ConnectionTrait>(&self, tx: &C) -> Result<()> {
        for (kind, rows) in &self.rows {
            let rows: Vec<Uuid> = rows.iter().copied().collect();
            for rows in rows.chunks(2_000) {
                self.remove(tx, *kind, rows).await?;
            }
        }
        for entries in self.entries.chunks(AT_ONCE) {
            write(tx, entries).await?;
        }
        self.write_pairs(tx).await
    }

    /// Brings the pairs of words up to date; those that are as they were cost nothing.
    async fn write_pairs<C: ConnectionTrait>(&self, tx: &C) -> Result<()> {
        let backend = tx.get_database_backend();
        let rows: Vec<Uuid> = self
            .rows
            .get(&Kind::Petition)
            .into_iter()
            .flatten()
            .copied()
            .collect();
        for rows in rows.chunks(2_000) {
            let mut sql = Sql::new(backend, "SELECT row_id, pairs FROM search_pairs WHERE row_id IN ");
            sql.bind_all(rows.iter().copied());
            let mut known: BTreeMap<Uuid, Vec<u8>> = BTreeMap::new();
            for row in sql.all(tx).await? {
                known.insert(row.try_get("", "row_id")?, row.try_get("", "pairs")?);
            }
            let (mut gone, mut new, mut lists) = (Vec::new(), Vec::new(), Vec::new());
            for row in rows {
                let now = self.pairs.get(row).map(Vec::as_slice).unwrap_or_default();
                let list = pairs::packed(now);
                let was = known.get(row);
                if was == Some(&list) {
                    continue;
                }
                let was = was.map(|was| pairs::unpacked(was)).unwrap_or_default();
                gone.extend(
                    was.iter()
                        .filter(|pair| !now.contains(pair))
                        .map(|pair| (*pair, *row)),
                );
                new.extend(
                    now.iter()
                        .filter(|pair| !was.contains(pair))
                        .map(|pair| (*pair, *row)),
                );
                lists.push((*row, list));
            }
            for gone in gone.chunks(PAIRS_AT_ONCE) {
                let mut sql = Sql::new(
                    backend,
                    "DELETE FROM search_pair WHERE (pair, row_id) IN (VALUES ",
                );
                pair_values(&mut sql, gone);
                sql.push(")");
                tx.execute_raw(sql.statement()).await?;
            }
            for new in new.chunks(PAIRS_AT_ONCE) {
                let mut sql = Sql::new(backend, "INSERT INTO search_pair (pair, row_id) VALUES ");
                pair_values(&mut sql, new);
                sql.push(" ON CONFLICT (pair, row_id) DO NOTHING");
                tx.execute_raw(sql.statement()).await?;
            }
            for lists in lists.chunks(PAIRS_AT_ONCE) {
                let mut sql = Sql::new(backend, "INSERT INTO search_pairs (row_id, pairs) VALUES ");
                for (index, (row, list)) in lists.iter().enumerate() {
                    sql.push(if index > 0 { ",(" } else { "(" });
                    sql.bind(*row).push(",").bind(list.clone()).push(")");
                }
                sql.push(" ON CONFLICT (row_id) DO UPDATE SET pairs = excluded.pairs");
                tx.execute_raw(sql.statement()).await?;
            }
        }
        Ok(())
    }

    /// Takes away what these rows have no more.
    async fn remove<C: ConnectionTrait>(&self, tx: &C, kind: Kind, rows: &[Uuid]) -> Result<()> {
        let mut sql = Sql::new(
            tx.get_database_backend(),
            "DELETE FROM search_entry WHERE collection = ",
        );
        sql.bind(kind.collection()).push(" AND row_id IN ");
        sql.bind_all(rows.iter().copied());
        let kept: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| entry.kind == kind && rows.binary_search(&entry.row_id).is_ok())
            .collect();
        if !kept.is_empty() {
            sql.push(" AND (row_id, audience) NOT IN (VALUES ");
            for (index, entry) in kept.into_iter().enumerate() {
                if index > 0 {
                    sql.push(",");
                }
                sql.push("(").bind(entry.row_id).push(",");
                sql.bind(entry.audience.rank()).push(")");
            }
            sql.push(")");
        }
        tx.execute_raw(sql.statement()).await?;
        Ok(())
    }
}

/// Pairs written by one statement.
const PAIRS_AT_ONCE: usize = 5_000;

fn pair_values(sql: &mut Sql, pairs: &[(i64, Uuid)]) {
    for (index, (pair, row)) in pairs.iter().enumerate() {
        sql.push(if index > 0 { ",(" } else { "(" });
        sql.bind(*pair).push(",").bind(*row).push(")");
    }
}

/// Writes entries; those that are as they were cost no change of the index.
async fn write<C: ConnectionTrait>(tx: &C, entries: &[Entry]) -> Result<()> {
    let backend = tx.get_database_backend();
    let columns: &[&str] = match backend {
        DatabaseBackend::Sqlite => &["scope", "head", "head_marked", "body", "body_marked"],
        _ => &["words"],
    };
    let mut sql = Sql::new(
        backend,
        "INSERT INTO search_entry (row_id, collection, audience, title, number, ",
    );
    sql.push(&columns.join(", ")).push(") VALUES ");
    for (index, entry) in entries.iter().enumerate() {
        sql.push(if index > 0 { ",(" } else { "(" });
        sql.bind(entry.row_id).push(",");
        sql.bind(entry.kind.collection()).push(",");
        sql.bind(entry.audience.rank()).push(",");
        sql.bind(entry.title.as_str()).push(",");
        sql.bind(entry.number.as_str());
        match backend {
            DatabaseBackend::Sqlite => {
                for line in dialect::lines(entry) {
                    sql.push(",").bind(line);
                }
            }
            _ => {
                sql.push(",").bind(dialect::tsvector(entry)).push("::tsvector");
            }
        }
        sql.push(")");
    }
    sql.push(" ON CONFLICT (row_id, collection, audience) DO UPDATE SET ");
    let columns: Vec<&str> = ["title", "number"]
        .into_iter()
        .chain(columns.iter().copied())
        .collect();
    let each = |pattern: &dyn Fn(&str) -> String, between: &str| {
        let all: Vec<_> = columns.iter().map(|column| pattern(column)).collect();
        all.join(between)
    };
    sql.push(&each(&|column| format!("{column} = excluded.{column}"), ", "));
    sql.push(" WHERE ");
    sql.push(&each(
        &|column| format!("search_entry.{column} <> excluded.{column}"),
        " OR ",
    ));
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}

/// The pairs of words of a petition; its title is mostly the beginning of its text.
fn pairs_of(document: &Map<String, Value>) -> Vec<i64> {
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut all = pairs::pairs(&pairs::telling(text("content")));
    for pair in pairs::pairs(&pairs::telling(text("title"))) {
        if all.len() < pairs::MOST_PAIRS && !all.contains(&pair) {
            all.push(pair);
        }
    }
    all
}

/// Rows of which documents and partitions are being gathered.
#[derive(Default)]
struct Rows(BTreeMap<(Kind, Uuid), Row>);

#[derive(Default)]
struct Row {
    documents: Vec<(Audience, Map<String, Value>)>,
    partitions: Vec<Partition>,
}

impl Rows {
    fn row(&mut self, kind: Kind, id: Uuid) -> &mut Row {
        self.0.entry((kind, id)).or_default()
    }

    fn document(&mut self, document: &sync_doc::Model) -> Result<()> {
        let kind = Kind::of_collection(&document.collection);
        if let (Some(kind), Some(audience)) = (kind, Audience::from_rank(document.audience)) {
            let content = serde_json::from_str(&document.doc)
                .map_err(|_| Error::internal("a stored document is no object"))?;
            self.row(kind, document.row_id)
                .documents
                .push((audience, content));
        }
        Ok(())
    }

    fn changed(self) -> Changed {
        let mut changed = Changed {
            rows: BTreeMap::new(),
            entries: Vec::new(),
            pairs: BTreeMap::new(),
        };
        for ((kind, id), row) in self.0 {
            let richest = row.documents.iter().max_by_key(|(audience, _)| *audience);
            if let (Kind::Petition, Some((_, document))) = (kind, richest) {
                changed.pairs.insert(id, pairs_of(document));
            }
            changed.rows.entry(kind).or_default().insert(id);
            changed
                .entries
                .extend(entries(kind, id, &row.documents, &row.partitions));
        }
        changed
    }
}

/// Makes the index again from the stored documents, page by page while the server runs; says of how many rows.
/// Stopped half-way it has done no harm and may begin again.
pub async fn rebuild(state: &State) -> Result<u64> {
    let mut count = 0;
    for kind in Kind::ALL {
        let mut after = None;
        while let Some((last, rows)) = page(state, kind, after).await? {
            after = Some(last);
            count += rows;
        }
    }
    let tx = state.store.begin().await?;
    tx.execute_unprepared(
        "DELETE FROM search_entry WHERE NOT EXISTS (SELECT 1 FROM sync_doc \
         WHERE sync_doc.collection = search_entry.collection AND sync_doc.row_id = search_entry.row_id)",
    )
    .await?;
    if state.store.backend() == DatabaseBackend::Sqlite {
        tx.execute_unprepared("INSERT INTO search_words (search_words) VALUES ('rebuild')")
            .await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// Makes the pairs of petitions that were written before there were any; says of how many.
pub(crate) async fn fill_pairs(state: &State) -> Result<u64> {
    let without = || {
        Sql::new(
            state.store.backend(),
            "SELECT DISTINCT row_id FROM search_entry WHERE collection = 'petition' AND NOT EXISTS \
             (SELECT 1 FROM search_pairs WHERE search_pairs.row_id = search_entry.row_id) LIMIT 1",
        )
    };
    if without().one(state.store.read()).await?.is_none() {
        return Ok(0);
    }
    let (mut count, mut after) = (0, None);
    while let Some((last, rows)) = page(state, Kind::Petition, after).await? {
        after = Some(last);
        count += rows;
    }
    Ok(count)
}

/// Indexes the next rows; gives the last of them and their number.
async fn page(state: &State, kind: Kind, after: Option<Uuid>) -> Result<Option<(Uuid, u64)>> {
    let tx = state.store.begin().await?;
    let mut next = sync_doc::Entity::find()
        .select_only()
        .column(sync_doc::Column::RowId)
        .distinct()
        .filter(sync_doc::Column::Collection.eq(kind.collection()))
        .order_by_asc(sync_doc::Column::RowId)
        .limit(PAGE);
    if let Some(after) = after {
        next = next.filter(sync_doc::Column::RowId.gt(after));
    }
    let ids: Vec<Uuid> = next.into_tuple().all(&tx).await?;
    let Some(last) = ids.last().copied() else {
        tx.rollback().await?;
        return Ok(None);
    };
    let mut rows = Rows::default();
    // Locked where rows can be locked: a writer of one of them waits, and then writes the newer entry.
    let documents = sync_doc::Entity::find()
        .filter(sync_doc::Column::Collection.eq(kind.collection()))
        .filter(sync_doc::Column::RowId.is_in(ids.iter().copied()))
        .lock_exclusive()
        .all(&tx)
        .await?;
    for document in &documents {
        rows.document(document)?;
    }
    let lines: Vec<(Uuid, i64)> = sync_log::Entity::find()
        .select_only()
        .columns([sync_log::Column::RowId, sync_log::Column::Partition])
        .filter(sync_log::Column::Collection.eq(kind.collection()))
        .filter(sync_log::Column::RowId.is_in(ids.iter().copied()))
        .filter(sync_log::Column::Op.eq("put"))
        .into_tuple()
        .all(&tx)
        .await?;
    let used: BTreeSet<i64> = lines.iter().map(|(_, partition)| *partition).collect();
    let partitions: BTreeMap<i64, Partition> = sync_partition::Entity::find()
        .filter(sync_partition::Column::Id.is_in(used))
        .all(&tx)
        .await?
        .into_iter()
        .filter_map(|row| Some((row.id, Partition::parse(&row.name)?)))
        .collect();
    for (id, partition) in lines {
        if let Some(partition) = partitions.get(&partition) {
            rows.row(kind, id).partitions.push(*partition);
        }
    }
    rows.changed().write(&tx).await?;
    tx.commit().await?;
    Ok(Some((last, ids.len() as u64)))
}
