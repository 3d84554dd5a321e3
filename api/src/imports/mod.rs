//! Taking over the petitions that an office has in its spreadsheet: rows are read one after another, each is judged
//! by itself, and what is good goes through the write door in transactions of a thousand.
//!
//! The same row is the same petition: sent twice it changes nothing, and an import that was broken off goes on. What
//! identifies voters is never read.

mod bodies;
pub mod columns;
pub mod http;
mod mistakes;
mod problem;
mod retold;
mod rows;
mod run;
mod table;
mod values;

pub use mistakes::Mistakes;
pub use problem::Problem;
pub use run::{Import, Outcome, Part, RowOutcome, Summary, start};
