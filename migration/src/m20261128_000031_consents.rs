//! A voter's words of consent are sealed like his name and telephone, for they may hold both.
//!
//! A migration has no keys. What stands there is moved as it is, and the start that follows seals it before it serves.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

use crate::columns::{add_column, blob_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "feedback_contact", blob_null("consent")).await?;
        if !manager.has_column("feedback_contact", "consent_text").await? {
            return Ok(());
        }
        let moved = match manager.get_database_backend() {
            DatabaseBackend::Sqlite => {
                "UPDATE feedback_contact SET consent = CAST(consent_text AS BLOB) WHERE consent IS NULL"
            }
            _ => {
                "UPDATE feedback_contact SET consent = convert_to(consent_text, 'UTF8') WHERE consent IS NULL"
            }
        };
        for statement in [
            moved,
            "INSERT INTO installation (name, value) SELECT 'consents', 'due' WHERE EXISTS (SELECT 1 FROM \
             feedback_contact) ON CONFLICT (name) DO NOTHING",
            "ALTER TABLE feedback_contact DROP COLUMN consent_text",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
