//! From a row of a spreadsheet to a petition to be taken over, or to all that is wrong with it. Pure: it looks at the
//! row and at the lists, and at nothing else.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::id::{AgencyId, CouncilId, UnitId};
use sha2::{Digest, Sha256};

use super::{
    bodies::{self, Bodies},
    columns::{Column, Head, Heads},
    problem::Problem,
    table::Line,
    values::{self, Reached},
};
use crate::{
    error::Code,
    petitions::{
        grouping::Wording,
        importing::{Answered, Forwarded, Identity, Import, Source, derived},
        rules::promises,
    },
    recorded::council_covers,
    store::reference::Reference,
    text,
    units::places::{Places, Unclear},
};

/// What is known while a file is read.
pub(super) struct Reading<'a> {
    pub(super) reference: &'a Reference,
    pub(super) places: &'a Places<'a>,
    pub(super) bodies: &'a Bodies<'a>,
    pub(super) council: CouncilId,
    /// The council's own unit: where a row names no place.
    pub(super) own_unit: UnitId,
    pub(super) today: NaiveDate,
    /// SHA-256 of the file.
    pub(super) file: &'a str,
    pub(super) heads: &'a Heads,
}

/// What was seen of a file so far, to tell equal rows apart: 16 bytes for each.
#[derive(Default)]
pub(super) struct Seen(HashMap<u64, u64>);

/// How many places of a list are told at most.
const MOST_TOLD: usize = 5;

impl Reading<'_> {
    /// The petition of a row, with what the row says that is not taken over.
    pub(super) fn read(&self, line: &Line, seen: &mut Seen) -> Result<(Import, Vec<Problem>), Vec<Problem>> {
        if line.is_misquoted {
            return Err(vec![Problem::of_row(Code::StrayQuote)]);
        }
        let row = Row::of(self.heads, line)?;
        let source = self.source(line).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut note = |problem: Problem| problems.push(problem);

        let content = row.text(Column::Content).unwrap_or_default();
        if content.is_empty() {
            note(Problem::of(Column::Content, Code::Required));
        }
        let title = row
            .text(Column::Title)
            .map_or_else(|| values::title(content), str::to_owned);
        let received = row.day(Column::Received, &mut note);
        let units = self.units(&row, received, &mut note);
        let field = row.coded(Column::Field, |raw| values::code("field", raw), &mut note);
        let mut tier = row.coded(Column::Tier, values::tier, &mut note);
        let origin = row.coded(Column::Origin, |raw| values::code("origin", raw), &mut note);

        let (lead, forwarded) = self.forwarded(&row, received, &units, &mut note);
        if let (None, Some(_), Some(lead)) = (&tier, &field, lead) {
            tier = self.bodies.tier(lead).map(str::to_owned);
        }
        let (mut answered, told) = self.answered(&row, &mut note);
        let informed = row.day(Column::InformedAt, &mut note);
        let by = row.coded(
            Column::InformedBy,
            |raw| values::code("informing_channel", raw),
            &mut note,
        );
        let informed = match (informed, by) {
            (Some(day), Some(by)) => Some((day, by)),
            (Some(_), None) if row.text(Column::InformedBy).is_none() => {
                note(Problem::of(Column::InformedBy, Code::Required));
                None
            }
            _ => None,
        };
        let state = row.coded(Column::Status, state, &mut note);
        let closed = matches!(state, Some(State::Reached(Reached::Closed)));
        let reached = match (&field, &forwarded, &answered, &informed) {
            (.., Some(_)) if closed => Reached::Closed,
            (.., Some(_)) => Reached::Informed,
            (_, _, Some(_), None) => Reached::Answered,
            (_, Some(_), None, None) => Reached::Forwarded,
            (Some(_), ..) if tier.is_some() => Reached::Classified,
            _ => Reached::Accepted,
        };
        if problems.is_empty() {
            problems.extend(disagreement(state, reached, told.as_deref()));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut notes = Vec::new();
        if lead.is_some() && forwarded.is_none() {
            notes.push(Problem::of(Column::ForwardedNumber, Code::Required));
        }
        if told.is_some_and(|told| told != "not_answered") {
            notes.push(Problem::of(Column::AnswerNumber, Code::Required));
        }
        if reached == Reached::Accepted && (field.is_some() || tier.is_some()) {
            // A field alone is no classification yet; the office adds the level.
            let missing = if field.is_some() {
                Column::Tier
            } else {
                Column::Field
            };
            notes.push(Problem::of(missing, Code::Required));
        }
        // Spreadsheets keep the day that was promised when it is done: told, and not taken over.
        let done = answered.as_mut().filter(|told| !promises(&told.outcome));
        if done.is_some_and(|told| told.roadmap.take().is_some()) {
            notes.push(Problem::of(Column::Roadmap, Code::InvalidValue));
        }
        let own_number = row.text(Column::Number).map(str::to_owned);
        let digest = row.digest();
        let identity = self
            .identity(own_number.as_deref(), &digest, source.is_some(), seen)
            .map_err(|problem| vec![problem])?;
        let here = (self.file.to_owned(), line.number);
        let ((file, number), corrected_in) = match source {
            Some(source) => (source, Some(here)),
            None => (here, None),
        };
        let import = Import {
            identity,
            council: self.council,
            source: Source {
                file,
                line: number,
                corrected_in,
                digest: hex(&digest),
                own_number,
            },
            wording: Wording {
                title,
                content: content.to_owned(),
            },
            units: units.into_iter().collect(),
            origin,
            received,
            field,
            tier,
            forwarded,
            answered,
            informed,
            closed,
        };
        Ok((import, notes))
    }

    /// Which petition a row is: by the office's own number, else by all that it says and how many equal rows the file
    /// had before it. Of a row of a file of mistakes those are not known: they stayed in the file where it was refused.
    fn identity(
        &self,
        own_number: Option<&str>,
        digest: &[u8; 32],
        is_corrected: bool,
        seen: &mut Seen,
    ) -> Result<Identity, Problem> {
        let short = |bytes: &[u8]| {
            bytes
                .iter()
                .take(8)
                .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        match own_number {
            Some(number) => {
                let key = single_spaced(number).to_lowercase();
                let place = short(&Sha256::digest(format!("number:{key}")));
                let before = seen.0.insert(place, short(digest));
                if before.is_some_and(|before| before != short(digest)) {
                    return Err(Problem::told(Column::Number, Code::Taken, number));
                }
                Ok(Identity::Numbered(derived(self.council, &["number", &key])))
            }
            None => {
                let count = seen.0.entry(short(digest)).or_default();
                *count += 1;
                Ok(Identity::Equal(if is_corrected { 1 } else { *count }))
            }
        }
    }

    fn units(
        &self,
        row: &Row<'_>,
        received: Option<NaiveDate>,
        note: &mut impl FnMut(Problem),
    ) -> Vec<UnitId> {
        let Some(words) = row.text(Column::Unit) else {
            return vec![self.own_unit];
        };
        let with_kind = |column, kinds: &[&str], kind: &str| {
            row.text(column).map(|name| {
                let folded = text::fold(name);
                let has_kind = kinds.iter().any(|kind| folded.starts_with(kind));
                if has_kind {
                    format!(", {name}")
                } else {
                    format!(", {kind} {name}")
                }
            })
        };
        let district = with_kind(
            Column::District,
            &["huyen", "quan", "thi xa", "thanh pho", "tp"],
            "huyện",
        );
        let province = with_kind(Column::Province, &["tinh", "thanh pho", "tp"], "tỉnh");
        let whole = format!(
            "{words}{}{}",
            district.unwrap_or_default(),
            province.unwrap_or_default()
        );
        let counts = |unit| council_covers(self.reference, self.council, unit);
        let found = self
            .places
            .resolve(&whole, received.unwrap_or(self.today), counts);
        found.unwrap_or_else(|unclear| {
            note(match unclear {
                Unclear::Unknown(name) => {
                    let elsewhere = self
                        .places
                        .resolve(&whole, received.unwrap_or(self.today), |_| true);
                    match elsewhere {
                        Ok(units) | Err(Unclear::Several(units)) => {
                            Problem::told(Column::Unit, Code::NotFound, self.shown(&units))
                        }
                        Err(Unclear::Unknown(_)) => {
                            Problem::unlisted(self.heads, Column::Unit, Code::NotFound, &name)
                        }
                    }
                }
                Unclear::Several(units) => Problem::told(Column::Unit, Code::Ambiguous, self.shown(&units)),
            });
            Vec::new()
        })
    }

    /// Units with what lies around them and their codes.
    fn shown(&self, units: &[UnitId]) -> String {
        let shown = units.iter().take(MOST_TOLD).map(|id| {
            let above: Vec<&str> = self
                .reference
                .units
                .upwards(*id)
                .map(|unit| unit.name.as_str())
                .collect();
            let code = self.reference.units.get(*id).map(|unit| unit.code.as_str());
            format!("{} ({})", above.join(", "), code.unwrap_or_default())
        });
        let mut shown = shown.collect::<Vec<_>>().join("; ");
        if units.len() > MOST_TOLD {
            shown.push_str("; …");
        }
        shown
    }

    fn forwarded(
        &self,
        row: &Row<'_>,
        received: Option<NaiveDate>,
        units: &[UnitId],
        note: &mut impl FnMut(Problem),
    ) -> (Option<AgencyId>, Option<Forwarded>) {
        let due = row.day(Column::Due, note);
        let told = row.day(Column::ForwardedAt, note);
        let (number, in_number) = row.text(Column::ForwardedNumber).map(values::document).unzip();
        let words = row.text(Column::Agency);
        if words.is_none() && number.is_none() && told.is_none() {
            return (None, None);
        }
        let day = told.or(in_number.flatten());
        let Some(words) = words else {
            note(Problem::of(Column::Agency, Code::Required));
            return (None, None);
        };
        let lead = match self
            .bodies
            .resolve(words, units, day.or(received).unwrap_or(self.today))
        {
            Ok(lead) => lead,
            Err(bodies::Unclear::Unknown) => {
                note(Problem::told(Column::Agency, Code::NotFound, words));
                return (None, None);
            }
            Err(bodies::Unclear::Several(several)) => {
                note(Problem::told(
                    Column::Agency,
                    Code::Ambiguous,
                    self.bodies_shown(&several),
                ));
                return (None, None);
            }
        };
        let forwarded = match (number, day) {
            (Some(number), Some(date)) => Some(Forwarded {
                lead,
                number,
                date,
                due,
            }),
            (Some(_), None) => {
                note(Problem::of(Column::ForwardedAt, Code::Required));
                None
            }
            // Who is competent may be written down before anything is sent.
            (None, _) => None,
        };
        (Some(lead), forwarded)
    }

    fn bodies_shown(&self, several: &[AgencyId]) -> String {
        let shown = several
            .iter()
            .take(MOST_TOLD)
            .map(|body| self.bodies.shown(*body));
        shown.collect::<Vec<_>>().join("; ")
    }

    /// The answer, and the result as it was told where there is no answer yet.
    fn answered(&self, row: &Row<'_>, note: &mut impl FnMut(Problem)) -> (Option<Answered>, Option<String>) {
        let told = row.day(Column::AnsweredAt, note);
        let (number, in_number) = row.text(Column::AnswerNumber).map(values::document).unzip();
        let mut text = row.text(Column::AnswerText).map(str::to_owned);
        let mut class = None;
        if let Some(raw) = row.text(Column::Outcome) {
            match values::outcome(raw) {
                Some(code) => class = Some(code),
                // Offices write the answer itself into this column as well.
                None if text.is_none() => text = Some(raw.to_owned()),
                None => note(Problem::told(Column::Outcome, Code::UnknownCode, raw)),
            }
        }
        if class.is_none()
            && let Some(State::Result(code)) = row.text(Column::Status).and_then(state)
        {
            class = Some(code);
        }
        let roadmap = row.day(Column::Roadmap, note);
        let date = told.or(in_number.flatten());
        if class.as_deref() == Some("not_answered") && number.is_none() && date.is_none() && text.is_none() {
            return (None, class);
        }
        if number.is_none() && date.is_none() && text.is_none() {
            // What is being done without a document that says so is no answer.
            return (None, class);
        }
        let mut required = |column, is_there: bool| {
            if !is_there {
                note(Problem::of(column, Code::Required));
            }
        };
        required(Column::AnswerNumber, number.is_some());
        required(Column::AnsweredAt, date.is_some());
        required(Column::AnswerText, text.is_some());
        required(Column::Outcome, class.is_some());
        match (number, date, text, class) {
            (Some(number), Some(date), Some(text), Some(outcome)) => (
                Some(Answered {
                    number,
                    date,
                    text,
                    outcome,
                    roadmap,
                }),
                None,
            ),
            _ => (None, None),
        }
    }
}

/// What the column of states can say: how far it came, or what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Reached(Reached),
    Result(String),
}

fn state(raw: &str) -> Option<State> {
    values::reached(raw)
        .map(State::Reached)
        .or_else(|| values::outcome(raw).map(State::Result))
}

/// What the states and results say and the other columns do not show. A state without the documents that lead to it
/// is not made up.
fn disagreement(state: Option<State>, reached: Reached, result: Option<&str>) -> Option<Problem> {
    let told = match state {
        Some(State::Reached(told)) => Some(told),
        // "Chưa trả lời" and results without a document say no more than that a body has it.
        Some(State::Result(_)) | None => None,
    };
    let result = result.filter(|result| !matches!(*result, "not_answered" | "in_progress" | "not_resolved"));
    let missing = match told {
        Some(told) if told > reached => Some(told),
        _ if result.is_some() && reached < Reached::Answered => Some(Reached::Answered),
        _ => None,
    };
    if let Some(missing) = missing {
        let column = match missing {
            Reached::Accepted | Reached::Classified => Column::Field,
            Reached::Forwarded => Column::ForwardedNumber,
            Reached::Answered if reached < Reached::Forwarded => Column::ForwardedNumber,
            Reached::Answered => Column::AnswerNumber,
            Reached::Informed | Reached::Closed if reached < Reached::Answered => Column::AnswerNumber,
            Reached::Informed | Reached::Closed => Column::InformedAt,
        };
        return Some(Problem::of(column, Code::Required));
    }
    // The documents show more than the state says: one of them is wrong.
    let understated = told.is_some_and(|told| told < reached && told >= Reached::Forwarded);
    understated.then(|| Problem::of(Column::Status, Code::InvalidState))
}

/// A row's cells by what they are.
struct Row<'a> {
    cells: Vec<(Column, String)>,
    line: &'a Line,
    heads: &'a Heads,
}

impl<'a> Row<'a> {
    fn of(heads: &'a Heads, line: &'a Line) -> Result<Self, Vec<Problem>> {
        let mut cells = Vec::new();
        let mut problems = Vec::new();
        for (head, cell) in heads.heads.iter().zip(&line.cells) {
            let Head::Column(column) = head else { continue };
            match text::clean(&cell.replace('\r', "\n")) {
                Ok(clean) if clean.is_empty() => {}
                Ok(clean) => cells.push((*column, clean)),
                Err(code) => problems.push(Problem::of(*column, code)),
            }
        }
        cells.sort_by_key(|(column, _)| *column);
        if problems.is_empty() {
            Ok(Self { cells, line, heads })
        } else {
            Err(problems)
        }
    }

    fn text(&self, column: Column) -> Option<&str> {
        self.cells
            .iter()
            .find(|(known, _)| *known == column)
            .map(|(_, text)| text.as_str())
    }

    fn day(&self, column: Column, note: &mut impl FnMut(Problem)) -> Option<NaiveDate> {
        let raw = self.text(column)?;
        let day = values::day(raw, self.line.is_1904);
        if day.is_none() {
            note(Problem::told(column, Code::InvalidDate, raw));
        }
        day
    }

    fn coded<T>(
        &self,
        column: Column,
        read: impl FnOnce(&str) -> Option<T>,
        note: &mut impl FnMut(Problem),
    ) -> Option<T> {
        let raw = self.text(column)?;
        let code = read(raw);
        if code.is_none() {
            note(Problem::unlisted(self.heads, column, Code::UnknownCode, raw));
        }
        code
    }

    /// Of all that the row says: the same whatever the order of the columns and the format of the file.
    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for (column, text) in &self.cells {
            let day = matches!(
                column,
                Column::Received
                    | Column::ForwardedAt
                    | Column::Due
                    | Column::AnsweredAt
                    | Column::Roadmap
                    | Column::InformedAt
            )
            .then(|| values::day(text, self.line.is_1904))
            .flatten();
            digest.update(column.field().as_bytes());
            digest.update([0x1f]);
            match day {
                Some(day) => digest.update(day.to_string().as_bytes()),
                None => digest.update(single_spaced(text).as_bytes()),
            }
            digest.update([0x1e]);
        }
        digest.finalize().into()
    }
}

/// A text without what differs by chance between two savings of a file.
fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
