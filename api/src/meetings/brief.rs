//! The brief of a meeting as its readers get it: what the server made of the records, and the office's own words.
//! Pure; how it is made is told in `briefs`.

use serde_json::{Map, Value};

use crate::store::partition::Audience;

/// What only those of the councils that hold the meeting read of a brief: answers given on the spot stand beside
/// what single voters said.
pub const INTERNAL: &str = "onSpot";
/// The office's own words.
const NOTE: &str = "note";

/// The brief for an audience: JSON once it was made, the office's words before.
pub fn told(made: Option<&str>, note: Option<&str>, audience: Audience) -> Option<String> {
    let Some(made) = made else {
        return note.map(str::to_owned);
    };
    let is_whole = note.is_none() && audience >= Audience::Internal;
    if is_whole {
        return Some(made.to_owned());
    }
    let mut brief: Map<String, Value> = serde_json::from_str(made).unwrap_or_default();
    if audience < Audience::Internal {
        brief.remove(INTERNAL);
    }
    if let Some(note) = note {
        brief.insert(NOTE.to_owned(), Value::String(note.to_owned()));
    }
    Some(Value::Object(brief).to_string())
}

/// The office's own words in a brief as an audience gets it: what people search for. What the server made stands in
/// other rows already.
pub fn note(brief: &str) -> Option<String> {
    match serde_json::from_str::<Map<String, Value>>(brief) {
        Ok(made) => made.get(NOTE).and_then(Value::as_str).map(str::to_owned),
        Err(_) => Some(brief.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_audience_reads_its_part_and_the_offices_words() {
        let made = r#"{"asked":[],"onSpot":[{"answer":"Xã sẽ làm"}]}"#;
        assert_eq!(
            told(None, Some("Lưu ý"), Audience::Delegate).as_deref(),
            Some("Lưu ý")
        );
        assert_eq!(told(None, None, Audience::Own), None);
        assert_eq!(told(Some(made), None, Audience::Internal).as_deref(), Some(made));
        assert_eq!(
            told(Some(made), Some("Lưu ý"), Audience::Delegate).as_deref(),
            Some(r#"{"asked":[],"note":"Lưu ý"}"#)
        );
    }
    #[test]
    fn only_the_offices_words_are_searched() {
        assert_eq!(note("Lưu ý").as_deref(), Some("Lưu ý"));
        assert_eq!(note(r#"{"asked":[],"note":"Lưu ý"}"#).as_deref(), Some("Lưu ý"));
        assert_eq!(note(r#"{"asked":[{"title":"Cầu"}]}"#), None);
    }
}
