//! From documents to entries of the index. Pure, so that what the write door indexes and what a rebuild finds in
//! the stored documents can never differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Kind, PUBLIC, scope,
    words::{Word, words},
};
use crate::{
    meetings::brief,
    resolutions::number::OfficialNumber,
    store::partition::{Audience, Partition},
};

/// Words of numbers and title that are indexed; PostgreSQL keeps no place beyond 16,383.
const MOST_OF_HEAD: usize = 400;

/// Words of the long texts that are indexed: what comes later in a very long text is not found.
const MOST_OF_BODY: usize = 8_000;

/// One text of a row, for all who may read it in these words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(super) kind: Kind,
    pub(super) row_id: Uuid,
    /// The poorest audience that reads it.
    pub(super) audience: Audience,
    pub(super) title: String,
    /// Empty where there is none.
    pub(super) number: String,
    /// Its kind, and where it may be read.
    pub(super) scope: BTreeSet<String>,
    pub(super) head: Vec<Word>,
    pub(super) body: Vec<Word>,
}

/// What is searched of a document.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Text {
    title: String,
    numbers: Vec<String>,
    head: String,
    body: String,
}

impl Text {
    fn of(kind: Kind, document: &Map<String, Value>) -> Self {
        let texts = |names: &[&str]| -> Vec<String> {
            names
                .iter()
                .filter_map(|name| {
                    let text = document.get(*name)?.as_str()?;
                    match *name {
                        "brief" => brief::note(text),
                        _ => Some(text.to_owned()),
                    }
                })
                .collect()
        };
        Self {
            title: texts(&["title"]).concat(),
            numbers: texts(kind.numbers()),
            head: texts(kind.head()).join("\n"),
            body: texts(kind.body()).join("\n"),
        }
    }
}

/// The entries of a row that has these documents and lies in these partitions.
pub(super) fn entries(
    kind: Kind,
    row_id: Uuid,
    documents: &[(Audience, Map<String, Value>)],
    partitions: &[Partition],
) -> Vec<Entry> {
    let mut readers: BTreeMap<Text, BTreeSet<Audience>> = BTreeMap::new();
    for (audience, document) in documents {
        let text = Text::of(kind, document);
        readers.entry(text).or_default().insert(*audience);
    }
    let entry = |(text, audiences): (Text, BTreeSet<Audience>)| {
        let mut found_in: BTreeSet<String> = partitions
            .iter()
            .filter(|partition| audiences.contains(&partition.audience()))
            .map(|partition| scope(*partition))
            .collect();
        if audiences.contains(&Audience::Public) {
            found_in.insert(PUBLIC.to_owned());
        }
        found_in.insert(kind.collection().to_owned());
        let mut head: Vec<Word> = text.numbers.iter().flat_map(|number| spellings(number)).collect();
        head.extend(words(&text.head, MOST_OF_HEAD));
        head.truncate(MOST_OF_HEAD);
        Some(Entry {
            kind,
            row_id,
            audience: audiences.first().copied()?,
            title: text.title,
            number: text.numbers.into_iter().next().unwrap_or_default(),
            scope: found_in,
            head,
            body: words(&text.body, MOST_OF_BODY),
        })
    };
    readers.into_iter().filter_map(entry).collect()
}

/// A number as it was written, as it is spelled properly, and without leading zeros.
fn spellings(raw: &str) -> Vec<Word> {
    const MOST: usize = 20;
    let mut all = words(raw, MOST);
    if let Some(number) = OfficialNumber::parse(raw) {
        let key = number.key();
        let mut known = vec![all.clone()];
        for spelling in [key.as_str(), key.trim_start_matches('0')] {
            let spelling = words(spelling, MOST);
            if !known.contains(&spelling) {
                all.extend(spelling.iter().cloned());
                known.push(spelling);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use entity::id::{CouncilId, UnitId};
    use serde_json::json;

    use super::*;

    fn document(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn each_text_has_its_own_readers() {
        let id = Uuid::from_u128(1);
        let council = Partition::Council(CouncilId(Uuid::from_u128(2)));
        let place = Partition::Place(UnitId(Uuid::from_u128(3)));
        let public = Partition::Public(UnitId(Uuid::from_u128(3)));
        let inner = document(json!({"id": id, "title": "Cầu", "content": "bà Hoa nói"}));
        let outer = document(json!({"id": id, "title": "Cầu", "content": "cử tri nói"}));
        let entries = entries(
            Kind::Petition,
            id,
            &[
                (Audience::Public, outer),
                (Audience::Delegate, inner.clone()),
                (Audience::Internal, inner),
            ],
            &[council, place, public],
        );
        assert_eq!(entries.len(), 2);
        let of = |word: &str| {
            entries
                .iter()
                .find(|entry| entry.body.iter().any(|at| at.folded == word))
                .unwrap()
        };
        assert_eq!(of("hoa").audience, Audience::Delegate);
        assert_eq!(
            of("hoa").scope,
            BTreeSet::from([
                "petition".to_owned(),
                council.id().to_string(),
                place.id().to_string()
            ])
        );
        assert_eq!(
            of("cu").scope,
            BTreeSet::from(["petition".to_owned(), "public".to_owned()])
        );
    }

    #[test]
    fn a_number_is_indexed_in_its_spellings() {
        let folded = |raw| {
            let all: Vec<_> = spellings(raw).into_iter().map(|word| word.folded).collect();
            all.join(" ")
        };
        assert_eq!(folded("12/2026"), "12 2026");
        assert_eq!(folded("18/2025/NQ-HĐND"), "18 2025 nq hdnd");
        assert_eq!(
            folded("5/2025/NQ–HDND"),
            "5 2025 nq hdnd 05 2025 nq hdnd 5 2025 nq hdnd"
        );
    }

    #[test]
    fn long_texts_are_bounded() {
        let long = document(json!({"title": "x ".repeat(9_000), "text": "y ".repeat(90_000)}));
        let entries = entries(
            Kind::Resolution,
            Uuid::from_u128(1),
            &[(Audience::Public, long)],
            &[],
        );
        assert_eq!(entries[0].head.len(), MOST_OF_HEAD);
        assert_eq!(entries[0].body.len(), MOST_OF_BODY);
    }
}
