//! One function that finds, whatever the database.

use std::collections::{BTreeSet, HashMap};

use entity::{id::UnitId, sync_doc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryResult,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Kind, PUBLIC, dialect, question::Question, scope, snippet::snippet};
use crate::{
    error::Result,
    store::{Store, partition::Audience, sql::Sql, visibility},
    viewer::Viewer,
};

pub use super::question::{MOST_CHARACTERS, MOST_WORDS};

/// Entries that one row can have at most: one for each audience.
const ENTRIES_OF_A_ROW: u64 = Audience::ALL.len() as u64;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// As it was typed.
    pub text: String,
    /// Only these kinds; all when empty.
    pub kinds: BTreeSet<Kind>,
    /// Only what concerns one of these units.
    pub units: Option<BTreeSet<UnitId>>,
    /// How many at most.
    pub first: u64,
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub kind: Kind,
    pub id: Uuid,
    pub number: Option<String>,
    /// Absent where this audience reads none.
    pub title: Option<String>,
    /// As whom the viewer reads it.
    pub audience: Audience,
}

/// What the viewer may see and asked for, best first; among equals what was indexed last.
pub async fn find(store: &Store, viewer: &Viewer, search: &Search) -> Result<Vec<Hit>> {
    let Some(sql) = statement(store.backend(), viewer, search, "")? else {
        return Ok(Vec::new());
    };
    let snapshot = by_index(store).await?;
    let mut entries = sql
        .all(&snapshot)
        .await?
        .iter()
        .map(Found::read)
        .collect::<Result<Vec<_>>>()?;
    entries.sort_by_key(|entry| (entry.tier, std::cmp::Reverse(entry.id)));

    let mut place: HashMap<(Kind, Uuid), usize> = HashMap::new();
    let mut hits: Vec<Hit> = Vec::new();
    for entry in entries {
        match place.get(&(entry.hit.kind, entry.hit.id)) {
            Some(place) => {
                // The same row by another of its texts: shown as the viewer reads it best.
                if let Some(known) = hits.get_mut(*place)
                    && known.audience < entry.hit.audience
                {
                    *known = entry.hit;
                }
            }
            None => {
                place.insert((entry.hit.kind, entry.hit.id), hits.len());
                hits.push(entry.hit);
            }
        }
    }
    hits.truncate(usize::try_from(search.first).unwrap_or(usize::MAX));
    let hits = seen(&snapshot, viewer, hits).await?;
    snapshot.commit().await?;
    Ok(hits)
}

/// A snapshot in which words are sought by the index alone. PostgreSQL's planner does not count what it costs to
/// unpack the words of every row, and takes a walk through the table for cheaper when a word is common.
async fn by_index(store: &Store) -> Result<DatabaseTransaction> {
    let snapshot = store.snapshot().await?;
    if store.backend() == DatabaseBackend::Postgres {
        snapshot
            .execute_unprepared("SET LOCAL enable_seqscan = off")
            .await?;
    }
    Ok(snapshot)
}

/// The index was asked within the viewer's scope; the change log has the last word all the same.
async fn seen<C: ConnectionTrait>(conn: &C, viewer: &Viewer, hits: Vec<Hit>) -> Result<Vec<Hit>> {
    let mut audiences: HashMap<(Kind, Uuid), Audience> = HashMap::new();
    for kind in Kind::ALL {
        let ids: Vec<Uuid> = hits
            .iter()
            .filter(|hit| hit.kind == kind)
            .map(|hit| hit.id)
            .collect();
        let known = visibility::audiences(conn, viewer, kind.collection(), &ids).await?;
        audiences.extend(known.into_iter().map(|(id, audience)| ((kind, id), audience)));
    }
    Ok(hits
        .into_iter()
        .filter_map(|hit| {
            let audience = *audiences.get(&(hit.kind, hit.id))?;
            Some(Hit { audience, ..hit })
        })
        .collect())
}

/// How the database goes about a search, one line a step; for tests and for whoever looks after a database.
pub async fn plan(store: &Store, viewer: &Viewer, search: &Search) -> Result<Vec<String>> {
    let (explain, column) = match store.backend() {
        DatabaseBackend::Sqlite => ("EXPLAIN QUERY PLAN ", "detail"),
        _ => ("EXPLAIN ", "QUERY PLAN"),
    };
    let Some(sql) = statement(store.backend(), viewer, search, explain)? else {
        return Ok(Vec::new());
    };
    let snapshot = by_index(store).await?;
    let lines = sql
        .all(&snapshot)
        .await?
        .iter()
        .map(|line| line.try_get("", column))
        .collect::<Result<_, _>>()?;
    snapshot.commit().await?;
    Ok(lines)
}

/// One statement: for each demand of the question the newest entries that fulfil it. Each part alone would fill
/// the answer, so that together they are right whatever they have in common.
fn statement(
    backend: DatabaseBackend,
    viewer: &Viewer,
    search: &Search,
    explain: &str,
) -> Result<Option<Sql>> {
    let Some(question) = Question::read(&search.text)? else {
        return Ok(None);
    };
    let mut sql = Sql::new(backend, explain);
    if let Some(units) = &search.units {
        if units.is_empty() {
            return Ok(None);
        }
        sql.push("WITH place (unit_id) AS (VALUES ");
        for (index, unit) in units.iter().enumerate() {
            sql.push(if index > 0 { ",(" } else { "(" });
            sql.bind(unit.0).push(")");
        }
        sql.push(") ");
    }
    let mut scopes = vec![readable(viewer)];
    if !search.kinds.is_empty() {
        scopes.push(
            search
                .kinds
                .iter()
                .map(|kind| kind.collection().to_owned())
                .collect(),
        );
    }
    for (index, tier) in question.tiers().iter().enumerate() {
        if index > 0 {
            sql.push(" UNION ALL ");
        }
        sql.push(&format!(
            "SELECT * FROM (SELECT {index} AS tier, e.id, e.collection, e.row_id, e.audience, e.number, e.title "
        ));
        let demand = dialect::demand(backend, tier, &scopes);
        match backend {
            DatabaseBackend::Sqlite => {
                // CROSS JOIN keeps this order: first the words, then the entries that have them.
                sql.push("FROM search_words CROSS JOIN search_entry e ON e.id = search_words.rowid ");
                sql.push("WHERE search_words MATCH ").bind(demand);
            }
            _ => {
                sql.push("FROM search_entry e WHERE e.words @@ ")
                    .bind(demand)
                    .push("::tsquery");
            }
        }
        if search.units.is_some() {
            sql.push(
                " AND EXISTS (SELECT 1 FROM petition_unit u WHERE u.petition_id = e.row_id \
                   AND u.unit_id IN (SELECT unit_id FROM place) \
                 UNION ALL SELECT 1 FROM meeting_unit u WHERE u.meeting_id = e.row_id \
                   AND u.unit_id IN (SELECT unit_id FROM place) \
                 UNION ALL SELECT 1 FROM resolution u WHERE u.id = e.row_id \
                   AND u.unit_id IN (SELECT unit_id FROM place))",
            );
        }
        match backend {
            // FTS5 walks backwards by itself and stops at the limit.
            DatabaseBackend::Sqlite => sql.push(" ORDER BY search_words.rowid DESC LIMIT "),
            // An order by the bare id would tempt the planner to walk all entries backwards.
            _ => sql.push(" ORDER BY e.id + 0 DESC LIMIT "),
        };
        let most = search.first.saturating_mul(ENTRIES_OF_A_ROW);
        sql.push(&most.to_string()).push(&format!(") AS t{index}"));
    }
    Ok(Some(sql))
}

/// Where the viewer may read.
fn readable(viewer: &Viewer) -> Vec<String> {
    let mut scopes = BTreeSet::from([PUBLIC.to_owned()]);
    scopes.extend(viewer.partitions().iter().map(|partition| scope(*partition)));
    scopes.into_iter().collect()
}

/// An entry that fulfils a demand.
struct Found {
    tier: i32,
    id: i64,
    hit: Hit,
}

impl Found {
    fn read(row: &QueryResult) -> Result<Self> {
        let collection: String = row.try_get("", "collection")?;
        let number: String = row.try_get("", "number")?;
        let title: String = row.try_get("", "title")?;
        let audience: i32 = row.try_get("", "audience")?;
        let missing = || crate::error::Error::internal("an entry of the index of an unknown kind");
        Ok(Self {
            tier: row.try_get("", "tier")?,
            id: row.try_get("", "id")?,
            hit: Hit {
                kind: Kind::of_collection(&collection).ok_or_else(missing)?,
                id: row.try_get("", "row_id")?,
                number: Some(number).filter(|number| !number.is_empty()),
                title: Some(title).filter(|title| !title.is_empty()),
                audience: Audience::from_rank(audience).ok_or_else(missing)?,
            },
        })
    }
}

/// What is shown of a hit beside its title.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    pub unit_ids: Vec<Uuid>,
    pub snippet: Option<String>,
}

/// Units and the words around the match, out of the document that the viewer reads; one statement for all.
pub async fn details<C: ConnectionTrait>(
    conn: &C,
    text: &str,
    hits: &[Hit],
) -> Result<HashMap<(Kind, Uuid), Detail>> {
    let mut details = HashMap::new();
    let Some(question) = Question::read(text)?.filter(|_| !hits.is_empty()) else {
        return Ok(details);
    };
    let any = hits.iter().fold(Condition::any(), |any, hit| {
        any.add(
            Condition::all()
                .add(sync_doc::Column::Collection.eq(hit.kind.collection()))
                .add(sync_doc::Column::RowId.eq(hit.id))
                .add(sync_doc::Column::Audience.eq(hit.audience.rank())),
        )
    });
    for row in sync_doc::Entity::find().filter(any).all(conn).await? {
        let document = serde_json::from_str::<Map<String, Value>>(&row.doc);
        let (Some(kind), Ok(document)) = (Kind::of_collection(&row.collection), document) else {
            continue;
        };
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let units = text("unitIds").or(text("unitId")).unwrap_or_default();
        let detail = Detail {
            unit_ids: units
                .split(' ')
                .filter_map(|id| Uuid::try_parse(id).ok())
                .collect(),
            snippet: kind
                .body()
                .iter()
                .filter_map(|name| text(name))
                .find_map(|text| snippet(text, &question.words)),
        };
        details.insert((kind, row.row_id), detail);
    }
    Ok(details)
}
