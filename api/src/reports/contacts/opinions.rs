//! What became of the opinions that were recorded at contacts.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use entity::{
    forwarding, forwarding_petition,
    id::{ForwardingId, MeetingId, PetitionId},
    petition,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::super::{csv::Cell, scope::Scope};
use crate::{error::Result, meetings::TakingPart, petitions::lineage::Lineage};

/// What became of the opinions recorded at a contact; each is in exactly one of these.
#[derive(Clone, Copy, Default)]
pub(crate) struct Opinions {
    on_spot: i64,
    /// By tier: central, province, commune, other.
    forwarded: [i64; 4],
    waiting: i64,
}

impl Opinions {
    fn sent(&self) -> i64 {
        self.forwarded.iter().sum()
    }

    pub(super) fn all(&self) -> i64 {
        self.on_spot + self.sent() + self.waiting
    }

    /// How many were recorded; of these answered on the spot, forwarded, and neither.
    pub(crate) fn figures(&self) -> [i64; 4] {
        [self.all(), self.on_spot, self.sent(), self.waiting]
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.on_spot += other.on_spot;
        self.waiting += other.waiting;
        for (sum, part) in self.forwarded.iter_mut().zip(other.forwarded) {
            *sum += part;
        }
    }

    pub(super) fn cells(this: Option<&Self>) -> Vec<Cell> {
        let Some(this) = this else {
            return (0..8).map(|_| Cell::Empty).collect();
        };
        let mut cells = vec![this.all().into(), this.on_spot.into(), this.sent().into()];
        cells.extend(this.forwarded.map(Cell::from));
        cells.push(this.waiting.into());
        cells
    }
}

/// What became of the opinions recorded at each of these contacts for the councils that take part in it.
pub(super) async fn opinions<C: ConnectionTrait>(
    conn: &C,
    taking_part: &TakingPart,
    meetings: &BTreeSet<MeetingId>,
    scope: &Scope,
) -> Result<HashMap<MeetingId, Opinions>> {
    let recorded = taking_part.recorded(conn, meetings.iter().copied()).await?;
    let said = recorded
        .into_iter()
        .map(|one| (one.meeting_id, one.answered_on_spot, one.petition_id));
    became_of(conn, said.collect(), scope).await
}

/// What became of opinions by the cut-off date, each told with what it is counted by, whether it was answered on the
/// spot, and its petition.
pub(crate) async fn became_of<K: Copy + Eq + Hash, C: ConnectionTrait>(
    conn: &C,
    said: Vec<(K, Option<bool>, Option<PetitionId>)>,
    scope: &Scope,
) -> Result<HashMap<K, Opinions>> {
    let petitions = said.iter().filter_map(|(.., petition)| *petition).collect();
    let sent = Sent::read(conn, petitions, scope).await?;
    let mut became: HashMap<K, Opinions> = HashMap::new();
    for (by, on_spot, petition) in said {
        let became = became.entry(by).or_default();
        match petition.and_then(|petition| sent.tier(petition)) {
            Some(tier) => became.forwarded[tier] += 1,
            None if on_spot == Some(true) => became.on_spot += 1,
            None => became.waiting += 1,
        }
    }
    Ok(became)
}

/// Which petitions, or those that came of them by splits and mergers, were forwarded.
struct Sent {
    became: Lineage,
    tiers: HashMap<PetitionId, usize>,
}

impl Sent {
    async fn read<C: ConnectionTrait>(
        conn: &C,
        petitions: BTreeSet<PetitionId>,
        scope: &Scope,
    ) -> Result<Self> {
        let became = Lineage::onwards(conn, petitions, Some(scope.end)).await?;
        let links = forwarding_petition::Entity::find()
            .filter(forwarding_petition::Column::PetitionId.is_in(became.all()))
            .all(conn)
            .await?;
        let documents: BTreeSet<ForwardingId> = links.iter().map(|link| link.forwarding_id).collect();
        let in_time: Vec<ForwardingId> = forwarding::Entity::find()
            .select_only()
            .column(forwarding::Column::Id)
            .filter(forwarding::Column::Id.is_in(documents))
            .filter(forwarding::Column::DocumentDate.lte(scope.cut_off))
            .into_tuple()
            .all(conn)
            .await?;
        let in_time: BTreeSet<ForwardingId> = in_time.into_iter().collect();
        let sent: BTreeSet<PetitionId> = links
            .into_iter()
            .filter(|link| in_time.contains(&link.forwarding_id))
            .map(|link| link.petition_id)
            .collect();
        let tiers: Vec<(PetitionId, Option<String>)> = petition::Entity::find()
            .select_only()
            .columns([petition::Column::Id, petition::Column::Tier])
            .filter(petition::Column::Id.is_in(sent))
            .into_tuple()
            .all(conn)
            .await?;
        let tiers = tiers.into_iter().map(|(id, tier)| {
            let place = match tier.as_deref() {
                Some("central") => 0,
                Some("province") => 1,
                Some("commune") => 2,
                _ => 3,
            };
            (id, place)
        });
        Ok(Self {
            became,
            tiers: tiers.collect(),
        })
    }

    /// The highest tier to which it went, if it went anywhere.
    fn tier(&self, petition: PetitionId) -> Option<usize> {
        let heirs = self.became.of(petition);
        heirs
            .iter()
            .filter_map(|heir| self.tiers.get(heir))
            .min()
            .copied()
    }
}
