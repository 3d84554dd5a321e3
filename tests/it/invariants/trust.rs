//! I14 to I18: who sends, how old his app is, which database stands there, and what his clock says.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Duration};
use cutri::{
    clock::{Clock, ManualClock},
    entropy::SystemEntropy,
    feedback::tracking::TrackingCode,
    sync::registry,
};
use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, change, create, new_id, take_back},
    world::World,
};
use serde_json::{Value, json};

use super::{
    kept::{everything, places},
    light, record, said, second_device, stage, statuses, traces,
};

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

/// Vietnamese letters in one piece, and as some keyboards put them together.
const LETTERS: [(&str, &str); 3] = [("ờ", "o\u{31b}\u{300}"), ("ỏ", "o\u{309}"), ("ả", "a\u{309}")];

/// What comes of a text that was put together otherwise: the only thing in which it may differ.
fn composed(text: &str) -> String {
    LETTERS
        .iter()
        .fold(text.to_owned(), |text, (one, apart)| text.replace(apart, one))
}

/// The rows of a release with a value in every field, in letters that are put together otherwise.
fn without_gaps(text: &str, world: &World) -> String {
    let code = TrackingCode::from_bytes([1, 5, 0, 1, 5]).to_string();
    let meeting = world.here.meeting.to_string();
    let mut text = text.to_owned();
    for (gap, name, value) in [
        ("null", "trackingCode", code.as_str()),
        ("null", "meetingId", meeting.as_str()),
        ("\"\"", "attendanceBands", "female=12 farmer=7"),
    ] {
        let gap = format!("\"{name}\": {gap}");
        assert!(text.contains(&gap), "{gap}");
        text = text.replace(&gap, &format!("\"{name}\": \"{value}\""));
    }
    for (one, apart) in LETTERS {
        assert!(text.contains(one), "{one}");
        text = text.replace(one, apart);
    }
    text
}

/// A value for a comparison: of a time the moment, which travels with microseconds; nothing and an empty text are the same.
fn same(value: &Value) -> Value {
    match value.as_str() {
        Some("") => Value::Null,
        Some(text) => DateTime::parse_from_rfc3339(text)
            .map_or_else(|_| value.clone(), |at| json!(at.timestamp_micros())),
        None => value.clone(),
    }
}

each_db! {
    /// The token expires between two batches of one outbox; and a queue that was left on a shared phone is sent by another.
    async fn i14_an_expired_token_loses_nothing_and_nobody_sends_for_another(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let [author, colleague] = &world.here.delegates;
        let mut phone = light(app.person(author));
        let batches: Vec<Vec<Value>> = (0..3)
            .map(|batch| (0..5).map(|n| create("feedback", &new_id(), said(&world, &format!("Ý kiến {batch}/{n}")))).collect())
            .collect();
        assert_eq!(statuses(&phone.push(&batches[0]).await), ["APPLIED"; 5]);
        clock.advance(Duration::hours(1));
        for batch in &batches {
            let texts: Vec<String> = batch.iter().map(Value::to_string).collect();
            let answer = phone.person.try_send(Phone::push_body(&texts)).await.unwrap();
            assert_eq!((answer.status, code(&answer.body)), (401, "TOKEN_EXPIRED"), "as JSON");
        }
        phone.person = phone.person.signed_again(&app.state, app.address());
        assert_eq!(statuses(&phone.push(&batches[0]).await), ["DUPLICATE"; 5]);
        for batch in &batches[1..] {
            assert_eq!(statuses(&phone.push(batch).await), ["APPLIED"; 5], "the very same rows");
        }
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), 15);

        // The queue of one, sent as the other.
        let id = batches[0][0]["id"].as_str().unwrap();
        let mut signed = said(&world, "lời-của-người-trước");
        signed["authorId"] = json!(author.account);
        let queue = [create("feedback", &new_id(), signed), change("feedback", id, "1", json!({"content": "sửa-của-người-trước"}))];
        let other = light(app.person(colleague));
        let results = other.push(&queue).await;
        assert_eq!(statuses(&results), ["REJECTED", "REJECTED"]);
        let codes: Vec<_> = results.iter().map(|result| &result["errors"][0]["code"]).collect();
        assert_eq!(codes, ["FOREIGN_AUTHOR", "NOT_FOUND"]);
        let all = everything(&app.state).await;
        for words in ["lời-của-người-trước", "sửa-của-người-trước"] {
            assert_eq!(places(&all, words), ["quarantine"], "kept, and nobody's");
        }
        // Its author sends it himself: it is his.
        assert_eq!(statuses(&phone.push(&queue).await), ["APPLIED", "APPLIED"]);
    }

    /// What apps of every release wrote is taken, and every field comes back as it was written: the rows are committed beside
    /// the tests and never changed. A second delegate writes the same without a gap, in letters that are put together otherwise.
    async fn i15_what_apps_of_every_release_wrote_is_taken(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-11-22T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, clock as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let releases = [("0.1.0", include_str!("golden/0.1.0.json"))];
        let mut named: BTreeSet<(String, String)> = BTreeSet::new();
        let mut come_back: BTreeSet<(String, String)> = BTreeSet::new();
        for (release, text) in releases {
            let office = app.person(&world.here.office);
            let [first, second] = &world.here.delegates;
            let mut early = said(&world, "Cầu gãy");
            early["recordedAt"] = json!("2026-03-01T08:00:00+07:00");
            let grouped = new_id();
            Phone::new(app.person(first)).push(&[create("feedback", &grouped, early)]).await;
            let petition = office.done("groupFeedback", json!({"feedbackIds": [grouped], "title": "Cầu", "content": "Cầu gãy"}), "petition { id }").await;
            let petition = petition["petition"]["id"].as_str().unwrap();
            let forward = json!({"petitionIds": [petition], "leadId": world.here.committee, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
            office.done("classifyPetition", json!({"petitionId": petition, "field": "transport", "tier": "commune"}), "").await;
            office.done("forwardPetitions", forward, "").await;
            let mut text = text.to_owned();
            for (name, value) in [("{unit}", world.here.unit.to_string()), ("{meeting}", world.here.meeting.to_string()),
                ("{petition}", petition.to_owned()), ("{agency}", world.here.committee.to_string())] {
                text = text.replace(name, &value);
            }
            for (author, written) in [(first, text.clone()), (second, without_gaps(&text, &world))] {
                let mut phone = light(app.person(author));
                // The same ids in what is sent and in what is expected.
                let mut sent = written;
                while sent.contains("{new}") {
                    sent = sent.replacen("{new}", &new_id(), 1);
                }
                let rows: Vec<Value> = serde_json::from_str(&sent).unwrap();
                let expected: Vec<Value> = serde_json::from_str(&composed(&sent)).unwrap();
                for row in &rows {
                    let result = phone.push(std::slice::from_ref(row)).await.remove(0);
                    assert!(["APPLIED", "MERGED"].contains(&result["status"].as_str().unwrap()), "{release}: {row}\n{result}");
                }
                phone.pull().await;
                for row in expected {
                    let (collection, id) = (row["collection"].as_str().unwrap(), row["id"].as_str().unwrap());
                    let writable = registry::writable(collection).unwrap();
                    let held = phone.row(collection, id);
                    assert_eq!(held["id"], row["id"], "{release}: {row}");
                    for (name, value) in row["patch"].as_object().unwrap() {
                        let field = (collection.to_owned(), name.clone());
                        if writable.write_only().contains(&name.as_str()) {
                            assert_eq!(held[name], Value::Null, "{release}: {collection}.{name} is never given back");
                        } else {
                            assert_eq!(same(&held[name]), same(value), "{release}: {collection}.{name}\n{held}");
                            if !same(value).is_null() {
                                come_back.insert(field.clone());
                            }
                        }
                        named.insert(field);
                    }
                }
            }
        }
        // Whoever adds a field that phones may write adds it to the rows of the release in which it first appears.
        for collection in registry::COLLECTIONS {
            let Some(writable) = registry::writable(collection.name()) else { continue };
            for field in writable.fields().iter().chain(writable.write_only()) {
                assert!(named.contains(&(collection.name().to_owned(), (*field).to_owned())), "{}.{field}", collection.name());
            }
            for field in writable.fields() {
                let field = (collection.name().to_owned(), (*field).to_owned());
                assert!(come_back.contains(&field), "{field:?}: a value was written and compared");
            }
        }
    }

    /// A copy of last night is put back: phones are told, and what they wrote since is there again.
    async fn i16_a_restored_database_is_noticed_and_gets_its_rows_back(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let [author, colleague] = &world.here.delegates;
        let (mut mine, mut theirs) = (light(app.person(author)), light(app.person(colleague)));
        let early = record(&mine, &world, "trước").await;
        mine.pull().await;
        theirs.pull().await;
        let copy = db.backup().await;
        let note = new_id();
        let rows = [
            create("note", &note, json!({"text": "ghi-sau-bản-sao"})),
            change("feedback", &early, "1", json!({"content": "sửa-sau-bản-sao"})),
            create("feedback", &new_id(), said(&world, "nói-sau-bản-sao")),
        ];
        assert_eq!(statuses(&mine.push(&rows).await), ["APPLIED"; 3]);
        mine.pull().await;
        let keys = app.stop().await;
        db.put_back(&copy).await;
        let app = TestApp::start_again(&db, keys).await;
        assert_eq!(places(&everything(&app.state).await, "sau-bản-sao"), Vec::<&str>::new());
        let epoch = mine.epoch.clone();
        mine.person = app.person(author);
        theirs.person = app.person(colleague);
        mine.pull().await;
        assert_ne!(mine.epoch, epoch);
        theirs.pull().await;
        let all = everything(&app.state).await;
        for words in ["ghi-sau-bản-sao", "sửa-sau-bản-sao", "nói-sau-bản-sao"] {
            assert!(places(&all, words).contains(&"row"), "{words}");
        }
        for phone in [&mine, &theirs] {
            let mut fresh = light(phone.person.clone());
            fresh.pull().await;
            assert_eq!((fresh.digest(), &fresh.rows), (phone.digest(), &phone.rows));
            assert_eq!(phone.row("feedback", &early)["content"], "sửa-sau-bản-sao");
        }
        assert_eq!(mine.row("note", &note)["text"], "ghi-sau-bản-sao");
    }

    /// What was taken back after the copy was made, and what the copy never had: nobody works with it again.
    async fn i16_what_was_taken_back_stays_so_after_a_restore(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let [author, colleague] = &world.here.delegates;
        let (mut mine, mut theirs) = (light(app.person(author)), light(app.person(colleague)));
        let now = app.state.clock.now();
        let starts = cutri::clock::wire(now + Duration::days(2));
        let contact = || create("meeting", &new_id(), json!({"kind": "individual_or_group", "unitIds": world.here.unit,
            "place": "Quán cà phê ấp 2", "startsAt": starts, "title": "Gặp nhóm cử tri ấp 2"}));
        let words = |content: &str| create("feedback", &new_id(), said(&world, content));
        let early = [words("có trong bản sao"), contact()];
        assert_eq!(statuses(&mine.push(&early).await), ["APPLIED"; 2]);
        mine.pull().await;
        theirs.pull().await;
        let copy = db.backup().await;
        let later = [words("sau bản sao"), contact()];
        assert_eq!(statuses(&mine.push(&later).await), ["APPLIED"; 2]);
        let taken: Vec<(&str, &str)> = early.iter().chain(&later)
            .map(|row| (row["collection"].as_str().unwrap(), row["id"].as_str().unwrap()))
            .collect();
        let back = || taken.iter().map(|(collection, id)| take_back(collection, id)).collect::<Vec<_>>();
        assert_eq!(statuses(&mine.push(&back()).await), ["APPLIED"; 4]);
        mine.pull().await;

        let keys = app.stop().await;
        db.put_back(&copy).await;
        // So late that by the clock the contacts were held.
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now + Duration::days(3)));
        let app = TestApp::start_from(&db, clock, Arc::new(SystemEntropy), Some(keys)).await;
        mine.person = app.person(author);
        theirs.person = app.person(colleague);
        let mut office = light(app.person(&world.here.office));
        for phone in [&mut mine, &mut theirs, &mut office] {
            phone.pull().await;
            phone.pull().await;
            for (collection, id) in &taken {
                let status = if *collection == "meeting" { "cancelled" } else { "withdrawn" };
                assert_eq!(phone.row(collection, id)["status"], status, "{collection} {id}");
            }
        }
        for (_, id) in taken.iter().filter(|(collection, _)| *collection == "feedback") {
            let group = json!({"feedbackIds": [id], "title": "Đường", "content": "Đường hỏng"});
            assert_eq!(office.person.refused("groupFeedback", group).await, "INVALID_STATE");
        }
        // Offered to a copy that knows of it, it is nothing new and nobody's trouble.
        let before = traces(&app).await;
        assert_eq!(statuses(&mine.push(&back()).await), ["DUPLICATE"; 4]);
        assert_eq!(traces(&app).await, before);
        assert!(mine.rows_of("syncIssue").is_empty());
    }

    /// Phones whose clocks are ten years off: what they say is kept as data, and decides no order.
    async fn i17_a_phones_clock_is_data_and_never_order(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let (mut phone, tablet) = (light(app.person(author)), light(second_device(&app, author).await));
        let now = app.state.clock.now();
        for years in [-10, 10] {
            let recorded = cutri::clock::wire(now + Duration::days(365 * years));
            let mut patch = said(&world, "Ghi theo đồng hồ sai");
            patch["recordedAt"] = json!(recorded);
            let mut row = create("feedback", &new_id(), patch);
            row["recordedAt"] = json!(recorded);
            let id = row["id"].as_str().unwrap().to_owned();
            assert_eq!(phone.push(&[row]).await[0]["status"], "APPLIED", "{years} years");
            phone.pull().await;
            let stored = phone.row("feedback", &id).clone();
            assert_eq!(stored["recordedAt"], json!(recorded));
            let received = stored["receivedAt"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
            assert!((received - now).num_minutes() < 5, "{received}");
            // Its clock is put right in between, forwards or back: what it writes in sight of its own words comes after them.
            let mut later = change("feedback", &id, "1", json!({"content": "Sửa khi đồng hồ đã đúng"}));
            later["recordedAt"] = json!(cutri::clock::wire(now));
            let result = phone.push(&[later]).await.remove(0);
            assert_eq!((&result["status"], &result["rev"]), (&json!("APPLIED"), &json!("2")), "{years} years: {result}");
            // A clock far ahead wins nothing against another device.
            let mut ahead = change("feedback", &id, "1", json!({"content": "Máy khác"}));
            ahead["recordedAt"] = json!(cutri::clock::wire(now + Duration::days(3_650)));
            assert_eq!(tablet.push(&[ahead]).await[0]["status"], "CONFLICT");
            // Nothing tells whether this was written in sight of the last words: they stay, it is kept, and he is told.
            let mut unknown = change("feedback", &id, "1", json!({"content": "Không rõ trước hay sau"}));
            unknown["recordedAt"] = json!(cutri::clock::wire(now - Duration::days(3_650)));
            let told = phone.push(&[unknown.clone()]).await.remove(0);
            assert_eq!((&told["status"], &told["master"]["content"]), (&json!("MERGED"), &json!("Sửa khi đồng hồ đã đúng")));
            assert_eq!(phone.push(&[unknown]).await[0]["status"], "DUPLICATE");
            assert_eq!(places(&everything(&app.state).await, "Không rõ trước hay sau"), ["history"]);
            phone.pull().await;
            assert_eq!(phone.row("feedback", &id)["content"], "Sửa khi đồng hồ đã đúng");
        }
    }
}

/// One seed, one history, on both databases: every step has the same outcome, and what pages and uploads answer is the
/// same, every member of every row.
#[test]
fn i18_both_databases_answer_the_same() {
    crate::simulation::the_same_on_both();
}
