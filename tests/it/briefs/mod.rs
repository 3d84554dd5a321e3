//! What delegates carry to a voter contact: what the place asked before and what came of it, made by the server when it
//! changes, and read on a phone without signal.

mod changes;
mod many;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use cutri::{briefs, worker};
use cutri_tests::{
    TestDatabase, each_db,
    phone::{Phone, create, new_id},
    world::Put,
};
use entity::{
    council,
    id::{CouncilId, PetitionId, UnitId},
    petition::{self, Process},
    petition_unit,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use crate::{
    rounds::{Stage, pulled},
    rows,
};

/// What voters asked a council, not yet classified.
fn waiting(id: PetitionId, council: CouncilId, title: &str) -> petition::Model {
    petition::Model {
        id,
        council_id: council,
        number: id.to_string(),
        title: title.to_owned(),
        public_title: None,
        public_content: None,
        public_answer: None,
        process: Process::Accepted,
        outcome: None,
        agency_id: None,
        upper_council_id: None,
        forwarding_id: None,
        forwarded_number: None,
        forwarded_at: None,
        due_at: None,
        extended_to: None,
        answer_id: None,
        answer_text: None,
        answer_number: None,
        answered_at: None,
        assessment: None,
        roadmap_at: None,
        informed_at: None,
        closed_at: None,
        repeats: 0,
        rev: 0,
        ..rows::petition()
    }
}

/// One of the office's spreadsheet, received so many minutes after the first: its id follows from its words and tells
/// nothing of time.
fn taken_over(stage: &Stage, n: u32) -> petition::Model {
    let id = u128::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let first: DateTime<Utc> = "2025-01-06T01:00:00Z".parse().unwrap();
    petition::Model {
        number: format!("{n}/2025"),
        created_at: first + Duration::minutes(n.into()),
        ..waiting(
            Uuid::from_u128(id).into(),
            stage.world.here.council,
            &format!("Kiến nghị thứ {n}"),
        )
    }
}

/// What voters of a unit asked a council, as it is.
async fn asked_of(stage: &Stage, council: CouncilId, unit: UnitId, title: &str) -> String {
    let id: PetitionId = Uuid::now_v7().into();
    let row = waiting(id, council, title);
    let there = petition_unit::Model {
        petition_id: id,
        unit_id: unit,
    };
    Put::new().row(row).row(there).now(&stage.app.state).await;
    id.to_string()
}

/// The day so many days after the first of 2026.
fn day(n: u32) -> NaiveDate {
    "2026-01-01".parse::<NaiveDate>().unwrap() + Duration::days(n.into())
}

/// How many of a list there are, with those that were left out.
fn in_all(brief: &Value, list: &str) -> u64 {
    brief[list].as_array().unwrap().len() as u64 + brief["left"][list].as_u64().unwrap_or(0)
}

/// Of what a brief lists: the titles by id.
fn titles(brief: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let asked = brief["asked"].as_array().unwrap().iter();
    asked.map(|one| (text(&one["id"]), text(&one["title"]))).collect()
}

impl Stage {
    /// The server takes its turn: twice, as two servers would.
    async fn turn(&self, last_day: &mut Option<chrono::NaiveDate>) {
        worker::turn(&self.app.state, last_day).await;
        let mut other = *last_day;
        worker::turn(&self.app.state, &mut other).await;
    }

    /// Everything that was written so far was looked at, and so long ago that no look comes back to it.
    async fn settled(&self, last_day: &mut Option<chrono::NaiveDate>) {
        self.turn(last_day).await;
        self.clock.advance(Duration::minutes(10));
        self.turn(last_day).await;
    }

    /// What somebody's phone shows of a meeting's brief.
    async fn brief(&self, person: cutri_tests::app::Person, meeting: &str) -> Value {
        let phone = pulled(person).await;
        serde_json::from_str(phone.row("meeting", meeting)["brief"].as_str().unwrap_or("null")).unwrap()
    }

    /// Petitions of this place as they are.
    async fn put(&self, petitions: &[petition::Model]) {
        for rows in petitions.chunks(500) {
            let mut put = Put::new();
            for row in rows {
                let there = petition_unit::Model {
                    petition_id: row.id,
                    unit_id: self.world.here.unit,
                };
                put = put.row(row.clone()).row(there);
            }
            put.now(&self.app.state).await;
        }
    }

    /// A coming contact that has been approved.
    async fn coming(&self) -> String {
        let round = self.round("before_session", 1).await;
        let point = self.point(&round, "ấp 1", 72).await;
        self.lead(&round, "approve").await;
        point
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

        // Its following ends, and the promise is still asked for.
        for (name, input) in [
            ("assessAnswer", json!({"petitionId": promised, "assessment": "ok"})),
            ("informVoters", json!({"petitionId": promised, "channel": "loudspeaker"})),
            ("closePetition", json!({"petitionId": promised})),
        ] {
            office.done(name, input, "").await;
        }
        stage.turn(&mut day).await;
        let closed = stage.brief(stage.delegate(0), &point).await;
        let of = |id: &str| closed["asked"].as_array().unwrap().iter().find(|one| one["id"] == *id).unwrap();
        assert_eq!((&of(&promised)["process"], &closed["promised"]), (&json!("closed"), &json!([open, promised])));
        // Taken up again, it promises nothing more.
        office.done("reopenPetition", json!({"petitionId": promised, "reason": "Đường vẫn chưa làm"}), "").await;
        stage.turn(&mut day).await;
        assert_eq!(stage.brief(stage.delegate(0), &point).await["promised"], json!([open]));

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

    // What the communes had asked of which this one was made was left out: their councils are no more, and nobody published it.
    async fn what_is_late_asked_again_or_asked_of_former_councils_is_carried(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let late = stage.petition("sửa cầu Gò Thuyền", None).await;
        stage.clock.advance(Duration::seconds(1));
        let again = stage.petition("sửa lại cầu Gò Thuyền", None).await;
        stage.office().done("linkRepeat", json!({"petitionId": again, "earlierId": late}), "").await;
        let later = json!({"petitionIds": [again], "dueAt": "2026-05-29", "reason": "Chờ bố trí vốn"});
        stage.body().done("extendDue", later, "").await;

        // A commune that went into this one as a whole, and the council of the term before.
        let reference = stage.app.state.reference();
        let units = &reference.units;
        let former = units.predecessors(world.here.unit)
            .filter(|edge| !edge.derived && units.successors(edge.from_id).len() == 1)
            .map(|edge| units.get(edge.from_id).unwrap())
            .find(|unit| unit.level == "commune")
            .expect("Tân Hưng was made of communes");
        let council = |unit: UnitId| council::Model {
            unit_id: unit,
            valid_from: "2021-07-01".parse().unwrap(),
            valid_to: Some("2025-07-01".parse().unwrap()),
            rev: 0,
            ..rows::council()
        };
        let (merged, earlier) = (council(former.id), council(world.here.unit));
        let (of_merged, of_earlier) = (merged.id, earlier.id);
        Put::new().row(merged).row(earlier).now(&stage.app.state).await;
        let pump = asked_of(&stage, of_merged, former.id, "Trạm bơm Cả Môn").await;
        let school = asked_of(&stage, of_earlier, world.here.unit, "Trường mầm non").await;
        // What the neighbours and the province keep to themselves stays with them.
        asked_of(&stage, world.there.council, world.there.unit, "Chợ Vĩnh Thạnh").await;
        asked_of(&stage, world.province_council, world.here.unit, "Đường tỉnh 819").await;

        stage.day("2026-03-31");
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp 1", 72).await;
        stage.lead(&round, "approve").await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let brief = stage.brief(stage.delegate(0), &point).await;
        let named = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<BTreeSet<_>>();
        let told = titles(&brief);
        assert_eq!(told.keys().cloned().collect::<BTreeSet<_>>(), named(&[&late, &again, &pump, &school]));
        assert_eq!((told[&pump].as_str(), told[&school].as_str()), ("Trạm bơm Cả Môn", "Trường mầm non"));
        let open: BTreeSet<String> = brief["open"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        assert_eq!(open, named(&[&late, &again, &pump, &school]));
        assert_eq!(brief["repeated"], json!([again]));
        // A phone tells what is late by the days that stand there; what has a new day is not.
        let asked = &brief["asked"];
        assert_eq!((&asked[0]["id"], &asked[0]["dueAt"], &asked[0]["extendedTo"]), (&json!(late), &json!("2026-03-30"), &Value::Null));
        assert_eq!((&asked[1]["id"], &asked[1]["extendedTo"], &asked[1]["repeats"]), (&json!(again), &json!("2026-05-29"), &json!(1)));
    }

    async fn a_joint_contact_has_what_its_planner_has_and_of_others_what_is_released(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let ours = asked_of(&stage, world.here.council, world.here.unit, "Cầu nhà bà Sáu").await;
        let theirs = asked_of(&stage, world.there.council, world.there.unit, "Đường nhà ông Bảy").await;
        let of_province = asked_of(&stage, world.province_council, world.here.unit, "Đường tỉnh 819").await;
        let spot = create("feedback", &new_id(), json!({"kind": "petition", "unitId": world.here.unit, "content": "Rác", "answeredOnSpot": true,
            "onSpotAnswer": "Xã sẽ thu gom"}));
        assert_eq!(Phone::new(stage.delegate(1)).push(&[spot]).await[0]["status"], "APPLIED");
        let above = stage.app.person(&world.province_office);
        let input = json!({"councilId": world.province_council, "kind": "thematic", "title": "Hai xã một hội trường", "startsAt": stage.hours(48),
            "unitIds": [world.here.unit, world.there.unit], "councilIds": [world.here.council, world.there.council]});
        let planned = above.done("planMeeting", input, "meeting { id }").await["meeting"]["id"].as_str().unwrap().to_owned();
        briefs::make(&stage.app.state, true).await.unwrap();
        let both = stage.brief(stage.delegate(0), &planned).await;
        assert_eq!(titles(&both), BTreeMap::from([(of_province.clone(), "Đường tỉnh 819".to_owned())]));
        assert_eq!(both["onSpot"], json!([]));

        for (login, id, title) in [(&world.here.office, &ours, "Cầu liên ấp"), (&world.there.office, &theirs, "Đường liên ấp")] {
            let release = json!({"petitionId": id, "publicTitle": title, "publicContent": format!("Xin sửa: {title}")});
            stage.app.person(login).done("publishPetition", release, "").await;
        }
        briefs::make(&stage.app.state, true).await.unwrap();
        let both = stage.brief(stage.delegate(0), &planned).await;
        let released = [(of_province, "Đường tỉnh 819"), (ours, "Cầu liên ấp"), (theirs, "Đường liên ấp")];
        assert_eq!(titles(&both), BTreeMap::from(released.map(|(id, title)| (id, title.to_owned()))));
    }

    // Whoever named a neighbour in his plan read a minute later what that one had not published, and its guide as his own.
    async fn a_plan_that_names_a_neighbour_opens_nothing_of_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        asked_of(&stage, world.here.council, world.here.unit, "Cầu nhà bà Sáu").await;
        let spot = create("feedback", &new_id(), json!({"kind": "petition", "unitId": world.here.unit, "content": "Rác", "answeredOnSpot": true,
            "onSpotAnswer": "Xã sẽ thu gom"}));
        assert_eq!(Phone::new(stage.delegate(1)).push(&[spot]).await[0]["status"], "APPLIED");
        let guide = |council: CouncilId, number: &str, date: &str| json!({"councilId": council, "purpose": "contact_guide", "kind": "HD",
            "number": number, "date": date, "title": "Hướng dẫn tiếp xúc cử tri", "summary": format!("Theo {number}")});
        let newer = guide(world.here.council, "02/HD-HĐND", "2026-02-01");
        stage.office().done("addCouncilDocument", newer, "").await;
        for (login, council) in [(&world.there.office, world.there.council), (&world.province_office, world.province_council)] {
            let curious = stage.app.person(login);
            curious.done("addCouncilDocument", guide(council, "01/HD-HĐND", "2025-12-01"), "").await;
            let input = json!({"councilId": council, "kind": "thematic", "title": "Tiếp xúc chuyên đề", "startsAt": stage.hours(48),
                "unitIds": [world.here.unit], "councilIds": [world.here.council]});
            let planned = curious.done("planMeeting", input, "meeting { id }").await["meeting"]["id"].as_str().unwrap().to_owned();
            briefs::make(&stage.app.state, true).await.unwrap();
            let desk = curious.data("query($id: ID!) { meeting(id: $id) { brief } }", json!({"id": planned})).await;
            let phone = pulled(curious).await;
            for told in [&desk["meeting"]["brief"], &phone.row("meeting", &planned)["brief"]] {
                let told = told.as_str().unwrap();
                let brief: Value = serde_json::from_str(told).unwrap();
                assert_eq!(brief["guide"]["number"], "01/HD-HĐND", "{told}");
                for word in ["bà Sáu", "Xã sẽ thu gom", "02/HD-HĐND"] {
                    assert!(!told.contains(word), "{word}: {told}");
                }
            }
        }
    }

    // What the office had found off the point stood there as the answer of whoever had the petition next.
    async fn an_answer_that_was_found_wanting_is_carried_to_nobody(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let id = stage.petition("sửa cầu Gò Thuyền", Some(json!({"text": "Đã sửa xong", "outcome": "resolved"}))).await;
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp 1", 72).await;
        stage.lead(&round, "approve").await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let brief = stage.brief(stage.delegate(0), &point).await;
        assert_eq!((&brief["open"], &brief["asked"][0]["answer"]), (&json!([]), &json!("Đã sửa xong")));
        stage.office().done("assessAnswer", json!({"petitionId": id, "assessment": "off_point"}), "").await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let brief = stage.brief(stage.delegate(0), &point).await;
        assert_eq!(brief["open"], json!([id]));
        for member in ["answer", "answerNumber", "answeredAt"] {
            assert_eq!(brief["asked"][0][member], Value::Null, "{member}");
        }
    }

    async fn what_is_not_in_force_stays_out_and_an_older_report_entered_later_is_no_newer_one(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        for (number, dates) in [
            ("07/NQ-HĐND", json!({"inForceFrom": "2026-01-20"})),
            ("08/NQ-HĐND", json!({"inForceFrom": "2026-07-01"})),
            ("09/NQ-HĐND", json!({"inForceFrom": "2026-01-20", "inForceTo": "2026-02-20"})),
        ] {
            let mut resolution = json!({"councilId": world.here.council, "rawNumber": number, "kind": "individual",
                "title": format!("Nghị quyết {number}"), "issuedOn": "2026-01-15", "isPublic": true});
            resolution.as_object_mut().unwrap().extend(dates.as_object().unwrap().clone());
            office.done("createResolution", resolution, "").await;
        }
        for (number, date) in [("15/BC-UBND", "2026-02-20"), ("09/BC-UBND", "2026-01-10")] {
            let report = json!({"councilId": world.here.council, "purpose": "socio_economic_report", "kind": "BC", "number": number,
                "date": date, "title": "Báo cáo kinh tế - xã hội", "summary": "Thu ngân sách đạt dự toán."});
            office.done("addCouncilDocument", report, "").await;
            stage.clock.advance(Duration::seconds(1));
        }
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp 1", 72).await;
        stage.lead(&round, "approve").await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let brief = stage.brief(stage.delegate(0), &point).await;
        assert_eq!(brief["resolutions"].as_array().unwrap().len(), 1, "{brief}");
        assert_eq!(brief["resolutions"][0]["number"], "07/NQ-HĐND");
        assert_eq!(brief["report"]["number"], "15/BC-UBND");
    }
}
