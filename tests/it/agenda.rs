//! What waits for whom: the office, committees, bodies and delegates each open their list in the morning, on the screen
//! and on the phone, and it says what there is to do.

use chrono::Duration;
use cutri::{agenda::job, worker};
use cutri_tests::{
    Kind, TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, change, create, new_id},
    world,
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::{answering::text, rounds::Stage};

/// What waits for somebody: scope, kind, how many, how many of them late.
pub(crate) async fn agenda(person: &Person) -> Vec<(String, String, i64, i64)> {
    let lines = person
        .data(
            "{ agenda { scope kind count overdue petitions { id } } }",
            json!({}),
        )
        .await;
    let lines = lines["agenda"].as_array().unwrap().clone();
    lines
        .iter()
        .map(|line| {
            let count = line["count"].as_i64().unwrap();
            assert_eq!(
                line["petitions"].as_array().unwrap().len() as i64,
                count.min(50),
                "{line}"
            );
            (
                text(&line["scope"]),
                text(&line["kind"]),
                count,
                line["overdue"].as_i64().unwrap(),
            )
        })
        .collect()
}

pub(crate) fn lines(expected: &[(&str, &str, i64, i64)]) -> Vec<(String, String, i64, i64)> {
    let owned = |(scope, kind, count, late): &(&str, &str, i64, i64)| {
        ((*scope).to_owned(), (*kind).to_owned(), *count, *late)
    };
    expected.iter().map(owned).collect()
}

/// The same on a phone.
pub(crate) async fn on_phone(person: Person) -> Vec<(String, String, i64, i64)> {
    let mut phone = Phone::new(person);
    phone.collections = Some(vec!["agenda".to_owned()]);
    phone.pull().await;
    let mut found: Vec<_> = phone
        .rows_of("agenda")
        .into_iter()
        .map(|row| {
            let count = |name: &str| row[name].as_i64().unwrap();
            let named = row["petitionIds"].as_str().unwrap().split(' ').count() as i64;
            assert_eq!(named, count("count").min(50), "{row}");
            (
                text(&row["scope"]),
                text(&row["kind"]),
                count("count"),
                count("overdue"),
            )
        })
        .collect();
    found.sort();
    found
}

impl Stage {
    pub(crate) async fn tell(&self, which: usize, petition: &str) {
        let told = json!({"petitionId": petition, "channel": "phone", "satisfaction": "satisfied"});
        let pushed = Phone::new(self.delegate(which))
            .push(&[create("informing", &new_id(), told)])
            .await;
        assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
    }

    /// Whoever has this role at the council here.
    pub(crate) async fn colleague(&self, role: &str) -> world::Login {
        let login = world::login(
            &self.app.state,
            &format!("{role}.moi"),
            &self.world.province.to_string(),
        )
        .await;
        world::at_council(&self.app.state, &login, role, self.world.here.council).await;
        login
    }
}

each_db! {
    async fn each_role_sees_what_waits_for_it_and_how_much_of_it_is_late(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let standing = stage.colleague("standing_committee").await;
        let front = stage.colleague("front_officer").await;
        let titles: Vec<String> = (1..=8).map(|number| format!("Việc số {number}")).collect();
        let eight = stage.petitions(0, &titles).await;
        // One is only grouped, one waits to be forwarded, one goes up, five go to bodies.
        let said = new_id();
        let row = json!({"kind": "petition", "channel": "contact_meeting", "unitId": world.here.unit, "content": "Chưa phân loại"});
        Phone::new(stage.delegate(1)).push(&[create("feedback", &said, row)]).await;
        let group = json!({"feedbackIds": [said], "title": "Chưa phân loại", "content": "Chưa phân loại"});
        stage.office().done("groupFeedback", group, "").await;
        let up = json!({"petitionIds": [eight[1]], "upperCouncilId": world.province_council, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        stage.office().done("forwardPetitions", up, "").await;
        stage.forward(&eight[2..7], world.here.committee, &[world.department], "2/VP").await;
        stage.forward(&eight[7..], world.department, &[], "3/VP").await;
        let answer = stage.answer(&eight[2..4], world.here.committee, "30/UBND", json!({}));
        stage.body().done("answerPetitions", answer, "").await;
        stage.office().done("assessAnswer", json!({"petitionId": eight[2], "assessment": "ok"}), "").await;
        stage.turns().await;

        let office = [("council", "to_classify", 1, 0), ("council", "to_forward", 1, 0), ("council", "to_assess", 1, 0), ("council", "to_inform", 2, 0)];
        assert_eq!(agenda(&stage.office()).await, lines(&office));
        assert_eq!(agenda(&stage.app.person(&standing)).await, lines(&[("council", "to_assess", 1, 0)]));
        assert_eq!(agenda(&stage.app.person(&front)).await, lines(&[]), "MTTQ has no part in it");
        assert_eq!(agenda(&stage.body()).await, lines(&[("agency", "to_answer", 3, 0)]));
        let department = lines(&[("agency", "to_answer", 4, 0)]);
        assert_eq!(agenda(&stage.app.person(&world.department_login)).await, department, "three to coordinate, one to answer");
        let voters = lines(&[("voters", "to_inform", 2, 0)]);
        assert_eq!(agenda(&stage.delegate(0)).await, voters);
        assert_eq!(agenda(&stage.delegate(1)).await, lines(&[]), "he met other voters");
        assert_eq!(agenda(&stage.app.person(&world.province_office)).await, lines(&[("council", "to_forward", 1, 0)]));
        for login in [&world.there.office, &world.there.delegates[0], &world.there.committee_login, &world.administrator] {
            assert_eq!(agenda(&stage.app.person(login)).await, lines(&[]));
        }
        assert_eq!(agenda(&stage.app.stranger()).await, lines(&[]));
        // The same on the phones.
        assert_eq!(on_phone(stage.delegate(0)).await, voters);
        assert_eq!(on_phone(stage.app.person(&world.department_login)).await, department);
        assert_eq!(on_phone(stage.app.person(&world.there.delegates[0])).await, lines(&[]));

        // The department replies to one, the delegate tells his voters of one, and the days pass.
        let reply = stage.answer(&eight[4..5], world.department, "70/SXD", json!({"outcome": "explained"}));
        stage.app.person(&world.department_login).done("answerPetitions", reply, "").await;
        stage.tell(0, &eight[2]).await;
        stage.day("2026-03-31");
        stage.turns().await;
        let office = [("council", "to_classify", 1, 0), ("council", "to_forward", 1, 0), ("council", "overdue", 5, 5),
            ("council", "to_assess", 1, 0), ("council", "to_inform", 1, 1), ("council", "to_close", 1, 0)];
        assert_eq!(agenda(&stage.office()).await, lines(&office));
        let standing = agenda(&stage.app.person(&standing)).await;
        // Four wait at bodies, one above.
        assert_eq!(standing, lines(&[("council", "overdue", 5, 5), ("council", "to_assess", 1, 0)]));
        assert_eq!(agenda(&stage.body()).await, lines(&[("agency", "to_answer", 3, 3), ("agency", "overdue", 3, 3)]));
        assert_eq!(agenda(&stage.app.person(&world.department_login)).await, lines(&[("agency", "to_answer", 3, 3), ("agency", "overdue", 3, 3)]));
        assert_eq!(agenda(&stage.delegate(0)).await, lines(&[("voters", "overdue", 5, 5), ("voters", "to_inform", 1, 1)]));
        let filtered = "query($kinds: [String!]) { agenda(kinds: $kinds) { kindEntry { label } scopeEntry { label } council { name } dueAt } }";
        let one = stage.office().data(filtered, json!({"kinds": ["to_inform"]})).await;
        assert_eq!(one["agenda"], json!([{"kindEntry": {"label": "Cần thông tin lại cho cử tri"}, "scopeEntry": {"label": "Việc của Hội đồng nhân dân"},
            "council": {"name": "HĐND Xã Tân Hưng"}, "dueAt": "2026-03-30"}]));
        let unknown = stage.office().ask(filtered, json!({"kinds": ["nothing"]})).await;
        assert_eq!(unknown.body["errors"][0]["extensions"]["code"], "UNKNOWN_CODE");
    }

    async fn what_was_said_waits_to_be_made_clear_grouped_and_signed(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (front, office, council) = (stage.front().await, stage.office(), stage.world.here.council);
        let (round, point) = stage.held().await;
        let said = stage.said(0, &point, &[("Đường ngập", false), ("Điện yếu", false), ("Đã đáp", true)]).await;
        // Of a denunciation there is nothing to make a petition of.
        let receipt = create("feedback", &new_id(), json!({"kind": "denunciation", "receiptNumber": "12"}));
        assert_eq!(Phone::new(stage.delegate(0)).push(&[receipt]).await[0]["status"], "APPLIED");
        let of_round = async |person: &Person| {
            let asked = "{ agenda { scope kind count feedback { id } syntheses { id } petitions { id } } }";
            let told = person.data(asked, json!({})).await["agenda"].clone();
            let of = |line: &Value, list: &str| -> Vec<String> { line[list].as_array().unwrap().iter().map(|row| text(&row["id"])).collect() };
            let lines = told.as_array().unwrap().iter();
            lines.map(|line| {
                assert_eq!(line["petitions"], json!([]));
                let rows = [of(line, "feedback"), of(line, "syntheses")].concat();
                assert_eq!(line["count"], rows.len(), "{line}");
                (text(&line["scope"]), text(&line["kind"]), rows)
            }).collect::<Vec<_>>()
        };
        let waits = |scope: &str, kind: &str, rows: &[String]| vec![(scope.to_owned(), kind.to_owned(), rows.to_vec())];
        stage.turns().await;
        assert_eq!(of_round(&office).await, waits("council", "to_group", &said[..2]));
        assert_eq!(of_round(&front).await, waits("council", "to_group", &said[..2]), "MTTQ makes the synthesis too");
        assert_eq!(of_round(&stage.delegate(0)).await, []);

        let ask = json!({"feedbackId": said[0], "question": "Đoạn nào, từ khi nào?"});
        office.done("returnForClarity", ask, "").await;
        stage.turns().await;
        assert_eq!(of_round(&office).await, waits("council", "to_group", &said[1..2]));
        assert_eq!(of_round(&stage.delegate(0)).await, waits("voters", "to_clarify", &said[..1]));
        assert_eq!(of_round(&stage.delegate(1)).await, []);
        let mut phone = Phone::new(stage.delegate(0));
        phone.collections = Some(["agenda", "feedback"].map(str::to_owned).to_vec());
        phone.pull().await;
        let line = phone.rows_of("agenda")[0].clone();
        assert_eq!((&line["kind"], &line["feedbackIds"], &line["petitionIds"]), (&json!("to_clarify"), &json!(said[0]), &json!("")));
        let rev = text(&phone.row("feedback", &said[0])["rev"]);
        let clear = change("feedback", &said[0], &rev, json!({"content": "Đường ngập đoạn trước trường, từ tháng 9"}));
        assert_eq!(phone.push(&[clear]).await[0]["status"], "APPLIED");
        stage.turns().await;
        assert_eq!(of_round(&stage.delegate(0)).await, []);
        assert_eq!(of_round(&office).await[0].2.len(), 2);

        // MTTQ writes down too, and hears what the office asks, on the screen as on the phone.
        let heard = new_id();
        let row = json!({"meetingId": point, "kind": "petition", "unitId": stage.world.here.unit, "content": "Cầu yếu"});
        assert_eq!(Phone::new(front.clone()).push(&[create("feedback", &heard, row)]).await[0]["status"], "APPLIED");
        office.done("returnForClarity", json!({"feedbackId": heard, "question": "Cầu nào?"}), "").await;
        stage.turns().await;
        let asked = ("voters".to_owned(), "to_clarify".to_owned(), vec![heard.clone()]);
        assert!(of_round(&front).await.contains(&asked), "{:?}", of_round(&front).await);
        let mut phone = Phone::new(front.clone());
        phone.collections = Some(vec!["agenda".to_owned()]);
        phone.pull().await;
        assert!(phone.rows_of("agenda").iter().any(|line| line["feedbackIds"] == heard.as_str()));
        let back = json!({"mutationId": new_id(), "collection": "feedback", "id": heard, "delete": true});
        assert_eq!(Phone::new(front.clone()).push(&[back]).await[0]["status"], "APPLIED");
        stage.turns().await;

        for id in &said[..2] {
            let petition = stage.group_of(&[id], "sửa chữa").await;
            stage.classify(&petition, "transport", "commune").await;
        }
        stage.advance(&point, &["sign_minutes"]).await;
        let draft = json!({"councilId": council, "roundId": round});
        let synthesis = text(&office.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"]);
        let paper = json!({"synthesisId": synthesis, "documentNumber": "15/BC-HĐND", "documentDate": "2026-03-02"});
        office.done("freezeSynthesis", paper, "").await;
        stage.turns().await;
        assert_eq!(of_round(&front).await, waits("council", "to_cosign", std::slice::from_ref(&synthesis)));
        front.done("cosignSynthesis", json!({"synthesisId": synthesis, "signer": "Chủ tịch MTTQ xã"}), "").await;
        stage.turns().await;
        assert_eq!(of_round(&front).await, []);
    }

    async fn each_delegate_tells_the_voters_whom_he_met(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        // Two delegates heard the same at two places; the office makes one petition of it.
        let mut said = Vec::new();
        for which in [0, 1] {
            let id = new_id();
            let row = json!({"kind": "petition", "channel": "contact_meeting", "unitId": here.unit, "content": "Cầu Gò Thuyền gãy"});
            Phone::new(stage.delegate(which)).push(&[create("feedback", &id, row)]).await;
            said.push(id);
        }
        let group = json!({"feedbackIds": said, "title": "Cầu Gò Thuyền", "content": "Cầu Gò Thuyền gãy"});
        let petition = text(&stage.office().done("groupFeedback", group, "petition { id }").await["petition"]["id"]);
        stage.office().done("classifyPetition", json!({"petitionId": petition, "field": "transport", "tier": "commune"}), "").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "2/VP").await;
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "30/UBND", json!({})), "").await;
        stage.turns().await;
        let waits = lines(&[("voters", "to_inform", 1, 0)]);
        assert_eq!((agenda(&stage.delegate(0)).await, agenda(&stage.delegate(1)).await), (waits.clone(), waits.clone()));

        stage.tell(0, &petition).await;
        stage.turns().await;
        assert_eq!(agenda(&stage.delegate(0)).await, lines(&[]));
        assert_eq!(agenda(&stage.delegate(1)).await, waits, "his own have heard nothing yet");
        stage.office().done("informVoters", json!({"petitionId": petition, "channel": "loudspeaker"}), "").await;
        stage.turns().await;
        assert_eq!(agenda(&stage.delegate(1)).await, lines(&[]), "everybody heard the loudspeaker");

        // A second answer has to be told again, by everybody.
        stage.office().done("assessAnswer", json!({"petitionId": petition, "assessment": "off_point"}), "").await;
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "31/UBND", json!({})), "").await;
        stage.turns().await;
        assert_eq!((agenda(&stage.delegate(0)).await, agenda(&stage.delegate(1)).await), (waits.clone(), waits));
    }

    // The council above had no way to give back what its body had returned to it, and kept what the owner sent elsewhere.
    async fn what_came_back_from_above_is_the_work_of_its_owner_alone(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let titles = ["Cầu liên xã", "Đèn tỉnh lộ"].map(str::to_owned);
        let two = stage.petitions(0, &titles).await;
        let (above, department) = (|| stage.app.person(&world.province_office), || stage.app.person(&world.department_login));
        let up = json!({"petitionIds": two, "upperCouncilId": world.province_council, "documentNumber": "1/VP", "documentDate": "2026-03-02"});
        stage.office().done("forwardPetitions", up, "").await;
        stage.day("2026-03-03");
        let on = json!({"petitionIds": two, "leadId": world.department, "documentNumber": "90/HĐND", "documentDate": "2026-03-03"});
        above().done("forwardPetitions", on, "").await;

        // The department gives one back, and so does the council above: it is the commune's business.
        let (one, other) = (&two[0], &two[1]);
        let back = |reason: &str| json!({"petitionIds": [one], "reason": reason});
        department().done("returnPetitions", back("Không thuộc thẩm quyền của Sở"), "").await;
        stage.turns().await;
        let again = above().done("returnPetitions", back("Không thuộc thẩm quyền của Sở"), "petitions { upperCouncilId }").await;
        assert_eq!(again["petitions"][0]["upperCouncilId"], json!(world.province_council), "sent once more it is not given back again");
        assert_eq!(stage.office().refused("returnPetitions", back("Đòi lại")).await, "INVALID_STATE", "nor taken by its owner");
        let to_forward = lines(&[("council", "to_forward", 1, 0)]);
        assert_eq!((agenda(&above()).await, agenda(&stage.office()).await), (to_forward.clone(), lines(&[])));
        let down = above().done("returnPetitions", back("Thuộc thẩm quyền cấp xã"), "petitions { id }").await;
        assert_eq!(down["petitions"], json!([]), "it has it no more");
        stage.turns().await;
        assert_eq!((agenda(&above()).await, agenda(&stage.office()).await), (lines(&[]), to_forward));
        let letters = "query($id: ID!) { petition(id: $id) { upperCouncilId process forwardings { documentNumber returnReason } } }";
        let told = stage.office().data(letters, json!({"id": one})).await["petition"].clone();
        assert_eq!(told, json!({"upperCouncilId": null, "process": "returned", "forwardings": [
            {"documentNumber": "1/VP", "returnReason": "Thuộc thẩm quyền cấp xã"},
            {"documentNumber": "90/HĐND", "returnReason": "Không thuộc thẩm quyền của Sở"}]}));
        assert_eq!(stage.office().refused("returnPetitions", back("Lần nữa")).await, "INVALID_STATE");

        // The other is answered through the council above, closed and taken up again; now the commune's own body is asked.
        let answer = stage.answer(&two[1..], world.department, "70/SXD", json!({}));
        department().done("answerPetitions", answer, "").await;
        above().done("assessAnswer", json!({"petitionId": other, "assessment": "ok"}), "").await;
        stage.office().done("informVoters", json!({"petitionId": other, "channel": "loudspeaker"}), "").await;
        stage.office().done("closePetition", json!({"petitionId": other}), "").await;
        let seen = above().data(letters, json!({"id": other})).await["petition"]["process"].clone();
        assert_eq!(seen, "closed", "who had it answered reads what came of it");
        stage.office().done("reopenPetition", json!({"petitionId": other, "reason": "Đèn lại tắt"}), "").await;
        stage.forward(&two, world.here.committee, &[], "2/VP").await;
        stage.turns().await;
        assert_eq!((agenda(&above()).await, agenda(&stage.office()).await), (lines(&[]), lines(&[])));
        assert_eq!(agenda(&stage.body()).await, lines(&[("agency", "to_answer", 2, 0)]));
        stage.day("2026-05-04");
        stage.turns().await;
        assert_eq!((agenda(&above()).await, agenda(&stage.office()).await), (lines(&[]), lines(&[("council", "overdue", 2, 2)])));
        let late = "{ petitions(filter: {isOverdue: true}, first: 5) { totalCount } }";
        assert_eq!(above().data(late, json!({})).await["petitions"]["totalCount"], 0);
        assert_eq!(stage.office().data(late, json!({})).await["petitions"]["totalCount"], 2);
        for id in &two {
            assert_eq!(above().data(letters, json!({"id": id})).await["petition"], Value::Null, "it is with the commune");
        }
    }

    async fn committees_heads_of_groups_and_the_assembly_office_see_what_waits_for_them(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (world, state) = (&stage.world, &stage.app.state);
        let committee = stage.colleague("committee").await;
        let head = stage.colleague("group_head").await;
        world::mandate(state, &head, world.here.council, &[world.here.unit]).await;
        let (delegation, assembly) =
            stage.a_body(world.province, "Đoàn ĐBQH tỉnh Tây Ninh", "assembly_delegation", "assembly_office").await;
        let of = |login: &world::Login| stage.app.person(login);

        // Of what the head of a group wrote down one is answered and one is not; a third went up to the National Assembly.
        let mut heard = Vec::new();
        for content in ["Cầu Gò Thuyền gãy", "Đường ấp tối"] {
            let said = new_id();
            let row = json!({"kind": "petition", "channel": "contact_meeting", "unitId": world.here.unit, "content": content});
            let pushed = Phone::new(of(&head)).push(&[create("feedback", &said, row)]).await;
            assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
            let petition = stage.group_of(&[&said], content).await;
            stage.classify(&petition, "transport", "commune").await;
            heard.push(petition);
        }
        stage.forward(&heard, world.here.committee, &[], "2/VP").await;
        let answer = stage.answer(&heard[..1], world.here.committee, "30/UBND", json!({}));
        stage.body().done("answerPetitions", answer, "").await;
        let central = stage.one("Sửa luật về trợ cấp cán bộ ấp").await;
        let central = std::slice::from_ref(&central);
        let up = json!({"petitionIds": central, "upperCouncilId": world.province_council, "documentNumber": "21/VP", "documentDate": "2026-03-02"});
        stage.office().done("forwardPetitions", up, "").await;
        let on = json!({"petitionIds": central, "leadId": delegation, "documentNumber": "90/HĐND", "documentDate": "2026-03-02"});
        of(&world.province_office).done("forwardPetitions", on, "").await;
        stage.turns().await;

        let to_assess = lines(&[("council", "to_assess", 1, 0)]);
        assert_eq!(agenda(&of(&committee)).await, to_assess);
        assert_eq!(agenda(&of(&head)).await, lines(&[("voters", "to_inform", 1, 0)]));
        assert_eq!(agenda(&of(&assembly)).await, lines(&[("agency", "to_answer", 1, 0)]));

        // Two months later; a committee judges answers, and urging is others' work.
        stage.day("2026-05-04");
        stage.turns().await;
        assert_eq!(agenda(&of(&committee)).await, to_assess);
        let of_head = lines(&[("voters", "overdue", 1, 1), ("voters", "to_inform", 1, 1)]);
        let of_assembly = lines(&[("agency", "to_answer", 1, 1), ("agency", "overdue", 1, 1)]);
        assert_eq!((agenda(&of(&head)).await, agenda(&of(&assembly)).await), (of_head.clone(), of_assembly.clone()));
        let sorted = |mut lines: Vec<(String, String, i64, i64)>| {
            lines.sort();
            lines
        };
        assert_eq!(on_phone(of(&committee)).await, to_assess);
        assert_eq!(on_phone(of(&head)).await, sorted(of_head));
        assert_eq!(on_phone(of(&assembly)).await, sorted(of_assembly));

        // Each does his part, and it waits no more.
        of(&committee).done("assessAnswer", json!({"petitionId": heard[0], "assessment": "ok"}), "").await;
        let told = json!({"petitionId": heard[0], "channel": "village_meeting"});
        let pushed = Phone::new(of(&head)).push(&[create("informing", &new_id(), told)]).await;
        assert_eq!(pushed[0]["status"], "APPLIED", "{pushed:?}");
        let answer = stage.answer(central, delegation, "02/ĐĐBQH", json!({}));
        of(&assembly).done("answerPetitions", answer, "").await;
        stage.turns().await;
        // The answer that came through the province is the province's to judge.
        assert_eq!((agenda(&of(&committee)).await, agenda(&of(&assembly)).await), (lines(&[]), lines(&[])));
        assert_eq!(agenda(&of(&head)).await, lines(&[("voters", "overdue", 1, 1)]));
    }

    async fn it_is_counted_once_by_however_many_servers(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let titles: Vec<String> = (1..=6).map(|number| format!("Việc số {number}")).collect();
        let six = stage.petitions(0, &titles).await;
        // SQLite has one server; two turns at once are the same to it.
        let other = match db.kind() {
            Kind::Postgres => {
                let clock = Arc::clone(&stage.clock) as Arc<dyn cutri::clock::Clock>;
                Some(TestApp::prepared(&db, clock, stage.app.installation(), |_| {}).await)
            }
            Kind::Sqlite => None,
        };
        let second = other.as_ref().map_or(&stage.app.state, |other| &other.state);
        let revs = async || {
            let rows = entity::agenda::Entity::find().all(stage.app.state.store.read()).await.unwrap();
            let mut revs: Vec<(String, String, i32, i64)> = rows.into_iter()
                .map(|row| (row.account_id.to_string(), row.kind.code().to_owned(), row.count, row.rev)).collect();
            revs.sort();
            revs
        };
        for _ in 0..3 {
            let (mut one, mut two) = (None, None);
            tokio::join!(worker::turn(&stage.app.state, &mut one), worker::turn(second, &mut two));
        }
        let first = revs().await;
        let office = stage.world.here.office.account.to_string();
        assert_eq!(first, [(office.clone(), "to_forward".to_owned(), 6, 1)], "written once");

        stage.forward(&six, stage.world.here.committee, &[], "2/VP").await;
        for _ in 0..3 {
            let (mut one, mut two) = (None, None);
            tokio::join!(worker::turn(second, &mut two), worker::turn(&stage.app.state, &mut one));
        }
        let mut now = vec![(office, "to_forward".to_owned(), 0, 2),
            (stage.world.here.committee_login.account.to_string(), "to_answer".to_owned(), 6, 1)];
        now.sort();
        assert_eq!(revs().await, now);
        assert_eq!(on_phone(stage.office()).await, lines(&[]), "what is done is gone from the phone");
    }

    async fn a_turn_costs_what_happened_and_a_right_that_ended_counts_at_once(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let colleague = stage.colleague("office").await;
        let petition = stage.one("Sửa cầu").await;
        let everybody = job::count(&stage.app.state, false).await.unwrap();
        assert!(everybody >= 12, "{everybody}: the first look counts for everybody");
        assert_eq!(agenda(&stage.app.person(&colleague)).await, lines(&[("council", "to_forward", 1, 0)]));
        // What lies close before the last look is looked at once more.
        for _ in 0..2 {
            stage.clock.set(stage.app.state.clock.now() + Duration::minutes(5));
            job::count(&stage.app.state, false).await.unwrap();
        }
        assert_eq!(job::count(&stage.app.state, false).await.unwrap(), 0, "nothing happened");

        // Forwarding is the business of the office, its colleague, the body and the delegates who were there.
        stage.forward(std::slice::from_ref(&petition), stage.world.here.committee, &[], "2/VP").await;
        assert_eq!(job::count(&stage.app.state, false).await.unwrap(), 4);
        assert_eq!(agenda(&stage.body()).await, lines(&[("agency", "to_answer", 1, 0)]));

        // A role ends: the list is empty at once, and the phone's rows go with the next count.
        let back = json!({"petitionIds": [petition], "reason": "Không thuộc thẩm quyền"});
        stage.body().done("returnPetitions", back, "").await;
        stage.turns().await;
        let waits = lines(&[("council", "to_forward", 1, 0)]);
        assert_eq!(on_phone(stage.app.person(&colleague)).await, waits);
        assert_eq!(agenda(&stage.body()).await, lines(&[]), "what a body gave back waits for it no more");
        let administrator = stage.app.person(&stage.world.administrator);
        let query = "query($id: ID!) { account(id: $id) { grants { id } } }";
        let roles = administrator.data(query, json!({"id": colleague.account})).await;
        let grant = roles["account"]["grants"][0]["id"].clone();
        administrator.done("revokeRole", json!({"grantId": grant}), "").await;
        assert_eq!(agenda(&stage.app.person(&colleague)).await, lines(&[]));
        stage.clock.set(stage.app.state.clock.now() + Duration::minutes(1));
        job::count(&stage.app.state, false).await.unwrap();
        assert_eq!(on_phone(stage.app.person(&colleague)).await, lines(&[]));
        assert_eq!(agenda(&stage.office()).await, waits);
    }

    // Who came to a contact was asked to tell voters whose words another council had taken down there for itself.
    async fn what_another_council_took_down_at_a_contact_is_not_for_those_who_came_to_tell(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let above = stage.app.person(&world.province_office);
        let mandate = stage.mandate(&world.province_delegate).await;
        let mut petitions = Vec::new();
        for (title, joint) in [("Cầu liên xã", vec![world.here.council]), ("Đèn tỉnh lộ", Vec::new())] {
            let input = json!({"councilId": world.province_council, "councilIds": joint, "kind": "thematic", "title": title,
                "startsAt": stage.hours(-3), "unitIds": [world.here.unit]});
            let point = text(&above.done("planMeeting", input, "meeting { id }").await["meeting"]["id"]);
            for event in ["approve", "notify", "hold"] {
                above.done("advanceMeeting", json!({"meetingId": point, "event": event}), "").await;
            }
            let came = json!({"meetingId": point, "attended": 50, "attendedDelegateIds": [mandate]});
            above.done("recordAttendance", came, "").await;
            let said = stage.said(0, &point, &[(title, false)]).await;
            let petition = stage.group_of(&[&said[0]], title).await;
            stage.classify(&petition, "transport", "commune").await;
            petitions.push(petition);
        }
        stage.forward(&petitions, world.here.committee, &[], "2/VP").await;
        let answer = stage.answer(&petitions, world.here.committee, "30/UBND", json!({}));
        stage.body().done("answerPetitions", answer, "").await;
        stage.turns().await;
        assert_eq!(agenda(&stage.delegate(0)).await, lines(&[("voters", "to_inform", 2, 0)]));
        // Of the joint contact alone.
        assert_eq!(agenda(&stage.app.person(&world.province_delegate)).await, lines(&[("voters", "to_inform", 1, 0)]));
    }
}

/// Nothing of an agenda can be written by a phone.
#[test]
fn a_phone_only_reads_it() {
    assert!(cutri::sync::registry::collection("agenda").is_some());
    assert!(cutri::sync::registry::writable("agenda").is_none());
}
