//! What has to be taken out of the file store.

use sea_orm::entity::prelude::*;

/// An object of the file store, or a folder of it (ending in `/`), that no row names any more. Noted in the transaction
/// that let go of it, and kept until it is gone there too.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub object: String,
    pub at: DateTimeUtc,
}

plain!();
