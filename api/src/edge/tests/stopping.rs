//! Stopping: what runs is finished, what dawdles does not hold it up.

use std::time::Instant;

use super::*;

#[tokio::test]
async fn what_runs_is_finished() {
    let mut server = server().await;
    let mut busy = server.connect().await;
    busy.send(post(br#"{"query":"{slow(milliseconds: 250)}"}"#, ""))
        .await;
    let mut idle = server.connect().await;
    idle.send("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(idle.answer().await.is_some());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    server.stop.take().expect("once").send(()).expect("running");
    let answer = busy.answer().await.expect("answer");
    assert_eq!(answer.json()["data"]["slow"], true);
    assert!(idle.answer().await.is_none() && busy.answer().await.is_none());
    server.running.await.expect("stopped");
    assert!(begun.elapsed() < short_times().drain, "{:?}", begun.elapsed());
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn slow_clients_do_not_delay_it() {
    let times = Times {
        header: Duration::from_secs(60),
        body: Duration::from_secs(60),
        ..short_times()
    };
    let mut server = server_with(EdgeConfig {
        times,
        ..EdgeConfig::default()
    })
    .await;
    let (mut silent, mut head, mut body) = (
        server.connect().await,
        server.connect().await,
        server.connect().await,
    );
    head.send("POST /graphql HTTP/1.1\r\nhost").await;
    body.send(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{",
    )
    .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    server.stop.take().expect("once").send(()).expect("running");
    // the body that trickles in is told to come back
    assert_eq!(
        body.answer().await.expect("answer").refusal(),
        (503, "UNAVAILABLE".into(), None)
    );
    drop(body);
    assert!(silent.answer().await.is_none() && head.answer().await.is_none());
    server.running.await.expect("stopped");
    assert!(begun.elapsed() < times.drain, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_never_ends_is_cut_off() {
    let times = Times {
        query: Duration::from_secs(60),
        ..short_times()
    };
    let mut server = server_with(EdgeConfig {
        times,
        ..EdgeConfig::default()
    })
    .await;
    let mut busy = server.connect().await;
    busy.send(post(br#"{"query":"{slow(milliseconds: 50000)}"}"#, ""))
        .await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    server.stop.take().expect("once").send(()).expect("running");
    server.running.await.expect("stopped");
    assert!(begun.elapsed() >= times.drain && begun.elapsed() < times.drain + Duration::from_secs(1));
    assert!(busy.answer().await.is_none());
}
