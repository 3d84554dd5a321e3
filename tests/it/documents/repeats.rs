//! How often voters had asked before, as papers say it: as it was then, however late they are printed again.

use cutri_tests::{TestDatabase, each_db};
use serde_json::json;

use super::{fetched, reading::text_of, text};
use crate::rounds::Stage;

each_db! {
    // It was counted, and stood on no paper.
    async fn a_paper_says_how_often_it_had_been_asked_before(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, council) = (stage.office(), stage.world.here.council);
        let (round, point) = stage.held().await;
        let said = stage.said(0, &point, &[("cầu gãy", false), ("cầu vẫn gãy", false)]).await;
        let first = stage.group_of(&[&said[0]], "sửa cầu").await;
        stage.clock.advance(chrono::Duration::seconds(1));
        let again = stage.group_of(&[&said[1]], "sửa ngay cầu").await;
        for petition in [&first, &again] {
            stage.classify(petition, "transport", "commune").await;
        }
        let link = json!({"petitionId": again, "earlierId": first});
        office.done("linkRepeat", link.clone(), "").await;

        let letter = json!({"petitionIds": [first, again], "leadId": stage.world.here.committee, "documentNumber": "12/HĐND-VP",
            "documentDate": "2026-03-02", "dueAt": "2026-03-20"});
        let sent = office.done("forwardPetitions", letter, "petitions { forwardings { documentUrl } }").await;
        let draft = json!({"councilId": council, "roundId": round});
        let draft = office.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let frozen = json!({"synthesisId": draft, "documentNumber": "15/BC-HĐND", "documentDate": "2026-03-02"});
        let frozen = office.done("freezeSynthesis", frozen, "synthesis { documentUrl }").await;
        let session = json!({"councilId": council, "family": "session", "kind": "thematic", "title": "Kỳ họp thứ 4",
            "startsAt": stage.hours(2)});
        let session = office.done("planMeeting", session, "meeting { documentUrl }").await;
        let results = |to: &str| format!("{}?to={to}", text(&session["meeting"]["documentUrl"]));
        let papers = [
            text(&sent["petitions"][0]["forwardings"][0]["documentUrl"]),
            text(&frozen["synthesis"]["documentUrl"]),
            results("2026-03-02"),
        ];
        let printed = async |path: &str| text_of(&fetched(&stage.office(), path).await.1);
        let mut told = Vec::new();
        for path in &papers {
            let paper = printed(path).await;
            for must in ["Cử tri đề nghị sửa cầu | ", "Cử tri đề nghị sửa ngay cầu (đã đề nghị 1 lần) | "] {
                assert!(paper.contains(must), "{must}\n{paper}");
            }
            told.push(paper);
        }

        // The link is taken back, and made anew on another day: what was printed says what it said.
        let undo = json!({"petitionId": again, "earlierId": first, "reason": "Cầu khác"});
        for (day, name, input) in [("2026-03-03", "unlinkRepeat", undo), ("2026-03-04", "linkRepeat", link)] {
            stage.day(day);
            stage.office().done(name, input, "").await;
            for (path, told) in papers.iter().zip(&told) {
                assert_eq!(printed(path).await, *told, "{day}");
            }
        }
        let without = printed(&results("2026-03-03")).await;
        assert!(without.contains("sửa ngay cầu | ") && !without.contains("đã đề nghị"), "{without}");
        let urge = json!({"targetKind": "petition", "targetId": again, "how": "document", "documentNumber": "20/HĐND-VP"});
        let urged = stage.office().done("urge", urge, "urging { documentUrl }").await;
        let urging = printed(&text(&urged["urging"]["documentUrl"])).await;
        assert!(urging.contains("sửa ngay cầu (đã đề nghị 1 lần) | "), "{urging}");
    }
}
