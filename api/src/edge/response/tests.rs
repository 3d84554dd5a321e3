//! What an answer says, and how much of it.

use std::{net::IpAddr, sync::Arc};

use async_graphql::{ErrorExtensionValues, Name, indexmap::IndexMap};
use http_body_util::BodyExt;

use super::*;
use crate::error::{Error, Lang};

fn client(lang: Lang) -> Client {
    Client {
        address: IpAddr::from([127, 0, 0, 1]),
        lang,
        request_id: Arc::from("r-1"),
    }
}

fn said(response: &Response, lang: Lang) -> serde_json::Value {
    serde_json::from_slice(&body(response, &client(lang))).expect("JSON")
}

fn with_code(code: Code, path: &[&str]) -> ServerError {
    let error = async_graphql::Error::from(Error::from(code));
    let mut told = ServerError::new(error.message, None);
    told.extensions = error.extensions;
    told.path = path
        .iter()
        .map(|name| PathSegment::Field((*name).to_owned()))
        .collect();
    told
}

fn data(pairs: &[(&str, Value)]) -> Value {
    Value::Object(
        pairs
            .iter()
            .map(|(name, value)| (Name::new(name), value.clone()))
            .collect::<IndexMap<_, _>>(),
    )
}

#[test]
fn errors_carry_code_id_and_the_sentence_in_the_clients_language() {
    let mut response = Response::new(data(&[("a", Value::Null), ("b", Value::from(1))]));
    let mut error = with_code(Code::LimitTooLarge, &["a"]);
    error.message = "select * from account".into();
    error.path.push(PathSegment::Index(3));
    error.locations = vec![Pos { line: 1, column: 3 }];
    if let Some(extensions) = &mut error.extensions {
        extensions.set("limit", 100);
        extensions.set("cause", "secret");
    }
    response.errors.push(error);
    assert_eq!(
        said(&response, Lang::En),
        serde_json::json!({
            "errors": [{
                "message": "Over the limit.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["a", 3],
                "extensions": {"code": "LIMIT_TOO_LARGE", "requestId": "r-1", "retryable": false, "limit": 100},
            }],
            "data": {"a": null, "b": 1},
        })
    );
    assert_eq!(
        said(&response, Lang::Vi)["errors"][0]["message"],
        "Vượt quá giới hạn cho phép."
    );
}

#[test]
fn words_of_the_library_are_shortened_or_dropped() {
    let refused = |message: String| {
        let response = Response::from_errors(vec![ServerError::new(message, None)]);
        said(&response, Lang::En)
    };
    let answer = refused("Unknown field \"nam\" on type \"Q\". Did you mean \"name\"?".into());
    assert_eq!(
        answer["errors"][0]["message"],
        "The query does not fit the schema. Unknown field \"nam\" on type \"Q\"."
    );
    assert_eq!(answer.get("data"), None);
    let long = refused("word ".repeat(1_000));
    assert!(long["errors"][0]["message"].as_str().expect("message").len() < 350);
    // a value that could not be read: the library would repeat it
    let mut error = ServerError::new("Invalid value 0901234567", None);
    error.path = vec![PathSegment::Field("a".into())];
    let answer = said(&Response::from_errors(vec![error]), Lang::En);
    assert_eq!(answer["errors"][0]["message"], "The value is not valid.");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_VALUE");
    assert_eq!(answer["data"], serde_json::Value::Null);
}

#[test]
fn codes_that_nobody_published_become_unavailable() {
    let mut error = ServerError::new("duplicate key value", None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", "23505");
    error.extensions = Some(extensions);
    assert_eq!(code_of(&error), Code::Unavailable);
}

#[test]
fn errors_are_at_most_20_and_4_kib() {
    let many = Response::from_errors((0..50).map(|_| with_code(Code::NotFound, &["a"])).collect());
    assert_eq!(
        said(&many, Lang::En)["errors"].as_array().expect("errors").len(),
        20
    );
    let alias = "x".repeat(15_000);
    let long = Response::from_errors((0..50).map(|_| with_code(Code::NotFound, &[&alias])).collect());
    let bytes = body(&long, &client(Lang::Vi));
    assert!(bytes.len() <= ERROR_BYTES, "{}", bytes.len());
    assert!(said(&long, Lang::Vi)["errors"].as_array().expect("errors").len() > 5);
    let words = "Ệ".repeat(250);
    let texts = Response::from_errors((0..50).map(|_| ServerError::new(words.clone(), None)).collect());
    assert!(body(&texts, &client(Lang::Vi)).len() <= ERROR_BYTES);
}

#[test]
fn the_status_follows_the_media_type_only_for_documents() {
    let refused = |code| Response::from_errors(vec![with_code(code, &[])]);
    for code in [Code::ValidationFailed, Code::QueryTooDeep] {
        assert_eq!(status(&refused(code), Media::Json), 200);
        assert_eq!(status(&refused(code), Media::GraphqlJson), 400);
    }
    assert_eq!(status(&refused(Code::ExecutionTimeout), Media::GraphqlJson), 200);
    let mut denied = Response::new(data(&[("a", Value::Null)]));
    denied.errors.push(with_code(Code::Unauthenticated, &["a"]));
    assert_eq!(status(&denied, Media::GraphqlJson), 200);
    for (failure, json, graphql) in [
        (Code::ParseFailed, 200, 400),
        (Code::TooManyAliases, 200, 400),
        (Code::MalformedJson, 400, 400),
        (Code::Unauthenticated, 401, 401),
        (Code::BodyTooLarge, 413, 413),
    ] {
        let of = |media| refused_status(failure, media);
        assert_eq!(
            (of(Media::Json), of(Media::GraphqlJson)),
            (json, graphql),
            "{failure:?}"
        );
    }
}

fn refused_status(code: Code, media: Media) -> u16 {
    super::refused(&code.into(), &client(Lang::Vi), media)
        .status()
        .as_u16()
}

#[test]
fn a_lost_database_is_503_when_nothing_was_read() {
    let mut lost = Response::new(data(&[("a", Value::Null)]));
    lost.errors.push(with_code(Code::Unavailable, &["a"]));
    let answer = executed(&lost, &client(Lang::Vi), Media::Json);
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    lost.data = data(&[("a", Value::Null), ("b", Value::from(1))]);
    assert_eq!(status(&lost, Media::Json), 200);
    let mut slow = Response::new(data(&[("login", Value::Null)]));
    slow.errors.push(with_code(Code::RateLimited, &["login"]));
    assert_eq!(status(&slow, Media::Json), 429);
}

#[tokio::test]
async fn a_refusal_names_limit_and_methods() {
    let failure = Failure {
        allow: Some("POST"),
        ..Failure::limit(Code::MethodNotAllowed, 3)
    };
    let answer = super::refused(&failure, &client(Lang::En), Media::Json);
    assert_eq!(answer.headers()[header::ALLOW], "POST");
    let body = answer.into_body().collect().await.expect("body").to_bytes();
    let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(json["errors"][0]["extensions"]["limit"], 3);
    assert_eq!(json["errors"][0]["message"], "HTTP method not allowed.");
}
