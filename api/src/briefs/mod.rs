//! Briefs of coming voter contacts (tài liệu tóm tắt cho đại biểu): what the place asked before and what came of it, what
//! is open, repeated and promised, the resolutions in force, the council's own papers, and whom to call.
//!
//! A brief is made when its sources change, by the worker and in no request: it is a text beside its meeting that
//! changes only with a write, and so travels like any other. Making it twice, or in two processes, changes nothing.
//! What stands in it is pure (`made`); where it comes from is read here (`read`).

mod made;
mod read;

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use entity::{
    event, feedback,
    id::{AgencyId, CouncilId, MeetingId, UnitId},
    meeting::{self, Column, Entity, Family, Status},
    meeting_brief, meeting_unit, petition, petition_unit, resolution,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::Query,
};
use serde_json::Value;
use uuid::Uuid;

pub use made::MOST_BYTES;

use crate::{
    error::{Refused, Result},
    looked::steps_since,
    state::State,
    store::{
        door::{self, Command, Facts, Verdict},
        working::{Changes, Needs, Working},
        writing::parse_id,
    },
    viewer::Viewer,
};

/// Contacts of how many days have a brief.
const AHEAD: i64 = 30;
/// A contact that has begun keeps its brief up to date for so long.
const BEHIND: i64 = 12;
/// Briefs of one batch.
const BATCH: usize = 100;

/// Kinds of steps in history.
const AGENCY: &str = "agency";
const COUNCIL: &str = "council";

/// Makes the briefs whose sources changed since the last look of this process; `all` makes every one in the window, as
/// on a new day.
pub async fn make(state: &State, all: bool) -> Result<()> {
    let now = state.clock.now();
    let since = state.briefed.since().filter(|_| !all);
    let contacts = match since {
        None => coming(now).into_tuple().all(state.store.read()).await?,
        Some(since) => touched(state, now, since).await?,
    };
    for contacts in contacts.chunks(BATCH) {
        let mut kept = Vec::new();
        for contact in contacts {
            if let Some(sources) = read::sources(state, *contact).await? {
                kept.push(Keep {
                    meeting: *contact,
                    text: made::made(sources),
                });
            }
        }
        let commands: Vec<&dyn Command> = kept.iter().map(|keep| keep as &dyn Command).collect();
        for refused in door::execute(state, &Viewer::system(), &commands).await? {
            if let Err(refused) = refused {
                tracing::warn!(code = refused.code.name(), "a brief was refused");
            }
        }
    }
    state.briefed.until(now);
    Ok(())
}

/// How the database goes about what the place of a contact asked, one line a step; for tests and for whoever looks after
/// a database.
pub async fn plan(state: &State, contact: MeetingId) -> Result<Vec<String>> {
    read::plan(state, contact).await
}

/// The ids of contacts that are to have a brief.
fn coming(now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Family.eq(Family::Contact))
        .filter(Column::Status.is_in([Status::Proposed, Status::Approved, Status::Notified]))
        .filter(Column::StartsAt.gte(now - Duration::hours(BEHIND)))
        .filter(Column::StartsAt.lt(now + Duration::days(AHEAD)))
        .order_by_asc(Column::StartsAt)
}

/// Those of them whose sources were written after a moment.
async fn touched(state: &State, now: DateTime<Utc>, since: DateTime<Utc>) -> Result<Vec<MeetingId>> {
    let conn = state.store.read();
    let reference = state.reference();
    let Told {
        agencies,
        councils,
        mut units,
    } = Told::since(state, since).await?;
    let of_bodies = agencies.iter().filter_map(|id| reference.agency(*id));
    units.extend(of_bodies.map(|agency| agency.unit_id));
    let of_councils = councils.iter().filter_map(|id| reference.council(*id));
    units.extend(of_councils.map(|council| council.unit_id));
    // A body is named wherever something was asked of it.
    let mut any = Condition::any().add(petition::Column::UpdatedAt.gt(since));
    if !agencies.is_empty() {
        any = any.add(petition::Column::AgencyId.is_in(agencies));
    }
    let petitions = Query::select()
        .column(petition::Column::Id)
        .from(petition::Entity)
        .cond_where(any)
        .to_owned();
    let of_petitions: Vec<UnitId> = petition_unit::Entity::find()
        .select_only()
        .column(petition_unit::Column::UnitId)
        .distinct()
        .filter(petition_unit::Column::PetitionId.in_subquery(petitions))
        .into_tuple()
        .all(conn)
        .await?;
    units.extend(of_petitions);
    // What was answered on the spot, or was so before it was corrected.
    let corrected = steps_since(since)
        .select_only()
        .column(event::Column::RowId)
        .filter(is_correction())
        .into_query();
    let answered = Condition::any()
        .add(feedback::Column::AnsweredOnSpot.eq(true))
        .add(feedback::Column::Id.in_subquery(corrected));
    let of_feedback: Vec<Option<UnitId>> = feedback::Entity::find()
        .select_only()
        .column(feedback::Column::UnitId)
        .distinct()
        .filter(feedback::Column::UpdatedAt.gt(since))
        .filter(answered)
        .into_tuple()
        .all(conn)
        .await?;
    units.extend(of_feedback.into_iter().flatten());
    let of_resolutions: Vec<UnitId> = resolution::Entity::find()
        .select_only()
        .column(resolution::Column::UnitId)
        .distinct()
        .filter(resolution::Column::UpdatedAt.gt(since))
        .into_tuple()
        .all(conn)
        .await?;
    // What is decided above stands in the briefs of all that lies below.
    let below = of_resolutions.into_iter();
    units.extend(below.flat_map(|unit| reference.units.subtree(unit)));

    // What is known of a former unit stands in the briefs of those that were made of it.
    let units: BTreeSet<UnitId> = units
        .into_iter()
        .flat_map(|unit| reference.units.with_successors(unit).into_iter().chain([unit]))
        .collect();
    let councils = reference.bodies.councils.values();
    let councils: Vec<CouncilId> = councils
        .filter(|council| units.contains(&council.unit_id))
        .map(|council| council.id)
        .collect();
    let there = Query::select()
        .column(meeting_unit::Column::MeetingId)
        .from(meeting_unit::Entity)
        .and_where(meeting_unit::Column::UnitId.is_in(units))
        .to_owned();
    let any = Condition::any()
        .add(Column::UpdatedAt.gt(since))
        .add(Column::CouncilId.is_in(councils))
        .add(Column::Id.in_subquery(there));
    Ok(coming(now).filter(any).into_tuple().all(conn).await?)
}

/// What history tells of sources that do not tell it themselves: bodies and papers have no time, and a slip that was moved
/// or corrected does not say where it was and what it answered before.
#[derive(Default)]
struct Told {
    agencies: BTreeSet<AgencyId>,
    councils: BTreeSet<CouncilId>,
    /// Where slips were before.
    units: BTreeSet<UnitId>,
}

impl Told {
    async fn since(state: &State, since: DateTime<Utc>) -> Result<Self> {
        let of_bodies = event::Column::Kind.is_in([AGENCY, COUNCIL]);
        let steps: Vec<(String, Uuid, Option<String>)> = steps_since(since)
            .select_only()
            .columns([event::Column::Kind, event::Column::RowId, event::Column::Detail])
            .filter(Condition::any().add(of_bodies).add(is_correction()))
            .into_tuple()
            .all(state.store.read())
            .await?;
        let mut told = Self::default();
        for (kind, row, detail) in steps {
            match kind.as_str() {
                AGENCY => {
                    told.agencies.insert(row.into());
                }
                COUNCIL => {
                    told.councils.insert(row.into());
                }
                _ => told.units.extend(detail.as_deref().and_then(unit_before)),
            }
        }
        Ok(told)
    }
}

/// An author wrote his slip anew.
fn is_correction() -> Condition {
    Condition::all()
        .add(event::Column::Kind.eq("feedback"))
        .add(event::Column::Event.is_in(["corrected", "resubmitted"]))
}

/// Where a slip was before, as its step of history has it.
fn unit_before(detail: &str) -> Option<UnitId> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    parse_id(detail["before"]["unitId"].as_str()?).map(UnitId)
}

/// Keeps a brief beside its meeting. Kept twice it changes nothing.
struct Keep {
    meeting: MeetingId,
    text: String,
}

impl Command for Keep {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.meeting.insert(self.meeting.0);
    }

    fn judge(&self, working: &Working, _facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let row: Option<&meeting::Model> = working.meeting.get(self.meeting);
        let known = working.meeting_brief.get(self.meeting);
        let is_new = known.is_none_or(|known| known.text != self.text);
        // What was held in the meantime keeps the brief with which its delegates went there.
        if row.is_some_and(|row| !row.status.is_over()) && is_new {
            changes.put(meeting_brief::Model {
                meeting_id: self.meeting,
                text: self.text.clone(),
            });
            let meeting = self.meeting;
            changes.and(move |working| working.meeting.touch(meeting));
        }
        Ok(Verdict::about(changes, [self.meeting.0]))
    }
}
