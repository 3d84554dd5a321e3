//! Words, as both the index and a question are made of them.

use crate::text::{fold, mark_fold};

/// Longer words are cut, in the index as in the question.
const LONGEST: usize = 64;

/// A word with and without its marks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word {
    pub(super) folded: String,
    pub(super) marked: String,
}

impl Word {
    /// Whether it was written with marks.
    pub(super) fn has_marks(&self) -> bool {
        self.folded != self.marked
    }
}

/// The first `most` words of a text: letters and digits only, so that none of them can mean anything to a
/// database.
pub(super) fn words(text: &str, most: usize) -> Vec<Word> {
    // A word and its space are rarely longer than 12 characters; folding must not be paid for more than is kept.
    let text: String = text.chars().take(most.saturating_mul(12).max(1_000)).collect();
    mark_fold(&text)
        .split(' ')
        .map(|word| {
            let marked: String = word.chars().take(LONGEST).collect();
            let folded = if marked.is_ascii() {
                marked.clone()
            } else {
                fold(&marked)
            };
            Word { folded, marked }
        })
        .filter(|word| !word.folded.is_empty() && !word.folded.contains(' '))
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_gives_the_same_words() {
        let folded = |text| {
            words(text, 10)
                .into_iter()
                .map(|word| word.folded)
                .collect::<Vec<_>>()
        };
        assert_eq!(folded("Vấn đề: ĐƯỜNG"), ["van", "de", "duong"]);
        assert_eq!(words("hoà uỷ", 10), words("hòa ủy", 10));
        assert_eq!(words("Va\u{302}\u{301}n đề", 10), words("vấn đề", 10));
        assert_eq!(words("một hai ba", 2).len(), 2);
        assert!(words(" \u{301} !? \0", 10).is_empty());
    }

    proptest! {
        #[test]
        fn words_are_letters_and_digits_and_bounded(text in any::<String>()) {
            for word in words(&text, 50) {
                prop_assert!(!word.marked.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()));
                prop_assert!(!word.folded.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()));
                prop_assert!(!word.folded.is_empty() && word.marked.chars().count() <= LONGEST);
            }
        }
    }
}
