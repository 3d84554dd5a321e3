//! What is done with syntheses: draft them, freeze an edition, co-sign it, send it.

use chrono::NaiveDate;
use entity::{
    id::{CouncilId, GroupId, RoundId, SynthesisEditionId, SynthesisId},
    meeting,
    synthesis::{Event, Model, Status},
    synthesis_edition, synthesis_item,
};

use super::list::{Line, List, Whose, list};
use crate::{
    capability::Capability,
    deadlines,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        reference::existed,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// Lines of one edition.
const MOST_LINES: usize = 5_000;

/// The newest edition of a synthesis.
pub(super) fn newest<'a>(working: &'a Working, row: &Model) -> Option<&'a synthesis_edition::Model> {
    let of =
        |edition: &&synthesis_edition::Model| edition.synthesis_id == row.id && edition.number == row.edition;
    working.synthesis_edition.iter().find(of)
}

pub(super) fn whose(row: &Model) -> Whose {
    Whose {
        council: row.council_id,
        round: row.round_id,
        group: row.group_id,
    }
}

/// Everything of which a list is made.
pub(super) fn need_list(round: RoundId, needs: &mut Needs) {
    needs.round.insert(round.0);
    needs.points_of.insert(round.0);
    needs.said_in.insert(round.0);
}

/// The delegates who heard what was said, and those who were asked to the points.
pub(super) fn need_delegates(working: &Working, needs: &mut Needs) {
    let heard = working.feedback.iter().filter_map(|row| Some(row.delegate_id?.0));
    let asked = working.meeting_delegate.iter().map(|link| link.delegate_id.0);
    needs.delegate.extend(heard.chain(asked));
}

/// The day from which the period of a synthesis is counted, and its last day, by the rule of that day.
pub(super) fn due(
    row: &Model,
    list: &List,
    round: Option<&entity::round::Model>,
    calendar: &crate::calendar::Calendar,
) -> (Option<NaiveDate>, Option<NaiveDate>) {
    // A round that is still open has not ended with the last point so far.
    let planned = round.and_then(|round| round.ends_on);
    let is_open = row.group_id.is_none()
        && round.is_some_and(|round| {
            !matches!(
                round.status,
                entity::round::Status::Closed | entity::round::Status::Cancelled
            )
        });
    let ended_on = match (list.ended_on, planned) {
        (Some(held), Some(planned)) if is_open => Some(held.max(planned)),
        (held, planned) => held.or(planned),
    };
    let rule = if row.group_id.is_some() {
        "synthesis_group"
    } else {
        "synthesis_council"
    };
    let due_on = ended_on.and_then(|day| Some(deadlines::due(deadlines::find(rule, day)?, day, calendar)));
    (ended_on, due_on)
}

/// Who keeps a synthesis: the office, and for that of a group its head.
fn keeps(facts: &Facts<'_>, council: CouncilId, group: Option<GroupId>) -> bool {
    let may = |capability| facts.viewer.may(capability, Place::Council(council));
    let heads = group.is_some()
        && facts.viewer.mandates.iter().any(|mandate| {
            mandate.delegate.council_id == council
                && mandate.delegate.group_id == group
                && mandate.holds_on(facts.today)
        });
    may(Capability::GroupFeedback) || (heads && may(Capability::SynthesiseGroup))
}

/// The synthesis, if the viewer belongs to its council. Foreign and absent look the same.
fn known<'a>(working: &'a Working, facts: &Facts<'_>, id: SynthesisId) -> Result<&'a Model, Refused> {
    use crate::store::partition::Partition;
    working
        .synthesis
        .get(id)
        .filter(|row| facts.viewer.reads(Partition::Council(row.council_id)))
        .ok_or(Refused::field(Code::NotFound, "synthesisId"))
}

fn kept<'a>(working: &'a Working, facts: &Facts<'_>, id: SynthesisId) -> Result<&'a Model, Refused> {
    let row = known(working, facts, id)?;
    if keeps(facts, row.council_id, row.group_id) {
        Ok(row)
    } else {
        Err(Refused::field(Code::Forbidden, "synthesisId"))
    }
}

fn text(raw: Option<&str>, field: &'static str, most: usize) -> Result<Option<String>, Refused> {
    let Some(raw) = raw else { return Ok(None) };
    let clean = crate::text::clean(raw).map_err(|code| Refused::field(code, field))?;
    if clean.chars().count() > most {
        return Err(Refused::field(Code::TooLong, field));
    }
    Ok(Some(clean).filter(|clean| !clean.is_empty()))
}

/// A day of a document: not in the future, and in the council's time.
fn dated(facts: &Facts<'_>, council: CouncilId, day: NaiveDate, field: &'static str) -> Result<(), Refused> {
    if day > facts.today {
        return Err(Refused::field(Code::OutOfRange, field));
    }
    match facts.reference.first_day(council) {
        Some(first) if day < first => Err(Refused::field(Code::BeforeCouncil, field)),
        _ => Ok(()),
    }
}

fn step(row: &Model, event: Event) -> Result<Status, Refused> {
    row.status
        .next(row.group_id.is_some(), event)
        .ok_or(Refused::field(Code::InvalidState, "synthesisId"))
}

/// Begins a synthesis of a round.
pub struct Draft {
    /// Made by the client; sent again with the same content it changes nothing.
    pub id: SynthesisId,
    pub council: CouncilId,
    pub round: RoundId,
    /// The delegate group; none for the council's own.
    pub group: Option<GroupId>,
    pub title: Option<String>,
}

impl Command for Draft {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.synthesis.insert(self.id.0);
        needs.round.insert(self.round.0);
        needs.points_of.insert(self.round.0);
        needs.syntheses_of.insert(self.round.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        use crate::store::partition::Partition;
        if !facts.viewer.reads(Partition::Council(self.council)) {
            return Err(Refused::field(Code::NotFound, "councilId"));
        }
        if !keeps(facts, self.council, self.group) {
            return Err(Refused::field(Code::Forbidden, "councilId"));
        }
        let takes_part = |row: &meeting::Model| {
            row.round_id == Some(self.round)
                && working
                    .meeting_council
                    .of(row.id)
                    .any(|link| link.council_id == self.council)
        };
        let round = working
            .round
            .get(self.round)
            .filter(|round| round.council_id == self.council || working.meeting.iter().any(takes_part));
        let round = round.ok_or(Refused::field(Code::NotFound, "roundId"))?;
        let group = self.group.map(|id| {
            let group = facts.reference.bodies.groups.get(&id);
            group
                .filter(|group| group.council_id == self.council)
                .ok_or(Refused::field(Code::NotFound, "groupId"))
        });
        let group = group.transpose()?;
        let usual = || match group {
            Some(group) => format!("Báo cáo tổng hợp của {} - {}", group.name, round.title),
            None => format!("Báo cáo tổng hợp ý kiến, kiến nghị cử tri - {}", round.title),
        };
        let row = Model {
            id: self.id,
            council_id: self.council,
            round_id: self.round,
            group_id: self.group,
            title: text(self.title.as_deref(), "title", 1_000)?.unwrap_or_else(usual),
            status: Status::Draft,
            edition: 0,
            created_at: facts.now,
            rev: 0,
            updated_at: facts.now,
        };
        let what = |row: &Model| (row.council_id, row.round_id, row.group_id);
        if let Some(before) = working.synthesis.get(self.id) {
            return if what(before) == what(&row) && before.title == row.title {
                Ok(Verdict::about(Changes::default(), [self.id.0]))
            } else {
                Err(Refused::field(Code::Taken, "id"))
            };
        }
        // One series of editions for each council, round and group.
        if working.synthesis.iter().any(|other| what(other) == what(&row)) {
            return Err(Refused::field(Code::Taken, "roundId"));
        }
        let mut changes = Changes::default();
        changes.put(row);
        changes.happened(facts.event("synthesis", self.id, "drafted", Some(self.council)));
        Ok(Verdict::about(changes, [self.id.0]))
    }
}

/// Freezes the list as it is now: the next edition.
pub struct Freeze {
    pub synthesis: SynthesisId,
    pub document_number: String,
    pub document_date: NaiveDate,
    pub signer: Option<String>,
    /// Why there is another edition; required of every one but the first.
    pub reason: Option<String>,
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
        let round = working.round.get(row.round_id);
        let (round_ended_on, due_on) = due(row, &list, round, facts.calendar);
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
        let mut event = facts.event("synthesis", row.id, "frozen", Some(row.council_id));
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

/// The lines of an edition as they were frozen, in order.
fn frozen(working: &Working, edition: &synthesis_edition::Model) -> Vec<Line> {
    let items = working.synthesis_item.iter();
    let mut items: Vec<_> = items.filter(|item| item.edition_id == edition.id).collect();
    items.sort_by_key(|item| item.position);
    items.into_iter().cloned().map(Line::from).collect()
}

/// What an edition counts beside its lines.
fn counts(edition: &synthesis_edition::Model) -> [i32; 4] {
    [edition.points, edition.opinions, edition.on_spot, edition.before]
}

/// The same of a list now.
fn counts_now(list: &List) -> [i32; 4] {
    [list.points, list.opinions, list.on_spot, list.before].map(whole)
}

fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// MTTQ puts its name to the newest edition.
pub struct Cosign {
    pub synthesis: SynthesisId,
    /// Who signs for it.
    pub signer: String,
    /// The document by which it signed: recorded by the office for an MTTQ without an account.
    pub on_behalf: Option<CosignPaper>,
}

/// The document by which MTTQ signed.
pub struct CosignPaper {
    pub number: String,
    pub date: NaiveDate,
}

impl Cosign {
    /// Whether it is the signature under this edition.
    fn is_of(&self, edition: &synthesis_edition::Model) -> bool {
        let paper = self.on_behalf.as_ref();
        let is = |given: Option<&str>, field: &'static str, most: usize, known: &Option<String>| {
            text(given, field, most).is_ok_and(|given| given == *known)
        };
        is(Some(&self.signer), "signer", 200, &edition.cosigner)
            && is(
                paper.map(|paper| paper.number.as_str()),
                "documentNumber",
                100,
                &edition.cosign_document_number,
            )
            && paper.map(|paper| paper.date) == edition.cosign_document_date
    }
}

/// Whether somebody signs for MTTQ at the council with an account of his own today.
fn front_signs(working: &Working, facts: &Facts<'_>, council: CouncilId) -> bool {
    let signs = |role: &str| {
        let rights = facts.reference.bodies.roles.get(role);
        rights.is_some_and(|rights| rights.contains(Capability::CosignSynthesis.code()))
    };
    working.role_grant.iter().any(|grant| {
        let account = working.account.get(grant.account_id);
        grant.council_id == Some(council)
            && signs(&grant.role)
            && existed(Some(grant.valid_from), grant.valid_to, facts.today)
            && account.is_some_and(|account| account.disabled_at.is_none())
    })
}

impl Command for Cosign {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.synthesis.insert(self.synthesis.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        if self.on_behalf.is_some() {
            let row = working.synthesis.get(self.synthesis);
            needs.holders_at_council.extend(row.map(|row| row.council_id.0));
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = known(working, facts, self.synthesis)?;
        let capability = match self.on_behalf {
            Some(_) => Capability::AnswerOnBehalf,
            None => Capability::CosignSynthesis,
        };
        if !facts.viewer.may(capability, Place::Council(row.council_id)) {
            return Err(Refused::field(Code::Forbidden, "synthesisId"));
        }
        // Whoever lost the reply sends it again: the edition has that signature.
        let signed = newest(working, row).filter(|edition| edition.cosigned_at.is_some());
        if signed.is_some_and(|edition| self.is_of(edition)) {
            return Ok(Verdict::about(Changes::default(), [row.id.0]));
        }
        if self.on_behalf.is_some() && front_signs(working, facts, row.council_id) {
            // Its own people sign; nobody else's word stands for theirs.
            return Err(Refused::field(Code::InvalidState, "onBehalf"));
        }
        let signer = text(Some(&self.signer), "signer", 200)?;
        let signer = signer.ok_or(Refused::field(Code::Required, "signer"))?;
        let status = step(row, Event::Cosign)?;
        let edition = newest(working, row).ok_or(Refused::field(Code::InvalidState, "synthesisId"))?;
        let paper = self.on_behalf.as_ref().map(|paper| {
            let number = text(Some(&paper.number), "documentNumber", 100)?;
            let number = number.ok_or(Refused::field(Code::Required, "documentNumber"))?;
            dated(facts, row.council_id, paper.date, "documentDate")?;
            Ok::<_, Refused>((number, paper.date))
        });
        let (number, date) = paper.transpose()?.unzip();
        let (name, basis) = match &number {
            Some(number) => ("cosigned_on_behalf", format!("{number}: {signer}")),
            None => ("cosigned", signer.clone()),
        };
        let mut event = facts.event("synthesis", row.id, name, Some(row.council_id));
        event.basis = Some(basis);
        let mut changes = Changes::default();
        changes.put(synthesis_edition::Model {
            cosigned_at: Some(facts.now),
            cosigned_by: facts.viewer.account_id(),
            cosigner: Some(signer),
            cosign_document_number: number,
            cosign_document_date: date,
            ..edition.clone()
        });
        changes.put(Model {
            status,
            ..row.clone()
        });
        changes.happened(event);
        Ok(Verdict::about(changes, [row.id.0]))
    }
}

/// Sends the newest edition: a group's to its council, the council's to those whom it is for.
pub struct Send {
    pub synthesis: SynthesisId,
    /// The day; today if not told.
    pub on: Option<NaiveDate>,
    /// To whom, in words; a group's goes to the council's standing committee if not told.
    pub to: Option<String>,
    /// The council that reads it from now on.
    pub to_council: Option<CouncilId>,
}

impl Command for Send {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.synthesis.insert(self.synthesis.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = kept(working, facts, self.synthesis)?;
        let edition = newest(working, row).ok_or(Refused::field(Code::InvalidState, "synthesisId"))?;
        let to_council = self.to_council.map(|id| {
            let council = facts.reference.council(id);
            council.ok_or(Refused::field(Code::NotFound, "toCouncilId"))
        });
        let to_council = to_council.transpose()?;
        if to_council.is_some() && row.group_id.is_some() {
            return Err(Refused::field(Code::InvalidValue, "toCouncilId"));
        }
        let usual = || match (row.group_id, to_council) {
            (Some(_), _) => Some("Thường trực HĐND".to_owned()),
            (None, Some(council)) => Some(council.name.clone()),
            (None, None) => None,
        };
        let to = text(self.to.as_deref(), "sentTo", 1_000)?.or_else(usual);
        // Whoever lost the reply sends it again, on whatever day if none is told: it is with those.
        let is_sent = edition.sent_on.is_some()
            && self.on.is_none_or(|on| edition.sent_on == Some(on))
            && edition.sent_to == to
            && edition.to_council_id == self.to_council;
        if is_sent {
            return Ok(Verdict::about(Changes::default(), [row.id.0]));
        }
        let status = step(row, Event::Send)?;
        let on = self.on.unwrap_or(facts.today);
        if on > facts.today || on < edition.document_date {
            return Err(Refused::field(Code::OutOfRange, "sentOn"));
        }
        let to = to.ok_or(Refused::field(Code::Required, "sentTo"))?;
        let mut event = facts.event("synthesis", row.id, "sent", Some(row.council_id));
        event.basis = Some(to.clone());
        let mut changes = Changes::default();
        changes.put(synthesis_edition::Model {
            sent_on: Some(on),
            sent_by: facts.viewer.account_id(),
            sent_to: Some(to),
            to_council_id: to_council.map(|council| council.id),
            ..edition.clone()
        });
        changes.put(Model {
            status,
            ..row.clone()
        });
        changes.happened(event);
        Ok(Verdict::about(changes, [row.id.0]))
    }
}
