//! Answers cut out of stored documents: the selected members, copied as the bytes that they are.
//!
//! A document is stored as JSON text. Its members are found without being decoded, and go into the answer as they
//! stand; the answer is one value of raw bytes, whatever the number of documents.

use std::{borrow::Cow, collections::BTreeMap};

use async_graphql::{SelectionField, Value};
use bytes::Bytes;
use serde_json::value::RawValue;

/// A document as it is to be answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Its id, as the client spells it.
    pub id: String,
    /// Its JSON text; none if it is gone.
    pub document: Option<String>,
}

/// The fields selected below a field, by response key; what is selected twice is one. Fragments are spread out, and
/// what is skipped was taken out before execution.
pub fn selected<'a>(
    fields: impl IntoIterator<Item = SelectionField<'a>>,
) -> Vec<(&'a str, Vec<SelectionField<'a>>)> {
    let mut found: Vec<(&str, Vec<SelectionField<'_>>)> = Vec::new();
    for field in fields {
        let key = field.alias().unwrap_or(field.name());
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, same)) => same.push(field),
            None => found.push((key, vec![field])),
        }
    }
    found
}

/// The fields selected below fields of the same response key.
pub fn below<'a>(fields: &[SelectionField<'a>]) -> Vec<(&'a str, Vec<SelectionField<'a>>)> {
    let sub: Vec<SelectionField<'a>> = fields.iter().flat_map(SelectionField::selection_set).collect();
    selected(sub)
}

/// A list of documents with the members that these fields select.
pub fn documents(type_name: &str, fields: &[SelectionField<'_>], documents: &[Answered]) -> Value {
    let members: Vec<(&str, &str)> = below(fields)
        .into_iter()
        .filter_map(|(key, same)| Some((key, same.first()?.name())))
        .collect();
    let typical: usize = documents
        .iter()
        .map(|one| one.document.as_ref().map_or(60, String::len) + 40)
        .sum();
    let mut out = Vec::with_capacity(typical);
    out.push(b'[');
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(&mut out, type_name, &members, document);
    }
    out.push(b']');
    Value::Binary(Bytes::from(out))
}

fn write(out: &mut Vec<u8>, type_name: &str, members: &[(&str, &str)], answered: &Answered) {
    type Raw<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;
    let stored = answered.document.as_deref();
    let stored: Raw<'_> = stored
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    out.push(b'{');
    for (index, (key, member)) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        quoted(out, key);
        out.push(b':');
        match *member {
            "__typename" => quoted(out, type_name),
            "_deleted" if answered.document.is_none() => out.extend_from_slice(b"true"),
            "_deleted" => out.extend_from_slice(b"false"),
            "id" => quoted(out, &answered.id),
            name => match stored.get(name) {
                Some(raw) => out.extend_from_slice(raw.get().as_bytes()),
                None => out.extend_from_slice(b"null"),
            },
        }
    }
    out.push(b'}');
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    // Writing to a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(members: &[(&str, &str)], document: Option<&str>) -> String {
        let mut out = Vec::new();
        let answered = Answered {
            id: "1".to_owned(),
            document: document.map(str::to_owned),
        };
        write(&mut out, "NoteSyncDocument", members, &answered);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn members_are_copied_as_they_stand() {
        let all = [
            ("id", "id"),
            ("words", "text"),
            ("none", "unitId"),
            ("_deleted", "_deleted"),
            ("t", "__typename"),
        ];
        assert_eq!(
            written(
                &all,
                Some(r#"{"id":"1","n":1.50,"text":"\u0111\"\n đ","rev":"3"}"#)
            ),
            r#"{"id":"1","words":"\u0111\"\n đ","none":null,"_deleted":false,"t":"NoteSyncDocument"}"#
        );
        assert_eq!(
            written(&all, None),
            r#"{"id":"1","words":null,"none":null,"_deleted":true,"t":"NoteSyncDocument"}"#
        );
    }
}
