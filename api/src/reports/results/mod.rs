//! Petitions: what was asked, who answered, with which outcome, and how many are left.
//!
//! Process and outcome are two axes: "done" is a petition that was closed after its voters were told, whatever the
//! answer amounted to; "resolved" is an outcome. Every summary adds up to the rows of the first table.

mod columns;
pub(super) mod petitions;
mod read;
pub(super) mod summaries;
