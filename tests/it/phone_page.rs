//! The phone page in a real Chromium: what a delegate does with one thumb, with the network really gone and the server
//! really killed. `UPDATE=1` takes the pictures of docs/phone.md anew.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use cutri::{
    accounts::token::{self, Holder, Kind as TokenKind},
    state::State,
};
use cutri_tests::{
    FaultProxy, Kind, ServerProcess, TestApp, TestDatabase,
    app::{Person, state_on},
    browser::{Browser, Tab},
    byte_search, each_db,
    phone::Phone,
    server_process::free_address,
    world::{Login, World},
};
use serde_json::{Value, json};

const PASSWORD: &str = "ngựa ô thắng kiệu vàng 9";
const DENOUNCER: &str = "Lê Thị Người Tố Cáo Giấu Tên";
const HOSTILE: &str = "<img src=x onerror=\"document.title='bị chiếm'\"> Sửa đường liên ấp";
const ASSETS: &str = "api/src/pages/phone/assets";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A server that can be killed, behind a road that can break, and a browser before it.
struct Stage<'a> {
    db: &'a TestDatabase,
    world: World,
    state: Arc<State>,
    listen: SocketAddr,
    server: Option<ServerProcess>,
    road: FaultProxy,
    browser: Browser,
}

impl<'a> Stage<'a> {
    async fn set(db: &'a TestDatabase) -> Self {
        let state = state_on(db.url(), &db.folder().join("keys")).await;
        cutri::installation::check_keys(&state.store, &state.keys)
            .await
            .unwrap();
        let world = World::create(&state).await;
        let listen = free_address();
        let mut stage = Self {
            db,
            world,
            state,
            listen,
            server: None,
            road: FaultProxy::start(listen).await,
            browser: Browser::start(),
        };
        stage.starts().await;
        let input = json!({"accountId": stage.world.here.delegates[0].account, "password": PASSWORD});
        let administrator = stage.person(&stage.world.administrator);
        administrator.done("resetPassword", input, "account { id }").await;
        stage
    }

    async fn starts(&mut self) {
        let (keys, listen) = (self.db.folder().join("keys"), self.listen.to_string());
        let settings = [
            ("DATABASE_URL", self.db.url()),
            ("CUTRI_KEYS", keys.to_str().unwrap()),
            ("CUTRI_LISTEN", &listen),
            ("CUTRI_LOG", "debug"),
        ];
        self.server = Some(ServerProcess::start(self.db.folder(), &["serve"], &settings).await);
    }

    async fn dies(&mut self) {
        self.server.take().unwrap().kill9().await;
    }

    fn person(&self, login: &Login) -> Person {
        Person::new(&self.state, self.listen, login.account, login.device)
    }

    fn tab(&mut self) -> Tab<'_> {
        self.browser.tab("one")
    }

    async fn signs_in(&mut self) {
        let url = self.road.url("/dien-thoai");
        let username = self.world.here.delegates[0].username.clone();
        let mut tab = self.tab();
        tab.open(&url).await;
        tab.fill("Tên đăng nhập", &username).await;
        tab.fill("Mật khẩu", PASSWORD).await;
        tab.press("Đăng nhập").await;
        tab.sees("Đã đồng bộ lúc").await;
    }

    /// Writes down what somebody said.
    async fn writes(&mut self, words: &str) {
        let mut tab = self.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", words).await;
        tab.press("Lưu trên máy").await;
        tab.sees("Mã tra cứu cho cử tri").await;
        tab.sees(words).await;
    }

    /// A picture for the documents, once is enough.
    async fn shoots(&mut self, name: &str) {
        let asked = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
        if asked && self.db.kind() == Kind::Sqlite {
            let folder = root().join("docs/phone");
            std::fs::create_dir_all(&folder).unwrap();
            self.tab().shoot(&folder.join(format!("{name}.png"))).await;
        }
    }

    /// Nothing on this screen is in anybody's way.
    async fn is_legible(&mut self) {
        let found = self.tab().audit().await;
        assert!(found.is_empty(), "{found:#?}");
    }

    /// What the office finds, its words in alphabetical order.
    async fn arrived(&self) -> Vec<Value> {
        let office = self.person(&self.world.here.office);
        let query = "{ feedbacks(first: 100) { nodes { id kind content receiptNumber trackingCode } } }";
        let data = office.data(query, json!({})).await;
        let mut nodes = data["feedbacks"]["nodes"].as_array().unwrap().clone();
        nodes.sort_by_key(|node| node["content"].as_str().unwrap_or_default().to_owned());
        nodes
    }
}

fn words(arrived: &[Value]) -> Vec<&str> {
    arrived
        .iter()
        .map(|node| node["content"].as_str().unwrap_or_default())
        .collect()
}

/// Resource errors are what a network that is gone looks like; anything else is a defect of the page.
fn only_of_the_network(complaints: &[String]) {
    let odd = complaints
        .iter()
        .filter(|told| !told.contains("Failed to load resource") && !told.contains("net::ERR_"));
    assert_eq!(odd.count(), 0, "{complaints:#?}");
}

each_db! {
    async fn from_words_without_signal_to_voters_informed(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        everything_is_there_after_signing_in(&mut stage).await;
        it_opens_and_writes_without_any_network(&mut stage).await;
        what_was_written_arrives_once_though_the_server_is_killed_and_answers_are_lost(&mut stage).await;
        a_denunciation_stays_on_the_phone_until_it_was_handed_over(&mut stage).await;
        what_is_refused_is_explained_and_can_be_corrected(&mut stage).await;
        receipts_advance_and_a_hostile_title_is_text(&mut stage).await;
        complaints_stay_of_the_network(&mut stage).await;
        let denounced = [DENOUNCER];
        byte_search::assert_free_of(&db.stored_in().await, &denounced);
        byte_search::assert_free_of(db.folder(), &denounced);
    }

    async fn tabs_tokens_and_a_phone_that_was_given_up(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        two_tabs_are_one_phone(&mut stage).await;
        a_token_that_ended_is_no_end(&mut stage).await;
        after_the_grace_one_signs_in_and_nothing_is_lost(&mut stage).await;
        a_phone_that_was_given_up_hands_in_and_forgets(&mut stage).await;
    }
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
    stage.tab().press("Ghi phiếu").await;
    stage.tab().sees("Phiếu mới").await;
    stage.is_legible().await;
    stage.shoots("ghi").await;
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
    stage.shoots("mat-song").await;

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
    // It comes back over a slow road, and is killed as soon as something is on the way.
    stage.starts().await;
    stage.road.delay(Duration::from_millis(150));
    let before = stage.road.connections();
    stage.tab().offline(false).await;
    while stage.road.connections() == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    stage.dies().await;
    stage.starts().await;
    // Now it stores, and its answer is lost.
    stage.road.clear();
    stage.road.cut_response_after(0);
    let cuts = stage.road.cuts();
    while stage.arrived().await.len() < 2 || stage.road.cuts() == cuts {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stage.road.clear();
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
    let held = "indexedDB.databases().then(([{ name }]) => new Promise((resolve) => {
        indexedDB.open(name).onsuccess = ({ target: { result } }) => {
            result.transaction('outbox').objectStore('outbox').getAll().onsuccess = ({ target }) => {
                result.close(); resolve(JSON.stringify(target.result)); }; }; }))";
    let kept = stage.tab().evaluate(held).await;
    assert!(
        kept.as_str().unwrap().contains(DENOUNCER),
        "the only copy is here"
    );
    let mut tab = stage.tab();
    tab.press("Khi đã bàn giao").await;
    tab.fill("Số biên nhận", "125/2026/BN-TCD").await;
    tab.press("Đã bàn giao, xóa lời trên máy").await;
    tab.sees("Tố cáo, biên nhận số 125/2026/BN-TCD").await;
    tab.sees("Mọi điều đã ghi đều đã gửi").await;
    tab.sees_number(9, ".receipts .is-there").await;
    assert!(!tab.text().await.contains(DENOUNCER));
    assert!(!tab.evaluate(held).await.as_str().unwrap().contains(DENOUNCER));
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
    tab.fill("Số điện thoại", "không nhớ số").await;
    tab.press("Lưu trên máy").await;
    tab.sees("Chưa được nhận").await;
    tab.sees("mục “Số điện thoại”").await;
    stage.is_legible().await;
    stage.shoots("giai-thich").await;
    stage.tab().press("Lấy lại lời đã ghi để sửa").await;
    stage.tab().sees("Phiếu mới").await;
    let content = "document.querySelector('[name=content]').value";
    assert_eq!(stage.tab().evaluate(content).await, "Xin được gọi lại về sổ đất");
    stage.tab().press("Lưu trên máy").await;
    stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
    stage.tab().misses("Chưa được nhận").await;
    let arrived = stage.arrived().await;
    let again = words(&arrived)
        .into_iter()
        .filter(|words| *words == "Xin được gọi lại về sổ đất");
    assert_eq!(again.count(), 1, "the same row, corrected");
}

async fn receipts_advance_and_a_hostile_title_is_text(stage: &mut Stage<'_>) {
    let here = stage.world.here.clone();
    let office = stage.person(&here.office);
    let road = stage.arrived().await.into_iter().find(|node| {
        node["content"]
            .as_str()
            .is_some_and(|words| words.starts_with("Đường"))
    });
    let input = json!({"feedbackIds": [road.unwrap()["id"]], "title": HOSTILE, "content": HOSTILE});
    let made = office.done("groupFeedback", input, "petition { id }").await;
    let petition = made["petition"]["id"].clone();
    stage.tab().press("Hộp gửi").await;
    // Seen by the office: it comes by itself, nobody has to ask.
    stage
        .tab()
        .sees_number(1, ".receipts li:nth-child(4).is-there")
        .await;
    stage.tab().sees("Thuộc kiến nghị: <img src=x").await;
    stage.shoots("hop-gui").await;

    let input = json!({"petitionId": petition, "field": "transport", "tier": "commune"});
    office.done("classifyPetition", input, "petition { id }").await;
    let input = json!({"petitionIds": [petition], "leadId": here.committee, "documentNumber": "12/VP-HĐND",
        "documentDate": "2026-02-09"});
    office.done("forwardPetitions", input, "petitions { id }").await;
    let mut tab = stage.tab();
    tab.press("Kiến nghị").await;
    tab.sees("Đã chuyển cơ quan giải quyết").await;
    tab.sees(HOSTILE).await;
    assert_eq!(tab.count("main img").await, 0, "a title is text");
    stage.is_legible().await;
    stage.shoots("don-doc").await;
    let mut tab = stage.tab();
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
    stage.is_legible().await;
    stage.shoots("kien-nghi").await;
    // Told in the hall, without signal.
    let mut tab = stage.tab();
    tab.press("Mất sóng").await;
    tab.sees("Đang giả như mất sóng").await;
    tab.press("Đã thông tin lại cho cử tri").await;
    tab.choose("Bằng cách nào", "Tại hội nghị tiếp xúc cử tri").await;
    tab.press("Lưu").await;
    tab.sees("Cần thông tin lại cho cử tri (0)").await;
    tab.press("Mất sóng").await;
    tab.sees("Đã đồng bộ lúc").await;
    let query = "query($id: ID!) { petition(id: $id) { process history(first: 20) { event } } }";
    let told = office.data(query, json!({"id": petition})).await["petition"].clone();
    assert_eq!(told["process"], "informed", "{told}");
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

async fn complaints_stay_of_the_network(stage: &mut Stage<'_>) {
    only_of_the_network(&stage.browser.complaints().await);
}

async fn two_tabs_are_one_phone(stage: &mut Stage<'_>) {
    let url = stage.road.url("/dien-thoai#hop-gui");
    stage.browser.tab("two").open(&url).await;
    stage.browser.tab("two").sees("Mọi điều đã ghi đều đã gửi").await;
    stage.tab().front().await;
    stage.tab().press("Mất sóng").await;
    stage.writes("Kênh nội đồng bồi lắng").await;
    let mut two = stage.browser.tab("two");
    two.front().await;
    two.sees("Đang giả như mất sóng").await;
    two.sees("Kênh nội đồng bồi lắng").await;
    two.sees("1 việc đang chờ gửi").await;
    // Both have it, both hear that there is signal again, and one sends it.
    two.press("Mất sóng").await;
    two.sees("Mọi điều đã ghi đều đã gửi").await;
    stage.tab().front().await;
    stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
    assert_eq!(words(&stage.arrived().await), ["Kênh nội đồng bồi lắng"]);
}

/// Changes the session that the page keeps.
async fn with_session(stage: &mut Stage<'_>, change: &str) -> Value {
    let script = format!(
        "indexedDB.databases().then(([{{ name }}]) => new Promise((resolve) => {{
            indexedDB.open(name).onsuccess = ({{ target: {{ result }} }}) => {{
                const meta = result.transaction('meta', 'readwrite').objectStore('meta');
                meta.get('session').onsuccess = ({{ target }}) => {{
                    const session = target.result; {change};
                    meta.put(session, 'session').onsuccess = () => {{ result.close(); resolve(session); }}; }}; }}; }}))"
    );
    stage.tab().evaluate(&script).await
}

/// A token of this device that has ended.
fn ended(stage: &Stage<'_>, device: &str) -> String {
    let holder = Holder {
        account: stage.world.here.delegates[0].account.0,
        device: device.parse().unwrap(),
        kind: TokenKind::Access,
    };
    let (state, ago) = (&stage.state, stage.state.clock.now() - chrono::Duration::hours(1));
    let minted = token::mint(&state.keys, &state.issuer, holder, ago, state.entropy.as_ref());
    minted.unwrap().text
}

async fn a_token_that_ended_is_no_end(stage: &mut Stage<'_>) {
    let before = with_session(stage, "").await;
    let old = ended(stage, before["deviceId"].as_str().unwrap());
    stage.tab().press("Mất sóng").await;
    stage.writes("Thiếu thuốc ở trạm y tế").await;
    with_session(stage, &format!("session.access = '{old}'")).await;
    stage.tab().press("Mất sóng").await;
    stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
    let after = with_session(stage, "").await;
    assert_ne!(after["access"], json!(old));
    assert_ne!(after["refresh"], before["refresh"], "the next of its line");
    assert_eq!(after["deviceId"], before["deviceId"]);
}

async fn after_the_grace_one_signs_in_and_nothing_is_lost(stage: &mut Stage<'_>) {
    let before = with_session(stage, "").await;
    let old = ended(stage, before["deviceId"].as_str().unwrap());
    stage.tab().press("Mất sóng").await;
    stage.writes("Cầu ván gãy").await;
    // It asked for the next token more than a minute ago, and never heard the answer.
    let asked = format!("session.access = '{old}'; session.sentAt = Date.now() - 61000");
    with_session(stage, &asked).await;
    stage.tab().press("Mất sóng").await;
    stage.tab().sees("Cần đăng nhập lại để gửi và nhận").await;
    stage.tab().sees("1 việc đang chờ gửi").await;
    let mut tab = stage.tab();
    tab.press("Đăng nhập").await;
    tab.fill("Mật khẩu", PASSWORD).await;
    tab.evaluate("document.querySelector('form').requestSubmit()")
        .await;
    tab.press("Hộp gửi").await;
    tab.sees("Mọi điều đã ghi đều đã gửi").await;
    let after = with_session(stage, "").await;
    assert_eq!(after["deviceId"], before["deviceId"], "the same device");
    assert_eq!(words(&stage.arrived().await).len(), 3);
}

async fn a_phone_that_was_given_up_hands_in_and_forgets(stage: &mut Stage<'_>) {
    let session = with_session(stage, "").await;
    stage.tab().press("Mất sóng").await;
    stage.writes("Bản duy nhất trên đời").await;
    let owner = stage.person(&stage.world.here.delegates[0]);
    let input = json!({"deviceId": session["deviceId"]});
    owner.done("revokeDevice", input, "device { id }").await;
    stage.tab().press("Mất sóng").await;
    stage.tab().sees("Thiết bị này đã bị thu hồi").await;
    stage.tab().sees("Tên đăng nhập").await;
    let left = stage
        .tab()
        .evaluate("indexedDB.databases().then((all) => all.length)")
        .await;
    assert_eq!(left, 0, "nothing is left");
    // It was offered first, and its author finds it on his next device.
    let mut next = Phone::new(owner);
    next.collections = Some(vec!["syncIssue".to_owned()]);
    next.pull().await;
    let issues = next.rows_of("syncIssue");
    assert_eq!(issues.len(), 1, "{issues:?}");
    assert_eq!(issues[0]["code"], "DEVICE_REVOKED");
}

/// An app author reads it in one sitting, and it asks nobody but its own server.
#[test]
fn the_page_is_short_and_refers_to_no_other_host() {
    let mut lines = 0;
    for file in std::fs::read_dir(root().join(ASSETS)).unwrap().flatten() {
        let path = file.path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(text) = std::fs::read_to_string(&path) else {
            assert!(name.ends_with(".png"), "{name} is no text");
            continue;
        };
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!text.contains(word), "{name}: {word}");
        }
        let bare = text.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !bare.contains("://") && !bare.contains("src=\"//"),
            "{name} refers to another host"
        );
        if name.ends_with(".js") || name.ends_with(".html") {
            lines += text.lines().count();
            let long = text.lines().find(|line| line.chars().count() > 130);
            assert_eq!(long, None, "{name}: too wide to read");
        }
    }
    assert!((500..1_000).contains(&lines), "{lines} lines");
}

each_db! {
    async fn the_page_is_served_for_ever_and_alone(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let stranger = app.stranger();
        let (status, headers, page) = stranger.get("/dien-thoai").await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
        let policy = headers["content-security-policy"].to_str().unwrap();
        for rule in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert_eq!(headers["cache-control"], "no-cache");
        assert!(!page.contains("/@/"));
        // Found in a browser: it takes the headers of "unchanged" for those of the page, and its policy with them.
        let again = reqwest::Client::new().get(format!("http://{}/dien-thoai", app.address()));
        let again = again.header("if-none-match", &headers["etag"]).send().await.unwrap();
        assert_eq!(again.status(), 304);
        assert_eq!(again.headers()["content-security-policy"], policy);

        let (_, headers, worker) = stranger.get("/dien-thoai/sw.js").await;
        assert_eq!(headers["service-worker-allowed"], "/dien-thoai");
        let release = worker.split("RELEASE = '").nth(1).unwrap().split('\'').next().unwrap();
        assert!(page.contains(&format!("/dien-thoai/{release}/app.js")));
        // All that the worker keeps is there, and all modules are kept.
        let listed = worker.split("FILES = [").nth(1).unwrap().split(']').next().unwrap();
        let listed: Vec<&str> = listed.split('\'').filter(|name| name.contains('.')).collect();
        for name in &listed {
            let (status, headers, _) = stranger.get(&format!("/dien-thoai/{release}/{name}")).await;
            assert_eq!((status, &headers["cache-control"]), (200, &"public, max-age=31536000, immutable".parse().unwrap()), "{name}");
            assert_eq!(stranger.get(&format!("/dien-thoai/000000000000/{name}")).await.0, 404);
        }
        for file in std::fs::read_dir(root().join(ASSETS)).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.ends_with(".js") && name != "sw.js" {
                assert!(listed.contains(&name.as_str()), "the worker does not keep {name}");
            }
        }
        let (status, headers, manifest) = stranger.get("/dien-thoai/manifest.webmanifest").await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/manifest+json"));
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        for icon in manifest["icons"].as_array().unwrap() {
            assert_eq!(stranger.get(icon["src"].as_str().unwrap()).await.0, 200, "{icon}");
        }
        let (status, _, answer) = stranger.get("/dien-thoai/thu").await;
        assert_eq!(status, 404, "no accounts but in a demo: {answer}");
        assert_eq!(stranger.get("/dien-thoai/x/y").await.0, 404);
        assert!(stranger.get("/").await.2.contains("href=\"/dien-thoai\""));
    }
}
