//! What stands beside ids and codes: objects that the viewer may see, and labels in his language. And what filters tell.

use cutri::codes;
use cutri_tests::{
    TestApp, TestDatabase,
    app::Person,
    each_db,
    phone::{Phone, create, new_id},
    world::World,
};
use serde_json::{Value, json};

use super::authorization::schema::Sdl;

/// A petition of here, forwarded, with words that only the council may read.
pub(crate) async fn petition(app: &TestApp, world: &World) -> Value {
    let said = new_id();
    let row = json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting",
        "meetingId": world.here.meeting, "content": "Bùn lầy từ năm ngoái", "recordedAt": "2026-02-01T08:00:00+07:00"});
    let phone = Phone::new(app.person(&world.here.delegates[0]));
    phone.push(&[create("feedback", &said, row)]).await;
    let office = app.person(&world.here.office);
    let group =
        json!({"feedbackIds": [said], "title": "Sửa đường", "content": "Bà Sáu ở ấp Ba xin sửa đường"});
    let made = office.done("groupFeedback", group, "petition { id }").await["petition"]["id"].clone();
    let classify = json!({"petitionId": made, "field": "transport", "tier": "commune"});
    office.done("classifyPetition", classify, "").await;
    let forward = json!({"petitionIds": [made], "leadId": world.here.committee, "coordinatingIds": [world.company],
        "documentNumber": "1/VP", "documentDate": "2026-03-02"});
    office.done("forwardPetitions", forward, "").await;
    made
}

/// Whether a row shows what a filter asks for.
type Shows = Box<dyn Fn(&Value) -> bool>;

fn ids(list: &Value) -> Vec<Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|node| node["id"].clone())
        .collect()
}

#[test]
fn every_code_of_a_list_has_its_entry_beside_it() {
    let sdl = Sdl::read();
    let shown = sdl.shown();
    let mut found = 0;
    for (of, field, said) in sdl.texts() {
        let Some((_, rest)) = said.split_once("list `") else {
            continue;
        };
        // Bands are counts by code, not a code.
        if field == "attendanceBands" {
            continue;
        }
        let list = rest.split_once('`').unwrap().0;
        assert!(!codes::list(list).is_empty(), "{of}.{field}: no list {list}");
        assert!(
            shown.contains(&format!("{of}.{field}Entry")) || shown.contains(&format!("{of}.{field}Entries")),
            "{of}.{field} has no {field}Entry"
        );
        found += 1;
    }
    assert!(found >= 20, "{found}: the descriptions were not read");
}

/// Ids of what GraphQL shows to nobody: accounts of authors, and rows of any collection.
const WITHOUT_OBJECT: &[&str] = &["authorId", "mutationId", "rowId", "targetId"];

#[test]
fn every_id_has_what_it_names_beside_it() {
    let sdl = Sdl::read();
    let shown = sdl.shown();
    let bare: Vec<&String> = shown
        .iter()
        .filter(|path| {
            let (of, field) = path.split_once('.').unwrap();
            // What phones keep is flat by design.
            if of.ends_with("SyncDocument") {
                return false;
            }
            let one = field.strip_suffix("Id").or(field.strip_suffix("Ids"));
            let Some(one) = one.filter(|_| !WITHOUT_OBJECT.contains(&field)) else {
                return false;
            };
            let is_shown = |name: String| shown.contains(&format!("{of}.{name}"));
            !is_shown(one.to_owned()) && !is_shown(format!("{one}s"))
        })
        .collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

each_db! {
    async fn codes_are_called_by_their_names_in_the_callers_language(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let made = petition(&app, &world).await;
        let office = app.person(&world.here.office);
        let query = "query($id: ID!) { petition(id: $id) { field fieldEntry { code label basis parent { code label parent { code } } }
            tierEntry { label } outcomeEntry { label } units { levelEntry { label } kindEntry { code label } }
            agency { kindEntry { label } } feedbacks { kindEntry { label } channelEntry { label } originEntry { label }
            meeting { kindEntry { label } } } } }";
        let shown = office.data(query, json!({"id": made})).await["petition"].clone();
        assert_eq!(shown["field"], "transport");
        assert_eq!(shown["fieldEntry"], json!({"code": "transport", "label": "Giao thông", "basis": "Thông lệ phân loại của HĐND",
            "parent": {"code": "economy_budget", "label": "Kinh tế - ngân sách", "parent": null}}));
        assert_eq!(shown["tierEntry"], json!({"label": "Cấp xã"}));
        assert_eq!(shown["outcomeEntry"], Value::Null);
        assert_eq!(shown["units"][0], json!({"levelEntry": {"label": "Cấp xã"}, "kindEntry": {"code": "commune", "label": "Xã"}}));
        assert_eq!(shown["agency"]["kindEntry"]["label"], "Ủy ban nhân dân");
        assert_eq!(shown["feedbacks"][0]["kindEntry"]["label"], "Kiến nghị");
        assert_eq!(shown["feedbacks"][0]["channelEntry"]["label"], "Hội nghị tiếp xúc cử tri");

        let english = office.in_language("en").data(query, json!({"id": made})).await["petition"].clone();
        assert_eq!(english["fieldEntry"]["label"], "Transport");
        assert_eq!(english["fieldEntry"]["parent"]["label"], "Economy and budget");
        assert_eq!(english["units"][0]["kindEntry"]["label"], "Commune");

        let viewer = office.data("{ viewer { roles roleEntries { code label } account { grants { role roleEntry { label } } } } }", json!({})).await;
        assert_eq!(viewer["viewer"]["roleEntries"], json!([{"code": "office", "label": "Văn phòng"}]));
        assert_eq!(viewer["viewer"]["account"]["grants"][0]["roleEntry"]["label"], "Văn phòng");
    }

    async fn code_lists_are_everybodys(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let stranger = app.stranger();
        let all = stranger.data("{ codeLists { name entries { code label parent { code } validFrom basis } } }", json!({})).await;
        let lists = all["codeLists"].as_array().unwrap();
        assert_eq!(lists.len(), codes::names().len());
        for list in lists {
            let known = codes::list(list["name"].as_str().unwrap());
            let told: Vec<&str> = list["entries"].as_array().unwrap().iter().map(|entry| entry["code"].as_str().unwrap()).collect();
            assert_eq!(told, known.iter().map(|entry| entry.code.as_str()).collect::<Vec<_>>());
        }
        let query = "query($names: [String!]) { codeLists(names: $names) { name entries { label } } }";
        let two = stranger.in_language("en").data(query, json!({"names": ["tier", "origin"]})).await;
        assert_eq!(two["codeLists"][1], json!({"name": "origin", "entries": [{"label": "Voter"}, {"label": "Delegate"}]}));
        let wrong = stranger.ask(query, json!({"names": ["tier", "no_such_list"]})).await;
        assert_eq!(wrong.body["errors"][0]["extensions"]["code"], "UNKNOWN_CODE");
    }

    // It stood behind a condition that was never met.
    async fn where_a_petition_came_from_and_went_to_is_told_both_ways(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, stranger) = (app.person(&world.here.office), app.stranger());
        let made = petition(&app, &world).await;
        office.done("publishPetition", json!({"petitionId": made, "publicContent": "Sửa đường liên ấp"}), "").await;
        let back = json!({"petitionIds": [made], "reason": "Hai việc khác nhau"});
        app.person(&world.here.committee_login).done("returnPetitions", back, "").await;
        let split = json!({"petitionId": made, "parts": [{"title": "Đường", "content": "Đường"}, {"title": "Cầu", "content": "Cầu"}]});
        let parts = ids(&office.done("splitPetition", split, "petitions { id }").await["petitions"]);
        let merge = json!({"petitionIds": parts, "title": "Đường và cầu", "content": "Đường và cầu"});
        let whole = office.done("mergePetitions", merge, "petition { id }").await["petition"]["id"].clone();
        let lineage = "query($id: ID!) { petition(id: $id) { predecessors { id } successorIds successors { id } process } }";
        let of = async |person: &Person, id: &Value| person.data(lineage, json!({"id": id})).await["petition"].clone();
        let sorted = |list: &Value| {
            let mut named: Vec<String> = ids(list).iter().map(|id| id.as_str().unwrap().to_owned()).collect();
            named.sort();
            named
        };
        let (first, last) = (of(&office, &made).await, of(&office, &whole).await);
        let mut named: Vec<String> = parts.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        named.sort();
        assert_eq!((sorted(&first["successors"]), &first["process"]), (named.clone(), &json!("split")));
        assert_eq!(sorted(&last["predecessors"]), named);
        for part in &parts {
            let told = of(&office, part).await;
            assert_eq!((&told["predecessors"], &told["successorIds"]), (&json!([{"id": made}]), &json!([whole])));
            assert_eq!(told["process"], "merged");
        }
        // The phone of the place knows the same; the parts are the council's own until they are published.
        let mut phone = Phone::without_units(app.person(&world.here.delegates[0]));
        phone.pull().await;
        let row = |id: &Value| phone.row("petition", id.as_str().unwrap());
        assert_eq!(row(&whole)["predecessorIds"], named.join(" "));
        assert_eq!((&row(&parts[0])["predecessorIds"], &row(&parts[0])["successorIds"]), (&made, &whole));
        assert_eq!(of(&stranger, &made).await["successors"], json!([]));
        assert_eq!(of(&stranger, &whole).await, Value::Null);
    }

    async fn what_ids_name_stands_beside_them_for_whoever_may_see_it(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, stranger) = (app.person(&world.here.office), app.stranger());
        let made = petition(&app, &world).await;
        let query = "query($id: ID!) { petition(id: $id) { councilId council { id } upperCouncil { id } unitIds units { id }
            feedbackIds feedbacks { id unit { id } council { id } meeting { id units { id } councils { id } council { id } } petition { id } }
            agencyId agency { id unit { id } } coordinatingIds coordinating { id } successors { id } predecessors { id }
            forwardings { leadId lead { id } councilId council { id } coordinatingIds coordinating { id } upperCouncil { id } } } }";
        let shown = office.data(query, json!({"id": made})).await["petition"].clone();
        assert_eq!(shown["council"]["id"], shown["councilId"]);
        assert_eq!(shown["upperCouncil"], Value::Null);
        assert_eq!(json!(ids(&shown["units"])), shown["unitIds"]);
        assert_eq!(json!(ids(&shown["feedbacks"])), shown["feedbackIds"]);
        assert_eq!(shown["agency"]["id"], shown["agencyId"]);
        assert_eq!(json!(ids(&shown["coordinating"])), json!([world.company]));
        let said = &shown["feedbacks"][0];
        assert_eq!(said["petition"]["id"], made);
        assert_eq!(said["meeting"]["id"], json!(world.here.meeting));
        assert_eq!(said["meeting"]["council"]["id"], json!(world.here.council));
        let sent = &shown["forwardings"][0];
        assert_eq!((&sent["lead"]["id"], &sent["council"]["id"]), (&sent["leadId"], &sent["councilId"]));

        // Everybody reads the published petition and its bodies, nobody else what it was made of.
        office.done("publishPetition", json!({"petitionId": made, "publicContent": "Sửa đường liên ấp"}), "").await;
        let public = stranger.data(query, json!({"id": made})).await["petition"].clone();
        assert_eq!(public["agency"]["id"], shown["agencyId"]);
        assert_eq!(json!(ids(&public["units"])), shown["unitIds"]);
        assert_eq!((&public["feedbacks"], &public["forwardings"]), (&json!([]), &json!([])));

        // A public resolution of a session that is not public.
        let session = json!({"councilId": world.here.council, "family": "session", "kind": "thematic", "title": "Kỳ họp chuyên đề"});
        let session = office.done("planMeeting", session, "meeting { id }").await["meeting"]["id"].clone();
        let resolution = json!({"councilId": world.here.council, "rawNumber": "9/NQ-HĐND", "kind": "individual", "title": "Về cầu",
            "issuedOn": "2026-03-15", "sessionId": session, "isPublic": true});
        let resolution = office.done("createResolution", resolution, "resolution { id }").await["resolution"]["id"].clone();
        let query = "query($id: ID!) { resolution(id: $id) { sessionId session { id kindEntry { label } } council { id } unit { id }
            kindEntry { label } effectEntry { label } } }";
        let own = office.data(query, json!({"id": resolution})).await["resolution"].clone();
        assert_eq!(own["session"], json!({"id": session, "kindEntry": {"label": "Chuyên đề"}}));
        assert_eq!(own["unit"]["id"], json!(world.here.unit));
        assert_eq!(own["effectEntry"]["label"], "Chưa có hiệu lực");
        let public = stranger.data(query, json!({"id": resolution})).await["resolution"].clone();
        assert_eq!((&public["session"], &public["council"]), (&Value::Null, &json!({"id": world.here.council})));
    }

    /// Only `updatedAfter` a moment to come had been tried: a filter that finds nothing at all would have passed.
    async fn filters_find_what_they_ask_for_and_nothing_else(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let delegate = app.person(&world.here.delegates[0]);
        let said = [new_id(), new_id()];
        for id in &said {
            let row = json!({"kind": "petition", "unitId": world.here.unit, "content": "Đường hỏng"});
            assert_eq!(Phone::new(delegate.clone()).push(&[create("feedback", id, row)]).await[0]["status"], "APPLIED");
        }
        delegate.done("withdrawFeedback", json!({"feedbackId": said[1], "reason": "Ghi nhầm"}), "").await;
        let mut meetings = vec![json!(world.here.meeting)];
        let session = json!({"councilId": world.here.council, "family": "session", "kind": "thematic", "title": "Kỳ họp chuyên đề"});
        meetings.push(office.done("planMeeting", session, "meeting { id }").await["meeting"]["id"].clone());
        let mut resolutions = Vec::new();
        for number in ["7/NQ-HĐND", "8/NQ-HĐND"] {
            let resolution = json!({"councilId": world.here.council, "rawNumber": number, "kind": "individual", "title": "Về cầu",
                "issuedOn": "2026-03-15"});
            resolutions.push(office.done("createResolution", resolution, "resolution { id }").await["resolution"]["id"].clone());
        }
        let found = async |list: &str, kind: &str, filter: Value| -> (Vec<Value>, Vec<Value>) {
            let query = format!("query($filter: {kind}Filter) {{ {list}(filter: $filter, first: 50) {{ totalCount nodes {{ id updatedAt }} }} }}");
            let told = office.data(&query, json!({"filter": filter})).await[list].clone();
            let nodes = told["nodes"].as_array().unwrap().clone();
            assert_eq!(told["totalCount"], nodes.len());
            let of = |name: &str| nodes.iter().map(|node| node[name].clone()).collect();
            (of("id"), of("updatedAt"))
        };
        let is_same = |(mut found, _): (Vec<Value>, Vec<Value>), mut expected: Vec<Value>| {
            found.sort_by_key(Value::to_string);
            expected.sort_by_key(Value::to_string);
            assert_eq!(found, expected);
        };
        let said: Vec<Value> = said.iter().map(|id| json!(id)).collect();
        for (list, kind, rows) in [("feedbacks", "Feedback", &said), ("meetings", "Meeting", &meetings), ("resolutions", "Resolution", &resolutions)] {
            let (ids, times) = found(list, kind, json!({})).await;
            let place = |id: &Value| ids.iter().position(|found| found == id).unwrap_or_else(|| panic!("{list}: {id}"));
            let (earlier, later) = (&times[place(&rows[0])], &times[place(&rows[1])]);
            assert!(earlier.as_str() < later.as_str(), "{list}: {times:?}");
            let (after, _) = found(list, kind, json!({"updatedAfter": earlier})).await;
            assert!(after.contains(&rows[1]) && !after.contains(&rows[0]), "{list}: {after:?}");
            let (after, _) = found(list, kind, json!({"updatedAfter": later})).await;
            assert!(!after.contains(&rows[1]), "{list}: {after:?}");
            for within in [json!({"code": "27721"}), json!({"id": world.province})] {
                let (within, _) = found(list, kind, json!({"withinUnit": within})).await;
                assert!(rows.iter().all(|row| within.contains(row)), "{list}: {within:?}");
            }
            let (elsewhere, _) = found(list, kind, json!({"withinUnit": {"code": "27736"}})).await;
            assert!(!rows.iter().any(|row| elsewhere.contains(row)), "{list}: {elsewhere:?}");
        }
        for (status, expected) in [(json!(["withdrawn"]), &said[1..]), (json!(["accepted"]), &said[..1]), (json!(["accepted", "withdrawn"]), &said[..]),
            (json!(["grouped"]), &[])] {
            is_same(found("feedbacks", "Feedback", json!({"status": status})).await, expected.to_vec());
        }
    }

    /// For whoever sees only what is public, a filter finds exactly those petitions that show what it asks for.
    async fn filters_tell_no_more_than_the_rows_that_one_sees(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let (office, stranger) = (app.person(&world.here.office), app.stranger());
        let mut made = Vec::new();
        for _ in 0..4 {
            made.push(petition(&app, &world).await);
        }
        for id in &made[..2] {
            office.done("publishPetition", json!({"petitionId": id, "publicContent": "Sửa đường liên ấp"}), "").await;
        }
        // One public and one internal petition are answered and assessed.
        let some = json!([made[0], made[2]]);
        let answer = json!({"petitionIds": some, "agencyId": world.here.committee, "documentNumber": "8/UBND",
            "documentDate": "2026-03-12", "text": "Đã sửa", "outcome": "resolved"});
        app.person(&world.here.committee_login).done("answerPetitions", answer, "").await;
        office.done("assessAnswer", json!({"petitionId": made[2], "assessment": "ok"}), "").await;

        let list = async |who: &Person, filter: Value| -> Vec<Value> {
            let query = "query($filter: PetitionFilter) { petitions(filter: $filter, first: 100) { totalCount
                nodes { id field process outcome agencyId isOverdue unitIds updatedAt content assessment } } }";
            let found = who.data(query, json!({"filter": filter})).await["petitions"].clone();
            let nodes = found["nodes"].as_array().unwrap().clone();
            assert_eq!(found["totalCount"], nodes.len());
            nodes
        };
        assert_eq!(list(&office, json!({})).await.len(), 4);
        let seen = list(&stranger, json!({})).await;
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|row| row["content"] == "Sửa đường liên ấp" && row["assessment"].is_null()));

        let mut asked: Vec<(Value, Shows)> = vec![
            (json!({"isOverdue": true}), Box::new(|row| row["isOverdue"] == true)),
            (json!({"isOverdue": false}), Box::new(|row| row["isOverdue"] == false)),
            (json!({"field": "economy_budget"}), Box::new(|row| row["field"] == "transport")),
            (json!({"field": "health"}), Box::new(|row| row["field"] == "health")),
        ];
        for state in ["accepted", "classified", "forwarded", "returned", "answered", "assessed", "informed", "closed", "reopened", "split", "merged"] {
            asked.push((json!({"status": [state]}), Box::new(move |row| row["process"] == state)));
        }
        for entry in codes::list("outcome") {
            asked.push((json!({"outcome": [entry.code]}), Box::new(|row| row["outcome"] == entry.code.as_str())));
        }
        for body in [world.here.committee, world.there.committee, world.department, world.company] {
            asked.push((json!({"agencyId": body}), Box::new(move |row| row["agencyId"] == json!(body))));
        }
        for unit in [world.here.unit, world.there.unit] {
            let within = json!({"withinUnit": {"id": unit}});
            asked.push((within, Box::new(move |row| row["unitIds"].as_array().unwrap().contains(&json!(unit)))));
        }
        for moment in seen.iter().map(|row| row["updatedAt"].as_str().unwrap().to_owned()) {
            let filter = json!({"updatedAfter": moment});
            asked.push((filter, Box::new(move |row| row["updatedAt"].as_str().unwrap() > moment.as_str())));
        }
        for (filter, shows) in asked {
            let found = list(&stranger, filter.clone()).await;
            let expected: Vec<&Value> = seen.iter().filter(|row| shows(row)).collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter}");
        }

        // Neither the internal text, nor the words of voters, nor an answer that was not published is found.
        let found = async |words: &str| {
            let query = "query($text: String!) { search(text: $text, first: 100) { id units { id } } }";
            ids(&stranger.data(query, json!({"text": words})).await["search"])
        };
        for words in ["Bà Sáu ở ấp Ba", "Bùn lầy"] {
            assert_eq!(found(words).await, Vec::<Value>::new(), "{words}");
        }
        let mut public = found("liên ấp").await;
        public.sort_by_key(Value::to_string);
        let mut expected = made[..2].to_vec();
        expected.sort_by_key(Value::to_string);
        assert_eq!(public, expected);
    }
}
