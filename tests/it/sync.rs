//! The sync engine through its native surface.

use cutri::sync::rxdb::json_schema::published;
use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, change, create, new_id},
    rxdb::Replica,
    world::World,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};

async fn app(db: &TestDatabase) -> (TestApp, World) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    (app, world)
}

fn said(world: &World, content: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": content})
}

each_db! {
    async fn what_was_recorded_offline_is_applied_once_and_comes_back(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut phone = Phone::without_units(app.person(&world.here.delegates[0]));
        let id = new_id();
        let row = create("feedback", &id, said(&world, "Đường hỏng"));
        let first = phone.push(std::slice::from_ref(&row)).await;
        assert_eq!(first[0]["status"], "APPLIED", "{first:#?}");
        assert_eq!(phone.push(&[row]).await[0]["status"], "DUPLICATE");
        phone.pull().await;
        assert_eq!(phone.row("feedback", &id)["content"], "Đường hỏng");
        assert_eq!(phone.row("feedback", &id)["rev"], "1");
    }

    async fn other_words_under_a_used_name_are_refused_and_kept_once(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        phone.collections = Some(vec!["feedback".to_owned(), "syncIssue".to_owned()]);
        let first = create("feedback", &new_id(), said(&world, "Đường hỏng"));
        let mut second = create("feedback", &new_id(), said(&world, "Bản duy nhất trên đời"));
        second["mutationId"] = first["mutationId"].clone();
        let both = [first.clone(), second.clone()];
        for round in 0..3 {
            let results = phone.push(&both).await;
            let first = if round == 0 { "APPLIED" } else { "DUPLICATE" };
            assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!(first), &json!("REJECTED")));
            assert_eq!(results[1]["errors"][0]["code"], "REUSED_ID");
        }
        phone.pull().await;
        let issues = phone.rows_of("syncIssue");
        assert_eq!(issues.len(), 1, "{issues:#?}");
        let query = "query($id: ID!) { syncIssue(id: $id) { code original } }";
        let told = phone.person.data(query, json!({"id": issues[0]["id"]})).await["syncIssue"].clone();
        assert_eq!(told["code"], "REUSED_ID");
        assert!(told["original"].as_str().unwrap().contains("Bản duy nhất trên đời"));
    }

    async fn an_ended_mandate_records_nothing_new_and_loses_nothing_old(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let author = &world.here.delegates[0];
        let mut phone = Phone::new(app.person(author));
        phone.collections = Some(vec!["feedback".to_owned(), "syncIssue".to_owned()]);
        let today = app.state.clock.today();
        let ended = today.checked_sub_days(chrono::Days::new(3)).unwrap();
        let beside = db.connect().await;
        entity::delegate::Entity::update_many()
            .col_expr(entity::delegate::Column::ValidTo, Expr::value(ended))
            .filter(entity::delegate::Column::AccountId.eq(author.account))
            .exec(&beside)
            .await
            .unwrap();
        beside.close().await.unwrap();
        let at = |days: u64| {
            let day = today.checked_sub_days(chrono::Days::new(days)).unwrap();
            json!(format!("{day}T08:00:00+07:00"))
        };
        for (recorded, status) in [(at(5), "APPLIED"), (at(1), "REJECTED"), (Value::Null, "REJECTED")] {
            let mut patch = said(&world, "Cầu gãy");
            patch["recordedAt"] = recorded.clone();
            let result = phone.push(&[create("feedback", &new_id(), patch)]).await.remove(0);
            assert_eq!(result["status"], status, "{recorded}: {result}");
            if status == "REJECTED" {
                assert_eq!(result["errors"][0], json!({"code": "OUT_OF_RANGE", "field": "recordedAt", "message": result["errors"][0]["message"]}));
            }
        }
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback")[0]["late"], true);
        assert_eq!(phone.rows_of("syncIssue").len(), 2, "what was refused is kept");
    }

    async fn a_row_changed_twice_in_one_push_tells_the_version_that_it_will_have(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let author = &world.here.delegates[0];
        let phone = Phone::new(app.person(author));
        let tablet = cutri_tests::world::another_device(&app.state, author, entity::id::DeviceId(uuid::Uuid::now_v7()));
        let other = Phone::new(app.person_on(author, tablet.id));
        cutri_tests::world::Put::new().row(tablet).now(&app.state).await;
        let id = new_id();
        phone.push(&[create("feedback", &id, said(&world, "Đường hỏng"))]).await;
        phone.push(&[change("feedback", &id, "1", json!({"content": "Đường hỏng nặng"}))]).await;
        let rows = [
            change("feedback", &id, "1", json!({"wanted": "Sửa đường"})),
            change("feedback", &id, "1", json!({"content": "Đường tốt"})),
        ];
        let results = other.push(&rows).await;
        assert_eq!((&results[0]["status"], &results[0]["rev"]), (&json!("MERGED"), &json!("3")));
        assert_eq!((&results[1]["status"], &results[1]["rev"]), (&json!("CONFLICT"), &json!("3")));
        assert_eq!(results[1]["master"]["rev"], "3");
    }

    async fn five_hundred_rows_in_one_push_are_pulled_in_pages_of_any_size(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        phone.collections = Some(vec!["feedback".to_owned()]);
        phone.pull().await;
        let rows: Vec<Value> =
            (0..500).map(|n| create("feedback", &new_id(), said(&world, &format!("Ý kiến số {n}")))).collect();
        let statements = app.state.store.statements();
        let results = phone.push(&rows).await;
        let statements = app.state.store.statements() - statements;
        assert!(results.iter().all(|result| result["status"] == "APPLIED"));
        assert!(statements < 60, "{statements} statements for one push");
        for bytes in [4_000, 1 << 20] {
            let mut copy = phone.clone();
            let seen = copy.pull_in_pages(Some(bytes)).await;
            assert_eq!(seen.len(), 500, "each row once in pages of {bytes} bytes");
            assert_eq!(copy.rows_of("feedback").len(), 500);
            let mut fresh = Phone::new(phone.person.clone());
            fresh.collections = phone.collections.clone();
            fresh.pull_in_pages(Some(bytes)).await;
            assert_eq!(fresh.rows, copy.rows);
        }
        // The same rows by the other surface, whose pages are counted in rows: all are full but the last, which is short,
        // and 500 in all that are 500 different ones are each of them once.
        let mut native = phone.clone();
        native.pull().await;
        for (limit, full, rest) in [(1_u16, 500, 0), (7, 71, 3), (499, 1, 1)] {
            let mut replica = Replica::new(phone.person.clone(), "feedback", &published());
            let mut pages = Vec::new();
            for _ in 0..=full {
                pages.push(replica.pull_page(limit.into()).await);
            }
            let mut expected = vec![usize::from(limit); full];
            expected.push(rest);
            assert_eq!(pages, expected, "pages of {limit}");
            assert_eq!(replica.documents.len(), 500, "pages of {limit}");
            for (id, document) in &replica.documents {
                assert_eq!(document["content"], native.row("feedback", id)["content"], "{id}");
            }
        }
    }

    async fn disjoint_fields_merge_and_the_same_field_is_a_conflict(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let author = &world.here.delegates[0];
        let phone = Phone::new(app.person(author));
        let device = cutri_tests::world::another_device(&app.state, author, entity::id::DeviceId(uuid::Uuid::now_v7()));
        let tablet = Phone::new(app.person_on(author, device.id));
        cutri_tests::world::Put::new().row(device).now(&app.state).await;
        let id = new_id();
        phone.push(&[create("feedback", &id, said(&world, "Đường hỏng"))]).await;
        let one = phone.push(&[change("feedback", &id, "1", json!({"content": "Đường hỏng nặng"}))]).await;
        assert_eq!((&one[0]["status"], &one[0]["rev"]), (&json!("APPLIED"), &json!("2")));
        let two = tablet.push(&[change("feedback", &id, "1", json!({"wanted": "Sửa đường"}))]).await;
        assert_eq!((&two[0]["status"], &two[0]["rev"]), (&json!("MERGED"), &json!("3")));
        assert_eq!(two[0]["master"]["content"], "Đường hỏng nặng");
        assert_eq!(two[0]["master"]["wanted"], "Sửa đường");
        let three = tablet.push(&[change("feedback", &id, "1", json!({"content": "Đường tốt"}))]).await;
        assert_eq!(three[0]["status"], "CONFLICT");
        assert_eq!(three[0]["master"]["content"], "Đường hỏng nặng");
    }
}

each_db! {
    async fn what_was_told_before_an_answer_is_no_telling_of_it(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let here = &world.here;
        let phone = Phone::new(app.person(&here.delegates[0]));
        let (office, body) = (app.person(&here.office), app.person(&here.committee_login));
        let said = new_id();
        phone.push(&[create("feedback", &said, json!({"kind": "petition", "content": "Cầu gãy",
            "recordedAt": "2026-02-01T08:00:00+07:00"}))]).await;
        let grouped = office.done("groupFeedback", json!({"feedbackIds": [said], "title": "Cầu", "content": "Cầu gãy"}), "petition { id }").await;
        let petition = grouped["petition"]["id"].as_str().unwrap();
        let one = |mut input: Value| {
            input["petitionIds"] = json!([petition]);
            input
        };
        office.done("classifyPetition", json!({"petitionId": petition, "field": "transport", "tier": "commune"}), "petition { id }").await;
        let forward = one(json!({"leadId": here.committee, "documentNumber": "9/VP", "documentDate": "2026-02-09"}));
        office.done("forwardPetitions", forward, "petitions { id }").await;
        let answer = |date: &str| one(json!({"agencyId": here.committee, "documentNumber": "2/UB", "documentDate": date, "text": "Đã xử lý", "outcome": "resolved"}));
        body.done("answerPetitions", answer("2026-02-20"), "petitions { id }").await;
        office.done("assessAnswer", json!({"petitionId": petition, "assessment": "unclear"}), "petition { id }").await;
        body.done("answerPetitions", answer("2026-03-10"), "petitions { id }").await;

        // The phone comes back with what its delegate told of the first answer.
        let told = |at: &str| create("informing", &new_id(), json!({"petitionId": petition, "channel": "phone", "at": at}));
        assert_eq!(phone.push(&[told("2026-02-25T08:00:00+07:00")]).await[0]["status"], "APPLIED");
        assert_eq!(office.refused("closePetition", json!({"petitionId": petition})).await, "VOTERS_NOT_INFORMED");
        assert_eq!(phone.push(&[told("2026-03-10T08:00:00+07:00")]).await[0]["status"], "APPLIED");
        office.done("assessAnswer", json!({"petitionId": petition, "assessment": "ok"}), "petition { id }").await;
        office.done("closePetition", json!({"petitionId": petition}), "petition { id }").await;
    }
}
