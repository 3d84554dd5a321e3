//! The demo: a world to look at, made of real units, real petitions and what public reports say of five places.
//!
//! It is made once, on an empty database, through the write door like everything else. What cannot be known (dates,
//! document numbers, delegates) is made up, counted from the day the demo is made, and says so; no person is named.
//! It must never be made on a database that holds anything.

mod accounts;
mod bodies;
mod client;
mod documents;
mod feedback;
mod meetings;
mod petitions;
mod put;
mod resolutions;
mod rounds;
mod sample;
pub mod story;
mod work;

use std::path::Path;

use chrono::NaiveDate;
use entity::{account, meeting, petition};
use sea_orm::{EntityTrait, PaginatorTrait};

use crate::{
    backup, error::Result, installation, start::Failure, state::State, store::sql::Sql, terminal::Progress,
    units::places,
};

pub use accounts::{FILE, Login, read};
pub(crate) use bodies::within;

/// Examples for the GraphiQL page of a demo; a line `### title` begins one.
pub const EXAMPLES: &str = include_str!("examples.graphql");

/// The fact that says that the demo is whole.
const MADE: &str = "demo_made";

/// The tables that a start fills by itself, with the delivered lists and what it notes. A row in any other one is
/// somebody's: also the token of an integrator, which would be valid in the demo.
const DELIVERED: [&str; 12] = [
    "installation",
    "role_capability",
    "seaql_migrations",
    "server_start",
    "sync_clock",
    "sync_digest",
    "sync_doc",
    "sync_log",
    "sync_partition",
    "unit",
    "unit_gap",
    "unit_succession",
];

/// The day from which the demo's dates are counted, and where its rows go.
struct Making<'a> {
    state: &'a State,
    today: NaiveDate,
}

/// Makes the demo, unless this database is one already, and tells whether it did. A database that is neither empty nor
/// a demo is refused, and a demo whose making was interrupted is finished.
pub async fn prepare(state: &State, data: &Path) -> std::result::Result<bool, Failure> {
    if !installation::is_demo(&state.store).await? {
        if !is_empty(state).await? {
            return Err(Failure::new(
                "NOT_A_DEMO: cơ sở dữ liệu này đã có dữ liệu thật, không dựng bản trình diễn lên đó; hãy chọn thư mục \
                 khác bằng --data, hoặc chạy serve không có --demo [this database is not a demo]",
            ));
        }
        installation::mark_demo(&state.store, state.clock.today()).await?;
    }
    if installation::fact(&state.store, MADE).await?.is_some() {
        return Ok(false);
    }
    make(state, data).await?;
    Ok(true)
}

async fn make(state: &State, data: &Path) -> std::result::Result<(), Failure> {
    let today = installation::fact(&state.store, "demo").await?;
    let today = today.and_then(|day| day.parse().ok());
    let making = Making {
        state,
        today: today.unwrap_or_else(|| state.clock.today()),
    };
    let mut progress = Progress::of("Dựng bản trình diễn [making the demo]");
    progress.at(0, 4);
    // Each part is one or more transactions and is left out where its rows are there: an interrupted making goes on
    // where it stopped.
    let reference = state.reference();
    let places = places::Places::of(&reference.units);
    let councils = bodies::councils(&making, &places).await?;
    let agencies = bodies::agencies(&making, &places, &councils).await?;
    progress.at(1, 4);
    // Before what they wrote: the clock of somebody's own rows is named by his account.
    if count::<account::Entity>(state).await? == 0 {
        accounts::make(&making, &councils, &agencies, data).await?;
    }
    progress.at(2, 4);
    if count::<meeting::Entity>(state).await? == 0 {
        work::make(&making, &councils).await?;
    }
    progress.at(3, 4);
    if count::<petition::Entity>(state).await? == 0 {
        petitions::make(&making, &places, &councils, &agencies).await?;
    }
    installation::note(&state.store, MADE, &making.today.to_string()).await?;
    progress.at(4, 4);
    tracing::info!("the demo is made");
    Ok(())
}

/// Whether nothing but delivered lists is in the database.
async fn is_empty(state: &State) -> Result<bool> {
    let (conn, backend) = (state.store.read(), state.store.backend());
    for table in backup::names(conn, backend).await? {
        if DELIVERED.contains(&table.as_str()) {
            continue;
        }
        let any = Sql::new(backend, &format!("SELECT 1 AS one FROM \"{table}\" LIMIT 1"));
        if any.one(conn).await?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn count<E>(state: &State) -> Result<u64>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    Ok(E::find().count(state.store.read()).await?)
}
