//! Rounds as they really were: seven communes in one hall, one main point with others online, nineteen clusters about one
//! topic, and petitions for three tiers.

use std::collections::{BTreeMap, BTreeSet};

use cutri_tests::{
    TestDatabase,
    app::Person,
    each_db,
    refusals::{refusal, refused},
};
use entity::id::UnitId;
use serde_json::{Value, json};

use super::Stage;
use crate::{
    documents::{fetched, reading::text_of},
    reports::{sum, table},
};

/// An approved round of the province with its points, each with a place, the units that it is for, and how it is held.
async fn round_of_province(
    stage: &Stage,
    kind: &str,
    points: &[(String, Vec<UnitId>, &str)],
) -> (Person, String, Vec<String>) {
    let council = stage.world.province_council;
    let office = stage.app.person(&stage.world.province_office);
    let input = json!({"councilId": council, "kind": kind, "title": "Đợt tiếp xúc cử tri", "pointsPlanned": points.len(),
        "planNumber": "14/KH-HĐND", "planDate": "2026-02-25"});
    let round = office.done("planRound", input, "round { id }").await["round"]["id"].clone();
    let mut ids = Vec::new();
    for (place, units, mode) in points {
        let input = json!({"councilId": council, "kind": kind, "roundId": round, "title": "Tiếp xúc cử tri", "place": place,
            "startsAt": stage.hours(-3), "unitIds": units, "mode": mode});
        let made = office.done("planMeeting", input, "meeting { id }").await;
        ids.push(made["meeting"]["id"].as_str().unwrap().to_owned());
    }
    let approve = json!({"roundId": round, "event": "approve"});
    office.done("advanceRound", approve, "").await;
    (office, round.as_str().unwrap().to_owned(), ids)
}

/// Each of these points is held.
async fn hold(office: &Person, points: &[String]) {
    for point in points {
        let input = json!({"meetingId": point, "event": "hold"});
        office.done("advanceMeeting", input, "").await;
    }
}

each_db! {
    async fn a_round_of_the_province_meets_seven_communes_in_one_hall(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let office = stage.app.person(&world.province_office);
        let communes: Vec<UnitId> = {
            let reference = stage.app.state.reference();
            let below = reference.units.subtree(world.province);
            let others = [world.province, world.here.unit, world.there.unit];
            below.into_iter().filter(|unit| !others.contains(unit)).take(5).collect()
        };
        let mut units = communes;
        units.extend([world.here.unit, world.there.unit]);
        let session = json!({"councilId": world.province_council, "family": "session", "kind": "regular_mid", "title": "Kỳ họp thứ 5", "ordinal": 5});
        let session = office.done("planMeeting", session, "meeting { id }").await["meeting"]["id"].clone();
        let input = json!({"councilId": world.province_council, "kind": "after_session", "title": "Đợt tiếp xúc cử tri sau kỳ họp thứ 5",
            "sessionId": session, "planNumber": "12/KH-HĐND", "planDate": "2026-02-25"});
        let round = office.done("planRound", input, "round { id session { ordinal } }").await["round"].clone();
        assert_eq!(round["session"]["ordinal"], 5);
        let input = json!({"councilId": world.province_council, "councilIds": [world.here.council, world.there.council], "kind": "after_session",
            "roundId": round["id"], "title": "Tiếp xúc cử tri bảy xã", "place": "Hội trường xã Tân Hưng", "startsAt": stage.hours(-3), "unitIds": units});
        let point = office.done("planMeeting", input, "meeting { id }").await["meeting"]["id"].clone();
        office.done("advanceRound", json!({"roundId": round["id"], "event": "approve"}), "").await;
        for event in ["notify", "hold"] {
            office.done("advanceMeeting", json!({"meetingId": point, "event": event}), "").await;
        }
        let query = "query($id: ID!) { round(id: $id) { counts { pointsHeld unitsReached } } }";
        let expected = json!({"pointsHeld": 1, "unitsReached": 7});
        assert_eq!(office.data(query, json!({"id": round["id"]})).await["round"]["counts"], expected);
        // A session of another council is none of this round's.
        let wrong = json!({"councilId": world.here.council, "kind": "after_session", "title": "Đợt", "sessionId": session});
        assert_eq!(refusal(&stage.office(), "planRound", wrong).await, refused("NOT_FOUND", "sessionId"));
        // Commune delegates may be asked to a joint point, which lies in the province's round.
        let point_of_here = json!({"councilId": world.here.council, "kind": "after_session", "roundId": round["id"], "title": "Riêng"});
        assert_eq!(refusal(&stage.office(), "planMeeting", point_of_here).await, refused("NOT_FOUND", "roundId"));
    }

    async fn one_main_point_and_three_online_are_four_points_and_the_plan_says_which(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let below = stage.app.state.reference().units.subtree(world.province);
        let others = below.into_iter().filter(|unit| ![world.province, world.here.unit].contains(unit)).take(3);
        let mut points = vec![("Hội trường xã Tân Hưng".to_owned(), vec![world.here.unit], "mixed")];
        points.extend((1..).zip(others).map(|(number, unit)| (format!("Điểm cầu số {number}"), vec![unit], "online")));
        let (office, round, ids) = round_of_province(&stage, "field", &points).await;
        let told = text_of(&fetched(&office, &format!("/documents/contact-plan/{round}.docx")).await.1);
        assert!(told.contains("Loại tiếp xúc: Theo lĩnh vực.\n"), "{told}");
        let row = |place: &str| told.lines().find(|line| line.contains(place)).unwrap_or_else(|| panic!("{place}: {told}"));
        assert!(row("Hội trường").contains(" | Trực tiếp kết hợp trực tuyến | Xã Tân Hưng"), "{told}");
        for number in 1..=3 {
            assert!(row(&format!("Điểm cầu số {number}")).contains(" | Trực tuyến | "), "{told}");
        }
        let query = "query($id: ID!) { meeting(id: $id) { mode modeEntry { label } } }";
        let online = office.data(query, json!({"id": ids[1]})).await["meeting"].clone();
        assert_eq!(online, json!({"mode": "online", "modeEntry": {"label": "Trực tuyến"}}));
        // Whoever sits before a screen is counted where he sits.
        hold(&office, &ids).await;
        for (point, voters) in ids.iter().zip([120, 31, 28, 26]) {
            let input = json!({"meetingId": point, "attended": voters, "speakers": 2, "opinions": 3});
            office.done("recordAttendance", input, "").await;
        }
        let query = "query($id: ID!) { round(id: $id) { counts { pointsPlanned pointsHeld unitsReached voters speakers opinions } } }";
        assert_eq!(office.data(query, json!({"id": round})).await["round"]["counts"],
            json!({"pointsPlanned": 4, "pointsHeld": 4, "unitsReached": 4, "voters": 205, "speakers": 8, "opinions": 12}));
    }

    async fn a_thematic_round_of_nineteen_clusters_reaches_each_commune_of_seven_districts_once(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        // Today's communes by the district of a commune that went into them.
        let mut districts: BTreeMap<UnitId, BTreeSet<UnitId>> = BTreeMap::new();
        let reference = stage.app.state.reference();
        for unit in reference.units.subtree(world.province) {
            let mut former = reference.units.predecessors(unit).filter_map(|edge| reference.units.get(edge.from_id));
            let district = former.find_map(|former| reference.units.get(former.parent_id?).filter(|above| above.level == "district"));
            if let Some(district) = district {
                districts.entry(district.id).or_default().insert(unit);
            }
        }
        let seven: Vec<Vec<UnitId>> = districts.into_values().filter(|communes| communes.len() >= 3)
            .map(|communes| communes.into_iter().collect()).take(7).collect();
        assert_eq!(seven.len(), 7);
        let mut points = Vec::new();
        for (communes, clusters) in seven.iter().zip([3, 3, 3, 3, 3, 2, 2]) {
            for cluster in 0..clusters {
                let units: Vec<UnitId> = communes.iter().copied().skip(cluster).step_by(clusters).collect();
                points.push((format!("Cụm số {}", points.len() + 1), units, "direct"));
            }
        }
        assert_eq!(points.len(), 19);
        let communes: usize = seven.iter().map(Vec::len).sum();
        let (office, round, ids) = round_of_province(&stage, "thematic", &points).await;
        hold(&office, &ids).await;
        let query = "query($id: ID!) { round(id: $id) { kind counts { pointsPlanned pointsEntered pointsHeld pointsComing unitsReached } } }";
        let seen = office.data(query, json!({"id": round})).await["round"].clone();
        assert_eq!(seen, json!({"kind": "thematic", "counts": {"pointsPlanned": 19, "pointsEntered": 19, "pointsHeld": 19,
            "pointsComing": 0, "unitsReached": communes}}));
        // It belongs to its round, and so says of none why it is outside of one.
        let query = "query($filter: MeetingFilter) { meetings(filter: $filter, first: 1) { totalCount nodes { kind outsideRound } } }";
        let seen = office.data(query, json!({"filter": {"roundId": round}})).await["meetings"].clone();
        assert_eq!(seen, json!({"totalCount": 19, "nodes": [{"kind": "thematic", "outsideRound": null}]}));
        let province = reference.units.get(world.province).unwrap().code.clone();
        let rows = table(&office, "contacts", &format!("unit={province}&from=2026-03-01&to=2026-03-31")).await;
        let of: Vec<_> = rows.iter().filter(|row| row["round_id"] == round).collect();
        assert_eq!(of.len(), 1, "{rows:?}");
        let told = ["kind_label", "points", "points_without_figures"].map(|name| of[0][name].as_str());
        assert_eq!(told, ["Theo chuyên đề", "19", "19"]);
    }

    async fn nine_speakers_named_fourteen_contents_for_three_tiers(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, here) = (stage.office(), &stage.world.here);
        let (round, point) = stage.held().await;
        let input = json!({"meetingId": point, "invited": 100, "attended": 86, "speakers": 9, "opinions": 14});
        office.done("recordAttendance", input, "").await;
        let texts: Vec<String> = (1..=14).map(|number| format!("Nội dung {number}")).collect();
        let words: Vec<(&str, bool)> = texts.iter().map(|text| (text.as_str(), false)).collect();
        let said = stage.said(0, &point, &words).await;
        let tiers = std::iter::once("province").chain(std::iter::repeat_n("district_historical", 9)).chain(std::iter::repeat_n("commune", 4));
        let mut petitions = Vec::new();
        for ((feedback, text), tier) in said.iter().zip(&texts).zip(tiers) {
            let input = json!({"feedbackIds": [feedback], "title": text, "content": text});
            let petition = office.done("groupFeedback", input, "petition { id }").await["petition"]["id"].clone();
            office.done("classifyPetition", json!({"petitionId": petition, "field": "transport", "tier": tier}), "").await;
            petitions.push(petition);
        }
        let letter = json!({"petitionIds": petitions, "leadId": here.committee, "documentNumber": "21/HĐND-VP", "documentDate": "2026-03-02"});
        office.done("forwardPetitions", letter, "").await;
        let query = "query($id: ID!) { round(id: $id) { counts { speakers opinions recorded answeredOnSpot forwarded waiting
            forwardedByTier { tier count } } } }";
        let of = |tier: &str, count: i32| json!({"tier": tier, "count": count});
        let expected = json!({"speakers": 9, "opinions": 14, "recorded": 14, "answeredOnSpot": 0, "forwarded": 14, "waiting": 0,
            "forwardedByTier": [of("province", 1), of("district_historical", 9), of("commune", 4)]});
        let seen: Value = office.data(query, json!({"id": round})).await["round"]["counts"].clone();
        assert_eq!(seen, expected);
        for name in ["contacts", "contact-points"] {
            let rows = table(&office, name, "unit=27721&from=2026-03-02&to=2026-03-02").await;
            let rows: Vec<_> = rows.into_iter().filter(|row| row["round_id"] == round).collect();
            let columns = ["speakers", "opinions", "forwarded", "forwarded_central", "forwarded_province", "forwarded_district",
                "forwarded_commune", "forwarded_other", "not_forwarded"];
            assert_eq!(columns.map(|column| sum(&rows, column)), [9, 14, 14, 0, 1, 9, 4, 0, 0], "{name}");
        }
    }
}
