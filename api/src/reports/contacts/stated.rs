//! What the delegates' own records say of a contact, where the office has said nothing yet.

use std::collections::{BTreeSet, HashMap};

use entity::{id::MeetingId, meeting_record};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::error::Result;

/// A figure on which several records agree, or do not.
#[derive(Clone, Copy, Default)]
pub(super) enum Agreed {
    #[default]
    Unknown,
    All(i32),
    Disputed,
}

impl Agreed {
    fn heard(&mut self, figure: Option<i32>) {
        *self = match (*self, figure) {
            (same, None) => same,
            (Self::Unknown, Some(figure)) => Self::All(figure),
            (Self::All(known), Some(figure)) if known == figure => Self::All(known),
            _ => Self::Disputed,
        };
    }

    pub(super) fn figure(self) -> Option<i64> {
        match self {
            Self::All(figure) => Some(figure.into()),
            Self::Unknown | Self::Disputed => None,
        }
    }
}

/// What the delegates' own records of a contact say.
#[derive(Clone, Copy, Default)]
pub(super) struct Stated {
    pub(super) voters: Agreed,
    pub(super) speakers: Agreed,
    pub(super) opinions: Agreed,
}

/// What the delegates' records say of each of these contacts.
pub(super) async fn recorded_figures<C: ConnectionTrait>(
    conn: &C,
    meetings: &BTreeSet<MeetingId>,
) -> Result<HashMap<MeetingId, Stated>> {
    use meeting_record::{Column, Entity};
    type Record = (MeetingId, Option<i32>, Option<i32>, Option<i32>);
    let records: Vec<Record> = Entity::find()
        .select_only()
        .columns([
            Column::MeetingId,
            Column::Attended,
            Column::Speakers,
            Column::OpinionCount,
        ])
        .filter(Column::MeetingId.is_in(meetings.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    let mut stated: HashMap<MeetingId, Stated> = HashMap::new();
    for (meeting, attended, speakers, opinions) in records {
        let stated = stated.entry(meeting).or_default();
        stated.voters.heard(attended);
        stated.speakers.heard(speakers);
        stated.opinions.heard(opinions);
    }
    Ok(stated)
}
