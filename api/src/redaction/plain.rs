//! A text as it is read aloud: what cannot be seen is gone, and digits of every shape are plain ones, so that
//! `0912<U+200B>345678` and full-width digits tell as much to the rules as they do to people. Each sign remembers
//! where it stood, because a suggestion is about the text as it was written.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::Span;

/// The nought of every script that writes numbers with ten digits in a row and is not the Latin one's in another shape.
const NOUGHTS: [u32; 58] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50,
    0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1e140, 0x1e2f0, 0x1e950,
];

/// The one of the circled digits that Unicode does not derive from plain ones; each begins a row of nine.
const CIRCLED_ONES: [u32; 4] = [0x24f5, 0x2776, 0x2780, 0x278a];

/// The text for the rules, and where each of its signs stood.
pub(super) struct Plain {
    pub(super) text: String,
    /// Where a sign begins in `text`, and from where up to where that of which it was made stood.
    signs: Vec<(usize, usize, usize)>,
}

impl Plain {
    pub(super) fn read(whole: &str) -> Self {
        let mut read = Self {
            text: String::with_capacity(whole.len()),
            signs: Vec::with_capacity(whole.len()),
        };
        // Of a run of raised digits: whether it stands as it is.
        let mut raised = None;
        for (start, c) in whole.char_indices() {
            let end = start + c.len_utf8();
            if is_unseen(c) {
                continue;
            }
            let after_digit = read.text.ends_with(|before: char| before.is_ascii_digit());
            // Crossed out, framed as a key: the digit is read all the same.
            if after_digit && is_combining_mark(c) {
                if let Some((_, _, last)) = read.signs.last_mut() {
                    *last = end;
                }
                continue;
            }
            // A note's number behind a number is no part of it; that of "m²" is.
            raised = is_raised(c).then(|| raised.unwrap_or(after_digit));
            if raised == Some(true) || matches!(c, '…' | '‥') {
                read.push(c, start, end);
            } else if let Some(plain) = look_alike(c) {
                read.push(plain, start, end);
            } else {
                for plain in std::iter::once(c).nfkc() {
                    read.push(plain, start, end);
                }
            }
        }
        read
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        self.signs.push((self.text.len(), start, end));
        self.text.push(c);
    }

    /// The span of the text as it was written.
    pub(super) fn written(&self, span: Span) -> Option<Span> {
        let sign = |byte: usize| {
            let after = self.signs.partition_point(|(at, _, _)| *at <= byte);
            self.signs.get(after.checked_sub(1)?)
        };
        let (_, start, _) = sign(span.start)?;
        let (_, _, end) = sign(span.end.checked_sub(1)?)?;
        Some(Span {
            start: *start,
            end: *end,
            kind: span.kind,
        })
    }
}

/// Digits and signs that look like others but are not derived from them.
fn look_alike(c: char) -> Option<char> {
    match c {
        // Dashes that are typed for the hyphen, the fraction's stroke and the minus; a space that is drawn as one.
        '\u{2010}'..='\u{2012}' | '\u{2212}' => Some('-'),
        '\u{2044}' | '\u{2215}' => Some('/'),
        '\u{2800}' => Some(' '),
        '\u{24ea}' | '\u{24ff}' => Some('0'),
        _ => digit(c, &NOUGHTS, 0).or_else(|| digit(c, &CIRCLED_ONES, 1)),
    }
}

/// The digit that stands in one of these rows, which begin with `first` and end with nine.
fn digit(c: char, rows: &[u32], first: u32) -> Option<char> {
    let place = u32::from(c);
    let row = rows.get(rows.partition_point(|row| *row <= place).checked_sub(1)?)?;
    char::from_digit(place - row + first, 10)
}

fn is_raised(c: char) -> bool {
    matches!(
        c,
        '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}' | '\u{2074}'..='\u{2079}'
    )
}

/// What Unicode says to draw as nothing at all.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        Plain::read(text).text
    }

    #[test]
    fn digits_of_every_shape_are_read() {
        for digits in [
            "０９１２",
            "𝟎𝟗𝟏𝟐",
            "𝟘𝟡𝟙𝟚",
            "⓪⑨①②",
            "⓿❾❶❷",
            "⁰⁹¹²",
            "₀₉₁₂",
            "٠٩١٢",
            "០៩១២",
            "๐๙๑๒",
            "꩐꩙꩑꩒",
            "0\u{200b}9\u{ad}1\u{2060}2",
            "0\u{fe0f}\u{20e3}9\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}2\u{fe0f}\u{20e3}",
            "0\u{336}9\u{336}1\u{336}2\u{336}",
        ] {
            assert_eq!(plain(digits), "0912", "{digits}");
        }
        assert_eq!(plain("0912²"), "0912²");
        assert_eq!(plain("500 m², 3 km²; 0912\u{a0}345"), "500 m2, 3 km2; 0912 345");
    }

    /// Rows are found by halves, which needs them in order.
    #[test]
    fn rows_stand_in_order() {
        assert!(NOUGHTS.is_sorted() && CIRCLED_ONES.is_sorted());
    }

    #[test]
    fn a_place_is_that_of_the_text_as_written() {
        let text = "Gọi ０９ \u{200b}1\u{20e3}!";
        let read = Plain::read(text);
        assert_eq!(read.text, "Gọi 09 1!");
        let at = read.text.find("09").unwrap();
        let span = Span {
            start: at,
            end: at + "09 1".len(),
            kind: super::super::Kind::Phone,
        };
        let written = read.written(span).unwrap();
        assert_eq!(&text[written.start..written.end], "０９ \u{200b}1\u{20e3}");
    }
}
