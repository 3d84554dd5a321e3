//! The figures of a round, counted from its points when somebody asks, as far as he may see them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_graphql::{ComplexObject, SimpleObject, dataloader::Loader};
use entity::{
    forwarding_petition,
    id::{CouncilId, DelegateId, MeetingId, PetitionId, RoundId, UnitId},
    meeting::{self, Status},
    meeting_delegate, meeting_unit, petition, round,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    error::{Error, Result},
    graphql::{
        code::{CodeEntry, entry_of},
        list::without,
        loader::Rows,
    },
    meetings::{Recorded, TakingPart},
    petitions::lineage::Lineage,
    state::State,
    store::{partition::Audience, visibility::visible},
    viewer::Viewer,
};

/// The figures of a round (số liệu của đợt tiếp xúc cử tri), counted from the points that the viewer may see.
#[derive(Clone, Debug, Default, SimpleObject)]
pub(crate) struct RoundCounts {
    /// Points (điểm tiếp xúc) that the plan names; where it names no number, those that were entered.
    pub(crate) points_planned: i32,
    /// Points that were entered: = held + postponed + cancelled + coming.
    pub(crate) points_entered: i32,
    /// Of these, held.
    points_held: i32,
    /// Of these, postponed (hoãn) and not yet held.
    points_postponed: i32,
    /// Of these, called off (hủy).
    points_cancelled: i32,
    /// Of these, still to come.
    points_coming: i32,
    /// Units for which the points that were held were held, each once: seven communes in one hall are seven.
    units_reached: i32,
    /// Delegates who came to a point that was held, each once.
    delegates_attended: i32,
    /// Invitations to delegates (giấy mời) to points that were not called off, one for each point and delegate; null outside
    /// the council.
    invitations: Option<i32>,
    /// Of these, answered with coming, on the day on which the point is now: a point that was put off, or moved to another day,
    /// is answered anew.
    invitations_accepted: Option<i32>,
    /// Of these, answered with not coming, with a reason, likewise.
    invitations_declined: Option<i32>,
    /// Held points of which the office has not recorded voters, speakers or opinions; the sums leave them out.
    points_without_figures: i32,
    /// Voters who came (số cử tri dự), as the office recorded; null as long as it recorded none.
    voters: Option<i32>,
    /// Voters who spoke (lượt phát biểu), likewise.
    speakers: Option<i32>,
    /// Opinions and petitions stated (ý kiến, kiến nghị), likewise.
    opinions: Option<i32>,
    /// What was recorded on the spot at the points that were held, for the councils that take part in them, one for each
    /// feedback, without those withdrawn and without denunciations: = answeredOnSpot + forwarded + waiting. What was
    /// recorded at a point counts once the office has said that it was held; until then, and for good where it was called
    /// off, the list of feedback (filter `meetingId`) and the synthesis of the round have it. What a delegate of a council
    /// that takes no part heard there is counted at no point; it is his own council's work. Null for who may not count them.
    recorded: Option<i32>,
    /// Of these, answered on the spot and not forwarded (trả lời tại chỗ).
    answered_on_spot: Option<i32>,
    /// Of these, part of a petition that was forwarded, also after a split or a merger (chuyển cơ quan giải quyết).
    forwarded: Option<i32>,
    /// The forwarded ones by the highest tier to which they went (thẩm quyền).
    forwarded_by_tier: Vec<TierCount>,
    /// The rest.
    waiting: Option<i32>,
}

/// How many of something are of a tier.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct TierCount {
    /// Code of the list `tier` (thẩm quyền); null for what nobody has classified.
    tier: Option<String>,
    /// How many.
    count: i32,
}

#[ComplexObject]
impl TierCount {
    /// What the tier is called; list `tier`.
    async fn tier_entry(&self) -> Option<CodeEntry> {
        entry_of("tier", self.tier.as_deref())
    }
}

/// A round to be counted, and as what the viewer sees it; also for the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CountsOf {
    round: RoundId,
    planned: Option<i32>,
    audience: Audience,
}

impl CountsOf {
    pub(super) fn new(round: &round::Model, audience: Audience) -> Self {
        Self {
            round: round.id,
            planned: round.points_planned,
            audience,
        }
    }

    /// Whether the viewer may count what was recorded.
    fn counts_recorded(self) -> bool {
        self.audience >= Audience::Internal || self.audience == Audience::Region
    }
}

impl Loader<CountsOf> for Rows {
    type Value = RoundCounts;
    type Error = Error;

    async fn load(&self, rounds: &[CountsOf]) -> Result<HashMap<CountsOf, RoundCounts>> {
        of_each(&self.state, &self.viewer, rounds).await
    }
}

/// Counts a round for a viewer who sees it as this audience.
pub(crate) async fn counts(
    state: &State,
    viewer: &Viewer,
    round: &round::Model,
    audience: Audience,
) -> Result<RoundCounts> {
    let asked = CountsOf::new(round, audience);
    let mut counted = of_each(state, viewer, &[asked]).await?;
    Ok(counted.remove(&asked).unwrap_or_default())
}

/// Points whose records are read at once: those of a page of rounds, but not what was ever said in a province.
const POINTS_AT_ONCE: usize = 500;

/// A round while it is being counted.
struct Counting<'a> {
    of: CountsOf,
    points: &'a [meeting::Model],
    counts: RoundCounts,
}

impl Counting<'_> {
    fn held(&self) -> impl Iterator<Item = &meeting::Model> {
        self.points.iter().filter(|point| point.status.is_over())
    }
}

/// Counts rounds together: the statements do not grow with them, but for [`POINTS_AT_ONCE`].
async fn of_each(
    state: &State,
    viewer: &Viewer,
    rounds: &[CountsOf],
) -> Result<HashMap<CountsOf, RoundCounts>> {
    use meeting::{Column, Entity};
    let conn = state.store.read();
    let points = Entity::find()
        .filter(Column::RoundId.is_in(rounds.iter().map(|of| of.round)))
        .filter(visible(viewer, "meeting", (Entity, Column::Id)));
    let mut points_of: HashMap<RoundId, Vec<meeting::Model>> = HashMap::new();
    for point in without(points, &[Column::Agenda, Column::Brief])
        .all(conn)
        .await?
    {
        if let Some(round) = point.round_id {
            points_of.entry(round).or_default().push(point);
        }
    }
    let mut counted = HashMap::new();
    let mut together: Vec<Counting<'_>> = Vec::new();
    let mut left = rounds.iter().peekable();
    while let Some(of) = left.next() {
        let points = points_of.get(&of.round).map_or(&[][..], Vec::as_slice);
        together.push(Counting {
            of: *of,
            points,
            counts: of_points(*of, points),
        });
        let read: usize = together.iter().map(|one| one.points.len()).sum();
        if read >= POINTS_AT_ONCE || left.peek().is_none() {
            present(conn, &mut together).await?;
            became(state, conn, &mut together).await?;
            counted.extend(together.drain(..).map(|one| (one.of, one.counts)));
        }
    }
    Ok(counted)
}

/// What the points themselves tell.
fn of_points(of: CountsOf, points: &[meeting::Model]) -> RoundCounts {
    let mut counts = RoundCounts {
        points_entered: whole(points.len()),
        ..RoundCounts::default()
    };
    counts.points_planned = of.planned.unwrap_or(counts.points_entered);
    for point in points {
        match point.status {
            Status::Postponed => counts.points_postponed += 1,
            Status::Cancelled => counts.points_cancelled += 1,
            status if status.is_over() => {
                counts.points_held += 1;
                let figures = [point.attended, point.speakers, point.opinions];
                counts.points_without_figures += i32::from(figures.iter().any(Option::is_none));
                let sums = [&mut counts.voters, &mut counts.speakers, &mut counts.opinions];
                for (sum, figure) in sums.into_iter().zip(figures) {
                    if let Some(figure) = figure {
                        *sum = Some(sum.unwrap_or(0).saturating_add(figure));
                    }
                }
            }
            _ => counts.points_coming += 1,
        }
    }
    counts
}

/// Where the points were held, and who of the delegates was asked and came.
async fn present<C: ConnectionTrait>(conn: &C, rounds: &mut [Counting<'_>]) -> Result<()> {
    let held: BTreeSet<MeetingId> = rounds
        .iter()
        .flat_map(Counting::held)
        .map(|point| point.id)
        .collect();
    let points = rounds.iter().flat_map(|round| round.points);
    let points: Vec<MeetingId> = points.map(|point| point.id).collect();
    let mut units: HashMap<MeetingId, Vec<UnitId>> = HashMap::new();
    for link in meeting_unit::Entity::find()
        .filter(meeting_unit::Column::MeetingId.is_in(held.iter().copied()))
        .all(conn)
        .await?
    {
        units.entry(link.meeting_id).or_default().push(link.unit_id);
    }
    let mut delegates: HashMap<MeetingId, Vec<meeting_delegate::Model>> = HashMap::new();
    for link in meeting_delegate::Entity::find()
        .filter(meeting_delegate::Column::MeetingId.is_in(points))
        .all(conn)
        .await?
    {
        delegates.entry(link.meeting_id).or_default().push(link);
    }
    for round in rounds {
        let reached = round.held().filter_map(|point| units.get(&point.id)).flatten();
        let reached: BTreeSet<UnitId> = reached.copied().collect();
        let links: Vec<&meeting_delegate::Model> = round
            .points
            .iter()
            .filter_map(|point| delegates.get(&point.id))
            .flatten()
            .collect();
        let came: BTreeSet<DelegateId> = links
            .iter()
            .filter(|link| link.attended && held.contains(&link.meeting_id))
            .map(|link| link.delegate_id)
            .collect();
        round.counts.units_reached = whole(reached.len());
        round.counts.delegates_attended = whole(came.len());
        if round.of.audience >= Audience::Internal {
            let off = round
                .points
                .iter()
                .filter(|point| point.status == Status::Cancelled);
            let off: BTreeSet<MeetingId> = off.map(|point| point.id).collect();
            let asked = |is: fn(&meeting_delegate::Model) -> bool| {
                let invited = links.iter().filter(|link| link.invited && is(link));
                Some(whole(
                    invited.filter(|link| !off.contains(&link.meeting_id)).count(),
                ))
            };
            round.counts.invitations = asked(|_| true);
            round.counts.invitations_accepted = asked(|link| link.attending == Some(true));
            round.counts.invitations_declined = asked(|link| link.attending == Some(false));
        }
    }
    Ok(())
}

/// What became of the opinions that were recorded at the points that were held.
async fn became<C: ConnectionTrait>(state: &State, conn: &C, rounds: &mut [Counting<'_>]) -> Result<()> {
    if !rounds.iter().any(|round| round.of.counts_recorded()) {
        return Ok(());
    }
    let held: Vec<(MeetingId, CouncilId)> = rounds
        .iter()
        .filter(|round| round.of.counts_recorded())
        .flat_map(Counting::held)
        .map(|point| (point.id, point.council_id))
        .collect();
    let points: Vec<MeetingId> = held.iter().map(|(point, _)| *point).collect();
    let taking_part = TakingPart::read(conn, state.reference(), held).await?;
    let recorded = taking_part.recorded(conn, points).await?;
    let petitions = recorded.iter().filter_map(|one| one.petition_id).collect();
    let lineage = Lineage::onwards(conn, petitions, None).await?;
    let sent: BTreeSet<PetitionId> = forwarding_petition::Entity::find()
        .filter(forwarding_petition::Column::PetitionId.is_in(lineage.all()))
        .all(conn)
        .await?
        .into_iter()
        .map(|link| link.petition_id)
        .collect();
    let tiers: Vec<(PetitionId, Option<String>)> = petition::Entity::find()
        .select_only()
        .columns([petition::Column::Id, petition::Column::Tier])
        .filter(petition::Column::Id.is_in(sent.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    let tiers: BTreeMap<PetitionId, Option<String>> = tiers.into_iter().collect();
    let mut recorded_at: HashMap<MeetingId, Vec<&Recorded>> = HashMap::new();
    for one in &recorded {
        recorded_at.entry(one.meeting_id).or_default().push(one);
    }
    for round in rounds.iter_mut().filter(|round| round.of.counts_recorded()) {
        let said = round.held().filter_map(|point| recorded_at.get(&point.id));
        let said: Vec<&Recorded> = said.flatten().copied().collect();
        went_where(&said, &lineage, &tiers, &mut round.counts);
    }
    Ok(())
}

/// Counts what was recorded by what became of it.
fn went_where(
    recorded: &[&Recorded],
    lineage: &Lineage,
    tiers: &BTreeMap<PetitionId, Option<String>>,
    counts: &mut RoundCounts,
) {
    let (mut on_spot, mut waiting) = (0, 0);
    let mut by_tier: BTreeMap<(usize, Option<&str>), i32> = BTreeMap::new();
    for one in recorded {
        let went = one.petition_id.and_then(|petition| {
            let heirs = lineage.of(petition);
            let went = heirs.iter().filter_map(|heir| tiers.get(heir));
            went.map(|tier| (rank(tier.as_deref()), tier.as_deref())).min()
        });
        match went {
            Some(tier) => *by_tier.entry(tier).or_default() += 1,
            None if one.answered_on_spot == Some(true) => on_spot += 1,
            None => waiting += 1,
        }
    }
    counts.recorded = Some(whole(recorded.len()));
    counts.answered_on_spot = Some(on_spot);
    counts.waiting = Some(waiting);
    counts.forwarded = Some(by_tier.values().sum());
    counts.forwarded_by_tier = by_tier
        .into_iter()
        .map(|((_, tier), count)| TierCount {
            tier: tier.map(str::to_owned),
            count,
        })
        .collect();
}

/// The highest tier first; what nobody has classified last.
fn rank(tier: Option<&str>) -> usize {
    let order = crate::codes::list("tier");
    tier.and_then(|tier| order.iter().position(|entry| entry.code == tier))
        .unwrap_or(order.len())
}

fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
