//! Rounds of voter contacts, answers to invitations, procedures, briefs, and what a council keeps for its delegates:
//! documents of its own, and how bodies are reached.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, boolean_null, date, date_null, integer, integer_null, text, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::columns::{add_column, create_index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rounds(manager).await?;
        procedures(manager).await?;
        manager
            .create_table(
                Table::create()
                    .table("meeting_brief")
                    .if_not_exists()
                    .col(uuid("meeting_id").primary_key())
                    .col(text("text"))
                    .to_owned(),
            )
            .await?;
        for (table, column) in [
            ("meeting_record", boolean_null("attending")),
            ("meeting_record", text_null("absence_reason")),
            ("meeting_delegate", boolean_null("attending")),
            ("meeting_delegate", text_null("absence_reason")),
            ("meeting_delegate", timestamp_with_time_zone_null("answered_at")),
            ("document", text_null("purpose")),
            ("document", text_null("summary")),
            ("document", date_null("valid_from")),
            ("document", date_null("valid_to")),
            ("agency", text_null("hotline")),
            ("agency", text_null("email")),
        ] {
            add_column(manager, table, column).await?;
        }
        create_index(
            manager,
            "document_purpose",
            "document",
            &["council_id", "purpose"],
            false,
        )
        .await
    }
}

async fn rounds(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("round")
                .if_not_exists()
                .col(uuid("id").primary_key())
                .col(uuid("council_id"))
                .col(text("kind"))
                .col(text("title"))
                .col(uuid_null("session_id"))
                .col(text_null("plan_number"))
                .col(date_null("plan_date"))
                .col(integer_null("points_planned"))
                .col(date_null("starts_on"))
                .col(date_null("ends_on"))
                .col(text_null("content"))
                .col(text("status"))
                .col(boolean("is_public"))
                .col(timestamp_with_time_zone("created_at"))
                .col(big_integer("rev"))
                .col(timestamp_with_time_zone("updated_at"))
                .to_owned(),
        )
        .await?;
    create_index(manager, "round_of_council", "round", &["council_id"], false).await?;
    create_index(manager, "meeting_of_round", "meeting", &["round_id"], false).await?;
    add_column(manager, "meeting", text_null("outside_round")).await?;
    // Contacts that were there before rounds were: each says why it belongs to none.
    let why = "UPDATE meeting SET outside_round = CASE \
               WHEN author_id IS NOT NULL OR kind = 'individual_or_group' THEN 'own_contact' \
               WHEN kind IN ('thematic', 'field') THEN 'topic' \
               WHEN kind IN ('residence', 'workplace') THEN 'residence_or_workplace' \
               WHEN kind = 'outside_constituency' THEN 'outside_constituency' \
               ELSE 'before_rounds' END \
               WHERE family = 'contact' AND round_id IS NULL AND outside_round IS NULL";
    manager.get_connection().execute_unprepared(why).await?;
    Ok(())
}

async fn procedures(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("procedure")
                .if_not_exists()
                .col(uuid("id").primary_key())
                .col(uuid("council_id"))
                .col(text("kind"))
                .col(text("title"))
                .col(text_null("subject_kind"))
                .col(uuid_null("subject_id"))
                .col(date("anchor_on"))
                .col(text("status"))
                .col(timestamp_with_time_zone("created_at"))
                .col(big_integer("rev"))
                .col(timestamp_with_time_zone("updated_at"))
                .to_owned(),
        )
        .await?;
    create_index(
        manager,
        "procedure_of_council",
        "procedure",
        &["council_id"],
        false,
    )
    .await?;
    create_index(
        manager,
        "procedure_of_subject",
        "procedure",
        &["subject_id"],
        false,
    )
    .await?;
    manager
        .create_table(
            Table::create()
                .table("procedure_step")
                .if_not_exists()
                .col(uuid("id").primary_key())
                .col(uuid("procedure_id"))
                .col(integer("position"))
                .col(text("title"))
                .col(text_null("responsible"))
                .col(text_null("document_kind"))
                .col(integer("days"))
                .col(text("unit"))
                .col(text("side"))
                .col(text_null("basis"))
                .col(date("due_on"))
                .col(date_null("done_on"))
                .col(uuid_null("actor_id"))
                .col(text_null("document_number"))
                .col(text_null("note"))
                .col(text_null("waived"))
                .to_owned(),
        )
        .await?;
    create_index(
        manager,
        "procedure_step_procedure",
        "procedure_step",
        &["procedure_id"],
        false,
    )
    .await
}
