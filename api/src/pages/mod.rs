//! Pages for people: Vietnamese, made on the server, without scripts and without anything from elsewhere. They show
//! what is public and nothing else, whoever asks. Beside them the phone page, which is files for a browser to run.

mod front;
mod html;
mod phone;
mod story;

use std::sync::Arc;

use axum::{
    Router,
    extract::State as Shared,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::{demo::Login, state::State};

const STYLE: &str = include_str!("page.css");

/// The pages of a server; with the accounts of its demo where it is one.
pub fn router(state: Arc<State>, accounts: Option<Vec<Login>>) -> Router {
    let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let phone = phone::router(accounts.as_deref());
    let pages = Pages {
        state,
        accounts,
        policy,
    };
    Router::new()
        .route("/", get(front))
        .with_state(Arc::new(pages))
        .merge(phone)
}

struct Pages {
    state: Arc<State>,
    accounts: Option<Vec<Login>>,
    policy: String,
}

async fn front(Shared(pages): Shared<Arc<Pages>>) -> Response {
    match front::page(&pages.state, pages.accounts.as_deref()).await {
        Ok(page) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, pages.policy.as_str()),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, page).into_response()
        }
        Err(error) => {
            error.log();
            let headers = [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                (header::RETRY_AFTER, "5"),
            ];
            let text = "Máy chủ đang bận, xin thử lại sau ít phút.";
            (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
        }
    }
}
