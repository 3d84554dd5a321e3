//! How a push service knows that a signal is ours (VAPID, RFC 8292): a token signed with a key that the app gave to the
//! push service when it subscribed.
//!
//! The key is derived from the master key, so that it is kept, backed up, compared and shared by all processes like
//! every other, and an installation of before has one as well.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::json;

use crate::keys::{Keys, Purpose};

/// For how long a token is good; push services take no more than a day.
const LIFETIME: Duration = Duration::hours(12);

/// The key. Hardly any 32 bytes are none on this curve, and then the next ones are.
pub(super) fn key(keys: &Keys) -> SigningKey {
    let mut version = 0_u16;
    loop {
        if let Ok(key) = SigningKey::from_slice(&*keys.secret(Purpose::Vapid(version))) {
            return key;
        }
        version = version.wrapping_add(1);
    }
}

/// The public half as push services want it: the uncompressed point, base64url.
pub(super) fn public(keys: &Keys) -> String {
    let point = key(keys).verifying_key().to_encoded_point(false);
    URL_SAFE_NO_PAD.encode(point.as_bytes())
}

/// The header `Authorization` of a signal to this origin.
pub(super) fn authorization(
    key: &SigningKey,
    origin: &str,
    contact: Option<&str>,
    now: DateTime<Utc>,
) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut claims = json!({"aud": origin, "exp": (now + LIFETIME).timestamp()});
    if let Some(contact) = contact {
        claims["sub"] = json!(contact);
    }
    let said = format!("{}.{}", part(json!({"typ": "JWT", "alg": "ES256"})), part(claims));
    let signature: Signature = key.sign(said.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
    let point = URL_SAFE_NO_PAD.encode(key.verifying_key().to_encoded_point(false).as_bytes());
    format!("vapid t={said}.{signature}, k={point}")
}
