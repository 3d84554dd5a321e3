//! What in a Vietnamese text may tell who somebody is: names, telephone numbers, addresses, numbers of papers, of land
//! plots and of bank accounts. Suggestions only: a person decides what the public reads.
//!
//! Pure, and without a model: words and numbers in the way people write them, so that every suggestion can be explained
//! and the same text always gives the same ones. Offices and the places of the list are no personal details; people are
//! told of by a form of address, by "hộ", "cử tri", or by a surname with a middle name. Measured in [`tests`].

mod names;
mod numbers;
mod places;
mod plain;
mod scan;
#[cfg(test)]
mod tests;

use plain::Plain;
use scan::Text;

/// What a piece of text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum)]
#[graphql(name = "RedactionKind")]
pub enum Kind {
    /// A person's name, without the form of address before it (họ tên).
    Name,
    /// A telephone number (số điện thoại).
    Phone,
    /// House number and street (số nhà, ngõ, hẻm, đường).
    Address,
    /// The number of an identity card, passport or insurance (số căn cước, hộ chiếu, bảo hiểm).
    IdNumber,
    /// The number of a land plot, map sheet or land certificate (số thửa đất, tờ bản đồ, giấy chứng nhận).
    LandPlot,
    /// An address of electronic mail (thư điện tử).
    Email,
    /// The number of a bank account (số tài khoản).
    BankAccount,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Phone,
        Self::Address,
        Self::IdNumber,
        Self::LandPlot,
        Self::Email,
        Self::BankAccount,
    ];

    /// The code, as in history.
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::IdNumber => "id_number",
            Self::LandPlot => "land_plot",
            Self::Email => "email",
            Self::BankAccount => "bank_account",
        }
    }

    /// What it is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "họ tên",
            Self::Phone => "số điện thoại",
            Self::Address => "địa chỉ",
            Self::IdNumber => "số giấy tờ",
            Self::LandPlot => "số thửa đất, giấy chứng nhận",
            Self::Email => "thư điện tử",
            Self::BankAccount => "số tài khoản",
        }
    }

    /// What stands in its place.
    pub fn replacement(self) -> &'static str {
        match self {
            Self::Name => "[họ tên]",
            Self::Phone => "[số điện thoại]",
            Self::Address => "[địa chỉ]",
            Self::IdNumber => "[số giấy tờ]",
            Self::LandPlot => "[số]",
            Self::Email => "[thư điện tử]",
            Self::BankAccount => "[số tài khoản]",
        }
    }
}

/// A suggestion: from byte `start` up to byte `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
}

/// What to take out of a text, in order, without overlaps.
pub fn suggest(text: &str) -> Vec<Span> {
    let plain = Plain::read(text);
    let text = Text::read(&plain.text);
    let mut found: Vec<Span> = Vec::new();
    // What is surer comes first; what overlaps it is dropped.
    let all = numbers::emails(&text)
        .into_iter()
        .chain(places::certificates(&text))
        .chain(places::plots(&text))
        .chain(numbers::numbers(&text))
        .chain(places::addresses(&text))
        .chain(names::names(&text));
    for span in all {
        if found
            .iter()
            .all(|known| span.end <= known.start || known.end <= span.start)
        {
            found.push(span);
        }
    }
    found.sort_by_key(|span| span.start);
    // Of one sign as it was written several can have become ("⑿"): two suggestions never share it.
    let mut end = 0;
    found
        .into_iter()
        .filter_map(|span| plain.written(span))
        .filter(|span| {
            let is_apart = end <= span.start;
            if is_apart {
                end = span.end;
            }
            is_apart
        })
        .collect()
}

/// The text with all of this replaced.
pub fn redact(text: &str, spans: &[Span]) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        redacted.push_str(text.get(at..span.start).unwrap_or_default());
        redacted.push_str(span.kind.replacement());
        at = span.end;
    }
    redacted.push_str(text.get(at..).unwrap_or_default());
    redacted
}
