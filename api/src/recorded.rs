//! Under whose mandate something was recorded: judged by the day on which it happened, because a phone may come
//! back long after the mandate has ended or the unit was merged.
//!
//! Pure: what it knows are the viewer's mandates and the reference data, both of the same moment.

use chrono::NaiveDate;
use entity::id::{CouncilId, DelegateId, UnitId};

use crate::{
    capability::Capability,
    store::{
        door::Facts,
        reference::{Reference, existed},
    },
    viewer::Place,
};

/// The mandate or office under which something was recorded.
pub(crate) struct RecordedUnder {
    pub(crate) council: CouncilId,
    pub(crate) delegate: Option<DelegateId>,
    /// The mandate has ended since.
    pub(crate) late: bool,
    /// It was held on the day on which it happened.
    pub(crate) held_then: bool,
}

/// The best of the viewer's mandates, and of the offices in which he holds `capability`, among those whose council
/// fits: held on the day before held now, the meeting's own council before others, communes before provinces.
pub(crate) fn recorded_under(
    facts: &Facts<'_>,
    day: Option<NaiveDate>,
    meeting_of: Option<CouncilId>,
    capability: Option<Capability>,
    fits: impl Fn(CouncilId) -> bool,
) -> Option<RecordedUnder> {
    let viewer = facts.viewer;
    let mut candidates: Vec<(u8, RecordedUnder)> = Vec::new();
    for mandate in &viewer.mandates {
        let council = mandate.delegate.council_id;
        let held_then = day.is_some_and(|day| mandate.holds_on(day));
        let holds_now = mandate.holds_on(facts.today);
        if fits(council) {
            let held = match (held_then, holds_now) {
                (true, _) => 2,
                (false, true) => 1,
                (false, false) => 0,
            };
            candidates.push((
                held,
                RecordedUnder {
                    council,
                    delegate: Some(mandate.delegate.id),
                    late: !holds_now,
                    held_then,
                },
            ));
        }
    }
    for place in capability
        .into_iter()
        .flat_map(|capability| viewer.places(capability))
    {
        if let Place::Council(council) = place
            && fits(council)
            && !candidates.iter().any(|(_, under)| under.council == council)
        {
            candidates.push((
                2,
                RecordedUnder {
                    council,
                    delegate: None,
                    late: false,
                    held_then: true,
                },
            ));
        }
    }
    candidates
        .into_iter()
        .max_by_key(|(held, under)| {
            (
                *held,
                meeting_of == Some(under.council),
                level(facts.reference, under.council),
            )
        })
        .map(|(_, under)| under)
}

/// Communes before provinces: what is said in a commune is first the commune council's.
fn level(reference: &Reference, council: CouncilId) -> u8 {
    match reference.council(council).map(|council| council.level.as_str()) {
        Some("commune") => 2,
        Some("district") => 1,
        _ => 0,
    }
}

/// Whether a unit (as it was, or as it is now) lies in a council's area.
pub(crate) fn council_covers(reference: &Reference, council: CouncilId, unit: UnitId) -> bool {
    let Some(own) = reference.council(council) else {
        return false;
    };
    let units = &reference.units;
    units.covers(own.unit_id, unit)
        || units
            .with_predecessors(own.unit_id)
            .into_iter()
            .any(|former| units.covers(former, unit))
        || units
            .with_successors(own.unit_id)
            .into_iter()
            .any(|later| units.covers(later, unit))
}

/// Whether a unit is no more today.
pub(crate) fn has_ended(facts: &Facts<'_>, unit: UnitId) -> bool {
    facts
        .reference
        .units
        .get(unit)
        .is_some_and(|unit| !existed(unit.valid_from, unit.valid_to, facts.today))
}
