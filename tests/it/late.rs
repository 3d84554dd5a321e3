//! What is late comes back to somebody: what was promised by a day, what waits above, a synthesis that nobody sent.

use cutri_tests::{TestDatabase, app::Person, each_db, world};
use serde_json::{Value, json};

use crate::{
    agenda::{agenda, lines, on_phone},
    answering::text,
    rounds::Stage,
};

/// How many petitions somebody finds.
async fn found(person: &Person, filter: Value) -> Value {
    let query = "query($filter: PetitionFilter) { petitions(filter: $filter, first: 1) { totalCount } }";
    person.data(query, json!({"filter": filter})).await["petitions"]["totalCount"].clone()
}

/// What somebody is told of late syntheses: where, how many, the earliest day, the rounds, the syntheses that were begun.
async fn syntheses(person: &Person) -> Vec<Value> {
    let query = "{ agenda { scope kind count overdue dueAt rounds { id } syntheses { id } petitions { id } feedback { id } } }";
    let told = person.data(query, json!({})).await["agenda"].clone();
    let late = told.as_array().unwrap().iter();
    late.map(|line| {
        assert_eq!(
            (&line["scope"], &line["kind"]),
            (&json!("council"), &json!("synthesis_overdue")),
            "{told}"
        );
        assert_eq!((&line["petitions"], &line["feedback"]), (&json!([]), &json!([])));
        assert_eq!(line["count"], line["overdue"]);
        json!([line["count"], line["dueAt"], line["rounds"], line["syntheses"]])
    })
    .collect()
}

each_db! {
    // Whoever promised was asked for nothing any more once the petition was closed, however long the day was over.
    async fn a_promise_comes_back_when_its_day_is_over_closed_or_not(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        // Whoever looks months later signs in anew.
        let (office, body) = (|| stage.office(), || stage.body());
        let standing = stage.colleague("standing_committee").await;
        let committee = stage.world.here.committee;
        let two = stage.petitions(0, &["Cầu gãy".to_owned(), "Cống sập".to_owned()]).await;
        stage.forward(&two, committee, &[], "12/VP").await;
        let promise = json!({"text": "Sửa trong quý II", "outcome": "in_progress", "roadmapAt": "2026-06-30"});
        body().done("answerPetitions", stage.answer(&two, committee, "30/UBND", promise), "").await;
        for petition in &two {
            office().done("assessAnswer", json!({"petitionId": petition, "assessment": "ok"}), "").await;
            stage.tell(0, petition).await;
        }
        office().done("closePetition", json!({"petitionId": two[0]}), "").await;

        // On the day itself there is time.
        stage.day("2026-06-30");
        stage.turns().await;
        let to_close = ("council", "to_close", 1, 0);
        assert_eq!(agenda(&office()).await, lines(&[to_close]));
        assert_eq!((agenda(&body()).await, agenda(&stage.delegate(0)).await), (lines(&[]), lines(&[])));
        assert_eq!((found(&office(), json!({"isPromiseLate": true})).await, found(&office(), json!({"isPromiseLate": false})).await), (json!(0), json!(2)));

        // On the next it comes back to the body that promised, to the office, and to the delegate who met the voters.
        stage.day("2026-07-01");
        stage.turns().await;
        assert_eq!(agenda(&office()).await, lines(&[to_close, ("council", "promise_due", 2, 2)]));
        assert_eq!(agenda(&stage.app.person(&standing)).await, lines(&[("council", "promise_due", 2, 2)]));
        assert_eq!(agenda(&body()).await, lines(&[("agency", "promise_due", 2, 2)]));
        let voters = lines(&[("voters", "promise_due", 2, 2)]);
        assert_eq!((agenda(&stage.delegate(0)).await, agenda(&stage.delegate(1)).await), (voters.clone(), lines(&[])));
        assert_eq!(on_phone(stage.delegate(0)).await, voters);
        for login in [&stage.world.department_login, &stage.world.there.office, &stage.world.province_office] {
            assert_eq!(agenda(&stage.app.person(login)).await, lines(&[]));
        }
        let called = "{ agenda(kinds: [\"promise_due\"]) { kindEntry { label } dueAt } }";
        assert_eq!(office().data(called, json!({})).await["agenda"], json!([{"kindEntry": {"label": "Đã qua ngày hứa, cần hỏi kết quả"}, "dueAt": "2026-06-30"}]));
        assert_eq!((found(&office(), json!({"isPromiseLate": true})).await, found(&office(), json!({"isPromiseLate": false})).await), (json!(2), json!(0)));
        let shown = async |id: &str| {
            let query = "query($id: ID!) { petition(id: $id) { process isPromiseLate isOverdue } }";
            office().data(query, json!({"id": id})).await["petition"].clone()
        };
        assert_eq!(shown(&two[0]).await, json!({"process": "closed", "isPromiseLate": true, "isOverdue": false}));
        // Urging is what the office can do, and it is told so however often it looks.
        let letter = json!({"targetKind": "petition", "targetId": two[0], "how": "document", "documentNumber": "99/VP"});
        office().done("urge", letter, "").await;
        stage.turns().await;
        assert_eq!(agenda(&office()).await, lines(&[to_close, ("council", "promise_due", 2, 2)]));

        // One is done, and said so; the other is taken up again: neither is promised any more.
        body().done("answerPetitions", stage.answer(&two[1..], committee, "70/UBND", json!({})), "").await;
        office().done("reopenPetition", json!({"petitionId": two[0], "reason": "Cầu vẫn gãy"}), "").await;
        stage.turns().await;
        assert_eq!(agenda(&office()).await, lines(&[("council", "to_forward", 1, 0), ("council", "to_assess", 1, 0), ("council", "to_inform", 1, 0)]));
        assert_eq!((agenda(&body()).await, agenda(&stage.delegate(0)).await), (lines(&[]), lines(&[("voters", "to_inform", 1, 0)])));
        for id in &two {
            assert_eq!(shown(id).await["isPromiseLate"], false);
        }
        assert_eq!(on_phone(body()).await, lines(&[]));
    }

    // What was sent up and not sent on was late in nobody's list but that of the council above.
    async fn what_waits_above_is_late_below_until_it_is_sent_on(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, above) = (|| stage.office(), || stage.app.person(&stage.world.province_office));
        let province = stage.world.province_council;
        let petition = stage.one("Cầu liên xã").await;
        let up = json!({"petitionIds": [petition], "upperCouncilId": province, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        office().done("forwardPetitions", up, "").await;
        let late = || json!({"isOverdue": true, "upperCouncilId": province});
        stage.day("2026-03-30");
        stage.turns().await;
        assert_eq!((agenda(&office()).await, agenda(&above()).await), (lines(&[]), lines(&[("council", "to_forward", 1, 0)])));
        assert_eq!(found(&office(), late()).await, 0);

        stage.day("2026-03-31");
        stage.turns().await;
        assert_eq!(agenda(&office()).await, lines(&[("council", "overdue", 1, 1)]));
        assert_eq!(agenda(&above()).await, lines(&[("council", "to_forward", 1, 1)]));
        let voters = lines(&[("voters", "overdue", 1, 1)]);
        assert_eq!((agenda(&stage.delegate(0)).await, on_phone(stage.delegate(0)).await), (voters.clone(), voters));
        assert_eq!(found(&office(), late()).await, 1);
        assert_eq!(found(&office(), json!({"isOverdue": true, "upperCouncilId": stage.world.here.council})).await, 0);
        let letter = json!({"targetKind": "petition", "targetId": petition, "how": "document", "documentNumber": "40/VP"});
        office().done("urge", letter, "").await;

        // The council above sends it on: the body has its own time.
        let on = json!({"petitionIds": [petition], "leadId": stage.world.department, "documentNumber": "90/HĐND", "documentDate": "2026-03-31"});
        above().done("forwardPetitions", on, "").await;
        stage.turns().await;
        assert_eq!((agenda(&office()).await, agenda(&above()).await), (lines(&[]), lines(&[])));
        assert_eq!(agenda(&stage.delegate(0)).await, lines(&[]));
    }

    // That a synthesis was late stood in the synthesis; one that nobody had begun was late nowhere.
    async fn a_synthesis_that_was_not_sent_in_time_waits_for_those_who_owe_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let officer = stage.colleague("front_officer").await;
        let (office, front) = (|| stage.office(), || stage.app.person(&officer));
        let group = json!({"councilId": here.council, "name": "Tổ đại biểu số 1"});
        let group = office().done("createGroup", group, "group { id }").await["group"]["id"].clone();
        let mandate = stage.mandate(&here.delegates[0]).await;
        office().done("updateDelegate", json!({"delegateId": mandate, "groupId": group}), "").await;
        world::at_council(&stage.app.state, &here.delegates[0], "group_head", here.council).await;
        let (head, other) = (|| stage.delegate(0), || stage.delegate(1));
        let (round, point) = stage.held().await;
        let came = json!({"meetingId": point, "attended": 61, "attendedDelegateIds": [mandate]});
        office().done("recordAttendance", came, "").await;

        // The group's is due three working days after the contact of Monday 2 March, the council's seven after the round.
        stage.day("2026-03-05");
        stage.turns().await;
        assert_eq!((syntheses(&office()).await, syntheses(&head()).await), (Vec::<Value>::new(), Vec::<Value>::new()));
        stage.day("2026-03-06");
        stage.turns().await;
        let of_group = vec![json!([1, "2026-03-05", [{"id": round}], []])];
        assert_eq!((syntheses(&office()).await, syntheses(&head()).await), (of_group.clone(), of_group.clone()));
        assert_eq!(syntheses(&other()).await, Vec::<Value>::new(), "he heads no group");
        stage.day("2026-03-18");
        stage.turns().await;
        let both = vec![json!([2, "2026-03-05", [{"id": round}], []])];
        assert_eq!((syntheses(&office()).await, syntheses(&front()).await), (both.clone(), both));
        assert_eq!(syntheses(&head()).await, of_group, "the council's is not his");
        let above = stage.app.person(&stage.world.province_office);
        assert_eq!(syntheses(&above).await, Vec::<Value>::new());

        // The head sends his group's: it waits no more, and the council's does, begun as it is.
        let drafted = async |person: &Person, group: &Value| {
            let draft = json!({"councilId": here.council, "roundId": round, "groupId": group});
            text(&person.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"])
        };
        let paper = |id: &str, number: &str| json!({"synthesisId": id, "documentNumber": number, "documentDate": "2026-03-18"});
        let own = drafted(&head(), &group).await;
        head().done("freezeSynthesis", paper(&own, "01/BC-TĐB"), "").await;
        head().done("sendSynthesis", json!({"synthesisId": own}), "").await;
        let council = drafted(&office(), &Value::Null).await;
        stage.turns().await;
        assert_eq!(syntheses(&head()).await, Vec::<Value>::new());
        assert_eq!(syntheses(&office()).await, [json!([1, "2026-03-17", [{"id": round}], [{"id": council}]])]);

        office().done("freezeSynthesis", paper(&council, "15/BC-HĐND"), "").await;
        front().done("cosignSynthesis", json!({"synthesisId": council, "signer": "Chủ tịch MTTQ xã"}), "").await;
        stage.turns().await;
        assert_eq!(syntheses(&office()).await.len(), 1, "signed is not sent");
        office().done("sendSynthesis", json!({"synthesisId": council, "sentTo": "UBND xã"}), "").await;
        stage.turns().await;
        assert_eq!(syntheses(&office()).await, Vec::<Value>::new());
        // A later edition that is being made makes nobody late.
        let more = json!({"synthesisId": council, "documentNumber": "16/BC-HĐND", "documentDate": "2026-03-18", "reason": "Bổ sung"});
        office().done("freezeSynthesis", more, "").await;
        stage.turns().await;
        assert_eq!(syntheses(&office()).await, Vec::<Value>::new());
    }
}
