//! Periods that a council sets for itself, each from a day on.

use sea_orm_migration::{
    prelude::*,
    schema::{date, integer, integer_null, text, timestamp_with_time_zone, uuid, uuid_null},
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
                    .table("council_period")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("council_id"))
                    .col(text("code"))
                    .col(integer("ordinal"))
                    .col(integer_null("days"))
                    .col(date("valid_from"))
                    .col(text("basis"))
                    .col(timestamp_with_time_zone("at"))
                    .col(uuid_null("actor_id"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "council_period_ordinal",
            "council_period",
            &["council_id", "code", "ordinal"],
            true,
        )
        .await
    }
}
