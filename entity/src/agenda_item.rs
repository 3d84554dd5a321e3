//! Agenda items.

use sea_orm::entity::prelude::*;

use crate::id::{AgendaItemId, MeetingId};

/// An item of a meeting's agenda (nội dung trình).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agenda_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgendaItemId,
    pub meeting_id: MeetingId,
    /// Counted from 1.
    pub position: i32,
    pub title: String,
    /// The body that presents it.
    pub presenter: Option<String>,
}

plain!();
