//! How the account of somebody else, or more rights of one's own, were got by way of a mandate.

use cutri::{capability::Capability, viewer::Place};
use cutri_tests::{TestDatabase, each_db};
use entity::{
    delegate, event,
    id::{AccountId, CouncilId},
};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use super::world::{HOME, PASSWORD, World};

const OTHER_PASSWORD: &str = "một câu khác hẳn";

/// Enters a mandate, with or without an account; its id.
async fn elect(world: &World, bearer: &str, council: &str, account: Option<AccountId>) -> String {
    let input = json!({"councilId": council, "name": "Đại biểu", "accountId": account});
    let payload = world
        .run(Some(bearer), "createDelegate", "delegate { id }", input)
        .await;
    assert_eq!(payload["userErrors"], json!([]), "{payload}");
    payload["delegate"]["id"].as_str().unwrap().to_owned()
}

/// Ends a mandate long ago.
async fn end(world: &World, bearer: &str, mandate: &str) {
    let input = json!({"delegateId": mandate, "on": "2025-12-01", "reason": "Chuyển công tác"});
    let payload = world.run(Some(bearer), "endMandate", "", input).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload}");
}

/// What a council's administrator may do with somebody's account; the codes.
async fn tries(world: &World, bearer: &str, account: AccountId) -> Vec<String> {
    let mut codes = Vec::new();
    for (name, more) in [
        ("resetPassword", json!({"password": OTHER_PASSWORD})),
        ("updateAccount", json!({"name": "Tên khác"})),
        ("disableAccount", json!({})),
        ("enableAccount", json!({})),
        (
            "grantRole",
            json!({"role": "auditor", "councilId": world.council.to_string()}),
        ),
    ] {
        let mut input = more;
        input["accountId"] = json!(account.to_string());
        let payload = world.run(Some(bearer), name, "", input).await;
        let code = payload["userErrors"][0]["code"].as_str();
        codes.push(code.unwrap_or("done").to_owned());
    }
    codes
}

async fn counted(world: &World) -> (u64, u64) {
    let mandates = delegate::Entity::find().count(&world.beside).await.unwrap();
    let events = event::Entity::find().count(&world.beside).await.unwrap();
    (mandates, events)
}

each_db! {
    // Whoever kept a council made a delegate of anybody's account that held nothing any longer; his administrator then set
    // its password, signed in and read its notes. An account that was there was told from one that was not.
    async fn an_account_was_taken_over_by_making_its_owner_a_delegate(db: TestDatabase) {
        let world = World::new(&db).await;
        let root = world.login("root").await.access;
        let (here, there) = (world.council.to_string(), world.other_council.to_string());
        world.person("chief", Place::Council(world.council), Some("administrator")).await;
        world.person("clerk", Place::Council(world.council), Some("office")).await;
        let theirs = world.person("theirs", Place::Council(world.other_council), Some("office")).await;
        let free = world.person("free", Place::Everywhere, None).await;
        let former = world.person("former", Place::Everywhere, None).await;
        let seat = elect(&world, &root, &there, Some(former)).await;
        end(&world, &root, &seat).await;
        let vacant = elect(&world, &root, &here, None).await;
        let before = counted(&world).await;

        let absent = AccountId(uuid::Uuid::nil());
        for who in ["chief", "clerk"] {
            let bearer = world.login(who).await.access;
            let before = counted(&world).await;
            for account in [absent, theirs, free, former, world.administrator] {
                for (name, mut input) in [
                    ("createDelegate", json!({"councilId": here, "name": "Đại biểu"})),
                    ("updateDelegate", json!({"delegateId": vacant})),
                ] {
                    input["accountId"] = json!(account.to_string());
                    let refused = world.run(Some(&bearer), name, "delegate { id }", input).await;
                    let expected = json!({"delegate": null, "userErrors": [{"code": "NOT_FOUND", "field": "accountId"}]});
                    assert_eq!(refused, expected, "{who} {name}");
                }
                if who == "chief" {
                    assert_eq!(tries(&world, &bearer, account).await, ["NOT_FOUND"; 5]);
                }
            }
            // Whose account a mandate elsewhere is, is not told by entering that mandate again.
            for account in [absent, former] {
                let input = json!({"id": seat, "councilId": here, "name": "Đại biểu", "accountId": account.to_string()});
                let refused = world.refused(&bearer, "createDelegate", input).await;
                assert_eq!(refused, ("NOT_FOUND".to_owned(), Some("accountId".to_owned())), "{who}");
            }
            assert_eq!(counted(&world).await, before, "{who} wrote something");
        }
        assert_eq!(counted(&world).await.0, before.0);
        assert_eq!(world.login_from(HOME, "former", PASSWORD, None).await["userErrors"], json!([]));
    }

    // Only what somebody held elsewhere on that very day kept his account out of the hands of the council's administrator.
    async fn what_somebody_had_been_elsewhere_did_not_protect_his_account(db: TestDatabase) {
        let world = World::new(&db).await;
        let root = world.login("root").await.access;
        let there = world.other_council.to_string();
        world.person("chief", Place::Council(world.council), Some("administrator")).await;
        let chief = world.login("chief").await.access;
        let mut people = Vec::new();
        for name in ["delegate", "unlinked", "clerk"] {
            let person = world.person(name, Place::Council(world.council), Some("office")).await;
            assert_eq!(tries(&world, &chief, person).await, ["done"; 5], "{name}");
            people.push(person);
        }
        let seat = elect(&world, &root, &there, Some(people[0])).await;
        end(&world, &root, &seat).await;
        // Taken from the mandate again, its history alone tells of it.
        let seat = elect(&world, &root, &there, Some(people[1])).await;
        let taken = json!({"delegateId": seat, "accountId": null});
        assert_eq!(world.run(Some(&root), "updateDelegate", "", taken).await["userErrors"], json!([]));
        let role = json!({"accountId": people[2].to_string(), "role": "committee", "councilId": there});
        let grant = world.run(Some(&root), "grantRole", "grant { id }", role).await["grant"]["id"].clone();
        world.run(Some(&root), "revokeRole", "", json!({"grantId": grant})).await;
        for (name, person) in ["delegate", "unlinked", "clerk"].into_iter().zip(people) {
            assert_eq!(tries(&world, &chief, person).await, ["NOT_FOUND"; 5], "{name}");
            // He works here, and may well be elected here: that gives nobody his account.
            elect(&world, &chief, &world.council.to_string(), Some(person)).await;
            assert_eq!(tries(&world, &chief, person).await, ["NOT_FOUND"; 5], "{name}");
            assert_eq!(world.login_from(HOME, name, OTHER_PASSWORD, None).await["userErrors"], json!([]), "the one he had");
        }
    }

    // An administrator reads no feedback, and gives himself no role; he gave himself a mandate, and so did the office.
    async fn whoever_kept_a_council_made_himself_a_delegate(db: TestDatabase) {
        let world = World::new(&db).await;
        let here = world.council.to_string();
        let chief = world.person("chief", Place::Council(world.council), Some("administrator")).await;
        let clerk = world.person("clerk", Place::Council(world.council), Some("office")).await;
        let root = world.login("root").await.access;
        let vacant = elect(&world, &root, &here, None).await;
        let forbidden = |field: &str| ("FORBIDDEN".to_owned(), Some(field.to_owned()));
        for (who, account) in [("root", world.administrator), ("chief", chief), ("clerk", clerk)] {
            let bearer = world.login(who).await.access;
            let before = counted(&world).await;
            for (name, mut input) in [
                ("createDelegate", json!({"councilId": here, "name": "Tôi"})),
                ("updateDelegate", json!({"delegateId": vacant})),
            ] {
                input["accountId"] = json!(account.to_string());
                assert_eq!(world.refused(&bearer, name, input).await, forbidden("accountId"), "{who} {name}");
            }
            assert_eq!(counted(&world).await, before, "{who}");
            let viewer = world.viewer(Some(&bearer)).await.unwrap();
            assert!(!viewer.may_somewhere(Capability::RecordFeedback) || who == "clerk", "{who}");
        }

        // Elected by the word of another, he changes neither where nor with whom his own mandate holds, nor until when.
        let own = elect(&world, &root, &here, Some(clerk)).await;
        let bearer = world.login("clerk").await.access;
        let group = json!({"councilId": here, "name": "Tổ đại biểu số 1"});
        let group = world.run(Some(&bearer), "createGroup", "group { id }", group).await["group"]["id"].clone();
        for (name, more) in [
            ("updateDelegate", json!({"unitIds": [world.commune.to_string()]})),
            ("updateDelegate", json!({"groupId": group})),
            ("updateDelegate", json!({"accountId": null})),
            ("endMandate", json!({"on": "2031-01-01", "reason": "Hết nhiệm kỳ"})),
        ] {
            let mut input: Value = more;
            input["delegateId"] = json!(own);
            assert_eq!(world.refused(&bearer, name, input.clone()).await, forbidden("delegateId"), "{input}");
        }
        let name = json!({"delegateId": own, "name": "Nguyễn Thị Hoa"});
        assert_eq!(world.run(Some(&bearer), "updateDelegate", "", name).await["userErrors"], json!([]));
        let grouped = json!({"delegateId": own, "groupId": group});
        assert_eq!(world.run(Some(&root), "updateDelegate", "", grouped).await["userErrors"], json!([]));
    }

    async fn a_council_has_accounts_of_its_own_for_its_delegates(db: TestDatabase) {
        let world = World::new(&db).await;
        let root = world.login("root").await.access;
        let (here, there) = (world.council.to_string(), world.other_council.to_string());
        world.person("chief", Place::Council(world.council), Some("administrator")).await;
        world.person("clerk", Place::Council(world.council), Some("office")).await;
        world.person("neighbour", Place::Council(world.other_council), Some("office")).await;
        let chief = world.login("chief").await.access;
        let new = json!({"username": "hoa", "password": PASSWORD, "councilId": here, "role": "committee"});
        let made = world.run(Some(&chief), "createAccount", "account { id }", new).await;
        let hoa = AccountId(made["account"]["id"].as_str().unwrap().parse().unwrap());
        // Made for the council by the installation's administrator, it needs no role to be known there.
        let lan = world.person("lan", Place::Council(world.council), None).await;
        let (clerk, neighbour) = (world.login("clerk").await.access, world.login("neighbour").await.access);
        for (by, name, account) in [(&chief, "hoa", hoa), (&clerk, "lan", lan)] {
            let foreign = json!({"councilId": there, "name": "Đại biểu", "accountId": account.to_string()});
            assert_eq!(world.refused(&neighbour, "createDelegate", foreign).await.0, "NOT_FOUND", "{name}");
            elect(&world, by, &here, Some(account)).await;
            assert_eq!(world.history(account.0).await.last().unwrap(), "mandate_linked", "{name}");
            let person = world.login(name).await.access;
            let viewer = world.viewer(Some(&person)).await.unwrap();
            assert!(viewer.may(Capability::RecordFeedback, Place::Council(world.council)), "{name}");
            assert_eq!(tries(&world, &chief, account).await, ["done"; 5], "{name}");
        }

        // After the elections the next council takes over whom it has again, and manages him; nobody else of those before.
        let ended = json!({"councilId": here, "validTo": "2026-03-01"});
        assert_eq!(world.run(Some(&root), "updateCouncil", "", ended).await["userErrors"], json!([]));
        let next = json!({"unitId": world.commune.to_string(), "term": "2026-2031", "ordinal": 2, "validFrom": "2026-03-01"});
        let next = world.run(Some(&root), "createCouncil", "council { id }", next).await["council"]["id"].clone();
        let next = CouncilId(next.as_str().unwrap().parse().unwrap());
        let former = world.person("former", Place::Everywhere, None).await;
        world.mandate(former, "2021-07-01", None).await;
        world.person("next", Place::Council(next), Some("administrator")).await;
        let chief = world.login("next").await.access;
        assert_eq!(tries(&world, &chief, former).await[..4], ["NOT_FOUND"; 4]);
        elect(&world, &chief, &next.to_string(), Some(former)).await;
        assert_eq!(tries(&world, &chief, former).await[..4], ["done"; 4]);
    }
}
