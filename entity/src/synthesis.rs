//! Syntheses of voters' opinions and petitions.

use sea_orm::entity::prelude::*;

use crate::id::{CouncilId, GroupId, RoundId, SynthesisId};

/// A synthesis (báo cáo tổng hợp ý kiến, kiến nghị cử tri) of one round, by a delegate group or by the council.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "synthesis")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SynthesisId,
    pub council_id: CouncilId,
    pub round_id: RoundId,
    /// The delegate group; none for the council's own.
    pub group_id: Option<GroupId>,
    pub title: String,
    pub status: Status,
    /// The newest edition; 0 before the first.
    pub edition: i32,
    pub created_at: DateTimeUtc,
    pub rev: i64,
    pub updated_at: DateTimeUtc,
}

plain!();

codes! {
    /// Where a synthesis, that is its newest edition, is.
    Status {
        /// No list has been frozen yet.
        Draft = "draft",
        /// The list is frozen and signed.
        Frozen = "frozen",
        /// MTTQ has put its name to it.
        Cosigned = "cosigned",
        /// A group's went to the council, the council's to those whom it is for.
        Sent = "sent",
    }
}

/// What can happen to a synthesis.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Freeze,
    Cosign,
    Send,
}

impl Event {
    /// All of them, for the tables of the tests.
    pub const ALL: &'static [Self] = &[Self::Freeze, Self::Cosign, Self::Send];
}

impl Status {
    /// The state after `event`. The council's goes out with MTTQ's name; a group's goes to the council without.
    /// Freezing again, whatever came before, makes a new edition, which goes the same way.
    pub fn next(self, of_group: bool, event: Event) -> Option<Self> {
        match (self, event) {
            (_, Event::Freeze) => Some(Self::Frozen),
            (Self::Frozen, Event::Cosign) if !of_group => Some(Self::Cosigned),
            (Self::Frozen, Event::Send) if of_group => Some(Self::Sent),
            (Self::Cosigned, Event::Send) if !of_group => Some(Self::Sent),
            _ => None,
        }
    }
}
