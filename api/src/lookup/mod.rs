//! The voter's own view (tra cứu): by the code on his slip, without an account, what became of what he said.
//!
//! Told are states, dates, the kind of body and what was published; never who, where or what was said. A code that is
//! mistyped, unknown, of another installation, not yet uploaded, or of a denunciation is answered by the very same words.
//! The check symbol keeps most mistakes away from the database; guesses are slowed (see [`guessing`]).

pub mod graphql;
pub mod guessing;
pub mod slip;
pub mod words;

use std::{collections::BTreeSet, net::IpAddr};

use chrono::{Duration, NaiveDate};
use entity::{
    feedback,
    id::PetitionId,
    petition::{self, Process},
    petition_lineage,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    clock::local_date, error::Result, feedback::tracking::TrackingCode, petitions::forwarding::is_overdue,
    state::State,
};

/// What a look-up comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A voter's words have come in.
    Status(Box<Status>),
    /// Nothing that may be told.
    Nothing,
    /// So many unknown codes were asked for that this one has to wait.
    Wait(Duration),
}

/// What became of a voter's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// When they reached the council.
    pub received_on: NaiveDate,
    pub stage: feedback::Status,
    /// Whether it was said at a voter contact, and not at a desk or in a letter.
    pub at_contact: bool,
    /// The petitions that they are part of now; none before they are grouped, several after a split.
    pub petitions: Vec<Part>,
}

/// A petition as far as the holder of a code may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub process: Process,
    pub outcome: Option<String>,
    pub forwarded_on: Option<NaiveDate>,
    /// Kind of the body that has it: code of the list `agency_kind`.
    pub body_kind: Option<String>,
    /// Whether it lies with the council above.
    pub is_above: bool,
    pub due_on: Option<NaiveDate>,
    pub is_overdue: bool,
    pub answered_on: Option<NaiveDate>,
    /// Until when the newest answer promised it.
    pub roadmap_on: Option<NaiveDate>,
    /// The released title and answer.
    pub title: Option<String>,
    pub answer: Option<String>,
    pub informed_on: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
}

/// Petitions told of one code at most; a petition is split into twenty parts at most.
const MOST: usize = 20;

/// Looks a code up for whoever typed it.
pub async fn look_up(state: &State, typed: &str, address: IpAddr) -> Result<Seen> {
    // Far more than a code with every dash and space that somebody may put into it.
    const LONGEST: usize = 100;
    let code = Some(typed)
        .filter(|typed| typed.len() <= LONGEST)
        .and_then(TrackingCode::parse);
    let Some(code) = code else {
        return Ok(Seen::Nothing);
    };
    let asked = match state.guesses.ask(code, address, state.clock.now()) {
        Ok(asked) => asked,
        Err(guessing::Held(wait)) => return Ok(Seen::Wait(wait)),
    };
    let status = read(state, code).await?;
    if status.is_some() {
        state.guesses.was_right(asked);
    }
    Ok(status.map_or(Seen::Nothing, |status| Seen::Status(Box::new(status))))
}

async fn read(state: &State, code: TrackingCode) -> Result<Option<Status>> {
    let conn = state.store.read();
    let row = feedback::Entity::find()
        .filter(feedback::Column::TrackingCode.eq(code.to_string()))
        .filter(feedback::Column::Kind.ne("denunciation"))
        // Two slips of one code: the one that came first keeps it.
        .order_by_asc(feedback::Column::ReceivedAt)
        .order_by_asc(feedback::Column::Id)
        .one(conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let petitions = match row.petition_id {
        Some(petition) => parts(state, conn, petition).await?,
        None => Vec::new(),
    };
    Ok(Some(Status {
        received_on: local_date(row.received_at),
        stage: row.status,
        at_contact: row.meeting_id.is_some() || row.channel.as_deref() == Some("contact_meeting"),
        petitions,
    }))
}

/// A petition, or what it went on as by splits and mergers.
async fn parts<C: ConnectionTrait>(state: &State, conn: &C, petition: PetitionId) -> Result<Vec<Part>> {
    let mut seen = BTreeSet::new();
    let mut next = vec![petition];
    let mut found = Vec::new();
    while !next.is_empty() && seen.len() < 10 * MOST {
        next.retain(|id| seen.insert(*id));
        let rows = petition::Entity::find()
            .filter(petition::Column::Id.is_in(next))
            .order_by_asc(petition::Column::CreatedAt)
            .order_by_asc(petition::Column::Id)
            .all(conn)
            .await?;
        let (gone_on, here): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| matches!(row.process, Process::Split | Process::Merged));
        found.extend(here);
        let edges = petition_lineage::Entity::find()
            .filter(petition_lineage::Column::FromId.is_in(gone_on.iter().map(|row| row.id)))
            .all(conn)
            .await?;
        next = edges.into_iter().map(|edge| edge.to_id).collect();
    }
    found.truncate(MOST);
    let today = state.clock.today();
    let reference = state.reference();
    Ok(found
        .into_iter()
        .map(|row| {
            let agency = row.agency_id.and_then(|agency| reference.agency(agency));
            let counts = row.answer_counts();
            // Whom it was sent back by, or by whom nothing more is owed since it was taken up again, has no day to keep.
            let has_day = counts || row.process == Process::Forwarded;
            Part {
                is_overdue: is_overdue(&row, today),
                body_kind: agency.map(|agency| agency.kind.clone()),
                is_above: row.agency_id.is_none() && row.upper_council_id.is_some(),
                process: row.process,
                outcome: row.outcome,
                forwarded_on: row.forwarded_at,
                due_on: row.extended_to.or(row.due_at).filter(|_| has_day),
                answered_on: row.answered_at.filter(|_| counts),
                roadmap_on: row.roadmap_at.filter(|_| counts),
                title: row.public_title,
                answer: row.public_answer.filter(|_| counts),
                informed_on: row.informed_at.map(local_date),
                closed_on: row.closed_at.map(local_date),
            }
        })
        .collect())
}
