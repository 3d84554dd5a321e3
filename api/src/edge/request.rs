//! Decodes a GraphQL request from a JSON body or the query part of an address.

use std::collections::HashMap;

use async_graphql::Variables;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    failure::Failure,
    variables::{Members, Text, malformed},
};
use crate::error::Code;

/// What a client asks to execute, not yet looked at.
#[derive(Debug)]
pub(super) struct Asked {
    /// The text of the document.
    pub(super) query: String,
    /// The operation to run, if it is named.
    pub(super) operation_name: Option<String>,
    /// The decoded variables.
    pub(super) variables: Variables,
}

/// The members of a body. Whatever else a client sends is ignored, as the protocol asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    query: Option<String>,
    operation_name: Option<String>,
    #[serde(borrow)]
    variables: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<Members<'a>>,
}

impl Asked {
    /// From the body of a POST. An array is refused: one request, one operation.
    pub(super) fn from_body(body: Bytes) -> Result<Self, Failure> {
        let text = Text::new(body);
        let first = text
            .as_str()
            .trim_start_matches([' ', '\t', '\r', '\n'])
            .chars()
            .next();
        if first.is_some_and(|first| first != '{') {
            let any = serde_json::from_str::<&RawValue>(text.as_str());
            return Err(any.map_or(Code::MalformedJson, |_| Code::MalformedRequest).into());
        }
        let body: Body<'_> =
            serde_json::from_str(text.as_str()).map_err(|error| Failure::from(malformed(&error)))?;
        drop(body.extensions);
        Ok(Self {
            query: body.query.ok_or(Code::MalformedRequest)?,
            operation_name: body.operation_name.filter(|name| !name.is_empty()),
            variables: text.variables(body.variables)?,
        })
    }

    /// From the query part of the address of a GET.
    pub(super) fn from_address(query: &str) -> Result<Self, Failure> {
        let mut parameters: HashMap<String, Vec<u8>> = HashMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = String::from_utf8_lossy(&decoded(name)).into_owned();
            if parameters.insert(name, decoded(value)).is_some() {
                return Err(Code::MalformedRequest.into());
            }
        }
        let mut text = |name: &str| {
            let value = parameters.remove(name).filter(|value| !value.is_empty());
            value
                .map(String::from_utf8)
                .transpose()
                .map_err(|_| Failure::from(Code::MalformedRequest))
        };
        let query = text("query")?.ok_or(Code::MalformedRequest)?;
        let operation_name = text("operationName")?;
        let json = Text::new(parameters.remove("variables").unwrap_or_default().into());
        let raw = match json.as_str() {
            "" => None,
            text => Some(serde_json::from_str::<&RawValue>(text).map_err(|_| Code::MalformedJson)?),
        };
        Ok(Self {
            query,
            operation_name,
            variables: json.variables(raw)?,
        })
    }
}

/// Percent-decoding; a `%` without two hexadecimal digits stands for itself.
fn decoded(part: &str) -> Vec<u8> {
    let bytes = part.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;

    use super::*;

    fn code(body: &str) -> Code {
        Asked::from_body(Bytes::copy_from_slice(body.as_bytes()))
            .expect_err(body)
            .code
    }

    #[test]
    fn a_body_is_one_object_with_a_query() {
        let asked = Asked::from_body(Bytes::from_static(
            br#" {"query":"{a}","operationName":"","variables":{"n":2},"extensions":{},"documentId":"x"}"#,
        ))
        .expect("request");
        assert_eq!((asked.query.as_str(), asked.operation_name), ("{a}", None));
        assert_eq!(asked.variables["n"], Value::from(2));
        for body in [
            "[]",
            r#"[{"query":"{a}"}]"#,
            r#"["{a}",null,null,null]"#,
            "{}",
            r#"{"query":null}"#,
            r#"{"query":3}"#,
            r#"{"query":"{a}","operationName":3}"#,
            r#"{"query":"{a}","variables":[1]}"#,
            r#"{"query":"{a}","extensions":"x"}"#,
            r#"{"query":"{a}","query":"{b}"}"#,
            "\"{a}\"",
            "1",
        ] {
            assert_eq!(code(body), Code::MalformedRequest, "{body}");
        }
        for body in [
            "",
            " ",
            "{",
            "nonsense",
            r#"{"query":"{a}"} x"#,
            r#"{"query":"\ud800"}"#,
            "[1",
        ] {
            assert_eq!(code(body), Code::MalformedJson, "{body}");
        }
        let invalid = Asked::from_body(Bytes::from_static(b"{\"query\":\"{a\xff}\"}"));
        assert_eq!(invalid.expect_err("no UTF-8").code, Code::MalformedJson);
    }

    #[test]
    fn an_address_carries_the_same() {
        let asked = Asked::from_address(
            "query=%7Ba%28b%3A%22%C4%91%22%29%7D&variables=%7B%22n%22%3A+2%7D&operationName=",
        )
        .expect("request");
        assert_eq!(asked.query, "{a(b:\"đ\")}");
        assert_eq!(asked.variables["n"], Value::from(2));
        for (address, wanted) in [
            ("", Code::MalformedRequest),
            ("query=", Code::MalformedRequest),
            ("query=%FF", Code::MalformedRequest),
            ("query={a}&query={b}", Code::MalformedRequest),
            ("query={a}&variables={", Code::MalformedJson),
            ("query={a}&variables=%ff", Code::MalformedJson),
            ("query={a}&variables=[]", Code::MalformedRequest),
        ] {
            assert_eq!(
                Asked::from_address(address).expect_err(address).code,
                wanted,
                "{address}"
            );
        }
        assert_eq!(decoded("%4%zz%"), b"%4%zz%");
    }
}
