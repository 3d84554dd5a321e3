//! What people did for a petition beside the chain: urging its body, telling its voters.
//!
//! Urgings and informings are records of what people did, made offline too; they are appended, never changed, and
//! never refused because the petition has moved on meanwhile: what was so at their own time is taken.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use entity::{id::PetitionId, petition::Model};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    capability::Capability,
    clock::local_date,
    error::{Code, Refused},
    store::{
        collection::Collection,
        door::{Command, Facts, Verdict},
        partition::{Audience, Partition},
        working::{Changes, Needs, Working},
        writing::{Stop, Writable, Write, parse_id},
    },
};

/// An id that a write names.
pub(super) fn id_of(write: &Write, field: &str) -> Option<Uuid> {
    write.fields.get(field).and_then(Value::as_str).and_then(parse_id)
}

/// The petition that a record is about: one that the writer sees as a delegate, as its body or as the council's own.
pub(super) fn target<'a>(working: &'a Working, facts: &Facts<'_>, id: PetitionId) -> Option<&'a Model> {
    let partitions = super::PetitionCollection.partitions(working, facts.reference, id.0);
    let seen_as = partitions
        .iter()
        .filter_map(|partition| facts.viewer.audience_of(partition.id()))
        .max();
    seen_as
        .filter(|audience| *audience >= Audience::Delegate)
        .and(working.petition.get(id))
}

/// Refuses what may not be done where the writer sees the petition that this field names.
pub(super) fn must(
    capability: Capability,
    working: &Working,
    facts: &Facts<'_>,
    id: PetitionId,
    field: &'static str,
) -> Result<(), Refused> {
    let lies = super::PetitionCollection.partitions(working, facts.reference, id.0);
    let may = |partition: &Partition| facts.viewer.may_within(capability, *partition, facts.reference);
    if lies.iter().any(may) {
        Ok(())
    } else {
        Err(Refused::field(Code::Forbidden, field))
    }
}

/// What two phones of one person may have recorded twice is the same record; anything else is another.
pub(super) fn appended(before: bool) -> Result<(), Stop> {
    if before {
        Err(Refused::new(Code::ReadOnly).into())
    } else {
        Ok(())
    }
}

/// A record's time: the phone's word for it, but never later than now. A time that is told and lies before the
/// petition's council (and all that it follows) is refused.
pub(super) fn told_at(
    at: Option<DateTime<Utc>>,
    row: &Model,
    write: &Write,
    facts: &Facts<'_>,
) -> Result<DateTime<Utc>, Refused> {
    if let Some(at) = at {
        let first = facts.reference.first_day(row.council_id);
        if first.is_some_and(|first| local_date(at) < first) {
            return Err(Refused::field(Code::BeforeCouncil, "at"));
        }
    }
    Ok(at.or(write.recorded_at).unwrap_or(facts.now).min(facts.now))
}

/// What somebody may send once more online, because the reply got lost. A phone's rows are known by their ids.
pub trait Repeatable: Writable {
    /// Which rows may be the same.
    fn needs_same(&self, write: &Write, needs: &mut Needs);

    /// What this person has recorded already and says just this.
    fn same(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Option<Uuid>;
}

/// Appends urgings or informings online: the same writes as offline rows, without receipts. One letter may urge for
/// many petitions; then all are recorded or none. What is recorded already is not recorded again.
pub struct Append<W: Repeatable + 'static> {
    pub writable: &'static W,
    pub writes: Vec<Write>,
    /// The field of a write that names its petition.
    pub parent: &'static str,
    /// Which entry of the input names the petition of a write, by its place among them.
    pub named: fn(usize) -> Cow<'static, str>,
    /// The petitions, shown in the answer before what was recorded of them.
    pub petitions: Vec<Uuid>,
}

impl<W: Repeatable + 'static> Append<W> {
    /// Of several petitions the one that a refusal is about, so that a letter with forty need not be tried one by one.
    fn about(&self, at: usize, refused: Refused) -> Refused {
        let is_of_it = refused.field.as_deref().is_none_or(|field| field == self.parent);
        if is_of_it && self.writes.len() > 1 {
            Refused::field(refused.code, (self.named)(at))
        } else {
            refused
        }
    }
}

impl<W: Repeatable + 'static> Command for Append<W> {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        for write in &self.writes {
            self.writable.needs(write, facts, needs);
            self.writable.needs_same(write, needs);
        }
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        for write in &self.writes {
            self.writable.needs_more(write, working, facts, needs);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let mut recorded = Vec::new();
        for (at, write) in self.writes.iter().enumerate() {
            if let Some(known) = self.writable.same(working, facts, write) {
                recorded.push(known);
                continue;
            }
            recorded.push(write.id);
            let written = self.writable.write(working, facts, write);
            let lacks = |stop: Stop| match stop {
                Stop::Deferred(id) if id_of(write, "meetingId") == Some(id) => {
                    Refused::field(Code::NotFound, "meetingId")
                }
                stop => stop.into_refused(self.parent),
            };
            let written = written.map_err(|stop| self.about(at, lacks(stop)))?;
            changes.append(written.changes);
        }
        Ok(Verdict::about(
            changes,
            self.petitions.iter().copied().chain(recorded),
        ))
    }
}
