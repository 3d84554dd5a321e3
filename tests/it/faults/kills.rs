//! The server is killed at random moments, under load and while it starts.

use std::{process::Stdio, time::Duration};

use cutri_tests::{
    Kind, ServerProcess, TestDatabase,
    app::{Person, founded},
    each_db,
    phone::Phone,
    seeds,
    server_process::{self, free_address},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::fleet::{Fleet, is_honest, stored};

const DEVICES: usize = 20;

/// SQLite's own look at every page; PostgreSQL checks its checksums by itself.
async fn is_sound(db: &TestDatabase) {
    if db.kind() == Kind::Sqlite {
        let connection = db.connect().await;
        let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
        let row = connection.query_one_raw(check).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
        connection.close().await.unwrap();
    }
}

each_db! {
    async fn twenty_devices_lose_and_double_nothing_when_the_server_is_killed_again_and_again(db: TestDatabase) {
        let folder = db.folder().to_owned();
        let keys = folder.join("keys");
        let (state, world) = founded(db.url(), &keys).await;
        let address = free_address();
        let listen = address.to_string();
        let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap()), ("CUTRI_LISTEN", &listen),
            ("CUTRI_RATE_LIMITS", "off")];
        let kills = if seeds::is_full() { 50 } else { 8 };
        for seed in seeds::seeds(1, 10) {
            println!("seed {seed}");
            let mut rng = StdRng::seed_from_u64(seed);
            let mut server = ServerProcess::start(&folder, &["serve"], &environment).await;
            let before = stored(state.store.read()).await;
            let fleet = Fleet::start(&state, &world, address, DEVICES, seed).await;
            for _ in 0..kills {
                tokio::time::sleep(Duration::from_millis(rng.random_range(20..500))).await;
                server.kill9().await;
                // What was acknowledged before this moment must be there at this moment.
                let acknowledged = fleet.ledger.acknowledged.lock().unwrap().clone();
                is_sound(&db).await;
                let mut now = stored(state.store.read()).await;
                now.retain(|id, _| !before.contains_key(id));
                is_honest(&acknowledged, &fleet.ledger.sent.lock().unwrap(), &now);
                server = ServerProcess::start(&folder, &["serve"], &environment).await;
            }
            let ledger = fleet.settle().await;
            let (sent, acknowledged) = (ledger.sent.lock().unwrap().clone(), ledger.acknowledged.lock().unwrap().clone());
            println!("{} rows over {kills} kills; {:?}", sent.len(), ledger.failures.lock().unwrap());
            assert_eq!(sent, acknowledged);
            let mut now = stored(state.store.read()).await;
            now.retain(|id, _| !before.contains_key(id));
            assert_eq!(now.keys().cloned().collect::<std::collections::BTreeSet<_>>(), sent, "each once");
            is_honest(&acknowledged, &sent, &now);
            // And a phone that reads it all is whole.
            let author = &world.here.delegates[0];
            let mut phone = Phone::new(Person::new(&state, address, author.account, author.device));
            phone.collections = Some(vec!["feedback".to_owned()]);
            phone.pull().await;
            assert_eq!(phone.rows.len(), before.len() + sent.len());
            server.kill9().await;
            is_sound(&db).await;
        }
    }

    /// Migrations, the import of the units, keys: killed at any moment, the next start finishes it.
    async fn a_first_start_that_is_killed_at_random_moments_is_finished_by_a_later_one(db: TestDatabase) {
        let empty = TestDatabase::empty(db.kind()).await;
        let folder = empty.folder().to_owned();
        let address = free_address().to_string();
        let environment = [("DATABASE_URL", empty.url()), ("CUTRI_LISTEN", address.as_str())];
        let kills = if seeds::is_full() { 40 } else { 3 };
        let mut rng = seeds::rng();
        for _ in 0..kills {
            let mut starting = server_process::command(&folder, &["serve"], &environment)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let wait = 3_f64.powf(rng.random_range(1.0..6.5)) as u64;
            tokio::time::sleep(Duration::from_millis(wait)).await;
            starting.kill().unwrap();
            starting.wait().unwrap();
        }
        let server = ServerProcess::start(&folder, &["serve"], &environment).await;
        is_sound(&empty).await;
        let connection = empty.connect().await;
        let count = Statement::from_string(connection.get_database_backend(), "SELECT count(*) FROM unit");
        let row = connection.query_one_raw(count).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 14_165);
        connection.close().await.unwrap();
        let examined = server_process::command(&folder, &["doctor"], &environment[..1]).output().unwrap();
        assert!(examined.status.success(), "{}", String::from_utf8_lossy(&examined.stdout));
        assert!(server.term().await.success());
    }
}
