//! I7, I8 and I10: rows and changes that wait for what is not there yet.

use std::sync::Arc;

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock},
    sync::rxdb::json_schema::published,
    worker,
};
use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{change, create, new_id, take_back},
    rxdb::{Replica, changed, made},
    world::World,
};
use entity::sync_deferred;
use sea_orm::{EntityTrait, PaginatorTrait, sea_query::Expr};
use serde_json::{Value, json};

use super::{
    contact,
    kept::{everything, places},
    light, record, said, stage, statuses,
};
use crate::files::{Sender, sha256, text};

each_db! {
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
        let rows = [create("meeting", &meeting, contact(&world)), create("feedback", &new_id(), said(&world, "tiếp theo"))];
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
        let rows = [create("meeting", &meeting, contact(&world)), create("feedback", &refused, with("đúng mã", &both))];
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
        assert_eq!(phone.push(&[create("meeting", &meeting, contact(&world))]).await[0]["status"], "APPLIED");
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
        assert_eq!(phone.push(&[create("meeting", &meeting, contact(&world))]).await[0]["status"], "APPLIED");
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

        assert_eq!(phone.push(&[create("meeting", &meeting, contact(&world))]).await[0]["status"], "APPLIED");
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

        assert_eq!(phone.push(&[create("meeting", &meeting, contact(&world))]).await[0]["status"], "APPLIED");
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
