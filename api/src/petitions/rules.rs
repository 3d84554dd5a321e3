//! The rules of petitions that need no rows but their own: texts, numbers, dates, due dates.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use entity::{agency, id::AgencyId, petition_agency, reminder};

use crate::{
    clock::local_date,
    deadlines::Periods,
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

/// The longest time for an answer. Later is a slip of the pen, and no extension could go beyond it.
const LONGEST: Months = Months::new(24);

/// Whether a due date lies further ahead of this day than any does.
pub(super) fn is_too_far(due: NaiveDate, from: NaiveDate) -> bool {
    from.checked_add_months(LONGEST).is_some_and(|last| due > last)
}

/// The date of a document: not in the future, not before the first day of the council (or of the first one that it
/// follows).
pub(crate) fn document_date(
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

/// When an answer is due: as the document says, else by the dated rule for the tier, as the council that sends the document
/// set it.
pub(super) fn due(
    told: Option<NaiveDate>,
    tier: Option<&str>,
    agency: Option<&agency::Model>,
    several: bool,
    document_date: NaiveDate,
    periods: &Periods<'_>,
) -> Result<Option<NaiveDate>, Refused> {
    if let Some(told) = told {
        return if told < document_date || is_too_far(told, document_date) {
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
    Ok(periods.due(rule, document_date))
}

/// Whether what a letter of this day forwarded came back after the period for that (trả lại kiến nghị không thuộc thẩm
/// quyền) was over; nothing while it has not come back, or where there was no such period yet.
pub(super) fn returned_late(
    document_date: NaiveDate,
    returned_at: Option<DateTime<Utc>>,
    periods: &Periods<'_>,
) -> Option<bool> {
    let last = periods.due("return_wrong_authority", document_date)?;
    Some(local_date(returned_at?) > last)
}

/// Whether an answer of this outcome says until when something is to be done.
pub(crate) fn promises(outcome: &str) -> bool {
    matches!(outcome, "in_progress" | "deferred")
}

/// What every answer says beside its text, also one that was given in earlier years and is taken over.
pub(super) fn outcome(outcome: &str, roadmap: Option<NaiveDate>, date: NaiveDate) -> Result<String, Refused> {
    let outcome = code(outcome, "outcome", "outcome")?;
    if outcome == "not_answered" {
        return Err(Refused::field(Code::InvalidValue, "outcome"));
    }
    // What is put off must say until when: deferrals without a date make voters ask again.
    if outcome == "deferred" && roadmap.is_none() {
        return Err(Refused::field(Code::Required, "roadmapAt"));
    }
    // A day until when belongs to what is promised or put off, not to what is done or cannot be.
    if roadmap.is_some() && !promises(&outcome) {
        return Err(Refused::field(Code::InvalidValue, "roadmapAt"));
    }
    if roadmap.is_some_and(|roadmap| roadmap < date) {
        return Err(Refused::field(Code::OutOfRange, "roadmapAt"));
    }
    Ok(outcome)
}

/// What an answer has to say besides when it is given today. Answers of earlier years are taken over without it.
pub(super) fn complete(
    outcome: &str,
    roadmap: Option<NaiveDate>,
    reason: Option<&str>,
    is_lead: bool,
) -> Result<(), Refused> {
    // Answered so, the petition would end with nobody: whoever leads gives it back, and the office sends it on.
    if outcome == "out_of_competence" && is_lead {
        return Err(Refused::field(Code::ReturnInstead, "outcome"));
    }
    if promises(outcome) && roadmap.is_none() {
        return Err(Refused::field(Code::Required, "roadmapAt"));
    }
    if outcome == "not_resolved" && reason.is_none() {
        return Err(Refused::field(Code::Required, "unresolvedReason"));
    }
    Ok(())
}

/// What an answer costs, in millions of đồng.
pub(super) fn cost(millions: Option<i32>) -> Result<Option<i32>, Refused> {
    /// A thousand times a large province's yearly budget.
    const MOST: i32 = 1_000_000_000;
    match millions {
        Some(cost) if !(0..=MOST).contains(&cost) => Err(Refused::field(Code::OutOfRange, "costMillions")),
        cost => Ok(cost),
    }
}

/// Why something is not resolved; only of what is not.
pub(super) fn unresolved(reason: Option<&str>, outcome: &str) -> Result<Option<String>, Refused> {
    let Some(reason) = reason else { return Ok(None) };
    if !matches!(outcome, "not_resolved" | "deferred") {
        return Err(Refused::field(Code::InvalidValue, "unresolvedReason"));
    }
    code(reason, "unresolved_reason", "unresolvedReason").map(Some)
}

/// The bodies of which something is still to be had for the answer to a petition that was forwarded: the lead (chủ trì),
/// and the coordinating ones (phối hợp) that have not replied since.
pub(super) fn owing<'a>(
    lead: Option<AgencyId>,
    coordinating: impl Iterator<Item = &'a petition_agency::Model>,
) -> Vec<AgencyId> {
    let replying = coordinating.filter(|link| link.answer_id.is_none());
    lead.into_iter()
        .chain(replying.map(|link| link.agency_id))
        .collect()
}

/// What a body is to be reminded of today, and the number of that reminder for this due date: once shortly before it,
/// once when it is late, then again and again. What was missed is not made up for.
pub(super) fn reminder(
    due: NaiveDate,
    forwarded: Option<NaiveDate>,
    today: NaiveDate,
    periods: &Periods<'_>,
) -> Option<(reminder::Kind, u16)> {
    // By what the council had set when it sent the letter: the number of a reminder means the same to the end.
    let since = forwarded.unwrap_or(due);
    if today <= due {
        let before = periods.find_since("reminder_before", since, today)?;
        let from = periods.counted(&before, due);
        // Whoever got the letter only now needs nobody to remind him of it.
        let is_new = forwarded.is_some_and(|forwarded| forwarded >= from);
        return (today >= from && !is_new).then_some((reminder::Kind::DueSoon, 0));
    }
    let again = periods.find_since("reminder_overdue", since, today)?;
    let (mut number, mut on) = (1, periods.counted(&again, due));
    while on < today {
        let next = periods.counted(&again, on);
        if next <= on {
            break;
        }
        (number, on) = (number + 1, next);
    }
    Some((reminder::Kind::Overdue, number))
}

#[cfg(test)]
mod tests {
    use entity::id::{AnswerId, CouncilId, PetitionId};
    use uuid::Uuid;

    use super::*;
    use crate::{calendar::Calendar, store::reference::Reference};

    /// Those of a council that set none for itself.
    fn delivered(reference: &Reference) -> Periods<'_> {
        Periods::of(reference, CouncilId(Uuid::nil()), Calendar::delivered())
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_due_date_over_tet_counts_working_days() {
        let reference = Reference::default();
        let due = due(
            None,
            Some("commune"),
            None,
            false,
            day("2026-02-09"),
            &delivered(&reference),
        )
        .unwrap();
        // Twenty working days; 14 to 22 February 2026 are Tết and its weekends.
        assert_eq!(due, Some(day("2026-03-16")));
    }

    #[test]
    fn what_comes_back_is_late_after_five_working_days_in_vietnam() {
        let reference = Reference::default();
        let periods = delivered(&reference);
        let late = |letter, back: Option<&str>| {
            let back = back.map(|at| at.parse().unwrap());
            returned_late(day(letter), back, &periods)
        };
        // Of a letter of Monday the 2nd Monday the 9th is the last day, until midnight here.
        assert_eq!(late("2026-03-02", Some("2026-03-09T16:59:59Z")), Some(false));
        assert_eq!(late("2026-03-02", Some("2026-03-09T17:00:00Z")), Some(true));
        // Tết is not counted: two days before it, three after.
        assert_eq!(late("2026-02-11", Some("2026-02-25T09:00:00Z")), Some(false));
        assert_eq!(late("2026-02-11", Some("2026-02-26T09:00:00Z")), Some(true));
        assert_eq!(late("2026-03-02", None), None);
        assert_eq!(late("2025-06-30", Some("2026-03-02T01:00:00Z")), None);
    }

    #[test]
    fn what_the_document_says_goes_before_the_rule() {
        let told = Some(day("2026-03-01"));
        let reference = Reference::default();
        let periods = delivered(&reference);
        assert_eq!(
            due(told, Some("commune"), None, false, day("2026-02-09"), &periods),
            Ok(told)
        );
        let early = due(
            Some(day("2026-02-01")),
            None,
            None,
            false,
            day("2026-02-09"),
            &periods,
        );
        assert_eq!(early, Err(Refused::field(Code::OutOfRange, "dueAt")));
    }

    #[test]
    fn no_answer_is_due_more_than_two_years_ahead() {
        for (due, expected) in [("2026-02-08", false), ("2028-02-09", false), ("2028-02-10", true)] {
            assert_eq!(is_too_far(day(due), day("2026-02-09")), expected, "{due}");
        }
        // A year has 29 February, and two years later there is none.
        assert!(is_too_far(day("2030-03-01"), day("2028-02-29")));
    }

    #[test]
    fn a_coordinating_body_owes_until_it_replied_and_the_lead_until_it_answered() {
        let [lead, silent, replied] = [1, 2, 3].map(|number| AgencyId(Uuid::from_u128(number)));
        let link = |agency_id, answer: Option<u128>| petition_agency::Model {
            petition_id: PetitionId(Uuid::nil()),
            agency_id,
            answer_id: answer.map(|answer| AnswerId(Uuid::from_u128(answer))),
        };
        let links = [link(silent, None), link(replied, Some(9))];
        assert_eq!(owing(Some(lead), links.iter()), [lead, silent]);
        // The council above has it: no body leads.
        assert!(owing(None, links[1..].iter()).is_empty());
    }

    #[test]
    fn reminders_come_before_the_day_when_it_is_over_and_again() {
        use reminder::Kind::{DueSoon, Overdue};
        let due = day("2026-03-16");
        let sent = Some(day("2026-02-09"));
        let reference = Reference::default();
        let periods = delivered(&reference);
        for (today, expected) in [
            ("2026-03-10", None),
            // Three working days before a Monday.
            ("2026-03-11", Some((DueSoon, 0))),
            ("2026-03-16", Some((DueSoon, 0))),
            ("2026-03-17", Some((Overdue, 1))),
            ("2026-03-30", Some((Overdue, 1))),
            ("2026-03-31", Some((Overdue, 2))),
        ] {
            assert_eq!(reminder(due, sent, day(today), &periods), expected, "{today}");
        }
        let late = Some(day("2026-03-13"));
        assert_eq!(reminder(due, late, day("2026-03-13"), &periods), None);
        assert_eq!(
            reminder(due, late, day("2026-03-17"), &periods),
            Some((Overdue, 1))
        );
    }

    #[test]
    fn a_reason_belongs_to_what_is_not_resolved_and_a_cost_is_a_sum() {
        assert_eq!(
            unresolved(Some("budget"), "not_resolved"),
            Ok(Some("budget".to_owned()))
        );
        let field = |code, field| Err(Refused::field(code, field));
        assert_eq!(
            unresolved(Some("budget"), "resolved"),
            field(Code::InvalidValue, "unresolvedReason")
        );
        assert_eq!(
            unresolved(Some("tiền"), "deferred"),
            field(Code::UnknownCode, "unresolvedReason")
        );
        assert_eq!(cost(Some(850)), Ok(Some(850)));
        assert_eq!(
            cost(Some(-1)),
            Err(Refused::field(Code::OutOfRange, "costMillions"))
        );
        assert_eq!(
            cost(Some(1_000_000_001)),
            Err(Refused::field(Code::OutOfRange, "costMillions"))
        );
    }

    #[test]
    fn an_answer_of_today_says_when_or_why_and_leaves_nothing_with_nobody() {
        let promised = Some(day("2026-12-31"));
        let required = |field| Err(Refused::field(Code::Required, field));
        let refused = Err(Refused::field(Code::ReturnInstead, "outcome"));
        for (outcome, roadmap, reason, is_lead, expected) in [
            ("resolved", None, None, true, Ok(())),
            ("explained", None, None, true, Ok(())),
            ("in_progress", None, None, true, required("roadmapAt")),
            ("in_progress", promised, None, true, Ok(())),
            ("deferred", None, Some("budget"), true, required("roadmapAt")),
            ("deferred", promised, None, true, Ok(())),
            ("not_resolved", None, None, true, required("unresolvedReason")),
            ("not_resolved", None, Some("law"), true, Ok(())),
            ("out_of_competence", None, None, true, refused),
            ("out_of_competence", None, None, false, Ok(())),
        ] {
            assert_eq!(complete(outcome, roadmap, reason, is_lead), expected, "{outcome}");
        }
        // A list of earlier years may know neither.
        let on = day("2026-02-09");
        for known in ["in_progress", "not_resolved", "out_of_competence"] {
            assert!(outcome(known, None, on).is_ok(), "{known}");
        }
    }

    #[test]
    fn a_deferral_says_until_when() {
        let on = day("2026-02-09");
        assert_eq!(
            outcome("deferred", None, on),
            Err(Refused::field(Code::Required, "roadmapAt"))
        );
        assert!(outcome("deferred", Some(day("2026-12-31")), on).is_ok());
        assert!(outcome("in_progress", Some(day("2026-12-31")), on).is_ok());
        for is_over in ["resolved", "explained", "not_resolved", "out_of_competence"] {
            let refused = Refused::field(Code::InvalidValue, "roadmapAt");
            assert_eq!(
                outcome(is_over, Some(day("2026-12-31")), on),
                Err(refused),
                "{is_over}"
            );
        }
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
