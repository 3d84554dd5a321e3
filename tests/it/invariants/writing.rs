//! I4, I5, I7, I8 and I11: what becomes of what phones send. What meets other words is in `conflicts`, what has to wait
//! in `waiting`.

use std::sync::Arc;

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock},
    sync::rxdb::json_schema::published,
};
use cutri_tests::{
    FaultProxy, TestApp, TestDatabase, each_db,
    phone::{Phone, change, create, new_id, take_back},
    rxdb::{Replica, changed, made},
    seeds,
    world::World,
};
use rand::seq::SliceRandom;
use sea_orm::EntityTrait;
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
