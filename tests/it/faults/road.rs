//! The road between phone and server: cut after byte n, slow, repeating, out of order.

use std::time::Duration;

use cutri::sync::rxdb::json_schema::published;
use cutri_tests::{
    FaultProxy, TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{PULL, PUSH, Phone, change, create, new_id},
    rxdb::{Replica, changed, made},
    seeds,
    world::World,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::{Value, json};

use crate::invariants::{light, said, stage, traces};

/// Cuts the same request at many places of the way there, and then of the way back.
async fn cut_everywhere(proxy: &FaultProxy, road: &Person, query: &str, variables: &Value) {
    let places = |length: u64| {
        let step = if seeds::is_full() { 1 } else { length / 8 };
        (0..length).step_by(step as usize)
    };
    // What a client says is kept whole, though it is carried in part.
    proxy.keep_requests();
    proxy.cut_request_after(1);
    assert!(road.try_ask(query, variables.clone()).await.is_err());
    let asked = proxy.kept()[0].len() as u64;
    for n in places(asked).skip(1) {
        proxy.cut_request_after(n);
        let heard = road.try_ask(query, variables.clone()).await;
        assert!(heard.is_err(), "cut after byte {n} of {asked}: {heard:?}");
    }
    proxy.clear();
    let before = proxy.answered();
    patiently(road, query, variables).await;
    let answered = proxy.answered() - before;
    // The end of the head may differ by a digit.
    for n in places(answered - 30) {
        proxy.cut_response_after(n);
        let heard = road.try_ask(query, variables.clone()).await;
        assert!(heard.is_err(), "cut after byte {n} of {answered}: {heard:?}");
    }
    proxy.clear();
}

/// Asks until there is an answer, as a phone does: a busy server says that it is busy.
async fn patiently(road: &Person, query: &str, variables: &Value) -> Value {
    loop {
        let answer = road.try_ask(query, variables.clone()).await.unwrap().body;
        if answer["errors"].is_null() {
            return answer["data"].clone();
        }
        assert_eq!(answer["errors"][0]["extensions"]["retryable"], true, "{answer}");
    }
}

/// The only row with these words.
async fn once(app: &TestApp, world: &World, words: &str) -> Value {
    let mut phone = light(app.person(&world.here.delegates[1]));
    phone.pull().await;
    let found: Vec<Value> = phone
        .rows_of("feedback")
        .into_iter()
        .filter(|row| row["content"] == words)
        .cloned()
        .collect();
    assert_eq!(found.len(), 1, "{words}: {found:#?}");
    found[0].clone()
}

each_db! {
    async fn cut_at_any_byte_a_pull_changes_nothing_and_goes_on(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = light(app.person(&world.here.delegates[0]));
        let rows: Vec<Value> = (0..30).map(|n| create("feedback", &new_id(), said(&world, &format!("Ý kiến {n}")))).collect();
        author.push(&rows).await;
        let proxy = FaultProxy::start(app.address()).await;
        let road = app.person(&world.here.delegates[1]).through(proxy.address());
        let variables = json!({"maxBytes": 8_192, "collections": ["feedback"]});
        let before = traces(&app).await;
        cut_everywhere(&proxy, &road, PULL, &variables).await;
        assert!(proxy.cuts() >= 14, "{}", proxy.cuts());
        assert_eq!(traces(&app).await, before, "reading leaves no trace");
        let mut phone = light(road);
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), 30);
    }

    async fn cut_at_any_byte_an_rxdb_push_is_stored_once(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let proxy = FaultProxy::start(app.address()).await;
        let person = app.person(&world.here.delegates[0]);
        let mut replica = Replica::new(person.clone(), "feedback", &published());
        let mut document = said(&world, "Qua RxDB");
        document["id"] = json!(new_id());
        let road = person.through(proxy.address());
        let edited = changed(&document, json!({"content": "Qua RxDB, sửa"}));
        for rows in [json!([made(document)]), json!([edited])] {
            cut_everywhere(&proxy, &road, &replica.push_query(), &json!({"feedbackPushRow": rows})).await;
            assert_eq!(replica.push(rows.as_array().unwrap()).await, Vec::<Value>::new());
        }
        assert!(proxy.cuts() >= 20, "{}", proxy.cuts());
        assert_eq!(once(&app, &world, "Qua RxDB, sửa").await["rev"], "2", "made once, changed once");
        let query = replica.pull_query();
        cut_everywhere(&proxy, &road, &query, &json!({"checkpoint": Value::Null, "limit": 10})).await;
        replica.pull(10).await;
        assert_eq!(replica.documents.len(), 1);
    }

    /// One round trip that uploads and downloads: cut after the commit, the same request again brings both.
    async fn cut_at_any_byte_a_push_with_its_page_is_repeated_whole(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        phone.pull().await;
        let proxy = FaultProxy::start(app.address()).await;
        let road = phone.person.through(proxy.address());
        let rows = [create("feedback", &new_id(), said(&world, "Đi và về"))];
        // With a push a cursor serves the collections that it was last asked for.
        let mut all = Phone::new(phone.person.clone());
        all.pull().await;
        let variables = json!({"rows": rows, "cursor": all.cursor});
        cut_everywhere(&proxy, &road, PUSH, &variables).await;
        let answer = road.data(PUSH, variables).await["syncPush"].clone();
        assert_eq!(answer["results"][0]["status"], "DUPLICATE");
        all.apply(&answer["pull"]);
        assert_eq!(all.rows_of("feedback").len(), 1);
        assert_eq!(once(&app, &world, "Đi và về").await["rev"], "1");
    }

    /// A later request passes one that is held up somewhere; then the old one arrives after all, and twice.
    async fn a_request_that_arrives_late_undoes_nothing(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let person = app.person(&world.here.delegates[0]);
        let proxy = FaultProxy::start(app.address()).await;
        proxy.keep_requests();
        let road = person.through(proxy.address());
        let id = new_id();
        let at = |mut row: Value, minute: u32| {
            row["recordedAt"] = json!(format!("2026-03-02T08:{minute:02}:00+07:00"));
            row
        };
        let first = at(create("feedback", &id, said(&world, "Bản một")), 1);
        let second = at(change("feedback", &id, "1", json!({"content": "Bản hai"})), 2);
        let third = at(change("feedback", &id, "2", json!({"content": "Bản ba"})), 3);
        let body = |rows: &[&Value]| Phone::push_body(&rows.iter().map(|row| row.to_string()).collect::<Vec<_>>());
        // The first upload is held up; the phone gives up waiting and sends it again with what it wrote meanwhile.
        proxy.hold_next(1);
        let held = tokio::spawn({
            let (road, body) = (road.clone(), body(&[&first, &second]));
            async move { road.try_send(body).await }
        });
        while proxy.connections() < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let answer = road.try_send(body(&[&first, &second, &third])).await.unwrap().body;
        let told: Vec<_> = answer["data"]["syncPush"]["results"].as_array().unwrap().iter().map(|result| result["status"].clone()).collect();
        assert_eq!(told, ["APPLIED", "APPLIED", "APPLIED"]);
        proxy.release();
        let late = held.await.unwrap().unwrap().body;
        let told: Vec<_> = late["data"]["syncPush"]["results"].as_array().unwrap().iter().map(|result| result["status"].clone()).collect();
        assert_eq!(told, ["DUPLICATE", "DUPLICATE"]);
        for request in proxy.kept() {
            proxy.repeat(&request).await;
        }
        assert_eq!(once(&app, &world, "Bản ba").await["rev"], "1", "one push is one change");
    }

    /// Ten phones over a road that delays each request at random, doubles it, and repeats old ones in between.
    async fn a_road_that_delays_doubles_repeats_and_reorders_stores_each_row_once(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let seed = seeds::seed();
        let mut rng = StdRng::seed_from_u64(seed);
        let proxy = FaultProxy::start(app.address()).await;
        proxy.keep_requests();
        proxy.scatter(StdRng::seed_from_u64(seed), Duration::from_millis(60));
        let mut written = Vec::new();
        for round in 0..3 {
            if round == 1 {
                proxy.double_requests();
            }
            let mut sending = Vec::new();
            for phone in 0..10 {
                let road = app.person(&world.here.delegates[phone % 2]).through(proxy.address());
                let words = format!("Ý kiến {round}/{phone}");
                let id = new_id();
                let rows = [
                    create("feedback", &id, said(&world, "Bản đầu")),
                    change("feedback", &id, "1", json!({"content": words})),
                ];
                // Both rows in one request, and the first once more in one of its own, at the same time.
                let (both, first) = (json!({"rows": rows}), json!({"rows": rows[..1]}));
                written.push(words);
                sending.push(tokio::spawn(async move {
                    tokio::join!(patiently(&road, PUSH, &both), patiently(&road, PUSH, &first))
                }));
            }
            for sent in sending {
                let (both, first) = sent.await.unwrap();
                for answer in [both, first] {
                    for result in answer["syncPush"]["results"].as_array().unwrap() {
                        let status = result["status"].as_str().unwrap();
                        assert!(["APPLIED", "DUPLICATE", "MERGED"].contains(&status), "{result}");
                    }
                }
            }
            let mut old = proxy.kept();
            old.shuffle(&mut rng);
            let repeated = rng.random_range(5..15);
            let repeating = old.iter().take(repeated).map(|request| proxy.repeat(request));
            futures_util::future::join_all(repeating).await;
        }
        for words in written {
            once(&app, &world, &words).await;
        }
        let stored = crate::faults::fleet::stored(app.state.store.read()).await;
        assert_eq!(stored.len(), 30);
        assert!(stored.values().all(|count| *count == 1), "each recorded once");
    }
}
