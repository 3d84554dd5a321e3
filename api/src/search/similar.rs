//! Petitions that ask for much the same, across units and years, within what the viewer may see. Suggested, never
//! merged.
//!
//! The work is bounded whatever the number of petitions: of each pair of words at most so many petitions are looked
//! at, of all of them the best few are read, and only what their reader may read of them counts.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{
    id::{AgencyId, PetitionId, UnitId},
    sync_doc,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::pairs::{pairs, telling};
use crate::{
    error::{Code, Error, Result},
    store::{Store, partition::Audience, sql::Sql, visibility},
    viewer::Viewer,
};

/// Characters of a text that is asked about.
pub const MOST_CHARACTERS: usize = 20_000;

/// Pairs of it that are looked for.
pub const MOST_ASKED: usize = 48;

/// Petitions looked at for each pair, newest first; what more have is so common that it says little.
pub const MOST_OF_A_PAIR: usize = 200;

/// Petitions of the place itself that are looked at.
pub const MOST_OF_A_PLACE: usize = 300;

/// Units that a place may be, with what it was and what came of it; of the real ones none is more than 15.
const MOST_UNITS: usize = 100;

/// Petitions that are compared word by word.
const MOST_COMPARED: usize = 100;

/// What is less alike is not shown; set by the labelled pairs of the sample (docs/similar.md).
pub const LEAST: f64 = 0.16;

/// What the same place and the same body add.
const SAME_PLACE: f64 = 0.04;
const SAME_AGENCY: f64 = 0.02;

/// What is asked about.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub text: String,
    /// The places that it is about, as they are and as they were.
    pub units: BTreeSet<UnitId>,
    pub agency: Option<AgencyId>,
    /// The petition that it is.
    pub except: Option<PetitionId>,
    pub first: usize,
}

/// A petition that asks for much the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    pub id: PetitionId,
    /// From 0 to 1.
    pub score: f64,
    pub same_place: bool,
    pub same_agency: bool,
    /// The telling words that both have, folded.
    pub words: Vec<String>,
}

/// The petitions that are most alike, best first.
pub async fn similar(store: &Store, viewer: &Viewer, asked: &Asked) -> Result<Vec<Similar>> {
    if asked.text.chars().count() > MOST_CHARACTERS {
        return Err(Error::limit(Code::TooLong, MOST_CHARACTERS as u64));
    }
    let words = telling(&asked.text);
    let mut wanted = pairs(&words);
    wanted.truncate(MOST_ASKED);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let snapshot = store.snapshot().await?;
    let found = statement(store.backend(), &wanted, &asked.units, "")
        .all(&snapshot)
        .await?;
    let mut of_pair: HashMap<i32, Vec<Uuid>> = HashMap::new();
    for row in found {
        let ids: Option<String> = row.try_get("", "row_ids")?;
        let ids = ids.as_deref().unwrap_or_default().split_ascii_whitespace();
        let ids = ids.filter_map(|id| Uuid::try_parse(id).ok()).collect();
        of_pair.insert(row.try_get("", "place")?, ids);
    }
    // A pair that few petitions have says much, one that hundreds have says little.
    let weight = |count: usize| 1.0 / (1.0 + (count.max(1) as f64).ln());
    let weights: HashMap<i64, f64> = (0_i32..)
        .zip(&wanted)
        .map(|(place, pair)| (*pair, weight(of_pair.get(&place).map_or(0, Vec::len))))
        .collect();
    let mut candidates: HashMap<Uuid, f64> = HashMap::new();
    for (place, ids) in &of_pair {
        let pair = usize::try_from(*place).ok().and_then(|place| wanted.get(place));
        // Those of the place itself come along without a pair; the comparison decides.
        let weight = pair
            .and_then(|pair| weights.get(pair))
            .map_or(0.01, |weight| *weight);
        for id in ids {
            *candidates.entry(*id).or_default() += weight;
        }
    }
    if let Some(except) = asked.except {
        candidates.remove(&except.0);
    }
    let mut candidates: Vec<(Uuid, f64)> = candidates.into_iter().collect();
    candidates.sort_unstable_by(|(one, a), (other, b)| b.total_cmp(a).then(other.cmp(one)));
    let all: Vec<Uuid> = candidates.iter().map(|(id, _)| *id).collect();
    let mut compared: Vec<(Uuid, Audience)> = Vec::new();
    // What the viewer may not see takes no place of what he may. Mostly he sees the first.
    let (first, rest) = all.split_at(all.len().min(MOST_COMPARED));
    for ids in std::iter::once(first).chain(rest.chunks(500)) {
        let audiences = visibility::audiences(&snapshot, viewer, "petition", ids).await?;
        let seen = ids.iter().filter_map(|id| Some((*id, *audiences.get(id)?)));
        compared.extend(seen.take(MOST_COMPARED - compared.len()));
        if compared.len() == MOST_COMPARED {
            break;
        }
    }
    let documents = documents(&snapshot, &compared).await?;
    snapshot.commit().await?;

    let question = Question {
        words: words.iter().cloned().collect(),
        weights,
    };
    let mut similar: Vec<Similar> = compared
        .iter()
        .filter_map(|(id, _)| question.compare(PetitionId(*id), documents.get(id)?, asked))
        .collect();
    similar.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.id.cmp(&a.id)));
    similar.truncate(asked.first);
    Ok(similar)
}

/// How the database goes about it, one line a step; for tests and for whoever looks after a database.
pub async fn plan(store: &Store, asked: &Asked) -> Result<Vec<String>> {
    let (explain, column) = match store.backend() {
        DatabaseBackend::Sqlite => ("EXPLAIN QUERY PLAN ", "detail"),
        _ => ("EXPLAIN ", "QUERY PLAN"),
    };
    let wanted = pairs(&telling(&asked.text));
    let sql = statement(store.backend(), &wanted, &asked.units, explain);
    let lines = sql.all(store.read()).await?;
    let lines = lines.iter().map(|line| line.try_get("", column));
    Ok(lines.collect::<Result<_, _>>()?)
}

/// One statement: of each pair, and of the place, the newest petitions. The database gathers the ids of each in one
/// text: a driver takes longer to hand over ten thousand rows than the database to find them.
fn statement(backend: DatabaseBackend, pairs: &[i64], units: &BTreeSet<UnitId>, explain: &str) -> Sql {
    let gathered = match backend {
        DatabaseBackend::Sqlite => "group_concat(hex(row_id), ' ')",
        _ => "string_agg(CAST(row_id AS text), ' ')",
    };
    let mut sql = Sql::new(backend, explain);
    for (place, pair) in pairs.iter().take(MOST_ASKED).enumerate() {
        if place > 0 {
            sql.push(" UNION ALL ");
        }
        sql.push(&format!(
            "SELECT {place} AS place, {gathered} AS row_ids FROM (SELECT row_id FROM search_pair WHERE pair = "
        ));
        sql.bind(*pair);
        sql.push(&format!(
            " ORDER BY row_id DESC LIMIT {MOST_OF_A_PAIR}) AS t{place}"
        ));
    }
    if units.is_empty() {
        return sql;
    }
    sql.push(&format!(
        " UNION ALL SELECT -1 AS place, {gathered} AS row_ids FROM (SELECT row_id FROM ("
    ));
    // The newest of each unit by its index and of these the newest: of one list of units the database would read and
    // sort all that they have.
    for (at, unit) in units.iter().take(MOST_UNITS).enumerate() {
        if at > 0 {
            sql.push(" UNION ALL ");
        }
        sql.push("SELECT * FROM (SELECT petition_id AS row_id FROM petition_unit WHERE unit_id = ");
        sql.bind(unit.0);
        sql.push(&format!(
            " ORDER BY petition_id DESC LIMIT {MOST_OF_A_PLACE}) AS u{at}"
        ));
    }
    sql.push(&format!(
        ") AS there ORDER BY row_id DESC LIMIT {MOST_OF_A_PLACE}) AS here"
    ));
    sql
}

/// What the viewer may read of each petition.
async fn documents<C: ConnectionTrait>(
    conn: &C,
    rows: &[(Uuid, Audience)],
) -> Result<HashMap<Uuid, Map<String, Value>>> {
    let audiences: HashMap<Uuid, i32> = rows.iter().map(|(id, audience)| (*id, audience.rank())).collect();
    let found = sync_doc::Entity::find()
        .filter(sync_doc::Column::Collection.eq("petition"))
        .filter(sync_doc::Column::RowId.is_in(audiences.keys().copied()))
        .all(conn)
        .await?;
    Ok(found
        .into_iter()
        .filter(|row| audiences.get(&row.row_id) == Some(&row.audience))
        .filter_map(|row| Some((row.row_id, serde_json::from_str(&row.doc).ok()?)))
        .collect())
}

struct Question {
    words: HashSet<String>,
    weights: HashMap<i64, f64>,
}

impl Question {
    fn compare(&self, id: PetitionId, document: &Map<String, Value>, asked: &Asked) -> Option<Similar> {
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        // The title is mostly the beginning of the text.
        let (title, content) = (telling(text("title")), telling(text("content")));
        let shared_pairs: HashSet<i64> = pairs(&title).into_iter().chain(pairs(&content)).collect();
        let words: HashSet<String> = title.into_iter().chain(content).collect();
        if words.is_empty() {
            return None;
        }
        let all: f64 = self.weights.values().sum();
        let common = self
            .weights
            .iter()
            .filter(|(pair, _)| shared_pairs.contains(pair));
        let pairs_alike = common.map(|(_, weight)| weight).sum::<f64>() / all;
        let mut shared: Vec<String> = self.words.intersection(&words).cloned().collect();
        shared.sort_unstable();
        let both = (self.words.len() + words.len()) as f64;
        let words_alike = 2.0 * shared.len() as f64 / both;

        let units = text("unitIds")
            .split(' ')
            .filter_map(|unit| Uuid::try_parse(unit).ok());
        let same_place = units.map(UnitId).any(|unit| asked.units.contains(&unit));
        let same_agency = asked
            .agency
            .is_some_and(|agency| text("agencyId") == agency.0.to_string());
        // One rare pair in a long text says more than its share of the text.
        let mut score = 0.5 * pairs_alike.sqrt() + 0.5 * words_alike;
        if score <= 0.0 {
            return None;
        }
        score += if same_place { SAME_PLACE } else { 0.0 };
        score += if same_agency { SAME_AGENCY } else { 0.0 };
        (score >= LEAST).then_some(Similar {
            id,
            score: score.min(1.0),
            same_place,
            same_agency,
            words: shared,
        })
    }
}
