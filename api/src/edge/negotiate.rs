//! Reads the headers by which a client says what it prefers.

use axum::http::{HeaderMap, HeaderName, header};

use crate::error::Lang;

/// The form of a GraphQL answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: errors of the document come with 200.
    #[default]
    Json,
    /// `application/graphql-response+json`: they come with 400.
    GraphqlJson,
}

impl Media {
    /// The value of Content-Type.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlJson => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// A compression that both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Zstd,
    Gzip,
}

/// One entry of a list with weights, in lower case.
struct Choice {
    name: String,
    /// Thousandths, 0 to 1,000.
    weight: u16,
    utf8: bool,
}

fn choices(headers: &HeaderMap, name: HeaderName) -> Vec<Choice> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|entry| {
            let mut parts = entry.split(';').map(|part| part.trim().to_ascii_lowercase());
            let name = parts.next().filter(|name| !name.is_empty())?;
            let (mut weight, mut utf8) = (1_000, true);
            for part in parts {
                match part.split_once('=') {
                    Some(("q", value)) => weight = thousandths(value),
                    Some(("charset", value)) => utf8 = matches!(value.trim_matches('"'), "utf-8" | "utf8"),
                    _ => {}
                }
            }
            Some(Choice { name, weight, utf8 })
        })
        .take(64)
        .collect()
}

fn thousandths(value: &str) -> u16 {
    value
        .parse::<f32>()
        .map_or(0, |weight| (weight.clamp(0.0, 1.0) * 1_000.0) as u16)
}

fn weight_of(choices: &[Choice], names: &[&str]) -> Option<u16> {
    names.iter().find_map(|name| {
        choices
            .iter()
            .filter(|choice| choice.utf8 && choice.name == *name)
            .map(|choice| choice.weight)
            .max()
    })
}

/// The form of a GraphQL answer; `None` when the client takes neither (406).
pub(super) fn media(headers: &HeaderMap) -> Option<Media> {
    let accepted = choices(headers, header::ACCEPT);
    if accepted.is_empty() {
        return Some(Media::Json);
    }
    let named = weight_of(&accepted, &["application/graphql-response+json"]).unwrap_or(0);
    let json = weight_of(&accepted, &["application/json", "application/*", "*/*"]).unwrap_or(0);
    if named > 0 && named >= json {
        Some(Media::GraphqlJson)
    } else if json > 0 {
        Some(Media::Json)
    } else {
        None
    }
}

/// Whether events are preferred to one piece of JSON.
pub(super) fn prefers_events(headers: &HeaderMap) -> bool {
    let accepted = choices(headers, header::ACCEPT);
    let events = weight_of(&accepted, &["text/event-stream"]).unwrap_or(0);
    let json = weight_of(&accepted, &["application/graphql-response+json"])
        .max(weight_of(&accepted, &["application/json"]))
        .unwrap_or(0);
    events > 0 && events > json
}

/// Whether a page is preferred to JSON, as browsers do when somebody types the address.
pub(super) fn prefers_html(headers: &HeaderMap) -> bool {
    let accepted = choices(headers, header::ACCEPT);
    let html = weight_of(&accepted, &["text/html"]).unwrap_or(0);
    let json = weight_of(&accepted, &["application/graphql-response+json"])
        .max(weight_of(&accepted, &["application/json"]))
        .unwrap_or(0);
    html > 0 && html > json
}

/// The compression to answer with: zstd before gzip when both are equally welcome.
pub(super) fn coding(headers: &HeaderMap) -> Option<Coding> {
    let accepted = choices(headers, header::ACCEPT_ENCODING);
    let plain = weight_of(&accepted, &["identity"]).unwrap_or(1);
    let zstd = weight_of(&accepted, &["zstd", "*"]).unwrap_or(0);
    let gzip = weight_of(&accepted, &["gzip", "x-gzip", "*"]).unwrap_or(0);
    if zstd > 0 && zstd >= gzip && zstd >= plain {
        Some(Coding::Zstd)
    } else if gzip > 0 && gzip >= plain {
        Some(Coding::Gzip)
    } else {
        None
    }
}

/// The language of messages: Vietnamese unless English is liked better.
pub(super) fn lang(headers: &HeaderMap) -> Lang {
    let best = |lang: &str| {
        choices(headers, header::ACCEPT_LANGUAGE)
            .iter()
            .enumerate()
            .filter(|(_, choice)| choice.name.split('-').next() == Some(lang) && choice.weight > 0)
            .map(|(index, choice)| (choice.weight, usize::MAX - index))
            .max()
    };
    if best("en") > best("vi") {
        Lang::En
    } else {
        Lang::Vi
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("header"))])
    }

    #[test]
    fn media_types_follow_the_accept_header() {
        let of = |accept: &str| media(&headers(header::ACCEPT, accept));
        assert_eq!(media(&HeaderMap::new()), Some(Media::Json));
        for (accept, wanted) in [
            ("*/*", Some(Media::Json)),
            ("application/*", Some(Media::Json)),
            ("application/json", Some(Media::Json)),
            ("application/json; charset=UTF-8", Some(Media::Json)),
            ("application/json; charset=latin1", None),
            ("application/graphql-response+json", Some(Media::GraphqlJson)),
            (
                "application/graphql-response+json, application/json;q=0.9",
                Some(Media::GraphqlJson),
            ),
            (
                "application/json, application/graphql-response+json;q=0.5",
                Some(Media::Json),
            ),
            ("application/graphql-response+json;q=0, */*", Some(Media::Json)),
            ("application/json;q=0, */*", None),
            ("text/html", None),
            ("text/html, */*;q=0.1", Some(Media::Json)),
        ] {
            assert_eq!(of(accept), wanted, "{accept}");
        }
    }

    #[test]
    fn browsers_get_the_page() {
        let of = |accept: &str| prefers_html(&headers(header::ACCEPT, accept));
        assert!(of(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        ));
        assert!(!of("application/json, text/html;q=0.9"));
        assert!(!of("*/*"));
    }

    #[test]
    fn compression_follows_the_weights() {
        let of = |accept: &str| coding(&headers(header::ACCEPT_ENCODING, accept));
        assert_eq!(of("gzip, deflate, br, zstd"), Some(Coding::Zstd));
        assert_eq!(of("gzip, br"), Some(Coding::Gzip));
        assert_eq!(of("gzip, zstd;q=0.5"), Some(Coding::Gzip));
        assert_eq!(of("gzip;q=0"), None);
        assert_eq!(of("gzip;q=0.5, identity"), None);
        assert_eq!(of("*"), Some(Coding::Zstd));
        assert_eq!(of("br"), None);
        assert_eq!(coding(&HeaderMap::new()), None);
    }

    #[test]
    fn vietnamese_unless_english_is_preferred() {
        let of = |accept: &str| lang(&headers(header::ACCEPT_LANGUAGE, accept));
        assert_eq!(lang(&HeaderMap::new()), Lang::Vi);
        for (accept, wanted) in [
            ("vi", Lang::Vi),
            ("en", Lang::En),
            ("en-US,en;q=0.9,vi;q=0.8", Lang::En),
            ("vi-VN,vi;q=0.9,en;q=0.8", Lang::Vi),
            ("en, vi", Lang::En),
            ("fr", Lang::Vi),
            ("*", Lang::Vi),
            ("en;q=0", Lang::Vi),
        ] {
            assert_eq!(of(accept), wanted, "{accept}");
        }
    }
}
