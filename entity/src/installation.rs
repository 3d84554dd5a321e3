//! Facts about this installation.

use sea_orm::entity::prelude::*;

/// A named fact: the epoch, fingerprints of keys, whether this is a demo.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "installation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub value: String,
}

plain!();
