//! History, and running numbers.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, text, text_null, timestamp_with_time_zone, uuid, uuid_null},
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
                    .table("event")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(text("kind"))
                    .col(uuid("row_id"))
                    .col(text("event"))
                    .col(uuid_null("actor_id"))
                    .col(uuid_null("device_id"))
                    .col(uuid_null("council_id"))
                    .col(text_null("basis"))
                    .col(text_null("detail"))
                    .col(timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "event_row", "event", &["row_id", "id"], false).await?;
        create_index(manager, "event_council", "event", &["council_id", "at"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("counter")
                    .if_not_exists()
                    .col(text("name").primary_key())
                    .col(big_integer("value"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }
}
