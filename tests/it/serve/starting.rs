//! The first start, the second, one that was killed, and two at once.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use cutri_tests::{
    Kind, ServerProcess, TestDatabase,
    server_process::{self, free_address},
    target,
};
use reqwest::Client;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::Value;

use super::{cutri, folder, installation, is_handed_out_and_alone, mode, refused_with, said, the_five_lines};

#[test]
fn the_program_prints_the_committed_schema_byte_for_byte() {
    let folder = folder();
    let printed = cutri(folder.path(), &["schema"], &[]);
    assert!(printed.status.success(), "{}", said(&printed));
    let committed = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql")).unwrap();
    assert!(
        printed.stdout == committed,
        "`cutri schema` prints another schema"
    );
}

#[tokio::test]
async fn a_first_start_makes_a_safe_empty_installation() {
    let parent = folder();
    let data = parent.path().join("data");
    fs::create_dir(parent.path().join("log")).unwrap();
    let place = data.to_str().unwrap().to_owned();
    let server = ServerProcess::start(
        &parent.path().join("log"),
        &["serve"],
        &[("CUTRI_DATA", place.as_str())],
    )
    .await;
    for (path, expected) in [
        ("", 0o700),
        ("keys", 0o700),
        ("cutri.db", 0o600),
        ("cutri.db-wal", 0o600),
        ("keys/master.key", 0o600),
        ("keys/signing-000001.pem", 0o600),
    ] {
        assert_eq!(mode(&data.join(path)), expected, "{path}");
    }
    the_five_lines(
        &server,
        "chưa có; tạo quản trị viên [none yet]: cutri account create --username …",
    );
    let url = format!("sqlite://{}", data.join("cutri.db").display());
    let db = sea_orm::Database::connect(url).await.unwrap();
    assert_eq!(entity::account::Entity::find().count(&db).await.unwrap(), 0);
    db.close().await.unwrap();

    assert!(server.term().await.success());
    assert!(!data.join("cutri.db-wal").exists(), "stopping empties the -wal");
}

#[tokio::test]
async fn a_second_start_has_nothing_to_do() {
    let folder = folder();
    let server = ServerProcess::start(folder.path(), &["serve"], &[]).await;
    let log = server.log().clone();
    assert!(server.term().await.success());
    let first = log.text().len();
    let server = ServerProcess::start(folder.path(), &["serve"], &[]).await;
    let second = log.text()[first..].to_owned();
    assert!(
        log.text()[..first].contains("[importing units]"),
        "the first start says what it does: {}",
        log.text()
    );
    assert!(
        !second.contains("[migrating]") && !second.contains("[importing units]"),
        "{second}"
    );
    assert!(server.term().await.success());

    // What holds on every machine is what is asked of the database: little, and not a statement more when there is more
    // in it.
    let empty = behind(&second, "opened statements=");
    assert!((1..100).contains(&empty), "{second}");
    let server = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    assert!(server.term().await.success());
    let third = log.text().len();
    let server = ServerProcess::start(folder.path(), &["serve"], &[]).await;
    let filled = log.text()[third..].to_owned();
    assert_eq!(behind(&filled, "opened statements="), empty, "{filled}");
    let took = behind(&filled, "sẵn sàng sau ");
    println!("start on a database with something in it: {took} ms");
    assert!(
        !is_handed_out_and_alone() || took < 1_000,
        "ready after {took} ms"
    );
    assert!(server.term().await.success());
}

/// The number that stands behind these words of a log.
#[track_caller]
fn behind(log: &str, words: &str) -> u64 {
    let (_, rest) = log
        .split_once(words)
        .unwrap_or_else(|| panic!("no {words} in {log}"));
    let number = rest.split(|letter: char| !letter.is_ascii_digit()).next();
    number.unwrap().parse().unwrap()
}

/// A bar is drawn on a terminal alone: `script` gives the program one, and hands on what it shows there.
#[test]
fn on_a_terminal_the_first_start_shows_a_bar_that_counts() {
    let folder = folder();
    let line = format!(
        "stty cols 160 rows 40; exec '{}' migrate",
        target::binary().display()
    );
    let shown = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .env("CUTRI_DATA", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("script, of Debian's bsdutils");
    assert!(shown.status.success(), "{}", said(&shown));
    let shown = said(&shown);
    // "… [importing units] ████░░░░ 3000/24794 (1s)", drawn over and over.
    let count = |word: &str| -> Option<(u64, u64)> {
        let (done, all) = word.split_once('/')?;
        Some((done.parse().ok()?, all.parse().ok()?))
    };
    let drawn = shown.split("[importing units]").skip(1);
    let drawn: Vec<(u64, u64)> = drawn
        .filter_map(|bar| bar.split_whitespace().find_map(count))
        .collect();
    let moves = |(done, all): &(u64, u64)| 0 < *done && done < all && *all > 14_000;
    assert!(drawn.iter().any(moves), "{drawn:?}\n{shown}");
    assert!(drawn.is_sorted(), "{drawn:?}");
    // What is told instead of a bar where there is no terminal.
    assert!(!shown.contains("[importing units] …"), "{shown}");
}

#[tokio::test]
async fn a_killed_first_start_is_finished_by_the_next() {
    let folder = folder();
    let address = free_address().to_string();
    for wait in [2, 10, 25, 50, 100, 200, 400, 900] {
        let mut starting = server_process::command(folder.path(), &["serve"], &[("CUTRI_LISTEN", &address)])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        starting.kill().unwrap();
        starting.wait().unwrap();
    }
    let server = ServerProcess::start(folder.path(), &["serve"], &[]).await;
    let examined = cutri(folder.path(), &["doctor"], &[]);
    assert!(examined.status.success(), "{}", said(&examined));
    assert!(server.term().await.success());
}

async fn two_at_once(url: &str) {
    let shared = folder();
    let keys = shared.path().join("keys");
    let one = folder();
    let other = folder();
    let environment = |data: &Path| {
        vec![
            ("CUTRI_KEYS", keys.display().to_string()),
            ("CUTRI_DATA", data.display().to_string()),
            ("DATABASE_URL", url.to_owned()),
        ]
    };
    let start = async |log: &Path| {
        let environment = environment(log);
        let environment: Vec<_> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        ServerProcess::start(log, &["serve"], &environment).await
    };
    let (a, b) = tokio::join!(start(one.path()), start(other.path()));
    let jwks = async |server: &ServerProcess| {
        let answer = reqwest::get(server.url("/.well-known/jwks.json")).await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    assert_eq!(jwks(&a).await, jwks(&b).await, "one set of keys");
    assert!(a.term().await.success());
    assert!(b.term().await.success());
}

#[tokio::test]
async fn two_first_starts_at_once_on_sqlite() {
    let folder = folder();
    // Two that make the same installation wait for each other; only one may serve its file (`ALREADY_SERVING`).
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| cutri(folder.path(), &["migrate"], &[])))
            .collect();
        for run in runs {
            assert!(run.join().unwrap().status.success());
        }
    });
    let server = ServerProcess::start(folder.path(), &["serve"], &[]).await;
    assert!(server.term().await.success());
}

#[tokio::test]
async fn two_first_starts_at_once_on_postgres() {
    if !Kind::Postgres.is_available() {
        return;
    }
    let db = TestDatabase::empty(Kind::Postgres).await;
    two_at_once(db.url()).await;
}

#[tokio::test]
async fn one_sqlite_file_has_one_server() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[]).await;
    refused_with(&cutri(folder, &["serve"], &[]), "ALREADY_SERVING");
    for beside in [&["migrate"][..], &["doctor"], &["token", "list"]] {
        let done = cutri(folder, beside, &[]);
        assert!(done.status.success(), "{beside:?}: {}", said(&done));
    }
    let page = Client::new()
        .get(server.url("/graphql"))
        .header("accept", "text/html");
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("<label id=\"choice\" hidden>"),
        "examples are of the demo"
    );
    let address = server.url("").trim_start_matches("http://").to_owned();
    let taken = server_process::command(folder, &["serve"], &[("CUTRI_LISTEN", &address)]);
    refused_with(&{ taken }.output().unwrap(), "địa chỉ này đang được dùng");
    assert!(server.term().await.success());
    // Who stopped holds nothing.
    let server = ServerProcess::start(folder, &["serve"], &[]).await;
    assert!(server.term().await.success());
}
