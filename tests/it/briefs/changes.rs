//! What changed since the last look stands in the briefs a turn later, and costs what changed; tests of the worker's look
//! begin where nothing else was written lately, so that only the change itself can be what it found.

use cutri::briefs;
use cutri_tests::{
    TestDatabase, each_db,
    phone::{Phone, change, create, new_id, take_back},
    world::Put,
};
use entity::{
    document,
    id::UnitId,
    petition::{self, Process},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{day, in_all, taken_over};
use crate::rounds::{Stage, pulled};

/// The numbers of the resolutions of a brief, in its order.
fn numbers(brief: &Value) -> Vec<&str> {
    let list = brief["resolutions"].as_array().unwrap().iter();
    list.map(|one| one["number"].as_str().unwrap()).collect()
}

/// How many answers given on the spot a brief tells.
fn on_spot(brief: &Value) -> usize {
    brief["onSpot"].as_array().unwrap().len()
}

/// What was asked and answered on the spot in a unit.
fn answered(id: &str, unit: UnitId) -> Value {
    let said = json!({"kind": "petition", "unitId": unit, "content": "Bao giờ thu gom rác", "answeredOnSpot": true,
        "onSpotAnswer": "Sẽ thu gom hai lần mỗi tuần"});
    create("feedback", id, said)
}

/// A correction of one's own slip, as the phone knows it.
fn correction(phone: &Phone, id: &str, patch: Value) -> Value {
    let rev = phone.row("feedback", id)["rev"].as_str().unwrap();
    change("feedback", id, rev, patch)
}

/// Pushes rows that are all taken.
async fn push(phone: &Phone, rows: &[Value]) {
    for outcome in phone.push(rows).await {
        assert_eq!(outcome["status"], "APPLIED", "{outcome:#?}");
    }
}

impl Stage {
    /// A coming contact of the province in one commune.
    async fn above(&self, unit: UnitId) -> String {
        let input = json!({"councilId": self.world.province_council, "kind": "thematic", "title": "Tiếp xúc chuyên đề",
            "startsAt": self.hours(48), "unitIds": [unit]});
        let office = self.app.person(&self.world.province_office);
        let planned = office.done("planMeeting", input, "meeting { id }").await;
        planned["meeting"]["id"].as_str().unwrap().to_owned()
    }
}

each_db! {
    // The number that voters were given was the old one until the next day.
    async fn whom_to_call_is_told_as_it_is_now(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let point = stage.coming().await;
        // The department is none of this place; it has what the place asked.
        let led = petition::Model { process: Process::Forwarded, agency_id: Some(world.department), ..taken_over(&stage, 1) };
        stage.put(&[led]).await;
        let mut day = None;
        for (agency, hotline) in [(world.here.committee, "0276 3822 111"), (world.department, "0276 3822 222")] {
            stage.settled(&mut day).await;
            let update = json!({"agencyId": agency, "hotline": hotline});
            stage.app.person(&world.administrator).done("updateAgency", update, "").await;
            stage.turn(&mut day).await;
            let brief = stage.brief(stage.delegate(0), &point).await;
            let told = brief["agencies"].as_array().unwrap().iter().find(|one| one["id"] == json!(agency));
            assert_eq!(told.map(|one| &one["hotline"]), Some(&json!(hotline)), "{brief}");
        }
    }

    // An answer that had been entered at the wrong place, or as one by mistake, was carried there on.
    async fn an_answer_on_the_spot_that_was_moved_or_taken_back_is_carried_no_more(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let (here, there) = (stage.above(world.here.unit).await, stage.above(world.there.unit).await);
        let (moved, withdrawn) = (new_id(), new_id());
        let phone = Phone::new(stage.app.person(&world.province_delegate));
        push(&phone, &[answered(&moved, world.here.unit), answered(&withdrawn, world.here.unit)]).await;
        let mut day = None;
        let both = async || {
            let office = || stage.app.person(&world.province_office);
            (on_spot(&stage.brief(office(), &here).await), on_spot(&stage.brief(office(), &there).await))
        };
        for (patch, expected) in [
            (Value::Null, (2, 0)),
            (json!({"unitId": world.there.unit}), (1, 1)),
            (json!({"answeredOnSpot": false, "onSpotAnswer": null}), (1, 0)),
        ] {
            stage.settled(&mut day).await;
            if !patch.is_null() {
                let phone = pulled(stage.app.person(&world.province_delegate)).await;
                push(&phone, &[correction(&phone, &moved, patch.clone())]).await;
            }
            stage.turn(&mut day).await;
            assert_eq!(both().await, expected, "{patch}");
        }
        stage.settled(&mut day).await;
        let phone = Phone::new(stage.app.person(&world.province_delegate));
        push(&phone, &[take_back("feedback", &withdrawn)]).await;
        stage.turn(&mut day).await;
        assert_eq!(both().await, (0, 0));
    }

    // After sixty newer papers of whatever kind the guide was not found any more.
    async fn the_guide_is_found_behind_the_reports_of_years_and_a_paper_is_corrected(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (council, office) = (stage.world.here.council, stage.office());
        for (number, date, from, to) in [
            ("01/HD-HĐND", "2025-12-01", None, None),
            ("02/HD-HĐND", "2026-01-05", None, Some("2026-02-01")),
            ("03/HD-HĐND", "2026-02-01", Some("2026-04-01"), None),
        ] {
            let guide = json!({"councilId": council, "purpose": "contact_guide", "kind": "HD", "number": number, "date": date,
                "title": "Hướng dẫn tiếp xúc cử tri", "validFrom": from, "validTo": to});
            office.done("addCouncilDocument", guide, "").await;
        }
        let mut put = Put::new();
        for n in 0..61 {
            put = put.row(document::Model {
                id: Uuid::now_v7().into(),
                council_id: council,
                meeting_id: None,
                kind: "BC".to_owned(),
                number: format!("{n}/BC-UBND"),
                date: day(n),
                signer: None,
                title: "Báo cáo kinh tế - xã hội".to_owned(),
                purpose: Some("socio_economic_report".to_owned()),
                summary: None,
                valid_from: None,
                valid_to: None,
                created_at: "2026-03-02T01:00:00Z".parse().unwrap(),
            });
        }
        put.now(&stage.app.state).await;
        let point = stage.coming().await;
        let mut day = None;
        stage.settled(&mut day).await;
        let papers = async || {
            let brief = stage.brief(stage.delegate(0), &point).await;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&brief["guide"]["number"]), text(&brief["guide"]["title"]), text(&brief["report"]["number"]))
        };
        let told = |title: &str, report: &str| ("01/HD-HĐND".to_owned(), title.to_owned(), report.to_owned());
        assert_eq!(papers().await, told("Hướng dẫn tiếp xúc cử tri", "60/BC-UBND"));

        // One is corrected, one ends, and a turn later that is what delegates read.
        let office = stage.office();
        let query = "query($id: ID!) { council(id: $id) { documents { id number } } }";
        let list = office.data(query, json!({"id": council})).await["council"]["documents"].clone();
        let id = |number: &str| {
            let list = list.as_array().unwrap();
            list.iter().find(|one| one["number"] == number).unwrap()["id"].clone()
        };
        let corrected = "Hướng dẫn tiếp xúc cử tri năm 2026";
        for input in [
            json!({"documentId": id("01/HD-HĐND"), "title": corrected}),
            json!({"documentId": id("60/BC-UBND"), "validTo": "2026-03-02"}),
        ] {
            office.done("updateCouncilDocument", input, "council { id }").await;
        }
        stage.turn(&mut day).await;
        assert_eq!(papers().await, told(corrected, "59/BC-UBND"));
        for (input, code) in [
            (json!({"documentId": id("59/BC-UBND"), "number": "58/BC-UBND", "date": "2026-02-28"}), "TAKEN"),
            (json!({"documentId": id("59/BC-UBND"), "validFrom": "2026-03-02", "validTo": "2026-03-02"}), "OUT_OF_RANGE"),
            (json!({"documentId": id("59/BC-UBND"), "title": " "}), "REQUIRED"),
        ] {
            assert_eq!(office.refused("updateCouncilDocument", input.clone()).await, code, "{input}");
        }
        let query = "query($id: ID!) { council(id: $id) { history(first: 100) { event basis } } }";
        let steps = office.data(query, json!({"id": council})).await["council"]["history"].clone();
        let step = json!({"event": "document_corrected", "basis": "01/HD-HĐND"});
        assert!(steps.as_array().unwrap().contains(&step), "{steps}");
    }

    async fn what_is_decided_above_comes_after_the_councils_own_and_is_cut_first(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let point = stage.coming().await;
        let decided = |council: Value, number: &str, from: &str, is_public: bool| json!({"councilId": council, "rawNumber": number,
            "kind": "individual", "title": format!("Nghị quyết {number}"), "issuedOn": "2026-01-15", "inForceFrom": from,
            "isPublic": is_public});
        let own = decided(json!(world.here.council), "07/NQ-HĐND", "2026-01-20", false);
        stage.office().done("createResolution", own, "").await;
        let neighbours = decided(json!(world.there.council), "08/NQ-HĐND", "2026-01-20", true);
        stage.app.person(&world.there.office).done("createResolution", neighbours, "").await;
        let mut day = None;
        stage.settled(&mut day).await;
        // Newer, and of a council that is above; what that one keeps to itself stays with it.
        for (number, is_public) in [("12/NQ-HĐND", true), ("13/NQ-HĐND", false)] {
            let above = decided(json!(world.province_council), number, "2026-02-20", is_public);
            stage.app.person(&world.province_office).done("createResolution", above, "").await;
        }
        stage.turn(&mut day).await;
        let brief = stage.brief(stage.delegate(0), &point).await;
        assert_eq!(numbers(&brief), ["07/NQ-HĐND", "12/NQ-HĐND"]);
        let reference = stage.app.state.reference();
        let name = &reference.council(world.province_council).unwrap().name;
        let whose = |n: usize| brief["resolutions"][n]["council"].clone();
        assert_eq!((whose(0), whose(1)), (Value::Null, json!(name)), "{brief}");

        // Where the place asked more than there is room for, it is what stays out.
        let asked: Vec<petition::Model> = (0..80).map(|n| taken_over(&stage, n)).collect();
        stage.put(&asked).await;
        briefs::make(&stage.app.state, true).await.unwrap();
        let phone = pulled(stage.delegate(0)).await;
        let text = phone.row("meeting", &point)["brief"].as_str().unwrap();
        assert!(text.len() <= briefs::MOST_BYTES, "{}", text.len());
        let full: Value = serde_json::from_str(text).unwrap();
        assert_eq!(numbers(&full), ["07/NQ-HĐND"]);
        assert_eq!((in_all(&full, "resolutions"), in_all(&full, "asked")), (2, 80));
    }

    async fn a_look_costs_the_same_statements_for_one_change_and_for_many(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let point = stage.coming().await;
        let mut day = None;
        let mut counted = Vec::new();
        for count in [1, 12] {
            let slips: Vec<String> = (0..count).map(|_| new_id()).collect();
            let rows: Vec<Value> = slips.iter().map(|id| answered(id, world.here.unit)).collect();
            push(&Phone::new(stage.delegate(0)), &rows).await;
            stage.settled(&mut day).await;
            assert_eq!(on_spot(&stage.brief(stage.delegate(0), &point).await), count);

            let phone = pulled(stage.delegate(0)).await;
            let taken_back = json!({"answeredOnSpot": false, "onSpotAnswer": null});
            let rows: Vec<Value> = slips.iter().map(|id| correction(&phone, id, taken_back.clone())).collect();
            push(&phone, &rows).await;
            for agency in [world.here.committee, world.department].iter().take(count) {
                let update = json!({"agencyId": agency, "hotline": format!("0276 {count}")});
                stage.app.person(&world.administrator).done("updateAgency", update, "").await;
            }
            let before = stage.app.state.store.statements();
            briefs::make(&stage.app.state, false).await.unwrap();
            counted.push(stage.app.state.store.statements() - before);
            assert_eq!(on_spot(&stage.brief(stage.delegate(0), &point).await), 0);
        }
        assert_eq!(counted[0], counted[1]);
        // Where nothing changed it is one statement for each kind of source.
        stage.settled(&mut day).await;
        let before = stage.app.state.store.statements();
        briefs::make(&stage.app.state, false).await.unwrap();
        assert_eq!(stage.app.state.store.statements() - before, 5);
    }
}
