//! The rules of feedback: pure, from rows and fields to rows or a refusal.

use chrono::{DateTime, Utc};
use entity::{
    feedback::{Event, Model, Status},
    feedback_contact,
    id::FeedbackId,
};
use serde_json::Value;

use super::tracking::TrackingCode;
use crate::{
    error::{Code, Refused},
    phone::Phone,
    seal,
    store::{
        collection::Document,
        door::Facts,
        reference::Reference,
        writing::{Reader, Stop, names_denunciation, parse_date, parse_id, parse_time},
    },
};

/// Contact fields: write-only, sealed, only with consent.
pub(super) const CONTACT: &[&str] = &["contactName", "contactPhone", "consentText", "consentAt"];

/// In the history: a voter's contact details, or some of them, were taken back.
pub(super) const CONTACT_ERASED: &str = "contact_erased";

/// In the history: a voter's contact details came, or were corrected, after the grouping.
pub(super) const CONTACT_GIVEN: &str = "contact_given";

const DENUNCIATION: &str = "denunciation";

/// All that may be kept of a denunciation (tố cáo): the number of the paper receipt, its date, the body that
/// received it. The denouncer's name, address and handwriting are secret (Luật Tố cáo 25/2018/QH14, Điều 56; Law
/// 117/2025/QH15, Điều 5: state secrets are not drafted or kept on a networked device).
const OF_A_DENUNCIATION: &[&str] = &[
    "id",
    "kind",
    "receiptNumber",
    "receivedOn",
    "receivingAgencyId",
    "recordedAt",
    "rev",
    "_deleted",
];

/// A receipt number is short and cannot hold a name.
const RECEIPT_NUMBER: usize = 30;

/// Refuses a denunciation that tells anything more than it may, also piece by piece: words that come after the
/// receipt, and words written down as something else that are then called a denunciation.
pub(super) fn denunciation_gate(before: Option<&Model>, fields: &Document) -> Result<(), Refused> {
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or_default();
    let told = kind.trim().eq_ignore_ascii_case(DENUNCIATION);
    // Under another word it is refused in any case, and what is refused would be kept: even that word may name somebody.
    if !told && names_denunciation(fields) {
        return Err(Refused::new(Code::DenunciationByHand));
    }
    let was = before.map(|row| row.kind == DENUNCIATION);
    if told && was == Some(false) {
        return Err(Refused::new(Code::DenunciationByHand));
    }
    if !told && was != Some(true) {
        return Ok(());
    }
    let more = fields
        .iter()
        .any(|(name, value)| !value.is_null() && !OF_A_DENUNCIATION.contains(&name.as_str()));
    if more
        || fields
            .iter()
            .any(|(name, value)| !value.is_null() && is_more(name, value))
    {
        Err(Refused::new(Code::DenunciationByHand))
    } else {
        Ok(())
    }
}

/// Whether a value says more than its field is for: what is no date may be anything.
fn is_more(name: &str, value: &Value) -> bool {
    let text = value.as_str();
    let is_as_it_is_written = match name {
        "kind" => true,
        "id" | "receivingAgencyId" => text.is_some_and(|id| parse_id(id).is_some()),
        "receiptNumber" => text.is_some_and(is_receipt_number),
        "receivedOn" => text.is_some_and(|date| parse_date(date).is_some()),
        "recordedAt" => text.is_some_and(|time| parse_time(time).is_some()),
        "rev" => value.is_i64() || text.is_some_and(|rev| rev.parse::<i64>().is_ok()),
        "_deleted" => value.is_boolean(),
        _ => false,
    };
    !is_as_it_is_written
}

/// Digits in one part of a receipt number, and in all of it: fewer than an identity or telephone number has, and two more
/// where a year ends it.
const DIGITS: usize = 8;

/// How many parts of digits there may be.
const PARTS_OF_DIGITS: usize = 3;

/// Letters in one part of a receipt number, and how many parts of letters there may be.
const LETTERS: usize = 5;
const PARTS_OF_LETTERS: usize = 2;

/// Abbreviations of bodies that have a vowel.
const WITH_VOWEL: &[&str] = &["CA", "CAX", "TAND", "UBKT", "UBND"];

/// Whether it is a number as offices write it: digits first, then at most two abbreviations, `125/2026/BN-TCD`.
///
/// An abbreviation is made of initials and hardly ever has a vowel; every syllable of a name has one, so that no
/// name can pass for an abbreviation.
fn is_receipt_number(number: &str) -> bool {
    let is_digits =
        |part: &str| !part.is_empty() && part.len() <= DIGITS && part.bytes().all(|b| b.is_ascii_digit());
    let is_abbreviation = |part: &str| {
        let letters = part.chars().count();
        let initials = part
            .chars()
            .all(|c| c == 'Đ' || (c.is_ascii_uppercase() && !"AEIOUY".contains(c)));
        (1..=LETTERS).contains(&letters) && (initials || WITH_VOWEL.contains(&part))
    };
    let mut parts = number.split(['/', '-', '.']);
    let letters = number.split(['/', '-', '.']).filter(|part| !is_digits(part));
    let digits: Vec<&str> = number
        .split(['/', '-', '.'])
        .filter(|part| is_digits(part))
        .collect();
    let is_year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    let most = match digits[..] {
        // 123456/2026, 1234/05/2026.
        [_, .., year] if is_year(year) => DIGITS + 2,
        _ => DIGITS,
    };
    number.chars().count() <= RECEIPT_NUMBER
        && digits.len() <= PARTS_OF_DIGITS
        && digits.concat().len() <= most
        && parts.next().is_some_and(is_digits)
        && parts.all(|part| is_digits(part) || is_abbreviation(part))
        && letters.count() <= PARTS_OF_LETTERS
}

/// Reads the fields of a write into a row.
pub(super) fn read_fields(row: &mut Model, fields: &Document, reference: &Reference) -> Result<(), Stop> {
    let mut reader = Reader::new(fields);
    reader.id("meetingId", &mut row.meeting_id);
    reader.id("unitId", &mut row.unit_id);
    reader.text("subUnit", &mut row.sub_unit, 200);
    reader.code("channel", "channel", &mut row.channel);
    reader.code("origin", "origin", &mut row.origin);
    let mut kind = (!row.kind.is_empty()).then(|| row.kind.clone());
    reader.code("kind", "submission_kind", &mut kind);
    row.kind = kind.unwrap_or_default();
    reader.text("subject", &mut row.subject, 500);
    reader.text("content", &mut row.content, 20_000);
    reader.text("wanted", &mut row.wanted, 5_000);
    reader.text("affected", &mut row.affected, 2_000);
    reader.text("since", &mut row.since, 200);
    reader.text("evidence", &mut row.evidence, 500);
    reader.flag("answeredOnSpot", &mut row.answered_on_spot);
    reader.text("onSpotAnswer", &mut row.on_spot_answer, 5_000);
    reader.time("recordedAt", &mut row.recorded_at);
    reader.text("receiptNumber", &mut row.receipt_number, RECEIPT_NUMBER);
    reader.date("receivedOn", &mut row.received_on);
    reader.id("receivingAgencyId", &mut row.receiving_agency_id);

    let mut code = None;
    reader.text("trackingCode", &mut code, 20);
    if reader.has("trackingCode") {
        match code.as_deref().map(TrackingCode::parse) {
            None => row.tracking_code = None,
            Some(Some(code)) => row.tracking_code = Some(code.to_string()),
            Some(None) => reader.wrong(Code::InvalidValue, "trackingCode"),
        }
    }
    if row.kind.is_empty() && !reader.is_wrong("kind") {
        reader.wrong(Code::Required, "kind");
    } else if row.kind == DENUNCIATION {
        if row.receipt_number.is_none() {
            reader.wrong(Code::Required, "receiptNumber");
        }
    } else if row.content.is_none() && !reader.is_wrong("content") {
        reader.wrong(Code::Required, "content");
    }
    if row
        .unit_id
        .is_some_and(|unit| reference.units.get(unit).is_none())
    {
        reader.wrong(Code::NotFound, "unitId");
    }
    if row
        .receiving_agency_id
        .is_some_and(|agency| reference.agency(agency).is_none())
    {
        reader.wrong(Code::NotFound, "receivingAgencyId");
    }
    reader.finish()
}

/// What becomes an addition when it is corrected after the grouping.
pub(super) const ADDED: &[&str] = &[
    "subject",
    "content",
    "wanted",
    "affected",
    "since",
    "evidence",
    "subUnit",
    "onSpotAnswer",
];

/// What recording comes to.
pub(super) struct Recorded {
    pub(super) row: Model,
    pub(super) event: &'static str,
    /// The correction came after the grouping: it is added, not written over; empty where only files are.
    pub(super) addition: Option<String>,
    pub(super) differs: bool,
}

/// A new feedback, a correction, or (once grouped) an addition of words or files.
pub(super) fn record(before: Option<&Model>, mut row: Model, more_files: bool) -> Result<Recorded, Refused> {
    let Some(before) = before else {
        if row.answered_on_spot == Some(true) {
            row.status = Status::AnsweredOnSpot;
        }
        return Ok(Recorded {
            row,
            event: "recorded",
            addition: None,
            differs: false,
        });
    };
    // What the office holds a denunciation to be is not turned back into words.
    if before.kind == DENUNCIATION && row.kind != DENUNCIATION {
        return Err(Refused::field(Code::InvalidState, "kind"));
    }
    if let Some(status) = before.status.next(Event::Correct) {
        row.status = match (status, row.answered_on_spot) {
            (Status::Accepted, Some(true)) => Status::AnsweredOnSpot,
            (Status::AnsweredOnSpot, Some(false) | None) => Status::Accepted,
            (status, _) => status,
        };
        let is_answer = before.status == Status::Returned;
        if is_answer {
            row.question = None;
        }
        return Ok(Recorded {
            row,
            event: if is_answer { "resubmitted" } else { "corrected" },
            addition: None,
            differs: false,
        });
    }
    before
        .status
        .next(Event::Add)
        .ok_or(Refused::new(Code::InvalidState))?;
    let texts = [
        (&before.subject, &row.subject),
        (&before.content, &row.content),
        (&before.wanted, &row.wanted),
        (&before.affected, &row.affected),
        (&before.since, &row.since),
        (&before.evidence, &row.evidence),
        (&before.sub_unit, &row.sub_unit),
        (&before.on_spot_answer, &row.on_spot_answer),
    ];
    let added: Vec<&str> = texts
        .iter()
        .filter(|(old, new)| old != new)
        .filter_map(|(_, new)| new.as_deref())
        .collect();
    if added.is_empty() && !more_files {
        return Err(Refused::new(Code::AlreadyGrouped));
    }
    Ok(Recorded {
        row: before.clone(),
        event: "added",
        addition: Some(added.join("\n")),
        differs: true,
    })
}

/// Why an author takes his words back, as it is kept in history.
pub(super) fn reason(raw: Option<&str>) -> Result<Option<String>, Refused> {
    let Some(raw) = raw else { return Ok(None) };
    let reason = crate::text::clean(raw).map_err(|code| Refused::field(code, "reason"))?;
    if reason.chars().count() > 500 {
        return Err(Refused::field(Code::TooLong, "reason"));
    }
    Ok((!reason.is_empty()).then_some(reason))
}

/// Longest question of an office.
const QUESTION: usize = 1_000;

/// The office asks its author to make it clear.
pub(super) fn return_for_clarity(row: &Model, question: &str, now: DateTime<Utc>) -> Result<Model, Refused> {
    let question =
        crate::text::required(question, QUESTION).map_err(|code| Refused::field(code, "question"))?;
    // Of a denunciation nothing may be asked here.
    if row.kind == DENUNCIATION {
        return Err(Refused::new(Code::InvalidState));
    }
    let refused = if row.status == Status::Grouped {
        Code::AlreadyGrouped
    } else {
        Code::InvalidState
    };
    let status = row.status.next(Event::Return).ok_or(Refused::new(refused))?;
    Ok(Model {
        status,
        question: Some(question),
        returns: row.returns + 1,
        seen_at: row.seen_at.or(Some(now)),
        ..row.clone()
    })
}

/// The author takes it back.
pub(super) fn withdraw(row: &Model) -> Result<Model, Refused> {
    let refused = if row.status == Status::Grouped {
        Code::AlreadyGrouped
    } else {
        Code::InvalidState
    };
    let status = row.status.next(Event::Withdraw).ok_or(Refused::new(refused))?;
    Ok(Model {
        status,
        question: None,
        ..row.clone()
    })
}

/// What a write makes of a voter's contact details.
pub(super) struct ContactWrite {
    pub(super) row: feedback_contact::Model,
    /// Whether something that was there is taken back.
    pub(super) takes_back: bool,
}

/// Contact details of which nothing is left but that there were some, and until when.
pub(super) fn erased(contact: &feedback_contact::Model, now: DateTime<Utc>) -> feedback_contact::Model {
    feedback_contact::Model {
        name: None,
        phone: None,
        consent: None,
        erased_at: Some(now),
        ..contact.clone()
    }
}

/// The contact details after a write, sealed; nothing if it says nothing of them, or nothing new. A null takes one back;
/// without a consent, or with neither a name nor a number, nothing is kept.
pub(super) fn contact(
    facts: &Facts<'_>,
    id: FeedbackId,
    before: Option<&feedback_contact::Model>,
    fields: &Document,
) -> Result<Option<ContactWrite>, Stop> {
    if !CONTACT.iter().any(|name| fields.contains_key(*name)) {
        return Ok(None);
    }
    // What was taken back is not there.
    let taken_back = before.and_then(|before| before.erased_at);
    let before = before.filter(|before| before.erased_at.is_none());
    let mut reader = Reader::new(fields);
    let (mut name, mut phone, mut consent_text, mut consent_at) = (None, None, None, None);
    reader.text("contactName", &mut name, 200);
    reader.text("contactPhone", &mut phone, 30);
    reader.text("consentText", &mut consent_text, 2_000);
    reader.time("consentAt", &mut consent_at);
    reader.finish()?;

    let no_name = name.is_none() && fields.contains_key("contactName");
    let no_phone = phone.is_none() && fields.contains_key("contactPhone");
    let no_consent = consent_text.is_none()
        && (fields.contains_key("consentText") || (consent_at.is_none() && fields.contains_key("consentAt")));
    let old_name = before.and_then(|before| before.name.clone()).filter(|_| !no_name);
    let old_phone = before
        .and_then(|before| before.phone.clone())
        .filter(|_| !no_phone);
    let brings = name.is_some() || phone.is_some() || consent_text.is_some();
    if !brings && (no_name || no_phone || no_consent) {
        let Some(before) = before else { return Ok(None) };
        let row = if no_consent || (old_name.is_none() && old_phone.is_none()) {
            erased(before, facts.now)
        } else {
            feedback_contact::Model {
                name: old_name,
                phone: old_phone,
                ..before.clone()
            }
        };
        return Ok((row != *before).then_some(ContactWrite {
            row,
            takes_back: true,
        }));
    }

    let told = before
        .and_then(|before| before.consent.clone())
        .filter(|_| !no_consent);
    let consent_at = consent_at.or(before.map(|before| before.consent_at));
    let (true, Some(consent_at)) = (consent_text.is_some() || told.is_some(), consent_at) else {
        return Err(Refused::field(Code::ConsentRequired, "consentText").into());
    };
    // Written down before the voter took it back, and sent or applied after: it is not there again.
    if taken_back.is_some_and(|end| consent_at <= end) {
        return Ok(None);
    }
    let phone = phone
        .map(|phone| Phone::parse(&phone))
        .transpose()
        .map_err(|_| Refused::field(Code::InvalidValue, "contactPhone"))?;
    let seal = |column, plain: &str, known: Option<&Vec<u8>>| {
        let field = || seal::Field {
            table: "feedback_contact",
            column,
            row_id: id.0,
        };
        // What is said once more stays as it is sealed.
        let is_same = |sealed: &&Vec<u8>| {
            seal::open(facts.keys, field(), sealed).is_ok_and(|open| open.as_slice() == plain.as_bytes())
        };
        if let Some(known) = known.filter(is_same) {
            return Ok(known.clone());
        }
        seal::seal(facts.keys, facts.entropy, field(), plain.as_bytes())
            .map_err(|_| Refused::new(Code::Unavailable))
    };
    let takes_back = before
        .is_some_and(|before| (no_name && before.name.is_some()) || (no_phone && before.phone.is_some()));
    let row = feedback_contact::Model {
        feedback_id: id,
        name: match &name {
            Some(name) => Some(seal(
                "name",
                name,
                before.and_then(|before| before.name.as_ref()),
            )?),
            None => old_name,
        },
        phone: match &phone {
            Some(phone) => {
                let known = before.and_then(|before| before.phone.as_ref());
                Some(seal("phone", phone.e164(), known)?)
            }
            None => old_phone,
        },
        consent: match &consent_text {
            Some(words) => {
                let known = before.and_then(|before| before.consent.as_ref());
                Some(seal("consent", words, known)?)
            }
            None => told,
        },
        consent_at,
        erased_at: None,
    };
    Ok((before != Some(&row)).then_some(ContactWrite { row, takes_back }))
}

#[cfg(test)]
mod tests {
    use super::is_receipt_number;

    #[test]
    fn a_receipt_number_is_what_offices_write_and_no_name() {
        for number in [
            "7",
            "125/2026",
            "12/BN",
            "12/BN-TT",
            "125/2026/BN-TCD",
            "03/BN-UBND",
            "8-HĐND",
            "123/2026",
            "15/TB-UBND",
            "01/BN-HĐND",
            "12345/2026/BN-TCD",
            "02/11/2026",
            "1.2.3/TTCP",
        ] {
            assert!(is_receipt_number(number), "{number}");
        }
        for number in [
            "",
            "/",
            "BN",
            "BN-12",
            "12/",
            "12//BN",
            "NGUYEN/VAN/AN/1",
            "1/NGUYEN/VAN/AN",
            "1/LE/KIN",
            "1/AN",
            "1/NGUYỄN",
            "1/Kín",
            "1/VƯ",
            "1/BN-TT-VP",
            "1/BNTTVP",
            "12 BN",
            "12/bn",
            "0912345678",
            "079123456789",
            "0912-345-678",
            "091/234/5678",
            "0912.345.678",
            "079-123-456-789",
            "123-456-789",
            "1234-56789",
            "1/2/3/4/5/6/7/8/9/10/11/12/13/14",
        ] {
            assert!(!is_receipt_number(number), "{number}");
        }
    }
}
