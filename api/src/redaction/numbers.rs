//! Numbers that belong to one person: telephone, papers, bank accounts; and addresses of electronic mail.

use super::{
    Kind, Span,
    scan::{Text, Token},
};

/// Words that say what the number after them is.
const TOLD: &[(&[&[&str]], Kind)] = &[
    (
        &[
            &["cccd"],
            &["cmnd"],
            &["cmtnd"],
            &["cmt"],
            &["can", "cuoc"],
            &["chung", "minh"],
            &["dinh", "danh"],
            &["ho", "chieu"],
            &["bhyt"],
            &["bhxh"],
            &["bao", "hiem"],
        ],
        Kind::IdNumber,
    ),
    (&[&["tai", "khoan"], &["stk"], &["so", "tk"]], Kind::BankAccount),
    (
        &[
            &["dien", "thoai"],
            &["sdt"],
            &["dt"],
            &["tel"],
            &["zalo"],
            &["di", "dong"],
            &["hotline"],
        ],
        Kind::Phone,
    ),
];

/// What follows an amount, so that its number is nobody's.
const UNITS: &[&str] = &[
    "dong", "vnd", "d", "trieu", "ty", "nghin", "ngan", "m", "km", "ha", "kg", "tan", "kwh", "kw", "lit",
    "nguoi", "ho", "usd",
];

/// Telephone numbers, numbers of papers and of bank accounts.
pub(super) fn numbers(text: &Text<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() {
        match number(text, at) {
            Some((span, next)) => {
                found.push(span);
                at = next;
            }
            None => at += 1,
        }
    }
    found
}

/// The number that begins at this token, and the token after it.
fn number(text: &Text<'_>, at: usize) -> Option<(Span, usize)> {
    let first = text.get(at)?;
    let told = told(text, at);
    let span = |kind, next: usize| {
        let end = text.before(next)?.end;
        let start = first.start;
        Some((Span { start, end, kind }, next))
    };
    // A passport or an insurance card: letters, then digits.
    if told == Some(Kind::IdNumber)
        && first.is_shouted()
        && first.text.len() <= 2
        && let Some(digits) = text.get(at + 1)
        && digits.is_number()
        && (7..=13).contains(&digits.text.len())
    {
        return span(Kind::IdNumber, at + 2);
    }
    let has_plus = first.is("+");
    let begin = if has_plus { at + 1 } else { at };
    if !text.get(begin)?.is_number() || is_inside(text, at) {
        return None;
    }
    let mut best = None;
    for (digits, next) in groups(text, begin) {
        if is_cut_off(text, next) {
            continue;
        }
        let kind = match told {
            Some(kind) if kind != Kind::Phone && !has_plus => fits(kind, &digits).then_some(kind),
            _ if is_phone(&digits, has_plus) && !is_tax(text, at) => Some(Kind::Phone),
            None if !has_plus => untold(text, &digits, next).then_some(Kind::IdNumber),
            _ => None,
        };
        if let Some(kind) = kind {
            best = Some((kind, next));
        }
    }
    let (kind, next) = best?;
    span(kind, next)
}

/// All readings of the digits from here: the first group, the first two, and so on; each with the token after it.
fn groups(text: &Text<'_>, at: usize) -> Vec<(String, usize)> {
    const MOST: usize = 19;
    let mut digits = String::new();
    let mut readings = Vec::new();
    let mut next = at;
    while let Some(token) = text.get(next)
        && token.is_number()
    {
        digits.push_str(token.text);
        if digits.len() > MOST {
            break;
        }
        next += 1;
        readings.push((digits.clone(), next));
        let Some(after) = text.get(next) else { break };
        let is_joint = after.glued && matches!(after.text, "." | "-" | ")");
        let follows = text.get(next + 1);
        if is_joint && follows.is_some_and(|token| token.is_number() && (token.glued || after.text == ")")) {
            next += 1;
        } else if !after.is_number() || after.glued {
            break;
        }
    }
    readings
}

/// Whether the number goes on to the left: part of a document's number, a road's, a date.
fn is_inside(text: &Text<'_>, at: usize) -> bool {
    let Some(first) = text.get(at) else { return true };
    let joins = |before: &Token<'_>| {
        before.is_word() || before.is_number() || matches!(before.text, "/" | "." | "-" | "," | "+")
    };
    first.glued && text.before(at).is_some_and(joins)
}

/// Whether it goes on to the right.
fn is_cut_off(text: &Text<'_>, next: usize) -> bool {
    let Some(after) = text.get(next).filter(|after| after.glued) else {
        return false;
    };
    let goes_on = text
        .get(next + 1)
        .is_some_and(|token| token.glued && token.is_number());
    after.is_word()
        || (matches!(after.text, "/" | "." | "," | "-") && goes_on)
        || (after.is("/") && text.get(next + 1).is_some_and(|token| token.glued))
}

/// What the words before a number say of it: the nearest counts, and never beyond another number or sentence, nor beyond
/// one that was taken out ("[số tài khoản]").
fn told(text: &Text<'_>, at: usize) -> Option<Kind> {
    const REACH: usize = 8;
    for place in (at.saturating_sub(REACH)..at).rev() {
        let token = text.get(place)?;
        if token.is_number() || matches!(token.text, "." | ";" | "\n" | "]") {
            return None;
        }
        let kind = TOLD
            .iter()
            .find(|(phrases, _)| text.after_any(place, phrases).is_some_and(|end| end <= at));
        if let Some((_, kind)) = kind {
            return Some(*kind);
        }
    }
    None
}

fn fits(kind: Kind, digits: &str) -> bool {
    match kind {
        Kind::IdNumber => (9..=15).contains(&digits.len()),
        Kind::BankAccount => (6..=19).contains(&digits.len()),
        _ => false,
    }
}

/// A number of which nobody said what it is: an identity card's, old or new.
fn untold(text: &Text<'_>, digits: &str, next: usize) -> bool {
    // New: the code of a province (001 to 096), sex and century, year, six digits.
    let is_new = digits.len() == 12
        && digits
            .get(..3)
            .and_then(|code| code.parse::<u8>().ok())
            .is_some_and(|code| (1..=96).contains(&code))
        && digits
            .as_bytes()
            .get(3)
            .is_some_and(|digit| (b'0'..=b'3').contains(digit));
    let is_whole = text
        .before(next)
        .is_some_and(|last| last.text.len() == digits.len());
    let is_amount = UNITS.contains(&text.word(next));
    let is_old = digits.len() == 9 && is_whole && !digits.ends_with("000") && !is_amount;
    is_new || is_old
}

/// Mobile and fixed numbers as dialled in Vietnam, with the code of the country or without. Short numbers of services
/// (1900, 113) are nobody's.
fn is_phone(digits: &str, has_plus: bool) -> bool {
    let national = match (has_plus, digits) {
        (true, digits) => digits.strip_prefix("84").map(|rest| rest.trim_start_matches('0')),
        (false, digits) if digits.len() >= 13 => digits.strip_prefix("0084"),
        (false, digits) if digits.len() >= 11 && digits.starts_with("84") => digits.strip_prefix("84"),
        (false, digits) => digits.strip_prefix('0'),
    };
    let Some(national) = national else { return false };
    let starts = |first: &[u8]| {
        national
            .as_bytes()
            .first()
            .is_some_and(|digit| first.contains(digit))
    };
    match national.len() {
        9 => starts(b"35789"),
        10 => {
            starts(b"2")
                || ["12", "16", "18", "19"]
                    .iter()
                    .any(|old| national.starts_with(old))
        }
        _ => false,
    }
}

/// Tax numbers of companies look like telephone numbers.
fn is_tax(text: &Text<'_>, at: usize) -> bool {
    (at.saturating_sub(4)..at).any(|place| text.has(place, &["so", "thue"]) || text.word(place) == "mst")
}

/// Addresses of electronic mail.
pub(super) fn emails(text: &Text<'_>) -> Vec<Span> {
    let whole = text.whole;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    whole
        .match_indices('@')
        .filter_map(|(at, _)| {
            let (left, right) = (whole.get(..at)?, whole.get(at + 1..)?);
            let start = at - left.chars().rev().take_while(|c| is_part(*c)).count();
            let domain: String = right.chars().take_while(|c| is_part(*c)).collect();
            let domain = domain.trim_end_matches(['.', '-']);
            let end = at + 1 + domain.len();
            (start < at && domain.contains('.')).then_some(Span {
                start,
                end,
                kind: Kind::Email,
            })
        })
        .collect()
}
