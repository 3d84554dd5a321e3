//! The units in which a delegate was elected.

use sea_orm::entity::prelude::*;

use crate::id::{DelegateId, UnitId};

/// One unit of a delegate's constituency (đơn vị bầu cử).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "constituency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub delegate_id: DelegateId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
}

plain!();
