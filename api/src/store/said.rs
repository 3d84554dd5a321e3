//! What was said in rounds of voter contacts, and the petitions that came of it, for a working set.

use std::collections::BTreeSet;

use entity::{feedback, meeting, petition, petition_feedback, petition_lineage, petition_unit};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Query};
use uuid::Uuid;

use super::working::Working;
use crate::error::Result;

/// Ids that one statement names.
const AT_ONCE: usize = 10_000;

impl Working {
    /// What was said at the meetings of rounds, the petitions that it became, and those into which these were split or
    /// merged: a statement for each kind of row, and one for each generation.
    pub(super) async fn load_said<C: ConnectionTrait>(
        &mut self,
        conn: &C,
        rounds: &BTreeSet<Uuid>,
    ) -> Result<()> {
        let points = || {
            Query::select()
                .column(meeting::Column::Id)
                .from(meeting::Entity)
                .and_where(meeting::Column::RoundId.is_in(rounds.iter().copied()))
                .to_owned()
        };
        let said = feedback::Entity::find().filter(feedback::Column::MeetingId.in_subquery(points()));
        self.feedback.loaded(said.all(conn).await?);
        let mut open: Vec<Uuid> = {
            let first: BTreeSet<Uuid> = self
                .feedback
                .iter()
                .filter_map(|row| Some(row.petition_id?.0))
                .collect();
            first.into_iter().collect()
        };
        let mut known: BTreeSet<Uuid> = open.iter().copied().collect();
        while !open.is_empty() {
            let mut found = Vec::new();
            for ids in open.chunks(AT_ONCE) {
                let ids = || ids.iter().copied();
                let rows = petition::Entity::find().filter(petition::Column::Id.is_in(ids()));
                self.petition.loaded(rows.all(conn).await?);
                let links =
                    petition_unit::Entity::find().filter(petition_unit::Column::PetitionId.is_in(ids()));
                self.petition_unit.loaded(links.all(conn).await?);
                let links = petition_feedback::Entity::find()
                    .filter(petition_feedback::Column::PetitionId.is_in(ids()));
                self.petition_feedback.loaded(links.all(conn).await?);
                for column in [petition_lineage::Column::FromId, petition_lineage::Column::ToId] {
                    let edges = petition_lineage::Entity::find().filter(column.is_in(ids()));
                    let edges = edges.all(conn).await?;
                    found.extend(edges.iter().flat_map(|edge| [edge.from_id.0, edge.to_id.0]));
                    self.petition_lineage.loaded(edges);
                }
            }
            open = found.into_iter().filter(|id| known.insert(*id)).collect();
        }
        Ok(())
    }
}
