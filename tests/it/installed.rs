//! The product's library on a test's database, without a server before it.

use std::sync::Arc;

use async_graphql::Request;
use cutri::{
    clock::{Clock, ManualClock, SystemClock},
    entropy::SystemEntropy,
    keys::Keys,
    schema,
    state::State,
    store::Store,
    viewer::Viewer,
};
use cutri_tests::TestDatabase;
use serde_json::Value;

/// A state on this database; its clock stands at nine in the morning of 1 December 2026.
pub(crate) async fn open(db: &TestDatabase) -> Arc<State> {
    let clock = ManualClock::at("2026-12-01T02:00:00Z".parse().unwrap());
    let keys = Keys::open_or_create(&db.folder().join("keys"), SystemClock.now(), &SystemEntropy).unwrap();
    let store = Store::connect(db.url()).await.unwrap();
    let state = State::new(
        store,
        keys,
        Arc::new(clock),
        Arc::new(SystemEntropy),
        "cutri".to_owned(),
    );
    Arc::new(state.await.unwrap())
}

/// The answer to an operation, errors included.
pub(crate) async fn ask(state: &Arc<State>, viewer: &Viewer, text: &str) -> Value {
    let (schema, request) = (schema::build(), Request::new(text));
    let answer = schema::execute(&schema, request, Arc::clone(state), viewer.clone()).await;
    serde_json::to_value(answer).unwrap()
}
