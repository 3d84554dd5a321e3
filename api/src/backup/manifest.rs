//! What must be in a backup.

use std::{collections::BTreeMap, fs, path::Path};

use chrono::{DateTime, Utc};
use entity::sync_clock;
use sea_orm::{ConnectionTrait, EntityTrait, StreamTrait};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    files::Whole,
    tables::{self, Tables},
};
use crate::{clock, error::Result, keys::hex, start::Failure, store::sql::Sql};

const FORMAT: &str = "cutri-backup/1";
/// A manifest has some sixty lines of tables; a larger file is something else.
const LONGEST: u64 = 1024 * 1024;

/// The manifest of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) format: String,
    /// The SHA-256 of this very text without it: a changed manifest accuses nobody else.
    pub(super) seal: String,
    pub(super) made_at: String,
    pub(super) program: String,
    /// `sqlite` or `postgres`.
    pub(super) database: String,
    /// The migrations that the database has gone through.
    pub(super) schema: Vec<String>,
    pub(super) epoch: String,
    pub(super) clocks: BTreeMap<String, i64>,
    /// Names and fingerprints of the keys without which it cannot be used.
    pub(super) keys: BTreeMap<String, String>,
    /// The copy, if it lies beside the manifest.
    pub(super) file: Option<Whole>,
    pub(super) tables: Tables,
}

impl Manifest {
    /// Reads a database; inside a transaction, as of one moment.
    pub(super) async fn read<C: ConnectionTrait + StreamTrait>(conn: &C, now: DateTime<Utc>) -> Result<Self> {
        let backend = ConnectionTrait::get_database_backend(conn);
        let schema = Sql::new(backend, "SELECT version FROM seaql_migrations ORDER BY version")
            .all(conn)
            .await?;
        let facts = entity::installation::Entity::find().all(conn).await?;
        let epoch = facts.iter().find(|fact| fact.name == crate::installation::EPOCH);
        let clocks = sync_clock::Entity::find().all(conn).await?;
        Ok(Self {
            format: FORMAT.to_owned(),
            seal: String::new(),
            made_at: clock::wire(now),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            database: match backend {
                sea_orm::DatabaseBackend::Sqlite => "sqlite",
                _ => "postgres",
            }
            .to_owned(),
            schema: schema
                .iter()
                .map(|row| Ok(row.try_get("", "version")?))
                .collect::<Result<_>>()?,
            epoch: epoch.map(|fact| fact.value.clone()).unwrap_or_default(),
            clocks: clocks.into_iter().map(|row| (row.id, row.seq)).collect(),
            keys: crate::installation::fingerprints_among(facts)
                .into_iter()
                .collect(),
            file: None,
            tables: tables::read(conn).await?,
        })
    }

    fn sealed(&self) -> String {
        let bare = Self {
            seal: String::new(),
            ..self.clone()
        };
        // Strings, numbers and maps of them: nothing that could fail.
        let text = serde_json::to_string(&bare).unwrap_or_default();
        hex(&Sha256::digest(text.as_bytes()))
    }

    /// The text to be kept.
    pub(super) fn text(mut self) -> String {
        self.seal = self.sealed();
        let text = serde_json::to_string_pretty(&self).unwrap_or_default();
        format!("{text}\n")
    }

    /// Reads one that was kept.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let broken = || {
            Failure::new(format!(
                "MANIFEST_BROKEN: {} không nguyên vẹn hoặc không phải bản kê của cutri [not a whole manifest]",
                path.display()
            ))
        };
        let seen = fs::metadata(path).map_err(|cause| Failure::file(path, &cause))?;
        if !seen.is_file() || seen.len() > LONGEST {
            return Err(broken());
        }
        let text = fs::read(path).map_err(|cause| Failure::file(path, &cause))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|_| broken())?;
        if manifest.format != FORMAT || manifest.seal != manifest.sealed() {
            return Err(broken());
        }
        Ok(manifest)
    }

    /// How many rows it tells of.
    pub(super) fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}
