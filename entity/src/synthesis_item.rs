//! Lines of editions: what a petition said when the list was frozen.

use sea_orm::entity::prelude::*;

use crate::id::{FeedbackId, PetitionId, SynthesisEditionId, SynthesisItemId};

/// A line of an edition. It says what was said then, whatever becomes of the petition.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "synthesis_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SynthesisItemId,
    pub edition_id: SynthesisEditionId,
    /// From 1, by tier, field and number.
    pub position: i32,
    pub petition_id: Option<PetitionId>,
    /// What nobody has made a petition of yet.
    pub feedback_id: Option<FeedbackId>,
    pub number: Option<String>,
    pub title: String,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    pub tier: Option<String>,
    pub field: Option<String>,
    /// Where voters said it: names of units, as they were.
    pub places: String,
    /// How many opinions went into it.
    pub opinions: i32,
    /// Of how many opinions it was made, grouped or merged; 1 for one that stands by itself.
    pub merged_from: i32,
    /// The number of the petition of which it is a part.
    pub split_from: Option<String>,
}

plain!();
