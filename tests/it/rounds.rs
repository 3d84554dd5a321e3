//! Rounds of voter contacts, told as the office, the delegates and MTTQ would do them: plan, points, invitations,
//! preparation, the public schedule, and the figures that come out.

use std::{collections::BTreeSet, sync::Arc};

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock, wire},
    sync::registry,
};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    calendar_client::events,
    each_db,
    phone::{Phone, create, new_id},
    world::{Login, World},
};
use entity::{delegate, id::UnitId, meeting, meeting_unit};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

use crate::{
    documents::{fetched, reading::text_of},
    rows,
};

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

/// The code and field of a refusal.
async fn refusal(person: &Person, name: &str, input: Value) -> (String, String) {
    let payload = person.mutate(name, input, "").await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let error = &payload["userErrors"][0];
    (text(&error["code"]), text(&error["field"]))
}

fn refused(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
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

    async fn a_round_of_the_province_meets_seven_communes_in_one_hall(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let office = stage.app.person(&world.province_office);
        let communes: Vec<UnitId> = {
            let reference = stage.app.state.reference();
            let below = reference.units.subtree(world.province);
            let others = [world.province, world.here.unit, world.there.unit];
            below.into_iter().filter(|unit| !others.contains(unit)).take(5).collect()
        };
        let mut units = communes;
        units.extend([world.here.unit, world.there.unit]);
        let session = json!({"councilId": world.province_council, "family": "session", "kind": "regular_mid", "title": "Kỳ họp thứ 5", "ordinal": 5});
        let session = office.done("planMeeting", session, "meeting { id }").await["meeting"]["id"].clone();
        let input = json!({"councilId": world.province_council, "kind": "after_session", "title": "Đợt tiếp xúc cử tri sau kỳ họp thứ 5",
            "sessionId": session, "planNumber": "12/KH-HĐND", "planDate": "2026-02-25"});
        let round = office.done("planRound", input, "round { id session { ordinal } }").await["round"].clone();
        assert_eq!(round["session"]["ordinal"], 5);
        let input = json!({"councilId": world.province_council, "councilIds": [world.here.council, world.there.council], "kind": "after_session",
            "roundId": round["id"], "title": "Tiếp xúc cử tri bảy xã", "place": "Hội trường xã Tân Hưng", "startsAt": stage.hours(-3), "unitIds": units});
        let point = office.done("planMeeting", input, "meeting { id }").await["meeting"]["id"].clone();
        office.done("advanceRound", json!({"roundId": round["id"], "event": "approve"}), "").await;
        for event in ["notify", "hold"] {
            office.done("advanceMeeting", json!({"meetingId": point, "event": event}), "").await;
        }
        let query = "query($id: ID!) { round(id: $id) { counts { pointsHeld unitsReached } } }";
        let expected = json!({"pointsHeld": 1, "unitsReached": 7});
        assert_eq!(office.data(query, json!({"id": round["id"]})).await["round"]["counts"], expected);
        // A session of another council is none of this round's.
        let wrong = json!({"councilId": world.here.council, "kind": "after_session", "title": "Đợt", "sessionId": session});
        assert_eq!(refusal(&stage.office(), "planRound", wrong).await, refused("NOT_FOUND", "sessionId"));
        // Commune delegates may be asked to a joint point, which lies in the province's round.
        let point_of_here = json!({"councilId": world.here.council, "kind": "after_session", "roundId": round["id"], "title": "Riêng"});
        assert_eq!(refusal(&stage.office(), "planMeeting", point_of_here).await, refused("NOT_FOUND", "roundId"));
    }

    async fn delegates_answer_their_invitations_without_signal(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp Gò Thuyền", 50).await;
        let (one, two) = (stage.mandate(&world.here.delegates[0]).await, stage.mandate(&world.here.delegates[1]).await);
        office.done("updateMeeting", json!({"meetingId": point, "invitedDelegateIds": [one, two]}), "").await;
        stage.lead(&round, "approve").await;

        // The phone knows of the invitation, loses its signal, and keeps the answer until it is back.
        let phone = pulled(stage.delegate(0)).await;
        assert!(phone.row("meeting", &point)["invitedDelegateIds"].as_str().unwrap().contains(&one));
        let record = new_id();
        let away = |patch: Value| {
            let mut row = create("meetingRecord", &record, patch);
            row["patch"]["meetingId"] = json!(point);
            row
        };
        let bare = phone.push(&[away(json!({"attending": false}))]).await;
        assert_eq!((&bare[0]["status"], &bare[0]["errors"][0]["field"]), (&json!("REJECTED"), &json!("absenceReason")));
        let answered = phone.push(&[away(json!({"attending": false, "absenceReason": "Dự họp ở tỉnh"}))]).await;
        assert_eq!(answered[0]["status"], "APPLIED", "{answered:?}");

        // The office sees it at its desk and on its phone; the public does not.
        let desk = pulled(stage.office()).await;
        assert_eq!(desk.row("meeting", &point)["absentDelegateIds"], one);
        assert_eq!(desk.row("meetingRecord", &record)["absenceReason"], "Dự họp ở tỉnh");
        office.done("publishRound", json!({"roundId": round}), "").await;
        let query = "query($id: ID!) { meeting(id: $id) { delegates { attending absenceReason delegate { id } } } }";
        let of = |data: &Value, id: &str| -> Value {
            let all = data["meeting"]["delegates"].as_array().unwrap();
            all.iter().find(|delegate| delegate["delegate"]["id"] == *id).unwrap().clone()
        };
        let seen = office.data(query, json!({"id": point})).await;
        assert_eq!((&of(&seen, &one)["attending"], &of(&seen, &one)["absenceReason"]), (&json!(false), &json!("Dự họp ở tỉnh")));
        let public = stage.app.stranger().data(query, json!({"id": point})).await;
        assert_eq!((&of(&public, &one)["attending"], &of(&public, &one)["absenceReason"]), (&Value::Null, &Value::Null));

        // He can come after all: the reason goes. The other one rings the office up.
        let again = phone.push(&[away(json!({"attending": true}))]).await;
        assert_ne!(again[0]["status"], "REJECTED", "{again:?}");
        let tell = |delegate: &str, attending: bool, reason: Value| json!({"meetingId": point, "delegateId": delegate, "attending": attending, "absenceReason": reason});
        assert_eq!(refusal(&office, "answerInvitation", tell(&two, false, Value::Null)).await, refused("REQUIRED", "absenceReason"));
        assert_eq!(refusal(&office, "answerInvitation", tell(&two, true, json!("Ốm"))).await, refused("INVALID_VALUE", "absenceReason"));
        assert_eq!(refusal(&office, "answerInvitation", tell(&new_id(), true, Value::Null)).await, refused("NOT_FOUND", "delegateId"));
        assert_eq!(refusal(&stage.delegate(0), "answerInvitation", tell(&two, true, Value::Null)).await.0, "FORBIDDEN");
        office.done("answerInvitation", tell(&two, false, json!("Ốm")), "").await;
        // Another place for the meeting leaves the answers as they are.
        office.done("updateMeeting", json!({"meetingId": point, "place": "Trường tiểu học"}), "").await;
        let seen = office.data(query, json!({"id": point})).await;
        assert_eq!((&of(&seen, &one)["attending"], &of(&seen, &one)["absenceReason"]), (&json!(true), &Value::Null));
        assert_eq!(of(&seen, &two)["absenceReason"], "Ốm");
        let query = "query($id: ID!) { round(id: $id) { counts { invitations invitationsAccepted invitationsDeclined } } }";
        let counts = json!({"invitations": 2, "invitationsAccepted": 1, "invitationsDeclined": 1});
        assert_eq!(office.data(query, json!({"id": round})).await["round"]["counts"], counts);
        let public = stage.app.stranger().data(query, json!({"id": round})).await;
        assert_eq!(public["round"]["counts"]["invitations"], Value::Null);
    }

    async fn preparations_are_dated_steps_and_their_punctuality_is_counted(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let steps = "procedure { id title status round { id } steps { id position title responsible documentKind dueOn onTime } }";
        let input = json!({"councilId": world.here.council, "kind": "contact_preparation", "roundId": round, "anchorOn": "2026-03-20"});
        let made = office.done("startProcedure", input, steps).await["procedure"].clone();
        assert_eq!(made["title"], "Chuẩn bị đợt tiếp xúc cử tri");
        assert_eq!(made["round"]["id"], round);
        let all = made["steps"].as_array().unwrap();
        assert_eq!(all.len(), 8);
        // Three working days before Friday 20 March; the loudspeakers the day before.
        assert_eq!((&all[5]["documentKind"], &all[5]["dueOn"]), (&json!("BC"), &json!("2026-03-17")));
        assert_eq!((&all[7]["responsible"], &all[7]["dueOn"]), (&json!("UBND cấp xã"), &json!("2026-03-19")));
        let id = |step: usize| all[step]["id"].clone();
        // The first is done a week after its day, five in time, the hall is not needed.
        assert_eq!(all[0]["dueOn"], "2026-02-27");
        let done = async |office: &Person, step: usize, more: Value| {
            let mut input = json!({"stepId": id(step)});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            office.done("completeStep", input, steps).await["procedure"].clone()
        };
        assert_eq!(refusal(&office, "completeStep", json!({"stepId": id(0), "doneOn": "2026-03-03"})).await, refused("OUT_OF_RANGE", "doneOn"));
        let seen = done(&office, 0, json!({"doneOn": "2026-03-02"})).await;
        assert_eq!(seen["steps"][0]["onTime"], false);
        for step in 1..6 {
            done(&office, step, json!({"documentNumber": "06/KH-HĐND"})).await;
        }
        office.done("waiveStep", json!({"stepId": id(6), "reason": "Hội trường có sẵn"}), "").await;
        let counts = async |person: &Person, filter: Value| {
            let query = "query($filter: ProcedureFilter) { procedureCounts(filter: $filter) { procedures steps onTime late overdue coming waived onTimeShare } }";
            person.data(query, json!({"filter": filter})).await["procedureCounts"].clone()
        };
        assert_eq!(counts(&office, json!({"roundId": round})).await, json!({"procedures": 1, "steps": 7, "onTime": 5, "late": 1,
            "overdue": 0, "coming": 1, "waived": 1, "onTimeShare": 83.3}));
        // The plan tells who does what until when, and names no code.
        let plan = async |office: &Person| text_of(&fetched(office, &format!("/documents/contact-plan/{round}.docx")).await.1);
        let told = plan(&office).await;
        for must in ["\n4. Chuẩn bị đợt tiếp xúc cử tri:\n", "\n- Gửi giấy mời đại biểu và cơ quan liên quan: Văn phòng, chậm nhất ngày 13/03/2026.\n",
            "đường truyền nếu có điểm trực tuyến: UBND cấp xã, chậm nhất ngày 19/03/2026.\n"] {
            assert!(told.contains(must), "{must}\n{told}");
        }
        assert!(!told.contains("trang trí"), "the hall is not needed: {told}");
        // The first contact is put off by a week, and what is open with it.
        let input = json!({"procedureId": made["id"], "anchorOn": "2026-03-27", "reason": "Hoãn do bão"});
        let moved = office.done("moveProcedure", input, steps).await["procedure"].clone();
        assert_eq!((&moved["steps"][7]["dueOn"], &moved["steps"][0]["dueOn"]), (&json!("2026-03-26"), &json!("2026-02-27")));
        // Its day passes: overdue; then it is done, too late, and the procedure with it.
        stage.clock.advance(Duration::days(30));
        let office = stage.office();
        assert_eq!(counts(&office, json!({})).await["overdue"], 1);
        let last = done(&office, 7, json!({"note": "Đã thử loa"})).await;
        assert_eq!(last["status"], "done");
        assert_eq!(counts(&office, json!({"kind": ["contact_preparation"]})).await["late"], 2);
        let open = office.done("reopenStep", json!({"stepId": id(7)}), steps).await;
        assert_eq!(open["procedure"]["status"], "open");
        office.done("cancelProcedure", json!({"procedureId": made["id"], "reason": "Hủy đợt"}), "").await;
        assert_eq!(counts(&office, json!({})).await["steps"], 0);
        let told = plan(&office).await;
        assert!(!told.contains("\n4. ") && !told.contains("đường truyền"), "{told}");
        assert_eq!(office.refused("completeStep", json!({"stepId": id(7)})).await, "INVALID_STATE");

        // Steps of one's own; none are usual for other work.
        let other = |steps: Value| json!({"councilId": world.here.council, "kind": "other", "title": "Khảo sát đường", "anchorOn": "2026-04-10", "steps": steps});
        assert_eq!(refusal(&office, "startProcedure", other(Value::Null)).await, refused("REQUIRED", "steps"));
        assert_eq!(refusal(&office, "startProcedure", other(json!([{"title": "Đi", "days": 1001}]))).await, refused("OUT_OF_RANGE", "steps"));
        assert_eq!(refusal(&office, "startProcedure", other(json!([{"title": "Đi", "days": 1, "unit": "lunar"}]))).await, refused("UNKNOWN_CODE", "steps"));
        let input = other(json!([{"title": "Đi thực tế", "days": 3, "unit": "calendar", "side": "after", "documentKind": "BC"}]));
        let own = office.done("startProcedure", input, steps).await["procedure"].clone();
        assert_eq!(own["steps"][0]["dueOn"], "2026-04-13");
        // It is nobody else's.
        let neighbour = stage.app.person(&world.there.office);
        assert_eq!(refusal(&neighbour, "completeStep", json!({"stepId": own["steps"][0]["id"]})).await, refused("NOT_FOUND", "stepId"));
        assert_eq!(counts(&neighbour, json!({})).await["procedures"], 0);
        assert_eq!(counts(&stage.app.stranger(), json!({})).await["procedures"], 0);
    }

    // The same id with other steps was answered with the old ones, as if they had been taken.
    async fn a_procedure_started_again_with_other_steps_is_refused(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let point = stage.point(&round, "ấp Gò Thuyền", 50).await;
        let id = new_id();
        let step = |title: &str, days: i32| json!({"title": title, "days": days, "unit": "calendar", "side": "after", "responsible": "Văn phòng"});
        let start = |more: Value| {
            let mut input = json!({"id": id, "councilId": world.here.council, "kind": "other", "title": "Khảo sát đường", "roundId": round,
                "anchorOn": "2026-03-10", "steps": [step("Đi thực tế", 3), step("Báo cáo", 5)]});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        let fields = "procedure { id steps { id title days dueOn doneOn } }";
        let made = office.done("startProcedure", start(json!({})), fields).await["procedure"].clone();
        // The fifteenth is a Sunday.
        assert_eq!(made["steps"][1]["dueOn"], "2026-03-16");
        for more in [
            json!({"steps": [step("Đi thực tế", 3), step("Báo cáo", 6)]}),
            json!({"steps": [step("Đi thực tế", 3), step("Họp", 5)]}),
            json!({"steps": [step("Đi thực tế", 3)]}),
            json!({"steps": [step("Báo cáo", 5), step("Đi thực tế", 3)]}),
            json!({"anchorOn": "2026-03-11"}),
            json!({"title": "Khảo sát cầu"}),
            json!({"roundId": null}),
            json!({"roundId": null, "meetingId": point}),
        ] {
            assert_eq!(refusal(&office, "startProcedure", start(more.clone())).await, refused("TAKEN", "id"), "{more}");
        }
        // What has become of its steps since makes no other procedure of it.
        office.done("completeStep", json!({"stepId": made["steps"][0]["id"]}), "").await;
        let again = office.done("startProcedure", start(json!({})), fields).await["procedure"].clone();
        assert_eq!((&again["id"], &again["steps"][0]["doneOn"]), (&json!(id), &json!("2026-03-02")));
        assert_eq!(again["steps"].as_array().unwrap().len(), 2);
        // What it is for is refused by the name under which it was given.
        for (more, field) in [(json!({"roundId": new_id()}), "roundId"), (json!({"roundId": null, "meetingId": new_id()}), "meetingId")] {
            let mut input = start(more);
            input["id"] = json!(new_id());
            assert_eq!(refusal(&office, "startProcedure", input).await, refused("NOT_FOUND", field));
        }
    }

    async fn everybody_reads_the_schedule_and_subscribes_to_it(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let stranger = stage.app.stranger();
        let round = stage.round("before_session", 3).await;
        let place = "Nhà văn hóa ấp Gò Thuyền; khu B, xã Tân Hưng, tỉnh Tây Ninh, đối diện trường tiểu học";
        let late = stage.point(&round, "ấp Tân Bình", 72).await;
        let early = stage.point(&round, place, 24).await;
        let off = stage.point(&round, "ấp Cả Môn", 48).await;
        let schedule = async |more: &str| {
            let query = format!("{{ schedule(first: 10{more}) {{ totalCount nodes {{ id status startsAt place }} }} }}");
            stranger.data(&query, json!({})).await["schedule"].clone()
        };
        assert_eq!(schedule("").await["totalCount"], 0);
        stage.lead(&round, "approve").await;
        stage.advance(&off, &["cancel"]).await;
        office.done("publishRound", json!({"roundId": round}), "").await;
        let seen = schedule("").await;
        let ids: Vec<&str> = seen["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [&early, &off, &late]);
        assert_eq!(schedule(", filter: {withinUnit: {code: \"27736\"}}").await["totalCount"], 0);
        let page = stranger.data("{ schedule(first: 1) { pageInfo { hasNextPage endCursor } } }", json!({})).await;
        assert_eq!(page["schedule"]["pageInfo"]["hasNextPage"], true);
        let after = page["schedule"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
        let next = schedule(&format!(", after: \"{after}\"")).await;
        assert_eq!(next["nodes"][0]["id"], off);
        let wide = stranger.ask("{ schedule(first: 1, filter: {from: \"2026-01-01T00:00:00Z\", to: \"2027-06-01T00:00:00Z\"}) { totalCount } }", json!({})).await;
        assert_eq!(wide.body["errors"][0]["extensions"]["code"], "OUT_OF_RANGE");
        // The round itself is public with its figures; what is internal of it is not.
        let query = "query($id: ID!) { round(id: $id) { title status counts { pointsEntered recorded invitations } procedures { id } history(first: 5) { event } } }";
        let seen = stranger.data(query, json!({"id": round})).await["round"].clone();
        assert_eq!(seen["counts"], json!({"pointsEntered": 3, "recorded": null, "invitations": null}));
        assert_eq!((&seen["procedures"], &seen["history"]), (&json!([]), &json!([])));

        // The same as a calendar, read by a parser that is not ours.
        let (status, headers, text) = stranger.get("/lich/27721.ics").await;
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "text/calendar; charset=utf-8");
        assert!(text.lines().all(|line| line.len() <= 75) && text.ends_with("END:VCALENDAR\r\n"));
        let events = events(&text).await;
        let mut ours: Vec<&Value> = events.iter().filter(|event| [&early, &off, &late].iter().any(|id| event["uid"] == format!("{id}@cutri"))).collect();
        ours.sort_by_key(|event| event["start"].as_str().unwrap().to_owned());
        assert_eq!(ours.len(), 3);
        assert_eq!(ours[0]["location"], place);
        assert_eq!(ours[0]["start"], "2026-03-03T01:00:00Z");
        assert_eq!(ours[0]["summary"], format!("Tiếp xúc cử tri tại {place}"));
        assert_eq!((&ours[1]["status"], &ours[1]["summary"]), (&json!("CANCELLED"), &json!("[Hủy] Tiếp xúc cử tri tại ấp Cả Môn")));
        // By id, and for the province; nowhere else.
        for unit in [world.here.unit.to_string(), world.province.to_string()] {
            assert_eq!(stranger.get(&format!("/lich/{unit}.ics")).await.0, 200);
        }
        for path in ["/lich/99999.ics", "/lich/27721", "/lich/%00.ics"] {
            assert_eq!(stranger.get(path).await.0, 404, "{path}");
        }
        // Taken back, it is gone from both.
        office.done("publishRound", json!({"roundId": round, "isPublic": false}), "").await;
        assert_eq!(schedule("").await["totalCount"], 0);
        assert!(!stranger.get("/lich/27721.ics").await.2.contains(&early));
    }

    // The calendar of a province ended with its two-thousandth contact, and nothing told that there were more.
    async fn a_schedule_that_is_too_long_for_one_calendar_goes_on_in_the_next(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let conn = stage.app.state.store.migrating();
        // Three an hour for weeks; and in June more on one day than a calendar holds.
        let hourly = (0..2_100).map(|n| stage.clock.now() + Duration::minutes(20 * n));
        let june = "2026-06-01T01:00:00Z".parse().unwrap();
        let contacts: Vec<meeting::Model> = hourly.chain(std::iter::repeat_n(june, 2_010))
            .map(|at| meeting::Model { starts_at: Some(at), ends_at: None, ..rows::meeting() }).collect();
        for contacts in contacts.chunks(500) {
            let rows = contacts.iter().map(|row| row.clone().into_active_model().reset_all());
            meeting::Entity::insert_many(rows).exec_without_returning(conn).await.unwrap();
            let places = contacts.iter().map(|row| meeting_unit::Model { meeting_id: row.id, unit_id: stage.world.here.unit });
            let places = places.map(|place| place.into_active_model().reset_all());
            meeting_unit::Entity::insert_many(places).exec_without_returning(conn).await.unwrap();
        }
        let stranger = stage.app.stranger();
        let mut address = "/lich/27721.ics".to_owned();
        let (mut told, mut begun): (Vec<Value>, Vec<String>) = Default::default();
        loop {
            let (status, headers, text) = stranger.get(&address).await;
            assert_eq!(status, 200, "{text}");
            told.extend(events(&text).await);
            let Some(link) = headers.get("link") else { break };
            let link = link.to_str().unwrap().strip_prefix('<').unwrap();
            address = link.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
            begun.push(address.rsplit('=').next().unwrap().to_owned());
            // People read it in their calendar, on that day.
            let is_pointer = |event: &&Value| event["summary"].as_str().unwrap().contains(&address);
            let pointer = told.iter().find(is_pointer).unwrap_or_else(|| panic!("nothing tells of {address}"));
            assert_eq!(&pointer["start"], begun.last().unwrap());
        }
        assert_eq!(begun, ["2026-03-30", "2026-06-01", "2026-06-02"]);
        let ids: BTreeSet<String> = contacts.iter().map(|row| format!("{}@cutri", row.id)).collect();
        let uids: Vec<&str> = told.iter().filter_map(|event| event["uid"].as_str()).filter(|uid| ids.contains(*uid)).collect();
        assert_eq!((uids.len(), BTreeSet::from_iter(uids).len()), (4_110, 4_110), "each is there once");
        for day in ["hom-nay", "2026-02-30", ""] {
            assert_eq!(stranger.get(&format!("/lich/27721.ics?tu={day}")).await.0, 400, "{day}");
        }
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

    // What nobody ever approved stood on the public page as called off.
    async fn what_was_called_off_as_a_proposal_is_nobodys_but_the_councils(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let office = stage.office();
        let round = stage.round("before_session", 3).await;
        let off = stage.point(&round, "ấp Gò Thuyền", 24).await;
        let never = stage.point(&round, "ấp Cả Môn", 48).await;
        let later = stage.point(&round, "ấp Tân Bình", 72).await;
        stage.advance(&never, &["cancel"]).await;
        stage.advance(&later, &["postpone"]).await;
        stage.lead(&round, "approve").await;
        stage.advance(&off, &["cancel"]).await;
        let published = async || {
            office.done("publishRound", json!({"roundId": round}), "").await;
            let stranger = stage.app.stranger();
            let seen = stranger.data("{ schedule(first: 10) { nodes { id } } }", json!({})).await;
            let (_, _, calendar) = stranger.get("/lich/27721.ics").await;
            let ids: Vec<String> = seen["schedule"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
            for point in [&off, &never, &later] {
                assert_eq!(calendar.contains(point.as_str()), ids.contains(point), "the calendar says the same");
            }
            ids
        };
        assert_eq!(published().await, std::slice::from_ref(&off));
        assert_eq!(office.refused("publishMeeting", json!({"meetingId": never})).await, "INVALID_STATE");
        // Approved anew it is published with the next call, and stays so when it is put off again.
        stage.advance(&later, &["approve"]).await;
        assert_eq!(published().await, [off.clone(), later.clone()]);
        stage.advance(&later, &["postpone"]).await;
        office.done("publishRound", json!({"roundId": round, "isPublic": false}), "").await;
        assert_eq!(published().await, [off.clone(), later.clone()]);
    }

    // A step that was done in time was waived away, and one was done years before anybody had planned it.
    async fn a_step_is_done_once_it_was_planned_and_is_not_waived_away(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let round = stage.round("before_session", 1).await;
        let steps = "procedure { id steps { id dueOn doneOn onTime waived } }";
        let input = json!({"councilId": world.here.council, "kind": "contact_preparation", "roundId": round, "anchorOn": "2026-03-20"});
        let made = office.done("startProcedure", input, steps).await["procedure"].clone();
        let id = made["steps"][0]["id"].clone();
        assert_eq!(made["steps"][0]["dueOn"], "2026-02-27");
        let on = |day: &str| json!({"stepId": id, "doneOn": day});
        // The plan is of 20 February, and was entered on 2 March.
        for day in ["2020-01-01", "2026-02-19"] {
            assert_eq!(refusal(&office, "completeStep", on(day)).await, refused("OUT_OF_RANGE", "doneOn"), "{day}");
        }
        let done = office.done("completeStep", on("2026-02-20"), steps).await["procedure"]["steps"][0].clone();
        assert_eq!(done["onTime"], true);
        let waive = json!({"stepId": id, "reason": "Không cần"});
        assert_eq!(refusal(&office, "waiveStep", waive.clone()).await, refused("INVALID_STATE", "stepId"));
        let query = "query($id: ID!) { procedure(id: $id) { steps { id dueOn doneOn onTime waived } } }";
        assert_eq!(office.data(query, json!({"id": made["id"]})).await["procedure"]["steps"][0], done);
        office.done("reopenStep", json!({"stepId": id}), "").await;
        let waived = office.done("waiveStep", waive, steps).await["procedure"]["steps"][0].clone();
        assert_eq!((&waived["doneOn"], &waived["waived"]), (&Value::Null, &json!("Không cần")));

        // Work that was done before it was entered is entered afterwards, from the day from which its periods are counted.
        let past = json!({"councilId": world.here.council, "kind": "other", "title": "Khảo sát đường", "anchorOn": "2026-02-10",
            "steps": [{"title": "Đi thực tế", "days": 3, "unit": "calendar", "side": "after"}]});
        let past = office.done("startProcedure", past, steps).await["procedure"]["steps"][0]["id"].clone();
        let on = |day: &str| json!({"stepId": past, "doneOn": day});
        assert_eq!(refusal(&office, "completeStep", on("2026-02-09")).await, refused("OUT_OF_RANGE", "doneOn"));
        office.done("completeStep", on("2026-02-10"), "").await;
    }
}
