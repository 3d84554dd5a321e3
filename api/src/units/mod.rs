//! Administrative units (đơn vị hành chính) as versioned facts: every change of name, kind or territory is a new
//! version, nothing is ever deleted, and a code alone names nothing.

pub mod graphql;
pub mod import;
mod load;
pub(crate) mod places;
mod rules;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use load::{ImportReport, deliver, import_lists};

use crate::store::{
    collection::{Collection, Document, DocumentWriter, Member, text},
    partition::{Audience, Partition},
    reference::Reference,
    working::{Needs, Working},
};

/// The collection `unit`.
pub struct UnitCollection;

impl Collection for UnitCollection {
    fn name(&self) -> &'static str {
        "unit"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.unit.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.unit.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        working
            .unit
            .get(id)
            .map(|_| Partition::Shared)
            .into_iter()
            .collect()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.unit.get(id) else {
            return document.done();
        };
        document
            .set("code", &row.code)
            .set("name", &row.name)
            .set("level", &row.level)
            .set("kind", &row.kind)
            .set("parentId", row.parent_id)
            .set("validFrom", row.valid_from)
            .set("validTo", row.valid_to)
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text(
                    "code",
                    "Official code (mã đơn vị); repeats across versions of a unit.",
                ),
                text("name", "Official name (tên)."),
                text("level", "`country`, `province`, `district` or `commune` (cấp)."),
                text("kind", "Kind of unit (loại), a code."),
                text("parentId", "The unit above it."),
                text("validFrom", "First day, `YYYY-MM-DD`."),
                text(
                    "validTo",
                    "First day on which it is no more; null for units of today.",
                ),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.unit.insert(id);
    }
}
