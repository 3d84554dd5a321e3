//! Forged tokens and bogus checkpoints.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use cutri::{accounts::token::Kind as TokenKind, keys::Keys};
use cutri_tests::{
    TestDatabase,
    database::{self, Kind},
    phone::Phone,
    world::{Login, Put, another_device},
};
use entity::id::DeviceId;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Case, Sender};

const VIEWER: &str = "{ viewer { roles } }";

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// HMAC-SHA-256, for whoever takes a public key for a shared one.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

#[test]
fn forged_tokens() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let sender = Sender::on(&db).await;
        let delegate = &sender.world.here.delegates[0];
        let good = sender.delegate();
        let told = sender.ask("a good token", Some(&good), VIEWER, json!({})).await;
        assert_eq!(
            told.body["data"]["viewer"]["roles"],
            json!(["delegate"]),
            "{:#}",
            told.body
        );

        let parts: Vec<&str> = good.split('.').collect();
        let [head, claims, signature] = parts[..] else {
            panic!("three parts")
        };
        let read =
            |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        let with = |part: &str, name: &str, value: Value| {
            let mut part = read(part);
            part[name] = value;
            encode(&part)
        };
        let folder = tempfile::tempdir().unwrap();
        let state = sender.state();
        let others = Keys::open_or_create(
            &folder.path().join("keys"),
            state.clock.now(),
            state.entropy.as_ref(),
        )
        .unwrap();
        let holder = cutri::accounts::token::Holder {
            account: delegate.account.0,
            device: delegate.device.0,
            kind: TokenKind::Access,
        };
        let other_key = cutri::accounts::token::mint(
            &others,
            &state.issuer,
            holder,
            state.clock.now(),
            state.entropy.as_ref(),
        )
        .unwrap()
        .text;
        let other_issuer = cutri::accounts::token::mint(
            &state.keys,
            "khác",
            holder,
            state.clock.now(),
            state.entropy.as_ref(),
        )
        .unwrap()
        .text;
        let public = state.keys.jwks(state.clock.now());
        let public = URL_SAFE_NO_PAD
            .decode(public["keys"][0]["x"].as_str().unwrap())
            .unwrap();
        let confused = format!("{}.{claims}", with(head, "alg", json!("HS256")));
        let confused = format!(
            "{confused}.{}",
            URL_SAFE_NO_PAD.encode(hmac(&public, confused.as_bytes()))
        );
        let someone = json!(sender.world.administrator.account.to_string());
        let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
        flipped[10] ^= 1;

        let forged = [
            (
                "alg none",
                format!("{}.{claims}.", with(head, "alg", json!("none"))),
            ),
            (
                "alg none with a signature",
                format!("{}.{claims}.{signature}", with(head, "alg", json!("none"))),
            ),
            ("HS256 with the public key", confused),
            ("another key", other_key),
            ("another issuer", other_issuer),
            (
                "another account",
                format!("{head}.{}.{signature}", with(claims, "sub", someone)),
            ),
            (
                "a longer life",
                format!(
                    "{head}.{}.{signature}",
                    with(claims, "exp", json!(4_000_000_000_u64))
                ),
            ),
            (
                "a flipped bit",
                format!("{head}.{claims}.{}", URL_SAFE_NO_PAD.encode(flipped)),
            ),
            (
                "a foreign key in its head",
                format!(
                    "{}.{claims}.{signature}",
                    with(head, "jwk", public_of(&others, state))
                ),
            ),
            ("no signature", format!("{head}.{claims}")),
            ("two signatures", format!("{good}.{signature}")),
            ("dots", "...".to_owned()),
            ("words", "mật-khẩu".chars().filter(char::is_ascii).collect()),
            ("9 kB", "A".repeat(9_000)),
            (
                "a read token that is none",
                format!("cutri_read_{}", "A".repeat(47)),
            ),
        ];
        for (name, token) in &forged {
            let told = sender.ask(name, Some(token), VIEWER, json!({})).await;
            assert_eq!(told.status, 401, "{name}: {:#}", told.body);
            told.is("UNAUTHENTICATED", name);
        }
        let expired = sender.token_of(delegate, Duration::minutes(11), TokenKind::Access);
        let told = sender.ask("expired", Some(&expired), VIEWER, json!({})).await;
        assert_eq!(told.status, 401);
        told.is("TOKEN_EXPIRED", "expired");
        let wipe = sender.token_of(delegate, Duration::zero(), TokenKind::Wipe);
        sender
            .ask("wipe", Some(&wipe), VIEWER, json!({}))
            .await
            .is("DEVICE_REVOKED", "wipe");
        sender.still_answers("tokens").await;
    });
}

fn public_of(keys: &Keys, state: &cutri::state::State) -> Value {
    keys.jwks(state.clock.now())["keys"][0].clone()
}

#[test]
fn bogus_checkpoints() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let sender = Sender::on(&db).await;
        let here = &sender.world.here;
        let cursor_of = async |login| {
            let mut phone = Phone::without_units(sender.app.person(login));
            phone.pull().await;
            phone.cursor.unwrap()
        };
        let own = cursor_of(&here.delegates[0]).await;
        let another = cursor_of(&here.delegates[1]).await;
        let bytes = URL_SAFE_NO_PAD.decode(&own).unwrap();
        let flipped = |at: usize| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            URL_SAFE_NO_PAD.encode(bytes)
        };
        // A checkpoint is bound to the device that read so far.
        let owner = &here.delegates[0];
        let device = another_device(sender.state(), owner, DeviceId(uuid::Uuid::now_v7()));
        let other = Login {
            device: device.id,
            ..owner.clone()
        };
        Put::new().row(device).now(sender.state()).await;
        let of_other_device = cursor_of(&other).await;
        let mut cases = vec![
            ("another account's".to_owned(), another),
            ("the other device's".to_owned(), of_other_device),
            ("empty".to_owned(), String::new()),
            ("random".to_owned(), URL_SAFE_NO_PAD.encode([7; 200])),
            ("no base64".to_owned(), "%%%\u{0}😀".to_owned()),
            ("with a tail".to_owned(), format!("{own}AAAA")),
            ("50 kB".to_owned(), "A".repeat(50_000)),
            ("padded".to_owned(), format!("{own}==")),
        ];
        for at in [0, 1, 17, 33, 49, 60, bytes.len() - 17, bytes.len() - 1] {
            cases.push((format!("flipped at {at}"), flipped(at)));
        }
        for length in [1, 16, 17, bytes.len() - 1] {
            cases.push((
                format!("{length} bytes of it"),
                URL_SAFE_NO_PAD.encode(&bytes[..length]),
            ));
        }
        let token = sender.delegate();
        let pull = "query($cursor: String) { syncPull(cursor: $cursor) { cursor } }";
        let push = "mutation($cursor: String) { syncPush(rows: [], cursor: $cursor) { results { status } pull { cursor } } }";
        let head = "query($cursor: String) { syncHead(cursor: $cursor) { more } }";
        for (name, cursor) in &cases {
            for query in [pull, push, head] {
                sender
                    .ask(name, Some(&token), query, json!({ "cursor": cursor }))
                    .await
                    .is("INVALID_CURSOR", name);
            }
        }
        for wrong in [json!(3), json!({}), json!(["x"])] {
            let told = sender
                .ask("a wrong type", Some(&token), pull, json!({ "cursor": wrong }))
                .await;
            assert!(!told.codes().is_empty());
        }
        for (bytes, code) in [
            (1_023, "OUT_OF_RANGE"),
            (0, "OUT_OF_RANGE"),
            (-1, "OUT_OF_RANGE"),
            (4_194_305, "LIMIT_TOO_LARGE"),
        ] {
            let query = "query($bytes: Int) { syncPull(maxBytes: $bytes) { cursor } }";
            sender
                .ask("maxBytes", Some(&token), query, json!({ "bytes": bytes }))
                .await
                .is(code, "maxBytes");
        }
        let unknown = json!({"collections": ["feedback", "khong_co\u{0}"]});
        let query = "query($collections: [String!]) { syncPull(collections: $collections) { cursor } }";
        sender
            .ask("collections", Some(&token), query, unknown)
            .await
            .is("UNKNOWN_CODE", "collections");

        let broken = br#"{"query":"query($cursor: String) { syncPull(cursor: $cursor) { cursor } }","variables":{"cursor":"\ud800"}}"#;
        let told = sender
            .send(&Case {
                name: "a lone surrogate",
                token: Some(&token),
                body: broken.to_vec(),
            })
            .await;
        told.is("MALFORMED_JSON", "a lone surrogate");
        sender.still_answers("checkpoints").await;
    });
}
