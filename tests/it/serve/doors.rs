//! The doors for everybody, and what of it all stands in the log.

use cutri_tests::{FaultProxy, Kind, ServerProcess, TestDatabase, each_db};
use reqwest::{Client, StatusCode};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{ask, installation};

#[tokio::test]
async fn the_doors_for_everybody() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[]).await;
    let client = Client::new();

    let (status, answer) = ask(&server, "{ __typename }").await;
    assert_eq!(
        (status, answer),
        (StatusCode::OK, json!({"data": {"__typename": "Query"}}))
    );

    let get = client
        .get(server.url("/graphql?query=%7B__typename%7D"))
        .send()
        .await
        .unwrap();
    assert_eq!(get.json::<Value>().await.unwrap()["data"]["__typename"], "Query");

    for (door, expected) in [("/livez", "live"), ("/readyz", "ready")] {
        let answer = reqwest::get(server.url(door)).await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], expected);
    }

    let sdl = reqwest::get(server.url("/schema.graphql")).await.unwrap();
    let tag = sdl.headers()["etag"].clone();
    assert_eq!(
        sdl.text().await.unwrap(),
        cutri::schema::sdl(&cutri::schema::build())
    );
    let again = client
        .get(server.url("/schema.graphql"))
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.text().await.unwrap().is_empty());

    let keys = reqwest::get(server.url("/.well-known/jwks.json")).await.unwrap();
    let keys = keys.json::<Value>().await.unwrap();
    assert_eq!(keys["keys"][0]["alg"], "EdDSA");
    assert!(keys["keys"][0].get("d").is_none(), "the private half stays here");

    let page = client
        .get(server.url("/graphql"))
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("<html"));
    let nowhere = reqwest::get(server.url("/nowhere")).await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    assert!(server.term().await.success());
}

#[tokio::test]
async fn answers_are_compressed_and_bodies_may_be() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[]).await;
    let client = Client::new();
    let query = json!({"query": "{ __schema { types { name description fields { name description } } } }"});
    let plain = client
        .post(server.url("/graphql"))
        .header("accept-encoding", "identity")
        .json(&query)
        .send()
        .await
        .unwrap();
    let plain = plain.bytes().await.unwrap();
    let zstd = client
        .post(server.url("/graphql"))
        .header("accept-encoding", "gzip, zstd")
        .header("content-encoding", "zstd")
        .header("content-type", "application/json")
        .body(zstd::encode_all(query.to_string().as_bytes(), 3).unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(zstd.headers()["content-encoding"], "zstd");
    let zstd = zstd.bytes().await.unwrap();
    assert!(zstd.len() * 3 < plain.len(), "{} of {}", zstd.len(), plain.len());
    assert_eq!(zstd::decode_all(&zstd[..]).unwrap(), plain);
    // reqwest asks for gzip by itself and decodes it
    let gzip = client
        .post(server.url("/graphql"))
        .json(&query)
        .send()
        .await
        .unwrap();
    assert_eq!(gzip.bytes().await.unwrap(), plain);
    assert!(server.term().await.success());
}

#[tokio::test]
async fn bad_tokens_are_401_and_nothing_of_a_request_is_logged_even_at_trace() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[("CUTRI_LOG", "trace")]).await;
    let client = Client::new();
    for token in [
        "ma-bi-mat-1",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
        "cutri_ma-bi-mat-2",
    ] {
        let answer = client
            .post(server.url("/graphql"))
            .bearer_auth(token)
            .json(&json!({"query": "{__typename}"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        let answer = answer.json::<Value>().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }
    let asked = json!({
        "query": "query Q($id: ID!) { node(id: $id) { __typename id } }",
        "variables": {"id": "ma-bi-mat-3 0912345678"},
    });
    let answer = client
        .post(server.url("/graphql?x=ma-bi-mat-4"))
        .header("x-secret", "ma-bi-mat-5")
        .json(&asked)
        .send()
        .await
        .unwrap();
    assert!(!answer.status().is_server_error());
    let log = server.log().clone();
    assert!(server.term().await.success());
    log.assert_free_of(&["ma-bi-mat", "0912345678", "eyJhbGciOiJub25lIn0", "SELECT "]);
}

#[tokio::test]
async fn the_log_can_be_json_lines() {
    let db = installation().await;
    let folder = db.folder();
    let environment = [("CUTRI_LOG_FORMAT", "json"), ("CUTRI_RATE_LIMITS", "off")];
    let server = ServerProcess::start(folder, &["serve"], &environment).await;
    ask(&server, "query Chao { __typename }").await;
    let log = server.log().clone();
    assert!(server.term().await.success());
    let events: Vec<Value> = log
        .text()
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered = events
        .iter()
        .find(|event| event["message"] == "operation answered")
        .unwrap();
    assert_eq!(answered["span"]["operation"], "Chao");
    assert!(
        events
            .iter()
            .any(|event| event["level"] == "WARN"
                && event["message"].to_string().contains("CUTRI_RATE_LIMITS")),
        "switched-off limits are said loudly"
    );
    assert!(log.text().contains("CẢNH BÁO"));
}

#[tokio::test]
async fn without_its_database_the_server_says_so() {
    if !Kind::Postgres.is_available() {
        return;
    }
    let db = TestDatabase::fresh(Kind::Postgres).await;
    let address = db.url().split('@').nth(1).unwrap().split('/').next().unwrap();
    let proxy = FaultProxy::start(address.parse().unwrap()).await;
    let url = db.url().replace(address, &proxy.address().to_string());
    let server = ServerProcess::start(db.folder(), &["serve"], &[("DATABASE_URL", &url)]).await;
    drop(proxy);
    let ready = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.headers().contains_key("retry-after"));
    let live = reqwest::get(server.url("/livez")).await.unwrap();
    assert!(live.status().is_success());
    let id = uuid::Uuid::new_v4();
    let (status, answer) = ask(&server, &format!("{{ node(id: \"{id}\") {{ id }} }}")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE");
}

each_db! {
    async fn the_log_names_a_refusal_of_the_database_without_its_values(db: TestDatabase) {
        let store = cutri::store::Store::connect(db.url()).await.unwrap();
        let conn = store.migrating();
        conn.execute_unprepared("CREATE TABLE planted (a TEXT PRIMARY KEY, b INTEGER NOT NULL, CHECK (b < 10))")
            .await
            .unwrap();
        conn.execute_unprepared("INSERT INTO planted VALUES ('bi-mat', 1)").await.unwrap();
        for statement in [
            "INSERT INTO planted VALUES ('bi-mat', 2)",
            "INSERT INTO planted VALUES ('bi-mat-2', NULL)",
            "INSERT INTO planted VALUES ('bi-mat-3', 11)",
            "SELECT CAST('bi-mat' AS INTEGER) FROM planted WHERE json('bi-mat') = ''",
        ] {
            let cause = conn.execute_unprepared(statement).await.unwrap_err();
            let described = cutri::error::describe(&cause);
            assert!(described.starts_with('['), "{described}");
            assert!(!described.contains("bi-mat"), "{described}");
        }
        store.close().await.unwrap();
    }
}
