//! Councils, agencies and delegates over HTTP: who may keep them, what they must be, and who sees them.

use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, new_id},
    world::{self, World},
};
use serde_json::{Value, json};

async fn app(db: &TestDatabase) -> (TestApp, World) {
    let app = TestApp::start(db).await;
    let world = World::create(&app.state).await;
    (app, world)
}

/// A commune of Tây Ninh without a council in this world.
fn elsewhere(app: &TestApp) -> String {
    let reference = app.state.reference();
    let unit = reference
        .units
        .by_code("27727", None, app.state.clock.today())
        .unwrap();
    unit.id.to_string()
}

fn council(unit: &str) -> Value {
    json!({"unitId": unit, "term": "2021-2026", "ordinal": 1, "validFrom": "2025-07-01", "validTo": "2026-03-30"})
}

fn agency(unit: &str, name: &str) -> Value {
    json!({"name": name, "kind": "department", "unitId": unit, "validFrom": "2025-07-01"})
}

each_db! {
    async fn an_administrator_enters_a_council_with_all_its_parts(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let admin = app.person(&world.administrator);
        let unit = elsewhere(&app);
        let fields = "council { id name level term ordinal unit { code } validTo rev history(first: 5) { event actor } }";
        let entered = admin.done("createCouncil", council(&unit), fields).await;
        let entered = &entered["council"];
        let id = entered["id"].as_str().unwrap().to_owned();
        assert_eq!(entered["name"].as_str().unwrap().split(' ').take(5).collect::<Vec<_>>().join(" "),
            "Hội đồng nhân dân xã");
        assert_eq!((&entered["level"], &entered["unit"]["code"]), (&json!("commune"), &json!("27727")));
        assert_eq!(entered["history"], json!([{"event": "created", "actor": "Người dùng quantri"}]));

        let part = json!({"councilId": id, "name": "Ban Kinh tế - Xã hội"});
        let committee = admin.done("createCommittee", part.clone(), "committee { id validFrom }").await;
        assert_eq!(committee["committee"]["validFrom"], "2025-07-01");
        assert_eq!(admin.refused("createCommittee", part).await, "TAKEN");
        let group = json!({"councilId": id, "name": "Tổ đại biểu số 1"});
        let group = admin.done("createGroup", group, "group { id }").await["group"]["id"].clone();
        let delegate = json!({"councilId": id, "groupId": group, "name": "Nguyễn Thị Hoa", "fullTime": true,
            "unitIds": [unit], "accountId": world.here.delegates[0].account});
        let fields = "delegate { id rev fullTime constituency { code } group { name } council { id } }";
        let delegate = admin.done("createDelegate", delegate, fields).await["delegate"].clone();
        assert_eq!(delegate["constituency"], json!([{"code": "27727"}]));
        assert_eq!((&delegate["group"]["name"], &delegate["council"]["id"]), (&json!("Tổ đại biểu số 1"), &json!(id)));
        let made = admin.done("createAgency", agency(&unit, "Phòng Kinh tế"), "agency { id hasAccount kind }").await;
        assert_eq!((&made["agency"]["hasAccount"], &made["agency"]["kind"]), (&json!(false), &json!("department")));

        // Everyone reads them, also without an account; phones get them as documents.
        let parts = "query($id: ID!) { council(id: $id) {
            committees { history(first: 5) { event actor } } groups { history(first: 5) { event actor } } } }";
        let who = app.stranger().data(parts, json!({"id": id})).await["council"].clone();
        assert_eq!(who, json!({"committees": [{"history": []}], "groups": [{"history": []}]}));
        let who = admin.data(parts, json!({"id": id})).await["council"].clone();
        for part in ["committees", "groups"] {
            assert_eq!(who[part][0]["history"][0]["event"], "created", "{who}");
            assert!(who[part][0]["history"][0]["actor"].is_string(), "{who}");
        }

        let read = "query($id: ID!) { council(id: $id) { committees { name } groups { name }
            delegates(first: 10) { nodes { name validTo } totalCount } history(first: 5) { event } }
            node(id: $id) { __typename id } }";
        let seen = app.stranger().data(read, json!({"id": id})).await;
        assert_eq!(seen["council"]["committees"], json!([{"name": "Ban Kinh tế - Xã hội"}]));
        assert_eq!(seen["council"]["delegates"]["nodes"], json!([{"name": "Nguyễn Thị Hoa", "validTo": null}]));
        assert_eq!((&seen["council"]["delegates"]["totalCount"], &seen["council"]["history"]), (&json!(1), &json!([])));
        assert_eq!(seen["node"], json!({"__typename": "Council", "id": id}));

        let mut phone = Phone::new(app.person(&world.there.delegates[0]));
        phone.collections = Some(["council", "delegate", "agency"].map(str::to_owned).into());
        phone.pull().await;
        let document = phone.row("council", &id);
        assert_eq!((&document["unitId"], &document["ordinal"], &document["rev"]), (&json!(unit), &json!(1), &json!("1")));
        let document = phone.row("delegate", delegate["id"].as_str().unwrap());
        assert_eq!((&document["name"], &document["unitIds"]), (&json!("Nguyễn Thị Hoa"), &json!(unit)));
        assert!(document.get("accountId").is_none(), "whose account it is, is nobody's business");
        assert_eq!(phone.row("agency", made["agency"]["id"].as_str().unwrap())["name"], "Phòng Kinh tế");

        // The person behind the account acts for both councils now.
        let person = app.person(&world.here.delegates[0]);
        let mut phone = Phone::new(person.clone());
        phone.collections = Some(vec!["unit".to_owned()]);
        phone.pull().await;
        assert_eq!(phone.rows_of("unit").len(), 14_165);
    }

    async fn what_is_entered_must_be_possible(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let admin = app.person(&world.administrator);
        let unit = elsewhere(&app);
        let with = |base: &Value, name: &str, value: Value| {
            let mut input = base.clone();
            input[name] = value;
            input
        };
        let base = council(&unit);
        for (name, value, code) in [
            ("unitId", json!("0197a000-0000-7000-8000-000000000000"), "NOT_FOUND"),
            ("unitId", json!("27727"), "INVALID_ID"),
            ("unitId", json!(world.here.unit), "TAKEN"),
            ("validFrom", json!("2025-06-30"), "UNIT_NOT_IN_FORCE"),
            ("validTo", json!("2025-07-01"), "OUT_OF_RANGE"),
            ("term", json!("2026"), "INVALID_VALUE"),
            ("ordinal", json!(0), "OUT_OF_RANGE"),
            ("name", json!("\u{202e}Hội đồng"), "INVALID_TEXT"),
            ("name", json!("x".repeat(201)), "TOO_LONG"),
        ] {
            assert_eq!(admin.refused("createCouncil", with(&base, name, value)).await, code, "{name}");
        }
        let id = admin.done("createCouncil", base, "council { id }").await["council"]["id"].clone();

        let mandate = json!({"councilId": id, "name": "Nguyễn Thị Hoa"});
        for (name, value, code) in [
            ("name", json!(" "), "REQUIRED"),
            ("councilId", json!(new_id()), "NOT_FOUND"),
            ("groupId", json!(new_id()), "NOT_FOUND"),
            ("accountId", json!(new_id()), "NOT_FOUND"),
            ("unitIds", json!([world.here.unit]), "OUT_OF_RANGE"),
            ("unitIds", json!([new_id()]), "NOT_FOUND"),
            ("validFrom", json!("2025-06-30"), "BEFORE_COUNCIL"),
            ("validFrom", json!("2026-03-30"), "OUT_OF_RANGE"),
            ("validTo", json!("2026-03-31"), "OUT_OF_RANGE"),
        ] {
            assert_eq!(admin.refused("createDelegate", with(&mandate, name, value)).await, code, "{name}");
        }
        let base = agency(&unit, "Phòng Kinh tế");
        for (name, value, code) in [
            ("kind", json!("ministry"), "UNKNOWN_CODE"),
            ("unitId", json!(new_id()), "NOT_FOUND"),
            ("validFrom", json!("2025-06-30"), "UNIT_NOT_IN_FORCE"),
            ("officialCode", json!("x".repeat(51)), "TOO_LONG"),
        ] {
            assert_eq!(admin.refused("createAgency", with(&base, name, value)).await, code, "{name}");
        }
    }

    async fn only_who_keeps_a_body_may_change_it(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let unit = world.here.unit.to_string();
        let mandate = json!({"councilId": world.here.council, "name": "Trần Văn Bình"});
        let part = json!({"councilId": world.here.council, "name": "Ban Pháp chế"});
        let next_term = json!({"unitId": unit, "term": "2026-2031", "ordinal": 2, "validFrom": "2031-01-01"});
        let office = app.person(&world.here.office);
        let others = [&world.there.office, &world.here.delegates[0], &world.department_login, &world.aggregator];
        for other in others {
            let person = app.person(other);
            for (name, input) in [
                ("createCouncil", &next_term),
                ("createCommittee", &part),
                ("createGroup", &part),
                ("createDelegate", &mandate),
            ] {
                assert_eq!(person.refused(name, input.clone()).await, "FORBIDDEN", "{} {name}", other.username);
            }
            let refused = person.refused("createAgency", agency(&unit, "Phòng Kinh tế")).await;
            assert_eq!(refused, "FORBIDDEN", "{}", other.username);
            let update = json!({"agencyId": world.here.committee, "name": "UBND khác"});
            assert_eq!(person.refused("updateAgency", update).await, "FORBIDDEN", "{}", other.username);
        }
        let stranger = "mutation($input: CreateCommitteeInput!) { createCommittee(input: $input) { userErrors { code } } }";
        let answer = app.stranger().ask(stranger, json!({"input": part})).await;
        assert_eq!(answer.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

        // The office keeps its own council, but founds none.
        office.done("createCommittee", part, "committee { id }").await;
        office.done("createDelegate", mandate, "delegate { id }").await;
        office.done("createAgency", agency(&unit, "Phòng Kinh tế"), "agency { id }").await;
        assert_eq!(office.refused("createCouncil", next_term).await, "FORBIDDEN");
        assert_eq!(office.refused("createAgency", agency(&world.province.to_string(), "Sở Y tế")).await, "FORBIDDEN");
        app.person(&world.province_office)
            .done("createAgency", agency(&world.province.to_string(), "Sở Y tế"), "agency { id }")
            .await;
    }

    async fn a_mandate_that_ended_gives_no_rights_and_keeps_its_reason_to_itself(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let office = app.person(&world.here.office);
        let login = &world.here.delegates[0];
        let one = app.person(login);
        let all = "query($id: ID!) { delegates(filter: {councilId: $id}, first: 10) {
            nodes { id name endReason validTo history(first: 5) { event basis } } } }";
        let name = format!("Đại biểu {}", login.username);
        let listed = office.data(all, json!({"id": world.here.council})).await;
        let nodes = listed["delegates"]["nodes"].as_array().unwrap().clone();
        let delegate = nodes.iter().find(|node| node["name"] == name.as_str()).unwrap()["id"].clone();

        let mine = "{ viewer { units { id } } }";
        assert_eq!(one.data(mine, json!({})).await["viewer"]["units"], json!([{"id": world.here.unit}]));

        let end = json!({"delegateId": delegate, "on": "2025-12-01", "reason": "Chuyển công tác"});
        assert_eq!(one.refused("endMandate", end.clone()).await, "FORBIDDEN");
        let fields = "delegate { validTo endReason rev }";
        let ended = office.done("endMandate", end.clone(), fields).await;
        assert_eq!(ended["delegate"], json!({"validTo": "2025-12-01", "endReason": "Chuyển công tác", "rev": "2"}));
        assert_eq!(office.done("endMandate", end, fields).await, ended, "again: nothing");
        let otherwise = json!({"delegateId": delegate, "on": "2025-12-02", "reason": "Chuyển công tác"});
        assert_eq!(office.refused("endMandate", otherwise).await, "INVALID_STATE");

        assert_eq!(one.data(mine, json!({})).await["viewer"]["units"], json!([]), "the rights went with the mandate");
        for (person, reason, events) in [(&office, json!("Chuyển công tác"), 1), (&app.stranger(), Value::Null, 0)] {
            let seen = person.data(all, json!({"id": world.here.council})).await;
            let nodes = seen["delegates"]["nodes"].as_array().unwrap();
            let node = nodes.iter().find(|node| node["id"] == delegate).unwrap();
            assert_eq!((&node["endReason"], &node["validTo"]), (&reason, &json!("2025-12-01")));
            assert_eq!(node["history"].as_array().unwrap().len(), events);
        }
    }

    async fn a_mandate_follows_its_group_its_account_and_its_constituency(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let office = app.person(&world.province_office);
        let id = new_id();
        let mandate = json!({"id": id, "councilId": world.province_council, "name": "Lê Văn Cường",
            "unitIds": [world.here.unit]});
        let fields = "delegate { id rev constituency { id } }";
        let first = office.done("createDelegate", mandate.clone(), fields).await;
        assert_eq!(office.done("createDelegate", mandate.clone(), fields).await, first, "sent twice, stored once");
        let mut other = mandate;
        other["name"] = json!("Lê Thị Cường");
        assert_eq!(office.refused("createDelegate", other).await, "TAKEN");

        let update = json!({"delegateId": id, "unitIds": [world.there.unit]});
        let changed = office.done("updateDelegate", update.clone(), fields).await["delegate"].clone();
        assert_eq!((&changed["rev"], &changed["constituency"]), (&json!("2"), &json!([{"id": world.there.unit}])));
        assert_eq!(office.done("updateDelegate", update, fields).await["delegate"], changed);
        // He who has a seat there cannot have a second one.
        let account = world.province_delegate.account;
        assert_eq!(office.refused("updateDelegate", json!({"delegateId": id, "accountId": account})).await, "TAKEN");
        let account = world.there.delegates[1].account;
        office.done("updateDelegate", json!({"delegateId": id, "accountId": account}), fields).await;
        let mut phone = Phone::new(app.person(&world.there.delegates[1]));
        phone.collections = Some(vec!["delegate".to_owned()]);
        phone.pull().await;
        assert_eq!(phone.row("delegate", &id)["unitIds"], json!(world.there.unit));

        // He is a delegate of his commune as well: his account is not in the hands of the province, nor can the commune
        // take one from above.
        let chief = world::login(&app.state, "quantri.tinh", &world.province.to_string()).await;
        world::at_council(&app.state, &chief, "administrator", world.province_council).await;
        let reset = json!({"accountId": account, "password": "một câu khác hẳn"});
        assert_eq!(app.person(&chief).refused("resetPassword", reset).await, "NOT_FOUND");
        let above = json!({"councilId": world.there.council, "name": "Lê Văn Cường", "accountId": world.province_delegate.account});
        assert_eq!(app.person(&world.there.office).refused("createDelegate", above).await, "NOT_FOUND");
    }

    async fn an_agency_passes_on_what_it_owes(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let office = app.person(&world.province_office);
        let new = office.done("createAgency", agency(&world.province.to_string(), "Sở Xây dựng và Giao thông"), "agency { id }");
        let new = new.await["agency"]["id"].clone();
        let fields = "agency { validTo officialCode successor { name } history(first: 9) { event } }";
        let update = json!({"agencyId": world.department, "successorId": new});
        assert_eq!(office.refused("updateAgency", update).await, "REQUIRED", "only what ends has a successor");
        let update = json!({"agencyId": world.department, "successorId": new, "validTo": "2026-10-01",
            "officialCode": "H53.1"});
        let ended = office.done("updateAgency", update.clone(), fields).await["agency"].clone();
        assert_eq!(ended["successor"]["name"], "Sở Xây dựng và Giao thông");
        assert_eq!(office.done("updateAgency", update, fields).await["agency"], ended, "again: nothing");
        let round = json!({"agencyId": new, "successorId": world.department, "validTo": "2026-11-01"});
        assert_eq!(office.refused("updateAgency", round).await, "INVALID_VALUE");
        let clear = json!({"agencyId": world.department, "successorId": null, "validTo": null, "officialCode": null});
        let again = office.done("updateAgency", clear, fields).await["agency"].clone();
        assert_eq!((&again["validTo"], &again["officialCode"], &again["successor"]), (&Value::Null, &Value::Null, &Value::Null));
    }

    async fn lists_cost_the_same_however_long_they_are(db: TestDatabase) {
        let (app, world) = app(&db).await;
        let office = app.person(&world.here.office);
        let list = "{ councils(first: 50) { nodes { name unit { province { name } } committees { name }
            delegates(first: 20) { nodes { name council { name } constituency { name } } } } totalCount }
            agencies(first: 50, filter: {withinUnit: {code: \"80\"}}) { nodes { name unit { name } successor { name } } } }";
        let cost = async || {
            let before = app.state.store.statements();
            let seen = office.data(list, json!({})).await;
            (app.state.store.statements() - before, seen)
        };
        let (few, seen) = cost().await;
        assert_eq!(seen["councils"]["totalCount"], 3);
        assert_eq!(seen["agencies"]["nodes"].as_array().unwrap().len(), 4);
        for number in 0..20 {
            let mandate = json!({"councilId": world.here.council, "name": format!("Đại biểu số {number:02}"),
                "unitIds": [world.here.unit]});
            office.done("createDelegate", mandate, "delegate { id }").await;
        }
        let (many, seen) = cost().await;
        assert!(many <= few, "{few} statements became {many}");
        let own = seen["councils"]["nodes"].as_array().unwrap().iter().find(|c| c["name"] == "HĐND Xã Tân Hưng").unwrap();
        assert_eq!(own["delegates"]["nodes"].as_array().unwrap().len(), 20);

        // Pages meet without gap or doubling, forwards and backwards.
        let ask = async |page: String| {
            let query = format!("query($id: ID!) {{ council(id: $id) {{ delegates({page}) {{ nodes {{ name }}
                pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }} }}");
            office.data(&query, json!({"id": world.here.council})).await["council"]["delegates"].clone()
        };
        let first = ask("first: 15".into()).await;
        let rest = ask(format!("first: 15, after: {}", first["pageInfo"]["endCursor"])).await;
        assert_eq!((&first["pageInfo"]["hasNextPage"], &rest["pageInfo"]["hasNextPage"]), (&json!(true), &json!(false)));
        let names = |page: &Value| {
            let nodes = page["nodes"].as_array().unwrap().iter();
            nodes.map(|node| node["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let all = [names(&first), names(&rest)].concat();
        assert_eq!(all.len(), 22);
        assert!(all.is_sorted());
        let back = ask(format!("last: 15, before: {}", rest["pageInfo"]["startCursor"])).await;
        assert_eq!(back["nodes"], first["nodes"]);
        assert_eq!(back["pageInfo"]["hasPreviousPage"], false);
    }
}
