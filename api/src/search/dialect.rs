//! The two languages in which the databases are asked for words: FTS5 of SQLite, tsquery of PostgreSQL.
//!
//! All words are letters and digits by now and stand in quotes, so that none can be taken for an operator. In
//! PostgreSQL one list of lexemes holds everything: `=` before a word with its marks, `@` before a scope, weight A
//! for the head.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::DatabaseBackend;

use super::{
    entry::Entry,
    question::{Marks, Tier},
    words::Word,
};

/// Places left free between head and body, so that no phrase reaches across.
const GAP: usize = 10;

/// A demand within a scope (one of each list), in the words of the database.
pub(super) fn demand(backend: DatabaseBackend, tier: &Tier, scopes: &[Vec<String>]) -> String {
    match backend {
        DatabaseBackend::Sqlite => fts5(tier, scopes),
        _ => tsquery(tier, scopes),
    }
}

fn has_marks(tier: &Tier, word: &Word) -> bool {
    match tier.marks {
        Marks::Exact => true,
        Marks::WhereTyped => word.has_marks(),
        Marks::Ignored => false,
    }
}

fn fts5(tier: &Tier, scopes: &[Vec<String>]) -> String {
    let columns = |marked| match (marked, tier.head) {
        (true, true) => "{head_marked}",
        (true, false) => "{head_marked body_marked}",
        (false, true) => "{head}",
        (false, false) => "{head body}",
    };
    let mut parts: Vec<String> = scopes
        .iter()
        .map(|any| {
            let any: Vec<_> = any.iter().map(|scope| format!("\"{scope}\"")).collect();
            format!("{{scope}} : ({})", any.join(" OR "))
        })
        .collect();
    if tier.phrase {
        let marked = tier.marks == Marks::Exact;
        let words: Vec<_> = tier.words.iter().map(|word| spelled(word, marked)).collect();
        parts.push(format!("{} : \"{}\"", columns(marked), words.join(" ")));
    } else {
        for (index, word) in tier.words.iter().enumerate() {
            let marked = has_marks(tier, word);
            let star = if goes_on(tier, index) { " *" } else { "" };
            parts.push(format!(
                "{} : \"{}\"{star}",
                columns(marked),
                spelled(word, marked)
            ));
        }
    }
    parts.join(" AND ")
}

fn tsquery(tier: &Tier, scopes: &[Vec<String>]) -> String {
    let mut parts: Vec<String> = scopes
        .iter()
        .map(|any| {
            let any: Vec<_> = any.iter().map(|scope| format!("'@{scope}'")).collect();
            format!("({})", any.join(" | "))
        })
        .collect();
    let words: Vec<_> = tier
        .words
        .iter()
        .enumerate()
        .map(|(index, word)| {
            let marked = has_marks(tier, word);
            let sign = if marked { "=" } else { "" };
            let flags = match (goes_on(tier, index), tier.head) {
                (true, true) => ":*A",
                (true, false) => ":*",
                (false, true) => ":A",
                (false, false) => "",
            };
            format!("'{sign}{}'{flags}", spelled(word, marked))
        })
        .collect();
    parts.push(format!(
        "({})",
        words.join(if tier.phrase { " <-> " } else { " & " })
    ));
    parts.join(" & ")
}

fn spelled(word: &Word, marked: bool) -> &str {
    if marked { &word.marked } else { &word.folded }
}

fn goes_on(tier: &Tier, index: usize) -> bool {
    tier.prefix && index + 1 == tier.words.len()
}

/// An entry's words in one line each for FTS5: scope, head, head with marks, body, body with marks.
pub(super) fn lines(entry: &Entry) -> [String; 5] {
    let line = |words: &[Word], marked| {
        let all: Vec<_> = words.iter().map(|word| spelled(word, marked)).collect();
        all.join(" ")
    };
    let scope: Vec<&str> = entry.scope.iter().map(String::as_str).collect();
    [
        scope.join(" "),
        line(&entry.head, false),
        line(&entry.head, true),
        line(&entry.body, false),
        line(&entry.body, true),
    ]
}

/// An entry's words as the text of a tsvector. Written by hand, because PostgreSQL's own parser would cut words
/// differently from FTS5 (it takes `1e5` for a number).
pub(super) fn tsvector(entry: &Entry) -> String {
    let mut places: BTreeMap<String, BTreeSet<(usize, &str)>> = BTreeMap::new();
    let starts = [(&entry.head, 1, "A"), (&entry.body, entry.head.len() + GAP, "")];
    for (words, start, weight) in starts {
        for (index, word) in words.iter().enumerate() {
            let at = (start + index, weight);
            places.entry(word.folded.clone()).or_default().insert(at);
            places.entry(format!("={}", word.marked)).or_default().insert(at);
        }
    }
    let mut lexemes: Vec<String> = entry.scope.iter().map(|scope| format!("'@{scope}'")).collect();
    for (lexeme, places) in places {
        // More than 255 places of one word are not kept.
        let places: Vec<_> = places
            .into_iter()
            .take(255)
            .map(|(place, weight)| format!("{place}{weight}"))
            .collect();
        lexemes.push(format!("'{lexeme}':{}", places.join(",")));
    }
    lexemes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::question::Question;

    #[test]
    fn a_question_reads_alike_in_both_languages() {
        let tiers = Question::read("vấn de").unwrap().unwrap().tiers();
        let scopes = [vec!["public".to_owned(), "12".to_owned()]];
        let both = |index: usize| {
            (
                demand(DatabaseBackend::Sqlite, &tiers[index], &scopes),
                demand(DatabaseBackend::Postgres, &tiers[index], &scopes),
            )
        };
        assert_eq!(
            both(0),
            (
                r#"{scope} : ("public" OR "12") AND {head_marked} : "vấn de""#.to_owned(),
                "('@public' | '@12') & ('=vấn':A <-> '=de':A)".to_owned()
            )
        );
        assert_eq!(
            both(3),
            (
                r#"{scope} : ("public" OR "12") AND {head_marked body_marked} : "vấn" AND {head body} : "de" *"#
                    .to_owned(),
                "('@public' | '@12') & ('=vấn' & 'de':*)".to_owned()
            )
        );
    }
}
