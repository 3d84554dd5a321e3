//! Rows that name files: the receipt when the bytes come, and no denunciation with a photo.

use cutri_tests::{
    TestApp, TestDatabase,
    byte_search::assert_free_of,
    each_db,
    phone::{Phone, change, create, new_id},
    world::World,
};
use serde_json::{Value, json};

use super::{Sender, sha256, stored, text};

struct Stage {
    app: TestApp,
    world: World,
    phone: Phone,
    sender: Sender,
}

impl Stage {
    async fn set(db: &TestDatabase) -> Self {
        let app = TestApp::start(db).await;
        let world = World::create(&app.state).await;
        let person = app.person(&world.here.delegates[0]);
        let mut phone = Phone::new(person.clone());
        phone.collections = Some(
            ["feedback", "meetingRecord", "syncIssue"]
                .map(str::to_owned)
                .to_vec(),
        );
        phone.pull().await;
        let sender = Sender::new(&app, &person);
        Self {
            app,
            world,
            phone,
            sender,
        }
    }

    fn said(&self, attachments: &str) -> Value {
        json!({"kind": "petition", "unitId": self.world.here.unit, "channel": "contact_meeting",
            "content": "Cống ấp 3 sập, có ảnh", "attachments": attachments})
    }

    async fn push(&self, row: Value) -> String {
        let results = self.phone.push(&[row]).await;
        let code = results[0]["errors"][0]["code"].as_str();
        code.or(results[0]["status"].as_str()).unwrap().to_owned()
    }

    async fn names(&mut self, id: &str) -> (Value, Value) {
        self.phone.pull().await;
        let row = self.phone.row("feedback", id);
        (row["attachments"].clone(), row["arrived"].clone())
    }
}

each_db! {
    async fn a_row_that_comes_before_its_bytes_says_so_when_they_are_here(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let (one, two) = (text("ảnh 1", 4_000), text("ảnh 2", 3_000));
        let list = format!("{} {}", sha256(&one), sha256(&two));
        let id = new_id();
        assert_eq!(stage.push(create("feedback", &id, stage.said(&list))).await, "APPLIED");
        assert_eq!(stage.names(&id).await, (json!(list), Value::Null));
        stage.sender.send(&two).await;
        assert_eq!(stage.names(&id).await, (json!(list), json!(sha256(&two))));
        stage.sender.send(&one).await;
        assert_eq!(stage.names(&id).await, (json!(list), json!(list)), "in the order of the row");
        // Sent again, nothing happens to the row.
        let rev = stage.phone.row("feedback", &id)["rev"].clone();
        stage.sender.create(&one).await;
        stage.names(&id).await;
        assert_eq!(stage.phone.row("feedback", &id)["rev"], rev);

        // The office sees them in GraphQL, and reads them.
        let office = stage.app.person(&stage.world.here.office);
        let query = "query($id: ID!) { feedback(id: $id) { attachments { sha256 arrived size mediaType url } } }";
        let told = office.data(query, json!({"id": id})).await;
        assert_eq!(told["feedback"]["attachments"][1], json!({"sha256": sha256(&two), "arrived": true, "size": 3_000,
            "mediaType": "text/plain; charset=utf-8", "url": format!("/files/{}", sha256(&two))}));
        assert_eq!(Sender::new(&stage.app, &office).read(&sha256(&one), &[]).await.body, one);
    }

    async fn bytes_that_come_before_their_row_wait_for_it(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let bytes = text("gửi ảnh trước", 2_000);
        let hash = stage.sender.send(&bytes).await;
        let id = new_id();
        assert_eq!(stage.push(create("feedback", &id, stage.said(&hash))).await, "APPLIED");
        assert_eq!(stage.names(&id).await, (json!(hash), json!(hash)));
        assert_eq!(stage.sender.delete(&hash).await.refusal().1, "FILE_IN_USE");
        // Taken out of the row it can be given up.
        let rev = stage.phone.row("feedback", &id)["rev"].as_str().unwrap().to_owned();
        assert_eq!(stage.push(change("feedback", &id, &rev, json!({"attachments": null}))).await, "APPLIED");
        assert_eq!(stage.names(&id).await, (Value::Null, Value::Null));
        assert_eq!(stage.sender.delete(&hash).await.status, 204);

        // The same for a record of a meeting.
        let hash = stage.sender.send(&bytes).await;
        let record = new_id();
        let patch = json!({"meetingId": stage.world.here.meeting, "attended": 40, "attachments": hash});
        assert_eq!(stage.push(create("meetingRecord", &record, patch)).await, "APPLIED");
        stage.phone.pull().await;
        assert_eq!(stage.phone.row("meetingRecord", &record)["arrived"], json!(hash));
        let late = text("ghi âm", 2_500);
        let rev = stage.phone.row("meetingRecord", &record)["rev"].as_str().unwrap().to_owned();
        let both = format!("{hash} {}", sha256(&late));
        stage.push(change("meetingRecord", &record, &rev, json!({"attachments": both}))).await;
        stage.sender.send(&late).await;
        stage.phone.pull().await;
        assert_eq!(stage.phone.row("meetingRecord", &record)["arrived"], json!(both));
    }

    async fn a_row_and_its_bytes_at_the_same_moment_always_meet(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        for round in 0..12 {
            let bytes = text(&format!("cùng lúc {round}"), 1_500);
            let (hash, id) = (sha256(&bytes), new_id());
            stage.sender.create(&bytes).await;
            let row = create("feedback", &id, stage.said(&hash));
            let (pushed, sent) = tokio::join!(stage.push(row), stage.sender.patch(&hash, 0, &bytes, &[]));
            assert_eq!((pushed.as_str(), sent.status), ("APPLIED", 204));
            assert_eq!(stage.names(&id).await, (json!(hash), json!(hash)), "round {round}");
        }
    }

    async fn a_list_that_is_none_is_refused_by_its_field(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let many: Vec<String> = (0..11).map(|n| format!("{n:064x}")).collect();
        assert_eq!(stage.push(create("feedback", &new_id(), stage.said(&many[..10].join(" ")))).await, "APPLIED");
        assert_eq!(stage.push(create("feedback", &new_id(), stage.said(&many.join(" ")))).await, "LIMIT_TOO_LARGE");
        for bad in ["../../etc/passwd", "ab", &"g".repeat(64), &format!("/files/{}", "a".repeat(64))] {
            assert_eq!(stage.push(create("feedback", &new_id(), stage.said(bad))).await, "INVALID_VALUE", "{bad}");
        }
        let told = stage.phone.person.mutate("submitFeedback", json!({"kind": "petition", "unitId": stage.world.here.unit,
            "content": "x", "attachments": many}), "").await;
        assert_eq!((&told["userErrors"][0]["code"], &told["userErrors"][0]["field"]), (&json!("LIMIT_TOO_LARGE"), &json!("attachments")));
        let mut named = json!({"kind": "petition", "unitId": stage.world.here.unit, "content": "x"});
        named["attachments"] = json!([many[0]]);
        let made = stage.phone.person.done("submitFeedback", named, "feedback { attachments { sha256 arrived } }").await;
        assert_eq!(made["feedback"]["attachments"], json!([{"sha256": many[0], "arrived": false}]));
    }

    async fn knowing_a_hash_proves_nothing_and_tells_nothing(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let bytes = text("của xã bên", 6_000);
        let there = stage.app.person(&stage.world.there.delegates[0]);
        let hash = Sender::new(&stage.app, &there).send(&bytes).await;
        // He names it in a row of his own: it has not arrived, and he cannot read it.
        let id = new_id();
        stage.push(create("feedback", &id, stage.said(&hash))).await;
        assert_eq!(stage.names(&id).await, (json!(hash), Value::Null));
        let absent = "cd".repeat(32);
        for headers in [vec![], vec![("range", "bytes=0-1")], vec![("if-none-match", "*")]] {
            let (foreign, none) = (stage.sender.read(&hash, &headers).await, stage.sender.read(&absent, &headers).await);
            assert_eq!((foreign.status, foreign.body), (none.status, none.body));
        }
        assert_eq!(stage.sender.head(&hash).await.status, stage.sender.head(&absent).await.status);
        assert_eq!(stage.sender.delete(&hash).await.body, stage.sender.delete(&absent).await.body);
        // Begun by him it begins at nothing, like any other. Only who has the bytes gets further.
        let told = stage.sender.create(&bytes).await;
        assert_eq!((told.status, told.header("upload-offset")), (201, "0"));
        assert_eq!(stage.sender.read(&hash, &[]).await.status, 404);
        assert_eq!(stage.sender.patch(&hash, 0, &bytes, &[]).await.status, 204);
        assert_eq!(stage.names(&id).await, (json!(hash), json!(hash)));
        assert_eq!(stored(&stage.app.files()).len(), 1, "kept once");
        // And stays when the first one gives it up.
        assert_eq!(Sender::new(&stage.app, &there).delete(&hash).await.status, 204);
        assert_eq!(stage.sender.read(&hash, &[]).await.body, bytes);
    }

    async fn what_one_may_read_one_need_not_send(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let bytes = text("ảnh chung", 4_000);
        let hash = stage.sender.send(&bytes).await;
        stage.push(create("feedback", &new_id(), stage.said(&hash))).await;
        // The colleague reads the council's feedback, so that the file is his to name without a byte.
        let colleague = stage.app.person(&stage.world.here.delegates[1]);
        let sender = Sender::new(&stage.app, &colleague);
        let told = sender.create(&bytes).await;
        assert_eq!((told.status, told.header("upload-offset"), told.header("upload-length")), (201, "4000", "4000"));
        let office = Sender::new(&stage.app, &stage.app.person(&stage.world.here.office));
        let told = office.head(&hash).await;
        assert_eq!((told.status, told.header("upload-offset")), (200, "4000"));
        stage.phone = Phone::new(colleague);
        stage.phone.collections = Some(vec!["feedback".to_owned()]);
        let id = new_id();
        stage.push(create("feedback", &id, stage.said(&hash))).await;
        assert_eq!(stage.names(&id).await.1, json!(hash));
        assert_eq!(stored(&stage.app.files()).len(), 1);
    }

    async fn a_denunciation_has_no_file_and_what_was_sent_for_it_alone_is_erased(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let (secret, other) = (text("ẢNH-CỦA-NGƯỜI-TỐ-CÁO", 4_000), text("ảnh khác", 4_000));
        let denounced = |stage: &Stage, list: &str| json!({"kind": "denunciation", "unitId": stage.world.here.unit,
            "channel": "contact_meeting", "receiptNumber": "125/2026", "attachments": list});
        let list = format!("{} {} {}", sha256(&secret), sha256(&other), "ef".repeat(32));
        let kept = new_id();
        let hash = stage.sender.send(&other).await;
        stage.push(create("feedback", &kept, stage.said(&hash))).await;
        for online in [false, true] {
            stage.sender.send(&secret).await;
            let row = denounced(&stage, &list);
            if online {
                let mut input = row;
                input["attachments"] = json!([sha256(&secret), hash]);
                assert_eq!(stage.phone.person.refused("submitFeedback", input).await, "DENUNCIATION_BY_HAND");
            } else {
                assert_eq!(stage.push(create("feedback", &new_id(), row)).await, "DENUNCIATION_BY_HAND");
            }
            // At once it is nobody's any more, and a moment later no byte of it is left.
            assert_eq!(stage.sender.read(&sha256(&secret), &[]).await.status, 404);
            assert_eq!(stage.sender.head(&sha256(&secret)).await.status, 404);
            cutri::worker::turn(&stage.app.state, &mut None).await;
            assert_free_of(&stage.app.files(), &["ẢNH-CỦA-NGƯỜI-TỐ-CÁO"]);
            assert_eq!(stored(&stage.app.files()).len(), 1, "what another row names stays");
        }
        // Half of it was on its way.
        stage.sender.create(&secret).await;
        stage.sender.patch(&sha256(&secret), 0, &secret[..2_000], &[]).await;
        let row = create("feedback", &new_id(), denounced(&stage, &sha256(&secret)));
        assert_eq!(stage.push(row).await, "DENUNCIATION_BY_HAND");
        cutri::worker::turn(&stage.app.state, &mut None).await;
        assert_free_of(&stage.app.files(), &["ẢNH-CỦA-NGƯỜI-TỐ-CÁO"]);
        assert_eq!(stage.names(&kept).await, (json!(hash), json!(hash)));
        // The receipt alone is taken; a photo that follows is not.
        let id = new_id();
        let bare = json!({"kind": "denunciation", "unitId": null, "receiptNumber": "125/2026"});
        let status = stage.push(create("feedback", &id, bare)).await;
        if status == "APPLIED" {
            let more = change("feedback", &id, "1", json!({"attachments": hash}));
            assert_eq!(stage.push(more).await, "DENUNCIATION_BY_HAND");
        }
    }

    async fn once_grouped_files_are_only_added(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let (one, two) = (text("trước", 1_000), text("sau", 1_000));
        let id = new_id();
        stage.sender.send(&one).await;
        stage.push(create("feedback", &id, stage.said(&sha256(&one)))).await;
        let office = stage.app.person(&stage.world.here.office);
        let input = json!({"feedbackIds": [id], "title": "Cống ấp 3", "content": "Cống ấp 3 sập"});
        office.done("groupFeedback", input, "petition { id }").await;
        stage.phone.pull().await;
        let rev = stage.phone.row("feedback", &id)["rev"].as_str().unwrap().to_owned();
        assert_eq!(stage.push(change("feedback", &id, &rev, json!({"attachments": sha256(&two)}))).await, "MERGED");
        stage.sender.send(&two).await;
        let both = json!(format!("{} {}", sha256(&one), sha256(&two)));
        assert_eq!(stage.names(&id).await, (both.clone(), both.clone()));
        assert_eq!(stage.phone.row("feedback", &id)["status"], "grouped");
        let rev = stage.phone.row("feedback", &id)["rev"].as_str().unwrap().to_owned();
        assert_eq!(stage.push(change("feedback", &id, &rev, json!({"attachments": null}))).await, "ALREADY_GROUPED");
        assert_eq!(stage.names(&id).await.0, both);
        // What was added is lost to nobody, and history does not say so.
        let query = "query($id: ID!) { feedback(id: $id) { history(first: 50) { event lost } } }";
        let told = stage.phone.person.data(query, json!({"id": id})).await;
        let history = told["feedback"]["history"].as_array().unwrap();
        assert!(history.iter().all(|step| step["lost"].is_null()), "{told}");
        // More than a row can name: the last ones were dropped without a word.
        let nine: Vec<String> = (0..9).map(|n| sha256(&text(&format!("ảnh {n}"), 500))).collect();
        let rev = stage.phone.row("feedback", &id)["rev"].as_str().unwrap().to_owned();
        assert_eq!(stage.push(change("feedback", &id, &rev, json!({"attachments": nine.join(" ")}))).await, "LIMIT_TOO_LARGE");
        assert_eq!(stage.names(&id).await.0, both);
        assert_eq!(stage.push(change("feedback", &id, &rev, json!({"attachments": nine[..8].join(" ")}))).await, "MERGED");
        assert_eq!(stage.names(&id).await.0.as_str().unwrap().split(' ').count(), 10);
    }
}
