//! Simulated devices: whatever a seed makes them, the office and the road do, in the end all agree.
//!
//! One process, one step after another; clock, ids and chance of server and phones come from the seed, so that it
//! repeats a failure (`CUTRI_TEST_SEED`). Devices lose requests and answers, repeat and reorder them, work offline for
//! long, are given up; rights come and go; the database is replaced by an older copy. At the end every phone that is
//! still in use syncs until nothing is new, and then: its digest is the server's; it holds what a fresh phone would; no
//! word of anybody is lost; nothing foreign is on it.

mod device;
mod office;
mod truth;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock},
    entropy::{Entropy, SeededEntropy},
};
use cutri_tests::{
    Kind, TestApp, TestDatabase, database, each_db, seeds,
    world::{Login, Put, World, another_device, login, mandate},
};
use entity::id::{DelegateId, DeviceId};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use device::Device;

/// What a pushed row came to in the end.
#[derive(Clone, Debug)]
struct Fate {
    words: String,
    collection: &'static str,
    row: String,
    /// Nothing if it was never answered.
    status: Option<String>,
    /// It lies on a phone that was stolen, or in nobody's hands any more.
    is_gone: bool,
}

/// The world under simulation.
struct Simulation<'a> {
    db: &'a TestDatabase,
    /// None while the database is being replaced.
    app: Option<TestApp>,
    clock: Arc<ManualClock>,
    entropy: Arc<dyn Entropy>,
    world: World,
    rng: StdRng,
    devices: Vec<Device>,
    /// By mutation.
    fates: BTreeMap<String, Fate>,
    feedback: Vec<String>,
    petitions: Vec<String>,
    meeting: String,
    /// Who comes and goes: his mandate in Tân Hưng while he has one.
    guest: (Login, Option<DelegateId>),
    backup: Option<(usize, PathBuf)>,
    restores: usize,
    step: usize,
    /// Every step and what came of it.
    story: Vec<String>,
    is_replaced: bool,
}

impl<'a> Simulation<'a> {
    async fn new(db: &'a TestDatabase, seed: u64) -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-20T01:00:00Z".parse().unwrap()));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let app = TestApp::start_from(db, time, Arc::clone(&entropy), None).await;
        let world = World::create(&app.state).await;
        let name = world.province.0.to_string();
        let guest = login(&app.state, "khach", &name).await;
        let seat = mandate(&app.state, &guest, world.here.council, &[world.here.unit]).await;
        let tablet = another_device(
            &app.state,
            &world.here.delegates[0],
            DeviceId(entropy.id(clock.now())),
        );
        let tablet_id = tablet.id;
        Put::new().row(tablet).now(&app.state).await;
        // One account on two devices, two accounts that share one, and readers of every kind.
        let people: Vec<(Login, DeviceId, bool)> = [
            (&world.here.delegates[0], world.here.delegates[0].device, true),
            (&world.here.delegates[0], tablet_id, true),
            (&world.here.delegates[1], world.here.delegates[1].device, true),
            (&world.there.delegates[0], world.there.delegates[0].device, true),
            (&guest, guest.device, true),
            (&world.province_delegate, world.province_delegate.device, false),
            (&world.here.office, world.here.office.device, false),
            (
                &world.here.committee_login,
                world.here.committee_login.device,
                false,
            ),
            (&world.aggregator, world.aggregator.device, false),
        ]
        .map(|(login, device, writes)| (login.clone(), device, writes))
        .to_vec();
        let devices = people
            .into_iter()
            .map(|(login, device, writes)| Device::new(&app, login, device, writes))
            .collect();
        Self {
            db,
            meeting: world.here.meeting.to_string(),
            app: Some(app),
            clock,
            entropy,
            world,
            rng: StdRng::seed_from_u64(seed),
            devices,
            fates: BTreeMap::new(),
            feedback: Vec::new(),
            petitions: Vec::new(),
            guest: (guest, Some(seat)),
            backup: None,
            restores: 0,
            step: 0,
            story: Vec::new(),
            is_replaced: false,
        }
    }

    fn app(&self) -> &TestApp {
        self.app.as_ref().expect("the server runs")
    }

    /// A new id, of the seed alone.
    fn id(&mut self) -> String {
        self.entropy.id(self.clock.now()).to_string()
    }

    fn any<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let index = (!of.is_empty()).then(|| self.rng.random_range(0..of.len()));
        index.map(|index| of[index].clone())
    }

    fn tell(&mut self, line: String) {
        self.story.push(format!("{} {line}", self.step));
    }

    /// One thing happens.
    async fn live(&mut self, may_restore: bool) {
        self.step += 1;
        self.clock
            .advance(Duration::seconds(self.rng.random_range(1..40)));
        match self.rng.random_range(0..100) {
            0..34 => self.somebody_writes(),
            34..56 => self.somebody_uploads().await,
            56..60 => self.an_old_request_comes_again().await,
            60..62 => self.a_queue_is_sent_by_another().await,
            62..76 => self.somebody_reads().await,
            76..90 => self.the_office_works().await,
            90..95 => self.rights_change().await,
            95 => self.a_device_is_given_up().await,
            96 | 97 if may_restore && self.backup.is_none() => {
                let copy = self.db.backup().await;
                self.tell("a copy is made".to_owned());
                self.backup = Some((self.step, copy));
            }
            _ if may_restore => self.the_copy_is_put_back(false).await,
            _ => {}
        }
    }

    /// The database is replaced by a copy that is some steps old.
    async fn the_copy_is_put_back(&mut self, at_once: bool) {
        let is_old = self
            .backup
            .as_ref()
            .is_some_and(|(made, _)| at_once || self.step >= made + 30);
        if !is_old {
            return;
        }
        let (_, copy) = self.backup.take().unwrap();
        // A server notes every second how far its clocks stand, and so notices the older copy when it starts: also where
        // no device has yet read what it sent.
        let state = &self.app().state;
        state
            .epoch
            .keep_mark(&state.store, &state.keys, state.entropy.as_ref())
            .await
            .unwrap();
        let keys = self.app.take().unwrap().stop().await;
        self.db.put_back(&copy).await;
        self.start_again(keys).await;
        // The mandate that was begun or ended after the copy was made is as it was then.
        self.guest.1 = self.seat_today(self.guest.0.account).await;
        self.restores += 1;
        self.is_replaced = true;
        self.tell("the copy is put back".to_owned());
    }

    async fn start_again(&mut self, keys: Arc<TempDir>) {
        let time = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let app = TestApp::start_from(self.db, time, Arc::clone(&self.entropy), Some(keys)).await;
        for device in &mut self.devices {
            device.moved(&app);
        }
        self.app = Some(app);
    }

    /// The hash of everything that happened.
    fn fingerprint(&self) -> String {
        fingerprint_of(&self.story)
    }
}

/// A short hash of these texts.
fn fingerprint_of(texts: &[String]) -> String {
    let digest = Sha256::digest(texts.join("\n"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Lives through a history and judges it; returns what was told of it.
async fn history(db: &TestDatabase, seed: u64, steps: usize, may_restore: bool) -> Vec<String> {
    println!("seed {seed}, {steps} steps");
    let mut simulation = Simulation::new(db, seed).await;
    while simulation.step < steps {
        simulation.live(may_restore).await;
    }
    if may_restore && simulation.restores == 0 {
        // Every run goes through it once.
        if simulation.backup.is_none() {
            let copy = db.backup().await;
            simulation.backup = Some((simulation.step, copy));
            for _ in 0..20 {
                simulation.live(false).await;
            }
        }
        simulation.the_copy_is_put_back(true).await;
    }
    simulation.all_agree().await;
    println!(
        "history {} of {} steps",
        simulation.fingerprint(),
        simulation.step
    );
    simulation.story
}

each_db! {
    async fn whatever_happens_all_devices_agree_in_the_end(db: TestDatabase) {
        let steps = if seeds::is_full() { 10_000 } else { 260 };
        history(&db, seeds::seed(), steps, true).await;
    }
}

/// A failure that cannot be repeated cannot be repaired.
#[test]
fn a_seed_repeats_its_history() {
    let seed = seeds::seed();
    let told = [(); 2].map(|()| {
        let (sender, receiver) = std::sync::mpsc::channel();
        database::run(Kind::Sqlite, async |db: TestDatabase| {
            sender.send(history(&db, seed, 70, false).await).unwrap();
        });
        receiver.recv().unwrap()
    });
    for (one, other) in told[0].iter().zip(&told[1]) {
        assert_eq!(one, other);
    }
    assert_eq!(told[0].len(), told[1].len());
}

/// The same seed on both databases: the same answers to the same steps.
pub(crate) fn the_same_on_both() {
    let seed = seeds::seed();
    if !Kind::Postgres.is_available() {
        return;
    }
    let told = [Kind::Sqlite, Kind::Postgres].map(|kind| {
        let (sender, receiver) = std::sync::mpsc::channel();
        database::run(kind, async |db: TestDatabase| {
            sender.send(history(&db, seed, 90, false).await).unwrap();
        });
        receiver.recv().unwrap()
    });
    for (one, other) in told[0].iter().zip(&told[1]) {
        assert_eq!(one, other);
    }
    assert_eq!(told[0].len(), told[1].len());
}
