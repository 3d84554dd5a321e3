//! Rows, typed ids, and the pure state machines of cutri.
//!
//! One file a table. A row's state machine stands beside it as `Status::next(event)`. Nothing here knows of
//! GraphQL, HTTP or the application: a new column is never public by accident.

/// The two items that sea-orm wants of every entity; relations are read by hand, in bulk.
macro_rules! plain {
    () => {
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    };
}

/// A closed set of codes: stored as text, spelled alike in the database and on the wire.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            sea_orm::EnumIter, sea_orm::DeriveActiveEnum, serde::Serialize, serde::Deserialize,
        )]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        pub enum $name {
            $($(#[$vdoc])* #[sea_orm(string_value = $code)] #[serde(rename = $code)] $variant),*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code in the database and on the wire.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The value with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

pub mod id;

pub mod account;
pub mod agency;
pub mod agenda;
pub mod agenda_item;
pub mod answer;
pub mod answer_petition;
pub mod api_token;
pub mod attachment;
pub mod committee;
pub mod constituency;
pub mod council;
pub mod council_period;
pub mod counter;
pub mod delegate;
pub mod delegate_group;
pub mod device;
pub mod document;
pub mod document_template;
pub mod erasure;
pub mod event;
pub mod extension;
pub mod feedback;
pub mod feedback_addition;
pub mod feedback_contact;
pub mod file;
pub mod forwarding;
pub mod forwarding_agency;
pub mod forwarding_petition;
pub mod informing;
pub mod installation;
pub mod meeting;
pub mod meeting_brief;
pub mod meeting_council;
pub mod meeting_delegate;
pub mod meeting_record;
pub mod meeting_unit;
pub mod note;
pub mod petition;
pub mod petition_agency;
pub mod petition_feedback;
pub mod petition_import;
pub mod petition_lineage;
pub mod petition_repeat;
pub mod petition_transfer;
pub mod petition_unit;
pub mod procedure;
pub mod procedure_step;
pub mod refresh_token;
pub mod reminder;
pub mod resolution;
pub mod resolution_edge;
pub mod role_capability;
pub mod role_grant;
pub mod round;
pub mod server_start;
pub mod sync_clock;
pub mod sync_deferred;
pub mod sync_digest;
pub mod sync_doc;
pub mod sync_issue;
pub mod sync_log;
pub mod sync_partition;
pub mod sync_receipt;
pub mod synthesis;
pub mod synthesis_edition;
pub mod synthesis_item;
pub mod unit;
pub mod unit_gap;
pub mod unit_succession;
pub mod upload;
pub mod urging;
pub mod waking;
