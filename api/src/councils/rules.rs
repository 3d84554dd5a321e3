//! What makes a council and its parts valid. Pure.

use chrono::{Datelike, NaiveDate};
use entity::{
    council::Model,
    id::{CouncilId, UnitId},
    unit,
};

use crate::{
    error::{Code, Refused},
    store::reference::existed,
    text,
};

/// A council that is to be entered.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Made by the client; entered again with the same content it changes nothing.
    pub id: Option<CouncilId>,
    pub unit: UnitId,
    /// Made from the unit's name when absent.
    pub name: Option<String>,
    pub term: String,
    pub ordinal: i32,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
}

/// A committee or delegate group that is to be entered.
#[derive(Clone, Debug)]
pub struct Part {
    pub council: CouncilId,
    pub name: String,
    /// The council's first day when absent.
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

fn name(raw: &str) -> Result<String, Refused> {
    text::required(raw, 200).map_err(|code| Refused::field(code, "name"))
}

/// A new council among those of its unit. Its unit must exist on its first day, and no council outlives its unit.
pub(super) fn create<'a>(
    id: CouncilId,
    draft: &Draft,
    unit: &unit::Model,
    others: impl Iterator<Item = &'a Model>,
) -> Result<Model, Refused> {
    if !existed(unit.valid_from, unit.valid_to, draft.valid_from) {
        return Err(Refused::field(Code::UnitNotInForce, "validFrom"));
    }
    let valid_to = draft.valid_to.or(unit.valid_to);
    if valid_to
        .zip(unit.valid_to)
        .is_some_and(|(to, unit_ends)| to > unit_ends)
    {
        return Err(Refused::field(Code::UnitNotInForce, "validTo"));
    }
    if !is_term(&draft.term) {
        return Err(Refused::field(Code::InvalidValue, "term"));
    }
    if !(1..=100).contains(&draft.ordinal) {
        return Err(Refused::field(Code::OutOfRange, "ordinal"));
    }
    let row = Model {
        id,
        unit_id: unit.id,
        level: unit.level.clone(),
        name: match &draft.name {
            Some(raw) => name(raw)?,
            None => usual_name(&unit.name),
        },
        term: draft.term.clone(),
        ordinal: draft.ordinal,
        valid_from: draft.valid_from,
        valid_to,
        rev: 0,
    };
    check(&row, others)?;
    Ok(row)
}

/// The council with another name or end.
pub(super) fn amend<'a>(
    before: &Model,
    new_name: Option<&str>,
    valid_to: Option<Option<NaiveDate>>,
    others: impl Iterator<Item = &'a Model>,
) -> Result<Model, Refused> {
    let mut row = before.clone();
    if let Some(raw) = new_name {
        row.name = name(raw)?;
    }
    row.valid_to = valid_to.unwrap_or(row.valid_to);
    check(&row, others)?;
    Ok(row)
}

/// A unit has one council at a time.
fn check<'a>(row: &Model, mut others: impl Iterator<Item = &'a Model>) -> Result<(), Refused> {
    if row.valid_to.is_some_and(|to| to <= row.valid_from) {
        return Err(Refused::field(Code::OutOfRange, "validTo"));
    }
    let overlaps = |other: &Model| {
        other.id != row.id
            && other.unit_id == row.unit_id
            && other.valid_to.is_none_or(|to| row.valid_from < to)
            && row.valid_to.is_none_or(|to| other.valid_from < to)
    };
    if others.any(overlaps) {
        return Err(Refused::field(Code::Taken, "validFrom"));
    }
    Ok(())
}

/// `2021-2026`: two years, the second after the first.
fn is_term(term: &str) -> bool {
    let year = |text: &str| (text.len() == 4).then(|| text.parse::<u16>().ok()).flatten();
    term.split_once('-')
        .and_then(|(from, to)| year(from).zip(year(to)))
        .is_some_and(|(from, to)| (1945..2100).contains(&from) && from < to && to - from <= 10)
}

/// "Hội đồng nhân dân xã Tân Hưng" of "Xã Tân Hưng".
fn usual_name(unit: &str) -> String {
    let mut letters = unit.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
    format!("Hội đồng nhân dân {first}{}", letters.as_str())
}

/// Whether a time lies within the council's.
pub(crate) fn within(council: &Model, from: NaiveDate, to: Option<NaiveDate>) -> Result<(), Refused> {
    if from < council.valid_from {
        return Err(Refused::field(Code::BeforeCouncil, "validFrom"));
    }
    if council.valid_to.is_some_and(|end| from >= end) || !(1945..2100).contains(&from.year()) {
        return Err(Refused::field(Code::OutOfRange, "validFrom"));
    }
    if to.is_some_and(|to| to <= from || council.valid_to.is_some_and(|end| to > end)) {
        return Err(Refused::field(Code::OutOfRange, "validTo"));
    }
    Ok(())
}

/// Name and first day of a committee or group. Names are data, and one council has each but once.
pub(super) fn part<'a>(
    part: &Part,
    council: &Model,
    mut others: impl Iterator<Item = (CouncilId, &'a str)>,
) -> Result<(String, NaiveDate), Refused> {
    let name = name(&part.name)?;
    let from = part.valid_from.unwrap_or(council.valid_from);
    within(council, from, part.valid_to)?;
    let key = text::mark_fold(&name);
    if others.any(|(of, other)| of == council.id && text::mark_fold(other) == key) {
        return Err(Refused::field(Code::Taken, "name"));
    }
    Ok((name, from))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn commune() -> unit::Model {
        unit::Model {
            id: UnitId(Uuid::from_u128(1)),
            code: "27736".into(),
            name: "Xã Vĩnh Thạnh".into(),
            level: "commune".into(),
            kind: "commune".into(),
            parent_id: None,
            valid_from: Some(day("2025-07-01")),
            valid_to: None,
            rev: 1,
        }
    }

    fn district() -> unit::Model {
        unit::Model {
            name: "Huyện Tân Hưng".into(),
            level: "district".into(),
            valid_from: None,
            valid_to: Some(day("2025-07-01")),
            ..commune()
        }
    }

    fn draft(term: &str, from: &str, to: Option<&str>) -> Draft {
        Draft {
            id: None,
            unit: commune().id,
            name: None,
            term: term.into(),
            ordinal: 1,
            valid_from: day(from),
            valid_to: to.map(day),
        }
    }

    fn made(unit: &unit::Model, draft: &Draft) -> Model {
        create(CouncilId(Uuid::from_u128(7)), draft, unit, [].iter()).unwrap()
    }

    #[test]
    fn what_may_be_entered() {
        let term = "2021-2026";
        let first = [made(&commune(), &draft(term, "2025-07-01", Some("2026-03-30")))];
        let id = CouncilId(Uuid::from_u128(8));
        for (unit, term, from, to, expected) in [
            (commune(), "2026-2031", "2026-03-30", None, None),
            (
                commune(),
                "2026-2031",
                "2026-03-29",
                None,
                Some((Code::Taken, "validFrom")),
            ),
            (
                commune(),
                term,
                "2025-06-30",
                None,
                Some((Code::UnitNotInForce, "validFrom")),
            ),
            (
                commune(),
                term,
                "2026-03-30",
                Some("2026-03-30"),
                Some((Code::OutOfRange, "validTo")),
            ),
            (
                commune(),
                "2026",
                "2026-03-30",
                None,
                Some((Code::InvalidValue, "term")),
            ),
            (
                commune(),
                "2031-2026",
                "2026-03-30",
                None,
                Some((Code::InvalidValue, "term")),
            ),
            (
                commune(),
                "26-31",
                "2026-03-30",
                None,
                Some((Code::InvalidValue, "term")),
            ),
            (district(), term, "2021-06-30", Some("2025-07-01"), None),
            (
                district(),
                term,
                "2021-06-30",
                Some("2025-07-02"),
                Some((Code::UnitNotInForce, "validTo")),
            ),
            (
                district(),
                term,
                "2025-07-01",
                None,
                Some((Code::UnitNotInForce, "validFrom")),
            ),
        ] {
            let refused = create(id, &draft(term, from, to), &unit, first.iter()).err();
            let expected = expected.map(|(code, field)| Refused::field(code, field));
            assert_eq!(refused, expected, "{term} {from} {to:?}");
        }
        for ordinal in [0, 101, -1] {
            let odd = Draft {
                ordinal,
                ..draft("2026-2031", "2026-03-30", None)
            };
            let refused = create(id, &odd, &commune(), [].iter()).unwrap_err();
            assert_eq!(refused, Refused::field(Code::OutOfRange, "ordinal"));
        }
    }

    #[test]
    fn names_and_ends_follow_from_the_unit() {
        let council = made(&district(), &draft("2021-2026", "2021-06-30", None));
        assert_eq!(council.name, "Hội đồng nhân dân huyện Tân Hưng");
        assert_eq!(
            (council.level.as_str(), council.valid_to),
            ("district", Some(day("2025-07-01")))
        );
        assert_eq!(
            usual_name("Đặc khu Phú Quốc"),
            "Hội đồng nhân dân đặc khu Phú Quốc"
        );
    }

    #[test]
    fn parts_live_within_their_council() {
        let council = made(&commune(), &draft("2021-2026", "2025-07-01", Some("2026-03-30")));
        let taken = [
            (council.id, "Ban Pháp chế"),
            (CouncilId(Uuid::from_u128(9)), "Ban Kinh tế"),
        ];
        for (name, from, to, expected) in [
            ("Ban Kinh tế", None, None, Ok("2025-07-01")),
            (
                "Ban Kinh tế",
                Some("2026-03-29"),
                Some("2026-03-30"),
                Ok("2026-03-29"),
            ),
            (
                "Ban Kinh tế",
                Some("2025-06-30"),
                None,
                Err((Code::BeforeCouncil, "validFrom")),
            ),
            (
                "Ban Kinh tế",
                Some("2026-03-30"),
                None,
                Err((Code::OutOfRange, "validFrom")),
            ),
            (
                "Ban Kinh tế",
                None,
                Some("2026-03-31"),
                Err((Code::OutOfRange, "validTo")),
            ),
            (
                "Ban Kinh tế",
                None,
                Some("2025-07-01"),
                Err((Code::OutOfRange, "validTo")),
            ),
            ("ban pháp chế", None, None, Err((Code::Taken, "name"))),
            ("", None, None, Err((Code::Required, "name"))),
        ] {
            let draft = Part {
                council: council.id,
                name: name.into(),
                valid_from: from.map(day),
                valid_to: to.map(day),
            };
            let found = part(&draft, &council, taken.into_iter()).map(|(_, from)| from);
            let expected = expected
                .map(day)
                .map_err(|(code, field)| Refused::field(code, field));
            assert_eq!(found, expected, "{name} {from:?} {to:?}");
        }
    }
}
