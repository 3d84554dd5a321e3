//! What lies in a partition, summed up.

use sea_orm::entity::prelude::*;

/// Rows of one collection in one partition: how many, and the sum of their fingerprints.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_digest")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub partition: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub collection: String,
    pub count: i64,
    /// Sum of the first halves of the fingerprints, modulo 2^32.
    pub high: i64,
    /// Sum of their second halves, modulo 2^32.
    pub low: i64,
}

plain!();
