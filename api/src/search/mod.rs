//! Search over petitions, meetings and resolutions, on both databases behind one function: [`find::find`].
//!
//! What is indexed is what stands in the wire documents ([`entry`]), one entry for each different text that an
//! audience may read, together with the partitions in which it may be read. So a search can never match a word
//! that its viewer could not read in a document, and rows that are not his are never even looked at. Feedback,
//! tracking codes and contact details are in no entry.
//!
//! Text and question are folded by [`crate::text`] and cut into words here; the databases compare words and know
//! nothing of Vietnamese.

mod dialect;
pub(crate) mod entry;
pub mod find;
pub mod graphql;
pub mod index;
mod pairs;
mod question;
pub mod similar;
pub mod similar_graphql;
mod snippet;
mod words;

use crate::store::partition::{Audience, Partition};

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A petition (kiến nghị của cử tri).
    Petition,
    /// A voter contact or a session (cuộc tiếp xúc cử tri, kỳ họp).
    Meeting,
    /// A resolution (nghị quyết).
    Resolution,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Petition, Self::Meeting, Self::Resolution];

    /// The collection whose documents are searched.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Petition => "petition",
            Self::Meeting => "meeting",
            Self::Resolution => "resolution",
        }
    }

    /// The kind of this collection, if it is searched.
    pub fn of_collection(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.collection() == name)
    }

    /// Members of the document that are official numbers; the first one there is shown.
    fn numbers(self) -> &'static [&'static str] {
        match self {
            Self::Petition => &["number", "forwardedNumber", "answerNumber"],
            Self::Meeting => &[],
            Self::Resolution => &["number", "rawNumber"],
        }
    }

    /// Members in which a match counts more.
    fn head(self) -> &'static [&'static str] {
        match self {
            Self::Petition | Self::Resolution => &["title"],
            Self::Meeting => &["title", "place"],
        }
    }

    /// The long texts.
    fn body(self) -> &'static [&'static str] {
        match self {
            Self::Petition => &["content", "answerText"],
            Self::Meeting => &["agenda", "brief"],
            Self::Resolution => &["text"],
        }
    }
}

/// Stands in the scope of every entry that everyone may read.
const PUBLIC: &str = "public";

/// What stands in the scope of entries that readers of this partition may find.
fn scope(partition: Partition) -> String {
    match partition.audience() {
        Audience::Public => PUBLIC.to_owned(),
        _ => partition.id().to_string(),
    }
}
