//! All integration tests in one binary: linking it once is what keeps a changed line quick to test.

mod guards;
mod accounts;
mod harness;
mod installed;
mod main_job;
mod sync;
mod serve;
mod units;
