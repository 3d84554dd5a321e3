//! What each door answers to those who want to break it.

use std::{io::Write, time::Instant};

use super::*;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn nested_lists_do_not_reach_the_parser() {
    let server = server().await;
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let bomb = format!("{{hello(name:{}1{})}}", open.repeat(2_000), close.repeat(2_000));
        let refusal = server.post(&bomb).await.refusal();
        assert_eq!(refusal, (200, "QUERY_TOO_DEEP".into(), Some(64)));
    }
    let deep = "[".repeat(100_000);
    let refusal = server
        .post_with(
            format!("{{\"query\":\"{{hello}}\",\"variables\":{{\"a\":{deep}"),
            "",
        )
        .await;
    assert_eq!(refusal.refusal().1, "MALFORMED_JSON");
    assert_eq!(server.post("{hello}").await.status, 200);
}

#[tokio::test]
async fn documents_beyond_the_limits_are_refused_by_name() {
    let server = server().await;
    let aliases = |n| (0..n).map(|i| format!("x{i}:__typename ")).collect::<String>();
    let doubling: String = (0..26)
        .map(|i| format!("fragment F{i} on Query {{ ...F{0} ...F{0} }}", i + 1))
        .collect();
    for (query, code, limit) in [
        (format!("{{{}}}", aliases(11)), "TOO_MANY_ROOT_FIELDS", Some(10)),
        (format!("{{me{{{}}}}}", aliases(31)), "TOO_MANY_ALIASES", Some(30)),
        (format!("{{{}}}", aliases(900)), "QUERY_TOO_LARGE", Some(2_000)),
        (" ".repeat(16_385), "QUERY_TOO_LARGE", Some(16_384)),
        (
            format!("{{ ...F0 }} {doubling} fragment F26 on Query {{ hello }}"),
            "QUERY_TOO_COMPLEX",
            Some(4_000),
        ),
        (
            "{ ...A } fragment A on Query { ...A }".into(),
            "GRAPHQL_VALIDATION_FAILED",
            None,
        ),
        (
            format!("{{hello {}}}", "@include(if:true)".repeat(9)),
            "TOO_MANY_DIRECTIVES",
            Some(8),
        ),
        (
            "{me{page(first:100){page(first:10){name}}}}".into(),
            "QUERY_TOO_COMPLEX",
            Some(1_000),
        ),
        (
            format!("{{{}name{}}}", "me{".repeat(15), "}".repeat(15)),
            "QUERY_TOO_DEEP",
            Some(15),
        ),
    ] {
        let begun = Instant::now();
        let answer = server.post_with(
            serde_json::json!({ "query": query }).to_string(),
            "accept: application/graphql-response+json\r\n",
        );
        let answer = answer.await;
        assert_eq!(answer.refusal(), (400, code.into(), limit));
        assert!(
            answer.body.len() <= 4_096 && begun.elapsed() < Duration::from_secs(2),
            "{code}"
        );
    }
    // at the limits the library agrees: nothing that passed here is refused there
    for query in [
        format!("{{{}}}", aliases(10)),
        format!("{{me{{{}}}}}", aliases(30)),
        format!("{{{}name{}}}", "me{".repeat(14), "}".repeat(14)),
        format!("{{{}hello{}}}", "...{".repeat(32), "}".repeat(32)),
        "{me{page(first:100){page(first:8){name}}}}".into(),
    ] {
        let answer = server.post(&query).await;
        assert!(answer.json()["data"].is_object(), "{query}: {}", answer.json());
    }
}

#[tokio::test]
async fn a_document_that_is_known_is_measured_again() {
    let server = server().await;
    let body = |first: u32| {
        let query = "query($n:Int!){me{page(first:$n){page(first:9){name}}}}";
        serde_json::json!({ "query": query, "variables": { "n": first } }).to_string()
    };
    for _ in 0..2 {
        assert_eq!(
            server.post_with(body(99), "").await.json()["errors"],
            serde_json::Value::Null
        );
        assert_eq!(
            server.post_with(body(100), "").await.refusal().1,
            "QUERY_TOO_COMPLEX"
        );
        let signed_in = server
            .post_with(body(100), "authorization: Bearer good\r\n")
            .await;
        assert!(signed_in.json()["data"]["me"].is_object());
    }
}

#[tokio::test]
async fn bodies_have_a_limit_that_a_token_raises() {
    let server = server().await;
    let padded = |length: usize| {
        let body = r#"{"query":"{hello}","x":"#.to_owned();
        format!("{body}\"{}\"}}", "x".repeat(length - body.len() - 3))
    };
    assert_eq!(server.post_with(padded(MIB), "").await.status, 200);
    let over = server.post_with(padded(MIB + 1), "").await;
    assert_eq!(over.refusal(), (413, "BODY_TOO_LARGE".into(), Some(1_048_576)));
    let token = "authorization: Bearer good\r\n";
    assert_eq!(server.post_with(padded(4 * MIB), token).await.status, 200);
    assert_eq!(
        server.post_with(padded(4 * MIB + 1), token).await.refusal().2,
        Some(4_194_304)
    );
    let bad = server
        .post_with(padded(2 * MIB), "authorization: Bearer bad\r\n")
        .await;
    assert_eq!(bad.status, 401);
}

#[tokio::test]
async fn a_body_of_32_mib_is_answered_and_not_kept() {
    let server = server().await;
    // announced, and sent to the end before anything is read
    let answer = server.post_with(vec![b'x'; 32 * MIB], "").await;
    assert_eq!(answer.refusal().1, "BODY_TOO_LARGE");
    // not announced: counted while it streams
    let mut wire = server.connect().await;
    wire.send("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    for _ in 0..64 {
        wire.send(&chunk).await;
    }
    let answer = wire.answer().await.expect("answer");
    assert_eq!(answer.refusal(), (413, "BODY_TOO_LARGE".into(), Some(1_048_576)));
    assert_eq!(answer.header("connection"), "close");
}

#[tokio::test]
async fn packed_bodies_are_counted_unpacked() {
    let server = server().await;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("gzip");
        encoder.finish().expect("gzip")
    };
    let zstd = |bytes: &[u8]| zstd::bulk::compress(bytes, 19).expect("zstd");
    let body = r#"{"query":"{hello}"}"#.as_bytes();
    for (name, good, bomb) in [
        ("gzip", gzip(body), gzip(&vec![b' '; 64 * MIB])),
        ("zstd", zstd(body), zstd(&vec![b' '; 64 * MIB])),
    ] {
        let coding = format!("content-encoding: {name}\r\n");
        assert_eq!(server.post_with(good, &coding).await.status, 200, "{name}");
        let begun = Instant::now();
        let refused = server.post_with(bomb, &coding).await;
        assert_eq!(
            refused.refusal(),
            (413, "BODY_TOO_LARGE".into(), Some(1_048_576)),
            "{name}"
        );
        assert!(begun.elapsed() < Duration::from_secs(2), "{name}");
        assert_eq!(
            server.post_with(body, &coding).await.refusal().1,
            "MALFORMED_REQUEST",
            "{name}"
        );
    }
    let other = server.post_with(body, "content-encoding: br\r\n").await;
    assert_eq!(other.refusal(), (415, "UNSUPPORTED_MEDIA_TYPE".into(), None));
}

#[tokio::test]
async fn mutations_come_as_json_or_not_at_all() {
    let server = server().await;
    let body = r#"{"query":"mutation{count}"}"#;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
    ] {
        let answer = server.post_with(body, &format!("content-type: {kind}\r\n")).await;
        assert_eq!(
            answer.refusal(),
            (415, "UNSUPPORTED_MEDIA_TYPE".into(), None),
            "{kind}"
        );
    }
    let mut wire = server.connect().await;
    wire.send(format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await;
    assert_eq!(wire.answer().await.expect("answer").status, 415);
    let batch = server.post_with(format!("[{body},{body}]"), "").await;
    assert_eq!(batch.refusal(), (400, "MALFORMED_REQUEST".into(), None));
    assert_eq!(server.executed(), 0);
}

#[tokio::test]
async fn one_bad_row_harms_itself_only() {
    let server = server().await;
    let body = |bad: &[u8]| {
        let query =
            br#"{"query":"mutation($rows:[JSON!]!){push(rows:$rows)}","variables":{"rows":[{"a":"m"},"#;
        [query.as_slice(), bad, br#",{"a":"h"}]}}"#].concat()
    };
    let nested = ["[".repeat(150), "]".repeat(150)].concat();
    for bad in [
        br#"{"a":"\ud83d"}"#.as_slice(),
        b"{\"a\":1e999}",
        b"{\"a\":\"\xff\xfe\"}",
        nested.as_bytes(),
    ] {
        let answer = server.post_with(body(bad), "").await;
        assert_eq!(
            answer.json()["data"]["push"],
            serde_json::json!([true, false, true])
        );
    }
    for scalar in [r#""\ud83d""#, "1e999", "{\"x\":1e999}"] {
        let body =
            format!(r#"{{"query":"query($n:String){{hello(name:$n)}}","variables":{{"n":{scalar}}}}}"#);
        assert_eq!(
            server.post_with(body, "").await.refusal(),
            (400, "MALFORMED_JSON".into(), None),
            "{scalar}"
        );
    }
}

#[tokio::test]
async fn slow_and_silent_clients_are_hung_up_on() {
    let server = server().await;
    let times = short_times();
    let begun = Instant::now();
    let (mut silent, mut head, mut preface, mut body, mut idle) = (
        server.connect().await,
        server.connect().await,
        server.connect().await,
        server.connect().await,
        server.connect().await,
    );
    idle.send(post(br#"{"query":"{hello}"}"#, "")).await;
    assert_eq!(idle.answer().await.expect("answer").status, 200);
    idle.send("POST /gr").await;
    preface.send("PRI * HT").await;
    body.send(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{",
    )
    .await;
    let drip = async {
        head.send("GET /livez HTTP/1.1\r\n").await;
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            head.send("x: y\r\n").await;
        }
        head.answer().await
    };
    let (silent, head, preface, body, idle) = tokio::join!(
        silent.answer(),
        drip,
        preface.answer(),
        body.answer(),
        idle.answer()
    );
    assert!(silent.is_none() && preface.is_none());
    assert_eq!(
        head.map(|answer| answer.refusal()),
        Some((408, "REQUEST_TIMEOUT".into(), None))
    );
    assert_eq!(idle.map(|answer| answer.status), Some(408));
    let body = body.expect("answer");
    assert_eq!((body.refusal().0, body.header("connection")), (408, "close"));
    assert!(begun.elapsed() < times.header + times.body + Duration::from_secs(2));
    let mut pause = server.connect().await;
    pause.send("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(pause.answer().await.is_some());
    let since = Instant::now();
    assert!(pause.answer().await.is_none());
    assert!(since.elapsed() > times.header && since.elapsed() < times.idle + Duration::from_secs(3));
    drop((pause, server.connect().await));
    assert_eq!(server.post("{hello}").await.status, 200);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_hung_up_on() {
    let server = server().await;
    let mut wire = server.connect().await;
    let long = post(br#"{"query":"{long(length: 3000000)}"}"#, "");
    for _ in 0..12 {
        wire.send(&long).await;
    }
    tokio::time::timeout(Duration::from_secs(8), async {
        while server.edge.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the connection ends");
}

#[tokio::test]
async fn headers_beyond_the_limit_are_answered_with_json() {
    let server = server().await;
    let header = |length: usize| format!("x-filler: {}\r\n", "x".repeat(length));
    assert_eq!(server.ask("GET /livez", &header(60_000)).await.status, 200);
    let refused = server.ask("GET /livez", &header(70_000)).await;
    assert_eq!(refused.refusal(), (431, "HEADERS_TOO_LARGE".into(), None));
    let many = server.ask("GET /livez", &"a: b\r\n".repeat(200)).await;
    assert_eq!(many.refusal().0, 431);
    let long = server.ask(&format!("GET /{}", "x".repeat(65_600)), "").await;
    assert_eq!(long.refusal().0, 431);
    let nonsense = server.ask("NONSENSE", "").await;
    assert_eq!(nonsense.refusal(), (400, "MALFORMED_REQUEST".into(), None));
}

#[tokio::test]
async fn execution_has_its_time() {
    let server = server().await;
    let begun = Instant::now();
    let answer = server.post("{slow(milliseconds: 5000)}").await;
    assert_eq!(answer.refusal(), (200, "EXECUTION_TIMEOUT".into(), Some(0)));
    assert_eq!(answer.json()["errors"][0]["extensions"]["retryable"], true);
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(
        server.post("{slow(milliseconds: 600, waitMs: 400)}").await.json()["data"]["slow"],
        true
    );
    let longer = server.post("{slow(milliseconds: 2000, waitMs: 100000)}").await;
    assert_eq!(longer.refusal().1, "EXECUTION_TIMEOUT");
}

#[tokio::test]
async fn a_mutation_has_more_time_than_a_query_and_no_more_than_its_own() {
    let published = Times::default();
    assert_eq!(
        (published.query, published.mutation),
        (Duration::from_secs(5), Duration::from_secs(15))
    );
    let server = server().await;
    // Longer than a query may take.
    let answer = server.post("mutation { slow(milliseconds: 700) }").await;
    assert_eq!(answer.json()["data"]["slow"], true);
    let begun = Instant::now();
    let answer = server.post("mutation { slow(milliseconds: 60000) }").await;
    assert_eq!(answer.refusal(), (200, "EXECUTION_TIMEOUT".into(), Some(2)));
    assert_eq!(answer.json()["errors"][0]["extensions"]["retryable"], true);
    assert!(begun.elapsed() >= short_times().mutation, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn panics_are_answered_and_counted() {
    let server = server().await;
    for _ in 0..2 {
        let answer = server.post("{panics}").await;
        assert_eq!(answer.refusal(), (503, "UNAVAILABLE".into(), None));
        assert_eq!(answer.header("retry-after"), "5");
    }
    assert_eq!(server.ask("GET /broken", "").await.status, 503);
    assert_eq!(server.edge.panics(), 3);
    assert_eq!(server.post("{hello}").await.status, 200);
}
