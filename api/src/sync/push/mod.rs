//! Upload: each row has its own outcome, is applied exactly once, and one bad row harms nobody else.

mod kept;
mod line;
mod makers;
mod taken_back;

use std::collections::HashMap;

use chrono::Duration;
use entity::{
    id::{AccountId, SyncIssueId},
    sync_receipt,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;

use self::line::{Ahead, MOST_IN_LINE};
use super::{
    registry,
    row::{Known, PushRow},
    waiting,
};
use crate::{
    error::{Code, Error, Refused, Result},
    keys::Purpose,
    seal,
    state::State,
    store::{
        collection::Document,
        door::{self, Command, Done, Facts, Verdict},
        merge::{Base, Merge, merge},
        working::{Changes, Needs, Working},
        writing::{
            MOST_UNKNOWN, Outcome, Status, Stop, Writable, Write, Written, refuse_denunciation, told_name,
        },
    },
    viewer::Viewer,
};

/// Rows in one push.
pub const MOST_ROWS: usize = 500;

/// Applies rows; `results[i]` answers `rows[i]`.
pub async fn push(state: &State, viewer: &Viewer, rows: Vec<PushRow>) -> Result<Vec<Outcome>> {
    let signed_in = viewer.signed_in()?;
    let account = signed_in.account.id;
    // From a stolen phone nothing is taken, for nobody knows who wrote it.
    if viewer.is_wiping() && signed_in.device.stolen {
        return Err(Code::DeviceRevoked.into());
    }
    if rows.len() > MOST_ROWS {
        return Err(Error::limit(Code::TooManyRows, MOST_ROWS as u64));
    }
    if !viewer.is_wiping() {
        state.waking.notes.spoke(signed_in.device.id, state.clock.now());
    }
    let count = rows.len();
    let mut pushed: Vec<Pushed> = rows
        .into_iter()
        .map(|row| Pushed::new(row, account, false))
        .collect();
    if !viewer.is_wiping() {
        let brought = pushed.iter().filter_map(|pushed| pushed.row.id).collect();
        for waiting in waiting::of(state, account, &brought).await? {
            pushed.push(Pushed::new(waiting, account, true));
        }
    }

    // Parents before children, whatever the order on the wire; rows of one collection keep theirs, after those that came
    // before and waited.
    let mut order: Vec<usize> = (0..pushed.len()).collect();
    order.sort_by_key(|index| (pushed[*index].rank(), !pushed[*index].again));
    // But what makes a row before what changes it.
    let makers = makers::before_their_changes(state, &pushed, &order).await?;
    order.sort_by_key(|index| (pushed[*index].rank(), !makers.contains(index)));
    let mut outcomes: HashMap<usize, Outcome> = HashMap::new();
    while !order.is_empty() {
        let commands: Vec<&dyn Command> = order
            .iter()
            .map(|index| &pushed[*index] as &dyn Command)
            .collect();
        let answers = door::execute(state, viewer, &commands).await?;

        let tried = order.len();
        let mut later = Vec::new();
        for (index, answer) in order.into_iter().zip(answers) {
            let outcome = match answer {
                Ok(Done {
                    push: Some(outcome), ..
                }) => outcome,
                Ok(_) if !pushed[index].insists => {
                    later.push(index);
                    continue;
                }
                Ok(_) => return Err(Error::internal("a pushed row without an outcome")),
                // The database itself refused this row's data: keep it like every other refused row.
                Err(refused) if index < count => {
                    let kept = Pushed {
                        refuse: Some(refused.clone()),
                        ..pushed[index].clone()
                    };
                    let answers = door::execute(state, viewer, &[&kept]).await?;
                    match answers.into_iter().next() {
                        Some(Ok(Done {
                            push: Some(outcome), ..
                        })) => outcome,
                        _ => return Err(Error::internal("a refused row could not be kept")),
                    }
                }
                Err(_) => continue,
            };
            outcomes.insert(index, outcome);
        }
        // What waits may know a version that the row does not reach any more: such a row was deleted and made anew.
        if later.len() == tried {
            for index in &later {
                pushed[*index].insists = true;
            }
        }
        order = later;
    }
    (0..count)
        .map(|index| {
            outcomes
                .remove(&index)
                .ok_or_else(|| Error::internal("a row without an outcome"))
        })
        .collect()
}

/// How long a row that is sent again still gets its first answer.
pub const RECEIPTS_KEPT: Duration = Duration::days(400);

/// Forgets receipts after their time. What a phone holds for longer is still compared with the row itself.
pub async fn forget_receipts(state: &State) -> Result<()> {
    let until = state.clock.now() - RECEIPTS_KEPT;
    let tx = state.store.begin().await?;
    sync_receipt::Entity::delete_many()
        .filter(sync_receipt::Column::At.lt(until))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Where the bytes of a refused row are sealed.
pub fn issue_field(issue: SyncIssueId) -> seal::Field {
    seal::Field {
        table: "sync_issue",
        column: "payload",
        row_id: issue.0,
    }
}

/// Stands for what a row says beside its fields; no field is called so.
const UNREAD: &str = "";

/// A pushed row as a command.
#[derive(Clone)]
struct Pushed {
    row: PushRow,
    account: AccountId,
    /// It waited before; its receipt says DEFERRED.
    again: bool,
    /// The database did not take it: only keep it.
    refuse: Option<Refused>,
    /// It is judged now, whatever waits ([`Pushed::is_too_soon`]).
    insists: bool,
    write: Option<Write>,
    /// Its bytes without `schema`, if it has one: which release of the app sends it changes nothing in what it says.
    unversioned: Option<Vec<u8>>,
}

impl Pushed {
    fn new(row: PushRow, account: AccountId, again: bool) -> Self {
        // Also of a row whose outer form is wrong: what it is about decides whether its bytes may be kept.
        let write = row.id.map(|id| Write {
            id,
            fields: row.patch.clone(),
            delete: row.delete,
            recorded_at: row.recorded_at,
        });
        Self {
            unversioned: without_schema(&row.raw),
            row,
            account,
            again,
            refuse: None,
            insists: false,
            write,
        }
    }

    fn target(&self) -> Option<(&'static dyn Writable, &Write)> {
        let name = self.row.collection.as_deref()?;
        Some((registry::writable(name)?, self.write.as_ref()?))
    }

    fn rank(&self) -> usize {
        self.row.collection.as_deref().map_or(usize::MAX, registry::rank)
    }

    fn is_of(&self, receipt: &sync_receipt::Model) -> bool {
        receipt.account_id == self.account && receipt.mutation_id == self.row.mutation_id
    }

    fn hash(&self, facts: &Facts<'_>) -> Vec<u8> {
        hash_of(self.unversioned.as_deref().unwrap_or(&self.row.raw), facts)
    }

    /// Whether it says what the row said of which this is the receipt. Receipts of earlier releases are of all its bytes.
    fn says_the_same(&self, receipt: &sync_receipt::Model, facts: &Facts<'_>) -> bool {
        receipt.hash == self.hash(facts)
            || (self.unversioned.is_some() && receipt.hash == hash_of(&self.row.raw, facts))
    }

    /// Whether it can only change a row that is there already.
    fn is_part(&self, writable: &dyn Writable) -> bool {
        is_part(writable, &self.row)
    }

    /// The version of the row as it will be stored.
    fn rev(&self, working: &Working) -> Option<i64> {
        let collection = registry::collection(self.row.collection.as_deref()?)?;
        Some(collection.rev(working, self.row.id?))
    }

    /// The row as it is, for a client whose copy is not the newest.
    fn master(&self, working: &Working, facts: &Facts<'_>) -> Option<Value> {
        let (_, write) = self.target()?;
        let collection = registry::collection(self.row.collection.as_deref()?)?;
        let audience = collection
            .partitions(working, facts.reference, write.id)
            .into_iter()
            .filter_map(|partition| facts.viewer.audience_of(partition.id()))
            .max()?;
        let mut document = collection.document(working, facts.reference, write.id, audience);
        document.insert(
            "rev".to_owned(),
            collection.rev(working, write.id).to_string().into(),
        );
        Some(Value::Object(document))
    }

    /// Refuses what must not lie on a networked machine, before anything of it is kept.
    fn gate(&self, working: &Working, facts: &Facts<'_>, ahead: &Ahead) -> Result<(), Refused> {
        let name = self.row.collection.as_deref().unwrap_or_default();
        if let Some(writable) = registry::writable(name) {
            let mut said = self.row.said(writable.read_only());
            if !self.row.mistakes.is_empty() {
                // What stands beside a row that can be read, or in one that cannot, may be anything.
                said.to_mut().insert(UNREAD.to_owned(), Value::Bool(true));
            }
            writable.gate(&said)?;
            writable.gate_after(working, facts, self.row.id, &said)?;
            if let Some(together) = &ahead.together {
                writable.gate(together)?;
            }
        } else {
            refuse_denunciation(&self.row.said(&[]))?;
        }
        if !self.row.mistakes.is_empty() && self.row.mentions_denunciation() {
            return Err(Refused::new(Code::DenunciationByHand));
        }
        Ok(())
    }

    /// What was answered the first time.
    fn replay(&self, working: &Working, facts: &Facts<'_>, receipt: &sync_receipt::Model) -> Verdict {
        let errors: Vec<Value> = serde_json::from_str(&receipt.errors).unwrap_or_default();
        let errors = errors
            .iter()
            .filter_map(|error| {
                Some(Refused {
                    code: Code::from_name(error["code"].as_str()?)?,
                    field: error["field"].as_str().map(|field| field.to_owned().into()),
                })
            })
            .collect();
        let status = match Status::from_code(&receipt.status) {
            Some(Status::Applied | Status::Merged) | None => Status::Duplicate,
            Some(other) => other,
        };
        let master = matches!(status, Status::Conflict)
            .then(|| self.master(working, facts))
            .flatten();
        let outcome = Outcome {
            status,
            // Of what waits it says which version there was when it came.
            rev: receipt.rev.filter(|_| status != Status::Deferred),
            master,
            errors,
        };
        Verdict {
            changes: Changes::default(),
            done: Done {
                ids: Vec::new(),
                push: Some(outcome),
            },
        }
    }
}

impl Command for Pushed {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs
            .receipt
            .insert((self.account.0, self.row.mutation_id.clone()));
        if self.again {
            needs.deferred_of.insert(self.account.0);
        }
        if let Some((writable, write)) = self.target() {
            needs.issues_about.insert((self.account.0, write.id));
            writable.needs(write, facts, needs);
        }
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        let receipts = &working.sync_receipt;
        if receipts
            .iter()
            .any(|receipt| self.is_of(receipt) && !self.says_the_same(receipt, facts))
        {
            needs.sync_issue.insert(self.id_of_reuse(facts).0);
        }
        if self.again {
            waiting::needs_issue(working, self.account, &self.row.mutation_id, needs);
        }
        if let Some((writable, write)) = self.target() {
            writable.needs_more(write, working, facts, needs);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let receipt = working.sync_receipt.iter().find(|receipt| self.is_of(receipt));
        let waits = receipt.is_some_and(|receipt| receipt.status == Status::Deferred.code());
        match receipt {
            Some(receipt) if !self.says_the_same(receipt, facts) => return self.reused(working, facts),
            // It waited; perhaps no longer.
            Some(_) if waits && self.again => {}
            Some(receipt) if !waits && self.row.goes_by_state() => {
                return self.judge_again(working, facts, receipt);
            }
            Some(receipt) => return Ok(self.replay(working, facts, receipt)),
            None => {}
        }
        self.judge_new(working, facts, None)
    }
}

impl Pushed {
    /// A row without a name of its own that came before. What was applied is not applied over what came since, and
    /// what was refused is refused without another trace.
    fn judge_again(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        receipt: &sync_receipt::Model,
    ) -> Result<Verdict, Refused> {
        let first = Status::from_code(&receipt.status);
        let verdict = self.judge_new(working, facts, first)?;
        let now = verdict.done.push.as_ref().map(|outcome| outcome.status);
        // Words that were applied once stand in the history already, whoever wrote over them since.
        let is_known = match now {
            Some(Status::Rejected) => now == first,
            Some(Status::Conflict) => {
                matches!(first, Some(Status::Conflict | Status::Applied | Status::Merged))
            }
            _ => false,
        };
        if is_known {
            return Ok(Verdict {
                changes: Changes::default(),
                done: verdict.done,
            });
        }
        Ok(verdict)
    }

    /// Judges the words of a row, or its deletion.
    fn judge_words(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        first: Option<Status>,
    ) -> Result<Verdict, Refused> {
        if let Some(refused) = &self.refuse {
            return self.refuse_words(working, facts, vec![refused.clone()]);
        }
        let name = self.row.collection.as_deref().unwrap_or_default();
        let ahead = self.ahead(working, facts);
        if let Err(by_hand) = self.gate(working, facts, &ahead) {
            return self.refuse_denunciation(working, facts, by_hand, &self.row.mistakes);
        }
        if !self.row.mistakes.is_empty() {
            return self.reject(facts, self.row.mistakes.clone());
        }
        if facts.viewer.is_wiping() {
            // Kept for its author, who finds it on his next device.
            let revoked = vec![Refused::new(Code::DeviceRevoked)];
            return match self.target() {
                Some((writable, _)) if self.check_fields(writable, facts).is_ok() => {
                    self.reject(facts, revoked)
                }
                _ => self.refuse_words(working, facts, revoked),
            };
        }
        let Some((writable, write)) = self.target() else {
            let refused = match registry::collection(name) {
                Some(_) => Refused::field(Code::ReadOnly, "collection"),
                None => Refused::field(Code::UnknownCode, "collection"),
            };
            return self.refuse_words(working, facts, vec![refused]);
        };

        // A row of somebody else's that is told back as it stands, by a client that does not know any more what it was told.
        if !self.again
            && matches!(self.row.known, Known::State { .. })
            && writable.current(working, facts, write.id).is_none()
            && let Some(Value::Object(master)) = self.master(working, facts)
            && self.row.stands_in(&master)
        {
            return Ok(self.nothing_to_do(facts));
        }
        if let Err(mistakes) = self.check_fields(writable, facts) {
            return self.refuse_words(working, facts, mistakes);
        }
        let mut write = write.clone();
        write.fields.retain(|name, _| is_written(writable, name));

        if write.delete
            && (matches!(first, Some(Status::Applied | Status::Merged))
                || self.is_taken_back(writable, working, facts))
        {
            return Ok(self.nothing_to_do(facts));
        }
        let mut merged = false;
        let mut superseded = Document::new();
        let current = writable.current(working, facts, write.id);
        if let Some(current) = &current
            && self.is_too_soon(working, writable, current)
        {
            return Ok(Verdict::default());
        }
        if let Some(current) = &current
            && !write.delete
        {
            // Fields that are never given back take no part in the comparison and pass through.
            let (hidden, shown): (Document, Document) = write
                .fields
                .into_iter()
                .partition(|(name, _)| writable.write_only().contains(&name.as_str()));
            let device = facts.viewer.device_id().map(|device| device.to_string());
            let device = device.filter(|_| first.is_none());
            let base = match &self.row.known {
                Known::Rev(rev) => Base::Rev(*rev),
                Known::State { assumed, .. } => Base::State(assumed.as_ref()),
            };
            let Merge {
                mut apply,
                conflicts,
                superseded: mut late,
                merged: others,
            } = merge(
                &current.values,
                &current.stamps,
                current.rev,
                &base,
                &shown,
                device.as_deref(),
                write.recorded_at,
            );
            if !conflicts.is_empty() {
                return self.conflict(working, facts, writable, &shown, conflicts);
            }
            late.extend(self.overtaken(working, current, &apply));
            apply.retain(|name, _| !late.contains(name));
            superseded.extend(shown.into_iter().filter(|(name, _)| late.contains(name)));
            merged = others || !superseded.is_empty();
            write.fields = apply;
            if !matches!(first, Some(Status::Applied | Status::Merged)) {
                write.fields.extend(hidden);
            }
            if write.fields.is_empty() {
                return self.leave(working, facts, writable, &superseded, false);
            }
        }
        // What changes a row that is nowhere yet comes after what makes it. A row that one sees and may not change is not
        // nowhere; one that he does not see is. Whoever names no version may make the row, and is told at once what it lacks.
        if current.is_none()
            && ahead.waits_for.is_none()
            && matches!(self.row.known, Known::Rev(Some(_)))
            && self.is_part(writable)
            && self.master(working, facts).is_none()
        {
            return self.defer(working, facts, write.id, &ahead);
        }
        if let Some(waits_for) = ahead.waits_for {
            // The row is not there because it waits: what is said of it now comes after what was said before.
            if !self.again && ahead.count >= MOST_IN_LINE {
                return self.reject(facts, vec![Refused::new(Code::LimitTooLarge)]);
            }
            let Some(together) = &ahead.together else {
                return self.defer(working, facts, waits_for, &ahead);
            };
            // A correction may name another parent, which is there: then nothing of it waits any longer.
            write.fields = together.clone();
            write.recorded_at = ahead.recorded_at;
        } else if let (None, Known::State { document, .. }) = (&current, &self.row.known) {
            if write.delete {
                // Gone here as well.
                return Ok(self.nothing_to_do(facts));
            }
            // A row that this server does not have (any more): all of it, not only what changed.
            write.fields = document.clone();
            write
                .fields
                .retain(|name, value| !value.is_null() && is_written(writable, name));
        }
        let rev = current.as_ref().map_or(0, |current| current.rev) + 1;
        match writable.write(working, facts, &write) {
            Ok(Written { changes, differs }) if current.is_some() && changes.is_empty() => {
                self.leave(working, facts, writable, &superseded, differs)
            }
            Ok(Written { mut changes, differs }) => {
                self.keep_lost(facts, writable, &superseded, &mut changes)?;
                if let Some(together) = &ahead.together {
                    let lost = line::lost(writable, &self.row, together);
                    self.keep_lost(facts, writable, &lost, &mut changes)?;
                    for earlier in &ahead.rows {
                        self.take_over(facts, writable, earlier, together, &mut changes)?;
                    }
                }
                self.resolve(working, facts, &superseded, &mut changes);
                self.let_follow(working, writable, (current.as_ref(), rev), &mut changes);
                let (status, master) = if merged || differs {
                    (
                        Status::Merged,
                        self.preview(writable, working, facts, &write, rev),
                    )
                } else {
                    (Status::Applied, None)
                };
                Ok(self.settle(
                    facts,
                    changes,
                    Outcome {
                        status,
                        rev: Some(rev),
                        master,
                        errors: Vec::new(),
                    },
                ))
            }
            Err(Stop::Refused(errors)) => self.refuse_words(working, facts, errors),
            Err(Stop::Deferred(waits_for)) => self.defer(working, facts, waits_for, &ahead),
        }
    }
}

fn rejected(errors: Vec<Refused>) -> Outcome {
    Outcome {
        status: Status::Rejected,
        rev: None,
        master: None,
        errors,
    }
}

/// All that a row says of its fields, null for what it empties.
fn told(row: &PushRow) -> Document {
    let mut told = match &row.known {
        Known::State { document, .. } => document.clone(),
        Known::Rev(_) => Document::new(),
    };
    told.extend(row.patch.clone());
    told
}

/// Whether a row can only change one that is there already: it brings less than every new one has.
fn is_part(writable: &dyn Writable, row: &PushRow) -> bool {
    match row.known {
        Known::Rev(base) => !row.delete && writable.is_part(&row.patch, base.is_some()),
        // A whole document.
        Known::State { .. } => false,
    }
}

/// The bytes of a row without the release of the app that sends it; none if it does not tell it.
fn without_schema(raw: &[u8]) -> Option<Vec<u8>> {
    if !std::str::from_utf8(raw).is_ok_and(|text| text.contains("\"schema\"")) {
        return None;
    }
    let Ok(Value::Object(mut members)) = serde_json::from_slice(raw) else {
        return None;
    };
    members.remove("schema")?;
    Some(Value::Object(members).to_string().into_bytes())
}

fn hash_of(bytes: &[u8], facts: &Facts<'_>) -> Vec<u8> {
    // Keyed: with a plain digest, whoever reads the database could try out all phone numbers.
    facts.keys.mac(Purpose::Quarantine, &[b"receipt", bytes]).to_vec()
}

/// Whether a client may write this field.
fn is_written(writable: &dyn Writable, name: &str) -> bool {
    writable.fields().contains(&name) || writable.write_only().contains(&name)
}

impl Pushed {
    /// Leaves the row in its version, since it is that already. Words that came too late are kept; whoever believes the row
    /// to be other than it is, is shown it.
    fn leave(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        writable: &dyn Writable,
        superseded: &Document,
        differs: bool,
    ) -> Result<Verdict, Refused> {
        let is_shown = differs || !superseded.is_empty();
        let outcome = Outcome {
            status: if is_shown {
                Status::Merged
            } else {
                Status::Duplicate
            },
            rev: self.rev(working),
            master: is_shown.then(|| self.master(working, facts)).flatten(),
            errors: Vec::new(),
        };
        if self.again || !superseded.is_empty() {
            let mut changes = Changes::default();
            self.keep_lost(facts, writable, superseded, &mut changes)?;
            return Ok(self.settle(facts, changes, outcome));
        }
        Ok(Verdict {
            changes: Changes::default(),
            done: Done {
                ids: self.row.id.into_iter().collect(),
                push: Some(outcome),
            },
        })
    }

    /// What would change nothing leaves no trace; what waited for it waits no longer.
    fn nothing_to_do(&self, facts: &Facts<'_>) -> Verdict {
        let outcome = Outcome {
            status: Status::Duplicate,
            rev: None,
            master: None,
            errors: Vec::new(),
        };
        if self.again {
            return self.settle(facts, Changes::default(), outcome);
        }
        Verdict {
            changes: Changes::default(),
            done: Done {
                ids: self.row.id.into_iter().collect(),
                push: Some(outcome),
            },
        }
    }

    /// Refuses fields that do not exist, and rows in another's name: a queue that one person left on a shared
    /// phone is never uploaded as another's words.
    fn check_fields(&self, writable: &dyn Writable, facts: &Facts<'_>) -> Result<(), Vec<Refused>> {
        let me = facts.viewer.account_id().map(|account| account.to_string());
        let mut mistakes = Vec::new();
        for (name, value) in &self.row.patch {
            let known = is_written(writable, name)
                || writable.read_only().contains(&name.as_str())
                || matches!(name.as_str(), "id" | "rev" | "_deleted");
            if !known && mistakes.len() < MOST_UNKNOWN {
                mistakes.push(Refused::field(Code::UnknownField, told_name(name)));
            }
            if name == "authorId" && value.as_str().is_some() && value.as_str() != me.as_deref() {
                mistakes.push(Refused::field(Code::ForeignAuthor, "authorId"));
            }
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes)
        }
    }

    /// The row as it will be after this write.
    fn preview(
        &self,
        writable: &dyn Writable,
        working: &Working,
        facts: &Facts<'_>,
        write: &Write,
        rev: i64,
    ) -> Option<Value> {
        let mut after = working.clone();
        writable
            .write(working, facts, write)
            .ok()?
            .changes
            .apply(&mut after);
        let mut master = self.master(&after, facts)?;
        master["rev"] = rev.to_string().into();
        Some(master)
    }
}
