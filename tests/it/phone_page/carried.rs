//! Without any network: what waits leaves the phone as a sealed file, and somebody else hands it in.

use cutri_tests::{TestDatabase, browser::Browser, each_db, server_process::command};
use serde_json::{Value, json};

use super::{Stage, words};

const SAID: [&str; 2] = ["Cầu khỉ ấp 5 đã gãy", "Giếng khoan nhiễm mặn"];

each_db! {
    async fn what_waits_is_carried_by_somebody_else_and_counts_once(db: TestDatabase) {
        let mut stage = Stage::set(&db).await;
        stage.signs_in().await;
        stage.tab().offline(true).await;
        for said in SAID {
            stage.writes(said).await;
        }
        let stick = db.folder().join("stick");
        std::fs::create_dir(&stick).unwrap();
        stage.tab().sees("2 việc đang chờ gửi").await;
        stage.is_legible().await;
        stage.shoots("xuat-tep").await;
        let file = stage.tab().save("Xuất ra tệp để người khác mang đi nộp", &stick).await;
        assert_eq!(file.extension().unwrap(), "cutri");
        let text = std::fs::read_to_string(&file).unwrap();
        for secret in ["Cầu khỉ", "nhiễm mặn", "feedback", &stage.world.here.unit.to_string()] {
            assert!(!text.contains(secret), "{secret} can be read in the file");
        }

        // At another place, in a browser that knows nobody here.
        let mut carrier = Browser::start();
        let mut tab = carrier.tab("carrier");
        tab.open(&format!("http://{}/goi", stage.listen)).await;
        tab.attach("Chọn tệp gói", &file).await;
        tab.press("Nộp").await;
        tab.sees("Đã nộp xong").await;
        let cells = "[...document.querySelectorAll('td')].map((cell) => cell.textContent)";
        let name = file.file_name().unwrap().to_str().unwrap();
        assert_eq!(tab.evaluate(cells).await, json!([name, "2", "0", "0", "Đã nộp xong."]));
        assert!(!tab.text().await.contains("Cầu khỉ"), "the carrier reads nothing of it");
        once_and_by_its_author(&stage).await;

        // The same stick at the office's own machine, and then the phone has signal again and sends it by itself.
        let path = file.to_str().unwrap();
        let applied = command(db.folder(), &["bundle", "apply", path], &stage.settings()).output().unwrap();
        let told = String::from_utf8_lossy(&applied.stdout).into_owned();
        assert!(applied.status.success() && told.contains("mới nhận 0, đã có từ trước 2"), "{applied:?}");
        stage.tab().offline(false).await;
        stage.tab().sees("Mọi điều đã ghi đều đã gửi").await;
        stage.tab().sees_number(6, ".receipts .is-there").await;
        once_and_by_its_author(&stage).await;
    }
}

async fn once_and_by_its_author(stage: &Stage<'_>) {
    let arrived: Vec<Value> = stage.arrived().await;
    assert_eq!(words(&arrived), SAID);
    let author = stage.world.here.delegates[0].account.to_string();
    assert!(
        arrived.iter().all(|node| node["authorId"] == author),
        "{arrived:#?}"
    );
}
