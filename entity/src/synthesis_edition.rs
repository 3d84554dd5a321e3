//! Editions of syntheses: what was frozen never changes.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, SynthesisEditionId, SynthesisId};

/// An edition (bản) of a synthesis: a frozen, numbered list with its counts. Only what happens to the paper is added
/// later: the co-signature and the sending.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "synthesis_edition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SynthesisEditionId,
    pub synthesis_id: SynthesisId,
    /// From 1.
    pub number: i32,
    pub document_number: String,
    pub document_date: Date,
    pub signer: Option<String>,
    /// Why there is another edition.
    pub reason: Option<String>,
    pub frozen_at: DateTimeUtc,
    pub frozen_by: Option<AccountId>,
    /// Last day of the round's contacts, from which the period is counted.
    pub round_ended_on: Option<Date>,
    pub due_on: Option<Date>,
    /// Points held.
    pub points: i32,
    /// Opinions and petitions as voters said them.
    pub opinions: i32,
    /// Of these, answered on the spot and not taken up.
    pub on_spot: i32,
    /// What there was before splits and mergers: opinions that were not just answered on the spot.
    pub before: i32,
    /// Petitions on the list.
    pub after: i32,
    pub cosigned_at: Option<DateTimeUtc>,
    pub cosigned_by: Option<AccountId>,
    pub cosigner: Option<String>,
    /// The document by which MTTQ signed, where the office recorded it for an MTTQ without an account.
    pub cosign_document_number: Option<String>,
    pub cosign_document_date: Option<Date>,
    pub sent_on: Option<Date>,
    pub sent_by: Option<AccountId>,
    /// To whom it was sent, in words.
    pub sent_to: Option<String>,
    /// The council that reads it since.
    pub to_council_id: Option<CouncilId>,
}

plain!();
