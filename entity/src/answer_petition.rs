//! Petitions of an answer.

use sea_orm::entity::prelude::*;

use crate::id::{AnswerId, PetitionId};

/// A petition answered by a document; versions count from 1.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answer_petition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub answer_id: AnswerId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub petition_id: PetitionId,
    pub version: i32,
    /// Of a coordinating body: it helps the lead to answer and settles nothing.
    pub coordinating: bool,
    /// `ok`, `unclear` or `off_point`.
    pub assessment: Option<String>,
    pub assessment_note: Option<String>,
    /// What was released to the public of this answer to this petition.
    #[sea_orm(column_type = "Text", nullable)]
    pub public_text: Option<String>,
}

plain!();
