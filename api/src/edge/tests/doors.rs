//! What each door answers to those who knock properly.

use super::*;

#[tokio::test]
async fn a_query_is_answered_with_its_headers() {
    let server = server().await;
    let answer = server.post("query Chao { hello raw address }").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        String::from_utf8(answer.body.clone()).expect("UTF-8"),
        r#"{"data":{"hello":"Xin chào cử tri","raw":{"d":"Hội đồng"},"address":"127.0.0.1"}}"#
    );
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("access-control-allow-origin", "*"),
        ("x-request-id", "00000000-0000-0000-0000-000000000007"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn request_ids_are_kept_when_they_are_sane() {
    let server = server().await;
    let id = |id: &str| format!("x-request-id: {id}\r\n");
    let answer = server
        .post_with(r#"{"query":"{nothing}"}"#, &id("phone-7.a_B"))
        .await;
    assert_eq!(answer.header("x-request-id"), "phone-7.a_B");
    assert_eq!(
        answer.json()["errors"][0]["extensions"]["requestId"],
        "phone-7.a_B"
    );
    for bad in ["a b", "a\"b", &"x".repeat(65)] {
        let answer = server.ask("GET /livez", &id(bad)).await;
        assert_eq!(
            answer.header("x-request-id"),
            "00000000-0000-0000-0000-000000000007"
        );
    }
}

#[tokio::test]
async fn the_media_type_decides_the_status_of_bad_documents() {
    let server = server().await;
    for (body, code) in [
        (r#"{"query":"{ hello "}"#, "GRAPHQL_PARSE_FAILED"),
        (r#"{"query":"{ hell }"}"#, "GRAPHQL_VALIDATION_FAILED"),
        (
            r#"{"query":"{hello}","operationName":"X"}"#,
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            r#"{"query":"query A {hello} query B {hello}"}"#,
            "MALFORMED_REQUEST",
        ),
    ] {
        let named = server
            .post_with(body, "accept: application/graphql-response+json\r\n")
            .await;
        assert_eq!(named.refusal().0, 400, "{body}");
        assert_eq!(named.refusal().1, code);
        assert_eq!(
            named.header("content-type"),
            "application/graphql-response+json; charset=utf-8"
        );
        assert!(named.json().get("data").is_none());
        let plain = server.post_with(body, "accept: */*\r\n").await;
        assert_eq!(
            plain.status,
            if code == "MALFORMED_REQUEST" { 400 } else { 200 },
            "{body}"
        );
    }
    let neither = server
        .post_with(r#"{"query":"{hello}"}"#, "accept: text/csv\r\n")
        .await;
    assert_eq!(neither.refusal(), (406, "NOT_ACCEPTABLE".into(), None));
}

#[tokio::test]
async fn messages_come_in_two_languages() {
    let server = server().await;
    let say = async |lang: &str| {
        let answer = server
            .post_with(r#"{"query":"{ hell }"}"#, &format!("accept-language: {lang}\r\n"))
            .await;
        answer.json()["errors"][0]["message"]
            .as_str()
            .expect("message")
            .to_owned()
    };
    assert!(
        say("en")
            .await
            .starts_with("The query does not fit the schema. Unknown field \"hell\"")
    );
    assert!(
        say("vi-VN")
            .await
            .starts_with("Câu truy vấn không hợp với lược đồ.")
    );
    assert!(!say("en").await.contains("mean"));
}

#[tokio::test]
async fn tokens_are_good_or_401() {
    let server = server().await;
    let with = async |value: &str| {
        server
            .post_with(r#"{"query":"{hello}"}"#, &format!("authorization: {value}\r\n"))
            .await
    };
    assert_eq!(with("Bearer good").await.status, 200);
    assert_eq!(with("bearer  good").await.status, 200);
    for (value, code) in [
        ("Bearer bad", "UNAUTHENTICATED"),
        ("Bearer old", "TOKEN_EXPIRED"),
        ("Basic Z29vZA==", "UNAUTHENTICATED"),
        ("Bearer", "UNAUTHENTICATED"),
        ("Bearer good\r\nauthorization: Bearer good", "UNAUTHENTICATED"),
    ] {
        let answer = with(value).await;
        assert_eq!(answer.refusal(), (401, code.into(), None), "{value}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let get = server
        .ask("GET /graphql?query=%7Bhello%7D", "authorization: Bearer bad\r\n")
        .await;
    assert_eq!(get.status, 401);
}

#[tokio::test]
async fn get_runs_queries_and_never_a_mutation() {
    let server = server().await;
    let answer = server
        .ask(
            "GET /graphql?query=query($n:String)%7Bhello(name:$n)%7D&variables=%7B%22n%22:%22b%C3%A0%22%7D",
            "",
        )
        .await;
    assert_eq!(answer.json()["data"]["hello"], "Xin chào bà");
    let mutation = server.ask("GET /graphql?query=mutation%7Bcount%7D", "").await;
    assert_eq!(mutation.refusal(), (405, "METHOD_NOT_ALLOWED".into(), None));
    assert_eq!(mutation.header("allow"), "POST");
    let hidden = server
        .ask(
            "GET /graphql?query=query%20A%7Bhello%7Dmutation%20B%7Bcount%7D&operationName=B",
            "",
        )
        .await;
    assert_eq!(hidden.status, 400);
    assert_eq!(server.executed(), 0);
    assert_eq!(
        server.ask("GET /graphql", "").await.refusal().1,
        "MALFORMED_REQUEST"
    );
    for method in ["PUT", "DELETE", "PATCH", "TRACE"] {
        let answer = server.ask(&format!("{method} /graphql"), "").await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, "GET, POST, OPTIONS"),
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_browser_gets_a_page_that_loads_nothing() {
    let server = server().await;
    let accept = "accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    let page = server.ask("GET /graphql", accept).await;
    let html = String::from_utf8(page.body.clone()).expect("UTF-8");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(html.contains("### Chào\n{ hello }"));
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("{{"));
    assert!(
        page.header("content-security-policy")
            .contains("script-src 'sha256-")
    );
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let server = server().await;
    let asked = "origin: https://example.vn\r\naccess-control-request-method: POST\r\n";
    let answer = server.ask("OPTIONS /graphql", asked).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(
        answer
            .header("access-control-allow-headers")
            .contains("authorization, content-encoding, content-type")
    );
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    // What is only read said that it takes POST, and refused it.
    for path in ["/schema.graphql", "/livez", "/readyz", "/.well-known/jwks.json"] {
        let answer = server.ask(&format!("OPTIONS {path}"), asked).await;
        assert_eq!(
            (
                answer.status,
                answer.header("allow"),
                answer.header("access-control-allow-methods")
            ),
            (204, "GET, HEAD, OPTIONS", "GET, HEAD, OPTIONS"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_schema_has_a_tag() {
    let server = server().await;
    assert!(
        server.edge.schema_etag.get().is_none(),
        "nobody has asked for the schema"
    );
    let first = server.ask("GET /schema.graphql", "").await;
    assert!(String::from_utf8_lossy(&first.body).contains("type Query"));
    let tag = first.header("etag").to_owned();
    for known in [
        tag.as_str(),
        "*",
        &format!("\"x\", {tag}"),
        tag.trim_start_matches("W/"),
    ] {
        let again = server
            .ask("GET /schema.graphql", &format!("if-none-match: {known}\r\n"))
            .await;
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (304, 0, tag.as_str()),
            "{known}"
        );
    }
    assert_eq!(
        server
            .ask("GET /schema.graphql", "if-none-match: \"x\"\r\n")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_small_doors_answer() {
    let server = server().await;
    assert_eq!(server.ask("GET /livez", "").await.status, 200);
    assert_eq!(server.ask("GET /readyz", "").await.status, 200);
    assert_eq!(
        server.ask("GET /.well-known/jwks.json", "").await.json(),
        serde_json::json!({"keys": []})
    );
    assert_eq!(server.ask("GET /", "").await.body, "<p>Trang chủ</p>".as_bytes());
    let nowhere = server.ask("GET /nowhere", "").await;
    assert_eq!(nowhere.refusal(), (404, "PATH_NOT_FOUND".into(), None));
    for (line, allow) in [("POST /livez", "GET, HEAD, OPTIONS"), ("POST /", "GET,HEAD")] {
        let answer = server.ask(line, "").await;
        assert_eq!(
            (answer.refusal().0, answer.header("allow")),
            (405, allow),
            "{line}"
        );
    }
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_can_read_it() {
    let server = server().await;
    let body = r#"{"query":"{long(length: 5000)}"}"#;
    let packed = server.post_with(body, "accept-encoding: gzip, zstd\r\n").await;
    assert_eq!(packed.header("content-encoding"), "zstd");
    let plain = server.post_with(body, "").await;
    assert_eq!(
        zstd::decode_all(packed.body.as_slice()).expect("zstd"),
        plain.body
    );
    assert_eq!(
        server
            .post_with(body, "accept-encoding: gzip\r\n")
            .await
            .header("content-encoding"),
        "gzip"
    );
    let short = server
        .post_with(r#"{"query":"{hello}"}"#, "accept-encoding: zstd\r\n")
        .await;
    assert_eq!(short.header("content-encoding"), "");
}

#[tokio::test]
async fn forwarded_addresses_count_only_from_named_proxies() {
    let body = r#"{"query":"{address}"}"#;
    let forged = "x-forwarded-for: 1.2.3.4\r\n";
    let direct = server().await.post_with(body, forged).await;
    assert_eq!(direct.json()["data"]["address"], "127.0.0.1");
    let trusted_proxies = EdgeConfig::parse_proxies("127.0.0.0/8").expect("networks");
    let behind = server_with(EdgeConfig {
        trusted_proxies,
        ..EdgeConfig::default()
    })
    .await;
    let answer = behind.post_with(body, forged).await;
    assert_eq!(answer.json()["data"]["address"], "1.2.3.4");
}

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let server = server().await;
    let mut wire = server.connect().await;
    // three at once, then one more after the answers
    let one = post(br#"{"query":"mutation{count}"}"#, "");
    wire.send([one.clone(), one.clone(), one.clone()].concat()).await;
    for expected in 1..=3 {
        assert_eq!(
            wire.answer().await.expect("answer").json()["data"]["count"],
            expected
        );
    }
    wire.send(one).await;
    assert_eq!(wire.answer().await.expect("answer").json()["data"]["count"], 4);
}
