//! Looks for planted bytes in everything that a server leaves on disk: database files, their -wal, a whole
//! PostgreSQL cluster.

use std::{
    fs::File,
    io::{BufRead, ErrorKind, Read},
    path::{Path, PathBuf},
};

use aho_corasick::AhoCorasick;

use crate::spellings::spellings;

/// The files below `folder` in which one of `needles` stands, with the needle's index. Files that disappear
/// during the search are passed over; a file that may not be read is a failure, not a pass.
pub fn files_with(folder: &Path, needles: &[&[u8]]) -> Vec<(PathBuf, usize)> {
    assert!(needles.iter().all(|needle| !needle.is_empty()));
    let any = AhoCorasick::new(needles).unwrap();
    let mut found = Vec::new();
    visit(folder, &mut |path| search(path, needles, &any, &mut found));
    found
}

/// Fails when one of the planted texts stands in a file below `folder`, in whatever [spelling](spellings).
pub fn assert_nowhere_in(folder: &Path, planted: &[&str]) {
    let forms: Vec<(&str, Vec<u8>)> = planted
        .iter()
        .flat_map(|text| spellings(text).into_iter().map(|form| (*text, form)))
        .collect();
    let needles: Vec<&[u8]> = forms.iter().map(|(_, form)| form.as_slice()).collect();
    let found: Vec<_> = files_with(folder, &needles)
        .into_iter()
        .map(|(path, index)| {
            let (text, form) = &forms[index];
            (*text, String::from_utf8_lossy(form).into_owned(), path)
        })
        .collect();
    assert!(found.is_empty(), "to be read from what is stored: {found:#?}");
}

/// Fails when one of the planted texts stands in a file below `folder`.
pub fn assert_free_of(folder: &Path, planted: &[&str]) {
    let needles: Vec<&[u8]> = planted.iter().map(|text| text.as_bytes()).collect();
    let found = files_with(folder, &needles);
    let found: Vec<_> = found
        .iter()
        .map(|(path, index)| (planted[*index], path))
        .collect();
    assert!(found.is_empty(), "stored in plain text: {found:#?}");
}

fn visit(folder: &Path, each: &mut impl FnMut(&Path)) {
    let Some(entries) = still_there(folder, std::fs::read_dir(folder)) else {
        return;
    };
    for entry in entries {
        let Some(entry) = still_there(folder, entry) else {
            continue;
        };
        let path = entry.path();
        let Some(kind) = still_there(&path, entry.file_type()) else {
            continue;
        };
        if kind.is_dir() {
            visit(&path, each);
        } else if kind.is_file() {
            each(&path);
        }
    }
}

/// `any` finds all needles in one walk over the bytes; which of them it was is asked only where there is one.
fn search(path: &Path, needles: &[&[u8]], any: &AhoCorasick, found: &mut Vec<(PathBuf, usize)>) {
    const CHUNK: u64 = 1 << 20;
    let Some(mut file) = still_there(path, File::open(path)) else {
        return;
    };
    let overlap = needles.iter().map(|needle| needle.len()).max().unwrap_or(1) - 1;
    let mut missing: Vec<usize> = (0..needles.len()).collect();
    let mut window = Vec::new();
    loop {
        let kept = window.len().min(overlap);
        window.drain(..window.len() - kept);
        let Some(read) = still_there(path, file.by_ref().take(CHUNK).read_to_end(&mut window)) else {
            return;
        };
        let is_here = any.is_match(&window);
        missing.retain(|index| {
            let here = is_here && contains(&window, needles[*index]);
            if here {
                found.push((path.to_owned(), *index));
            }
            !here
        });
        if read == 0 || missing.is_empty() {
            return;
        }
    }
}

/// `skip_until` is the one door to the standard library's compiled memchr; a loop over bytes in an unoptimised
/// test needs seconds for a cluster.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let mut rest = haystack;
    while rest.len() >= needle.len() {
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
        let mut ahead = rest;
        let skipped = ahead.skip_until(needle[0]).unwrap();
        if skipped == 0 || rest[skipped - 1] != needle[0] {
            return false;
        }
        rest = &rest[skipped - 1..];
    }
    false
}

fn still_there<T>(path: &Path, outcome: std::io::Result<T>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{} cannot be searched: {error}", path.display()),
    }
}
