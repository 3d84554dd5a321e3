//! A petition taken over from the spreadsheet in which an office kept it: its state is reached by the steps of the
//! chain, or it is refused. Nothing that the chain forbids comes in by this door.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc};
use entity::{
    answer, answer_petition, forwarding, forwarding_petition,
    id::{AgencyId, AnswerId, CouncilId, ForwardingId, InformingId, PetitionId, UnitId},
    informing, petition,
    petition::Event,
    petition_import, petition_unit,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    answering,
    grouping::{Wording, fresh},
    rules, step,
};
use crate::{
    capability::Capability,
    clock::{VIETNAM, local_date},
    error::{Code, Refused},
    recorded::council_covers,
    store::{
        door::{Command, Done, Facts, Verdict},
        reference::existed,
        working::{Changes, Needs, Working},
        writing::{Outcome, Status},
    },
    viewer::Place,
};

/// The namespace of ids that follow from what a row says.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_54f0_8d0a_5b3e_9a77_21c4_0e58_b1d2);

/// What follows from the same words is the same row, in every installation.
pub fn derived<T: From<Uuid>>(council: CouncilId, parts: &[&str]) -> T {
    let of_council = Uuid::new_v5(&NAMESPACE, council.0.as_bytes());
    T::from(Uuid::new_v5(&of_council, parts.join("\u{1f}").as_bytes()))
}

/// How many petitions that say just the same are counted; what comes after them has an id of its own file and line.
const MOST_EQUAL: u64 = 16;

/// Where a petition was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// SHA-256 of the file, in hexadecimal; of a row that was refused and corrected the file that it was refused in.
    pub file: String,
    /// Line or row of that file, counted from 1.
    pub line: u32,
    /// The file of mistakes that brought the corrected row, and its line there.
    pub corrected_in: Option<(String, u32)>,
    /// SHA-256 of what the row says, in hexadecimal.
    pub digest: String,
    /// The office's own number.
    pub own_number: Option<String>,
}

/// The document with which it was forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    pub lead: AgencyId,
    pub number: String,
    pub date: NaiveDate,
    pub due: Option<NaiveDate>,
}

/// The document with which it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub number: String,
    pub date: NaiveDate,
    pub text: String,
    pub outcome: String,
    pub roadmap: Option<NaiveDate>,
}

/// Which petition a row is: it follows from the row, so that the same row is the same petition.
#[derive(Clone, Copy, Debug)]
pub enum Identity {
    /// The one with the office's own number.
    Numbered(PetitionId),
    /// Of those that say just the same the so manieth, counted from 1, or one after it.
    Equal(u64),
}

/// Takes over one petition.
#[derive(Clone, Debug)]
pub struct Import {
    pub identity: Identity,
    pub council: CouncilId,
    pub source: Source,
    pub wording: Wording,
    pub units: BTreeSet<UnitId>,
    pub origin: Option<String>,
    pub received: Option<NaiveDate>,
    pub field: Option<String>,
    pub tier: Option<String>,
    pub forwarded: Option<Forwarded>,
    pub answered: Option<Answered>,
    /// The day on which the voters were told, and how: code of the list `informing_channel`.
    pub informed: Option<(NaiveDate, String)>,
    pub closed: bool,
}

impl Import {
    /// The ids that petitions have which say just the same, from the so manieth.
    fn equals(&self, first: u64) -> impl Iterator<Item = PetitionId> {
        let (council, source) = (self.council, &self.source);
        let last = first.saturating_add(MOST_EQUAL);
        let counted = (first..=last).map(move |count| {
            let count = count.to_string();
            derived::<PetitionId>(council, &["row", &source.digest, &count])
        });
        let own = std::iter::once_with(move || {
            let line = source.line.to_string();
            derived::<PetitionId>(council, &["row", &source.digest, &source.file, &line])
        });
        counted.chain(own)
    }

    /// Whether a petition that says just the same was made of this very row. Two rows of one file are two petitions,
    /// also when one of them was corrected first and comes in a file of mistakes. Between files equal rows are the
    /// same, so that a list that grew can be sent again; but a corrected row is no other one of its list, whichever
    /// edition of the list brought that.
    fn is_same(&self, known: &petition_import::Model) -> bool {
        let is_of_file = known.file == self.source.file;
        if is_of_file || self.source.corrected_in.is_some() {
            u32::try_from(known.line) == Ok(self.source.line)
        } else {
            true
        }
    }

    /// The petition that the row is, and whether it is there.
    fn which(&self, working: &Working) -> Result<(PetitionId, bool), Refused> {
        // What was taken over is changed where it now lives, not by a second file.
        let taken = Refused::field(Code::Taken, "number");
        match self.identity {
            Identity::Numbered(id) if working.petition.get(id).is_none() => Ok((id, false)),
            Identity::Numbered(id) => {
                let known = working.petition_import.get(id);
                let is_same = known.is_some_and(|known| known.digest == self.source.digest);
                is_same.then_some((id, true)).ok_or(taken)
            }
            Identity::Equal(first) => {
                for id in self.equals(first) {
                    match working.petition_import.get(id) {
                        None => return Ok((id, false)),
                        Some(known) if self.is_same(known) => return Ok((id, true)),
                        Some(_) => {}
                    }
                }
                Err(taken)
            }
        }
    }

    fn forwarding_id(&self) -> Option<ForwardingId> {
        let Forwarded {
            lead, number, date, ..
        } = self.forwarded.as_ref()?;
        let (lead, date) = (lead.to_string(), date.to_string());
        Some(derived(
            self.council,
            &["forwarding", number.trim(), &date, &lead],
        ))
    }

    /// One reply may answer many petitions, each with a result of its own.
    fn answer_id(&self) -> Option<AnswerId> {
        let Answered {
            number,
            date,
            text,
            outcome,
            roadmap,
        } = self.answered.as_ref()?;
        let lead = self.forwarded.as_ref()?.lead.to_string();
        let (date, roadmap) = (date.to_string(), roadmap.map(|day| day.to_string()));
        let roadmap = roadmap.as_deref().unwrap_or_default();
        let parts = ["answer", number.trim(), &date, &lead, outcome, roadmap, text];
        Some(derived(self.council, &parts))
    }

    fn counter(&self, today: NaiveDate) -> String {
        Needs::petition_counter(self.council, self.received.unwrap_or(today).year())
    }
}

impl Command for Import {
    fn needs(&self, facts: &Facts<'_>, needs: &mut Needs) {
        match self.identity {
            Identity::Numbered(id) => {
                needs.petition.insert(id.0);
                needs.imports_of.insert(id.0);
            }
            Identity::Equal(first) => {
                // A corrected row goes past those that its list had already; any other nearly always is the first.
                let most = if self.source.corrected_in.is_some() {
                    usize::MAX
                } else {
                    1
                };
                let ids = self.equals(first).take(most);
                needs.imports_of.extend(ids.map(|id| id.0));
            }
        }
        needs.counter.insert(self.counter(facts.today));
        needs.forwarding.extend(self.forwarding_id().map(|id| id.0));
        needs.answer.extend(self.answer_id().map(|id| id.0));
    }

    fn needs_more(&self, working: &Working, _facts: &Facts<'_>, needs: &mut Needs) {
        if let Identity::Equal(first) = self.identity {
            let mut ids = self.equals(first);
            let known = ids.next().and_then(|id| working.petition_import.get(id));
            if known.is_some_and(|known| !self.is_same(known)) {
                needs.imports_of.extend(ids.map(|id| id.0));
            }
        }
    }

    fn judge(&self, working: &Working, facts: &Facts<'_>) -> Result<Verdict, Refused> {
        let must = |capability| facts.viewer.must(capability, Place::Council(self.council));
        must(Capability::GroupFeedback)?;
        let (id, is_known) = self.which(working)?;
        if is_known {
            let known = Outcome {
                status: Status::Duplicate,
                rev: None,
                master: None,
                errors: Vec::new(),
            };
            return Ok(Verdict {
                changes: Changes::default(),
                done: Done {
                    ids: vec![id.0],
                    push: Some(known),
                },
            });
        }
        let mut taken = Taken::begin(self, id, working, facts)?;
        if let (Some(field), Some(tier)) = (&self.field, &self.tier) {
            must(Capability::ClassifyPetition)?;
            taken.classify(field, tier)?;
        }
        if let Some(forwarded) = &self.forwarded {
            must(Capability::ForwardPetitions)?;
            taken.forward(forwarded)?;
        }
        if let Some(answered) = &self.answered {
            must(Capability::AnswerOnBehalf)?;
            taken.answer(answered)?;
        }
        if let Some((day, channel)) = &self.informed {
            must(Capability::InformVoters)?;
            taken.inform(*day, channel)?;
        }
        if self.closed {
            must(Capability::ClosePetition)?;
            taken.close()?;
        }
        Ok(Verdict::about(taken.done(), [id.0]))
    }
}

/// A petition on its way through the chain.
struct Taken<'a> {
    import: &'a Import,
    working: &'a Working,
    facts: &'a Facts<'a>,
    row: petition::Model,
    changes: Changes,
    steps: i64,
    /// The first day of the council or of the first one before it: nothing is older.
    first_day: Option<NaiveDate>,
}

impl<'a> Taken<'a> {
    fn begin(
        import: &'a Import,
        id: PetitionId,
        working: &'a Working,
        facts: &'a Facts<'a>,
    ) -> Result<Self, Refused> {
        let first_day = facts.reference.first_day(import.council);
        let received = match import.received {
            Some(day) => rules::document_date(day, first_day, facts.today, "receivedAt")?,
            None => facts.today,
        };
        if import.units.is_empty() {
            return Err(Refused::field(Code::Required, "unitIds"));
        }
        let elsewhere = |unit: &UnitId| !council_covers(facts.reference, import.council, *unit);
        if import.units.iter().any(elsewhere) {
            return Err(Refused::field(Code::NotFound, "unitIds"));
        }
        let origin = import
            .origin
            .as_deref()
            .map(|origin| rules::code(origin, "origin", "origin"))
            .transpose()?;
        let running = working.next_number(&import.counter(facts.today));
        let row = petition::Model {
            id,
            number: rules::number(running.value, received),
            origin,
            created_at: import
                .received
                .map_or(facts.now, |day| morning(day).min(facts.now)),
            ..fresh(facts, import.council, running.value, import.wording.clean()?)
        };
        let mut changes = Changes::default();
        changes.put(running);
        for unit in &import.units {
            changes.put(petition_unit::Model {
                petition_id: row.id,
                unit_id: *unit,
            });
        }
        let Source {
            file,
            line,
            corrected_in,
            digest,
            own_number,
        } = &import.source;
        changes.put(petition_import::Model {
            petition_id: row.id,
            digest: digest.clone(),
            file: file.clone(),
            line: i32::try_from(*line).unwrap_or(i32::MAX),
            own_number: own_number.clone(),
        });
        let mut taken = Self {
            import,
            working,
            facts,
            row,
            changes,
            steps: 0,
            first_day,
        };
        let number = own_number.as_ref().map(|number| format!(", số {number}"));
        let short = |file: &str| file.chars().take(16).collect::<String>();
        let place = format!("Tệp {}, dòng {line}{}", short(file), number.unwrap_or_default());
        let told = json!({"file": file, "line": line, "ownNumber": own_number});
        let (basis, detail) = match corrected_in {
            None => (place, told),
            Some((mistakes, at)) => {
                let mut told = told;
                told["correctedIn"] = json!({"file": mistakes, "line": at});
                (format!("{place}; sửa ở tệp {}, dòng {at}", short(mistakes)), told)
            }
        };
        taken.happened("imported", Some(basis), Some(detail.to_string()));
        Ok(taken)
    }

    /// A step of history; those of one petition stay in their order, because their ids follow each other.
    fn happened(&mut self, event: &str, basis: Option<String>, detail: Option<String>) {
        let council = Some(self.row.council_id);
        let mut happened = self.facts.event("petition", self.row.id, event, council);
        let at = self.facts.now + Duration::microseconds(self.steps);
        happened.id = self.facts.entropy.id(at).into();
        happened.basis = basis;
        happened.detail = detail;
        self.steps += 1;
        self.changes.happened(happened);
    }

    fn document_date(&self, date: NaiveDate, field: &'static str) -> Result<NaiveDate, Refused> {
        rules::document_date(date, self.first_day, self.facts.today, field)
    }

    fn classify(&mut self, field: &str, tier: &str) -> Result<(), Refused> {
        self.row.process = step(&self.row, Event::Classify)?;
        self.row.field = Some(rules::code(field, "field", "field")?);
        self.row.tier = Some(rules::code(tier, "tier", "tier")?);
        self.happened("classified", Some(format!("{field}, {tier}")), None);
        Ok(())
    }

    fn forward(&mut self, forwarded: &Forwarded) -> Result<(), Refused> {
        if self.row.field.is_none() {
            return Err(Refused::field(Code::Required, "field"));
        }
        self.row.process = step(&self.row, Event::Forward)?;
        let missing = Refused::field(Code::NotFound, "leadId");
        let agency = self.facts.reference.agency(forwarded.lead).ok_or(missing)?;
        let number = rules::required(&forwarded.number, "forwardedNumber", 100)?;
        let date = self.document_date(forwarded.date, "forwardedAt")?;
        if self.import.received.is_some_and(|received| date < received) {
            return Err(Refused::field(Code::OutOfRange, "forwardedAt"));
        }
        if !existed(agency.valid_from, agency.valid_to, date) {
            return Err(Refused::field(Code::InvalidValue, "leadId"));
        }
        let tier = self.row.tier.as_deref();
        let due = rules::due(
            forwarded.due,
            tier,
            Some(agency),
            false,
            date,
            self.facts.calendar,
        )?;
        let id = self.import.forwarding_id();
        let id = id.ok_or(Refused::field(Code::Required, "forwardedNumber"))?;
        if self.working.forwarding.get(id).is_none() {
            self.changes.put(forwarding::Model {
                id,
                council_id: self.row.council_id,
                lead_agency_id: Some(forwarded.lead),
                upper_council_id: None,
                document_number: number.clone(),
                document_date: date,
                due_on: due,
                actor_id: self.actor()?,
                at: self.facts.now,
            });
        }
        self.changes.put(forwarding_petition::Model {
            forwarding_id: id,
            petition_id: self.row.id,
            returned_at: None,
            return_reason: None,
        });
        self.row.agency_id = Some(forwarded.lead);
        self.row.forwarding_id = Some(id);
        self.row.forwarded_number = Some(number.clone());
        self.row.forwarded_at = Some(date);
        self.row.due_at = due;
        self.happened("forwarded", Some(number), None);
        Ok(())
    }

    fn answer(&mut self, answered: &Answered) -> Result<(), Refused> {
        self.row.process =
            step(&self.row, Event::Answer).map_err(|_| Refused::field(Code::Required, "leadId"))?;
        let (Some(lead), Some(id)) = (self.row.agency_id, self.import.answer_id()) else {
            return Err(Refused::field(Code::Required, "leadId"));
        };
        let number = rules::required(&answered.number, "answerNumber", 100)?;
        let text = rules::required(&answered.text, "answerText", answering::TEXT)?;
        let date = self.document_date(answered.date, "answeredAt")?;
        if self.row.forwarded_at.is_some_and(|forwarded| date < forwarded) {
            return Err(Refused::field(Code::OutOfRange, "answeredAt"));
        }
        let outcome = rules::outcome(&answered.outcome, answered.roadmap, date)?;
        if self.working.answer.get(id).is_none() {
            self.changes.put(answer::Model {
                id,
                agency_id: lead,
                council_id: self.row.council_id,
                document_number: number.clone(),
                document_date: date,
                text: text.clone(),
                outcome: outcome.clone(),
                roadmap_at: answered.roadmap,
                cost_millions: None,
                unresolved_reason: None,
                on_behalf: true,
                actor_id: self.actor()?,
                at: self.facts.now,
            });
        }
        self.changes.put(answer_petition::Model {
            answer_id: id,
            petition_id: self.row.id,
            version: 1,
            coordinating: false,
            assessment: None,
            assessment_note: None,
            public_text: None,
        });
        self.row.outcome = Some(outcome);
        self.row.answer_id = Some(id);
        self.row.answer_text = Some(text);
        self.row.answer_number = Some(number.clone());
        self.row.answered_at = Some(date);
        self.row.roadmap_at = answered.roadmap;
        self.happened("answered_on_behalf", Some(number), None);
        Ok(())
    }

    fn inform(&mut self, day: NaiveDate, channel: &str) -> Result<(), Refused> {
        // Telling is never refused for the state; here it must be the telling of an answer.
        let answered = self
            .row
            .answered_at
            .ok_or(Refused::field(Code::Required, "answeredAt"))?;
        let day = self.document_date(day, "informedAt")?;
        if day < answered {
            return Err(Refused::field(Code::OutOfRange, "informedAt"));
        }
        self.row.process = step(&self.row, Event::Inform)?;
        let channel = rules::code(channel, "informing_channel", "informedBy")?;
        let at = morning(day).min(self.facts.now);
        let id: InformingId = derived(self.import.council, &["informing", &self.row.id.to_string()]);
        self.changes.put(informing::Model {
            id,
            petition_id: self.row.id,
            council_id: self.row.council_id,
            author_id: self.actor()?,
            at,
            channel: channel.clone(),
            meeting_id: None,
            note: None,
            satisfaction: None,
            answer_id: self.row.answer_id,
            received_at: self.facts.now,
            rev: 0,
        });
        self.row.informed_at = Some(at);
        self.happened("informed", Some(format!("{channel}, {day}")), None);
        Ok(())
    }

    /// A list says that something is closed, and not what the office of then thought of the answer: that stays open.
    fn close(&mut self) -> Result<(), Refused> {
        self.row.process = self
            .row
            .process
            .next(Event::Close)
            .ok_or(Refused::field(Code::VotersNotInformed, "status"))?;
        self.row.closed_at = self.row.informed_at.or(Some(self.facts.now));
        self.happened("closed", None, None);
        Ok(())
    }

    fn actor(&self) -> Result<entity::id::AccountId, Refused> {
        let actor = self.facts.viewer.account_id();
        actor.ok_or(Refused::new(Code::Unauthenticated))
    }

    fn done(mut self) -> Changes {
        self.changes.put(self.row);
        self.changes
    }
}

/// The day on which its office got a petition that was taken over, if its list told that: then it began with the day. What
/// has no such day began at the hour of its import, and for all that is known long before.
pub(super) fn received(row: &petition::Model) -> Option<NaiveDate> {
    let day = local_date(row.created_at);
    (row.created_at == morning(day)).then_some(day)
}

/// A day as a moment of it: the office told no hour.
fn morning(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN)
        .and_local_timezone(VIETNAM)
        .single()
        .map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc))
}
