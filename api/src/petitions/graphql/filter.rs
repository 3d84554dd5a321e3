//! Which petitions a list shows. Visibility is asked elsewhere and before.

use async_graphql::{Context, ID, InputObject};
use chrono::NaiveDate;
use entity::{
    id::{AgencyId, CouncilId, UnitId},
    petition::{Column, Entity, Process},
    petition_unit,
};
use sea_orm::{
    ColumnTrait, Condition, ExprTrait,
    sea_query::{Expr, Func, Query as SeaQuery},
};

use crate::{
    error::{Code, Refused, Result},
    graphql::{filter::WithinUnit, input_id, scalar::Time, short, state},
    petitions::promises,
};

/// Which petitions to list.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct PetitionFilter {
    /// Of voters of these units.
    within_unit: Option<WithinUnit>,
    /// In one of these states of the process.
    status: Option<Vec<String>>,
    /// With one of these outcomes.
    outcome: Option<Vec<String>>,
    /// In this field, or one below it.
    field: Option<String>,
    /// With this body now.
    agency_id: Option<ID>,
    /// Owed and late today, or not.
    is_overdue: Option<bool>,
    /// Owed and late today by the first due date, whatever it was extended to, or not.
    is_past_first_due: Option<bool>,
    /// With an answer that promised something by a day that is over (quá ngày hứa), or not; also of what is closed.
    is_promise_late: Option<bool>,
    /// With this council above, or sent by it to a body: what was sent up to it and did not come back (gửi lên cấp trên).
    upper_council_id: Option<ID>,
    /// Clear work, or something is missing; what is not known is neither.
    is_complete: Option<bool>,
    /// Changed after this moment.
    updated_after: Option<Time>,
}

impl PetitionFilter {
    /// What the rows have to be. It asks for nothing that the public document does not carry too, so that a filter
    /// tells nobody more than the rows that he sees.
    pub(super) fn condition(self, ctx: &Context<'_>) -> Result<Condition> {
        let mut all = Condition::all();
        if let Some(within) = &self.within_unit {
            let units: Vec<UnitId> = within.units(ctx)?.into_iter().collect();
            let of_units = SeaQuery::select()
                .column(petition_unit::Column::PetitionId)
                .from(petition_unit::Entity)
                .and_where(petition_unit::Column::UnitId.is_in(units))
                .to_owned();
            all = all.add(Column::Id.in_subquery(of_units));
        }
        if let Some(codes) = &self.status {
            short(codes, "status")?;
            let states: Option<Vec<Process>> = codes.iter().map(|code| Process::from_code(code)).collect();
            all = all.add(Column::Process.is_in(states.ok_or(Refused::field(Code::UnknownCode, "status"))?));
        }
        if let Some(codes) = &self.outcome {
            short(codes, "outcome")?;
            let known = |code: &String| crate::codes::find("outcome", code).is_some();
            if !codes.iter().all(known) {
                return Err(Refused::field(Code::UnknownCode, "outcome").into());
            }
            all = all.add(Column::Outcome.is_in(codes.iter().cloned()));
        }
        if let Some(field) = &self.field {
            if crate::codes::find("field", field).is_none() {
                return Err(Refused::field(Code::UnknownCode, "field").into());
            }
            let below = crate::codes::list("field")
                .iter()
                .filter(|entry| entry.parent.as_deref() == Some(field));
            let codes = below.map(|entry| entry.code.to_owned()).chain([field.clone()]);
            all = all.add(Column::Field.is_in(codes));
        }
        if let Some(agency) = &self.agency_id {
            all = all.add(Column::AgencyId.eq(input_id::<AgencyId>(agency, "agencyId")?));
        }
        let days = [
            (self.is_overdue, Column::ExtendedTo, Column::DueAt),
            (self.is_past_first_due, Column::DueAt, Column::ExtendedTo),
        ];
        for (is_late, one, other) in days {
            if let Some(is_late) = is_late {
                let late = late(one, other, state(ctx)?.clock.today());
                all = all.add(if is_late { late } else { late.not() });
            }
        }
        if let Some(is_late) = self.is_promise_late {
            let late = promises::late(state(ctx)?.clock.today());
            all = all.add(if is_late { late } else { late.not() });
        }
        if let Some(upper) = &self.upper_council_id {
            all = all.add(Column::UpperCouncilId.eq(input_id::<CouncilId>(upper, "upperCouncilId")?));
        }
        if let Some(is_complete) = self.is_complete {
            all = all.add(if is_complete {
                Column::Missing.eq("")
            } else {
                Column::Missing.ne("")
            });
        }
        if let Some(Time(after)) = self.updated_after {
            all = all.add(Column::UpdatedAt.gt(after));
        }
        Ok(all)
    }
}

/// Owed, and due before today by one of two dates, or by the other where there is none.
fn late(one: Column, other: Column, today: NaiveDate) -> Condition {
    // Far in the future where no date was set, so that "not late" has no third case.
    let never = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX);
    let due = Func::coalesce([
        Expr::col((Entity, one)),
        Expr::col((Entity, other)),
        Expr::val(never),
    ]);
    Condition::all()
        .add(Column::Process.eq(Process::Forwarded))
        .add(Expr::expr(due).lt(today))
}
