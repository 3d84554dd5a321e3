//! Petitions in GraphQL: the queries.

mod documents;
mod filter;
mod followed;
mod links;
mod object;
mod overdue;
mod redaction;

use async_graphql::{
    Context, ID, Object,
    connection::{Connection, EmptyFields},
};
use entity::id::PetitionId;

use crate::{
    error::Result,
    graphql::{
        list::{self, PageArgs, Total},
        loader::one,
    },
};
use filter::PetitionFilter;
pub use object::Petition;
pub use overdue::DebtQuery;
pub use redaction::{RedactionProposal, RedactionQuery, RedactionSuggestion, RedactionSuggestions};

/// Queries of petitions.
#[derive(Default)]
pub struct PetitionQuery;

#[Object]
impl PetitionQuery {
    /// One petition (kiến nghị); null if there is none or it is not the viewer's to see.
    async fn petition(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Petition>> {
        one(ctx, crate::graphql::id::<PetitionId>(&id)).await
    }

    /// Petitions that the viewer may see, newest first. Exactly one of `first` and `last`, 1 to 100. Errors:
    /// `FIRST_OR_LAST_REQUIRED`, `LIMIT_TOO_LARGE`, `INVALID_CURSOR`, `UNKNOWN_CODE`.
    async fn petitions(
        &self,
        ctx: &Context<'_>,
        filter: Option<PetitionFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Petition, Total, EmptyFields>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list::seen::<PetitionId>(ctx, filter.unwrap_or_default().condition(ctx)?, page).await
    }
}
