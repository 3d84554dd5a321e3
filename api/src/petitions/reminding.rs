//! Reminders that the server makes by itself (nhắc hạn tự động), for bodies that answer here. They are no urgings: they
//! have their own rows, their own count, and take nothing from what people did.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use entity::{
    id::PetitionId,
    petition::{Column, Entity, Event, Model, Process},
    reminder,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func},
};
use uuid::Uuid;

use super::{importing::derived, record, rules, step};
use crate::{
    calendar::Calendar,
    deadlines,
    error::{Refused, Result},
    state::State,
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// A reminder that is due; made twice it changes nothing, because its id says what it is about.
pub struct Remind {
    petition: PetitionId,
    id: Uuid,
}

/// What is told of a petition to find its reminder.
type Owed = (
    PetitionId,
    entity::id::CouncilId,
    Option<NaiveDate>,
    Option<NaiveDate>,
    Option<NaiveDate>,
);

/// The reminder of today, if there is one.
fn today_s(owed: &Owed, today: NaiveDate, calendar: &Calendar) -> Option<(Uuid, reminder::Kind, NaiveDate)> {
    let (petition, council, due, extended, forwarded) = *owed;
    let due = extended.or(due)?;
    let (kind, number) = rules::reminder(due, forwarded, today, calendar)?;
    let (petition, on, number) = (petition.to_string(), due.to_string(), number.to_string());
    Some((
        derived(council, &["reminder", &petition, &on, &number]),
        kind,
        due,
    ))
}

fn owed(row: &Model) -> Owed {
    (
        row.id,
        row.council_id,
        row.due_at,
        row.extended_to,
        row.forwarded_at,
    )
}

impl Command for Remind {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.petition.insert(self.petition.0);
        needs.reminder.insert(self.id);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let about = |changes| Ok(Verdict::about(changes, [self.petition.0]));
        let Some(row) = working.petition.get(self.petition) else {
            return about(changes);
        };
        let Some((id, kind, due)) = today_s(&owed(row), facts.today, facts.calendar) else {
            return about(changes);
        };
        let is_made = working.reminder.get(id).is_some();
        let body = row.agency_id.and_then(|agency| facts.reference.agency(agency));
        // Nobody reads a reminder at a body without an account; the office sees it in its list and writes.
        let Some(body) = body.filter(|body| id == self.id && !is_made && body.has_account) else {
            return about(changes);
        };
        let process = step(row, Event::Remind)?;
        let ordinal = row.reminders + 1;
        changes.put(reminder::Model {
            id,
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
    // The last day of which somebody is reminded today.
    let last = state.calendar.add_working_days(today, before.days + 1);
    let due = Func::coalesce([Expr::col(Column::ExtendedTo), Expr::col(Column::DueAt)]);
    let mut query = Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::CouncilId,
            Column::DueAt,
            Column::ExtendedTo,
            Column::ForwardedAt,
        ])
        .filter(Column::Process.eq(Process::Forwarded))
        .filter(
            Column::AgencyId.is_in(
                reference
                    .bodies
                    .agencies
                    .values()
                    .filter(|body| body.has_account)
                    .map(|body| body.id),
            ),
        )
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
    let wanted: BTreeMap<Uuid, PetitionId> = rows
        .iter()
        .filter_map(|row| Some((today_s(row, today, state.calendar)?.0, row.0)))
        .collect();
    let made: Vec<Uuid> = reminder::Entity::find()
        .select_only()
        .column(reminder::Column::Id)
        .filter(reminder::Column::Id.is_in(wanted.keys().copied()))
        .into_tuple()
        .all(state.store.read())
        .await?;
    let made: BTreeSet<Uuid> = made.into_iter().collect();
    let due = wanted
        .into_iter()
        .filter(|(id, _)| !made.contains(id))
        .map(|(id, petition)| Remind { petition, id });
    Ok((due.collect(), next))
}
