//! What every test's database holds before the test begins.

use migration::Migrator;
use sea_orm::Database;
use sea_orm_migration::MigratorTrait;

/// Brings the empty database at `url` to the state that all tests start from. Runs once for each build and
/// kind of database; tests get copies of the outcome. Must close its connections before it returns.
pub(crate) async fn prepare(url: String) {
    let db = Database::connect(url).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    db.close().await.unwrap();
}
