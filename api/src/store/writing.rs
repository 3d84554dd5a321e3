//! What a phone may write, collection by collection, and what becomes of a pushed row.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    collection::Document,
    door::Facts,
    merge::Stamps,
    working::{Changes, Needs, Working},
};
use crate::{
    error::{Code, Refused},
    text::likeness,
};

/// Whether a row's `kind` calls it a denunciation, under whatever word, marks, case or look-alike. It is asked of `kind`
/// alone: folded, a petition about rubber (tổ cao su) says the same.
pub fn names_denunciation(fields: &Document) -> bool {
    fields
        .iter()
        .filter(|(name, _)| likeness(name) == "kind")
        .any(|(_, kind)| {
            let word = match kind {
                Value::String(word) => likeness(word),
                // `{code, label}`, as it is read, or a list.
                other => likeness(&other.to_string()),
            };
            let word = word.replace(' ', "");
            word.contains("tocao") || word.contains("denunciation")
        })
}

/// Whether a text is nothing but the word for a denunciation, under whatever marks, case or look-alikes.
pub fn is_denunciation(text: &str) -> bool {
    let word = likeness(text).replace(' ', "");
    ["tocao", "dontocao", "denunciation", "denunciations"].contains(&word.as_str())
}

/// Refuses what calls itself a denunciation where none can be written: not even its bytes are kept.
pub fn refuse_denunciation(fields: &Document) -> Result<(), Refused> {
    if names_denunciation(fields) {
        return Err(Refused::new(Code::DenunciationByHand));
    }
    Ok(())
}

/// A collection whose rows a phone may write.
pub trait Writable: Send + Sync {
    /// The name on the wire.
    fn name(&self) -> &'static str;

    /// The fields that a client may write, without `id`.
    fn fields(&self) -> &'static [&'static str];

    /// Fields that are taken and never given back; they take no part in comparisons.
    fn write_only(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether nobody but its author ever reads a word of it: then no history has any, and what was overtaken is sealed.
    fn is_private(&self) -> bool {
        false
    }

    /// Fields of its documents that only the server sets; a client may send them back, they are ignored.
    fn read_only(&self) -> &'static [&'static str];

    /// The `status` of a row that its author took back (`delete: true`) and that stays as such; no row ever leaves it. None
    /// where nothing is taken back.
    fn taken_back(&self) -> Option<&'static str> {
        None
    }

    /// Whether these fields can only change a row that is there, because they lack what every new one has: then they wait
    /// for it. `is_change` where their sender names the version that he changed.
    fn is_part(&self, _fields: &Document, _is_change: bool) -> bool {
        false
    }

    /// What must not even be kept when it is refused (denunciations). Asked before anything else.
    fn gate(&self, fields: &Document) -> Result<(), Refused> {
        refuse_denunciation(fields)
    }

    /// The same, for what is wrong only because of what the row is already.
    fn gate_after(
        &self,
        _working: &Working,
        _facts: &Facts<'_>,
        _id: Option<Uuid>,
        _fields: &Document,
    ) -> Result<(), Refused> {
        Ok(())
    }

    /// What a row that must not even be kept takes with it: what its author sent for it alone.
    fn disown(&self, _working: &Working, _facts: &Facts<'_>, _fields: &Document) -> Changes {
        Changes::default()
    }

    /// Which rows a write is about.
    fn needs(&self, write: &Write, facts: &Facts<'_>, needs: &mut Needs);

    /// Which further rows the first ones point to.
    fn needs_more(&self, _write: &Write, _working: &Working, _facts: &Facts<'_>, _needs: &mut Needs) {}

    /// The row as it is, if the writer may know of it.
    fn current(&self, working: &Working, facts: &Facts<'_>, id: Uuid) -> Option<Current>;

    /// Judges a write whose fields were already merged: only what is to be set is left in it.
    fn write(&self, working: &Working, facts: &Facts<'_>, write: &Write) -> Result<Written, Stop>;
}

/// What a write comes to.
#[derive(Default)]
pub struct Written {
    /// Empty where the row is just that already: then it stays in its version.
    pub changes: Changes,
    /// Whether the row is now other than its writer believes, so that he has to be shown it.
    pub differs: bool,
}

impl From<Changes> for Written {
    fn from(changes: Changes) -> Self {
        Self {
            changes,
            differs: false,
        }
    }
}

/// A row as it is.
pub struct Current {
    /// Its client-writable fields.
    pub values: Document,
    /// Who last wrote which.
    pub stamps: Stamps,
    /// Its version when the batch began.
    pub rev: i64,
}

/// A write of one row.
#[derive(Clone, Debug)]
pub struct Write {
    pub id: Uuid,
    /// The fields to set, in the spelling of the wire.
    pub fields: Document,
    pub delete: bool,
    /// When the phone says that it happened; never used for order between devices.
    pub recorded_at: Option<DateTime<Utc>>,
}

/// Why a write was not applied.
#[derive(Clone, Debug)]
pub enum Stop {
    /// What is wrong, field by field.
    Refused(Vec<Refused>),
    /// It refers to a row that has not arrived yet.
    Deferred(Uuid),
}

impl Stop {
    /// The first reason, for a command that is answered at once and cannot wait for `parent` to arrive.
    pub fn into_refused(self, parent: &'static str) -> Refused {
        match self {
            Self::Refused(mistakes) => mistakes
                .into_iter()
                .next()
                .unwrap_or(Refused::new(Code::InvalidValue)),
            Self::Deferred(_) => Refused::field(Code::NotFound, parent),
        }
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(vec![refused])
    }
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Refused::new(code).into()
    }
}

/// What became of a pushed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is stored.
    Applied,
    /// It was stored before; nothing was done.
    Duplicate,
    /// It is stored, together with what somebody else changed in other fields.
    Merged,
    /// Somebody else changed the same field; what was pushed is kept in history.
    Conflict,
    /// It was refused; its bytes are kept and the author finds a `syncIssue`.
    Rejected,
    /// It waits for a row that it refers to.
    Deferred,
}

impl Status {
    /// The name on the wire and in receipts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Applied => "APPLIED",
            Self::Duplicate => "DUPLICATE",
            Self::Merged => "MERGED",
            Self::Conflict => "CONFLICT",
            Self::Rejected => "REJECTED",
            Self::Deferred => "DEFERRED",
        }
    }

    /// The status with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        [
            Self::Applied,
            Self::Duplicate,
            Self::Merged,
            Self::Conflict,
            Self::Rejected,
            Self::Deferred,
        ]
        .into_iter()
        .find(|status| status.code() == code)
    }
}

/// The outcome of one pushed row.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub status: Status,
    /// The row's version after the push.
    pub rev: Option<i64>,
    /// The whole row as it is, where the client's copy is not the newest.
    pub master: Option<Value>,
    pub errors: Vec<Refused>,
}

/// Reads the typed fields of a write, collecting every mistake with its field.
pub struct Reader<'a> {
    fields: &'a Document,
    mistakes: Vec<Refused>,
}

impl<'a> Reader<'a> {
    /// Reads these fields.
    pub fn new(fields: &'a Document) -> Self {
        Self {
            fields,
            mistakes: Vec::new(),
        }
    }

    /// Notes a mistake.
    pub fn wrong(&mut self, code: Code, field: &'static str) {
        self.mistakes.push(Refused::field(code, field));
    }

    /// Whether the write says anything about this field, be it that it is empty.
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Whether a mistake was noted for this field, or for an entry of it.
    pub fn is_wrong(&self, field: &str) -> bool {
        let is_of_it = |named: &str| {
            let rest = named.strip_prefix(field);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.mistakes
            .iter()
            .any(|mistake| mistake.field.as_deref().is_some_and(is_of_it))
    }

    /// The field's new value: outer nothing if the write does not mention it or it is wrong.
    fn read<T>(
        &mut self,
        field: &'static str,
        convert: impl FnOnce(&Value) -> Result<T, Code>,
    ) -> Option<Option<T>> {
        match self.fields.get(field)? {
            Value::Null => Some(None),
            value => match convert(value) {
                Ok(value) => Some(Some(value)),
                Err(code) => {
                    self.wrong(code, field);
                    None
                }
            },
        }
    }

    /// A text of at most so many characters, cleaned (NFC, no control characters).
    pub fn text(&mut self, field: &'static str, into: &mut Option<String>, most: usize) {
        let read = self.read(field, |value| {
            let text = value.as_str().ok_or(Code::InvalidValue)?;
            let text = crate::text::clean(text)?;
            if text.chars().count() > most {
                Err(Code::TooLong)
            } else {
                Ok(text)
            }
        });
        if let Some(text) = read {
            *into = text.filter(|text| !text.is_empty());
        }
    }

    /// A code of an open list.
    pub fn code(&mut self, field: &'static str, list: &str, into: &mut Option<String>) {
        let read = self.read(field, |value| {
            let code = value.as_str().ok_or(Code::InvalidValue)?;
            crate::codes::find(list, code)
                .map(|entry| entry.code.to_owned())
                .ok_or(Code::UnknownCode)
        });
        if let Some(code) = read {
            *into = code;
        }
    }

    /// An id.
    pub fn id<T: From<Uuid>>(&mut self, field: &'static str, into: &mut Option<T>) {
        let read = self.read(field, |value| {
            value
                .as_str()
                .and_then(parse_id)
                .map(T::from)
                .ok_or(Code::InvalidId)
        });
        if let Some(id) = read {
            *into = id;
        }
    }

    /// A list of ids separated by spaces, at most so many; of several the one that is none is named.
    pub fn ids<T: From<Uuid>>(&mut self, field: &'static str, into: &mut Vec<T>, most: usize) {
        let entries: Vec<&str> = self
            .fields
            .get(field)
            .and_then(Value::as_str)
            .into_iter()
            .flat_map(str::split_ascii_whitespace)
            .collect();
        if let Some(place) = entries.iter().position(|id| parse_id(id).is_none()) {
            let refused = Refused::entry(Code::InvalidId, field, place, entries.len());
            self.mistakes.push(refused);
            return;
        }
        let read = self.read(field, |value| {
            let list = value.as_str().ok_or(Code::InvalidValue)?;
            let ids: Vec<Uuid> = list
                .split_ascii_whitespace()
                .map(|id| parse_id(id).ok_or(Code::InvalidId))
                .collect::<Result<_, _>>()?;
            if ids.len() > most {
                return Err(Code::LimitTooLarge);
            }
            Ok(ids)
        });
        if let Some(ids) = read {
            *into = ids.unwrap_or_default().into_iter().map(T::from).collect();
        }
    }

    /// A moment, RFC 3339 with any offset, between 1990 and 2100.
    pub fn time(&mut self, field: &'static str, into: &mut Option<DateTime<Utc>>) {
        let read = self.read(field, |value| {
            value.as_str().and_then(parse_time).ok_or(Code::InvalidDate)
        });
        if let Some(time) = read {
            *into = time;
        }
    }

    /// A legal date.
    pub fn date(&mut self, field: &'static str, into: &mut Option<chrono::NaiveDate>) {
        let read = self.read(field, |value| {
            value.as_str().and_then(parse_date).ok_or(Code::InvalidDate)
        });
        if let Some(date) = read {
            *into = date;
        }
    }

    /// A truth value.
    pub fn flag(&mut self, field: &'static str, into: &mut Option<bool>) {
        let read = self.read(field, |value| value.as_bool().ok_or(Code::InvalidValue));
        if let Some(flag) = read {
            *into = flag;
        }
    }

    /// A count from 0 to a million.
    pub fn count(&mut self, field: &'static str, into: &mut Option<i32>) {
        let read = self.read(field, |value| {
            let number = value.as_f64().ok_or(Code::InvalidValue)?;
            if number.fract() != 0.0 {
                return Err(Code::InvalidValue);
            }
            value
                .as_i64()
                .filter(|count| (0..=1_000_000).contains(count))
                .and_then(|count| i32::try_from(count).ok())
                .ok_or(Code::OutOfRange)
        });
        if let Some(count) = read {
            *into = count;
        }
    }

    /// Notes every member that is none of these fields: a client that misspells a field must hear of it.
    pub fn only(&mut self, known: &[&'static str]) {
        let unknown = self.fields.keys().filter(|name| !known.contains(&name.as_str()));
        for name in unknown.take(MOST_UNKNOWN) {
            self.mistakes
                .push(Refused::field(Code::UnknownField, told_name(name)));
        }
    }

    /// All mistakes, if there are any.
    pub fn finish(self) -> Result<(), Stop> {
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(Stop::Refused(self.mistakes))
        }
    }
}

/// How many unknown members of one row are told of.
pub const MOST_UNKNOWN: usize = 20;

/// A name that a client made up, as it is told and kept: a row may have a thousand of a megabyte each, and not every
/// database takes every character.
pub fn told_name(name: &str) -> String {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    name.chars().filter(plain).take(64).collect()
}

/// A UUID in its usual hyphenated form, in any case.
pub fn parse_id(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// A moment in RFC 3339 with any offset, cut to microseconds, between 1990 and 2100. A second 60 is none: one database
/// would make the next minute of it, and browsers cannot read it.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    use chrono::{Datelike, SubsecRound, Timelike};
    let time = DateTime::parse_from_rfc3339(text)
        .ok()?
        .with_timezone(&Utc)
        .trunc_subsecs(6);
    let is_leap = time.nanosecond() >= 1_000_000_000;
    ((1990..2100).contains(&time.year()) && !is_leap).then_some(time)
}

/// A date `YYYY-MM-DD` between 1945 and 2100.
pub fn parse_date(text: &str) -> Option<chrono::NaiveDate> {
    use chrono::Datelike;
    let date = (text.len() == 10)
        .then(|| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()?;
    (1945..2100).contains(&date.year()).then_some(date)
}
