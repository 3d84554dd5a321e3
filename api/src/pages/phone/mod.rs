//! `/dien-thoai`: the phone page (sổ tay đại biểu), the reference client of the sync protocol. Plain files that the
//! browser runs as they stand here; docs/phone.md walks through them.
//!
//! The release, a digest of all files, is part of their addresses: a file at its address never changes, and no page
//! mixes files of two releases. Only the page itself, its worker and its manifest are asked for again.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State as Shared},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use sha2::{Digest, Sha256};

use crate::demo::Login;

/// Where the page is.
const PLACE: &str = "/dien-thoai";

/// A year: the address of a file changes with it.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Scripts and styles from here alone, no markup from strings, requests to this server alone, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
                      manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types worker";

/// A file of the page: its name, its type, its bytes.
type Asset = (&'static str, &'static str, &'static [u8]);

const JS: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($name:literal as $kind:expr),+ $(,)?) => {
        &[$(($name, $kind, include_bytes!(concat!("assets/", $name)))),+]
    };
}

const ASSETS: &[Asset] = assets! {
    "index.html" as "text/html; charset=utf-8",
    "manifest.webmanifest" as "application/manifest+json",
    "sw.js" as JS,
    "phone.css" as "text/css; charset=utf-8",
    "app.js" as JS,
    "api.js" as JS,
    "brief.js" as JS,
    "bundle.js" as JS,
    "dom.js" as JS,
    "ids.js" as JS,
    "invitations.js" as JS,
    "login.js" as JS,
    "outbox.js" as JS,
    "petitions.js" as JS,
    "photo.js" as JS,
    "store.js" as JS,
    "sync.js" as JS,
    "today.js" as JS,
    "wake.js" as JS,
    "write.js" as JS,
    "icon.svg" as "image/svg+xml",
    "icon-192.png" as "image/png",
    "icon-512.png" as "image/png",
};

struct Page {
    /// Twelve digits of the digest of all files.
    release: String,
    /// Delegates of a demo as JSON, for whoever tries it.
    accounts: Option<String>,
}

/// The page; with the delegates of its demo where the server is one.
pub(super) fn router(accounts: Option<&[Login]>) -> Router {
    let mut digest = Sha256::new();
    for (name, _, bytes) in ASSETS {
        digest.update(name);
        digest.update(bytes);
    }
    let release: String = digest
        .finalize()
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    // Those of provinces, who see most, stand last in the file.
    let delegates = accounts.map(|all| {
        let delegates = all.iter().rev().filter(|login| login.role == "delegate");
        delegates.collect::<Vec<_>>()
    });
    let page = Page {
        release,
        accounts: delegates.and_then(|delegates| serde_json::to_string(&delegates).ok()),
    };
    Router::new()
        .route(PLACE, get(|page, headers| marked(page, headers, "index.html")))
        .route("/dien-thoai/", get(async || Redirect::permanent(PLACE)))
        .route(
            "/dien-thoai/sw.js",
            get(|page, headers| marked(page, headers, "sw.js")),
        )
        .route(
            "/dien-thoai/manifest.webmanifest",
            get(|page, headers| marked(page, headers, "manifest.webmanifest")),
        )
        .route("/dien-thoai/thu", get(trial))
        .route("/dien-thoai/{release}/{file}", get(asset))
        .with_state(Arc::new(page))
}

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|(known, ..)| *known == name)
}

/// A file at a lasting address, with the release where it says `@`.
async fn marked(Shared(page): Shared<Arc<Page>>, asked: HeaderMap, name: &'static str) -> Response {
    let Some((_, kind, bytes)) = find(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // With the answer "unchanged" too: a browser takes its headers for those of what it has.
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        // The page lies at the edge of its worker's folder, not in it.
        (HeaderName::from_static("service-worker-allowed"), PLACE),
    ];
    let tag = [(header::ETAG, format!("W/\"{}\"", page.release))];
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|tags| tags.to_str().ok());
    if known.any(|tags| tags.contains(&page.release)) {
        return (StatusCode::NOT_MODIFIED, headers, tag).into_response();
    }
    let text = String::from_utf8_lossy(bytes)
        .replace("/dien-thoai/@/", &format!("/dien-thoai/{}/", page.release))
        .replace("'@'", &format!("'{}'", page.release));
    (headers, tag, text).into_response()
}

/// A file of this release; those of another are gone, and whoever has them keeps them in his own cache.
async fn asset(Shared(page): Shared<Arc<Page>>, Path((release, file)): Path<(String, String)>) -> Response {
    match find(&file).filter(|_| release == page.release) {
        Some((_, kind, bytes)) => {
            let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, IMMUTABLE)];
            (headers, *bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Accounts to try it with; none but in a demo, whose front page has them as well.
async fn trial(Shared(page): Shared<Arc<Page>>) -> Response {
    match &page.accounts {
        Some(accounts) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, accounts.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
