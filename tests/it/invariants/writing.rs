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
    phone::{Phone, change, create, new_id, take_back},
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
use crate::files::{Sender, sha256, text};

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

/// A contact that a delegate made himself.
fn contact(world: &World) -> Value {
    json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ", "title": "Gặp nhóm cử tri",
        "startsAt": "2026-03-01T08:00:00+07:00"})
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
        // A voter's number that was written down only then, and one that corrects it: sealed beside the row, nowhere else.
        let number = json!({"contactPhone": "0909111222", "consentText": "Đồng ý", "consentAt": "2026-03-02T11:00:00+07:00"});
        for (patch, kept, gone) in [
            (number, "909111222", "909111333"),
            (json!({"contactPhone": "0909111333"}), "909111333", "909111222"),
        ] {
            let result = phone.push(&[create("feedback", &id, patch)]).await.remove(0);
            assert_eq!(result["status"], "APPLIED", "{result}");
            let all = everything(&app.state).await;
            assert_eq!(places(&all, kept), ["contact"]);
            assert!(places(&all, gone).is_empty(), "{gone}");
        }
        let told = phone.person.data("query($id: ID!) { feedback(id: $id) { history(first: 100) { event } } }", json!({"id": id})).await;
        assert_eq!(told.to_string().matches("contact_given").count(), 2, "{told}");

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

    /// Rows that wait or were refused, with photos sent before them, after them and wrongly: every good row and photo goes
    /// its way meanwhile, and in the end each row has its own.
    async fn i08_photos_of_a_row_that_waits_or_is_refused_hold_up_nothing_and_stay(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let sender = Sender::new(&app, &phone.person);
        let [before, after, good] = ["trước dòng", "sau dòng", "của dòng lành"].map(|name| text(name, 3_000));
        let both = format!("{} {}", sha256(&before), sha256(&after));
        let with = |words: &str, photos: &str| {
            let mut patch = said(&world, words);
            patch["attachments"] = json!(photos);
            patch
        };
        sender.send(&before).await;
        let (meeting, waiting, refused) = (new_id(), new_id(), new_id());
        let mut waits = with("chờ cuộc gặp", &both);
        waits["meetingId"] = json!(meeting);
        let mut wrong = with("sai mã", &both);
        wrong["channel"] = json!("thần giao cách cảm");
        let fine = new_id();
        let rows = [
            create("feedback", &waiting, waits),
            create("feedback", &refused, wrong),
            create("feedback", &fine, with("dòng lành", &sha256(&good))),
        ];
        assert_eq!(statuses(&phone.push(&rows).await), ["DEFERRED", "REJECTED", "APPLIED"]);

        // A photo that is no photo, and one that is not what it was called: refused alone.
        for (said, sent, code) in [
            (b"GIF89a xx".to_vec(), b"GIF89a xx".to_vec(), "FILE_TYPE_REFUSED"),
            (text("hứa", 900), text("gửi", 900), "CHECKSUM_MISMATCH"),
        ] {
            sender.create(&said).await;
            assert_eq!(sender.patch(&sha256(&said), 0, &sent, &[]).await.refusal().1, code);
        }
        sender.send(&after).await;
        sender.send(&good).await;
        phone.pull().await;
        assert_eq!(phone.row("feedback", &fine)["arrived"], json!(sha256(&good)));
        assert_eq!(phone.rows_of("feedback").len(), 1, "neither of the other two is a row");
        let office = app.person(&world.here.office);
        assert_eq!(Sender::new(&app, &office).read(&sha256(&before), &[]).await.status, 404, "nobody's business yet");
        record(&light(app.person(&world.here.delegates[1])), &world, "của đồng nghiệp").await;

        // What it waited for comes; what was wrong is corrected. Not a byte has to be sent again.
        let contact = json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ", "title": "Gặp nhóm cử tri",
            "startsAt": "2026-03-01T08:00:00+07:00"});
        let rows = [create("meeting", &meeting, contact), create("feedback", &refused, with("đúng mã", &both))];
        assert_eq!(statuses(&phone.push(&rows).await), ["APPLIED", "APPLIED"]);
        phone.pull().await;
        for id in [&waiting, &refused] {
            let row = phone.row("feedback", id);
            assert_eq!((&row["attachments"], &row["arrived"]), (&json!(both), &json!(both)), "{row}");
        }
        for bytes in [&before, &after] {
            assert_eq!(&Sender::new(&app, &office).read(&sha256(bytes), &[]).await.body, bytes);
        }
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

    async fn forty_changes_of_a_row_wait_and_one_more_is_refused_and_kept(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let (id, meeting) = (new_id(), new_id());
        let mut first = said(&world, "lời 0");
        first["meetingId"] = json!(meeting);
        let corrected = |n: usize| create("feedback", &id, json!({"content": format!("lời {n}")}));
        let rows: Vec<Value> = std::iter::once(create("feedback", &id, first)).chain((1..=40).map(corrected)).collect();
        let results = phone.push(&rows).await;
        assert_eq!(statuses(&results[..40]), ["DEFERRED"; 40]);
        assert_eq!((&results[40]["status"], &results[40]["errors"][0]["code"]), (&json!("REJECTED"), &json!("LIMIT_TOO_LARGE")));
        let contact = json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ", "title": "Gặp nhóm cử tri",
            "startsAt": "2026-03-01T08:00:00+07:00"});
        assert_eq!(phone.push(&[create("meeting", &meeting, contact)]).await[0]["status"], "APPLIED");
        phone.pull().await;
        assert_eq!(phone.row("feedback", &id)["content"], "lời 39");
        assert_eq!(phone.rows_of("syncIssue").len(), 1, "the one too many is with its author");
    }

    /// The change that waits was made first, and is judged last.
    async fn i10_a_change_that_waited_does_not_undo_what_was_said_after_it(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let (id, meeting) = (record(&phone, &world, "lời gốc").await, new_id());
        let rows = [
            change("feedback", &id, "1", json!({"meetingId": meeting, "content": "lời trước", "subject": "Cầu"})),
            change("feedback", &id, "1", json!({"content": "lời sau"})),
        ];
        assert_eq!(statuses(&phone.push(&rows).await), ["DEFERRED", "APPLIED"]);
        let again = phone.push(&rows[..1]).await;
        assert_eq!((&again[0]["status"], &again[0]["rev"]), (&json!("DEFERRED"), &Value::Null));
        let contact = json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ", "title": "Gặp nhóm cử tri",
            "startsAt": "2026-03-01T08:00:00+07:00"});
        assert_eq!(phone.push(&[create("meeting", &meeting, contact)]).await[0]["status"], "APPLIED");
        phone.pull().await;
        let row = phone.row("feedback", &id);
        assert_eq!((&row["content"], &row["subject"], &row["meetingId"]), (&json!("lời sau"), &json!("Cầu"), &json!(meeting)));
        let query = "query($id: ID!) { feedback(id: $id) { history(first: 20) { event lost } } }";
        let told = phone.person.data(query, json!({"id": id})).await.to_string();
        assert!(told.contains("lời trước"), "what came too late is in the history: {told}");
    }

    /// Of three changes that one push brings the one in the middle waits. Whatever is written by one push is one version of the
    /// row, so that the third looked no newer than what the second had seen, and was undone by it.
    async fn i10_what_waited_between_two_changes_does_not_undo_the_later_one(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let (known, made, meeting) = (record(&phone, &world, "lời gốc").await, new_id(), new_id());
        let waits = || json!({"meetingId": meeting, "content": "lời giữa", "subject": "Cầu"});
        let rows = [
            change("feedback", &known, "1", json!({"content": "lời đầu"})),
            create("feedback", &made, said(&world, "lời đầu")),
            change("feedback", &known, "1", waits()),
            create("feedback", &made, waits()),
            change("feedback", &known, "1", json!({"content": "lời cuối"})),
            create("feedback", &made, json!({"content": "lời cuối"})),
        ];
        let statuses_of = statuses(&phone.push(&rows).await).join(" ");
        assert_eq!(statuses_of, "APPLIED APPLIED DEFERRED DEFERRED MERGED APPLIED");
        phone.pull().await;
        for id in [&known, &made] {
            assert_eq!(phone.row("feedback", id)["content"], "lời cuối", "{id}");
        }
        let again = statuses(&phone.push(&rows).await).join(" ");
        assert_eq!(again, "DUPLICATE DUPLICATE DEFERRED DEFERRED DUPLICATE DUPLICATE");
        assert_eq!(phone.push(&[create("meeting", &meeting, contact(&world))]).await[0]["status"], "APPLIED");
        phone.pull().await;
        for id in [&known, &made] {
            let row = phone.row("feedback", id);
            assert_eq!((&row["content"], &row["subject"], &row["meetingId"]), (&json!("lời cuối"), &json!("Cầu"), &json!(meeting)));
            let query = "query($id: ID!) { feedback(id: $id) { history(first: 20) { event lost } } }";
            let told = phone.person.data(query, json!({"id": id})).await.to_string();
            assert!(told.contains("lời giữa"), "what came too late is in the history: {told}");
        }
    }

    /// Two changes of a row that is there wait, and what the first of them says at last counted as newer than the second.
    async fn i10_of_two_changes_that_waited_the_later_wins(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let [together, apart, between] = [
            record(&phone, &world, "lời gốc").await,
            record(&phone, &world, "lời gốc").await,
            record(&phone, &world, "lời gốc").await,
        ];
        let (first, second) = (new_id(), new_id());
        let waits = |id: &str, meeting: &str, words: &str| {
            change("feedback", id, "1", json!({"meetingId": meeting, "content": words}))
        };
        let rows = [
            waits(&together, &first, "lời trước"),
            waits(&together, &first, "lời sau"),
            waits(&apart, &first, "lời trước"),
            waits(&apart, &second, "lời sau"),
            waits(&between, &first, "lời trước"),
            waits(&between, &second, "lời sau"),
        ];
        assert_eq!(statuses(&phone.push(&rows).await), ["DEFERRED"; 6]);
        // With the first meeting comes a word that is newer than both.
        let rows = [
            create("meeting", &first, contact(&world)),
            change("feedback", &between, "1", json!({"content": "lời mới nhất"})),
        ];
        assert_eq!(phone.push(&rows).await[0]["status"], "APPLIED");
        phone.pull().await;
        for (id, content) in [(&together, "lời sau"), (&apart, "lời trước"), (&between, "lời mới nhất")] {
            let row = phone.row("feedback", id);
            assert_eq!((&row["content"], &row["meetingId"]), (&json!(content), &json!(first)));
        }
        assert_eq!(phone.push(&[create("meeting", &second, contact(&world))]).await[0]["status"], "APPLIED");
        phone.pull().await;
        for (id, content, meeting) in [(&together, "lời sau", &first), (&apart, "lời sau", &second), (&between, "lời mới nhất", &second)] {
            let row = phone.row("feedback", id);
            assert_eq!((&row["content"], &row["meetingId"]), (&json!(content), &json!(meeting)));
        }
        let left = sync_deferred::Entity::find().count(app.state.store.read()).await.unwrap();
        assert_eq!(left, 0);
    }

    /// Four rows wait for a meeting that the phone has not sent yet, and their author thinks again: words that he took back
    /// came to the office all the same, a correction was refused, and of a note the older words won.
    async fn i10_a_waiting_row_is_corrected_and_taken_back(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let person = app.person(&world.here.delegates[0]);
        let mut phone = light(person.clone());
        let replica = Replica::new(person, "feedback", &published());
        let (meeting, elsewhere) = (new_id(), new_id());
        let waits = |words: &str| {
            let mut patch = said(&world, words);
            patch["meetingId"] = json!(meeting);
            patch
        };
        let [corrected, deleted, gone, moved, note] = [(); 5].map(|()| new_id());
        // The same push brings the first of its corrections as well.
        let mut lost_parent = said(&world, "lời-nhầm-cuộc");
        lost_parent["meetingId"] = json!(elsewhere);
        let rows = [
            create("feedback", &corrected, waits("lời-một")),
            create("feedback", &corrected, json!({"content": "lời-hai"})),
            create("feedback", &deleted, waits("lời-rút")),
            create("feedback", &moved, lost_parent),
            create("note", &note, json!({"text": "ghi-trước", "meetingId": meeting})),
        ];
        assert_eq!(statuses(&phone.push(&rows).await), ["DEFERRED"; 5]);
        let mut document = waits("lời-rút-qua-rxdb");
        document["id"] = json!(gone);
        assert_eq!(replica.push(&[made(document.clone())]).await, Vec::<Value>::new());

        let delete = json!({"mutationId": new_id(), "collection": "feedback", "id": deleted, "delete": true});
        let rows = [
            create("feedback", &corrected, json!({"content": "lời-ba"})),
            delete.clone(),
            create("note", &note, json!({"text": "ghi-sau"})),
        ];
        for _ in 0..2 {
            assert_eq!(statuses(&phone.push(&rows).await), ["DEFERRED"; 3], "sent again, they still wait");
        }
        let removed = changed(&document, json!({"_deleted": true}));
        assert_eq!(replica.push(&[removed]).await, Vec::<Value>::new());
        // Taken back twice, by an app that forgot; the second has nothing to do, and waits no longer than the first.
        let twice = json!({"mutationId": new_id(), "collection": "feedback", "id": deleted, "delete": true});
        assert_eq!(statuses(&phone.push(&[twice]).await), ["DEFERRED"]);
        // What is wrong with a correction is said at once; what names the right meeting waits no longer.
        let wrong = create("feedback", &corrected, json!({"channel": "thần giao cách cảm"}));
        let right = create("feedback", &moved, json!({"meetingId": world.here.meeting}));
        assert_eq!(statuses(&phone.push(&[wrong, right]).await), ["REJECTED", "APPLIED"]);
        phone.pull().await;
        let row = phone.row("feedback", &moved);
        assert_eq!((&row["content"], &row["meetingId"]), (&json!("lời-nhầm-cuộc"), &json!(world.here.meeting)));
        assert_eq!(phone.rows_of("feedback").len(), 1);

        let contact = json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ", "title": "Gặp nhóm cử tri",
            "startsAt": "2026-03-01T08:00:00+07:00"});
        assert_eq!(phone.push(&[create("meeting", &meeting, contact)]).await[0]["status"], "APPLIED");
        phone.pull().await;
        assert_eq!(phone.row("feedback", &corrected)["content"], "lời-ba");
        assert_eq!(phone.row("note", &note)["text"], "ghi-sau");
        for id in [&deleted, &gone] {
            assert_eq!(phone.row("feedback", id)["status"], "withdrawn", "{id}");
        }
        let left = sync_deferred::Entity::find().count(app.state.store.read()).await.unwrap();
        assert_eq!(left, 0);
        assert_eq!(phone.push(&[delete]).await[0]["status"], "DUPLICATE", "its receipt says what became of it");
        let issues = phone.rows_of("syncIssue");
        let open: Vec<&Value> = issues.iter().filter(|issue| issue["status"] == "open").map(|issue| &issue["code"]).collect();
        assert_eq!(open, ["UNKNOWN_CODE"], "and what came before it does not answer it");
    }

    /// A row that waited is refused when its time comes: what was said after it is told of, not forgotten with it.
    async fn i07_behind_a_waiting_row_that_is_refused_nothing_vanishes(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let mut phone = light(app.person(author));
        let (meeting, id) = (new_id(), new_id());
        // At a place that the meeting's council does not cover.
        let mut wrong = said(&world, "lời-gốc");
        wrong["meetingId"] = json!(meeting);
        wrong["unitId"] = json!(world.there.unit);
        let rows = [create("feedback", &id, wrong), create("feedback", &id, json!({"content": "lời-sửa"}))];
        assert_eq!(statuses(&phone.push(&rows).await), ["DEFERRED", "DEFERRED"]);
        clock.advance(Duration::days(6));
        worker::turn(&app.state, &mut None).await;
        phone.person = app.person(author);
        phone.pull().await;
        let codes: Vec<&Value> = phone.rows_of("syncIssue").iter().map(|issue| &issue["code"]).collect();
        assert_eq!(codes, ["PARENT_UNKNOWN", "PARENT_UNKNOWN"], "each of them is told to wait still");

        let contact = json!({"kind": "individual_or_group", "unitIds": world.here.unit, "place": "Chợ", "title": "Gặp nhóm cử tri",
            "startsAt": "2026-03-01T08:00:00+07:00"});
        assert_eq!(phone.push(&[create("meeting", &meeting, contact)]).await[0]["status"], "APPLIED");
        phone.pull().await;
        assert!(phone.rows_of("feedback").is_empty());
        let open: Vec<&Value> = phone.rows_of("syncIssue").into_iter().filter(|issue| issue["status"] == "open").collect();
        assert_eq!(open.len(), 2, "{open:#?}");
        assert!(open.iter().all(|issue| issue["code"] != "PARENT_UNKNOWN"), "{open:#?}");
        let mut originals = String::new();
        for issue in open {
            let query = "query($id: ID!) { syncIssue(id: $id) { original } }";
            let told = phone.person.data(query, json!({"id": issue["id"]})).await;
            originals += told["syncIssue"]["original"].as_str().unwrap();
        }
        assert!(originals.contains("lời-gốc") && originals.contains("lời-sửa"), "{originals}");
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

each_db! {
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

    /// A voter let himself be called, and does not want it any more: the answer was APPLIED, and everything stayed.
    async fn a_contact_that_a_voter_takes_back_is_erased(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let author = app.person(&world.here.delegates[0]);
        let office = app.person(&world.here.office);
        let phone = light(author.clone());
        let contact = json!({"contactName": "Bà Tư", "contactPhone": "0912345678", "consentText": "Bà Tư đồng ý",
            "consentAt": "2026-03-01T08:00:00+07:00"});
        let recorded = async || {
            let mut patch = said(&world, "Xin gọi lại");
            patch.as_object_mut().unwrap().extend(contact.as_object().unwrap().clone());
            let id = new_id();
            assert_eq!(phone.push(&[create("feedback", &id, patch)]).await[0]["status"], "APPLIED");
            id
        };
        let kept = async |id: &str| {
            let id = entity::id::FeedbackId(id.parse().unwrap());
            let row = entity::feedback_contact::Entity::find_by_id(id).one(app.state.store.read()).await.unwrap().unwrap();
            ([row.name.is_some(), row.phone.is_some(), row.consent.is_some()], row.erased_at.is_some())
        };
        let (all, nothing) = (([true; 3], false), ([false; 3], true));

        for (patch, is_grouped) in [
            (json!({"contactName": null, "contactPhone": null, "consentText": null, "consentAt": null}), false),
            (json!({"contactName": null, "contactPhone": null}), false),
            (json!({"consentText": null}), true),
        ] {
            let id = recorded().await;
            assert_eq!(kept(&id).await, all);
            if is_grouped {
                office.done("groupFeedback", json!({"feedbackIds": [id], "title": "Cầu", "content": "Cầu"}), "").await;
            }
            let row = create("feedback", &id, patch.clone());
            assert_eq!(phone.push(&[row]).await[0]["status"], "APPLIED", "{patch}");
            assert_eq!(kept(&id).await, nothing, "{patch}");
            let number = create("feedback", &id, json!({"contactPhone": "0987654321"}));
            assert_eq!(phone.push(&[number]).await[0]["errors"][0]["code"], "CONSENT_REQUIRED", "{patch}");
            // Another device had written it down before, and comes after.
            phone.push(&[create("feedback", &id, contact.clone())]).await;
            assert_eq!(kept(&id).await, nothing, "{patch}");
            let query = "query($id: ID!) { feedback(id: $id) { history(first: 20) { event } } }";
            let told = author.data(query, json!({"id": id})).await.to_string();
            assert!(told.contains("contact_erased"), "{told}");
        }
        // One of them alone; then the feedback itself; and by the desk's own mutation.
        let id = recorded().await;
        let row = create("feedback", &id, json!({"contactPhone": null}));
        assert_eq!(phone.push(&[row]).await[0]["status"], "APPLIED");
        assert_eq!(kept(&id).await, ([true, false, true], false));
        assert_eq!(phone.push(&[take_back("feedback", &id)]).await[0]["status"], "APPLIED");
        assert_eq!(kept(&id).await, nothing);
        let id = recorded().await;
        let mut input = said(&world, "Xin gọi lại");
        input["id"] = json!(id);
        author.done("submitFeedback", input.clone(), "").await;
        assert_eq!(kept(&id).await, all, "nothing is said of it");
        input["consentText"] = Value::Null;
        author.done("submitFeedback", input, "").await;
        assert_eq!(kept(&id).await, nothing);

        // RxDB sends whole documents, in which these fields are always null as they were read: that erases nothing.
        let id = recorded().await;
        let mut replica = Replica::new(author.clone(), "feedback", &published());
        replica.pull(10).await;
        let read = replica.documents[id.as_str()].clone();
        replica.push(&[changed(&read, json!({"subUnit": "Ấp 3", "contactName": null, "contactPhone": null}))]).await;
        assert_eq!(kept(&id).await, all);
        replica.pull(10).await;
        let cleared = replica.documents[id.as_str()].clone();
        let mut knew = cleared.clone();
        knew.as_object_mut().unwrap().extend(contact.as_object().unwrap().clone());
        replica.push(&[json!({"assumedMasterState": knew, "newDocumentState": cleared})]).await;
        assert_eq!(kept(&id).await, nothing, "it knew a value, and emptied it");
        for (place, text) in everything(&app.state).await {
            assert!(!text.contains("Bà Tư"), "{place}");
        }
    }
}

each_db! {
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

    /// A change overtook what makes its row, within a push and by a push of its own: it was refused, though order does not
    /// matter.
    async fn i10_a_change_that_comes_before_its_row_waits_for_it(db: TestDatabase) {
        let (app, world) = stage(&db).await;
        let mut phone = light(app.person(&world.here.delegates[0]));
        let [together, apart, held, note] = [(); 4].map(|()| new_id());
        // In one push.
        let rows = [
            change("feedback", &together, "1", json!({"content": "lời sửa"})),
            create("feedback", &together, json!({"wanted": "Sửa cầu"})),
            create("feedback", &together, said(&world, "lời đầu")),
            change("feedback", &together, "1", json!({"subject": "Cầu"})),
            create("note", &note, json!({"unitId": world.here.unit})),
            create("note", &note, json!({"text": "Gọi lại"})),
        ];
        assert_eq!(statuses(&phone.push(&rows).await), ["APPLIED"; 6]);
        // By pushes of their own, in the order in which they were made, and one more with what makes the row.
        for words in ["lời sửa", "lời sửa nữa"] {
            let row = change("feedback", &apart, "1", json!({"content": words, "affected": words}));
            let told = phone.push(std::slice::from_ref(&row)).await;
            assert_eq!((&told[0]["status"], &told[0]["errors"]), (&json!("DEFERRED"), &json!([])));
            assert_eq!(phone.push(&[row]).await[0]["status"], "DEFERRED", "sent again");
        }
        phone.pull().await;
        assert!(phone.rows_of("syncIssue").is_empty());
        let rows = [
            change("feedback", &apart, "1", json!({"affected": "lời cuối"})),
            create("feedback", &apart, said(&world, "lời đầu")),
        ];
        assert_eq!(statuses(&phone.push(&rows).await), ["APPLIED"; 2]);
        // What makes it waits itself.
        let meeting = new_id();
        let mut waits = said(&world, "lời đầu");
        waits["meetingId"] = json!(meeting);
        let rows = [change("feedback", &held, "1", json!({"content": "lời sửa"})), create("feedback", &held, waits)];
        assert_eq!(statuses(&phone.push(&rows[..1]).await), ["DEFERRED"]);
        assert_eq!(statuses(&phone.push(&rows).await), ["DEFERRED"; 2]);
        let later = change("feedback", &held, "1", json!({"subject": "Cầu"}));
        assert_eq!(statuses(&phone.push(&[later]).await), ["DEFERRED"]);
        assert_eq!(phone.push(&[create("meeting", &meeting, contact(&world))]).await[0]["status"], "APPLIED");

        phone.pull().await;
        for (id, subject, wanted, affected, content) in [
            (&together, json!("Cầu"), json!("Sửa cầu"), Value::Null, "lời sửa"),
            (&apart, Value::Null, Value::Null, json!("lời cuối"), "lời sửa nữa"),
            (&held, json!("Cầu"), Value::Null, Value::Null, "lời sửa"),
        ] {
            let row = phone.row("feedback", id);
            assert_eq!((&row["content"], &row["subject"]), (&json!(content), &subject), "{row}");
            assert_eq!((&row["wanted"], &row["affected"]), (&wanted, &affected), "{row}");
        }
        let row = phone.row("note", &note);
        assert_eq!((&row["text"], &row["unitId"]), (&json!("Gọi lại"), &json!(world.here.unit)));
        assert!(phone.rows_of("syncIssue").is_empty(), "{:#?}", phone.rows_of("syncIssue"));
        let left = sync_deferred::Entity::find().count(app.state.store.read()).await.unwrap();
        assert_eq!(left, 0);
        // What was written over is in the history, as it is when it comes in its order.
        let all = everything(&app.state).await;
        assert!(places(&all, "lời đầu").contains(&"history"));
    }

    /// Forty changes of a row that never comes wait, one more is refused and kept, and after five days their author is told.
    async fn i10_changes_of_a_row_that_never_comes_are_bounded_and_told(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(&db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let mut phone = light(app.person(author));
        let id = new_id();
        let rows: Vec<Value> = (0..=40).map(|n| change("feedback", &id, "1", json!({"content": format!("lời {n}")}))).collect();
        let results = phone.push(&rows).await;
        assert_eq!(statuses(&results[..40]), ["DEFERRED"; 40]);
        assert_eq!((&results[40]["status"], &results[40]["errors"][0]["code"]), (&json!("REJECTED"), &json!("LIMIT_TOO_LARGE")));
        // Nobody takes back what is not there yet, either; and no row comes of changes alone.
        let other = new_id();
        let rows = [
            change("feedback", &other, "1", json!({"content": "lời"})),
            change("feedback", &other, "1", json!({"kind": "petition"})),
            take_back("feedback", &other),
        ];
        assert_eq!(statuses(&phone.push(&rows).await), ["DEFERRED"; 3]);
        clock.advance(Duration::days(6));
        worker::turn(&app.state, &mut None).await;
        phone.person = app.person(author);
        phone.pull().await;
        assert!(phone.rows_of("feedback").is_empty());
        let waiting = phone.rows_of("syncIssue").iter().filter(|issue| issue["code"] == "PARENT_UNKNOWN").count();
        assert_eq!(waiting, 43);
        // It comes at last, and is taken back as it was said.
        assert_eq!(phone.push(&[create("feedback", &other, said(&world, "lời đầu"))]).await[0]["status"], "APPLIED");
        phone.pull().await;
        assert_eq!((&phone.row("feedback", &other)["status"], &phone.row("feedback", &other)["content"]), (&json!("withdrawn"), &json!("lời")));
    }
}
