//! Makes HTTP answers: of executed operations, and of requests that never got so far.
//!
//! The message of an error is always the sentence of its code, in the client's language. Only the parser and
//! the validation add words of their own, shortened. Whatever else a library puts into an error stays inside.

use async_graphql::{PathSegment, Pos, Response, ServerError, Value};
use axum::{
    body::Body,
    http::{self, HeaderName, HeaderValue, StatusCode, header},
};

use super::{Client, failure::Failure, json, negotiate::Media};
use crate::error::{Code, Error, Refused};

/// The most errors that one answer lists.
const ERRORS: usize = 20;
/// The most bytes that they take together.
const ERROR_BYTES: usize = 4 * 1024;
/// What the frame around the errors needs of those.
const FRAME: usize = 64;
/// The most characters of a parser's or validation's own words.
const DETAIL: usize = 300;
/// Seconds until a client should come back when nothing else is known.
const RETRY_AFTER: u64 = 5;

/// One error as it is sent.
struct Told<'a> {
    code: Code,
    limit: Option<u64>,
    detail: Option<&'a str>,
    field: Option<&'a str>,
    locations: &'a [Pos],
    path: &'a [PathSegment],
}

impl Told<'_> {
    fn write(&self, client: &Client) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(b"{\"message\":");
        let sentence = self.code.message(client.lang);
        match self.detail.map(shortened).filter(|detail| !detail.is_empty()) {
            Some(detail) => json::string(&mut out, &format!("{sentence} {detail}")),
            None => json::string(&mut out, sentence),
        }
        if !self.locations.is_empty() {
            out.extend_from_slice(b",\"locations\":[");
            for (index, at) in self.locations.iter().take(4).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                json::display(
                    &mut out,
                    format_args!("{{\"line\":{},\"column\":{}}}", at.line, at.column),
                );
            }
            out.push(b']');
        }
        if !self.path.is_empty() {
            out.extend_from_slice(b",\"path\":[");
            for (index, segment) in self.path.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                match segment {
                    PathSegment::Field(name) => json::string(&mut out, name),
                    PathSegment::Index(index) => json::display(&mut out, index),
                }
            }
            out.push(b']');
        }
        out.extend_from_slice(b",\"extensions\":{\"code\":");
        json::string(&mut out, self.code.name());
        out.extend_from_slice(b",\"requestId\":");
        json::string(&mut out, &client.request_id);
        json::display(&mut out, format_args!(",\"retryable\":{}", self.code.retryable()));
        if let Some(limit) = self.limit {
            json::display(&mut out, format_args!(",\"limit\":{limit}"));
        }
        if let Some(field) = self.field {
            out.extend_from_slice(b",\"field\":");
            json::string(&mut out, field);
        }
        out.extend_from_slice(b"}}");
        out
    }
}

/// A parser's words without its suggestions and drawings, in one line.
fn shortened(detail: &str) -> String {
    let detail = detail.split(" Did you mean").next().unwrap_or_default();
    let mut words = String::new();
    for word in detail.split_whitespace() {
        if words.chars().count() + word.chars().count() >= DETAIL {
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

/// The code of an error of the executor. Without one it is the library's own: about the document when it has
/// no path, else about a value that it could not read.
pub(super) fn code_of(error: &ServerError) -> Code {
    match extension(error, "code") {
        Some(Value::String(name)) => Code::from_name(name).unwrap_or(Code::Unavailable),
        Some(_) => Code::Unavailable,
        None if error.path.is_empty() => Code::ValidationFailed,
        None => Code::InvalidValue,
    }
}

pub(super) fn extension<'a>(error: &'a ServerError, name: &str) -> Option<&'a Value> {
    error.extensions.as_ref()?.get(name)
}

fn told(error: &ServerError) -> Told<'_> {
    let code = code_of(error);
    let is_document = matches!(code, Code::ValidationFailed | Code::ParseFailed);
    Told {
        code,
        limit: match extension(error, "limit") {
            Some(Value::Number(limit)) => limit.as_u64(),
            _ => None,
        },
        detail: is_document.then_some(error.message.as_str()),
        field: match extension(error, "field") {
            Some(Value::String(field)) => Some(field),
            _ => None,
        },
        locations: &error.locations,
        path: &error.path,
    }
}

/// Appends the list of errors, never more than the bounds allow: first without where they are, then fewer.
fn write_errors(out: &mut Vec<u8>, errors: &[ServerError], client: &Client) {
    let mut left = ERROR_BYTES - FRAME;
    out.push(b'[');
    for (index, error) in errors.iter().take(ERRORS).enumerate() {
        let mut one = told(error);
        let mut written = one.write(client);
        if written.len() >= left {
            (one.path, one.locations, one.field) = (&[], &[], None);
            written = one.write(client);
        }
        if written.len() >= left && index > 0 {
            break;
        }
        left = left.saturating_sub(written.len() + 1);
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&written);
    }
    out.push(b']');
}

/// The list of errors of an operation that was refused.
pub(super) fn error_list(response: &Response, client: &Client) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    write_errors(&mut out, &response.errors, client);
    out
}

/// The list with the one error of a request that was not executed.
pub(super) fn failure_list(failure: &Failure, client: &Client) -> Vec<u8> {
    let told = Told {
        code: failure.code,
        limit: failure.limit,
        detail: failure.detail.as_deref(),
        field: None,
        locations: &[],
        path: &[],
    };
    let mut out = b"[".to_vec();
    out.extend_from_slice(&told.write(client));
    out.push(b']');
    out
}

/// The body of an executed operation. `data` is left out when nothing was executed.
pub(super) fn body(response: &Response, client: &Client) -> Vec<u8> {
    let mut out = Vec::with_capacity(4 * 1024);
    out.push(b'{');
    if !response.errors.is_empty() {
        out.extend_from_slice(b"\"errors\":");
        write_errors(&mut out, &response.errors, client);
    }
    if !was_refused(response) {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(b"\"data\":");
        json::value(&mut out, &response.data);
    }
    if !response.extensions.is_empty() {
        out.extend_from_slice(b",\"extensions\":{");
        for (index, (name, value)) in response.extensions.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            json::string(&mut out, name);
            out.push(b':');
            json::value(&mut out, value);
        }
        out.push(b'}');
    }
    out.push(b'}');
    out
}

/// Whether the document was refused before a resolver ran.
pub(super) fn was_refused(response: &Response) -> bool {
    response.data == Value::Null
        && response
            .errors
            .first()
            .is_some_and(|error| error.path.is_empty() && code_of(error).status() == 400)
}

/// The status of an executed operation. A lost database or a brake decides it only when no field has an
/// answer, so that whatever was read is never thrown away.
pub(super) fn status(response: &Response, media: Media) -> StatusCode {
    if was_refused(response) {
        let code = response.errors.first().map_or(Code::ValidationFailed, code_of);
        return document_status(code, media);
    }
    let nothing = match &response.data {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(|field| *field == Value::Null),
        _ => false,
    };
    let decides = |code: &Code| matches!(code, Code::Unavailable | Code::RateLimited | Code::DeviceRevoked);
    match response.errors.iter().map(code_of).find(decides) {
        Some(code) if nothing => status_of(code),
        _ => StatusCode::OK,
    }
}

/// Errors of a document are 400 only for clients that name the newer media type.
fn document_status(code: Code, media: Media) -> StatusCode {
    let of_document = !matches!(code, Code::MalformedJson | Code::MalformedRequest) && code.status() == 400;
    if of_document && media == Media::Json {
        StatusCode::OK
    } else {
        status_of(code)
    }
}

fn status_of(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

/// The answer to an executed operation.
pub(super) fn executed(response: &Response, client: &Client, media: Media) -> http::Response<Body> {
    with_json(status(response, media), body(response, client), media)
}

/// The answer to a request that was not executed.
pub(super) fn refused(failure: &Failure, client: &Client, media: Media) -> http::Response<Body> {
    let mut body = b"{\"errors\":".to_vec();
    body.extend_from_slice(&failure_list(failure, client));
    body.push(b'}');
    let mut answer = with_json(document_status(failure.code, media), body, media);
    if let Some(allow) = failure.allow {
        answer
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    answer
}

/// The refusal of a page or file. Codes that elsewhere stand beside data end this request: what does not exist is
/// 404, everything else that was asked wrongly 400.
pub fn refusal(error: &Error, client: &Client) -> http::Response<Body> {
    all_refused(std::slice::from_ref(error), client)
}

/// The refusal of something that is wrong in several ways, each told; the first one decides the status.
pub fn refusals(refused: &[Refused], client: &Client) -> http::Response<Body> {
    let errors: Vec<Error> = refused.iter().cloned().map(Error::from).collect();
    all_refused(&errors, client)
}

fn all_refused(errors: &[Error], client: &Client) -> http::Response<Body> {
    let mut body = b"{\"errors\":[".to_vec();
    for (at, error) in errors.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        let told = Told {
            code: error.code(),
            limit: match error {
                Error::Code(_, limit) => *limit,
                _ => None,
            },
            detail: None,
            field: match error {
                Error::Refused(refused) => refused.field.as_deref(),
                _ => None,
            },
            locations: &[],
            path: &[],
        };
        body.extend_from_slice(&told.write(client));
    }
    body.extend_from_slice(b"]}");
    let code = errors.first().map_or(Code::Unavailable, Error::code);
    let status = match (code, code.status()) {
        (Code::NotFound, _) => StatusCode::NOT_FOUND,
        (_, 200) => StatusCode::BAD_REQUEST,
        _ => status_of(code),
    };
    with_json(status, body, Media::Json)
}

fn with_json(status: StatusCode, body: Vec<u8>, media: Media) -> http::Response<Body> {
    let mut answer = with(status, media.content_type(), body);
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        StatusCode::REQUEST_TIMEOUT => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    answer
}

/// An answer of a known type.
pub(super) fn with(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> http::Response<Body> {
    let mut answer = http::Response::new(body.into());
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

/// Sets a header unless the answer has it already.
pub(super) fn set_default(answer: &mut http::Response<Body>, name: HeaderName, value: &'static str) {
    answer
        .headers_mut()
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests;
