//! Whether a backup is what its manifest says, and how it stands to the database of now.

use std::{fmt::Display, path::Path};

use sea_orm::TransactionTrait;

use super::{
    COPY, MANIFEST,
    files::whole,
    make::{complaint, existing, look_at},
    manifest::Manifest,
    tables::{self, Differing, Tables, differing},
};
use crate::{config::Settings, error::Error, start::Failure, terminal::say};

/// Looks at a backup, or compares a manifest alone with the database; what differs is said table by table. Returns
/// whether the backup is whole: for a manifest alone, whether the database is what it says.
pub async fn check(settings: &Settings, path: &Path) -> Result<bool, Failure> {
    let is_folder = path.is_dir();
    let manifest = if is_folder {
        Manifest::open(&path.join(MANIFEST))?
    } else {
        Manifest::open(path)?
    };
    say(format_args!(
        "Bản kê {}: {} bảng, {} dòng [manifest of {}]",
        manifest.made_at,
        manifest.tables.len(),
        manifest.rows(),
        manifest.made_at
    ));
    let is_whole = !is_folder || is_as_stated(&manifest, &path.join(COPY)).await?;
    let live = match live(settings, &manifest).await {
        Ok(live) => live,
        // A backup can be looked at on any machine.
        Err(failure) if is_folder => {
            say(format_args!(
                "Không so với cơ sở dữ liệu hiện nay [not compared]: {failure}"
            ));
            return Ok(is_whole);
        }
        Err(failure) => return Err(failure),
    };
    let differences = differing(&manifest.tables, &live);
    if differences.is_empty() {
        say("Cơ sở dữ liệu hiện nay giống hệt: số dòng và mã băm từng bảng [the database is the same]");
    } else {
        say("Cơ sở dữ liệu hiện nay khác ở [the database differs in]:");
        tell(&differences, "bản sao", "hiện nay");
    }
    Ok(is_whole && (is_folder || differences.is_empty()))
}

/// Whether a copy is the one that the manifest describes; what is not is said.
pub(super) async fn is_as_stated(manifest: &Manifest, copy: &Path) -> Result<bool, Failure> {
    let mut is_whole = true;
    let mut fault = |said: &dyn Display| {
        is_whole = false;
        say(format_args!("BACKUP_BROKEN: {said}"));
    };
    let found = whole(copy)?;
    if manifest.file.as_ref() != Some(&found) {
        fault(&format_args!(
            "{}: nội dung khác với bản kê [its bytes are not those of the manifest]",
            copy.display()
        ));
    }
    match contents(copy).await {
        Ok((said, tables)) => {
            if let Some(said) = said {
                fault(&said);
            }
            let differences = differing(&manifest.tables, &tables);
            for table in &differences {
                fault(&format_args!("bảng {} [table {}]", table.table, table.table));
            }
            tell(&differences, "bản kê", "bản sao");
        }
        Err(failure) => fault(&failure),
    }
    if is_whole {
        say("Bản sao nguyên vẹn: từng byte, số dòng và mã băm từng bảng [the copy is whole]");
    }
    Ok(is_whole)
}

async fn contents(copy: &Path) -> Result<(Option<String>, Tables), Failure> {
    let looked = look_at(copy).await?;
    let said = complaint(&looked).await?;
    let tx = looked.begin().await.map_err(Error::from)?;
    let tables = tables::read(&tx).await?;
    tx.rollback().await.map_err(Error::from)?;
    looked.close().await.map_err(Error::from)?;
    Ok((said, tables))
}

/// The tables of the database as it is.
pub(super) async fn live(settings: &Settings, manifest: &Manifest) -> Result<Tables, Failure> {
    let store = existing(settings).await?;
    let kind = match store.backend() {
        sea_orm::DatabaseBackend::Sqlite => "sqlite",
        _ => "postgres",
    };
    if kind != manifest.database {
        return Err(Failure::new(format!(
            "OTHER_DATABASE: bản kê của {}, cơ sở dữ liệu là {kind} [another kind of database]",
            manifest.database
        )));
    }
    let snapshot = store.snapshot().await?;
    let tables = tables::read(&snapshot).await?;
    snapshot.rollback().await.map_err(Error::from)?;
    store.close().await?;
    Ok(tables)
}

/// A line for each.
pub(super) fn tell(differences: &[Differing<'_>], one: &str, other: &str) {
    let rows = |rows: Option<&tables::Rows>| match rows {
        Some(rows) => format!("{} dòng [rows] {}", rows.rows, &rows.hash[..8]),
        None => "không có [absent]".to_owned(),
    };
    for table in differences {
        say(format_args!(
            "  {}: {one} {}, {other} {}",
            table.table,
            rows(table.one),
            rows(table.other)
        ));
    }
}
