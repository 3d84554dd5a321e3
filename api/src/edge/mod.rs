//! The edge: everything between a TCP connection and an executed GraphQL operation.
//!
//! It accepts connections, bounds every one of them in time, size and number, decodes the request, looks at
//! the query text before the parser does, walks the parsed document against the published limits, and writes
//! the answer. The stock handlers are not used because they read bodies of any size, run mutations sent by
//! GET, keep half-open requests for ever, and let one short query of nested lists end the process.
//!
//! It must never know a noun of the trade, never open a transaction, and never log a variable, a token, a
//! body or the text of a query. What executes is behind [`Backend`].

mod accept;
mod address;
mod backend;
mod body;
mod compress;
mod config;
mod connection;
mod documents;
mod events;
mod failure;
mod graphiql;
mod graphql;
mod json;
mod limits;
mod misread;
mod negotiate;
mod request;
mod response;
mod routes;
mod scan;
mod seats;
mod socket;
mod variables;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use axum::Router;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use accept::serve;
pub use backend::{Backend, Client};
pub use config::{Connections, EdgeConfig, Times};
pub use connection::Line;
pub use graphql::bearer;
pub use response::{refusal, refusals};

/// Sockets that look their caller up at the same time when somebody's rights changed: a thousand at once must not take
/// the database from everybody else.
const LOOKING: usize = 4;

/// One server: what executes, the pages for people, and the limits.
pub struct Edge<B> {
    backend: B,
    pages: Router,
    config: EdgeConfig,
    graphiql: graphiql::Page,
    /// Made when the schema is first asked for: its text is long, and most servers never need it.
    schema_etag: OnceLock<String>,
    /// Read when the first value was misread: most servers never need them, and parsing the schema takes a while.
    types: OnceLock<misread::Types>,
    documents: documents::Documents,
    seats: Arc<seats::Seats>,
    /// Sockets live on when their request was answered.
    sockets: TaskTracker,
    looking: Semaphore,
    draining: CancellationToken,
    panics: AtomicU64,
}

impl<B: Backend> Edge<B> {
    /// A server for `backend`; `pages` answers every path that the edge does not own.
    pub fn new(backend: B, pages: Router, config: EdgeConfig) -> Arc<Self> {
        let graphiql = graphiql::Page::new(&config.examples);
        let seats = Arc::new(seats::Seats::new(
            config.rate_limits.then_some(config.connections),
        ));
        Arc::new(Self {
            backend,
            pages,
            config,
            graphiql,
            schema_etag: OnceLock::new(),
            types: OnceLock::new(),
            documents: documents::Documents::default(),
            seats,
            sockets: TaskTracker::new(),
            looking: Semaphore::new(LOOKING),
            draining: CancellationToken::new(),
            panics: AtomicU64::new(0),
        })
    }

    fn schema_etag(&self) -> &str {
        self.schema_etag.get_or_init(|| routes::etag(self.backend.sdl()))
    }

    fn types(&self) -> &misread::Types {
        self.types
            .get_or_init(|| misread::Types::read(self.backend.sdl()))
    }

    /// Requests that ended in a panic since the start. Anything above zero deserves an alarm.
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Connections that are open now.
    pub fn connections(&self) -> usize {
        self.seats.taken()
    }
}
