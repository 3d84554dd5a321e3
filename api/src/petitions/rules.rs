//! The rules of petitions that need no rows but their own: texts, numbers, dates, due dates.

use chrono::{Datelike, NaiveDate};
use entity::agency;

use crate::{
    calendar::Calendar,
    deadlines,
    error::{Code, Refused},
    text,
};

/// A text that has to be there, cleaned, of at most so many characters.
pub(super) fn required(raw: &str, field: &'static str, most: usize) -> Result<String, Refused> {
    optional(Some(raw), field, most)?.ok_or(Refused::field(Code::Required, field))
}

/// A text that may be absent, cleaned, of at most so many characters.
pub(super) fn optional(
    raw: Option<&str>,
    field: &'static str,
    most: usize,
) -> Result<Option<String>, Refused> {
    let Some(raw) = raw else { return Ok(None) };
    let clean = text::clean(raw).map_err(|code| Refused::field(code, field))?;
    if clean.chars().count() > most {
        return Err(Refused::field(Code::TooLong, field));
    }
    Ok((!clean.is_empty()).then_some(clean))
}

/// A code of an open list.
pub(super) fn code(raw: &str, list: &str, field: &'static str) -> Result<String, Refused> {
    crate::codes::find(list, raw)
        .map(|entry| entry.code.to_owned())
        .ok_or(Refused::field(Code::UnknownCode, field))
}

/// The number of a petition within its council and year.
pub(super) fn number(running: i64, on: NaiveDate) -> String {
    format!("{running}/{}", on.year())
}

/// The date of a document: not in the future, not before the first day of the council (or of the first one that it
/// follows).
pub(super) fn document_date(
    date: NaiveDate,
    first_day: Option<NaiveDate>,
    today: NaiveDate,
    field: &'static str,
) -> Result<NaiveDate, Refused> {
    if date > today {
        return Err(Refused::field(Code::OutOfRange, field));
    }
    if first_day.is_some_and(|first| date < first) {
        return Err(Refused::field(Code::BeforeCouncil, field));
    }
    Ok(date)
}

/// When an answer is due: as the document says, else by the dated rule for the tier.
pub(super) fn due(
    told: Option<NaiveDate>,
    tier: Option<&str>,
    agency: Option<&agency::Model>,
    several: bool,
    document_date: NaiveDate,
    calendar: &Calendar,
) -> Result<Option<NaiveDate>, Refused> {
    if let Some(told) = told {
        return if told < document_date {
            Err(Refused::field(Code::OutOfRange, "dueAt"))
        } else {
            Ok(Some(told))
        };
    }
    let rule = match (tier, agency.map(|agency| agency.kind.as_str())) {
        (_, Some("assembly_delegation")) | (Some("central"), _) if several => "answer_central_joint",
        (_, Some("assembly_delegation")) | (Some("central"), _) => "answer_central",
        (Some("commune"), _) => "answer_commune",
        (Some("non_state"), _) | (_, Some("company")) => "answer_non_state",
        _ => "answer_province",
    };
    Ok(deadlines::find(rule, document_date).map(|period| deadlines::due(period, document_date, calendar)))
}

/// What an answer has to say beside its text.
pub(super) fn outcome(outcome: &str, roadmap: Option<NaiveDate>, date: NaiveDate) -> Result<String, Refused> {
    let outcome = code(outcome, "outcome", "outcome")?;
    if outcome == "not_answered" {
        return Err(Refused::field(Code::InvalidValue, "outcome"));
    }
    // What is put off must say until when: deferrals without a date make voters ask again.
    if outcome == "deferred" && roadmap.is_none() {
        return Err(Refused::field(Code::Required, "roadmapAt"));
    }
    if roadmap.is_some_and(|roadmap| roadmap < date) {
        return Err(Refused::field(Code::OutOfRange, "roadmapAt"));
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_due_date_over_tet_counts_working_days() {
        let due = due(
            None,
            Some("commune"),
            None,
            false,
            day("2026-02-09"),
            Calendar::delivered(),
        )
        .unwrap();
        // Twenty working days; 14 to 22 February 2026 are Tết and its weekends.
        assert_eq!(due, Some(day("2026-03-16")));
    }

    #[test]
    fn what_the_document_says_goes_before_the_rule() {
        let told = Some(day("2026-03-01"));
        let calendar = Calendar::delivered();
        assert_eq!(
            due(told, Some("commune"), None, false, day("2026-02-09"), calendar),
            Ok(told)
        );
        let early = due(
            Some(day("2026-02-01")),
            None,
            None,
            false,
            day("2026-02-09"),
            calendar,
        );
        assert_eq!(early, Err(Refused::field(Code::OutOfRange, "dueAt")));
    }

    #[test]
    fn a_deferral_says_until_when() {
        let on = day("2026-02-09");
        assert_eq!(
            outcome("deferred", None, on),
            Err(Refused::field(Code::Required, "roadmapAt"))
        );
        assert!(outcome("deferred", Some(day("2026-12-31")), on).is_ok());
        assert_eq!(
            outcome("not_answered", None, on),
            Err(Refused::field(Code::InvalidValue, "outcome"))
        );
        assert_eq!(
            outcome("giải quyết", None, on),
            Err(Refused::field(Code::UnknownCode, "outcome"))
        );
    }
}
