//! The newest petitions of a place are read from one end of an index, however many it has.

use sea_orm_migration::prelude::*;

use crate::columns::create_index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_index(
            manager,
            "petition_unit_newest",
            "petition_unit",
            &["unit_id", "petition_id"],
            false,
        )
        .await?;
        // The other serves what this one served.
        let former = Index::drop()
            .name("petition_unit_unit")
            .table("petition_unit")
            .if_exists()
            .to_owned();
        manager.drop_index(former).await
    }
}
