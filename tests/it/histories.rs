//! Random histories: whatever people do in whatever order, what is stored is what the rules come to, every phone
//! that follows sees what a phone sees that starts anew, and nothing refused leaves a trace.

use std::collections::{BTreeMap, BTreeSet};

use cutri::store::{digest::Sum, rebuild};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, change, create, new_id},
    seeds,
    world::World,
};
use entity::{event, sync_digest, sync_doc, sync_log};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

const STEPS: usize = 60;

each_db! {
    async fn phones_converge_and_documents_are_what_the_rules_say(db: TestDatabase) {
        let seed = seeds::seed();
        println!("seed {seed}");
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let mut town = Town::new(&app, world, seed);
        let mut step = 0;
        // Much of what people try is refused; a history goes on until enough has really happened.
        while step < STEPS || town.accepted <= STEPS / 4 {
            step += 1;
            assert!(step < 10 * STEPS, "nothing is accepted any more");
            town.something_happens().await;
            if step % 20 == 0 {
                town.phones_follow().await;
                stored_documents_are_what_their_rows_come_to(&app).await;
                the_sums_are_those_of_the_log(&app).await;
            }
        }
        every_change_is_in_the_history(&app).await;
    }
}

struct Town<'a> {
    app: &'a TestApp,
    world: World,
    rng: StdRng,
    phones: Vec<Phone>,
    feedback: Vec<String>,
    petitions: Vec<String>,
    accepted: usize,
}

impl<'a> Town<'a> {
    fn new(app: &'a TestApp, world: World, seed: u64) -> Self {
        let people = [
            &world.here.delegates[0],
            &world.here.delegates[1],
            &world.here.office,
            &world.there.delegates[0],
            &world.province_delegate,
            &world.here.committee_login,
            &world.department_login,
            &world.aggregator,
        ];
        let mut phones: Vec<Phone> = people.iter().map(|login| Phone::new(app.person(login))).collect();
        for phone in &mut phones {
            // The 14,000 units are the same for all; leaving them out keeps the test quick.
            let names = [
                "meeting",
                "feedback",
                "petition",
                "informing",
                "urging",
                "resolution",
                "note",
                "syncIssue",
            ];
            phone.collections = Some(names.map(str::to_owned).to_vec());
        }
        let rng = StdRng::seed_from_u64(seed);
        Self {
            app,
            world,
            rng,
            phones,
            feedback: Vec::new(),
            petitions: Vec::new(),
            accepted: 0,
        }
    }

    fn any<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        of.choose(&mut self.rng).cloned()
    }

    fn delegate(&mut self) -> Person {
        let place = if self.rng.random_bool(0.8) {
            &self.world.here
        } else {
            &self.world.there
        };
        let login = place.delegates[self.rng.random_range(0..2)].clone();
        self.app.person(&login)
    }

    async fn mutate(&mut self, person: &Person, name: &str, input: Value) {
        let payload = person.mutate(name, input, "petitions { id }").await;
        if payload["userErrors"] == json!([]) {
            self.accepted += 1;
            for petition in payload["petitions"].as_array().into_iter().flatten() {
                let id = petition["id"].as_str().unwrap().to_owned();
                if !self.petitions.contains(&id) {
                    self.petitions.push(id);
                }
            }
        }
    }

    async fn push(&mut self, person: &Person, row: Value) {
        let result = Phone::new(person.clone()).push(&[row]).await[0].clone();
        if matches!(result["status"].as_str(), Some("APPLIED" | "MERGED")) {
            self.accepted += 1;
        }
    }

    async fn something_happens(&mut self) {
        let office = self.app.person(&self.world.here.office.clone());
        let body = self.app.person(&self.world.here.committee_login.clone());
        let petition = self.any(&self.petitions.clone());
        let petition = petition.unwrap_or_else(new_id);
        let feedback = self.any(&self.feedback.clone()).unwrap_or_else(new_id);
        let unit = if self.rng.random_bool(0.9) {
            self.world.here.unit
        } else {
            self.world.there.unit
        };
        let today = "2026-03-02";
        // First something has to be said, and grouped.
        let what = match (self.feedback.len(), self.petitions.len()) {
            (0..6, _) => 0,
            (_, 0) => 6,
            _ => self.rng.random_range(0..18),
        };
        match what {
            0..3 => {
                let id = new_id();
                let person = self.delegate();
                self.feedback.push(id.clone());
                let kind = ["petition", "opinion", "reflection", "complaint", "no such kind"]
                    [self.rng.random_range(0..5)];
                let patch = json!({"kind": kind, "unitId": unit, "content": format!("Ý kiến {}", self.rng.next_u32())});
                self.push(&person, create("feedback", &id, patch)).await;
            }
            3 | 4 => {
                let person = self.delegate();
                let base = self.rng.random_range(1..3).to_string();
                let patch = json!({"content": format!("Sửa {}", self.rng.next_u32())});
                self.push(&person, change("feedback", &feedback, &base, patch))
                    .await;
            }
            5 => {
                let person = self.delegate();
                self.push(
                    &person,
                    json!({"mutationId": new_id(), "collection": "feedback", "id": feedback, "delete": true}),
                )
                .await;
            }
            6 | 7 => {
                let more = self.any(&self.feedback.clone()).unwrap_or_else(new_id);
                let ids: BTreeSet<&String> = [&feedback, &more].into();
                self.mutate(
                    &office,
                    "groupFeedback",
                    json!({"feedbackIds": ids, "title": "Nhóm", "content": "Nội dung"}),
                )
                .await;
            }
            8 => {
                let parts = json!([{"title": "Một", "content": "Một"}, {"title": "Hai", "content": "Hai"}]);
                self.mutate(
                    &office,
                    "splitPetition",
                    json!({"petitionId": petition, "parts": parts}),
                )
                .await;
            }
            9 => {
                let other = self.any(&self.petitions.clone()).unwrap_or_else(new_id);
                let input = json!({"petitionIds": [petition, other], "title": "Nhập", "content": "Nhập"});
                self.mutate(&office, "mergePetitions", input).await;
            }
            10 => {
                let input = json!({"petitionId": petition, "field": "transport", "tier": "commune"});
                self.mutate(&office, "classifyPetition", input).await;
            }
            11 | 12 => {
                let mut input =
                    json!({"petitionIds": [petition], "documentNumber": "1/VP", "documentDate": today});
                match self.rng.random_range(0..4) {
                    0 => input["upperCouncilId"] = json!(self.world.province_council),
                    1 => input["leadId"] = json!(self.world.company),
                    _ => input["leadId"] = json!(self.world.here.committee),
                }
                self.mutate(&office, "forwardPetitions", input).await;
            }
            13 => {
                self.mutate(
                    &body,
                    "returnPetitions",
                    json!({"petitionIds": [petition], "reason": "Không thuộc thẩm quyền"}),
                )
                .await
            }
            14 => {
                let input = json!({"petitionIds": [petition], "agencyId": self.world.here.committee, "documentNumber": "2/UB",
                    "documentDate": today, "text": "Đã xử lý", "outcome": "resolved"});
                self.mutate(&body, "answerPetitions", input).await;
            }
            15 => {
                let person = self.delegate();
                let patch = json!({"targetKind": "petition", "targetId": petition, "how": "phone"});
                self.push(&person, create("urging", &new_id(), patch)).await;
                let patch = json!({"petitionId": petition, "channel": "in_person"});
                self.push(&person, create("informing", &new_id(), patch)).await;
            }
            16 => {
                self.mutate(&office, "closePetition", json!({"petitionId": petition}))
                    .await;
                self.mutate(
                    &office,
                    "reopenPetition",
                    json!({"petitionId": petition, "reason": "Cử tri hỏi lại"}),
                )
                .await;
            }
            _ => {
                let text = self.rng.random_bool(0.7).then_some("Nội dung đã biên tập");
                self.mutate(
                    &office,
                    "publishPetition",
                    json!({"petitionId": petition, "publicContent": text}),
                )
                .await;
            }
        }
    }

    /// Each phone reads what is new, in pages of its own size, and then holds what a fresh phone would.
    async fn phones_follow(&mut self) {
        for phone in &mut self.phones {
            let bytes = [1_024, 3_000, 1 << 20][self.rng.random_range(0..3)];
            phone.pull_in_pages(Some(bytes)).await;
            let mut fresh = Phone {
                cursor: None,
                rows: BTreeMap::new(),
                lies: BTreeMap::new(),
                ..phone.clone()
            };
            fresh.pull().await;
            assert_eq!(phone.rows, fresh.rows);
            let (nothing, more) = phone.pull_page(None).await;
            assert!(nothing.is_empty() && !more);
        }
    }
}

async fn stored_documents_are_what_their_rows_come_to(app: &TestApp) {
    let state = &app.state;
    let reference = state.reference();
    let conn = state.store.read();
    let rows = sync_log::Entity::find().all(conn).await.unwrap();
    let mut checked = 0;
    for collection in state
        .collections
        .iter()
        .filter(|collection| collection.name() != "unit")
    {
        let ids: BTreeSet<_> = rows
            .iter()
            .filter(|row| row.collection == collection.name())
            .map(|row| row.row_id)
            .collect();
        let ids: Vec<_> = ids.into_iter().collect();
        checked += ids.len();
        let differences = rebuild::differences(conn, *collection, &reference, &ids)
            .await
            .unwrap();
        assert_eq!(differences, [], "{}", collection.name());
    }
    assert!(checked > 10, "nothing to compare");
    // What lies in no partition has no document.
    let live: BTreeSet<_> = rows
        .iter()
        .filter(|row| row.op == "put")
        .map(|row| (row.collection.clone(), row.row_id))
        .collect();
    for doc in sync_doc::Entity::find().all(conn).await.unwrap() {
        assert!(
            live.contains(&(doc.collection.clone(), doc.row_id)),
            "an orphan document: {doc:?}"
        );
    }
}

/// The sums that transactions keep are those of what lies in the partitions.
async fn the_sums_are_those_of_the_log(app: &TestApp) {
    let conn = app.state.store.read();
    let mut sums: BTreeMap<(i64, String), Sum> = BTreeMap::new();
    for row in sync_log::Entity::find().all(conn).await.unwrap() {
        if row.op == "put" {
            sums.entry((row.partition, row.collection))
                .or_default()
                .add(Sum::of(row.row_id, row.rev));
        }
    }
    let stored: BTreeMap<(i64, String), Sum> = sync_digest::Entity::find()
        .all(conn)
        .await
        .unwrap()
        .iter()
        .filter(|row| row.count != 0)
        .map(|row| ((row.partition, row.collection.clone()), Sum::stored(row)))
        .collect();
    assert_eq!(sums, stored);
}

/// Every version of every feedback and petition stands in its history.
async fn every_change_is_in_the_history(app: &TestApp) {
    let conn = app.state.store.read();
    let mut steps: BTreeMap<uuid::Uuid, i64> = BTreeMap::new();
    for event in event::Entity::find().all(conn).await.unwrap() {
        *steps.entry(event.row_id).or_default() += 1;
    }
    let petitions = entity::petition::Entity::find().all(conn).await.unwrap();
    for row in petitions {
        let known = steps.get(&row.id.0).copied().unwrap_or(0);
        assert!(
            known >= row.rev,
            "petition {} has {} versions and {known} events",
            row.number,
            row.rev
        );
    }
}
