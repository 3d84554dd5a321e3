//! What waits for whom (việc cần làm): for each person and each place where he acts, what of each kind waits there, how
//! much of it is late, and the most urgent of it. Counted by the worker when petitions, meetings or rights change
//! (`job`), read from where they lie (`read`) by pure rules (`rules`), kept in the person's own partition so that a
//! phone has it without signal.

pub mod graphql;
pub mod job;
mod read;
mod rules;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::{agenda::Model, id::AccountId};
use uuid::Uuid;

use crate::{
    error::Refused,
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text, whole},
        door::{Command, Facts, Verdict},
        partition::{Audience, Partition},
        reference::Reference,
        working::{Changes, Needs, Working},
    },
};

/// The collection `agenda`: read only for phones.
pub struct AgendaCollection;

impl Collection for AgendaCollection {
    fn name(&self) -> &'static str {
        "agenda"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.agenda.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.agenda.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let row = working.agenda.get(id).filter(|row| row.count > 0);
        row.map(|row| Partition::Account(row.account_id))
            .into_iter()
            .collect()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.agenda.get(id) else {
            return document.done();
        };
        document
            .set("scope", row.scope)
            .set("kind", row.kind)
            .set("councilId", row.council_id)
            .set("agencyId", row.agency_id)
            .set("count", row.count)
            .set("overdue", row.overdue)
            .set("dueAt", row.due_at)
            .set("petitionIds", &row.petition_ids)
            .set("feedbackIds", row.feedback_ids.as_ref())
            .set("synthesisIds", row.synthesis_ids.as_ref())
            .time("asOf", Some(row.as_of))
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text(
                    "scope",
                    "As whom one has to act: `council`, `agency` or `voters`.",
                ),
                text("kind", "What is to be done, a code."),
                text("councilId", "The council for which, or whose petitions they are."),
                text("agencyId", "The body for which."),
                whole(
                    "count",
                    "How many petitions wait; or feedback, or syntheses, as the kind says.",
                ),
                whole("overdue", "How many of them are late."),
                text("dueAt", "The earliest day by which one of them is due."),
                text(
                    "petitionIds",
                    "The most urgent petitions, at most 50: ids separated by spaces.",
                ),
                text(
                    "feedbackIds",
                    "The oldest feedback, where that waits, at most 50: ids separated by spaces.",
                ),
                text(
                    "synthesisIds",
                    "The syntheses, where these wait: ids separated by spaces.",
                ),
                text("asOf", "The moment of which these figures are."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.agenda.insert(id);
    }
}

/// Keeps what waits for somebody, all of it. Kept twice it changes nothing; what another server counted later stays.
struct Keep {
    account: AccountId,
    as_of: DateTime<Utc>,
    rows: Vec<Model>,
}

impl Command for Keep {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.account.insert(self.account.0);
        needs.agendas_of.insert(self.account.0);
    }

    fn judge(&self, working: &Working, _facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        if working.account.get(self.account).is_none() {
            return Ok(Verdict::default());
        }
        let waiting: BTreeSet<Uuid> = self.rows.iter().map(|row| row.id.0).collect();
        let over = working
            .agenda
            .iter()
            .filter(|row| row.account_id == self.account && !waiting.contains(&row.id.0))
            .map(|row| Model {
                count: 0,
                overdue: 0,
                due_at: None,
                petition_ids: String::new(),
                feedback_ids: None,
                synthesis_ids: None,
                ..row.clone()
            });
        for row in self.rows.iter().cloned().chain(over) {
            let known = working.agenda.get(row.id);
            let is_newer = known.is_none_or(|known| known.as_of <= self.as_of);
            let says_the_same = |known: &Model| {
                *known
                    == Model {
                        as_of: known.as_of,
                        rev: known.rev,
                        ..row.clone()
                    }
            };
            if is_newer && !known.is_some_and(says_the_same) {
                changes.put(Model {
                    as_of: self.as_of,
                    rev: known.map_or(0, |known| known.rev),
                    ..row
                });
            }
        }
        Ok(Verdict::about(changes, [self.account.0]))
    }
}
