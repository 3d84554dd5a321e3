//! cutri: a GraphQL server with offline sync for Vietnam's People's Councils.

pub mod accounts;
pub mod capability;
pub mod clock;
pub mod entropy;
pub mod error;
pub mod keys;
pub mod phone;
pub mod seal;
