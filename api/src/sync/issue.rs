//! `syncIssue`: a pushed row that was not taken, refused or in conflict, explained to its author. What he wrote is kept
//! sealed and can be read back by him alone.

use chrono::{DateTime, Utc};
use entity::{
    id::{AccountId, SyncIssueId},
    sync_issue,
};
use uuid::Uuid;

use crate::{
    error::{Code, Lang, Refused},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text},
        door::{Command, Facts, Verdict},
        partition::{Audience, Partition},
        reference::Reference,
        working::{Changes, Needs, Working},
    },
};

/// The collection `syncIssue`.
pub struct SyncIssueCollection;

impl Collection for SyncIssueCollection {
    fn name(&self) -> &'static str {
        "syncIssue"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.sync_issue.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.sync_issue.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        working
            .sync_issue
            .get(id)
            .map(|issue| Partition::Account(issue.account_id))
            .into_iter()
            .collect()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(issue) = working.sync_issue.get(id) else {
            return document.done();
        };
        document
            .set("collection", &issue.collection)
            .set("rowCollection", &issue.collection)
            .set("rowId", issue.row_id)
            .set("mutationId", &issue.mutation_id)
            .set("code", &issue.code)
            .set(
                "message",
                Code::from_name(&issue.code).map(|code| code.message(Lang::Vi)),
            )
            .set("field", &issue.field)
            .set("status", &issue.status)
            .time("at", Some(issue.at))
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("collection", "The collection that the refused row named."),
                text(
                    "rowCollection",
                    "The same; RxDB allows no member called `collection`.",
                ),
                text("rowId", "The id that it named."),
                text("mutationId", "Its `mutationId`."),
                text("code", "Why it was refused (docs/errors.md)."),
                text("message", "The same as a sentence, in Vietnamese."),
                text("field", "The field that it is about."),
                text(
                    "status",
                    "`open`, or `resolved` once it was corrected, came after all, or was put aside.",
                ),
                text("at", "When it was refused."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.sync_issue.insert(id);
    }
}

/// Puts an issue aside: its author knows of it and sends nothing more. What he wrote stays sealed.
pub(super) struct Dismiss {
    pub(super) issue: SyncIssueId,
    pub(super) account: AccountId,
}

impl Command for Dismiss {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.sync_issue.insert(self.issue.0);
    }

    fn judge(&self, working: &Working, _facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let issue = working.sync_issue.get(self.issue);
        let issue = issue.filter(|issue| issue.account_id == self.account);
        let issue = issue.ok_or(Refused::field(Code::NotFound, "id"))?;
        let mut changes = Changes::default();
        if issue.status == sync_issue::OPEN {
            changes.put(sync_issue::Model {
                status: sync_issue::RESOLVED.to_owned(),
                ..issue.clone()
            });
        }
        Ok(Verdict::about(changes, [self.issue.0]))
    }
}
