//! The public is told nothing of an answer that no longer counts. Documents say it the way they were written, so those of
//! petitions that lost their outcome are made again before the server serves.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Noted for the start that follows, which takes it away when that is done.
        manager
            .get_connection()
            .execute_unprepared(
                "INSERT INTO installation (name, value) SELECT 'rebuild', 'due' WHERE EXISTS (SELECT 1 FROM petition \
                 WHERE outcome IS NULL AND answer_number IS NOT NULL) ON CONFLICT (name) DO NOTHING",
            )
            .await?;
        Ok(())
    }
}
