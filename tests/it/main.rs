//! All integration tests in one binary: linking it once is what keeps a changed line quick to test.

mod accounts;
mod authorization;
mod bad_input;
mod costs;
mod councils;
mod demo;
mod digest;
mod guards;
mod harness;
mod histories;
mod installed;
mod main_job;
mod meetings;
mod objects;
mod race;
mod readme;
mod reports;
mod resolutions;
mod rows;
mod search;
mod serve;
mod states;
mod sync;
mod sync_table;
mod units;
mod worker;
