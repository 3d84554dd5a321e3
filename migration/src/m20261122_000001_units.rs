//! Units and their successions.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, date, date_null, integer, text, uuid, uuid_null},
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
                    .table("unit")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(text("code"))
                    .col(text("name"))
                    .col(text("level"))
                    .col(text("kind"))
                    .col(uuid_null("parent_id"))
                    .col(date_null("valid_from"))
                    .col(date_null("valid_to"))
                    .col(big_integer("rev"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "unit_code", "unit", &["code"], false).await?;
        create_index(manager, "unit_parent", "unit", &["parent_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("unit_succession")
                    .if_not_exists()
                    .col(uuid("from_id"))
                    .col(uuid("to_id"))
                    .col(boolean("partly"))
                    .col(boolean("derived"))
                    .col(date("date"))
                    .primary_key(Index::create().col("from_id").col("to_id"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "unit_succession_to",
            "unit_succession",
            &["to_id"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("unit_gap")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(text("level"))
                    .col(text("from_code"))
                    .col(text("to_code"))
                    .col(date("date"))
                    .col(integer("line"))
                    .col(text("reason"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }
}
