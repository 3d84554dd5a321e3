//! `GET /documents/{kind}/{id}.docx`: the document of a row. `GET`, `PUT` and `DELETE`
//! `/documents/templates/{kind}.docx?council=ID`: the templates of a council.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::{Path, Query, State as FromState, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use entity::id::CouncilId;
use http_body_util::LengthLimitError;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

use super::{DocumentKind, MEDIA_TYPE, MOST_BYTES, made, template::Template, templates};
use crate::{
    accounts::authentication::authenticate,
    capability::Capability,
    edge::{self, Client},
    error::{Code, Error, Refused, Result},
    state::State,
    store::{door, partition::Partition, writing::parse_id},
    viewer::{Place, Viewer},
};

/// How long a document may take to be made, and a template to arrive.
const LONGEST: Duration = Duration::from_secs(30);

/// Documents that are made, and templates that are judged, at the same time: each takes some ten times its size.
const AT_ONCE: usize = 4;

type Asked<T> = Result<Query<T>, QueryRejection>;

/// The door of documents and their templates.
pub fn door(state: Arc<State>) -> Router {
    let door = Door {
        state,
        seats: Semaphore::new(AT_ONCE),
    };
    Router::new()
        .route("/documents/{kind}/{file}", get(read))
        .route(
            "/documents/templates/{file}",
            get(read_template).put(replace).delete(give_up),
        )
        .with_state(Arc::new(door))
}

struct Door {
    state: Arc<State>,
    seats: Semaphore,
}

/// What an address names before `.docx`.
fn named(file: &str) -> Result<&str> {
    Ok(file.strip_suffix(".docx").ok_or(Code::NotFoundPath)?)
}

fn kind_of(name: &str) -> Result<DocumentKind> {
    Ok(DocumentKind::from_name(name).ok_or(Code::NotFoundPath)?)
}

async fn person(state: &State, client: &Client, headers: &HeaderMap) -> Result<Viewer> {
    let viewer = authenticate(state, edge::bearer(headers)?, client.lang).await?;
    viewer.signed_in()?;
    Ok(viewer)
}

fn told(client: &Client, answer: Result<Response<Body>>) -> Response<Body> {
    answer.unwrap_or_else(|error| {
        error.log();
        edge::refusal(&error, client)
    })
}

async fn read(
    FromState(door): FromState<Arc<Door>>,
    Extension(client): Extension<Client>,
    Path((kind, file)): Path<(String, String)>,
    headers: HeaderMap,
    question: Asked<made::Question>,
) -> Response<Body> {
    let making = async {
        let (kind, row) = (kind_of(&kind)?, named(&file)?);
        let viewer = person(&door.state, &client, &headers).await?;
        let Query(question) = question.map_err(|_| Refused::new(Code::InvalidValue))?;
        let row = parse_id(row).ok_or(Code::NotFound)?;
        let making = async {
            let _seat = door.seats.acquire().await;
            made::make(&door.state, &viewer, kind, row, &question).await
        };
        let made = tokio::time::timeout(LONGEST, making)
            .await
            .map_err(|_| Error::from(Code::Unavailable))??;
        Ok(saved(made.bytes, &made.file_name))
    };
    told(&client, making.await)
}

/// A .docx to be saved under this name.
fn saved(bytes: Vec<u8>, name: &str) -> Response<Body> {
    let mut answer = Response::new(Body::from(bytes));
    let set = answer.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    set.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        set.insert(header::CONTENT_DISPOSITION, disposition);
    }
    answer
}

/// Whose template is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    council: Option<String>,
    version: Option<i64>,
}

fn council_of(whose: &Whose) -> Result<CouncilId> {
    let council = whose
        .council
        .as_deref()
        .ok_or(Refused::field(Code::Required, "council"))?;
    let council = parse_id(council).ok_or(Refused::field(Code::InvalidId, "council"))?;
    Ok(CouncilId(council))
}

/// The template in force at a council, or one of its earlier ones; without a council the one that comes with the
/// program, for everybody.
async fn read_template(
    FromState(door): FromState<Arc<Door>>,
    Extension(client): Extension<Client>,
    Path(file): Path<String>,
    headers: HeaderMap,
    whose: Asked<Whose>,
) -> Response<Body> {
    let reading = async {
        let kind = kind_of(named(&file)?)?;
        let Query(whose) = whose.map_err(|_| Refused::new(Code::InvalidValue))?;
        let name = format!("mau-{}.docx", kind.kind().file);
        if whose.council.is_none() && whose.version.is_none() {
            return Ok(saved(kind.shipped().to_vec(), &name));
        }
        let council = council_of(&whose)?;
        let viewer = person(&door.state, &client, &headers).await?;
        if !viewer.reads(Partition::Council(council)) {
            return Err(Refused::field(Code::NotFound, "council").into());
        }
        let conn = door.state.store.read();
        let file = match whose.version {
            None => templates::current(conn, council, kind).await?,
            Some(version) => {
                let file = templates::version(conn, council, kind, version).await?;
                Some(file.ok_or(Refused::field(Code::NotFound, "version"))?)
            }
        };
        Ok(saved(file.unwrap_or_else(|| kind.shipped().to_vec()), &name))
    };
    told(&client, reading.await)
}

async fn replace(
    FromState(door): FromState<Arc<Door>>,
    Extension(client): Extension<Client>,
    Path(file): Path<String>,
    headers: HeaderMap,
    whose: Asked<Whose>,
    body: Body,
) -> Response<Body> {
    let (kind, council, viewer) = match keeper(&door.state, &client, &file, &headers, whose).await {
        Ok(keeper) => keeper,
        Err(error) => return told(&client, Err(error)),
    };
    let file = match received(&headers, body).await {
        Ok(file) => file,
        Err(error) => return told(&client, Err(error)),
    };
    let _seat = door.seats.acquire().await;
    let judged = tokio::task::spawn_blocking(move || {
        let judged = Template::read(&file, kind).map(drop);
        (judged, file)
    });
    let Ok((judged, file)) = judged.await else {
        return told(&client, Err(Error::internal("a template was dropped")));
    };
    if let Err(wrong) = judged {
        return edge::refusals(&wrong, &client);
    }
    let (sha256, size) = (templates::digest(&file), file.len());
    let replace = templates::Replace {
        council,
        kind,
        file: Some(file),
    };
    let template = json!({"template": {"kind": kind.name(), "sha256": sha256, "size": size}});
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let answer = run(&door.state, &viewer, &replace).await;
    told(
        &client,
        answer.map(|()| (kind, template.to_string()).into_response()),
    )
}

async fn give_up(
    FromState(door): FromState<Arc<Door>>,
    Extension(client): Extension<Client>,
    Path(file): Path<String>,
    headers: HeaderMap,
    whose: Asked<Whose>,
) -> Response<Body> {
    let giving_up = async {
        let (kind, council, viewer) = keeper(&door.state, &client, &file, &headers, whose).await?;
        let replace = templates::Replace {
            council,
            kind,
            file: None,
        };
        run(&door.state, &viewer, &replace).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    told(&client, giving_up.await)
}

/// Somebody who keeps the templates of a council; asked before a file is taken.
async fn keeper(
    state: &State,
    client: &Client,
    file: &str,
    headers: &HeaderMap,
    whose: Asked<Whose>,
) -> Result<(DocumentKind, CouncilId, Viewer)> {
    let kind = kind_of(named(file)?)?;
    let viewer = person(state, client, headers).await?;
    let Query(whose) = whose.map_err(|_| Refused::new(Code::InvalidValue))?;
    let council = council_of(&whose)?;
    viewer
        .must(Capability::ManageMeetings, Place::Council(council))
        .map_err(|refused| Refused::field(refused.code, "council"))?;
    Ok((kind, council, viewer))
}

async fn run(state: &State, viewer: &Viewer, command: &templates::Replace) -> Result<()> {
    let answers = door::execute(state, viewer, &[command]).await?;
    for answer in answers {
        answer?;
    }
    Ok(())
}

async fn received(headers: &HeaderMap, body: Body) -> Result<Vec<u8>> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let is_docx = text(header::CONTENT_TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case(MEDIA_TYPE));
    let is_plain =
        text(header::CONTENT_ENCODING).is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    if !is_docx || !is_plain {
        return Err(Code::UnsupportedMediaType.into());
    }
    let too_large = || Error::limit(Code::FileTooLarge, MOST_BYTES as u64);
    let announced = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MOST_BYTES) {
        return Err(too_large());
    }
    let bytes = tokio::time::timeout(LONGEST, to_bytes(body, MOST_BYTES))
        .await
        .map_err(|_| Error::from(Code::RequestTimeout))?;
    let bytes = bytes.map_err(|cause| match cause.into_inner().is::<LengthLimitError>() {
        true => too_large(),
        false => Code::MalformedRequest.into(),
    })?;
    Ok(bytes.to_vec())
}
