//! The forms in which a text may lie on a disk or in a log without standing there as it was typed.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use unicode_normalization::UnicodeNormalization;

/// How people and programs set the digits of a telephone number apart.
const GAPS: [char; 3] = [' ', '.', '-'];
const GROUPS: [&[usize]; 6] = [
    &[4, 3, 3],
    &[3, 3, 4],
    &[3, 4, 3],
    &[4, 2, 2, 2],
    &[2, 3, 3, 3],
    &[2, 2, 3, 4],
];

/// The bytes of every such form: with its marks composed and taken apart, each of these as it is, escaped as in JSON, and
/// in base64 wherever in a longer text it begins; of a telephone number also in groups of digits.
///
/// # Panics
/// When the text is so short that a part of it stands in anything.
pub fn spellings(text: &str) -> Vec<Vec<u8>> {
    assert!(text.len() >= 8, "{text:?} is found anywhere");
    let mut plain: BTreeSet<String> = [text.to_owned(), text.nfc().collect(), text.nfd().collect()].into();
    plain.extend(grouped(text));
    let mut forms = BTreeSet::new();
    for text in &plain {
        forms.insert(escaped(text, false));
        forms.insert(escaped(text, true));
        for before in 0..3 {
            let standard = within_base64(text.as_bytes(), before);
            forms.insert(standard.replace('+', "-").replace('/', "_"));
            forms.insert(standard);
        }
    }
    forms.extend(plain);
    forms.into_iter().map(String::into_bytes).collect()
}

/// The digits of a telephone number in groups; of anything else nothing.
fn grouped(text: &str) -> Vec<String> {
    let (plus, digits) = match text.strip_prefix('+') {
        Some(digits) => ("+", digits),
        None => ("", text),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let fitting = GROUPS
        .iter()
        .filter(|groups| groups.iter().sum::<usize>() == digits.len());
    let mut forms = Vec::new();
    for groups in fitting {
        for gap in GAPS {
            let mut form = plus.to_owned();
            let mut rest = digits;
            for length in *groups {
                let (group, after) = rest.split_at(*length);
                form.push_str(group);
                if !after.is_empty() {
                    form.push(gap);
                }
                rest = after;
            }
            forms.push(form);
        }
    }
    forms
}

/// Everything that is not ASCII as `\u0111`.
fn escaped(text: &str, large: bool) -> String {
    let mut units = [0; 2];
    text.chars()
        .map(|letter| match letter.is_ascii() {
            true => letter.to_string(),
            false => {
                let units = letter.encode_utf16(&mut units).iter();
                let escape = |unit: &u16| match large {
                    true => format!("\\u{unit:04X}"),
                    false => format!("\\u{unit:04x}"),
                };
                units.map(escape).collect()
            }
        })
        .collect()
}

/// What of base64 these bytes alone decide, where so many bytes modulo three stand before them.
fn within_base64(bytes: &[u8], before: usize) -> String {
    let mut whole = vec![0; before];
    whole.extend_from_slice(bytes);
    let encoded = BASE64_STANDARD_NO_PAD.encode(&whole);
    // Six bits a letter: the first may be mixed with what stands before, the last with what comes after.
    encoded[(before * 8).div_ceil(6)..whole.len() * 8 / 6].to_owned()
}
