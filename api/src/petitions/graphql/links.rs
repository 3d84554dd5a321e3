//! Ids that hang on petitions, loaded for a whole list at once.

use std::collections::{BTreeSet, HashMap};

use async_graphql::{Context, dataloader::Loader};
use entity::{
    id::PetitionId, informing, petition_agency, petition_feedback, petition_lineage, petition_repeat,
    petition_unit, urging,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    graphql::loader::{Rows, rows},
    petitions::lineage::Lineage,
};

/// Ids that hang on a petition, loaded for a whole list at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Links {
    Units(PetitionId),
    Feedback(PetitionId),
    Coordinating(PetitionId),
    Successors(PetitionId),
    Predecessors(PetitionId),
    RepeatOf(PetitionId),
    RepeatedBy(PetitionId),
    Urgings(PetitionId),
    Informings(PetitionId),
}

impl Loader<Links> for Rows {
    type Value = Vec<Uuid>;
    type Error = Error;

    async fn load(&self, keys: &[Links]) -> Result<HashMap<Links, Vec<Uuid>>> {
        let conn = self.state.store.read();
        let mut found: HashMap<Links, Vec<Uuid>> = HashMap::new();
        macro_rules! links {
            ($variant:ident: $table:ident . $owner:ident -> $target:ident, $owner_field:ident, $target_field:ident
                $(, unless $unless:ident)?) => {{
                let owners: Vec<PetitionId> = keys
                    .iter()
                    .filter_map(|key| {
                        if let Links::$variant(id) = key {
                            Some(*id)
                        } else {
                            None
                        }
                    })
                    .collect();
                if !owners.is_empty() {
                    let rows = $table::Entity::find()
                        .filter($table::Column::$owner.is_in(owners))
                        $(.filter($table::Column::$unless.is_null()))?
                        .all(conn)
                        .await?;
                    for row in rows {
                        found
                            .entry(Links::$variant(row.$owner_field))
                            .or_default()
                            .push(row.$target_field.0);
                    }
                }
            }};
        }
        links!(Units: petition_unit.PetitionId -> UnitId, petition_id, unit_id);
        links!(Feedback: petition_feedback.PetitionId -> FeedbackId, petition_id, feedback_id);
        links!(Coordinating: petition_agency.PetitionId -> AgencyId, petition_id, agency_id);
        links!(Successors: petition_lineage.FromId -> ToId, from_id, to_id);
        links!(Predecessors: petition_lineage.ToId -> FromId, to_id, from_id);
        links!(RepeatOf: petition_repeat.PetitionId -> EarlierId, petition_id, earlier_id, unless UnlinkedAt);
        links!(Informings: informing.PetitionId -> Id, petition_id, id);
        let asked = keys.iter().filter_map(|key| match key {
            Links::RepeatedBy(id) => Some(*id),
            _ => None,
        });
        let asked: BTreeSet<PetitionId> = asked.collect();
        if !asked.is_empty() {
            for (petition, later) in repeated_by(conn, asked).await? {
                found.insert(Links::RepeatedBy(petition), later);
            }
        }
        let urged = keys.iter().filter_map(|key| match key {
            Links::Urgings(id) => Some(id.0),
            _ => None,
        });
        let urged: Vec<Uuid> = urged.collect();
        if !urged.is_empty() {
            let of: Vec<(Uuid, Uuid)> = urging::Entity::find()
                .select_only()
                .columns([urging::Column::TargetId, urging::Column::Id])
                .filter(urging::Column::TargetId.is_in(urged))
                .into_tuple()
                .all(conn)
                .await?;
            for (petition, urging) in of {
                found
                    .entry(Links::Urgings(petition.into()))
                    .or_default()
                    .push(urging);
            }
        }
        Ok(found)
    }
}

/// What asks again for each of these. Whatever asked again for a petition of which one came asks again for that one too;
/// and what went on as others asks through these, which have its links.
async fn repeated_by<C: ConnectionTrait>(
    conn: &C,
    petitions: BTreeSet<PetitionId>,
) -> Result<Vec<(PetitionId, Vec<Uuid>)>> {
    let lineage = Lineage::backwards(conn, petitions.clone()).await?;
    let links = petition_repeat::Entity::find()
        .filter(petition_repeat::Column::EarlierId.is_in(lineage.all()))
        .all(conn)
        .await?;
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let later = links.iter().map(|link| link.petition_id);
    let gone_on = petition_lineage::Entity::find()
        .filter(petition_lineage::Column::FromId.is_in(later))
        .all(conn)
        .await?;
    let asks = |petition: PetitionId| {
        let own = lineage.of(petition);
        let links = links.iter().filter(|link| own.contains(&link.earlier_id));
        // Those that earlier versions split or merged have handed nothing on, and are still the ones that ask.
        let linked: BTreeSet<PetitionId> = links.clone().map(|link| link.petition_id).collect();
        let handed_on = |later: PetitionId| {
            let mut parts = gone_on.iter().filter(|edge| edge.from_id == later);
            parts.any(|edge| linked.contains(&edge.to_id))
        };
        let later: BTreeSet<PetitionId> = links
            .filter(|link| link.unlinked_at.is_none())
            .map(|link| link.petition_id)
            .filter(|later| !own.contains(later) && !handed_on(*later))
            .collect();
        (petition, later.into_iter().map(Uuid::from).collect())
    };
    Ok(petitions.into_iter().map(asks).collect())
}

/// The ids at the other ends of a petition's links, in the order of the ids.
pub(super) async fn links<I: From<Uuid>>(ctx: &Context<'_>, key: Links) -> Result<Vec<I>> {
    let mut ids = rows(ctx)?.load_one(key).await?.unwrap_or_default();
    ids.sort_unstable();
    Ok(ids.into_iter().map(I::from).collect())
}
