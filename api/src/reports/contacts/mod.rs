//! Voter contacts: how many points, voters, speakers and opinions, and what became of the opinions.
//!
//! Figures are counts and never names. What is counted from feedback is told to those who count for a council or a
//! province; who merely sees that a meeting took place gets empty cells, never a zero.

mod columns;
mod delegates;
mod opinions;
pub(super) mod points;
mod read;
mod stated;
pub(super) mod table;
pub(super) mod unmet;

pub(crate) use opinions::became_of;
