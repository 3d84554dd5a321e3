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
    let head = text.get(begin).filter(|head| head.is_number())?;
    let is_inside = is_inside(text, at);
    if is_inside && !has_plus && !begins_anew(head) {
        return None;
    }
    let mut best = None;
    for Reading { digits, next, gap } in readings(text, begin) {
        if gap == Gap::Apart && best.is_some() {
            break;
        }
        let is_amount = gap > Gap::Close && UNITS.contains(&text.word(next));
        if is_amount || is_cut_off(text, next) {
            continue;
        }
        let kind = match told {
            Some(kind) if kind != Kind::Phone && !has_plus => fits(kind, &digits).then_some(kind),
            _ if is_phone(&digits, has_plus) && !is_tax(text, at) => Some(Kind::Phone),
            None if is_inside => is_new_card(&digits).then_some(Kind::IdNumber),
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

/// How far apart the groups of a number stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    /// A space, or the dots, hyphens and brackets with which numbers are written.
    Close,
    /// A line's end, a stroke.
    Wide,
    /// A dash with space around it, a bracket that opens: it may as well part two things.
    Apart,
}

/// The digits of the groups up to a place.
struct Reading {
    digits: String,
    /// The token after them.
    next: usize,
    /// The widest gap between them.
    gap: Gap,
}

/// All readings of the digits from here: the first group, the first two, and so on. Dates and the numbers of documents
/// are no part of any.
fn readings(text: &Text<'_>, at: usize) -> Vec<Reading> {
    const MOST: usize = 19;
    let mut digits = String::new();
    let mut readings = Vec::new();
    if is_date(text, at) {
        return readings;
    }
    let (mut next, mut gap, mut is_dotted) = (at, Gap::Close, false);
    while let Some(token) = text.get(next)
        && token.is_number()
    {
        digits.push_str(token.text);
        if digits.len() > MOST {
            break;
        }
        next += 1;
        readings.push(Reading {
            digits: digits.clone(),
            next,
            gap,
        });
        let Some((number, further)) = joint(text, next) else {
            break;
        };
        let has_dot = text.get(next).is_some_and(|sign| sign.is("."));
        // What begins with a nought is no amount: neither a part of a whole ("1234/5678", "12.345/13.000") nor a span.
        let is_amount = !digits.starts_with('0')
            && if further == Gap::Close {
                has_dot && gap > Gap::Close
            } else {
                text.get(next).is_some_and(|sign| !sign.is("\n"))
                    && (is_dotted || is_share(text, &digits, number))
            };
        if is_amount {
            break;
        }
        is_dotted |= has_dot;
        gap = gap.max(further);
        next = number;
    }
    readings
}

/// Where the digits go on behind a group, and over what gap.
fn joint(text: &Text<'_>, at: usize) -> Option<(usize, Gap)> {
    /// Lines that somebody may have left empty within a number.
    const EMPTY: usize = 3;
    let after = text.get(at)?;
    let number = |place: usize| text.get(place).filter(|token| token.is_number());
    if after.is_number() {
        return (!after.glued && !is_date(text, at)).then_some((at, Gap::Close));
    }
    if after.glued
        && matches!(after.text, "." | "-" | ")")
        && number(at + 1).is_some_and(|token| token.glued || after.is(")"))
    {
        return Some((at + 1, Gap::Close));
    }
    let is_stroke = matches!(after.text, "/" | "\\" | "|");
    let is_dash = matches!(after.text, "-" | "–" | "—" | "_" | "·" | "(");
    let mut place = at + usize::from(is_stroke || is_dash);
    let lines = (place..=place + EMPTY)
        .take_while(|line| text.get(*line).is_some_and(|token| token.is("\n")))
        .count();
    place += lines;
    let follows = number(place).filter(|_| place > at)?;
    // What is as long as that is a number of its own; "2." on a new line counts what is listed.
    let is_own = follows.text.len() >= 10;
    let is_item = lines > 0
        && follows.text.len() <= 2
        && text
            .get(place + 1)
            .is_some_and(|sign| sign.glued && matches!(sign.text, "." | ")"))
        && number(place + 2).is_none_or(|token| !token.glued);
    let is_glued = after.glued && follows.glued;
    let starts_date = is_date(text, place) && !(is_stroke && is_glued);
    if is_own || is_item || starts_date {
        return None;
    }
    let gap = if is_dash && !is_glued && lines == 0 {
        Gap::Apart
    } else {
        Gap::Wide
    };
    Some((place, gap))
}

/// A part of a whole or a span: two numbers of about one length and no third ("1234/5678 hộ", "2021–2025").
fn is_share(text: &Text<'_>, digits: &str, number: usize) -> bool {
    let goes_on = joint(text, number + 1).is_some_and(|(_, gap)| gap > Gap::Close);
    text.get(number)
        .is_some_and(|token| (digits.len()..=digits.len() + 1).contains(&token.text.len()))
        && !goes_on
}

/// A day ("5/11/2026", "05-11-2026", "05/11/26", "5/11"), a month, or the number of a document ("11/2026", "123/2026").
fn is_date(text: &Text<'_>, at: usize) -> bool {
    let Some(sign) = text
        .get(at + 1)
        .filter(|sign| sign.glued && matches!(sign.text, "/" | "-" | "."))
    else {
        return false;
    };
    let part = |place: usize| {
        text.get(place)
            .filter(|token| token.is_number() && (place == at || token.glued))
            .map(|token| token.text)
    };
    let goes_on = |place: usize| {
        part(place + 1).filter(|_| {
            text.get(place)
                .is_some_and(|next| next.glued && next.is(sign.text))
        })
    };
    let within = |digits: &str, most: u8| {
        digits.len() <= 2
            && digits
                .parse::<u8>()
                .is_ok_and(|number| (1..=most).contains(&number))
    };
    let is_year = |digits: &str| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
    let (Some(first), Some(second)) = (part(at), part(at + 2)) else {
        return false;
    };
    let is_day = within(first, 31) && within(second, 12);
    let has_stroke = sign.is("/");
    match goes_on(at + 3) {
        None => has_stroke && (is_day || is_year(second)),
        Some(third) => {
            is_day && goes_on(at + 5).is_none() && (is_year(third) || (has_stroke && third.len() == 2))
        }
    }
}

/// Whether a number begins here though something stands close before it: "0912345678/0987654321", "ĐT.0912345678". Parts
/// of dates, amounts and documents do not begin like that.
fn begins_anew(token: &Token<'_>) -> bool {
    token.is_number() && token.text.len() >= 4 && token.text.starts_with('0')
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
    let follows = text.get(next + 1).filter(|token| token.glued);
    if follows.is_some_and(|token| token.is("+") || begins_anew(token)) && !after.is_word() {
        return false;
    }
    after.is_word()
        || (matches!(after.text, "/" | "." | "," | "-") && follows.is_some_and(Token::is_number))
        || (after.is("/") && follows.is_some())
}

/// What the words before a number say of it: the nearest counts, and never beyond another number or sentence, nor beyond
/// one that was taken out ("[số tài khoản]").
fn told(text: &Text<'_>, at: usize) -> Option<Kind> {
    const REACH: usize = 8;
    for place in (at.saturating_sub(REACH)..at).rev() {
        let token = text.get(place)?;
        // A form has the number below what it is: "Số tài khoản:" and a new line.
        let is_asked = token.is("\n") && text.before(place).is_some_and(|before| before.is(":"));
        if token.is_number() || (matches!(token.text, "." | ";" | "\n" | "]") && !is_asked) {
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
    let is_whole = text
        .before(next)
        .is_some_and(|last| last.text.len() == digits.len());
    let is_amount = UNITS.contains(&text.word(next));
    let is_old = digits.len() == 9 && is_whole && !digits.ends_with("000") && !is_amount;
    is_new_card(digits) || is_old
}

/// The number of a new card: the code of a province (001 to 096), sex and century, year, six digits.
fn is_new_card(digits: &str) -> bool {
    digits.len() == 12
        && digits
            .get(..3)
            .and_then(|code| code.parse::<u8>().ok())
            .is_some_and(|code| (1..=96).contains(&code))
        && digits
            .as_bytes()
            .get(3)
            .is_some_and(|digit| (b'0'..=b'3').contains(digit))
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
