//! What is wrong with a row, in words that tell the office what to do.

use crate::{
    error::{Code, Lang},
    imports::columns::{Column, Heads},
};

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

    /// The head of the column that it is about, as it stands in the file.
    pub fn column(&self, heads: &Heads) -> Option<String> {
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
