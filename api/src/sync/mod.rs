//! Offline sync, written once and generic over collections. Knows no noun but through the registry.
//!
//! The protocol is described in docs/sync.md.

pub mod cursor;
pub mod digest;
pub mod documents;
pub mod graphql;
pub mod issue;
pub mod live;
pub mod pull;
pub mod push;
mod reader;
pub mod registry;
pub mod row;
pub mod rxdb;
pub mod wait;
pub mod waiting;

/// Whether a root field uploads or downloads rows: what a device that was given up may still ask for.
pub fn moves_rows(field: &str) -> bool {
    matches!(field, "syncPush" | "syncPull")
        || ["push", "pull"]
            .iter()
            .any(|prefix| rxdb::of_field(prefix, field).is_some())
}
