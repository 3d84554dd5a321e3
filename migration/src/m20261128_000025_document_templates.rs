//! Templates of documents that councils keep for themselves.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null},
};

use crate::columns::{blob, create_index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("document_template")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("council_id"))
                    .col(text("kind"))
                    .col(big_integer("version"))
                    .col(text("sha256"))
                    .col(blob("file"))
                    .col(timestamp_with_time_zone("at"))
                    .col(uuid_null("actor_id"))
                    .col(timestamp_with_time_zone_null("ended_at"))
                    .col(uuid_null("ended_by"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "document_template_version",
            "document_template",
            &["council_id", "kind", "version"],
            true,
        )
        .await
    }
}
