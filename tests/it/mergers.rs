//! Figures add up through mergers of communes and changes of term: what the office that follows writes down of an older
//! contact counts in the round, the table, the minutes and the synthesis alike, and is told to the voters it came from.

use cutri_tests::{
    TestDatabase, each_db,
    phone::new_id,
    world::{Login, Put},
};
use entity::{
    council, delegate, feedback,
    id::{CouncilId, DelegateId, MeetingId, RoundId, UnitId},
    meeting, meeting_council, meeting_delegate, meeting_unit, round,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    documents::{fetched, reading::text_of},
    reports,
    rounds::Stage,
    rows,
};

/// The council of a unit that sat until the communes were merged, and its next term began.
fn former(unit: UnitId) -> council::Model {
    council::Model {
        unit_id: unit,
        valid_from: "2021-07-01".parse().unwrap(),
        valid_to: Some("2025-07-01".parse().unwrap()),
        rev: 0,
        ..rows::council()
    }
}

fn id<T: From<Uuid>>() -> T {
    T::from(new_id().parse::<Uuid>().unwrap())
}

/// A contact that was held ten days before the merger.
struct Contact {
    round: RoundId,
    point: MeetingId,
}

impl Contact {
    /// Councils that are no more held it, the first of them by its own round.
    async fn held(stage: &Stage, councils: &[CouncilId], unit: UnitId) -> Self {
        let at = "2025-06-20T01:00:00Z".parse().unwrap();
        let round = round::Model {
            id: id(),
            council_id: councils[0],
            kind: "before_session".to_owned(),
            title: "Đợt trước kỳ họp giữa năm 2025".to_owned(),
            session_id: None,
            plan_number: None,
            plan_date: None,
            points_planned: Some(1),
            starts_on: None,
            ends_on: None,
            content: None,
            status: round::Status::Approved,
            is_public: false,
            created_at: at,
            rev: 0,
            updated_at: at,
        };
        let point = meeting::Model {
            council_id: councils[0],
            author_id: None,
            round_id: Some(round.id),
            starts_at: Some(at),
            ends_at: None,
            status: meeting::Status::Held,
            ordinal: None,
            agenda: None,
            is_public: false,
            rev: 0,
            ..rows::meeting()
        };
        let contact = Self {
            round: round.id,
            point: point.id,
        };
        let there = meeting_unit::Model {
            meeting_id: contact.point,
            unit_id: unit,
        };
        let mut put = Put::new().row(round).row(point).row(there);
        for joint in &councils[1..] {
            put = put.row(meeting_council::Model {
                meeting_id: contact.point,
                council_id: *joint,
            });
        }
        put.now(&stage.app.state).await;
        contact
    }

    /// What was written down for a council while it sat.
    async fn said(&self, stage: &Stage, council: CouncilId, words: &str) {
        let said = feedback::Model {
            council_id: council,
            author_id: stage.world.here.office.account,
            delegate_id: None,
            meeting_id: Some(self.point),
            unit_id: None,
            content: Some(words.to_owned()),
            answered_on_spot: None,
            on_spot_answer: None,
            tracking_code: None,
            question: None,
            petition_id: None,
            rev: 0,
            ..rows::feedback()
        };
        Put::new().row(said).now(&stage.app.state).await;
    }

    /// What the office of today writes down of it.
    async fn written_down(&self, stage: &Stage, words: &str) -> String {
        let input = json!({"meetingId": self.point, "kind": "petition", "content": words});
        let made = stage
            .office()
            .done("submitFeedback", input, "feedback { id }")
            .await;
        made["feedback"]["id"].as_str().unwrap().to_owned()
    }

    /// How many were recorded, forwarded and neither: in the round, and the same in the table.
    async fn counted(&self, stage: &Stage) -> [i64; 3] {
        let office = stage.office();
        let query = "query($id: ID!) { round(id: $id) { counts { recorded forwarded waiting } } }";
        let counts = office.data(query, json!({"id": self.round})).await["round"]["counts"].clone();
        // The last day of a table is its cut-off: up to today, as the round counts.
        let today = stage.app.state.clock.today();
        let question = format!("unit=27721&from=2025-06-01&to={today}");
        let table = reports::table(&office, "contact-points", &question).await;
        assert_eq!(table.len(), 1, "{table:?}");
        let names = [
            ("recorded", "opinions_recorded"),
            ("forwarded", "forwarded"),
            ("waiting", "not_forwarded"),
        ];
        names.map(|(name, column)| {
            assert_eq!(
                table[0][column],
                counts[name].to_string(),
                "the table says the same"
            );
            counts[name].as_i64().unwrap()
        })
    }

    /// How many the synthesis of a council lists, before and after it is frozen.
    async fn listed(&self, stage: &Stage, council: CouncilId) -> i64 {
        let office = stage.office();
        let draft = json!({"councilId": council, "roundId": self.round});
        let made = office
            .done("draftSynthesis", draft, "synthesis { id preview { opinions } }")
            .await["synthesis"]
            .clone();
        let paper = json!({"synthesisId": made["id"], "documentNumber": "15/BC-HĐND",
            "documentDate": stage.app.state.clock.today().to_string(), "acknowledgeUnclassified": true});
        let frozen = office
            .done("freezeSynthesis", paper, "synthesis { edition { opinions } }")
            .await;
        assert_eq!(
            frozen["synthesis"]["edition"]["opinions"],
            made["preview"]["opinions"]
        );
        made["preview"]["opinions"].as_i64().unwrap()
    }

    /// The minutes as the office of today prints them.
    async fn minutes(&self, stage: &Stage) -> String {
        let office = stage.office();
        let query = "query($id: ID!) { meeting(id: $id) { documentUrl } }";
        let of = office.data(query, json!({"id": self.point})).await;
        let path = of["meeting"]["documentUrl"].as_str().unwrap().to_owned();
        text_of(&fetched(&office, &path).await.1)
    }

    /// Somebody came to it as a delegate of a council of then.
    async fn attended(&self, stage: &Stage, who: &Login, council: CouncilId) {
        let then = delegate::Model {
            id: id::<DelegateId>(),
            account_id: Some(who.account),
            council_id: council,
            group_id: None,
            valid_from: "2021-07-01".parse().unwrap(),
            valid_to: Some("2025-07-01".parse().unwrap()),
            rev: 0,
            ..rows::delegate()
        };
        let came = meeting_delegate::Model {
            meeting_id: self.point,
            delegate_id: then.id,
            invited: true,
            attended: true,
            attending: None,
            absence_reason: None,
            answered_at: None,
        };
        Put::new().row(then).row(came).now(&stage.app.state).await;
    }
}

each_db! {
    // What the office of the merged commune wrote down of a contact of the former ones counted in their round, its table and
    // its minutes; in no synthesis, and nobody was asked to tell the voters.
    async fn three_communes_became_one_and_their_figures_are_the_same_everywhere(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let reference = stage.app.state.reference();
        let merged = reference.units.predecessors(here.unit).filter(|edge| !edge.derived);
        let three: Vec<council::Model> = merged.map(|edge| former(edge.from_id)).collect();
        assert_eq!(three.len(), 3, "Tân Hưng was made of three communes");
        let [holder, joint, third] = [three[0].id, three[1].id, three[2].id];
        let mut put = Put::new();
        for council in &three {
            put = put.row(council.clone());
        }
        put.now(&stage.app.state).await;

        let contact = Contact::held(&stage, &[holder, joint], three[0].unit_id).await;
        contact.attended(&stage, &here.delegates[0], holder).await;
        contact.said(&stage, holder, "Cầu gãy").await;
        contact.said(&stage, joint, "Đường ngập").await;
        // The third took no part: what its delegate heard there is its own.
        contact.said(&stage, third, "Đèn tắt").await;
        assert_eq!(contact.counted(&stage).await, [2, 0, 2]);
        let school = contact.written_down(&stage, "Trường dột").await;
        contact.written_down(&stage, "Chợ ướt").await;
        assert_eq!(contact.counted(&stage).await, [4, 0, 4]);

        // Its petition is today's council's, and goes its way.
        let petition = stage.group_of(&[&school], "sửa trường").await;
        stage.classify(&petition, "transport", "commune").await;
        let one = std::slice::from_ref(&petition);
        stage.forward(one, here.committee, &[], "12/VP").await;
        assert_eq!(contact.counted(&stage).await, [4, 1, 3]);
        let told = contact.minutes(&stage).await;
        for words in ["Đã ghi 3 phiếu", "đã chuyển cơ quan có thẩm quyền 1; chưa chuyển 2", "Ngoài ra 1 phiếu", "Cầu gãy", "Trường dột", "Chợ ướt"] {
            assert!(told.contains(words), "{words}\n{told}");
        }
        assert!(!told.contains("Đường ngập") && !told.contains("Đèn tắt"), "{told}");
        let (of_holder, of_joint) = (contact.listed(&stage, holder).await, contact.listed(&stage, joint).await);
        assert_eq!((of_holder, of_joint), (3, 1), "together as many as the round counts");
        for elsewhere in [third, here.council] {
            let draft = json!({"councilId": elsewhere, "roundId": contact.round});
            assert_eq!(stage.office().refused("draftSynthesis", draft).await, "NOT_FOUND");
        }

        // Who came to it as a delegate of then tells its voters what came of it.
        stage.body().done("answerPetitions", stage.answer(one, here.committee, "30/UBND", json!({})), "").await;
        stage.turns().await;
        let waits = stage.delegate(0).data("{ agenda { kind petitions { id } } }", json!({})).await;
        assert_eq!(waits["agenda"], json!([{"kind": "to_inform", "petitions": [{"id": petition}]}]));
        assert_eq!(stage.delegate(1).data("{ agenda { kind } }", json!({})).await["agenda"], json!([]));
    }

    // The same when a new term begins: the office stays, and the council is another one.
    async fn what_the_office_of_the_next_term_writes_down_stands_in_the_synthesis_too(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let here = &stage.world.here;
        let before = former(here.unit);
        let council = before.id;
        Put::new().row(before).now(&stage.app.state).await;
        let contact = Contact::held(&stage, &[council], here.unit).await;
        contact.said(&stage, council, "Cầu gãy").await;
        contact.written_down(&stage, "Trường dột").await;
        assert_eq!(contact.counted(&stage).await, [2, 0, 2]);
        assert_eq!(contact.listed(&stage, council).await, 2);
        let told = contact.minutes(&stage).await;
        assert!(told.contains("Đã ghi 2 phiếu") && !told.contains("Ngoài ra"), "{told}");
    }

    // What was said at a point that another council held for the round was counted in the round and in nobody's synthesis.
    async fn whoever_holds_a_point_of_a_round_of_others_lists_what_was_said_there(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let world = &stage.world;
        let round = stage.round("before_session", 1).await;
        stage.lead(&round, "approve").await;
        let there = stage.app.person(&world.there.office);
        let input = json!({"councilId": world.there.council, "councilIds": [world.here.council], "kind": "before_session",
            "roundId": round, "title": "Tiếp xúc cử tri liên xã", "startsAt": stage.hours(-3), "unitIds": [world.there.unit]});
        // A round of which he may not know is as if it were not there, though its council takes part.
        let hidden = there.mutate("planMeeting", input.clone(), "").await;
        assert_eq!((&hidden["userErrors"][0]["code"], &hidden["userErrors"][0]["field"]), (&json!("NOT_FOUND"), &json!("roundId")));
        let mut absent = input.clone();
        absent["roundId"] = json!(new_id());
        assert_eq!(there.mutate("planMeeting", absent, "").await, hidden);
        stage.office().done("publishRound", json!({"roundId": round}), "").await;
        let point = there.done("planMeeting", input, "meeting { id }").await["meeting"]["id"].clone();
        for event in ["approve", "notify", "hold"] {
            there.done("advanceMeeting", json!({"meetingId": point, "event": event}), "").await;
        }
        stage.said(0, point.as_str().unwrap(), &[("Cầu gãy", false)]).await;
        let words = json!({"meetingId": point, "kind": "petition", "content": "Đường ngập"});
        stage.app.person(&world.there.delegates[0]).done("submitFeedback", words, "").await;
        let query = "query($id: ID!) { round(id: $id) { counts { recorded } } }";
        let counts: Value = stage.office().data(query, json!({"id": round})).await["round"]["counts"].clone();
        assert_eq!(counts["recorded"], 2);
        for (person, council) in [(stage.office(), world.here.council), (there, world.there.council)] {
            let draft = json!({"councilId": council, "roundId": round});
            let made = person.done("draftSynthesis", draft, "synthesis { preview { points opinions } }").await;
            assert_eq!(made["synthesis"]["preview"], json!({"points": 1, "opinions": 1}));
        }
    }
}
