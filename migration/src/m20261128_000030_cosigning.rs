//! The document by which MTTQ signed a synthesis, where the office recorded it.

use sea_orm_migration::{
    prelude::*,
    schema::{date_null, text_null},
};

use crate::columns::add_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            text_null("cosign_document_number"),
            date_null("cosign_document_date"),
        ] {
            add_column(manager, "synthesis_edition", column).await?;
        }
        Ok(())
    }
}
