//! All integration tests in one binary: linking it once is what keeps a changed line quick to test.

mod accounts;
mod authorization;
mod backup;
mod bad_input;
mod briefs;
mod bundle;
mod bytes;
mod clarity;
mod costs;
mod councils;
mod demo;
mod digest;
mod guards;
mod harness;
mod histories;
mod installed;
mod lookup;
mod main_job;
mod meetings;
mod misread;
mod objects;
mod petitions;
mod race;
mod readme;
mod reports;
mod resolutions;
mod restored;
mod rounds;
mod rows;
mod rxdb;
mod rxdb_client;
mod search;
mod serve;
mod socket;
mod states;
mod sync;
mod sync_table;
mod syntheses;
mod texts;
mod units;
mod wipe;
mod worker;

// Written and not yet seen to pass with everything together, so not yet part of the run: docs, faults, files,
// graphql_clients, imports, invariants, phone_page, servers, similar, simulation, waking. Each comes in with the commit
// that shows it green on both databases.
