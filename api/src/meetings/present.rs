//! The delegates at a meeting, in GraphQL.

use async_graphql::{Context, Object};
use entity::meeting_delegate;

use crate::{delegates::graphql::Delegate, error::Result, graphql::loader::rows};

/// A delegate who was invited to a meeting, or came.
#[derive(Clone)]
pub struct MeetingDelegate(meeting_delegate::Model);

impl From<meeting_delegate::Model> for MeetingDelegate {
    fn from(link: meeting_delegate::Model) -> Self {
        Self(link)
    }
}

/// A delegate (đại biểu) who was invited to a meeting, or came.
#[Object]
impl MeetingDelegate {
    /// The mandate.
    async fn delegate(&self, ctx: &Context<'_>) -> Result<Option<Delegate>> {
        rows(ctx)?.load_one(self.0.delegate_id).await
    }

    /// Whether the office had invited him (được mời).
    async fn invited(&self) -> bool {
        self.0.invited
    }

    /// Whether he came (tham dự).
    async fn attended(&self) -> bool {
        self.0.attended
    }
}
