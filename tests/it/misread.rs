//! Values that cannot be read are told with their field, wherever they stand.

use cutri_tests::{TestApp, TestDatabase, each_db, phone::new_id, world::World};
use serde_json::{Value, json};

each_db! {
    async fn a_value_that_cannot_be_read_names_its_field(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office).in_language("en");
        let forward = "mutation($input: ForwardPetitionsInput!) {
            forwardPetitions(input: $input) { userErrors { code } } }";
        let forwarded = |field: &str, value: &str| {
            let mut input = json!({"petitionIds": [], "leadId": world.here.committee,
                "documentNumber": "12", "documentDate": "2026-06-30"});
            input[field] = json!(value);
            json!({ "input": input })
        };
        let list = "query($first: Int, $filter: PetitionFilter) {
            petitions(first: $first, filter: $filter) { totalCount } }";
        let asked = |first: i64, after: &str| json!({"first": first, "filter": {"updatedAfter": after}});
        let now = "2026-06-30T08:00:00+07:00";
        for (query, variables, code, field) in [
            (forward, forwarded("documentDate", "2026-06-31"), "INVALID_DATE", "documentDate"),
            (forward, forwarded("dueAt", "9999-12-31"), "INVALID_DATE", "dueAt"),
            (list, asked(1, "hôm qua"), "INVALID_DATE", "updatedAfter"),
            (list, json!({"first": 1, "filter": {"updatedAfter": 20_260_630}}), "INVALID_DATE", "updatedAfter"),
            (list, json!({"first": 1, "filter": {"updatedAfter": {"gt": now}}}), "INVALID_DATE", "updatedAfter"),
            (
                "{ petitions(first: 1, filter: {updatedAfter: true}) { totalCount } }",
                Value::Null, "INVALID_DATE", "updatedAfter",
            ),
            (list, asked(100_000_000_000, now), "OUT_OF_RANGE", "first"),
            (
                "{ petitions(first: 1, filter: {updatedAfter: \"x\"}) { totalCount } }",
                Value::Null, "INVALID_DATE", "updatedAfter",
            ),
            (
                "{ ...Lists } fragment Lists on Query { units(first: 1, filter: {on: \"2026-02-30\"}) { totalCount } }",
                Value::Null, "INVALID_DATE", "on",
            ),
            // The same words may stand in a text beside it.
            (forward, {
                let mut both = forwarded("documentDate", "2026-06-31");
                both["input"]["documentNumber"] = json!("2026-06-31");
                both
            }, "INVALID_DATE", "documentDate"),
            (
                "{ meetings(first: 1) { nodes { history(first: 3000000000) { at } } } }",
                Value::Null, "OUT_OF_RANGE", "first",
            ),
        ] {
            let answer = office.ask(query, variables).await.body;
            let error = &answer["errors"][0];
            let told = &error["extensions"];
            assert_eq!((&told["code"], &told["field"]), (&json!(code), &json!(field)), "{answer:#}");
            assert_eq!(told.get("misread"), None);
            let sentence = cutri::error::Code::from_name(code).unwrap().message(cutri::error::Lang::En);
            assert_eq!(error["message"], sentence);
        }

        // And where in the question it stood: under the caller's own name, down to the entry of a list.
        let (wrong, far) = ("filter: {updatedAfter: \"x\"}", "history(first: 3000000000) { at }");
        for (query, path) in [
            (format!("{{ petitions(first: 1, {wrong}) {{ totalCount }} }}"), json!(["petitions"])),
            (format!("{{ own: petitions(first: 1, {wrong}) {{ totalCount }} }}"), json!(["own"])),
            (format!("{{ meetings(first: 1) {{ nodes {{ {far} }} }} }}"), json!(["meetings", "nodes", 0, "history"])),
        ] {
            let answer = office.ask(&query, Value::Null).await.body;
            assert_eq!(answer["errors"][0]["path"], path, "{answer:#}");
        }
        // What is only for those who signed in is refused at its place, and what stands beside it is answered.
        let both = "{ own: viewer { account { id } } units(first: 1) { nodes { code } } }";
        let answer = app.stranger().ask(both, Value::Null).await.body;
        let error = &answer["errors"][0];
        assert_eq!((&error["extensions"]["code"], &error["path"]), (&json!("UNAUTHENTICATED"), &json!(["own"])), "{answer:#}");
        assert_eq!((&answer["data"]["own"], answer["errors"].as_array().unwrap().len()), (&Value::Null, 1));
        assert_eq!(answer["data"]["units"]["nodes"].as_array().unwrap().len(), 1, "{answer:#}");
    }

    // "One of the forty ids is none", it said, and not which.
    async fn of_a_list_the_entry_that_is_wrong_is_named(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let office = app.person(&world.here.office);
        let (unit, council) = (world.here.unit, world.here.council);
        let plan = |field: &str, list: Value| {
            let mut input = json!({"councilId": council, "kind": "before_session", "title": "Tiếp xúc cử tri",
                "startsAt": "2026-03-02T08:00:00+07:00"});
            input[field] = list;
            input
        };
        let wording = |field: &str, list: Value| {
            let mut input = json!({"title": "Cầu", "content": "Cầu gãy"});
            input[field] = list;
            input
        };
        let start = |steps: Value| json!({"councilId": council, "kind": "contact_preparation", "anchorOn": "2026-03-20", "steps": steps});
        let absent = new_id;
        for (name, input, code, field) in [
            ("markFeedbackSeen", json!({"feedbackIds": [absent(), "x"]}), "INVALID_ID", "feedbackIds.1"),
            ("markFeedbackSeen", json!({"feedbackIds": [absent(), absent()]}), "NOT_FOUND", "feedbackIds.0"),
            ("groupFeedback", wording("feedbackIds", json!([absent(), absent()])), "NOT_FOUND", "feedbackIds.0"),
            ("groupFeedback", wording("feedbackIds", json!([absent()])), "NOT_FOUND", "feedbackIds"),
            ("mergePetitions", wording("petitionIds", json!([absent(), absent()])), "NOT_FOUND", "petitionIds.0"),
            ("planMeeting", plan("unitIds", json!([unit, "x"])), "INVALID_ID", "unitIds.1"),
            ("planMeeting", plan("unitIds", json!([unit, absent()])), "NOT_FOUND", "unitIds.1"),
            ("planMeeting", plan("councilIds", json!([council, absent()])), "NOT_FOUND", "councilIds.1"),
            ("planMeeting", plan("invitedDelegateIds", json!([absent(), absent()])), "NOT_FOUND", "invitedDelegateIds.0"),
            ("createDelegate", json!({"councilId": council, "name": "Nguyễn Thị Hoa", "unitIds": [unit, absent()]}), "NOT_FOUND", "unitIds.1"),
            ("startProcedure", start(json!([{"title": "Đi", "days": 1}, {"title": "Về", "days": 1001}])), "OUT_OF_RANGE", "steps.1"),
        ] {
            let refused = office.mutate(name, input.clone(), "").await;
            let error = &refused["userErrors"][0];
            // Of ids that are not there any may be the first that is looked for.
            let told = error["field"].as_str().unwrap_or_default();
            let told = if field.ends_with(".0") { told.replace(".1", ".0") } else { told.to_owned() };
            assert_eq!((&error["code"], told.as_str()), (&json!(code), field), "{name} {input}: {refused}");
        }
    }
}
