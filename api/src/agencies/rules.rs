//! What makes an agency valid. Pure.

use chrono::NaiveDate;
use entity::{
    agency::Model,
    id::{AgencyId, UnitId},
    unit,
};

use crate::{
    codes,
    error::{Code, Refused},
    store::reference::existed,
    text,
};

/// An agency that is to be entered.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Made by the client; entered again with the same content it changes nothing.
    pub id: Option<AgencyId>,
    pub name: String,
    pub kind: String,
    pub unit: UnitId,
    pub official_code: Option<String>,
    pub hotline: Option<String>,
    pub email: Option<String>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// What is to change; what is absent stays, an inner nothing clears.
#[derive(Clone, Debug, Default)]
pub struct Amendment {
    pub name: Option<String>,
    pub official_code: Option<Option<String>>,
    pub hotline: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub successor: Option<Option<AgencyId>>,
    pub valid_to: Option<Option<NaiveDate>>,
}

fn name(raw: &str) -> Result<String, Refused> {
    text::required(raw, 300).map_err(|code| Refused::field(code, "name"))
}

fn official_code(raw: Option<&str>) -> Result<Option<String>, Refused> {
    raw.map(|raw| text::required(raw, 50).map_err(|code| Refused::field(code, "officialCode")))
        .transpose()
}

/// How a body is reached, as it publishes it itself.
fn reached(raw: Option<&str>, field: &'static str) -> Result<Option<String>, Refused> {
    raw.map(|raw| text::required(raw, 200).map_err(|code| Refused::field(code, field)))
        .transpose()
}

/// A new agency among those of its unit.
pub(super) fn create<'a>(
    id: AgencyId,
    draft: &Draft,
    unit: &unit::Model,
    others: impl Iterator<Item = &'a Model>,
) -> Result<Model, Refused> {
    codes::find("agency_kind", &draft.kind).ok_or(Refused::field(Code::UnknownCode, "kind"))?;
    // An agency older than the lists may belong to a unit of any time.
    if draft
        .valid_from
        .is_some_and(|from| !existed(unit.valid_from, unit.valid_to, from))
    {
        return Err(Refused::field(Code::UnitNotInForce, "validFrom"));
    }
    let row = Model {
        id,
        name: name(&draft.name)?,
        kind: draft.kind.clone(),
        unit_id: draft.unit,
        official_code: official_code(draft.official_code.as_deref())?,
        hotline: reached(draft.hotline.as_deref(), "hotline")?,
        email: reached(draft.email.as_deref(), "email")?,
        // Follows from the roles that are given at the agency.
        has_account: false,
        successor_id: None,
        valid_from: draft.valid_from,
        valid_to: draft.valid_to,
        rev: 0,
    };
    check(&row, others)?;
    Ok(row)
}

/// Whether an agency that is entered again is the one that was entered.
pub(super) fn is_same(before: &Model, row: &Model) -> bool {
    let again = Model {
        has_account: before.has_account,
        rev: before.rev,
        ..row.clone()
    };
    again == *before
}

/// The agency as it shall be. `agency` finds others, to follow who succeeds whom.
pub(super) fn amend<'a>(
    before: &Model,
    amendment: &Amendment,
    others: impl Iterator<Item = &'a Model>,
    agency: impl Fn(AgencyId) -> Option<&'a Model>,
) -> Result<Model, Refused> {
    let mut row = before.clone();
    if let Some(raw) = &amendment.name {
        row.name = name(raw)?;
    }
    if let Some(code) = &amendment.official_code {
        row.official_code = official_code(code.as_deref())?;
    }
    if let Some(hotline) = &amendment.hotline {
        row.hotline = reached(hotline.as_deref(), "hotline")?;
    }
    if let Some(email) = &amendment.email {
        row.email = reached(email.as_deref(), "email")?;
    }
    row.valid_to = amendment.valid_to.unwrap_or(row.valid_to);
    row.successor_id = amendment.successor.unwrap_or(row.successor_id);
    check(&row, others)?;
    let Some(successor) = row.successor_id else {
        return Ok(row);
    };
    if row.valid_to.is_none() {
        return Err(Refused::field(Code::Required, "validTo"));
    }
    let mut next = Some(agency(successor).ok_or(Refused::field(Code::NotFound, "successorId"))?);
    while let Some(heir) = next {
        if heir.id == row.id {
            return Err(Refused::field(Code::InvalidValue, "successorId"));
        }
        next = heir.successor_id.and_then(&agency);
    }
    Ok(row)
}

fn check<'a>(row: &Model, mut others: impl Iterator<Item = &'a Model>) -> Result<(), Refused> {
    if row
        .valid_to
        .is_some_and(|to| row.valid_from.is_some_and(|from| to <= from))
    {
        return Err(Refused::field(Code::OutOfRange, "validTo"));
    }
    let key = text::mark_fold(&row.name);
    let is_twin = |other: &Model| {
        other.id != row.id
            && other.unit_id == row.unit_id
            && starts_before(row.valid_from, other.valid_to)
            && starts_before(other.valid_from, row.valid_to)
            && text::mark_fold(&other.name) == key
    };
    if others.any(is_twin) {
        return Err(Refused::field(Code::Taken, "name"));
    }
    Ok(())
}

/// Whether what begins on `from` (none: ever) begins before another thing ends on `to` (none: never).
fn starts_before(from: Option<NaiveDate>, to: Option<NaiveDate>) -> bool {
    from.zip(to).is_none_or(|(from, to)| from < to)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    fn id(number: u128) -> AgencyId {
        AgencyId(Uuid::from_u128(number))
    }

    fn unit() -> unit::Model {
        unit::Model {
            id: UnitId(Uuid::from_u128(1)),
            code: "01".into(),
            name: "Tỉnh A".into(),
            level: "province".into(),
            kind: "province".into(),
            parent_id: None,
            valid_from: day("2025-07-01"),
            valid_to: None,
            rev: 1,
        }
    }

    fn draft(name: &str, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Draft {
        Draft {
            id: None,
            name: name.into(),
            kind: "department".into(),
            unit: unit().id,
            official_code: None,
            hotline: None,
            email: None,
            valid_from: from,
            valid_to: to,
        }
    }

    fn made(number: u128, name: &str, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Model {
        create(id(number), &draft(name, from, to), &unit(), [].iter()).unwrap()
    }

    #[test]
    fn what_may_be_entered() {
        let others = [made(1, "Sở Xây dựng", day("2025-07-01"), day("2026-01-01"))];
        for (name, from, to, expected) in [
            ("Sở Nội vụ", day("2025-07-01"), None, None),
            ("Sở Nội vụ", None, None, None),
            ("  ", None, None, Some((Code::Required, "name"))),
            (
                "Sở Nội vụ",
                day("2025-06-30"),
                None,
                Some((Code::UnitNotInForce, "validFrom")),
            ),
            (
                "Sở Nội vụ",
                day("2025-07-01"),
                day("2025-07-01"),
                Some((Code::OutOfRange, "validTo")),
            ),
            (
                "sở xây dựng",
                day("2025-12-31"),
                None,
                Some((Code::Taken, "name")),
            ),
            ("Sở Xây dựng", None, None, Some((Code::Taken, "name"))),
            ("Sở Xây dựng", day("2026-01-01"), None, None),
        ] {
            let refused = create(id(9), &draft(name, from, to), &unit(), others.iter()).err();
            let expected = expected.map(|(code, field)| Refused::field(code, field));
            assert_eq!(refused, expected, "{name} {from:?} {to:?}");
        }
        let odd = Draft {
            kind: "ministry".into(),
            ..draft("Bộ", None, None)
        };
        let refused = create(id(9), &odd, &unit(), [].iter()).unwrap_err();
        assert_eq!(refused, Refused::field(Code::UnknownCode, "kind"));
    }

    #[test]
    fn what_is_owed_passes_on_and_never_round() {
        let mut all = [
            made(1, "Sở A", None, None),
            made(2, "Sở B", None, None),
            made(3, "Sở C", None, None),
        ];
        let heir = |number, end| Amendment {
            successor: Some(Some(id(number))),
            valid_to: Some(end),
            ..Amendment::default()
        };
        let end = day("2026-01-01");
        for (from, to, end, expected) in [
            (0, 2, None, Some((Code::Required, "validTo"))),
            (0, 1, end, Some((Code::InvalidValue, "successorId"))),
            (0, 9, end, Some((Code::NotFound, "successorId"))),
            (0, 2, end, None),
            (1, 3, end, None),
            (2, 1, end, Some((Code::InvalidValue, "successorId"))),
        ] {
            let find = |id| all.iter().find(|agency| agency.id == id);
            match (amend(&all[from], &heir(to, end), all.iter(), find), expected) {
                (Ok(row), None) => all[from] = row,
                (Err(refused), Some((code, field))) => assert_eq!(refused, Refused::field(code, field)),
                other => panic!("{from} {to} {other:?}"),
            }
        }
        let cleared = Amendment {
            successor: Some(None),
            valid_to: Some(None),
            ..Amendment::default()
        };
        let row = amend(&all[0], &cleared, all.iter(), |_| None).unwrap();
        assert_eq!(row, made(1, "Sở A", None, None));
    }
}
