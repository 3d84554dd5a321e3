//! What the office does with rounds: plan them, lead them and their points through their states, publish them.

use entity::{
    id::{CouncilId, RoundId},
    meeting,
    round::{Event, Model, Status},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules;
use crate::{
    capability::Capability,
    error::{Code, Refused},
    files::{FileHash, attachments},
    meetings::{is_more_than_a_proposal, need_approval, office::basis},
    store::{
        collection::{Document, DocumentWriter},
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
        writing::parse_id,
    },
    viewer::Place,
};

fn session(fields: &Document) -> Option<Uuid> {
    fields.get("sessionId")?.as_str().and_then(parse_id)
}

/// The round, if the viewer may do this with it. Foreign and absent look the same.
pub(crate) fn managed<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    id: RoundId,
    capability: Capability,
) -> Result<&'a Model, Refused> {
    let row = working.round.get(id);
    let row = row.ok_or(Refused::field(Code::NotFound, "roundId"))?;
    facts
        .viewer
        .must(capability, Place::Council(row.council_id))
        .map_err(|refused| Refused::field(refused.code, "roundId"))?;
    Ok(row)
}

/// As what a round names its paper.
const PAPER_OF: &str = "round";

/// The file that is the plan itself.
fn paper(working: &Working, round: RoundId) -> Option<&str> {
    let mut named = attachments::of(working, round).into_iter();
    named.next().map(|link| link.sha256.as_str())
}

fn planned(row: &Model) -> Document {
    rules::plan(DocumentWriter::default(), row).done()
}

/// Plans a round.
pub struct Plan {
    /// Made by the client; sent again with the same content it changes nothing.
    pub id: RoundId,
    pub council: CouncilId,
    /// In the spelling of the wire.
    pub fields: Document,
    /// The plan itself.
    pub file: Option<FileHash>,
}

impl Command for Plan {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.round.insert(self.id.0);
        needs.meeting.extend(session(&self.fields));
        attachments::need_paper(self.file.as_ref(), facts, needs);
        needs.files_of.extend(self.file.iter().map(|_| self.id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        facts
            .viewer
            .must(Capability::ManageMeetings, Place::Council(self.council))
            .map_err(|refused| Refused::field(refused.code, "councilId"))?;
        let council = facts.reference.council(self.council);
        let council = council.ok_or(Refused::field(Code::NotFound, "councilId"))?;
        let mut row = rules::blank(facts, self.id, council);
        rules::read_plan(&mut row, &self.fields).map_err(|stop| stop.into_refused("sessionId"))?;
        if let Some(before) = working.round.get(self.id) {
            let has_paper = |file: &FileHash| paper(working, self.id) == Some(file.as_str());
            let same = before.council_id == self.council
                && planned(before) == planned(&row)
                && self.file.as_ref().is_none_or(has_paper);
            return if same {
                Ok(Verdict::about(Changes::default(), [self.id.0]))
            } else {
                Err(Refused::field(Code::Taken, "id"))
            };
        }
        let session = row.session_id.and_then(|id| working.meeting.get(id));
        rules::check(&row, council, session)?;
        let mut changes = Changes::default();
        let file = self.file.as_ref();
        attachments::paper(&mut changes, working, facts, PAPER_OF, self.id, file)?;
        changes.put(row);
        changes.happened(facts.event("round", self.id, "planned", Some(self.council)));
        Ok(Verdict::about(changes, [self.id.0]))
    }
}

/// Changes what was planned, until the round is closed.
pub struct Update {
    pub round: RoundId,
    /// The fields to set, in the spelling of the wire; what is not mentioned stays.
    pub fields: Document,
    /// The plan itself: nothing where it stays, no file where it goes.
    pub file: Option<Option<FileHash>>,
}

impl Command for Update {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.round.insert(self.round.0);
        needs.meeting.extend(session(&self.fields));
        let file = self.file.as_ref().and_then(Option::as_ref);
        attachments::need_paper(file, facts, needs);
        needs.files_of.extend(self.file.iter().map(|_| self.round.0));
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let row = working.round.get(self.round);
        needs.meeting.extend(row.and_then(|row| Some(row.session_id?.0)));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.round, Capability::ManageMeetings)?;
        if !before.status.is_open() {
            return Err(Code::InvalidState.into());
        }
        let mut row = before.clone();
        rules::read_plan(&mut row, &self.fields).map_err(|stop| stop.into_refused("sessionId"))?;
        let mut changes = Changes::default();
        let held = paper(working, self.round);
        let file = self.file.as_ref().and_then(Option::as_ref);
        let is_other_paper = self.file.is_some() && held != file.map(FileHash::as_str);
        if row == *before && !is_other_paper {
            return Ok(Verdict::about(changes, [self.round.0]));
        }
        let council = facts.reference.council(row.council_id);
        let council = council.ok_or(Refused::field(Code::NotFound, "roundId"))?;
        let session = row.session_id.and_then(|id| working.meeting.get(id));
        rules::check(&row, council, session)?;
        // What an approved round rests on may be another document, but not none.
        if row.status == Status::Approved {
            rules::has_plan(&row)?;
        }
        let is = planned(&row);
        let mut lost: Document = planned(before)
            .into_iter()
            .filter(|(name, value)| is.get(name) != Some(value))
            .collect();
        if is_other_paper {
            lost.extend(held.map(|hash| (attachments::PAPER.to_owned(), Value::from(hash))));
            let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
            match file {
                Some(_) => attachments::paper(&mut changes, working, facts, PAPER_OF, self.round, file)?,
                None => attachments::set(&mut changes, working, PAPER_OF, self.round, author, &[]),
            }
            let round = self.round;
            changes.and(move |working| working.round.touch(round));
        }
        let mut event = facts.event("round", self.round, "updated", Some(row.council_id));
        event.detail = Some(json!({"before": Value::Object(lost)}).to_string());
        changes.put(row);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.round.0]))
    }
}

/// Leads a round to its next state, and with it the points that follow it.
pub struct Advance {
    pub round: RoundId,
    pub event: Event,
    /// The document or reason that it rests on.
    pub basis: Option<String>,
}

impl Command for Advance {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.round.insert(self.round.0);
        needs.points_of.insert(self.round.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.round, Capability::ManageMeetings)?;
        let points: Vec<_> = points(working, self.round).collect();
        let row = rules::advance(before, self.event, points.iter().copied())?;
        let basis = basis(self.basis.as_deref())?.or_else(|| row.plan_number.clone());
        let mut changes = Changes::default();
        for point in points {
            let Some(event) = rules::point_event(self.event, point.status) else {
                continue;
            };
            let Some(status) = point.status.next(point.family, event) else {
                continue;
            };
            let mut told = facts.event("meeting", point.id, event.code(), Some(point.council_id));
            told.basis = basis.clone();
            changes.happened(told);
            changes.put(meeting::Model {
                status,
                ..point.clone()
            });
        }
        let mut event = facts.event("round", self.round, self.event.code(), Some(row.council_id));
        event.basis = basis;
        changes.put(row);
        changes.happened(event);
        Ok(Verdict::about(changes, [self.round.0]))
    }
}

fn points(working: &Working, round: RoundId) -> impl Iterator<Item = &meeting::Model> {
    working
        .meeting
        .iter()
        .filter(move |row| row.round_id == Some(round))
}

/// Publishes a round and its points (lịch tiếp xúc cử tri), or takes them back from the public.
pub struct Publish {
    pub round: RoundId,
    pub public: bool,
}

impl Command for Publish {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.round.insert(self.round.0);
        needs.points_of.insert(self.round.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        for point in points(working, self.round) {
            need_approval(point, needs);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = managed(working, facts, self.round, Capability::Publish)?;
        if self.public && before.status == Status::Planned {
            return Err(Code::InvalidState.into());
        }
        let what = if self.public { "published" } else { "unpublished" };
        let mut changes = Changes::default();
        // What is no more than a proposal is nobody else's; it is published with the next call. What was put off or called
        // off as a proposal stays inside.
        let follow = points(working, self.round)
            .filter(|point| point.is_public != self.public)
            .filter(|point| !self.public || is_more_than_a_proposal(working, point));
        for point in follow {
            changes.happened(facts.event("meeting", point.id, what, Some(point.council_id)));
            changes.put(meeting::Model {
                is_public: self.public,
                ..point.clone()
            });
        }
        if before.is_public != self.public {
            changes.happened(facts.event("round", self.round, what, Some(before.council_id)));
            changes.put(Model {
                is_public: self.public,
                ..before.clone()
            });
        }
        Ok(Verdict::about(changes, [self.round.0]))
    }
}
