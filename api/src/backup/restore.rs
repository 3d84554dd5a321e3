//! Putting a backup in the place of the database.
//!
//! Nothing of the old database is touched before the new one lies beside it, whole and durable; then one rename puts it
//! in its place. Killed at any moment, there is the old database or the new one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, RenameFlags, renameat_with},
    process::umask,
};
use sea_orm::DatabaseBackend;

use super::{
    COPY, MANIFEST,
    check::{is_as_stated, live, tell},
    files::{self, parent, remove, sync, with_suffix},
    manifest::Manifest,
    tables::differing,
};
use crate::{
    clock::{Clock, SystemClock, VIETNAM},
    config::Settings,
    entropy::SystemEntropy,
    epoch,
    error::{Error, Result},
    installation,
    keys::Keys,
    start::{self, Failure},
    store::{Store, sql::Sql},
};

/// Puts a backup in place; where a database is already, only with `replace`, and that one is kept aside. On PostgreSQL
/// the database was put back by `pg_restore` and is compared with the manifest. A new epoch begins, so that devices
/// offer their own rows again. Returns where the old database lies.
pub async fn restore(settings: &Settings, from: &Path, replace: bool) -> Result<Option<PathBuf>, Failure> {
    umask(Mode::RWXG | Mode::RWXO);
    let manifest = if from.is_dir() {
        Manifest::open(&from.join(MANIFEST))?
    } else {
        Manifest::open(from)?
    };
    let keys = own_keys(settings, &manifest)?;
    let url = settings.database();
    let Some(database) = url.sqlite_file() else {
        put_back_already(settings, &manifest, &keys).await?;
        return Ok(None);
    };
    if !from.is_dir() {
        return Err(Failure::new(format!(
            "{}: đây không phải thư mục sao lưu [this is no backup]",
            from.display()
        )));
    }
    start::make_data_folder(&settings.data)?;
    let _file = start::lock(&settings.data)?;
    let _alone = start::serve_alone(settings)?;
    if database.exists() && !replace {
        return Err(Failure::new(format!(
            "DATABASE_EXISTS: đã có {}; thêm --replace để thay (bản cũ được giữ lại bên cạnh) \
             [there is a database; --replace keeps it aside]",
            database.display()
        )));
    }
    let coming = with_suffix(database, ".restoring");
    clear(&coming)?;
    let prepared = prepare(&manifest, &from.join(COPY), &coming).await;
    if prepared.is_err() {
        clear(&coming)?;
    }
    prepared?;
    let aside = put_in_place(database, &coming).await?;
    let store = Store::connect(url.expose()).await?;
    epoch::keep_mark(&store, &keys, &SystemEntropy).await?;
    store.close().await?;
    Ok(aside)
}

/// The keys of this installation, which must be those with which the backup was written.
fn own_keys(settings: &Settings, manifest: &Manifest) -> Result<Keys, Failure> {
    let keys = Keys::open(&settings.key_folder())?;
    let stored: Vec<(String, String)> = manifest.keys.clone().into_iter().collect();
    keys.verify_fingerprints(&stored)
        .map_err(|mismatch| Failure::new(mismatch.to_string()))?;
    Ok(keys)
}

/// Brings the copy beside the database: whole, of today's structure, of a new epoch, in one file.
async fn prepare(manifest: &Manifest, copy: &Path, coming: &Path) -> Result<(), Failure> {
    files::copy(copy, coming)?;
    if !is_as_stated(manifest, coming).await? {
        return Err(Failure::new(format!(
            "BACKUP_BROKEN: {} không phải bản sao mà bản kê nói; không có gì bị thay [nothing was replaced]",
            copy.display()
        )));
    }
    let store = Store::connect(&format!("sqlite://{}?mode=rw", coming.display())).await?;
    start::migrate(&store).await?;
    begin(&store).await?;
    store.close().await?;
    for rest in ["-wal", "-shm"] {
        if with_suffix(coming, rest).exists() {
            return Err(Error::internal("the restored copy is in more than one file").into());
        }
    }
    sync(coming)
}

async fn begin(store: &Store) -> Result<()> {
    let known = epoch::read(store, &SystemEntropy).await?;
    epoch::replace(store, &SystemEntropy, known).await
}

fn clear(coming: &Path) -> Result<(), Failure> {
    for rest in ["", "-wal", "-shm", "-journal"] {
        remove(&with_suffix(coming, rest))?;
    }
    Ok(())
}

/// One rename puts it there.
async fn put_in_place(database: &Path, coming: &Path) -> Result<Option<PathBuf>, Failure> {
    let mut aside = None;
    if database.exists() {
        let date = SystemClock.now().with_timezone(&VIETNAM).format("%Y%m%d-%H%M%S");
        let kept = with_suffix(database, &format!(".truoc-khoi-phuc-{date}"));
        // The log beside the old database must not be read into the new one. What is in it goes into the old file first.
        if let Err(failure) = settle(database).await {
            crate::terminal::tell(format_args!(
                "Cơ sở dữ liệu cũ không mở được, giữ lại nguyên như thế [the old database cannot be opened]: {failure}"
            ));
        }
        for rest in ["-wal", "-shm"] {
            let log = with_suffix(database, rest);
            if log.exists() {
                let to = with_suffix(&kept, rest);
                fs::rename(&log, &to).map_err(|cause| Failure::file(&to, &cause))?;
            }
        }
        exchange(database, coming, &kept)?;
        aside = Some(kept);
    } else {
        fs::rename(coming, database).map_err(|cause| Failure::file(database, &cause))?;
    }
    sync(parent(database))?;
    Ok(aside)
}

/// Puts what is coming in the place of the database, and the database under the name `kept`, in one step. A second name
/// for the old file would not do: whoever opened it by that while a server runs on the other would break it.
fn exchange(database: &Path, coming: &Path, kept: &Path) -> Result<(), Failure> {
    let renamed = |from: &Path, to: &Path| fs::rename(from, to).map_err(|cause| Failure::file(to, &cause));
    renamed(coming, kept)?;
    if renameat_with(CWD, kept, CWD, database, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    // Not every file system can: there the old one is copied.
    renamed(kept, coming)?;
    files::copy(database, kept)?;
    renamed(coming, database)
}

/// Has everything that was committed in the file itself.
async fn settle(database: &Path) -> Result<(), Failure> {
    let store = Store::connect(&format!("sqlite://{}?mode=rw", database.display())).await?;
    let text = "PRAGMA wal_checkpoint(TRUNCATE)";
    let row = Sql::new(DatabaseBackend::Sqlite, text)
        .one(store.migrating())
        .await?;
    let busy = row
        .map(|row| row.try_get_by_index::<i32>(0))
        .transpose()
        .map_err(Error::from)?;
    store.close().await?;
    if busy == Some(0) {
        Ok(())
    } else {
        Err(Failure::new("DATABASE_IN_USE: tệp đang được dùng [in use]"))
    }
}

/// On PostgreSQL: what `pg_restore` brought must be what the manifest says.
async fn put_back_already(settings: &Settings, manifest: &Manifest, keys: &Keys) -> Result<(), Failure> {
    let found = live(settings, manifest).await?;
    let differences = differing(&manifest.tables, &found);
    if !differences.is_empty() {
        tell(&differences, "bản kê", "cơ sở dữ liệu");
        return Err(Failure::new(
            "RESTORE_DIFFERS: cơ sở dữ liệu không phải bản mà bản kê nói [the database is not what the manifest says]",
        ));
    }
    let store = start::connect(settings).await?;
    start::migrate(&store).await?;
    installation::check_keys(&store, keys).await?;
    begin(&store).await?;
    epoch::keep_mark(&store, keys, &SystemEntropy).await?;
    store.close().await?;
    Ok(())
}
