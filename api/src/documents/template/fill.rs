//! Placeholders: `{{tên}}`, and `{{danh_sách.tên}}` in a row of a table, or in a paragraph, that is repeated.
//!
//! A row that names a list is repeated for each of its entries; so is a paragraph outside of such rows. A paragraph
//! whose placeholders are all empty is left out, unless it is in a table. Word cuts a text into runs where it pleases,
//! also within a placeholder: a paragraph is read as one text, and what stands for a placeholder goes to the run in
//! which it began.

use std::collections::BTreeSet;

use super::xml::{Element, Node, escape};
use crate::{
    documents::filling::{Filling, Row},
    error::{Code, Error},
    text,
};

/// Bytes of all parts of a made document: 5,000 petitions have some 20 million.
pub(super) const MOST_MADE: usize = 64 * 1024 * 1024;
/// Letters of the longest placeholder that is looked for.
const LONGEST: usize = 80;

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// A name in a text, in both of its parts without marks and spaces: `{{Số văn bản}}` is `so_van_ban`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) list: Option<String>,
    pub(super) field: String,
}

impl Name {
    fn read(raw: &str) -> Self {
        let folded = |part: &str| text::fold(part).replace(' ', "_");
        match raw.split_once('.') {
            Some((list, field)) => Self {
                list: Some(folded(list)),
                field: folded(field),
            },
            None => Self {
                list: None,
                field: folded(raw),
            },
        }
    }
}

/// A placeholder: where it stands in the text of its paragraph, and what it names.
struct Place {
    from: usize,
    to: usize,
    name: Name,
}

fn places(text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(from) = text[at..].find(OPEN).map(|begun| at + begun) {
        let inside = from + OPEN.len();
        let rest = &text[inside..];
        // One that is never closed names all that follows, so that it is told as unknown.
        let end = rest
            .find(CLOSE)
            .filter(|end| rest[..*end].chars().count() <= LONGEST);
        let (raw, to) = match end {
            Some(end) => (&rest[..end], inside + end + CLOSE.len()),
            None => {
                let end = rest
                    .char_indices()
                    .nth(LONGEST)
                    .map_or(rest.len(), |(end, _)| end);
                (&rest[..end], inside + end)
            }
        };
        found.push(Place {
            from,
            to,
            name: Name::read(raw),
        });
        at = to;
    }
    found
}

/// The texts of a paragraph, without those of paragraphs in it (text boxes).
fn texts(paragraph: &Element, found: &mut Vec<String>) {
    for child in paragraph.elements() {
        match child.name() {
            "w:p" => {}
            "w:t" => found.push(child.text()),
            _ => texts(child, found),
        }
    }
}

fn text_of(paragraph: &Element) -> String {
    let mut found = Vec::new();
    texts(paragraph, &mut found);
    found.concat()
}

/// What a part names, and rows and paragraphs that name two lists at once.
pub(super) fn names(part: &Element, found: &mut BTreeSet<Name>, mixed: &mut BTreeSet<String>) {
    part.walk(&mut |element| match element.name() {
        "w:p" => {
            found.extend(places(&text_of(element)).into_iter().map(|place| place.name));
            mixed.extend(two_lists(element));
        }
        "w:tr" => mixed.extend(two_lists(element)),
        _ => {}
    });
}

fn two_lists(element: &Element) -> Option<String> {
    let lists = lists(element);
    (lists.len() > 1).then(|| lists.into_iter().collect::<Vec<_>>().join(", "))
}

/// The lists that a row or paragraph names itself, not by a row within it.
fn lists(element: &Element) -> BTreeSet<String> {
    fn gather(element: &Element, found: &mut BTreeSet<String>) {
        if element.name() == "w:p" {
            let named = places(&text_of(element)).into_iter();
            found.extend(named.filter_map(|place| place.name.list));
        }
        for child in element.elements().filter(|child| child.name() != "w:tr") {
            gather(child, found);
        }
    }
    let mut found = BTreeSet::new();
    gather(element, &mut found);
    found
}

/// A part with everything filled in; it takes its bytes from the room that is left.
pub(super) fn fill(part: &Element, filling: &Filling, room: &mut usize) -> Result<String, Error> {
    let mut writer = Writer {
        out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"),
        filling,
        room: *room,
    };
    writer.element(part, None, &mut Vec::new())?;
    *room = writer.room;
    Ok(writer.out)
}

/// An entry of a list, for the row that stands for it.
type Entry<'a> = Option<(&'a str, &'a Row)>;

struct Writer<'a> {
    out: String,
    filling: &'a Filling,
    room: usize,
}

impl<'a> Writer<'a> {
    fn put(&mut self, text: &str) -> Result<(), Error> {
        let left = self.room.checked_sub(text.len());
        self.room = left.ok_or(Error::limit(Code::LimitTooLarge, MOST_MADE as u64))?;
        self.out.push_str(text);
        Ok(())
    }

    fn value(&self, name: &Name, entry: Entry<'a>) -> &'a str {
        match &name.list {
            None => self.filling.value(&name.field),
            Some(list) => match entry {
                Some((of, row)) if of == list => row.value(&name.field),
                _ => "",
            },
        }
    }

    /// Writes an element; `runs` are the texts that are left of the paragraph in which it stands.
    fn element(&mut self, element: &Element, entry: Entry<'a>, runs: &mut Vec<String>) -> Result<(), Error> {
        if element.name() == "w:t" && !runs.is_empty() {
            let text = runs.remove(0);
            return self.run(&text);
        }
        self.put("<")?;
        self.put(&element.tag)?;
        self.put(">")?;
        let mut last = "";
        for child in &element.children {
            match child {
                Node::Text(text) => self.put(text)?,
                Node::Element(child) => {
                    if self.child(element, child, entry, runs)? {
                        last = child.name();
                    }
                }
            }
        }
        // A cell ends with a paragraph, or Word calls the file damaged.
        let ends_in_paragraph = matches!(
            element.name(),
            "w:tc" | "w:hdr" | "w:ftr" | "w:txbxContent" | "w:footnote"
        );
        if ends_in_paragraph && last != "w:p" {
            self.put("<w:p/>")?;
        }
        self.put("</")?;
        self.put(element.name())?;
        self.put(">")
    }

    /// Writes what stands for a child: once, several times, or not at all.
    fn child(
        &mut self,
        parent: &Element,
        child: &Element,
        entry: Entry<'a>,
        runs: &mut Vec<String>,
    ) -> Result<bool, Error> {
        let repeats = match child.name() {
            "w:tr" | "w:p" if entry.is_none() => lists(child).into_iter().next(),
            _ => None,
        };
        match (child.name(), repeats) {
            (kind, Some(list)) => {
                let Some((list, rows)) = self.filling.list(&list) else {
                    return Ok(false);
                };
                for row in rows {
                    if kind == "w:p" {
                        self.paragraph(parent, child, Some((list, row)))?;
                    } else {
                        self.element(child, Some((list, row)), &mut Vec::new())?;
                    }
                }
                Ok(!rows.is_empty())
            }
            ("w:p", None) => self.paragraph(parent, child, entry),
            ("w:tbl", None) if self.is_empty_table(child, entry) => Ok(false),
            (_, None) => {
                self.element(child, entry, runs)?;
                Ok(true)
            }
        }
    }

    /// Whether every row of a table stands for an entry of a list that has none.
    fn is_empty_table(&self, table: &Element, entry: Entry<'a>) -> bool {
        let mut rows = table.elements().filter(|child| child.name() == "w:tr").peekable();
        entry.is_none()
            && rows.peek().is_some()
            && rows.all(|row| {
                let named = lists(row);
                !named.is_empty()
                    && named
                        .iter()
                        .all(|list| self.filling.list(list).is_none_or(|(_, rows)| rows.is_empty()))
            })
    }

    fn paragraph(&mut self, parent: &Element, paragraph: &Element, entry: Entry<'a>) -> Result<bool, Error> {
        let mut runs = Vec::new();
        texts(paragraph, &mut runs);
        let places = places(&runs.concat());
        if places.is_empty() {
            // As it is; the texts are written by the way of those with placeholders.
            self.element(paragraph, entry, &mut Vec::new())?;
            return Ok(true);
        }
        let values: Vec<&str> = places
            .iter()
            .map(|place| self.value(&place.name, entry))
            .collect();
        let mut ends_section = false;
        paragraph.walk(&mut |element| ends_section |= element.name() == "w:sectPr");
        let is_cell = matches!(parent.name(), "w:tc");
        if values.iter().all(|value| value.is_empty()) && !is_cell && !ends_section {
            return Ok(false);
        }
        let mut runs = replaced(&runs, &places, &values);
        self.element(paragraph, entry, &mut runs)?;
        Ok(true)
    }

    /// Writes the text of a run; lines of it become lines.
    fn run(&mut self, text: &str) -> Result<(), Error> {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.put("<w:br/>")?;
            }
            self.put("<w:t xml:space=\"preserve\">")?;
            self.put(&escape(line))?;
            self.put("</w:t>")?;
        }
        Ok(())
    }
}

/// The texts of the runs with values where placeholders were: each value in the run in which its placeholder began.
fn replaced(runs: &[String], places: &[Place], values: &[&str]) -> Vec<String> {
    let mut made = Vec::with_capacity(runs.len());
    let mut begins = 0;
    for run in runs {
        let ends = begins + run.len();
        let mut text = String::new();
        let mut at = begins;
        for (place, value) in places.iter().zip(values) {
            if place.to <= begins || place.from >= ends {
                continue;
            }
            let from = place.from.max(begins);
            text.push_str(&run[at - begins..from - begins]);
            if place.from >= begins {
                text.push_str(value);
            }
            at = place.to.min(ends);
        }
        text.push_str(&run[at - begins..]);
        made.push(text);
        begins = ends;
    }
    made
}
