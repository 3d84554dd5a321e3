//! What those who keep syntheses do with them: draft them, send an edition; and who keeps which.

use chrono::NaiveDate;
use entity::{
    id::{CouncilId, GroupId, RoundId, SynthesisId},
    meeting,
    synthesis::{Event, Model, Status},
    synthesis_edition,
};

use super::list::Whose;
use crate::{
    capability::Capability,
    deadlines::Periods,
    error::{Code, Refused},
    meetings::takes_part,
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
    viewer::{Place, Viewer},
};

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

/// The day from which the period of a synthesis is counted, and its last day, by the rule of that day; of a group's or of
/// the council's, whose last point was held on a day, as the council set it.
pub(super) fn due(
    of_group: bool,
    held: Option<NaiveDate>,
    round: Option<&entity::round::Model>,
    periods: &Periods<'_>,
) -> (Option<NaiveDate>, Option<NaiveDate>) {
    // A round that is still open has not ended with the last point so far.
    let planned = round.and_then(|round| round.ends_on);
    let is_open = !of_group
        && round.is_some_and(|round| {
            !matches!(
                round.status,
                entity::round::Status::Closed | entity::round::Status::Cancelled
            )
        });
    let ended_on = match (held, planned) {
        (Some(held), Some(planned)) if is_open => Some(held.max(planned)),
        (held, planned) => held.or(planned),
    };
    let rule = if of_group {
        "synthesis_group"
    } else {
        "synthesis_council"
    };
    let due_on = ended_on.and_then(|day| periods.due(rule, day));
    (ended_on, due_on)
}

/// Who keeps a synthesis: the office, and for that of a group its head.
pub(super) fn keeps(viewer: &Viewer, today: NaiveDate, council: CouncilId, group: Option<GroupId>) -> bool {
    let may = |capability| viewer.may(capability, Place::Council(council));
    let heads = group.is_some()
        && viewer.mandates.iter().any(|mandate| {
            mandate.delegate.council_id == council
                && mandate.delegate.group_id == group
                && mandate.holds_on(today)
        });
    may(Capability::GroupFeedback) || (heads && may(Capability::SynthesiseGroup))
}

/// The synthesis, if the viewer belongs to its council. Foreign and absent look the same.
pub(super) fn known<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    id: SynthesisId,
) -> Result<&'a Model, Refused> {
    use crate::store::partition::Partition;
    working
        .synthesis
        .get(id)
        .filter(|row| facts.viewer.reads(Partition::Council(row.council_id)))
        .ok_or(Refused::field(Code::NotFound, "synthesisId"))
}

pub(super) fn kept<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    id: SynthesisId,
) -> Result<&'a Model, Refused> {
    let row = known(working, facts, id)?;
    if keeps(facts.viewer, facts.today, row.council_id, row.group_id) {
        Ok(row)
    } else {
        Err(Refused::field(Code::Forbidden, "synthesisId"))
    }
}

pub(super) fn text(raw: Option<&str>, field: &'static str, most: usize) -> Result<Option<String>, Refused> {
    let Some(raw) = raw else { return Ok(None) };
    let clean = crate::text::clean(raw).map_err(|code| Refused::field(code, field))?;
    if clean.chars().count() > most {
        return Err(Refused::field(Code::TooLong, field));
    }
    Ok(Some(clean).filter(|clean| !clean.is_empty()))
}

/// A day of a document: not in the future, and in the council's time.
pub(super) fn dated(
    facts: &Facts<'_>,
    council: CouncilId,
    day: NaiveDate,
    field: &'static str,
) -> Result<(), Refused> {
    if day > facts.today {
        return Err(Refused::field(Code::OutOfRange, field));
    }
    match facts.reference.first_day(council) {
        Some(first) if day < first => Err(Refused::field(Code::BeforeCouncil, field)),
        _ => Ok(()),
    }
}

pub(super) fn step(row: &Model, event: Event) -> Result<Status, Refused> {
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
        if !keeps(facts.viewer, facts.today, self.council, self.group) {
            return Err(Refused::field(Code::Forbidden, "councilId"));
        }
        // Of a round of others a council that holds a point, or takes part in one, lists its own.
        let has_a_point =
            |row: &meeting::Model| row.round_id == Some(self.round) && takes_part(working, row, self.council);
        let round = working
            .round
            .get(self.round)
            .filter(|round| round.council_id == self.council || working.meeting.iter().any(has_a_point));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calendar::Calendar, store::reference::Reference};

    fn d(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    /// Both the council's and a group's, of a round whose last point was held on a day.
    fn due_of(day: &str) -> [Option<NaiveDate>; 2] {
        let reference = Reference::default();
        let periods = Periods::of(&reference, CouncilId(uuid::Uuid::nil()), Calendar::delivered());
        [false, true].map(|of_group| {
            let (ended_on, due_on) = due(of_group, Some(d(day)), None, &periods);
            assert_eq!(ended_on, Some(d(day)));
            due_on
        })
    }

    #[test]
    fn the_rule_is_that_of_the_rounds_day_whatever_day_it_is_now() {
        // There was no rule yet; that there is one today makes nobody late.
        assert_eq!(due_of("2025-06-30"), [None, None]);
        // Seven working days from a Tuesday, and three.
        assert_eq!(
            due_of("2025-07-01"),
            [Some(d("2025-07-10")), Some(d("2025-07-04"))]
        );
    }
}
