//! Reads the body of a request: in time, counted while it streams, and unpacked within the same bound.

use std::io::Read;

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::{Times, connection::Connection, failure::Failure};
use crate::error::Code;

/// The longest body without a valid token, in bytes.
pub(super) const ANONYMOUS: usize = 1024 * 1024;
/// The longest body with one: a push of many rows.
pub(super) const SIGNED_IN: usize = 4 * 1024 * 1024;

/// Bytes that the decoder of a zstd frame may keep to look back at, as a power of two.
const WINDOW: u32 = 23;

/// Refuses what is not JSON before a byte of the body is read.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Failure> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return Err(Code::UnsupportedMediaType.into());
    };
    let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next() == Some("application/json");
    let utf8 = parts
        .filter_map(|part| part.split_once('='))
        .all(|(name, value)| {
            name.trim() != "charset" || matches!(value.trim().trim_matches('"'), "utf-8" | "utf8")
        });
    if json && utf8 {
        Ok(())
    } else {
        Err(Code::UnsupportedMediaType.into())
    }
}

/// How the body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    Plain,
    Gzip,
    Zstd,
}

/// Reads Content-Encoding; anything but one known coding is refused.
pub(super) fn packed(headers: &HeaderMap) -> Result<Packed, Failure> {
    let mut codings = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .map(HeaderValue::as_bytes);
    let coding = match (codings.next(), codings.next()) {
        (None, _) => return Ok(Packed::Plain),
        (Some(coding), None) => coding.to_ascii_lowercase(),
        _ => return Err(Code::UnsupportedMediaType.into()),
    };
    match coding.trim_ascii() {
        b"identity" | b"" => Ok(Packed::Plain),
        b"gzip" | b"x-gzip" => Ok(Packed::Gzip),
        b"zstd" => Ok(Packed::Zstd),
        _ => Err(Code::UnsupportedMediaType.into()),
    }
}

/// Reads a body of at most `limit` bytes, before and after unpacking. When the server is stopping, a body that
/// still trickles in does not hold it up: the client is told to come back.
pub(super) async fn read(
    body: Incoming,
    packed: Packed,
    limit: usize,
    times: &Times,
    connection: &Connection,
) -> Result<Bytes, Failure> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(Failure::limit(Code::BodyTooLarge, limit));
    }
    let sent = tokio::select! {
        sent = collect(body, limit, announced as usize) => sent?,
        () = tokio::time::sleep(times.body) => return Err(Code::RequestTimeout.into()),
        () = connection.stopped_for(times.drain / 4) => return Err(Code::Unavailable.into()),
    };
    connection.body_was_read();
    unpack(sent, packed, limit)
}

async fn collect(mut body: Incoming, limit: usize, announced: usize) -> Result<Bytes, Failure> {
    let mut all = BytesMut::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        // the client went away or broke the framing: whatever is answered, nobody reads it
        let frame = frame.map_err(|_| Code::MalformedRequest)?;
        let Ok(data) = frame.into_data() else { continue };
        if all.len() + data.len() > limit {
            return Err(Failure::limit(Code::BodyTooLarge, limit));
        }
        all.extend_from_slice(&data);
    }
    Ok(all.freeze())
}

fn unpack(sent: Bytes, packed: Packed, limit: usize) -> Result<Bytes, Failure> {
    let broken = |_| Failure::from(Code::MalformedRequest);
    match packed {
        Packed::Plain => Ok(sent),
        Packed::Gzip => bounded(flate2::read::MultiGzDecoder::new(sent.as_ref()), limit),
        Packed::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(sent.as_ref()).map_err(broken)?;
            decoder.window_log_max(WINDOW).map_err(broken)?;
            bounded(decoder, limit)
        }
    }
}

fn bounded(reader: impl Read, limit: usize) -> Result<Bytes, Failure> {
    let mut all = Vec::new();
    reader
        .take(limit as u64 + 1)
        .read_to_end(&mut all)
        .map_err(|_| Failure::from(Code::MalformedRequest))?;
    if all.len() > limit {
        return Err(Failure::limit(Code::BodyTooLarge, limit));
    }
    Ok(all.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("gzip");
        encoder.finish().expect("gzip").into()
    }

    #[test]
    fn the_limit_counts_unpacked_bytes() {
        let zstd = |bytes: &[u8]| Bytes::from(zstd::bulk::compress(bytes, 3).expect("zstd"));
        for (packed, pack) in [
            (Packed::Gzip, &gzip as &dyn Fn(&[u8]) -> Bytes),
            (Packed::Zstd, &zstd),
        ] {
            assert_eq!(
                unpack(pack(&[b'x'; 1_000]), packed, 1_000)
                    .expect("at the limit")
                    .len(),
                1_000
            );
            let over = unpack(pack(&[b'x'; 1_001]), packed, 1_000);
            assert_eq!(over, Err(Failure::limit(Code::BodyTooLarge, 1_000)));
            let bomb = pack(&vec![0; 32 * 1024 * 1024]);
            assert_eq!(
                unpack(bomb, packed, 1_000),
                Err(Failure::limit(Code::BodyTooLarge, 1_000))
            );
            let broken = unpack(Bytes::from_static(b"no such thing"), packed, 1_000);
            assert_eq!(broken.expect_err("broken").code, Code::MalformedRequest);
            let half = pack(&[b'x'; 1_000]);
            assert!(unpack(half.slice(..half.len() - 3), packed, 1_000).is_err());
        }
    }

    #[test]
    fn only_json_in_utf8_is_taken() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_TYPE, value.parse().expect("header"));
            }
            check_type(&headers).is_ok()
        };
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert!(of(&[good]), "{good}");
        }
        for bad in [
            "text/plain",
            "application/jsonx",
            "application/json; charset=latin1",
            "multipart/form-data",
            "",
        ] {
            assert!(!of(&[bad]), "{bad}");
        }
        assert!(!of(&[]));
        assert!(!of(&["application/json", "text/plain"]));
    }

    #[test]
    fn codings_are_named_one_by_one() {
        let of = |value: &str| {
            packed(&HeaderMap::from_iter([(
                header::CONTENT_ENCODING,
                value.parse().expect("header"),
            )]))
            .ok()
        };
        assert_eq!(of("gzip"), Some(Packed::Gzip));
        assert_eq!(of("ZSTD"), Some(Packed::Zstd));
        assert_eq!(of("identity"), Some(Packed::Plain));
        for bad in ["br", "deflate", "gzip, gzip", "zstd,gzip"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
