//! From words said without signal to voters who were told, on one phone.

use chrono::{Days, NaiveDate};
use cutri_tests::{TestDatabase, browser::Browser, byte_search, database::Kind, each_db};
use serde_json::{Value, json};

use super::{Stage, briefed, invited, until, words};

const DENOUNCER: &str = "Lê Thị Người Tố Cáo Giấu Tên";
pub(super) const TITLE: &str = "Sửa đường liên ấp, hết ngập khi mưa";
const HOSTILE: &str = "<img src=x onerror=\"document.title='bị chiếm'\"> Sửa đường liên ấp";

each_db! {
    async fn from_words_without_signal_to_voters_informed(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        if stage.db.kind() == Kind::Sqlite {
            stage.browser = Browser::start_whole();
        }
        everything_is_there_after_signing_in(&mut stage).await;
        it_opens_and_writes_without_any_network(&mut stage).await;
        what_was_written_arrives_once_though_the_server_is_killed_and_answers_are_lost(&mut stage).await;
        a_denunciation_stays_on_the_phone_until_it_was_handed_over(&mut stage).await;
        what_is_refused_is_explained_and_can_be_corrected(&mut stage).await;
        receipts_advance_and_hostile_text_is_text(&mut stage).await;
        what_the_office_asks_is_answered(&mut stage).await;
        invited::an_invitation_is_answered_without_signal(&mut stage).await;
        briefed::the_next_brief_tells_what_became_of_it(&mut stage).await;
        only_of_the_network(&stage.browser.complaints().await);
        let denounced = [DENOUNCER];
        byte_search::assert_nowhere_in(&db.stored_in().await, &denounced);
        byte_search::assert_nowhere_in(db.folder(), &denounced);
    }
}

/// Resource errors are what a network that is gone looks like; anything else is a defect of the page.
fn only_of_the_network(complaints: &[String]) {
    let odd = complaints
        .iter()
        .filter(|told| !told.contains("Failed to load resource") && !told.contains("net::ERR_"));
    assert_eq!(odd.count(), 0, "{complaints:#?}");
}

async fn everything_is_there_after_signing_in(stage: &mut Stage<'_>) {
    let office = stage.person(&stage.world.here.office);
    let brief = "Đường liên ấp: cử tri đã hỏi hai lần.\nTrạm y tế: UBND hứa bổ sung thuốc trong quý này.";
    let input = json!({"meetingId": stage.world.here.meeting, "brief": brief});
    office.done("updateMeeting", input, "meeting { id }").await;

    let url = stage.road.url("/dien-thoai");
    stage.tab().open(&url).await;
    stage.tab().sees("Sổ tay đại biểu").await;
    assert!(
        !stage.tab().text().await.contains("Tài khoản dùng thử"),
        "this is no demo"
    );
    stage.is_legible().await;
    stage.shoots("dang-nhap").await;
    stage.signs_in().await;
    let mut tab = stage.tab();
    tab.sees("Tiếp xúc cử tri trước kỳ họp tại").await;
    tab.sees("Trạm y tế: UBND hứa bổ sung thuốc trong quý này.").await;
    tab.sees("Tân Hưng").await;
    stage.is_legible().await;
    stage.shoots("hom-nay").await;
    let mut tab = stage.tab();
    tab.press("Ghi phiếu").await;
    tab.sees("Phiếu mới").await;
    // What would make it clear work is told while it is typed, and never demanded.
    tab.sees("Nên hỏi thêm cho rõ việc: nội dung đề nghị; đối tượng bị ảnh hưởng; từ bao giờ")
        .await;
    tab.fill("Mong muốn", "Sửa đường").await;
    tab.misses("nội dung đề nghị").await;
    tab.press("Cho rõ việc hơn").await;
    tab.fill("Ai bị ảnh hưởng", "60 hộ ấp 4").await;
    tab.fill("Từ khi nào", "Mùa mưa năm ngoái").await;
    tab.fill("Có gì làm rõ", "Không có").await;
    tab.sees("Đã rõ việc.").await;
    stage.is_legible().await;
    stage.shoots("ghi-ro").await;
}

async fn it_opens_and_writes_without_any_network(stage: &mut Stage<'_>) {
    // The switch beside the real thing.
    stage.tab().press("Mất sóng").await;
    stage.tab().sees("Đang giả như mất sóng").await;
    stage.writes("Đường liên ấp xuống cấp, mưa là ngập").await;
    stage.tab().sees("1 việc đang chờ gửi").await;
    assert!(stage.arrived().await.is_empty());

    // The real thing: no network here, and nobody there.
    stage.dies().await;
    stage.tab().offline(true).await;
    stage.tab().press("Mất sóng").await;
    stage.tab().reload().await;
    stage
        .tab()
        .sees("Chưa liên lạc được máy chủ: 1 việc chờ trên máy")
        .await;
    stage.tab().press("Hôm nay").await;
    stage
        .tab()
        .sees("Trạm y tế: UBND hứa bổ sung thuốc trong quý này.")
        .await;
    stage.writes("Điện yếu vào buổi tối, bơm nước không chạy").await;
    stage.is_legible().await;
    stage.shoots("mat-song").await;
    // The message that the voter takes home does not wait for a signal either.
    stage.tab().press("Đưa mã cho cử tri").await;
    let told = stage
        .tab()
        .evaluate("document.querySelector('details[open] .lines').textContent")
        .await;
    let told = told.as_str().unwrap();
    assert!(
        told.starts_with("Mã tra cứu") && told.chars().count() <= 70,
        "{told}"
    );
    let links = "[...document.querySelectorAll('details[open] a')].map(({ href }) => decodeURIComponent(href)).join(' ')";
    let links = stage.tab().evaluate(links).await;
    let links = links.as_str().unwrap();
    assert!(
        links.starts_with(&format!("sms:?&body={told} http")) && links.ends_with("?in=1"),
        "{links}"
    );
    stage.is_legible().await;

    // A denunciation is explained before a word is written, and leaves the outbox alone.
    let mut tab = stage.tab();
    tab.press("Ghi phiếu").await;
    tab.press("Tố cáo").await;
    tab.sees("Tố cáo không gửi qua mạng").await;
    tab.misses("Cuộc tiếp xúc").await;
    tab.fill("Cử tri nói gì", &format!("{DENOUNCER} nói về cán bộ ấp"))
        .await;
    tab.press("Lưu trên máy").await;
    tab.sees("Tố cáo: chuyển tận tay").await;
    tab.sees("2 việc đang chờ gửi").await;
    stage.is_legible().await;
    stage.shoots("to-cao").await;
}

async fn what_was_written_arrives_once_though_the_server_is_killed_and_answers_are_lost(
    stage: &mut Stage<'_>,
) {
    // It comes back, and is killed when half of the upload is there.
    stage.starts().await;
    let cuts = stage.road.cuts();
    stage.road.cut_request_after(1_500);
    stage.tab().offline(false).await;
    until("the upload is cut", async || stage.road.cuts() > cuts).await;
    stage.dies().await;
    stage.starts().await;
    assert!(stage.arrived().await.is_empty(), "half of it is nothing");
    // Now it stores, and its answer is lost.
    stage.road.clear();
    stage.road.cut_response_after(0);
    let cuts = stage.road.cuts();
    until("it is stored", async || {
        stage.arrived().await.len() == 2 && stage.road.cuts() > cuts
    })
    .await;
    stage.road.clear();
    // As browsers tell it; else the page comes back within two minutes by itself.
    stage.tab().evaluate("dispatchEvent(new Event('online'))").await;
    stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
    let arrived = stage.arrived().await;
    assert_eq!(
        words(&arrived),
        [
            "Điện yếu vào buổi tối, bơm nước không chạy",
            "Đường liên ấp xuống cấp, mưa là ngập"
        ],
        "each once"
    );
    for feedback in &arrived {
        let code = feedback["trackingCode"].as_str().unwrap();
        let known = cutri::feedback::tracking::TrackingCode::parse(code);
        assert_eq!(known.map(|known| known.to_string()).as_deref(), Some(code));
        stage.tab().sees(code).await;
    }
    stage.tab().sees_number(6, ".receipts .is-there").await;
}

async fn a_denunciation_stays_on_the_phone_until_it_was_handed_over(stage: &mut Stage<'_>) {
    let kept = json!(stage.held("outbox").await).to_string();
    assert!(kept.contains(DENOUNCER), "the only copy is here");
    let mut tab = stage.tab();
    tab.press("Khi đã bàn giao").await;
    tab.fill("Số biên nhận", "125/2026/BN-TCD").await;
    tab.press("Đã bàn giao, xóa lời trên máy").await;
    tab.sees("Tố cáo, biên nhận số 125/2026/BN-TCD").await;
    tab.sees("Mọi điều đã ghi đều đã gửi").await;
    tab.sees_number(9, ".receipts .is-there").await;
    assert!(!tab.text().await.contains(DENOUNCER));
    let kept = json!(stage.held("outbox").await).to_string();
    assert!(!kept.contains(DENOUNCER));
    let arrived = stage.arrived().await;
    let denunciation = arrived
        .iter()
        .find(|node| node["kind"] == "denunciation")
        .unwrap();
    assert_eq!(denunciation["receiptNumber"], "125/2026/BN-TCD");
    assert_eq!(denunciation["content"], Value::Null);
}

async fn what_is_refused_is_explained_and_can_be_corrected(stage: &mut Stage<'_>) {
    let mut tab = stage.tab();
    tab.press("Ghi phiếu").await;
    tab.fill("Cử tri nói gì", "Xin được gọi lại về sổ đất").await;
    tab.press("Cử tri muốn được gọi lại").await;
    tab.press("Cử tri đồng ý để đại biểu ghi tên").await;
    tab.fill("Tên", "Bà Tư").await;
    tab.fill("Số điện thoại", "không nhớ số").await;
    tab.press("Lưu trên máy").await;
    tab.sees("Chưa được nhận").await;
    tab.sees("mục “Số điện thoại”").await;
    stage.is_legible().await;
    stage.shoots("giai-thich").await;
    stage.tab().press("Lấy lại lời đã ghi để sửa").await;
    stage.tab().sees("Sửa, bổ sung phiếu").await;
    let content = "document.querySelector('[name=content]').value";
    assert_eq!(stage.tab().evaluate(content).await, "Xin được gọi lại về sổ đất");
    // Whom to call is there again; only the number was wrong.
    let name = "document.querySelector('[name=contactName]').value";
    assert_eq!(stage.tab().evaluate(name).await, "Bà Tư");
    assert!(
        !json!(stage.held("meta").await).to_string().contains("Bà Tư"),
        "in no draft"
    );
    stage.tab().fill("Số điện thoại", "0912 345 678").await;
    stage.tab().press("Lưu trên máy").await;
    stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
    stage.tab().misses("Chưa được nhận").await;
    let arrived = stage.arrived().await;
    let again = words(&arrived)
        .into_iter()
        .filter(|words| *words == "Xin được gọi lại về sổ đất");
    assert_eq!(again.count(), 1, "the same row, corrected");
}

async fn receipts_advance_and_hostile_text_is_text(stage: &mut Stage<'_>) {
    let here = stage.world.here.clone();
    let office = stage.person(&here.office);
    let road = stage.arrived().await.into_iter().find(|node| {
        node["content"]
            .as_str()
            .is_some_and(|words| words.starts_with("Đường"))
    });
    let input = json!({"feedbackIds": [road.unwrap()["id"]], "title": TITLE, "content": HOSTILE});
    let made = office.done("groupFeedback", input, "petition { id }").await;
    let petition = made["petition"]["id"].clone();
    stage.tab().press("Hộp gửi").await;
    // Seen by the office: it comes by itself, nobody has to ask.
    stage
        .tab()
        .sees_number(1, ".receipts li:nth-child(4).is-there")
        .await;
    stage.tab().sees(&format!("Thuộc kiến nghị: {TITLE}")).await;
    stage.brings_to_view(".receipts li:nth-child(4).is-there").await;
    stage.shoots("hop-gui").await;

    let input = json!({"petitionId": petition, "field": "transport", "tier": "commune"});
    office.done("classifyPetition", input, "petition { id }").await;
    stage.was_said_in_february().await;
    let input = json!({"petitionIds": [petition], "leadId": here.committee, "documentNumber": "12/VP-HĐND",
        "documentDate": "2026-02-09"});
    office.done("forwardPetitions", input, "petitions { id }").await;
    let mut tab = stage.tab();
    tab.press("Kiến nghị").await;
    tab.sees("Đã chuyển cơ quan giải quyết").await;
    tab.sees(TITLE).await;
    stage.is_legible().await;
    stage.shoots("don-doc").await;
    let mut tab = stage.tab();
    tab.press("Nội dung").await;
    tab.sees(HOSTILE).await;
    assert_eq!(tab.count("main img").await, 0, "text is text");
    tab.press("Nội dung").await;
    tab.misses(HOSTILE).await;
    tab.press("Đôn đốc").await;
    tab.choose("Hình thức", "Điện thoại").await;
    tab.fill("Lời đôn đốc", "Bà con chờ đã hai tháng").await;
    tab.press("Lưu").await;
    tab.sees("đã đôn đốc 1 lần").await;

    let body = stage.person(&here.committee_login);
    let input = json!({"petitionIds": [petition], "agencyId": here.committee, "documentNumber": "8/UBND",
        "documentDate": "2026-03-12", "text": "Sẽ sửa trong quý II, đã bố trí vốn.", "outcome": "in_progress",
        "roadmapAt": "2027-06-30"});
    body.done("answerPetitions", input, "petitions { id }").await;
    let mut tab = stage.tab();
    tab.sees("Cần thông tin lại cho cử tri (1)").await;
    tab.sees("Sẽ sửa trong quý II, đã bố trí vốn.").await;
    tab.sees("lộ trình đến 30/6/2027").await;
    stage.is_legible().await;
    stage.shoots("kien-nghi").await;
    // Told in the hall, without signal.
    let mut tab = stage.tab();
    tab.press("Mất sóng").await;
    tab.sees("Đang giả như mất sóng").await;
    tab.press("Đã thông tin lại cho cử tri").await;
    tab.choose("Bằng cách nào", "Gặp trực tiếp").await;
    tab.choose("Cử tri có hài lòng không", "Hài lòng một phần").await;
    // Yesterday, on his way home; a day that is still to come is not taken.
    let today = stage.state.clock.today();
    let (yesterday, to_come) = (today - Days::new(1), today + Days::new(2));
    let on = |day: NaiveDate| {
        format!(
            "Object.assign(document.querySelector('details[open] [name=on]'), {{ value: '{day}' }}).validity.valid"
        )
    };
    let mut tab = stage.tab();
    assert_eq!(tab.evaluate(&on(to_come)).await, false);
    tab.press("Lưu").await;
    assert_eq!(
        tab.evaluate(&on(yesterday)).await,
        true,
        "and the form is still there"
    );
    stage.is_legible().await;
    let mut tab = stage.tab();
    tab.press("Lưu").await;
    tab.sees("Cần thông tin lại cho cử tri (0)").await;
    tab.press("Mất sóng").await;
    tab.sees("Đã đồng bộ lúc").await;
    let query =
        "query($id: ID!) { petition(id: $id) { process satisfaction informedAt history(first: 20) { event }
        informings { at channel satisfaction authorId } } }";
    let told = office.data(query, json!({"id": petition})).await["petition"].clone();
    assert_eq!(
        (&told["process"], &told["satisfaction"]),
        (&json!("informed"), &json!("partly")),
        "{told}"
    );
    let author = here.delegates[0].account;
    let at = format!("{yesterday}T12:00:00.000000+07:00");
    assert_eq!(
        told["informings"],
        json!([{"at": at, "channel": "in_person", "satisfaction": "partly", "authorId": author}])
    );
    assert_eq!(told["informedAt"], at.as_str());
    stage.tab().press("Đã thông tin lại, đã khép (1)").await;
    stage.tab().sees("cử tri: hài lòng một phần").await;
    let events: Vec<&str> = told["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            "grouped",
            "classified",
            "forwarded",
            "urged",
            "answered",
            "informed"
        ]
    );
    assert_ne!(stage.tab().evaluate("document.title").await, "bị chiếm");
}

async fn what_the_office_asks_is_answered(stage: &mut Stage<'_>) {
    let before = stage.arrived().await.len();
    let told = stage.arrived().await;
    let weak = told.iter().find(|node| {
        node["content"]
            .as_str()
            .is_some_and(|words| words.starts_with("Điện"))
    });
    let office = stage.person(&stage.world.here.office);
    let input = json!({"feedbackId": weak.unwrap()["id"], "question": "Điện yếu ở ấp nào?"});
    office.done("returnForClarity", input, "feedback { id }").await;
    let mut tab = stage.tab();
    tab.press("Hộp gửi").await;
    tab.sees("Văn phòng hỏi lại: Điện yếu ở ấp nào?").await;
    stage.is_legible().await;
    stage.brings_to_view(".warning").await;
    stage.shoots("hoi-lai").await;
    let mut tab = stage.tab();
    tab.press("Bổ sung vào phiếu").await;
    tab.sees("Sửa, bổ sung phiếu").await;
    tab.fill("Ấp, khu phố", "Ấp 4").await;
    tab.press("Lưu trên máy").await;
    tab.misses("Văn phòng hỏi lại").await;
    tab.sees("Mọi điều đã ghi đều đã gửi").await;
    let query = "{ feedbacks(first: 100) { nodes { content subUnit status } } }";
    let told = office.data(query, json!({})).await;
    let answered = told["feedbacks"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["subUnit"] == "Ấp 4")
        .expect("the answer");
    assert_eq!(answered["status"], "accepted", "{answered}");
    assert_eq!(answered["content"], "Điện yếu vào buổi tối, bơm nước không chạy");
    assert_eq!(stage.arrived().await.len(), before, "the same row");
}
