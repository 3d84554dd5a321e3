//! One letter about many petitions, one reply to several of them, and either sent twice.

use cutri_tests::{
    TestDatabase, each_db,
    phone::{Phone, create, new_id},
    refusals::{refusal, refused},
};
use entity::answer;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};

use super::{DEBTS, pulled, text};
use crate::rounds::Stage;

each_db! {
    // "Of one of the forty this is not possible", it said, and not of which.
    async fn of_several_petitions_the_one_that_is_refused_is_named(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, here) = (stage.office(), &stage.world.here);
        let titles: Vec<String> = (1..=4).map(|number| format!("Đoạn đường số {number}")).collect();
        let four = stage.petitions(0, &titles).await;
        let letter = |petitions: &[String]| json!({"petitionIds": petitions, "leadId": here.committee, "documentNumber": "12/VP",
            "documentDate": stage.app.state.clock.today().to_string()});
        stage.forward(&four[2..3], here.committee, &[], "11/VP").await;
        assert_eq!(refusal(&office, "forwardPetitions", letter(&four)).await, refused("INVALID_STATE", "petitionIds.2"));
        let absent = [four[0].clone(), new_id()];
        assert_eq!(refusal(&office, "forwardPetitions", letter(&absent)).await, refused("NOT_FOUND", "petitionIds.1"));
        let answer = stage.answer(&[four[2].clone(), new_id()], here.committee, "30/UBND", json!({}));
        assert_eq!(refusal(&stage.body(), "answerPetitions", answer).await, refused("NOT_FOUND", "petitionIds.1"));
        let back = json!({"petitionIds": [four[2], four[3]], "reason": "Không thuộc thẩm quyền"});
        assert_eq!(refusal(&stage.body(), "returnPetitions", back).await.1, "petitionIds.1");
        // Of a single one it needs no telling.
        assert_eq!(refusal(&office, "forwardPetitions", letter(&four[2..3])).await.0, "INVALID_STATE");
    }

    async fn one_letter_with_forty_petitions_and_one_reply_for_twelve_of_them(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, here) = (stage.office(), &stage.world.here);
        let titles: Vec<String> = (1..=40).map(|number| format!("Đoạn đường số {number}")).collect();
        let forty = stage.petitions(0, &titles).await;
        stage.forward(&forty, here.committee, &[], "12/VP").await;
        assert_eq!(stage.total(&office, json!({"agencyId": here.committee, "status": ["forwarded"]})).await, 40);
        let letters = stage.shown(&office, &forty[39], "forwardings { documentNumber lead { name } }").await;
        assert_eq!(letters["forwardings"][0]["documentNumber"], "12/VP");

        // The body answers twelve of them, says that one is not its business, and asks for time for another.
        let twelve = stage.answer(&forty[..12], here.committee, "30/UBND", json!({}));
        let answered = stage.body().done("answerPetitions", twelve, "petitions { id answers { id documentNumber version } }").await;
        let documents: std::collections::BTreeSet<String> = answered["petitions"].as_array().unwrap().iter()
            .map(|petition| text(&petition["answers"][0]["id"])).collect();
        assert_eq!((answered["petitions"].as_array().unwrap().len(), documents.len()), (12, 1), "one reply, twelve petitions");
        let back = json!({"petitionIds": [forty[12]], "reason": "Đường tỉnh, thuộc Sở Xây dựng"});
        stage.body().done("returnPetitions", back, "").await;
        stage.forward(&forty[12..13], stage.world.department, &[], "13/VP").await;
        let debts = office.data(DEBTS, json!({"first": 10})).await["agencyDebts"].clone();
        assert_eq!(debts["nodes"], json!([
            {"agency": {"name": "UBND Xã Tân Hưng"}, "owed": 27, "overdue": 0, "oldestDueAt": "2026-03-30", "urgings": 0, "reminders": 0},
            {"agency": {"name": "Sở Xây dựng"}, "owed": 1, "overdue": 0, "oldestDueAt": "2026-03-30", "urgings": 0, "reminders": 0}]));

        // Three working days before the day the server reminds by itself; nobody has urged anybody.
        stage.day("2026-03-24");
        stage.turns().await;
        let counts = "urgings reminders reminderRecords { kind ordinal dueAt agency { name } } urgingRecords { ordinal how documentNumber }";
        assert_eq!(stage.shown(&stage.office(), &forty[20], counts).await["reminders"], 0);
        stage.day("2026-03-25");
        stage.turns().await;
        let reminded = stage.shown(&stage.office(), &forty[20], counts).await;
        assert_eq!(reminded, json!({"urgings": 0, "reminders": 1, "urgingRecords": [], "reminderRecords": [
            {"kind": "due_soon", "ordinal": 1, "dueAt": "2026-03-30", "agency": {"name": "UBND Xã Tân Hưng"}}]}));
        assert_eq!(stage.shown(&stage.office(), &forty[0], counts).await["reminders"], 0, "what was answered is not asked for");

        // It is late. One letter urges for three of them, a delegate urges by telephone for one, the server goes on reminding.
        stage.day("2026-03-31");
        stage.turns().await;
        let letter = json!({"targetKind": "petition", "targetId": forty[20], "targetIds": [forty[21], forty[22]], "how": "document",
            "documentNumber": "15/VP", "text": "Đề nghị trả lời trước ngày 10/4"});
        let urged = stage.office().done("urge", letter, "urgings { ordinal documentNumber toAgency { name } } petitions { urgings }").await;
        assert_eq!(urged["urgings"].as_array().unwrap().len(), 3);
        assert_eq!(urged["urgings"][2], json!({"ordinal": 1, "documentNumber": "15/VP", "toAgency": {"name": "UBND Xã Tân Hưng"}}));
        let by_phone = json!({"targetKind": "petition", "targetId": forty[20], "how": "phone"});
        let pushed = Phone::new(stage.delegate(1)).push(&[create("urging", &new_id(), by_phone)]).await;
        assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
        let both = stage.shown(&stage.office(), &forty[20], counts).await;
        assert_eq!((&both["urgings"], &both["reminders"]), (&json!(2), &json!(2)), "neither hides the other");
        assert_eq!(both["urgingRecords"], json!([{"ordinal": 1, "how": "document", "documentNumber": "15/VP"},
            {"ordinal": 2, "how": "phone", "documentNumber": null}]));
        assert_eq!(both["reminderRecords"][1]["kind"], "overdue");
        let held = pulled(stage.delegate(0)).await;
        let row = held.row("petition", &forty[20]);
        assert_eq!((&row["urgings"], &row["reminders"]), (&json!(2), &json!(2)));
        let twice = json!({"targetKind": "petition", "targetId": forty[20], "targetIds": [forty[20]], "how": "phone"});
        assert_eq!(stage.office().refused("urge", twice).await, "INVALID_VALUE");

        // Ten working days later once more, and what was missed in between is not made up for.
        stage.day("2026-04-14");
        stage.turns().await;
        let later = stage.shown(&stage.office(), &forty[20], counts).await;
        assert_eq!((&later["urgings"], &later["reminders"]), (&json!(2), &json!(3)));

        // The list of what is late, body by body, page by page, and the petitions behind a line.
        let office = stage.office();
        let late = office.data(DEBTS, json!({"first": 1, "filter": {"isOverdue": true}})).await["agencyDebts"].clone();
        assert_eq!((&late["totalCount"], &late["pageInfo"]["hasNextPage"]), (&json!(2), &json!(true)));
        assert_eq!(late["nodes"], json!([{"agency": {"name": "UBND Xã Tân Hưng"}, "owed": 27, "overdue": 27, "oldestDueAt": "2026-03-30",
            "urgings": 4, "reminders": 81}]));
        let after = late["pageInfo"]["endCursor"].clone();
        let late = office.data(DEBTS, json!({"first": 1, "after": after, "filter": {"isOverdue": true}})).await["agencyDebts"]["nodes"].clone();
        assert_eq!((&late[0]["agency"]["name"], &late[0]["overdue"], late.as_array().unwrap().len()), (&json!("Sở Xây dựng"), &json!(1), 1));
        assert_eq!(stage.total(&office, json!({"agencyId": here.committee, "isOverdue": true})).await, 27);
        let elsewhere = stage.app.person(&stage.world.there.office);
        assert_eq!(elsewhere.data(DEBTS, json!({"first": 5})).await["agencyDebts"]["totalCount"], 0, "foreign is absent");
    }

    // A company without an account wrote one letter about three petitions: the office enters it once, and it is one.
    async fn one_reply_of_a_body_without_an_account_answers_three(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, company) = (stage.office(), stage.world.company);
        let titles: Vec<String> = (1..=3).map(|number| format!("Cột điện số {number} nghiêng")).collect();
        let three = stage.petitions(0, &titles).await;
        stage.forward(&three, company, &[], "12/VP").await;
        let mut phone = pulled(stage.delegate(0)).await;
        let told = |phone: &Phone| -> Vec<Value> {
            three.iter().map(|id| phone.row("petition", id)["answerText"].clone()).collect()
        };
        assert_eq!(told(&phone), [Value::Null, Value::Null, Value::Null]);

        // Not as if it were the body itself, and nobody but the office.
        let text = "Công ty sẽ dựng lại ba cột trong tháng này";
        let words = json!({"text": text, "outcome": "in_progress", "roadmapAt": "2026-03-31"});
        let as_itself = stage.answer(&three, company, "51/ĐL", words.clone());
        assert_eq!(refusal(&office, "answerPetitions", as_itself).await.0, "FORBIDDEN");
        let mut letter = stage.answer(&three, company, "51/ĐL", words);
        letter["onBehalf"] = json!(true);
        assert_eq!(refusal(&stage.body(), "answerPetitions", letter.clone()).await.0, "NOT_FOUND");

        let seen = "petitions { id process answers { id version onBehalf documentNumber agency { name } }
            history(first: 20) { event actor basis } }";
        let answered = office.done("answerPetitions", letter, seen).await["petitions"].clone();
        let answered = answered.as_array().unwrap();
        assert_eq!(answered.len(), 3);
        let step = json!({"event": "answered_on_behalf", "actor": format!("Người dùng {}", stage.world.here.office.username),
            "basis": "51/ĐL"});
        let mut documents = std::collections::BTreeSet::new();
        for petition in answered {
            assert_eq!((&petition["process"], petition["answers"].as_array().unwrap().len()), (&json!("answered"), 1), "{petition}");
            let answer = &petition["answers"][0];
            documents.insert(answer["id"].to_string());
            assert_eq!((&answer["onBehalf"], &answer["version"], &answer["documentNumber"]), (&json!(true), &json!(1), &json!("51/ĐL")));
            assert_eq!(answer["agency"]["name"], "Công ty Điện lực");
            let steps = petition["history"].as_array().unwrap();
            assert_eq!(steps.iter().filter(|known| **known == step).count(), 1, "{petition}");
            // Nobody reads that the company did it itself.
            assert!(steps.iter().all(|known| known["event"] != "answered"), "{petition}");
        }
        assert_eq!(documents.len(), 1, "one reply, three petitions");
        phone.pull().await;
        assert_eq!(told(&phone), [json!(text), json!(text), json!(text)]);
    }

    // The body's program lost the reply and sent its letter again: a second version stood there, and what the office had
    // found of the first was gone.
    async fn a_letter_that_is_sent_twice_is_one_answer(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (here, department) = (&stage.world.here, stage.world.department);
        let two = stage.petitions(0, &["Cầu gãy".to_owned(), "Cống sập".to_owned()]).await;
        stage.forward(&two, here.committee, &[department], "12/VP").await;
        let letter = stage.answer(&two[..1], here.committee, "30/UBND", json!({}));
        stage.body().done("answerPetitions", letter.clone(), "").await;
        stage.office().done("assessAnswer", json!({"petitionId": two[0], "assessment": "ok"}), "").await;
        let fields = "process assessment answers { version documentNumber assessment } history(first: 30) { event }";
        let before = stage.shown(&stage.office(), &two[0], fields).await;
        stage.clock.set("2026-03-02T02:00:00Z".parse().unwrap());
        let again = stage.body().done("answerPetitions", letter, "petitions { id process }").await;
        assert_eq!(again["petitions"], json!([{"id": two[0], "process": "assessed"}]));
        assert_eq!(stage.shown(&stage.office(), &two[0], fields).await, before);
        // For both of them: the one is answered already, the other one now.
        let both = stage.answer(&two, here.committee, "30/UBND", json!({}));
        stage.body().done("answerPetitions", both, "").await;
        assert_eq!(stage.shown(&stage.office(), &two[0], fields).await, before);
        assert_eq!(stage.shown(&stage.office(), &two[1], "process").await["process"], "answered");
        // A reply of a body that coordinates is one, too.
        let person = stage.app.person(&stage.world.department_login);
        for _ in 0..2 {
            let reply = stage.answer(&two[1..], department, "77/SXD", json!({"outcome": "explained"}));
            person.done("answerPetitions", reply, "").await;
        }
        let answers = stage.shown(&stage.office(), &two[1], "answers { version documentNumber }").await;
        assert_eq!(answers["answers"], json!([{"version": 1, "documentNumber": "30/UBND"}, {"version": 2, "documentNumber": "77/SXD"}]));
        // Found wanting, the same letter is no better answer; with another word it is another one.
        stage.office().done("assessAnswer", json!({"petitionId": two[0], "assessment": "unclear"}), "").await;
        let same = stage.answer(&two[..1], here.committee, "30/UBND", json!({}));
        stage.body().done("answerPetitions", same, "").await;
        let shown = stage.shown(&stage.office(), &two[0], fields).await;
        assert_eq!((&shown["process"], &shown["assessment"]), (&json!("forwarded"), &json!("unclear")));
        let other = stage.answer(&two[..1], here.committee, "30/UBND", json!({"text": "Đã sửa xong ngày 28/2"}));
        stage.body().done("answerPetitions", other, "").await;
        let shown = stage.shown(&stage.office(), &two[0], fields).await;
        assert_eq!((&shown["process"], &shown["assessment"], shown["answers"].as_array().unwrap().len()), (&json!("answered"), &Value::Null, 2));
        // Taken when an answer needed neither a day nor a reason, it is sent again as it was.
        for outcome in ["in_progress", "not_resolved", "out_of_competence"] {
            answer::Entity::update_many()
                .col_expr(answer::Column::Outcome, Expr::value(outcome))
                .filter(answer::Column::DocumentNumber.eq("30/UBND"))
                .exec(stage.app.state.store.migrating())
                .await
                .unwrap();
            let old = json!({"text": "Đã sửa xong ngày 28/2", "outcome": outcome});
            let old = stage.answer(&two[..1], here.committee, "30/UBND", old);
            stage.body().done("answerPetitions", old, "").await;
            assert_eq!(stage.shown(&stage.office(), &two[0], fields).await, shown, "{outcome}");
        }
    }

    async fn whoever_is_asked_anew_answers_anew_though_with_the_same_letter(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let petition = stage.one("Cầu gãy").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "12/VP").await;
        let letter = stage.answer(one, here.committee, "30/UBND", json!({}));
        stage.body().done("answerPetitions", letter.clone(), "").await;
        stage.office().done("informVoters", json!({"petitionId": petition, "channel": "phone"}), "").await;
        stage.office().done("assessAnswer", json!({"petitionId": petition, "assessment": "ok"}), "").await;
        stage.office().done("closePetition", json!({"petitionId": petition}), "").await;
        stage.clock.set("2026-03-02T02:00:00Z".parse().unwrap());
        stage.office().done("reopenPetition", json!({"petitionId": petition, "reason": "Cầu lại gãy"}), "").await;
        stage.forward(one, here.committee, &[], "13/VP").await;
        stage.body().done("answerPetitions", letter, "").await;
        let answered = stage.shown(&stage.office(), &petition, "process outcome answers { version }").await;
        assert_eq!(answered, json!({"process": "answered", "outcome": "resolved", "answers": [{"version": 1}, {"version": 2}]}));
    }
}
