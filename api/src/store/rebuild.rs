//! Documents made again from their rows: to prove that what is stored is what the rules say, and to bring a
//! changed shape to devices.

use std::collections::{BTreeMap, BTreeSet};

use entity::sync_doc;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    collection::Collection,
    partition::Audience,
    reference::Reference,
    working::{Needs, Working},
};
use crate::error::Result;

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
