//! Urgings lie with the body to which they are addressed, and are counted for each body. Where they lie is written the way
//! it was when they came, so their documents are made again before the server serves.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // In the order in which they arrived, as they were counted before.
        let numbers = "UPDATE urging SET ordinal = (SELECT count(*) FROM urging AS earlier \
                       WHERE earlier.target_id = urging.target_id \
                       AND (earlier.to_agency_id = urging.to_agency_id \
                            OR (earlier.to_agency_id IS NULL AND urging.to_agency_id IS NULL)) \
                       AND (earlier.received_at < urging.received_at \
                            OR (earlier.received_at = urging.received_at AND earlier.id <= urging.id)))";
        // Noted for the start that follows, which takes it away when that is done.
        let rebuild = "INSERT INTO installation (name, value) SELECT 'rebuild', 'due' WHERE EXISTS (SELECT 1 FROM urging) \
                       ON CONFLICT (name) DO NOTHING";
        for statement in [numbers, rebuild] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
