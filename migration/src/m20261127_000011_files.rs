//! Files: what has arrived, what is on its way, which rows name it, and what has to be erased.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, integer, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    },
};

use crate::columns::create_index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("file")
                    .if_not_exists()
                    .col(text("sha256").primary_key())
                    .col(uuid("object"))
                    .col(text("stored_sha256"))
                    .col(big_integer("size"))
                    .col(text("media_type"))
                    .col(timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("upload")
                    .if_not_exists()
                    .col(uuid("account_id"))
                    .col(text("sha256"))
                    .col(uuid("object"))
                    .col(big_integer("size"))
                    .col(big_integer("received"))
                    .col(text("parts"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .col(timestamp_with_time_zone_null("completed_at"))
                    .primary_key(Index::create().col("account_id").col("sha256"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "upload_sha256", "upload", &["sha256"], false).await?;
        create_index(manager, "upload_expires", "upload", &["expires_at"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("attachment")
                    .if_not_exists()
                    .col(uuid("row_id"))
                    .col(text("sha256"))
                    .col(text("collection"))
                    .col(uuid("account_id"))
                    .col(integer("position"))
                    .col(boolean("arrived"))
                    .primary_key(Index::create().col("row_id").col("sha256"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "attachment_sha256", "attachment", &["sha256"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("erasure")
                    .if_not_exists()
                    .col(text("object").primary_key())
                    .col(timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }
}
