//! Templates (mẫu văn bản): real .docx files with placeholders. Pure: bytes in, bytes out.
//!
//! What a council sends is not trusted: it is read within limits, judged part by part, and written anew. The documents
//! made of it hold no program, no link to the outside, and nothing that was not filled in here.

mod fill;
pub(super) mod package;
#[cfg(test)]
mod tests;
mod xml;

use std::collections::BTreeSet;

use self::package::{Content, Package};
use super::{DocumentKind, filling::Filling};
use crate::error::{Code, Error, Refused};

/// Placeholders that are told of at once.
const MOST_TOLD: usize = 50;

/// A template that may be filled in.
pub(super) struct Template(Package);

impl Template {
    /// Reads a template for a kind of document; or all that is wrong with it.
    pub(super) fn read(bytes: &[u8], kind: DocumentKind) -> Result<Self, Vec<Refused>> {
        let package = Package::read(bytes).map_err(|refused| vec![refused])?;
        let (mut names, mut mixed) = (BTreeSet::new(), BTreeSet::new());
        for part in &package.0 {
            if let Content::Told(root) = &part.content {
                fill::names(root, &mut names, &mut mixed);
            }
        }
        let unknown = names
            .into_iter()
            .filter(|name| !kind.knows(name.list.as_deref(), &name.field))
            .map(|name| {
                let list = name.list.map(|list| list + ".").unwrap_or_default();
                Refused::field(Code::UnknownPlaceholder, format!("{list}{}", name.field))
            });
        let mixed = mixed
            .into_iter()
            .map(|lists| Refused::field(Code::InvalidTemplate, lists));
        let wrong: Vec<Refused> = unknown.chain(mixed).take(MOST_TOLD).collect();
        if wrong.is_empty() {
            Ok(Self(package))
        } else {
            Err(wrong)
        }
    }

    /// The document with everything filled in.
    pub(super) fn make(&self, filling: &Filling) -> Result<Vec<u8>, Error> {
        let (mut parts, mut room) = (Vec::new(), fill::MOST_MADE);
        for part in &self.0.0 {
            let bytes = match &part.content {
                Content::Told(root) => fill::fill(root, filling, &mut room)?.into_bytes(),
                Content::Plain(bytes) => bytes.clone(),
            };
            parts.push((part.name.as_str(), bytes));
        }
        package::write(parts.iter().map(|(name, bytes)| (*name, bytes.as_slice())))
    }
}
