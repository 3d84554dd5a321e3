//! Councils and the bodies around them.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, date, date_null, integer, text, text_null, uuid, uuid_null},
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
                    .table("council")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("unit_id"))
                    .col(text("level"))
                    .col(text("name"))
                    .col(text("term"))
                    .col(integer("ordinal"))
                    .col(date("valid_from"))
                    .col(date_null("valid_to"))
                    .col(big_integer("rev"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "council_unit", "council", &["unit_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("committee")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("council_id"))
                    .col(text("name"))
                    .col(date("valid_from"))
                    .col(date_null("valid_to"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "committee_council", "committee", &["council_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("delegate_group")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("council_id"))
                    .col(text("name"))
                    .col(date("valid_from"))
                    .col(date_null("valid_to"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "delegate_group_council",
            "delegate_group",
            &["council_id"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("delegate")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid_null("account_id"))
                    .col(uuid("council_id"))
                    .col(uuid_null("group_id"))
                    .col(text("name"))
                    .col(boolean("full_time"))
                    .col(date("valid_from"))
                    .col(date_null("valid_to"))
                    .col(text_null("end_reason"))
                    .col(big_integer("rev"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "delegate_account", "delegate", &["account_id"], false).await?;
        create_index(manager, "delegate_council", "delegate", &["council_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("constituency")
                    .if_not_exists()
                    .col(uuid("delegate_id"))
                    .col(uuid("unit_id"))
                    .primary_key(Index::create().col("delegate_id").col("unit_id"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "constituency_unit", "constituency", &["unit_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("agency")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(text("name"))
                    .col(text("kind"))
                    .col(uuid("unit_id"))
                    .col(text_null("official_code"))
                    .col(boolean("has_account"))
                    .col(uuid_null("successor_id"))
                    .col(date_null("valid_from"))
                    .col(date_null("valid_to"))
                    .col(big_integer("rev"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "agency_unit", "agency", &["unit_id"], false).await?;
        Ok(())
    }
}
