//! Procedures: a piece of work as dated steps.

use sea_orm::entity::prelude::*;

use crate::id::{CouncilId, ProcedureId};

/// A procedure (quy trình) of a council: who does what until when, by which document.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "procedure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProcedureId,
    pub council_id: CouncilId,
    /// Code of the list `procedure_kind`.
    pub kind: String,
    pub title: String,
    /// What it is for: `round` or `meeting`; nothing for other work.
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    /// The day from which its periods are counted.
    pub anchor_on: Date,
    pub status: Status,
    pub created_at: DateTimeUtc,
    pub rev: i64,
    pub updated_at: DateTimeUtc,
}

plain!();

codes! {
    /// Where a procedure is.
    Status {
        Open = "open",
        /// Every step was done or waived.
        Done = "done",
        Cancelled = "cancelled",
    }
}
