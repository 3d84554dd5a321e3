//! The twenty promises of the sync protocol, each proved by a test that bears its number (docs/faults.md has the
//! table). They speak as phones do; what they prove is told at the top of each.

mod conflicts;
pub(crate) mod kept;
mod reading;
mod scope;
mod table;
mod trust;
mod waiting;
mod writing;

use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    phone::{Phone, create, new_id},
    world::{Login, Put, World, another_device},
};
use entity::id::DeviceId;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use uuid::Uuid;

/// Everything that travels but the 14,000 units, which are the same for all.
pub(crate) const DAILY: [&str; 12] = [
    "council",
    "agency",
    "delegate",
    "meeting",
    "meetingRecord",
    "feedback",
    "petition",
    "informing",
    "urging",
    "resolution",
    "note",
    "syncIssue",
];

/// A server and its world.
pub(crate) async fn stage(db: &TestDatabase) -> (TestApp, World) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    (app, world)
}

/// A phone that reads everything but the units.
pub(crate) fn light(person: Person) -> Phone {
    let mut phone = Phone::new(person);
    phone.collections = Some(DAILY.map(str::to_owned).to_vec());
    phone
}

/// What a voter of Tân Hưng said.
pub(crate) fn said(world: &World, content: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": content})
}

/// A contact that a delegate made himself.
fn contact(world: &World) -> Value {
    json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ", "title": "Gặp nhóm cử tri",
        "startsAt": "2026-03-01T08:00:00+07:00"})
}

/// Records that, and expects no trouble.
pub(crate) async fn record(phone: &Phone, world: &World, content: &str) -> String {
    let id = new_id();
    let result = phone.push(&[create("feedback", &id, said(world, content))]).await;
    assert_eq!(result[0]["status"], "APPLIED", "{result:#?}");
    id
}

/// One more device of an account.
pub(crate) async fn second_device(app: &TestApp, login: &Login) -> Person {
    let device = another_device(&app.state, login, DeviceId(Uuid::now_v7()));
    let id = device.id;
    Put::new().row(device).now(&app.state).await;
    app.person_on(login, id)
}

/// The statuses of a push.
pub(crate) fn statuses(results: &[Value]) -> Vec<&str> {
    results
        .iter()
        .map(|result| result["status"].as_str().unwrap())
        .collect()
}

/// Whatever grows when something is written: clocks, rows, history, what is kept of refused rows.
pub(crate) async fn traces(app: &TestApp) -> Vec<(&'static str, u64)> {
    let conn = app.state.store.read();
    let clocks = entity::sync_clock::Entity::find().all(conn).await.unwrap();
    let clocks: i64 = clocks.iter().map(|clock| clock.seq).sum();
    vec![
        ("clocks", u64::try_from(clocks).unwrap()),
        (
            "feedback",
            entity::feedback::Entity::find().count(conn).await.unwrap(),
        ),
        ("events", entity::event::Entity::find().count(conn).await.unwrap()),
        (
            "issues",
            entity::sync_issue::Entity::find().count(conn).await.unwrap(),
        ),
        (
            "deferred",
            entity::sync_deferred::Entity::find().count(conn).await.unwrap(),
        ),
        (
            "receipts",
            entity::sync_receipt::Entity::find().count(conn).await.unwrap(),
        ),
    ]
}
