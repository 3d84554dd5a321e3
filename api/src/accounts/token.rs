//! Access tokens: short-lived JSON Web Tokens signed with Ed25519 (RFC 9068, RFC 8725).
//!
//! A token says who asks and from which device, never what he may do. It is read strictly: one algorithm, keys
//! of our own only, no header but the three that we write. Whether the device has been revoked since is not
//! known here.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, SubsecRound, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::{
    entropy::Entropy,
    error::{Code, Error, Result},
    keys::Keys,
};

/// How long a token lives.
pub const LIFETIME: Duration = Duration::minutes(10);
/// How far the clocks of our own processes may differ; never applied to the end of a token.
pub const LEEWAY: Duration = Duration::seconds(60);
/// Longest text that is looked at, in bytes.
pub const MAX_BYTES: usize = 8 * 1024;
/// Issuer where no public address is set.
pub const DEFAULT_ISSUER: &str = "cutri";

const AUDIENCE: &str = "cutri";

/// What a token is good for. The kinds differ in the header's `typ`, so that one can never pass for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything that the account may do.
    Access,
    /// A revoked device: hand in what it still holds, and be told what to erase.
    Wipe,
}

impl Kind {
    fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Wipe => "wipe+jwt",
        }
    }

    fn from_typ(typ: &str) -> Option<Self> {
        [Self::Access, Self::Wipe]
            .into_iter()
            .find(|kind| kind.typ() == typ)
    }
}

/// Who holds a token, as far as the token itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The account (`sub`).
    pub account: Uuid,
    /// The device on which it signed in (`sid`).
    pub device: Uuid,
    /// What the token is good for.
    pub kind: Kind,
}

/// A verified token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who asks.
    pub holder: Holder,
    /// The token's own id (`jti`).
    pub id: Uuid,
    /// When it was issued; a device revoked later than this is revoked for this token.
    pub issued_at: DateTime<Utc>,
    /// From this moment on it is worth nothing.
    pub expires_at: DateTime<Utc>,
}

/// A token as it is handed out. Not printable: whoever reads it can act as its holder.
pub struct Minted {
    /// The text for `Authorization: Bearer`.
    pub text: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    exp: i64,
    /// Never written by us. But present with a wrong type it must not be taken for absent.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    nbf: Option<i64>,
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<i64>, D::Error> {
    i64::deserialize(value).map(Some)
}

/// Everything that a header of ours holds; `jku`, `jwk`, `x5u`, `crit` and the rest do not belong to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    typ: String,
    kid: String,
}

/// Signs a token for this holder. `issuer` is the installation's public address, or [`DEFAULT_ISSUER`].
pub fn mint(
    keys: &Keys,
    issuer: &str,
    holder: Holder,
    now: DateTime<Utc>,
    entropy: &dyn Entropy,
) -> Result<Minted> {
    let key = keys
        .signer(now)
        .ok_or_else(|| Error::internal("no signing key"))?;
    let issued_at = now.trunc_subsecs(0);
    let expires_at = issued_at + LIFETIME;
    let header = Header {
        typ: Some(holder.kind.typ().to_owned()),
        kid: Some(key.kid.clone()),
        ..Header::new(Algorithm::EdDSA)
    };
    let claims = Claims {
        iss: issuer.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: holder.account,
        sid: holder.device,
        jti: entropy.id(now),
        iat: issued_at.timestamp(),
        exp: expires_at.timestamp(),
        nbf: None,
    };
    let text = jsonwebtoken::encode(&header, &claims, &key.encoding)
        .map_err(|cause| Error::internal(format!("token not signed: {cause}")))?;
    Ok(Minted { text, expires_at })
}

/// Reads a token. A token that is ours in every respect but too old is [`Code::TokenExpired`]; anything else
/// that is wrong is [`Code::Unauthenticated`], without saying what.
pub fn verify(keys: &Keys, issuer: &str, text: &str, now: DateTime<Utc>) -> Result<Verified, Code> {
    let verified = read(keys, issuer, text, now).ok_or(Code::Unauthenticated)?;
    if verified.expires_at <= now {
        Err(Code::TokenExpired)
    } else {
        Ok(verified)
    }
}

fn read(keys: &Keys, issuer: &str, text: &str, now: DateTime<Utc>) -> Option<Verified> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let (head, _) = text.split_once('.')?;
    let head: Head = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    let kind = Kind::from_typ(&head.typ).filter(|_| head.alg == "EdDSA")?;
    let key = keys.verifier(&head.kid, now)?;

    // The library asks the machine's own clock; times and names are compared below instead.
    let mut signature_only = Validation::new(Algorithm::EdDSA);
    signature_only.validate_exp = false;
    signature_only.validate_aud = false;
    signature_only.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(text, &key.decoding, &signature_only)
        .ok()?
        .claims;

    let issued_at = DateTime::from_timestamp(claims.iat, 0)?;
    let expires_at = DateTime::from_timestamp(claims.exp, 0)?;
    let lifetime = expires_at - issued_at;
    let ours = claims.iss == issuer && claims.aud == AUDIENCE;
    let begun = issued_at <= now + LEEWAY && claims.nbf.is_none_or(|nbf| nbf <= (now + LEEWAY).timestamp());
    let short = Duration::zero() < lifetime && lifetime <= LIFETIME;
    (ours && begun && short).then_some(Verified {
        holder: Holder {
            account: claims.sub,
            device: claims.sid,
            kind,
        },
        id: claims.jti,
        issued_at,
        expires_at,
    })
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
