//! Live answers over a socket: every way in which one is closed, and that nothing falls between pull and stream.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use chrono::Duration as Span;
use cutri::{
    accounts::{authentication, token::LIFETIME},
    clock::{Clock, ManualClock},
    edge::{EdgeConfig, Times},
    error::{Code, Lang},
    sync::{live, registry, rxdb::stream::Follower},
};
use cutri_tests::{
    Kind, ServerProcess, TestApp, TestDatabase,
    app::{Person, state_on},
    database, each_db,
    phone::{Phone, change, create, new_id},
    socket::Socket,
    world::World,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

const FOLLOW: &str =
    "subscription onStream($headers: FeedbackInputHeaders) { streamFeedback(headers: $headers) {
    documents { id content rev _deleted } checkpoint { cursor } } }";

/// Short times.
fn short() -> EdgeConfig {
    let times = Times {
        header: Duration::from_millis(600),
        ping: Duration::from_millis(300),
        recheck: Duration::from_millis(300),
        ..Times::default()
    };
    EdgeConfig {
        times,
        ..EdgeConfig::default()
    }
}

/// A server whose times are short.
async fn app(db: &TestDatabase) -> (TestApp, World) {
    let app = TestApp::start_with(db, short()).await;
    let world = World::create(&app.state).await;
    (app, world)
}

fn said(world: &World, content: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": content})
}

fn init(token: &str) -> Value {
    json!({"type": "connection_init", "payload": {"Authorization": format!("Bearer {token}")}})
}

/// What the pages promise. The other tests here shorten these times, and would hold with any.
#[test]
fn the_times_are_those_that_were_published() {
    let times = Times::default();
    let published = [
        times.header,
        times.body,
        times.query,
        times.mutation,
        times.longest_wait,
        times.drain,
        times.ping,
        times.recheck,
    ];
    assert_eq!(
        published.map(|time| time.as_millis()),
        [10, 30, 5, 15, 60, 20, 25, 30].map(|seconds: u128| seconds * 1_000)
    );
    // A token that ended is noticed at the next look, and a client that takes nothing holds that up for a while only.
    assert!(times.recheck + times.taken + times.farewell < Duration::from_secs(60));
}

/// Closed with these codes; the first five tell a client that it is defective.
#[test]
fn every_fault_has_its_code() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (app, world) = app(&db).await;
        let address = app.address();
        let person = app.person(&world.here.delegates[0]);
        let token = person.token();
        assert_eq!(Socket::open(address, None).await.closed().await, 4406);
        assert_eq!(
            Socket::new(address).await.closed().await,
            4408,
            "nobody said who he is"
        );

        let mut early = Socket::new(address).await;
        early.subscribe("1", "{ __typename }", json!({})).await;
        assert_eq!(early.closed().await, 4401);

        for wrong in [
            "x",
            "[]",
            "{}",
            "null",
            "{\"type\":\"start\"}",
            "{\"type\":\"subscribe\"}",
            "{\"type\":1}",
            "{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":null}",
            "{\"type\":\"complete\"}",
            "{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{\"query\":1}}",
            "{\"type\":\"subscribe\",\"id\":\"\",\"payload\":{\"query\":\"{ __typename }\"}}",
            "{\"type\":\"subscribe\",\"id\":1,\"payload\":{\"query\":\"{ __typename }\"}}",
        ] {
            let mut socket = Socket::signed_in(address, token).await;
            socket.send(Message::text(wrong)).await;
            assert_eq!(socket.closed().await, 4400, "{wrong}");
        }
        let mut binary = Socket::new(address).await;
        binary.send(Message::binary(b"{}".as_slice())).await;
        assert_eq!(binary.closed().await, 4400);
        let mut list = Socket::new(address).await;
        list.say(json!({"type": "connection_init", "payload": []})).await;
        assert_eq!(list.closed().await, 4400);

        let mut twice = Socket::signed_in(address, token).await;
        twice.say(init(token.unwrap())).await;
        assert_eq!(twice.closed().await, 4429);

        let mut same = Socket::signed_in(address, token).await;
        same.subscribe("1", FOLLOW, json!({})).await;
        same.subscribe("1", FOLLOW, json!({})).await;
        assert_eq!(same.closed().await, 4409);

        for bad in ["", "x", "x.y.z"] {
            let mut refused = Socket::new(address).await;
            refused.say(init(bad)).await;
            assert_eq!(refused.closed().await, 4403, "{bad:?}");
        }
        let mut odd = Socket::new(address).await;
        odd.say(json!({"type": "connection_init", "payload": {"headers": {"authorization": 7}}}))
            .await;
        assert_eq!(odd.closed().await, 4403);

        let mut nobody = Socket::signed_in(address, None).await;
        nobody.subscribe("1", FOLLOW, json!({})).await;
        assert_eq!(
            nobody.closed().await,
            4403,
            "a stream without an account may be had with one"
        );

        let mut big = Socket::signed_in(address, token).await;
        big.send(Message::text(" ".repeat(1024 * 1024 + 1))).await;
        assert_eq!(big.closed().await, 1009);
    });
}

#[test]
fn queries_and_mutations_run_on_a_socket_as_anywhere() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (app, world) = app(&db).await;
        let person = app.person(&world.here.delegates[0]);
        let mut socket = Socket::signed_in(app.address(), person.token()).await;
        socket.say(json!({"type": "ping", "payload": {"a": 1}})).await;
        assert_eq!(socket.hear().await, json!({"type": "pong", "payload": {"a": 1}}));
        socket
            .subscribe("q", "{ viewer { account { username } } }", json!({}))
            .await;
        let answer = socket.hear().await;
        assert_eq!((&answer["id"], &answer["type"]), (&json!("q"), &json!("next")));
        assert_eq!(
            answer["payload"]["data"]["viewer"]["account"]["username"],
            world.here.delegates[0].username
        );
        assert_eq!(socket.hear().await, json!({"id": "q", "type": "complete"}));
        let push = "mutation($rows: [JSON!]!) { syncPush(rows: $rows) { results { status } } }";
        let rows = [
            create("feedback", &new_id(), said(&world, "Cầu gãy")),
            Value::Null,
        ];
        socket.subscribe("q", push, json!({"rows": rows})).await;
        let answer = socket.hear().await;
        let results = json!([{"status": "APPLIED"}, {"status": "REJECTED"}]);
        assert_eq!(
            answer["payload"]["data"]["syncPush"]["results"], results,
            "{answer}"
        );
        socket.hear().await;
        for (wrong, code) in [
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            (
                "subscription { streamNothing { documents { id } } }",
                "GRAPHQL_VALIDATION_FAILED",
            ),
        ] {
            socket.subscribe("w", wrong, json!({})).await;
            let answer = socket.hear().await;
            assert_eq!((&answer["id"], &answer["type"]), (&json!("w"), &json!("error")));
            assert_eq!(answer["payload"][0]["extensions"]["code"], code, "{answer}");
        }
        for n in 0..64 {
            socket.subscribe(&format!("s{n}"), FOLLOW, json!({})).await;
        }
        socket.subscribe("s64", FOLLOW, json!({})).await;
        let told = loop {
            let message = socket.hear().await;
            if message["id"] == "s64" {
                break message;
            }
        };
        let told = &told["payload"][0]["extensions"];
        assert_eq!(
            (&told["code"], &told["limit"]),
            (&json!("LIMIT_TOO_LARGE"), &json!(64))
        );
        socket.say(json!({"type": "complete", "id": "s0"})).await;
        socket.say(json!({"type": "complete", "id": "unknown"})).await;
        socket.subscribe("s0", FOLLOW, json!({})).await;
        socket.subscribe("q", "{ __typename }", json!({})).await;
        let told = loop {
            let message = socket.hear().await;
            if message["id"] == "q" {
                break message;
            }
        };
        assert_eq!(told["payload"][0]["extensions"]["code"], "LIMIT_TOO_LARGE");
        // Over plain HTTP a stream has no answer.
        let plain = person.ask(FOLLOW, json!({})).await;
        assert_eq!(plain.status, 406);
    });
}

each_db! {
    async fn a_stream_begins_where_the_socket_began(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let person = app.person(&world.here.delegates[0]);
        let phone = Phone::new(person.clone());
        let before = new_id();
        phone.push(&[create("feedback", &before, said(&world, "trước"))]).await;
        let mut socket = Socket::signed_in(app.address(), person.token()).await;
        // Between the acknowledgement and the subscription: where others lose rows for good.
        let between = new_id();
        phone.push(&[create("feedback", &between, said(&world, "giữa"))]).await;
        socket.subscribe("s", FOLLOW, json!({"headers": {"X-Foo": 1}})).await;
        let first = socket.hear().await;
        let page = &first["payload"]["data"]["streamFeedback"];
        assert_eq!(page["checkpoint"], Value::Null, "{first}");
        assert_eq!(page["documents"], json!([{"id": between, "content": "giữa", "rev": "1", "_deleted": false}]));
        phone.push(&[change("feedback", &before, "1", json!({"content": "sửa"}))]).await;
        let second = socket.hear().await;
        let documents = &second["payload"]["data"]["streamFeedback"]["documents"];
        assert_eq!(*documents, json!([{"id": before, "content": "sửa", "rev": "2", "_deleted": false}]));
        // Somebody else's words in the same council, and none of those in another.
        let colleague = Phone::new(app.person(&world.here.delegates[1]));
        let elsewhere = Phone::new(app.person(&world.there.delegates[0]));
        let mut foreign = said(&world, "ở nơi khác");
        foreign["unitId"] = json!(world.there.unit);
        elsewhere.push(&[create("feedback", &new_id(), foreign)]).await;
        colleague.push(&[create("feedback", &new_id(), said(&world, "của đồng nghiệp"))]).await;
        let third = socket.hear().await;
        let documents = third["payload"]["data"]["streamFeedback"]["documents"].as_array().unwrap();
        assert_eq!((documents.len(), &documents[0]["content"]), (1, &json!("của đồng nghiệp")));
        socket.say(json!({"type": "complete", "id": "s"})).await;
        phone.push(&[create("feedback", &new_id(), said(&world, "không ai nghe"))]).await;
        assert!(socket.is_silent(Duration::from_millis(1_500)).await);
    }

    async fn what_another_process_wrote_comes_within_two_seconds(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let other = app.beside(&db).await;
        let person = app.person(&world.here.delegates[0]);
        let mut socket = Socket::signed_in(app.address(), person.token()).await;
        socket.subscribe("s", FOLLOW, json!({})).await;
        let id = new_id();
        let begun = std::time::Instant::now();
        Phone::new(person.through(other.address())).push(&[create("feedback", &id, said(&world, "bên kia"))]).await;
        let heard = socket.hear().await;
        assert_eq!(heard["payload"]["data"]["streamFeedback"]["documents"][0]["id"], id);
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }

    async fn a_live_socket_ends_with_its_token_and_its_rights(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let login = &world.here.delegates[0];
        let person = app.person(login);
        let mut socket = Socket::signed_in(app.address(), person.token()).await;
        socket.subscribe("s", FOLLOW, json!({})).await;
        assert!(socket.is_silent(Duration::from_millis(900)).await);
        person.done("revokeDevice", json!({"deviceId": login.device, "stolen": false}), "").await;
        assert_eq!(socket.closed().await, 4403, "the device was revoked");

        let login = &world.here.delegates[1];
        let mut socket = Socket::signed_in(app.address(), app.person(login).token()).await;
        socket.subscribe("s", FOLLOW, json!({})).await;
        assert!(socket.is_silent(Duration::from_millis(900)).await, "it follows, before anything is won");
        cutri_tests::world::mandate(&app.state, login, world.there.council, &[world.there.unit]).await;
        assert_eq!(socket.closed().await, 1012, "a place was won: come back and pull");
    }
}

/// The next answer of a stream of events, pings left out; none when it has broken off.
async fn event(live: &mut reqwest::Response) -> Option<String> {
    loop {
        let chunk = tokio::time::timeout(Duration::from_secs(60), live.chunk());
        let bytes = chunk.await.expect("an event, or the end").ok()??;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if !text.chars().all(|one| matches!(one, ':' | '\n')) {
            return Some(text);
        }
    }
}

each_db! {
    /// Nothing happens and nobody is revoked: only the time of the token is over. Whoever is not told goes on believing
    /// that he hears everything.
    async fn a_live_socket_and_live_events_end_when_the_time_of_their_token_is_over(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        // Looked at often, and pinged seldom: while one socket is read here, the other does not answer.
        let times = Times { recheck: Duration::from_millis(300), ..Times::default() };
        let config = EdgeConfig { times, ..EdgeConfig::default() };
        let app = TestApp::start_with_at(&db, config, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let login = &world.here.delegates[0];
        let person = app.person(login);
        let mut socket = Socket::signed_in(app.address(), person.token()).await;
        socket.subscribe("s", FOLLOW, json!({})).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = client
            .post(format!("http://{}/graphql", app.address()))
            .bearer_auth(person.token().unwrap())
            .header("content-type", "application/json")
            .header("accept", "text/event-stream")
            .body(json!({"query": "subscription { streamFeedback { documents { content } } }"}).to_string());
        let mut live = ask.send().await.unwrap();
        // Signed a moment before that time is over; another device's socket, to which nothing happens.
        clock.advance(LIFETIME - Span::seconds(1));
        let later = app.person(login);
        let mut fresh = Socket::signed_in(app.address(), later.token()).await;
        fresh.subscribe("s", FOLLOW, json!({})).await;
        assert!(socket.is_silent(Duration::from_millis(900)).await, "it is good to its last second");
        let phone = Phone::new(later.clone());
        phone.push(&[create("feedback", &new_id(), said(&world, "giây cuối"))]).await;
        for socket in [&mut socket, &mut fresh] {
            let heard = socket.hear().await;
            assert_eq!(heard["payload"]["data"]["streamFeedback"]["documents"][0]["content"], "giây cuối");
        }
        assert!(event(&mut live).await.unwrap().contains("giây cuối"));

        clock.advance(Span::seconds(2));
        assert_eq!(socket.closed().await, 4403, "come back with a fresh token");
        assert_eq!(event(&mut live).await, None, "it breaks off, so that the client comes back");
        phone.push(&[create("feedback", &new_id(), said(&world, "sau đó"))]).await;
        let heard = fresh.hear().await;
        assert_eq!(heard["payload"]["data"]["streamFeedback"]["documents"][0]["content"], "sau đó");
        // What came meanwhile is in the pull with which he comes back.
        let mut back = Phone::new(person.signed_again(&app.state, app.address()));
        back.collections = Some(vec!["feedback".to_owned()]);
        back.pull().await;
        assert_eq!(back.rows.len(), 2);
    }
}

/// Whoever does not take his answers holds nobody up, and is told to come back.
#[test]
fn a_socket_that_takes_nothing_is_closed_with_1013() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let times = Times {
            taken: Duration::from_millis(400),
            farewell: Duration::from_secs(5),
            ..Times::default()
        };
        let config = EdgeConfig {
            times,
            ..EdgeConfig::default()
        };
        let app = TestApp::start_with(&db, config).await;
        let world = World::create(&app.state).await;
        let person = app.person(&world.here.delegates[0]);
        let mut deaf = Socket::signed_in(app.address(), person.token()).await;
        let page =
            "{ pullUnit(limit: 1000) { documents { id code name level kind parentId validFrom validTo } } }";
        // A quarter of a megabyte each: more than lies on the way.
        for n in 0..60 {
            deaf.subscribe(&format!("{n}"), page, json!({})).await;
        }
        let mut other = Socket::signed_in(app.address(), person.token()).await;
        other.subscribe("s", "{ __typename }", json!({})).await;
        assert_eq!(other.hear().await["type"], "next", "nobody else waits");
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(deaf.closed().await, 1013);
    });
}

/// A library that hears no answer to its close frame takes its own goodbye for a broken line (1006) and comes back.
#[test]
fn a_goodbye_is_answered() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (app, world) = app(&db).await;
        let person = app.person(&world.here.delegates[0]);
        let goodbye = || {
            Message::Close(Some(CloseFrame {
                code: CloseCode::Normal,
                reason: "".into(),
            }))
        };
        let mut known = Socket::signed_in(app.address(), person.token()).await;
        known.subscribe("s", FOLLOW, json!({})).await;
        known.send(goodbye()).await;
        assert_eq!(known.closed().await, 1000);
        let mut unknown = Socket::new(app.address()).await;
        unknown.send(goodbye()).await;
        assert_eq!(unknown.closed().await, 1000, "also before it said who it is");
    });
}

#[test]
fn pings_keep_a_socket_and_the_end_of_the_server_is_told() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (app, world) = app(&db).await;
        let person = app.person(&world.here.delegates[0]);
        let mut socket = Socket::signed_in(app.address(), person.token()).await;
        // Also beyond what an idle HTTP connection is given.
        assert!(socket.pings(Duration::from_millis(2_000)).await >= 4);
        drop(app);
        assert_eq!(socket.closed().await, 1012);
    });
}

/// Whoever does not take what he is sent must begin again, and be told so: nothing is ever skipped.
#[test]
fn a_follower_that_lags_is_told_and_never_skips() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (app, world) = app(&db).await;
        let login = &world.here.delegates[0];
        let viewer = authentication::load(&app.state, login.account, login.device, Lang::Vi)
            .await
            .unwrap();
        let horizon = Arc::new(live::clocks(&app.state).await.unwrap());
        let collection = registry::collection("feedback").unwrap();
        let begin = || Follower::begin(Arc::clone(&app.state), viewer.clone(), collection, &horizon);
        let (mut slow, mut quick) = (begin().await.unwrap(), begin().await.unwrap());
        let phone = Phone::new(app.person(login));
        let mut seen = 0;
        for n in 0..45 {
            phone
                .push(&[create("feedback", &new_id(), said(&world, &format!("{n}")))])
                .await;
            seen += quick.next().await.unwrap().len();
            if n == 0 {
                assert_eq!(slow.next().await.unwrap().len(), 1);
            }
        }
        assert_eq!(seen, 45);
        let told = slow.next().await.unwrap_err();
        assert_eq!(told.code(), Code::Unavailable);
    });
}

/// The same at the end of a socket: it takes slowly but not too slowly, falls behind what is kept for listeners, and would
/// have to skip something. It is told, and its pull brings what it missed.
#[test]
fn a_socket_that_falls_behind_is_closed_with_1013_and_its_pull_has_it_all() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        // So patient that nothing but falling behind can be the reason.
        let patience = Duration::from_secs(3_600);
        let times = Times {
            taken: patience,
            ping: patience,
            stalled: patience,
            ..Times::default()
        };
        let config = EdgeConfig {
            times,
            ..EdgeConfig::default()
        };
        let app = TestApp::start_with(&db, config).await;
        let world = World::create(&app.state).await;
        let person = app.person(&world.here.delegates[0]);
        let phone = Phone::new(person.clone());
        let documents = |heard: &Value| {
            let documents = &heard["payload"]["data"]["streamFeedback"]["documents"];
            documents.as_array().unwrap().len()
        };
        // One's answers are so large that a few of them fill the road; the other hears of each change before the next.
        let copies: String = (0..25).map(|n| format!("c{n}: content ")).collect();
        let wide = format!("subscription {{ streamFeedback {{ documents {{ id {copies} }} }} }}");
        let mut slow = Socket::signed_in(app.address(), person.token()).await;
        slow.subscribe("s", &wide, json!({})).await;
        let mut quick = Socket::signed_in(app.address(), person.token()).await;
        quick.subscribe("s", FOLLOW, json!({})).await;
        phone
            .push(&[create("feedback", &new_id(), said(&world, "đầu"))])
            .await;
        assert_eq!(documents(&quick.hear().await), 1);
        assert_eq!(documents(&slow.hear().await), 1, "both follow");

        let mut sent = 1;
        // 20 rows of 14 kB, 25 times: seven megabytes for the slow one.
        for _ in 0..4 {
            let rows: Vec<Value> = (0..20)
                .map(|_| create("feedback", &new_id(), said(&world, &"nặng ".repeat(2_000))))
                .collect();
            for result in phone.push_patiently(&rows).await {
                assert_eq!(result["status"], "APPLIED");
            }
            let mut heard = 0;
            while heard < rows.len() {
                heard += documents(&quick.hear().await);
            }
            sent += rows.len();
        }
        for n in 0..45 {
            phone
                .push(&[create("feedback", &new_id(), said(&world, &format!("{n}")))])
                .await;
            assert_eq!(documents(&quick.hear().await), 1);
            sent += 1;
        }
        assert_eq!(slow.closed().await, 1013);
        let mut back = Phone::new(person);
        back.collections = Some(vec!["feedback".to_owned()]);
        back.pull().await;
        assert_eq!(back.rows.len(), sent);
    });
}

/// One reading of the log serves everybody who listens.
#[test]
fn a_change_is_read_once_for_all_who_listen() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        // Of ordinary patience: a socket answers pings when it is heard, and the last of forty waits for its turn.
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let person = app.person(&world.here.delegates[0]);
        let phone = Phone::new(person.clone());
        let mut counted = Vec::new();
        let mut sockets = Vec::new();
        for more in [1, 40] {
            for _ in 0..more {
                let mut socket = Socket::signed_in(app.address(), person.token()).await;
                socket.subscribe("s", FOLLOW, json!({})).await;
                sockets.push(socket);
            }
            // All have caught up once they heard of a first change.
            phone
                .push(&[create("feedback", &new_id(), said(&world, "đầu"))])
                .await;
            for socket in &mut sockets {
                socket.hear().await;
            }
            let row = create("feedback", &new_id(), said(&world, "sau"));
            let store = &app.state.store;
            store.keep_statements();
            phone.push(&[row]).await;
            for socket in &mut sockets {
                let heard = socket.hear().await;
                assert_eq!(
                    heard["payload"]["data"]["streamFeedback"]["documents"][0]["content"],
                    "sau"
                );
            }
            let texts = store.kept_statements();
            counted.push(
                texts
                    .iter()
                    .filter(|text| text.contains("\"sync_log\".\"seq\" >"))
                    .count(),
            );
        }
        assert_eq!(counted[0], counted[1], "{counted:?}");
        assert!(counted[0] <= 3, "{counted:?}");
    });
}

#[test]
fn where_no_socket_gets_through_events_do() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (app, world) = app(&db).await;
        let login = &world.here.delegates[0];
        let person = app.person(login);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = |query: &str| {
            let request = client.post(format!("http://{}/graphql", app.address()));
            let body = json!({"query": query}).to_string();
            request
                .bearer_auth(person.token().unwrap())
                .header("content-type", "application/json")
                .header("accept", "text/event-stream")
                .body(body)
                .send()
        };
        let once = ask("{ viewer { account { username } } }").await.unwrap();
        assert_eq!(once.headers()["content-type"], "text/event-stream");
        let text = once.text().await.unwrap();
        let username = &login.username;
        assert_eq!(
            text,
            format!(
                "event: next\ndata: {{\"data\":{{\"viewer\":{{\"account\":{{\"username\":\"{username}\"}}}}}}}}\n\n\
                event: complete\ndata: \n\n"
            )
        );
        let wrong = ask("{").await.unwrap().text().await.unwrap();
        assert!(
            wrong.starts_with("event: next\ndata: {\"errors\":[{")
                && wrong.ends_with("event: complete\ndata: \n\n"),
            "an error of a document is an event as well: {wrong}"
        );

        let mut live = ask("subscription { streamFeedback { documents { content } } }")
            .await
            .unwrap();
        Phone::new(person.clone())
            .push(&[create("feedback", &new_id(), said(&world, "Cầu gãy"))])
            .await;
        let mut heard = String::new();
        while !heard.contains("Cầu gãy") {
            heard += std::str::from_utf8(&live.chunk().await.unwrap().unwrap()).unwrap();
        }
        let event = "event: next\ndata: {\"data\":{\"streamFeedback\":{\"documents\":[{\"content\":\"Cầu gãy\"}]}}}\n\n";
        assert!(heard.ends_with(event), "{heard:?}");
        assert!(
            heard
                .trim_end_matches(event)
                .chars()
                .all(|one| matches!(one, ':' | '\n')),
            "pings alone: {heard:?}"
        );
        person
            .done(
                "revokeDevice",
                json!({"deviceId": login.device, "stolen": false}),
                "",
            )
            .await;
        let end = loop {
            match live.chunk().await {
                Ok(Some(bytes)) => assert_eq!(bytes, ":\n\n"),
                end => break end,
            }
        };
        assert!(
            end.is_err(),
            "it breaks off, so that the client comes back: {end:?}"
        );
    });
}

/// What a thousand silent phones cost, each with one stream: less than 64 MiB of the server's memory.
#[tokio::test]
async fn a_thousand_sockets_are_small() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let private = Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().permissions(private).tempdir().unwrap();
    let keys = folder.path().join("keys");
    let state = state_on(db.url(), &keys).await;
    let world = World::create(&state).await;
    for file in std::fs::read_dir(db.folder()).unwrap() {
        std::fs::set_permissions(file.unwrap().path(), Permissions::from_mode(0o600)).unwrap();
    }
    let keys = keys.to_str().unwrap().to_owned();
    let environment = [
        ("DATABASE_URL", db.url()),
        ("CUTRI_KEYS", &keys),
        ("CUTRI_RATE_LIMITS", "off"),
    ];
    let server = ServerProcess::start(folder.path(), &["serve"], &environment).await;
    let login = &world.here.delegates[0];
    let person = Person::new(&state, server.address(), login.account, login.device);
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    let mut sockets = Vec::new();
    let mut warm = 0;
    for n in 0..1_000 {
        let mut socket = Socket::signed_in(server.address(), person.token()).await;
        socket.subscribe("s", FOLLOW, json!({})).await;
        sockets.push(socket);
        if n == 20 {
            warm = resident();
        }
    }
    Phone::new(person)
        .push(&[create("feedback", &new_id(), said(&world, "cho mọi người"))])
        .await;
    for socket in &mut sockets {
        let heard = socket.hear().await;
        assert_eq!(
            heard["payload"]["data"]["streamFeedback"]["documents"][0]["content"],
            "cho mọi người"
        );
    }
    let grown = resident() - warm;
    assert!(grown < 64, "{grown} MiB for a thousand sockets");
}
