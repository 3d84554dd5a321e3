//! The rules of rounds: pure, from rows and fields to rows or a refusal.

use chrono::NaiveDate;
use entity::{
    council,
    id::RoundId,
    meeting::{self, Family},
    round::{Event, Model, Status},
};

use crate::{
    error::{Code, Refused},
    store::{
        collection::{Document, DocumentWriter},
        door::Facts,
        reference::existed,
        writing::{Reader, Stop},
    },
};

/// What the office plans.
const PLAN_FIELDS: &[&str] = &[
    "kind",
    "title",
    "sessionId",
    "planNumber",
    "planDate",
    "pointsPlanned",
    "startsOn",
    "endsOn",
    "content",
];

/// A round of which nothing was said yet.
pub(super) fn blank(facts: &Facts<'_>, id: RoundId, council: &council::Model) -> Model {
    Model {
        id,
        council_id: council.id,
        kind: String::new(),
        title: String::new(),
        session_id: None,
        plan_number: None,
        plan_date: None,
        points_planned: None,
        starts_on: None,
        ends_on: None,
        content: None,
        status: Status::Planned,
        is_public: false,
        created_at: facts.now,
        rev: 0,
        updated_at: facts.now,
    }
}

/// Reads what the office plans.
pub(super) fn read_plan(row: &mut Model, fields: &Document) -> Result<(), Stop> {
    let mut reader = Reader::new(fields);
    reader.only(PLAN_FIELDS);
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (mut kind, mut title) = (filled(&row.kind), filled(&row.title));
    reader.code("kind", "contact_kind", &mut kind);
    reader.text("title", &mut title, 500);
    reader.id("sessionId", &mut row.session_id);
    reader.text("planNumber", &mut row.plan_number, 100);
    reader.date("planDate", &mut row.plan_date);
    reader.count("pointsPlanned", &mut row.points_planned);
    reader.date("startsOn", &mut row.starts_on);
    reader.date("endsOn", &mut row.ends_on);
    reader.text("content", &mut row.content, 20_000);
    for (field, absent) in [("kind", kind.is_none()), ("title", title.is_none())] {
        if absent && !reader.is_wrong(field) {
            reader.wrong(Code::Required, field);
        }
    }
    if let (Some(starts), Some(ends)) = (row.starts_on, row.ends_on)
        && ends < starts
    {
        reader.wrong(Code::OutOfRange, "endsOn");
    }
    reader.finish()?;
    row.kind = kind.unwrap_or_default();
    row.title = title.unwrap_or_default();
    Ok(())
}

/// All that the office plans, in the spelling of the wire.
pub(super) fn plan(document: DocumentWriter, row: &Model) -> DocumentWriter {
    document
        .set("kind", &row.kind)
        .set("title", &row.title)
        .set("sessionId", row.session_id)
        .set("planNumber", &row.plan_number)
        .set("planDate", row.plan_date)
        .set("pointsPlanned", row.points_planned)
        .set("startsOn", row.starts_on)
        .set("endsOn", row.ends_on)
        .set("content", &row.content)
}

/// The days of a round lie in its council's time, and its session is one of that council.
pub(super) fn check(
    row: &Model,
    council: &council::Model,
    session: Option<&meeting::Model>,
) -> Result<(), Refused> {
    for (field, day) in [("startsOn", row.starts_on), ("endsOn", row.ends_on)] {
        in_office(council, day, field)?;
    }
    let is_session = |session: &meeting::Model| {
        Some(session.id) == row.session_id
            && session.family == Family::Session
            && session.council_id == row.council_id
    };
    if row.session_id.is_some() && !session.is_some_and(is_session) {
        return Err(Refused::field(Code::NotFound, "sessionId"));
    }
    Ok(())
}

fn in_office(council: &council::Model, day: Option<NaiveDate>, field: &'static str) -> Result<(), Refused> {
    match day {
        Some(day) if day < council.valid_from => Err(Refused::field(Code::BeforeCouncil, field)),
        Some(day) if !existed(Some(council.valid_from), council.valid_to, day) => {
            Err(Refused::field(Code::OutOfRange, field))
        }
        _ => Ok(()),
    }
}

/// Whether an approved round rests on a plan: a signed document with a number and a date.
pub(super) fn has_plan(row: &Model) -> Result<(), Refused> {
    match (&row.plan_number, row.plan_date) {
        (None, _) => Err(Refused::field(Code::Required, "planNumber")),
        (_, None) => Err(Refused::field(Code::Required, "planDate")),
        _ => Ok(()),
    }
}

/// The next step of a round, whose points are these.
pub(super) fn advance<'a>(
    row: &Model,
    event: Event,
    mut points: impl Iterator<Item = &'a meeting::Model>,
) -> Result<Model, Refused> {
    use meeting::Status as Point;
    let status = row.status.next(event);
    let status = status.ok_or(Refused::field(Code::InvalidState, "event"))?;
    if event == Event::Approve {
        has_plan(row)?;
    }
    match event {
        Event::Close
            if points
                .any(|point| matches!(point.status, Point::Proposed | Point::Approved | Point::Notified)) =>
        {
            Err(Refused::field(Code::InvalidState, "event"))
        }
        Event::Cancel if points.any(|point| point.status.is_over()) => {
            Err(Refused::field(Code::InvalidState, "event"))
        }
        _ => Ok(Model {
            status,
            ..row.clone()
        }),
    }
}

/// What a step of the round does to its points: the plan approves those that were proposed, and calling the round off
/// calls off those that are still to come.
pub(super) fn point_event(event: Event, point: meeting::Status) -> Option<meeting::Event> {
    use meeting::Status as Point;
    match (event, point) {
        (Event::Approve, Point::Proposed) => Some(meeting::Event::Approve),
        (Event::Cancel, Point::Proposed | Point::Approved | Point::Notified | Point::Postponed) => {
            Some(meeting::Event::Cancel)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_event_is_decided() {
        use Event as E;
        use Status as S;
        let table = [
            (S::Planned, E::Approve, S::Approved),
            (S::Planned, E::Cancel, S::Cancelled),
            (S::Approved, E::Close, S::Closed),
            (S::Approved, E::Cancel, S::Cancelled),
            (S::Closed, E::Reopen, S::Approved),
        ];
        for status in Status::ALL {
            for event in Event::ALL {
                let expected = table.iter().find(|(from, by, _)| from == status && by == event);
                assert_eq!(
                    status.next(*event),
                    expected.map(|(.., to)| *to),
                    "{status:?} {event:?}"
                );
            }
        }
    }
}
