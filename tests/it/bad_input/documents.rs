//! Bodies, documents, values and limits.

use cutri_tests::{
    TestDatabase,
    database::{self, Kind},
};
use serde_json::{Value, json};

use super::{Case, Sender};
use crate::authorization::schema::Sdl;

#[test]
fn bodies_that_are_no_request() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let sender = Sender::on(&db).await;
        let cases: Vec<(&str, Vec<u8>, &str)> = vec![
            ("nothing", Vec::new(), "MALFORMED_JSON"),
            ("a bracket", b"{".to_vec(), "MALFORMED_JSON"),
            ("words", "không phải JSON".into(), "MALFORMED_JSON"),
            (
                "a tail",
                br#"{"query":"{__typename}"} x"#.to_vec(),
                "MALFORMED_JSON",
            ),
            ("no UTF-8", b"{\"query\":\"{a\xff}\"}".to_vec(), "MALFORMED_JSON"),
            ("a list", b"[]".to_vec(), "MALFORMED_REQUEST"),
            (
                "a batch",
                br#"[{"query":"{__typename}"}]"#.to_vec(),
                "MALFORMED_REQUEST",
            ),
            ("no query", b"{}".to_vec(), "MALFORMED_REQUEST"),
            (
                "a number as query",
                br#"{"query":3}"#.to_vec(),
                "MALFORMED_REQUEST",
            ),
            (
                "variables as list",
                br#"{"query":"{__typename}","variables":[1]}"#.to_vec(),
                "MALFORMED_REQUEST",
            ),
            (
                "a lone surrogate in the query",
                br#"{"query":"{ a(b: \"\ud800\") }"}"#.to_vec(),
                "MALFORMED_JSON",
            ),
            (
                "NUL in the query",
                br#"{"query":"{ \u0000 }"}"#.to_vec(),
                "GRAPHQL_PARSE_FAILED",
            ),
            (
                "an open brace",
                br#"{"query":"{ a"}"#.to_vec(),
                "GRAPHQL_PARSE_FAILED",
            ),
            (
                "an open string",
                br#"{"query":"{ a(b: \"x) }"}"#.to_vec(),
                "GRAPHQL_PARSE_FAILED",
            ),
            (
                "bidi controls",
                "{\"query\":\"{ \u{202e} __typename }\"}".into(),
                "GRAPHQL_PARSE_FAILED",
            ),
            (
                "an emoji",
                "{\"query\":\"{ 😀 }\"}".into(),
                "GRAPHQL_PARSE_FAILED",
            ),
            (
                "an unknown field",
                br#"{"query":"{ khong }"}"#.to_vec(),
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (
                "an unknown operation",
                br#"{"query":"query A { __typename }","operationName":"B"}"#.to_vec(),
                "GRAPHQL_VALIDATION_FAILED",
            ),
            (
                "100 kB of query",
                format!("{{\"query\":\"{{ {} }}\"}}", "a ".repeat(50_000)).into(),
                "QUERY_TOO_LARGE",
            ),
        ];
        for (name, body, code) in cases {
            sender
                .send(&Case {
                    name,
                    token: None,
                    body,
                })
                .await
                .is(code, name);
        }
        sender.still_answers("bodies").await;
    });
}

#[test]
fn nested_bombs() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let sender = Sender::on(&db).await;
        let token = sender.delegate();
        let query = |text: String| json!({ "query": text }).to_string().into_bytes();
        let deep =
            |open: &str, close: &str, times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
        let nodes = |ids: String| format!("{{ nodes(ids: {ids}) {{ id }} }}");
        let variables = |name: &str, value: String| {
            format!(r#"{{"query":"query($x: [ID!]!) {{ nodes(ids: $x) {{ id }} }}","variables":{{"{name}":{value}}}}}"#).into_bytes()
        };
        let push = |row: String| {
            let query = "mutation($rows: [JSON!]!) { syncPush(rows: $rows) { results { status errors { code message } } } }";
            format!(r#"{{"query":"{query}","variables":{{"rows":[{row}]}}}}"#).into_bytes()
        };
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("4 kB of lists", query(nodes(deep("[", "]", 2_000)))),
            ("4 kB of open lists", query(nodes("[".repeat(4_000)))),
            ("4 kB of objects", query(nodes(deep("{a:", "}", 1_000)))),
            ("4 kB of selections", query("{ viewer ".repeat(400))),
            ("63 lists", query(nodes(deep("[", "]", 60)))),
            (
                "fragments in fragments",
                query("query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned()),
            ),
            ("lists in a variable", variables("x", deep("[", "]", 10_000))),
            (
                "objects in a variable",
                variables("x", deep("{\"a\":", "}", 10_000)),
            ),
            (
                "lists in a variable that nobody reads",
                variables("y", deep("[", "]", 10_000)),
            ),
            ("open lists in a variable", variables("x", "[".repeat(10_000))),
            ("lists in a row", push(deep("[", "]", 10_000))),
            ("objects in a row", push(deep("{\"patch\":", "}", 10_000))),
            ("100 deep in a row", push(deep("{\"patch\":", "}", 100))),
        ];
        for (name, body) in cases {
            let token = Some(token.as_str());
            let told = sender.send(&Case { name, token, body }).await;
            assert!(!told.codes().is_empty(), "{name}: {:#}", told.body);
            sender.still_answers(name).await;
        }
    });
}

#[test]
fn pages_of_every_list() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let sender = Sender::on(&db).await;
        let token = sender.token(&sender.world.administrator);
        let sdl = Sdl::read();
        let lists = sdl
            .root_fields("Query")
            .into_iter()
            .filter(|field| sdl.is_connection("Query", field));
        let pages = [
            (json!({"first": 101}), "LIMIT_TOO_LARGE"),
            (json!({"last": 101}), "LIMIT_TOO_LARGE"),
            (json!({"first": i32::MAX}), "LIMIT_TOO_LARGE"),
            (json!({"first": 0}), "OUT_OF_RANGE"),
            (json!({"first": -1}), "OUT_OF_RANGE"),
            (json!({"last": i32::MIN}), "OUT_OF_RANGE"),
            (json!({"first": 1, "last": 1}), "FIRST_OR_LAST_REQUIRED"),
            (json!({}), "FIRST_OR_LAST_REQUIRED"),
            (json!({"first": 1, "after": "%%%"}), "INVALID_CURSOR"),
            (json!({"first": 1, "after": ""}), "INVALID_CURSOR"),
            (json!({"first": 1, "before": "AAAA"}), "INVALID_CURSOR"),
            (json!({"first": 1, "after": "A".repeat(10_000)}), "INVALID_CURSOR"),
        ];
        let mut seen = 0;
        for field in lists {
            let query = format!(
                "query($first: Int, $last: Int, $after: String, $before: String) {{ \
                 {field}(first: $first, last: $last, after: $after, before: $before) {{ totalCount }} }}"
            );
            for (page, code) in &pages {
                let name = format!("{field} {page}");
                let told = sender.ask(&name, Some(&token), &query, page.clone()).await;
                told.is(code, &name);
                if *code == "LIMIT_TOO_LARGE" {
                    assert_eq!(told.body["errors"][0]["extensions"]["limit"], 100, "{name}");
                }
            }
            seen += 1;
        }
        assert!(seen >= 8, "{seen} lists");
        let search = "query($text: String!, $first: Int!) { search(text: $text, first: $first) { id } }";
        for (first, code) in [
            (101, "LIMIT_TOO_LARGE"),
            (0, "OUT_OF_RANGE"),
            (-5, "OUT_OF_RANGE"),
        ] {
            sender
                .ask("search", None, search, json!({"text": "a", "first": first}))
                .await
                .is(code, "search");
        }
        sender
            .ask(
                "search",
                None,
                search,
                json!({"text": "a".repeat(201), "first": 1}),
            )
            .await
            .is("TOO_LONG", "search");
        let many: Vec<String> = (0..101).map(|_| cutri_tests::phone::new_id()).collect();
        let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        sender
            .ask("nodes", None, nodes, json!({"ids": many}))
            .await
            .is("LIMIT_TOO_LARGE", "nodes");
    });
}

#[test]
fn values_of_the_wrong_kind() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let sender = Sender::on(&db).await;
        let token = sender.delegate();
        let token = Some(token.as_str());
        let petitions = "query($first: Int, $filter: PetitionFilter) { petitions(first: $first, filter: $filter) { totalCount } }";
        let petition = "query($id: ID!) { petition(id: $id) { id } }";
        let literal = |first: &str| format!("{{ petitions(first: {first}) {{ totalCount }} }}");
        for value in [
            json!("x"),
            json!(true),
            json!([1]),
            json!({}),
            json!(1.5),
            json!(9_223_372_036_854_775_808_u64),
            json!(i64::MIN),
            json!(1e300),
        ] {
            let name = format!("first: {value}");
            let told = sender
                .ask(&name, token, petitions, json!({ "first": value }))
                .await;
            assert!(!told.codes().is_empty(), "{name}: {:#}", told.body);
        }
        for value in [
            "9223372036854775808",
            "-9223372036854775809",
            "1e400",
            "99999999999999999999999999",
            "\"1\"",
            "null",
            "abc",
        ] {
            let told = sender.ask(value, token, &literal(value), json!({})).await;
            assert!(!told.codes().is_empty(), "first: {value}: {:#}", told.body);
        }
        let overflow = br#"{"query":"query($first: Int) { petitions(first: $first) { totalCount } }","variables":{"first":1e999}}"#;
        let told = sender
            .send(&Case {
                name: "1e999",
                token,
                body: overflow.to_vec(),
            })
            .await;
        assert!(!told.codes().is_empty());

        for time in [
            "",
            "hôm qua",
            "2026-02-30T00:00:00Z",
            "0000-00-00T00:00:00Z",
            "+262143-01-01T00:00:00Z",
            "1066-10-14T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2026-01-01",
            "2026-01-01T25:00:00Z",
            "2026-01-01T00:00:00+99:99",
            "2026-01-01T00:00:00\u{0}",
        ] {
            let filter = json!({"first": 1, "filter": {"updatedAfter": time}});
            let told = sender.ask(time, token, petitions, filter).await;
            assert!(!told.codes().is_empty(), "{time}: {:#}", told.body);
        }
        // What is no id names nothing.
        let long = "0".repeat(200_000);
        for id in [
            "",
            "x",
            "\u{0}",
            "{00000000-0000-0000-0000-000000000000}",
            "' OR 1=1 --",
            "00000000000000000000000000000000",
            &long,
            "😀",
        ] {
            let told = sender.ask("an id", token, petition, json!({ "id": id })).await;
            assert!(told.body["data"]["petition"].is_null(), "{:#}", told.body);
        }
        for id in [
            json!(3),
            json!(-1),
            json!(9_223_372_036_854_775_808_u64),
            json!([]),
            json!({}),
            json!(false),
            Value::Null,
        ] {
            let told = sender.ask("an id", token, petition, json!({ "id": id })).await;
            assert!(told.body["data"]["petition"].is_null(), "{:#}", told.body);
        }
        sender.still_answers("values").await;
    });
}
