//! How a petition is taken over: its state is reached by the steps of the chain, or it is refused. Nothing that the chain
//! forbids comes in by this door, but for what answers of earlier years did not say yet: a day, a reason, who has it now.

use chrono::{Duration, NaiveDate};
use entity::{
    answer, answer_petition, forwarding, forwarding_petition,
    id::{InformingId, PetitionId, UnitId},
    informing,
    petition::{self, Event},
    petition_import, petition_unit,
};
use serde_json::json;

use super::{
    answering, closing,
    forwarding::Sent,
    grouping::fresh,
    importing::{Answered, Forwarded, Import, Source, derived, morning},
    rules, step,
};
use crate::{
    deadlines::Periods,
    error::{Code, Refused},
    recorded::council_covers,
    store::{
        door::Facts,
        reference::existed,
        working::{Changes, Working},
    },
};

/// A petition on its way through the chain.
pub(super) struct Taken<'a> {
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
    pub(super) fn begin(
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

    pub(super) fn classify(&mut self, field: &str, tier: &str) -> Result<(), Refused> {
        self.row.process = step(&self.row, Event::Classify)?;
        self.row.field = Some(rules::code(field, "field", "field")?);
        self.row.tier = Some(rules::code(tier, "tier", "tier")?);
        self.happened("classified", Some(format!("{field}, {tier}")), None);
        Ok(())
    }

    pub(super) fn forward(&mut self, forwarded: &Forwarded) -> Result<(), Refused> {
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
        let periods = Periods::of(self.facts.reference, self.row.council_id, self.facts.calendar);
        let due = rules::due(forwarded.due, tier, Some(agency), false, date, &periods)?;
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
        let sent = Sent {
            forwarding_id: id,
            due_at: due,
        };
        self.happened("forwarded", Some(number), sent.detail());
        Ok(())
    }

    pub(super) fn answer(&mut self, answered: &Answered) -> Result<(), Refused> {
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

    pub(super) fn inform(&mut self, day: NaiveDate, channel: &str) -> Result<(), Refused> {
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
    pub(super) fn close(&mut self) -> Result<(), Refused> {
        self.row.process = self
            .row
            .process
            .next(Event::Close)
            .ok_or(Refused::field(Code::VotersNotInformed, "status"))?;
        self.row.closed_at = self.row.informed_at.or(Some(self.facts.now));
        self.happened("closed", closing::basis(&self.row), None);
        Ok(())
    }

    fn actor(&self) -> Result<entity::id::AccountId, Refused> {
        let actor = self.facts.viewer.account_id();
        actor.ok_or(Refused::new(Code::Unauthenticated))
    }

    pub(super) fn done(mut self) -> Changes {
        self.changes.put(self.row);
        self.changes
    }
}
