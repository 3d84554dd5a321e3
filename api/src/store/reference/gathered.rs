//! The two long lists, a thousand rows at a time: a driver hands each row from thread to thread and gives each of its
//! values memory of its own, and for thirty thousand small rows that was most of a start. The database gathers them into
//! JSON instead.

use chrono::NaiveDate;
use entity::{unit, unit_succession};
use futures_util::TryStreamExt;
use sea_orm::{DatabaseBackend, DatabaseConnection, StreamTrait};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    store::sql::Sql,
};

/// How many rows become one.
const AT_ONCE: usize = 1_000;

enum Column {
    Id(&'static str),
    Flag(&'static str),
    Other(&'static str),
}

use Column::{Flag, Id, Other};

/// All units.
pub(super) async fn units(conn: &DatabaseConnection) -> Result<Vec<unit::Model>> {
    type Gathered = (
        Uuid,
        String,
        String,
        String,
        String,
        Option<Uuid>,
        Option<NaiveDate>,
        Option<NaiveDate>,
        i64,
    );
    let columns = [
        Id("id"),
        Other("code"),
        Other("name"),
        Other("level"),
        Other("kind"),
        Id("parent_id"),
        Other("valid_from"),
        Other("valid_to"),
        Other("rev"),
    ];
    gathered(conn, "unit", &columns, |row: Gathered| {
        let (id, code, name, level, kind, parent, valid_from, valid_to, rev) = row;
        unit::Model {
            id: id.into(),
            code,
            name,
            level,
            kind,
            parent_id: parent.map(Into::into),
            valid_from,
            valid_to,
            rev,
        }
    })
    .await
}

/// All successions.
pub(super) async fn successions(conn: &DatabaseConnection) -> Result<Vec<unit_succession::Model>> {
    let columns = [
        Id("from_id"),
        Id("to_id"),
        Flag("partly"),
        Flag("derived"),
        Other("date"),
    ];
    gathered(conn, "unit_succession", &columns, |row| {
        let (from, to, partly, derived, date): (Uuid, Uuid, i64, i64, NaiveDate) = row;
        unit_succession::Model {
            from_id: from.into(),
            to_id: to.into(),
            partly: partly != 0,
            derived: derived != 0,
            date,
        }
    })
    .await
}

async fn gathered<R: DeserializeOwned, M>(
    conn: &DatabaseConnection,
    table: &str,
    columns: &[Column],
    model: impl Fn(R) -> M,
) -> Result<Vec<M>> {
    let is_postgres = conn.get_database_backend() == DatabaseBackend::Postgres;
    let (gather, list) = if is_postgres {
        ("json_agg", "json_build_array")
    } else {
        ("json_group_array", "json_array")
    };
    let values: Vec<String> = columns
        .iter()
        .map(|column| match column {
            Id(name) if is_postgres => format!("\"{name}\""),
            // No id where there is none: hex(NULL) is an empty text.
            Id(name) => format!("CASE WHEN \"{name}\" IS NOT NULL THEN hex(\"{name}\") END"),
            Flag(name) => format!("CAST(\"{name}\" AS INTEGER)"),
            Other(name) => format!("\"{name}\""),
        })
        .collect();
    let values = values.join(", ");
    let sql = Sql::new(
        conn.get_database_backend(),
        &format!(
            "SELECT CAST({gather}({list}({values})) AS TEXT) AS rows \
             FROM (SELECT *, (row_number() OVER () - 1) / {AT_ONCE} AS part FROM {table}) AS numbered GROUP BY part"
        ),
    );
    let mut parts = conn.stream_raw(sql.statement()).await?;
    let mut all = Vec::new();
    while let Some(part) = parts.try_next().await? {
        let rows: Vec<R> = serde_json::from_str(&part.try_get::<String>("", "rows")?)
            .map_err(|_| Error::internal("a list of units that cannot be read"))?;
        all.extend(rows.into_iter().map(&model));
    }
    Ok(all)
}
