//! Many writers at once, transactions held open, and a puller that follows in small pages: no change is missed, no
//! update is lost, nothing is applied twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cutri::sync::{
    pull::{self, PageSize, Wanted},
    registry,
};
use cutri_tests::{
    FaultProxy, Kind, ServerProcess, TestApp, TestDatabase,
    app::{Person, founded},
    each_db,
    phone::{Phone, change, create, new_id},
    seeds,
    world::{Login, Put, World, another_device, login, mandate},
};
use entity::{feedback, id::DeviceId};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, TransactionTrait};
use serde_json::{Value, json};

use crate::phone_page::until;

const WRITERS: usize = 8;
const PUSHES: usize = 12;

/// Holds every transaction open for a random while between its writes and its commit.
async fn hold_transactions_open(app: &TestApp) {
    let conn = app.state.store.migrating();
    conn.execute_unprepared(
        "CREATE FUNCTION held_open() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(random() * 0.03); RETURN NULL; END $$ LANGUAGE plpgsql",
    )
    .await
    .unwrap();
    conn.execute_unprepared(
        "CREATE TRIGGER held_open AFTER INSERT ON sync_receipt FOR EACH STATEMENT EXECUTE FUNCTION held_open()",
    )
    .await
    .unwrap();
}

each_db! {
    async fn no_change_is_missed_and_no_update_is_lost(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        if db.kind() == Kind::Postgres {
            hold_transactions_open(&app).await;
        }
        // One row that all writers fight over, on one account's many devices; and rows of everybody's own.
        let author = &world.here.delegates[0];
        let disputed = new_id();
        let said = |text: &str| json!({"kind": "petition", "unitId": world.here.unit, "content": text});
        let first = Phone::new(app.person(author));
        assert_eq!(first.push(&[create("feedback", &disputed, said("Bản đầu"))]).await[0]["status"], "APPLIED");

        let over = Arc::new(AtomicBool::new(false));
        let reader = follow(&app, &world.here.delegates[1], Arc::clone(&over));
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let device = another_device(&app.state, author, DeviceId(uuid::Uuid::now_v7()));
            let phone = Phone::new(app.person_on(author, device.id));
            Put::new().row(device).now(&app.state).await;
            let disputed = disputed.clone();
            let unit = world.here.unit;
            writers.push(tokio::spawn(async move {
                let mut own = BTreeSet::new();
                let mut won = 0;
                let mut base = "1".to_owned();
                for push in 0..PUSHES {
                    let id = new_id();
                    let rows = [
                        create("feedback", &id, json!({"kind": "opinion", "unitId": unit, "content": format!("{writer}/{push}")})),
                        change("feedback", &disputed, &base, json!({"content": format!("bản của {writer}/{push}")})),
                    ];
                    let results = phone.push(&rows).await;
                    assert_eq!(results[0]["status"], "APPLIED", "{results:?}");
                    own.insert(id);
                    match results[1]["status"].as_str().unwrap() {
                        "APPLIED" | "MERGED" => won += 1,
                        "CONFLICT" => base = results[1]["master"]["rev"].as_str().unwrap().to_owned(),
                        other => panic!("{other}: {results:?}"),
                    }
                }
                (own, won)
            }));
        }
        let mut written = BTreeSet::from([disputed.clone()]);
        let mut won = 0;
        for writer in writers {
            let (own, accepted) = writer.await.unwrap();
            written.extend(own);
            won += accepted;
        }
        over.store(true, Ordering::SeqCst);
        let seen = reader.await.unwrap();
        assert_eq!(written.len(), 1 + WRITERS * PUSHES);
        assert_eq!(seen.keys().cloned().collect::<BTreeSet<_>>(), written, "a puller saw every change");

        // Accepted updates are exactly the growth of the version: of edits from one base one wins, the rest are told.
        let rows = feedback::Entity::find().all(app.state.store.read()).await.unwrap();
        let row = rows.iter().find(|row| row.id.to_string() == disputed).unwrap();
        assert_eq!(row.rev, 1 + won);
        assert_eq!(seen[&disputed], row.rev.to_string(), "the puller holds the last version");
        assert_eq!(rows.len(), written.len());
    }

    async fn a_kill_in_mid_push_and_a_retry_leave_each_row_once(db: TestDatabase) {
        let seed = seeds::seed();
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let folder = db.folder().to_owned();
        let keys = folder.join("keys");
        let (here, clock, delegate, state) = {
            let (state, world) = founded(db.url(), &keys).await;
            (world.here.unit, world.province, world.here.delegates[0].clone(), state)
        };
        let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap())];
        let kills = if seeds::is_full() { 30 } else { 4 };
        let stored = async || feedback::Entity::find().count(state.store.read()).await.unwrap();
        let mut written = BTreeSet::new();
        for kill in 0..kills {
            let falls = match kill {
                0 => Falls::BeforeTheCommit,
                1 => Falls::BeforeTheAnswer,
                _ => Falls::Anywhere,
            };
            let server = ServerProcess::start(&folder, &["serve"], &environment).await;
            let road = FaultProxy::start(server.address()).await;
            road.keep_requests();
            let person = Person::new(&state, road.address(), delegate.account, delegate.device);
            let ids: Vec<String> = (0..100).map(|_| new_id()).collect();
            let rows: Vec<Value> = ids
                .iter()
                .map(|id| create("feedback", id, json!({"kind": "opinion", "unitId": here, "content": format!("lần {kill}")})))
                .collect();
            let bodies: Vec<String> = rows.iter().map(Value::to_string).collect();
            let body = Phone::push_body(&bodies);
            // Nothing is written while somebody else holds the clock of this place.
            let mut held = None;
            if falls != Falls::Anywhere {
                let others = state.store.migrating().begin().await.unwrap();
                let hold = format!("UPDATE sync_clock SET seq = seq WHERE id = '{clock}'");
                assert_eq!(others.execute_unprepared(&hold).await.unwrap().rows_affected(), 1);
                held = Some(others);
            }
            let sending = tokio::spawn({
                let (person, body) = (person.clone(), body.clone());
                async move { person.try_send(body).await }
            });
            if falls == Falls::Anywhere {
                tokio::time::sleep(Duration::from_millis(rng.random_range(0..120))).await;
            } else {
                until("the whole upload is with the server", async || {
                    road.kept().iter().any(|said| said.ends_with(body.as_bytes()))
                })
                .await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            if falls == Falls::BeforeTheAnswer {
                road.delay(Duration::from_secs(600));
                held.take().unwrap().rollback().await.unwrap();
                until("the upload is committed", async || stored().await == written.len() as u64 + 100).await;
            }
            assert!(falls == Falls::Anywhere || !sending.is_finished(), "nobody was answered before the kill");
            server.kill9().await;
            // What the road held up arrives no more.
            drop(road);
            let acknowledged = sending.await.unwrap().is_ok();
            if let Some(held) = held {
                held.rollback().await.unwrap();
            }
            let since = stored().await - written.len() as u64;

            let server = ServerProcess::start(&folder, &["serve"], &environment).await;
            let person = person.through(server.address());
            let answer = person.try_send(body).await.unwrap().body;
            let results = answer["data"]["syncPush"]["results"].as_array().unwrap();
            for result in results {
                let status = result["status"].as_str().unwrap();
                assert!(status == "DUPLICATE" || (status == "APPLIED" && !acknowledged), "{result}");
            }
            let again = match falls {
                Falls::BeforeTheCommit => Some((0, "APPLIED")),
                Falls::BeforeTheAnswer => Some((100, "DUPLICATE")),
                Falls::Anywhere => None,
            };
            if let Some((were_there, status)) = again {
                assert_eq!((since, acknowledged), (were_there, false), "{falls:?}");
                assert!(results.iter().all(|result| result["status"] == status), "{falls:?}: {results:?}");
            }
            written.extend(ids);
            server.kill9().await;
        }
        assert_eq!(stored().await, written.len() as u64);
        let conn = state.store.read();
        let recorded = entity::event::Entity::find().filter(entity::event::Column::Event.eq("recorded")).count(conn).await;
        assert_eq!(recorded.unwrap(), written.len() as u64, "each recorded once");
    }
}

/// Where a kill falls: into the push for certain, before it is committed or between that and the answer, or at random.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Falls {
    BeforeTheCommit,
    BeforeTheAnswer,
    Anywhere,
}

/// A reader that follows in pages of one to seven rows until the writers are done and nothing is pending; the last
/// version of each feedback that it saw.
fn follow(
    app: &TestApp,
    who: &Login,
    over: Arc<AtomicBool>,
) -> tokio::task::JoinHandle<BTreeMap<String, String>> {
    let state = Arc::clone(&app.state);
    let who = who.clone();
    tokio::spawn(async move {
        let reference = state.reference();
        let today = state.clock.today();
        let lang = cutri::error::Lang::Vi;
        let viewer = cutri::viewer::Viewer::load(
            state.store.read(),
            &reference,
            who.account,
            who.device,
            today,
            lang,
        )
        .await
        .unwrap();
        let bits = registry::bit("feedback").unwrap();
        let mut rng = StdRng::seed_from_u64(7);
        let mut cursor: Option<String> = None;
        let mut seen = BTreeMap::new();
        loop {
            let done = over.load(Ordering::SeqCst);
            let wanted = Wanted {
                collections: bits,
                size: PageSize {
                    rows: rng.random_range(1..=7),
                    bytes: 1 << 20,
                },
                digest: false,
            };
            let page = pull::pull(&state, &viewer, cursor.as_deref(), wanted)
                .await
                .unwrap();
            for change in page.changes {
                seen.insert(change.id.to_string(), change.rev.to_string());
            }
            cursor = Some(page.cursor.encode(&state.keys));
            if done && !page.more {
                return seen;
            }
        }
    })
}

each_db! {
    async fn somebody_with_two_mandates_loses_one_and_keeps_the_other(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let clock = world.province.0.to_string();
        let who = login(&app.state, "hai.tu.cach", &clock).await;
        mandate(&app.state, &who, world.here.council, &[world.here.unit]).await;
        let second = mandate(&app.state, &who, world.there.council, &[world.there.unit]).await;
        let mut phone = Phone::new(app.person(&who));
        phone.collections = Some(vec!["feedback".to_owned()]);
        let mut ids = Vec::new();
        for commune in [&world.here, &world.there] {
            let id = new_id();
            let author = Phone::new(app.person(&commune.delegates[0]));
            let patch = json!({"kind": "opinion", "unitId": commune.unit, "content": "Ý kiến"});
            assert_eq!(author.push(&[create("feedback", &id, patch)]).await[0]["status"], "APPLIED");
            ids.push(id);
        }
        phone.pull().await;
        assert_eq!(phone.rows.len(), 2);
        let today = app.state.clock.today().to_string();
        let administrator = app.person(&world.administrator);
        let end = json!({"delegateId": second, "on": today, "reason": "Chuyển công tác"});
        administrator.done("endMandate", end, "").await;
        let seen = phone.pull().await;
        assert_eq!(seen, [("feedback".to_owned(), ids[1].clone(), None)], "the lost council's row is gone, by id alone");
        assert_eq!(phone.rows.len(), 1);
    }
}
