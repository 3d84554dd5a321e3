//! What waits may be feedback or syntheses, too.

use sea_orm_migration::{prelude::*, schema::text_null};

use crate::columns::create_index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["feedback_ids", "synthesis_ids"] {
            let mut table = Table::alter().table("agenda").to_owned();
            manager
                .alter_table(table.add_column(text_null(column)).to_owned())
                .await?;
        }
        // What was sent back to somebody, among all that he ever wrote.
        create_index(
            manager,
            "feedback_author_status",
            "feedback",
            &["author_id", "status"],
            false,
        )
        .await
    }
}
