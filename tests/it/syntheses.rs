//! Syntheses of a round, told as delegate groups, the office and MTTQ make them: what voters said becomes a frozen,
//! numbered list whose counts come of the lineage of its petitions.

use std::{collections::BTreeMap, sync::Arc};

use chrono::Duration;
use cutri::{
    clock::{Clock, ManualClock},
    edge::EdgeConfig,
};
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    refusals::{refusal, refused},
    world::{self, Put, World},
};
use entity::{
    delegate, feedback,
    id::{FeedbackId, PetitionId},
    petition, petition_feedback, petition_lineage, petition_unit, synthesis_edition, synthesis_item,
};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::Expr,
};
use serde_json::{Value, json};

use crate::{
    documents::{fetched, reading::text_of},
    rounds::Stage,
    rows,
};

const EDITION: &str = "synthesis { id status edition { number documentNumber points opinions onSpot before after dueOn roundEndedOn onTime
    byTierAndField { tier field count } cosigner sentTo reason } }";

/// The figures of a list: what was said and not just answered on the spot is what there was before splits and mergers.
pub(crate) fn adds_up(list: &Value) {
    let figure = |name: &str| list[name].as_i64().unwrap();
    assert_eq!(figure("before"), figure("opinions") - figure("onSpot"), "{list}");
}

/// A stage whose server gives a slow machine its time for thousands of lines.
async fn patient(db: &TestDatabase) -> Stage {
    let clock = Arc::new(ManualClock::at("2026-03-02T01:00:00Z".parse().unwrap()));
    let mut config = EdgeConfig::default();
    (config.times.query, config.times.mutation) = (
        std::time::Duration::from_secs(60),
        std::time::Duration::from_secs(60),
    );
    let app = TestApp::start_at_with(db, Arc::clone(&clock) as Arc<dyn Clock>, config).await;
    let world = World::create(&app.state).await;
    Stage { app, world, clock }
}

/// Rows as they are, without documents and log: a list is made of rows alone, and thousands of documents take their time.
async fn insert<E>(stage: &Stage, rows: Vec<E::Model>)
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
{
    let rows: Vec<E::ActiveModel> = rows
        .into_iter()
        .map(|row| row.into_active_model().reset_all())
        .collect();
    for rows in rows.chunks(500) {
        E::insert_many(rows.to_vec())
            .exec_without_returning(stage.app.state.store.migrating())
            .await
            .unwrap();
    }
}

/// The lines of the newest edition, page by page.
async fn lines(reader: &Person, synthesis: &Value, total: usize) -> Vec<Value> {
    let query = "query($id: ID!, $after: String) { synthesis(id: $id) { edition { items(first: 100, after: $after) { totalCount
        pageInfo { hasNextPage endCursor } nodes { position opinions mergedFrom } } } } }";
    let mut lines = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = reader.data(query, json!({"id": synthesis, "after": after})).await["synthesis"]["edition"]
            ["items"]
            .clone();
        assert_eq!(page["totalCount"], total);
        lines.extend(page["nodes"].as_array().unwrap().iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            return lines;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// What stands in these lines as a number.
fn numbers(lines: &[Value], name: &str) -> Vec<i64> {
    lines.iter().map(|line| line[name].as_i64().unwrap()).collect()
}

impl Stage {
    /// What a delegate wrote down at a point, not yet made into a petition.
    async fn heard(&self, point: &str) -> feedback::Model {
        let author = &self.world.here.delegates[0];
        feedback::Model {
            council_id: self.world.here.council,
            author_id: author.account,
            delegate_id: Some(self.mandate(author).await.parse::<uuid::Uuid>().unwrap().into()),
            meeting_id: Some(point.parse::<uuid::Uuid>().unwrap().into()),
            unit_id: Some(self.world.here.unit),
            answered_on_spot: None,
            petition_id: None,
            ..rows::feedback()
        }
    }

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
        adds_up(&frozen["edition"]);
        let sent = head.done("sendSynthesis", json!({"synthesisId": made["id"]}), EDITION).await["synthesis"].clone();
        assert_eq!((&sent["status"], &sent["edition"]["sentTo"], &sent["edition"]["onTime"]), (&json!("sent"), &json!("Thường trực HĐND"), &json!(true)));

        let printed = async |id: &Value, edition: &str| {
            let path = format!("/documents/synthesis/{}.docx{edition}", id.as_str().unwrap());
            text_of(&fetched(&stage.office(), &path).await.1)
        };
        let told = printed(&made["id"], "").await;
        for must in ["HỘI ĐỒNG NHÂN DÂN\nXÃ TÂN HƯNG\nTỔ ĐẠI BIỂU SỐ 1 | CỘNG HÒA", "Số: 01/BC-TĐB", ", Tổ đại biểu số 1 tổng hợp ý kiến",
            "cử tri nêu 3 lượt ý kiến, kiến nghị, trong đó 1 đã được trả lời tại chỗ; còn 2 kiến nghị trước khi tách, nhập", "| cầu gãy lắm rồi |", "- Thường trực HĐND;",
            "| TM. TỔ ĐẠI BIỂU\nTỔ TRƯỞNG\nTổ trưởng"] {
            assert!(told.contains(must), "{must}\n{told}");
        }
        assert!(!told.contains("thiếu nước") && !told.contains("cùng ký") && !told.contains("thay thế"), "{told}");

        // The office groups, splits and classifies: five opinions, one answered on the spot.
        let bridge = stage.group_of(&[&one[0], &one[1]], "sửa cầu").await;
        let left = "query($id: ID!) { synthesis(id: $id) { preview { before after ungrouped unclassified } } }";
        let left = office.data(left, json!({"id": made["id"]})).await["synthesis"]["preview"].clone();
        let open = json!({"before": 2, "after": 1, "ungrouped": 0, "unclassified": 1});
        assert_eq!(left, open, "what is to be finished before freezing; the figure before does not move");
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

        // The council's: four things asked became three petitions, grouped, split and merged.
        let draft = json!({"councilId": world.here.council, "roundId": round});
        // Seven working days after the round, which goes on until Friday 6 March: not after its last point so far.
        let council = office.done("draftSynthesis", draft, "synthesis { id preview { before after ungrouped unclassified dueOn } }").await["synthesis"].clone();
        assert_eq!(council["preview"], json!({"before": 4, "after": 3, "ungrouped": 0, "unclassified": 0, "dueOn": "2026-03-17"}));
        assert_eq!(office.refused("freezeSynthesis", paper(&council["id"], "", json!({}))).await, "REQUIRED");
        assert_eq!(office.refused("freezeSynthesis", paper(&council["id"], "1/BC", json!({"documentDate": "2026-03-03"}))).await, "OUT_OF_RANGE");
        stage.advance(&point, &["sign_minutes"]).await;
        let frozen = office.done("freezeSynthesis", paper(&council["id"], "15/BC-HĐND", json!({})), EDITION).await["synthesis"]["edition"].clone();
        adds_up(&frozen);
        assert_eq!((&frozen["opinions"], &frozen["before"], &frozen["after"]), (&json!(5), &json!(4), &json!(3)));
        assert_eq!(frozen["byTierAndField"], json!([{"tier": "province", "field": "environment", "count": 1},
            {"tier": "commune", "field": "transport", "count": 1}, {"tier": "non_state", "field": "power", "count": 1}]));
        // The point went into it.
        let query = "query($id: ID!) { meeting(id: $id) { status } }";
        assert_eq!(office.data(query, json!({"id": point})).await["meeting"]["status"], "synthesised");
        // The same paper again is no second edition.
        let again = office.done("freezeSynthesis", paper(&council["id"], "15/BC-HĐND", json!({})), EDITION).await;
        assert_eq!(again["synthesis"]["edition"]["number"], 1);
        // Nor is it where it was frozen while what there was before mergers was counted by petitions.
        let conn = stage.app.state.store.migrating();
        let of_edition = synthesis_edition::Column::DocumentNumber.eq("15/BC-HĐND");
        let edition = synthesis_edition::Entity::find().filter(of_edition).one(conn).await.unwrap().unwrap().id;
        let counted = async |before: i32, merged_from: Expr| {
            synthesis_edition::Entity::update_many()
                .col_expr(synthesis_edition::Column::Before, Expr::value(before))
                .filter(synthesis_edition::Column::Id.eq(edition))
                .exec(conn)
                .await
                .unwrap();
            synthesis_item::Entity::update_many()
                .col_expr(synthesis_item::Column::MergedFrom, merged_from)
                .filter(synthesis_item::Column::EditionId.eq(edition))
                .exec(conn)
                .await
                .unwrap();
        };
        counted(3, Expr::value(1)).await;
        let again = office.done("freezeSynthesis", paper(&council["id"], "15/BC-HĐND", json!({})), EDITION).await;
        assert_eq!(again["synthesis"]["edition"]["number"], 1);
        counted(4, Expr::col(synthesis_item::Column::Opinions)).await;

        // It goes out with MTTQ's name, and not before.
        let send = json!({"synthesisId": council["id"], "toCouncilId": world.province_council, "sentOn": "2026-03-02"});
        assert_eq!(refusal(&office, "sendSynthesis", send.clone()).await.0, "INVALID_STATE");
        let cosign = json!({"synthesisId": council["id"], "signer": "Chủ tịch MTTQ xã"});
        assert_eq!(refusal(&office, "cosignSynthesis", cosign.clone()).await, refused("FORBIDDEN", "synthesisId"));
        let cosigned = front.done("cosignSynthesis", cosign, EDITION).await["synthesis"].clone();
        assert_eq!((&cosigned["status"], &cosigned["edition"]["cosigner"]), (&json!("cosigned"), &json!("Chủ tịch MTTQ xã")));
        let told = printed(&council["id"], "").await;
        for must in ["XÃ TÂN HƯNG | CỘNG HÒA", "cử tri nêu 5 lượt ý kiến, kiến nghị, trong đó 1 đã được trả lời tại chỗ; còn 4 kiến nghị \
            trước khi tách, nhập, 3 kiến nghị sau khi tách, nhập.", "TM. THƯỜNG TRỰC HỘI ĐỒNG NHÂN DÂN\nCHỦ TỊCH\nTổ trưởng",
            "Đại diện Ủy ban Mặt trận Tổ quốc Việt Nam cùng ký: Chủ tịch MTTQ xã, ngày 02/03/2026."] {
            assert!(told.contains(must), "{must}\n{told}");
        }
        // What was grouped by one petition and what was merged later, in one word.
        assert_eq!(told.matches("nhập từ 2 kiến nghị").count(), 2, "{told}");
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
        assert_eq!((&items["nodes"][1]["opinions"], &items["nodes"][1]["mergedFrom"]), (&json!(2), &json!(2)));
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
        adds_up(&newest["edition"]);
        let both = office.data(query, json!({"id": council["id"]})).await["synthesis"].clone();
        assert_eq!(both["editions"][0], kept["editions"][0], "what was frozen never changes");
        assert_eq!(both["editions"].as_array().unwrap().len(), 2);
        let first = printed(&council["id"], "?edition=1").await;
        for must in ["(Bản thứ 1)", "Cấp xã; Giao thông", "cùng ký: Chủ tịch MTTQ xã"] {
            assert!(first.contains(must), "{must}\n{first}");
        }
        assert!(!first.contains("thay thế"), "{first}");
        let second = printed(&council["id"], "").await;
        for must in ["Số: 18/BC-HĐND", "(Bản thứ 2)", "Báo cáo này thay thế Báo cáo số 15/BC-HĐND ngày 02/03/2026.",
            "Lý do lập lại: Phân loại lại thẩm quyền sửa cầu.", "Cấp tỉnh; Giao thông"] {
            assert!(second.contains(must), "{must}\n{second}");
        }
        assert!(!second.contains("Cấp xã") && !second.contains("cùng ký"), "{second}");
        let draft = printed(&council["id"], "?edition=0").await;
        assert!(draft.contains("(Dự thảo)") && draft.contains("thay thế Báo cáo số 18/BC-HĐND ngày 05/03/2026."), "{draft}");
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

    // Where MTTQ had no account, a frozen synthesis stayed frozen for ever.
    async fn without_an_account_of_mttq_the_office_records_on_which_paper_it_signed(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let (round, point) = stage.held().await;
        stage.said(0, &point, &[("cầu gãy", false)]).await;
        let draft = json!({"councilId": world.here.council, "roundId": round});
        let made = office.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let paper = json!({"synthesisId": made, "documentNumber": "15/BC-HĐND", "documentDate": "2026-03-02", "acknowledgeUnclassified": true});
        office.done("freezeSynthesis", paper, "").await;

        let cosign = |more: Value| {
            let mut input = json!({"synthesisId": made, "signer": "Chủ tịch MTTQ xã"});
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            input
        };
        let letter = cosign(json!({"onBehalf": true, "documentNumber": "09/CV-MTTQ", "documentDate": "2026-03-01"}));
        for (more, code, field) in [
            (json!({}), "FORBIDDEN", "synthesisId"),
            (json!({"documentNumber": "09/CV-MTTQ"}), "INVALID_VALUE", "documentNumber"),
            (json!({"onBehalf": false, "documentDate": "2026-03-01"}), "INVALID_VALUE", "documentDate"),
            (json!({"onBehalf": true, "documentDate": "2026-03-01"}), "REQUIRED", "documentNumber"),
            (json!({"onBehalf": true, "documentNumber": " ", "documentDate": "2026-03-01"}), "REQUIRED", "documentNumber"),
            (json!({"onBehalf": true, "documentNumber": "09/CV-MTTQ"}), "REQUIRED", "documentDate"),
            (json!({"onBehalf": true, "documentNumber": "09/CV-MTTQ", "documentDate": "2026-03-03"}), "OUT_OF_RANGE", "documentDate"),
            (json!({"onBehalf": true, "documentNumber": "09/CV-MTTQ", "documentDate": "2025-06-30"}), "BEFORE_COUNCIL", "documentDate"),
        ] {
            assert_eq!(refusal(&office, "cosignSynthesis", cosign(more.clone())).await, refused(code, field), "{more}");
        }
        assert_eq!(refusal(&stage.delegate(0), "cosignSynthesis", letter.clone()).await, refused("FORBIDDEN", "synthesisId"));
        let neighbour = stage.app.person(&world.there.office);
        assert_eq!(refusal(&neighbour, "cosignSynthesis", letter.clone()).await, refused("NOT_FOUND", "synthesisId"));

        const SIGNED: &str = "synthesis { status edition { cosigner cosignedBy cosignedOnBehalf cosignDocumentNumber cosignDocumentDate } }";
        let signed = office.done("cosignSynthesis", letter.clone(), SIGNED).await["synthesis"].clone();
        assert_eq!(signed, json!({"status": "cosigned", "edition": {"cosigner": "Chủ tịch MTTQ xã", "cosignedBy": "Người dùng vanphong.tanhung",
            "cosignedOnBehalf": true, "cosignDocumentNumber": "09/CV-MTTQ", "cosignDocumentDate": "2026-03-01"}}));
        let query = "query($id: ID!) { synthesis(id: $id) { history(first: 9) { event actor basis } } }";
        let told = office.data(query, json!({"id": made})).await["synthesis"]["history"].clone();
        let recorded = json!({"event": "cosigned_on_behalf", "actor": "Người dùng vanphong.tanhung", "basis": "09/CV-MTTQ: Chủ tịch MTTQ xã"});
        assert!(told.as_array().unwrap().contains(&recorded), "{told}");
        let sent = office.done("sendSynthesis", json!({"synthesisId": made, "sentTo": "Thường trực HĐND tỉnh"}), "synthesis { status }").await;
        assert_eq!(sent["synthesis"]["status"], "sent");

        // Since it has one, it signs by itself.
        let next = json!({"synthesisId": made, "documentNumber": "16/BC-HĐND", "documentDate": "2026-03-02", "reason": "Bổ sung",
            "acknowledgeUnclassified": true});
        office.done("freezeSynthesis", next, "").await;
        let front = stage.front().await;
        assert_eq!(refusal(&office, "cosignSynthesis", letter.clone()).await, refused("INVALID_STATE", "onBehalf"));
        assert_eq!(refusal(&front, "cosignSynthesis", letter).await, refused("FORBIDDEN", "synthesisId"));
        let signed = front.done("cosignSynthesis", cosign(json!({})), SIGNED).await["synthesis"].clone();
        assert_eq!(signed, json!({"status": "cosigned", "edition": {"cosigner": "Chủ tịch MTTQ xã", "cosignedBy": "Người dùng mttq.tanhung",
            "cosignedOnBehalf": false, "cosignDocumentNumber": null, "cosignDocumentDate": null}}));
    }

    // Only counts were compared: another classification or another opinion passed for what had been frozen.
    async fn the_same_paper_over_another_list_is_refused_though_its_counts_are_alike(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let office = stage.office();
        let (round, point) = stage.held().await;
        let said = stage.said(0, &point, &[("cầu gãy", false), ("đường tối", false)]).await;
        let bridge = stage.group_of(&[&said[0]], "sửa cầu").await;
        stage.classify(&bridge, "transport", "commune").await;
        let draft = json!({"councilId": stage.world.here.council, "roundId": round});
        let made = office.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let mut first = json!({"synthesisId": made, "documentNumber": "15/BC-HĐND", "documentDate": "2026-03-02"});
        // One opinion is still in raw words: it goes to others only if the office says that it knows.
        for unsaid in [json!(null), json!(false)] {
            first["acknowledgeUnclassified"] = unsaid;
            assert_eq!(refusal(&office, "freezeSynthesis", first.clone()).await, refused("INVALID_STATE", "acknowledgeUnclassified"));
        }
        first["acknowledgeUnclassified"] = json!(true);
        let taken = refused("TAKEN", "documentNumber");
        let frozen = async |input: &Value| -> Vec<i64> {
            let done = office.done("freezeSynthesis", input.clone(), "synthesis { editions { number opinions onSpot before after } }").await;
            let editions = done["synthesis"]["editions"].as_array().unwrap().clone();
            for edition in &editions {
                adds_up(edition);
                assert_eq!((&edition["opinions"], &edition["before"], &edition["after"]), (&json!(2), &json!(2), &json!(2)), "{edition}");
            }
            editions.iter().map(|edition| edition["number"].as_i64().unwrap()).collect()
        };
        assert_eq!(frozen(&first).await, [1_i64]);
        assert_eq!(frozen(&first).await, [1_i64], "sent again");

        stage.classify(&bridge, "transport", "province").await;
        assert_eq!(refusal(&office, "freezeSynthesis", first.clone()).await, taken, "another tier");
        stage.classify(&bridge, "irrigation", "commune").await;
        assert_eq!(refusal(&office, "freezeSynthesis", first.clone()).await, taken, "another field");
        stage.classify(&bridge, "transport", "commune").await;
        assert_eq!(frozen(&first).await, [1_i64], "as it was");
        stage.delegate(0).done("withdrawFeedback", json!({"feedbackId": said[1]}), "").await;
        let lamp = stage.said(0, &point, &[("đèn hỏng", false)]).await;
        assert_eq!(refusal(&office, "freezeSynthesis", first.clone()).await, taken, "another opinion instead");

        let mut second = first;
        second["documentNumber"] = json!("16/BC-HĐND");
        second["reason"] = json!("Thay một ý kiến");
        assert_eq!(frozen(&second).await, [1_i64, 2]);
        assert_eq!(frozen(&second).await, [1_i64, 2], "sent again");

        // Grouped and not classified is not finished either; once it is, nothing has to be said.
        let lamp = stage.group_of(&[&lamp[0]], "thay đèn").await;
        let mut third = second;
        third["documentNumber"] = json!("17/BC-HĐND");
        third["acknowledgeUnclassified"] = json!(false);
        assert_eq!(refusal(&office, "freezeSynthesis", third.clone()).await, refused("INVALID_STATE", "acknowledgeUnclassified"));
        stage.classify(&lamp, "power", "commune").await;
        assert_eq!(frozen(&third).await, [1_i64, 2, 3]);
        let query = "query($id: ID!) { synthesis(id: $id) { editions { items(first: 5) { nodes { title } } } history(first: 9) { event } } }";
        let told = office.data(query, json!({"id": made})).await["synthesis"].clone();
        let titles = |titles: [&str; 2]| json!({"items": {"nodes": titles.map(|title| json!({"title": title}))}});
        let lists = [titles(["sửa cầu", "đường tối"]), titles(["sửa cầu", "đèn hỏng"]), titles(["sửa cầu", "thay đèn"])];
        assert_eq!(told["editions"], json!(lists));
        let mut events: Vec<&str> = told["history"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
        events.sort_unstable();
        assert_eq!(events, ["drafted", "frozen", "frozen_unclassified", "frozen_unclassified"]);
    }

    async fn an_edition_says_when_and_by_whom_it_was_frozen_signed_and_sent(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, front, world) = (stage.office(), stage.front().await, &stage.world);
        let (round, point) = stage.held().await;
        stage.said(0, &point, &[("cầu gãy", false)]).await;
        const FIELDS: &str = "synthesis { edition { signer frozenAt frozenBy cosignedAt cosignedBy sentOn sentBy sentTo toCouncilId onTime } }";
        let draft = json!({"councilId": world.here.council, "roundId": round});
        let made = office.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let paper = json!({"synthesisId": made, "documentNumber": "15/BC-HĐND", "documentDate": "2026-03-02", "signer": "Phó Chủ tịch HĐND",
            "acknowledgeUnclassified": true});
        let (by_office, by_front) = ("Người dùng vanphong.tanhung", "Người dùng mttq.tanhung");
        let frozen_at = stage.hours(0);
        let seen = office.done("freezeSynthesis", paper, FIELDS).await["synthesis"]["edition"].clone();
        assert_eq!(seen, json!({"signer": "Phó Chủ tịch HĐND", "frozenAt": frozen_at, "frozenBy": by_office, "cosignedAt": null,
            "cosignedBy": null, "sentOn": null, "sentBy": null, "sentTo": null, "toCouncilId": null, "onTime": null}));
        stage.clock.advance(Duration::minutes(1));
        let cosigned_at = stage.hours(0);
        front.done("cosignSynthesis", json!({"synthesisId": made, "signer": "Chủ tịch MTTQ xã"}), "").await;
        stage.clock.advance(Duration::minutes(1));
        let send = json!({"synthesisId": made, "sentTo": "Thường trực HĐND tỉnh; UBND xã", "toCouncilId": world.province_council});
        let seen = office.done("sendSynthesis", send, FIELDS).await["synthesis"]["edition"].clone();
        assert_eq!(seen, json!({"signer": "Phó Chủ tịch HĐND", "frozenAt": frozen_at, "frozenBy": by_office, "cosignedAt": cosigned_at,
            "cosignedBy": by_front, "sentOn": "2026-03-02", "sentBy": by_office, "sentTo": "Thường trực HĐND tỉnh; UBND xã",
            "toCouncilId": world.province_council, "onTime": true}));
    }

    // Dated before its last point, or before the edition that it corrects, it said what nobody knew yet.
    async fn no_edition_is_older_than_what_was_said_or_than_the_one_before(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (round, point) = stage.held().await;
        stage.said(0, &point, &[("cầu gãy", false)]).await;
        let draft = json!({"councilId": stage.world.here.council, "roundId": round});
        let made = stage.office().done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let paper = |number: &str, date: &str| json!({"synthesisId": made, "documentNumber": number, "documentDate": date, "reason": "Bổ sung",
            "acknowledgeUnclassified": true});
        let early = refused("OUT_OF_RANGE", "documentDate");
        assert_eq!(refusal(&stage.office(), "freezeSynthesis", paper("15/BC-HĐND", "2026-03-01")).await, early);
        stage.clock.advance(Duration::days(3));
        stage.office().done("freezeSynthesis", paper("15/BC-HĐND", "2026-03-04"), "").await;
        assert_eq!(refusal(&stage.office(), "freezeSynthesis", paper("16/BC-HĐND", "2026-03-03")).await, early);
        stage.office().done("freezeSynthesis", paper("16/BC-HĐND", "2026-03-04"), "").await;
    }

    // Whoever lost the reply and sent it again was told that it was not allowed.
    async fn a_signature_or_a_sending_that_comes_twice_is_one(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (office, front) = (stage.office(), stage.front().await);
        let (round, point) = stage.held().await;
        stage.said(0, &point, &[("cầu gãy", false)]).await;
        let draft = json!({"councilId": stage.world.here.council, "roundId": round});
        let made = office.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let paper = json!({"synthesisId": made, "documentNumber": "15/BC-HĐND", "documentDate": "2026-03-02", "acknowledgeUnclassified": true});
        office.done("freezeSynthesis", paper, "").await;
        let seen = "synthesis { status edition { cosigner cosignedAt sentOn sentTo } history(first: 20) { event } }";
        let not_now = refused("INVALID_STATE", "synthesisId");
        let cosign = |signer: &str| json!({"synthesisId": made, "signer": signer});
        let send = |to: &str| json!({"synthesisId": made, "sentTo": to});
        assert_eq!(refusal(&office, "sendSynthesis", send("Thường trực HĐND tỉnh")).await, not_now);

        let signed = front.done("cosignSynthesis", cosign("Chủ tịch MTTQ xã"), seen).await;
        stage.clock.advance(Duration::minutes(1));
        assert_eq!(front.done("cosignSynthesis", cosign("Chủ tịch MTTQ xã"), seen).await, signed);
        assert_eq!(refusal(&front, "cosignSynthesis", cosign("Phó Chủ tịch MTTQ xã")).await, not_now);
        let sent = office.done("sendSynthesis", send("Thường trực HĐND tỉnh"), seen).await;
        stage.clock.advance(Duration::minutes(1));
        assert_eq!(office.done("sendSynthesis", send("Thường trực HĐND tỉnh"), seen).await, sent);
        assert_eq!(refusal(&office, "sendSynthesis", send("UBND xã")).await, not_now);
        // It stays signed when it is sent.
        assert_eq!(front.done("cosignSynthesis", cosign("Chủ tịch MTTQ xã"), seen).await, sent);
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
        adds_up(&frozen);
        let counts: BTreeMap<(&str, &str), i64> = frozen["byTierAndField"].as_array().unwrap().iter()
            .map(|count| ((count["tier"].as_str().unwrap(), count["field"].as_str().unwrap()), count["count"].as_i64().unwrap())).collect();
        // 161 = 13 + 24 + 124, and 124 = 45 + 47 + 32.
        assert_eq!(counts, BTreeMap::from([(("central", "transport"), 13), (("commune", "irrigation"), 24),
            (("province", "transport"), 45), (("province", "environment"), 47), (("province", "power"), 32)]));
        // Numbered through, page by page.
        let lines = lines(&office, &made["id"], 161).await;
        assert_eq!(numbers(&lines, "position"), (1..=161).collect::<Vec<i64>>());
    }

    async fn merged_two_by_two_2868_petitions_became_2458_lines(db: TestDatabase) {
        let stage = patient(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let (round, point) = stage.held().await;
        let heard = stage.heard(&point).await;
        // What voters asked, each made into a petition; of these 820 two by two became 410.
        let asked = |number: usize, process| petition::Model {
            id: PetitionId(new_id().parse().unwrap()),
            council_id: world.here.council,
            number: format!("{number}/2025"),
            tier: Some("province".to_owned()),
            field: Some(["transport", "environment", "power"][number % 3].to_owned()),
            process,
            agency_id: None,
            upper_council_id: None,
            ..rows::petition()
        };
        let (mut said, mut petitions, mut grouped, mut lineage) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in 1..=2_868 {
            let process = if number <= 820 { petition::Process::Merged } else { petition::Process::Classified };
            let petition = asked(number, process);
            let feedback = feedback::Model {
                id: FeedbackId(new_id().parse().unwrap()),
                status: feedback::Status::Grouped,
                petition_id: Some(petition.id),
                ..heard.clone()
            };
            grouped.push(petition_feedback::Model { petition_id: petition.id, feedback_id: feedback.id });
            said.push(feedback);
            petitions.push(petition);
        }
        for pair in 0..410 {
            let merged = asked(2_869 + pair, petition::Process::Classified);
            for part in [&petitions[2 * pair], &petitions[2 * pair + 1]] {
                lineage.push(petition_lineage::Model { kind: "merge".to_owned(), ..rows::lineage(part, &merged) });
            }
            petitions.push(merged);
        }
        let places: Vec<_> = petitions.iter().map(|row| petition_unit::Model { petition_id: row.id, unit_id: world.here.unit }).collect();
        insert::<feedback::Entity>(&stage, said).await;
        insert::<petition::Entity>(&stage, petitions).await;
        insert::<petition_feedback::Entity>(&stage, grouped).await;
        insert::<petition_lineage::Entity>(&stage, lineage).await;
        insert::<petition_unit::Entity>(&stage, places).await;

        let draft = json!({"councilId": world.here.council, "roundId": round});
        let made = office.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let input = json!({"synthesisId": made, "documentNumber": "37/BC-HĐND", "documentDate": "2026-03-02"});
        let frozen = office.done("freezeSynthesis", input, EDITION).await["synthesis"]["edition"].clone();
        assert_eq!((&frozen["opinions"], &frozen["before"], &frozen["after"]), (&json!(2_868), &json!(2_868), &json!(2_458)));
        adds_up(&frozen);
        let lines = lines(&office, &made, 2_458).await;
        assert_eq!(numbers(&lines, "position"), (1..=2_458).collect::<Vec<i64>>());
        // Nobody's words are lost in a merger, and none are counted twice.
        for name in ["opinions", "mergedFrom"] {
            assert_eq!(numbers(&lines, name).iter().sum::<i64>(), 2_868, "{name}");
            assert_eq!(numbers(&lines, name).iter().filter(|count| **count == 2).count(), 410, "{name}");
        }
    }

    async fn five_thousand_lines_are_frozen_and_one_more_is_refused(db: TestDatabase) {
        let stage = patient(&db).await;
        let (office, world) = (stage.office(), &stage.world);
        let (round, point) = stage.held().await;
        let heard = stage.heard(&point).await;
        // What waits for the office is a line by itself.
        let waiting = || feedback::Model { id: FeedbackId(new_id().parse().unwrap()), ..heard.clone() };
        insert::<feedback::Entity>(&stage, (0..5_000).map(|_| waiting()).collect()).await;
        let draft = json!({"councilId": world.here.council, "roundId": round});
        let made = office.done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let paper = |number: &str| json!({"synthesisId": made, "documentNumber": number, "documentDate": "2026-03-02", "reason": "Bổ sung",
            "acknowledgeUnclassified": true});
        let frozen = office.done("freezeSynthesis", paper("37/BC-HĐND"), EDITION).await["synthesis"]["edition"].clone();
        assert_eq!((&frozen["number"], &frozen["after"]), (&json!(1), &json!(5_000)));
        adds_up(&frozen);
        insert::<feedback::Entity>(&stage, vec![waiting()]).await;
        assert_eq!(refusal(&office, "freezeSynthesis", paper("38/BC-HĐND")).await, refused("LIMIT_TOO_LARGE", ""));
        let query = "query($id: ID!) { synthesis(id: $id) { editions { number after } } }";
        let kept = office.data(query, json!({"id": made})).await["synthesis"]["editions"].clone();
        assert_eq!(kept, json!([{"number": 1, "after": 5_000}]), "nothing was cut to fit");
    }

    async fn a_synthesis_is_on_time_until_the_day_that_it_is_due_is_over(db: TestDatabase) {
        let stage = Stage::set(&db).await;
        let (front, world) = (stage.front().await, &stage.world);
        let (round, point) = stage.held().await;
        stage.said(0, &point, &[("cầu gãy", false)]).await;
        let draft = json!({"councilId": world.here.council, "roundId": round});
        let made = stage.office().done("draftSynthesis", draft, "synthesis { id }").await["synthesis"]["id"].clone();
        let paper = json!({"synthesisId": made, "documentNumber": "15/BC-HĐND", "documentDate": "2026-03-02", "acknowledgeUnclassified": true});
        let frozen = stage.office().done("freezeSynthesis", paper, EDITION).await["synthesis"]["edition"].clone();
        assert_eq!((&frozen["dueOn"], &frozen["onTime"]), (&json!("2026-03-17"), &Value::Null));
        let cosign = json!({"synthesisId": made, "signer": "Chủ tịch MTTQ xã"});
        front.done("cosignSynthesis", cosign.clone(), "").await;
        let send = json!({"synthesisId": made, "sentTo": "Thường trực HĐND tỉnh"});

        // A minute before midnight in Vietnam, which is afternoon in UTC.
        stage.clock.set("2026-03-17T16:59:00Z".parse().unwrap());
        let sent = stage.office().done("sendSynthesis", send.clone(), EDITION).await["synthesis"].clone();
        assert_eq!((&sent["status"], &sent["edition"]["onTime"]), (&json!("sent"), &json!(true)));

        // The next edition of that day is signed then too, and goes out a minute after midnight.
        let paper = json!({"synthesisId": made, "documentNumber": "16/BC-HĐND", "documentDate": "2026-03-17", "reason": "Bổ sung",
            "acknowledgeUnclassified": true});
        let frozen = stage.office().done("freezeSynthesis", paper, EDITION).await["synthesis"]["edition"].clone();
        assert_eq!((&frozen["number"], &frozen["dueOn"]), (&json!(2), &json!("2026-03-17")));
        adds_up(&frozen);
        front.signed_again(&stage.app.state, stage.app.address()).done("cosignSynthesis", cosign, "").await;
        stage.clock.advance(Duration::minutes(2));
        let sent = stage.office().done("sendSynthesis", send, EDITION).await["synthesis"].clone();
        assert_eq!((&sent["status"], &sent["edition"]["onTime"]), (&json!("sent"), &json!(false)));
        let query = "query($id: ID!) { synthesis(id: $id) { editions { number sentOn onTime } } }";
        let editions = stage.office().data(query, json!({"id": made})).await["synthesis"]["editions"].clone();
        assert_eq!(editions, json!([{"number": 1, "sentOn": "2026-03-17", "onTime": true}, {"number": 2, "sentOn": "2026-03-18", "onTime": false}]));
    }
}
