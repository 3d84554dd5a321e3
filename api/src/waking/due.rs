//! Which registered devices have not read what changed: a fixed number of statements, however many devices there are
//! and whatever changed.

use std::collections::{BTreeMap, HashMap};

use entity::{
    account, constituency, delegate, device,
    id::{AccountId, DeviceId, UnitId},
    role_grant, sync_clock, waking,
};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::rules::is_behind;
use crate::{
    error::{Lang, Result},
    state::State,
    store::{reference::Reference, sql::Sql},
    sync::cursor::clock_key,
    viewer::{Mandate, SignedIn, Viewer},
};

/// Up to where each partition has been written, as far as this process has read it.
#[derive(Default)]
pub(super) struct Reached {
    /// The clocks by name when it was read.
    clocks: BTreeMap<String, i64>,
    /// The clock's number and the newest entry, by partition.
    partitions: HashMap<i64, (i64, i64)>,
}

/// The registrations as they are.
#[derive(Default)]
pub(super) struct Reading {
    /// All clocks by name.
    pub(super) clocks: BTreeMap<String, i64>,
    /// The positions of all clocks.
    pub(super) horizon: BTreeMap<i64, i64>,
    /// Those of devices that may read, and whether something is new to them.
    pub(super) devices: Vec<(waking::Model, bool)>,
    /// Those of devices that were given up, or whose account was disabled.
    pub(super) ended: Vec<DeviceId>,
}

/// Reads what is registered and what changed, all in one moment.
pub(super) async fn read(state: &State, reached: &mut Reached) -> Result<Reading> {
    let snapshot = state.store.snapshot().await?;
    let clocks: BTreeMap<String, i64> = sync_clock::Entity::find()
        .all(&snapshot)
        .await?
        .into_iter()
        .map(|clock| (clock.id, clock.seq))
        .collect();
    let rows = waking::Entity::find()
        .order_by_asc(waking::Column::DeviceId)
        .all(&snapshot)
        .await?;
    let mut reading = if rows.is_empty() {
        // Nobody is to be woken; when somebody is, all partitions are read again.
        *reached = Reached::default();
        Reading::default()
    } else {
        follow(state, &snapshot, reached, &clocks).await?;
        let today = state.clock.today();
        let scopes = scopes(&snapshot, &state.reference(), today).await?;
        compare(rows, &scopes, reached, &clocks)
    };
    snapshot.commit().await?;
    reading.clocks = clocks;
    Ok(reading)
}

/// Reads how far the partitions of those clocks have come that moved since.
async fn follow(
    state: &State,
    snapshot: &DatabaseTransaction,
    reached: &mut Reached,
    clocks: &BTreeMap<String, i64>,
) -> Result<()> {
    let moved = clocks
        .iter()
        .filter(|(name, seq)| reached.clocks.get(*name) != Some(seq));
    let moved: Vec<&str> = moved.map(|(name, _)| name.as_str()).collect();
    if moved.is_empty() {
        return Ok(());
    }
    // The newest entry of each partition is the end of an index, so that no log is read through.
    let mut sql = Sql::new(
        state.store.backend(),
        "SELECT id, clock, (SELECT max(seq) FROM sync_log WHERE sync_log.partition = sync_partition.id) AS seq \
         FROM sync_partition WHERE clock IN ",
    );
    sql.bind_all(moved);
    for row in sql.all(snapshot).await? {
        let clock: String = row.try_get("", "clock")?;
        let seq: Option<i64> = row.try_get("", "seq")?;
        let newest = (clock_key(&clock), seq.unwrap_or(0));
        reached.partitions.insert(row.try_get("", "id")?, newest);
    }
    reached.clocks = clocks.clone();
    Ok(())
}

/// What each registered device reads today; nothing for one that was given up.
async fn scopes(
    snapshot: &DatabaseTransaction,
    reference: &Reference,
    today: chrono::NaiveDate,
) -> Result<HashMap<DeviceId, Vec<i64>>> {
    let registered = || {
        Query::select()
            .column(waking::Column::DeviceId)
            .from(waking::Entity)
            .to_owned()
    };
    let holders = || -> SelectStatement {
        Query::select()
            .column(device::Column::AccountId)
            .from(device::Entity)
            .and_where(Expr::col(device::Column::Id).in_subquery(registered()))
            .to_owned()
    };
    let devices = device::Entity::find()
        .filter(device::Column::Id.in_subquery(registered()))
        .filter(device::Column::RevokedAt.is_null())
        .all(snapshot)
        .await?;
    let accounts = account::Entity::find()
        .filter(account::Column::Id.in_subquery(holders()))
        .filter(account::Column::DisabledAt.is_null())
        .all(snapshot)
        .await?;
    let mut grants: HashMap<AccountId, Vec<role_grant::Model>> = HashMap::new();
    for grant in role_grant::Entity::find()
        .filter(role_grant::Column::AccountId.in_subquery(holders()))
        .all(snapshot)
        .await?
    {
        grants.entry(grant.account_id).or_default().push(grant);
    }
    let mut mandates: HashMap<AccountId, Vec<Mandate>> = HashMap::new();
    let mut units: HashMap<_, Vec<UnitId>> = HashMap::new();
    let held = Query::select()
        .column(delegate::Column::Id)
        .from(delegate::Entity)
        .and_where(Expr::col(delegate::Column::AccountId).in_subquery(holders()))
        .to_owned();
    for link in constituency::Entity::find()
        .filter(constituency::Column::DelegateId.in_subquery(held))
        .all(snapshot)
        .await?
    {
        units.entry(link.delegate_id).or_default().push(link.unit_id);
    }
    for delegate in delegate::Entity::find()
        .filter(delegate::Column::AccountId.in_subquery(holders()))
        .all(snapshot)
        .await?
    {
        let Some(account) = delegate.account_id else {
            continue;
        };
        let units = units.remove(&delegate.id).unwrap_or_default();
        mandates
            .entry(account)
            .or_default()
            .push(Mandate { delegate, units });
    }
    let accounts: HashMap<AccountId, account::Model> = accounts
        .into_iter()
        .map(|account| (account.id, account))
        .collect();
    let scopes = devices.into_iter().filter_map(|device| {
        let account = accounts.get(&device.account_id)?.clone();
        let grants = grants.get(&account.id).cloned().unwrap_or_default();
        let mandates = mandates.get(&account.id).cloned().unwrap_or_default();
        let id = device.id;
        let signed_in = SignedIn { account, device };
        let viewer = Viewer::with_rights(signed_in, grants, mandates, reference, today, Lang::default());
        Some((id, viewer.partition_ids()))
    });
    Ok(scopes.collect())
}

fn compare(
    rows: Vec<waking::Model>,
    scopes: &HashMap<DeviceId, Vec<i64>>,
    reached: &Reached,
    clocks: &BTreeMap<String, i64>,
) -> Reading {
    let horizon: BTreeMap<i64, i64> = clocks.iter().map(|(name, seq)| (clock_key(name), *seq)).collect();
    let mut reading = Reading::default();
    for row in rows {
        match scopes.get(&row.device_id) {
            None => reading.ended.push(row.device_id),
            Some(scope) => {
                let newest = scope
                    .iter()
                    .filter_map(|partition| reached.partitions.get(partition));
                let is_behind = is_behind(&position(&row), &horizon, newest.copied());
                reading.devices.push((row, is_behind));
            }
        }
    }
    reading.horizon = horizon;
    reading
}

/// The position of a registration; what cannot be read counts as nothing read.
pub(super) fn position(row: &waking::Model) -> BTreeMap<i64, i64> {
    serde_json::from_str(&row.position).unwrap_or_default()
}

/// As it is stored.
pub(super) fn stored(position: &BTreeMap<i64, i64>) -> String {
    serde_json::to_string(position).unwrap_or_default()
}
