//! The PostgreSQL that the tests use: the one of `CUTRI_TEST_POSTGRES_URL`, else a throw-away server made by
//! `tests/postgres` for the life of this process. Never one that happens to be running on this machine.

use std::{
    env,
    io::Write,
    process::{Command, Stdio},
    sync::OnceLock,
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, Statement};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/postgres");

/// URL of the server's maintenance database, with the rights of a superuser; none where PostgreSQL's binaries
/// are missing, which is said once, and is a failure under `CUTRI_TEST_REQUIRE_POSTGRES=1`.
pub fn url() -> Option<&'static str> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    let url = URL.get_or_init(|| env::var("CUTRI_TEST_POSTGRES_URL").ok().or_else(start));
    if url.is_none() && env::var_os("CUTRI_TEST_REQUIRE_POSTGRES").is_some_and(|value| value == "1") {
        panic!("PostgreSQL is required here and its binaries were not found");
    }
    url.as_deref()
}

fn start() -> Option<String> {
    const BINARIES_MISSING: i32 = 3;
    let outcome = Command::new(SCRIPT)
        .arg(std::process::id().to_string())
        .env_remove("NEXTEST_ENV")
        .stdin(Stdio::null())
        .output()
        .expect("tests/postgres runs");
    let said = String::from_utf8_lossy(&outcome.stderr);
    if outcome.status.code() == Some(BINARIES_MISSING) {
        // Not eprintln!: the test harness would swallow it, and the reader must know what was left out.
        let line = format!("\nSKIPPED: everything on PostgreSQL: {}\n", said.trim());
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return None;
    }
    assert!(outcome.status.success(), "PostgreSQL does not start: {said}");
    Some(String::from_utf8_lossy(&outcome.stdout).trim().to_owned())
}

/// A PostgreSQL for one test alone, which may stop it.
pub struct OwnServer {
    url: String,
    folder: String,
}

impl OwnServer {
    /// Starts one; none where the binaries are missing.
    pub async fn start() -> Option<Self> {
        url()?;
        let url = start()?;
        let mut options = ConnectOptions::new(&url);
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await.unwrap();
        let show = Statement::from_string(DbBackend::Postgres, "SHOW data_directory");
        let row = connection.query_one_raw(show).await.unwrap().unwrap();
        connection
            .execute_unprepared("CREATE DATABASE own")
            .await
            .unwrap();
        connection.close().await.unwrap();
        let folder = row.try_get_by_index(0).unwrap();
        Some(Self { url, folder })
    }

    /// URL of an empty database on it.
    pub fn url(&self) -> String {
        with_database(&self.url, "own")
    }

    /// Stops it as an operator would.
    pub async fn stop(&self) {
        self.run("stop").await;
    }

    /// Ends it as a power cut would.
    pub async fn kill(&self) {
        self.run("kill").await;
    }

    /// Starts it again where it was.
    pub async fn start_again(&self) {
        self.run("start").await;
    }

    async fn run(&self, what: &str) {
        let mut command = tokio::process::Command::new(SCRIPT);
        let status = command.args([what, &self.url, &self.folder]).status().await;
        assert!(status.unwrap().success(), "PostgreSQL: {what}");
    }
}

/// `server`, with another database's name.
pub(crate) fn with_database(server: &str, name: &str) -> String {
    let (address, settings) = server
        .split_once('?')
        .map_or((server, None), |(a, s)| (a, Some(s)));
    let (address, _) = address
        .rsplit_once('/')
        .expect("a PostgreSQL URL ends with the database's name");
    match settings {
        Some(settings) => format!("{address}/{name}?{settings}"),
        None => format!("{address}/{name}"),
    }
}
