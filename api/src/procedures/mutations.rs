//! What the office does with procedures, in GraphQL. Expected refusals are `userErrors`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::id::{ProcedureId, RoundId};

use super::{
    StepLine,
    graphql::Procedure,
    office::{Cancel, Move, Outcome, Settle, Start, Subject},
    rules::{side_of, unit_of},
};
use crate::{
    error::{Code, Refused, Result},
    graphql::{UserError, command::answer, input_id, scalar::Day, short, state},
    store::door::Command,
};

/// A step of a procedure as it is to be.
#[derive(Clone, Debug, InputObject)]
pub struct ProcedureStepInput {
    /// What is to be done, at most 500 characters.
    title: String,
    /// Who does it, at most 200 characters.
    responsible: Option<String>,
    /// Type of the document by which it is done (`KH`, `GM`, `TB`, `BC`, ...), at most 20 characters.
    document_kind: Option<String>,
    /// How many days before or after the day from which is counted, from 0 to 1,000.
    days: i32,
    /// What they are: `working` (ngày làm việc, default) or `calendar`.
    unit: Option<String>,
    /// `before` (default) or `after`.
    side: Option<String>,
    /// The rule that sets the period, at most 500 characters.
    basis: Option<String>,
}

impl ProcedureStepInput {
    fn line(self) -> Result<StepLine, Refused> {
        let wrong = || Refused::field(Code::UnknownCode, "steps");
        Ok(StepLine {
            title: self.title,
            responsible: self.responsible,
            document_kind: self.document_kind,
            days: self.days,
            unit: unit_of(self.unit.as_deref().unwrap_or("working")).ok_or_else(wrong)?,
            side: side_of(self.side.as_deref().unwrap_or("before")).ok_or_else(wrong)?,
            basis: self.basis,
        })
    }
}

/// A procedure to begin.
#[derive(Clone, Debug, InputObject)]
pub struct StartProcedureInput {
    /// Made by the client (UUID version 7); sent again with the same content it changes nothing, with other content
    /// (other steps or another day too) it is `TAKEN`.
    id: Option<ID>,
    /// The council whose work it is.
    council_id: ID,
    /// Code of the list `procedure_kind`.
    kind: String,
    /// At most 500 characters; the kind's name if not told.
    title: Option<String>,
    /// The round of this council that it is for; nothing for other work.
    round_id: Option<ID>,
    /// Or the meeting of this council that it is for; not both (`INVALID_VALUE`).
    meeting_id: Option<ID>,
    /// The day from which its periods are counted, such as that of the first contact.
    anchor_on: Day,
    /// Its steps in order, at most 100; the usual ones of its kind if not told (`REQUIRED` where there are none).
    steps: Option<Vec<ProcedureStepInput>>,
}

/// What became of a step.
#[derive(Clone, Debug, InputObject)]
pub struct CompleteStepInput {
    /// A step of a procedure of one's own council.
    step_id: ID,
    /// The day; today if not told. Not in the future, and not before the first of these: the day on which the step is due,
    /// the one from which its period is counted, the date of the plan (KH) of its round or meeting, the day on which that
    /// was entered, and the one on which the procedure was (`OUT_OF_RANGE`).
    done_on: Option<Day>,
    /// The number of the document by which it was done, at most 100 characters.
    document_number: Option<String>,
    /// At most 1,000 characters.
    note: Option<String>,
}

/// Why a step is not needed.
#[derive(Clone, Debug, InputObject)]
pub struct WaiveStepInput {
    /// A step of a procedure of one's own council.
    step_id: ID,
    /// At most 500 characters.
    reason: String,
}

/// A step that is open after all.
#[derive(Clone, Debug, InputObject)]
pub struct ReopenStepInput {
    /// A step of a procedure of one's own council.
    step_id: ID,
}

/// From which day a procedure is counted now.
#[derive(Clone, Debug, InputObject)]
pub struct MoveProcedureInput {
    /// A procedure of one's own council.
    procedure_id: ID,
    /// The day from which its periods are counted now.
    anchor_on: Day,
    /// Why, at most 500 characters.
    reason: Option<String>,
}

/// A procedure that is called off.
#[derive(Clone, Debug, InputObject)]
pub struct CancelProcedureInput {
    /// A procedure of one's own council.
    procedure_id: ID,
    /// Why, at most 500 characters.
    reason: String,
}

/// The procedure as it is now, or why nothing was done.
#[derive(SimpleObject)]
pub struct ProcedurePayload {
    /// As it is now.
    procedure: Option<Procedure>,
    /// Empty when it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of procedures.
#[derive(Default)]
pub struct ProcedureMutation;

#[Object]
impl ProcedureMutation {
    /// Begins a procedure (quy trình) with dated steps: its usual ones or others. Refusals: `NOT_FOUND`, `FORBIDDEN`,
    /// `UNKNOWN_CODE`, `REQUIRED`, `INVALID_VALUE`, `OUT_OF_RANGE`, `TOO_LONG`, `LIMIT_TOO_LARGE`, `TAKEN`.
    async fn start_procedure(
        &self,
        ctx: &Context<'_>,
        input: StartProcedureInput,
    ) -> Result<Option<ProcedurePayload>> {
        let state = state(ctx)?;
        let start = || {
            let subject = match (&input.round_id, &input.meeting_id) {
                (Some(round), None) => Some(Subject::Round(input_id::<RoundId>(round, "roundId")?)),
                (None, Some(meeting)) => Some(Subject::Meeting(input_id(meeting, "meetingId")?)),
                (None, None) => None,
                (Some(_), Some(_)) => return Err(Refused::field(Code::InvalidValue, "meetingId")),
            };
            let steps = input.steps.map(|steps| {
                short(&steps, "steps")?;
                let of = steps.len();
                let line = |(place, step): (usize, ProcedureStepInput)| {
                    let wrong = |refused: Refused| Refused::entry(refused.code, "steps", place, of);
                    step.line().map_err(wrong)
                };
                steps.into_iter().enumerate().map(line).collect()
            });
            Ok(Start {
                id: match &input.id {
                    Some(id) => input_id(id, "id")?,
                    None => ProcedureId(state.entropy.id(state.clock.now())),
                },
                council: input_id(&input.council_id, "councilId")?,
                kind: input.kind,
                title: input.title,
                subject,
                anchor: input.anchor_on.0,
                steps: steps.transpose()?,
            })
        };
        payload(ctx, start).await
    }

    /// Says that a step was done (hoàn thành bước); said again it replaces what was said. Refusals: `NOT_FOUND`,
    /// `FORBIDDEN`, `INVALID_STATE`, `OUT_OF_RANGE`, `TOO_LONG`.
    async fn complete_step(
        &self,
        ctx: &Context<'_>,
        input: CompleteStepInput,
    ) -> Result<Option<ProcedurePayload>> {
        settle(ctx, &input.step_id, || Outcome::Done {
            on: input.done_on.map(|Day(on)| on),
            document_number: input.document_number.clone(),
            note: input.note.clone(),
        })
        .await
    }

    /// Says that a step is not needed, and why (bỏ qua bước); it counts neither as done nor as late. A step that was done
    /// is `INVALID_STATE` until it is opened again (`reopenStep`). Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`,
    /// `REQUIRED`, `TOO_LONG`.
    async fn waive_step(&self, ctx: &Context<'_>, input: WaiveStepInput) -> Result<Option<ProcedurePayload>> {
        settle(ctx, &input.step_id, || Outcome::Waived(input.reason.clone())).await
    }

    /// Says that a step is open after all (mở lại bước). Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`.
    async fn reopen_step(
        &self,
        ctx: &Context<'_>,
        input: ReopenStepInput,
    ) -> Result<Option<ProcedurePayload>> {
        settle(ctx, &input.step_id, || Outcome::Open).await
    }

    /// Counts a procedure's periods from another day (dời mốc tính thời hạn): what is not done yet is due anew.
    /// Refusals: `NOT_FOUND`, `FORBIDDEN`, `INVALID_STATE`, `TOO_LONG`.
    async fn move_procedure(
        &self,
        ctx: &Context<'_>,
        input: MoveProcedureInput,
    ) -> Result<Option<ProcedurePayload>> {
        payload(ctx, || {
            Ok(Move {
                procedure: input_id(&input.procedure_id, "procedureId")?,
                anchor: input.anchor_on.0,
                reason: input.reason,
            })
        })
        .await
    }

    /// Calls a procedure off (hủy quy trình); its steps count no more. Refusals: `NOT_FOUND`, `FORBIDDEN`,
    /// `INVALID_STATE`, `REQUIRED`, `TOO_LONG`.
    async fn cancel_procedure(
        &self,
        ctx: &Context<'_>,
        input: CancelProcedureInput,
    ) -> Result<Option<ProcedurePayload>> {
        payload(ctx, || {
            Ok(Cancel {
                procedure: input_id(&input.procedure_id, "procedureId")?,
                reason: input.reason,
            })
        })
        .await
    }
}

async fn settle(
    ctx: &Context<'_>,
    step: &ID,
    outcome: impl FnOnce() -> Outcome,
) -> Result<Option<ProcedurePayload>> {
    payload(ctx, || {
        Ok(Settle {
            step: input_id(step, "stepId")?,
            outcome: outcome(),
        })
    })
    .await
}

async fn payload<C: Command>(
    ctx: &Context<'_>,
    command: impl FnOnce() -> Result<C, Refused>,
) -> Result<Option<ProcedurePayload>> {
    let (procedures, user_errors) = answer::<ProcedureId, C>(ctx, command).await?;
    Ok(Some(ProcedurePayload {
        procedure: procedures.into_iter().next(),
        user_errors,
    }))
}
