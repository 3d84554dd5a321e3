//! Whatever a phone sends as rows: it is answered row by row, and never with a failure of the server.

use cutri_tests::{TestDatabase, each_db, phone::new_id, seeds};
use proptest::{
    collection::{hash_map, vec},
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

use super::Sender;

const NAMES: &[&str] = &[
    "mutationId",
    "collection",
    "id",
    "baseRev",
    "patch",
    "delete",
    "recordedAt",
    "schema",
    "kind",
    "content",
    "unitId",
    "meetingId",
    "channel",
    "contactPhone",
    "consentText",
    "text",
    "petitionId",
    "targetId",
    "targetKind",
    "how",
    "at",
    "updatedAt",
    "startsAt",
    "unitIds",
    "_deleted",
    "rev",
    "authorId",
    "attended",
    "attendanceBands",
    "",
];

const WORDS: &[&str] = &[
    "feedback",
    "note",
    "meeting",
    "meetingRecord",
    "urging",
    "informing",
    "petition",
    "unit",
    "syncIssue",
    "1",
    "-1",
    "denunciation",
    "2026-02-01T08:00:00+07:00",
    "x",
    "",
    "\u{0}",
    "\u{202e}",
    "0912345678",
];

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(WORDS).prop_map(Value::from),
        Just(()).prop_map(|()| json!(new_id())),
    ];
    let any = leaf.prop_recursive(4, 48, 8, |inner| {
        let name = prop_oneof![4 => select(NAMES).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            hash_map(name, inner, 0..10).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    let any = any.boxed();
    // Most look like rows, so that they come as far as the collections.
    (any.clone(), any, 0..4_u8, select(WORDS)).prop_map(|(document, patch, shape, collection)| match shape {
        0 => document,
        _ => json!({"mutationId": new_id(), "collection": collection, "id": new_id(), "patch": patch}),
    })
}

each_db! {
    async fn random_rows_never_break_the_server(db: TestDatabase) {
        let sender = Sender::on(&db).await;
        let token = sender.delegate();
        let seed = seeds::seed();
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), random);
        let query = "mutation($rows: [JSON!]!) { syncPush(rows: $rows) { results { mutationId status master errors { code field message } } } }";
        let cases = if seeds::is_full() { 2_000 } else { 64 };
        for case in 0..cases {
            let rows: Vec<Value> = (0..4).map(|_| documents().new_tree(&mut runner).unwrap().current()).collect();
            let name = format!("CUTRI_TEST_SEED={seed} case {case}: {}", json!(rows));
            let told = sender.ask(&name, Some(&token), query, json!({ "rows": rows })).await;
            let results = told.body["data"]["syncPush"]["results"].as_array().map_or(0, Vec::len);
            assert!(results == 4 || !told.codes().is_empty(), "{name}: {:#}", told.body);
        }
        sender.still_answers("random rows").await;
    }
}
