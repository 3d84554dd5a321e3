//! Feedback.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, boolean_null, date_null, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::columns::{blob_null, create_index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("feedback")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("council_id"))
                    .col(uuid("author_id"))
                    .col(uuid_null("delegate_id"))
                    .col(uuid_null("meeting_id"))
                    .col(uuid_null("unit_id"))
                    .col(text_null("sub_unit"))
                    .col(text_null("channel"))
                    .col(text_null("origin"))
                    .col(text("kind"))
                    .col(text_null("subject"))
                    .col(text_null("content"))
                    .col(text_null("wanted"))
                    .col(text_null("affected"))
                    .col(text_null("since"))
                    .col(boolean_null("answered_on_spot"))
                    .col(text_null("on_spot_answer"))
                    .col(text_null("tracking_code"))
                    .col(text_null("receipt_number"))
                    .col(date_null("received_on"))
                    .col(uuid_null("receiving_agency_id"))
                    .col(timestamp_with_time_zone_null("recorded_at"))
                    .col(timestamp_with_time_zone("received_at"))
                    .col(timestamp_with_time_zone_null("accepted_at"))
                    .col(timestamp_with_time_zone_null("seen_at"))
                    .col(text("status"))
                    .col(boolean("late"))
                    .col(uuid_null("petition_id"))
                    .col(text("stamps"))
                    .col(big_integer("rev"))
                    .col(timestamp_with_time_zone("updated_at"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "feedback_council",
            "feedback",
            &["council_id", "status"],
            false,
        )
        .await?;
        create_index(manager, "feedback_author", "feedback", &["author_id"], false).await?;
        create_index(manager, "feedback_meeting", "feedback", &["meeting_id"], false).await?;
        create_index(manager, "feedback_unit", "feedback", &["unit_id"], false).await?;
        create_index(
            manager,
            "feedback_tracking",
            "feedback",
            &["tracking_code"],
            false,
        )
        .await?;
        create_index(manager, "feedback_updated", "feedback", &["updated_at"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("feedback_contact")
                    .if_not_exists()
                    .col(uuid("feedback_id").primary_key())
                    .col(blob_null("name"))
                    .col(blob_null("phone"))
                    .col(text("consent_text"))
                    .col(timestamp_with_time_zone("consent_at"))
                    .col(timestamp_with_time_zone_null("erased_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("feedback_addition")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("feedback_id"))
                    .col(text("text"))
                    .col(timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "feedback_addition_feedback",
            "feedback_addition",
            &["feedback_id"],
            false,
        )
        .await?;
        Ok(())
    }
}
