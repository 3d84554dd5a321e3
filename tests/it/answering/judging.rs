//! What the office finds of an answer, and what the voters say of it.

use cutri_tests::{
    TestDatabase, each_db,
    phone::{Phone, create, new_id},
    refusals::{refusal, refused},
};
use serde_json::{Value, json};

use super::pulled;
use crate::rounds::Stage;

each_db! {
    // A delegate told the voters what nobody had judged, and the petition was closed with it.
    async fn what_the_office_has_not_judged_is_told_and_not_closed(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, here) = (stage.office(), &stage.world.here);
        let petition = stage.one("Cầu gãy").await;
        let one = std::slice::from_ref(&petition);
        let not_now = refused("INVALID_STATE", "petitionId");
        let judge = |how: &str| json!({"petitionId": petition, "assessment": how});
        stage.forward(one, here.committee, &[], "12/VP").await;
        for how in ["ok", "unclear"] {
            assert_eq!(refusal(&office, "assessAnswer", judge(how)).await, not_now, "there is no answer to be {how}");
        }
        let reopen = json!({"petitionId": petition, "reason": "Mưa lại ngập"});
        assert_eq!(refusal(&office, "reopenPetition", reopen).await, not_now);
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "30/UBND", json!({})), "").await;
        let told = json!({"petitionId": petition, "channel": "village_meeting"});
        let told = stage.delegate(0).done("informVoters", told, "petition { process assessment }").await;
        assert_eq!(told["petition"], json!({"process": "informed", "assessment": null}));
        let close = json!({"petitionId": petition});
        assert_eq!(refusal(&office, "closePetition", close.clone()).await, not_now);
        office.done("assessAnswer", judge("ok"), "").await;
        let closed = office.done("closePetition", close, "petition { process assessment }").await;
        assert_eq!(closed["petition"], json!({"process": "closed", "assessment": "ok"}));
    }

    // A slip of the office could not be taken back, though it may judge "until the petition is closed"; and whoever lost
    // the reply was told that it was not allowed.
    async fn an_answer_that_was_wrongly_found_wanting_is_the_answer_again(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let two = stage.petitions(0, &["Cầu gãy".to_owned(), "Cống sập".to_owned()]).await;
        stage.forward(&two, here.committee, &[], "12/VP").await;
        let promise = json!({"text": "Sửa trong quý II", "outcome": "in_progress", "roadmapAt": "2026-06-30", "costMillions": 90});
        stage.body().done("answerPetitions", stage.answer(&two, here.committee, "30/UBND", promise), "").await;
        for petition in &two {
            let told = json!({"petitionId": petition, "channel": "village_meeting", "satisfaction": "partly"});
            stage.delegate(0).done("informVoters", told, "").await;
        }
        let fields = "process outcome roadmapAt costMillions satisfaction informedAt";
        let counted = "history(first: 50) { event } answers { assessment assessmentNote }";
        let before = stage.shown(&stage.office(), &two[0], fields).await;
        assert_eq!((&before["process"], &before["outcome"]), (&json!("informed"), &json!("in_progress")));
        let judge = |which: usize, how: &str, note: Value| json!({"petitionId": two[which], "assessment": how, "note": note});

        let unclear = judge(0, "unclear", json!("Nhầm"));
        stage.office().done("assessAnswer", unclear.clone(), "").await;
        let found = stage.shown(&stage.office(), &two[0], counted).await;
        stage.clock.set("2026-03-02T02:00:00Z".parse().unwrap());
        let again = stage.office().done("assessAnswer", unclear.clone(), "petition { process outcome }").await;
        assert_eq!(again["petition"], json!({"process": "forwarded", "outcome": null}));
        assert_eq!(stage.shown(&stage.office(), &two[0], counted).await, found, "sent again");
        let other = judge(0, "unclear", json!("Chưa rõ quý nào"));
        assert_eq!(refusal(&stage.office(), "assessAnswer", other).await, refused("INVALID_STATE", "petitionId"));

        let ok = judge(0, "ok", Value::Null);
        stage.office().done("assessAnswer", ok.clone(), "").await;
        assert_eq!(stage.shown(&stage.office(), &two[0], fields).await, before, "and its voters know it");
        let judged = stage.shown(&stage.office(), &two[0], counted).await;
        assert_eq!(judged["answers"], json!([{"assessment": "ok", "assessmentNote": null}]));
        stage.office().done("assessAnswer", ok.clone(), "").await;
        assert_eq!(stage.shown(&stage.office(), &two[0], counted).await, judged, "sent again");
        let held = pulled(stage.delegate(0)).await;
        assert_eq!((&held.row("petition", &two[0])["outcome"], &held.row("petition", &two[0])["assessment"]), (&json!("in_progress"), &json!("ok")));

        // Whoever joined meanwhile has been told nothing.
        stage.office().done("assessAnswer", judge(1, "off_point", Value::Null), "").await;
        stage.clock.set("2026-03-02T03:00:00Z".parse().unwrap());
        let row = create("feedback", &new_id(), json!({"kind": "petition", "channel": "contact_meeting", "unitId": here.unit,
            "content": "Cống ấy sập đã lâu"}));
        assert_eq!(Phone::new(stage.delegate(1)).push(std::slice::from_ref(&row)).await[0]["status"], "APPLIED");
        stage.office().done("groupFeedback", json!({"feedbackIds": [row["id"]], "petitionId": two[1]}), "").await;
        stage.office().done("assessAnswer", judge(1, "ok", Value::Null), "").await;
        let joined = stage.shown(&stage.office(), &two[1], fields).await;
        assert_eq!((&joined["process"], &joined["outcome"], &joined["informedAt"]), (&json!("assessed"), &json!("in_progress"), &Value::Null));

        // Asked anew, the body owes an answer to that.
        stage.office().done("assessAnswer", unclear, "").await;
        let back = json!({"petitionIds": [two[0]], "reason": "Không thuộc thẩm quyền"});
        stage.body().done("returnPetitions", back, "").await;
        stage.clock.set("2026-03-02T04:00:00Z".parse().unwrap());
        stage.forward(&two[..1], here.committee, &[], "13/VP").await;
        assert_eq!(refusal(&stage.office(), "assessAnswer", ok).await, refused("INVALID_STATE", "petitionId"));
    }

    async fn an_answer_says_until_when_and_at_what_cost_and_the_voters_judge_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, here) = (stage.office(), &stage.world.here);
        let petition = stage.one("Nạo vét kênh Bảy Thước").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "12/VP").await;

        // A deferral says until when; a reason belongs to what is not resolved; a cost is a sum.
        let put_off = |extra: Value| {
            let mut answer = json!({"text": "Chưa có vốn, tạm gác lại", "outcome": "deferred"});
            answer.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            stage.answer(one, here.committee, "30/UBND", answer)
        };
        let body = stage.body();
        assert_eq!(refusal(&body, "answerPetitions", put_off(json!({}))).await, refused("REQUIRED", "roadmapAt"));
        for (outcome, lacks) in [("in_progress", "roadmapAt"), ("not_resolved", "unresolvedReason")] {
            let wrong = put_off(json!({"outcome": outcome}));
            assert_eq!(refusal(&body, "answerPetitions", wrong).await, refused("REQUIRED", lacks), "{outcome}");
        }
        let wrong = stage.answer(one, here.committee, "30/UBND", json!({"unresolvedReason": "budget"}));
        assert_eq!(refusal(&body, "answerPetitions", wrong).await, refused("INVALID_VALUE", "unresolvedReason"));
        let wrong = stage.answer(one, here.committee, "30/UBND", json!({"roadmapAt": "2027-06-30"}));
        assert_eq!(refusal(&body, "answerPetitions", wrong).await, refused("INVALID_VALUE", "roadmapAt"), "it is done");
        assert_eq!(refusal(&body, "answerPetitions", put_off(json!({"roadmapAt": "2026-12-31", "costMillions": -1}))).await, refused("OUT_OF_RANGE", "costMillions"));
        let answer = put_off(json!({"roadmapAt": "2026-12-31", "costMillions": 850, "unresolvedReason": "budget"}));
        body.done("answerPetitions", answer, "").await;
        let fields = "process outcome roadmapAt costMillions unresolvedReasonEntry { label } assessment satisfaction informedAt repeats
            answers { version outcome assessment assessmentNote costMillions }";
        let put_off = stage.shown(&office, &petition, fields).await;
        assert_eq!((&put_off["costMillions"], &put_off["unresolvedReasonEntry"]["label"]), (&json!(850), &json!("Chưa bố trí được nguồn lực")));

        // The office finds it unclear: the body owes another, and what it claimed counts for nothing.
        let unclear = json!({"petitionId": petition, "assessment": "unclear", "note": "Chưa nói rõ quý nào"});
        office.done("assessAnswer", unclear, "").await;
        let wanting = stage.shown(&office, &petition, fields).await;
        assert_eq!((&wanting["process"], &wanting["outcome"], &wanting["costMillions"], &wanting["roadmapAt"]),
            (&json!("forwarded"), &Value::Null, &Value::Null, &Value::Null));
        assert_eq!(wanting["answers"][0]["assessmentNote"], "Chưa nói rõ quý nào");
        stage.day("2026-03-04");
        let better = stage.answer(one, here.committee, "31/UBND", json!({"text": "Nạo vét trong quý II", "outcome": "in_progress",
            "roadmapAt": "2026-06-30", "costMillions": 900}));
        stage.body().done("answerPetitions", better, "").await;
        stage.office().done("assessAnswer", json!({"petitionId": petition, "assessment": "ok"}), "").await;

        // The delegate sees whom of his voters to tell; his colleague met none of them.
        let own = "ownFeedbacks { content meeting { title } }";
        let to_tell = stage.shown(&stage.delegate(0), &petition, own).await;
        assert_eq!(to_tell["ownFeedbacks"][0]["content"], "Nạo vét kênh Bảy Thước");
        assert_eq!(stage.shown(&stage.delegate(1), &petition, own).await["ownFeedbacks"], json!([]));
        assert_eq!(stage.shown(&stage.body(), &petition, own).await["ownFeedbacks"], json!([]));

        // He tells them in their village, without signal, and writes down what they said to it.
        let phone = Phone::new(stage.delegate(0));
        let mut told = json!({"petitionId": petition, "channel": "village_meeting", "meetingId": here.meeting,
            "at": "2026-03-04T19:00:00+07:00", "note": "Bà con đề nghị làm sớm hơn", "satisfaction": "hơi buồn"});
        stage.clock.set("2026-03-05T01:00:00Z".parse().unwrap());
        let phone = Phone { person: stage.delegate(0), ..phone };
        let pushed = phone.push(&[create("informing", &new_id(), told.clone())]).await;
        assert_eq!((&pushed[0]["status"], &pushed[0]["errors"][0]["field"]), (&json!("REJECTED"), &json!("satisfaction")));
        told["satisfaction"] = json!("dissatisfied");
        let pushed = phone.push(&[create("informing", &new_id(), told)]).await;
        assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
        let office = stage.office();
        let informed = "process satisfactionEntry { label } informings { at channel authorName satisfaction meeting { id } note }";
        let seen = stage.shown(&office, &petition, informed).await;
        assert_eq!((&seen["process"], &seen["satisfactionEntry"]["label"]), (&json!("informed"), &json!("Chưa hài lòng")));
        assert_eq!(seen["informings"], json!([{"at": "2026-03-04T19:00:00.000000+07:00", "channel": "village_meeting",
            "authorName": "Người dùng daibieu1.tanhung", "satisfaction": "dissatisfied", "meeting": {"id": here.meeting},
            "note": "Bà con đề nghị làm sớm hơn"}]));
        let held = pulled(stage.delegate(1)).await;
        assert_eq!(held.row("petition", &petition)["satisfaction"], "dissatisfied");

        // Closed, and taken up again when it rains: it has no outcome, and the voters were told nothing that holds.
        office.done("closePetition", json!({"petitionId": petition}), "").await;
        office.done("reopenPetition", json!({"petitionId": petition, "reason": "Kênh lại bồi lắng"}), "").await;
        let open = stage.shown(&office, &petition, fields).await;
        assert_eq!((&open["process"], &open["satisfaction"], &open["outcome"], &open["repeats"]),
            (&json!("reopened"), &Value::Null, &Value::Null, &json!(1)));
        assert_eq!(open["answers"].as_array().unwrap().len(), 2);
        // Voters ask again elsewhere: linked and counted, and neither becomes part of the other.
        let again = stage.one("Kênh Bảy Thước bồi lắng").await;
        let linked = office.done("linkRepeat", json!({"petitionId": again, "earlierId": petition}), "petition { repeats repeatOf { id } }").await;
        assert_eq!(linked["petition"], json!({"repeats": 1, "repeatOf": [{"id": petition}]}));
    }
}
