//! What almost every request looks at and hardly anybody changes: units, councils, agencies, rights of roles.
//! Held in memory (it halves the cost of a list), replaced as a whole when it changes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use entity::{
    agency, committee, council, delegate_group,
    id::{AgencyId, CommitteeId, CouncilId, GroupId, UnitId},
    unit, unit_succession,
};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{partition::Partition, working::Working};
use crate::error::Result;

/// The clock of partitions that belong to no province.
pub const NATIONAL: &str = "national";
/// The clock of the shared partition.
pub const SHARED: &str = "shared";

/// Units and how they followed each other.
#[derive(Clone, Default)]
pub struct Units {
    by_id: HashMap<UnitId, Arc<unit::Model>>,
    by_code: BTreeMap<String, Vec<UnitId>>,
    children: HashMap<UnitId, Vec<UnitId>>,
    successors: HashMap<UnitId, Vec<unit_succession::Model>>,
    predecessors: HashMap<UnitId, Vec<unit_succession::Model>>,
}

impl Units {
    fn new(units: Vec<unit::Model>, edges: Vec<unit_succession::Model>) -> Self {
        let mut all = Self::default();
        for unit in units {
            all.put(unit);
        }
        for edge in edges {
            all.link(edge);
        }
        all
    }

    fn put(&mut self, unit: unit::Model) {
        if let Some(old) = self.by_id.get(&unit.id) {
            if old.rev > unit.rev {
                return;
            }
            if let Some(siblings) = old.parent_id.and_then(|parent| self.children.get_mut(&parent)) {
                siblings.retain(|id| *id != unit.id);
            }
        } else {
            // Code and first day are part of the id, so that both indexes by code hold for ever.
            let first_day = |id: &UnitId| self.by_id.get(id).and_then(|unit| unit.valid_from);
            let versions = self.by_code.entry(unit.code.clone()).or_default();
            let place = versions.partition_point(|id| (first_day(id), *id) < (unit.valid_from, unit.id));
            versions.insert(place, unit.id);
        }
        if let Some(parent) = unit.parent_id {
            self.children.entry(parent).or_default().push(unit.id);
        }
        self.by_id.insert(unit.id, Arc::new(unit));
    }

    fn link(&mut self, edge: unit_succession::Model) {
        self.unlink(&edge);
        self.successors
            .entry(edge.from_id)
            .or_default()
            .push(edge.clone());
        self.predecessors.entry(edge.to_id).or_default().push(edge);
    }

    fn unlink(&mut self, edge: &unit_succession::Model) {
        let other =
            |known: &unit_succession::Model| known.to_id != edge.to_id || known.from_id != edge.from_id;
        if let Some(edges) = self.successors.get_mut(&edge.from_id) {
            edges.retain(other);
        }
        if let Some(edges) = self.predecessors.get_mut(&edge.to_id) {
            edges.retain(other);
        }
    }

    /// How many unit versions are known.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether none is known: nothing was imported yet.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The unit with this id.
    pub fn get(&self, id: UnitId) -> Option<&unit::Model> {
        self.by_id.get(&id).map(Arc::as_ref)
    }

    /// All units, in the order of their codes, older versions first.
    pub fn iter(&self) -> impl Iterator<Item = &unit::Model> {
        self.by_code.values().flatten().filter_map(|id| self.get(*id))
    }

    /// All successions, in no order.
    pub fn successions(&self) -> impl Iterator<Item = &unit_succession::Model> {
        self.successors.values().flatten()
    }

    /// The unit with this code that existed on this day. Codes are reused, so a day is always needed; a level
    /// tells apart codes that two levels share.
    pub fn by_code(&self, code: &str, level: Option<&str>, on: NaiveDate) -> Option<&unit::Model> {
        self.by_code
            .get(code)?
            .iter()
            .filter_map(|id| self.get(*id))
            .find(|unit| {
                existed(unit.valid_from, unit.valid_to, on) && level.is_none_or(|level| unit.level == level)
            })
    }

    /// The units directly below.
    pub fn children(&self, id: UnitId) -> &[UnitId] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The unit and everything below it.
    pub fn subtree(&self, id: UnitId) -> BTreeSet<UnitId> {
        let mut found = BTreeSet::from([id]);
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            open.extend(
                self.children(next)
                    .iter()
                    .copied()
                    .filter(|child| found.insert(*child)),
            );
        }
        found
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
        self.successors.get(&id).map_or(&[], Vec::as_slice)
    }

    /// What a unit was made of.
    pub fn predecessors(&self, id: UnitId) -> &[unit_succession::Model] {
        self.predecessors.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The unit and all it was made of, however long ago.
    pub fn with_predecessors(&self, id: UnitId) -> BTreeSet<UnitId> {
        let mut found = BTreeSet::from([id]);
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            open.extend(
                self.predecessors(next)
                    .iter()
                    .map(|edge| edge.from_id)
                    .filter(|from| found.insert(*from)),
            );
        }
        found
    }

    /// The unit and all that came of it.
    pub fn with_successors(&self, id: UnitId) -> BTreeSet<UnitId> {
        let mut found = BTreeSet::from([id]);
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            open.extend(
                self.successors(next)
                    .iter()
                    .map(|edge| edge.to_id)
                    .filter(|to| found.insert(*to)),
            );
        }
        found
    }
}

impl FromIterator<unit::Model> for Units {
    /// Units without successions.
    fn from_iter<I: IntoIterator<Item = unit::Model>>(units: I) -> Self {
        Self::new(units.into_iter().collect(), Vec::new())
    }
}

/// Whether something with these first and last days existed on a day.
pub fn existed(from: Option<NaiveDate>, to: Option<NaiveDate>, on: NaiveDate) -> bool {
    from.is_none_or(|from| from <= on) && to.is_none_or(|to| on < to)
}

/// Councils, their parts, agencies, and what roles may do.
#[derive(Clone, Default)]
pub struct Bodies {
    pub councils: HashMap<CouncilId, council::Model>,
    pub committees: HashMap<CommitteeId, committee::Model>,
    pub groups: HashMap<GroupId, delegate_group::Model>,
    pub agencies: HashMap<AgencyId, agency::Model>,
    /// Capability codes by role code.
    pub roles: BTreeMap<String, BTreeSet<String>>,
}

impl Bodies {
    fn take(&mut self, working: &Working) {
        for row in working.council.written() {
            if self
                .councils
                .get(&row.id)
                .is_none_or(|known| known.rev <= row.rev)
            {
                self.councils.insert(row.id, row.clone());
            }
        }
        for row in working.agency.written() {
            if self
                .agencies
                .get(&row.id)
                .is_none_or(|known| known.rev <= row.rev)
            {
                self.agencies.insert(row.id, row.clone());
            }
        }
        let committees = working.committee.written().cloned();
        self.committees.extend(committees.map(|row| (row.id, row)));
        let groups = working.delegate_group.written().cloned();
        self.groups.extend(groups.map(|row| (row.id, row)));
    }
}

/// The whole of it, as of one moment.
#[derive(Clone, Default)]
pub struct Reference {
    pub units: Arc<Units>,
    pub bodies: Arc<Bodies>,
}

impl Reference {
    /// Reads everything.
    pub async fn load<C: ConnectionTrait>(conn: &C) -> Result<Self> {
        Ok(Self {
            units: Self::load_units(conn).await?,
            bodies: Self::load_bodies(conn).await?,
        })
    }

    /// Takes over what a transaction wrote. A row that a later transaction wrote already stays as it is.
    pub(crate) fn take(&mut self, working: &Working) {
        if working.unit.is_changed() || working.unit_succession.is_changed() {
            let units = Arc::make_mut(&mut self.units);
            working.unit.written().cloned().for_each(|unit| units.put(unit));
            working
                .unit_succession
                .removed()
                .for_each(|edge| units.unlink(edge));
            working
                .unit_succession
                .written()
                .cloned()
                .for_each(|edge| units.link(edge));
        }
        if working.council.is_changed()
            || working.committee.is_changed()
            || working.delegate_group.is_changed()
            || working.agency.is_changed()
        {
            Arc::make_mut(&mut self.bodies).take(working);
        }
    }

    /// Reads the units.
    pub async fn load_units<C: ConnectionTrait>(conn: &C) -> Result<Arc<Units>> {
        let units = unit::Entity::find().all(conn).await?;
        let edges = unit_succession::Entity::find().all(conn).await?;
        Ok(Arc::new(Units::new(units, edges)))
    }

    /// Reads councils, agencies and roles.
    pub async fn load_bodies<C: ConnectionTrait>(conn: &C) -> Result<Arc<Bodies>> {
        let mut bodies = Bodies {
            councils: council::Entity::find()
                .all(conn)
                .await?
                .into_iter()
                .map(|row| (row.id, row))
                .collect(),
            committees: committee::Entity::find()
                .all(conn)
                .await?
                .into_iter()
                .map(|row| (row.id, row))
                .collect(),
            groups: delegate_group::Entity::find()
                .all(conn)
                .await?
                .into_iter()
                .map(|row| (row.id, row))
                .collect(),
            agencies: agency::Entity::find()
                .all(conn)
                .await?
                .into_iter()
                .map(|row| (row.id, row))
                .collect(),
            roles: BTreeMap::new(),
        };
        for row in entity::role_capability::Entity::find().all(conn).await? {
            bodies.roles.entry(row.role).or_default().insert(row.capability);
        }
        Ok(Arc::new(bodies))
    }

    /// The council with this id.
    pub fn council(&self, id: CouncilId) -> Option<&council::Model> {
        self.bodies.councils.get(&id)
    }

    /// The agency with this id.
    pub fn agency(&self, id: AgencyId) -> Option<&agency::Model> {
        self.bodies.agencies.get(&id)
    }

    /// The province in which a council sits, as of the council's unit version.
    pub fn province_of(&self, council: CouncilId) -> Option<UnitId> {
        self.units
            .province(self.council(council)?.unit_id)
            .map(|unit| unit.id)
    }

    /// The council of the unit above that is in office on a day: where a petition beyond competence goes.
    pub fn upper_council(&self, council: CouncilId, on: NaiveDate) -> Option<&council::Model> {
        let own = self.council(council)?;
        let above: Vec<UnitId> = self
            .units
            .upwards(own.unit_id)
            .skip(1)
            .map(|unit| unit.id)
            .collect();
        above.iter().find_map(|unit| {
            self.bodies.councils.values().find(|council| {
                council.unit_id == *unit && existed(Some(council.valid_from), council.valid_to, on)
            })
        })
    }

    /// The clock to which a partition is tied, fixed when the partition is first written. An account's own is
    /// fixed when the account is made and stands in its row.
    pub fn clock_of(&self, partition: Partition) -> String {
        let unit = match partition {
            Partition::Shared => return SHARED.to_owned(),
            Partition::Council(id) => self.council(id).map(|council| council.unit_id),
            Partition::Place(id) | Partition::Public(id) | Partition::Region(id) => Some(id),
            Partition::Agency(id) => self.agency(id).map(|agency| agency.unit_id),
            Partition::Account(_) => None,
        };
        unit.and_then(|unit| self.units.province(unit))
            .map_or_else(|| NATIONAL.to_owned(), |province| province.id.to_string())
    }
}
