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
pub mod registry;
pub mod row;
pub mod rxdb;
pub mod wait;
pub mod waiting;
