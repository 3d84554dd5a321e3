//! Rows that reach the server without any network: as a sealed file that anybody may carry.
//!
//! A phone seals what it has not sent under a key that its device was given when it signed in. Whoever carries the file
//! to a machine with network can neither read nor change it, and learns only how many rows were new. Here it goes
//! through the same push as if the phone had sent it: the same rights, the same receipts, the same author.

mod apply;
mod format;
pub mod http;
mod page;

pub use apply::{Applied, apply};
pub use format::{Header, MOST_BYTES, MOST_PLAIN, header, key, key_text, open, seal};
