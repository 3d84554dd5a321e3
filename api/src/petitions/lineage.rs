//! Which petitions came of which by splits and mergers, one way or the other.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use chrono::{DateTime, Utc};
use entity::{
    id::PetitionId,
    petition_lineage::{self, Column, Model},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Select};

use crate::error::Result;

/// From petition to petition.
pub(crate) struct Lineage(HashMap<PetitionId, Vec<PetitionId>>);

impl Lineage {
    /// From these petitions to what became of them before a moment, or until now: all that is stored, whatever a clock says.
    pub(crate) async fn onwards<C: ConnectionTrait>(
        conn: &C,
        petitions: BTreeSet<PetitionId>,
        end: Option<DateTime<Utc>>,
    ) -> Result<Self> {
        let steps = |open: &BTreeSet<PetitionId>| {
            let from = Column::FromId.is_in(open.iter().copied());
            let all = petition_lineage::Entity::find().filter(from);
            match end {
                Some(end) => all.filter(Column::At.lt(end)),
                None => all,
            }
        };
        Self::read(conn, petitions, steps, |edge| (edge.from_id, edge.to_id)).await
    }

    /// From these petitions to those of which they came.
    pub(crate) async fn backwards<C: ConnectionTrait>(
        conn: &C,
        petitions: BTreeSet<PetitionId>,
    ) -> Result<Self> {
        let steps = |open: &BTreeSet<PetitionId>| {
            petition_lineage::Entity::find().filter(Column::ToId.is_in(open.iter().copied()))
        };
        Self::read(conn, petitions, steps, |edge| (edge.to_id, edge.from_id)).await
    }

    /// A statement for each generation, whatever their number.
    async fn read<C: ConnectionTrait>(
        conn: &C,
        petitions: BTreeSet<PetitionId>,
        steps: impl Fn(&BTreeSet<PetitionId>) -> Select<petition_lineage::Entity>,
        ends: impl Fn(Model) -> (PetitionId, PetitionId),
    ) -> Result<Self> {
        let mut known: HashMap<PetitionId, Vec<PetitionId>> =
            petitions.iter().map(|petition| (*petition, Vec::new())).collect();
        let mut open = petitions;
        while !open.is_empty() {
            let edges = steps(&open).all(conn).await?;
            open.clear();
            for edge in edges {
                let (from, to) = ends(edge);
                known.entry(from).or_default().push(to);
                if let Entry::Vacant(unknown) = known.entry(to) {
                    unknown.insert(Vec::new());
                    open.insert(to);
                }
            }
        }
        Ok(Self(known))
    }

    /// All petitions on the way, and those at its beginning.
    pub(crate) fn all(&self) -> impl Iterator<Item = PetitionId> {
        self.0.keys().copied()
    }

    /// The petition, and all at which one arrives from it.
    pub(crate) fn of(&self, petition: PetitionId) -> BTreeSet<PetitionId> {
        let mut seen = BTreeSet::from([petition]);
        let mut open = vec![petition];
        while let Some(next) = open.pop() {
            let steps = self.0.get(&next).into_iter().flatten();
            open.extend(steps.copied().filter(|step| seen.insert(*step)));
        }
        seen
    }
}
