//! How devices are woken.

use sea_orm_migration::{
    prelude::*,
    schema::{integer, text, timestamp_with_time_zone, uuid},
};

use crate::columns::blob;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("waking")
                    .if_not_exists()
                    .col(uuid("device_id").primary_key())
                    .col(text("road"))
                    .col(blob("address"))
                    .col(text("position"))
                    .col(timestamp_with_time_zone("not_before"))
                    .col(integer("attempts"))
                    .col(timestamp_with_time_zone("registered_at"))
                    .to_owned(),
            )
            .await
    }
}
