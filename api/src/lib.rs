//! cutri: a GraphQL server with offline sync for Vietnam's People's Councils.

pub mod error;
