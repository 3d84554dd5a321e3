//! Partitions of the change log: who may read what.
//!
//! A row lies in one or more partitions, each partition has one audience, and what somebody may see is the list
//! of partitions in his scope. Nothing else decides visibility: lists, `node`, search and sync all ask this.

use entity::id::{AccountId, AgencyId, CouncilId, UnitId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// For whom a document is written; a greater one sees more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Audience {
    /// Everyone, also without an account.
    Public = 1,
    /// Aggregators: everything without personal fields.
    Region = 2,
    /// Delegates whose constituency covers the place.
    Delegate = 3,
    /// The body that has to answer.
    Agency = 4,
    /// The council's own people.
    Internal = 5,
    /// The author.
    Own = 6,
}

impl Audience {
    /// All, from the poorest to the richest.
    pub const ALL: [Self; 6] = [
        Self::Public,
        Self::Region,
        Self::Delegate,
        Self::Agency,
        Self::Internal,
        Self::Own,
    ];

    /// The number in the database.
    pub fn rank(self) -> i32 {
        self as i32
    }

    /// The audience with this number.
    pub fn from_rank(rank: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.rank() == rank)
    }
}

/// A partition of the change log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// Units, agencies, delegates' public facts: for everyone.
    Shared,
    /// What a council and its office own, drafts included.
    Council(CouncilId),
    /// What concerns a unit, once the owning council accepted it: for delegates of that place.
    Place(UnitId),
    /// Petitions forwarded to a body, until it returns them.
    Agency(AgencyId),
    /// One person's own.
    Account(AccountId),
    /// What is published about a unit.
    Public(UnitId),
    /// What concerns a unit, without personal fields; at a province everything of its councils.
    Region(UnitId),
}

impl Partition {
    /// The name, as in the answers of a pull.
    pub fn name(self) -> String {
        match self {
            Self::Shared => "shared".to_owned(),
            Self::Council(id) => format!("council:{id}"),
            Self::Place(id) => format!("place:{id}"),
            Self::Agency(id) => format!("agency:{id}"),
            Self::Account(id) => format!("account:{id}"),
            Self::Public(id) => format!("public:{id}"),
            Self::Region(id) => format!("region:{id}"),
        }
    }

    /// The partition with this name.
    pub fn parse(name: &str) -> Option<Self> {
        let Some((kind, id)) = name.split_once(':') else {
            return (name == "shared").then_some(Self::Shared);
        };
        let id = Uuid::try_parse(id).ok()?;
        match kind {
            "council" => Some(Self::Council(id.into())),
            "place" => Some(Self::Place(id.into())),
            "agency" => Some(Self::Agency(id.into())),
            "account" => Some(Self::Account(id.into())),
            "public" => Some(Self::Public(id.into())),
            "region" => Some(Self::Region(id.into())),
            _ => None,
        }
    }

    /// The number in log and cursor: the first 63 bits of the name's SHA-256, so that it is the same in every
    /// installation and needs no lookup.
    pub fn id(self) -> i64 {
        let digest = Sha256::digest(self.name().as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first) & i64::MAX
    }

    /// Who reads it.
    pub fn audience(self) -> Audience {
        match self {
            Self::Shared | Self::Public(_) => Audience::Public,
            Self::Council(_) => Audience::Internal,
            Self::Place(_) => Audience::Delegate,
            Self::Agency(_) => Audience::Agency,
            Self::Account(_) => Audience::Own,
            Self::Region(_) => Audience::Region,
        }
    }
}
