//! From a request to its answer: who is asked for, and the headers that every answer has.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header},
};
use futures_util::FutureExt;
use hyper::body::{Body as _, Incoming};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use super::{
    Backend, Client, Edge, address, compress,
    connection::{Connection, Line},
    failure::Failure,
    graphql,
    negotiate::{self, Media},
    response::{self, set_default},
    socket,
};
use crate::error::Code;

/// The longest wait for an answer to "are you ready".
const READY: Duration = Duration::from_secs(2);
/// Bodies that hyper takes by itself when nobody read them.
const SHORT_BODY: u64 = 16 * 1024;
/// The header that ties answer and log together.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request, whatever happens inside.
pub(super) async fn answer<B: Backend>(
    edge: &Arc<Edge<B>>,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    let headers = request.headers();
    let client = client(edge, connection, headers);
    let coding = negotiate::coding(headers);
    let media = negotiate::media(headers).unwrap_or_default();
    let is_page = !is_own(request.uri().path());
    if !request.body().is_end_stream() {
        connection.has_body();
    }
    // a short body that is left unread is on its way already, and the connection can go on after it
    let is_long = request
        .body()
        .size_hint()
        .upper()
        .is_none_or(|length| length > SHORT_BODY);
    let route = route(edge, connection, &client, request);
    let mut answer = match AssertUnwindSafe(route).catch_unwind().await {
        Ok(Ok(answer)) => answer,
        Ok(Err(failure)) => response::refused(&failure, &client, media),
        Err(_) => {
            edge.panics.fetch_add(1, Ordering::Relaxed);
            tracing::error!(request_id = %client.request_id, "a request panicked");
            response::refused(&Code::Unavailable.into(), &client, media)
        }
    };
    if is_long && connection.is_unread() {
        answer
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    dress(&mut answer, &client, is_page);
    compress::answer(coding, answer).await
}

/// Paths that the edge answers itself.
fn is_own(path: &str) -> bool {
    matches!(
        path,
        "/graphql" | "/schema.graphql" | "/livez" | "/readyz" | "/.well-known/jwks.json"
    )
}

fn client<B: Backend>(edge: &Edge<B>, connection: &Connection, headers: &HeaderMap) -> Client {
    let sane = |id: &&str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let sent = headers
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(sane);
    Client {
        address: address::client(connection.peer, headers, &edge.config.trusted_proxies),
        lang: negotiate::lang(headers),
        request_id: sent.map_or_else(|| edge.backend.fresh_id().to_string().into(), Arc::from),
    }
}

async fn route<B: Backend>(
    edge: &Arc<Edge<B>>,
    connection: &Arc<Connection>,
    client: &Client,
    request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
    let path = request.uri().path();
    if !is_own(path) {
        return pages(edge, connection, client, request).await;
    }
    if *request.method() == Method::OPTIONS {
        return Ok(preflight(methods(path)));
    }
    if path == "/graphql" {
        return match *request.method() {
            Method::POST => graphql::post(edge, connection, client, request).await,
            Method::GET if socket::is_asked_for(&request) => {
                socket::upgrade(edge, connection, client, request).await
            }
            Method::GET if negotiate::prefers_html(request.headers()) => Ok(edge.graphiql.answer()),
            Method::GET => graphql::get(edge, connection, client, request).await,
            _ => Err(Failure::method(methods(path))),
        };
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Failure::method(methods(path)));
    }
    match path {
        "/schema.graphql" => Ok(schema(edge, request.headers())),
        "/livez" => Ok(short("{\"status\":\"live\"}")),
        "/readyz" => ready(edge).await,
        _ => {
            let mut keys = response::with(StatusCode::OK, "application/json", edge.backend.jwks());
            set_default(&mut keys, header::CACHE_CONTROL, "public, max-age=300");
            Ok(keys)
        }
    }
}

/// Everything else is the pages' business; only their bare refusals get a body.
async fn pages<B: Backend>(
    edge: &Edge<B>,
    connection: &Arc<Connection>,
    client: &Client,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Failure> {
    request.extensions_mut().insert(client.clone());
    request.extensions_mut().insert(Line(Arc::clone(connection)));
    let Ok(page) = edge.pages.clone().oneshot(request.map(Body::new)).await;
    if page.headers().contains_key(header::CONTENT_TYPE) {
        return Ok(page);
    }
    match page.status() {
        StatusCode::NOT_FOUND => Err(Code::NotFoundPath.into()),
        StatusCode::METHOD_NOT_ALLOWED => {
            let mut refused = response::refused(&Failure::method("GET"), client, Media::Json);
            if let Some(allow) = page.headers().get(header::ALLOW) {
                refused.headers_mut().insert(header::ALLOW, allow.clone());
            }
            Ok(refused)
        }
        _ => Ok(page),
    }
}

/// What one of the edge's own paths takes.
fn methods(path: &str) -> &'static str {
    if path == "/graphql" {
        "GET, POST, OPTIONS"
    } else {
        "GET, HEAD, OPTIONS"
    }
}

fn preflight(methods: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (header::ALLOW, methods),
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "accept, accept-language, authorization, content-encoding, content-type, x-request-id",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The tag of a text: changes exactly when the text does. Weak, because it is sent in several codings.
pub(super) fn etag(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

fn schema<B: Backend>(edge: &Edge<B>, headers: &HeaderMap) -> Response<Body> {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|tags| tags.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|tag| tag.trim() == "*" || bare(tag) == bare(edge.schema_etag()));
    let mut answer = if known {
        let mut unchanged = Response::new(Body::empty());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        response::with(
            StatusCode::OK,
            "text/plain; charset=utf-8",
            edge.backend.sdl().to_owned(),
        )
    };
    if let Ok(tag) = HeaderValue::from_str(edge.schema_etag()) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    set_default(&mut answer, header::CACHE_CONTROL, "no-cache");
    answer
}

async fn ready<B: Backend>(edge: &Edge<B>) -> Result<Response<Body>, Failure> {
    if edge.draining.is_cancelled() {
        return Err(Failure::detail(Code::Unavailable, "(stopping)"));
    }
    match tokio::time::timeout(READY, edge.backend.ready())
        .await
        .unwrap_or(Err("no answer in time"))
    {
        Ok(()) => Ok(short("{\"status\":\"ready\"}")),
        Err(missing) => Err(Failure::detail(Code::Unavailable, format!("({missing})"))),
    }
}

fn short(body: &'static str) -> Response<Body> {
    let mut answer = response::with(StatusCode::OK, "application/json", body);
    set_default(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

/// Headers that every answer has. Any site may read the API, but only with a token that it was given: no
/// cookie is ever looked at. Pages are for this site alone.
fn dress(answer: &mut Response<Body>, client: &Client, is_page: bool) {
    if let Ok(id) = HeaderValue::from_str(&client.request_id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    set_default(answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_default(answer, header::REFERRER_POLICY, "no-referrer");
    set_default(answer, header::X_FRAME_OPTIONS, "DENY");
    if is_page {
        set_default(
            answer,
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        );
        return;
    }
    set_default(
        answer,
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    set_default(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set_default(
        answer,
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "etag, retry-after, x-request-id",
    );
    for by in ["Accept", "Accept-Language"] {
        answer
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static(by));
    }
}
