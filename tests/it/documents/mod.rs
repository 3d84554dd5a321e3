//! Documents as the office prints them: each made from what was recorded, read back, opened by LibreOffice; and templates
//! that a council replaces.

mod office;
mod reading;
mod templates;

use cutri_tests::{TestDatabase, app::Person, each_db, phone::new_id};
use serde_json::{Value, json};

use crate::rounds::Stage;
use reading::text_of;

/// What each of the six is made of, in one round from its plan to the session.
struct Round {
    stage: Stage,
    paths: Vec<(&'static str, String)>,
}

/// The document at a path, and how the browser names it.
async fn fetched(person: &Person, path: &str) -> (String, Vec<u8>) {
    let (status, headers, bytes) = person.with_file("GET", path, &[], Vec::new()).await;
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&bytes));
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), cutri::documents::MEDIA_TYPE);
    assert_eq!(header("cache-control"), "private, no-store");
    (header("content-disposition"), bytes)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Round {
    /// Two points, one of them held with 61 voters; four opinions, one answered on the spot; three petitions forwarded in
    /// one letter, one answered, two urged by one letter; a synthesis; a session.
    async fn told(db: &TestDatabase) -> Self {
        let stage = Stage::set(db).await;
        let (office, world) = (stage.office(), &stage.world);
        let session = json!({"councilId": world.here.council, "family": "session", "kind": "regular_mid",
            "title": "Kỳ họp thường lệ giữa năm 2026", "ordinal": 5, "startsAt": stage.hours(24 * 20)});
        let session = text(&office.done("planMeeting", session, "meeting { id }").await["meeting"]["id"]);
        let round = stage.round("before_session", 2).await;
        let more = json!({"roundId": round, "sessionId": session, "content":
            "1. Báo cáo dự kiến nội dung, chương trình kỳ họp.\n2. Lắng nghe ý kiến, kiến nghị của cử tri."});
        office.done("updateRound", more, "").await;
        let point = stage.point(&round, "ấp Gò Thuyền", -3).await;
        stage.point(&round, "ấp Cả Môn & Rọc Chanh", 30).await;
        let mandate = stage.mandate(&world.here.delegates[0]).await;
        let invited = json!({"meetingId": point, "invitedDelegateIds": [mandate]});
        office.done("updateMeeting", invited, "").await;
        stage.lead(&round, "approve").await;
        let plan = office
            .data(
                "query($id: ID!) { round(id: $id) { documentUrl } }",
                json!({"id": round}),
            )
            .await;
        let mut paths = vec![("contact-plan", text(&plan["round"]["documentUrl"]))];

        stage.advance(&point, &["notify", "hold"]).await;
        let input = json!({"meetingId": point, "invited": 80, "attended": 61, "speakers": 3, "opinions": 4,
            "attendedDelegateIds": [mandate]});
        office.done("recordAttendance", input, "").await;
        let minutes = json!({"meetingId": point, "startedAt": stage.hours(-3), "endedAt": stage.hours(-1),
            "minutesDraft": "Đại biểu báo cáo kết quả kỳ họp trước.\nCử tri phát biểu; UBND xã giải trình."});
        let record = cutri_tests::phone::create("meetingRecord", &new_id(), minutes);
        let pushed = cutri_tests::phone::Phone::new(stage.delegate(0))
            .push(&[record])
            .await;
        assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
        let said = stage
            .said(
                0,
                &point,
                &[
                    ("Cầu <Cả Môn> gãy & nguy hiểm", false),
                    ("Đường ấp ngập", false),
                    ("Điện yếu", false),
                    ("Đèn tắt", true),
                ],
            )
            .await;
        let mut petitions = Vec::new();
        for (at, (title, field)) in [
            ("Sửa cầu Cả Môn", "transport"),
            ("Nâng đường ấp", "transport"),
            ("Nâng cấp lưới điện", "power"),
        ]
        .iter()
        .enumerate()
        {
            stage.clock.advance(chrono::Duration::seconds(1));
            let petition = stage.group_of(&[&said[at]], title).await;
            stage.classify(&petition, field, "commune").await;
            petitions.push(petition);
        }
        let letter = json!({"petitionIds": petitions, "leadId": world.here.committee, "coordinatingIds": [world.company],
            "documentNumber": "12/HĐND-VP", "documentDate": "2026-03-02", "dueAt": "2026-03-20"});
        let sent = office
            .done(
                "forwardPetitions",
                letter,
                "petitions { forwardings { documentUrl } }",
            )
            .await;
        let forwarding = text(&sent["petitions"][0]["forwardings"][0]["documentUrl"]);

        let synthesis = json!({"councilId": world.here.council, "roundId": round});
        let synthesis =
            text(&office.done("draftSynthesis", synthesis, "synthesis { id }").await["synthesis"]["id"]);
        let frozen = json!({"synthesisId": synthesis, "documentNumber": "15/BC-HĐND", "documentDate": "2026-03-02", "signer": "Nguyễn Văn An"});
        let frozen = office
            .done("freezeSynthesis", frozen, "synthesis { documentUrl }")
            .await;

        // One is answered in time; the others are not.
        let body = stage.app.person(&world.here.committee_login);
        let answer = json!({"petitionIds": [petitions[1]], "agencyId": world.here.committee, "documentNumber": "88/UBND", "documentDate": "2026-03-02",
            "text": "Đã nâng 300 m đường ấp.", "outcome": "resolved"});
        body.done("answerPetitions", answer, "").await;
        stage.clock.advance(chrono::Duration::days(21));
        let office = stage.office();
        let mut urging = String::new();
        for petition in [&petitions[0], &petitions[2]] {
            let urge = json!({"targetKind": "petition", "targetId": petition, "toAgencyId": world.here.committee, "how": "document",
                "documentNumber": "20/HĐND-VP", "text": "Cử tri đã kiến nghị nhiều lần."});
            let urged = office.done("urge", urge, "urging { documentUrl }").await;
            urging = text(&urged["urging"]["documentUrl"]);
        }
        let of = office.data("query($a: ID!, $b: ID!) { a: meeting(id: $a) { documentUrl } b: meeting(id: $b) { documentUrl } }",
            json!({"a": point, "b": session})).await;
        paths.extend([
            ("contact-minutes", text(&of["a"]["documentUrl"])),
            ("synthesis", text(&frozen["synthesis"]["documentUrl"])),
            ("forwarding", forwarding),
            ("urging", urging),
            ("petition-results", text(&of["b"]["documentUrl"])),
        ]);
        Self { stage, paths }
    }
}

each_db! {
    async fn each_document_says_what_was_recorded(db: TestDatabase) {
        let round = Round::told(&db).await;
        let office = round.stage.office();
        let mut files = Vec::new();
        for (name, path) in &round.paths {
            let asked = match *name {
                "contact-minutes" => format!("{path}?signer=Tr%E1%BA%A7n%20Th%E1%BB%8B%20B%C3%ACnh"),
                "petition-results" => format!("{path}?number=31/BC-H%C4%90ND&date=2026-03-23&signer=L%C3%AA%20V%C4%83n%20C&position=vice_chair"),
                _ => path.clone(),
            };
            let (saved_as, bytes) = fetched(&office, &asked).await;
            let told = text_of(&bytes);
            for must in ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "HỘI ĐỒNG NHÂN DÂN", "XÃ TÂN HƯNG", "2026"] {
                assert!(told.contains(must), "{name}: {must}\n{told}");
            }
            assert!(!told.contains("{{"), "{told}");
            insta::assert_snapshot!(*name, format!("{saved_as}\n\n{told}"));
            files.push(((*name).to_owned(), bytes));
        }
        office::opens(&files);
    }

    async fn a_document_is_made_for_the_council_alone(db: TestDatabase) {
        let round = Round::told(&db).await;
        let (app, world) = (&round.stage.app, &round.stage.world);
        let inside = [round.stage.office(), round.stage.delegate(1), round.stage.front().await];
        let outside = [
            app.person(&world.there.office),
            app.person(&world.here.committee_login),
            app.person(&world.province_office),
            app.person(&world.province_delegate),
            app.person(&world.aggregator),
            app.person(&world.administrator),
        ];
        for (name, path) in &round.paths {
            for person in &inside {
                fetched(person, path).await;
            }
            let absent = format!("/documents/{name}/{}.docx", new_id());
            for person in &outside {
                let (status, _, foreign) = person.with_file("GET", path, &[("x-request-id", "one")], Vec::new()).await;
                assert_eq!(status, 404, "{name}");
                let (_, _, absent) = person.with_file("GET", &absent, &[("x-request-id", "one")], Vec::new()).await;
                assert_eq!(foreign, absent, "{name}: foreign looks like absent");
            }
            let (status, _, _) = app.stranger().with_file("GET", path, &[], Vec::new()).await;
            assert_eq!(status, 401, "{name}");
        }
        // The address is told to nobody else, and other kinds of the same row are none.
        let (_, plan) = &round.paths[0];
        let crossed = plan.replace("contact-plan", "contact-minutes");
        assert_eq!(inside[0].with_file("GET", &crossed, &[], Vec::new()).await.0, 404);
        assert_eq!(inside[0].with_file("GET", "/documents/novel/x.docx", &[], Vec::new()).await.0, 404);
        for (asked, code) in [("?position=king", "UNKNOWN_CODE"), ("?date=2026-02-30", "INVALID_DATE"), ("?colour=red", "INVALID_VALUE")] {
            let (status, _, body) = inside[0].with_file("GET", &format!("{plan}{asked}"), &[], Vec::new()).await;
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (400, &json!(code)));
        }
    }

    async fn a_paper_is_printed_before_its_number_is_known(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let office = stage.office();
        let (round, point) = stage.held().await;
        stage.said(0, &point, &[("cầu gãy", false), ("đường tối", true)]).await;
        let draft = json!({"councilId": stage.world.here.council, "roundId": round});
        let draft = office.done("draftSynthesis", draft, "synthesis { documentUrl preview { opinions after } }").await["synthesis"].clone();
        let (_, bytes) = fetched(&office, &text(&draft["documentUrl"])).await;
        let told = text_of(&bytes);
        assert!(told.contains("Số:         /BC-HĐND"), "{told}");
        assert!(told.contains("(Dự thảo)") && told.contains("ngày      tháng      năm 2026"), "{told}");
        assert!(told.contains("cử tri nêu 2 lượt ý kiến, kiến nghị, trong đó 1 đã được trả lời tại chỗ"), "{told}");
        assert!(told.contains("Số liệu tính đến ngày 02 tháng 3 năm 2026"), "{told}");
        let later = format!("{}?edition=1", text(&draft["documentUrl"]));
        assert_eq!(office.with_file("GET", &later, &[], Vec::new()).await.0, 400);
    }
}
