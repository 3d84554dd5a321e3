//! Petitions have a public text for each internal one: title and answer beside the content.
//!
//! What was published before had only its content redacted. Its title and answer are no longer public until the office
//! releases a redacted text for them; the documents that say otherwise are made again before the server serves.

use sea_orm_migration::{prelude::*, schema::text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Table, new column.
const COLUMNS: [(&str, &str); 3] = [
    ("petition", "public_title"),
    ("petition", "public_answer"),
    ("answer_petition", "public_text"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in COLUMNS {
            // SQLite knows no "if not exists" here.
            if !manager.has_column(table, column).await? {
                manager
                    .alter_table(
                        Table::alter()
                            .table(table)
                            .add_column(text_null(column))
                            .to_owned(),
                    )
                    .await?;
            }
        }
        // Noted for the start that follows: what it says is made again there, and taken away when that is done.
        manager
            .get_connection()
            .execute_unprepared(
                "INSERT INTO installation (name, value) SELECT 'rebuild', 'due' WHERE EXISTS (SELECT 1 FROM petition \
                 UNION ALL SELECT 1 FROM meeting) ON CONFLICT (name) DO NOTHING",
            )
            .await?;
        Ok(())
    }
}
