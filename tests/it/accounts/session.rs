//! Signing in, staying signed in, and being thrown out.

use std::{collections::HashSet, sync::Arc};

use cutri::{accounts::session, error::Code, viewer::Place};
use cutri_tests::{TestDatabase, each_db};
use entity::{device, id::DeviceId, refresh_token};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::world::{HOME, PASSWORD, World};

const ME: &str = "{ viewer { account { id username } roles device { id } units { id code name } } }";

each_db! {
    async fn who_signed_in_is_told_who_he_is(db: TestDatabase) {
        let world = World::new(&db).await;
        let lan = world.person("Lan.Nguyen", Place::Council(world.council), Some("group_head")).await;
        world.mandate(lan, "2021-07-01", None).await;
        let phone = world.login("LAN.nguyen").await;
        let answer = world.ask(Some(&phone.access), ME, json!(null)).await;
        let expected = json!({"viewer": {
            "account": {"id": lan.to_string(), "username": "lan.nguyen"},
            "roles": ["delegate", "group_head"],
            "device": {"id": phone.device},
            "units": [{"id": world.commune.to_string(), "code": "00100", "name": "Đơn vị 00100"}],
        }});
        assert_eq!(answer, json!({"data": expected}));

        let anonymous = world.ask(None, ME, json!(null)).await;
        assert_eq!(anonymous["data"]["viewer"], json!(null));
        assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(world.history(phone.device.parse().unwrap()).await, ["signed_in"]);
    }

    async fn a_request_costs_at_most_five_statements(db: TestDatabase) {
        let world = World::new(&db).await;
        let lan = world.person("lan", Place::Council(world.council), Some("group_head")).await;
        for _ in 0..3 {
            world.mandate(lan, "2021-07-01", None).await;
        }
        let phone = world.login("lan").await;
        let before = world.state.store.statements();
        world.viewer(Some(&phone.access)).await.unwrap();
        assert!(world.state.store.statements() - before <= 5);
        let before = world.state.store.statements();
        world.viewer(None).await.unwrap();
        assert_eq!(world.state.store.statements(), before);
    }

    async fn wrong_password_unknown_and_disabled_user_are_one_answer(db: TestDatabase) {
        let world = World::new(&db).await;
        world.person("lan", Place::Everywhere, None).await;
        let mut answers = HashSet::new();
        for (user, password) in [("lan", "wrong password"), ("nobody", PASSWORD), ("", PASSWORD), ("đ", ""), ("lan", "")] {
            answers.insert(world.login_from(HOME, user, password, None).await.to_string());
        }
        let root = world.login("root").await;
        let lan = world.ask(Some(&root.access), "{ accounts(first: 9) { nodes { id username } } }", json!(null)).await;
        let lan = lan["data"]["accounts"]["nodes"].as_array().unwrap().iter()
            .find(|account| account["username"] == "lan").unwrap()["id"].clone();
        world.run(Some(&root.access), "disableAccount", "", json!({"accountId": lan})).await;
        answers.insert(world.login_from(HOME, "lan", PASSWORD, None).await.to_string());
        assert_eq!(answers.len(), 1, "{answers:?}");
        let answer: serde_json::Value = serde_json::from_str(answers.iter().next().unwrap()).unwrap();
        assert_eq!(answer["userErrors"], json!([{"code": "LOGIN_FAILED", "field": null}]));
        assert_eq!(answer["accessToken"], json!(null));
    }

    async fn a_stranger_cannot_lock_out_a_known_device(db: TestDatabase) {
        let world = World::new(&db).await;
        world.person("lan", Place::Everywhere, None).await;
        world.person("minh", Place::Everywhere, None).await;
        let phone = world.login("lan").await;
        let minhs = world.login("minh").await;
        for n in 0..40 {
            world.login_from(&format!("198.51.100.{n}"), "lan", "guess after guess", None).await;
        }
        // From home she may: there she has signed in before. Elsewhere she waits a little.
        assert_eq!(world.login_from(HOME, "lan", PASSWORD, None).await["userErrors"], json!([]));
        let cafe = "113.160.0.2";
        let held = world.login_from(cafe, "lan", PASSWORD, None).await;
        assert_eq!(held["userErrors"], json!([{"code": "RATE_LIMITED", "field": null}]));
        assert!((1..=30).contains(&held["retryAfter"].as_i64().unwrap()), "a short wait, and not a lock");
        // Another one's device is not known here.
        let held = world.login_from(cafe, "lan", PASSWORD, Some(&minhs.device)).await;
        assert_eq!(held["userErrors"][0]["code"], "RATE_LIMITED");

        let again = world.login_from(cafe, "lan", PASSWORD, Some(&phone.device)).await;
        assert_eq!(again["userErrors"], json!([]));
        assert_eq!(again["device"]["id"], phone.device, "the same device goes on");
        // Its former line has ended: one device, one line.
        assert_eq!(world.refresh(&phone.refresh).await, Err("UNAUTHENTICATED".to_owned()));
        world.pass(30);
        assert_eq!(world.login_from(cafe, "lan", PASSWORD, None).await["userErrors"], json!([]));
    }

    async fn behind_one_address_a_guesser_holds_up_no_colleague(db: TestDatabase) {
        let world = World::new(&db).await;
        for name in ["lan", "minh", "hoa"] {
            world.person(name, Place::Everywhere, None).await;
        }
        for _ in 0..12 {
            world.login_from(HOME, "lan", "guess after guess", None).await;
        }
        for name in ["minh", "hoa", "root"] {
            assert_eq!(world.login_from(HOME, name, PASSWORD, None).await["userErrors"], json!([]), "{name}");
        }
        let held = world.login_from(HOME, "lan", PASSWORD, None).await;
        assert_eq!(held["userErrors"][0]["code"], "RATE_LIMITED");
        world.pass(held["retryAfter"].as_i64().unwrap());
        assert_eq!(world.login_from(HOME, "lan", PASSWORD, None).await["userErrors"], json!([]));
        // From now on the address is known for her: what others try elsewhere does not concern it.
        for n in 0..20 {
            world.login_from(&format!("198.51.100.{n}"), "lan", "guess after guess", None).await;
        }
        assert_eq!(world.login_from(HOME, "lan", PASSWORD, None).await["userErrors"], json!([]));
    }

    async fn a_lost_reply_logs_nobody_out(db: TestDatabase) {
        let world = World::new(&db).await;
        let first = world.login("root").await;
        world.pass(3_600);
        let second = world.refresh(&first.refresh).await.unwrap();
        world.pass(59);
        let again = world.refresh(&first.refresh).await.unwrap();
        assert_eq!((&again.refresh, &again.device), (&second.refresh, &second.device));
        assert_eq!(second.device, first.device);
        let third = world.refresh(&second.refresh).await.unwrap();
        assert_ne!(third.refresh, second.refresh);
        for access in [&second.access, &again.access, &third.access] {
            assert!(world.viewer(Some(access)).await.is_ok());
        }
    }

    async fn reuse_revokes_that_device_only(db: TestDatabase) {
        let world = World::new(&db).await;
        for late in [true, false] {
            let (phone, tablet) = (world.login("root").await, world.login("root").await);
            let second = world.refresh(&phone.refresh).await.unwrap();
            if late {
                world.pass(60);
            } else {
                world.refresh(&second.refresh).await.unwrap();
            }
            assert_eq!(world.refresh(&phone.refresh).await, Err("DEVICE_REVOKED".to_owned()));
            assert_eq!(world.refresh(&second.refresh).await, Err("DEVICE_REVOKED".to_owned()));
            assert_eq!(world.viewer(Some(&second.access)).await.err(), Some(Code::DeviceRevoked));
            assert!(world.viewer(Some(&tablet.access)).await.is_ok());
            assert!(world.refresh(&tablet.refresh).await.is_ok());
            assert_eq!(
                world.history(phone.device.parse().unwrap()).await,
                ["signed_in", "refresh_token_reused"]
            );
        }
    }

    async fn two_hundred_at_once_get_one_successor(db: TestDatabase) {
        let world = Arc::new(World::new(&db).await);
        let phone = world.login("root").await;
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let (world, token) = (Arc::clone(&world), phone.refresh.clone());
            asked.spawn(async move {
                session::refresh(&world.state, &token).await.unwrap().unwrap().refresh.text()
            });
        }
        let successors: HashSet<String> = asked.join_all().await.into_iter().collect();
        assert_eq!(successors.len(), 1);
        assert_eq!(refresh_token::Entity::find().count(&world.beside).await.unwrap(), 2);
        assert!(world.refresh(successors.iter().next().unwrap()).await.is_ok());
    }

    async fn ninety_idle_days_end_the_line_and_nothing_else(db: TestDatabase) {
        let world = World::new(&db).await;
        let phone = world.login("root").await;
        world.pass(601);
        assert_eq!(world.viewer(Some(&phone.access)).await.err(), Some(Code::TokenExpired));
        world.pass(90 * 86_400 - 602);
        let second = world.refresh(&phone.refresh).await.unwrap();
        world.pass(90 * 86_400);
        assert_eq!(world.refresh(&second.refresh).await, Err("TOKEN_EXPIRED".to_owned()));
        let again = world.login_from(HOME, "root", PASSWORD, Some(&phone.device)).await;
        assert_eq!(again["device"]["id"], phone.device);
        // Used tokens are kept no longer than they could have been good.
        world.refresh(again["refreshToken"].as_str().unwrap()).await.unwrap();
        assert_eq!(refresh_token::Entity::find().count(&world.beside).await.unwrap(), 2);
    }

    async fn what_is_no_token_of_ours_is_refused(db: TestDatabase) {
        let world = World::new(&db).await;
        for text in ["", "x", &"A".repeat(43), &"A".repeat(10_000)] {
            assert_eq!(world.refresh(text).await, Err("UNAUTHENTICATED".to_owned()));
            assert_eq!(world.viewer(Some(text)).await.err(), Some(Code::Unauthenticated));
        }
        let phone = world.login("root").await;
        assert_eq!(world.viewer(Some(&phone.refresh)).await.err(), Some(Code::Unauthenticated));
        assert_eq!(world.refresh(&phone.access).await, Err("UNAUTHENTICATED".to_owned()));
    }

    async fn signing_out_ends_this_device_at_once(db: TestDatabase) {
        let world = World::new(&db).await;
        let (phone, tablet) = (world.login("root").await, world.login("root").await);
        let answer = world.ask(Some(&phone.access), "mutation { logout { userErrors { code } } }", json!(null)).await;
        assert_eq!(answer, json!({"data": {"logout": {"userErrors": []}}}));
        assert_eq!(world.viewer(Some(&phone.access)).await.err(), Some(Code::DeviceRevoked));
        assert_eq!(world.refresh(&phone.refresh).await, Err("DEVICE_REVOKED".to_owned()));
        let devices = world.ask(Some(&tablet.access), "{ devices { id current } }", json!(null)).await;
        assert_eq!(devices["data"]["devices"], json!([{"id": tablet.device, "current": true}]));
        // The next login there is another device.
        let again = world.login_from(HOME, "root", PASSWORD, Some(&phone.device)).await;
        assert_ne!(again["device"]["id"], phone.device);
        let anonymous = world.ask(None, "mutation { logout { userErrors { code } } }", json!(null)).await;
        assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }

    async fn a_lost_phone_is_given_up_by_its_owner_or_an_administrator(db: TestDatabase) {
        let world = World::new(&db).await;
        world.person("lan", Place::Everywhere, None).await;
        world.person("minh", Place::Everywhere, None).await;
        let root = world.login("root").await;
        let (lan, lans_other, minh) = (world.login("lan").await, world.login("lan").await, world.login("minh").await);
        let foreign = world.refused(&minh.access, "revokeDevice", json!({"deviceId": lan.device})).await;
        let absent = world.refused(&minh.access, "revokeDevice", json!({"deviceId": uuid::Uuid::nil()})).await;
        assert_eq!(foreign, absent);
        assert_eq!(foreign, ("NOT_FOUND".to_owned(), Some("deviceId".to_owned())));

        let fields = "device { id stolen revokedAt }";
        let lost = world.run(Some(&lans_other.access), "revokeDevice", fields, json!({"deviceId": lan.device})).await;
        assert_eq!(lost["device"]["stolen"], false);
        assert_eq!(world.viewer(Some(&lan.access)).await.err(), Some(Code::DeviceRevoked));
        let stolen = json!({"deviceId": lan.device, "stolen": true});
        let stolen = world.run(Some(&root.access), "revokeDevice", fields, stolen).await;
        assert_eq!(stolen["device"]["stolen"], true);
        assert_eq!(stolen["device"]["revokedAt"], lost["device"]["revokedAt"]);
        let row = device::Entity::find_by_id(DeviceId(lan.device.parse().unwrap())).one(&world.beside).await;
        assert!(row.unwrap().unwrap().stolen);
        // Once more changes nothing.
        world.run(Some(&root.access), "revokeDevice", fields, json!({"deviceId": lan.device})).await;
        assert_eq!(world.history(lan.device.parse().unwrap()).await, ["signed_in", "revoked", "revoked"]);
    }

    async fn a_changed_password_signs_nobody_out(db: TestDatabase) {
        let world = World::new(&db).await;
        let (phone, tablet) = (world.login("root").await, world.login("root").await);
        let change = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
        for (input, code, field) in [
            (change("not this one", "một câu khác hẳn"), "LOGIN_FAILED", "currentPassword"),
            (change(PASSWORD, "ngắn"), "WEAK_PASSWORD", "newPassword"),
        ] {
            let refused = world.refused(&phone.access, "changePassword", input).await;
            assert_eq!(refused, (code.to_owned(), Some(field.to_owned())));
        }
        let done = world.run(Some(&phone.access), "changePassword", "", change(PASSWORD, "một câu khác hẳn")).await;
        assert_eq!(done["userErrors"], json!([]));
        for device in [&phone, &tablet] {
            assert!(world.viewer(Some(&device.access)).await.is_ok());
            assert!(world.refresh(&device.refresh).await.is_ok());
        }
        let old = world.login_from(HOME, "root", PASSWORD, None).await;
        assert_eq!(old["userErrors"][0]["code"], "LOGIN_FAILED");
        let new = world.login_from(HOME, "root", "một câu khác hẳn", None).await;
        assert_eq!(new["userErrors"], json!([]));
        assert!(world.history(world.administrator.0).await.contains(&"password_changed".to_owned()));
    }
}
