//! Backups: made while the server runs, checked row by row, put back only when they are whole.
//!
//! A backup of an SQLite database is a folder with the copy and a manifest that says what must be in it; of PostgreSQL
//! the copy is made by its own programs, and the manifest is made here. Keys and files belong to an installation as
//! well and are kept elsewhere: whoever has database and keys can read what voters left as contact.

mod check;
mod files;
mod make;
mod manifest;
mod restore;
mod tables;

pub use check::check;
pub use make::{Made, keys, make, manifest as make_manifest};
pub use restore::restore;
pub(crate) use tables::names;

/// The copy inside a backup.
const COPY: &str = "cutri.db";
/// Beside it: what must be in it.
const MANIFEST: &str = "manifest.json";
