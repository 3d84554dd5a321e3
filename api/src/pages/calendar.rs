//! `GET /lich/{unit}.ics`: the published voter contacts of a unit and all below it as a calendar (RFC 5545), to which
//! people's own calendars subscribe. Text of lines that end with CRLF, folded at 75 bytes and never within a letter.
//!
//! `?tu=YYYY-MM-DD` begins with that day. A calendar that is too long ends with a day, and says with which the next one
//! begins: to people by an event of that day, to programs by the header `Link`.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Query, State as FromState, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::get,
};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use entity::{
    id::UnitId,
    meeting::{Model, Status},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    clock::{local_date, written},
    edge::{self, Client},
    error::{Code, Refused, Result},
    meetings::schedule,
    reports::midnight,
    state::State,
    store::writing::{parse_date, parse_id},
};

/// What lies so many days back is still in the feed, and what comes in so many.
const BEHIND: i64 = 30;
const AHEAD: i64 = 366;
/// Contacts of one feed, unless a single day has more; a province has some 350 a year, and its communes each their own.
const MOST: usize = 2_000;
/// Without an end a contact takes so long.
const USUAL: i64 = 2;
/// The longest line in bytes, without its end.
const LINE: usize = 75;

/// The door of all calendars.
pub fn door(state: Arc<State>) -> Router {
    Router::new().route("/lich/{file}", get(answer)).with_state(state)
}

/// With which day the calendar begins.
#[derive(Deserialize)]
struct Asked {
    tu: Option<String>,
}

/// A calendar, and the address of the one with which it goes on.
struct Feed {
    text: String,
    next: Option<String>,
}

async fn answer(
    FromState(state): FromState<Arc<State>>,
    Extension(client): Extension<Client>,
    Path(file): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response<Body> {
    match feed(&state, &file, asked).await {
        Ok(feed) => told(feed, &headers),
        Err(error) => {
            error.log();
            edge::refusal(&error, &client)
        }
    }
}

fn told(feed: Feed, headers: &HeaderMap) -> Response<Body> {
    let Feed { text, next } = feed;
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("W/\"{hex}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let is_known = known
        .filter_map(|tags| tags.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|known| known.trim() == tag);
    let mut answer = Response::new(if is_known { Body::empty() } else { Body::from(text) });
    if is_known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let set = answer.headers_mut();
    set.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/calendar; charset=utf-8"),
    );
    set.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=900"),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        set.insert(header::ETAG, tag);
    }
    let next = next.map(|next| HeaderValue::try_from(format!("<{next}>; rel=\"next\"")));
    if let Some(Ok(next)) = next {
        set.insert(header::LINK, next);
    }
    answer
}

/// The calendar of a unit, named by its official code or its id.
async fn feed(state: &State, file: &str, asked: Result<Query<Asked>, QueryRejection>) -> Result<Feed> {
    let unit = file.strip_suffix(".ics").ok_or(Code::NotFoundPath)?;
    let reference = state.reference();
    let known = match parse_id(unit) {
        Some(id) => reference.units.get(id.into()),
        None => reference.units.by_code(unit, None, state.clock.today()),
    };
    let known = known.ok_or(Code::NotFoundPath)?;
    let units: BTreeSet<UnitId> = reference
        .units
        .subtree(known.id)
        .into_iter()
        .flat_map(|unit| reference.units.with_predecessors(unit))
        .collect();
    let Query(asked) = asked.map_err(|_| Refused::new(Code::InvalidValue))?;
    let (from, to) = match asked.tu {
        Some(day) => {
            let day = parse_date(&day).ok_or(Refused::field(Code::InvalidDate, "tu"))?;
            let from = midnight(day)?;
            (from, from + Duration::days(AHEAD))
        }
        None => {
            let now = state.clock.now();
            (now - Duration::days(BEHIND), now + Duration::days(AHEAD))
        }
    };
    let (contacts, rest) = whole_days(state, from, to, units).await?;
    let next = rest.map(|day| (day, format!("/lich/{file}?tu={day}")));
    let text = calendar(&known.name, &contacts, next.as_ref(), state.public_url());
    let next = next.map(|(_, address)| address);
    Ok(Feed { text, next })
}

/// As many contacts as one calendar holds, and the day with which the next one begins. No day is divided between two.
async fn whole_days(
    state: &State,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    units: BTreeSet<UnitId>,
) -> Result<(Vec<Model>, Option<NaiveDate>)> {
    let conn = state.store.read();
    let day = |contact: &Model| contact.starts_at.map(local_date);
    let mut contacts = schedule::contacts(conn, from, to, units.clone(), Some(MOST as u64 + 1)).await?;
    let Some(rest) = contacts.get(MOST).and_then(day) else {
        return Ok((contacts, None));
    };
    contacts.retain(|contact| day(contact) < Some(rest));
    if !contacts.is_empty() {
        return Ok((contacts, Some(rest)));
    }
    let rest = rest.succ_opt().unwrap_or(rest);
    let contacts = schedule::contacts(conn, from, midnight(rest)?, units, None).await?;
    Ok((contacts, Some(rest)))
}

/// The text of a calendar; `next`: the day with which another one goes on, and where.
fn calendar(
    unit: &str,
    contacts: &[Model],
    next: Option<&(NaiveDate, String)>,
    public_url: Option<&str>,
) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| fold(&mut text, &format!("{name}:{value}"));
    line("BEGIN", "VCALENDAR");
    line("VERSION", "2.0");
    line("PRODID", "-//cutri//Lich tiep xuc cu tri//VI");
    line("CALSCALE", "GREGORIAN");
    line("METHOD", "PUBLISH");
    line("X-WR-CALNAME", &escape(&format!("Lịch tiếp xúc cử tri {unit}")));
    line("X-WR-TIMEZONE", "Asia/Ho_Chi_Minh");
    line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    for contact in contacts {
        let Some(begins) = contact.starts_at else { continue };
        let ends = contact.ends_at.unwrap_or(begins + Duration::hours(USUAL));
        line("BEGIN", "VEVENT");
        line("UID", &format!("{}@cutri", contact.id));
        line("DTSTAMP", &moment(contact.updated_at));
        line("LAST-MODIFIED", &moment(contact.updated_at));
        line("SEQUENCE", &contact.rev.to_string());
        line("DTSTART", &moment(begins));
        line("DTEND", &moment(ends));
        line("SUMMARY", &escape(&summary(contact)));
        if let Some(place) = &contact.place {
            line("LOCATION", &escape(place));
        }
        if let Some(kind) = crate::codes::find("contact_kind", &contact.kind) {
            line("CATEGORIES", &escape(&kind.label_vi));
        }
        line("STATUS", status(contact.status));
        line("TRANSP", "TRANSPARENT");
        line("END", "VEVENT");
    }
    if let Some((day, address)) = next {
        let (date, begins) = (day.format("%Y%m%d"), written(*day));
        let site = public_url.unwrap_or_default();
        line("BEGIN", "VEVENT");
        line("UID", &escape(&format!("{address}@cutri")));
        line("DTSTAMP", &format!("{date}T000000Z"));
        line("DTSTART;VALUE=DATE", &date.to_string());
        line(
            "SUMMARY",
            &escape(&format!("Lịch từ ngày {begins} trở đi: {site}{address}")),
        );
        line("TRANSP", "TRANSPARENT");
        line("END", "VEVENT");
    }
    line("END", "VCALENDAR");
    text
}

/// What cannot be told by a status is told in words.
fn summary(contact: &Model) -> String {
    match contact.status {
        Status::Postponed => format!("[Hoãn] {}", contact.title),
        Status::Cancelled => format!("[Hủy] {}", contact.title),
        _ => contact.title.clone(),
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Cancelled => "CANCELLED",
        Status::Postponed => "TENTATIVE",
        _ => "CONFIRMED",
    }
}

/// A moment in UTC.
fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text as a value (RFC 5545 §3.3.11).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Adds a line in pieces that are no longer than allowed; all but the first begin with a space (§3.1).
fn fold(text: &mut String, line: &str) {
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > LINE {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(letter);
        length += letter.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_between_letters_and_unfold_to_what_they_were() {
        let long = format!("SUMMARY:{}", "Tiếp xúc cử tri ở ấp Gò Thuyền, ".repeat(9));
        let mut folded = String::new();
        fold(&mut folded, &long);
        assert!(folded.split("\r\n").all(|line| line.len() <= LINE));
        assert_eq!(folded.replace("\r\n ", ""), format!("{long}\r\n"));
        let mut short = String::new();
        fold(&mut short, &"x".repeat(LINE));
        assert_eq!(short, format!("{}\r\n", "x".repeat(LINE)));
    }

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(
            escape("Hội trường A; tầng 2, nhà \\B\r\ncổng sau"),
            "Hội trường A\\; tầng 2\\, nhà \\\\B\\ncổng sau"
        );
    }
}
