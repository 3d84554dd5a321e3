//! What lies on the phone is out of reach: the browser refuses, closes, or has it in a newer form. The page says so, and
//! takes no words that it could not keep.

use cutri_tests::{TestDatabase, in_a_browser};
use serde_json::json;

use super::{PASSWORD, Stage, until, words};

const SAID: &str = "Kênh nội đồng sạt lở";
const REFUSED: &str = "Trình duyệt không cho sổ tay giữ gì trên máy này";
const NEWER: &str = "Trang này là bản cũ: một thẻ khác đã chuyển sổ tay sang bản mới.";
const CLOSED: &str = "Chưa mở được sổ tay";
const CONTENT: &str = "document.querySelector('[name=content]').value";
const IS_INERT: &str = "document.getElementById('view').inert";

/// From now on the browser opens no database for this page.
const REFUSE: &str = "window.opens = IDBFactory.prototype.open; IDBFactory.prototype.open = () => {
    throw new DOMException('The user denied permission to access the database.', 'SecurityError'); }; true";
const ALLOW: &str = "IDBFactory.prototype.open = window.opens; true";

in_a_browser! {
    // "Opening the notebook…" stood there for ever.
    async fn a_browser_that_keeps_nothing_is_explained_and_takes_no_words(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        stage.writes(SAID).await;
        stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
        let refuses = format!("if (localStorage.getItem('refuses')) {{ {REFUSE}; }}");
        let mut tab = stage.tab();
        tab.first_runs(&refuses).await;
        tab.evaluate("localStorage.setItem('refuses', '1'); location.hash = '#ghi'; true").await;
        tab.reload().await;
        tab.sees(CLOSED).await;
        tab.sees(REFUSED).await;
        tab.misses("Đang mở sổ tay").await;
        assert_eq!(tab.count("form").await, 0, "there is nothing to write into");
        stage.is_legible().await;
        // Once he has allowed it everything is there.
        let mut tab = stage.tab();
        let again = "localStorage.removeItem('refuses'); setTimeout(() => document.querySelector('#trouble a').click(), 100); true";
        tab.evaluate(again).await;
        tab.sees("Đã đồng bộ lúc").await;
        tab.press("Hộp gửi").await;
        tab.sees(SAID).await;
        tab.misses(CLOSED).await;
    }

    // In English, and in the words of the browser's makers.
    async fn who_signs_in_where_nothing_is_kept_is_told_so(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        let url = stage.road.url("/dien-thoai");
        let username = stage.world.here.delegates[0].username.clone();
        let mut tab = stage.tab();
        tab.open(&url).await;
        tab.fill("Tên đăng nhập", &username).await;
        tab.fill("Mật khẩu", PASSWORD).await;
        tab.evaluate(REFUSE).await;
        tab.press("Đăng nhập").await;
        tab.sees(REFUSED).await;
        tab.evaluate(ALLOW).await;
        tab.press("Đăng nhập").await;
        tab.sees("Đã đồng bộ lúc").await;
    }

    // The page was loaded anew under somebody's fingers, and then never opened.
    async fn a_newer_page_in_another_tab_is_told_and_what_was_typed_is_kept(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.fill("Cử tri nói gì", SAID).await;
        let elsewhere = stage.road.url("/livez");
        let newer = "indexedDB.databases().then(([{ name }]) => new Promise((resolve, reject) => {
            const request = indexedDB.open(name, 2);
            request.onsuccess = () => { request.result.close(); resolve(true); };
            request.onerror = () => reject(request.error); }))";
        let mut two = stage.browser.tab("two");
        two.open(&elsewhere).await;
        assert_eq!(two.evaluate(newer).await, true);
        let mut tab = stage.tab();
        tab.front().await;
        tab.sees(NEWER).await;
        assert_eq!(tab.evaluate(CONTENT).await, SAID, "it is still to be read");
        assert_eq!(tab.evaluate(IS_INERT).await, true, "and nothing more is taken");
        // Where the newer page did not come yet, this one says the same again.
        tab.reload().await;
        tab.sees(NEWER).await;
        assert_eq!(tab.count("form").await, 0);
        stage.is_legible().await;
        let kept = json!(stage.held("meta").await).to_string();
        assert!(kept.contains(SAID), "the newer page finds the draft: {kept}");
    }

    // Nothing could be saved until the page was loaded anew, and then nobody knew any more whom to call back.
    async fn what_the_browser_closed_is_opened_again_under_what_is_typed(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        let mut tab = stage.tab();
        tab.press("Ghi phiếu").await;
        tab.sees("Phiếu mới").await;
        let watches = "const { transaction } = IDBDatabase.prototype;
            IDBDatabase.prototype.transaction = function (...given) {
                window.connection = this; return transaction.apply(this, given); }; true";
        tab.evaluate(watches).await;
        tab.fill("Cử tri nói gì", SAID).await;
        tab.press("Cử tri muốn được gọi lại").await;
        tab.press("Cử tri đồng ý để đại biểu ghi tên").await;
        tab.fill("Tên", "Bà Tư").await;
        tab.fill("Số điện thoại", "0912 345 678").await;
        until("the store is in use", async || stage.tab().evaluate("Boolean(window.connection)").await == true).await;

        // As a browser does it whose disk failed, or that made room; and for a while it opens nothing.
        let closes = "connection.close(); connection.dispatchEvent(new Event('close')); true";
        let mut tab = stage.tab();
        tab.evaluate(REFUSE).await;
        tab.evaluate(closes).await;
        tab.sees(CLOSED).await;
        assert_eq!(tab.evaluate(IS_INERT).await, true, "nothing is taken that could not be kept");
        assert_eq!(tab.evaluate(CONTENT).await, SAID);
        tab.evaluate(ALLOW).await;
        // It comes back by itself; a signal makes it quicker.
        tab.evaluate("dispatchEvent(new Event('online')); true").await;
        tab.misses(CLOSED).await;
        assert_eq!(tab.evaluate(IS_INERT).await, false);

        // Closed once more, and opened at once: nobody notices.
        tab.evaluate(closes).await;
        tab.fill("Ấp, khu phố", "Ấp 9").await;
        assert_eq!(tab.evaluate("document.querySelector('[name=contactName]').value").await, "Bà Tư");
        tab.press("Lưu trên máy").await;
        tab.sees("Mọi điều đã ghi đều đã gửi").await;
        assert_eq!(words(&stage.arrived().await), [SAID]);
    }
}
