//! `graphql-transport-ws`: live answers over a WebSocket.
//!
//! Our own machine over the executor's streams, because the stock one answers a refused token with 1002, which
//! clients take for final. A client comes back after 1012, 1013 and 4403; it gives up after 4400, 4401, 4406, 4408,
//! 4409 and 4429, which only a defective client sees. Nothing is buffered per socket: streams are asked for their
//! next answer when the last one was taken, and a client that does not take it in time is closed with 1013.

mod message;
pub(super) mod operation;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::futures_util::stream::{AbortHandle, BoxStream, SelectAll};
use axum::{
    body::Body,
    extract::{
        FromRequestParts,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{Request, Response},
};
use futures_util::StreamExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use super::{
    Backend, Client, Edge,
    connection::Connection,
    events::ticking,
    failure::Failure,
    graphql::{AUTHENTICATION, bearer},
    json,
};
use crate::{error::Code, rights::Rights};
use message::Sent;
use operation::{Event, Operation};

/// The subprotocol, the only one.
const PROTOCOL: &str = "graphql-transport-ws";
/// The longest message of a client; larger uploads go by POST.
pub(super) const LONGEST: usize = 1024 * 1024;
/// Operations that run at the same time on one socket.
pub(super) const OPERATIONS: usize = 64;
/// Small buffers: a thousand sockets are mostly silent.
const READ_BUFFER: usize = 4 * 1024;
const WRITE_BUFFER: usize = 4 * 1024;

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Close(u16, &'static str);

const INVALID_MESSAGE: Close = Close(4400, "Invalid message");
const NOT_INITIALISED: Close = Close(4401, "Unauthorized");
const FORBIDDEN: Close = Close(4403, "Forbidden");
const NO_PROTOCOL: Close = Close(4406, "Subprotocol not acceptable");
const INIT_TIMEOUT: Close = Close(4408, "Connection initialisation timeout");
const ID_IN_USE: Close = Close(4409, "Subscriber already exists");
const INIT_TWICE: Close = Close(4429, "Too many initialisation requests");
const TOO_BIG: Close = Close(1009, "Message too big");
const STOPPING: Close = Close(1012, "Service restart");
const OTHER_RIGHTS: Close = Close(1012, "Rights changed");
const TRY_LATER: Close = Close(1013, "Try again later");
const TOO_SLOW: Close = Close(1013, "Too slow");

/// `GET /graphql` with `Upgrade: websocket`.
pub(super) async fn upgrade<B: Backend>(
    edge: &Arc<Edge<B>>,
    connection: &Arc<Connection>,
    client: &Client,
    request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
    if edge.draining.is_cancelled() {
        return Err(Code::Unavailable.into());
    }
    let (mut parts, _) = request.into_parts();
    // A client that is no browser may send its token here; what it says later goes before.
    let first = bearer(&parts.headers).ok().flatten().map(str::to_owned);
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| Failure::from(Code::MalformedRequest))?;
    let socket = Socket {
        edge: Arc::clone(edge),
        connection: Arc::clone(connection),
        client: client.clone(),
        first,
    };
    // A request in flight, for as long as the socket lives: else the wire takes it for idle.
    let in_flight = connection.begin();
    let running = edge.sockets.token();
    Ok(upgrade
        .protocols([PROTOCOL])
        .max_message_size(LONGEST)
        .max_frame_size(LONGEST)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .on_upgrade(move |wire| async move {
            socket.run(wire).await;
            drop((in_flight, running));
        }))
}

/// Whether a request asks for a socket.
pub(super) fn is_asked_for(request: &Request<Incoming>) -> bool {
    request
        .headers()
        .get(axum::http::header::UPGRADE)
        .is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

struct Socket<B> {
    edge: Arc<Edge<B>>,
    connection: Arc<Connection>,
    client: Client,
    first: Option<String>,
}

/// Who is at the other end, once he has said so.
struct Caller<B: Backend> {
    token: Option<String>,
    caller: B::Caller,
    horizon: B::Horizon,
    /// Hears when he has to be looked up again.
    rights: Rights,
}

impl<B: Backend> Socket<B> {
    async fn run(self, mut wire: WebSocket) {
        let farewell = self.edge.config.times.farewell;
        let close = match self.converse(&mut wire).await {
            // Reading on sends the answer to the client's close frame (RFC 6455 §5.5.1); without it the client takes
            // its own goodbye for a broken line (1006) and comes back.
            Ok(()) => return rest(&mut wire, farewell).await,
            Err(close) => close,
        };
        tracing::debug!(code = close.0, reason = close.1, request_id = %self.client.request_id, "socket closed");
        let frame = CloseFrame {
            code: close.0,
            reason: close.1.into(),
        };
        if close == TOO_BIG {
            // The rest of it is on its way, and nobody will read it.
            self.connection.has_body();
        }
        if timeout(farewell, wire.send(Message::Close(Some(frame))))
            .await
            .is_ok()
        {
            // What the client still sends is taken, so that it reads why and not a reset.
            rest(&mut wire, farewell).await;
        }
    }

    /// Ends well when the client has gone.
    async fn converse(&self, wire: &mut WebSocket) -> Result<(), Close> {
        if wire.protocol().is_none() {
            return Err(NO_PROTOCOL);
        }
        let draining = self.edge.draining.cancelled();
        let init = timeout(self.edge.config.times.header, self.initialised(wire));
        let caller = tokio::select! {
            () = draining => return Err(STOPPING),
            caller = init => caller.map_err(|_| INIT_TIMEOUT)??,
        };
        match caller {
            Some(caller) => self.serve(wire, caller).await,
            None => Ok(()),
        }
    }

    /// Waits for `connection_init` and answers it; nothing if the client goes before.
    async fn initialised(&self, wire: &mut WebSocket) -> Result<Option<Caller<B>>, Close> {
        let token = loop {
            match received(wire).await? {
                None => return Ok(None),
                Some(Sent::Init(token)) => break token?.or_else(|| self.first.clone()),
                Some(Sent::Ping(payload)) => self.send(wire, message::pong(payload)).await?,
                Some(Sent::Subscribe { .. }) => return Err(NOT_INITIALISED),
                Some(Sent::Pong | Sent::Complete(_)) => {}
            }
        };
        // Both before he is looked up: rights that change from here on are noticed. And before the acknowledgement: what
        // is committed after it can only be above the horizon.
        let rights = self.edge.backend.rights().await.map_err(|_| TRY_LATER)?;
        let horizon = self.edge.backend.horizon().await.map_err(|_| TRY_LATER)?;
        let caller = self.authenticated(token.as_deref()).await?;
        if let Some(account) = self.edge.backend.account(&caller) {
            self.connection.seat.belongs_to(account).map_err(|_| TRY_LATER)?;
        }
        self.send(wire, "{\"type\":\"connection_ack\"}".to_owned())
            .await?;
        Ok(Some(Caller {
            token,
            caller,
            horizon,
            rights,
        }))
    }

    async fn authenticated(&self, token: Option<&str>) -> Result<B::Caller, Close> {
        let asked = self.edge.backend.authenticate(token, &self.client);
        match timeout(AUTHENTICATION, asked).await {
            Ok(Ok(caller)) => Ok(caller),
            Ok(Err(Code::Unavailable)) | Err(_) => Err(TRY_LATER),
            Ok(Err(_)) => Err(FORBIDDEN),
        }
    }

    /// Looks the caller up again, and ends the socket of one who does not read the same any more.
    async fn look_again(&self, caller: &Caller<B>) -> Result<(), Close> {
        let now = self.authenticated(caller.token.as_deref()).await?;
        if self.edge.backend.has_same_rights(&caller.caller, &now) {
            Ok(())
        } else {
            Err(OTHER_RIGHTS)
        }
    }

    /// The same because rights changed that may be his. Meanwhile nothing is sent; and where it cannot be known whether they
    /// were, the client comes back.
    async fn look_in_turn(&self, caller: &Caller<B>) -> Result<(), Close> {
        let _turn = self.edge.looking.acquire().await;
        self.look_again(caller).await
    }

    async fn serve(&self, wire: &mut WebSocket, caller: Caller<B>) -> Result<(), Close> {
        let times = &self.edge.config.times;
        let mut running: HashMap<Arc<str>, AbortHandle> = HashMap::new();
        let mut events: SelectAll<BoxStream<'static, (Arc<str>, Event)>> = SelectAll::new();
        let (mut pings, mut looks) = (ticking(times.ping), ticking(times.recheck));
        let mut heard = Instant::now();
        let mut rights = caller.rights.clone();
        let account = self.edge.backend.account(&caller.caller);
        loop {
            tokio::select! {
                biased;
                () = self.edge.draining.cancelled() => return Err(STOPPING),
                Ok(()) = rights.changed() => if rights.concern(account) {
                    self.look_in_turn(&caller).await?;
                },
                _ = looks.tick() => match self.look_again(&caller).await {
                    // The database is away for a moment: nothing is sent, and nobody's rights have changed.
                    Ok(()) | Err(TRY_LATER) => {}
                    Err(close) => return Err(close),
                },
                _ = pings.tick() => {
                    if heard.elapsed() > times.ping * 2 + times.ping / 2 {
                        return Err(TRY_LATER);
                    }
                    self.take(wire.send(Message::Ping(Default::default()))).await?;
                }
                sent = heard_of(wire, &mut heard) => match sent? {
                    None => return Ok(()),
                    Some(Sent::Init(_)) => return Err(INIT_TWICE),
                    Some(Sent::Ping(payload)) => self.send(wire, message::pong(payload)).await?,
                    Some(Sent::Pong) => {}
                    Some(Sent::Complete(id)) => {
                        if let Some(handle) = running.remove(id.as_str()) {
                            handle.abort();
                        }
                    }
                    Some(Sent::Subscribe { id, payload }) => {
                        if running.contains_key(id.as_str()) {
                            return Err(ID_IN_USE);
                        }
                        let id: Arc<str> = id.into();
                        let operation = Operation {
                            edge: &self.edge,
                            client: &self.client,
                            token: caller.token.as_deref(),
                            caller: &caller.caller,
                            horizon: &caller.horizon,
                        };
                        match operation.begin(payload, running.len())? {
                            Ok(stream) => {
                                let (stream, handle) = operation::abortable(Arc::clone(&id), stream);
                                running.insert(id, handle);
                                events.push(stream);
                            }
                            Err(refused) => self.send(wire, message::of("error", &id, Some(&refused))).await?,
                        }
                    }
                },
                Some((id, event)) = events.next(), if !events.is_empty() => {
                    // A right may have ended after it was asked for above, and this have been written after that.
                    if rights.concern(account) {
                        self.look_in_turn(&caller).await?;
                    }
                    match event {
                        Event::Next(payload) => self.send(wire, message::of("next", &id, Some(&payload))).await?,
                        Event::Refused(errors) => {
                            running.remove(&id).iter().for_each(AbortHandle::abort);
                            self.send(wire, message::of("error", &id, Some(&errors))).await?;
                        }
                        Event::Complete => {
                            running.remove(&id);
                            self.send(wire, message::of("complete", &id, None)).await?;
                        }
                        Event::Close(close) => return Err(close),
                    }
                }
            }
        }
    }

    async fn send(&self, wire: &mut WebSocket, text: String) -> Result<(), Close> {
        self.take(wire.send(Message::Text(text.into()))).await
    }

    /// The client takes what it is sent, in time.
    async fn take(&self, sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Close> {
        match timeout(self.edge.config.times.taken, sending).await {
            // Whoever has gone is noticed when he is listened to.
            Ok(_) => Ok(()),
            Err(_) => Err(TOO_SLOW),
        }
    }
}

/// Takes what the client still sends, for this long at most.
async fn rest(wire: &mut WebSocket, farewell: Duration) {
    let _ = timeout(farewell, async { while let Some(Ok(_)) = wire.recv().await {} }).await;
}

/// The next message, noting when anything came.
async fn heard_of(wire: &mut WebSocket, heard: &mut Instant) -> Result<Option<Sent>, Close> {
    loop {
        match wire.recv().await {
            None => return Ok(None),
            Some(Err(error)) => return broken(&error),
            Some(Ok(message)) => {
                *heard = Instant::now();
                match message {
                    Message::Text(text) => return message::read(text.as_str()).map(Some),
                    Message::Binary(_) => return Err(INVALID_MESSAGE),
                    Message::Close(_) => return Ok(None),
                    Message::Ping(_) | Message::Pong(_) => {}
                }
            }
        }
    }
}

async fn received(wire: &mut WebSocket) -> Result<Option<Sent>, Close> {
    heard_of(wire, &mut Instant::now()).await
}

/// A message over the limit is told; whatever else breaks a socket needs no farewell.
fn broken(error: &axum::Error) -> Result<Option<Sent>, Close> {
    if error.to_string().contains("too long") {
        Err(TOO_BIG)
    } else {
        Ok(None)
    }
}

/// A text as a JSON string.
fn quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    json::string(&mut out, text);
    out
}
