//! Pages for people: Vietnamese, made on the server, without scripts and without anything from elsewhere. They show
//! what is public and nothing else, whoever asks. Beside them the phone page, which is files for a browser to run.

pub mod calendar;
mod front;
mod html;
mod phone;
mod story;
mod tracking;

use std::sync::Arc;

use axum::{
    Router,
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

pub(crate) use self::html::Html;
use crate::{demo::Login, error::Error, state::State};

const STYLE: &str = include_str!("page.css");

/// The pages of a server; with the accounts of its demo where it is one.
pub fn router(state: Arc<State>, accounts: Option<Vec<Login>>) -> Router {
    let phone = phone::router(accounts.as_deref());
    let pages = Pages {
        state,
        published: story::Published::default(),
        accounts,
        policy: policy("'none'"),
        policy_of_forms: policy("'self'"),
    };
    Router::new()
        .route("/", get(front))
        .route("/tra-cuu", get(tracking::form))
        .route("/tra-cuu/{code}", get(tracking::code))
        .with_state(Arc::new(pages))
        .merge(phone)
}

/// What a page may do: show its own style, and send forms there.
pub(crate) fn policy(forms: &str) -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
    )
}

/// Whether somebody with a browser asks, rather than a program.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|accepts| accepts.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// A page around what `fill` writes.
pub(crate) fn frame(title: &str, fill: impl FnOnce(&mut Html)) -> String {
    let mut html = Html::default();
    html.raw("<!DOCTYPE html><html lang=\"vi\"><head><meta charset=\"utf-8\">")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .element("title", title)
        .raw("<style>")
        .raw(STYLE)
        .raw("</style></head><body><header><p class=\"mark\">cutri</p>")
        .element("h1", title)
        .raw("</header><main>");
    fill(&mut html);
    html.raw("</main></body></html>\n");
    html.done()
}

struct Pages {
    state: Arc<State>,
    published: story::Published,
    accounts: Option<Vec<Login>>,
    policy: String,
    policy_of_forms: String,
}

async fn front(Shared(pages): Shared<Arc<Pages>>) -> Response {
    match front::page(&pages.state, &pages.published, pages.accounts.as_deref()).await {
        Ok(page) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, pages.policy.as_str()),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, page).into_response()
        }
        Err(error) => busy(&error),
    }
}

fn busy(error: &Error) -> Response {
    error.log();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::RETRY_AFTER, "5"),
    ];
    let text = "Máy chủ đang bận, xin thử lại sau ít phút.";
    (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
}
