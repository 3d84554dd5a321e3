//! Keeps parsed documents: apps send the same few texts all day.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::parser::types::ExecutableDocument;

use super::seats::locked;

/// Bytes of texts that are kept; a parsed document takes up to eighty times its text. When they are full all are
/// forgotten, which costs each one parse; nobody can make the memory grow by sending new texts.
const KEPT: usize = 128 * 1024;
/// Longer texts are not kept.
const LONGEST: usize = 4 * 1024;

/// Parsed documents by their text.
#[derive(Default)]
pub(super) struct Documents(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_text: HashMap<String, Arc<ExecutableDocument>>,
    bytes: usize,
}

impl Documents {
    /// The document of a text that was executed before.
    pub(super) fn known(&self, text: &str) -> Option<Arc<ExecutableDocument>> {
        locked(&self.0).by_text.get(text).cloned()
    }

    /// Keeps a document that passed the scan, the parser and the validation.
    pub(super) fn keep(&self, text: &str, document: Arc<ExecutableDocument>) {
        if text.len() > LONGEST {
            return;
        }
        let mut kept = locked(&self.0);
        if kept.by_text.contains_key(text) {
            return;
        }
        if kept.bytes + text.len() > KEPT {
            *kept = Kept::default();
        }
        kept.bytes += text.len();
        kept.by_text.insert(text.to_owned(), document);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn only_so_many_are_kept() {
        let documents = Documents::default();
        let keep = |text: &str| documents.keep(text, Arc::new(parse_query("{a}").expect("document")));
        let full = |index: usize| format!("{{a}}#{index:0>1020}");
        for index in 0..KEPT / 1_024 {
            keep(&full(index));
        }
        keep(&full(0));
        assert!(documents.known(&full(1)).is_some());
        keep("{a}#new");
        assert!(documents.known(&full(1)).is_none() && documents.known("{a}#new").is_some());
        let long = "#".repeat(LONGEST + 1);
        keep(&long);
        assert!(documents.known(&long).is_none());
    }
}
