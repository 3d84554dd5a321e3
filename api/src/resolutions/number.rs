//! Official numbers (số, ký hiệu văn bản) such as `18/2025/NQ-HĐND`, read in every spelling that offices use.
//!
//! The caller keeps the raw text beside the parsed number: official papers hold typing errors (`NQ-NĐND`) and
//! those must stay findable as they were printed. A number is unique only within the version of its issuer and
//! a year; this module knows neither.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// What stands before the number in a running text may be long, a number never is.
const LONGEST: usize = 400;

/// Types of documents, in their official spelling.
const KINDS: [&str; 27] = [
    "NQ", "BC", "TTr", "TB", "KH", "CTr", "QĐ", "QC", "CV", "BB", "GM", "PCĐ", "NĐ", "CT", "HD", "TT", "KL",
    "ĐA", "PA", "TTLT", "NQLT", "QCPH", "CĐ", "GUQ", "GGT", "PC", "PĐX",
];

/// Bodies that issue documents, in their official spelling.
const ISSUERS: [&str; 22] = [
    "HĐND",
    "UBND",
    "TT.HĐND",
    "TTHĐND",
    "TTHĐ",
    "ĐĐBQH",
    "VPHĐND",
    "VP.HĐND",
    "UBMTTQ",
    "UBMTTQVN",
    "MTTQ",
    "BPC",
    "BKTNS",
    "BVHXH",
    "BĐT",
    "HĐNDTT",
    "UBTVQH",
    "QH",
    "CP",
    "TTg",
    "VPCP",
    "ĐCTUBTWMTTQVN",
];

/// The type of a letter (công văn), which prints no type.
const LETTER: &str = "CV";

/// Joint documents (liên tịch) name all issuers after the type.
const JOINT: [&str; 4] = ["NQLT", "TTLT", "QCPH", "QC"];

/// A parsed official number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OfficialNumber {
    /// The running number.
    pub number: u32,
    /// The lower-case letter of an inserted number (`12a`).
    pub letter: Option<char>,
    /// The year, printed only in normative documents.
    pub year: Option<u16>,
    /// Type of document (NQ, BC, TTr, TB, KH, CTr, QĐ, QC ...); `CV` for a letter, empty for a law.
    pub kind: String,
    /// Who issued it; several bodies of a joint document are joined by `-`.
    pub issuer: String,
    /// The drafting unit (`GT` in `2825/UBND-GT`).
    pub unit: Option<String>,
    /// Whether the type was printed; a letter has one that is meant only.
    names_kind: bool,
}

impl OfficialNumber {
    /// Finds the first official number in a text: composed or not, wide letters and digits, any case, `D` for `Đ`, any
    /// dash, spaces around the signs, words before and after it. `None` when there is none; nothing is numbered 0.
    pub fn parse(raw: &str) -> Option<Self> {
        let text = tidy(raw);
        let mut before = ' ';
        for (at, c) in text.char_indices() {
            let begins =
                c.is_ascii_digit() && !before.is_alphanumeric() && !matches!(before, '/' | '-' | '.');
            if begins && let Some(found) = Self::at(&text[at..]) {
                return Some(found);
            }
            before = c;
        }
        None
    }

    /// A number that begins exactly here.
    fn at(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let number = text[..digits].parse::<u32>().ok().filter(|number| *number > 0)?;
        let (inserted, rest) = text[digits..].split_once('/')?;
        let letter = match inserted {
            "" => None,
            one => Some(
                one.chars()
                    .next()
                    .filter(|c| c.is_ascii_alphabetic() && one.len() == 1)?
                    .to_ascii_lowercase(),
            ),
        };
        let (year, rest) = match rest
            .split_once('/')
            .and_then(|(head, tail)| Some((year(head)?, tail)))
        {
            Some((year, tail)) => (Some(year), tail),
            None => (None, rest),
        };
        let (symbol, after) = symbol(rest);
        let mut parts: Vec<&str> = symbol.split(['-', '/']).filter(|part| !part.is_empty()).collect();
        // "18/2025/NQ HĐND": the dash was forgotten.
        if let [only] = parts[..]
            && known(&KINDS, only).is_some()
        {
            parts.extend(
                self::symbol(after)
                    .0
                    .split(['-', '/'])
                    .filter(|part| known_issuer(part).is_some()),
            );
        }
        let (kind, issuer, unit) = read_symbol(&parts, year)?;
        let names_kind = !kind.is_empty() && body(parts[0]).is_none();
        Some(Self {
            number,
            letter,
            year,
            kind,
            issuer,
            unit,
            names_kind,
        })
    }

    /// The key for search and for uniqueness within issuer and year: canonical spelling in lower case, without the type
    /// of a letter, which is the same letter with it and without. Đ stays, since Ban Đô thị and Ban Dân tộc differ in
    /// nothing else.
    pub fn key(&self) -> String {
        // Unless nothing else would tell that it is a letter: of a body that we do not know ("20/CV-SNNMT"), or with a
        // year as a law has it.
        let is_letter = self.kind == LETTER
            && known_issuer(&self.issuer).is_some()
            && (self.year.is_none() || self.unit.is_some());
        self.spelled(!is_letter).to_lowercase()
    }

    /// The canonical spelling, with the type of document or without it.
    fn spelled(&self, names_kind: bool) -> String {
        let mut text = format!("{:02}", self.number);
        text.extend(self.letter);
        if let Some(year) = self.year {
            text.push_str(&format!("/{year}"));
        }
        let kind = if names_kind { self.kind.as_str() } else { "" };
        let dash = if kind.is_empty() { "" } else { "-" };
        text.push_str(&format!("/{kind}{dash}{}", self.issuer));
        if let Some(unit) = &self.unit {
            // After a dot stands the unit of a body that we know; another's dot is a part of its name.
            let is_dotted = !kind.is_empty() && known_issuer(&self.issuer).is_some();
            text.push(if is_dotted { '.' } else { '-' });
            text.push_str(unit);
        }
        text
    }

    /// A normative resolution (nghị quyết quy phạm pháp luật): its number carries the year.
    pub fn is_normative(&self) -> bool {
        self.year.is_some() && self.kind == "NQ"
    }
}

/// The canonical spelling, which is read as the same number again; numbers below ten are written with a zero
/// (Nghị định 30/2020/NĐ-CP).
impl fmt::Display for OfficialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled(self.names_kind))
    }
}

/// One dash, one Đ, no spaces around the signs.
fn tidy(raw: &str) -> String {
    let mut text = String::new();
    let mut space = false;
    for c in raw.nfkc().take(LONGEST) {
        let c = match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
            // Letters that look like it, from other keyboards; the last has a dot for the stroke.
            'Ð' | 'Ɖ' | 'Ḍ' => 'Đ',
            'ð' | 'ɖ' | 'ḍ' => 'đ',
            c => c,
        };
        if c.is_whitespace() {
            space = true;
            continue;
        }
        let glued = matches!(c, '/' | '-') || text.ends_with(['/', '-']);
        if space && !glued {
            text.push(' ');
        }
        space = false;
        text.push(c);
    }
    text
}

fn year(text: &str) -> Option<u16> {
    (text.len() == 4)
        .then(|| text.parse().ok())
        .flatten()
        .filter(|year| (1945..=2100).contains(year))
}

/// The letters and signs that belong together, and the text after them.
fn symbol(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '/' | '.')))
        .unwrap_or(text.len());
    (text[..end].trim_end_matches(['-', '/', '.']), &text[end..])
}

fn read_symbol(parts: &[&str], year: Option<u16>) -> Option<(String, String, Option<String>)> {
    let joined = |parts: &[&str]| {
        parts
            .iter()
            .map(|part| spelled(part))
            .collect::<Vec<_>>()
            .join("-")
    };
    match parts {
        [] => None,
        [first, ..] if !first.starts_with(char::is_alphabetic) => None,
        // A type of document begins the symbol, unless a body of that name does ("TT.HĐND").
        [kind, issuers @ ..] if !issuers.is_empty() && body(kind).is_none() => {
            let kind = known(&KINDS, kind).map_or_else(|| kind.to_uppercase(), str::to_owned);
            let is_joint =
                JOINT.contains(&kind.as_str()) || issuers.iter().all(|part| known_issuer(part).is_some());
            if is_joint && issuers.len() > 1 {
                return Some((kind, joined(issuers), None));
            }
            let (issuer, unit) = issuer_and_unit(issuers);
            Some((kind, issuer, unit))
        }
        // A bare word after the number is nobody's symbol ("12/abc"); a body is.
        bodies => {
            let (issuer, unit) = issuer_and_unit(bodies);
            known_issuer(&issuer)?;
            let kind = if year.is_some() && unit.is_none() {
                ""
            } else {
                LETTER
            };
            Some((kind.to_owned(), issuer, unit))
        }
    }
}

/// `HĐND.KT` and `HĐND-KT` are a body and its unit; `TT.HĐND` is one body.
fn issuer_and_unit(parts: &[&str]) -> (String, Option<String>) {
    let (issuer, dotted) = body(parts[0]).unwrap_or_else(|| (spelled(parts[0]), None));
    let units: Vec<&str> = dotted.into_iter().chain(parts[1..].iter().copied()).collect();
    let unit = (!units.is_empty()).then(|| units.join("-").to_uppercase());
    (issuer, unit)
}

/// A body that we know, by as much of its name as we know, and the unit after its dot.
fn body(part: &str) -> Option<(String, Option<&str>)> {
    if let Some(whole) = known_issuer(part) {
        return Some((whole, None));
    }
    part.rmatch_indices('.')
        .filter_map(|(at, _)| Some((known_issuer(&part[..at])?, &part[at + 1..])))
        .find(|(_, unit)| !unit.is_empty())
        .map(|(body, unit)| (body, Some(unit)))
}

fn spelled(part: &str) -> String {
    known_issuer(part).unwrap_or_else(|| part.to_uppercase())
}

/// The official spelling of a body; the National Assembly's bodies carry their term (`QH15`, `UBTVQH15`).
fn known_issuer(part: &str) -> Option<String> {
    let name = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let term = &part[name.len()..];
    let spelled = known(&ISSUERS, name)?;
    (term.is_empty() || spelled.ends_with("QH")).then(|| format!("{spelled}{term}"))
}

/// Compares without case and with D for Đ. An exact Đ wins, as in BĐT (Đô thị) against BDT (Dân tộc).
fn known(list: &'static [&'static str], part: &str) -> Option<&'static str> {
    let lower = part.to_lowercase();
    let plain = lower.replace('đ', "d");
    // "BDT" is a committee of its own and no careless spelling of "BĐT".
    if plain == "bdt" && lower == plain {
        return None;
    }
    list.iter().copied().find(|entry| {
        let entry = entry.to_lowercase();
        entry == lower || (lower == plain && entry.replace('đ', "d") == plain)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(raw: &str, shown: &str, kind: &str, issuer: &str, unit: Option<&str>) {
        let found = OfficialNumber::parse(raw).unwrap_or_else(|| panic!("{raw}"));
        let read = (
            found.to_string(),
            found.kind.as_str(),
            found.issuer.as_str(),
            found.unit.as_deref(),
        );
        assert_eq!(read, (shown.to_owned(), kind, issuer, unit), "{raw}");
    }

    #[test]
    fn every_official_spelling_is_read() {
        for (raw, kind, issuer, unit) in [
            ("18/2025/NQ-HĐND", "NQ", "HĐND", None),
            ("05/2025/NQ-HĐND", "NQ", "HĐND", None),
            ("616/NQ-HĐND", "NQ", "HĐND", None),
            ("279/TTr-HĐND", "TTr", "HĐND", None),
            ("71/BC-HĐND", "BC", "HĐND", None),
            ("783/BC-UBND", "BC", "UBND", None),
            ("06/KH-HĐND", "KH", "HĐND", None),
            ("43/CTr-HĐND", "CTr", "HĐND", None),
            ("83/TB-UBND", "TB", "UBND", None),
            ("423/QĐ-UBND", "QĐ", "UBND", None),
            ("62/2017/QĐ-UBND", "QĐ", "UBND", None),
            ("2825/UBND-GT", "CV", "UBND", Some("GT")),
            ("02/ĐĐBQH-VP", "CV", "ĐĐBQH", Some("VP")),
            ("06/QC-TT.HĐND-UBND", "QC", "TT.HĐND-UBND", None),
            ("10/BC-BPC", "BC", "BPC", None),
            ("08/TTr-TTHĐ", "TTr", "TTHĐ", None),
            ("12/NQ-NĐND", "NQ", "NĐND", None),
            ("12a/NQ-HĐND", "NQ", "HĐND", None),
            ("33/2017/QĐ-TTg", "QĐ", "TTg", None),
            ("113/2025/UBTVQH15", "", "UBTVQH15", None),
            ("594/NQ-UBTVQH15", "NQ", "UBTVQH15", None),
            ("72/2025/QH15", "", "QH15", None),
            ("14/BC-HĐND.KT", "BC", "HĐND", Some("KT")),
            ("15/TTr-TT.HĐND", "TTr", "TT.HĐND", None),
            ("16/TT.HĐND-KT", "CV", "TT.HĐND", Some("KT")),
            ("17/BC-BĐT", "BC", "BĐT", None),
            ("17/BC-BDT", "BC", "BDT", None),
            ("20/BC-SNNMT", "BC", "SNNMT", None),
        ] {
            check(raw, raw, kind, issuer, unit);
        }
    }

    #[test]
    fn careless_spellings_are_read_alike() {
        for raw in [
            "Nghị quyết số 15/2026/NQ-HĐND",
            "nghị quyết số 15/2026/nq-hđnd ngày 12/7/2026 của HĐND tỉnh",
            "15/2026/nq-hdnd",
            "15 / 2026 / NQ – HĐND",
            "15/2026/NQ—HÐND.",
            "15/2026/NQ-HD\u{323}ND",
            "15/2026/NQ HĐND",
            "Số:15/2026/NQ-HĐND;",
            "ngày 12/7/2026, số 15/2026/NQ-HĐND",
            "kỳ họp 21, NQ 15/2026/NQ-HĐND",
            "015/2026/NQ-HĐND",
        ] {
            check(raw, "15/2026/NQ-HĐND", "NQ", "HĐND", None);
            check(
                &raw.nfd().collect::<String>(),
                "15/2026/NQ-HĐND",
                "NQ",
                "HĐND",
                None,
            );
        }
        check("5/bc-bpc", "05/BC-BPC", "BC", "BPC", None);
        check(
            "6/qc-tt.hdnd-ubnd",
            "06/QC-TT.HĐND-UBND",
            "QC",
            "TT.HĐND-UBND",
            None,
        );
        check("2825/ubnd-gt", "2825/UBND-GT", "CV", "UBND", Some("GT"));
        check(
            "72/2025/NQLT/UBTVQH15-CP",
            "72/2025/NQLT-UBTVQH15-CP",
            "NQLT",
            "UBTVQH15-CP",
            None,
        );
        check("783/BC-UBND-KT", "783/BC-UBND.KT", "BC", "UBND", Some("KT"));
    }

    #[test]
    fn keys_are_equal_exactly_for_the_same_document() {
        let key = |raw| OfficialNumber::parse(raw).unwrap().key();
        assert_eq!(key("Nghị quyết số 5/2025/NQ-HDND"), "05/2025/nq-hđnd");
        assert_eq!(key("5/2025/nq-hdnd"), key("05/2025/NQ – HĐND"));
        assert_ne!(key("05/NQ-HĐND"), key("05/2025/NQ-HĐND"));
        assert_ne!(key("17/BC-BĐT"), key("17/BC-BDT"));
        assert_ne!(key("12/NQ-NĐND"), key("12/NQ-HĐND"));
    }

    #[test]
    fn only_a_resolution_with_its_year_is_normative() {
        let normative = |raw| OfficialNumber::parse(raw).unwrap().is_normative();
        assert!(normative("18/2025/NQ-HĐND"));
        assert!(!normative("616/NQ-HĐND"));
        assert!(!normative("62/2017/QĐ-UBND"));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for raw in [
            "",
            "HĐND",
            "12",
            "12/7/2026",
            "12/",
            "/NQ-HĐND",
            "NQ-HĐND",
            "12/abc",
            "99999999999/NQ-HĐND",
            "12/NQ",
            "1/2/3/4",
            "0/NQ-HĐND",
            "00/2025/NQ-HĐND",
        ] {
            assert_eq!(OfficialNumber::parse(raw), None, "{raw}");
        }
    }

    /// "1/cv–A" was shown as "01/A", which is nobody's symbol.
    #[test]
    fn a_letter_of_an_unknown_body_keeps_its_type() {
        check("1/cv–A", "01/CV-A", "CV", "A", None);
        check("20/CV-SNNMT-VP", "20/CV-SNNMT-VP", "CV", "SNNMT", Some("VP"));
        check("20/2025/CV-UBND", "20/2025/CV-UBND", "CV", "UBND", None);
    }

    /// "934/CV-HĐND" was shown as "934/HĐND": whoever reads the paper sees another symbol.
    #[test]
    fn a_letter_is_shown_with_the_type_that_it_prints_and_found_without() {
        check("934/CV-HĐND", "934/CV-HĐND", "CV", "HĐND", None);
        check("934/HĐND", "934/HĐND", "CV", "HĐND", None);
        check("934/CV-HĐND-VP", "934/CV-HĐND.VP", "CV", "HĐND", Some("VP"));
        let key = |raw| OfficialNumber::parse(raw).unwrap().key();
        assert_eq!(key("934/CV-HĐND"), key("934/HĐND"));
        assert_eq!(key("934/CV-HĐND-VP"), key("934/HĐND-VP"));
        assert_ne!(key("20/2025/CV-UBND"), key("20/2025/UBND"));
    }

    /// Typed on a keyboard that writes wide: they were no numbers, and a search for them found nothing.
    #[test]
    fn wide_letters_digits_and_signs_are_read() {
        check("９２６/NQ-HĐND", "926/NQ-HĐND", "NQ", "HĐND", None);
        check("938／NQ-HĐND", "938/NQ-HĐND", "NQ", "HĐND", None);
        check(
            "１８／２０２５／ＮＱ－ＨĐＮＤ",
            "18/2025/NQ-HĐND",
            "NQ",
            "HĐND",
            None,
        );
    }

    /// Of "HĐND.KT-VP" only the last was kept.
    #[test]
    fn every_unit_of_a_body_is_kept() {
        check(
            "14/BC-HĐND.KT-VP",
            "14/BC-HĐND.KT-VP",
            "BC",
            "HĐND",
            Some("KT-VP"),
        );
        check(
            "14/BC-HĐND-KT-VP",
            "14/BC-HĐND.KT-VP",
            "BC",
            "HĐND",
            Some("KT-VP"),
        );
        check("14/HĐND.KT-VP", "14/HĐND-KT-VP", "CV", "HĐND", Some("KT-VP"));
    }

    /// Symbols as offices make them and as they do not: known and unknown types and bodies, units, every sign.
    fn symbols() -> impl Strategy<Value = String> {
        let word = || {
            prop_oneof![
                2 => proptest::sample::select(KINDS.to_vec()).prop_map(str::to_owned),
                3 => proptest::sample::select(ISSUERS.to_vec()).prop_map(str::to_owned),
                1 => Just("UBTVQH15".to_owned()),
                3 => "[a-zđA-ZĐ.]{1,7}",
            ]
        };
        let sign = || proptest::sample::select(vec!["-", "–", "/", ".", " ", " - "]);
        (
            word(),
            proptest::collection::vec((sign(), word()), 0..4),
            any::<bool>(),
        )
            .prop_map(|(first, more, lower)| {
                let symbol = more
                    .into_iter()
                    .fold(first, |text, (sign, word)| text + sign + &word);
                if lower { symbol.to_lowercase() } else { symbol }
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_canonical_spelling_is_read_as_itself(
            number in "[0-9]{1,4}[a-z]?(/20[0-9]{2})?/",
            symbol in symbols(),
        ) {
            if let Some(found) = OfficialNumber::parse(&(number + &symbol)) {
                prop_assert_eq!(OfficialNumber::parse(&found.to_string()), Some(found));
            }
        }

        #[test]
        fn anything_may_be_typed(raw in any::<String>(), tail in "[0-9/a-zĐ. -]{0,30}") {
            let _ = OfficialNumber::parse(&raw);
            let _ = OfficialNumber::parse(&tail);
        }
    }
}
