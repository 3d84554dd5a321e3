//! Documents as the office prints them: each made from what was recorded, read back, opened by LibreOffice; and templates
//! that a council replaces.

mod days;
mod office;
pub(crate) mod reading;
mod repeats;
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
pub(crate) async fn fetched(person: &Person, path: &str) -> (String, Vec<u8>) {
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
        let invited = json!({"meetingId": point, "invitedDelegateIds": [mandate], "mode": "mixed"});
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
        let (mut files, mut papers) = (Vec::new(), Vec::new());
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
            papers.push((*name, asked, told));
        }
        office::opens(&files);
        templates::stand_for_every_kind(&office, round.stage.world.here.council, &papers).await;
    }

    // Printed again it counted urgings that came later, and due dates that were moved since.
    async fn an_urging_letter_says_the_same_when_it_is_printed_again(db: TestDatabase) {
        let round = Round::told(&db).await;
        let stage = &round.stage;
        let path = &round.paths.iter().find(|(name, _)| *name == "urging").unwrap().1;
        let printed = async || text_of(&fetched(&stage.office(), path).await.1);
        let first = printed().await;
        assert!(first.contains("12/HĐND-VP") && first.contains("20/03/2026"), "{first}");
        let told = stage.office().data("{ petitions(first: 10) { nodes { id title } } }", json!({})).await;
        let of = |title: &str| {
            let mut rows = told["petitions"]["nodes"].as_array().unwrap().iter();
            text(&rows.find(|row| row["title"] == title).unwrap()["id"])
        };
        let (bridge, power) = (of("Sửa cầu Cả Môn"), of("Nâng cấp lưới điện"));

        // A call of two weeks ago arrives from a phone; one date is moved; another goes to the body by a new letter.
        stage.clock.advance(chrono::Duration::days(1));
        let call = json!({"targetKind": "petition", "targetId": bridge, "how": "phone", "at": "2026-03-09T08:00:00+07:00"});
        let call = cutri_tests::phone::create("urging", &new_id(), call);
        let pushed = cutri_tests::phone::Phone::new(stage.delegate(0)).push(&[call]).await;
        assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
        let later = json!({"petitionIds": [bridge], "dueAt": "2026-05-29", "reason": "Chờ bố trí vốn"});
        stage.body().done("extendDue", later, "petition { extendedTo }").await;
        let back = json!({"petitionIds": [power], "reason": "Thuộc ngành điện"});
        stage.body().done("returnPetitions", back, "").await;
        stage.clock.advance(chrono::Duration::days(1));
        let anew = json!({"petitionIds": [power], "leadId": stage.world.here.committee, "documentNumber": "40/HĐND-VP",
            "documentDate": "2026-03-25", "dueAt": "2026-04-30"});
        stage.office().done("forwardPetitions", anew, "").await;
        assert_eq!(printed().await, first);
    }

    // What was given back, or sent elsewhere by its owner, was missing when the council above printed its letter again.
    async fn a_forwarding_letter_says_the_same_when_its_petitions_are_no_more_with_the_council(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let above = || stage.app.person(&world.province_office);
        let two = stage.petitions(0, &["Cầu liên xã", "Đèn tỉnh lộ"].map(str::to_owned)).await;
        let up = json!({"petitionIds": two, "upperCouncilId": world.province_council, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        stage.office().done("forwardPetitions", up, "").await;
        stage.day("2026-03-03");
        let on = json!({"petitionIds": two, "leadId": world.department, "documentNumber": "90/HĐND", "documentDate": "2026-03-03"});
        let sent = above().done("forwardPetitions", on, "petitions { forwardings { documentNumber documentUrl } }").await;
        let letters = sent["petitions"][0]["forwardings"].as_array().unwrap();
        let path = text(&letters.iter().find(|letter| letter["documentNumber"] == "90/HĐND").unwrap()["documentUrl"]);
        let printed = async || text_of(&fetched(&above(), &path).await.1);
        let first = printed().await;
        assert!(first.contains("Cầu liên xã") && first.contains("Đèn tỉnh lộ"), "{first}");

        // Both come back, from the department and from the council above, and the commune sends them to its own body.
        let back = json!({"petitionIds": two, "reason": "Thuộc thẩm quyền cấp xã"});
        stage.app.person(&world.department_login).done("returnPetitions", back.clone(), "").await;
        let mut down = back;
        down["reason"] = json!("Không thuộc tỉnh");
        above().done("returnPetitions", down, "").await;
        stage.forward(&two, world.here.committee, &[], "2/VP").await;
        for id in &two {
            let seen = above().data("query($id: ID!) { petition(id: $id) { id } }", json!({"id": id})).await;
            assert_eq!(seen["petition"], Value::Null, "it is with the commune");
        }
        assert_eq!(printed().await, first);
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

    // The second of two sessions of one day had a table from New Year on, with all that the one before had counted as new.
    async fn what_came_on_a_sessions_own_day_is_new_in_one_table_alone(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (_, point) = stage.held().await;
        let said = stage.said(0, &point, &[("một", false), ("hai", false), ("ba", false), ("bốn", false), ("năm", false)]).await;
        let session = async |title: &str, day: &str, hour: &str| {
            let input = json!({"councilId": stage.world.here.council, "family": "session", "kind": "thematic", "title": title,
                "startsAt": format!("{day}T{hour}:00:00+07:00")});
            let made = stage.office().done("planMeeting", input, "meeting { id }").await;
            text(&made["meeting"]["id"])
        };
        let sessions = [
            session("Kỳ họp thứ 4", "2026-03-10", "08").await,
            session("Kỳ họp thứ 5", "2026-06-10", "08").await,
            session("Kỳ họp thứ 6", "2026-06-10", "14").await,
            session("Kỳ họp thứ 7", "2026-09-10", "08").await,
        ];
        // The day before a session, its own (an hour after midnight and an hour before the next), and the day after.
        for (feedback, at) in said.iter().zip(["2026-03-09T12", "2026-03-09T18", "2026-03-10T16", "2026-03-11T12", "2026-06-10T16"]) {
            stage.clock.set(format!("{at}:00:00Z").parse().unwrap());
            stage.group_of(&[feedback], "sửa đường").await;
        }
        stage.day("2026-09-11");
        let office = stage.office();
        let mut tables = Vec::new();
        for session in &sessions {
            let (_, bytes) = fetched(&office, &format!("/documents/petition-results/{session}.docx")).await;
            let told = text_of(&bytes);
            // Carried over, new, in all, done, left.
            let (_, figures) = told.split_once("Kỳ trước chuyển sang ").unwrap();
            let (figures, _) = figures.split_once(". Số liệu").unwrap();
            let figures: Vec<u32> = figures.split(|c: char| !c.is_ascii_digit()).filter_map(|figure| figure.parse().ok()).collect();
            let (_, period) = told.split_once("(Kỳ từ ngày ").unwrap();
            let period = period.split_once(';').unwrap().0.to_owned();
            let listed = told.lines().filter(|line| line.contains("/2026 | ")).count();
            assert_eq!(listed, figures[2] as usize, "{told}");
            let carried = told.lines().filter(|line| line.ends_with(" | Kỳ trước chuyển sang")).count();
            assert_eq!(carried, figures[0] as usize, "{told}");
            tables.push((period, figures));
        }
        assert_eq!(tables, [
            ("01/01/2026 đến ngày 10/03/2026".to_owned(), vec![0, 3, 3, 0, 3]),
            ("11/03/2026 đến ngày 10/06/2026".to_owned(), vec![3, 2, 5, 0, 5]),
            ("11/03/2026 đến ngày 10/06/2026".to_owned(), vec![3, 2, 5, 0, 5]),
            ("11/06/2026 đến ngày 10/09/2026".to_owned(), vec![5, 0, 5, 0, 5]),
        ]);
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

    // The letter said that nothing had come of 18 petitions, some of which were answered, and that it was the third one to a
    // body that had been urged once.
    async fn an_urging_letter_tells_what_is_owed_from_what_is_answered_and_counts_for_its_body(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let body = world.here.committee;
        let titles = ["Sửa cầu", "Nâng đường", "Thay đèn", "Nạo vét kênh"].map(str::to_owned);
        let four = stage.petitions(0, &titles).await;
        stage.forward(&four, body, &[world.company], "12/HĐND-VP").await;
        for _ in 0..2 {
            let call = json!({"targetKind": "petition", "targetId": four[0], "toAgencyId": world.company, "how": "phone"});
            stage.office().done("urge", call, "").await;
        }
        stage.day("2026-03-04");
        for (petition, number, more) in [
            (&four[1], "88/UBND", json!({})),
            (&four[2], "89/UBND", json!({"outcome": "in_progress", "roadmapAt": "2026-03-20"})),
        ] {
            let answer = stage.answer(std::slice::from_ref(petition), body, number, more);
            stage.body().done("answerPetitions", answer, "").await;
        }
        stage.day("2026-03-05");
        stage.office().done("assessAnswer", json!({"petitionId": four[1], "assessment": "unclear"}), "").await;
        stage.office().done("assessAnswer", json!({"petitionId": four[2], "assessment": "ok"}), "").await;
        let later = json!({"petitionIds": [four[3]], "dueAt": "2026-05-29", "reason": "Chờ bố trí vốn"});
        stage.body().done("extendDue", later, "").await;

        stage.day("2026-04-02");
        let letter = json!({"targetKind": "petition", "targetId": four[0], "targetIds": four[1..], "how": "document",
            "documentNumber": "120/HĐND-VP"});
        let urged = stage.office().done("urge", letter, "urging { documentUrl } urgings { ordinal } petitions { urgings }").await;
        assert_eq!(urged["urgings"], json!([{"ordinal": 1}, {"ordinal": 1}, {"ordinal": 1}, {"ordinal": 1}]));
        assert_eq!(urged["petitions"][0]["urgings"], 3);
        let path = text(&urged["urging"]["documentUrl"]);
        let told = text_of(&fetched(&stage.office(), &path).await.1);
        for must in [
            "chưa nhận được kết quả giải quyết 2 kiến nghị, trong đó 1 kiến nghị đã quá hạn trả lời. 2 kiến nghị đã được trả lời, \
             nhưng cần trả lời rõ hơn hoặc báo cáo kết quả thực hiện.",
            "thời hạn hoàn thành; trả lời rõ hơn, báo cáo kết quả thực hiện đối với các kiến nghị đã được trả lời, để",
        ] {
            assert!(told.contains(must), "{must}\n{told}");
        }
        let listed: Vec<&str> = told.lines().filter(|line| line.contains("/2026 | ")).collect();
        let ends = |line: &&str| line.rsplit(" | ").take(2).map(str::to_owned).collect::<Vec<_>>();
        let mut ends: Vec<Vec<String>> = listed.iter().map(ends).collect();
        assert!(listed[..2].iter().all(|line| line.contains("Chưa trả lời")), "{told}");
        ends.sort();
        let row = |state: &str| vec!["1".to_owned(), state.to_owned()];
        assert_eq!(ends, [
            row("Chưa trả lời"),
            row("Chưa trả lời, đã quá hạn"),
            row("Đã trả lời tại 88/UBND ngày 04/03/2026; cần trả lời rõ hơn"),
            row("Đã trả lời tại 89/UBND ngày 04/03/2026; hẹn chậm nhất ngày 20/03/2026"),
        ]);

        // Answered since, it says what it said.
        stage.day("2026-04-03");
        let answer = stage.answer(&four[..1], body, "95/UBND", json!({}));
        stage.body().done("answerPetitions", answer, "").await;
        assert_eq!(text_of(&fetched(&stage.office(), &path).await.1), told);
    }

    // "Before the 25th", said the letter, and the server counted the 25th as in time.
    async fn the_day_that_a_letter_names_is_in_time(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let petition = stage.one("Sửa cầu").await;
        let letter = json!({"petitionIds": [petition], "leadId": stage.world.here.committee, "documentNumber": "12/VP",
            "documentDate": "2026-03-02", "dueAt": "2026-03-25"});
        let sent = stage.office().done("forwardPetitions", letter, "petition { forwardings { documentUrl } }").await;
        let path = text(&sent["petition"]["forwardings"][0]["documentUrl"]);
        let told = text_of(&fetched(&stage.office(), &path).await.1);
        assert!(told.contains("chậm nhất ngày 25/03/2026") && !told.contains("trước ngày"), "{told}");
        let query = "query($id: ID!) { petition(id: $id) { isOverdue } }";
        for (day, is_overdue) in [("2026-03-25", false), ("2026-03-26", true)] {
            stage.day(day);
            let seen = stage.office().data(query, json!({"id": petition})).await;
            assert_eq!(seen["petition"]["isOverdue"], is_overdue, "{day}");
        }
    }

    // A letter to the council above named whichever body had the petition when it was printed.
    async fn an_urging_letter_to_the_council_above_is_addressed_to_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let petition = stage.one("Cầu liên xã").await;
        let up = json!({"petitionIds": [petition], "upperCouncilId": world.province_council, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        stage.office().done("forwardPetitions", up, "").await;
        stage.day("2026-03-20");
        let letter = json!({"targetKind": "petition", "targetId": petition, "how": "document", "documentNumber": "20/HĐND-VP"});
        let urged = stage.office().done("urge", letter, "urging { documentUrl }").await;
        let path = text(&urged["urging"]["documentUrl"]);
        stage.day("2026-03-21");
        let on = json!({"petitionIds": [petition], "leadId": world.department, "documentNumber": "90/HĐND", "documentDate": "2026-03-21"});
        stage.app.person(&world.province_office).done("forwardPetitions", on, "").await;
        let told = text_of(&fetched(&stage.office(), &path).await.1);
        let reference = stage.app.state.reference();
        let above = &reference.council(world.province_council).unwrap().name;
        assert!(told.contains(&format!("Kính gửi: {above}.")) && !told.contains("Sở Xây dựng"), "{told}");
    }

    // The paper counted five and listed two; the communes whose voters were missing on it had none of their own.
    async fn the_minutes_of_a_joint_contact_count_what_they_list(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (app, world) = (&stage.app, &stage.world);
        let above = app.person(&world.province_office);
        let input = json!({"councilId": world.province_council, "councilIds": [world.here.council, world.there.council], "kind": "thematic",
            "title": "Tiếp xúc cử tri liên xã", "place": "Hội trường xã Tân Hưng", "startsAt": stage.hours(-3),
            "unitIds": [world.here.unit, world.there.unit]});
        let point = text(&above.done("planMeeting", input, "meeting { id }").await["meeting"]["id"]);
        for event in ["approve", "notify", "hold"] {
            above.done("advanceMeeting", json!({"meetingId": point, "event": event}), "").await;
        }
        let number = json!({"meetingId": point, "kind": "BB", "number": "7/BB-HĐND", "date": "2026-03-02", "title": "Biên bản"});
        above.done("addDocument", number, "").await;
        stage.said(0, &point, &[("Cầu gãy", false), ("Đèn tắt", true)]).await;
        let heard = [
            (&world.there.delegates[0], world.there.unit, "Đường ngập"),
            (&world.province_delegate, world.here.unit, "Điện yếu"),
            (&world.province_delegate, world.here.unit, "Nước đục"),
        ];
        for (login, unit, words) in heard {
            let row = json!({"meetingId": point, "kind": "petition", "unitId": unit, "content": words});
            let row = cutri_tests::phone::create("feedback", &new_id(), row);
            let pushed = cutri_tests::phone::Phone::new(app.person(login)).push(&[row]).await;
            assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
        }

        let all = ["Cầu gãy", "Đèn tắt", "Đường ngập", "Điện yếu", "Nước đục"];
        let papers = [
            (&world.province_office, "TỈNH TÂY NINH", "Đã ghi 2 phiếu; trả lời tại chỗ 0; đã chuyển cơ quan có thẩm quyền 0; chưa chuyển 2.",
                "Ngoài ra 3 phiếu do đại biểu Hội đồng nhân dân xã Tân Hưng (2), Hội đồng nhân dân xã Vĩnh Thạnh (1) ghi.", &all[3..]),
            (&world.here.office, "XÃ TÂN HƯNG", "Đã ghi 2 phiếu; trả lời tại chỗ 1; đã chuyển cơ quan có thẩm quyền 0; chưa chuyển 1.",
                "Ngoài ra 3 phiếu do đại biểu Hội đồng nhân dân tỉnh Tây Ninh (2), Hội đồng nhân dân xã Vĩnh Thạnh (1) ghi.", &all[..2]),
            (&world.there.office, "XÃ VĨNH THẠNH", "Đã ghi 1 phiếu; trả lời tại chỗ 0; đã chuyển cơ quan có thẩm quyền 0; chưa chuyển 1.",
                "Ngoài ra 4 phiếu do đại biểu Hội đồng nhân dân tỉnh Tây Ninh (2), Hội đồng nhân dân xã Tân Hưng (2) ghi.", &all[2..3]),
        ];
        for (login, head, counted, others, listed) in papers {
            let person = app.person(login);
            let of = person.data("query($id: ID!) { meeting(id: $id) { documentUrl } }", json!({"id": point})).await;
            let told = text_of(&fetched(&person, &text(&of["meeting"]["documentUrl"])).await.1);
            for must in [head, counted, others, "số ý kiến, kiến nghị: 5."] {
                assert!(told.contains(must), "{must}\n{told}");
            }
            for words in all {
                assert_eq!(told.contains(words), listed.contains(&words), "{words}\n{told}");
            }
            assert_eq!(told.lines().filter(|line| line.contains(" | Kiến nghị, ")).count(), listed.len(), "{told}");
            // The number of the paper that the province's office entered is that paper's.
            assert_eq!(told.contains("7/BB-HĐND"), head == "TỈNH TÂY NINH", "{told}");
        }
        let path = format!("/documents/contact-minutes/{point}.docx");
        for login in [&world.here.committee_login, &world.aggregator, &world.administrator] {
            assert_eq!(app.person(login).with_file("GET", &path, &[], Vec::new()).await.0, 404);
        }
    }
}
