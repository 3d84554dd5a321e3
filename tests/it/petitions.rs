//! What becomes of petitions after the usual road: their council is gone, the answer was none, voters ask again.

use chrono::{Duration, NaiveDate};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    refusals::{refusal, refused},
    world::{Put, World},
};
use entity::{
    council,
    event::JOINED,
    id::{CouncilId, PetitionId, UnitId},
    petition,
};
use serde_json::{Value, json};

use crate::{objects, reports::this_year, rows};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A council of this unit whose term ended when today's councils began.
fn former(unit: UnitId) -> council::Model {
    council::Model {
        unit_id: unit,
        valid_from: day("2021-07-01"),
        valid_to: Some(day("2025-07-01")),
        rev: 0,
        ..rows::council()
    }
}

/// What that council had grouped and not yet classified.
fn left_open(council: &council::Model) -> petition::Model {
    let id: PetitionId = uuid::Uuid::now_v7().into();
    petition::Model {
        id,
        council_id: council.id,
        number: id.to_string(),
        process: petition::Process::Accepted,
        public_content: None,
        outcome: None,
        agency_id: None,
        upper_council_id: None,
        forwarding_id: None,
        due_at: None,
        extended_to: None,
        answer_id: None,
        answered_at: None,
        informed_at: None,
        closed_at: None,
        rev: 0,
        ..rows::petition()
    }
}

const READ: &str = "query($id: ID!) { petition(id: $id) { process outcome informedAt roadmapAt answerText
    answers { version } history(first: 50) { event actor } } }";

async fn read(person: &Person, id: &Value) -> Value {
    person.data(READ, json!({"id": id})).await["petition"].clone()
}

fn classified(petition: &Value) -> Value {
    json!({"petitionId": petition, "field": "transport", "tier": "commune"})
}

fn answer(world: &World, petition: &Value, text: &str) -> Value {
    json!({"petitionIds": [petition], "agencyId": world.here.committee, "documentNumber": "8/UBND",
        "documentDate": "2026-03-12", "text": text, "outcome": "resolved"})
}

each_db! {
    async fn the_office_that_follows_alone_finishes_what_a_former_council_left(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let reference = app.state.reference();
        let units = &reference.units;
        let whole = units
            .predecessors(world.here.unit)
            .map(|edge| edge.from_id)
            .find(|unit| units.heir(*unit) == world.here.unit)
            .expect("Tân Hưng was made of whole communes");
        let divided = units
            .predecessors(world.here.unit)
            .map(|edge| edge.from_id)
            .find(|unit| units.successors(*unit).len() > 1)
            .expect("its district went into several");
        let (merged, earlier, shared) = (former(whole), former(world.here.unit), former(divided));
        let (of_merged, of_earlier, of_shared) = (left_open(&merged), left_open(&earlier), left_open(&shared));
        let merged_id = merged.id;
        let ids = [&of_merged, &of_earlier, &of_shared].map(|row| json!(row.id));
        Put::new().row(merged).row(earlier).row(shared).now(&app.state).await;
        Put::new().row(of_merged).row(of_earlier).row(of_shared).now(&app.state).await;
        let (office, body) = (app.person(&world.here.office), app.person(&world.here.committee_login));
        let neighbour = app.person(&world.there.office);

        for id in &ids {
            assert_eq!(read(&office, id).await["process"], "accepted", "who follows reads");
        }
        office.done("classifyPetition", classified(&ids[1]), "petition { process }").await;
        // Nobody was named who takes over from the district: it is read, and that is all.
        assert_eq!(office.refused("classifyPetition", classified(&ids[2])).await, "FORBIDDEN");
        for person in [&app.person(&world.here.delegates[0]), &body, &neighbour] {
            let refused = person.refused("classifyPetition", classified(&ids[0])).await;
            assert!(["FORBIDDEN", "NOT_FOUND"].contains(&refused.as_str()), "{refused}");
        }
        assert_eq!(neighbour.refused("classifyPetition", classified(&ids[0])).await, "NOT_FOUND");

        // The whole road, as if it were its own; the council above is that of today.
        let one = &ids[0];
        office.done("classifyPetition", classified(one), "petition { process }").await;
        // To one or to the other, never both, never none.
        let both = json!({"petitionIds": [one], "leadId": world.here.committee, "upperCouncilId": world.province_council,
            "documentNumber": "1/VP", "documentDate": "2026-02-09"});
        assert_eq!(office.refused("forwardPetitions", both).await, "INVALID_VALUE");
        let none = json!({"petitionIds": [one], "documentNumber": "1/VP", "documentDate": "2026-02-09"});
        assert_eq!(office.refused("forwardPetitions", none).await, "REQUIRED");
        let up = json!({"petitionIds": [one], "upperCouncilId": world.province_council, "documentNumber": "1/VP", "documentDate": "2026-02-09"});
        office.done("forwardPetitions", up, "petition { process }").await;
        let back = json!({"petitionIds": [one], "reason": "Thuộc thẩm quyền cấp xã"});
        let province = app.person(&world.province_office);
        let returned = province.done("returnPetitions", back, "petition { id } petitions { id }").await;
        assert_eq!(returned["petitions"], json!([]), "what was given back is no longer seen");
        // One document for what it had itself and what it took over.
        let forward = json!({"petitionIds": [one, ids[1]], "leadId": world.here.committee, "documentNumber": "2/VP", "documentDate": "2026-02-10"});
        let forwarded = office.done("forwardPetitions", forward, "petition { forwardings { councilId } }").await;
        assert_eq!(forwarded["petition"]["forwardings"][1]["councilId"], json!(world.here.council));
        let urge = json!({"targetKind": "petition", "targetId": one, "how": "phone"});
        office.done("urge", urge, "petition { urgings }").await;
        body.done("answerPetitions", answer(&world, one, "Đã sửa"), "petition { process }").await;
        office.done("assessAnswer", json!({"petitionId": one, "assessment": "ok"}), "petition { process }").await;
        office.done("informVoters", json!({"petitionId": one, "channel": "phone"}), "petition { process }").await;
        office.done("closePetition", json!({"petitionId": one}), "petition { process }").await;
        let told = read(&office, one).await;
        assert_eq!(told["process"], "closed");
        let steps: Vec<&str> = told["history"].as_array().unwrap().iter().map(|step| step["event"].as_str().unwrap()).collect();
        let road = ["classified", "forwarded_up", "returned", "forwarded", "urged", "answered", "assessed_ok", "informed", "closed"];
        assert_eq!(steps, road);

        // New business of the former council and rights at it are not among what it took over: it does at its own what it may
        // not do there.
        let meet = |council: CouncilId| json!({"councilId": council, "kind": "thematic", "title": "Tiếp xúc", "unitIds": [world.here.unit]});
        office.done("planMeeting", meet(world.here.council), "").await;
        assert_eq!(refusal(&office, "planMeeting", meet(merged_id)).await, refused("FORBIDDEN", "councilId"));
        let decide = |council: CouncilId| json!({"councilId": council, "rawNumber": "9/NQ-HĐND", "kind": "individual", "title": "Về cầu", "issuedOn": "2025-06-15"});
        assert_eq!(office.refused("createResolution", decide(merged_id)).await, "FORBIDDEN");
        let rename = |council: CouncilId| json!({"councilId": council, "name": "HĐND xã"});
        assert_eq!(office.refused("updateCouncil", rename(merged_id)).await, "FORBIDDEN");
        office.done("updateCouncil", rename(world.here.council), "").await;
        let grant = json!({"accountId": world.here.delegates[0].account, "role": "office", "councilId": merged_id});
        assert_eq!(office.refused("grantRole", grant).await, "FORBIDDEN");
        // Nor does it take over what it carries on already.
        let take = json!({"petitionIds": [ids[1]], "councilId": world.here.council});
        assert_eq!(refusal(&office, "allocatePetitions", take).await, refused("FORBIDDEN", "petitionIds"));
    }

    // All that followed a divided council read what it had left open, and none could ever end it.
    async fn what_a_divided_council_left_open_goes_on_with_the_one_that_takes_it_over(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (here, there) = (&world.here, &world.there);
        let reference = app.state.reference();
        let units = &reference.units;
        let district = units
            .predecessors(here.unit)
            .map(|edge| edge.from_id)
            .find(|unit| units.successors(*unit).iter().any(|edge| edge.to_id == there.unit))
            .expect("both communes were made of one district");
        let shared = former(district);
        let shared_id = shared.id;
        let (first, second) = (left_open(&shared), left_open(&shared));
        let ids = [first.id, second.id].map(|id| json!(id));
        let said = entity::feedback::Model { id: uuid::Uuid::now_v7().into(), council_id: shared_id, author_id: here.office.account, delegate_id: None,
            meeting_id: None, unit_id: None, receiving_agency_id: None, petition_id: None, tracking_code: None, rev: 0, ..rows::feedback() };
        let feedback = json!(said.id);
        Put::new().row(shared).now(&app.state).await;
        Put::new().row(first).row(second).row(said).now(&app.state).await;
        let (office, neighbour, body) = (app.person(&here.office), app.person(&there.office), app.person(&here.committee_login));
        let take = |petition: &Value, council: CouncilId| json!({"petitionIds": [petition], "councilId": council, "basis": "05/BB ngày 10/7/2025"});

        // A reader takes nothing over, nobody takes over for another, and nothing goes to whom it never concerned.
        assert_eq!(refusal(&office, "classifyPetition", classified(&ids[0])).await, refused("FORBIDDEN", "petitionId"));
        for (who, council, code) in [(&here.delegates[0], here.council, "FORBIDDEN"), (&here.office, there.council, "FORBIDDEN"),
            (&here.committee_login, here.council, "NOT_FOUND"), (&world.province_office, world.province_council, "NOT_FOUND")] {
            assert_eq!(refusal(&app.person(who), "allocatePetitions", take(&ids[0], council)).await, refused(code, "petitionIds"), "{}", who.username);
        }
        for council in [shared_id, uuid::Uuid::now_v7().into()] {
            assert_eq!(refusal(&office, "allocatePetitions", take(&ids[0], council)).await, refused("NOT_FOUND", "councilId"), "not in office");
        }
        let twice = json!({"petitionIds": [ids[0], ids[0]], "councilId": here.council});
        assert_eq!(refusal(&office, "allocatePetitions", twice).await, refused("INVALID_VALUE", "petitionIds"));

        // One list of two; the numbers are those of its own year.
        let both = json!({"petitionIds": ids, "councilId": here.council, "basis": "05/BB ngày 10/7/2025"});
        let shown = "petitions { id councilId number process history(first: 9) { event basis } }";
        let taken = office.done("allocatePetitions", both.clone(), shown).await["petitions"].clone();
        let year = app.state.clock.today().format("%Y").to_string();
        for (place, petition) in ids.iter().enumerate() {
            let basis = format!("HĐND xã, {} → HĐND Xã Tân Hưng; 05/BB ngày 10/7/2025", petition.as_str().unwrap());
            assert_eq!(taken[place], json!({"id": petition, "councilId": here.council, "number": format!("{}/{year}", place + 1),
                "process": "accepted", "history": [{"event": "allocated", "basis": basis}]}));
        }
        let again = office.done("allocatePetitions", both, shown).await["petitions"].clone();
        assert_eq!(again, taken, "sent again it changes nothing");
        assert_eq!(read(&neighbour, &ids[0]).await, Value::Null, "it is this council's business now");
        assert_eq!(refusal(&neighbour, "allocatePetitions", take(&ids[0], there.council)).await, refused("NOT_FOUND", "petitionIds"));

        // It was the neighbour's after all; what never was the district's is handed on to nobody.
        let handed = office.done("allocatePetitions", take(&ids[1], there.council), "petition { id } petitions { id }").await;
        assert_eq!((&handed["petition"], &handed["petitions"]), (&Value::Null, &json!([])));
        assert_eq!(refusal(&office, "classifyPetition", classified(&ids[1])).await, refused("NOT_FOUND", "petitionId"));
        neighbour.done("classifyPetition", classified(&ids[1]), "petition { process }").await;
        let own = objects::petition(&app, &world).await;
        assert_eq!(refusal(&office, "allocatePetitions", take(&own, there.council)).await, refused("FORBIDDEN", "petitionIds"));

        // The whole road, up and down, as with its own.
        let one = &ids[0];
        office.done("classifyPetition", classified(one), "").await;
        let up = json!({"petitionIds": [one], "upperCouncilId": world.province_council, "documentNumber": "1/VP", "documentDate": "2026-02-09"});
        office.done("forwardPetitions", up, "").await;
        let back = json!({"petitionIds": [one], "reason": "Thuộc thẩm quyền cấp xã"});
        app.person(&world.province_office).done("returnPetitions", back, "").await;
        let forward = json!({"petitionIds": [one], "leadId": here.committee, "documentNumber": "2/VP", "documentDate": "2026-02-10"});
        let forwarded = office.done("forwardPetitions", forward, "petition { forwardings { councilId } }").await;
        assert_eq!(forwarded["petition"]["forwardings"], json!([{"councilId": here.council}, {"councilId": here.council}]));
        office.done("urge", json!({"targetKind": "petition", "targetId": one, "how": "phone"}), "").await;
        body.done("answerPetitions", answer(&world, one, "Đã sửa"), "").await;
        office.done("assessAnswer", json!({"petitionId": one, "assessment": "ok"}), "").await;
        office.done("informVoters", json!({"petitionId": one, "channel": "phone"}), "").await;
        office.done("closePetition", json!({"petitionId": one}), "").await;
        assert_eq!(read(&office, one).await["process"], "closed");

        // What nobody had grouped yet is made a petition by whoever is given the office of the council of then.
        let group = json!({"feedbackIds": [feedback], "title": "Đường", "content": "Sửa đường"});
        assert_eq!(office.refused("groupFeedback", group.clone()).await, "FORBIDDEN");
        let grant = json!({"accountId": here.office.account, "role": "office", "councilId": shared_id});
        app.person(&world.administrator).done("grantRole", grant, "").await;
        let grouped = office.done("groupFeedback", group, "petition { id councilId }").await["petition"].clone();
        assert_eq!(grouped["councilId"], json!(shared_id));
        office.done("allocatePetitions", take(&grouped["id"], here.council), "").await;
        office.done("classifyPetition", classified(&grouped["id"]), "").await;
    }

    async fn what_is_reopened_has_no_outcome_until_it_is_answered_anew(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let made = objects::petition(&app, &world).await;
        let (office, body) = (app.person(&world.here.office), app.person(&world.here.committee_login));
        let exported = async || {
            let (_, _, text) = office.get(&format!("/export/petition-results.csv?unit=27721&{}", this_year(&app))).await;
            let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            row.iter().map(str::to_owned).collect::<Vec<_>>()
        };
        body.done("answerPetitions", answer(&world, &made, "Đã sửa xong"), "petition { process }").await;
        office.done("informVoters", json!({"petitionId": made, "channel": "phone"}), "petition { process }").await;
        office.done("assessAnswer", json!({"petitionId": made, "assessment": "ok"}), "petition { process }").await;
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
        let mut phone = Phone::without_units(app.person(&world.here.delegates[0]));
        phone.pull().await;
        let held = phone.row("petition", made.as_str().unwrap());
        assert_eq!((&held["outcome"], &held["informedAt"]), (&Value::Null, &Value::Null));

        let again = json!({"petitionIds": [made], "leadId": world.here.committee, "documentNumber": "3/VP", "documentDate": "2026-03-20"});
        office.done("forwardPetitions", again, "petition { process }").await;
        assert_eq!(read(&office, &made).await["outcome"], Value::Null);
        assert_eq!(office.refused("closePetition", json!({"petitionId": made})).await, "VOTERS_NOT_INFORMED");
        let mut second = answer(&world, &made, "Sẽ làm cống mới");
        second["outcome"] = json!("in_progress");
        second["roadmapAt"] = json!("2026-06-30");
        second["documentDate"] = json!("2026-03-20");
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

    async fn no_document_and_no_deed_is_older_than_the_council_or_of_tomorrow(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let made = objects::petition(&app, &world).await;
        let (office, body) = (app.person(&world.here.office), app.person(&world.here.committee_login));
        let late = (app.state.clock.today() + Duration::days(2)).to_string();
        let dated = |date: &str| {
            let mut input = answer(&world, &made, "Đã sửa");
            input["documentDate"] = json!(date);
            input
        };
        let early = refused("BEFORE_COUNCIL", "documentDate");
        assert_eq!(refusal(&body, "answerPetitions", dated("2000-01-01")).await, early);
        assert_eq!(refusal(&body, "answerPetitions", dated("2025-06-30")).await, early);
        assert_eq!(refusal(&body, "answerPetitions", dated(&late)).await, refused("OUT_OF_RANGE", "documentDate"));
        let told = json!({"petitionId": made, "channel": "phone", "at": "2000-01-01T08:00:00+07:00"});
        assert_eq!(refusal(&office, "informVoters", told).await, refused("BEFORE_COUNCIL", "at"));
        let phone = Phone::new(app.person(&world.here.delegates[0]));
        let urged = json!({"targetKind": "petition", "targetId": made, "how": "phone", "at": "2000-01-01T08:00:00+07:00"});
        let pushed = phone.push(&[create("urging", &new_id(), urged)]).await;
        assert_eq!((&pushed[0]["status"], &pushed[0]["errors"][0]["code"]), (&json!("REJECTED"), &json!("BEFORE_COUNCIL")));

        // What the council before it was told counts for the one that follows.
        Put::new().row(former(world.here.unit)).now(&app.state).await;
        let before_the_letter = refused("OUT_OF_RANGE", "documentDate");
        assert_eq!(refusal(&body, "answerPetitions", dated("2025-06-30")).await, before_the_letter);
    }

    // Whose words they are (nguồn kiến nghị) is one of two, or was not said. A petition that a delegate's own words had joined
    // went on as one of voters alone.
    async fn whose_words_they_are_is_of_a_petition_only_where_all_agree(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let delegate = app.person(&world.here.delegates[0]);
        let (phone, office) = (Phone::new(delegate.clone()), app.person(&world.here.office));
        let said = |origin: Value| json!({"kind": "petition", "channel": "contact_meeting", "unitId": world.here.unit,
            "content": "Cầu gãy", "origin": origin});
        let recorded = async |origin: &'static str| {
            let id = new_id();
            let origin = if origin.is_empty() { Value::Null } else { json!(origin) };
            let told = phone.push(&[create("feedback", &id, said(origin))]).await;
            assert_eq!(told[0]["status"], "APPLIED", "{told:?}");
            id
        };
        // A word of another list is none of this one.
        for wrong in ["party", "office", "Cử tri"] {
            let told = phone.push(&[create("feedback", &new_id(), said(json!(wrong)))]).await;
            let error = &told[0]["errors"][0];
            assert_eq!((&told[0]["status"], &error["code"], &error["field"]), (&json!("REJECTED"), &json!("UNKNOWN_CODE"), &json!("origin")));
            let refused = refusal(&delegate, "submitFeedback", said(json!(wrong))).await;
            assert_eq!(refused, ("UNKNOWN_CODE".to_owned(), "origin".to_owned()), "{wrong}");
        }
        for (origin, label) in [("voter", "Cử tri"), ("delegate", "Đại biểu")] {
            let made = delegate.done("submitFeedback", said(json!(origin)), "feedback { origin originEntry { label } }").await;
            assert_eq!(made["feedback"], json!({"origin": origin, "originEntry": {"label": label}}));
        }

        let group = async |feedback: Vec<String>, petition: Value| {
            let input = json!({"feedbackIds": feedback, "title": "Cầu", "content": "Cầu", "petitionId": petition});
            let made = office.done("groupFeedback", input, "petition { id origin }").await;
            (made["petition"]["id"].clone(), made["petition"]["origin"].clone())
        };
        let of_voters = vec![recorded("voter").await, recorded("voter").await, recorded("").await];
        let (petition, origin) = group(of_voters, Value::Null).await;
        assert_eq!(origin, "voter");
        assert_eq!(group(vec![recorded("delegate").await], Value::Null).await.1, "delegate");
        assert_eq!(group(vec![recorded("voter").await, recorded("delegate").await], Value::Null).await.1, Value::Null);
        assert_eq!(group(vec![recorded("voter").await], petition.clone()).await.1, "voter");
        assert_eq!(group(vec![recorded("delegate").await], petition.clone()).await.1, Value::Null);
        // Neither is it one of voters again when another of theirs joins.
        assert_eq!(group(vec![recorded("voter").await], petition.clone()).await.1, Value::Null);
        let query = "query($id: ID!) { petition(id: $id) { history(first: 9) { event basis } } }";
        let told = office.data(query, json!({"id": petition})).await["petition"]["history"].clone();
        let step = |event: &str, slips: u32| json!({"event": event, "basis": format!("{slips} phiếu ghi ý kiến")});
        assert_eq!(told, json!([step("grouped", 3), step(JOINED, 1), step(JOINED, 1), step(JOINED, 1)]));

        // Nor one that was merged of theirs and his; on what that rests is told.
        let numbered = async |petition: &Value| {
            let shown = office.data("query($id: ID!) { petition(id: $id) { number } }", json!({"id": petition})).await;
            shown["petition"]["number"].as_str().unwrap().to_owned()
        };
        let two = [
            group(vec![recorded("voter").await], Value::Null).await.0,
            group(vec![recorded("delegate").await], Value::Null).await.0,
        ];
        let numbers = format!("{}, {}", numbered(&two[0]).await, numbered(&two[1]).await);
        let merge = json!({"petitionIds": two, "title": "Cầu", "content": "Cầu"});
        let merged = office.done("mergePetitions", merge, "petition { origin history(first: 9) { event basis } }").await;
        assert_eq!(merged["petition"], json!({"origin": null, "history": [{"event": "merged_from", "basis": numbers}]}));

        // Its author may say it otherwise until it is grouped.
        let mine = recorded("voter").await;
        let otherwise = create("feedback", &mine, json!({"origin": "delegate"}));
        assert_eq!(phone.push(&[otherwise]).await[0]["status"], "APPLIED");
        assert_eq!(group(vec![mine.clone()], Value::Null).await.1, "delegate");
        let late = phone.push(&[create("feedback", &mine, json!({"origin": "voter"}))]).await;
        assert_eq!((&late[0]["status"], &late[0]["errors"][0]["code"]), (&json!("REJECTED"), &json!("ALREADY_GROUPED")));
    }
}
