//! What all GraphQL types share: scalars, user errors, and how a resolver gets at who asks.

pub mod code;
pub mod command;
pub mod fields;
pub mod filter;
pub mod history;
pub mod list;
pub mod loader;
pub(crate) mod newest;
pub mod node;
pub mod root;
pub mod scalar;

use std::sync::Arc;

use async_graphql::{Context, SimpleObject};

use crate::{
    error::{Code, Error, Lang, Refused, Result},
    state::State,
    viewer::Viewer,
};

/// An expected refusal: part of the answer, not a failure of the request.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserError {
    /// Why: a code of the closed table (docs/errors.md).
    pub code: String,
    /// The field of the input that it is about, if it is about one.
    pub field: Option<String>,
    /// One sentence for people, in Vietnamese or English by `Accept-Language`.
    pub message: String,
}

impl UserError {
    /// A refusal in the viewer's language.
    pub fn of(refused: &Refused, lang: Lang) -> Self {
        Self {
            code: refused.code.name().to_owned(),
            field: refused.field.as_ref().map(ToString::to_string),
            message: refused.code.message(lang).to_owned(),
        }
    }

    /// Refusals in the viewer's language.
    pub fn all(refused: &[Refused], lang: Lang) -> Vec<Self> {
        refused.iter().map(|refused| Self::of(refused, lang)).collect()
    }
}

/// The state of the server.
pub fn state<'a>(ctx: &Context<'a>) -> Result<&'a Arc<State>> {
    ctx.data::<Arc<State>>()
        .map_err(|_| Error::internal("a request without state"))
}

/// Who asks.
pub fn viewer<'a>(ctx: &Context<'a>) -> Result<&'a Viewer> {
    ctx.data::<Viewer>()
        .map_err(|_| Error::internal("a request without viewer"))
}

/// The id in a text, if it is one; what is no id names nothing.
pub fn id<T: From<uuid::Uuid>>(text: &async_graphql::ID) -> Option<T> {
    crate::store::writing::parse_id(text.as_str()).map(T::from)
}

/// The id in an input field, or the refusal that names the field.
pub fn input_id<T: From<uuid::Uuid>>(text: &async_graphql::ID, field: &'static str) -> Result<T, Refused> {
    id(text).ok_or(Refused::field(Code::InvalidId, field))
}

/// The most entries of an input list: as many as a push has rows, and far fewer than a statement takes parameters.
pub const MOST_ENTRIES: usize = 500;

/// Refuses an input list that is longer than anybody needs, before the database is asked for each entry.
pub fn short<T>(list: &[T], field: &'static str) -> Result<(), Refused> {
    if list.len() > MOST_ENTRIES {
        Err(Refused::field(Code::LimitTooLarge, field))
    } else {
        Ok(())
    }
}

/// The ids in an input list, or the refusal that names the field and which of several is none (`unitIds.1`).
pub fn input_ids<T: From<uuid::Uuid>>(
    texts: &[async_graphql::ID],
    field: &'static str,
) -> Result<Vec<T>, Refused> {
    short(texts, field)?;
    let read = |(place, text)| id(text).ok_or(Refused::entry(Code::InvalidId, field, place, texts.len()));
    texts.iter().enumerate().map(read).collect()
}

/// An id as clients get it: the bare lower-case UUID.
pub fn wire_id(id: impl Into<uuid::Uuid>) -> async_graphql::ID {
    async_graphql::ID(id.into().to_string())
}
