//! The messages of `graphql-transport-ws`, as text.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Close, FORBIDDEN, INVALID_MESSAGE, quoted};

/// The longest id of an operation.
const LONGEST_ID: usize = 128;

/// What a client sent.
pub(super) enum Sent {
    /// `connection_init`, with the bearer token if it has one; what cannot be read as one is refused.
    Init(Result<Option<String>, Close>),
    /// `ping`, with what the answer has to repeat.
    Ping(Option<String>),
    /// `pong`.
    Pong,
    /// `subscribe`: begins an operation of any kind.
    Subscribe {
        id: String,
        /// A GraphQL request as it would be the body of a POST.
        payload: String,
    },
    /// `complete`: the client wants no more of it.
    Complete(String),
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// Reads a message; what is none closes the socket.
pub(super) fn read(text: &str) -> Result<Sent, Close> {
    let outer: Outer<'_> = serde_json::from_str(text).map_err(|_| INVALID_MESSAGE)?;
    let id = || {
        let id = outer.id.clone().filter(|id| (1..=LONGEST_ID).contains(&id.len()));
        id.ok_or(INVALID_MESSAGE)
    };
    let object = |payload: &RawValue| payload.get().starts_with('{');
    Ok(match outer.kind {
        "connection_init" => {
            let payload = outer.payload.filter(|payload| payload.get() != "null");
            if payload.is_some_and(|payload| !object(payload)) {
                return Err(INVALID_MESSAGE);
            }
            Sent::Init(token(payload))
        }
        "ping" => Sent::Ping(outer.payload.map(|payload| payload.get().to_owned())),
        "pong" => Sent::Pong,
        "complete" => Sent::Complete(id()?),
        "subscribe" => {
            let payload = outer
                .payload
                .filter(|payload| object(payload))
                .ok_or(INVALID_MESSAGE)?;
            Sent::Subscribe {
                id: id()?,
                payload: payload.get().to_owned(),
            }
        }
        _ => return Err(INVALID_MESSAGE),
    })
}

/// The token in `headers.Authorization` or `Authorization`, in any case.
fn token(payload: Option<&RawValue>) -> Result<Option<String>, Close> {
    let Some(payload) = payload else { return Ok(None) };
    let payload: Value = serde_json::from_str(payload.get()).map_err(|_| INVALID_MESSAGE)?;
    let find = |members: &Value| {
        let mut members = members.as_object()?.iter();
        members
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
            .map(|(_, value)| value.clone())
    };
    match find(&payload["headers"]).or_else(|| find(&payload)) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) => match value.trim().split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Ok(Some(token.trim().to_owned()))
            }
            _ => Err(FORBIDDEN),
        },
        Some(_) => Err(FORBIDDEN),
    }
}

/// The answer to a `ping`.
pub(super) fn pong(payload: Option<String>) -> String {
    match payload {
        Some(payload) => format!("{{\"type\":\"pong\",\"payload\":{payload}}}"),
        None => "{\"type\":\"pong\"}".to_owned(),
    }
}

/// A message about an operation; `payload` is JSON.
pub(super) fn of(kind: &str, id: &str, payload: Option<&[u8]>) -> String {
    let id = quoted(id);
    let mut out = Vec::with_capacity(48 + id.len() + payload.map_or(0, <[u8]>::len));
    out.extend_from_slice(b"{\"id\":");
    out.extend_from_slice(&id);
    out.extend_from_slice(format!(",\"type\":\"{kind}\"").as_bytes());
    if let Some(payload) = payload {
        out.extend_from_slice(b",\"payload\":");
        out.extend_from_slice(payload);
    }
    out.push(b'}');
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
