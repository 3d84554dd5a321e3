//! Who asks: the account, its rights by place, and the partitions that it may read. Deny by default.
//!
//! Rights are read from the database at every request and never from a token: a mandate that ended or a device
//! that was revoked counts at once.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    account, constituency, delegate, device,
    id::{AccountId, AgencyId, CouncilId, DeviceId, UnitId},
    role_grant,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    capability::{Capabilities, Capability},
    error::{Code, Error, Lang, Refused, Result},
    store::{
        partition::{Audience, Partition},
        reference::{Reference, existed},
    },
};

/// Where a right holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The installation as a whole.
    Everywhere,
    /// A council.
    Council(CouncilId),
    /// A body that answers.
    Agency(AgencyId),
    /// A unit and everything below it.
    Unit(UnitId),
}

impl Place {
    /// Where a granted role holds.
    pub fn of(grant: &role_grant::Model) -> Self {
        match (grant.council_id, grant.agency_id, grant.unit_id) {
            (Some(council), ..) => Self::Council(council),
            (_, Some(agency), _) => Self::Agency(agency),
            (_, _, Some(unit)) => Self::Unit(unit),
            _ => Self::Everywhere,
        }
    }
}

/// A mandate and the units in which it was won.
#[derive(Clone, Debug)]
pub struct Mandate {
    pub delegate: delegate::Model,
    pub units: Vec<UnitId>,
}

/// The account and device behind a request.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub account: account::Model,
    pub device: device::Model,
}

impl SignedIn {
    /// Both, if they are and belong together; what became of them since is for the caller to judge.
    pub async fn load<C: ConnectionTrait>(conn: &C, account: AccountId, device: DeviceId) -> Result<Self> {
        let device = device::Entity::find_by_id(device)
            .filter(device::Column::AccountId.eq(account))
            .one(conn)
            .await?;
        let account = account::Entity::find_by_id(account).one(conn).await?;
        match (account, device) {
            (Some(account), Some(device)) => Ok(Self { account, device }),
            _ => Err(Code::Unauthenticated.into()),
        }
    }

    /// When the device was given up, or the account disabled.
    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.device.revoked_at.or(self.account.disabled_at)
    }
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    signed_in: Option<SignedIn>,
    /// The device was given up, or the account disabled: it may hand in what it holds and is told to erase it.
    wiping: bool,
    /// It is no device that asks but the operator, at the server's own command line.
    at_server: bool,
    /// An integrator's token for this unit's subtree.
    read_token: Option<UnitId>,
    grants: Vec<role_grant::Model>,
    /// All mandates, ended ones too: what was recorded under them may still be uploaded.
    pub mandates: Vec<Mandate>,
    rights: Vec<(Place, Capabilities)>,
    /// What of them holds for the open business of councils that have ended and that fell to one of his.
    inherited: Vec<(CouncilId, Capabilities)>,
    partitions: Vec<Partition>,
    audiences: HashMap<i64, Audience>,
    pub lang: Lang,
}

impl Viewer {
    /// Somebody without an account: sees what is public.
    pub fn anonymous(lang: Lang) -> Self {
        Self {
            lang,
            ..Self::default()
        }
    }

    /// The installation itself, at its own command line: imports, the first administrator, the demo. Whoever runs
    /// a command beside the database needs no account; history names nobody. It reads no partition.
    pub fn system() -> Self {
        let rights = [
            Capability::ManageUnits,
            Capability::ManageCouncil,
            Capability::ManageAgencies,
            Capability::ManageAccounts,
            Capability::GrantRoles,
        ];
        Self {
            rights: vec![(Place::Everywhere, rights.into_iter().collect())],
            ..Self::default()
        }
    }

    /// An integrator: sees what is public, and what concerns his unit and those below it without personal fields.
    pub fn integrator(unit: UnitId, reference: &Reference, lang: Lang) -> Self {
        let mut viewer = Self {
            lang,
            read_token: Some(unit),
            ..Self::default()
        };
        let mut partitions = BTreeSet::from([Partition::Shared]);
        partitions.extend(reference.regions_within(unit));
        viewer.set_partitions(partitions);
        viewer
    }

    /// The person behind this account and device, with today's rights.
    pub async fn load<C: ConnectionTrait>(
        conn: &C,
        reference: &Reference,
        account: AccountId,
        device: DeviceId,
        today: NaiveDate,
        lang: Lang,
    ) -> Result<Self> {
        let SignedIn { account, device } = SignedIn::load(conn, account, device).await?;
        if device.revoked_at.is_some() || account.disabled_at.is_some() {
            return Err(Code::DeviceRevoked.into());
        }
        Self::of(conn, reference, SignedIn { account, device }, today, lang).await
    }

    async fn of<C: ConnectionTrait>(
        conn: &C,
        reference: &Reference,
        SignedIn { account, device }: SignedIn,
        today: NaiveDate,
        lang: Lang,
    ) -> Result<Self> {
        let grants = role_grant::Entity::find()
            .filter(role_grant::Column::AccountId.eq(account.id))
            .all(conn)
            .await?;
        let delegates = delegate::Entity::find()
            .filter(delegate::Column::AccountId.eq(account.id))
            .order_by_asc(delegate::Column::Id)
            .all(conn)
            .await?;
        let mut units: HashMap<_, Vec<UnitId>> = HashMap::new();
        if !delegates.is_empty() {
            let links = constituency::Entity::find()
                .filter(constituency::Column::DelegateId.is_in(delegates.iter().map(|delegate| delegate.id)))
                .all(conn)
                .await?;
            for link in links {
                units.entry(link.delegate_id).or_default().push(link.unit_id);
            }
        }
        let mandates = delegates
            .into_iter()
            .map(|delegate| Mandate {
                units: units.remove(&delegate.id).unwrap_or_default(),
                delegate,
            })
            .collect();
        Ok(Self::with_rights(
            SignedIn { account, device },
            grants,
            mandates,
            reference,
            today,
            lang,
        ))
    }

    /// What an operator does in the name of somebody, at the server's own command line: with that person's rights of
    /// today, from no device.
    pub async fn at_server<C: ConnectionTrait>(
        conn: &C,
        reference: &Reference,
        account: account::Model,
        now: DateTime<Utc>,
        lang: Lang,
    ) -> Result<Self> {
        if account.disabled_at.is_some() {
            return Err(Code::Forbidden.into());
        }
        let nowhere = device::Model {
            id: DeviceId(uuid::Uuid::nil()),
            account_id: account.id,
            name: String::new(),
            created_at: now,
            seen_at: now,
            revoked_at: None,
            stolen: false,
        };
        let signed_in = SignedIn {
            account,
            device: nowhere,
        };
        let today = crate::clock::local_date(now);
        let viewer = Self::of(conn, reference, signed_in, today, lang).await?;
        Ok(Self {
            at_server: true,
            ..viewer
        })
    }

    /// A device that was given up: it reads nothing any more, so that all that it holds comes as gone.
    pub fn wiping(signed_in: SignedIn, lang: Lang) -> Self {
        Self {
            signed_in: Some(signed_in),
            wiping: true,
            lang,
            ..Self::default()
        }
    }

    /// Works out rights and partitions.
    pub fn with_rights(
        signed_in: SignedIn,
        mut grants: Vec<role_grant::Model>,
        mandates: Vec<Mandate>,
        reference: &Reference,
        today: NaiveDate,
        lang: Lang,
    ) -> Self {
        grants.retain(|grant| existed(Some(grant.valid_from), grant.valid_to, today));
        let mut rights: Vec<(Place, Capabilities)> = Vec::new();
        let mut taken_over: Vec<(CouncilId, Capabilities)> = Vec::new();
        let mut partitions = BTreeSet::from([Partition::Shared, Partition::Account(signed_in.account.id)]);
        for grant in &grants {
            let place = Place::of(grant);
            let capabilities = capabilities(reference, &grant.role);
            match place {
                Place::Council(council) if capabilities.contains(Capability::ReadInternal) => {
                    partitions.extend(
                        reference
                            .with_predecessors(council)
                            .into_iter()
                            .map(Partition::Council),
                    );
                    let open = capabilities.intersection(Capability::OPEN_BUSINESS.iter().copied().collect());
                    taken_over.extend(inherited(reference, council, today).map(|former| (former, open)));
                }
                Place::Agency(agency) if capabilities.contains(Capability::ReadForwarded) => {
                    partitions.insert(Partition::Agency(agency));
                }
                Place::Unit(unit) if capabilities.contains(Capability::ReadRegion) => {
                    partitions.extend(reference.regions_within(unit));
                }
                _ => {}
            }
            rights.push((place, capabilities));
        }
        for mandate in mandates.iter().filter(|mandate| mandate.holds_on(today)) {
            let council = mandate.delegate.council_id;
            rights.push((Place::Council(council), capabilities(reference, "delegate")));
            partitions.extend(
                reference
                    .with_predecessors(council)
                    .into_iter()
                    .map(Partition::Council),
            );
            for unit in mandate.places(reference) {
                partitions.insert(Partition::Place(unit));
                partitions.extend(
                    reference
                        .units
                        .upwards(unit)
                        .map(|unit| Partition::Public(unit.id)),
                );
            }
        }
        let mut viewer = Self {
            signed_in: Some(signed_in),
            grants,
            mandates,
            rights,
            inherited: taken_over,
            lang,
            ..Self::default()
        };
        viewer.set_partitions(partitions);
        viewer
    }

    fn set_partitions(&mut self, partitions: BTreeSet<Partition>) {
        self.audiences = partitions
            .iter()
            .map(|partition| (partition.id(), partition.audience()))
            .collect();
        self.partitions = partitions.into_iter().collect();
    }

    /// The account, or the refusal that somebody has to sign in.
    pub fn signed_in(&self) -> Result<&SignedIn> {
        self.signed_in
            .as_ref()
            .ok_or(Error::Code(Code::Unauthenticated, None))
    }

    /// Whether it is a device that was given up: it may only hand in what it holds, and erase it.
    pub fn is_wiping(&self) -> bool {
        self.wiping
    }

    /// The account's id.
    pub fn account_id(&self) -> Option<AccountId> {
        self.signed_in.as_ref().map(|signed_in| signed_in.account.id)
    }

    /// The device's id.
    pub fn device_id(&self) -> Option<DeviceId> {
        let device = self.signed_in.as_ref().map(|signed_in| signed_in.device.id);
        device.filter(|_| !self.at_server)
    }

    /// The unit for whose subtree an integrator's token was made.
    pub fn read_token(&self) -> Option<UnitId> {
        self.read_token
    }

    /// The roles that count today.
    pub fn grants(&self) -> &[role_grant::Model] {
        &self.grants
    }

    /// Whether this may be done at this very place. The petitions of a council whose term has ended are the
    /// business of the office that follows it alone, in its own right there.
    pub fn may(&self, capability: Capability, place: Place) -> bool {
        self.rights
            .iter()
            .any(|(at, rights)| *at == place && rights.contains(capability))
            || self
                .inherited
                .iter()
                .any(|(at, rights)| Place::Council(*at) == place && rights.contains(capability))
    }

    /// Whether this may be done in a unit: by a right that holds everywhere, or at a unit (or one of those that it
    /// was made of) in which this one lies.
    pub fn may_in_unit(&self, capability: Capability, unit: UnitId, reference: &Reference) -> bool {
        self.places(capability).any(|place| match place {
            Place::Everywhere => true,
            Place::Unit(outer) => reference.units.covers_of_any_time(outer, unit),
            Place::Council(_) | Place::Agency(_) => false,
        })
    }

    /// Whether this may be done at a council: by a right at the council itself or in its unit.
    pub fn may_at_council(&self, capability: Capability, council: CouncilId, reference: &Reference) -> bool {
        self.may(capability, Place::Council(council))
            || reference
                .council(council)
                .is_some_and(|council| self.may_in_unit(capability, council.unit_id, reference))
    }

    /// Whether this may be done with what lies in a partition, by a right where he reads it: a right in one council is
    /// none over what he reads as another's, or as the body that answers.
    pub fn may_within(&self, capability: Capability, partition: Partition, reference: &Reference) -> bool {
        let may_for = |council| self.may(capability, Place::Council(council));
        self.reads(partition)
            && match partition {
                Partition::Council(council) => self.places(capability).any(|place| match place {
                    Place::Council(own) => reference.with_predecessors(own).contains(&council),
                    _ => false,
                }),
                Partition::Place(unit) => self.mandates.iter().any(|mandate| {
                    may_for(mandate.delegate.council_id) && mandate.places(reference).contains(&unit)
                }),
                Partition::Agency(agency) => self.may(capability, Place::Agency(agency)),
                Partition::Shared | Partition::Account(_) | Partition::Public(_) | Partition::Region(_) => {
                    false
                }
            }
    }

    /// Whether this may be done anywhere.
    pub fn may_somewhere(&self, capability: Capability) -> bool {
        self.rights.iter().any(|(_, rights)| rights.contains(capability))
    }

    /// Where this may be done.
    pub fn places(&self, capability: Capability) -> impl Iterator<Item = Place> {
        self.rights
            .iter()
            .filter(move |(_, rights)| rights.contains(capability))
            .map(|(place, _)| *place)
    }

    /// Refuses what may not be done. Whoever has no business with a row is told that it does not exist: foreign
    /// looks like absent.
    pub fn must(&self, capability: Capability, place: Place) -> Result<(), Refused> {
        if self.may(capability, place) {
            return Ok(());
        }
        let reads = match place {
            Place::Council(council) => self.audiences.contains_key(&Partition::Council(council).id()),
            Place::Agency(agency) => self.audiences.contains_key(&Partition::Agency(agency).id()),
            Place::Unit(_) | Place::Everywhere => true,
        };
        Err(Refused::new(if reads { Code::Forbidden } else { Code::NotFound }))
    }

    /// The partitions that he may read today.
    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// The councils that he reads from inside.
    pub fn councils(&self) -> impl Iterator<Item = CouncilId> {
        self.partitions.iter().filter_map(|partition| match partition {
            Partition::Council(council) => Some(*council),
            _ => None,
        })
    }

    /// The numbers of the partitions.
    pub fn partition_ids(&self) -> Vec<i64> {
        self.partitions.iter().map(|partition| partition.id()).collect()
    }

    /// As whom he reads a partition, if he does.
    pub fn audience_of(&self, partition: i64) -> Option<Audience> {
        self.audiences.get(&partition).copied()
    }

    /// Whether he reads a partition.
    pub fn reads(&self, partition: Partition) -> bool {
        self.audiences.contains_key(&partition.id())
    }
}

impl Mandate {
    /// Whether the mandate was held on a day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        existed(Some(self.delegate.valid_from), self.delegate.valid_to, day)
    }

    /// The units of the constituency (the council's own where none is named) and all that they were made of.
    pub fn places(&self, reference: &Reference) -> BTreeSet<UnitId> {
        let own = reference
            .council(self.delegate.council_id)
            .map(|council| council.unit_id);
        let units = if self.units.is_empty() {
            own.into_iter().collect()
        } else {
            self.units.clone()
        };
        units
            .into_iter()
            .flat_map(|unit| reference.units.with_predecessors(unit))
            .collect()
    }
}

/// The councils whose open business falls to this one alone: to read is what every successor may, to act is its
/// only heir's.
fn inherited(reference: &Reference, council: CouncilId, today: NaiveDate) -> impl Iterator<Item = CouncilId> {
    let own = reference.council(council);
    reference
        .with_predecessors(council)
        .into_iter()
        .filter(move |former| {
            own.zip(reference.council(*former))
                .is_some_and(|(own, former)| reference.is_heir(own, former, today))
        })
}

/// What a role allows, as this installation has it.
pub(crate) fn capabilities(reference: &Reference, role: &str) -> Capabilities {
    let codes = reference.bodies.roles.get(role);
    codes
        .into_iter()
        .flatten()
        .filter_map(|code| Capability::from_code(code))
        .collect()
}
