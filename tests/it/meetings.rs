//! Meetings, what authors recorded of them, and private notes: by the office's mutations and from phones.

use std::sync::Arc;

use chrono::Days;
use cutri::clock::wire;
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, change, create, new_id},
    world::{Login, Put, World},
};
use entity::{delegate, document};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};

struct Stage {
    app: TestApp,
    world: World,
}

impl Stage {
    async fn set(db: &TestDatabase) -> Self {
        let app = TestApp::start(db).await;
        let world = World::create(&app.state).await;
        Self { app, world }
    }

    fn office(&self) -> Person {
        self.app.person(&self.world.here.office)
    }

    fn delegate(&self, which: usize) -> Person {
        self.app.person(&self.world.here.delegates[which])
    }

    /// The mandate of somebody who has one.
    async fn mandate(&self, of: &Login) -> delegate::Model {
        let found = delegate::Entity::find().filter(delegate::Column::AccountId.eq(of.account));
        found.one(self.app.state.store.read()).await.unwrap().unwrap()
    }

    fn hours_ago(&self, hours: i64) -> String {
        let state = Arc::clone(&self.app.state);
        wire(state.clock.now() - chrono::Duration::hours(hours))
    }

    /// A contact of the commune's council, planned and led through these steps.
    async fn contact(&self, steps: &[&str]) -> String {
        let input = json!({
            "councilId": self.world.here.council, "kind": "before_session", "outsideRound": "urgent", "title": "Tiếp xúc cử tri ấp 3",
            "startsAt": self.hours_ago(2), "place": "Nhà văn hóa ấp 3", "unitIds": [self.world.here.unit],
        });
        let planned = self
            .office()
            .done("planMeeting", input, "meeting { id status }")
            .await;
        assert_eq!(planned["meeting"]["status"], "proposed");
        let id = planned["meeting"]["id"].as_str().unwrap().to_owned();
        self.advance(&id, steps).await;
        id
    }

    async fn advance(&self, id: &str, steps: &[&str]) {
        for step in steps {
            let input = json!({"meetingId": id, "event": step, "basis": "06/KH-HĐND"});
            self.office()
                .done("advanceMeeting", input, "meeting { status }")
                .await;
        }
    }
}

async fn pulled(person: Person) -> Phone {
    let mut phone = Phone::without_units(person);
    phone.pull().await;
    phone
}

async fn push_one(phone: &Phone, row: Value) -> Value {
    phone.push(&[row]).await.remove(0)
}

fn refusal(result: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let error = &result["errors"][0];
    (
        text(&result["status"]),
        text(&error["code"]),
        text(&error["field"]),
    )
}

fn is_refused(result: &Value, code: &str, field: &str) {
    let (status, found, of) = refusal(result);
    assert_eq!(
        (status.as_str(), found.as_str(), of.as_str()),
        ("REJECTED", code, field),
        "{result}"
    );
}

each_db! {
    async fn the_office_plans_and_leads_a_contact_to_the_voters(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let id = stage.contact(&[]).await;

        // A proposal is the council's own.
        let mut council = pulled(stage.delegate(0)).await;
        assert_eq!(council.row("meeting", &id)["status"], "proposed");
        let mut province = pulled(stage.app.person(&world.province_delegate)).await;
        assert_eq!(province.row("meeting", &id), &Value::Null);

        stage.advance(&id, &["approve", "notify"]).await;
        province.pull().await;
        assert_eq!(province.row("meeting", &id)["status"], "notified");
        assert_eq!(province.row("meeting", &id)["unitIds"], world.here.unit.to_string());

        let agenda = json!({"meetingId": id, "items": [
            {"title": "Báo cáo kết quả kỳ họp", "presenter": "Thường trực HĐND"}, {"title": "Ý kiến cử tri"}]});
        office.done("setAgenda", agenda.clone(), "meeting { agendaItems { position title presenter } }").await;
        office.done("setAgenda", agenda, "meeting { rev }").await;
        let shorter = json!({"meetingId": id, "items": [{"title": "Trả lời kiến nghị trước"}]});
        office.done("setAgenda", shorter, "meeting { rev }").await;
        council.pull().await;
        assert_eq!(council.row("meeting", &id)["agenda"], "1. Trả lời kiến nghị trước");

        let paper = json!({"meetingId": id, "kind": "GM", "number": "12/GM-HĐND", "date": "2026-02-09",
            "signer": "Nguyễn Văn A", "title": "Giấy mời"});
        for _ in 0..2 {
            let added = office.done("addDocument", paper.clone(), "meeting { documents { number date } }").await;
            assert_eq!(added["meeting"]["documents"], json!([{"number": "12/GM-HĐND", "date": "2026-02-09"}]));
        }

        let coming = stage.app.state.clock.today() + Days::new(2);
        for (name, value, code) in [
            ("date", json!("1946-01-01"), "BEFORE_COUNCIL"), ("date", json!(coming), "OUT_OF_RANGE"), ("kind", json!("ZZ!"), "INVALID_VALUE"),
        ] {
            let mut wrong = paper.clone();
            wrong[name] = value;
            assert_eq!(office.refused("addDocument", wrong).await, code, "{name}");
        }
        // A paper that was taken when any word was a type is sent again as it was.
        for kind in ["ZZ!", "GM"] {
            document::Entity::update_many()
                .col_expr(document::Column::Kind, Expr::value(kind))
                .filter(document::Column::Number.eq("12/GM-HĐND"))
                .exec(stage.app.state.store.migrating())
                .await
                .unwrap();
            let mut old = paper.clone();
            old["kind"] = json!(kind);
            office.done("addDocument", old, "").await;
        }

        let counts = json!({"meetingId": id, "invited": 120, "attended": 96, "speakers": 9, "opinions": 14,
            "attendanceBands": "female=51 farmer=4"});
        assert_eq!(office.refused("recordAttendance", counts.clone()).await, "INVALID_STATE");
        stage.advance(&id, &["hold"]).await;
        office.done("recordAttendance", counts, "meeting { attended }").await;
        let names = json!({"meetingId": id, "attendanceBands": "Nguyễn=1"});
        assert_eq!(office.refused("recordAttendance", names).await, "UNKNOWN_CODE");

        stage.advance(&id, &["draft_minutes", "sign_minutes", "report", "inform_results"]).await;
        let late = json!({"meetingId": id, "title": "Tên khác"});
        assert_eq!(office.refused("updateMeeting", late).await, "INVALID_STATE");
        let again = json!({"meetingId": id, "event": "approve"});
        assert_eq!(office.refused("advanceMeeting", again).await, "INVALID_STATE");

        let query = "query($id: ID!) { meeting(id: $id) { status attendanceBands brief agendaItems { title }
            unitIds councilIds history(first: 50) { event basis } } }";
        let told = office.data(query, json!({"id": id})).await;
        let events: Vec<&str> =
            told["meeting"]["history"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["planned", "approve", "notify", "agenda_set", "agenda_set", "document_added", "hold",
            "attendance_recorded", "draft_minutes", "sign_minutes", "report", "inform_results"]);
        assert_eq!(told["meeting"]["attendanceBands"], "female=51 farmer=4");

        // The public learns of it when it is published, without small cells and without names.
        let stranger = stage.app.stranger();
        assert_eq!(stranger.data(query, json!({"id": id})).await["meeting"], Value::Null);
        office.done("publishMeeting", json!({"meetingId": id}), "meeting { isPublic }").await;
        let seen = stranger.data(query, json!({"id": id})).await;
        assert_eq!(seen["meeting"]["attendanceBands"], "female=51");
        assert_eq!(seen["meeting"]["history"], json!([]));
    }

    async fn plans_are_checked(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let plan = |more: Value| {
            let mut input = json!({"councilId": world.here.council, "kind": "before_session", "title": "Tiếp xúc cử tri",
                "startsAt": "2026-03-02T08:00:00+07:00", "unitIds": [world.here.unit]});
            for (name, value) in more.as_object().unwrap() {
                input[name] = value.clone();
            }
            input
        };
        for (more, code) in [
            (json!({"startsAt": "2025-06-30T23:59:00+07:00"}), "BEFORE_COUNCIL"),
            (json!({"startsAt": "2026-13-01T08:00:00+07:00"}), "INVALID_DATE"),
            (json!({"endsAt": "2026-03-02T07:59:00+07:00"}), "OUT_OF_RANGE"),
            (json!({"planDate": "1946-01-01"}), "BEFORE_COUNCIL"),
            (json!({"planDate": stage.app.state.clock.today() + Days::new(2)}), "OUT_OF_RANGE"),
            (json!({"kind": "regular_mid"}), "UNKNOWN_CODE"),
            (json!({"kind": null}), "REQUIRED"),
            (json!({"title": "x".repeat(501)}), "TOO_LONG"),
            (json!({"title": "\u{0}"}), "INVALID_TEXT"),
            (json!({"unitIds": [world.there.unit]}), "NOT_FOUND"),
            (json!({"unitIds": [new_id()]}), "NOT_FOUND"),
            (json!({"unitIds": ["x"]}), "INVALID_ID"),
            (json!({"councilIds": [new_id()]}), "NOT_FOUND"),
            (json!({"councilId": new_id()}), "NOT_FOUND"),
            (json!({"councilId": world.there.council}), "NOT_FOUND"),
            (json!({"ordinal": 1}), "INVALID_VALUE"),
            (json!({"family": "party"}), "UNKNOWN_CODE"),
            (json!({"family": "session", "kind": "regular_mid", "ordinal": 0}), "OUT_OF_RANGE"),
        ] {
            assert_eq!(office.refused("planMeeting", plan(more.clone())).await, code, "{more}");
        }
        assert_eq!(stage.delegate(0).refused("planMeeting", plan(json!({}))).await, "FORBIDDEN");
        let stranger = stage.app.stranger();
        let query = "mutation($input: PlanMeetingInput!) { planMeeting(input: $input) { userErrors { code } } }";
        let answer = stranger.ask(query, json!({"input": plan(json!({}))})).await;
        assert_eq!(answer.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

        let former = stage.app.state.reference().units.iter().find(|unit| unit.valid_to.is_some()).unwrap().id;
        let elsewhere = json!({"kind": "outside_constituency", "unitIds": [former]});
        assert_eq!(office.refused("planMeeting", plan(elsewhere)).await, "UNIT_NOT_IN_FORCE");

        // A session's number is its own; a plan sent twice is one plan.
        let session = json!({"id": new_id(), "family": "session", "kind": "regular_mid", "ordinal": 7});
        for _ in 0..2 {
            office.done("planMeeting", plan(session.clone()), "meeting { id ordinal rev }").await;
        }
        let other = json!({"family": "session", "kind": "thematic", "ordinal": 7});
        assert_eq!(office.refused("planMeeting", plan(other)).await, "TAKEN");

        // Foreign and absent look the same.
        let neighbour = stage.app.person(&world.there.office);
        for event in ["approve", "hold"] {
            let foreign = json!({"meetingId": session["id"], "event": event});
            let absent = json!({"meetingId": new_id(), "event": event});
            assert_eq!(
                neighbour.mutate("advanceMeeting", foreign, "").await,
                neighbour.mutate("advanceMeeting", absent, "").await
            );
        }
    }

    async fn a_joint_contact_reaches_every_council_and_place(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let input = json!({
            "councilId": world.province_council, "kind": "after_session", "outsideRound": "other_plan", "title": "Bảy xã một hội trường",
            "startsAt": stage.hours_ago(1), "unitIds": [world.here.unit, world.there.unit],
            "councilIds": [world.there.council, world.here.council, world.there.council],
        });
        let office = stage.app.person(&world.province_office);
        let planned = office.done("planMeeting", input, "meeting { id councilIds unitIds }").await;
        let id = planned["meeting"]["id"].as_str().unwrap().to_owned();
        assert_eq!(planned["meeting"]["councilIds"].as_array().unwrap().len(), 3);
        assert_eq!(planned["meeting"]["councilIds"][0], world.province_council.to_string());
        for login in [&world.here.delegates[0], &world.there.office] {
            let phone = pulled(stage.app.person(login)).await;
            let ids = phone.row("meeting", &id)["councilIds"].as_str().unwrap().split(' ').count();
            assert_eq!(ids, 3);
        }
        // Only the council that holds it leads it.
        let step = json!({"meetingId": id, "event": "approve"});
        assert_eq!(stage.office().refused("advanceMeeting", step).await, "NOT_FOUND");
    }

    async fn which_delegates_came_is_known_to_everybody(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let [one, two] = [&world.here.delegates[0], &world.here.delegates[1]];
        let [one, two] = [stage.mandate(one).await, stage.mandate(two).await];
        let (one, two) = (one.id.to_string(), two);
        let elsewhere = stage.mandate(&world.there.delegates[0]).await.id.to_string();
        let id = stage.contact(&["approve"]).await;
        let invite = |ids: Value| json!({"meetingId": id, "invitedDelegateIds": ids});
        let came = |ids: Value| json!({"meetingId": id, "attendedDelegateIds": ids});
        let asked = "meeting { delegates { invited attended delegate { id } } }";

        // Only who has a mandate in a council that takes part, on that day.
        for (ids, code) in [
            (json!([new_id()]), "NOT_FOUND"), (json!([elsewhere]), "NOT_FOUND"), (json!(["x"]), "INVALID_ID"),
            (json!((0..201).map(|_| new_id()).collect::<Vec<_>>()), "LIMIT_TOO_LARGE"),
        ] {
            assert_eq!(office.refused("updateMeeting", invite(ids)).await, code);
        }
        let today = stage.app.state.clock.today();
        let former = delegate::Model {
            id: uuid::Uuid::now_v7().into(), account_id: None, rev: 0,
            valid_to: today.checked_sub_days(Days::new(1)), ..two.clone()
        };
        Put::new().row(former.clone()).now(&stage.app.state).await;
        assert_eq!(office.refused("updateMeeting", invite(json!([former.id]))).await, "OUT_OF_RANGE");

        let two = two.id.to_string();
        office.done("updateMeeting", invite(json!([two, one, one])), asked).await;
        assert_eq!(office.refused("recordAttendance", came(json!([one]))).await, "INVALID_STATE");
        stage.advance(&id, &["notify", "hold"]).await;
        assert_eq!(office.refused("recordAttendance", came(json!([elsewhere]))).await, "NOT_FOUND");
        let told = office.done("recordAttendance", came(json!([one])), asked).await;
        let mut expected = [
            json!({"invited": true, "attended": true, "delegate": {"id": one}}),
            json!({"invited": true, "attended": false, "delegate": {"id": two}}),
        ];
        expected.sort_by_key(|delegate| delegate["delegate"]["id"].to_string());
        assert_eq!(told["meeting"]["delegates"], json!(expected));
        // Nobody is invited any more; who came stays. Said twice it is said once.
        office.done("updateMeeting", invite(Value::Null), asked).await;
        office.done("recordAttendance", came(json!([one])), asked).await;

        let query = "query($id: ID!) { meeting(id: $id) { delegates { invited attended delegate { id } }
            history(first: 20) { event } } }";
        let told = office.data(query, json!({"id": id})).await;
        let history = told["meeting"]["history"].as_array().unwrap();
        for (event, times) in [("updated", 2), ("attendance_recorded", 1)] {
            assert_eq!(history.iter().filter(|one| one["event"] == event).count(), times, "{event}");
        }

        // Phones and the public read it.
        let phone = pulled(stage.delegate(1)).await;
        assert_eq!(phone.row("meeting", &id)["attendedDelegateIds"], one);
        assert_eq!(phone.row("meeting", &id)["invitedDelegateIds"], Value::Null);
        office.done("publishMeeting", json!({"meetingId": id}), "").await;
        let seen = stage.app.stranger().data(query, json!({"id": id})).await;
        assert_eq!(
            seen["meeting"]["delegates"],
            json!([{"invited": false, "attended": true, "delegate": {"id": one}}])
        );
    }

    async fn lists_are_filtered_and_cost_the_same_for_any_number_of_rows(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let mut cost = Vec::new();
        for _ in 0..2 {
            for _ in 0..3 {
                stage.contact(&["approve"]).await;
            }
            let before = stage.app.state.store.statements();
            let list = "{ meetings(first: 50) { nodes { id title unitIds councilIds agenda brief agendaItems { title }
                documents { number } records { id } } } }";
            office.data(list, json!({})).await;
            cost.push(stage.app.state.store.statements() - before);
        }
        assert_eq!(cost[0], cost[1], "statements do not grow with rows");
        let count = async |filter: Value| {
            let query = "query($filter: MeetingFilter) { meetings(filter: $filter, first: 100) { totalCount nodes { id } } }";
            let data = office.data(query, json!({"filter": filter})).await;
            let nodes = data["meetings"]["nodes"].as_array().unwrap().len();
            assert_eq!(data["meetings"]["totalCount"], nodes);
            nodes
        };
        // Six planned ones, and the world's own two, both public.
        assert_eq!(count(json!({})).await, 8);
        assert_eq!(count(json!({"withinUnit": {"code": "27721"}})).await, 7);
        assert_eq!(count(json!({"withinUnit": {"id": world.province}})).await, 8);
        assert_eq!(count(json!({"withinUnit": {"id": world.province, "subtree": false}})).await, 0);
        assert_eq!(count(json!({"status": ["approved"]})).await, 6);
        assert_eq!(count(json!({"kind": ["after_session"]})).await, 0);
        assert_eq!(count(json!({"family": "session"})).await, 0);
        assert_eq!(count(json!({"from": stage.hours_ago(-1)})).await, 0);
        assert_eq!(count(json!({"to": stage.hours_ago(-1), "councilId": world.here.council})).await, 7);
        assert_eq!(count(json!({"updatedAfter": stage.hours_ago(-1)})).await, 0);
        let unknown = "{ meetings(first: 1, filter: {status: [\"maybe\"]}) { nodes { id } } }";
        let answer = office.ask(unknown, json!({})).await;
        assert_eq!(answer.body["errors"][0]["extensions"]["code"], "UNKNOWN_CODE");
    }

    async fn a_delegate_records_his_own_contact_without_signal(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let mut phone = pulled(stage.delegate(0)).await;
        let (held, coming) = (new_id(), new_id());
        let contact = |id: &str, starts: String| {
            create("meeting", id, json!({"kind": "individual_or_group", "unitIds": world.here.unit,
                "place": "Quán cà phê ấp 2", "startsAt": starts, "title": "Gặp nhóm cử tri ấp 2"}))
        };
        // The record and the feedback of a meeting may travel before the meeting itself.
        let record = create("meetingRecord", &new_id(), json!({"meetingId": held, "attended": 7}));
        let said = create("feedback", &new_id(), json!({"meetingId": held, "kind": "petition", "content": "Đèn đường hỏng"}));
        let rows = [record, said, contact(&held, stage.hours_ago(3)), contact(&coming, stage.hours_ago(-48))];
        for result in phone.push(&rows).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        phone.pull().await;
        let row = phone.row("meeting", &held);
        assert_eq!(row["status"], "held");
        assert_eq!(row["family"], "contact");
        assert_eq!(row["councilIds"], world.here.council.to_string());
        assert_eq!(row["authorId"], world.here.delegates[0].account.to_string());
        assert_eq!(phone.row("meeting", &coming)["status"], "notified");

        // It is his and his council's, not yet the place's.
        assert_eq!(pulled(stage.office()).await.row("meeting", &held)["status"], "held");
        let province = pulled(stage.app.person(&world.province_delegate)).await;
        assert_eq!(province.row("meeting", &held), &Value::Null);

        // He corrects it; the same again changes nothing.
        let rev = row["rev"].as_str().unwrap().to_owned();
        let fix = change("meeting", &held, &rev, json!({"place": "Nhà văn hóa ấp 2"}));
        assert_eq!(push_one(&phone, fix.clone()).await["status"], "APPLIED");
        let same = change("meeting", &held, &rev, json!({"place": "Nhà văn hóa ấp 2"}));
        assert_eq!(push_one(&phone, same).await["status"], "DUPLICATE");
        // The office changes the same field: his older words lose, and are told so.
        stage.office().done("updateMeeting", json!({"meetingId": held, "place": "UBND xã"}), "meeting { place }").await;
        let stale = change("meeting", &held, &rev, json!({"place": "Chợ"}));
        let conflict = push_one(&phone, stale).await;
        assert_eq!(conflict["status"], "CONFLICT");
        assert_eq!(conflict["master"]["place"], "UBND xã");
        // He calls off what is still to come; what was held stays.
        let off = |id: &str| json!({"mutationId": new_id(), "collection": "meeting", "id": id, "delete": true});
        assert_eq!(push_one(&phone, off(&coming)).await["status"], "APPLIED");
        is_refused(&push_one(&phone, off(&held)).await, "INVALID_STATE", "");

        // What he may not write.
        is_refused(&push_one(&phone, change("meeting", &world.here.meeting.to_string(), "1", json!({"place": "Chợ"}))).await, "READ_ONLY", "");
        let mut foreign = contact(&new_id(), stage.hours_ago(1));
        foreign["patch"]["unitIds"] = json!(format!("{} {}", world.here.unit, world.there.unit));
        is_refused(&push_one(&phone, foreign).await, "NOT_FOUND", "unitIds");
        is_refused(&push_one(&phone, contact(&new_id(), "2025-06-30T08:00:00+07:00".to_owned())).await, "BEFORE_COUNCIL", "startsAt");
        let mut session = contact(&new_id(), stage.hours_ago(1));
        session["patch"]["kind"] = json!("regular_mid");
        is_refused(&push_one(&phone, session).await, "UNKNOWN_CODE", "kind");
        let bare = create("meeting", &new_id(), json!({"place": "Chợ"}));
        let bare = push_one(&phone, bare).await;
        let fields: Vec<&str> = bare["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["kind", "startsAt", "unitIds"]);
        // An office has no constituency.
        let desk = Phone::new(stage.office());
        is_refused(&push_one(&desk, contact(&new_id(), stage.hours_ago(1))).await, "READ_ONLY", "");
        // One without a title is called by its kind, and the phone hears of it.
        let mut untitled = contact(&new_id(), stage.hours_ago(1));
        untitled["patch"]["title"] = Value::Null;
        let result = push_one(&phone, untitled).await;
        assert_eq!(result["status"], "MERGED");
        assert_eq!(result["master"]["title"], "Gặp gỡ, tiếp xúc cá nhân, nhóm cử tri");
    }

    async fn each_author_has_one_record_of_a_meeting(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let meeting = stage.contact(&["approve", "notify", "hold"]).await;
        let (mut one, two) = (pulled(stage.delegate(0)).await, pulled(stage.delegate(1)).await);
        let (mine, theirs) = (new_id(), new_id());
        let record = |id: &str, patch: Value| {
            let mut row = create("meetingRecord", id, patch);
            row["patch"]["meetingId"] = json!(meeting);
            row
        };
        let patch = json!({"startedAt": stage.hours_ago(2), "endedAt": stage.hours_ago(1), "invited": 100, "attended": 96,
            "speakers": 9, "opinionCount": 14, "attendanceBands": "female=51 age_60_up=30", "minutesDraft": "Bà con đến đông."});
        assert_eq!(push_one(&one, record(&mine, patch)).await["status"], "APPLIED");
        assert_eq!(push_one(&two, record(&theirs, json!({"attended": 95}))).await["status"], "APPLIED");
        is_refused(&push_one(&one, record(&new_id(), json!({"attended": 1}))).await, "TAKEN", "meetingId");
        is_refused(&push_one(&two, record(&mine, json!({"attended": 1}))).await, "NOT_FOUND", "id");
        for (field, value, code) in [
            ("attended", json!(1_000_001), "OUT_OF_RANGE"),
            ("attended", json!(-1), "OUT_OF_RANGE"),
            ("attended", json!(1.5), "INVALID_VALUE"),
            ("attendanceBands", json!("female=1 female=2"), "INVALID_VALUE"),
            ("attendanceBands", json!("giám_đốc=1"), "UNKNOWN_CODE"),
            ("attendanceBands", json!("female=1000001"), "OUT_OF_RANGE"),
            ("minutesDraft", json!("x".repeat(100_001)), "TOO_LONG"),
            ("endedAt", json!(stage.hours_ago(3)), "OUT_OF_RANGE"),
        ] {
            is_refused(&push_one(&one, change("meetingRecord", &mine, "1", json!({field: value}))).await, code, field);
        }
        let limit = change("meetingRecord", &mine, "1", json!({"minutesDraft": "x".repeat(100_000)}));
        assert_eq!(push_one(&one, limit).await["status"], "APPLIED");

        // Both lie with the council, each with its author; a neighbour has neither, and waits for the meeting.
        let office = pulled(stage.office()).await;
        assert_eq!(office.rows_of("meetingRecord").len(), 2);
        one.pull().await;
        assert_eq!(one.row("meetingRecord", &mine)["authorId"], world.here.delegates[0].account.to_string());
        let neighbour = pulled(stage.app.person(&world.there.delegates[0])).await;
        assert!(neighbour.rows_of("meetingRecord").is_empty());
        assert_eq!(push_one(&neighbour, record(&new_id(), json!({}))).await["status"], "DEFERRED");
        let query = "query($id: ID!) { meeting(id: $id) { records { id attended late } } node(id: $id) { __typename } }";
        let seen = stage.office().data(query, json!({"id": meeting})).await;
        assert_eq!(seen["meeting"]["records"].as_array().unwrap().len(), 2);
        assert_eq!(seen["node"]["__typename"], "Meeting");

        // Signed minutes close the records; what still comes is taken and marked late.
        stage.advance(&meeting, &["sign_minutes"]).await;
        one.pull().await;
        let closed = one.row("meetingRecord", &mine).clone();
        assert_eq!((&closed["status"], &closed["late"]), (&json!("closed"), &json!(false)));
        let rev = closed["rev"].as_str().unwrap();
        let after = change("meetingRecord", &mine, rev, json!({"speakers": 10}));
        assert_eq!(push_one(&one, after).await["status"], "APPLIED");
        let late = pulled(stage.app.person(&world.province_delegate)).await;
        let his = new_id();
        assert_eq!(push_one(&late, record(&his, json!({"attended": 90}))).await["status"], "APPLIED");
        let office = pulled(stage.office()).await;
        for id in [&mine, &his] {
            let row = office.row("meetingRecord", id);
            assert_eq!((&row["status"], &row["late"]), (&json!("closed"), &json!(true)), "{row}");
        }
        assert_eq!(office.row("meetingRecord", &theirs)["late"], false);
    }

    async fn notes_are_private_and_may_be_deleted(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let mut phone = pulled(stage.delegate(0)).await;
        let id = new_id();
        let words = "Hỏi lại chủ tịch xã về con đường";
        let note = create("note", &id, json!({"text": words, "unitId": stage.world.here.unit,
            "meetingId": stage.world.here.meeting, "updatedAt": stage.hours_ago(1)}));
        assert_eq!(push_one(&phone, note).await["status"], "APPLIED");
        phone.pull().await;
        assert_eq!(phone.row("note", &id)["text"], words);
        let query = "query($id: ID!) { node(id: $id) { ... on Note { text } } }";
        assert_eq!(stage.delegate(0).data(query, json!({"id": id})).await["node"]["text"], words);

        // Nobody else has it: not his colleague, not his office.
        for other in [stage.delegate(1), stage.office()] {
            assert_eq!(other.data(query, json!({"id": id})).await["node"], Value::Null);
            let other = pulled(other).await;
            assert!(other.rows_of("note").is_empty());
            is_refused(&push_one(&other, change("note", &id, "1", json!({"text": "x"}))).await, "NOT_FOUND", "id");
        }
        is_refused(&push_one(&phone, create("note", &new_id(), json!({"text": ""}))).await, "REQUIRED", "text");
        is_refused(&push_one(&phone, create("note", &new_id(), json!({"text": "x".repeat(20_001)}))).await, "TOO_LONG", "text");
        is_refused(&push_one(&phone, create("note", &new_id(), json!({"text": "a", "unitId": new_id()}))).await, "NOT_FOUND", "unitId");
        let waiting = create("note", &new_id(), json!({"text": "a", "meetingId": new_id()}));
        assert_eq!(push_one(&phone, waiting).await["status"], "DEFERRED");

        let delete = json!({"mutationId": new_id(), "collection": "note", "id": id, "delete": true});
        assert_eq!(push_one(&phone, delete).await["status"], "APPLIED");
        let gone = phone.pull().await;
        assert!(gone.contains(&("note".to_owned(), id.clone(), None)), "{gone:?}");
        assert_eq!(stage.delegate(0).data(query, json!({"id": id})).await["node"], Value::Null);
        // Another device that had not heard of it and still writes brings the note back.
        let rev = "1";
        let again = change("note", &id, rev, json!({"text": "Vẫn còn cần"}));
        assert_eq!(push_one(&phone, again).await["status"], "MERGED");
        phone.pull().await;
        assert_eq!(phone.row("note", &id)["text"], "Vẫn còn cần");
    }
}
