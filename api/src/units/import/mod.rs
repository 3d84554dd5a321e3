//! Reading lists of administrative units and of their successions: bytes in, facts and problems out.
//!
//! A code is no key: a new commune often carries the code of an old one with another territory. Everything is
//! looked up by level, code **and** date. A broken row stops nothing, is reported with its line, and nothing is
//! guessed; what the lists leave open (a former commune without successor, a row naming a unit that did not
//! exist) is kept as a gap. Reads no file and no database.

mod lines;
mod record;
mod succession;

pub use lines::{LineProblem, Problem};
pub use record::{Kind, Level, NAMESPACE, UnitRecord, UnitsRead, read_units, unit_id};
pub use succession::{Edge, Gap, GapReason, SuccessionsRead, read_successions};

#[cfg(test)]
mod tests;
