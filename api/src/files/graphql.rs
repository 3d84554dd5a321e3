//! Files in GraphQL: beside the rows that name them.

use std::collections::HashMap;

use async_graphql::{Context, SimpleObject, dataloader::Loader};
use entity::{attachment, file};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::url;
use crate::{
    error::{Error, Result},
    graphql::loader::{Rows, rows},
};

/// A file that a row names (tệp đính kèm).
#[derive(Clone, Debug, SimpleObject)]
pub struct File {
    /// Its name: SHA-256 of the bytes that its sender has, 64 lower-case hexadecimal digits.
    sha256: String,
    /// Whether the bytes are here. Until then only the name is known.
    arrived: bool,
    /// How many bytes there are to read; of a picture without place and device, so that they may be fewer than were sent.
    size: Option<i32>,
    /// What it is, by its bytes: `image/jpeg`, `application/pdf`, ...
    media_type: Option<String>,
    /// Where it is read, with the same token: a path on this server.
    url: Option<String>,
}

/// The files that a row names, in its order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct FilesOf(Uuid);

impl Loader<FilesOf> for Rows {
    type Value = Vec<File>;
    type Error = Error;

    async fn load(&self, keys: &[FilesOf]) -> Result<HashMap<FilesOf, Vec<File>>> {
        let conn = self.state.store.read();
        let links = attachment::Entity::find()
            .filter(attachment::Column::RowId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(attachment::Column::Position)
            .all(conn)
            .await?;
        let arrived = links.iter().filter(|link| link.arrived);
        let files: HashMap<String, file::Model> = file::Entity::find()
            .filter(file::Column::Sha256.is_in(arrived.map(|link| link.sha256.as_str())))
            .all(conn)
            .await?
            .into_iter()
            .map(|file| (file.sha256.clone(), file))
            .collect();
        let mut found: HashMap<FilesOf, Vec<File>> = HashMap::new();
        for link in links {
            let file = files.get(&link.sha256).filter(|_| link.arrived);
            found.entry(FilesOf(link.row_id)).or_default().push(File {
                arrived: link.arrived,
                size: file.and_then(|file| i32::try_from(file.size).ok()),
                media_type: file.map(|file| file.media_type.clone()),
                url: file.map(|file| url(&file.sha256)),
                sha256: link.sha256,
            });
        }
        Ok(found)
    }
}

/// The files that a row names; whether the viewer sees the row is for the caller to say.
pub async fn of(ctx: &Context<'_>, row: impl Into<Uuid>) -> Result<Vec<File>> {
    let files = rows(ctx)?.load_one(FilesOf(row.into())).await?;
    Ok(files.unwrap_or_default())
}

/// The file of an official document, if it has one.
pub async fn paper(ctx: &Context<'_>, row: impl Into<Uuid>) -> Result<Option<File>> {
    Ok(of(ctx, row).await?.into_iter().next())
}
