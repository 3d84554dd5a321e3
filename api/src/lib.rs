//! cutri: a GraphQL server with offline sync for Vietnam's People's Councils.

pub mod accounts;
pub mod calendar;
pub mod capability;
pub mod clock;
pub mod codes;
pub mod deadlines;
pub mod edge;
pub mod entropy;
pub mod error;
pub mod feedback;
pub mod graphql;
pub mod installation;
pub mod keys;
pub mod meetings;
pub mod petitions;
pub mod phone;
pub mod resolutions;
pub mod schema;
pub mod seal;
pub mod search;
pub mod state;
pub mod store;
pub mod sync;
pub mod text;
pub mod units;
pub mod viewer;
