//! What every test's database holds before the test begins: the schema, the delivered roles, and the reference
//! lists, as `cutri serve` leaves them at its first start.

use std::sync::Arc;

use cutri::{
    clock::SystemClock, entropy::SystemEntropy, installation, keys::Keys, state::State, store::Store, units,
};
use migration::Migrator;
use sea_orm_migration::MigratorTrait;

/// Brings the empty database at `url` to the state that all tests start from. Runs once for each build and
/// kind of database; tests get copies of the outcome. Must close its connections before it returns.
pub(crate) async fn prepare(url: String) {
    let store = Store::connect(&url).await.unwrap();
    Migrator::up(store.migrating(), None).await.unwrap();
    installation::seed_roles(&store).await.unwrap();
    let state = state(store).await;
    units::deliver(&state, |_, _| {}).await.unwrap();
    state.store.close().await.unwrap();
}

/// A running state on this database, with keys of its own and the machine's clock.
async fn state(store: Store) -> State {
    use cutri::clock::Clock;
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::open_or_create(&folder.path().join("keys"), SystemClock.now(), &SystemEntropy).unwrap();
    State::new(
        store,
        keys,
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
        "cutri".to_owned(),
    )
    .await
    .unwrap()
}
