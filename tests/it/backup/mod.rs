//! Backups: made under load, compared row by row, put back whole or not at all.

mod postgres;

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::Arc,
    time::Duration,
};

use cutri::state::State;
use cutri_tests::{
    Kind, ServerProcess, TestDatabase,
    app::{Person, founded, state_on},
    database,
    phone::{Phone, create, new_id},
    seeds,
    server_process::command,
    world::{Login, Put, World, another_device},
};
use entity::{feedback, id::DeviceId};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

/// An installation whose data folder is the test database's.
struct Installation {
    db: TestDatabase,
    world: World,
}

impl Installation {
    async fn new(db: TestDatabase) -> (Self, Arc<State>) {
        let (state, world) = founded(db.url(), &db.folder().join("keys")).await;
        (Self { db, world }, state)
    }

    fn data(&self) -> &Path {
        self.db.folder()
    }

    async fn server(&self) -> ServerProcess {
        ServerProcess::start(self.data(), &["serve"], &[("DATABASE_URL", self.db.url())]).await
    }

    fn cutri(&self, args: &[&str]) -> Output {
        cutri(self.data(), args, &[("DATABASE_URL", self.db.url())])
    }

    fn said(&self, content: &str) -> Value {
        json!({"kind": "petition", "unitId": self.world.here.unit, "channel": "contact_meeting", "content": content})
    }
}

fn cutri(data: &Path, args: &[&str], environment: &[(&str, &str)]) -> Output {
    command(data, args, environment).output().unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

#[track_caller]
fn refused(output: &Output, name: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    assert!(said(output).contains(name), "{name}: {}", said(output));
}

/// A private folder, and the keys of an installation in it.
fn machine(of: &Installation) -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .unwrap();
    copy_keys(&of.data().join("keys"), &folder.path().join("keys"));
    folder
}

fn copy_keys(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, Permissions::from_mode(0o700)).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        if file.file_name() != "high-water.json" {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

async fn count(file: &Path) -> u64 {
    let url = format!("sqlite://{}", file.display());
    let db = sea_orm::Database::connect(url).await.unwrap();
    let row = db.query_one_raw(sea_orm::Statement::from_string(
        sea_orm::DbBackend::Sqlite,
        "SELECT integrity_check AS said FROM pragma_integrity_check LIMIT 1",
    ));
    assert_eq!(
        row.await.unwrap().unwrap().try_get::<String>("", "said").unwrap(),
        "ok"
    );
    let count = feedback::Entity::find().count(&db).await.unwrap();
    db.close().await.unwrap();
    count
}

fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Installation, Arc<State>) -> F) {
    database::run(Kind::Sqlite, async |db| {
        let (installation, state) = Installation::new(db).await;
        body(installation, state).await;
    });
}

/// Tables of a manifest.
fn tables(backup: &Path) -> Value {
    let text = fs::read_to_string(backup.join("manifest.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["tables"].clone()
}

#[test]
fn a_backup_under_load_is_whole_and_what_died_after_it_comes_back_from_the_phones() {
    const PHONES: usize = 20;
    on_sqlite(async |installation, state| {
        let server = installation.server().await;
        let author = &installation.world.here.delegates[0];
        let mut pushing = Vec::new();
        for _ in 0..PHONES {
            let device = another_device(&state, author, DeviceId(uuid::Uuid::now_v7()));
            let login = Login {
                device: device.id,
                ..author.clone()
            };
            Put::new().row(device).now(&state).await;
            let mut phone = Phone::new(Person::new(&state, server.address(), login.account, login.device));
            phone.collections = Some(vec!["feedback".to_owned()]);
            let rows: Vec<Value> = (0..6)
                .map(|n| create("feedback", &new_id(), installation.said(&format!("phiếu {n}"))))
                .collect();
            pushing.push(tokio::spawn(async move {
                for row in rows {
                    assert_eq!(phone.push(&[row]).await[0]["status"], "APPLIED");
                }
                phone
            }));
        }
        let backup = installation.data().join("sao-luu");
        let data = installation.data().to_owned();
        let (target, url) = (backup.clone(), installation.db.url().to_owned());
        let making = tokio::task::spawn_blocking(move || {
            cutri(
                &data,
                &["backup", target.to_str().unwrap()],
                &[("DATABASE_URL", &url)],
            )
        });
        let mut phones = Vec::new();
        for phone in pushing {
            phones.push(phone.await.unwrap());
        }
        done(&making.await.unwrap());
        for (path, mode) in [("", 0o700), ("cutri.db", 0o600), ("manifest.json", 0o600)] {
            assert_eq!(
                fs::metadata(backup.join(path)).unwrap().mode() & 0o777,
                mode,
                "{path}"
            );
        }
        // The server went on: what it has beyond the backup is told, and the backup is whole.
        let checked = done(&installation.cutri(&["backup", "--check", backup.to_str().unwrap()]));
        assert!(checked.contains("Bản sao nguyên vẹn"), "{checked}");

        for phone in &mut phones {
            phone.pull().await;
        }
        let late = new_id();
        assert_eq!(
            phones[0]
                .push(&[create("feedback", &late, installation.said("sau bản sao"))])
                .await[0]["status"],
            "APPLIED"
        );
        phones[0].pull().await;
        let all = phones[0].rows_of("feedback").len();
        assert_eq!(all, PHONES * 6 + 1);
        server.kill9().await;

        // On another machine, from the backup and the keys alone.
        let machine = machine(&installation);
        done(&cutri(
            machine.path(),
            &["restore", backup.to_str().unwrap()],
            &[],
        ));
        let again = machine.path().join("ban-sao-cua-ban-khoi-phuc");
        done(&cutri(machine.path(), &["backup", again.to_str().unwrap()], &[]));
        let (before, mut after) = (tables(&backup), tables(&again));
        assert_ne!(before["installation"], after["installation"], "a new epoch");
        after["installation"] = before["installation"].clone();
        assert_eq!(before, after, "every count and every hash");

        let server = ServerProcess::start(machine.path(), &["serve"], &[]).await;
        for phone in &mut phones {
            phone.person = phone.person.through(server.address());
            phone.pull().await;
        }
        for phone in &mut phones {
            phone.pull().await;
            assert_eq!(
                phone.rows_of("feedback").len(),
                all,
                "what any phone held is there again, once"
            );
        }
        assert_eq!(phones[0].row("feedback", &late)["content"], "sau bản sao");
        assert!(phones.iter().all(|phone| phone.digest() == phones[0].digest()));
        server.kill9().await;
    });
}

#[test]
fn a_flipped_byte_is_found_and_named() {
    on_sqlite(async |installation, state| {
        state.store.clone().close().await.unwrap();
        let backup = installation.data().join("sao-luu");
        let path = backup.to_str().unwrap();
        done(&installation.cutri(&["backup", path]));
        let copy = backup.join("cutri.db");
        let whole = fs::read(&copy).unwrap();
        let name = "Tiếp xúc cử tri trước kỳ họp".as_bytes();
        let at = whole
            .windows(name.len())
            .position(|part| part == name)
            .expect("a title");
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&copy, &changed).unwrap();
        let check = installation.cutri(&["backup", "--check", path]);
        refused(&check, "BACKUP_BROKEN");
        // In a row of one table: that one is named, and no other.
        let named = said(&check).matches("BACKUP_BROKEN: bảng ").count();
        assert_eq!(named, 1, "{}", said(&check));
        let machine = machine(&installation);
        refused(&cutri(machine.path(), &["restore", path], &[]), "BACKUP_BROKEN");
        assert!(
            !machine.path().join("cutri.db").exists() && !machine.path().join("cutri.db.restoring").exists()
        );

        // Cut short, or with a manifest that was touched, or without one: never taken for a backup.
        fs::write(&copy, &whole[..whole.len() / 2]).unwrap();
        refused(&installation.cutri(&["backup", "--check", path]), "BACKUP_BROKEN");
        refused(&cutri(machine.path(), &["restore", path], &[]), "BACKUP_BROKEN");
        fs::write(&copy, &whole).unwrap();
        done(&installation.cutri(&["backup", "--check", path]));
        let manifest = backup.join("manifest.json");
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, text.replacen("\"rows\": ", "\"rows\": 1", 1)).unwrap();
        refused(
            &installation.cutri(&["backup", "--check", path]),
            "MANIFEST_BROKEN",
        );
        refused(&cutri(machine.path(), &["restore", path], &[]), "MANIFEST_BROKEN");
        fs::remove_file(&manifest).unwrap();
        assert!(!cutri(machine.path(), &["restore", path], &[]).status.success());
        assert!(!machine.path().join("cutri.db").exists());
    });
}

/// Ends a command at a random moment.
fn killed_within(data: &Path, args: &[&str], most: u64, rng: &mut StdRng) {
    let mut running = command(data, args, &[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(rng.random_range(0..most)));
    let _ = running.kill();
    running.wait().unwrap();
}

#[test]
fn killed_at_any_moment_a_backup_is_whole_or_none_and_a_restore_leaves_a_database() {
    on_sqlite(async |installation, state| {
        let seed = seeds::seed();
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        state.store.clone().close().await.unwrap();
        let turns = if seeds::is_full() { 60 } else { 10 };
        let folder = installation.data();
        let begun = std::time::Instant::now();
        let whole = folder.join("sao-luu");
        done(&installation.cutri(&["backup", whole.to_str().unwrap()]));
        let most = begun.elapsed().as_millis() as u64 + 50;
        for turn in 0..turns {
            let target = folder.join(format!("sao-luu-{turn}"));
            killed_within(folder, &["backup", target.to_str().unwrap()], most, &mut rng);
            if target.join("manifest.json").exists() {
                done(&installation.cutri(&["backup", "--check", target.to_str().unwrap()]));
            } else {
                assert!(
                    !installation
                        .cutri(&["restore", target.to_str().unwrap(), "--replace"])
                        .status
                        .success()
                );
            }
        }

        // The old database has one row more than the backup; whatever happens, one of the two is there.
        let machine = machine(&installation);
        done(&cutri(machine.path(), &["restore", whole.to_str().unwrap()], &[]));
        let database = machine.path().join("cutri.db");
        let server = ServerProcess::start(machine.path(), &["serve"], &[]).await;
        let keys = machine.path().join("keys");
        let state = state_on(&format!("sqlite://{}", database.display()), &keys).await;
        let author = &installation.world.here.delegates[0];
        let phone = Phone::new(Person::new(
            &state,
            server.address(),
            author.account,
            author.device,
        ));
        let row = create("feedback", &new_id(), installation.said("chỉ có trong bản cũ"));
        assert_eq!(phone.push(&[row]).await[0]["status"], "APPLIED");
        state.store.clone().close().await.unwrap();
        refused(
            &cutri(
                machine.path(),
                &["restore", whole.to_str().unwrap(), "--replace"],
                &[],
            ),
            "ALREADY_SERVING",
        );
        // Not stopped but killed: what was written lies in the log beside the file.
        server.kill9().await;
        refused(
            &cutri(machine.path(), &["restore", whole.to_str().unwrap()], &[]),
            "DATABASE_EXISTS",
        );
        let mut was_replaced = false;
        for _ in 0..turns {
            killed_within(
                machine.path(),
                &["restore", whole.to_str().unwrap(), "--replace"],
                4 * most,
                &mut rng,
            );
            let is_new = count(&database).await == 0;
            assert!(is_new || !was_replaced);
            was_replaced |= is_new;
        }
        done(&cutri(
            machine.path(),
            &["restore", whole.to_str().unwrap(), "--replace"],
            &[],
        ));
        assert_eq!(count(&database).await, 0);
        let aside: Vec<PathBuf> = fs::read_dir(machine.path())
            .unwrap()
            .flatten()
            .map(|file| file.path())
            .filter(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                name.contains("truoc-khoi-phuc") && !name.ends_with("-wal") && !name.ends_with("-shm")
            })
            .collect();
        let mut kept = Vec::new();
        for path in aside {
            kept.push(count(&path).await);
        }
        assert!(kept.contains(&1), "the old database is kept whole: {kept:?}");
        let server = ServerProcess::start(machine.path(), &["serve"], &[]).await;
        assert!(server.term().await.success());
    });
}

#[test]
fn a_backup_of_other_keys_is_refused_and_keys_are_kept_apart() {
    on_sqlite(async |installation, state| {
        state.store.clone().close().await.unwrap();
        let backup = installation.data().join("sao-luu");
        let keys = installation.data().join("khoa");
        let made = installation.cutri(&[
            "backup",
            backup.to_str().unwrap(),
            "--copy-keys",
            keys.to_str().unwrap(),
        ]);
        done(&made);
        assert!(keys.join("master.key").exists() && !keys.join("high-water.json").exists());
        let inside = backup.join("khoa");
        let second = installation.data().join("sao-luu-2");
        let refused_keys = installation.cutri(&[
            "backup",
            second.to_str().unwrap(),
            "--copy-keys",
            second.join("khoa").to_str().unwrap(),
        ]);
        refused(&refused_keys, "KEYS_APART");
        assert!(!inside.exists() && !second.join("khoa").exists());

        let other = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .unwrap();
        refused(
            &cutri(other.path(), &["restore", backup.to_str().unwrap()], &[]),
            "MISSING",
        );
        let server = ServerProcess::start(other.path(), &["serve"], &[]).await;
        assert!(server.term().await.success());
        refused(
            &cutri(
                other.path(),
                &["restore", backup.to_str().unwrap(), "--replace"],
                &[],
            ),
            "KEYS_MISMATCH",
        );

        // With the keys that were copied it is taken.
        let machine = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .unwrap();
        copy_keys(&keys, &machine.path().join("keys"));
        done(&cutri(
            machine.path(),
            &["restore", backup.to_str().unwrap()],
            &[],
        ));
    });
}
