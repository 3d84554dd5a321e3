//! What a database holds, table by table: how many rows, and a sum over all of them that no order changes.
//!
//! A copy made by the same kind of database gives the same sums; between the two kinds nothing compares.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
};

use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement, StreamTrait};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{error::Result, store::sql::Sql};

/// The rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rows {
    pub(super) rows: u64,
    /// The sum of the first 16 bytes of every row's SHA-256, modulo 2^128, in hexadecimal digits.
    pub(super) hash: String,
}

/// All tables by name.
pub(super) type Tables = BTreeMap<String, Rows>;

/// Counts and sums everything; inside a transaction, as of one moment.
pub(super) async fn read<C: ConnectionTrait + StreamTrait>(conn: &C) -> Result<Tables> {
    let backend = ConnectionTrait::get_database_backend(conn);
    if backend != DatabaseBackend::Sqlite {
        // So that a value has one spelling, however the server is set.
        for setting in [
            "TimeZone = 'UTC'",
            "DateStyle = 'ISO'",
            "bytea_output = 'hex'",
            "extra_float_digits = 1",
        ] {
            conn.execute_unprepared(&format!("SET LOCAL {setting}")).await?;
        }
    }
    let mut tables = Tables::new();
    for table in names(conn, backend).await? {
        let rows = sum(conn, backend, &table).await?;
        tables.insert(table, rows);
    }
    Ok(tables)
}

/// The names of all tables.
pub(crate) async fn names<C: ConnectionTrait>(conn: &C, backend: DatabaseBackend) -> Result<Vec<String>> {
    // What a full-text index keeps for itself is made of the table beside it.
    let text = match backend {
        DatabaseBackend::Sqlite => {
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        }
        _ => {
            "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        }
    };
    let rows = Sql::new(backend, text).all(conn).await?;
    rows.iter().map(|row| Ok(row.try_get("", "name")?)).collect()
}

async fn sum<C: ConnectionTrait + StreamTrait>(
    conn: &C,
    backend: DatabaseBackend,
    table: &str,
) -> Result<Rows> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let text = match backend {
        DatabaseBackend::Sqlite => {
            let mut sql = Sql::new(backend, "SELECT name FROM pragma_table_info(");
            sql.bind(table).push(") ORDER BY name");
            let columns = sql.all(conn).await?;
            let columns = columns
                .iter()
                .map(|row| row.try_get::<String>("", "name"))
                .collect::<Result<Vec<_>, _>>()?;
            let of_column = |name: &String| format!("typeof({0}) || hex({0})", quoted(name));
            let line = columns
                .iter()
                .map(of_column)
                .collect::<Vec<_>>()
                .join(" || '|' || ");
            format!("SELECT {line} AS line FROM {}", quoted(table))
        }
        _ => format!(
            "SELECT CAST(whole_row AS TEXT) AS line FROM {} AS whole_row",
            quoted(table)
        ),
    };
    let (mut rows, mut hash) = (0, 0_u128);
    let lines = conn.stream_raw(Statement::from_string(backend, text)).await?;
    let mut lines = pin!(lines);
    while let Some(row) = lines.try_next().await? {
        let line: String = row.try_get("", "line")?;
        let digest = Sha256::digest(line.as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        hash = hash.wrapping_add(u128::from_be_bytes(first));
        rows += 1;
    }
    Ok(Rows {
        rows,
        hash: format!("{hash:032x}"),
    })
}

/// A table that is not the same on both sides.
pub(super) struct Differing<'a> {
    pub(super) table: &'a str,
    pub(super) one: Option<&'a Rows>,
    pub(super) other: Option<&'a Rows>,
}

/// The tables that differ.
pub(super) fn differing<'a>(one: &'a Tables, other: &'a Tables) -> Vec<Differing<'a>> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    names
        .into_iter()
        .map(|table| Differing {
            table,
            one: one.get(table),
            other: other.get(table),
        })
        .filter(|table| table.one != table.other)
        .collect()
}
