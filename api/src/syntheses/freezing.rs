//! Freezing: the list of a synthesis as it is becomes its next edition, which never changes.

use chrono::NaiveDate;
use entity::{
    id::{SynthesisEditionId, SynthesisId},
    meeting,
    synthesis::{Event, Model},
    synthesis_edition, synthesis_item,
};

use super::{
    list::{Line, List, list},
    office::{dated, due, kept, need_delegates, newest, step, text, whose},
};
use crate::{
    deadlines::Periods,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// Lines of one edition.
const MOST_LINES: usize = 5_000;

/// Freezes the list as it is now: the next edition.
pub struct Freeze {
    pub synthesis: SynthesisId,
    pub document_number: String,
    pub document_date: NaiveDate,
    pub signer: Option<String>,
    /// Why there is another edition; required of every one but the first.
    pub reason: Option<String>,
    /// The office knows that not all of the council's list is grouped and classified.
    pub acknowledge_unclassified: bool,
}

impl Freeze {
    /// Whether it is the paper of this edition.
    fn is_of(&self, edition: &synthesis_edition::Model) -> bool {
        let number = text(Some(&self.document_number), "documentNumber", 100);
        self.document_date == edition.document_date
            && number.is_ok_and(|number| number.as_ref() == Some(&edition.document_number))
    }

    /// The points whose minutes are signed are part of the council's synthesis now.
    fn synthesise(&self, working: &Working, facts: &Facts<'_>, row: &Model, changes: &mut Changes) {
        for point in working
            .meeting
            .iter()
            .filter(|point| point.round_id == Some(row.round_id) && point.council_id == row.council_id)
        {
            let event = meeting::Event::Synthesise;
            if let Some(status) = point.status.next(point.family, event) {
                let mut told = facts.event("meeting", point.id, event.code(), Some(point.council_id));
                told.basis = Some(self.document_number.clone());
                changes.happened(told);
                changes.put(meeting::Model {
                    status,
                    ..point.clone()
                });
            }
        }
    }
}

impl Command for Freeze {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.synthesis.insert(self.synthesis.0);
        needs.synthesis_round.insert(self.synthesis.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        need_delegates(working, needs);
        let row = working.synthesis.get(self.synthesis);
        let before = row.and_then(|row| newest(working, row));
        let again = before.filter(|edition| self.is_of(edition));
        needs.lines_of.extend(again.map(|edition| edition.id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = kept(working, facts, self.synthesis)?;
        let number = text(Some(&self.document_number), "documentNumber", 100)?
            .ok_or(Refused::field(Code::Required, "documentNumber"))?;
        dated(facts, row.council_id, self.document_date, "documentDate")?;
        let list = list(working, facts.reference, whose(row));
        if list.lines.len() > MOST_LINES {
            return Err(Code::LimitTooLarge.into());
        }
        let before = newest(working, row);
        if let Some(known) = before
            && self.is_of(known)
        {
            // The same paper sent again is no second edition.
            let is_same = frozen(working, known) == list.lines && counts(known) == counts_now(&list);
            return if is_same {
                Ok(Verdict::about(Changes::default(), [row.id.0]))
            } else {
                Err(Refused::field(Code::Taken, "documentNumber"))
            };
        }
        // What was said at a point stands in no paper that is older, nor is an edition older than the one before it.
        let since = list.ended_on.max(before.map(|before| before.document_date));
        if since.is_some_and(|since| self.document_date < since) {
            return Err(Refused::field(Code::OutOfRange, "documentDate"));
        }
        let reason = text(self.reason.as_deref(), "reason", 1_000)?;
        if before.is_some() && reason.is_none() {
            return Err(Refused::field(Code::Required, "reason"));
        }
        // A group lists what it heard, before the office has touched it; from the council's others read who has to act.
        let is_unfinished = row.group_id.is_none() && list.ungrouped() + list.unclassified() > 0;
        if is_unfinished && !self.acknowledge_unclassified {
            return Err(Refused::field(Code::InvalidState, "acknowledgeUnclassified"));
        }
        let round = working.round.get(row.round_id);
        let periods = Periods::of(facts.reference, row.council_id, facts.calendar);
        let (round_ended_on, due_on) = due(row.group_id.is_some(), list.ended_on, round, &periods);
        let edition = synthesis_edition::Model {
            id: facts.id(),
            synthesis_id: row.id,
            number: row.edition + 1,
            document_number: number.clone(),
            document_date: self.document_date,
            signer: text(self.signer.as_deref(), "signer", 200)?,
            reason: reason.clone(),
            frozen_at: facts.now,
            frozen_by: facts.viewer.account_id(),
            round_ended_on,
            due_on,
            points: whole(list.points),
            opinions: whole(list.opinions),
            on_spot: whole(list.on_spot),
            before: whole(list.before),
            after: whole(list.lines.len()),
            cosigned_at: None,
            cosigned_by: None,
            cosigner: None,
            cosign_document_number: None,
            cosign_document_date: None,
            sent_on: None,
            sent_by: None,
            sent_to: None,
            to_council_id: None,
        };
        let mut changes = Changes::default();
        for (line, position) in list.lines.into_iter().zip(1..) {
            changes.put(item(facts, edition.id, position, line));
        }
        if row.group_id.is_none() {
            self.synthesise(working, facts, row, &mut changes);
        }
        let name = if is_unfinished {
            "frozen_unclassified"
        } else {
            "frozen"
        };
        let mut event = facts.event("synthesis", row.id, name, Some(row.council_id));
        event.basis = Some(match reason {
            Some(reason) => format!("{number}: {reason}"),
            None => number,
        });
        changes.put(Model {
            status: step(row, Event::Freeze)?,
            edition: edition.number,
            ..row.clone()
        });
        changes.put(edition);
        changes.happened(event);
        Ok(Verdict::about(changes, [row.id.0]))
    }
}

fn item(facts: &Facts<'_>, edition: SynthesisEditionId, position: i32, line: Line) -> synthesis_item::Model {
    synthesis_item::Model {
        id: facts.id(),
        edition_id: edition,
        position,
        petition_id: line.petition,
        feedback_id: line.feedback,
        number: line.number,
        title: line.title,
        content: line.content,
        tier: line.tier,
        field: line.field,
        places: line.places,
        opinions: whole(line.opinions),
        merged_from: whole(line.merged_from),
        split_from: line.split_from,
    }
}

/// The lines of an edition as they were frozen, in order. Editions of old count in `merged_from` the petitions that were
/// merged and not their opinions: that makes no other list of them.
fn frozen(working: &Working, edition: &synthesis_edition::Model) -> Vec<Line> {
    let items = working.synthesis_item.iter();
    let mut items: Vec<_> = items.filter(|item| item.edition_id == edition.id).collect();
    items.sort_by_key(|item| item.position);
    let lines = items.into_iter().cloned().map(Line::from);
    lines
        .map(|line| Line {
            merged_from: line.opinions,
            ..line
        })
        .collect()
}

/// What an edition counts beside its lines. What there was before mergers follows from these, and editions of old have
/// another figure for it.
fn counts(edition: &synthesis_edition::Model) -> [i32; 3] {
    [edition.points, edition.opinions, edition.on_spot]
}

/// The same of a list now.
fn counts_now(list: &List) -> [i32; 3] {
    [list.points, list.opinions, list.on_spot].map(whole)
}

fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
