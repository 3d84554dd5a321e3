//! `GET /export/{table}.csv?unit=CODE|ID&from=YYYY-MM-DD&to=YYYY-MM-DD`: the tables as files.
//!
//! Who sends a bearer token gets what that person or integrator may see, who sends none what is public. The first
//! page is read before the answer begins, so that a failure has its status; later pages follow as the reader takes
//! them.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Query, State as FromState, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Response, header},
    routing::get,
};
use bytes::Bytes;
use futures_util::stream;

use super::{Export, Page, Question, Scope, Table, csv};
use crate::{
    accounts::authentication::authenticate,
    edge::{self, Client},
    error::{Code, Error, Refused, Result},
    state::State,
};

/// How long one page may take to be read: a table is exempt from the limits of queries, its parts are not.
const PAGE: Duration = Duration::from_secs(30);

/// The door of all tables.
pub fn door(state: Arc<State>) -> Router {
    Router::new()
        .route("/export/{file}", get(answer))
        .with_state(state)
}

async fn answer(
    FromState(state): FromState<Arc<State>>,
    Extension(client): Extension<Client>,
    Path(file): Path<String>,
    headers: HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Response<Body> {
    match begin(state, &client, &file, &headers, question).await {
        Ok(answer) => answer,
        Err(error) => {
            error.log();
            edge::refusal(&error, &client)
        }
    }
}

async fn begin(
    state: Arc<State>,
    client: &Client,
    file: &str,
    headers: &HeaderMap,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response<Body>> {
    let table = file
        .strip_suffix(".csv")
        .and_then(Table::from_name)
        .ok_or(Code::NotFoundPath)?;
    let viewer = authenticate(&state, edge::bearer(headers)?, client.lang).await?;
    let Query(question) = question.map_err(|_| Refused::new(Code::InvalidValue))?;
    let scope = Scope::read(&question, &state.reference(), state.clock.today())?;
    let export = Export {
        state,
        viewer,
        table,
        scope,
    };
    let disposition = format!("attachment; filename=\"{}\"", export.file_name());
    let Page { rows, next } = read(&export, None).await?;
    let mut first = csv::begin(&export.header())?.to_vec();
    first.extend_from_slice(&csv::lines(&rows)?);
    let first = Bytes::from(first);
    let body = match next {
        None => Body::from(first),
        Some(next) => {
            let rest = stream::try_unfold((export, Some(next)), |(export, next)| async move {
                let Some(after) = next else { return Ok(None) };
                // The answer has begun: a failure can only be told by breaking it off.
                let page = read(&export, Some(after)).await.map_err(broken_off)?;
                let lines = csv::lines(&page.rows).map_err(broken_off)?;
                Ok::<_, io::Error>(Some((lines, (export, page.next))))
            });
            Body::from_stream(futures_util::StreamExt::chain(stream::iter([Ok(first)]), rest))
        }
    };
    let mut answer = Response::new(body);
    let set = answer.headers_mut();
    set.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
    );
    set.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        set.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(answer)
}

async fn read(export: &Export, after: Option<super::After>) -> Result<Page> {
    tokio::time::timeout(PAGE, export.page(after))
        .await
        .map_err(|_| Error::from(Code::Unavailable))?
}

fn broken_off(error: Error) -> io::Error {
    error.log();
    io::Error::other("the table broke off")
}
