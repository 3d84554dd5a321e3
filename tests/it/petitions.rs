//! What becomes of petitions after the usual road: their council is gone, the answer was none, voters ask again.

use cutri_tests::{TestApp, TestDatabase, app::Person, each_db, phone::Phone, world::World};
use serde_json::{Value, json};

use crate::objects;

const READ: &str = "query($id: ID!) { petition(id: $id) { process outcome informedAt roadmapAt answerText
    answers { version } history(first: 50) { event actor } } }";

async fn read(person: &Person, id: &Value) -> Value {
    person.data(READ, json!({"id": id})).await["petition"].clone()
}

fn answer(world: &World, petition: &Value, text: &str) -> Value {
    json!({"petitionIds": [petition], "agencyId": world.here.committee, "documentNumber": "8/UBND",
        "documentDate": "2026-03-12", "text": text, "outcome": "resolved"})
}

each_db! {
    async fn what_is_reopened_has_no_outcome_until_it_is_answered_anew(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let made = objects::petition(&app, &world).await;
        let (office, body) = (app.person(&world.here.office), app.person(&world.here.committee_login));
        let exported = async || {
            let (_, _, text) = office.get("/export/petition-results.csv?unit=27721&from=2026-01-01&to=2026-12-31").await;
            let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            row.iter().map(str::to_owned).collect::<Vec<_>>()
        };
        body.done("answerPetitions", answer(&world, &made, "Đã sửa xong"), "petition { process }").await;
        office.done("informVoters", json!({"petitionId": made, "channel": "phone"}), "petition { process }").await;
        office.done("closePetition", json!({"petitionId": made}), "petition { process }").await;
        assert_eq!(read(&office, &made).await["outcome"], "resolved");
        assert!(exported().await.contains(&"resolved".to_owned()));

        let reopen = json!({"petitionId": made, "reason": "Mưa lại ngập"});
        office.done("reopenPetition", reopen, "petition { process }").await;
        let open = read(&office, &made).await;
        assert_eq!((&open["outcome"], &open["informedAt"]), (&Value::Null, &Value::Null));
        assert_eq!(open["answers"], json!([{"version": 1}]), "the answer was given all the same");
        let counted = exported().await;
        assert!(counted.contains(&"not_answered".to_owned()) && counted.contains(&"left".to_owned()), "{counted:?}");
        assert!(!counted.contains(&"resolved".to_owned()), "{counted:?}");
        let mut phone = Phone::new(app.person(&world.here.delegates[0]));
        phone.pull().await;
        let held = phone.row("petition", made.as_str().unwrap());
        assert_eq!((&held["outcome"], &held["informedAt"]), (&Value::Null, &Value::Null));

        let again = json!({"petitionIds": [made], "leadId": world.here.committee, "documentNumber": "3/VP", "documentDate": "2026-03-20"});
        office.done("forwardPetitions", again, "petition { process }").await;
        assert_eq!(read(&office, &made).await["outcome"], Value::Null);
        assert_eq!(office.refused("closePetition", json!({"petitionId": made})).await, "VOTERS_NOT_INFORMED");
        let mut second = answer(&world, &made, "Sẽ làm cống mới");
        second["outcome"] = json!("in_progress");
        body.done("answerPetitions", second, "petition { process }").await;
        let answered = read(&office, &made).await;
        assert_eq!(answered["outcome"], "in_progress");
        assert_eq!(answered["answers"].as_array().unwrap().len(), 2);
        assert!(exported().await.contains(&"in_progress".to_owned()));
    }

    async fn an_answer_can_be_found_wanting_after_the_voters_were_told_it(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let made = objects::petition(&app, &world).await;
        let (office, body) = (app.person(&world.here.office), app.person(&world.here.committee_login));
        let assess = |how: &str| json!({"petitionId": made, "assessment": how});
        let inform = json!({"petitionId": made, "channel": "phone"});
        body.done("answerPetitions", answer(&world, &made, "Đã ghi nhận"), "petition { process }").await;
        office.done("informVoters", inform.clone(), "petition { process }").await;

        office.done("assessAnswer", assess("off_point"), "petition { process }").await;
        let wanting = read(&office, &made).await;
        assert_eq!((&wanting["process"], &wanting["outcome"], &wanting["informedAt"]), (&json!("forwarded"), &Value::Null, &Value::Null));
        assert_eq!(office.refused("closePetition", json!({"petitionId": made})).await, "VOTERS_NOT_INFORMED");
        body.done("answerPetitions", answer(&world, &made, "Đã sửa xong"), "petition { process }").await;
        office.done("informVoters", inform, "petition { process }").await;
        office.done("assessAnswer", assess("ok"), "petition { process }").await;
        assert_eq!(read(&office, &made).await["process"], "informed", "the voters were told already");
        office.done("closePetition", json!({"petitionId": made}), "petition { process }").await;
        assert_eq!(office.refused("assessAnswer", assess("unclear")).await, "INVALID_STATE");
    }
}
