//! Agencies (cơ quan, tổ chức có thẩm quyền giải quyết): the bodies to which petitions are forwarded, with or
//! without an account. Versioned like units, because departments are merged and renamed; what a body still owes
//! when it is abolished passes to its named successor.

pub mod graphql;
mod rules;

use chrono::{DateTime, Utc};
use entity::id::{AgencyId, UnitId};
use serde_json::json;
use uuid::Uuid;

pub use rules::{Amendment, Draft};

use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, flag, text},
        door::{Command, Facts, Verdict},
        partition::{Audience, Partition},
        reference::Reference,
        working::{Changes, Needs, Working},
    },
    viewer::{Place, Viewer},
};

/// The collection `agency`.
pub struct AgencyCollection;

impl Collection for AgencyCollection {
    fn name(&self) -> &'static str {
        "agency"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.agency.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.agency.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let row = working.agency.get(id);
        row.map(|_| Partition::Shared).into_iter().collect()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.agency.get(id) else {
            return document.done();
        };
        document
            .set("name", &row.name)
            .set("kind", &row.kind)
            .set("unitId", row.unit_id)
            .set("officialCode", &row.official_code)
            .set("hotline", &row.hotline)
            .set("email", &row.email)
            .set("hasAccount", row.has_account)
            .set("successorId", row.successor_id)
            .set("validFrom", row.valid_from)
            .set("validTo", row.valid_to)
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("name", "Its name."),
                text("kind", "Kind of body, a code."),
                text("unitId", "Where it is."),
                text(
                    "officialCode",
                    "Its identifier in official correspondence (mã định danh).",
                ),
                text("hotline", "The telephone number that it publishes."),
                text("email", "The e-mail address that it publishes."),
                flag("hasAccount", "Whether it answers here by itself."),
                text("successorId", "The body that took over."),
                text("validFrom", "First day, `YYYY-MM-DD`."),
                text("validTo", "First day on which it is no more."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.agency.insert(id);
    }
}

/// Whether somebody keeps the agencies of a unit: everywhere, in that unit, or at a council in whose unit it lies.
fn may_manage(viewer: &Viewer, reference: &Reference, unit: UnitId) -> bool {
    let at_council = viewer
        .places(Capability::ManageAgencies)
        .filter_map(|place| match place {
            Place::Council(council) => reference.council(council),
            _ => None,
        })
        .any(|council| reference.units.covers_of_any_time(council.unit_id, unit));
    at_council || viewer.may_in_unit(Capability::ManageAgencies, unit, reference)
}

/// Enters an agency.
pub struct Create(pub Draft);

impl Command for Create {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.agencies_of.insert(self.0.unit.0);
        needs.agency.extend(self.0.id.map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let unit = facts.reference.units.get(self.0.unit);
        let unit = unit.ok_or(Refused::field(Code::NotFound, "unitId"))?;
        if !may_manage(facts.viewer, facts.reference, unit.id) {
            return Err(Code::Forbidden.into());
        }
        let id = self.0.id.unwrap_or_else(|| facts.id());
        let row = rules::create(id, &self.0, unit, working.agency.iter())?;
        let mut changes = Changes::default();
        match working.agency.get(id) {
            Some(before) if rules::is_same(before, &row) => {}
            Some(_) => return Err(Refused::field(Code::Taken, "id")),
            None => {
                changes.happened(facts.event("agency", id, "created", None));
                changes.put(row);
            }
        }
        Ok(Verdict::about(changes, [id.0]))
    }
}

/// Changes an agency: its code, its end, its successor.
pub struct Update {
    pub agency: AgencyId,
    pub amendment: Amendment,
}

impl Command for Update {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.agency.insert(self.agency.0);
        needs
            .agency
            .extend(self.amendment.successor.flatten().map(|id| id.0));
        let unit = facts.reference.agency(self.agency).map(|agency| agency.unit_id.0);
        needs.agencies_of.extend(unit);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = working.agency.get(self.agency);
        let before = before.ok_or(Refused::field(Code::NotFound, "agencyId"))?;
        if !may_manage(facts.viewer, facts.reference, before.unit_id) {
            return Err(Code::Forbidden.into());
        }
        let agency = |id| working.agency.get(id).or_else(|| facts.reference.agency(id));
        let row = rules::amend(before, &self.amendment, working.agency.iter(), agency)?;
        let mut changes = Changes::default();
        if row != *before {
            let mut event = facts.event("agency", row.id, "updated", None);
            let old = json!({"name": before.name, "officialCode": before.official_code,
                "hotline": before.hotline, "email": before.email,
                "successorId": before.successor_id, "validTo": before.valid_to});
            event.detail = Some(json!({ "before": old }).to_string());
            changes.happened(event);
            changes.put(row);
        }
        Ok(Verdict::about(changes, [self.agency.0]))
    }
}
