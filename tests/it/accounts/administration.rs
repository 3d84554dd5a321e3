//! Making accounts, giving and taking roles, and tokens of integrators.

use chrono::Duration;
use cutri::{
    accounts::{
        integrators::{create_read_token, read_tokens, revoke_read_token},
        people::EnableAccount,
    },
    capability::Capability,
    clock::Clock,
    error::Code,
    store::{
        door::{self, Command},
        partition::Partition,
    },
    viewer::Place,
};
use cutri_tests::{TestDatabase, each_db};
use entity::{account, agency, id::UnitId};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::world::{HOME, PASSWORD, World, start};

fn refusal(code: &str, field: Option<&str>) -> (String, Option<String>) {
    (code.to_owned(), field.map(str::to_owned))
}

/// A new account as a mutation makes it; its id.
async fn create(world: &World, bearer: &str, input: Value) -> String {
    let payload = world
        .run(Some(bearer), "createAccount", "account { id }", input)
        .await;
    assert_eq!(payload["userErrors"], json!([]), "{payload}");
    payload["account"]["id"].as_str().unwrap().to_owned()
}

async fn answers_here(world: &World) -> bool {
    let agency = agency::Entity::find_by_id(world.agency).one(&world.beside).await;
    agency.unwrap().unwrap().has_account
}

each_db! {
    async fn an_administrator_makes_accounts_and_gives_roles(db: TestDatabase) {
        let world = World::new(&db).await;
        let root = world.login("root").await.access;
        let new = json!({
            "username": "Van.Phong", "name": "Văn phòng", "password": PASSWORD, "councilId": world.council.to_string(),
        });
        let id = create(&world, &root, new.clone()).await;
        let row = account::Entity::find_by_id(entity::id::AccountId(id.parse().unwrap())).one(&world.beside).await;
        let row = row.unwrap().unwrap();
        assert_eq!((row.username.as_str(), row.clock), ("van.phong", world.province.to_string()));
        assert_eq!(world.refused(&root, "createAccount", new).await, refusal("TAKEN", Some("username")));

        let office = world.login("van.phong").await;
        let grant = json!({"accountId": id, "role": "office", "councilId": world.council.to_string()});
        let fields = "account { grants { role councilId } } grant { id role roleLabel validFrom validTo }";
        let given = world.run(Some(&root), "grantRole", fields, grant.clone()).await;
        assert_eq!(given["grant"]["roleLabel"], "Văn phòng");
        assert_eq!((&given["grant"]["validFrom"], &given["grant"]["validTo"]), (&json!("2026-03-02"), &json!(null)));
        assert_eq!(given["account"]["grants"], json!([{"role": "office", "councilId": world.council.to_string()}]));
        // It counts at the next request, not at the next login; given again it is the same one.
        let viewer = world.viewer(Some(&office.access)).await.unwrap();
        assert!(viewer.may(Capability::ForwardPetitions, Place::Council(world.council)));
        assert!(!viewer.may(Capability::ForwardPetitions, Place::Council(world.other_council)));
        assert!(viewer.reads(Partition::Council(world.council)));
        let again = world.run(Some(&root), "grantRole", fields, grant).await;
        assert_eq!(again["grant"]["id"], given["grant"]["id"]);

        world.run(Some(&root), "revokeRole", "account { id }", json!({"grantId": given["grant"]["id"]})).await;
        let viewer = world.viewer(Some(&office.access)).await.unwrap();
        assert!(!viewer.may_somewhere(Capability::ForwardPetitions));
        let rename = json!({"accountId": id, "username": "vp", "name": "x"});
        assert_eq!(world.refused(&root, "updateAccount", rename).await, refusal("OUT_OF_RANGE", Some("username")));
        let rename = json!({"accountId": id, "username": "vp.hdnd", "name": "Văn phòng HĐND"});
        let renamed = world.run(Some(&root), "updateAccount", "account { username name }", rename).await;
        assert_eq!(renamed["account"], json!({"username": "vp.hdnd", "name": "Văn phòng HĐND"}));
        assert_eq!(
            world.history(id.parse().unwrap()).await,
            ["created", "role_granted", "role_revoked", "renamed"]
        );
    }

    async fn roles_hold_by_date(db: TestDatabase) {
        let world = World::new(&db).await;
        let root = world.login("root").await.access;
        let lan = world.person("lan", Place::Everywhere, None).await;
        let grant = |from: &str, to: &str| json!({
            "accountId": lan.to_string(), "role": "committee", "councilId": world.council.to_string(),
            "validFrom": from, "validTo": to,
        });
        for (from, to) in [("2026-03-04", "2026-03-04"), ("2025-01-01", "2026-03-02")] {
            assert_eq!(world.refused(&root, "grantRole", grant(from, to)).await, refusal("OUT_OF_RANGE", Some("validTo")));
        }
        world.run(Some(&root), "grantRole", "", grant("2026-03-03", "2026-03-05")).await;
        let mut held = Vec::new();
        for _ in 2..7 {
            let access = world.login("lan").await.access;
            held.push(world.viewer(Some(&access)).await.unwrap().reads(Partition::Council(world.council)));
            world.pass(86_400);
        }
        assert_eq!(held, [false, true, true, false, false]);
    }

    async fn nobody_helps_himself(db: TestDatabase) {
        let world = World::new(&db).await;
        let root = world.login("root").await.access;
        let me = world.administrator.to_string();
        let own = json!({"accountId": me, "role": "office", "councilId": world.council.to_string()});
        assert_eq!(world.refused(&root, "grantRole", own).await, refusal("FORBIDDEN", Some("accountId")));
        let own = json!({"accountId": me, "password": "một câu khác hẳn"});
        assert_eq!(world.refused(&root, "resetPassword", own).await, refusal("FORBIDDEN", Some("accountId")));

        // Whoever administers nothing learns nothing of others, and changes nothing.
        let lan = world.person("lan", Place::Council(world.council), Some("office")).await;
        let office = world.login("lan").await.access;
        let other = json!({"accountId": me});
        for (name, input) in [
            ("createAccount", json!({"username": "moi", "password": PASSWORD})),
            ("updateAccount", json!({"accountId": me, "name": "x"})),
            ("disableAccount", other.clone()),
            ("enableAccount", other.clone()),
            ("resetPassword", json!({"accountId": me, "password": PASSWORD})),
            ("grantRole", json!({"accountId": lan.to_string(), "role": "administrator"})),
            ("revokeRole", json!({"grantId": me})),
        ] {
            assert_eq!(world.refused(&office, name, input.clone()).await, refusal("FORBIDDEN", None), "{name}");
            let query = format!("mutation($input: {}Input!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}",
                name[..1].to_uppercase() + &name[1..]);
            let anonymous = world.ask(None, &query, input).await;
            assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{name}");
        }
        let hidden = world.ask(Some(&office), &format!("{{ account(id: \"{me}\") {{ id }} }}"), json!(null)).await;
        assert_eq!(hidden, json!({"data": {"account": null}}));
        let own = format!("{{ account(id: \"{lan}\") {{ username grants {{ role }} }} }}");
        let own = world.ask(Some(&office), &own, json!(null)).await;
        assert_eq!(own["data"]["account"], json!({"username": "lan", "grants": [{"role": "office"}]}));
        let list = world.ask(Some(&office), "{ accounts(first: 5) { nodes { id } } }", json!(null)).await;
        assert_eq!(list["errors"][0]["extensions"]["code"], "FORBIDDEN");
    }

    async fn a_councils_administrator_stays_within_his_council(db: TestDatabase) {
        let world = World::new(&db).await;
        world.person("chief", Place::Council(world.council), Some("administrator")).await;
        let theirs = world.person("theirs", Place::Council(world.other_council), Some("office")).await;
        let free = world.person("free", Place::Everywhere, None).await;
        let chief = world.login("chief").await.access;
        let (here, there) = (world.council.to_string(), world.other_council.to_string());

        let new = |council: Value, role: Value| json!({
            "username": "moi", "password": PASSWORD, "councilId": council, "role": role,
        });
        for (input, expected) in [
            (new(json!(null), json!("administrator")), refusal("REQUIRED", Some("councilId"))),
            (new(json!(here), json!(null)), refusal("REQUIRED", Some("role"))),
            (new(json!(there), json!("office")), refusal("FORBIDDEN", None)),
        ] {
            assert_eq!(world.refused(&chief, "createAccount", input).await, expected);
        }
        let own = create(&world, &chief, new(json!(here), json!("office"))).await;
        // Foreign and absent are told the same.
        let absent = uuid::Uuid::nil().to_string();
        for foreign in [theirs.to_string(), free.to_string(), world.administrator.to_string(), absent] {
            for (name, input) in [
                ("resetPassword", json!({"accountId": foreign, "password": PASSWORD})),
                ("disableAccount", json!({"accountId": foreign})),
                ("updateAccount", json!({"accountId": foreign, "name": "x"})),
                ("grantRole", json!({"accountId": foreign, "role": "office", "councilId": here})),
            ] {
                let refused = world.refused(&chief, name, input).await;
                assert_eq!(refused, refusal("NOT_FOUND", Some("accountId")), "{name}");
            }
        }
        for place in [json!({"councilId": there}), json!({})] {
            let mut input = json!({"accountId": own, "role": "administrator"});
            input.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
            assert_eq!(world.refused(&chief, "grantRole", input).await, refusal("FORBIDDEN", None));
        }
        let list = world.ask(Some(&chief), "{ accounts(first: 9) { totalCount nodes { username } } }", json!(null)).await;
        assert_eq!(
            list["data"]["accounts"],
            json!({"totalCount": 2, "nodes": [{"username": "moi"}, {"username": "chief"}]})
        );

        // From the moment on which his person holds something elsewhere, he is no longer his alone.
        let reset = json!({"accountId": own, "password": "một câu khác hẳn"});
        assert_eq!(world.run(Some(&chief), "resetPassword", "", reset.clone()).await["userErrors"], json!([]));
        let root = world.login("root").await.access;
        let elsewhere = json!({"accountId": own, "role": "committee", "councilId": there});
        world.run(Some(&root), "grantRole", "", elsewhere).await;
        assert_eq!(world.refused(&chief, "resetPassword", reset).await, refusal("NOT_FOUND", Some("accountId")));
    }

    async fn the_last_administrator_stays(db: TestDatabase) {
        let world = World::new(&db).await;
        // An administrator of one council is none of the installation.
        world.person("chief", Place::Council(world.council), Some("administrator")).await;
        let root = world.login("root").await.access;
        let me = world.administrator.to_string();
        let query = format!("{{ account(id: \"{me}\") {{ grants {{ id }} }} }}");
        let grant = world.ask(Some(&root), &query, json!(null)).await["data"]["account"]["grants"][0]["id"].clone();
        let last = refusal("LAST_ADMINISTRATOR", None);
        assert_eq!(world.refused(&root, "disableAccount", json!({"accountId": me})).await, last);
        assert_eq!(world.refused(&root, "revokeRole", json!({"grantId": grant})).await, last);

        let second = world.person("second", Place::Everywhere, Some("administrator")).await;
        let second_access = world.login("second").await.access;
        // Both at once, each against the other: one of them stays.
        let viewers = [world.viewer(Some(&root)).await.unwrap(), world.viewer(Some(&second_access)).await.unwrap()];
        let disable = |account| EnableAccount { account, enabled: false, reason: None };
        let commands = [disable(second), disable(world.administrator)];
        let batches: [[&dyn Command; 1]; 2] = [[&commands[0]], [&commands[1]]];
        let both = tokio::join!(
            door::execute(&world.state, &viewers[0], &batches[0]),
            door::execute(&world.state, &viewers[1], &batches[1]),
        );
        let both = [both.0.unwrap().remove(0), both.1.unwrap().remove(0)];
        let refused = both.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(refused, 1, "{both:?}");
    }

    async fn a_disabled_account_gets_in_nowhere_and_comes_back(db: TestDatabase) {
        let world = World::new(&db).await;
        let lan = world.person("lan", Place::Everywhere, None).await.to_string();
        let (root, phone) = (world.login("root").await.access, world.login("lan").await);
        let disable = json!({"accountId": lan, "reason": "Nghỉ hưu"});
        let done = world.run(Some(&root), "disableAccount", "account { disabledAt }", disable).await;
        assert_eq!(done["account"]["disabledAt"], cutri::clock::wire(world.clock.now()));
        assert_eq!(world.viewer(Some(&phone.access)).await.err(), Some(Code::DeviceRevoked));
        assert_eq!(world.refresh(&phone.refresh).await, Err("DEVICE_REVOKED".to_owned()));
        world.run(Some(&root), "enableAccount", "", json!({"accountId": lan})).await;
        assert!(world.viewer(Some(&phone.access)).await.is_ok());
        assert!(world.refresh(&phone.refresh).await.is_ok());

        let reset = json!({"accountId": lan, "password": "một câu khác hẳn"});
        let told = world.run(Some(&root), "resetPassword", "account { history(first: 20) { event basis } }", reset).await;
        let steps = told["account"]["history"].as_array().unwrap();
        let last: Vec<_> = steps[steps.len() - 3..].iter().map(|step| (&step["event"], &step["basis"])).collect();
        assert_eq!(last, [(&json!("disabled"), &json!("Nghỉ hưu")), (&json!("enabled"), &Value::Null), (&json!("password_reset"), &Value::Null)]);
        assert!(world.viewer(Some(&phone.access)).await.is_ok(), "a reset signs nobody out");
        assert_eq!(world.login_from(HOME, "lan", "một câu khác hẳn", None).await["userErrors"], json!([]));
        let same = json!({"accountId": world.person("nguyen.van.lan", Place::Everywhere, None).await.to_string(),
            "password": "Nguyen.Van.Lan"});
        assert_eq!(world.refused(&root, "resetPassword", same).await, refusal("WEAK_PASSWORD", Some("password")));
    }

    async fn an_agency_says_whether_somebody_answers_for_it(db: TestDatabase) {
        let world = World::new(&db).await;
        let root = world.login("root").await.access;
        assert!(!answers_here(&world).await);
        let first = world.person("ubnd", Place::Agency(world.agency), Some("agency")).await.to_string();
        assert!(answers_here(&world).await);
        assert!(world.state.reference().agency(world.agency).unwrap().has_account, "held in memory too");
        let second = world.person("ubnd2", Place::Everywhere, None).await.to_string();
        let grant = json!({"accountId": second, "role": "agency", "agencyId": world.agency.to_string()});
        let grant = world.run(Some(&root), "grantRole", "grant { id }", grant).await["grant"]["id"].clone();
        world.run(Some(&root), "disableAccount", "", json!({"accountId": first})).await;
        assert!(answers_here(&world).await);
        world.run(Some(&root), "revokeRole", "", json!({"grantId": grant})).await;
        assert!(!answers_here(&world).await);
        world.run(Some(&root), "enableAccount", "", json!({"accountId": first})).await;
        assert!(answers_here(&world).await);
        assert_eq!(world.history(world.agency.0).await, ["account_gained", "account_lost", "account_gained"]);
    }

    async fn an_integrators_token_reads_until_it_is_revoked(db: TestDatabase) {
        let world = World::new(&db).await;
        let end = start() + Duration::days(30);
        let (id, token) = create_read_token(&world.state, world.province, "Bảng tổng hợp", Some(end)).await.unwrap();
        world.pass(1);
        let (_, endless) = create_read_token(&world.state, world.commune, "Trang xã", None).await.unwrap();
        let viewer = world.viewer(Some(token.text())).await.unwrap();
        assert_eq!((viewer.read_token(), viewer.account_id()), (Some(world.province), None));
        assert!(viewer.reads(Partition::Region(world.province)));
        let me = "{ viewer { account { id } roles device { id } units { code } } }";
        let me = world.ask(Some(token.text()), me, json!(null)).await;
        assert_eq!(
            me,
            json!({"data": {"viewer": {"account": null, "roles": [], "device": null, "units": [{"code": "01"}]}}})
        );
        let write = "mutation { logout { userErrors { code } } }";
        let write = world.ask(Some(token.text()), write, json!(null)).await;
        assert_eq!(write["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

        let stored: Vec<_> = read_tokens(&world.state).await.unwrap().into_iter().map(|row| row.name).collect();
        assert_eq!(stored, ["Trang xã", "Bảng tổng hợp"]);
        world.pass(1);
        revoke_read_token(&world.state, id).await.unwrap();
        assert_eq!(world.viewer(Some(token.text())).await.err(), Some(Code::Unauthenticated));
        assert_eq!(world.history(id.0).await, ["created", "revoked"]);
        assert!(world.viewer(Some(endless.text())).await.is_ok());

        let (_, short) = create_read_token(&world.state, world.commune, "Ngắn hạn", Some(end)).await.unwrap();
        world.pass(30 * 86_400);
        assert_eq!(world.viewer(Some(short.text())).await.err(), Some(Code::Unauthenticated));
        for (unit, name, expires, code) in [
            (UnitId(uuid::Uuid::nil()), "x", None, Code::NotFound),
            (world.commune, "", None, Code::Required),
            (world.commune, "x", Some(end), Code::OutOfRange),
        ] {
            let refused = create_read_token(&world.state, unit, name, expires).await;
            assert_eq!(refused.err().map(|error| error.code()), Some(code));
        }
    }

    async fn statements_do_not_grow_with_accounts(db: TestDatabase) {
        let world = World::new(&db).await;
        let root = world.login("root").await.access;
        let list = "{ accounts(first: 100) { totalCount edges { node { id grants { role } devices { name } } } } }";
        let mut costs = Vec::new();
        for number in [3, 10] {
            for n in 0..number {
                world.person(&format!("user{number}.{n}"), Place::Council(world.council), Some("office")).await;
            }
            let before = world.state.store.statements();
            let answer = world.ask(Some(&root), list, json!(null)).await;
            assert!(answer["data"]["accounts"]["totalCount"].as_i64().unwrap() > number);
            costs.push(world.state.store.statements() - before);
        }
        assert_eq!(costs[0], costs[1]);
    }
}
