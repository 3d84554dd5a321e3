//! Devices: one row for each phone or browser that signed in. A revoked one never comes back.

use entity::{
    account, device,
    id::{AccountId, DeviceId},
};
use serde_json::json;

use super::{grants, rules};
use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        door::{Command, Facts, Verdict},
        working::{Changes, Needs, Working},
    },
};

/// Opens a device for an account whose password was found right.
pub struct SignIn {
    pub account: AccountId,
    /// The stored password that was compared; it must still be that when the device is opened.
    pub password_hash: String,
    /// The device as it was opened before; its checkpoints and unsent rows stay its own.
    pub device: Option<DeviceId>,
    pub name: String,
}

impl Command for SignIn {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.account.insert(self.account.0);
        needs.device.extend(self.device.map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let account: &account::Model = working
            .account
            .get(self.account)
            .filter(|account| account.disabled_at.is_none() && account.password_hash == self.password_hash)
            .ok_or(Code::LoginFailed)?;
        let known = self
            .device
            .and_then(|id| working.device.get(id))
            .filter(|device| device.account_id == account.id && device.revoked_at.is_none());
        let device = match known {
            Some(device) => device::Model {
                name: self.name.clone(),
                seen_at: facts.now,
                ..device.clone()
            },
            None => device::Model {
                id: facts.id(),
                account_id: account.id,
                name: self.name.clone(),
                created_at: facts.now,
                seen_at: facts.now,
                revoked_at: None,
                stolen: false,
            },
        };
        let mut event = facts.event("device", device.id, "signed_in", None);
        event.actor_id = Some(account.id);
        event.device_id = Some(device.id);
        let id = device.id.0;
        let mut changes = Changes::default();
        changes.put(device);
        changes.happened(event);
        Ok(Verdict::about(changes, [id]))
    }
}

/// Why a device is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its holder signs out on it.
    SignedOut,
    /// Its owner or an administrator gives it up.
    GivenUp {
        /// Not even its unsent rows may be taken.
        stolen: bool,
    },
    /// One of its refresh tokens was used twice; nobody asked for it.
    Reused,
}

/// Revokes a device: it counts at its next contact.
pub struct RevokeDevice {
    pub device: DeviceId,
    pub why: Why,
}

impl Command for RevokeDevice {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.device.insert(self.device.0);
    }

    fn needs_more(&self, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        let Some(device) = working.device.get(self.device) else {
            return;
        };
        needs.account.insert(device.account_id.0);
        if facts.viewer.may_somewhere(Capability::ManageAccounts) {
            grants::needs_account(device.account_id, needs);
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let absent = Refused::field(Code::NotFound, "deviceId");
        let device = working.device.get(self.device).ok_or(absent.clone())?;
        let own = facts.viewer.account_id() == Some(device.account_id);
        if self.why != Why::Reused && !own {
            rules::managed(working, facts, Capability::ManageAccounts, device.account_id)
                .map_err(|_| absent)?;
        }
        let (name, stolen) = match self.why {
            Why::SignedOut => ("signed_out", false),
            Why::GivenUp { stolen } => ("revoked", stolen),
            Why::Reused => ("refresh_token_reused", false),
        };
        let mut changes = Changes::default();
        // Revoked stays revoked; a device may still turn out to be stolen.
        if device.revoked_at.is_none() || (stolen && !device.stolen) {
            let mut event = facts.event("device", device.id, name, None);
            event.detail = stolen.then(|| json!({"stolen": true}).to_string());
            changes.put(device::Model {
                revoked_at: device.revoked_at.or(Some(facts.now)),
                stolen: device.stolen || stolen,
                ..device.clone()
            });
            changes.happened(event);
        }
        Ok(Verdict::about(changes, [device.id.0]))
    }
}
