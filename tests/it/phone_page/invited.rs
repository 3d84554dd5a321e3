//! An invitation on the phone: answered without a signal, refused where another device of the same person was quicker, and
//! answered again in the record that is there; asked anew when the day changes.

use chrono::{DateTime, Duration, Utc};
use cutri::clock::wire;
use cutri_tests::phone::{Phone, create, new_id};
use serde_json::{Value, json};

use super::{Stage, until};

const REASON: &str = "Dự họp ở tỉnh";
const AWAY: &str = "Đã trả lời: vắng mặt. Lý do: Dự họp ở tỉnh";
const WAITS: &str = "Đã ghi trên máy, đang chờ gửi.";

pub(super) async fn an_invitation_is_answered_without_signal(stage: &mut Stage<'_>) {
    let mandates = both_are_invited(stage).await;
    let mut tab = stage.tab();
    tab.press("Hôm nay").await;
    tab.sees("Giấy mời (1 chưa trả lời)").await;
    tab.sees("Chưa trả lời.").await;

    // Who stays away says why; that is kept on the phone until there is a signal.
    tab.offline(true).await;
    tab.press("Tôi vắng mặt").await;
    tab.press("Báo vắng mặt").await;
    stage.is_legible().await;
    assert_eq!(answers_in_the_outbox(stage).await, 0, "not without a reason");
    says_why(stage).await;
    stage.is_legible().await;
    stage.shoots("giay-moi").await;
    assert_eq!(answers_in_the_outbox(stage).await, 1);
    assert_eq!(answer_of(stage, &mandates[0]).await, (Value::Null, Value::Null));

    // His other phone said that he comes: there is one record of his, and this phone is told that its words were not taken.
    let record = new_id();
    let other = Phone::new(stage.person(&stage.world.here.delegates[0]));
    let comes = json!({"meetingId": stage.world.here.meeting, "attending": true});
    let told = other.push(&[create("meetingRecord", &record, comes)]).await;
    assert_eq!(told[0]["status"], "APPLIED", "{told:?}");
    let mut tab = stage.tab();
    tab.offline(false).await;
    tab.press("Hộp gửi").await;
    tab.sees("Máy khác của đồng chí đã trả lời giấy mời này.").await;
    stage.is_legible().await;
    let mut tab = stage.tab();
    tab.press("Xem lời đã ghi").await;
    tab.sees(REASON).await;
    tab.press("Đã biết, không gửi lại").await;
    tab.misses("Chưa được nhận").await;
    until("the phone has that record", async || {
        let rows = stage.held("rows").await;
        rows.iter().any(|row| row["id"] == record.as_str())
    })
    .await;
    let mut tab = stage.tab();
    tab.press("Hôm nay").await;
    tab.sees("Đã trả lời: sẽ dự.").await;

    // He stays away after all, and says so once more without a signal: in the same record.
    tab.offline(true).await;
    tab.press("Tôi vắng mặt").await;
    says_why(stage).await;
    stage.tab().offline(false).await;
    stage.tab().misses(WAITS).await;
    stage.tab().sees(AWAY).await;
    assert_eq!(
        answer_of(stage, &mandates[0]).await,
        (json!(false), json!(REASON))
    );
    assert_eq!(answer_of(stage, &mandates[1]).await, (Value::Null, Value::Null));
    until("it is the same record", async || {
        let rows = stage.held("rows").await;
        let records = rows.iter().filter(|row| row["c"] == "meetingRecord");
        let records: Vec<_> = records.map(|row| (&row["id"], &row["d"]["attending"])).collect();
        records == [(&json!(record), &json!(false))]
    })
    .await;

    // Whoever goes by the keyboard, or has the page read out, stays at the invitation, though what he pressed is gone.
    let here = json!(format!("moi-{}", stage.world.here.meeting));
    let mut tab = stage.tab();
    tab.press("Tôi sẽ dự").await;
    tab.sees("Đã trả lời: sẽ dự.").await;
    assert_eq!(tab.evaluate("document.activeElement.id").await, here);
    tab.misses(WAITS).await;
    assert_eq!(tab.evaluate("document.activeElement.id").await, here);
    a_contact_on_another_day_is_asked_anew(stage, &mandates[0]).await;
}

/// The office moves the contact to the next day: what was answered for today is no answer any more.
async fn a_contact_on_another_day_is_asked_anew(stage: &mut Stage<'_>, mandate: &str) {
    let meeting = stage.world.here.meeting;
    let office = stage.person(&stage.world.here.office);
    let query = "query($id: ID!) { meeting(id: $id) { startsAt } }";
    let planned = office.data(query, json!({"id": meeting})).await["meeting"]["startsAt"].clone();
    let day: DateTime<Utc> = planned.as_str().unwrap().parse().unwrap();
    let moved = json!({"meetingId": meeting, "startsAt": wire(day + Duration::days(1))});
    office.done("updateMeeting", moved, "meeting { id }").await;
    stage.tab().sees("Giấy mời (1 chưa trả lời)").await;
    stage.tab().misses("Đã trả lời: sẽ dự.").await;
    assert_eq!(answer_of(stage, mandate).await, (Value::Null, Value::Null));
    let back = json!({"meetingId": meeting, "startsAt": planned});
    office.done("updateMeeting", back, "meeting { id }").await;
}

/// The office invites both delegates to the contact. Their mandates.
async fn both_are_invited(stage: &Stage<'_>) -> Vec<String> {
    let here = &stage.world.here;
    let mut mandates = Vec::new();
    for login in &here.delegates {
        let query = "{ viewer { mandates { id council { id } } } }";
        let held = stage.person(login).data(query, json!({})).await["viewer"]["mandates"].clone();
        assert_eq!(held.as_array().unwrap().len(), 1, "{held}");
        assert_eq!(held[0]["council"]["id"], json!(here.council));
        mandates.push(held[0]["id"].as_str().unwrap().to_owned());
    }
    let office = stage.person(&here.office);
    let invites = json!({"meetingId": here.meeting, "invitedDelegateIds": mandates});
    office.done("updateMeeting", invites, "meeting { id }").await;
    mandates
}

async fn says_why(stage: &mut Stage<'_>) {
    let mut tab = stage.tab();
    tab.fill("Lý do vắng mặt", REASON).await;
    tab.press("Báo vắng mặt").await;
    tab.sees(AWAY).await;
    tab.sees(WAITS).await;
}

async fn answers_in_the_outbox(stage: &mut Stage<'_>) -> usize {
    let outbox = stage.held("outbox").await;
    outbox
        .iter()
        .filter(|entry| entry["collection"] == "meetingRecord")
        .count()
}

/// What the office reads of a delegate: whether he comes, and why not.
async fn answer_of(stage: &Stage<'_>, mandate: &str) -> (Value, Value) {
    let office = stage.person(&stage.world.here.office);
    let query =
        "query($id: ID!) { meeting(id: $id) { delegates { attending absenceReason delegate { id } } } }";
    let data = office.data(query, json!({"id": stage.world.here.meeting})).await;
    let all = data["meeting"]["delegates"].as_array().unwrap();
    let found = all.iter().find(|one| one["delegate"]["id"] == *mandate).unwrap();
    (found["attending"].clone(), found["absenceReason"].clone())
}
