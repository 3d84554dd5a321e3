//! Where a brief comes from. Of the council that planned a meeting, and of those that it follows, its readers may know what
//! these have; of all others only what is published. That a plan names a council is no consent of it.

use std::collections::BTreeSet;

use entity::{
    agency, document, feedback,
    id::{CouncilId, MeetingId, UnitId},
    petition::{self, Process},
    petition_unit,
    resolution::{self, Effect},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Query,
};

use super::made::Sources;
use crate::{
    error::Result,
    graphql::list::without,
    state::State,
    store::{
        reference::{Reference, existed},
        working::{Needs, Working},
    },
};

/// Rows of one kind that are looked at; far more than a brief has room for.
const MOST: u64 = 60;

/// For whom and where a brief is.
struct Place {
    /// The one that planned the meeting.
    council: CouncilId,
    /// It, the same one of earlier terms, and those of the units that its own was made of: who follows reads what they had.
    known: BTreeSet<CouncilId>,
    /// Units of all that hold the meeting.
    seats: BTreeSet<UnitId>,
    /// Its units, and those that they were made of.
    units: BTreeSet<UnitId>,
}

/// Of what the brief of a meeting is made; nothing if there is no such meeting.
pub(super) async fn sources(state: &State, id: MeetingId) -> Result<Option<Sources>> {
    let conn = state.store.read();
    let mut needs = Needs::default();
    needs.meeting.insert(id.0);
    let working = Working::load(conn, &needs).await?;
    let Some(row) = working.meeting.get(id) else {
        return Ok(None);
    };
    let reference = state.reference();
    let joint = working.meeting_council.of(id).map(|link| link.council_id);
    let named = working.meeting_unit.of(id).map(|link| link.unit_id);
    let place = Place {
        council: row.council_id,
        known: reference.with_predecessors(row.council_id),
        seats: std::iter::once(row.council_id)
            .chain(joint)
            .filter_map(|council| Some(reference.council(council)?.unit_id))
            .collect(),
        units: named
            .flat_map(|unit| reference.units.with_predecessors(unit))
            .collect(),
    };
    let round = match row.round_id {
        Some(round) => entity::round::Entity::find_by_id(round).one(conn).await?,
        None => None,
    };
    let petitions = petitions(conn, &place).await?;
    let papers = papers(state, place.council).await?;
    let paper = |purpose: &str| {
        papers
            .iter()
            .find(|paper| paper.purpose.as_deref() == Some(purpose))
            .cloned()
    };
    Ok(Some(Sources {
        round,
        on_spot: on_spot(conn, &place).await?,
        resolutions: resolutions(conn, &place).await?,
        guide: paper("contact_guide"),
        report: paper("socio_economic_report"),
        agencies: agencies(&reference, &place, &petitions, state.clock.today()),
        petitions,
    }))
}

/// What the place asked: what is open first, then the newest.
async fn petitions<C: ConnectionTrait>(conn: &C, place: &Place) -> Result<Vec<petition::Model>> {
    use petition::{Column, Entity};
    let there = Query::select()
        .column(petition_unit::Column::PetitionId)
        .from(petition_unit::Entity)
        .and_where(petition_unit::Column::UnitId.is_in(place.units.iter().copied()))
        .to_owned();
    let councils = || place.known.iter().copied();
    let known = Condition::any()
        .add(Column::CouncilId.is_in(councils()))
        .add(Column::UpperCouncilId.is_in(councils()))
        .add(Column::PublicContent.is_not_null());
    let query = Entity::find().filter(Column::Id.in_subquery(there)).filter(known);
    let query = without(query, &[Column::Content]);
    let settled = [
        Process::Answered,
        Process::Assessed,
        Process::Informed,
        Process::Closed,
    ];
    let gone = [Process::Split, Process::Merged];
    let open = query
        .clone()
        .filter(Column::Process.is_not_in(settled.into_iter().chain(gone)))
        .order_by_asc(Column::DueAt)
        .order_by_desc(Column::Id)
        .limit(MOST);
    let newest = query
        .filter(Column::Process.is_in(settled))
        .order_by_desc(Column::Id)
        .limit(MOST);
    let mut found = open.all(conn).await?;
    found.extend(newest.all(conn).await?);
    for row in &mut found {
        let is_own = place.known.contains(&row.council_id)
            || row
                .upper_council_id
                .is_some_and(|upper| place.known.contains(&upper));
        if !is_own {
            // Whoever planned the meeting reads of others what everybody reads.
            row.title = row.public_title.take().unwrap_or_default();
            row.answer_text = row.public_answer.take();
        }
    }
    Ok(found)
}

/// What was answered on the spot at the place, newest first.
async fn on_spot<C: ConnectionTrait>(conn: &C, place: &Place) -> Result<Vec<feedback::Model>> {
    use feedback::{Column, Entity};
    let query = Entity::find()
        .filter(Column::CouncilId.is_in(place.known.iter().copied()))
        .filter(Column::UnitId.is_in(place.units.iter().copied()))
        .filter(Column::AnsweredOnSpot.eq(true))
        .filter(Column::OnSpotAnswer.is_not_null())
        .filter(Column::Status.ne(feedback::Status::Withdrawn))
        .order_by_desc(Column::Id)
        .limit(MOST);
    Ok(query.all(conn).await?)
}

/// The resolutions in force of the council that planned the meeting and of those before it; of the place, and of the others
/// that hold it, what is published.
async fn resolutions<C: ConnectionTrait>(conn: &C, place: &Place) -> Result<Vec<resolution::Model>> {
    use resolution::{Column, Entity};
    let councils = place.known.iter().copied();
    let units = place.units.union(&place.seats).copied();
    let known = Condition::any().add(Column::CouncilId.is_in(councils)).add(
        Condition::all()
            .add(Column::UnitId.is_in(units))
            .add(Column::IsPublic.eq(true)),
    );
    let query = Entity::find()
        .filter(known)
        .filter(Column::Effect.is_in([Effect::InForce, Effect::Partly]))
        .order_by_desc(Column::InForceFrom)
        .order_by_desc(Column::Id)
        .limit(MOST);
    Ok(without(query, &[Column::Text]).all(conn).await?)
}

/// The council's own papers that hold today, newest first.
async fn papers(state: &State, council: CouncilId) -> Result<Vec<document::Model>> {
    use document::{Column, Entity};
    let papers = Entity::find()
        .filter(Column::CouncilId.eq(council))
        .filter(Column::Purpose.is_not_null())
        .order_by_desc(Column::Date)
        .order_by_desc(Column::Id)
        .limit(MOST)
        .all(state.store.read())
        .await?;
    let today = state.clock.today();
    let holds = |paper: &document::Model| existed(paper.valid_from, paper.valid_to, today);
    Ok(papers.into_iter().filter(holds).collect())
}

/// The bodies that have what the place asked, and those of the place itself, that can be reached.
fn agencies(
    reference: &Reference,
    place: &Place,
    petitions: &[petition::Model],
    today: chrono::NaiveDate,
) -> Vec<agency::Model> {
    let leading: BTreeSet<_> = petitions.iter().filter_map(|row| row.agency_id).collect();
    let mut found: Vec<agency::Model> = reference
        .bodies
        .agencies
        .values()
        .filter(|row| existed(row.valid_from, row.valid_to, today))
        .filter(|row| leading.contains(&row.id) || place.units.contains(&row.unit_id))
        .filter(|row| leading.contains(&row.id) || row.hotline.is_some() || row.email.is_some())
        .cloned()
        .collect();
    found.sort_by_key(|row| (!leading.contains(&row.id), row.name.clone(), row.id));
    found
}
