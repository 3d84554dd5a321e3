//! A page to try queries in: a small one of our own, in Vietnamese.
//!
//! The well-known bundle is four megabytes of scripts, more than the rest of the server, or comes from a
//! foreign host, where traffic of this server has no business. The page loads nothing at all; its policy
//! names the digests of its own script and style.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::response;

const HTML: &str = include_str!("graphiql/page.html");
const SCRIPT: &str = include_str!("graphiql/page.js");
const STYLE: &str = include_str!("graphiql/page.css");

/// The page, made once.
pub(super) struct Page {
    html: Bytes,
    policy: Option<HeaderValue>,
}

impl Page {
    /// The page with these examples. A line `### title` begins a new one; the first is shown at the start.
    pub(super) fn new(examples: &str) -> Self {
        let html = HTML
            .replace("{{style}}", STYLE)
            .replace("{{script}}", SCRIPT)
            .replace("{{examples}}", &escaped(examples));
        let digest = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            digest(SCRIPT),
            digest(STYLE),
        );
        Self {
            html: html.into(),
            policy: HeaderValue::from_str(&policy).ok(),
        }
    }

    pub(super) fn answer(&self) -> Response<Body> {
        let mut answer = response::with(StatusCode::OK, "text/html; charset=utf-8", self.html.clone());
        if let Some(policy) = &self.policy {
            answer
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        response::set_default(&mut answer, header::CACHE_CONTROL, "no-cache");
        answer
    }
}

/// Text for the inside of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
