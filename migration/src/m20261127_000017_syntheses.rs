//! Syntheses with their frozen editions.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, date, date_null, integer, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
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
                    .table("synthesis")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("council_id"))
                    .col(uuid("round_id"))
                    .col(uuid_null("group_id"))
                    .col(text("title"))
                    .col(text("status"))
                    .col(integer("edition"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("rev"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "synthesis_of_council",
            "synthesis",
            &["council_id"],
            false,
        )
        .await?;
        create_index(manager, "synthesis_of_round", "synthesis", &["round_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("synthesis_edition")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("synthesis_id"))
                    .col(integer("number"))
                    .col(text("document_number"))
                    .col(date("document_date"))
                    .col(text_null("signer"))
                    .col(text_null("reason"))
                    .col(timestamp_with_time_zone("frozen_at"))
                    .col(uuid_null("frozen_by"))
                    .col(date_null("round_ended_on"))
                    .col(date_null("due_on"))
                    .col(integer("points"))
                    .col(integer("opinions"))
                    .col(integer("on_spot"))
                    .col(integer("before"))
                    .col(integer("after"))
                    .col(timestamp_with_time_zone_null("cosigned_at"))
                    .col(uuid_null("cosigned_by"))
                    .col(text_null("cosigner"))
                    .col(date_null("sent_on"))
                    .col(uuid_null("sent_by"))
                    .col(text_null("sent_to"))
                    .col(uuid_null("to_council_id"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "synthesis_edition_number",
            "synthesis_edition",
            &["synthesis_id", "number"],
            true,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("synthesis_item")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("edition_id"))
                    .col(integer("position"))
                    .col(uuid_null("petition_id"))
                    .col(uuid_null("feedback_id"))
                    .col(text_null("number"))
                    .col(text("title"))
                    .col(text("content"))
                    .col(text_null("tier"))
                    .col(text_null("field"))
                    .col(text("places"))
                    .col(integer("opinions"))
                    .col(integer("merged_from"))
                    .col(text_null("split_from"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "synthesis_item_position",
            "synthesis_item",
            &["edition_id", "position"],
            true,
        )
        .await
    }
}
