//! What almost every request looks at and hardly anybody changes: units, councils, agencies, rights of roles.
//! Held in memory (it halves the cost of a list), replaced as a whole when it changes.

mod gathered;
mod units;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use entity::{
    agency, committee, council, council_period, delegate_group,
    id::{AgencyId, CommitteeId, CouncilId, GroupId, UnitId},
    role_capability,
};
use sea_orm::{DatabaseConnection, EntityTrait};

pub use self::units::Units;
use super::{Store, partition::Partition, sql::Sql, working::Working};
use crate::error::{Error, Result};

/// The clock of partitions that belong to no province.
pub const NATIONAL: &str = "national";
/// The clock of the shared partition.
pub const SHARED: &str = "shared";

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
    /// The periods that councils set for themselves, those too that were replaced since.
    pub periods: HashMap<CouncilId, Vec<council_period::Model>>,
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
        for row in working.council_period.written() {
            let own = self.periods.entry(row.council_id).or_default();
            if own.iter().all(|known| known.id != row.id) {
                own.push(row.clone());
            }
        }
    }
}

/// Differs when the reference data does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    seq: i64,
    councils: i64,
    revs: i64,
    others: i64,
    roles: String,
}

/// The version of what is stored now. Units and agencies are told by the log of the shared partition (its clock would
/// not do: it also orders writers of what does not travel, such as logins); what never travels is counted, and of the
/// rights of roles, which an update of the program may exchange for as many others, all are compared.
pub async fn version(store: &Store) -> Result<Version> {
    let mut sql = Sql::new(
        store.backend(),
        "SELECT (SELECT count(*) FROM council) AS councils, \
         (SELECT CAST(coalesce(sum(rev), 0) AS BIGINT) FROM council) AS revs, \
         (SELECT count(*) FROM committee) + (SELECT count(*) FROM delegate_group) \
         + (SELECT count(*) FROM council_period) AS others, \
         (SELECT coalesce(string_agg(held, ' '), '') FROM (SELECT role || ':' || capability AS held \
         FROM role_capability ORDER BY role, capability) AS rights) AS roles, \
         (SELECT coalesce(max(seq), 0) FROM sync_log WHERE partition = ",
    );
    sql.bind(Partition::Shared.id()).push(") AS seq");
    let row = sql.one(store.read()).await?;
    let row = row.ok_or_else(|| Error::internal("a count without an answer"))?;
    Ok(Version {
        seq: row.try_get("", "seq")?,
        councils: row.try_get("", "councils")?,
        revs: row.try_get("", "revs")?,
        others: row.try_get("", "others")?,
        roles: row.try_get("", "roles")?,
    })
}

/// The whole of it, as of one moment.
#[derive(Clone, Default)]
pub struct Reference {
    pub units: Arc<Units>,
    pub bodies: Arc<Bodies>,
}

impl Reference {
    /// Reads everything.
    pub async fn load(conn: &DatabaseConnection) -> Result<Self> {
        let units = gathered::units(conn).await?;
        let edges = gathered::successions(conn).await?;
        let mut bodies = Bodies::default();
        let councils = rows::<council::Entity>(conn).await?;
        bodies
            .councils
            .extend(councils.into_iter().map(|row| (row.id, row)));
        let committees = rows::<committee::Entity>(conn).await?;
        bodies
            .committees
            .extend(committees.into_iter().map(|row| (row.id, row)));
        let groups = rows::<delegate_group::Entity>(conn).await?;
        bodies.groups.extend(groups.into_iter().map(|row| (row.id, row)));
        let agencies = rows::<agency::Entity>(conn).await?;
        bodies
            .agencies
            .extend(agencies.into_iter().map(|row| (row.id, row)));
        for row in rows::<council_period::Entity>(conn).await? {
            bodies.periods.entry(row.council_id).or_default().push(row);
        }
        for row in rows::<role_capability::Entity>(conn).await? {
            bodies.roles.entry(row.role).or_default().insert(row.capability);
        }
        Ok(Self {
            units: Arc::new(Units::new(units, edges)),
            bodies: Arc::new(bodies),
        })
    }

    /// Takes over what a transaction wrote. A row that a later transaction wrote already stays as it is.
    pub(crate) fn take(&mut self, working: &Working) {
        if working.unit.is_changed() || working.unit_succession.is_changed() {
            self.units = Arc::new(self.units.with(
                working.unit.written(),
                working.unit_succession.removed(),
                working.unit_succession.written(),
            ));
        }
        if working.council.is_changed()
            || working.committee.is_changed()
            || working.delegate_group.is_changed()
            || working.agency.is_changed()
            || working.council_period.is_changed()
        {
            Arc::make_mut(&mut self.bodies).take(working);
        }
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

    /// The council, those of the same unit in other terms before it, and those of all units that its own was made
    /// of: who follows may read.
    pub fn with_predecessors(&self, council: CouncilId) -> BTreeSet<CouncilId> {
        let Some(own) = self.council(council) else {
            return BTreeSet::from([council]);
        };
        let units = self.units.with_predecessors(own.unit_id);
        self.bodies
            .councils
            .values()
            .filter(|other| units.contains(&other.unit_id) && other.valid_from <= own.valid_from)
            .map(|other| other.id)
            .chain([council])
            .collect()
    }

    /// Whether a council is another one or follows it: one of [`Self::with_predecessors`], asked of these two alone.
    pub fn follows(&self, council: CouncilId, other: CouncilId) -> bool {
        council == other
            || self
                .council(council)
                .zip(self.council(other))
                .is_some_and(|(own, other)| {
                    other.valid_from <= own.valid_from
                        && self.units.with_predecessors(own.unit_id).contains(&other.unit_id)
                })
    }

    /// The first day of the council or of the first one before it.
    pub fn first_day(&self, council: CouncilId) -> Option<NaiveDate> {
        self.with_predecessors(council)
            .into_iter()
            .filter_map(|council| Some(self.council(council)?.valid_from))
            .min()
    }

    /// Whether a council in office carries on the open business of one whose term has ended: it is that of the
    /// same unit, or of the unit into which that unit went as a whole. Where a unit was divided nobody is.
    pub fn is_heir(&self, council: &council::Model, of: &council::Model, on: NaiveDate) -> bool {
        of.valid_to.is_some_and(|end| end <= on)
            && existed(Some(council.valid_from), council.valid_to, on)
            && self.units.heir(of.unit_id) == council.unit_id
    }

    /// The council that carries on the open business of one whose term has ended.
    pub fn heir(&self, of: CouncilId, on: NaiveDate) -> Option<&council::Model> {
        let of = self.council(of)?;
        self.bodies
            .councils
            .values()
            .find(|council| self.is_heir(council, of, on))
    }

    /// The periods that a council set for itself, whenever they hold; where its term had ended on a day, those of the
    /// council that carries on its business.
    pub fn own_periods(&self, council: CouncilId, on: NaiveDate) -> &[council_period::Model] {
        if self.bodies.periods.is_empty() {
            return &[];
        }
        // Nobody is looked for in the name of a council that is in office.
        let has_ended = |row: &&council::Model| row.valid_to.is_some_and(|end| end <= on);
        let ended = self.council(council).filter(has_ended);
        let heir = ended.and_then(|row| self.heir(row.id, on));
        let acting = heir.map_or(council, |heir| heir.id);
        self.bodies.periods.get(&acting).map_or(&[], Vec::as_slice)
    }

    /// Where those who aggregate find what a council keeps about these units: at its province, at its own unit, and
    /// at each of the units that lies (or lay) in that province.
    pub fn regions(
        &self,
        council: CouncilId,
        units: impl IntoIterator<Item = UnitId>,
    ) -> BTreeSet<Partition> {
        let Some(province) = self.province_of(council) else {
            return BTreeSet::new();
        };
        let own = self.council(council).map(|council| council.unit_id);
        units
            .into_iter()
            .filter(|unit| self.units.covers_of_any_time(province, *unit))
            .chain(own)
            .chain([province])
            .map(Partition::Region)
            .collect()
    }

    /// What those who aggregate read for a unit: all that is below it, and all that it was made of.
    pub fn regions_within(&self, unit: UnitId) -> BTreeSet<Partition> {
        let is_province = self.units.get(unit).is_some_and(|unit| unit.level == "province");
        // A province's partition holds what is below it.
        let units = if is_province {
            BTreeSet::from([unit])
        } else {
            self.units.subtree(unit)
        };
        units
            .into_iter()
            .flat_map(|unit| self.units.with_predecessors(unit))
            .map(Partition::Region)
            .collect()
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

/// All rows of a short table.
async fn rows<E: EntityTrait>(conn: &DatabaseConnection) -> Result<Vec<E::Model>> {
    Ok(E::find().all(conn).await?)
}
