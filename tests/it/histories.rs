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
use entity::{delegate, event, sync_digest, sync_doc, sync_log};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

const STEPS: usize = 80;

each_db! {
    async fn phones_converge_and_documents_are_what_the_rules_say(db: TestDatabase) {
        let seed = seeds::seed();
        println!("seed {seed}");
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        // What the world began with was put there without a history.
        let begun = versions(&app).await;
        let mut town = Town::new(&app, world, seed);
        let mut step = 0;
        // Much of what people try is refused; a history goes on until enough has really happened.
        while step < STEPS || town.accepted <= STEPS / 4 {
            step += 1;
            assert!(step < 10 * STEPS, "nothing is accepted any more");
            town.something_happens().await;
            // Each has its turn, whatever the dice say.
            if step % 20 == 10 {
                town.something_of_a_meeting().await;
                town.something_of_a_resolution().await;
                town.something_of_a_mandate().await;
            }
            if step % 20 == 0 {
                town.phones_follow().await;
                stored_documents_are_what_their_rows_come_to(&app).await;
                the_sums_are_those_of_the_log(&app).await;
            }
        }
        every_change_is_in_the_history(&app, &begun).await;
        let happened = (town.meetings.len() > 1, town.resolutions.is_empty(), town.mandates_moved > 0);
        assert_eq!(happened, (true, false, true), "meetings, resolutions and mandates have histories too");
    }
}

/// What a meeting may come to; most of it does not fit where it is.
const STEPS_OF_A_MEETING: [&str; 13] = [
    "approve",
    "notify",
    "send_documents",
    "begin",
    "suspend",
    "hold",
    "postpone",
    "cancel",
    "draft_minutes",
    "sign_minutes",
    "synthesise",
    "report",
    "inform_results",
];

struct Town<'a> {
    app: &'a TestApp,
    world: World,
    rng: StdRng,
    phones: Vec<Phone>,
    feedback: Vec<String>,
    petitions: Vec<String>,
    meetings: Vec<String>,
    resolutions: Vec<String>,
    groups: Vec<String>,
    /// How often a mandate began, ended or was changed.
    mandates_moved: usize,
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
                "meetingRecord",
                "delegate",
            ];
            phone.collections = Some(names.map(str::to_owned).to_vec());
        }
        let rng = StdRng::seed_from_u64(seed);
        Self {
            app,
            meetings: vec![world.here.meeting.to_string()],
            world,
            rng,
            phones,
            feedback: Vec::new(),
            petitions: Vec::new(),
            resolutions: Vec::new(),
            groups: Vec::new(),
            mandates_moved: 0,
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

    /// Asks for it; what came of it if it was accepted.
    async fn ask(&mut self, person: &Person, name: &str, input: Value, selection: &str) -> Option<Value> {
        let payload = person.mutate(name, input, selection).await;
        let is_accepted = payload["userErrors"] == json!([]);
        self.accepted += usize::from(is_accepted);
        is_accepted.then_some(payload)
    }

    async fn mutate(&mut self, person: &Person, name: &str, input: Value) {
        let payload = self
            .ask(person, name, input, "petitions { id }")
            .await
            .unwrap_or_default();
        for petition in payload["petitions"].as_array().into_iter().flatten() {
            let id = petition["id"].as_str().unwrap().to_owned();
            if !self.petitions.contains(&id) {
                self.petitions.push(id);
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
            _ => self.rng.random_range(0..26),
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
                let assess = json!({"petitionId": petition, "assessment": "ok"});
                self.mutate(&office, "assessAnswer", assess).await;
                self.mutate(&office, "closePetition", json!({"petitionId": petition}))
                    .await;
                self.mutate(
                    &office,
                    "reopenPetition",
                    json!({"petitionId": petition, "reason": "Cử tri hỏi lại"}),
                )
                .await;
            }
            17 => {
                let text = self.rng.random_bool(0.7).then_some("Nội dung đã biên tập");
                self.mutate(
                    &office,
                    "publishPetition",
                    json!({"petitionId": petition, "publicContent": text}),
                )
                .await;
            }
            18..22 => self.something_of_a_meeting().await,
            22 | 23 => self.something_of_a_resolution().await,
            _ => self.something_of_a_mandate().await,
        }
    }

    /// Contacts and sessions are planned, changed and led from step to step, alone or with the neighbours; a delegate
    /// announces one of his own, and records what he heard.
    async fn something_of_a_meeting(&mut self) {
        let office = self.app.person(&self.world.here.office.clone());
        let meeting = self.any(&self.meetings.clone()).unwrap_or_else(new_id);
        let title = format!("Cuộc {}", self.rng.next_u32());
        let joint = if self.rng.random_bool(0.5) {
            json!([self.world.there.council])
        } else {
            json!([])
        };
        let starts_at = self.any(&["2026-01-15T08:00:00+07:00", "2099-01-15T08:00:00+07:00"]);
        // Nothing is changed or led before something is planned.
        let what = if self.meetings.len() < 2 {
            0
        } else {
            self.rng.random_range(0..8)
        };
        match what {
            0 => {
                let mut input = json!({"councilId": self.world.here.council, "title": title, "startsAt": starts_at,
                    "unitIds": [self.world.here.unit], "councilIds": joint});
                // A session's number may be taken.
                if self.rng.random_bool(0.3) && self.meetings.len() > 1 {
                    input["family"] = json!("session");
                    input["kind"] = json!("regular_end");
                    input["ordinal"] = json!(self.rng.random_range(1..6));
                } else {
                    input["kind"] = json!("thematic");
                }
                let planned = self.ask(&office, "planMeeting", input, "meeting { id }").await;
                let id = planned.and_then(|planned| planned["meeting"]["id"].as_str().map(str::to_owned));
                self.meetings.extend(id);
            }
            1 => {
                let input = json!({"meetingId": meeting, "title": title, "startsAt": starts_at, "councilIds": joint,
                    "place": "Nhà văn hóa ấp 3"});
                self.ask(&office, "updateMeeting", input, "meeting { id }").await;
            }
            2..5 => {
                for _ in 0..3 {
                    let event = self.any(&STEPS_OF_A_MEETING);
                    let input = json!({"meetingId": meeting, "event": event, "basis": "06/KH-HĐND"});
                    self.ask(&office, "advanceMeeting", input, "meeting { id }").await;
                }
            }
            5 => {
                let input = json!({"meetingId": meeting, "isPublic": self.rng.random_bool(0.7)});
                self.ask(&office, "publishMeeting", input, "meeting { id }").await;
                let counts = json!({"meetingId": meeting, "invited": 120, "attended": self.rng.random_range(1..120),
                    "attendanceBands": "female=51 farmer=4"});
                self.ask(&office, "recordAttendance", counts, "meeting { id }")
                    .await;
            }
            6 => {
                let person = self.delegate();
                let patch = json!({"kind": "residence", "title": title, "unitIds": self.world.here.unit.to_string(),
                    "startsAt": starts_at});
                let id = new_id();
                self.meetings.push(id.clone());
                self.push(&person, create("meeting", &id, patch)).await;
            }
            _ => {
                let person = self.delegate();
                let patch = json!({"meetingId": meeting, "opinionCount": self.rng.random_range(0..30), "minutesDraft": title});
                self.push(&person, create("meetingRecord", &new_id(), patch))
                    .await;
            }
        }
    }

    /// Resolutions are entered, published or taken back, come into force and end, by themselves or by another's effect.
    async fn something_of_a_resolution(&mut self) {
        let office = self.app.person(&self.world.here.office.clone());
        let known = self.any(&self.resolutions.clone());
        let what = self.rng.random_range(0..5);
        let is_public = self.rng.random_bool(0.5);
        match (what, known) {
            (0, _) | (_, None) => {
                let in_force = self.rng.random_bool(0.7).then_some("2026-01-20");
                let input = json!({"councilId": self.world.here.council, "kind": "individual", "issuedOn": "2026-01-15",
                    "rawNumber": format!("{}/NQ-HĐND", self.resolutions.len() + 1), "title": "Về nâng cấp đường liên ấp",
                    "text": "Điều 1. Nâng cấp đường liên ấp.", "inForceFrom": in_force, "isPublic": is_public});
                let created = self
                    .ask(&office, "createResolution", input, "resolution { id }")
                    .await;
                let id = created.and_then(|created| created["resolution"]["id"].as_str().map(str::to_owned));
                self.resolutions.extend(id);
            }
            (1, Some(id)) => {
                let title = format!("Về việc {}", self.rng.next_u32());
                let input = json!({"resolutionId": id, "title": title, "isPublic": is_public});
                self.ask(&office, "updateResolution", input, "resolution { id }")
                    .await;
            }
            (2, Some(id)) => {
                let event = self.any(&["come_into_force", "suspend", "resume", "expire_partly", "expire"]);
                let input = json!({"resolutionId": id, "event": event});
                self.ask(&office, "setEffect", input, "resolution { id }").await;
            }
            (_, Some(id)) => {
                let other = self.any(&self.resolutions.clone()).unwrap_or_else(new_id);
                let kind = self.any(&["amends", "replaces", "annuls", "suspends", "implements"]);
                let input = json!({"resolutionId": id, "edges": [{"toId": other, "kind": kind}]});
                self.ask(&office, "relateResolutions", input, "resolution { id }")
                    .await;
            }
        }
    }

    /// Delegates lose their mandates and win new ones, here where they had one or beside one with the neighbours, in a
    /// group or for the whole commune: what they and their phones may see changes with it.
    async fn something_of_a_mandate(&mut self) {
        let office = self.app.person(&self.world.here.office.clone());
        let today = self.app.state.clock.today().to_string();
        let sitting = delegate::Entity::find()
            .filter(delegate::Column::CouncilId.eq(self.world.here.council))
            .filter(delegate::Column::ValidTo.is_null())
            .order_by_asc(delegate::Column::Id)
            .all(self.app.state.store.read())
            .await
            .unwrap();
        let id = self.any(&sitting).map_or_else(new_id, |row| row.id.to_string());
        let what = if self.mandates_moved == 0 {
            0
        } else {
            self.rng.random_range(0..6)
        };
        let selection = "delegate { id }";
        let done = match what {
            0 | 1 => {
                let on = self.any(&["2025-12-01".to_owned(), today]);
                let input = json!({"delegateId": id, "on": on, "reason": "Chuyển công tác"});
                self.ask(&office, "endMandate", input, selection).await
            }
            2 | 3 => {
                let accounts = [
                    self.world.here.delegates[0].account,
                    self.world.here.delegates[1].account,
                    self.world.there.delegates[0].account,
                ];
                let account = self.any(&accounts);
                let group = self.any(&self.groups.clone());
                let units = if self.rng.random_bool(0.5) {
                    json!([self.world.here.unit])
                } else {
                    json!([])
                };
                let input = json!({"councilId": self.world.here.council, "name": "Lê Văn Cường", "accountId": account,
                    "groupId": group, "unitIds": units, "validFrom": today});
                // Of people elsewhere the installation's administrator makes delegates, and no office.
                let administrator = self.app.person(&self.world.administrator.clone());
                self.ask(&administrator, "createDelegate", input, selection).await
            }
            4 => {
                let name = format!("Tổ đại biểu số {}", self.groups.len() + 1);
                let input = json!({"councilId": self.world.here.council, "name": name});
                let created = self.ask(&office, "createGroup", input, "group { id }").await;
                let group = created.and_then(|created| created["group"]["id"].as_str().map(str::to_owned));
                self.groups.extend(group);
                None
            }
            _ => {
                let mut input =
                    json!({"delegateId": id, "name": format!("Đại biểu {}", self.rng.next_u32())});
                if let Some(group) = self.any(&self.groups.clone()) {
                    input["groupId"] = json!(group);
                }
                self.ask(&office, "updateDelegate", input, selection).await
            }
        };
        self.mandates_moved += usize::from(done.is_some());
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

/// How many versions each feedback, petition, meeting and resolution has had.
async fn versions(app: &TestApp) -> BTreeMap<(&'static str, uuid::Uuid), i64> {
    let conn = app.state.store.read();
    let mut all = BTreeMap::new();
    let rows = entity::feedback::Entity::find().all(conn).await.unwrap();
    all.extend(rows.iter().map(|row| (("feedback", row.id.0), row.rev)));
    let rows = entity::petition::Entity::find().all(conn).await.unwrap();
    all.extend(rows.iter().map(|row| (("petition", row.id.0), row.rev)));
    let rows = entity::meeting::Entity::find().all(conn).await.unwrap();
    all.extend(rows.iter().map(|row| (("meeting", row.id.0), row.rev)));
    let rows = entity::resolution::Entity::find().all(conn).await.unwrap();
    all.extend(rows.iter().map(|row| (("resolution", row.id.0), row.rev)));
    all
}

/// Every version of every feedback, petition, meeting and resolution since `begun` stands in its history.
async fn every_change_is_in_the_history(app: &TestApp, begun: &BTreeMap<(&'static str, uuid::Uuid), i64>) {
    let mut steps: BTreeMap<(String, uuid::Uuid), i64> = BTreeMap::new();
    for event in event::Entity::find().all(app.state.store.read()).await.unwrap() {
        *steps.entry((event.kind, event.row_id)).or_default() += 1;
    }
    let mut moved = BTreeSet::new();
    for ((kind, id), rev) in versions(app).await {
        let since = rev - begun.get(&(kind, id)).copied().unwrap_or(0);
        let known = steps.get(&(kind.to_owned(), id)).copied().unwrap_or(0);
        assert!(
            known >= since,
            "{kind} {id} has {since} versions and {known} events"
        );
        if since > 0 {
            moved.insert(kind);
        }
    }
    let all = BTreeSet::from(["feedback", "meeting", "petition", "resolution"]);
    assert_eq!(moved, all, "of each something has happened");
}
