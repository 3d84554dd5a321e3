//! The voter's own view, told as the voter: a slip of paper, a telephone, no account.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use cutri::{
    clock::{Clock, ManualClock},
    edge::EdgeConfig,
    feedback::tracking::TrackingCode,
    store::partition::Audience,
};
use cutri_tests::{
    ServerProcess, TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    world::World,
};
use entity::{id::AgencyId, sync_doc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

const ASK: &str = "query($code: String!) { trackingStatus(code: $code) { found sentence receivedOn status retryAfter
    petitions { sentence process outcome outcomeEntry { label } forwardedOn bodyKind bodyKindEntry { label } withUpperCouncil
        dueOn isOverdue answeredOn roadmapOn title answer informedOn closedOn } } }";

fn code(number: u32) -> String {
    let [a, b, c, d] = number.to_be_bytes();
    TrackingCode::from_bytes([9, a, b, c, d]).to_string()
}

/// What a delegate writes down, with the code that the voter takes home.
async fn say(app: &TestApp, world: &World, code: &str, more: Value) -> String {
    let id = new_id();
    let mut row = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "meetingId": world.here.meeting,
        "content": "Bà Sáu kinnoidung xin sửa đường", "trackingCode": code, "recordedAt": "2026-02-01T08:00:00+07:00"});
    for (name, value) in more.as_object().unwrap() {
        row[name] = value.clone();
    }
    let phone = Phone::new(app.person(&world.here.delegates[0]));
    let pushed = phone.push(&[create("feedback", &id, row)]).await;
    assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:#?}");
    id
}

async fn status(voter: &Person, code: &str) -> Value {
    voter.data(ASK, json!({"code": code})).await["trackingStatus"].clone()
}

async fn sentence(voter: &Person, code: &str) -> String {
    status(voter, code).await["sentence"].as_str().unwrap().to_owned()
}

each_db! {
    async fn a_voter_follows_his_words_to_the_answer(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, body, voter) = (app.person(&world.here.office), app.person(&world.here.committee_login), app.stranger());
        let code = code(1);
        let page = format!("/tra-cuu/{code}");
        assert_eq!(status(&voter, &code).await["found"], false, "the telephone has not sent it yet");
        assert_eq!(voter.get(&page).await.0, 404);

        let feedback = say(&app, &world, &code, json!({})).await;
        let seen = status(&voter, &code).await;
        let today = app.state.clock.today().to_string();
        assert_eq!((&seen["found"], &seen["status"], &seen["petitions"]), (&json!(true), &json!("accepted"), &json!([])));
        assert_eq!(seen["receivedOn"], today);
        assert!(seen["sentence"].as_str().unwrap().ends_with("Văn phòng đang xem xét, tổng hợp."), "{seen}");

        let group = json!({"feedbackIds": [feedback], "title": "Đường kintieude", "content": "kinnoidung"});
        let made = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
        assert!(sentence(&voter, &code).await.ends_with("Kiến nghị đang chờ phân loại."));
        office.done("classifyPetition", json!({"petitionId": made, "field": "transport", "tier": "commune"}), "").await;
        let forward = json!({"petitionIds": [made], "leadId": world.here.committee, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        office.done("forwardPetitions", forward, "").await;
        let part = status(&voter, &code).await["petitions"][0].clone();
        assert_eq!((&part["bodyKind"], &part["bodyKindEntry"]["label"]), (&json!("committee"), &json!("Ủy ban nhân dân")));
        assert_eq!((&part["forwardedOn"], &part["isOverdue"]), (&json!("2026-03-02"), &json!(true)));
        assert!(part["sentence"].as_str().unwrap().contains("chuyển đến Ủy ban nhân dân ngày 02/03/2026. Đã quá hạn trả lời"), "{part}");

        let answer = json!({"petitionIds": [made], "agencyId": world.here.committee, "documentNumber": "8/UBND",
            "documentDate": "2026-03-12", "text": "kintraloi cho bà Sáu", "outcome": "resolved"});
        body.done("answerPetitions", answer, "").await;
        let part = status(&voter, &code).await["petitions"][0].clone();
        assert_eq!((&part["answer"], &part["title"], &part["outcomeEntry"]["label"]), (&Value::Null, &Value::Null, &json!("Đã giải quyết xong")));
        let (_, _, told) = voter.get(&page).await;
        assert!(told.contains("Nội dung trả lời chưa được công khai"), "{told}");
        let publish = json!({"petitionId": made, "publicTitle": "Đường liên ấp", "publicContent": "Xin sửa đường", "publicAnswer": "Đã sửa xong <b>đường</b>"});
        office.done("publishPetition", publish, "").await;
        office.done("assessAnswer", json!({"petitionId": made, "assessment": "ok"}), "").await;
        office.done("informVoters", json!({"petitionId": made, "channel": "phone"}), "").await;
        office.done("closePetition", json!({"petitionId": made}), "").await;
        let part = status(&voter, &code).await["petitions"][0].clone();
        assert_eq!((&part["answer"], &part["title"]), (&json!("Đã sửa xong <b>đường</b>"), &json!("Đường liên ấp")));
        assert_eq!((&part["informedOn"], &part["closedOn"]), (&json!(today), &json!(today)));

        // As it is typed on an old telephone; the form leads to the same page.
        let sloppy = code.to_lowercase().replace('-', "+");
        for way in [page.clone(), format!("/tra-cuu?ma={sloppy}")] {
            let (status, headers, told) = voter.get(&way).await;
            assert_eq!(status, 200, "{way}");
            assert!(told.contains("Đã sửa xong &lt;b&gt;đường&lt;/b&gt;") && told.contains("Kết thúc theo dõi"), "{told}");
            assert!(!told.contains("<script"), "{told}");
            for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex, nofollow")] {
                assert_eq!(headers[name], value, "{way}");
            }
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("form-action 'self'") && policy.contains("default-src 'none'"), "{policy}");
            // Nothing of who, where, or what was said.
            for word in ["kinnoidung", "kintieude", "kintraloi", "Sáu", "Tân Hưng", "UBND xã", "daibieu"] {
                assert!(!told.contains(word), "{word}: {told}");
            }
        }
        let told = status(&voter, &code).await.to_string();
        for word in ["kinnoidung", "kintieude", "kintraloi", "Sáu", "Tân Hưng"] {
            assert!(!told.contains(word), "{word}: {told}");
        }
    }

    // What the office had asked back about was told as if nobody had looked at it, by a state that stood nowhere.
    async fn each_state_is_told_in_a_plain_sentence(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, body, voter) = (app.person(&world.here.office), app.person(&world.here.committee_login), app.stranger());
        let own = code(1);
        let (today, due) = (app.state.clock.today(), app.state.clock.today() + Days::new(60));
        let written = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
        let feedback = say(&app, &world, &own, json!({})).await;
        let told = async |state: &str, process: Option<&str>, end: &str| {
            let seen = status(&voter, &own).await;
            assert_eq!((&seen["found"], &seen["status"]), (&json!(true), &json!(state)), "{seen}");
            assert_eq!(seen["petitions"].get(0).map(|part| part["process"].as_str().unwrap()), process, "{seen}");
            let sentence = seen["sentence"].as_str().unwrap();
            assert!(sentence.starts_with("Ý kiến đã về đến Hội đồng nhân dân ngày ") && sentence.ends_with(end), "{sentence}");
            let (_, _, page) = voter.get(&format!("/tra-cuu/{own}")).await;
            assert!(page.contains(sentence), "{page}");
        };
        told("accepted", None, "Văn phòng đang xem xét, tổng hợp.").await;
        // Another slip with the same code, however it came to that: the one that came first keeps it.
        let second = say(&app, &world, &own, json!({"content": "Xin sửa cống"})).await;
        office.done("returnForClarity", json!({"feedbackId": second, "question": "Cống nào?"}), "").await;
        told("accepted", None, "Văn phòng đang xem xét, tổng hợp.").await;
        office.done("returnForClarity", json!({"feedbackId": feedback, "question": "Đoạn nào của đường?"}), "").await;
        told("returned", None, "Văn phòng đã hỏi lại người ghi phiếu để làm rõ nội dung.").await;
        let group = json!({"feedbackIds": [feedback], "title": "Đường", "content": "Sửa đường"});
        let made = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
        told("grouped", Some("accepted"), "Kiến nghị đang chờ phân loại.").await;
        office.done("classifyPetition", json!({"petitionId": made, "field": "transport", "tier": "commune"}), "").await;
        told("grouped", Some("classified"), "đang chờ chuyển đến cơ quan có thẩm quyền.").await;
        let forward = |number: &str| json!({"petitionIds": [made], "leadId": world.here.committee, "documentNumber": number,
            "documentDate": today, "dueAt": due});
        office.done("forwardPetitions", forward("1/VP"), "").await;
        let sent = format!("Kiến nghị đã được chuyển đến Ủy ban nhân dân ngày {}. Hạn trả lời: ngày {}.", written(today), written(due));
        told("grouped", Some("forwarded"), &sent).await;
        body.done("returnPetitions", json!({"petitionIds": [made], "reason": "Không thuộc thẩm quyền"}), "").await;
        told("grouped", Some("returned"), "Nơi nhận trả lại vì không thuộc thẩm quyền; Văn phòng đang xem xét chuyển đến cơ quan khác.").await;
        // Nobody has it who could keep that day.
        assert_eq!(status(&voter, &own).await["petitions"][0]["dueOn"], Value::Null);
        let (_, _, page) = voter.get(&format!("/tra-cuu/{own}")).await;
        assert!(!page.contains("Hạn trả lời"), "{page}");
        office.done("forwardPetitions", forward("2/VP"), "").await;
        let answer = json!({"petitionIds": [made], "agencyId": world.here.committee, "documentNumber": "8/UBND",
            "documentDate": today, "text": "Đã sửa", "outcome": "resolved"});
        body.done("answerPetitions", answer, "").await;
        let today = written(today);
        let answered = format!("Cơ quan có thẩm quyền đã trả lời ngày {today}, kết quả: đã giải quyết xong.");
        told("grouped", Some("answered"), &format!("{answered} Văn phòng đang xem xét câu trả lời.")).await;
        office.done("assessAnswer", json!({"petitionId": made, "assessment": "ok"}), "").await;
        told("grouped", Some("assessed"), &format!("{answered} Đại biểu sẽ thông tin lại cho cử tri.")).await;
        office.done("informVoters", json!({"petitionId": made, "channel": "phone"}), "").await;
        let informed = format!("{answered} Kết quả đã được thông tin lại cho cử tri ngày {today}.");
        told("grouped", Some("informed"), &informed).await;
        office.done("closePetition", json!({"petitionId": made}), "").await;
        told("grouped", Some("closed"), &format!("{informed} Việc theo dõi kiến nghị đã kết thúc ngày {today}.")).await;
        office.done("reopenPetition", json!({"petitionId": made, "reason": "Mưa lại ngập"}), "").await;
        told("grouped", Some("reopened"), "Kiến nghị được mở lại, đang chờ xử lý tiếp.").await;
        // The day that was once to be kept is nobody's any more, until a body has it again.
        let seen = async || (status(&voter, &own).await["petitions"][0].clone(), voter.get(&format!("/tra-cuu/{own}")).await.2);
        let (part, page) = seen().await;
        assert_eq!((&part["dueOn"], &part["isOverdue"]), (&Value::Null, &json!(false)), "{part}");
        assert!(!page.contains("Hạn trả lời"), "{page}");
        office.done("forwardPetitions", forward("3/VP"), "").await;
        let (part, page) = seen().await;
        assert_eq!((&part["dueOn"], &part["withUpperCouncil"], &part["bodyKind"]), (&json!(due), &json!(false), &json!("committee")), "{part}");
        assert!(page.contains("Hạn trả lời"), "{page}");
        // Sent up, it lies with no body, and the voter reads with whom.
        body.done("returnPetitions", json!({"petitionIds": [made], "reason": "Vượt thẩm quyền"}), "").await;
        let up = json!({"petitionIds": [made], "upperCouncilId": world.province_council, "documentNumber": "4/VP", "documentDate": app.state.clock.today()});
        office.done("forwardPetitions", up, "").await;
        let (part, _) = seen().await;
        assert_eq!((&part["withUpperCouncil"], &part["bodyKind"]), (&json!(true), &Value::Null), "{part}");
    }

    // The answer that had been found wanting stood on the page, under the body that had the petition next; and when the page
    // told it no more, the interfaces did.
    async fn what_is_no_answer_any_more_is_told_to_no_voter(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, body, voter) = (app.person(&world.here.office), app.person(&world.here.committee_login), app.stranger());
        let own = code(1);
        let feedback = say(&app, &world, &own, json!({})).await;
        let group = json!({"feedbackIds": [feedback], "title": "Đường", "content": "Sửa đường"});
        let made = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
        office.done("classifyPetition", json!({"petitionId": made, "field": "transport", "tier": "commune"}), "").await;
        let forward = |lead: AgencyId, number: &str, day: &str| json!({"petitionIds": [made], "leadId": lead, "documentNumber": number, "documentDate": day});
        office.done("forwardPetitions", forward(world.here.committee, "1/VP", "2026-03-02"), "").await;
        let answer = async |number: &str, day: &str, text: &str| {
            let answer = json!({"petitionIds": [made], "agencyId": world.here.committee, "documentNumber": number, "documentDate": day,
                "text": text, "outcome": "resolved"});
            body.done("answerPetitions", answer, "").await;
            let publish = json!({"petitionId": made, "publicContent": "Xin sửa đường", "publicAnswer": text});
            office.done("publishPetition", publish, "").await;
        };
        let told = async |expected: Option<(&str, &str)>| {
            let part = status(&voter, &own).await["petitions"][0].clone();
            let (_, _, page) = voter.get(&format!("/tra-cuu/{own}")).await;
            assert_eq!((&part["answeredOn"], &part["answer"]), (&json!(expected.map(|(day, _)| day)), &json!(expected.map(|(_, text)| text))), "{part}");
            assert_eq!(page.contains("Cơ quan trả lời"), expected.is_some(), "{page}");
            assert_eq!(page.contains("Đã sửa xong"), expected.is_some(), "{page}");
            // The same without the code: as everybody asks, as it lies in the public feed, and in the feed of the province.
            let ask = "query($id: ID!) { petition(id: $id) { content answerText publicAnswer answerNumber answeredAt } }";
            let shown = voter.data(ask, json!({"id": made})).await["petition"].clone();
            assert_eq!(shown["publicAnswer"], shown["answerText"]);
            let id: uuid::Uuid = made.as_str().unwrap().parse().unwrap();
            let stored = sync_doc::Entity::find().filter(sync_doc::Column::Collection.eq("petition")).filter(sync_doc::Column::RowId.eq(id))
                .filter(sync_doc::Column::Audience.eq(Audience::Public.rank())).one(app.state.store.read()).await.unwrap().unwrap();
            let mut aggregator = Phone::without_units(app.person(&world.aggregator));
            aggregator.pull().await;
            let feeds = [shown, serde_json::from_str(&stored.doc).unwrap(), aggregator.row("petition", &id.to_string()).clone()];
            for feed in feeds {
                assert_eq!(feed["content"], "Xin sửa đường");
                assert_eq!((&feed["answeredAt"], &feed["answerText"]), (&part["answeredOn"], &part["answer"]), "{feed}");
                assert_eq!(feed["answerNumber"].is_string(), expected.is_some(), "{feed}");
            }
            // Those inside go on reading what was answered.
            let kept = office.data(ask, json!({"id": made})).await["petition"].clone();
            assert!(kept["answerText"].is_string() && kept["publicAnswer"].is_string() && kept["answerNumber"].is_string(), "{kept}");
        };
        answer("8/UBND", "2026-03-12", "Đã sửa xong").await;
        told(Some(("2026-03-12", "Đã sửa xong"))).await;
        office.done("assessAnswer", json!({"petitionId": made, "assessment": "off_point"}), "").await;
        told(None).await;
        answer("9/UBND", "2026-03-19", "Đã sửa xong cả đoạn cuối").await;
        told(Some(("2026-03-19", "Đã sửa xong cả đoạn cuối"))).await;
        office.done("assessAnswer", json!({"petitionId": made, "assessment": "ok"}), "").await;
        office.done("informVoters", json!({"petitionId": made, "channel": "phone"}), "").await;
        office.done("closePetition", json!({"petitionId": made}), "").await;
        told(Some(("2026-03-19", "Đã sửa xong cả đoạn cuối"))).await;
        // The first page told its story with the answer that was found wanting.
        let (_, _, front) = voter.get("/").await;
        assert!(front.contains("<b>9/UBND</b>") && front.contains("<b>1</b> đã khép lại"), "{front}");
        assert!(!front.contains("8/UBND") && !front.contains("chưa đạt"), "{front}");
        office.done("reopenPetition", json!({"petitionId": made, "reason": "Mưa lại ngập"}), "").await;
        told(None).await;
        office.done("forwardPetitions", forward(world.department, "2/VP", "2026-03-20"), "").await;
        told(None).await;
    }

    // "Tạm gác lại, có lộ trình", the voter read, and nowhere until when.
    async fn what_is_put_off_is_told_until_when(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, body, voter) = (app.person(&world.here.office), app.person(&world.here.committee_login), app.stranger());
        let own = code(1);
        let feedback = say(&app, &world, &own, json!({})).await;
        let group = json!({"feedbackIds": [feedback], "title": "Đường", "content": "Sửa đường"});
        let made = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
        office.done("classifyPetition", json!({"petitionId": made, "field": "transport", "tier": "commune"}), "").await;
        let forward = json!({"petitionIds": [made], "leadId": world.here.committee, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        office.done("forwardPetitions", forward, "").await;
        let answer = json!({"petitionIds": [made], "agencyId": world.here.committee, "documentNumber": "8/UBND", "documentDate": "2026-03-12",
            "text": "Chờ vốn", "outcome": "deferred", "roadmapAt": "2027-06-30"});
        body.done("answerPetitions", answer, "").await;
        let page = async || voter.get(&format!("/tra-cuu/{own}")).await.2;
        let part = status(&voter, &own).await["petitions"][0].clone();
        assert_eq!(part["roadmapOn"], "2027-06-30");
        let told = "kết quả: tạm gác lại, có lộ trình đến ngày 30/06/2027.";
        assert!(part["sentence"].as_str().unwrap().contains(told), "{part}");
        let shown = page().await;
        assert!(shown.contains(told) && shown.contains("<strong>Lộ trình đến</strong>"), "{shown}");
        // What was found wanting promises nothing.
        office.done("assessAnswer", json!({"petitionId": made, "assessment": "unclear"}), "").await;
        let part = status(&voter, &own).await["petitions"][0].clone();
        assert_eq!((&part["roadmapOn"], &part["answeredOn"]), (&Value::Null, &Value::Null), "{part}");
        let shown = page().await;
        assert!(!shown.contains("Lộ trình") && !shown.contains("30/06/2027"), "{shown}");
    }

    async fn there_is_one_answer_for_everything_that_is_not_to_be_told(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let voter = app.stranger();
        // A denunciation brings no code; whoever wrote one down as something else and said so later is refused.
        let receipt = json!({"kind": "denunciation", "receiptNumber": "7/2026", "receivedOn": "2026-02-01", "trackingCode": code(7)});
        let pushed = Phone::new(app.person(&world.here.delegates[0])).push(&[create("feedback", &new_id(), receipt)]).await;
        assert_eq!(pushed[0]["errors"][0]["code"], "DENUNCIATION_BY_HAND");
        // And if a row of one had a code all the same, it would not answer.
        let row = entity::feedback::Model { id: uuid::Uuid::now_v7().into(), kind: "denunciation".into(), tracking_code: Some(code(8)),
            council_id: world.here.council, author_id: world.here.delegates[0].account, ..crate::rows::feedback() };
        cutri_tests::world::Put::new().row(row).now(&app.state).await;

        let known = status(&voter, &code(1)).await;
        assert_eq!(known["found"], false);
        let long = "0".repeat(5_000);
        let nothing = voter.get(&format!("/tra-cuu/{}", code(1))).await;
        assert_eq!(nothing.0, 404);
        for typed in [code(2), code(7), code(8), "0000-0000-1".to_owned(), "xin chào".to_owned(), "' OR 1=1 --".to_owned(), "Ω".to_owned(), long] {
            assert_eq!(status(&voter, &typed).await, known, "{typed}");
            let path: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
            for way in [format!("/tra-cuu/{path}"), format!("/tra-cuu?ma={path}")] {
                let told = voter.get(&way).await;
                assert_eq!((told.0, &told.2), (404, &nothing.2), "{typed}");
            }
        }
        for odd in ["/tra-cuu/%FF", "/tra-cuu?ma=%FF", "/tra-cuu/%00"] {
            let told = voter.get(odd).await;
            assert!(told.0 == 404 || told.0 == 200, "{odd}: {}", told.0);
        }
        let (status, _, form) = voter.get("/tra-cuu").await;
        assert!(status == 200 && form.contains("<form method=\"get\" action=\"/tra-cuu\">"), "{form}");
    }

    async fn what_was_answered_at_once_withdrawn_or_split_is_told_so(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, voter) = (app.person(&world.here.office), app.stranger());
        say(&app, &world, &code(1), json!({"answeredOnSpot": true, "onSpotAnswer": "kintraloi"})).await;
        assert!(sentence(&voter, &code(1)).await.ends_with("đã được trả lời ngay tại cuộc tiếp xúc cử tri."));
        // Whoever came to the desk was told that he had been at a meeting.
        let desk = json!({"kind": "petition", "channel": "reception", "unitId": world.here.unit, "content": "Cầu gãy",
            "answeredOnSpot": true, "onSpotAnswer": "kintraloi"});
        let desk = office.done("submitFeedback", desk, "feedback { trackingCode }").await["feedback"]["trackingCode"].clone();
        assert!(sentence(&voter, desk.as_str().unwrap()).await.ends_with("đã được trả lời ngay khi tiếp nhận."));
        let back = say(&app, &world, &code(2), json!({})).await;
        app.person(&world.here.delegates[0]).done("withdrawFeedback", json!({"feedbackId": back}), "").await;
        assert!(sentence(&voter, &code(2)).await.ends_with("người ghi đã rút lại phiếu này."));

        let feedback = say(&app, &world, &code(3), json!({})).await;
        let group = json!({"feedbackIds": [feedback], "title": "Đường và cầu", "content": "Đường và cầu"});
        let made = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
        let split = json!({"petitionId": made, "parts": [{"title": "Đường", "content": "Đường"}, {"title": "Cầu", "content": "Cầu"}]});
        let parts = office.done("splitPetition", split, "petitions { id }").await["petitions"].clone();
        let seen = status(&voter, &code(3)).await;
        assert_eq!(seen["petitions"].as_array().unwrap().len(), 2);
        assert!(seen["sentence"].as_str().unwrap().contains("2 kiến nghị"), "{seen}");
        let merge = json!({"petitionIds": [parts[0]["id"], parts[1]["id"]], "title": "Đường, cầu", "content": "Đường, cầu"});
        office.done("mergePetitions", merge, "").await;
        assert_eq!(status(&voter, &code(3)).await["petitions"].as_array().unwrap().len(), 1);
        let (_, _, page) = voter.get(&format!("/tra-cuu/{}", code(3))).await;
        assert!(page.contains("Kết quả tra cứu"), "{page}");
    }

    async fn guessing_waits_and_the_voter_behind_the_same_address_does_not(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let voter = app.stranger();
        let own = code(1);
        assert_eq!(status(&voter, &own).await["found"], false, "asked before it was uploaded");
        say(&app, &world, &own, json!({})).await;
        let mut held = None;
        for guess in 1_000..1_200 {
            let seen = status(&voter, &code(guess)).await;
            if seen["retryAfter"].is_number() {
                held = Some((guess, seen));
                break;
            }
            assert_eq!(seen["found"], false);
        }
        let (guess, seen) = held.expect("nobody slows a guesser");
        assert!(guess >= 1_050, "a hall may ask for many codes that have not come in: {guess}");
        assert_eq!((&seen["found"], &seen["petitions"]), (&Value::Null, &json!([])));
        assert!(seen["sentence"].as_str().unwrap().starts_with("Đang có nhiều lượt tra cứu"), "{seen}");
        // Mistypings ask nobody; who comes back with the code on his slip sees it.
        assert_eq!(status(&voter, "0000-0000-1").await["found"], false);
        assert_eq!(status(&voter, &own).await["found"], true);
        assert_eq!(voter.get(&format!("/tra-cuu/{own}")).await.0, 200);
        let (status, headers, page) = voter.get(&format!("/tra-cuu/{}", code(5_000))).await;
        if status == 429 {
            assert!(headers.contains_key("retry-after") && page.contains("Xin đợi"), "{page}");
        }
    }

    // A door without a wait could be opened and no test would have seen it.
    async fn after_sixty_guesses_an_address_waits_and_no_other_does(db: TestDatabase) {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let trusted_proxies = EdgeConfig::parse_proxies("127.0.0.1").unwrap();
        let config = EdgeConfig { trusted_proxies, ..EdgeConfig::default() };
        let app = TestApp::start_at_with(&db, Arc::clone(&clock) as Arc<dyn Clock>, config).await;
        let world = World::create(&app.state).await;
        let own = code(1);
        say(&app, &world, &own, json!({})).await;
        let voter = app.stranger();
        let asks = async |from: &str, code: &str| {
            let headers = [("x-forwarded-for", from)];
            let (status, headers, page) = voter.with_file("GET", &format!("/tra-cuu/{code}"), &headers, Vec::new()).await;
            let wait = headers.get("retry-after").map(|seconds| seconds.to_str().unwrap().parse::<i64>().unwrap());
            (status, wait, String::from_utf8(page).unwrap())
        };
        let (thief, elsewhere) = ("203.0.113.7", "203.0.113.8");
        for guess in 0..60 {
            assert_eq!(asks(thief, &code(1_000 + guess)).await.0, 404, "{guess}");
        }
        let (status, wait, page) = asks(thief, &code(1_060)).await;
        assert_eq!(status, 429);
        assert!(wait.is_some_and(|wait| wait >= 1) && page.contains("Xin đợi một chút"), "{wait:?}: {page}");
        assert_eq!(asks(thief, &own).await.0, 429, "whether a code is right is not told either");
        let pretended = format!("{elsewhere}, {thief}");
        assert_eq!(asks(&pretended, &code(1_061)).await.0, 429, "only what the proxy wrote counts");

        // The voter sees hers from anywhere else, as often as she likes; others may mistype.
        for _ in 0..2 {
            let (status, wait, page) = asks(elsewhere, &own).await;
            assert!(status == 200 && wait.is_none() && page.contains("Kết quả tra cứu"), "{status}: {page}");
        }
        assert_eq!(asks(elsewhere, &code(1_062)).await.0, 404);
        // Whoever waits as long as told is let through once more.
        clock.advance(chrono::Duration::seconds(wait.unwrap()));
        assert_eq!(asks(thief, &code(1_060)).await.0, 404);
        assert_eq!(asks(thief, &code(1_063)).await.0, 429);
    }

    // Only who could compute the code had one to give: a letter at the desk stayed without.
    async fn what_comes_in_at_the_desk_has_a_code_as_well(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let id = new_id();
        let letter = json!({"id": id, "kind": "petition", "channel": "letter", "unitId": world.here.unit, "content": "Cầu gãy"});
        let made = office.done("submitFeedback", letter.clone(), "feedback { trackingCode }").await;
        let code = made["feedback"]["trackingCode"].as_str().unwrap().to_owned();
        assert_ne!(status(&app.stranger(), &code).await, Value::Null);
        let again = office.done("submitFeedback", letter, "feedback { trackingCode }").await;
        assert_eq!(again["feedback"]["trackingCode"], code, "the same, however often it is sent");
        let receipt = json!({"kind": "denunciation", "receiptNumber": "125/2026"});
        let made = office.done("submitFeedback", receipt, "feedback { trackingCode }").await;
        assert_eq!(made["feedback"]["trackingCode"], Value::Null);
    }

    async fn the_author_has_a_slip_to_give(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let code = code(1);
        let feedback = say(&app, &world, &code, json!({})).await;
        let query = "query($id: ID!) { trackingSlip(feedbackId: $id) { code address plain plainLength marked markedLength } }";
        let slip = app.person(&world.here.delegates[0]).data(query, json!({"id": feedback})).await["trackingSlip"].clone();
        assert_eq!(slip["code"], code);
        let (plain, marked) = (slip["plain"].as_str().unwrap(), slip["marked"].as_str().unwrap());
        assert!(plain.is_ascii() && plain.contains(&code) && marked.contains(&code), "{slip}");
        assert_eq!((slip["plainLength"].as_u64().unwrap(), slip["markedLength"].as_u64().unwrap()), (plain.len() as u64, marked.chars().count() as u64));
        assert!(plain.len() <= 160 && marked.chars().count() <= 70);
        for other in [&app.person(&world.here.delegates[1]), &app.person(&world.here.office), &app.stranger()] {
            assert_eq!(other.data(query, json!({"id": feedback})).await["trackingSlip"], Value::Null);
        }
        let (status, _, page) = app.stranger().get(&format!("/tra-cuu/{code}?in=1")).await;
        assert!(status == 200 && page.contains(&format!("<p class=\"code\">{code}</p>")), "{page}");
        // A slip can be printed before its words have come in, and tells nothing.
        let other = self::code(77);
        let (_, _, unknown) = app.stranger().get(&format!("/tra-cuu/{other}?in=1")).await;
        assert_eq!(unknown, page.replace(&code, &other));
        assert_eq!(app.stranger().get("/tra-cuu/0000-0000-1?in=1").await.0, 404);
    }
}

#[tokio::test]
async fn no_code_stands_in_the_log_at_any_level() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("CUTRI_PUBLIC_URL", "https://cutri.example.vn")];
    let server = ServerProcess::start(folder.path(), &["serve", "--demo", "--log", "trace"], &settings).await;
    // One of the demo's feedbacks.
    let known = TrackingCode::from_bytes([7, 11, 26, 20, 1]).to_string();
    let client = reqwest::Client::new();
    let get = async |path: String| {
        client
            .get(server.url(&path))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    assert!(
        get(format!("/tra-cuu/{known}"))
            .await
            .contains("Văn phòng đang xem xét, tổng hợp.")
    );
    assert!(
        get(format!("/tra-cuu?ma={known}"))
            .await
            .contains("Văn phòng đang xem xét, tổng hợp.")
    );
    assert!(
        get(format!("/tra-cuu/{known}?in=1"))
            .await
            .contains("https://cutri.example.vn/tra-cuu")
    );
    assert!(
        get(format!("/tra-cuu/{}", code(1)))
            .await
            .contains("Chưa thấy mã này")
    );
    let body = json!({"query": "query($code: String!) { trackingStatus(code: $code) { found } }", "variables": {"code": known}});
    let asked: Value = client
        .post(server.url("/graphql"))
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(asked["data"]["trackingStatus"]["found"], true, "{asked}");
    let log = server.log().text();
    assert!(log.len() > 200, "there is a log: {log}");
    for code in [known, code(1)] {
        assert!(
            !log.contains(&code) && !log.contains(&code.replace('-', "")),
            "{log}"
        );
    }
}
