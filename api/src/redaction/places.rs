//! Where somebody lives, and which land is his.

use super::{Kind, Span, scan::Text};

/// What is measured is no plot's number.
const MEASURES: &[&str] = &["m", "m2", "ha", "sao", "cong", "met", "thua", "hecta", "mau"];

/// Numbers of plots and of map sheets: the number alone, so that the sentence stays readable.
pub(super) fn plots(text: &Text<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    for at in 0..text.tokens.len() {
        let heads: &[&[&str]] = &[
            &["thua"],
            &["thua", "dat"],
            &["thua", "so"],
            &["thua", "dat", "so"],
            &["to", "ban", "do"],
            &["to", "ban", "do", "so"],
            &["ban", "do", "so"],
            &["to", "so"],
        ];
        let Some(mut next) = text.after_any(at, heads) else {
            continue;
        };
        if text.get(next).is_some_and(|token| token.is(":")) {
            next += 1;
        }
        // "tờ" is a sheet, "tổ" a group of neighbours.
        if text
            .get(at)
            .is_some_and(|token| token.folded == "to" && token.marked != "tờ" && token.marked != "to")
        {
            continue;
        }
        while let Some(end) = plot(text, next) {
            let Some((first, last)) = text.get(next).zip(text.before(end)) else {
                break;
            };
            found.push(Span {
                start: first.start,
                end: last.end,
                kind: Kind::LandPlot,
            });
            // "thửa 12, 13 và 15"
            let goes_on = text
                .get(end)
                .is_some_and(|token| token.is(",") || token.folded == "va");
            if !goes_on {
                break;
            }
            next = end + 1;
        }
    }
    found
}

/// A plot's number, perhaps in parts (`123-1`, `123/2`); where it ends.
fn plot(text: &Text<'_>, at: usize) -> Option<usize> {
    let first = text
        .get(at)
        .filter(|token| token.is_number() && token.text.len() <= 5)?;
    let mut end = at + 1;
    while let Some(sign) = text.get(end)
        && sign.glued
        && matches!(sign.text, "-" | "/")
        && text
            .get(end + 1)
            .is_some_and(|token| token.glued && token.is_number())
    {
        end += 2;
    }
    let is_glued = text.get(end).is_some_and(|token| {
        token.glued
            && (token.is_word()
                || (matches!(token.text, "." | ",")
                    && text
                        .get(end + 1)
                        .is_some_and(|next| next.glued && next.is_number())))
    });
    let is_measured = MEASURES.contains(&text.word(end));
    (!first.text.is_empty() && !is_glued && !is_measured).then_some(end)
}

/// Land certificates: two letters and six to eight digits (`BK 123456`), and their numbers in the register.
pub(super) fn certificates(text: &Text<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    for at in 0..text.tokens.len() {
        let (Some(letters), Some(digits)) = (text.get(at), text.get(at + 1)) else {
            continue;
        };
        let is_pair = letters.is_shouted()
            && letters.text.len() == 2
            && letters.text.is_ascii()
            && !letters.glued
            && digits.is_number();
        let is_registered = (at.saturating_sub(5)..at).any(|place| text.has(place, &["vao", "so"]));
        let fits =
            (6..=8).contains(&digits.text.len()) || (is_registered && (3..=6).contains(&digits.text.len()));
        let is_cut_off = text
            .get(at + 2)
            .is_some_and(|token| token.glued && (token.is_word() || token.is("/")));
        if is_pair && fits && !is_cut_off {
            found.push(Span {
                start: letters.start,
                end: digits.end,
                kind: Kind::LandPlot,
            });
        }
    }
    found
}

/// Lanes of a street, smaller than it.
const LANES: &[&str] = &["ngo", "ngach", "hem", "kiet"];

/// Things in a street that have numbers and no inhabitants.
const THINGS: &[&str] = &[
    "cot", "dien", "tru", "tram", "cong", "tuyen", "quyet", "dinh", "den", "be", "ho", "lo", "nha", "truong",
    "diem", "bien",
];

/// Words before the place where somebody lives.
const LIVES: &[&[&str]] = &[
    &["tru", "tai"],
    &["ngu", "tai"],
    &["song", "tai"],
    &["dia", "chi"],
    &["o", "tai"],
    &["nha", "o"],
];

/// House numbers with what follows of their street.
pub(super) fn addresses(text: &Text<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() {
        match address(text, at) {
            Some(next) => {
                if let Some((first, last)) = text.get(at).zip(text.before(next)) {
                    found.push(Span {
                        start: first.start,
                        end: last.end,
                        kind: Kind::Address,
                    });
                }
                at = next;
            }
            None => at += 1,
        }
    }
    found
}

/// The address that begins here; where it ends.
fn address(text: &Text<'_>, at: usize) -> Option<usize> {
    let named = text.after_any(
        at,
        &[
            &["so", "nha"],
            &["nha", "so"],
            &["can", "ho"],
            &["can", "ho", "so"],
        ],
    );
    if let Some(next) = named {
        let next = colon(text, next);
        return Some(street(text, house(text, next)?));
    }
    if text.word(at) == "so" {
        let is_thing = text
            .before(at)
            .is_some_and(|before| THINGS.contains(&before.folded.as_str()));
        let end = house(text, at + 1)?;
        let further = street(text, end);
        return (further > end && !is_thing).then_some(further);
    }
    // Where somebody is said to live the word "số" can be missing.
    let lives = (1..=3).any(|back| {
        at.checked_sub(back)
            .and_then(|place| text.after_any(place, LIVES))
            .is_some_and(|end| {
                end == at || (end + 1 == at && text.get(end).is_some_and(|token| token.is(":")))
            })
    });
    if lives {
        let end = house(text, at)?;
        let further = street(text, end);
        return (further > end).then_some(further);
    }
    None
}

fn colon(text: &Text<'_>, at: usize) -> usize {
    if text.get(at).is_some_and(|token| token.is(":")) {
        at + 1
    } else {
        at
    }
}

/// A house number: `12`, `12A`, `12/3`, `K12/3/5B`.
fn house(text: &Text<'_>, at: usize) -> Option<usize> {
    let mut end = at;
    if text
        .get(at)
        .is_some_and(|token| token.is_shouted() && token.text.len() == 1)
        && text
            .get(at + 1)
            .is_some_and(|token| token.glued && token.is_number())
    {
        end += 1;
    }
    text.get(end)
        .filter(|token| token.is_number() && token.text.len() <= 5)?;
    end += 1;
    while let Some(token) = text.get(end).filter(|token| token.glued) {
        let next = text.get(end + 1).filter(|next| next.glued && next.is_number());
        if matches!(token.text, "/" | "-") && next.is_some() {
            end += 2;
        } else if token.is_shouted() && token.text.chars().count() == 1 {
            end += 1;
        } else {
            break;
        }
    }
    let goes_on = text
        .get(end)
        .is_some_and(|token| token.glued && (token.is_word() || token.is("/")));
    (!goes_on).then_some(end)
}

/// What follows a house number: lanes with their numbers, the street's name.
fn street(text: &Text<'_>, mut end: usize) -> usize {
    loop {
        let comma = text.get(end).is_some_and(|token| token.is(","));
        let at = if comma { end + 1 } else { end };
        let word = text.word(at);
        let next = if LANES.contains(&word) {
            let number = if text.word(at + 1) == "so" { at + 2 } else { at + 1 };
            house(text, number).or_else(|| name(text, at + 1))
        } else if word == "duong" || word == "pho" {
            let number = if text.word(at + 1) == "so" { at + 2 } else { at + 1 };
            house(text, number).or_else(|| name(text, at + 1))
        } else if !comma && !UNITS.contains(&word) {
            name(text, at)
        } else {
            None
        };
        match next {
            Some(next) => end = next,
            None => return end,
        }
    }
}

/// Words that begin the name of a unit, not of a street.
const UNITS: &[&str] = &[
    "xa", "phuong", "huyen", "tinh", "thanh", "quan", "thi", "ap", "thon", "khu", "to", "ubnd", "hdnd",
];

/// Capitalised words; where they end.
fn name(text: &Text<'_>, at: usize) -> Option<usize> {
    const MOST: usize = 5;
    let length = (at..at + MOST)
        .take_while(|place| text.get(*place).is_some_and(|token| token.is_capital()))
        .count();
    (length > 0).then_some(at + length)
}
