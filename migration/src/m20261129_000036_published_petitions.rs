//! Anybody may ask for the first page: what it tells of published petitions is found in what is published, not among all
//! petitions.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The newest of an outcome, and the newest of any.
        for (name, columns) in [
            ("petition_published_outcome", "process, outcome, closed_at"),
            ("petition_published", "process, closed_at"),
        ] {
            let index = format!(
                "CREATE INDEX IF NOT EXISTS {name} ON petition ({columns}) WHERE public_content IS NOT NULL"
            );
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }
}
