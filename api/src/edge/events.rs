//! `graphql-sse`, distinct connections: the answers of one operation as events of one HTTP answer, for networks that
//! let no socket through.
//!
//! A body cannot say why it ends. Where the client has to come back it breaks off, which a client takes for a broken
//! road; only an operation that is over ends with `complete`.

use std::{io, sync::Arc};

use async_graphql::futures_util::stream::{self, BoxStream, StreamExt};
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::{
    Backend, Client, Edge,
    failure::Failure,
    graphql::{self, AUTHENTICATION},
    request::Asked,
    response,
    socket::operation::{Event, Operation},
};
use crate::{error::Code, rights::Rights};

/// The answer to an operation whose client takes events.
pub(super) async fn answer<B: Backend>(
    edge: &Arc<Edge<B>>,
    client: &Client,
    asked: Asked,
    caller: B::Caller,
    token: Option<String>,
) -> Result<Response<Body>, Failure> {
    if edge.draining.is_cancelled() {
        return Err(Code::Unavailable.into());
    }
    let rights = edge.backend.rights().await?;
    let horizon = edge.backend.horizon().await?;
    // Once more, after both: his rights may have ended while his question was on its way.
    let again = edge.backend.authenticate(token.as_deref(), client);
    let now = timeout(AUTHENTICATION, again)
        .await
        .map_err(|_| Code::Unavailable)??;
    if !edge.backend.has_same_rights(&caller, &now) {
        return Err(Code::Unavailable.into());
    }
    let signed_in = edge.backend.account(&caller).is_some();
    let operation = Operation {
        edge,
        client,
        token: token.as_deref(),
        caller: &caller,
        horizon: &horizon,
    };
    // What is wrong with a document comes as an event as well: a client of events takes any other answer for a broken
    // road, asks again, and never tells its author why.
    let events = match graphql::prepare(edge, client, asked, signed_in) {
        Ok(prepared) => operation.stream(prepared),
        Err(failure) => {
            let refused = Event::Refused(response::failure_list(&failure, client));
            stream::iter([refused, Event::Complete]).boxed()
        }
    };
    let times = &edge.config.times;
    let feed = Feed {
        edge: Arc::clone(edge),
        client: client.clone(),
        events,
        pings: ticking(times.ping),
        looks: ticking(times.recheck),
        rights,
        caller,
        token,
        is_over: false,
    };
    let frames = stream::unfold(feed, async |mut feed| Some((feed.next().await?, feed)));
    let mut answer = response::with(
        StatusCode::OK,
        "text/event-stream",
        Body::from_stream(frames.boxed()),
    );
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// Ticks that begin after the first pause.
pub(super) fn ticking(every: std::time::Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    ticks
}

struct Feed<B: Backend> {
    edge: Arc<Edge<B>>,
    client: Client,
    events: BoxStream<'static, Event>,
    pings: Interval,
    looks: Interval,
    rights: Rights,
    caller: B::Caller,
    token: Option<String>,
    is_over: bool,
}

impl<B: Backend> Feed<B> {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.is_over {
            return None;
        }
        tokio::select! {
            biased;
            () = self.edge.draining.cancelled() => Some(broken_off()),
            Ok(()) = self.rights.changed() => match !self.is_concerned() || self.is_known_to_be_him().await {
                true => Some(Ok(PING)),
                false => Some(broken_off()),
            },
            // A database that is away changes nothing.
            _ = self.looks.tick() => match self.is_still_him().await.unwrap_or(true) {
                true => Some(Ok(PING)),
                false => Some(broken_off()),
            },
            _ = self.pings.tick() => Some(Ok(PING)),
            event = self.events.next() => {
                // A right may have ended after it was asked for above, and this have been written after that.
                if self.is_concerned() && !self.is_known_to_be_him().await {
                    return Some(broken_off());
                }
                Some(match event {
                    Some(Event::Next(payload)) => Ok(frame("next", &payload)),
                    Some(Event::Refused(errors)) => {
                        let payload = [b"{\"errors\":".as_slice(), &errors, b"}"].concat();
                        Ok(frame("next", &payload))
                    }
                    Some(Event::Close(_)) => broken_off(),
                    Some(Event::Complete) | None => {
                        self.is_over = true;
                        Ok(frame("complete", b""))
                    }
                })
            }
        }
    }

    /// Whether rights changed that may be his.
    fn is_concerned(&mut self) -> bool {
        self.rights.concern(self.edge.backend.account(&self.caller))
    }

    /// The same because rights changed that may be his: where it cannot be known whether they were, the client comes back.
    async fn is_known_to_be_him(&mut self) -> bool {
        let edge = Arc::clone(&self.edge);
        let _turn = edge.looking.acquire().await;
        self.is_still_him().await.unwrap_or(false)
    }

    /// Whether the token is still good and reads the same; nothing if that cannot be looked up now.
    async fn is_still_him(&mut self) -> Option<bool> {
        let asked = self
            .edge
            .backend
            .authenticate(self.token.as_deref(), &self.client);
        match timeout(AUTHENTICATION, asked).await {
            Ok(Ok(now)) => Some(self.edge.backend.has_same_rights(&self.caller, &now)),
            Ok(Err(Code::Unavailable)) | Err(_) => None,
            Ok(Err(_)) => Some(false),
        }
    }
}

/// A comment, which clients ignore and roads take for life.
const PING: Bytes = Bytes::from_static(b":\n\n");

fn frame(event: &str, data: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(data.len() + 32);
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(event.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    // JSON of ours holds no bare line feed, which would end the data.
    out.extend_from_slice(data);
    out.extend_from_slice(b"\n\n");
    out.into()
}

fn broken_off() -> io::Result<Bytes> {
    Err(io::ErrorKind::ConnectionReset.into())
}
