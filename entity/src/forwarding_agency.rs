//! Coordinating bodies named by a forwarding.

use sea_orm::entity::prelude::*;

use crate::id::{AgencyId, ForwardingId};

/// A coordinating body (phối hợp) named in the document.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forwarding_agency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub forwarding_id: ForwardingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
}

plain!();
