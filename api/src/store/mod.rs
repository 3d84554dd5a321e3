//! The database: how it is opened, how a snapshot is read, and how everything is written.
//!
//! This is the only place that may ask which database it is. Reads go by [`Store::read`] or [`Store::snapshot`];
//! every change goes through [`door`], in one transaction whose first statement ticks the clocks.

pub mod collection;
pub mod digest;
pub mod door;
pub mod durability;
pub mod merge;
pub mod neighbours;
pub mod partition;
pub(crate) mod placing;
pub mod rebuild;
pub mod reference;
mod said;
pub mod sql;
pub mod table;
mod urged;
pub mod visibility;
pub mod wake;
pub mod working;
pub mod writing;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection,
    DatabaseTransaction, DbErr, IsolationLevel, RuntimeErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
    sqlx::{self, Connection as _},
};

use self::wake::Wake;
use crate::error::Result;

/// The longest wait for a connection: shorter than a query may run, so that a lost database is named as such.
const WAIT: Duration = Duration::from_secs(3);
/// The longest wait for SQLite's one connection that writes.
const WAIT_TO_WRITE: Duration = Duration::from_secs(5);

/// The number of the lock under which a database is prepared: the letters of `cutri`.
const PREPARING: i64 = 0x63_75_74_72_69;

/// The right to prepare a database, until the end or the loss of the connection.
pub struct Alone(Option<DatabaseTransaction>);

impl Alone {
    /// Lets the next process go on.
    pub async fn end(self) -> Result<()> {
        match self.0 {
            Some(held) => Ok(held.rollback().await?),
            None => Ok(()),
        }
    }
}

/// The database of an installation.
#[derive(Clone)]
pub struct Store {
    reader: DatabaseConnection,
    /// On SQLite exactly one connection: a transaction that took a second one would wait for itself.
    writer: DatabaseConnection,
    backend: DatabaseBackend,
    statements: Arc<Statements>,
    /// Where committed changes are called out.
    pub wake: Wake,
}

impl Store {
    /// Opens the database and refuses one that could lose what it acknowledged.
    pub async fn connect(url: &str) -> Result<Self> {
        let statements = Arc::new(Statements::default());
        let store = if url.starts_with("sqlite:") {
            let open = |url: &str, connections: u32, query_only: bool| {
                let mut options = ConnectOptions::new(url);
                options
                    .max_connections(connections)
                    .min_connections(1)
                    .connect_timeout(WAIT)
                    .acquire_timeout(if query_only { WAIT } else { WAIT_TO_WRITE })
                    .sqlx_logging(false)
                    .map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(has_no_transaction(connection)))
                    .map_sqlx_sqlite_opts(move |sqlite| {
                        sqlite
                            .create_if_missing(!query_only)
                            .foreign_keys(true)
                            .busy_timeout(Duration::from_secs(5))
                            .pragma("journal_mode", "WAL")
                            // NORMAL may roll back an acknowledged transaction after a power cut.
                            .pragma("synchronous", "FULL")
                            // Erased text must not survive in free pages.
                            .pragma("secure_delete", "ON")
                            .pragma("query_only", if query_only { "ON" } else { "OFF" })
                    });
                options
            };
            let mut writer = Database::connect(open(url, 1, false)).await?;
            let mut reader = Database::connect(open(url, 4, true)).await?;
            count(&mut writer, &statements);
            count(&mut reader, &statements);
            Self {
                reader,
                writer,
                backend: DatabaseBackend::Sqlite,
                statements,
                wake: Wake::default(),
            }
        } else {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(16)
                .min_connections(1)
                .connect_timeout(WAIT)
                .acquire_timeout(WAIT)
                .sqlx_logging(false);
            let mut connection = Database::connect(options).await?;
            count(&mut connection, &statements);
            Self {
                reader: connection.clone(),
                writer: connection,
                backend: DatabaseBackend::Postgres,
                statements,
                wake: Wake::default(),
            }
        };
        store.refuse_unsafe_settings().await?;
        Ok(store)
    }

    /// Which of the two databases this is.
    pub fn backend(&self) -> DatabaseBackend {
        self.backend
    }

    /// How many statements were sent since the start; tests assert costs with it.
    pub fn statements(&self) -> u64 {
        self.statements.count.load(Ordering::Relaxed)
    }

    /// From now on keeps the text of every statement, without its values; tests assert what is read with it.
    pub fn keep_statements(&self) {
        *self
            .statements
            .texts
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// The texts kept since, and an end to keeping them.
    pub fn kept_statements(&self) -> Vec<String> {
        let mut texts = self
            .statements
            .texts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        texts.take().unwrap_or_default()
    }

    /// For single statements that only read.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For migrations, which manage their own transactions.
    pub fn migrating(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// A transaction that sees one state of the database, for answers made of several statements.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction> {
        let options = match self.backend {
            DatabaseBackend::Sqlite => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
                ..Default::default()
            },
            _ => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..Default::default()
            },
        };
        Ok(self.reader.begin_with_options(options).await?)
    }

    /// A transaction that writes. On SQLite it takes the write lock at once: a deferred transaction that upgrades
    /// later fails with SQLITE_BUSY without waiting. On PostgreSQL READ COMMITTED suffices, because the row lock
    /// of the clock, taken first, puts all writers of a partition in order.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            isolation_level: (self.backend != DatabaseBackend::Sqlite)
                .then_some(IsolationLevel::ReadCommitted),
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// Waits until no other process prepares this database. On SQLite nothing is done here: the only connection
    /// that writes is needed for the work itself, and all processes are on one machine, where a file serves.
    pub async fn alone(&self) -> Result<Alone> {
        if self.backend == DatabaseBackend::Sqlite {
            return Ok(Alone(None));
        }
        let held = self.writer.begin().await?;
        held.execute_raw(Statement::from_string(
            self.backend,
            format!("SELECT pg_advisory_xact_lock({PREPARING})"),
        ))
        .await?;
        Ok(Alone(Some(held)))
    }

    /// Closes all connections; on SQLite this also checkpoints the write-ahead log.
    pub async fn close(self) -> Result<()> {
        self.reader.close().await?;
        self.writer.close().await?;
        Ok(())
    }
}

/// Whether a connection may be used again. When a statement fails for want of room, SQLite ends the transaction by
/// itself; the driver's own ROLLBACK then fails, and it goes on believing that a transaction is open. The next ones would
/// be savepoints inside something that nobody ever commits: acknowledged, seen by nobody, and gone with the process.
async fn has_no_transaction(connection: &mut sqlx::SqliteConnection) -> Result<bool, sqlx::Error> {
    let is_inside = connection.is_in_transaction();
    if is_inside {
        tracing::warn!("a connection was left inside a transaction; it is closed");
    }
    Ok(!is_inside)
}

/// What was sent to the database: how much, and for tests the texts.
#[derive(Default)]
struct Statements {
    count: AtomicU64,
    texts: Mutex<Option<Vec<String>>>,
}

fn count(connection: &mut DatabaseConnection, statements: &Arc<Statements>) {
    let statements = Arc::clone(statements);
    connection.set_metric_callback(move |info| {
        statements.count.fetch_add(1, Ordering::Relaxed);
        if let Some(texts) = &mut *statements.texts.lock().unwrap_or_else(PoisonError::into_inner) {
            texts.push(info.statement.sql.clone());
        }
    });
}

/// The address of the embedded database inside a data folder.
pub fn embedded_url(data: &Path) -> String {
    format!("sqlite://{}?mode=rwc", data.join("cutri.db").display())
}

/// What a failure in the database comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Two transactions met: the same one may succeed at once. A serialisation failure, a deadlock, a busy database, or
    /// a row that somebody inserted between our reading and our writing.
    Met,
    /// The values are what it does not take: sent again they are refused again.
    Data,
    /// The database is away, stopping, full or ill, whatever the values are: they may be taken later. To call this a
    /// fault of the values would refuse for ever what somebody wrote.
    Away,
}

/// What kind of fault it is, by the database's own codes: its words are written for people, in their language.
pub(crate) fn fault(error: &DbErr) -> Fault {
    let runtime = match error {
        DbErr::Exec(runtime) | DbErr::Query(runtime) | DbErr::Conn(runtime) => runtime,
        DbErr::ConnectionAcquire(_) => return Fault::Away,
        _ => return Fault::Data,
    };
    let RuntimeErr::SqlxError(cause) = runtime else {
        return Fault::Data;
    };
    match cause.as_ref() {
        sqlx::Error::Database(refusal) if refusal.is_unique_violation() => Fault::Met,
        sqlx::Error::Database(refusal) => fault_of_code(&refusal.code().unwrap_or_default()),
        sqlx::Error::Encode(_)
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::InvalidArgument(_) => Fault::Data,
        _ => Fault::Away,
    }
}

/// By PostgreSQL's SQLSTATE, five characters, or SQLite's extended result code, a number.
fn fault_of_code(code: &str) -> Fault {
    if code.len() == 5 {
        return match &code[..2] {
            "40" => Fault::Met,
            // connection, lack of resources, not in the needed state, stopped by hand, system, internal
            "08" | "53" | "55" | "57" | "58" | "XX" => Fault::Away,
            // also where another server has just taken over and takes no writes
            _ if code == "25006" => Fault::Away,
            _ => Fault::Data,
        };
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        // busy, locked
        Ok(5 | 6) => Fault::Met,
        // no memory, read only, interrupted, input and output, corrupt, full, cannot be opened, protocol, no database
        Ok(7..=11 | 13..=15 | 26) => Fault::Away,
        Ok(_) => Fault::Data,
        Err(_) => Fault::Away,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_full_or_stopping_does_not_refuse_the_values() {
        // PostgreSQL: disk full, too many connections, stopping, starting, taken over, lost; SQLite: full, I/O, read only.
        for code in [
            "53100", "53300", "57P01", "57P03", "25006", "08006", "13", "778", "10", "8",
        ] {
            assert_eq!(fault_of_code(code), Fault::Away, "{code}");
        }
        for code in ["40001", "40P01", "5", "261", "517", "6"] {
            assert_eq!(fault_of_code(code), Fault::Met, "{code}");
        }
        for code in ["22021", "23503", "54000", "P0001", "275", "1299", "18", "1"] {
            assert_eq!(fault_of_code(code), Fault::Data, "{code}");
        }
    }
}
