//! One part of a template as a tree. Names, attributes and texts stay as they were written, so that whatever Word knows
//! and we do not goes through unchanged. Comments are left out; nothing that XML itself would fetch or expand is taken.

use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

/// How deep elements may lie in each other: a text box in a table in a text box has about 40. The tree is walked by
/// recursion.
const DEEPEST: usize = 120;

/// Something in a part.
pub(super) enum Node {
    Element(Element),
    /// Escaped, as it stood there.
    Text(String),
}

/// An element with what is in it.
pub(super) struct Element {
    /// Name and attributes, as between `<` and `>`.
    pub(super) tag: String,
    name: usize,
    pub(super) children: Vec<Node>,
}

impl Element {
    fn new(start: &BytesStart<'_>) -> Self {
        let tag: &str = start;
        Self {
            tag: tag.trim_end().to_owned(),
            name: start.name().as_ref().len(),
            children: Vec::new(),
        }
    }

    /// The name with its prefix.
    pub(super) fn name(&self) -> &str {
        &self.tag[..self.name]
    }

    /// The name without its prefix.
    pub(super) fn local(&self) -> &str {
        self.name().rsplit(':').next().unwrap_or_default()
    }

    /// The value of an attribute, by its name without prefix, unescaped.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let start = BytesStart::from_content(self.tag.as_str(), self.name);
        let found = start.attributes().flatten();
        let mut found = found.filter(|attribute| attribute.key.local_name().as_ref() == name);
        found.next().map(|attribute| unescape(&attribute.value))
    }

    /// The elements in it.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The text that stands right in it, unescaped.
    pub(super) fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|child| match child {
            Node::Text(text) => Some(unescape(text)),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// Shows every element of the tree, this one first.
    pub(super) fn walk(&self, see: &mut impl FnMut(&Element)) {
        see(self);
        for element in self.elements() {
            element.walk(see);
        }
    }
}

/// Reads a part; none if it is no well-formed XML, XML of a kind that no office program writes, or more of it than there
/// is `room` for: a tree takes far more memory than its text.
pub(super) fn read(bytes: &[u8], room: &mut usize) -> Option<Element> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let is_sound = open.len() < DEEPEST && root.is_none();
                open.push(element(&start, room).filter(|_| is_sound)?);
            }
            Event::Empty(start) => {
                let done = element(&start, room).filter(|_| root.is_none())?;
                put(&mut open, &mut root, done);
            }
            Event::End(_) => {
                let done = open.pop()?;
                put(&mut open, &mut root, done);
            }
            Event::Text(text) => say(&mut open, &text),
            Event::CData(text) => say(&mut open, &escape(&text)),
            Event::GeneralRef(reference) => {
                // What is not one of the five of XML, or a number, somebody would have to define.
                let is_known = resolve_predefined_entity(&reference).is_some()
                    || matches!(reference.resolve_char_ref(), Ok(Some(letter)) if is_allowed(letter));
                if !is_known {
                    return None;
                }
                say(&mut open, &format!("&{};", &*reference));
            }
            Event::DocType(_) => return None,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    root.filter(|_| open.is_empty())
}

fn element(start: &BytesStart<'_>, room: &mut usize) -> Option<Element> {
    *room = room.checked_sub(1)?;
    let is_sound = start.attributes().all(|one| one.is_ok());
    is_sound.then(|| Element::new(start))
}

fn put(open: &mut [Element], root: &mut Option<Element>, done: Element) {
    match open.last_mut() {
        Some(parent) => parent.children.push(Node::Element(done)),
        None => *root = Some(done),
    }
}

fn say(open: &mut [Element], text: &str) {
    let Some(parent) = open.last_mut() else { return };
    match parent.children.last_mut() {
        Some(Node::Text(before)) => before.push_str(text),
        _ => parent.children.push(Node::Text(text.to_owned())),
    }
}

/// Whether XML 1.0 has this character.
fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// A text as it stands in XML. What XML cannot say is left out.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| is_allowed(*letter)) {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

fn unescape(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), |plain| plain.into_owned())
}
