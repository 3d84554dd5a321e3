//! What answers say beside their text, replies of coordinating bodies, the number of an urging, what voters said to an
//! answer, reminders that the server makes, and petitions that passed to a successor.

use sea_orm_migration::{
    prelude::*,
    schema::{
        boolean, date, integer, integer_null, text, text_null, timestamp_with_time_zone, uuid, uuid_null,
    },
};

use crate::columns::{add_column, create_index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("answer", integer_null("cost_millions")),
            ("answer", text_null("unresolved_reason")),
            ("answer_petition", boolean("coordinating").default(false).take()),
            ("petition_agency", uuid_null("answer_id")),
            ("petition", integer_null("cost_millions")),
            ("petition", text_null("unresolved_reason")),
            ("petition", text_null("satisfaction")),
            ("petition", integer("reminders").default(0).take()),
            ("urging", integer("ordinal").default(0).take()),
            ("informing", text_null("satisfaction")),
            ("informing", uuid_null("answer_id")),
        ] {
            add_column(manager, table, column).await?;
        }
        // Ids are made of time: what was urged first has the first number.
        let numbers = "UPDATE urging SET ordinal = (SELECT count(*) FROM urging AS earlier \
                       WHERE earlier.target_id = urging.target_id AND earlier.id <= urging.id) WHERE ordinal = 0";
        // The newest telling is of the newest answer where the petition says that its voters were told.
        let answers = "UPDATE informing SET answer_id = (SELECT petition.answer_id FROM petition \
                       WHERE petition.id = informing.petition_id AND petition.informed_at <= informing.at) \
                       WHERE answer_id IS NULL";
        for statement in [numbers, answers] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("reminder")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("petition_id"))
                    .col(uuid("agency_id"))
                    .col(text("kind"))
                    .col(integer("ordinal"))
                    .col(date("due_on"))
                    .col(timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "reminder_petition", "reminder", &["petition_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("petition_transfer")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("petition_id"))
                    .col(uuid("from_id"))
                    .col(uuid("to_id"))
                    .col(boolean("is_lead"))
                    .col(timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "petition_transfer_petition",
            "petition_transfer",
            &["petition_id"],
            false,
        )
        .await
    }
}
