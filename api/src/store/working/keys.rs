//! Where the rows of each table stand in a working set, and which of them are roots. A table more is named here, and in
//! the working set itself.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Working;
use crate::store::table::{Key, Root, Row};

macro_rules! rows {
    ($($table:ident ( $($key:ident),+ );)*) => {$(
        impl Row for entity::$table::Model {
            fn key(&self) -> Key {
                rows!(@key self $($key),+)
            }
        }
    )*};
    (@key $row:ident $id:ident) => { ($row.$id.into(), Uuid::nil()) };
    (@key $row:ident $from:ident, $to:ident) => { ($row.$from.into(), $row.$to.into()) };
}

rows! {
    unit(id); unit_succession(from_id, to_id); unit_gap(id); council(id); committee(id); delegate_group(id); delegate(id); agency(id); account(id); device(id);
    role_grant(id); meeting(id); meeting_record(id); agenda_item(id); document(id); feedback(id);
    feedback_contact(feedback_id); feedback_addition(id); petition(id); forwarding(id); answer(id); extension(id);
    urging(id); informing(id); note(id); resolution(id); sync_issue(id);
    constituency(delegate_id, unit_id); meeting_unit(meeting_id, unit_id);
    meeting_council(meeting_id, council_id); meeting_delegate(meeting_id, delegate_id); petition_unit(petition_id, unit_id);
    petition_feedback(petition_id, feedback_id); petition_agency(petition_id, agency_id);
    petition_lineage(from_id, to_id); forwarding_petition(forwarding_id, petition_id);
    forwarding_agency(forwarding_id, agency_id); answer_petition(answer_id, petition_id);
    api_token(id); waking(device_id); meeting_brief(meeting_id); round(id); procedure(id); procedure_step(id);
    synthesis(id); synthesis_edition(id); synthesis_item(id);
    petition_import(petition_id); petition_repeat(petition_id, earlier_id); reminder(id); petition_transfer(id);
    agenda(id); document_template(id); council_period(id);
}

/// Rows whose key is a text take a place made of it; the place never reaches the database.
fn place(parts: &[&str]) -> Key {
    (
        Uuid::new_v5(&Uuid::NAMESPACE_OID, parts.join("\u{1f}").as_bytes()),
        Uuid::nil(),
    )
}

impl Row for entity::counter::Model {
    fn key(&self) -> Key {
        place(&[&self.name])
    }
}

impl Row for entity::sync_receipt::Model {
    fn key(&self) -> Key {
        place(&[&self.account_id.to_string(), &self.mutation_id])
    }
}

impl Row for entity::sync_deferred::Model {
    fn key(&self) -> Key {
        place(&[&self.account_id.to_string(), &self.mutation_id])
    }
}

impl Row for entity::file::Model {
    fn key(&self) -> Key {
        place(&[&self.sha256])
    }
}

impl Row for entity::upload::Model {
    fn key(&self) -> Key {
        place(&[&self.account_id.to_string(), &self.sha256])
    }
}

impl Row for entity::attachment::Model {
    fn key(&self) -> Key {
        (self.row_id, place(&[&self.sha256]).0)
    }
}

impl Row for entity::erasure::Model {
    fn key(&self) -> Key {
        place(&[&self.object])
    }
}

impl Row for entity::resolution_edge::Model {
    fn key(&self) -> Key {
        (
            self.from_id.into(),
            place(&[&self.to_id.to_string(), &self.kind]).0,
        )
    }
}

impl Row for entity::event::Model {
    fn key(&self) -> Key {
        (self.id.into(), Uuid::nil())
    }
}

macro_rules! roots {
    ($($table:ident $(. $updated:ident)?;)*) => {
        impl Working {
            /// Has the root with this id written again as it is: its documents, its place in the log, its entries in
            /// the index.
            pub(crate) fn touch(&mut self, id: Uuid) {
                $(if self.$table.get(id).is_some() {
                    self.$table.touch(id);
                })*
            }
        }

        $(impl Root for entity::$table::Model {
            fn rev(&self) -> i64 {
                self.rev
            }

            fn stamp(&mut self, rev: i64, _now: DateTime<Utc>) {
                self.rev = rev;
                $(self.$updated = _now;)?
            }
        })*
    };
}

roots! {
    unit; council; delegate; agency; account; note; urging; informing; sync_issue; agenda;
    meeting.updated_at; meeting_record.updated_at; feedback.updated_at; petition.updated_at; resolution.updated_at;
    round.updated_at; procedure.updated_at; synthesis.updated_at;
}
