//! CSV that Excel and a parser both take: UTF-8 with a byte order mark, one head row, RFC 4180 quoting, CRLF,
//! ISO dates, and no text that a spreadsheet would run as a formula.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::NaiveDate;
use uuid::Uuid;

use crate::error::{Error, Result};

/// What Excel needs to see that the file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One cell.
pub(crate) enum Cell {
    /// What people wrote, or names: guarded against being run.
    Text(String),
    /// What we make: numbers, ids, codes, dates.
    Plain(String),
    /// Not known, or not for this reader. Never 0.
    Empty,
}

impl Cell {
    /// Text of people.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// What it says, for whoever is no spreadsheet.
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Plain(text) => text,
            Self::Empty => String::new(),
        }
    }

    fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) if is_formula(text) => Cow::Owned(format!("'{text}")),
            Self::Text(text) | Self::Plain(text) => Cow::Borrowed(text),
            Self::Empty => Cow::Borrowed(""),
        }
    }
}

/// Whether a spreadsheet might run a cell that begins like this.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Plain(number.to_string())
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Plain(day.to_string())
    }
}

impl From<Uuid> for Cell {
    fn from(id: Uuid) -> Self {
        Self::Plain(id.to_string())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// The first bytes of a file: the mark and the heads of the columns.
pub(crate) fn begin(header: &[Cell]) -> Result<Bytes> {
    let mut bytes = BYTE_ORDER_MARK.to_vec();
    bytes.extend_from_slice(&lines(std::slice::from_ref(&header))?);
    Ok(bytes.into())
}

/// Rows as bytes.
pub(crate) fn lines<R: AsRef<[Cell]>>(rows: &[R]) -> Result<Bytes> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        let cells: Vec<_> = row.as_ref().iter().map(Cell::shown).collect();
        writer
            .write_record(cells.iter().map(|cell| cell.as_bytes()))
            .map_err(|_| Error::internal("a row that is no CSV"))?;
    }
    writer
        .into_inner()
        .map(Bytes::from)
        .map_err(|_| Error::internal("CSV that cannot be written to memory"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: Vec<Cell>) -> String {
        String::from_utf8(lines(&[cells]).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_file_begins_with_the_mark_and_lines_end_in_crlf() {
        assert_eq!(
            begin(&[Cell::text("Tên"), Cell::text("Số")]).unwrap(),
            "\u{feff}Tên,Số\r\n".as_bytes()
        );
    }

    #[test]
    fn text_is_quoted_and_never_a_formula() {
        for (text, cell) in [
            ("Đường, cầu", "\"Đường, cầu\""),
            ("nói \"hay\"", "\"nói \"\"hay\"\"\""),
            ("hai\ndòng", "\"hai\ndòng\""),
            ("=1+1", "'=1+1"),
            ("+84", "'+84"),
            ("-", "'-"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(
                written(vec![Cell::text(text), Cell::Empty]),
                format!("{cell},\r\n")
            );
        }
        assert_eq!(written(vec![Cell::from(-3), Cell::from(Some(2_i64))]), "-3,2\r\n");
    }
}
