//! Roles given to people, at a place and for a time. A grant is never changed: it begins and it ends.

use chrono::NaiveDate;
use entity::{
    account, agency,
    id::{AccountId, AgencyId, CouncilId, GrantId},
    role_grant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use super::rules;
use crate::{
    capability::Capability,
    error::{Code, Error, Refused},
    state::State,
    store::{
        door::{Command, Facts, Verdict},
        reference::existed,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// A role to be given: at which place, and from when to when.
#[derive(Clone, Debug)]
pub struct Grant {
    /// A role code, e.g. `office`.
    pub role: String,
    pub place: Place,
    /// Today unless said otherwise.
    pub valid_from: Option<NaiveDate>,
    /// First day without it.
    pub valid_to: Option<NaiveDate>,
}

impl Grant {
    /// A role from today on.
    pub fn new(role: &str, place: Place) -> Self {
        Self {
            role: role.to_owned(),
            place,
            valid_from: None,
            valid_to: None,
        }
    }

    /// What has to be read to give it.
    pub(super) fn needs(&self, needs: &mut Needs) {
        if let Place::Agency(agency) = self.place {
            needs_agency(agency, needs);
        }
    }

    /// Refuses a role that cannot hold there.
    pub(super) fn check(&self, facts: &Facts<'_>) -> Result<(), Refused> {
        rules::exists(facts.reference, self.place)?;
        rules::fits(facts.reference, &self.role, self.place)?;
        let from = self.valid_from.unwrap_or(facts.today);
        match self.valid_to {
            Some(to) if to <= from || to <= facts.today => Err(Refused::field(Code::OutOfRange, "validTo")),
            _ => Ok(()),
        }
    }

    /// Refuses what the viewer may not give away there.
    pub(super) fn authorize(&self, facts: &Facts<'_>) -> Result<(), Refused> {
        let may = |place| facts.viewer.may(Capability::GrantRoles, place);
        if may(Place::Everywhere) || may(self.place) {
            Ok(())
        } else {
            Err(Code::Forbidden.into())
        }
    }

    /// The row, its step of history, and what it does to an agency.
    pub(super) fn give(&self, facts: &Facts<'_>, to: AccountId, changes: &mut Changes) -> GrantId {
        let (council_id, agency_id, unit_id) = match self.place {
            Place::Everywhere => (None, None, None),
            Place::Council(id) => (Some(id), None, None),
            Place::Agency(id) => (None, Some(id), None),
            Place::Unit(id) => (None, None, Some(id)),
        };
        let row = role_grant::Model {
            id: facts.id(),
            account_id: to,
            role: self.role.clone(),
            council_id,
            agency_id,
            unit_id,
            valid_from: self.valid_from.unwrap_or(facts.today),
            valid_to: self.valid_to,
        };
        let id = row.id;
        changes.happened(event(facts, &row, "role_granted"));
        changes.put(row);
        settle(facts, agency_id, changes);
        id
    }
}

/// Gives somebody a role. Nobody gives one to himself.
pub struct GrantRole {
    pub account: AccountId,
    pub grant: Grant,
}

impl Command for GrantRole {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs_account(self.account, needs);
        self.grant.needs(needs);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let account = rules::managed(working, facts, Capability::GrantRoles, self.account)?;
        if facts.viewer.account_id() == Some(account.id) {
            return Err(Refused::field(Code::Forbidden, "accountId"));
        }
        self.grant.check(facts)?;
        self.grant.authorize(facts)?;
        let from = self.grant.valid_from.unwrap_or(facts.today);
        let held = working.role_grant.iter().find(|held| {
            let covers = held.valid_from <= from
                && held
                    .valid_to
                    .is_none_or(|end| self.grant.valid_to.is_some_and(|to| to <= end));
            held.account_id == account.id
                && held.role == self.grant.role
                && Place::of(held) == self.grant.place
                && rules::is_open(held, facts.today)
                && covers
        });
        if let Some(held) = held {
            return Ok(Verdict::about(Changes::default(), [account.id.0, held.id.0]));
        }
        let mut changes = Changes::default();
        let id = self.grant.give(facts, account.id, &mut changes);
        Ok(Verdict::about(changes, [account.id.0, id.0]))
    }
}

/// Ends a role today. The last administrator keeps his.
pub struct RevokeRole(pub GrantId);

impl Command for RevokeRole {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.role_grant.insert(self.0.0);
        needs.holders_of.extend(rules::administrative(facts.reference));
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        if let Some(grant) = working.role_grant.get(self.0) {
            needs_account(grant.account_id, needs);
            if let Some(agency) = grant.agency_id {
                needs_agency(agency, needs);
            }
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        if !facts.viewer.may_somewhere(Capability::GrantRoles) {
            return Err(Code::Forbidden.into());
        }
        let absent = Refused::field(Code::NotFound, "grantId");
        let grant = working.role_grant.get(self.0).ok_or(absent.clone())?;
        // Who gives a role at a place may take it away there, whatever else its holder holds elsewhere.
        let may = |place| facts.viewer.may(Capability::GrantRoles, place);
        if !may(Place::Everywhere) && !may(Place::of(grant)) {
            return Err(absent);
        }
        let mut changes = Changes::default();
        if rules::is_open(grant, facts.today) {
            let before = rules::administrators(working, facts, |_| false);
            let after = rules::administrators(working, facts, |other| other.id == grant.id);
            if after.is_empty() && !before.is_empty() {
                return Err(Code::LastAdministrator.into());
            }
            if grant.valid_from > facts.today {
                // It never came to hold; its history tells of it.
                let key = (grant.id.0, uuid::Uuid::nil());
                changes.and(move |working| working.role_grant.remove(key));
            } else {
                changes.put(role_grant::Model {
                    valid_to: Some(facts.today),
                    ..grant.clone()
                });
            }
            changes.happened(event(facts, grant, "role_revoked"));
            settle(facts, grant.agency_id, &mut changes);
        }
        Ok(Verdict::about(changes, [grant.account_id.0]))
    }
}

/// Has an agency say what the dates of its grants have made of it. Done twice it changes nothing.
pub struct FollowGrants(pub AgencyId);

impl Command for FollowGrants {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs_agency(self.0, needs);
    }

    fn judge(&self, _working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        settle(facts, Some(self.0), &mut changes);
        Ok(Verdict::about(changes, [self.0.0]))
    }
}

/// The agencies at which somebody was ever given a role.
pub async fn agencies_with_grants(state: &State) -> Result<Vec<AgencyId>, Error> {
    Ok(role_grant::Entity::find()
        .select_only()
        .column(role_grant::Column::AgencyId)
        .distinct()
        .filter(role_grant::Column::AgencyId.is_not_null())
        .into_tuple()
        .all(state.store.read())
        .await?)
}

/// What has to be read of an account to judge who manages it, and whose delegate its person may be.
pub(crate) fn needs_account(account: AccountId, needs: &mut Needs) {
    needs.account.insert(account.0);
    needs.grants_of.insert(account.0);
    needs.mandates_of.insert(account.0);
    needs.belonging_of.insert(account.0);
}

/// What has to be read of an agency to know whether somebody answers for it.
pub(super) fn needs_agency(agency: AgencyId, needs: &mut Needs) {
    needs.agency.insert(agency.0);
    needs.holders_at.insert(agency.0);
}

fn event(facts: &Facts<'_>, grant: &role_grant::Model, name: &str) -> entity::event::Model {
    let council: Option<CouncilId> = grant.council_id;
    let mut event = facts.event("account", grant.account_id, name, council);
    event.detail = Some(
        json!({
            "grantId": grant.id,
            "role": grant.role,
            "councilId": grant.council_id,
            "agencyId": grant.agency_id,
            "unitId": grant.unit_id,
            "validFrom": grant.valid_from,
            "validTo": grant.valid_to,
        })
        .to_string(),
    );
    event
}

/// Has an agency say whether somebody answers for it here, after everything else was done: where nobody does, the
/// office enters its answers.
pub(super) fn settle(facts: &Facts<'_>, agency: Option<AgencyId>, changes: &mut Changes) {
    let Some(id) = agency else { return };
    let answering = rules::answering(facts.reference);
    let today = facts.today;
    let mut event = facts.event("agency", id, "account_lost", None);
    changes.and(move |working| {
        let enabled = |id: AccountId| {
            let account: Option<&account::Model> = working.account.get(id);
            account.is_some_and(|account| account.disabled_at.is_none())
        };
        let has_account = working.role_grant.iter().any(|grant| {
            grant.agency_id == Some(id)
                && answering.contains(&grant.role)
                && existed(Some(grant.valid_from), grant.valid_to, today)
                && enabled(grant.account_id)
        });
        let changed = working
            .agency
            .get(id)
            .filter(|agency| agency.has_account != has_account)
            .cloned();
        if let Some(row) = changed {
            if has_account {
                "account_gained".clone_into(&mut event.event);
            }
            working.agency.put(agency::Model { has_account, ..row });
            working.events.push(event);
        }
    });
}
