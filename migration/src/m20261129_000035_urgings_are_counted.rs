//! What an urging is judged by is found in one step, however often was urged before: the last one of a body, the one of a
//! letter, and the few steps of a petition's history that say what was left to be had.

use sea_orm_migration::prelude::*;

use crate::columns::create_index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_a_body = ["target_id", "to_agency_id", "ordinal"];
        create_index(manager, "urging_body", "urging", &of_a_body, false).await?;
        let of_a_letter = ["target_id", "document_number"];
        create_index(manager, "urging_letter", "urging", &of_a_letter, false).await?;
        // The others serve what this one served.
        let former = Index::drop()
            .name("urging_target")
            .table("urging")
            .if_exists()
            .to_owned();
        manager.drop_index(former).await?;
        // Both databases take a part of an index only for a query that says which part, word for word.
        let turns = "CREATE INDEX IF NOT EXISTS event_turn ON event (row_id) WHERE kind = 'petition' AND event IN \
                     ('classified', 'forwarded', 'forwarded_up', 'answered', 'answered_on_behalf', 'assessed_ok', \
                     'assessed_unclear', 'assessed_off_point', 'closed', 'reopened', 'split', 'merged')";
        manager.get_connection().execute_unprepared(turns).await?;
        Ok(())
    }
}
