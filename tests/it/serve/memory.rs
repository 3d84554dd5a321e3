//! What a server has for itself in memory: idle, and after what strangers send.

use std::{fs, thread, time::Duration};

use cutri_tests::ServerProcess;
use reqwest::Client;
use serde_json::{Value, json};

use super::{folder, installation, is_handed_out_and_alone};

/// What the kernel says of the process under this name, in kilobytes.
fn kilobytes(server: &ServerProcess, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// What the process has for itself: without the program's own pages, which a debug build has more of.
fn own_memory(server: &ServerProcess) -> u64 {
    kilobytes(server, "RssAnon:")
}

#[tokio::test]
async fn an_idle_server_is_small() {
    // On a machine of two processors all threads have one heap by themselves; on a larger one it is asked for, so that the
    // figures are those of a small one.
    let is_large = thread::available_parallelism().is_ok_and(|processors| processors.get() > 2);
    let environment: &[(&str, &str)] = if is_large {
        &[("MALLOC_ARENA_MAX", "1")]
    } else {
        &[]
    };
    let folder = folder();
    let made = ServerProcess::start(folder.path(), &["serve", "--demo"], environment).await;
    // Measured 14 to 25 MB, the first count of all agendas included. Rows of the units held twice, as a driver gives
    // them, were 60 MB; what the making of a demo left behind, until the server began anew after it, 412 MB.
    let own = own_memory(&made);
    assert!(own < 36_000, "{own} kB for itself after it made a demo");
    assert!(made.term().await.success());
    let server = ServerProcess::start(folder.path(), &["serve"], environment).await;
    // Measured 18,100 to 20,400 with a debug build; a third more is not to come unnoticed.
    let own = own_memory(&server);
    assert!(own < 26_500, "{own} kB for itself when idle");
    if is_handed_out_and_alone() {
        // All of it, pages of the program's file too, when the work of the start is done.
        tokio::time::sleep(Duration::from_secs(8)).await;
        let all = kilobytes(&server, "VmRSS:");
        println!("idle: {all} kB, {} of them its own", own_memory(&server));
        assert!(all < 40_960, "{all} kB when idle");
    }
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
