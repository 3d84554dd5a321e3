//! A phone that was lost, stolen or given up: it hands in what it still holds, and holds nothing afterwards.

use std::sync::Arc;

use chrono::Duration;
use cutri::clock::{Clock, ManualClock};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    world::World,
};
use serde_json::{Value, json};

const PASSWORD: &str = "ngựa ô thắng kiệu vàng 9";
const TOKENS: &str = "accessToken refreshToken device { id } userErrors { code }";

struct Stage {
    app: TestApp,
    world: World,
    clock: Arc<ManualClock>,
}

/// A phone with the tokens that it keeps.
struct Lost {
    phone: Phone,
    device: String,
    refresh: String,
}

impl Stage {
    async fn set(db: &TestDatabase) -> Self {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let account = world.here.delegates[0].account;
        let input = json!({"accountId": account, "password": PASSWORD});
        app.person(&world.administrator)
            .done("resetPassword", input, "account { id }")
            .await;
        Self { app, world, clock }
    }

    /// Signs the first delegate in, and reads everything but the 14,000 units.
    async fn phone(&self) -> Lost {
        let query = "query($id: ID!) { account(id: $id) { username } }";
        let administrator = self.app.person(&self.world.administrator);
        let account = json!({"id": self.world.here.delegates[0].account});
        let name = administrator.data(query, account).await["account"]["username"].clone();
        let input = json!({"username": name, "password": PASSWORD, "deviceName": "điện thoại"});
        let session = self.app.stranger().done("login", input, TOKENS).await;
        let mut phone = Phone::new(self.app.bearer(session["accessToken"].as_str()));
        let names = [
            "feedback",
            "petition",
            "meeting",
            "note",
            "resolution",
            "delegate",
            "council",
            "agency",
            "syncIssue",
        ];
        phone.collections = Some(names.map(str::to_owned).to_vec());
        phone.pull().await;
        assert!(phone.rows.len() > 3);
        Lost {
            phone,
            device: session["device"]["id"].as_str().unwrap().to_owned(),
            refresh: session["refreshToken"].as_str().unwrap().to_owned(),
        }
    }

    async fn refresh(&self, lost: &Lost) -> Value {
        let input = json!({"refreshToken": lost.refresh});
        self.app
            .stranger()
            .mutate("refresh", input, &TOKENS.replace("userErrors { code }", ""))
            .await
    }

    async fn revoke(&self, lost: &Lost, stolen: bool) {
        let owner = self.app.person(&self.world.here.delegates[0]);
        let input = json!({"deviceId": lost.device, "stolen": stolen});
        owner.done("revokeDevice", input, "device { id }").await;
    }

    fn said(&self, content: &str) -> Value {
        json!({"kind": "petition", "unitId": self.world.here.unit, "channel": "contact_meeting", "content": content})
    }
}

async fn code_of(person: &Person, query: &str) -> (u16, String) {
    let told = person.ask(query, json!({})).await;
    (
        told.status,
        told.body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    )
}

each_db! {
    async fn a_lost_phone_hands_in_what_it_holds_and_is_emptied(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let mut lost = stage.phone().await;
        stage.revoke(&lost, false).await;
        assert_eq!(code_of(&lost.phone.person, "{ viewer { roles } }").await, (401, "DEVICE_REVOKED".to_owned()));
        let told = stage.refresh(&lost).await;
        assert_eq!(told["userErrors"][0]["code"], "DEVICE_REVOKED");
        assert_eq!(told["refreshToken"], Value::Null);

        // Good for sync and for nothing else.
        let person = stage.app.bearer(told["accessToken"].as_str());
        for query in ["{ viewer { roles } }", "{ devices { id } }", "{ petitions(first: 1) { totalCount } }",
            "mutation { logout { userErrors { code } } }", "{ syncHead { more } }"] {
            assert_eq!(code_of(&person, query).await, (401, "DEVICE_REVOKED".to_owned()), "{query}");
        }
        assert_eq!(person.get(&format!("/export/contacts.csv?unit={}", stage.world.here.unit)).await.0, 401);

        // What was never sent is kept for its author, however often it is sent; of a denunciation nothing is.
        lost.phone.person = person;
        let row = create("feedback", &new_id(), stage.said("Bản duy nhất trên đời"));
        let denounced = create("feedback", &new_id(), json!({"kind": "denunciation", "unitId": stage.world.here.unit,
            "channel": "contact_meeting", "content": "Ông X nhận tiền"}));
        for _ in 0..2 {
            let results = lost.phone.push(&[row.clone(), denounced.clone()]).await;
            let codes: Vec<&Value> = results.iter().map(|result| &result["errors"][0]["code"]).collect();
            assert_eq!(codes, ["DEVICE_REVOKED", "DENUNCIATION_BY_HAND"], "{results:#?}");
        }
        let page = loop {
            let variables = json!({"cursor": lost.phone.cursor, "collections": lost.phone.collections});
            let query = "query($cursor: String, $collections: [String!]) {
                syncPull(cursor: $cursor, collections: $collections, maxBytes: 1024, waitMs: 60000) {
                partitions changes { p c op id rev d } cursor more digest wipe } }";
            let page = lost.phone.person.data(query, variables).await["syncPull"].clone();
            assert_eq!(page["wipe"], true);
            for (_, _, rev) in lost.phone.apply(&page) {
                assert_eq!(rev, None, "nothing but ids that go");
            }
            if page["more"] == false {
                break page;
            }
        };
        assert_eq!(lost.phone.rows.len(), 0, "{page}");

        // The author finds it on his next device.
        let mut next = stage.phone().await;
        let issues: Vec<Value> = next.phone.rows_of("syncIssue").into_iter().cloned().collect();
        assert_eq!(issues.len(), 2, "{issues:#?}");
        let kept = issues.iter().find(|issue| issue["code"] == "DEVICE_REVOKED").unwrap();
        let query = "query($id: ID!) { syncIssue(id: $id) { original } }";
        let told = next.phone.person.data(query, json!({"id": kept["id"]})).await;
        let mut original: Value = serde_json::from_str(told["syncIssue"]["original"].as_str().unwrap()).unwrap();
        original["mutationId"] = json!(new_id());
        assert_eq!(next.phone.push(&[original]).await[0]["status"], "APPLIED");
        next.phone.pull().await;
        assert_eq!(next.phone.row("feedback", row["id"].as_str().unwrap())["content"], "Bản duy nhất trên đời");
    }

    // The page as docs/sync.md shows it names no collections; what the phone had read with some was never told to go.
    async fn a_lost_phone_that_names_other_collections_is_emptied_too(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        for named in [None, Some(vec!["feedback".to_owned()]), Some(vec!["unit".to_owned()])] {
            let mut lost = stage.phone().await;
            stage.revoke(&lost, false).await;
            let told = stage.refresh(&lost).await;
            lost.phone.person = stage.app.bearer(told["accessToken"].as_str());
            lost.phone.collections = named.clone();
            lost.phone.pull().await;
            assert_eq!(lost.phone.rows.len(), 0, "{named:?}");
        }
    }

    async fn from_a_stolen_phone_nothing_is_taken(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let mut lost = stage.phone().await;
        stage.revoke(&lost, true).await;
        let told = stage.refresh(&lost).await;
        lost.phone.person = stage.app.bearer(told["accessToken"].as_str());
        let row = create("feedback", &new_id(), stage.said("Kẻ trộm viết"));
        let told = lost.phone.person.try_send(Phone::push_body(&[row.to_string()])).await.unwrap();
        assert_eq!((told.status, &told.body["errors"][0]["extensions"]["code"]), (401, &json!("DEVICE_REVOKED")));
        lost.phone.pull().await;
        assert_eq!(lost.phone.rows.len(), 0);
        let next = stage.phone().await;
        assert!(next.phone.rows_of("syncIssue").is_empty());
    }

    async fn after_400_days_a_lost_phone_is_only_told_that_it_is_lost(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let lost = stage.phone().await;
        stage.revoke(&lost, false).await;
        stage.clock.set(stage.clock.now() + Duration::days(400) - Duration::seconds(1));
        let told = stage.refresh(&lost).await;
        assert!(told["accessToken"].is_string());
        let person = stage.app.bearer(told["accessToken"].as_str());
        assert_eq!(person.data("{ syncPull { wipe } }", json!({})).await["syncPull"]["wipe"], true);
        stage.clock.set(stage.clock.now() + Duration::seconds(1));
        let told = stage.refresh(&lost).await;
        assert_eq!((&told["accessToken"], &told["userErrors"][0]["code"]), (&Value::Null, &json!("DEVICE_REVOKED")));
        assert_eq!(code_of(&person, "{ syncPull { wipe } }").await, (401, "DEVICE_REVOKED".to_owned()));
    }

    async fn a_changed_password_or_an_expired_token_changes_nothing_on_the_phone(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let mut phone = stage.phone().await;
        let row = create("feedback", &new_id(), stage.said("Ghi khi chưa có sóng"));
        let owner = stage.app.person(&stage.world.here.delegates[0]);
        let input = json!({"currentPassword": PASSWORD, "newPassword": "một mật khẩu khác hẳn 7"});
        owner.done("changePassword", input, "").await;
        stage.clock.set(stage.clock.now() + Duration::minutes(11));
        assert_eq!(code_of(&phone.phone.person, "{ viewer { roles } }").await.1, "TOKEN_EXPIRED");
        let told = stage.refresh(&phone).await;
        phone.phone.person = stage.app.bearer(told["accessToken"].as_str());
        assert_eq!(phone.phone.push(&[row]).await[0]["status"], "APPLIED");
        let held = phone.phone.rows.len();
        phone.phone.pull().await;
        assert_eq!(phone.phone.rows.len(), held + 1);
    }

    async fn an_expired_refresh_token_discards_nothing(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let old = stage.phone().await;
        let lost_answer = create("feedback", &new_id(), stage.said("Gửi rồi mà không nghe trả lời"));
        let unsent = create("feedback", &new_id(), stage.said("Chưa gửi"));
        assert_eq!(old.phone.push(std::slice::from_ref(&lost_answer)).await[0]["status"], "APPLIED");
        stage.clock.set(stage.clock.now() + Duration::days(91));
        let told = stage.refresh(&old).await;
        assert_eq!(told["accessToken"], Value::Null, "he has to sign in again");
        // As another device by now; the outbox is the same.
        let mut new = stage.phone().await;
        assert_ne!(new.device, old.device);
        let results = new.phone.push(&[lost_answer, unsent.clone()]).await;
        assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!("DUPLICATE"), &json!("APPLIED")));
        new.phone.pull().await;
        assert_eq!(new.phone.rows_of("feedback").len(), 2);
        assert_eq!(new.phone.row("feedback", unsent["id"].as_str().unwrap())["content"], "Chưa gửi");
    }

    async fn a_disabled_account_hands_in_and_is_emptied_too(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let mut lost = stage.phone().await;
        let input = json!({"accountId": stage.world.here.delegates[0].account});
        stage.app.person(&stage.world.administrator).done("disableAccount", input, "account { id }").await;
        let told = stage.refresh(&lost).await;
        lost.phone.person = stage.app.bearer(told["accessToken"].as_str());
        let row = create("feedback", &new_id(), stage.said("Ghi trước khi nghỉ"));
        assert_eq!(lost.phone.push(&[row]).await[0]["errors"][0]["code"], "DEVICE_REVOKED");
        lost.phone.pull().await;
        assert_eq!(lost.phone.rows.len(), 0);
    }
}
