//! Reminders that the server makes by itself (nhắc hạn tự động), for bodies that answer here: the lead until it answered,
//! and each coordinating body until it replied. They are no urgings: they have their own rows, their own count, and take
//! nothing from what people did.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::{
    id::{AgencyId, CouncilId, PetitionId},
    petition::{Column, Entity, Event, Model, Process},
    petition_agency, reminder,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func, Query},
};
use uuid::Uuid;

use super::{importing::derived, record, rules, step};
use crate::{
    calendar::Calendar,
    deadlines::{self, Periods},
    error::{Refused, Result},
    state::State,
    store::{
        door::{Command, Facts, Verdict},
        reference::Reference,
        working::{Changes, Needs, Working},
    },
};

/// A reminder that is due; made twice it changes nothing, because its id says what it is about.
pub struct Remind {
    petition: PetitionId,
    body: AgencyId,
    ids: Ids,
}

/// The ids that one reminder may have.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ids {
    /// What it is about and whom it reminds: a successor is told what its predecessor was told already. Not of which council
    /// the petition is: another may go on with it, and the body is told no more for that.
    own: Uuid,
    /// Without whom, as the lead's was before: made for the same body then, it is not made again.
    former: Uuid,
}

impl Ids {
    /// Whether the body was reminded, as far as reminders are known by their ids.
    fn is_made(self, body: AgencyId, made: impl Fn(Uuid) -> Option<AgencyId>) -> bool {
        made(self.own).is_some() || made(self.former) == Some(body)
    }
}

/// What is told of a petition to find its reminders: its council, when an answer is due and to what that was extended,
/// when it was forwarded, to which lead, and the council above through which it went.
type Owed = (
    PetitionId,
    CouncilId,
    Option<NaiveDate>,
    Option<NaiveDate>,
    Option<NaiveDate>,
    Option<AgencyId>,
    Option<CouncilId>,
);

/// The reminder of today to one of those who owe something, if there is one.
fn today_s(
    owed: &Owed,
    body: AgencyId,
    today: NaiveDate,
    reference: &Reference,
    calendar: &Calendar,
) -> Option<(Ids, reminder::Kind, NaiveDate)> {
    let (petition, council, due, extended, forwarded, _, above) = *owed;
    let due = extended.or(due)?;
    // As the council set it that sent the letter to the body.
    let periods = Periods::of(reference, above.unwrap_or(council), calendar);
    let (kind, number) = rules::reminder(due, forwarded, today, &periods)?;
    let (named, on, number, body) = (
        petition.to_string(),
        due.to_string(),
        number.to_string(),
        body.to_string(),
    );
    let own = ["reminder", &on, &number, &body].join("\u{1f}");
    let ids = Ids {
        own: Uuid::new_v5(&petition.0, own.as_bytes()),
        former: derived(council, &["reminder", &named, &on, &number]),
    };
    Some((ids, kind, due))
}

fn owed(row: &Model) -> Owed {
    (
        row.id,
        row.council_id,
        row.due_at,
        row.extended_to,
        row.forwarded_at,
        row.agency_id,
        row.upper_council_id,
    )
}

impl Command for Remind {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
        needs.reminder.extend([self.ids.own, self.ids.former]);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let about = |changes| Ok(Verdict::about(changes, [self.petition.0]));
        let Some(row) = working.petition.get(self.petition) else {
            return about(changes);
        };
        // Whoever replied meanwhile, or has it no more, is not asked.
        if !rules::owing(row.agency_id, working.petition_agency.of(row.id)).contains(&self.body) {
            return about(changes);
        }
        let reminder = today_s(
            &owed(row),
            self.body,
            facts.today,
            facts.reference,
            facts.calendar,
        );
        let Some((ids, kind, due)) = reminder else {
            return about(changes);
        };
        let is_made = ids.is_made(self.body, |id| Some(working.reminder.get(id)?.agency_id));
        let body = facts.reference.agency(self.body);
        // Nobody reads a reminder at a body without an account; the office sees it in its list and writes.
        let Some(body) = body.filter(|body| ids == self.ids && !is_made && body.has_account) else {
            return about(changes);
        };
        let process = step(row, Event::Remind)?;
        let ordinal = row.reminders + 1;
        changes.put(reminder::Model {
            id: ids.own,
            petition_id: row.id,
            agency_id: body.id,
            kind,
            ordinal,
            due_on: due,
            at: facts.now,
        });
        let reminded = Model {
            process,
            reminders: ordinal,
            ..row.clone()
        };
        record(&mut changes, facts, reminded, "reminded", Some(due.to_string()));
        about(changes)
    }
}

/// The reminders that are due on a day and were not made yet, those of the next petitions after `after`.
pub async fn due(
    state: &State,
    today: NaiveDate,
    after: Option<PetitionId>,
    most: u64,
) -> Result<(Vec<Remind>, Option<PetitionId>)> {
    let reference = state.reference();
    let Some(before) = deadlines::find("reminder_before", today) else {
        return Ok((Vec::new(), None));
    };
    // The last day of which somebody is reminded today, whichever council set the longest time.
    let own = reference.bodies.periods.values().flatten();
    let own = own.filter(|row| row.code == before.code);
    let own = own.filter_map(|row| u16::try_from(row.days?).ok());
    let longest = own.fold(before.days, Ord::max);
    let last = state.calendar.add_working_days(today, longest + 1);
    let due = Func::coalesce([Expr::col(Column::ExtendedTo), Expr::col(Column::DueAt)]);
    let has_account = |body: AgencyId| reference.agency(body).is_some_and(|body| body.has_account);
    let bodies = reference.bodies.agencies.values();
    let bodies = bodies.filter(|body| body.has_account).map(|body| body.id);
    let replying = Query::select()
        .expr(Expr::val(1))
        .from(petition_agency::Entity)
        .and_where(
            Expr::col((petition_agency::Entity, petition_agency::Column::PetitionId))
                .equals((Entity, Column::Id)),
        )
        .and_where(petition_agency::Column::AnswerId.is_null())
        .to_owned();
    let waits = Condition::any()
        .add(Column::AgencyId.is_in(bodies))
        .add(Expr::exists(replying));
    let mut query = Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::CouncilId,
            Column::DueAt,
            Column::ExtendedTo,
            Column::ForwardedAt,
            Column::AgencyId,
            Column::UpperCouncilId,
        ])
        .filter(Column::Process.eq(Process::Forwarded))
        .filter(waits)
        .filter(Expr::expr(due).lte(last));
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    let rows: Vec<Owed> = query
        .order_by_asc(Column::Id)
        .limit(most)
        .into_tuple()
        .all(state.store.read())
        .await?;
    let next = (rows.len() as u64 == most)
        .then(|| rows.last().map(|row| row.0))
        .flatten();
    let links = petition_agency::Entity::find()
        .filter(petition_agency::Column::PetitionId.is_in(rows.iter().map(|row| row.0)))
        .all(state.store.read())
        .await?;
    let mut wanted: Vec<Remind> = Vec::new();
    for row in &rows {
        let coordinating = links.iter().filter(|link| link.petition_id == row.0);
        for body in rules::owing(row.5, coordinating) {
            let ids = today_s(row, body, today, &reference, state.calendar).map(|(ids, ..)| ids);
            wanted.extend(ids.filter(|_| has_account(body)).map(|ids| Remind {
                petition: row.0,
                body,
                ids,
            }));
        }
    }
    let named = wanted
        .iter()
        .flat_map(|remind| [remind.ids.own, remind.ids.former]);
    let made: Vec<(Uuid, AgencyId)> = reminder::Entity::find()
        .select_only()
        .columns([reminder::Column::Id, reminder::Column::AgencyId])
        .filter(reminder::Column::Id.is_in(named))
        .into_tuple()
        .all(state.store.read())
        .await?;
    let made: BTreeMap<Uuid, AgencyId> = made.into_iter().collect();
    wanted.retain(|remind| !remind.ids.is_made(remind.body, |id| made.get(&id).copied()));
    Ok((wanted, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_is_the_same_whichever_council_goes_on_with_the_petition() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let id = Uuid::from_u128;
        let (reference, body) = (Reference::default(), AgencyId(id(1)));
        let reminder = |council: u128, body: AgencyId| {
            let owed: Owed = (
                PetitionId(id(2)),
                CouncilId(id(council)),
                Some(day("2026-03-16")),
                None,
                Some(day("2026-02-09")),
                Some(body),
                None,
            );
            let today = day("2026-03-11");
            today_s(&owed, body, today, &reference, Calendar::delivered()).map(|(ids, ..)| ids.own)
        };
        assert!(reminder(3, body).is_some());
        assert_eq!(reminder(3, body), reminder(4, body));
        assert_ne!(reminder(3, body), reminder(3, AgencyId(id(5))));
    }
}
