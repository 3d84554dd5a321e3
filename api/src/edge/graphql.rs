//! The GraphQL door: from an HTTP request to an executed operation.
//!
//! The order is the defence: what costs least is checked first, and nothing of the document is looked at
//! before its bytes were scanned.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    Request, Response, ServerError,
    parser::{
        self,
        types::{ExecutableDocument, OperationType},
    },
};
use axum::{
    body::Body,
    http::{self, HeaderMap, HeaderValue, header},
};
use hyper::body::Incoming;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Backend, Client, Edge, body,
    connection::Connection,
    events,
    failure::Failure,
    limits,
    misread::Question,
    negotiate::{self, Media},
    request::Asked,
    response, scan,
    variables::{self, keep_null_rows},
};
use crate::error::{Code, Error};

/// The longest look at a token.
pub(super) const AUTHENTICATION: Duration = Duration::from_secs(5);
/// Characters of an operation's name that are worth a line of the log.
const NAME: usize = 64;

/// `POST /graphql`: one operation of any kind.
pub(super) async fn post<B: Backend>(
    edge: &Arc<Edge<B>>,
    connection: &Connection,
    client: &Client,
    request: http::Request<Incoming>,
) -> Result<http::Response<Body>, Failure> {
    let (parts, body) = request.into_parts();
    body::check_type(&parts.headers)?;
    let packed = body::packed(&parts.headers)?;
    let as_events = negotiate::prefers_events(&parts.headers);
    let media = negotiate::media(&parts.headers).or(as_events.then_some(Media::Json));
    let media = media.ok_or(Code::NotAcceptable)?;
    let (caller, signed_in) = authenticate(edge, connection, client, &parts.headers).await?;
    let limit = if signed_in {
        body::SIGNED_IN
    } else {
        body::ANONYMOUS
    };
    let body = body::read(body, packed, limit, &edge.config.times, connection).await?;
    let asked = Asked::from_body(body)?;
    if as_events {
        let token = bearer(&parts.headers)?.map(str::to_owned);
        return events::answer(edge, client, asked, caller, token).await;
    }
    run(edge, client, media, asked, caller, signed_in, true).await
}

/// `GET /graphql?query=`: a query, never a mutation.
pub(super) async fn get<B: Backend>(
    edge: &Edge<B>,
    connection: &Connection,
    client: &Client,
    request: http::Request<Incoming>,
) -> Result<http::Response<Body>, Failure> {
    let media = negotiate::media(request.headers()).ok_or(Code::NotAcceptable)?;
    let asked = Asked::from_address(request.uri().query().unwrap_or_default())?;
    let (caller, signed_in) = authenticate(edge, connection, client, request.headers()).await?;
    run(edge, client, media, asked, caller, signed_in, false).await
}

/// Who asks, and whether with a valid token.
async fn authenticate<B: Backend>(
    edge: &Edge<B>,
    connection: &Connection,
    client: &Client,
    headers: &HeaderMap,
) -> Result<(B::Caller, bool), Failure> {
    let caller = tokio::time::timeout(
        AUTHENTICATION,
        edge.backend.authenticate(bearer(headers)?, client),
    );
    let caller = caller.await.map_err(|_| Code::Unavailable)??;
    let account = edge.backend.account(&caller);
    if let Some(account) = account {
        connection.seat.belongs_to(account)?;
    }
    Ok((caller, account.is_some()))
}

/// The token of a request, if it has one. A header that is there but cannot be read is a bad token: to take its
/// sender for a stranger would hide the fault from him.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Code> {
    fn token(value: &HeaderValue) -> Option<&str> {
        let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    match (sent.next(), sent.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => token(value).map(Some).ok_or(Code::Unauthenticated),
        _ => Err(Code::Unauthenticated),
    }
}

async fn run<B: Backend>(
    edge: &Edge<B>,
    client: &Client,
    media: Media,
    asked: Asked,
    caller: B::Caller,
    signed_in: bool,
    is_post: bool,
) -> Result<http::Response<Body>, Failure> {
    let prepared = prepare(edge, client, asked, signed_in)?;
    match prepared.operation.kind {
        OperationType::Query => {}
        OperationType::Mutation if is_post => {}
        OperationType::Mutation => return Err(Failure::method("POST")),
        // a stream needs another kind of answer than this one
        OperationType::Subscription => return Err(Code::NotAcceptable.into()),
    }
    let response = executed(edge, client, media, prepared, caller).await;
    Ok(response::executed(&response, client, media))
}

/// An operation that was looked at and is within the limits.
pub(super) struct Prepared {
    pub(super) operation: limits::Operation,
    pub(super) request: Request,
    question: Question,
    /// A document that is worth keeping once it was executed.
    new: Option<(String, Arc<ExecutableDocument>)>,
}

/// Looks at an operation, whatever road it came by.
pub(super) fn prepare<B: Backend>(
    edge: &Edge<B>,
    client: &Client,
    asked: Asked,
    signed_in: bool,
) -> Result<Prepared, Failure> {
    let known = edge.documents.known(&asked.query);
    let is_new = known.is_none();
    let document = match known {
        Some(document) => document,
        None => {
            scan::scan(&asked.query)?;
            Arc::new(parse(&asked.query)?)
        }
    };
    let operation = limits::check(&document, &asked.variables, signed_in)?;
    variables::require(&document, &asked.variables)?;
    let new = is_new.then(|| (asked.query.clone(), Arc::clone(&document)));
    let mut variables = asked.variables;
    keep_null_rows(&document, &mut variables);
    let mut request = Request::new(asked.query)
        .variables(variables)
        .data(client.clone());
    if let Some(name) = asked.operation_name {
        request = request.operation_name(name);
    }
    let question = Question::of(&document, &request);
    request.set_parsed_query(Arc::unwrap_or_clone(document));
    Ok(Prepared {
        question,
        operation,
        request,
        new,
    })
}

/// Executes a query or mutation in its time.
pub(super) async fn executed<B: Backend>(
    edge: &Edge<B>,
    client: &Client,
    media: Media,
    prepared: Prepared,
    caller: B::Caller,
) -> Response {
    let Prepared {
        operation,
        request,
        question,
        new,
    } = prepared;
    let times = &edge.config.times;
    let time = match operation.kind {
        OperationType::Mutation => times.mutation,
        _ => times.query + operation.wait.min(times.longest_wait),
    };
    let name = operation
        .name
        .as_ref()
        .map(|name| name.chars().take(NAME).collect::<String>());
    let span = tracing::info_span!(
        "graphql",
        operation = name.as_deref().unwrap_or_default(),
        kind = %operation.kind,
        request_id = %client.request_id,
    );
    let started = Instant::now();
    let executed = tokio::time::timeout(time, edge.backend.execute(request, caller)).instrument(span.clone());
    let mut response = executed.await.unwrap_or_else(|_| too_slow(time));
    question.name_fields(|| edge.types(), &mut response);
    if let Some((text, document)) = new
        && response.is_ok()
    {
        edge.documents.keep(&text, document);
    }
    span.in_scope(|| {
        tracing::info!(
            status = response::status(&response, media).as_u16(),
            milliseconds = started.elapsed().as_millis() as u64,
            code = response
                .errors
                .first()
                .map(|error| response::code_of(error).name()),
            "operation answered"
        );
    });
    response
}

fn parse(query: &str) -> Result<ExecutableDocument, Failure> {
    parser::parse_query(query).map_err(|error| match &error {
        parser::Error::RecursionLimitExceeded => Failure::limit(Code::QueryTooDeep, scan::BRACKETS),
        parser::Error::Syntax { message, start, .. } => {
            // the message draws the line of the query below its place; the last line is the sentence
            let sentence = message
                .lines()
                .last()
                .unwrap_or_default()
                .trim()
                .trim_start_matches("= ");
            Failure::detail(
                Code::ParseFailed,
                format!("({}:{}) {sentence}", start.line, start.column),
            )
        }
        other => Failure::detail(Code::ParseFailed, other.to_string()),
    })
}

fn too_slow(time: Duration) -> Response {
    let error = async_graphql::Error::from(Error::limit(Code::ExecutionTimeout, time.as_secs()));
    let mut told = ServerError::new(error.message, None);
    told.extensions = error.extensions;
    Response::from_errors(vec![told])
}
