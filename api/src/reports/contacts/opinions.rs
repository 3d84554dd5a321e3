//! What became of the opinions that were recorded at contacts.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use chrono::NaiveDate;
use entity::{
    forwarding, forwarding_petition,
    id::{ForwardingId, MeetingId, PetitionId},
    petition,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::super::{csv::Cell, scope::Scope};
use crate::{error::Result, meetings::TakingPart, petitions::lineage::Lineage};

/// The tiers that have a column, the highest first; behind them comes whatever has none.
const TIERS: [&str; 4] = ["central", "province", "district_historical", "commune"];

/// The places of the tiers in the order of their columns, of which none ever moves: that of the districts came last.
const COLUMNS: [usize; 5] = [0, 1, 3, 4, 2];

/// What became of the opinions recorded at a contact; each is in exactly one of these.
#[derive(Clone, Copy, Default)]
pub(crate) struct Opinions {
    on_spot: i64,
    /// By tier, the highest first: see [`TIERS`].
    forwarded: [i64; TIERS.len() + 1],
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
            return (0..COLUMNS.len() + 4).map(|_| Cell::Empty).collect();
        };
        let mut cells = vec![this.all().into(), this.on_spot.into(), this.sent().into()];
        cells.extend(COLUMNS.map(|tier| Cell::from(this.forwarded[tier])));
        cells.push(this.waiting.into());
        cells
    }
}

/// What became of the opinions recorded at each of these contacts for the councils that take part in it, and on which days
/// those that were forwarded first were.
pub(super) async fn opinions<C: ConnectionTrait>(
    conn: &C,
    taking_part: &TakingPart,
    meetings: &BTreeSet<MeetingId>,
    scope: &Scope,
) -> Result<HashMap<MeetingId, (Opinions, Vec<NaiveDate>)>> {
    let recorded = taking_part.recorded(conn, meetings.iter().copied()).await?;
    let said = recorded
        .into_iter()
        .map(|one| (one.meeting_id, one.answered_on_spot, one.petition_id));
    counted(conn, said.collect(), scope).await
}

/// What became of opinions by the cut-off date, each told with what it is counted by, whether it was answered on the
/// spot, and its petition.
pub(crate) async fn became_of<K: Copy + Eq + Hash, C: ConnectionTrait>(
    conn: &C,
    said: Vec<(K, Option<bool>, Option<PetitionId>)>,
    scope: &Scope,
) -> Result<HashMap<K, Opinions>> {
    let counted = counted(conn, said, scope).await?;
    Ok(counted
        .into_iter()
        .map(|(by, (opinions, _))| (by, opinions))
        .collect())
}

async fn counted<K: Copy + Eq + Hash, C: ConnectionTrait>(
    conn: &C,
    said: Vec<(K, Option<bool>, Option<PetitionId>)>,
    scope: &Scope,
) -> Result<HashMap<K, (Opinions, Vec<NaiveDate>)>> {
    let petitions = said.iter().filter_map(|(.., petition)| *petition).collect();
    let sent = Sent::read(conn, petitions, scope).await?;
    let mut became: HashMap<K, (Opinions, Vec<NaiveDate>)> = HashMap::new();
    for (by, on_spot, petition) in said {
        let (became, sent_on) = became.entry(by).or_default();
        match petition.and_then(|petition| sent.went(petition)) {
            Some(went) => {
                became.forwarded[went.tier] += 1;
                sent_on.push(went.on);
            }
            None if on_spot == Some(true) => became.on_spot += 1,
            None => became.waiting += 1,
        }
    }
    Ok(became)
}

/// Which petitions, or those that came of them by splits and mergers, were forwarded.
struct Sent {
    became: Lineage,
    went: HashMap<PetitionId, Went>,
}

/// Where something was forwarded.
#[derive(Clone, Copy)]
struct Went {
    /// Which of [`TIERS`], or the place behind them.
    tier: usize,
    /// The date of the first document.
    on: NaiveDate,
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
        let in_time: Vec<(ForwardingId, NaiveDate)> = forwarding::Entity::find()
            .select_only()
            .columns([forwarding::Column::Id, forwarding::Column::DocumentDate])
            .filter(forwarding::Column::Id.is_in(documents))
            .filter(forwarding::Column::DocumentDate.lte(scope.cut_off))
            .into_tuple()
            .all(conn)
            .await?;
        let in_time: HashMap<ForwardingId, NaiveDate> = in_time.into_iter().collect();
        let mut sent: HashMap<PetitionId, NaiveDate> = HashMap::new();
        for link in links {
            if let Some(on) = in_time.get(&link.forwarding_id) {
                let first = sent.entry(link.petition_id).or_insert(*on);
                *first = (*first).min(*on);
            }
        }
        let tiers: Vec<(PetitionId, Option<String>)> = petition::Entity::find()
            .select_only()
            .columns([petition::Column::Id, petition::Column::Tier])
            .filter(petition::Column::Id.is_in(sent.keys().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        let went = tiers.into_iter().filter_map(|(id, tier)| {
            let place = TIERS.iter().position(|known| tier.as_deref() == Some(*known));
            let tier = place.unwrap_or(TIERS.len());
            Some((
                id,
                Went {
                    tier,
                    on: *sent.get(&id)?,
                },
            ))
        });
        Ok(Self {
            became,
            went: went.collect(),
        })
    }

    /// The highest tier to which it went and the first day on which it did, if it went anywhere.
    fn went(&self, petition: PetitionId) -> Option<Went> {
        let heirs = self.became.of(petition);
        let went = heirs.iter().filter_map(|heir| self.went.get(heir).copied());
        went.reduce(|one, other| Went {
            tier: one.tier.min(other.tier),
            on: one.on.min(other.on),
        })
    }
}
