//! The disk runs full under the server: it refuses to write and says so, reads on, and goes on by itself when there is
//! room again. Tried with a limit on the size of files, and with a small disk of memory that is really full.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use cutri_tests::{
    Kind, ServerProcess, TestDatabase,
    app::{Person, founded},
    database,
    phone::{Phone, create, new_id},
    target,
    world::World,
};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    files::{Sender, sha256, stored, text},
    invariants::{light, said},
};

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
    let (state, world) = founded(db.url(), &keys).await;
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

/// Tried on a disk of one MiB that something else has filled, a namespace's own as below.
#[test]
fn the_doctor_says_how_full_the_disk_is() {
    let folder = cutri_tests::server_process::private_folder();
    for (bytes, grade, advice) in [
        (300_000, "ok  ", ""),
        (920_000, "warn", "hãy dọn bớt hoặc thêm đĩa"),
        (1_010_000, "fail", "máy chủ không còn nhận việc (readyz)"),
    ] {
        let (disk, program) = (folder.path().display(), target::binary().display());
        let script = format!(
            "mount -t tmpfs -o mode=0700,size=1m none '{disk}' && head -c {bytes} /dev/zero > '{disk}/filler' \
             && exec '{program}' doctor"
        );
        let examined = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .env("CUTRI_DATA", folder.path())
            .env_remove("DATABASE_URL")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&examined.stdout).into_owned();
        // There is no database on it, so that the doctor fails in any case.
        assert_eq!(
            examined.status.code(),
            Some(1),
            "{told}{}",
            String::from_utf8_lossy(&examined.stderr)
        );
        let beginning = format!("{grade}  Đĩa: còn trống ");
        let line = told.lines().find(|line| line.starts_with(&beginning));
        assert!(line.is_some_and(|line| line.ends_with(advice)), "{bytes}: {told}");
    }
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

/// Bytes of a photo that are sent at a time.
const CHUNK: usize = 256 << 10;

/// Appends from here on until a chunk is refused or all is sent: where the upload stands then, and the refusal.
async fn send_on(
    sender: &Sender,
    bytes: &[u8],
    mut stands: usize,
) -> (usize, Option<(u16, String, Option<u64>)>) {
    let hash = sha256(bytes);
    while stands < bytes.len() {
        let end = (stands + CHUNK).min(bytes.len());
        let told = sender.patch(&hash, stands, &bytes[stands..end], &[]).await;
        if told.status != 204 {
            assert!(!told.header("retry-after").is_empty(), "{told:?}");
            return (stands, Some(told.refusal()));
        }
        stands = end;
    }
    (stands, None)
}

#[test]
fn a_full_disk_under_an_upload_loses_no_byte_of_it_and_no_row() {
    database::run(Kind::Sqlite, async |db: TestDatabase| {
        let (keys, world, state) = installation(&db).await;
        let disk = db.folder().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let script = db.folder().join("files-on-a-small-disk");
        // As above, but it is the files alone that lie there.
        std::fs::write(
            &script,
            format!(
                "#!/bin/sh\nexec unshare --user --map-root-user --mount sh -c '\n\
                 mount -t tmpfs -o mode=0700,size={} none \"{disk}\" && exec \"{program}\" \"$@\"' sh \"$@\"\n",
                16 << 20,
                disk = disk.display(),
                program = target::binary().display(),
            ),
        )
        .unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let place = disk.join("files");
        let environment = [
            ("DATABASE_URL", db.url()),
            ("CUTRI_KEYS", keys.to_str().unwrap()),
            ("CUTRI_FILES", place.to_str().unwrap()),
        ];
        let server = ServerProcess::start_program(&script, db.folder(), &["serve"], &environment).await;
        let delegate = &world.here.delegates[0];
        let person = Person::new(&state, server.address(), delegate.account, delegate.device);
        let sender = Sender::at(server.address(), person.token());
        let within = PathBuf::from(format!("/proc/{}/root{}", server.id(), disk.display()));
        let (files, filler) = (within.join("files"), within.join("filler"));
        // Takes what is left but so many bytes.
        let leave = |bytes: u64| {
            let mut file = std::fs::File::create(&filler).unwrap();
            while file.write_all(&[0; 4_096]).is_ok() {}
            let size = file.metadata().unwrap().len();
            file.set_len(size - bytes).unwrap();
        };
        let lies = || {
            let mut found = stored(&files);
            found.sort();
            found
        };
        let unavailable = Some((503, "UNAVAILABLE".to_owned(), None));

        let small = text("gửi trước khi đầy", 30_000);
        sender.send(&small).await;
        let bytes = text("ảnh gửi khi đầy", 3_200_000);
        let hash = sha256(&bytes);
        assert_eq!(sender.create(&bytes).await.status, 201);
        // Room for four chunks.
        leave(4 * 256 * 1_024 + 100_000);
        let (stands, refused) = send_on(&sender, &bytes, 0).await;
        assert_eq!(refused, unavailable);
        assert!(stands > 0 && stands < bytes.len(), "{stands}");
        let kept = lies();
        for _ in 0..3 {
            assert_eq!(
                send_on(&sender, &bytes, stands).await,
                (stands, unavailable.clone())
            );
            let told = sender.head(&hash).await;
            assert_eq!(
                (told.status, told.header("upload-offset")),
                (200, stands.to_string().as_str())
            );
        }
        assert_eq!(lies(), kept, "what is refused leaves nothing behind");
        // Of a chunk with a checksum the first part finds room and the second does not.
        leave((1 << 20) + 450 * 1_024);
        let chunk = &bytes[stands..stands + (1 << 20) + 900 * 1_024];
        let sum = format!("sha256 {}", BASE64_STANDARD.encode(Sha256::digest(chunk)));
        let told = sender
            .patch(&hash, stands, chunk, &[("upload-checksum", sum.as_str())])
            .await;
        assert_eq!(Some(told.refusal()), unavailable);
        assert_eq!(lies(), kept, "also of a chunk that found room in part");

        // Rows go on, also the one that names the photo; what is there is read.
        let mut phone = light(person.clone());
        let row = new_id();
        let mut patch = said(&world, "Cống sập, có ảnh");
        patch["attachments"] = json!(hash);
        assert_eq!(
            phone.push(&[create("feedback", &row, patch)]).await[0]["status"],
            "APPLIED"
        );
        assert_eq!(sender.read(&sha256(&small), &[]).await.body, small);

        // Room for the rest of the parts, but not for the whole that is made of them.
        leave((bytes.len() - stands) as u64 + 200_000);
        let (last, refused) = send_on(&sender, &bytes, stands).await;
        assert_eq!(refused, unavailable);
        assert!(
            bytes.len() - last <= CHUNK,
            "{last}: it is the last chunk that is refused"
        );
        assert_eq!(sender.head(&hash).await.status, 503, "it has not arrived");
        phone.pull().await;
        assert_eq!(phone.row("feedback", &row)["arrived"], Value::Null);

        std::fs::remove_file(&filler).unwrap();
        let told = sender.head(&hash).await;
        let length = bytes.len().to_string();
        assert_eq!(
            (told.status, told.header("upload-offset")),
            (200, length.as_str())
        );
        assert_eq!(sender.read(&hash, &[]).await.body, bytes);
        assert_eq!(lies().len(), 2, "no part of it is left");
        phone.pull().await;
        assert_eq!(phone.row("feedback", &row)["arrived"], json!(hash));
        assert!(server.term().await.success());
    });
}
