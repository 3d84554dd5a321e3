//! What was refused, for its author.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    id::{AccountId, SyncIssueId},
    sync_issue,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::super::{issue::Dismiss, push};
use crate::{
    error::{Code, Refused, Result},
    graphql::{
        UserError,
        command::{outcome, run_input},
        scalar::Time,
        state, viewer, wire_id,
    },
    seal,
    state::State,
};

/// What was refused.
#[derive(Default)]
pub struct IssueQuery;

#[Object]
impl IssueQuery {
    /// A pushed row of one's own that was refused, with what was written; null if there is none or it is another's.
    async fn sync_issue(&self, ctx: &Context<'_>, id: ID) -> Result<Option<SyncIssue>> {
        match (crate::graphql::id::<SyncIssueId>(&id), viewer(ctx)?.account_id()) {
            (Some(id), Some(account)) => own(state(ctx)?, id, account).await,
            _ => Ok(None),
        }
    }
}

async fn own(state: &State, id: SyncIssueId, account: AccountId) -> Result<Option<SyncIssue>> {
    let issue = sync_issue::Entity::find_by_id(id)
        .filter(sync_issue::Column::AccountId.eq(account))
        .one(state.store.read())
        .await?;
    Ok(issue.map(SyncIssue))
}

/// Which one is put aside.
#[derive(InputObject)]
pub struct DismissSyncIssueInput {
    /// The `syncIssue`.
    id: ID,
}

/// Whether it was done.
#[derive(SimpleObject)]
pub struct DismissSyncIssuePayload {
    /// It as it is now; null if it was refused.
    sync_issue: Option<SyncIssue>,
    /// Empty when it was done.
    user_errors: Vec<UserError>,
}

/// Mutations about what was refused.
#[derive(Default)]
pub struct IssueMutation;

#[Object]
impl IssueMutation {
    /// Puts a `syncIssue` of one's own aside: one knows of it and sends nothing more. It becomes `resolved` on all one's
    /// devices; what was written stays and can be read as before. The server does it by itself when the device whose row
    /// it was changes the same field again and is not refused. Refusals: `NOT_FOUND` (`id`: none, or another's).
    async fn dismiss_sync_issue(
        &self,
        ctx: &Context<'_>,
        input: DismissSyncIssueInput,
    ) -> Result<Option<DismissSyncIssuePayload>> {
        let account = viewer(ctx)?.signed_in()?.account.id;
        let command = || {
            let issue = crate::graphql::id(&input.id).ok_or(Refused::field(Code::NotFound, "id"))?;
            Ok(Dismiss { issue, account })
        };
        let (id, user_errors) = outcome(run_input(ctx, command).await?);
        let sync_issue = match id {
            Some(id) => own(state(ctx)?, SyncIssueId(id), account).await?,
            None => None,
        };
        Ok(Some(DismissSyncIssuePayload {
            sync_issue,
            user_errors,
        }))
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

    /// `open`, or `resolved` once it was corrected, came after all, or was put aside.
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
