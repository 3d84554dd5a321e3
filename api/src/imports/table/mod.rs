//! Rows of a file one after another, whatever its format: at no time more of it than a row is in memory.

mod csv;
mod strings;
mod xlsx;

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use crate::error::{Code, Error};

/// Columns of a row; what stands further to the right is not looked at.
pub(super) const MOST_COLUMNS: usize = 256;

/// Characters of a cell that are kept: more than any text of a petition may have, so that the rules refuse it.
pub(super) const LONGEST_CELL: usize = 60_000;

/// Rows of a file: as many as a sheet can have.
pub(super) const MOST_ROWS: u32 = 1_048_576;

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Line or row of the file, counted from 1.
    pub(super) number: u32,
    pub(super) cells: Vec<String>,
    /// Whether days are counted from 1904, as some spreadsheets do.
    pub(super) is_1904: bool,
    /// Its quotation marks do not enclose cells: which cell is which nobody can tell, so it has none.
    pub(super) is_misquoted: bool,
}

impl Line {
    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_misquoted && self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Takes rows; false stops the reading.
pub(super) type Taker<'a> = &'a mut dyn FnMut(Line) -> bool;

/// Gives every row of the file that is not empty. `scratch` is where a file may be put that needs no name.
pub(super) fn each(mut file: File, scratch: &Path, give: Taker<'_>) -> Result<(), Error> {
    let mut first = [0; 8];
    let known = fill(&mut file, &mut first)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut count = 0;
    let mut too_many = false;
    let mut counted = |line: Line| {
        if line.is_empty() {
            return true;
        }
        count += 1;
        too_many = count > MOST_ROWS;
        !too_many && give(line)
    };
    match &first[..known] {
        [b'P', b'K', 3, 4, ..] => xlsx::each(file, scratch, &mut counted)?,
        // The old binary format, and everything with a password.
        [0xd0, 0xcf, 0x11, 0xe0, ..] => return Err(Code::UnreadableFile.into()),
        _ => csv::each(file, &mut counted)?,
    }
    if too_many {
        return Err(Error::limit(Code::TooManyRows, u64::from(MOST_ROWS)));
    }
    Ok(())
}

fn fill(file: &mut File, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]).map_err(unreadable)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Whatever is wrong with a file is the sender's to repair.
fn unreadable<E>(_: E) -> Error {
    Code::UnreadableFile.into()
}

/// A cell as it is kept: without the sign that guards a text against being run.
fn kept(mut cell: String) -> String {
    let guarded = cell
        .strip_prefix('\'')
        .is_some_and(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r']));
    if guarded {
        cell.remove(0);
    }
    cell
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    /// What a file of these bytes says.
    pub(in crate::imports) fn rows(bytes: &[u8]) -> Result<Vec<(u32, Vec<String>)>, Code> {
        let folder = tempfile::tempdir().unwrap();
        let mut file = tempfile::tempfile_in(&folder).unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let mut found = Vec::new();
        each(file, folder.path(), &mut |line| {
            found.push((line.number, line.cells));
            true
        })
        .map_err(|error| error.code())?;
        Ok(found)
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert_eq!(rows(b""), Ok(Vec::new()));
        assert_eq!(
            rows(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]),
            Err(Code::UnreadableFile)
        );
        assert_eq!(rows(b"PK\x03\x04 and nothing more"), Err(Code::UnreadableFile));
    }
}
