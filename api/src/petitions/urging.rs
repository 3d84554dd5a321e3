//! Urging a body (đôn đốc): who urged whom, how, with which document, and the how manieth time.
//!
//! Whoever is urged has the petition, and there is something left to be had of him; he reads what he is urged with. What a
//! phone recorded is judged by what was so when it was recorded.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    answer_petition, forwarding, forwarding_petition,
    id::{AgencyId, PetitionId, UrgingId},
    petition::{Assessment, Event, Model, Process},
    petition_transfer, urging,
};
use uuid::Uuid;

use super::{
    record, rules, step,
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

/// Longest number of a letter.
const NUMBER: usize = 100;

/// The number of the letter that a write names.
fn number_of(write: &Write) -> Option<String> {
    let mut number = None;
    Reader::new(&write.fields).text("documentNumber", &mut number, NUMBER);
    number
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

/// What the last step that matters left to be had of a petition. Of two at one moment the later in this order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// Nobody was sent it, or whoever was gave it back.
    Classified,
    /// Whoever has it owes an answer, or has given one that is not yet found to the point.
    Owed,
    /// Its answer is to the point: what that promised is left.
    Judged,
    /// Nobody has it any more.
    Over,
}

impl Turn {
    /// The one that a petition took last.
    fn of(row: &Model) -> Self {
        match row.process {
            Process::Accepted | Process::Classified => Self::Classified,
            // Whether anybody still has what a body gave back is another question: the council above may.
            Process::Forwarded | Process::Returned => Self::Owed,
            Process::Answered | Process::Assessed | Process::Informed => {
                if row.assessment.as_deref() == Some(Assessment::Ok.code()) {
                    Self::Judged
                } else {
                    Self::Owed
                }
            }
            Process::Closed => Self::Judged,
            Process::Reopened | Process::Split | Process::Merged => Self::Over,
        }
    }

    /// The one that it took by a step of its history.
    fn by(event: &str) -> Option<Self> {
        match event {
            "classified" => Some(Self::Classified),
            "forwarded" | "forwarded_up" | "answered" | "answered_on_behalf" => Some(Self::Owed),
            "assessed_unclear" | "assessed_off_point" => Some(Self::Owed),
            "assessed_ok" | "closed" => Some(Self::Judged),
            "reopened" | "split" | "merged" => Some(Self::Over),
            _ => None,
        }
    }

    /// Whether something is left to be had of whoever has it: an answer, a better one, or what an answer promised. One rule
    /// for now and for any time before.
    fn leaves_something(self, is_promised: bool) -> bool {
        match self {
            Self::Owed => true,
            Self::Judged => is_promised,
            Self::Classified | Self::Over => false,
        }
    }
}

/// Whether an answer promised what was not done when it was given.
fn is_promised(outcome: Option<&str>, roadmap: Option<NaiveDate>) -> bool {
    outcome != Some("resolved") && (roadmap.is_some() || outcome.is_some_and(rules::promises))
}

/// Whether somebody has a petition of whom something is left to be had.
fn is_owed(row: &Model) -> bool {
    let has_holder = row.agency_id.is_some() || row.upper_council_id.is_some();
    let is_promised = is_promised(row.outcome.as_deref(), row.roadmap_at);
    has_holder && Turn::of(row).leaves_something(is_promised)
}

/// The bodies that have a petition, the lead first; none where the council above has it.
fn holders(working: &Working, row: &Model) -> Vec<AgencyId> {
    let coordinating = working.petition_agency.of(row.id);
    let coordinating = coordinating.map(|link| link.agency_id);
    row.agency_id.into_iter().chain(coordinating).collect()
}

/// The turn that a petition had taken last at some moment; nothing where its history began later, or nobody asked for it.
fn turn(working: &Working, row: &Model, at: DateTime<Utc>) -> Option<Turn> {
    let steps = working.past.iter();
    let steps = steps.filter(|step| step.row_id == row.id.0 && step.at <= at);
    let turns = steps.filter_map(|step| Some((step.at, Turn::by(&step.event)?)));
    turns.max().map(|(_, turn)| turn)
}

/// The answers of those that led, each by its letter.
fn answers<'a>(working: &'a Working, row: &Model) -> impl Iterator<Item = &'a answer_petition::Model> {
    let petition = row.id;
    let links = working.answer_petition.iter();
    links.filter(move |link| link.petition_id == petition && !link.coordinating)
}

/// Whether something was left to be had at some moment of whoever had the petition then.
fn was_owed(working: &Working, row: &Model, at: DateTime<Utc>) -> bool {
    let given = answers(working, row).filter_map(|link| Some((working.answer.get(link.answer_id)?, link)));
    let given = given.filter(|(answer, _)| answer.at <= at);
    let newest = given.max_by_key(|(answer, link)| (answer.at, link.version));
    let is_promised = newest.is_some_and(|(answer, _)| is_promised(Some(&answer.outcome), answer.roadmap_at));
    // One that was taken over from a list may be of a letter that was entered before it.
    turn(working, row, at).is_none_or(|turn| turn.leaves_something(is_promised))
}

/// Whether the council above, to which one letter sent a petition, sent it on by another.
fn is_sent_on(facts: &Facts<'_>, up: &forwarding::Model, on: &forwarding::Model) -> bool {
    up.upper_council_id.is_some_and(|upper| {
        let heir = facts.reference.heir(upper, local_date(on.at));
        on.council_id == upper || heir.is_some_and(|heir| heir.id == on.council_id)
    })
}

/// The bodies of which something was left to be had at some moment, by the letters that sent them the petition, those of
/// the newest letter first; none of a letter to the council above. Nothing where there was nobody.
fn holders_then(
    working: &Working,
    facts: &Facts<'_>,
    row: &Model,
    at: DateTime<Utc>,
) -> Option<Vec<AgencyId>> {
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

    let was_owed = was_owed(working, row, at);
    let is_back = |link: &forwarding_petition::Model| link.returned_at.is_some_and(|back| back <= at);
    // The newest that was entered by then.
    let mut newer = None::<(&forwarding::Model, &forwarding_petition::Model)>;
    let mut bodies: Option<Vec<AgencyId>> = None;
    for (letter, link) in letters.into_iter().rev() {
        // What the council above sent on is with that council again once it was given back.
        let is_with_another =
            newer.is_some_and(|(on, link)| !(is_back(link) && is_sent_on(facts, letter, on)));
        let is_over = is_back(link) || is_with_another;
        let is_entered = letter.at <= at;
        if is_entered {
            newer = newer.or(Some((letter, link)));
        }
        // The office may enter a letter some days after it went out: the history of those days knows nothing of it.
        let is_out = letter.document_date <= local_date(at);
        if !is_out || is_over || (is_entered && !was_owed) {
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

/// Who may be urged where nobody is named: whoever leads, or did at some time; none is the council above.
fn leads(working: &Working, row: &Model) -> BTreeSet<Option<AgencyId>> {
    let links = working.forwarding_petition.iter();
    let links = links.filter(|link| link.petition_id == row.id);
    let letters = links.filter_map(|link| working.forwarding.get(link.forwarding_id));
    let passed = working.petition_transfer.iter();
    let passed = passed.filter(|passed| passed.petition_id == row.id);
    letters
        .map(|letter| letter.lead_agency_id)
        .chain(passed.map(|passed| Some(passed.to_id)))
        .chain([row.agency_id, None])
        .collect()
}

/// Whom an urging urges: the body that it names, else the one that has to answer; none where that is the council above.
fn addressee(working: &Working, facts: &Facts<'_>, said: &Said<'_>) -> Result<Option<AgencyId>, Refused> {
    let row = said.row;
    let now = is_owed(row).then(|| holders(working, row));
    // What a phone brings was done before: what has become of the petition since makes it no less true.
    let then = holders_then(working, facts, row, said.at);
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
        reader.text("documentNumber", &mut number, NUMBER);
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
        needs
            .urgings_by
            .extend(id_of(write, "targetId").zip(number_of(write)));
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
        // Whoever tells a time may tell of one at which somebody else had it.
        if write.recorded_at.is_some() || write.fields.contains_key("at") {
            needs.letters_of.extend(target);
        }
    }

    fn needs_more(&self, write: &Write, working: &Working, facts: &Facts<'_>, needs: &mut Needs) {
        let Ok(said) = self.read(working, facts, write) else {
            return;
        };
        let row = said.row;
        if turn(working, row, said.at) == Some(Turn::Judged) {
            needs
                .answer
                .extend(answers(working, row).map(|link| link.answer_id.0));
        }
        let bodies = match said.agency {
            Some(named) => BTreeSet::from([Some(named)]),
            None => leads(working, row),
        };
        let bodies = bodies.into_iter().map(|body| body.map(Uuid::from));
        needs.urged.extend(bodies.map(|body| (row.id.0, body)));
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
        let to_agency_id = addressee(working, facts, &said)?;
        let row = said.row;
        let stored = working.urged.get(&(row.id.0, to_agency_id.map(Uuid::from)));
        // Those that came with it are not stored yet.
        let others = working.urging.iter();
        let others = others.filter(|known| known.target_id == row.id.0 && known.to_agency_id == to_agency_id);
        let last = others.map(|known| known.ordinal).chain(stored.copied()).max();
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
            ordinal: last.unwrap_or(0).saturating_add(1),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_that_is_read_is_a_turn() {
        for event in entity::event::TURNS {
            assert!(Turn::by(event).is_some(), "{event}");
        }
    }
}
