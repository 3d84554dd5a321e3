//! History: append-only.

use sea_orm::entity::prelude::*;

use crate::id::{AccountId, CouncilId, DeviceId, EventId};

/// One step in the life of a row: who did what, when and on what basis.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    /// The collection of the row.
    pub kind: String,
    pub row_id: Uuid,
    pub event: String,
    pub actor_id: Option<AccountId>,
    pub device_id: Option<DeviceId>,
    pub council_id: Option<CouncilId>,
    /// The document or reason it rests on.
    pub basis: Option<String>,
    /// What changed, as JSON; never contact details.
    pub detail: Option<String>,
    pub at: DateTimeUtc,
}

plain!();

/// What happened to a petition when more voters turned out to ask for the same.
pub const JOINED: &str = "joined";

/// What happens to an account when a mandate becomes that of its person.
pub const MANDATE_LINKED: &str = "mandate_linked";

/// And when it is so no longer.
pub const MANDATE_UNLINKED: &str = "mandate_unlinked";

/// The steps of an account that tell for which council it was made, and whose mandates it ever had, whatever became of the
/// rows since.
pub const BELONGING: &[&str] = &["created", MANDATE_LINKED, MANDATE_UNLINKED];

/// The steps of a petition after which something else than before is left to be had of whoever has it. The index
/// `event_turn` holds these and no others: one more needs an index of its own.
pub const TURNS: &[&str] = &[
    "classified",
    "forwarded",
    "forwarded_up",
    "answered",
    "answered_on_behalf",
    "assessed_ok",
    "assessed_unclear",
    "assessed_off_point",
    "closed",
    "reopened",
    "split",
    "merged",
];
