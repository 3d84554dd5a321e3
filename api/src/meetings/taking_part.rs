//! Which councils take part in meetings. What a delegate heard is taken from him at whatever meeting he knows of; among
//! what was recorded at the meeting it counts where his council takes part: nobody else there may read or group it.

use std::collections::HashMap;

use entity::{
    feedback,
    id::{CouncilId, MeetingId, PetitionId},
    meeting, meeting_council,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{error::Result, store::reference::Reference};

/// What is counted of an opinion that was recorded at a meeting.
#[derive(FromQueryResult)]
pub(crate) struct Recorded {
    pub(crate) meeting_id: MeetingId,
    council_id: CouncilId,
    pub(crate) answered_on_spot: Option<bool>,
    pub(crate) petition_id: Option<PetitionId>,
}

/// Which councils take part in some meetings.
pub(crate) struct TakingPart {
    reference: Reference,
    councils: HashMap<MeetingId, Vec<CouncilId>>,
}

impl TakingPart {
    /// Reads it for meetings, each with the council that holds it.
    pub(crate) async fn read<C: ConnectionTrait>(
        conn: &C,
        reference: Reference,
        meetings: Vec<(MeetingId, CouncilId)>,
    ) -> Result<Self> {
        let mut councils: HashMap<MeetingId, Vec<CouncilId>> = meetings
            .into_iter()
            .map(|(meeting, holder)| (meeting, vec![holder]))
            .collect();
        let ids: Vec<MeetingId> = councils.keys().copied().collect();
        let joint = meeting_council::Entity::find()
            .filter(meeting_council::Column::MeetingId.is_in(ids))
            .order_by_asc(meeting_council::Column::CouncilId)
            .all(conn)
            .await?;
        for link in joint {
            councils.entry(link.meeting_id).or_default().push(link.council_id);
        }
        Ok(Self { reference, councils })
    }

    /// The councils that take part in a meeting, the one that holds it first.
    pub(crate) fn of(&self, meeting: MeetingId) -> &[CouncilId] {
        self.councils.get(&meeting).map_or(&[], Vec::as_slice)
    }

    /// For which of them counts what was recorded at the meeting for this council: for itself, or for one that it
    /// follows, as when the office of the next term takes down what still comes in. None if it takes no part.
    pub(crate) fn under(&self, meeting: MeetingId, council: CouncilId) -> Option<CouncilId> {
        let there = self.of(meeting);
        if there.contains(&council) {
            return Some(council);
        }
        let before = self.reference.with_predecessors(council);
        there.iter().copied().find(|other| before.contains(other))
    }

    /// What was recorded at these meetings for councils that take part in them, without what was taken back and without
    /// denunciations.
    pub(crate) async fn recorded<C: ConnectionTrait>(
        &self,
        conn: &C,
        meetings: impl IntoIterator<Item = MeetingId>,
    ) -> Result<Vec<Recorded>> {
        use feedback::{Column, Entity};
        let mut recorded: Vec<Recorded> = Entity::find()
            .select_only()
            .columns([
                Column::MeetingId,
                Column::CouncilId,
                Column::AnsweredOnSpot,
                Column::PetitionId,
            ])
            .filter(Column::MeetingId.is_in(meetings))
            .filter(Column::Status.ne(feedback::Status::Withdrawn))
            .filter(Column::Kind.ne("denunciation"))
            .into_model()
            .all(conn)
            .await?;
        recorded.retain(|one| self.under(one.meeting_id, one.council_id).is_some());
        Ok(recorded)
    }
}

/// The condition that a feedback was recorded for a council that holds its meeting, or takes part in it.
pub(crate) fn is_of_a_council_there() -> Condition {
    let holds = Query::select()
        .expr(Expr::val(1))
        .from(meeting::Entity)
        .and_where(
            Expr::col((meeting::Entity, meeting::Column::Id))
                .equals((feedback::Entity, feedback::Column::MeetingId)),
        )
        .and_where(
            Expr::col((meeting::Entity, meeting::Column::CouncilId))
                .equals((feedback::Entity, feedback::Column::CouncilId)),
        )
        .to_owned();
    let joins = Query::select()
        .expr(Expr::val(1))
        .from(meeting_council::Entity)
        .and_where(
            Expr::col((meeting_council::Entity, meeting_council::Column::MeetingId))
                .equals((feedback::Entity, feedback::Column::MeetingId)),
        )
        .and_where(
            Expr::col((meeting_council::Entity, meeting_council::Column::CouncilId))
                .equals((feedback::Entity, feedback::Column::CouncilId)),
        )
        .to_owned();
    Condition::any().add(Expr::exists(holds)).add(Expr::exists(joins))
}
