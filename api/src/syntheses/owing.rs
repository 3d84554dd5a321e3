//! Which syntheses are late (báo cáo tổng hợp chậm hạn): those of rounds whose points were held, due by the dated rule and
//! never sent, begun or not. Once the council's own went out, nobody waits for a group's any more.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    delegate, feedback,
    id::{CouncilId, DelegateId, GroupId, MeetingId, RoundId, SynthesisId},
    meeting, meeting_delegate, round, synthesis, synthesis_edition,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::office::{due, keeps};
use crate::{
    capability::Capability,
    clock::local_date,
    deadlines::Periods,
    error::Result,
    graphql::list::without,
    state::State,
    viewer::{Place, Viewer},
};

/// A synthesis that is late.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub(crate) council: CouncilId,
    pub(crate) round: RoundId,
    /// The delegate group; none for the council's own.
    pub(crate) group: Option<GroupId>,
    /// Nothing where nobody has begun it.
    pub(crate) synthesis: Option<SynthesisId>,
    pub(crate) due_on: NaiveDate,
}

/// Whether somebody may keep a synthesis at a council: the council's, or at least that of his group.
pub(crate) fn may_keep(viewer: &Viewer, council: CouncilId) -> bool {
    [Capability::GroupFeedback, Capability::SynthesiseGroup]
        .into_iter()
        .any(|capability| viewer.may(capability, Place::Council(council)))
}

/// The late syntheses that the viewer keeps.
pub(crate) async fn late(state: &State, viewer: &Viewer, today: NaiveDate) -> Result<Vec<Owed>> {
    let conn = state.store.read();
    let councils: Vec<CouncilId> = viewer
        .councils()
        .filter(|council| may_keep(viewer, *council))
        .collect();
    if councils.is_empty() {
        return Ok(Vec::new());
    }
    let rounds = round::Entity::find()
        .filter(round::Column::CouncilId.is_in(councils))
        .filter(round::Column::Status.ne(round::Status::Cancelled));
    let rounds = without(rounds, &[round::Column::Content]).all(conn).await?;
    let mut rounds: BTreeMap<RoundId, round::Model> = rounds.into_iter().map(|row| (row.id, row)).collect();
    if rounds.is_empty() {
        return Ok(Vec::new());
    }
    let syntheses = synthesis::Entity::find()
        .filter(synthesis::Column::RoundId.is_in(rounds.keys().copied()))
        .all(conn)
        .await?;
    let sent: Vec<SynthesisId> = synthesis_edition::Entity::find()
        .select_only()
        .column(synthesis_edition::Column::SynthesisId)
        .distinct()
        .filter(synthesis_edition::Column::SynthesisId.is_in(syntheses.iter().map(|row| row.id)))
        .filter(synthesis_edition::Column::SentOn.is_not_null())
        .into_tuple()
        .all(conn)
        .await?;
    let of = |round: &round::Model, group: Option<GroupId>| {
        syntheses
            .iter()
            .find(|row| {
                row.round_id == round.id && row.council_id == round.council_id && row.group_id == group
            })
            .map(|row| row.id)
    };
    // A later edition that is still being made makes nobody late: the first was sent.
    let done: BTreeSet<RoundId> = rounds
        .values()
        .filter(|round| of(round, None).is_some_and(|own| sent.contains(&own)))
        .map(|round| round.id)
        .collect();
    rounds.retain(|id, _| !done.contains(id));

    let reference = state.reference();
    let mut owed = Vec::new();
    for ((round, group), ended_on) in ended(conn, &rounds).await? {
        let Some(round) = rounds.get(&round) else { continue };
        let is_foreign = group.is_some_and(|group| {
            let group = reference.bodies.groups.get(&group);
            group.is_none_or(|group| group.council_id != round.council_id)
        });
        if is_foreign || !keeps(viewer, today, round.council_id, group) {
            continue;
        }
        let synthesis = of(round, group);
        let periods = Periods::of(&reference, round.council_id, state.calendar);
        let (_, due_on) = due(group.is_some(), Some(ended_on), Some(round), &periods);
        let Some(due_on) = due_on.filter(|due| *due < today) else {
            continue;
        };
        if synthesis.is_some_and(|known| sent.contains(&known)) {
            continue;
        }
        owed.push(Owed {
            council: round.council_id,
            round: round.id,
            group,
            synthesis,
            due_on,
        });
    }
    Ok(owed)
}

/// The last day on which a point of each round was held; and, for each group, one to which somebody of it was asked or
/// came, or where he heard something: the points of its list.
async fn ended<C: ConnectionTrait>(
    conn: &C,
    rounds: &BTreeMap<RoundId, round::Model>,
) -> Result<BTreeMap<(RoundId, Option<GroupId>), NaiveDate>> {
    use meeting::{Column, Entity, Status};
    let mut ended = BTreeMap::new();
    if rounds.is_empty() {
        return Ok(ended);
    }
    let over = Status::ALL.iter().copied().filter(|status| status.is_over());
    let points: Vec<(MeetingId, Option<RoundId>, Option<DateTime<Utc>>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::RoundId, Column::StartsAt])
        .filter(Column::RoundId.is_in(rounds.keys().copied()))
        .filter(Column::Status.is_in(over))
        .into_tuple()
        .all(conn)
        .await?;
    let came = meeting_delegate::Entity::find()
        .filter(meeting_delegate::Column::MeetingId.is_in(points.iter().map(|(id, ..)| *id)))
        .all(conn)
        .await?;
    let heard: Vec<(Option<MeetingId>, Option<DelegateId>)> = feedback::Entity::find()
        .select_only()
        .columns([feedback::Column::MeetingId, feedback::Column::DelegateId])
        .distinct()
        .filter(feedback::Column::MeetingId.is_in(points.iter().map(|(id, ..)| *id)))
        .filter(feedback::Column::DelegateId.is_not_null())
        .filter(feedback::Column::Status.ne(feedback::Status::Withdrawn))
        .filter(feedback::Column::Kind.ne("denunciation"))
        .into_tuple()
        .all(conn)
        .await?;
    let heard = heard.into_iter().filter_map(|(point, who)| Some((point?, who?)));
    let came = came.into_iter().map(|link| (link.meeting_id, link.delegate_id));
    let there: BTreeSet<(MeetingId, DelegateId)> = came.chain(heard).collect();
    let delegates: BTreeSet<DelegateId> = there.iter().map(|(_, delegate)| *delegate).collect();
    let members: Vec<(DelegateId, Option<GroupId>)> = delegate::Entity::find()
        .select_only()
        .columns([delegate::Column::Id, delegate::Column::GroupId])
        .filter(delegate::Column::Id.is_in(delegates))
        .into_tuple()
        .all(conn)
        .await?;
    let group_of: BTreeMap<DelegateId, Option<GroupId>> = members.into_iter().collect();
    let mut groups: BTreeMap<MeetingId, BTreeSet<GroupId>> = BTreeMap::new();
    for (point, delegate) in there {
        let group = group_of.get(&delegate).copied().flatten();
        groups.entry(point).or_default().extend(group);
    }
    for (point, round, starts_at) in points {
        let (Some(round), Some(starts_at)) = (round, starts_at) else {
            continue;
        };
        let day = local_date(starts_at);
        let groups = groups.get(&point).into_iter().flatten();
        for group in groups.map(|group| Some(*group)).chain([None]) {
            let last = ended.entry((round, group)).or_insert(day);
            *last = day.max(*last);
        }
    }
    Ok(ended)
}
