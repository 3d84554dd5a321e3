//! What one carries to the contacts that are to come: what the place asked and what came of it, on the phone and without a
//! signal.

use chrono::Duration;
use cutri::clock::wire;
use cutri_tests::phone::{Phone, create, new_id};
use serde_json::json;

use super::{Stage, chain::TITLE};

/// What the province keeps to itself of this place, and tells its delegates.
const OF_PROVINCE: &str = "Mở rộng đường tỉnh 819";
/// What the office tells of the second hall.
const NOTE: &str = "Ấp 5: mang theo bản đồ quy hoạch.";

pub(super) async fn the_next_brief_tells_what_became_of_it(stage: &mut Stage<'_>) {
    // Another matter of the place went to its committee long ago, which never answered.
    let here = stage.world.here.clone();
    let office = stage.person(&here.office);
    let power = stage.arrived().await.into_iter().find(|node| {
        node["content"]
            .as_str()
            .is_some_and(|words| words.starts_with("Điện yếu"))
    });
    let input = json!({"feedbackIds": [power.unwrap()["id"]], "title": "Nâng lưới điện ấp 4", "content": "Nâng lưới điện"});
    let made = office.done("groupFeedback", input, "petition { id }").await;
    let petition = made["petition"]["id"].clone();
    let input = json!({"petitionId": petition, "field": "power", "tier": "commune"});
    office.done("classifyPetition", input, "petition { id }").await;
    stage.was_said_in_february().await;
    let input = json!({"petitionIds": [petition], "leadId": here.committee, "documentNumber": "14/VP-HĐND",
        "documentDate": "2026-02-09"});
    office.done("forwardPetitions", input, "petitions { id }").await;
    let second = more_is_known_of_the_place(stage).await;
    // Briefs are made when a server starts, and then once a minute.
    stage.dies().await;
    stage.starts().await;
    let mut tab = stage.tab();
    tab.press("Hôm nay").await;
    tab.press("Nơi này đã kiến nghị (2)").await;
    tab.sees("Nâng lưới điện ấp 4").await;
    tab.sees("quá hạn từ").await;
    tab.sees(TITLE).await;
    tab.sees("Sẽ sửa trong quý II, đã bố trí vốn.").await;
    tab.sees("Trạm y tế: UBND hứa bổ sung thuốc trong quý này.").await;
    stage.is_legible().await;
    stage.shoots("tai-lieu").await;
    let mut tab = stage.tab();
    for (list, told) in [
        ("Kiến nghị khác của nơi này (1)", OF_PROVINCE),
        ("Đã trả lời tại chỗ (1)", "Xã sẽ thu gom hai lần mỗi tuần"),
        ("Nghị quyết đang có hiệu lực (1)", "Về đầu tư công năm nay"),
        ("Hướng dẫn, báo cáo (2)", "Hướng dẫn tiếp xúc cử tri"),
    ] {
        tab.misses(told).await;
        tab.press(list).await;
        tab.sees(told).await;
    }
    tab.sees("Tình hình kinh tế - xã hội").await;
    tab.press("Gọi cho ai (1)").await;
    tab.sees("Gọi 0276 3822 000").await;
    let links = "[...document.querySelectorAll('a[href^=\"tel:\"]')].filter((it) => it.checkVisibility()).map(({ href }) => href)";
    assert_eq!(tab.evaluate(links).await, json!(["tel:02763822000"]));
    stage.is_legible().await;

    // Two halls in one evening: what one carries to the second lies on the phone as well, and can be read without signal.
    let mut tab = stage.tab();
    tab.offline(true).await;
    tab.reload().await;
    tab.press("Các cuộc sau đó (1)").await;
    tab.misses(NOTE).await;
    tab.press("Xem trước cuộc này").await;
    tab.sees(NOTE).await;
    let of_second = format!("document.getElementById('cuoc-{second}').textContent");
    let told = tab.evaluate(&of_second).await;
    for words in [
        "Nâng lưới điện ấp 4",
        OF_PROVINCE,
        "Xã sẽ thu gom hai lần mỗi tuần",
    ] {
        assert!(told.as_str().unwrap().contains(words), "{words}: {told}");
    }
    stage.is_legible().await;
    stage.tab().offline(false).await;
}

/// All else that stands in a brief, and a second contact the same evening: its id.
async fn more_is_known_of_the_place(stage: &Stage<'_>) -> String {
    let here = &stage.world.here;
    let office = stage.person(&here.office);
    let resolution = json!({"councilId": here.council, "rawNumber": "07/NQ-HĐND", "kind": "individual",
        "title": "Về đầu tư công năm nay", "issuedOn": "2026-01-15", "inForceFrom": "2026-01-20", "isPublic": true});
    office.done("createResolution", resolution, "").await;
    for (purpose, kind, number, title) in [
        ("contact_guide", "HD", "02/HD-HĐND", "Hướng dẫn tiếp xúc cử tri"),
        (
            "socio_economic_report",
            "BC",
            "15/BC-UBND",
            "Tình hình kinh tế - xã hội",
        ),
    ] {
        let paper = json!({"councilId": here.council, "purpose": purpose, "kind": kind, "number": number,
            "date": "2026-02-01", "title": title, "summary": "Lắng nghe, hứa thì ghi lại."});
        office.done("addCouncilDocument", paper, "").await;
    }
    let hotline = json!({"agencyId": here.committee, "hotline": "0276 3822 000"});
    office.done("updateAgency", hotline, "").await;

    let rubbish = json!({"kind": "petition", "unitId": here.unit, "content": "Bao giờ thu gom rác", "subject": "Thu gom rác",
        "answeredOnSpot": true, "onSpotAnswer": "Xã sẽ thu gom hai lần mỗi tuần"});
    let road = json!({"kind": "petition", "unitId": here.unit, "content": "Đường tỉnh 819 hẹp"});
    let said = new_id();
    for (login, id, row) in [
        (&here.delegates[1], new_id(), rubbish),
        (&stage.world.province_delegate, said.clone(), road),
    ] {
        let results = Phone::new(stage.person(login))
            .push(&[create("feedback", &id, row)])
            .await;
        assert_eq!(results[0]["status"], "APPLIED", "{results:?}");
    }
    let above = stage.person(&stage.world.province_office);
    let group =
        json!({"feedbackIds": [said], "title": OF_PROVINCE, "content": "Đường tỉnh 819 hẹp, xe tải nhiều"});
    above.done("groupFeedback", group, "").await;

    let plan = json!({"councilId": here.council, "kind": "thematic", "title": "Tiếp xúc cử tri chuyên đề giao thông tại ấp 5",
        "place": "Nhà văn hóa ấp 5", "startsAt": wire(stage.state.clock.now() + Duration::hours(2)), "unitIds": [here.unit],
        "brief": NOTE});
    let planned = office.done("planMeeting", plan, "meeting { id }").await;
    let second = planned["meeting"]["id"].as_str().unwrap().to_owned();
    let approve = json!({"meetingId": second, "event": "approve", "basis": "06/KH-HĐND"});
    office.done("advanceMeeting", approve, "").await;
    second
}
