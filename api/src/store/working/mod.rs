//! The working set of one batch: the rows that its commands need, read in bulk; what the rules made of them; and
//! the statements that save it. The number of statements depends on the tables touched, never on the rows.

mod changes;
mod keys;
mod load;
mod needs;
mod rights;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use entity::id::FeedbackId;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

pub use changes::{Change, Changes};
pub use needs::Needs;
pub use rights::RIGHTS;

use super::table::{Table, save};
use crate::error::Result;

macro_rules! working {
    ($($table:ident)*) => {
        /// The rows of one batch.
        #[derive(Clone, Default)]
        pub struct Working {
            $(pub $table: Table<entity::$table::Model>,)*
            /// History, in the order in which it happened.
            pub events: Vec<entity::event::Model>,
            /// What had happened before, where it was asked for: of [`Needs::letters_of`] the turns alone, of
            /// [`Needs::joined_of`] who joined, of [`Needs::belonging_of`] where an account belongs.
            pub past: Vec<entity::event::Model>,
            /// Which urging for a petition was the last of a body ([`Needs::urged`]); nothing where there was none.
            pub urged: BTreeMap<(Uuid, Option<Uuid>), i32>,
            /// On which day the feedback of some petitions was said or came in (`Needs::heard_of`).
            pub heard: BTreeMap<FeedbackId, NaiveDate>,
            /// What its commands want ticked beside the clocks of the partitions.
            pub(crate) clocks: BTreeSet<&'static str>,
            /// Of what history was asked, what happened: row and event.
            pub(crate) happened: BTreeSet<(Uuid, String)>,
        }

        impl Working {
            /// Whether the database has to be told anything.
            pub fn is_changed(&self) -> bool {
                !self.events.is_empty() $(|| self.$table.is_changed())*
            }

            /// Takes over what was read later.
            pub(crate) fn absorb(&mut self, more: Self) {
                $(self.$table.absorb(more.$table);)*
                self.past.extend(more.past);
                self.urged.extend(more.urged);
                self.heard.extend(more.heard);
                self.clocks.extend(more.clocks);
                self.happened.extend(more.happened);
            }

            /// Writes everything that changed.
            pub(crate) async fn save<C: ConnectionTrait>(&self, tx: &C) -> Result<()> {
                $(save::<entity::$table::Entity, C>(&self.$table, tx).await?;)*
                let mut history = Table::default();
                for event in &self.events {
                    history.put(event.clone());
                }
                save::<entity::event::Entity, C>(&history, tx).await
            }
        }

        $(impl From<entity::$table::Model> for Change {
            fn from(row: entity::$table::Model) -> Self {
                Change(Box::new(move |working| working.$table.put(row)))
            }
        })*
    };
}

working! {
    unit unit_succession unit_gap council committee delegate_group delegate constituency agency account device role_grant
    meeting meeting_unit meeting_council meeting_delegate agenda_item document meeting_record
    meeting_brief round procedure procedure_step synthesis synthesis_edition synthesis_item
    feedback feedback_contact feedback_addition
    petition petition_unit petition_feedback petition_agency petition_lineage
    forwarding forwarding_petition forwarding_agency answer answer_petition extension urging informing
    note resolution resolution_edge counter sync_issue sync_receipt sync_deferred
    api_token waking petition_import petition_repeat reminder petition_transfer agenda
    file upload attachment erasure document_template council_period
}

impl Working {
    /// The running number after the last one given, and the row that remembers it.
    pub fn next_number(&self, name: &str) -> entity::counter::Model {
        let last = self
            .counter
            .iter()
            .find(|counter| counter.name == name)
            .map_or(0, |counter| counter.value);
        entity::counter::Model {
            name: name.to_owned(),
            value: last + 1,
        }
    }
}
