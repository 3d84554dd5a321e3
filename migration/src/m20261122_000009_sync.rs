//! Clocks, partitions, log, documents, receipts and what was refused.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, integer, text, text_null, timestamp_with_time_zone, uuid, uuid_null,
    },
};

use crate::columns::{blob, blob_null, create_index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("sync_clock")
                    .if_not_exists()
                    .col(text("id").primary_key())
                    .col(big_integer("seq"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("sync_partition")
                    .if_not_exists()
                    .col(big_integer("id").primary_key())
                    .col(text("name"))
                    .col(text("clock"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "sync_partition_name", "sync_partition", &["name"], true).await?;
        manager
            .create_table(
                Table::create()
                    .table("sync_log")
                    .if_not_exists()
                    .col(big_integer("partition"))
                    .col(text("collection"))
                    .col(uuid("row_id"))
                    .col(big_integer("seq"))
                    .col(text("op"))
                    .col(big_integer("rev"))
                    .primary_key(Index::create().col("partition").col("collection").col("row_id"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "sync_log_seq", "sync_log", &["partition", "seq"], true).await?;
        create_index(
            manager,
            "sync_log_row",
            "sync_log",
            &["row_id", "collection"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("sync_digest")
                    .if_not_exists()
                    .col(big_integer("partition"))
                    .col(text("collection"))
                    .col(big_integer("count"))
                    .col(big_integer("high"))
                    .col(big_integer("low"))
                    .primary_key(Index::create().col("partition").col("collection"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("sync_doc")
                    .if_not_exists()
                    .col(text("collection"))
                    .col(uuid("row_id"))
                    .col(integer("audience"))
                    .col(big_integer("rev"))
                    .col(text("doc"))
                    .primary_key(Index::create().col("collection").col("row_id").col("audience"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("sync_receipt")
                    .if_not_exists()
                    .col(uuid("account_id"))
                    .col(text("mutation_id"))
                    .col(blob("hash"))
                    .col(text("collection"))
                    .col(uuid_null("row_id"))
                    .col(text("status"))
                    .col(big_integer_null("rev"))
                    .col(text("errors"))
                    .col(uuid("device_id"))
                    .col(timestamp_with_time_zone("at"))
                    .primary_key(Index::create().col("account_id").col("mutation_id"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "sync_receipt_at", "sync_receipt", &["at"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("sync_deferred")
                    .if_not_exists()
                    .col(uuid("account_id"))
                    .col(text("mutation_id"))
                    .col(uuid("waits_for"))
                    .col(uuid("device_id"))
                    .col(blob("payload"))
                    .col(timestamp_with_time_zone("at"))
                    .col(uuid_null("issue_id"))
                    .primary_key(Index::create().col("account_id").col("mutation_id"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "sync_deferred_at", "sync_deferred", &["at"], false).await?;
        create_index(
            manager,
            "sync_deferred_waits",
            "sync_deferred",
            &["waits_for"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("sync_issue")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("account_id"))
                    .col(uuid("device_id"))
                    .col(text_null("collection"))
                    .col(uuid_null("row_id"))
                    .col(text("mutation_id"))
                    .col(text("code"))
                    .col(text_null("field"))
                    .col(text("status"))
                    .col(blob_null("payload"))
                    .col(timestamp_with_time_zone("at"))
                    .col(big_integer("rev"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "sync_issue_account",
            "sync_issue",
            &["account_id"],
            false,
        )
        .await?;
        Ok(())
    }
}
