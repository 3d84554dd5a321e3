//! Which body moved its own due date. Of older extensions it is not known: whoever recorded them may have had several roles.

use sea_orm_migration::{prelude::*, schema::uuid_null};

use crate::columns::add_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "extension", uuid_null("agency_id")).await
    }
}
