//! What is wrong with a row, in words that tell the office what to do.

use crate::{
    error::{Code, Lang, Refused},
    imports::columns::{Column, Heads, SOURCE},
};

/// Told instead of a value that may be the name of a voter.
const WITHHELD: &str = "không nhắc lại, vì có thể là tên cử tri";

/// What a mistake in the column [`SOURCE`] is about.
const SOURCE_ROW: &str = "sourceRow";

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is about, as in the API.
    pub field: String,
    pub code: Code,
    /// What was written, or what it could mean.
    pub detail: Option<String>,
}

impl Problem {
    pub(super) fn of(column: Column, code: Code) -> Self {
        Self {
            field: column.field().to_owned(),
            code,
            detail: None,
        }
    }

    pub(super) fn told(column: Column, code: Code, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::of(column, code)
        }
    }

    /// What was written is in no list.
    pub(super) fn unlisted(heads: &Heads, column: Column, code: Code, raw: &str) -> Self {
        Self::told(
            column,
            code,
            if heads.is_doubtful(column) { WITHHELD } else { raw },
        )
    }

    /// It is about the row as a whole.
    pub(super) fn of_row(code: Code) -> Self {
        Self {
            field: String::new(),
            code,
            detail: None,
        }
    }

    /// The write door refused it; where the row may be a petition that is there, this is its number.
    pub(super) fn refused(refused: Refused, petition: Option<&String>) -> Self {
        Self {
            field: refused.field.unwrap_or_default().into_owned(),
            code: refused.code,
            detail: petition.map(|number| {
                format!("cùng lời với kiến nghị {number}; nếu là kiến nghị khác thì ghi số riêng của nó")
            }),
        }
    }

    /// Which row of which file it was cannot be read.
    pub(super) fn of_source(raw: &str) -> Self {
        Self {
            field: SOURCE_ROW.to_owned(),
            code: Code::InvalidValue,
            detail: Some(raw.to_owned()),
        }
    }

    /// The head of the column that it is about, as it stands in the file.
    pub fn column(&self, heads: &Heads) -> Option<String> {
        if self.field == SOURCE_ROW {
            return Some(SOURCE.to_owned());
        }
        let column = Column::ALL.iter().find(|column| column.field() == self.field)?;
        Some(heads.of(*column).unwrap_or(column.head()).trim().to_owned())
    }

    /// One sentence.
    pub fn message(&self, heads: &Heads, lang: Lang) -> String {
        let column = self.column(heads).map(|column| format!("{column}: "));
        let detail = self.detail.as_ref().map(|detail| format!(" [{detail}]"));
        format!(
            "{}{}{}",
            column.unwrap_or_default(),
            self.code.message(lang),
            detail.unwrap_or_default()
        )
    }
}
