//! Writes values as JSON.
//!
//! Our own because the serialiser of the library parses raw JSON again before it copies it, which was a
//! quarter of the cost of a large page. [`Value::Binary`] is written **as it is**: sync pages and lists that
//! the database made come this way and are JSON already. No JSON that a client sends decodes to it, except
//! rows that could not be decoded, and those are never answered as data.

use std::io::Write;

use async_graphql::Value;

/// Appends a value.
pub(super) fn value(out: &mut Vec<u8>, value_: &Value) {
    match value_ {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => display(out, number),
        Value::String(text) => string(out, text),
        Value::Enum(name) => string(out, name),
        Value::Binary(json) => out.extend_from_slice(json),
        Value::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                value(out, item);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                string(out, name);
                out.push(b':');
                value(out, member);
            }
            out.push(b'}');
        }
    }
}

/// Appends what prints as JSON by itself: numbers.
pub(super) fn display(out: &mut Vec<u8>, number: impl std::fmt::Display) {
    // writing to a Vec cannot fail
    let _ = write!(out, "{number}");
}

/// Appends a string with its quotes. Eight bytes are looked at in one step; letters with marks need no
/// escape, so Vietnamese text is copied in long runs.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        if let Some(eight) = bytes.get(at..at + 8)
            && is_plain(eight)
        {
            at += 8;
            continue;
        }
        let byte = bytes[at];
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            at += 1;
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        at += 1;
        copied = at;
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

/// Whether none of eight bytes needs an escape.
fn is_plain(eight: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let Ok(eight) = eight.try_into() else { return false };
    let word = u64::from_le_bytes(eight);
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    let quote = zero(word ^ (ONES * u64::from(b'"')));
    let backslash = zero(word ^ (ONES * u64::from(b'\\')));
    control | quote | backslash == 0
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, indexmap::IndexMap};
    use bytes::Bytes;

    use super::*;

    fn written(value_: &Value) -> String {
        let mut out = Vec::new();
        value(&mut out, value_);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn every_byte_at_every_place_reads_back() {
        for place in 0..17 {
            for scalar in (0..0x180)
                .chain([0x1ea5, 0x2028, 0x1f600])
                .filter_map(char::from_u32)
            {
                let mut text = "ắ".repeat(place / 3) + &"a".repeat(place % 3);
                text.push(scalar);
                text.push_str("Hội đồng nhân dân");
                let json = written(&Value::from(text.as_str()));
                assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
            }
        }
    }

    #[test]
    fn the_same_as_the_library_writes() {
        let json =
            r#"{"a":[1,-2.5,1e300,18446744073709551615,true,false,null,"x\u0001y",{}],"đ\"":{"b":[]}}"#;
        let value: Value = serde_json::from_str(json).expect("value");
        let ours: serde_json::Value = serde_json::from_str(&written(&value)).expect("JSON");
        assert_eq!(
            ours,
            serde_json::from_str::<serde_json::Value>(json).expect("JSON")
        );
        assert_eq!(written(&value), serde_json::to_string(&value).expect("JSON"));
    }

    #[test]
    fn raw_json_is_written_as_it_is() {
        let row = Value::Binary(Bytes::from_static(b"{\"id\":\"1\",\"text\":\"\xc4\x91\"}"));
        let value = Value::Object(IndexMap::from_iter([(
            Name::new("d"),
            Value::List(vec![row.clone(), row]),
        )]));
        assert_eq!(
            written(&value),
            r#"{"d":[{"id":"1","text":"đ"},{"id":"1","text":"đ"}]}"#
        );
        assert_eq!(written(&Value::Enum(Name::new("APPLIED"))), r#""APPLIED""#);
    }
}
