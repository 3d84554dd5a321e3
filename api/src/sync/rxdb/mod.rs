//! The surface for unmodified RxDB clients: for every collection X of the registry `pullX` and `pushX`, as RxDB's
//! own query builders ask for them.
//!
//! Made from the registry, not written out: it knows no noun. The engine behind it is that of the native surface,
//! so that both take the same checkpoints and rows go through the same door. What RxDB cannot express is bent here
//! and nowhere else: it stops at the first page that is shorter than it asked for, it repeats a whole batch when a
//! request fails, it is told of refused rows as conflicts, and it sends whole documents in place of changes.

pub mod json_schema;
pub mod pull;
pub mod push;
pub mod row;
pub mod schema;
pub mod selection;
pub mod stream;

use super::registry;
use crate::store::collection::{Collection, Member, text};

/// What is added to every document by the door.
const REV: Member = text("rev", "Its version, set by the server.");

/// A collection's name as RxDB puts it into names: its first letter large.
pub fn title(collection: &dyn Collection) -> String {
    let name = collection.name();
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

/// The collection that a root field with this prefix is about.
pub fn of_field(prefix: &str, field: &str) -> Option<&'static dyn Collection> {
    let rest = field.strip_prefix(prefix)?;
    registry::COLLECTIONS
        .iter()
        .copied()
        .find(|collection| title(*collection) == rest)
}

/// The members of a document beside `id` and `_deleted`.
pub fn members(collection: &dyn Collection) -> impl Iterator<Item = &'static Member> {
    collection.members().iter().chain(std::iter::once(&REV))
}

/// The members that a client may write and is never given back.
pub fn write_only(collection: &dyn Collection) -> &'static [&'static str] {
    registry::writable(collection.name()).map_or(&[], |writable| writable.write_only())
}

/// Whether a client may write this member of a document.
pub fn is_written(collection: &dyn Collection, member: &str) -> bool {
    registry::writable(collection.name()).is_some_and(|writable| writable.fields().contains(&member))
}
