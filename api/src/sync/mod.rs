//! Offline sync, written once and generic over collections. Knows no noun but through the registry.
//!
//! The protocol is described in docs/sync.md.

pub mod cursor;
pub mod digest;
pub mod documents;
pub mod graphql;
pub mod issue;
pub mod pull;
pub mod push;
pub mod registry;
pub mod row;
pub mod wait;
pub mod waiting;

/// The root fields of sync, which a device that was given up may still ask for.
pub const SURFACE: &[&str] = &["syncPush", "syncPull"];
