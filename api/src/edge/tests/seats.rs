//! How many may be connected at once: the whole server, an address, an account.

use super::*;

/// All places are taken, from whatever address: whoever comes is told to come back, with a token or without, and does
/// when somebody has left.
#[tokio::test]
async fn a_full_server_says_when_to_come_back() {
    let connections = Connections {
        per_address: 100,
        per_account: 100,
        total: 2,
    };
    let server = server_with(EdgeConfig {
        connections,
        ..EdgeConfig::default()
    })
    .await;
    let hello = |headers| post(br#"{"query":"{hello}"}"#, headers);
    let token = "authorization: Bearer good\r\n";
    let mut sitting = Vec::new();
    for headers in ["", token] {
        let mut wire = server.connect().await;
        wire.send(hello(headers)).await;
        assert_eq!(wire.answer().await.expect("answer").status, 200);
        sitting.push(wire);
    }
    for headers in ["", token] {
        let mut wire = server.connect().await;
        wire.send(hello(headers)).await;
        let refused = wire.answer().await.expect("answer");
        assert_eq!(refused.refusal(), (503, "UNAVAILABLE".into(), None));
        assert_eq!(refused.header("retry-after"), "5");
        assert_eq!(refused.json()["errors"][0]["extensions"]["retryable"], true);
        assert!(wire.answer().await.is_none(), "and the connection ends");
    }
    // Those who sit are served on.
    for wire in &mut sitting {
        wire.send(hello("")).await;
        assert_eq!(wire.answer().await.expect("answer").status, 200);
    }
    drop(sitting.pop());
    for attempt in 0.. {
        if server.edge.connections() < 2 {
            break;
        }
        assert!(attempt < 200, "the place of who left is free again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.post("{hello}").await.status, 200);
}

#[tokio::test]
async fn strangers_share_the_places_of_their_address() {
    let connections = Connections {
        per_address: 3,
        per_account: 2,
        total: 100,
    };
    let server = server_with(EdgeConfig {
        connections,
        ..EdgeConfig::default()
    })
    .await;
    let token = "authorization: Bearer good\r\n";
    let hello = |headers| post(br#"{"query":"{hello}"}"#, headers);
    let mut phones = Vec::new();
    for _ in 0..2 {
        let mut phone = server.connect().await;
        phone.send(hello(token)).await;
        assert_eq!(phone.answer().await.expect("answer").status, 200);
        phones.push(phone);
    }
    let mut strangers = Vec::new();
    for _ in 0..3 {
        let mut stranger = server.connect().await;
        stranger.send(hello("")).await;
        assert_eq!(stranger.answer().await.expect("answer").status, 200);
        strangers.push(stranger);
    }
    let mut fourth = server.connect().await;
    fourth.send(hello("")).await;
    let refused = fourth.answer().await.expect("answer");
    assert_eq!(
        (
            refused.refusal().0,
            refused.refusal().1.as_str(),
            refused.header("retry-after")
        ),
        (429, "RATE_LIMITED", "5")
    );
    // a third connection of the account is told so, and those that are open go on
    strangers[0].send(hello(token)).await;
    assert_eq!(strangers[0].answer().await.expect("answer").status, 429);
    phones[0].send(hello(token)).await;
    assert_eq!(phones[0].answer().await.expect("answer").status, 200);
    drop(strangers);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.post("{hello}").await.status, 200);

    let lifted = EdgeConfig {
        connections,
        rate_limits: false,
        ..EdgeConfig::default()
    };
    let server = server_with(lifted).await;
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut wire = server.connect().await;
        wire.send(hello(token)).await;
        assert_eq!(wire.answer().await.expect("answer").status, 200);
        open.push(wire);
    }
}
