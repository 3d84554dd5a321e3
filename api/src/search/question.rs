//! What somebody typed, as a row of ever weaker demands. Whatever was typed is a valid question.

use super::words::{Word, words};
use crate::{
    error::{Code, Error, Result},
    resolutions::number::OfficialNumber,
};

/// Characters of a question.
pub const MOST_CHARACTERS: usize = 200;

/// Words of a question.
pub const MOST_WORDS: usize = 16;

/// How the marks of a word are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// Marks as typed, on every word.
    Exact,
    /// Marks as typed on words that were typed with marks.
    WhereTyped,
    /// Without marks.
    Ignored,
}

/// One demand; whoever fulfils an earlier one stands higher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tier {
    pub(super) words: Vec<Word>,
    pub(super) marks: Marks,
    /// Side by side and in this order, rather than anywhere.
    pub(super) phrase: bool,
    /// In number or title only.
    pub(super) head: bool,
    /// The last word may go on.
    pub(super) prefix: bool,
}

/// A question in words.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) words: Vec<Word>,
    /// The official number in it, spelled properly.
    number: Option<Vec<Word>>,
}

impl Question {
    /// Reads what was typed; nothing when no word is in it. Too much is refused with the limit.
    pub(super) fn read(text: &str) -> Result<Option<Self>> {
        if text.chars().count() > MOST_CHARACTERS {
            return Err(Error::limit(Code::TooLong, MOST_CHARACTERS as u64));
        }
        let words = words(text, MOST_WORDS + 1);
        if words.len() > MOST_WORDS {
            return Err(Error::limit(Code::LimitTooLarge, MOST_WORDS as u64));
        }
        if words.is_empty() {
            return Ok(None);
        }
        let number = OfficialNumber::parse(text).map(|number| self::words(&number.key(), MOST_WORDS));
        Ok(Some(Self { words, number }))
    }

    /// The demands: the number itself, then what has the marks as typed, then what reads alike without them; in
    /// each the exact words before words that only begin alike, and together before scattered.
    pub(super) fn tiers(&self) -> Vec<Tier> {
        let mut tiers = Vec::new();
        if let Some(number) = &self.number {
            for marks in [Marks::Exact, Marks::Ignored] {
                tiers.push(Tier {
                    words: number.clone(),
                    marks,
                    phrase: true,
                    head: true,
                    prefix: false,
                });
            }
        }
        let tier = |marks, phrase, head, prefix| Tier {
            words: self.words.clone(),
            marks,
            phrase,
            head,
            prefix,
        };
        let alone = self.words.len() == 1;
        let mut all = |phrases, scattered| {
            tiers.push(tier(phrases, true, true, false));
            tiers.push(tier(phrases, true, false, false));
            if !alone {
                tiers.push(tier(scattered, false, false, false));
            }
            tiers.push(tier(scattered, false, false, true));
        };
        if self.words.iter().any(Word::has_marks) {
            all(Marks::Exact, Marks::WhereTyped);
        }
        all(Marks::Ignored, Marks::Ignored);
        tiers
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_asked_for_only_where_they_were_typed() {
        let tiers = |text| Question::read(text).unwrap().unwrap().tiers();
        assert_eq!(tiers("duong").len(), 3);
        assert_eq!(tiers("van de").len(), 4);
        assert_eq!(tiers("vấn đề").len(), 8);
        assert_eq!(tiers("vấn đề")[0].marks, Marks::Exact);
        assert_eq!(tiers("nghị quyết 5/2025/NQ-HDND")[0].words[0].folded, "05");
        assert_eq!(tiers("１８/2025/NQ-HĐND")[0].words[0].folded, "18");
    }

    #[test]
    fn too_much_is_refused_and_nothing_is_nothing() {
        assert!(Question::read("").unwrap().is_none());
        assert!(Question::read(" ?!\0\u{301}").unwrap().is_none());
        assert!(Question::read(&"ă".repeat(200)).is_ok());
        assert!(Question::read(&"ă".repeat(201)).is_err());
        assert!(Question::read(&"x ".repeat(16)).is_ok());
        assert!(Question::read(&"x ".repeat(17)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read(text in "\\PC{0,200}") {
            if let Ok(Some(question)) = Question::read(&text) {
                prop_assert!(question.tiers().len() <= 10);
            }
        }
    }
}
