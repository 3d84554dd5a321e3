//! The pairs of neighbouring words of a petition. Vietnamese is written in syllables: one alone is in every third
//! petition, two side by side are a word or a name. Pairs are kept as numbers, so that they tell nothing.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::words::words;

/// Words of a text that are looked at.
pub(super) const MOST_WORDS: usize = 160;

/// Pairs of one petition that are kept.
pub(super) const MOST_PAIRS: usize = 64;

/// Words that every petition is made of; they stand between those that matter.
const COMMON: &[&str] = &[
    "a", "bi", "cac", "can", "cap", "chi", "cho", "co", "con", "cua", "cung", "da", "dang", "de", "den",
    "deu", "di", "do", "du", "duoc", "gay", "hien", "hoac", "hon", "huyen", "khi", "khoang", "khong", "kien",
    "la", "lai", "lam", "len", "ma", "mot", "nay", "nghi", "nhieu", "nhung", "nua", "o", "phai", "ra", "rat",
    "sau", "se", "som", "tai", "the", "theo", "thi", "thon", "thuc", "tinh", "toi", "tren", "trong", "tu",
    "va", "vao", "ve", "vi", "viec", "voi", "vua", "xa", "xem", "xet", "xin", "y",
];

/// What offices write whatever it is about; with these two petitions would be alike that have nothing in common.
const PHRASES: &[&str] = &[
    "an toan",
    "anh huong",
    "bao dam",
    "cai tao",
    "co che",
    "cong trinh",
    "cu tri",
    "da duoc",
    "dan cu",
    "dau tu",
    "day nhanh",
    "de nghi",
    "di lai",
    "dia ban",
    "giay chung nhan",
    "hien nay",
    "ho tro",
    "ho tro kinh phi",
    "khac phuc",
    "khu dan cu",
    "kien nghi",
    "kinh phi",
    "mot so",
    "nang cap",
    "nghiem trong",
    "nguoi dan",
    "nhan dan",
    "phuc vu",
    "quan tam",
    "quy hoach",
    "quyen su dung",
    "san xuat",
    "sua chua",
    "suc khoe",
    "thanh pho",
    "thuan loi",
    "thuong xuyen",
    "tiep tuc",
    "tinh trang",
    "to chuc",
    "xay dung",
    "xem xet",
    "xuong cap",
];

/// The words that say what a text is about, in their order.
pub(super) fn telling(text: &str) -> Vec<String> {
    let all: Vec<String> = words(text, MOST_WORDS)
        .into_iter()
        .map(|word| word.folded)
        .collect();
    let mut telling = Vec::with_capacity(all.len());
    let mut rest = all.as_slice();
    while let [word, after @ ..] = rest {
        // Sorted, so those that begin like the word stand together.
        let from = PHRASES.partition_point(|phrase| *phrase < word.as_str());
        let phrase = PHRASES[from..]
            .iter()
            .take_while(|phrase| phrase.starts_with(word.as_str()))
            .map(|phrase| (phrase, phrase.split(' ').count()))
            .filter(|(phrase, length)| phrase.split(' ').eq(rest.iter().take(*length)))
            .map(|(_, length)| length)
            .max();
        rest = match phrase {
            Some(length) => &rest[length..],
            None => {
                if COMMON.binary_search(&word.as_str()).is_err() {
                    telling.push(word.clone());
                }
                after
            }
        };
    }
    telling
}

/// The pairs of these words, each once, in their order; a word with a digit in it (ĐT185) counts alone as well.
pub(super) fn pairs(words: &[String]) -> Vec<i64> {
    let mut seen = BTreeSet::new();
    let named = words
        .iter()
        .filter(|word| word.len() > 2 && word.bytes().any(|byte| byte.is_ascii_digit()))
        .map(|word| number(&[word]));
    let side_by_side = words.windows(2).map(|two| number(&[&two[0], &two[1]]));
    named
        .chain(side_by_side)
        .filter(|pair| seen.insert(*pair))
        .take(MOST_PAIRS)
        .collect()
}

fn number(words: &[&String]) -> i64 {
    let mut digest = Sha256::new();
    for word in words {
        digest.update(word.as_bytes());
        digest.update([0]);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&digest.finalize()[..8]);
    i64::from_be_bytes(first)
}

/// Numbers as bytes, for keeping, and back.
pub(super) fn packed(pairs: &[i64]) -> Vec<u8> {
    pairs.iter().flat_map(|pair| pair.to_be_bytes()).collect()
}

pub(super) fn unpacked(bytes: &[u8]) -> Vec<i64> {
    let (all, _) = bytes.as_chunks::<8>();
    all.iter().map(|bytes| i64::from_be_bytes(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_the_same_in_every_spelling() {
        let of = |text| pairs(&telling(text));
        assert_eq!(
            of("Sửa đường ĐT185, xã Trung Yên"),
            of("SỬA ĐƯỜNG đt185 TẠI xã trung yên")
        );
        assert_eq!(
            telling("Đề nghị sửa đường ĐT185 tại xã Trung Yên, hỗ trợ kinh phí").join(" "),
            "sua duong dt185 trung yen"
        );
        // Sua duong, duong dt185, dt185 trung, trung yen; and the road by itself.
        assert_eq!(of("Sửa đường ĐT185 xã Trung Yên").len(), 5);
        assert!(of("").is_empty() && of("của và là").is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded_and_comes_back() {
        let text: String = (0..400).map(|n| format!("từ{n} ")).collect();
        let all = pairs(&telling(&text));
        assert_eq!(all.len(), MOST_PAIRS);
        assert_eq!(unpacked(&packed(&all)), all);
    }

    #[test]
    fn common_words_are_sorted_and_folded() {
        assert!(COMMON.is_sorted_by(|a, b| a < b), "{COMMON:?}");
        assert!(PHRASES.is_sorted_by(|a, b| a < b), "{PHRASES:?}");
    }
}
