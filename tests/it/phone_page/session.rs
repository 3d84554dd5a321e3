//! Tabs, tokens that ended, and a phone that was given up.

use cutri::accounts::token::{self, Holder, Kind as TokenKind};
use cutri_tests::{TestDatabase, browser::Browser, each_db, in_a_browser, phone::Phone};
use serde_json::{Value, json};

use super::{PASSWORD, Stage, until, words};

each_db! {
    async fn tabs_tokens_and_a_phone_that_was_given_up(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        two_tabs_are_one_phone(&mut stage).await;
        a_token_that_ended_is_no_end(&mut stage).await;
        after_the_grace_one_signs_in_and_nothing_is_lost(&mut stage).await;
        a_phone_that_was_given_up_hands_in_and_forgets(&mut stage).await;
    }
}

in_a_browser! {
    async fn a_browser_would_install_it(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.browser = Browser::start_whole();
        stage.signs_in().await;
        // Whatever the profile of a test forbids; the page itself gives no reason.
        let mut hindrances = stage.tab().hindrances().await;
        hindrances.retain(|reason| reason != "in-incognito");
        assert_eq!(hindrances, Vec::<String>::new());
    }
}

in_a_browser! {
    // The view that was left at once took the place of the form, at the form's own address: nothing led back to it.
    async fn a_quick_thumb_is_where_it_pressed_last(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", "Đèn đường hỏng").await;
        let there_and_back = "(async () => {
            const moment = () => new Promise((done) => setTimeout(done, 1_000));
            const turned = () => new Promise((done) => addEventListener('hashchange', done, { once: true }));
            await moment(); // until nothing more comes that would draw it anew
            for (const address of ['#hom-nay', '#ghi']) { const at = turned(); location.hash = address; await at; }
            await moment();
            return document.querySelector('#view h1').textContent;
        })()";
        assert_eq!(tab.evaluate(there_and_back).await, "Ghi ý kiến cử tri");
        assert_eq!(tab.evaluate("document.querySelector('[name=content]').value").await, "Đèn đường hỏng");
        tab.press("Hôm nay").await;
        tab.press("Ghi phiếu").await;
        tab.sees("Phiếu mới").await;
    }
}

in_a_browser! {
    // The second one's session was put into the first one's store: his words went out as the other's, and the other read
    // what a voter had denounced.
    async fn whoever_takes_over_the_phone_takes_over_nobodys_words(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        stage.tab().press("Mất sóng").await;
        stage.writes("Lời của người thứ nhất").await;
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.press("Tố cáo").await;
        tab.fill("Cử tri nói gì", "Người tố cáo nói riêng").await;
        tab.press("Lưu trên máy").await;
        tab.sees("Tố cáo: chuyển tận tay").await;
        let session = with_session(&mut stage, "").await;
        let old = ended(&stage, session["deviceId"].as_str().unwrap());
        with_session(&mut stage, &format!("session.access = '{old}'; session.sentAt = Date.now() - 61000")).await;
        stage.tab().press("Mất sóng").await;
        stage.tab().sees("Cần đăng nhập lại để gửi và nhận").await;

        let [first, second] = [0, 1].map(|n| stage.world.here.delegates[n].clone());
        signs_in_again(&mut stage, &second.username).await;
        stage.tab().press("Hộp gửi").await;
        stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
        let shown = stage.tab().text().await;
        assert!(!shown.contains("Lời của") && !shown.contains("nói riêng"), "{shown}");
        stage.writes("Lời của người thứ hai").await;
        stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
        let arrived = stage.arrived().await;
        assert_eq!(words(&arrived), ["Lời của người thứ hai"]);
        assert_eq!(arrived[0]["authorId"], second.account.to_string());

        // The first one comes back, and everything of his is as he left it.
        stage.tab().evaluate("location.hash = '#dang-nhap'").await;
        signs_in_again(&mut stage, &first.username).await;
        let mut tab = stage.tab();
        tab.press("Hộp gửi").await;
        tab.sees("Người tố cáo nói riêng").await;
        tab.sees("Mọi điều đã ghi đều đã gửi").await;
        let arrived = stage.arrived().await;
        assert_eq!(words(&arrived), ["Lời của người thứ hai", "Lời của người thứ nhất"]);
        assert_eq!(arrived[1]["authorId"], first.account.to_string());
    }

    // "What was not sent has been handed in", it said, of what never leaves a phone.
    async fn a_phone_that_was_given_up_says_what_it_could_not_hand_in(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let session = with_session(&mut stage, "").await;
        stage.tab().press("Mất sóng").await;
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.press("Tố cáo").await;
        tab.fill("Cử tri nói gì", "Người tố cáo nói riêng").await;
        tab.press("Lưu trên máy").await;
        tab.sees("Tố cáo: chuyển tận tay").await;
        let owner = stage.person(&stage.world.here.delegates[0]);
        owner.done("revokeDevice", json!({"deviceId": session["deviceId"]}), "device { id }").await;
        stage.tab().press("Mất sóng").await;
        stage.tab().sees("dữ liệu trên máy đã xóa hết, kể cả 1 tố cáo chưa bàn giao.").await;
    }
}

in_a_browser! {
    // "What was not sent has been handed in", it said, of what is taken from no stolen phone.
    async fn a_stolen_phone_says_that_nothing_was_handed_in(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let session = with_session(&mut stage, "").await;
        stage.tab().press("Mất sóng").await;
        stage.writes("Chỉ có trên máy này").await;
        let owner = stage.person(&stage.world.here.delegates[0]);
        owner.done("revokeDevice", json!({"deviceId": session["deviceId"], "stolen": true}), "device { id }").await;
        stage.tab().press("Mất sóng").await;
        stage.tab().sees("dữ liệu trên máy đã xóa hết, kể cả 1 việc chưa nộp được.").await;
        assert!(!stage.tab().text().await.contains("đã được nộp"));
    }

    // On a thin line the server hears of it late: what was written meanwhile was erased with the rest, and nobody had it.
    async fn what_is_written_while_one_leaves_the_phone_is_handed_in(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let slow = "const road = fetch; window.fetch = (path, options) => (!options?.body?.includes?.('logout') ? road(path, options)
            : new Promise((resolve) => { window.arrives = () => {
                const answer = road(path, { ...options, signal: undefined });
                resolve(answer);
                return answer.then(() => true); }; }));
            location.hash = '#roi-may'; true";
        let mut tab = stage.tab();
        tab.evaluate(slow).await;
        tab.press("Rời máy và xóa").await;
        until("it is on its way", async || stage.tab().evaluate("Boolean(window.arrives)").await == true).await;
        stage.tab().press("Mất sóng").await;
        stage.writes("Ghi lúc rời máy").await;
        assert_eq!(stage.tab().evaluate("window.arrives()").await, true);
        stage.tab().press("Mất sóng").await;
        stage.tab().sees("Thiết bị này đã bị thu hồi, phiếu chưa gửi đã được nộp").await;
        // Its author finds it on his next device.
        let mut next = Phone::new(stage.person(&stage.world.here.delegates[0]));
        next.collections = Some(vec!["syncIssue".to_owned()]);
        next.pull().await;
        let issues = next.rows_of("syncIssue");
        assert_eq!(issues.len(), 1, "{issues:?}");
        assert_eq!(issues[0]["code"], "DEVICE_REVOKED");
    }
}

pub(super) async fn signs_in_again(stage: &mut Stage<'_>, username: &str) {
    let mut tab = stage.tab();
    if tab.count("[name=username]").await == 0 {
        tab.press("Đăng nhập").await;
    }
    tab.fill("Tên đăng nhập", username).await;
    tab.fill("Mật khẩu", PASSWORD).await;
    tab.evaluate("document.querySelector('form').requestSubmit()")
        .await;
    tab.sees("Điều cần biết trước").await;
    tab.sees("Đã đồng bộ lúc").await;
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
    tab.sees("Điều cần biết trước").await;
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
