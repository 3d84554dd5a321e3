//! Upload: each row has its own outcome, is applied exactly once, and one bad row harms nobody else.

mod judging;
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

use self::line::Ahead;
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
        working::{Changes, Needs, Working},
        writing::{Outcome, Status, Writable, Write, refuse_denunciation},
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
