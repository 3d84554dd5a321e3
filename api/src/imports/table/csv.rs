//! CSV as spreadsheets write it: UTF-8 with or without a byte order mark, or UTF-16 with one; separated by comma,
//! semicolon or tab.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, Read},
    rc::Rc,
};

use encoding_rs_io::DecodeReaderBytesBuilder;

use super::{LONGEST_CELL, Line, MOST_COLUMNS, Taker, kept, unreadable};
use crate::error::{Code, Error};

/// Bytes of one record. A quotation mark that is never closed would take the rest of the file for one cell.
const LONGEST_RECORD: u64 = 2 * 1024 * 1024;

/// Bytes looked at to find the separator.
const LOOK: usize = 16 * 1024;

pub(super) fn each(file: File, give: Taker<'_>) -> Result<(), Error> {
    let decoder = DecodeReaderBytesBuilder::new()
        .utf8_passthru(true)
        .strip_bom(true)
        .build(BufReader::new(file));
    let mut source = decoder;
    // A reader gives what it has at hand, and that may be three bytes.
    let mut begun = Vec::with_capacity(LOOK);
    (&mut source)
        .take(LOOK as u64)
        .read_to_end(&mut begun)
        .map_err(unreadable)?;
    let (separator, skip) = separator(&begun);
    begun.drain(..skip);
    let source = io::Cursor::new(begun).chain(source);

    let left = Rc::new(Cell::new(LONGEST_RECORD));
    let bounded = Bounded {
        source,
        left: Rc::clone(&left),
        ready: Vec::new(),
        given: 0,
        held: false,
        last: b'\n',
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(bounded);
    let mut record = csv::ByteRecord::new();
    let skipped = u64::from(skip > 0);
    loop {
        left.set(LONGEST_RECORD);
        if !reader.read_byte_record(&mut record).map_err(unreadable)? {
            return Ok(());
        }
        // Where a record begins the reader does not tell where empty lines are before it; where it ends, it does.
        let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let number = (reader.position().line() + skipped).saturating_sub(1 + within);
        let cells = record
            .iter()
            .take(MOST_COLUMNS)
            .map(text)
            .collect::<Result<_, _>>()?;
        let line = Line {
            number: u32::try_from(number).unwrap_or(u32::MAX),
            cells,
            is_1904: false,
        };
        if !give(line) {
            return Ok(());
        }
    }
}

fn text(cell: &[u8]) -> Result<String, Error> {
    let text = std::str::from_utf8(cell).map_err(|_| Error::from(Code::LegacyEncoding))?;
    Ok(kept(text.chars().take(LONGEST_CELL).collect()))
}

/// What separates the cells of the first line, and how many bytes come before it: Excel may say it in a line of its
/// own.
fn separator(begun: &[u8]) -> (u8, usize) {
    if let [b's', b'e', b'p', b'=', told @ (b',' | b';' | b'\t'), ..] = begun {
        let end = begun.iter().position(|byte| *byte == b'\n');
        return (*told, end.map_or(begun.len(), |end| end + 1));
    }
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0)];
    let (mut quoted, mut lines) = (false, 0);
    for byte in begun {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                lines += 1;
                // A table may have titles above its heads.
                if lines == 20 {
                    break;
                }
            }
            _ if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| separator == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // Commas stand in texts too: where the other two are in every line, they separate.
    let [comma, semicolon, tab] = counts.map(|(_, count)| count);
    let separator = if tab > 0 && tab >= semicolon && tab * 2 >= comma {
        b'\t'
    } else if semicolon > 0 && semicolon * 2 >= comma {
        b';'
    } else {
        b','
    };
    (separator, 0)
}

/// A reader that gives no more than a record may have, and every line with the same end, the last one too.
struct Bounded<R> {
    source: R,
    left: Rc<Cell<u64>>,
    ready: Vec<u8>,
    /// How much of it was given.
    given: usize,
    /// A carriage return that waits for what follows.
    held: bool,
    last: u8,
}

impl<R: Read> Bounded<R> {
    fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0; 8 * 1024];
        let read = self.source.read(&mut chunk)?;
        let left = self.left.get().checked_sub(read as u64);
        self.left.set(left.ok_or(io::ErrorKind::InvalidData)?);
        self.given = 0;
        self.ready.clear();
        for byte in &chunk[..read] {
            if std::mem::take(&mut self.held) && *byte != b'\n' {
                self.ready.push(b'\r');
            }
            self.held = *byte == b'\r';
            if !self.held {
                self.ready.push(*byte);
            }
            self.last = *byte;
        }
        if read == 0 && self.last != b'\n' {
            self.held = false;
            self.last = b'\n';
            self.ready.push(b'\n');
        }
        Ok(())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            let was_held = self.held;
            self.fill()?;
            // Nothing more comes, unless all that came was held back.
            if self.ready.is_empty() && (!self.held || was_held) {
                return Ok(0);
            }
        }
        let ready = &self.ready[self.given..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::rows;
    use crate::error::Code;

    fn utf16(text: &str) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn every_way_in_which_a_spreadsheet_writes_text_is_read() {
        let expected = vec![
            (1, vec!["Nội dung".to_owned(), "Xã".to_owned()]),
            (
                2,
                vec!["Cầu, đường; \"cũ\"\nhỏng".to_owned(), "Tân Hưng".to_owned()],
            ),
            (5, vec!["Điện".to_owned(), String::new()]),
        ];
        let with = |separator: &str| {
            format!(
                "Nội dung{separator}Xã\r\n\"Cầu, đường; \"\"cũ\"\"\nhỏng\"{separator}Tân Hưng\r\n\r\nĐiện{separator}\r\n"
            )
        };
        for separator in [",", ";", "\t"] {
            let text = with(separator);
            assert_eq!(rows(text.as_bytes()).unwrap(), expected, "{separator:?}");
            let marked = format!("\u{feff}{text}");
            assert_eq!(
                rows(marked.as_bytes()).unwrap(),
                expected,
                "{separator:?} with a mark"
            );
            assert_eq!(rows(&utf16(&text)).unwrap(), expected, "{separator:?} in UTF-16");
        }
        let told = format!("sep=;\r\n{}", with(";"));
        let found = rows(told.as_bytes()).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], (2, expected[0].1.clone()));
    }

    #[test]
    fn legacy_encodings_are_refused_and_not_mangled() {
        // "Nội dung" in Windows-1258.
        assert_eq!(rows(b"N\xf4\xf2i dung,X\xe3\r\n"), Err(Code::LegacyEncoding));
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_does_not_take_the_file() {
        let mut text = String::from("a,b\n\"");
        text.push_str(&"x".repeat(3 * 1024 * 1024));
        assert_eq!(rows(text.as_bytes()), Err(Code::UnreadableFile));
    }

    #[test]
    fn the_guard_against_formulas_is_taken_off_again() {
        let found = rows(b"'=1+1,'x,'-5\n").unwrap();
        assert_eq!(found[0].1, ["=1+1", "'x", "-5"]);
    }
}
