//! Syntheses of a round, told as delegate groups, the office and MTTQ make them: what voters said becomes a frozen,
//! numbered list whose counts come of the lineage of its petitions.

use chrono::Duration;
use cutri_tests::{
    TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    world::{self, Put},
};
use entity::{
    delegate, feedback,
    id::{FeedbackId, PetitionId},
    petition, petition_feedback, petition_unit,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::{rounds::Stage, rows};

const EDITION: &str = "synthesis { id status edition { number documentNumber points opinions onSpot before after dueOn roundEndedOn onTime
    byTierAndField { tier field count } cosigner sentTo reason } }";

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

impl Stage {
    /// A round with one point that was held.
    pub(crate) async fn held(&self) -> (String, String) {
        let round = self.round("before_session", 1).await;
        let point = self.point(&round, "hội trường xã", -3).await;
        self.lead(&round, "approve").await;
        self.advance(&point, &["notify", "hold"]).await;
        (round, point)
    }

    /// What one delegate wrote down at a point; the ids.
    pub(crate) async fn said(&self, which: usize, point: &str, texts: &[(&str, bool)]) -> Vec<String> {
        let rows: Vec<(String, Value)> = texts
            .iter()
            .map(|(text, on_spot)| {
                let id = new_id();
                let row = json!({"meetingId": point, "kind": "petition", "unitId": self.world.here.unit, "content": text,
                    "answeredOnSpot": on_spot, "onSpotAnswer": on_spot.then_some("Đã giải trình")});
                (id.clone(), create("feedback", &id, row))
            })
            .collect();
        let pushed: Vec<Value> = rows.iter().map(|(_, row)| row.clone()).collect();
        for result in Phone::new(self.delegate(which)).push(&pushed).await {
            assert_eq!(result["status"], "APPLIED", "{result}");
        }
        rows.into_iter().map(|(id, _)| id).collect()
    }

    pub(crate) async fn group_of(&self, feedback: &[&String], title: &str) -> String {
        let input =
            json!({"feedbackIds": feedback, "title": title, "content": format!("Cử tri đề nghị {title}")});
        let made = self
            .office()
            .done("groupFeedback", input, "petition { id }")
            .await;
        made["petition"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn classify(&self, petition: &str, field: &str, tier: &str) {
        let input = json!({"petitionId": petition, "field": field, "tier": tier});
        self.office().done("classifyPetition", input, "").await;
    }

    pub(crate) async fn front(&self) -> Person {
        let state = &self.app.state;
        let login = world::login(state, "mttq.tanhung", &self.world.province.to_string()).await;
        world::at_council(state, &login, "front_officer", self.world.here.council).await;
        self.app.person(&login)
    }
}

each_db! {
    async fn a_synthesis_goes_from_the_groups_to_the_council_with_mttq_and_out(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let front = stage.front().await;
        // Two groups of delegates, each with its head.
        let keeper = office.clone();
        let mut groups = Vec::new();
        for (number, login) in world.here.delegates.iter().enumerate() {
            let input = json!({"councilId": world.here.council, "name": format!("Tổ đại biểu số {}", number + 1)});
            let group = keeper.done("createGroup", input, "group { id }").await["group"]["id"].clone();
            let mandate = stage.mandate(login).await;
            keeper.done("updateDelegate", json!({"delegateId": mandate, "groupId": group}), "").await;
            groups.push(group.as_str().unwrap().to_owned());
        }
        world::at_council(&stage.app.state, &world.here.delegates[0], "group_head", world.here.council).await;
        let (round, point) = stage.held().await;
        let one = stage.said(0, &point, &[("cầu gãy", false), ("cầu gãy lắm rồi", false), ("đường tối", true)]).await;
        let two = stage.said(1, &point, &[("thiếu nước", false), ("nước và điện", false)]).await;

        // The head makes his group's own: what its delegates heard, before the office has touched it.
        let head = stage.delegate(0);
        let of_group = json!({"councilId": world.here.council, "roundId": round, "groupId": groups[0]});
        let made = head.done("draftSynthesis", of_group.clone(), "synthesis { id title level status group { name } preview { opinions onSpot before after ungrouped unclassified dueOn } }").await["synthesis"].clone();
        assert_eq!((&made["level"], &made["group"]["name"]), (&json!("group"), &json!("Tổ đại biểu số 1")));
        // Three working days after the contact of Monday 2 March.
        assert_eq!(made["preview"], json!({"opinions": 3, "onSpot": 1, "before": 2, "after": 2, "ungrouped": 2, "unclassified": 0, "dueOn": "2026-03-05"}));
        assert_eq!(refusal(&office, "draftSynthesis", of_group).await, refused("TAKEN", "roundId"));
        assert_eq!(refusal(&stage.delegate(1), "draftSynthesis", json!({"councilId": world.here.council, "roundId": round, "groupId": groups[0]})).await.0, "FORBIDDEN");
        assert_eq!(refusal(&head, "draftSynthesis", json!({"councilId": world.here.council, "roundId": round})).await.0, "FORBIDDEN");
        let paper = |id: &Value, number: &str, more: Value| {
            let mut input = json!({"synthesisId": id, "documentNumber": number, "documentDate": "2026-03-02", "signer": "Tổ trưởng"});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        assert_eq!(refusal(&head, "sendSynthesis", json!({"synthesisId": made["id"]})).await.0, "INVALID_STATE");
        let frozen = head.done("freezeSynthesis", paper(&made["id"], "01/BC-TĐB", json!({})), EDITION).await["synthesis"].clone();
        assert_eq!((&frozen["status"], &frozen["edition"]["after"], &frozen["edition"]["onSpot"]), (&json!("frozen"), &json!(2), &json!(1)));
        let sent = head.done("sendSynthesis", json!({"synthesisId": made["id"]}), EDITION).await["synthesis"].clone();
        assert_eq!((&sent["status"], &sent["edition"]["sentTo"], &sent["edition"]["onTime"]), (&json!("sent"), &json!("Thường trực HĐND"), &json!(true)));

        // The office groups, splits and classifies: five opinions, one answered on the spot.
        let bridge = stage.group_of(&[&one[0], &one[1]], "sửa cầu").await;
        let left = "query($id: ID!) { synthesis(id: $id) { preview { ungrouped unclassified } } }";
        let left = office.data(left, json!({"id": made["id"]})).await["synthesis"]["preview"].clone();
        assert_eq!(left, json!({"ungrouped": 0, "unclassified": 1}), "what is to be finished before freezing");
        stage.classify(&bridge, "transport", "commune").await;
        let water = stage.group_of(&[&two[0]], "cấp nước").await;
        stage.classify(&water, "environment", "province").await;
        let both = stage.group_of(&[&two[1]], "nước và điện").await;
        stage.classify(&both, "environment", "province").await;
        let parts = json!([{"title": "nước", "content": "nước"}, {"title": "điện", "content": "điện"}]);
        let parts = office.done("splitPetition", json!({"petitionId": both, "parts": parts}), "petitions { id }").await["petitions"].clone();
        stage.classify(parts[1]["id"].as_str().unwrap(), "power", "non_state").await;
        let input = json!({"petitionIds": [water, parts[0]["id"]], "title": "cấp nước sạch", "content": "cấp nước sạch"});
        let merged = office.done("mergePetitions", input, "petition { id }").await["petition"]["id"].as_str().unwrap().to_owned();
        stage.classify(&merged, "environment", "province").await;

        // The council's: three petitions became three, by another way.
        let draft = json!({"councilId": world.here.council, "roundId": round});
        // Seven working days after the round, which goes on until Friday 6 March: not after its last point so far.
        let council = office.done("draftSynthesis", draft, "synthesis { id preview { before after ungrouped unclassified dueOn } }").await["synthesis"].clone();
        assert_eq!(council["preview"], json!({"before": 3, "after": 3, "ungrouped": 0, "unclassified": 0, "dueOn": "2026-03-17"}));
        assert_eq!(office.refused("freezeSynthesis", paper(&council["id"], "", json!({}))).await, "REQUIRED");
        assert_eq!(office.refused("freezeSynthesis", paper(&council["id"], "1/BC", json!({"documentDate": "2026-03-03"}))).await, "OUT_OF_RANGE");
        stage.advance(&point, &["sign_minutes"]).await;
        let frozen = office.done("freezeSynthesis", paper(&council["id"], "15/BC-HĐND", json!({})), EDITION).await["synthesis"]["edition"].clone();
        assert_eq!(frozen["byTierAndField"], json!([{"tier": "province", "field": "environment", "count": 1},
            {"tier": "commune", "field": "transport", "count": 1}, {"tier": "non_state", "field": "power", "count": 1}]));
        // The point went into it.
        let query = "query($id: ID!) { meeting(id: $id) { status } }";
        assert_eq!(office.data(query, json!({"id": point})).await["meeting"]["status"], "synthesised");
        // The same paper again is no second edition.
        let again = office.done("freezeSynthesis", paper(&council["id"], "15/BC-HĐND", json!({})), EDITION).await;
        assert_eq!(again["synthesis"]["edition"]["number"], 1);

        // It goes out with MTTQ's name, and not before.
        let send = json!({"synthesisId": council["id"], "toCouncilId": world.province_council, "sentOn": "2026-03-02"});
        assert_eq!(refusal(&office, "sendSynthesis", send.clone()).await.0, "INVALID_STATE");
        let cosign = json!({"synthesisId": council["id"], "signer": "Chủ tịch MTTQ xã"});
        assert_eq!(refusal(&office, "cosignSynthesis", cosign.clone()).await, refused("FORBIDDEN", "synthesisId"));
        let cosigned = front.done("cosignSynthesis", cosign, EDITION).await["synthesis"].clone();
        assert_eq!((&cosigned["status"], &cosigned["edition"]["cosigner"]), (&json!("cosigned"), &json!("Chủ tịch MTTQ xã")));
        let sight = "query($id: ID!) { node(id: $id) { __typename } synthesis(id: $id) { status edition { items(first: 5) { totalCount nodes { position title places opinions mergedFrom splitFrom petition { id } } } } } }";
        let above = stage.app.person(&world.province_office);
        assert_eq!(above.data(sight, json!({"id": council["id"]})).await["node"], Value::Null);
        office.done("sendSynthesis", send, "").await;
        let read = above.data(sight, json!({"id": council["id"]})).await;
        assert_eq!((&read["node"]["__typename"], &read["synthesis"]["status"]), (&json!("Synthesis"), &json!("sent")));
        let items = read["synthesis"]["edition"]["items"].clone();
        assert_eq!(items["totalCount"], 3);
        let first = &items["nodes"][0];
        assert_eq!((&first["position"], &first["title"], &first["opinions"], &first["mergedFrom"]), (&json!(1), &json!("cấp nước sạch"), &json!(2), &json!(2)));
        assert_eq!((&items["nodes"][1]["opinions"], &items["nodes"][1]["mergedFrom"]), (&json!(2), &json!(1)));
        assert!(items["nodes"][2]["splitFrom"].as_str().unwrap().ends_with("/2026"));
        for stranger in [stage.app.stranger(), stage.app.person(&world.there.office)] {
            assert_eq!(stranger.data(sight, json!({"id": council["id"]})).await, json!({"node": null, "synthesis": null}));
        }
        let region = stage.app.person(&world.aggregator).data(sight, json!({"id": council["id"]})).await;
        assert_eq!(region["synthesis"]["edition"]["items"]["totalCount"], 0, "figures, not texts");

        // Petitions change: the edition does not, and the next one says why it is there.
        stage.clock.advance(Duration::days(3));
        let office = stage.office();
        stage.classify(&bridge, "transport", "province").await;
        let query = "query($id: ID!) { synthesis(id: $id) { editions { number after items(first: 9) { nodes { title tier } } } history(first: 20) { event basis } } }";
        let kept = office.data(query, json!({"id": council["id"]})).await["synthesis"].clone();
        assert_eq!(kept["editions"][0]["items"]["nodes"][1], json!({"title": "sửa cầu", "tier": "commune"}));
        let second = json!({"synthesisId": council["id"], "documentNumber": "18/BC-HĐND", "documentDate": "2026-03-05"});
        assert_eq!(refusal(&office, "freezeSynthesis", second.clone()).await, refused("REQUIRED", "reason"));
        let mut second = second;
        second["reason"] = json!("Phân loại lại thẩm quyền sửa cầu");
        let newest = office.done("freezeSynthesis", second, EDITION).await["synthesis"].clone();
        assert_eq!((&newest["status"], &newest["edition"]["number"]), (&json!("frozen"), &json!(2)));
        let both = office.data(query, json!({"id": council["id"]})).await["synthesis"].clone();
        assert_eq!(both["editions"][0], kept["editions"][0], "what was frozen never changes");
        assert_eq!(both["editions"].as_array().unwrap().len(), 2);
        // Whoever was sent the first reads the first: neither what was not sent yet, nor the draft, nor its history.
        let above = above.signed_again(&stage.app.state, stage.app.address());
        let inner = "query($id: ID!) { synthesis(id: $id) { edition { number } editions { number } preview { after } history(first: 20) { event } } }";
        let read = above.data(inner, json!({"id": council["id"]})).await["synthesis"].clone();
        assert_eq!(read, json!({"edition": {"number": 1}, "editions": [{"number": 1}], "preview": null, "history": []}));
        let paper = |edition: &str| format!("/documents/synthesis/{}.docx{edition}", council["id"].as_str().unwrap());
        for (edition, status) in [("", 200), ("?edition=1", 200), ("?edition=2", 400), ("?edition=0", 400)] {
            assert_eq!(above.get(&paper(edition)).await.0, status, "{edition}");
            assert_eq!(office.get(&paper(edition)).await.0, 200, "{edition}");
        }
        // The clock stood still before: in one moment history has no order.
        let mut told: Vec<&str> = both["history"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, ["cosigned", "drafted", "frozen", "frozen", "sent"]);
        let listed = office.data("{ syntheses(first: 5, filter: {level: \"council\"}) { totalCount nodes { id } } rounds(first: 1) { nodes { syntheses { id level } } } }", json!({})).await;
        assert_eq!(listed["syntheses"]["totalCount"], 1);
        assert_eq!(listed["rounds"]["nodes"][0]["syntheses"].as_array().unwrap().len(), 2);
    }

    async fn one_hundred_and_fifty_four_became_one_hundred_and_sixty_one(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let (round, point) = stage.held().await;
        let state = &stage.app.state;
        let author = world.here.delegates[0].account;
        let mandate = delegate::Entity::find().filter(delegate::Column::AccountId.eq(author)).one(state.store.read()).await.unwrap().unwrap();
        // 13 for the centre, 24 for communes, 117 for the province; seven of these ask for two things at once.
        let mut put = Put::new();
        let mut twofold = Vec::new();
        for number in 0..154 {
            let (tier, field) = match number {
                0..13 => ("central", "transport"),
                13..37 => ("commune", "irrigation"),
                37..75 => ("province", "transport"),
                75..122 => ("province", "environment"),
                _ => ("province", "power"),
            };
            let said = feedback::Model {
                id: FeedbackId(new_id().parse().unwrap()),
                council_id: world.here.council,
                author_id: author,
                delegate_id: Some(mandate.id),
                meeting_id: Some(point.parse::<uuid::Uuid>().unwrap().into()),
                unit_id: Some(world.here.unit),
                kind: "petition".to_owned(),
                answered_on_spot: None,
                status: feedback::Status::Grouped,
                ..rows::feedback()
            };
            let asked = petition::Model {
                id: PetitionId(new_id().parse().unwrap()),
                council_id: world.here.council,
                number: format!("{}/2025", number + 1),
                tier: Some(tier.to_owned()),
                field: Some(field.to_owned()),
                process: petition::Process::Classified,
                agency_id: None,
                upper_council_id: None,
                ..rows::petition()
            };
            // Split below: one that asks for a road and a river, into both.
            if (47..54).contains(&number) {
                twofold.push(asked.id.to_string());
            }
            put = put
                .row(petition_feedback::Model { petition_id: asked.id, feedback_id: said.id })
                .row(petition_unit::Model { petition_id: asked.id, unit_id: world.here.unit })
                .row(feedback::Model { petition_id: Some(asked.id), ..said })
                .row(asked);
        }
        put.now(state).await;
        let draft = json!({"councilId": world.here.council, "roundId": round});
        let made = office.done("draftSynthesis", draft, "synthesis { id preview { opinions before after } }").await["synthesis"].clone();
        assert_eq!(made["preview"], json!({"opinions": 154, "before": 154, "after": 154}));
        for petition in &twofold {
            let parts = json!([{"title": "Đường", "content": "Sửa đường"}, {"title": "Cầu", "content": "Sửa cầu"}]);
            office.done("splitPetition", json!({"petitionId": petition, "parts": parts}), "").await;
        }
        let input = json!({"synthesisId": made["id"], "documentNumber": "37/BC-HĐND", "documentDate": "2026-03-02"});
        let frozen = office.done("freezeSynthesis", input, EDITION).await["synthesis"]["edition"].clone();
        assert_eq!((&frozen["before"], &frozen["after"]), (&json!(154), &json!(161)));
        let of = |tier: &str| -> i64 {
            let counts = frozen["byTierAndField"].as_array().unwrap().iter();
            counts.filter(|count| count["tier"] == *tier).map(|count| count["count"].as_i64().unwrap()).sum()
        };
        // 161 = 37 + 124, and 124 = 45 + 47 + 32.
        assert_eq!((of("central") + of("commune"), of("province")), (37, 124));
        let province: Vec<i64> = frozen["byTierAndField"].as_array().unwrap().iter()
            .filter(|count| count["tier"] == "province").map(|count| count["count"].as_i64().unwrap()).collect();
        assert_eq!(province.iter().sum::<i64>(), 124);
        // Numbered through, page by page.
        let query = "query($id: ID!, $after: String) { synthesis(id: $id) { edition { items(first: 100, after: $after) { totalCount
            pageInfo { hasNextPage endCursor } nodes { position splitFrom } } } } }";
        let mut positions = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = office.data(query, json!({"id": made["id"], "after": after})).await["synthesis"]["edition"]["items"].clone();
            assert_eq!(page["totalCount"], 161);
            positions.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["position"].as_i64().unwrap()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(positions, (1..=161).collect::<Vec<i64>>());
    }
}
