//! Where a brief comes from. Of the council that planned a meeting, and of those that it follows, its readers may know what
//! these have; of all others only what is published. That a plan names a council is no consent of it.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    agency, document, feedback,
    id::{CouncilId, MeetingId, PetitionId, UnitId},
    meeting,
    petition::{self, Process},
    resolution::{self, Effect},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Select,
};

use super::made::{ASKED, RESOLUTIONS, Sources, is_open};
use crate::{
    error::Result,
    graphql::list::{total, without},
    meetings::brief::INTERNAL,
    state::State,
    store::{
        reference::{Reference, existed},
        sql::Sql,
        working::{Needs, Working},
    },
};

/// Rows of one list that are read; more than a brief has room for.
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
    /// The units above all these: what is decided there holds here.
    above: BTreeSet<UnitId>,
}

/// For whom and where the brief of a meeting is; nothing if there is no such meeting.
async fn place(state: &State, id: MeetingId) -> Result<Option<(meeting::Model, Place)>> {
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
    let seats: BTreeSet<UnitId> = std::iter::once(row.council_id)
        .chain(joint)
        .filter_map(|council| Some(reference.council(council)?.unit_id))
        .collect();
    let units: BTreeSet<UnitId> = named
        .flat_map(|unit| reference.units.with_predecessors(unit))
        .collect();
    let above = seats
        .union(&units)
        .flat_map(|unit| reference.units.upwards(*unit))
        .map(|unit| unit.id)
        .filter(|unit| !seats.contains(unit) && !units.contains(unit))
        .collect();
    let place = Place {
        council: row.council_id,
        known: reference.with_predecessors(row.council_id),
        seats,
        units,
        above,
    };
    Ok(Some((row.clone(), place)))
}

/// Of what the brief of a meeting is made; nothing if there is no such meeting.
pub(super) async fn sources(state: &State, id: MeetingId) -> Result<Option<Sources>> {
    let conn = state.store.read();
    let Some((row, place)) = place(state, id).await? else {
        return Ok(None);
    };
    let reference = state.reference();
    let round = match row.round_id {
        Some(round) => entity::round::Entity::find_by_id(round).one(conn).await?,
        None => None,
    };
    let (petitions, asked) = petitions(conn, state.store.backend(), &place).await?;
    let (on_spot, answered) = on_spot(conn, &place).await?;
    let (resolutions, in_force) = resolutions(conn, of_the_place(&place)).await?;
    let (above, in_force_above) = match place.above.is_empty() {
        true => (Vec::new(), 0),
        false => self::resolutions(conn, of_others_above(&place)).await?,
    };
    let whose = |row: &resolution::Model| {
        let council = reference.council(row.council_id);
        council.map(|council| council.name.clone()).unwrap_or_default()
    };
    Ok(Some(Sources {
        round,
        on_spot,
        resolutions,
        above: above.into_iter().map(|row| (whose(&row), row)).collect(),
        guide: paper(state, place.council, "contact_guide").await?,
        report: paper(state, place.council, "socio_economic_report").await?,
        agencies: agencies(&reference, &place, &petitions, state.clock.today()),
        petitions,
        in_all: BTreeMap::from([
            (ASKED, asked),
            (INTERNAL, answered),
            (RESOLUTIONS, in_force + in_force_above),
        ]),
    }))
}

/// How the database goes about what the place of a meeting asked, one line a step.
pub(super) async fn plan(state: &State, id: MeetingId) -> Result<Vec<String>> {
    let Some((_, place)) = place(state, id).await? else {
        return Ok(Vec::new());
    };
    let backend = state.store.backend();
    let (explain, column) = match backend {
        DatabaseBackend::Sqlite => ("EXPLAIN QUERY PLAN ", "detail"),
        _ => ("EXPLAIN ", "QUERY PLAN"),
    };
    let lines = needed(backend, &place, explain).all(state.store.read()).await?;
    let lines = lines.iter().map(|line| line.try_get("", column));
    Ok(lines.collect::<Result<_, _>>()?)
}

/// The codes of the states that are so, as a list of SQL.
fn codes(is: fn(Process) -> bool) -> String {
    let codes = Process::ALL.iter().filter(|process| is(**process));
    let codes: Vec<String> = codes.map(|process| format!("'{}'", process.code())).collect();
    codes.join(", ")
}

/// One statement: what is needed most of what the place asked, and how many that are in all.
///
/// Five kinds: what has to be done by a day, what was promised by a day, what was asked again, what waits without a day,
/// what is settled; of each the most urgent first, as `made` tells them. Each has its share of the room: beside six of
/// each of the first two stand three of the third and one of each of the others, and what one does not fill the others
/// do. A thousand petitions that nobody has looked at yet hide neither the one that is overdue nor a promise.
///
/// Read are the rows of the place, by the index of its units, however many others there are.
fn needed(backend: DatabaseBackend, place: &Place, explain: &str) -> Sql {
    let open = codes(is_open);
    let gone = codes(|process| matches!(process, Process::Split | Process::Merged));
    let is_due = format!("process IN ({open}) AND coalesce(extended_to, due_at) IS NOT NULL");
    // As `petitions::promises` has it: closing keeps no promise.
    let is_promised = "outcome IS NOT NULL AND roadmap_at IS NOT NULL";
    let mut sql = Sql::new(backend, explain);
    sql.push(&format!(
        "SELECT id, in_all FROM (\
         SELECT id, kind, COUNT(*) OVER () AS in_all, \
         ROW_NUMBER() OVER (PARTITION BY kind ORDER BY day, created_at DESC, id DESC) AS place FROM (\
         SELECT id, created_at, \
         CASE WHEN {is_due} THEN 0 WHEN {is_promised} THEN 1 WHEN repeats > 0 THEN 2 \
         WHEN process IN ({open}) THEN 3 ELSE 4 END AS kind, \
         CASE WHEN {is_due} THEN coalesce(extended_to, due_at) WHEN {is_promised} THEN roadmap_at END AS day \
         FROM petition WHERE id IN (SELECT petition_id FROM petition_unit WHERE unit_id IN "
    ));
    sql.bind_all(place.units.iter().map(|unit| unit.0));
    sql.push(&format!(") AND process NOT IN ({gone}) AND (council_id IN "));
    sql.bind_all(place.known.iter().map(|council| council.0));
    sql.push(" OR upper_council_id IN ");
    sql.bind_all(place.known.iter().map(|council| council.0));
    sql.push(&format!(
        " OR public_content IS NOT NULL)) AS known) AS ranked \
         ORDER BY place * CASE kind WHEN 0 THEN 1 WHEN 1 THEN 1 WHEN 2 THEN 2 ELSE 6 END, kind LIMIT {MOST}"
    ));
    sql
}

/// What the place asked, what is needed most first, and how many that are in all.
async fn petitions<C: ConnectionTrait>(
    conn: &C,
    backend: DatabaseBackend,
    place: &Place,
) -> Result<(Vec<petition::Model>, u64)> {
    use petition::{Column, Entity};
    let mut ids: Vec<PetitionId> = Vec::new();
    let mut in_all: i64 = 0;
    for line in needed(backend, place, "").all(conn).await? {
        ids.push(line.try_get("", "id")?);
        in_all = line.try_get("", "in_all")?;
    }
    let query = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
    let rows = without(query, &[Column::Content]).all(conn).await?;
    let mut rows: BTreeMap<PetitionId, petition::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut found: Vec<petition::Model> = ids.iter().filter_map(|id| rows.remove(id)).collect();
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
    Ok((found, u64::try_from(in_all).unwrap_or(0)))
}

/// How many a query finds of which so many were read, in its order: they are counted only where that may be more.
async fn in_all<E, C>(conn: &C, query: &Select<E>, id: E::Column, read: usize) -> Result<u64>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync,
    C: ConnectionTrait,
{
    let read = read as u64;
    if read < MOST {
        return Ok(read);
    }
    Ok(u64::try_from(total(conn, query, id).await?).unwrap_or(read))
}

/// What was answered on the spot at the place, newest first, and how often in all.
async fn on_spot<C: ConnectionTrait>(conn: &C, place: &Place) -> Result<(Vec<feedback::Model>, u64)> {
    use feedback::{Column, Entity};
    let query = Entity::find()
        .filter(Column::CouncilId.is_in(place.known.iter().copied()))
        .filter(Column::UnitId.is_in(place.units.iter().copied()))
        .filter(Column::AnsweredOnSpot.eq(true))
        .filter(Column::OnSpotAnswer.is_not_null())
        .filter(Column::Status.ne(feedback::Status::Withdrawn));
    let newest = query.clone().order_by_desc(Column::Id).limit(MOST);
    let rows = newest.all(conn).await?;
    let in_all = in_all(conn, &query, Column::Id, rows.len()).await?;
    Ok((rows, in_all))
}

/// What the council that planned the meeting and those before it decided; of the place, and of the others that hold it,
/// what is published.
fn of_the_place(place: &Place) -> Condition {
    let councils = place.known.iter().copied();
    let units = place.units.union(&place.seats).copied();
    Condition::any()
        .add(resolution::Column::CouncilId.is_in(councils))
        .add(published_in(units))
}

/// What others decided above the place and published.
fn of_others_above(place: &Place) -> Condition {
    let known = place.known.iter().copied();
    published_in(place.above.iter().copied()).add(resolution::Column::CouncilId.is_not_in(known))
}

/// What councils of these units decided and published.
fn published_in(units: impl Iterator<Item = UnitId>) -> Condition {
    Condition::all()
        .add(resolution::Column::UnitId.is_in(units))
        .add(resolution::Column::IsPublic.eq(true))
}

/// Those of these resolutions that are in force, newest first, and how many that are in all.
async fn resolutions<C: ConnectionTrait>(
    conn: &C,
    whose: Condition,
) -> Result<(Vec<resolution::Model>, u64)> {
    use resolution::{Column, Entity};
    let query = Entity::find()
        .filter(whose)
        .filter(Column::Effect.is_in([Effect::InForce, Effect::Partly]));
    let newest = query
        .clone()
        .order_by_desc(Column::InForceFrom)
        .order_by_desc(Column::Id)
        .limit(MOST);
    let rows = without(newest, &[Column::Text]).all(conn).await?;
    let in_all = in_all(conn, &query, Column::Id, rows.len()).await?;
    Ok((rows, in_all))
}

/// The council's newest paper for a purpose that holds today.
async fn paper(state: &State, council: CouncilId, purpose: &str) -> Result<Option<document::Model>> {
    use document::{Column, Entity};
    let today = state.clock.today();
    let has_begun = Condition::any()
        .add(Column::ValidFrom.is_null())
        .add(Column::ValidFrom.lte(today));
    let has_not_ended = Condition::any()
        .add(Column::ValidTo.is_null())
        .add(Column::ValidTo.gt(today));
    let newest = Entity::find()
        .filter(Column::CouncilId.eq(council))
        .filter(Column::Purpose.eq(purpose))
        .filter(has_begun)
        .filter(has_not_ended)
        .order_by_desc(Column::Date)
        .order_by_desc(Column::Id);
    Ok(newest.one(state.store.read()).await?)
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
