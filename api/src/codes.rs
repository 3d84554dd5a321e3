//! Code lists (danh mục): the open vocabularies whose values are data with a Vietnamese label and a basis.
//!
//! They are read once from `reference/codes.csv`. A list may have two levels, as the fields of petitions do:
//! committee above, subject below. Codes never change their meaning; what is no longer used stays in the list,
//! because phones and old records still name it.

use std::{collections::HashMap, sync::LazyLock};

use chrono::NaiveDate;
use serde::Deserialize;

use crate::{error::Lang, text};

/// One value of a code list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// The list that it belongs to.
    pub list: String,
    /// Its code, unique within the list.
    pub code: String,
    /// The code above it in the same list.
    pub parent: Option<String>,
    /// Vietnamese label.
    pub label_vi: String,
    /// English label.
    pub label_en: String,
    /// First day on which it may be used; none means since ever.
    pub valid_from: Option<NaiveDate>,
    /// The law or custom that it comes from.
    pub basis: String,
}

impl Entry {
    /// The label in the caller's language.
    pub fn label(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.label_vi,
            Lang::En => &self.label_en,
        }
    }
}

static LISTS: LazyLock<HashMap<String, Vec<Entry>>> = LazyLock::new(|| {
    let mut lists: HashMap<String, Vec<Entry>> = HashMap::new();
    for entry in read(include_str!("../reference/codes.csv")).unwrap_or_default() {
        lists.entry(entry.list.clone()).or_default().push(entry);
    }
    lists
});

fn read(table: &str) -> Result<Vec<Entry>, csv::Error> {
    csv::Reader::from_reader(table.as_bytes())
        .into_deserialize()
        .collect()
}

/// The entries of a list in their order; empty when there is no such list.
pub fn list(name: &str) -> &'static [Entry] {
    LISTS.get(name).map_or(&[], Vec::as_slice)
}

/// The entry of a list with this code.
pub fn find(list: &str, code: &str) -> Option<&'static Entry> {
    self::list(list).iter().find(|entry| entry.code == code)
}

/// The entry of a list with this Vietnamese label, whatever its case, punctuation and tone placement; for
/// imports from lists that carry words instead of codes.
pub fn find_label(list: &str, label: &str) -> Option<&'static Entry> {
    let wanted = text::mark_fold(label);
    self::list(list)
        .iter()
        .find(|entry| text::mark_fold(&entry.label_vi) == wanted)
}

/// The names of all lists, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = LISTS.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_delivered_lists_are_whole() {
        let table = include_str!("../reference/codes.csv");
        let entries = read(table).unwrap();
        assert_eq!(entries.len(), table.lines().count() - 1);
        assert_eq!(
            entries.len(),
            names().into_iter().map(|name| list(name).len()).sum::<usize>()
        );
        let mut codes = HashSet::new();
        for entry in &entries {
            assert!(
                codes.insert((&entry.list, &entry.code)),
                "{} twice in {}",
                entry.code,
                entry.list
            );
            let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(
                !entry.code.is_empty() && entry.code.chars().all(snake),
                "{}",
                entry.code
            );
            assert!(!entry.label_vi.is_empty() && !entry.label_en.is_empty() && !entry.basis.is_empty());
            assert_eq!(text::clean(&entry.label_vi).as_ref(), Ok(&entry.label_vi));
            if let Some(parent) = &entry.parent {
                let parent = find(&entry.list, parent).unwrap_or_else(|| panic!("{}", entry.code));
                assert_eq!(parent.parent, None, "two levels only");
            }
        }
    }

    #[test]
    fn labels_are_unique_within_their_list() {
        for name in names() {
            let labels: HashSet<_> = list(name)
                .iter()
                .map(|entry| text::mark_fold(&entry.label_vi))
                .collect();
            assert_eq!(labels.len(), list(name).len(), "{name}");
        }
    }

    #[test]
    fn lists_and_codes_are_found() {
        assert_eq!(
            find("outcome", "resolved").unwrap().label(Lang::Vi),
            "Đã giải quyết xong"
        );
        assert_eq!(
            find("assessment", "off_point").unwrap().label(Lang::En),
            "Off the point"
        );
        assert_eq!(
            find("field", "transport").unwrap().parent.as_deref(),
            Some("economy_budget")
        );
        assert_eq!(find("field", "defence").unwrap().parent, None);
        assert!(find("field", "no").is_none() && find("no", "transport").is_none() && list("no").is_empty());
        for name in [
            "agency_kind",
            "contact_kind",
            "contact_mode",
            "session_kind",
            "submission_kind",
            "channel",
            "origin",
            "tier",
            "outcome",
            "unresolved_reason",
            "assessment",
            "urging_how",
            "informing_channel",
            "attendance_band",
            "resolution_kind",
            "resolution_effect",
            "resolution_relation",
            "vote_mode",
            "recommendation_state",
            "document_class",
            "personal_data",
            "role",
            "field",
            "outside_round",
            "procedure_kind",
            "document_purpose",
            "satisfaction",
            "reminder_kind",
            "agenda_scope",
            "agenda_kind",
        ] {
            assert!(list(name).len() > 1, "{name}");
        }
    }

    #[test]
    fn every_field_of_the_published_petitions_has_a_code() {
        let petitions = include_str!("../reference/demo/petitions.jsonl");
        assert_eq!(petitions.lines().count(), 60);
        for line in petitions.lines() {
            let petition: serde_json::Value = serde_json::from_str(line).unwrap();
            let field = petition["field"].as_str().unwrap();
            assert!(find_label("field", field).is_some(), "{field}");
        }
        assert_eq!(find_label("field", "thuỷ lợi").unwrap().code, "irrigation");
    }
}
