//! Documents made again from their rows: to prove that what is stored is what the rules say, and to bring a
//! changed shape to devices.

use std::collections::{BTreeMap, BTreeSet};

use entity::sync_doc;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{
    collection::Collection,
    door::{self, Command, Facts, Verdict},
    partition::Audience,
    reference::Reference,
    working::{Changes, Needs, Working},
};
use crate::{
    error::{Refused, Result},
    installation,
    state::State,
    viewer::Viewer,
};

/// A stored document that is not what its rows come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub collection: &'static str,
    pub row: Uuid,
    pub audience: Audience,
    /// What is stored, if anything.
    pub stored: Option<String>,
    /// What the rows come to, if the audience sees the row at all.
    pub made: Option<String>,
}

/// Compares the stored documents of these rows of a collection with what their rows come to.
pub async fn differences<C: ConnectionTrait>(
    conn: &C,
    collection: &'static dyn Collection,
    reference: &Reference,
    ids: &[Uuid],
) -> Result<Vec<Difference>> {
    let mut needs = Needs::default();
    for id in ids {
        collection.needs(*id, &mut needs);
    }
    let working = Working::load(conn, &needs).await?;
    let mut stored: BTreeMap<(Uuid, i32), String> = sync_doc::Entity::find()
        .filter(sync_doc::Column::Collection.eq(collection.name()))
        .filter(sync_doc::Column::RowId.is_in(ids.iter().copied()))
        .all(conn)
        .await?
        .into_iter()
        .map(|row| ((row.row_id, row.audience), row.doc))
        .collect();
    let mut found = Vec::new();
    for id in ids {
        let sees: BTreeSet<Audience> = collection
            .partitions(&working, reference, *id)
            .into_iter()
            .map(|partition| partition.audience())
            .collect();
        for audience in Audience::ALL {
            let made = sees.contains(&audience).then(|| {
                let mut document = collection.document(&working, reference, *id, audience);
                document.insert("rev".to_owned(), collection.rev(&working, *id).to_string().into());
                serde_json::Value::Object(document).to_string()
            });
            let stored = stored.remove(&(*id, audience.rank()));
            if stored != made {
                found.push(Difference {
                    collection: collection.name(),
                    row: *id,
                    audience,
                    stored,
                    made,
                });
            }
        }
    }
    Ok(found)
}

/// Rows that are compared, and where they differ written, at once.
const PAGE: u64 = 500;

/// Under this name stands in the database that documents have to be made again before the next server serves.
const DUE: &str = "rebuild";

/// Makes the documents of all collections again, page by page while servers run, and says of how many rows they
/// differed. Only these move in the log and reach devices once more; their entries in the search index are written with
/// them. Stopped half-way it has done no harm and may begin again. `told` hears how many rows were looked at, and how
/// many there are.
pub async fn rebuild(state: &State, mut told: impl FnMut(u64, u64)) -> Result<u64> {
    let all = sync_doc::Entity::find()
        .select_only()
        .columns([sync_doc::Column::Collection, sync_doc::Column::RowId])
        .distinct()
        .count(state.store.read())
        .await?;
    let (mut seen, mut written) = (0, 0);
    for collection in state.collections {
        let mut after: Option<Uuid> = None;
        loop {
            let mut next = sync_doc::Entity::find()
                .select_only()
                .column(sync_doc::Column::RowId)
                .distinct()
                .filter(sync_doc::Column::Collection.eq(collection.name()))
                .order_by_asc(sync_doc::Column::RowId)
                .limit(PAGE);
            if let Some(after) = after {
                next = next.filter(sync_doc::Column::RowId.gt(after));
            }
            let ids: Vec<Uuid> = next.into_tuple().all(state.store.read()).await?;
            let Some(last) = ids.last().copied() else { break };
            after = Some(last);
            let found = differences(state.store.read(), *collection, &state.reference(), &ids).await?;
            let differ: BTreeSet<Uuid> = found.iter().map(|difference| difference.row).collect();
            if !differ.is_empty() {
                written += differ.len() as u64;
                let again = WriteAgain {
                    collection: *collection,
                    rows: differ,
                };
                for answer in door::execute(state, &Viewer::system(), &[&again]).await? {
                    answer?;
                }
            }
            seen += ids.len() as u64;
            told(seen, all);
        }
    }
    Ok(written)
}

/// Makes the documents again if a migration asked for it; what it found to differ. To be called before serving: until
/// then documents may say what they no longer should.
pub async fn rebuild_if_due(state: &State, told: impl FnMut(u64, u64)) -> Result<Option<u64>> {
    if installation::fact(&state.store, DUE).await?.is_none() {
        return Ok(None);
    }
    let written = rebuild(state, told).await?;
    installation::forget(&state.store, DUE).await?;
    Ok(Some(written))
}

/// Writes rows again as they are.
struct WriteAgain {
    collection: &'static dyn Collection,
    rows: BTreeSet<Uuid>,
}

impl Command for WriteAgain {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        for row in &self.rows {
            self.collection.needs(*row, needs);
        }
    }

    fn judge(&self, _working: &Working, _facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        for row in self.rows.iter().copied() {
            changes.and(move |working| working.touch(row));
        }
        Ok(Verdict::about(changes, self.rows.iter().copied()))
    }
}
