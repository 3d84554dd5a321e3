//! I16: a database that is replaced by an older copy is noticed, and what died with it comes back from the devices.

use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, change, create, new_id},
    world::World,
};
use serde_json::{Value, json};

fn said(world: &World, content: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": content})
}

fn phone(person: Person) -> Phone {
    let mut phone = Phone::new(person);
    let names = [
        "feedback",
        "petition",
        "meeting",
        "note",
        "resolution",
        "delegate",
    ];
    phone.collections = Some(names.map(str::to_owned).to_vec());
    phone
}

/// Whatever stands beside the keys about this database.
async fn mark(app: &TestApp) {
    let state = &app.state;
    state
        .epoch
        .keep_mark(&state.store, &state.keys, state.entropy.as_ref())
        .await
        .unwrap();
}

/// Who notices.
#[derive(PartialEq)]
enum By {
    /// The server, which had noted beside its keys how far its clocks stood.
    Mark,
    /// The server, whose keys were put back too and whose mark was removed.
    NoMark,
    /// The first device that knows more.
    Device,
    /// The first device that knows more, after others have written as much: the keys were put back with their mark.
    DeviceWhenOthersWroteAsMuch,
}

/// A copy is made; afterwards one row is corrected and one is added; then the copy is put back.
async fn an_older_copy_is_put_back(db: TestDatabase, by: By) {
    let app = TestApp::start(&db).await;
    let world = World::create(&app.state).await;
    let [author, colleague] = [&world.here.delegates[0], &world.here.delegates[1]];
    let mut mine = phone(app.person(author));
    let mut theirs = phone(app.person(colleague));
    let (kept, lost, later) = (new_id(), new_id(), new_id());
    mine.push(&[create("feedback", &kept, said(&world, "Trước bản sao"))])
        .await;
    mine.pull().await;
    theirs.pull().await;
    mark(&app).await;
    let copy = db.backup().await;
    let mark_then = std::fs::read(app.keys().join("high-water.json")).unwrap();

    let rows = [
        change("feedback", &kept, "1", json!({"content": "Sửa sau bản sao"})),
        create("feedback", &lost, said(&world, "Bản duy nhất trên đời")),
    ];
    for result in mine.push(&rows).await {
        assert_eq!(result["status"], "APPLIED");
    }
    mine.pull().await;
    let epoch = mine.epoch.clone();
    if by == By::Mark {
        mark(&app).await;
    }
    let keys = app.stop().await;
    if by == By::NoMark {
        std::fs::remove_file(keys.path().join("keys/high-water.json")).unwrap();
    }
    if by == By::DeviceWhenOthersWroteAsMuch {
        std::fs::write(keys.path().join("keys/high-water.json"), mark_then).unwrap();
    }
    db.put_back(&copy).await;

    let app = TestApp::start_again(&db, keys).await;
    mine.person = app.person(author);
    theirs.person = app.person(colleague);
    if by == By::Device {
        mine.pull().await;
    }
    if by == By::DeviceWhenOthersWroteAsMuch {
        // More transactions than died with the database: no position is ahead of its clock any more.
        for _ in 0..4 {
            theirs
                .push(&[create("note", &new_id(), json!({"text": "Việc khác"}))])
                .await;
            theirs
                .push(&[create("feedback", &later, said(&world, "Ghi sau khi khôi phục"))])
                .await;
            let more = [create("feedback", &new_id(), said(&world, "Ghi thêm"))];
            assert_eq!(theirs.push(&more).await[0]["status"], "APPLIED");
        }
    }
    // Somebody else writes at the numbers that were used before; where the server has noticed, before its author is
    // back.
    let result = theirs
        .push(&[create("feedback", &later, said(&world, "Ghi sau khi khôi phục"))])
        .await;
    if by != By::DeviceWhenOthersWroteAsMuch {
        assert_eq!(result[0]["status"], "APPLIED");
    }
    mine.pull().await;
    assert_ne!(
        mine.epoch, epoch,
        "the phone is told that the server is not what it was"
    );
    theirs.pull().await;
    mine.pull().await;
    for (id, content) in [
        (&kept, "Sửa sau bản sao"),
        (&lost, "Bản duy nhất trên đời"),
        (&later, "Ghi sau khi khôi phục"),
    ] {
        assert_eq!(mine.row("feedback", id)["content"], content);
        assert_eq!(theirs.row("feedback", id)["content"], content);
    }
    // Nothing is doubled, and phones that start anew see the same.
    let mut fresh = phone(app.person(author));
    fresh.pull().await;
    assert_eq!(fresh.rows, mine.rows);
    let more = if by == By::DeviceWhenOthersWroteAsMuch {
        4
    } else {
        0
    };
    assert_eq!(mine.rows_of("feedback").len(), 3 + more);
    // One replacement is one epoch: started again, nothing more happens.
    let epoch = mine.epoch.clone();
    mark(&app).await;
    let app = TestApp::start_again(&db, app.stop().await).await;
    mine.person = app.person(author);
    mine.pull().await;
    assert_eq!(mine.epoch, epoch);
}

each_db! {
    async fn i16_an_older_copy_put_back_behind_our_back_is_noticed_at_the_start(db: TestDatabase) {
        an_older_copy_is_put_back(db, By::Mark).await;
    }

    async fn i16_an_older_copy_put_back_with_its_keys_is_noticed_where_the_mark_was_removed(db: TestDatabase) {
        an_older_copy_is_put_back(db, By::NoMark).await;
    }

    async fn i16_an_older_copy_put_back_with_its_keys_is_noticed_after_others_wrote_as_much_as_was_lost(db: TestDatabase) {
        an_older_copy_is_put_back(db, By::DeviceWhenOthersWroteAsMuch).await;
    }

    /// More of them than the server has connections to its database, whichever of the two it is.
    async fn i16_all_devices_that_know_more_may_come_back_at_once(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = &world.here.delegates[0];
        let mut mine = phone(app.person(author));
        mine.pull().await;
        mark(&app).await;
        let copy = db.backup().await;
        mine.push(&[create("feedback", &new_id(), said(&world, "Bản duy nhất trên đời"))]).await;
        mine.pull().await;
        let keys = app.stop().await;
        db.put_back(&copy).await;

        let app = TestApp::start_again(&db, keys).await;
        mine.person = app.person(author);
        let query = "query($cursor: String) { syncPull(cursor: $cursor, maxBytes: 1024) { epoch } }";
        let asked = (0..48).map(|_| mine.person.ask(query, json!({"cursor": mine.cursor})));
        let mut epochs = std::collections::BTreeSet::new();
        for answer in futures_util::future::join_all(asked).await {
            assert_eq!(answer.body.get("errors"), None, "{:#}", answer.body);
            epochs.insert(answer.body["data"]["syncPull"]["epoch"].as_str().unwrap().to_owned());
        }
        assert_eq!(epochs.len(), 1, "one replacement is one epoch: {epochs:?}");
        assert!(!epochs.contains(mine.epoch.as_ref().unwrap()));
    }

    async fn i16_an_older_copy_is_noticed_by_the_first_device_that_knows_more(db: TestDatabase) {
        an_older_copy_is_put_back(db, By::Device).await;
    }
}
