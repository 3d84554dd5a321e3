//! Tokens that were forged, bent, cut or left lying for too long.

use jsonwebtoken::EncodingKey;
use serde_json::{Map, Value, json};

use super::*;
use crate::entropy::{SeededEntropy, SystemEntropy};

const ISSUER: &str = "https://hdnd.example.vn";

struct Place {
    dir: tempfile::TempDir,
    keys: Keys,
    now: DateTime<Utc>,
    holder: Holder,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let now = "2026-03-01T08:00:00.5Z".parse().unwrap();
    let entropy = SeededEntropy::new(3);
    let holder = Holder {
        account: entropy.id(now),
        device: entropy.id(now),
        kind: Kind::Access,
    };
    let keys = Keys::open_or_create(&dir.path().join("keys"), now, &SystemEntropy).unwrap();
    Place {
        dir,
        keys,
        now,
        holder,
    }
}

impl Place {
    fn mint(&self) -> String {
        mint(&self.keys, ISSUER, self.holder, self.now, &SystemEntropy)
            .unwrap()
            .text
    }

    fn verify(&self, text: &str) -> Result<Verified, Code> {
        verify(&self.keys, ISSUER, text, self.now)
    }

    fn refused(&self, text: &str, why: &str) {
        assert_eq!(self.verify(text), Err(Code::Unauthenticated), "{why}");
    }

    fn head(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.keys.signer(self.now).unwrap().kid})
    }

    fn claims(&self) -> Value {
        let iat = self.now.timestamp();
        json!({
            "iss": ISSUER, "aud": "cutri", "sub": self.holder.account, "sid": self.holder.device,
            "jti": self.holder.device, "iat": iat, "exp": iat + 600,
        })
    }

    /// Signed with the true key, whatever the parts say.
    fn sign(&self, head: &Value, claims: &Value) -> String {
        self.sign_raw(&head.to_string(), &claims.to_string())
    }

    fn sign_raw(&self, head: &str, claims: &str) -> String {
        let message = format!("{}.{}", encode(head), encode(claims));
        let key = &self.keys.signer(self.now).unwrap().encoding;
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }
}

fn encode(part: &str) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

fn with(value: &Value, name: &str, new: Value) -> Value {
    let mut value = value.clone();
    value[name] = new;
    value
}

fn without(value: &Value, name: &str) -> Value {
    let mut map: Map<_, _> = value.as_object().unwrap().clone();
    map.remove(name).unwrap();
    Value::Object(map)
}

#[test]
fn what_was_minted_is_verified() {
    let place = place();
    for kind in [Kind::Access, Kind::Wipe] {
        let holder = Holder { kind, ..place.holder };
        let minted = mint(&place.keys, ISSUER, holder, place.now, &SystemEntropy).unwrap();
        let verified = place.verify(&minted.text).unwrap();
        assert_eq!(verified.holder, holder);
        assert_eq!(verified.expires_at, minted.expires_at);
        assert_eq!(minted.expires_at - verified.issued_at, LIFETIME);
        assert!(minted.expires_at <= place.now + LIFETIME);
        assert!(minted.text.len() < 600);
    }
    // The forge of these tests makes good tokens too; otherwise its refusals would prove nothing.
    assert_eq!(
        place
            .verify(&place.sign(&place.head(), &place.claims()))
            .unwrap()
            .holder,
        place.holder
    );
}

#[test]
fn two_tokens_of_one_moment_differ() {
    let place = place();
    assert_ne!(place.mint(), place.mint());
}

#[test]
fn an_end_is_an_end() {
    let place = place();
    let token = place.mint();
    let at = |seconds: i64| {
        let now = place.now.trunc_subsecs(0) + Duration::seconds(seconds);
        verify(&place.keys, ISSUER, &token, now).map(|_| ())
    };
    assert_eq!(at(599), Ok(()));
    assert_eq!(at(600), Err(Code::TokenExpired), "no leeway at the end");
    assert_eq!(at(86_400), Err(Code::TokenExpired));
    assert_eq!(at(-60), Ok(()), "a process whose clock is behind");
    assert_eq!(at(-61), Err(Code::Unauthenticated));
}

#[test]
fn only_a_token_that_was_good_is_called_expired() {
    let place = place();
    let old = with(
        &with(&place.claims(), "iat", json!(1_000_000)),
        "exp",
        json!(1_000_600),
    );
    assert_eq!(
        place.verify(&place.sign(&place.head(), &old)),
        Err(Code::TokenExpired)
    );
    place.refused(
        &place.sign(&place.head(), &with(&old, "iss", json!("else"))),
        "foreign and old",
    );
    let mut forged = place.sign(&place.head(), &old);
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    place.refused(&forged, "forged and old");
}

#[test]
fn another_algorithm_is_refused() {
    let place = place();
    let claims = place.claims();
    for alg in [
        "none", "None", "NONE", "", "HS256", "RS256", "ES256", "eddsa", "Ed25519",
    ] {
        let head = with(&place.head(), "alg", json!(alg));
        place.refused(&place.sign(&head, &claims), alg);
        place.refused(
            &format!("{}.{}.", encode(&head.to_string()), encode(&claims.to_string())),
            alg,
        );
    }
}

#[test]
fn the_public_key_is_no_shared_secret() {
    let place = place();
    let jwks = place.keys.jwks(place.now);
    let x = jwks["keys"][0]["x"].as_str().unwrap();
    let raw = URL_SAFE_NO_PAD.decode(x).unwrap();
    for secret in [
        raw.as_slice(),
        x.as_bytes(),
        jwks["keys"][0].to_string().as_bytes(),
    ] {
        for alg in ["HS256", "EdDSA"] {
            let head = with(&place.head(), "alg", json!(alg));
            let message = format!(
                "{}.{}",
                encode(&head.to_string()),
                encode(&place.claims().to_string())
            );
            let key = EncodingKey::from_secret(secret);
            let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
            place.refused(&format!("{message}.{signature}"), alg);
        }
    }
}

#[test]
fn a_header_of_another_hand_is_refused() {
    let place = place();
    let jwk = place.keys.jwks(place.now)["keys"][0].clone();
    for (name, value) in [
        ("jku", json!("https://evil.example/jwks.json")),
        ("jwk", jwk),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
        ("b64", json!(false)),
        ("typ", json!("JWT")),
        ("typ", json!("AT+JWT")),
        ("typ", json!("application/at+jwt")),
        ("typ", json!(["at+jwt"])),
        ("kid", json!("0123456789abcdef")),
        ("kid", json!("")),
        ("kid", json!("../signing-000001.pem")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!(1)),
        ("kid", Value::Null),
    ] {
        let why = format!("{name}: {value}");
        place.refused(
            &place.sign(&with(&place.head(), name, value), &place.claims()),
            &why,
        );
    }
    for name in ["alg", "typ", "kid"] {
        place.refused(&place.sign(&without(&place.head(), name), &place.claims()), name);
    }
    let twice = place.head().to_string().replacen('{', "{\"alg\":\"none\",", 1);
    place.refused(&place.sign_raw(&twice, &place.claims().to_string()), "alg twice");
}

#[test]
fn every_claim_is_required_with_its_own_type() {
    let place = place();
    let (head, claims) = (place.head(), place.claims());
    for name in ["iss", "aud", "sub", "sid", "jti", "iat", "exp"] {
        place.refused(
            &place.sign(&head, &without(&claims, name)),
            &format!("without {name}"),
        );
        for wrong in [
            Value::Null,
            json!(true),
            json!([]),
            json!({}),
            json!(""),
            json!(1.5),
            json!("x"),
        ] {
            let why = format!("{name}: {wrong}");
            place.refused(&place.sign(&head, &with(&claims, name, wrong)), &why);
        }
        let twice = claims
            .to_string()
            .replacen('{', &format!("{{\"{name}\":{},", claims[name]), 1);
        place.refused(
            &place.sign_raw(&head.to_string(), &twice),
            &format!("{name} twice"),
        );
    }
    let exp = place.now.timestamp() + 600;
    for (name, wrong) in [
        ("exp", json!(exp.to_string())),
        ("exp", json!(exp as f64)),
        ("exp", json!([exp])),
        ("exp", json!(-1)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("iat", json!(place.now.timestamp().to_string())),
        ("iat", json!(i64::MIN)),
        ("nbf", json!("0")),
        ("nbf", Value::Null),
        ("nbf", json!(i64::MAX)),
        ("nbf", json!(place.now.timestamp() + 61)),
        ("iss", json!("cutri")),
        ("iss", json!(format!("{ISSUER}/"))),
        ("iss", json!([ISSUER])),
        ("aud", json!("other")),
        ("aud", json!(["cutri"])),
        ("aud", json!(["cutri", "other"])),
        ("sub", json!("1")),
        ("sid", json!(1)),
    ] {
        let why = format!("{name}: {wrong}");
        place.refused(&place.sign(&head, &with(&claims, name, wrong)), &why);
    }
    for good in [0, place.now.timestamp() + 60] {
        assert!(
            place
                .verify(&place.sign(&head, &with(&claims, "nbf", json!(good))))
                .is_ok()
        );
    }
}

#[test]
fn times_must_fit_each_other_and_now() {
    let place = place();
    let now = place.now.timestamp();
    let signed = |iat: i64, exp: i64| {
        place.sign(
            &place.head(),
            &with(&with(&place.claims(), "iat", json!(iat)), "exp", json!(exp)),
        )
    };
    assert!(place.verify(&signed(now + 60, now + 660)).is_ok());
    place.refused(&signed(now + 61, now + 600), "issued in the future");
    place.refused(&signed(now, now + 601), "lives too long");
    place.refused(&signed(now, now), "lives not at all");
    place.refused(&signed(now, now - 1), "ends before it begins");
    place.refused(&signed(-now, now + 600), "lives for a century");
}

#[test]
fn a_wipe_token_and_an_access_token_are_not_each_other() {
    let place = place();
    let wipe = place.sign(&with(&place.head(), "typ", json!("wipe+jwt")), &place.claims());
    assert_eq!(place.verify(&wipe).unwrap().holder.kind, Kind::Wipe);
    let token = place.mint();
    let (_, rest) = token.split_once('.').unwrap();
    let (head, _) = wipe.split_once('.').unwrap();
    place.refused(&format!("{head}.{rest}"), "the kind is signed");
}

#[test]
fn nothing_of_it_can_be_changed_or_cut() {
    let place = place();
    let token = place.mint();
    for end in 0..token.len() {
        place.refused(&token[..end], "cut");
    }
    for at in 0..token.len() {
        for other in [b'A', b'.', b'='] {
            let mut bytes = token.clone().into_bytes();
            if bytes[at] != other {
                bytes[at] = other;
                place.refused(std::str::from_utf8(&bytes).unwrap(), "changed");
            }
        }
    }
    let other = place.mint();
    let parts: Vec<&str> = token.split('.').collect();
    let others: Vec<&str> = other.split('.').collect();
    place.refused(&[parts[0], others[1], parts[2]].join("."), "swapped payload");
    place.refused(&[parts[0], parts[1], others[2]].join("."), "swapped signature");
    place.refused(&format!("{token}.{}", parts[2]), "four parts");
    place.refused(&format!("{token}="), "padding");
    place.refused(&format!(" {token}"), "space");
    place.refused(&format!("{token}\n"), "line");
    for odd in [
        "", ".", "..", "...", "e30.e30.", "null", "Bearer", "\u{0}", "é.é.é", "{}.{}.{}",
    ] {
        place.refused(odd, odd);
    }
}

#[test]
fn foreign_keys_are_refused() {
    let (place, elsewhere) = (place(), place());
    place.refused(&elsewhere.mint(), "another installation");
    let parts = elsewhere.sign(&place.head(), &place.claims());
    place.refused(&parts, "our kid, their signature");
}

#[test]
fn more_than_eight_kibibytes_are_not_even_parsed() {
    let place = place();
    let padded = |length: usize| {
        place.sign(
            &place.head(),
            &with(&place.claims(), "pad", json!("x".repeat(length))),
        )
    };
    let at = (0..8_000)
        .rev()
        .find(|length| padded(*length).len() <= MAX_BYTES)
        .unwrap();
    assert!(
        place.verify(&padded(at)).is_ok(),
        "an unknown claim of a newer release is no fault"
    );
    place.refused(&padded(at + 3), "over the limit");
    place.refused(&"a".repeat(10_000_000), "ten megabytes");
}

#[test]
fn a_token_outlives_the_turn_of_keys() {
    let place = place();
    let turn = place.now + crate::keys::ROTATION;
    place.keys.rotate(turn, &SystemEntropy).unwrap();
    let signs = turn + crate::keys::LEAD;
    let before = mint(
        &place.keys,
        ISSUER,
        place.holder,
        signs - Duration::seconds(1),
        &SystemEntropy,
    )
    .unwrap();
    let after = mint(&place.keys, ISSUER, place.holder, signs, &SystemEntropy).unwrap();
    assert_ne!(before.text.split('.').next(), after.text.split('.').next());
    for token in [before, after] {
        assert!(verify(&place.keys, ISSUER, &token.text, signs + Duration::minutes(5)).is_ok());
    }
}

#[test]
fn the_key_file_is_one_that_other_tools_read() {
    let place = place();
    let pem = std::fs::read(place.dir.path().join("keys/signing-000001.pem")).unwrap();
    let key = EncodingKey::from_ed_pem(&pem).unwrap();
    let head = Header {
        typ: Some("at+jwt".into()),
        kid: Some(place.keys.signer(place.now).unwrap().kid.clone()),
        ..Header::new(Algorithm::EdDSA)
    };
    let token = jsonwebtoken::encode(&head, &place.claims(), &key).unwrap();
    assert_eq!(place.verify(&token).unwrap().holder, place.holder);
}
