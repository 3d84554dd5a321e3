//! A database of its own for every test, of both kinds, copied from a template that is prepared once.
//!
//! [`each_db!`](crate::each_db) makes two tests of one body. Templates are named by the test binary that
//! prepared them, so a changed migration or seed can never meet an old template.

use std::{
    env,
    fs::{File, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{ground, postgres, target};

/// The two kinds of database that the product runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// Whether tests of this kind can run here. SQLite always; see [`postgres::url`] for the other.
    pub fn is_available(self) -> bool {
        match self {
            Kind::Sqlite => true,
            Kind::Postgres => postgres::url().is_some(),
        }
    }
}

/// One test's database; it is removed when the value is dropped.
pub struct TestDatabase {
    kind: Kind,
    url: String,
    /// The name on the PostgreSQL server.
    name: Option<String>,
    folder: TempDir,
}

impl TestDatabase {
    /// A database in the state that [`ground`](crate::ground) prepares.
    pub async fn fresh(kind: Kind) -> Self {
        Self::from_template(kind, "ground", ground::prepare).await
    }

    /// A database without a single table.
    pub async fn empty(kind: Kind) -> Self {
        let empty = Self::named(kind);
        if let Some(name) = &empty.name {
            on_server(&format!("CREATE DATABASE {name}")).await;
        }
        empty
    }

    /// A copy of the database that `prepare(url)` makes: once for each kind, `template` name and build of the
    /// tests, however many processes ask for it at the same time. `prepare` must close its connections. What
    /// it reads at run time must be told apart by the name.
    pub async fn from_template(kind: Kind, template: &str, prepare: impl AsyncFnOnce(String)) -> Self {
        assert!(
            template
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "a plain name"
        );
        let copy = Self::named(kind);
        match &copy.name {
            None => {
                let template = sqlite_template(template, prepare).await;
                std::fs::copy(template, copy.sqlite_file()).unwrap();
            }
            Some(name) => {
                let template = postgres_template(template, prepare).await;
                on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
            }
        }
        copy
    }

    fn named(kind: Kind) -> Self {
        let folder = tempfile::Builder::new().prefix("cutri-").tempdir().unwrap();
        let (name, url) = match kind {
            Kind::Sqlite => (None, sqlite_url(&folder.path().join("cutri.db"))),
            Kind::Postgres => {
                let name = format!("cutri_test_{}", Uuid::new_v4().simple());
                let url = postgres::with_database(server(), &name);
                (Some(name), url)
            }
        };
        Self {
            kind,
            url,
            name,
            folder,
        }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What `DATABASE_URL` takes.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder of this test alone, for `CUTRI_DATA` and logs; SQLite's file lies in it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A copy of everything, made while the product runs and behind its back.
    pub async fn backup(&self) -> PathBuf {
        let copy = self.folder().join("backup");
        let _ = std::fs::remove_file(&copy);
        match self.kind {
            Kind::Sqlite => {
                let connection = self.connect().await;
                let into = format!("VACUUM INTO '{}'", copy.display());
                connection.execute_unprepared(&into).await.unwrap();
                connection.close().await.unwrap();
            }
            Kind::Postgres => {
                let (url, copy) = (
                    format!("--dbname={}", self.url),
                    format!("--file={}", copy.display()),
                );
                postgres_tool("pg_dump", &["--format=custom", &copy, &url]);
            }
        }
        copy
    }

    /// Puts a copy of a PostgreSQL database into the empty one at `url`, on another server.
    pub fn copy_to(copy: &Path, url: &str) {
        let url = format!("--dbname={url}");
        postgres_tool("pg_restore", &["--no-owner", &url, copy.to_str().unwrap()]);
    }

    /// Puts a copy in the place of what is there, as an operator would who knows nothing of the product. Nobody may be
    /// connected.
    pub async fn put_back(&self, copy: &Path) {
        match self.kind {
            Kind::Sqlite => {
                let file = self.url.trim_start_matches("sqlite:").trim_start_matches("//");
                let file = file.split('?').next().unwrap();
                for suffix in ["-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{file}{suffix}"));
                }
                std::fs::copy(copy, file).unwrap();
            }
            Kind::Postgres => {
                let url = format!("--dbname={}", self.url);
                let copy = copy.to_str().unwrap();
                postgres_tool(
                    "pg_restore",
                    &["--clean", "--if-exists", "--no-owner", &url, copy],
                );
            }
        }
    }

    /// A connection beside the product's, to look at what it stored.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await
    }

    /// The folder that holds every byte of this database, brought up to date on disk: for SQLite the file and
    /// its -wal, for PostgreSQL the whole cluster after a checkpoint.
    pub async fn stored_in(&self) -> PathBuf {
        match self.kind {
            Kind::Sqlite => self.folder().to_owned(),
            Kind::Postgres => {
                let connection = self.connect().await;
                connection.execute_unprepared("CHECKPOINT").await.unwrap();
                let show = Statement::from_string(DbBackend::Postgres, "SHOW data_directory");
                let row = connection.query_one_raw(show).await.unwrap().unwrap();
                connection.close().await.unwrap();
                row.try_get_by_index::<String>(0).unwrap().into()
            }
        }
    }

    /// Its files become their owner's alone: a server that is a process of its own refuses others.
    pub fn close_to_others(&self) {
        if self.kind == Kind::Sqlite {
            for file in std::fs::read_dir(self.folder()).unwrap() {
                let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                std::fs::set_permissions(file.unwrap().path(), private).unwrap();
            }
        }
    }

    fn sqlite_file(&self) -> PathBuf {
        self.folder().join("cutri.db")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        // A thread of its own, because drop can neither await nor block inside the test's runtime.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(on_server(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
        if dropping.join().is_err() {
            eprintln!("a test's database was left behind on the PostgreSQL server");
        }
    }
}

/// Runs a test's body on a fresh database of this kind; [`each_db!`](crate::each_db) calls it.
pub fn run<F: Future<Output = ()>>(kind: Kind, body: impl FnOnce(TestDatabase) -> F) {
    if !kind.is_available() {
        println!("SKIPPED: no PostgreSQL here");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { body(TestDatabase::fresh(kind).await).await });
    runtime.shutdown_timeout(Duration::from_secs(5));
}

/// Makes of each `async fn name(db: TestDatabase) { … }` the tests `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! each_db {
    ($($(#[$attribute:meta])* async fn $name:ident($($db:tt)+) $body:block)+) => { $(
        $crate::on_databases! { [sqlite Sqlite, postgres Postgres] $(#[$attribute])* async fn $name($($db)+) $body }
    )+ };
}

/// Makes of each the test `name::sqlite` alone: for what a page does in a browser, beyond the roads to the server that are
/// gone with both databases. A browser takes longer than twenty other tests.
#[macro_export]
macro_rules! in_a_browser {
    ($($(#[$attribute:meta])* async fn $name:ident($($db:tt)+) $body:block)+) => { $(
        $crate::on_databases! { [sqlite Sqlite] $(#[$attribute])* async fn $name($($db)+) $body }
    )+ };
}

/// One body, a test for each of these databases.
#[doc(hidden)]
#[macro_export]
macro_rules! on_databases {
    ([$($test:ident $kind:ident),+] $(#[$attribute:meta])* async fn $name:ident($($db:tt)+) $body:block) => {
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn body($($db)+) $body

            $(
                #[test]
                fn $test() {
                    $crate::database::run($crate::database::Kind::$kind, body);
                }
            )+
        }
    };
}

async fn sqlite_template(template: &str, prepare: impl AsyncFnOnce(String)) -> PathBuf {
    let folder = target::kept_folder();
    let finished = folder.join(format!("{template}-{}.db", build_name()));
    if finished.exists() {
        return finished;
    }
    let _alone = lock(&folder.join(format!("{template}.lock"))).await;
    if !finished.exists() {
        remove_old(&folder, template);
        let making = folder.join(format!("{template}.making"));
        for leftover in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.join(format!("{template}.making{leftover}")));
        }
        let url = sqlite_url(&making);
        prepare(url.clone()).await;
        let connection = connect(&url).await;
        connection
            .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
            .await
            .unwrap();
        connection.close().await.unwrap();
        std::fs::rename(making, &finished).unwrap();
    }
    finished
}

async fn postgres_template(template: &str, prepare: impl AsyncFnOnce(String)) -> String {
    let finished = format!("cutri_template_{template}_{}", build_name());
    let admin = connect(server()).await;
    if !has_database(&admin, &finished).await {
        // Released when this session ends, also by a crash.
        let run = async |statement: String| admin.execute_unprepared(&statement).await.unwrap();
        run(format!("SELECT pg_advisory_lock(hashtext('{finished}'))")).await;
        if !has_database(&admin, &finished).await {
            let making = format!("{finished}_making");
            run(format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).await;
            run(format!("CREATE DATABASE {making}")).await;
            prepare(postgres::with_database(server(), &making)).await;
            // A template with a connection cannot be copied; a pool may close its last one a moment later.
            run(format!("ALTER DATABASE {making} WITH ALLOW_CONNECTIONS false")).await;
            run(format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{making}'"
            ))
            .await;
            run(format!("ALTER DATABASE {making} RENAME TO {finished}")).await;
        }
    }
    admin.close().await.unwrap();
    finished
}

async fn has_database(admin: &DatabaseConnection, name: &str) -> bool {
    let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    admin
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .unwrap()
        .is_some()
}

/// Tells this build of the tests from every other one.
fn build_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let path = env::current_exe().unwrap();
        let file = path.metadata().unwrap();
        let mut hasher = DefaultHasher::new();
        (&path, file.len(), file.modified().unwrap()).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    })
}

/// Templates of earlier builds; those of the last day stay, since another build's tests may be running.
fn remove_old(folder: &Path, template: &str) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let is_template = file
            .file_name()
            .to_string_lossy()
            .starts_with(&format!("{template}-"));
        let modified = file.metadata().and_then(|metadata| metadata.modified());
        let age = modified
            .ok()
            .and_then(|time| SystemTime::now().duration_since(time).ok());
        if is_template && age.is_some_and(|age| age > DAY) {
            let _ = std::fs::remove_file(file.path());
        }
    }
}

/// Held until the file is dropped, across threads and processes. Waits without blocking the runtime, because
/// one test may make two databases at once.
async fn lock(path: &Path) -> File {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .unwrap();
    loop {
        match file.try_lock() {
            Ok(()) => return file,
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(TryLockError::Error(error)) => panic!("{} cannot be locked: {error}", path.display()),
        }
    }
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}?mode=rwc", path.display())
}

fn server() -> &'static str {
    postgres::url().expect("PostgreSQL is available")
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

async fn on_server(statement: &str) {
    let admin = connect(server()).await;
    admin
        .execute_unprepared(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    admin.close().await.unwrap();
}

/// Runs one of PostgreSQL's own programs.
fn postgres_tool(name: &str, arguments: &[&str]) {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let found = installed
        .map(|version| version.path().join("bin").join(name))
        .find(|path| path.exists());
    let program = found.unwrap_or_else(|| PathBuf::from(name));
    let ended = std::process::Command::new(program)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        ended.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&ended.stderr)
    );
}
