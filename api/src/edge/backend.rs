//! What the edge needs from the rest of the server, and what it tells it about a request.

use std::{net::IpAddr, sync::Arc};

use async_graphql::{Request, Response, futures_util::stream::BoxStream};
use uuid::Uuid;

use crate::{
    error::{Code, Lang},
    rights::Rights,
};

/// What executes behind the edge. Methods are called concurrently and may be dropped at any await.
pub trait Backend: Send + Sync + 'static {
    /// Who asks: what [`Backend::authenticate`] found and [`Backend::execute`] is given.
    type Caller: Clone + Send + Sync + 'static;
    /// What was committed when a socket began: its streams tell of what comes after.
    type Horizon: Clone + Send + Sync + 'static;

    /// Who sends this bearer token; without a token, the anonymous caller. A token that is bad, expired or
    /// revoked is an error, never an anonymous caller.
    fn authenticate(
        &self,
        bearer: Option<&str>,
        client: &Client,
    ) -> impl Future<Output = Result<Self::Caller, Code>> + Send;

    /// The account of a caller with a valid token; `None` is anonymous and gets the smaller limits.
    fn account(&self, caller: &Self::Caller) -> Option<Uuid>;

    /// Runs one operation. The request is already parsed and within the limits; [`Client`] is in its data.
    fn execute(&self, request: Request, caller: Self::Caller) -> impl Future<Output = Response> + Send;

    /// What is committed now.
    fn horizon(&self) -> impl Future<Output = Result<Self::Horizon, Code>> + Send;

    /// Begins a subscription. It ends when the stream is dropped.
    fn subscribe(
        &self,
        request: Request,
        caller: Self::Caller,
        horizon: Self::Horizon,
    ) -> BoxStream<'static, Response>;

    /// Hears when rights may have changed, before a subscription tells of anything that was committed later.
    fn rights(&self) -> impl Future<Output = Result<Rights, Code>> + Send;

    /// Whether the same caller, looked at again, still reads the same.
    fn has_same_rights(&self, before: &Self::Caller, now: &Self::Caller) -> bool;

    /// The schema as text.
    fn sdl(&self) -> &str;

    /// Whether requests can be served now; the error says in a word what is missing.
    fn ready(&self) -> impl Future<Output = Result<(), &'static str>> + Send;

    /// The public keys that verify access tokens, as a JSON Web Key Set.
    fn jwks(&self) -> String;

    /// A new id for a request that came without a usable one.
    fn fresh_id(&self) -> Uuid;
}

/// What the edge knows about a request whoever sends it. Resolvers find it in the context's data.
#[derive(Clone, Debug)]
pub struct Client {
    /// Where the request comes from: the peer, or what a trusted proxy says about it.
    pub address: IpAddr,
    /// The language of messages.
    pub lang: Lang,
    /// The id that ties answer and log together.
    pub request_id: Arc<str>,
}
