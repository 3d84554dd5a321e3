//! What a server has for itself in memory: idle, and after what strangers send.

use std::fs;

use cutri_tests::ServerProcess;
use reqwest::Client;
use serde_json::{Value, json};

use super::{folder, installation};

/// What the process has for itself, in kilobytes: without the program's own pages, which a debug build has more of.
fn own_memory(server: &ServerProcess) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn an_idle_server_is_small() {
    let folder = folder();
    let made = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    // Measured 14 to 25 MB, the first count of all agendas included. Rows of the units held twice, as a driver gives
    // them, were 60 MB; what the making of a demo left behind, until the server began anew after it, 412 MB.
    let own = own_memory(&made);
    assert!(own < 36_000, "{own} kB for itself after it made a demo");
    assert!(made.term().await.success());
    let server = ServerProcess::start(folder.path(), &["serve", "--demo"], &[]).await;
    let own = own_memory(&server);
    assert!(own < 36_000, "{own} kB for itself when idle");
    assert!(server.term().await.success());
}

/// A hash takes 19 MiB. A hundred logins, one after the other, took 349 MB and kept 254, whatever the names were.
#[tokio::test]
async fn a_strangers_logins_leave_nothing_behind_in_memory() {
    let db = installation().await;
    let server = ServerProcess::start(db.folder(), &["serve"], &[("CUTRI_RATE_LIMITS", "off")]).await;
    let client = Client::new();
    let url = server.url("/graphql");
    let login = |number: usize| {
        let query =
            "mutation($input: LoginInput!) { login(input: $input) { accessToken userErrors { code } } }";
        let input =
            json!({"username": format!("nguoi.la.{number}"), "password": "không ai có", "deviceName": "thử"});
        let sent = client
            .post(&url)
            .json(&json!({"query": query, "variables": {"input": input}}))
            .send();
        async move {
            let answer: Value = sent.await.unwrap().json().await.unwrap();
            assert_eq!(
                answer["data"]["login"]["userErrors"][0]["code"], "LOGIN_FAILED",
                "{answer}"
            );
        }
    };
    let mut most = 0;
    for number in 0..100 {
        login(number).await;
        most = most.max(own_memory(&server));
    }
    let own = own_memory(&server);
    assert!(own < 60_000, "{own} kB for itself after a hundred logins");
    assert!(most < 80_000, "{most} kB between two of a hundred logins");

    let mut asked = tokio::task::JoinSet::new();
    for number in 100..160 {
        asked.spawn(login(number));
    }
    while let Some(answered) = asked.join_next().await {
        answered.unwrap();
        most = most.max(own_memory(&server));
    }
    assert!(most < 256_000, "{most} kB while many log in at once");
    let own = own_memory(&server);
    assert!(own < 60_000, "{own} kB for itself after many at once");
    assert!(server.term().await.success());
}
