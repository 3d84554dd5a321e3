//! People in GraphQL: accounts, devices, grants, and who asks.

pub mod administration;
pub mod session;

use std::{collections::HashMap, net::IpAddr};

use async_graphql::{
    ComplexObject, Context, ID, Lookahead, MergedObject, Object, SimpleObject,
    connection::{Connection, EmptyFields},
};
use entity::{account, delegate, device, id::AccountId, role_grant, unit};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait,
};

use super::{roles::Roles, session::devices};
use crate::{
    agencies::graphql::Agency,
    bundle,
    capability::Capability,
    councils::graphql::Council,
    delegates::graphql::Delegate,
    edge::Client,
    error::{Code, Error, Result},
    graphql::{
        code::{CodeEntry, entry},
        history::{HistoryEvent, history},
        list::{self, PageArgs, Total, asks_for_total},
        scalar::{Day, Time},
        state, viewer, wire_id,
    },
    state::State,
    store::reference::Reference,
    units::graphql::Unit,
    viewer::{Place, Viewer},
};

/// Somebody who signs in (tài khoản). Seen by himself and by those who manage accounts.
pub struct Account {
    row: account::Model,
    grants: Vec<role_grant::Model>,
    devices: Vec<Device>,
}

/// An account (tài khoản): somebody who signs in.
#[Object]
impl Account {
    /// The bare lower-case UUID.
    async fn id(&self) -> ID {
        wire_id(self.row.id)
    }

    /// The name to sign in with (tên đăng nhập): lower case, 3 to 64 of `a-z 0-9 . _ -`, unique.
    async fn username(&self) -> &str {
        &self.row.username
    }

    /// The shown name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// When it was made.
    async fn created_at(&self) -> Time {
        Time(self.row.created_at)
    }

    /// Since when it may not sign in any longer (bị khóa); null if it may.
    async fn disabled_at(&self) -> Option<Time> {
        self.row.disabled_at.map(Time)
    }

    /// The roles given to it, ended ones too, newest first. A delegate's role comes from the mandate and is not
    /// among them.
    async fn grants(&self) -> Vec<RoleGrant> {
        self.grants.iter().map(RoleGrant::from).collect()
    }

    /// Its devices that were not revoked, newest first.
    async fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// What became of it, oldest first: made, renamed, disabled, enabled, given and deprived of roles and mandates, its
    /// password set; `first` from 1 to 100.
    async fn history(&self, ctx: &Context<'_>, first: i32) -> Result<Vec<HistoryEvent>> {
        history(ctx, "account", self.row.id.0, first).await
    }
}

/// A role given to an account, at a place and for a time (vai trò được cấp).
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct RoleGrant {
    #[graphql(skip)]
    at: Place,
    /// The bare lower-case UUID; `revokeRole` takes it.
    id: ID,
    /// A role code, e.g. `office`; list `role`.
    role: String,
    /// What the role is called; list `role`.
    role_entry: Option<CodeEntry>,
    /// What the role is called, in Vietnamese.
    #[graphql(deprecation = "`roleEntry` has the label in the caller's language.")]
    role_label: Option<String>,
    /// The council at which it holds.
    council_id: Option<ID>,
    /// The body for which it holds.
    agency_id: Option<ID>,
    /// The unit for which it holds, with everything below. With no place at all it holds everywhere.
    unit_id: Option<ID>,
    /// The first day.
    valid_from: Day,
    /// The first day without it; null while no end is set.
    valid_to: Option<Day>,
}

#[ComplexObject]
impl RoleGrant {
    /// The council itself.
    async fn council(&self, ctx: &Context<'_>) -> Result<Option<Council>> {
        match self.at {
            Place::Council(id) => Council::of(ctx, id),
            _ => Ok(None),
        }
    }

    /// The body itself.
    async fn agency(&self, ctx: &Context<'_>) -> Result<Option<Agency>> {
        match self.at {
            Place::Agency(id) => Agency::of(ctx, id),
            _ => Ok(None),
        }
    }

    /// The unit itself.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Option<Unit>> {
        match self.at {
            Place::Unit(id) => Unit::of(ctx, id),
            _ => Ok(None),
        }
    }
}

impl From<&role_grant::Model> for RoleGrant {
    fn from(row: &role_grant::Model) -> Self {
        let label = Roles::delivered()
            .ok()
            .and_then(|roles| roles.get(&row.role).map(|role| role.label.clone()));
        Self {
            at: Place::of(row),
            id: wire_id(row.id),
            role: row.role.clone(),
            role_entry: entry("role", &row.role),
            role_label: label,
            council_id: row.council_id.map(wire_id),
            agency_id: row.agency_id.map(wire_id),
            unit_id: row.unit_id.map(wire_id),
            valid_from: Day(row.valid_from),
            valid_to: row.valid_to.map(Day),
        }
    }
}

/// A phone or browser that signed in (thiết bị).
#[derive(Clone, SimpleObject)]
pub struct Device {
    /// The bare lower-case UUID; given back at the next login it stays the same device.
    id: ID,
    /// What it was called when it signed in.
    name: String,
    /// When it first signed in.
    created_at: Time,
    /// When it last signed in or was given new tokens.
    seen_at: Time,
    /// When it was revoked; it never comes back.
    revoked_at: Option<Time>,
    /// Whether it was reported stolen.
    stolen: bool,
    /// Whether this request comes from it.
    current: bool,
    /// With this key the device seals rows into a file that others carry (gói mang hộ), as docs/sync.md says: 32 bytes,
    /// base64url. Only for the device itself; it stays the same and is as secret as the refresh token.
    bundle_key: Option<String>,
}

impl Device {
    fn new(row: device::Model, viewer: &Viewer) -> Self {
        Self {
            current: viewer.device_id() == Some(row.id),
            id: wire_id(row.id),
            name: row.name,
            created_at: Time(row.created_at),
            seen_at: Time(row.seen_at),
            revoked_at: row.revoked_at.map(Time),
            stolen: row.stolen,
            bundle_key: None,
        }
    }

    /// The device that asks, with what it alone may know.
    fn own(row: device::Model, state: &State) -> Self {
        let key = bundle::key_text(&state.keys, row.account_id, row.id);
        Self {
            current: true,
            bundle_key: Some(key),
            ..Self::new(row, &Viewer::default())
        }
    }
}

/// A unit for which somebody works, as it was when the mandate or the role was given.
#[derive(SimpleObject)]
pub struct ViewerUnit {
    /// The bare lower-case UUID.
    id: ID,
    /// The official code.
    code: String,
    /// The official name.
    name: String,
}

/// Who asks.
#[derive(SimpleObject)]
#[graphql(name = "Viewer")]
pub struct Myself {
    /// The account; null for an integrator's token.
    account: Option<Account>,
    /// The codes of the roles that count today, `delegate` too while a mandate is held.
    roles: Vec<String>,
    /// What these roles are called; list `role`.
    role_entries: Vec<CodeEntry>,
    /// The device from which the request comes; null for an integrator's token.
    device: Option<Device>,
    /// The units of today's mandates (those of the constituency) and roles, ordered by code.
    units: Vec<ViewerUnit>,
    /// The mandates of the account (tư cách đại biểu), ended ones and those to come too, in the order of their ids. Among a
    /// meeting's `invitedDelegateIds` they say that it is he who is invited.
    mandates: Vec<Delegate>,
}

/// Mutations of people: signing in, and administration.
#[derive(Default, MergedObject)]
pub struct AccountMutation(session::SessionMutation, administration::AccountAdministration);

/// Queries of people.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// Who asks: account, roles, device, units and mandates. Errors: `UNAUTHENTICATED`.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Myself>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let reference = state.reference();
        if let Some(unit) = viewer.read_token() {
            return Ok(Some(Myself {
                account: None,
                roles: Vec::new(),
                role_entries: Vec::new(),
                device: None,
                units: units(&reference, [unit]),
                mandates: Vec::new(),
            }));
        }
        let signed_in = viewer.signed_in()?;
        let parts = Parts::asked_for(&[ctx.look_ahead().field("account")]);
        let accounts = load(state, viewer, vec![signed_in.account.clone()], parts).await?;
        let today = state.clock.today();
        let held: Vec<_> = viewer
            .mandates
            .iter()
            .filter(|mandate| mandate.holds_on(today))
            .collect();
        let mut roles: Vec<String> = viewer.grants().iter().map(|grant| grant.role.clone()).collect();
        if !held.is_empty() {
            roles.push("delegate".to_owned());
        }
        roles.sort_unstable();
        roles.dedup();

        let seat = |council| reference.council(council).map(|council| council.unit_id);
        let of_grants = viewer.grants().iter().filter_map(|grant| match Place::of(grant) {
            Place::Everywhere => None,
            Place::Council(id) => seat(id),
            Place::Agency(id) => reference.agency(id).map(|agency| agency.unit_id),
            Place::Unit(id) => Some(id),
        });
        let of_mandates = held.iter().flat_map(|mandate| {
            let own = mandate
                .units
                .is_empty()
                .then(|| seat(mandate.delegate.council_id));
            mandate.units.iter().copied().chain(own.flatten())
        });
        Ok(Some(Myself {
            account: accounts.into_iter().next(),
            role_entries: roles.iter().filter_map(|role| entry("role", role)).collect(),
            roles,
            device: Some(Device::own(signed_in.device.clone(), state)),
            units: units(&reference, of_grants.chain(of_mandates)),
            mandates: viewer
                .mandates
                .iter()
                .map(|mandate| Delegate(mandate.delegate.clone()))
                .collect(),
        }))
    }

    /// One's own devices that were not revoked (thiết bị), newest first. Errors: `UNAUTHENTICATED`.
    async fn devices(&self, ctx: &Context<'_>) -> Result<Vec<Device>> {
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let rows = devices(state, viewer.signed_in()?.account.id).await?;
        Ok(rows.into_iter().map(|row| Device::new(row, viewer)).collect())
    }

    /// One account: one's own, or one that the viewer manages; else null.
    async fn account(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Account>> {
        let Some(id) = crate::graphql::id::<AccountId>(&id) else {
            return Ok(None);
        };
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        let own = (viewer.account_id() == Some(id)).then_some(Condition::all());
        let Some(seen) = own.or_else(|| manageable(viewer)) else {
            return Ok(None);
        };
        let row = account::Entity::find_by_id(id)
            .filter(seen)
            .one(state.store.read())
            .await?;
        let parts = Parts::asked_for(&[ctx.look_ahead()]);
        let accounts = load(state, viewer, row.into_iter().collect(), parts).await?;
        Ok(accounts.into_iter().next())
    }

    /// The accounts that the viewer manages (danh sách tài khoản), newest first. Exactly one of `first` and
    /// `last`, 1 to 100. Errors: `UNAUTHENTICATED`, `FORBIDDEN`.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<String, Account, Total, EmptyFields>> {
        let window = PageArgs {
            first,
            after,
            last,
            before,
        }
        .window()?;
        let (state, viewer) = (state(ctx)?, viewer(ctx)?);
        viewer.signed_in()?;
        let seen = manageable(viewer).ok_or(Code::Forbidden)?;
        let query = account::Entity::find().filter(seen);
        let total = match asks_for_total(ctx) {
            true => Some(list::total(state.store.read(), &query, account::Column::Id).await?),
            false => None,
        };
        let slice = list::read(
            state.store.read(),
            query,
            account::Column::Id,
            |row| row.id.0,
            window,
        )
        .await?;
        let ahead = ctx.look_ahead();
        let parts = Parts::asked_for(&[ahead.field("nodes"), ahead.field("edges").field("node")]);
        let loaded = load(state, viewer, slice.rows.clone(), parts).await?;
        let mut loaded: HashMap<AccountId, Account> = loaded
            .into_iter()
            .map(|account| (account.row.id, account))
            .collect();
        Ok(list::connection(
            slice,
            total,
            |row| row.id.0,
            |row| {
                loaded.remove(&row.id).unwrap_or_else(|| Account {
                    row,
                    grants: Vec::new(),
                    devices: Vec::new(),
                })
            },
        ))
    }
}

/// The accounts of those who hold or held something where the viewer manages accounts; nothing if he manages none.
fn manageable(viewer: &Viewer) -> Option<Condition> {
    if viewer.may(Capability::ManageAccounts, Place::Everywhere) {
        return Some(Condition::all());
    }
    let councils: Vec<_> = viewer
        .places(Capability::ManageAccounts)
        .filter_map(|place| match place {
            Place::Council(council) => Some(council),
            _ => None,
        })
        .collect();
    if councils.is_empty() {
        return None;
    }
    let grants = role_grant::Entity::find()
        .select_only()
        .column(role_grant::Column::AccountId)
        .filter(role_grant::Column::CouncilId.is_in(councils.iter().copied()));
    let mandates = delegate::Entity::find()
        .select_only()
        .column(delegate::Column::AccountId)
        .filter(delegate::Column::CouncilId.is_in(councils))
        .filter(delegate::Column::AccountId.is_not_null());
    let id = || sea_orm::sea_query::Expr::col((account::Entity, account::Column::Id));
    Some(
        Condition::any()
            .add(id().in_subquery(sea_orm::QueryTrait::into_query(grants)))
            .add(id().in_subquery(sea_orm::QueryTrait::into_query(mandates))),
    )
}

/// What of accounts is asked for beside their own rows.
#[derive(Clone, Copy)]
struct Parts {
    grants: bool,
    devices: bool,
}

impl Parts {
    fn asked_for(nodes: &[Lookahead<'_>]) -> Self {
        let any = |field| nodes.iter().any(|node| node.field(field).exists());
        Self {
            grants: any("grants"),
            devices: any("devices"),
        }
    }
}

/// Accounts with what is asked for of them: one statement for each part, however many they are.
async fn load(
    state: &State,
    viewer: &Viewer,
    rows: Vec<account::Model>,
    parts: Parts,
) -> Result<Vec<Account>> {
    let ids: Vec<AccountId> = rows.iter().map(|row| row.id).collect();
    let conn = state.store.read();
    let mut grants: HashMap<AccountId, Vec<role_grant::Model>> = HashMap::new();
    if parts.grants && !ids.is_empty() {
        let all = role_grant::Entity::find()
            .filter(role_grant::Column::AccountId.is_in(ids.iter().copied()))
            .order_by_desc(role_grant::Column::Id)
            .all(conn)
            .await?;
        for grant in all {
            grants.entry(grant.account_id).or_default().push(grant);
        }
    }
    let mut devices: HashMap<AccountId, Vec<Device>> = HashMap::new();
    if parts.devices && !ids.is_empty() {
        let all = device::Entity::find()
            .filter(device::Column::AccountId.is_in(ids.iter().copied()))
            .filter(device::Column::RevokedAt.is_null())
            .order_by_desc(device::Column::Id)
            .all(conn)
            .await?;
        for device in all {
            let account = device.account_id;
            devices
                .entry(account)
                .or_default()
                .push(Device::new(device, viewer));
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| Account {
            grants: grants.remove(&row.id).unwrap_or_default(),
            devices: devices.remove(&row.id).unwrap_or_default(),
            row,
        })
        .collect())
}

/// The account that a payload shows in its field `account`.
async fn shown(ctx: &Context<'_>, id: Option<uuid::Uuid>) -> Result<Option<Account>> {
    let Some(id) = id else { return Ok(None) };
    let (state, viewer) = (state(ctx)?, viewer(ctx)?);
    let row = account::Entity::find_by_id(AccountId(id))
        .one(state.store.read())
        .await?;
    let parts = Parts::asked_for(&[ctx.look_ahead().field("account")]);
    let accounts = load(state, viewer, row.into_iter().collect(), parts).await?;
    Ok(accounts.into_iter().next())
}

fn units(reference: &Reference, ids: impl IntoIterator<Item = entity::id::UnitId>) -> Vec<ViewerUnit> {
    let mut found: Vec<&unit::Model> = ids.into_iter().filter_map(|id| reference.units.get(id)).collect();
    found.sort_by(|a, b| (&a.code, a.id).cmp(&(&b.code, b.id)));
    found.dedup_by_key(|unit| unit.id);
    found
        .into_iter()
        .map(|unit| ViewerUnit {
            id: wire_id(unit.id),
            code: unit.code.clone(),
            name: unit.name.clone(),
        })
        .collect()
}

/// Where the request comes from.
pub(crate) fn address(ctx: &Context<'_>) -> Result<IpAddr> {
    ctx.data::<Client>()
        .map(|client| client.address)
        .map_err(|_| Error::internal("a request without client"))
}
