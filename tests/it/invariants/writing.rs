//! I4 to I11: what becomes of what phones send.

use std::sync::Arc;

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock},
    sync::rxdb::json_schema::published,
    worker,
};
use cutri_tests::{
    FaultProxy, TestApp, TestDatabase, each_db,
    phone::{Phone, change, create, new_id},
    rxdb::{Replica, changed, made},
    seeds,
    world::World,
};
use entity::sync_deferred;
use rand::seq::SliceRandom;
use sea_orm::{EntityTrait, PaginatorTrait, sea_query::Expr};
use serde_json::{Value, json};

use super::{
    kept::{everything, places},
    light, record, said, second_device, stage, statuses, traces,
};

/// One row of each fate: stored, corrected, deleted, refused, waiting, unreadable.
async fn one_of_each(app: &TestApp, world: &World) -> Vec<Value> {
    let phone = light(app.person(&world.here.delegates[0]));
    let id = record(&phone, world, "Bản đầu").await;
    let note = new_id();
    let mut waiting = said(world, "Chờ cuộc họp");
    waiting["meetingId"] = json!(new_id());
    let mut wrong = said(world, "Sai mã");
    wrong["channel"] = json!("thần giao cách cảm");
    vec![
        create("feedback", &new_id(), said(world, "Cầu gãy")),
        change("feedback", &id, "1", json!({"content": "Bản hai"})),
        create("note", &note, json!({"text": "Gọi lại bà Tư"})),
        json!({"mutationId": new_id(), "collection": "note", "id": note, "delete": true}),
        create("feedback", &new_id(), wrong),
        create("feedback", &new_id(), waiting),
        json!({"mutationId": "m", "collection": "feedback", "id": "x", "patch": {"content": "id lạ"}}),
    ]
}

each_db! {
    /// Every request that went over the wire comes again, twice, in any order: nothing is written any more.
    async fn i04_what_is_sent_again_changes_nothing(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let rows = one_of_each(&app, &world).await;
        let proxy = FaultProxy::start(app.address()).await;
        proxy.keep_requests();
        let person = app.person(&world.here.delegates[0]).through(proxy.address());
        let phone = Phone::new(person.clone());
        let first = phone.push(&rows).await;
        assert_eq!(statuses(&first), ["APPLIED", "APPLIED", "APPLIED", "APPLIED", "REJECTED", "DEFERRED", "REJECTED"]);
        let mut replica = Replica::new(person, "feedback", &published());
        let mut document = said(&world, "Qua RxDB");
        document["id"] = json!(new_id());
        assert_eq!(replica.push(&[made(document.clone())]).await.len(), 0);
        replica.push(&[changed(&document, json!({"content": "Qua RxDB, sửa"}))]).await;
        replica.pull(10).await;

        let before = traces(&app).await;
        let mut requests = proxy.kept();
        assert!(requests.len() >= 4);
        requests.extend(requests.clone());
        requests.shuffle(&mut seeds::rng());
        for request in &requests {
            let answer = proxy.repeat(request).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        assert_eq!(traces(&app).await, before);
    }

    /// The road is cut after byte n of the request, and after byte n of the answer, for many n.
    async fn i05_cut_after_any_byte_each_row_is_there_once(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let proxy = FaultProxy::start(app.address()).await;
        let person = app.person(&world.here.delegates[0]);
        let rows: Vec<Value> = (0..3).map(|n| create("feedback", &new_id(), said(&world, &format!("Ý kiến {n}")))).collect();
        let texts: Vec<String> = rows.iter().map(Value::to_string).collect();
        let body = Phone::push_body(&texts);
        let road = person.through(proxy.address());
        // Headers and body are some 2,400 bytes, the answer some 900; beyond the end nothing is cut.
        let step = if seeds::is_full() { 1 } else { 149 };
        for n in (1..2_700).step_by(step) {
            proxy.cut_request_after(n);
            let heard = road.try_send(body.clone()).await;
            assert!(heard.is_err() || n > 1_500, "{n}: {heard:?}");
            proxy.clear();
        }
        for n in (0..1_200).step_by(step) {
            proxy.cut_response_after(n);
            let heard = road.try_send(body.clone()).await;
            assert!(heard.is_err() || n > 500, "{n}: {heard:?}");
            proxy.clear();
        }
        assert!(proxy.cuts() > 15, "{}", proxy.cuts());
        assert_eq!(statuses(&Phone::new(person.clone()).push(&rows).await), ["DUPLICATE"; 3]);
        let mut phone = light(person);
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), 3);
        let recorded = places(&everything(&app.state).await, "Ý kiến 1");
        assert_eq!(recorded, ["row"], "once");
    }

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

    /// Each fate that words can have: they are found again, in the row, its history, or the sealed store with a reason.
    async fn i07_nothing_a_delegate_wrote_is_discarded(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = &world.here.delegates[0];
        let mut phone = light(app.person(author));
        let tablet = light(second_device(&app, author).await);
        let office = app.person(&world.here.office);
        let at = |patch: Value, when: &str, mut row: Value| {
            row["patch"] = patch;
            row["recordedAt"] = json!(when);
            row
        };
        let id = record(&phone, &world, "lời-đầu").await;
        let mut sent: Vec<(&str, &str, Value)> = vec![
            ("APPLIED", "row", create("feedback", &new_id(), said(&world, "lời-mới"))),
            ("APPLIED", "row", at(json!({"content": "lời-sau-cùng"}), "2026-03-02T10:00:00+07:00", change("feedback", &id, "1", json!({})))),
            // Sent out of order: an older word of the same device.
            ("MERGED", "history", at(json!({"content": "lời-đến-muộn"}), "2026-03-02T09:00:00+07:00", change("feedback", &id, "1", json!({})))),
        ];
        let mut wrong = said(&world, "lời-sai-mã");
        wrong["channel"] = json!("thần giao cách cảm");
        sent.push(("REJECTED", "quarantine", create("feedback", &new_id(), wrong)));
        let mut waiting = said(&world, "lời-chờ");
        waiting["meetingId"] = json!(new_id());
        sent.push(("DEFERRED", "waiting", create("feedback", &new_id(), waiting)));
        let mut again = create("feedback", &new_id(), said(&world, "lời-trùng-tên"));
        again["mutationId"] = sent[0].2["mutationId"].clone();
        sent.push(("REJECTED", "quarantine", again));
        for (status, place, row) in &sent {
            let result = phone.push(std::slice::from_ref(row)).await.remove(0);
            assert_eq!(result["status"], *status, "{row}\n{result}");
            let words = row["patch"]["content"].as_str().unwrap();
            assert!(places(&everything(&app.state).await, words).contains(place), "{words}");
        }
        // A conflict: words into the history, a voter's name and number sealed, and the author is told where they are.
        let contact = json!({"content": "lời-xung-đột", "contactName": "Bà Tư", "contactPhone": "0912345678",
            "consentText": "Đồng ý", "consentAt": "2026-03-02T08:00:00+07:00"});
        let result = tablet.push(&[change("feedback", &id, "1", contact)]).await.remove(0);
        assert_eq!((&result["status"], &result["master"]["content"]), (&json!("CONFLICT"), &json!("lời-sau-cùng")));
        let all = everything(&app.state).await;
        assert_eq!(places(&all, "lời-xung-đột"), ["history", "quarantine"]);
        assert_eq!(places(&all, "0912345678"), ["quarantine"]);
        // Grouped meanwhile: words are added, and what cannot be changed any more is not forgotten either.
        office.done("groupFeedback", json!({"feedbackIds": [id], "title": "Nhóm", "content": "Nhóm"}), "petition { id }").await;
        let patch = json!({"content": "lời-thêm", "trackingCode": Value::Null, "channel": "letter"});
        let result = phone.push(&[change("feedback", &id, "2", patch)]).await.remove(0);
        assert_eq!(result["status"], "MERGED", "{result}");
        let all = everything(&app.state).await;
        assert_eq!(places(&all, "lời-thêm"), ["row"]);
        let query = "query($id: ID!) { feedback(id: $id) { content additions { text at } } }";
        let read = office.data(query, json!({"id": id})).await["feedback"].clone();
        assert_eq!(read["content"], "lời-sau-cùng");
        assert!(read["additions"][0]["text"].as_str().unwrap().contains("lời-thêm"), "{read}");
        assert_eq!((read["additions"].as_array().unwrap().len(), read["additions"][0]["at"].is_string()), (1, true));
        assert_eq!(places(&all, "\"channel\":\"letter\""), ["history"]);

        phone.pull().await;
        let mut codes: Vec<&str> = phone.rows_of("syncIssue").iter().map(|issue| issue["code"].as_str().unwrap()).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["CONFLICT", "REUSED_ID", "UNKNOWN_CODE"], "with a reason that he can read");
        for issue in phone.rows_of("syncIssue") {
            let query = "query($id: ID!) { syncIssue(id: $id) { original } }";
            let told = phone.person.data(query, json!({"id": issue["id"]})).await;
            assert!(told["syncIssue"]["original"].as_str().unwrap().contains("lời-"), "{told}");
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

    /// A batch with everything that a broken app may send: good rows are stored, pull and the next push go on.
    async fn i08_one_bad_row_never_blocks_others(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let theirs = record(&light(app.person(&world.here.delegates[1])), &world, "của đồng nghiệp").await;
        let with = |name: &str, value: Value| {
            let mut patch = said(&world, "xấu");
            patch[name] = value;
            create("feedback", &new_id(), patch).to_string()
        };
        let bad = [
            with("channel", json!("không có mã này")),
            with("answeredOnSpot", json!(1_u64 << 40)),
            with("no_such_field", json!("x")),
            with("content", json!("đ".repeat(512 << 10))),
            with("unitId", json!(new_id())),
            change("feedback", &theirs, "1", json!({"content": "của người khác"})).to_string(),
            with("meetingId", json!(new_id())),
            r#"{"mutationId":"a","collection":"feedback","id":"x","patch":{"content":"\ud800"}}"#.to_owned(),
            r#"{"mutationId":"b","collection":"feedback","patch":{"content":1e999}}"#.to_owned(),
            "null".to_owned(),
            "[]".to_owned(),
            "7".to_owned(),
        ];
        let good: Vec<String> = (0..=bad.len()).map(|_| new_id()).collect();
        let mut bodies = Vec::new();
        for (index, id) in good.iter().enumerate() {
            bodies.push(create("feedback", id, said(&world, "tốt")).to_string());
            bodies.extend(bad.get(index).cloned());
        }
        let answer = phone.person.try_send(Phone::push_body(&bodies)).await.unwrap().body;
        let results = answer["data"]["syncPush"]["results"].as_array().unwrap();
        for (index, result) in results.iter().enumerate() {
            let status = result["status"].as_str().unwrap();
            if index % 2 == 0 {
                assert_eq!(status, "APPLIED", "{index}: {result}");
            } else {
                assert!(["REJECTED", "DEFERRED"].contains(&status), "{index}: {result}");
            }
        }
        phone.pull().await;
        assert_eq!(phone.rows_of("feedback").len(), good.len() + 1, "and the colleague's");
        assert_eq!(phone.row("feedback", &theirs)["content"], "của đồng nghiệp");
        assert_eq!(phone.rows_of("syncIssue").len(), bad.len() - 1, "one for each, but the one that waits");
        record(&phone, &world, "tiếp theo").await;
    }

    /// Of a waiting row that was damaged on the disk every upload of its author was refused.
    async fn i08_a_waiting_row_that_does_not_open_holds_up_nothing(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let meeting = new_id();
        let of = |words: &str| {
            let mut patch = said(&world, words);
            patch["meetingId"] = json!(meeting);
            create("feedback", &new_id(), patch)
        };
        for words in ["hỏng", "lành"] {
            assert_eq!(phone.push(&[of(words)]).await[0]["status"], "DEFERRED");
            if words == "hỏng" {
                sync_deferred::Entity::update_many()
                    .col_expr(sync_deferred::Column::Payload, Expr::value(vec![1_u8; 64]))
                    .exec(app.state.store.migrating())
                    .await
                    .unwrap();
            }
        }
        let contact = json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ", "title": "Gặp nhóm cử tri",
            "startsAt": "2026-03-01T08:00:00+07:00"});
        let rows = [create("meeting", &meeting, contact), create("feedback", &new_id(), said(&world, "tiếp theo"))];
        assert_eq!(statuses(&phone.push(&rows).await), ["APPLIED", "APPLIED"]);
        phone.pull().await;
        for words in ["lành", "tiếp theo"] {
            assert!(phone.rows_of("feedback").iter().any(|row| row["content"] == words), "{words}");
        }
        worker::turn(&app.state, &mut None).await;
        record(&phone, &world, "và nữa").await;
        let left = sync_deferred::Entity::find().count(app.state.store.read()).await.unwrap();
        assert_eq!(left, 1, "it goes on waiting");
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

    /// A phone that was away for two years hears of every deletion, and what it sends does not bring anything back.
    async fn i11_deletes_reach_everyone_and_nothing_is_resurrected(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let mut away = light(second_device(&app, author).await);
        let mut here = light(app.person(author));
        let note = create("note", &new_id(), json!({"text": "Gọi lại bà Tư"}));
        let note_id = note["id"].as_str().unwrap().to_owned();
        here.push(std::slice::from_ref(&note)).await;
        let feedback = record(&here, &world, "Rút lại").await;
        away.pull().await;
        assert_eq!(away.row("note", &note_id)["text"], "Gọi lại bà Tư");
        let delete = |collection: &str, id: &str| json!({"mutationId": new_id(), "collection": collection, "id": id, "delete": true});
        let deleted = here.push(&[delete("note", &note_id), delete("feedback", &feedback)]).await;
        assert_eq!(statuses(&deleted), ["APPLIED", "APPLIED"]);
        // The creation comes once more, held up somewhere for a year.
        clock.advance(Duration::days(365));
        here.person = app.person(author);
        assert_eq!(here.push(&[note]).await[0]["status"], "DUPLICATE");
        clock.advance(Duration::days(365));
        away.person = away.person.signed_again(&app.state, app.address());
        let edited = away.push(&[change("feedback", &feedback, "1", json!({"content": "Sửa khi đi vắng"}))]).await;
        assert_eq!(edited[0]["status"], "REJECTED", "what was taken back stays so");
        assert_eq!(places(&everything(&app.state).await, "Sửa khi đi vắng"), ["quarantine"]);
        let seen = away.pull().await;
        assert!(seen.contains(&("note".to_owned(), note_id.clone(), None)), "{seen:?}");
        assert_eq!(away.row("feedback", &feedback)["status"], "withdrawn");
        let mut fresh = light(away.person.clone());
        fresh.pull().await;
        assert_eq!(fresh.rows, away.rows);
        assert!(fresh.rows_of("note").is_empty());
    }
}
