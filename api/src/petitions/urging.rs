//! Urging a body (đôn đốc): who urged whom, how, with which document, and the how manieth time.

use chrono::{DateTime, Utc};
use entity::{
    id::{AgencyId, PetitionId, UrgingId},
    petition::{Event, Model},
    urging,
};
use uuid::Uuid;

use super::{
    record, step,
    telling::{Repeatable, appended, id_of, must, target, told_at},
};
use crate::{
    capability::Capability,
    clock::local_date,
    error::Code,
    store::{
        collection::{Collection, Document, DocumentWriter, Member, text, whole},
        door::Facts,
        merge::Stamps,
        partition::{Audience, Partition},
        reference::Reference,
        table::Root,
        working::{Changes, Needs, Working},
        writing::{Current, Reader, Stop, Writable, Write, Written},
    },
};

/// The collection `urging`: a phone appends to it.
pub struct UrgingCollection;

impl Collection for UrgingCollection {
    fn name(&self) -> &'static str {
        "urging"
    }

    fn stamp(&self, working: &mut Working, now: DateTime<Utc>) -> Vec<Uuid> {
        working.urging.stamp(now)
    }

    fn rev(&self, working: &Working, id: Uuid) -> i64 {
        working.urging.rev(id)
    }

    fn partitions(&self, working: &Working, _reference: &Reference, id: Uuid) -> Vec<Partition> {
        let row = working.urging.get(id);
        row.map(|row| {
            vec![
                Partition::Account(row.author_id),
                Partition::Council(row.council_id),
            ]
        })
        .unwrap_or_default()
    }

    fn document(&self, working: &Working, _reference: &Reference, id: Uuid, _audience: Audience) -> Document {
        let document = DocumentWriter::new(id);
        match working.urging.get(id) {
            Some(row) => urging_fields(document, row)
                .set("ordinal", row.ordinal)
                .set("authorId", row.author_id)
                .done(),
            None => document.done(),
        }
    }

    fn members(&self) -> &'static [Member] {
        const {
            &[
                text("targetKind", "What is urged, a code."),
                text("targetId", "Which one."),
                text("toAgencyId", "The body that is urged."),
                text("how", "By which means, a code."),
                text("text", "The words."),
                text("documentNumber", "Number of the document."),
                whole("ordinal", "Which urging of this petition it is, counted from 1."),
                text("at", "When."),
                text("authorId", "The account that urged."),
            ]
        }
    }

    fn needs(&self, id: Uuid, needs: &mut Needs) {
        needs.urging.insert(id);
    }
}

fn urging_fields(document: DocumentWriter, row: &urging::Model) -> DocumentWriter {
    document
        .set("targetKind", &row.target_kind)
        .set("targetId", row.target_id)
        .set("toAgencyId", row.to_agency_id)
        .set("how", &row.how)
        .set("text", &row.text)
        .set("documentNumber", &row.document_number)
        .time("at", Some(row.at))
}

impl UrgingCollection {
    /// The urging that a write makes, and its petition.
    fn read<'a>(
        &self,
        working: &'a Working,
        facts: &Facts<'_>,
        write: &Write,
    ) -> Result<(urging::Model, &'a Model), Stop> {
        let mut reader = Reader::new(&write.fields);
        let (mut kind, mut target_id, mut agency, mut how) = (None, None::<Uuid>, None::<AgencyId>, None);
        let (mut text, mut number, mut at) = (None, None, None);
        reader.text("targetKind", &mut kind, 20);
        reader.id("targetId", &mut target_id);
        reader.id("toAgencyId", &mut agency);
        reader.code("how", "urging_how", &mut how);
        reader.text("text", &mut text, 5_000);
        reader.text("documentNumber", &mut number, 100);
        reader.time("at", &mut at);
        if kind.as_deref().is_some_and(|kind| kind != "petition") {
            reader.wrong(Code::UnknownCode, "targetKind");
        }
        if target_id.is_none() && !reader.is_wrong("targetId") {
            reader.wrong(Code::Required, "targetId");
        }
        if how.is_none() && !reader.is_wrong("how") {
            reader.wrong(Code::Required, "how");
        }
        if agency.is_some_and(|agency| facts.reference.agency(agency).is_none()) {
            reader.wrong(Code::NotFound, "toAgencyId");
        }
        reader.finish()?;
        let id = PetitionId(target_id.unwrap_or_default());
        let row = target(working, facts, id).ok_or(Stop::Deferred(id.0))?;
        must(Capability::Urge, working, facts, row.id)?;
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let at = told_at(at, row, write, facts)?;
        let urging = urging::Model {
            id: UrgingId(write.id),
            target_kind: "petition".to_owned(),
            target_id: row.id.0,
            to_agency_id: agency.or(row.agency_id),
            council_id: row.council_id,
            author_id: author,
            how: how.unwrap_or_default(),
            text,
            document_number: number,
            ordinal: row.urgings + 1,
            at,
            received_at: facts.now,
            rev: 0,
        };
        Ok((urging, row))
    }
}

impl Repeatable for UrgingCollection {
    fn needs_same(&self, write: &Write, needs: &mut Needs) {
        needs.urgings_of.extend(id_of(write, "targetId"));
    }

    fn same(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Option<Uuid> {
        let (urging, _) = self.read(working, facts, write).ok()?;
        // Two calls on a day are two urgings; a letter is one, however often its number comes.
        urging.document_number.as_ref()?;
        let is_same = |known: &&urging::Model| {
            (known.target_id, known.author_id) == (urging.target_id, urging.author_id)
                && (known.to_agency_id, &known.how) == (urging.to_agency_id, &urging.how)
                && (&known.document_number, &known.text) == (&urging.document_number, &urging.text)
                && local_date(known.at) == local_date(urging.at)
        };
        working.urging.iter().find(is_same).map(|known| known.id.0)
    }
}

impl Writable for UrgingCollection {
    fn name(&self) -> &'static str {
        "urging"
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "targetKind",
            "targetId",
            "toAgencyId",
            "how",
            "text",
            "documentNumber",
            "at",
        ]
    }

    fn read_only(&self) -> &'static [&'static str] {
        &["authorId", "ordinal"]
    }

    fn needs(&self, write: &Write, _facts: &Facts<'_>, needs: &mut Needs) {
        needs.urging.insert(write.id);
        needs.petition.extend(id_of(write, "targetId"));
    }

    fn current(&self, working: &Working, facts: &Facts<'_>, id: Uuid) -> Option<Current> {
        let row = working
            .urging
            .get(id)
            .filter(|row| Some(row.author_id) == facts.viewer.account_id())?;
        let mut values = urging_fields(DocumentWriter::default(), row).done();
        values.remove("id");
        Some(Current {
            values,
            stamps: Stamps::new(),
            rev: working.urging.was(id).map_or(0, Root::rev),
        })
    }

    fn write(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Result<Written, Stop> {
        appended(working.urging.get(write.id).is_some() || write.delete)?;
        let (urging, row) = self.read(working, facts, write)?;
        let urged = Model {
            process: step(row, Event::Urge)?,
            urgings: urging.ordinal,
            ..row.clone()
        };
        let basis = urging.document_number.clone().or(Some(urging.how.clone()));
        let mut changes = Changes::default();
        changes.put(urging);
        record(&mut changes, facts, urged, "urged", basis);
        Ok(changes.into())
    }
}
