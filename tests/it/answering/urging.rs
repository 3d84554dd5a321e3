//! Urging beside reminders: by whom, whom, how often, and without a signal.

use cutri_tests::{
    TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    refusals::{refusal, refused},
    world,
};
use entity::id::AgencyId;
use serde_json::{Value, json};

use super::{DEBTS, pulled, text};
use crate::rounds::Stage;

each_db! {
    // Only a delegate's urging had ever come from a phone.
    async fn delegate_office_and_standing_committee_urge_without_a_signal(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (state, here) = (&stage.app.state, &stage.world.here);
        let chair = world::login(state, "thuongtruc.tanhung", &stage.world.province.to_string()).await;
        world::at_council(state, &chair, "standing_committee", here.council).await;
        let petition = stage.one("Cầu gãy").await;
        stage.forward(std::slice::from_ref(&petition), here.committee, &[], "12/VP").await;
        stage.day("2026-03-05");
        let all = [&here.delegates[0], &here.office, &chair];
        for (number, login) in all.iter().enumerate() {
            let urging = json!({"targetKind": "petition", "targetId": petition, "how": "phone", "at": format!("2026-03-04T0{number}:00:00+07:00")});
            let pushed = Phone::new(stage.app.person(login)).push(&[create("urging", &new_id(), urging)]).await;
            assert_eq!(pushed[0]["status"], "APPLIED", "{}: {pushed:?}", login.username);
        }
        let told = "urgings history(first: 20) { event actor }";
        let told = stage.shown(&stage.office(), &petition, told).await;
        let history = told["history"].as_array().unwrap().iter();
        let mut actors: Vec<String> = history.filter(|step| step["event"] == "urged").map(|step| text(&step["actor"])).collect();
        // The clock stands still: in which order they did it is not told.
        actors.sort();
        let mut names = all.map(|login| format!("Người dùng {}", login.username));
        names.sort();
        assert_eq!((&told["urgings"], actors), (&json!(3), names.to_vec()));
    }

    // The office's browser lost the reply and sent the letter again: the body had been urged twice.
    async fn a_letter_that_urges_is_counted_once_however_often_it_is_sent(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let two = stage.petitions(0, &["Cầu gãy".to_owned(), "Cống sập".to_owned()]).await;
        stage.forward(&two, here.committee, &[], "12/VP").await;
        let letter = json!({"targetKind": "petition", "targetId": two[0], "targetIds": [two[1]], "how": "document",
            "documentNumber": "15/VP", "text": "Đề nghị trả lời"});
        let seen = "urging { id } urgings { id ordinal } petition { id } petitions { id urgings }";
        let first = stage.office().done("urge", letter.clone(), seen).await;
        assert_eq!(first["petitions"], json!([{"id": two[0], "urgings": 1}, {"id": two[1], "urgings": 1}]));
        stage.clock.set("2026-03-02T02:00:00Z".parse().unwrap());
        assert_eq!(stage.office().done("urge", letter.clone(), seen).await, first);
        // Another text, another day or another person is another urging; so are two calls, which have no number.
        let count = async |person: Person, input: Value| {
            let urged = person.done("urge", input, "petition { urgings }").await;
            urged["petition"]["urgings"].as_i64().unwrap()
        };
        let mut other = letter.clone();
        other["text"] = json!("Đề nghị trả lời trước ngày 10/3");
        assert_eq!(count(stage.office(), other).await, 2);
        assert_eq!(count(stage.delegate(0), letter.clone()).await, 3);
        let call = json!({"targetKind": "petition", "targetId": two[0], "how": "phone"});
        assert_eq!(count(stage.office(), call.clone()).await, 4);
        assert_eq!(count(stage.office(), call).await, 5);
        stage.day("2026-03-03");
        assert_eq!(count(stage.office(), letter).await, 6);
    }

    // The list charged a body with what had been said to the one that had returned the petition.
    async fn a_body_is_charged_with_what_was_said_to_it_and_not_to_others(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let petition = stage.one("Đường tỉnh lún").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, world.here.committee, &[], "12/VP").await;
        stage.day("2026-03-25");
        stage.turns().await;
        let urge = |more: Value| {
            let mut input = json!({"targetKind": "petition", "targetId": petition, "how": "phone"});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        let charged = async || {
            let debts = stage.office().data(DEBTS, json!({"first": 10})).await["agencyDebts"]["nodes"].clone();
            assert_eq!(debts.as_array().unwrap().len(), 1, "{debts}");
            let count = |field: &str| debts[0][field].as_i64().unwrap();
            (text(&debts[0]["agency"]["name"]), count("urgings"), count("reminders"))
        };
        stage.office().done("urge", urge(json!({})), "").await;
        assert_eq!(charged().await, ("UBND Xã Tân Hưng".to_owned(), 1, 1));
        let back = json!({"petitionIds": one, "reason": "Đường tỉnh, thuộc Sở Xây dựng"});
        stage.body().done("returnPetitions", back, "").await;
        stage.forward(one, world.department, &[world.company], "13/VP").await;
        assert_eq!(charged().await, ("Sở Xây dựng".to_owned(), 0, 0));
        stage.office().done("urge", urge(json!({"toAgencyId": world.company})), "").await;
        assert_eq!(charged().await, ("Sở Xây dựng".to_owned(), 0, 0), "the one that coordinates was urged");
        stage.office().done("urge", urge(json!({})), "").await;
        assert_eq!(charged().await, ("Sở Xây dựng".to_owned(), 1, 0));
        // The petition itself tells all of it.
        let all = stage.shown(&stage.office(), &petition, "urgings reminders").await;
        assert_eq!(all, json!({"urgings": 3, "reminders": 1}));
    }

    // The body read the server's reminder; of what people had urged it with it read how often they had.
    async fn whoever_is_urged_reads_it_and_others_do_not(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let body = world.here.committee;
        let petition = stage.one("Cầu gãy").await;
        stage.forward(std::slice::from_ref(&petition), body, &[world.department], "12/VP").await;
        let department = || stage.app.person(&world.department_login);
        let urging = new_id();
        let called = json!({"targetKind": "petition", "targetId": petition, "how": "phone", "text": "Bà con chờ đã lâu"});
        let pushed = Phone::new(stage.delegate(0)).push(&[create("urging", &urging, called)]).await;
        assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");

        let records = "urgings urgingRecords { text ordinal documentUrl toAgency { name } }";
        assert_eq!(stage.shown(&stage.body(), &petition, records).await, json!({"urgings": 1, "urgingRecords": [
            {"text": "Bà con chờ đã lâu", "ordinal": 1, "documentUrl": null, "toAgency": {"name": "UBND Xã Tân Hưng"}}]}));
        assert_eq!(stage.shown(&department(), &petition, records).await, json!({"urgings": 1, "urgingRecords": []}));
        let node = "query($id: ID!) { node(id: $id) { ... on Urging { text } } }";
        let told = async |person: Person| person.data(node, json!({"id": urging})).await["node"].clone();
        assert_eq!(told(stage.body()).await, json!({"text": "Bà con chờ đã lâu"}));
        for other in [&world.department_login, &world.there.committee_login, &world.aggregator] {
            assert_eq!(told(stage.app.person(other)).await, Value::Null, "{}", other.username);
        }
        let held = pulled(stage.body()).await;
        assert_eq!(held.row("urging", &urging)["text"], "Bà con chờ đã lâu");
        let lies = &held.lies[&("urging".to_owned(), urging.clone())];
        assert_eq!(*lies, std::collections::BTreeSet::from([format!("agency:{body}")]));
        assert!(pulled(department()).await.rows_of("urging").is_empty());

        // Of each the first; the petition itself counts both.
        let letter = json!({"targetKind": "petition", "targetId": petition, "toAgencyId": world.department, "how": "document",
            "documentNumber": "15/VP", "text": "Đề nghị Sở phối hợp"});
        stage.office().done("urge", letter, "").await;
        let counts = "urgings urgingRecords { text ordinal }";
        assert_eq!(stage.shown(&department(), &petition, counts).await,
            json!({"urgings": 2, "urgingRecords": [{"text": "Đề nghị Sở phối hợp", "ordinal": 1}]}));
        assert_eq!(stage.shown(&stage.body(), &petition, counts).await,
            json!({"urgings": 2, "urgingRecords": [{"text": "Bà con chờ đã lâu", "ordinal": 1}]}));
    }

    // A letter said that nothing had come of what had been answered well, and of what nobody had ever been sent.
    async fn nobody_is_urged_for_what_he_never_had_or_has_answered_well(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let body = world.here.committee;
        let titles = ["Chợ dột", "Cống sập", "Đường lầy", "Đèn tắt", "Cầu gãy", "Kênh cạn"].map(str::to_owned);
        let [owed, good, unclear, promised, returned, up]: [String; 6] = stage.petitions(0, &titles).await.try_into().unwrap();
        let office = stage.office();
        let urge = |petition: &str, to: Option<AgencyId>| {
            json!({"targetKind": "petition", "targetId": petition, "toAgencyId": to, "how": "phone"})
        };
        let (nobody, another) = (refused("INVALID_STATE", "targetId"), refused("INVALID_VALUE", "toAgencyId"));
        assert_eq!(refusal(&office, "urge", urge(&owed, None)).await, nobody, "it went to nobody");
        assert_eq!(stage.shown(&office, &owed, "urgings").await, json!({"urgings": 0}));
        let pushed = Phone::new(stage.delegate(0)).push(&[create("urging", &new_id(), urge(&owed, None))]).await;
        assert_eq!((&pushed[0]["status"], &pushed[0]["errors"][0]["code"]), (&json!("REJECTED"), &json!("INVALID_STATE")));

        let five = [&owed, &good, &unclear, &promised, &returned].map(Clone::clone);
        stage.forward(&five, body, &[world.company], "12/VP").await;
        assert_eq!(refusal(&office, "urge", urge(&owed, Some(world.department))).await, another);
        for to in [Some(body), Some(world.company), None] {
            office.done("urge", urge(&owed, to), "").await;
        }
        assert_eq!(stage.shown(&office, &owed, "urgings").await, json!({"urgings": 3}));

        let answer = async |petition: &String, number: &str, more: Value| {
            let input = stage.answer(std::slice::from_ref(petition), body, number, more);
            stage.body().done("answerPetitions", input, "").await;
        };
        let assess = async |petition: &str, assessment: &str| {
            let input = json!({"petitionId": petition, "assessment": assessment});
            office.done("assessAnswer", input, "").await;
        };
        answer(&good, "30/UBND", json!({})).await;
        office.done("urge", urge(&good, None), "").await;
        assess(&good, "ok").await;
        assert_eq!(refusal(&office, "urge", urge(&good, None)).await, nobody, "it was answered well");
        answer(&unclear, "31/UBND", json!({})).await;
        assess(&unclear, "unclear").await;
        office.done("urge", urge(&unclear, None), "").await;
        answer(&promised, "32/UBND", json!({"outcome": "in_progress", "roadmapAt": "2026-06-30"})).await;
        assess(&promised, "ok").await;
        office.done("urge", urge(&promised, Some(body)), "").await;
        for petition in [&good, &promised] {
            office.done("informVoters", json!({"petitionId": petition, "channel": "phone"}), "").await;
            office.done("closePetition", json!({"petitionId": petition}), "").await;
        }
        assert_eq!(refusal(&office, "urge", urge(&good, None)).await, nobody);
        office.done("urge", urge(&promised, None), "").await;

        let back = json!({"petitionIds": [returned], "reason": "Không thuộc thẩm quyền"});
        stage.body().done("returnPetitions", back, "").await;
        for to in [None, Some(body)] {
            assert_eq!(refusal(&office, "urge", urge(&returned, to)).await, nobody, "it was given back");
        }
        // The council above has it, and no body.
        let sent = json!({"petitionIds": [up], "upperCouncilId": world.province_council, "documentNumber": "13/VP", "documentDate": "2026-03-02"});
        office.done("forwardPetitions", sent, "").await;
        let urged = office.done("urge", urge(&up, None), "urging { ordinal toAgencyId }").await;
        assert_eq!(urged["urging"], json!({"ordinal": 1, "toAgencyId": null}));
        assert_eq!(refusal(&office, "urge", urge(&up, Some(world.department))).await, another);
    }

    // A delegate urged a body without signal; by the time his phone had some, it had answered, or somebody else had the petition.
    async fn what_a_phone_recorded_before_the_petition_moved_on_is_taken(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let body = world.here.committee;
        let [bridge, drain]: [String; 2] =
            stage.petitions(0, &["Cầu gãy", "Cống sập"].map(str::to_owned)).await.try_into().unwrap();
        stage.forward(&[bridge.clone(), drain.clone()], body, &[], "12/VP").await;
        stage.day("2026-03-04");
        let answer = stage.answer(std::slice::from_ref(&bridge), body, "30/UBND", json!({}));
        stage.body().done("answerPetitions", answer, "").await;
        let back = json!({"petitionIds": [drain], "reason": "Thuộc Sở Xây dựng"});
        stage.body().done("returnPetitions", back, "").await;
        stage.day("2026-03-05");
        stage.office().done("assessAnswer", json!({"petitionId": bridge, "assessment": "ok"}), "").await;
        stage.forward(std::slice::from_ref(&drain), world.department, &[], "13/VP").await;

        stage.day("2026-03-06");
        let phone = Phone::new(stage.delegate(0));
        let push = async |petition: &str, to: Option<AgencyId>, at: &str, words: &str| {
            let urging = json!({"targetKind": "petition", "targetId": petition, "toAgencyId": to, "how": "phone", "text": words,
                "at": format!("2026-03-{at}:00:00+07:00")});
            let result = phone.push(&[create("urging", &new_id(), urging)]).await.remove(0);
            (text(&result["status"]), text(&result["errors"][0]["code"]), text(&result["errors"][0]["field"]))
        };
        let taken = ("APPLIED".to_owned(), String::new(), String::new());
        let kept = |code: &str, field: &str| ("REJECTED".to_owned(), code.to_owned(), field.to_owned());
        // Before the answer; after it and before it was judged; when all was well.
        assert_eq!(push(&bridge, None, "03T09", "trước trả lời").await, taken);
        assert_eq!(push(&bridge, Some(body), "04T15", "trước đánh giá").await, taken);
        assert_eq!(push(&bridge, None, "05T15", "đã xong").await, kept("INVALID_STATE", "targetId"));
        // While the body had it, told or not to whom it went; and when another one had it.
        assert_eq!(push(&drain, None, "03T09", "xã còn giữ").await, taken);
        assert_eq!(push(&drain, Some(body), "03T10", "xã còn giữ").await, taken);
        assert_eq!(push(&drain, Some(body), "05T15", "xã đã trả").await, kept("INVALID_VALUE", "toAgencyId"));
        assert_eq!(push(&drain, None, "05T15", "sở giữ").await, taken);
        let records = "urgingRecords { ordinal text toAgency { name } }";
        let of = |ordinal: i32, text: &str, name: &str| json!({"ordinal": ordinal, "text": text, "toAgency": {"name": name}});
        let told = async |petition: &str| {
            let shown = stage.shown(&stage.office(), petition, records).await;
            let mut records = shown["urgingRecords"].as_array().unwrap().clone();
            records.sort_by_key(|record| (text(&record["toAgency"]["name"]), record["ordinal"].as_i64()));
            records
        };
        let here = "UBND Xã Tân Hưng";
        assert_eq!(told(&bridge).await, [of(1, "trước trả lời", here), of(2, "trước đánh giá", here)]);
        assert_eq!(told(&drain).await,
            [of(1, "sở giữ", "Sở Xây dựng"), of(1, "xã còn giữ", here), of(2, "xã còn giữ", here)]);
        // What was not taken is kept for its author.
        let mut phone = Phone::new(stage.delegate(0));
        phone.collections = Some(vec!["syncIssue".to_owned()]);
        phone.pull().await;
        assert_eq!(phone.rows_of("syncIssue").len(), 2);
    }

    // Urged by word of what a body had promised, or the council above for what it had got back: the promise was kept, or
    // somebody else had the petition, before the phone had signal, and what it brought was refused.
    async fn what_a_phone_urged_while_something_was_left_to_be_had_is_taken(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let body = world.here.committee;
        let titles = ["Cầu gãy", "Cống sập", "Đường tỉnh lún", "Đèn tắt"].map(str::to_owned);
        let [kept, again, up, late]: [String; 4] = stage.petitions(0, &titles).await.try_into().unwrap();
        // Days go by, and their tokens with them.
        let province = || stage.app.person(&world.province_office);
        let department = || stage.app.person(&world.department_login);
        stage.forward(&[kept.clone(), again.clone(), late.clone()], body, &[], "12/VP").await;
        let sent = json!({"petitionIds": [up], "upperCouncilId": world.province_council, "documentNumber": "13/VP", "documentDate": "2026-03-02"});
        stage.office().done("forwardPetitions", sent, "").await;
        let answer = async |person: &Person, petition: &String, by: AgencyId, number: &str, more: Value| {
            let input = stage.answer(std::slice::from_ref(petition), by, number, more);
            person.done("answerPetitions", input, "").await;
            stage.office().done("assessAnswer", json!({"petitionId": petition, "assessment": "ok"}), "").await;
        };
        let reopen = async |petition: &str| {
            let input = json!({"petitionId": petition, "reason": "Cử tri hỏi lại"});
            stage.office().done("reopenPetition", input, "").await;
        };
        let give_back = |reason: &str| json!({"petitionIds": [up], "reason": reason});

        stage.day("2026-03-03");
        let promise = json!({"outcome": "in_progress", "roadmapAt": "2026-06-30"});
        answer(&stage.body(), &kept, body, "30/UBND", promise.clone()).await;
        answer(&stage.body(), &again, body, "31/UBND", promise).await;
        answer(&stage.body(), &late, body, "32/UBND", json!({})).await;
        for petition in [&again, &late] {
            stage.office().done("informVoters", json!({"petitionId": petition, "channel": "phone"}), "").await;
            stage.office().done("closePetition", json!({"petitionId": petition}), "").await;
        }
        let on = json!({"petitionIds": [up], "leadId": world.department, "documentNumber": "90/HĐND", "documentDate": "2026-03-03"});
        province().done("forwardPetitions", on, "").await;
        stage.day("2026-03-04");
        department().done("returnPetitions", give_back("Không thuộc Sở"), "").await;
        reopen(&late).await;
        stage.day("2026-03-06");
        answer(&stage.body(), &kept, body, "33/UBND", json!({})).await;
        reopen(&again).await;
        province().done("returnPetitions", give_back("Thuộc thẩm quyền cấp xã"), "").await;
        // It went out the day before.
        let sent = json!({"petitionIds": [late], "leadId": world.department, "documentNumber": "14/VP", "documentDate": "2026-03-05"});
        stage.office().done("forwardPetitions", sent, "").await;
        stage.day("2026-03-07");
        answer(&department(), &late, world.department, "34/SXD", json!({})).await;

        stage.day("2026-03-08");
        let phone = Phone::new(stage.delegate(0));
        let push = async |petition: &str, to: Option<AgencyId>, at: &str| {
            let urging = json!({"targetKind": "petition", "targetId": petition, "toAgencyId": to, "how": "phone", "text": at,
                "at": format!("2026-03-{at}:00:00+07:00")});
            let result = phone.push(&[create("urging", &new_id(), urging)]).await.remove(0);
            (text(&result["status"]), text(&result["errors"][0]["code"]), text(&result["errors"][0]["field"]))
        };
        let taken = ("APPLIED".to_owned(), String::new(), String::new());
        let nobody = ("REJECTED".to_owned(), "INVALID_STATE".to_owned(), "targetId".to_owned());
        // What was promised was left, closed or not, until it was kept or the petition taken up again.
        assert_eq!(push(&kept, None, "04T09").await, taken);
        assert_eq!(push(&kept, None, "07T09").await, nobody, "it was kept");
        assert_eq!(push(&again, Some(body), "05T09").await, taken);
        assert_eq!(push(&again, None, "07T09").await, nobody, "nobody was asked anew");
        // The council above had it until it gave it back.
        assert_eq!(push(&up, None, "05T09").await, taken);
        assert_eq!(push(&up, None, "07T09").await, nobody, "its owner had it");
        // A letter goes out before it is entered.
        assert_eq!(push(&late, None, "04T15").await, nobody, "it was taken up again and went to nobody");
        assert_eq!(push(&late, None, "05T15").await, taken);
        let records = "urgingRecords { ordinal text toAgency { name } }";
        for (petition, at, name) in [
            (&kept, "04T09", Some("UBND Xã Tân Hưng")),
            (&again, "05T09", Some("UBND Xã Tân Hưng")),
            (&up, "05T09", None),
            (&late, "05T15", Some("Sở Xây dựng")),
        ] {
            let to = name.map_or(Value::Null, |name| json!({"name": name}));
            let told = json!({"urgingRecords": [{"ordinal": 1, "text": at, "toAgency": to}]});
            assert_eq!(stage.shown(&stage.office(), petition, records).await, told);
        }
    }

    // "One of the forty cannot be urged for", it said, and named the first.
    async fn of_several_petitions_in_a_letter_that_urges_the_wrong_one_is_named(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let titles = ["Cầu gãy", "Cống sập", "Đèn tắt"].map(str::to_owned);
        let three = stage.petitions(0, &titles).await;
        stage.forward(&three[..2], stage.world.here.committee, &[], "12/VP").await;
        let office = stage.office();
        let letter = |first: &str, more: &[String]| json!({"targetKind": "petition", "targetId": first, "targetIds": more,
            "how": "document", "documentNumber": "15/VP"});
        let (held, other, loose) = (&three[0], &three[1], &three[2]);
        for (first, more, expected) in [
            (held.as_str(), vec![other.clone(), new_id()], refused("NOT_FOUND", "targetIds.1")),
            (held.as_str(), vec!["x".to_owned(), other.clone()], refused("INVALID_ID", "targetIds.0")),
            (held.as_str(), vec![other.clone(), loose.clone()], refused("INVALID_STATE", "targetIds.1")),
            (held.as_str(), vec![other.clone(), held.clone()], refused("INVALID_VALUE", "targetIds.1")),
            (loose.as_str(), vec![held.clone()], refused("INVALID_STATE", "targetId")),
            ("x", vec![held.clone()], refused("INVALID_ID", "targetId")),
            (held.as_str(), (0..500).map(|_| new_id()).collect(), refused("LIMIT_TOO_LARGE", "targetIds")),
        ] {
            assert_eq!(refusal(&office, "urge", letter(first, &more)).await, expected);
        }
        assert_eq!(stage.shown(&office, held, "urgings").await, json!({"urgings": 0}), "all or none");
        office.done("urge", letter(held, std::slice::from_ref(other)), "").await;
    }
}
