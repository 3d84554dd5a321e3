//! Accounts, their devices and what they may do: signing in, passwords, tokens, slowed guessing, roles as data.
//!
//! Nothing here decides which rows somebody sees; that is the viewer's scope.

pub mod authentication;
pub mod devices;
pub(crate) mod failures;
pub mod grants;
pub mod graphql;
pub mod integrators;
mod line;
pub mod password;
pub mod people;
pub mod read_token;
pub mod refresh;
pub mod roles;
mod rules;
pub mod session;
pub mod throttle;
pub mod token;

pub(crate) use rules::delegated;
