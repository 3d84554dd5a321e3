//! What makes a mandate valid. Pure.

use chrono::NaiveDate;
use entity::{
    council,
    delegate::Model,
    id::{AccountId, CouncilId, DelegateId, GroupId, UnitId},
    unit,
};

use crate::{
    councils,
    error::{Code, Refused},
    text,
};

/// A mandate that is to be entered.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Made by the client; entered again with the same content it changes nothing.
    pub id: Option<DelegateId>,
    pub council: CouncilId,
    pub group: Option<GroupId>,
    pub name: String,
    pub full_time: bool,
    pub account: Option<AccountId>,
    /// The constituency (đơn vị bầu cử); empty means the council's whole unit.
    pub units: Vec<UnitId>,
    /// The council's first day when absent.
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// What is to change; what is absent stays, an inner nothing clears.
#[derive(Clone, Debug, Default)]
pub struct Amendment {
    pub name: Option<String>,
    pub group: Option<Option<GroupId>>,
    pub account: Option<Option<AccountId>>,
    pub full_time: Option<bool>,
}

fn name(raw: &str) -> Result<String, Refused> {
    text::required(raw, 100).map_err(|code| Refused::field(code, "name"))
}

/// A new mandate, within the council's time.
pub(super) fn create(id: DelegateId, draft: &Draft, council: &council::Model) -> Result<Model, Refused> {
    let valid_from = draft.valid_from.unwrap_or(council.valid_from);
    councils::within(council, valid_from, draft.valid_to)?;
    Ok(Model {
        id,
        account_id: draft.account,
        council_id: council.id,
        group_id: draft.group,
        name: name(&draft.name)?,
        full_time: draft.full_time,
        valid_from,
        valid_to: draft.valid_to,
        end_reason: None,
        rev: 0,
    })
}

/// The mandate as it shall be.
pub(super) fn amend(before: &Model, amendment: &Amendment) -> Result<Model, Refused> {
    let mut row = before.clone();
    if let Some(raw) = &amendment.name {
        row.name = name(raw)?;
    }
    row.group_id = amendment.group.unwrap_or(row.group_id);
    row.account_id = amendment.account.unwrap_or(row.account_id);
    row.full_time = amendment.full_time.unwrap_or(row.full_time);
    Ok(row)
}

/// One person has one seat in a council at a time.
pub(super) fn one_seat<'a>(row: &Model, mut others: impl Iterator<Item = &'a Model>) -> Result<(), Refused> {
    let overlaps = |other: &Model| {
        other.id != row.id
            && other.account_id == row.account_id
            && other.council_id == row.council_id
            && other.valid_to.is_none_or(|to| row.valid_from < to)
            && row.valid_to.is_none_or(|to| other.valid_from < to)
    };
    if others.any(overlaps) {
        return Err(Refused::field(Code::Taken, "accountId"));
    }
    Ok(())
}

/// A unit of a constituency exists while the mandate lasts: when it begins, or made since, so that who was elected where a
/// commune was merged or divided is given what came of it.
pub(super) fn constituency(unit: &unit::Model, row: &Model) -> Result<(), Refused> {
    let begins = unit
        .valid_from
        .is_none_or(|from| row.valid_to.is_none_or(|to| from < to));
    let lasts = unit.valid_to.is_none_or(|to| row.valid_from < to);
    if begins && lasts {
        Ok(())
    } else {
        Err(Refused::field(Code::UnitNotInForce, "unitIds"))
    }
}

/// The mandate with its end. Ended once, the end stands: another day or another reason is refused.
pub(super) fn end(
    before: &Model,
    council: &council::Model,
    on: NaiveDate,
    reason: &str,
) -> Result<Model, Refused> {
    let reason = text::required(reason, 500).map_err(|code| Refused::field(code, "reason"))?;
    if on <= before.valid_from || council.valid_to.is_some_and(|end| on > end) {
        return Err(Refused::field(Code::OutOfRange, "on"));
    }
    let row = Model {
        valid_to: Some(on),
        end_reason: Some(reason),
        ..before.clone()
    };
    if before.end_reason.is_some() && row != *before {
        return Err(Code::InvalidState.into());
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn council() -> council::Model {
        council::Model {
            id: CouncilId(Uuid::from_u128(1)),
            unit_id: UnitId(Uuid::from_u128(2)),
            level: "commune".into(),
            name: "Hội đồng nhân dân xã A".into(),
            term: "2026-2031".into(),
            ordinal: 2,
            valid_from: day("2026-03-30"),
            valid_to: Some(day("2031-03-30")),
            rev: 1,
        }
    }

    fn draft(name: &str, from: Option<&str>, to: Option<&str>) -> Draft {
        Draft {
            id: None,
            council: council().id,
            group: None,
            name: name.into(),
            full_time: false,
            account: Some(AccountId(Uuid::from_u128(3))),
            units: Vec::new(),
            valid_from: from.map(day),
            valid_to: to.map(day),
        }
    }

    fn made(number: u128, from: Option<&str>, to: Option<&str>) -> Model {
        let id = DelegateId(Uuid::from_u128(number));
        create(id, &draft("Nguyễn Văn A", from, to), &council()).unwrap()
    }

    #[test]
    fn a_mandate_lies_within_its_council() {
        let id = DelegateId(Uuid::from_u128(9));
        for (name, from, to, expected) in [
            ("Nguyễn Văn A", None, None, None),
            ("Nguyễn Văn A", Some("2031-03-29"), Some("2031-03-30"), None),
            ("", None, None, Some((Code::Required, "name"))),
            (
                "Nguyễn Văn A",
                Some("2026-03-29"),
                None,
                Some((Code::BeforeCouncil, "validFrom")),
            ),
            (
                "Nguyễn Văn A",
                Some("2031-03-30"),
                None,
                Some((Code::OutOfRange, "validFrom")),
            ),
            (
                "Nguyễn Văn A",
                None,
                Some("2031-03-31"),
                Some((Code::OutOfRange, "validTo")),
            ),
            (
                "Nguyễn Văn A",
                None,
                Some("2026-03-30"),
                Some((Code::OutOfRange, "validTo")),
            ),
        ] {
            let refused = create(id, &draft(name, from, to), &council()).err();
            let expected = expected.map(|(code, field)| Refused::field(code, field));
            assert_eq!(refused, expected, "{name} {from:?} {to:?}");
        }
    }

    #[test]
    fn a_mandate_ends_once() {
        let before = made(1, None, None);
        let ended = end(&before, &council(), day("2028-01-01"), " chuyển công tác ").unwrap();
        assert_eq!(ended.end_reason.as_deref(), Some("chuyển công tác"));
        for (row, on, reason, expected) in [
            (&before, "2026-03-31", "qua đời", None),
            (
                &before,
                "2026-03-30",
                "qua đời",
                Some(Refused::field(Code::OutOfRange, "on")),
            ),
            (&before, "2031-03-30", "hết nhiệm kỳ", None),
            (
                &before,
                "2031-03-31",
                "hết nhiệm kỳ",
                Some(Refused::field(Code::OutOfRange, "on")),
            ),
            (
                &before,
                "2028-01-01",
                " ",
                Some(Refused::field(Code::Required, "reason")),
            ),
            (&ended, "2028-01-01", "chuyển công tác", None),
            (
                &ended,
                "2028-01-02",
                "chuyển công tác",
                Some(Code::InvalidState.into()),
            ),
            (&ended, "2028-01-01", "từ chức", Some(Code::InvalidState.into())),
        ] {
            assert_eq!(
                end(row, &council(), day(on), reason).err(),
                expected,
                "{on} {reason}"
            );
        }
        assert_eq!(
            end(&ended, &council(), day("2028-01-01"), "chuyển công tác"),
            Ok(ended)
        );
    }

    #[test]
    fn one_person_has_one_seat_at_a_time() {
        let sitting = [made(1, None, Some("2028-01-01"))];
        for (from, taken) in [("2027-12-31", true), ("2028-01-01", false)] {
            let refused = one_seat(&made(2, Some(from), None), sitting.iter());
            assert_eq!(refused.is_err(), taken, "{from}");
        }
        assert_eq!(one_seat(&sitting[0], sitting.iter()), Ok(()), "its own seat");
    }
}
