//! Periods that councils set for themselves.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, CouncilPeriodId};

/// A period (thời hạn) as a council set it from a day on. A later row takes its place; none is ever changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "council_period")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouncilPeriodId,
    pub council_id: CouncilId,
    /// Code of the rule, as in the delivered table.
    pub code: String,
    /// Its number among the council's own of this code, from 1: of two for the same day the later one holds.
    pub ordinal: i32,
    /// Length, in the unit of the delivered rule; nothing where the delivered one holds again.
    pub days: Option<i32>,
    /// First day of the events that it governs.
    pub valid_from: Date,
    /// The document that sets it.
    pub basis: String,
    pub at: DateTimeUtc,
    pub actor_id: Option<AccountId>,
}

plain!();
