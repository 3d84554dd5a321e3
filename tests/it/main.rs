//! All integration tests in one binary: linking it once is what keeps a changed line quick to test.

mod accounts;
mod guards;
mod harness;
mod installed;
mod main_job;
<<<<<<< HEAD
=======
mod meetings;
mod resolutions;
>>>>>>> meetings
mod serve;
mod sync;
mod units;
