//! The database's history, forward only.
//!
//! Every migration is safe to run again after it was killed half-way. Nothing of `entity` is used here: entities
//! move on, and an old migration must go on doing what it did.

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

mod columns;
mod m20261122_000001_units;
mod m20261122_000002_councils;
mod m20261122_000003_accounts;
mod m20261122_000004_meetings;
mod m20261122_000005_feedback;
mod m20261122_000006_petitions;
mod m20261122_000007_resolutions;
mod m20261122_000008_history;
mod m20261122_000009_sync;
mod m20261122_000010_search;
mod m20261127_000011_files;
mod m20261127_000012_server_start;
mod m20261127_000014_waking;
mod m20261127_000015_public_texts;
mod m20261127_000016_rounds;
mod m20261127_000017_syntheses;
mod m20261127_000018_imports;
mod m20261127_000019_completeness;
mod m20261128_000020_answers;
mod m20261128_000021_agenda;
mod m20261128_000025_document_templates;
mod m20261128_000026_agenda_rows;
mod m20261128_000030_cosigning;
mod m20261128_000031_consents;
mod m20261128_000032_petitions_of_a_place;
mod m20261128_000033_answers_that_count;
mod m20261128_000034_urgings_are_read;
mod m20261129_000035_urgings_are_counted;
mod m20261129_000036_published_petitions;
mod m20261129_000037_extensions_of_bodies;
mod m20261129_000038_council_periods;
mod m20261129_000039_promises;

/// All migrations, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_units::Migration),
            Box::new(m20261122_000002_councils::Migration),
            Box::new(m20261122_000003_accounts::Migration),
            Box::new(m20261122_000004_meetings::Migration),
            Box::new(m20261122_000005_feedback::Migration),
            Box::new(m20261122_000006_petitions::Migration),
            Box::new(m20261122_000007_resolutions::Migration),
            Box::new(m20261122_000008_history::Migration),
            Box::new(m20261122_000009_sync::Migration),
            Box::new(m20261122_000010_search::Migration),
            Box::new(m20261127_000011_files::Migration),
            Box::new(m20261127_000012_server_start::Migration),
            Box::new(m20261127_000014_waking::Migration),
            Box::new(m20261127_000015_public_texts::Migration),
            Box::new(m20261127_000016_rounds::Migration),
            Box::new(m20261127_000017_syntheses::Migration),
            Box::new(m20261127_000018_imports::Migration),
            Box::new(m20261127_000019_completeness::Migration),
            Box::new(m20261128_000020_answers::Migration),
            Box::new(m20261128_000021_agenda::Migration),
            Box::new(m20261128_000025_document_templates::Migration),
            Box::new(m20261128_000026_agenda_rows::Migration),
            Box::new(m20261128_000030_cosigning::Migration),
            Box::new(m20261128_000031_consents::Migration),
            Box::new(m20261128_000032_petitions_of_a_place::Migration),
            Box::new(m20261128_000033_answers_that_count::Migration),
            Box::new(m20261128_000034_urgings_are_read::Migration),
            Box::new(m20261129_000035_urgings_are_counted::Migration),
            Box::new(m20261129_000036_published_petitions::Migration),
            Box::new(m20261129_000037_extensions_of_bodies::Migration),
            Box::new(m20261129_000038_council_periods::Migration),
            Box::new(m20261129_000039_promises::Migration),
        ]
    }
}
