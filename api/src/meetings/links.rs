//! Whom and what a meeting joins: units, councils, delegates. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::{
    id::{CouncilId, DelegateId, MeetingId, UnitId},
    meeting::Model,
    meeting_council, meeting_delegate, meeting_unit,
};
use uuid::Uuid;

use crate::{
    clock::local_date,
    error::{Code, Refused},
    store::{
        collection::Document,
        reference::existed,
        working::{Changes, Working},
        writing::parse_id,
    },
};

/// Units, councils or delegates of one meeting; the largest real ones join a few dozen communes.
pub(super) const MOST_LINKS: usize = 200;

/// Who of the delegates is invited, and who came: mandates.
pub(super) const INVITED: &str = "invitedDelegateIds";
pub(super) const CAME: &str = "attendedDelegateIds";

/// The units, councils and delegates of a meeting.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Links {
    pub(super) units: Vec<UnitId>,
    /// Those that take part beside the council that holds it.
    pub(super) councils: Vec<CouncilId>,
    pub(super) invited: Vec<DelegateId>,
    /// Who came, invited or not.
    pub(super) attended: Vec<DelegateId>,
    /// How invitations were answered, for the day on which the meeting is to be.
    pub(super) answers: BTreeMap<DelegateId, Answer>,
}

/// An answer to an invitation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) attending: bool,
    /// Why not.
    pub(super) reason: Option<String>,
    pub(super) at: DateTime<Utc>,
}

impl Answer {
    /// What stands in a link.
    fn of(link: &meeting_delegate::Model) -> Option<Self> {
        Some(Self {
            attending: link.attending?,
            reason: link.absence_reason.clone(),
            at: link.answered_at?,
        })
    }
}

impl Links {
    pub(super) fn of(working: &Working, id: MeetingId) -> Self {
        Self {
            units: working.meeting_unit.of(id).map(|link| link.unit_id).collect(),
            councils: working
                .meeting_council
                .of(id)
                .map(|link| link.council_id)
                .collect(),
            invited: delegates(working, id, |link| link.invited),
            attended: delegates(working, id, |link| link.attended),
            answers: working
                .meeting_delegate
                .of(id)
                .filter_map(|link| Some((link.delegate_id, Answer::of(link)?)))
                .collect(),
        }
    }

    pub(super) fn put(self, id: MeetingId, changes: &mut Changes) {
        changes.and(move |working| {
            working.meeting_unit.clear(id);
            working.meeting_council.clear(id);
            working.meeting_delegate.clear(id);
            for &unit_id in &self.units {
                working.meeting_unit.put(meeting_unit::Model {
                    meeting_id: id,
                    unit_id,
                });
            }
            for &council_id in &self.councils {
                working.meeting_council.put(meeting_council::Model {
                    meeting_id: id,
                    council_id,
                });
            }
            for delegate_id in self.delegates() {
                let answer = self.answers.get(&delegate_id);
                working.meeting_delegate.put(meeting_delegate::Model {
                    meeting_id: id,
                    delegate_id,
                    invited: self.invited.contains(&delegate_id),
                    attended: self.attended.contains(&delegate_id),
                    attending: answer.map(|answer| answer.attending),
                    absence_reason: answer.and_then(|answer| answer.reason.clone()),
                    answered_at: answer.map(|answer| answer.at),
                });
            }
        });
    }

    /// Everybody who was invited or came, each once.
    fn delegates(&self) -> BTreeSet<DelegateId> {
        self.invited.iter().chain(&self.attended).copied().collect()
    }

    /// In the order of the database, each once, so that two spellings of one set are equal.
    pub(super) fn sort(&mut self, holder: CouncilId) {
        self.units.sort_unstable();
        self.units.dedup();
        self.councils.retain(|council| *council != holder);
        self.councils.sort_unstable();
        self.councils.dedup();
        self.invited.sort_unstable();
        self.invited.dedup();
        self.attended.sort_unstable();
        self.attended.dedup();
    }
}

/// The delegates at a meeting of whom this is true.
pub(super) fn delegates(
    working: &Working,
    id: MeetingId,
    is: impl Fn(&meeting_delegate::Model) -> bool,
) -> Vec<DelegateId> {
    let links = working.meeting_delegate.of(id).filter(|link| is(link));
    links.map(|link| link.delegate_id).collect()
}

/// The delegates that a write names, whether they exist or not.
pub(super) fn named_delegates(fields: &Document) -> impl Iterator<Item = Uuid> {
    let texts = [INVITED, CAME]
        .into_iter()
        .filter_map(|field| fields.get(field)?.as_str());
    texts
        .flat_map(str::split_ascii_whitespace)
        .take(2 * MOST_LINKS)
        .filter_map(parse_id)
}

/// The refusal because of one of the ids that a write names in a list; of what it does not name, because of the list.
pub(super) fn refused(code: Code, fields: &Document, field: &'static str, id: Uuid) -> Refused {
    let text = fields.get(field).and_then(|list| list.as_str());
    let named: Vec<Option<Uuid>> = text
        .into_iter()
        .flat_map(str::split_ascii_whitespace)
        .map(parse_id)
        .collect();
    match named.iter().position(|one| *one == Some(id)) {
        Some(place) => Refused::entry(code, field, place, named.len()),
        None => Refused::field(code, field),
    }
}

/// Who is invited or came has a mandate, on the meeting's day, in a council that takes part.
pub(super) fn check_delegates(
    working: &Working,
    row: &Model,
    links: &Links,
    fields: &Document,
) -> Result<(), Refused> {
    let day = row.starts_at.map(local_date);
    for (field, delegates) in [(INVITED, &links.invited), (CAME, &links.attended)] {
        for id in delegates {
            let delegate = working
                .delegate
                .get(*id)
                .filter(|row_of| {
                    row_of.council_id == row.council_id || links.councils.contains(&row_of.council_id)
                })
                .ok_or_else(|| refused(Code::NotFound, fields, field, id.0))?;
            if day.is_some_and(|day| !existed(Some(delegate.valid_from), delegate.valid_to, day)) {
                return Err(refused(Code::OutOfRange, fields, field, id.0));
            }
        }
    }
    Ok(())
}
