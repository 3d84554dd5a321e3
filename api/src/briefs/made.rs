//! A brief from its sources: what stands in it, in which order, and what is left out when it grows too large. Pure, and
//! without today's date: a phone compares the dates with its own day, so that nothing changes without a write.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    agency, document, feedback,
    id::PetitionId,
    petition::{self, Process},
    resolution, round,
};
use serde_json::{Map, Value, json};

use crate::{clock::local_date, meetings::brief::INTERNAL, petitions::promises::promised_by};

/// The largest brief, without the office's own words.
pub const MOST_BYTES: usize = 8_192;

/// Letters of a title, of an answer, of the summary of a paper.
const TITLE: usize = 160;
const ANSWER: usize = 240;
const SUMMARY: usize = 600;

/// Of what a brief is made.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) round: Option<round::Model>,
    /// What the place asked, without what went on in others by a split or a merger: what is kept longest first.
    pub(super) petitions: Vec<petition::Model>,
    /// What was answered on the spot.
    pub(super) on_spot: Vec<feedback::Model>,
    /// In force.
    pub(super) resolutions: Vec<resolution::Model>,
    /// In force, of the councils above the place, with their names.
    pub(super) above: Vec<(String, resolution::Model)>,
    /// The council's guide to voter contact (tài liệu hướng dẫn), in force.
    pub(super) guide: Option<document::Model>,
    /// The newest report on the economy and security.
    pub(super) report: Option<document::Model>,
    pub(super) agencies: Vec<agency::Model>,
    /// By the name of a list how many of it there are, with those that were not read.
    pub(super) in_all: BTreeMap<&'static str, u64>,
}

/// What the place asked, before.
pub(super) const ASKED: &str = "asked";
pub(super) const RESOLUTIONS: &str = "resolutions";

/// The lists that may be cut, the least needed first.
const LISTS: [&str; 4] = ["agencies", RESOLUTIONS, INTERNAL, ASKED];

/// The brief as JSON of at most [`MOST_BYTES`].
pub(super) fn made(mut sources: Sources) -> String {
    let mut petitions = std::mem::take(&mut sources.petitions);
    let agency = |row: &petition::Model| {
        let agency = sources
            .agencies
            .iter()
            .find(|agency| Some(agency.id) == row.agency_id);
        agency.map(|agency| agency.name.clone())
    };
    let told =
        |rows: &[petition::Model]| -> Value { rows.iter().map(|row| asked(row, agency(row))).collect() };
    let mut brief = Map::new();
    brief.insert("format".to_owned(), json!(1));
    if let Some(round) = &sources.round {
        brief.insert(
            "round".to_owned(),
            filled(json!({"title": cut(&round.title, TITLE), "kind": round.kind, "planNumber": round.plan_number})),
        );
    }
    brief.insert(ASKED.to_owned(), told(&petitions));
    brief.insert(INTERNAL.to_owned(), sources.on_spot.iter().map(on_spot).collect());
    let own = sources.resolutions.len();
    let decided = sources.resolutions.iter().map(|row| in_force(row, None));
    let decided_above = sources
        .above
        .iter()
        .map(|(council, row)| in_force(row, Some(council)));
    brief.insert(RESOLUTIONS.to_owned(), decided.chain(decided_above).collect());
    for (name, paper) in [("guide", &sources.guide), ("report", &sources.report)] {
        if let Some(paper) = paper {
            brief.insert(name.to_owned(), of_council(paper));
        }
    }
    brief.insert(
        "agencies".to_owned(),
        sources.agencies.iter().map(reached).collect(),
    );
    let mut left = Map::new();
    for (name, in_all) in &sources.in_all {
        let unread = in_all.saturating_sub(listed(&brief, name) as u64);
        if unread > 0 {
            left.insert((*name).to_owned(), json!(unread));
        }
    }
    let kept = loop {
        let kept = listed(&brief, ASKED);
        point(&mut brief, &petitions[..kept]);
        if !left.is_empty() {
            brief.insert("left".to_owned(), Value::Object(left.clone()));
        }
        let size = Value::Object(brief.clone()).to_string().len();
        if size <= MOST_BYTES || !shorten(&mut brief, &mut left, size - MOST_BYTES, own) {
            break kept;
        }
    };
    // What was kept for its share of the room is told by its urgency: the same members, so as long as before.
    petitions.truncate(kept);
    petitions.sort_by_cached_key(urgency);
    brief.insert(ASKED.to_owned(), told(&petitions));
    point(&mut brief, &petitions);
    Value::Object(brief).to_string()
}

/// How many stand in a list.
fn listed(brief: &Map<String, Value>, name: &str) -> usize {
    brief.get(name).and_then(Value::as_array).map_or(0, Vec::len)
}

/// Takes at least so many bytes from the largest list, the least needed of equal ones; whether there was anything. What
/// was decided above, beyond so many `own` resolutions, goes first: it has only the room that all else leaves.
fn shorten(
    brief: &mut Map<String, Value>,
    left: &mut Map<String, Value>,
    mut over: usize,
    own: usize,
) -> bool {
    let size = |brief: &Map<String, Value>, name: &str| {
        let list = brief.get(name).and_then(Value::as_array);
        list.filter(|list| !list.is_empty())
            .map(|_| brief[name].to_string().len())
    };
    let largest = LISTS
        .into_iter()
        .rev()
        .filter_map(|name| Some((size(brief, name)?, name)))
        .max_by_key(|(size, _)| *size);
    let (name, least) = match largest {
        _ if listed(brief, RESOLUTIONS) > own => (RESOLUTIONS, own),
        Some((_, name)) => (name, 0),
        None => return false,
    };
    // A little at a time, so that no list is emptied for another's sake.
    over = over.min(1_024);
    let Some(list) = brief.get_mut(name).and_then(Value::as_array_mut) else {
        return false;
    };
    let mut gone = 0_u64;
    let mut taken = 0;
    while taken < over.max(1) && list.len() > least {
        let Some(last) = list.pop() else { break };
        taken += last.to_string().len() + 1;
        gone += 1;
    }
    let before = left.get(name).and_then(Value::as_u64).unwrap_or(0);
    left.insert(name.to_owned(), json!(before + gone));
    true
}

/// Names those of the listed petitions that are open, repeated, promised.
fn point(brief: &mut Map<String, Value>, listed: &[petition::Model]) {
    let ids = |is: fn(&petition::Model) -> bool| -> Value {
        listed
            .iter()
            .filter(|row| is(row))
            .map(|row| json!(row.id))
            .collect()
    };
    brief.insert("open".to_owned(), ids(|row| is_open(row.process)));
    brief.insert("repeated".to_owned(), ids(|row| row.repeats > 0));
    brief.insert("promised".to_owned(), ids(is_promised));
}

/// Somebody still has to act before the voters can be told.
pub(super) fn is_open(process: Process) -> bool {
    !matches!(process, Process::Answered | Process::Assessed | Process::Informed) && process.is_open()
}

/// Something was promised by a day, and no later answer says what came of it: the voters who were promised it ask for it,
/// whether the petition is closed or not.
fn is_promised(row: &petition::Model) -> bool {
    promised_by(row).is_some()
}

/// What has to be done by a day first, by that day, so that what is overdue comes before all; then what was promised, by
/// its day; then what was asked again; then the rest. Without a day the newest first: ids tell nothing of time, those of
/// petitions that were taken over from a spreadsheet follow from their words.
fn urgency(row: &petition::Model) -> (u8, Option<NaiveDate>, Reverse<DateTime<Utc>>, Reverse<PetitionId>) {
    let due = row.extended_to.or(row.due_at);
    let (kind, day) = if is_open(row.process) && due.is_some() {
        (0, due)
    } else if is_promised(row) {
        (1, row.roadmap_at)
    } else if row.repeats > 0 {
        (2, None)
    } else {
        (3, None)
    };
    (kind, day, Reverse(row.created_at), Reverse(row.id))
}

fn asked(row: &petition::Model, agency: Option<String>) -> Value {
    let counts = row.answer_counts();
    filled(json!({
        "id": row.id,
        "number": row.number,
        "title": Some(cut(&row.title, TITLE)).filter(|title| !title.is_empty()),
        "process": row.process,
        "outcome": row.outcome,
        "agency": agency,
        "dueAt": row.due_at,
        "extendedTo": row.extended_to,
        "answer": row.answer_text.as_deref().filter(|_| counts).map(|answer| cut(answer, ANSWER)),
        "answerNumber": row.answer_number.as_deref().filter(|_| counts),
        "answeredAt": row.answered_at.filter(|_| counts),
        "roadmapAt": row.roadmap_at,
        "repeats": (row.repeats > 0).then_some(row.repeats),
    }))
}

fn on_spot(row: &feedback::Model) -> Value {
    filled(json!({
        "on": row.recorded_at.map(local_date).or(Some(local_date(row.received_at))),
        "subject": row.subject.as_deref().map(|subject| cut(subject, TITLE)),
        "answer": row.on_spot_answer.as_deref().map(|answer| cut(answer, ANSWER)),
    }))
}

/// A resolution; whose it is where that is not plain.
fn in_force(row: &resolution::Model, council: Option<&String>) -> Value {
    filled(json!({
        "id": row.id,
        "number": row.number.as_ref().unwrap_or(&row.raw_number),
        "council": council,
        "title": cut(&row.title, TITLE),
        "inForceFrom": row.in_force_from,
    }))
}

fn of_council(row: &document::Model) -> Value {
    filled(json!({
        "number": row.number,
        "date": row.date,
        "title": cut(&row.title, TITLE),
        "summary": row.summary.as_deref().map(|summary| cut(summary, SUMMARY)),
    }))
}

fn reached(row: &agency::Model) -> Value {
    filled(json!({
        "id": row.id,
        "name": cut(&row.name, TITLE),
        "hotline": row.hotline,
        "email": row.email,
    }))
}

/// Without the members that are empty.
fn filled(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect(),
        ),
        value => value,
    }
}

/// The first so many letters, and a sign where there were more.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_letters() {
        assert_eq!(cut("Đường", 5), "Đường");
        assert_eq!(cut("Đường hỏng", 6), "Đường…");
    }

    #[test]
    fn a_brief_of_nothing_is_small() {
        let text = made(Sources::default());
        assert_eq!(
            text,
            r#"{"agencies":[],"asked":[],"format":1,"onSpot":[],"open":[],"promised":[],"repeated":[],"resolutions":[]}"#
        );
    }
}
