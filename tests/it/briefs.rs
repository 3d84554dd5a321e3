//! What delegates carry to a voter contact: what the place asked before and what came of it, made by the server when it
//! changes, and read on a phone without signal.

use chrono::Duration;
use cutri::{briefs, worker};
use cutri_tests::{
    TestDatabase, each_db,
    phone::{Phone, create, new_id},
};
use serde_json::{Value, json};

use crate::rounds::{Stage, pulled};

impl Stage {
    /// The server takes its turn: twice, as two servers would.
    async fn turn(&self, last_day: &mut Option<chrono::NaiveDate>) {
        worker::turn(&self.app.state, last_day).await;
        let mut other = *last_day;
        worker::turn(&self.app.state, &mut other).await;
    }

    /// What somebody's phone shows of a meeting's brief.
    async fn brief(&self, person: cutri_tests::app::Person, meeting: &str) -> Value {
        let phone = pulled(person).await;
        serde_json::from_str(phone.row("meeting", meeting)["brief"].as_str().unwrap_or("null")).unwrap()
    }

    /// A petition of this place that has come so far; the days are those of the clock.
    async fn petition(&self, title: &str, answer: Option<Value>) -> String {
        let (office, world) = (self.office(), &self.world);
        let said = new_id();
        let row = create(
            "feedback",
            &said,
            json!({"kind": "petition", "channel": "contact_meeting", "unitId": world.here.unit,
            "content": format!("Bà con nói về {title}")}),
        );
        let pushed = Phone::new(self.delegate(0)).push(&[row]).await;
        assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
        let input =
            json!({"feedbackIds": [said], "title": title, "content": format!("Cử tri đề nghị {title}")});
        let id = office.done("groupFeedback", input, "petition { id }").await["petition"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        office
            .done(
                "classifyPetition",
                json!({"petitionId": id, "field": "transport", "tier": "commune"}),
                "",
            )
            .await;
        let input = json!({"petitionIds": [id], "leadId": world.here.committee, "documentNumber": format!("{}/HĐND", title.len()),
            "documentDate": "2026-03-02"});
        office.done("forwardPetitions", input, "").await;
        if let Some(answer) = answer {
            let mut input = json!({"petitionIds": [id], "agencyId": world.here.committee, "documentNumber": format!("{}/UBND", title.len()),
                "documentDate": "2026-03-02"});
            input
                .as_object_mut()
                .unwrap()
                .extend(answer.as_object().unwrap().clone());
            let body = self.app.person(&world.here.committee_login);
            body.done("answerPetitions", input, "").await;
        }
        id
    }
}

each_db! {
    async fn a_delegate_carries_what_the_place_asked_and_what_came_of_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let mut day = None;
        let open = stage.petition("sửa cầu Gò Thuyền", None).await;
        let promised = stage.petition("làm đường liên ấp", Some(json!({"text": "Đã đưa vào kế hoạch năm 2026", "outcome": "in_progress",
            "roadmapAt": "2026-12-31"}))).await;
        let answered = stage.petition("thắp sáng đường quê", Some(json!({"text": "Đã lắp 40 bóng đèn", "outcome": "resolved"}))).await;
        let spot = create("feedback", &new_id(), json!({"kind": "petition", "unitId": world.here.unit, "content": "Bao giờ thu gom rác",
            "subject": "Thu gom rác", "answeredOnSpot": true, "onSpotAnswer": "Xã sẽ thu gom hai lần mỗi tuần"}));
        assert_eq!(Phone::new(stage.delegate(1)).push(&[spot]).await[0]["status"], "APPLIED");
        let resolution = json!({"councilId": world.here.council, "rawNumber": "07/NQ-HĐND", "kind": "individual", "title": "Về đầu tư công năm 2026",
            "issuedOn": "2026-01-15", "inForceFrom": "2026-01-20", "isPublic": true});
        office.done("createResolution", resolution, "").await;
        let paper = |purpose: &str, number: &str, date: &str| json!({"councilId": world.here.council, "purpose": purpose, "kind": "HD", "number": number,
            "date": date, "title": "Văn bản của Hội đồng", "summary": "Lắng nghe, giải trình, hứa thì ghi lại."});
        for (purpose, number, date) in [
            ("contact_guide", "01/HD-HĐND", "2025-12-01"), ("contact_guide", "02/HD-HĐND", "2026-02-01"), ("socio_economic_report", "15/BC-UBND", "2026-02-20"),
        ] {
            office.done("addCouncilDocument", paper(purpose, number, date), "council { documents { number } }").await;
        }
        office.done("updateAgency", json!({"agencyId": world.here.committee, "hotline": "0276 3822 000"}), "").await;
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp Gò Thuyền", 72).await;
        let far = stage.point(&round, "ấp Rọc Chanh", 24 * 40).await;
        stage.lead(&round, "approve").await;

        stage.turn(&mut day).await;
        let brief = stage.brief(stage.delegate(0), &point).await;
        let ids = |name: &str| brief[name].clone();
        assert_eq!(ids("open"), json!([open]));
        assert_eq!(ids("promised"), json!([promised]));
        let asked = brief["asked"].as_array().unwrap();
        let of = |id: &str| asked.iter().find(|one| one["id"] == *id).unwrap();
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[0]["id"], *open, "what is open comes first");
        assert!(of(&open)["agency"].as_str().unwrap().starts_with("UBND "));
        assert_eq!(of(&open)["dueAt"], "2026-03-30");
        assert_eq!((&of(&promised)["outcome"], &of(&promised)["roadmapAt"]), (&json!("in_progress"), &json!("2026-12-31")));
        assert_eq!(of(&answered)["answer"], "Đã lắp 40 bóng đèn");
        assert_eq!(brief["onSpot"][0]["answer"], "Xã sẽ thu gom hai lần mỗi tuần");
        assert_eq!(brief["resolutions"][0]["number"], "07/NQ-HĐND");
        assert_eq!((&brief["guide"]["number"], &brief["report"]["number"]), (&json!("02/HD-HĐND"), &json!("15/BC-UBND")));
        assert!(brief["agencies"].as_array().unwrap().iter().any(|agency| agency["hotline"] == "0276 3822 000"));
        assert_eq!(brief["round"]["planNumber"], "06/KH-HĐND");
        // Too far ahead: not yet. The day before tomorrow's month begins it is there.
        assert_eq!(stage.brief(stage.delegate(0), &far).await, Value::Null);

        // Nothing changed: nothing is written, by whichever server.
        let rev = async |id: &str| pulled(stage.delegate(0)).await.row("meeting", id)["rev"].clone();
        let before = rev(&point).await;
        stage.turn(&mut day).await;
        assert_eq!(rev(&point).await, before);
        // An answer comes: the brief changes with the next turn, and only with that.
        let input = json!({"petitionIds": [open], "agencyId": world.here.committee, "documentNumber": "99/UBND", "documentDate": "2026-03-02",
            "text": "Khởi công tháng 5", "outcome": "in_progress", "roadmapAt": "2026-05-31"});
        stage.app.person(&world.here.committee_login).done("answerPetitions", input, "").await;
        assert_eq!(rev(&point).await, before);
        stage.turn(&mut day).await;
        let after = stage.brief(stage.delegate(0), &point).await;
        assert_eq!((&after["open"], &after["promised"]), (&json!([]), &json!([open, promised])));

        // Ten days later the far one is near enough.
        stage.clock.advance(Duration::days(11));
        stage.turn(&mut day).await;
        assert_eq!(stage.brief(stage.delegate(0), &far).await["asked"].as_array().unwrap().len(), 3);
    }

    async fn each_reads_of_a_brief_what_is_his(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let ours = stage.petition("sửa cầu", None).await;
        let spot = create("feedback", &new_id(), json!({"kind": "petition", "unitId": world.here.unit, "content": "Rác", "answeredOnSpot": true,
            "onSpotAnswer": "Xã sẽ thu gom"}));
        Phone::new(stage.delegate(1)).push(&[spot]).await;
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp 1", 72).await;
        let note = "Lưu ý: không hứa thay UBND";
        office.done("updateMeeting", json!({"meetingId": point, "brief": note}), "").await;
        stage.lead(&round, "approve").await;
        office.done("publishRound", json!({"roundId": round}), "").await;
        // Until it is made, the office's words are all there is.
        let text = pulled(stage.delegate(0)).await.row("meeting", &point)["brief"].clone();
        assert_eq!(text, note);
        briefs::make(&stage.app.state, false).await.unwrap();
        let own = stage.brief(stage.delegate(0), &point).await;
        assert_eq!((&own["note"], &own["open"], own["onSpot"].as_array().unwrap().len()), (&json!(note), &json!([ours]), 1));
        // A delegate of the province who represents the place reads it, without what single voters were told.
        let above = stage.brief(stage.app.person(&world.province_delegate), &point).await;
        assert_eq!((&above["open"], &above["onSpot"], &above["note"]), (&json!([ours]), &Value::Null, &json!(note)));
        // In GraphQL the same, and the office's own words by themselves; for the public nothing.
        let query = "query($id: ID!) { meeting(id: $id) { brief briefNote } }";
        let desk = office.data(query, json!({"id": point})).await["meeting"].clone();
        assert_eq!(desk["briefNote"], note);
        assert_eq!(serde_json::from_str::<Value>(desk["brief"].as_str().unwrap()).unwrap(), own);
        let public = stage.app.stranger().data(query, json!({"id": point})).await;
        assert_eq!(public["meeting"], json!({"brief": null, "briefNote": null}));

        // The province holds a contact there: of the commune's petitions its brief has only what is published.
        let office_above = stage.app.person(&world.province_office);
        let input = json!({"councilId": world.province_council, "kind": "thematic", "title": "Tiếp xúc chuyên đề", "startsAt": stage.hours(48),
            "unitIds": [world.here.unit]});
        let theirs = office_above.done("planMeeting", input, "meeting { id }").await["meeting"]["id"].as_str().unwrap().to_owned();
        briefs::make(&stage.app.state, false).await.unwrap();
        assert_eq!(stage.brief(office_above.clone(), &theirs).await["asked"], json!([]));
        office.done("publishPetition", json!({"petitionId": ours, "publicContent": "Sửa cầu"}), "").await;
        briefs::make(&stage.app.state, false).await.unwrap();
        assert_eq!(stage.brief(office_above, &theirs).await["open"], json!([ours]));
    }

    async fn a_brief_stays_small_and_keeps_what_is_urgent(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let long = "Ủy ban nhân dân xã đã kiểm tra thực tế, lập dự toán và trình cấp trên bố trí vốn. ".repeat(20);
        let mut open = Vec::new();
        for number in 0..24 {
            let title = format!("sửa tuyến đường số {number} {}", "dài ".repeat(number + 20));
            let answer = (number % 4 != 0).then(|| json!({"text": long, "outcome": "explained"}));
            let id = stage.petition(&title, answer.clone()).await;
            if answer.is_none() {
                open.push(id);
            }
        }
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp 1", 72).await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let text = pulled(stage.delegate(0)).await.row("meeting", &point)["brief"].as_str().unwrap().to_owned();
        assert!(text.len() <= briefs::MOST_BYTES, "{}", text.len());
        let brief: Value = serde_json::from_str(&text).unwrap();
        let mut kept: Vec<&str> = brief["open"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        kept.sort_unstable();
        open.sort_unstable();
        assert_eq!(kept, open, "answers go before what is open");
        let asked = brief["asked"].as_array().unwrap().len() as u64;
        assert_eq!(asked + brief["left"]["asked"].as_u64().unwrap(), 24);
    }
}
