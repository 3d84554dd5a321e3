//! Telling the voters an answer (thông tin lại cho cử tri): when, how, by whom, and what they said to it.

use chrono::{DateTime, Utc};
use entity::{
    id::{InformingId, MeetingId, PetitionId},
    informing,
    petition::{Event, Model, Process},
};
use uuid::Uuid;

use super::{
    record, step,
    telling::{Repeatable, appended, id_of, must, target, told_at},
};
use crate::{
    capability::Capability,
    clock::local_date,
    error::Code,
    meetings::known_meeting,
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text},
        door::Facts,
        merge::Stamps,
        partition::{Audience, Partition},
        reference::Reference,
        table::Root,
        working::{Changes, Needs, Working},
        writing::{Current, Reader, Stop, Writable, Write, Written},
    },
};

/// The collection `informing`: a phone appends to it.
pub struct InformingCollection;

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
                text(
                    "satisfaction",
                    "What the voters said to the answer (mức độ hài lòng), a code; absent where nobody asked.",
                ),
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
        .set("satisfaction", &row.satisfaction)
}

/// What a write comes to.
struct Told<'a> {
    informing: informing::Model,
    /// Its petition as it is.
    row: &'a Model,
    /// Where that stands then.
    process: Process,
    /// Whether the newest answer was told.
    is_told: bool,
}

impl InformingCollection {
    fn read<'a>(&self, working: &'a Working, facts: &Facts<'_>, write: &Write) -> Result<Told<'a>, Stop> {
        let mut reader = Reader::new(&write.fields);
        let (mut petition, mut channel, mut meeting) = (None::<PetitionId>, None, None::<MeetingId>);
        let (mut note, mut satisfaction, mut at) = (None, None, None);
        reader.id("petitionId", &mut petition);
        reader.code("channel", "informing_channel", &mut channel);
        reader.id("meetingId", &mut meeting);
        reader.text("note", &mut note, 5_000);
        reader.code("satisfaction", "satisfaction", &mut satisfaction);
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
        if let Some(at) = meeting
            && known_meeting(working, facts, at).is_none()
        {
            return Err(Stop::Deferred(at.0));
        }
        must(Capability::InformVoters, working, facts, row.id, "petitionId")?;
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let at = told_at(at, row, write, facts)?;
        // What was told before the newest answer was written is no telling of it: a phone may bring it days later.
        let is_earlier = row.answered_at.is_some_and(|answered| local_date(at) < answered);
        let process = if is_earlier {
            row.process
        } else {
            step(row, Event::Inform)?
        };
        // What was told before there was an answer does not count as telling the answer.
        let is_told = !is_earlier && matches!(process, Process::Informed | Process::Closed);
        let informing = informing::Model {
            id: InformingId(write.id),
            petition_id: row.id,
            council_id: row.council_id,
            author_id: author,
            at,
            channel: channel.unwrap_or_default(),
            meeting_id: meeting,
            note,
            satisfaction,
            answer_id: row.answer_id.filter(|_| is_told),
            received_at: facts.now,
            rev: 0,
        };
        Ok(Told {
            informing,
            row,
            process,
            is_told,
        })
    }
}

impl Repeatable for InformingCollection {
    fn needs_same(&self, write: &Write, needs: &mut Needs) {
        needs.informings_of.extend(id_of(write, "petitionId"));
    }

    fn same(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Option<Uuid> {
        let Told {
            informing,
            row,
            process,
            ..
        } = self.read(working, facts, write).ok()?;
        // Voters who joined, or a newer answer, have to be told all the same.
        if process != row.process {
            return None;
        }
        // Whoever told no time told it now, and tells it a little later when he tells it again.
        let is_now = informing.at >= facts.now;
        let is_same = |known: &&informing::Model| {
            (known.petition_id, known.author_id) == (informing.petition_id, informing.author_id)
                && (known.answer_id, known.meeting_id) == (informing.answer_id, informing.meeting_id)
                && (&known.channel, &known.note) == (&informing.channel, &informing.note)
                && known.satisfaction == informing.satisfaction
                && if is_now {
                    local_date(known.at) == local_date(informing.at)
                } else {
                    known.at == informing.at
                }
        };
        working.informing.iter().find(is_same).map(|known| known.id.0)
    }
}

impl Writable for InformingCollection {
    fn name(&self) -> &'static str {
        "informing"
    }

    fn fields(&self) -> &'static [&'static str] {
        &["petitionId", "at", "channel", "meetingId", "note", "satisfaction"]
    }

    fn read_only(&self) -> &'static [&'static str] {
        &["authorId"]
    }

    fn needs(&self, write: &Write, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.informing.insert(write.id);
        needs.informings_of.extend(id_of(write, "petitionId"));
        needs.petition.extend(id_of(write, "petitionId"));
        needs.meeting.extend(id_of(write, "meetingId"));
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
        let Told {
            informing,
            row,
            process,
            is_told,
        } = self.read(working, facts, write)?;
        // Phones bring what they recorded in whatever order: voters' last word counts, not the last that came.
        let said = working.informing.iter().filter(|known| {
            known.petition_id == row.id
                && known.answer_id == informing.answer_id
                && known.satisfaction.is_some()
        });
        let is_latest = said.map(|known| known.at).max() <= Some(informing.at);
        let satisfaction = informing.satisfaction.clone().filter(|_| is_told && is_latest);
        let informed_at = if is_told {
            // The first telling is the day on which the promise to tell was kept.
            Some(
                row.informed_at
                    .map_or(informing.at, |known| known.min(informing.at)),
            )
        } else {
            row.informed_at
        };
        let told = Model {
            process,
            informed_at,
            satisfaction: satisfaction.or_else(|| row.satisfaction.clone()),
            ..row.clone()
        };
        let basis = Some(format!("{}, {}", informing.channel, local_date(informing.at)));
        let mut changes = Changes::default();
        changes.put(informing);
        record(&mut changes, facts, told, "informed", basis);
        Ok(changes.into())
    }
}
