//! Petitions taken over from an office's spreadsheet: which row of which file they were.

use sea_orm_migration::{
    prelude::*,
    schema::{integer, text, text_null, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("petition_import")
                    .if_not_exists()
                    .col(uuid("petition_id").primary_key())
                    .col(text("digest"))
                    .col(text("file"))
                    .col(integer("line"))
                    .col(text_null("own_number"))
                    .to_owned(),
            )
            .await
    }
}
