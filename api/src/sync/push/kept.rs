//! What is written down of a pushed row: its receipt, its issue, and the words of it that something newer overtook.

use entity::{id::SyncIssueId, sync_issue, sync_receipt};
use serde_json::{Value, json};

use super::{Pushed, is_written, issue_field, rejected};
use crate::{
    error::{Code, Refused},
    seal,
    store::{
        collection::Document,
        door::{Done, Facts, Verdict},
        working::{Changes, Working},
        writing::{Outcome, Status, Writable},
    },
    sync::{registry, waiting},
};

impl Pushed {
    pub(super) fn receipt(&self, facts: &Facts<'_>, outcome: &Outcome) -> Option<sync_receipt::Model> {
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

    pub(super) fn settle(&self, facts: &Facts<'_>, mut changes: Changes, outcome: Outcome) -> Verdict {
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
    pub(super) fn resolve(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        superseded: &Document,
        changes: &mut Changes,
    ) {
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
    pub(super) fn reject(&self, facts: &Facts<'_>, errors: Vec<Refused>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        changes.put(self.issue(facts, facts.id(), &errors)?);
        Ok(self.settle(facts, changes, rejected(errors)))
    }

    /// Refuses a row for what it says. Where anything in it is the word for a denunciation, nothing of it is kept.
    pub(super) fn refuse_words(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        errors: Vec<Refused>,
    ) -> Result<Verdict, Refused> {
        if !self.row.calls_itself_denunciation() {
            return self.reject(facts, errors);
        }
        self.refuse_denunciation(working, facts, Refused::new(Code::DenunciationByHand), &errors)
    }

    /// Refuses a row of which nothing may be kept, nor what its author sent for it alone.
    pub(super) fn refuse_denunciation(
        &self,
        working: &Working,
        facts: &Facts<'_>,
        by_hand: Refused,
        mistakes: &[Refused],
    ) -> Result<Verdict, Refused> {
        // A name that a client made up may be somebody's.
        let told = |mistake: &&Refused| mistake.code != Code::UnknownField;
        let errors = std::iter::once(by_hand).chain(mistakes.iter().filter(told).cloned());
        let mut verdict = self.reject(facts, errors.collect())?;
        let name = self.row.collection.as_deref().unwrap_or_default();
        if let Some(writable) = registry::writable(name) {
            let said = self.row.said(writable.read_only());
            verdict.changes.append(writable.disown(working, facts, &said));
        }
        Ok(verdict)
    }

    /// Other content under a name that was used before. The receipt of the first stays; what came now is kept as well,
    /// once, however often it is sent.
    pub(super) fn reused(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let errors = match self.gate(working, facts, &self.ahead(working, facts)) {
            Err(by_hand) => vec![by_hand],
            Ok(()) if self.row.calls_itself_denunciation() => vec![Refused::new(Code::DenunciationByHand)],
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
    pub(super) fn id_of_reuse(&self, facts: &Facts<'_>) -> SyncIssueId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.hash(facts)[..16]);
        SyncIssueId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    pub(super) fn issue(
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

    /// Words that are not taken are kept in the row's history; private ones sealed, as nothing that its author would have
    /// to answer.
    pub(super) fn keep_lost(
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
    pub(super) fn conflict(
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
