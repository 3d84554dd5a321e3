//! Telephone numbers: one spelling (E.164) for whatever was written down, a mask for people, and a keyed
//! digest for finding one again.
//!
//! A number is personal data: it is never printed whole, and never stored but sealed.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    error::{Code, Refused},
    keys::{Keys, Purpose},
};

/// Longest text that is looked at, in bytes.
const MAX_INPUT: usize = 64;

/// A telephone number as `+84912345678`. A number without a country is Vietnamese.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(Zeroizing<String>);

impl Phone {
    /// Reads `0912 345 678`, `+84 912.345.678`, `84912345678`, `(024) 3825 1234`, and foreign numbers with
    /// `+` or `00`.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let phone = (text.len() <= MAX_INPUT).then(|| normalise(text)).flatten();
        phone.ok_or_else(|| Refused::field(Code::InvalidValue, "contactPhone"))
    }

    /// The number itself, to be sealed or, after a logged unmasking, shown.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// The number as it is shown to everybody who may know that there is one: `09xx xxx x78`.
    pub fn masked(&self) -> String {
        let last = &self.0[self.0.len() - 2..];
        match self.0.strip_prefix("+84") {
            Some(national) => format!("0{}xx xxx x{last}", &national[..1]),
            None => format!("+xxx xxx x{last}"),
        }
    }

    /// What stands in the index instead of the number. A plain digest would be guessed within seconds: there
    /// are only a thousand million numbers.
    pub fn blind_index(&self, keys: &Keys) -> [u8; 32] {
        keys.mac(Purpose::BlindIndex, &[b"phone", self.0.as_bytes()])
    }
}

/// Shows the mask.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

fn normalise(text: &str) -> Option<Phone> {
    let mut digits = Zeroizing::new(String::with_capacity(MAX_INPUT));
    let mut international = false;
    for (at, sign) in text.trim().nfkc().enumerate() {
        match sign {
            '0'..='9' => digits.push(sign),
            '+' if at == 0 => international = true,
            ' ' | '.' | '-' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}' => {}
            _ => return None,
        }
    }
    let mut rest = digits.as_str();
    if !international && let Some(abroad) = rest.strip_prefix("00") {
        (international, rest) = (true, abroad);
    }
    let home = match rest.strip_prefix("84") {
        // Without a sign in front, 84 is the country only when a whole number follows.
        Some(national) if international || is_national(national) => national,
        _ if international => {
            return (8..=15)
                .contains(&rest.len())
                .then(|| plus(rest))
                .filter(|_| !rest.starts_with('0'));
        }
        _ => rest.strip_prefix('0')?,
    };
    // Many write +84 (0)912 345 678.
    let national = if international {
        home.strip_prefix('0').unwrap_or(home)
    } else {
        home
    };
    is_national(national).then(|| Phone(Zeroizing::new(format!("+84{national}"))))
}

fn plus(digits: &str) -> Phone {
    Phone(Zeroizing::new(format!("+{digits}")))
}

/// Mobile numbers have nine digits after the zero, landlines ten.
fn is_national(digits: &str) -> bool {
    match digits.as_bytes().first() {
        Some(b'3' | b'5' | b'7' | b'8' | b'9') => digits.len() == 9,
        Some(b'2') => digits.len() == 10,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn one_number_in_every_spelling() {
        for (text, number) in [
            ("0912345678", "+84912345678"),
            ("0912 345 678", "+84912345678"),
            ("0912.345.678", "+84912345678"),
            ("0912-345-678", "+84912345678"),
            ("  (0912) 345 678 ", "+84912345678"),
            ("+84912345678", "+84912345678"),
            ("+84 912 345 678", "+84912345678"),
            ("+84 (0)912 345 678", "+84912345678"),
            ("84912345678", "+84912345678"),
            ("84 912 345 678", "+84912345678"),
            ("0084 912 345 678", "+84912345678"),
            ("０９１２３４５６７８", "+84912345678"),
            ("0912\u{a0}345\u{a0}678", "+84912345678"),
            ("0843 456 789", "+84843456789"),
            ("84843456789", "+84843456789"),
            ("024 3825 1234", "+842438251234"),
            ("+842438251234", "+842438251234"),
            ("+1 (202) 555-0123", "+12025550123"),
            ("0033 1 70 18 99 00", "+33170189900"),
        ] {
            assert_eq!(
                Phone::parse(text).map(|phone| phone.e164().to_owned()).as_deref(),
                Ok(number),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "0",
            "+",
            "113",
            "091234567",
            "09123456789",
            "912345678",
            "843456789",
            "0112345678",
            "0412345678",
            "+8491234567",
            "+849123456789",
            "84",
            "+84",
            "00",
            "0000000000",
            "+0123456789",
            "+1234567",
            "+1234567890123456",
            "0912 345 67x",
            "0912+345678",
            "++84912345678",
            "điện thoại",
            "0912345678\0",
            "0912345678;0912345679",
            "٠٩١٢٣٤٥٦٧٨",
            "0912 345 678                                                          ",
        ] {
            let refused = Phone::parse(text).unwrap_err();
            assert_eq!(
                (refused.code, refused.field.as_deref()),
                (Code::InvalidValue, Some("contactPhone")),
                "{text}"
            );
        }
    }

    #[test]
    fn people_see_a_mask() {
        for (text, mask) in [
            ("0912345678", "09xx xxx x78"),
            ("+84 336 000 001", "03xx xxx x01"),
            ("024 3825 1234", "02xx xxx x34"),
            ("+12025550123", "+xxx xxx x23"),
        ] {
            let phone = Phone::parse(text).unwrap();
            assert_eq!(phone.masked(), mask);
            assert_eq!(format!("{phone:?}"), mask);
        }
    }

    #[test]
    fn the_index_knows_every_spelling_and_needs_the_key() {
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        let keys = |seed| {
            let dir = tempfile::tempdir().unwrap();
            Keys::open_or_create(&dir.path().join("keys"), now, &SeededEntropy::new(seed)).unwrap()
        };
        let (ours, theirs) = (keys(1), keys(2));
        let index = |text, keys| Phone::parse(text).unwrap().blind_index(keys);
        assert_eq!(index("0912 345 678", &ours), index("+84912345678", &ours));
        assert_ne!(index("0912 345 678", &ours), index("0912 345 679", &ours));
        assert_ne!(index("0912 345 678", &ours), index("0912 345 678", &theirs));
    }
}
