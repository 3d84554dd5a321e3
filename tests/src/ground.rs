//! What every test's database holds before the test begins: the schema, the delivered roles, and the reference
//! lists, as `cutri serve` leaves them at its first start.

use cutri::{installation, store::Store, units};
use migration::Migrator;
use sea_orm_migration::MigratorTrait;

use crate::app::state_on;

/// Brings the empty database at `url` to the state that all tests start from. Runs once for each build and
/// kind of database; tests get copies of the outcome. Must close its connections before it returns.
pub(crate) async fn prepare(url: String) {
    let store = Store::connect(&url).await.unwrap();
    Migrator::up(store.migrating(), None).await.unwrap();
    installation::seed_roles(&store).await.unwrap();
    store.close().await.unwrap();
    let keys = tempfile::tempdir().unwrap();
    let state = state_on(&url, &keys.path().join("keys")).await;
    units::deliver(&state, |_, _| {}).await.unwrap();
    state.store.clone().close().await.unwrap();
}
