//! What became of the opinions that were recorded at contacts.

use std::collections::{BTreeSet, HashMap};

use entity::{
    feedback, forwarding, forwarding_petition,
    id::{ForwardingId, MeetingId, PetitionId},
    petition,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::super::{csv::Cell, scope::Scope};
use crate::{error::Result, petitions::lineage::Lineage};

/// What became of the opinions recorded at a contact; each is in exactly one of these.
#[derive(Clone, Copy, Default)]
pub(super) struct Opinions {
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

/// What became of the opinions recorded at each of these contacts.
pub(super) async fn opinions<C: ConnectionTrait>(
    conn: &C,
    meetings: &BTreeSet<MeetingId>,
    scope: &Scope,
) -> Result<HashMap<MeetingId, Opinions>> {
    use feedback::{Column, Entity};
    let said: Vec<(Option<MeetingId>, Option<bool>, Option<PetitionId>)> = Entity::find()
        .select_only()
        .columns([Column::MeetingId, Column::AnsweredOnSpot, Column::PetitionId])
        .filter(Column::MeetingId.is_in(meetings.iter().copied()))
        .filter(Column::Status.ne(feedback::Status::Withdrawn))
        .filter(Column::Kind.ne("denunciation"))
        .into_tuple()
        .all(conn)
        .await?;
    let petitions = said.iter().filter_map(|(.., petition)| *petition).collect();
    let sent = Sent::read(conn, petitions, scope).await?;
    let mut became: HashMap<MeetingId, Opinions> = HashMap::new();
    for (meeting, on_spot, petition) in said {
        let Some(meeting) = meeting else { continue };
        let became = became.entry(meeting).or_default();
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
        let became = Lineage::onwards(conn, petitions, scope.end).await?;
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
