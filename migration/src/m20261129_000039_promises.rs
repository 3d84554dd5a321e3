//! What was promised by a day outlives closing: it is found among what promised something, not among all petitions of a
//! council or body.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, column) in [
            ("petition_promised", "council_id"),
            ("petition_promised_above", "upper_council_id"),
            ("petition_promised_by", "agency_id"),
        ] {
            let index = format!(
                "CREATE INDEX IF NOT EXISTS {name} ON petition ({column}, roadmap_at) WHERE roadmap_at IS NOT NULL"
            );
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }
}
