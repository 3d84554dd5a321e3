//! Meetings and what belongs to them.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, date, date_null, integer, integer_null, text, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
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
                    .table("meeting")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(text("family"))
                    .col(text("kind"))
                    .col(uuid("council_id"))
                    .col(uuid_null("author_id"))
                    .col(uuid_null("round_id"))
                    .col(text("title"))
                    .col(text_null("place"))
                    .col(timestamp_with_time_zone_null("starts_at"))
                    .col(timestamp_with_time_zone_null("ends_at"))
                    .col(text_null("mode"))
                    .col(text("status"))
                    .col(integer_null("ordinal"))
                    .col(text_null("plan_number"))
                    .col(date_null("plan_date"))
                    .col(text_null("agenda"))
                    .col(text_null("brief"))
                    .col(integer_null("invited"))
                    .col(integer_null("attended"))
                    .col(integer_null("speakers"))
                    .col(integer_null("opinions"))
                    .col(text_null("attendance_bands"))
                    .col(boolean("is_public"))
                    .col(text("stamps"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("rev"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "meeting_of_council", "meeting", &["council_id"], false).await?;
        create_index(manager, "meeting_updated", "meeting", &["updated_at"], false).await?;
        create_index(manager, "meeting_starts", "meeting", &["starts_at"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("meeting_unit")
                    .if_not_exists()
                    .col(uuid("meeting_id"))
                    .col(uuid("unit_id"))
                    .primary_key(Index::create().col("meeting_id").col("unit_id"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "meeting_unit_unit", "meeting_unit", &["unit_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("meeting_council")
                    .if_not_exists()
                    .col(uuid("meeting_id"))
                    .col(uuid("council_id"))
                    .primary_key(Index::create().col("meeting_id").col("council_id"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "meeting_council_council",
            "meeting_council",
            &["council_id"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("meeting_delegate")
                    .if_not_exists()
                    .col(uuid("meeting_id"))
                    .col(uuid("delegate_id"))
                    .col(boolean("invited"))
                    .col(boolean("attended"))
                    .primary_key(Index::create().col("meeting_id").col("delegate_id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("agenda_item")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("meeting_id"))
                    .col(integer("position"))
                    .col(text("title"))
                    .col(text_null("presenter"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "agenda_item_meeting",
            "agenda_item",
            &["meeting_id"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("document")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("council_id"))
                    .col(uuid_null("meeting_id"))
                    .col(text("kind"))
                    .col(text("number"))
                    .col(date("date"))
                    .col(text_null("signer"))
                    .col(text("title"))
                    .col(timestamp_with_time_zone("created_at"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "document_meeting", "document", &["meeting_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("meeting_record")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("meeting_id"))
                    .col(uuid("council_id"))
                    .col(uuid("author_id"))
                    .col(timestamp_with_time_zone_null("started_at"))
                    .col(timestamp_with_time_zone_null("ended_at"))
                    .col(integer_null("invited"))
                    .col(integer_null("attended"))
                    .col(integer_null("speakers"))
                    .col(integer_null("opinion_count"))
                    .col(text_null("attendance_bands"))
                    .col(text_null("minutes_draft"))
                    .col(text("status"))
                    .col(boolean("late"))
                    .col(text("stamps"))
                    .col(big_integer("rev"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "meeting_record_author",
            "meeting_record",
            &["meeting_id", "author_id"],
            true,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("note")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("account_id"))
                    .col(uuid_null("unit_id"))
                    .col(uuid_null("meeting_id"))
                    .col(text("text"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .col(boolean("deleted"))
                    .col(text("stamps"))
                    .col(big_integer("rev"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "note_account", "note", &["account_id"], false).await?;
        Ok(())
    }
}
