//! What is known about one connection, shared by its wire and the requests on it.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::seats::{Seat, locked};
use crate::error::Code;

/// One connection.
pub(super) struct Connection {
    /// Who is at the other end of the wire: a client or a proxy.
    pub(super) peer: IpAddr,
    /// Its place among all connections.
    pub(super) seat: Seat,
    opened: Instant,
    draining: CancellationToken,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    in_flight: usize,
    requests: u64,
    last: Instant,
    unread: bool,
}

/// Where a connection stands.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// Requests whose answer has not been handed over completely.
    pub(super) in_flight: usize,
    /// Requests so far.
    pub(super) requests: u64,
    /// When the last of them was answered, or the connection opened.
    pub(super) since: Instant,
    /// Whether the server is stopping.
    pub(super) draining: bool,
}

impl Connection {
    pub(super) fn new(peer: IpAddr, seat: Seat, draining: CancellationToken) -> Arc<Self> {
        let opened = Instant::now();
        let state = Mutex::new(State {
            in_flight: 0,
            requests: 0,
            last: opened,
            unread: false,
        });
        Arc::new(Self {
            peer,
            seat,
            opened,
            draining,
            state,
        })
    }

    /// When it was accepted.
    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// A request begins; it lasts until the value is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        let mut state = locked(&self.state);
        state.in_flight += 1;
        state.requests += 1;
        InFlight(Arc::clone(self))
    }

    pub(super) fn standing(&self) -> Standing {
        let state = *locked(&self.state);
        Standing {
            in_flight: state.in_flight,
            requests: state.requests,
            since: state.last,
            draining: self.draining.is_cancelled(),
        }
    }

    /// The request has a body that may be left unread.
    pub(super) fn has_body(&self) {
        locked(&self.state).unread = true;
    }

    /// The body was read to its end.
    pub(super) fn body_was_read(&self) {
        locked(&self.state).unread = false;
    }

    /// Whether the client may still be sending a body that nobody reads.
    pub(super) fn is_unread(&self) -> bool {
        locked(&self.state).unread
    }

    /// Waits until the server has been stopping for so long.
    pub(super) async fn stopped_for(&self, long: Duration) {
        self.draining.cancelled().await;
        tokio::time::sleep(long).await;
    }
}

/// The connection that a request came by, as doors beside GraphQL may know it.
#[derive(Clone)]
pub struct Line(pub(super) Arc<Connection>);

impl Line {
    /// From now on it counts for this account; refused when that has too many.
    pub fn belongs_to(&self, account: Uuid) -> Result<(), Code> {
        self.0.seat.belongs_to(account)
    }

    /// The body of the request was read to its end.
    pub fn body_was_read(&self) {
        self.0.body_was_read();
    }

    /// Waits until the server has been stopping long enough for a slow body to be cut off.
    pub async fn stopping(&self) {
        self.0.stopped_for(GRACE).await;
    }
}

/// How long a slow body may still go on when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// A request that has not been answered completely.
pub(super) struct InFlight(Arc<Connection>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = locked(&self.0.state);
        state.in_flight = state.in_flight.saturating_sub(1);
        state.last = Instant::now();
    }
}

/// The body of an answer, which keeps its request in flight until the last byte was handed over.
pub(super) struct Answer {
    body: Body,
    _in_flight: InFlight,
}

impl Answer {
    pub(super) fn new(body: Body, in_flight: InFlight) -> Self {
        Self {
            body,
            _in_flight: in_flight,
        }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
