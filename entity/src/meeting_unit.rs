//! Units of a joint meeting.

use sea_orm::entity::prelude::*;

use crate::id::{MeetingId, UnitId};

/// A unit that a meeting is held for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
}

plain!();
