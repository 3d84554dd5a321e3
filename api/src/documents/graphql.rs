//! Templates of documents in GraphQL: beside the council that keeps them.

use std::collections::HashMap;

use async_graphql::{Context, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use entity::{
    document_template::{Column, Entity},
    id::{AccountId, CouncilId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::DocumentKind;
use crate::{
    error::{Error, Result},
    graphql::{
        loader::{Rows, rows},
        scalar::Time,
        viewer,
    },
    store::partition::Partition,
};

/// The template of a kind of document at a council (mẫu văn bản).
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DocumentTemplate {
    /// The kind of document: `contact-plan`, `contact-minutes`, `synthesis`, `forwarding`, `urging` or `petition-results`.
    kind: &'static str,
    /// What the document is called, in Vietnamese.
    title: &'static str,
    /// Whether the council has put one of its own in force; else the one that comes with the program is.
    is_own: bool,
    /// Where the one in force is read, with the same token: a path on this server. `PUT` there replaces it, `DELETE` goes
    /// back to the one that comes with the program (docs/documents.md).
    url: String,
    /// The council's own, newest first, also those that are in force no longer.
    versions: Vec<DocumentTemplateVersion>,
}

/// A template of a council's own (mẫu riêng của Hội đồng).
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DocumentTemplateVersion {
    /// Its number among the council's own of this kind, from 1.
    version: i32,
    /// SHA-256 of the file, 64 lower-case hexadecimal digits.
    sha256: String,
    /// When it was put in force.
    at: Time,
    /// Who put it in force: the shown name of the account.
    by: Option<String>,
    /// When another one, or the one that comes with the program, took its place; null while it is in force.
    ended_at: Option<Time>,
    /// Where it is read, with the same token: a path on this server.
    url: String,
}

/// A council's own templates as they are read, without the files.
type Read = (
    CouncilId,
    String,
    i64,
    String,
    DateTime<Utc>,
    Option<AccountId>,
    Option<DateTime<Utc>>,
);

/// The templates of a council, for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct TemplatesOf(CouncilId);

impl Loader<TemplatesOf> for Rows {
    type Value = Vec<DocumentTemplate>;
    type Error = Error;

    async fn load(&self, keys: &[TemplatesOf]) -> Result<HashMap<TemplatesOf, Vec<DocumentTemplate>>> {
        let conn = self.state.store.read();
        let own: Vec<Read> = Entity::find()
            .select_only()
            .columns([
                Column::CouncilId,
                Column::Kind,
                Column::Version,
                Column::Sha256,
                Column::At,
                Column::ActorId,
                Column::EndedAt,
            ])
            .filter(Column::CouncilId.is_in(keys.iter().map(|key| key.0)))
            .order_by_desc(Column::Version)
            .into_tuple()
            .all(conn)
            .await?;
        let actors = own.iter().filter_map(|(_, _, _, _, _, actor, _)| *actor);
        let names = self.names(actors.collect()).await?;
        let template = |council: CouncilId, kind: DocumentKind| {
            let url = format!("/documents/templates/{}.docx?council={council}", kind.name());
            let of_kind = own
                .iter()
                .filter(|(of, name, ..)| *of == council && name == kind.name());
            let versions: Vec<DocumentTemplateVersion> = of_kind
                .map(
                    |(_, _, version, sha256, at, actor, ended)| DocumentTemplateVersion {
                        version: i32::try_from(*version).unwrap_or(i32::MAX),
                        sha256: sha256.clone(),
                        at: Time(*at),
                        by: actor.and_then(|actor| names.get(&actor).cloned()),
                        ended_at: ended.map(Time),
                        url: format!("{url}&version={version}"),
                    },
                )
                .collect();
            DocumentTemplate {
                kind: kind.name(),
                title: kind.title(),
                is_own: versions.iter().any(|version| version.ended_at.is_none()),
                url,
                versions,
            }
        };
        let all = |council| Vec::from(DocumentKind::ALL.map(|kind| template(council, kind)));
        Ok(keys.iter().map(|key| (*key, all(key.0))).collect())
    }
}

/// The templates of a council that the viewer belongs to; none for everybody else.
pub(crate) async fn templates(ctx: &Context<'_>, council: CouncilId) -> Result<Vec<DocumentTemplate>> {
    if !viewer(ctx)?.reads(Partition::Council(council)) {
        return Ok(Vec::new());
    }
    let templates = rows(ctx)?.load_one(TemplatesOf(council)).await?;
    Ok(templates.unwrap_or_default())
}
