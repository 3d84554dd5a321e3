//! The server stands on an older copy: the page offers its own rows again, with what a phone may write of them.

use cutri_tests::{TestDatabase, each_db, in_a_browser};
use serde_json::{Value, json};

use super::{Stage, photo::bitmap, session::signs_in_again, until, words};

const SAID: [&str; 2] = ["Bản duy nhất trên đời", "Trước bản sao"];
const RECEIPT: &str = "125/2026/BN-TCD";
const ALL_IS_SENT: &str = "Mọi điều đã ghi đều đã gửi";

each_db! {
    async fn an_older_copy_gets_back_what_died_with_the_newer_one(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        stage.writes(SAID[1]).await;
        stage.tab().sees(ALL_IS_SENT).await;
        // From here on only the server holds the database.
        stage.state.store.clone().close().await.unwrap();
        let copy = db.backup().await;
        writes_with_a_photo(&mut stage).await;
        a_denunciation_is_handed_over(&mut stage).await;
        stage.tab().sees(ALL_IS_SENT).await;
        assert_eq!(stage.arrived().await.len(), 3);

        until("the photo is there", async || photo_arrived(&stage).await).await;
        // What the copy has as it was said is taken back, and the page hears of it.
        let taken = stage.arrived().await[2]["id"].clone();
        let author = stage.person(&stage.world.here.delegates[0]);
        author.done("withdrawFeedback", json!({"feedbackId": taken}), "").await;
        let is_back = |row: &Value| row["d"]["status"] == "withdrawn";
        until("the page knows", async || stage.held("rows").await.iter().any(is_back)).await;
        stage.dies().await;
        db.put_back(&copy).await;
        std::fs::remove_dir_all(db.folder().join("files")).unwrap();
        db.close_to_others();
        stage.starts().await;
        until("everything is back", async || stage.arrived().await.len() == 3).await;
        stage.tab().reload().await;
        stage.tab().sees(ALL_IS_SENT).await;
        stage.tab().sees_number(9, ".receipts .is-there").await;
        stage.tab().misses("Chưa được nhận").await;
        let arrived = stage.arrived().await;
        // Without words stands first: of a denunciation there are none to be offered.
        assert_eq!((&arrived[0]["receiptNumber"], &arrived[0]["content"]), (&Value::from(RECEIPT), &Value::Null));
        assert_eq!(words(&arrived[1..]), SAID, "each once");
        until("the photo is back", async || photo_arrived(&stage).await).await;
        let statuses: Vec<&Value> = arrived.iter().map(|node| &node["status"]).collect();
        assert_eq!(statuses, ["accepted", "accepted", "withdrawn"], "what was taken back stays so");
    }
}

in_a_browser! {
    // Its device was not in the copy: it signed in as another, its cursor was nobody's, and it forgot the only copy of what
    // it held before it heard of the other epoch.
    async fn a_phone_that_came_after_the_copy_was_made_offers_what_it_holds(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.state.store.clone().close().await.unwrap();
        let copy = db.backup().await;
        stage.signs_in().await;
        stage.writes(SAID[0]).await;
        stage.tab().sees(ALL_IS_SENT).await;
        stage.writes(SAID[1]).await;
        stage.tab().sees(ALL_IS_SENT).await;
        stage.tab().sees_number(6, ".receipts .is-there").await;

        stage.dies().await;
        db.put_back(&copy).await;
        db.close_to_others();
        stage.starts().await;
        stage.tab().sees("Cần đăng nhập lại để gửi và nhận").await;
        let username = stage.world.here.delegates[0].username.clone();
        signs_in_again(&mut stage, &username).await;
        until("everything is back", async || stage.arrived().await.len() == 2).await;
        stage.tab().press("Hộp gửi").await;
        stage.tab().sees(ALL_IS_SENT).await;
        stage.tab().sees_number(6, ".receipts .is-there").await;
        assert_eq!(words(&stage.arrived().await), SAID, "each once");
    }
}

async fn writes_with_a_photo(stage: &mut Stage<'_>) {
    let picture = stage.db.folder().join("duong.bmp");
    std::fs::write(&picture, bitmap(4, 4, &[90; 48])).unwrap();
    let mut tab = stage.tab();
    tab.press("Ghi phiếu").await;
    tab.fill("Cử tri nói gì", SAID[0]).await;
    tab.attach("Chụp hoặc chọn ảnh", &picture).await;
    tab.sees_number(1, ".photos img").await;
    tab.press("Lưu trên máy").await;
    tab.sees(SAID[0]).await;
}

/// Whether the office can read it.
async fn photo_arrived(stage: &Stage<'_>) -> bool {
    let office = stage.person(&stage.world.here.office);
    let query = "{ feedbacks(first: 9) { nodes { attachments { arrived url } } } }";
    let told = office.data(query, json!({})).await;
    let nodes = told["feedbacks"]["nodes"].as_array().unwrap();
    let photos: Vec<&Value> = nodes
        .iter()
        .filter_map(|node| node["attachments"].get(0))
        .collect();
    let [photo] = photos[..] else { return false };
    photo["arrived"] == true && office.get(photo["url"].as_str().unwrap()).await.0 == 200
}

async fn a_denunciation_is_handed_over(stage: &mut Stage<'_>) {
    let mut tab = stage.tab();
    tab.press("Ghi phiếu").await;
    tab.press("Tố cáo").await;
    tab.fill("Cử tri nói gì", "Lời không rời máy này").await;
    tab.press("Lưu trên máy").await;
    tab.press("Khi đã bàn giao").await;
    tab.fill("Số biên nhận", RECEIPT).await;
    tab.press("Đã bàn giao, xóa lời trên máy").await;
    tab.sees("Tố cáo, biên nhận số").await;
}
