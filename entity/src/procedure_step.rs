//! Steps of procedures.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, ProcedureId, ProcedureStepId};

/// A step of a procedure (bước của quy trình): who, which document, how many days, done when.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "procedure_step")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProcedureStepId,
    pub procedure_id: ProcedureId,
    pub position: i32,
    pub title: String,
    /// Who does it.
    pub responsible: Option<String>,
    /// Type of the document by which it is done: KH, GM, TB, BC, ...
    pub document_kind: Option<String>,
    /// Length of the period.
    pub days: i32,
    /// `working` or `calendar`.
    pub unit: String,
    /// `before` or `after` the day from which it is counted.
    pub side: String,
    /// The rule or custom that sets the period.
    pub basis: Option<String>,
    pub due_on: Date,
    pub done_on: Option<Date>,
    /// Who said that it is done, or is not needed.
    pub actor_id: Option<AccountId>,
    pub document_number: Option<String>,
    pub note: Option<String>,
    /// Why it is not needed.
    pub waived: Option<String>,
}

plain!();
