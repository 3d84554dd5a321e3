//! Urging the body, telling the voters, closing and reopening.
//!
//! Urgings and informings are records of what people did, made offline too; they are appended, never changed, and
//! never refused because the petition has moved on meanwhile.

use chrono::{DateTime, Utc};
use entity::{
    id::{AgencyId, InformingId, MeetingId, PetitionId, UrgingId},
    informing,
    petition::{Event, Model, Process},
    urging,
};
use serde_json::Value;
use uuid::Uuid;

use super::{for_office, record, rules, step, unanswered};
use crate::{
    capability::Capability,
    clock::local_date,
    error::{Code, Refused},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text},
        door::{Command, Facts, Verdict},
        merge::Stamps,
        partition::{Audience, Partition},
        reference::Reference,
        table::Root,
        working::{Changes, Needs, Working},
        writing::{Current, Reader, Stop, Writable, Write, Written, parse_id},
    },
};

/// The collection `urging`: a phone appends to it.
pub struct UrgingCollection;

/// The collection `informing`: a phone appends to it.
pub struct InformingCollection;

fn petition_of(write: &Write, field: &str) -> Option<Uuid> {
    write.fields.get(field).and_then(Value::as_str).and_then(parse_id)
}

/// The petition that a record is about: one that the writer sees as a delegate, as its body or as the council's own.
fn target<'a>(working: &'a Working, facts: &Facts<'_>, id: PetitionId) -> Option<&'a Model> {
    let partitions = super::PetitionCollection.partitions(working, facts.reference, id.0);
    let seen_as = partitions
        .iter()
        .filter_map(|partition| facts.viewer.audience_of(partition.id()))
        .max();
    seen_as
        .filter(|audience| *audience >= Audience::Delegate)
        .and(working.petition.get(id))
}

/// What two phones of one person may have recorded twice is the same record; anything else is another.
fn appended(before: bool) -> Result<(), Stop> {
    if before {
        Err(Refused::new(Code::ReadOnly).into())
    } else {
        Ok(())
    }
}

/// A record's time: the phone's word for it, but never later than now. A time that is told and lies before the
/// petition's council (and all that it follows) is refused.
fn told_at(
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

impl Collection for UrgingCollection {
    fn name(&self) -> &'static str {
        "urging"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.urging.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.urging.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let row = working.urging.get(id);
        row.map(|row| {
            vec![
                Partition::Account(row.author_id),
                Partition::Council(row.council_id),
            ]
        })
        .unwrap_or_default()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        match working.urging.get(id) {
            Some(row) => urging_fields(document, row).set("authorId", row.author_id).done(),
            None => document.done(),
        }
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("targetKind", "What is urged, a code."),
                text("targetId", "Which one."),
                text("toAgencyId", "The body that is urged."),
                text("how", "By which means, a code."),
                text("text", "The words."),
                text("documentNumber", "Number of the document."),
                text("at", "When."),
                text("authorId", "The account that urged."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.urging.insert(id);
    }
}

fn urging_fields(document: DocumentWriter, row: &urging::Model) -> DocumentWriter {
    document
        .set("targetKind", &row.target_kind)
        .set("targetId", row.target_id)
        .set("toAgencyId", row.to_agency_id)
        .set("how", &row.how)
        .set("text", &row.text)
        .set("documentNumber", &row.document_number)
        .time("at", Some(row.at))
}

impl Writable for UrgingCollection {
    fn name(&self) -> &'static str {
        "urging"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "targetKind",
            "targetId",
            "toAgencyId",
            "how",
            "text",
            "documentNumber",
            "at",
        ]
    }

    fn read_only(&self) -> &'static [&'static str] {
        &["authorId"]
    }

    fn needs(&self, write: &Write, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.urging.insert(write.id);
        needs.petition.extend(petition_of(write, "targetId"));
    }

    fn current(&self, working: &Working, facts: &Facts<'_>, id: Uuid) -> Option<Current> {
        let row = working
            .urging
            .get(id)
            .filter(|row| Some(row.author_id) == facts.viewer.account_id())?;
        let mut values = urging_fields(DocumentWriter::default(), row).done();
        values.remove("id");
        Some(Current {
            values,
            stamps: Stamps::new(),
            rev: working.urging.was(id).map_or(0, Root::rev),
        })
    }

    fn write(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Result<Written, Stop> {
        appended(working.urging.get(write.id).is_some() || write.delete)?;
        let mut reader = Reader::new(&write.fields);
        let (mut kind, mut target_id, mut agency, mut how) = (None, None::<Uuid>, None::<AgencyId>, None);
        let (mut text, mut number, mut at) = (None, None, None);
        reader.text("targetKind", &mut kind, 20);
        reader.id("targetId", &mut target_id);
        reader.id("toAgencyId", &mut agency);
        reader.code("how", "urging_how", &mut how);
        reader.text("text", &mut text, 5_000);
        reader.text("documentNumber", &mut number, 100);
        reader.time("at", &mut at);
        if kind.as_deref().is_some_and(|kind| kind != "petition") {
            reader.wrong(Code::UnknownCode, "targetKind");
        }
        if target_id.is_none() && !reader.is_wrong("targetId") {
            reader.wrong(Code::Required, "targetId");
        }
        if how.is_none() && !reader.is_wrong("how") {
            reader.wrong(Code::Required, "how");
        }
        if agency.is_some_and(|agency| facts.reference.agency(agency).is_none()) {
            reader.wrong(Code::NotFound, "toAgencyId");
        }
        reader.finish()?;
        let id = PetitionId(target_id.unwrap_or_default());
        let row = target(working, facts, id).ok_or(Stop::Deferred(id.0))?;
        if !facts.viewer.may_somewhere(Capability::Urge) {
            return Err(Refused::new(Code::Forbidden).into());
        }
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let process = step(row, Event::Urge)?;
        let at = told_at(at, row, write, facts)?;
        let mut changes = Changes::default();
        changes.put(urging::Model {
            id: UrgingId(write.id),
            target_kind: "petition".to_owned(),
            target_id: row.id.0,
            to_agency_id: agency.or(row.agency_id),
            council_id: row.council_id,
            author_id: author,
            how: how.clone().unwrap_or_default(),
            text,
            document_number: number.clone(),
            at,
            received_at: facts.now,
            rev: 0,
        });
        let urged = Model {
            process,
            urgings: row.urgings + 1,
            ..row.clone()
        };
        record(&mut changes, facts, urged, "urged", number.or(how));
        Ok(changes.into())
    }
}

impl Collection for InformingCollection {
    fn name(&self) -> &'static str {
        "informing"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.informing.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.informing.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let row = working.informing.get(id);
        row.map(|row| {
            vec![
                Partition::Account(row.author_id),
                Partition::Council(row.council_id),
            ]
        })
        .unwrap_or_default()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        match working.informing.get(id) {
            Some(row) => informing_fields(document, row)
                .set("authorId", row.author_id)
                .done(),
            None => document.done(),
        }
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("petitionId", "The petition that voters were told about."),
                text("at", "When."),
                text("channel", "The way it was told, a code."),
                text("meetingId", "The meeting at which it was told."),
                text("note", "A remark."),
                text("authorId", "The account that told."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.informing.insert(id);
    }
}

fn informing_fields(document: DocumentWriter, row: &informing::Model) -> DocumentWriter {
    document
        .set("petitionId", row.petition_id)
        .time("at", Some(row.at))
        .set("channel", &row.channel)
        .set("meetingId", row.meeting_id)
        .set("note", &row.note)
}

impl Writable for InformingCollection {
    fn name(&self) -> &'static str {
        "informing"
    }

    fn fields(&self) -> &'static [&'static str] {
        &["petitionId", "at", "channel", "meetingId", "note"]
    }

    fn read_only(&self) -> &'static [&'static str] {
        &["authorId"]
    }

    fn needs(&self, write: &Write, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.informing.insert(write.id);
        needs.petition.extend(petition_of(write, "petitionId"));
    }

    fn current(&self, working: &Working, facts: &Facts<'_>, id: Uuid) -> Option<Current> {
        let row = working
            .informing
            .get(id)
            .filter(|row| Some(row.author_id) == facts.viewer.account_id())?;
        let mut values = informing_fields(DocumentWriter::default(), row).done();
        values.remove("id");
        Some(Current {
            values,
            stamps: Stamps::new(),
            rev: working.informing.was(id).map_or(0, Root::rev),
        })
    }

    fn write(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Result<Written, Stop> {
        appended(working.informing.get(write.id).is_some() || write.delete)?;
        let mut reader = Reader::new(&write.fields);
        let (mut petition, mut channel, mut meeting) = (None::<PetitionId>, None, None::<MeetingId>);
        let (mut note, mut at) = (None, None);
        reader.id("petitionId", &mut petition);
        reader.code("channel", "informing_channel", &mut channel);
        reader.id("meetingId", &mut meeting);
        reader.text("note", &mut note, 5_000);
        reader.time("at", &mut at);
        if petition.is_none() && !reader.is_wrong("petitionId") {
            reader.wrong(Code::Required, "petitionId");
        }
        if channel.is_none() && !reader.is_wrong("channel") {
            reader.wrong(Code::Required, "channel");
        }
        reader.finish()?;
        let id = petition.ok_or(Code::Required)?;
        let row = target(working, facts, id).ok_or(Stop::Deferred(id.0))?;
        if !facts.viewer.may_somewhere(Capability::InformVoters) {
            return Err(Refused::new(Code::Forbidden).into());
        }
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let at = told_at(at, row, write, facts)?;
        // What was told before the newest answer was written is no telling of it: a phone may bring it days later.
        let is_earlier = row.answered_at.is_some_and(|answered| local_date(at) < answered);
        let process = if is_earlier {
            row.process
        } else {
            step(row, Event::Inform)?
        };
        let mut changes = Changes::default();
        changes.put(informing::Model {
            id: InformingId(write.id),
            petition_id: row.id,
            council_id: row.council_id,
            author_id: author,
            at,
            channel: channel.clone().unwrap_or_default(),
            meeting_id: meeting,
            note,
            received_at: facts.now,
            rev: 0,
        });
        // What was told before there was an answer does not count as telling the answer.
        let informed_at = if process == Process::Informed {
            row.informed_at.or(Some(at))
        } else {
            row.informed_at
        };
        let told = Model {
            process,
            informed_at,
            ..row.clone()
        };
        let basis = Some(format!("{}, {}", channel.unwrap_or_default(), local_date(at)));
        record(&mut changes, facts, told, "informed", basis);
        Ok(changes.into())
    }
}

/// Appends an urging or an informing online: the same write as an offline row, without a receipt.
pub struct Append<W: Writable + 'static> {
    pub writable: &'static W,
    pub write: Write,
    /// The field of the input that names the petition.
    pub parent: &'static str,
    /// The petition, shown in the answer.
    pub petition: Option<Uuid>,
}

impl<W: Writable + 'static> Command for Append<W> {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        self.writable.needs(&self.write, facts, needs);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let written = self
            .writable
            .write(working, facts, &self.write)
            .map_err(|stop| match stop {
                Stop::Refused(mistakes) => mistakes
                    .into_iter()
                    .next()
                    .unwrap_or(Refused::new(Code::InvalidValue)),
                Stop::Deferred(_) => Refused::field(Code::NotFound, self.parent),
            })?;
        Ok(Verdict::about(
            written.changes,
            self.petition.into_iter().chain([self.write.id]),
        ))
    }
}

/// Ends the following of a petition (kết thúc theo dõi), once its voters were told.
pub struct Close(pub PetitionId);

impl Command for Close {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.0.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(working, facts, self.0, Capability::ClosePetition, "petitionId")?;
        let process = row.process.next(Event::Close).ok_or(match row.process {
            Process::Closed | Process::Split | Process::Merged => {
                Refused::field(Code::InvalidState, "petitionId")
            }
            _ => Refused::field(Code::VotersNotInformed, "petitionId"),
        })?;
        let mut changes = Changes::default();
        let closed = Model {
            process,
            closed_at: Some(facts.now),
            ..row.clone()
        };
        record(&mut changes, facts, closed, "closed", None);
        Ok(Verdict::about(changes, [self.0.0]))
    }
}

/// Takes a closed petition up again (mở lại): voters had to ask once more.
pub struct Reopen {
    pub petition: PetitionId,
    pub reason: String,
}

impl Command for Reopen {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = for_office(
            working,
            facts,
            self.petition,
            Capability::ReopenPetition,
            "petitionId",
        )?;
        let reason = rules::required(&self.reason, "reason", 2_000)?;
        let process = step(row, Event::Reopen)?;
        let mut changes = Changes::default();
        let open = Model {
            process,
            closed_at: None,
            repeats: row.repeats + 1,
            ..unanswered(row)
        };
        record(&mut changes, facts, open, "reopened", Some(reason));
        Ok(Verdict::about(changes, [self.petition.0]))
    }
}
