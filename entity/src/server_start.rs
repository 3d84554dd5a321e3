//! Starts of servers on this database.

use sea_orm::entity::prelude::*;

/// A start of a server, and how far the clocks stood then. By it a database is told from an older copy of itself.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "server_start")]
pub struct Model {
    /// Rises from start to start by a step that nobody can guess.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub at: DateTimeUtc,
    /// JSON: the positions of the clocks by their names.
    pub clocks: String,
}

plain!();
