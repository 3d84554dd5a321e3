//! XLSX (ECMA-376) read as a stream: the zip's parts one after another, of the sheet one row at a time. The first
//! sheet that is shown counts. Formulas count by the value that was stored with them.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use super::{
    LONGEST_CELL, Line, MOST_COLUMNS, Taker, kept,
    strings::{Strings, Writing},
    unreadable,
};
use crate::error::{Code, Error};

/// Bytes that a part may have when it is unpacked: a file of a few kilobytes could unpack to any size.
const MOST_UNPACKED: u64 = 2 * 1024 * 1024 * 1024;

type Zip = ZipArchive<BufReader<File>>;

pub(super) fn each(file: File, scratch: &Path, give: Taker<'_>) -> Result<(), Error> {
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
    let book = book(&mut zip)?;
    let mut strings = shared(&mut zip, scratch)?;
    let mut reader = part(&mut zip, &book.sheet)?.ok_or(Code::UnreadableFile)?;
    rows(&mut reader, &mut strings, book.is_1904, give)
}

/// A part of the zip as XML, if it is there.
fn part<'a>(zip: &'a mut Zip, name: &str) -> Result<Option<Reader<impl BufRead + use<'a>>>, Error> {
    let Some(index) = zip.index_for_name(name) else {
        return Ok(None);
    };
    let file = zip.by_index(index).map_err(unreadable)?;
    Ok(Some(Reader::from_reader(BufReader::new(
        file.take(MOST_UNPACKED),
    ))))
}

/// The value of an attribute, by its name without prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .map(|attribute| {
            let mut value = String::new();
            for (index, piece) in attribute.value.split('&').enumerate() {
                let (entity, rest) = match piece.split_once(';') {
                    Some((entity, rest)) if index > 0 => (resolve_predefined_entity(entity), rest),
                    _ => (None, piece),
                };
                value.push_str(entity.unwrap_or_default());
                value.push_str(rest);
            }
            value
        })
}

/// The sheet to read, and from when its days are counted.
struct Book {
    sheet: String,
    is_1904: bool,
}

fn book(zip: &mut Zip) -> Result<Book, Error> {
    let mut is_1904 = false;
    let mut relation = None;
    {
        let mut reader = part(zip, "xl/workbook.xml")?.ok_or(Code::UnreadableFile)?;
        let mut buffer = Vec::new();
        loop {
            match reader.read_event_into(&mut buffer).map_err(unreadable)? {
                Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                    "workbookPr" => {
                        let told = attribute(&element, "date1904");
                        is_1904 = matches!(told.as_deref(), Some("1" | "true"));
                    }
                    "sheet" if relation.is_none() => {
                        let state = attribute(&element, "state");
                        if matches!(state.as_deref(), None | Some("visible")) {
                            relation = attribute(&element, "id");
                        }
                    }
                    _ => {}
                },
                Event::Eof => break,
                _ => {}
            }
            buffer.clear();
        }
    }
    let relation = relation.ok_or(Code::UnreadableFile)?;
    let mut reader = part(zip, "xl/_rels/workbook.xml.rels")?.ok_or(Code::UnreadableFile)?;
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).map_err(unreadable)? {
            Event::Start(element) | Event::Empty(element)
                if attribute(&element, "Id").as_deref() == Some(relation.as_str()) =>
            {
                let target = attribute(&element, "Target").ok_or(Code::UnreadableFile)?;
                let sheet = match target.strip_prefix('/') {
                    Some(whole) => whole.to_owned(),
                    None => format!("xl/{target}"),
                };
                return Ok(Book { sheet, is_1904 });
            }
            Event::Eof => return Err(Code::UnreadableFile.into()),
            _ => {}
        }
        buffer.clear();
    }
}

/// Puts the shared texts on disk.
fn shared(zip: &mut Zip, scratch: &Path) -> Result<Strings, Error> {
    let mut strings = Writing::begin(scratch)?;
    let Some(mut reader) = part(zip, "xl/sharedStrings.xml")? else {
        return strings.done();
    };
    let mut buffer = Vec::new();
    let mut text = Text::default();
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(unreadable)?;
        match &event {
            Event::End(element) if element.local_name().as_ref() == "si" => strings.add(&text.take())?,
            Event::Empty(element) if element.local_name().as_ref() == "si" => strings.add("")?,
            Event::Eof => return strings.done(),
            _ => text.hear(&event)?,
        }
        buffer.clear();
    }
}

/// The words inside `t`, without those that only tell how the others are pronounced.
#[derive(Default)]
struct Text {
    words: String,
    inside: bool,
    is_reading: bool,
}

impl Text {
    fn hear(&mut self, event: &Event<'_>) -> Result<(), Error> {
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => self.inside = true,
                "rPh" => self.is_reading = true,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "t" => self.inside = false,
                "rPh" => self.is_reading = false,
                _ => {}
            },
            _ if self.inside && !self.is_reading => spoken(event, &mut self.words)?,
            _ => {}
        }
        Ok(())
    }

    fn take(&mut self) -> String {
        unescaped(std::mem::take(&mut self.words))
    }
}

/// Adds the words of a text event.
fn spoken(event: &Event<'_>, words: &mut String) -> Result<(), Error> {
    if words.len() > LONGEST_CELL * 4 {
        return Ok(());
    }
    match event {
        Event::Text(text) => words.push_str(&text.xml10_content()),
        Event::CData(text) => words.push_str(&text.xml10_content()),
        Event::GeneralRef(entity) => match entity.resolve_char_ref().map_err(unreadable)? {
            Some(letter) => words.push(letter),
            None => words.push_str(resolve_predefined_entity(entity).unwrap_or_default()),
        },
        _ => {}
    }
    Ok(())
}

/// Spreadsheets write signs that XML cannot hold as `_x000D_`.
fn unescaped(text: String) -> String {
    if !text.contains("_x") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 6);
        let letter = code
            .filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        match letter {
            Some(letter) => {
                // A bare carriage return ends a line like any other.
                out.push(if letter == '\r' { '\n' } else { letter });
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// What a cell holds.
#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Number,
    Shared,
    Inline,
    Flag,
    Words,
}

fn rows<R: BufRead>(
    reader: &mut Reader<R>,
    strings: &mut Strings,
    is_1904: bool,
    give: Taker<'_>,
) -> Result<(), Error> {
    let mut buffer = Vec::new();
    let mut line = Line::default();
    let mut number = 0;
    let (mut column, mut kind) = (0, Kind::default());
    let (mut value, mut in_value) = (String::new(), false);
    let mut inline = Text::default();
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(unreadable)?;
        match &event {
            Event::Start(element) => match element.local_name().as_ref() {
                "row" => {
                    let told = attribute(element, "r").and_then(|number| number.parse().ok());
                    number = told.unwrap_or(number + 1);
                    line = Line {
                        number,
                        is_1904,
                        ..Line::default()
                    };
                }
                "c" => {
                    let told = attribute(element, "r").and_then(|place| place_of(&place));
                    column = told.unwrap_or(line.cells.len());
                    kind = match attribute(element, "t").as_deref() {
                        Some("s") => Kind::Shared,
                        Some("inlineStr") => Kind::Inline,
                        Some("b") => Kind::Flag,
                        Some("str" | "e" | "d") => Kind::Words,
                        _ => Kind::Number,
                    };
                    value.clear();
                }
                "v" => in_value = true,
                _ => inline.hear(&event)?,
            },
            Event::End(element) => match element.local_name().as_ref() {
                "v" => in_value = false,
                "c" => {
                    let text = match kind {
                        Kind::Inline => inline.take(),
                        Kind::Shared => strings.get(value.trim().parse().map_err(unreadable)?)?,
                        Kind::Flag => (if value.trim() == "1" { "có" } else { "không" }).to_owned(),
                        Kind::Words => unescaped(std::mem::take(&mut value)),
                        Kind::Number => plain(value.trim()),
                    };
                    put(&mut line.cells, column, text);
                }
                "row" => {
                    if !give(std::mem::take(&mut line)) {
                        return Ok(());
                    }
                }
                "sheetData" => return Ok(()),
                _ => inline.hear(&event)?,
            },
            Event::Eof => return Err(Code::UnreadableFile.into()),
            _ if in_value => spoken(&event, &mut value)?,
            _ if kind == Kind::Inline => inline.hear(&event)?,
            _ => {}
        }
        buffer.clear();
    }
}

fn put(cells: &mut Vec<String>, column: usize, text: String) {
    if column >= MOST_COLUMNS {
        return;
    }
    if cells.len() <= column {
        cells.resize(column + 1, String::new());
    }
    let text = if text.len() > LONGEST_CELL {
        text.chars().take(LONGEST_CELL).collect()
    } else {
        text
    };
    cells[column] = kept(text);
}

/// The column of a place like `AB12`, counted from 0.
fn place_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.fold(0_usize, |column, letter| {
        let letter = usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        column.saturating_mul(26).saturating_add(letter)
    });
    column.checked_sub(1)
}

/// A number as people write it: `125`, not `125.0` or `1.25E2`.
fn plain(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() && number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.0}")
        }
        Ok(number) if number.is_finite() => format!("{number}"),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::{super::tests::rows, *};

    fn workbook(sheet: &str, shared: Option<&str>) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut parts = vec![
            (
                "xl/workbook.xml",
                r#"<workbook xmlns:r="r"><sheets><sheet name="Ẩn" state="hidden" r:id="rId1"/><sheet name="A &amp; B" r:id="rId2"/></sheets></workbook>"#,
            ),
            (
                "xl/_rels/workbook.xml.rels",
                r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>"#,
            ),
            ("xl/worksheets/sheet2.xml", sheet),
        ];
        parts.extend(shared.map(|shared| ("xl/sharedStrings.xml", shared)));
        for (name, text) in parts {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn cells_of_every_kind_are_read() {
        let shared = r#"<sst><si><t>Nội dung</t></si><si><r><t>Cầu </t></r><r><t>&lt;cũ&gt; &#x110;á</t></r><rPh><t>x</t></rPh></si><si/></sst>"#;
        let sheet = r#"<worksheet><sheetData>
            <row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="inlineStr"><is><t>Đơn vị</t></is></c></row>
            <row r="5"><c r="A5" t="s"><v>1</v></c><c r="B5"><f>1+1</f><v>2</v></c><c r="C5" t="str"><v>a_x000D_b</v></c>
              <c r="D5"><v>45789.5</v></c><c r="E5" t="b"><v>1</v></c><c r="F5"><v>1.25E2</v></c><c r="G5" s="1"/></row>
            <row><c t="s"><v>2</v></c><c><v>7</v></c></row>
          </sheetData></worksheet>"#;
        let found = rows(&workbook(sheet, Some(shared))).unwrap();
        let expected: Vec<(u32, Vec<&str>)> = vec![
            (2, vec!["Nội dung", "", "Đơn vị"]),
            (5, vec!["Cầu <cũ> Đá", "2", "a\nb", "45789.5", "có", "125"]),
            (6, vec!["", "7"]),
        ];
        let found: Vec<(u32, Vec<&str>)> = found
            .iter()
            .map(|(number, cells)| (*number, cells.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_cut_off_or_points_nowhere_is_refused() {
        for sheet in [
            "<worksheet><sheetData><row r=\"1\"><c><v>1</v></c>",
            "<worksheet><sheetData><row r=\"1\"><c t=\"s\"><v>99</v></c></row></sheetData></worksheet>",
            "<worksheet><sheetData><row r=\"1\"><c t=\"s\"><v>18446744073709551615</v></c></row></sheetData></worksheet>",
        ] {
            assert_eq!(rows(&workbook(sheet, None)), Err(Code::UnreadableFile), "{sheet}");
        }
        let whole = workbook("<worksheet><sheetData/></worksheet>", None);
        assert_eq!(rows(&whole[..whole.len() / 2]), Err(Code::UnreadableFile));
    }

    #[test]
    fn columns_have_letters() {
        assert_eq!(place_of("A1"), Some(0));
        assert_eq!(place_of("Z9"), Some(25));
        assert_eq!(place_of("AB12"), Some(27));
        assert_eq!(place_of("12"), None);
        assert!(place_of(&"Z".repeat(40)).unwrap() > MOST_COLUMNS);
    }
}
