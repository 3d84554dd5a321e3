//! Councils of a joint meeting.

use sea_orm::entity::prelude::*;

use crate::id::{CouncilId, MeetingId};

/// A council whose delegates take part.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_council")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub council_id: CouncilId,
}

plain!();
