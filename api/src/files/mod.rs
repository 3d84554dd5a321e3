//! Files (tệp đính kèm): photos of what a voter shows, scans, recordings, the papers behind a number.
//!
//! A file's name is the SHA-256 of the bytes that its sender has. Rows name files by it, before or after the bytes
//! come; bytes come by tus, beside the queue of rows and never in its way. What is kept of a picture is the picture:
//! where and with what it was taken goes. Knowing a hash gives no right and no answer: who may not read a file, and has
//! not sent it himself, is told what he would be told if it did not exist.
//!
//! Rows and files are tied together in two places only: when a row is written ([`attachments`]), and when the bytes
//! are complete ([`commands::Arrive`]). Both tick the clock of the account, so that neither can miss the other.

pub mod attachments;
pub mod commands;
pub mod erasing;
pub mod graphql;
pub mod http;
mod reading;
mod receiving;
mod sniff;
pub mod store;
mod strip;
mod transport;
mod tus;

use std::fmt;

pub use store::{FilePlace, Files, Limits};

/// A file's name: 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileHash(String);

impl FileHash {
    /// Reads a hash; capitals are taken as well.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Self(text.to_ascii_lowercase()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<[u8; 32]> for FileHash {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Where a file is read, and sent to.
pub fn url(hash: &str) -> String {
    format!("/files/{hash}")
}
