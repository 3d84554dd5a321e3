//! The main job, end to end: from a voter's words without signal to an answer in the phone.
//!
//! Told as its people would do it, over HTTP, against the true program as a process of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use cutri_tests::{
    FaultProxy, ServerProcess, TestDatabase,
    app::{Person, founded},
    byte_search, each_db,
    phone::{Phone, Seen, change, create, new_id},
    world::{Login, World, another_device},
};
use entity::{event, feedback, id::PetitionId, petition, urging};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::first_pull;

const DENOUNCER: &str = "Nguyễn Thị Bí Mật Tuyệt Đối";
const VOTER: &str = "Trần Văn Đồng Ý Liên Hệ";
/// In no other test: what they store lies in the same cluster, and is searched as well.
const PHONE: &str = "0978246135";
const CANARY: &str = "cầu khỉ xóm Rạch Chim Họa Mi";

each_db! {
    async fn from_a_voters_words_without_signal_to_an_answer_in_the_phone(db: TestDatabase) {
        let story = Story::begin(&db).await;
        let recorded = story.the_delegate_records_offline_and_uploads_over_a_broken_road().await;
        let petitions = story.the_office_groups_splits_classifies_and_forwards(&recorded).await;
        story.bodies_answer_and_the_voters_are_told(&petitions).await;
        story.the_neighbour_learns_nothing(&recorded, &petitions).await;
        story.a_first_pull_brings_what_the_tables_say().await;
        story.secrets_are_nowhere_in_plain_text(&db).await;
    }
}

struct Story {
    world: World,
    server: ServerProcess,
    state: std::sync::Arc<cutri::state::State>,
    folder: std::path::PathBuf,
}

struct Recorded {
    good: Vec<String>,
}

struct Petitions {
    by_body: Vec<String>,
    up: String,
    /// What the company has, by one letter: the last of those by body, and two more.
    by_company: Vec<String>,
}

impl Petitions {
    fn all(&self) -> impl Iterator<Item = &String> {
        self.by_body.iter().chain([&self.up]).chain(&self.by_company[1..])
    }
}

impl Story {
    async fn begin(db: &TestDatabase) -> Self {
        let folder = db.folder().to_owned();
        let keys = folder.join("keys");
        let (state, world) = founded(db.url(), &keys).await;
        let server = ServerProcess::start(
            &folder,
            &["serve"],
            &[
                ("DATABASE_URL", db.url()),
                ("CUTRI_KEYS", keys.to_str().unwrap()),
                ("CUTRI_LOG", "trace"),
            ],
        )
        .await;
        Self {
            world,
            server,
            state,
            folder,
        }
    }

    fn person(&self, login: &Login) -> Person {
        Person::new(&self.state, self.server.address(), login.account, login.device)
    }

    async fn the_delegate_records_offline_and_uploads_over_a_broken_road(&self) -> Recorded {
        let here = &self.world.here;
        let delegate = self.person(&here.delegates[0]);
        let mut phone = Phone::new(delegate.clone());
        phone.pull().await;
        assert_eq!(phone.row("unit", &here.unit.to_string())["code"], "27721");
        assert_eq!(
            phone.row("meeting", &here.meeting.to_string())["kind"],
            "before_session"
        );
        assert_eq!(
            phone.row("agency", &here.committee.to_string())["hasAccount"],
            true
        );
        let (nothing, _) = phone.pull_page(None).await;
        assert!(nothing.is_empty(), "a second pull brings nothing");

        // Without signal: twelve pieces of paper's worth.
        let words = [
            "Đường liên ấp xuống cấp, mưa là ngập",
            "Mặt đường liên ấp bong tróc, xe chở lúa không vào được",
            "Đề nghị sửa đường liên ấp trước mùa mưa",
            CANARY,
            "Điện yếu vào buổi tối, bơm nước không chạy",
            "Trạm y tế thiếu thuốc bảo hiểm",
            "Kênh nội đồng bồi lắng",
        ];
        let feedback = |content: &str| {
            json!({"meetingId": here.meeting, "unitId": here.unit, "channel": "contact_meeting", "origin": "voter",
                "kind": "petition", "subject": content, "content": content, "recordedAt": "2026-02-07T19:30:00+07:00"})
        };
        let good: Vec<String> = words.iter().map(|_| new_id()).collect();
        let mut rows: Vec<Value> = words
            .iter()
            .zip(&good)
            .map(|(words, id)| create("feedback", id, feedback(words)))
            .collect();
        let with_contact = new_id();
        let mut contact = feedback("Xin được trả lời qua điện thoại về sổ đất");
        contact["contactName"] = json!(VOTER);
        contact["contactPhone"] = json!(PHONE);
        contact["consentText"] = json!(format!(
            "Tôi là {VOTER}, đồng ý để lại số {PHONE} để được trả lời"
        ));
        contact["consentAt"] = json!("2026-11-21T19:31:00+07:00");
        rows.push(create("feedback", &with_contact, contact));
        let wrong_enum = new_id();
        let mut wrong = feedback("Sai mã");
        wrong["channel"] = json!("thần giao cách cảm");
        rows.push(create("feedback", &wrong_enum, wrong));
        let foreign_unit = new_id();
        let mut foreign = feedback("Ở xã khác");
        foreign["unitId"] = json!(self.world.there.unit);
        foreign["meetingId"] = Value::Null;
        rows.push(create("feedback", &foreign_unit, foreign));
        let denunciation = new_id();
        rows.push(create(
            "feedback",
            &denunciation,
            json!({"kind": "denunciation", "content": format!("{DENOUNCER} tố cáo cán bộ"), "unitId": here.unit}),
        ));
        let mut bodies: Vec<String> = rows.iter().map(Value::to_string).collect();
        let undecodable =
            r#"{"mutationId":"m-broken","collection":"feedback","id":"x","patch":{"content":"\ud800"}}"#;
        bodies.push(undecodable.to_owned());
        // The same row twice in one upload.
        bodies.push(bodies[0].clone());
        let statuses_expected = {
            let mut expected = vec!["DUPLICATE"; 8];
            expected.extend(["REJECTED"; 4]);
            expected.push("DUPLICATE");
            expected
        };

        // The road is cut inside the request's headers, inside its body, and inside the response, after the commit.
        let body = Phone::push_body(&bodies);
        let proxy = FaultProxy::start(self.server.address()).await;
        let on_the_road = delegate.through(proxy.address());
        proxy.keep_requests();
        on_the_road.data("{ __typename }", json!({})).await;
        let head = proxy
            .kept()
            .iter()
            .find_map(|said| said.windows(4).position(|at| at == b"\r\n\r\n"))
            .unwrap()
            + 4;
        for after in [40, u64::try_from(head).unwrap() + 100] {
            proxy.cut_request_after(after);
            assert!(
                on_the_road.try_send(body.clone()).await.is_err(),
                "cut after byte {after} of the request"
            );
            proxy.clear();
        }
        assert!(proxy.cuts() >= 2);
        let stored = async || {
            feedback::Entity::find()
                .count(self.state.store.read())
                .await
                .unwrap()
        };
        assert_eq!(stored().await, 0, "of half a request nothing is taken");

        // His second device, which holds the same outbox, tries at the same time.
        let second = cutri::store::writing::parse_id(&new_id())
            .map(entity::id::DeviceId)
            .unwrap();
        let device = another_device(&self.state, &here.delegates[0], second);
        cutri_tests::world::Put::new().row(device).now(&self.state).await;
        let other = Person::new(
            &self.state,
            self.server.address(),
            here.delegates[0].account,
            second,
        );
        let other_on_the_road = other.through(proxy.address());
        proxy.cut_response_after(30);
        let (one, two) = tokio::join!(
            on_the_road.try_send(body.clone()),
            other_on_the_road.try_send(body.clone())
        );
        assert!(one.is_err() && two.is_err(), "cut inside the response");
        proxy.clear();
        assert_eq!(stored().await, 8, "committed, and each once");

        // Neither knows; both try again, at once.
        let (one, two) = tokio::join!(delegate.try_send(body.clone()), other.try_send(body.clone()));
        for answer in [one.unwrap(), two.unwrap()] {
            let results = answer.body["data"]["syncPush"]["results"]
                .as_array()
                .unwrap()
                .clone();
            let statuses: Vec<&str> = results
                .iter()
                .map(|result| result["status"].as_str().unwrap())
                .collect();
            assert_eq!(statuses, statuses_expected, "{:#}", answer.body);
            let code = |index: usize| {
                results[index]["errors"][0]["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            };
            assert_eq!(code(8), "UNKNOWN_CODE");
            assert_eq!(results[8]["errors"][0]["field"], "channel");
            assert_eq!(code(9), "NOT_FOUND");
            assert_eq!(code(10), "DENUNCIATION_BY_HAND");
            assert_eq!(code(11), "MALFORMED_ROW");
        }

        // Nothing doubled, nothing lost, and what was refused is explained.
        let seen: BTreeSet<String> = phone
            .pull()
            .await
            .into_iter()
            .filter(|(of, ..)| of == "feedback")
            .map(|(_, id, _)| id)
            .collect();
        let mut expected: BTreeSet<String> = good.iter().cloned().collect();
        expected.insert(with_contact.clone());
        assert_eq!(seen, expected);
        let issues: BTreeMap<String, String> = phone
            .rows_of("syncIssue")
            .iter()
            .map(|issue| {
                (
                    issue["code"].as_str().unwrap().to_owned(),
                    issue["message"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        assert_eq!(
            issues.keys().map(String::as_str).collect::<Vec<_>>(),
            [
                "DENUNCIATION_BY_HAND",
                "MALFORMED_ROW",
                "NOT_FOUND",
                "UNKNOWN_CODE"
            ]
        );
        assert_eq!(
            phone.rows_of("syncIssue").len(),
            4,
            "one issue for each refused row, however often it came"
        );
        let original = async |code: &str| {
            let issues = phone.rows_of("syncIssue");
            let id = issues.iter().find(|issue| issue["code"] == code).unwrap()["id"].clone();
            let query = "query($id: ID!) { syncIssue(id: $id) { code original } }";
            delegate.data(query, json!({"id": id})).await["syncIssue"]["original"].clone()
        };
        assert_eq!(
            original("MALFORMED_ROW").await,
            undecodable,
            "what he wrote can be read back, byte for byte"
        );
        assert!(
            original("UNKNOWN_CODE")
                .await
                .as_str()
                .unwrap()
                .contains("Sai mã")
        );
        assert_eq!(
            original("DENUNCIATION_BY_HAND").await,
            Value::Null,
            "of a denunciation nothing is kept"
        );
        let document = phone.row("feedback", &with_contact).to_string();
        assert!(
            !document.contains(PHONE) && !document.contains(VOTER),
            "contact details are never given back"
        );

        // A correction before the office has grouped it.
        let rev = phone.row("feedback", &good[6])["rev"]
            .as_str()
            .unwrap()
            .to_owned();
        let corrected = change(
            "feedback",
            &good[6],
            &rev,
            json!({"content": "Kênh nội đồng bồi lắng 2 km"}),
        );
        assert_eq!(phone.push(&[corrected]).await[0]["status"], "APPLIED");
        Recorded { good }
    }

    async fn the_office_groups_splits_classifies_and_forwards(&self, recorded: &Recorded) -> Petitions {
        let here = &self.world.here;
        let office = self.person(&here.office);
        let inbox = office
            .data(
                "{ feedbacks(first: 50) { nodes { id status content } } }",
                json!({}),
            )
            .await;
        assert_eq!(inbox["feedbacks"]["nodes"].as_array().unwrap().len(), 8);

        let group = async |feedback: &[String], title: &str| {
            let input = json!({"feedbackIds": feedback, "title": title, "content": title});
            let payload = office
                .done(
                    "groupFeedback",
                    input,
                    "petition { id number process feedbackIds unitIds }",
                )
                .await;
            payload["petition"]["id"].as_str().unwrap().to_owned()
        };
        let road = group(&recorded.good[..3], "Sửa chữa đường liên ấp").await;
        let bridge = group(&recorded.good[3..4], CANARY).await;
        let power_and_health = group(&recorded.good[4..6], "Điện và thuốc").await;
        let canal = group(&recorded.good[6..7], "Nạo vét kênh nội đồng").await;
        assert_eq!(
            office
                .refused(
                    "groupFeedback",
                    json!({"feedbackIds": [recorded.good[0]], "title": "a", "content": "b"})
                )
                .await,
            "ALREADY_GROUPED"
        );
        let parts = json!([{"title": "Điện yếu", "content": "Điện yếu vào buổi tối"},
            {"title": "Thiếu thuốc", "content": "Trạm y tế thiếu thuốc bảo hiểm"},
            {"title": "Máy bơm không chạy", "content": "Điện không đủ cho máy bơm nước"},
            {"title": "Giờ cao điểm", "content": "Đề nghị báo trước giờ giảm điện"}]);
        let split = office
            .done(
                "splitPetition",
                json!({"petitionId": power_and_health, "parts": parts}),
                "petitions { id predecessorIds }",
            )
            .await;
        let parts: Vec<String> = split["petitions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(split["petitions"][0]["predecessorIds"], json!([power_and_health]));

        let fields = [
            (&road, "transport"),
            (&bridge, "transport"),
            (&parts[0], "power"),
            (&parts[1], "health"),
            (&canal, "irrigation"),
            (&parts[2], "power"),
            (&parts[3], "power"),
        ];
        for (petition, field) in fields {
            let input = json!({"petitionId": petition, "field": field, "tier": "commune"});
            office
                .done("classifyPetition", input, "petition { process }")
                .await;
        }

        // Four with one document, over Tết: twenty working days from Monday, 9 February 2026.
        let four = [&road, &bridge, &parts[0], &canal];
        let forward = json!({"petitionIds": four, "leadId": here.committee, "documentNumber": "12/VP-HĐND",
            "documentDate": "2026-02-09"});
        let forwarded = office
            .done(
                "forwardPetitions",
                forward,
                "petitions { dueAt process isOverdue }",
            )
            .await;
        for petition in forwarded["petitions"].as_array().unwrap() {
            assert_eq!(petition["dueAt"], "2026-03-16", "Tết is no working time");
            assert_eq!(petition["process"], "forwarded");
        }

        // The body sends one back; the office sends it where it belongs, to a company without an account, with two more.
        let body = self.person(&here.committee_login);
        let mut desk = Phone::without_units(body.clone());
        desk.pull().await;
        assert_eq!(desk.rows_of("petition").len(), 4);
        let back = json!({"petitionIds": [parts[0]], "reason": "Thuộc thẩm quyền ngành điện"});
        body.done("returnPetitions", back, "petition { process agencyId }")
            .await;
        let gone = desk.pull().await;
        assert!(
            gone.contains(&("petition".to_owned(), parts[0].clone(), None)),
            "{gone:?}"
        );
        let by_company = vec![parts[0].clone(), parts[2].clone(), parts[3].clone()];
        let again = json!({"petitionIds": by_company, "leadId": self.world.company, "documentNumber": "15/VP-HĐND",
            "documentDate": "2026-02-24", "dueAt": "2026-12-31"});
        let again = office
            .done(
                "forwardPetitions",
                again,
                "petitions { id process forwardings { documentNumber returnReason } }",
            )
            .await;
        let again = again["petitions"].as_array().unwrap();
        assert!(again.len() == 3 && again.iter().all(|petition| petition["process"] == "forwarded"));
        let returned = again
            .iter()
            .find(|petition| petition["id"] == parts[0].as_str())
            .unwrap();
        assert_eq!(
            returned["forwardings"][0]["returnReason"],
            "Thuộc thẩm quyền ngành điện"
        );

        // One is beyond the commune's competence.
        let up = json!({"petitionIds": [parts[1]], "upperCouncilId": self.world.province_council,
            "documentNumber": "16/HĐND-VP", "documentDate": "2026-02-24"});
        office.done("forwardPetitions", up, "petition { process }").await;
        Petitions {
            by_body: vec![road, bridge, canal, parts[0].clone()],
            up: parts[1].clone(),
            by_company,
        }
    }

    async fn bodies_answer_and_the_voters_are_told(&self, petitions: &Petitions) {
        let here = &self.world.here;
        let office = self.person(&here.office);
        let delegate = self.person(&here.delegates[0]);
        let mut phone = Phone::new(delegate.clone());
        phone.pull().await;
        let before = versions(&phone);
        let known = self.history_until_now().await;

        // The delegate urges, offline, twice over a bad road.
        let urging = create(
            "urging",
            &new_id(),
            json!({"targetKind": "petition", "targetId": petitions.by_body[3], "how": "phone",
                "text": "Bà con chờ đã hai tháng", "at": "2026-11-22T06:00:00+07:00"}),
        );
        let urged = phone.push(std::slice::from_ref(&urging)).await;
        assert_eq!(urged[0]["status"], "APPLIED", "{urged:#?}");
        assert_eq!(phone.push(&[urging]).await[0]["status"], "DUPLICATE");

        // The province's office sends it to a department, and the answer comes down.
        let province = self.person(&self.world.province_office);
        let on = json!({"petitionIds": [petitions.up], "leadId": self.world.department, "documentNumber": "3/VP",
            "documentDate": "2026-02-26"});
        province
            .done("forwardPetitions", on, "petition { process agencyId }")
            .await;
        let department = self.person(&self.world.department_login);
        let answer = json!({"petitionIds": [petitions.up], "agencyId": self.world.department,
            "documentNumber": "99/SXD", "documentDate": "2026-03-10", "text": "Đã bổ sung thuốc", "outcome": "resolved"});
        department
            .done("answerPetitions", answer, "petition { process }")
            .await;

        // The body extends one, then one document answers three; and so does one of the company, which has no account: the
        // office enters it.
        let body = self.person(&here.committee_login);
        // Nothing is put off to a day that has been.
        let later = (self.state.clock.today() + chrono::Days::new(45)).to_string();
        let extend = json!({"petitionIds": [petitions.by_body[0]], "dueAt": later, "reason": "Chờ vốn"});
        let extended = body
            .done(
                "extendDue",
                extend,
                "petition { dueAt extendedTo extensions { fromDue toDue } }",
            )
            .await;
        assert_eq!(
            extended["petition"],
            json!({"dueAt": "2026-03-16", "extendedTo": later,
                "extensions": [{"fromDue": "2026-03-16", "toDue": later}]})
        );
        let three = json!({"petitionIds": petitions.by_body[..3], "agencyId": here.committee, "documentNumber": "8/UBND",
            "documentDate": "2026-03-12", "text": "Sẽ sửa trong quý II", "outcome": "in_progress", "roadmapAt": "2026-06-30"});
        body.done("answerPetitions", three, "petitions { process }").await;
        let company = json!({"petitionIds": petitions.by_company, "agencyId": self.world.company,
            "documentNumber": "51/ĐL", "documentDate": "2026-03-12", "text": "Đã nâng công suất trạm", "outcome": "resolved",
            "onBehalf": true});
        let entered = office
            .done(
                "answerPetitions",
                company,
                "petitions { process answers { id agencyId documentNumber onBehalf version } }",
            )
            .await;
        let entered = entered["petitions"].as_array().unwrap();
        let document = &entered[0]["answers"][0]["id"];
        let expected = json!({"process": "answered", "answers": [{"id": document, "agencyId": self.world.company,
            "documentNumber": "51/ĐL", "onBehalf": true, "version": 1}]});
        assert!(
            entered.len() == 3 && entered.iter().all(|petition| *petition == expected),
            "one document for three: {entered:#?}"
        );
        let assess = json!({"petitionId": petitions.by_body[3], "assessment": "ok"});
        office.done("assessAnswer", assess, "petition { process }").await;
        let close = json!({"petitionId": petitions.by_body[3]});
        assert_eq!(
            office.refused("closePetition", close).await,
            "VOTERS_NOT_INFORMED"
        );

        // The next pull brings exactly what changed, no more and no less.
        // The worker makes briefs and counts agendas beside; where it does between the two pulls, one pulls once more.
        let mut seen: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
        let mut fresh = Phone::new(delegate.clone());
        for _ in 0..5 {
            let pulled = phone.pull().await.into_iter();
            seen.extend(pulled.map(|(of, id, rev)| ((of, id), rev)));
            fresh.pull().await;
            if phone.rows == fresh.rows {
                break;
            }
        }
        let seen: BTreeSet<Seen> = seen.into_iter().map(|((of, id), rev)| (of, id, rev)).collect();
        let after = versions(&fresh);
        let changed: BTreeSet<Seen> = after
            .iter()
            .filter(|(key, rev)| before.get(*key) != Some(*rev))
            .map(|((of, id), rev)| (of.clone(), id.clone(), Some(rev.clone())))
            .collect();
        assert_eq!(seen, changed);
        assert_eq!(phone.rows, fresh.rows);
        // And what changed is what history tells; agendas and briefs are counted from rows, and have none of their own.
        let counted = ["agenda", "brief"];
        let pulled: BTreeSet<Seen> = seen
            .into_iter()
            .filter(|(of, ..)| !counted.contains(&of.as_str()))
            .collect();
        assert_eq!(pulled, self.told_by_history_since(&known).await);
        assert_eq!(
            phone.row("petition", &petitions.up)["answerText"],
            "Đã bổ sung thuốc"
        );
        assert_eq!(phone.row("petition", &petitions.by_body[3])["urgings"], 1);

        // He tells the voters, offline; the petitions close; each history tells the whole story.
        let all: Vec<&String> = petitions.all().collect();
        let told: Vec<Value> = all
            .iter()
            .map(|petition| {
                let patch = json!({"petitionId": petition, "channel": "contact_meeting", "meetingId": here.meeting,
                    "at": "2026-11-22T08:00:00+07:00"});
                create("informing", &new_id(), patch)
            })
            .collect();
        for result in phone.push(&told).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        for petition in &all {
            // One was found to the point before it was told; of the others nobody has said it yet.
            let assess = json!({"petitionId": petition, "assessment": "ok"});
            office.done("assessAnswer", assess, "").await;
            office
                .done(
                    "closePetition",
                    json!({"petitionId": petition}),
                    "petition { process }",
                )
                .await;
        }
        phone.pull().await;
        let history = async |id: &str| {
            let query =
                "query($id: ID!) { petition(id: $id) { history(first: 50) { event at actor basis } } }";
            let data = delegate.data(query, json!({"id": id})).await;
            let events = data["petition"]["history"].as_array().unwrap().clone();
            events
                .iter()
                .map(|event| event["event"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            history(&petitions.by_body[0]).await,
            [
                "grouped",
                "classified",
                "forwarded",
                "extended",
                "answered",
                "informed",
                "assessed_ok",
                "closed"
            ]
        );
        assert_eq!(
            history(&petitions.by_body[3]).await,
            [
                "split_from",
                "classified",
                "forwarded",
                "returned",
                "forwarded",
                "urged",
                "answered_on_behalf",
                "assessed_ok",
                "informed",
                "closed"
            ]
        );
        assert_eq!(
            history(&petitions.up).await,
            [
                "split_from",
                "classified",
                "forwarded_up",
                "forwarded",
                "answered",
                "informed",
                "assessed_ok",
                "closed"
            ]
        );
        // Who did each step, and on what basis.
        let mut told = String::new();
        let query = "query($id: ID!) { petition(id: $id) { history(first: 50) { event at actor basis } } }";
        for petition in &all {
            let data = office.data(query, json!({"id": petition})).await;
            for step in data["petition"]["history"].as_array().unwrap() {
                assert!(step["at"].is_string(), "{step}");
                let [event, actor, basis] =
                    ["event", "actor", "basis"].map(|name| step[name].as_str().unwrap_or_default());
                assert!(
                    ![event, actor, basis].contains(&""),
                    "who, and on what basis: {step}"
                );
                // What was split is named by its number, which ends with the year in which this runs.
                let basis = match basis.split_once('/') {
                    Some((running, _)) if event == "split_from" => format!("{running}/<year>"),
                    _ => basis.to_owned(),
                };
                writeln!(told, "{event} | {actor} | {basis}").unwrap();
            }
            writeln!(told).unwrap();
        }
        insta::assert_snapshot!("histories", told);
        for petition in &all {
            assert_eq!(phone.row("petition", petition)["process"], "closed");
        }
    }

    /// The ids of all steps so far. An urging is one of its own: it is only ever added.
    async fn history_until_now(&self) -> BTreeSet<Uuid> {
        let conn = self.state.store.read();
        let events = event::Entity::find().all(conn).await.unwrap();
        let urgings = urging::Entity::find().all(conn).await.unwrap();
        let steps = events.iter().map(|event| event.id.0);
        steps.chain(urgings.iter().map(|urging| urging.id.0)).collect()
    }

    /// Every row that history names since, in the version that its own table has: nothing of the change log is asked.
    async fn told_by_history_since(&self, known: &BTreeSet<Uuid>) -> BTreeSet<Seen> {
        let conn = self.state.store.read();
        let events = event::Entity::find().all(conn).await.unwrap();
        let urgings = urging::Entity::find().all(conn).await.unwrap();
        let urgings = urgings.iter().filter(|urging| !known.contains(&urging.id.0));
        let mut told: BTreeSet<Seen> = urgings
            .map(|urging| {
                (
                    "urging".to_owned(),
                    urging.id.to_string(),
                    Some(urging.rev.to_string()),
                )
            })
            .collect();
        for event in events.into_iter().filter(|event| !known.contains(&event.id.0)) {
            assert_eq!(event.kind, "petition", "{event:?}");
            let row = petition::Entity::find_by_id(PetitionId(event.row_id))
                .one(conn)
                .await
                .unwrap();
            told.insert((
                event.kind,
                event.row_id.to_string(),
                row.map(|row| row.rev.to_string()),
            ));
        }
        told
    }

    /// What is said in one commune reaches the neighbour's delegate by no road.
    async fn the_neighbour_learns_nothing(&self, recorded: &Recorded, petitions: &Petitions) {
        let neighbour = self.person(&self.world.there.delegates[0]);
        let mut phone = Phone::new(neighbour.clone());
        phone.pull().await;
        let held = serde_json::to_string(&phone.rows.values().collect::<Vec<_>>()).unwrap();
        assert!(!held.contains(CANARY));
        let ids: Vec<&String> = recorded.good.iter().chain(petitions.all()).collect();
        for id in &ids {
            assert!(!held.contains(id.as_str()), "the pull tells of {id}");
            let query = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } feedback(id: $id) { id } petition(id: $id) { id } }";
            let foreign = neighbour.ask(query, json!({"id": id})).await.body;
            let absent = neighbour.ask(query, json!({"id": new_id()})).await.body;
            assert_eq!(foreign, absent, "foreign looks like absent");
        }
        let lists = "{ feedbacks(first: 100) { totalCount nodes { id } } petitions(first: 100) { totalCount nodes { id } } }";
        let lists = neighbour.data(lists, json!({})).await;
        assert_eq!(lists["feedbacks"], json!({"totalCount": 0, "nodes": []}));
        assert_eq!(lists["petitions"], json!({"totalCount": 0, "nodes": []}));
        let search = "query($text: String!) { search(text: $text, first: 20) { id title } }";
        let found = neighbour.data(search, json!({"text": "cầu khỉ"})).await;
        assert_eq!(found["search"], json!([]));
        let own = self
            .person(&self.world.here.delegates[1])
            .data(search, json!({"text": "cau khi"}))
            .await;
        assert_eq!(own["search"][0]["title"], CANARY);
        // Nothing that he asks for is said to be like it.
        let similar = "query($text: String, $id: ID) { similarPetitions(text: $text, id: $id, first: 20) { sharedWords petition { title } } }";
        for asked in [
            json!({"text": CANARY}),
            json!({"id": petitions.by_body[1]}),
            json!({"id": recorded.good[3]}),
        ] {
            let found = neighbour.data(similar, asked.clone()).await;
            assert_eq!(found["similarPetitions"], json!([]), "{asked}");
        }
        let own = self.person(&self.world.here.delegates[1]);
        let own = own.data(similar, json!({"text": CANARY})).await;
        assert_eq!(own["similarPetitions"][0]["petition"]["title"], CANARY);
        // Nor may he act on it, or learn from the refusal that it is there: it says the same of what there is not.
        let mut refusals = BTreeSet::new();
        for id in [petitions.by_body[1].as_str(), &new_id()] {
            let urge = json!({"targetKind": "petition", "targetId": id, "how": "phone"});
            let refused = neighbour.mutate("urge", urge, "").await;
            assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND");
            assert!(
                refused["userErrors"][0]["message"]
                    .as_str()
                    .is_some_and(|told| !told.is_empty())
            );
            refusals.insert(refused.to_string());
            let informed = create(
                "informing",
                &new_id(),
                json!({"petitionId": id, "channel": "phone"}),
            );
            assert_eq!(phone.push(&[informed]).await[0]["status"], "DEFERRED");
        }
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert!(!refusals.iter().any(|told| told.contains(CANARY)));
    }

    /// A new phone of the delegate, of one of the province who was elected here, and of the neighbour.
    async fn a_first_pull_brings_what_the_tables_say(&self) {
        let here = self.person(&self.world.here.delegates[0]);
        let held = first_pull::is_what_the_tables_say(&self.state, &here, true).await;
        for collection in [
            "unit",
            "council",
            "agency",
            "delegate",
            "meeting",
            "feedback",
            "petition",
            "informing",
            "urging",
            "syncIssue",
        ] {
            assert!(held.contains(collection), "{collection}");
        }
        for other in [&self.world.province_delegate, &self.world.there.delegates[0]] {
            first_pull::is_what_the_tables_say(&self.state, &self.person(other), false).await;
        }
    }

    async fn secrets_are_nowhere_in_plain_text(&self, db: &TestDatabase) {
        let secrets = [DENOUNCER, VOTER, PHONE, "+84978246135", "84978246135"];
        byte_search::assert_nowhere_in(&db.stored_in().await, &secrets);
        byte_search::assert_nowhere_in(&self.folder, &secrets);
        // Of the log also that there is one.
        self.server.log().assert_free_of(&secrets);
        self.server.log().assert_free_of(&[CANARY]);
    }
}

/// The version of every row that a phone holds.
fn versions(phone: &Phone) -> BTreeMap<(String, String), String> {
    let rev = |row: &Value| row["rev"].as_str().unwrap().to_owned();
    phone
        .rows
        .iter()
        .map(|(key, row)| (key.clone(), rev(row)))
        .collect()
}
