//! The zip of a .docx: read within limits, judged, and written again. Nothing of it is ever unpacked to a disk.

use std::{
    collections::BTreeSet,
    io::{Cursor, Read, Write},
};

use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::xml::{self, Element};
use crate::error::{Code, Error, Refused};

/// Bytes of a template as it is sent: the shipped ones have 30,000, a coat of arms some 100,000.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Bytes of all its parts when they are unpacked: a small zip may unpack to any size.
const MOST_UNPACKED: u64 = 16 * 1024 * 1024;
const MOST_PARTS: usize = 200;
/// Elements of all its parts: the shipped ones have 2,000, a long document from Word some 30,000.
const MOST_ELEMENTS: usize = 200_000;

/// What the main part of a document without macros is.
const MAIN: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
const TYPES: &str = "[Content_Types].xml";
/// What a letter may consist of: text and pictures of dots. Programs and foreign documents are neither.
const KINDS: [&str; 6] = ["xml", "rels", "png", "jpg", "jpeg", "gif"];
/// Elements that bring in another document or program.
const FOREIGN: [&str; 9] = [
    "altChunk",
    "subDoc",
    "object",
    "OLEObject",
    "control",
    "attachedTemplate",
    "mailMerge",
    "frameset",
    "movie",
];
/// Fields that only tell of the document itself. Others fetch, run or ask.
const FIELDS: [&str; 12] = [
    "PAGE",
    "NUMPAGES",
    "SECTION",
    "SECTIONPAGES",
    "DATE",
    "TIME",
    "CREATEDATE",
    "SAVEDATE",
    "PRINTDATE",
    "SEQ",
    "STYLEREF",
    "SYMBOL",
];

/// The parts of a document, in the order of the zip.
pub(super) struct Package(pub(super) Vec<Part>);

pub(super) struct Part {
    pub(super) name: String,
    pub(super) content: Content,
}

/// A part that may have placeholders, or one that goes through as it is.
pub(super) enum Content {
    Told(Element),
    Plain(Vec<u8>),
}

/// Why a file is no template: the part or thing that it is about stands in the field.
fn refused(what: impl Into<String>) -> Refused {
    Refused::field(Code::InvalidTemplate, what.into())
}

impl Package {
    /// Reads a document without macros, links to the outside, and foreign contents.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| refused("zip"))?;
        if zip.len() > MOST_PARTS {
            return Err(refused("zip"));
        }
        let (mut room, mut elements) = (MOST_UNPACKED, MOST_ELEMENTS);
        let mut names = BTreeSet::new();
        let mut parts = Vec::new();
        for at in 0..zip.len() {
            let mut file = zip.by_index(at).map_err(|_| refused("zip"))?;
            if file.is_dir() {
                continue;
            }
            let name = file.name().map_err(|_| refused("zip"))?.into_owned();
            check_name(&name)?;
            // To an office program the case of a name is none: nobody may hide a second part behind the first.
            if !names.insert(name.to_ascii_lowercase()) {
                return Err(refused(name));
            }
            let mut content = Vec::new();
            // What the zip says of its sizes is not believed.
            let read = file.by_ref().take(room + 1).read_to_end(&mut content);
            read.map_err(|_| refused(name.as_str()))?;
            room = room
                .checked_sub(content.len() as u64)
                .ok_or_else(|| refused("zip"))?;
            let content = content_of(&name, content, &mut elements)?;
            parts.push(Part { name, content });
        }
        let package = Self(parts);
        package.check_types()?;
        package.check_main()?;
        Ok(package)
    }

    fn told(&self) -> impl Iterator<Item = (&str, &Element)> {
        self.0.iter().filter_map(|part| match &part.content {
            Content::Told(root) => Some((part.name.as_str(), root)),
            Content::Plain(_) => None,
        })
    }

    fn check_types(&self) -> Result<(), Refused> {
        let types = self.0.iter().find(|part| part.name == TYPES);
        let Some(Part {
            content: Content::Plain(bytes),
            ..
        }) = types
        else {
            return Err(refused(TYPES));
        };
        let types = xml::read(bytes, &mut { MOST_ELEMENTS }).ok_or_else(|| refused(TYPES))?;
        let named: Vec<String> = types
            .elements()
            .filter_map(|one| one.attribute("ContentType"))
            .collect();
        let of_programs = ["macroenabled", "vba", "activex", "oleobject"];
        let is_program = |kind: &String| of_programs.iter().any(|word| kind.to_lowercase().contains(word));
        if named.iter().any(is_program) {
            return Err(refused("macro"));
        }
        if named.iter().any(|kind| kind == MAIN) {
            Ok(())
        } else {
            Err(refused(TYPES))
        }
    }

    fn check_main(&self) -> Result<(), Refused> {
        let is_main = |(_, root): (&str, &Element)| {
            root.name() == "w:document" && root.elements().any(|child| child.name() == "w:body")
        };
        if self.told().any(is_main) {
            Ok(())
        } else {
            Err(refused("word/document.xml"))
        }
    }
}

/// Writes parts as a document: the same bytes for the same parts.
pub(super) fn write<'a>(parts: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, Error> {
    let failed = |cause: String| Error::internal(format!("a document that cannot be zipped: {cause}"));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, bytes) in parts {
        zip.start_file(name, options)
            .map_err(|cause| failed(cause.to_string()))?;
        zip.write_all(bytes).map_err(|cause| failed(cause.to_string()))?;
    }
    let written = zip.finish().map_err(|cause| failed(cause.to_string()))?;
    Ok(written.into_inner())
}

fn check_name(name: &str) -> Result<(), Refused> {
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    if kind.eq_ignore_ascii_case("bin") {
        return Err(refused("macro"));
    }
    let is_sound = name.len() <= 200
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b':'))
        && name.split('/').all(|step| !matches!(step, "" | "." | ".."));
    let is_foreign = name.starts_with("word/embeddings/") || name.starts_with("word/activeX/");
    let is_known = KINDS.iter().any(|known| kind.eq_ignore_ascii_case(known));
    if is_sound && !is_foreign && is_known {
        Ok(())
    } else {
        Err(refused(name))
    }
}

/// Looks into a part; those that hold text for the page become trees.
fn content_of(name: &str, bytes: Vec<u8>, elements: &mut usize) -> Result<Content, Refused> {
    let kind = name
        .rsplit_once('.')
        .map_or("", |(_, kind)| kind)
        .to_ascii_lowercase();
    if kind != "xml" && kind != "rels" {
        return Ok(Content::Plain(bytes));
    }
    let root = xml::read(&bytes, elements).ok_or_else(|| refused(name))?;
    if kind == "rels" {
        check_links(&root)?;
        return Ok(Content::Plain(bytes));
    }
    check_contents(&root)?;
    let is_told = matches!(
        root.name(),
        "w:document" | "w:hdr" | "w:ftr" | "w:footnotes" | "w:endnotes"
    );
    Ok(if is_told {
        Content::Told(root)
    } else {
        Content::Plain(bytes)
    })
}

/// Nothing of a document lies elsewhere: whoever opens a letter asks nobody for anything.
fn check_links(root: &Element) -> Result<(), Refused> {
    for link in root.elements() {
        let target = link.attribute("Target").unwrap_or_default();
        let mode = link.attribute("TargetMode").unwrap_or_default();
        let leads_out = !mode.is_empty() && !mode.eq_ignore_ascii_case("Internal")
            || target.contains(':')
            || target.contains('\\')
            || target.starts_with("//");
        if leads_out {
            return Err(refused("link"));
        }
    }
    Ok(())
}

fn check_contents(root: &Element) -> Result<(), Refused> {
    let mut foreign = None;
    let mut fields = Vec::new();
    let mut told = String::new();
    root.walk(&mut |element| {
        if FOREIGN.contains(&element.local()) {
            foreign.get_or_insert_with(|| element.local().to_owned());
        }
        match element.name() {
            "w:fldSimple" => fields.push(element.attribute("instr").unwrap_or_default()),
            "w:fldChar" => fields.push(std::mem::take(&mut told)),
            "w:instrText" | "w:delInstrText" => told.push_str(&element.text()),
            _ => {}
        }
    });
    fields.push(told);
    if let Some(name) = foreign {
        return Err(refused(name));
    }
    // The words of a field may lie in several runs; what follows its name are its switches.
    for field in &fields {
        let name = field.split_whitespace().next().unwrap_or("PAGE");
        if !FIELDS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            let name: String = name.chars().take(40).collect();
            return Err(refused(name));
        }
    }
    Ok(())
}
