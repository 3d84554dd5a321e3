//! How a list comes of what voters said in a round. Pure: the same for the preview and for what is frozen.
//!
//! A feedback stays with its first petition; splits and mergers lead from there to the petitions that stand now. What
//! was answered on the spot and made into no petition is counted and not listed; what waits for the office is listed
//! by itself, so that nothing is missing. Whether the office makes one petition of two slips or merges two petitions, it
//! merges (nhập): before that stands what was said, so that the figure does not move while the office works.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use entity::{
    feedback,
    id::{CouncilId, DelegateId, FeedbackId, GroupId, MeetingId, PetitionId, RoundId},
    meeting,
    petition::{self, Process},
    petition_lineage, synthesis_item,
};
use uuid::Uuid;

use crate::{
    clock::local_date,
    codes,
    meetings::{councils_of, counts_for, takes_part},
    store::{reference::Reference, working::Working},
};

/// Whose list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Whose {
    pub(super) council: CouncilId,
    pub(super) round: RoundId,
    /// Only what the delegates of this group heard.
    pub(super) group: Option<GroupId>,
}

/// A list with its counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    /// Points held.
    pub(crate) points: usize,
    pub(crate) opinions: usize,
    pub(crate) on_spot: usize,
    /// What was said and not just answered on the spot: what there was before splits and mergers.
    pub(crate) before: usize,
    /// By tier, field and number.
    pub(crate) lines: Vec<Line>,
    /// The last day on which a point was held.
    pub(crate) ended_on: Option<NaiveDate>,
}

impl List {
    /// Listed opinions that are part of no petition yet.
    pub(super) fn ungrouped(&self) -> usize {
        self.lines.iter().filter(|line| line.petition.is_none()).count()
    }

    /// Listed petitions whose tier or field nobody has set yet.
    pub(super) fn unclassified(&self) -> usize {
        self.lines.iter().filter(|line| line.is_unclassified()).count()
    }
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) petition: Option<PetitionId>,
    pub(crate) feedback: Option<FeedbackId>,
    pub(crate) number: Option<String>,
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) tier: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) places: String,
    pub(crate) opinions: usize,
    pub(crate) merged_from: usize,
    pub(crate) split_from: Option<String>,
}

impl Line {
    /// Tier and field.
    pub(crate) fn class(&self) -> (Option<String>, Option<String>) {
        (self.tier.clone(), self.field.clone())
    }

    /// Whether it is a petition whose tier or field nobody has set yet.
    fn is_unclassified(&self) -> bool {
        self.petition.is_some() && (self.tier.is_none() || self.field.is_none())
    }
}

impl From<synthesis_item::Model> for Line {
    fn from(item: synthesis_item::Model) -> Self {
        let count = |count: i32| usize::try_from(count).unwrap_or(0);
        Self {
            opinions: count(item.opinions),
            merged_from: count(item.merged_from),
            petition: item.petition_id,
            feedback: item.feedback_id,
            number: item.number,
            title: item.title,
            content: item.content,
            tier: item.tier,
            field: item.field,
            places: item.places,
            split_from: item.split_from,
        }
    }
}

/// Makes the list of rows that were loaded for it (`Needs::said_in`, `points_of`, and the delegates who heard).
pub(super) fn list(working: &Working, reference: &Reference, whose: Whose) -> List {
    let said: Vec<&feedback::Model> = working
        .feedback
        .iter()
        .filter(|row| counts(working, reference, row, whose))
        .filter(|row| whose.group.is_none_or(|group| heard_by(working, row, group)))
        .collect();
    // Where a group heard something it was, whoever was asked.
    let heard_at: BTreeSet<MeetingId> = said.iter().filter_map(|row| row.meeting_id).collect();
    let points: Vec<&meeting::Model> = working
        .meeting
        .iter()
        .filter(|row| row.round_id == Some(whose.round) && row.status.is_over())
        .filter(|row| is_ours(working, row, whose) || heard_at.contains(&row.id))
        .collect();
    let onwards = onwards(working);
    let mut list = List {
        points: points.len(),
        opinions: said.len(),
        ended_on: points
            .iter()
            .filter_map(|row| row.starts_at.map(local_date))
            .max(),
        ..List::default()
    };
    let mut stands: BTreeMap<PetitionId, usize> = BTreeMap::new();
    for row in said {
        match row.petition_id {
            Some(petition) => {
                for heir in heirs(working, &onwards, petition) {
                    *stands.entry(heir).or_default() += 1;
                }
            }
            None if row.answered_on_spot == Some(true) => list.on_spot += 1,
            None => list.lines.push(waiting(reference, row)),
        }
    }
    list.before = list.opinions - list.on_spot;
    for (petition, opinions) in stands {
        if let Some(row) = working.petition.get(petition) {
            list.lines.push(Line {
                opinions,
                merged_from: opinions,
                ..standing(working, reference, row)
            });
        }
    }
    list.lines.sort_by_cached_key(order);
    list
}

/// Whether a point is one of the council's or, for a group, one to which somebody of it was asked or came.
fn is_ours(working: &Working, row: &meeting::Model, whose: Whose) -> bool {
    takes_part(working, row, whose.council) && whose.group.is_none_or(|group| asked(working, row.id.0, group))
}

fn asked(working: &Working, meeting: Uuid, group: GroupId) -> bool {
    working
        .meeting_delegate
        .of(meeting)
        .any(|link| is_member(working, link.delegate_id, group))
}

fn is_member(working: &Working, delegate: DelegateId, group: GroupId) -> bool {
    working
        .delegate
        .get(delegate)
        .is_some_and(|row| row.group_id == Some(group))
}

/// Whether a feedback was said in the round, counts for the council at its meeting, and is an opinion or a petition.
fn counts(working: &Working, reference: &Reference, row: &feedback::Model, whose: Whose) -> bool {
    let meeting = row.meeting_id.and_then(|id| working.meeting.get(id));
    let counted_for = meeting
        .filter(|meeting| meeting.round_id == Some(whose.round))
        .and_then(|meeting| counts_for(reference, &councils_of(working, meeting), row.council_id));
    counted_for == Some(whose.council)
        && row.status != feedback::Status::Withdrawn
        && row.kind != "denunciation"
}

/// Whether somebody of the group heard it, or, where the office wrote it down, was there.
fn heard_by(working: &Working, row: &feedback::Model, group: GroupId) -> bool {
    match (row.delegate_id, row.meeting_id) {
        (Some(delegate), _) => is_member(working, delegate, group),
        (None, Some(meeting)) => asked(working, meeting.0, group),
        (None, None) => false,
    }
}

fn onwards(working: &Working) -> BTreeMap<PetitionId, Vec<PetitionId>> {
    let mut onwards: BTreeMap<PetitionId, Vec<PetitionId>> = BTreeMap::new();
    for edge in working.petition_lineage.iter() {
        onwards.entry(edge.from_id).or_default().push(edge.to_id);
    }
    onwards
}

/// The petitions that stand now where this one was.
fn heirs(
    working: &Working,
    onwards: &BTreeMap<PetitionId, Vec<PetitionId>>,
    petition: PetitionId,
) -> BTreeSet<PetitionId> {
    let mut seen = BTreeSet::from([petition]);
    let mut open = vec![petition];
    while let Some(next) = open.pop() {
        let steps = onwards.get(&next).into_iter().flatten();
        open.extend(steps.copied().filter(|step| seen.insert(*step)));
    }
    seen.retain(|id| {
        let row = working.petition.get(*id);
        row.is_some_and(|row| !matches!(row.process, Process::Split | Process::Merged))
    });
    seen
}

fn names(reference: &Reference, units: impl Iterator<Item = entity::id::UnitId>) -> String {
    let names: Vec<String> = units
        .filter_map(|unit| Some(reference.units.get(unit)?.name.clone()))
        .collect();
    names.join(", ")
}

fn standing(working: &Working, reference: &Reference, row: &petition::Model) -> Line {
    let part_of = |edge: &&petition_lineage::Model| edge.to_id == row.id && edge.kind == "split";
    let whole = working.petition_lineage.iter().find(part_of);
    Line {
        petition: Some(row.id),
        feedback: None,
        number: Some(row.number.clone()),
        title: row.title.clone(),
        content: row.content.clone(),
        tier: row.tier.clone(),
        field: row.field.clone(),
        places: names(
            reference,
            working.petition_unit.of(row.id).map(|link| link.unit_id),
        ),
        opinions: 0,
        merged_from: 1,
        split_from: whole.and_then(|edge| Some(working.petition.get(edge.from_id)?.number.clone())),
    }
}

/// Letters of a title that is made of what somebody wrote down.
const TITLE: usize = 200;

fn waiting(reference: &Reference, row: &feedback::Model) -> Line {
    let content = row
        .content
        .clone()
        .or_else(|| row.wanted.clone())
        .unwrap_or_default();
    let title = row
        .subject
        .clone()
        .unwrap_or_else(|| content.chars().take(TITLE).collect());
    Line {
        petition: None,
        feedback: Some(row.id),
        number: None,
        title,
        content,
        tier: None,
        field: None,
        places: names(reference, row.unit_id.into_iter()),
        opinions: 1,
        merged_from: 1,
        split_from: None,
    }
}

/// By tier, field, year and number; what is not classified comes last.
fn order(line: &Line) -> (usize, usize, i64, i64, String, Uuid) {
    let place = |list: &str, code: Option<&str>| {
        let entries = codes::list(list);
        code.and_then(|code| entries.iter().position(|entry| entry.code == code))
            .unwrap_or(entries.len())
    };
    let number = line.number.as_deref().and_then(|number| number.split_once('/'));
    let (running, year) = number.unwrap_or_default();
    let id = line.petition.map(|id| id.0).or(line.feedback.map(|id| id.0));
    (
        place("tier", line.tier.as_deref()),
        place("field", line.field.as_deref()),
        year.parse().unwrap_or(i64::MAX),
        running.parse().unwrap_or(i64::MAX),
        line.title.clone(),
        id.unwrap_or_default(),
    )
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
