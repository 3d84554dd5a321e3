//! Rights that end while somebody listens: what is written afterwards does not reach him, whoever ended them and on
//! whichever server.

use std::{sync::Arc, time::Duration};

use cutri::{
    accounts::authentication,
    edge::{EdgeConfig, Times},
    error::{Code, Lang},
    sync::{live, registry, rxdb::stream::Follower},
};
use cutri_tests::{
    TestApp, TestDatabase, each_db,
    phone::{Phone, create, new_id},
    socket::Socket,
    world::{Login, World, login, mandate},
};
use entity::device;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const FOLLOW: &str = "subscription { streamFeedback { documents { id content } } }";

/// How often it is tried whether a bystander is left alone.
const TURNS: usize = 5;

fn said(world: &World, content: &str) -> Value {
    json!({"kind": "petition", "unitId": world.here.unit, "channel": "contact_meeting", "content": content})
}

each_db! {
    async fn a_right_that_ended_gets_nothing_that_was_written_after_it(db: TestDatabase) {
        // The look at the rights comes in an hour: whoever is closed before is closed because something was committed.
        let times = Times { recheck: Duration::from_secs(3_600), ..Times::default() };
        let app = TestApp::start_with(&db, EdgeConfig { times, ..EdgeConfig::default() }).await;
        let world = World::create(&app.state).await;
        let other = app.beside(&db).await;
        let today = app.state.clock.today().to_string();
        let mut colleague = following(&app, &world.here.delegates[1]).await;
        for (turn, by) in [&app, &other].into_iter().enumerate() {
            let author = Phone::new(by.person(&world.here.delegates[0]));
            let say = async |content: &str| {
                let id = new_id();
                author.push(&[create("feedback", &id, said(&world, content))]).await;
                id
            };
            let clock = world.province.0.to_string();
            let who = login(&app.state, &format!("thoi.{turn}"), &clock).await;
            let own = mandate(&app.state, &who, world.here.council, &[world.here.unit]).await;

            // Two sockets of his: one of a device that is given up, one of the account whose mandate ends.
            let lent = login(&app.state, &format!("muon.{turn}"), &clock).await;
            mandate(&app.state, &lent, world.here.council, &[world.here.unit]).await;
            let mut sockets = [following(&app, &who).await, following(&app, &lent).await];
            let before = say("trước").await;
            for socket in sockets.iter_mut().chain([&mut colleague]) {
                hears(socket, &before).await;
            }
            let end = json!({"delegateId": own, "on": today, "reason": "Chuyển công tác"});
            by.person(&world.administrator).done("endMandate", end, "").await;
            by.person(&lent).done("revokeDevice", json!({"deviceId": lent.device, "stolen": true}), "").await;
            let after = say("sau").await;
            let [mandates, devices] = &mut sockets;
            assert_eq!(mandates.end().await, (Vec::new(), 1012), "turn {turn}");
            assert_eq!(devices.end().await, (Vec::new(), 4403), "turn {turn}");
            hears(&mut colleague, &after).await;

            let moved = login(&app.state, &format!("doi.{turn}"), &clock).await;
            let own = mandate(&app.state, &moved, world.province_council, &[world.here.unit]).await;
            let mut socket = following(&app, &moved).await;
            let elsewhere = json!({"delegateId": own, "unitIds": [world.there.unit]});
            by.person(&world.province_office).done("updateDelegate", elsewhere, "").await;
            assert_eq!(socket.closed().await, 1012, "turn {turn}: elected elsewhere");
        }
    }

    /// Whenever anybody's rights changed, a thousand who listened were looked up. Somebody may be, where the log is looked at
    /// between a commit and the word whose rights it changed, or while what was written before is taken over; not in each turn.
    async fn nobody_is_looked_up_but_whose_rights_changed(db: TestDatabase) {
        let times = Times { recheck: Duration::from_secs(3_600), ..Times::default() };
        let app = TestApp::start_with(&db, EdgeConfig { times, ..EdgeConfig::default() }).await;
        let world = World::create(&app.state).await;
        let author = Phone::new(app.person(&world.here.delegates[0]));
        let say = async |content: &str| {
            let id = new_id();
            author.push(&[create("feedback", &id, said(&world, content))]).await;
            id
        };
        let clock = world.province.0.to_string();
        let newcomer = login(&app.state, "moi", &clock).await;
        let mut pairs = Vec::new();
        for turn in 0..TURNS {
            let [lent, colleague] = [
                login(&app.state, &format!("muon.{turn}"), &clock).await,
                login(&app.state, &format!("ban.{turn}"), &clock).await,
            ];
            for login in [&lent, &colleague] {
                mandate(&app.state, login, world.here.council, &[world.here.unit]).await;
            }
            pairs.push((lent, colleague));
        }
        for (lent, colleague) in pairs {
            let mut sockets = [following(&app, &lent).await, following(&app, &colleague).await];
            let before = say("trước").await;
            for socket in &mut sockets {
                hears(socket, &before).await;
            }
            // Behind the server's back, so that looking him up is what finds it out.
            let given_up = device::Entity::update_many()
                .col_expr(device::Column::RevokedAt, Expr::value(app.state.clock.now()))
                .filter(device::Column::Id.eq(colleague.device));
            given_up.exec(app.state.store.migrating()).await.unwrap();

            app.person(&lent).done("revokeDevice", json!({"deviceId": lent.device, "stolen": true}), "").await;
            let [his, colleague] = &mut sockets;
            assert_eq!(his.closed().await, 4403);
            let after = say("sau").await;
            if !hears_or_is_closed(colleague, &after).await {
                continue;
            }
            // A constituency may be anybody's.
            mandate(&app.state, &newcomer, world.here.council, &[world.here.unit]).await;
            assert_eq!(colleague.closed().await, 4403);
            return;
        }
        panic!("whoever listened was looked up in each of {TURNS} turns");
    }

    /// Whoever sends his question slowly has it answered by the rights that he has when it is there.
    async fn events_are_not_begun_for_rights_that_ended_while_they_were_asked_for(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let who = login(&app.state, "cham", &world.province.0.to_string()).await;
        let own = mandate(&app.state, &who, world.here.council, &[world.here.unit]).await;
        let body = json!({"query": FOLLOW}).to_string();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\naccept: text/event-stream\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            app.address(),
            app.person(&who).token().unwrap(),
            body.len()
        );
        let mut wire = TcpStream::connect(app.address()).await.unwrap();
        wire.write_all(head.as_bytes()).await.unwrap();
        let mut told = [0; 1_024];
        let read = wire.read(&mut told).await.unwrap();
        assert!(told[..read].starts_with(b"HTTP/1.1 100"), "he was looked up, and his question is waited for");
        let end = json!({"delegateId": own, "on": app.state.clock.today().to_string(), "reason": "Chuyển công tác"});
        app.person(&world.administrator).done("endMandate", end, "").await;
        wire.write_all(body.as_bytes()).await.unwrap();
        let read = wire.read(&mut told).await.unwrap();
        assert!(told[..read].starts_with(b"HTTP/1.1 503"), "{}", String::from_utf8_lossy(&told[..read]));
    }

    async fn a_subscription_on_an_old_socket_brings_nothing_that_its_rights_of_today_do_not(db: TestDatabase) {
        let app = TestApp::start(&db).await;
        let world = World::create(&app.state).await;
        let who = login(&app.state, "cu", &world.province.0.to_string()).await;
        let own = mandate(&app.state, &who, world.here.council, &[world.here.unit]).await;
        // What a socket knows of its caller when it begins, and what it goes on with until it is told otherwise.
        let viewer = authentication::load(&app.state, who.account, who.device, Lang::Vi).await.unwrap();
        let horizon = Arc::new(live::clocks(&app.state).await.unwrap());
        let end = json!({"delegateId": own, "on": app.state.clock.today(), "reason": "Chuyển công tác"});
        app.person(&world.administrator).done("endMandate", end, "").await;
        let author = Phone::new(app.person(&world.here.delegates[0]));
        author.push(&[create("feedback", &new_id(), said(&world, "sau"))]).await;
        let collection = registry::collection("feedback").unwrap();
        let mut stream = Follower::begin(Arc::clone(&app.state), viewer, collection, &horizon).await.unwrap();
        assert_eq!(stream.next().await.unwrap_err().code(), Code::Unavailable, "come back and pull");
    }
}

/// A socket on which somebody follows what is said.
async fn following(app: &TestApp, login: &Login) -> Socket {
    let mut socket = Socket::signed_in(app.address(), app.person(login).token()).await;
    socket.subscribe("s", FOLLOW, json!({})).await;
    socket
}

/// Listens until this row is told.
async fn hears(socket: &mut Socket, id: &str) {
    assert!(
        hears_or_is_closed(socket, id).await,
        "closed before {id} was told"
    );
}

/// Listens until this row is told; whether it is.
async fn hears_or_is_closed(socket: &mut Socket, id: &str) -> bool {
    while let Some(told) = socket.hear_or_end().await {
        let documents = &told["payload"]["data"]["streamFeedback"]["documents"];
        let documents = documents.as_array().unwrap_or_else(|| panic!("{told}"));
        if documents.iter().any(|document| document["id"] == *id) {
            return true;
        }
    }
    false
}
