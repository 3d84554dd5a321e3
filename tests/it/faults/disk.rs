//! The disk runs full under the server: it refuses to write and says so, reads on, and goes on by itself when there is
//! room again. Tried with a limit on the size of files, and with a small disk of memory that is really full.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use cutri_tests::{
    Kind, ServerProcess, TestDatabase,
    app::{Person, state_on},
    database,
    phone::{Phone, create, new_id},
    target,
    world::World,
};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::{Value, json};

use crate::invariants::{light, said};

/// Rows that fill some hundred kilobytes.
fn heavy(world: &World) -> Vec<Value> {
    (0..20)
        .map(|_| create("feedback", &new_id(), said(world, &"nặng ".repeat(2_000))))
        .collect()
}

fn body(rows: &[Value]) -> String {
    Phone::push_body(&rows.iter().map(Value::to_string).collect::<Vec<_>>())
}

/// Pushes until the server has refused several times; it must go on reading meanwhile, and take what it refused when
/// `relief` has made room.
async fn a_full_disk_is_survived(person: &Person, world: &World, relief: impl FnOnce()) {
    let mut phone = light(person.clone());
    phone.pull().await;
    let mut stored = 0;
    let mut refusals = 0;
    let mut refused: Vec<Vec<Value>> = Vec::new();
    while refusals < 4 {
        // A refused upload is tried again with every other turn.
        let rows = match refused.pop() {
            Some(rows) if refusals % 2 == 1 => rows,
            kept => {
                refused.extend(kept);
                heavy(world)
            }
        };
        let answer = person.try_send(body(&rows)).await.unwrap();
        if answer.body["data"]["syncPush"].is_object() {
            stored += rows.len();
            assert!(stored < 2_000, "the disk never runs full");
            continue;
        }
        let code = &answer.body["errors"][0]["extensions"]["code"];
        assert_eq!(
            (answer.status, code),
            (503, &json!("UNAVAILABLE")),
            "{}",
            answer.body
        );
        refusals += 1;
        refused.push(rows);
        phone.pull().await;
        assert_eq!(
            phone.rows_of("feedback").len(),
            stored,
            "what was acknowledged is there, and is read"
        );
    }
    relief();
    let waiting: usize = refused.iter().map(Vec::len).sum();
    for rows in &refused {
        for result in phone.push_patiently(rows).await {
            assert_eq!(
                result["status"], "APPLIED",
                "not refused for ever, and not half stored"
            );
        }
    }
    phone.pull().await;
    assert_eq!(phone.rows_of("feedback").len(), stored + waiting, "each once");
    // The writer has not lost count of its transactions.
    for result in phone.push_patiently(&heavy(world)).await {
        assert_eq!(result["status"], "APPLIED");
    }
}

async fn is_sound(file: &Path) {
    let connection = Database::connect(format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
    let row = connection.query_one_raw(check).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
    connection.close().await.unwrap();
}

/// An installation on SQLite with its world; nobody has it open.
async fn installation(db: &TestDatabase) -> (PathBuf, World, std::sync::Arc<cutri::state::State>) {
    let keys = db.folder().join("keys");
    let state = state_on(db.url(), &keys).await;
    cutri::installation::check_keys(&state.store, &state.keys)
        .await
        .unwrap();
    let world = World::create(&state).await;
    state.store.clone().close().await.unwrap();
    (keys, world, state)
}

#[test]
fn a_limit_on_the_size_of_files_refuses_writing_and_nothing_else() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (keys, world, state) = installation(&db).await;
        let script = db.folder().join("limited");
        // A write beyond the limit is an error and no signal.
        std::fs::write(
            &script,
            format!(
                "#!/bin/sh\ntrap '' XFSZ\nexec '{}' \"$@\"\n",
                target::binary().display()
            ),
        )
        .unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap())];
        let server = ServerProcess::start_program(&script, db.folder(), &["serve"], &environment).await;
        let limit = |bytes: &str| {
            let process = format!("--pid={}", server.id());
            let done = Command::new("prlimit")
                .args([&process, &format!("--fsize={bytes}:")])
                .status()
                .unwrap();
            assert!(done.success(), "prlimit (util-linux)");
        };
        let delegate = &world.here.delegates[0];
        let person = Person::new(&state, server.address(), delegate.account, delegate.device);
        // Room for a few hundred kilobytes in the -wal; the database itself is larger already.
        limit("700000");
        a_full_disk_is_survived(&person, &world, || limit("unlimited")).await;
        let log = server.log().text();
        assert!(server.term().await.success(), "{log}");
        is_sound(&db.folder().join("cutri.db")).await;
    });
}

#[test]
fn a_disk_that_is_really_full_refuses_writing_and_nothing_else() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (keys, world, state) = installation(&db).await;
        let disk = db.folder().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let size = std::fs::metadata(db.folder().join("cutri.db")).unwrap().len();
        let script = db.folder().join("on-a-small-disk");
        // A disk of memory in a namespace of the server's own: no rights are needed, and it ends with the server.
        std::fs::write(
            &script,
            format!(
                "#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c '\n\
                 mount -t tmpfs -o mode=0700,size={} none \"{disk}\" && cp \"{file}\" \"{disk}/cutri.db\" && exec \"{program}\" \"$@\"' sh \"$@\"\n",
                size + (6 << 20),
                disk = disk.display(),
                file = db.folder().join("cutri.db").display(),
                program = target::binary().display(),
            ),
        )
        .unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let url = format!("sqlite://{}?mode=rwc", disk.join("cutri.db").display());
        let environment = [
            ("DATABASE_URL", url.as_str()),
            ("CUTRI_KEYS", keys.to_str().unwrap()),
        ];
        let server = ServerProcess::start_program(&script, db.folder(), &["serve"], &environment).await;
        let delegate = &world.here.delegates[0];
        let person = Person::new(&state, server.address(), delegate.account, delegate.device);
        // What else lies on that disk takes nearly all that is left.
        let within = PathBuf::from(format!("/proc/{}/root{}", server.id(), disk.display()));
        std::fs::write(within.join("filler"), vec![0; 4 << 20]).unwrap();
        a_full_disk_is_survived(&person, &world, || {
            std::fs::remove_file(within.join("filler")).unwrap()
        })
        .await;
        std::fs::copy(within.join("cutri.db"), db.folder().join("after.db")).unwrap();
        std::fs::copy(within.join("cutri.db-wal"), db.folder().join("after.db-wal")).unwrap();
        server.kill9().await;
        is_sound(&db.folder().join("after.db")).await;
    });
}
