//! What a feedback lacks to be clear work, the question with which it went back, repeats of petitions, and the pairs
//! of words by which similar petitions are found.

use sea_orm_migration::{
    prelude::*,
    schema::{integer, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null},
    sea_orm::DatabaseBackend,
};

use crate::columns::create_index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, "feedback", text_null("evidence")).await?;
        add(manager, "feedback", text_null("question")).await?;
        add(manager, "feedback", integer("returns").default(0).take()).await?;
        add(manager, "feedback", text_null("missing")).await?;
        add(manager, "petition", text_null("missing")).await?;
        manager
            .create_table(
                Table::create()
                    .table("petition_repeat")
                    .if_not_exists()
                    .col(uuid("petition_id"))
                    .col(uuid("earlier_id"))
                    .col(uuid("actor_id"))
                    .col(timestamp_with_time_zone("at"))
                    .col(timestamp_with_time_zone_null("unlinked_at"))
                    .col(uuid_null("unlinked_by"))
                    .col(text_null("unlink_reason"))
                    .primary_key(Index::create().col("petition_id").col("earlier_id"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "petition_repeat_earlier",
            "petition_repeat",
            &["earlier_id"],
            false,
        )
        .await?;
        // One table for looking up, one to know what to take away: with an index by row the first would be twice as
        // large.
        let statements = match manager.get_database_backend() {
            DatabaseBackend::Sqlite => [
                "CREATE TABLE IF NOT EXISTS search_pair (pair INTEGER NOT NULL, row_id BLOB NOT NULL, \
                 PRIMARY KEY (pair, row_id)) WITHOUT ROWID",
                "CREATE TABLE IF NOT EXISTS search_pairs (row_id BLOB NOT NULL PRIMARY KEY, pairs BLOB NOT NULL) \
                 WITHOUT ROWID",
            ],
            _ => [
                "CREATE TABLE IF NOT EXISTS search_pair (pair BIGINT NOT NULL, row_id UUID NOT NULL, \
                 PRIMARY KEY (pair, row_id))",
                "CREATE TABLE IF NOT EXISTS search_pairs (row_id UUID NOT NULL PRIMARY KEY, pairs BYTEA NOT NULL)",
            ],
        };
        for statement in statements {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// Adds a column, unless it is there: on SQLite a migration that was killed half-way runs again.
async fn add(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    let name = column.get_column_name();
    if manager.has_column(table, &name).await? {
        return Ok(());
    }
    manager
        .alter_table(Table::alter().table(table).add_column(column).to_owned())
        .await
}
