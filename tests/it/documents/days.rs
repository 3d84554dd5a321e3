//! Until when letters ask for answers: the day on the paper is the day by which the server counts.

use chrono::NaiveDate;
use cutri_tests::{TestDatabase, each_db};
use serde_json::json;

use super::{fetched, reading::text_of, text};
use crate::rounds::Stage;

each_db! {
    // One letter named the latest day of all that it forwarded, and the server counted as late what was due before that.
    async fn each_petition_of_a_letter_is_in_time_until_the_day_that_it_names_for_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let two = stage.petitions(0, &["Cầu trên đường tỉnh", "Quốc lộ ngập"].map(str::to_owned)).await;
        for (petition, tier) in two.iter().zip(["province", "central"]) {
            stage.classify(petition, "transport", tier).await;
        }
        let up = json!({"petitionIds": two, "upperCouncilId": world.province_council, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        let sent = stage.office().done("forwardPetitions", up, "petitions { id number forwardings { documentUrl } }").await;
        let sent = sent["petitions"].as_array().unwrap();
        let letter = text(&sent[0]["forwardings"][0]["documentUrl"]);
        let printed = async |path: &str| text_of(&fetched(&stage.office(), path).await.1);
        let told = printed(&letter).await;
        let mut days: Vec<(NaiveDate, String)> = sent
            .iter()
            .map(|petition| {
                let number = format!(" | {} | ", petition["number"].as_str().unwrap());
                let line = told.lines().find(|line| line.contains(&number)).unwrap();
                let day = NaiveDate::parse_from_str(line.rsplit(" | ").next().unwrap(), "%d/%m/%Y").unwrap();
                (day, text(&petition["id"]))
            })
            .collect();
        days.sort();
        let written: Vec<String> = days.iter().map(|(day, _)| day.format("%d/%m/%Y").to_string()).collect();
        assert_ne!(written[0], written[1], "one has longer");
        let head = format!("chậm nhất ngày ghi ở từng kiến nghị (từ {} đến {}).", written[0], written[1]);
        assert!(told.contains(&head), "{told}");
        let query = "query($id: ID!) { petition(id: $id) { isOverdue } }";
        for (named, petition) in &days {
            for (day, is_overdue) in [(*named, false), (named.succ_opt().unwrap(), true)] {
                stage.day(&day.to_string());
                let seen = stage.office().data(query, json!({"id": petition})).await;
                assert_eq!(seen["petition"]["isOverdue"], is_overdue, "{day}");
            }
        }

        // What was due first comes back and goes to another with another day: both letters about it say what they said.
        let urge = json!({"targetKind": "petition", "targetId": days[0].1, "how": "document", "documentNumber": "20/VP"});
        let urged = stage.office().done("urge", urge, "urging { documentUrl }").await;
        let urging = text(&urged["urging"]["documentUrl"]);
        let asked = printed(&urging).await;
        assert!(asked.contains(&format!(" | {} | Chưa trả lời, đã quá hạn | ", written[0])), "{asked}");
        stage.clock.advance(chrono::Duration::days(1));
        let back = json!({"petitionIds": [days[0].1], "reason": "Thuộc thẩm quyền cấp xã"});
        stage.app.person(&world.province_office).done("returnPetitions", back, "").await;
        stage.forward(std::slice::from_ref(&days[0].1), world.here.committee, &[], "2/VP").await;
        assert_eq!(printed(&letter).await, told);
        assert_eq!(printed(&urging).await, asked);
    }
}
