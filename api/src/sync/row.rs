//! One pushed row: `{mutationId collection id baseRev patch delete recordedAt schema}`.
//!
//! Rows are decoded one by one, so that what cannot be read harms itself only.

use std::borrow::Cow;

use async_graphql::Value as GraphqlValue;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    error::{Code, Refused},
    repeated::names_twice,
    store::{
        collection::Document,
        writing::{MOST_UNKNOWN, is_denunciation, names_denunciation, parse_id, parse_time, told_name},
    },
    text::likeness,
};

/// A row as it came.
#[derive(Clone, Debug)]
pub struct PushRow {
    /// Made by the client; a row that has none gets one made of its bytes, so that a replay finds its receipt.
    pub mutation_id: String,
    pub collection: Option<String>,
    pub id: Option<Uuid>,
    /// What the client believed to be there.
    pub known: Known,
    pub patch: Document,
    pub delete: bool,
    pub recorded_at: Option<DateTime<Utc>>,
    /// The bytes, as kept when the row is refused.
    pub raw: Vec<u8>,
    /// What is wrong with its outer form.
    pub mistakes: Vec<Refused>,
}

/// What a client believed to be there when it wrote.
#[derive(Clone, Debug)]
pub enum Known {
    /// This version (native surface); none if it believes to create the row.
    Rev(Option<i64>),
    /// This document, none if it believes to create the row; and the whole document as it is to be (RxDB surface).
    State {
        assumed: Option<Document>,
        document: Document,
    },
}

/// Longer mutation ids are no ids.
const LONGEST_MUTATION_ID: usize = 64;

impl PushRow {
    /// Reads a row from a request.
    pub fn read(value: GraphqlValue) -> Self {
        match value {
            // What our own JSON reader could not decode comes as its bytes.
            GraphqlValue::Binary(bytes) => Self::nameless(bytes.to_vec()),
            value => {
                let json = value.into_json().unwrap_or(Value::Null);
                let raw = json.to_string().into_bytes();
                match json {
                    Value::Object(members) => Self::from_members(members, raw),
                    _ => Self::nameless(raw),
                }
            }
        }
    }

    /// Reads a row that was kept.
    pub fn from_bytes(raw: &[u8]) -> Self {
        match serde_json::from_slice(raw) {
            Ok(Value::Object(members)) => super::rxdb::row::kept(&members, raw)
                .unwrap_or_else(|| Self::from_members(members, raw.to_vec())),
            _ => Self::nameless(raw.to_vec()),
        }
    }

    fn nameless(raw: Vec<u8>) -> Self {
        let name = made_of(&raw);
        Self::unreadable(raw, name)
    }

    /// A row of which nothing is known but its bytes.
    pub fn unreadable(raw: Vec<u8>, mutation_id: String) -> Self {
        Self {
            mutation_id,
            collection: None,
            id: None,
            known: Known::Rev(None),
            patch: Document::new(),
            delete: false,
            recorded_at: None,
            raw,
            mistakes: vec![Refused::new(Code::MalformedRow)],
        }
    }

    fn from_members(mut members: Document, raw: Vec<u8>) -> Self {
        let mut row = Self::nameless(raw);
        row.mistakes.clear();
        let mut wrong = |code, field: &'static str| row.mistakes.push(Refused::field(code, field));

        match members.remove("mutationId") {
            Some(Value::String(id)) if is_mutation_id(&id) => {
                row.mutation_id = id;
            }
            Some(Value::Null) | None => wrong(Code::Required, "mutationId"),
            Some(_) => wrong(Code::InvalidId, "mutationId"),
        }
        match members.remove("collection") {
            Some(Value::String(name)) => row.collection = Some(name),
            Some(Value::Null) | None => wrong(Code::Required, "collection"),
            Some(_) => wrong(Code::InvalidValue, "collection"),
        }
        match members.remove("id") {
            Some(Value::String(id)) => match parse_id(&id) {
                Some(id) => row.id = Some(id),
                None => wrong(Code::InvalidId, "id"),
            },
            Some(Value::Null) | None => wrong(Code::Required, "id"),
            Some(_) => wrong(Code::InvalidId, "id"),
        }
        match members.remove("baseRev") {
            Some(Value::String(rev)) => match rev.parse::<i64>() {
                Ok(rev) if rev > 0 => row.known = Known::Rev(Some(rev)),
                _ => wrong(Code::InvalidValue, "baseRev"),
            },
            Some(Value::Null) | None => {}
            Some(_) => wrong(Code::InvalidValue, "baseRev"),
        }
        match members.remove("patch") {
            Some(Value::Object(patch)) => row.patch = patch,
            Some(Value::Null) | None => {}
            Some(_) => wrong(Code::InvalidValue, "patch"),
        }
        match members.remove("delete") {
            Some(Value::Bool(delete)) => row.delete = delete,
            Some(Value::Null) | None => {}
            Some(_) => wrong(Code::InvalidValue, "delete"),
        }
        match members.remove("recordedAt") {
            Some(Value::String(at)) => match parse_time(&at) {
                Some(at) => row.recorded_at = Some(at),
                None => wrong(Code::InvalidDate, "recordedAt"),
            },
            Some(Value::Null) | None => {}
            Some(_) => wrong(Code::InvalidDate, "recordedAt"),
        }
        // `schema` tells which release of the app wrote the row. Every field ever accepted is accepted for ever,
        // so nothing has to be converted yet.
        members.remove("schema");
        for unknown in members.keys().take(MOST_UNKNOWN) {
            row.mistakes
                .push(Refused::field(Code::UnknownField, told_name(unknown)));
        }
        row
    }

    /// Whether it is judged by what is there, because its name does not tell one change from a later equal one.
    pub fn goes_by_state(&self) -> bool {
        matches!(self.known, Known::State { .. }) && self.mistakes.is_empty()
    }

    /// Whether every word of it stands there already, so that it is no change, whoever may change the row. `master` is the
    /// row as its sender sees it.
    pub fn stands_in(&self, master: &Document) -> bool {
        matches!(self.known, Known::State { .. })
            && self.mistakes.is_empty()
            && !self.delete
            && self.patch.iter().all(|(name, value)| {
                master
                    .get(name)
                    .map_or(value.is_null(), |standing| standing == value)
            })
    }

    /// What it says about the row as a whole, without what the server itself had said.
    pub fn said(&self, read_only: &[&str]) -> Cow<'_, Document> {
        // Whose words they are is no word; what stands there and is no id may be one.
        let is_author = |name: &str, value: &Value| {
            name == "authorId" && (value.is_null() || value.as_str().is_some_and(|id| parse_id(id).is_some()))
        };
        match &self.known {
            Known::Rev(_) if self.patch.contains_key("authorId") => {
                let mut said = self.patch.clone();
                said.retain(|name, value| !is_author(name, value));
                Cow::Owned(said)
            }
            Known::Rev(_) => Cow::Borrowed(&self.patch),
            Known::State { assumed, document } => {
                let is_servers = |name: &String, value: &Value| {
                    let believed = assumed.as_ref().and_then(|assumed| assumed.get(name));
                    is_author(name, value) || (read_only.contains(&name.as_str()) && believed == Some(value))
                };
                let mut said = document.clone();
                said.retain(|name, value| !is_servers(name, value));
                Cow::Owned(said)
            }
        }
    }

    /// Whether a row that was misread might tell of a denunciation: then not even its bytes are kept. Where its parts
    /// can be told apart its `kind` says so, wherever it stands; else any of its bytes may be the word.
    pub fn mentions_denunciation(&self) -> bool {
        if !names_twice(&self.raw)
            && let Ok(Value::Object(members)) = serde_json::from_slice(&self.raw)
            && ["patch", "newDocumentState", "assumedMasterState"]
                .iter()
                .all(|part| matches!(members.get(*part), None | Some(Value::Null | Value::Object(_))))
        {
            let whole = Value::Object(members);
            return says_denunciation(&whole) || calls_itself_denunciation(&whole, 0);
        }
        // JSON within JSON is escaped twice.
        let mut text = String::from_utf8_lossy(&self.raw).into_owned();
        for _ in 0..3 {
            let words = likeness(&text);
            if words.contains("to cao") || words.replace(' ', "").contains("denunciation") {
                return true;
            }
            if !text.contains('\\') {
                break;
            }
            text = unescaped(&text);
        }
        false
    }

    /// Whether anything in it is the word for a denunciation, but for the `kind` of its fields, which the collection
    /// itself judges. Asked of what is refused anyway, for any other reason: then not even its bytes are kept.
    pub fn calls_itself_denunciation(&self) -> bool {
        match serde_json::from_slice(&self.raw) {
            Ok(whole) => calls_itself_denunciation(&whole, 0),
            Err(_) => self.mentions_denunciation(),
        }
    }
}

/// The same of a part of it that lies so deep; the fields are the members at 1.
fn calls_itself_denunciation(value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(members) => {
            let is_field = |name: &str| depth == 1 && name == "kind";
            (depth != 1 && names_denunciation(members))
                || members.iter().any(|(name, value)| {
                    !is_field(name) && (is_denunciation(name) || calls_itself_denunciation(value, depth + 1))
                })
        }
        Value::Array(items) => items
            .iter()
            .any(|item| calls_itself_denunciation(item, depth + 1)),
        Value::String(text) => is_denunciation(text),
        _ => false,
    }
}

/// A text with the characters that its escapes stand for, also where it is no JSON as a whole; what stands for none is
/// a space.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut letters = after.chars();
        rest = match letters.next() {
            Some('u') => {
                let digits = after
                    .get(1..5)
                    .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                plain.push(number.and_then(char::from_u32).unwrap_or(' '));
                if number.is_some() {
                    after.get(5..).unwrap_or_default()
                } else {
                    letters.as_str()
                }
            }
            Some('b' | 'f' | 'n' | 'r' | 't') => {
                plain.push(' ');
                letters.as_str()
            }
            Some(letter) => {
                plain.push(letter);
                letters.as_str()
            }
            None => "",
        };
    }
    plain.push_str(rest);
    plain
}

/// Whether a `kind` anywhere in it calls it a denunciation.
fn says_denunciation(value: &Value) -> bool {
    match value {
        Value::Object(members) => names_denunciation(members) || members.values().any(says_denunciation),
        Value::Array(items) => items.iter().any(says_denunciation),
        _ => false,
    }
}

/// Printable and short: it is a key in the database, and not every database takes a NUL in a text.
fn is_mutation_id(id: &str) -> bool {
    (1..=LONGEST_MUTATION_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn made_of(raw: &[u8]) -> String {
    let digest = Sha256::digest(raw);
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("raw-{hex}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(members: Value) -> PushRow {
        PushRow::from_bytes(members.to_string().as_bytes())
    }

    #[test]
    fn a_mutation_id_is_printable_and_short() {
        let told = |id: &str| {
            row(json!({"mutationId": id, "collection": "note", "id": Uuid::nil(), "patch": {}})).mistakes
        };
        for id in [
            "m",
            "raw-1",
            &"m".repeat(64),
            "01900000-0000-7000-8000-000000000000",
        ] {
            assert!(told(id).is_empty(), "{id:?}");
        }
        for id in ["", "a b", "a\u{0}", "a\r\n", "đ", "😀", &"m".repeat(65)] {
            let refused = Refused::field(Code::InvalidId, "mutationId");
            assert_eq!(told(id), [refused], "{id:?}");
        }
    }

    #[test]
    fn made_up_names_are_told_in_part_and_not_without_end() {
        let mut members = json!({"mutationId": "m", "collection": "note", "id": Uuid::nil()});
        for n in 0..1_000 {
            members[format!("x\u{0}{n}{}", "y".repeat(1_000))] = json!(1);
        }
        let mistakes = row(members).mistakes;
        assert_eq!(mistakes.len(), MOST_UNKNOWN);
        for mistake in mistakes {
            let field = mistake.field.unwrap();
            assert!(field.len() <= 64 && !field.contains('\u{0}'), "{field:?}");
        }
    }

    #[test]
    fn of_rubber_and_of_a_denunciation() {
        let of = |patch: Value, beside: Value| {
            row(json!({"mutationId": "m", "collection": "feedback", "id": Uuid::nil(), "patch": patch, "x": beside}))
                .mentions_denunciation()
        };
        for kind in [
            "denunciation",
            "DENUNCIATION",
            "tố cáo",
            "TỐ CÁO",
            "to\u{302}\u{301} ca\u{301}o",
            "to_cao",
        ] {
            assert!(of(json!({ "kind": kind }), json!(1)), "{kind}");
            assert!(
                of(json!({}), json!([{ "kind": kind }])),
                "{kind} beside the patch"
            );
        }
        for kind in [
            "ｄｅｎｕｎｃｉａｔｉｏｎ",
            "denunci\u{430}tion",
            "t\u{43e} cao",
            "tố\u{200b}cáo",
        ] {
            assert!(of(json!({ "kind": kind }), json!(1)), "{kind}");
        }
        for key in ["kind\u{200b}", "loai", "loại", "type", "category", "khac"] {
            for word in ["denunciation", "Tố cáo"] {
                assert!(of(json!({ key: word }), json!(1)), "{key} {word}");
            }
        }
        for broken in [
            r#"{"patch":{"kind":"t\u1ed1 c\u00e1o","content":"\ud800"}}"#,
            r#"{"patch":{"kind":"\u0064enunciation","content":"\ud800"}}"#,
            r#"{"patch":"{\"kind\":\"t\\u1ed1 c\\u00e1o\"}"}"#,
        ] {
            assert!(
                PushRow::from_bytes(broken.as_bytes()).mentions_denunciation(),
                "{broken}"
            );
        }
        let other = r#"{"patch":{"kind":"petition","content":"C\u1ea7u g\u00e3y \ud800"}}"#;
        assert!(!PushRow::from_bytes(other.as_bytes()).mentions_denunciation());
        // Its parts cannot be told apart.
        for named_twice in [
            r#"{"patch":{"kind":"denunciation","kind":"petition","content":"x"}}"#,
            r#"{"patch":{"kind":"t\u1ed1 c\u00e1o"},"patch":{"kind":"petition"}}"#,
        ] {
            assert!(
                PushRow::from_bytes(named_twice.as_bytes()).mentions_denunciation(),
                "{named_twice}"
            );
        }
        assert!(of(json!("kind: tố cáo"), json!(1)));
        assert!(PushRow::from_bytes("{\"kind\": \"tố cáo\"".as_bytes()).mentions_denunciation());
        assert!(!of(
            json!({"kind": "petition", "content": "tổ cao su số 2"}),
            json!(1)
        ));
    }
}
