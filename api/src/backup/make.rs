//! Making a backup, beside a running server.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use chrono::{DateTime, Utc};
use rustix::{fs::Mode, process::umask};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait,
};

use super::{
    COPY, MANIFEST,
    files::{self, folder, parent, sync, whole},
    manifest::Manifest,
};
use crate::{
    clock::{Clock, SystemClock, VIETNAM},
    config::Settings,
    entropy::SystemEntropy,
    error::{Error, Result},
    keys::Keys,
    start::{self, Failure},
    store::{Store, sql::Sql},
};

/// A backup that was made.
pub struct Made {
    pub at: PathBuf,
    pub tables: usize,
    pub rows: u64,
    pub bytes: u64,
}

/// Opens the database that is there, and makes none.
pub(super) async fn existing(settings: &Settings) -> Result<Store, Failure> {
    let url = settings.database();
    if let Some(file) = url.sqlite_file().filter(|file| !file.exists()) {
        return Err(Failure::new(format!(
            "NO_DATABASE: chưa có cơ sở dữ liệu ở {} [there is no database here]",
            file.display()
        )));
    }
    start::connect(settings).await
}

/// A copy of an SQLite database, opened for looking at it and for nothing else.
pub(super) async fn look_at(copy: &Path) -> Result<DatabaseConnection, Failure> {
    let url = format!("sqlite://{}?mode=ro&immutable=1", copy.display());
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options)
        .await
        .map_err(|cause| Error::from(cause).into())
}

/// What SQLite itself says of a file: nothing if it is whole.
pub(super) async fn complaint(conn: &DatabaseConnection) -> Result<Option<String>, Failure> {
    for text in [
        "SELECT integrity_check AS said FROM pragma_integrity_check LIMIT 1",
        "SELECT \"table\" AS said FROM pragma_foreign_key_check LIMIT 1",
    ] {
        let row = Sql::new(DatabaseBackend::Sqlite, text).one(conn).await?;
        let said = row
            .map(|row| row.try_get::<Option<String>>("", "said"))
            .transpose()
            .map_err(Error::from)?
            .flatten();
        if let Some(said) = said.filter(|said| said != "ok") {
            return Ok(Some(said));
        }
    }
    Ok(None)
}

/// Makes a backup of an SQLite database: the folder `target`, or one with today's date inside it if that is there.
/// The server may go on; what it commits meanwhile is not in the copy.
pub async fn make(settings: &Settings, target: &Path) -> Result<Made, Failure> {
    umask(Mode::RWXG | Mode::RWXO);
    if settings.database().sqlite_file().is_none() {
        return Err(Failure::new(
            "BACKUP_BY_PG_DUMP: PostgreSQL được sao lưu bằng pg_dump; xem docs/operations.md và \
             cutri backup --manifest [made by pg_dump; the manifest is made here]",
        ));
    }
    let now = SystemClock.now();
    let target = if target.is_dir() {
        target.join(
            now.with_timezone(&VIETNAM)
                .format("cutri-%Y%m%d-%H%M%S")
                .to_string(),
        )
    } else {
        target.to_owned()
    };
    if fs::symlink_metadata(&target).is_ok() {
        return Err(Failure::file(&target, &io::ErrorKind::AlreadyExists.into()));
    }
    let store = existing(settings).await?;
    // Whatever is killed half-way keeps this name, and is no backup.
    let making = files::with_suffix(&target, &format!(".making-{}", std::process::id()));
    folder(&making)?;
    let made = fill(&store, &making, now).await;
    store.close().await?;
    let made = made.and_then(|manifest| {
        sync(&making)?;
        // Never in the place of something: a folder can be replaced by a rename while it is empty.
        folder(&target)?;
        fs::rename(&making, &target).map_err(|cause| Failure::file(&target, &cause))?;
        sync(parent(&target))?;
        Ok(manifest)
    });
    if made.is_err() {
        let _ = fs::remove_dir_all(&making);
    }
    let manifest = made?;
    Ok(Made {
        at: target,
        tables: manifest.tables.len(),
        rows: manifest.rows(),
        bytes: manifest.file.map_or(0, |file| file.bytes),
    })
}

async fn fill(store: &Store, making: &Path, now: DateTime<Utc>) -> Result<Manifest, Failure> {
    let copy = making.join(COPY);
    let into = copy.display().to_string().replace('\'', "''");
    store
        .migrating()
        .execute_unprepared(&format!("VACUUM INTO '{into}'"))
        .await
        .map_err(Error::from)?;
    sync(&copy)?;
    let looked = look_at(&copy).await?;
    if let Some(said) = complaint(&looked).await? {
        return Err(Failure::new(format!(
            "BACKUP_BROKEN: bản sao không nguyên vẹn ({said}), có lẽ vì cơ sở dữ liệu đã hỏng [the copy is not whole]"
        )));
    }
    let tx = looked.begin().await.map_err(Error::from)?;
    let mut manifest = Manifest::read(&tx, now).await?;
    tx.rollback().await.map_err(Error::from)?;
    looked.close().await.map_err(Error::from)?;
    manifest.file = Some(whole(&copy)?);
    files::write(&making.join(MANIFEST), manifest.clone().text().as_bytes())?;
    Ok(manifest)
}

/// Writes a manifest of the database as it is. On PostgreSQL a command may be run meanwhile that reads the same
/// moment: it finds the snapshot's name in `CUTRI_SNAPSHOT` and the database in `DATABASE_URL`.
pub async fn manifest(settings: &Settings, to: &Path, with: Option<&str>) -> Result<Made, Failure> {
    umask(Mode::RWXG | Mode::RWXO);
    let store = existing(settings).await?;
    if with.is_some() && store.backend() == DatabaseBackend::Sqlite {
        return Err(Failure::new(
            "--with chỉ dùng với PostgreSQL [only with PostgreSQL]",
        ));
    }
    let snapshot = store.snapshot().await?;
    let running = match with {
        Some(command) => Some(run(&snapshot, settings, command).await?),
        None => None,
    };
    let manifest = Manifest::read(&snapshot, SystemClock.now()).await;
    if let Some(running) = running {
        let ended = running
            .await
            .map_err(|cause| Failure::new(cause.to_string()))?
            .map_err(|cause| Failure::new(start::words(&cause)))?;
        if !ended.success() {
            return Err(Failure::new(format!(
                "BACKUP_FAILED: lệnh sao lưu kết thúc không thành công ({ended}) [the command failed]"
            )));
        }
    }
    let manifest = manifest?;
    snapshot.rollback().await.map_err(Error::from)?;
    store.close().await?;
    files::write(to, manifest.clone().text().as_bytes())?;
    sync(parent(to))?;
    Ok(Made {
        at: to.to_owned(),
        tables: manifest.tables.len(),
        rows: manifest.rows(),
        bytes: 0,
    })
}

async fn run(
    snapshot: &DatabaseTransaction,
    settings: &Settings,
    command: &str,
) -> Result<tokio::task::JoinHandle<io::Result<std::process::ExitStatus>>, Failure> {
    let export = Statement::from_string(DatabaseBackend::Postgres, "SELECT pg_export_snapshot() AS name");
    let row = snapshot.query_one_raw(export).await.map_err(Error::from)?;
    let name: String = row
        .ok_or_else(|| Error::internal("a snapshot without a name"))?
        .try_get("", "name")
        .map_err(Error::from)?;
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .env("CUTRI_SNAPSHOT", name)
        .env("DATABASE_URL", settings.database().expose());
    Ok(tokio::task::spawn_blocking(move || shell.status()))
}

/// Copies the keys into a folder of their own, without the mark that stands beside them: where it is missing, a
/// database is taken for an older copy, which is what a restored one is.
pub fn keys(settings: &Settings, to: &Path, backup: &Path) -> Result<(), Failure> {
    umask(Mode::RWXG | Mode::RWXO);
    let place = fs::canonicalize(to).or_else(|_| fs::canonicalize(parent(to)));
    let is_inside = |folder: PathBuf| place.as_ref().is_ok_and(|place| place.starts_with(folder));
    if fs::canonicalize(backup).is_ok_and(is_inside) {
        return Err(Failure::new(
            "KEYS_APART: khóa phải ở nơi khác với bản sao cơ sở dữ liệu [keys are kept apart from the backup]",
        ));
    }
    let keys = Keys::open(&settings.key_folder())?;
    keys.copy_to(to, &SystemEntropy)?;
    Ok(())
}
