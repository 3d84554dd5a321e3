//! I6, I7, I9, I10 and I16: what two devices say of the same row, which of it stands, and where the rest is found.

use cutri::sync::rxdb::json_schema::published;
use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, change, create, new_id},
    rxdb::{Replica, changed, made},
    world::World,
};
use serde_json::{Value, json};

use super::{
    contact,
    kept::{everything, places},
    light, record, said, second_device, stage, statuses,
};

each_db! {
    /// Eight devices correct the same field of the same version at once.
    async fn i06_of_many_edits_from_one_base_one_wins_and_the_others_are_told(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let id = record(&Phone::new(app.person(author)), &world, "Bản đầu").await;
        let mut writing = Vec::new();
        for n in 0..8 {
            let phone = Phone::new(second_device(&app, author).await);
            let row = change("feedback", &id, "1", json!({"content": format!("bản-của-máy-{n}")}));
            writing.push(tokio::spawn(async move { phone.push(&[row]).await.remove(0) }));
        }
        let mut won = Vec::new();
        let mut told = Vec::new();
        for (n, writing) in writing.into_iter().enumerate() {
            let result = writing.await.unwrap();
            match result["status"].as_str().unwrap() {
                "APPLIED" => won.push(n),
                "CONFLICT" => told.push((n, result["master"].clone())),
                other => panic!("{other}: {result}"),
            }
        }
        assert_eq!((won.len(), told.len()), (1, 7));
        let all = everything(&app.state).await;
        for (n, master) in told {
            assert_eq!(master["content"], format!("bản-của-máy-{}", won[0]));
            assert_eq!(master["rev"], "2");
            assert_eq!(places(&all, &format!("bản-của-máy-{n}")), ["history", "quarantine"]);
        }
    }

    /// Two devices of one delegate answer the same question of the office: the words that lost were in the database, and
    /// nobody could read them.
    async fn i07_words_that_lost_are_read_by_their_author_and_settled_by_him(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let mut phone = light(app.person(author));
        let mut tablet = light(second_device(&app, author).await);
        let id = record(&phone, &world, "Điện yếu").await;
        phone.push(&[change("feedback", &id, "1", json!({"subUnit": "Ấp 4"}))]).await;
        let lost = tablet.push(&[change("feedback", &id, "1", json!({"subUnit": "Ấp 5", "wanted": "Thay trạm"}))]).await;
        assert_eq!(lost[0]["status"], "CONFLICT");
        phone.pull().await;
        let issue = phone.rows_of("syncIssue")[0].clone();
        assert_eq!((&issue["code"], &issue["field"], &issue["status"]), (&json!("CONFLICT"), &json!("subUnit"), &json!("open")));
        let original = "query($id: ID!) { syncIssue(id: $id) { status original } }";
        let told = phone.person.data(original, json!({"id": issue["id"]})).await;
        assert!(told["syncIssue"]["original"].as_str().unwrap().contains("Thay trạm"), "{told}");

        // What says nothing of the field settles nothing, nor does what the other device goes on with.
        let stands = async |phone: &mut Phone| {
            phone.pull().await;
            phone.row("syncIssue", issue["id"].as_str().unwrap())["status"].clone()
        };
        let sent = tablet.push(&[change("feedback", &id, "2", json!({"since": "Tháng 5"}))]).await;
        assert_eq!(sent[0]["status"], "APPLIED", "{sent:?}");
        let sent = phone.push(&[change("feedback", &id, "3", json!({"subUnit": "Ấp 4, ấp 6"}))]).await;
        assert_eq!(sent[0]["status"], "APPLIED", "{sent:?}");
        assert_eq!(stands(&mut phone).await, "open");
        // Having seen both, he says on the tablet what holds.
        let sent = tablet.push(&[change("feedback", &id, "4", json!({"subUnit": "Ấp 4, 5, 6", "wanted": "Thay trạm"}))]).await;
        assert_eq!(sent[0]["status"], "APPLIED", "{sent:?}");
        assert_eq!(stands(&mut phone).await, "resolved");
        assert_eq!(stands(&mut tablet).await, "resolved");

        // An older word of the same device that came late: in the history, for him alone.
        let mut late = change("feedback", &id, "5", json!({"since": "Tháng 4"}));
        late["recordedAt"] = json!("2026-03-01T00:00:00+07:00");
        let mut newer = change("feedback", &id, "5", json!({"since": "Tháng 6"}));
        newer["recordedAt"] = json!("2026-03-05T00:00:00+07:00");
        assert_eq!(statuses(&tablet.push(&[newer, late]).await), ["APPLIED", "MERGED"]);
        let query = "query($id: ID!) { feedback(id: $id) { history(first: 100) { event lost } } }";
        let lost = async |person: &cutri_tests::app::Person| {
            let told = person.data(query, json!({"id": id})).await;
            let events = told["feedback"]["history"].as_array().unwrap().clone();
            let lost = events.iter().filter(|event| event["event"] == "conflict").map(|event| event["lost"].clone());
            lost.collect::<Vec<Value>>()
        };
        let own = lost(&phone.person).await;
        assert_eq!(own, [json!({"subUnit": "Ấp 5", "wanted": "Thay trạm"}), json!({"since": "Tháng 4"})]);
        assert_eq!(lost(&app.person(&world.here.office)).await, [Value::Null, Value::Null]);
    }

    async fn what_was_refused_is_put_aside_by_its_author_alone(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let mut urging = json!({"targetKind": "petition", "targetId": new_id(), "how": "thần giao cách cảm"});
        urging["text"] = json!("Bà con chờ đã hai tháng");
        assert_eq!(phone.push(&[create("urging", &new_id(), urging)]).await[0]["status"], "REJECTED");
        phone.pull().await;
        let id = phone.rows_of("syncIssue")[0]["id"].as_str().unwrap().to_owned();
        let fields = "syncIssue { id status original }";
        for stranger in [&world.here.delegates[1], &world.here.office, &world.administrator] {
            let told = app.person(stranger).mutate("dismissSyncIssue", json!({"id": id}), fields).await;
            assert_eq!((&told["userErrors"][0]["code"], &told["syncIssue"]), (&json!("NOT_FOUND"), &Value::Null), "{told}");
        }
        for wrong in ["", "x", &new_id()] {
            let told = phone.person.mutate("dismissSyncIssue", json!({"id": wrong}), fields).await;
            assert_eq!(told["userErrors"][0]["code"], "NOT_FOUND", "{told}");
        }
        for _ in 0..2 {
            let told = phone.person.mutate("dismissSyncIssue", json!({"id": id}), fields).await;
            assert_eq!(told["syncIssue"]["status"], "resolved", "{told}");
            assert!(told["syncIssue"]["original"].as_str().unwrap().contains("hai tháng"), "what was written stays");
        }
        phone.pull().await;
        assert_eq!(phone.row("syncIssue", &id)["status"], "resolved");
    }

    /// The answer to a conflict is enough to go on with, and afterwards all hold the same.
    async fn i09_a_conflict_is_answered_with_the_whole_row_and_phones_end_equal(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let (mut one, mut other) = (light(app.person(author)), light(second_device(&app, author).await));
        let id = record(&one, &world, "Bản đầu").await;
        one.pull().await;
        other.pull().await;
        one.push(&[change("feedback", &id, "1", json!({"content": "Bản một", "wanted": "Sửa"}))]).await;
        let lost = other.push(&[change("feedback", &id, "1", json!({"content": "Bản hai"}))]).await.remove(0);
        assert_eq!(lost["status"], "CONFLICT");
        let master = lost["master"].clone();
        one.pull().await;
        assert_eq!(&master, one.row("feedback", &id), "all of it, as a pull brings it");
        // He insists, knowing what stands there.
        let again = change("feedback", &id, master["rev"].as_str().unwrap(), json!({"content": "Bản hai"}));
        assert_eq!(other.push(&[again]).await[0]["status"], "APPLIED");
        one.pull().await;
        other.pull().await;
        assert_eq!((one.digest(), &one.rows), (other.digest(), &other.rows));
        assert_eq!(one.row("feedback", &id)["content"], "Bản hai");
    }

    /// A phone that goes on writing from what it believes never meets itself, whatever the server sets in between.
    async fn i10_quick_edits_of_one_device_never_conflict(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let person = app.person(&world.here.delegates[0]);
        let office = app.person(&world.here.office);
        let phone = light(person.clone());
        let id = record(&phone, &world, "Bản 0").await;
        let mut replica = Replica::new(person, "feedback", &published());
        let mut document = said(&world, "Bản 0");
        document["id"] = json!(new_id());
        replica.push(&[made(document.clone())]).await;
        for n in 1..8 {
            let content = json!({"content": format!("Bản {n}")});
            let status = phone.push(&[change("feedback", &id, "1", content.clone())]).await[0]["status"].clone();
            assert!(status == "APPLIED" || status == "MERGED", "{n}: {status}");
            let row = changed(&document, content);
            assert_eq!(replica.push(std::slice::from_ref(&row)).await, Vec::<Value>::new(), "{n}");
            document = row["newDocumentState"].clone();
            if n == 3 {
                // The office has read it: the server's own fields change.
                office.done("markFeedbackSeen", json!({"feedbackIds": [id, document["id"]]}), "").await;
            }
        }
        replica.pull(10).await;
        for id in [id.as_str(), document["id"].as_str().unwrap()] {
            assert_eq!(replica.documents[id]["content"], "Bản 7");
            assert!(replica.documents[id]["seenAt"].is_string());
        }
    }

    /// What a private note said stood in clear in the history, where it stayed when the note was deleted.
    async fn i07_overtaken_words_of_a_note_are_sealed_and_never_history(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let mut phone = light(app.person(author));
        let tablet = light(second_device(&app, author).await);
        let at = |when: &str, mut row: Value| {
            row["recordedAt"] = json!(when);
            row
        };
        let id = new_id();
        let first = create("note", &id, json!({"text": "ghi-đầu", "unitId": world.here.unit}));
        assert_eq!(phone.push(&[at("2026-03-02T08:00:00+07:00", first)]).await[0]["status"], "APPLIED");
        let newer = create("note", &id, json!({"text": "ghi-mới"}));
        let late = create("note", &id, json!({"text": "ghi-đến-muộn"}));
        // Late words with a field that is taken, and late words alone.
        let partly = create("note", &id, json!({"text": "ghi-muộn-một-phần", "unitId": Value::Null}));
        let rows = [
            at("2026-03-02T10:00:00+07:00", newer),
            at("2026-03-02T09:00:00+07:00", late),
            at("2026-03-02T09:30:00+07:00", partly),
        ];
        assert_eq!(statuses(&phone.push(&rows).await), ["APPLIED", "MERGED", "MERGED"]);
        let lost = tablet.push(&[change("note", &id, "1", json!({"text": "ghi-trên-máy-kia"}))]).await;
        assert_eq!(lost[0]["status"], "CONFLICT", "{lost:?}");
        let delete = json!({"mutationId": new_id(), "collection": "note", "id": id, "delete": true});
        assert_eq!(phone.push(&[delete]).await[0]["status"], "APPLIED");

        let all = everything(&app.state).await;
        assert!(places(&all, "ghi-mới").is_empty(), "deleted");
        for words in ["ghi-đến-muộn", "ghi-muộn-một-phần", "ghi-trên-máy-kia"] {
            assert_eq!(places(&all, words), ["quarantine"], "{words}");
        }
        phone.pull().await;
        let mut told = Vec::new();
        for issue in phone.rows_of("syncIssue") {
            let query = "query($id: ID!) { syncIssue(id: $id) { status original } }";
            let issue = phone.person.data(query, json!({"id": issue["id"]})).await["syncIssue"].clone();
            for words in ["ghi-đến-muộn", "ghi-muộn-một-phần", "ghi-trên-máy-kia"] {
                if issue["original"].as_str().unwrap().contains(words) {
                    told.push((words, issue["status"].as_str().unwrap().to_owned()));
                }
            }
        }
        told.sort();
        let told: Vec<(&str, &str)> = told.iter().map(|(words, status)| (*words, status.as_str())).collect();
        let overtaken = [("ghi-muộn-một-phần", "resolved"), ("ghi-trên-máy-kia", "open"), ("ghi-đến-muộn", "resolved")];
        assert_eq!(told, overtaken);
    }

    /// A title, a time: what the server filled in when a device made the row is that device's to say otherwise, apart or in
    /// the same push. For another device it is a conflict as before.
    async fn i10_one_device_is_in_no_conflict_about_what_the_server_filled_in(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let mut phone = light(app.person(author));
        let tablet = light(second_device(&app, author).await);
        let mut untitled = contact(&world);
        untitled.as_object_mut().unwrap().remove("title");
        let cases = [
            ("meeting", untitled, json!({"title": "Gặp nhóm cử tri"}), json!({"title": "Gặp ở chợ"})),
            ("note", json!({"text": "một"}), json!({"text": "hai", "updatedAt": "2026-03-01T08:00:00.000000+07:00"}),
                json!({"updatedAt": "2026-03-02T08:00:00.000000+07:00"})),
            ("feedback", said(&world, "Cầu gãy"), json!({"recordedAt": "2026-03-01T09:00:00.000000+07:00"}),
                json!({"recordedAt": "2026-03-01T10:00:00.000000+07:00"})),
        ];
        for (collection, made, later, other) in cases {
            for together in [false, true] {
                let id = new_id();
                let mut first = create(collection, &id, made.clone());
                if collection == "feedback" {
                    first["recordedAt"] = json!("2026-03-01T08:00:00+07:00");
                }
                let rows = [first, create(collection, &id, later.clone())];
                let results = if together {
                    phone.push(&rows).await
                } else {
                    [phone.push(&rows[..1]).await, phone.push(&rows[1..]).await].concat()
                };
                assert_eq!(results[1]["status"], "APPLIED", "{collection} {together}: {results:#?}");
                phone.pull().await;
                for (name, value) in later.as_object().unwrap() {
                    assert_eq!(&phone.row(collection, &id)[name.as_str()], value, "{collection} {together}");
                }
                let theirs = tablet.push(&[create(collection, &id, other.clone())]).await;
                assert_eq!(theirs[0]["status"], "CONFLICT", "{collection}: {theirs:#?}");
            }
        }
    }

    /// Told of a version that the row never had, a phone wrote over words that it had not seen. Contact details lie beside the
    /// row and stand in no document.
    async fn i06_a_version_that_was_told_had_not_been_stored(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let (mut phone, tablet) = (light(app.person(author)), light(second_device(&app, author).await));
        let contact = json!({"contactName": "Bà Tư", "contactPhone": "0912345678", "consentText": "Đồng ý",
            "consentAt": "2026-03-02T08:00:00+07:00"});
        for (patch, status) in [(json!({"contactPhone": null}), "DUPLICATE"), (contact, "APPLIED")] {
            let id = record(&phone, &world, "lời gốc").await;
            let told = phone.push(&[change("feedback", &id, "1", patch.clone())]).await.remove(0);
            assert_eq!(told["status"], status, "{patch}");
            phone.pull().await;
            assert_eq!(told["rev"], phone.row("feedback", &id)["rev"], "{patch}");
            let theirs = tablet.push(&[change("feedback", &id, "1", json!({"content": "lời của máy kia"}))]).await.remove(0);
            assert!(["APPLIED", "MERGED"].contains(&theirs["status"].as_str().unwrap()), "{theirs}");
            let rev = told["rev"].as_str().unwrap();
            let over = phone.push(&[change("feedback", &id, rev, json!({"content": "viết đè"}))]).await.remove(0);
            assert_eq!((&over["status"], &over["master"]["content"]), (&json!("CONFLICT"), &json!("lời của máy kia")), "{patch}");
        }
        // Two of one push are one version, also where the second changes nothing.
        let id = new_id();
        let rows = [create("feedback", &id, said(&world, "một")), create("feedback", &id, json!({"content": "một"}))];
        let results = phone.push(&rows).await;
        assert_eq!((statuses(&results), &results[1]["rev"]), (vec!["APPLIED", "DUPLICATE"], &json!("1")));
    }

    /// A version that the row has not reached yet counted as newer than all that stands there.
    async fn i06_a_version_that_never_was_shows_nobodys_words(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let (phone, mut tablet) = (light(app.person(author)), light(second_device(&app, author).await));
        let id = record(&phone, &world, "lời gốc").await;
        assert_eq!(phone.push(&[change("feedback", &id, "1", json!({"content": "lời mới"}))]).await[0]["rev"], "2");
        for (n, never) in ["3", "99", &i64::MAX.to_string()].into_iter().enumerate() {
            let over = json!({"content": format!("viết-đè-{n}")});
            let told = tablet.push(&[change("feedback", &id, never, over)]).await.remove(0);
            assert_eq!((&told["status"], &told["master"]["content"]), (&json!("CONFLICT"), &json!("lời mới")), "{never}");
            let kept = places(&everything(&app.state).await, &format!("viết-đè-{n}"));
            assert!(kept.contains(&"quarantine"), "{never}: {kept:?}");
            // One's own words are one's own, and nobody else has written there.
            let own = json!({"content": "lời mới", "wanted": format!("Sửa {n}")});
            assert_eq!(phone.push(&[change("feedback", &id, never, own)]).await[0]["status"], "APPLIED", "{never}");
        }
        tablet.pull().await;
        assert_eq!(tablet.row("feedback", &id)["content"], "lời mới");
        assert_eq!(tablet.rows_of("syncIssue").len(), 3);
    }

    /// An older copy was put back, and both devices wrote since: who comes late, with a version that this course of the
    /// database does not have, neither overwrites what was written since nor loses his words.
    async fn i16_after_a_restore_a_higher_version_overwrites_nothing(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let (mut phone, mut tablet) = (light(app.person(author)), light(second_device(&app, author).await));
        let id = record(&phone, &world, "trước bản sao").await;
        tablet.pull().await;
        let copy = db.backup().await;
        for (base, words) in [("1", "sau bản sao"), ("2", "sau bản sao nữa"), ("3", "lời-sau-cùng")] {
            let row = change("feedback", &id, base, json!({"content": words}));
            assert_eq!(phone.push(&[row]).await[0]["status"], "APPLIED");
        }
        phone.pull().await;
        let keys = app.stop().await;
        db.put_back(&copy).await;
        let app = TestApp::start_again(&db, keys).await;
        let tablet_device = tablet.person.device;
        tablet.person = app.person_on(author, tablet_device.unwrap());
        phone.person = app.person(author);
        let since = tablet.push(&[change("feedback", &id, "1", json!({"content": "sau khi khôi phục"}))]).await;
        assert_eq!(since[0]["status"], "APPLIED");
        let held = phone.row("feedback", &id);
        let again = change("feedback", &id, held["rev"].as_str().unwrap(), json!({"content": held["content"]}));
        let told = phone.push(&[again]).await.remove(0);
        assert_eq!((&told["status"], &told["master"]["content"]), (&json!("CONFLICT"), &json!("sau khi khôi phục")));
        let kept = places(&everything(&app.state).await, "lời-sau-cùng");
        assert!(kept.contains(&"quarantine"), "{kept:?}");
    }
}
