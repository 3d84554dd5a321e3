//! What an author added after his feedback was grouped.

use sea_orm::entity::prelude::*;

use crate::id::FeedbackId;

/// A correction that came after the grouping: an addition, never an overwriting.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback_addition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub feedback_id: FeedbackId,
    pub text: String,
    pub at: DateTimeUtc,
}

plain!();
