//! Twenty devices that record and upload as long as they are told to, whatever becomes of the server.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cutri::state::State;
use cutri_tests::{
    app::Person,
    phone::{Phone, create},
    world::{Login, Put, World, another_device},
};
use entity::{event, feedback, id::DeviceId};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// What the devices have sent, and what they were answered.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Every row that was ever sent.
    pub(crate) sent: Mutex<BTreeSet<String>>,
    /// Those whose receipt arrived.
    pub(crate) acknowledged: Mutex<BTreeSet<String>>,
    /// How requests failed: the status and code of an answer, or no answer at all.
    pub(crate) failures: Mutex<BTreeMap<String, usize>>,
    /// Requests that took longer than any may.
    pub(crate) slow: Mutex<Vec<Duration>>,
    over: AtomicBool,
}

/// No request may take longer: 5 seconds for the token, 15 for a mutation, and the rest for a machine that is busy.
const LONGEST: Duration = Duration::from_secs(45);

/// The devices.
pub(crate) struct Fleet {
    pub(crate) ledger: Arc<Ledger>,
    devices: Vec<JoinHandle<()>>,
}

impl Fleet {
    /// Sets them going.
    pub(crate) async fn start(
        state: &State,
        world: &World,
        address: SocketAddr,
        count: usize,
        seed: u64,
    ) -> Self {
        let ledger = Arc::new(Ledger::default());
        let mut devices = Vec::new();
        for number in 0..count {
            let login: &Login = &world.here.delegates[number % 2];
            let device = another_device(state, login, DeviceId(uuid::Uuid::now_v7()));
            let person = Person::new(state, address, login.account, device.id);
            Put::new().row(device).now(state).await;
            let rng = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
            let unit = world.here.unit.to_string();
            devices.push(tokio::spawn(device_lives(
                Phone::new(person),
                unit,
                Arc::clone(&ledger),
                rng,
            )));
        }
        Self { ledger, devices }
    }

    /// Has them record nothing more, and waits until each has its receipts.
    pub(crate) async fn settle(self) -> Arc<Ledger> {
        self.ledger.over.store(true, Ordering::SeqCst);
        for device in self.devices {
            device.await.unwrap();
        }
        let slow = self.ledger.slow.lock().unwrap().clone();
        assert!(slow.is_empty(), "requests hung: {slow:?}");
        self.ledger
    }
}

async fn device_lives(phone: Phone, unit: String, ledger: Arc<Ledger>, mut rng: StdRng) {
    let mut outbox: Vec<Value> = Vec::new();
    loop {
        let is_over = ledger.over.load(Ordering::SeqCst);
        if is_over && outbox.is_empty() {
            return;
        }
        if !is_over {
            for _ in 0..rng.random_range(1..=4) {
                let id = uuid::Builder::from_random_bytes(rng.random())
                    .into_uuid()
                    .to_string();
                let words = format!("Ý kiến {:016x}", rng.next_u64());
                outbox.push(create(
                    "feedback",
                    &id,
                    json!({"kind": "opinion", "unitId": unit, "content": words}),
                ));
                ledger.sent.lock().unwrap().insert(id);
            }
        }
        let texts: Vec<String> = outbox.iter().map(Value::to_string).collect();
        let begun = tokio::time::Instant::now();
        let answer = phone.person.try_send(Phone::push_body(&texts)).await;
        if begun.elapsed() > LONGEST {
            ledger.slow.lock().unwrap().push(begun.elapsed());
        }
        match answer {
            Ok(answer) if answer.body["data"]["syncPush"].is_object() => {
                for result in answer.body["data"]["syncPush"]["results"].as_array().unwrap() {
                    let status = result["status"].as_str().unwrap();
                    assert!(
                        ["APPLIED", "DUPLICATE"].contains(&status),
                        "no fault of the row: {result}"
                    );
                }
                let mut acknowledged = ledger.acknowledged.lock().unwrap();
                acknowledged.extend(outbox.drain(..).map(|row| row["id"].as_str().unwrap().to_owned()));
            }
            Ok(answer) => {
                let code = answer.body["errors"][0]["extensions"]["code"]
                    .as_str()
                    .unwrap_or("?");
                let told = format!("{} {code}", answer.status);
                *ledger.failures.lock().unwrap().entry(told).or_default() += 1;
                tokio::time::sleep(Duration::from_millis(rng.random_range(50..250))).await;
            }
            Err(_) => {
                *ledger
                    .failures
                    .lock()
                    .unwrap()
                    .entry("no answer".to_owned())
                    .or_default() += 1;
                tokio::time::sleep(Duration::from_millis(rng.random_range(10..60))).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(20..150))).await;
    }
}

/// How often each row is there, and how often it was recorded.
pub(crate) async fn stored(conn: &impl ConnectionTrait) -> BTreeMap<String, usize> {
    let rows = feedback::Entity::find().all(conn).await.unwrap();
    let mut recorded: BTreeMap<String, usize> = BTreeMap::new();
    let events = event::Entity::find().filter(event::Column::Event.eq("recorded"));
    for event in events.all(conn).await.unwrap() {
        *recorded.entry(event.row_id.to_string()).or_default() += 1;
    }
    let known: BTreeSet<String> = rows.iter().map(|row| row.id.to_string()).collect();
    assert_eq!(
        known,
        recorded.keys().cloned().collect(),
        "rows and their histories"
    );
    recorded
}

/// What was acknowledged is there, and nothing twice, and nothing that nobody sent.
pub(crate) fn is_honest(
    acknowledged: &BTreeSet<String>,
    sent: &BTreeSet<String>,
    stored: &BTreeMap<String, usize>,
) {
    for id in acknowledged {
        assert!(stored.contains_key(id), "{id} was acknowledged and is lost");
    }
    for (id, count) in stored {
        assert_eq!(*count, 1, "{id}");
        assert!(sent.contains(id), "{id}");
    }
}
