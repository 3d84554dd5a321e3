//! The file: a line of JSON that says whose it is, then what is sealed, in base64.
//!
//! Sealed with AES-256-GCM, which browsers have without a library, over the rows as JSON, packed with gzip or not; the
//! first line is authenticated with it. Nothing is parsed of what did not prove to come from the device.

use std::io::Read;

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use async_graphql::Value as GraphqlValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD, prelude::BASE64_STANDARD};
use bytes::Bytes;
use entity::id::{AccountId, DeviceId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    error::{Code, Error, Result},
    keys::{Keys, Purpose},
    repeated::names_twice,
    sync::row::PushRow,
};

/// First word of a bundle.
const FORMAT: &str = "cutri-bundle/1";
/// The longest first line.
const LONGEST_HEADER: usize = 512;
/// Bytes of rows in a bundle, unpacked: as much as in a push.
pub const MOST_PLAIN: usize = 4 * 1024 * 1024;
/// Bytes of a whole file: as many in base64, and some lines.
pub const MOST_BYTES: usize = 6 * 1024 * 1024;
const NONCE: usize = 12;

/// Whose bundle it is. Nothing here is secret, and nothing counts before the seal was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// `cutri-bundle/1`.
    pub format: String,
    pub account: Uuid,
    pub device: Uuid,
    /// Names this file, for people.
    pub id: Uuid,
    /// When it was made, by the phone's clock; for people.
    pub created_at: String,
}

impl Header {
    /// The first line of a new bundle.
    pub fn new(account: Uuid, device: Uuid, id: Uuid, created_at: String) -> Self {
        Self {
            format: FORMAT.to_owned(),
            account,
            device,
            id,
            created_at,
        }
    }
}

/// The key of a device: nothing is kept of it, it is derived whenever it is needed.
pub fn key(keys: &Keys, account: AccountId, device: DeviceId) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(keys.mac(Purpose::Bundle, &[account.0.as_bytes(), device.0.as_bytes()]))
}

/// The key as a device is given it.
pub fn key_text(keys: &Keys, account: AccountId, device: DeviceId) -> String {
    URL_SAFE_NO_PAD.encode(*key(keys, account, device))
}

/// Makes a bundle of `{"rows":[…]}`, packed or not.
pub fn seal(key: &[u8; 32], header: &Header, plain: &[u8], nonce: [u8; NONCE]) -> Result<Vec<u8>> {
    let line = serde_json::to_string(header).map_err(|_| Error::internal("a header that is no JSON"))?;
    let payload = Payload {
        msg: plain,
        aad: line.as_bytes(),
    };
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(Nonce::from_slice(&nonce), payload)
        .map_err(|_| Error::internal("a bundle that cannot be sealed"))?;
    let mut bytes = nonce.to_vec();
    bytes.extend_from_slice(&sealed);
    Ok(format!("{line}\n{}\n", BASE64_STANDARD.encode(bytes)).into_bytes())
}

/// The first line as it is, and what follows it.
fn parts(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = file
        .iter()
        .take(LONGEST_HEADER + 2)
        .position(|byte| *byte == b'\n')?;
    let line = &file[..end];
    // On its way a file may have been taken for a text of another system.
    Some((line.strip_suffix(b"\r").unwrap_or(line), &file[end + 1..]))
}

/// Reads the first line, unproven.
pub fn header(file: &[u8]) -> Result<Header> {
    let invalid = Error::from(Code::InvalidBundle);
    let (line, _) = parts(file).ok_or_else(|| invalid.clone())?;
    serde_json::from_slice::<Header>(line)
        .ok()
        .filter(|header| header.format == FORMAT)
        .ok_or(invalid)
}

/// Opens a bundle. One that is broken, changed, of another server or of no device at all is `INVALID_BUNDLE`, whatever
/// it is.
pub fn open(keys: &Keys, file: &[u8]) -> Result<(Header, Vec<PushRow>)> {
    if file.len() > MOST_BYTES {
        return Err(Error::limit(Code::BodyTooLarge, MOST_BYTES as u64));
    }
    let invalid = || Error::from(Code::InvalidBundle);
    let header = header(file)?;
    let (line, rest) = parts(file).ok_or_else(invalid)?;
    let text: Vec<u8> = rest
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let sealed = BASE64_STANDARD.decode(text).map_err(|_| invalid())?;
    let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or_else(invalid)?;
    let key = key(keys, AccountId(header.account), DeviceId(header.device));
    let payload = Payload {
        msg: sealed,
        aad: line,
    };
    let plain = Aes256Gcm::new((&*key).into())
        .decrypt(Nonce::from_slice(nonce), payload)
        .map_err(|_| invalid())?;
    let plain = unpack(Zeroizing::new(plain))?;
    Ok((header, rows(&plain).ok_or_else(invalid)?))
}

fn unpack(plain: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>> {
    let too_large = || Error::limit(Code::BodyTooLarge, MOST_PLAIN as u64);
    let plain = if plain.starts_with(&[0x1f, 0x8b]) {
        let mut all = Zeroizing::new(Vec::new());
        flate2::read::MultiGzDecoder::new(plain.as_slice())
            .take(MOST_PLAIN as u64 + 1)
            .read_to_end(&mut all)
            .map_err(|_| Error::from(Code::InvalidBundle))?;
        all
    } else {
        plain
    };
    if plain.len() > MOST_PLAIN {
        return Err(too_large());
    }
    Ok(plain)
}

/// The rows, decoded one by one as those of a push: one that cannot be read harms itself only, and one that the phone
/// also sent by itself is the same to the byte.
fn rows(plain: &[u8]) -> Option<Vec<PushRow>> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        rows: Vec<&'a RawValue>,
    }
    let body: Body<'_> = serde_json::from_slice(plain).ok()?;
    let bytes = |raw: &RawValue| GraphqlValue::Binary(Bytes::copy_from_slice(raw.get().as_bytes()));
    let read = |raw: &RawValue| match serde_json::from_str(raw.get()) {
        Ok(GraphqlValue::Null) | Err(_) => bytes(raw),
        Ok(_) if names_twice(raw.get().as_bytes()) => bytes(raw),
        Ok(value) => value,
    };
    Some(
        body.rows
            .into_iter()
            .map(|raw| PushRow::read(read(raw)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(keys: &Keys, plain: &[u8]) -> Vec<u8> {
        let (account, device) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let header = Header::new(
            account,
            device,
            Uuid::from_u128(3),
            "2026-03-01T08:00:00Z".to_owned(),
        );
        seal(
            &key(keys, AccountId(account), DeviceId(device)),
            &header,
            plain,
            [7; NONCE],
        )
        .unwrap()
    }

    #[test]
    fn every_changed_byte_is_found() {
        let (_folder, keys) = Keys::of_a_test();
        let whole = bundle(&keys, br#"{"rows":[{"mutationId":"m"},null,{"a":"\ud800"}]}"#);
        let (_, rows) = open(&keys, &whole).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(
            (rows[0].mutation_id.as_str(), rows[1].raw.as_slice()),
            ("m", b"null".as_slice())
        );
        let last = whole.len() - 1;
        for at in 0..last {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            let code = open(&keys, &changed).unwrap_err().code();
            assert_eq!(code, Code::InvalidBundle, "byte {at}");
            assert_eq!(
                open(&keys, &whole[..at]).unwrap_err().code(),
                Code::InvalidBundle,
                "cut at {at}"
            );
        }
        let (_other_folder, other) = Keys::of_a_test();
        assert_eq!(open(&other, &whole).unwrap_err().code(), Code::InvalidBundle);
    }

    #[test]
    fn a_file_that_was_taken_for_text_still_opens() {
        let (_folder, keys) = Keys::of_a_test();
        let whole = String::from_utf8(bundle(&keys, br#"{"rows":[]}"#)).unwrap();
        assert!(open(&keys, whole.replace('\n', "\r\n").as_bytes()).is_ok());
        let (line, rest) = whole.split_once('\n').unwrap();
        let (one, two) = rest.split_at(20);
        assert!(open(&keys, format!("{line}\n{one}\n{two}").as_bytes()).is_ok());
    }

    #[test]
    fn what_unpacks_to_more_than_a_push_is_refused() {
        use std::io::Write;
        let (_folder, keys) = Keys::of_a_test();
        let pack = |plain: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        };
        let bomb = bundle(&keys, &pack(&vec![b' '; 64 * 1024 * 1024]));
        assert_eq!(open(&keys, &bomb).unwrap_err().code(), Code::BodyTooLarge);
        let mut at_limit = br#"{"rows":[]}"#.to_vec();
        at_limit.resize(MOST_PLAIN, b' ');
        assert!(open(&keys, &bundle(&keys, &pack(&at_limit))).is_ok());
        assert!(open(&keys, &bundle(&keys, &at_limit)).is_ok());
        at_limit.push(b' ');
        assert_eq!(
            open(&keys, &bundle(&keys, &at_limit)).unwrap_err().code(),
            Code::BodyTooLarge
        );
        for no_rows in ["", "x", "[]", "{}", "{\"rows\":1}"] {
            let code = open(&keys, &bundle(&keys, no_rows.as_bytes()))
                .unwrap_err()
                .code();
            assert_eq!(code, Code::InvalidBundle, "{no_rows}");
        }
    }
}
