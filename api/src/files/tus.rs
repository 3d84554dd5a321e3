//! The words of tus 1.0: what a client's headers say. Pure; what is wrong is a refusal that names the header.

use axum::http::{HeaderMap, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::Digest as _;
use sha2::Sha256;

use super::FileHash;
use crate::error::{Code, Refused};

/// The one version.
pub(super) const VERSION: &str = "1.0.0";
/// What is served of it.
pub(super) const EXTENSIONS: &str = "creation,checksum,termination,expiration";
/// How a chunk may be summed up.
pub(super) const ALGORITHMS: &str = "sha256,sha1";
/// The type of a chunk.
const CHUNK: &str = "application/offset+octet-stream";

/// Refuses a client that speaks another version.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Refused> {
    match text(headers, "tus-resumable")? {
        Some(VERSION) => Ok(()),
        _ => Err(Code::TusVersion.into()),
    }
}

/// Refuses a chunk that does not say that it is one, or is packed.
pub(super) fn check_chunk(headers: &HeaderMap) -> Result<(), Refused> {
    let kind = text(headers, header::CONTENT_TYPE.as_str())?.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let packed = text(headers, header::CONTENT_ENCODING.as_str())?.unwrap_or("identity");
    if kind.eq_ignore_ascii_case(CHUNK) && packed.eq_ignore_ascii_case("identity") {
        Ok(())
    } else {
        Err(Code::UnsupportedMediaType.into())
    }
}

/// The value of a header that may stand there once.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refused> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(wrong(name)),
        },
        _ => Err(wrong(name)),
    }
}

fn wrong(name: &str) -> Refused {
    Refused::field(Code::InvalidValue, name.to_owned())
}

/// A count of bytes: digits. What is more than can be counted is the most that can, and as such too large for what is asked.
pub(super) fn bytes(headers: &HeaderMap, name: &'static str) -> Result<u64, Refused> {
    let text = text(headers, name)?.ok_or(Refused::field(Code::Required, name))?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong(name));
    }
    Ok(text.parse().unwrap_or(u64::MAX))
}

/// The hash that `Upload-Metadata` names. Whatever else a client tells there, such as a file's name, is not looked at
/// and kept nowhere.
pub(super) fn hash(headers: &HeaderMap) -> Result<FileHash, Refused> {
    const METADATA: &str = "Upload-Metadata";
    let metadata = text(headers, METADATA)?.unwrap_or_default();
    let mut found = None;
    for pair in metadata.split(',').map(str::trim) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        if key != "sha256" {
            continue;
        }
        let decoded = BASE64_STANDARD
            .decode(value.trim())
            .map_err(|_| wrong(METADATA))?;
        let hash = std::str::from_utf8(&decoded).ok().and_then(FileHash::parse);
        if found.replace(hash.ok_or_else(|| wrong(METADATA))?).is_some() {
            return Err(wrong(METADATA));
        }
    }
    found.ok_or(Refused::field(Code::Required, "Upload-Metadata.sha256"))
}

/// What a chunk is to sum up to.
pub(super) struct Checksum {
    wanted: Vec<u8>,
    sum: Sum,
}

enum Sum {
    Sha256(Sha256),
    Sha1(sha1::Sha1),
}

impl Checksum {
    /// Reads `Upload-Checksum`, if it is there.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Refused> {
        const NAME: &str = "Upload-Checksum";
        let Some(text) = text(headers, NAME)? else {
            return Ok(None);
        };
        let (algorithm, value) = text.trim().split_once(' ').ok_or_else(|| wrong(NAME))?;
        let wanted = BASE64_STANDARD.decode(value.trim()).map_err(|_| wrong(NAME))?;
        let sum = match algorithm {
            "sha256" => Sum::Sha256(Sha256::default()),
            "sha1" => Sum::Sha1(sha1::Sha1::default()),
            _ => return Err(wrong(NAME)),
        };
        Ok(Some(Self { wanted, sum }))
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        match &mut self.sum {
            Sum::Sha256(sum) => sum.update(bytes),
            Sum::Sha1(sum) => sum.update(bytes),
        }
    }

    /// Whether the bytes were those that were meant.
    pub(super) fn holds(self) -> bool {
        match self.sum {
            Sum::Sha256(sum) => sum.finalize().as_slice() == self.wanted,
            Sum::Sha1(sum) => sum.finalize().as_slice() == self.wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("header"));
        }
        headers
    }

    #[test]
    fn the_hash_is_the_only_word_of_the_metadata_that_counts() {
        let name = "ab".repeat(32);
        let encoded = BASE64_STANDARD.encode(&name);
        for metadata in [
            format!("sha256 {encoded}"),
            format!("filename Li4vLi4vZXRjL3Bhc3N3ZA==,sha256 {encoded},is_confidential"),
            format!("filename %%% , sha256  {encoded}"),
        ] {
            let found = hash(&headers(&[("upload-metadata", &metadata)]));
            assert_eq!(found.map(|hash| hash.to_string()), Ok(name.clone()), "{metadata}");
        }
        for (metadata, code) in [
            (String::new(), Code::Required),
            ("filename eA==".to_owned(), Code::Required),
            ("sha256".to_owned(), Code::InvalidValue),
            ("sha256 %%%".to_owned(), Code::InvalidValue),
            ("sha256 Li4vLi4vZXRjL3Bhc3N3ZA==".to_owned(), Code::InvalidValue),
            (format!("sha256 {encoded},sha256 {encoded}"), Code::InvalidValue),
        ] {
            let refused = hash(&headers(&[("upload-metadata", &metadata)])).expect_err(&metadata);
            assert_eq!(refused.code, code, "{metadata}");
        }
    }

    #[test]
    fn a_count_is_digits() {
        let of = |value: &str| bytes(&headers(&[("upload-length", value)]), "upload-length").ok();
        assert_eq!(of("0"), Some(0));
        assert_eq!(of("1000000000000000000"), Some(1_000_000_000_000_000_000));
        assert_eq!(of(&"9".repeat(40)), Some(u64::MAX));
        for bad in ["", "-1", "+1", "1.0", "1e9", "0x10", "१"] {
            let mut map = HeaderMap::new();
            let value = axum::http::HeaderValue::from_bytes(bad.as_bytes()).expect("header");
            map.insert("upload-length", value);
            assert!(bytes(&map, "upload-length").is_err(), "{bad}");
        }
        let twice = headers(&[("upload-length", "1"), ("upload-length", "1")]);
        assert!(bytes(&twice, "upload-length").is_err());
    }

    #[test]
    fn a_checksum_holds_or_does_not() {
        let of = |value: &str| Checksum::read(&headers(&[("upload-checksum", value)]));
        for (value, holds) in [
            ("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", true),
            ("sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", true),
            ("sha1 AAAA", false),
        ] {
            let mut sum = of(value).expect(value).expect("there");
            sum.add(b"a");
            sum.add(b"bc");
            assert_eq!(sum.holds(), holds, "{value}");
        }
        for bad in ["", "sha256", "md5 AAAA", "sha256 %", "SHA256 AAAA"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
