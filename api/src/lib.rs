//! cutri: a GraphQL server with offline sync for Vietnam's People's Councils.

pub mod accounts;
//pub mod capability;
pub mod calendar;
pub mod clock;
pub mod codes;
pub mod deadlines;
pub mod entropy;
pub mod error;
pub mod feedback;
pub mod keys;
pub mod resolutions;
pub mod text;
pub mod units;
//pub mod phone;
//pub mod seal;
