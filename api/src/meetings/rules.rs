//! The rules of meetings: pure, from rows and fields to rows or a refusal.

use chrono::{DateTime, Utc};
use entity::{
    agenda_item, council,
    id::{AgendaItemId, MeetingId},
    meeting::{Event, Family, Model, Status},
};

use super::{
    belonging,
    links::{self, INVITED, Links, MOST_LINKS},
};
use crate::{
    clock::local_date,
    codes,
    error::{Code, Refused},
    recorded::council_covers,
    store::{
        collection::{Document, DocumentWriter},
        reference::{Reference, existed},
        writing::{Reader, Stop},
    },
};

/// What a delegate's phone may write of his own unplanned contact.
pub(super) const OWN_FIELDS: &[&str] = &["kind", "unitIds", "place", "startsAt", "title"];

/// Why a contact belongs to no round.
const OUTSIDE: &str = "outsideRound";

/// What the office may write of a meeting.
const PLAN_FIELDS: &[&str] = &[
    "kind",
    "unitIds",
    "place",
    "startsAt",
    "title",
    "councilIds",
    INVITED,
    "roundId",
    OUTSIDE,
    "mode",
    "endsAt",
    "ordinal",
    "planNumber",
    "planDate",
    "agenda",
    "brief",
];

fn kinds(family: Family) -> &'static str {
    match family {
        Family::Contact => "contact_kind",
        Family::Session => "session_kind",
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Reads a delegate's own contact. Returns whether the row now says more than its author wrote.
pub(super) fn read_own(
    row: &mut Model,
    links: &mut Links,
    fields: &Document,
    reference: &Reference,
) -> Result<bool, Stop> {
    let mut reader = Reader::new(fields);
    let mut kind = filled(&row.kind);
    reader.code("kind", kinds(row.family), &mut kind);
    let mut title = filled(&row.title);
    reader.text("title", &mut title, 500);
    reader.text("place", &mut row.place, 500);
    reader.time("startsAt", &mut row.starts_at);
    reader.ids("unitIds", &mut links.units, MOST_LINKS);
    for (field, absent) in [
        ("kind", kind.is_none()),
        ("startsAt", row.starts_at.is_none()),
        ("unitIds", links.units.is_empty()),
    ] {
        if absent && !reader.is_wrong(field) {
            reader.wrong(Code::Required, field);
        }
    }
    if links
        .units
        .iter()
        .any(|unit| reference.units.get(*unit).is_none())
    {
        reader.wrong(Code::NotFound, "unitIds");
    }
    reader.finish()?;
    row.kind = kind.unwrap_or_default();
    links.sort(row.council_id);
    // A list without titles cannot be read: an untitled contact is called by its kind.
    let untitled = title.is_none();
    row.title = title
        .or_else(|| codes::find(kinds(row.family), &row.kind).map(|entry| entry.label_vi.clone()))
        .unwrap_or_default();
    Ok(untitled)
}

/// Where an own contact is by the clock: it was held, or the delegate announces it.
pub(super) fn own_status(
    before: Option<Status>,
    starts_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Status> {
    let by_clock = if starts_at <= now {
        Status::Held
    } else {
        Status::Notified
    };
    match (before, by_clock) {
        (None, status) => Some(status),
        (Some(Status::Notified), Status::Held) => Status::Notified.next(Family::Contact, Event::Hold),
        // What was held cannot come to be in the future.
        (Some(Status::Held), Status::Notified) => None,
        (Some(status), _) => (!status.is_closed() && status != Status::Cancelled).then_some(status),
    }
}

/// Reads what the office plans.
pub(super) fn read_plan(row: &mut Model, links: &mut Links, fields: &Document) -> Result<(), Stop> {
    let mut reader = Reader::new(fields);
    reader.only(PLAN_FIELDS);
    let mut kind = filled(&row.kind);
    reader.code("kind", kinds(row.family), &mut kind);
    let mut title = filled(&row.title);
    reader.text("title", &mut title, 500);
    reader.text("place", &mut row.place, 500);
    reader.time("startsAt", &mut row.starts_at);
    reader.time("endsAt", &mut row.ends_at);
    reader.ids("unitIds", &mut links.units, MOST_LINKS);
    reader.ids("councilIds", &mut links.councils, MOST_LINKS);
    reader.ids(INVITED, &mut links.invited, MOST_LINKS);
    reader.id("roundId", &mut row.round_id);
    reader.code(OUTSIDE, "outside_round", &mut row.outside_round);
    reader.code("mode", "contact_mode", &mut row.mode);
    reader.count("ordinal", &mut row.ordinal);
    reader.text("planNumber", &mut row.plan_number, 100);
    reader.date("planDate", &mut row.plan_date);
    reader.text("agenda", &mut row.agenda, 20_000);
    reader.text("brief", &mut row.brief, 100_000);
    for (field, absent) in [("kind", kind.is_none()), ("title", title.is_none())] {
        if absent && !reader.is_wrong(field) {
            reader.wrong(Code::Required, field);
        }
    }
    match (row.family, row.ordinal) {
        (Family::Session, Some(0)) => reader.wrong(Code::OutOfRange, "ordinal"),
        // Only sessions are counted.
        (Family::Contact, Some(_)) => reader.wrong(Code::InvalidValue, "ordinal"),
        _ => {}
    }
    if let (Some(starts), Some(ends)) = (row.starts_at, row.ends_at)
        && ends < starts
    {
        reader.wrong(Code::OutOfRange, "endsAt");
    }
    match row.family {
        Family::Session if row.round_id.is_some() => reader.wrong(Code::InvalidValue, "roundId"),
        Family::Session if row.outside_round.is_some() => reader.wrong(Code::InvalidValue, OUTSIDE),
        // Nothing belongs to a round and says why it does not.
        Family::Contact
            if row.round_id.is_some() && fields.get(OUTSIDE).is_some_and(|told| !told.is_null()) =>
        {
            reader.wrong(Code::InvalidValue, OUTSIDE);
        }
        _ => {}
    }
    reader.finish()?;
    row.kind = kind.unwrap_or_default();
    if row.family == Family::Contact {
        row.outside_round = match row.round_id {
            Some(_) => None,
            None => row
                .outside_round
                .take()
                .or_else(|| belonging::outside_by_kind(&row.kind)),
        };
    }
    row.title = title.unwrap_or_default();
    links.sort(row.council_id);
    Ok(())
}

/// All that the office plans, in the spelling of the wire: for comparing, and for history.
pub(super) fn plan(row: &Model, links: &Links) -> Document {
    DocumentWriter::default()
        .set("kind", &row.kind)
        .ids("unitIds", links.units.iter().map(|unit| unit.0))
        .set("place", &row.place)
        .time("startsAt", row.starts_at)
        .set("title", &row.title)
        .ids("councilIds", links.councils.iter().map(|council| council.0))
        .ids(INVITED, links.invited.iter().map(|delegate| delegate.0))
        .set("roundId", row.round_id)
        .set(OUTSIDE, &row.outside_round)
        .set("mode", &row.mode)
        .time("endsAt", row.ends_at)
        .set("ordinal", row.ordinal)
        .set("planNumber", &row.plan_number)
        .set("planDate", row.plan_date)
        .set("agenda", &row.agenda)
        .set("brief", &row.brief)
        .done()
}

/// A meeting is held by a council that exists on its day, for units that do. `fields` is what was written of it.
pub(super) fn check_day(
    reference: &Reference,
    row: &Model,
    links: &Links,
    fields: &Document,
) -> Result<(), Refused> {
    let council = reference
        .council(row.council_id)
        .ok_or(Refused::field(Code::NotFound, "councilId"))?;
    if let Some(id) = links.councils.iter().find(|id| reference.council(**id).is_none()) {
        return Err(links::refused(Code::NotFound, fields, "councilIds", id.0));
    }
    for unit in &links.units {
        let covered = std::iter::once(&row.council_id)
            .chain(&links.councils)
            .any(|council| council_covers(reference, *council, *unit));
        let known = reference.units.get(*unit);
        // Outside the constituency (on approval) any unit will do.
        if known.is_none() || !(covered || row.kind == "outside_constituency") {
            return Err(links::refused(Code::NotFound, fields, "unitIds", unit.0));
        }
    }
    let Some(starts_at) = row.starts_at else {
        return Ok(());
    };
    in_office(council, starts_at)?;
    let day = local_date(starts_at);
    let gone = links
        .units
        .iter()
        .filter_map(|unit| reference.units.get(*unit))
        .find(|unit| !existed(unit.valid_from, unit.valid_to, day));
    match gone {
        None => Ok(()),
        Some(unit) => Err(links::refused(Code::UnitNotInForce, fields, "unitIds", unit.id.0)),
    }
}

/// A council does nothing before it was established, nor after its end.
pub(super) fn in_office(council: &council::Model, starts_at: DateTime<Utc>) -> Result<(), Refused> {
    let day = local_date(starts_at);
    if day < council.valid_from {
        Err(Refused::field(Code::BeforeCouncil, "startsAt"))
    } else if council.valid_to.is_some_and(|end| day >= end) {
        Err(Refused::field(Code::OutOfRange, "startsAt"))
    } else {
        Ok(())
    }
}

/// The next step of a meeting.
pub(super) fn advance(row: &Model, event: Event, now: DateTime<Utc>) -> Result<Model, Refused> {
    let status = row
        .status
        .next(row.family, event)
        .ok_or(Refused::field(Code::InvalidState, "event"))?;
    let is_announced = matches!(event, Event::Notify | Event::Begin | Event::Hold);
    if is_announced && row.starts_at.is_none() {
        return Err(Refused::field(Code::Required, "startsAt"));
    }
    // Nothing has been held that has not begun.
    if matches!(event, Event::Begin | Event::Hold) && row.starts_at.is_some_and(|starts| starts > now) {
        return Err(Refused::field(Code::InvalidState, "event"));
    }
    Ok(Model {
        status,
        ..row.clone()
    })
}

/// An item of an agenda as it is to be.
#[derive(Clone, Debug)]
pub struct AgendaLine {
    pub title: String,
    /// The body that presents it.
    pub presenter: Option<String>,
}

/// Items of one agenda; the largest real session had 41.
const MOST_ITEMS: usize = 200;

/// The items of an agenda, cleaned.
pub(super) fn read_agenda(lines: &[AgendaLine]) -> Result<Vec<AgendaLine>, Refused> {
    if lines.len() > MOST_ITEMS {
        return Err(Refused::field(Code::LimitTooLarge, "items"));
    }
    let clean = |text: &str, most: usize| {
        let text = crate::text::clean(text).map_err(|code| Refused::field(code, "items"))?;
        if text.chars().count() > most {
            return Err(Refused::field(Code::TooLong, "items"));
        }
        Ok(text)
    };
    lines
        .iter()
        .map(|line| {
            let title = clean(&line.title, 1_000)?;
            if title.is_empty() {
                return Err(Refused::field(Code::Required, "items"));
            }
            let presenter = line
                .presenter
                .as_deref()
                .map(|text| clean(text, 200))
                .transpose()?;
            Ok(AgendaLine {
                title,
                presenter: presenter.filter(|text| !text.is_empty()),
            })
        })
        .collect()
}

/// The rows of an agenda. An item keeps its id as long as it keeps its place.
pub(super) fn agenda_rows(
    meeting: MeetingId,
    before: &[agenda_item::Model],
    lines: Vec<AgendaLine>,
    mut new_id: impl FnMut() -> AgendaItemId,
) -> Vec<agenda_item::Model> {
    lines
        .into_iter()
        .zip(1..)
        .map(|(line, position)| agenda_item::Model {
            id: before
                .iter()
                .find(|item| item.position == position)
                .map_or_else(&mut new_id, |item| item.id),
            meeting_id: meeting,
            position,
            title: line.title,
            presenter: line.presenter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTACT: &[(Status, Event, Status)] = {
        use Event as E;
        use Status as S;
        &[
            (S::Proposed, E::Approve, S::Approved),
            (S::Proposed, E::Postpone, S::Postponed),
            (S::Proposed, E::Cancel, S::Cancelled),
            (S::Approved, E::Notify, S::Notified),
            (S::Approved, E::Hold, S::Held),
            (S::Approved, E::Postpone, S::Postponed),
            (S::Approved, E::Cancel, S::Cancelled),
            (S::Notified, E::Hold, S::Held),
            (S::Notified, E::Postpone, S::Postponed),
            (S::Notified, E::Cancel, S::Cancelled),
            (S::DocumentsSent, E::Postpone, S::Postponed),
            (S::DocumentsSent, E::Cancel, S::Cancelled),
            (S::Postponed, E::Approve, S::Approved),
            (S::Postponed, E::Notify, S::Notified),
            (S::Postponed, E::Cancel, S::Cancelled),
            (S::Held, E::DraftMinutes, S::MinutesDrafted),
            (S::Held, E::SignMinutes, S::MinutesSigned),
            (S::MinutesDrafted, E::SignMinutes, S::MinutesSigned),
            (S::MinutesSigned, E::Synthesise, S::Synthesised),
            (S::MinutesSigned, E::Report, S::Reported),
            (S::Synthesised, E::Report, S::Reported),
            (S::Reported, E::InformResults, S::ResultsInformed),
        ]
    };

    const SESSION: &[(Status, Event, Status)] = {
        use Event as E;
        use Status as S;
        &[
            (S::Proposed, E::Approve, S::Approved),
            (S::Proposed, E::Postpone, S::Postponed),
            (S::Proposed, E::Cancel, S::Cancelled),
            (S::Approved, E::Notify, S::Notified),
            (S::Approved, E::Postpone, S::Postponed),
            (S::Approved, E::Cancel, S::Cancelled),
            (S::Notified, E::SendDocuments, S::DocumentsSent),
            (S::Notified, E::Begin, S::Open),
            (S::Notified, E::Postpone, S::Postponed),
            (S::Notified, E::Cancel, S::Cancelled),
            (S::DocumentsSent, E::Begin, S::Open),
            (S::DocumentsSent, E::Postpone, S::Postponed),
            (S::DocumentsSent, E::Cancel, S::Cancelled),
            (S::Open, E::Suspend, S::Suspended),
            (S::Open, E::Hold, S::Held),
            (S::Suspended, E::Begin, S::Open),
            (S::Postponed, E::Approve, S::Approved),
            (S::Postponed, E::Notify, S::Notified),
            (S::Postponed, E::Cancel, S::Cancelled),
            (S::Held, E::DraftMinutes, S::MinutesDrafted),
            (S::Held, E::SignMinutes, S::MinutesSigned),
            (S::MinutesDrafted, E::SignMinutes, S::MinutesSigned),
            (S::MinutesSigned, E::Synthesise, S::Synthesised),
            (S::MinutesSigned, E::Report, S::Reported),
            (S::Synthesised, E::Report, S::Reported),
            (S::Reported, E::InformResults, S::ResultsInformed),
        ]
    };

    #[test]
    fn every_state_and_event_of_both_families_is_decided() {
        for (family, table) in [(Family::Contact, CONTACT), (Family::Session, SESSION)] {
            for status in Status::ALL {
                for event in Event::ALL {
                    let expected = table
                        .iter()
                        .find(|(from, by, _)| from == status && by == event)
                        .map(|(.., to)| *to);
                    assert_eq!(
                        status.next(family, *event),
                        expected,
                        "{family:?} {status:?} {event:?}"
                    );
                }
            }
        }
    }

    /// The states that a family knows at all.
    fn legal(family: Family, status: Status) -> bool {
        family == Family::Session
            || !matches!(status, Status::DocumentsSent | Status::Open | Status::Suspended)
    }

    proptest! {
        #[test]
        fn no_sequence_leaves_the_legal_states(
            session in any::<bool>(),
            events in proptest::collection::vec(0..Event::ALL.len(), 0..60),
        ) {
            let family = if session { Family::Session } else { Family::Contact };
            let mut status = Status::Proposed;
            let mut closed = false;
            for event in events {
                if let Some(next) = status.next(family, Event::ALL[event]) {
                    status = next;
                }
                prop_assert!(legal(family, status));
                // Signed minutes are records: nothing leads back behind them.
                prop_assert!(!closed || status.is_closed());
                closed = status.is_closed();
            }
        }
    }

    #[test]
    fn own_contacts_follow_the_clock() {
        let now: DateTime<Utc> = "2026-11-20T08:00:00Z".parse().unwrap();
        let (past, future) = (now - chrono::Duration::hours(1), now + chrono::Duration::hours(1));
        for (before, starts, expected) in [
            (None, past, Some(Status::Held)),
            (None, future, Some(Status::Notified)),
            (Some(Status::Notified), past, Some(Status::Held)),
            (Some(Status::Notified), future, Some(Status::Notified)),
            (Some(Status::Held), past, Some(Status::Held)),
            (Some(Status::Held), future, None),
            (Some(Status::MinutesDrafted), past, Some(Status::MinutesDrafted)),
            (Some(Status::MinutesSigned), past, None),
            (Some(Status::Cancelled), past, None),
        ] {
            assert_eq!(own_status(before, starts, now), expected, "{before:?} {starts}");
        }
    }
}
