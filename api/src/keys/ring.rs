//! The signing keys (Ed25519), numbered in the order in which they were made: which one signs, which ones
//! still verify, which ones are dead.
//!
//! A number is taken by linking its file name, so that two processes never make the same turn twice.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{KeyError, KeyFault, folder::Folder, hex};
use crate::entropy::{Entropy, bytes};

/// A signing key is followed by a new one after this long.
pub const ROTATION: Duration = Duration::days(90);
/// A new key verifies at once but signs only after this long: by then every process has read it.
pub const LEAD: Duration = Duration::minutes(10);
/// A key still verifies this long after it stopped signing.
pub const VERIFIES_AFTER: Duration = Duration::hours(24);

/// One signing key with both its halves.
pub(crate) struct SigningKey {
    number: u32,
    created_at: DateTime<Utc>,
    public: [u8; 32],
    /// First 16 hexadecimal digits of the SHA-256 of the public key.
    pub(crate) kid: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
}

/// All signing keys of the folder, oldest first.
pub(super) struct Ring(Vec<Arc<SigningKey>>);

impl Ring {
    pub(super) fn read(folder: &Folder) -> Result<Self, KeyError> {
        let mut numbers: Vec<u32> = folder.names()?.iter().filter_map(|name| number(name)).collect();
        numbers.sort_unstable();
        let mut keys = Vec::with_capacity(numbers.len());
        for number in numbers {
            let name = file_name(number);
            if let Some(text) = folder.read(&name)? {
                let key = parse(number, &text).ok_or_else(|| folder.fault(&name, KeyFault::Corrupt))?;
                keys.push(Arc::new(key));
            }
        }
        Ok(Self(keys))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The newest key that has been known to everybody for long enough; at first the only one there is.
    pub(super) fn signer(&self, now: DateTime<Utc>) -> Option<Arc<SigningKey>> {
        self.0
            .iter()
            .rfind(|key| key.created_at + LEAD <= now)
            .or(self.0.first())
            .cloned()
    }

    pub(super) fn verifier(&self, kid: &str, now: DateTime<Utc>) -> Option<Arc<SigningKey>> {
        self.verifying(now).find(|key| key.kid == kid).cloned()
    }

    fn verifying(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Arc<SigningKey>> {
        self.0
            .iter()
            .enumerate()
            .filter(move |(at, _)| self.retired(*at).is_none_or(|end| now < end))
            .map(|(_, k)| k)
    }

    /// When the key at this place stops verifying; never while no other key follows it.
    fn retired(&self, at: usize) -> Option<DateTime<Utc>> {
        self.0
            .get(at + 1)
            .map(|next| next.created_at + LEAD + VERIFIES_AFTER)
    }

    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.0
            .last()
            .is_none_or(|newest| newest.created_at + ROTATION <= now)
    }

    pub(super) fn next_number(&self) -> u32 {
        self.0.last().map_or(1, |newest| newest.number + 1)
    }

    /// Files of keys that have verified nothing for a day; the day forgives a clock that was set wrong.
    pub(super) fn dead(&self, now: DateTime<Utc>) -> Vec<String> {
        let long_ago = |at: usize| self.retired(at).is_some_and(|end| end + Duration::days(1) <= now);
        self.0
            .iter()
            .enumerate()
            .filter(|(at, _)| long_ago(*at))
            .map(|(_, k)| file_name(k.number))
            .collect()
    }

    pub(super) fn kids(&self) -> Vec<&str> {
        self.0.iter().map(|key| key.kid.as_str()).collect()
    }

    pub(super) fn fingerprints(&self) -> impl Iterator<Item = (String, String)> {
        self.0
            .iter()
            .map(|key| (file_name(key.number), hex(&Sha256::digest(key.public)[..16])))
    }

    pub(super) fn public(&self, now: DateTime<Utc>) -> Vec<Value> {
        let jwk = |key: &Arc<SigningKey>| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "kid": key.kid, "x": URL_SAFE_NO_PAD.encode(key.public),
            })
        };
        self.verifying(now).map(jwk).collect()
    }
}

pub(super) fn file_name(number: u32) -> String {
    format!("signing-{number:06}.pem")
}

fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("signing-")?.strip_suffix(".pem")?;
    digits.parse().ok().filter(|number| file_name(*number) == name)
}

/// Makes a key under this number; `false` when another process was first.
pub(super) fn publish(
    folder: &Folder,
    number: u32,
    now: DateTime<Utc>,
    entropy: &dyn Entropy,
) -> Result<bool, KeyError> {
    let name = file_name(number);
    let seed = Zeroizing::new(bytes::<32>(entropy));
    let key = ed25519_dalek::SigningKey::from_bytes(&seed);
    let pem = key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|_| folder.fault(&name, KeyFault::Corrupt))?;
    let created_at = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let check = check(&created_at, &key.verifying_key().to_bytes());
    let text = Zeroizing::new(format!("Created: {created_at}\nCheck: {check}\n{}", *pem));
    folder.publish(&name, text.as_bytes(), entropy)
}

fn kid(public: &[u8; 32]) -> String {
    hex(&Sha256::digest(public)[..8])
}

fn check(created_at: &str, public: &[u8; 32]) -> String {
    hex(&Sha256::new()
        .chain_update(created_at)
        .chain_update(public)
        .finalize()[..8])
}

/// Two lines before the PEM say when the key was made, and hold both together: the file's own date does not
/// survive a restored backup, and a changed byte must not become another key.
fn parse(number: u32, text: &[u8]) -> Option<SigningKey> {
    let text = std::str::from_utf8(text).ok()?;
    let (created_at, rest) = text.strip_prefix("Created: ")?.split_once('\n')?;
    let (stated, pem) = rest.strip_prefix("Check: ")?.split_once('\n')?;
    let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).ok()?;
    let public = key.verifying_key().to_bytes();
    if check(created_at, &public) != stated {
        return None;
    }
    Some(SigningKey {
        number,
        created_at: DateTime::parse_from_rfc3339(created_at).ok()?.to_utc(),
        encoding: EncodingKey::from_ed_der(key.to_pkcs8_der().ok()?.as_bytes()),
        decoding: DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(public)).ok()?,
        kid: kid(&public),
        public,
    })
}
