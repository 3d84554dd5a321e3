//! Clear work from the first word: what a feedback lacks is told, and it goes back to its author with a question.

use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, change, create, new_id},
    world::World,
};
use serde_json::{Value, json};

each_db! {
    async fn what_is_missing_is_told_on_the_phone_and_at_the_desk(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let mut phone = Phone::without_units(app.person(&world.here.delegates[0]));
        let (bare, whole) = (new_id(), new_id());
        let told = json!({"kind": "petition", "unitId": world.here.unit, "content": "Cầu hỏng", "wanted": "Sửa cầu",
            "affected": "Cả ấp", "since": "Tháng 3", "evidence": "Không có"});
        phone.push(&[
            create("feedback", &bare, json!({"kind": "petition", "content": "Cầu hỏng", "wanted": "  "})),
            create("feedback", &whole, told),
        ]).await;
        phone.pull().await;
        assert_eq!(phone.row("feedback", &bare)["missing"], "wanted place affected since evidence");
        assert_eq!(phone.row("feedback", &whole)["missing"], "");

        let office = app.person(&world.here.office);
        let list = async |complete: bool| -> Vec<Value> {
            let query = "query($is: Boolean) { feedbacks(first: 9, filter: {isComplete: $is}) { nodes { id
                completeness { isComplete missing missingEntries { label } } } } }";
            office.data(query, json!({"is": complete})).await["feedbacks"]["nodes"].as_array().unwrap().clone()
        };
        let (clear, unclear) = (list(true).await, list(false).await);
        assert_eq!((clear.len(), clear[0]["id"].as_str()), (1, Some(whole.as_str())));
        assert_eq!(clear[0]["completeness"]["isComplete"], true);
        assert_eq!((unclear.len(), unclear[0]["id"].as_str()), (1, Some(bare.as_str())));
        assert_eq!(unclear[0]["completeness"]["missingEntries"][0]["label"], "Nội dung đề nghị");

        // What one of its feedback tells is told of the petition.
        let group = |ids: &[&String], petition: Value| json!({"feedbackIds": ids, "title": "Cầu", "content": "Cầu", "petitionId": petition});
        let made = office.done("groupFeedback", group(&[&bare], Value::Null), "petition { id completeness { missing } }").await;
        assert_eq!(made["petition"]["completeness"]["missing"].as_array().unwrap().len(), 5);
        let joined = office.done("groupFeedback", group(&[&whole], made["petition"]["id"].clone()), "petition { completeness { isComplete } }").await;
        assert_eq!(joined["petition"]["completeness"]["isComplete"], true);
        let list = office.data("{ petitions(first: 9, filter: {isComplete: true}) { totalCount } }", json!({})).await;
        assert_eq!(list["petitions"]["totalCount"], 1);
    }

    async fn an_attached_file_shows_it_as_words_do(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let mut phone = Phone::without_units(app.person(&world.here.delegates[0]));
        let id = new_id();
        phone.push(&[create("feedback", &id, json!({"kind": "petition", "content": "Cầu hỏng", "attachments": "ab".repeat(32)}))]).await;
        phone.pull().await;
        assert_eq!(phone.row("feedback", &id)["missing"], "wanted place affected since");
        let rev = phone.row("feedback", &id)["rev"].as_str().unwrap().to_owned();
        phone.push(&[change("feedback", &id, &rev, json!({"attachments": null}))]).await;
        phone.pull().await;
        assert_eq!(phone.row("feedback", &id)["missing"], "wanted place affected since evidence");
    }

    async fn what_is_not_clear_goes_back_with_a_question_and_is_handed_in_again(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let mut phone = Phone::without_units(app.person(&world.here.delegates[0]));
        let id = new_id();
        phone.push(&[create("feedback", &id, json!({"kind": "petition", "unitId": world.here.unit, "content": "Cầu hỏng"}))]).await;
        phone.pull().await;
        let office = app.person(&world.here.office);
        let question = |text: &str| json!({"feedbackId": id, "question": text});
        let back = office.done("returnForClarity", question("Cầu nào, hỏng từ bao giờ?"), "feedback { status question returns }").await;
        assert_eq!(back["feedback"], json!({"status": "returned", "question": "Cầu nào, hỏng từ bao giờ?", "returns": 1}));
        assert_eq!(office.refused("returnForClarity", question("Lần nữa?")).await, "INVALID_STATE");

        // It arrives in the author's own document; his answer is handed in by itself.
        phone.pull().await;
        let row = phone.row("feedback", &id);
        assert_eq!((row["status"].as_str(), row["question"].as_str()), (Some("returned"), Some("Cầu nào, hỏng từ bao giờ?")));
        let rev = row["rev"].as_str().unwrap().to_owned();
        phone.push(&[change("feedback", &id, &rev, json!({"content": "Cầu Kênh Nhất hỏng", "since": "Tháng 3"}))]).await;
        phone.pull().await;
        let row = phone.row("feedback", &id);
        assert_eq!((row["status"].as_str(), row.get("question"), &row["returns"]), (Some("accepted"), None, &json!(1)));
        assert_eq!(row["missing"], "wanted affected evidence");
        let history = office.data("query($id: ID!) { feedback(id: $id) { history(first: 9) { event basis } } }", json!({"id": id})).await;
        let steps: Vec<&str> = history["feedback"]["history"].as_array().unwrap().iter().map(|step| step["event"].as_str().unwrap()).collect();
        assert_eq!(steps, ["recorded", "returned_for_clarity", "resubmitted"]);

        for (question, code) in [("", "REQUIRED"), (" \n", "REQUIRED"), (&"ă".repeat(1_001)[..], "TOO_LONG"), ("\u{202e}", "INVALID_TEXT")] {
            let input = json!({"feedbackId": id, "question": question});
            assert_eq!(office.refused("returnForClarity", input).await, code, "{question:?}");
        }
        let foreign = app.person(&world.there.office);
        assert_eq!(foreign.refused("returnForClarity", question("Sao?")).await, "NOT_FOUND");
        assert_eq!(app.person(&world.here.delegates[0]).refused("returnForClarity", question("Sao?")).await, "NOT_FOUND");
        // The office may go on without an answer; what is grouped does not go back.
        office.done("returnForClarity", question("Ai bị ảnh hưởng?"), "").await;
        let group = json!({"feedbackIds": [id], "title": "Cầu", "content": "Cầu"});
        office.done("groupFeedback", group, "").await;
        assert_eq!(office.refused("returnForClarity", question("Sao?")).await, "ALREADY_GROUPED");
        let counted = office.data("query($id: ID!) { feedback(id: $id) { returns status question } }", json!({"id": id})).await;
        assert_eq!(counted["feedback"], json!({"returns": 2, "status": "grouped", "question": null}));
    }

    async fn nobody_is_asked_any_more_once_it_was_grouped_or_taken_back(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, delegate) = (app.person(&world.here.office), app.person(&world.here.delegates[0]));
        let mut phone = Phone::without_units(delegate.clone());
        let (grouped, withdrawn) = (new_id(), new_id());
        for id in [&grouped, &withdrawn] {
            phone.push(&[create("feedback", id, json!({"kind": "petition", "unitId": world.here.unit, "content": "Cầu hỏng"}))]).await;
            office.done("returnForClarity", json!({"feedbackId": id, "question": "Cầu nào?"}), "").await;
        }
        phone.pull().await;
        assert_eq!(phone.row("feedback", &grouped)["question"], "Cầu nào?");
        office.done("groupFeedback", json!({"feedbackIds": [grouped], "title": "Cầu", "content": "Cầu"}), "").await;
        delegate.done("withdrawFeedback", json!({"feedbackId": withdrawn}), "").await;
        phone.pull().await;
        for (id, status) in [(&grouped, "grouped"), (&withdrawn, "withdrawn")] {
            let row = phone.row("feedback", id);
            assert_eq!((row["status"].as_str(), row.get("question")), (Some(status), None));
            let read = delegate.data("query($id: ID!) { feedback(id: $id) { status question } }", json!({"id": id})).await;
            assert_eq!(read["feedback"], json!({"status": status, "question": null}));
        }
    }
}
