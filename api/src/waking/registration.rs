//! Commands of a device about its own waking.

use std::collections::BTreeMap;

use entity::{id::DeviceId, waking};
use uuid::Uuid;

use super::due;
use crate::{
    error::{Code, Refused},
    keys::Keys,
    seal,
    store::{
        door::{Command, Facts, Verdict},
        table::Row,
        working::{Changes, Needs, Working},
    },
};

/// Where a device's address is sealed.
fn field(device: DeviceId) -> seal::Field {
    seal::Field {
        table: "waking",
        column: "address",
        row_id: device.0,
    }
}

/// The address of a registration.
pub(super) fn address(keys: &Keys, row: &waking::Model) -> Option<String> {
    let plain = seal::open(keys, field(row.device_id), &row.address).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

/// Has a device woken at this address, and nowhere else.
pub(super) struct RegisterPush {
    pub(super) device: DeviceId,
    pub(super) road: waking::Road,
    /// As [`super::rules::address`] made it.
    pub(super) address: String,
    /// Where the clocks stand: what was before is read by the device's own next pull.
    pub(super) position: BTreeMap<i64, i64>,
}

impl Command for RegisterPush {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.waking.insert(self.device.0);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        let known = working.waking.get(self.device);
        let is_known = known.is_some_and(|row| {
            row.road == self.road && address(facts.keys, row).as_ref() == Some(&self.address)
        });
        // Apps register at every start; the same again is no change.
        if !is_known {
            let sealed = seal::seal(
                facts.keys,
                facts.entropy,
                field(self.device),
                self.address.as_bytes(),
            );
            changes.put(waking::Model {
                device_id: self.device,
                road: self.road,
                address: sealed.map_err(|_| Refused::new(Code::Unavailable))?,
                position: due::stored(&self.position),
                not_before: facts.now,
                attempts: 0,
                registered_at: facts.now,
            });
        }
        Ok(Verdict::about(changes, [Uuid::from(self.device)]))
    }
}

/// Lets a device sleep.
pub(super) struct UnregisterPush(pub(super) DeviceId);

impl Command for UnregisterPush {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.waking.insert(self.0.0);
    }

    fn judge(&self, working: &Working, _facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let mut changes = Changes::default();
        if let Some(row) = working.waking.get(self.0) {
            let key = row.key();
            changes.and(move |working| working.waking.remove(key));
        }
        Ok(Verdict::about(changes, []))
    }
}
