//! Decodes the variables of a request one by one from their raw text.
//!
//! A phone uploads its rows as one list. A single row that cannot be decoded (a lone surrogate, `1e999`, a
//! nesting beyond 128, bytes that are not UTF-8, a member that is named twice) must harm that row only, so the
//! elements of a list are decoded on their own when the list as a whole cannot be, and an undecodable one becomes
//! [`async_graphql::Value::Binary`] with the bytes as they came. No JSON text decodes to `Binary` otherwise,
//! so the reader of the rows can tell; whoever takes a list of raw rows must handle it and must never send it
//! back as data.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use async_graphql::{
    Name, Value, Variables,
    parser::types::{BaseType, ExecutableDocument},
};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::failure::Failure;
use crate::{error::Code, repeated::names_twice};

/// The members of a JSON object, undecoded.
pub(super) type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// A JSON text, readable as UTF-8, beside the bytes as they came.
pub(super) struct Text {
    /// What was sent.
    sent: Bytes,
    /// The same, byte for byte, with `?` for every byte that is not part of valid UTF-8; only if there are any.
    masked: Option<String>,
    /// Where those bytes are.
    invalid: Vec<usize>,
}

impl Text {
    /// Looks for bytes that are not UTF-8.
    pub(super) fn new(sent: Bytes) -> Self {
        if std::str::from_utf8(&sent).is_ok() {
            return Self {
                sent,
                masked: None,
                invalid: Vec::new(),
            };
        }
        let mut masked = String::with_capacity(sent.len());
        let mut invalid = Vec::new();
        for chunk in sent.utf8_chunks() {
            masked.push_str(chunk.valid());
            for _ in chunk.invalid() {
                invalid.push(masked.len());
                masked.push('?');
            }
        }
        Self {
            sent,
            masked: Some(masked),
            invalid,
        }
    }

    /// The text to parse.
    pub(super) fn as_str(&self) -> &str {
        match &self.masked {
            Some(masked) => masked,
            // checked in `new`; a failure would only mean an empty text, which is refused as JSON
            None => std::str::from_utf8(&self.sent).unwrap_or_default(),
        }
    }

    /// Where a part of [`Text::as_str`] lies in what was sent.
    fn range(&self, part: &str) -> Range<usize> {
        let start = (part.as_ptr() as usize).saturating_sub(self.as_str().as_ptr() as usize);
        start..(start + part.len()).min(self.sent.len())
    }

    fn is_valid(&self, range: &Range<usize>) -> bool {
        let first = self.invalid.partition_point(|at| *at < range.start);
        self.invalid.get(first).is_none_or(|at| *at >= range.end)
    }

    /// Decodes the variables; `raw` is a part of this text. Bytes that are not UTF-8 outside of them, or in
    /// a variable that is not a list, make the whole text malformed.
    pub(super) fn variables(&self, raw: Option<&RawValue>) -> Result<Variables, Failure> {
        let members: Members<'_> = match raw {
            Some(raw) => serde_json::from_str::<Option<Members<'_>>>(raw.get())
                .map_err(|error| Failure::from(malformed(&error)))?
                .unwrap_or_default(),
            None => Members::new(),
        };
        let mut variables = Variables::default();
        let mut excused = 0;
        for (name, raw) in members {
            let value = self.variable(raw, &mut excused)?;
            variables.insert(Name::new(name), value);
        }
        if excused == self.invalid.len() {
            Ok(variables)
        } else {
            Err(Code::MalformedJson.into())
        }
    }

    fn variable(&self, raw: &RawValue, excused: &mut usize) -> Result<Value, Failure> {
        if let Some(value) = self.decoded(raw) {
            return Ok(value);
        }
        if !raw.get().starts_with('[') {
            return Err(Code::MalformedJson.into());
        }
        let elements: Vec<&RawValue> =
            serde_json::from_str(raw.get()).map_err(|error| Failure::from(malformed(&error)))?;
        let element = |raw: &RawValue| {
            if let Some(value) = self.decoded(raw) {
                return value;
            }
            let range = self.range(raw.get());
            *excused += self.invalid.iter().filter(|at| range.contains(at)).count();
            Value::Binary(self.sent.slice(range))
        };
        Ok(Value::List(elements.into_iter().map(element).collect()))
    }

    /// The value, if all that stands there is in it: of a member that is named twice the first would be gone.
    fn decoded(&self, raw: &RawValue) -> Option<Value> {
        if !self.is_valid(&self.range(raw.get())) || names_twice(raw.get().as_bytes()) {
            return None;
        }
        serde_json::from_str(raw.get()).ok()
    }
}

/// Has a null among uploaded rows travel as the bytes `null`. By the letter of GraphQL it would fail the whole list,
/// and with it every other row of an upload, before anybody could answer for each of them.
pub(super) fn keep_null_rows(document: &ExecutableDocument, variables: &mut Variables) {
    let definitions = document
        .operations
        .iter()
        .flat_map(|(_, operation)| &operation.node.variable_definitions);
    for definition in definitions {
        let BaseType::List(element) = &definition.node.var_type.node.base else {
            continue;
        };
        let BaseType::Named(name) = &element.base else {
            continue;
        };
        if element.nullable || !(name == "JSON" || name.ends_with("InputPushRow")) {
            continue;
        }
        if let Some(Value::List(rows)) = variables.get_mut(&definition.node.name.node) {
            for row in rows.iter_mut().filter(|row| **row == Value::Null) {
                *row = Value::Binary(Bytes::from_static(b"null"));
            }
        }
    }
}

/// Refuses an operation of which a variable that must have a value has none. The executor would notice only at the
/// field that uses it: half of the operation would have run, and a client would hear of a wrong value in a field where
/// its request was at fault ("Coercing Variable Values" of the GraphQL specification).
pub(super) fn require(document: &ExecutableDocument, variables: &Variables) -> Result<(), Failure> {
    let definitions = document
        .operations
        .iter()
        .flat_map(|(_, operation)| &operation.node.variable_definitions);
    for definition in definitions {
        let (wanted, name) = (&definition.node.var_type.node, &definition.node.name.node);
        let missing = match variables.get(name) {
            None => definition.node.default_value.is_none(),
            Some(value) => *value == Value::Null,
        };
        if missing && !wanted.nullable {
            return Err(Failure::detail(
                Code::ValidationFailed,
                format!("Variable \"${name}\" of type \"{wanted}\" must have a value."),
            ));
        }
    }
    Ok(())
}

/// Whether a text is no JSON at all, or JSON of another shape than a request has.
pub(super) fn malformed(error: &serde_json::Error) -> Code {
    if error.is_data() {
        Code::MalformedRequest
    } else {
        Code::MalformedJson
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(json: impl Into<Vec<u8>>) -> Result<Variables, Code> {
        let text = Text::new(Bytes::from(json.into()));
        let raw: &RawValue = serde_json::from_str(text.as_str()).map_err(|_| Code::MalformedJson)?;
        text.variables(Some(raw)).map_err(|failure| failure.code)
    }

    fn rows(json: impl Into<Vec<u8>>) -> Vec<Value> {
        match decode(json).expect("variables").remove("rows") {
            Some(Value::List(rows)) => rows,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn good_variables_are_plain_values() {
        let variables =
            decode(r#"{"a":1,"b":"\ud83d\ude00","c":[{"x":null}],"d":{"e":[]}}"#).expect("variables");
        assert_eq!(variables["a"], Value::from(1));
        assert_eq!(variables["b"], Value::from("😀"));
        assert!(decode("null").expect("null").is_empty());
        assert_eq!(decode("[1]"), Err(Code::MalformedRequest));
        assert_eq!(decode("3"), Err(Code::MalformedRequest));
    }

    #[test]
    fn one_bad_row_harms_itself_only() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for bad in [
            r#"{"t":"\ud800"}"#,
            r#"{"t":1e999}"#,
            deep.as_str(),
            r#"{"t":"\ud800\u0041"}"#,
            r#"{"t":"một","t":"hai"}"#,
            r#"{"p":{"t":[{"t":1,"\u0074":1}]}}"#,
        ] {
            let rows = rows(format!(r#"{{"rows":[{{"t":"một"}}, {bad} ,{{"t":"hai"}}]}}"#));
            assert_eq!(rows.len(), 3, "{bad}");
            assert_eq!(
                rows[1],
                Value::Binary(Bytes::copy_from_slice(bad.as_bytes())),
                "{bad}"
            );
            assert!(
                matches!(&rows[2], Value::Object(row) if row["t"] == Value::from("hai")),
                "{bad}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_harm_their_row_only_and_are_kept() {
        let rows = rows(b"{\"rows\":[{\"t\":\"m\xe1\xbb\x99t\"},{\"t\":\"m\xffx\xe1\"},1]}".as_slice());
        assert_eq!(
            rows[1],
            Value::Binary(Bytes::from_static(b"{\"t\":\"m\xffx\xe1\"}"))
        );
        assert!(matches!(&rows[0], Value::Object(row) if row["t"] == Value::from("một")));
        assert_eq!(rows[2], Value::from(1));
    }

    #[test]
    fn a_bad_value_that_is_no_row_is_refused() {
        for bad in [
            r#"{"a":"\ud800"}"#,
            r#"{"a":1e999}"#,
            r#"{"a":{"rows":["\ud800"]}}"#,
            r#"{"a":{"t":"một","t":"hai"}}"#,
        ] {
            assert_eq!(decode(bad), Err(Code::MalformedJson), "{bad}");
        }
        assert_eq!(decode(b"{\"a\":\"\xff\"}".as_slice()), Err(Code::MalformedJson));
        assert_eq!(decode(b"{\"a\xff\":1}".as_slice()), Err(Code::MalformedJson));
        assert_eq!(
            decode(b"{\"rows\":[\"\xff\"],\"b\":{\"\xff\":1}}".as_slice()),
            Err(Code::MalformedJson)
        );
    }
}
