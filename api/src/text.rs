//! Vietnamese text: what may be stored ([`clean`]) and how it is found again ([`fold`], [`mark_fold`]).
//!
//! The same word arrives precomposed or decomposed, with the tone on either vowel (hoà, hòa), with a Latin eth
//! where a đ was meant. `clean` settles the encoding and refuses what no honest keyboard types. The two folds
//! serve searching and ranking only: `fold` makes one key of ma, má and mạ, so neither may ever decide whether
//! two rows are the same thing. Identity is compared by id or by code, never here.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::error::Code;

/// Marks that one letter may carry; Vietnamese needs two (a vowel mark and a tone).
const MARKS_PER_BASE: usize = 4;

/// The five tones as combining marks: huyền, sắc, hỏi, ngã, nặng.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{309}', '\u{303}', '\u{323}'];

/// The marks that make another vowel: circumflex (â ê ô), breve (ă), horn (ơ ư).
const VOWEL_MARKS: [char; 3] = ['\u{302}', '\u{306}', '\u{31b}'];

/// Text as it is stored: NFC, lines ended by `\n`, no white space around it and nothing that cannot be seen.
///
/// Refuses with [`Code::InvalidText`] what hides or breaks text: control characters other than line feed and
/// tab, characters that turn the writing direction, Unicode's non-characters, and more than 4 combining marks
/// on one letter. Applying it twice changes nothing.
pub fn clean(raw: &str) -> Result<String, Code> {
    let text: String = raw.replace("\r\n", "\n").nfc().collect();
    let mut marks = 0;
    for c in text.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if is_forbidden(c) || marks > MARKS_PER_BASE {
            return Err(Code::InvalidText);
        }
    }
    // What nobody can see is no text.
    Ok(text
        .trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
        .to_owned())
}

fn is_forbidden(c: char) -> bool {
    let controls = c.is_control() && c != '\n' && c != '\t';
    let turns_direction = matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let non_character = matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe;
    controls || turns_direction || non_character
}

/// A text that must be there: [`clean`], without space around it, one to `most` characters.
pub fn required(raw: &str, most: usize) -> Result<String, Code> {
    let text = clean(raw.trim())?;
    match text.chars().count() {
        0 => Err(Code::Required),
        count if count > most => Err(Code::TooLong),
        _ => Ok(text),
    }
}

/// The search key: lower case, without tones and vowel marks, đ as d, every other sign a space, single spaces.
///
/// At most three times as many characters as the input; applying it twice changes nothing. It makes equal what
/// is different ("má" and "ma"), therefore it must never be used for identity.
pub fn fold(text: &str) -> String {
    let unmarked = words(text)
        .filter(|&c| !is_latin_mark(c))
        .map(|c| if c == 'đ' { 'd' } else { c });
    single_spaced(unmarked.nfc())
}

/// As [`fold`], with other widths of a letter and its look-alikes in Cyrillic and Greek taken for it: for words that are
/// looked for whoever hides them. Only the letters of these words (`tố cáo`, `denunciation`, `kind`) are in the table.
pub fn likeness(text: &str) -> String {
    fold(&text.nfkd().map(latin).collect::<String>())
}

/// The Latin letter as which somebody reads it.
fn latin(c: char) -> char {
    match c {
        '\u{410}' | '\u{430}' | '\u{391}' | '\u{3b1}' | '\u{251}' => 'a',
        '\u{421}' | '\u{441}' | '\u{3c2}' => 'c',
        '\u{500}' | '\u{501}' => 'd',
        '\u{415}' | '\u{435}' | '\u{404}' | '\u{454}' | '\u{395}' | '\u{3b5}' => 'e',
        '\u{406}' | '\u{456}' | '\u{399}' | '\u{3b9}' | '\u{131}' => 'i',
        '\u{41a}' | '\u{43a}' | '\u{39a}' | '\u{3ba}' => 'k',
        '\u{43f}' | '\u{39d}' | '\u{3b7}' => 'n',
        '\u{41e}' | '\u{43e}' | '\u{39f}' | '\u{3bf}' => 'o',
        '\u{422}' | '\u{442}' | '\u{3a4}' | '\u{3c4}' => 't',
        '\u{3c5}' => 'u',
        c => c,
    }
}

/// The ranking key: as [`fold`], but tones and vowel marks stay, each tone at one settled place, so that
/// "Đàm Thuỷ" equals "Đàm Thủy" and "hoà" equals "hòa".
///
/// `fold(&mark_fold(x)) == fold(x)`; applying it twice changes nothing.
pub fn mark_fold(text: &str) -> String {
    let mut settled = Vec::with_capacity(text.len());
    let mut cluster = Vec::new();
    for letter in letters(words(text)) {
        if is_vowel(letter.base) {
            cluster.push(letter);
            continue;
        }
        let closed = letter.base.is_alphabetic();
        settle_tone(&mut cluster, settled.last().map(|l: &Letter| l.base), closed);
        settled.append(&mut cluster);
        settled.push(letter);
    }
    settle_tone(&mut cluster, settled.last().map(|l| l.base), false);
    settled.append(&mut cluster);
    single_spaced(
        settled
            .into_iter()
            .flat_map(|l| std::iter::once(l.base).chain(l.marks))
            .nfc(),
    )
}

/// Lower-case characters in decomposed form; what belongs to no word has become a space.
fn words(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|&c| !is_invisible(c))
        .nfd()
        .flat_map(char::to_lowercase)
        .nfd()
        .map(|c| match c {
            // Eth and the African d look the same as đ and are typed for it.
            'ð' | 'ɖ' => 'đ',
            '²' => '2',
            '³' => '3',
            c if c.is_alphanumeric() || is_combining_mark(c) => c,
            _ => ' ',
        })
}

/// Joiners, soft hyphens and byte order marks stand inside words without being seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Only the marks of Latin writing are dropped: in Khmer or Cham the vowels themselves are marks.
fn is_latin_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// A base character with the marks that follow it.
struct Letter {
    base: char,
    marks: Vec<char>,
}

fn letters(chars: impl Iterator<Item = char>) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for c in chars {
        match letters.last_mut() {
            Some(last) if is_combining_mark(c) => last.marks.push(c),
            _ => letters.push(Letter {
                base: c,
                marks: Vec::new(),
            }),
        }
    }
    letters
}

/// Moves the only tone of a vowel cluster to where the older rule puts it. Clusters with several tones are
/// no Vietnamese syllable and stay as they are.
fn settle_tone(cluster: &mut [Letter], before: Option<char>, closed: bool) {
    let is_tone = |c: &char| TONES.contains(c);
    let mut tones = cluster.iter().flat_map(|l| &l.marks).filter(|c| is_tone(c));
    let (Some(&tone), None) = (tones.next(), tones.next()) else {
        return;
    };
    for letter in cluster.iter_mut() {
        letter.marks.retain(|c| !is_tone(c));
    }
    // The u of "qu" and the i of "gi" belong to the consonant when another vowel follows.
    let glide = usize::from(
        cluster.len() > 1
            && matches!(
                (before, cluster[0].base, cluster[0].marks.is_empty()),
                (Some('q'), 'u', true) | (Some('g'), 'i', true)
            ),
    );
    let vowels = &cluster[glide..];
    let marked = vowels
        .iter()
        .rposition(|l| l.marks.iter().any(|c| VOWEL_MARKS.contains(c)));
    let place = glide
        + marked.unwrap_or(match (vowels.len(), closed) {
            (0 | 1, _) | (2, false) => 0,
            _ => 1,
        });
    cluster[place].marks.push(tone);
}

fn single_spaced(chars: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    for c in chars {
        if c != ' ' || !(out.is_empty() || out.ends_with(' ')) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stored_text_is_composed_and_trimmed() {
        assert_eq!(
            clean("  Nghi\u{323}\u{302} quyết\r\ndòng hai\t \n").unwrap(),
            "Nghị\u{302} quyết\ndòng hai".nfc().to_string()
        );
        assert_eq!(clean("Hoa\u{300} Bi\u{300}nh").unwrap(), "Hoà Bình");
        assert_eq!(clean("").unwrap(), "");
    }

    #[test]
    fn hostile_characters_are_refused() {
        for bad in [
            "\0",
            "a\u{1}",
            "\u{1b}[2J",
            "a\rb",
            "\u{7f}",
            "\u{85}",
            "\u{202e}cod",
            "\u{2066}",
            "\u{61c}",
            "\u{200f}",
            "\u{fdd0}",
            "\u{ffff}",
            "\u{1fffe}",
            "\u{10ffff}",
        ] {
            assert_eq!(clean(bad), Err(Code::InvalidText), "{bad:?}");
        }
        assert!(clean(&format!("x{}", "\u{338}".repeat(4))).is_ok());
        assert_eq!(
            clean(&format!("x{}", "\u{338}".repeat(5))),
            Err(Code::InvalidText)
        );
        assert!(clean("khẩn 🚰 \u{fffd} ế").is_ok());
    }

    #[test]
    fn search_folds_every_spelling_alike() {
        for (raw, folded) in [
            ("Nghị quyết số 18/2025/NQ-HĐND", "nghi quyet so 18 2025 nq hdnd"),
            ("Nghi\u{323} quyê\u{301}t", "nghi quyet"),
            ("HÒA BÌNH", "hoa binh"),
            ("Hoà  Bình.", "hoa binh"),
            ("Ðắk Lắk", "dak lak"),
            ("Đường  ĐT.185, dài 6 km²!", "duong dt 185 dai 6 km2"),
            ("Ea H’leo", "ea h leo"),
            ("thủy\u{ad}lợi", "thuyloi"),
            ("ỨNG ƯỚM ỵ", "ung uom y"),
            ("\u{feff}", ""),
        ] {
            assert_eq!(fold(raw), folded);
        }
        // Vowels of other scripts of the country are marks and must stay.
        assert_ne!(fold("កា"), fold("កី"));
    }

    #[test]
    fn tone_placement_does_not_matter_and_marks_do() {
        for (one, other) in [
            ("Đàm Thuỷ", "Đàm Thủy"),
            ("hoà", "hòa"),
            ("uỷ ban", "ủy ban"),
            ("thuý", "thúy"),
            ("khoẻ", "khỏe"),
            ("hoạ", "họa"),
            ("loè", "lòe"),
            ("HOÀ", "hòa"),
            ("tuỳ", "tùy"),
            ("hoàn", "hòan"),
            ("nguỵên", "nguyện"),
            ("quý", "qúy"),
            ("giá", "gía"),
            ("ngoài", "ngòai"),
        ] {
            assert_eq!(mark_fold(one), mark_fold(other), "{one} {other}");
        }
        for (one, other) in [
            ("ma", "má"),
            ("muối", "muỗi"),
            ("đa", "da"),
            ("hoa", "hòa"),
            ("hơn", "hôn"),
            ("mùa", "mua"),
        ] {
            assert_ne!(mark_fold(one), mark_fold(other));
        }
        assert_eq!(
            mark_fold("Quý Giá, Hoàn Kiếm; thủy lợi"),
            "quý giá hoàn kiếm thủy lợi"
        );
        assert_eq!(mark_fold("café résumé"), "café résumé");
    }

    proptest! {
        #[test]
        fn cleaning_settles_at_once(raw in "\\PC{0,40}|[a-zàéđưỷ\u{300}-\u{323} \n\r\t]{0,40}") {
            if let Ok(once) = clean(&raw) {
                prop_assert_eq!(clean(&once).unwrap(), once);
            }
        }

        #[test]
        fn folds_settle_at_once_and_agree(raw in any::<String>()) {
            let (folded, marked) = (fold(&raw), mark_fold(&raw));
            prop_assert_eq!(fold(&folded), folded.clone());
            prop_assert_eq!(mark_fold(&marked), marked.clone());
            prop_assert_eq!(fold(&marked), folded.clone());
            prop_assert!(folded.chars().count() <= 3 * raw.chars().count());
            prop_assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "));
        }

        #[test]
        fn folds_settle_on_syllables(raw in "[qgth]?[aăâeêioôơuưyàáảãạằốựỷ\u{300}\u{301}\u{309}\u{31b}]{1,4}[cmnpt]?") {
            let marked = mark_fold(&raw);
            prop_assert_eq!(mark_fold(&marked), marked.clone());
            prop_assert_eq!(fold(&marked), fold(&raw));
            prop_assert_eq!(fold(&raw.nfd().collect::<String>()), fold(&raw));
            prop_assert_eq!(mark_fold(&raw.nfd().collect::<String>()), marked);
        }
    }
}
