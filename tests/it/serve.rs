//! The binary as an operator meets it: first start, second start, stopping, refusing, and the doors for everybody.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use cutri_tests::{
    FaultProxy, Kind, ServerProcess, TestDatabase,
    app::{Person, state_on},
    each_db,
    server_process::{self, free_address},
    target,
    world::World,
};
use reqwest::{Client, StatusCode};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};

use crate::units::{UNKNOWN_PREDECESSORS, WITHOUT_SUCCESSOR};

/// An empty folder, as private as the product wants it.
fn folder() -> tempfile::TempDir {
    let private = Permissions::from_mode(0o700);
    tempfile::Builder::new().permissions(private).tempdir().unwrap()
}

/// An installation on which everything was imported already; its folder is its data folder.
async fn installation() -> TestDatabase {
    TestDatabase::fresh(Kind::Sqlite).await
}

fn cutri(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Output {
    server_process::command(folder, args, environment)
        .env("CUTRI_LISTEN", free_address().to_string())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[track_caller]
fn refused_with(output: &Output, name: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    assert!(said(output).contains(name), "{}", said(output));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

async fn ask(server: &ServerProcess, query: &str) -> (StatusCode, Value) {
    let sent = Client::new()
        .post(server.url("/graphql"))
        .json(&json!({ "query": query }))
        .send();
    let answer = sent.await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// Once it is ready the program says five lines, where everything is, and no word more. (Lines of the log begin with
/// the time.)
#[track_caller]
pub(crate) fn the_five_lines(server: &ServerProcess, accounts: &str) {
    let text = server.log().text();
    let said: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.ends_with("[ready]"))
        .filter(|line| !line.starts_with("20"))
        .collect();
    assert_eq!(said.len(), 5, "{text}");
    assert!(
        said[0].starts_with("cutri ") && said[0].contains(" sẵn sàng sau "),
        "{text}"
    );
    let doors = [
        ("Trang giới thiệu [page]   ", server.url("/")),
        ("GraphiQL                  ", server.url("/graphql")),
        ("Lược đồ [schema]          ", server.url("/schema.graphql")),
        ("Tài khoản [accounts]      ", accounts.to_owned()),
    ];
    for (line, (name, place)) in said[1..].iter().zip(doors) {
        assert_eq!(*line, format!("  {name} {place}"));
    }
}

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
    println!("second start: {} ms", behind(&second, "sẵn sàng sau "));
    assert!(server.term().await.success());

    // A second is promised on a machine of one's own. What holds on every machine is what is asked of the database:
    // little, and not a statement more when there is more in it.
    let empty = behind(&second, "opened statements=");
    assert!((1..100).contains(&empty), "{second}");
    let server = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    assert!(server.term().await.success());
    let third = log.text().len();
    let server = ServerProcess::start(folder.path(), &["serve"], &[]).await;
    let filled = log.text()[third..].to_owned();
    assert_eq!(behind(&filled, "opened statements="), empty, "{filled}");
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

/// What the process has for itself, in kilobytes: without the program's own pages, which a debug build has more of.
fn own_memory(server: &ServerProcess) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn an_idle_server_is_small() {
    let folder = folder();
    let made = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    // Measured 14 to 25 MB, the first count of all agendas included. Rows of the units held twice, as a driver gives
    // them, were 60 MB; what the making of a demo left behind, until the server began anew after it, 412 MB.
    let own = own_memory(&made);
    assert!(own < 36_000, "{own} kB for itself after it made a demo");
    assert!(made.term().await.success());
    let server = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    let own = own_memory(&server);
    assert!(own < 36_000, "{own} kB for itself when idle");
    assert!(server.term().await.success());
}

/// A hash takes 19 MiB. A hundred logins, one after the other, took 349 MB and kept 254, whatever the names were.
#[tokio::test]
async fn a_strangers_logins_leave_nothing_behind_in_memory() {
    let db = installation().await;
    let server = ServerProcess::start(db.folder(), &["serve"], &[("CUTRI_RATE_LIMITS", "off")]).await;
    let client = Client::new();
    let url = server.url("/graphql");
    let login = |number: usize| {
        let query =
            "mutation($input: LoginInput!) { login(input: $input) { accessToken userErrors { code } } }";
        let input =
            json!({"username": format!("nguoi.la.{number}"), "password": "không ai có", "deviceName": "thử"});
        let sent = client
            .post(&url)
            .json(&json!({"query": query, "variables": {"input": input}}))
            .send();
        async move {
            let answer: Value = sent.await.unwrap().json().await.unwrap();
            assert_eq!(
                answer["data"]["login"]["userErrors"][0]["code"], "LOGIN_FAILED",
                "{answer}"
            );
        }
    };
    let mut most = 0;
    for number in 0..100 {
        login(number).await;
        most = most.max(own_memory(&server));
    }
    let own = own_memory(&server);
    assert!(own < 60_000, "{own} kB for itself after a hundred logins");
    assert!(most < 80_000, "{most} kB between two of a hundred logins");

    let mut asked = tokio::task::JoinSet::new();
    for number in 100..160 {
        asked.spawn(login(number));
    }
    while let Some(answered) = asked.join_next().await {
        answered.unwrap();
        most = most.max(own_memory(&server));
    }
    assert!(most < 256_000, "{most} kB while many log in at once");
    let own = own_memory(&server);
    assert!(own < 60_000, "{own} kB for itself after many at once");
    assert!(server.term().await.success());
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
async fn other_keys_and_lost_keys_are_refused_by_name() {
    let db = installation().await;
    let folder = db.folder();
    assert!(cutri(folder, &["migrate"], &[]).status.success());
    let keys = folder.join("keys");
    let kept = folder.join("kept");
    fs::rename(&keys, &kept).unwrap();
    for args in [&["serve"][..], &["migrate"], &["doctor"]] {
        refused_with(&cutri(folder, args, &[]), "MISSING");
        assert!(!keys.exists(), "{args:?} made new keys");
    }
    let stranger = installation().await;
    assert!(cutri(stranger.folder(), &["migrate"], &[]).status.success());
    fs::rename(stranger.folder().join("keys"), &keys).unwrap();
    for args in [&["serve"][..], &["migrate"], &["doctor"]] {
        refused_with(&cutri(folder, args, &[]), "KEYS_MISMATCH (master.key)");
    }
    fs::remove_dir_all(&keys).unwrap();
    fs::rename(&kept, &keys).unwrap();
    assert!(cutri(folder, &["doctor"], &[]).status.success());
    fs::set_permissions(keys.join("master.key"), Permissions::from_mode(0o644)).unwrap();
    for args in [&["serve"][..], &["doctor"]] {
        refused_with(&cutri(folder, args, &[]), "OPEN_TO_OTHERS");
    }
}

#[tokio::test]
async fn a_folder_that_others_can_enter_is_refused() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let environment = [("CUTRI_DATA", data.to_str().unwrap())];
    for args in [&["serve"][..], &["migrate"], &["doctor"]] {
        refused_with(&cutri(folder.path(), args, &environment), "DATA_OPEN_TO_OTHERS");
    }
    assert!(!data.join("cutri.db").exists());
}

#[tokio::test]
async fn a_database_address_is_never_shown_with_its_password() {
    let folder = folder();
    for url in [
        "mysql://cutri:bi-mat@127.0.0.1/cutri",
        "postgres://cutri:bi-mat@127.0.0.1:1/cutri",
        "postgres://127.0.0.1:1/cutri?user=cutri&password=bi-mat",
        "bi-mat",
    ] {
        for args in [&["serve"][..], &["doctor"], &["--help"]] {
            let output = cutri(
                folder.path(),
                args,
                &[("DATABASE_URL", url), ("CUTRI_LOG", "trace")],
            );
            assert!(!said(&output).contains("bi-mat"), "{args:?} {}", said(&output));
        }
    }
}

/// It ended in "uncategorized error" for a wrong host, and in "PoolTimedOut" for a wrong port.
#[test]
fn a_postgres_that_is_not_there_is_named_with_its_setting() {
    let folder = folder();
    for (url, server) in [
        ("postgres://cutri:bi-mat@127.0.0.1:1/cutri", "127.0.0.1:1"),
        (
            "postgres://cutri:bi-mat@khong-co.invalid/cutri",
            "khong-co.invalid:5432",
        ),
        (
            "postgres://cutri:bi-mat@localhost/cutri?host=127.0.0.1&port=1",
            "127.0.0.1:1",
        ),
    ] {
        let output = cutri(folder.path(), &["serve"], &[("DATABASE_URL", url)]);
        let told = said(&output);
        refused_with(
            &output,
            &format!("DATABASE_URL: không kết nối được máy chủ PostgreSQL ở {server};"),
        );
        assert!(
            told.contains(&format!(
                "the PostgreSQL server at {server}, which DATABASE_URL names, cannot be reached"
            )),
            "{told}"
        );
        assert!(
            !told.contains("bi-mat") && !told.contains("uncategorized") && !told.contains("PoolTimedOut"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_postgres_that_forgets_is_refused() {
    if !Kind::Postgres.is_available() {
        return;
    }
    let db = TestDatabase::empty(Kind::Postgres).await;
    let name = db.url().rsplit_once('/').unwrap().1.split('?').next().unwrap();
    let connection = db.connect().await;
    connection
        .execute_unprepared(&format!("ALTER DATABASE {name} SET synchronous_commit = off"))
        .await
        .unwrap();
    connection.close().await.unwrap();
    let environment = [("DATABASE_URL", db.url())];
    refused_with(
        &cutri(db.folder(), &["serve"], &environment),
        "synchronous_commit",
    );
    finds(
        &cutri(db.folder(), &["doctor"], &environment),
        "Cơ sở dữ liệu",
        "synchronous_commit",
    );
}

each_db! {
    // The delivered table ends some day; the next year's days off need no new program.
    async fn a_day_off_laid_in_the_data_folder_moves_a_due_date(db: TestDatabase) {
        let (folder, keys) = (db.folder(), db.folder().join("keys"));
        let state = state_on(db.url(), &keys).await;
        cutri::installation::check_keys(&state.store, &state.keys).await.unwrap();
        let world = World::create(&state).await;
        let environment = [("DATABASE_URL", db.url()), ("CUTRI_KEYS", keys.to_str().unwrap())];
        let due = async || {
            let server = ServerProcess::start(folder, &["serve"], &environment).await;
            let office = &world.here.office;
            let office = Person::new(&state, server.address(), office.account, office.device);
            let step = json!({"title": "Đi thực tế", "days": 1, "unit": "working", "side": "after"});
            let input = json!({"councilId": world.here.council, "kind": "other", "title": "Khảo sát đường",
                "anchorOn": "2027-03-01", "steps": [step]});
            let made = office.done("startProcedure", input, "procedure { steps { dueOn } }").await;
            assert!(server.term().await.success());
            made["procedure"]["steps"][0]["dueOn"].clone()
        };
        assert_eq!(due().await, "2027-03-02");
        let file = folder.join("holidays.csv");
        fs::write(&file, "date,kind,name,basis\n2027-03-02,holiday,Nghỉ lễ,Thông báo\n").unwrap();
        assert_eq!(due().await, "2027-03-03");

        fs::write(&file, "date,kind,name,basis\n2027-03-02,holiday,Nghỉ lễ,Thông báo\n2/3/2027,holiday,Nghỉ lễ,x\n").unwrap();
        for args in [&["serve"][..], &["doctor"]] {
            let refused = cutri(folder, args, &environment);
            refused_with(&refused, "HOLIDAYS_BROKEN");
            assert!(said(&refused).contains("dòng 3"), "{}", said(&refused));
        }
    }
}

each_db! {
    // An earlier version stored a voter's words of consent in the clear, his name in them.
    async fn words_of_consent_of_an_earlier_version_are_sealed_by_an_update(db: TestDatabase) {
        const WORDS: &str = "Tôi là Bà Tư, đồng ý";
        let (folder, environment) = (db.folder(), [("DATABASE_URL", db.url())]);
        assert!(cutri(folder, &["migrate"], &environment).status.success());
        let id = uuid::Uuid::now_v7();
        let key = match db.kind() {
            Kind::Sqlite => format!("X'{}'", id.simple()),
            Kind::Postgres => format!("'{id}'"),
        };
        let beside = db.connect().await;
        for statement in [
            "ALTER TABLE feedback_contact DROP COLUMN consent",
            "ALTER TABLE feedback_contact ADD COLUMN consent_text TEXT NOT NULL DEFAULT ''",
            format!(
                "INSERT INTO feedback_contact (feedback_id, consent_text, consent_at) \
                 VALUES ({key}, '{WORDS}', '2026-02-01 08:00:00+00:00')"
            )
            .as_str(),
            "DELETE FROM seaql_migrations WHERE version = 'm20261128_000031_consents'",
        ] {
            beside.execute_unprepared(statement).await.unwrap();
        }
        beside.close().await.unwrap();

        // Twice: what is sealed is not sealed again.
        for _ in 0..2 {
            let updated = cutri(folder, &["migrate"], &environment);
            assert!(updated.status.success(), "{}", said(&updated));
            let state = crate::installed::open(&db).await;
            let rows = entity::feedback_contact::Entity::find().all(state.store.read()).await.unwrap();
            let [row] = &rows[..] else { panic!("{rows:?}") };
            let sealed = row.consent.as_deref().unwrap();
            assert!(cutri::seal::is_sealed(sealed) && sealed.len() == WORDS.len() + cutri::seal::OVERHEAD);
            let plain = cutri::seal::open(&state.keys, cutri::feedback::consents::field(row.feedback_id), sealed);
            assert_eq!(plain.unwrap().as_slice(), WORDS.as_bytes());
        }
    }
}

/// The doctor failed, and says this in its line about that.
#[track_caller]
fn finds(examined: &Output, about: &str, words: &str) {
    assert_eq!(examined.status.code(), Some(1), "{}", said(examined));
    let told = String::from_utf8_lossy(&examined.stdout).into_owned();
    let beginning = format!("fail  {about}: ");
    let mut lines = told.lines().filter(|line| line.starts_with(&beginning));
    assert!(lines.any(|line| line.contains(words)), "{about}: {words}\n{told}");
}

each_db! {
    async fn the_doctor_names_what_is_broken_in_a_database(db: TestDatabase) {
        let (folder, environment) = (db.folder(), [("DATABASE_URL", db.url())]);
        assert!(cutri(folder, &["migrate"], &environment).status.success());
        let doctor = || cutri(folder, &["doctor"], &environment);
        let is_well = |after: &str| {
            let examined = doctor();
            assert!(examined.status.success(), "after {after}: {}", said(&examined));
            said(&examined)
        };
        is_well("the making");
        let beside = db.connect().await;
        // What breaks it, what mends it, the line, its words.
        for (breaks, mends, about, words) in [
            (
                "CREATE TABLE kept AS SELECT * FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations); \
                 DELETE FROM seaql_migrations WHERE version = (SELECT version FROM kept)",
                "INSERT INTO seaql_migrations SELECT * FROM kept; DROP TABLE kept",
                "Cấu trúc",
                "thiếu 1 bước; hãy chạy cutri migrate",
            ),
            (
                "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 0)",
                "DELETE FROM seaql_migrations WHERE version = 'm29991231_000001_later'",
                "Cấu trúc",
                "m29991231_000001_later",
            ),
            (
                "UPDATE sync_log SET seq = seq + 4000000000000000000 WHERE seq = (SELECT max(seq) FROM sync_log)",
                "UPDATE sync_log SET seq = seq - 4000000000000000000 WHERE seq > 4000000000000000000",
                "Đồng bộ",
                "đi trước đồng hồ của phân vùng shared",
            ),
            (
                "UPDATE sync_digest SET count = count + 1",
                "UPDATE sync_digest SET count = count - 1",
                "Tổng đối chiếu",
                "khác với nhật ký",
            ),
            (
                "UPDATE sync_doc SET doc = doc || ' '",
                "UPDATE sync_doc SET doc = rtrim(doc)",
                "Tài liệu đồng bộ",
                "tài liệu khác với dữ liệu gốc, trong đó có: unit/",
            ),
        ] {
            for statement in breaks.split("; ") {
                beside.execute_unprepared(statement).await.unwrap();
            }
            finds(&doctor(), about, words);
            for statement in mends.split("; ") {
                beside.execute_unprepared(statement).await.unwrap();
            }
            is_well(mends);
        }

        // Somebody set the machine's clock back: what happened last lies in the future.
        let tomorrow = entity::event::Model {
            id: entity::id::EventId(uuid::Uuid::from_u128(u128::MAX)),
            kind: "feedback".to_owned(),
            row_id: uuid::Uuid::now_v7(),
            event: "recorded".to_owned(),
            actor_id: None,
            device_id: None,
            council_id: None,
            basis: None,
            detail: None,
            at: chrono::Utc::now() + chrono::Duration::days(1),
        };
        let row: entity::event::ActiveModel = tomorrow.into_active_model();
        entity::event::Entity::insert(row.reset_all()).exec_without_returning(&beside).await.unwrap();
        finds(&doctor(), "Đồng hồ máy", "chậm hơn sự kiện mới nhất");
        entity::event::Entity::delete_many().exec(&beside).await.unwrap();
        is_well("the clock");

        // A database that knows no key yet is nothing broken, and said all the same.
        beside.execute_unprepared("DELETE FROM installation WHERE name LIKE 'key:%'").await.unwrap();
        let told = is_well("the fingerprints");
        assert!(told.contains("warn  Dấu vân tay của khóa: cơ sở dữ liệu chưa ghi khóa nào"), "{told}");
        beside.close().await.unwrap();
    }
}

each_db! {
    /// A file that its owner may only read: nothing was found wrong, and no server ran. (Root may write it all the same,
    /// so that here the address says it.)
    async fn the_doctor_finds_a_database_that_takes_no_writes(db: TestDatabase) {
        let (folder, environment) = (db.folder(), [("DATABASE_URL", db.url())]);
        assert!(cutri(folder, &["migrate"], &environment).status.success());
        let well = cutri(folder, &["doctor"], &environment);
        assert!(well.status.success() && said(&well).contains("ok    Quyền ghi: "), "{}", said(&well));
        let only_read = match db.kind() {
            Kind::Sqlite => format!("{}?mode=ro", db.url().split('?').next().unwrap()),
            Kind::Postgres => {
                let sign = if db.url().contains('?') { '&' } else { '?' };
                format!("{}{sign}options[default_transaction_read_only]=on", db.url())
            }
        };
        let examined = cutri(folder, &["doctor"], &[("DATABASE_URL", &only_read)]);
        finds(&examined, "Quyền ghi", "không ghi được vào cơ sở dữ liệu");
    }
}

#[tokio::test]
async fn the_doctor_names_what_is_missing_around_a_database() {
    let empty = folder();
    let absent = empty.path().join("data");
    let examined = cutri(
        empty.path(),
        &["doctor"],
        &[("CUTRI_DATA", absent.to_str().unwrap())],
    );
    finds(&examined, "Thư mục dữ liệu", "chưa có");
    finds(&examined, "Khóa", "MISSING");
    finds(
        &examined,
        "Cơ sở dữ liệu",
        "chưa có; hãy chạy cutri serve hoặc cutri migrate",
    );
    assert!(!absent.exists(), "it only looks");

    let db = installation().await;
    let folder = db.folder();
    assert!(cutri(folder, &["migrate"], &[]).status.success());
    let doctor = || cutri(folder, &["doctor"], &[]);
    let nowhere = [("DATABASE_URL", "postgres://cutri@127.0.0.1:1/cutri")];
    finds(
        &cutri(folder, &["doctor"], &nowhere),
        "Cơ sở dữ liệu",
        "127.0.0.1:1",
    );

    let files = folder.join("files");
    fs::create_dir_all(&files).unwrap();
    fs::set_permissions(&files, Permissions::from_mode(0o755)).unwrap();
    finds(&doctor(), "Kho tệp", "DATA_OPEN_TO_OTHERS");
    fs::remove_dir_all(&files).unwrap();
    let told = doctor();
    assert!(told.status.success(), "{}", said(&told));
    assert!(
        said(&told).contains("warn  Kho tệp: ") && said(&told).contains("cutri serve sẽ tạo"),
        "{}",
        said(&told)
    );
    assert!(!files.exists(), "it only looks");

    // The rows came back from a backup, the files did not.
    fs::create_dir(&files).unwrap();
    fs::set_permissions(&files, Permissions::from_mode(0o700)).unwrap();
    assert!(doctor().status.success(), "{}", said(&doctor()));
    let beside = db.connect().await;
    let arrived = entity::file::Model {
        sha256: "0".repeat(64),
        object: uuid::Uuid::now_v7(),
        stored_sha256: "0".repeat(64),
        size: 3,
        media_type: "image/jpeg".to_owned(),
        at: chrono::Utc::now(),
    };
    let row: entity::file::ActiveModel = arrived.into_active_model();
    entity::file::Entity::insert(row.reset_all())
        .exec_without_returning(&beside)
        .await
        .unwrap();
    beside.close().await.unwrap();
    finds(&doctor(), "Kho tệp", "thiếu 1 trong 1 tệp xem thử");
}

#[tokio::test]
async fn the_doors_for_everybody() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[]).await;
    let client = Client::new();

    let (status, answer) = ask(&server, "{ __typename }").await;
    assert_eq!(
        (status, answer),
        (StatusCode::OK, json!({"data": {"__typename": "Query"}}))
    );

    let get = client
        .get(server.url("/graphql?query=%7B__typename%7D"))
        .send()
        .await
        .unwrap();
    assert_eq!(get.json::<Value>().await.unwrap()["data"]["__typename"], "Query");

    for (door, expected) in [("/livez", "live"), ("/readyz", "ready")] {
        let answer = reqwest::get(server.url(door)).await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], expected);
    }

    let sdl = reqwest::get(server.url("/schema.graphql")).await.unwrap();
    let tag = sdl.headers()["etag"].clone();
    assert_eq!(
        sdl.text().await.unwrap(),
        cutri::schema::sdl(&cutri::schema::build())
    );
    let again = client
        .get(server.url("/schema.graphql"))
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.text().await.unwrap().is_empty());

    let keys = reqwest::get(server.url("/.well-known/jwks.json")).await.unwrap();
    let keys = keys.json::<Value>().await.unwrap();
    assert_eq!(keys["keys"][0]["alg"], "EdDSA");
    assert!(keys["keys"][0].get("d").is_none(), "the private half stays here");

    let page = client
        .get(server.url("/graphql"))
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("<html"));
    let nowhere = reqwest::get(server.url("/nowhere")).await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    assert!(server.term().await.success());
}

#[tokio::test]
async fn answers_are_compressed_and_bodies_may_be() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[]).await;
    let client = Client::new();
    let query = json!({"query": "{ __schema { types { name description fields { name description } } } }"});
    let plain = client
        .post(server.url("/graphql"))
        .header("accept-encoding", "identity")
        .json(&query)
        .send()
        .await
        .unwrap();
    let plain = plain.bytes().await.unwrap();
    let zstd = client
        .post(server.url("/graphql"))
        .header("accept-encoding", "gzip, zstd")
        .header("content-encoding", "zstd")
        .header("content-type", "application/json")
        .body(zstd::encode_all(query.to_string().as_bytes(), 3).unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(zstd.headers()["content-encoding"], "zstd");
    let zstd = zstd.bytes().await.unwrap();
    assert!(zstd.len() * 3 < plain.len(), "{} of {}", zstd.len(), plain.len());
    assert_eq!(zstd::decode_all(&zstd[..]).unwrap(), plain);
    // reqwest asks for gzip by itself and decodes it
    let gzip = client
        .post(server.url("/graphql"))
        .json(&query)
        .send()
        .await
        .unwrap();
    assert_eq!(gzip.bytes().await.unwrap(), plain);
    assert!(server.term().await.success());
}

#[tokio::test]
async fn bad_tokens_are_401_and_nothing_of_a_request_is_logged_even_at_trace() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[("CUTRI_LOG", "trace")]).await;
    let client = Client::new();
    for token in [
        "ma-bi-mat-1",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
        "cutri_ma-bi-mat-2",
    ] {
        let answer = client
            .post(server.url("/graphql"))
            .bearer_auth(token)
            .json(&json!({"query": "{__typename}"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        let answer = answer.json::<Value>().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }
    let asked = json!({
        "query": "query Q($id: ID!) { node(id: $id) { __typename id } }",
        "variables": {"id": "ma-bi-mat-3 0912345678"},
    });
    let answer = client
        .post(server.url("/graphql?x=ma-bi-mat-4"))
        .header("x-secret", "ma-bi-mat-5")
        .json(&asked)
        .send()
        .await
        .unwrap();
    assert!(!answer.status().is_server_error());
    let log = server.log().clone();
    assert!(server.term().await.success());
    log.assert_free_of(&["ma-bi-mat", "0912345678", "eyJhbGciOiJub25lIn0", "SELECT "]);
}

#[tokio::test]
async fn the_log_can_be_json_lines() {
    let db = installation().await;
    let folder = db.folder();
    let environment = [("CUTRI_LOG_FORMAT", "json"), ("CUTRI_RATE_LIMITS", "off")];
    let server = ServerProcess::start(folder, &["serve"], &environment).await;
    ask(&server, "query Chao { __typename }").await;
    let log = server.log().clone();
    assert!(server.term().await.success());
    let events: Vec<Value> = log
        .text()
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered = events
        .iter()
        .find(|event| event["message"] == "operation answered")
        .unwrap();
    assert_eq!(answered["span"]["operation"], "Chao");
    assert!(
        events
            .iter()
            .any(|event| event["level"] == "WARN"
                && event["message"].to_string().contains("CUTRI_RATE_LIMITS")),
        "switched-off limits are said loudly"
    );
    assert!(log.text().contains("CẢNH BÁO"));
}

#[tokio::test]
async fn without_its_database_the_server_says_so() {
    if !Kind::Postgres.is_available() {
        return;
    }
    let db = TestDatabase::fresh(Kind::Postgres).await;
    let address = db.url().split('@').nth(1).unwrap().split('/').next().unwrap();
    let proxy = FaultProxy::start(address.parse().unwrap()).await;
    let url = db.url().replace(address, &proxy.address().to_string());
    let server = ServerProcess::start(db.folder(), &["serve"], &[("DATABASE_URL", &url)]).await;
    drop(proxy);
    let ready = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.headers().contains_key("retry-after"));
    let live = reqwest::get(server.url("/livez")).await.unwrap();
    assert!(live.status().is_success());
    let id = uuid::Uuid::new_v4();
    let (status, answer) = ask(&server, &format!("{{ node(id: \"{id}\") {{ id }} }}")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE");
}

/// Runs a command with a line on stdin.
fn cutri_with_input(folder: &Path, args: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut process = server_process::command(folder, args, &[])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(input.as_ref()).unwrap();
    process.wait_with_output().unwrap()
}

#[tokio::test]
async fn accounts_and_tokens_are_made_beside_a_running_server() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[("CUTRI_LOG", "trace")]).await;
    let create = ["account", "create", "--username", "quantri"];
    // It makes administrators and nothing else: other roles, and where they hold, are given by one.
    for other in [["--role", "office"], ["--role", "king"], ["--unit", "zz"]] {
        let refused = cutri(folder, &[&create[..], &other[..]].concat(), &[]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        let line = format!("cutri: không có tham số {}. Xem: cutri --help", other[0]);
        assert!(
            told.lines().next().unwrap_or_default().starts_with(&line),
            "{told}"
        );
    }
    refused_with(&cutri_with_input(folder, &create, ""), "mật khẩu");
    refused_with(&cutri_with_input(folder, &create, "ngan\n"), "WEAK_PASSWORD");
    refused_with(
        &cutri_with_input(folder, &create, b"mot mat khau \xff rat dai\n"),
        "mật khẩu [password]: nội dung không đọc được",
    );
    let made = cutri_with_input(folder, &create, "mot mat khau rat dai\n");
    assert!(made.status.success(), "{}", said(&made));
    assert!(!said(&made).contains("mat khau rat dai"));
    refused_with(
        &cutri_with_input(folder, &create, "mot mat khau rat dai\n"),
        "TAKEN",
    );

    let login = "mutation { login(input: {username: \"quantri\", password: \"mot mat khau rat dai\", \
                 deviceName: \"test\"}) { accessToken userErrors { code } } }";
    let (status, answer) = ask(&server, login).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let access = answer["data"]["login"]["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let me = Client::new()
        .post(server.url("/graphql"))
        .bearer_auth(&access)
        .json(&json!({"query": "{ viewer { account { username grants { role councilId } } roles units { code } } }"}));
    let me: Value = me.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        me["data"]["viewer"],
        json!({"account": {"username": "quantri", "grants": [{"role": "administrator", "councilId": null}]},
            "roles": ["administrator"], "units": []})
    );

    let new = [
        "token", "create", "--scope", "read", "--unit", "01", "--level", "province",
    ];
    let nowhere = ["token", "create", "--scope", "read", "--unit", "zz"];
    let nowhere = cutri(folder, &nowhere, &[]);
    refused_with(
        &nowhere,
        "cutri: hôm nay không có đơn vị nào mã zz [no unit has this code today]\n",
    );
    assert!(nowhere.stdout.is_empty(), "{}", said(&nowhere));
    let made = cutri(folder, &new, &[]);
    assert!(made.status.success(), "{}", said(&made));
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(
        !token.contains(char::is_whitespace),
        "only the token goes to stdout: {token}"
    );
    let listed = said(&cutri(folder, &["token", "list"], &[]));
    assert!(listed.contains("Hà Nội") && !listed.contains(&token), "{listed}");
    let id = listed.split(' ').next().unwrap().to_owned();

    let with = async |bearer: &str| {
        let sent = Client::new()
            .post(server.url("/graphql"))
            .bearer_auth(bearer)
            .json(&json!({"query": "{ __typename }"}));
        sent.send().await.unwrap().status()
    };
    assert_eq!(with(&access).await, StatusCode::OK);
    assert_eq!(with(&token).await, StatusCode::OK);
    assert!(cutri(folder, &["token", "revoke", &id], &[]).status.success());
    assert_eq!(with(&token).await, StatusCode::UNAUTHORIZED);
    let log = server.log().clone();
    assert!(server.term().await.success());
    log.assert_free_of(&["mat khau rat dai", &access, &token]);
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

#[tokio::test]
async fn a_list_imported_beside_a_running_server_is_seen_by_it() {
    let db = installation().await;
    let folder = db.folder();
    let server = ServerProcess::start(folder, &["serve"], &[]).await;
    let list = folder.join("list.csv");
    let header = "code,name,level,kind,parent_code,valid_from,valid_to\n";
    fs::write(
        &list,
        format!("{header}98,Tỉnh Thử Nghiệm,province,province,,2026-01-01,\nbroken\n"),
    )
    .unwrap();
    let import = ["import", "units", list.to_str().unwrap()];
    let first = cutri(folder, &import, &[]);
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&first).contains("dòng 3"), "{}", said(&first));
    let second = cutri(folder, &import, &[]);
    assert!(said(&second).contains(", 0 mới hoặc đổi"), "{}", said(&second));
    fs::write(&list, "nothing,of,this\n").unwrap();
    refused_with(&cutri(folder, &import, &[]), "dòng 1");
    assert!(!said(&first).contains("dòng 0"), "{}", said(&first));
    assert!(said(&first).contains("28 đơn vị kết thúc"), "{}", said(&first));
    let absent = cutri(folder, &["import", "units", "no-such.csv"], &[]);
    refused_with(&absent, "không có tệp hoặc thư mục này [No such file");

    for attempt in 0.. {
        if server.log().text().contains("reference data read again") {
            break;
        }
        assert!(attempt < 50, "{}", server.log().text());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let examined = cutri(folder, &["doctor"], &[]);
    assert!(examined.status.success(), "{}", said(&examined));
    assert!(server.term().await.success());
}

/// Whoever imports the delivered lists reads which lines they leave open, each with its code.
#[tokio::test]
async fn an_import_names_what_its_lists_leave_open_by_line_and_code() {
    let db = installation().await;
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/reference");
    let (units, successions) = (
        lists.join("administrative_units.csv"),
        lists.join("unit_successions.csv"),
    );
    let import = [
        "import",
        "units",
        units.to_str().unwrap(),
        "--successions",
        successions.to_str().unwrap(),
    ];
    let done = cutri(db.folder(), &import, &[]);
    assert!(done.status.success(), "{}", said(&done));
    let told = String::from_utf8(done.stdout).unwrap();
    let mut open: Vec<&str> = told
        .lines()
        .filter(|line| line.starts_with("Bỏ ngỏ [open]"))
        .collect();
    assert_eq!(
        open.len(),
        UNKNOWN_PREDECESSORS.len() + WITHOUT_SUCCESSOR.len(),
        "{told}"
    );
    let named = UNKNOWN_PREDECESSORS.iter().map(|(line, from, to)| {
        format!("dòng {line}, cấp commune: {from} → {to}: không có đơn vị nào mã {from} ")
    });
    let ended = WITHOUT_SUCCESSOR
        .iter()
        .map(|(line, code)| format!("dòng {line}, cấp commune: đơn vị {code} kết thúc ngày "));
    for expected in named.chain(ended) {
        let before = open.len();
        open.retain(|line| !line.contains(&expected));
        assert_eq!(open.len(), before - 1, "{expected}\n{told}");
    }
}

each_db! {
    async fn the_log_names_a_refusal_of_the_database_without_its_values(db: TestDatabase) {
        let store = cutri::store::Store::connect(db.url()).await.unwrap();
        let conn = store.migrating();
        conn.execute_unprepared("CREATE TABLE planted (a TEXT PRIMARY KEY, b INTEGER NOT NULL, CHECK (b < 10))")
            .await
            .unwrap();
        conn.execute_unprepared("INSERT INTO planted VALUES ('bi-mat', 1)").await.unwrap();
        for statement in [
            "INSERT INTO planted VALUES ('bi-mat', 2)",
            "INSERT INTO planted VALUES ('bi-mat-2', NULL)",
            "INSERT INTO planted VALUES ('bi-mat-3', 11)",
            "SELECT CAST('bi-mat' AS INTEGER) FROM planted WHERE json('bi-mat') = ''",
        ] {
            let cause = conn.execute_unprepared(statement).await.unwrap_err();
            let described = cutri::error::describe(&cause);
            assert!(described.starts_with('['), "{described}");
            assert!(!described.contains("bi-mat"), "{described}");
        }
        store.close().await.unwrap();
    }
}
