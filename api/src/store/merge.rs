//! The three-way merge of one row's fields, the same for every collection and both surfaces.
//!
//! Only fields that a client may write are compared, and null equals absent: a server that compared what it sets
//! itself would report conflicts between a phone and its own quick edits.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    collection::Document,
    writing::{parse_id, parse_time},
};
use crate::text;

/// Who last wrote a field: in which version, from which device, and when by that device's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp(pub i64, pub String, pub Option<DateTime<Utc>>);

/// The stamps of a row's fields, kept as JSON beside it.
pub type Stamps = BTreeMap<String, Stamp>;

/// Reads stamps; a row without any was written by nobody we know.
pub fn stamps(json: &str) -> Stamps {
    serde_json::from_str(json).unwrap_or_default()
}

/// What a client believed when it wrote.
#[derive(Clone, Debug)]
pub enum Base<'a> {
    /// The version that it had seen (native surface); none if it believes to create the row.
    Rev(Option<i64>),
    /// The whole document that it had seen (RxDB surface).
    State(Option<&'a Document>),
}

/// What is to be done with a write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merge {
    /// Fields to set.
    pub apply: Document,
    /// Fields that somebody else changed in the meantime, to another value.
    pub conflicts: Vec<String>,
    /// Fields for which the same device has sent something newer before: these words are too late.
    pub superseded: Vec<String>,
    /// Whether somebody else changed other fields in the meantime.
    pub merged: bool,
}

fn value<'a>(document: &'a Document, field: &str) -> &'a Value {
    document.get(field).unwrap_or(&Value::Null)
}

/// Whether a client says what is there already, in whatever spelling: a text in NFD, a time of another offset or
/// fewer digits, ids in capitals or in another order.
fn is_same(told: &Value, now: &Value) -> bool {
    if told == now {
        return true;
    }
    // Where nothing stands, blank words say nothing.
    if let (Some(told), true) = (told.as_str(), now.is_null()) {
        return text::clean(told).is_ok_and(|told| told.is_empty());
    }
    let (Some(told), Some(now)) = (told.as_str(), now.as_str()) else {
        return false;
    };
    if let Some(time) = parse_time(now) {
        return parse_time(told) == Some(time);
    }
    let ids = |text: &str| {
        text.split_ascii_whitespace()
            .map(parse_id)
            .collect::<Option<BTreeSet<_>>>()
    };
    if let Some(now) = files(now) {
        return files(told) == Some(now);
    }
    match ids(now) {
        Some(now) if !now.is_empty() => ids(told) == Some(now),
        _ => text::clean(told).is_ok_and(|told| told == now),
    }
}

/// A list of files by their hashes, as it is stored: in small letters, each once. None if it is anything else.
fn files(text: &str) -> Option<Vec<String>> {
    let mut files = Vec::new();
    for word in text.split_ascii_whitespace() {
        let is_hash = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hash = is_hash.then(|| word.to_ascii_lowercase())?;
        if !files.contains(&hash) {
            files.push(hash);
        }
    }
    (!files.is_empty()).then_some(files)
}

/// Merges a patch into what is there. `revision` is the row's version now; `device` is whose it is, none if that
/// must not count: what is sent a second time is no later edit.
pub fn merge(
    current: &Document,
    stamps: &Stamps,
    revision: i64,
    base: &Base<'_>,
    patch: &Document,
    device: Option<&str>,
    recorded_at: Option<DateTime<Utc>>,
) -> Merge {
    let mut result = Merge::default();
    // Whoever wrote all that was ever written into the row has nobody else's words to lose there: what no stamp tells of was
    // filled in by the server beside his own.
    let is_own = !stamps.is_empty() && stamps.values().all(|Stamp(_, by, _)| Some(by.as_str()) == device);
    for (field, new) in patch {
        let now = value(current, field);
        if is_same(new, now) {
            continue;
        }
        let stamp = stamps.get(field);
        // One device never conflicts with itself. What was written in sight of its last words is later than they are,
        // whatever its clock says meanwhile. Else its edits may have arrived in any order: an older one, by that same
        // device's clock, does not undo a newer one.
        if let Some(Stamp(rev, by, at)) = stamp
            && Some(by.as_str()) == device
        {
            let has_seen = match base {
                Base::Rev(seen) => seen.is_some_and(|seen| seen >= *rev),
                Base::State(seen) => seen.is_some_and(|seen| is_same(value(seen, field), now)),
            };
            if has_seen || recorded_at.is_none() || at.is_none() || recorded_at >= *at {
                result.apply.insert(field.clone(), new.clone());
            } else {
                result.superseded.push(field.clone());
            }
            continue;
        }
        let changed_since = match base {
            // A client that believes to create the row: what nobody wrote and is empty is nobody's to lose.
            Base::Rev(None) => stamp.is_some() || (!now.is_null() && !is_own),
            Base::State(None) => stamp.is_some() || !is_own,
            // A version that the row never had shows nobody's words: it was made up, or died with a database that an older copy
            // replaced, and others may have written since.
            Base::Rev(Some(seen)) => stamp.is_some_and(|Stamp(rev, ..)| rev > seen || *seen > revision),
            Base::State(Some(seen)) => {
                if is_same(new, value(seen, field)) {
                    continue;
                }
                value(seen, field) != now
            }
        };
        if changed_since {
            result.conflicts.push(field.clone());
        } else {
            result.apply.insert(field.clone(), new.clone());
        }
    }
    result.merged = match base {
        Base::Rev(Some(seen)) => *seen < revision,
        Base::Rev(None) | Base::State(None) => false,
        Base::State(Some(seen)) => current
            .iter()
            .any(|(field, now)| !patch.contains_key(field) && value(seen, field) != now),
    };
    result
}

/// The fields that a write sets, and those of a phone's that the server fills in beside them: they are the same device's,
/// which is in no conflict with itself when it says them later.
pub fn with_filled(fields: &Document, filled: &[&str]) -> Document {
    let mut all = fields.clone();
    for name in filled {
        all.entry(*name).or_insert(Value::Null);
    }
    all
}

/// Stamps the fields that a write sets.
pub fn stamped(
    mut stamps: Stamps,
    fields: &Document,
    revision: i64,
    device: &str,
    recorded_at: Option<DateTime<Utc>>,
) -> String {
    for field in fields.keys() {
        stamps.insert(field.clone(), Stamp(revision, device.to_owned(), recorded_at));
    }
    serde_json::to_string(&stamps).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(value: Value) -> Document {
        value.as_object().unwrap().clone()
    }

    fn at(second: u32) -> Option<DateTime<Utc>> {
        Some(format!("2026-11-20T08:00:{second:02}Z").parse().unwrap())
    }

    #[test]
    fn disjoint_fields_merge() {
        let stamps = Stamps::from([("subject".into(), Stamp(2, "office".into(), None))]);
        let merge = merge(
            &document(json!({"subject": "Điện", "content": "Mất điện"})),
            &stamps,
            2,
            &Base::Rev(Some(1)),
            &document(json!({"content": "Mất điện ba ngày"})),
            Some("phone"),
            None,
        );
        assert_eq!(merge.apply, document(json!({"content": "Mất điện ba ngày"})));
        assert!(merge.conflicts.is_empty() && merge.merged);
    }

    #[test]
    fn the_same_field_changed_by_somebody_else_is_a_conflict() {
        let stamps = Stamps::from([("content".into(), Stamp(2, "office".into(), None))]);
        let current = document(json!({"content": "theirs"}));
        let merge = |base: &Base<'_>| {
            merge(
                &current,
                &stamps,
                2,
                base,
                &document(json!({"content": "mine"})),
                Some("phone"),
                None,
            )
        };
        assert_eq!(merge(&Base::Rev(Some(1))).conflicts, ["content"]);
        assert!(merge(&Base::Rev(Some(2))).conflicts.is_empty());
        for never in [3, 99, i64::MAX] {
            assert_eq!(merge(&Base::Rev(Some(never))).conflicts, ["content"], "{never}");
        }
        assert_eq!(
            merge(&Base::State(Some(&document(json!({"content": "old"}))))).conflicts,
            ["content"]
        );
        assert_eq!(merge(&Base::Rev(None)).conflicts, ["content"]);
    }

    #[test]
    fn another_spelling_is_the_same_word() {
        let (one, other) = (
            "01a20230-4ca2-784e-8ec3-8453ac0fe40e",
            "aba7a18c-3421-50a7-84b9-c55a1399a35f",
        );
        let current = document(json!({
            "content": "cà phê",
            "recordedAt": "2026-11-21T08:00:00.000000+07:00",
            "unitId": one,
            "unitIds": format!("{one} {other}"),
            "attachments": "ab".repeat(32),
        }));
        let stamps = current
            .keys()
            .map(|field| (field.clone(), Stamp(1, "tablet".into(), None)))
            .collect();
        let merge = |patch: Value| {
            let patch = document(patch);
            merge(
                &current,
                &stamps,
                1,
                &Base::Rev(None),
                &patch,
                Some("phone"),
                None,
            )
        };
        let again = merge(json!({
            "content": " ca\u{300} phe\u{302} ",
            "recordedAt": "2026-11-21T01:00:00Z",
            "unitId": one.to_uppercase(),
            "unitIds": format!("{other} {one}"),
            "attachments": format!(" {} {}", "AB".repeat(32), "ab".repeat(32)),
            "wanted": " \u{200b}",
            "since": "",
        }));
        assert_eq!(again, Merge::default());
        let changed = merge(json!({
            "content": "cà phe",
            "recordedAt": "2026-11-21T01:00:01Z",
            "unitId": other,
            "unitIds": one,
            "attachments": format!("{} {}", "ab".repeat(32), "cd".repeat(32)),
        }));
        assert_eq!(changed.conflicts.len(), 5);
    }

    #[test]
    fn a_field_that_nobody_wrote_takes_a_later_word_without_a_version() {
        let stamps = Stamps::from([("content".into(), Stamp(1, "phone".into(), at(1)))]);
        let current = document(json!({"content": "a"}));
        let patch = document(json!({"wanted": "b"}));
        for device in ["phone", "tablet"] {
            let merge = merge(
                &current,
                &stamps,
                1,
                &Base::Rev(None),
                &patch,
                Some(device),
                at(2),
            );
            assert_eq!(merge.apply, patch);
            assert!(merge.conflicts.is_empty());
        }
    }

    #[test]
    fn edits_of_one_device_in_any_order_end_in_its_last() {
        let apply = |base: &Base<'_>, now: &str, stamp: u32, new: &str, recorded: u32| {
            let stamps = Stamps::from([("content".into(), Stamp(4, "phone".into(), at(stamp)))]);
            merge(
                &document(json!({"content": now})),
                &stamps,
                4,
                base,
                &document(json!({"content": new})),
                Some("phone"),
                at(recorded),
            )
        };
        let seen = document(json!({"content": "before"}));
        for base in [Base::Rev(Some(1)), Base::Rev(None), Base::State(Some(&seen))] {
            let stale = apply(&base, "third", 3, "first", 1);
            assert!(stale.apply.is_empty() && stale.conflicts.is_empty());
            assert_eq!(stale.superseded, ["content"], "not without a word");
            assert_eq!(
                apply(&base, "first", 1, "third", 3).apply,
                document(json!({"content": "third"}))
            );
        }
        // The clock was set back in between: what was written in sight of the last words is later all the same.
        let seen = document(json!({"content": "first"}));
        for base in [Base::Rev(Some(4)), Base::State(Some(&seen))] {
            let later = apply(&base, "first", 3, "second", 1);
            assert_eq!(later.apply, document(json!({"content": "second"})));
            assert!(later.superseded.is_empty());
        }
    }

    #[test]
    fn what_the_server_filled_in_beside_ones_own_words_is_no_conflict() {
        let current = document(json!({"text": "a", "updatedAt": "2026-11-21T08:00:00.000000+07:00"}));
        let patch = document(json!({"updatedAt": "2026-11-21T07:00:00.000000+07:00"}));
        let written_by = |devices: &[&str]| {
            let stamp = |by: &&str| (format!("text by {by}"), Stamp(1, (*by).to_owned(), None));
            devices.iter().map(stamp).collect::<Stamps>()
        };
        for base in [Base::Rev(None), Base::State(None)] {
            let merge = |stamps: &Stamps| merge(&current, stamps, 1, &base, &patch, Some("phone"), None);
            assert_eq!(
                merge(&written_by(&["phone"])).apply,
                patch,
                "also of rows of an earlier release"
            );
            for others in [&["tablet"][..], &["phone", "tablet"], &[]] {
                assert_eq!(merge(&written_by(others)).conflicts, ["updatedAt"], "{others:?}");
            }
        }
    }

    #[test]
    fn null_equals_absent_and_a_no_op_changes_nothing() {
        let merge = merge(
            &document(json!({"content": "a"})),
            &Stamps::new(),
            1,
            &Base::Rev(None),
            &document(json!({"content": "a", "wanted": null})),
            Some("phone"),
            None,
        );
        assert_eq!(merge, Merge::default());
    }
}
