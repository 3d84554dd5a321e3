//! Delegates (đại biểu Hội đồng nhân dân). One row is one mandate: one person in one council, elected in one or more
//! units. Who holds two mandates has two rows and one account. Names of delegates are public facts; why a mandate
//! ended is the council's own.

pub mod graphql;
mod rules;

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    constituency,
    delegate::Model,
    event::{MANDATE_LINKED, MANDATE_UNLINKED},
    id::{DelegateId, UnitId},
};
use serde_json::json;
use uuid::Uuid;

pub use rules::{Amendment, Draft};

use crate::{
    accounts::{delegated, grants::needs_account},
    councils::kept,
    error::{Code, Refused},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, flag, text},
        door::{Command, Facts, Verdict},
        partition::{Audience, Partition},
        reference::Reference,
        working::{Changes, Needs, Working},
    },
};

/// The collection `delegate`.
pub struct DelegateCollection;

impl Collection for DelegateCollection {
    fn name(&self) -> &'static str {
        "delegate"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.delegate.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.delegate.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let row = working.delegate.get(id);
        row.map(|_| Partition::Shared).into_iter().collect()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.delegate.get(id) else {
            return document.done();
        };
        document
            .set("name", &row.name)
            .set("councilId", row.council_id)
            .set("groupId", row.group_id)
            .set("fullTime", row.full_time)
            .ids("unitIds", working.constituency.of(id).map(|link| link.unit_id.0))
            .set("validFrom", row.valid_from)
            .set("validTo", row.valid_to)
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("name", "Full name."),
                text("councilId", "The council."),
                text("groupId", "The group of delegates (tổ đại biểu)."),
                flag(
                    "fullTime",
                    "Whether this is the delegate's profession (chuyên trách).",
                ),
                text(
                    "unitIds",
                    "Where elected (đơn vị bầu cử): ids separated by spaces.",
                ),
                text("validFrom", "First day of the mandate, `YYYY-MM-DD`."),
                text("validTo", "First day on which it is not held."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.delegate.insert(id);
    }
}

/// Enters a mandate.
pub struct Create(pub Draft);

impl Command for Create {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.council.insert(self.0.council.0);
        needs.delegate_group.extend(self.0.group.map(|id| id.0));
        needs.delegate.extend(self.0.id.map(|id| id.0));
        if let Some(account) = self.0.account {
            needs_account(account, needs);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let council = kept(working, facts, self.0.council)?;
        let id = self.0.id.unwrap_or_else(|| facts.id());
        let row = rules::create(id, &self.0, council)?;
        let before = working.delegate.get(id);
        check(working, facts, council, before, &row, &self.0.units)?;
        let mut changes = Changes::default();
        match before {
            Some(before)
                if Model {
                    rev: before.rev,
                    ..row.clone()
                } == *before =>
            {
                let mut units = self.0.units.clone();
                units.sort_unstable();
                units.dedup();
                if !working.constituency.of(id).map(|link| link.unit_id).eq(units) {
                    return Err(Refused::field(Code::Taken, "id"));
                }
            }
            Some(_) => return Err(Refused::field(Code::Taken, "id")),
            None => {
                changes.happened(facts.event("delegate", id, "created", Some(council.id)));
                linked(facts, &mut changes, None, &row);
                for unit in &self.0.units {
                    changes.put(constituency::Model {
                        delegate_id: id,
                        unit_id: *unit,
                    });
                }
                changes.put(row);
            }
        }
        Ok(Verdict::about(changes, [id.0]))
    }
}

/// What a mandate refers to: its group, its account, its constituency. An account that it has already is not asked about
/// again.
fn check(
    working: &Working,
    facts: &Facts<'_>,
    council: &entity::council::Model,
    before: Option<&Model>,
    row: &Model,
    units: &[UnitId],
) -> Result<(), Refused> {
    if let Some(group) = row.group_id {
        working
            .delegate_group
            .get(group)
            .filter(|group| group.council_id == council.id)
            .ok_or(Refused::field(Code::NotFound, "groupId"))?;
    }
    let whose = |row: &Model| (row.council_id, row.account_id);
    let is_linked = before.is_some_and(|before| whose(before) == whose(row));
    if let Some(account) = row.account_id.filter(|_| !is_linked) {
        delegated(working, facts, council, account)?;
        rules::one_seat(row, working.delegate.iter())?;
    }
    for (place, unit) in units.iter().enumerate() {
        let refused = |code| Refused::entry(code, "unitIds", place, units.len());
        let unit = facts.reference.units.get(*unit);
        let unit = unit.ok_or_else(|| refused(Code::NotFound))?;
        rules::constituency(unit, row).map_err(|told| refused(told.code))?;
        if !facts.reference.units.covers(council.unit_id, unit.id) {
            return Err(refused(Code::OutOfRange));
        }
    }
    Ok(())
}

/// Tells the history of accounts that a mandate is theirs from now on, or no longer.
fn linked(facts: &Facts<'_>, changes: &mut Changes, before: Option<&Model>, row: &Model) {
    let was = before.and_then(|before| before.account_id);
    if was == row.account_id {
        return;
    }
    for (account, happened) in [(was, MANDATE_UNLINKED), (row.account_id, MANDATE_LINKED)] {
        let Some(account) = account else { continue };
        let mut event = facts.event("account", account, happened, Some(row.council_id));
        event.detail = Some(json!({"delegateId": row.id}).to_string());
        changes.happened(event);
    }
}

/// Whether a mandate is the viewer's own: nobody decides whose it is, where and with whom it holds, and until when, for
/// himself.
fn is_own(facts: &Facts<'_>, row: &Model) -> bool {
    row.account_id.is_some() && row.account_id == facts.viewer.account_id()
}

/// Changes what a mandate says, but not whose and when it is.
pub struct Update {
    pub delegate: DelegateId,
    pub amendment: Amendment,
    /// The new constituency, if it is to be another.
    pub units: Option<Vec<UnitId>>,
}

impl Command for Update {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.delegate.insert(self.delegate.0);
        needs
            .delegate_group
            .extend(self.amendment.group.flatten().map(|id| id.0));
        if let Some(account) = self.amendment.account.flatten() {
            needs_account(account, needs);
        }
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        if let Some(row) = working.delegate.get(self.delegate) {
            needs.council.insert(row.council_id.0);
            needs.delegate_group.extend(row.group_id.map(|id| id.0));
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = known(working, self.delegate)?;
        let council = kept(working, facts, before.council_id)?;
        let row = rules::amend(before, &self.amendment)?;
        check(
            working,
            facts,
            council,
            Some(before),
            &row,
            self.units.as_deref().unwrap_or_default(),
        )?;
        let id = row.id;
        let was: Vec<UnitId> = working.constituency.of(id).map(|link| link.unit_id).collect();
        let mut units = self.units.clone().unwrap_or_else(|| was.clone());
        units.sort_unstable();
        units.dedup();
        let gives_rights =
            (row.account_id, row.group_id) != (before.account_id, before.group_id) || units != was;
        if gives_rights && is_own(facts, before) {
            return Err(Refused::field(Code::Forbidden, "delegateId"));
        }
        let mut changes = Changes::default();
        if row != *before || units != was {
            let mut event = facts.event("delegate", id, "updated", Some(council.id));
            let old = json!({"name": before.name, "groupId": before.group_id, "fullTime": before.full_time,
                "accountId": before.account_id, "unitIds": was});
            event.detail = Some(json!({ "before": old }).to_string());
            changes.happened(event);
            linked(facts, &mut changes, Some(before), &row);
            changes.put(row);
        }
        if units != was {
            changes.and(move |working| {
                working.constituency.clear(id);
                for unit in units {
                    working.constituency.put(constituency::Model {
                        delegate_id: id,
                        unit_id: unit,
                    });
                }
                working.delegate.touch(id);
            });
        }
        Ok(Verdict::about(changes, [id.0]))
    }
}

/// Ends a mandate (chấm dứt tư cách đại biểu, cho thôi làm nhiệm vụ). What was recorded under it stays, and may still
/// be uploaded.
pub struct End {
    pub delegate: DelegateId,
    /// First day without the mandate.
    pub on: NaiveDate,
    pub reason: String,
}

impl Command for End {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.delegate.insert(self.delegate.0);
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        let row = working.delegate.get(self.delegate);
        needs.council.extend(row.map(|row| row.council_id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = known(working, self.delegate)?;
        let council = kept(working, facts, before.council_id)?;
        let row = rules::end(before, council, self.on, &self.reason)?;
        let mut changes = Changes::default();
        if row != *before {
            if is_own(facts, before) {
                return Err(Refused::field(Code::Forbidden, "delegateId"));
            }
            let mut event = facts.event("delegate", row.id, "ended", Some(council.id));
            event.basis = row.end_reason.clone();
            changes.happened(event);
            changes.put(row);
        }
        Ok(Verdict::about(changes, [self.delegate.0]))
    }
}

fn known(working: &Working, id: DelegateId) -> Result<&Model, Refused> {
    working
        .delegate
        .get(id)
        .ok_or(Refused::field(Code::NotFound, "delegateId"))
}
