//! The server stands on an older copy: the page offers its own rows again, with what a phone may write of them.

use cutri_tests::{TestDatabase, each_db};
use serde_json::Value;

use super::{Stage, until, words};

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
        stage.writes(SAID[0]).await;
        a_denunciation_is_handed_over(&mut stage).await;
        stage.tab().sees(ALL_IS_SENT).await;
        assert_eq!(stage.arrived().await.len(), 3);

        stage.dies().await;
        db.put_back(&copy).await;
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
    }
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
