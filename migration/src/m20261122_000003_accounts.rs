//! Accounts, roles, devices and tokens.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, boolean, date, date_null, text, timestamp_with_time_zone, timestamp_with_time_zone_null,
        uuid, uuid_null,
    },
};

use crate::columns::{blob, blob_null, create_index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("account")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(text("username"))
                    .col(text("name"))
                    .col(text("password_hash"))
                    .col(text("clock"))
                    .col(timestamp_with_time_zone_null("disabled_at"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(big_integer("rev"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "account_username", "account", &["username"], true).await?;
        manager
            .create_table(
                Table::create()
                    .table("role_grant")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("account_id"))
                    .col(text("role"))
                    .col(uuid_null("council_id"))
                    .col(uuid_null("agency_id"))
                    .col(uuid_null("unit_id"))
                    .col(date("valid_from"))
                    .col(date_null("valid_to"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "role_grant_account",
            "role_grant",
            &["account_id"],
            false,
        )
        .await?;
        create_index(manager, "role_grant_agency", "role_grant", &["agency_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("role_capability")
                    .if_not_exists()
                    .col(text("role"))
                    .col(text("capability"))
                    .primary_key(Index::create().col("role").col("capability"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("device")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(uuid("account_id"))
                    .col(text("name"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("seen_at"))
                    .col(timestamp_with_time_zone_null("revoked_at"))
                    .col(boolean("stolen"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "device_account", "device", &["account_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("refresh_token")
                    .if_not_exists()
                    .col(blob("hash").primary_key())
                    .col(uuid("device_id"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .col(timestamp_with_time_zone_null("rotated_at"))
                    .col(blob_null("predecessor"))
                    .to_owned(),
            )
            .await?;
        create_index(
            manager,
            "refresh_token_device",
            "refresh_token",
            &["device_id"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("api_token")
                    .if_not_exists()
                    .col(uuid("id").primary_key())
                    .col(blob("hash"))
                    .col(text("name"))
                    .col(text("scope"))
                    .col(uuid("unit_id"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("expires_at"))
                    .col(timestamp_with_time_zone_null("revoked_at"))
                    .to_owned(),
            )
            .await?;
        create_index(manager, "api_token_hash", "api_token", &["hash"], true).await?;
        manager
            .create_table(
                Table::create()
                    .table("installation")
                    .if_not_exists()
                    .col(text("name").primary_key())
                    .col(text("value"))
                    .to_owned(),
            )
            .await?;
        Ok(())
    }
}
