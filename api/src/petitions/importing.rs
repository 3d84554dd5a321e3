//! A petition taken over from the spreadsheet in which an office kept it: what its row says, and which petition it is.

use std::{borrow::Cow, collections::BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use entity::{
    id::{AgencyId, AnswerId, CouncilId, ForwardingId, PetitionId, UnitId},
    petition, petition_import,
};
use uuid::Uuid;

use super::{grouping::Wording, taken_over::Taken};
use crate::{
    capability::Capability,
    clock::{VIETNAM, local_date},
    error::{Code, Refused},
    store::{
        door::{Command, Done, Facts, Verdict},
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

/// What was taken over is changed where it now lives, not by a second file; with a number of its own a row is another one.
const TAKEN: Refused = Refused {
    code: Code::Taken,
    field: Some(Cow::Borrowed("number")),
};

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

/// What is known of a row.
enum Which {
    /// It is none of those that are there; it will be this one.
    New(PetitionId),
    /// It is this one.
    Known(PetitionId),
    /// It may be this one, and only the office can tell.
    Doubtful(PetitionId),
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

    /// The petition that the row is.
    fn which(&self, working: &Working) -> Result<Which, Refused> {
        let first = match self.identity {
            Identity::Numbered(id) if working.petition.get(id).is_none() => return Ok(Which::New(id)),
            Identity::Numbered(id) => {
                let known = working.petition_import.get(id);
                let is_same = known.is_some_and(|known| known.digest == self.source.digest);
                return is_same.then_some(Which::Known(id)).ok_or(TAKEN);
            }
            Identity::Equal(first) => first,
        };
        // Somebody corrects his list, in which the rows have moved, and then the file of mistakes as well: what came by the
        // list may be this very row, or another one. A row is neither made a petition twice nor left out without a word.
        let mut doubtful = None;
        for id in self.equals(first) {
            match working.petition_import.get(id) {
                None => return Ok(doubtful.map_or(Which::New(id), Which::Doubtful)),
                Some(known) if self.is_same(known) => return Ok(Which::Known(id)),
                Some(known) if known.file != self.source.file => doubtful = doubtful.or(Some(id)),
                Some(_) => {}
            }
        }
        doubtful.map(Which::Doubtful).ok_or(TAKEN)
    }

    pub(super) fn forwarding_id(&self) -> Option<ForwardingId> {
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
    pub(super) fn answer_id(&self) -> Option<AnswerId> {
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

    pub(super) fn counter(&self, today: NaiveDate) -> String {
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
        let id = match self.which(working)? {
            Which::New(id) => id,
            Which::Known(id) => return Ok(there(id, Status::Duplicate, Vec::new())),
            Which::Doubtful(id) => return Ok(there(id, Status::Rejected, vec![TAKEN])),
        };
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

/// Nothing is written: the petition is there, or may be.
fn there(id: PetitionId, status: Status, errors: Vec<Refused>) -> Verdict {
    let known = Outcome {
        status,
        rev: None,
        master: None,
        errors,
    };
    Verdict {
        changes: Changes::default(),
        done: Done {
            ids: vec![id.0],
            push: Some(known),
        },
    }
}

/// The day on which its office got a petition that was taken over, if its list told that: then it began with the day. What
/// has no such day began at the hour of its import, and for all that is known long before.
pub(super) fn received(row: &petition::Model) -> Option<NaiveDate> {
    let day = local_date(row.created_at);
    (row.created_at == morning(day)).then_some(day)
}

/// A day as a moment of it: the office told no hour.
pub(super) fn morning(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN)
        .and_local_timezone(VIETNAM)
        .single()
        .map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc))
}
