//! Rows as one viewer sees them now: in which of his partitions they lie, and their document for the richest audience
//! among these.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, DatabaseBackend};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    store::{partition::Audience, sql::Sql},
    viewer::Viewer,
};

/// A row that changed, as the viewer sees it now.
#[derive(Clone, Debug)]
pub struct Change {
    /// The partitions of the viewer's in which it lies.
    pub partitions: Vec<i64>,
    pub collection: String,
    pub id: Uuid,
    pub rev: i64,
    /// Its document, as JSON text; none if it is gone.
    pub doc: Option<String>,
}

/// By collection and id: the partitions of a viewer's in which rows lie.
pub(super) type Live = HashMap<(String, Uuid), BTreeSet<i64>>;

/// What a viewer sees, read from one snapshot.
pub(super) struct Sight<'a, C> {
    pub(super) backend: DatabaseBackend,
    pub(super) viewer: &'a Viewer,
    pub(super) conn: &'a C,
}

impl<C: ConnectionTrait> Sight<'_, C> {
    /// The richest audience among partitions.
    pub(super) fn richest(&self, partitions: &BTreeSet<i64>) -> Option<Audience> {
        partitions
            .iter()
            .filter_map(|partition| self.viewer.audience_of(*partition))
            .max()
    }

    /// In which of the viewer's partitions rows lie now.
    pub(super) async fn live(&self, ids: BTreeSet<Uuid>) -> Result<Live> {
        let mut live = Live::new();
        let mine = self.viewer.partition_ids();
        if ids.is_empty() || mine.is_empty() {
            return Ok(live);
        }
        let mut sql = Sql::new(
            self.backend,
            "SELECT collection, row_id, partition FROM sync_log WHERE op = 'put' AND row_id IN ",
        );
        sql.bind_all(ids).push(" AND partition IN ").bind_all(mine);
        for row in sql.all(self.conn).await? {
            live.entry((row.try_get("", "collection")?, row.try_get("", "row_id")?))
                .or_default()
                .insert(row.try_get("", "partition")?);
        }
        Ok(live)
    }

    /// These rows, in order: with their documents, or as gone.
    pub(super) async fn changes(&self, wanted: Vec<(String, Uuid)>, live: &Live) -> Result<Vec<Change>> {
        let audiences: Vec<Option<Audience>> = wanted
            .iter()
            .map(|key| live.get(key).and_then(|here| self.richest(here)))
            .collect();
        let mut documents = self.documents(&wanted, &audiences).await?.into_iter();
        let mut changes = Vec::with_capacity(wanted.len());
        for (key, audience) in wanted.into_iter().zip(audiences) {
            let partitions = live
                .get(&key)
                .map(|here| here.iter().copied().collect())
                .unwrap_or_default();
            let (rev, doc) = match audience {
                Some(_) => match documents.next() {
                    Some((rev, doc)) => (rev, Some(doc)),
                    None => return Err(Error::internal("a document is missing")),
                },
                None => (0, None),
            };
            let (collection, id) = key;
            changes.push(Change {
                partitions,
                collection,
                id,
                rev,
                doc,
            });
        }
        Ok(changes)
    }

    /// The documents, in order, joined into one value by the database: rows cost more than bytes.
    async fn documents(
        &self,
        wanted: &[(String, Uuid)],
        audiences: &[Option<Audience>],
    ) -> Result<Vec<(i64, String)>> {
        let list: Vec<serde_json::Value> = wanted
            .iter()
            .zip(audiences)
            .filter_map(|((collection, id), audience)| {
                Some(serde_json::json!([
                    collection,
                    id.simple().to_string().to_uppercase(),
                    (*audience)?.rank()
                ]))
            })
            .collect();
        if list.is_empty() {
            return Ok(Vec::new());
        }
        let count = list.len();
        let list = serde_json::Value::Array(list).to_string();
        let backend = self.backend;
        let mut sql = Sql::new(
            backend,
            "SELECT string_agg(part, char(10) ORDER BY place) AS value FROM (",
        );
        if backend == DatabaseBackend::Postgres {
            sql = Sql::new(
                backend,
                "SELECT string_agg(part, chr(10) ORDER BY place) AS value FROM (",
            );
            sql.push("SELECT w.place AS place, COALESCE(CAST(d.rev AS TEXT) || ' ' || d.doc, '') AS part FROM (SELECT ordinality AS place, e->>0 AS collection, CAST(e->>1 AS uuid) AS row_id, CAST(e->>2 AS integer) AS audience FROM jsonb_array_elements(CAST(");
            sql.bind(list)
                .push(" AS jsonb)) WITH ORDINALITY AS t(e, ordinality)) AS w");
        } else {
            sql.push("SELECT w.place AS place, COALESCE(CAST(d.rev AS TEXT) || ' ' || d.doc, '') AS part FROM (SELECT key AS place, value ->> 0 AS collection, unhex(value ->> 1) AS row_id, value ->> 2 AS audience FROM json_each(");
            sql.bind(list).push(")) AS w");
        }
        sql.push(" LEFT JOIN sync_doc AS d ON d.collection = w.collection AND d.row_id = w.row_id AND d.audience = w.audience) AS x");
        let row = sql
            .one(self.conn)
            .await?
            .ok_or_else(|| Error::internal("an aggregate without a row"))?;
        let joined: String = row.try_get("", "value")?;
        // JSON text never holds a bare line feed, so that lines are documents.
        let documents: Vec<(i64, String)> = joined
            .split('\n')
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(rev, doc)| Some((rev.parse().ok()?, doc.to_owned())))
            .collect();
        if documents.len() != count {
            Err(Error::internal("a document is missing"))
        } else {
            Ok(documents)
        }
    }
}
