//! From the office's letter to an answer that the voters judge, told as its actors would do it: many petitions in one
//! letter, several bodies for one petition, bodies that are no more, urging beside reminders, and answers that answer.

use cutri::worker;
use cutri_tests::{
    TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    world::{self, Login, Put},
};
use entity::{
    agency,
    id::{AgencyId, PetitionId, UnitId},
    petition, petition_unit, role_grant,
};
use serde_json::{Value, json};

use crate::{rounds::Stage, rows};

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The first code and field of a refusal.
async fn refusal(person: &Person, name: &str, input: Value) -> (String, String) {
    let refused = person.mutate(name, input, "").await;
    let error = &refused["userErrors"][0];
    (text(&error["code"]), text(&error["field"]))
}

fn refused(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
}

impl Stage {
    pub(crate) fn body(&self) -> Person {
        self.app.person(&self.world.here.committee_login)
    }

    /// The server takes its turn: twice, as two servers would.
    pub(crate) async fn turns(&self) {
        for _ in 0..2 {
            worker::turn(&self.app.state, &mut None).await;
        }
    }

    /// It is this day, in the morning.
    pub(crate) fn day(&self, day: &str) {
        self.clock.set(format!("{day}T01:00:00Z").parse().unwrap());
    }

    /// A body that answers here by somebody with this role.
    pub(crate) async fn a_body(&self, unit: UnitId, name: &str, kind: &str, role: &str) -> (AgencyId, Login) {
        let state = &self.app.state;
        let body = world::an_agency(state, unit, name, kind, true);
        let id = body.id;
        let login = world::login(
            state,
            &format!("nguoi.{}", &id.to_string()[24..]),
            &self.world.province.to_string(),
        )
        .await;
        let grant = role_grant::Model {
            id: state.entropy.id(state.clock.now()).into(),
            account_id: login.account,
            role: role.to_owned(),
            council_id: None,
            agency_id: Some(id),
            unit_id: None,
            valid_from: world::FOUNDED.parse().unwrap(),
            valid_to: None,
        };
        Put::new().row::<agency::Model>(body).row(grant).now(state).await;
        (id, login)
    }

    /// What delegates wrote down, each made a petition and classified.
    pub(crate) async fn petitions(&self, which: usize, titles: &[String]) -> Vec<String> {
        let rows: Vec<Value> = titles
            .iter()
            .map(|title| {
                let said = json!({"kind": "petition", "channel": "contact_meeting", "unitId": self.world.here.unit,
                    "meetingId": self.world.here.meeting, "content": title});
                create("feedback", &new_id(), said)
            })
            .collect();
        for result in Phone::new(self.delegate(which)).push(&rows).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        let office = self.office();
        let mut made = Vec::new();
        for (row, title) in rows.iter().zip(titles) {
            let group = json!({"feedbackIds": [row["id"]], "title": title, "content": title});
            let payload = office.done("groupFeedback", group, "petition { id }").await;
            let id = text(&payload["petition"]["id"]);
            let classify = json!({"petitionId": id, "field": "transport", "tier": "commune"});
            office.done("classifyPetition", classify, "").await;
            made.push(id);
        }
        made
    }

    pub(crate) async fn one(&self, title: &str) -> String {
        self.petitions(0, &[title.to_owned()]).await.remove(0)
    }

    pub(crate) async fn forward(
        &self,
        petitions: &[String],
        lead: AgencyId,
        coordinating: &[AgencyId],
        number: &str,
    ) {
        let input = json!({"petitionIds": petitions, "leadId": lead, "coordinatingIds": coordinating,
            "documentNumber": number, "documentDate": self.app.state.clock.today().to_string()});
        self.office().done("forwardPetitions", input, "").await;
    }

    pub(crate) fn answer(&self, petitions: &[String], by: AgencyId, number: &str, answer: Value) -> Value {
        let mut input = json!({"petitionIds": petitions, "agencyId": by, "documentNumber": number,
            "documentDate": self.app.state.clock.today().to_string(), "text": "Đã sửa xong", "outcome": "resolved"});
        input
            .as_object_mut()
            .unwrap()
            .extend(answer.as_object().unwrap().clone());
        input
    }

    /// What somebody sees of a petition.
    async fn shown(&self, person: &Person, id: &str, fields: &str) -> Value {
        let query = format!("query($id: ID!) {{ petition(id: $id) {{ {fields} }} }}");
        person.data(&query, json!({"id": id})).await["petition"].clone()
    }

    async fn total(&self, person: &Person, filter: Value) -> Value {
        let query = "query($filter: PetitionFilter) { petitions(filter: $filter, first: 1) { totalCount } }";
        person.data(query, json!({"filter": filter})).await["petitions"]["totalCount"].clone()
    }
}

/// A phone that has read the petitions.
async fn pulled(person: Person) -> Phone {
    let mut phone = Phone::new(person);
    phone.collections = Some(vec![
        "petition".to_owned(),
        "urging".to_owned(),
        "informing".to_owned(),
    ]);
    phone.pull().await;
    phone
}

const DEBTS: &str = "query($filter: AgencyDebtFilter, $first: Int, $after: String) {
    agencyDebts(filter: $filter, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { agency { name } owed overdue oldestDueAt urgings reminders } } }";

each_db! {
    // The voter's page told an answer older than the letter that had asked for it.
    async fn no_answer_is_older_than_the_letter_that_asked_for_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let petition = stage.one("Cầu gãy").await;
        stage.forward(std::slice::from_ref(&petition), here.committee, &[], "12/VP").await;
        let of = |date: &str| stage.answer(std::slice::from_ref(&petition), here.committee, "30/UBND", json!({"documentDate": date}));
        assert_eq!(refusal(&stage.body(), "answerPetitions", of("2026-03-01")).await, refused("OUT_OF_RANGE", "documentDate"));
        stage.body().done("answerPetitions", of("2026-03-02"), "").await;
    }

    // Found wanting, the body answered by a paper that was older than the wanting one.
    async fn no_better_answer_is_older_than_the_one_that_was_wanting(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let petition = stage.one("Cầu gãy").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "12/VP").await;
        stage.day("2026-03-05");
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "30/UBND", json!({})), "").await;
        stage.office().done("assessAnswer", json!({"petitionId": petition, "assessment": "unclear"}), "").await;
        let better = |date: &str| stage.answer(one, here.committee, "31/UBND", json!({"text": "Đã sửa xong cả hai đầu cầu", "documentDate": date}));
        assert_eq!(refusal(&stage.body(), "answerPetitions", better("2026-03-04")).await, refused("OUT_OF_RANGE", "documentDate"));
        stage.body().done("answerPetitions", better("2026-03-05"), "").await;
    }

    // Forwarded by a letter of months before, the petition was late as soon as it had been said.
    async fn no_letter_is_older_than_the_voice_that_it_forwards(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, here) = (stage.office(), &stage.world.here);
        let letter = |petitions: &[&String], date: &str| json!({"petitionIds": petitions, "leadId": here.committee,
            "documentNumber": "12/VP", "documentDate": date, "dueAt": "2026-12-31"});
        let early = refused("OUT_OF_RANGE", "documentDate");
        // Said at the meeting of this morning.
        let today = stage.one("Cầu gãy").await;
        // Written down in February, handed in only now, and made into two petitions.
        let said = new_id();
        let row = create("feedback", &said, json!({"kind": "petition", "unitId": here.unit, "content": "Đường và điện",
            "recordedAt": "2026-02-10T19:00:00+07:00"}));
        assert_eq!(Phone::new(stage.delegate(0)).push(&[row]).await[0]["status"], "APPLIED");
        let both = stage.group_of(&[&said], "đường và điện").await;
        let parts = json!({"petitionId": both, "parts": [{"title": "Đường", "content": "Đường"}, {"title": "Điện", "content": "Điện"}]});
        let parts = office.done("splitPetition", parts, "petitions { id }").await["petitions"].clone();
        let (road, power) = (text(&parts[0]["id"]), text(&parts[1]["id"]));
        for part in [&road, &power] {
            stage.classify(part, "transport", "commune").await;
        }
        // Taken over from a list: of one it tells the day of receipt, of the other it does not.
        let taken = |at: &str| {
            let id: PetitionId = new_id().parse::<uuid::Uuid>().unwrap().into();
            petition::Model {
                id, council_id: here.council, number: id.to_string(), process: petition::Process::Classified,
                created_at: at.parse().unwrap(), agency_id: None, upper_council_id: None, forwarding_id: None, answer_id: None,
                rev: 0, ..rows::petition()
            }
        };
        // A slip of the pen would never be late, and nothing could be put off beyond it.
        let mut far = letter(&[&today], "2026-03-02");
        far["dueAt"] = json!("2099-12-31");
        assert_eq!(refusal(&office, "forwardPetitions", far).await, refused("OUT_OF_RANGE", "dueAt"));
        let (told, untold) = (taken("2026-01-12T17:00:00Z"), taken("2026-03-02T01:00:00Z"));
        let [told_id, untold_id] = [told.id.to_string(), untold.id.to_string()];
        let mut put = Put::new();
        for row in [told, untold] {
            put = put.row(petition_unit::Model { petition_id: row.id, unit_id: here.unit }).row(row);
        }
        put.now(&stage.app.state).await;

        for (petitions, day) in [
            (vec![&today], "2026-03-01"), (vec![&road], "2026-02-09"), (vec![&told_id], "2026-01-12"),
            // One letter is as young as the last voice in it.
            (vec![&road, &today], "2026-02-10"),
        ] {
            assert_eq!(refusal(&office, "forwardPetitions", letter(&petitions, day)).await, early, "{day}");
        }
        for (petition, day) in [
            (&today, "2026-03-02"), (&road, "2026-02-10"), (&power, "2026-02-11"), (&told_id, "2026-01-13"), (&untold_id, "2026-01-05"),
        ] {
            office.done("forwardPetitions", letter(&[petition], day), "").await;
        }
    }

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

    // A body gave itself two months more, and nobody could tell what had been late but for that, nor who had given them.
    async fn what_a_body_granted_itself_is_told_and_counted_by_the_first_day(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let two = stage.petitions(0, &["Cầu gãy".to_owned(), "Cống sập".to_owned()]).await;
        stage.forward(&two, here.committee, &[], "12/VP").await;
        let later = |which: usize| json!({"petitionIds": [two[which]], "dueAt": "2026-05-29", "reason": "Chờ bố trí vốn", "roadmap": "Khởi công quý II"});
        stage.body().done("extendDue", later(0), "").await;
        stage.office().done("extendDue", later(1), "").await;

        stage.day("2026-04-15");
        let fields = "dueAt isOverdue isPastFirstDue extensions { fromDue toDue agencyId agency { name } }";
        let own = stage.shown(&stage.office(), &two[0], fields).await;
        let given = stage.shown(&stage.office(), &two[1], fields).await;
        let first = text(&own["dueAt"]);
        assert!(first.as_str() < "2026-04-15", "{first}");
        let extended = |by: Value, name: Value| json!({"dueAt": first, "isOverdue": false, "isPastFirstDue": true,
            "extensions": [{"fromDue": first, "toDue": "2026-05-29", "agencyId": by, "agency": name}]});
        assert_eq!(own, extended(json!(here.committee), json!({"name": "UBND Xã Tân Hưng"})));
        assert_eq!(given, extended(Value::Null, Value::Null));

        let charged = async || {
            let query = "{ agencyDebts(first: 10) { nodes { owed overdue pastFirstDue } } }";
            stage.office().data(query, json!({})).await["agencyDebts"]["nodes"].clone()
        };
        assert_eq!(charged().await, json!([{"owed": 2, "overdue": 0, "pastFirstDue": 2}]));
        for (filter, total) in [
            (json!({"isOverdue": true}), 0), (json!({"isPastFirstDue": true}), 2), (json!({"isPastFirstDue": false}), 0),
        ] {
            assert_eq!(stage.total(&stage.office(), filter.clone()).await, total, "{filter}");
        }
        let table = crate::reports::table(&stage.office(), "petition-results", "unit=27721&from=2026-03-01&to=2026-04-30").await;
        let days: Vec<(&str, &str)> = table.iter().map(|row| (row["due_date"].as_str(), row["extended_to"].as_str())).collect();
        assert_eq!(days, [(first.as_str(), "2026-05-29"); 2], "both dates stay");

        // What is answered is owed no more, and after the second day the rest is late by both.
        stage.body().done("answerPetitions", stage.answer(&two[..1], here.committee, "30/UBND", json!({})), "").await;
        assert_eq!(charged().await, json!([{"owed": 1, "overdue": 0, "pastFirstDue": 1}]));
        stage.day("2026-05-30");
        assert_eq!(charged().await, json!([{"owed": 1, "overdue": 1, "pastFirstDue": 1}]));

        // No rule says how often; but each goes beyond the last, every day stays, and the first goes on counting.
        let again = |day: &str| json!({"petitionIds": [two[1]], "dueAt": day, "reason": "Chờ nghiệm thu", "roadmap": "Xong quý III"});
        for day in [first.as_str(), "2026-05-29", "2099-12-31"] {
            assert_eq!(refusal(&stage.office(), "extendDue", again(day)).await, refused("OUT_OF_RANGE", "dueAt"), "{day}");
        }
        stage.office().done("extendDue", again("2026-06-30"), "").await;
        stage.day("2026-06-01");
        stage.office().done("extendDue", again("2026-07-31"), "").await;
        let fields = "dueAt extendedTo isOverdue isPastFirstDue extensions { fromDue toDue reason roadmap } history(first: 50) { event basis }";
        let mut twice = stage.shown(&stage.office(), &two[1], fields).await;
        let steps = twice["history"].take();
        let steps: Vec<&Value> = steps.as_array().unwrap().iter().filter(|step| step["event"] == "extended").collect();
        let (capital, taking) = ("Chờ bố trí vốn; Khởi công quý II", "Chờ nghiệm thu; Xong quý III");
        let bases: Vec<&Value> = steps.iter().map(|step| &step["basis"]).collect();
        assert_eq!(bases, [capital, taking, taking]);
        let moved = |from: &str, to: &str, reason: &str, roadmap: &str| json!({"fromDue": from, "toDue": to, "reason": reason, "roadmap": roadmap});
        assert_eq!(twice["extensions"], json!([
            moved(&first, "2026-05-29", "Chờ bố trí vốn", "Khởi công quý II"),
            moved("2026-05-29", "2026-06-30", "Chờ nghiệm thu", "Xong quý III"),
            moved("2026-06-30", "2026-07-31", "Chờ nghiệm thu", "Xong quý III"),
        ]));
        let both = (&twice["dueAt"], &twice["extendedTo"]);
        assert_eq!(both, (&json!(first), &json!("2026-07-31")));
        assert_eq!((&twice["isOverdue"], &twice["isPastFirstDue"]), (&json!(false), &json!(true)));
        assert_eq!(charged().await, json!([{"owed": 1, "overdue": 0, "pastFirstDue": 1}]));
        let held = pulled(stage.delegate(0)).await;
        let held = held.row("petition", &two[1]);
        assert_eq!((&held["dueAt"], &held["extendedTo"]), (&json!(first), &json!("2026-07-31")));
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
