//! Several bodies for one petition, bodies far above, bodies that are no more, and one that is not competent.

use cutri_tests::{
    TestDatabase,
    app::Person,
    each_db,
    refusals::{refusal, refused},
};
use serde_json::{Value, json};

use super::{pulled, text};
use crate::rounds::Stage;

each_db! {
    async fn several_bodies_reply_and_the_lead_answers(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let petition = stage.one("Cột điện đổ chắn đường tỉnh").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, world.here.committee, &[world.department, world.company], "12/VP").await;
        // The day comes near: whoever has an account and has said nothing yet is reminded, the lead and others alike, and
        // finds it in his agenda. A body that replied is left alone; the lead is not.
        stage.day("2026-03-25");
        stage.turns().await;
        let told = "urgings reminders reminderRecords { kind ordinal agency { name } }";
        let soon = |ordinal: i64, name: &str| json!({"kind": "due_soon", "ordinal": ordinal, "agency": {"name": name}});
        let both = stage.shown(&stage.office(), &petition, told).await;
        assert_eq!((&both["urgings"], &both["reminders"]), (&json!(0), &json!(2)), "a company without an account reads none");
        let mut named: Vec<&str> = both["reminderRecords"].as_array().unwrap().iter().map(|row| row["agency"]["name"].as_str().unwrap()).collect();
        named.sort_unstable();
        assert_eq!(named, ["Sở Xây dựng", "UBND Xã Tân Hưng"]);
        for (ordinal, row) in (1..).zip(both["reminderRecords"].as_array().unwrap()) {
            assert_eq!(*row, soon(ordinal, row["agency"]["name"].as_str().unwrap()));
        }
        let department = stage.app.person(&world.department_login);
        let agenda = async |person: &Person| person.data("{ agenda { scope kind count } }", json!({})).await["agenda"].clone();
        let to_answer = json!([{"scope": "agency", "kind": "to_answer", "count": 1}]);
        for body in [&department, &stage.body()] {
            assert_eq!(agenda(body).await, to_answer);
        }
        let reply = stage.answer(one, world.department, "77/SXD", json!({"text": "Sở đồng ý dời cột", "outcome": "explained"}));
        let replied = department.done("answerPetitions", reply, "petition { process outcome answerText }").await;
        assert_eq!(replied["petition"], json!({"process": "forwarded", "outcome": null, "answerText": null}), "the lead still owes");
        stage.day("2026-03-31");
        stage.turns().await;
        let late = stage.shown(&stage.office(), &petition, told).await;
        assert_eq!((&late["reminders"], late["reminderRecords"].as_array().unwrap().len()), (&json!(3), 3), "who replied is not asked again");
        assert_eq!(late["reminderRecords"][2], json!({"kind": "overdue", "ordinal": 3, "agency": {"name": "UBND Xã Tân Hưng"}}));
        let department = stage.app.person(&world.department_login);
        assert_eq!(agenda(&department).await, json!([]));
        assert_ne!(agenda(&stage.body()).await, json!([]));
        // A company without an account writes a letter, and the office enters it.
        let letter = stage.answer(one, world.company, "51/ĐL", json!({"text": "Công ty sẽ dời cột trong tuần", "outcome": "in_progress",
            "roadmapAt": "2026-04-07", "onBehalf": true}));
        stage.office().done("answerPetitions", letter, "").await;
        assert_eq!(refusal(&department, "assessAnswer", json!({"petitionId": petition, "assessment": "ok"})).await.0, "FORBIDDEN");
        assert_eq!(stage.office().refused("assessAnswer", json!({"petitionId": petition, "assessment": "ok"})).await, "INVALID_STATE");
        let answer = stage.answer(one, world.here.committee, "30/UBND", json!({"text": "Cột đã dời xong"}));
        stage.body().done("answerPetitions", answer, "").await;
        let fields = "process answerText answerNumber answers { version coordinating onBehalf documentNumber agency { name } }";
        let shown = stage.shown(&stage.delegate(0), &petition, fields).await;
        assert_eq!((&shown["process"], &shown["answerText"], &shown["answerNumber"]),
            (&json!("answered"), &json!("Cột đã dời xong"), &json!("30/UBND")));
        assert_eq!(shown["answers"], json!([
            {"version": 1, "coordinating": true, "onBehalf": false, "documentNumber": "77/SXD", "agency": {"name": "Sở Xây dựng"}},
            {"version": 2, "coordinating": true, "onBehalf": true, "documentNumber": "51/ĐL", "agency": {"name": "Công ty Điện lực"}},
            {"version": 3, "coordinating": false, "onBehalf": false, "documentNumber": "30/UBND", "agency": {"name": "UBND Xã Tân Hưng"}}]));
        // A late reply changes nothing of the answer.
        let late = stage.answer(one, world.department, "78/SXD", json!({"text": "Bổ sung", "outcome": "explained"}));
        department.done("answerPetitions", late, "").await;
        let shown = stage.shown(&stage.delegate(0), &petition, fields).await;
        assert_eq!((&shown["process"], &shown["answerText"]), (&json!("answered"), &json!("Cột đã dời xong")));
        // Nobody else's body has a say in it.
        let stranger = stage.answer(one, world.there.committee, "1/X", json!({}));
        let stranger = stage.app.person(&world.there.committee_login).refused("answerPetitions", stranger).await;
        assert_eq!(stranger, "NOT_FOUND");
    }

    async fn up_to_the_national_assembly_and_back_down_to_the_communes_phones(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let (delegation, delegation_login) =
            stage.a_body(world.province, "Đoàn ĐBQH tỉnh Tây Ninh", "assembly_delegation", "assembly_office").await;
        let petition = stage.one("Sửa luật về trợ cấp cán bộ ấp").await;
        stage.office().done("classifyPetition", json!({"petitionId": petition, "field": "grassroots_officials", "tier": "central"}), "").await;
        let up = json!({"petitionIds": [petition], "upperCouncilId": world.province_council, "documentNumber": "21/VP", "documentDate": "2026-03-02"});
        stage.office().done("forwardPetitions", up, "").await;
        let province = stage.app.person(&world.province_office);
        let on = json!({"petitionIds": [petition], "leadId": delegation, "documentNumber": "90/HĐND", "documentDate": "2026-03-02"});
        let sent = province.done("forwardPetitions", on, "petition { dueAt agency { name } }").await;
        // 40 days by Decision 33/2017 end on a Saturday, so on the Monday.
        assert_eq!(sent["petition"], json!({"dueAt": "2026-04-13", "agency": {"name": "Đoàn ĐBQH tỉnh Tây Ninh"}}));

        stage.day("2026-04-06");
        let text = "Bộ Nội vụ trả lời tại văn bản 2825/BNV: đang sửa Nghị định 33";
        let answer = stage.answer(std::slice::from_ref(&petition), delegation, "02/ĐĐBQH", json!({"text": text, "outcome": "in_progress", "roadmapAt": "2026-12-31"}));
        stage.app.person(&delegation_login).done("answerPetitions", answer, "").await;
        for login in [&world.here.delegates[0], &world.here.delegates[1], &world.province_delegate] {
            let phone = pulled(stage.app.person(login)).await;
            let row = phone.row("petition", &petition);
            assert_eq!((&row["answerText"], &row["outcome"], &row["roadmapAt"]), (&json!(text), &json!("in_progress"), &json!("2026-12-31")));
        }
        let province = stage.app.person(&world.province_office);
        province.done("assessAnswer", json!({"petitionId": petition, "assessment": "ok"}), "").await;
        stage.office().done("informVoters", json!({"petitionId": petition, "channel": "village_meeting"}), "").await;
        let closed = stage.office().done("closePetition", json!({"petitionId": petition}), "petition { process history(first: 20) { event } }").await;
        // The clock of this test stands still within a day, so that history does not tell the order of its steps.
        let mut steps: Vec<String> = closed["petition"]["history"].as_array().unwrap().iter().map(|step| step["event"].as_str().unwrap().to_owned()).collect();
        steps.sort();
        assert_eq!(steps, ["answered", "assessed_ok", "classified", "classified", "closed", "forwarded", "forwarded_up", "grouped", "informed"]);
    }

    // Every petition of a test had gone to the delegation by way of the province; a commune may write to it itself.
    async fn a_commune_forwards_straight_to_the_national_assembly_delegation(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let (delegation, delegation_login) =
            stage.a_body(world.province, "Đoàn ĐBQH tỉnh Tây Ninh", "assembly_delegation", "assembly_office").await;
        let titles = ["Sửa luật về trợ cấp cán bộ ấp", "Sửa chuẩn đường liên tỉnh"].map(str::to_owned);
        let both = stage.petitions(0, &titles).await;
        for petition in &both {
            stage.office().done("classifyPetition", json!({"petitionId": petition, "field": "grassroots_officials", "tier": "central"}), "").await;
        }
        stage.forward(&both[..1], delegation, &[], "21/VP").await;
        stage.forward(&both[1..], delegation, &[world.department], "22/VP").await;
        let fields = "process dueAt upperCouncilId agency { name kind } coordinating { name }";
        // 40 days by Decision 33/2017 end on a Saturday, so on the Monday; where several are asked it is 50.
        assert_eq!(stage.shown(&stage.office(), &both[0], fields).await, json!({"process": "forwarded", "dueAt": "2026-04-13", "upperCouncilId": null,
            "agency": {"name": "Đoàn ĐBQH tỉnh Tây Ninh", "kind": "assembly_delegation"}, "coordinating": []}));
        assert_eq!(stage.shown(&stage.office(), &both[1], fields).await["dueAt"], "2026-04-21");
        let province = stage.app.person(&world.province_office);
        assert_eq!(stage.shown(&province, &both[0], fields).await, Value::Null, "it did not go through the province");
        assert_eq!(pulled(stage.app.person(&delegation_login)).await.rows_of("petition").len(), 2);

        // Whose it is not, it gives back; whose it is, it answers, and the commune closes it.
        let back = json!({"petitionIds": [both[1]], "reason": "Thuộc thẩm quyền của tỉnh"});
        stage.app.person(&delegation_login).done("returnPetitions", back, "").await;
        assert_eq!(stage.shown(&stage.office(), &both[1], "process").await["process"], "returned");
        stage.day("2026-04-06");
        let text = "Bộ Nội vụ trả lời tại văn bản 2825/BNV: đang sửa Nghị định 33";
        let answer = stage.answer(&both[..1], delegation, "02/ĐĐBQH", json!({"text": text, "outcome": "in_progress", "roadmapAt": "2026-12-31"}));
        stage.app.person(&delegation_login).done("answerPetitions", answer, "").await;
        for login in &world.here.delegates {
            let phone = pulled(stage.app.person(login)).await;
            let row = phone.row("petition", &both[0]);
            assert_eq!((&row["answerText"], &row["roadmapAt"]), (&json!(text), &json!("2026-12-31")));
        }
        let office = stage.office();
        office.done("assessAnswer", json!({"petitionId": both[0], "assessment": "ok"}), "").await;
        office.done("informVoters", json!({"petitionId": both[0], "channel": "village_meeting"}), "").await;
        office.done("closePetition", json!({"petitionId": both[0]}), "").await;
        assert_eq!(stage.shown(&office, &both[0], "process").await["process"], "closed");
    }

    async fn what_an_abolished_body_had_passes_to_its_successor(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let (old, old_login) = stage.a_body(world.province, "Sở Giao thông vận tải", "department", "agency").await;
        let titles = ["Cầu yếu", "Đèn đường hỏng", "Biển báo mất", "Vạch kẻ mờ"].map(str::to_owned);
        let four = stage.petitions(0, &titles).await;
        stage.forward(&four[..2], old, &[], "12/VP").await;
        stage.forward(&four[2..3], world.here.committee, &[old], "13/VP").await;
        let urgent = json!({"petitionIds": [four[3]], "leadId": old, "documentNumber": "15/VP", "documentDate": "2026-03-02", "dueAt": "2026-03-12"});
        stage.office().done("forwardPetitions", urgent, "").await;
        let answer = stage.answer(&four[1..2], old, "5/SGTVT", json!({"text": "Đã thay đèn"}));
        stage.app.person(&old_login).done("answerPetitions", answer, "").await;
        let end = json!({"agencyId": old, "validTo": "2026-03-10", "successorId": world.department});
        stage.app.person(&world.administrator).done("updateAgency", end, "agency { id }").await;

        stage.day("2026-03-09");
        stage.turns().await;
        let fields = "agency { name } coordinating { name } dueAt process answers { agency { name } } forwardings { lead { name } }
            transfers { isLead from { name } to { name } } history(first: 20) { event actor basis }";
        assert_eq!(stage.shown(&stage.office(), &four[0], fields).await["agency"]["name"], "Sở Giao thông vận tải");
        let mut phone = pulled(stage.app.person(&old_login)).await;
        assert_eq!(phone.rows_of("petition").len(), 4);

        // Three working days before the answer is due the old body was reminded; the new one is, as soon as it has it.
        let reminded = async || stage.shown(&stage.office(), &four[3], "reminders reminderRecords { kind ordinal agency { name } }").await;
        let of = |ordinal: i32, body: &str| json!({"kind": "due_soon", "ordinal": ordinal, "agency": {"name": body}});
        let first = of(1, "Sở Giao thông vận tải");
        assert_eq!(reminded().await, json!({"reminders": 1, "reminderRecords": [first]}));

        stage.day("2026-03-10");
        stage.turns().await;
        assert_eq!(reminded().await, json!({"reminders": 2, "reminderRecords": [first, of(2, "Sở Xây dựng")]}));
        let passed = stage.shown(&stage.office(), &four[0], fields).await;
        assert_eq!((&passed["agency"]["name"], &passed["dueAt"], &passed["process"]), (&json!("Sở Xây dựng"), &json!("2026-03-30"), &json!("forwarded")));
        assert_eq!(passed["forwardings"], json!([{"lead": {"name": "Sở Giao thông vận tải"}}]), "the letter went to the body of then");
        assert_eq!(passed["transfers"], json!([{"isLead": true, "from": {"name": "Sở Giao thông vận tải"}, "to": {"name": "Sở Xây dựng"}}]));
        let last = passed["history"].as_array().unwrap().last().unwrap();
        assert_eq!(*last, json!({"event": "passed_to_successor", "actor": null, "basis": "Sở Giao thông vận tải → Sở Xây dựng"}));
        let answered = stage.shown(&stage.office(), &four[1], fields).await;
        assert_eq!((&answered["agency"]["name"], &answered["answers"][0]["agency"]["name"]),
            (&json!("Sở Xây dựng"), &json!("Sở Giao thông vận tải")), "the answer stays whose it was");
        let coordinating = stage.shown(&stage.office(), &four[2], fields).await;
        assert_eq!((&coordinating["agency"]["name"], &coordinating["coordinating"]), (&json!("UBND Xã Tân Hưng"), &json!([{"name": "Sở Xây dựng"}])));

        // The people of the old body hold them no longer, those of the new one answer them.
        phone.person = stage.app.person(&old_login);
        phone.pull().await;
        assert!(phone.rows_of("petition").is_empty());
        let department = stage.app.person(&world.department_login);
        assert_eq!(pulled(department.clone()).await.rows_of("petition").len(), 4);
        let answer = stage.answer(&four[..1], world.department, "80/SXD", json!({}));
        department.done("answerPetitions", answer, "petition { process }").await;
        let new = stage.one("Cầu mới cũng yếu").await;
        let input = json!({"petitionIds": [new], "leadId": old, "documentNumber": "14/VP", "documentDate": "2026-03-10"});
        assert_eq!(refusal(&stage.office(), "forwardPetitions", input).await, refused("INVALID_VALUE", "leadId"));
    }

    // "Of another's authority, passed on", said an answer; it was found good, told to the voters and closed, and nobody had
    // the petition.
    async fn who_is_not_competent_gives_the_petition_back_and_does_not_answer_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let petition = stage.one("Sửa cầu trên đường tỉnh").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, world.here.committee, &[world.company], "12/VP").await;
        let elsewhere = json!({"text": "Thuộc thẩm quyền của Sở Xây dựng, đã chuyển", "outcome": "out_of_competence"});
        let answer = stage.answer(one, world.here.committee, "30/UBND", elsewhere.clone());
        let told = stage.body().mutate("answerPetitions", answer, "").await["userErrors"][0].clone();
        assert_eq!((&told["code"], &told["field"]), (&json!("RETURN_INSTEAD"), &json!("outcome")));
        assert!(text(&told["message"]).contains("returnPetitions"), "{told}");
        // Nor does the office enter it for a body, but for one that only helps: that reply settles nothing.
        let mut reply = stage.answer(one, world.company, "51/ĐL", elsewhere);
        reply["onBehalf"] = json!(true);
        let replied = office.done("answerPetitions", reply, "petition { process outcome }").await;
        assert_eq!(replied["petition"], json!({"process": "forwarded", "outcome": null}));

        // Given back it waits for the office, which sends it to whoever is competent; only his answer can end it.
        let back = json!({"petitionIds": [petition], "reason": "Thuộc thẩm quyền của Sở Xây dựng"});
        stage.body().done("returnPetitions", back, "").await;
        office.done("informVoters", json!({"petitionId": petition, "channel": "phone"}), "").await;
        assert_eq!(office.refused("closePetition", json!({"petitionId": petition})).await, "VOTERS_NOT_INFORMED");
        stage.forward(one, world.department, &[], "13/VP").await;
        let seen = stage.shown(&stage.delegate(0), &petition, "process outcome agency { name }").await;
        assert_eq!(seen, json!({"process": "forwarded", "outcome": null, "agency": {"name": "Sở Xây dựng"}}));
        // That one takes six working days to say that it is not either, one more than it has.
        stage.day("2026-03-10");
        let back = json!({"petitionIds": [petition], "reason": "Thuộc thẩm quyền của Bộ Xây dựng"});
        stage.app.person(&world.department_login).done("returnPetitions", back, "").await;
        stage.forward(one, world.company, &[], "14/VP").await;
        let seen = stage.shown(&stage.office(), &petition, "forwardings { documentNumber returnedLate }").await;
        let mut letters = seen["forwardings"].as_array().unwrap().clone();
        letters.sort_by_key(|letter| text(&letter["documentNumber"]));
        let letter = |number: &str, late: Value| json!({"documentNumber": number, "returnedLate": late});
        assert_eq!(letters, [letter("12/VP", json!(false)), letter("13/VP", json!(true)), letter("14/VP", Value::Null)]);
    }
}
