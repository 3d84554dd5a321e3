//! All integration tests in one binary: linking it once is what keeps a changed line quick to test.

mod accounts;
mod councils;
mod guards;
mod harness;
mod installed;
mod main_job;
mod meetings;
mod resolutions;
mod serve;
mod sync;
mod units;
