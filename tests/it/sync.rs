//! The sync engine through its native surface.

use std::collections::BTreeSet;

use cutri::{
    error::Lang,
    sync::{
        pull::{self, PageSize, Wanted},
        registry,
        rxdb::json_schema::published,
    },
    viewer::Viewer,
};
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
        let (state, login) = (&app.state, &world.here.delegates[0]);
        let today = state.clock.today();
        let viewer = Viewer::load(state.store.read(), &state.reference(), login.account, login.device, today, Lang::Vi).await.unwrap();
        for rows in [7, 499] {
            let wanted = Wanted {
                collections: registry::bit("feedback").unwrap(), size: PageSize { rows, bytes: 1 << 20 }, digest: false,
            };
            let (mut cursor, mut seen) = (phone.cursor.clone(), Vec::new());
            loop {
                let page = pull::pull(state, &viewer, cursor.as_deref(), wanted).await.unwrap();
                assert!(page.changes.len() <= rows, "{} in a page of {rows}", page.changes.len());
                seen.extend(page.changes.iter().map(|change| change.id.to_string()));
                cursor = Some(page.cursor.encode(&state.keys));
                if !page.more {
                    break;
                }
            }
            let different: BTreeSet<&String> = seen.iter().collect();
            assert_eq!((seen.len(), different.len()), (500, 500), "each row once in pages of {rows} rows");
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

each_db! {
    /// The reply got lost, the app was updated, and what it sent again said which release it is now: the row was refused as
    /// other words under a used name.
    async fn an_updated_app_sends_again_what_an_earlier_release_had_sent(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let phone = Phone::new(app.person(&world.here.delegates[0]));
        let mut row = create("feedback", &new_id(), said(&world, "Đường hỏng"));
        for (schema, status) in [(json!("v1"), "APPLIED"), (json!("v2"), "DUPLICATE"), (json!(3), "DUPLICATE"), (Value::Null, "DUPLICATE")] {
            row["schema"] = schema;
            assert_eq!(phone.push(std::slice::from_ref(&row)).await[0]["status"], status, "{row}");
        }
        row.as_object_mut().unwrap().remove("schema");
        assert_eq!(phone.push(std::slice::from_ref(&row)).await[0]["status"], "DUPLICATE");
        row["patch"]["content"] = json!("Lời khác");
        row["schema"] = json!("v1");
        assert_eq!(phone.push(std::slice::from_ref(&row)).await[0]["errors"][0]["code"], "REUSED_ID");

        // A receipt of an earlier release of the server is of all that was sent, `schema` too.
        let mut early = create("feedback", &new_id(), said(&world, "Cầu gãy"));
        early["schema"] = json!("v1");
        assert_eq!(phone.push(std::slice::from_ref(&early)).await[0]["status"], "APPLIED");
        let hash = app.state.keys.mac(cutri::keys::Purpose::Quarantine, &[b"receipt", early.to_string().as_bytes()]);
        let mutation = early["mutationId"].as_str().unwrap();
        let written = entity::sync_receipt::Entity::update_many()
            .col_expr(entity::sync_receipt::Column::Hash, Expr::value(hash.to_vec()))
            .filter(entity::sync_receipt::Column::MutationId.eq(mutation))
            .exec(app.state.store.migrating())
            .await
            .unwrap();
        assert_eq!(written.rows_affected, 1);
        assert_eq!(phone.push(&[early]).await[0]["status"], "DUPLICATE");
    }

    /// Each of these made a version of the row every time it was sent, and everybody read the row again.
    async fn what_changes_nothing_made_a_version(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let author = &world.here.delegates[0];
        let mut phone = Phone::new(app.person(author));
        phone.collections = Some(["feedback", "meeting", "meetingRecord", "note"].map(str::to_owned).to_vec());
        let (id, own, note, record) = (new_id(), new_id(), new_id(), new_id());
        let contact = json!({"contactName": "Bà Tư", "contactPhone": "0912345678", "consentText": "Đồng ý",
            "consentAt": "2026-03-01T08:00:00+07:00"});
        let mut with_contact = said(&world, "Đường hỏng");
        with_contact.as_object_mut().unwrap().extend(contact.as_object().unwrap().clone());
        let without = new_id();
        let made = [
            create("feedback", &id, with_contact),
            create("feedback", &without, said(&world, "Cầu gãy")),
            create("meeting", &own, json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ",
                "startsAt": "2026-03-01T08:00:00+07:00"})),
            create("note", &note, json!({"text": "Gọi lại"})),
            create("meetingRecord", &record, json!({"meetingId": world.here.meeting, "attended": 3, "attachments": "ab".repeat(32)})),
        ];
        for result in phone.push(&made).await {
            assert!(["APPLIED", "MERGED"].contains(&result["status"].as_str().unwrap()), "{result}");
        }
        let gone = new_id();
        phone.push(&[create("note", &gone, json!({"text": "Thôi"}))]).await;
        let delete = || json!({"mutationId": new_id(), "collection": "note", "id": gone, "delete": true});
        assert_eq!(phone.push(&[delete()]).await[0]["status"], "APPLIED");
        phone.pull().await;
        let before = phone.rows.clone();
        for (collection, id, patch, status) in [
            ("feedback", &id, json!({"attachments": ""}), "DUPLICATE"),
            ("feedback", &id, json!({"subject": ""}), "DUPLICATE"),
            ("feedback", &id, json!({"subject": "  "}), "DUPLICATE"),
            ("feedback", &id, json!({"trackingCode": null}), "DUPLICATE"),
            ("feedback", &id, json!({"contactPhone": "0912345678"}), "DUPLICATE"),
            ("feedback", &id, contact.clone(), "DUPLICATE"),
            ("feedback", &without, json!({"contactPhone": null}), "DUPLICATE"),
            ("feedback", &without, json!({"contactName": null, "consentText": null}), "DUPLICATE"),
            ("note", &note, json!({"meetingId": null, "text": " Gọi lại "}), "DUPLICATE"),
            ("meetingRecord", &record, json!({"minutesDraft": ""}), "DUPLICATE"),
            ("meetingRecord", &record, json!({"attachments": format!("{} {}", "AB".repeat(32), "ab".repeat(32))}), "DUPLICATE"),
            // What it is called stays, and the phone is shown it.
            ("meeting", &own, json!({"title": null}), "MERGED"),
        ] {
            for _ in 0..2 {
                let result = phone.push(&[create(collection, id, patch.clone())]).await.remove(0);
                assert_eq!(result["status"], status, "{collection} {patch}: {result}");
                assert_eq!(result["rev"], before[&(collection.to_owned(), id.clone())]["rev"], "{collection} {patch}: {result}");
            }
        }
        assert_eq!(phone.push(&[delete()]).await[0]["status"], "DUPLICATE");
        assert!(phone.pull().await.is_empty());
        assert_eq!(phone.rows, before);

        // What was added after the grouping is not added again.
        let office = app.person(&world.here.office);
        office.done("groupFeedback", json!({"feedbackIds": [id], "title": "Đường", "content": "Đường"}), "").await;
        let added = json!({"content": "Hỏng thêm đoạn cuối"});
        assert_eq!(phone.push(&[create("feedback", &id, added.clone())]).await[0]["status"], "MERGED");
        phone.pull().await;
        let before = phone.row("feedback", &id).clone();
        for _ in 0..2 {
            let result = phone.push(&[create("feedback", &id, added.clone())]).await.remove(0);
            assert_eq!((&result["status"], &result["master"]), (&json!("MERGED"), &before), "{result}");
        }
        assert!(phone.pull().await.is_empty());
        let query = "query($id: ID!) { feedback(id: $id) { additions { text } } }";
        let read = office.data(query, json!({"id": id})).await["feedback"].clone();
        assert_eq!(read, json!({"additions": [{"text": "Hỏng thêm đoạn cuối"}]}));
        let more = json!({"content": "Hỏng thêm đoạn đầu"});
        assert_eq!(phone.push(&[create("feedback", &id, more)]).await[0]["status"], "MERGED");
        phone.pull().await;
        assert_ne!(phone.row("feedback", &id)["rev"], before["rev"]);
    }
}
