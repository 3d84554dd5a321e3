//! What the office does with procedures: begin them, say what was done, move them, call them off.

use chrono::NaiveDate;
use entity::{
    id::{CouncilId, MeetingId, ProcedureId, ProcedureStepId, RoundId},
    procedure::{Model, Status},
    procedure_step,
};
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, StepLine};
use crate::{
    capability::Capability,
    clock::local_date,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// What a procedure is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Round(RoundId),
    Meeting(MeetingId),
}

impl Subject {
    fn kind(self) -> &'static str {
        match self {
            Self::Round(_) => "round",
            Self::Meeting(_) => "meeting",
        }
    }

    /// The field of the input that names it.
    fn field(self) -> &'static str {
        match self {
            Self::Round(_) => "roundId",
            Self::Meeting(_) => "meetingId",
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::Round(id) => id.0,
            Self::Meeting(id) => id.0,
        }
    }

    /// Whose it is.
    fn council(self, working: &Working) -> Option<CouncilId> {
        match self {
            Self::Round(id) => working.round.get(id).map(|row| row.council_id),
            Self::Meeting(id) => working.meeting.get(id).map(|row| row.council_id),
        }
    }
}

/// Begins a procedure, with its usual steps or others.
pub struct Start {
    /// Made by the client; sent again with the same content it changes nothing.
    pub id: ProcedureId,
    pub council: CouncilId,
    pub kind: String,
    pub title: Option<String>,
    pub subject: Option<Subject>,
    /// The day from which its periods are counted.
    pub anchor: NaiveDate,
    pub steps: Option<Vec<StepLine>>,
}

impl Command for Start {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.procedure.insert(self.id.0);
        match self.subject {
            Some(Subject::Round(id)) => needs.round.insert(id.0),
            Some(Subject::Meeting(id)) => needs.meeting.insert(id.0),
            None => false,
        };
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        facts
            .viewer
            .must(Capability::ManageMeetings, Place::Council(self.council))
            .map_err(|refused| Refused::field(refused.code, "councilId"))?;
        let kind = crate::codes::find("procedure_kind", &self.kind);
        let kind = kind.ok_or(Refused::field(Code::UnknownCode, "kind"))?;
        if let Some(subject) = self.subject
            && subject.council(working) != Some(self.council)
        {
            return Err(Refused::field(Code::NotFound, subject.field()));
        }
        let title = rules::optional(self.title.as_deref(), "title", 500)?;
        let row = Model {
            id: self.id,
            council_id: self.council,
            kind: kind.code.clone(),
            title: title.unwrap_or_else(|| kind.label_vi.clone()),
            subject_kind: self.subject.map(|subject| subject.kind().to_owned()),
            subject_id: self.subject.map(Subject::id),
            anchor_on: self.anchor,
            status: Status::Open,
            created_at: facts.now,
            rev: 0,
            updated_at: facts.now,
        };
        let steps = match &self.steps {
            Some(steps) => rules::read(steps)?,
            None => rules::usual(&kind.code, self.anchor),
        };
        if let Some(before) = working.procedure.get(self.id) {
            let what = |row: &Model| {
                let subject = (row.subject_kind.clone(), row.subject_id);
                (
                    row.council_id,
                    row.kind.clone(),
                    row.title.clone(),
                    subject,
                    row.anchor_on,
                )
            };
            let is_same = what(before) == what(&row) && rules::are(&rules::steps(working, self.id), &steps);
            return if is_same {
                Ok(Verdict::about(Changes::default(), [self.id.0]))
            } else {
                Err(Refused::field(Code::Taken, "id"))
            };
        }
        if steps.is_empty() {
            return Err(Refused::field(Code::Required, "steps"));
        }
        let mut changes = Changes::default();
        for step in rules::rows(self.id, steps, self.anchor, facts.calendar, || facts.id()) {
            changes.put(step);
        }
        changes.put(row);
        changes.happened(facts.event("procedure", self.id, "started", Some(self.council)));
        Ok(Verdict::about(changes, [self.id.0]))
    }
}

/// The procedure, if the viewer may do something with it. Foreign and absent look the same.
fn managed<'a>(
    working: &'a Working,
    facts: &Facts<'_>,
    id: Option<ProcedureId>,
    field: &'static str,
) -> Result<&'a Model, Refused> {
    let row = id.and_then(|id| working.procedure.get(id));
    let row = row.ok_or(Refused::field(Code::NotFound, field))?;
    facts
        .viewer
        .must(Capability::ManageMeetings, Place::Council(row.council_id))
        .map_err(|refused| Refused::field(refused.code, field))?;
    if row.status == Status::Cancelled {
        return Err(Code::InvalidState.into());
    }
    Ok(row)
}

/// What became of a step.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was done on this day.
    Done {
        on: Option<NaiveDate>,
        document_number: Option<String>,
        note: Option<String>,
    },
    /// It is not needed, for this reason.
    Waived(String),
    /// It is open after all: what was said of it was a mistake.
    Open,
}

/// The days on which what a procedure is for was planned: that of its plan, and that on which it was entered.
fn planned(working: &Working, row: &Model) -> impl Iterator<Item = NaiveDate> {
    let round = row.subject_id.and_then(|id| working.round.get(id));
    let round = round.map(|round| (round.plan_date, round.created_at));
    let meeting = row.subject_id.and_then(|id| working.meeting.get(id));
    let meeting = meeting.map(|meeting| (meeting.plan_date, meeting.created_at));
    let days = |(plan, entered)| [plan, Some(local_date(entered))];
    round.into_iter().chain(meeting).flat_map(days).flatten()
}

/// Says what became of a step.
pub struct Settle {
    pub step: ProcedureStepId,
    pub outcome: Outcome,
}

impl Settle {
    fn apply(
        &self,
        facts: &Facts<'_>,
        step: &procedure_step::Model,
        first: NaiveDate,
    ) -> Result<procedure_step::Model, Refused> {
        let open = procedure_step::Model {
            done_on: None,
            actor_id: None,
            document_number: None,
            note: None,
            waived: None,
            ..step.clone()
        };
        let actor_id = facts.viewer.account_id();
        Ok(match &self.outcome {
            Outcome::Open => open,
            // What was done was needed; that it was not done is said by opening it again.
            Outcome::Waived(_) if step.done_on.is_some() => {
                return Err(Refused::field(Code::InvalidState, "stepId"));
            }
            Outcome::Waived(reason) => {
                let reason = rules::optional(Some(reason), "reason", 500)?;
                procedure_step::Model {
                    waived: Some(reason.ok_or(Refused::field(Code::Required, "reason"))?),
                    actor_id,
                    ..open
                }
            }
            Outcome::Done {
                on,
                document_number,
                note,
            } => {
                let on = on.unwrap_or(facts.today);
                if on > facts.today || on < first {
                    return Err(Refused::field(Code::OutOfRange, "doneOn"));
                }
                procedure_step::Model {
                    done_on: Some(on),
                    actor_id,
                    document_number: rules::optional(document_number.as_deref(), "documentNumber", 100)?,
                    note: rules::optional(note.as_deref(), "note", 1_000)?,
                    ..open
                }
            }
        })
    }
}

impl Command for Settle {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.procedure_step.insert(self.step.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let step = working.procedure_step.get(self.step);
        needs.procedure.extend(step.map(|step| step.procedure_id.0));
        needs.subjects_of.extend(step.map(|step| step.procedure_id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let step = working.procedure_step.get(self.step);
        let row = managed(working, facts, step.map(|step| step.procedure_id), "stepId")?;
        let before = step.ok_or(Refused::field(Code::NotFound, "stepId"))?;
        let after = self.apply(
            facts,
            before,
            rules::first_day(row, before, planned(working, row)),
        )?;
        let said = |step: &procedure_step::Model| {
            (
                step.done_on,
                step.document_number.clone(),
                step.note.clone(),
                step.waived.clone(),
            )
        };
        let mut changes = Changes::default();
        if said(before) == said(&after) {
            return Ok(Verdict::about(changes, [row.id.0]));
        }
        let what = match self.outcome {
            Outcome::Done { .. } => "step_done",
            Outcome::Waived(_) => "step_waived",
            Outcome::Open => "step_reopened",
        };
        let mut event = facts.event("procedure", row.id, what, Some(row.council_id));
        event.basis = after.document_number.clone().or_else(|| after.waived.clone());
        event.detail = Some(json!({"step": before.position, "before": before.done_on}).to_string());
        let others = rules::steps(working, row.id)
            .into_iter()
            .filter(|step| step.id != after.id);
        let settled = rules::settled(row, others.chain([&after]));
        let id = row.id;
        changes.put(settled);
        changes.put(after);
        changes.and(move |working| working.procedure.touch(id));
        changes.happened(event);
        Ok(Verdict::about(changes, [row.id.0]))
    }
}

/// Counts the periods from another day, as when the first contact is put off.
pub struct Move {
    pub procedure: ProcedureId,
    pub anchor: NaiveDate,
    pub reason: Option<String>,
}

impl Command for Move {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.procedure.insert(self.procedure.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = managed(working, facts, Some(self.procedure), "procedureId")?;
        let mut changes = Changes::default();
        if row.anchor_on == self.anchor {
            return Ok(Verdict::about(changes, [row.id.0]));
        }
        for step in rules::steps(working, row.id) {
            changes.put(rules::moved(step, self.anchor, facts.calendar));
        }
        let mut event = facts.event("procedure", row.id, "moved", Some(row.council_id));
        event.basis = rules::optional(self.reason.as_deref(), "reason", 500)?;
        event.detail = Some(json!({"before": row.anchor_on}).to_string());
        changes.put(Model {
            anchor_on: self.anchor,
            ..row.clone()
        });
        changes.happened(event);
        Ok(Verdict::about(changes, [row.id.0]))
    }
}

/// Calls a procedure off; its steps count no more.
pub struct Cancel {
    pub procedure: ProcedureId,
    pub reason: String,
}

impl Command for Cancel {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.procedure.insert(self.procedure.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let row = managed(working, facts, Some(self.procedure), "procedureId")?;
        let reason = rules::optional(Some(&self.reason), "reason", 500)?;
        let mut event = facts.event("procedure", row.id, "cancelled", Some(row.council_id));
        event.basis = Some(reason.ok_or(Refused::field(Code::Required, "reason"))?);
        let mut changes = Changes::default();
        changes.put(Model {
            status: Status::Cancelled,
            ..row.clone()
        });
        changes.happened(event);
        Ok(Verdict::about(changes, [row.id.0]))
    }
}
