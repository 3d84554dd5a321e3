//! The rules of resolutions: pure, from rows and fields to rows or a refusal.

use chrono::{Datelike, NaiveDate};
use entity::{
    council, meeting,
    resolution::{Effect, Event, Model},
};

use super::number::OfficialNumber;
use crate::{
    error::{Code, Refused},
    store::{
        collection::{Document, DocumentWriter},
        writing::{Reader, Stop},
    },
};

const FIELDS: &[&str] = &[
    "sessionId",
    "byStandingCommittee",
    "rawNumber",
    "kind",
    "title",
    "text",
    "issuedOn",
    "inForceFrom",
    "inForceTo",
    "votesFor",
    "votesAgainst",
    "votesAbstained",
    "delegatesPresent",
    "delegatesTotal",
    "isPublic",
];

/// The longest text of a resolution with its annexes, in characters.
const LONGEST_TEXT: usize = 500_000;

/// The longest number as written.
const LONGEST_NUMBER: usize = 200;

/// Reads what the office enters.
pub(super) fn read_fields(row: &mut Model, fields: &Document) -> Result<(), Stop> {
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut reader = Reader::new(fields);
    reader.only(FIELDS);
    reader.id("sessionId", &mut row.session_id);
    let mut by_standing_committee = Some(row.by_standing_committee);
    reader.flag("byStandingCommittee", &mut by_standing_committee);
    let mut raw_number = filled(&row.raw_number);
    reader.text("rawNumber", &mut raw_number, LONGEST_NUMBER);
    let mut kind = filled(&row.kind);
    reader.code("kind", "resolution_kind", &mut kind);
    let mut title = filled(&row.title);
    reader.text("title", &mut title, 2_000);
    reader.text("text", &mut row.text, LONGEST_TEXT);
    reader.date("issuedOn", &mut row.issued_on);
    reader.date("inForceFrom", &mut row.in_force_from);
    reader.date("inForceTo", &mut row.in_force_to);
    reader.count("votesFor", &mut row.votes_for);
    reader.count("votesAgainst", &mut row.votes_against);
    reader.count("votesAbstained", &mut row.votes_abstained);
    reader.count("delegatesPresent", &mut row.delegates_present);
    reader.count("delegatesTotal", &mut row.delegates_total);
    let mut is_public = Some(row.is_public);
    reader.flag("isPublic", &mut is_public);
    for (field, absent) in [
        ("rawNumber", raw_number.is_none()),
        ("kind", kind.is_none()),
        ("title", title.is_none()),
    ] {
        if absent && !reader.is_wrong(field) {
            reader.wrong(Code::Required, field);
        }
    }
    row.by_standing_committee = by_standing_committee.unwrap_or_default();
    row.raw_number = raw_number.unwrap_or_default();
    row.kind = kind.unwrap_or_default();
    row.title = title.unwrap_or_default();
    row.is_public = is_public.unwrap_or_default();
    number(row, &mut reader);
    for (field, in_order) in [
        ("inForceFrom", ordered(row.issued_on, row.in_force_from)),
        (
            "inForceTo",
            ordered(row.in_force_from.or(row.issued_on), row.in_force_to),
        ),
        ("delegatesPresent", votes_fit(row)),
        ("delegatesTotal", fits(row.delegates_present, row.delegates_total)),
    ] {
        if !in_order && !reader.is_wrong(field) {
            reader.wrong(Code::OutOfRange, field);
        }
    }
    reader.finish()
}

/// What the number as written says. One that cannot be read is kept as it is and has no key.
fn number(row: &mut Model, reader: &mut Reader<'_>) {
    let parsed = OfficialNumber::parse(&row.raw_number);
    let printed = parsed.as_ref().and_then(|number| number.year).map(i32::from);
    row.number = parsed.as_ref().map(ToString::to_string);
    row.number_key = parsed.as_ref().map(OfficialNumber::key);
    match printed.or(row.issued_on.map(|day| day.year())) {
        Some(year) => row.year = year,
        // Numbers begin anew every year: without one nobody knows which resolution it is.
        None if !reader.is_wrong("issuedOn") => reader.wrong(Code::Required, "issuedOn"),
        None => {}
    }
}

/// The key by which a number is unique, and its year, as a write will have them.
pub(super) fn number_of(fields: &Document, before: Option<&Model>) -> Option<(i32, String)> {
    let text = |name: &str| fields.get(name).and_then(|value| value.as_str());
    let raw = text("rawNumber").or(before.map(|row| row.raw_number.as_str()))?;
    let number = OfficialNumber::parse(&crate::text::clean(raw).ok()?)?;
    let issued = match fields.get("issuedOn") {
        Some(_) => text("issuedOn").and_then(crate::store::writing::parse_date),
        None => before.and_then(|row| row.issued_on),
    };
    let year = number.year.map(i32::from).or(issued.map(|day| day.year()))?;
    Some((year, number.key()))
}

fn ordered(earlier: Option<NaiveDate>, later: Option<NaiveDate>) -> bool {
    earlier.is_none_or(|earlier| later.is_none_or(|later| earlier <= later))
}

fn fits(part: Option<i32>, whole: Option<i32>) -> bool {
    part.is_none_or(|part| whole.is_none_or(|whole| part <= whole))
}

/// For, against and abstained are no more than those present (or, where nobody counted them, the whole council).
fn votes_fit(row: &Model) -> bool {
    let cast: i32 = [row.votes_for, row.votes_against, row.votes_abstained]
        .into_iter()
        .flatten()
        .sum();
    fits(Some(cast), row.delegates_present.or(row.delegates_total))
}

/// All that the office enters, in the spelling of the wire: for comparing, and for history.
pub(super) fn entered(row: &Model) -> Document {
    DocumentWriter::default()
        .set("sessionId", row.session_id)
        .set("byStandingCommittee", row.by_standing_committee)
        .set("rawNumber", &row.raw_number)
        .set("kind", &row.kind)
        .set("title", &row.title)
        .set("text", &row.text)
        .set("issuedOn", row.issued_on)
        .set("inForceFrom", row.in_force_from)
        .set("inForceTo", row.in_force_to)
        .set("votesFor", row.votes_for)
        .set("votesAgainst", row.votes_against)
        .set("votesAbstained", row.votes_abstained)
        .set("delegatesPresent", row.delegates_present)
        .set("delegatesTotal", row.delegates_total)
        .set("isPublic", row.is_public)
        .done()
}

/// A council issues nothing before it was established, nor after its end, nor in days to come; its numbers are of its
/// years, and nothing of it holds before there was a council. Only its own sessions pass resolutions.
pub(super) fn check_issuer(
    row: &Model,
    council: &council::Model,
    session: Option<&meeting::Model>,
    takes_part: bool,
    today: NaiveDate,
) -> Result<(), Refused> {
    let refused = |code, field| Err(Refused::field(code, field));
    let end = council.valid_to.and_then(|end| end.pred_opt());
    let last = end.map_or(today, |end| end.min(today));
    match row.issued_on {
        Some(day) if day < council.valid_from => return refused(Code::BeforeCouncil, "issuedOn"),
        Some(day) if day > last => return refused(Code::OutOfRange, "issuedOn"),
        // A number is of the year in which it was given.
        Some(day) if day.year() != row.year => return refused(Code::OutOfRange, "rawNumber"),
        None if row.year < council.valid_from.year() => return refused(Code::BeforeCouncil, "rawNumber"),
        None if row.year > last.year() => return refused(Code::OutOfRange, "rawNumber"),
        _ => {}
    }
    for (field, day) in [("inForceFrom", row.in_force_from), ("inForceTo", row.in_force_to)] {
        if day.is_some_and(|day| day < council.valid_from) {
            return refused(Code::BeforeCouncil, field);
        }
    }
    if row.session_id.is_some() {
        let session = session.ok_or(Refused::field(Code::NotFound, "sessionId"))?;
        if session.family != meeting::Family::Session || !takes_part {
            return Err(Refused::field(Code::NotFound, "sessionId"));
        }
    }
    Ok(())
}

/// The effect that a new resolution's dates give it.
pub(super) fn first_effect(row: &Model, today: NaiveDate) -> Effect {
    match (row.in_force_from, row.in_force_to) {
        (_, Some(end)) if end <= today => Effect::Expired,
        (Some(begin), _) if begin <= today => Effect::InForce,
        _ => Effect::NotYet,
    }
}

/// A step of a resolution's effect, and the dates that it tells.
pub(super) fn step(row: &Model, event: Event, on: NaiveDate) -> Result<Model, Refused> {
    let effect = row
        .effect
        .next(event)
        .ok_or(Refused::field(Code::InvalidState, "event"))?;
    let mut row = Model {
        effect,
        ..row.clone()
    };
    match event {
        Event::ComeIntoForce => row.in_force_from = Some(on),
        Event::Replace | Event::Annul | Event::Expire => row.in_force_to = Some(on),
        Event::ExpirePartly | Event::Suspend | Event::Resume => {}
    }
    let begun = row.in_force_from.or(row.issued_on);
    // One that never came into force may be annulled on any day.
    if row.in_force_to.is_some() && !ordered(begun, row.in_force_to) {
        if event == Event::Expire {
            return Err(Refused::field(Code::OutOfRange, "on"));
        }
        row.in_force_to = begun;
    }
    if event == Event::ComeIntoForce && !ordered(row.issued_on, row.in_force_from) {
        return Err(Refused::field(Code::OutOfRange, "on"));
    }
    Ok(row)
}

/// What the dates of a resolution have brought about until today and its effect does not yet tell, in order.
pub(super) fn dated(row: &Model, today: NaiveDate) -> Vec<(Event, NaiveDate)> {
    let reached = |day: Option<NaiveDate>| day.filter(|day| *day <= today);
    let mut steps = Vec::new();
    let mut effect = row.effect;
    if let (Effect::NotYet, Some(on)) = (effect, reached(row.in_force_from)) {
        steps.push((Event::ComeIntoForce, on));
        effect = Effect::InForce;
    }
    if let (Effect::InForce | Effect::Partly | Effect::Suspended, Some(on)) =
        (effect, reached(row.in_force_to))
    {
        steps.push((Event::Expire, on));
    }
    steps
}

/// How one resolution bears on another.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    Amends,
    Replaces,
    Annuls,
    Suspends,
    Implements,
}

impl Relation {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Amends,
        Self::Replaces,
        Self::Annuls,
        Self::Suspends,
        Self::Implements,
    ];

    /// The code of the list `resolution_relation`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Amends => "amends",
            Self::Replaces => "replaces",
            Self::Annuls => "annuls",
            Self::Suspends => "suspends",
            Self::Implements => "implements",
        }
    }

    /// The relation with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|relation| relation.code() == code)
    }

    /// What happens to the other's effect, and in which state that leaves it.
    fn moves(self) -> Option<(Event, Effect)> {
        match self {
            Self::Replaces => Some((Event::Replace, Effect::Replaced)),
            Self::Annuls => Some((Event::Annul, Effect::Annulled)),
            Self::Suspends => Some((Event::Suspend, Effect::Suspended)),
            Self::Amends | Self::Implements => None,
        }
    }

    /// Whether it touches the other resolution, rather than only building on it.
    pub(super) fn touches(self) -> bool {
        self != Self::Implements
    }
}

/// Whether a resolution already does what it says about others: not before it is in force itself.
pub(super) fn acts(row: &Model, today: NaiveDate) -> bool {
    match row.effect {
        Effect::InForce | Effect::Partly => true,
        // A date that nobody entered delays nothing.
        Effect::NotYet => row.in_force_from.is_none_or(|from| from <= today),
        Effect::Suspended | Effect::Replaced | Effect::Annulled | Effect::Expired => false,
    }
}

/// What a relation makes of the other resolution; nothing if it leaves it as it is.
pub(super) fn moved(
    other: &Model,
    relation: Relation,
    on: NaiveDate,
) -> Result<Option<(Event, Model)>, Refused> {
    match relation.moves() {
        None => Ok(None),
        Some((_, done)) if other.effect == done => Ok(None),
        Some((event, _)) => step(other, event, on)
            .map(|row| Some((event, row)))
            .map_err(|_| Refused::field(Code::InvalidState, "edges")),
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
