//! `GET /goi`, `POST /goi`: where anybody hands bundles in, on a page or as a file.
//!
//! Nobody signs in here, so that everything is bounded: bytes, files, time, and how many hand in at the same moment.
//! Nothing is told but counts.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State as FromState},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::get,
};
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::LengthLimitError;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    apply::{Applied, apply},
    format::MOST_BYTES,
    page::page,
};
use crate::{
    edge::{self, Client},
    error::{Code, Error, Lang, Result},
    pages,
    state::State,
};

/// Bytes of all files of a request.
const MOST_BODY: usize = 16 * 1024 * 1024;
/// Files in a request.
const MOST_FILES: usize = 20;
/// Requests that are read or worked on at the same time; each may hold its whole body.
const ROOM: usize = 4;
/// The longest time for a body to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);
/// How long a body is taken that is refused.
const FAREWELL: Duration = Duration::from_secs(2);
/// The longest time for one file to be taken in.
const WORK: Duration = Duration::from_secs(15);
/// Characters of a file's name that are told back.
const NAME: usize = 80;

/// The door.
pub fn door(state: Arc<State>) -> Router {
    let door = Door {
        state,
        room: Semaphore::new(ROOM),
    };
    Router::new()
        .route("/goi", get(form).post(submit))
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .with_state(Arc::new(door))
}

struct Door {
    state: Arc<State>,
    room: Semaphore,
}

/// What became of a file that was handed in.
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) outcome: Result<Applied>,
}

/// The sentence for a failure.
pub(super) fn told(error: &Error, lang: Lang) -> &'static str {
    error.code().message(lang)
}

async fn form() -> Response<Body> {
    html(StatusCode::OK, page(None))
}

async fn submit(
    FromState(door): FromState<Arc<Door>>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Response<Body> {
    let as_page = pages::is_wanted(request.headers());
    match hand_in(&door, request).await {
        Ok(files) if as_page => html(status(&files), page(Some(&files))),
        Ok(files) => match files.as_slice() {
            // One that failed as a whole is a failed request.
            [
                Kept {
                    outcome: Err(error), ..
                },
            ] => edge::refusal(error, &client),
            files => json_of(files, client.lang),
        },
        Err(error) => {
            error.log();
            let refused = edge::refusal(&error, &client);
            if !as_page {
                return refused;
            }
            let failed = Kept {
                name: String::new(),
                outcome: Err(error),
            };
            let mut answer = html(refused.status(), page(Some(&[failed])));
            if let Some(after) = refused.headers().get(header::RETRY_AFTER) {
                answer.headers_mut().insert(header::RETRY_AFTER, after.clone());
            }
            answer
        }
    }
}

/// Reads the files of a request and takes them in, one after the other.
async fn hand_in(door: &Door, request: Request) -> Result<Vec<Kept>> {
    let is_form = is_form(request.headers());
    let most = if is_form { MOST_BODY } else { MOST_BYTES };
    if announced(request.headers()).is_some_and(|bytes| bytes > most as u64) {
        forget(request.into_body()).await;
        return Err(Error::limit(Code::BodyTooLarge, most as u64));
    }
    let Ok(_place) = door.room.try_acquire() else {
        forget(request.into_body()).await;
        return Err(Code::RateLimited.into());
    };
    let files = timeout(ARRIVAL, files(request, is_form))
        .await
        .map_err(|_| Code::RequestTimeout)??;
    let mut kept = Vec::new();
    for (name, file) in files {
        let outcome = match timeout(WORK, apply(&door.state, &file)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Code::Unavailable.into()),
        };
        if let Err(error) = &outcome {
            error.log();
        }
        kept.push(Kept { name, outcome });
    }
    Ok(kept)
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"multipart/form-data"))
}

/// Takes and forgets what still comes, for a moment: who is cut off while he sends never reads why.
async fn forget(body: Body) {
    let mut pieces = body.into_data_stream();
    let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = pieces.next().await {} }).await;
}

/// The files of a form, or the body as one file.
async fn files(request: Request, is_form: bool) -> Result<Vec<(String, Bytes)>> {
    if !is_form {
        let body = to_bytes(request.into_body(), MOST_BYTES).await.map_err(|cause| {
            let source = std::error::Error::source(&cause);
            if source.is_some_and(|source| source.is::<LengthLimitError>()) {
                Error::limit(Code::BodyTooLarge, MOST_BYTES as u64)
            } else {
                Code::MalformedRequest.into()
            }
        })?;
        return Ok(vec![(String::new(), body)]);
    }
    let broken = |status: StatusCode| match status {
        StatusCode::PAYLOAD_TOO_LARGE => Error::limit(Code::BodyTooLarge, MOST_BODY as u64),
        _ => Code::MalformedRequest.into(),
    };
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|rejected| broken(rejected.status()))?;
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|error| broken(error.status()))? {
        let name: String = field.file_name().unwrap_or_default().chars().take(NAME).collect();
        let file = field.bytes().await.map_err(|error| broken(error.status()))?;
        // A form without a chosen file sends one that is empty and has no name.
        if name.is_empty() && file.is_empty() {
            continue;
        }
        if files.len() == MOST_FILES {
            return Err(Error::limit(Code::LimitTooLarge, MOST_FILES as u64));
        }
        files.push((name, file));
    }
    Ok(files)
}

/// 200 when anything was taken in; else the status of what failed first.
fn status(files: &[Kept]) -> StatusCode {
    let failed = files.iter().find_map(|file| file.outcome.as_ref().err());
    match failed {
        Some(error) if files.iter().all(|file| file.outcome.is_err()) => match error.code().status() {
            200 => StatusCode::BAD_REQUEST,
            status => StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        },
        None if files.is_empty() => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

fn json_of(files: &[Kept], lang: Lang) -> Response<Body> {
    let files: Vec<Value> = files
        .iter()
        .map(|file| match &file.outcome {
            Ok(applied) => json!({
                "name": file.name, "id": applied.header.id, "received": applied.received, "known": applied.known,
                "refused": applied.refused, "code": null, "message": null,
            }),
            Err(error) => json!({
                "name": file.name, "id": null, "received": 0, "known": 0, "refused": 0,
                "code": error.code().name(), "message": told(error, lang),
            }),
        })
        .collect();
    with(
        StatusCode::OK,
        "application/json",
        json!({ "files": files }).to_string(),
    )
}

fn html(status: StatusCode, page: String) -> Response<Body> {
    let mut answer = with(status, "text/html; charset=utf-8", page);
    if let Ok(policy) = HeaderValue::from_str(&pages::policy("'self'")) {
        answer
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

fn with(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
