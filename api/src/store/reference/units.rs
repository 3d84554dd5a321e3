//! Units and how they followed each other, in memory: sorted tables that are searched by halving, because a box in
//! a commune has little memory and fourteen thousand units. Never changed: a change makes other tables.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use entity::{id::UnitId, unit, unit_succession};

use super::existed;

/// Units and how they followed each other.
#[derive(Clone, Default)]
pub struct Units {
    /// In the order of their codes, older versions first.
    all: Vec<unit::Model>,
    /// Places in `all`.
    by_id: HashMap<UnitId, u32>,
    /// Places in `all` of what lies below some unit, in the order of that unit.
    below: Vec<u32>,
    /// In the order of the former units.
    edges: Vec<unit_succession::Model>,
    /// Places in `edges`, in the order of the successors.
    backwards: Vec<u32>,
}

impl Units {
    pub(super) fn new(mut all: Vec<unit::Model>, mut edges: Vec<unit_succession::Model>) -> Self {
        let order = |unit: &unit::Model| (unit.valid_from, unit.id);
        all.sort_unstable_by(|a, b| a.code.cmp(&b.code).then_with(|| order(a).cmp(&order(b))));
        all.shrink_to_fit();
        let by_id = all.iter().map(|unit| unit.id).zip(0..).collect();
        let mut below: Vec<u32> = (0..)
            .zip(&all)
            .filter_map(|(place, unit)| unit.parent_id.map(|_| place))
            .collect();
        below.sort_unstable_by_key(|place| (all[*place as usize].parent_id, *place));
        below.shrink_to_fit();
        edges.sort_unstable_by_key(|edge| (edge.from_id, edge.to_id));
        edges.shrink_to_fit();
        let mut backwards: Vec<u32> = (0..).zip(&edges).map(|(place, _)| place).collect();
        backwards.sort_unstable_by_key(|place| (edges[*place as usize].to_id, *place));
        Self {
            all,
            by_id,
            below,
            edges,
            backwards,
        }
    }

    /// What they are after a change. A unit that a later change wrote already stays as it is.
    pub(super) fn with<'a>(
        &self,
        units: impl Iterator<Item = &'a unit::Model>,
        gone: impl Iterator<Item = &'a unit_succession::Model>,
        written: impl Iterator<Item = &'a unit_succession::Model>,
    ) -> Self {
        let mut all = self.all.clone();
        for unit in units {
            match self.by_id.get(&unit.id) {
                None => all.push(unit.clone()),
                Some(place) => {
                    let known = &mut all[*place as usize];
                    if known.rev <= unit.rev {
                        *known = unit.clone();
                    }
                }
            }
        }
        let key = |edge: &unit_succession::Model| (edge.from_id, edge.to_id);
        let written: Vec<unit_succession::Model> = written.cloned().collect();
        let changed: BTreeSet<_> = gone.map(key).chain(written.iter().map(key)).collect();
        let kept = self.edges.iter().filter(|edge| !changed.contains(&key(edge)));
        let edges = kept.cloned().chain(written).collect();
        Self::new(all, edges)
    }

    /// How many unit versions are known.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether none is known: nothing was imported yet.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The unit with this id.
    pub fn get(&self, id: UnitId) -> Option<&unit::Model> {
        self.by_id.get(&id).map(|place| &self.all[*place as usize])
    }

    /// All units, in the order of their codes, older versions first.
    pub fn iter(&self) -> impl Iterator<Item = &unit::Model> {
        self.all.iter()
    }

    /// All successions, in the order of the former units' ids.
    pub fn successions(&self) -> impl Iterator<Item = &unit_succession::Model> {
        self.edges.iter()
    }

    /// The unit with this code that existed on this day. Codes are reused, so a day is always needed; a level
    /// tells apart codes that two levels share.
    pub fn by_code(&self, code: &str, level: Option<&str>, on: NaiveDate) -> Option<&unit::Model> {
        let first = self.all.partition_point(|unit| unit.code.as_str() < code);
        self.all[first..]
            .iter()
            .take_while(|unit| unit.code == code)
            .find(|unit| {
                existed(unit.valid_from, unit.valid_to, on) && level.is_none_or(|level| unit.level == level)
            })
    }

    /// The units directly below, in the order of their codes.
    pub fn children(&self, id: UnitId) -> impl Iterator<Item = &unit::Model> {
        let unit = |place: &u32| &self.all[*place as usize];
        let first = self
            .below
            .partition_point(|place| unit(place).parent_id < Some(id));
        self.below[first..]
            .iter()
            .map(unit)
            .take_while(move |unit| unit.parent_id == Some(id))
    }

    /// The unit and everything below it.
    pub fn subtree(&self, id: UnitId) -> BTreeSet<UnitId> {
        reached(id, |next| self.children(next).map(|child| child.id))
    }

    /// Whether `inner` is `outer` or lies below it.
    pub fn covers(&self, outer: UnitId, inner: UnitId) -> bool {
        self.upwards(inner).any(|unit| unit.id == outer)
    }

    /// Whether `inner` lies in `outer` or in one of the units that `outer` was made of.
    pub fn covers_of_any_time(&self, outer: UnitId, inner: UnitId) -> bool {
        self.covers(outer, inner)
            || self
                .with_predecessors(outer)
                .into_iter()
                .any(|former| self.covers(former, inner))
    }

    /// The unit and the units above it.
    pub fn upwards(&self, id: UnitId) -> impl Iterator<Item = &unit::Model> {
        std::iter::successors(self.get(id), |unit| {
            unit.parent_id.and_then(|parent| self.get(parent))
        })
    }

    /// The province (of the same time) in which a unit lies.
    pub fn province(&self, id: UnitId) -> Option<&unit::Model> {
        self.upwards(id).find(|unit| unit.level == "province")
    }

    /// What became of a unit.
    pub fn successors(&self, id: UnitId) -> &[unit_succession::Model] {
        let first = self.edges.partition_point(|edge| edge.from_id < id);
        let those = self.edges[first..].partition_point(|edge| edge.from_id == id);
        &self.edges[first..first + those]
    }

    /// What a unit was made of.
    pub fn predecessors(&self, id: UnitId) -> impl Iterator<Item = &unit_succession::Model> {
        let edge = |place: &u32| &self.edges[*place as usize];
        let first = self.backwards.partition_point(|place| edge(place).to_id < id);
        self.backwards[first..]
            .iter()
            .map(edge)
            .take_while(move |edge| edge.to_id == id)
    }

    /// The unit and all it was made of, however long ago.
    pub fn with_predecessors(&self, id: UnitId) -> BTreeSet<UnitId> {
        reached(id, |next| self.predecessors(next).map(|edge| edge.from_id))
    }

    /// The one unit that a unit went on as, through all changes since: itself while it stands. Where it was divided
    /// nobody follows it alone, and it is the divided unit that is told.
    pub fn heir(&self, id: UnitId) -> UnitId {
        let mut seen = BTreeSet::from([id]);
        let mut heir = id;
        while let [edge] = self.successors(heir)
            && !edge.partly
            && seen.insert(edge.to_id)
        {
            heir = edge.to_id;
        }
        heir
    }

    /// The unit and all that came of it.
    pub fn with_successors(&self, id: UnitId) -> BTreeSet<UnitId> {
        reached(id, |next| self.successors(next).iter().map(|edge| edge.to_id))
    }
}

impl FromIterator<unit::Model> for Units {
    /// Units without successions.
    fn from_iter<I: IntoIterator<Item = unit::Model>>(units: I) -> Self {
        Self::new(units.into_iter().collect(), Vec::new())
    }
}

/// The start and all that can be reached from it, step by step.
fn reached<I: Iterator<Item = UnitId>>(start: UnitId, steps: impl Fn(UnitId) -> I) -> BTreeSet<UnitId> {
    let mut found = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(next) = open.pop() {
        open.extend(steps(next).filter(|step| found.insert(*step)));
    }
    found
}
