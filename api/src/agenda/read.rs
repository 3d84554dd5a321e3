//! What waits for somebody, read with his own rights: what he may not see does not wait for him either.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
};

use chrono::{DateTime, Utc};
use entity::{
    agenda::{Kind, Model},
    delegate,
    feedback::{self, Status as Said},
    id::{
        AccountId, AgencyId, AnswerId, CouncilId, DelegateId, FeedbackId, GroupId, MeetingId, PetitionId,
        SynthesisId,
    },
    informing, meeting_delegate,
    petition::{Column, Entity, Process},
    petition_agency, petition_feedback,
    synthesis::{self, Status as Listed},
};
use futures_util::TryStreamExt;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult, QueryFilter,
    QuerySelect, QueryTrait, Select, StreamTrait, sea_query::Query,
};
use uuid::Uuid;

use super::rules::{At, Gathered, Standing, asks, at_councils, inform_by};
use crate::{
    capability::Capability,
    deadlines::Periods,
    error::Result,
    meetings::counts_at,
    petitions::promises,
    state::State,
    store::{reference::Reference, visibility::visible},
    syntheses::owing,
    viewer::{Place, Viewer},
};

/// What is read of a petition.
#[derive(FromQueryResult)]
struct Row {
    id: PetitionId,
    council_id: CouncilId,
    upper_council_id: Option<CouncilId>,
    process: Process,
    field: Option<String>,
    agency_id: Option<AgencyId>,
    due_at: Option<chrono::NaiveDate>,
    extended_to: Option<chrono::NaiveDate>,
    answer_id: Option<AnswerId>,
    answered_at: Option<chrono::NaiveDate>,
    assessment: Option<String>,
    outcome: Option<String>,
    roadmap_at: Option<chrono::NaiveDate>,
}

impl Row {
    fn due(&self) -> Option<chrono::NaiveDate> {
        self.extended_to.or(self.due_at)
    }

    /// The day by which its newest answer promised something, while that counts: see `petitions::promises`.
    fn promised(&self) -> Option<chrono::NaiveDate> {
        self.roadmap_at.filter(|_| self.outcome.is_some())
    }

    /// The same, once that day is over.
    fn late_promise(&self, today: chrono::NaiveDate) -> Option<chrono::NaiveDate> {
        self.promised().filter(|day| *day < today)
    }

    fn standing(&self) -> Standing {
        Standing {
            council: self.council_id,
            upper_council: self.upper_council_id,
            process: self.process,
            is_classified: self.field.is_some(),
            agency: self.agency_id,
            due: self.due(),
            answered: self.answered_at,
            promised: self.promised(),
            is_assessed: self.assessment.is_some(),
        }
    }
}

/// The petitions that meet a condition; of the long texts nothing. One row after another: all at once a driver holds ten
/// times what is kept of them, and a list that was taken over may have very many.
async fn rows(conn: &DatabaseConnection, query: Select<Entity>) -> Result<Vec<Row>> {
    let columns = [
        Column::Id,
        Column::CouncilId,
        Column::UpperCouncilId,
        Column::Process,
        Column::Field,
        Column::AgencyId,
        Column::DueAt,
        Column::ExtendedTo,
        Column::AnswerId,
        Column::AnsweredAt,
        Column::Assessment,
        Column::Outcome,
        Column::RoadmapAt,
    ];
    let query = query.select_only().columns(columns);
    let found = conn.stream_raw(query.build(conn.get_database_backend())).await?;
    let mut found = pin!(found);
    let mut rows = Vec::new();
    while let Some(row) = found.try_next().await? {
        rows.push(Row::from_query_result(&row, "")?);
    }
    Ok(rows)
}

/// All that waits for the viewer now.
pub(super) async fn waiting(state: &State, viewer: &Viewer, now: DateTime<Utc>) -> Result<Vec<Model>> {
    let Some(account) = viewer.account_id() else {
        return Ok(Vec::new());
    };
    let reference = state.reference();
    let today = crate::clock::local_date(now);
    let mut gathered = Gathered::default();
    let conn = state.store.read();

    let councils: Vec<CouncilId> = viewer
        .councils()
        .filter(|council| Kind::ALL.iter().any(|kind| may(viewer, *kind, *council)))
        .collect();
    if !councils.is_empty() {
        let theirs = Condition::any()
            .add(Column::CouncilId.is_in(councils.iter().copied()))
            .add(Column::UpperCouncilId.is_in(councils.iter().copied()));
        let over = [Process::Closed, Process::Split, Process::Merged];
        let open = Entity::find()
            .filter(theirs.clone())
            .filter(Column::Process.is_not_in(over));
        // Asked apart: what is over is then looked for among what promised something, not among all that was ever closed.
        let promised = Entity::find()
            .filter(theirs)
            .filter(Column::Process.is_in(over))
            .filter(promises::late(today));
        let mut found = rows(conn, open).await?;
        found.extend(rows(conn, promised).await?);
        for row in found {
            let periods = Periods::of(&reference, row.council_id, state.calendar);
            for (council, kind, due) in at_councils(&row.standing(), today, &periods) {
                if may(viewer, kind, council) {
                    gathered.add(At::Council(acting(&reference, council, today)), kind, due, row.id);
                }
            }
        }
    }

    let where_he = |kind: Kind| -> Vec<CouncilId> {
        let councils = councils.iter().copied();
        councils.filter(|council| may(viewer, kind, *council)).collect()
    };
    let grouping = where_he(Kind::ToGroup);
    if !grouping.is_empty() {
        for (council, row) in said(conn, Said::Accepted, feedback::Column::CouncilId.is_in(grouping)).await? {
            let at = At::Council(acting(&reference, council, today));
            gathered.add(at, Kind::ToGroup, None, row);
        }
    }
    // Whoever wrote it down makes it clear, a delegate or not.
    if viewer.may_somewhere(Capability::RecordFeedback) {
        for (council, row) in said(conn, Said::Returned, feedback::Column::AuthorId.eq(account)).await? {
            gathered.add(At::Voters(council), Kind::ToClarify, None, row);
        }
    }
    for (council, row) in to_cosign(conn, where_he(Kind::ToCosign)).await? {
        gathered.add(At::Council(council), Kind::ToCosign, None, row);
    }
    for owed in owing::late(state, viewer, today).await? {
        let at = At::Council(acting(&reference, owed.council, today));
        match owed.synthesis {
            Some(row) => gathered.add(at, Kind::SynthesisOverdue, Some(owed.due_on), row),
            None => {
                let of_group = |group: GroupId| Uuid::new_v5(&owed.round.0, group.0.as_bytes());
                let key = owed.group.map_or(owed.round.0, of_group);
                gathered.add_unbegun(at, Kind::SynthesisOverdue, owed.due_on, key);
            }
        }
    }

    let bodies = viewer.places(Capability::AnswerPetitions);
    let bodies: BTreeSet<AgencyId> = bodies
        .filter_map(|place| match place {
            Place::Agency(agency) => Some(agency),
            _ => None,
        })
        .collect();
    for (body, row) in owed(conn, &bodies).await? {
        gathered.add(At::Agency(body), Kind::ToAnswer, row.due(), row.id);
        if row.due().is_some_and(|due| due < today) {
            gathered.add(At::Agency(body), Kind::Overdue, row.due(), row.id);
        }
    }
    if !bodies.is_empty() {
        let promised = Entity::find()
            .filter(Column::AgencyId.is_in(bodies.iter().copied()))
            .filter(promises::late(today));
        for row in rows(conn, promised).await? {
            if let Some(body) = row.agency_id {
                gathered.add(At::Agency(body), Kind::PromiseDue, row.promised(), row.id);
            }
        }
    }

    if viewer.may_somewhere(Capability::ReadPlace) {
        for (row, is_told) in of_voters(conn, &reference, viewer, account, today).await? {
            let at = At::Voters(row.council_id);
            if let Some(day) = row.late_promise(today) {
                gathered.add(at, Kind::PromiseDue, Some(day), row.id);
            }
            if row.process == Process::Forwarded {
                let is_with_somebody = row.agency_id.is_some() || row.upper_council_id.is_some();
                if is_with_somebody && row.due().is_some_and(|due| due < today) {
                    gathered.add(at, Kind::Overdue, row.due(), row.id);
                }
            } else if row.process.is_open() && !is_told {
                let periods = Periods::of(&reference, row.council_id, state.calendar);
                let by = inform_by(row.answered_at, &periods);
                gathered.add(at, Kind::ToInform, by, row.id);
            }
        }
    }
    Ok(gathered.rows(account, today, now))
}

/// Whether something of this kind is the viewer's work at a council.
pub(super) fn may(viewer: &Viewer, kind: Kind, council: CouncilId) -> bool {
    let place = Place::Council(council);
    let asked = asks(kind);
    !asked.is_empty() && asked.iter().all(|capability| viewer.may(*capability, place))
}

/// What was said and is at this stage; of a denunciation there is nothing to make a petition of.
async fn said<C: ConnectionTrait>(
    conn: &C,
    status: Said,
    whose: sea_orm::sea_query::SimpleExpr,
) -> Result<Vec<(CouncilId, FeedbackId)>> {
    let query = feedback::Entity::find()
        .select_only()
        .columns([feedback::Column::CouncilId, feedback::Column::Id])
        .filter(whose)
        .filter(feedback::Column::Status.eq(status))
        .filter(feedback::Column::Kind.ne("denunciation"));
    Ok(query.into_tuple().all(conn).await?)
}

/// Syntheses of councils that wait for MTTQ's name.
async fn to_cosign<C: ConnectionTrait>(
    conn: &C,
    councils: Vec<CouncilId>,
) -> Result<Vec<(CouncilId, SynthesisId)>> {
    if councils.is_empty() {
        return Ok(Vec::new());
    }
    let query = synthesis::Entity::find()
        .select_only()
        .columns([synthesis::Column::CouncilId, synthesis::Column::Id])
        .filter(synthesis::Column::CouncilId.is_in(councils))
        .filter(synthesis::Column::GroupId.is_null())
        .filter(synthesis::Column::Status.eq(Listed::Frozen));
    Ok(query.into_tuple().all(conn).await?)
}

/// The council that carries on the business of one whose term has ended.
pub(super) fn acting(reference: &Reference, council: CouncilId, today: chrono::NaiveDate) -> CouncilId {
    reference.heir(council, today).map_or(council, |heir| heir.id)
}

/// What bodies have to answer, or to reply to as coordinating ones.
async fn owed(conn: &DatabaseConnection, bodies: &BTreeSet<AgencyId>) -> Result<Vec<(AgencyId, Row)>> {
    if bodies.is_empty() {
        return Ok(Vec::new());
    }
    let unanswered = || {
        Condition::all()
            .add(petition_agency::Column::AgencyId.is_in(bodies.iter().copied()))
            .add(petition_agency::Column::AnswerId.is_null())
    };
    let coordinating = Query::select()
        .column(petition_agency::Column::PetitionId)
        .from(petition_agency::Entity)
        .cond_where(unanswered())
        .to_owned();
    let theirs = Condition::any()
        .add(Column::AgencyId.is_in(bodies.iter().copied()))
        .add(Column::Id.in_subquery(coordinating));
    let query = Entity::find()
        .filter(theirs)
        .filter(Column::Process.eq(Process::Forwarded));
    let open: BTreeMap<PetitionId, Row> = rows(conn, query)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let replies = petition_agency::Entity::find()
        .filter(unanswered())
        .all(conn)
        .await?;
    let leads = open
        .values()
        .filter_map(|row| Some((row.agency_id?, row.id)))
        .filter(|(body, _)| bodies.contains(body));
    let replies = replies
        .into_iter()
        .filter(|link| open.contains_key(&link.petition_id))
        .map(|link| (link.agency_id, link.petition_id));
    let all: BTreeSet<(AgencyId, PetitionId)> = leads.chain(replies).collect();
    let row = |(body, petition): (AgencyId, PetitionId)| {
        let row = open.get(&petition)?;
        let row = Row {
            field: None,
            assessment: None,
            outcome: None,
            ..*row
        };
        Some((body, row))
    };
    Ok(all.into_iter().filter_map(row).collect())
}

/// Open petitions, and those whose promised day is over, that were made of what somebody wrote down, or heard at meetings that he attended as a delegate; and
/// whether his voters were told the newest answer: by himself, or by somebody who told all of them, such as the office.
/// Another delegate tells the voters whom he met. What was recorded at such a meeting and counts for no council there is
/// not his to tell.
async fn of_voters(
    conn: &DatabaseConnection,
    reference: &Reference,
    viewer: &Viewer,
    account: AccountId,
    today: chrono::NaiveDate,
) -> Result<Vec<(Row, bool)>> {
    let mandates = viewer.mandates.iter().map(|mandate| mandate.delegate.id);
    let attended = Query::select()
        .column(meeting_delegate::Column::MeetingId)
        .from(meeting_delegate::Entity)
        .and_where(meeting_delegate::Column::DelegateId.is_in(mandates))
        .and_where(meeting_delegate::Column::Attended.eq(true))
        .to_owned();
    let said_there = counts_at(conn, reference.clone(), attended).await?;
    let heard = Query::select()
        .column(feedback::Column::Id)
        .from(feedback::Entity)
        .cond_where(
            Condition::any()
                .add(feedback::Column::AuthorId.eq(account))
                .add(said_there),
        )
        .to_owned();
    let made_of = Query::select()
        .column(petition_feedback::Column::PetitionId)
        .from(petition_feedback::Entity)
        .and_where(petition_feedback::Column::FeedbackId.in_subquery(heard))
        .to_owned();
    let open = [
        Process::Forwarded,
        Process::Answered,
        Process::Assessed,
        Process::Informed,
    ];
    let query = Entity::find()
        .filter(Column::Id.in_subquery(made_of))
        .filter(
            Condition::any()
                .add(Column::Process.is_in(open))
                .add(promises::late(today)),
        )
        .filter(visible(viewer, "petition", (Entity, Column::Id)));
    let rows = rows(conn, query).await?;
    let answered: Vec<PetitionId> = rows
        .iter()
        .filter(|row| row.process.is_open() && row.process != Process::Forwarded)
        .map(|row| row.id)
        .collect();
    let tellers = tellers(conn, &answered).await?;
    let told = informing::Entity::find()
        .filter(informing::Column::PetitionId.is_in(answered))
        .filter(informing::Column::AnswerId.is_not_null())
        .all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let others = tellers.get(&row.id);
            let is_told = told.iter().any(|told| {
                let for_all = || others.is_none_or(|others| !others.contains(&told.author_id));
                // Who joined since was told nothing, by nobody.
                row.process == Process::Informed
                    && told.petition_id == row.id
                    && told.answer_id == row.answer_id
                    && (told.author_id == account || for_all())
            });
            (row, is_told)
        })
        .collect())
}

/// The delegates who met voters of petitions, by petition.
async fn tellers<C: ConnectionTrait>(
    conn: &C,
    petitions: &[PetitionId],
) -> Result<BTreeMap<PetitionId, BTreeSet<AccountId>>> {
    let mut tellers: BTreeMap<PetitionId, BTreeSet<AccountId>> = BTreeMap::new();
    if petitions.is_empty() {
        return Ok(tellers);
    }
    let links = petition_feedback::Entity::find()
        .filter(petition_feedback::Column::PetitionId.is_in(petitions.iter().copied()))
        .all(conn)
        .await?;
    let said: Vec<(
        entity::id::FeedbackId,
        AccountId,
        Option<DelegateId>,
        Option<MeetingId>,
    )> = feedback::Entity::find()
        .select_only()
        .columns([
            feedback::Column::Id,
            feedback::Column::AuthorId,
            feedback::Column::DelegateId,
            feedback::Column::MeetingId,
        ])
        .filter(feedback::Column::Id.is_in(links.iter().map(|link| link.feedback_id)))
        .into_tuple()
        .all(conn)
        .await?;
    let meetings = said.iter().filter_map(|(.., meeting)| *meeting);
    let came = meeting_delegate::Entity::find()
        .filter(meeting_delegate::Column::MeetingId.is_in(meetings))
        .filter(meeting_delegate::Column::Attended.eq(true))
        .all(conn)
        .await?;
    let accounts: Vec<(DelegateId, Option<AccountId>)> = delegate::Entity::find()
        .select_only()
        .columns([delegate::Column::Id, delegate::Column::AccountId])
        .filter(delegate::Column::Id.is_in(came.iter().map(|link| link.delegate_id)))
        .into_tuple()
        .all(conn)
        .await?;
    let accounts: BTreeMap<DelegateId, AccountId> = accounts
        .into_iter()
        .filter_map(|(delegate, account)| Some((delegate, account?)))
        .collect();
    for link in &links {
        let Some((_, author, delegate, meeting)) = said.iter().find(|(id, ..)| *id == link.feedback_id)
        else {
            continue;
        };
        let of = tellers.entry(link.petition_id).or_default();
        // What the office took down for nobody in particular has no teller of its own.
        of.extend(delegate.map(|_| *author));
        let there = came.iter().filter(|link| Some(link.meeting_id) == *meeting);
        of.extend(there.filter_map(|link| accounts.get(&link.delegate_id)));
    }
    Ok(tellers)
}
