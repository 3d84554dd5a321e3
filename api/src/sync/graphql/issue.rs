//! What was refused, for its author.

use async_graphql::{Context, ID, Object};
use entity::{id::SyncIssueId, sync_issue};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::super::push;
use crate::{
    error::{Code, Result},
    graphql::{scalar::Time, state, viewer, wire_id},
    seal,
};

/// What was refused.
#[derive(Default)]
pub struct IssueQuery;

#[Object]
impl IssueQuery {
    /// A pushed row of one's own that was refused, with what was written; null if there is none or it is another's.
    async fn sync_issue(&self, ctx: &Context<'_>, id: ID) -> Result<Option<SyncIssue>> {
        let (Some(id), Some(account)) = (crate::graphql::id::<SyncIssueId>(&id), viewer(ctx)?.account_id())
        else {
            return Ok(None);
        };
        let issue = sync_issue::Entity::find_by_id(id)
            .filter(sync_issue::Column::AccountId.eq(account))
            .one(state(ctx)?.store.read())
            .await?;
        Ok(issue.map(SyncIssue))
    }
}

/// A pushed row that was refused (phiếu bị từ chối), for its author alone.
pub struct SyncIssue(sync_issue::Model);

/// A pushed row that was refused (dòng dữ liệu bị từ chối), explained to its author and to nobody else.
#[Object]
impl SyncIssue {
    /// The bare lower-case UUID.
    async fn id(&self) -> ID {
        wire_id(self.0.id)
    }

    /// The collection that the row named, if there is one of that name.
    async fn collection(&self) -> Option<&str> {
        self.0.collection.as_deref()
    }

    /// The id that the row named.
    async fn row_id(&self) -> Option<ID> {
        self.0.row_id.map(wire_id)
    }

    /// The row's own `mutationId`.
    async fn mutation_id(&self) -> &str {
        &self.0.mutation_id
    }

    /// Why it was refused: a code of the closed table (docs/errors.md).
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// One sentence for people, in the viewer's language.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<&'static str>> {
        Ok(Code::from_name(&self.0.code)
            .map(|code| code.message(viewer(ctx).map(|viewer| viewer.lang).unwrap_or_default())))
    }

    /// The field that it is about, if it is about one.
    async fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// `open` or `resolved`.
    async fn status(&self) -> &str {
        &self.0.status
    }

    /// When it was refused.
    async fn at(&self) -> Time {
        Time(self.0.at)
    }

    /// The row as it was pushed, text as it came; null for a denunciation, of which nothing is kept.
    async fn original(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(sealed) = &self.0.payload else {
            return Ok(None);
        };
        let raw = seal::open_quarantined(&state(ctx)?.keys, push::issue_field(self.0.id), sealed)?;
        Ok(Some(String::from_utf8_lossy(&raw).into_owned()))
    }
}
