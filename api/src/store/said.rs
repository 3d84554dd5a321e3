//! What was said in rounds of voter contacts, and the petitions that came of it, for a working set.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::{
    feedback,
    id::{FeedbackId, MeetingId},
    meeting, petition, petition_feedback, petition_lineage, petition_unit,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Query};
use uuid::Uuid;

use super::working::Working;
use crate::{clock::local_date, error::Result};

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

    /// On which day the feedback of petitions was said: that of its meeting, or when it was written down, or came in,
    /// whichever was first. A phone's clock that is slow makes it an earlier day, never a later one. Two statements.
    pub(super) async fn load_heard<C: ConnectionTrait>(
        &mut self,
        conn: &C,
        petitions: &BTreeSet<Uuid>,
    ) -> Result<()> {
        let made_of = Query::select()
            .column(petition_feedback::Column::FeedbackId)
            .from(petition_feedback::Entity)
            .and_where(petition_feedback::Column::PetitionId.is_in(petitions.iter().copied()))
            .to_owned();
        type Said = (
            FeedbackId,
            Option<MeetingId>,
            Option<DateTime<Utc>>,
            DateTime<Utc>,
        );
        let said: Vec<Said> = feedback::Entity::find()
            .select_only()
            .columns([
                feedback::Column::Id,
                feedback::Column::MeetingId,
                feedback::Column::RecordedAt,
                feedback::Column::ReceivedAt,
            ])
            .filter(feedback::Column::Id.in_subquery(made_of))
            .into_tuple()
            .all(conn)
            .await?;
        let at: BTreeSet<MeetingId> = said.iter().filter_map(|(_, meeting, ..)| *meeting).collect();
        let at: Vec<MeetingId> = at.into_iter().collect();
        let mut began: BTreeMap<MeetingId, DateTime<Utc>> = BTreeMap::new();
        for ids in at.chunks(AT_ONCE) {
            let meetings: Vec<(MeetingId, Option<DateTime<Utc>>)> = meeting::Entity::find()
                .select_only()
                .columns([meeting::Column::Id, meeting::Column::StartsAt])
                .filter(meeting::Column::Id.is_in(ids.iter().copied()))
                .into_tuple()
                .all(conn)
                .await?;
            began.extend(meetings.into_iter().filter_map(|(id, at)| Some((id, at?))));
        }
        for (id, meeting, recorded, received) in said {
            let met = meeting.and_then(|meeting| began.get(&meeting).copied());
            let first = [met, recorded].into_iter().flatten().fold(received, Ord::min);
            self.heard.insert(id, local_date(first));
        }
        Ok(())
    }
}
