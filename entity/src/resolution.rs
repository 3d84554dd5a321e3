//! Resolutions.

use sea_orm::entity::prelude::*;

use crate::id::{CouncilId, MeetingId, ResolutionId, UnitId};

/// A resolution (nghị quyết).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resolution")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ResolutionId,
    pub council_id: CouncilId,
    /// The issuer's unit version: numbers are unique only within it, the issuing body and the year.
    pub unit_id: UnitId,
    pub session_id: Option<MeetingId>,
    /// Issued by the standing committee (Thường trực HĐND) rather than by the council.
    pub by_standing_committee: bool,
    /// The number as parsed and spelled canonically.
    pub number: Option<String>,
    /// Folded number, by which it is found and kept unique.
    pub number_key: Option<String>,
    /// Year of issue, part of the uniqueness.
    pub year: i32,
    /// The number as it was written.
    pub raw_number: String,
    pub kind: String,
    pub title: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub text: Option<String>,
    pub effect: Effect,
    pub issued_on: Option<Date>,
    pub in_force_from: Option<Date>,
    pub in_force_to: Option<Date>,
    pub votes_for: Option<i32>,
    pub votes_against: Option<i32>,
    pub votes_abstained: Option<i32>,
    pub delegates_present: Option<i32>,
    pub delegates_total: Option<i32>,
    pub is_public: bool,
    pub created_at: DateTimeUtc,
    pub rev: i64,
    pub updated_at: DateTimeUtc,
}

plain!();

codes! {
    /// Legal effect (hiệu lực).
    Effect {
        NotYet = "not_yet",
        InForce = "in_force",
        Partly = "partly",
        Suspended = "suspended",
        Replaced = "replaced",
        Annulled = "annulled",
        Expired = "expired",
    }
}

/// What can happen to a resolution's effect.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Event {
    ComeIntoForce,
    ExpirePartly,
    Suspend,
    Resume,
    Replace,
    Annul,
    Expire,
}

impl Event {
    /// All of them, for the tables of the tests.
    pub const ALL: &'static [Self] = &[
        Self::ComeIntoForce,
        Self::ExpirePartly,
        Self::Suspend,
        Self::Resume,
        Self::Replace,
        Self::Annul,
        Self::Expire,
    ];

    /// The name on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::ComeIntoForce => "come_into_force",
            Self::ExpirePartly => "expire_partly",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Replace => "replace",
            Self::Annul => "annul",
            Self::Expire => "expire",
        }
    }

    /// The event with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.code() == code)
    }
}

impl Effect {
    /// The effect after `event`, or nothing if the step is not allowed.
    pub fn next(self, event: Event) -> Option<Self> {
        use Effect as F;
        use Event as E;
        match (self, event) {
            (F::Replaced | F::Annulled | F::Expired, _) => None,
            (F::NotYet, E::ComeIntoForce) => Some(F::InForce),
            (F::InForce | F::Partly, E::ExpirePartly) => Some(F::Partly),
            (F::InForce | F::Partly, E::Suspend) => Some(F::Suspended),
            (F::Suspended, E::Resume) => Some(F::InForce),
            (F::InForce | F::Partly | F::Suspended, E::Expire) => Some(F::Expired),
            (_, E::Replace) => Some(F::Replaced),
            (_, E::Annul) => Some(F::Annulled),
            _ => None,
        }
    }
}
