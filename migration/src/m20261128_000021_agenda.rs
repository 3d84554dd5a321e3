//! What waits for whom.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, date_null, integer, text, timestamp_with_time_zone, uuid, uuid_null},
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
                    .table("agenda")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("account_id"))
                    .col(text("scope"))
                    .col(text("kind"))
                    .col(uuid_null("council_id"))
                    .col(uuid_null("agency_id"))
                    .col(integer("count"))
                    .col(integer("overdue"))
                    .col(date_null("due_at"))
                    .col(text("petition_ids"))
                    .col(timestamp_with_time_zone("as_of"))
                    .col(big_integer("rev"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "agenda_account", "agenda", &["account_id"], false).await
    }
}
