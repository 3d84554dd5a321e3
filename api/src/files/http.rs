//! `/files`: tus 1.0 for sending, plain HTTP for reading.
//!
//! The address of a file is its hash, for both: whose upload it is says the token. So an app that was killed computes
//! where it was, and asks there. Any site may use it with a token that it was given; no cookie is ever looked at.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, State as FromState, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
    routing::{get, post},
};
use entity::upload;

use super::{
    FileHash,
    commands::{Arrive, Begin, LetGo},
    reading, receiving, tus, url,
};
use crate::{
    accounts::authentication::authenticate,
    edge::{self, Client, Line},
    error::{Code, Error, Refused, Result},
    state::State,
    viewer::Viewer,
};

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

/// The door of files.
pub fn door(state: Arc<State>) -> Router {
    Router::new()
        .route("/files", post(create).options(discover))
        .route(
            "/files/{hash}",
            get(read)
                .head(look)
                .patch(append)
                .delete(terminate)
                .options(discover),
        )
        .with_state(state)
}

/// Who asks, and on which connection.
struct Asking {
    state: Arc<State>,
    client: Client,
    line: Line,
    headers: HeaderMap,
}

impl Asking {
    async fn viewer(&self) -> Result<Viewer> {
        let bearer = edge::bearer(&self.headers)?;
        let viewer = authenticate(&self.state, bearer, self.client.lang).await?;
        if let Some(account) = viewer.account_id() {
            self.line.belongs_to(account.0)?;
        }
        Ok(viewer)
    }

    /// A person who may send: integrators and strangers only read.
    async fn sender(&self) -> Result<Viewer> {
        let viewer = self.viewer().await?;
        viewer.signed_in()?;
        Ok(viewer)
    }

    /// The sender's own upload.
    async fn upload(&self, viewer: &Viewer, hash: &FileHash) -> Result<Option<upload::Model>> {
        let account = viewer.signed_in()?.account.id;
        receiving::find(&self.state, account, hash).await
    }
}

type Hash = Result<Path<String>, PathRejection>;

/// What is no hash names nothing.
fn hash(path: Hash) -> Result<FileHash> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    Ok(FileHash::parse(&text).ok_or(Code::NotFound)?)
}

async fn discover(FromState(state): FromState<Arc<State>>) -> Response<Body> {
    let mut answer = empty(StatusCode::NO_CONTENT);
    let most = state.files.limits.file.to_string();
    for (name, value) in [
        ("tus-version", tus::VERSION),
        ("tus-extension", tus::EXTENSIONS),
        ("tus-checksum-algorithm", tus::ALGORITHMS),
        ("tus-max-size", most.as_str()),
        ("allow", "OPTIONS, POST, HEAD, GET, PATCH, DELETE"),
        (
            "access-control-allow-methods",
            "OPTIONS, POST, HEAD, GET, PATCH, DELETE",
        ),
        (
            "access-control-allow-headers",
            "accept-language, authorization, content-type, if-none-match, if-range, range, tus-resumable, \
             upload-checksum, upload-length, upload-metadata, upload-offset, x-request-id",
        ),
        ("access-control-max-age", "86400"),
    ] {
        set(&mut answer, HeaderName::from_static(name), value);
    }
    dressed(answer)
}

async fn create(
    FromState(state): FromState<Arc<State>>,
    Extension(client): Extension<Client>,
    Extension(line): Extension<Line>,
    headers: HeaderMap,
) -> Response<Body> {
    let asking = Asking {
        state,
        client,
        line,
        headers,
    };
    told(&asking, created(&asking).await)
}

async fn created(asking: &Asking) -> Result<Response<Body>> {
    tus::check_version(&asking.headers)?;
    let viewer = asking.sender().await?;
    let (state, limits) = (&asking.state, asking.state.files.limits);
    let size = tus::bytes(&asking.headers, "upload-length")?;
    let hash = tus::hash(&asking.headers)?;
    if size == 0 {
        return Err(Refused::field(Code::OutOfRange, "upload-length").into());
    }
    if size > limits.file {
        return Err(Error::limit(Code::FileTooLarge, limits.file));
    }
    let missing = match asking.upload(&viewer, &hash).await? {
        None => {
            claim(state, &viewer, &hash).await?;
            None
        }
        // Asked for nobody else: how long an answer takes would tell whether there is such a file.
        Some(upload) if upload.completed_at.is_some() => receiving::missing(state, &hash).await?,
        Some(_) => None,
    };
    let begin = Begin {
        hash: hash.clone(),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        quota: receiving::quota(state),
        missing,
    };
    receiving::run(state, &viewer, &begin).await?;
    let upload = settled(asking, &viewer, &hash)
        .await?
        .ok_or(Error::internal("an upload that was begun is not there"))?;
    let mut answer = empty(StatusCode::CREATED);
    set(&mut answer, header::LOCATION, &url(hash.as_str()));
    standing(&mut answer, &upload);
    Ok(answer)
}

/// Counts a file that is here already, and that the viewer may read, as sent by him.
async fn claim(state: &State, viewer: &Viewer, hash: &FileHash) -> Result<bool> {
    if reading::file(state, viewer, hash).await?.is_none() {
        return Ok(false);
    }
    if receiving::missing(state, hash).await?.is_some() {
        return Ok(false);
    }
    let arrive = Arrive {
        hash: hash.clone(),
        file: None,
        quota: receiving::quota(state),
        missing: None,
    };
    match receiving::run(state, viewer, &arrive).await {
        Ok(()) => Ok(true),
        // Gone in this very moment.
        Err(error) if error.code() == Code::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The sender's upload, put together if all of it is here: a server may have been killed before it came to that. One that
/// is complete by the database alone is none: the phone is to send the bytes while it has them.
async fn settled(asking: &Asking, viewer: &Viewer, hash: &FileHash) -> Result<Option<upload::Model>> {
    let Some(upload) = asking.upload(viewer, hash).await? else {
        return Ok(None);
    };
    if upload.completed_at.is_some() {
        let missing = receiving::missing(&asking.state, hash).await?;
        return Ok(missing.is_none().then_some(upload));
    }
    if upload.received < upload.size {
        return Ok(Some(upload));
    }
    receiving::finish(&asking.state, viewer, &upload).await?;
    asking.upload(viewer, hash).await
}

/// HEAD: where an upload stands for a client that speaks tus, the head of a reading for everybody else.
async fn look(
    FromState(state): FromState<Arc<State>>,
    Extension(client): Extension<Client>,
    Extension(line): Extension<Line>,
    path: Hash,
    headers: HeaderMap,
) -> Response<Body> {
    let asking = Asking {
        state,
        client,
        line,
        headers,
    };
    let answer = if asking.headers.contains_key("tus-resumable") {
        stands(&asking, path).await
    } else {
        readable(&asking, path, false).await
    };
    told(&asking, answer)
}

async fn stands(asking: &Asking, path: Hash) -> Result<Response<Body>> {
    tus::check_version(&asking.headers)?;
    let hash = hash(path)?;
    let viewer = asking.sender().await?;
    let upload = match settled(asking, &viewer, &hash).await? {
        Some(upload) => Some(upload),
        None if claim(&asking.state, &viewer, &hash).await? => asking.upload(&viewer, &hash).await?,
        None => None,
    };
    let upload = upload.ok_or(Code::NotFound)?;
    let mut answer = empty(StatusCode::OK);
    standing(&mut answer, &upload);
    Ok(answer)
}

async fn append(
    FromState(state): FromState<Arc<State>>,
    Extension(client): Extension<Client>,
    Extension(line): Extension<Line>,
    path: Hash,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let asking = Asking {
        state,
        client,
        line,
        headers,
    };
    told(&asking, appended(&asking, path, body).await)
}

async fn appended(asking: &Asking, path: Hash, body: Body) -> Result<Response<Body>> {
    let headers = &asking.headers;
    tus::check_version(headers)?;
    let hash = hash(path)?;
    tus::check_chunk(headers)?;
    let viewer = asking.sender().await?;
    let offset = tus::bytes(headers, "upload-offset")?;
    let checksum = tus::Checksum::read(headers)?;
    let upload = asking.upload(&viewer, &hash).await?.ok_or(Code::NotFound)?;
    if i64::try_from(offset) != Ok(upload.received) {
        return Err(Code::OffsetMismatch.into());
    }
    let left = u64::try_from(upload.size - upload.received).unwrap_or(0);
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse().ok()).unwrap_or(0) > left {
        return Err(Error::limit(Code::BodyTooLarge, left));
    }
    // On a task of its own: when the connection breaks, what came is still kept.
    let (state, line) = (Arc::clone(&asking.state), asking.line.clone());
    let taking = async move {
        let object = upload.clone();
        let mut upload = match receiving::append(Arc::clone(&state), upload, body, checksum, line).await {
            Ok(upload) => upload,
            Err(error) => {
                if error.code() == Code::FileType {
                    receiving::release(&state, &viewer, &object, LetGo::Unfit).await?;
                }
                return Err(error);
            }
        };
        if upload.received == upload.size && upload.completed_at.is_none() {
            receiving::finish(&state, &viewer, &upload).await?;
            upload.completed_at = Some(state.clock.now());
        }
        Ok(upload)
    };
    let upload = tokio::spawn(taking)
        .await
        .map_err(|_| Error::internal("a chunk was dropped"))??;
    let mut answer = empty(StatusCode::NO_CONTENT);
    standing(&mut answer, &upload);
    answer.headers_mut().remove(LENGTH);
    Ok(answer)
}

async fn terminate(
    FromState(state): FromState<Arc<State>>,
    Extension(client): Extension<Client>,
    Extension(line): Extension<Line>,
    path: Hash,
    headers: HeaderMap,
) -> Response<Body> {
    let asking = Asking {
        state,
        client,
        line,
        headers,
    };
    told(&asking, terminated(&asking, path).await)
}

async fn terminated(asking: &Asking, path: Hash) -> Result<Response<Body>> {
    tus::check_version(&asking.headers)?;
    let hash = hash(path)?;
    let viewer = asking.sender().await?;
    let upload = asking.upload(&viewer, &hash).await?.ok_or(Code::NotFound)?;
    receiving::release(&asking.state, &viewer, &upload, LetGo::Asked).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn read(
    FromState(state): FromState<Arc<State>>,
    Extension(client): Extension<Client>,
    Extension(line): Extension<Line>,
    path: Hash,
    headers: HeaderMap,
) -> Response<Body> {
    let asking = Asking {
        state,
        client,
        line,
        headers,
    };
    told(&asking, readable(&asking, path, true).await)
}

async fn readable(asking: &Asking, path: Hash, with_body: bool) -> Result<Response<Body>> {
    let viewer = asking.viewer().await?;
    let hash = hash(path)?;
    let file = reading::file(&asking.state, &viewer, &hash).await?;
    let file = file.ok_or(Code::NotFound)?;
    reading::answer(&asking.state, &file, &asking.headers, with_body).await
}

/// Tells where an upload stands.
fn standing(answer: &mut Response<Body>, upload: &upload::Model) {
    set(answer, OFFSET, &upload.received.to_string());
    set(answer, LENGTH, &upload.size.to_string());
    if upload.completed_at.is_none() {
        let expires = upload.expires_at.format("%a, %d %b %Y %H:%M:%S GMT");
        set(answer, EXPIRES, &expires.to_string());
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

fn set(answer: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// The answer, or why there is none.
fn told(asking: &Asking, answer: Result<Response<Body>>) -> Response<Body> {
    let answer = answer.unwrap_or_else(|error| {
        error.log();
        let mut refused = edge::refusal(&error, &asking.client);
        match error {
            Error::Code(Code::TusVersion, _) => {
                set(&mut refused, HeaderName::from_static("tus-version"), tus::VERSION);
            }
            Error::Refused(Refused {
                code: Code::TusVersion,
                ..
            }) => set(&mut refused, HeaderName::from_static("tus-version"), tus::VERSION),
            Error::Code(Code::RangeNotSatisfiable, Some(size)) => {
                set(&mut refused, header::CONTENT_RANGE, &format!("bytes */{size}"));
            }
            _ => {}
        }
        refused
    });
    dressed(answer)
}

/// What every answer has: it speaks tus, any site may read it, and nothing of it runs in a browser.
fn dressed(mut answer: Response<Body>) -> Response<Body> {
    for (name, value) in [
        ("tus-resumable", tus::VERSION),
        ("access-control-allow-origin", "*"),
        (
            "access-control-expose-headers",
            "accept-ranges, content-disposition, content-range, etag, location, repr-digest, retry-after, \
             tus-checksum-algorithm, tus-extension, tus-max-size, tus-resumable, tus-version, upload-expires, \
             upload-length, upload-offset, x-request-id",
        ),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        // What for one is his upload is nothing for another.
        ("vary", "authorization"),
    ] {
        set(&mut answer, HeaderName::from_static(name), value);
    }
    let unsaid = HeaderValue::from_static("no-store");
    answer
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(unsaid);
    answer
}
