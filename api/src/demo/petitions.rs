//! Petitions of the demo, each with its steps so far. When each step happened and under which document number is made
//! up, for the lists they come from do not say.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use entity::{
    agency, answer, answer_petition, counter, forwarding, forwarding_petition,
    id::{AccountId, UnitId},
    informing, petition, petition_unit,
};

use super::{
    Making,
    accounts::account_id,
    bodies::{Agencies, Councils, today_of},
    places::Places,
    put::{Group, Put, moment},
    sample::{Line, addressee, sample},
};
use crate::{
    codes,
    error::{Error, Result},
    petitions::closing,
    redaction,
    store::{reference::Units, working::Needs},
};

/// Makes the petitions.
pub(super) async fn make(
    making: &Making<'_>,
    places: &Places<'_>,
    councils: &Councils,
    agencies: &Agencies,
) -> Result<()> {
    let maker = Maker {
        making,
        councils,
        agencies,
        units: places.units,
        actor: account_id(making, "quantri"),
    };
    let mut put = Put::default();
    let mut numbers = BTreeMap::new();
    for (index, line) in sample()?.into_iter().enumerate() {
        let units = places.find(&line.unit);
        let index = i64::try_from(index).unwrap_or_default();
        maker.one(put.group(), &mut numbers, index, &line, &units)?;
    }
    for (name, value) in numbers {
        put.group().row(counter::Model { name, value });
    }
    put.write(making.state).await
}

struct Maker<'a> {
    making: &'a Making<'a>,
    councils: &'a Councils,
    agencies: &'a Agencies,
    units: &'a Units,
    actor: AccountId,
}

impl Maker<'_> {
    fn one(
        &self,
        group: &mut Group,
        numbers: &mut BTreeMap<String, i64>,
        index: i64,
        line: &Line,
        places: &[UnitId],
    ) -> Result<()> {
        let lost = || Error::internal(format!("petitions.jsonl: nowhere is {}", line.unit));
        let place = *places.first().ok_or_else(lost)?;
        let then = self.units.province(place).ok_or_else(lost)?;
        let today = today_of(self.units, then.id).ok_or_else(lost)?;
        let sent_to = line
            .authority
            .as_deref()
            .and_then(|words| addressee(self.units, place, words));
        let is_former = self.units.get(place).is_some_and(|unit| unit.valid_to.is_some());
        let road = Road::of(index, line.status.as_deref(), sent_to.is_some());

        // What came to its end did so before the two tiers and stays with the council of then; what is open lies
        // with the council that inherited it.
        let owner = if road.is_over() { then.id } else { today.id };
        let council = self.councils.of(owner).ok_or_else(lost)?;
        let last = NaiveDate::from_ymd_opt(2025, 6, 20).unwrap_or(NaiveDate::MIN);
        let day = |days: i64| Days::new(u64::try_from(days).unwrap_or_default());
        let first = if is_former || road.is_over() {
            last.checked_sub_days(day(70 + 3 * index)).unwrap_or(last)
        } else {
            self.making.day(60 + index)
        };
        let after = |days: i64| first.checked_add_days(day(days)).unwrap_or(first);
        let created = moment(first, 9);

        let counter = Needs::petition_counter(council.id, first.year());
        let running = numbers.entry(counter).or_default();
        *running += 1;
        let field = line
            .field
            .as_deref()
            .and_then(|label| codes::find_label("field", label));
        let mut row = petition::Model {
            title: title(&line.text),
            content: line.text.clone(),
            public_title: Some(redacted(&title(&line.text))),
            public_content: Some(redacted(&line.text)),
            origin: Some("voter".to_owned()),
            field: field.map(|field| field.code.clone()),
            tier: sent_to.as_ref().map(|body| body.tier.to_owned()),
            ..petition::Model::accepted(
                self.making.id(&format!("petition/{index}"), created),
                council.id,
                format!("{running}/{}", first.year()),
                created,
            )
        };
        for unit in places {
            group.row(petition_unit::Model {
                petition_id: row.id,
                unit_id: *unit,
            });
        }
        self.step(group, &row, "grouped", first, Some(line.source.clone()));
        if let Some(body) = &sent_to {
            row.process = petition::Process::Classified;
            let basis: Vec<&str> = row
                .field
                .as_deref()
                .into_iter()
                .chain(row.tier.as_deref())
                .collect();
            self.step(group, &row, "classified", after(2), Some(basis.join(", ")));
            if let Some(agency) = self.agencies.get(body.unit, &body.name) {
                self.forward(group, &mut row, agency, after(5), after(33), index);
                self.answer(group, &mut row, agency, line, road, after(30));
                if road == Road::AskedAgain {
                    let heir = body.successor.as_ref();
                    let heir = heir
                        .and_then(|(unit, name)| self.agencies.get(*unit, name))
                        .unwrap_or(agency);
                    let sent = self.making.day(20 + index % 9);
                    // Some are overdue and some are not yet.
                    let due = self.making.day(8 - index % 5 * 4);
                    if row.process == petition::Process::Answered {
                        let basis = row.answer_number.clone();
                        self.step(group, &row, "assessed_unclear", self.making.day(45), basis);
                    }
                    self.forward(group, &mut row, heir, sent, due, index + 100);
                }
            }
        }
        group.row(row);
        Ok(())
    }

    fn step(
        &self,
        group: &mut Group,
        row: &petition::Model,
        event: &str,
        on: NaiveDate,
        basis: Option<String>,
    ) {
        let mut step = self.making.event("petition", row.id, event, moment(on, 9));
        step.actor_id = Some(self.actor);
        step.council_id = Some(row.council_id);
        step.basis = basis;
        group.event(step);
    }

    fn forward(
        &self,
        group: &mut Group,
        row: &mut petition::Model,
        agency: &agency::Model,
        on: NaiveDate,
        due: NaiveDate,
        number: i64,
    ) {
        let at: DateTime<Utc> = moment(on, 10);
        let document = forwarding::Model {
            id: self.making.id(&format!("forwarding/{}/{on}", row.id), at),
            council_id: row.council_id,
            lead_agency_id: Some(agency.id),
            upper_council_id: None,
            document_number: format!("{}/HĐND-VP", 20 + number),
            document_date: on,
            due_on: Some(due),
            actor_id: self.actor,
            at,
        };
        self.step(
            group,
            row,
            "forwarded",
            on,
            Some(document.document_number.clone()),
        );
        group.row(forwarding_petition::Model {
            forwarding_id: document.id,
            petition_id: row.id,
            returned_at: None,
            return_reason: None,
        });
        row.process = petition::Process::Forwarded;
        row.agency_id = Some(agency.id);
        row.forwarding_id = Some(document.id);
        row.forwarded_number = Some(document.document_number.clone());
        row.forwarded_at = Some(on);
        row.due_at = Some(due);
        group.row(document);
    }

    fn answer(
        &self,
        group: &mut Group,
        row: &mut petition::Model,
        agency: &agency::Model,
        line: &Line,
        road: Road,
        on: NaiveDate,
    ) {
        let (Some(outcome), Some(status)) = (outcome(line.status.as_deref()), &line.status) else {
            return;
        };
        let later = |days| on.checked_add_days(Days::new(days)).unwrap_or(on);
        let at = moment(on, 15);
        let document = answer::Model {
            id: self.making.id(&format!("answer/{}", row.id), at),
            agency_id: agency.id,
            council_id: row.council_id,
            document_number: format!("{}/{}", 100 + on.ordinal(), symbol(agency)),
            document_date: on,
            text: format!("{status}."),
            outcome: outcome.to_owned(),
            roadmap_at: (outcome == "in_progress").then(|| self.making.day(-90)),
            cost_millions: None,
            // All that the published table calls unresolved lacks money, by its own words.
            unresolved_reason: (outcome == "not_resolved").then(|| "budget".to_owned()),
            on_behalf: !agency.has_account,
            actor_id: self.actor,
            at,
        };
        self.step(
            group,
            row,
            "answered_on_behalf",
            on,
            Some(document.document_number.clone()),
        );
        group.row(answer_petition::Model {
            answer_id: document.id,
            petition_id: row.id,
            version: 1,
            coordinating: false,
            assessment: road.is_over().then(|| "ok".to_owned()),
            assessment_note: None,
            public_text: Some(redacted(&document.text)),
        });
        row.process = petition::Process::Answered;
        row.outcome = Some(outcome.to_owned());
        row.answer_id = Some(document.id);
        row.answer_text = Some(document.text.clone());
        row.public_answer = Some(redacted(&document.text));
        row.answer_number = Some(document.document_number.clone());
        row.answered_at = Some(on);
        row.roadmap_at = document.roadmap_at;
        row.unresolved_reason.clone_from(&document.unresolved_reason);
        group.row(document);
        if !road.is_over() {
            return;
        }
        self.step(group, row, "assessed_ok", later(3), row.answer_number.clone());
        row.assessment = Some("ok".to_owned());
        let told = moment(later(12), 19);
        let informing = informing::Model {
            id: self.making.id(&format!("informing/{}", row.id), told),
            petition_id: row.id,
            council_id: row.council_id,
            author_id: self.actor,
            at: told,
            channel: "contact_meeting".to_owned(),
            meeting_id: None,
            note: None,
            satisfaction: None,
            answer_id: row.answer_id,
            received_at: told,
            rev: 0,
        };
        group.row(informing);
        self.step(
            group,
            row,
            "informed",
            later(12),
            Some("Hội nghị tiếp xúc cử tri".to_owned()),
        );
        row.process = petition::Process::Informed;
        row.informed_at = Some(told);
        if road == Road::Closed {
            self.step(group, row, "closed", later(15), closing::basis(row));
            row.process = petition::Process::Closed;
            row.closed_at = Some(moment(later(15), 9));
        }
    }
}

/// How far a petition went, after its published state.
#[derive(Clone, Copy, PartialEq)]
enum Road {
    /// Nobody was named who should answer, or nobody has answered.
    Open,
    /// Answered, the voters not told yet.
    Answered,
    /// Answered as "in progress", and asked again of who has it today.
    AskedAgain,
    Informed,
    Closed,
}

impl Road {
    fn of(index: i64, status: Option<&str>, is_sent: bool) -> Self {
        match (outcome(status), index % 3) {
            _ if !is_sent => Self::Open,
            (None, _) => Self::AskedAgain,
            (Some("resolved"), _) | (Some("explained"), 0) => Self::Closed,
            (Some("explained" | "not_resolved"), _) => Self::Informed,
            (Some(_), 0) => Self::Answered,
            (Some(_), _) => Self::AskedAgain,
        }
    }

    fn is_over(self) -> bool {
        matches!(self, Self::Informed | Self::Closed)
    }
}

/// The outcome behind a published state.
fn outcome(status: Option<&str>) -> Option<&'static str> {
    let status = status?;
    if status.starts_with("Chưa giải quyết") {
        Some("not_resolved")
    } else if status.starts_with("Giải trình") {
        Some("explained")
    } else if status.starts_with("Đang giải quyết") {
        Some("in_progress")
    } else if status.starts_with("Đã giải quyết") {
        Some("resolved")
    } else {
        None
    }
}

/// The issuer's sign in a document number.
fn symbol(agency: &agency::Model) -> &'static str {
    match agency.kind.as_str() {
        "committee" => "UBND-VP",
        "department" => "BC-SỞ",
        _ => "CV",
    }
}

/// What was released of a text: what is left when everything is taken out that reads like a personal detail.
fn redacted(text: &str) -> String {
    redaction::redact(text, &redaction::suggest(text))
}

/// The beginning of the words, cut between two of them.
fn title(text: &str) -> String {
    const MOST: usize = 90;
    if text.chars().count() <= MOST {
        return text.trim_end_matches('.').to_owned();
    }
    let cut = text.char_indices().nth(MOST).map_or(text.len(), |(at, _)| at);
    let head = &text[..cut];
    let head = head.rsplit_once(' ').map_or(head, |(head, _)| head);
    format!("{} …", head.trim_end_matches([',', ';', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_sample_is_in_the_list() {
        let sample = sample().unwrap();
        assert_eq!(sample.len(), 60);
        for line in sample {
            if let Some(field) = &line.field {
                assert!(codes::find_label("field", field).is_some(), "{field}");
            }
            assert!(line.status.is_none() || outcome(line.status.as_deref()).is_some());
        }
    }

    #[test]
    fn a_title_ends_between_two_words() {
        assert_eq!(title("Sửa đường."), "Sửa đường");
        let long = title(&"đường ".repeat(40));
        assert!(long.ends_with("đường …") && long.chars().count() < 95, "{long}");
    }
}
