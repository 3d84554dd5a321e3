//! Accounts: made, renamed, disabled and enabled again by administrators; passwords set.

use std::fmt;

use entity::{account, id::AccountId};
use serde_json::{Map, json};

use super::{
    grants::{self, Grant},
    password, rules,
    session::one,
};
use crate::{
    capability::Capability,
    error::{Code, Lang, Refused, Result},
    state::State,
    store::{
        door::{Command, Facts, Verdict},
        partition::Partition,
        reference::{NATIONAL, Reference},
        working::{Changes, Needs, Working},
    },
    viewer::{Place, Viewer},
};

/// On whose word something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The viewer's, by his rights.
    Viewer,
    /// Of whoever runs commands on the machine: he holds database and keys anyway.
    Operator,
}

/// Makes an account.
pub struct CreateAccount {
    /// In its stored form; see [`CreateAccount::checked`].
    username: String,
    name: String,
    password_hash: String,
    place: Place,
    role: Option<String>,
    authority: Authority,
}

/// An account to be made, as it was asked for.
pub struct NewAccount<'a> {
    pub username: &'a str,
    /// Shown name; the user name where there is none.
    pub name: Option<&'a str>,
    pub password: &'a str,
    /// Where it belongs. Fixes for ever in which province's clock its own rows are counted.
    pub place: Place,
    /// A role that it is given at once, at its place.
    pub role: Option<&'a str>,
}

/// Nobody prints a password by accident.
impl fmt::Debug for NewAccount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccount").finish_non_exhaustive()
    }
}

impl CreateAccount {
    /// Checks what was asked for and hashes the password, outside of any transaction.
    pub async fn checked(
        state: &State,
        new: NewAccount<'_>,
        authority: Authority,
    ) -> Result<Result<Self, Refused>> {
        let check = || {
            let username = rules::username(new.username)?;
            let name = match new.name {
                Some(name) => rules::line(name, "name", rules::MOST_NAME)?,
                None => username.clone(),
            };
            let password = password::Password::choose(new.password, &username)?;
            Ok((username, name, password))
        };
        let (username, name, password) = match check() {
            Ok(checked) => checked,
            Err(refused) => return Ok(Err(refused)),
        };
        let password_hash = state.passwords.hash(password, state.entropy.as_ref()).await?;
        Ok(Ok(Self {
            username,
            name,
            password_hash,
            place: new.place,
            role: new.role.map(str::to_owned),
            authority,
        }))
    }

    fn grant(&self) -> Option<Grant> {
        self.role.as_deref().map(|role| Grant::new(role, self.place))
    }

    /// The installation's administrator makes any account; a council's only one that holds something at his
    /// council from the first moment, since it is by this that it is his to manage.
    fn authorize(&self, facts: &Facts<'_>) -> Result<(), Refused> {
        let may = |place| facts.viewer.may(Capability::ManageAccounts, place);
        if self.authority == Authority::Operator || may(Place::Everywhere) {
            return Ok(());
        }
        if !facts.viewer.may_somewhere(Capability::ManageAccounts) {
            return Err(Code::Forbidden.into());
        }
        match (self.place, &self.role) {
            (Place::Everywhere, _) => Err(Refused::field(Code::Required, "councilId")),
            (place, _) if !may(place) => Err(Code::Forbidden.into()),
            (_, None) => Err(Refused::field(Code::Required, "role")),
            _ => Ok(()),
        }
    }
}

impl Command for CreateAccount {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.username.insert(self.username.clone());
        if let Some(grant) = self.grant() {
            grant.needs(needs);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        self.authorize(facts)?;
        rules::exists(facts.reference, self.place)?;
        let grant = self.grant();
        if let Some(grant) = &grant {
            grant.check(facts)?;
            if self.authority == Authority::Viewer {
                grant.authorize(facts)?;
            }
        }
        taken(working, &self.username, None)?;
        let row = account::Model {
            id: facts.id(),
            username: self.username.clone(),
            name: self.name.clone(),
            password_hash: self.password_hash.clone(),
            clock: clock(facts.reference, self.place),
            disabled_at: None,
            created_at: facts.now,
            rev: 1,
        };
        let id = row.id;
        let council = match self.place {
            Place::Council(council) => Some(council),
            _ => None,
        };
        let mut changes = Changes::default();
        changes.put(row);
        changes.happened(facts.event("account", id, "created", council));
        if let Some(grant) = grant {
            grant.give(facts, id, &mut changes);
        }
        Ok(Verdict::about(changes, [id.0]))
    }
}

fn taken(working: &Working, username: &str, but: Option<AccountId>) -> Result<(), Refused> {
    let taken = working
        .account
        .iter()
        .any(|account| account.username == username && Some(account.id) != but);
    if taken {
        Err(Refused::field(Code::Taken, "username"))
    } else {
        Ok(())
    }
}

fn clock(reference: &Reference, place: Place) -> String {
    match place {
        Place::Everywhere => NATIONAL.to_owned(),
        Place::Council(id) => reference.clock_of(Partition::Council(id)),
        Place::Agency(id) => reference.clock_of(Partition::Agency(id)),
        Place::Unit(id) => reference.clock_of(Partition::Place(id)),
    }
}

/// Renames an account.
pub struct UpdateAccount {
    pub account: AccountId,
    username: Option<String>,
    name: Option<String>,
}

impl UpdateAccount {
    /// Checks the new names.
    pub fn checked(account: AccountId, username: Option<&str>, name: Option<&str>) -> Result<Self, Refused> {
        Ok(Self {
            account,
            username: username.map(rules::username).transpose()?,
            name: name
                .map(|name| rules::line(name, "name", rules::MOST_NAME))
                .transpose()?,
        })
    }
}

impl Command for UpdateAccount {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        grants::needs_account(self.account, needs);
        needs.username.extend(self.username.clone());
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = rules::managed(working, facts, Capability::ManageAccounts, self.account)?;
        let mut row = before.clone();
        let mut old = Map::new();
        if let Some(username) = self.username.as_ref().filter(|new| **new != before.username) {
            taken(working, username, Some(row.id))?;
            old.insert("username".to_owned(), before.username.clone().into());
            row.username.clone_from(username);
        }
        if let Some(name) = self.name.as_ref().filter(|new| **new != before.name) {
            old.insert("name".to_owned(), before.name.clone().into());
            row.name.clone_from(name);
        }
        let mut changes = Changes::default();
        if !old.is_empty() {
            let mut event = facts.event("account", row.id, "renamed", None);
            event.detail = Some(json!({"before": old}).to_string());
            row.rev += 1;
            changes.put(row);
            changes.happened(event);
        }
        Ok(Verdict::about(changes, [self.account.0]))
    }
}

/// Disables an account (it counts at the next request of each of its devices), or enables it again.
pub struct EnableAccount {
    pub account: AccountId,
    pub enabled: bool,
    /// Why, for the history.
    pub reason: Option<String>,
}

impl Command for EnableAccount {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        grants::needs_account(self.account, needs);
        needs.holders_of.extend(rules::administrative(facts.reference));
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        for agency in self.agencies(working) {
            grants::needs_agency(agency, needs);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = rules::managed(working, facts, Capability::ManageAccounts, self.account)?;
        let mut changes = Changes::default();
        if before.disabled_at.is_none() != self.enabled {
            let without = |grant: &entity::role_grant::Model| grant.account_id == self.account;
            if !self.enabled
                && rules::administrators(working, facts, |_| false).contains(&self.account)
                && rules::administrators(working, facts, without).is_empty()
            {
                return Err(Code::LastAdministrator.into());
            }
            let name = if self.enabled { "enabled" } else { "disabled" };
            let mut event = facts.event("account", self.account, name, None);
            event.basis.clone_from(&self.reason);
            changes.put(account::Model {
                disabled_at: (!self.enabled).then_some(facts.now),
                rev: before.rev + 1,
                ..before.clone()
            });
            changes.happened(event);
            for agency in self.agencies(working) {
                grants::settle(facts, Some(agency), &mut changes);
            }
        }
        Ok(Verdict::about(changes, [self.account.0]))
    }
}

impl EnableAccount {
    fn agencies(&self, working: &Working) -> std::collections::BTreeSet<entity::id::AgencyId> {
        let grants = working.role_grant.iter();
        grants
            .filter(|grant| grant.account_id == self.account)
            .filter_map(|grant| grant.agency_id)
            .collect()
    }
}

/// How a password comes to be set.
pub enum Setting {
    /// By its owner, who knew the one before; its stored form must still be this.
    Changed { from: String },
    /// By an administrator, for somebody else.
    Reset {
        /// The password itself if it could be a user name: nobody may have his own as password.
        like: Option<String>,
    },
}

/// Sets a password that was hashed before. Devices stay signed in.
pub struct SetPassword {
    pub account: AccountId,
    pub password_hash: String,
    pub setting: Setting,
}

impl SetPassword {
    /// A new password for somebody else, checked and hashed outside of any transaction.
    pub async fn reset(state: &State, account: AccountId, password: &str) -> Result<Result<Self, Refused>> {
        let chosen = match password::Password::choose(password, "") {
            Ok(chosen) => chosen,
            Err(refused) => return Ok(Err(refused)),
        };
        Ok(Ok(Self {
            account,
            password_hash: state.passwords.hash(chosen, state.entropy.as_ref()).await?,
            setting: Setting::Reset {
                like: rules::username(password).ok(),
            },
        }))
    }
}

impl Command for SetPassword {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        grants::needs_account(self.account, needs);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let own = facts.viewer.account_id() == Some(self.account);
        let (row, event) = match &self.setting {
            Setting::Changed { from } => {
                let row = working.account.get(self.account).filter(|_| own);
                let row = row.ok_or(Code::NotFound)?;
                // Somebody else set it in the meantime.
                if row.password_hash != *from {
                    return Err(Refused::field(Code::LoginFailed, "currentPassword"));
                }
                (row, "password_changed")
            }
            // One's own is changed by whoever knows it, not by whoever sits at an unlocked screen.
            Setting::Reset { .. } if own => return Err(Refused::field(Code::Forbidden, "accountId")),
            Setting::Reset { like } => {
                let row = rules::managed(working, facts, Capability::ManageAccounts, self.account)?;
                if like.as_deref() == Some(&row.username) {
                    return Err(Refused::field(Code::WeakPassword, "password"));
                }
                (row, "password_reset")
            }
        };
        let mut changes = Changes::default();
        changes.happened(facts.event("account", row.id, event, None));
        changes.put(account::Model {
            password_hash: self.password_hash.clone(),
            rev: row.rev + 1,
            ..row.clone()
        });
        Ok(Verdict::about(changes, [self.account.0]))
    }
}

/// Makes an administrator of the whole installation: the first one, or one more when no password is known any
/// longer. For the server's own console.
pub async fn create_first_account(state: &State, username: &str, password: &str) -> Result<AccountId> {
    let administrator = NewAccount {
        username,
        name: None,
        password,
        place: Place::Everywhere,
        role: Some("administrator"),
    };
    create_account(state, administrator).await
}

/// Makes an account on the operator's word.
pub async fn create_account(state: &State, new: NewAccount<'_>) -> Result<AccountId> {
    let command = CreateAccount::checked(state, new, Authority::Operator).await??;
    let done = one(state, &Viewer::anonymous(Lang::default()), &command).await??;
    let id = done.ids.first().copied().ok_or(Code::NotFound)?;
    Ok(AccountId(id))
}
