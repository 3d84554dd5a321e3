//! Feedback of a petition.

use sea_orm::entity::prelude::*;

use crate::id::{FeedbackId, PetitionId};

/// A feedback that a petition was grouped from.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "petition_feedback")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub petition_id: PetitionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub feedback_id: FeedbackId,
}

plain!();
