//! Resolutions.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, date_null, integer, integer_null, text, text_null, timestamp_with_time_zone,
        uuid, uuid_null,
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
                    .table("resolution")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("council_id"))
                    .col(uuid("unit_id"))
                    .col(uuid_null("session_id"))
                    .col(boolean("by_standing_committee"))
                    .col(text_null("number"))
                    .col(text_null("number_key"))
                    .col(integer("year"))
                    .col(text("raw_number"))
                    .col(text("kind"))
                    .col(text("title"))
                    .col(text_null("text"))
                    .col(text("effect"))
                    .col(date_null("issued_on"))
                    .col(date_null("in_force_from"))
                    .col(date_null("in_force_to"))
                    .col(integer_null("votes_for"))
                    .col(integer_null("votes_against"))
                    .col(integer_null("votes_abstained"))
                    .col(integer_null("delegates_present"))
                    .col(integer_null("delegates_total"))
                    .col(boolean("is_public"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("rev"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "resolution_number",
            "resolution",
            &["unit_id", "by_standing_committee", "year", "number_key"],
            true,
        )
        .await?;
        create_index(
            manager,
            "resolution_number_key",
            "resolution",
            &["number_key"],
            false,
        )
        .await?;
        create_index(
            manager,
            "resolution_council",
            "resolution",
            &["council_id"],
            false,
        )
        .await?;
        create_index(
            manager,
            "resolution_updated",
            "resolution",
            &["updated_at"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("resolution_edge")
                    .if_not_exists()
                    .col(uuid("from_id"))
                    .col(uuid("to_id"))
                    .col(text("kind"))
                    .primary_key(Index::create().col("from_id").col("to_id").col("kind"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "resolution_edge_to",
            "resolution_edge",
            &["to_id"],
            false,
        )
        .await?;
        Ok(())
    }
}
