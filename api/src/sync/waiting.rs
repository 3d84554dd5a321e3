//! Rows that wait for what they refer to: kept sealed, tried again with every push of their author and when what
//! they wait for has come, and reported to their author when it does not.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use entity::{
    id::{AccountId, DeviceId, SyncIssueId},
    sync_deferred, sync_issue, sync_log, sync_receipt,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Query};
use uuid::Uuid;

use super::{push, registry, row::PushRow};
use crate::{
    accounts::authentication,
    error::{Code, Lang, Refused, Result},
    seal,
    state::State,
    store::{
        door::{self, Command, Facts, Verdict},
        table::Row,
        working::{Changes, Needs, Working},
    },
    viewer::Viewer,
};

/// How many waiting rows are tried again with every push, beside those that wait for what it brings.
const MOST: usize = 200;

/// How many accounts, or rows, one turn of the clock looks at.
const MOST_IN_A_TURN: u64 = 200;

/// How long a row waits before its author is told.
pub const PATIENCE: Duration = Duration::days(5);

/// Where the bytes of a waiting row are sealed.
pub(super) fn field(waits_for: Uuid) -> seal::Field {
    seal::Field {
        table: "sync_deferred",
        column: "payload",
        row_id: waits_for,
    }
}

/// The rows of this account whose waiting may be over: all that wait for what is `brought` now, and of those that wait
/// for what is here already the ones of which nobody was told yet before the others; with each of them, and with each row
/// that is `brought`, whatever else waits of the same row, in the order in which it came. What waits for something that never
/// came is not tried, however old it is: two hundred of these would keep all later ones waiting.
pub(super) async fn of(state: &State, account: AccountId, brought: &BTreeSet<Uuid>) -> Result<Vec<PushRow>> {
    let conn = state.store.read();
    let waiting = || sync_deferred::Entity::find().filter(sync_deferred::Column::AccountId.eq(account));
    // Hardly anybody has any: one look, without what is sealed in them.
    let waits: Vec<(String, Uuid)> = waiting()
        .select_only()
        .columns([sync_deferred::Column::MutationId, sync_deferred::Column::WaitsFor])
        .order_by_asc(sync_deferred::Column::IssueId.is_not_null())
        .order_by_asc(sync_deferred::Column::At)
        .into_tuple()
        .all(conn)
        .await?;
    if waits.is_empty() {
        return Ok(Vec::new());
    }
    let parents: BTreeSet<Uuid> = waits.iter().map(|(_, parent)| *parent).collect();
    let parents: Vec<Uuid> = parents.difference(brought).copied().collect();
    let mut here: BTreeSet<Uuid> = BTreeSet::new();
    for some in parents.chunks(AT_ONCE) {
        let found = sync_log::Entity::find()
            .select_only()
            .column(sync_log::Column::RowId)
            .distinct()
            .filter(sync_log::Column::RowId.is_in(some.iter().copied()));
        here.extend(found.into_tuple::<Uuid>().all(conn).await?);
    }
    let now = waits.iter().filter(|(_, parent)| brought.contains(parent));
    let others = waits
        .iter()
        .filter(|(_, parent)| here.contains(parent))
        .take(MOST);
    let mut chosen: BTreeSet<&String> = now.chain(others).map(|(mutation, _)| mutation).collect();
    let mut about: Vec<(String, Uuid)> = Vec::new();
    for some in waits.chunks(AT_ONCE) {
        let found = sync_receipt::Entity::find()
            .select_only()
            .columns([sync_receipt::Column::MutationId, sync_receipt::Column::RowId])
            .filter(sync_receipt::Column::AccountId.eq(account))
            .filter(
                sync_receipt::Column::MutationId.is_in(some.iter().map(|(mutation, _)| mutation.as_str())),
            )
            .filter(sync_receipt::Column::RowId.is_not_null());
        about.extend(found.into_tuple::<(String, Uuid)>().all(conn).await?);
    }
    // A correction is never tried without what it corrects, nor the row without the word that takes it back.
    let rows_of: BTreeSet<Uuid> = about
        .iter()
        .filter(|(mutation, row)| chosen.contains(mutation) || brought.contains(row))
        .map(|(_, row)| *row)
        .collect();
    let same_rows = about.iter().filter(|(_, row)| rows_of.contains(row));
    chosen.extend(same_rows.map(|(mutation, _)| mutation));
    let chosen: Vec<&String> = chosen.into_iter().collect();
    let mut rows: Vec<(DateTime<Utc>, PushRow)> = Vec::new();
    for some in chosen.chunks(AT_ONCE) {
        let kept = waiting()
            .filter(sync_deferred::Column::MutationId.is_in(some.iter().copied()))
            .order_by_asc(sync_deferred::Column::At)
            .all(conn)
            .await?;
        for row in kept {
            match seal::open_quarantined(&state.keys, field(row.waits_for), &row.payload) {
                Ok(raw) => rows.push((row.at, PushRow::from_bytes(&raw))),
                // Damaged, or sealed by a newer program: it goes on waiting, and holds up nothing else.
                Err(broken) => tracing::error!(?broken, "a waiting row does not open"),
            }
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// What waits of this row, oldest first, before the one of this mutation. No two of them came at the same moment
/// ([`next_moment`]), so that their order is told.
pub(super) fn line<'a>(
    working: &'a Working,
    account: AccountId,
    (collection, id): (&str, Uuid),
    mutation: &str,
) -> Vec<&'a sync_deferred::Model> {
    let receipts = working.sync_receipt.iter().filter(|receipt| {
        receipt.row_id == Some(id)
            && receipt.account_id == account
            && receipt.collection == collection
            && receipt.mutation_id != mutation
    });
    // Receipt and waiting row have the same key.
    let mut line: Vec<&sync_deferred::Model> = receipts
        .filter_map(|receipt| working.sync_deferred.get(receipt.key().0))
        .collect();
    if let Some(own) = find(working, account, mutation) {
        line.retain(|row| row.at < own.at);
    }
    line.sort_by_key(|row| row.at);
    line
}

/// The receipts of what waits of this row behind the one of this mutation, which waits itself.
pub(super) fn behind<'a>(
    working: &'a Working,
    account: AccountId,
    (collection, id): (&str, Uuid),
    mutation: &str,
) -> Vec<&'a sync_receipt::Model> {
    let Some(own) = find(working, account, mutation) else {
        return Vec::new();
    };
    let is_behind = |receipt: &&sync_receipt::Model| {
        receipt.row_id == Some(id)
            && receipt.account_id == account
            && receipt.collection == collection
            && working
                .sync_deferred
                .get(receipt.key().0)
                .is_some_and(|row| row.at > own.at)
    };
    working.sync_receipt.iter().filter(is_behind).collect()
}

/// The moment of a row that begins to wait now, behind this one.
pub(super) fn next_moment(now: DateTime<Utc>, last: Option<DateTime<Utc>>) -> DateTime<Utc> {
    // A microsecond is the least that both databases keep.
    last.map_or(now, |last| now.max(last + Duration::microseconds(1)))
}

/// Those of a line that can be read. What cannot goes on waiting and holds up nothing else.
pub(super) fn opened(facts: &Facts<'_>, line: &[&sync_deferred::Model]) -> Vec<PushRow> {
    line.iter()
        .filter_map(|row| seal::open_quarantined(facts.keys, field(row.waits_for), &row.payload).ok())
        .map(|raw| PushRow::from_bytes(&raw))
        .collect()
}

/// How many names stand in one statement.
const AT_ONCE: usize = 500;

fn find<'a>(working: &'a Working, account: AccountId, mutation: &str) -> Option<&'a sync_deferred::Model> {
    working
        .sync_deferred
        .iter()
        .find(|row| row.account_id == account && row.mutation_id == mutation)
}

/// When a row came that waits.
pub(super) fn came(working: &Working, account: AccountId, mutation: &str) -> Option<DateTime<Utc>> {
    find(working, account, mutation).map(|row| row.at)
}

/// What has to be read of a waiting row to end its waiting.
pub(super) fn needs_issue(working: &Working, account: AccountId, mutation: &str, needs: &mut Needs) {
    let issue = find(working, account, mutation).and_then(|row| row.issue_id);
    needs.sync_issue.extend(issue.map(Uuid::from));
}

/// The waiting is over, one way or the other; what its author was told about it is settled.
pub(super) fn end(account: AccountId, mutation: &str, changes: &mut Changes) {
    let mutation = mutation.to_owned();
    changes.and(move |working| {
        let Some(row) = find(working, account, &mutation).cloned() else {
            return;
        };
        working.sync_deferred.remove(row.key());
        let told = row.issue_id.and_then(|issue| working.sync_issue.get(issue));
        if let Some(told) = told.cloned() {
            working.sync_issue.put(sync_issue::Model {
                status: sync_issue::RESOLVED.to_owned(),
                ..told
            });
        }
    });
}

/// Tells an author that a row of his still waits. It goes on waiting: what it refers to may come on any day.
struct Report {
    account: AccountId,
    mutation: String,
    until: DateTime<Utc>,
}

impl Command for Report {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.deferred_of.insert(self.account.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let waiting = find(working, self.account, &self.mutation)
            .filter(|row| row.issue_id.is_none() && row.at <= self.until);
        let Some(waiting) = waiting else {
            return Ok(Verdict::about(changes, []));
        };
        let lost = || Refused::new(Code::Unavailable);
        let raw = seal::open_quarantined(facts.keys, field(waiting.waits_for), &waiting.payload)
            .map_err(|_| lost())?;
        let row = PushRow::from_bytes(&raw);
        let issue = facts.id::<SyncIssueId>();
        let payload = seal::seal_quarantined(facts.keys, facts.entropy, push::issue_field(issue), &raw)
            .map_err(|_| lost())?;
        changes.put(sync_issue::Model {
            id: issue,
            account_id: self.account,
            device_id: waiting.device_id,
            collection: row.collection.filter(|name| registry::collection(name).is_some()),
            row_id: row.id,
            mutation_id: self.mutation.clone(),
            code: Code::ParentUnknown.name().to_owned(),
            field: None,
            status: sync_issue::OPEN.to_owned(),
            payload: Some(payload),
            at: facts.now,
            rev: 0,
        });
        changes.put(sync_deferred::Model {
            issue_id: Some(issue),
            ..waiting.clone()
        });
        Ok(Verdict::about(changes, []))
    }
}

/// Reports what has waited too long. Done twice, or by two servers, it tells once.
pub async fn report(state: &State) -> Result<()> {
    let until = state.clock.now() - PATIENCE;
    let late: Vec<(AccountId, String)> = sync_deferred::Entity::find()
        .select_only()
        .columns([
            sync_deferred::Column::AccountId,
            sync_deferred::Column::MutationId,
        ])
        .filter(sync_deferred::Column::At.lte(until))
        .filter(sync_deferred::Column::IssueId.is_null())
        .order_by_asc(sync_deferred::Column::At)
        .limit(MOST_IN_A_TURN)
        .into_tuple()
        .all(state.store.read())
        .await?;
    let reports: Vec<Report> = late
        .into_iter()
        .map(|(account, mutation)| Report {
            account,
            mutation,
            until,
        })
        .collect();
    let commands: Vec<&dyn Command> = reports.iter().map(|report| report as &dyn Command).collect();
    door::execute(state, &Viewer::system(), &commands).await?;
    Ok(())
}

/// Tries rows again whose parent has come since: it may have come from somebody else, and their author may have no
/// signal for weeks.
pub async fn retry(state: &State) -> Result<()> {
    let arrived = Query::select()
        .column(sync_log::Column::RowId)
        .from(sync_log::Entity)
        .to_owned();
    let waiting: Vec<(AccountId, DeviceId)> = sync_deferred::Entity::find()
        .select_only()
        .columns([sync_deferred::Column::AccountId, sync_deferred::Column::DeviceId])
        .distinct()
        .filter(
            Condition::all()
                // What its author cannot see looks absent for ever; after a while only his own pushes try it.
                .add(sync_deferred::Column::IssueId.is_null())
                .add(sync_deferred::Column::WaitsFor.in_subquery(arrived)),
        )
        .limit(MOST_IN_A_TURN)
        .into_tuple()
        .all(state.store.read())
        .await?;
    for (account, device) in waiting {
        match authentication::load(state, account, device, Lang::default()).await {
            // What holds up one author holds up nobody else.
            Ok(author) => {
                if let Err(error) = push::push(state, &author, Vec::new()).await {
                    error.log();
                }
            }
            // A device that was given up, or a person who left: nobody in whose name to try.
            Err(error) if error.code() == Code::DeviceRevoked => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
