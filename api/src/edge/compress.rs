//! Compresses answers: zstd 3 first, gzip 1 for those who have nothing better. The libraries' default levels
//! cost twice as much time for hardly fewer bytes.

use std::io::Write;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, header},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::negotiate::Coding;

/// Shorter bodies are sent as they are.
const SHORTEST: u64 = 1024;
/// Longer ones of unknown handlers are not collected.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Above this the work leaves the threads that serve connections.
const AWAY: usize = 256 * 1024;

/// Compresses the body of an answer when the client wants it and it is worth it.
pub(super) async fn answer(coding: Option<Coding>, answer: Response<Body>) -> Response<Body> {
    if !is_text(answer.headers()) || answer.headers().contains_key(header::CONTENT_ENCODING) {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    parts
        .headers
        .append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let length = body.size_hint().exact().unwrap_or(0);
    let coding = match coding {
        Some(coding) if (SHORTEST..=LONGEST).contains(&length) => coding,
        _ => return Response::from_parts(parts, body),
    };
    let Ok(plain) = body.collect().await.map(|body| body.to_bytes()) else {
        // the body is one piece in memory, so this cannot happen; an empty answer is the honest rest
        return Response::from_parts(parts, Body::empty());
    };
    let packed = if plain.len() > AWAY {
        let plain = plain.clone();
        tokio::task::spawn_blocking(move || pack(&plain, coding))
            .await
            .ok()
            .flatten()
    } else {
        pack(&plain, coding)
    };
    let Some(packed) = packed else {
        return Response::from_parts(parts, Body::from(plain));
    };
    let name = match coding {
        Coding::Zstd => "zstd",
        Coding::Gzip => "gzip",
    };
    parts
        .headers
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(packed))
}

fn pack(plain: &Bytes, coding: Coding) -> Option<Vec<u8>> {
    match coding {
        Coding::Zstd => zstd::bulk::compress(plain, 3).ok(),
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(
                Vec::with_capacity(plain.len() / 4),
                flate2::Compression::new(1),
            );
            encoder.write_all(plain).ok()?;
            encoder.finish().ok()
        }
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    kind.starts_with("text/")
        || ["json", "javascript", "svg+xml"].iter().any(|name| {
            kind.split(';')
                .next()
                .is_some_and(|kind| kind.trim_end().ends_with(name))
        })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::edge::response;

    async fn sent(length: usize, accept: Option<Coding>) -> (Option<String>, Bytes) {
        let plain = response::with(axum::http::StatusCode::OK, "application/json", vec![b'x'; length]);
        let (parts, body) = answer(accept, plain).await.into_parts();
        assert_eq!(parts.headers[header::VARY], "Accept-Encoding");
        let coding = parts.headers.get(header::CONTENT_ENCODING);
        (
            coding.map(|coding| coding.to_str().expect("coding").to_owned()),
            body.collect().await.expect("body").to_bytes(),
        )
    }

    #[tokio::test]
    async fn bodies_of_1_kib_are_compressed() {
        assert_eq!(sent(1_023, Some(Coding::Zstd)).await.0, None);
        let (coding, packed) = sent(1_024, Some(Coding::Zstd)).await;
        assert_eq!(coding.as_deref(), Some("zstd"));
        assert_eq!(
            zstd::decode_all(packed.as_ref()).expect("zstd"),
            vec![b'x'; 1_024]
        );
        let (coding, packed) = sent(300_000, Some(Coding::Gzip)).await;
        assert_eq!(coding.as_deref(), Some("gzip"));
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(packed.as_ref())
            .read_to_end(&mut plain)
            .expect("gzip");
        assert_eq!(plain, vec![b'x'; 300_000]);
        assert_eq!(sent(5_000, None).await, (None, Bytes::from(vec![b'x'; 5_000])));
    }
}
