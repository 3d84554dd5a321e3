//! A .docx taken apart: its text as lines, cells between bars.

use std::io::{Cursor, Read, Write};

use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The parts of a document by name.
pub(super) fn parts(docx: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(docx)).unwrap();
    let names = (0..zip.len()).map(|at| {
        let mut file = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    });
    names.collect()
}

/// Parts as a document.
pub(super) fn zipped(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The shipped or any other document with one part changed, or added.
pub(super) fn changed(docx: &[u8], name: &str, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let mut parts = parts(docx);
    match parts.iter_mut().find(|(part, _)| part == name) {
        Some((_, bytes)) => *bytes = change(std::str::from_utf8(bytes).unwrap()).into_bytes(),
        None => parts.push((name.to_owned(), change("").into_bytes())),
    }
    zipped(&parts)
}

/// What it says: a line for each paragraph, a bar between cells.
pub(crate) fn text_of(docx: &[u8]) -> String {
    let parts = parts(docx);
    let (_, document) = parts
        .iter()
        .find(|(name, _)| name == "word/document.xml")
        .unwrap();
    let mut rest = std::str::from_utf8(document).unwrap();
    let mut told = String::new();
    while let Some((before, after)) = rest.split_once('<') {
        told.push_str(before);
        let (tag, after) = after.split_once('>').unwrap();
        match tag {
            "/w:p" | "w:br/" | "w:p/" => told.push('\n'),
            "/w:tc" => told = format!("{} | ", told.trim_end_matches('\n')),
            "/w:tr" => told = format!("{}\n", told.trim_end_matches([' ', '|'])),
            _ => {}
        }
        rest = after;
    }
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    let told = plain.iter().fold(told, |told, (from, to)| told.replace(from, to));
    let (_, told) = told.split_once('\n').unwrap_or(("", &told));
    let lines: Vec<&str> = told
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}
