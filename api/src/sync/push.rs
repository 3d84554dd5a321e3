//! Upload: each row has its own outcome, is applied exactly once, and one bad row harms nobody else.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use entity::{
    id::{AccountId, SyncIssueId},
    sync_deferred, sync_issue, sync_receipt,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

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
    let commands: Vec<&dyn Command> = order
        .iter()
        .map(|index| &pushed[*index] as &dyn Command)
        .collect();
    let answers = door::execute(state, viewer, &commands).await?;

    let mut outcomes: HashMap<usize, Outcome> = HashMap::new();
    for (index, answer) in order.into_iter().zip(answers) {
        let outcome = match answer {
            Ok(Done {
                push: Some(outcome), ..
            }) => outcome,
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

/// How many changes of one row that is not there yet may wait: each is judged together with those before it.
const MOST_IN_LINE: usize = 200;

/// What waits already of a row that is pushed.
#[derive(Default)]
struct Ahead {
    /// When the last of it came.
    came: Option<DateTime<Utc>>,
    /// What the last of it waits for; none if the row is there, so that whatever comes now is judged by that.
    waits_for: Option<Uuid>,
    /// How many they are.
    count: usize,
    /// Those that can be read, oldest first.
    rows: Vec<PushRow>,
    /// The fields of the row as it would be with all of these and the new one; none where one of them takes it back.
    together: Option<Document>,
}

/// A pushed row as a command.
#[derive(Clone)]
struct Pushed {
    row: PushRow,
    account: AccountId,
    /// It waited before; its receipt says DEFERRED.
    again: bool,
    /// The database did not take it: only keep it.
    refuse: Option<Refused>,
    write: Option<Write>,
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
            row,
            account,
            again,
            refuse: None,
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
        // Keyed: with a plain digest, whoever reads the database could try out all phone numbers.
        facts
            .keys
            .mac(Purpose::Quarantine, &[b"receipt", &self.row.raw])
            .to_vec()
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

    fn receipt(&self, facts: &Facts<'_>, outcome: &Outcome) -> Option<sync_receipt::Model> {
        let errors: Vec<Value> = outcome
            .errors
            .iter()
            .map(|refused| json!({"code": refused.code.name(), "field": refused.field}))
            .collect();
        Some(sync_receipt::Model {
            account_id: self.account,
            mutation_id: self.row.mutation_id.clone(),
            hash: self.hash(facts),
            collection: self
                .row
                .collection
                .clone()
                .filter(|name| registry::collection(name).is_some())
                .unwrap_or_default(),
            row_id: self.row.id,
            status: outcome.status.code().to_owned(),
            rev: outcome.rev,
            errors: Value::Array(errors).to_string(),
            device_id: facts.viewer.device_id()?,
            at: facts.now,
        })
    }

    fn settle(&self, facts: &Facts<'_>, mut changes: Changes, outcome: Outcome) -> Verdict {
        if let Some(receipt) = self.receipt(facts, &outcome) {
            changes.put(receipt);
        }
        if self.again && outcome.status != Status::Deferred {
            waiting::end(self.account, &self.row.mutation_id, &mut changes);
        }
        Verdict {
            changes,
            done: Done {
                ids: self.row.id.into_iter().collect(),
                push: Some(outcome),
            },
        }
    }

    /// What this device was told of the row before is settled when its change of the same field is taken: so its person
    /// corrected it, or saw the others' words and insisted. Other fields prove nothing, nor does another device.
    fn resolve(&self, working: &Working, facts: &Facts<'_>, superseded: &Document, changes: &mut Changes) {
        let Some((writable, write)) = self.target() else {
            return;
        };
        let (account, device, row) = (self.account, facts.viewer.device_id(), write.id);
        let (mutation, mut taken) = (self.row.mutation_id.clone(), self.row.patch.clone());
        taken.retain(|name, _| !superseded.contains_key(name));
        // What came before and waited answers nothing that its author was told since.
        let came = waiting::came(working, self.account, &self.row.mutation_id).unwrap_or(facts.now);
        changes.and(move |working| {
            let answered = |issue: &&sync_issue::Model| {
                let field = issue.field.as_deref().filter(|field| is_written(writable, field));
                issue.status == sync_issue::OPEN
                    && issue.row_id == Some(row)
                    && (issue.account_id, Some(issue.device_id)) == (account, device)
                    && issue.mutation_id != mutation
                    && issue.at <= came
                    && field.is_none_or(|field| taken.contains_key(field))
            };
            let answered: Vec<_> = working.sync_issue.iter().filter(answered).cloned().collect();
            for issue in answered {
                working.sync_issue.put(sync_issue::Model {
                    status: sync_issue::RESOLVED.to_owned(),
                    ..issue
                });
            }
        });
    }

    /// Keeps a refused row for its author: sealed, and explained in a `syncIssue`.
    fn reject(&self, facts: &Facts<'_>, errors: Vec<Refused>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        changes.put(self.issue(facts, facts.id(), &errors)?);
        Ok(self.settle(facts, changes, rejected(errors)))
    }

    /// Other content under a name that was used before. The receipt of the first stays; what came now is kept as well,
    /// once, however often it is sent.
    fn reused(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let errors = match self.gate(working, facts, &self.ahead(working, facts)) {
            Err(by_hand) => vec![by_hand],
            Ok(()) => vec![Refused::field(Code::ReusedId, "mutationId")],
        };
        let mut changes = Changes::default();
        let id = self.id_of_reuse(facts);
        if working.sync_issue.get(id).is_none() {
            changes.put(self.issue(facts, id, &errors)?);
        }
        Ok(Verdict {
            changes,
            done: Done {
                ids: Vec::new(),
                push: Some(rejected(errors)),
            },
        })
    }

    /// Made of the row, so that it is found again.
    fn id_of_reuse(&self, facts: &Facts<'_>) -> SyncIssueId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.hash(facts)[..16]);
        SyncIssueId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    fn issue(
        &self,
        facts: &Facts<'_>,
        issue: SyncIssueId,
        errors: &[Refused],
    ) -> Result<sync_issue::Model, Refused> {
        let first = errors
            .first()
            .cloned()
            .unwrap_or(Refused::new(Code::InvalidValue));
        let by_hand = errors
            .iter()
            .any(|refused| refused.code == Code::DenunciationByHand);
        let payload = if by_hand {
            // The one thing that is not kept: who denounced is a secret that must not lie on a networked machine.
            None
        } else {
            let sealed = seal::seal_quarantined(facts.keys, facts.entropy, issue_field(issue), &self.row.raw);
            Some(sealed.map_err(|_| Refused::new(Code::Unavailable))?)
        };
        let device = facts
            .viewer
            .device_id()
            .ok_or(Refused::new(Code::Unauthenticated))?;
        Ok(sync_issue::Model {
            id: issue,
            account_id: self.account,
            device_id: device,
            collection: self
                .row
                .collection
                .clone()
                .filter(|name| registry::collection(name).is_some()),
            row_id: self.row.id,
            mutation_id: self.row.mutation_id.clone(),
            code: first.code.name().to_owned(),
            field: first.field.map(std::borrow::Cow::into_owned),
            status: sync_issue::OPEN.to_owned(),
            payload,
            at: facts.now,
            rev: 0,
        })
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

    /// What waits already of this row.
    fn ahead(&self, working: &Working, facts: &Facts<'_>) -> Ahead {
        let Some((writable, write)) = self.target() else {
            return Ahead::default();
        };
        let about = (writable.name(), write.id);
        let line = waiting::line(working, self.account, about, &self.row.mutation_id);
        let Some(last) = line.last() else {
            return Ahead::default();
        };
        let mut ahead = Ahead {
            came: Some(last.at),
            count: line.len(),
            ..Ahead::default()
        };
        if writable.current(working, facts, write.id).is_some() {
            return ahead;
        }
        ahead.waits_for = Some(last.waits_for);
        ahead.rows = waiting::opened(facts, &line);
        let rows = || ahead.rows.iter().chain([&self.row]);
        if !rows().any(|row| row.delete) {
            let mut together = Document::new();
            for row in rows() {
                together.extend(told(row));
            }
            together.retain(|name, value| !value.is_null() && is_written(writable, name));
            ahead.together = Some(together);
        }
        ahead
    }

    /// Ends the waiting of a row that was taken together with a later one; words of it that the later one wrote over are
    /// kept.
    fn take_over(
        &self,
        facts: &Facts<'_>,
        writable: &dyn Writable,
        earlier: &PushRow,
        taken: &Document,
        changes: &mut Changes,
    ) -> Result<(), Refused> {
        let mut lost = told(earlier);
        lost.retain(|name, value| {
            !value.is_null() && writable.fields().contains(&name.as_str()) && taken.get(name) != Some(&*value)
        });
        let (account, mutation) = (self.account, earlier.mutation_id.clone());
        Self::new(earlier.clone(), account, true).keep_lost(facts, writable, &lost, changes)?;
        waiting::end(account, &mutation, changes);
        changes.and(move |working| {
            let is_its = |receipt: &&sync_receipt::Model| {
                receipt.account_id == account && receipt.mutation_id == mutation
            };
            let receipt = working.sync_receipt.iter().find(is_its).cloned();
            if let Some(receipt) = receipt {
                working.sync_receipt.put(sync_receipt::Model {
                    status: Status::Applied.code().to_owned(),
                    rev: Some(1),
                    ..receipt
                });
            }
        });
        Ok(())
    }

    /// Lets it wait for that, behind what waits of the same row.
    fn defer(&self, facts: &Facts<'_>, waits_for: Uuid, ahead: &Ahead) -> Result<Verdict, Refused> {
        let outcome = Outcome {
            status: Status::Deferred,
            rev: None,
            master: None,
            errors: Vec::new(),
        };
        if self.again {
            return Ok(Verdict {
                changes: Changes::default(),
                done: Done {
                    ids: Vec::new(),
                    push: Some(outcome),
                },
            });
        }
        let sealed = seal::seal_quarantined(
            facts.keys,
            facts.entropy,
            waiting::field(waits_for),
            &self.row.raw,
        )
        .map_err(|_| Refused::new(Code::Unavailable))?;
        let mut changes = Changes::default();
        changes.put(sync_deferred::Model {
            account_id: self.account,
            mutation_id: self.row.mutation_id.clone(),
            waits_for,
            device_id: facts
                .viewer
                .device_id()
                .ok_or(Refused::new(Code::Unauthenticated))?,
            payload: sealed,
            at: waiting::next_moment(facts.now, ahead.came),
            issue_id: None,
        });
        Ok(self.settle(facts, changes, outcome))
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
            rev: receipt.rev,
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
            .any(|receipt| self.is_of(receipt) && receipt.hash != self.hash(facts))
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
            Some(receipt) if receipt.hash != self.hash(facts) => return self.reused(working, facts),
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

    /// Judges by what is there. `first` is what became of the very same row before, if it came before.
    fn judge_new(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        first: Option<Status>,
    ) -> Result<Verdict, Refused> {
        let verdict = self.judge_words(working, facts, first)?;
        let outcome = verdict.done.push.as_ref().map(|outcome| outcome.status);
        let Some((writable, write)) = self.target().filter(|(writable, _)| {
            self.is_offered_as_taken_back(*writable)
                && !matches!(outcome, Some(Status::Rejected | Status::Deferred))
        }) else {
            return Ok(verdict);
        };
        // The row as these words leave it: judged twice, for changes are done once.
        let mut after = working.clone();
        verdict.changes.apply(&mut after);
        let mut verdict = self.judge_words(working, facts, first)?;
        if writable.current(&after, facts, write.id).is_none() || self.is_taken_back(writable, &after, facts)
        {
            return Ok(verdict);
        }
        let back = Write {
            id: write.id,
            fields: Document::new(),
            delete: true,
            recorded_at: write.recorded_at,
        };
        match writable.write(&after, facts, &back) {
            Ok(Written { changes, .. }) => {
                verdict.changes.append(changes);
                Ok(verdict)
            }
            // Somebody worked with it meanwhile: its words are not applied either, and its author is told.
            Err(Stop::Refused(errors)) => self.reject(facts, errors),
            Err(Stop::Deferred(waits_for)) => self.defer(facts, waits_for, &self.ahead(working, facts)),
        }
    }

    /// Whether a client that sends whole documents (RxDB) offers this one anew, as its author had taken it back. That it
    /// was taken back it can only have from a server, whose version it has too: one that stood before an older copy was
    /// put back. Such a client cannot send the deletion once more; so the document says it.
    fn is_offered_as_taken_back(&self, writable: &dyn Writable) -> bool {
        let Known::State {
            assumed: None,
            document,
        } = &self.row.known
        else {
            return false;
        };
        let told = |name: &str| document.get(name).and_then(Value::as_str);
        !self.row.delete
            && told("rev").is_some()
            && told("status").is_some_and(|status| Some(status) == writable.taken_back())
    }

    /// Whether the row stands there as taken back by its author, who sends this.
    fn is_taken_back(&self, writable: &dyn Writable, working: &Working, facts: &Facts<'_>) -> bool {
        let (Some(status), Some(id)) = (writable.taken_back(), self.row.id) else {
            return false;
        };
        writable.current(working, facts, id).is_some()
            && self
                .master(working, facts)
                .is_some_and(|row| row["status"].as_str() == Some(status))
    }

    /// Judges the words of a row, or its deletion.
    fn judge_words(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        first: Option<Status>,
    ) -> Result<Verdict, Refused> {
        if let Some(refused) = &self.refuse {
            return self.reject(facts, vec![refused.clone()]);
        }
        let name = self.row.collection.as_deref().unwrap_or_default();
        let ahead = self.ahead(working, facts);
        if let Err(by_hand) = self.gate(working, facts, &ahead) {
            // A name that a client made up may be somebody's.
            let told = |mistake: &&Refused| mistake.code != Code::UnknownField;
            let errors = std::iter::once(by_hand).chain(self.row.mistakes.iter().filter(told).cloned());
            let mut verdict = self.reject(facts, errors.collect())?;
            if let Some(writable) = registry::writable(name) {
                let said = self.row.said(writable.read_only());
                verdict.changes.append(writable.disown(working, facts, &said));
            }
            return Ok(verdict);
        }
        if !self.row.mistakes.is_empty() {
            return self.reject(facts, self.row.mistakes.clone());
        }
        if facts.viewer.is_wiping() {
            // Kept for its author, who finds it on his next device.
            return self.reject(facts, vec![Refused::new(Code::DeviceRevoked)]);
        }
        let Some((writable, write)) = self.target() else {
            let refused = match registry::collection(name) {
                Some(_) => Refused::field(Code::ReadOnly, "collection"),
                None => Refused::field(Code::UnknownCode, "collection"),
            };
            return self.reject(facts, vec![refused]);
        };

        // A row of somebody else's that is told back as it stands, by a client that does not know any more what it was told.
        if !self.again
            && matches!(self.row.known, Known::State { .. })
            && writable.current(working, facts, write.id).is_none()
            && let Some(Value::Object(master)) = self.master(working, facts)
            && self.row.stands_in(&master)
        {
            return Ok(self.nothing_to_do());
        }
        if let Err(mistakes) = self.check_fields(writable, facts) {
            return self.reject(facts, mistakes);
        }
        let mut write = write.clone();
        write.fields.retain(|name, _| is_written(writable, name));

        if write.delete
            && (matches!(first, Some(Status::Applied | Status::Merged))
                || self.is_taken_back(writable, working, facts))
        {
            return Ok(self.nothing_to_do());
        }
        let mut merged = false;
        let mut superseded = Document::new();
        let current = writable.current(working, facts, write.id);
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
                apply,
                conflicts,
                superseded: late,
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
            superseded.extend(shown.into_iter().filter(|(name, _)| late.contains(name)));
            merged = others || !superseded.is_empty();
            write.fields = apply;
            if !matches!(first, Some(Status::Applied | Status::Merged)) {
                write.fields.extend(hidden);
            }
            if write.fields.is_empty() && !superseded.is_empty() {
                let mut changes = Changes::default();
                self.keep_lost(facts, writable, &superseded, &mut changes)?;
                let outcome = Outcome {
                    status: Status::Merged,
                    rev: Some(current.rev),
                    master: self.master(working, facts),
                    errors: Vec::new(),
                };
                return Ok(self.settle(facts, changes, outcome));
            }
            if write.fields.is_empty() {
                let outcome = Outcome {
                    status: Status::Duplicate,
                    rev: Some(current.rev),
                    master: None,
                    errors: Vec::new(),
                };
                if self.again {
                    return Ok(self.settle(facts, Changes::default(), outcome));
                }
                let done = Done {
                    ids: vec![write.id],
                    push: Some(outcome),
                };
                return Ok(Verdict {
                    changes: Changes::default(),
                    done,
                });
            }
        }
        if let Some(waits_for) = ahead.waits_for {
            // The row is not there because it waits: what is said of it now comes after what was said before.
            if !self.again && ahead.count >= MOST_IN_LINE {
                return self.reject(facts, vec![Refused::new(Code::LimitTooLarge)]);
            }
            let Some(together) = &ahead.together else {
                return self.defer(facts, waits_for, &ahead);
            };
            // A correction may name another parent, which is there: then nothing of it waits any longer.
            write.fields = together.clone();
            let recorded = ahead.rows.iter().find_map(|row| row.recorded_at);
            write.recorded_at = recorded.or(write.recorded_at);
        } else if let (None, Known::State { document, .. }) = (&current, &self.row.known) {
            if write.delete {
                // Gone here as well.
                if !self.again {
                    return Ok(self.nothing_to_do());
                }
                let outcome = Outcome {
                    status: Status::Duplicate,
                    rev: None,
                    master: None,
                    errors: Vec::new(),
                };
                return Ok(self.settle(facts, Changes::default(), outcome));
            }
            // A row that this server does not have (any more): all of it, not only what changed.
            write.fields = document.clone();
            write
                .fields
                .retain(|name, value| !value.is_null() && is_written(writable, name));
        }
        let rev = current.as_ref().map_or(0, |current| current.rev) + 1;
        match writable.write(working, facts, &write) {
            Ok(Written { mut changes, differs }) => {
                self.keep_lost(facts, writable, &superseded, &mut changes)?;
                if let Some(together) = &ahead.together {
                    for earlier in &ahead.rows {
                        self.take_over(facts, writable, earlier, together, &mut changes)?;
                    }
                }
                self.resolve(working, facts, &superseded, &mut changes);
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
            Err(Stop::Refused(errors)) => self.reject(facts, errors),
            Err(Stop::Deferred(waits_for)) => self.defer(facts, waits_for, &ahead),
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

/// Whether a client may write this field.
fn is_written(writable: &dyn Writable, name: &str) -> bool {
    writable.fields().contains(&name) || writable.write_only().contains(&name)
}

impl Pushed {
    /// What would change nothing leaves no trace.
    fn nothing_to_do(&self) -> Verdict {
        Verdict {
            changes: Changes::default(),
            done: Done {
                ids: self.row.id.into_iter().collect(),
                push: Some(Outcome {
                    status: Status::Duplicate,
                    rev: None,
                    master: None,
                    errors: Vec::new(),
                }),
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

    /// Words that are not taken are kept in the row's history; private ones sealed, as nothing that its author would have
    /// to answer.
    fn keep_lost(
        &self,
        facts: &Facts<'_>,
        writable: &dyn Writable,
        lost: &Document,
        changes: &mut Changes,
    ) -> Result<(), Refused> {
        let Some(row) = self.row.id.filter(|_| !lost.is_empty()) else {
            return Ok(());
        };
        if writable.is_private() {
            let overtaken: Vec<Refused> = lost
                .keys()
                .map(|field| Refused::field(Code::Conflict, field.clone()))
                .collect();
            changes.put(sync_issue::Model {
                status: sync_issue::RESOLVED.to_owned(),
                ..self.issue(facts, facts.id(), &overtaken)?
            });
            return Ok(());
        }
        let mut event = facts.event("", row, "conflict", None);
        event.kind = self.row.collection.clone().unwrap_or_default();
        event.detail = Some(json!({"lost": lost}).to_string());
        changes.happened(event);
        Ok(())
    }

    /// Somebody else changed the same field: his words stay. Ours are kept in history (but for a note), and sealed like a
    /// refused row, so that their author is told on every device of his and finds them again, contact details as well.
    fn conflict(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        writable: &dyn Writable,
        shown: &Document,
        fields: Vec<String>,
    ) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        // Of private words the sealed copy is the only one.
        if !writable.is_private() {
            self.keep_lost(facts, writable, shown, &mut changes)?;
        }
        let errors: Vec<Refused> = fields
            .into_iter()
            .map(|field| Refused::field(Code::Conflict, field))
            .collect();
        changes.put(self.issue(facts, facts.id(), &errors)?);
        let master = self.master(working, facts);
        let rev = master
            .as_ref()
            .and_then(|master| master["rev"].as_str()?.parse().ok());
        let outcome = Outcome {
            status: Status::Conflict,
            rev,
            master,
            errors,
        };
        Ok(self.settle(facts, changes, outcome))
    }
}
