//! What the office does with meetings: plan them, lead them through their states, keep agenda, documents and
//! counts, and publish them.

use entity::{
    document,
    id::{CouncilId, MeetingId},
    meeting::{Event, Family, Model, Status},
    meeting_record,
};
use serde_json::{Value, json};

use super::{
    AgendaLine, attendance, belonging, device, is_more_than_a_proposal,
    links::{self, Links},
    need_approval, new_contact, present, rules,
};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    files::{FileHash, attachments},
    rounds::known_round,
    store::{
        collection::Document,
        door::{Command, Facts, Verdict},
        merge::{stamped, stamps},
        table::{Root, Row},
        working::{Changes, Needs, Working},
        writing::{Reader, parse_id},
    },
    viewer::Place,
};

/// The meeting, if the viewer may do this with it. Foreign and absent look the same.
fn managed<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    id: MeetingId,
    capability: Capability,
) -> Result<&'a Model, Refused> {
    let row = working
        .meeting
        .get(id)
        .ok_or(Refused::field(Code::NotFound, "meetingId"))?;
    facts
        .viewer
        .must(capability, Place::Council(row.council_id))
        .map_err(|refused| Refused::field(refused.code, "meetingId"))?;
    Ok(row)
}

/// The delegates whom the meeting has already: another day may not suit their mandates.
fn need_delegates(working: &Working, meeting: MeetingId, needs: &mut Needs) {
    let links = working.meeting_delegate.of(meeting);
    needs.delegate.extend(links.map(|link| link.delegate_id.0));
}

/// The members of `before` that a write replaces, for history.
fn replaced(before: Document, after: &Document) -> Document {
    before
        .into_iter()
        .filter(|(name, value)| after.get(name) != Some(value))
        .collect()
}

fn ordinal(fields: &Document) -> Option<i32> {
    let ordinal = fields.get("ordinal")?.as_i64()?;
    i32::try_from(ordinal).ok()
}

/// The round that a write names, whether there is one or not.
fn named_round(fields: &Document) -> Option<uuid::Uuid> {
    fields.get("roundId")?.as_str().and_then(parse_id)
}

/// A session's number is its own within the council's term.
fn check_ordinal(working: &Working, row: &Model) -> Result<(), Refused> {
    let taken = row.ordinal.is_some()
        && working.meeting.iter().any(|other| {
            other.id != row.id
                && other.council_id == row.council_id
                && other.ordinal == row.ordinal
                && other.status != Status::Cancelled
        });
    if taken {
        Err(Refused::field(Code::Taken, "ordinal"))
    } else {
        Ok(())
    }
}

/// A plan that is dated was signed by now, and by this council or one that it follows. What was not written is not judged.
fn check_plan_date(facts: &Facts<'_>, row: &Model, fields: &Document) -> Result<(), Refused> {
    if let Some(date) = row.plan_date
        && fields.contains_key("planDate")
    {
        let first_day = facts.reference.first_day(row.council_id);
        crate::petitions::rules::document_date(date, first_day, facts.today, "planDate")?;
    }
    Ok(())
}

/// Whether it may be the type of a paper as printed (`KH`, `TTr`, `Giấy mời`): letters, in one word or several.
fn is_kind(kind: &str) -> bool {
    kind.starts_with(char::is_alphabetic)
        && kind
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '.'))
}

/// Plans a voter contact or a session.
pub struct Plan {
    /// Made by the client; sent again with the same content it changes nothing.
    pub id: MeetingId,
    pub council: CouncilId,
    pub family: Family,
    /// In the spelling of the wire.
    pub fields: Document,
}

impl Command for Plan {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.id.0);
        let ordinal = ordinal(&self.fields);
        needs
            .session_of
            .extend(ordinal.map(|ordinal| (self.council.0, ordinal)));
        needs.delegate.extend(links::named_delegates(&self.fields));
        needs.round.extend(named_round(&self.fields));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        facts
            .viewer
            .must(Capability::ManageMeetings, Place::Council(self.council))
            .map_err(|refused| Refused::field(refused.code, "councilId"))?;
        let mut row = Model {
            family: self.family,
            council_id: self.council,
            ..new_contact(facts, self.id)
        };
        let mut links = Links::default();
        rules::read_plan(&mut row, &mut links, &self.fields).map_err(|stop| stop.into_refused("roundId"))?;
        if links.units.is_empty() {
            let council = facts.reference.council(self.council);
            links.units.extend(council.map(|council| council.unit_id));
        }
        if let Some(before) = working.meeting.get(self.id) {
            let same = before.council_id == self.council
                && before.family == self.family
                && rules::plan(before, &Links::of(working, self.id)) == rules::plan(&row, &links);
            return if same {
                Ok(Verdict::about(Changes::default(), [self.id.0]))
            } else {
                Err(Refused::field(Code::Taken, "id"))
            };
        }
        rules::check_day(facts.reference, &row, &links, &self.fields)?;
        check_plan_date(facts, &row, &self.fields)?;
        links::check_delegates(working, &row, &links, &self.fields)?;
        check_ordinal(working, &row)?;
        let round = row.round_id.and_then(|id| known_round(working, facts, id));
        belonging::check_round(&row, None, round, &links)?;
        let mut changes = Changes::default();
        changes.put(row);
        links.put(self.id, &mut changes);
        changes.happened(facts.event("meeting", self.id, "planned", Some(self.council)));
        Ok(Verdict::about(changes, [self.id.0]))
    }
}

/// Changes what was planned, until the minutes are signed.
pub struct Update {
    pub meeting: MeetingId,
    /// The fields to set, in the spelling of the wire; what is not mentioned stays.
    pub fields: Document,
}

impl Command for Update {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.meeting.0);
        needs.delegate.extend(links::named_delegates(&self.fields));
        needs.round.extend(named_round(&self.fields));
        if self.fields.contains_key("startsAt") {
            needs.records_of.insert(self.meeting.0);
        }
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let row = working.meeting.get(self.meeting);
        needs.round.extend(row.and_then(|row| Some(row.round_id?.0)));
        if let (Some(row), Some(ordinal)) = (working.meeting.get(self.meeting), ordinal(&self.fields)) {
            needs.session_of.insert((row.council_id.0, ordinal));
        }
        need_delegates(working, self.meeting, needs);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.meeting, Capability::ManageMeetings)?;
        if before.status.is_closed() || before.status == Status::Cancelled {
            return Err(Code::InvalidState.into());
        }
        let old = Links::of(working, self.meeting);
        let (mut row, mut links) = (before.clone(), old.clone());
        rules::read_plan(&mut row, &mut links, &self.fields).map_err(|stop| stop.into_refused("roundId"))?;
        let (was, is) = (rules::plan(before, &old), rules::plan(&row, &links));
        if was == is {
            return Ok(Verdict::about(Changes::default(), [self.meeting.0]));
        }
        rules::check_day(facts.reference, &row, &links, &self.fields)?;
        check_plan_date(facts, &row, &self.fields)?;
        links::check_delegates(working, &row, &links, &self.fields)?;
        check_ordinal(working, &row)?;
        let round = row.round_id.and_then(|id| match before.round_id {
            // It stays where it is, whoever may know of that.
            Some(was) if was == id => working.round.get(id),
            _ => known_round(working, facts, id),
        });
        belonging::check_round(&row, Some(before), round, &links)?;
        // What was emptied is left out of a document, and is set all the same.
        let set: Document = was
            .keys()
            .chain(is.keys())
            .filter(|name| was.get(*name) != is.get(*name))
            .map(|name| (name.clone(), is.get(name).cloned().unwrap_or_default()))
            .collect();
        let revision = working.meeting.was(self.meeting).map_or(0, Root::rev) + 1;
        row.stamps = stamped(stamps(&row.stamps), &set, revision, &device(facts), None);
        let mut event = facts.event("meeting", self.meeting, "updated", Some(row.council_id));
        event.detail = Some(json!({"before": replaced(was, &is)}).to_string());
        let mut changes = Changes::default();
        if present::is_moved(before, &row) {
            present::lapse(working, facts, &mut changes, &row);
            links.answers.clear();
        }
        changes.put(row);
        links.put(self.meeting, &mut changes);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.meeting.0]))
    }
}

/// Leads a meeting to its next state.
pub struct Advance {
    pub meeting: MeetingId,
    pub event: Event,
    /// The document or reason that it rests on.
    pub basis: Option<String>,
}

impl Command for Advance {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.meeting.0);
        if matches!(self.event, Event::SignMinutes | Event::Postpone) {
            needs.records_of.insert(self.meeting.0);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.meeting, Capability::ManageMeetings)?;
        let row = rules::advance(before, self.event, facts.now)?;
        let council = Some(row.council_id);
        let mut event = facts.event("meeting", self.meeting, self.event.code(), council);
        event.basis = basis(self.basis.as_deref())?;
        let mut changes = Changes::default();
        if present::is_moved(before, &row) {
            present::lapse(working, facts, &mut changes, &row);
        }
        if row.status == Status::MinutesSigned {
            let drafts = working.meeting_record.iter().filter(|record| {
                record.meeting_id == self.meeting && record.status == meeting_record::Status::Draft
            });
            for record in drafts {
                changes.put(meeting_record::Model {
                    status: meeting_record::Status::Closed,
                    ..record.clone()
                });
                changes.happened(facts.event("meetingRecord", record.id, "closed", council));
            }
        }
        changes.put(row);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.meeting.0]))
    }
}

/// The longest reason or document number in a history entry.
const LONGEST_BASIS: usize = 1_000;

/// A document or reason, cleaned.
pub(crate) fn basis(text: Option<&str>) -> Result<Option<String>, Refused> {
    let Some(text) = text else { return Ok(None) };
    let text = crate::text::clean(text).map_err(|code| Refused::field(code, "basis"))?;
    if text.chars().count() > LONGEST_BASIS {
        return Err(Refused::field(Code::TooLong, "basis"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Sets the items of an agenda (nội dung trình), in order.
pub struct SetAgenda {
    pub meeting: MeetingId,
    pub items: Vec<AgendaLine>,
}

impl Command for SetAgenda {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.meeting.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = managed(working, facts, self.meeting, Capability::ManageMeetings)?;
        if row.status.is_closed() || row.status == Status::Cancelled {
            return Err(Code::InvalidState.into());
        }
        let mut before: Vec<_> = working
            .agenda_item
            .iter()
            .filter(|item| item.meeting_id == self.meeting)
            .cloned()
            .collect();
        before.sort_by_key(|item| item.position);
        let lines = rules::read_agenda(&self.items)?;
        let after = rules::agenda_rows(self.meeting, &before, lines, || facts.id());
        let mut changes = Changes::default();
        if before == after {
            return Ok(Verdict::about(changes, [self.meeting.0]));
        }
        let mut event = facts.event("meeting", self.meeting, "agenda_set", Some(row.council_id));
        let titles: Vec<&str> = before.iter().map(|item| item.title.as_str()).collect();
        event.detail = Some(json!({"before": titles}).to_string());
        let gone: Vec<_> = before.iter().skip(after.len()).map(Row::key).collect();
        let meeting = self.meeting;
        changes.and(move |working| {
            for key in gone {
                working.agenda_item.remove(key);
            }
            for item in after {
                working.agenda_item.put(item);
            }
            working.meeting.touch(meeting);
        });
        changes.happened(event);
        Ok(Verdict::about(changes, [self.meeting.0]))
    }
}

/// Adds an official document of a meeting: plan, notice, minutes, report.
pub struct AddDocument {
    pub meeting: MeetingId,
    /// `kind number date signer title`, in the spelling of the wire.
    pub fields: Document,
    /// The paper itself.
    pub file: Option<FileHash>,
}

impl AddDocument {
    fn read(&self, row: &mut document::Model) -> Result<(), Refused> {
        let mut reader = Reader::new(&self.fields);
        reader.only(&["kind", "number", "date", "signer", "title"]);
        let (mut kind, mut number, mut date, mut title) = (None, None, None, None);
        reader.text("kind", &mut kind, 20);
        reader.text("number", &mut number, 100);
        reader.date("date", &mut date);
        reader.text("signer", &mut row.signer, 200);
        reader.text("title", &mut title, 500);
        for (field, absent) in [
            ("kind", kind.is_none()),
            ("number", number.is_none()),
            ("date", date.is_none()),
            ("title", title.is_none()),
        ] {
            if absent && !reader.is_wrong(field) {
                reader.wrong(Code::Required, field);
            }
        }
        reader.finish().map_err(|stop| stop.into_refused("meetingId"))?;
        row.kind = kind.unwrap_or_default();
        row.number = number.unwrap_or_default();
        row.title = title.unwrap_or_default();
        row.date = date.unwrap_or(row.date);
        Ok(())
    }
}

impl Command for AddDocument {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.meeting.0);
        needs.documents_of.insert(self.meeting.0);
        attachments::need_paper(self.file.as_ref(), facts, needs);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let meeting = managed(working, facts, self.meeting, Capability::ManageMeetings)?;
        let mut row = document::Model {
            id: facts.id(),
            council_id: meeting.council_id,
            meeting_id: Some(self.meeting),
            kind: String::new(),
            number: String::new(),
            date: facts.today,
            signer: None,
            title: String::new(),
            purpose: None,
            summary: None,
            valid_from: None,
            valid_to: None,
            created_at: facts.now,
        };
        self.read(&mut row)?;
        let known = working.document.iter().find(|other| {
            other.meeting_id == row.meeting_id
                && (&other.kind, &other.number, other.date) == (&row.kind, &row.number, row.date)
        });
        if let Some(known) = known {
            // The same paper sent again is no second paper.
            return if (&known.signer, &known.title) == (&row.signer, &row.title) {
                let mut changes = Changes::default();
                let file = self.file.as_ref();
                attachments::paper(&mut changes, working, facts, "document", known.id, file)?;
                Ok(Verdict::about(changes, [self.meeting.0]))
            } else {
                Err(Refused::field(Code::Taken, "number"))
            };
        }
        // Asked only of what is new: a paper that was taken when less was asked of it is sent again as it was.
        if !is_kind(&row.kind) {
            return Err(Refused::field(Code::InvalidValue, "kind"));
        }
        let first_day = facts.reference.first_day(row.council_id);
        crate::petitions::rules::document_date(row.date, first_day, facts.today, "date")?;
        let council = Some(meeting.council_id);
        let mut event = facts.event("meeting", self.meeting, "document_added", council);
        event.basis = Some(row.number.clone());
        let mut changes = Changes::default();
        let file = self.file.as_ref();
        attachments::paper(&mut changes, working, facts, "document", row.id, file)?;
        changes.put(row);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.meeting.0]))
    }
}

/// Records how many voters were invited, came, spoke and asked (bands, never names), and which delegates came.
pub struct RecordAttendance {
    pub meeting: MeetingId,
    /// In the spelling of the wire.
    pub fields: Document,
}

impl Command for RecordAttendance {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.meeting.0);
        needs.delegate.extend(links::named_delegates(&self.fields));
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        need_delegates(working, self.meeting, needs);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.meeting, Capability::ManageMeetings)?;
        let old = Links::of(working, self.meeting);
        let (mut row, mut links) = (before.clone(), old.clone());
        attendance::read_attendance(&mut row, &mut links, &self.fields)
            .map_err(|stop| stop.into_refused("meetingId"))?;
        links::check_delegates(working, &row, &links, &self.fields)?;
        let mut changes = Changes::default();
        if row != *before || links != old {
            let council = Some(row.council_id);
            let mut event = facts.event("meeting", self.meeting, "attendance_recorded", council);
            let was = attendance::attendance(before, &old);
            if !was.is_empty() {
                let was = replaced(was, &attendance::attendance(&row, &links));
                event.detail = Some(json!({"before": Value::Object(was)}).to_string());
            }
            changes.put(row);
            links.put(self.meeting, &mut changes);
            let meeting = self.meeting;
            changes.and(move |working| working.meeting.touch(meeting));
            changes.happened(event);
        }
        Ok(Verdict::about(changes, [self.meeting.0]))
    }
}

/// Publishes a meeting, or takes it back from the public.
pub struct Publish {
    pub meeting: MeetingId,
    pub public: bool,
}

impl Command for Publish {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.meeting.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        if let Some(row) = working.meeting.get(self.meeting) {
            need_approval(row, needs);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.meeting, Capability::Publish)?;
        let mut changes = Changes::default();
        if before.is_public != self.public {
            if self.public && !is_more_than_a_proposal(working, before) {
                return Err(Code::InvalidState.into());
            }
            let what = if self.public { "published" } else { "unpublished" };
            changes.happened(facts.event("meeting", self.meeting, what, Some(before.council_id)));
            changes.put(Model {
                is_public: self.public,
                ..before.clone()
            });
        }
        Ok(Verdict::about(changes, [self.meeting.0]))
    }
}
