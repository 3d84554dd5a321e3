//! Meetings in GraphQL: the queries.

mod filter;
mod object;
mod parts;
mod record;

use async_graphql::{
    Context, ID, Object,
    connection::{Connection, EmptyFields},
};
use entity::id::MeetingId;

use crate::{
    error::Result,
    graphql::{
        list::{self, PageArgs, Total},
        loader::one,
    },
};
use filter::MeetingFilter;
pub use object::Meeting;
pub use record::MeetingRecord;

/// Queries of meetings.
#[derive(Default)]
pub struct MeetingQuery;

#[Object]
impl MeetingQuery {
    /// One voter contact or session; null if there is none or it is not the viewer's to see.
    async fn meeting(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Meeting>> {
        one(ctx, crate::graphql::id::<MeetingId>(&id)).await
    }

    /// Voter contacts and sessions (cuộc tiếp xúc cử tri, kỳ họp) that the viewer may see, newest entries first.
    /// Exactly one of `first` and `last`, 1 to 100.
    async fn meetings(
        &self,
        ctx: &Context<'_>,
        filter: Option<MeetingFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Meeting, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list::seen::<MeetingId>(ctx, filter.unwrap_or_default().condition(ctx)?, page).await
    }
}
