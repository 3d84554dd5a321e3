//! Whom a delegate tells: the voters whom he met, first and counted; others' voters apart.

use cutri_tests::{
    TestDatabase, in_a_browser,
    phone::{Phone, create, new_id},
};
use serde_json::{Value, json};

use super::{Stage, until};

const SAID: [&str; 3] = ["Cầu Gò Thuyền gãy", "Đường liên ấp ngập", "Trạm bơm ấp 2 hỏng"];

in_a_browser! {
    // The list and its count had every answer of the place, and one's own was gone as soon as another delegate had told his.
    async fn a_delegate_tells_the_voters_whom_he_met(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        for said in &SAID[..2] {
            stage.writes_in("Ấp 4", said).await;
        }
        stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
        // Of the bridge he heard too; of the pump only he.
        let other = Phone::new(stage.person(&stage.world.here.delegates[1]));
        let heard = [0, 2].map(|n| {
            let row = json!({"kind": "petition", "unitId": stage.world.here.unit, "channel": "contact_meeting", "content": SAID[n]});
            create("feedback", &new_id(), row)
        });
        for result in other.push(&heard).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        let petitions = all_are_answered(&stage).await;
        let mut tab = stage.tab();
        tab.press("Hôm nay").await;
        tab.sees("2 câu trả lời chưa thông tin lại").await;
        tab.press("Kiến nghị").await;
        tab.sees("Cần thông tin lại cho cử tri (2)").await;
        tab.press("Có trả lời, cử tri do người khác gặp (1)").await;
        tab.sees(SAID[2]).await;
        // Under each the words of his own voters, with where and when he heard them; of the pump he heard nothing.
        tab.sees_number(2, ".said").await;
        for (petition, said) in petitions.iter().zip(SAID).take(2) {
            slip_is_under(&mut stage, petition, said).await;
        }
        stage.is_legible().await;

        // The other one tells his voters of the bridge: those of this one have heard nothing yet.
        let told = json!({"petitionId": petitions[0], "channel": "phone"});
        let told = other.push(&[create("informing", &new_id(), told)]).await;
        assert_eq!(told[0]["status"], "APPLIED", "{told:?}");
        // It is counted when a server starts, and then once a minute.
        stage.dies().await;
        stage.starts().await;
        until("the phone has it", async || {
            let rows = stage.held("rows").await;
            let is_told = |row: &Value| row["id"] == petitions[0].as_str() && row["d"]["process"] == "informed";
            let waits = |row: &Value| row["c"] == "agenda" && row["d"]["kind"] == "to_inform"
                && row["d"]["petitionIds"].as_str().unwrap().contains(&petitions[0]);
            rows.iter().any(is_told) && rows.iter().any(waits)
        }).await;
        stage.tab().sees("Cần thông tin lại cho cử tri (2)").await;
        let form = format!("document.getElementById('{}').querySelector('.act summary').click(); true", petitions[0]);
        let mut tab = stage.tab();
        tab.evaluate(&form).await;
        tab.choose("Bằng cách nào", "Tại hội nghị tiếp xúc cử tri").await;
        tab.choose("Tại cuộc tiếp xúc", "Tiếp xúc cử tri trước kỳ họp tại").await;
        tab.press("Lưu").await;
        tab.sees("Cần thông tin lại cho cử tri (1)").await;
        until("it is sent", async || stage.held("outbox").await.is_empty()).await;
        let query = "query($id: ID!) { petition(id: $id) { informings { authorId meetingId } } }";
        let office = stage.person(&stage.world.here.office);
        let told = office.data(query, json!({"id": petitions[0]})).await["petition"]["informings"].clone();
        let own = json!({"authorId": stage.world.here.delegates[0].account, "meetingId": stage.world.here.meeting});
        assert!(told.as_array().unwrap().contains(&own), "{told}");
        // The server counts in its own time; the phone knows already.
        stage.tab().press("Hôm nay").await;
        stage.tab().sees("1 câu trả lời chưa thông tin lại").await;

        // The office finds the answers wanting: what is no answer any more is not shown as one.
        for petition in &petitions {
            office.done("assessAnswer", json!({"petitionId": petition, "assessment": "off_point"}), "").await;
        }
        until("the phone has it", async || {
            let rows = stage.held("rows").await;
            let is_owed = |row: &&Value| row["c"] == "petition" && row["d"]["process"] == "forwarded";
            rows.iter().filter(is_owed).count() == petitions.len()
        }).await;
        stage.tab().press("Kiến nghị").await;
        stage.tab().sees("Quá hạn, cần đôn đốc (3)").await;
        stage.tab().misses("Đã sửa xong.").await;
    }
}

/// Under this petition stands one slip, with these words.
async fn slip_is_under(stage: &mut Stage<'_>, petition: &str, said: &str) {
    let script = format!(
        "[...document.getElementById('{petition}').querySelectorAll('.said')]
            .map((slip) => [...slip.children].map(({{ textContent }}) => textContent))"
    );
    let slips: Vec<(String, String)> = serde_json::from_value(stage.tab().evaluate(&script).await).unwrap();
    assert_eq!(slips.len(), 1, "{slips:?}");
    let (words, about) = &slips[0];
    assert_eq!(words, said);
    let parts: Vec<&str> = about.split(" · ").collect();
    let [hamlet, unit, day, contact] = parts[..] else {
        panic!("{about}")
    };
    assert_eq!(hamlet, "Ấp 4");
    assert!(unit.ends_with("Tân Hưng"), "{about}");
    assert_eq!(day.split('/').count(), 3, "{about}");
    assert!(contact.starts_with("Tiếp xúc cử tri trước kỳ họp tại"), "{about}");
}

/// The office makes a petition of each thing that was said, and a body answers all of them. Their ids, in the order of
/// what was said.
async fn all_are_answered(stage: &Stage<'_>) -> Vec<String> {
    let here = &stage.world.here;
    let office = stage.person(&here.office);
    let arrived = stage.arrived().await;
    let mut petitions = Vec::new();
    for said in SAID {
        let of: Vec<&Value> = arrived
            .iter()
            .filter(|node| node["content"] == said)
            .map(|node| &node["id"])
            .collect();
        let group = json!({"feedbackIds": of, "title": said, "content": said});
        let made = office.done("groupFeedback", group, "petition { id }").await;
        let id = made["petition"]["id"].as_str().unwrap().to_owned();
        let classify = json!({"petitionId": id, "field": "transport", "tier": "commune"});
        office.done("classifyPetition", classify, "petition { id }").await;
        petitions.push(id);
    }
    stage.was_said_in_february().await;
    let letter = json!({"petitionIds": petitions, "leadId": here.committee, "documentNumber": "12/VP-HĐND",
        "documentDate": "2026-02-09"});
    office.done("forwardPetitions", letter, "petitions { id }").await;
    let answer = json!({"petitionIds": petitions, "agencyId": here.committee, "documentNumber": "8/UBND",
        "documentDate": "2026-03-12", "text": "Đã sửa xong.", "outcome": "resolved"});
    let body = stage.person(&here.committee_login);
    body.done("answerPetitions", answer, "petitions { id }").await;
    petitions
}
