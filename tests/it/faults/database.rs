//! The database goes away and comes back, is kept locked by another program, or has no room.

use std::time::Duration;

use cutri_tests::{
    Kind, ServerProcess, TestApp, TestDatabase,
    app::{Person, founded},
    database, each_db,
    phone::{Phone, create, new_id},
    postgres::OwnServer,
    seeds,
    world::World,
};
use reqwest::StatusCode;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fleet::{Fleet, is_honest, stored};
use crate::invariants::{kept, light, said, stage, traces};

/// A server that cannot serve says so within this time: 3 seconds for a connection, and the attempts beside it.
const TOLD: Duration = Duration::from_secs(8);
/// Once its database is back it serves within this time, without anybody's help.
const BACK: Duration = Duration::from_secs(10);

/// What a server says that has lost its database: 503, when to come back, why, and that it lives itself.
async fn says_that_it_is_unavailable(server: &ServerProcess, person: &Person, world: &World) {
    let ready = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.headers().contains_key("retry-after"));
    assert!(
        reqwest::get(server.url("/livez"))
            .await
            .unwrap()
            .status()
            .is_success()
    );
    let row = create("feedback", &new_id(), said(world, "Khi không có cơ sở dữ liệu"));
    for body in [
        Phone::push_body(&[row.to_string()]),
        json!({"query": "{ syncPull(maxBytes: 1024) { more } }"}).to_string(),
    ] {
        let begun = Instant::now();
        let answer = reqwest::Client::new()
            .post(server.url("/graphql"))
            .bearer_auth(person.token().unwrap())
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert!(begun.elapsed() < TOLD, "{:?}", begun.elapsed());
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
        let told: Value = answer.json().await.unwrap();
        assert_eq!(told["errors"][0]["extensions"]["code"], "UNAVAILABLE");
        assert_eq!(told["errors"][0]["extensions"]["retryable"], true);
    }
}

async fn is_ready_again(server: &ServerProcess) {
    let begun = Instant::now();
    while !reqwest::get(server.url("/readyz"))
        .await
        .unwrap()
        .status()
        .is_success()
    {
        assert!(
            begun.elapsed() < BACK,
            "not ready after {BACK:?}:\n{}",
            server.log().text()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[test]
fn a_postgres_that_stops_and_starts_under_load_costs_nothing_but_time() {
    database::run(Kind::Postgres, async |db: TestDatabase| {
        let Some(own) = OwnServer::start().await else {
            return;
        };
        TestDatabase::copy_to(&db.backup().await, &own.url());
        let folder = db.folder().to_owned();
        let keys = folder.join("keys");
        let (state, world) = founded(&own.url(), &keys).await;
        let url = own.url();
        let environment = [
            ("DATABASE_URL", url.as_str()),
            ("CUTRI_KEYS", keys.to_str().unwrap()),
            ("CUTRI_RATE_LIMITS", "off"),
        ];
        let server = ServerProcess::start(&folder, &["serve"], &environment).await;
        let delegate = &world.here.delegates[0];
        let person = Person::new(&state, server.address(), delegate.account, delegate.device);
        let fleet = Fleet::start(&state, &world, server.address(), 6, seeds::seed()).await;
        for turn in 0..if seeds::is_full() { 10 } else { 2 } {
            tokio::time::sleep(Duration::from_millis(400)).await;
            // Stopped by hand, or gone at once as in a power cut.
            if turn % 2 == 0 {
                own.kill().await;
            } else {
                own.stop().await;
            }
            if turn < 2 {
                says_that_it_is_unavailable(&server, &person, &world).await;
            }
            own.start_again().await;
            is_ready_again(&server).await;
        }
        let ledger = fleet.settle().await;
        let failures = ledger.failures.lock().unwrap().clone();
        println!("{failures:?}");
        assert!(
            failures
                .keys()
                .all(|told| ["503 UNAVAILABLE", "200 EXECUTION_TIMEOUT"].contains(&told.as_str())),
            "{failures:?}"
        );
        let sent = ledger.sent.lock().unwrap().clone();
        let now = stored(state.store.read()).await;
        is_honest(&ledger.acknowledged.lock().unwrap(), &sent, &now);
        assert_eq!(now.len(), sent.len(), "each once");
        server.kill9().await;
    });
}

#[test]
fn an_sqlite_that_another_program_keeps_locked_is_unavailable_and_comes_back() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let folder = db.folder().to_owned();
        let keys = folder.join("keys");
        let (state, world) = founded(db.url(), &keys).await;
        let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap())];
        let server = ServerProcess::start(&folder, &["serve"], &environment).await;
        let delegate = &world.here.delegates[0];
        let person = Person::new(&state, server.address(), delegate.account, delegate.device);
        let mut phone = light(person.clone());
        phone.pull().await;
        let lock = db.connect().await;
        lock.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
        // Many at once: nobody waits for all who are before him.
        let rows: Vec<Value> = (0..6)
            .map(|n| create("feedback", &new_id(), said(&world, &format!("Khi bị khóa {n}"))))
            .collect();
        let sending = rows.iter().map(|row| {
            let body = Phone::push_body(&[row.to_string()]);
            let begun = Instant::now();
            let person = &person;
            async move { (person.try_send(body).await.unwrap(), begun.elapsed()) }
        });
        let answers = futures_util::future::join_all(sending);
        let reading = async {
            let begun = Instant::now();
            phone.pull().await;
            assert!(begun.elapsed() < Duration::from_secs(3), "reading goes on");
            let ready = reqwest::get(server.url("/readyz")).await.unwrap();
            assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
        };
        for (answer, took) in tokio::join!(answers, reading).0 {
            assert_eq!(
                (answer.status, &answer.body["errors"][0]["extensions"]["code"]),
                (503, &json!("UNAVAILABLE")),
                "{}",
                answer.body
            );
            assert!(took < Duration::from_secs(13), "{took:?}");
        }
        lock.execute_unprepared("ROLLBACK").await.unwrap();
        lock.close().await.unwrap();
        is_ready_again(&server).await;
        for result in phone.push(&rows).await {
            assert_eq!(result["status"], "APPLIED", "none of them was refused");
        }
        assert!(server.term().await.success());
    });
}

/// What the database says while it cannot take anything is no fault of the values: rows that were refused then would be
/// refused for ever.
#[test]
fn a_postgres_without_room_refuses_no_row() {
    database::run(Kind::Postgres, async |db: TestDatabase| {
        let (app, world) = stage(&db).await;
        let phone = Phone::new(app.person(&world.here.delegates[0]));
        let rows: Vec<Value> = (0..3)
            .map(|n| create("feedback", &new_id(), said(&world, &format!("Khi hết chỗ {n}"))))
            .collect();
        let texts: Vec<String> = rows.iter().map(Value::to_string).collect();
        let before = traces(&app).await;
        let conn = app.state.store.migrating();
        // No room, too many connections, shutting down, read only after a takeover, an index that is corrupt.
        for code in ["53100", "53300", "57P01", "25006", "XX002"] {
            for statement in [
                format!(
                    "CREATE FUNCTION ill() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'ill' USING ERRCODE = '{code}'; END $$ LANGUAGE plpgsql"
                ),
                "CREATE TRIGGER ill BEFORE INSERT ON feedback FOR EACH STATEMENT EXECUTE FUNCTION ill()"
                    .to_owned(),
            ] {
                conn.execute_unprepared(&statement).await.unwrap();
            }
            let answer = phone.person.try_send(Phone::push_body(&texts)).await.unwrap();
            assert_eq!(
                (answer.status, &answer.body["errors"][0]["extensions"]["code"]),
                (503, &json!("UNAVAILABLE")),
                "{code}"
            );
            conn.execute_unprepared("DROP TRIGGER ill ON feedback; DROP FUNCTION ill()")
                .await
                .unwrap();
        }
        assert_eq!(traces(&app).await, before);
        for result in phone.push(&rows).await {
            assert_eq!(result["status"], "APPLIED");
        }
    });
}

each_db! {
    /// The other side of it: one value that the database does not take is refused alone, and the rest is stored.
    async fn a_value_that_the_database_refuses_is_kept_and_the_rest_stored(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let conn = app.state.store.migrating();
        let statements: &[&str] = match db.kind() {
            Kind::Sqlite => &["CREATE TRIGGER odd BEFORE INSERT ON feedback WHEN NEW.content LIKE 'lạ%' BEGIN SELECT RAISE(ABORT, 'odd'); END"],
            Kind::Postgres => &[
                "CREATE FUNCTION odd() RETURNS trigger AS $$ BEGIN IF NEW.content LIKE 'lạ%' THEN RAISE EXCEPTION 'odd' USING ERRCODE = '22023'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql",
                "CREATE TRIGGER odd BEFORE INSERT ON feedback FOR EACH ROW EXECUTE FUNCTION odd()",
            ],
        };
        for statement in statements {
            conn.execute_unprepared(statement).await.unwrap();
        }
        let phone = Phone::new(app.person(&world.here.delegates[0]));
        let rows: Vec<Value> = (0..9).map(|n| create("feedback", &new_id(), said(&world, if n == 4 { "lạ lùng" } else { "thường" }))).collect();
        for (index, result) in phone.push(&rows).await.iter().enumerate() {
            assert_eq!(result["status"], if index == 4 { "REJECTED" } else { "APPLIED" }, "{index}: {result}");
        }
        assert_eq!(kept::places(&kept::everything(&app.state).await, "lạ lùng"), ["quarantine"]);
    }
}
