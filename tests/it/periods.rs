//! Periods that a council sets for itself, told as its office does it: what happened before the day keeps its own, what
//! happens from it on goes by the new one, and another server takes it over.

use std::sync::Arc;

use cutri::{clock::Clock, store::reference};
use cutri_tests::{TestApp, TestDatabase, app::Person, each_db, phone::new_id};
use serde_json::{Value, json};

use crate::rounds::Stage;

const PERIODS: &str = "query($id: ID!, $on: Date) { council(id: $id) { periods(on: $on) { code days unit side isOwn basis validFrom
    validTo } } }";

/// One period of the commune's council as somebody reads it.
async fn period(stage: &Stage, person: &Person, code: &str, on: Option<&str>) -> Value {
    let variables = json!({"id": stage.world.here.council, "on": on});
    let council = person.data(PERIODS, variables).await["council"].clone();
    let periods = council["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 8, "{periods:?}");
    let found = periods.iter().find(|period| period["code"] == code);
    found.cloned().unwrap()
}

/// Due date and reminders of a petition.
async fn owed(stage: &Stage, petition: &str) -> (Value, Value) {
    let query = "query($id: ID!) { petition(id: $id) { dueAt reminders } }";
    let seen = stage.office().data(query, json!({"id": petition})).await["petition"].clone();
    (seen["dueAt"].clone(), seen["reminders"].clone())
}

/// What the office has to tell voters: how much, how much of it late, and the first day.
async fn to_inform(stage: &Stage) -> Value {
    let query = "{ agenda(kinds: [\"to_inform\"]) { count overdue dueAt } }";
    let lines = stage.office().data(query, json!({})).await["agenda"].clone();
    assert_eq!(lines.as_array().unwrap().len(), 1, "{lines}");
    lines[0].clone()
}

/// A synthesis of the council's newest round with a point that was held, and its last day.
async fn synthesis(stage: &Stage) -> (Value, Value) {
    let (round, _) = stage.held().await;
    let draft = json!({"councilId": stage.world.here.council, "roundId": round});
    let made = stage
        .office()
        .done("draftSynthesis", draft, "synthesis { id preview { dueOn } }")
        .await;
    let made = &made["synthesis"];
    (made["id"].clone(), made["preview"]["dueOn"].clone())
}

each_db! {
    async fn what_a_council_sets_holds_from_its_day_on(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
        let other = TestApp::prepared(&db, clock, stage.app.installation(), |_| {}).await;
        let (office, stranger) = (stage.office(), stage.app.stranger());
        let set = |code: &str, days: Value, from: &str, basis: &str| json!({"councilId": here.council, "code": code,
            "days": days, "validFrom": from, "basis": basis});

        // What is refused leaves nothing behind.
        let fine = set("answer_commune", json!(10), "2026-03-09", "10/QĐ-TTHĐND");
        let refusal = async |person: &Person, name: &str, value: Value| {
            let mut input = fine.clone();
            input[name] = value;
            let payload = person.mutate("setCouncilPeriod", input, "").await;
            let error = &payload["userErrors"][0];
            (error["code"].as_str().unwrap_or("accepted").to_owned(), error["field"].clone())
        };
        for (name, value, code) in [
            ("code", json!("nothing"), "UNKNOWN_CODE"),
            ("code", json!("answer_central"), "INVALID_VALUE"),
            ("code", json!("return_wrong_authority"), "INVALID_VALUE"),
            ("days", json!(0), "OUT_OF_RANGE"),
            ("days", json!(91), "OUT_OF_RANGE"),
            ("days", Value::Null, "INVALID_STATE"),
            ("validFrom", json!("2026-03-01"), "OUT_OF_RANGE"),
            ("basis", json!(" "), "REQUIRED"),
            ("basis", json!("x".repeat(201)), "TOO_LONG"),
            ("councilId", json!(stage.world.there.council), "NOT_FOUND"),
            ("councilId", json!(new_id()), "NOT_FOUND"),
        ] {
            assert_eq!(refusal(&office, name, value).await, (code.to_owned(), json!(name)));
        }
        let own = json!(here.council);
        assert_eq!(refusal(&stage.delegate(0), "councilId", own).await.0, "FORBIDDEN");
        let mut without = fine.clone();
        without.as_object_mut().unwrap().remove("days");
        assert_eq!(office.refused("setCouncilPeriod", without).await, "REQUIRED");
        let delivered = period(&stage, &stranger, "answer_commune", None).await;
        assert_eq!(delivered, json!({"code": "answer_commune", "days": 20, "unit": "working", "side": "after", "isOwn": false,
            "basis": "Mặc định, từng HĐND đặt lại", "validFrom": "2025-07-01", "validTo": null}));

        // Before anything is set: a letter, an answer, a round.
        let titles = ["Đường", "Cầu", "Điện", "Nước"].map(str::to_owned);
        let four = stage.petitions(0, &titles).await;
        stage.forward(&[four[0].clone(), four[2].clone(), four[3].clone()], here.committee, &[], "12/VP").await;
        assert_eq!(owed(&stage, &four[0]).await, (json!("2026-03-30"), json!(0)));
        let (older, due_on) = synthesis(&stage).await;
        assert_eq!(due_on, "2026-03-17");
        stage.day("2026-03-06");
        let answer = stage.answer(&four[2..3], here.committee, "30/UBND", json!({}));
        stage.body().done("answerPetitions", answer, "").await;

        // The standing committee decides for what comes from the 9th on; the first of two is a slip of the pen.
        let before = reference::version(&other.state.store).await.unwrap();
        let office = stage.office();
        for (code, days, basis) in [("answer_commune", 12, "10/QĐ"), ("answer_commune", 10, "10/QĐ-TTHĐND"), ("inform_voters", 5, "10/QĐ-TTHĐND"),
            ("synthesis_council", 3, "10/QĐ-TTHĐND"), ("reminder_before", 6, "10/QĐ-TTHĐND"), ("reminder_overdue", 4, "10/QĐ-TTHĐND")] {
            office.done("setCouncilPeriod", set(code, json!(days), "2026-03-09", basis), "").await;
        }
        office.done("setCouncilPeriod", fine.clone(), "council { id }").await;
        let history = "query($id: ID!) { council(id: $id) { history(first: 20) { event basis } } }";
        let steps = async || {
            let told = stage.office().data(history, json!({"id": here.council})).await["council"]["history"].clone();
            let steps = told.as_array().unwrap().clone();
            steps.into_iter().filter(|step| step["event"].as_str().unwrap().starts_with("period_")).collect::<Vec<_>>()
        };
        let told = steps().await;
        assert_eq!(told.len(), 6, "sent again it changes nothing");
        let by_it = json!({"event": "period_set", "basis": "10/QĐ-TTHĐND"});
        assert_eq!(told.iter().filter(|step| **step == by_it).count(), 5);
        let today = period(&stage, &stranger, "answer_commune", None).await;
        assert_eq!((&today["days"], &today["isOwn"], &today["validTo"]), (&json!(20), &json!(false), &json!("2026-03-09")));
        let then = period(&stage, &stranger, "answer_commune", Some("2026-03-09")).await;
        assert_eq!(then, json!({"code": "answer_commune", "days": 10, "unit": "working", "side": "after", "isOwn": true,
            "basis": "10/QĐ-TTHĐND", "validFrom": "2026-03-09", "validTo": null}));

        // Another server notices it, and reads it like this one.
        assert_ne!(reference::version(&other.state.store).await.unwrap(), before);
        other.state.refresh_reference().await.unwrap();
        assert_eq!(period(&stage, &other.stranger(), "answer_commune", Some("2026-03-09")).await, then);

        // The day comes. A letter of today is due sooner, an answer of today is told sooner; what there was keeps its own.
        stage.day("2026-03-09");
        stage.forward(&four[1..2], here.committee, &[], "13/VP").await;
        assert_eq!(owed(&stage, &four[1]).await, (json!("2026-03-23"), json!(0)));
        assert_eq!(owed(&stage, &four[0]).await, (json!("2026-03-30"), json!(0)));
        stage.turns().await;
        assert_eq!(to_inform(&stage).await, json!({"count": 1, "overdue": 0, "dueAt": "2026-04-03"}));
        let answer = stage.answer(&four[3..4], here.committee, "31/UBND", json!({}));
        stage.body().done("answerPetitions", answer, "").await;
        stage.turns().await;
        assert_eq!(to_inform(&stage).await, json!({"count": 2, "overdue": 0, "dueAt": "2026-03-16"}));
        stage.day("2026-03-10");
        // It is settled, however late it is sent again; otherwise it would change what has been.
        stage.office().done("setCouncilPeriod", fine.clone(), "").await;
        assert_eq!(refusal(&stage.office(), "days", json!(9)).await, ("OUT_OF_RANGE".to_owned(), json!("validFrom")));
        assert_eq!(steps().await.len(), 6);
        assert_eq!(synthesis(&stage).await.1, "2026-03-13");
        let query = "query($id: ID!) { synthesis(id: $id) { preview { dueOn } } }";
        let seen = stage.office().data(query, json!({"id": older})).await;
        assert_eq!(seen["synthesis"]["preview"]["dueOn"], "2026-03-17");

        // Reminders of each letter as it was when the letter was sent: six days before, then every four; three and ten.
        for (day, of_old, of_new) in [("2026-03-12", 0, 0), ("2026-03-13", 0, 1), ("2026-03-24", 0, 2), ("2026-03-25", 1, 2), ("2026-03-30", 1, 3),
            ("2026-03-31", 2, 3), ("2026-04-07", 2, 4)] {
            stage.day(day);
            stage.turns().await;
            let reminders = (owed(&stage, &four[0]).await.1, owed(&stage, &four[1]).await.1);
            assert_eq!(reminders, (json!(of_old), json!(of_new)), "{day}");
        }
        assert_eq!(to_inform(&stage).await["overdue"], 2, "both days are over");

        // From a day on the delivered one holds again; until then the council's own does.
        let end = set("answer_commune", Value::Null, "2026-05-04", "21/QĐ-TTHĐND");
        stage.office().done("setCouncilPeriod", end, "").await;
        let last = period(&stage, &stranger, "answer_commune", Some("2026-05-03")).await;
        assert_eq!((&last["days"], &last["validTo"]), (&json!(10), &json!("2026-05-04")));
        let after = period(&stage, &stranger, "answer_commune", Some("2026-05-04")).await;
        assert_eq!((&after["days"], &after["isOwn"]), (&json!(20), &json!(false)));
        assert_eq!(steps().await.last().unwrap(), &json!({"event": "period_ended", "basis": "21/QĐ-TTHĐND"}));
    }
}
