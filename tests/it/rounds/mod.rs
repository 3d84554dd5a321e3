//! Rounds of voter contacts, told as the office, the delegates and MTTQ would do them: plan, points, invitations,
//! preparation, the public schedule, and the figures that come out.

mod invitations;
mod preparations;
mod schedule;
mod shapes;

use std::sync::Arc;

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock, wire},
    sync::registry,
};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    refusals::{refusal, refused},
    world::{Login, World},
};
use entity::delegate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

pub(crate) struct Stage {
    pub(crate) app: TestApp,
    pub(crate) world: World,
    pub(crate) clock: Arc<ManualClock>,
}

impl Stage {
    /// A Monday morning.
    pub(crate) async fn set(db: &TestDatabase) -> Self {
        let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
        let app = TestApp::start_at(db, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let world = World::create(&app.state).await;
        Self { app, world, clock }
    }

    pub(crate) fn office(&self) -> Person {
        self.app.person(&self.world.here.office)
    }

    pub(crate) fn delegate(&self, which: usize) -> Person {
        self.app.person(&self.world.here.delegates[which])
    }

    /// So many hours from now; negative: before.
    pub(crate) fn hours(&self, hours: i64) -> String {
        wire(self.clock.now() + Duration::hours(hours))
    }

    /// The mandate of somebody who has one.
    pub(crate) async fn mandate(&self, of: &Login) -> String {
        let found = delegate::Entity::find().filter(delegate::Column::AccountId.eq(of.account));
        let found = found.one(self.app.state.store.read()).await.unwrap().unwrap();
        found.id.to_string()
    }

    /// A round of the commune's council with its signed plan.
    pub(crate) async fn round(&self, kind: &str, points: i32) -> String {
        let input = json!({"councilId": self.world.here.council, "kind": kind, "pointsPlanned": points,
            "title": "Đợt tiếp xúc cử tri trước kỳ họp giữa năm 2026", "planNumber": "06/KH-HĐND",
            "planDate": "2026-02-20", "startsOn": "2026-03-02", "endsOn": "2026-03-06"});
        let made = self
            .office()
            .done("planRound", input, "round { id status }")
            .await;
        assert_eq!(made["round"]["status"], "planned");
        made["round"]["id"].as_str().unwrap().to_owned()
    }

    /// A point of it.
    pub(crate) async fn point(&self, round: &str, place: &str, starts_in: i64) -> String {
        let input = json!({"councilId": self.world.here.council, "kind": "before_session", "roundId": round,
            "title": format!("Tiếp xúc cử tri tại {place}"), "place": place, "startsAt": self.hours(starts_in),
            "unitIds": [self.world.here.unit]});
        let made = self.office().done("planMeeting", input, "meeting { id }").await;
        made["meeting"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn advance(&self, meeting: &str, steps: &[&str]) {
        for step in steps {
            let input = json!({"meetingId": meeting, "event": step, "basis": "06/KH-HĐND"});
            self.office().done("advanceMeeting", input, "").await;
        }
    }

    pub(crate) async fn lead(&self, round: &str, event: &str) {
        let input = json!({"roundId": round, "event": event});
        self.office().done("advanceRound", input, "").await;
    }
}

/// A phone that has read what these tests look at; the lists of units would take most of the time.
pub(crate) async fn pulled(person: Person) -> Phone {
    let mut phone = Phone::new(person);
    phone.collections = Some(
        ["meeting", "meetingRecord", "feedback"]
            .map(str::to_owned)
            .to_vec(),
    );
    phone.pull().await;
    phone
}

#[test]
fn what_is_for_desks_is_no_collection_of_phones() {
    let names: Vec<&str> = registry::DESK.iter().map(|desk| desk.name()).collect();
    assert_eq!(names, ["round", "procedure", "synthesis"]);
    // The open-source RxDB opens 13 collections at a time: an app takes those that it needs.
    assert_eq!(registry::COLLECTIONS.len(), 14);
    assert!(names.iter().all(|name| registry::collection(name).is_none()));
}

each_db! {
    async fn four_points_come_out_as_they_were_reported(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 4).await;
        let mut points = Vec::new();
        for (place, begun) in [("ấp Gò Thuyền", -30), ("ấp Tân Bình", -28), ("ấp Cả Môn", -6), ("ấp Hưng Trung", -4), ("ấp Rọc Chanh", 30)] {
            points.push(stage.point(&round, place, begun).await);
        }
        // The plan approves what was proposed, in one step.
        stage.clock.advance(Duration::seconds(1));
        stage.lead(&round, "approve").await;
        let query = "query($id: ID!) { round(id: $id) { status planNumber history(first: 9) { event basis } counts { pointsPlanned
            pointsEntered pointsHeld pointsPostponed pointsCancelled pointsComing unitsReached pointsWithoutFigures voters speakers
            opinions recorded answeredOnSpot forwarded forwardedByTier { tier count } waiting } } }";
        let seen = office.data(query, json!({"id": round})).await["round"].clone();
        assert_eq!(seen["status"], "approved");
        assert_eq!(seen["history"], json!([{"event": "planned", "basis": null}, {"event": "approve", "basis": "06/KH-HĐND"}]));
        assert_eq!(seen["counts"]["pointsComing"], 5);
        assert_eq!(office.refused("advanceRound", json!({"roundId": round, "event": "close"})).await, "INVALID_STATE");

        // Four are held, the fifth is put off.
        for (point, (voters, opinions)) in points.iter().zip([(61, 4), (58, 4), (55, 4), (59, 3)]) {
            stage.advance(point, &["notify", "hold"]).await;
            let input = json!({"meetingId": point, "invited": 80, "attended": voters, "speakers": 2, "opinions": opinions});
            office.done("recordAttendance", input, "").await;
        }
        stage.advance(&points[4], &["postpone"]).await;
        // What voters said: fifteen opinions, ten answered on the spot.
        let phone = pulled(stage.delegate(0)).await;
        let said: Vec<(String, Value)> = (0..15).map(|number| {
            let id = new_id();
            let spot = number >= 5;
            let answer = spot.then_some("UBND xã đã giải trình tại hội nghị");
            let row = create("feedback", &id, json!({"meetingId": points[number % 4], "kind": "petition", "channel": "contact_meeting",
                "unitId": world.here.unit, "content": format!("Ý kiến {number}"), "answeredOnSpot": spot, "onSpotAnswer": answer}));
            (id, row)
        }).collect();
        let rows: Vec<Value> = said.iter().map(|(_, row)| row.clone()).collect();
        for result in phone.push(&rows).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        for (number, tier) in ["commune", "commune", "commune", "province", "province"].iter().enumerate() {
            let input = json!({"feedbackIds": [said[number].0], "title": format!("Kiến nghị {number}"), "content": "Sửa đường"});
            let petition = office.done("groupFeedback", input, "petition { id }").await["petition"]["id"].clone();
            office.done("classifyPetition", json!({"petitionId": petition, "field": "transport", "tier": tier}), "").await;
            let lead = if *tier == "commune" { world.here.committee } else { world.department };
            let input = json!({"petitionIds": [petition], "leadId": lead, "documentNumber": format!("{number}/HĐND-VP"), "documentDate": "2026-03-02"});
            office.done("forwardPetitions", input, "").await;
        }
        let seen = office.data(query, json!({"id": round})).await["round"]["counts"].clone();
        assert_eq!(seen, json!({"pointsPlanned": 4, "pointsEntered": 5, "pointsHeld": 4, "pointsPostponed": 1, "pointsCancelled": 0,
            "pointsComing": 0, "unitsReached": 1, "pointsWithoutFigures": 0, "voters": 233, "speakers": 8, "opinions": 15,
            "recorded": 15, "answeredOnSpot": 10, "forwarded": 5,
            "forwardedByTier": [{"tier": "province", "count": 2}, {"tier": "commune", "count": 3}], "waiting": 0}));

        // It is closed; nothing more comes in, until it is opened again.
        stage.lead(&round, "close").await;
        let late = json!({"councilId": world.here.council, "kind": "before_session", "roundId": round, "title": "Tiếp xúc thêm"});
        assert_eq!(refusal(&office, "planMeeting", late).await, refused("INVALID_STATE", "roundId"));
        assert_eq!(refusal(&office, "updateRound", json!({"roundId": round, "title": "Khác"})).await.0, "INVALID_STATE");
        stage.lead(&round, "reopen").await;
        assert_eq!(office.refused("advanceRound", json!({"roundId": round, "event": "cancel"})).await, "INVALID_STATE");
        // A neighbour has no such round.
        let neighbour = stage.app.person(&world.there.office);
        assert_eq!(neighbour.data("query($id: ID!) { round(id: $id) { id } node(id: $id) { id } }", json!({"id": round})).await,
            json!({"round": null, "node": null}));
        assert_eq!(refusal(&neighbour, "advanceRound", json!({"roundId": round, "event": "close"})).await, refused("NOT_FOUND", "roundId"));
        // Nothing of the round reached a phone but by its meetings.
        let mut phone = Phone::without_units(stage.delegate(1));
        phone.pull().await;
        assert_eq!(phone.row("meeting", &points[0])["roundId"], round);
        assert!(phone.rows.keys().all(|(collection, _)| collection != "round"));
    }

    // A plan is a signed paper: without its number and its date a round approves nothing.
    async fn a_round_is_approved_by_a_plan_with_a_number_and_a_date(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let office = stage.office();
        let input = json!({"councilId": stage.world.here.council, "kind": "before_session", "title": "Đợt tiếp xúc cử tri"});
        let made = office.done("planRound", input, "round { id }").await;
        let round = made["round"]["id"].as_str().unwrap().to_owned();
        let point = stage.point(&round, "ấp Tân Bình", 24).await;
        let states = async || {
            let query = "query($round: ID!, $point: ID!) { round(id: $round) { status } meeting(id: $point) { status } }";
            office.data(query, json!({"round": round, "point": point})).await
        };
        let approve = json!({"roundId": round, "event": "approve", "basis": "06/KH-HĐND"});
        let plan = async |more: Value| {
            let mut input = json!({"roundId": round});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            office.done("updateRound", input, "").await;
        };
        let proposed = json!({"round": {"status": "planned"}, "meeting": {"status": "proposed"}});
        assert_eq!(refusal(&office, "advanceRound", approve.clone()).await, refused("REQUIRED", "planNumber"));
        assert_eq!(states().await, proposed);
        plan(json!({"planNumber": "06/KH-HĐND"})).await;
        assert_eq!(refusal(&office, "advanceRound", approve.clone()).await, refused("REQUIRED", "planDate"));
        plan(json!({"planNumber": null, "planDate": "2026-02-20"})).await;
        assert_eq!(refusal(&office, "advanceRound", approve.clone()).await, refused("REQUIRED", "planNumber"));
        assert_eq!(states().await, proposed);
        plan(json!({"planNumber": "06/KH-HĐND"})).await;
        office.done("advanceRound", approve, "").await;
        assert_eq!(states().await, json!({"round": {"status": "approved"}, "meeting": {"status": "approved"}}));
        // It may rest on another plan then, and not on none.
        for gone in ["planNumber", "planDate"] {
            let mut input = json!({"roundId": round});
            input[gone] = Value::Null;
            assert_eq!(refusal(&office, "updateRound", input).await, refused("REQUIRED", gone));
        }
        plan(json!({"planNumber": "09/KH-HĐND"})).await;
    }

    async fn each_point_counts_in_one_state_planned_or_not(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let office = stage.office();
        let round = stage.round("before_session", 5).await;
        let mut points = Vec::new();
        for number in 1..=6 {
            points.push(stage.point(&round, &format!("ấp {number}"), -2).await);
        }
        stage.lead(&round, "approve").await;
        let counts = async || {
            let query = "query($id: ID!) { round(id: $id) { counts { pointsPlanned pointsEntered pointsHeld pointsPostponed pointsCancelled
                pointsComing pointsWithoutFigures unitsReached voters } } }";
            let seen = office.data(query, json!({"id": round})).await["round"]["counts"].clone();
            let of = |name: &str| seen[name].as_i64().unwrap();
            assert_eq!(of("pointsEntered"), of("pointsHeld") + of("pointsPostponed") + of("pointsCancelled") + of("pointsComing"), "{seen}");
            seen
        };
        assert_eq!(counts().await, json!({"pointsPlanned": 5, "pointsEntered": 6, "pointsHeld": 0, "pointsPostponed": 0, "pointsCancelled": 0,
            "pointsComing": 6, "pointsWithoutFigures": 0, "unitsReached": 0, "voters": null}));
        // One held, one put off, one called off, one put off and called off then, one put off and planned anew, one as it was.
        for (point, steps) in points.iter().zip([&["notify", "hold"][..], &["postpone"], &["cancel"], &["postpone", "cancel"], &["postpone", "approve"]]) {
            stage.advance(point, steps).await;
        }
        assert_eq!(counts().await, json!({"pointsPlanned": 5, "pointsEntered": 6, "pointsHeld": 1, "pointsPostponed": 1, "pointsCancelled": 2,
            "pointsComing": 2, "pointsWithoutFigures": 1, "unitsReached": 1, "voters": null}));
        // What was put off is held after all; of what was called off nothing comes.
        stage.advance(&points[4], &["hold"]).await;
        let input = json!({"meetingId": points[4], "invited": 80, "attended": 61, "speakers": 2, "opinions": 4});
        office.done("recordAttendance", input, "").await;
        assert_eq!(office.refused("advanceMeeting", json!({"meetingId": points[2], "event": "hold"})).await, "INVALID_STATE");
        assert_eq!(counts().await, json!({"pointsPlanned": 5, "pointsEntered": 6, "pointsHeld": 2, "pointsPostponed": 1, "pointsCancelled": 2,
            "pointsComing": 1, "pointsWithoutFigures": 1, "unitsReached": 1, "voters": 61}));
    }

    async fn every_contact_belongs_to_a_round_or_says_why_not(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let plan = |kind: &str, more: Value| {
            let mut input = json!({"councilId": world.here.council, "kind": kind, "title": "Tiếp xúc cử tri"});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        for (kind, more, code, field) in [
            ("before_session", json!({}), "REQUIRED", "roundId"),
            ("after_session", json!({}), "REQUIRED", "roundId"),
            ("before_session", json!({"roundId": new_id()}), "NOT_FOUND", "roundId"),
            ("before_session", json!({"roundId": "x"}), "INVALID_ID", "roundId"),
            ("before_session", json!({"outsideRound": "whim"}), "UNKNOWN_CODE", "outsideRound"),
            ("before_session", json!({"roundId": round, "outsideRound": "urgent"}), "INVALID_VALUE", "outsideRound"),
            ("regular_mid", json!({"family": "session", "roundId": round}), "INVALID_VALUE", "roundId"),
        ] {
            assert_eq!(refusal(&office, "planMeeting", plan(kind, more.clone())).await, refused(code, field), "{kind} {more}");
        }
        let made = async |kind: &str, more: Value| {
            let made = office.done("planMeeting", plan(kind, more), "meeting { id roundId round { title } outsideRound outsideRoundEntry { label } }").await;
            made["meeting"].clone()
        };
        let urgent = made("before_session", json!({"outsideRound": "urgent"})).await;
        assert_eq!(urgent["outsideRoundEntry"]["label"], "Tiếp xúc vì việc đột xuất");
        assert_eq!(made("thematic", json!({})).await["outsideRound"], "topic");
        assert_eq!(made("residence", json!({})).await["outsideRound"], "residence_or_workplace");
        let point = made("before_session", json!({"roundId": round})).await;
        assert_eq!((&point["roundId"], &point["outsideRound"]), (&json!(round), &Value::Null));
        // It may move into the round later, and out of it only with a reason.
        office.done("updateMeeting", json!({"meetingId": urgent["id"], "roundId": round}), "").await;
        assert_eq!(refusal(&office, "updateMeeting", json!({"meetingId": urgent["id"], "roundId": null})).await, refused("REQUIRED", "roundId"));
        // A delegate's own contact says so by itself.
        let phone = pulled(stage.delegate(0)).await;
        let own = new_id();
        let row = create("meeting", &own, json!({"kind": "individual_or_group", "unitIds": world.here.unit, "startsAt": stage.hours(-2)}));
        assert_ne!(phone.push(&[row]).await[0]["status"], "REJECTED");
        let query = "query($id: ID!) { meeting(id: $id) { outsideRound } }";
        assert_eq!(office.data(query, json!({"id": own})).await["meeting"]["outsideRound"], "own_contact");
        let count = async |filter: Value| {
            let query = "query($filter: MeetingFilter) { meetings(filter: $filter, first: 1) { totalCount } }";
            office.data(query, json!({"filter": filter})).await["meetings"]["totalCount"].as_i64().unwrap()
        };
        assert_eq!(count(json!({"roundId": round})).await, 2);
        // The thematic one, that at a residence, the own one, and the two of the world.
        assert_eq!(count(json!({"outsideRound": true})).await, 5);
    }

    // Words that a delegate of another council hung on a contact stood in its round for ever, where nobody could read them.
    async fn what_others_heard_at_a_contact_is_taken_and_counts_for_their_own_council(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let there = stage.app.person(&world.there.office);
        let input = json!({"councilId": world.there.council, "kind": "before_session", "title": "Đợt trước kỳ họp",
            "planNumber": "8/KH-HĐND", "planDate": "2026-02-20"});
        let round = there.done("planRound", input, "round { id }").await["round"]["id"].clone();
        let point = async |title: &str| {
            let input = json!({"councilId": world.there.council, "kind": "before_session", "roundId": round, "title": title,
                "place": "Nhà văn hóa", "startsAt": stage.hours(-3), "unitIds": [world.there.unit]});
            let made = there.done("planMeeting", input, "meeting { id }").await;
            made["meeting"]["id"].as_str().unwrap().to_owned()
        };
        let held = point("Điểm một").await;
        there.done("advanceRound", json!({"roundId": round, "event": "approve"}), "").await;
        for event in ["notify", "hold"] {
            there.done("advanceMeeting", json!({"meetingId": held, "event": event}), "").await;
        }
        there.done("publishRound", json!({"roundId": round}), "").await;
        let counts = async || {
            let query = "query($id: ID!) { round(id: $id) { counts { recorded answeredOnSpot forwarded waiting } } }";
            let seen = there.data(query, json!({"id": round})).await["round"]["counts"].clone();
            let table = crate::reports::table(&there, "contact-points", "unit=27736&from=2026-03-01&to=2026-03-31").await;
            assert_eq!(table.len(), 1, "{table:?}");
            assert_eq!(table[0]["opinions_recorded"], seen["recorded"].to_string(), "the table says the same");
            seen
        };
        let waiting = |count: i32| json!({"recorded": count, "answeredOnSpot": 0, "forwarded": 0, "waiting": count});

        // He may really have been there: his words are taken, and are his own council's.
        let words = |meeting: &str| json!({"meetingId": meeting, "kind": "petition", "content": "Cầu gãy"});
        let said = stage.delegate(0).done("submitFeedback", words(&held), "feedback { id }").await["feedback"]["id"].clone();
        stage.app.person(&world.province_office).done("submitFeedback", words(&held), "").await;
        assert_eq!(counts().await, waiting(0));
        let query = "query($id: ID!) { node(id: $id) { ... on Feedback { content meetingId } } }";
        let read = async |person: &Person| person.data(query, json!({"id": said})).await["node"].clone();
        assert_eq!(read(&stage.office()).await, json!({"content": "Cầu gãy", "meetingId": held}));
        assert_eq!(read(&there).await, Value::Null);
        stage.app.person(&world.there.delegates[0]).done("submitFeedback", words(&held), "").await;
        assert_eq!(counts().await, waiting(1));
        // The office that holds it says that the neighbour's council took part: now it counts.
        there.done("updateMeeting", json!({"meetingId": held, "councilIds": [world.here.council]}), "").await;
        assert_eq!(counts().await, waiting(2));

        // A contact of which he may not know is as if it were not there, at the desk and from a phone.
        let proposed = point("Điểm hai").await;
        let desk = async |meeting: &str| stage.delegate(0).mutate("submitFeedback", words(meeting), "feedback { id }").await;
        let hidden = desk(&proposed).await;
        assert_eq!((&hidden["userErrors"][0]["code"], &hidden["userErrors"][0]["field"]), (&json!("NOT_FOUND"), &json!("meetingId")));
        assert_eq!(hidden, desk(&new_id()).await);
        let phone = Phone::new(stage.delegate(0));
        let pushed = phone.push(&[create("feedback", &new_id(), words(&proposed)), create("feedback", &new_id(), words(&new_id()))]).await;
        let told = |result: &Value| ["status", "rev", "master", "errors"].map(|name| result[name].clone());
        assert_eq!(pushed[0]["status"], "DEFERRED", "{pushed:?}");
        assert_eq!(told(&pushed[0]), told(&pushed[1]));
    }

    // What was said at points that were put off or called off was counted among what was recorded at those that were held.
    async fn what_was_said_at_a_point_counts_once_it_was_held(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let office = stage.office();
        let round = stage.round("before_session", 3).await;
        let mut points = Vec::new();
        for place in ["ấp Gò Thuyền", "ấp Tân Bình", "ấp Cả Môn"] {
            points.push(stage.point(&round, place, -2).await);
        }
        stage.lead(&round, "approve").await;
        for point in &points {
            stage.said(0, point, &[("Đường ngập", false), ("Đèn tắt", true)]).await;
        }
        let counts = async || {
            let query = "query($id: ID!) { round(id: $id) { counts { pointsHeld recorded answeredOnSpot forwarded waiting } } }";
            office.data(query, json!({"id": round})).await["round"]["counts"].clone()
        };
        let held = |points: i32| json!({"pointsHeld": points, "recorded": 2 * points, "answeredOnSpot": points, "forwarded": 0, "waiting": points});
        assert_eq!(counts().await, held(0));
        stage.advance(&points[0], &["notify", "hold"]).await;
        assert_eq!(counts().await, held(1));
        stage.advance(&points[1], &["postpone"]).await;
        stage.advance(&points[2], &["cancel"]).await;
        assert_eq!(counts().await, held(1));
        // It was held after all. Where nothing was held the words are in the list all the same.
        stage.advance(&points[1], &["notify", "hold"]).await;
        assert_eq!(counts().await, held(2));
        let query = "query($id: ID) { feedbacks(filter: {meetingId: $id}, first: 1) { totalCount } }";
        assert_eq!(office.data(query, json!({"id": points[2]})).await["feedbacks"]["totalCount"], 2);
    }

    // Of fifty, forty-nine were women: everybody read that there was one man.
    async fn bands_count_nobody_twice_and_tell_of_nobody(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let office = stage.office();
        let (_, point) = stage.held().await;
        let record = |attended: i32, bands: &str| json!({"meetingId": point, "attended": attended, "attendanceBands": bands});
        for (bands, code) in [
            ("female=61", "OUT_OF_RANGE"),
            ("female=31 male=30", "OUT_OF_RANGE"),
            ("female=30 male=30 age_18_29=40 age_60_up=21", "OUT_OF_RANGE"),
            ("sex=60", "INVALID_VALUE"),
        ] {
            assert_eq!(refusal(&office, "recordAttendance", record(60, bands)).await, refused(code, "attendanceBands"), "{bands}");
        }
        office.done("recordAttendance", record(60, "female=31 male=29 age_18_29=60"), "").await;
        // Fewer came, but the bands that were told before do not fit.
        let fewer = json!({"meetingId": point, "attended": 59});
        assert_eq!(refusal(&office, "recordAttendance", fewer).await, refused("OUT_OF_RANGE", "attended"));

        office.done("publishMeeting", json!({"meetingId": point}), "").await;
        let query = "query($id: ID!) { meeting(id: $id) { attended attendanceBands } }";
        let seen = async |person: &Person| person.data(query, json!({"id": point})).await["meeting"].clone();
        for (bands, shown) in [
            ("female=49 farmer=30 trader=20", json!("farmer=30 trader=20")),
            ("female=49 male=1", Value::Null),
            ("age_18_29=3 age_30_44=20 age_45_59=12 age_60_up=15 female=25 male=25", json!("age_30_44=20 age_60_up=15 female=25 male=25")),
            ("female=45 male=5", json!("female=45 male=5")),
        ] {
            office.done("recordAttendance", record(50, bands), "").await;
            assert_eq!(seen(&stage.app.stranger()).await, json!({"attended": 50, "attendanceBands": shown}));
            assert_eq!(seen(&office).await["attendanceBands"], bands);
        }
    }
}
