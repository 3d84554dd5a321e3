//! Accounts, their devices and what they may do: passwords, tokens, slowed guessing, roles as data.
//!
//! Nothing here decides which rows somebody sees; that is the viewer's scope.

pub mod password;
pub mod read_token;
pub mod refresh;
pub mod roles;
pub mod throttle;
pub mod token;
