//! Who reads a file, and how: whole, in parts, and not again when it is known.

use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, create, new_id},
    world::World,
};
use serde_json::{Value, json};

use super::{Sender, Told, sha256, text};

each_db! {
    async fn a_file_is_read_by_those_who_see_a_row_that_names_it(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let author = app.person(&world.here.delegates[0]);
        let bytes = text("ảnh hiện trường", 9_000);
        let hash = Sender::new(&app, &author).send(&bytes).await;
        let absent = sha256(b"nothing");
        let reads = async |sender: &Sender| {
            let (asked, none) = (sender.read(&hash, &[]).await, sender.read(&absent, &[]).await);
            if asked.status == 404 {
                let dated = |told: &Told| {
                    let mut headers = told.headers.clone();
                    headers.remove("date");
                    headers
                };
                assert_eq!((&asked.body, dated(&asked)), (&none.body, dated(&none)), "foreign and absent, byte by byte");
            }
            asked.status == 200 && asked.body == bytes
        };
        let office = Sender::new(&app, &app.person(&world.here.office));
        assert!(!reads(&office).await, "no row names it yet");
        let row = create("feedback", &new_id(), json!({"kind": "petition", "unitId": world.here.unit, "content": "Cống sập",
            "channel": "contact_meeting", "attachments": hash}));
        assert_eq!(Phone::new(author.clone()).push(&[row]).await[0]["status"], "APPLIED");
        for login in [&world.here.office, &world.here.delegates[0], &world.here.delegates[1]] {
            assert!(reads(&Sender::new(&app, &app.person(login))).await, "{}", login.username);
        }
        for login in [&world.there.office, &world.there.delegates[0], &world.here.committee_login, &world.department_login,
            &world.province_office, &world.province_delegate, &world.aggregator, &world.administrator] {
            assert!(!reads(&Sender::new(&app, &app.person(login))).await, "{}", login.username);
        }
        assert!(!reads(&Sender::at(app.address(), None)).await);
    }

    async fn the_paper_of_a_document_is_for_those_who_see_its_row_from_inside(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let sender = Sender::new(&app, &office);
        let paper = |name: &str| [b"%PDF-1.7\n".as_slice(), &text(name, 3_000)].concat();
        let status = async |login, hash: &str| Sender::new(&app, &app.person(login)).read(hash, &[]).await.status;

        // A plan of a meeting. One has to have sent it; another's hash is as good as none.
        let plan = sender.send(&paper("kế hoạch")).await;
        let foreign = Sender::new(&app, &app.person(&world.there.office)).send(&paper("của xã bên")).await;
        let input = |file: &str| json!({"meetingId": world.here.meeting, "kind": "KH", "number": "06/KH-HĐND",
            "date": "2026-01-10", "title": "Kế hoạch", "fileSha256": file});
        for (file, code) in [(foreign.as_str(), "NOT_FOUND"), (&sha256(b"none"), "NOT_FOUND"), ("x", "INVALID_VALUE")] {
            assert_eq!(office.refused("addDocument", input(file)).await, code);
        }
        let made = office.done("addDocument", input(&plan), "meeting { documents { number file { sha256 mediaType url } } }").await;
        assert_eq!(made["meeting"]["documents"][0]["file"],
            json!({"sha256": plan, "mediaType": "application/pdf", "url": format!("/files/{plan}")}));
        for (login, wanted) in [(&world.here.delegates[1], 200), (&world.province_delegate, 200), (&world.there.delegates[0], 404),
            (&world.aggregator, 404)] {
            assert_eq!(status(login, &plan).await, wanted, "{}", login.username);
        }
        assert_eq!(Sender::at(app.address(), None).read(&plan, &[]).await.status, 404, "a public meeting has internal papers");

        // What forwards, and what answers.
        let feedback = office.done("submitFeedback", json!({"kind": "petition", "unitId": world.here.unit,
            "content": "Cống sập"}), "feedback { id }").await["feedback"]["id"].clone();
        let petition = office.done("groupFeedback", json!({"feedbackIds": [feedback], "title": "Cống", "content": "Cống sập"}),
            "petition { id }").await["petition"]["id"].clone();
        office.done("classifyPetition", json!({"petitionId": petition, "field": "transport", "tier": "commune"}), "petition { id }").await;
        let today = chrono::Utc::now().with_timezone(&cutri::clock::VIETNAM).date_naive();
        let letter = sender.send(&paper("công văn")).await;
        let forward = json!({"petitionIds": [petition], "leadId": world.department, "documentNumber": "12/CV",
            "documentDate": today, "fileSha256": letter});
        let made = office.done("forwardPetitions", forward, "petitions { forwardings { file { sha256 } } }").await;
        assert_eq!(made["petitions"][0]["forwardings"][0]["file"]["sha256"], json!(letter));
        let body = app.person(&world.department_login);
        let reply = Sender::new(&app, &body).send(&paper("trả lời")).await;
        let answer = json!({"petitionIds": [petition], "agencyId": world.department, "documentNumber": "34/SXD",
            "documentDate": today, "text": "Sẽ sửa", "outcome": "resolved", "fileSha256": reply});
        let made = body.done("answerPetitions", answer, "petitions { answers { file { sha256 size } } }").await;
        assert_eq!(made["petitions"][0]["answers"][0]["file"]["size"], json!(3_009));
        for hash in [&letter, &reply] {
            for (login, wanted) in [(&world.department_login, 200), (&world.here.office, 200), (&world.here.delegates[0], 200),
                (&world.here.committee_login, 404), (&world.there.office, 404)] {
                assert_eq!(status(login, hash).await, wanted, "{}", login.username);
            }
        }
        let query = "query($id: ID!) { petition(id: $id) { answers { file { sha256 } } forwardings { file { sha256 } } } }";
        let neighbour = app.person(&world.there.delegates[0]).data(query, json!({"id": petition})).await;
        assert_eq!(neighbour["petition"], Value::Null);
    }

    // The plan of a round was a number and a date; the paper itself could hang on its meetings alone.
    async fn the_plan_of_a_round_is_read_by_those_who_see_the_round_from_inside(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let sender = Sender::new(&app, &office);
        let paper = |name: &str| [b"%PDF-1.7\n".as_slice(), &text(name, 3_000)].concat();
        let status = async |login, hash: &str| Sender::new(&app, &app.person(login)).read(hash, &[]).await.status;
        let (plan, signed) = (sender.send(&paper("dự thảo")).await, sender.send(&paper("bản ký")).await);
        let foreign = Sender::new(&app, &app.person(&world.there.office)).send(&paper("của xã bên")).await;

        let id = new_id();
        let input = |file: &str| json!({"id": id, "councilId": world.here.council, "kind": "thematic", "title": "Đợt chuyên đề",
            "planNumber": "06/KH-HĐND", "planDate": "2026-01-10", "fileSha256": file});
        for (file, code) in [(foreign.as_str(), "NOT_FOUND"), (&sha256(b"none"), "NOT_FOUND"), ("x", "INVALID_VALUE")] {
            let refused = office.mutate("planRound", input(file), "").await["userErrors"][0].clone();
            assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!("fileSha256")));
        }
        let shown = "round { rev file { sha256 arrived mediaType url } }";
        let made = office.done("planRound", input(&plan), shown).await["round"].clone();
        assert_eq!(made["file"], json!({"sha256": plan, "arrived": true, "mediaType": "application/pdf", "url": format!("/files/{plan}")}));
        // Sent again it is the same plan; with another paper it is another one.
        assert_eq!(office.done("planRound", input(&plan), shown).await["round"], made);
        assert_eq!(office.refused("planRound", input(&signed)).await, "TAKEN");

        let change = |more: Value| {
            let mut input = json!({"roundId": id});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        let renamed = office.done("updateRound", change(json!({"title": "Đợt chuyên đề giáo dục"})), shown).await["round"].clone();
        assert_eq!(renamed["file"], made["file"], "what is not mentioned stays");
        assert_eq!(office.refused("updateRound", change(json!({"fileSha256": foreign}))).await, "NOT_FOUND");
        let changed = office.done("updateRound", change(json!({"fileSha256": signed})), shown).await["round"].clone();
        assert_eq!((&changed["file"]["sha256"], &changed["rev"]), (&json!(signed), &json!("3")));
        assert_eq!(office.done("updateRound", change(json!({"fileSha256": signed})), shown).await["round"], changed, "and again it changes nothing");
        assert_eq!(status(&world.here.delegates[0], &plan).await, 404, "nothing names the draft any more");

        // Those of the council read it as soon as it is planned; nobody else does, however public the round is.
        let ask = "query($id: ID!) { round(id: $id) { title file { sha256 } } }";
        let reads = async |is_public: bool| {
            for (login, wanted) in [(&world.here.office, 200), (&world.here.delegates[0], 200), (&world.here.delegates[1], 200),
                (&world.here.committee_login, 404), (&world.there.office, 404), (&world.there.delegates[0], 404), (&world.province_office, 404),
                (&world.province_delegate, 404), (&world.aggregator, 404), (&world.administrator, 404)] {
                assert_eq!(status(login, &signed).await, wanted, "{}", login.username);
                let round = app.person(login).data(ask, json!({"id": id})).await["round"].clone();
                let file = if wanted == 200 { json!({"sha256": signed}) } else { Value::Null };
                assert_eq!(round["file"], file, "{}: {round}", login.username);
            }
            assert_eq!(Sender::at(app.address(), None).read(&signed, &[]).await.status, 404);
            let round = app.stranger().data(ask, json!({"id": id})).await["round"].clone();
            assert_eq!((round.is_object(), &round["file"]), (is_public, &Value::Null));
        };
        reads(false).await;
        office.done("advanceRound", json!({"roundId": id, "event": "approve"}), "").await;
        office.done("publishRound", json!({"roundId": id}), "").await;
        reads(true).await;

        let bare = office.done("updateRound", change(json!({"fileSha256": null})), shown).await["round"].clone();
        assert_eq!(bare["file"], Value::Null);
        assert_eq!(status(&world.here.delegates[0], &signed).await, 404);
        let told = office.data("query($id: ID!) { round(id: $id) { history(first: 20) { event } } }", json!({"id": id})).await;
        let steps: Vec<&str> = told["round"]["history"].as_array().unwrap().iter().map(|step| step["event"].as_str().unwrap()).collect();
        assert_eq!(steps, ["planned", "updated", "updated", "approve", "published", "updated"]);
    }

    async fn a_file_is_read_in_parts_and_not_again_when_it_is_known(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let sender = Sender::new(&app, &app.person(&world.here.delegates[0]));
        let bytes = text("từng phần", 2_500_000);
        let hash = sender.send(&bytes).await;
        let whole = sender.read(&hash, &[("accept-encoding", "gzip, zstd")]).await;
        assert_eq!((whole.status, whole.body == bytes), (200, true));
        let tag = format!("\"{}\"", sha256(&bytes));
        for (name, value) in [("etag", tag.as_str()), ("content-length", "2500000"), ("accept-ranges", "bytes"),
            ("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"), ("cache-control", "private, no-cache"),
            ("content-disposition", &format!("attachment; filename=\"tep-{}.txt\"", &hash[..12]))] {
            assert_eq!(whole.header(name), value, "{name}");
        }
        assert!(whole.header("vary").to_lowercase().contains("authorization"));
        let head = sender.ask("HEAD", &format!("/files/{hash}"), &[], Vec::new()).await;
        assert_eq!((head.status, head.header("etag"), head.header("content-length"), head.body.len()), (200, tag.as_str(), "2500000", 0));

        for (range, from, to) in [("bytes=0-99", 0, 100), ("bytes=1048570-1048590", 1_048_570, 1_048_591),
            ("bytes=2499990-", 2_499_990, 2_500_000), ("bytes=-5", 2_499_995, 2_500_000)] {
            let part = sender.read(&hash, &[("range", range), ("if-range", &tag)]).await;
            assert_eq!((part.status, part.body.as_slice()), (206, &bytes[from..to]), "{range}");
            assert_eq!(part.header("content-range"), format!("bytes {from}-{}/2500000", to - 1));
        }
        let outside = sender.read(&hash, &[("range", "bytes=2500000-")]).await;
        assert_eq!((outside.refusal().1.as_str(), outside.header("content-range")), ("RANGE_NOT_SATISFIABLE", "bytes */2500000"));
        assert_eq!(outside.status, 416);
        // Of another version, or several at once: the whole.
        for headers in [[("range", "bytes=0-1"), ("if-range", "\"other\"")], [("range", "bytes=0-1,4-5"), ("if-range", &tag)]] {
            assert_eq!(sender.read(&hash, &headers).await.body.len(), bytes.len());
        }
        for known in [tag.as_str(), "*", &format!("\"x\", W/{tag}")] {
            let told = sender.read(&hash, &[("if-none-match", known)]).await;
            assert_eq!((told.status, told.body.len(), told.header("etag")), (304, 0, tag.as_str()));
        }
        assert_eq!(sender.read(&hash, &[("if-none-match", "\"other\"")]).await.status, 200);
    }
}
