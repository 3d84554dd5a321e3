//! One typed id per noun: a petition's id can never be passed where a meeting's is wanted.

use sea_orm::{DeriveValueType, entity::prelude::Uuid};
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

id! {
    /// A version of an administrative unit (UUIDv5 of `level/code/valid_from`, the same in every installation).
    UnitId
    /// A People's Council of one unit version and one term.
    CouncilId
    /// A period that a council set for itself.
    CouncilPeriodId
    /// A committee (Ban) of a council.
    CommitteeId
    /// A delegate group (Tổ đại biểu).
    GroupId
    /// A delegate of one council: one mandate of one person.
    DelegateId
    /// A body that answers petitions.
    AgencyId
    /// A person or machine that signs in.
    AccountId
    /// A phone or browser of an account.
    DeviceId
    /// A role granted to an account.
    GrantId
    /// A revocable token of an integrator.
    ApiTokenId
    /// A voter contact or a session.
    MeetingId
    /// An item of a meeting's agenda.
    AgendaItemId
    /// An official document.
    DocumentId
    /// A council's own template of a kind of document.
    DocumentTemplateId
    /// What one author recorded of one meeting.
    MeetingRecordId
    /// What one voter said, as written down on the spot.
    FeedbackId
    /// A petition of voters.
    PetitionId
    /// A document that forwards petitions.
    ForwardingId
    /// A document that answers petitions.
    AnswerId
    /// An act of urging an agency.
    UrgingId
    /// An act of telling voters the result.
    InformingId
    /// A delegate's private note.
    NoteId
    /// A resolution.
    ResolutionId
    /// A round of voter contacts.
    RoundId
    /// A procedure: work as dated steps.
    ProcedureId
    /// A step of a procedure.
    ProcedureStepId
    /// A synthesis of voters' opinions and petitions.
    SynthesisId
    /// A frozen edition of a synthesis.
    SynthesisEditionId
    /// A line of an edition.
    SynthesisItemId
    /// What waits for somebody at one place.
    AgendaId
    /// A history event.
    EventId
    /// A pushed row that was refused.
    SyncIssueId
}
