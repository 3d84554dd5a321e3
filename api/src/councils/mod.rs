//! People's Councils (Hội đồng nhân dân) with their committees (Ban) and delegate groups (Tổ đại biểu). A council is
//! one of one unit version and one term: the next term, or the unit after a merger, has another council.

pub mod graphql;
pub mod mutations;
pub mod papers;
pub mod periods;
mod rules;

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    committee,
    council::Model,
    delegate_group,
    id::{CommitteeId, CouncilId, GroupId},
};
use serde_json::json;
use uuid::Uuid;

pub(crate) use rules::within;
pub use rules::{Draft, Part};

use crate::{
    capability::Capability,
    error::{Code, Refused},
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text, whole},
        door::{Command, Facts, Verdict},
        partition::{Audience, Partition},
        reference::Reference,
        working::{Changes, Needs, Working},
    },
    viewer::Place,
};

/// The collection `council`.
pub struct CouncilCollection;

impl Collection for CouncilCollection {
    fn name(&self) -> &'static str {
        "council"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.council.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.council.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let row = working.council.get(id);
        row.map(|_| Partition::Shared).into_iter().collect()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        let Some(row) = working.council.get(id) else {
            return document.done();
        };
        document
            .set("unitId", row.unit_id)
            .set("name", &row.name)
            .set("level", &row.level)
            .set("term", &row.term)
            .set("ordinal", row.ordinal)
            .set("validFrom", row.valid_from)
            .set("validTo", row.valid_to)
            .done()
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("unitId", "Whose council it is."),
                text("name", "Its name."),
                text("level", "Level of its unit (cấp)."),
                text("term", "Its term (nhiệm kỳ), such as `2021-2026`."),
                whole("ordinal", "The number of the term (khóa)."),
                text("validFrom", "First day, `YYYY-MM-DD`."),
                text("validTo", "First day on which it is no more."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.council.insert(id);
    }
}

/// The council, if it is there and the viewer may keep it. That it exists is public.
pub(crate) fn kept<'a>(working: &'a Working, facts: &Facts<'_>, id: CouncilId) -> Result<&'a Model, Refused> {
    let council = working.council.get(id);
    let council = council.ok_or(Refused::field(Code::NotFound, "councilId"))?;
    let viewer = facts.viewer;
    // Not by the reference data: the council may have been entered in this very batch.
    let may = viewer.may(Capability::ManageCouncil, Place::Council(id))
        || viewer.may_in_unit(Capability::ManageCouncil, council.unit_id, facts.reference);
    if may {
        Ok(council)
    } else {
        Err(Code::Forbidden.into())
    }
}

/// Enters a council.
pub struct Create(pub Draft);

impl Command for Create {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.councils_of.insert(self.0.unit.0);
        needs.council.extend(self.0.id.map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let unit = facts.reference.units.get(self.0.unit);
        let unit = unit.ok_or(Refused::field(Code::NotFound, "unitId"))?;
        if !facts
            .viewer
            .may_in_unit(Capability::ManageCouncil, unit.id, facts.reference)
        {
            return Err(Code::Forbidden.into());
        }
        let id = self.0.id.unwrap_or_else(|| facts.id());
        let row = rules::create(id, &self.0, unit, working.council.iter())?;
        let mut changes = Changes::default();
        match working.council.get(id) {
            Some(before)
                if Model {
                    rev: before.rev,
                    ..row.clone()
                } == *before => {}
            Some(_) => return Err(Refused::field(Code::Taken, "id")),
            None => {
                changes.happened(facts.event("council", id, "created", Some(id)));
                changes.put(row);
            }
        }
        Ok(Verdict::about(changes, [id.0]))
    }
}

/// Ends a council, or corrects its name.
pub struct Update {
    pub council: CouncilId,
    pub name: Option<String>,
    /// First day on which it is no more; an inner nothing takes the end back.
    pub valid_to: Option<Option<NaiveDate>>,
}

impl Command for Update {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        needs.council.insert(self.council.0);
        let unit = facts
            .reference
            .council(self.council)
            .map(|council| council.unit_id.0);
        needs.councils_of.extend(unit);
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let before = kept(working, facts, self.council)?;
        let row = rules::amend(
            before,
            self.name.as_deref(),
            self.valid_to,
            working.council.iter(),
        )?;
        let mut changes = Changes::default();
        if row != *before {
            let mut event = facts.event("council", row.id, "updated", Some(row.id));
            let old = json!({"name": before.name, "validTo": before.valid_to});
            event.detail = Some(json!({ "before": old }).to_string());
            changes.happened(event);
            changes.put(row);
        }
        Ok(Verdict::about(changes, [self.council.0]))
    }
}

/// Enters a committee (Ban).
pub struct CreateCommittee {
    /// Made by the client; entered again with the same content it changes nothing.
    pub id: Option<CommitteeId>,
    pub part: Part,
}

impl Command for CreateCommittee {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.council.insert(self.part.council.0);
        needs.parts_of.insert(self.part.council.0);
        needs.committee.extend(self.id.map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let council = kept(working, facts, self.part.council)?;
        let id = self.id.unwrap_or_else(|| facts.id());
        let others = working.committee.iter().filter(|other| other.id != id);
        let others = others.map(|other| (other.council_id, other.name.as_str()));
        let (name, valid_from) = rules::part(&self.part, council, others)?;
        let row = committee::Model {
            id,
            council_id: council.id,
            name,
            valid_from,
            valid_to: self.part.valid_to,
        };
        let mut changes = Changes::default();
        match working.committee.get(id) {
            Some(before) if row == *before => {}
            Some(_) => return Err(Refused::field(Code::Taken, "id")),
            None => {
                changes.happened(facts.event("committee", id, "created", Some(council.id)));
                changes.put(row);
            }
        }
        Ok(Verdict::about(changes, [id.0]))
    }
}

/// Enters a delegate group (Tổ đại biểu).
pub struct CreateGroup {
    /// Made by the client; entered again with the same content it changes nothing.
    pub id: Option<GroupId>,
    pub part: Part,
}

impl Command for CreateGroup {
    fn needs(&self, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.council.insert(self.part.council.0);
        needs.parts_of.insert(self.part.council.0);
        needs.delegate_group.extend(self.id.map(|id| id.0));
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let council = kept(working, facts, self.part.council)?;
        let id = self.id.unwrap_or_else(|| facts.id());
        let others = working.delegate_group.iter().filter(|other| other.id != id);
        let others = others.map(|other| (other.council_id, other.name.as_str()));
        let (name, valid_from) = rules::part(&self.part, council, others)?;
        let row = delegate_group::Model {
            id,
            council_id: council.id,
            name,
            valid_from,
            valid_to: self.part.valid_to,
        };
        let mut changes = Changes::default();
        match working.delegate_group.get(id) {
            Some(before) if row == *before => {}
            Some(_) => return Err(Refused::field(Code::Taken, "id")),
            None => {
                changes.happened(facts.event("group", id, "created", Some(council.id)));
                changes.put(row);
            }
        }
        Ok(Verdict::about(changes, [id.0]))
    }
}
