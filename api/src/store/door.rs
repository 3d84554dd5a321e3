//! The write door: every change goes through here, online mutation and offline push alike.
//!
//! A batch of commands is judged by pure rules over rows that were read in bulk. First against plain reads: if
//! nothing would change (replays, refusals without trace, no-ops) the answer needs no transaction. Otherwise in one
//! transaction: tick the clocks, read again, judge again, save one statement per table, write documents and log,
//! commit. The tick comes first because its row lock puts all writers of a partition in order: from then on what
//! was read cannot change under us, and sequence order is commit order.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    id::{CouncilId, EventId},
    sync_clock,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, OnConflict, Query},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Fault, fault,
    partition::Partition,
    placing::{TICK, place},
    reference::{Reference, SHARED},
    working::{Changes, Needs, RIGHTS, Working},
};
use crate::{
    entropy::Entropy,
    error::{Code, Error, Refused, Result},
    keys::Keys,
    starts,
    state::State,
    viewer::Viewer,
};

/// How often a transaction is started over before the request fails.
const ATTEMPTS: u32 = 12;

/// For how long: a database that another program keeps locked is waited for in every attempt.
const PATIENCE: Duration = Duration::from_secs(4);

/// A change of one or more rows, judged by a pure rule.
pub trait Command: Send + Sync {
    /// Which rows it is about.
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs);

    /// Which further rows the first ones point to.
    fn needs_more(&self, _working: &Working, _facts: &Facts<'_>, _needs: &mut Needs) {}

    /// Judges: what to do, or why not. Must not look anywhere but at its arguments.
    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused>;
}

/// What a rule may know beside the rows.
pub struct Facts<'a> {
    pub viewer: &'a Viewer,
    pub reference: &'a Reference,
    pub calendar: &'a crate::calendar::Calendar,
    pub now: DateTime<Utc>,
    /// Today in Vietnam.
    pub today: NaiveDate,
    pub entropy: &'a dyn Entropy,
    pub keys: &'a Keys,
}

impl Facts<'_> {
    /// A new id.
    pub fn id<T: From<Uuid>>(&self) -> T {
        T::from(self.entropy.id(self.now))
    }

    /// A step of history by the one who asks.
    pub fn event(
        &self,
        kind: &'static str,
        row: impl Into<Uuid>,
        event: &str,
        council: Option<CouncilId>,
    ) -> entity::event::Model {
        entity::event::Model {
            id: self.id::<EventId>(),
            kind: kind.to_owned(),
            row_id: row.into(),
            event: event.to_owned(),
            actor_id: self.viewer.account_id(),
            device_id: self.viewer.device_id(),
            council_id: council,
            basis: None,
            detail: None,
            at: self.now,
        }
    }
}

/// What a rule decided.
#[derive(Default)]
pub struct Verdict {
    pub changes: Changes,
    pub done: Done,
}

impl Verdict {
    /// A verdict about these rows.
    pub fn about(changes: Changes, ids: impl IntoIterator<Item = Uuid>) -> Self {
        Self {
            changes,
            done: Done {
                ids: ids.into_iter().collect(),
                push: None,
            },
        }
    }
}

/// What a command did.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The rows that the answer shows.
    pub ids: Vec<Uuid>,
    /// The outcome of a pushed row, or of an imported one that was there already.
    pub push: Option<super::writing::Outcome>,
}

/// Runs a batch. One bad command harms nobody else: each has its own answer.
pub async fn execute(
    state: &State,
    viewer: &Viewer,
    commands: &[&dyn Command],
) -> Result<Vec<Result<Done, Refused>>> {
    let mut clocks = BTreeSet::new();
    let mut attempt = 0;
    let begun = Instant::now();
    loop {
        attempt += 1;
        match once(state, viewer, commands, &mut clocks).await {
            Ok(Some(answers)) => return Ok(answers),
            // The set of clocks grew: start over with all of them.
            Ok(None) if attempt < ATTEMPTS => {}
            Err(Error::Database(cause))
                if fault(&cause) == Fault::Met && attempt < ATTEMPTS && begun.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 3)).await;
            }
            // A value that meets another one every time is refused like one that is not taken; a database that is busy
            // all the time is busy.
            Err(Error::Database(cause)) if fault(&cause) == Fault::Data || is_unique(&cause) => {
                tracing::warn!(target: "cutri::door", commands = commands.len(), cause = %crate::error::describe(&cause), "the database refused data");
                return match commands {
                    [] => Ok(Vec::new()),
                    // Alone at last: this is the one that the database does not take.
                    [_] => Ok(vec![Err(Refused::new(Code::InvalidValue))]),
                    _ => {
                        let (left, right) = commands.split_at(commands.len() / 2);
                        let mut answers = Box::pin(execute(state, viewer, left)).await?;
                        answers.extend(Box::pin(execute(state, viewer, right)).await?);
                        Ok(answers)
                    }
                };
            }
            Err(error) => return Err(error),
            Ok(None) => return Err(Error::internal("the set of clocks never settled")),
        }
    }
}

fn is_unique(cause: &DbErr) -> bool {
    matches!(
        cause.sql_err(),
        Some(sea_orm::SqlErr::UniqueConstraintViolation(_))
    )
}

/// What a batch would come to, judged as by [`execute`] over what is stored now. Writes nothing.
pub async fn preview(
    state: &State,
    viewer: &Viewer,
    commands: &[&dyn Command],
) -> Result<Vec<Result<Done, Refused>>> {
    let reference = state.reference();
    let (_, answers) = judge_all(state.store.read(), commands, &facts(state, viewer, &reference)).await?;
    Ok(answers)
}

/// What rules may know at this moment.
fn facts<'a>(state: &'a State, viewer: &'a Viewer, reference: &'a Reference) -> Facts<'a> {
    let now = state.clock.now();
    Facts {
        viewer,
        reference,
        calendar: state.calendar,
        now,
        today: crate::clock::local_date(now),
        entropy: state.entropy.as_ref(),
        keys: &state.keys,
    }
}

/// One attempt: the answers, or nothing if more clocks are needed than were locked.
async fn once(
    state: &State,
    viewer: &Viewer,
    commands: &[&dyn Command],
    clocks: &mut BTreeSet<String>,
) -> Result<Option<Vec<Result<Done, Refused>>>> {
    let reference = state.reference();
    let facts = facts(state, viewer, &reference);
    let now = facts.now;

    if clocks.is_empty() {
        let conn = state.store.read();
        let (mut working, answers) = judge_all(conn, commands, &facts).await?;
        if !working.is_changed() {
            return Ok(Some(answers));
        }
        let placed = place(state, conn, &mut working, &reference, now).await?;
        clocks.extend(placed.clocks());
        clocks.extend(working.clocks.iter().map(|clock| (*clock).to_owned()));
        if clocks.is_empty() {
            // Nothing of this travels; the shared clock still puts its writers in order.
            clocks.insert(SHARED.to_owned());
        }
    }

    let tx = state.store.begin().await?;
    let ticks = tick(&tx, clocks).await?;
    let (mut working, answers) = judge_all(&tx, commands, &facts).await?;
    if !working.is_changed() {
        tx.rollback().await?;
        return Ok(Some(answers));
    }
    let placed = place(state, &tx, &mut working, &reference, now).await?;
    let more = working.clocks.iter().map(|clock| (*clock).to_owned());
    let needed: BTreeSet<String> = placed.clocks().chain(more).collect();
    if !needed.is_subset(clocks) {
        tx.rollback().await?;
        clocks.extend(needed);
        return Ok(None);
    }
    let found_by = crate::search::index::Changed::of(&placed)?;
    let mut touched: BTreeSet<i64> = placed.entries.iter().map(|entry| entry.partition).collect();
    // A device or a role lies in no partition; whoever waits in the account's own is to look again.
    let accounts = working.rights_of().into_iter();
    let turned = ticks.get(RIGHTS).map(|first| first + TICK - 1);
    let turned = turned.zip(working.whose_rights());
    touched.extend(accounts.map(|account| Partition::Account(account).id()));
    working.save(&tx).await?;
    if !placed.write(&tx, ticks).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    found_by.write(&tx).await?;
    tx.commit().await?;
    // Before anybody is woken: rights are looked up in the reference data, too.
    state.after_commit(&working).await?;
    if let Some((at, accounts)) = turned {
        let accounts = accounts.into_iter().map(Uuid::from).collect();
        state.store.wake.rights_changed(at, accounts);
    }
    state.store.wake.changed(touched);
    Ok(Some(answers))
}

/// Reads what the commands need and judges them in order, each seeing what those before it did.
async fn judge_all<C: ConnectionTrait>(
    conn: &C,
    commands: &[&dyn Command],
    facts: &Facts<'_>,
) -> Result<(Working, Vec<Result<Done, Refused>>)> {
    let mut needs = Needs::default();
    for command in commands {
        command.needs(facts, &mut needs);
    }
    let mut working = Working::load(conn, &needs).await?;
    let mut more = Needs::default();
    for command in commands {
        command.needs_more(&working, facts, &mut more);
    }
    working.absorb(Working::load(conn, &more).await?);
    let answers = commands
        .iter()
        .map(|command| {
            command.judge(&working, facts).map(|verdict| {
                verdict.changes.apply(&mut working);
                verdict.done
            })
        })
        .collect();
    if working.changes_rights() {
        working.clocks.insert(RIGHTS);
    }
    Ok((working, answers))
}

/// Ticks the clocks in one statement, in sorted order so that two writers can never wait for each other in a
/// circle; returns for each the first sequence number that is ours.
async fn tick<C: ConnectionTrait>(tx: &C, clocks: &BTreeSet<String>) -> Result<BTreeMap<String, i64>> {
    let mut insert = Query::insert();
    insert
        .into_table(sync_clock::Entity)
        .columns([sync_clock::Column::Id, sync_clock::Column::Seq]);
    for clock in clocks {
        insert.values_panic([clock.clone().into(), TICK.into()]);
    }
    insert
        .on_conflict(
            OnConflict::column(sync_clock::Column::Id)
                .value(
                    sync_clock::Column::Seq,
                    Expr::col((sync_clock::Entity, sync_clock::Column::Seq)).add(TICK),
                )
                .to_owned(),
        )
        .returning(Query::returning().columns([sync_clock::Column::Id, sync_clock::Column::Seq]));
    let mut first = BTreeMap::new();
    for row in tx.query_all(&insert).await? {
        let seq: i64 = row.try_get("", "seq")?;
        first.insert(row.try_get("", "id")?, seq - TICK + 1);
    }
    if first.values().any(|seq| *seq == 1) {
        // A server that notes its start locks all clocks ([`starts`]), but not one that is not there yet: what we commit would
        // be read before the start is known, and a device that read it be taken for one of another database. So whoever
        // makes a clock waits for such a server, or it for us. (Should both wait for each other, one begins again.)
        sync_clock::Entity::update_many()
            .col_expr(sync_clock::Column::Seq, Expr::col(sync_clock::Column::Seq))
            .filter(sync_clock::Column::Id.eq(starts::CLOCK))
            .exec(tx)
            .await?;
    }
    Ok(first)
}

/// The clocks' values as a snapshot sees them.
pub async fn clocks<C: ConnectionTrait>(conn: &C, names: &BTreeSet<String>) -> Result<BTreeMap<String, i64>> {
    let rows = sync_clock::Entity::find()
        .filter(sync_clock::Column::Id.is_in(names.iter().cloned()))
        .all(conn)
        .await?;
    let mut all: BTreeMap<String, i64> = names.iter().map(|name| (name.clone(), 0)).collect();
    all.extend(rows.into_iter().map(|row| (row.id, row.seq)));
    Ok(all)
}
