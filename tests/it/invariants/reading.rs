//! I1 to I3, I13, I19, I20: what phones read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::Duration as Span;
use cutri::{
    clock::{Clock, ManualClock},
    entropy::SystemEntropy,
    sync::rxdb::json_schema::published,
};
use cutri_tests::{
    FaultProxy, TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{PULL, Phone, create, new_id},
    rxdb::Replica,
    seeds,
    socket::Socket,
    world::World,
};
use entity::sync_clock;
use rand::Rng;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{light, record, said, second_device, stage};

const FOLLOW: &str = "subscription { streamFeedback { documents { id } checkpoint { cursor } } }";

each_db! {
    /// Eight phones write; others, who began at different moments, follow in pages of their own size.
    async fn i01_a_follower_from_any_start_sees_every_change(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let app = Arc::new(app);
        let mut writers = Vec::new();
        for writer in 0..8 {
            let login = &world.here.delegates[writer % 2];
            let phone = Phone::new(second_device(&app, login).await);
            let world = world.clone();
            let mut rng = seeds::rng();
            writers.push(tokio::spawn(async move {
                let mut written = Vec::new();
                for push in 0..6 {
                    let ids: Vec<String> = (0..rng.random_range(1..4)).map(|_| new_id()).collect();
                    let rows: Vec<Value> = ids.iter().map(|id| create("feedback", id, said(&world, &format!("{writer}/{push}")))).collect();
                    phone.push_patiently(&rows).await;
                    tokio::time::sleep(Duration::from_millis(rng.random_range(0..15))).await;
                    written.extend(ids);
                }
                written
            }));
        }
        let mut followers = Vec::new();
        for begins in 0..4_u64 {
            let mut phone = Phone::new(second_device(&app, &world.here.delegates[1]).await);
            phone.collections = Some(vec!["feedback".to_owned()]);
            followers.push(tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(begins * 40)).await;
                // So small a page ends after 16 rows at the most.
                for _ in 0..40 {
                    phone.pull_page(Some(1_024)).await;
                    tokio::time::sleep(Duration::from_millis(begins + 1)).await;
                }
                phone
            }));
        }
        let mut written = BTreeSet::new();
        for writer in writers {
            written.extend(writer.await.unwrap());
        }
        for follower in followers {
            let mut phone = follower.await.unwrap();
            // Its last page also proves that the sums are equal.
            phone.pull_in_pages(Some(1_024)).await;
            let seen: BTreeSet<String> = phone.rows.into_keys().map(|(_, id)| id).collect();
            assert_eq!(seen, written);
        }
    }

    /// Two servers whose clocks differ by minutes, jump back an hour and on by ten years: a checkpoint only rises, and
    /// brings each change once, in the order of commits.
    async fn i02_a_checkpoint_follows_commits_and_no_clock(db: TestDatabase) {
        let start = "2026-03-02T01:00:00Z".parse().unwrap();
        let clocks = [ManualClock::at(start), ManualClock::at(start + Span::minutes(5))].map(Arc::new);
        let one = TestApp::start_from(&db, Arc::clone(&clocks[0]) as Arc<dyn Clock>, Arc::new(SystemEntropy), None).await;
        let world = World::create(&one.state).await;
        let keys = Some(one.installation());
        let two = TestApp::start_from(&db, Arc::clone(&clocks[1]) as Arc<dyn Clock>, Arc::new(SystemEntropy), keys).await;
        let apps = [&one, &two];
        let mut phone = light(one.person(&world.here.delegates[1]));
        phone.collections = Some(vec!["feedback".to_owned()]);
        phone.pull().await;
        let mut positions: BTreeMap<String, i64> = BTreeMap::new();
        for (turn, hours) in [0, -1, 0, 87_600, -1, -87_600, 0, 1].into_iter().enumerate() {
            clocks[turn % 2].advance(Span::hours(hours));
            let mut expected = Vec::new();
            for app in apps {
                let author = Phone::new(app.person(&world.here.delegates[0]));
                expected.push(("feedback".to_owned(), record(&author, &world, "Ý kiến").await, Some("1".to_owned())));
            }
            let reading = apps[(turn + 1) % 2];
            phone.person = reading.person(&world.here.delegates[1]);
            assert_eq!(phone.pull().await, expected, "turn {turn}");
            for clock in sync_clock::Entity::find().all(one.state.store.read()).await.unwrap() {
                let before = positions.insert(clock.id.clone(), clock.seq).unwrap_or(0);
                assert!(before <= clock.seq, "{} went back", clock.id);
            }
        }
    }

    /// However large the page: a full one may be followed by more, a short one is the last. A limit is refused by name or kept.
    async fn i03_a_short_page_is_the_last_and_no_limit_is_cut(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = Phone::new(app.person(&world.here.delegates[0]));
        let rows: Vec<Value> = (0..37).map(|n| create("feedback", &new_id(), said(&world, &"dài ".repeat(1 + n * 20)))).collect();
        author.push_patiently(&rows).await;
        for (turn, limit) in [1, 2, 5, 7, 40, 41, 42, 1_000].into_iter().enumerate() {
            let all = 37 + turn;
            let mut replica = Replica::new(app.person(&world.here.delegates[1]), "feedback", &published());
            let mut sizes = Vec::new();
            while sizes.last().is_none_or(|size| *size == limit) {
                sizes.push(replica.pull_page(limit as i64).await);
            }
            assert_eq!((sizes.iter().sum::<usize>(), replica.documents.len()), (all, all), "{limit}: {sizes:?}");
            // Something new is the next page of the same reader.
            record(&author, &world, "mới").await;
            assert_eq!(replica.pull_page(limit as i64).await, 1);
        }
        let replica = Replica::new(app.person(&world.here.delegates[1]), "feedback", &published());
        for (limit, code) in [(1_001, "LIMIT_TOO_LARGE"), (0, "OUT_OF_RANGE"), (-1, "OUT_OF_RANGE")] {
            assert_eq!(replica.ask_page(limit).await.body["errors"][0]["extensions"]["code"], code, "{limit}");
        }
        let most = "query($bytes: Int) { syncPull(maxBytes: $bytes) { more } }";
        for (bytes, code) in [(4 << 20, Value::Null), ((4 << 20) + 1, json!("LIMIT_TOO_LARGE")), (1_023, json!("OUT_OF_RANGE"))] {
            let answer = author.person.ask(most, json!({"bytes": bytes})).await.body;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{bytes}");
        }
    }

    /// A live socket that is opened and lost again and again, pulling each time it is back, misses nothing.
    async fn i13_what_a_stream_and_its_pulls_tell_together_is_everything(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let app = Arc::new(app);
        let reader = app.person(&world.here.delegates[1]);
        let written = Arc::new(Mutex::new(BTreeSet::new()));
        let writing = tokio::spawn({
            let (phone, world) = (Phone::new(app.person(&world.here.delegates[0])), world.clone());
            let written = Arc::clone(&written);
            async move {
                for n in 0..50 {
                    let id = record(&phone, &world, &format!("Ý kiến {n}")).await;
                    written.lock().unwrap().insert(id);
                    tokio::time::sleep(Duration::from_millis(n % 7)).await;
                }
            }
        });
        let mut replica = Replica::new(reader.clone(), "feedback", &published());
        let mut seen = BTreeSet::new();
        let mut streamed = 0;
        let mut is_over = false;
        while !is_over {
            is_over = writing.is_finished();
            let mut socket = Socket::signed_in(app.address(), reader.token()).await;
            // What RxDB does once it is connected: pull, and subscribe whenever it comes to it.
            replica.pull(10).await;
            seen.extend(replica.documents.keys().cloned());
            socket.subscribe("s", FOLLOW, json!({})).await;
            let begun = tokio::time::Instant::now();
            // After a while the socket is lost. What was acknowledged until then has come by one road or the other; what
            // is on its way is waited for.
            let (lost, longest) = (begun + Duration::from_millis(250), begun + Duration::from_secs(15));
            let mut due: Option<BTreeSet<String>> = None;
            loop {
                if due.is_none() && tokio::time::Instant::now() >= lost {
                    due = Some(written.lock().unwrap().clone());
                }
                if due.as_ref().is_some_and(|due| due.is_subset(&seen)) {
                    break;
                }
                let Some(heard) = socket.hear_until(if due.is_some() { longest } else { lost }).await else {
                    let due = due.clone().unwrap_or_default();
                    let missing: Vec<_> = due.difference(&seen).collect();
                    assert!(missing.is_empty(), "neither pulled nor told: {missing:?}");
                    continue;
                };
                assert_eq!(heard["payload"]["data"]["streamFeedback"]["checkpoint"], Value::Null);
                for document in heard["payload"]["data"]["streamFeedback"]["documents"].as_array().unwrap() {
                    seen.insert(document["id"].as_str().unwrap().to_owned());
                    streamed += 1;
                }
            }
        }
        writing.await.unwrap();
        assert_eq!(seen, *written.lock().unwrap());
        assert!(streamed > 10, "{streamed} by the stream");
    }

    /// The road is cut once, at any byte: the phone goes on where its last page ended, and pays a tenth more at most.
    async fn i19_a_first_sync_survives_a_cut_at_any_byte(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = Phone::new(app.person(&world.here.delegates[0]));
        let words = crate::bytes::Words::new();
        let rows: Vec<Value> = (0..1_500).map(|_| create("feedback", &new_id(), said(&world, &words.say(40)))).collect();
        author.push_patiently(&rows).await;
        let proxy = FaultProxy::start(app.address()).await;
        let person = app.person(&world.here.delegates[1]).through(proxy.address());
        let whole = first_sync(&proxy, &person, 65_536, None).await;
        let points = if seeds::is_full() { 60 } else { 5 };
        let mut rng = seeds::rng();
        let mut worst = 0;
        for point in 0..points {
            let at = whole * point / points + rng.random_range(0..whole / points);
            let paid = first_sync(&proxy, &person, 65_536, Some(at)).await;
            worst = worst.max(paid);
            assert!(paid * 10 < whole * 11, "cut at byte {at}: {paid} bytes instead of {whole}");
        }
        println!("a first sync of 1,500 rows: {whole} bytes, with one cut at most {worst}");
    }

    /// Whoever signs in on a new phone sees this week's work first, however long the rest takes.
    async fn i19_a_first_sync_brings_the_newest_first(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = light(app.person(&world.here.delegates[0]));
        let mut said = Vec::new();
        for number in 0..24 {
            said.push(record(&author, &world, &format!("Ý kiến {number}: {}", "đường ngập ".repeat(60))).await);
        }
        let mut phone = light(app.person(&world.here.delegates[1]));
        let (mut came, mut pages) = (Vec::new(), 0);
        loop {
            let (seen, more) = phone.pull_page(Some(8_192)).await;
            pages += 1;
            came.extend(seen.into_iter().filter(|(of, ..)| of == "feedback").map(|(_, id, _)| id));
            if !more {
                break;
            }
        }
        said.reverse();
        assert_eq!(came, said);
        assert!(pages > 2, "{pages}");
    }

    /// Every page is cut once and read again; none from the start.
    async fn i19_every_page_of_a_first_sync_may_be_cut_once(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = Phone::new(app.person(&world.here.delegates[0]));
        let rows: Vec<Value> = (0..300).map(|n| create("feedback", &new_id(), said(&world, &format!("Ý kiến {n}")))).collect();
        author.push_patiently(&rows).await;
        let proxy = FaultProxy::start(app.address()).await;
        let person = app.person(&world.here.delegates[1]).through(proxy.address());
        let whole = first_sync(&proxy, &person, 8_192, None).await;
        let before = proxy.answered();
        let mut phone = light(person.clone());
        let mut rng = seeds::rng();
        loop {
            proxy.cut_response_after(rng.random_range(0..1_000));
            let lost = packed_page(&person, phone.cursor.as_deref(), 8_192).await;
            assert!(lost.is_err());
            proxy.clear();
            let page = packed_page(&person, phone.cursor.as_deref(), 8_192).await.unwrap();
            phone.apply(&page);
            if page["more"] == false {
                break;
            }
        }
        assert!(proxy.cuts() > 5 && phone.rows_of("feedback").len() == 300);
        assert!(proxy.answered() - before < whole * 2, "linear");
    }

    /// One bit of the version of one row is wrong on the phone: it finds that it is not whole, and repairs exactly that row.
    /// The digest is of ids and versions; the words of a row are not in it.
    async fn i20_one_wrong_bit_is_found_and_exactly_that_row_repaired(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let rows: Vec<Value> = (0..40).map(|n| create("feedback", &new_id(), said(&world, &format!("Ý kiến {n}")))).collect();
        phone.push(&rows).await;
        phone.pull().await;
        let held = phone.clone();
        let key = ("feedback".to_owned(), rows[17]["id"].as_str().unwrap().to_owned());
        phone.rows.get_mut(&key).unwrap()["rev"] = json!("9");
        assert_eq!(crate::digest::repair(&mut phone).await, std::slice::from_ref(&key));
        assert_eq!(phone.rows, held.rows);
        // A row that was lost, and one that should not be there.
        phone.rows.remove(&key);
        phone.lies.remove(&key);
        let ghost = ("feedback".to_owned(), new_id());
        phone.rows.insert(ghost.clone(), json!({"id": ghost.1, "rev": "1"}));
        let place = held.lies[&key].clone();
        phone.lies.insert(ghost.clone(), place);
        let repaired: BTreeSet<_> = crate::digest::repair(&mut phone).await.into_iter().collect();
        assert_eq!(repaired, [key, ghost].into());
        assert_eq!((phone.rows, phone.lies), (held.rows, held.lies));
    }
}

/// Reads everything but the units in pages of this size, packed; the road is cut once at this byte of all answers.
/// How many bytes came.
async fn first_sync(proxy: &FaultProxy, person: &Person, bytes: i32, cut_at: Option<u64>) -> u64 {
    let begun = proxy.answered();
    let mut phone = light(person.clone());
    let mut cut_at = cut_at;
    loop {
        if let Some(at) = cut_at {
            proxy.cut_response_after(at.saturating_sub(proxy.answered() - begun));
        }
        let (known, cuts) = (phone.rows.len(), proxy.cuts());
        match packed_page(person, phone.cursor.as_deref(), bytes).await {
            Ok(page) => {
                phone.apply(&page);
                if page["more"] == false {
                    break;
                }
            }
            Err(_) => {
                assert!(proxy.cuts() > cuts, "nothing else goes wrong");
                assert_eq!(phone.rows.len(), known, "a page is taken whole or not at all");
            }
        }
        if proxy.cuts() > cuts {
            cut_at = None;
            proxy.clear();
        }
    }
    proxy.clear();
    proxy.answered() - begun
}

/// One page as a phone on a slow road asks for it; an error where the road was cut.
async fn packed_page(person: &Person, cursor: Option<&str>, bytes: i32) -> Result<Value, String> {
    let variables = json!({"cursor": cursor, "maxBytes": bytes, "collections": super::DAILY});
    let answer = person.try_packed(PULL, variables).await?;
    Ok(answer.body["data"]["syncPull"].clone())
}
