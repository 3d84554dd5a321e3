//! The rules of procedures: what the steps are, when each is due, when all is done. Pure.

use std::sync::LazyLock;

use chrono::NaiveDate;
use entity::{
    id::{ProcedureId, ProcedureStepId},
    procedure::{Model, Status},
    procedure_step,
};
use serde::Deserialize;

use crate::{
    calendar::Calendar,
    clock::local_date,
    deadlines::{self, DayUnit, Period, Side},
    error::{Code, Refused},
    store::{reference::existed, working::Working},
};

/// Steps of one procedure.
pub(super) const MOST_STEPS: usize = 100;

/// A step as it is usually done.
#[derive(Debug, Deserialize)]
struct Template {
    kind: String,
    position: i32,
    title: String,
    responsible: Option<String>,
    document_kind: Option<String>,
    days: u16,
    unit: DayUnit,
    side: Side,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    basis: Option<String>,
}

/// A step as somebody wants it.
#[derive(Clone, Debug)]
pub struct StepLine {
    pub title: String,
    pub responsible: Option<String>,
    pub document_kind: Option<String>,
    pub days: i32,
    pub unit: DayUnit,
    pub side: Side,
    pub basis: Option<String>,
}

fn templates() -> &'static [Template] {
    static DELIVERED: LazyLock<Vec<Template>> = LazyLock::new(|| {
        let table = include_str!("../../reference/procedures.csv");
        let rows = csv::Reader::from_reader(table.as_bytes()).into_deserialize();
        rows.collect::<Result<_, _>>().unwrap_or_default()
    });
    &DELIVERED
}

/// The usual steps of a kind, as they hold on a day, in order.
pub(super) fn usual(kind: &str, on: NaiveDate) -> Vec<StepLine> {
    let mut steps: Vec<&Template> = templates()
        .iter()
        .filter(|step| step.kind == kind && existed(step.valid_from, step.valid_to, on))
        .collect();
    steps.sort_by_key(|step| step.position);
    let line = |step: &Template| StepLine {
        title: step.title.clone(),
        responsible: step.responsible.clone(),
        document_kind: step.document_kind.clone(),
        days: step.days.into(),
        unit: step.unit,
        side: step.side,
        basis: step.basis.clone(),
    };
    steps.into_iter().map(line).collect()
}

/// The longest period, in days.
const LONGEST: i32 = 1_000;

/// Steps as somebody wants them, cleaned.
pub(super) fn read(lines: &[StepLine]) -> Result<Vec<StepLine>, Refused> {
    let wrong = |code| Refused::field(code, "steps");
    if lines.is_empty() {
        return Err(wrong(Code::Required));
    }
    if lines.len() > MOST_STEPS {
        return Err(wrong(Code::LimitTooLarge));
    }
    lines
        .iter()
        .enumerate()
        .map(|(place, line)| {
            read_line(line).map_err(|refused| Refused::entry(refused.code, "steps", place, lines.len()))
        })
        .collect()
}

fn read_line(line: &StepLine) -> Result<StepLine, Refused> {
    let wrong = |code| Refused::field(code, "steps");
    if !(0..=LONGEST).contains(&line.days) {
        return Err(wrong(Code::OutOfRange));
    }
    Ok(StepLine {
        title: optional(Some(&line.title), "steps", 500)?.ok_or(wrong(Code::Required))?,
        responsible: optional(line.responsible.as_deref(), "steps", 200)?,
        document_kind: optional(line.document_kind.as_deref(), "steps", 20)?,
        basis: optional(line.basis.as_deref(), "steps", 500)?,
        ..line.clone()
    })
}

/// A text that may be absent, cleaned.
pub(super) fn optional(
    text: Option<&str>,
    field: &'static str,
    most: usize,
) -> Result<Option<String>, Refused> {
    let Some(text) = text else { return Ok(None) };
    let text = crate::text::clean(text).map_err(|code| Refused::field(code, field))?;
    if text.chars().count() > most {
        return Err(Refused::field(Code::TooLong, field));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

pub(super) fn unit_of(code: &str) -> Option<DayUnit> {
    match code {
        "working" => Some(DayUnit::Working),
        "calendar" => Some(DayUnit::Calendar),
        _ => None,
    }
}

pub(super) fn side_of(code: &str) -> Option<Side> {
    match code {
        "after" => Some(Side::After),
        "before" => Some(Side::Before),
        _ => None,
    }
}

/// When a period that is counted from a day ends. The length of a step was checked when it was entered.
fn due(days: i32, unit: DayUnit, side: Side, anchor: NaiveDate, calendar: &Calendar) -> NaiveDate {
    let Some(days) = u16::try_from(days).ok().filter(|days| *days > 0) else {
        return anchor;
    };
    let period = Period {
        code: String::new(),
        days,
        unit,
        side,
        valid_from: None,
        valid_to: None,
        by_council: false,
        label_vi: String::new(),
        basis: String::new(),
    };
    deadlines::due(&period, anchor, calendar)
}

/// The rows of steps.
pub(super) fn rows(
    procedure: ProcedureId,
    lines: Vec<StepLine>,
    anchor: NaiveDate,
    calendar: &Calendar,
    mut new_id: impl FnMut() -> ProcedureStepId,
) -> Vec<procedure_step::Model> {
    let row = |(line, position): (StepLine, i32)| procedure_step::Model {
        id: new_id(),
        procedure_id: procedure,
        position,
        due_on: due(line.days, line.unit, line.side, anchor, calendar),
        title: line.title,
        responsible: line.responsible,
        document_kind: line.document_kind,
        days: line.days,
        unit: line.unit.code().to_owned(),
        side: line.side.code().to_owned(),
        basis: line.basis,
        done_on: None,
        actor_id: None,
        document_number: None,
        note: None,
        waived: None,
    };
    lines.into_iter().zip(1..).map(row).collect()
}

/// The step as it is due when its periods are counted from another day; what is done or waived stays.
pub(super) fn moved(
    step: &procedure_step::Model,
    anchor: NaiveDate,
    calendar: &Calendar,
) -> procedure_step::Model {
    let is_open = step.done_on.is_none() && step.waived.is_none();
    match (unit_of(&step.unit), side_of(&step.side)) {
        (Some(unit), Some(side)) if is_open => procedure_step::Model {
            due_on: due(step.days, unit, side, anchor, calendar),
            ..step.clone()
        },
        _ => step.clone(),
    }
}

/// The first day on which a step can have been done: its own day, the one from which is counted, the one on which the
/// procedure was entered, or a day of what it is for (its plan's, or that on which it was entered), whichever comes first.
/// What was done before it was entered is entered afterwards; nothing is done of what nobody had planned.
pub(super) fn first_day(
    row: &Model,
    step: &procedure_step::Model,
    planned: impl Iterator<Item = NaiveDate>,
) -> NaiveDate {
    planned
        .chain([row.anchor_on, step.due_on])
        .fold(local_date(row.created_at), NaiveDate::min)
}

/// The steps of a procedure, in order.
pub(super) fn steps(working: &Working, procedure: ProcedureId) -> Vec<&procedure_step::Model> {
    let steps = working.procedure_step.iter();
    let mut steps: Vec<_> = steps.filter(|step| step.procedure_id == procedure).collect();
    steps.sort_by_key(|step| step.position);
    steps
}

/// Whether the steps of a procedure are these, whatever became of them since.
pub(super) fn are(steps: &[&procedure_step::Model], lines: &[StepLine]) -> bool {
    let is = |step: &procedure_step::Model, line: &StepLine| {
        (step.days, step.unit.as_str(), step.side.as_str()) == (line.days, line.unit.code(), line.side.code())
            && (&step.title, &step.responsible, &step.document_kind, &step.basis)
                == (&line.title, &line.responsible, &line.document_kind, &line.basis)
    };
    steps.len() == lines.len() && steps.iter().zip(lines).all(|(&step, line)| is(step, line))
}

/// The procedure once its steps are these: done when each was done or is not needed.
pub(super) fn settled<'a>(row: &Model, mut steps: impl Iterator<Item = &'a procedure_step::Model>) -> Model {
    let is_done = steps.all(|step| step.done_on.is_some() || step.waived.is_some());
    Model {
        status: if is_done { Status::Done } else { Status::Open },
        ..row.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_delivered_steps_are_read_whole_and_in_order() {
        let table = include_str!("../../reference/procedures.csv");
        assert_eq!(templates().len(), table.lines().count() - 1);
        for step in templates() {
            assert!(
                crate::codes::find("procedure_kind", &step.kind).is_some(),
                "{}",
                step.kind
            );
            assert!(!step.title.is_empty());
        }
        let steps = usual("contact_preparation", d("2026-11-27"));
        assert_eq!(steps.len(), 8);
        assert!(steps[7].title.contains("loa máy") && steps[6].title.contains("hội trường"));
        // Between the request for a contact elsewhere and the decision lie the five days that the law gives.
        let outside = usual("contact_outside", d("2026-11-27"));
        let days: Vec<i32> = outside.iter().map(|step| step.days).collect();
        assert_eq!(days, [10, 5, 3]);
        assert!(usual("contact_preparation", d("2020-01-01")).is_empty());
        assert!(usual("other", d("2026-11-27")).is_empty());
    }

    #[test]
    fn days_are_counted_over_tet_backwards_and_forwards() {
        // Tết 2026: 14 to 22 February are free.
        for (days, unit, side, anchor, expected) in [
            (3, DayUnit::Working, Side::Before, "2026-02-24", "2026-02-12"),
            (2, DayUnit::Working, Side::After, "2026-02-12", "2026-02-23"),
            (5, DayUnit::Calendar, Side::Before, "2026-07-08", "2026-07-03"),
            (0, DayUnit::Working, Side::After, "2026-02-15", "2026-02-15"),
        ] {
            let due = due(days, unit, side, d(anchor), Calendar::delivered());
            if days == 2 {
                assert!(due > d("2026-02-22"), "{due}");
            } else {
                assert_eq!(due, d(expected), "{days} {side:?} {anchor}");
            }
        }
    }
}
