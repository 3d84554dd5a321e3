//! Waking phones: who gets a signal, when, what is in it, and what becomes of one that does not arrive.

use std::{sync::Arc, time::Duration as RealTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock},
    waking::{AWAKE, Gateway, Hosts, LEASE, QUIET, SETTLE, Settings, Turns},
};
use cutri_tests::{
    Kind, ServerProcess, TestApp, TestDatabase,
    app::{Person, state_on},
    byte_search, each_db,
    phone::{Phone, change, create, new_id},
    push_service::{Answer, PushService, Signal},
    server_process::private_folder,
    world::{Login, Put, World, another_device},
};
use entity::{id::DeviceId, waking};
use hmac::Mac;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

const KEY: &str = "khóa của cổng đẩy";

struct Stage {
    app: TestApp,
    world: World,
    clock: Arc<ManualClock>,
    keys: Arc<TempDir>,
    service: PushService,
    turns: Turns,
}

fn settings(service: &PushService) -> Settings {
    Settings {
        gateway: Gateway::new(&service.endpoint("gateway"), KEY),
        hosts: Hosts::parse("127.0.0.1").unwrap(),
        contact: Some("mailto:van-phong@example.vn".to_owned()),
    }
}

impl Stage {
    async fn set(db: &TestDatabase) -> Self {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let keys = Arc::new(tempfile::tempdir().unwrap());
        let service = PushService::start().await;
        let app = Self::another(db, &clock, &keys, &service).await;
        let world = World::create(&app.state).await;
        Self {
            app,
            world,
            clock,
            keys,
            service,
            turns: Turns::default(),
        }
    }

    /// A server of the same installation.
    async fn another(
        db: &TestDatabase,
        clock: &Arc<ManualClock>,
        keys: &Arc<TempDir>,
        service: &PushService,
    ) -> TestApp {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        let settings = settings(service);
        TestApp::prepared(db, clock, Arc::clone(keys), |state| {
            state.waking.settings = settings
        })
        .await
    }

    /// Time passes, and the server takes its turns; the paths at which signals came.
    async fn after(&mut self, time: Duration) -> Vec<String> {
        self.clock.set(self.clock.now() + time);
        self.turns.take(&self.app.state).await.unwrap();
        self.service.paths()
    }

    /// A turn that sees what changed, and one that has waited long enough.
    async fn settled(&mut self) -> Vec<String> {
        assert_eq!(
            self.after(Duration::zero()).await,
            Vec::<String>::new(),
            "too early"
        );
        self.after(SETTLE).await
    }

    fn delegate(&self) -> &Login {
        &self.world.here.delegates[0]
    }

    async fn register(&self, person: &Person, path: &str) {
        let input = json!({"kind": "WEB_PUSH", "endpoint": self.service.endpoint(path)});
        let done = person.done("registerPush", input, "kind").await;
        assert_eq!(done["kind"], "WEB_PUSH");
    }

    /// A phone that has read everything and is woken at this path.
    async fn asleep(&self, person: Person, path: &str) -> Phone {
        self.register(&person, path).await;
        let mut phone = Phone::new(person);
        phone.pull().await;
        self.clock.set(self.clock.now() + AWAKE);
        phone
    }

    /// The phone with a token of now.
    fn with_new_token(&self, phone: &mut Phone) {
        let (account, device) = (phone.person.account.unwrap(), phone.person.device.unwrap());
        phone.person = Person::new(&self.app.state, self.app.address(), account, device);
    }

    /// Somebody else writes something down here.
    async fn something(&self) -> String {
        let colleague = Phone::new(self.app.person(&self.world.here.delegates[1]));
        let id = new_id();
        let row = create("feedback", &id, self.said("Kín Như Bưng"));
        assert_eq!(colleague.push(&[row]).await[0]["status"], "APPLIED");
        id
    }

    fn said(&self, content: &str) -> Value {
        json!({"kind": "petition", "unitId": self.world.here.unit, "channel": "contact_meeting", "content": content})
    }

    async fn registrations(&self) -> u64 {
        waking::Entity::find()
            .count(self.app.state.store.read())
            .await
            .unwrap()
    }

    async fn second_device(&self, login: &Login) -> Person {
        let device = another_device(&self.app.state, login, DeviceId(Uuid::now_v7()));
        let id = device.id;
        Put::new().row(device).now(&self.app.state).await;
        self.app.person_on(login, id)
    }
}

const NONE: Vec<String> = Vec::new();

/// The claims of the token in a signal, whose signature is checked with the published key.
fn claims(signal: &Signal, public: &str, origin: &str) -> Value {
    let header = &signal.headers["authorization"];
    let (token, key) = header
        .strip_prefix("vapid t=")
        .unwrap()
        .split_once(", k=")
        .unwrap();
    assert_eq!(key, public);
    let point = URL_SAFE_NO_PAD.decode(public).unwrap();
    assert_eq!((point.len(), point[0]), (65, 4));
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key =
        jsonwebtoken::DecodingKey::from_ec_components(&part(&point[1..33]), &part(&point[33..])).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    rules.set_audience(&[origin]);
    // The test lives by another clock.
    rules.validate_exp = false;
    jsonwebtoken::decode::<Value>(token, &key, &rules).unwrap().claims
}

each_db! {
    async fn a_change_wakes_a_sleeping_phone_with_a_signal_that_says_nothing(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let person = stage.app.person(stage.delegate());
        let mut phone = stage.asleep(person.clone(), "one").await;
        assert_eq!(stage.settled().await, NONE, "it has read everything");
        stage.something().await;
        assert_eq!(stage.after(Duration::zero()).await, NONE);
        stage.clock.set(stage.clock.now() + SETTLE);
        stage.turns.take(&stage.app.state).await.unwrap();
        let signals = stage.service.taken();
        let [signal] = signals.as_slice() else { panic!("{signals:?}") };
        assert_eq!(signal.line, "POST /one HTTP/1.1");
        assert!(signal.body.is_empty());
        assert_eq!((signal.headers["ttl"].as_str(), signal.headers["topic"].as_str()), ("86400", "cutri"));
        assert_eq!(signal.headers["urgency"], "normal");
        let mut names: Vec<&str> = signal.headers.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert!(
            names.iter().all(|name| ["accept", "accept-encoding", "authorization", "content-length", "host", "topic", "ttl", "urgency"].contains(name)),
            "nothing else: {names:?}"
        );
        assert!(!signal.raw.contains("Kín") && !signal.raw.contains("feedback"), "{}", signal.raw);
        let public = person.data("{ pushKey }", json!({})).await["pushKey"].as_str().unwrap().to_owned();
        let claims = claims(signal, &public, &stage.service.origin());
        assert_eq!(claims["sub"], "mailto:van-phong@example.vn");
        let left = claims["exp"].as_i64().unwrap() - stage.clock.now().timestamp();
        assert!((1..=86_400).contains(&left), "{left}");

        // Many changes more, and the phone sleeps on: one signal in a quarter of an hour.
        for _ in 0..3 {
            stage.something().await;
            assert_eq!(stage.after(Duration::minutes(4)).await, NONE);
        }
        assert_eq!(stage.after(QUIET).await, ["one"]);
        assert_eq!(stage.after(QUIET).await, NONE, "there is nothing new");
        // It reads; what changes then wakes it as soon as it may be asleep.
        stage.with_new_token(&mut phone);
        phone.pull().await;
        stage.something().await;
        assert_eq!(stage.settled().await, NONE);
        assert_eq!(stage.after(AWAKE - SETTLE).await, ["one"]);
    }

    async fn whoever_reads_by_himself_is_not_woken(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let mut phone = stage.asleep(stage.app.person(stage.delegate()), "one").await;
        stage.something().await;
        assert_eq!(stage.after(Duration::zero()).await, NONE);
        phone.pull().await;
        assert_eq!(stage.after(SETTLE).await, NONE);
        // What it wrote itself, with the page after it in the same answer.
        let id = new_id();
        let query = "mutation($rows: [JSON!]!, $cursor: String) {
            syncPush(rows: $rows, cursor: $cursor) { results { status } pull { cursor more } } }";
        let rows = json!({"rows": [create("feedback", &id, stage.said("của mình"))], "cursor": phone.cursor});
        let done = phone.person.data(query, rows).await;
        assert_eq!(done["syncPush"]["pull"]["more"], false);
        assert_eq!(stage.settled().await, NONE);
        assert_eq!(stage.after(QUIET).await, NONE);
        // What changes elsewhere is none of its business.
        let elsewhere = Phone::new(stage.app.person(&stage.world.there.delegates[0]));
        let mut foreign = stage.said("ở nơi khác");
        foreign["unitId"] = json!(stage.world.there.unit);
        assert_eq!(elsewhere.push(&[create("feedback", &new_id(), foreign)]).await[0]["status"], "APPLIED");
        assert_eq!(stage.settled().await, NONE);
        // It has only sent something: it will read, and is given half a minute.
        stage.with_new_token(&mut phone);
        phone.pull().await;
        phone.push(&[change("feedback", &id, "1", json!({"content": "sửa"}))]).await;
        assert_eq!(stage.settled().await, NONE);
        assert_eq!(stage.after(AWAKE - SETTLE).await, ["one"]);
        // One that reads a part of the collections, as the phone page does, has read what it asks for.
        let mut part = Phone::new(stage.app.person(stage.delegate()));
        part.collections = Some(vec!["feedback".to_owned(), "petition".to_owned()]);
        part.pull().await;
        stage.something().await;
        assert_eq!(stage.after(Duration::zero()).await, NONE);
        part.pull().await;
        assert_eq!(stage.after(AWAKE).await, NONE);
        assert_eq!(stage.after(QUIET).await, NONE);
    }

    async fn whoever_signed_out_was_given_up_or_lost_his_account_is_not_woken(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let login = stage.delegate().clone();
        let phone = stage.app.person(&login);
        let (lost, left) = (stage.second_device(&login).await, stage.second_device(&login).await);
        let asks_nothing = stage.second_device(&login).await;
        for (person, path) in [(&phone, "phone"), (&lost, "lost"), (&left, "left"), (&asks_nothing, "quiet")] {
            stage.register(person, path).await;
        }
        assert_eq!(stage.registrations().await, 4);
        phone.done("revokeDevice", json!({"deviceId": lost.device, "stolen": true}), "").await;
        left.data("mutation { logout { userErrors { code } } }", json!({})).await;
        asks_nothing.data("mutation { unregisterPush { userErrors { code } } }", json!({})).await;
        stage.something().await;
        assert_eq!(stage.settled().await, ["phone"]);
        assert_eq!(stage.registrations().await, 1, "addresses of others are forgotten");
        let disable = json!({"accountId": login.account, "reason": "Nghỉ việc"});
        stage.app.person(&stage.world.administrator).done("disableAccount", disable, "").await;
        stage.something().await;
        assert_eq!(stage.after(QUIET).await, NONE);
        assert_eq!(stage.after(QUIET).await, NONE);
        assert_eq!(stage.registrations().await, 0);
    }

    async fn an_address_that_is_no_more_is_forgotten_and_one_that_fails_is_tried_again(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let login = stage.delegate().clone();
        let mut people = Vec::new();
        for path in ["gone", "unknown", "busy", "broken", "moved"] {
            let person = stage.second_device(&login).await;
            stage.register(&person, path).await;
            people.push(person);
        }
        stage.service.answer("gone", Answer::Status(410));
        stage.service.answer("unknown", Answer::Status(404));
        stage.service.answer("busy", Answer::Later(429, 600));
        stage.service.answer("broken", Answer::Status(500));
        stage.service.answer("moved", Answer::Moved(stage.service.endpoint("elsewhere")));
        stage.something().await;
        assert_eq!(stage.settled().await, ["broken", "busy", "gone", "moved", "unknown"], "no redirect is followed");
        assert_eq!(stage.registrations().await, 3);
        assert_eq!(stage.after(Duration::seconds(29)).await, NONE);
        assert_eq!(stage.after(Duration::seconds(2)).await, ["broken", "moved"]);
        assert_eq!(stage.after(Duration::seconds(31)).await, NONE, "pauses grow");
        assert_eq!(stage.after(Duration::seconds(30)).await, ["broken", "moved"]);
        stage.service.answer("busy", Answer::Status(201));
        stage.service.answer("broken", Answer::Status(201));
        assert_eq!(stage.after(Duration::seconds(600)).await, ["broken", "busy", "moved"], "as it wished");
        assert_eq!(stage.after(Duration::seconds(240)).await, ["moved"]);
        // It is forgotten after days, not after years.
        let mut attempts = 5;
        while stage.registrations().await > 2 {
            attempts += stage.after(Duration::hours(7)).await.len();
            assert!(attempts < 30);
        }
        assert_eq!(attempts, 20);
        // The app registers at every start, and is woken again.
        let person = stage.app.person_on(&login, people[0].device.unwrap());
        stage.register(&person, "new").await;
        stage.something().await;
        assert_eq!(stage.settled().await, ["broken", "busy", "new"]);
    }

    async fn of_several_servers_one_wakes_and_what_a_killed_one_did_not_send_another_does(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.asleep(stage.app.person(stage.delegate()), "one").await;
        let other = Stage::another(&db, &stage.clock, &stage.keys, &stage.service).await;
        let mut others = Turns::default();
        assert_eq!(stage.after(Duration::zero()).await, NONE);
        stage.something().await;
        assert_eq!(stage.after(Duration::zero()).await, NONE);
        others.take(&other.state).await.unwrap();
        stage.clock.set(stage.clock.now() + SETTLE);
        let (one, two) = tokio::join!(stage.turns.take(&stage.app.state), others.take(&other.state));
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        assert_eq!(stage.service.paths(), ["one"]);

        // Killed while the signal is on its way: nobody knows whether it arrived.
        stage.service.answer("one", Answer::Silence);
        stage.something().await;
        assert_eq!(stage.after(QUIET).await, NONE);
        stage.clock.set(stage.clock.now() + SETTLE);
        let killed = tokio::time::timeout(RealTime::from_secs(3), stage.turns.take(&stage.app.state)).await;
        assert!(killed.is_err());
        assert_eq!(stage.service.paths(), ["one"]);
        stage.service.answer("one", Answer::Status(201));
        for wait in [Duration::zero(), SETTLE, LEASE - SETTLE - Duration::seconds(1)] {
            stage.clock.set(stage.clock.now() + wait);
            assert_eq!(others.take(&other.state).await.unwrap(), 0, "it belongs to the other");
        }
        stage.clock.set(stage.clock.now() + Duration::seconds(1));
        assert_eq!(others.take(&other.state).await.unwrap(), 1);
        assert_eq!(stage.service.paths(), ["one"]);
    }

    /// What a turn reads does not depend on how many are woken.
    async fn a_change_wakes_any_number_of_devices_by_the_same_number_of_statements(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let login = stage.delegate().clone();
        let mut counted = Vec::new();
        for more in [2, 38] {
            for n in 0..more {
                let person = stage.second_device(&login).await;
                stage.register(&person, &format!("{}-{n}", counted.len())).await;
            }
            stage.something().await;
            assert_eq!(stage.after(QUIET).await, NONE);
            stage.clock.set(stage.clock.now() + SETTLE);
            let before = stage.app.state.store.statements();
            let sent = stage.turns.take(&stage.app.state).await.unwrap();
            counted.push((sent, stage.app.state.store.statements() - before));
            assert_eq!(stage.service.taken().len(), sent);
        }
        assert_eq!((counted[0].0, counted[1].0), (2, 40));
        assert_eq!(counted[0].1, counted[1].1, "{counted:?}");
        assert!(counted[0].1 <= 12, "{counted:?}");
        // Nothing changed: one look at the clocks.
        stage.after(Duration::seconds(5)).await;
        let before = stage.app.state.store.statements();
        assert_eq!(stage.after(Duration::seconds(5)).await, NONE);
        assert!(stage.app.state.store.statements() - before <= 1);
    }

    async fn a_gateway_gets_the_device_the_word_wake_and_a_mac(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let person = stage.app.person(stage.delegate());
        person.done("registerPush", json!({"kind": "GATEWAY", "token": "fcm:abc"}), "kind").await;
        stage.something().await;
        assert_eq!(stage.after(Duration::zero()).await, NONE);
        stage.clock.set(stage.clock.now() + SETTLE);
        stage.turns.take(&stage.app.state).await.unwrap();
        let signals = stage.service.taken();
        let [signal] = signals.as_slice() else { panic!("{signals:?}") };
        assert_eq!(signal.line, "POST /gateway HTTP/1.1");
        let body: Value = serde_json::from_slice(&signal.body).unwrap();
        assert_eq!(body, json!({"kind": "wake", "device": person.device, "token": "fcm:abc"}));
        let (at, mac) = signal.headers["x-cutri-signature"].split_once(",v1=").unwrap();
        let at = at.strip_prefix("t=").unwrap();
        assert_eq!(at, stage.clock.now().timestamp().to_string());
        let mut expected = hmac::Hmac::<sha2::Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
        expected.update(format!("{at}.").as_bytes());
        expected.update(&signal.body);
        let expected: String = expected.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(mac, expected);
        // A gateway that is not there is not the end of a registration.
        stage.service.answer("gateway", Answer::Status(404));
        stage.something().await;
        assert_eq!(stage.after(QUIET).await, NONE);
        assert_eq!(stage.after(SETTLE).await, ["gateway"]);
        assert_eq!(stage.registrations().await, 1);
    }

    /// A distributor of the person's own choice (UnifiedPush): its addresses have a query, as those of ntfy do.
    async fn a_push_server_of_ones_own_choice_gets_the_same_empty_signal(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let person = stage.app.person(stage.delegate());
        let input = json!({"kind": "UNIFIED_PUSH", "endpoint": stage.service.endpoint("up7Qx?up=1")});
        assert_eq!(person.done("registerPush", input, "kind").await["kind"], "UNIFIED_PUSH");
        Phone::new(person).pull().await;
        stage.clock.set(stage.clock.now() + AWAKE);
        stage.something().await;
        stage.turns.take(&stage.app.state).await.unwrap();
        stage.clock.set(stage.clock.now() + SETTLE);
        stage.turns.take(&stage.app.state).await.unwrap();
        let signals = stage.service.taken();
        let [signal] = signals.as_slice() else { panic!("{signals:?}") };
        assert_eq!(signal.line, "POST /up7Qx?up=1 HTTP/1.1");
        assert!(signal.body.is_empty());
        assert_eq!(signal.headers["ttl"], "86400");
    }

    async fn a_device_has_one_address_and_what_is_none_is_refused(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let person = stage.app.person(stage.delegate());
        let refused = async |input: Value| person.refused("registerPush", input).await;
        assert_eq!(refused(json!({"kind": "WEB_PUSH"})).await, "REQUIRED");
        for inside in ["http://push.example.vn/x", "https://10.0.0.1/x", "https://localhost/x", "x", "https://push.example.vn/x"] {
            assert_eq!(refused(json!({"kind": "UNIFIED_PUSH", "endpoint": inside})).await, "INVALID_VALUE", "{inside}");
        }
        let long = stage.service.endpoint(&"a".repeat(1_024));
        assert_eq!(refused(json!({"kind": "WEB_PUSH", "endpoint": long})).await, "TOO_LONG");
        assert_eq!(refused(json!({"kind": "WEB_PUSH", "endpoint": "https://push.vn/ấp"})).await, "INVALID_TEXT");
        let good = stage.service.endpoint("bi-mat-cua-may");
        for (member, wrong) in [("p256dh", "abc"), ("auth", "not base64!")] {
            let mut input = json!({"kind": "WEB_PUSH", "endpoint": good});
            input[member] = json!(wrong);
            assert_eq!(refused(input).await, "INVALID_VALUE", "{member}");
        }
        let keys = json!({"kind": "WEB_PUSH", "endpoint": good,
            "p256dh": URL_SAFE_NO_PAD.encode([4; 65]), "auth": URL_SAFE_NO_PAD.encode([1; 16])});
        person.done("registerPush", keys.clone(), "").await;
        let stranger = stage.app.stranger();
        let query = "mutation($input: RegisterPushInput!) { registerPush(input: $input) { userErrors { code } } }";
        let nobody = stranger.ask(query, json!({"input": keys})).await;
        assert_eq!(nobody.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

        // The same again, as apps do at every start, changes nothing.
        let before = waking::Entity::find().all(stage.app.state.store.read()).await.unwrap();
        person.done("registerPush", keys.clone(), "").await;
        assert_eq!(waking::Entity::find().all(stage.app.state.store.read()).await.unwrap(), before);
        byte_search::assert_free_of(&db.stored_in().await, &["bi-mat-cua-may"]);
        stage.register(&person, "other").await;
        stage.something().await;
        assert_eq!(stage.settled().await, ["other"]);
    }
}

#[tokio::test]
async fn without_a_gateway_none_is_promised() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let app = TestApp::start(&db).await;
    let world = World::create(&app.state).await;
    let person = app.person(&world.here.delegates[0]);
    let refused = person
        .refused("registerPush", json!({"kind": "GATEWAY", "token": "x"}))
        .await;
    assert_eq!(refused, "INVALID_STATE");
}

/// The true server behind the sealed road that real push services have, killed after a change and before its signal;
/// the address is in no log, and a push service that cannot prove its name gets nothing.
#[tokio::test]
async fn a_server_killed_before_its_signal_sends_it_after_its_next_start() {
    let db = TestDatabase::fresh(Kind::Sqlite).await;
    let folder = private_folder();
    let keys = folder.path().join("keys");
    let state = state_on(db.url(), &keys).await;
    let world = World::create(&state).await;
    db.close_to_others();
    let (service, certificate) = PushService::start_with_tls().await;
    let (impostor, _) = PushService::start_with_tls().await;
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, certificate).unwrap();
    let environment = [
        ("DATABASE_URL", db.url()),
        ("CUTRI_KEYS", keys.to_str().unwrap()),
        ("CUTRI_PUSH_HOSTS", "localhost"),
        ("SSL_CERT_FILE", trusted.to_str().unwrap()),
        ("CUTRI_LOG", "trace"),
    ];
    let server = ServerProcess::start(folder.path(), &["serve"], &environment).await;
    let of = |login: &Login| Person::new(&state, server.address(), login.account, login.device);
    let [reader, author] = [&world.here.delegates[0], &world.here.delegates[1]].map(of);
    let office = of(&world.here.office);
    for (person, endpoint) in [
        (&reader, service.endpoint("bi-mat-cua-may")),
        (&office, impostor.endpoint("bi-mat-cua-may")),
    ] {
        let input = json!({"kind": "WEB_PUSH", "endpoint": endpoint});
        person.done("registerPush", input, "").await;
    }
    let said = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": "Cầu gãy"});
    Phone::new(author)
        .push(&[create("feedback", &new_id(), said)])
        .await;
    server.kill9().await;
    assert!(service.taken().is_empty(), "before its time");
    let server = ServerProcess::start(folder.path(), &["serve"], &environment).await;
    let signal = service.hears(RealTime::from_secs(60)).await.expect("a signal");
    assert_eq!(signal.line, "POST /bi-mat-cua-may HTTP/1.1");
    assert!(signal.body.is_empty());
    assert!(impostor.taken().is_empty());
    let log = server.log().clone();
    assert!(server.term().await.success());
    assert!(!log.text().contains("bi-mat-cua-may"));
}
