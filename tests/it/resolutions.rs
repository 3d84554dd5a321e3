//! Resolutions: entered by the office, numbered in every spelling, related, followed in their effect, read by
//! phones and by everybody.

use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    world::World,
};
use entity::{id::ResolutionId, resolution};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};

struct Stage {
    app: TestApp,
    world: World,
}

impl Stage {
    async fn set(db: &TestDatabase) -> Self {
        let app = TestApp::start(db).await;
        let world = World::create(&app.state).await;
        Self { app, world }
    }

    fn office(&self) -> Person {
        self.app.person(&self.world.here.office)
    }

    fn input(&self, raw: &str, more: Value) -> Value {
        let mut input = json!({"councilId": self.world.here.council, "rawNumber": raw, "kind": "individual",
            "title": "Về nâng cấp đường liên ấp", "issuedOn": "2026-01-15"});
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    }

    async fn create(&self, raw: &str, more: Value) -> String {
        let created = self
            .office()
            .done("createResolution", self.input(raw, more), "resolution { id }")
            .await;
        created["resolution"]["id"].as_str().unwrap().to_owned()
    }

    async fn effect(&self, id: &str) -> String {
        let query = "query($id: ID!) { resolution(id: $id) { effect } }";
        let data = self.office().data(query, json!({"id": id})).await;
        data["resolution"]["effect"].as_str().unwrap().to_owned()
    }

    async fn relate(&self, id: &str, kind: &str, to: &str) -> String {
        let input = json!({"resolutionId": id, "edges": [{"toId": to, "kind": kind}]});
        self.office().refused("relateResolutions", input).await
    }
}

each_db! {
    async fn a_resolution_reaches_the_phones_of_its_place_and_then_everybody(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let id = stage.create("Nghị quyết số 5/2026/nq – hdnd", json!({
            "text": "Điều 1. Nâng cấp đường liên ấp.", "inForceFrom": "2026-01-20", "votesFor": 20, "votesAgainst": 1,
            "votesAbstained": 2, "delegatesPresent": 23, "delegatesTotal": 25})).await;
        for login in [&world.here.delegates[0], &world.province_delegate] {
            let mut phone = Phone::without_units(stage.app.person(login));
            phone.pull().await;
            let row = phone.row("resolution", &id);
            assert_eq!(row["number"], "05/2026/NQ-HĐND");
            assert_eq!(row["rawNumber"], "Nghị quyết số 5/2026/nq – hdnd");
            assert_eq!(row["effect"], "in_force");
            assert_eq!(row["text"], "Điều 1. Nâng cấp đường liên ấp.");
            assert_eq!(row["unitId"], world.here.unit.to_string());
            // Phones only read it.
            let result = phone.push(&[create("resolution", &id, json!({"title": "x"}))]).await.remove(0);
            assert_eq!(result["errors"][0]["code"], "READ_ONLY");
        }
        let mut neighbour = Phone::without_units(stage.app.person(&world.there.delegates[0]));
        neighbour.pull().await;
        assert_eq!(neighbour.row("resolution", &id), &Value::Null);

        let query = "query($id: ID!) { resolution(id: $id) { id text votesFor history(first: 9) { event } } node(id: $id) { id } }";
        let stranger = stage.app.stranger();
        assert_eq!(stranger.data(query, json!({"id": id})).await, stranger.data(query, json!({"id": new_id()})).await);
        stage.office().done("updateResolution", json!({"resolutionId": id, "isPublic": true}), "resolution { isPublic }").await;
        let seen = stranger.data(query, json!({"id": id})).await;
        assert_eq!(seen["resolution"]["text"], "Điều 1. Nâng cấp đường liên ấp.");
        assert_eq!(seen["resolution"]["history"], json!([]));
        assert_eq!(seen["node"]["id"], id);
        let told = stage.office().data(query, json!({"id": id})).await;
        assert_eq!(told["resolution"]["history"], json!([{"event": "created"}, {"event": "updated"}]));
    }

    async fn numbers_are_unique_within_issuer_and_year(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let first = stage.create("12/NQ-HĐND", json!({"id": new_id()})).await;
        for raw in ["12/NQ-HĐND", "12 / nq-hdnd", "Nghị quyết số 012/NQ–HĐND"] {
            let payload = office.mutate("createResolution", stage.input(raw, json!({})), "").await;
            assert_eq!(payload["userErrors"][0]["code"], "TAKEN", "{raw}");
            assert_eq!(payload["userErrors"][0]["field"], "rawNumber");
        }
        // The same again, by the same id, is the same resolution.
        office.done("createResolution", stage.input("12/NQ-HĐND", json!({"id": first})), "resolution { rev }").await;
        // Another year, another number, another body, another unit: others.
        stage.create("12/NQ-HĐND", json!({"issuedOn": "2025-12-15"})).await;
        let other = stage.create("13/NQ-HĐND", json!({})).await;
        stage.create("12/NQ-HĐND", json!({"byStandingCommittee": true})).await;
        let neighbour = stage.app.person(&world.there.office);
        let there = stage.input("12/NQ-HĐND", json!({"councilId": world.there.council}));
        neighbour.done("createResolution", there, "resolution { id }").await;
        // A correction may not take it either; what cannot be read is kept as it is, as often as it comes.
        let renumber = json!({"resolutionId": other, "rawNumber": "12/NQ-HĐND"});
        assert_eq!(office.refused("updateResolution", renumber).await, "TAKEN");
        for _ in 0..2 {
            let odd = office.done("createResolution", stage.input("không số", json!({})), "resolution { number rawNumber }").await;
            assert_eq!(odd["resolution"], json!({"number": null, "rawNumber": "không số"}));
        }
        // What was entered when its year could be another than that of its day is sent again as it was, and corrected.
        let old = stage.create("77/2026/NQ-HĐND", json!({"id": new_id()})).await;
        let id: ResolutionId = old.parse::<uuid::Uuid>().unwrap().into();
        let day: chrono::NaiveDate = "2025-12-15".parse().unwrap();
        resolution::Entity::update_many()
            .col_expr(resolution::Column::IssuedOn, Expr::value(day))
            .filter(resolution::Column::Id.eq(id))
            .exec(stage.app.state.store.migrating())
            .await
            .unwrap();
        let again = stage.input("77/2026/NQ-HĐND", json!({"id": old, "issuedOn": "2025-12-15"}));
        office.done("createResolution", again, "").await;
        office.done("updateResolution", json!({"resolutionId": old, "title": "Về đường liên ấp"}), "").await;
        let wrong = json!({"resolutionId": old, "issuedOn": "2025-12-16"});
        assert_eq!(office.refused("updateResolution", wrong).await, "OUT_OF_RANGE");
        let find = async |number: &str| {
            let query = "query($number: String!) { resolutions(first: 10, filter: {number: $number, year: 2026}) { totalCount } }";
            office.data(query, json!({"number": number})).await["resolutions"]["totalCount"].as_i64().unwrap()
        };
        assert_eq!(find("12/NQ-HDND").await, 2);
        assert_eq!(find("số 12 / NQ — HĐND").await, 2);
        assert_eq!(find("không số").await, 2);
        assert_eq!(find("99/NQ-HĐND").await, 0);
    }

    async fn what_is_entered_is_checked(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let plan = |council, family: &str, kind: &str, ordinal: Value| json!({"councilId": council, "family": family,
            "kind": kind, "title": "Họp", "startsAt": "2026-01-15T08:00:00+07:00", "ordinal": ordinal});
        let session = office.done("planMeeting", plan(world.here.council, "session", "regular_end", json!(3)), "meeting { id }").await;
        let contact = office.done("planMeeting", plan(world.here.council, "contact", "thematic", json!(null)), "meeting { id }").await;
        let neighbour = stage.app.person(&world.there.office);
        let foreign = neighbour.done("planMeeting", plan(world.there.council, "session", "regular_end", json!(3)), "meeting { id }").await;
        stage.create("1/NQ-HĐND", json!({"sessionId": session["meeting"]["id"]})).await;
        for (more, code, field) in [
            (json!({"sessionId": contact["meeting"]["id"]}), "NOT_FOUND", "sessionId"),
            (json!({"sessionId": foreign["meeting"]["id"]}), "NOT_FOUND", "sessionId"),
            (json!({"sessionId": new_id()}), "NOT_FOUND", "sessionId"),
            (json!({"councilId": world.there.council}), "NOT_FOUND", "councilId"),
            (json!({"councilId": new_id()}), "NOT_FOUND", "councilId"),
            (json!({"issuedOn": "2025-06-30"}), "BEFORE_COUNCIL", "issuedOn"),
            (json!({"issuedOn": "2026-02-30"}), "INVALID_DATE", "issuedOn"),
            (json!({"issuedOn": null}), "REQUIRED", "issuedOn"),
            (json!({"inForceFrom": "2026-01-14"}), "OUT_OF_RANGE", "inForceFrom"),
            // Days and years that cannot be: nobody issues in days to come, nor by numbers of another time.
            (json!({"issuedOn": "2099-01-01"}), "OUT_OF_RANGE", "issuedOn"),
            (json!({"issuedOn": null, "rawNumber": "9/2020/NQ-HĐND"}), "BEFORE_COUNCIL", "rawNumber"),
            (json!({"issuedOn": null, "rawNumber": "9/2099/NQ-HĐND"}), "OUT_OF_RANGE", "rawNumber"),
            (json!({"rawNumber": "9/2025/NQ-HĐND"}), "OUT_OF_RANGE", "rawNumber"),
            (json!({"issuedOn": null, "rawNumber": "44/2026/NQ-HĐND", "inForceFrom": "1946-01-01"}), "BEFORE_COUNCIL", "inForceFrom"),
            (json!({"issuedOn": null, "rawNumber": "44/2026/NQ-HĐND", "inForceTo": "1946-01-01"}), "BEFORE_COUNCIL", "inForceTo"),
            (json!({"kind": "law"}), "UNKNOWN_CODE", "kind"),
            (json!({"title": null}), "REQUIRED", "title"),
            (json!({"votesFor": 20, "votesAgainst": 6, "delegatesPresent": 25}), "OUT_OF_RANGE", "delegatesPresent"),
            (json!({"delegatesPresent": 26, "delegatesTotal": 25}), "OUT_OF_RANGE", "delegatesTotal"),
            (json!({"votesFor": -1}), "OUT_OF_RANGE", "votesFor"),
        ] {
            let payload = office.mutate("createResolution", stage.input("2/NQ-HĐND", more.clone()), "").await;
            let error = &payload["userErrors"][0];
            assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(field)), "{more}");
        }
        let first = stage.create("2/2026/NQ-HĐND", json!({"issuedOn": null})).await;
        let early = json!({"resolutionId": first, "event": "come_into_force", "on": "2025-06-30"});
        assert_eq!(office.refused("setEffect", early).await, "BEFORE_COUNCIL");
        let delegate = stage.app.person(&world.here.delegates[0]);
        assert_eq!(delegate.refused("createResolution", stage.input("2/NQ-HĐND", json!({}))).await, "FORBIDDEN");
    }

    async fn relations_move_the_effect_of_the_other(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let in_force = json!({"inForceFrom": "2026-01-15"});
        let old = stage.create("1/NQ-HĐND", in_force.clone()).await;
        let older = stage.create("2/NQ-HĐND", in_force.clone()).await;
        let new = stage.create("3/NQ-HĐND", in_force.clone()).await;
        assert_eq!(stage.relate(&new, "replaces", &old).await, "accepted");
        assert_eq!(stage.effect(&old).await, "replaced");
        assert_eq!(stage.relate(&new, "replaces", &old).await, "accepted", "stated twice, it is stated");
        assert_eq!(stage.relate(&new, "annuls", &old).await, "INVALID_STATE");
        assert_eq!(stage.relate(&new, "suspends", &older).await, "accepted");
        assert_eq!(stage.effect(&older).await, "suspended");
        assert_eq!(stage.relate(&new, "amends", &new).await, "INVALID_VALUE");
        assert_eq!(stage.relate(&new, "repeals", &older).await, "UNKNOWN_CODE");
        assert_eq!(stage.relate(&new, "amends", &new_id()).await, "NOT_FOUND");
        // Two edges of one command may not end one resolution twice.
        let twice = json!({"resolutionId": new, "edges": [{"toId": older, "kind": "replaces"}, {"toId": older, "kind": "annuls"}]});
        assert_eq!(office.refused("relateResolutions", twice).await, "INVALID_STATE");
        assert_eq!(stage.effect(&older).await, "suspended");

        // What comes into force later acts later.
        let next = stage.create("4/NQ-HĐND", json!({"inForceFrom": "2099-01-01"})).await;
        assert_eq!(stage.relate(&next, "annuls", &new).await, "accepted");
        assert_eq!(stage.effect(&new).await, "in_force");
        office.done("setEffect", json!({"resolutionId": next, "event": "come_into_force"}), "resolution { effect inForceFrom }").await;
        assert_eq!(stage.effect(&new).await, "annulled");
        let dead = json!({"resolutionId": new, "event": "resume"});
        assert_eq!(office.refused("setEffect", dead).await, "INVALID_STATE");
        let tomorrow = json!({"resolutionId": next, "event": "expire", "on": "2099-01-01"});
        assert_eq!(office.refused("setEffect", tomorrow).await, "OUT_OF_RANGE");

        // A neighbour's resolution is not ours to annul, even where we may read it.
        let neighbour = stage.app.person(&world.there.office);
        let theirs = stage.input("1/NQ-HĐND", json!({"councilId": world.there.council, "isPublic": true}));
        let theirs = neighbour.done("createResolution", theirs, "resolution { id }").await;
        let theirs = theirs["resolution"]["id"].as_str().unwrap();
        assert_eq!(stage.relate(&next, "annuls", theirs).await, "FORBIDDEN");
        assert_eq!(stage.relate(&next, "implements", theirs).await, "accepted");

        let query = "query($id: ID!) { resolution(id: $id) { relations { kind isOutgoing resolution { number } } history(first: 20) { event basis } } }";
        let data = office.data(query, json!({"id": new})).await;
        let kinds: Vec<&str> =
            data["resolution"]["relations"].as_array().unwrap().iter().map(|relation| relation["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds.len(), 3);
        let last = data["resolution"]["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last, json!({"event": "annul", "basis": "04/NQ-HĐND"}));
        let mut phone = Phone::without_units(stage.app.person(&world.here.delegates[0]));
        phone.pull().await;
        assert_eq!(phone.row("resolution", &new)["replaces"], old);
        assert_eq!(phone.row("resolution", &old)["effect"], "replaced");
    }

    async fn lists_are_filtered_and_read_no_text(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let mut cost = Vec::new();
        for round in 0..2 {
            for number in 0..3 {
                let raw = format!("{}/NQ-HĐND", round * 3 + number + 1);
                stage.create(&raw, json!({"text": "Điều 1.", "isPublic": number == 0})).await;
            }
            let before = stage.app.state.store.statements();
            let list = "{ resolutions(first: 50) { nodes { id number text relations { kind } } } }";
            office.data(list, json!({})).await;
            cost.push(stage.app.state.store.statements() - before);
        }
        assert_eq!(cost[0], cost[1], "statements do not grow with rows");
        let count = async |who: &Person, filter: Value| {
            let query = "query($filter: ResolutionFilter) { resolutions(filter: $filter, last: 100) { totalCount nodes { id } } }";
            let data = who.data(query, json!({"filter": filter})).await;
            assert_eq!(data["resolutions"]["nodes"].as_array().unwrap().len() as u64, data["resolutions"]["totalCount"].as_u64().unwrap());
            data["resolutions"]["totalCount"].as_u64().unwrap()
        };
        assert_eq!(count(&office, json!({})).await, 6);
        assert_eq!(count(&stage.app.stranger(), json!({})).await, 2);
        assert_eq!(count(&stage.app.person(&world.there.delegates[0]), json!({})).await, 2);
        assert_eq!(count(&office, json!({"withinUnit": {"id": world.province}})).await, 6);
        assert_eq!(count(&office, json!({"withinUnit": {"code": "27736"}})).await, 0);
        assert_eq!(count(&office, json!({"effect": ["not_yet"], "kind": ["individual"]})).await, 6);
        assert_eq!(count(&office, json!({"effect": ["in_force"]})).await, 0);
        assert_eq!(count(&office, json!({"year": 2025})).await, 0);
        assert_eq!(count(&office, json!({"issuedFrom": "2026-01-15", "issuedTo": "2026-01-15"})).await, 6);
        assert_eq!(count(&office, json!({"issuedTo": "2026-01-14"})).await, 0);
        assert_eq!(count(&office, json!({"updatedAfter": "2099-01-01T00:00:00+07:00"})).await, 0);
    }
}
