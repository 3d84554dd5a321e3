//! The tracking code (mã tra cứu) that a voter takes home: made on the phone without signal, read out over the
//! telephone, typed from a slip of paper.
//!
//! Eight symbols of Crockford's base 32 (no I, L, O, U) and one check symbol. The symbols are elements of the
//! field GF(32) and a code is valid when `sum(s[i] * a^i) = 0`, with `a` primitive and the check symbol at
//! i = 0. Because the powers of `a` differ from zero and from each other, **every** single wrong symbol and
//! **every** exchange of two symbols, adjacent or not, is noticed. Luhn mod 32 misses one adjacent pair and
//! ISO 7064 mod 37,36 needs symbols outside the alphabet. The check symbol says nothing about whether the code
//! exists; the code is a handle, not a secret.

use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A valid tracking code; shown as `XXXX-XXXX-C`, and stored so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackingCode([u8; 9]);

impl TrackingCode {
    /// The code that carries these 40 random bits.
    pub fn from_bytes(bytes: [u8; 5]) -> Self {
        let bits = bytes
            .iter()
            .fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
        let mut symbols = [0; 9];
        for (i, symbol) in symbols.iter_mut().take(8).enumerate() {
            *symbol = (bits >> (35 - 5 * i) & 31) as u8;
        }
        symbols[8] = syndrome(&symbols);
        Self(symbols)
    }

    /// Reads what a person typed: any case, spaces and dashes anywhere, O for 0, I and L for 1.
    /// `None` when it has another length, a foreign character or a wrong check symbol.
    pub fn parse(raw: &str) -> Option<Self> {
        let mut symbols = [0; 9];
        let mut length = 0;
        for c in raw
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}'))
        {
            *symbols.get_mut(length)? = value(c)?;
            length += 1;
        }
        (length == 9 && syndrome(&symbols) == 0).then_some(Self(symbols))
    }
}

impl fmt::Display for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, &symbol) in self.0.iter().enumerate() {
            if i == 4 || i == 8 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(ALPHABET[usize::from(symbol)]))?;
        }
        Ok(())
    }
}

fn value(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    ALPHABET.iter().position(|&a| char::from(a) == c).map(|i| i as u8)
}

/// Horner's rule in GF(32): zero for a valid code; with a zero in the last place, the check symbol.
fn syndrome(symbols: &[u8; 9]) -> u8 {
    symbols.iter().fold(0, |sum, &symbol| times_a(sum) ^ symbol)
}

/// Multiplication by the primitive element x of GF(2)[x] / (x^5 + x^2 + 1).
fn times_a(s: u8) -> u8 {
    let shifted = s << 1;
    if shifted & 0b10_0000 == 0 {
        shifted
    } else {
        shifted ^ 0b10_0101
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_may_type_it_their_way() {
        let code = TrackingCode::from_bytes([0x01, 0x08, 0x43, 0xd2, 0x9f]);
        let shown = code.to_string();
        assert_eq!(shown.len(), 11);
        let sloppy = shown
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "l");
        for raw in [
            shown.clone(),
            sloppy,
            shown.replace('-', ""),
            shown.replace('-', "–"),
            shown.replace('1', "I"),
        ] {
            assert_eq!(TrackingCode::parse(&raw), Some(code), "{raw}");
        }
        assert_eq!(TrackingCode::from_bytes([0; 5]).to_string(), "0000-0000-0");
        for bad in [
            "",
            "0000-0000",
            "0000-0000-00",
            "0000-0000-1",
            "0000-0000-U",
            "0000-0000-đ",
            "----",
        ] {
            assert_eq!(TrackingCode::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_element_is_primitive() {
        let powers: std::collections::HashSet<u8> = std::iter::successors(Some(1), |&s| Some(times_a(s)))
            .take(31)
            .collect();
        assert_eq!(powers.len(), 31);
    }

    proptest! {
        #[test]
        fn codes_survive_writing(bytes: [u8; 5]) {
            let code = TrackingCode::from_bytes(bytes);
            prop_assert_eq!(TrackingCode::parse(&code.to_string()), Some(code));
        }

        #[test]
        fn every_slip_is_noticed(bytes: [u8; 5]) {
            let code = TrackingCode::from_bytes(bytes);
            let symbols: Vec<char> = code.to_string().replace('-', "").chars().collect();
            for i in 0..9 {
                for &other in ALPHABET {
                    let mut wrong = symbols.clone();
                    wrong[i] = char::from(other);
                    if wrong != symbols {
                        prop_assert_eq!(TrackingCode::parse(&wrong.iter().collect::<String>()), None);
                    }
                }
                for j in 0..i {
                    let mut swapped = symbols.clone();
                    swapped.swap(i, j);
                    if swapped != symbols {
                        prop_assert_eq!(TrackingCode::parse(&swapped.iter().collect::<String>()), None);
                    }
                }
            }
        }

        #[test]
        fn anything_may_be_typed(raw in any::<String>()) {
            let _ = TrackingCode::parse(&raw);
        }
    }
}
