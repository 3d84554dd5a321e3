//! The settings of the database on which "acknowledged means durable" rests, and its version.
//!
//! A setting under which a power cut takes back what was acknowledged is refused. An older PostgreSQL loses nothing, but
//! nobody has tried it: that is said and not refused.

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};

use super::Store;
use crate::error::{Error, Result};

/// SQLite before this version can corrupt a database in WAL mode (the "WAL-reset" defect).
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// The oldest PostgreSQL on which all tests run.
pub const OLDEST_POSTGRES: u32 = 15;

const VERSION: &str = "server_version";

impl Store {
    /// The names and values of the settings on which durability rests.
    pub async fn durability(&self) -> Result<Vec<(&'static str, String)>> {
        let ask: &[(&'static str, &'static str)] = match self.backend {
            DatabaseBackend::Sqlite => &[
                ("sqlite_version", "SELECT sqlite_version() AS value"),
                (
                    "journal_mode",
                    "SELECT journal_mode AS value FROM pragma_journal_mode",
                ),
                (
                    "synchronous",
                    "SELECT CAST(synchronous AS TEXT) AS value FROM pragma_synchronous",
                ),
            ],
            _ => &[
                (VERSION, "SELECT current_setting('server_version') AS value"),
                ("fsync", "SELECT current_setting('fsync') AS value"),
                (
                    "synchronous_commit",
                    "SELECT current_setting('synchronous_commit') AS value",
                ),
                (
                    "full_page_writes",
                    "SELECT current_setting('full_page_writes') AS value",
                ),
            ],
        };
        let mut settings = Vec::new();
        for (name, text) in ask {
            let row = self
                .writer
                .query_one_raw(Statement::from_string(self.backend, *text))
                .await?;
            let value = row
                .map(|row| row.try_get::<String>("", "value"))
                .transpose()?
                .unwrap_or_default();
            settings.push((*name, value));
        }
        Ok(settings)
    }

    pub(super) async fn refuse_unsafe_settings(&self) -> Result<()> {
        for (name, value) in self.durability().await? {
            if !is_safe(name, &value) {
                return Err(Error::internal(format!(
                    "the database's setting {name} = {value} would lose what was acknowledged"
                )));
            }
        }
        Ok(())
    }
}

/// Whether what was acknowledged survives a power cut under this setting.
fn is_safe(name: &str, value: &str) -> bool {
    match name {
        "sqlite_version" => version(value) >= OLDEST_SQLITE,
        "journal_mode" => value == "wal",
        // FULL and EXTRA. NORMAL may roll back what was committed.
        "synchronous" => ["2", "3"].contains(&value),
        "fsync" | "full_page_writes" => value == "on",
        // All but `off` wait until the log lies on this server's disk; what they say beyond that is about standbys.
        "synchronous_commit" => ["on", "local", "remote_write", "remote_apply"].contains(&value),
        _ => true,
    }
}

/// A line for the operator, where these settings are those of a PostgreSQL older than the oldest supported one.
pub fn too_old(settings: &[(&'static str, String)]) -> Option<String> {
    let (_, value) = settings.iter().find(|(name, _)| *name == VERSION)?;
    (version(value).0 < OLDEST_POSTGRES).then(|| {
        format!(
            "PostgreSQL {value} cũ hơn bản thấp nhất được hỗ trợ ({OLDEST_POSTGRES}); hãy nâng cấp \
             [older than the oldest supported version]"
        )
    })
}

/// `15.18 (Debian …)`, `17beta1`, `3.51.3`: what is no number ends a part.
fn version(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().unwrap_or(0)
    });
    (
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_lose_something_is_refused_value_by_value() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("fsync", &["on"], &["off", ""]),
            ("full_page_writes", &["on"], &["off", ""]),
            (
                "synchronous_commit",
                &["on", "local", "remote_write", "remote_apply"],
                &["off", ""],
            ),
            (
                "journal_mode",
                &["wal"],
                &["delete", "truncate", "persist", "memory", "off", ""],
            ),
            // OFF, NORMAL, FULL, EXTRA.
            ("synchronous", &["2", "3"], &["0", "1", ""]),
            (
                "sqlite_version",
                &["3.51.3", "3.51.10", "3.52.0", "4.0.0"],
                &["3.51.2", "3.50.9", "2.99.99", ""],
            ),
            // Old is not lost.
            ("server_version", &["9.6.24", "15.18", "18.1"], &[]),
        ];
        for (name, safe, unsafe_values) in table {
            for value in *safe {
                assert!(is_safe(name, value), "{name} = {value}");
            }
            for value in *unsafe_values {
                assert!(!is_safe(name, value), "{name} = {value}");
            }
        }
    }

    #[test]
    fn an_older_postgres_than_was_ever_tried_is_told() {
        let of = |value: &str| too_old(&[("fsync", "on".to_owned()), (VERSION, value.to_owned())]);
        for supported in [
            "15.0",
            "15.18 (Debian 15.18-0+deb12u1)",
            "16beta1",
            "17devel",
            "18.1",
        ] {
            assert_eq!(of(supported), None, "{supported}");
        }
        for old in [
            "14.22",
            "14.22 (Ubuntu 14.22-0ubuntu0.22.04.1)",
            "13.0.0",
            "9.6.24",
        ] {
            let line = of(old).unwrap();
            assert!(line.contains(old) && line.contains("(15)"), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
        assert_eq!(too_old(&[("sqlite_version", "3.51.3".to_owned())]), None);
    }

    /// What is promised to operators is what is compared.
    #[test]
    fn the_page_names_the_oldest_postgres() {
        let page = include_str!("../../../docs/operations.md");
        assert!(page.contains(&format!("PostgreSQL {OLDEST_POSTGRES} trở lên")));
    }
}
