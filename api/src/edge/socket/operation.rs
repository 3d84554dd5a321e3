//! One operation on a socket: looked at like every other request, and then a stream of messages.

use std::sync::Arc;

use async_graphql::{
    Response,
    futures_util::stream::{self, AbortHandle, BoxStream, StreamExt},
    parser::types::OperationType,
};
use bytes::Bytes;
use tokio::{sync::mpsc, task::JoinSet};

use super::{Close, FORBIDDEN, INVALID_MESSAGE, OPERATIONS, TRY_LATER};
use crate::{
    edge::{
        Backend, Client, Edge,
        failure::Failure,
        graphql::{self, Prepared},
        negotiate::Media,
        request::Asked,
        response,
    },
    error::Code,
};

/// What an operation comes to, one after the other.
pub(in crate::edge) enum Event {
    /// An answer.
    Next(Vec<u8>),
    /// It was not executed: a list of errors.
    Refused(Vec<u8>),
    /// It is over.
    Complete,
    /// The socket has to end.
    Close(Close),
}

/// What an operation needs of its socket.
pub(in crate::edge) struct Operation<'a, B: Backend> {
    pub(in crate::edge) edge: &'a Arc<Edge<B>>,
    pub(in crate::edge) client: &'a Client,
    pub(in crate::edge) token: Option<&'a str>,
    pub(in crate::edge) caller: &'a B::Caller,
    pub(in crate::edge) horizon: &'a B::Horizon,
}

impl<B: Backend> Operation<'_, B> {
    /// Begins it; a list of errors if it is refused.
    pub(super) fn begin(
        &self,
        payload: String,
        running: usize,
    ) -> Result<Result<BoxStream<'static, Event>, Vec<u8>>, Close> {
        let prepared = match Asked::from_body(Bytes::from(payload)) {
            Ok(asked) if running < OPERATIONS => {
                let signed_in = self.edge.backend.account(self.caller).is_some();
                graphql::prepare(self.edge, self.client, asked, signed_in)
            }
            Ok(_) => Err(Failure::limit(Code::LimitTooLarge, OPERATIONS)),
            Err(failure) if failure.code == Code::MalformedRequest => return Err(INVALID_MESSAGE),
            Err(failure) => Err(failure),
        };
        Ok(match prepared {
            Err(failure) => Err(response::failure_list(&failure, self.client)),
            Ok(prepared) => Ok(self.stream(prepared)),
        })
    }

    /// What it comes to.
    pub(in crate::edge) fn stream(&self, prepared: Prepared) -> BoxStream<'static, Event> {
        let client = self.client.clone();
        let events = self.events(prepared, client);
        driven(events)
    }

    fn events(&self, prepared: Prepared, client: Client) -> BoxStream<'static, Event> {
        if prepared.operation.kind == OperationType::Subscription {
            let caller = self.caller.clone();
            let answers = self
                .edge
                .backend
                .subscribe(prepared.request, caller, self.horizon.clone());
            return answers.map(move |answer| live(&answer, &client)).boxed();
        }
        let (edge, token) = (Arc::clone(self.edge), self.token.map(str::to_owned));
        let answer = async move {
            // With the rights of this moment, as everywhere; the socket may be old.
            match edge.backend.authenticate(token.as_deref(), &client).await {
                Ok(caller) => {
                    let answer = graphql::executed(&edge, &client, Media::Json, prepared, caller).await;
                    one(&answer, &client)
                }
                Err(Code::Unavailable) => Event::Close(TRY_LATER),
                Err(_) => Event::Close(FORBIDDEN),
            }
        };
        stream::once(answer).boxed()
    }
}

/// Lets a stream run on a task of its own, one event ahead. Asked for only when its socket has time, it would be left
/// standing with a connection of the database in its hand, for which its own socket may be waiting.
fn driven(mut events: BoxStream<'static, Event>) -> BoxStream<'static, Event> {
    let (sender, receiver) = mpsc::channel(1);
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Some(event) = events.next().await {
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
    // The task ends with the stream.
    let state = (receiver, task);
    stream::unfold(state, async |(mut receiver, task)| {
        Some((receiver.recv().await?, (receiver, task)))
    })
    .boxed()
}

/// An operation's stream with its id, and the means to end it.
pub(super) fn abortable(
    id: Arc<str>,
    events: BoxStream<'static, Event>,
) -> (BoxStream<'static, (Arc<str>, Event)>, AbortHandle) {
    let last = stream::once(async { Event::Complete });
    let (events, handle) = stream::abortable(events.chain(last));
    (events.map(move |event| (Arc::clone(&id), event)).boxed(), handle)
}

/// The answer of a query or mutation.
fn one(answer: &Response, client: &Client) -> Event {
    if response::was_refused(answer) {
        Event::Refused(response::error_list(answer, client))
    } else {
        Event::Next(response::body(answer, client))
    }
}

/// An answer of a stream. An error would end it for good on the phone: what a later attempt cures ends the socket.
fn live(answer: &Response, client: &Client) -> Event {
    match answer.errors.first().map(response::code_of) {
        Some(Code::Unavailable) => Event::Close(TRY_LATER),
        Some(Code::Unauthenticated | Code::TokenExpired | Code::DeviceRevoked) => Event::Close(FORBIDDEN),
        _ => one(answer, client),
    }
}
