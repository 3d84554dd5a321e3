//! Waking a phone: when something changed in what a device reads, it gets a signal without content and pulls.
//!
//! The change log is the outbox. Nothing is written when something changes; each registration holds up to where its
//! device has read or was woken, and whatever lies beyond that is still to be told. So a signal that a killed process
//! did not send is sent by the next turn, of this process or of another, and a thousand changes are one signal.
//!
//! Nothing of a row may ever enter a signal, and no address of a device a log.

mod due;
pub mod graphql;
mod notes;
mod registration;
mod rules;
mod send;
mod settings;
mod turn;
mod vapid;

pub use notes::Notes;
pub use rules::{AWAKE, LEASE, QUIET, SETTLE};
pub use settings::{Gateway, Hosts, Settings};
pub use turn::{Turns, run};

/// What the rest of a process knows of waking.
#[derive(Default)]
pub struct Waking {
    pub settings: Settings,
    /// What devices did by themselves since the last turn.
    pub notes: Notes,
}
