//! Briefs of meetings, made by the server.

use sea_orm::entity::prelude::*;

use crate::id::MeetingId;

/// What the delegates of a meeting should know of its place (tài liệu tóm tắt), as JSON.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_brief")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(column_type = "Text")]
    pub text: String,
}

plain!();
