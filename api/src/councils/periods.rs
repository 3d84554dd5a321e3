//! Periods that a council sets for itself (thời hạn do Hội đồng đặt): each from a day on, by a document. What happened
//! before that day keeps the period that held then; a later row corrects one, ends it or takes its place.

use std::borrow::Cow;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::NaiveDate;
use entity::{council_period, id::CouncilId};
use serde_json::json;

use super::{graphql::Council, within};
use crate::{
    calendar::Calendar,
    capability::Capability,
    deadlines::{self, Period, Periods, own_on},
    error::{Code, Refused, Result},
    graphql::{
        UserError,
        command::{outcome, run_input},
        input_id,
        scalar::Day,
    },
    store::{
        door::{Command, Facts, Verdict},
        reference::Reference,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// The longest period that a council sets.
const MOST_DAYS: i32 = 90;

/// A period of a council as it holds on a day.
pub struct CouncilPeriod {
    period: Period,
    is_own: bool,
}

/// A period (thời hạn) as it holds at a council for what happens on a day.
#[Object]
impl CouncilPeriod {
    /// What it is for: `answer_commune`, `answer_province`, `answer_non_state` (answers of bodies, by the tier of the
    /// petition), `synthesis_group`, `synthesis_council`, `inform_voters`, `reminder_before`, `reminder_overdue`.
    async fn code(&self) -> &str {
        &self.period.code
    }

    /// What it is called, in Vietnamese.
    async fn label(&self) -> &str {
        &self.period.label_vi
    }

    /// Its length, in days of `unit`.
    async fn days(&self) -> i32 {
        i32::from(self.period.days)
    }

    /// `working` (ngày làm việc) or `calendar`.
    async fn unit(&self) -> &'static str {
        self.period.unit.code()
    }

    /// Whether it ends so many days `before` or `after` what happened.
    async fn side(&self) -> &'static str {
        self.period.side.code()
    }

    /// First day on which it holds; null means since ever.
    async fn valid_from(&self) -> Option<Day> {
        self.period.valid_from.map(Day)
    }

    /// First day from which the council has set it otherwise; null while it has not.
    async fn valid_to(&self) -> Option<Day> {
        self.period.valid_to.map(Day)
    }

    /// The rule that it comes from (căn cứ): the council's own document, or what is delivered with the program.
    async fn basis(&self) -> &str {
        &self.period.basis
    }

    /// Whether the council set it for itself.
    async fn is_own(&self) -> bool {
        self.is_own
    }
}

/// The periods that councils set, as they hold at one of them on a day.
pub(super) fn effective(
    reference: &Reference,
    calendar: &Calendar,
    council: CouncilId,
    on: NaiveDate,
) -> Vec<CouncilPeriod> {
    let periods = Periods::of(reference, council, calendar);
    let own = reference.own_periods(council, on);
    let shown = |delivered: &Period| {
        let found = periods.find(&delivered.code, on)?;
        let is_own = matches!(found, Cow::Owned(_));
        let next = own
            .iter()
            .filter(|row| row.code == delivered.code && row.valid_from > on)
            .map(|row| row.valid_from)
            .min();
        let mut period = found.into_owned();
        period.valid_to = period.valid_to.into_iter().chain(next).min();
        Some(CouncilPeriod { period, is_own })
    };
    deadlines::periods()
        .iter()
        .filter(|delivered| delivered.by_council && delivered.holds_on(on))
        .filter_map(shown)
        .collect()
}

/// A period of one's own council as it is to be.
#[derive(Clone, Debug, InputObject)]
pub struct SetCouncilPeriodInput {
    /// One's own council.
    council_id: ID,
    /// What it is for: code of one of the council's `periods`.
    code: String,
    /// Its length, 1 to 90 days of the `unit` of that period; null ends the council's own, so that the delivered one holds
    /// again. Must be told.
    days: MaybeUndefined<i32>,
    /// First day of what it governs (letters by their date, rounds by their last day, answers by theirs), in the
    /// council's time, today or later.
    valid_from: Day,
    /// The document that sets it (văn bản quy định), as printed, at most 200 characters.
    basis: String,
}

/// The council with its periods, or why nothing was set.
#[derive(SimpleObject)]
pub struct SetCouncilPeriodPayload {
    /// As it is now.
    council: Option<Council>,
    /// Empty when it was set.
    user_errors: Vec<UserError>,
}

/// Mutations of the periods of councils.
#[derive(Default)]
pub struct PeriodMutation;

#[Object]
impl PeriodMutation {
    /// Sets a period (thời hạn) of one's own council from a day on, by a document; for those who keep the council there.
    /// What happened before that day keeps its own. Of two for the same day the later one holds; sent again it changes
    /// nothing. Refusals: `NOT_FOUND`, `FORBIDDEN`, `UNKNOWN_CODE`, `INVALID_VALUE` (what a law sets), `REQUIRED`,
    /// `TOO_LONG`, `OUT_OF_RANGE`, `BEFORE_COUNCIL`, `INVALID_STATE` (nothing of its own to end).
    async fn set_council_period(
        &self,
        ctx: &Context<'_>,
        input: SetCouncilPeriodInput,
    ) -> Result<Option<SetCouncilPeriodPayload>> {
        let set = || {
            Ok(Set {
                council: input_id(&input.council_id, "councilId")?,
                code: input.code,
                days: match input.days {
                    MaybeUndefined::Undefined => return Err(Refused::field(Code::Required, "days")),
                    MaybeUndefined::Null => None,
                    MaybeUndefined::Value(days) => Some(days),
                },
                valid_from: input.valid_from.0,
                basis: input.basis,
            })
        };
        let (id, user_errors) = outcome(run_input(ctx, set).await?);
        Ok(Some(SetCouncilPeriodPayload {
            council: Council::of(ctx, id.map(CouncilId))?,
            user_errors,
        }))
    }
}

/// Sets a period of a council.
struct Set {
    council: CouncilId,
    code: String,
    /// Nothing ends the council's own.
    days: Option<i32>,
    valid_from: NaiveDate,
    basis: String,
}

/// The code of a period that councils set for themselves.
fn settable(code: &str) -> Result<&'static str, Refused> {
    let mut delivered = deadlines::periods()
        .iter()
        .filter(|period| period.code == code)
        .peekable();
    if delivered.peek().is_none() {
        return Err(Refused::field(Code::UnknownCode, "code"));
    }
    delivered
        .find(|period| period.by_council)
        .map(|period| period.code.as_str())
        .ok_or(Refused::field(Code::InvalidValue, "code"))
}

impl Command for Set {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.periods_of.insert(self.council.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let keep = Capability::ManageCouncil;
        if !facts.viewer.may_at_council(keep, self.council, facts.reference) {
            // What another council works at is nobody's business: it looks like none.
            let refused = facts.viewer.must(keep, Place::Council(self.council));
            refused.map_err(|refused| Refused::field(refused.code, "councilId"))?;
        }
        let council = facts.reference.council(self.council);
        let council = council.ok_or(Refused::field(Code::NotFound, "councilId"))?;
        let code = settable(&self.code)?;
        if self.days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            return Err(Refused::field(Code::OutOfRange, "days"));
        }
        let basis = crate::text::required(&self.basis, 200).map_err(|code| Refused::field(code, "basis"))?;
        let own = || {
            let rows = working.council_period.iter();
            rows.filter(move |row| row.council_id == self.council && row.code == code)
        };
        let mut changes = Changes::default();
        let before = own_on(own(), code, self.valid_from);
        let is_known = |row: &council_period::Model| {
            (row.valid_from, row.days, &row.basis) == (self.valid_from, self.days, &basis)
        };
        // Whoever lost the reply asks again, on whatever day.
        if before.is_some_and(is_known) {
            return Ok(Verdict::about(changes, [self.council.0]));
        }
        if self.valid_from < facts.today {
            return Err(Refused::field(Code::OutOfRange, "validFrom"));
        }
        within(council, self.valid_from, None)?;
        let days_before = before.and_then(|row| row.days);
        if self.days.is_none() && days_before.is_none() {
            return Err(Refused::field(Code::InvalidState, "days"));
        }
        let event = if self.days.is_some() {
            "period_set"
        } else {
            "period_ended"
        };
        let mut event = facts.event("council", self.council, event, Some(self.council));
        event.basis = Some(basis.clone());
        let detail = json!({
            "code": code, "days": self.days, "validFrom": self.valid_from, "before": { "days": days_before },
        });
        event.detail = Some(detail.to_string());
        changes.put(council_period::Model {
            id: facts.id(),
            council_id: self.council,
            code: code.to_owned(),
            ordinal: 1 + own().map(|row| row.ordinal).max().unwrap_or(0),
            days: self.days,
            valid_from: self.valid_from,
            basis,
            at: facts.now,
            actor_id: facts.viewer.account_id(),
        });
        changes.happened(event);
        Ok(Verdict::about(changes, [self.council.0]))
    }
}
