//! Which councils take part in meetings, and for which of them counts what was recorded there. What a delegate heard is
//! taken from him at whatever meeting he knows of; among what was recorded at the meeting it counts where his council takes
//! part, or one that it follows: nobody else there may read or group it.
//!
//! That is [`counts_for`], and nothing else decides it: figures of rounds and tables, minutes, syntheses, and who has to
//! tell voters, stay the same through mergers of communes and changes of term because all of them ask it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{
    feedback,
    id::{CouncilId, MeetingId, PetitionId},
    meeting, meeting_council,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, sea_query::SelectStatement,
};

use crate::{
    error::Result,
    store::{reference::Reference, working::Working},
};

/// For which of the councils at a meeting, the one that holds it first, counts what was recorded there for a council: for
/// itself, or for one that it follows, as when the office of the next term, or of the commune into which others were
/// merged, takes down what still comes in. None if it takes no part.
pub(crate) fn counts_for(
    reference: &Reference,
    there: &[CouncilId],
    council: CouncilId,
) -> Option<CouncilId> {
    if there.contains(&council) {
        return Some(council);
    }
    let level = |council: CouncilId| reference.council(council).map(|row| row.level.as_str());
    // A commune follows its district too: what is said in a commune is first the commune council's.
    there
        .iter()
        .copied()
        .filter(|other| reference.follows(council, *other))
        .min_by_key(|other| level(*other) != level(council))
}

/// The councils that take part in a meeting, the one that holds it first.
pub(crate) fn councils_of(working: &Working, meeting: &meeting::Model) -> Vec<CouncilId> {
    let joint = working.meeting_council.of(meeting.id);
    let mut joint: Vec<CouncilId> = joint.map(|link| link.council_id).collect();
    joint.sort_unstable();
    std::iter::once(meeting.council_id).chain(joint).collect()
}

/// Whether a council holds a meeting or takes part in it.
pub(crate) fn takes_part(working: &Working, meeting: &meeting::Model, council: CouncilId) -> bool {
    councils_of(working, meeting).contains(&council)
}

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

    /// For which of them counts what was recorded at the meeting for this council; see [`counts_for`].
    pub(crate) fn under(&self, meeting: MeetingId, council: CouncilId) -> Option<CouncilId> {
        counts_for(&self.reference, self.of(meeting), council)
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

/// The condition that a feedback was recorded at one of these meetings and counts for a council there.
pub(crate) async fn counts_at<C: ConnectionTrait>(
    conn: &C,
    reference: Reference,
    meetings: SelectStatement,
) -> Result<Condition> {
    use feedback::{Column, Entity};
    // Only who recorded where is read, not what: a delegate's years of contacts have few councils and many voices.
    let recorded: Vec<(MeetingId, CouncilId)> = Entity::find()
        .select_only()
        .columns([Column::MeetingId, Column::CouncilId])
        .distinct()
        .filter(Column::MeetingId.in_subquery(meetings.clone()))
        .into_tuple()
        .all(conn)
        .await?;
    let there: BTreeSet<MeetingId> = recorded.iter().map(|(meeting, _)| *meeting).collect();
    let held: Vec<(MeetingId, CouncilId)> = meeting::Entity::find()
        .select_only()
        .columns([meeting::Column::Id, meeting::Column::CouncilId])
        .filter(meeting::Column::Id.is_in(there))
        .into_tuple()
        .all(conn)
        .await?;
    let taking_part = TakingPart::read(conn, reference, held).await?;
    let mut foreign: BTreeMap<CouncilId, Vec<MeetingId>> = BTreeMap::new();
    for (meeting, council) in recorded {
        if taking_part.under(meeting, council).is_none() {
            foreign.entry(council).or_default().push(meeting);
        }
    }
    let mut counts = Condition::all().add(Column::MeetingId.in_subquery(meetings));
    for (council, meetings) in foreign {
        let theirs = Condition::all()
            .add(Column::CouncilId.eq(council))
            .add(Column::MeetingId.is_in(meetings));
        counts = counts.add(theirs.not());
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::NaiveDate;
    use entity::{council, id::UnitId};
    use uuid::Uuid;

    use super::*;
    use crate::store::reference::Bodies;

    fn council(number: u128, unit: u128, level: &str, from: &str) -> council::Model {
        council::Model {
            id: Uuid::from_u128(number).into(),
            unit_id: UnitId(Uuid::from_u128(unit)),
            level: level.to_owned(),
            name: String::new(),
            term: String::new(),
            ordinal: 1,
            valid_from: from.parse::<NaiveDate>().unwrap(),
            valid_to: None,
            rev: 0,
        }
    }

    #[test]
    fn the_next_term_counts_for_the_one_before_and_not_the_other_way_round() {
        let councils = [
            council(1, 9, "commune", "2021-07-01"),
            council(2, 9, "commune", "2026-04-01"),
            council(3, 8, "commune", "2026-04-01"),
        ];
        let [old, new, neighbour] = councils.each_ref().map(|council| council.id);
        let bodies = Bodies {
            councils: councils
                .into_iter()
                .map(|council| (council.id, council))
                .collect(),
            ..Bodies::default()
        };
        let reference = Reference {
            bodies: Arc::new(bodies),
            ..Reference::default()
        };
        let counts = |there: &[CouncilId], council| counts_for(&reference, there, council);
        assert_eq!(counts(&[old], old), Some(old));
        assert_eq!(counts(&[old], new), Some(old));
        assert_eq!(counts(&[neighbour, old], new), Some(old));
        assert_eq!(counts(&[old, new], new), Some(new), "its own comes first");
        assert_eq!(counts(&[new], old), None);
        assert_eq!(counts(&[old], neighbour), None);
    }
}
