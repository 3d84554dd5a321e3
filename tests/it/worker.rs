//! What no request asks for: what a day brings about, and what has waited too long.

use std::sync::Arc;

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock},
    sync::waiting::PATIENCE,
    worker,
};
use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, create, new_id},
    world::World,
};
use serde_json::{Value, json};

struct Stage {
    app: TestApp,
    world: World,
    clock: Arc<ManualClock>,
}

impl Stage {
    async fn set(db: &TestDatabase) -> Self {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        Self { app, world, clock }
    }

    /// Time passes, and the server takes its turn: twice, as two servers would.
    async fn after(&self, time: Duration) {
        self.clock.set(self.clock.now() + time);
        for _ in 0..2 {
            worker::turn(&self.app.state, &mut None).await;
        }
    }

    fn author(&self) -> Phone {
        Phone::new(self.app.person(&self.world.here.delegates[0]))
    }

    async fn resolution(&self, raw: &str, dates: Value) -> String {
        let mut input = json!({"councilId": self.world.here.council, "rawNumber": raw, "kind": "individual",
            "title": "Về nâng cấp đường liên ấp", "issuedOn": "2026-02-20"});
        for (name, value) in dates.as_object().unwrap() {
            input[name] = value.clone();
        }
        let office = self.app.person(&self.world.here.office);
        let made = office.done("createResolution", input, "resolution { id }").await;
        made["resolution"]["id"].as_str().unwrap().to_owned()
    }

    /// The effect, and the steps of its history with who took them.
    async fn effect(&self, id: &str) -> (String, Vec<(String, bool)>) {
        let office = self.app.person(&self.world.here.office);
        let query = "query($id: ID!) { resolution(id: $id) { effect history(first: 20) { event actor } } }";
        let data = office.data(query, json!({"id": id})).await;
        let row = &data["resolution"];
        let mut steps: Vec<(String, bool)> = row["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| {
                (
                    step["event"].as_str().unwrap().to_owned(),
                    !step["actor"].is_null(),
                )
            })
            .collect();
        steps.sort();
        (row["effect"].as_str().unwrap().to_owned(), steps)
    }
}

each_db! {
    async fn a_resolution_comes_into_force_and_expires_on_its_dates(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let old = stage.resolution("01/NQ-HĐND", json!({"inForceFrom": "2026-02-21"})).await;
        let id = stage
            .resolution("02/NQ-HĐND", json!({"inForceFrom": "2026-03-10", "inForceTo": "2026-03-20"}))
            .await;
        let office = stage.app.person(&stage.world.here.office);
        let edges = json!({"resolutionId": id, "edges": [{"toId": old, "kind": "replaces"}]});
        office.done("relateResolutions", edges, "resolution { id }").await;
        let mut phone = stage.author();
        phone.pull().await;
        assert_eq!(phone.row("resolution", &id)["effect"], "not_yet");

        stage.after(Duration::days(7)).await;
        assert_eq!(stage.effect(&id).await.0, "not_yet", "a day too early");
        stage.after(Duration::days(1)).await;
        let (effect, steps) = stage.effect(&id).await;
        assert_eq!(effect, "in_force");
        assert!(steps.contains(&("come_into_force".to_owned(), false)), "{steps:?}");
        assert_eq!(stage.effect(&old).await.0, "replaced", "what it said about others counts from that day");

        stage.after(Duration::days(10)).await;
        let (effect, steps) = stage.effect(&id).await;
        assert_eq!(effect, "expired");
        assert_eq!(steps.len(), 4, "each step once: {steps:?}");
        phone.person = stage.author().person;
        phone.pull().await;
        assert_eq!(phone.row("resolution", &id)["effect"], "expired", "the phone is told as well");
    }

    async fn a_missed_turn_is_made_up_for(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let id = stage
            .resolution("03/NQ-HĐND", json!({"inForceFrom": "2026-03-10", "inForceTo": "2026-03-20"}))
            .await;
        stage.after(Duration::days(60)).await;
        let (effect, steps) = stage.effect(&id).await;
        assert_eq!(effect, "expired");
        let events: Vec<&str> = steps.iter().map(|(event, _)| event.as_str()).collect();
        assert_eq!(events, ["come_into_force", "created", "expire"]);
    }

    async fn an_agency_has_an_account_while_somebody_answers_for_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let has_account = async || {
            let query = "query($id: ID!) { agency(id: $id) { hasAccount } }";
            let office = stage.app.person(&world.here.office);
            office.data(query, json!({"id": world.company})).await["agency"]["hasAccount"].clone()
        };
        let account = world.there.delegates[1].account;
        let grant = json!({"accountId": account, "role": "agency", "agencyId": world.company,
            "validFrom": "2026-03-05", "validTo": "2026-03-08"});
        let administrator = stage.app.person(&world.administrator);
        administrator.done("grantRole", grant, "account { id }").await;
        assert_eq!(has_account().await, false, "the role does not hold yet");
        stage.after(Duration::days(3)).await;
        assert_eq!(has_account().await, true);
        stage.after(Duration::days(3)).await;
        assert_eq!(has_account().await, false, "it ended by its date, and nobody had to say so");
    }

    async fn a_row_whose_parent_never_came_is_reported_and_still_applied_when_it_comes(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let mut phone = stage.author();
        let (meeting, feedback) = (new_id(), new_id());
        let said = json!({"kind": "petition", "unitId": stage.world.here.unit, "channel": "contact_meeting",
            "content": "Đường hỏng", "meetingId": meeting});
        let row = create("feedback", &feedback, said);
        assert_eq!(phone.push(std::slice::from_ref(&row)).await[0]["status"], "DEFERRED");
        stage.after(PATIENCE - Duration::seconds(1)).await;
        phone.person = stage.author().person;
        phone.pull().await;
        assert!(phone.rows_of("syncIssue").is_empty(), "it may still come");

        stage.after(Duration::seconds(1)).await;
        phone.pull().await;
        let issues = phone.rows_of("syncIssue");
        assert_eq!(issues.len(), 1, "told once: {issues:#?}");
        let issue = issues[0].clone();
        assert_eq!((&issue["code"], &issue["status"]), (&json!("PARENT_UNKNOWN"), &json!("open")));
        assert_eq!((&issue["collection"], &issue["rowId"]), (&json!("feedback"), &json!(feedback)));
        let query = "query($id: ID!) { syncIssue(id: $id) { original } }";
        let told = phone.person.data(query, json!({"id": issue["id"]})).await;
        assert!(told["syncIssue"]["original"].as_str().unwrap().contains("Đường hỏng"));
        assert_eq!(phone.push(&[row]).await[0]["status"], "DEFERRED", "asked again, it still waits");

        let held = json!({"kind": "individual_or_group", "unitIds": stage.world.here.unit, "place": "Nhà văn hóa ấp 3",
            "startsAt": "2026-03-02T07:00:00+07:00", "title": "Tiếp xúc cử tri"});
        let sent = phone.push(&[create("meeting", &meeting, held)]).await;
        assert_eq!(sent[0]["status"], "APPLIED", "{sent:#?}");
        phone.pull().await;
        assert_eq!(phone.row("feedback", &feedback)["content"], "Đường hỏng");
        let id = issue["id"].as_str().unwrap();
        assert_eq!(phone.row("syncIssue", id)["status"], "resolved");
    }

    /// Two hundred older rows that waited for what never came kept all later ones waiting for ever.
    async fn a_waiting_row_is_not_held_up_by_older_ones_that_wait_for_ever(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let mut phone = stage.author();
        let said = |meeting: &str| json!({"kind": "petition", "unitId": stage.world.here.unit,
            "channel": "contact_meeting", "content": "Cầu gãy", "meetingId": meeting});
        let for_ever: Vec<Value> = (0..205).map(|_| create("feedback", &new_id(), said(&new_id()))).collect();
        for result in phone.push(&for_ever).await {
            assert_eq!(result["status"], "DEFERRED");
        }
        let held = json!({"kind": "individual_or_group", "unitIds": stage.world.here.unit, "place": "Nhà văn hóa ấp 3",
            "startsAt": "2026-03-02T07:00:00+07:00", "title": "Tiếp xúc cử tri"});
        // The parent comes with a push of one's own, and with somebody else's.
        for author in [0, 1] {
            let (meeting, feedback) = (new_id(), new_id());
            assert_eq!(phone.push(&[create("feedback", &feedback, said(&meeting))]).await[0]["status"], "DEFERRED");
            let bringing = Phone::new(stage.app.person(&stage.world.here.delegates[author]));
            let sent = bringing.push(&[create("meeting", &meeting, held.clone())]).await;
            assert_eq!(sent[0]["status"], "APPLIED", "{sent:#?}");
            if author == 1 {
                stage.after(Duration::minutes(1)).await;
                phone.person = stage.author().person;
            }
            phone.pull().await;
            assert_eq!(phone.row("feedback", &feedback)["content"], "Cầu gãy");
        }
    }

    async fn a_receipt_is_kept_for_400_days_and_the_row_is_not_doubled_after_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let said = json!({"kind": "petition", "unitId": stage.world.here.unit, "channel": "contact_meeting", "content": "Cầu gãy"});
        let row = create("feedback", &new_id(), said);
        assert_eq!(stage.author().push(std::slice::from_ref(&row)).await[0]["status"], "APPLIED");
        let receipts = async || {
            let count = sea_orm::PaginatorTrait::count(
                <entity::sync_receipt::Entity as sea_orm::EntityTrait>::find(),
                stage.app.state.store.read(),
            );
            count.await.unwrap()
        };
        stage.after(Duration::days(400)).await;
        assert_eq!(receipts().await, 1);
        stage.after(Duration::seconds(1)).await;
        assert_eq!(receipts().await, 0);
        assert_eq!(stage.author().push(&[row]).await[0]["status"], "DUPLICATE");
    }

    async fn a_row_is_applied_when_somebody_else_brings_its_parent(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let mut phone = stage.author();
        let (meeting, feedback) = (new_id(), new_id());
        let said = json!({"kind": "petition", "unitId": stage.world.here.unit, "channel": "contact_meeting",
            "content": "Cầu gãy", "meetingId": meeting});
        assert_eq!(phone.push(&[create("feedback", &feedback, said)]).await[0]["status"], "DEFERRED");
        let colleague = Phone::new(stage.app.person(&stage.world.here.delegates[1]));
        let held = json!({"kind": "individual_or_group", "unitIds": stage.world.here.unit, "place": "Nhà văn hóa ấp 3",
            "startsAt": "2026-03-02T07:00:00+07:00", "title": "Tiếp xúc cử tri"});
        let sent = colleague.push(&[create("meeting", &meeting, held)]).await;
        assert_eq!(sent[0]["status"], "APPLIED", "{sent:#?}");
        stage.after(Duration::minutes(1)).await;
        phone.pull().await;
        assert_eq!(phone.row("feedback", &feedback)["content"], "Cầu gãy");
    }
}
