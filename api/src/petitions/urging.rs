//! Urging a body (đôn đốc): who urged whom, how, with which document, and the how manieth time.
//!
//! Whoever is urged has the petition, and there is something left to be had of him; he reads what he is urged with. What a
//! phone recorded is judged by what was so when it was recorded.

use chrono::{DateTime, Utc};
use entity::{
    forwarding, forwarding_petition,
    id::{AgencyId, PetitionId, UrgingId},
    petition::{Assessment, Event, Model, Process},
    petition_transfer, urging,
};
use uuid::Uuid;

use super::{
    record, step,
    telling::{Repeatable, appended, id_of, must, target, told_at},
};
use crate::{
    capability::Capability,
    clock::local_date,
    error::{Code, Refused},
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
            let own = [
                Partition::Account(row.author_id),
                Partition::Council(row.council_id),
            ];
            // An urging that its addressee cannot read urges nobody.
            let addressee = row.to_agency_id.map(Partition::Agency);
            own.into_iter().chain(addressee).collect()
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
                whole(
                    "ordinal",
                    "Which urging of this body for this petition it is, counted from 1.",
                ),
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

/// What a write says.
struct Said<'a> {
    /// The petition as it is.
    row: &'a Model,
    /// The body that it names.
    agency: Option<AgencyId>,
    how: String,
    text: Option<String>,
    number: Option<String>,
    at: DateTime<Utc>,
}

/// Whether something is left to be had of whoever has a petition: an answer, a better one, or what an answer promised.
fn is_open(row: &Model) -> bool {
    let outcome = row.outcome.as_deref();
    let is_promised = outcome != Some("resolved")
        && (row.roadmap_at.is_some() || matches!(outcome, Some("deferred" | "in_progress")));
    let has_holder = row.agency_id.is_some() || row.upper_council_id.is_some();
    has_holder
        && match row.process {
            Process::Forwarded => true,
            // A body gave it back to the council above, which has it until it sends it elsewhere.
            Process::Returned => row.upper_council_id.is_some(),
            Process::Answered | Process::Assessed | Process::Informed => {
                is_promised || row.assessment.as_deref() != Some(Assessment::Ok.code())
            }
            Process::Closed => is_promised,
            Process::Accepted | Process::Classified | Process::Reopened => false,
            Process::Split | Process::Merged => false,
        }
}

/// The bodies that have a petition, the lead first; none where the council above has it.
fn holders(working: &Working, row: &Model) -> Vec<AgencyId> {
    let coordinating = working.petition_agency.of(row.id);
    let coordinating = coordinating.map(|link| link.agency_id);
    row.agency_id.into_iter().chain(coordinating).collect()
}

/// Whether history tells that something was left to be had at some moment.
fn was_open(working: &Working, row: &Model, at: DateTime<Utc>) -> bool {
    let steps = || working.past.iter().filter(|step| step.row_id == row.id.0);
    if steps().next().is_none() {
        // Nobody asked for it.
        return false;
    }
    let last = |of: &dyn Fn(&str) -> bool| {
        let steps = steps().filter(|step| step.at <= at && of(&step.event));
        steps.map(|step| step.at).max()
    };
    let owed = last(&|event: &str| {
        let is_wanting = matches!(event, "assessed_unclear" | "assessed_off_point");
        is_wanting || event.starts_with("forwarded") || event.starts_with("answered")
    });
    let over = last(&|event: &str| {
        matches!(
            event,
            "returned" | "assessed_ok" | "closed" | "reopened" | "split" | "merged"
        )
    });
    over.is_none() || owed > over
}

/// The bodies that had it at some moment by the letters that forwarded it, those of the newest letter first; nothing where
/// nobody had it.
fn holders_then(working: &Working, row: &Model, at: DateTime<Utc>) -> Option<Vec<AgencyId>> {
    let links = working.forwarding_petition.iter();
    let links = links.filter(|link| link.petition_id == row.id);
    let mut letters: Vec<(&forwarding::Model, &forwarding_petition::Model)> = links
        .filter_map(|link| Some((working.forwarding.get(link.forwarding_id)?, link)))
        .collect();
    letters.sort_by_key(|(letter, _)| (letter.at, letter.id));
    let passed = working.petition_transfer.iter();
    let passed = passed.filter(|passed| passed.petition_id == row.id && passed.at <= at);
    let mut passed: Vec<&petition_transfer::Model> = passed.collect();
    passed.sort_by_key(|passed| passed.at);

    let is_over = |end: Option<DateTime<Utc>>| end.is_some_and(|end| end <= at);
    let mut next = None::<DateTime<Utc>>;
    let mut bodies: Option<Vec<AgencyId>> = None;
    for (letter, link) in letters.into_iter().rev() {
        let ends = [link.returned_at, next.replace(letter.at)];
        // The office may enter a letter some days after it went out.
        if letter.document_date > local_date(at) || ends.into_iter().any(is_over) {
            continue;
        }
        let since = passed.iter().filter(|passed| passed.at >= letter.at);
        let heir = |body: AgencyId| {
            since.clone().fold(body, |body, passed| {
                if passed.from_id == body {
                    passed.to_id
                } else {
                    body
                }
            })
        };
        let coordinating = working.forwarding_agency.of(letter.id);
        let coordinating = coordinating.map(|link| link.agency_id);
        let named = letter.lead_agency_id.into_iter().chain(coordinating);
        bodies.get_or_insert_default().extend(named.map(heir));
    }
    bodies
}

/// Whom an urging urges: the body that it names, else the one that has to answer; none where that is the council above.
fn addressee(working: &Working, said: &Said<'_>) -> Result<Option<AgencyId>, Refused> {
    let row = said.row;
    let now = is_open(row).then(|| holders(working, row));
    // What a phone brings was done before: what has become of the petition since makes it no less true.
    let then = was_open(working, row, said.at)
        .then(|| holders_then(working, row, said.at))
        .flatten();
    let Some(named) = said.agency else {
        return match (then, now) {
            (Some(then), _) => Ok(then.first().copied()),
            (None, Some(_)) => Ok(row.agency_id),
            (None, None) => Err(Refused::field(Code::InvalidState, "targetId")),
        };
    };
    if now.is_none() && then.is_none() {
        return Err(Refused::field(Code::InvalidState, "targetId"));
    }
    let mut bodies = now.into_iter().chain(then).flatten();
    if bodies.any(|body| body == named) {
        Ok(Some(named))
    } else {
        Err(Refused::field(Code::InvalidValue, "toAgencyId"))
    }
}

impl UrgingCollection {
    /// What a write says, if its author may say it.
    fn read<'a>(&self, working: &'a Working, facts: &Facts<'_>, write: &Write) -> Result<Said<'a>, Stop> {
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
        must(Capability::Urge, working, facts, row.id, "targetId")?;
        let at = told_at(at, row, write, facts)?;
        Ok(Said {
            row,
            agency,
            how: how.unwrap_or_default(),
            text,
            number,
            at,
        })
    }
}

impl Repeatable for UrgingCollection {
    fn needs_same(&self, write: &Write, needs: &mut Needs) {
        needs.urgings_of.extend(id_of(write, "targetId"));
    }

    fn same(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Option<Uuid> {
        let said = self.read(working, facts, write).ok()?;
        let author = facts.viewer.account_id()?;
        // Two calls on a day are two urgings; a letter is one, however often its number comes.
        said.number.as_ref()?;
        let is_same = |known: &&urging::Model| {
            (known.target_id, known.author_id) == (said.row.id.0, author)
                && said.agency.is_none_or(|body| known.to_agency_id == Some(body))
                && (&known.how, &known.text) == (&said.how, &said.text)
                && known.document_number == said.number
                && local_date(known.at) == local_date(said.at)
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
        let target = id_of(write, "targetId");
        needs.petition.extend(target);
        needs.urgings_of.extend(target);
        // Whoever tells a time may tell of one at which somebody else had it.
        if write.recorded_at.is_some() || write.fields.contains_key("at") {
            needs.letters_of.extend(target);
        }
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
        let said = self.read(working, facts, write)?;
        let author = facts.viewer.account_id().ok_or(Code::Unauthenticated)?;
        let to_agency_id = addressee(working, &said)?;
        let row = said.row;
        let earlier = working
            .urging
            .iter()
            .filter(|known| known.target_id == row.id.0 && known.to_agency_id == to_agency_id)
            .count();
        let urging = urging::Model {
            id: UrgingId(write.id),
            target_kind: "petition".to_owned(),
            target_id: row.id.0,
            to_agency_id,
            council_id: row.council_id,
            author_id: author,
            how: said.how,
            text: said.text,
            document_number: said.number,
            ordinal: i32::try_from(earlier).unwrap_or(i32::MAX - 1) + 1,
            at: said.at,
            received_at: facts.now,
            rev: 0,
        };
        let urged = Model {
            process: step(row, Event::Urge)?,
            urgings: row.urgings + 1,
            ..row.clone()
        };
        let basis = urging.document_number.clone().or(Some(urging.how.clone()));
        let mut changes = Changes::default();
        changes.put(urging);
        record(&mut changes, facts, urged, "urged", basis);
        Ok(changes.into())
    }
}
