//! `POST /import/petitions?council=ID&validateOnly=true` with the file as the body: for the office, by its token.
//!
//! The file goes to disk first, bounded in size and time. Then every row is answered as its transaction is done: as
//! one JSON object a line, or (`Accept: text/csv`) as the file of mistakes. Whoever hangs up stops the import; the
//! same file sent again goes on.

use std::{io::Write, path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::Body,
    extract::{DefaultBodyLimit, Query, State as FromState, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::post,
};
use bytes::Bytes;
use entity::id::CouncilId;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{
    Mistakes, Problem,
    columns::Heads,
    run::{Import, Part, RowOutcome, Summary, start},
};
use crate::{
    accounts::authentication::authenticate,
    capability::Capability,
    edge::{self, Client},
    error::{Code, Error, Lang, Refused, Result},
    state::State,
    store::writing::parse_id,
    viewer::Place,
};

/// Bytes of a file: 200,000 rows have 40 to 100 million.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The longest pause while a file is sent.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest time for all of it.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Imports at the same time in one process.
const AT_ONCE: usize = 4;

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

struct Door {
    state: Arc<State>,
    /// Where files lie while they are read.
    scratch: PathBuf,
    seats: Arc<Semaphore>,
}

/// The door of imports; files lie in `scratch` while they are read.
pub fn door(state: Arc<State>, scratch: PathBuf) -> Router {
    let door = Door {
        state,
        scratch,
        seats: Arc::new(Semaphore::new(AT_ONCE)),
    };
    Router::new()
        .route("/import/petitions", post(answer))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(door))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    council: Option<String>,
    #[serde(default)]
    validate_only: bool,
}

async fn answer(
    FromState(door): FromState<Arc<Door>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
    body: Body,
) -> Response<Body> {
    match begin(&door, &client, &headers, question, body).await {
        Ok(answer) => answer,
        Err(error) => {
            error.log();
            edge::refusal(&error, &client)
        }
    }
}

async fn begin(
    door: &Door,
    client: &Client,
    headers: &HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
    body: Body,
) -> Result<Response<Body>> {
    let viewer = authenticate(&door.state, edge::bearer(headers)?, client.lang).await?;
    viewer.signed_in()?;
    let Query(question) = question.map_err(|_| Refused::new(Code::InvalidValue))?;
    let council = question
        .council
        .ok_or(Refused::field(Code::Required, "council"))?;
    let council = parse_id(&council).ok_or(Refused::field(Code::InvalidId, "council"))?;
    let council = CouncilId(council);
    let place = Place::Council(council);
    viewer
        .must(Capability::GroupFeedback, place)
        .map_err(|refused| Refused::field(refused.code, "council"))?;
    check_type(headers)?;
    let as_mistakes = wants_csv(headers);
    let seat = Arc::clone(&door.seats).try_acquire_owned();
    let seat = seat.map_err(|_| Error::from(Code::Unavailable))?;
    let file = receive(door, headers, body).await?;

    let lang = viewer.lang;
    let import = Import {
        state: Arc::clone(&door.state),
        viewer,
        council,
        validate_only: question.validate_only,
        file,
        scratch: door.scratch.clone(),
    };
    let mut parts = start(import);
    // What is wrong with the file as a whole is told by the status.
    let heads = match parts.recv().await {
        Some(Part::Heads(heads)) => heads,
        Some(Part::Failed(error)) => return Err(error),
        _ => return Err(Error::internal("an import without heads")),
    };
    let (kind, first, writer) = if as_mistakes {
        let mistakes = Mistakes::of(heads, lang);
        (
            "text/csv; charset=utf-8; header=present",
            mistakes.begin()?,
            Writer::Mistakes(mistakes),
        )
    } else {
        let first = line(&head_line(&heads, question.validate_only))?;
        (
            "application/x-ndjson; charset=utf-8",
            first,
            Writer::Lines { heads, lang },
        )
    };
    let rest = stream::unfold((parts, writer, seat), |(mut parts, writer, seat)| async move {
        let part = parts.recv().await?;
        let bytes = writer.part(part);
        Some((bytes, (parts, writer, seat)))
    });
    let body = Body::from_stream(stream::iter([Ok::<_, std::io::Error>(first)]).chain(rest));
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::OK;
    let set = answer.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    set.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    if as_mistakes {
        set.insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"loi-nhap-kien-nghi.csv\""),
        );
    }
    Ok(answer)
}

fn check_type(headers: &HeaderMap) -> Result<()> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if matches!(kind.as_str(), CSV | XLSX) && is_plain {
        Ok(())
    } else {
        Err(Code::UnsupportedMediaType.into())
    }
}

fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.split(',').any(|kind| kind.trim().starts_with(CSV)))
}

/// Takes the file to disk. It has no name there and is gone with the import, also when the process is killed.
async fn receive(door: &Door, headers: &HeaderMap, body: Body) -> Result<std::fs::File> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let too_large = || Error::limit(Code::BodyTooLarge, MOST_BYTES);
    if announced.is_some_and(|length| length > MOST_BYTES) {
        return Err(too_large());
    }
    let failed = |cause: std::io::Error| Error::internal(format!("scratch file: {cause}"));
    let mut file = tempfile::tempfile_in(&door.scratch).map_err(failed)?;
    let mut chunks = body.into_data_stream();
    let mut size = 0;
    let taking = async {
        loop {
            let chunk = tokio::time::timeout(PAUSE, chunks.next())
                .await
                .map_err(|_| Error::from(Code::RequestTimeout))?;
            let Some(chunk) = chunk else { return Ok(()) };
            let chunk: Bytes = chunk.map_err(|_| Error::from(Code::MalformedRequest))?;
            size += chunk.len() as u64;
            if size > MOST_BYTES {
                return Err(too_large());
            }
            file.write_all(&chunk).map_err(failed)?;
        }
    };
    tokio::time::timeout(LONGEST, taking)
        .await
        .map_err(|_| Error::from(Code::RequestTimeout))??;
    Ok(file)
}

enum Writer {
    Lines { heads: Heads, lang: Lang },
    Mistakes(Mistakes),
}

impl Writer {
    fn part(&self, part: Part) -> std::io::Result<Bytes> {
        let broken_off = |error: Error| {
            error.log();
            std::io::Error::other("the answer broke off")
        };
        match (self, part) {
            (_, Part::Heads(_)) => Ok(Bytes::new()),
            (Self::Mistakes(mistakes), Part::Rows(rows)) => mistakes.lines(&rows).map_err(broken_off),
            (Self::Mistakes(_), Part::Done(_)) => Ok(Bytes::new()),
            // A file that breaks off is incomplete.
            (Self::Mistakes(_), Part::Failed(error)) => Err(broken_off(error)),
            (Self::Lines { heads, lang }, Part::Rows(rows)) => {
                let mut all = Vec::new();
                for row in &rows {
                    all.extend_from_slice(&line(&row_line(row, heads, *lang)).map_err(broken_off)?);
                }
                Ok(all.into())
            }
            (Self::Lines { .. }, Part::Done(summary)) => line(&summary_line(summary)).map_err(broken_off),
            (Self::Lines { lang, .. }, Part::Failed(error)) => {
                let code = error.code();
                let told = json!({"error": {"code": code.name(), "message": code.message(*lang),
                    "retryable": code.retryable()}});
                line(&told).map_err(broken_off)
            }
        }
    }
}

fn line(value: &Value) -> Result<Bytes> {
    let mut bytes = serde_json::to_vec(value).map_err(|_| Error::internal("a line that is no JSON"))?;
    bytes.push(b'\n');
    Ok(bytes.into())
}

fn head_line(heads: &Heads, validate_only: bool) -> Value {
    let (personal, unknown) = heads.left_out();
    json!({"columns": {"validateOnly": validate_only, "personalLeftOut": personal, "unknownLeftOut": unknown}})
}

fn row_line(row: &RowOutcome, heads: &Heads, lang: Lang) -> Value {
    let problems = |problems: &[Problem]| -> Vec<Value> {
        let shown = problems.iter().map(|problem| {
            json!({"code": problem.code.name(), "field": problem.field, "column": problem.column(heads),
                "message": problem.message(heads, lang)})
        });
        shown.collect()
    };
    let mut told = json!({"row": row.line, "outcome": row.outcome.code(), "petitionId": row.petition});
    if !row.problems.is_empty() {
        told["errors"] = problems(&row.problems).into();
    }
    if !row.notes.is_empty() {
        told["notes"] = problems(&row.notes).into();
    }
    told
}

fn summary_line(summary: Summary) -> Value {
    let Summary {
        rows,
        created,
        unchanged,
        refused,
    } = summary;
    json!({"summary": {"rows": rows, "created": created, "unchanged": unchanged, "refused": refused}})
}
