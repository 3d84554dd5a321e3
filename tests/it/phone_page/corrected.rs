//! What was not taken, and what is corrected: nothing of it is hidden, stuck, or lost between two screens.

use cutri_tests::{
    TestDatabase, each_db, in_a_browser,
    phone::{Phone, change, create, new_id},
};
use serde_json::{Value, json};

use super::{Stage, until, words};

each_db! {
    async fn what_lost_against_another_device_is_told_and_put_aside(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let id = it_is_asked_back(&mut stage, "Điện yếu ban đêm").await;
        let mut tab = stage.tab();
        tab.press("Mất sóng").await;
        tab.press("Bổ sung vào phiếu").await;
        tab.fill("Ấp, khu phố", "Ấp 5").await;
        tab.press("Lưu trên máy").await;
        tab.sees("1 việc đang chờ gửi").await;
        // His other device was quicker.
        let mut other = Phone::new(stage.person(&stage.world.here.delegates[0]));
        other.collections = Some(vec!["feedback".to_owned(), "syncIssue".to_owned()]);
        other.pull().await;
        let rev = other.row("feedback", &id)["rev"].as_str().unwrap().to_owned();
        let sent = other.push(&[change("feedback", &id, &rev, json!({"subUnit": "Ấp 4"}))]).await;
        assert_eq!(sent[0]["status"], "APPLIED", "{sent:?}");
        let mut tab = stage.tab();
        tab.press("Mất sóng").await;
        tab.sees("Máy khác đã sửa cùng mục").await;
        tab.sees("mục “Ấp, khu phố”").await;
        stage.is_legible().await;
        stage.shoots("xung-dot").await;
        let mut tab = stage.tab();
        tab.press("Lấy lại lời đã ghi để sửa").await;
        tab.sees("Sửa, bổ sung phiếu").await;
        assert_eq!(tab.evaluate("document.querySelector('[name=subUnit]').value").await, "Ấp 5");
        // Having seen both he lets the other's stand.
        tab.press("Hộp gửi").await;
        tab.press("Đã biết, không gửi lại").await;
        tab.misses("Máy khác đã sửa cùng mục").await;
        other.pull().await;
        let issues = other.rows_of("syncIssue");
        assert_eq!((issues.len(), &issues[0]["status"]), (1, &json!("resolved")));
        assert_eq!(other.row("feedback", &id)["subUnit"], "Ấp 4");
    }
}

in_a_browser! {
    // The row had moved on meanwhile, and then the page showed nothing of it.
    async fn a_refused_urging_shows_its_words_and_can_be_put_aside(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let other = Phone::new(stage.person(&stage.world.here.delegates[0]));
        let urging = json!({"targetKind": "petition", "targetId": new_id(), "how": "thần giao cách cảm",
            "text": "Bà con chờ đã hai tháng"});
        assert_eq!(other.push(&[create("urging", &new_id(), urging)]).await[0]["status"], "REJECTED");
        let mut tab = stage.tab();
        tab.press("Hộp gửi").await;
        tab.sees("Chưa được nhận").await;
        tab.press("Xem lời đã ghi").await;
        tab.sees("Bà con chờ đã hai tháng").await;
        tab.press("Đã biết, không gửi lại").await;
        tab.misses("Chưa được nhận").await;
    }

    async fn a_correction_can_empty_a_field(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let id = it_is_asked_back(&mut stage, "Cống nghẹt").await;
        let mut tab = stage.tab();
        tab.press("Bổ sung vào phiếu").await;
        tab.sees("Sửa, bổ sung phiếu").await;
        let empty = "const area = document.querySelector('[name=wanted]'); area.value = '';
            area.dispatchEvent(new Event('input', { bubbles: true }))";
        tab.evaluate(empty).await;
        tab.fill("Ấp, khu phố", "Ấp 7").await;
        tab.press("Lưu trên máy").await;
        tab.misses("Văn phòng hỏi lại").await;
        tab.sees("Mọi điều đã ghi đều đã gửi").await;
        let office = stage.person(&stage.world.here.office);
        let query = "query($id: ID!) { feedback(id: $id) { wanted subUnit content } }";
        let told = office.data(query, json!({"id": id})).await;
        assert_eq!(told["feedback"], json!({"wanted": null, "subUnit": "Ấp 7", "content": "Cống nghẹt"}));
    }

    // The button stayed grey, nobody was told, and the words were nowhere.
    async fn a_full_phone_says_that_nothing_was_saved(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", "Đê sạt lở").await;
        let full = "window.put = IDBObjectStore.prototype.put;
            IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }; true";
        tab.evaluate(full).await;
        tab.press("Lưu trên máy").await;
        tab.sees("Bộ nhớ của điện thoại đã đầy, chưa lưu được gì.").await;
        stage.is_legible().await;
        let mut tab = stage.tab();
        tab.evaluate("IDBObjectStore.prototype.put = window.put; true").await;
        tab.press("Lưu trên máy").await;
        tab.sees("Mọi điều đã ghi đều đã gửi").await;
        assert_eq!(words(&stage.arrived().await), ["Đê sạt lở"]);
    }

    // The paper folded itself up before it was saved, and its trouble with it; a draft that was not kept told nobody.
    async fn what_is_not_kept_is_told_where_it_is_typed(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let full = "window.put = IDBObjectStore.prototype.put;
            IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }; true";
        let space = "IDBObjectStore.prototype.put = window.put; true";
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.evaluate(full).await;
        tab.fill("Cử tri nói gì", "Người tố cáo nói riêng").await;
        tab.sees("Chưa giữ được bản nháp").await;
        tab.evaluate(space).await;
        tab.press("Tố cáo").await;
        tab.press("Lưu trên máy").await;
        tab.press("Khi đã bàn giao").await;
        tab.fill("Số biên nhận", "125/2026/BN-TCD").await;
        tab.evaluate(full).await;
        tab.press("Đã bàn giao, xóa lời trên máy").await;
        tab.sees("Bộ nhớ của điện thoại đã đầy, chưa lưu được gì.").await;
        tab.evaluate(space).await;
        tab.press("Đã bàn giao, xóa lời trên máy").await;
        tab.sees("Tố cáo, biên nhận số 125/2026/BN-TCD").await;
    }

    // Once it was explained the words were on the server alone, and in a hall without signal nobody could correct them.
    async fn what_was_refused_is_corrected_without_a_signal(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", "Xin được gọi lại về sổ đất").await;
        tab.press("Cử tri muốn được gọi lại").await;
        tab.press("Cử tri đồng ý để đại biểu ghi tên").await;
        tab.fill("Tên", "Bà Tư").await;
        tab.fill("Số điện thoại", "không nhớ số").await;
        tab.press("Lưu trên máy").await;
        tab.sees("Chưa được nhận").await;
        tab.press("Mất sóng").await;
        tab.sees("Đang giả như mất sóng").await;
        // What waits to be corrected does not stand there a second time, as if it had been taken.
        tab.sees_number(0, ".receipts").await;
        tab.press("Lấy lại lời đã ghi để sửa").await;
        tab.sees("Sửa, bổ sung phiếu").await;
        assert_eq!(tab.evaluate("document.querySelector('[name=content]').value").await, "Xin được gọi lại về sổ đất");
        tab.fill("Số điện thoại", "0912 345 678").await;
        tab.press("Lưu trên máy").await;
        tab.sees("1 việc đang chờ gửi").await;
        tab.press("Mất sóng").await;
        tab.sees("Mọi điều đã ghi đều đã gửi").await;
        tab.misses("Chưa được nhận").await;
        assert_eq!(words(&stage.arrived().await), ["Xin được gọi lại về sổ đất"]);
        until("nothing is kept of what is settled", async || stage.held("outbox").await.is_empty()).await;
    }

    // The only way back to a correction that was begun wrote the old words over it.
    async fn a_correction_that_was_begun_is_found_again(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        it_is_asked_back(&mut stage, "Kênh cạn").await;
        let mut tab = stage.tab();
        tab.press("Bổ sung vào phiếu").await;
        tab.fill("Ấp, khu phố", "Ấp 9, sau trường học").await;
        tab.press("Hộp gửi").await;
        tab.press("Bổ sung vào phiếu").await;
        tab.sees("Sửa, bổ sung phiếu").await;
        assert_eq!(tab.evaluate("document.querySelector('[name=subUnit]').value").await, "Ấp 9, sau trường học");
    }

    // The draft of one change was shown as the words of the other, which nobody could read any more.
    async fn what_was_refused_is_not_hidden_by_another_draft_of_the_same_row(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let id = it_is_asked_back(&mut stage, "Nước giếng nhiễm phèn").await;
        let shown = "document.querySelector('[name=subUnit]').value";
        let mut tab = stage.tab();
        tab.press("Bổ sung vào phiếu").await;
        tab.fill("Ấp, khu phố", "Ấp 9").await;
        // Of the same version, from his other device.
        let mut other = Phone::new(stage.person(&stage.world.here.delegates[0]));
        other.collections = Some(vec!["feedback".to_owned()]);
        other.pull().await;
        let rev = other.row("feedback", &id)["rev"].as_str().unwrap().to_owned();
        let patch = json!({"subUnit": "Ấp 4", "since": "x".repeat(201)});
        let sent = other.push(&[change("feedback", &id, &rev, patch)]).await;
        assert_eq!(sent[0]["status"], "REJECTED", "{sent:?}");
        let mut tab = stage.tab();
        tab.press("Hộp gửi").await;
        tab.sees("Chưa được nhận").await;
        tab.press("Lấy lại lời đã ghi để sửa").await;
        tab.sees("Sửa, bổ sung phiếu").await;
        assert_eq!(tab.evaluate(shown).await, "Ấp 4", "the words that were refused");
        // What was begun of these goes on.
        tab.fill("Ấp, khu phố", "Ấp 4, tổ 2").await;
        tab.press("Hộp gửi").await;
        tab.press("Lấy lại lời đã ghi để sửa").await;
        tab.sees("Sửa, bổ sung phiếu").await;
        assert_eq!(tab.evaluate(shown).await, "Ấp 4, tổ 2");
    }

    // The form took more than the server does, and the whole row came back.
    async fn the_form_takes_exactly_what_the_server_takes(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        stage.tab().press("Ghi phiếu").await;
        stage.tab().sees("Phiếu mới").await;
        let other = Phone::new(stage.person(&stage.world.here.delegates[0]));
        for name in ["content", "subUnit", "wanted", "affected", "since", "evidence", "onSpotAnswer", "contactName"] {
            let most = format!("document.querySelector('[name={name}]').maxLength");
            let most = stage.tab().evaluate(&most).await.as_u64().unwrap() as usize;
            let with = |length: usize| {
                let mut row = json!({"kind": "petition", "unitId": stage.world.here.unit, "channel": "contact_meeting", "content": "x"});
                row[name] = json!("đ".repeat(length));
                if name == "contactName" {
                    row["consentText"] = json!("Đồng ý");
                    row["consentAt"] = json!("2026-03-02T08:00:00+07:00");
                }
                create("feedback", &new_id(), row)
            };
            let sent = other.push(&[with(most), with(most + 1)]).await;
            assert_eq!(sent[0]["status"], "APPLIED", "{name}: {}", sent[0]);
            assert_eq!(sent[1]["errors"][0]["code"], "TOO_LONG", "{name} takes more than {most}: {}", sent[1]);
        }
    }

    // The draft of a voter's words, saved in one tab and typed over in another, became the next voter's under the same id.
    async fn a_draft_in_two_tabs_is_two_rows(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let url = stage.road.url("/dien-thoai#ghi");
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", "Bà Tư nói").await;
        let mut two = stage.browser.tab("two");
        two.open(&url).await;
        two.sees("Phiếu mới").await;
        assert_eq!(two.evaluate("document.querySelector('[name=content]').value").await, "Bà Tư nói");
        let mut tab = stage.tab();
        tab.front().await;
        tab.press("Lưu trên máy").await;
        tab.sees("Mọi điều đã ghi đều đã gửi").await;
        let mut two = stage.browser.tab("two");
        two.front().await;
        two.evaluate("document.querySelector('[name=content]').value = ''").await;
        two.fill("Cử tri nói gì", "Ông Năm nói").await;
        two.press("Lưu trên máy").await;
        two.sees("Mọi điều đã ghi đều đã gửi").await;
        assert_eq!(words(&stage.arrived().await), ["Bà Tư nói", "Ông Năm nói"]);
    }

    // What was begun at one meeting was put under another by a press on the other's button.
    async fn a_draft_stays_at_its_meeting(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let chosen = "document.querySelector('[name=meetingId]').value";
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.choose("Cuộc tiếp xúc", "Ngoài cuộc tiếp xúc").await;
        tab.fill("Cử tri nói gì", "Nói ngoài đường").await;
        tab.press("Hôm nay").await;
        tab.press("Ghi ý kiến cử tri").await;
        tab.sees("Phiếu mới").await;
        assert_eq!(tab.evaluate(chosen).await, "");
        tab.press("Lưu trên máy").await;
        tab.sees("Mọi điều đã ghi đều đã gửi").await;
        tab.press("Hôm nay").await;
        tab.press("Ghi ý kiến cử tri").await;
        tab.sees("Phiếu mới").await;
        let meeting = stage.world.here.meeting.to_string();
        assert_eq!(stage.tab().evaluate(chosen).await, meeting);
    }
}

/// A feedback of one's own, to which the office has a question; its id.
async fn it_is_asked_back(stage: &mut Stage<'_>, content: &str) -> String {
    let mut tab = stage.tab();
    tab.press("Ghi phiếu").await;
    tab.fill("Cử tri nói gì", content).await;
    tab.fill("Mong muốn", "Sửa ngay").await;
    tab.press("Lưu trên máy").await;
    tab.sees("Mọi điều đã ghi đều đã gửi").await;
    let told: Vec<Value> = stage.arrived().await;
    let id = told[0]["id"].as_str().unwrap().to_owned();
    let office = stage.person(&stage.world.here.office);
    let input = json!({"feedbackId": id, "question": "Ở ấp nào?"});
    office.done("returnForClarity", input, "feedback { id }").await;
    stage.tab().sees("Văn phòng hỏi lại: Ở ấp nào?").await;
    id
}
