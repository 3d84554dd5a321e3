//! Several servers on one PostgreSQL: what is pushed to one is seen at the other, whoever of them is killed; and what a
//! process keeps in its memory is right in all of them.

mod turns;

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use cutri::state::State;
use cutri_tests::{
    Kind, ServerProcess, TestDatabase,
    app::{Person, founded},
    database,
    phone::{PULL, Phone, create, new_id},
    server_process::command,
    socket::Socket,
    world::{Login, Put, World, another_device},
};
use entity::{feedback, id::DeviceId, role_capability};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

const FOLLOW: &str =
    "subscription onStream($headers: FeedbackInputHeaders) { streamFeedback(headers: $headers) {
    documents { id content } checkpoint { cursor } } }";

/// So rarely is the database asked that whatever arrives was called out.
const NEVER: (&str, &str) = ("CUTRI_POLL_SECONDS", "3600");
const OFF: (&str, &str) = ("CUTRI_LISTEN_NOTIFY", "off");

/// An installation of several servers.
struct Installation {
    db: TestDatabase,
    state: Arc<State>,
    world: World,
    keys: PathBuf,
}

impl Installation {
    async fn new(db: TestDatabase) -> Self {
        let keys = db.folder().join("keys");
        let (state, world) = founded(db.url(), &keys).await;
        Self {
            db,
            state,
            world,
            keys,
        }
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.db.folder().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    async fn server(&self, name: &str, more: &[(&str, &str)]) -> ServerProcess {
        let mut environment = vec![
            ("DATABASE_URL", self.db.url()),
            ("CUTRI_KEYS", self.keys.to_str().unwrap()),
        ];
        environment.extend(more);
        let server = ServerProcess::start(&self.folder(name), &["serve"], &environment).await;
        if !more.contains(&OFF) {
            hears(&server).await;
        }
        server
    }

    fn person(&self, server: &ServerProcess, login: &Login) -> Person {
        Person::new(&self.state, server.address(), login.account, login.device)
    }

    fn said(&self, content: &str) -> Value {
        json!({"kind": "petition", "unitId": self.world.here.unit, "channel": "contact_meeting", "content": content})
    }
}

/// Waits until the server hears the others.
async fn hears(server: &ServerProcess) {
    for _ in 0..1_000 {
        if !server.log().lines_with("hearing what other servers").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never listens:\n{}", server.log().text());
}

fn on_postgres<F: Future<Output = ()>>(body: impl FnOnce(Installation) -> F) {
    database::run(Kind::Postgres, async |db| body(Installation::new(db).await).await);
}

async fn listening(server: &ServerProcess, person: &Person) -> Socket {
    let mut socket = Socket::signed_in(server.address(), person.token()).await;
    socket.subscribe("s", FOLLOW, json!({})).await;
    // An answer to something else tells that the stream has begun.
    socket
        .subscribe("q", "{ viewer { account { id } } }", json!({}))
        .await;
    while socket.hear().await["id"] != "q" {}
    socket
}

/// What the stream tells next; answers to other operations are passed over.
async fn heard(socket: &mut Socket) -> Value {
    loop {
        let message = socket.hear().await;
        if message["id"] == "s" {
            return message["payload"]["data"]["streamFeedback"]["documents"][0]["content"].clone();
        }
    }
}

/// A phone on one server sees in its stream what was pushed to the other, both ways, and so does one that waits.
async fn each_sees_what_the_other_takes(installation: &Installation, more: &[(&str, &str)]) {
    let one = installation.server("one", more).await;
    let other = installation.server("other", more).await;
    let [first, second] = &installation.world.here.delegates;
    for (taker, teller, who, reader) in [(&one, &other, first, second), (&other, &one, second, first)] {
        let mut socket = listening(teller, &installation.person(teller, reader)).await;
        let mut waiting = Phone::new(installation.person(teller, reader));
        waiting.collections = Some(vec!["feedback".to_owned()]);
        waiting.pull().await;
        let poll = tokio::spawn({
            let (person, cursor) = (waiting.person.clone(), waiting.cursor.clone());
            async move {
                let query = "query($cursor: String) { syncPull(cursor: $cursor, waitMs: 30000,
                    collections: [\"feedback\"]) { changes { d } more } }";
                person.data(query, json!({"cursor": cursor})).await["syncPull"]["changes"].clone()
            }
        });
        let content = format!("đưa vào máy {}", taker.address());
        let phone = Phone::new(installation.person(taker, who));
        let results = phone
            .push(&[create("feedback", &new_id(), installation.said(&content))])
            .await;
        assert_eq!(results[0]["status"], "APPLIED", "{results:?}");
        assert_eq!(heard(&mut socket).await, content);
        assert_eq!(poll.await.unwrap()[0]["d"]["content"], content);
    }
    one.kill9().await;
    other.kill9().await;
}

#[test]
fn what_one_server_takes_is_called_out_to_the_other() {
    on_postgres(async |installation| {
        each_sees_what_the_other_takes(&installation, &[NEVER, ("CUTRI_LOG", "debug")]).await;
        for name in ["one", "other"] {
            let log = cutri_tests::LogCapture::in_folder(&installation.folder(name));
            assert!(
                !log.lines_with("called by another server").is_empty(),
                "{}",
                log.text()
            );
        }
    });
}

#[test]
fn with_listen_off_looking_at_the_clocks_suffices() {
    on_postgres(async |installation| {
        each_sees_what_the_other_takes(&installation, &[OFF, ("CUTRI_LOG", "debug")]).await;
        for name in ["one", "other"] {
            let log = cutri_tests::LogCapture::in_folder(&installation.folder(name));
            assert!(
                log.lines_with("called by another server").is_empty(),
                "{}",
                log.text()
            );
        }
    });
}

#[test]
fn a_lost_connection_to_postgresql_is_heard_again() {
    on_postgres(async |installation| {
        let one = installation.server("one", &[NEVER]).await;
        let other = installation.server("other", &[NEVER]).await;
        let [author, reader] = &installation.world.here.delegates;
        let mut socket = listening(&other, &installation.person(&other, reader)).await;
        let beside = installation.db.connect().await;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid() \
                   AND (query ILIKE 'LISTEN%' OR query ILIKE '%pg_notify%')";
        sea_orm::ConnectionTrait::execute_unprepared(&beside, cut)
            .await
            .unwrap();
        beside.close().await.unwrap();
        // Whatever is committed while nobody listened is looked for when the connection is back.
        let phone = Phone::new(installation.person(&one, author));
        let results = phone
            .push(&[create("feedback", &new_id(), installation.said("sau khi đứt"))])
            .await;
        assert_eq!(results[0]["status"], "APPLIED");
        assert_eq!(heard(&mut socket).await, "sau khi đứt");
        one.kill9().await;
        other.kill9().await;
    });
}

/// Pushes one row after the other, each until somebody acknowledges it, at whichever server answers.
async fn push_all(phone: Phone, servers: Arc<[std::net::SocketAddr; 2]>, rows: Vec<Value>, first: usize) {
    let mut at = first;
    for row in rows {
        let body = Phone::push_body(&[row.to_string()]);
        loop {
            let answer = phone.person.through(servers[at % 2]).try_send(body.clone()).await;
            let status = answer
                .ok()
                .map(|answer| answer.body["data"]["syncPush"]["results"][0]["status"].clone());
            match status.as_ref().and_then(Value::as_str) {
                Some("APPLIED" | "DUPLICATE") => break,
                Some(other) => panic!("{other}"),
                None => {
                    at += 1;
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
            }
        }
    }
}

/// Reads to the end, if the server lives so long.
async fn read_on(phone: &mut Phone) -> bool {
    loop {
        let variables = json!({"cursor": phone.cursor, "maxBytes": 4_096, "collections": phone.collections});
        let Ok(answer) = phone.person.try_ask(PULL, variables).await else {
            return false;
        };
        let page = &answer.body["data"]["syncPull"];
        if !page.is_object() {
            return false;
        }
        phone.apply(page);
        if page["more"] == false {
            return true;
        }
    }
}

/// Follows at whichever server answers, as docs/sync.md says: a socket, a pull with the cursor of the server before, and
/// then what the socket tells. Ends when pulls and streams together have told of these rows; what is missed is waited for
/// in vain.
async fn follow(mut phone: Phone, servers: Arc<[std::net::SocketAddr; 2]>, all: BTreeSet<String>) -> Phone {
    let mut told = BTreeSet::new();
    for at in 0.. {
        let address = servers[at % 2];
        let Some(mut socket) = Socket::try_signed_in(address, phone.person.token()).await else {
            tokio::time::sleep(Duration::from_millis(30)).await;
            continue;
        };
        socket.subscribe("s", FOLLOW, json!({})).await;
        phone.person = phone.person.through(address);
        if !read_on(&mut phone).await {
            continue;
        }
        let held = phone.rows_of("feedback");
        told.extend(held.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        while !all.is_subset(&told) {
            let Some(message) = socket.hear_or_end().await else {
                break;
            };
            let documents = &message["payload"]["data"]["streamFeedback"]["documents"];
            let ids = documents.as_array().into_iter().flatten();
            told.extend(ids.map(|row| row["id"].as_str().unwrap().to_owned()));
        }
        if all.is_subset(&told) {
            break;
        }
    }
    assert_eq!(told, all, "nothing that nobody wrote");
    phone
}

#[test]
fn a_reader_of_a_killed_server_goes_on_at_the_other_where_it_was() {
    on_postgres(async |installation| {
        let one = installation.server("one", &[]).await;
        let other = installation.server("other", &[]).await;
        let [author, reader] = &installation.world.here.delegates;
        let author = Phone::new(installation.person(&other, author));
        let write = async |content: &str| {
            let id = new_id();
            let row = create("feedback", &id, installation.said(content));
            assert_eq!(author.push(&[row]).await[0]["status"], "APPLIED");
            id
        };
        let before = write("trước khi máy chết").await;
        let mut phone = Phone::new(installation.person(&one, reader));
        phone.collections = Some(vec!["feedback".to_owned()]);
        phone.pull().await;
        assert!(phone.row("feedback", &before).is_object());
        let mut socket = listening(&one, &phone.person).await;
        let streamed = write("qua luồng của máy một").await;
        assert_eq!(heard(&mut socket).await, "qua luồng của máy một");

        one.kill9().await;
        let between = write("khi không nghe máy nào").await;
        // The phone notices.
        while socket.hear_or_end().await.is_some() {}
        // As the page says: first the socket, then the pull; what comes between the two is in either.
        let mut socket = Socket::signed_in(other.address(), phone.person.token()).await;
        let meanwhile = write("giữa xác nhận và luồng").await;
        socket.subscribe("s", FOLLOW, json!({})).await;
        assert_eq!(heard(&mut socket).await, "giữa xác nhận và luồng");
        phone.person = phone.person.through(other.address());
        let seen = phone.pull().await;
        // A stream moves no cursor, so that what it told comes once more; nothing that was pulled before does.
        let came: BTreeSet<String> = seen.iter().map(|(_, id, _)| id.clone()).collect();
        assert_eq!(came, BTreeSet::from([streamed, between, meanwhile]));
        assert_eq!(seen.len(), 3);
        write("qua luồng của máy hai").await;
        assert_eq!(heard(&mut socket).await, "qua luồng của máy hai");
        other.kill9().await;
    });
}

#[test]
fn either_server_is_killed_and_nothing_is_missed_or_doubled() {
    const PHONES: usize = 6;
    const ROWS: usize = 12;
    /// Petitions of which bodies are to be reminded.
    const OWED: usize = 20;
    on_postgres(async |installation| {
        let addresses: Vec<String> = (0..2)
            .map(|_| cutri_tests::server_process::free_address().to_string())
            .collect();
        let names = ["one", "other"];
        // Both begin at the same moment, and both find what is to be done today.
        installation.owed_since_yesterday(OWED).await;
        let listen = [0, 1].map(|which: usize| [("CUTRI_LISTEN", addresses[which].as_str())]);
        let (one, other) = tokio::join!(
            installation.server(names[0], &listen[0]),
            installation.server(names[1], &listen[1])
        );
        let mut running = [Some(one), Some(other)];
        let servers = Arc::new([addresses[0].parse().unwrap(), addresses[1].parse().unwrap()]);
        let author = &installation.world.here.delegates[0];
        let mut written = BTreeSet::new();
        let mut pushing = Vec::new();
        for first in 0..PHONES {
            let device = another_device(&installation.state, author, DeviceId(uuid::Uuid::now_v7()));
            let login = Login {
                device: device.id,
                ..author.clone()
            };
            Put::new().row(device).now(&installation.state).await;
            let phone = Phone::new(installation.person(running[0].as_ref().unwrap(), &login));
            let ids: Vec<String> = (0..ROWS).map(|_| new_id()).collect();
            let rows = ids
                .iter()
                .map(|id| create("feedback", id, installation.said("giữa lúc máy chết")))
                .collect();
            written.extend(ids);
            pushing.push(tokio::spawn(push_all(phone, Arc::clone(&servers), rows, first)));
        }
        // A reader follows meanwhile, at whichever server answers.
        let reader = &installation.world.here.delegates[1];
        let mut following = Phone::new(installation.person(running[0].as_ref().unwrap(), reader));
        following.collections = Some(vec!["feedback".to_owned()]);
        let following = tokio::spawn(follow(following, Arc::clone(&servers), written.clone()));
        for turn in 0..4 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            running[turn % 2].take().unwrap().kill9().await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            let address = ("CUTRI_LISTEN", addresses[turn % 2].as_str());
            running[turn % 2] = Some(installation.server(names[turn % 2], &[address]).await);
        }
        for phone in pushing {
            phone.await.unwrap();
        }
        let mut following = following.await.unwrap();
        assert!(read_on(&mut following).await, "both servers live");
        assert_eq!(following.rows_of("feedback").len(), written.len());
        let conn = installation.state.store.read();
        assert_eq!(
            feedback::Entity::find().count(conn).await.unwrap(),
            written.len() as u64
        );
        // A phone that read one half here and the other there holds what a new one does; each checks its digest.
        let mut phones = Vec::new();
        for server in running.iter().flatten() {
            let mut phone = Phone::new(installation.person(server, reader));
            phone.pull_page(Some(4_096)).await;
            phones.push(phone);
        }
        for (phone, server) in phones.iter_mut().zip(running.iter().rev().flatten()) {
            phone.person = phone.person.through(server.address());
            phone.pull().await;
            let ids: BTreeSet<String> = phone
                .rows_of("feedback")
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(ids, written);
        }
        assert_eq!(phones[0].rows, phones[1].rows);
        assert_eq!(phones[0].digest(), phones[1].digest());
        installation.was_reminded_once(OWED).await;
    });
}

#[test]
fn what_a_process_remembers_is_right_in_the_other_one() {
    on_postgres(async |installation| {
        let one = installation.server("one", &[]).await;
        let other = installation.server("other", &[]).await;
        let world = &installation.world;
        let [lost, kept] = &world.here.delegates;

        // A device that is given up at one server is refused by the other at once.
        let phone = installation.person(&one, lost);
        let there = phone.through(other.address());
        assert_eq!(
            there.ask("{ viewer { account { id } } }", json!({})).await.status,
            200
        );
        phone
            .done(
                "revokeDevice",
                json!({"deviceId": lost.device, "stolen": true}),
                "",
            )
            .await;
        let refused = there.ask("{ viewer { account { id } } }", json!({})).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.body["errors"][0]["extensions"]["code"], "DEVICE_REVOKED");

        // A token that a command revoked is worth nothing at either.
        let environment = [
            ("DATABASE_URL", installation.db.url()),
            ("CUTRI_KEYS", installation.keys.to_str().unwrap()),
        ];
        let cutri = |args: &[&str]| {
            let output = command(&installation.folder("command"), args, &environment)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            String::from_utf8(output.stdout).unwrap()
        };
        let made = cutri(&[
            "token", "create", "--scope", "read", "--unit", "27721", "--level", "commune",
        ]);
        let token = made
            .split_whitespace()
            .find(|word| word.starts_with("cutri_"))
            .expect(&made)
            .to_owned();
        let list = cutri(&["token", "list"]);
        let id = list
            .split_whitespace()
            .find(|word| uuid::Uuid::try_parse(word).is_ok())
            .expect(&list);
        let status = async |server: &ServerProcess| {
            let request = reqwest::Client::new()
                .post(server.url("/graphql"))
                .bearer_auth(&token);
            let sent = request
                .json(&json!({"query": "{ __typename }"}))
                .send()
                .await
                .unwrap();
            sent.status().as_u16()
        };
        assert_eq!((status(&one).await, status(&other).await), (200, 200));
        cutri(&["token", "revoke", id]);
        assert_eq!((status(&one).await, status(&other).await), (401, 401));

        // A period that a council sets for itself at one server is counted by the other.
        let from = (installation.state.clock.today() + chrono::Days::new(2)).to_string();
        let set = json!({"councilId": world.here.council, "code": "answer_commune", "days": 12, "validFrom": from,
            "basis": "10/QĐ-TTHĐND"});
        installation
            .person(&one, &world.here.office)
            .done("setCouncilPeriod", set, "")
            .await;
        let read = "query($id: ID!, $on: Date) { council(id: $id) { periods(on: $on) { days isOwn } } }";
        let of_other = installation.person(&other, &world.here.office);
        let mut is_known = false;
        for _ in 0..500 {
            let variables = json!({"id": world.here.council, "on": from});
            let seen = of_other.data(read, variables).await["council"]["periods"].clone();
            let periods = seen.as_array().unwrap().clone();
            is_known = periods.contains(&json!({"days": 12, "isOwn": true}));
            if is_known {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(is_known, "the other server reads the council's own period");

        // A role's right that goes while another comes: as many as before, and not the same.
        let author = Phone::new(installation.person(&one, kept));
        let row = create("feedback", &new_id(), installation.said("Văn phòng đọc được"));
        assert_eq!(author.push(&[row]).await[0]["status"], "APPLIED");
        let mut offices = Vec::new();
        for server in [&one, &other] {
            let mut office = Phone::new(installation.person(server, &world.here.office));
            office.collections = Some(vec!["feedback".to_owned()]);
            office.pull().await;
            assert_eq!(office.rows.len(), 1);
            offices.push(office);
        }
        let conn = installation.state.store.migrating();
        let right = ("office".to_owned(), "read_internal".to_owned());
        let gone = role_capability::Entity::delete_by_id(right).exec(conn).await;
        assert_eq!(gone.unwrap().rows_affected, 1);
        let instead = role_capability::ActiveModel {
            role: Set("office".to_owned()),
            capability: Set("nothing_at_all".to_owned()),
        };
        instead.insert(conn).await.unwrap();
        for office in &mut offices {
            for _ in 0..500 {
                office.pull().await;
                if office.rows.is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(office.rows.is_empty(), "what the role may no longer read is gone");
        }
    });
}

#[test]
fn an_epoch_that_one_server_began_is_not_taken_back_by_the_other() {
    on_postgres(async |installation| {
        let one = installation.server("one", &[]).await;
        // Looks at the database so rarely that it has not heard of the new epoch.
        let other = installation.server("other", &[NEVER, OFF]).await;
        let login = &installation.world.here.delegates[0];
        let mut phone = Phone::new(installation.person(&one, login));
        phone.pull().await;
        let before = phone.epoch.clone().unwrap();
        let state = &installation.state;
        let began = state
            .epoch
            .begin(&state.store, state.entropy.as_ref(), before.parse().unwrap())
            .await
            .unwrap();
        while phone.epoch.as_deref() == Some(before.as_str()) {
            phone.pull().await;
        }
        assert_eq!(phone.epoch, Some(began.to_string()));
        phone.person = phone.person.through(other.address());
        phone.pull().await;
        assert_eq!(
            phone.epoch,
            Some(began.to_string()),
            "what the phone knows already is not unsaid"
        );
    });
}
