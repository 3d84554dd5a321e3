//! People: who gets in, what they may administer, and what a stolen or lost token is worth.

mod administration;
mod session;
mod takeover;
mod world;
