//! The surface for RxDB clients, message by message. What a real client makes of it is tried in `rxdb_client`.

use cutri::{
    accounts::token::{self, Holder, Kind as TokenKind},
    sync::rxdb::json_schema::published,
};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    rxdb::{Replica, changed, made},
    world::{Put, World, another_device},
};
use entity::id::DeviceId;
use serde_json::{Value, json};
use uuid::Uuid;

async fn app(db: &TestDatabase) -> (TestApp, World) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    (app, world)
}

fn replica(person: Person, collection: &'static str) -> Replica {
    Replica::new(person, collection, &published())
}

fn said(world: &World, content: &str) -> Value {
    json!({"id": new_id(), "kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting",
        "content": content, "_deleted": false})
}

/// The codes of the sync issues that somebody has.
async fn issues(person: &Person) -> Vec<String> {
    let mut issues = replica(person.clone(), "syncIssue");
    issues.pull(100).await;
    let codes = issues
        .documents
        .values()
        .map(|issue| issue["code"].as_str().unwrap().to_owned());
    let mut codes: Vec<String> = codes.collect();
    codes.sort();
    codes
}

/// The sum of all clocks: it stands still when nothing is written.
async fn clocks(app: &TestApp) -> i64 {
    use sea_orm::EntityTrait;
    let all = entity::sync_clock::Entity::find()
        .all(app.state.store.read())
        .await
        .unwrap();
    all.iter().map(|clock| clock.seq).sum()
}

async fn second_device(app: &TestApp, world: &World) -> Person {
    let author = &world.here.delegates[0];
    let device = another_device(&app.state, author, DeviceId(Uuid::now_v7()));
    let id = device.id;
    Put::new().row(device).now(&app.state).await;
    app.person_on(author, id)
}

each_db! {
    async fn a_page_has_as_many_documents_as_were_asked_for_unless_it_is_the_last(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        let mut native = Phone::new(delegate.clone());
        native.pull().await;
        for collection in ["unit", "council", "agency", "delegate", "meeting", "feedback", "note"] {
            let all = native.rows_of(collection).len();
            let mut whole = replica(delegate.clone(), collection);
            let mut sizes = Vec::new();
            loop {
                let size = whole.pull_page(7).await;
                sizes.push(size);
                if size < 7 || sizes.len() > 40 { break }
            }
            assert!(sizes[..sizes.len() - 1].iter().all(|size| *size == 7), "{collection}: {sizes:?}");
            if collection != "unit" {
                assert_eq!(whole.documents.len(), all, "{collection}");
                for document in whole.documents.values() {
                    let id = document["id"].as_str().unwrap();
                    let own = native.row(collection, id);
                    for (name, value) in document.as_object().unwrap() {
                        if name != "_deleted" {
                            assert_eq!(value, &own[name], "{collection}.{name}");
                        }
                    }
                }
                let mut ones = replica(delegate.clone(), collection);
                assert_eq!(ones.pull(1).await, all);
                assert_eq!(ones.documents, whole.documents);
            }
        }
    }

    async fn every_collection_is_served_with_the_published_members(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        for collection in cutri::sync::registry::COLLECTIONS {
            let mut replica = replica(delegate.clone(), collection.name());
            replica.pull_page(3).await;
            assert_eq!(replica.push(&[]).await, Vec::<Value>::new());
            let none = delegate.data(&replica.push_query(), json!({})).await;
            assert_eq!(none[format!("push{}", replica.title())], json!([]), "an absent argument is an empty push");
        }
    }

    async fn a_limit_is_never_cut(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let units = replica(app.person(&world.here.delegates[0]), "unit");
        let page = units.ask_page(1_000).await.body;
        assert_eq!(page["data"]["pullUnit"]["documents"].as_array().unwrap().len(), 1_000);
        let told = units.ask_page(1_001).await.body["errors"][0]["extensions"].clone();
        assert_eq!((&told["code"], &told["limit"]), (&json!("LIMIT_TOO_LARGE"), &json!(1_000)));
        for limit in [0, -1] {
            let told = units.ask_page(limit).await.body["errors"][0]["extensions"].clone();
            assert_eq!((&told["code"], &told["limit"]), (&json!("OUT_OF_RANGE"), &json!(1)));
        }
    }

    async fn the_checkpoint_is_the_native_one_and_outlives_a_new_device(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        let mut phone = Phone::new(delegate.clone());
        phone.pull().await;
        let mut feedback = replica(delegate.clone(), "feedback");
        feedback.cursor = json!({"cursor": phone.cursor});
        assert_eq!(feedback.pull(10).await, 0, "a native checkpoint serves this surface");
        let document = said(&world, "Đường hỏng");
        assert_eq!(feedback.push(&[made(document.clone())]).await.len(), 0);
        assert_eq!(feedback.pull(10).await, 1);
        let mut elsewhere = feedback.clone();
        elsewhere.person = second_device(&app, &world).await;
        assert_eq!(elsewhere.pull(10).await, 0, "signed in again as another device, nothing is read twice");
        let read = "query($cursor: String) { syncPull(cursor: $cursor, collections: [\"feedback\"]) { more changes { id } } }";
        let page = delegate.data(read, json!({"cursor": feedback.cursor["cursor"]})).await["syncPull"].clone();
        assert_eq!(page, json!({"more": false, "changes": []}), "and this surface's serves the native one");
        let mut stranger = feedback.clone();
        stranger.person = app.person(&world.here.delegates[1]);
        for cursor in [stranger.cursor.clone(), json!({"cursor": "x"}), json!({"cursor": 1}), json!("x"), json!([])] {
            stranger.cursor = cursor;
            let told = stranger.ask_page(10).await.body["errors"][0]["extensions"]["code"].clone();
            assert_eq!(told, "INVALID_CURSOR");
        }
        for cursor in [json!({}), json!({"cursor": null}), Value::Null] {
            stranger.cursor = cursor;
            assert!(stranger.ask_page(10).await.body.get("errors").is_none());
        }
    }

    async fn what_left_the_scope_and_what_was_deleted_comes_as_an_id(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut notes = replica(app.person(&world.here.delegates[0]), "note");
        let note = json!({"id": new_id(), "text": "Gọi lại bà Tư"});
        assert_eq!(notes.push(&[made(note.clone())]).await.len(), 1, "the server's own moment is told at once");
        notes.pull(5).await;
        let id = note["id"].as_str().unwrap();
        let standing = notes.documents[id].clone();
        let taken = notes.push(&[changed(&standing, json!({"_deleted": true}))]).await;
        assert_eq!(taken, Vec::<Value>::new());
        notes.pull(5).await;
        assert!(notes.documents.is_empty());
        let before = clocks(&app).await;
        let again = notes.push(&[changed(&standing, json!({"_deleted": true}))]).await;
        assert_eq!((again.len(), clocks(&app).await), (0, before), "deleted once");
        let unknown = json!({"id": new_id(), "text": "x", "_deleted": false});
        let gone = notes.push(&[changed(&unknown, json!({"_deleted": true}))]).await;
        assert_eq!((gone.len(), clocks(&app).await), (0, before), "what is nowhere is deleted already");
    }

    async fn the_same_push_again_changes_nothing(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut feedback = replica(app.person(&world.here.delegates[0]), "feedback");
        let mut first = said(&world, "Đường hỏng");
        first["contactName"] = json!("Bà Tư");
        first["consentText"] = json!("Đồng ý cho liên hệ");
        first["consentAt"] = json!("2026-03-02T08:00:00+07:00");
        let rows = [made(first.clone()), made(said(&world, "Cầu gãy"))];
        assert_eq!(feedback.push(&rows).await, Vec::<Value>::new());
        let before = clocks(&app).await;
        for _ in 0..3 {
            assert_eq!(feedback.push(&rows).await, Vec::<Value>::new());
        }
        let second = changed(&first, json!({"content": "Đường hỏng nặng"}));
        assert_eq!(feedback.push(std::slice::from_ref(&second)).await, Vec::<Value>::new());
        let after = clocks(&app).await;
        assert!(after > before);
        assert_eq!(feedback.push(&[second]).await, Vec::<Value>::new());
        feedback.pull(10).await;
        let standing = feedback.documents[first["id"].as_str().unwrap()].clone();
        assert_eq!((&standing["content"], &standing["rev"]), (&json!("Đường hỏng nặng"), &json!("2")));
        assert_eq!(standing["contactName"], Value::Null, "contact details are never given back");
        // After a conflict RxDB writes what it was told and sends it back.
        assert_eq!(feedback.push(&[changed(&standing, json!({}))]).await, Vec::<Value>::new());
        assert_eq!(clocks(&app).await, after, "what was sent again or sent back is no change");
        assert_eq!(issues(&feedback.person).await, Vec::<String>::new());
    }

    async fn a_word_changed_back_and_changed_again_is_stored(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut feedback = replica(app.person(&world.here.delegates[0]), "feedback");
        let one = said(&world, "một");
        feedback.push(&[made(one.clone())]).await;
        let mut two = one.clone();
        two["content"] = json!("hai");
        for (from, to) in [(&one, &two), (&two, &one), (&one, &two)] {
            let row = changed(from, json!({"content": to["content"]}));
            assert_eq!(feedback.push(&[row]).await, Vec::<Value>::new());
        }
        feedback.pull(10).await;
        let id = one["id"].as_str().unwrap();
        assert_eq!((&feedback.documents[id]["content"], &feedback.documents[id]["rev"]), (&json!("hai"), &json!("4")));
    }

    async fn a_push_that_was_delayed_does_not_undo_a_later_one(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut feedback = replica(app.person(&world.here.delegates[0]), "feedback");
        let one = said(&world, "một");
        feedback.push(&[made(one.clone())]).await;
        let late = changed(&one, json!({"content": "hai"}));
        feedback.push(std::slice::from_ref(&late)).await;
        let newer = changed(&late["newDocumentState"], json!({"content": "ba"}));
        assert_eq!(feedback.push(&[newer]).await, Vec::<Value>::new());
        let told = feedback.push(&[late]).await;
        assert_eq!(told[0]["content"], "ba");
        // The answer to an edit was lost, and the user went on from what his phone believes.
        let further = changed(&one, json!({"content": "bốn"}));
        assert_eq!(feedback.push(&[further]).await, Vec::<Value>::new(), "one device never conflicts with itself");
        feedback.pull(10).await;
        assert_eq!(feedback.documents[one["id"].as_str().unwrap()]["content"], "bốn");
    }

    async fn others_words_are_a_conflict_or_are_merged_and_both_are_answered(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut phone = replica(app.person(&world.here.delegates[0]), "feedback");
        let mut tablet = replica(second_device(&app, &world).await, "feedback");
        let id = said(&world, "Đường hỏng");
        phone.push(&[made(id.clone())]).await;
        let id = id["id"].as_str().unwrap().to_owned();
        phone.pull(10).await;
        tablet.pull(10).await;
        let base = tablet.documents[&id].clone();
        assert_eq!(phone.documents[&id], base);
        phone.push(&[changed(&base, json!({"content": "Đường hỏng nặng"}))]).await;
        let merged = tablet.push(&[changed(&base, json!({"wanted": "Sửa đường"}))]).await;
        assert_eq!(merged.len(), 1);
        assert_eq!((&merged[0]["content"], &merged[0]["wanted"]), (&json!("Đường hỏng nặng"), &json!("Sửa đường")));
        let lost = tablet.push(&[changed(&base, json!({"content": "Đường tốt"}))]).await;
        assert_eq!(lost.len(), 1);
        for member in ["content", "wanted", "unitId", "status", "receivedAt", "rev", "_deleted"] {
            assert_eq!(lost[0][member], merged[0][member], "the whole row is answered: {member}");
        }
        phone.pull(10).await;
        tablet.pull(10).await;
        assert_eq!(phone.documents, tablet.documents);
        assert_eq!(phone.documents[&id]["content"], "Đường hỏng nặng");
    }

    async fn what_the_server_spells_otherwise_is_answered_at_once(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let feedback = replica(app.person(&world.here.delegates[0]), "feedback");
        let mut document = said(&world, "  Đường hỏng ");
        document["recordedAt"] = json!("2026-03-02T01:00:00Z");
        document["status"] = json!("của tôi");
        let told = feedback.push(&[made(document)]).await;
        assert_eq!(told[0]["recordedAt"], "2026-03-02T08:00:00.000000+07:00");
        assert_eq!(told[0]["status"], "accepted");
    }

    async fn one_bad_row_harms_itself_alone_and_is_kept(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let mut feedback = replica(app.person(&world.here.delegates[0]), "feedback");
        let good = || made(said(&world, "Đường hỏng"));
        let id = new_id();
        let mut big = said(&world, "x");
        big["content"] = json!("đ".repeat(1 << 20));
        let mut odd = said(&world, "x");
        odd["answeredOnSpot"] = json!(9_999_999_999_i64);
        let mut misspelt = said(&world, "x");
        misspelt["contents"] = json!("lạc");
        let mut foreign = said(&world, "x");
        foreign["authorId"] = json!(world.here.delegates[1].account);
        let rows = [
            good().to_string(),
            format!(r#"{{"newDocumentState":{{"id":"{id}","content":"\ud800"}}}}"#),
            format!(r#"{{"newDocumentState":{{"id":"{}","content":1e999}}}}"#, new_id()),
            "5".to_owned(),
            "null".to_owned(),
            r#""x""#.to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            r#"{"newDocumentState":null}"#.to_owned(),
            r#"{"newDocumentState":{"content":"không có id"}}"#.to_owned(),
            r#"{"newDocumentState":{"id":"abc","content":"id lạ"}}"#.to_owned(),
            r#"{"newDocumentState":{"id":7}}"#.to_owned(),
            made(big).to_string(),
            made(odd).to_string(),
            made(misspelt).to_string(),
            made(foreign).to_string(),
            good().to_string(),
        ];
        let answer = feedback.person.try_send(feedback.push_body(&rows)).await.unwrap();
        assert!(answer.body.get("errors").is_none(), "{:#}", answer.body);
        let told = answer.body["data"]["pushFeedback"].as_array().unwrap();
        assert!(told.iter().all(|row| row["_deleted"] == true && row["content"].is_null()), "{told:#?}");
        let ids: Vec<&str> = told.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 7, "every bad row that has an id is answered: {ids:?}");
        assert!(ids.contains(&id.as_str()) && ids.contains(&"abc"));
        feedback.pull(10).await;
        assert_eq!(feedback.documents.len(), 2);
        let codes = issues(&feedback.person).await;
        assert_eq!(codes.len(), 15, "{codes:?}");
        let before = clocks(&app).await;
        feedback.person.try_send(feedback.push_body(&rows[1..16])).await.unwrap();
        assert_eq!(clocks(&app).await, before, "refused once");
        assert_eq!(issues(&feedback.person).await, codes);
        let (_, issue) = refused_row(&feedback.person, &id).await;
        assert!(issue["original"].as_str().unwrap().contains(r"\ud800"), "{issue}");
    }

    async fn a_collection_that_is_only_read_answers_with_its_row(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        let mut councils = replica(delegate.clone(), "council");
        councils.pull(100).await;
        let council = councils.documents.values().next().unwrap().clone();
        let before = clocks(&app).await;
        assert_eq!(councils.push(&[changed(&council, json!({}))]).await, Vec::<Value>::new());
        assert_eq!(clocks(&app).await, before);
        let row = changed(&council, json!({"name": "Hội đồng của tôi"}));
        let told = councils.push(std::slice::from_ref(&row)).await;
        assert_eq!(told, std::slice::from_ref(&council));
        assert_eq!(issues(&delegate).await, ["READ_ONLY"]);
        assert_eq!(councils.push(&[row]).await, [council]);
        assert_eq!(issues(&delegate).await, ["READ_ONLY"]);
        let new = json!({"id": new_id(), "name": "Mới"});
        let told = councils.push(&[made(new.clone())]).await;
        assert_eq!((&told[0]["id"], &told[0]["_deleted"], &told[0]["name"]), (&new["id"], &json!(true), &Value::Null));
    }

    async fn a_row_of_somebody_else_that_is_told_back_as_it_stands_is_no_change_and_no_fault(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        // Beside the office's meeting a colleague's own contact, which names another author.
        let contact = json!({"kind": "thematic", "title": "Tiếp xúc ở chợ", "unitIds": world.here.unit,
            "startsAt": "2026-03-02T08:00:00+07:00"});
        let colleague = Phone::new(app.person(&world.here.delegates[1]));
        assert_eq!(colleague.push(&[create("meeting", &new_id(), contact)]).await[0]["status"], "APPLIED");
        let mut meetings = replica(delegate.clone(), "meeting");
        assert_eq!(meetings.pull(100).await, 2);
        let mut councils = replica(delegate.clone(), "council");
        councils.pull(100).await;
        let before = clocks(&app).await;
        // A database that was opened anew: the client does not know any more what it was told.
        for replica in [&meetings, &councils] {
            for document in replica.documents.values() {
                let told = replica.push(&[made(document.clone())]).await;
                assert_eq!(told, std::slice::from_ref(document), "{}", replica.collection);
            }
        }
        assert_eq!((clocks(&app).await, issues(&delegate).await), (before, Vec::new()));
        // One word that is not there is a change, and refused as ever.
        let mut other = meetings.documents[&world.here.meeting.to_string()].clone();
        let standing = other.clone();
        other["title"] = json!("Cuộc của tôi");
        assert_eq!(meetings.push(&[made(other)]).await, [standing]);
        assert_eq!(issues(&delegate).await, ["READ_ONLY"]);
    }

    async fn what_was_taken_back_stays_so_when_it_is_offered_to_an_older_copy(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = &world.here.delegates[0];
        let mut feedback = replica(app.person(delegate), "feedback");
        let mut meetings = replica(app.person(delegate), "meeting");
        let (known, grouped, lost) = (said(&world, "Có trong bản sao"), said(&world, "Đã nhóm"), said(&world, "Sau bản sao"));
        let starts = cutri::clock::wire(app.state.clock.now() + chrono::Duration::days(2));
        let contact = json!({"id": new_id(), "kind": "individual_or_group", "title": "Gặp cử tri ấp 2", "startsAt": starts,
            "unitIds": world.here.unit, "_deleted": false});
        feedback.push(&[made(known.clone()), made(grouped.clone())]).await;
        let copy = db.backup().await;
        feedback.push(&[made(lost.clone())]).await;
        meetings.push(&[made(contact.clone())]).await;
        for replica in [&mut feedback, &mut meetings] {
            replica.pull(10).await;
            let own = |document: &&Value| document["authorId"] == json!(delegate.account);
            let rows: Vec<Value> = replica.documents.values().filter(own)
                .map(|document| changed(document, json!({"_deleted": true}))).collect();
            replica.push(&rows).await;
            replica.pull(10).await;
        }

        let keys = app.stop().await;
        db.put_back(&copy).await;
        let app = TestApp::start_again(&db, keys).await;
        (feedback.person, meetings.person) = (app.person(delegate), app.person(delegate));
        let office = app.person(&world.here.office);
        let group = |id: &Value| json!({"feedbackIds": [id], "title": "Đường", "content": "Đường hỏng"});
        office.done("groupFeedback", group(&grouped["id"]), "").await;
        let mut before: Option<i64> = None;
        // Under another name RxDB believes to have sent nothing; and once more, where the answer was lost.
        for _ in 0..2 {
            for (replica, told, status) in [(&feedback, &known, "withdrawn"), (&feedback, &lost, "withdrawn"),
                (&feedback, &grouped, "grouped"), (&meetings, &contact, "cancelled")] {
                let held = &replica.documents[told["id"].as_str().unwrap()];
                let taken = if status == "grouped" { "withdrawn" } else { status };
                assert_eq!(held["status"], taken, "it was taken back: {held}");
                let answer = replica.push(&[made(held.clone())]).await;
                assert_eq!(answer[0]["status"], status, "{answer:#?}");
            }
            let now = clocks(&app).await;
            assert!(before.is_none_or(|before| before == now), "the second time changes nothing");
            before = Some(now);
        }
        assert_eq!(issues(&feedback.person).await, ["ALREADY_GROUPED"], "its author is told, once");
        for document in [&known, &lost] {
            assert_eq!(office.refused("groupFeedback", group(&document["id"])).await, "INVALID_STATE");
        }
        // What no server ever told is no withdrawal.
        let mut slip = said(&world, "Viết nhầm trạng thái");
        slip["status"] = json!("withdrawn");
        assert_eq!(feedback.push(&[made(slip)]).await[0]["status"], "accepted");
    }

    async fn nobody_takes_or_learns_of_anothers_row(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let (mine, theirs) = (&world.here.delegates[0], &world.there.delegates[0]);
        let author = Phone::new(app.person(theirs));
        let id = new_id();
        let words = json!({"kind": "petition", "unitId": world.there.unit, "content": "Chuyện riêng ở đây"});
        author.push(&[create("feedback", &id, words)]).await;
        let feedback = replica(app.person(mine), "feedback");
        let mut told = Vec::new();
        for id in [id, new_id()] {
            let known = json!({"id": id, "kind": "petition", "content": "x", "unitId": world.there.unit});
            for row in [made(known.clone()), changed(&known, json!({"content": "y"})), changed(&known, json!({"_deleted": true}))] {
                let mut answer = feedback.push(&[row]).await;
                for row in &mut answer {
                    assert_eq!(row["id"], *id);
                    row["id"] = Value::Null;
                }
                told.push(answer);
            }
        }
        assert_eq!(told[..3], told[3..], "foreign and absent are the same");
        assert!(told.iter().flatten().all(|row| row["_deleted"] == true));
    }

    async fn a_denunciation_with_words_stays_on_the_phone_alone(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        let mut feedback = replica(delegate.clone(), "feedback");
        let words = "Chủ tịch ăn chặn";
        let mut told = said(&world, words);
        told["kind"] = json!("denunciation");
        assert_eq!(feedback.push(&[made(told.clone())]).await, Vec::<Value>::new(), "the phone keeps its copy");
        assert_eq!(issues(&delegate).await, ["DENUNCIATION_BY_HAND"]);
        let (issue, read) = refused_row(&delegate, told["id"].as_str().unwrap()).await;
        assert_eq!(read["original"], Value::Null, "{issue}");
        // The words are what this client now believes to be the server's: they are not kept as that either.
        let bare = json!({"id": told["id"], "kind": "denunciation", "receiptNumber": "12/BN", "receivingAgencyId": "x",
            "_deleted": false});
        let row = json!({"assumedMasterState": told, "newDocumentState": bare});
        feedback.push(&[row]).await;
        let mut all = replica(delegate.clone(), "syncIssue");
        all.pull(10).await;
        for id in all.documents.keys() {
            let query = "query($id: ID!) { syncIssue(id: $id) { original } }";
            let read = delegate.data(query, json!({"id": id})).await;
            assert!(!read.to_string().contains(words), "{read}");
        }
        feedback.pull(10).await;
        assert!(feedback.documents.is_empty());
    }

    async fn a_row_whose_parent_is_missing_waits_and_comes_by_pull(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        let mut records = replica(delegate.clone(), "feedback");
        let meeting = new_id();
        let mut child = said(&world, "Nói ở buổi tiếp xúc");
        child["meetingId"] = json!(meeting);
        for _ in 0..2 {
            assert_eq!(records.push(&[made(child.clone())]).await, Vec::<Value>::new());
        }
        records.pull(10).await;
        assert!(records.documents.is_empty());
        let meetings = replica(delegate, "meeting");
        let parent = json!({"id": meeting, "kind": "thematic", "title": "Tiếp xúc ở chợ", "unitIds": world.here.unit,
            "startsAt": "2026-03-02T08:00:00+07:00"});
        meetings.push(&[made(parent)]).await;
        records.pull(10).await;
        assert_eq!(records.documents.len(), 1, "it was applied when its parent came");
        assert_eq!(issues(&records.person).await, Vec::<String>::new());
    }

    async fn fragments_aliases_and_skipped_fields_are_as_anywhere(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let delegate = app.person(&world.here.delegates[0]);
        let query = "query($no: Boolean!) { a: pullCouncil(limit: 1) { __typename documents { ...d } documents { nom: name }
            checkpoint @skip(if: true) { cursor } } b: pullCouncil(limit: 1) { checkpoint { __typename token: cursor } } }
            fragment d on CouncilSyncDocument { __typename id ... on CouncilSyncDocument @include(if: $no) { level } _deleted }";
        let data = delegate.data(query, json!({"no": false})).await;
        let document = data["a"]["documents"][0].as_object().unwrap();
        let names: Vec<&str> = document.keys().map(String::as_str).collect();
        assert_eq!(names, ["__typename", "_deleted", "id", "nom"]);
        assert_eq!(document["__typename"], "CouncilSyncDocument");
        assert_eq!((&data["a"]["__typename"], data["a"].get("checkpoint")), (&json!("CouncilSyncPage"), None));
        assert_eq!(data["b"]["checkpoint"]["__typename"], "SyncCheckpoint");
        assert!(data["b"]["checkpoint"]["token"].is_string());
    }

    async fn a_device_that_was_given_up_hands_in_what_it_has_and_is_emptied(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let owner = app.person(&world.here.delegates[0]);
        let mut lost = replica(second_device(&app, &world).await, "feedback");
        lost.push(&[made(said(&world, "đã gửi"))]).await;
        assert_eq!(lost.pull(10).await, 1);
        let device = lost.person.device.unwrap();
        owner.done("revokeDevice", json!({"deviceId": device, "stolen": false}), "").await;
        assert_eq!(lost.ask_page(10).await.status, 401);
        let holder = Holder { account: lost.person.account.unwrap().0, device: device.0, kind: TokenKind::Wipe };
        let (keys, now) = (&app.state.keys, app.state.clock.now());
        let token = token::mint(keys, &app.state.issuer, holder, now, app.state.entropy.as_ref()).unwrap();
        lost.person = app.bearer(Some(&token.text));
        let unsent = said(&world, "chưa gửi");
        let told = lost.push(&[made(unsent.clone())]).await;
        assert_eq!((&told[0]["id"], &told[0]["_deleted"]), (&unsent["id"], &json!(true)));
        lost.pull(10).await;
        assert!(lost.documents.is_empty(), "all that it held comes as gone");
        assert_eq!(issues(&owner).await, ["DEVICE_REVOKED"], "and what it had not sent is kept for its author");
    }

    async fn without_an_account_nothing_is_pulled_or_pushed(db: TestDatabase) {
        let (app, _) = app(&db).await;
        let feedback = replica(app.stranger(), "feedback");
        let told = feedback.ask_page(5).await.body;
        assert_eq!(told["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        let told = app.stranger().ask(&feedback.push_query(), json!({"feedbackPushRow": []})).await.body;
        assert_eq!(told["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        let expired = Replica::new(app.bearer(Some("x.y.z")), "feedback", &published()).ask_page(5).await;
        assert_eq!((expired.status, &expired.body["errors"][0]["extensions"]["code"]), (401, &json!("UNAUTHENTICATED")));
    }

    async fn too_many_rows_are_refused_by_name(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let notes = replica(app.person(&world.here.delegates[0]), "note");
        let rows: Vec<Value> = (0..501).map(|_| made(json!({"id": new_id(), "text": "x"}))).collect();
        let told = notes.person.ask(&notes.push_query(), json!({"notePushRow": rows})).await.body;
        let told = &told["errors"][0]["extensions"];
        assert_eq!((&told["code"], &told["limit"]), (&json!("TOO_MANY_ROWS"), &json!(500)));
        let statements = app.state.store.statements();
        assert_eq!(notes.push(&rows[..500]).await.len(), 500, "each is told its moment");
        let statements = app.state.store.statements() - statements;
        assert!(statements < 60, "{statements} statements for one push");
    }
}

/// The issue about a row, and what can be read of it.
async fn refused_row(person: &Person, row: &str) -> (Value, Value) {
    let mut issues = replica(person.clone(), "syncIssue");
    issues.pull(100).await;
    let issue = issues
        .documents
        .values()
        .find(|issue| issue["rowId"] == row)
        .unwrap()
        .clone();
    let query = "query($id: ID!) { syncIssue(id: $id) { original } }";
    let read = person.data(query, json!({"id": issue["id"]})).await["syncIssue"].clone();
    (issue, read)
}
