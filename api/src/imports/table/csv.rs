//! CSV as spreadsheets write it: UTF-8 with or without a byte order mark, or UTF-16 with one; separated by comma,
//! semicolon or tab.
//!
//! Quotation marks are taken at their word: they open at the beginning of a cell and close at its end. A parser that
//! finds some reading of everything makes one text of all that follows a stray one, voters' names with it. Here such
//! a record is refused by the line where it begins, and what it would have swallowed is read by itself.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    mem,
};

use encoding_rs_io::DecodeReaderBytesBuilder;

use super::{LONGEST_CELL, Line, MOST_COLUMNS, Taker, kept, unreadable};
use crate::{
    error::{Code, Error},
    imports::columns::Heads,
};

/// Bytes of one line.
const LONGEST_LINE: usize = 2 * 1024 * 1024;

/// Lines of a record beyond its first: a cell of Excel has at most 253 line ends.
const MOST_LINES: usize = 1_000;

/// Bytes of broken records that may be read again as far as that; of a file that has more a record has few lines. Otherwise
/// each line of a hostile one would have a thousand read again.
const MOST_AGAIN: usize = 64 * 1024 * 1024;
const FEW_LINES: usize = 20;

/// Bytes of a record of several lines: more than the texts of a petition may have together.
const LONGEST_RECORD: usize = 512 * 1024;

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
    let mut records = Records {
        source: BufReader::new(io::Cursor::new(begun).chain(source)),
        separator: char::from(separator),
        ahead: VecDeque::new(),
        number: u64::from(skip > 0),
        after_return: false,
        heads: None,
        shortest: 0,
        is_wary: false,
        looked_again: 0,
    };
    while let Some(line) = records.record()? {
        if !give(line) {
            break;
        }
    }
    Ok(())
}

/// The records of a file.
struct Records<R> {
    source: R,
    separator: char,
    /// Lines that were looked at and are still to be read.
    ahead: VecDeque<String>,
    /// Bytes of broken records, which are read again.
    looked_again: usize,
    /// Lines that were taken.
    number: u64,
    /// The last line ended in a carriage return: a line feed after it belongs to it.
    after_return: bool,
    /// Separators of the head row, as [`separators`] counts them.
    heads: Option<usize>,
    /// Those of the shortest row so far: Excel may leave out the empty cells at the end of rows.
    shortest: usize,
    /// A record was broken, and no row was seen since that is certainly one: what comes may be the rest of its text.
    is_wary: bool,
}

impl<R: BufRead> Records<R> {
    /// The next record, or of a broken one the number of its first line and nothing that stands in it.
    fn record(&mut self) -> Result<Option<Line>, Error> {
        let first = loop {
            match self.next_line()? {
                Some(line) if line.trim().is_empty() => {}
                Some(line) => break line,
                None => return Ok(None),
            }
        };
        let begun = self.number;
        let number = u32::try_from(begun).unwrap_or(u32::MAX);
        let mut record = Record::default();
        let mut is_closed = record.take(&first, self.separator);
        let (mut more, mut length) = (Vec::new(), first.len());
        while is_closed && record.open.is_some() {
            let Some(line) = self.next_line()? else {
                is_closed = false;
                break;
            };
            length += line.len();
            let most = if self.looked_again > MOST_AGAIN {
                FEW_LINES
            } else {
                MOST_LINES
            };
            is_closed = record.take(&line, self.separator) && more.len() < most && length <= LONGEST_RECORD;
            more.push(line);
        }
        let is_doubtful = self.is_wary && (record.has_loose || record.separators < self.shortest);
        if is_closed && !is_doubtful && !self.swallows(&first, &more, &record) {
            self.is_wary = false;
            let cells: Vec<String> = record
                .cells
                .into_iter()
                .map(|cell| kept(cell.chars().take(LONGEST_CELL).collect()))
                .collect();
            if self.heads.is_some() {
                self.shortest = self.shortest.min(record.separators).max(1);
            } else if Heads::read(&cells).is_some() {
                self.heads = Some(record.separators);
                self.shortest = record.separators;
            }
            return Ok(Some(Line {
                number,
                cells,
                ..Line::default()
            }));
        }
        // A line that is closed in itself says nothing of the next.
        self.is_wary |= !is_closed || !more.is_empty();
        self.number = begun;
        self.looked_again += length;
        for line in more.into_iter().rev() {
            self.ahead.push_front(line);
        }
        Ok(Some(Line {
            number,
            is_misquoted: true,
            ..Line::default()
        }))
    }

    /// Whether a pair of quotes that opens and closes as it should holds what are cells or rows of their own: a text
    /// may have line ends and separators, but not all those that a row has.
    fn swallows(&self, first: &str, more: &[String], record: &Record) -> bool {
        let Some(heads) = self.heads else { return false };
        let count = |line: &str| separators(line, self.separator);
        let in_all = count(first) + more.iter().map(|line| count(line)).sum::<usize>();
        if record.count <= heads && in_all >= heads {
            return true;
        }
        let is_row = |line: &str| count(line) >= heads;
        match more {
            [] => false,
            [between @ .., last] => {
                between.iter().any(|line| is_row(line)) || (is_row(first) && is_row(last))
            }
        }
    }

    fn next_line(&mut self) -> Result<Option<String>, Error> {
        let line = match self.ahead.pop_front() {
            Some(line) => Some(line),
            None => self.read_line()?,
        };
        self.number += u64::from(line.is_some());
        Ok(line)
    }

    /// A line without its end, whichever of the three it has.
    fn read_line(&mut self) -> Result<Option<String>, Error> {
        let mut line = Vec::new();
        loop {
            let ready = self.source.fill_buf().map_err(unreadable)?;
            if ready.is_empty() {
                if line.is_empty() {
                    return Ok(None);
                }
                break;
            }
            if mem::take(&mut self.after_return) && ready[0] == b'\n' {
                self.source.consume(1);
                continue;
            }
            let end = ready.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            line.extend_from_slice(&ready[..end.unwrap_or(ready.len())]);
            self.after_return = end.is_some_and(|end| ready[end] == b'\r');
            let used = end.map_or(ready.len(), |end| end + 1);
            self.source.consume(used);
            if line.len() > LONGEST_LINE {
                return Err(Code::UnreadableFile.into());
            }
            if end.is_some() {
                break;
            }
        }
        String::from_utf8(line)
            .map(Some)
            .map_err(|_| Code::LegacyEncoding.into())
    }
}

/// A record as far as its lines were read.
#[derive(Default)]
struct Record {
    cells: Vec<String>,
    /// How many cells it has, those too that are not looked at.
    count: usize,
    /// Separators between its cells, as [`separators`] counts them.
    separators: usize,
    /// The cell whose quotes are open at the end of the line.
    open: Option<String>,
    /// A quotation mark stands in a cell without quotes. Many programs write an inch so.
    has_loose: bool,
}

/// Where in a record a sign stands.
enum At {
    /// At the beginning of a cell.
    Begin,
    /// In a cell without quotes.
    Bare,
    Quoted,
    /// After the quotes.
    Closed,
}

impl Record {
    /// Takes one line more; false where something follows the quotes of a cell.
    fn take(&mut self, line: &str, separator: char) -> bool {
        let (mut cell, mut at) = match self.open.take() {
            Some(open) => (open + "\n", At::Quoted),
            None => (String::new(), At::Begin),
        };
        let mut signs = line.chars().peekable();
        while let Some(sign) = signs.next() {
            match at {
                At::Quoted if sign != '"' || signs.next_if_eq(&'"').is_some() => cell.push(sign),
                At::Quoted => at = At::Closed,
                _ if sign == separator => {
                    self.put(mem::take(&mut cell));
                    self.separators += usize::from(signs.peek() != Some(&' '));
                    at = At::Begin;
                }
                At::Closed => return false,
                At::Begin if sign == '"' => at = At::Quoted,
                At::Begin | At::Bare => {
                    self.has_loose |= sign == '"';
                    cell.push(sign);
                    at = At::Bare;
                }
            }
        }
        if matches!(at, At::Quoted) {
            self.open = Some(cell);
        } else {
            self.put(cell);
        }
        true
    }

    fn put(&mut self, cell: String) {
        self.count += 1;
        if self.cells.len() < MOST_COLUMNS {
            self.cells.push(cell);
        }
    }
}

/// How many separators a line has, within quotes too, that no space follows: in sentences one follows the comma.
fn separators(line: &str, separator: char) -> usize {
    line.split(separator)
        .skip(1)
        .filter(|rest| !rest.starts_with(' '))
        .count()
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
    // A stray quotation mark must not turn all that follows inside out.
    let is_edge =
        |byte: Option<&u8>| byte.is_none_or(|byte| matches!(byte, b',' | b';' | b'\t' | b'\r' | b'\n'));
    for (place, byte) in begun.iter().enumerate() {
        match byte {
            b'"' if quoted => quoted = !is_edge(begun.get(place + 1)),
            b'"' => quoted = is_edge(place.checked_sub(1).and_then(|before| begun.get(before))),
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
    fn a_line_without_end_is_refused() {
        let mut text = String::from("a,b\n\"");
        text.push_str(&"x".repeat(3 * 1024 * 1024));
        assert_eq!(rows(text.as_bytes()), Err(Code::UnreadableFile));
    }

    /// What is found below the heads of a table of four columns, two of them about voters: of every row its number
    /// and its first cell, nothing where it was refused.
    fn below(lines: &str) -> Vec<(u32, Option<String>)> {
        let file = format!("Nội dung kiến nghị,Số kiến nghị,Họ và tên,Điện thoại\n{lines}");
        let found = rows(file.as_bytes()).unwrap();
        for (_, cells) in &found[1..] {
            let texts = cells.iter().take(2).cloned().collect::<String>();
            assert!(!texts.contains("Kín") && !texts.contains("0909"), "{cells:?}");
        }
        found
            .into_iter()
            .skip(1)
            .map(|(number, cells)| (number, cells.into_iter().next()))
            .collect()
    }

    fn read(number: u32, text: &str) -> (u32, Option<String>) {
        (number, Some(text.to_owned()))
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_costs_its_line() {
        let found = below("\"Sửa A,U-1,Trần Kín,0909\nSửa B,U-2,Lê Kín,0909");
        assert_eq!(found, [(2, None), read(3, "Sửa B")]);
        // The next quotes are those of a good cell, or stray as well.
        let found = below(
            "\"Sửa A,U-1,Trần Kín,0909\nSửa B,U-2,\"Lê, Kín\",0909\n\"Sửa, C\",U-3,,\n\"Sửa D,U-4,Lê Kín,0909\n",
        );
        assert_eq!(found, [(2, None), read(3, "Sửa B"), read(4, "Sửa, C"), (5, None)]);
        // Whole tables after it, in many lines and in long ones.
        for (count, text) in [(3_000, "Sửa".to_owned()), (20, "Sửa ".repeat(20_000))] {
            let mut lines = String::from("\"Sửa A,U-1,Trần Kín,0909\n");
            for _ in 0..count {
                lines.push_str(&format!("{text},U,Lê Kín,0909\n"));
            }
            let found = below(&lines);
            assert_eq!(found.len(), count + 1);
            assert_eq!(found[0], (2, None));
            assert!(found[1..].iter().all(|(_, text)| text.is_some()));
        }
    }

    #[test]
    fn quotes_that_close_swallow_neither_rows_nor_cells() {
        let found = below(
            "\"Sửa A,U-1,Trần Kín,0909\nSửa B,U-2,Lê Kín,0909\nSửa C\",U-3,Lê Kín,0909\nSửa D,U-4,Lê Kín,0909\n",
        );
        assert_eq!(
            found,
            [(2, None), read(3, "Sửa B"), read(4, "Sửa C\""), read(5, "Sửa D")]
        );
        // From the last cell on, and up to it.
        let found = below("Sửa A,U-1,Trần Kín,\"0909\nSửa B,U-2,Lê Kín,0909\"\nSửa C,U-3,Lê Kín,0909\n");
        assert_eq!(found, [(2, None), (3, None), read(4, "Sửa C")]);
        // Within one line, and where the text had two.
        let found = below("\"Sửa A,U-1,Trần Kín\",0909\nSửa B,U-2,Lê Kín,0909\n");
        assert_eq!(found, [(2, None), read(3, "Sửa B")]);
        let found = below("\"Sửa A\nấp 2,U-1,Trần Kín\",0909\nSửa B,U-2,Lê Kín,0909\n");
        assert_eq!(found, [(2, None), (3, None), read(4, "Sửa B")]);
    }

    #[test]
    fn quotes_in_quotes_that_are_not_doubled_cost_their_row_and_make_no_rows_of_its_text() {
        let found = below(
            "\"Sửa \"cầu\" A\",U-1,Trần Kín,0909\n\"Sửa \"cầu\"\nở ấp 1, ấp 2, ấp 3, ấp 4\nvà ấp 5\",U-2,Lê Kín,0909\n\
             \"Sửa B\",U-3,Lê Kín,0909\n",
        );
        assert_eq!(
            found,
            [(2, None), (3, None), (4, None), (5, None), read(6, "Sửa B")]
        );
    }

    #[test]
    fn what_spreadsheets_quote_is_read_whole() {
        let found = below(
            "\"Sửa đường ấp 1, ấp 2, ấp 3, ấp 4\ndài 1,5 km\n\nvà \"\"cầu\"\"\",U-1,\"Lê\nKín\",\"0909\n0909\"\r\n\
             Đường 5\",U-2,Lê Kín,0909\n\n\"\"\"Cầu\"\"\",\"\",,\nSửa C,U-3\n\"Sửa D\r\nấp 2\",U-4,,",
        );
        let expected = [
            read(2, "Sửa đường ấp 1, ấp 2, ấp 3, ấp 4\ndài 1,5 km\n\nvà \"cầu\""),
            read(8, "Đường 5\""),
            read(10, "\"Cầu\""),
            read(11, "Sửa C"),
            read(12, "Sửa D\nấp 2"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_end_in_any_of_three_ways() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("a;b{end}{end}\"c{end}d\";e{end}f;g");
            let found = rows(text.as_bytes()).unwrap();
            let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
            let expected = [
                (1, cells(["a", "b"])),
                (3, cells(["c\nd", "e"])),
                (5, cells(["f", "g"])),
            ];
            assert_eq!(found, expected, "{end:?}");
        }
    }

    #[test]
    fn a_stray_quotation_mark_does_not_change_the_separator() {
        let mut text = String::from("Nội dung kiến nghị;Xã\n\"Sửa A;Tân Hưng\n");
        for _ in 0..20 {
            text.push_str("\"Sửa đường, cầu, cống, điện\";Tân Hưng\n");
        }
        let found = rows(text.as_bytes()).unwrap();
        assert_eq!(found.len(), 22);
        assert_eq!(found[1], (2, Vec::new()));
        assert_eq!(found[2].1, ["Sửa đường, cầu, cống, điện", "Tân Hưng"]);
    }

    #[test]
    fn the_guard_against_formulas_is_taken_off_again() {
        let found = rows(b"'=1+1,'x,'-5\n").unwrap();
        assert_eq!(found[0].1, ["=1+1", "'x", "-5"]);
    }
}
