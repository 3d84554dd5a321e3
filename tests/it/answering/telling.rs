//! Voters are told: by whom, at which meeting, once, and when they said what.

use cutri_tests::{
    TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    refusals::{refusal, refused},
    world,
};
use serde_json::{Value, json};

use super::text;
use crate::rounds::Stage;

each_db! {
    // A voter took his consent back while the answer was wrongly found wanting: his feedback had changed since the voters were
    // told, so he counted as one who joined later, and the petition waited to be told once more.
    async fn who_takes_his_consent_back_is_no_voter_who_joined(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let said = new_id();
        let row = create("feedback", &said, json!({"kind": "petition", "channel": "contact_meeting", "unitId": here.unit,
            "content": "Cầu gãy", "contactName": "Bà Tư", "contactPhone": "0912345678", "consentText": "Bà Tư đồng ý",
            "consentAt": "2026-03-02T07:30:00+07:00"}));
        assert_eq!(Phone::new(stage.delegate(0)).push(&[row]).await[0]["status"], "APPLIED");
        let petition = stage.group_of(&[&said], "sửa cầu").await;
        stage.classify(&petition, "transport", "commune").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "12/VP").await;
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "30/UBND", json!({})), "").await;
        let told = json!({"petitionId": petition, "channel": "village_meeting"});
        stage.delegate(0).done("informVoters", told, "").await;
        let before = stage.shown(&stage.office(), &petition, "informedAt").await;
        let judge = |how: &str| json!({"petitionId": petition, "assessment": how});
        stage.office().done("assessAnswer", judge("unclear"), "").await;

        stage.clock.set("2026-03-02T02:00:00Z".parse().unwrap());
        let nobody = create("feedback", &said, json!({"contactName": null, "contactPhone": null, "consentText": null, "consentAt": null}));
        assert_eq!(Phone::new(stage.delegate(0)).push(&[nobody]).await[0]["status"], "APPLIED");
        let found = stage.office().done("assessAnswer", judge("ok"), "petition { process informedAt }").await;
        assert_eq!(found["petition"], json!({"process": "informed", "informedAt": before["informedAt"]}));
        let close = json!({"petitionId": petition});
        stage.office().done("closePetition", close, "").await;
    }

    // Voters who joined after the answer had been told were told nothing, and the petition could be closed.
    async fn who_joins_after_the_answer_was_told_is_told_too(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        for (number, is_assessed) in [(1, true), (2, false)] {
            let petition = stage.one(&format!("Cầu số {number} gãy")).await;
            let one = std::slice::from_ref(&petition);
            stage.forward(one, here.committee, &[], &format!("1{number}/VP")).await;
            stage.body().done("answerPetitions", stage.answer(one, here.committee, &format!("3{number}/UBND"), json!({})), "").await;
            let office = stage.office();
            if is_assessed {
                office.done("assessAnswer", json!({"petitionId": petition, "assessment": "ok"}), "").await;
            }
            let told = json!({"petitionId": petition, "channel": "village_meeting"});
            office.done("informVoters", told.clone(), "").await;
            let row = create("feedback", &new_id(), json!({"kind": "petition", "channel": "contact_meeting", "unitId": here.unit,
                "content": "Cầu ấy gãy đã lâu"}));
            assert_eq!(Phone::new(stage.delegate(1)).push(std::slice::from_ref(&row)).await[0]["status"], "APPLIED");
            let join = json!({"feedbackIds": [row["id"]], "petitionId": petition});
            let joined = office.done("groupFeedback", join.clone(), "petition { process informedAt assessment }").await;
            let (process, assessment) = if is_assessed { ("assessed", json!("ok")) } else { ("answered", json!(null)) };
            assert_eq!(joined["petition"], json!({"process": process, "informedAt": null, "assessment": assessment}));
            // The delegate who met them hears of it, whoever told the others.
            stage.turns().await;
            let agenda = "{ agenda { kind petitions { id } } }";
            let waits = stage.delegate(1).data(agenda, json!({})).await;
            assert_eq!(waits["agenda"], json!([{"kind": "to_inform", "petitions": [{"id": petition}]}]));
            let close = json!({"petitionId": petition});
            assert_eq!(refusal(&office, "closePetition", close.clone()).await.0, "VOTERS_NOT_INFORMED");
            stage.delegate(1).done("informVoters", told, "").await;
            if !is_assessed {
                office.done("assessAnswer", json!({"petitionId": petition, "assessment": "ok"}), "").await;
            }
            office.done("closePetition", close, "").await;
            // Of a closed one nobody becomes a part.
            let late = create("feedback", &new_id(), json!({"kind": "petition", "channel": "contact_meeting", "unitId": here.unit,
                "content": "Cầu ấy lại gãy"}));
            assert_eq!(Phone::new(stage.delegate(1)).push(std::slice::from_ref(&late)).await[0]["status"], "APPLIED");
            let join = json!({"feedbackIds": [late["id"]], "petitionId": petition});
            assert_eq!(refusal(&office, "groupFeedback", join).await, refused("INVALID_STATE", "petitionId"));
        }
    }

    // Whoever answered for a body and sat in any other council could tell this council's voters, and so have the petition
    // closed: one right anywhere was right everywhere.
    async fn a_mandate_elsewhere_is_none_over_what_one_reads_as_the_body(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let petition = stage.one("Cầu gãy").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "12/VP").await;
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "30/UBND", json!({})), "").await;
        let told = json!({"petitionId": petition, "channel": "village_meeting"});
        let urged = json!({"targetKind": "petition", "targetId": petition, "how": "phone"});
        let there = &stage.world.there;
        let body = &here.committee_login;
        world::mandate(&stage.app.state, body, there.council, &[there.unit]).await;
        for (name, collection, input) in [("informVoters", "informing", &told), ("urge", "urging", &urged)] {
            assert_eq!(refusal(&stage.body(), name, input.clone()).await.0, "FORBIDDEN", "{name}");
            let pushed = Phone::new(stage.body()).push(&[create(collection, &new_id(), input.clone())]).await;
            assert_eq!((&pushed[0]["status"], &pushed[0]["errors"][0]["code"]), (&json!("REJECTED"), &json!("FORBIDDEN")));
        }
        // With a mandate of this place it is a delegate who does it.
        world::mandate(&stage.app.state, body, here.council, &[here.unit]).await;
        stage.body().done("urge", urged, "").await;
        stage.body().done("informVoters", told, "").await;
    }

    // A meeting that nobody knows: "when, how, at which contact" could be made up.
    async fn voters_are_told_at_a_meeting_that_there_is(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let petition = stage.one("Cầu gãy").await;
        stage.forward(std::slice::from_ref(&petition), here.committee, &[], "12/VP").await;
        stage.body().done("answerPetitions", stage.answer(std::slice::from_ref(&petition), here.committee, "30/UBND", json!({})), "").await;
        let told = |meeting: Value| json!({"petitionId": petition, "channel": "contact_meeting", "meetingId": meeting});
        let delegate = stage.delegate(0);
        let nowhere = json!(new_id());
        assert_eq!(refusal(&delegate, "informVoters", told(nowhere.clone())).await, refused("NOT_FOUND", "meetingId"));
        let pushed = Phone::new(delegate.clone()).push(&[create("informing", &new_id(), told(nowhere))]).await;
        assert_eq!(pushed[0]["status"], "DEFERRED", "it may still come");
        delegate.done("informVoters", told(json!(here.meeting)), "").await;
    }

    async fn what_voters_were_told_is_recorded_once_however_often_it_is_sent(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let petition = stage.one("Cầu gãy").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "12/VP").await;
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "30/UBND", json!({})), "").await;
        let told = async |person: Person, input: &Value| {
            let payload = person.done("informVoters", input.clone(), "informing { id } petition { process }").await;
            assert_eq!(payload["petition"]["process"], "informed");
            let all = stage.shown(&stage.office(), &petition, "informings { id } history(first: 30) { event }").await;
            let steps = all["history"].as_array().unwrap().iter().filter(|step| step["event"] == "informed").count();
            assert_eq!(steps, all["informings"].as_array().unwrap().len());
            (text(&payload["informing"]["id"]), steps)
        };
        let met = json!({"petitionId": petition, "channel": "village_meeting", "meetingId": here.meeting,
            "at": "2026-03-02T07:30:00+07:00", "note": "Bà con hài lòng", "satisfaction": "satisfied"});
        let called = json!({"petitionId": petition, "channel": "phone"});
        let first = told(stage.delegate(0), &met).await;
        let second = told(stage.delegate(0), &called).await;
        assert_eq!((first.1, second.1), (1, 2));
        stage.clock.set("2026-03-02T02:00:00Z".parse().unwrap());
        assert_eq!(told(stage.delegate(0), &met).await, (first.0, 2));
        assert_eq!(told(stage.delegate(0), &called).await, (second.0, 2));
        // What somebody else told, or at another time, is another telling.
        assert_eq!(told(stage.delegate(1), &met).await.1, 3);
        let mut later = met.clone();
        later["at"] = json!("2026-03-02T08:30:00+07:00");
        assert_eq!(told(stage.delegate(0), &later).await.1, 4);
        stage.day("2026-03-03");
        assert_eq!(told(stage.delegate(0), &called).await.1, 5);
    }

    // Two phones told the same voters on two evenings; the one that came into signal last had the last word.
    async fn what_voters_said_last_is_told_by_when_they_said_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let titles = ["Cầu gãy", "Cống sập"].map(str::to_owned);
        let two = stage.petitions(0, &titles).await;
        stage.forward(&two, here.committee, &[], "12/VP").await;
        stage.body().done("answerPetitions", stage.answer(&two, here.committee, "30/UBND", json!({})), "").await;
        stage.day("2026-03-05");
        let push = async |which: usize, petition: &str, at: &str, satisfaction: Value| {
            let told = json!({"petitionId": petition, "channel": "village_meeting", "at": at, "satisfaction": satisfaction});
            let pushed = Phone::new(stage.delegate(which)).push(&[create("informing", &new_id(), told)]).await;
            assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
        };
        let earlier = (0, "2026-03-03T19:00:00+07:00", "satisfied");
        let later = (1, "2026-03-04T19:00:00+07:00", "dissatisfied");
        for (petition, order) in two.iter().zip([[earlier, later], [later, earlier]]) {
            for (which, at, said) in order {
                push(which, petition.as_str(), at, json!(said)).await;
            }
            let shown = stage.shown(&stage.office(), petition, "process satisfaction informedAt").await;
            let last = json!({"process": "informed", "satisfaction": "dissatisfied", "informedAt": "2026-03-03T19:00:00.000000+07:00"});
            assert_eq!(shown, last);
        }
        // Told once more, nobody asked them; and then a phone brings what they had said before that.
        push(0, two[0].as_str(), "2026-03-04T21:00:00+07:00", Value::Null).await;
        push(1, two[0].as_str(), "2026-03-04T20:00:00+07:00", json!("satisfied")).await;
        let shown = stage.shown(&stage.office(), &two[0], "satisfaction informedAt").await;
        assert_eq!(shown, json!({"satisfaction": "satisfied", "informedAt": "2026-03-03T19:00:00.000000+07:00"}));
        // Closed meanwhile, the day of the first telling is still the day of the first telling.
        stage.office().done("assessAnswer", json!({"petitionId": two[1], "assessment": "ok"}), "").await;
        stage.office().done("closePetition", json!({"petitionId": two[1]}), "").await;
        push(0, two[1].as_str(), "2026-03-03T08:00:00+07:00", Value::Null).await;
        let shown = stage.shown(&stage.office(), &two[1], "process informedAt").await;
        assert_eq!(shown, json!({"process": "closed", "informedAt": "2026-03-03T08:00:00.000000+07:00"}));
    }
}
